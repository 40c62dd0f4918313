//! Typed identifiers. All are opaque UUIDs: none tells anything about a person or a place.
//!
//! Deliberately absent: random ids. New ids are derived ([`derive_id`]) so that a command sent twice makes the same thing.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

/// Declares opaque id types, one line each. Domains use it for their own ids (`OfferId`).
#[macro_export]
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash,
            $crate::serde::Serialize, $crate::serde::Deserialize, $crate::schemars::JsonSchema)]
        #[serde(transparent, crate = "kit::serde")]
        #[schemars(transparent, crate = "kit::schemars")]
        pub struct $name(pub ::uuid::Uuid);

        impl $name {
            /// Whether no id has been given yet (the nil UUID).
            #[must_use]
            pub fn is_nil(&self) -> bool { self.0.is_nil() }
        }
        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result { self.0.fmt(f) }
        }
        impl ::std::str::FromStr for $name {
            type Err = ::uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> { text.parse().map(Self) }
        }
    )+};
}

// The macro names this crate as its users do.
use crate as kit;

ids! {
    /// A woman: the person supported. Her identity lives in the people service alone.
    WomanId;
    /// A child of hers.
    ChildId;
    /// A crisis centre; its name and place are location facts, its id is not.
    CentreId;
    /// One aggregate: a case, or another thing a service decides about.
    AggregateId;
    /// A reference into the vault of addresses; the address itself is never in an event.
    AddressRef;
    /// The identity of a service's numbering: new after a restore.
    Epoch;
}

impl WomanId {
    /// Nobody: what an aggregate about no person has in a woman's place (an enquiry, a duty).
    pub const NOBODY: Self = Self(Uuid::nil());

    /// Her id; none where it is nobody's.
    #[must_use]
    pub fn somebody(self) -> Option<Self> {
        (self != Self::NOBODY).then_some(self)
    }
}

/// What a service alone knows. It prints nothing.
#[derive(Clone, Copy)]
pub struct Secret(Uuid);

impl Secret {
    /// A secret of these bits.
    #[must_use]
    pub fn new(bits: Uuid) -> Self {
        Self(bits)
    }

    /// An id that stands for these parts and can be made of them by whoever knows the secret alone: what may lie where others read,
    /// although the parts may not, and could be guessed.
    #[must_use]
    pub fn opaque(&self, parts: &[&str]) -> Uuid {
        let secret = self.0.to_string();
        derive_id(&std::iter::once(secret.as_str()).chain(parts.iter().copied()).collect::<Vec<_>>())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// Who acts: a worker's id or a service's name (`service:aftercare`). At most 64 characters of `a–z A–Z 0–9 - _ : .`,
/// so that it can never carry a sentence about somebody. It has one form, in lower case: `Sec-W1` is `sec-w1`, or a conflict of interest
/// recorded against the one would not be the other's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(extend("maxLength" = 64, "pattern" = "^[A-Za-z0-9_.:-]+$"))]
pub struct ActorId(String);

/// The text is no [`ActorId`].
#[derive(Debug, thiserror::Error)]
#[error("an actor's id has 1 to 64 letters, digits or - _ : .")]
pub struct NotAnActor;

impl FromStr for ActorId {
    type Err = NotAnActor;
    fn from_str(text: &str) -> Result<Self, NotAnActor> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-_:.".contains(c);
        let fits = (1..=64).contains(&text.len()) && text.chars().all(allowed);
        fits.then(|| Self(text.to_ascii_lowercase())).ok_or(NotAnActor)
    }
}

impl<'de> Deserialize<'de> for ActorId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for ActorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl ActorId {
    /// The actor that stands for a service itself: its policies act under this name.
    #[must_use]
    pub fn service(name: &str) -> Self {
        Self(format!("service:{}", name.to_ascii_lowercase()))
    }
    /// Whether it stands for a service.
    #[must_use]
    pub fn is_service(&self) -> bool {
        self.0.starts_with("service:")
    }

    /// The service that it stands for.
    #[must_use]
    pub fn of_service(&self) -> Option<&str> {
        self.0.strip_prefix("service:")
    }

    /// The id's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The namespace below which every derived id lives.
const NAMESPACE: Uuid = Uuid::from_u128(0x6c69_766c_696e_6500_8000_0000_0000_0001);

/// An id that is the same whenever it is derived from the same parts. The parts are length-prefixed: no two lists of parts
/// give the same bytes.
#[must_use]
pub fn derive_id(parts: &[&str]) -> Uuid {
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    Uuid::new_v5(&NAMESPACE, &bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derived_ids_depend_on_every_part_and_on_where_it_ends() {
        assert_eq!(derive_id(&["a", "b"]), derive_id(&["a", "b"]));
        assert_ne!(derive_id(&["a", "b"]), derive_id(&["ab"]));
        assert_ne!(derive_id(&["a", "bc"]), derive_id(&["ab", "c"]));
    }

    #[test]
    fn an_actor_is_a_code_and_never_a_sentence() {
        assert!("service:aftercare".parse::<ActorId>().is_ok());
        assert!("Anna Jensen".parse::<ActorId>().is_err());
        assert!("".parse::<ActorId>().is_err());
        assert!("x".repeat(65).parse::<ActorId>().is_err());
    }

    #[test]
    fn an_actor_has_one_form_however_it_is_written() {
        let read = |text: &str| text.parse::<ActorId>().unwrap();
        let stored = |text: &str| serde_json::from_value::<ActorId>(text.into()).unwrap();
        for written in ["Sec-W1", "sec-w1", "SEC-W1"] {
            assert_eq!((read(written), stored(written)), (read("sec-w1"), read("sec-w1")));
            assert_eq!(serde_json::to_value(stored(written)).unwrap(), "sec-w1");
        }
        assert!(read("Service:People").is_service() && ActorId::service("People") == read("service:people"));
    }
}
