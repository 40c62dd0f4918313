//! The published event: CloudEvents 1.0, structured JSON.
//!
//! The stored body is everything but the number, the epoch and the service's signature over all three; [`publish`] sets those in front of
//! the stored bytes, and [`Signed`] takes them off again. Relay and feed use the same function, so all readers see the same bytes.
//! Deliberately absent: what facts mean, and making and checking signatures.

use crate::{ActorId, AggregateId, CentreId, Epoch, Facets, Happened, WomanId, entry::event_id, when::NotATime};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;

/// An event as stored: all but number and epoch.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Body {
    /// CloudEvents' version, `1.0`.
    pub specversion: String,
    /// `service/aggregate/version`.
    pub id: String,
    /// `/livline/<service>`.
    pub source: String,
    /// `dk.livline.<service>.<Event>.v<version>`.
    #[serde(rename = "type")]
    pub event_type: String,
    /// The woman; absent where it is about none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<WomanId>,
    /// When it happened, with Copenhagen's offset; absent where unknown.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    pub time: Option<OffsetDateTime>,
    /// How exactly `time` is known: time, day, month, unknown.
    pub timeprecision: String,
    /// The published schema of `data.facts`.
    pub dataschema: String,
    /// `application/json`.
    pub datacontenttype: String,
    /// `case` and the like.
    pub aggregatetype: String,
    /// The aggregate.
    pub aggregate: AggregateId,
    /// Which of the aggregate's events, from 1.
    pub version: u64,
    /// When it was recorded.
    #[serde(with = "time::serde::rfc3339")]
    pub recordedtime: OffsetDateTime,
    /// Who recorded it.
    pub actor: ActorId,
    /// The centre that holds it; absent where none does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub centre: Option<CentreId>,
    /// Trace context, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// Facts and facets.
    pub data: Data,
}

/// What an event carries.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Data {
    /// The facts, sealed ones as envelopes.
    pub facts: Value,
    /// What they mean to readers.
    pub facets: Facets,
}

/// An event as published: the stored body with its number and the epoch of the numbering.
#[derive(Debug, Clone, Deserialize)]
pub struct Published {
    /// Which of the service's events, from 1, in the order of their commits.
    pub number: u64,
    /// The identity of the numbering.
    pub epoch: Epoch,
    /// The rest.
    #[serde(flatten)]
    pub body: Body,
}

/// Service, event name and version out of a published type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventType<'a> {
    /// The service.
    pub service: &'a str,
    /// The event's name.
    pub name: &'a str,
    /// Its schema's version.
    pub version: u16,
}

impl<'a> EventType<'a> {
    /// Takes a published type apart.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.strip_prefix("dk.livline.")?.split('.');
        let (service, name, version) = (parts.next()?, parts.next()?, parts.next()?);
        let version = version.strip_prefix('v')?.parse().ok()?;
        parts.next().is_none().then_some(Self { service, name, version })
    }
}

impl std::fmt::Display for EventType<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "dk.livline.{}.{}.v{}", self.service, self.name, self.version)
    }
}

/// The address of an event's published schema.
#[must_use]
pub fn data_schema(event: EventType<'_>) -> String {
    format!("https://schemas.livline.dk/{}/{}.v{}.json", event.service, event.name, event.version)
}

/// Whose and which event a body is.
#[derive(Debug, Clone)]
pub struct Heading<'a> {
    /// The event's type.
    pub event: EventType<'a>,
    /// `case` and the like.
    pub aggregate_type: &'a str,
    /// The aggregate.
    pub aggregate: AggregateId,
    /// Which of its events.
    pub version: u64,
    /// The woman.
    pub woman: Option<WomanId>,
    /// The centre.
    pub centre: Option<CentreId>,
    /// Who recorded it.
    pub actor: ActorId,
    /// When it happened.
    pub happened: Happened,
    /// When it was recorded.
    pub recorded: OffsetDateTime,
}

impl Body {
    /// A body of sealed facts.
    #[must_use]
    pub fn new(heading: Heading<'_>, facts: Value, facets: Facets) -> Self {
        Self {
            specversion: "1.0".into(),
            id: event_id(heading.event.service, heading.aggregate, heading.version),
            source: format!("/livline/{}", heading.event.service),
            event_type: heading.event.to_string(),
            subject: heading.woman,
            time: heading.happened.instant(),
            timeprecision: heading.happened.precision().into(),
            dataschema: data_schema(heading.event),
            datacontenttype: "application/json".into(),
            aggregatetype: heading.aggregate_type.into(),
            aggregate: heading.aggregate,
            version: heading.version,
            recordedtime: heading.recorded,
            actor: heading.actor,
            centre: heading.centre,
            traceparent: None,
            data: Data { facts, facets },
        }
    }

