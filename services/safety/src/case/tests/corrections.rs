use super::{ALERT, LOAN, LOOK, OTHER_ALERT, OTHER_LOAN, REVIEW, about, alert, alerted, case, lent, loan, open};
use kit::Decider;
use serde_json::json;

#[test]
fn an_alarm_with_another_number_is_another_alarm_on_the_same_loan() {
    let claims = lent().case().domain().claims();
    let corrected = lent().when_corrected(2, json!({ "alarm": "OA 9999", "review_on": "2026-12-20" }));
    let corrected = corrected.leaves_follow_ups().accepted();
    assert_ne!(corrected.case().domain().claims(), claims);
    drop(corrected.when("issue-alarm", json!({ "loan": OTHER_LOAN, "alarm": "OA 1047" })).warns(&[]));
}

#[test]
fn a_correction_lends_no_alarm_twice() {
    let two = lent().and("issue-alarm", json!({ "loan": OTHER_LOAN, "alarm": "OA 1048" }));
    two.when_corrected(3, json!({ "alarm": "OA 1047" })).refused("alarm_on_loan");
}

#[test]
fn an_alarm_that_is_out_again_is_not_lent_a_second_time_by_its_return() {
    let lent_on = lent().and("return-alarm", loan());
    let lent_on = lent_on.and("issue-alarm", json!({ "loan": OTHER_LOAN, "alarm": "oa1047" }));
    lent_on.clone().when_in_error(3).refused("alarm_on_loan");
    let third = "5b1d7c3e-2f4a-4b6d-8c1e-3a5b7d9f1c23";
    lent_on.clone().when_corrected(3, json!({ "loan": third })).refused("alarm_on_loan");
    // Once the other loan is over, it may have been so.
    drop(lent_on.and("record-alarm-loss", json!({ "loan": OTHER_LOAN })).when_in_error(3).reopens(REVIEW));
}

#[test]
fn another_review_day_replaces_the_follow_up() {
    let corrected = lent().when_corrected(2, json!({ "alarm": "OA 1047", "review_on": "2027-01-10" }));
    drop(corrected.opens(REVIEW, "review_alarm", Some("2027-01-10")));
}

#[test]
fn a_return_taken_back_asks_for_the_review_and_claims_the_alarm_again() {
    let back = lent().and("return-alarm", loan());
    let out = back.when_in_error(3).reopens(REVIEW).accepted();
    assert_eq!(out.case().domain().claims(), lent().case().domain().claims());
    drop(out.when("record-alarm-loss", loan()).events(&["AlarmLost"]));
}

#[test]
fn a_return_of_the_wrong_alarm_is_moved_to_the_right_one() {
    let two = lent().and("issue-alarm", json!({ "loan": OTHER_LOAN })).and("return-alarm", loan());
    let review = format!("alarm/{OTHER_LOAN}/review");
    drop(two.when_corrected(4, json!({ "loan": OTHER_LOAN })).reopens(REVIEW).closes(&review));
}

#[test]
fn a_correction_makes_no_second_outcome() {
    let two = lent().and("issue-alarm", json!({ "loan": OTHER_LOAN })).and("return-alarm", loan());
    let two = two.and("record-alarm-loss", json!({ "loan": OTHER_LOAN }));
    two.when_corrected(4, json!({ "loan": OTHER_LOAN })).refused("second_outcome");
}

#[test]
fn children_covered_after_all_is_what_the_alert_asked_for() {
    let granted = alerted("address_unprotected").and("record-address-protection-grant", json!({ "children": "none" }));
    let covered = granted.when_corrected(3, json!({ "children": "all" })).warns(&["decision_without_application"]);
    let covered = covered.closes(LOOK).accepted();
    drop(covered.when_corrected(3, json!({ "children": "some" })).reopens(LOOK));
}

#[test]
fn an_assessment_taken_back_leaves_the_new_threat_unanswered() {
    let assessed = alerted("new_threat").and("assess-risk", json!({}));
    drop(assessed.clone().when_in_error(3).reopens(LOOK).closes("risk/reassess"));
    // Cleared by a worker meanwhile, it stays dealt with.
    let cleared = assessed.and("clear-safety-alert", alert()).when_in_error(3).accepted();
    assert_eq!(open(&cleared), [""; 0]);
}

