//! What holds in every order of entries.

use super::{ALERT, LOAN, OTHER_ALERT, OTHER_LOAN, Safety, case};
use crate::case::{Event, LoanId};
use kit::{
    Decider,
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

/// Plausible facts out of a byte: a sample, about one of two loans, alarms and alerts.
fn plausible(event: &str, byte: u8) -> Value {
    let mut facts = SAMPLES.latest(event, if byte & 1 == 0 { "complete" } else { "minimal" });
    set(&mut facts, "loan", json!(if byte & 2 == 0 { LOAN } else { OTHER_LOAN }));
    set(&mut facts, "alarm", json!(if byte & 4 == 0 { "OA 1047" } else { "OA 1048" }));
    set(&mut facts, "alert", json!(if byte & 8 == 0 { ALERT } else { OTHER_ALERT }));
    let interlocks = ["address_unprotected", "new_threat", "no_safety_plan", "order_ends"];
    set(&mut facts, "interlock", json!(interlocks[usize::from(byte >> 4) % 4]));
    facts
}

/// Facts for a suggested action that fit the state: about what is there.
fn fitting(given: &Given<Safety>, action: &str) -> Value {
    let state = given.case().domain();
    let mut facts = SAMPLES.action::<Safety>(action, "minimal");
    if let Some((loan, _)) = state.live().next() {
        set(&mut facts, "loan", json!(loan));
    }
    if let Some((alert, _)) = state.uncleared().next() {
        set(&mut facts, "alert", json!(alert));
    }
    facts
}

/// The endings that stand, by loan. The same one may stand twice, where a correction says what another entry says too.
fn endings(given: &Given<Safety>) -> BTreeMap<LoanId, BTreeSet<&'static str>> {
    let mut endings: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for event in given.standing() {
        if let Event::AlarmReturned(end) | Event::AlarmLost(end) = &event {
            endings.entry(end.loan).or_default().insert(event.name());
        }
    }
    endings
}

/// The live loans whose alarm's number is known.
fn numbered(given: &Given<Safety>) -> usize {
    let mut numbers = BTreeMap::new();
    for event in given.standing() {
        if let Event::AlarmIssued(loan) = event {
            numbers.insert(loan.loan, loan.alarm.is_some());
        }
    }
    given.case().domain().live().filter(|(id, _)| numbers.get(id) == Some(&true)).count()
}

proptest! {
    #[test]
    fn whatever_is_logged_in_whatever_order(steps in vec(any::<(u8, u8, u8)>(), 1..40)) {
        walk(case(), &steps, plausible, fitting, |given| {
            assert!(endings(given).values().all(|endings| endings.len() == 1), "a second outcome slipped in");
        });
    }

    #[test]
    fn no_alarm_is_on_two_loans(steps in vec(any::<(u8, u8, u8)>(), 1..40)) {
        walk(case(), &steps, plausible, fitting, |given| {
            assert_eq!(given.case().domain().claims().len(), numbered(given), "one alarm is on two loans");
        });
    }

    #[test]
    fn no_alert_is_lost_before_a_worker_clears_it(steps in vec(any::<(u8, u8, u8)>(), 1..40)) {
        walk(case(), &steps, plausible, fitting, |given| {
            let mut uncleared = BTreeSet::new();
            for event in given.standing() {
                match event {
                    Event::SafetyAlertRaised(alert) => drop(uncleared.insert(alert.alert)),
                    Event::SafetyAlertCleared(clearing) => drop(uncleared.remove(&clearing.alert)),
                    _ => {}
                }
            }
            let state: BTreeSet<_> = given.case().domain().uncleared().map(|(id, _)| *id).collect();
            assert_eq!(state, uncleared);
        });
    }
}
