//! What safety's entries leave open, what they end, and how heavy they are.
//!
//! Each alert, loan and report has its own follow-up, named by opaque id. What must be done at once is counted from today and not from
//! when it happened: a tracker found last week is looked into today. Nothing waits without a date because nobody knows the day; what is
//! unknown counts from today. What is logged late neither ends what has become acute since, nor drags a later review back.

use super::{
    choices::{ChildrenCovered, Interlock},
    command::Event,
    event::{AddressProtection, AlarmLoan, AlertId, ChildConcern, LoanId, LoanRenewal, ReportId, SafetyAlert},
    state::Safety,
};
use kit::{
    Context, Day, Facets, Personal,
    facets::{Change, FollowUpChange, Weight},
    sealed::known,
};
use time::Date;

/// What a follow-up asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum FollowUp {
    /// Protect her address, children included, before it is registered.
    ProtectAddressBeforeRegistering,
    /// Have the order extended, or plan for the day it ends.
    ExtendOrderOrPlan,
    /// Plan how contact with the children is safe.
    PlanSafeContact,
    /// Assess the risk again.
    ReassessRisk,
    /// Agree on a safety plan.
    AgreeSafetyPlan,
    /// Find out how she is. The contact person does, never an automatic call.
    CheckOnHer,
    /// Find out whether she has the alarm, and that its number is right.
    CheckAlarm,
    /// Go through the safety plan again.
    ReviewSafetyPlan,
    /// Ask how the address protection goes.
    ChaseAddressProtection,
    /// Renew the address protection.
    RenewAddressProtection,
    /// Apply for address protection again, unless it should be over.
    ApplyAgainForAddressProtection,
    /// Look at whether she keeps the alarm.
    ReviewAlarm,
    /// Report the loss of an alarm.
    ReportAlarmLoss,
    /// Go through her devices and accounts once more, the day after.
    CheckDigitalSafetyNextDay,
    /// Go through her devices and accounts again.
    CheckDigitalSafetyAgain,
    /// Secure evidence before anything is removed.
    SecureEvidence,
    /// See that the municipality confirms a report.
    AwaitReceipt,
}

/// The configured deadlines that safety's follow-ups go by.
pub(super) const DEADLINES: &[&str] = &[
    RISK_REASSESSMENT,
    PLAN_REVIEW,
    PROTECTION_CHASE,
    PROTECTION_RENEWAL,
    PROTECTION_AGAIN,
    ALARM_REVIEW,
    ALARM_LOSS,
    DIGITAL_NEXT_DAY,
    DIGITAL_AGAIN,
    EVIDENCE,
    CONCERN_RECEIPT,
    SAFETY_ALERT,
];
const RISK_REASSESSMENT: &str = "risk_reassessment";
const PLAN_REVIEW: &str = "safety_plan_review";
const PROTECTION_CHASE: &str = "address_protection_chase";
const PROTECTION_RENEWAL: &str = "address_protection_renewal";
const PROTECTION_AGAIN: &str = "address_protection_again";
const ALARM_REVIEW: &str = "alarm_review";
const ALARM_LOSS: &str = "alarm_loss_report";
const DIGITAL_NEXT_DAY: &str = "digital_safety_next_day";
const DIGITAL_AGAIN: &str = "digital_safety_again";
const EVIDENCE: &str = "evidence_secured";
const CONCERN_RECEIPT: &str = "child_concern_receipt";
const SAFETY_ALERT: &str = "safety_alert";

const RISK: &str = "risk/reassess";
const PLAN: &str = "safety-plan/review";
const CHASE: &str = "address-protection/chase";
const RENEW: &str = "address-protection/renew";
const AGAIN: &str = "address-protection/again";
const FIRST_DAY: &str = "digital-safety/first-day";
const DIGITAL: &str = "digital-safety/again";
const TRACKER_EVIDENCE: &str = "tracker/evidence";
const ACCOUNTS_EVIDENCE: &str = "accounts/evidence";

pub(super) fn alert_key(alert: AlertId) -> String {
    format!("alert/{alert}")
}

fn review_key(loan: LoanId) -> String {
    format!("alarm/{loan}/review")
}

fn loss_key(loan: LoanId) -> String {
    format!("alarm/{loan}/loss")
}

fn receipt_key(report: ReportId) -> String {
    format!("child-concern/{report}/receipt")
}

/// What an alert asks for.
fn asked(interlock: Interlock) -> FollowUp {
    match interlock {
        Interlock::AddressUnprotected => FollowUp::ProtectAddressBeforeRegistering,
        Interlock::OrderEnds => FollowUp::ExtendOrderOrPlan,
        Interlock::ContactDuringOrder => FollowUp::PlanSafeContact,
        Interlock::NewThreat => FollowUp::ReassessRisk,
        Interlock::NoSafetyPlan => FollowUp::AgreeSafetyPlan,
        Interlock::ContactsMissed => FollowUp::CheckOnHer,
        Interlock::AlarmElsewhere => FollowUp::CheckAlarm,
    }
}

