//! The facts of a centre in the directory, as [`kit::directory`] reads them. Which centre it is, is the one that records it.

use kit::{Location, directory::Name};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a centre is called.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Naming {
    /// Its name, by which others choose it. Not its address.
    pub name: Location<Name>,
}

/// It takes nobody in any more. Nothing more to say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Closing {}
