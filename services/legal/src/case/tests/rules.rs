use super::{DECISION, HEARING, ORDER, case, hearing, restrained, summoned};
use kit::{Happened, given::Given};
use serde_json::{Value, json};

#[test]
fn a_fact_is_not_in_the_future() {
    let tomorrow: [(&str, Value); 4] = [
        ("file-police-report", json!({ "offence_day": "2026-11-21" })),
        ("end-restraining-order", json!({ "order": ORDER, "until": "2026-11-21" })),
        ("report-order-breach", json!({ "day": "2026-11-21" })),
        ("attend-hearing", json!({ "hearing": HEARING, "when": "2026-11-20T12:06" })),
    ];
    for (action, facts) in tomorrow {
        case().when(action, facts).refused("in_the_future");
    }
    let today: [(&str, Value); 4] = [
        ("file-police-report", json!({ "offence_day": "2026-11-20" })),
        ("end-restraining-order", json!({ "order": ORDER, "until": "2026-11-20" })),
        ("report-order-breach", json!({ "day": "2026-11-20" })),
        ("attend-hearing", json!({ "hearing": HEARING, "when": "2026-11-20T12:00" })),
    ];
    for (action, facts) in today {
        drop(case().when(action, facts).accepted());
    }
}

#[test]
fn what_is_still_to_come_may_be_agreed() {
    let soon = json!({ "hearing": HEARING, "when": "2026-12-09" });
    drop(summoned().when("move-hearing", soon).warns(&[]));
    drop(case().when("issue-restraining-order", json!({ "from": "2026-12-01" })).warns(&[]));
    // A judgment is final some weeks after it.
    let closed =
        case().and("file-police-report", json!({})).when("close-police-case", json!({ "final_on": "2026-12-04" }));
    drop(closed.warns(&[]));
}

#[test]
fn compensation_asks_for_an_early_report() {
    let report = |day: &str| case().when("file-police-report", json!({ "offence_day": day }));
    drop(report("2026-11-17").warns(&[]));
    drop(report("2026-11-16").warns(&["reported_late"]));
    drop(case().when("file-police-report", json!({})).warns(&[]));
    // Logged late is not reported late.
    let facts = json!({ "offence_day": "2026-11-10" });
    let in_time: Happened = "2026-11-13".parse().unwrap();
    drop(case().when_on("file-police-report", facts.clone(), in_time).warns(&[]));
    drop(case().when_on("file-police-report", facts, Happened::Unknown).warns(&[]));
}

#[test]
fn compensation_may_be_applied_for_late() {
    let reported = case().and("file-police-report", json!({ "offence_day": "2026-11-18" }));
    let apply = |given: Given<super::Legal>, day: &str| given.on(day).when("apply-for-compensation", json!({}));
    drop(apply(reported.clone(), "2028-11-18").warns(&[]));
    drop(apply(reported.clone(), "2028-11-19").warns(&["applied_late"]));
    drop(apply(case(), "2030-01-01").warns(&[]));
    // Once the criminal case is over, from the day that was final.
    let closed = reported.on("2027-05-03").and("close-police-case", json!({ "final_on": "2027-05-03" }));
    drop(apply(closed.clone(), "2029-05-03").warns(&[]));
    drop(apply(closed, "2029-05-04").warns(&["applied_late"]));
}

#[test]
fn the_end_of_a_criminal_case_may_be_the_first_that_is_heard_of_it() {
    drop(case().when("close-police-case", json!({})).warns(&["police_report_unknown"]));
    let reported = case().and("file-police-report", json!({}));
    drop(reported.when("close-police-case", json!({ "result": "acquitted" })).warns(&[]));
}

#[test]
fn applications_and_decisions_come_in_any_order() {
    let kinds = [
        ("apply-for-free-legal-aid", "record-free-legal-aid-decision", json!({ "outcome": "granted" })),
        ("apply-for-separation", "record-separation-decision", json!({})),
        ("apply-for-divorce", "record-separation-decision", json!({})),
        ("apply-for-compensation", "record-compensation-decision", json!({})),
        ("request-residence-permit-review", "record-residence-permit-decision", json!({})),
    ];
    for (apply, decide, decision) in kinds {
        drop(case().and(apply, json!({})).when(apply, json!({})).warns(&["application_pending"]));
        let applied = case().and(apply, json!({})).when(decide, decision.clone()).warns(&[]).accepted();
        drop(applied.when(decide, decision.clone()).warns(&["decision_without_application"]));
        drop(case().when(decide, decision).warns(&["decision_without_application"]));
    }
    let separating = case().and("apply-for-separation", json!({}));
    drop(separating.when("apply-for-divorce", json!({})).warns(&["application_pending"]));
}

#[test]
fn a_hearing_is_held_once() {
    let held = summoned().when("attend-hearing", hearing()).warns(&[]).accepted();
    drop(held.clone().when("attend-hearing", hearing()).already());
    drop(held.clone().when("move-hearing", hearing()).warns(&["hearing_attended_already"]).leaves_follow_ups());
    drop(held.when("schedule-hearing", hearing()).warns(&["hearing_recorded_already"]).leaves_follow_ups());
}

