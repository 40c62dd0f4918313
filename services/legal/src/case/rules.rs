//! What is refused, and what is likely next.
//!
//! Refused is a second outcome for the case, dates that contradict each other within one entry, a fact in the future, and an entry
//! that leaves the service about an order that does not (or the other way round).
//! Everything else stands, perhaps with a warning: the worker knows more than the case does.

use super::{
    command::{Command, Event},
    event::OrderId,
    follow_ups::{self, FollowUp},
    state::{Asked, Custody, HearingStand, HearingState, Legal, Need, OrderKind, OrderState, Passports, Police},
    warnings::{self, Warning},
};
use kit::{
    Context, Day, Decider, Decision, Facets, Personal,
    decider::{Commands, suggested},
    sealed::known,
    when::DueBy,
};

/// Why an entry is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, strum::IntoStaticStr, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Rejection {
    /// The case ended in another way already.
    #[error("there is another outcome already")]
    SecondOutcome,
    /// An order would end before it begins.
    #[error("the last day is before the first")]
    UntilBeforeFrom,
    /// A day on which something happened is still to come.
    #[error("what is recorded has not happened yet")]
    InTheFuture,
    /// More time for an order, or its end, by an entry for orders of another kind: it would be shared as what it is not, or not at all.
    #[error("the order is of another kind")]
    OrderOfAnotherKind,
}

impl Decider for Legal {
    const TYPE: &'static str = "case";
    const PLURAL: &'static str = "cases";
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;
    type Warning = Warning;
    type FollowUp = FollowUp;

    fn decide(&self, mut command: Command, context: &Context<'_>) -> Result<Decision<Self>, Rejection> {
        name_new(&mut command, context);
        possible(&command, context)?;
        self.is_of_kind(&command)?;
        if self.is_so(&command)? {
            return Ok(Decision::already());
        }
        let warnings = warnings::of(self, &command, context);
        Ok(Decision { warnings, ..Decision::event(command.record()) })
    }

    fn evolve(&mut self, event: &Event) {
        self.take(event);
    }

    fn actions(&self, context: &Context<'_>) -> Vec<&'static str> {
        if !self.stage.is_open() {
            return Vec::new();
        }
        let runs = |kinds: &[OrderKind]| {
            let mut running = self.orders.values().filter(|order| order.runs_on(context.today));
            running.any(|order| order.kind.is_some_and(|kind| kinds.contains(&kind)))
        };
        let (immediate, expelled) = (runs(&[OrderKind::Immediate]), runs(&[OrderKind::Expulsion]));
        let restrained = runs(&[OrderKind::Restraining]);
        let kept_off = runs(&[OrderKind::AreaBan]);
        let banned = restrained || immediate || expelled || kept_off;
        let ahead = self.hearings.values().any(HearingState::is_ahead);
        let unclear = self.need == Need::Unclear;
        let likely = [
            (self.passports == Passports::AtRisk, "secure-passport"),
            (unclear, "screen-legal-need"),
            (ahead, "attend-hearing"),
            (ahead, "move-hearing"),
            (banned, "report-order-breach"),
            (immediate, "issue-restraining-order"),
            (restrained, "extend-restraining-order"),
            (expelled, "extend-expulsion"),
            (self.free_legal_aid.is_pending(), "record-free-legal-aid-decision"),
            (self.compensation.to_apply.is_some(), "apply-for-compensation"),
            (self.police == Police::Reported, "close-police-case"),
            (self.custody == Custody::Open, "receive-family-decision"),
            (self.custody == Custody::Open && !ahead, "schedule-hearing"),
            (self.marriage == Asked::Pending, "record-separation-decision"),
            (self.compensation.pending > 0, "record-compensation-decision"),
            (self.residence == Asked::Pending, "record-residence-permit-decision"),
            (self.police == Police::Unreported, "file-police-report"),
            (restrained || immediate, "end-restraining-order"),
            // Recorded again, it runs longer or ends earlier.
            (kept_off, "issue-area-ban"),
            (true, "give-legal-advice"),
            (!banned, "issue-restraining-order"),
            (self.custody == Custody::None, "open-custody-case"),
            (!unclear, "close-case"),
        ];
        suggested(likely)
    }

    fn facets(&self, event: &Event, context: &Context<'_>) -> Facets {
        follow_ups::facets(self, event, context)
    }

    fn deadlines() -> &'static [&'static str] {
        follow_ups::DEADLINES
    }
}

