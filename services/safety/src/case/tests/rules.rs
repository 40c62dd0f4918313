use super::{ALERT, LOAN, OTHER_LOAN, case, lent, loan};
use kit::{Decider, given::Given};
use serde_json::{Value, json};

#[test]
fn a_loan_ends_once() {
    let endings = ["return-alarm", "record-alarm-loss"];
    for first in endings {
        for second in endings {
            let then = lent().and(first, loan()).when(second, loan());
            if first == second { drop(then.already()) } else { then.refused("second_outcome") }
        }
    }
}

#[test]
fn an_alarm_is_on_one_loan_at_a_time() {
    let again = |alarm: &str| lent().when("issue-alarm", json!({ "loan": OTHER_LOAN, "alarm": alarm }));
    again("OA 1047").refused("alarm_on_loan");
    // It is the same alarm however its number is written.
    again(" oa1047").refused("alarm_on_loan");
    drop(again("OA 1048").warns(&[]));
    // Without a number nobody knows.
    drop(lent().when("issue-alarm", json!({ "loan": OTHER_LOAN })).warns(&[]));
    for ending in ["return-alarm", "record-alarm-loss"] {
        let back = lent().and(ending, loan());
        drop(back.when("issue-alarm", json!({ "loan": OTHER_LOAN, "alarm": "OA 1047" })).warns(&[]));
    }
    // One that came back before its issue is logged is with nobody.
    let late = case().and("return-alarm", json!({ "loan": OTHER_LOAN }));
    let late = late.and("issue-alarm", json!({ "loan": LOAN, "alarm": "OA 1047" }));
    drop(late.when("issue-alarm", json!({ "loan": OTHER_LOAN, "alarm": "OA 1047" })).warns(&["loan_ended"]));
}

#[test]
fn an_alarm_that_is_with_her_is_claimed_and_its_number_is_not_shown() {
    let claims = |given: &Given<super::Safety>| given.case().domain().claims();
    let lent = lent();
    assert_eq!(claims(&lent).into_iter().collect::<Vec<_>>(), ["alarm/oa1047"]);
    // What stands behind a `#` in a claim is stored as it is.
    for number in [
        "oa 10 47",
        "OA#1047",
        "OA-1047",
        "OA\u{2011}1047",
        "OA\u{ad}1047",
        "OA1047\u{200b}",
        "\u{41e}A1047",
        "ＯＡ１０４７",
        "OA \u{661}\u{660}\u{664}\u{667}",
    ] {
        let otherwise = case().and("issue-alarm", json!({ "alarm": number }));
        assert_eq!(claims(&otherwise), claims(&lent));
    }
    assert_ne!(claims(&case().and("issue-alarm", json!({ "alarm": "OA 1048" }))), claims(&lent));
    assert!(claims(&case().and("issue-alarm", loan())).is_empty());
    assert!(claims(&lent.clone().and("return-alarm", loan())).is_empty());
    assert!(claims(&lent.clone().and("record-alarm-loss", loan())).is_empty());
    assert!(!lent.case().state().unwrap().to_string().contains("1047"));
}

#[test]
fn a_new_loan_gets_an_id_and_the_same_one_for_the_same_command() {
    let case = case().and("issue-alarm", json!({})).and("issue-alarm", json!({}));
    let ids: Vec<_> = case.case().domain().loans.keys().copied().collect();
    assert_eq!(ids.len(), 2);
    assert!(ids.iter().all(|id| !id.is_nil()));
}

#[test]
fn a_loan_logged_twice_is_one_loan_with_the_later_facts() {
    let again = lent().when("issue-alarm", json!({ "loan": LOAN, "alarm": "OA 2000", "review_on": "2027-01-05" }));
    let case = again.warns(&["loan_recorded_already"]).opens(super::REVIEW, "review_alarm", Some("2027-01-05"));
    let case = case.accepted();
    assert_eq!(case.case().domain().loans.len(), 1);
    drop(case.when("issue-alarm", json!({ "loan": OTHER_LOAN, "alarm": "OA 1047" })).warns(&[]));
}

