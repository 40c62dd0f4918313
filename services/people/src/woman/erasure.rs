//! When somebody may be forgotten: after the wait, by the leader, who took no part, and while nothing holds it back.
//!
//! Deliberately absent: how keys are destroyed, and what else goes with them. What is not known to be safe refuses.

use super::{
    event::Erasure,
    follow_ups,
    rules::Rejection,
    state::{ErasureStands, HoldStands, Woman},
};
use crate::heard::KnowProtection;
use kit::{Context, access::Role, sealed::Sealed};

impl Woman {
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
        if context.role != Role::Leader {
            return Err(Rejection::NotTheLeader);
        }
        if request.asked_by.as_ref().and_then(Sealed::open) == Some(&context.actor) {
            return Err(Rejection::OwnRequest);
        }
        if self.relation.is_contact_person(&context.actor, context.today) {
            return Err(Rejection::ByHerContactPerson);
        }
        if request.not_before.is_none_or(|day| context.today < day.date()) {
            return Err(Rejection::TooEarly);
        }
        if self.hold == HoldStands::Held {
            return Err(Rejection::ErasureIsHeld);
        }
        let protection = context.heard::<KnowProtection>();
        if protection.is_none_or(|protection| protection.protects(context.centre, context.today)) {
            return Err(Rejection::ProtectionOut);
        }
        if context.open.keys().any(|key| follow_ups::tells_of_disclosure(key)) {
            return Err(Rejection::DisclosureUntold);
        }
        Ok(false)
    }
}
