//! One centre of the organisation in the directory: that there is one, and how it is called.
//!
//! Each centre has one aggregate, its own. A centre's name is a place: sealed as one, and shown to those who work at the centres. Deliberately
//! absent: where the centre is, and what it offers.

mod command;
mod event;
mod rules;
#[cfg(test)]
mod tests;

pub use command::{Command, Event};
pub use event::*;
pub use rules::{Centre, FollowUp, Rejection, Warning};
