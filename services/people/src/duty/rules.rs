//! What is refused: a duty that ends before it begins, and a second one in the place of the first.

use super::{
    command::{Command, Event},
    event::Started,
};
use kit::{
    Context, Decider, Decision, Facets, Happened,
    decider::{Begins, Commands},
};
use serde::Serialize;
use time::{Duration, OffsetDateTime};

/// How long a duty is at most, as a rule.
const LONGEST: &str = "longest_duty_hours";

/// A duty.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Duty {
    pub(super) started: Option<Started>,
    pub(super) stage: Stage,
}

/// Whether it was ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Stage {
    #[default]
    Runs,
    Ended,
}

/// Why an entry is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, strum::IntoStaticStr, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Rejection {
    /// It would end before it begins.
    #[error("the end is before the beginning")]
    EndBeforeBeginning,
    /// It is another duty already: what is wrong is corrected.
    #[error("it is another duty already")]
    StartedAlready,
}

/// What a worker is told beside an entry that stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Warning {
    /// It is longer than a duty is as a rule.
    LongDuty,
}

/// Nothing is left open: it ends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr, strum::VariantNames)]
pub enum FollowUp {}

impl Decider for Duty {
    const TYPE: &'static str = "duty";
    const PLURAL: &'static str = "duties";
    const BEGINS: Begins = Begins::AboutNobody("start-duty");
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;
    type Warning = Warning;
    type FollowUp = FollowUp;

    fn decide(&self, command: Command, context: &Context<'_>) -> Result<Decision<Self>, Rejection> {
        match &command {
            Command::StartDuty(duty) => {
                match &self.started {
                    Some(known) if known == duty => return Ok(Decision::already()),
                    Some(_) => return Err(Rejection::StartedAlready),
                    None => {}
                }
                let long = length(duty, context).map(|length| (length, context.deadlines.limit(LONGEST)));
                match long {
                    Some((length, _)) if length <= Duration::ZERO => Err(Rejection::EndBeforeBeginning),
                    Some((length, Some(longest))) => {
                        let long = length > Duration::hours(longest);
                        Ok(Decision::event(command.record()).warn_if(long, Warning::LongDuty))
                    }
                    _ => Ok(Decision::event(command.record())),
                }
            }
            Command::EndDuty(_) if self.stage == Stage::Ended => Ok(Decision::already()),
            Command::EndDuty(_) => Ok(Decision::event(command.record())),
        }
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::DutyStarted(duty) => self.started = Some(duty.clone()),
            Event::DutyEnded(_) => self.stage = Stage::Ended,
        }
    }

    fn actions(&self, context: &Context<'_>) -> Vec<&'static str> {
        let runs = |duty: &Started| kit::calendar::local(duty.until.wall()) > context.now;
        match &self.started {
            None => vec!["start-duty"],
            Some(duty) if self.stage == Stage::Runs && runs(duty) => vec!["end-duty"],
            Some(_) => Vec::new(),
        }
    }

    fn facets(&self, _: &Event, _: &Context<'_>) -> Facets {
        Facets::routine()
    }

    fn deadlines() -> &'static [&'static str] {
        &[LONGEST]
    }
}

/// How long a duty is. One that began at once began when it was logged, or at the minute that the entry names; logged late without one,
/// nobody knows.
fn length(duty: &Started, context: &Context<'_>) -> Option<Duration> {
    let begins: OffsetDateTime = match (duty.from, context.happened) {
        (Some(from), _) => kit::calendar::local(from.wall()),
        (None, Happened::At(_)) => context.happened.instant()?,
        (None, happened) if happened.day().map(kit::Day::date) == Some(context.today) => context.now,
        (None, _) => return None,
    };
    Some(kit::calendar::local(duty.until.wall()) - begins)
}
