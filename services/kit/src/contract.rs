//! The contract of a service: its entries, their facts and classes, and every word readers show for them.
//!
//! Readers (timeline, desk, partners, network) know services by this alone; it is generated into `schemas/`. Deliberately absent:
//! anything that is not data.

use crate::{
    Class,
    access::Right,
    case::{CommonRejection, CommonWarning},
    decider::{Begins, Commands, Decider},
    entry::{self, Common},
    facts::Mistake,
    labels::{Label, LabelError, Labels},
    schema,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use strum::VariantNames;

/// How far an event may travel. A new event type never leaves until somebody decides otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sharing {
    /// That it exists is dangerous already.
    Never,
    /// Only inside a request to a partner.
    Request,
    /// In a feed, where agreement and consent name it.
    Feed,
}

impl Sharing {
    /// From the word in the table of entries; anything unknown stays here.
    #[must_use]
    pub fn parse(word: &str) -> Self {
        match word {
            "feed" => Self::Feed,
            "request" => Self::Request,
            _ => Self::Never,
        }
    }
}

/// One row of a domain's table of entries.
#[derive(Debug, Clone)]
pub struct EntryDescription {
    /// The action in the URL.
    pub action: String,
    /// The event that records it.
    pub event: &'static str,
    /// The version of the event's schema.
    pub version: u16,
    /// How far it may travel.
    pub sharing: Sharing,
    /// The right that the action needs.
    pub right: Right,
    /// Facts that stay here even where the event is shared.
    pub withheld: &'static [&'static str],
    /// The clear schema of its facts.
    pub facts: Value,
    /// The clear schemas of its earlier versions, from version 1.
    pub past: Vec<Value>,
}

impl EntryDescription {
    /// The entry in each of its earlier versions.
    pub fn earlier(&self) -> impl Iterator<Item = Self> + '_ {
        let earlier = (1..).zip(&self.past);
        earlier.map(|(version, facts)| Self { version, facts: facts.clone(), past: Vec::new(), ..self.clone() })
    }
}

/// The version of an event that has these earlier ones.
#[must_use]
pub fn version_after(past: &[&str]) -> u16 {
    u16::try_from(past.len()).unwrap_or(u16::MAX).saturating_add(1)
}

/// That a version is today's of an event that has these earlier ones.
pub fn known_version(version: u16, past: &[&str]) -> Result<(), serde_json::Error> {
    if version == version_after(past) {
        Ok(())
    } else {
        Err(serde::de::Error::custom("a version of an event that this program does not know"))
    }
}

/// A service as its readers know it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contract {
    /// Its name, as in subjects and URLs.
    pub service: String,
    /// What users call it.
    pub label: Label,
    /// What it decides about.
    pub aggregates: Vec<Aggregate>,
    /// What its follow-ups ask for, by code.
    pub follow_ups: BTreeMap<String, Label>,
    /// What workers are told beside an answer, by code.
    pub warnings: BTreeMap<String, Label>,
    /// Why commands are refused, by code.
    pub rejections: BTreeMap<String, Label>,
}

/// One kind of aggregate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Aggregate {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its place in URLs.
    pub plural: String,
    /// Its events and the actions that record them.
    pub entries: Vec<EventContract>,
    /// What is read, and nobody asks for: earlier versions of them, and what every case knows and this kind does not take.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub past: Vec<EventContract>,
}

/// One event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventContract {
    /// The event type's name.
    pub event: String,
    /// The version of its schema.
    pub version: u16,
    /// What users call it once it has happened.
    pub label: Label,
    /// How far it may travel.
    pub sharing: Sharing,
    /// The action that records it.
    pub action: String,
    /// The right that recording, correcting and taking it back need, but for what somebody says of nobody but themselves.
    #[serde(default)]
    pub right: Right,
    /// What users call the action.
    pub action_label: Label,
    /// When to use it, what it opens, what to mind.
    pub help: Label,
    /// Its facts, in the order in which they are asked.
    pub facts: Vec<Fact>,
}

/// One fact of an event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fact {
    /// Its name in JSON.
    pub name: String,
    /// What users call it.
    pub label: Label,
    /// Its class: the strictest of what it holds.
    pub class: Class,
    /// Whether it must be given.
    pub required: bool,
    /// Its unit, where it has one: `øre`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The values it can take, where these are counted.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub choices: BTreeMap<String, Label>,
}

/// Labels that a contract needs and the label files lack.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("labels are missing: {}", .0.join(", "))]
pub struct MissingLabels(pub Vec<String>);

