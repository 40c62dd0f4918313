//! One course of legal support for one woman.
//!
//! A need that comes back after the case was closed is a new case; entries that come late are logged on the closed one, with a
//! warning, and leave it closed. A closing that was wrong is recorded in error.

mod choices;
mod command;
mod compensation;
mod event;
mod follow_ups;
mod rules;
mod state;
#[cfg(test)]
mod tests;
mod warnings;

pub use choices::*;
pub use command::{Command, Event};
pub use event::*;
pub use follow_ups::FollowUp;
pub use rules::Rejection;
pub use state::Legal;
pub use warnings::Warning;