#[test]
fn a_hearing_may_be_heard_of_late() {
    drop(case().when("attend-hearing", hearing()).warns(&["hearing_unknown"]));
    drop(case().when("move-hearing", hearing()).warns(&["hearing_unknown"]));
    drop(summoned().when("move-hearing", hearing()).warns(&[]));
    drop(summoned().when("schedule-hearing", hearing()).warns(&["hearing_recorded_already"]));
    let two = case().and("schedule-hearing", json!({})).and("schedule-hearing", json!({}));
    assert_eq!(two.case().domain().hearings.len(), 2);
    assert!(two.case().domain().hearings.keys().all(|hearing| !hearing.is_nil()));
}

#[test]
fn a_decision_is_logged_once_and_in_time() {
    let decision = |day: &str| json!({ "decision": DECISION, "appeal_by": day });
    let received = case().when("receive-family-decision", decision("2026-11-20")).warns(&[]).accepted();
    drop(received.when("receive-family-decision", decision("2026-12-18")).warns(&["decision_recorded_already"]));
    drop(case().when("receive-family-decision", decision("2026-11-19")).warns(&["appeal_day_passed"]));
    let two = case().and("receive-family-decision", json!({})).and("receive-family-decision", json!({}));
    assert_eq!(two.case().domain().decisions.len(), 2);
}

#[test]
fn a_permit_that_has_run_out_is_urgent() {
    let review = |day: &str| case().when("request-residence-permit-review", json!({ "permit_expires": day }));
    drop(review("2026-11-20").warns(&[]));
    drop(review("2026-11-19").warns(&["permit_expired"]));
}

#[test]
fn a_case_closes_once_and_says_what_is_open() {
    let closing = json!({ "outcome": "concluded" });
    drop(case().when("close-case", closing.clone()).warns(&[]));
    let closed = restrained().when("close-case", closing.clone()).warns(&["open_follow_ups"]).accepted();
    drop(closed.clone().when("close-case", closing).already());
    closed.clone().when("close-case", json!({ "outcome": "contact_lost" })).refused("second_outcome");
    assert!(closed.actions().is_empty());
}

#[test]
fn a_closed_case_takes_late_entries_and_stays_closed() {
    let closed = case().and("close-case", json!({ "outcome": "concluded" }));
    let late = closed.when("assign-lawyer", json!({})).warns(&["case_closed"]).accepted();
    assert!(late.actions().is_empty());
    assert!(!late.when_in_error(2).accepted().actions().is_empty());
}

#[test]
fn what_is_likely_follows_her_course() {
    let first = |given: Given<super::Legal>| given.actions().first().copied();
    assert_eq!(first(case()), Some("screen-legal-need"));
    let screened = case().and("screen-legal-need", json!({}));
    assert_eq!(first(screened.clone()), Some("file-police-report"));
    let at_risk = screened.clone().and("record-abduction-risk", json!({}));
    assert_eq!(first(at_risk.clone()), Some("secure-passport"));
    assert_ne!(first(at_risk.and("secure-passport", json!({}))), Some("secure-passport"));
    let first_of = |action: &str| first(screened.clone().and(action, json!({})));
    assert_eq!(first_of("schedule-hearing"), Some("attend-hearing"));
    assert_eq!(first_of("file-police-report"), Some("apply-for-compensation"));
    assert_eq!(first_of("apply-for-compensation"), Some("record-compensation-decision"));
    assert_eq!(first_of("apply-for-free-legal-aid"), Some("record-free-legal-aid-decision"));
    assert_eq!(first_of("apply-for-divorce"), Some("record-separation-decision"));
    assert_eq!(first_of("request-residence-permit-review"), Some("record-residence-permit-decision"));
    assert_eq!(first_of("open-custody-case"), Some("receive-family-decision"));
    let decided = screened.clone().and("open-custody-case", json!({})).and("receive-family-decision", json!({}));
    assert!(!decided.actions().contains(&"receive-family-decision"));
    assert_eq!(first(decided.and("open-custody-case", json!({}))), Some("receive-family-decision"));
    let reported = screened.and("file-police-report", json!({})).and("apply-for-compensation", json!({}));
    assert_eq!(first(reported.clone()), Some("close-police-case"));
    assert!(!reported.and("close-police-case", json!({})).actions().contains(&"file-police-report"));
}

#[test]
fn a_claim_in_kroner_is_warned_about() {
    drop(case().when("apply-for-compensation", json!({ "claim": 25_000 })).warns(&["amount_in_kroner"]));
    let applied = case().and("apply-for-compensation", json!({ "claim": 2_500_000 }));
    let decision = json!({ "claim": 2_500_000, "awarded": 20_000 });
    drop(applied.when("record-compensation-decision", decision).warns(&["amount_in_kroner"]));
}
