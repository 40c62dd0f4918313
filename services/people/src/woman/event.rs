//! The facts of a woman's entries. A command and the event that records it share one struct.
//!
//! Anonymous is a full mode: hardly anything must be given. What access follows from ([`kit::relation`]) is open or personal; values of
//! contacts and code words are references into the vault.

use super::choices::{
    Channel, Concerned, ConflictKind, Custody, Direction, Disclosed, Ground, InterpreterForm, MovedTo, Recognition,
    Requester,
};
use crate::VaultRef;
use kit::{
    ActorId, CentreId, ChildId, Day, Identity, Location, Moment, Narrative, OfChild, Personal, Text,
    normal::Number,
    relation::{Along, ArrivalId, StayId, Tie},
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, fmt};
use uuid::Uuid;

kit::ids! {
    /// A way to reach her.
    SafeContactId;
    /// Something that had to be given out.
    DisclosureId;
    /// A request to see what is recorded.
    AccessRequestId;
    /// A request to be forgotten.
    ErasureId;
}

/// What she is called where nobody needs her name.
pub type Alias = Text<40>;

/// A woman is registered. Nothing must be given: without an alias one is made.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    /// What she is called here; left out: a Danish tree or bird and a number. No two women at a centre have the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<Personal<Alias>>,
    /// Stood for the alias at this centre in entries of before. Not made any more; whatever is sent is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot: Option<Personal<Uuid>>,
    /// Her name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Identity<Text>>,
    /// Her CPR number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpr: Option<Identity<Cpr>>,
    /// Her replacement number, where she has no CPR number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replacement_number: Option<Identity<ReplacementNumber>>,
    /// The language she speaks best.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Personal<Text<60>>>,
    /// How an interpreter helps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interpreter_form: Option<Personal<InterpreterForm>>,
    /// Interpreters who must never be asked: they may know the one who used violence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excluded_interpreters: Option<Identity<Vec<Text>>>,
}

/// Something is learnt of who she is. What is left out stays as it was known.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LearntIdentity {
    /// Her name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Identity<Text>>,
    /// Her CPR number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpr: Option<Identity<Cpr>>,
    /// Her replacement number, where she has no CPR number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replacement_number: Option<Identity<ReplacementNumber>>,
    /// The language she speaks best.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Personal<Text<60>>>,
    /// How an interpreter helps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interpreter_form: Option<Personal<InterpreterForm>>,
    /// Interpreters who must never be asked: they may know the one who used violence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excluded_interpreters: Option<Identity<Vec<Text>>>,
}

/// She is called something else from now on. What she was called still finds her, and is nobody else's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAlias {
    /// What she is called now. No two women at a centre have the same.
    pub alias: Personal<Alias>,
}

/// A CPR number: ten digits that begin with a day and a month, with any dash, space or dot between them, in digits of any script. Fictive
/// ones, and those that have 60 added to the day, pass.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cpr(String);

impl Cpr {
    /// The ten digits.
    #[must_use]
    pub fn digits(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Cpr {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, &'static str> {
        match Number::parse(&text) {
            Some(Number::Cpr(digits)) => Ok(Self(digits)),
            _ => Err("a CPR number has ten digits and begins with a day"),
        }
    }
}

impl From<Cpr> for String {
    fn from(cpr: Cpr) -> Self {
        cpr.0
    }
}

impl fmt::Debug for Cpr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cpr(…)")
    }
}

impl JsonSchema for Cpr {
    fn schema_name() -> Cow<'static, str> {
        "Cpr".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^\\d{6}-?\\d{4}$" })
    }
}

/// A replacement number as hospitals and municipalities make them for whoever has no CPR number: the six digits of the birth date, then
/// four characters with a letter among them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ReplacementNumber(String);

impl ReplacementNumber {
    /// Its ten characters, letters large.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ReplacementNumber {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, &'static str> {
        match Number::parse(&text) {
            Some(Number::Replacement(number)) => Ok(Self(number)),
            _ => Err("a replacement number has a birth date's six digits, and four characters with a letter"),
        }
    }
}

impl From<ReplacementNumber> for String {
    fn from(number: ReplacementNumber) -> Self {
        number.0
    }
}

impl fmt::Debug for ReplacementNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReplacementNumber(…)")
    }
}

impl JsonSchema for ReplacementNumber {
    fn schema_name() -> Cow<'static, str> {
        "ReplacementNumber".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^\\d{6}-?[0-9A-Za-zÆØÅæøå]{4}$" })
    }
}

/// A child of hers is registered. Each fact is sealed under the child's own key, whoever a client says it is of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Child {
    /// The child; left out where it is new.
    #[serde(default, skip_serializing_if = "ChildId::is_nil")]
    pub child: ChildId,
    /// What it is called here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<OfChild<Personal<Alias>>>,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<OfChild<Identity<Text>>>,
    /// Its CPR number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpr: Option<OfChild<Identity<Cpr>>>,
    /// The day it was born, or is expected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth_date: Option<OfChild<Identity<Day>>>,
    /// Whether she holds custody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custody: Option<OfChild<Personal<Custody>>>,
    /// Where it lives, goes to school or daycare.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whereabouts: Option<OfChild<Location<Text>>>,
    /// Whether it is not born yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unborn: Option<OfChild<Personal<bool>>>,
    /// Whether it is with her at the centre.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_centre: Option<OfChild<Personal<bool>>>,
}