#[test]
fn she_arrives_mid_story() {
    let renewal = json!({ "loan": LOAN, "review_on": "2026-12-20" });
    for (action, facts) in [("return-alarm", loan()), ("record-alarm-loss", loan()), ("renew-alarm", renewal)] {
        drop(case().when(action, facts).warns(&["loan_unknown"]));
    }
    drop(case().when("record-triggered-alarm", loan()).warns(&["loan_unknown"]));
    drop(case().when("record-triggered-alarm", json!({})).warns(&[]));
    drop(case().when("revise-safety-plan", json!({})).warns(&["plan_unknown"]));
    for action in ["renew-address-protection", "expire-address-protection"] {
        drop(case().when(action, json!({})).warns(&["protection_unknown"]));
    }
    drop(case().when("clear-safety-alert", json!({ "alert": ALERT })).warns(&["alert_unknown"]));
    // The loan itself may come last, and changes nothing of its ending.
    let late = case().and("return-alarm", loan()).when("issue-alarm", loan()).warns(&["loan_ended"]);
    late.leaves_follow_ups().accepted().when("record-alarm-loss", loan()).refused("second_outcome");
}

#[test]
fn what_is_over_is_not_renewed_or_used_without_a_word() {
    let renewal = json!({ "loan": LOAN, "review_on": "2026-12-20" });
    let back = lent().and("return-alarm", loan());
    drop(back.clone().when("renew-alarm", renewal).warns(&["loan_ended"]).leaves_follow_ups());
    drop(back.when("record-triggered-alarm", loan()).warns(&["loan_ended"]));
    drop(lent().when("record-triggered-alarm", loan()).warns(&[]));
}

#[test]
fn dates_of_one_entry_do_not_contradict_each_other() {
    let actions = [
        "apply-for-address-protection",
        "record-address-protection-grant",
        "renew-address-protection",
        "expire-address-protection",
    ];
    for action in actions {
        case().when(action, json!({ "from": "2026-11-20", "until": "2026-11-19" })).refused("until_before_from");
        drop(case().and(action, json!({ "from": "2026-11-20", "until": "2026-11-20" })));
    }
}

#[test]
fn a_fact_is_not_in_the_future() {
    let to_come: [(&str, Value); 3] = [
        ("expire-address-protection", json!({ "until": "2026-11-21" })),
        ("record-triggered-alarm", json!({ "when": "2026-11-21" })),
        ("record-triggered-alarm", json!({ "when": "2026-11-20T12:06" })),
    ];
    for (action, facts) in to_come {
        case().when(action, facts).refused("in_the_future");
    }
    drop(case().when("record-triggered-alarm", json!({ "when": "2026-11-20T12:00" })).warns(&[]));
    drop(case().and("expire-address-protection", json!({ "until": "2026-11-20" })));
    // A protection may be granted from a day to come.
    drop(case().and("record-address-protection-grant", json!({ "from": "2026-12-01" })));
}

#[test]
fn a_protection_is_applied_for_and_granted_in_any_order() {
    let (apply, grant) = ("apply-for-address-protection", "record-address-protection-grant");
    let applied = case().when(apply, json!({})).warns(&[]).accepted();
    drop(applied.clone().when(apply, json!({})).warns(&["application_pending"]));
    let granted = applied.when(grant, json!({})).warns(&[]).accepted();
    drop(granted.clone().when(grant, json!({})).warns(&["decision_without_application"]));
    drop(granted.clone().when("renew-address-protection", json!({})).warns(&[]));
    drop(case().when(grant, json!({})).warns(&["decision_without_application"]));
    let expired = granted.when("expire-address-protection", json!({})).warns(&[]).accepted();
    drop(expired.clone().when("expire-address-protection", json!({})).already());
    drop(expired.when("renew-address-protection", json!({})).warns(&[]));
}

#[test]
fn a_protection_that_is_over_or_leaves_children_out_is_said() {
    let applied = || case().and("apply-for-address-protection", json!({}));
    let granted = |facts| applied().when("record-address-protection-grant", facts);
    drop(granted(json!({ "until": "2026-11-19" })).warns(&["protection_over"]));
    drop(granted(json!({ "until": "2026-11-20" })).warns(&[]));
    for (children, warnings) in
        [("all", &[][..]), ("has_none", &[]), ("some", &["children_unprotected"]), ("none", &["children_unprotected"])]
    {
        drop(granted(json!({ "children": children })).warns(warnings));
        let renewed = applied().and("record-address-protection-grant", json!({}));
        drop(renewed.when("renew-address-protection", json!({ "children": children })).warns(warnings));
    }
}