/// Why a service has no contract.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContractError {
    /// A label file cannot be used.
    #[error(transparent)]
    Labels(#[from] LabelError),
    /// Words are missing.
    #[error(transparent)]
    Missing(#[from] MissingLabels),
}

/// `MakeOffer` → `make-offer`.
#[must_use]
pub fn kebab(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push('-');
        }
        out.push(if c == '_' { '-' } else { c.to_ascii_lowercase() });
    }
    out
}

/// Looks labels up and remembers what was not there.
struct Asking<'a> {
    labels: &'a Labels,
    missing: Vec<String>,
}

impl Asking<'_> {
    fn any(&mut self, ids: &[String]) -> Label {
        if let Some(label) = ids.iter().find_map(|id| self.labels.get(id)) {
            return label.clone();
        }
        self.missing.extend(ids.last().cloned());
        Label { da: String::new(), en: String::new() }
    }

    fn one(&mut self, id: String) -> Label {
        self.any(&[id])
    }

    fn codes(&mut self, kind: &str, codes: &[&str]) -> BTreeMap<String, Label> {
        codes.iter().map(|code| ((*code).to_owned(), self.one(format!("{kind}-{code}")))).collect()
    }
}

impl Contract {
    /// The contract of a service with one kind of aggregate, its words from two Fluent files.
    pub fn load<D: Decider>(service: &str, da: &str, en: &str) -> Result<Self, ContractError> {
        Ok(Self::of::<D>(service, &Labels::parse(da, en)?)?)
    }

    /// Describes a service with one kind of aggregate.
    pub fn of<D: Decider>(service: &str, labels: &Labels) -> Result<Self, MissingLabels> {
        let mut asking = Asking { labels, missing: Vec::new() };
        let mut rejections = asking.codes("rejection", D::Rejection::VARIANTS);
        rejections.extend(asking.codes("rejection", CommonRejection::VARIANTS));
        rejections.extend(asking.codes("rejection", Mistake::VARIANTS));
        let mut warnings = asking.codes("warning", D::Warning::VARIANTS);
        warnings.extend(asking.codes("warning", CommonWarning::VARIANTS));
        let described = D::Command::describe();
        let mut entries: Vec<_> = described.iter().map(|entry| event(entry, &mut asking)).collect();
        let earlier = described.iter().flat_map(EntryDescription::earlier);
        let mut past: Vec<_> = earlier.map(|entry| event(&entry, &mut asking)).collect();
        for entry in common() {
            let of = if asked_for(D::BEGINS, entry.event) { &mut entries } else { &mut past };
            of.push(event(&entry, &mut asking));
        }
        let contract = Self {
            service: service.to_owned(),
            label: asking.one(format!("service-{service}")),
            aggregates: vec![Aggregate { kind: D::TYPE.to_owned(), plural: D::PLURAL.to_owned(), entries, past }],
            follow_ups: asking.codes("follow-up", D::FollowUp::VARIANTS),
            warnings,
            rejections,
        };
        asking.missing.sort();
        asking.missing.dedup();
        if asking.missing.is_empty() { Ok(contract) } else { Err(MissingLabels(asking.missing)) }
    }

    /// The same service with another kind of aggregate beside.
    #[must_use]
    pub fn with(mut self, other: Self) -> Self {
        self.aggregates.extend(other.aggregates);
        self.follow_ups.extend(other.follow_ups);
        self.warnings.extend(other.warnings);
        self.rejections.extend(other.rejections);
        self
    }

    /// The description of an event.
    #[must_use]
    pub fn event(&self, name: &str, version: u16) -> Option<&EventContract> {
        let mut entries = self.aggregates.iter().flat_map(|aggregate| aggregate.entries.iter().chain(&aggregate.past));
        entries.find(|entry| entry.event == name && entry.version == version)
    }
}

/// Whether an event that every case knows is asked for where one begins so.
#[must_use]
pub fn asked_for(begins: Begins, event: &str) -> bool {
    match event {
        // Where the beginning is an entry of its own, there is no other way to open one.
        "CaseOpened" => begins == Begins::ForAWoman,
        // Words about nobody would be sealed under nobody's key.
        "NoteWritten" => !matches!(begins, Begins::AboutNobody(_)),
        _ => true,
    }
}

