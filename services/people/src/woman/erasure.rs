//! When somebody may be forgotten: after the wait, by the leader, who took no part, and while nothing holds it back.
//!
//! Deliberately absent: how keys are destroyed, and what else goes with them. What is not known to be safe refuses.

use super::{
    event::{Erasure, ErasureRequest},
    follow_ups,
    rules::Rejection,
    state::{ErasureStands, Forgotten, HoldStands, Woman},
};
use crate::heard::KnowProtection;
use kit::{ChildId, Context};

impl Woman {
    /// Whether it was asked for already, or may be; else why not.
    pub(super) fn asks(&self, request: &ErasureRequest) -> Result<bool, Rejection> {
        self.is_for_here(request.child)?;
        match self.erasures.get(&request.erasure) {
            None => Ok(self.waiting(request.child).is_some()),
            Some(known) if known.child == request.child && known.standing == ErasureStands::Waiting => Ok(true),
            Some(_) => Err(Rejection::SecondOutcome),
        }
    }

    /// Refuses to decide on anybody but her and her children, and where she is not any more: keys are the same at every centre.
    fn is_for_here(&self, child: Option<ChildId>) -> Result<(), Rejection> {
        if child.is_some_and(|child| !self.children.contains_key(&child)) {
            return Err(Rejection::ChildUnknown);
        }
        if self.relation.is_elsewhere() { Err(Rejection::Relocated) } else { Ok(()) }
    }

    /// Whether it was done already, or may be; else why not.
    pub(super) fn erases(&self, erasure: &Erasure, context: &Context<'_>) -> Result<bool, Rejection> {
        let Some(request) = self.erasures.get(&erasure.erasure) else { return Err(Rejection::ErasureNotRequested) };
        if request.child != erasure.child {
            return Err(Rejection::ErasureOfAnother);
        }
        match request.standing {
            ErasureStands::Done => return Ok(true),
            ErasureStands::Cancelled => return Err(Rejection::SecondOutcome),
            ErasureStands::Waiting => {}
        }
        self.is_for_here(erasure.child)?;
        if request.asked_by.as_ref().is_none_or(|actor| *actor == context.actor) {
            return Err(Rejection::OwnRequest);
        }
        // Whoever her contact person was is forgotten with her: that refuses nobody a child's erasure.
        if request.since_had_as_contact_person(&context.actor) {
            return Err(Rejection::ByHerContactPerson);
        }
        if self.lifted_by.iter().any(|actor| actor.as_ref().is_none_or(|actor| *actor == context.actor)) {
            return Err(Rejection::LiftedTheHold);
        }
        if request.not_before.is_none_or(|day| context.today < day.date()) {
            return Err(Rejection::TooEarly);
        }
        if self.hold == HoldStands::Held {
            return Err(Rejection::ErasureIsHeld);
        }
        // Nothing protected her when she herself was forgotten, and what came since cannot be read.
        let forgotten = self.erased == Forgotten::Erased;
        if !forgotten && context.heard::<KnowProtection>().is_none_or(|known| known.protects(context.today)) {
            return Err(Rejection::ProtectionOut);
        }
        if context.open.keys().any(|key| follow_ups::tells_of_disclosure(key)) {
            return Err(Rejection::DisclosureUntold);
        }
        Ok(false)
    }
}
