//! Terms that several domains use in the same sense: what an authority ruled, how far an application is, who goes along.
//!
//! Deliberately absent: what any of it leads to, which each domain decides for itself.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What an authority decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ruling {
    /// All of it.
    Granted,
    /// Some of it.
    PartlyGranted,
    /// Nothing.
    Refused,
}

/// Whether a case is over, and what came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage<O> {
    /// It goes on.
    #[default]
    Open,
    /// It ended so.
    Closed(O),
}

impl<O: PartialEq> Stage<O> {
    /// Whether it goes on.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Open)
    }

    /// Whether closing it with this outcome is nothing new; `None` where it was closed with another one.
    #[must_use]
    pub fn is_closed_with(&self, outcome: &O) -> Option<bool> {
        match self {
            Self::Open => Some(false),
            Self::Closed(known) => (known == outcome).then_some(true),
        }
    }
}

/// How far an application is. One of each kind runs at a time: a new one takes the place of the one before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Application {
    /// Nobody applied.
    #[default]
    None,
    /// Applied for, not decided.
    Pending,
    /// Decided so.
    Decided(Ruling),
}

/// Who goes with her, as a role: names are kept elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Companion {
    /// Her contact person.
    ContactPerson,
    /// Another worker of the centre.
    Worker,
    /// A volunteer.
    Volunteer,
    /// Family or a friend.
    FamilyOrFriend,
    /// Nobody.
    Nobody,
}

impl Application {
    /// Whether a decision is awaited.
    #[must_use]
    pub fn is_pending(self) -> bool {
        self == Self::Pending
    }
}
