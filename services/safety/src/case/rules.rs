//! What is refused, what follows at once, and what is likely next.
//!
//! Refused is a second outcome for one loan or for the case, one alarm on two loans, dates that contradict each other within one entry,
//! and a fact in the future. Everything else stands: the worker knows more than the case does.

use super::{
    choices::Interlock,
    command::{Command, Event},
    event::{AddressProtection, AlarmLoan, AlertId, LoanEnd, SafetyAlert},
    follow_ups::{self, FollowUp},
    state::{Protection, Safety, Standing, Whereabouts},
    warnings::Warning,
};
use kit::{
    Context, Decider, Decision, Facets, Personal,
    decider::{Commands, suggested},
    sealed::known,
    when::DueBy,
};
use std::collections::BTreeSet;

/// Why an entry is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, strum::IntoStaticStr, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Rejection {
    /// The loan, or the case, ended in another way already.
    #[error("there is another outcome already")]
    SecondOutcome,
    /// A protection would end before it begins.
    #[error("the last day is before the first")]
    UntilBeforeFrom,
    /// A day on which something happened is still to come.
    #[error("what is recorded has not happened yet")]
    InTheFuture,
    /// The alarm is with her on another loan.
    #[error("the alarm is on loan already")]
    AlarmOnLoan,
}

impl Decider for Safety {
    const TYPE: &'static str = "case";
    const PLURAL: &'static str = "cases";
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;
    type Warning = Warning;
    type FollowUp = FollowUp;

    fn decide(&self, mut command: Command, context: &Context<'_>) -> Result<Decision<Self>, Rejection> {
        self.name_new(&mut command, context);
        if self.is_so(&command, context)? {
            return Ok(Decision::already());
        }
        let warnings = self.warnings(&command, context);
        let alert = raises(&command).then(|| new_threat(context));
        Ok(Decision { events: std::iter::once(command.record()).chain(alert).collect(), warnings })
    }

    fn evolve(&mut self, event: &Event) {
        self.take(event);
    }

    fn actions(&self, _: &Context<'_>) -> Vec<&'static str> {
        if !self.stage.is_open() {
            return Vec::new();
        }
        let about = |interlock| self.uncleared_about(interlock).next().is_some();
        let alert = self.uncleared().next().is_some();
        let alarm = self.live().next().is_some();
        let pending = self.application.is_pending();
        let (assessed, planned) = (self.assessments > 0, self.plans > 0);
        let checked = self.digital_checks > 0;
        let threatened = about(Interlock::NewThreat);
        let unplanned = !planned || about(Interlock::NoSafetyPlan);
        let likely = [
            (!assessed || threatened, "assess-risk"),
            (unplanned, "agree-safety-plan"),
            (alert, "clear-safety-alert"),
            (pending, "record-address-protection-grant"),
            (!pending && self.protection != Protection::Granted, "apply-for-address-protection"),
            (!checked, "check-digital-safety"),
            (alarm, "record-triggered-alarm"),
            (true, "record-threat"),
            (!alarm, "issue-alarm"),
            (alarm, "renew-alarm"),
            (alarm, "return-alarm"),
            (!unplanned, "revise-safety-plan"),
            (assessed && !threatened, "assess-risk"),
            (assessed && planned && !alert && !alarm, "close-case"),
        ];
        suggested(likely)
    }

    fn facets(&self, event: &Event, context: &Context<'_>) -> Facets {
        follow_ups::facets(self, event, context)
    }

    fn claims(&self) -> BTreeSet<String> {
        self.alarms()
    }

    /// There is one of each alarm everywhere: who holds it must see whether she really has it.
    fn warned_of(claim: &str) -> Option<Command> {
        super::state::is_alarm(claim).then(|| Command::RaiseSafetyAlert(SafetyAlert::about(Interlock::AlarmElsewhere)))
    }

    fn sound(&self) -> Result<(), Rejection> {
        if self.lends_each_once() { Ok(()) } else { Err(Rejection::AlarmOnLoan) }
    }

    fn deadlines() -> &'static [&'static str] {
        follow_ups::DEADLINES
    }
}

/// Whether an entry calls for a new assessment of the risk the same day (interlock 3).
pub(super) fn raises(command: &Command) -> bool {
    matches!(command, Command::RecordTracker(_) | Command::RecordTriggeredAlarm(_) | Command::RecordThreat(_))
}

