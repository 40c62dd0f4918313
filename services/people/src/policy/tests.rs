//! The move to another centre, told event by event.

use super::*;
use kit::{AggregateId, deadlines::Deadlines, given::heard};
use serde_json::{Value, json};
use time::macros::date;
use uuid::Uuid;

const THERE: CentreId = CentreId(Uuid::from_u128(2));

fn moves(to: &Value) -> Value {
    json!({ "to": to, "along": "all", "until": "2026-11-20T14:30" })
}

/// The orders on an event of hers at centre 1, who is known at these centres as these aggregates.
fn orders(known: &[(CentreId, u128)], event: &str, facts: Value) -> Vec<Order<Woman>> {
    let mut standing = Standing::default();
    for (centre, aggregate) in known {
        let mut opened = heard::<ReceiveRelocations>("people", 1, "CaseOpened", json!({})).unwrap();
        (opened.centre, opened.aggregate) = (*centre, AggregateId(Uuid::from_u128(*aggregate)));
        ReceiveRelocations::hear(&mut standing, &opened);
    }
    let Some(event) = heard::<ReceiveRelocations>("people", 7, event, facts) else { return Vec::new() };
    ReceiveRelocations::hear(&mut standing, &event);
    let now = Now { today: date!(2026 - 11 - 20), deadlines: &Deadlines::default() };
    ReceiveRelocations::react(&standing, &event, now)
}

#[test]
fn she_is_received_where_she_goes_and_nothing_else_is_told() {
    let [order] =
        orders(&[(CentreId(Uuid::from_u128(1)), 9)], "CentreRelocated", moves(&json!(THERE))).try_into().unwrap();
    assert_eq!((order.to, order.centre, order.responsible.clone()), (To::OwnCase, THERE, None));
    assert_eq!(order.about, "people/00000000-0000-0000-0000-000000000009/7");
    let expected = json!({ "from": CentreId(Uuid::from_u128(1)), "along": "all", "until": "2026-11-20T14:30" });
    assert_eq!(order.command, Command::ReceiveRelocation(serde_json::from_value(expected).unwrap()));
}

#[test]
fn where_she_is_known_already_it_is_her_aggregate_there() {
    let known = [(CentreId(Uuid::from_u128(1)), 9), (THERE, 10), (CentreId(Uuid::from_u128(3)), 11)];
    let [order] = orders(&known, "CentreRelocated", moves(&json!(THERE))).try_into().unwrap();
    assert_eq!(order.to, To::Existing(AggregateId(Uuid::from_u128(10))));
}

#[test]
fn the_default_goes_along_where_nothing_was_said() {
    let facts = json!({ "to": THERE, "until": "2026-11-20T14:30" });
    let [order] = orders(&[], "CentreRelocated", facts).try_into().unwrap();
    let Command::ReceiveRelocation(arrival) = order.command else { panic!() };
    assert_eq!(arrival.along, Along::OpenTasksAndSafety);
}

#[test]
fn nothing_else_moves_her_and_nobody_guesses_where() {
    for event in ["CaseOpened", "StayEnded", "RelocationReceived"] {
        assert!(orders(&[], event, json!({})).is_empty(), "{event}");
    }
    let corrected = json!({ "version": 2, "event": "CentreRelocated", "facts": moves(&json!(THERE)) });
    assert!(orders(&[], "EntryCorrected", corrected).is_empty(), "a rule reacts to what is recorded");
    for to in
        [json!({ "$erased": "location" }), json!({ "$sealed": { "class": "location", "key": Uuid::nil(), "box": "" } })]
    {
        assert!(orders(&[], "CentreRelocated", moves(&to)).is_empty());
    }
}

/// What is kept of her lies in the database: no place is in it.
#[test]
fn no_place_is_kept() {
    let mut standing = Standing::default();
    let event = heard::<ReceiveRelocations>("people", 7, "CentreRelocated", moves(&json!(THERE))).unwrap();
    ReceiveRelocations::hear(&mut standing, &event);
    assert!(!serde_json::to_string(&standing).unwrap().contains(&THERE.to_string()));
}

/// What her own aggregate records is what the rule reads.
#[test]
fn the_rule_understands_the_move_that_is_recorded() {
    let case = kit::given::given::<Woman>("2026-11-20", include_str!("../../../../deploy/deadlines.toml"));
    let told = case.and("register-woman", json!({})).and("relocate-to-centre", json!({ "to": THERE }));
    let heard = told.tells::<ReceiveRelocations>("people");
    assert_eq!(heard.len(), 2, "the opening and the move");
    let Some(Foreign::CentreRelocated { along, until, .. }) = heard[1].recorded() else { panic!() };
    assert!(*along == Some(Along::OpenTasksAndSafety) && until.is_some());
}
