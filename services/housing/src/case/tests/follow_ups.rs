use super::{ANSWER, HOME, OFFER, case, offer, offered};
use kit::{Happened, facets::Weight};
use serde_json::json;

const VIEWING: &str = "offer/6f1c2b9e-0a3d-4c57-9b1e-2d4f6a8c0e11/viewing";
const STAY: &str = "temporary-housing/9d3e5f70-1a2b-4c3d-8e4f-5a6b7c8d9e33/end";
const LIST: &str = "2b7d9e10-4c3f-4a86-8d25-7e9f1b3c5d22";

#[test]
fn a_place_on_a_list_is_renewed_each_year() {
    let key = format!("list/{LIST}/renewal");
    let joined =
        case().when("join-list", json!({ "list": LIST })).opens(&key, "renew_list", Some("2027-11-20")).accepted();
    let renewed = joined.on("2027-11-10").when("join-list", json!({ "list": LIST }));
    let renewed = renewed.opens(&key, "renew_list", Some("2028-11-10")).accepted();
    // Another list is another follow-up.
    assert_eq!(renewed.and("join-list", json!({})).case().follow_ups().len(), 2);
}

#[test]
fn an_unknown_day_leaves_it_without_a_date() {
    let joined = case().when_on("join-list", json!({ "list": LIST }), Happened::Unknown);
    drop(joined.opens(&format!("list/{LIST}/renewal"), "renew_list", None));
}

#[test]
fn an_offer_is_answered_by_its_last_day() {
    let made = json!({ "offer": OFFER, "answer_by": "2026-12-01" });
    drop(case().when("make-offer", made).opens(ANSWER, "answer_offer", Some("2026-12-01")));
    drop(case().when("make-offer", offer()).opens(ANSWER, "answer_offer", None));
    for answer in ["accept-offer", "decline-offer", "lapse-offer"] {
        drop(offered().when(answer, offer()).closes(ANSWER));
    }
}

#[test]
fn an_extension_moves_it() {
    let extension = json!({ "offer": OFFER, "answer_by": "2026-12-08" });
    let moved = offered().when("extend-offer-answer", extension.clone()).moves(ANSWER, "2026-12-08").accepted();
    drop(moved.on("2026-12-08").when("accept-offer", offer()).warns(&[]));
    // There is nothing to move where the offer was never logged.
    drop(case().when("extend-offer-answer", extension).opens(ANSWER, "answer_offer", Some("2026-12-08")));
}

#[test]
fn a_viewing_is_due_at_its_hour() {
    let arranged = json!({ "offer": OFFER, "when": "2026-11-25T15:30", "companion": "worker" });
    let arranged = offered().when("arrange-viewing", arranged);
    let arranged = arranged.opens(VIEWING, "go_to_viewing", Some("2026-11-25T15:30")).accepted();
    drop(arranged.clone().when("hold-viewing", offer()).closes(VIEWING));
    drop(arranged.clone().when("decline-offer", offer()).closes(ANSWER).closes(VIEWING));
    drop(arranged.clone().when("lapse-offer", offer()).closes(VIEWING));
    // Who takes a home may still want to see it.
    let accepted = arranged.and("accept-offer", offer());
    assert!(accepted.case().follow_ups()[VIEWING].open);
}

#[test]
fn a_temporary_home_is_thought_of_before_it_ends() {
    let arranged = json!({ "temporary_housing": HOME, "from": "2026-11-20", "until": "2027-02-28" });
    let arranged = case().when("arrange-temporary-housing", arranged);
    let arranged = arranged.opens(STAY, "plan_after_temporary_housing", Some("2027-02-14")).accepted();
    let end = json!({ "temporary_housing": HOME });
    let ended = arranged.when("end-temporary-housing", end.clone()).warns(&[]).closes(STAY).accepted();
    drop(ended.when("end-temporary-housing", end).already());
}

