use super::{CHILD, Financial, GRANT, OTHER, PLAN, SIBLING, applied, case, decided};
use crate::case::Rejection;
use kit::{Decider, Happened};
use serde_json::{Value, json};

/// The actions of a grant's application and decision.
const GRANTS: [(&str, &str); 2] = [
    ("apply-for-single-grant", "record-single-grant-decision"),
    ("apply-for-fund-grant", "record-fund-grant-decision"),
];
const OUTCOMES: [&str; 3] = ["granted", "partly_granted", "refused"];

fn grant() -> Value {
    json!({ "grant": GRANT })
}

#[test]
fn a_grant_has_one_outcome() {
    for (apply, decide) in GRANTS {
        for first in OUTCOMES {
            for second in OUTCOMES {
                let then = case().and(apply, grant()).and(decide, decided(first)).when(decide, decided(second));
                if first == second { drop(then.already()) } else { then.refused("second_outcome") }
            }
        }
    }
}

#[test]
fn several_grants_run_beside_one_another() {
    for (apply, decide) in GRANTS {
        let case = case().and(apply, grant()).and(apply, json!({ "grant": OTHER }));
        let one = case.when(decide, decided("granted")).warns(&[]).accepted();
        drop(one.when(decide, json!({ "grant": OTHER, "outcome": "refused" })).warns(&[]));
    }
}

#[test]
fn a_single_grant_is_not_a_fund_s() {
    drop(applied().when("record-fund-grant-decision", decided("granted")).warns(&["decision_without_application"]));
    let both = applied().and("record-fund-grant-decision", decided("granted"));
    drop(both.when("record-single-grant-decision", decided("refused")).warns(&[]));
}

#[test]
fn what_begins_gets_an_id_of_its_own() {
    for action in ["apply-for-single-grant", "apply-for-fund-grant", "agree-debt-plan"] {
        let case = case().and(action, json!({})).and(action, json!({}));
        assert_eq!(case.case().follow_ups().len(), 2, "{action}");
        assert!(case.case().follow_ups().keys().all(|key| !key.contains("00000000")), "{action}");
    }
}

#[test]
fn she_arrives_mid_story() {
    for (apply, decide) in GRANTS {
        let decided_first = case().when(decide, decided("granted")).warns(&["decision_without_application"]).accepted();
        // The application itself may come last, and changes nothing of its outcome.
        let late = decided_first.when(apply, grant()).warns(&[]).leaves_follow_ups().accepted();
        late.when(decide, decided("refused")).refused("second_outcome");
    }
    let decision = json!({ "child": CHILD, "outcome": "granted" });
    drop(case().when("record-daycare-free-place-decision", decision).warns(&["decision_without_application"]));
}

#[test]
fn a_grant_logged_twice_is_one_grant_with_the_later_facts() {
    for (apply, _) in GRANTS {
        let case = case().and(apply, grant()).when(apply, grant()).warns(&["grant_recorded_already"]).accepted();
        assert_eq!(case.case().follow_ups().len(), 1);
    }
}

#[test]
fn the_same_purpose_twice_is_worth_a_look() {
    let again = |purpose: &str| json!({ "grant": OTHER, "purpose": purpose });
    drop(applied().when("apply-for-single-grant", again("clothing")).warns(&["application_pending"]));
    drop(applied().when("apply-for-single-grant", again("phone")).warns(&[]));
    drop(applied().when("apply-for-single-grant", json!({ "grant": OTHER })).warns(&[]));
    let answered = applied().and("record-single-grant-decision", decided("refused"));
    drop(answered.when("apply-for-single-grant", again("clothing")).warns(&[]));
    // Purposes that nobody named are not the same.
    let unnamed = case().and("apply-for-single-grant", json!({}));
    drop(unnamed.when("apply-for-single-grant", json!({})).warns(&[]));
}

#[test]
fn a_purpose_that_is_left_out_later_stays_known() {
    let later = applied().and("apply-for-single-grant", json!({ "grant": GRANT, "amount": 300_000 }));
    let same = json!({ "grant": OTHER, "purpose": "clothing" });
    drop(later.when("apply-for-single-grant", same.clone()).warns(&["application_pending"]));
    let changed = applied().and("apply-for-single-grant", json!({ "grant": GRANT, "purpose": "phone" }));
    drop(changed.when("apply-for-single-grant", same).warns(&[]));
}

