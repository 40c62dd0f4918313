//! The move to another centre, told event by event.

use super::*;
use kit::{
    AggregateId,
    deadlines::Deadlines,
    decider::{Commands, Events},
    entry::{ENTRY_CORRECTED, RECORDED_IN_ERROR},
    given::heard,
};
use serde_json::{Value, json};
use time::macros::date;
use uuid::Uuid;

const HERE: CentreId = CentreId(Uuid::from_u128(1));
const THERE: CentreId = CentreId(Uuid::from_u128(2));
const ELSEWHERE: CentreId = CentreId(Uuid::from_u128(3));

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
    let [order] = orders(&[(HERE, 9)], "CentreRelocated", moves(&json!(THERE))).try_into().unwrap();
    assert_eq!((order.to, order.centre, order.responsible.clone()), (To::OwnCase, THERE, None));
    assert_eq!(order.about, "people/00000000-0000-0000-0000-000000000009/7");
    let Command::ReceiveRelocation(arrival) = order.command else { panic!() };
    assert!(!arrival.arrival.is_nil());
    let expected = json!({ "arrival": arrival.arrival, "from": HERE, "along": "all", "until": "2026-11-20T14:30" });
    assert_eq!(arrival, serde_json::from_value(expected).unwrap());
}

#[test]
fn where_she_is_known_already_it_is_her_aggregate_there() {
    let known = [(HERE, 9), (THERE, 10), (ELSEWHERE, 11)];
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
    assert!(orders(&[], RECORDED_IN_ERROR, json!({ "version": 2 })).is_empty());
    assert!(orders(&[], "ConflictOfInterestRecorded", json!({ "who": "w-66" })).is_empty());
    for to in
        [json!({ "$erased": "location" }), json!({ "$sealed": { "class": "location", "key": Uuid::nil(), "box": "" } })]
    {
        assert!(orders(&[], "CentreRelocated", moves(&to)).is_empty());
    }
}

/// What is kept of her lies in the database: no place is in it.
#[test]
fn no_place_is_kept() {
    let mut course = Course::default();
    course.hears(HERE, 7, "CentreRelocated", moves(&json!(THERE)));
    course.hears(HERE, 8, ENTRY_CORRECTED, corrected(7, &json!(ELSEWHERE)));
    let kept = serde_json::to_string(&course.0).unwrap();
    assert!(kept.contains("moves") && [THERE, ELSEWHERE].iter().all(|place| !kept.contains(&place.to_string())));
}

/// What the rule hears of her, from several centres; an aggregate is known by its centre.
#[derive(Default)]
struct Course(Standing<Known>);

impl Course {
    fn hears(&mut self, centre: CentreId, version: u64, event: &str, facts: Value) -> Vec<Order<Woman>> {
        let mut event = heard::<ReceiveRelocations>("people", version, event, facts).unwrap();
        (event.centre, event.aggregate) = (centre, AggregateId(centre.0));
        event.id = format!("people/{centre}/{version}");
        ReceiveRelocations::hear(&mut self.0, &event);
        let now = Now { today: date!(2026 - 11 - 20), deadlines: &Deadlines::default() };
        ReceiveRelocations::react(&self.0, &event, now)
    }

    /// Carries orders out: what becomes of each is heard where it goes, as that centre's next entry.
    fn carries_out(&mut self, orders: Vec<Order<Woman>>, version: u64) -> Vec<(CentreId, &'static str)> {
        let mut done = Vec::new();
        for order in orders {
            let event = order.command.record();
            let facts = kit::sealed::exposing(|| event.to_facts()).unwrap();
            done.push((order.centre, event.name()));
            let _ = self.hears(order.centre, version, event.name(), facts);
        }
        done
    }
}

fn corrected(version: u64, to: &Value) -> Value {
    json!({ "version": version, "event": "CentreRelocated", "facts": moves(to) })
}

