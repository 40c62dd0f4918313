//! What facts are made of: bounded text, money, and how a client's JSON becomes them.
//!
//! A [`BadFact`] says where and of which kind the mistake is and never repeats what stood there: it may be an address.

use crate::{
    normal::{Lines, clean, shows_something},
    strict::{Once, Strict},
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::{borrow::Cow, fmt};

/// The longest text that has one line: names, numbers, places. What is longer is told in as many lines as were written.
const ONE_LINE: usize = 200;

/// Text of 1 to `MAX` characters that shows something. It is kept without what shows nothing (formats, directions), and in
/// one line where it is short ([`normal::clean`](crate::normal::clean)).
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Text<const MAX: usize = 200>(String);

impl<const MAX: usize> Text<MAX> {
    /// The text itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> TryFrom<String> for Text<MAX> {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, &'static str> {
        let kept = clean(&text, if MAX <= ONE_LINE { Lines::One } else { Lines::Many });
        let fits = shows_something(&kept) && text.chars().count() <= MAX;
        let controls = text.chars().any(|c| c.is_control() && !c.is_whitespace());
        if fits && !controls { Ok(Self(kept)) } else { Err("text is empty, too long, or has control characters") }
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for Text<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.try_into().map_err(serde::de::Error::custom)
    }
}

impl<const MAX: usize> fmt::Debug for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Text(…)")
    }
}

impl<const MAX: usize> JsonSchema for Text<MAX> {
    fn schema_name() -> Cow<'static, str> {
        "Text".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1, "maxLength": MAX })
    }
}

/// An amount in øre, 0 to 100 million kroner. Money is never a floating point number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Money(u64);

impl Money {
    const MAX: u64 = 10_000_000_000;
    /// The amount in øre.
    #[must_use]
    pub fn ore(self) -> u64 {
        self.0
    }

    /// Whether it is so little that whoever typed it meant kroner: something, and less than what such an amount is at least in kroner.
    #[must_use]
    pub fn was_meant_in_kroner(self, at_least: u64) -> bool {
        (1..at_least * 100).contains(&self.0)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let ore = u64::deserialize(deserializer)?;
        if ore <= Self::MAX { Ok(Self(ore)) } else { Err(serde::de::Error::custom("more than 100 million kroner")) }
    }
}

impl JsonSchema for Money {
    fn schema_name() -> Cow<'static, str> {
        "Money".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": 0, "maximum": Self::MAX, "description": "In øre.", "x-unit": "øre" })
    }
}

/// What is wrong with a fact that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Mistake {
    /// A fact this entry does not have.
    UnknownFact,
    /// A fact this entry must have.
    MissingFact,
    /// Another JSON type than the fact's.
    WrongType,
    /// The right type, but not a value the fact can take.
    InvalidValue,
}

/// A fact that cannot be taken: its place as a JSON Pointer, and the kind of mistake. Nothing of the value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{pointer}: {}", <&str>::from(*mistake))]
pub struct BadFact {
    /// JSON Pointer to the fact, or to the object that holds the unknown one.
    pub pointer: String,
    /// The kind of mistake.
    pub mistake: Mistake,
}

/// A client's JSON as it was sent. None: it is not JSON, a member stands twice, or something follows it.
#[must_use]
pub fn parse(bytes: &[u8]) -> Option<Value> {
    serde_json::from_slice(bytes).ok().map(|Once(value)| value)
}

/// Reads facts out of a client's JSON. The marks of stored facts (`$sealed` and the like) are nobody's to send.
pub fn read<T: DeserializeOwned>(facts: Value) -> Result<T, BadFact> {
    if marked(&facts) {
        // Where it stands may be the client's own text too.
        return Err(BadFact { pointer: String::new(), mistake: Mistake::UnknownFact });
    }
    read_again(facts)
}

/// Reads facts that stand already, some of which may be erased, with what a client changes in them.
pub fn read_again<T: DeserializeOwned>(facts: Value) -> Result<T, BadFact> {
    serde_path_to_error::deserialize(Strict(facts)).map_err(|error| {
        // serde's message may quote the value: only its kind goes on, and for a missing fact the name that our own type gave.
        let mut path: Vec<String> = error.path().iter().map(segment).collect();
        let message = error.inner().to_string();
        let mistake = if message.starts_with("unknown field") {
            // The name is the client's own text.
            path.pop();
            Mistake::UnknownFact
        } else if let Some(rest) = message.strip_prefix("missing field `") {
            path.extend(rest.split('`').next().map(str::to_owned));
            Mistake::MissingFact
        } else if message.starts_with("invalid type") {
            Mistake::WrongType
        } else {
            Mistake::InvalidValue
        };
        BadFact { pointer: pointer(&path), mistake }
    })
}

