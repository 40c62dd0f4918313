//! What holds in every order of entries.

use super::{CHILD, Financial, GRANT, OTHER, SIBLING, case};
use crate::case::{Event, GrantId};
use kit::{
    given::{Given, Samples, set, walk},
    sealed::known,
};
use proptest::{collection::vec, prelude::any, proptest};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

static SAMPLES: LazyLock<Samples> = LazyLock::new(|| kit::samples!());

/// Plausible facts out of a byte: a sample, about one of two grants and children, of any outcome, with days around today.
fn plausible(event: &str, byte: u8) -> Value {
    let mut facts = SAMPLES.latest(event, if byte & 1 == 0 { "complete" } else { "minimal" });
    set(&mut facts, "grant", json!(if byte & 2 == 0 { GRANT } else { OTHER }));
    set(&mut facts, "child", json!(if byte & 4 == 0 { CHILD } else { SIBLING }));
    set(&mut facts, "cost_paid_on", json!(format!("2026-1{}-{}", 1 + (byte >> 7), 10 + byte % 20)));
    set(&mut facts, "year", json!(2025 + (u16::from(byte) >> 3) % 3));
    if event.ends_with("Decided") || event.ends_with("Granted") {
        set(&mut facts, "outcome", json!(["granted", "partly_granted", "refused"][usize::from(byte >> 3) % 3]));
    }
    facts
}

/// Facts for a suggested action that fit the state: about what is there.
fn fitting(given: &Given<Financial>, action: &str) -> Value {
    let state = given.case().domain();
    let mut facts = SAMPLES.action::<Financial>(action, "minimal");
    let grants = if action.contains("fund") { &state.fund_grants } else { &state.single_grants };
    if let Some((grant, _)) = grants.pending().next() {
        set(&mut facts, "grant", json!(grant));
    }
    let mut places = state.free_places.iter();
    if let Some(place) = places.find(|place| place.application.is_pending() && action.contains("free-place")) {
        facts["child"] = json!(known(place.child.as_ref()));
    }
    facts
}

/// How many different outcomes stand for each grant of either kind: the same one may stand twice, where a correction says what
/// another entry says too.
fn outcomes(given: &Given<Financial>) -> BTreeMap<(bool, GrantId), BTreeSet<String>> {
    let mut outcomes: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for event in given.standing() {
        if let Event::SingleGrantDecided(of) | Event::FundGrantDecided(of) = &event {
            let kind = matches!(event, Event::FundGrantDecided(_));
            outcomes.entry((kind, of.grant)).or_default().insert(format!("{:?}", of.outcome));
        }
    }
    outcomes
}

proptest! {
    #[test]
    fn whatever_is_logged_in_whatever_order(steps in vec(any::<(u8, u8, u8)>(), 1..40)) {
        walk(case(), &steps, plausible, fitting, |given| {
            assert!(outcomes(given).values().all(|outcomes| outcomes.len() == 1), "a second outcome slipped in");
            assert!(given.actions().len() <= 6, "too many suggestions");
        });
    }
}
