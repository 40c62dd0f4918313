//! Aftercare is offered by itself when she moves into her own home.
//!
//! Nobody holds the offer yet: it shows as unassigned until somebody takes it. Deliberately absent: whether she has aftercare
//! already, which the case knows.

use crate::case::{Aftercare, Command, Offer};
use kit::{
    Policy,
    policy::{Heard, Order, To},
};
use serde::Deserialize;
use time::Date;

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

    fn react((): &(), event: &Heard<Foreign>) -> Vec<Order<Aftercare>> {
        vec![Order {
            to: To::OpenFor(event.woman),
            centre: event.centre,
            about: event.id.clone(),
            responsible: None,
            command: Command::OfferAftercare(Offer::default()),
        }]
    }

    fn due((): &(), _: Date) -> Vec<Order<Aftercare>> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kit::{ActorId, AggregateId, CentreId, WomanId};
    use serde_json::json;
    use uuid::Uuid;

    /// The orders on an event of housing as it is published.
    fn orders(event: &str) -> Vec<Order<Aftercare>> {
        let published = json!({ "event": event, "facts": {}, "facets": { "weight": "alert" } });
        let Ok(event) = serde_json::from_value(published) else { return Vec::new() };
        OfferAftercare::react(
            &(),
            &Heard {
                id: "housing/00000000-0000-0000-0000-000000000009/7".into(),
                aggregate: AggregateId(Uuid::from_u128(9)),
                actor: ActorId::service("housing"),
                woman: WomanId(Uuid::from_u128(7)),
                centre: CentreId(Uuid::from_u128(1)),
                event,
            },
        )
    }

    #[test]
    fn a_move_offers_aftercare_and_nobody_holds_it_yet() {
        let [order] = orders("MovedIn").try_into().unwrap();
        assert_eq!(order.to, To::OpenFor(WomanId(Uuid::from_u128(7))));
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
