//! The facts of housing's entries. A command and the event that records it share one struct.
//!
//! Hardly anything must be given: a worker logs in under a minute and fills in later. When it happened stands on the entry itself.

use kit::{
    AddressRef, Day, Location, Money, Narrative, Personal, Text,
    terms::{Companion, Ruling},
    when::DueBy,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

kit::ids! {
    /// An offer of a home.
    OfferId;
    /// Her place on a waiting list. Joining with one that is known already renews it.
    ListId;
    /// A temporary home.
    TemporaryHousingId;
}

/// What she needs of a home.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Need {
    /// How many will live there, herself and the children counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub persons: Option<Personal<u8>>,
    /// The most she can pay, in øre a month.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rent_ceiling: Option<Personal<Money>>,
    /// Municipalities where she cannot live.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excluded_municipalities: Option<Location<Vec<Text<100>>>>,
}

/// A place on a waiting list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListPlace {
    /// The place; left out where she joins.
    #[serde(default, skip_serializing_if = "ListId::is_nil")]
    pub list: ListId,
    /// The housing organisation that keeps the list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation: Option<Location<Text>>,
    /// Her number there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list_number: Option<Location<Text<40>>>,
}

/// A municipality is asked to allocate a home (almenboliglovens § 59).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AllocationRequest {
    /// The municipality asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub municipality: Option<Location<Text<100>>>,
    /// On what grounds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grounds: Option<Personal<Text<500>>>,
}

/// The municipality's decision on an allocation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AllocationDecision {
    /// The municipality that decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub municipality: Option<Location<Text<100>>>,
    /// On what grounds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grounds: Option<Personal<Text<500>>>,
    /// What it decided.
    pub outcome: Ruling,
    /// The day of the decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<Personal<Day>>,
}

/// A home for a while.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TemporaryHousing {
    /// Which; left out where it is arranged.
    #[serde(default, skip_serializing_if = "TemporaryHousingId::is_nil")]
    pub temporary_housing: TemporaryHousingId,
    /// Her first day there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Personal<Day>>,
    /// Her last day there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Personal<Day>>,
    /// Where: a reference into the vault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Location<AddressRef>>,
}

/// She is no longer in a temporary home.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TemporaryHousingEnd {
    /// Which.
    pub temporary_housing: TemporaryHousingId,
    /// Her last day there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Personal<Day>>,
}

/// A home is offered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Offer {
    /// The offer; left out where it is new.
    #[serde(default, skip_serializing_if = "OfferId::is_nil")]
    pub offer: OfferId,
    /// Rent in øre a month.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rent: Option<Personal<Money>>,
    /// Number of rooms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rooms: Option<Personal<u8>>,
    /// The last day to answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_by: Option<Personal<Day>>,
    /// Where: a reference into the vault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Location<AddressRef>>,
}

/// There is more time to answer an offer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Extension {
    /// The offer.
    pub offer: OfferId,
    /// The new last day to answer.
    pub answer_by: Personal<Day>,
}

/// What became of an offer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OfferOutcome {
    /// The offer.
    pub offer: OfferId,
    /// Why, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Narrative>,
}

/// She sees an offered home.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Viewing {
    /// The offer.
    pub offer: OfferId,
    /// The day, or day and time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Location<DueBy>>,
    /// Who goes with her.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub companion: Option<Personal<Companion>>,
}

/// A loan for the deposit is applied for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoanApplication {
    /// How much, in øre.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Personal<Money>>,
}

/// The decision on a loan for the deposit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoanDecision {
    /// How much, in øre.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Personal<Money>>,
    /// What was decided.
    pub outcome: Ruling,
}

/// A lease is signed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lease {
    /// The first day of the lease.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Location<Day>>,
    /// Where: a reference into the vault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Location<AddressRef>>,
}

/// She keeps the home she has. Nothing more to say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tenancy {}

/// Help with the cost of moving is applied for (aktivlovens § 85). The new municipality decides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantApplication {
    /// The municipality asked: the new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub municipality: Option<Location<Text<100>>>,
    /// How much, in øre.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Personal<Money>>,
}

/// The decision on help with the cost of moving.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantDecision {
    /// The municipality that decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub municipality: Option<Location<Text<100>>>,
    /// How much, in øre.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Personal<Money>>,
    /// What was decided.
    pub outcome: Ruling,
}

/// She lives in her new home.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Move {
    /// The day she moved in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<Location<Day>>,
}

/// Housing benefit is applied for. Nothing more to say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BenefitApplication {}

/// The decision on housing benefit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BenefitDecision {
    /// What was decided.
    pub outcome: Ruling,
}

/// Her belongings were fetched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Belongings {
    /// The day, or day and time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Location<DueBy>>,
    /// Whether the police went along.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub police_escort: Option<Personal<bool>>,
}

/// A pet is cared for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pet {
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Location<Text>>,
}

/// The case ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Closing {
    /// What came of it.
    pub outcome: CaseOutcome,
}

/// What came of a housing case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CaseOutcome {
    /// She has a new home.
    NewHome,
    /// She kept the home she had.
    TenancyKept,
    /// Others help her on.
    OthersHelp,
    /// She needs or wants no help with housing any more.
    NoLongerNeeded,
    /// She cannot be reached.
    ContactLost,
}
