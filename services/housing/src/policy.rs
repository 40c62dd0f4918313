//! Housing's own rule: an offer that nobody answered lapses when its last day is over.
//!
//! Deliberately absent: the last day itself, which is sealed in the offer. The rule goes by the date of the follow-up, and the
//! case decides whether the offer may still be answered.

use crate::{
    SERVICE,
    case::{Command, Housing, OfferId, OfferOutcome},
};
use kit::{
    AggregateId, CentreId, Facets, Policy,
    facets::{Change, FollowUpChange},
    policy::{Heard, Order, To},
    when::DueBy,
};
use serde::{Deserialize, Serialize};
use time::Date;

/// Lapses offers.
#[derive(Debug)]
pub struct LapseOffers;

/// The offers of one woman.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Offers(Vec<Offer>);

/// An offer as its follow-up tells of it.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Offer {
    case: AggregateId,
    centre: CentreId,
    offer: OfferId,
    due: Option<DueBy>,
    answer: Answer,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Awaited,
    /// Answered, lapsed, or dealt with by hand.
    Settled,
}

/// What the rule needs of an event.
#[derive(Debug, Deserialize)]
pub struct Foreign {
    facets: Facets,
}

impl Policy for LapseOffers {
    const NAME: &'static str = "lapse-offers";
    const HEARS: &'static [&'static str] = &[SERVICE];
    // Offers from before the rule lapse too.
    const FROM_THE_BEGINNING: bool = true;
    type Heard = Offers;
    type Foreign = Foreign;
    type Decider = Housing;

    fn hear(heard: &mut Offers, event: &Heard<Foreign>) {
        for change in &event.event.facets.follow_ups {
            if let Some(offer) = crate::case::offer_of(&change.key) {
                heard.take(offer, change, event.aggregate, event.centre);
            }
        }
    }

    fn react(_: &Offers, _: &Heard<Foreign>) -> Vec<Order<Housing>> {
        Vec::new()
    }

    fn due(heard: &Offers, today: Date) -> Vec<Order<Housing>> {
        heard.0.iter().filter_map(|offer| offer.lapses(today)).collect()
    }
}

impl Offers {
    fn take(&mut self, offer: OfferId, change: &FollowUpChange, case: AggregateId, centre: CentreId) {
        if change.change == Change::Opened {
            self.0.retain(|other| (other.case, other.offer) != (case, offer));
            self.0.push(Offer { case, centre, offer, due: change.due, answer: Answer::Awaited });
            return;
        }
        let Some(known) = self.0.iter_mut().find(|other| (other.case, other.offer) == (case, offer)) else { return };
        match change.change {
            Change::Moved => known.due = change.due,
            Change::Closed => known.answer = Answer::Settled,
            Change::Reopened => {
                known.answer = Answer::Awaited;
                known.due = change.due.or(known.due);
            }
            Change::Opened | Change::Assigned => {}
        }
    }
}

impl Offer {
    /// On its last day an offer can still be answered.
    fn lapses(&self, today: Date) -> Option<Order<Housing>> {
        let day = self.due.map(DueBy::day).filter(|day| self.answer == Answer::Awaited && day.date() < today)?;
        let lapse = OfferOutcome { offer: self.offer, reason: None };
        Some(Order {
            to: To::Existing(self.case),
            centre: self.centre,
            about: format!("{}/{day}", self.offer),
            responsible: None,
            command: Command::LapseOffer(lapse),
        })
    }
}