#[test]
fn what_is_applied_for_is_chased_until_it_is_decided() {
    let granted = json!({ "outcome": "granted" });
    let kinds = [
        ("request-allocation", "record-allocation-decision", "allocation/chase", "chase_allocation", "2026-12-04"),
        (
            "apply-for-deposit-loan",
            "record-deposit-loan-decision",
            "deposit-loan/chase",
            "chase_deposit_loan",
            "2026-12-04",
        ),
        (
            "apply-for-moving-grant",
            "record-moving-grant-decision",
            "moving-grant/chase",
            "chase_moving_grant",
            "2026-12-04",
        ),
        (
            "apply-for-housing-benefit",
            "record-housing-benefit-decision",
            "housing-benefit/chase",
            "chase_housing_benefit",
            "2026-12-21",
        ),
    ];
    for (apply, decide, key, what, due) in kinds {
        let applied = case().when(apply, json!({})).opens(key, what, Some(due)).accepted();
        drop(applied.when(decide, granted.clone()).closes(key));
    }
}

#[test]
fn a_deposit_loan_before_the_lease_waits_for_it() {
    let early =
        case().when("apply-for-deposit-loan", json!({})).opens("deposit-loan/lease", "send_lease", None).accepted();
    drop(early.when("sign-lease", json!({})).closes("deposit-loan/lease").weighs(Weight::Milestone));
    let applied = case().and("sign-lease", json!({})).and("apply-for-deposit-loan", json!({}));
    assert!(!applied.case().follow_ups().contains_key("deposit-loan/lease"));
}

#[test]
fn a_home_she_keeps_is_made_safe() {
    let kept = case().when("keep-tenancy", json!({})).weighs(Weight::Milestone);
    drop(kept.opens("tenancy/safety", "locks_and_safety_check", Some("2026-11-24")));
}

#[test]
fn nobody_reports_the_move_before_the_police_were_asked() {
    let moved = case().when("move-in", json!({ "day": "2026-11-18" })).weighs(Weight::Alert);
    let moved = moved.opens("address-change/police", "talk_to_police_before_address_change", Some("2026-11-18"));
    let moved = moved.opens("housing-benefit/apply", "apply_for_housing_benefit", Some("2026-12-02")).accepted();
    drop(moved.when("apply-for-housing-benefit", json!({})).closes("housing-benefit/apply"));
    // Without any day it is today: this one is not for the pile without a date.
    let unknown = case().when_on("move-in", json!({}), Happened::Unknown);
    drop(unknown.opens("address-change/police", "talk_to_police_before_address_change", Some("2026-11-20")));
}

#[test]
fn a_move_ends_the_search_and_nothing_else() {
    let searching = offered()
        .and("arrange-viewing", offer())
        .and("arrange-temporary-housing", json!({ "temporary_housing": HOME }))
        .and("request-allocation", json!({}))
        .and("join-list", json!({ "list": LIST }));
    let moved = searching.when("move-in", json!({})).closes(VIEWING).closes(STAY).closes("allocation/chase").accepted();
    let open: Vec<_> =
        moved.case().follow_ups().iter().filter(|(_, follow_up)| follow_up.open).map(|(key, _)| key).collect();
    assert_eq!(open, ["address-change/police", "housing-benefit/apply", &format!("list/{LIST}/renewal"), ANSWER]);
}

#[test]
fn turns_of_her_course_stand_out() {
    let turns = [
        ("accept-offer", offer()),
        ("lapse-offer", offer()),
        ("sign-lease", json!({})),
        ("arrange-temporary-housing", json!({})),
        ("record-allocation-decision", json!({ "outcome": "granted" })),
        ("close-case", json!({ "outcome": "new_home" })),
    ];
    for (action, facts) in turns {
        drop(offered().when(action, facts).weighs(Weight::Milestone));
    }
    drop(offered().when("decline-offer", offer()).weighs(Weight::Routine));
}