#[test]
fn the_wrong_centre_is_told_once_the_move_is_taken_back() {
    let mut course = Course::default();
    let moved = course.hears(HERE, 7, "CentreRelocated", moves(&json!(THERE)));
    assert_eq!(course.carries_out(moved, 2), [(THERE, "RelocationReceived")]);
    let back = course.hears(HERE, 8, RECORDED_IN_ERROR, json!({ "version": 7 }));
    let [order] = &back[..] else { panic!("{back:?}") };
    assert_eq!(order.to, To::Existing(AggregateId(THERE.0)));
    assert_eq!(course.carries_out(back, 3), [(THERE, "RelocationWithdrawn")]);
    assert!(course.hears(HERE, 9, "ConflictOfInterestRecorded", json!({ "who": "w-66" })).is_empty(), "once");
}

#[test]
fn another_centre_receives_her_once_the_move_is_corrected() {
    let mut course = Course::default();
    let moved = course.hears(HERE, 7, "CentreRelocated", moves(&json!(THERE)));
    course.carries_out(moved, 2);
    let mut facts = corrected(7, &json!(ELSEWHERE));
    facts["facts"]["until"] = "2026-12-24T10:00".into();
    let orders = course.hears(HERE, 8, ENTRY_CORRECTED, facts);
    let Command::ReceiveRelocation(arrival) = &orders[0].command else { panic!() };
    assert_eq!(json!(arrival.until), json!("2026-11-20T14:30"), "what came later stays here, whenever it is corrected");
    let done = course.carries_out(orders, 3);
    assert_eq!(done, [(ELSEWHERE, "RelocationReceived"), (THERE, "RelocationWithdrawn")]);
    // Once more, back to where it was: each is a coming of its own.
    let orders = course.hears(HERE, 9, ENTRY_CORRECTED, corrected(7, &json!(THERE)));
    let done = course.carries_out(orders, 4);
    assert_eq!(done, [(THERE, "RelocationReceived"), (ELSEWHERE, "RelocationWithdrawn")]);
    let orders = course.hears(HERE, 10, RECORDED_IN_ERROR, json!({ "version": 7 }));
    assert_eq!(course.carries_out(orders, 5), [(THERE, "RelocationWithdrawn")]);
}

/// The mistake may be heard before what came of the order.
#[test]
fn what_was_received_after_the_mistake_is_withdrawn_all_the_same() {
    let mut course = Course::default();
    let moved = course.hears(HERE, 7, "CentreRelocated", moves(&json!(THERE)));
    assert!(course.hears(HERE, 8, RECORDED_IN_ERROR, json!({ "version": 7 })).is_empty());
    let [order] = moved.try_into().unwrap();
    let Command::ReceiveRelocation(arrival) = order.command else { panic!() };
    let facts = json!({ "arrival": arrival.arrival, "from": HERE, "along": "all", "until": "2026-11-20T14:30" });
    let orders = course.hears(THERE, 2, "RelocationReceived", facts);
    assert_eq!(course.carries_out(orders, 3), [(THERE, "RelocationWithdrawn")]);
}

#[test]
fn who_must_see_nothing_of_her_sees_nothing_there_either() {
    let mut course = Course::default();
    let conflict = |who: &str| json!({ "who": who });
    course.hears(HERE, 3, "ConflictOfInterestRecorded", conflict("w-66"));
    course.hears(HERE, 4, "ConflictOfInterestRecorded", conflict("w-1"));
    course.hears(HERE, 5, RECORDED_IN_ERROR, json!({ "version": 4 }));
    course.hears(ELSEWHERE, 2, "ConflictOfInterestRecorded", conflict("w-2"));
    let received = |orders: &[Order<Woman>]| {
        let Command::ReceiveRelocation(arrival) = &orders[0].command else { panic!() };
        let all = arrival.conflicts.clone().unwrap_or_default();
        all.iter().map(|who| who.as_str().to_owned()).collect::<Vec<_>>()
    };
    let nothing = json!({ "to": THERE, "along": "nothing", "until": "2026-11-20T14:30" });
    let moved = course.hears(HERE, 7, "CentreRelocated", nothing);
    assert_eq!(received(&moved), ["w-66"], "whatever she chose");
    course.carries_out(moved, 2);
    // And further, from there.
    course.hears(THERE, 3, "ConflictOfInterestRecorded", conflict("w-9"));
    let moved = course.hears(THERE, 4, "CentreRelocated", moves(&json!(ELSEWHERE)));
    assert_eq!(received(&moved), ["w-66", "w-9"]);
}

