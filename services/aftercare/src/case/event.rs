//! The facts of aftercare's entries. A command and the event that records it share one struct.
//!
//! Hardly anything must be given: a worker logs in under a minute and fills in later. When it happened stands on the entry itself.

use kit::{ActorId, Day, Location, Narrative, Personal, protection::ProtectionId, when::DueBy};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use uuid::Uuid;

kit::ids! {
    /// A contact that was agreed.
    ContactId;
    /// A call to the lifeline.
    CallId;
    /// A companion for one meeting.
    BookingId;
    /// A stay at a crisis centre.
    StayId;
}

/// Aftercare is offered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Offer {
    /// Who would be her contact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_worker: Option<Personal<ActorId>>,
    /// The last day of what is offered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Personal<Day>>,
}

/// She takes aftercare.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Acceptance {
    /// Who is her contact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_worker: Option<Personal<ActorId>>,
    /// Its first day, from which contacts are counted; left out: the day she took it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Personal<Day>>,
    /// The last day of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Personal<Day>>,
}

/// She does not take aftercare. Nothing more to say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Refusal {}

/// The municipality gives coordinating counselling (servicelovens § 109).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Counselling {
    /// Its last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Personal<Day>>,
}

/// A contact is agreed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlannedContact {
    /// The contact; left out where it is new.
    #[serde(default, skip_serializing_if = "ContactId::is_nil")]
    pub contact: ContactId,
    /// How.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Personal<Channel>>,
    /// The day, or day and time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Location<DueBy>>,
}

/// There was a contact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// The one that was agreed; left out where none was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<ContactId>,
    /// How.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Personal<Channel>>,
    /// How she is, in her own eyes, from 1 to 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wellbeing: Option<Personal<Wellbeing>>,
    /// The day, by which contacts are told apart from what was missed since. Made by the service; whatever is sent is overwritten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<Personal<Day>>,
    /// More, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Narrative>,
}

/// A contact did not come about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MissedContact {
    /// The one that was agreed; left out where none was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<ContactId>,
    /// How it was tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Personal<Channel>>,
    /// The day, by which contacts are told apart from what was missed since. Made by the service; whatever is sent is overwritten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<Personal<Day>>,
    /// More, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Narrative>,
}

/// How there is contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// By phone.
    Phone,
    /// By message.
    Message,
    /// By video.
    Video,
    /// She comes to the centre.
    AtCentre,
    /// At her home.
    HomeVisit,
    /// Somewhere else.
    Elsewhere,
    /// In another way.
    Other,
}

/// How somebody is, in their own eyes: 1 (very badly) to 10 (very well).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u8")]
pub struct Wellbeing(u8);

impl Wellbeing {
    const RANGE: std::ops::RangeInclusive<u8> = 1..=10;
}

impl TryFrom<u8> for Wellbeing {
    type Error = &'static str;
    fn try_from(value: u8) -> Result<Self, &'static str> {
        if Self::RANGE.contains(&value) { Ok(Self(value)) } else { Err("a wellbeing is 1 to 10") }
    }
}

impl JsonSchema for Wellbeing {
    fn schema_name() -> Cow<'static, str> {
        "Wellbeing".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": Self::RANGE.start(), "maximum": Self::RANGE.end() })
    }
}

/// She used the lifeline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LifelineCall {
    /// The call; left out where it is new.
    #[serde(default, skip_serializing_if = "CallId::is_nil")]
    pub call: CallId,
    /// What it was about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<Personal<Topic>>,
    /// How soon she needs an answer.
    pub urgency: Urgency,
    /// More, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Narrative>,
}

/// What a call to the lifeline is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// New violence, threats or stalking.
    ViolenceOrThreats,
    /// She thinks of going back.
    ThinkingOfGoingBack,
    /// The children, or contact with them.
    Children,
    /// Housing.
    Housing,
    /// Money.
    Money,
    /// Authorities or a case there.
    Authorities,
    /// Health.
    Health,
    /// She feels alone.
    Loneliness,
    /// Something else.
    Other,
}

/// How soon an answer is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    /// The same day.
    Urgent,
    /// In the next days.
    Soon,
    /// When there is time.
    CanWait,
}

/// She wishes for a companion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CompanionRequest {
    /// The companion's booking; left out where it is new.
    #[serde(default, skip_serializing_if = "BookingId::is_nil")]
    pub booking: BookingId,
    /// What kind of meeting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meeting: Option<Personal<Meeting>>,
    /// The day, or day and time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Location<DueBy>>,
}

/// Somebody will go with her.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Booking {
    /// The booking; left out where nobody asked for it before.
    #[serde(default, skip_serializing_if = "BookingId::is_nil")]
    pub booking: BookingId,
    /// What kind of meeting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meeting: Option<Personal<Meeting>>,
    /// The day, or day and time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Location<DueBy>>,
    /// Who goes with her.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<Personal<ActorId>>,
    /// Stands for the companion's day, and tells it to nobody. Made by the service where both are known; whatever is sent is overwritten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot: Option<Personal<Uuid>>,
}

/// Somebody went with her.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Attendance {
    /// The booking.
    pub booking: BookingId,
    /// What kind of meeting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meeting: Option<Personal<Meeting>>,
    /// The day, or day and time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Location<DueBy>>,
    /// Who went with her.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<Personal<ActorId>>,
}

/// Nobody goes with her after all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cancellation {
    /// The booking.
    pub booking: BookingId,
}

/// A meeting that matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Meeting {
    /// With the municipality.
    Municipality,
    /// With the agency of family law.
    FamilyLaw,
    /// In court.
    Court,
    /// With the police.
    Police,
    /// With a lawyer.
    Lawyer,
    /// With a doctor, a hospital or a psychologist.
    Health,
    /// At a school or a daycare.
    SchoolOrDaycare,
    /// With a landlord or about a home.
    Housing,
    /// With a bank or about debts.
    Money,
    /// Another one.
    Other,
}

/// She may go back to the one who used violence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RelapseRisk {
    /// What it is about, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Narrative>,
}

/// She stays at a crisis centre again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Readmission {
    /// The stay before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prior_stay: Option<Personal<StayId>>,
}

/// Aftercare is handed over, or ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ending {
    /// Why.
    pub reason: Personal<EndReason>,
    /// The alarms and orders of which the police know, and which are theirs from here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub police_informed: Option<Personal<Vec<ProtectionId>>>,
}

impl Ending {
    /// Whether she is dead: nobody needs protecting any more.
    pub(super) fn by_death(&self) -> bool {
        self.reason.open() == Some(&EndReason::Died)
    }
}

/// Why aftercare ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// It has run its course.
    Completed,
    /// She wishes it.
    HerWish,
    /// She lives too far away.
    MovedAway,
    /// She cannot be reached.
    ContactLost,
    /// Others help her on.
    OthersHelp,
    /// She is dead.
    Died,
    /// Something else.
    Other,
}
