//! The facts of a worker in the directory, as [`kit::directory`] reads them. Names are sealed; all else is open.

use kit::{
    ActorId, Day, Personal,
    directory::{Name, StaffRole},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Somebody works at the centre.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    /// The id by which everything goes, and with which they sign in.
    pub worker: ActorId,
    /// The name that colleagues see.
    pub name: Personal<Name>,
    /// As what.
    pub role: StaffRole,
    /// From which day; left out: from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Day>,
    /// Until which day, that day included; left out: for now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Day>,
}

/// Something of it is otherwise now. What is left out stays.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// The name that colleagues see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Personal<Name>>,
    /// As what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<StaffRole>,
    /// Until which day, that day included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Day>,
}

/// Somebody works there no more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Leaving {
    /// The last day.
    pub last_day: Day,
}
