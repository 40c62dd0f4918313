//! The timeline's answer, as far as the terminal shows it.

use kit::labels::Label;
use serde::Deserialize;

/// `GET /v1/women/{woman}/timeline`
#[derive(Debug, Deserialize)]
pub(super) struct Course {
    pub(super) woman: String,
    pub(super) open: Vec<FollowUp>,
    /// Services whose events could not all be applied.
    pub(super) held_back: Vec<String>,
    pub(super) entries: Vec<Entry>,
}

/// Something open.
#[derive(Debug, Deserialize)]
pub(super) struct FollowUp {
    pub(super) domain: Option<Label>,
    pub(super) label: Label,
    pub(super) due: Option<String>,
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
    pub(super) domain: Label,
    pub(super) version: u64,
    pub(super) event: String,
    pub(super) label: Label,
    pub(super) happened: String,
    pub(super) recorded: String,
    pub(super) actor: String,
    pub(super) weight: String,
    pub(super) standing: String,
    /// The entry that this one is about: corrects, takes back or notes.
    pub(super) corrects: Option<u64>,
    pub(super) facts: Vec<Fact>,
}

/// A fact of it, in words.
#[derive(Debug, Deserialize)]
pub(super) struct Fact {
    pub(super) label: Label,
    pub(super) text: Label,
    pub(super) masked: bool,
    pub(super) erased: bool,
}
