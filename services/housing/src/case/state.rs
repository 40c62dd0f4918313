//! What a housing case has come to. Only what decisions and suggestions need; no place is ever kept here.

use super::{
    command::Event,
    event::{CaseOutcome, Offer, OfferId, TemporaryHousingId},
};
use kit::{
    Day, Money, Personal,
    terms::{Application, Stage},
};
use serde::Serialize;
use std::collections::BTreeMap;

/// A housing case.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Housing {
    pub(super) stage: Stage<CaseOutcome>,
    pub(super) need: Need,
    pub(super) home: Home,
    pub(super) offers: BTreeMap<OfferId, OfferState>,
    pub(super) temporary: BTreeMap<TemporaryHousingId, Stay>,
    pub(super) allocation: Application,
    pub(super) deposit_loan: Application,
    pub(super) moving_grant: Application,
    pub(super) benefit: Application,
}

/// Whether her need is clear.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Need {
    #[default]
    Unclear,
    Assessed,
}

/// How far she is towards a home of her own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Home {
    #[default]
    Sought,
    Leased,
    MovedIn,
    Kept,
}

/// What is known of one offer. An entry about an offer that was never logged makes one without terms.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct OfferState {
    pub(super) terms: Option<Terms>,
    pub(super) answer_by: Option<Personal<Day>>,
    pub(super) viewing: Viewing,
    pub(super) answer: Answer,
}

/// What was offered.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Terms {
    pub(super) rent: Option<Personal<Money>>,
    pub(super) rooms: Option<Personal<u8>>,
}

/// What became of an offer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Answer {
    #[default]
    Awaited,
    Accepted,
    Declined,
    Lapsed,
}

/// Whether she has seen the home.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Viewing {
    #[default]
    None,
    Arranged,
    Held,
}

/// Whether she is in a temporary home.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Stay {
    Arranged,
    Ended,
}

impl OfferState {
    /// The last day to answer, where it is known.
    pub(super) fn last_day(&self) -> Option<Day> {
        self.answer_by.as_ref().and_then(|day| day.open().copied())
    }

    fn make(&mut self, offer: &Offer) {
        self.terms = Some(Terms { rent: offer.rent.clone(), rooms: offer.rooms.clone() });
        if offer.answer_by.is_some() {
            self.answer_by.clone_from(&offer.answer_by);
        }
    }

    /// The first answer stays: rules refuse a second, and what is stored is folded whatever it is.
    fn answer(&mut self, answer: Answer) {
        if self.answer == Answer::Awaited {
            self.answer = answer;
        }
    }
}

impl Housing {
    /// Takes an event in.
    pub(super) fn take(&mut self, event: &Event) {
        match event {
            Event::HousingNeedAssessed(_) => self.need = Need::Assessed,
            Event::MunicipalAllocationRequested(_) => self.allocation = Application::Pending,
            Event::MunicipalAllocationDecided(decision) => self.allocation = Application::Decided(decision.outcome),
            Event::TemporaryHousingArranged(home) => {
                self.temporary.entry(home.temporary_housing).or_insert(Stay::Arranged);
            }
            Event::TemporaryHousingEnded(end) => {
                self.temporary.insert(end.temporary_housing, Stay::Ended);
            }
            Event::HousingOfferMade(offer) => self.offer(offer.offer).make(offer),
            Event::OfferAnswerExtended(extension) => {
                self.offer(extension.offer).answer_by = Some(extension.answer_by.clone());
            }
            Event::HousingOfferAccepted(outcome) => self.offer(outcome.offer).answer(Answer::Accepted),
            Event::HousingOfferDeclined(outcome) => self.offer(outcome.offer).answer(Answer::Declined),
            Event::HousingOfferLapsed(outcome) => self.offer(outcome.offer).answer(Answer::Lapsed),
            Event::ViewingArranged(viewing) => self.offer(viewing.offer).viewing = Viewing::Arranged,
            Event::ViewingHeld(viewing) => self.offer(viewing.offer).viewing = Viewing::Held,
            Event::DepositLoanApplied(_) => self.deposit_loan = Application::Pending,
            Event::DepositLoanDecided(decision) => self.deposit_loan = Application::Decided(decision.outcome),
            // A lease that is logged after the move does not put her back in front of it.
            Event::LeaseSigned(_) if self.home != Home::MovedIn => self.home = Home::Leased,
            Event::TenancyKept(_) => self.home = Home::Kept,
            Event::MovingGrantApplied(_) => self.moving_grant = Application::Pending,
            Event::MovingGrantDecided(decision) => self.moving_grant = Application::Decided(decision.outcome),
            Event::MovedIn(_) => self.move_in(),
            Event::HousingBenefitApplied(_) => self.benefit = Application::Pending,
            Event::HousingBenefitGranted(decision) => {
                self.benefit = Application::Decided(decision.outcome);
            }
            Event::HousingCaseClosed(closing) => self.stage = Stage::Closed(closing.outcome),
            Event::LeaseSigned(_) | Event::HousingListJoined(_) | Event::BelongingsFetched(_) | Event::PetPlaced(_) => {
            }
        }
    }

    fn offer(&mut self, offer: OfferId) -> &mut OfferState {
        self.offers.entry(offer).or_default()
    }

    /// Housing benefit is applied for again at each move; one that is pending is for this one.
    fn move_in(&mut self) {
        self.home = Home::MovedIn;
        if matches!(self.benefit, Application::Decided(_)) {
            self.benefit = Application::None;
        }
    }
}
