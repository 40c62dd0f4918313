//! Aftercare is offered by itself when she moves into her own home.
//!
//! Nobody holds the offer yet: it shows as unassigned until somebody takes it. Deliberately absent: whether she has aftercare
//! already, which the case knows.

use crate::case::{Aftercare, Command, Offer};
use kit::{
    Policy,
    policy::{Heard, Now, Order, To},
};
use serde::Deserialize;

/// Offers aftercare.
#[derive(Debug)]
pub struct OfferAftercare;

/// What the rule needs of an event: that it is a move.
#[derive(Debug, Deserialize)]
pub struct Foreign {
    #[expect(dead_code, reason = "reading it is the rule: any other event does not parse")]
    event: Moved,
}

#[derive(Debug, Deserialize)]
enum Moved {
    MovedIn,
}

impl Policy for OfferAftercare {
    const NAME: &'static str = "offer-aftercare";
    const HEARS: &'static [&'static str] = &["housing"];
    type Heard = ();
    type Foreign = Foreign;
    type Decider = Aftercare;

    fn hear((): &mut (), _: &Heard<Foreign>) {}

    fn react((): &(), event: &Heard<Foreign>, _: Now<'_>) -> Vec<Order<Aftercare>> {
        let offer = event.recorded().map(|_| Order {
            to: To::OwnCase,
            centre: event.centre,
            about: event.id.clone(),
            responsible: None,
            command: Command::OfferAftercare(Offer::default()),
        });
        offer.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kit::{ActorId, AggregateId, CentreId, Facets, Happened, WomanId, deadlines::Deadlines, policy::Whole};
    use serde_json::json;
    use uuid::Uuid;

    /// The orders on an event of housing as it is published.
    fn orders(event: &str) -> Vec<Order<Aftercare>> {
        let whole = Whole { event: event.to_owned(), facts: json!({}), facets: Facets::default() };
        let Ok((entry, said)) = whole.read(7) else { return Vec::new() };
        let heard = Heard {
            id: "housing/00000000-0000-0000-0000-000000000009/7".into(),
            service: "housing".into(),
            aggregate: AggregateId(Uuid::from_u128(9)),
            entry,
            actor: ActorId::service("housing"),
            woman: WomanId(Uuid::from_u128(7)),
            centre: CentreId(Uuid::from_u128(1)),
            happened: Happened::Unknown,
            facets: Facets::default(),
            said,
        };
        let now = Now { today: time::macros::date!(2026 - 11 - 20), deadlines: &Deadlines::default() };
        OfferAftercare::react(&(), &heard, now)
    }

    #[test]
    fn a_move_offers_aftercare_and_nobody_holds_it_yet() {
        let [order] = orders("MovedIn").try_into().unwrap();
        assert_eq!(order.to, To::OwnCase);
        assert_eq!((order.centre, order.responsible.clone()), (CentreId(Uuid::from_u128(1)), None));
        assert_eq!(order.about, "housing/00000000-0000-0000-0000-000000000009/7");
        assert_eq!(order.command, Command::OfferAftercare(Offer::default()));
    }

    #[test]
    fn nothing_else_does() {
        for event in ["LeaseSigned", "EntryCorrected", "TenancyKept", "RecordedInError"] {
            assert!(orders(event).is_empty(), "{event}");
        }
    }
}
