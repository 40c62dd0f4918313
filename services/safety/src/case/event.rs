//! The facts of safety's entries. A command and the event that records it share one struct.
//!
//! Hardly anything must be given: a worker logs in under a minute and fills in later. When it happened stands on the entry itself.

use super::choices::{
    AccountKind, CaseOutcome, ChildrenCovered, DigitalItem, Interlock, PlanItem, RiskLevel, RiskTool, ThreatChannel,
    ThreatKind, TrackerKind,
};
use kit::{AddressRef, ChildId, Day, Location, Narrative, Personal, Text, when::DueBy};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

kit::ids! {
    /// The loan of an alarm: hers from the day it is issued until it is returned or lost.
    LoanId;
    /// An alert.
    AlertId;
    /// A report of concern for a child.
    ReportId;
}

/// The risk she is in, as assessed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RiskAssessment {
    /// The tool it goes by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<Personal<RiskTool>>,
    /// How great the risk is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Personal<RiskLevel>>,
    /// Whether who assessed is trained in the tool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assessor_trained: Option<Personal<bool>>,
    /// In words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Narrative>,
}

/// A safety plan, as a whole: a revision says all that holds from now on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SafetyPlan {
    /// Its number, counted from 1; left out, or 0, it is the next one.
    #[serde(default, skip_serializing_if = "is_unnumbered")]
    pub version: u16,
    /// What it covers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<Personal<Vec<PlanItem>>>,
    /// The places it names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub places: Option<Location<Text<500>>>,
    /// In words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Narrative>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
fn is_unnumbered(version: &u16) -> bool {
    *version == 0
}

/// Protection of her name and address (navne- og adressebeskyttelse): applied for, granted, renewed or over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddressProtection {
    /// Its first day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Personal<Day>>,
    /// Its last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Personal<Day>>,
    /// Which of her children it covers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub children: Option<Personal<ChildrenCovered>>,
}

/// Special protection of her address (særlig adressebeskyttelse), on the police's notice to the municipality.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SpecialProtection {
    /// The municipality that registered it, or the police district that gave notice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<Location<Text<100>>>,
}

/// She is lent an alarm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AlarmLoan {
    /// The loan; left out where it is new.
    #[serde(default, skip_serializing_if = "LoanId::is_nil")]
    pub loan: LoanId,
    /// The alarm's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarm: Option<Personal<Text<40>>>,
    /// The day on which it is looked at whether she keeps it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review_on: Option<Personal<Day>>,
}

/// She keeps the alarm for longer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoanRenewal {
    /// The loan.
    pub loan: LoanId,
    /// The day on which it is looked at again.
    pub review_on: Personal<Day>,
}

/// She has the alarm no longer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoanEnd {
    /// The loan.
    pub loan: LoanId,
}

/// She has set off the alarm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AlarmCall {
    /// The loan, where it is known which alarm it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loan: Option<LoanId>,
    /// The day, or day and time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Location<DueBy>>,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Location<Text>>,
}

/// Her devices and accounts have been gone through.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DigitalCheck {
    /// What was gone through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<Personal<Vec<DigitalItem>>>,
}

/// Something that tracks her was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tracker {
    /// What it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Personal<TrackerKind>>,
    /// Whether evidence was kept before it was touched or turned off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence_kept: Option<Personal<bool>>,
    /// Where it was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Location<Text>>,
}

/// Her accounts are secured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SecuredAccounts {
    /// Which ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kinds: Option<Personal<Vec<AccountKind>>>,
    /// Whether evidence of others' access was kept before it was cut off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence_kept: Option<Personal<bool>>,
    /// Where it was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Location<Text>>,
}

/// The locks are changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Locks {
    /// Where: a reference into the vault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Location<AddressRef>>,
}

/// A threat.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Threat {
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Personal<ThreatKind>>,
    /// How it reached her.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Personal<ThreatChannel>>,
    /// In words: as literally as it is remembered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Narrative>,
}

/// The municipality is told of concern for a child (underretning).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChildConcern {
    /// The report; left out where it is new.
    #[serde(default, skip_serializing_if = "ReportId::is_nil")]
    pub report: ReportId,
    /// The child.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub child: Option<Personal<ChildId>>,
    /// The municipality told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub municipality: Option<Location<Text<100>>>,
    /// What was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub letter: Option<Narrative>,
}

/// Something is the matter, and somebody must look at once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SafetyAlert {
    /// The alert; left out where it is new.
    #[serde(default, skip_serializing_if = "AlertId::is_nil")]
    pub alert: AlertId,
    /// What is the matter.
    pub interlock: Personal<Interlock>,
    /// In words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Narrative>,
}

impl SafetyAlert {
    /// A new one, as rules raise it: without words.
    pub(crate) fn about(interlock: Interlock) -> Self {
        Self { alert: AlertId::default(), interlock: Personal::new(interlock), details: None }
    }
}

/// A worker has dealt with an alert.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AlertClearing {
    /// The alert.
    pub alert: AlertId,
    /// Why it is no longer one, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Narrative>,
}

/// The case ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Closing {
    /// What came of it.
    pub outcome: CaseOutcome,
}
