//! Housing's own rule: an offer that nobody answered lapses when its last day is over.
//!
//! Deliberately absent: the last day itself, which is sealed in the offer. The rule goes by the date of the follow-up, and the
//! case decides whether the offer may still be answered.

use crate::{
    SERVICE,
    case::{Command, Housing, OfferId, OfferOutcome},
};
use kit::{
    AggregateId, CentreId, Policy,
    facets::{Change, FollowUpChange},
    policy::{Heard, Now, Order, To},
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
    id: OfferId,
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

/// What the rule needs of an event besides its follow-ups: nothing.
#[derive(Debug, Deserialize)]
pub struct Foreign {}

impl Policy for LapseOffers {
    const NAME: &'static str = "lapse-offers";
    const HEARS: &'static [&'static str] = &[SERVICE];
    // Offers from before the rule lapse too.
    type Heard = Offers;
    type Foreign = Foreign;
    type Decider = Housing;

    fn hear(heard: &mut Offers, event: &Heard<Foreign>) {
        for change in &event.facets.follow_ups {
            if let Some(offer) = crate::case::offer_of(&change.key) {
                heard.take(offer, change, event.aggregate, event.centre);
            }
        }
    }

    fn due(heard: &Offers, now: Now<'_>) -> Vec<Order<Housing>> {
        heard.0.iter().filter_map(|offer| offer.lapses(now.today)).collect()
    }
}

impl Offers {
    fn take(&mut self, id: OfferId, change: &FollowUpChange, case: AggregateId, centre: CentreId) {
        if change.change == Change::Opened {
            self.0.retain(|other| (other.case, other.id) != (case, id));
            self.0.push(Offer { case, centre, id, due: change.due, answer: Answer::Awaited });
            return;
        }
        let Some(known) = self.0.iter_mut().find(|other| (other.case, other.id) == (case, id)) else { return };
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
        let lapse = OfferOutcome { offer: self.id, reason: None };
        Some(Order {
            to: To::Existing(self.case),
            centre: self.centre,
            about: format!("{}/{day}", self.id),
            responsible: None,
            command: Command::LapseOffer(lapse),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::tests::{case, offer, offered};
    use kit::given::Given;
    use serde_json::json;

    /// What the rule orders on a day, having heard the case.
    fn orders(given: &Given<Housing>, today: &str) -> Vec<String> {
        let (heard, at_once) = given.told::<LapseOffers>();
        assert!(at_once.is_empty());
        LapseOffers::due(&heard, given.clone().on(today).now()).into_iter().map(|order| order.about).collect()
    }

    fn about(day: &str) -> Vec<String> {
        vec![format!("6f1c2b9e-0a3d-4c57-9b1e-2d4f6a8c0e11/{day}")]
    }

    #[test]
    fn an_offer_lapses_when_its_last_day_is_over() {
        assert!(orders(&offered(), "2026-12-01").is_empty());
        assert_eq!(orders(&offered(), "2026-12-02"), about("2026-12-01"));
    }

    #[test]
    fn an_answer_or_an_extension_is_heard() {
        for answer in ["accept-offer", "decline-offer", "lapse-offer"] {
            assert!(orders(&offered().and(answer, offer()), "2026-12-31").is_empty());
        }
        let extended = json!({ "offer": "6f1c2b9e-0a3d-4c57-9b1e-2d4f6a8c0e11", "answer_by": "2026-12-08" });
        let extended = offered().and("extend-offer-answer", extended);
        assert!(orders(&extended, "2026-12-08").is_empty());
        assert_eq!(orders(&extended, "2026-12-09"), about("2026-12-08"));
    }

    #[test]
    fn an_answer_taken_back_is_awaited_again_under_the_same_key() {
        let back = offered().and("decline-offer", offer()).when_in_error(3).accepted();
        assert_eq!(orders(&back, "2026-12-02"), about("2026-12-01"));
    }

    #[test]
    fn an_offer_without_a_last_day_stays() {
        assert!(orders(&case().and("make-offer", offer()), "2199-01-01").is_empty());
    }

    #[test]
    fn the_order_lapses_the_offer_in_its_own_case() {
        let (heard, _) = offered().told::<LapseOffers>();
        let [order] = LapseOffers::due(&heard, offered().on("2026-12-02").now()).try_into().unwrap();
        assert!(matches!(order.to, To::Existing(_)));
        assert_eq!(order.responsible, None);
        let Command::LapseOffer(lapse) = order.command else { panic!("not a lapse") };
        assert_eq!(json!({ "offer": lapse.offer }), offer());
    }

    #[test]
    fn what_it_keeps_is_read_back() {
        let (heard, _) = offered().told::<LapseOffers>();
        let kept = serde_json::to_value(&heard).unwrap();
        assert_eq!(serde_json::from_value::<Offers>(kept).unwrap(), heard);
    }
}