#[test]
fn what_a_complaint_changed_is_a_new_application() {
    let refused = applied().and("record-single-grant-decision", decided("refused"));
    refused.clone().when("record-single-grant-decision", decided("granted")).refused("second_outcome");
    let complaint = json!({ "grant": OTHER, "purpose": "clothing" });
    let complained = refused.when("apply-for-single-grant", complaint).warns(&[]).accepted();
    let changed = json!({ "grant": OTHER, "outcome": "granted" });
    drop(complained.when("record-single-grant-decision", changed).warns(&[]));
}

#[test]
fn a_single_grant_is_applied_for_before_the_cost() {
    let paid = |day: &str| json!({ "cost_paid_on": day });
    drop(case().when("apply-for-single-grant", paid("2026-11-19")).warns(&["cost_paid_already"]));
    drop(case().when("apply-for-single-grant", paid("2026-11-20")).warns(&["cost_paid_already"]));
    // Logged late is not applied late.
    let applied: Happened = "2026-11-10".parse().unwrap();
    drop(case().when_on("apply-for-single-grant", paid("2026-11-11"), applied).warns(&[]));
    drop(case().when_on("apply-for-single-grant", paid("2026-11-11"), Happened::Unknown).warns(&["cost_paid_already"]));
    drop(case().when("apply-for-single-grant", json!({})).warns(&[]));
}

#[test]
fn a_fact_is_not_in_the_future() {
    let to_come = [
        ("apply-for-single-grant", json!({ "cost_paid_on": "2026-11-21" })),
        ("register-credit-warning", json!({ "day": "2026-11-21" })),
        ("declare-sole-provider", json!({ "year": 2027 })),
    ];
    for (action, facts) in to_come {
        case().when(action, facts).refused("in_the_future");
    }
    drop(case().when("register-credit-warning", json!({ "day": "2026-11-20" })).warns(&[]));
    drop(case().when("declare-sole-provider", json!({ "year": 2026 })).warns(&[]));
}

#[test]
fn a_complaint_may_be_too_late() {
    let long_ago: Happened = "2026-10-22".parse().unwrap();
    let decide = |outcome, when| applied().when_on("record-single-grant-decision", decided(outcome), when);
    drop(decide("refused", long_ago).warns(&["complaint_time_passed"]));
    drop(decide("partly_granted", long_ago).warns(&["complaint_time_passed"]));
    drop(decide("granted", long_ago).warns(&[]));
    // The last day is still in time.
    drop(decide("refused", "2026-10-23".parse().unwrap()).warns(&[]));
    drop(decide("refused", Happened::Unknown).warns(&[]));
}

#[test]
fn an_instalment_that_was_due_is_worth_a_call() {
    let first = |day: &str| json!({ "plan": PLAN, "first_instalment": day });
    drop(case().when("agree-debt-plan", first("2026-11-19")).warns(&["instalment_day_passed"]));
    drop(case().when("agree-debt-plan", first("2026-11-20")).warns(&[]));
    drop(case().when("agree-debt-plan", json!({})).warns(&[]));
}

#[test]
fn each_child_has_a_free_place_of_its_own() {
    let (apply, decide) = ("apply-for-daycare-free-place", "record-daycare-free-place-decision");
    let one = case().and(apply, json!({ "child": CHILD }));
    drop(one.clone().when(apply, json!({ "child": CHILD })).warns(&["application_pending"]));
    drop(one.clone().when(apply, json!({})).warns(&[]));
    let both = one.when(apply, json!({ "child": SIBLING })).warns(&[]).accepted();
    let decision = json!({ "child": CHILD, "outcome": "granted" });
    let answered = both.when(decide, decision.clone()).warns(&[]).accepted();
    drop(answered.clone().when(decide, decision).warns(&["decision_without_application"]));
    drop(answered.clone().when(decide, json!({ "child": SIBLING, "outcome": "refused" })).warns(&[]));
    // An income that changes is applied about again.
    drop(answered.when(apply, json!({ "child": CHILD })).warns(&[]));
    let unnamed = case().and(apply, json!({}));
    drop(unnamed.when(decide, json!({ "outcome": "granted" })).warns(&[]));
}

