//! The facts of aftercare's entries. A command and the event that records it share one struct.

use kit::{ActorId, Day, Personal};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Aftercare is offered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Offer {
    /// Who would be her contact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_worker: Option<Personal<ActorId>>,
    /// The last day of what is offered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Personal<Day>>,
}

/// She takes aftercare.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Acceptance {
    /// Who is her contact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_worker: Option<Personal<ActorId>>,
    /// The last day of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Personal<Day>>,
}

/// She does not take aftercare. Nothing more to say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Refusal {}
