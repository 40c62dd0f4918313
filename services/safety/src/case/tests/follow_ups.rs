use super::{ALERT, LOAN, LOOK, OTHER_LOAN, REVIEW, alert, alerted, case, lent, loan, open};
use kit::{
    Happened,
    entry::{Common, FollowUpClosed, FollowUpOutcome},
    facets::{Change, Weight},
    given::Given,
};
use serde_json::json;

const LOSS: &str = "alarm/5b1d7c3e-2f4a-4b6d-8c1e-3a5b7d9f1c21/loss";
const REPORT: &str = "8d3f9e5a-4b6c-4d8f-8e3a-5c7d9f1b3e43";
const CHILD: &str = "9e4a0f6b-5c7d-4e9a-9f4b-6d8e0a2c4f54";

fn earlier() -> Happened {
    "2026-11-10".parse().unwrap()
}

#[test]
fn risk_is_assessed_again_a_month_later() {
    let key = "risk/reassess";
    let assessed = case().when("assess-risk", json!({})).opens(key, "reassess_risk", Some("2026-12-20")).accepted();
    let again = assessed.on("2026-12-01").when("assess-risk", json!({}));
    drop(again.opens(key, "reassess_risk", Some("2026-12-31")));
    let late = case().when_on("assess-risk", json!({}), earlier());
    drop(late.opens(key, "reassess_risk", Some("2026-12-10")));
}

#[test]
fn a_risk_is_not_told_by_the_weight_of_its_entry() {
    for level in ["low", "medium", "unclear", "high"] {
        drop(case().when("assess-risk", json!({ "level": level })).weighs(Weight::Routine));
    }
}

#[test]
fn what_is_older_drags_no_later_review_back() {
    let reviews = [
        ("assess-risk", json!({}), "risk/reassess"),
        ("agree-safety-plan", json!({}), "safety-plan/review"),
        ("revise-safety-plan", json!({}), "safety-plan/review"),
        ("check-digital-safety", json!({}), "digital-safety/again"),
        ("issue-alarm", loan(), REVIEW),
    ];
    let due = |given: &Given<super::Safety>, key: &str| given.case().follow_ups()[key].due;
    for (action, facts, key) in reviews {
        let done = case().by("w-7").and(action, facts.clone());
        let late = done.clone().by("w-8").when_on(action, facts.clone(), earlier()).accepted();
        assert_eq!(late.case().follow_ups()[key], done.case().follow_ups()[key], "{action}");
        // Alone, it is looked at as long after the day it happened as any.
        let corrected = done.clone().when_corrected_to(2, json!({}), &earlier().to_string());
        let corrected = corrected.outcome.unwrap().entries.remove(0).facets;
        let corrected = corrected.follow_ups.iter().find(|change| change.key == key).unwrap();
        assert_eq!(
            (corrected.change, corrected.due),
            (Change::Opened, Some("2026-12-10".parse().unwrap())),
            "{action}"
        );
        // Taken back, the one that is left is looked at still.
        assert!(open(&late.when_in_error(2).accepted()).contains(&key), "{action}");
        let younger = done.on("2026-11-25").and(action, facts);
        assert_eq!(due(&younger, key), Some("2026-12-25".parse().unwrap()), "{action}");
    }
    let renewal = json!({ "loan": LOAN, "review_on": "2027-02-01" });
    let issued = case().and("renew-alarm", renewal).and("issue-alarm", loan());
    assert_eq!(due(&issued, REVIEW), Some("2027-02-01".parse().unwrap()));
}

#[test]
fn an_older_protection_leaves_the_renewal_of_the_later_one() {
    let key = "address-protection/renew";
    let until = |day: &str| json!({ "until": day });
    let due = |given: &Given<super::Safety>| given.case().follow_ups()[key].due.map(|due| due.to_string());
    let renewed = case().by("w-7").and("renew-address-protection", until("2028-11-18"));
    for older in [until("2027-11-19"), json!({})] {
        let late = renewed.clone().by("w-8").and("record-address-protection-grant", older.clone());
        assert_eq!(late.case().follow_ups()[key], renewed.case().follow_ups()[key]);
        let done = FollowUpClosed { key: key.to_owned(), outcome: FollowUpOutcome::Done, reason: None };
        let done = renewed.clone().when_common(Common::FollowUpClosed(done)).accepted();
        assert_eq!(open(&done.and("record-address-protection-grant", older)), [""; 0]);
    }
    // A slip of the finger is corrected, whatever was known before.
    assert_eq!(due(&renewed.when_corrected(2, until("2027-11-18")).accepted()).as_deref(), Some("2027-10-19"));
    let both = case().and("record-address-protection-grant", until("2026-12-31"));
    let both = both.and("renew-address-protection", until("2072-12-31"));
    let right = both.clone().when_corrected(3, until("2027-12-31")).accepted();
    assert_eq!(due(&right).as_deref(), Some("2027-12-01"));
    assert_eq!(due(&both.when_in_error(3).accepted()).as_deref(), Some("2026-12-01"));
    // What is granted after the end begins anew.
    let over = right.and("expire-address-protection", json!({}));
    let again = over.and("record-address-protection-grant", until("2027-06-30"));
    assert_eq!(due(&again).as_deref(), Some("2027-05-31"));
}

