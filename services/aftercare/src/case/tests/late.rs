//! Entries that are logged late: they end nothing that came after them and bring no date forward.

use super::{CHECK, CONTACT, NEXT, PLANNED, RETRY, accepted, case, contact, offered, open};
use crate::case::Aftercare;
use kit::{
    Happened,
    entry::{Common, FollowUpClosed, FollowUpMoved, FollowUpOutcome},
    given::{Given, Then},
};
use serde_json::json;

const MADE: &str = "make-contact";
const MISSED: &str = "record-missed-contact";

/// What happened on an earlier day than the one it is logged on.
fn late(given: Given<Aftercare>, action: &str, day: &str) -> Then<Aftercare> {
    given.when_on(action, json!({}), Happened::On(day.parse().unwrap()))
}

/// She has had aftercare since 20 November, and did not answer on 1 and 3 December; it is the 4th.
fn missed_twice() -> Given<Aftercare> {
    let missed = accepted().on("2026-12-01").and(MISSED, json!({})).on("2026-12-03");
    missed.when(MISSED, json!({})).opens(CHECK, "check_on_her", Some("2026-12-03")).accepted().on("2026-12-04")
}

fn due(given: &Given<Aftercare>, key: &str) -> Option<String> {
    given.case().follow_ups().get(key).filter(|follow_up| follow_up.open)?.due.map(|due| due.to_string())
}

fn moved(given: Given<Aftercare>, key: &str, day: &str) -> Given<Aftercare> {
    let moved = FollowUpMoved { key: key.to_owned(), due: kit::Location::new(day.parse().unwrap()), reason: None };
    given.when_common(Common::FollowUpMoved(moved)).accepted()
}

#[test]
fn a_contact_from_before_the_last_missed_one_does_not_say_that_she_is_well() {
    for day in ["2026-11-30", "2026-12-02"] {
        let told = late(missed_twice(), MADE, day).accepted();
        assert!(open(&told).contains(&CHECK), "{day}");
        // The one that was missed since counts: with the next it is two in a row.
        let told = told.when(MISSED, json!({})).opens(CHECK, "check_on_her", Some("2026-12-04")).accepted();
        assert!(!open(&told).contains(&RETRY), "{day}");
    }
    for day in ["2026-12-03", "2026-12-04"] {
        let told = late(missed_twice(), MADE, day).closes(CHECK).accepted();
        drop(told.when(MISSED, json!({})).opens(RETRY, "try_contact_again", Some("2026-12-08")));
    }
    // Nobody knows whether it came after.
    let unknown = missed_twice().when_on(MADE, json!({}), Happened::Unknown).accepted();
    assert!(open(&unknown).contains(&CHECK));
}

#[test]
fn a_contact_from_before_a_missed_one_leaves_the_new_try() {
    let missed = || accepted().on("2026-12-01").and(MISSED, json!({}));
    let told = late(missed(), MADE, "2026-11-30").accepted();
    assert!(open(&told).contains(&RETRY));
    drop(told.on("2026-12-02").when(MISSED, json!({})).opens(CHECK, "check_on_her", Some("2026-12-02")));
    drop(missed().when(MADE, json!({})).closes(RETRY));
}

#[test]
fn a_contact_logged_before_a_new_try_was_given_up_keeps_the_row() {
    let missed = accepted().on("2026-12-01").and(MISSED, json!({}));
    let told = late(missed, MADE, "2026-11-30").accepted();
    let by_hand = FollowUpClosed { key: RETRY.to_owned(), outcome: FollowUpOutcome::Done, reason: None };
    let told = told.when_common(Common::FollowUpClosed(by_hand)).accepted();
    drop(told.when(MISSED, json!({})).opens(CHECK, "check_on_her", Some("2026-12-01")));
}

#[test]
fn a_missed_contact_from_before_the_last_one_made_asks_for_nothing() {
    let met = accepted().on("2026-12-04").and(MADE, json!({}));
    let told = late(met, MISSED, "2026-12-02").leaves_follow_ups().accepted();
    assert_eq!(open(&told), [NEXT]);
    drop(told.when(MISSED, json!({})).opens(RETRY, "try_contact_again", Some("2026-12-08")));
    // The one that was agreed has its outcome all the same.
    let met = accepted().and("plan-contact", contact()).on("2026-12-04").and(MADE, json!({}));
    let told = met.when_on(MISSED, json!({ "contact": CONTACT }), Happened::On("2026-12-02".parse().unwrap()));
    drop(told.closes(PLANNED));
}

#[test]
fn a_missed_contact_logged_late_makes_two_in_a_row_as_of_the_latest() {
    let missed = accepted().on("2026-12-03").and(MISSED, json!({}));
    let told = late(missed, MISSED, "2026-12-01").opens(CHECK, "check_on_her", Some("2026-12-03")).closes(RETRY);
    assert!(open(&late(told.accepted(), MADE, "2026-12-02").accepted()).contains(&CHECK));
    // A day that was agreed on meanwhile stays.
    let agreed = moved(missed_twice(), CHECK, "2026-12-07");
    let told = late(agreed.clone(), MISSED, "2026-12-02").accepted();
    assert_eq!(due(&told, CHECK).as_deref(), Some("2026-12-07"));
    drop(agreed.when(MADE, json!({})).closes(CHECK));
}

#[test]
fn the_next_contact_comes_no_sooner_for_one_that_is_logged_late() {
    // By the rhythm, and mid-story.
    for (start, next) in [(accepted(), "2027-02-22"), (case(), "2027-01-18")] {
        let met = start.on("2026-12-18").and(MADE, json!({}));
        assert_eq!(due(&met, NEXT).as_deref(), Some(next));
        let told = late(met, MADE, "2026-11-27").accepted();
        assert_eq!(due(&told, NEXT).as_deref(), Some(next));
    }
    // People agreed on a later day, and the contact that comes sooner still counts.
    let agreed = moved(accepted(), NEXT, "2027-03-01");
    let met = agreed.on("2026-11-27").and(MADE, json!({}));
    assert_eq!(due(&met, NEXT).as_deref(), Some("2027-03-01"));
    // A contact on a day that nobody knows does not take the date away.
    let unknown = case().and(MADE, json!({})).when_on(MADE, json!({}), Happened::Unknown).accepted();
    assert_eq!(due(&unknown, NEXT).as_deref(), Some("2026-12-21"));
}

#[test]
fn the_last_contact_stays_the_last() {
    let met = accepted().on("2027-05-20").and(MADE, json!({}));
    assert!(open(&late(met, MADE, "2026-12-21").accepted()).is_empty());
}

#[test]
fn a_yes_that_is_logged_late_does_not_ask_for_contacts_that_were() {
    let met = offered().and(MADE, json!({}));
    let yes = late(met.on("2026-12-01"), "accept-aftercare", "2026-11-06").accepted();
    assert_eq!(due(&yes, NEXT).as_deref(), Some("2026-12-21"));
    let unasked = offered().and("decline-aftercare", json!({})).and(MADE, json!({})).and("offer-aftercare", json!({}));
    let yes = late(unasked, "accept-aftercare", "2026-11-06");
    drop(yes.opens(NEXT, "contact_her", Some("2026-12-07")));
}

#[test]
fn a_late_contact_taken_back_leaves_what_was() {
    let before = missed_twice();
    let told = late(before.clone(), MADE, "2026-12-02").accepted();
    let version = told.case().version();
    let back = told.when_in_error(version).accepted();
    assert_eq!((open(&back), due(&back, NEXT)), (open(&before), due(&before, NEXT)));
    drop(back.when(MADE, json!({})).closes(CHECK));
}
