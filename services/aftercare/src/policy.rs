//! Aftercare is offered by itself when she moves into her own home.
//!
//! In the case she has, or one of its own. Nobody holds the offer yet: it shows as unassigned until somebody takes it. Deliberately
//! absent: whether she has aftercare already, which the case knows.

use crate::case::{Aftercare, Command, Offer};
use kit::{
    Policy,
    policy::{Heard, Now, Order, Standing, To},
};
use serde::Deserialize;

/// Offers aftercare.
#[derive(Debug)]
pub struct OfferAftercare;

/// What the rule needs of an event: which it is.
#[derive(Debug, Deserialize)]
#[serde(tag = "event", content = "facts")]
pub enum Foreign {
    /// Housing: she lives in a home of her own.
    MovedIn {},
    /// A case begins, in any domain.
    CaseOpened {},
}

impl Policy for OfferAftercare {
    const NAME: &'static str = "offer-aftercare";
    const HEARS: &'static [&'static str] = &["housing", "aftercare"];
    /// Her cases here.
    type Heard = Standing<()>;
    type Foreign = Foreign;
    type Decider = Aftercare;

    fn hear(heard: &mut Self::Heard, event: &Heard<Foreign>) {
        let own = event.service == crate::SERVICE;
        heard.take(event, |foreign| (own && matches!(foreign, Foreign::CaseOpened {})).then_some(()));
    }

    fn react(heard: &Self::Heard, event: &Heard<Foreign>, _: Now<'_>) -> Vec<Order<Aftercare>> {
        let Some(Foreign::MovedIn {}) = event.recorded() else { return Vec::new() };
        let case = heard.at(event.centre).next_back();
        vec![Order {
            to: case.map_or(To::OwnCase, |case| To::Existing(case.aggregate)),
            centre: event.centre,
            about: event.id.clone(),
            responsible: None,
            command: Command::OfferAftercare(Offer::default()),
        }]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kit::given::heard;
    use kit::{CentreId, deadlines::Deadlines};
    use serde_json::json;
    use uuid::Uuid;

    /// The orders on an event, after these of aftercare itself.
    fn orders(event: &str, own: &[&str]) -> Vec<Order<Aftercare>> {
        let mut known = Standing::default();
        for (version, event) in (1..).zip(own) {
            let event = heard::<OfferAftercare>("aftercare", version, event, json!({}));
            if let Some(event) = event {
                OfferAftercare::hear(&mut known, &event);
            }
        }
        let Some(event) =
            heard::<OfferAftercare>("housing", 7, event, json!({ "version": 2, "event": "LeaseSigned", "facts": {} }))
        else {
            return Vec::new();
        };
        OfferAftercare::hear(&mut known, &event);
        let now = Now { today: time::macros::date!(2026 - 11 - 20), deadlines: &Deadlines::default() };
        OfferAftercare::react(&known, &event, now)
    }

    #[test]
    fn a_move_offers_aftercare_and_nobody_holds_it_yet() {
        let [order] = orders("MovedIn", &[]).try_into().unwrap();
        assert_eq!(order.to, To::OwnCase);
        assert_eq!((order.centre, order.responsible.clone()), (CentreId(Uuid::from_u128(1)), None));
        assert_eq!(order.about, "housing/00000000-0000-0000-0000-000000000009/7");
        assert_eq!(order.command, Command::OfferAftercare(Offer::default()));
    }

    #[test]
    fn it_is_offered_in_the_case_she_has() {
        let [order] = orders("MovedIn", &["CaseOpened", "ContactMade"]).try_into().unwrap();
        assert!(matches!(order.to, To::Existing(_)));
    }

    #[test]
    fn nothing_else_does() {
        for event in ["LeaseSigned", "EntryCorrected", "TenancyKept", "RecordedInError", "CaseOpened"] {
            assert!(orders(event, &[]).is_empty(), "{event}");
        }
    }
}
