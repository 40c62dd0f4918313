//! Aftercare is offered by itself when a stay ends, and when she moves into a home of her own; not when she is dead.
//!
//! It goes to the case in which an offer stands, which knows that one is enough; else to her latest, or to one of its own. Nobody holds the
//! offer yet: it shows as unassigned until somebody takes it. Deliberately absent: whether she has aftercare on that day, which the case
//! knows; and the end of it when she dies, for with it the centre loses sight of her, and a worker may still have something to record.

use crate::case::{Aftercare, Command, Offer};
use kit::{
    AggregateId, CentreId, Policy,
    policy::{Heard, Now, Order, Standing, To},
    relation::StayId,
};
use serde::{Deserialize, Serialize};

/// Offers aftercare.
#[derive(Debug)]
pub struct OfferAftercare;

/// What the rule needs of an event: which it is.
#[derive(Debug, Deserialize)]
#[serde(tag = "event", content = "facts")]
pub enum Foreign {
    /// People: a stay is over.
    StayEnded {
        /// Which.
        stay: StayId,
    },
    /// People: she died.
    PersonDied {},
    /// Housing: she lives in a home of her own.
    MovedIn {},
    /// A case begins, in any domain.
    CaseOpened {},
    /// Aftercare: it is offered, and its case is open.
    AftercareOffered {},
    /// Aftercare: she takes it.
    AftercareAccepted {},
    /// Aftercare: she does not want it.
    AftercareDeclined {},
    /// Aftercare: its case is over.
    #[serde(alias = "AftercareHandedOver")]
    AftercareClosed {},
    /// Aftercare: a call opens it again.
    LifelineCalled {},
}

/// What is kept of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Known {
    /// Aftercare is offered, and its case is open.
    Offered,
    /// She took it.
    Accepted,
    /// She did not.
    Declined,
    /// The case is over.
    Over,
    /// It is open again.
    Reopened,
    /// She is dead.
    Died,
}

impl Foreign {
    /// What becomes of a case with it.
    fn of_a_case(&self) -> Option<Known> {
        Some(match self {
            Self::AftercareOffered {} => Known::Offered,
            Self::AftercareAccepted {} => Known::Accepted,
            Self::AftercareDeclined {} => Known::Declined,
            Self::AftercareClosed {} => Known::Over,
            Self::LifelineCalled {} => Known::Reopened,
            Self::CaseOpened {} | Self::StayEnded { .. } | Self::PersonDied {} | Self::MovedIn {} => return None,
        })
    }
}

/// Her cases here, and whether she died.
type Course = Standing<Option<Known>>;

/// A case of hers.
struct Case {
    id: AggregateId,
    /// Whether the latest offer waits for its answer, or was taken.
    offered: bool,
    over: bool,
}

/// The case in which an offer stands, so that no other one is made beside it; else her latest.
fn case(heard: &Course, centre: CentreId) -> To {
    let mut cases: Vec<Case> = Vec::new();
    for stood in heard.at(centre).filter(|stood| stood.service == crate::SERVICE) {
        if !cases.iter().any(|case| case.id == stood.aggregate) {
            cases.push(Case { id: stood.aggregate, offered: false, over: false });
        }
        for case in cases.iter_mut().filter(|case| case.id == stood.aggregate) {
            match stood.what {
                Some(Known::Offered) => (case.offered, case.over) = (true, false),
                Some(Known::Accepted) => case.offered = true,
                Some(Known::Declined) => case.offered = false,
                Some(Known::Over) => case.over = true,
                Some(Known::Reopened) => case.over = false,
                Some(Known::Died) | None => {}
            }
        }
    }
    let stands = cases.iter().rev().find(|case| case.offered && !case.over);
    stands.or(cases.last()).map_or(To::OwnCase, |case| To::Existing(case.id))
}

impl Policy for OfferAftercare {
    const NAME: &'static str = "offer-aftercare";
    const HEARS: &'static [&'static str] = &["people", "housing", "aftercare"];
    type Heard = Course;
    type Foreign = Foreign;
    type Decider = Aftercare;

    fn hear(heard: &mut Course, event: &Heard<Foreign>) {
        let own = event.service == crate::SERVICE;
        heard.take(event, |foreign| match foreign {
            Foreign::PersonDied {} => Some(Some(Known::Died)),
            Foreign::CaseOpened {} if own => Some(None),
            _ if own => foreign.of_a_case().map(Some),
            _ => None,
        });
    }

    fn react(heard: &Course, event: &Heard<Foreign>, _: Now<'_>) -> Vec<Order<Aftercare>> {
        let about = match event.recorded() {
            // One that ended, went on after all and ended again is the same.
            Some(Foreign::StayEnded { stay }) => format!("stay/{stay}"),
            Some(Foreign::MovedIn {}) => event.id.clone(),
            _ => return Vec::new(),
        };
        if heard.at(event.centre).any(|stood| stood.what == Some(Known::Died)) {
            return Vec::new();
        }
        vec![Order {
            to: case(heard, event.centre),
            centre: event.centre,
            about,
            responsible: None,
            command: Command::OfferAftercare(Offer::default()),
        }]
    }
}

#[cfg(test)]
mod tests;
