//! Who says who is tied to her: access follows from it, so nobody takes a woman over.
//!
//! Whoever meets her first may become her contact person, and that weighs as an alert. Deliberately absent: what a tie gives
//! ([`kit::access`]).

use super::{command::Command, event::Assignment, state::Woman};
use kit::{ActorId, Context, Personal, access::Role, relation::Tie};

impl Woman {
    /// Whether the actor may do this, where it is about who is tied to her. One's own tie is given up as long as it is there: it is not
    /// taken up again by taking that back.
    pub(super) fn may_tie(&self, command: &Command, context: &Context<'_>) -> bool {
        let own = |worker: &Personal<ActorId>| worker.open() == Some(&context.actor);
        match command {
            Command::AssignWorker(assignment) => {
                self.assigns(context) || ties_itself(assignment, context) && !self.has_contact_person(context)
            }
            Command::ReleaseWorker(release) => {
                self.assigns(context)
                    || own(&release.worker) && release.worker.open().is_some_and(|worker| self.tie_of(worker).is_some())
            }
            _ => true,
        }
    }

    /// Whether the actor says who is tied to her. A temp does not, whatever else the temp is.
    fn assigns(&self, context: &Context<'_>) -> bool {
        match context.role {
            Role::Leader | Role::Service => true,
            Role::Worker => context.on_duty || self.relation.is_contact_person(&context.actor, context.today),
            Role::Temp | Role::Volunteer | Role::Secretariat => false,
        }
    }

    pub(super) fn has_contact_person(&self, context: &Context<'_>) -> bool {
        self.relation.has_contact_person(context.today)
    }
}

/// Whether a worker becomes her contact person by nobody's word but their own.
pub(super) fn ties_itself(assignment: &Assignment, context: &Context<'_>) -> bool {
    let own = assignment.role == Tie::ContactPerson && assignment.worker.open() == Some(&context.actor);
    own && context.role == Role::Worker && !context.on_duty
}