/// What an event means to readers; `state` is the one after it.
pub(super) fn facets(state: &Safety, event: &Event, context: &Context<'_>) -> Facets {
    let closed = |key: &str| FollowUpChange::closed(key);
    let (routine, milestone) = (Facets::routine(), Facets::milestone());
    match event {
        Event::RiskAssessed(_) => {
            // Whatever the level: the weight can be seen by those who may not see it.
            let again =
                no_earlier(later(RISK, FollowUp::ReassessRisk, RISK_REASSESSMENT, context), state.assessments, context);
            done(state, Interlock::NewThreat, routine.with(again), context)
        }
        Event::SafetyPlanAgreed(_) => planned(state, milestone, context),
        Event::SafetyPlanRevised(_) => planned(state, routine, context),
        Event::AddressProtectionApplied(_) => {
            let chase = later(CHASE, FollowUp::ChaseAddressProtection, PROTECTION_CHASE, context);
            routine.with(chase).with(closed(AGAIN))
        }
        Event::AddressProtectionGranted(protection) => protected(state, protection, milestone, context),
        Event::AddressProtectionRenewed(protection) => protected(state, protection, routine, context),
        Event::AddressProtectionExpired(_) => {
            // Her address can be had by anybody from now on.
            let over = Facets { weight: Weight::Alert, ..routine }.with(closed(RENEW));
            if state.application.is_pending() {
                over
            } else {
                over.with(at_once(AGAIN, FollowUp::ApplyAgainForAddressProtection, PROTECTION_AGAIN, context))
            }
        }
        Event::AlarmIssued(AlarmLoan { loan, review_on, .. }) => {
            reviewed(state, *loan, review_on.as_ref(), milestone, context)
        }
        Event::AlarmRenewed(LoanRenewal { loan, review_on }) => {
            reviewed(state, *loan, Some(review_on), routine, context)
        }
        Event::AlarmReturned(end) => milestone.with(closed(&review_key(end.loan))),
        Event::AlarmLost(end) => {
            // She carries nothing that calls for help, and somebody else may have it.
            let lost = Facets { weight: Weight::Alert, ..routine }.with(closed(&review_key(end.loan)));
            lost.with(at_once(&loss_key(end.loan), FollowUp::ReportAlarmLoss, ALARM_LOSS, context))
        }
        Event::DigitalSafetyChecked(_) => {
            let again = later(DIGITAL, FollowUp::CheckDigitalSafetyAgain, DIGITAL_AGAIN, context);
            let facets = routine.with(no_earlier(again, state.digital_checks, context));
            if state.digital_checks == 1 {
                facets.with(later(FIRST_DAY, FollowUp::CheckDigitalSafetyNextDay, DIGITAL_NEXT_DAY, context))
            } else if is_due(FIRST_DAY, context) {
                facets.with(closed(FIRST_DAY))
            } else {
                facets
            }
        }
        Event::TrackerFound(tracker) => evidence(TRACKER_EVIDENCE, tracker.evidence_kept.as_ref(), milestone, context),
        Event::AccountsSecured(accounts) => {
            evidence(ACCOUNTS_EVIDENCE, accounts.evidence_kept.as_ref(), routine, context)
        }
        Event::ChildConcernReported(concern) => reported(concern, context),
        Event::SafetyAlertRaised(alert) => raised(alert, context),
        Event::SafetyAlertCleared(clearing) => routine.with(closed(&alert_key(clearing.alert))),
        // The alert that follows a trigger stands out; the trigger need not do so twice.
        Event::AlarmTriggered(_)
        | Event::ThreatRecorded(_)
        | Event::SpecialAddressProtectionRegistered(_)
        | Event::SafetyCaseClosed(_) => milestone,
        Event::LocksChanged(_) => routine,
    }
}

/// Due some time after the day it happened.
fn later(key: &str, what: FollowUp, deadline: &str, context: &Context<'_>) -> FollowUpChange {
    by(key, what, deadline, context.day().unwrap_or(context.today), context)
}

/// Due as the deadline says from today, whenever it happened.
fn at_once(key: &str, what: FollowUp, deadline: &str, context: &Context<'_>) -> FollowUpChange {
    by(key, what, deadline, context.today, context)
}

fn by(key: &str, what: FollowUp, deadline: &str, base: Date, context: &Context<'_>) -> FollowUpChange {
    FollowUpChange::opened(key, what).due_by(context.deadlines, deadline, Some(base))
}

/// A review that others like this entry ask for as well (`among` counts them, this one included) is not dragged back by an older one.
/// It is said to stay: should the others be taken back, this entry still asks for it.
fn no_earlier(review: FollowUpChange, among: usize, context: &Context<'_>) -> FollowUpChange {
    match context.open.get(&review.key).copied().flatten() {
        Some(open) if among > 1 && review.due.is_some_and(|due| due.day() < open.day()) => {
            FollowUpChange::new(review.key, Change::Moved).due(open)
        }
        _ => review,
    }
}

