use super::{
    APPLY, COURT, END, FINAL, HEARING, MARRIAGE, ORDER, OTHER, PLAN, case, expelled, immediate, order, restrained,
    summoned,
};
use serde_json::json;

#[test]
fn a_corrected_order_is_still_the_same_order() {
    let corrected = restrained().when_corrected(2, json!({ "until": "2028-11-20", "protects": ["woman"] }));
    let given = corrected.events(&["EntryCorrected"]).leaves_follow_ups().accepted();
    assert_eq!(given.case().domain().orders.len(), 1);
}

#[test]
fn another_last_day_replaces_the_follow_up_unless_an_extension_came_later() {
    let other_day = json!({ "until": "2027-11-20" });
    let corrected = restrained().when_corrected(2, other_day.clone());
    drop(corrected.opens(END, "plan_before_restraining_order_ends", Some("2027-09-21")));
    let extended = restrained().and("extend-restraining-order", json!({ "order": ORDER, "until": "2029-11-20" }));
    let corrected = extended.when_corrected(2, other_day).leaves_follow_ups().accepted();
    drop(corrected.when_corrected(3, json!({ "until": "2029-12-20" })).moves(END, "2029-10-21"));
}

#[test]
fn an_order_taken_back_asks_for_nothing_more() {
    drop(restrained().when_in_error(2).closes(END));
    drop(expelled().when_in_error(2).closes(END).closes(COURT));
    drop(immediate().when_in_error(2).closes(FINAL));
}

#[test]
fn an_ending_taken_back_asks_again_and_one_of_the_wrong_order_goes_to_the_right_one() {
    let ended = restrained().and("end-restraining-order", order());
    drop(ended.clone().when_in_error(3).reopens(END));
    let banned = ended.clone().and("issue-area-ban", json!({ "order": OTHER }));
    banned.when_corrected(3, json!({ "order": OTHER })).refused("order_of_another_kind");
    let two = ended.and("issue-restraining-order", json!({ "order": OTHER, "until": "2027-06-30" }));
    let corrected = two.when_corrected(3, json!({ "order": OTHER }));
    drop(corrected.reopens(END).closes(&format!("order/{OTHER}/end")));
}

#[test]
fn a_final_decision_taken_back_leaves_an_immediate_order_that_waits() {
    let decided = immediate().and("issue-restraining-order", json!({ "order": ORDER, "until": "2028-11-20" }));
    drop(decided.when_in_error(3).reopens(FINAL).closes(END));
    // What was taken for an immediate one was none.
    let was_final = immediate().when_corrected(2, json!({ "provisional": false, "until": "2028-11-20" }));
    drop(was_final.closes(FINAL).opens(END, "plan_before_restraining_order_ends", Some("2028-09-21")));
}

#[test]
fn a_corrected_hearing_has_its_plan_at_the_right_time() {
    let facts = json!({ "when": "2026-12-03T09:30", "kind": "court_hearing" });
    let corrected = summoned().when_corrected(2, facts.clone());
    drop(corrected.opens(PLAN, "plan_safety_for_hearing", Some("2026-12-01")));
    // Once it was moved, the first time no longer counts.
    let moved = summoned().and("move-hearing", json!({ "hearing": HEARING, "when": "2026-12-09" }));
    let corrected = moved.when_corrected(2, facts).leaves_follow_ups().accepted();
    drop(corrected.when_corrected(3, json!({ "when": "2026-12-10" })).moves(PLAN, "2026-12-08"));
    let attended = summoned().and("attend-hearing", json!({ "hearing": HEARING }));
    drop(attended.when_in_error(3).reopens(PLAN));
}

#[test]
fn another_day_of_the_offence_is_another_time_to_apply() {
    let reported = case().and("file-police-report", json!({ "offence_day": "2026-11-18" }));
    let earlier = json!({ "offence_day": "2026-11-01" });
    let corrected = reported.clone().when_corrected(2, earlier.clone());
    drop(corrected.opens(APPLY, "apply_for_compensation", Some("2028-08-03")));
    let closed = reported.clone().and("close-police-case", json!({ "final_on": "2026-11-20" }));
    drop(closed.when_corrected(2, earlier).leaves_follow_ups());
    let applied = reported.and("apply-for-compensation", json!({}));
    drop(applied.when_in_error(3).reopens(APPLY).closes("compensation/chase"));
}

#[test]
fn an_order_recorded_again_by_mistake_is_what_it_was() {
    let again = case().and("issue-area-ban", json!({ "order": ORDER, "until": "2027-06-30" }));
    let again = again.and("issue-area-ban", json!({ "order": ORDER, "until": "2027-09-30" }));
    drop(again.clone().when_in_error(3).moves(END, "2027-05-31"));
    let over = again.when_corrected(3, json!({ "until": "2026-11-19" })).accepted();
    assert!(!over.case().follow_ups()[END].open);
}

#[test]
fn a_case_that_was_not_sent_on_is_decided() {
    let sent = json!({ "outcome": "sent_to_court" });
    let sent = case().and("apply-for-divorce", json!({})).and("record-separation-decision", sent.clone());
    drop(sent.when_corrected(3, json!({ "outcome": "divorce_granted" })).closes(MARRIAGE));
}

#[test]
fn a_correction_makes_no_second_outcome_and_no_impossible_dates() {
    let closed = case().and("close-case", json!({ "outcome": "concluded" }));
    let other = closed.when_corrected(2, json!({ "outcome": "contact_lost" })).accepted();
    other.when("close-case", json!({ "outcome": "concluded" })).refused("second_outcome");
    let dates = json!({ "from": "2026-11-20", "until": "2026-11-19" });
    restrained().when_corrected(2, dates).refused("until_before_from");
}

#[test]
fn what_ended_twice_stays_ended_when_one_of_them_is_taken_back() {
    let ended = restrained().and("end-restraining-order", order());
    // Taking back the order and logging it again leaves it ended.
    let again = ended.when_in_error(2).accepted().and("issue-restraining-order", order());
    assert!(!again.case().follow_ups()[END].open);
    drop(again.when("end-restraining-order", order()).already());
}
