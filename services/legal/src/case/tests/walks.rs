//! What holds in every order of entries.

use super::{HEARING, Legal, ORDER, OTHER, case};
use crate::case::{
    Event,
    state::{HearingState, OrderKind, OrderState},
};
use kit::given::{Given, Samples, set, walk};
use proptest::{collection::vec, prelude::any, proptest};
use serde_json::{Value, json};
use std::sync::LazyLock;

const OTHER_HEARING: &str = "5d8e2f63-0c5e-4a71-9b32-6d7e8f9a0b13";

static SAMPLES: LazyLock<Samples> = LazyLock::new(|| kit::samples!());

/// Plausible facts out of a byte: a sample, about one of two orders and hearings, with days around today.
fn plausible(event: &str, byte: u8) -> Value {
    let mut facts = SAMPLES.latest(event, if byte & 1 == 0 { "complete" } else { "minimal" });
    set(&mut facts, "order", json!(if byte & 2 == 0 { ORDER } else { OTHER }));
    set(&mut facts, "hearing", json!(if byte & 2 == 0 { HEARING } else { OTHER_HEARING }));
    set(&mut facts, "provisional", json!(byte & 4 == 0));
    let day = json!(format!("2026-1{}-{}", 1 + (byte >> 7), 10 + byte % 20));
    for fact in ["until", "offence_day", "final_on", "when", "appeal_by"] {
        set(&mut facts, fact, day.clone());
    }
    if event == "LegalCaseClosed" {
        set(&mut facts, "outcome", json!(if byte & 2 == 0 { "concluded" } else { "contact_lost" }));
    }
    facts
}

/// Facts for a suggested action that fit the state: about what is there.
fn fitting(given: &Given<Legal>, action: &str) -> Value {
    let state = given.case().domain();
    let mut facts = SAMPLES.action::<Legal>(action, "minimal");
    let kinds: &[OrderKind] = match action {
        "extend-restraining-order" => &[OrderKind::Restraining],
        "end-restraining-order" => &[OrderKind::Restraining, OrderKind::Immediate],
        "extend-expulsion" => &[OrderKind::Expulsion],
        _ => &[],
    };
    let of_kind = |order: &OrderState| order.kind.is_some_and(|kind| kinds.contains(&kind)) && !order.is_ended();
    if let Some((order, _)) = state.orders.iter().find(|(_, order)| of_kind(order)) {
        set(&mut facts, "order", json!(order));
    }
    if let Some((hearing, _)) = state.hearings.iter().find(|(_, hearing)| HearingState::is_ahead(hearing)) {
        set(&mut facts, "hearing", json!(hearing));
    }
    facts
}

proptest! {
    #[test]
    fn whatever_is_logged_in_whatever_order(steps in vec(any::<(u8, u8, u8)>(), 1..40)) {
        walk(case(), &steps, plausible, fitting, |given| {
            for event in given.standing() {
                if let Event::RestrainingOrderIssued(order) = &event {
                    let days = [order.from.as_ref(), order.until.as_ref()].map(|day| day.and_then(|day| day.open().copied()));
                    if let [Some(from), Some(until)] = days {
                        assert!(from <= until, "an order ends before it begins");
                    }
                }
            }
            let outcomes = given.standing().into_iter().filter_map(|event| match event {
                Event::LegalCaseClosed(closing) => Some(closing.outcome),
                _ => None,
            });
            let outcomes: Vec<_> = outcomes.collect();
            assert!(outcomes.windows(2).all(|pair| pair[0] == pair[1]), "a second outcome slipped in");
        });
    }

    #[test]
    fn what_ended_or_was_held_is_not_asked_for(steps in vec(any::<(u8, u8, u8)>(), 1..40)) {
        // Days pass and entries are logged; nothing is corrected.
        let logged: Vec<_> = steps.into_iter().map(|(kind, pick, byte)| (3 + kind % 7, pick, byte)).collect();
        walk(case(), &logged, plausible, fitting, |given| {
            let open = |key: String| given.case().follow_ups().get(&key).is_some_and(|follow_up| follow_up.open);
            for (order, state) in &given.case().domain().orders {
                for what in ["end", "final-decision", "court"] {
                    assert!(!state.is_ended() || !open(format!("order/{order}/{what}")), "{what} of an ended order");
                }
            }
            for (hearing, state) in &given.case().domain().hearings {
                let plan = open(format!("hearing/{hearing}/safety-plan"));
                assert!(!plan || state.stand != crate::case::state::HearingStand::Attended, "a plan for a hearing held");
            }
        });
    }
}
