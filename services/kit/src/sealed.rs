//! Facts that only some may read: their classes, and a type that cannot be printed, logged or stored in clear by mistake.
//!
//! A sealed fact is open while a command is decided, closed (an [`Envelope`]) wherever it is stored, erased when its key is gone.
//! Serialising an open one fails unless the engine asked for it with [`exposing`]; it then comes out marked, and the engine's seal
//! replaces every mark by an envelope. Deliberately absent: keys and cryptography (`engine::seal`).

use crate::{ChildId, Text, normal::shows_something, strict::Strict};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned, ser::SerializeMap};
use serde_json::Value;
use std::{borrow::Cow, cell::Cell, fmt, marker::PhantomData};

/// How far a fact may travel.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
    strum::IntoStaticStr,
    strum::EnumString,
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Class {
    /// Stored plain; everyone with a relation reads it.
    Open,
    /// Sealed; everyone with a relation reads it. What is not marked is personal.
    Personal,
    /// Sealed free text.
    Narrative,
    /// Sealed names, numbers, channels.
    Identity,
    /// Sealed places and times of meetings. Never leaves for an agency, by no route.
    Location,
}

impl Class {
    /// Every class.
    pub const ALL: &'static [Self] = <Self as strum::VariantArray>::VARIANTS;

    /// The class's code.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.into()
    }
}

/// A class as a type, for [`Sealed`].
pub trait Classified: Send + Sync + 'static {
    /// The class it stands for.
    const CLASS: Class;
}

macro_rules! classes {
    ($($(#[$doc:meta])* $mark:ident = $class:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $mark;
        impl Classified for $mark { const CLASS: Class = Class::$class; }
    )+};
}
classes! {
    /// Marks [`Class::Personal`].
    IsPersonal = Personal;
    /// Marks [`Class::Narrative`].
    IsNarrative = Narrative;
    /// Marks [`Class::Identity`].
    IsIdentity = Identity;
    /// Marks [`Class::Location`].
    IsLocation = Location;
}

/// A personal fact.
pub type Personal<T> = Sealed<T, IsPersonal>;
/// Free text, at most 8,000 characters.
pub type Narrative = Sealed<Text<8000>, IsNarrative>;
/// A fact that identifies somebody.
pub type Identity<T> = Sealed<T, IsIdentity>;
/// A fact that tells where somebody is or will be.
pub type Location<T> = Sealed<T, IsLocation>;

/// A sealed fact as it is stored: which key opens it, and the nonce, ciphertext and tag in base64.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Envelope<S = String> {
    /// The fact's class.
    pub class: Class,
    /// The data key's id.
    pub key: uuid::Uuid,
    /// base64url of nonce, ciphertext and tag, in this order.
    #[serde(rename = "box")]
    pub sealed: S,
}

/// The member that marks an open fact on its way to the seal.
pub const OPEN: &str = "$open";
/// The member that holds an [`Envelope`].
pub const SEALED: &str = "$sealed";
/// The member that stands where a fact was erased.
pub const ERASED: &str = "$erased";
/// The member that stands where a reader may not see the fact.
pub const MASKED: &str = "$masked";

/// A fact of class `C`.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed<T, C> {
    state: State<T>,
    class: PhantomData<C>,
}

#[derive(Clone, PartialEq, Eq)]
enum State<T> {
    Open(T),
    Closed(Envelope),
    Erased,
}

impl<T, C> Sealed<T, C> {
    /// An open fact.
    pub fn new(value: T) -> Self {
        Self { state: State::Open(value), class: PhantomData }
    }

    /// The value, where it is open. Rules treat a closed or erased fact as unknown.
    pub fn open(&self) -> Option<&T> {
        match &self.state {
            State::Open(value) => Some(value),
            State::Closed(_) | State::Erased => None,
        }
    }
}

/// A sealed fact's value, where it was given and can be known.
#[must_use]
pub fn known<T: Copy, C>(fact: Option<&Sealed<T, C>>) -> Option<T> {
    fact.and_then(|fact| fact.open().copied())
}

impl<T, C> fmt::Debug for Sealed<T, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.state {
            State::Open(_) => "Sealed(open)",
            State::Closed(_) => "Sealed(closed)",
            State::Erased => "Sealed(erased)",
        })
    }
}

thread_local! {
    /// Whether open facts may be serialised on this thread just now.
    static EXPOSING: Cell<bool> = const { Cell::new(false) };
}

/// Runs `serialise`, in which open facts come out marked with [`OPEN`]. For the engine's seal and the contract's tests alone.
pub fn exposing<R>(serialise: impl FnOnce() -> R) -> R {
    struct Restore(bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            EXPOSING.set(self.0);
        }
    }
    let _restore = Restore(EXPOSING.replace(true));
    serialise()
}