#[test]
fn a_plan_is_gone_through_again_a_month_later() {
    let key = "safety-plan/review";
    let agreed = case().when("agree-safety-plan", json!({})).weighs(Weight::Milestone);
    let agreed = agreed.opens(key, "review_safety_plan", Some("2026-12-20")).accepted();
    let revised = agreed.on("2026-12-05").when("revise-safety-plan", json!({})).weighs(Weight::Routine);
    drop(revised.opens(key, "review_safety_plan", Some("2027-01-04")));
}

#[test]
fn an_unknown_day_counts_from_today() {
    let unknown = case().when_on("assess-risk", json!({}), Happened::Unknown);
    drop(unknown.opens("risk/reassess", "reassess_risk", Some("2026-12-20")));
}

#[test]
fn an_application_is_chased_until_the_protection_holds() {
    let key = "address-protection/chase";
    for answer in ["record-address-protection-grant", "renew-address-protection"] {
        let applied = case().when("apply-for-address-protection", json!({}));
        let applied = applied.opens(key, "chase_address_protection", Some("2026-11-25")).accepted();
        drop(applied.when(answer, json!({})).closes(key));
    }
}

#[test]
fn a_protection_is_renewed_before_it_ends() {
    let key = "address-protection/renew";
    let until = |day: &str| json!({ "until": day });
    let granted = case().when("record-address-protection-grant", until("2027-11-19")).weighs(Weight::Milestone);
    let granted = granted.opens(key, "renew_address_protection", Some("2027-10-20")).accepted();
    let renewed = granted.clone().when("renew-address-protection", until("2028-11-18")).weighs(Weight::Routine);
    drop(renewed.opens(key, "renew_address_protection", Some("2028-10-19")));
    drop(granted.when("expire-address-protection", json!({})).closes(key));
    let unknown = case().when("record-address-protection-grant", json!({}));
    drop(unknown.opens(key, "renew_address_protection", None));
}

#[test]
fn a_protection_that_is_over_is_applied_for_again_unless_somebody_did() {
    let key = "address-protection/again";
    let granted = case().and("record-address-protection-grant", json!({}));
    let over = granted.clone().when_on("expire-address-protection", json!({}), earlier()).weighs(Weight::Alert);
    let over = over.opens(key, "apply_again_for_address_protection", Some("2026-11-20")).accepted();
    let again = ["apply-for-address-protection", "record-address-protection-grant", "renew-address-protection"];
    for action in again {
        drop(over.clone().when(action, json!({})).closes(key));
    }
    let pending = granted.and("apply-for-address-protection", json!({})).and("expire-address-protection", json!({}));
    assert_eq!(open(&pending), ["address-protection/chase"]);
    // A grant from before does not answer, nor one that is over or is still to come.
    let grant = "record-address-protection-grant";
    assert!(open(&over.clone().when_on(grant, json!({}), earlier()).accepted()).contains(&key));
    for facts in [json!({ "until": "2026-11-19" }), json!({ "from": "2026-11-21" })] {
        assert!(open(&over.clone().and(grant, facts)).contains(&key));
    }
}

#[test]
fn an_alarm_is_reviewed_on_the_day_agreed_or_by_practice() {
    let dated = json!({ "loan": LOAN, "review_on": "2027-01-15" });
    let issued = case().when("issue-alarm", dated).weighs(Weight::Milestone);
    drop(issued.opens(REVIEW, "review_alarm", Some("2027-01-15")));
    drop(case().when("issue-alarm", loan()).opens(REVIEW, "review_alarm", Some("2026-12-20")));
    let renewal = json!({ "loan": LOAN, "review_on": "2027-02-01" });
    let renewed = lent().when("renew-alarm", renewal.clone()).weighs(Weight::Routine);
    drop(renewed.opens(REVIEW, "review_alarm", Some("2027-02-01")));
    drop(case().when("renew-alarm", renewal).opens(REVIEW, "review_alarm", Some("2027-02-01")));
    // Each loan has its own.
    assert_eq!(open(&lent().and("issue-alarm", json!({ "loan": OTHER_LOAN }))).len(), 2);
}

#[test]
fn an_alarm_that_is_back_needs_no_review_and_a_lost_one_is_reported_today() {
    drop(lent().when("return-alarm", loan()).closes(REVIEW).weighs(Weight::Milestone));
    let lost = lent().when_on("record-alarm-loss", loan(), earlier()).closes(REVIEW).weighs(Weight::Alert);
    drop(lost.opens(LOSS, "report_alarm_loss", Some("2026-11-20")));
}

