//! What is refused: a second entry for one centre, and a second centre of one name: a centre is chosen by what it is called.

use super::command::{Command, Event};
use kit::{
    Context, Decider, Decision, Facets, Personal,
    decider::{Begins, Commands},
    directory::Name,
    sealed::known,
};
use serde::Serialize;
use std::collections::BTreeSet;
use uuid::Uuid;

/// A centre.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Centre {
    pub(super) stage: Stage,
    /// What stands for its name; the name is a place, and not kept. None: it was recorded before names were told apart.
    #[serde(skip)]
    pub(super) called: Option<Uuid>,
}

/// How far it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Stage {
    #[default]
    Unknown,
    Open,
    Closed,
}

/// Why an entry is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, strum::IntoStaticStr, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Rejection {
    /// The centre is in the directory already.
    #[error("the centre is in the directory already")]
    CentreRegistered,
    /// Another centre is called so.
    #[error("another centre is called so")]
    CentreNameTaken,
}

/// Nothing is warned about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr, strum::VariantNames)]
pub enum Warning {}

/// Nothing is left open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr, strum::VariantNames)]
pub enum FollowUp {}

impl Decider for Centre {
    const TYPE: &'static str = "centre";
    const PLURAL: &'static str = "centres";
    const BEGINS: Begins = Begins::AboutNobody("register-centre");
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;
    type Warning = Warning;
    type FollowUp = FollowUp;

    fn decide(&self, mut command: Command, context: &Context<'_>) -> Result<Decision<Self>, Rejection> {
        if let Command::RegisterCentre(naming) | Command::RenameCentre(naming) = &mut command {
            let digest = naming.name.open().map(|name| digest(name, context));
            naming.name_digest = digest.map(Personal::new).or(naming.name_digest.take());
        }
        match &command {
            Command::RegisterCentre(_) if self.stage != Stage::Unknown => Err(Rejection::CentreRegistered),
            Command::CloseCentre(_) if self.stage == Stage::Closed => Ok(Decision::already()),
            // Its name is a place, and not known here: the same name once more is recorded once more.
            _ => Ok(Decision::event(command.record())),
        }
    }

    fn evolve(&mut self, event: &Event) {
        if let Event::CentreRegistered(naming) | Event::CentreRenamed(naming) = event {
            self.called = known(naming.name_digest.as_ref());
        }
        self.stage = match event {
            Event::CentreRegistered(_) if self.stage == Stage::Unknown => Stage::Open,
            Event::CentreRegistered(_) | Event::CentreRenamed(_) => self.stage,
            Event::CentreClosed(_) => Stage::Closed,
        };
    }

    fn actions(&self, _: &Context<'_>) -> Vec<&'static str> {
        match self.stage {
            Stage::Unknown => vec!["register-centre"],
            Stage::Open => vec!["rename-centre", "close-centre"],
            Stage::Closed => Vec::new(),
        }
    }

    fn facets(&self, _: &Event, _: &Context<'_>) -> Facets {
        Facets::routine()
    }

    /// One entry for each centre, for good: it is renamed, not registered anew. A name is its centre's until it takes nobody in any more.
    fn claims(&self) -> BTreeSet<String> {
        let named = self.called.filter(|_| self.stage == Stage::Open).map(|called| format!("{NAME}{called}"));
        let entry = (self.stage != Stage::Unknown).then(|| "centre".to_owned());
        entry.into_iter().chain(named).collect()
    }

    fn claimed(claim: &str) -> Option<Rejection> {
        Some(if claim.starts_with(NAME) { Rejection::CentreNameTaken } else { Rejection::CentreRegistered })
    }

    fn is_one_of_all(claim: &str) -> bool {
        claim.starts_with(NAME)
    }
}

/// Begins the claim of a name.
const NAME: &str = "name/";

/// What stands for a name, however it is written.
fn digest(name: &Name, context: &Context<'_>) -> Uuid {
    let same = kit::normal::fold(name.as_str());
    let words: Vec<&str> = same.split_whitespace().collect();
    context.secret.opaque(&["a centre's name", &words.join(" ")])
}
