//! The move to another centre: a handover. It is offered, and the old centre goes on until somebody who answers for the new one accepts.
//!
//! The old centre's entries decide: acceptance, refusal and withdrawal are of one aggregate, so both sides see one outcome. At the new
//! centre her aggregate knows no more than that she may come, and that opens nothing of her. Deliberately absent: who may answer there
//! and what is shown (`crate::shown`), and how the one centre hears of the other ([`crate::policy`]).

use super::{
    command::Event,
    event::{Acceptance, Alias, Relocation, RelocationOffer},
    rules::Rejection,
    state::{Forgotten, Life, Woman},
};
use kit::{
    ActorId, CentreId, Context, Day, Personal,
    relation::{Along, ArrivalId, Relation},
    sealed::known,
};
use serde::Serialize;
use uuid::Uuid;

/// By when another centre answers whether it receives her.
pub(super) const ANSWER: &str = "relocation_answer";

/// A move that was offered to another centre. To which is a place, and not kept.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OfferedMove {
    /// What would go along.
    pub along: Along,
    day: Option<Personal<Day>>,
    answer_by: Option<Personal<Day>>,
    #[serde(skip)]
    towards: Option<Personal<Uuid>>,
    reported: bool,
    standing: OfferStands,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum OfferStands {
    Open,
    Accepted,
    Declined,
    Withdrawn,
}

/// What stands for a centre that is asked.
pub(super) fn towards(centre: CentreId, context: &Context<'_>) -> Uuid {
    context.secret.opaque(&["towards", &context.aggregate.to_string(), &centre.to_string()])
}

impl OfferedMove {
    /// From which day she would come.
    #[must_use]
    pub fn day(&self) -> Option<Day> {
        known(self.day.as_ref())
    }

    /// The last day on which an answer is expected.
    #[must_use]
    pub fn answer_by(&self) -> Option<Day> {
        known(self.answer_by.as_ref())
    }
}

impl Woman {
    /// A move that waits for another centre's answer: with it, what she is called here.
    #[must_use]
    pub fn offered(&self, arrival: ArrivalId) -> Option<(&OfferedMove, Option<&Alias>)> {
        let offer = self.moves.get(&arrival).filter(|offer| self.may_come() && offer.standing == OfferStands::Open)?;
        Some((offer, self.alias()))
    }

    /// Whether there is still somebody who could come.
    fn may_come(&self) -> bool {
        self.life == Life::Living && self.erased == Forgotten::Known
    }

    /// Whether another centre has asked this one, be it answered by now.
    #[must_use]
    pub fn was_asked(&self, arrival: ArrivalId) -> bool {
        self.arrivals.contains_key(&arrival)
    }

    /// The move that waits for an answer.
    pub(super) fn open_offer(&self) -> Option<ArrivalId> {
        self.moves.iter().find(|(_, offer)| offer.standing == OfferStands::Open).map(|(arrival, _)| *arrival)
    }

    /// What access follows from. Whoever only may come is nobody's here.
    pub(super) fn tells(&self) -> Option<Relation> {
        (self.known_here || self.arrivals.is_empty()).then(|| self.relation.clone())
    }

    /// Takes an offer in.
    pub(super) fn offer(&mut self, offer: &RelocationOffer) {
        let RelocationOffer { arrival, along, day, answer_by, towards, .. } = offer.clone();
        let along = along.unwrap_or(Along::OpenTasksAndSafety);
        let offered = OfferedMove { along, day, answer_by, towards, reported: false, standing: OfferStands::Open };
        self.moves.entry(arrival).or_insert(offered);
    }

    /// The first outcome of an offer stays.
    pub(super) fn outcome(&mut self, arrival: ArrivalId, standing: OfferStands) {
        if let Some(offer) = self.moves.get_mut(&arrival).filter(|offer| offer.standing == OfferStands::Open) {
            offer.standing = standing;
        }
    }

