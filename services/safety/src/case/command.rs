//! The table of safety's entries: what can be asked, what records it, and how far it may travel.
//!
//! That an entry exists is dangerous already, so nothing is in a feed. Risk and alarms may stand in a request to the police, without our
//! own ids.

use super::event::{
    AddressProtection, AlarmCall, AlarmLoan, AlertClearing, ChildConcern, Closing, DigitalCheck, LoanEnd, LoanRenewal,
    Locks, RiskAssessment, SafetyAlert, SafetyPlan, SecuredAccounts, SpecialProtection, Threat, Tracker,
};

kit::entries! {
    /// The risk she is in has been assessed.
    AssessRisk => RiskAssessed(RiskAssessment), request;
    /// A safety plan is agreed with her.
    AgreeSafetyPlan => SafetyPlanAgreed(SafetyPlan), never;
    /// The safety plan is gone through again.
    ReviseSafetyPlan => SafetyPlanRevised(SafetyPlan), never;
    /// Protection of her name and address is applied for.
    ApplyForAddressProtection => AddressProtectionApplied(AddressProtection), never;
    /// Her name and address are protected.
    RecordAddressProtectionGrant => AddressProtectionGranted(AddressProtection), never;
    /// The protection goes on.
    RenewAddressProtection => AddressProtectionRenewed(AddressProtection), never;
    /// The protection is over.
    ExpireAddressProtection => AddressProtectionExpired(AddressProtection), never;
    /// Her address is specially protected, on the police's notice.
    RegisterSpecialAddressProtection => SpecialAddressProtectionRegistered(SpecialProtection), never;
    /// She has an alarm.
    IssueAlarm => AlarmIssued(AlarmLoan), request, withhold [loan];
    /// She keeps the alarm for longer.
    RenewAlarm => AlarmRenewed(LoanRenewal), request, withhold [loan];
    /// The alarm is back.
    ReturnAlarm => AlarmReturned(LoanEnd), request, withhold [loan];
    /// The alarm is gone.
    RecordAlarmLoss => AlarmLost(LoanEnd), request, withhold [loan];
    /// She has set off the alarm.
    RecordTriggeredAlarm => AlarmTriggered(AlarmCall), never;
    /// Her devices and accounts have been gone through.
    CheckDigitalSafety => DigitalSafetyChecked(DigitalCheck), never;
    /// Something that tracks her was found.
    RecordTracker => TrackerFound(Tracker), never;
    /// Her accounts are secured.
    SecureAccounts => AccountsSecured(SecuredAccounts), never;
    /// The locks are changed.
    ChangeLocks => LocksChanged(Locks), never;
    /// She, or somebody close to her, has been threatened.
    RecordThreat => ThreatRecorded(Threat), never;
    /// The municipality is told of concern for a child.
    ReportChildConcern => ChildConcernReported(ChildConcern), never;
    /// Something is the matter with her safety, and somebody must look at once.
    RaiseSafetyAlert => SafetyAlertRaised(SafetyAlert), never;
    /// A worker has dealt with an alert.
    ClearSafetyAlert => SafetyAlertCleared(AlertClearing), never;
    /// The case ends.
    CloseCase => SafetyCaseClosed(Closing), never;
}
