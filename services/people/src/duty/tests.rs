//! A duty's rules.

use super::Duty;
use kit::{
    Happened,
    given::{Given, given, walk},
};
use proptest::{collection::vec, prelude::any, proptest};
use serde_json::{Value, json};

/// At noon on Friday 20 November, as whoever leads the centre says.
fn duty() -> Given<Duty> {
    given("2026-11-20", include_str!("../../../../deploy/deadlines.toml")).by_leader("l-1")
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

/// Whoever is on duty sees where every woman is: for a day, and a temp works for a month.
#[test]
fn a_duty_is_bounded() {
    let of =
        |kind: &str, from: &str, until: &str| json!({ "worker": "w-17", "kind": kind, "from": from, "until": until });
    for (kind, last, too_long) in
        [("on_duty", "2026-11-21T08:00", "2026-11-21T08:01"), ("temp", "2026-12-21T08:00", "2026-12-21T08:01")]
    {
        drop(duty().when("start-duty", of(kind, "2026-11-20T08:00", last)).warns(&[]));
        duty().when("start-duty", of(kind, "2026-11-20T08:00", too_long)).refused("duty_too_long");
    }
    duty().when("start-duty", until("2199-11-20T08:00")).refused("duty_too_long");
    // Where nobody says when it began, it counts from now: access does.
    let long_ago = "2026-11-19".parse().unwrap();
    for happened in [Happened::Unknown, long_ago] {
        duty().when_on("start-duty", until("2026-11-21T12:01"), happened).refused("duty_too_long");
        drop(duty().when_on("start-duty", until("2026-11-21T12:00"), happened).accepted());
    }
}

/// A day on duty, and a month as a temp, end where the clock says, in both nights of the year.
#[test]
fn a_duty_over_the_night_that_changes_the_clock_is_as_long_as_any() {
    let duty =
        |today| -> Given<Duty> { given(today, include_str!("../../../../deploy/deadlines.toml")).by_leader("l-1") };
    let of =
        |kind: &str, from: &str, until: &str| json!({ "worker": "w-17", "kind": kind, "from": from, "until": until });
    for (today, kind, from, last, too_long) in [
        ("2026-10-24", "on_duty", "2026-10-24T08:00", "2026-10-25T08:00", "2026-10-25T08:01"),
        ("2026-10-01", "temp", "2026-10-01T08:00", "2026-11-01T08:00", "2026-11-01T08:01"),
        ("2027-03-27", "on_duty", "2027-03-27T08:00", "2027-03-28T08:00", "2027-03-28T09:01"),
        ("2027-03-01", "temp", "2027-03-01T08:00", "2027-04-01T08:00", "2027-04-01T09:01"),
    ] {
        drop(duty(today).when("start-duty", of(kind, from, last)).warns(&[]));
        duty(today).when("start-duty", of(kind, from, too_long)).refused("duty_too_long");
    }
    // Of the hour that comes twice the offset tells which is meant.
    let night = |from, until| duty("2026-10-25").when("start-duty", of("temp", from, until));
    drop(night("2026-10-25T02:30+02:00", "2026-10-25T02:30+01:00").warns(&[]));
    night("2026-10-25T02:30+01:00", "2026-10-25T02:30").refused("end_before_beginning");
    // Whoever answers says who relieves them until the same time tomorrow, also where that is 25 hours.
    let relief =
        |until| duty("2026-10-24").by_on_duty("w-1").when("start-duty", of("on_duty", "2026-10-24T20:00", until));
    drop(relief("2026-10-25T12:00").accepted());
    relief("2026-10-25T12:01").refused("needs_leader");
}

#[test]
fn nobody_puts_themselves_on_duty_but_the_leader() {
    let start = |given: Given<Duty>| given.when("start-duty", until("2026-11-20T23:00"));
    start(duty().by("w-17")).refused("needs_leader");
    start(duty().by("w-1")).refused("needs_answers");
    start(duty().by_temp("w-1")).refused("needs_answers");
    start(duty().by_on_duty("w-17")).refused("needs_leader");
    drop(start(duty().by_on_duty("w-1")).accepted());
    drop(start(duty().by_leader("w-17")).accepted());
    // Whoever is on duty says who relieves them within a day; what comes later, and who is engaged, the leader says.
    let rota = |given: Given<Duty>, facts: Value| given.when("start-duty", facts);
    let (day, later) = ("2026-11-21T12:00", "2026-11-21T12:01");
    let shift =
        |until: &str| json!({ "worker": "w-17", "kind": "on_duty", "from": "2026-11-20T20:00", "until": until });
    drop(rota(duty().by_on_duty("w-1"), shift(day)).accepted());
    rota(duty().by_on_duty("w-1"), shift(later)).refused("needs_leader");
    drop(rota(duty(), shift(later)).accepted());
    rota(duty().by_on_duty("w-1"), from("2026-11-20T20:00", day)).refused("needs_leader");
    drop(rota(duty(), from("2026-11-20T20:00", day)).accepted());
    // It is ended by whoever could start it, and by whose it is; and what was ended nobody gets back by taking the end back.
    let started = || start(duty()).accepted();
    started().by("w-1").when("end-duty", json!({})).refused("needs_answers");
    drop(started().by_on_duty("w-1").when("end-duty", json!({})).accepted());
    let ended = started().by("w-17").and("end-duty", json!({}));
    ended.clone().when_in_error(3).refused("needs_answers");
    drop(ended.by_leader("l-1").when_in_error(3).accepted());
    // Nor does anybody get one by correcting another's.
    for given in [started().by("w-1"), started().by_on_duty("w-1"), started()] {
        assert!(given.when_corrected(2, until("2026-11-20T22:00")).outcome.is_err());
    }
}

#[test]
fn a_duty_is_one_duty_and_ends_once() {
    let started = duty().and("start-duty", until("2026-11-20T23:00"));
    drop(started.clone().when("start-duty", until("2026-11-20T23:00")).already());
    started.clone().when("start-duty", until("2026-11-20T22:00")).refused("started_already");
    started.clone().when_corrected(2, until("2026-11-20T22:00")).refused("not_correctable");
    drop(started.clone().when_in_error(2).accepted().when("start-duty", until("2026-11-20T22:00")).accepted());
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
            "start-duty" => from(&format!("{}T08:00", given.now().today), &format!("{}T23:00", given.now().today)),
            _ => json!({}),
        };
        walk(duty(), &steps, facts, fitting, |_| {});
    }
}