/// Whether a follow-up is open, and was due when what is recorded happened.
fn is_due(key: &str, context: &Context<'_>) -> bool {
    let due_on = |day: Date| context.open.get(key).is_some_and(|due| due.is_none_or(|due| due.day().date() <= day));
    context.day().is_some_and(due_on)
}

/// Whether this answers what must be done at once: what happened before that became acute does not, nor what happened nobody knows when.
/// What is done today does, although somebody has put it off.
fn answers(key: &str, context: &Context<'_>) -> bool {
    is_due(key, context) || (context.is_open(key) && context.day() == Some(context.today))
}

/// What the alerts about this ask for is done. They stand until a worker clears them.
fn done(state: &Safety, interlock: Interlock, facets: Facets, context: &Context<'_>) -> Facets {
    let answered = state.uncleared_about(interlock).map(alert_key).filter(|key| answers(key, context));
    answered.map(FollowUpChange::closed).fold(facets, Facets::with)
}

fn planned(state: &Safety, facets: Facets, context: &Context<'_>) -> Facets {
    let review = later(PLAN, FollowUp::ReviewSafetyPlan, PLAN_REVIEW, context);
    done(state, Interlock::NoSafetyPlan, facets.with(no_earlier(review, state.plans, context)), context)
}

/// A protection that holds today is what was to be applied for again. Where it covers the children, her address is protected.
fn protected(state: &Safety, protection: &AddressProtection, facets: Facets, context: &Context<'_>) -> Facets {
    let facets = renewed(state, protection, facets, context).with(FollowUpChange::closed(CHASE));
    if !protection.holds_on(context.today) {
        return facets;
    }
    let facets = if answers(AGAIN, context) { facets.with(FollowUpChange::closed(AGAIN)) } else { facets };
    match known(protection.children.as_ref()) {
        Some(ChildrenCovered::All | ChildrenCovered::HasNone) => {
            done(state, Interlock::AddressUnprotected, facets, context)
        }
        _ => facets,
    }
}

/// A protection is renewed before the last day that is known of it. An older one changes nothing of that.
fn renewed(state: &Safety, protection: &AddressProtection, facets: Facets, context: &Context<'_>) -> Facets {
    let until = known(state.protected_until.as_ref());
    let dated = |change: FollowUpChange| change.due_by(context.deadlines, PROTECTION_RENEWAL, until.map(Day::date));
    if known(protection.until.as_ref()) == until {
        facets.with(dated(FollowUpChange::opened(RENEW, FollowUp::RenewAddressProtection)))
    } else if context.is_open(RENEW) {
        facets.with(dated(FollowUpChange::new(RENEW, Change::Moved)))
    } else {
        facets
    }
}

impl AddressProtection {
    /// Whether it holds on a day, as far as is known.
    fn holds_on(&self, day: Date) -> bool {
        known(self.from.as_ref()).is_none_or(|from| from.date() <= day)
            && known(self.until.as_ref()).is_none_or(|until| day <= until.date())
    }
}

/// An alarm that is with her is looked at again: on the day agreed, else by practice.
fn reviewed(state: &Safety, loan: LoanId, on: Option<&Personal<Day>>, facets: Facets, context: &Context<'_>) -> Facets {
    let Some(lent) = state.loans.get(&loan).filter(|lent| lent.is_live()) else { return facets };
    let key = review_key(loan);
    facets.with(match known(on) {
        Some(day) => FollowUpChange::opened(key, FollowUp::ReviewAlarm).due_on(Some(&day)),
        None => no_earlier(later(&key, FollowUp::ReviewAlarm, ALARM_REVIEW, context), lent.reviews, context),
    })
}

fn evidence(key: &str, kept: Option<&Personal<bool>>, facets: Facets, context: &Context<'_>) -> Facets {
    match known(kept) {
        Some(true) => facets,
        _ => facets.with(at_once(key, FollowUp::SecureEvidence, EVIDENCE, context)),
    }
}

fn reported(concern: &ChildConcern, context: &Context<'_>) -> Facets {
    let receipt = later(&receipt_key(concern.report), FollowUp::AwaitReceipt, CONCERN_RECEIPT, context);
    Facets { about: known(concern.child.as_ref()).into_iter().collect(), ..Facets::milestone() }.with(receipt)
}

fn raised(alert: &SafetyAlert, context: &Context<'_>) -> Facets {
    let facets = Facets { weight: Weight::Alert, ..Facets::default() };
    match known(Some(&alert.interlock)) {
        Some(what) => facets.with(at_once(&alert_key(alert.alert), asked(what), SAFETY_ALERT, context)),
        // Erased since: nothing can be asked any more.
        None => facets,
    }
}