fn offer(to: &Value) -> Value {
    json!({ "arrival": ARRIVAL, "to": to, "along": "all", "day": "2026-11-23", "alias": "Birk-47", "answer_by": "2026-11-20" })
}

const ARRIVAL: &str = "3f4e5d6c-7b8a-4990-a1b2-c3d4e5f60718";

#[test]
fn it_is_asked_where_she_would_go_and_no_more_is_told() {
    let mut course = Course::default();
    let orders = course.hears(HERE, 7, "RelocationOffered", offer(&json!(THERE)));
    let [order] = &orders[..] else { panic!("{orders:?}") };
    assert_eq!((order.to, order.centre), (To::OwnCase, THERE));
    let Command::OfferArrival(arrival) = &order.command else { panic!() };
    let told = kit::sealed::exposing(|| serde_json::to_value(arrival).unwrap());
    let members: Vec<_> = told.as_object().unwrap().keys().cloned().collect();
    assert_eq!(members, ["arrival", "from", "along", "alias", "day"]);
    assert_eq!(course.carries_out(orders, 2), [(THERE, "ArrivalOffered")]);
    let kept = serde_json::to_string(&course.0).unwrap();
    assert!(!kept.contains("Birk") && !kept.contains(&format!("\"to\":\"{THERE}")), "{kept}");
}

#[test]
fn what_is_declined_or_withdrawn_ends_there_whichever_is_heard_first() {
    for over in ["RelocationDeclined", "RelocationOfferWithdrawn"] {
        let facts = json!({ "arrival": ARRIVAL, "declined_by": "l-2" });
        let mut course = Course::default();
        let offered = course.hears(HERE, 7, "RelocationOffered", offer(&json!(THERE)));
        course.carries_out(offered, 2);
        let ended = course.hears(HERE, 8, over, facts.clone());
        assert_eq!(course.carries_out(ended, 3), [(THERE, "ArrivalOfferEnded")]);
        assert!(course.hears(HERE, 9, "ConflictOfInterestRecorded", json!({ "who": "w-66" })).is_empty(), "once");

        let mut course = Course::default();
        let offered = course.hears(HERE, 7, "RelocationOffered", offer(&json!(THERE)));
        assert!(course.hears(HERE, 8, over, facts).is_empty());
        let [order] = offered.try_into().unwrap();
        let facts = kit::sealed::exposing(|| order.command.record().to_facts()).unwrap();
        let ended = course.hears(THERE, 2, "ArrivalOffered", facts);
        assert_eq!(course.carries_out(ended, 3), [(THERE, "ArrivalOfferEnded")]);
    }
}

#[test]
fn nobody_waits_for_whoever_died_or_was_forgotten() {
    let due = |course: &Course| {
        let deadlines = Deadlines::default();
        let orders = ReceiveRelocations::due(&course.0, Now { today: date!(2026 - 11 - 21), deadlines: &deadlines });
        orders.len()
    };
    for (end, centre) in [("PersonDied", HERE), ("PersonErased", HERE), ("PersonErased", ELSEWHERE)] {
        let facts = if end == "PersonDied" { json!({}) } else { json!({ "erasure": ARRIVAL }) };
        let mut course = Course::default();
        let offered = course.hears(HERE, 7, "RelocationOffered", offer(&json!(THERE)));
        course.carries_out(offered, 2);
        let ended = course.hears(centre, 8, end, facts.clone());
        let [order] = &ended[..] else { panic!("{ended:?}") };
        assert_eq!(order.to, To::Existing(AggregateId(THERE.0)));
        assert_eq!(course.carries_out(ended, 3), [(THERE, "ArrivalOfferEnded")]);
        assert!(course.hears(HERE, 9, "ConflictOfInterestRecorded", json!({ "who": "w-66" })).is_empty(), "once");
        assert_eq!(due(&course), 0, "nor is it said that nobody answers");

        // Heard before it was asked there.
        let mut course = Course::default();
        let offered = course.hears(HERE, 7, "RelocationOffered", offer(&json!(THERE)));
        assert!(course.hears(centre, 8, end, facts).is_empty());
        let [order] = offered.try_into().unwrap();
        let facts = kit::sealed::exposing(|| order.command.record().to_facts()).unwrap();
        let ended = course.hears(THERE, 2, "ArrivalOffered", facts);
        assert_eq!(course.carries_out(ended, 3), [(THERE, "ArrivalOfferEnded")]);
    }
    // What another centre says of her death is not told by this; nor does a child that was forgotten end it.
    for (end, centre, facts) in
        [("PersonDied", ELSEWHERE, json!({})), ("PersonErased", HERE, json!({ "erasure": ARRIVAL, "child": ARRIVAL }))]
    {
        let mut course = Course::default();
        let offered = course.hears(HERE, 7, "RelocationOffered", offer(&json!(THERE)));
        course.carries_out(offered, 2);
        assert!(course.hears(centre, 8, end, facts).is_empty());
        assert_eq!(due(&course), 1);
    }
    // A death that was recorded in error ends nothing that was not ended yet.
    let mut course = Course::default();
    let offered = course.hears(HERE, 7, "RelocationOffered", offer(&json!(THERE)));
    course.hears(HERE, 8, "PersonDied", json!({}));
    course.hears(HERE, 9, RECORDED_IN_ERROR, json!({ "version": 8 }));
    assert_eq!(course.carries_out(offered, 2), [(THERE, "ArrivalOffered")]);
}

