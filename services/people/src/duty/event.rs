//! The facts of a duty, as [`kit::relation::Duty`] reads them.

use kit::{ActorId, Moment, relation::DutyKind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A duty begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Started {
    /// Who.
    pub worker: ActorId,
    /// On duty, or a temp.
    pub kind: DutyKind,
    /// From when; left out: at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Moment>,
    /// Until when; it ends by itself.
    pub until: Moment,
}

/// It ends sooner. Nothing more to say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ended {}