/// Whether an object anywhere has a member that begins with `$`.
pub(crate) fn marked(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.iter().any(|(name, value)| name.starts_with('$') || marked(value)),
        Value::Array(items) => items.iter().any(marked),
        _ => false,
    }
}

/// A JSON Pointer (RFC 6901) of these reference tokens; empty for the whole document.
#[must_use]
pub fn pointer<S: AsRef<str>>(path: &[S]) -> String {
    path.iter().fold(String::new(), |mut pointer, token| {
        pointer.push('/');
        pointer.push_str(&token.as_ref().replace('~', "~0").replace('/', "~1"));
        pointer
    })
}

fn segment(segment: &serde_path_to_error::Segment) -> String {
    use serde_path_to_error::Segment;
    match segment {
        Segment::Seq { index } => index.to_string(),
        Segment::Map { key } => key.clone(),
        Segment::Enum { variant } => variant.clone(),
        Segment::Unknown => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Personal;
    use serde_json::json;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read from JSON")]
    struct Rent {
        rent: Personal<Money>,
        rooms: u8,
    }

    fn mistake(facts: Value) -> (String, Mistake) {
        let bad = read::<Rent>(facts).unwrap_err();
        (bad.pointer, bad.mistake)
    }

    #[test]
    fn a_mistake_is_placed_and_never_quoted() {
        assert_eq!(mistake(json!({ "rooms": 2 })), ("/rent".into(), Mistake::MissingFact));
        assert_eq!(mistake(json!({ "rent": 1, "rooms": "Nørrebrogade 1" })), ("/rooms".into(), Mistake::WrongType));
        assert_eq!(mistake(json!({ "rent": 1, "rooms": 900 })), ("/rooms".into(), Mistake::InvalidValue));
        assert_eq!(mistake(json!({ "rent": "x", "rooms": 2 })), ("/rent".into(), Mistake::WrongType));
        assert_eq!(
            mistake(json!({ "rent": 1, "rooms": 2, "Nørrebrogade 1": 1 })),
            (String::new(), Mistake::UnknownFact)
        );
        let forged = json!({ "$sealed": { "class": "personal", "key": uuid::Uuid::nil(), "box": "" } });
        assert_eq!(mistake(json!({ "rent": forged, "rooms": 2 })), (String::new(), Mistake::UnknownFact));
    }

    #[test]
    fn text_is_bounded() {
        assert!(Text::<5>::try_from("abcde".to_owned()).is_ok());
        for text in ["", "  ", "abcdef", "a\u{0}b", "\u{200b}", "\u{2800}", "\u{3164}", "\u{ad}", "\u{202e}"] {
            assert!(Text::<5>::try_from(text.to_owned()).is_err());
        }
    }

    #[test]
    fn short_text_has_one_line_and_none_has_what_shows_nothing() {
        fn read<const MAX: usize>(text: &str) -> String {
            Text::<MAX>::try_from(text.to_owned()).unwrap().as_str().to_owned()
        }
        let forged = "Ana\r\nBarn: Bo\u{2028}\u{202e}x\u{202c}\tSoe\u{ad}rensen";
        assert_eq!(read::<200>(forged), "Ana Barn: Bo x Soe\u{ad}rensen");
        assert_eq!(read::<8000>(forged), "Ana\nBarn: Bo\nx\tSoe\u{ad}rensen");
    }

    /// What was stored before goes on being read, whatever it shows.
    #[test]
    fn stored_text_that_shows_nothing_is_read() {
        let stored = json!({ "$open": { "class": "personal", "value": "\u{200b}" } });
        let read: Personal<Text<40>> = serde_json::from_value(stored).unwrap();
        assert_eq!(read.open().map(Text::as_str), Some("\u{fffd}"));
        let sent: Result<Personal<Text<40>>, _> = serde_json::from_value(json!("\u{200b}"));
        assert!(sent.is_err());
    }
}