/// It is agreed how she may be reached. The same contact agreed on again takes the place of what it was, unless that was confirmed on a
/// later day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SafeContact {
    /// The contact; left out where it is new, given to confirm it again or to replace it.
    #[serde(default, skip_serializing_if = "SafeContactId::is_nil")]
    pub contact: SafeContactId,
    /// How.
    pub channel: Identity<Channel>,
    /// Where its number or address lies in the vault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<VaultRef>,
    /// Where the code word lies in the vault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_word: Option<VaultRef>,
    /// When she may be reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<Personal<Text<300>>>,
    /// Whether a message may be left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voicemail: Option<Personal<bool>>,
    /// The day on which she confirmed it; left out: the day it was agreed. Where nobody knows, it is not confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_on: Option<Personal<Day>>,
}

/// A way to reach her may not be safe any more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Unconfirmed {
    /// The contact.
    pub contact: SafeContactId,
    /// Why, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Narrative>,
    /// The day from which it was in doubt. Made by the service; whatever is sent is overwritten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<Personal<Day>>,
}

/// She moves in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stay {
    /// The stay; left out where it is new.
    #[serde(default, skip_serializing_if = "StayId::is_nil")]
    pub stay: StayId,
    /// The centre, or the place where she stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub centre: Option<Location<Text>>,
    /// Whether she stays without telling who she is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anonymous: Option<bool>,
    /// The children who come along.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub children: Option<Personal<Vec<ChildId>>>,
    /// What she comes away from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grounds: Option<Personal<Vec<Ground>>>,
    /// The day it was decided; left out: the day she moved in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_on: Option<Personal<Day>>,
    /// The day she moved in. Made by the service; whatever is sent is overwritten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<Personal<Day>>,
}

/// The municipality was told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// Of what.
    pub direction: Direction,
    /// Of which stay; left out: the latest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stay: Option<StayId>,
    /// Which municipality.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub municipality: Option<Location<Text>>,
    /// Whether it was told without who she is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anonymous: Option<bool>,
    /// What was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub letter: Option<Identity<Text<8000>>>,
}

/// Another centre is asked whether it receives her. The old one goes on until somebody who answers for the new one accepts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RelocationOffer {
    /// Which coming it would be. Made by the service; whatever is sent is overwritten.
    #[serde(default, skip_serializing_if = "ArrivalId::is_nil")]
    pub arrival: ArrivalId,
    /// To which centre.
    pub to: Location<CentreId>,
    /// What would go along; left out: open tasks and what concerns her safety.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub along: Option<Along>,
    /// From which day; left out: today.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<Personal<Day>>,
    /// What she is called here: all that is told of her there. Made by the service; whatever is sent is overwritten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<Personal<Alias>>,
    /// The last day on which an answer is expected. Made by the service; whatever is sent is overwritten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_by: Option<Personal<Day>>,
    /// Stands for the centre, and tells it to nobody: another one cannot accept. Made by the service; whatever is sent is overwritten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub towards: Option<Personal<Uuid>>,
}

/// Somebody who answers for the other centre accepts. Recorded by the service alone, for whoever accepts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Acceptance {
    /// Which coming.
    pub arrival: ArrivalId,
    /// At which centre.
    pub to: Location<CentreId>,
    /// Who accepts. At the centre that she leaves it would tell where she went.
    pub accepted_by: Location<ActorId>,
}

/// Somebody who answers for the other centre declines. Recorded by the service alone, for whoever declines.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// Which coming.
    pub arrival: ArrivalId,
    /// Who declines.
    pub declined_by: Location<ActorId>,
}

/// She may come from another centre, where somebody accepts. Recorded by a rule alone; no more is told of her until then.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ArrivalOffer {
    /// Which coming it would be.
    pub arrival: ArrivalId,
    /// From which centre. Not shown before she came.
    pub from: CentreId,
    /// What would come along.
    pub along: Along,
    /// What she is called there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<Personal<Alias>>,
    /// From which day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<Personal<Day>>,
}

/// She moves to another centre, where somebody accepted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Relocation {
    /// To which.
    pub to: Location<CentreId>,
    /// What goes along; left out: open tasks and what concerns her safety.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub along: Option<Along>,
    /// What was recorded here by this moment may go along, and nothing later. Made by the service; whatever is sent is overwritten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Moment>,
    /// Her children, where anything goes along: they keep their ids. Made by the service; whatever is sent is overwritten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub children: Option<Vec<ChildId>>,
    /// Which coming it is. Made by the service; whatever is sent is overwritten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrival: Option<ArrivalId>,
    /// Who accepted there. Made by the service; whatever is sent is overwritten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_by: Option<Location<ActorId>>,
    /// Who must not come near what is hers there either. Made by the service; whatever is sent is overwritten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conflicts: Option<Vec<ActorId>>,
}

