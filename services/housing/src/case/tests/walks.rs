//! What holds in every order of entries.

use super::{Housing, OFFER, OTHER, case};
use crate::case::{
    Event, OfferId,
    state::{Answer, Stay},
};
use kit::{
    decider::Events,
    given::{Given, Samples, set, walk},
};
use proptest::{collection::vec, prelude::any, proptest};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

static SAMPLES: LazyLock<Samples> = LazyLock::new(|| kit::samples!());

/// Plausible facts out of a byte: a sample, about one of two offers, with a last day around today.
fn plausible(event: &str, byte: u8) -> Value {
    let mut facts = SAMPLES.latest(event, if byte & 1 == 0 { "complete" } else { "minimal" });
    set(&mut facts, "offer", json!(if byte & 2 == 0 { OFFER } else { OTHER }));
    set(&mut facts, "answer_by", json!(format!("2026-1{}-{}", 1 + (byte >> 7), 10 + byte % 20)));
    facts
}

/// Facts for a suggested action that fit the state: about what is there.
fn fitting(given: &Given<Housing>, action: &str) -> Value {
    let state = given.case().domain();
    let mut facts = SAMPLES.action::<Housing>(action, "minimal");
    if let Some((offer, _)) = state.offers.iter().find(|(_, offer)| offer.answer == Answer::Awaited) {
        set(&mut facts, "offer", json!(offer));
    }
    if let Some((home, _)) = state.temporary.iter().find(|(_, stay)| **stay == Stay::Arranged) {
        set(&mut facts, "temporary_housing", json!(home));
    }
    facts
}

/// The outcomes that stand, by offer. The same one may stand twice, where a correction says what another entry says too.
fn outcomes(given: &Given<Housing>) -> BTreeMap<OfferId, BTreeSet<&'static str>> {
    let mut outcomes: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for event in given.standing() {
        if let Event::HousingOfferAccepted(of) | Event::HousingOfferDeclined(of) | Event::HousingOfferLapsed(of) =
            &event
        {
            outcomes.entry(of.offer).or_default().insert(event.name());
        }
    }
    outcomes
}

proptest! {
    #[test]
    fn whatever_is_logged_in_whatever_order(steps in vec(any::<(u8, u8, u8)>(), 1..40)) {
        walk(case(), &steps, plausible, fitting, |given| {
            assert!(outcomes(given).values().all(|outcomes| outcomes.len() == 1), "a second outcome slipped in");
        });
    }
}