/// The events every case knows, described like a domain's.
#[must_use]
pub fn common() -> Vec<EntryDescription> {
    let describe = |action: &str, event: &'static str, facts: Value| EntryDescription {
        action: action.to_owned(),
        event,
        version: 1,
        sharing: Sharing::Never,
        right: Right::Record,
        withheld: &[],
        facts,
        past: Vec::new(),
    };
    let mut rows = vec![
        describe("open-case", "CaseOpened", schema::clear::<entry::CaseOpened>()),
        describe("correct-entry", entry::ENTRY_CORRECTED, correction()),
        describe("record-in-error", "RecordedInError", schema::clear::<entry::RecordedInError>()),
        describe("write-note", "NoteWritten", schema::clear::<entry::NoteWritten>()),
        describe("move-follow-up", "FollowUpMoved", schema::clear::<entry::FollowUpMoved>()),
        describe("assign-follow-up", "FollowUpAssigned", schema::clear::<entry::FollowUpAssigned>()),
        describe("close-follow-up", "FollowUpClosed", schema::clear::<entry::FollowUpClosed>()),
        describe("reopen-follow-up", "FollowUpReopened", schema::clear::<entry::FollowUpReopened>()),
    ];
    debug_assert_eq!(rows.len(), Common::NAMES.len() + 1);
    rows.sort_by(|a, b| a.event.cmp(b.event));
    rows
}

fn correction() -> Value {
    serde_json::json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "EntryCorrected",
        "description": "Other facts for an earlier entry of the same case; they have the form of that entry's own facts.",
        "type": "object",
        "properties": {
            "version": { "type": "integer", "minimum": 1, "description": "The entry that was wrong." },
            "event": { "type": "string", "description": "Its event type; set by the service." },
            "schema": { "type": "integer", "minimum": 1, "description": "The version of the schema that the facts have; set by the service." },
            "facts": { "type": "object", "description": "The facts as they should have been." },
        },
        "required": ["version", "facts"],
        "additionalProperties": false,
    })
}

fn event(entry: &EntryDescription, asking: &mut Asking<'_>) -> EventContract {
    EventContract {
        event: entry.event.to_owned(),
        version: entry.version,
        label: asking.one(format!("event-{}", entry.event)),
        sharing: entry.sharing,
        action: entry.action.clone(),
        right: entry.right,
        action_label: asking.one(format!("action-{}", entry.action)),
        help: asking.one(format!("action-{}.help", entry.action)),
        facts: facts(entry, asking),
    }
}

fn facts(entry: &EntryDescription, asking: &mut Asking<'_>) -> Vec<Fact> {
    let required = entry.facts.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    let properties = entry.facts.get("properties").and_then(Value::as_object);
    let describe = |(name, schema): (&String, &Value)| Fact {
        label: asking.any(&[format!("fact-{}-{name}", entry.event), format!("fact-{name}")]),
        class: schema::strictest(schema),
        required: required.iter().any(|required| required == name),
        unit: find(schema, "x-unit").and_then(Value::as_str).map(str::to_owned),
        choices: choices(schema)
            .into_iter()
            .map(|value| {
                let ids = [
                    format!("choice-{}-{name}-{value}", entry.event),
                    format!("choice-{name}-{value}"),
                    format!("choice-{value}"),
                ];
                let label = asking.any(&ids);
                (value, label)
            })
            .collect(),
        name: name.clone(),
    };
    properties.map(|properties| properties.iter().map(describe).collect()).unwrap_or_default()
}

fn find<'a>(schema: &'a Value, keyword: &str) -> Option<&'a Value> {
    match schema {
        Value::Object(members) => {
            members.get(keyword).or_else(|| members.values().find_map(|value| find(value, keyword)))
        }
        Value::Array(items) => items.iter().find_map(|value| find(value, keyword)),
        _ => None,
    }
}

/// The string values a schema counts up, as `enum` or as alternatives with a constant, at any depth.
fn choices(schema: &Value) -> Vec<String> {
    match schema {
        Value::Object(members) => {
            let listed = members.get("enum").and_then(Value::as_array).into_iter().flatten();
            let own = listed.chain(members.get("const")).filter_map(Value::as_str).map(str::to_owned);
            own.chain(members.iter().filter(|(name, _)| *name != "enum").flat_map(|(_, value)| choices(value)))
                .collect()
        }
        Value::Array(items) => items.iter().flat_map(choices).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_becomes_an_action() {
        assert_eq!(kebab("MakeOffer"), "make-offer");
        assert_eq!(kebab("already_decided"), "already-decided");
    }

    #[test]
    fn an_unknown_word_never_shares() {
        assert_eq!(Sharing::parse("everywhere"), Sharing::Never);
    }
}