#[test]
fn a_plan_gets_the_next_number() {
    let numbers = |given: &Given<super::Safety>| given.case().domain().plan;
    let agreed = case().when("agree-safety-plan", json!({})).warns(&[]).accepted();
    assert_eq!(numbers(&agreed), Some(1));
    let revised = agreed.when("revise-safety-plan", json!({ "version": 0 })).warns(&[]).accepted();
    assert_eq!(numbers(&revised), Some(2));
    drop(revised.clone().when("revise-safety-plan", json!({ "version": 2 })).warns(&["plan_number_taken"]));
    drop(revised.clone().when("agree-safety-plan", json!({ "version": 1 })).warns(&["plan_number_taken"]));
    let later = revised.when("revise-safety-plan", json!({ "version": 7 })).warns(&[]).accepted();
    assert_eq!(numbers(&later.and("revise-safety-plan", json!({}))), Some(8));
}

#[test]
fn evidence_comes_first() {
    for action in ["record-tracker", "secure-accounts"] {
        drop(case().when(action, json!({})).warns(&["evidence_first"]));
        drop(case().when(action, json!({ "evidence_kept": false })).warns(&["evidence_first"]));
        drop(case().when(action, json!({ "evidence_kept": true })).warns(&[]));
    }
}

#[test]
fn an_untrained_assessor_is_no_matter_for_a_rule() {
    drop(case().when("assess-risk", json!({ "assessor_trained": false })).warns(&[]));
}

#[test]
fn a_case_closes_once_and_says_what_is_open() {
    let closing = json!({ "outcome": "threat_over" });
    drop(case().when("close-case", closing.clone()).warns(&[]));
    drop(lent().and("return-alarm", loan()).when("close-case", closing.clone()).warns(&[]));
    let out = lent().when("close-case", closing.clone()).warns(&["alarm_out", "open_follow_ups"]);
    drop(out.accepted());
    let alerted = super::alerted("new_threat").and("assess-risk", json!({}));
    drop(alerted.when("close-case", closing.clone()).warns(&["alert_uncleared", "open_follow_ups"]));
    let closed = case().and("close-case", closing.clone());
    drop(closed.clone().when("close-case", closing).already());
    closed.clone().when("close-case", json!({ "outcome": "contact_lost" })).refused("second_outcome");
    assert!(closed.actions().is_empty());
}

#[test]
fn a_closed_case_takes_late_entries_and_stays_closed() {
    let closed = case().and("close-case", json!({ "outcome": "threat_over" }));
    let late = closed.when("change-locks", json!({})).warns(&["case_closed"]).accepted();
    assert!(late.actions().is_empty());
    let reopened = late.when_in_error(2).accepted();
    assert!(!reopened.actions().is_empty());
}

#[test]
fn what_is_likely_follows_her_course() {
    let listed = |given: &Given<super::Safety>, action| given.actions().contains(&action);
    let first = case();
    assert_eq!(first.actions()[..2], ["assess-risk", "agree-safety-plan"]);
    assert!(listed(&first, "apply-for-address-protection") && listed(&first, "check-digital-safety"));
    let applied = first.and("assess-risk", json!({})).and("agree-safety-plan", json!({}));
    let applied = applied.and("check-digital-safety", json!({})).and("apply-for-address-protection", json!({}));
    assert_eq!(applied.actions().first(), Some(&"record-address-protection-grant"));
    let quiet = applied.and("record-address-protection-grant", json!({}));
    let likely = ["record-threat", "issue-alarm", "revise-safety-plan", "assess-risk", "close-case"];
    assert_eq!(quiet.actions(), likely);
    let lent = quiet.and("issue-alarm", loan());
    assert!(listed(&lent, "record-triggered-alarm") && listed(&lent, "return-alarm"));
    assert!(!listed(&lent, "close-case"));
    let threatened = lent.and("record-threat", json!({}));
    assert_eq!(threatened.actions()[..2], ["assess-risk", "clear-safety-alert"]);
}
