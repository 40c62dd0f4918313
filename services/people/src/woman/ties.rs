//! Actions about nobody but the actor need no more than the right to record: one's own tie, and one's own conflict of interest.
//!
//! Access follows from a tie, so a worker takes no woman over; who meets her first may become her contact person, and that weighs as an
//! alert. Deliberately absent: the rights of everything else (the table of entries), and what a tie gives ([`kit::access`]).

use super::{command::Command, event::Assignment, state::Woman};
use kit::{
    Context,
    access::{Right, Role},
    relation::Tie,
};

impl Woman {
    /// Whether a command is about the actor alone. One's own tie is given up as long as it is there: it is not taken up again by taking
    /// that back.
    pub(super) fn is_about_oneself(&self, command: &Command, context: &Context<'_>) -> bool {
        match command {
            Command::AssignWorker(assignment) => ties_itself(assignment, context) && !self.has_contact_person(context),
            Command::ReleaseWorker(release) => {
                let worker = release.worker.open();
                worker == Some(&context.actor) && worker.is_some_and(|worker| self.tie_of(worker).is_some())
            }
            Command::RecordConflictOfInterest(conflict) => conflict.who == context.actor,
            _ => false,
        }
    }

    pub(super) fn has_contact_person(&self, context: &Context<'_>) -> bool {
        self.relation.has_contact_person(context.today)
    }
}

/// Whether a worker becomes her contact person by nobody's word but their own.
pub(super) fn ties_itself(assignment: &Assignment, context: &Context<'_>) -> bool {
    let own = assignment.role == Tie::ContactPerson && assignment.worker.open() == Some(&context.actor);
    own && context.role == Role::Worker && context.right < Right::Answers
}