/// Gives an id to what begins with this entry.
fn name_new(command: &mut Command, context: &Context<'_>) {
    let id = match command {
        Command::IssueRestrainingOrder(order) => &mut order.order.0,
        Command::IssueAreaBan(ban) => &mut ban.order.0,
        Command::OrderExpulsion(expulsion) => &mut expulsion.order.0,
        Command::ScheduleHearing(hearing) => &mut hearing.hearing.0,
        Command::ReceiveFamilyDecision(decision) => &mut decision.decision.0,
        _ => return,
    };
    if id.is_nil() {
        *id = context.new_id(0);
    }
}

/// Refuses facts that cannot be, whatever the case says.
fn possible(command: &Command, context: &Context<'_>) -> Result<(), Rejection> {
    match command {
        Command::IssueRestrainingOrder(order) => in_order(order.from.as_ref(), order.until.as_ref()),
        Command::IssueAreaBan(ban) => in_order(ban.from.as_ref(), ban.until.as_ref()),
        Command::FilePoliceReport(report) => past_day(report.offence_day.as_ref(), context),
        Command::EndRestrainingOrder(end) => past_day(end.until.as_ref(), context),
        Command::ReportOrderBreach(breach) => past_day(breach.day.as_ref(), context),
        Command::AttendHearing(hearing) => past(known(hearing.when.as_ref()), context),
        // The day a criminal case becomes final may be known beforehand.
        _ => Ok(()),
    }
}

/// Refuses a last day before the first.
fn in_order(from: Option<&Personal<Day>>, until: Option<&Personal<Day>>) -> Result<(), Rejection> {
    match (known(from), known(until)) {
        (Some(from), Some(until)) if until < from => Err(Rejection::UntilBeforeFrom),
        _ => Ok(()),
    }
}

/// Refuses a day on which something happened, where it is still to come.
fn past_day(day: Option<&Personal<Day>>, context: &Context<'_>) -> Result<(), Rejection> {
    past(known(day).map(DueBy::On), context)
}

fn past(when: Option<DueBy>, context: &Context<'_>) -> Result<(), Rejection> {
    if when.is_some_and(|when| context.to_come(when)) { Err(Rejection::InTheFuture) } else { Ok(()) }
}

impl Legal {
    /// Tells whether it is so already, and refuses where it is otherwise for good.
    fn is_so(&self, command: &Command) -> Result<bool, Rejection> {
        match command {
            Command::EndRestrainingOrder(end) => Ok(self.is_ended(end.order)),
            Command::AttendHearing(hearing) => {
                let stand = self.hearings.get(&hearing.hearing).map(|hearing| hearing.stand);
                Ok(stand == Some(HearingStand::Attended))
            }
            Command::CloseCase(closing) => self.stage.is_closed_with(&closing.outcome).ok_or(Rejection::SecondOutcome),
            _ => Ok(false),
        }
    }

    /// Refuses more time or an end for an order by an entry that is not for its kind. Nobody knows of what kind an order is that was
    /// never logged.
    fn is_of_kind(&self, command: &Command) -> Result<(), Rejection> {
        let kind = |order: &OrderId| self.orders.get(order).and_then(|order| order.kind);
        let fits = match command {
            Command::ExtendRestrainingOrder(extension) => kind(&extension.order).is_none_or(OrderKind::is_restraining),
            Command::EndRestrainingOrder(end) => kind(&end.order).is_none_or(OrderKind::is_restraining),
            Command::ExtendExpulsion(extension) => {
                kind(&extension.order).is_none_or(|kind| kind == OrderKind::Expulsion)
            }
            _ => true,
        };
        if fits { Ok(()) } else { Err(Rejection::OrderOfAnotherKind) }
    }

    fn is_ended(&self, order: OrderId) -> bool {
        self.orders.get(&order).is_some_and(OrderState::is_ended)
    }
}
