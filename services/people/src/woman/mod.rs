//! One woman at one centre: who she is, her children, how she may be reached, her stays, who is tied to her, and how she is forgotten.
//!
//! An alias is all that is ever needed of her. Another centre's aggregate of her is another one; what comes along from there is told by
//! a rule ([`crate::policy`]).

mod alias;
mod choices;
mod command;
mod conflicts;
mod erasure;
mod event;
mod follow_ups;
mod relocation;
mod rules;
mod state;
#[cfg(test)]
mod tests;
mod ties;
mod vault;
mod warnings;

pub use alias::made as made_alias;
pub use choices::*;
pub use command::{Command, Event};
pub use event::*;
pub use follow_ups::FollowUp;
pub use relocation::OfferedMove;
pub use rules::Rejection;
pub use state::{Unusable, UsableContact, Woman};
pub use vault::{LockOut, LockOutLifted, Protected, ValueChange};
pub use warnings::Warning;
