//! What a safety case has come to. Only what decisions and suggestions need; no place is ever kept here, and no alarm's number.

use super::{
    choices::{CaseOutcome, Interlock},
    command::Event,
    event::{AddressProtection, AlarmLoan, AlertId, LoanId, SafetyAlert},
};
use kit::{
    Day, Personal,
    normal::numbered,
    sealed::known,
    terms::{Application, Ruling, Stage},
};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// How the claim of an alarm begins.
const ALARM: &str = "alarm/";

/// Whether a claim is of an alarm.
pub(super) fn is_alarm(claim: &str) -> bool {
    claim.starts_with(ALARM)
}

/// A safety case.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Safety {
    pub(super) stage: Stage<CaseOutcome>,
    /// How often the risk was assessed.
    pub(super) assessments: usize,
    /// How often a safety plan was agreed on or gone through again.
    pub(super) plans: usize,
    /// The number of the newest one.
    pub(super) plan: Option<u16>,
    pub(super) application: Application,
    pub(super) protection: Protection,
    /// The last day of the protection, as far as it is known: an older one that is logged late does not shorten it.
    pub(super) protected_until: Option<Personal<Day>>,
    pub(super) loans: BTreeMap<LoanId, Loan>,
    /// How often her devices and accounts were gone through.
    pub(super) digital_checks: usize,
    pub(super) alerts: BTreeMap<AlertId, Alert>,
}

/// Whether her name and address are protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Protection {
    #[default]
    Unknown,
    Granted,
    Expired,
}

/// What is known of one loan. An entry about a loan that was never logged makes one of an unknown alarm.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Loan {
    pub(super) issue: Issue,
    pub(super) whereabouts: Whereabouts,
    /// How many entries say, or leave to practice, when it is looked at whether she keeps the alarm.
    pub(super) reviews: usize,
    /// The alarm's number, however it was written. Of use to claims alone, so nobody is shown it.
    #[serde(skip)]
    alarm: Option<String>,
}

/// Whether it was logged that the alarm was issued.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Issue {
    #[default]
    Unlogged,
    Logged,
}

/// Where a lent alarm is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Whereabouts {
    #[default]
    WithHer,
    Returned,
    Lost,
}

/// What is known of one alert. What it is about is unknown where only its clearing was logged.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Alert {
    interlock: Option<Personal<Interlock>>,
    pub(super) standing: Standing,
}

/// Whether somebody still has to look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Standing {
    #[default]
    Raised,
    Cleared,
}

impl AlarmLoan {
    /// The alarm lent, where its number is known: the same however it was written.
    fn number(&self) -> Option<String> {
        self.alarm.as_ref().and_then(|number| number.open()).map(|number| numbered(number.as_str()))
    }
}

impl Loan {
    pub(super) fn is_live(&self) -> bool {
        self.whereabouts == Whereabouts::WithHer
    }

    fn issue(&mut self, loan: &AlarmLoan) {
        self.issue = Issue::Logged;
        self.reviews += 1;
        self.alarm = loan.number();
    }

    /// The first ending stays: rules refuse a second, and what is stored is folded whatever it is.
    fn end(&mut self, whereabouts: Whereabouts) {
        if self.is_live() {
            self.whereabouts = whereabouts;
        }
    }
}

impl Safety {
    /// Takes an event in.
    pub(super) fn take(&mut self, event: &Event) {
        match event {
            Event::RiskAssessed(_) => self.assessments += 1,
            Event::SafetyPlanAgreed(plan) | Event::SafetyPlanRevised(plan) => {
                self.plans += 1;
                self.plan = self.plan.max(Some(plan.version));
            }
            Event::AddressProtectionApplied(_) => self.application = Application::Pending,
            Event::AddressProtectionGranted(protection) | Event::AddressProtectionRenewed(protection) => {
                self.protect(protection);
            }
            Event::AddressProtectionExpired(_) => {
                self.protection = Protection::Expired;
                self.protected_until = None;
            }
            Event::AlarmIssued(loan) => self.loan(loan.loan).issue(loan),
            Event::AlarmRenewed(renewal) => self.loan(renewal.loan).reviews += 1,
            Event::AlarmTriggered(call) => drop(call.loan.map(|loan| self.loan(loan))),
            Event::AlarmReturned(end) => self.loan(end.loan).end(Whereabouts::Returned),
            Event::AlarmLost(end) => self.loan(end.loan).end(Whereabouts::Lost),
            Event::DigitalSafetyChecked(_) => self.digital_checks += 1,
            Event::SafetyAlertRaised(alert) => self.raise(alert),
            Event::SafetyAlertCleared(clearing) => {
                self.alerts.entry(clearing.alert).or_default().standing = Standing::Cleared;
            }
            Event::SafetyCaseClosed(closing) => self.stage = Stage::Closed(closing.outcome),
            Event::SpecialAddressProtectionRegistered(_)
            | Event::TrackerFound(_)
            | Event::AccountsSecured(_)
            | Event::LocksChanged(_)
            | Event::ThreatRecorded(_)
            | Event::ChildConcernReported(_) => {}
        }
    }

    fn loan(&mut self, loan: LoanId) -> &mut Loan {
        self.loans.entry(loan).or_default()
    }

    fn protect(&mut self, protection: &AddressProtection) {
        self.application = Application::Decided(Ruling::Granted);
        self.protection = Protection::Granted;
        if known(protection.until.as_ref()) > known(self.protected_until.as_ref()) {
            self.protected_until.clone_from(&protection.until);
        }
    }

    /// Whoever raises it, somebody must look: on a closed case, and where the alert was cleared before, too.
    fn raise(&mut self, alert: &SafetyAlert) {
        let raised = Alert { interlock: Some(alert.interlock.clone()), standing: Standing::Raised };
        self.alerts.insert(alert.alert, raised);
        self.stage = Stage::Open;
    }

    /// The loans of alarms that are with her.
    pub(super) fn live(&self) -> impl Iterator<Item = (&LoanId, &Loan)> {
        self.loans.iter().filter(|(_, loan)| loan.is_live())
    }

    /// Whether the alarm that this loan is of is with her on another one.
    pub(super) fn has_on_other_loan(&self, loan: &AlarmLoan) -> bool {
        let alarm = loan.number();
        alarm.is_some() && self.live().any(|(id, other)| *id != loan.loan && other.alarm == alarm)
    }

    /// The alarms on live loans, one for each loan whose alarm is known.
    fn lent(&self) -> impl Iterator<Item = &str> {
        self.live().filter_map(|(_, loan)| loan.alarm.as_deref())
    }

    /// Whether no alarm is with her on two loans.
    pub(super) fn lends_each_once(&self) -> bool {
        let mut lent = BTreeSet::new();
        self.lent().all(|alarm| lent.insert(alarm))
    }

    /// What the live loans claim among all cases: there is one of each alarm.
    pub(super) fn alarms(&self) -> BTreeSet<String> {
        self.lent().map(|alarm| format!("{ALARM}{alarm}")).collect()
    }

    /// The alerts that no worker has cleared.
    pub(super) fn uncleared(&self) -> impl Iterator<Item = (&AlertId, &Alert)> {
        self.alerts.iter().filter(|(_, alert)| alert.standing == Standing::Raised)
    }

    /// The alerts about this that no worker has cleared.
    pub(super) fn uncleared_about(&self, interlock: Interlock) -> impl Iterator<Item = AlertId> {
        let about = move |alert: &Alert| known(alert.interlock.as_ref()) == Some(interlock);
        self.uncleared().filter(move |(_, alert)| about(alert)).map(|(id, _)| *id)
    }
}
