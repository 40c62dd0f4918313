//! One course of aftercare for one woman. It may be offered again and again; each offer has one answer.
//!
//! A case that is over is opened again by a new offer, and by the lifeline, which is always answered. Any other entry that comes
//! late is logged on it, with a warning, and leaves it over.

mod command;
mod event;
mod follow_ups;
mod rules;
mod state;
#[cfg(test)]
pub(crate) mod tests;
mod warnings;

pub use command::{Command, Event};
pub use event::*;
pub use follow_ups::FollowUp;
pub use rules::Rejection;
pub use state::Aftercare;
pub use warnings::Warning;
