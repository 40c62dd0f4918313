//! One enquiry: somebody asked, and got a place, none, advice or another address. It is about no person, so it has no text at all.
//!
//! Deliberately absent: who asked, from where, and when she asked before.

mod command;
mod event;
mod rules;
#[cfg(test)]
mod tests;

pub use command::{Command, Event};
pub use event::*;
pub use rules::{Enquiry, FollowUp, Rejection, Warning};
