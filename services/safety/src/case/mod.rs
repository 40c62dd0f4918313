//! One course of safety work for one woman.
//!
//! Entries that come late are logged on a closed case, with a warning, and leave it closed. A safety alert does not: whatever raises one,
//! a rule or a worker, opens the case again, for somebody must look at once.

mod choices;
mod command;
mod event;
mod follow_ups;
mod rules;
mod state;
#[cfg(test)]
pub(crate) mod tests;
mod warnings;

pub use choices::*;
pub use command::{Command, Event};
pub use event::*;
pub use follow_ups::FollowUp;
pub use rules::Rejection;
pub use state::Safety;
pub use warnings::Warning;
