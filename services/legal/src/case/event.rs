//! The facts of legal's entries. A command and the event that records it share one struct.
//!
//! Hardly anything must be given: a worker logs in under a minute and fills in later. When it happened stands on the entry itself.

use super::choices::{
    AdviceProvider, AdviceStep, Area, CaseOutcome, FamilyMatter, FamilyOutcome, HearingKind, MaritalBasis,
    MaritalOutcome, PermitBasis, PoliceResult, Protected,
};
use kit::{
    ChildId, Day, Identity, Location, Money, Narrative, Personal, Text,
    terms::{Companion, Ruling},
    when::DueBy,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

kit::ids! {
    /// A restraining order, an area ban or an expulsion.
    OrderId;
    /// A hearing or a meeting.
    HearingId;
    /// A decision in a family case.
    DecisionId;
}

/// What she needs legal help with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Need {
    /// The areas.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub areas: Option<Personal<Vec<Area>>>,
}

/// Legal advice was given.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Advice {
    /// The step of legal aid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<Personal<AdviceStep>>,
    /// Who gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<Personal<AdviceProvider>>,
    /// What was said, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Narrative>,
}

/// A lawyer is assigned to her by the court (bistandsadvokat).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lawyer {
    /// The lawyer's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lawyer: Option<Identity<Text>>,
}

/// Free legal aid (fri proces) is applied for. Nothing more to say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AidApplication {}

/// The decision on free legal aid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AidDecision {
    /// What was decided.
    pub outcome: Ruling,
}

/// The violence is reported to the police.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PoliceReport {
    /// The police's number of the case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case_number: Option<Personal<Text<40>>>,
    /// The day of the offence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offence_day: Option<Personal<Day>>,
}

/// The criminal case is over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PoliceCaseEnd {
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Personal<PoliceResult>>,
    /// The day on which that is final; it may be still to come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub final_on: Option<Personal<Day>>,
}

/// The perpetrator may not contact her (tilhold). The final decision on an immediate order (strakstilhold) has the same id, and
/// takes its place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RestrainingOrder {
    /// The order; left out where it is new.
    #[serde(default, skip_serializing_if = "OrderId::is_nil")]
    pub order: OrderId,
    /// Whether it is immediate and still to be decided for good (strakstilhold).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provisional: Option<Personal<bool>>,
    /// Its first day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Personal<Day>>,
    /// Its last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Personal<Day>>,
    /// Whom it protects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protects: Option<Personal<Vec<Protected>>>,
}

/// An order runs longer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderExtension {
    /// The order.
    pub order: OrderId,
    /// The new last day.
    pub until: Personal<Day>,
}

/// A restraining order has ended. An area ban or an expulsion is recorded again with its last day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderEnd {
    /// The order.
    pub order: OrderId,
    /// Its last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Personal<Day>>,
}

/// The perpetrator may not be in an area (opholdsforbud). Recorded again with the same id, its facts are now these: another last day
/// is how it runs longer or ends earlier.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AreaBan {
    /// The order; left out where it is new.
    #[serde(default, skip_serializing_if = "OrderId::is_nil")]
    pub order: OrderId,
    /// Its first day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Personal<Day>>,
    /// Its last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Personal<Day>>,
    /// The area.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<Location<Text<500>>>,
}

/// The perpetrator must leave the home (bortvisning). Recorded again with the same id, its facts are now these.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expulsion {
    /// The order; left out where it is new.
    #[serde(default, skip_serializing_if = "OrderId::is_nil")]
    pub order: OrderId,
    /// Its last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Personal<Day>>,
}

/// The perpetrator has broken an order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderBreach {
    /// The order, where it is known which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<OrderId>,
    /// The day it was broken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<Personal<Day>>,
    /// What happened, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Narrative>,
}

/// Separation or divorce is applied for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MaritalApplication {
    /// On what ground.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<Personal<MaritalBasis>>,
}

/// The decision on separation or divorce.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MaritalDecision {
    /// On what ground.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<Personal<MaritalBasis>>,
    /// What was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Personal<MaritalOutcome>>,
}

/// A case about the children is opened in the agency of family law (Familieretshuset).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CustodyCase {
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matters: Option<Personal<Vec<FamilyMatter>>>,
    /// The children it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub children: Option<Personal<Vec<ChildId>>>,
}

/// The children see the other parent while the case runs (kontaktbevarende samvær).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InterimContact {
    /// How often, for how long, and whether somebody keeps watch; no places.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<Personal<Text<500>>>,
}

/// A hearing or a meeting is agreed on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hearing {
    /// The hearing; left out where it is new.
    #[serde(default, skip_serializing_if = "HearingId::is_nil")]
    pub hearing: HearingId,
    /// What kind it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Personal<HearingKind>>,
    /// The day, or day and time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Location<DueBy>>,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Location<Text>>,
    /// Who goes with her.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub companion: Option<Personal<Companion>>,
    /// Whether she waits apart from the other party.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub separate_waiting: Option<Personal<bool>>,
}

/// A hearing as it was held, or as it will be after it was moved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HearingUpdate {
    /// The hearing.
    pub hearing: HearingId,
    /// The day, or day and time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Location<DueBy>>,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Location<Text>>,
    /// Who goes with her.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub companion: Option<Personal<Companion>>,
    /// Whether she waits apart from the other party.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub separate_waiting: Option<Personal<bool>>,
}

/// A decision in a family case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FamilyDecision {
    /// The decision; left out where it is new.
    #[serde(default, skip_serializing_if = "DecisionId::is_nil")]
    pub decision: DecisionId,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matter: Option<Personal<FamilyMatter>>,
    /// Which way it went.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Personal<FamilyOutcome>>,
    /// The last day to appeal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appeal_by: Option<Personal<Day>>,
}

/// Compensation from the state (offererstatning) is applied for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CompensationApplication {
    /// How much is asked for, in øre.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<Personal<Money>>,
}

/// The decision on compensation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CompensationDecision {
    /// How much was asked for, in øre.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<Personal<Money>>,
    /// What was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Personal<Ruling>>,
    /// How much she gets, in øre.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub awarded: Option<Personal<Money>>,
}

/// The authorities are asked to look at her residence permit again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PermitReview {
    /// On what ground.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<Personal<PermitBasis>>,
    /// The last day of the permit she has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permit_expires: Option<Personal<Day>>,
}

/// The decision on her residence permit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PermitDecision {
    /// On what ground.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<Personal<PermitBasis>>,
    /// What was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Personal<Ruling>>,
    /// The last day of the permit she has now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permit_expires: Option<Personal<Day>>,
}

/// The children's passports are in safe hands, or barred.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Passports {
    /// Whose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub children: Option<Personal<Vec<ChildId>>>,
}

/// A child may be taken out of the country.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AbductionRisk {
    /// Who may be taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub children: Option<Personal<Vec<ChildId>>>,
}

/// The case ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Closing {
    /// What came of it.
    pub outcome: CaseOutcome,
}
