//! The timeline's answer, as far as the terminal shows it.
//!
//! Deliberately absent: how entries belong together ([`super::threads`]) and every word about them.

use kit::labels::Label;
use serde::Deserialize;
use std::collections::BTreeMap;

/// `GET /v1/women/{woman}/timeline`
#[derive(Debug, Deserialize)]
pub(super) struct Course {
    pub(super) woman: String,
    pub(super) open: Vec<FollowUp>,
    /// Services whose events could not all be applied.
    pub(super) held_back: Vec<String>,
    pub(super) entries: Vec<Entry>,
    /// From the directory, by the ids that stand in the answer.
    #[serde(default)]
    names: Names,
}

/// Names beside ids.
#[derive(Debug, Default, Deserialize)]
struct Names {
    staff: BTreeMap<String, Known>,
    centres: BTreeMap<String, Known>,
}

/// Somebody, or a centre.
#[derive(Debug, Deserialize)]
struct Known {
    name: Option<String>,
}

impl Names {
    /// An id with its name before it, where there is one.
    fn beside(&self, id: &mut String) {
        let known = self.staff.get(id.as_str()).or_else(|| self.centres.get(id.as_str()));
        if let Some(name) = known.and_then(|known| known.name.as_ref()) {
            *id = format!("{name} ({id})");
        }
    }
}

impl Course {
    /// The same with names beside the ids.
    pub(super) fn named(mut self) -> Self {
        let names = std::mem::take(&mut self.names);
        self.open.iter_mut().filter_map(|open| open.responsible.as_mut()).for_each(|id| names.beside(id));
        for entry in &mut self.entries {
            names.beside(&mut entry.actor);
            entry.centre_name = entry.centre.as_ref().and_then(|id| names.centres.get(id)?.name.clone());
            let original = entry.original.iter_mut().flat_map(|original| &mut original.facts);
            for text in entry.facts.iter_mut().chain(original).map(|fact| &mut fact.text) {
                names.beside(&mut text.da);
                names.beside(&mut text.en);
            }
        }
        self
    }
}

/// Something open.
#[derive(Debug, Deserialize)]
pub(super) struct FollowUp {
    pub(super) service: String,
    pub(super) domain: Label,
    pub(super) label: Label,
    pub(super) due: Option<String>,
    /// `overdue`, by the day or by the minute; otherwise how soon.
    pub(super) state: String,
    /// Days until it is due; negative: overdue.
    pub(super) days: Option<i64>,
    pub(super) responsible: Option<String>,
    pub(super) basis: Option<Basis>,
}

/// Why that date.
#[derive(Debug, Deserialize)]
pub(super) struct Basis {
    pub(super) da: String,
    pub(super) en: String,
}

/// Something that happened.
#[derive(Debug, Deserialize)]
pub(super) struct Entry {
    pub(super) service: String,
    pub(super) domain: Label,
    pub(super) aggregate: String,
    pub(super) version: u64,
    pub(super) event: String,
    pub(super) label: Label,
    /// A minute, a day, a month or `unknown`, Copenhagen.
    pub(super) happened: String,
    /// RFC 3339.
    pub(super) recorded: String,
    pub(super) actor: String,
    pub(super) centre: Option<String>,
    #[serde(skip)]
    pub(super) centre_name: Option<String>,
    pub(super) weight: Weight,
    pub(super) standing: Standing,
    /// The entry of the same aggregate that this one is about: corrects, takes back or notes.
    pub(super) corrects: Option<u64>,
    /// Whether its facts could be opened at all.
    pub(super) readable: bool,
    /// As they stand.
    pub(super) facts: Vec<Fact>,
    /// What it said before it was corrected.
    #[serde(default)]
    pub(super) original: Option<Original>,
}

/// What an entry said before it was corrected.
#[derive(Debug, Deserialize)]
pub(super) struct Original {
    pub(super) happened: String,
    pub(super) facts: Vec<Fact>,
}

/// How an entry stands out. A weight that a newer timeline knows is one of many here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Weight {
    Alert,
    Milestone,
    #[serde(other)]
    Routine,
}

/// Whether an entry still counts as it was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Standing {
    Corrected,
    InError,
    #[serde(other)]
    Stands,
}

/// A fact of it, in words.
#[derive(Debug, Deserialize)]
pub(super) struct Fact {
    pub(super) name: String,
    pub(super) label: Label,
    pub(super) text: Label,
    pub(super) masked: bool,
    pub(super) erased: bool,
}