impl<T: Serialize, C: Classified> Serialize for Sealed<T, C> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Mark<'a, T> {
            class: Class,
            value: &'a T,
        }
        let mut map = serializer.serialize_map(Some(1))?;
        match &self.state {
            State::Open(value) if EXPOSING.get() => map.serialize_entry(OPEN, &Mark { class: C::CLASS, value })?,
            State::Open(_) => {
                return Err(serde::ser::Error::custom("an open fact may not be written outside the seal"));
            }
            State::Closed(envelope) => map.serialize_entry(SEALED, envelope)?,
            State::Erased => map.serialize_entry(ERASED, &C::CLASS)?,
        }
        map.end()
    }
}

impl<'de, T: DeserializeOwned, C: Classified> Deserialize<'de> for Sealed<T, C> {
    /// Takes the value itself, or what stands for it in the store.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let state = match Stored::of(&value) {
            Some(Stored::Envelope(envelope)) => {
                State::Closed(serde_json::from_value(envelope.clone()).map_err(serde::de::Error::custom)?)
            }
            Some(Stored::Erased) => State::Erased,
            Some(Stored::Open(mark)) => {
                let value = shown(mark.get("value").cloned().unwrap_or_default());
                State::Open(serde_json::from_value(value).map_err(serde::de::Error::custom)?)
            }
            None => State::Open(T::deserialize(Strict(value)).map_err(serde::de::Error::custom)?),
        };
        Ok(Self { state, class: PhantomData })
    }
}

/// A stored value that reads although a text in it shows nothing: such were taken once, and her other entries go on being read.
fn shown(value: Value) -> Value {
    match value {
        Value::String(text) if !text.is_empty() && !shows_something(&text) => Value::String('\u{fffd}'.into()),
        Value::Array(items) => items.into_iter().map(shown).collect(),
        Value::Object(members) => members.into_iter().map(|(name, value)| (name, shown(value))).collect(),
        other => other,
    }
}

/// What stands in JSON where a sealed fact belongs.
#[derive(Debug, Clone, Copy)]
pub enum Stored<'a> {
    /// An envelope.
    Envelope(&'a Value),
    /// An open fact, marked: `{ "class", "value" }`.
    Open(&'a Value),
    /// Nothing that could be opened any more.
    Erased,
}

impl<'a> Stored<'a> {
    /// Recognises the marks in a JSON value.
    #[must_use]
    pub fn of(value: &'a Value) -> Option<Self> {
        let object = value.as_object().filter(|object| object.len() == 1)?;
        let (key, inner) = object.iter().next()?;
        match key.as_str() {
            SEALED => Some(Self::Envelope(inner)),
            OPEN => Some(Self::Open(inner)),
            ERASED => Some(Self::Erased),
            _ => None,
        }
    }
}

impl<T: JsonSchema, C: Classified> JsonSchema for Sealed<T, C> {
    fn schema_name() -> Cow<'static, str> {
        format!("{}_{}", C::CLASS.code(), T::schema_name()).into()
    }
    fn inline_schema() -> bool {
        true
    }
    /// The clear schema, marked with the class; [`crate::schema`] makes the published and the partner's form of it.
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = generator.subschema_for::<T>();
        schema.insert("x-class".into(), C::CLASS.code().into());
        schema
    }
}

/// A fact about one of her children, sealed under the child's own key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OfChild<S> {
    /// Whose it is; left out where the service makes the child with this entry.
    #[serde(default)]
    pub child: ChildId,
    /// The fact: a [`Personal`], [`Identity`] or [`Location`].
    pub value: S,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_open_fact_cannot_be_written_or_printed() {
        let fact: Location<Text> = serde_json::from_value(json!("Nørrebrogade 1")).unwrap();
        assert!(serde_json::to_string(&fact).is_err());
        assert!(!format!("{fact:?}").contains("Nørre"));
        let marked = exposing(|| serde_json::to_value(&fact)).unwrap();
        assert_eq!(marked, json!({ "$open": { "class": "location", "value": "Nørrebrogade 1" } }));
        assert!(serde_json::to_string(&fact).is_err(), "the exposure ends with its scope");
    }

    #[test]
    fn stored_forms_read_back_and_are_unknown_to_rules() {
        let envelope = json!({ "$sealed": { "class": "personal", "key": uuid::Uuid::nil(), "box": "AAAA" } });
        let fact: Personal<u8> = serde_json::from_value(envelope.clone()).unwrap();
        assert_eq!(fact.open(), None);
        assert_eq!(serde_json::to_value(&fact).unwrap(), envelope);
        let erased: Personal<u8> = serde_json::from_value(json!({ "$erased": "personal" })).unwrap();
        assert_eq!(erased.open(), None);
    }
}