/// She comes from another centre. Recorded by a rule alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Arrival {
    /// Which coming it is.
    #[serde(default, skip_serializing_if = "ArrivalId::is_nil")]
    pub arrival: ArrivalId,
    /// From which.
    pub from: CentreId,
    /// What came along.
    pub along: Along,
    /// What had been recorded there by then.
    pub until: Moment,
    /// Her children, as they are called there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub children: Option<Vec<ChildId>>,
    /// Who must not come near what is hers, there and so here: whatever else came along.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conflicts: Option<Vec<ActorId>>,
    /// Who accepted her here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_by: Option<ActorId>,
}

/// A coming that does not come to be, or of which nothing is heard. Who says so is the event's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Withdrawal {
    /// Which coming.
    pub arrival: ArrivalId,
}

/// She moves out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Departure {
    /// The stay; left out: the one that goes on.
    #[serde(default, skip_serializing_if = "StayId::is_nil")]
    pub stay: StayId,
    /// Where to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved_to: Option<Personal<MovedTo>>,
    /// Which municipality.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub municipality: Option<Location<Text>>,
    /// The day she left. Made by the service; whatever is sent is overwritten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<Personal<Day>>,
}

/// What is recorded had to be given out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Disclosure {
    /// The disclosure; left out where it is new.
    #[serde(default, skip_serializing_if = "DisclosureId::is_nil")]
    pub disclosure: DisclosureId,
    /// Which authority demanded it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<Personal<Text>>,
    /// On what ground.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<Personal<Text>>,
    /// What was given out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub categories: Option<Personal<Vec<Disclosed>>>,
}

/// Somebody is tied to her.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Assignment {
    /// Who.
    pub worker: Personal<ActorId>,
    /// As what.
    pub role: Tie,
    /// Until when, its last day included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Personal<Day>>,
}

/// Somebody is not tied to her any more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// Who.
    pub worker: Personal<ActorId>,
}

/// Somebody must not come near what is hers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Conflict {
    /// Whether a worker, an agency, a unit of it or a user of it.
    pub kind: Personal<ConflictKind>,
    /// Who. Nothing of hers: whoever it is stays away when her key is gone too.
    pub who: ActorId,
    /// Why, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Narrative>,
}

/// A conflict of interest should end. It stands until somebody else confirms that.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConflictEndProposal {
    /// Whose.
    pub who: ActorId,
    /// Why, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Narrative>,
    /// Who proposes it. Made by the service; whatever is sent is overwritten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposed_by: Option<ActorId>,
}

/// A conflict of interest ends. Nothing here is sealed: it is read when her key is gone, like the conflict.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConflictEnd {
    /// Whose.
    pub who: ActorId,
    /// Who proposed it. Made by the service; whatever is sent is overwritten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposed_by: Option<ActorId>,
    /// Who confirmed it. Made by the service; whatever is sent is overwritten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_by: Option<ActorId>,
}

/// Somebody asks to see what is recorded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccessRequest {
    /// The request; left out where it is new.
    #[serde(default, skip_serializing_if = "AccessRequestId::is_nil")]
    pub request: AccessRequestId,
    /// Who asks. A father may ask in the child's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_whom: Option<Personal<Requester>>,
    /// About whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_whom: Option<Personal<Concerned>>,
    /// About which child.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub child: Option<ChildId>,
}

/// She asks to be forgotten, or that a child of hers is. Nothing here is sealed: a child's is decided when her own key may be gone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ErasureRequest {
    /// The request; left out where it is new.
    #[serde(default, skip_serializing_if = "ErasureId::is_nil")]
    pub erasure: ErasureId,
    /// Which child; left out: she herself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub child: Option<ChildId>,
    /// How it was made sure that it is she who asks.
    pub recognised: Recognition,
    /// Who took the request. Made by the service; whatever is sent is overwritten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_by: Option<ActorId>,
    /// The day on which it is recorded. Made by the service; whatever is sent is overwritten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_on: Option<Day>,
    /// The first day on which it may be approved. Made by the service, from the day it is recorded; whatever is sent is overwritten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Day>,
}

/// She does not wish it after all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cancellation {
    /// The request.
    pub erasure: ErasureId,
    /// How it was made sure that it is she who asks, where that is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recognised: Option<Recognition>,
}

/// Nothing of hers may be erased for now: the data-protection officer says so.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    /// Why, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Narrative>,
    /// Who holds it back, and so does not lift that. Made by the service; whatever is sent is overwritten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_by: Option<ActorId>,
}

/// It may again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HoldLifted {
    /// Who lifted it. Made by the service; whatever is sent is overwritten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifted_by: Option<ActorId>,
}

/// She, or a child of hers, is forgotten. Nothing here is sealed: it is read when her keys are gone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Erasure {
    /// The request.
    pub erasure: ErasureId,
    /// Which child; left out: as requested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub child: Option<ChildId>,
}

/// She died. Nothing more to say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Death {}