#[test]
fn a_number_of_an_account_stands_nowhere() {
    assert_eq!(Financial::forbids("Lønnen skal til 9876 1234567"), Some(Rejection::AccountNumber));
    assert_eq!(Financial::forbids("IBAN DK50 0040 0440 1162 43"), Some(Rejection::AccountNumber));
    assert_eq!(Financial::forbids("Ring 12 34 56 78 om de 12.500 kr."), None);
    assert_eq!(<&str>::from(Rejection::AccountNumber), "account_number");
}

#[test]
fn a_case_closes_once_and_says_what_is_open() {
    let closing = json!({ "outcome": "finances_in_order" });
    drop(case().when("close-case", closing.clone()).warns(&[]));
    let closed = applied().when("close-case", closing.clone()).warns(&["open_follow_ups"]).accepted();
    drop(closed.clone().when("close-case", closing).already());
    closed.clone().when("close-case", json!({ "outcome": "contact_lost" })).refused("second_outcome");
    assert!(closed.actions().is_empty());
}

#[test]
fn a_closed_case_takes_late_entries_and_stays_closed() {
    let closed = case().and("close-case", json!({ "outcome": "others_help" }));
    let late = closed.when("open-own-account", json!({})).warns(&["case_closed"]).accepted();
    assert!(late.actions().is_empty());
    let reopened = late.when_in_error(2).accepted();
    assert!(!reopened.actions().is_empty());
}

#[test]
fn what_is_likely_follows_her_course() {
    assert_eq!(case().actions()[..2], ["map-situation", "identify-economic-abuse"]);
    let mapped = case().and("map-situation", json!({ "joint_accounts": true }));
    assert_eq!(mapped.actions()[..2], ["close-joint-account", "identify-economic-abuse"]);
    // A later overview that leaves it out says nothing of it.
    assert!(mapped.clone().and("map-situation", json!({})).actions().contains(&"close-joint-account"));
    let abused = mapped.and("identify-economic-abuse", json!({ "forms": ["debt_in_her_name"] }));
    assert_eq!(abused.actions()[..2], ["register-credit-warning", "close-joint-account"]);
    let safe = abused.and("register-credit-warning", json!({})).and("close-joint-account", json!({}));
    assert_eq!(safe.actions()[..2], ["open-own-account", "change-nem-konto"]);
    let own = safe.and("open-own-account", json!({})).and("change-nem-konto", json!({}));
    assert_eq!(own.actions(), ["apply-for-single-grant", "apply-for-child-allowance", "close-case"]);
    let waiting = own.clone().and("apply-for-single-grant", json!({}));
    assert_eq!(waiting.actions(), ["record-single-grant-decision", "apply-for-child-allowance"]);
    let waiting = own.clone().and("apply-for-fund-grant", json!({}));
    assert_eq!(waiting.actions()[0], "record-fund-grant-decision");
    let waiting = own.and("apply-for-daycare-free-place", json!({ "child": CHILD }));
    assert_eq!(waiting.actions()[0], "record-daycare-free-place-decision");
}

#[test]
fn amounts_in_kroner_are_warned_about() {
    for (action, facts, warns) in [
        ("map-situation", json!({ "income": 14_250 }), &["amount_in_kroner"][..]),
        ("map-situation", json!({ "income": 1_425_000, "debts": 0 }), &[]),
        ("map-situation", json!({ "debts": 80_000 }), &["amount_in_kroner"]),
        ("apply-for-single-grant", json!({ "amount": 2_500 }), &["amount_in_kroner"]),
        ("apply-for-fund-grant", json!({ "amount": 5_000 }), &["amount_in_kroner"]),
        ("give-debt-advice", json!({ "total": 5_000_000, "instalments": 500 }), &["amount_in_kroner"]),
        ("agree-debt-plan", json!({ "total": 50_000, "instalments": 50_000 }), &["amount_in_kroner"]),
    ] {
        drop(case().when(action, facts).warns(warns));
    }
}
