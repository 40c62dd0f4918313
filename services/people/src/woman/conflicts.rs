//! Conflicts of interest: who may end one, and that one never leaves her with nobody who answers for the house.
//!
//! One is neither corrected nor taken back. It ends by an event of its own: a leader proposes that, and somebody else who answers for the
//! house confirms it; neither is the one whom it is about. Deliberately absent: what a conflict takes away ([`kit::access`]).

use super::{event::Conflict, rules::Rejection, state::Woman};
use kit::{ActorId, Context, access::Right};

impl Woman {
    /// Whether it is recorded already; refused where nobody else answers for the house. Where somebody else does is looked up, so the one
    /// who answers alone names another one first.
    pub(super) fn keeps_away(&self, conflict: &Conflict, context: &Context<'_>) -> Result<bool, Rejection> {
        if self.relation.conflicts_with(&conflict.who) {
            return Ok(conflict.reason.is_none());
        }
        let answers = answering(context).any(|actor| *actor == conflict.who);
        let leads = leading(context).any(|actor| *actor == conflict.who);
        let stays = |actor: &&ActorId| **actor != conflict.who && !self.relation.conflicts_with(actor);
        // Whoever records it counts as the one who is left only where they lead: a duty they end themselves.
        let recorder = |actor: &&ActorId| **actor == context.actor && context.right < Right::Leader;
        let left = answering(context).any(|actor| stays(&actor) && !recorder(&actor));
        // About themselves leaders say it as long as anybody is left; of another one, as long as a leader is.
        let led = conflict.who == context.actor || leading(context).any(|actor| stays(&actor));
        if (answers && !left) || (leads && !led) {
            return Err(Rejection::LastWhoAnswers);
        }
        Ok(false)
    }

    /// Whether the others must hear of a conflict at once: it keeps away somebody who answers for the house, or her contact person.
    pub(super) fn keeps_away_who_protects_her(&self, who: &ActorId, context: &Context<'_>) -> bool {
        answering(context).any(|actor| actor == who) || self.relation.is_contact_person(who, context.today)
    }

    /// Whether its end is proposed already.
    pub(super) fn proposes_end(&self, who: &ActorId, context: &Context<'_>) -> Result<bool, Rejection> {
        self.concerns_another(who, context)?;
        if !self.relation.conflicts_with(who) {
            return Err(Rejection::NoSuchConflict);
        }
        Ok(self.proposer(who).is_some())
    }

    /// Whether it is over already.
    pub(super) fn ends_conflict(&self, who: &ActorId, context: &Context<'_>) -> Result<bool, Rejection> {
        self.concerns_another(who, context)?;
        if !self.relation.conflicts_with(who) {
            return Ok(true);
        }
        match self.proposer(who) {
            None => Err(Rejection::EndNotProposed),
            Some(proposer) if *proposer == context.actor => Err(Rejection::OwnProposal),
            Some(_) => Ok(false),
        }
    }

    /// Who proposed that it ends; nobody, where they may see nothing of her themselves.
    pub(super) fn proposer(&self, who: &ActorId) -> Option<&ActorId> {
        self.conflict_ends.get(who).filter(|proposer| !self.relation.conflicts_with(proposer))
    }

    fn concerns_another(&self, who: &ActorId, context: &Context<'_>) -> Result<(), Rejection> {
        let own = *who == context.actor || self.relation.conflicts_with(&context.actor);
        if own { Err(Rejection::ConflictOfInterest) } else { Ok(()) }
    }
}

/// Who leads the house: who is known to, and whoever acts as one who does.
fn leading<'a>(context: &'a Context<'_>) -> impl Iterator<Item = &'a ActorId> + Clone {
    let leads = context.right >= Right::Leader && !context.by_rule();
    context.leading.iter().chain(leads.then_some(&context.actor))
}

/// Who answers for the house: who is known to, and whoever acts as one who does.
fn answering<'a>(context: &'a Context<'_>) -> impl Iterator<Item = &'a ActorId> + Clone {
    let acts = context.right >= Right::Answers && !context.by_rule();
    context.answering.iter().chain(acts.then_some(&context.actor))
}
