//! A duty's rules.

use super::Duty;
use kit::{
    Happened,
    given::{Given, given, walk},
};
use proptest::{collection::vec, prelude::any, proptest};
use serde_json::{Value, json};

/// At noon on Friday 20 November.
fn duty() -> Given<Duty> {
    given("2026-11-20", include_str!("../../../../deploy/deadlines.toml"))
}

fn until(until: &str) -> Value {
    json!({ "worker": "w-17", "kind": "on_duty", "until": until })
}

fn from(from: &str, until: &str) -> Value {
    json!({ "worker": "w-17", "kind": "temp", "from": from, "until": until })
}

#[test]
fn a_duty_begins_before_it_ends() {
    drop(duty().when("start-duty", until("2026-11-20T12:01")).warns(&[]));
    duty().when("start-duty", until("2026-11-20T12:00")).refused("end_before_beginning");
    duty().when("start-duty", from("2026-11-20T15:00", "2026-11-20T14:59")).refused("end_before_beginning");
    // The hour that the clocks are set back is one.
    drop(duty().when("start-duty", from("2026-10-25T01:30", "2026-10-25T02:30")).warns(&[]));
    // Logged late, it began at the minute that the entry names; without one nobody knows.
    let yesterday = "2026-11-19T15:00".parse().unwrap();
    drop(duty().when_on("start-duty", until("2026-11-19T23:00"), yesterday).warns(&[]));
    duty().when_on("start-duty", until("2026-11-19T14:00"), yesterday).refused("end_before_beginning");
    drop(duty().when_on("start-duty", until("2026-11-01T14:00"), Happened::Unknown).warns(&[]));
}

#[test]
fn a_long_duty_is_asked_about() {
    drop(duty().when("start-duty", from("2026-11-20T08:00", "2026-11-21T08:00")).warns(&[]));
    drop(duty().when("start-duty", from("2026-11-20T08:00", "2026-11-21T08:01")).warns(&["long_duty"]));
    drop(duty().when("start-duty", until("2026-12-20T08:00")).warns(&["long_duty"]));
}

#[test]
fn a_duty_is_one_duty_and_ends_once() {
    let started = duty().and("start-duty", until("2026-11-20T23:00"));
    drop(started.clone().when("start-duty", until("2026-11-20T23:00")).already());
    started.clone().when("start-duty", until("2026-11-20T22:00")).refused("started_already");
    drop(started.clone().when_corrected(2, until("2026-11-20T22:00")).events(&["EntryCorrected"]));
    assert_eq!(started.actions(), ["end-duty"]);
    assert!(started.clone().on("2026-11-21").actions().is_empty(), "it has ended by itself");
    let ended = started.and("end-duty", json!({}));
    drop(ended.when("end-duty", json!({})).already());
}

proptest! {
    #[test]
    fn whatever_is_logged_in_whatever_order(steps in vec(any::<(u8, u8, u8)>(), 1..12)) {
        let facts = |event: &str, byte: u8| match event {
            "DutyStarted" if byte & 1 == 0 => until("2026-11-20T23:00"),
            "DutyStarted" => from("2026-11-19T15:00", "2026-11-19T23:00"),
            _ => json!({}),
        };
        let fitting = |given: &Given<Duty>, action: &str| match action {
            "start-duty" => from("2026-11-20T08:00", &format!("{}T23:00", given.now().today.next_day().unwrap())),
            _ => json!({}),
        };
        walk(duty(), &steps, facts, fitting, |_| {});
    }
}