#[test]
fn an_assessment_corrected_leaves_later_alerts_alone() {
    let assessed = case().and("assess-risk", json!({})).and("raise-safety-alert", about("new_threat"));
    let corrected = assessed.when_corrected(2, json!({ "level": "high" })).leaves_follow_ups().accepted();
    assert_eq!(open(&corrected), [LOOK, "risk/reassess"]);
}

#[test]
fn an_alert_about_something_else_asks_for_something_else() {
    let corrected = alerted("order_ends").when_corrected(2, json!({ "interlock": "no_safety_plan" }));
    let corrected = corrected.opens(LOOK, "agree_safety_plan", Some("2026-11-20")).accepted();
    drop(corrected.when("agree-safety-plan", json!({})).closes(LOOK));
}

#[test]
fn an_alert_taken_back_asks_no_more() {
    let closed = case().and("close-case", json!({ "outcome": "threat_over" }));
    let raised = closed.and("raise-safety-alert", about("order_ends"));
    let back = raised.when_in_error(3).closes(LOOK).accepted();
    // The case is as closed as it was.
    assert!(back.actions().is_empty());
}

#[test]
fn a_clearing_taken_back_asks_again() {
    let cleared = alerted("order_ends").and("clear-safety-alert", alert());
    drop(cleared.when_in_error(3).reopens(LOOK));
    let two =
        alerted("order_ends").and("raise-safety-alert", json!({ "alert": OTHER_ALERT, "interlock": "order_ends" }));
    let two = two.and("clear-safety-alert", alert());
    let other = format!("alert/{OTHER_ALERT}");
    drop(two.when_corrected(4, json!({ "alert": OTHER_ALERT })).reopens(LOOK).closes(&other));
}

#[test]
fn a_tracker_corrected_leaves_its_alert_and_one_taken_back_takes_it_along() {
    let found = case().and("record-tracker", json!({}));
    let corrected = found.when_corrected(2, json!({ "evidence_kept": true })).events(&["EntryCorrected"]);
    let corrected = corrected.warns(&[]).closes("tracker/evidence").accepted();
    assert_eq!(corrected.case().domain().uncleared().count(), 1);
    let back = corrected.clone().when_in_error(2).events(&["RecordedInError", "RecordedInError"]).accepted();
    assert_eq!((back.case().domain().uncleared().count(), open(&back).len()), (0, 0));
    // The alert alone may be what is wrong.
    let alone = corrected.when_in_error(3).events(&["RecordedInError"]).accepted();
    assert_eq!((alone.case().domain().uncleared().count(), alone.standing().len()), (0, 1));
}

#[test]
fn a_plan_corrected_keeps_its_number() {
    let two = case().and("agree-safety-plan", json!({})).and("revise-safety-plan", json!({}));
    let corrected = two.when_corrected(2, json!({ "items": ["alarm"] })).warns(&[]).leaves_follow_ups().accepted();
    assert_eq!(corrected.case().domain().plan, Some(2));
    assert_eq!(corrected.and("revise-safety-plan", json!({})).case().domain().plan, Some(3));
}

#[test]
fn a_first_check_taken_back_makes_the_next_one_the_first() {
    let first_day = "digital-safety/first-day";
    let none = case().and("check-digital-safety", json!({})).when_in_error(2).closes(first_day).accepted();
    drop(none.when("check-digital-safety", json!({})).opens(
        first_day,
        "check_digital_safety_next_day",
        Some("2026-11-21"),
    ));
}

#[test]
fn ids_left_out_of_a_correction_stay() {
    let corrected = lent().when_corrected(2, json!({ "alarm": "OA 1047" })).accepted();
    assert_eq!(corrected.case().domain().loans.keys().map(ToString::to_string).collect::<Vec<_>>(), [LOAN]);
    let corrected = alerted("order_ends").when_corrected(2, json!({ "interlock": "order_ends" })).accepted();
    assert_eq!(corrected.case().domain().alerts.keys().map(ToString::to_string).collect::<Vec<_>>(), [ALERT]);
}
