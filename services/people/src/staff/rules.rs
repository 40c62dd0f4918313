//! What is refused: a second entry for somebody who works there already, one for a service, and a last day before the first.

use super::{
    command::{Command, Event},
    event::Registration,
};
use kit::{
    Context, Day, Decider, Decision, Facets,
    decider::{Begins, Commands},
};
use serde::Serialize;
use std::collections::BTreeSet;

/// A worker of a centre.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Staff {
    /// As registered, and changed since.
    pub(super) known: Option<Registration>,
    /// The last day, once they have left.
    pub(super) last_day: Option<Day>,
}

/// Why an entry is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, strum::IntoStaticStr, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Rejection {
    /// Somebody of this id works at the centre already.
    #[error("somebody of this id works at the centre already")]
    WorkerRegistered,
    /// The id is a service's.
    #[error("the id is a service's, and no person's")]
    NotAPerson,
    /// The last day is before the first.
    #[error("the last day is before the first")]
    UntilBeforeFrom,
}

/// Nothing is warned about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr, strum::VariantNames)]
pub enum Warning {}

/// Nothing is left open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr, strum::VariantNames)]
pub enum FollowUp {}

impl Decider for Staff {
    const TYPE: &'static str = "staff";
    const PLURAL: &'static str = "staff";
    const BEGINS: Begins = Begins::AboutNobody("register-worker");
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;
    type Warning = Warning;
    type FollowUp = FollowUp;

    fn decide(&self, command: Command, _: &Context<'_>) -> Result<Decision<Self>, Rejection> {
        match &command {
            Command::RegisterWorker(new) => {
                match &self.known {
                    Some(known) if known == new => return Ok(Decision::already()),
                    Some(_) => return Err(Rejection::WorkerRegistered),
                    None => {}
                }
                if new.worker.is_service() {
                    return Err(Rejection::NotAPerson);
                }
                in_order(new.from, new.until)?;
            }
            Command::ChangeWorker(change) => {
                let known = self.known.as_ref();
                in_order(known.and_then(|known| known.from), change.until)?;
                let same = known.is_some_and(|known| {
                    change.name.as_ref().is_none_or(|name| *name == known.name)
                        && change.role.is_none_or(|role| role == known.role)
                        && change.until.is_none_or(|until| Some(until) == known.until)
                });
                if same {
                    return Ok(Decision::already());
                }
            }
            Command::EndWork(leaving) if self.last_day == Some(leaving.last_day) => return Ok(Decision::already()),
            Command::EndWork(leaving) => {
                in_order(self.known.as_ref().and_then(|known| known.from), Some(leaving.last_day))?;
            }
        }
        Ok(Decision::event(command.record()))
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::WorkerRegistered(registration) => self.known = Some(registration.clone()),
            Event::WorkerChanged(change) => {
                if let Some(known) = &mut self.known {
                    known.name = change.name.clone().unwrap_or_else(|| known.name.clone());
                    known.role = change.role.unwrap_or(known.role);
                    known.until = change.until.or(known.until);
                }
            }
            Event::WorkerLeft(leaving) => self.last_day = Some(leaving.last_day),
        }
    }

    fn actions(&self, _: &Context<'_>) -> Vec<&'static str> {
        match (&self.known, self.last_day) {
            (None, _) => vec!["register-worker"],
            (Some(_), None) => vec!["change-worker", "end-work"],
            (Some(_), Some(_)) => Vec::new(),
        }
    }

    fn facets(&self, _: &Event, _: &Context<'_>) -> Facets {
        Facets::routine()
    }

    /// One entry for each id at a centre, until the end is recorded.
    fn claims(&self) -> BTreeSet<String> {
        let works = self.known.iter().filter(|_| self.last_day.is_none());
        works.map(|known| format!("worker/{}", known.worker)).collect()
    }

    fn claimed(_: &str) -> Option<Rejection> {
        Some(Rejection::WorkerRegistered)
    }
}

fn in_order(from: Option<Day>, until: Option<Day>) -> Result<(), Rejection> {
    let backwards = from.zip(until).is_some_and(|(from, until)| until.date() < from.date());
    if backwards { Err(Rejection::UntilBeforeFrom) } else { Ok(()) }
}
