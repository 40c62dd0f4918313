//! What is refused: a second entry for one centre.

use super::command::{Command, Event};
use kit::{
    Context, Decider, Decision, Facets,
    decider::{Begins, Commands},
};
use serde::Serialize;
use std::collections::BTreeSet;

/// A centre.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Centre {
    pub(super) stage: Stage,
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

    fn decide(&self, command: Command, _: &Context<'_>) -> Result<Decision<Self>, Rejection> {
        match &command {
            Command::RegisterCentre(_) if self.stage != Stage::Unknown => Err(Rejection::CentreRegistered),
            Command::CloseCentre(_) if self.stage == Stage::Closed => Ok(Decision::already()),
            // Its name is a place, and not known here: the same name once more is recorded once more.
            _ => Ok(Decision::event(command.record())),
        }
    }

    fn evolve(&mut self, event: &Event) {
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

    /// One entry for each centre, for good: it is renamed, not registered anew.
    fn claims(&self) -> BTreeSet<String> {
        if self.stage == Stage::Unknown { BTreeSet::new() } else { ["centre".to_owned()].into() }
    }

    fn claimed(_: &str) -> Option<Rejection> {
        Some(Rejection::CentreRegistered)
    }
}
