//! The facts of financial entries. A command and the event that records it share one struct.
//!
//! Hardly anything must be given: a worker logs in under a minute and fills in later. When it happened stands on the entry itself.
//! No fact is an account: a number in any text is refused ([`super::account`]).

use kit::{ChildId, Day, Money, Personal, Text, terms::Ruling};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

kit::ids! {
    /// A grant that is applied for: a single one of the municipality's, or one of a fund's. Several run beside one another.
    GrantId;
    /// A plan for paying off. Agreeing on one that is known already changes it.
    DebtPlanId;
}

/// What she has, pays and owes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Situation {
    /// What she has to live on after tax, in øre a month.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub income: Option<Personal<Money>>,
    /// What goes out whatever she does, in øre a month.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed_costs: Option<Personal<Money>>,
    /// All her debts, in øre.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub debts: Option<Personal<Money>>,
    /// Whether she shares an account with the perpetrator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joint_accounts: Option<Personal<bool>>,
}

/// Her money was used against her.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Abuse {
    /// In which ways.
    pub forms: Personal<Vec<AbuseForm>>,
}

/// A way in which money is used against somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AbuseForm {
    /// Another controls her income.
    ControlOfIncome,
    /// There is debt in her name that is not hers.
    DebtInHerName,
    /// A shared account was emptied.
    JointAccountEmptied,
    /// Her `MitID` is used by another.
    MitIdMisused,
    /// She is kept from money.
    NoAccessToMoney,
    /// Another way.
    Other,
}

/// She has an account that is hers alone. Nothing more to say: never its number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnAccount {}

/// A shared account is closed. Nothing more to say: never its number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JointAccount {}

/// Public payments go to an account of hers. Nothing more to say: never its number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NemKonto {}

/// A single grant is applied for (aktivlovens § 81). The municipality decides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SingleGrantApplication {
    /// The grant; left out where it is new.
    #[serde(default, skip_serializing_if = "GrantId::is_nil")]
    pub grant: GrantId,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Personal<Purpose>>,
    /// How much, in øre.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Personal<Money>>,
    /// The day the cost was paid, where it was. What is paid before the application is usually not covered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_paid_on: Option<Personal<Day>>,
}

/// What a single grant is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Furniture and what a household needs.
    FurnitureAndHousehold,
    /// Clothes for her.
    Clothing,
    /// What the children need.
    ChildNeeds,
    /// Getting about.
    Transport,
    /// A phone and its subscription.
    Phone,
    /// A passport, a permit, another document.
    Documents,
    /// Something else.
    Other,
}

/// The decision on a single grant, or the answer of a fund.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantDecision {
    /// The grant.
    pub grant: GrantId,
    /// How much, in øre.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Personal<Money>>,
    /// What was decided.
    pub outcome: Ruling,
}

/// The child allowance of a sole provider is applied for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChildAllowance {
    /// The children it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub children: Option<Personal<Vec<ChildId>>>,
}

/// She has declared that she provides alone, as she is asked to every autumn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Declaration {
    /// The year whose declaration it is: the one due by 30 November of that year.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub year: Option<Personal<u16>>,
}

/// Something for one child.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ForChild {
    /// The child.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub child: Option<Personal<ChildId>>,
}

/// The decision on a free place in daycare.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FreePlaceDecision {
    /// The child.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub child: Option<Personal<ChildId>>,
    /// What was decided.
    pub outcome: Ruling,
}

/// Debts that she was advised about, or applies for relief of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Debts {
    /// To whom she owes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creditors: Option<Personal<Vec<Text<100>>>>,
    /// How much in all, in øre.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<Personal<Money>>,
    /// What she pays off, in øre a month.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instalments: Option<Personal<Money>>,
}

/// A plan for paying off.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DebtPlan {
    /// The plan; left out where it is new.
    #[serde(default, skip_serializing_if = "DebtPlanId::is_nil")]
    pub plan: DebtPlanId,
    /// To whom she owes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creditors: Option<Personal<Vec<Text<100>>>>,
    /// How much in all, in øre.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<Personal<Money>>,
    /// What she pays off, in øre a month.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instalments: Option<Personal<Money>>,
    /// The day of the first instalment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_instalment: Option<Personal<Day>>,
}

/// Lenders are warned against credit in her name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreditWarning {
    /// The day it was registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<Personal<Day>>,
}

/// A fund is asked for a grant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FundGrantApplication {
    /// The grant; left out where it is new.
    #[serde(default, skip_serializing_if = "GrantId::is_nil")]
    pub grant: GrantId,
    /// The fund.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fund: Option<Personal<Text>>,
    /// How much, in øre.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Personal<Money>>,
}

/// The case ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Closing {
    /// What came of it.
    pub outcome: CaseOutcome,
}

/// What came of a financial case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CaseOutcome {
    /// Her finances are in order.
    FinancesInOrder,
    /// Others help her on.
    OthersHelp,
    /// She needs or wants no help with her finances any more.
    NoLongerNeeded,
    /// She cannot be reached.
    ContactLost,
}