/// The alert that follows an entry which [`raises`] one.
fn new_threat(context: &Context<'_>) -> Event {
    Event::SafetyAlertRaised(SafetyAlert {
        alert: AlertId(context.new_id(1)),
        interlock: Personal::new(Interlock::NewThreat),
        details: None,
    })
}

impl Safety {
    /// Gives an id, or the next number, to what begins with this entry.
    fn name_new(&self, command: &mut Command, context: &Context<'_>) {
        let id = match command {
            Command::IssueAlarm(loan) => &mut loan.loan.0,
            Command::RaiseSafetyAlert(alert) => &mut alert.alert.0,
            Command::ReportChildConcern(concern) => &mut concern.report.0,
            Command::AgreeSafetyPlan(plan) | Command::ReviseSafetyPlan(plan) if plan.version == 0 => {
                plan.version = self.plan.unwrap_or(0).saturating_add(1);
                return;
            }
            _ => return,
        };
        if id.is_nil() {
            *id = context.new_id(0);
        }
    }

    /// Refuses what cannot be, and tells whether it is so already.
    fn is_so(&self, command: &Command, context: &Context<'_>) -> Result<bool, Rejection> {
        match command {
            Command::IssueAlarm(loan) => self.lends_twice(loan),
            Command::ReturnAlarm(end) => self.has(end, Whereabouts::Returned),
            Command::RecordAlarmLoss(end) => self.has(end, Whereabouts::Lost),
            Command::RecordTriggeredAlarm(call) => past(known(call.when.as_ref()), context),
            Command::ApplyForAddressProtection(protection)
            | Command::RecordAddressProtectionGrant(protection)
            | Command::RenewAddressProtection(protection) => in_order(protection),
            Command::ExpireAddressProtection(protection) => {
                in_order(protection)?;
                past(known(protection.until.as_ref()).map(DueBy::On), context)?;
                Ok(self.protection == Protection::Expired)
            }
            Command::RaiseSafetyAlert(alert) => Ok(context.by_rule() && self.is_raised(alert, context)),
            Command::ClearSafetyAlert(clearing) => {
                Ok(self.alerts.get(&clearing.alert).is_some_and(|alert| alert.standing == Standing::Cleared))
            }
            Command::CloseCase(closing) => self.stage.is_closed_with(&closing.outcome).ok_or(Rejection::SecondOutcome),
            _ => Ok(false),
        }
    }

    /// Refuses an alarm that is with her on another loan. One that came back before its issue is logged is with nobody.
    fn lends_twice(&self, loan: &AlarmLoan) -> Result<bool, Rejection> {
        let lends = self.loans.get(&loan.loan).is_none_or(super::state::Loan::is_live);
        if lends && self.has_on_other_loan(loan) { Err(Rejection::AlarmOnLoan) } else { Ok(false) }
    }

    /// Whether a loan ended so; any other ending refuses it.
    fn has(&self, end: &LoanEnd, whereabouts: Whereabouts) -> Result<bool, Rejection> {
        match self.loans.get(&end.loan).map(|loan| loan.whereabouts).unwrap_or_default() {
            Whereabouts::WithHer => Ok(false),
            other if other == whereabouts => Ok(true),
            _ => Err(Rejection::SecondOutcome),
        }
    }

    /// Whether what a rule is about to raise has been raised: this very alert, or another one about the same that still asks for
    /// something. One whose follow-up is done says nothing of what came after it. Each new threat and each order is its own.
    fn is_raised(&self, alert: &SafetyAlert, context: &Context<'_>) -> bool {
        let own = [Interlock::NewThreat, Interlock::OrderEnds];
        let interlock = known(Some(&alert.interlock)).filter(|interlock| !own.contains(interlock));
        let asks = |interlock| self.uncleared_about(interlock).any(|id| context.is_open(&follow_ups::alert_key(id)));
        interlock.is_some_and(asks) || self.alerts.contains_key(&alert.alert)
    }
}

/// Refuses a protection that would end before it begins.
fn in_order(protection: &AddressProtection) -> Result<bool, Rejection> {
    match (known(protection.from.as_ref()), known(protection.until.as_ref())) {
        (Some(from), Some(until)) if until < from => Err(Rejection::UntilBeforeFrom),
        _ => Ok(false),
    }
}

fn past(when: Option<DueBy>, context: &Context<'_>) -> Result<bool, Rejection> {
    if when.is_some_and(|when| context.to_come(when)) { Err(Rejection::InTheFuture) } else { Ok(false) }
}
