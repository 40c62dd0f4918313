//! One worker of a centre in the directory of staff: who, by which name, as what, from when until when.
//!
//! It is about no woman. The id is what everything else goes by; a name stands beside it. Deliberately absent: what a worker may do
//! ([`kit::access`]), duties, ties to women, and sign-in.

mod command;
mod event;
mod rules;
#[cfg(test)]
mod tests;

pub use command::{Command, Event};
pub use event::*;
pub use rules::{FollowUp, Rejection, Staff, Warning};
