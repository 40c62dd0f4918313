//! One duty: somebody is on duty, or works as a temp, until then. It ends by itself, or sooner.
//!
//! It is about no woman: all of it is open. What may be done on duty is said elsewhere ([`kit::access`]).

mod command;
mod event;
mod rules;
#[cfg(test)]
mod tests;

pub use command::{Command, Event};
pub use event::*;
pub use rules::{Duty, FollowUp, Rejection, Warning};
