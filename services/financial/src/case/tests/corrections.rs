use super::{CHASE, CHILD, COMPLAINT, GRANT, OTHER, SIBLING, applied, case, decided};
use kit::Happened;
use serde_json::json;

#[test]
fn a_corrected_application_is_still_the_same_grant() {
    let corrected = applied().when_corrected(2, json!({ "purpose": "phone" }));
    let case = corrected.events(&["EntryCorrected"]).leaves_follow_ups().accepted();
    drop(case.clone().when("record-single-grant-decision", decided("granted")).warns(&[]).closes(CHASE));
    let same = json!({ "grant": OTHER, "purpose": "phone" });
    drop(case.when("apply-for-single-grant", same).warns(&["application_pending"]));
}

#[test]
fn a_decision_that_was_changed_opens_and_closes_the_complaint() {
    let refused = applied().and("record-single-grant-decision", decided("refused"));
    let granted = refused.when_corrected(3, json!({ "outcome": "granted" })).closes(COMPLAINT).accepted();
    granted.clone().when("record-single-grant-decision", decided("refused")).refused("second_outcome");
    drop(granted.when_corrected(3, json!({ "outcome": "partly_granted" })).opens(
        COMPLAINT,
        "complain_of_single_grant",
        Some("2026-12-18"),
    ));
}

#[test]
fn a_decision_taken_back_asks_again() {
    let refused = applied().and("record-single-grant-decision", decided("refused"));
    let back = refused.when_in_error(3).reopens(CHASE).closes(COMPLAINT).accepted();
    drop(back.when("record-single-grant-decision", decided("granted")).warns(&[]).closes(CHASE));
}

#[test]
fn an_application_taken_back_asks_no_more() {
    drop(applied().when_in_error(2).closes(CHASE));
}

#[test]
fn a_decision_on_the_wrong_grant_is_moved_to_the_right_one() {
    let other = format!("single-grant/{OTHER}/chase");
    let case = applied().and("apply-for-single-grant", json!({ "grant": OTHER }));
    let case = case.and("record-single-grant-decision", decided("granted"));
    let moved = json!({ "grant": OTHER, "outcome": "granted" });
    drop(case.when_corrected(4, moved).reopens(CHASE).closes(&other));
}

#[test]
fn a_correction_makes_no_second_outcome() {
    let case = applied().and("apply-for-single-grant", json!({ "grant": OTHER }));
    let case = case.and("record-single-grant-decision", decided("granted"));
    let case = case.and("record-single-grant-decision", json!({ "grant": OTHER, "outcome": "refused" }));
    case.when_corrected(4, json!({ "grant": OTHER, "outcome": "granted" })).refused("second_outcome");
}

#[test]
fn another_child_has_another_follow_up() {
    let key = |child: &str| format!("daycare-free-place/{child}/chase");
    let case = case().and("apply-for-daycare-free-place", json!({ "child": CHILD }));
    let corrected = case.when_corrected(2, json!({ "child": SIBLING })).closes(&key(CHILD));
    drop(corrected.opens(&key(SIBLING), "chase_daycare_free_place", Some("2026-12-18")));
}

#[test]
fn another_first_instalment_replaces_the_follow_up() {
    let case = case().and("agree-debt-plan", json!({ "plan": super::PLAN, "first_instalment": "2027-01-04" }));
    let key = format!("debt-plan/{}/instalment", super::PLAN);
    let corrected = case.when_corrected(2, json!({ "first_instalment": "2027-02-01" }));
    drop(corrected.opens(&key, "check_instalment", Some("2027-02-01")));
}

#[test]
fn a_first_instalment_that_was_wrong_is_taken_out() {
    let case = case().and("agree-debt-plan", json!({ "plan": super::PLAN, "first_instalment": "2027-01-04" }));
    let key = format!("debt-plan/{}/instalment", super::PLAN);
    drop(case.when_corrected(2, json!({ "first_instalment": null })).opens(&key, "check_instalment", None));
}

#[test]
fn a_year_that_was_too_late_brings_the_next_declaration_forward() {
    let key = "sole-provider/declaration";
    let declared = case().and("declare-sole-provider", json!({ "year": 2026 }));
    let corrected = declared.when_corrected(2, json!({ "year": 2025 }));
    drop(corrected.opens(key, "declare_sole_provider", Some("2026-11-30")));
    let both = case().and("declare-sole-provider", json!({ "year": 2024 }));
    let both = both.and("declare-sole-provider", json!({ "year": 2026 }));
    drop(both.when_corrected(3, json!({ "year": 2025 })).opens(key, "declare_sole_provider", Some("2026-11-30")));
}

#[test]
fn a_year_that_was_wrong_moves_the_next_declaration() {
    let declared = case().and("declare-sole-provider", json!({ "year": 2025 }));
    let corrected = declared.when_corrected(2, json!({ "year": 2026 }));
    drop(corrected.opens("sole-provider/declaration", "declare_sole_provider", Some("2027-11-30")));
}

#[test]
fn a_cost_that_was_paid_later_warns_no_more() {
    let when: Happened = "2026-11-10".parse().unwrap();
    let early = json!({ "grant": GRANT, "cost_paid_on": "2026-11-09" });
    let case = case().when_on("apply-for-single-grant", early, when).warns(&["cost_paid_already"]).accepted();
    drop(case.when_corrected(2, json!({ "cost_paid_on": "2026-11-12" })).warns(&[]));
}
