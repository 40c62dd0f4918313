//! What stands in the journal: a domain's facts, corrections of them, and what every kind of case has in common.
//!
//! Deliberately absent: how a case folds them ([`crate::case`]) and how they are sealed and stored (the engine).

use crate::{
    ActorId, AggregateId, CentreId, Facets, Happened, Location, Narrative, WomanId,
    decider::Events,
    when::{Day, DueBy},
};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// One recorded event.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry<E> {
    /// What was recorded.
    pub what: What<E>,
    /// When it happened.
    pub happened: Happened,
    /// What it means to readers.
    pub facets: Facets,
}

/// What was recorded.
#[derive(Clone, Debug, PartialEq)]
pub enum What<E> {
    /// A domain's own event.
    Fact(E),
    /// The entry at `version` should have read so; the original stays readable behind it.
    Corrected {
        /// The entry that was wrong.
        version: u64,
        /// What it should have been: an event of the same type.
        fact: E,
    },
    /// One of the events every case knows.
    Common(Common),
}

/// The kit's own events, the same in every domain.
#[derive(Clone, Debug, PartialEq)]
pub enum Common {
    /// The case begins.
    CaseOpened(CaseOpened),
    /// The entry at this version never happened so.
    RecordedInError(RecordedInError),
    /// A note.
    NoteWritten(NoteWritten),
    /// A follow-up's other date.
    FollowUpMoved(FollowUpMoved),
    /// A follow-up's other holder.
    FollowUpAssigned(FollowUpAssigned),
    /// A follow-up ended by hand.
    FollowUpClosed(FollowUpClosed),
    /// A follow-up opened again.
    FollowUpReopened(FollowUpReopened),
}

/// The first event of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseOpened {
    /// Whose course it belongs to.
    pub woman: WomanId,
    /// The centre that holds it.
    pub centre: CentreId,
    /// Whether its beginning lies before this centre began to record.
    #[serde(default)]
    pub before_us: bool,
}

/// Takes an entry back: it stays readable, marked, and counts no more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordedInError {
    /// The entry that was wrong.
    pub version: u64,
    /// Why. What is about another person is masked for all but the leader.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// Why, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Narrative>,
}

/// Why an entry should not be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// It is about somebody else.
    WrongPerson,
    /// It did not happen, or not so.
    NotSo,
}

/// The word for what is about another person, as it stands in facts.
pub const WRONG_PERSON: &str = "wrong_person";

/// A note, on an entry or on the case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoteWritten {
    /// The entry it stands on; none: the case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
    /// The note.
    pub text: Narrative,
}

/// Another date for a follow-up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FollowUpMoved {
    /// Which one.
    pub key: String,
    /// The new date, or date and time. Of the strictest class, for the follow-up may be a meeting's.
    pub due: Location<DueBy>,
    /// Why, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Narrative>,
}

/// Another holder for a follow-up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FollowUpAssigned {
    /// Which one.
    pub key: String,
    /// Who holds it from now on.
    pub responsible: ActorId,
}

/// The end of a follow-up by hand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FollowUpClosed {
    /// Which one.
    pub key: String,
    /// How it ended.
    pub outcome: FollowUpOutcome,
    /// In words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Narrative>,
}

/// How a follow-up ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FollowUpOutcome {
    /// It was done.
    Done,
    /// Nobody needs it any more.
    NotNeeded,
}

/// A follow-up that is needed after all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FollowUpReopened {
    /// Which one.
    pub key: String,
    /// A new date; none: as it stood.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Location<Day>>,
}

/// The facts of a correction as stored.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CorrectionFacts {
    version: u64,
    event: String,
    /// The version of the schema that the facts have.
    #[serde(default = "first")]
    schema: u16,
    facts: Value,
}

fn first() -> u16 {
    1
}

/// The event type of a correction.
pub const ENTRY_CORRECTED: &str = "EntryCorrected";
/// The event type that takes an entry back.
pub const RECORDED_IN_ERROR: &str = "RecordedInError";

macro_rules! common {
    ($($name:ident),+) => {
        impl Common {
            /// The names of all common events, corrections apart.
            pub const NAMES: &'static [&'static str] = &[$(stringify!($name)),+];

            /// The event type's name.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self { $(Self::$name(_) => stringify!($name)),+ }
            }

            fn to_facts(&self) -> Result<Value, serde_json::Error> {
                match self { $(Self::$name(facts) => serde_json::to_value(facts)),+ }
            }

            fn from_facts(name: &str, facts: Value) -> Result<Option<Self>, serde_json::Error> {
                match name {
                    $(stringify!($name) => serde_json::from_value(facts).map(Self::$name).map(Some),)+
                    _ => Ok(None),
                }
            }
        }
    };
}
common!(CaseOpened, RecordedInError, NoteWritten, FollowUpMoved, FollowUpAssigned, FollowUpClosed, FollowUpReopened);

impl<E: Events> Entry<E> {
    /// The event type's name.
    pub fn name(&self) -> &'static str {
        match &self.what {
            What::Fact(fact) => fact.name(),
            What::Corrected { .. } => ENTRY_CORRECTED,
            What::Common(common) => common.name(),
        }
    }

    /// The version of its schema.
    pub fn schema_version(&self) -> u16 {
        match &self.what {
            What::Fact(fact) => fact.schema_version(),
            What::Corrected { .. } | What::Common(_) => 1,
        }
    }

    /// Its facts as JSON; open facts come out marked, so it works only inside [`crate::sealed::exposing`].
    pub fn to_facts(&self) -> Result<Value, serde_json::Error> {
        match &self.what {
            What::Fact(fact) => fact.to_facts(),
            What::Corrected { version, fact } => serde_json::to_value(CorrectionFacts {
                version: *version,
                event: fact.name().to_owned(),
                schema: fact.schema_version(),
                facts: fact.to_facts()?,
            }),
            What::Common(common) => common.to_facts(),
        }
    }

    /// An entry from what was stored.
    pub fn from_facts(name: &str, facts: Value, happened: Happened, facets: Facets) -> Result<Self, serde_json::Error> {
        let what = if name == ENTRY_CORRECTED {
            let CorrectionFacts { version, event, schema, facts } = serde_json::from_value(facts)?;
            What::Corrected { version, fact: E::from_facts(&event, E::upcast(&event, schema, facts)?)? }
        } else if Common::NAMES.contains(&name) {
            Common::from_facts(name, facts)?
                .map(What::Common)
                .ok_or_else(|| serde::de::Error::custom("no such event"))?
        } else {
            What::Fact(E::from_facts(name, facts)?)
        };
        Ok(Self { what, happened, facets })
    }
}

/// An entry as one JSON value: `{ "event", "happened", "facets", "facts" }`.
#[derive(Serialize, Deserialize)]
struct Whole {
    event: String,
    happened: Happened,
    facets: Facets,
    facts: Value,
}

impl<E: Events> Serialize for Entry<E> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let facts = self.to_facts().map_err(serde::ser::Error::custom)?;
        let (event, happened, facets) = (self.name().to_owned(), self.happened, self.facets.clone());
        Whole { event, happened, facets, facts }.serialize(serializer)
    }
}

impl<'de, E: Events> Deserialize<'de> for Entry<E> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Whole { event, happened, facets, facts } = Whole::deserialize(deserializer)?;
        Self::from_facts(&event, facts, happened, facets).map_err(serde::de::Error::custom)
    }
}

/// The id of an event: `housing/<aggregate>/7`.
#[must_use]
pub fn event_id(service: &str, aggregate: AggregateId, version: u64) -> String {
    format!("{service}/{aggregate}/{version}")
}