    /// When it happened.
    pub fn happened(&self) -> Result<Happened, NotATime> {
        Happened::from_published(self.time, &self.timeprecision)
    }

    /// Its type, taken apart.
    #[must_use]
    pub fn event(&self) -> Option<EventType<'_>> {
        EventType::parse(&self.event_type)
    }
}

/// The published bytes: the stored body, a JSON object, with epoch, number and signature set in front. The signature is text without
/// anything that JSON escapes; an empty one says that the service does not vouch for the body.
#[must_use]
pub fn publish(epoch: Epoch, number: u64, mac: &str, body: &str) -> String {
    let head = format!("{{\"epoch\":\"{epoch}\",\"number\":{number},\"mac\":\"{mac}\"");
    match body.trim_start().strip_prefix('{') {
        Some(rest) if rest.trim_start().starts_with('}') => head + rest,
        Some(rest) => format!("{head},{rest}"),
        // What is no event reads as one that does not: it must not keep readers from those behind it.
        None => format!("{head},\"body\":{body}}}"),
    }
}

/// Published bytes taken apart exactly as [`publish`] puts them together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signed<'a> {
    /// The epoch.
    pub epoch: Epoch,
    /// The number.
    pub number: u64,
    /// The signature over the rest.
    pub mac: &'a str,
    /// Every byte behind it.
    pub rest: &'a str,
}

impl<'a> Signed<'a> {
    /// Takes published bytes apart; `None` where they begin in another way.
    #[must_use]
    pub fn of(published: &'a str) -> Option<Self> {
        let (epoch, rest) = published.strip_prefix("{\"epoch\":\"")?.split_once("\",\"number\":")?;
        let (number, rest) = rest.split_once(",\"mac\":\"")?;
        let (mac, rest) = rest.split_once('"')?;
        let (epoch, number) = (epoch.parse().ok()?, number.parse().ok()?);
        // Written otherwise, the same values are other bytes.
        let same = published.starts_with(&format!("{{\"epoch\":\"{epoch}\",\"number\":{number},\"mac\":\"{mac}\""));
        same.then_some(Self { epoch, number, mac, rest })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_stored_has_its_number_when_it_is_published() {
        let epoch = Epoch(uuid::Uuid::nil());
        for body in ["{\"a\":1}", " {\"a\":1}", "{}", "{ }", "[1]", "\"text\"", "null"] {
            let published: Value = serde_json::from_str(&publish(epoch, 7, "bWFj", body)).unwrap();
            assert_eq!(published["number"], 7, "{body}");
        }
        assert!(publish(epoch, 7, "bWFj", "{\"a\":1}").ends_with(",\"number\":7,\"mac\":\"bWFj\",\"a\":1}"));
    }

    #[test]
    fn what_was_published_is_taken_apart_as_it_was_put_together() {
        let epoch = Epoch(uuid::Uuid::from_u128(9));
        for (mac, body) in [("bWFj", "{\"a\":1}"), ("", "{}"), ("x", "[1]")] {
            let published = publish(epoch, 7, mac, body);
            let signed = Signed::of(&published).unwrap();
            assert_eq!((signed.epoch, signed.number, signed.mac), (epoch, 7, mac));
            assert!(published.ends_with(signed.rest));
            for other in
                [published.replace(":7", ": 7"), published.replace(":7", ":07"), published.replace("mac", "Mac")]
            {
                assert_eq!(Signed::of(&other), None, "{other}");
            }
        }
    }

    #[test]
    fn a_type_is_taken_apart_as_it_was_put_together() {
        let text = "dk.livline.housing.HousingOfferMade.v1";
        let event = EventType::parse(text).unwrap();
        assert_eq!((event.service, event.name, event.version), ("housing", "HousingOfferMade", 1));
        assert_eq!(event.to_string(), text);
        for wrong in ["", "dk.livline.housing.X", "dk.livline.housing.X.1", "dk.livline.housing.X.v1.y"] {
            assert!(EventType::parse(wrong).is_none());
        }
    }
}
