//! What holds in every order of entries.

use super::{CHILD, ERASURE, Woman, nobody};
use crate::woman::{
    Event,
    state::{ErasureStands, StayStands, sign},
};
use kit::{
    Decider,
    given::{Given, Samples, set, walk},
    relation::Relation,
};
use proptest::{
    collection::vec,
    prelude::{ProptestConfig, any},
    proptest,
};
use serde_json::{Value, json};
use std::sync::LazyLock;

static SAMPLES: LazyLock<Samples> = LazyLock::new(|| kit::samples!());

const OTHER_ERASURE: &str = "1e2d3c4b-5a69-4788-9796-a5b4c3d2e159";

/// Plausible facts out of a byte: a sample, about one of two contacts, stays, requests and workers.
fn plausible(event: &str, byte: u8) -> Value {
    let mut facts = SAMPLES.latest(event, if byte & 1 == 0 { "complete" } else { "minimal" });
    let of = |one: &str, other: &str| json!(if byte & 2 == 0 { one } else { other });
    set(&mut facts, "contact", of(super::CONTACT, super::OTHER_CONTACT));
    set(&mut facts, "stay", of(super::STAY, super::OTHER_STAY));
    set(&mut facts, "erasure", of(ERASURE, OTHER_ERASURE));
    set(&mut facts, "worker", of("w-1", "w-17"));
    set(&mut facts, "who", of("w-17", "w-66"));
    set(&mut facts, "proposed_by", of("w-1", "l-1"));
    set(&mut facts, "moved_to", of("new_home", "unknown"));
    facts
}

/// Facts for a suggested action that fit the state: about what is there, and by nobody with a conflict of interest.
pub(super) fn fitting(given: &Given<Woman>, action: &str) -> Value {
    let waiting = given.case().domain().erasures.iter().filter(|(_, known)| known.standing == ErasureStands::Waiting);
    let mut waiting = waiting.map(|(erasure, _)| json!({ "erasure": erasure }));
    let approved = |facts: &Value| given.clone().when("approve-erasure", facts.clone()).outcome.is_ok();
    match action {
        "cancel-erasure" => waiting.next().expect("one waits"),
        "approve-erasure" => waiting.find(approved).expect("one may be approved"),
        "assign-worker" => json!({ "worker": "w-1", "role": "contact_person" }),
        _ => SAMPLES.action::<Woman>(action, "minimal"),
    }
}

fn one_stay_is_live(given: &Given<Woman>) {
    let stays = &given.case().domain().stays;
    assert!(stays.values().filter(|stay| stay.standing == StayStands::Live).count() <= 1);
    let relation = &given.case().domain().relation;
    assert_eq!(relation.lives_here(), stays.values().any(|stay| stay.standing == StayStands::Live));
}

/// What she tells of access is what everybody makes of the entries that stand.
fn the_relation_is_that_of_the_entries(given: &Given<Woman>) {
    let signs: Vec<_> = given.standing().iter().filter_map(sign).collect();
    // Who only may come is told of nowhere.
    let offered = given.standing().iter().any(|event| matches!(event, Event::ArrivalOffered(_)));
    let only_offered = offered && signs.is_empty();
    assert_eq!(given.case().domain().relation(), (!only_offered).then(|| Relation::of(&signs)));
}

/// Of the erasures that stand each was asked for by somebody else, of the same person, in time, and not held back then.
fn erased_by_the_rules(given: &Given<Woman>) {
    let standing = given.standing();
    let erased = |event: &Event| matches!(event, Event::PersonErased(_));
    let Some(at) = standing.iter().rposition(erased).filter(|at| at + 1 == standing.len()) else { return };
    let (before, Some(Event::PersonErased(done))) = (&standing[..at], standing.get(at)) else { panic!() };
    let request = before.iter().rev().find_map(|event| match event {
        Event::ErasureRequested(request) if request.erasure == done.erasure => Some(request),
        _ => None,
    });
    let request = request.expect("it was asked for");
    assert_eq!(request.child, done.child);
    assert_ne!(request.asked_by.as_ref().unwrap().as_str(), "l-1");
    let lifted = |event: &Event| match event {
        Event::ErasureHoldLifted(lifted) => lifted.lifted_by == Some("l-1".parse().unwrap()),
        _ => false,
    };
    assert!(!before.iter().any(lifted));
    assert!(request.not_before.unwrap().date() <= given.now().today);
    let held = before.iter().rev().find_map(|event| match event {
        Event::ErasureHeld(_) => Some(true),
        Event::ErasureHoldLifted(_) => Some(false),
        _ => None,
    });
    assert_ne!(held, Some(true));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..Default::default() })]

    #[test]
    fn whatever_is_logged_in_whatever_order(steps in vec(any::<(u8, u8, u8)>(), 1..40)) {
        walk(nobody(), &steps, plausible, fitting, |given| {
            one_stay_is_live(given);
            the_relation_is_that_of_the_entries(given);
        });
    }

    /// Whoever asks, cancels, holds back and approves, in whatever order.
    #[test]
    fn nobody_is_forgotten_against_the_rules(
        legs in vec((any::<bool>(), vec((any::<u8>(), 14_u8..19, any::<u8>()), 1..8)), 1..8),
    ) {
        let mut given = nobody().word_checked().and("register-child", json!({ "child": CHILD }));
        for (leader, steps) in legs {
            let mut after = if leader { given.by_leader("l-1") } else { given.by("w-1") };
            walk(after.clone(), &steps, plausible, fitting, |given| {
                let new = given.standing().len() > after.standing().len();
                if new {
                    erased_by_the_rules(given);
                }
                after = given.clone();
            });
            given = after;
        }
    }
}
