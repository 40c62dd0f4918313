//! A service that nobody knew of: two kinds of entries, a claim. For what the shipped domains do not
//! use yet, and to show that readers need no change for it.

use kit::{
    ChildId, Context, Decider, Decision, Facets, Identity, OfChild, Personal, Text,
    contract::{Contract, ContractError},
    decider::Commands,
    facets::FollowUpChange,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A bicycle is lent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Loan {
    /// Which one: there is one of each.
    pub bicycle: String,
    /// Why she needs it.
    pub reason: Personal<Text>,
    /// Whom to ring about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Identity<Text>>,
}

/// A bicycle is back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Back {
    /// Which one.
    pub bicycle: String,
}

/// She is forgotten, or one of her children.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Forgotten {
    /// The child.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub child: Option<ChildId>,
}

/// What a child rides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Seat {
    /// Whose, and how high.
    pub height: OfChild<Personal<u32>>,
}

/// Whose a child is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rider {
    /// The child.
    pub child: ChildId,
}

mod table {
    use super::{Back, Forgotten, Loan, Rider, Seat};
    kit::entries! {
        /// Lends a bicycle.
        LendBicycle => BicycleLent(Loan), never;
        /// Takes a bicycle back.
        TakeBack => BicycleReturned(Back), never;
        /// Puts a child's seat on.
        MountSeat => SeatMounted(Seat), never;
        /// Says whose a child is, as the service of people does.
        RegisterRider => ChildRegistered(Rider), never;
        /// Forgets somebody, as the service of people does.
        ForgetRider => PersonErased(Forgotten), never;
    }
}
pub use table::{Command, Event};

/// Which bicycles she has.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Bicycles {
    lent: Vec<String>,
}

/// Nothing is refused here but by a claim.
#[derive(Clone, Debug, PartialEq, thiserror::Error, strum::IntoStaticStr, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Rejection {
    /// It is not lent to her.
    #[error("she does not have it")]
    NotLent,
}

/// What is said beside.
#[derive(Clone, Copy, Debug, PartialEq, strum::IntoStaticStr, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Warning {
    /// A second one.
    SecondBicycle,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, strum::IntoStaticStr, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum FollowUp {
    /// Ask for it.
    FetchBicycle,
}

impl Decider for Bicycles {
    const TYPE: &'static str = "case";
    const PLURAL: &'static str = "cases";
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;
    type Warning = Warning;
    type FollowUp = FollowUp;

    fn decide(&self, command: Command, _: &Context<'_>) -> Result<Decision<Self>, Rejection> {
        let second = match &command {
            Command::LendBicycle(_) => !self.lent.is_empty(),
            Command::TakeBack(back) if !self.lent.contains(&back.bicycle) => return Err(Rejection::NotLent),
            Command::TakeBack(_) | Command::MountSeat(_) | Command::RegisterRider(_) | Command::ForgetRider(_) => false,
        };
        Ok(Decision::event(command.record()).warn_if(second, Warning::SecondBicycle))
    }

    fn claims(&self) -> BTreeSet<String> {
        self.lent.iter().map(|bicycle| format!("bicycle/{bicycle}")).collect()
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::BicycleLent(loan) => self.lent.push(loan.bicycle.clone()),
            Event::BicycleReturned(back) => self.lent.retain(|lent| *lent != back.bicycle),
            Event::SeatMounted(_) | Event::ChildRegistered(_) | Event::PersonErased(_) => {}
        }
    }

    fn actions(&self, _: &Context<'_>) -> Vec<&'static str> {
        vec!["lend-bicycle"]
    }

    fn facets(&self, event: &Event, _: &Context<'_>) -> Facets {
        match event {
            Event::BicycleLent(loan) => Facets::milestone()
                .with(FollowUpChange::opened(format!("bicycle/{}", loan.bicycle), FollowUp::FetchBicycle)),
            Event::BicycleReturned(back) => {
                Facets::routine().with(FollowUpChange::closed(format!("bicycle/{}", back.bicycle)))
            }
            Event::SeatMounted(_) | Event::ChildRegistered(_) | Event::PersonErased(_) => Facets::routine(),
        }
    }
}

/// Its words.
pub fn contract() -> Result<Contract, ContractError> {
    let common = "service-madeup = Cykler\nevent-BicycleLent = Cykel udlånt\nevent-BicycleReturned = Cykel afleveret\n\
                  action-lend-bicycle = Udlån\n    .help = Når hun låner en\naction-take-back = Tag imod\n    .help = Når den er tilbage\nfact-bicycle = Cykel\nfact-phone = Telefon\n\
                  event-SeatMounted = Sæde sat på\naction-mount-seat = Sæt sæde på\n    .help = Til et barn\nfact-height = Højde\n\
                  event-ChildRegistered = Barn\naction-register-rider = Barn\n    .help = Hvem der kører med\n\
                  event-PersonErased = Glemt\naction-forget-rider = Glem\n    .help = Når det er besluttet\nfact-child = Barn\nfollow-up-fetch_bicycle = Hent cyklen\n\
                  warning-second_bicycle = Hun har en i forvejen\nrejection-not_lent = Hun har den ikke\n";
    Contract::load::<Bicycles>("madeup", common, &common.replace("Cykel", "Bicycle").replace("Cykler", "Bicycles"))
}
