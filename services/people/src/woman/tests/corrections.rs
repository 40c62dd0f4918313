//! What was wrong and is put right.

use super::{
    CENTRE, CONTACT, NOTICE_IN, NOTICE_OUT, OTHER_STAY, STAY, agreed, contact, nobody, open, stay, staying, usable,
    woman,
};
use serde_json::json;

#[test]
fn another_day_of_the_decision_moves_the_notice() {
    let corrected = staying().when_corrected(3, json!({ "decided_on": "2026-11-17" }));
    drop(corrected.opens(NOTICE_IN, "tell_municipality_of_arrival", Some("2026-11-20")));
}

#[test]
fn a_stay_that_never_was_has_no_notice() {
    let back = staying().when_in_error(3).closes(NOTICE_IN).accepted();
    assert!(open(&back).is_empty());
    drop(back.when("start-stay", json!({ "stay": OTHER_STAY })).warns(&[]));
}

#[test]
fn an_end_taken_back_makes_no_second_live_stay() {
    let two = staying().and("end-stay", json!({})).and("start-stay", json!({ "stay": OTHER_STAY }));
    two.when_in_error(4).refused("live_stay");
    let one = staying().and("end-stay", json!({})).when_in_error(4).closes(NOTICE_OUT).accepted();
    assert!(one.case().domain().relation.lives_here());
}

#[test]
fn an_end_is_corrected_and_stays_of_the_same_stay() {
    let ended = staying().and("end-stay", json!({ "moved_to": "abroad" }));
    let corrected = ended.when_corrected(4, json!({ "moved_to": "new_home" })).events(&["EntryCorrected"]).accepted();
    drop(corrected.when("end-stay", json!({ "stay": STAY, "moved_to": "new_home" })).already());
}

#[test]
fn a_contact_corrected_to_a_day_before_the_doubt_stays_in_doubt() {
    let doubted = agreed().and("unconfirm-safe-contact", json!({ "contact": CONTACT }));
    let again = doubted.and("agree-safe-contact", contact());
    assert_eq!(usable(&again), [CONTACT]);
    let earlier = json!({ "channel": "phone", "confirmed_on": "2026-11-01" });
    assert!(usable(&again.when_corrected(5, earlier).accepted()).is_empty());
}

#[test]
fn a_doubt_taken_back_is_none() {
    let doubted = agreed().and("unconfirm-safe-contact", json!({ "contact": CONTACT }));
    assert_eq!(usable(&doubted.when_in_error(4).accepted()), [CONTACT]);
}

#[test]
fn a_conflict_that_was_none_lets_them_near_again() {
    let kept = woman().and("record-conflict-of-interest", json!({ "kind": "worker", "who": "w-17" }));
    let back = kept.when_in_error(3).accepted();
    drop(back.by_leader("l-1").when("assign-worker", json!({ "worker": "w-17", "role": "volunteer" })).accepted());
}

/// Otherwise whoever works at the new centre could let everything come along.
#[test]
fn what_came_along_is_not_rewritten_by_a_person() {
    let arrival = |along: &str| json!({ "from": CENTRE, "along": along, "until": "2026-11-20T14:30" });
    let received = nobody().by_rule().and("receive-relocation", arrival("nothing")).by("w-1");
    received.clone().when_corrected(2, arrival("all")).refused("not_correctable");
    // Nor taken back: that she came at all may be a mistake, and is withdrawn by the rule that recorded it.
    received.clone().when_in_error(2).refused("only_by_rule");
    received.by_leader("l-1").when_in_error(2).refused("only_by_rule");
}

#[test]
fn a_woman_corrected_keeps_what_came_after() {
    let corrected = staying().when_corrected(2, json!({ "alias": "Eg-12" })).accepted();
    assert!(corrected.case().domain().relation.lives_here());
    corrected.when("start-stay", stay()).refused("live_stay");
}
