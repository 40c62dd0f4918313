//! One course of aftercare for one woman. It may be offered again and again; each offer has one answer.

mod command;
mod event;
mod rules;
mod state;
#[cfg(test)]
pub(crate) mod tests;

pub use command::{Command, Event};
pub use event::*;
pub use rules::{FollowUp, Rejection, Warning};
pub use state::Aftercare;
