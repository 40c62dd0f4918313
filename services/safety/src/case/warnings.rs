//! What a worker is told beside an entry that stands.

use super::{
    choices::ChildrenCovered,
    command::Command,
    event::{AddressProtection, LoanId},
    rules::raises,
    state::{Issue, Loan, Protection, Safety},
};
use kit::{Context, Personal, sealed::known};

/// What a worker is told beside an entry that stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Warning {
    /// The case is closed, and stays so.
    CaseClosed,
    /// The case was closed; an alert opens it again.
    CaseReopened,
    /// An application for address protection is pending; this one takes its place.
    ApplicationPending,
    /// No application was logged.
    DecisionWithoutApplication,
    /// No protection that could go on or end was logged.
    ProtectionUnknown,
    /// The last day of the protection is over.
    ProtectionOver,
    /// Not all of her children are covered, and theirs tells her address.
    ChildrenUnprotected,
    /// A plan with this number, or a later one, was logged before.
    PlanNumberTaken,
    /// No plan was logged that could be revised.
    PlanUnknown,
    /// No such loan was logged: she arrives mid-story, or it is the wrong one.
    LoanUnknown,
    /// The loan was logged before; its facts are now these.
    LoanRecordedAlready,
    /// The alarm has been returned or lost.
    LoanEnded,
    /// Evidence comes first.
    EvidenceFirst,
    /// No such alert was raised here.
    AlertUnknown,
    /// An alert has not been cleared.
    AlertUncleared,
    /// An alarm is still with her.
    AlarmOut,
    /// Follow-ups are still open.
    OpenFollowUps,
}

impl Safety {
    pub(super) fn warnings(&self, command: &Command, context: &Context<'_>) -> Vec<Warning> {
        let candidates = match command {
            Command::AgreeSafetyPlan(plan) => vec![self.number_taken(plan.version)],
            Command::ReviseSafetyPlan(plan) => {
                vec![(self.plan.is_none(), Warning::PlanUnknown), self.number_taken(plan.version)]
            }
            Command::ApplyForAddressProtection(_) => {
                vec![(self.application.is_pending(), Warning::ApplicationPending)]
            }
            Command::RecordAddressProtectionGrant(protection) => vec![
                (!self.application.is_pending(), Warning::DecisionWithoutApplication),
                over(protection, context),
                uncovered(protection),
            ],
            Command::RenewAddressProtection(protection) => {
                vec![self.unprotected(), over(protection, context), uncovered(protection)]
            }
            Command::ExpireAddressProtection(_) => vec![self.unprotected()],
            Command::IssueAlarm(loan) => {
                let known = self.loans.get(&loan.loan);
                let logged = known.is_some_and(|loan| loan.issue == Issue::Logged);
                vec![(logged, Warning::LoanRecordedAlready), self.ended(loan.loan)]
            }
            Command::RenewAlarm(renewal) => vec![self.unknown(renewal.loan), self.ended(renewal.loan)],
            Command::ReturnAlarm(end) | Command::RecordAlarmLoss(end) => vec![self.unknown(end.loan)],
            Command::RecordTriggeredAlarm(call) => {
                call.loan.map(|loan| vec![self.unknown(loan), self.ended(loan)]).unwrap_or_default()
            }
            Command::RecordTracker(tracker) => vec![evidence(tracker.evidence_kept.as_ref())],
            Command::SecureAccounts(accounts) => vec![evidence(accounts.evidence_kept.as_ref())],
            Command::ClearSafetyAlert(clearing) => {
                vec![(!self.alerts.contains_key(&clearing.alert), Warning::AlertUnknown)]
            }
            Command::CloseCase(_) => vec![
                (self.live().next().is_some(), Warning::AlarmOut),
                (self.uncleared().next().is_some(), Warning::AlertUncleared),
                (!context.open.is_empty(), Warning::OpenFollowUps),
            ],
            _ => Vec::new(),
        };
        let reopens = raises(command) || matches!(command, Command::RaiseSafetyAlert(_));
        let closed = if reopens { Warning::CaseReopened } else { Warning::CaseClosed };
        let all = std::iter::once((!self.stage.is_open(), closed)).chain(candidates);
        all.filter_map(|(applies, warning)| applies.then_some(warning)).collect()
    }

    fn number_taken(&self, version: u16) -> (bool, Warning) {
        (self.plan >= Some(version), Warning::PlanNumberTaken)
    }

    fn unprotected(&self) -> (bool, Warning) {
        (self.protection == Protection::Unknown, Warning::ProtectionUnknown)
    }

    fn unknown(&self, loan: LoanId) -> (bool, Warning) {
        let logged = self.loans.get(&loan).is_some_and(|loan| loan.issue == Issue::Logged);
        (!logged, Warning::LoanUnknown)
    }

    fn ended(&self, loan: LoanId) -> (bool, Warning) {
        (self.loans.get(&loan).is_some_and(|loan| !Loan::is_live(loan)), Warning::LoanEnded)
    }
}

fn over(protection: &AddressProtection, context: &Context<'_>) -> (bool, Warning) {
    let until = known(protection.until.as_ref());
    (until.is_some_and(|until| until.date() < context.today), Warning::ProtectionOver)
}

fn uncovered(protection: &AddressProtection) -> (bool, Warning) {
    let children = known(protection.children.as_ref());
    let uncovered = matches!(children, Some(ChildrenCovered::Some | ChildrenCovered::None));
    (uncovered, Warning::ChildrenUnprotected)
}

/// What is found is photographed and left for the police, and then it is cut off: the other way round the evidence is gone.
fn evidence(kept: Option<&Personal<bool>>) -> (bool, Warning) {
    (known(kept) != Some(true), Warning::EvidenceFirst)
}