    /// Nobody has answered, and that was said.
    pub(super) fn report(&mut self, arrival: ArrivalId) {
        if let Some(offer) = self.moves.get_mut(&arrival) {
            offer.reported = true;
        }
    }

    /// Refuses a second offer beside one that waits, and one to where she is. The one place where the centre is looked at to which she
    /// would go.
    pub(super) fn offers(&self, offer: &RelocationOffer, context: &Context<'_>) -> Result<bool, Rejection> {
        if offer.to.open() == Some(&context.centre) {
            Err(Rejection::SameCentre)
        } else if self.relation.is_elsewhere() {
            // What she chose to take along then is not chosen again by whom she left.
            Err(Rejection::Relocated)
        } else if self.open_offer().is_some() || self.moves.contains_key(&offer.arrival) {
            Err(Rejection::OfferedAlready)
        } else {
            Ok(false)
        }
    }

    /// Whether an offer has this outcome already; another one refuses.
    pub(super) fn answered(&self, arrival: ArrivalId, outcome: OfferStands) -> Result<bool, Rejection> {
        match self.moves.get(&arrival) {
            None => Err(Rejection::NotOffered),
            // Whoever died, or was forgotten, is received by nobody.
            Some(offer)
                if offer.standing == OfferStands::Open && outcome == OfferStands::Accepted && !self.may_come() =>
            {
                Err(Rejection::NotOffered)
            }
            Some(offer) if offer.standing == outcome => Ok(true),
            Some(offer) if offer.standing == OfferStands::Open => Ok(false),
            Some(_) => Err(Rejection::SecondOutcome),
        }
    }

    /// Whether it is accepted already; by a centre that was not asked it cannot be.
    pub(super) fn accepts(&self, acceptance: &Acceptance, context: &Context<'_>) -> Result<bool, Rejection> {
        let asked = self.moves.get(&acceptance.arrival).and_then(|offer| known(offer.towards.as_ref()));
        let answers = acceptance.to.open().map(|to| towards(*to, context));
        // Offers of before say nothing of it.
        if asked.is_some() && asked != answers {
            return Err(Rejection::NotOffered);
        }
        self.answered(acceptance.arrival, OfferStands::Accepted)
    }

    /// Whether it was said already that nobody answers, or somebody did.
    pub(super) fn reported(&self, arrival: ArrivalId) -> bool {
        self.moves.get(&arrival).is_none_or(|offer| offer.reported || offer.standing != OfferStands::Open)
    }

    /// The move that follows from an acceptance.
    pub(super) fn moved(&self, acceptance: &Acceptance, context: &Context<'_>) -> Event {
        let along = self.moves.get(&acceptance.arrival).map(|offer| offer.along);
        let mut relocation = Relocation {
            to: acceptance.to.clone(),
            along,
            until: None,
            children: None,
            arrival: Some(acceptance.arrival),
            accepted_by: Some(acceptance.accepted_by.clone()),
            conflicts: None,
        };
        self.leaves_with(&mut relocation, context);
        Event::CentreRelocated(relocation)
    }

    /// What goes along: all by this minute, and nothing later.
    pub(super) fn leaves_with(&self, relocation: &mut Relocation, context: &Context<'_>) {
        relocation.along.get_or_insert(Along::OpenTasksAndSafety);
        relocation.until = kit::Moment::of(context.now).ok();
        let along = relocation.along != Some(Along::Nothing) && !self.children.is_empty();
        relocation.children = along.then(|| self.children.keys().copied().collect());
        let conflicts: Vec<ActorId> = self.relation.conflicts().iter().cloned().collect();
        relocation.conflicts = (!conflicts.is_empty()).then_some(conflicts);
    }
}

/// Refuses a move that is no handover's: a person does not move her.
pub(super) fn by_handover(to: Option<&CentreId>, context: &Context<'_>) -> Result<bool, Rejection> {
    if to == Some(&context.centre) {
        Err(Rejection::SameCentre)
    } else if context.by_rule() {
        Ok(false)
    } else {
        Err(Rejection::NotAccepted)
    }
}
