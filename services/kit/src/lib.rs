//! The pure core of Livline: what every service shares and nothing that touches the world.
//!
//! A domain crate describes its facts, decides commands and folds events with what stands here.
//! Deliberately absent: I/O, the clock, randomness, the environment, and every domain's own types.
//! The engine brings the world; `tests/tests/architecture.rs` holds the direction of dependencies.

pub mod access;
mod amend;
mod ask;
pub mod calendar;
pub mod case;
pub mod contract;
mod correct;
pub mod deadlines;
pub mod decider;
pub mod directory;
mod entries;
pub mod entry;
pub mod facets;
pub mod facts;
pub mod given;
pub mod ids;
pub mod labels;
pub mod normal;
pub mod policy;
pub mod protection;
pub mod published;
pub mod relation;
pub mod schema;
pub mod sealed;
mod strict;
pub mod terms;
pub mod when;
pub mod words;

pub use case::Case;
pub use decider::{Begins, Context, Decider, Decision};
pub use facets::Facets;
pub use facts::{Money, Text};
pub use ids::{ActorId, AddressRef, AggregateId, CentreId, ChildId, Epoch, WomanId};
pub use policy::Policy;
pub use sealed::{Class, Identity, Location, Narrative, OfChild, Personal};
pub use when::{Day, Happened, Moment};

#[doc(hidden)]
pub use {schemars, serde, serde_json};
