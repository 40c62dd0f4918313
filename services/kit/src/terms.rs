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