#[test]
fn what_nobody_answers_is_said_the_day_after() {
    let deadlines = Deadlines::default();
    let due = |course: &Course, today| {
        let orders = ReceiveRelocations::due(&course.0, Now { today, deadlines: &deadlines });
        orders.into_iter().map(|order| (order.centre, order.command.record().name())).collect::<Vec<_>>()
    };
    let mut course = Course::default();
    course.hears(HERE, 7, "RelocationOffered", offer(&json!(THERE)));
    assert!(due(&course, date!(2026 - 11 - 20)).is_empty());
    assert_eq!(due(&course, date!(2026 - 11 - 21)), [(HERE, "RelocationUnanswered")]);
    let mut accepted = Course(course.0.clone());
    let mut moved = moves(&json!(THERE));
    moved["arrival"] = ARRIVAL.into();
    moved["accepted_by"] = "l-2".into();
    let orders = accepted.hears(HERE, 8, "CentreRelocated", moved);
    let Command::ReceiveRelocation(arrival) = &orders[0].command else { panic!() };
    assert_eq!((arrival.arrival.to_string(), json!(arrival.accepted_by)), (ARRIVAL.to_owned(), json!("l-2")));
    assert!(due(&accepted, date!(2026 - 11 - 21)).is_empty());
    course.hears(HERE, 8, "RelocationOfferWithdrawn", json!({ "arrival": ARRIVAL }));
    assert!(due(&course, date!(2026 - 11 - 21)).is_empty());
}

#[test]
fn what_ended_does_not_go_along() {
    let mut course = Course::default();
    for (version, event, who) in [
        (3, "ConflictOfInterestRecorded", "w-66"),
        (4, "ConflictOfInterestRecorded", "w-1"),
        (5, "ConflictOfInterestEnded", "w-66"),
    ] {
        course.hears(HERE, version, event, json!({ "who": who }));
    }
    let moved = course.hears(HERE, 7, "CentreRelocated", moves(&json!(THERE)));
    let Command::ReceiveRelocation(arrival) = &moved[0].command else { panic!() };
    assert_eq!(json!(arrival.conflicts), json!(["w-1"]));
}

/// What her own aggregate records is what the rule reads.
#[test]
fn the_rule_understands_the_move_that_is_recorded() {
    let case = kit::given::given::<Woman>("2026-11-20", include_str!("../../../../deploy/deadlines.toml"));
    let told = case
        .by_on_duty("w-1")
        .and("register-woman", json!({}))
        .by_rule()
        .and("relocate-to-centre", json!({ "to": THERE }));
    let heard = told.tells::<ReceiveRelocations>("people");
    assert_eq!(heard.len(), 2, "the opening and the move");
    let Some(Foreign::CentreRelocated { along, until, .. }) = heard[1].recorded() else { panic!() };
    assert!(*along == Some(Along::OpenTasksAndSafety) && until.is_some());
}
