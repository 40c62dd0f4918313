//! The facts of a centre in the directory, as [`kit::directory`] reads them. Which centre it is, is the one that records it.

use kit::{Location, Personal, directory::Name};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How a centre is called.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Naming {
    /// Its name, by which others choose it. Not its address.
    pub name: Location<Name>,
    /// Stands for the name, and tells it to nobody: no other centre is called so. Made by the service; whatever is sent is overwritten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_digest: Option<Personal<Uuid>>,
}

/// It takes nobody in any more. Nothing more to say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Closing {}