#[test]
fn a_trigger_stands_out_once() {
    for action in ["record-tracker", "record-triggered-alarm", "record-threat"] {
        let then = case().when(action, json!({}));
        let weights: Vec<_> = then.outcome.unwrap().entries.iter().map(|entry| entry.facets.weight).collect();
        assert_eq!(weights, [Weight::Milestone, Weight::Alert]);
    }
}

#[test]
fn digital_safety_is_checked_the_next_day_and_a_month_later() {
    let (first_day, again) = ("digital-safety/first-day", "digital-safety/again");
    let first = case().when("check-digital-safety", json!({}));
    let first = first.opens(first_day, "check_digital_safety_next_day", Some("2026-11-21"));
    let first = first.opens(again, "check_digital_safety_again", Some("2026-12-20")).accepted();
    let second = first.on("2026-11-21").when("check-digital-safety", json!({})).closes(first_day);
    let second = second.opens(again, "check_digital_safety_again", Some("2026-12-21")).accepted();
    assert_eq!(open(&second), [again]);
    assert_eq!(open(&second.on("2026-12-21").and("check-digital-safety", json!({}))), [again]);
}

#[test]
fn the_next_day_is_looked_at_on_a_later_day_alone() {
    let first_day = "digital-safety/first-day";
    let check = |given: Given<super::Safety>, day: &str| {
        given.when_on("check-digital-safety", json!({}), day.parse().unwrap()).accepted()
    };
    let first = || check(case(), "2026-11-18");
    for day in ["2026-11-10", "2026-11-18", "unknown"] {
        assert!(open(&check(first(), day)).contains(&first_day), "{day}");
    }
    assert!(!open(&check(first(), "2026-11-19")).contains(&first_day));
}

#[test]
fn evidence_nobody_kept_is_secured_today() {
    let kinds = [("record-tracker", "tracker/evidence"), ("secure-accounts", "accounts/evidence")];
    for (action, key) in kinds {
        for facts in [json!({}), json!({ "evidence_kept": false })] {
            let found = case().when_on(action, facts, earlier());
            drop(found.opens(key, "secure_evidence", Some("2026-11-20")));
        }
        assert!(!open(&case().and(action, json!({ "evidence_kept": true }))).contains(&key));
    }
}

#[test]
fn a_report_is_confirmed_by_the_municipality() {
    let key = format!("child-concern/{REPORT}/receipt");
    let facts = json!({ "report": REPORT, "child": CHILD });
    let reported = case().when("report-child-concern", facts).weighs(Weight::Milestone);
    // Monday 30 November: six working days after a Friday.
    let reported = reported.opens(&key, "await_receipt", Some("2026-11-30"));
    let about = |then: kit::given::Then<super::Safety>| then.outcome.unwrap().entries.remove(0).facets.about;
    assert_eq!(about(reported), [CHILD.parse().unwrap()]);
    assert!(about(case().when("report-child-concern", json!({}))).is_empty());
    // Each report has its own.
    let two = case().and("report-child-concern", json!({})).and("report-child-concern", json!({}));
    assert_eq!(open(&two).len(), 2);
}

#[test]
fn what_needs_nothing_opens_nothing() {
    drop(case().when("change-locks", json!({})).leaves_follow_ups().weighs(Weight::Routine));
    drop(case().when("register-special-address-protection", json!({})).leaves_follow_ups().weighs(Weight::Milestone));
    let closed = case().when("close-case", json!({ "outcome": "threat_over" }));
    drop(closed.leaves_follow_ups().weighs(Weight::Milestone));
    let unknown = case().when("clear-safety-alert", alert());
    assert_eq!(open(&unknown.weighs(Weight::Routine).accepted()), [""; 0]);
}

#[test]
fn no_follow_up_date_tells_of_a_place() {
    // A triggered alarm's time and place are location facts; the look that it asks for is today's.
    let facts = json!({ "loan": LOAN, "when": "2026-11-18T03:00", "place": "Stationen" });
    let triggered = lent().and("record-triggered-alarm", facts);
    assert!(triggered.case().follow_ups().values().all(|follow_up| follow_up.class == kit::Class::Personal));
    let dues: Vec<_> = triggered
        .case()
        .follow_ups()
        .values()
        .filter_map(|follow_up| follow_up.due.map(|due| due.to_string()))
        .collect();
    assert!(!dues.contains(&"2026-11-18".to_owned()), "{dues:?}");
}

#[test]
fn an_alert_is_one_key() {
    assert_eq!(open(&alerted("order_ends")), [LOOK]);
    assert_eq!(LOOK, format!("alert/{ALERT}"));
}
