//! What is refused: a duty that ends before it begins or lasts too long, and a second one in the place of the first. Access follows from
//! a duty, so no worker gives it to themselves.

use super::{
    command::{Command, Event},
    event::{Ended, Started},
};
use kit::{
    Context, Decider, Decision, Facets, Happened,
    access::Right,
    decider::{Amendable, Begins, Commands},
    directory::Named,
    relation::DutyKind,
};
use serde::Serialize;
use time::{Duration, OffsetDateTime};

/// How long somebody is on duty at most.
const LONGEST: &str = "longest_duty_hours";
/// How long a temp is engaged at most.
const LONGEST_ENGAGEMENT: &str = "longest_engagement_days";

/// How far ahead somebody who is no leader says who is on duty.
const AHEAD: Duration = Duration::hours(24);

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
    /// It would last longer than a duty may.
    #[error("the duty is too long")]
    DutyTooLong,
    /// It is another duty already: what is wrong is taken back.
    #[error("it is another duty already")]
    StartedAlready,
}

/// Nothing is warned about: it stands, or is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr, strum::VariantNames)]
pub enum Warning {}

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
                let (begins, ends) = (begins(duty, context), duty.until.instant());
                if begins.is_some_and(|begins| ends <= begins) {
                    return Err(Rejection::EndBeforeBeginning);
                }
                // Where nobody knows, it gives access from now on.
                let latest = |longest| kit::calendar::latest_end(begins.unwrap_or(context.now), longest);
                if longest(duty.kind, context).is_some_and(|longest| ends > latest(longest)) {
                    return Err(Rejection::DutyTooLong);
                }
                Ok(Decision::event(command.record()))
            }
            Command::EndDuty(_) if self.stage == Stage::Ended => Ok(Decision::already()),
            Command::EndDuty(_) => Ok(Decision::event(command.record())),
        }
    }

    /// Whoever is on duty says who relieves them within a day. How long they themselves are, what comes later, and who is engaged as a
    /// temp is the leader's; what runs of one's own anybody ends.
    fn right(&self, command: &Command, context: &Context<'_>) -> Right {
        let is_own = |duty: &Started| duty.worker == context.actor;
        match command {
            Command::StartDuty(duty) => {
                let ahead = duty.until.instant() > kit::calendar::latest_end(context.now, AHEAD);
                if is_own(duty) || ahead || duty.kind == DutyKind::Temp { Right::Leader } else { Right::Answers }
            }
            // An engagement is ended by anybody who answers: a temp who must go must go at once.
            Command::EndDuty(_) if self.stage == Stage::Runs && self.started.as_ref().is_some_and(is_own) => {
                Right::Record
            }
            Command::EndDuty(_) => Right::Answers,
        }
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::DutyStarted(duty) => self.started = Some(duty.clone()),
            Event::DutyEnded(_) => self.stage = Stage::Ended,
        }
    }

    fn actions(&self, context: &Context<'_>) -> Vec<&'static str> {
        let runs = |duty: &Started| duty.until.instant() > context.now;
        let permitted = context.right >= self.right(&Command::EndDuty(Ended {}), context);
        match &self.started {
            None => vec!["start-duty"],
            Some(duty) if self.stage == Stage::Runs && runs(duty) && permitted => vec!["end-duty"],
            Some(_) => Vec::new(),
        }
    }

    fn facets(&self, _: &Event, _: &Context<'_>) -> Facets {
        Facets::routine()
    }

    fn names(command: &Command) -> Vec<Named> {
        match command {
            Command::StartDuty(duty) => vec![Named::Worker(duty.worker.clone())],
            Command::EndDuty(_) => Vec::new(),
        }
    }

    fn deadlines() -> &'static [&'static str] {
        &[LONGEST, LONGEST_ENGAGEMENT]
    }

    /// Who started it, and for how long, is part of it.
    fn amendable(event: &Event) -> Amendable {
        match event {
            Event::DutyStarted(_) => Amendable::TakenBackOnly,
            Event::DutyEnded(_) => Amendable::Always,
        }
    }
}

/// How long a duty of this kind is at most.
fn longest(kind: DutyKind, context: &Context<'_>) -> Option<Duration> {
    match kind {
        DutyKind::OnDuty => context.deadlines.limit(LONGEST).map(Duration::hours),
        DutyKind::Temp => context.deadlines.limit(LONGEST_ENGAGEMENT).map(Duration::days),
    }
}

/// When a duty begins. One that began at once began when it was logged, or at the minute that the entry names; logged late without one,
/// nobody knows.
fn begins(duty: &Started, context: &Context<'_>) -> Option<OffsetDateTime> {
    match (duty.from, context.happened) {
        (Some(from), _) => Some(from.instant()),
        (None, Happened::At(_)) => context.happened.instant(),
        (None, happened) if happened.day().map(kit::Day::date) == Some(context.today) => Some(context.now),
        (None, _) => None,
    }
}
