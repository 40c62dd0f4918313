use super::{AID, APPLY, CHILD, DECISION, HEARING, MARRIAGE, PLAN, case, hearing};
use kit::{Class, Happened, facets::Weight, given::Given};
use serde_json::json;

const CHASE: &str = "compensation/chase";
const CONTACT: &str = "interim-contact/review";
const PERMIT: &str = "residence-permit/expiry";
const APPEAL: &str = "decision/7e9f3a74-1d6f-4b82-8c43-7e8f9a0b1c23/appeal";

#[test]
fn what_is_applied_for_is_chased_until_it_is_decided() {
    let kinds = [
        ("apply-for-free-legal-aid", "record-free-legal-aid-decision", AID, "chase_free_legal_aid", "2026-12-21"),
        ("apply-for-separation", "record-separation-decision", MARRIAGE, "chase_marital_case", "2026-12-21"),
        ("apply-for-divorce", "record-separation-decision", MARRIAGE, "chase_marital_case", "2026-12-21"),
        ("apply-for-compensation", "record-compensation-decision", CHASE, "chase_compensation", "2027-05-20"),
        (
            "request-residence-permit-review",
            "record-residence-permit-decision",
            "residence-permit/chase",
            "chase_residence_permit",
            "2027-01-20",
        ),
    ];
    for (apply, decide, key, what, due) in kinds {
        let applied = case().when(apply, json!({})).opens(key, what, Some(due)).accepted();
        let decision = if key == AID { json!({ "outcome": "granted" }) } else { json!({}) };
        drop(applied.when(decide, decision).closes(key));
    }
}

#[test]
fn free_legal_aid_is_needed_before_the_hearing() {
    let scheduled = |kind: &str| {
        let hearing = json!({ "hearing": HEARING, "kind": kind, "when": "2026-12-16T09:30" });
        case().and("apply-for-free-legal-aid", json!({})).when("schedule-hearing", hearing)
    };
    let applied = scheduled("court_hearing").opens(AID, "chase_free_legal_aid", Some("2026-12-02")).accepted();
    assert_eq!(applied.case().follow_ups()[AID].class, Class::Location);
    // A hearing that is later puts nothing off, neither from the start nor when it is moved.
    let later = json!({ "hearing": HEARING, "when": "2027-01-20" });
    let moved = applied.and("move-hearing", later.clone());
    assert_eq!(moved.case().follow_ups()[AID].due, Some("2026-12-02".parse().unwrap()));
    let far = case().and("apply-for-free-legal-aid", json!({})).and("schedule-hearing", later);
    assert_eq!(far.case().follow_ups()[AID].due, Some("2026-12-21".parse().unwrap()));
    assert_eq!(far.case().follow_ups()[AID].class, Class::Personal);
    drop(moved.when("record-free-legal-aid-decision", json!({ "outcome": "granted" })).closes(AID));
    // Other meetings need none, and a hearing on an unknown day tells nothing.
    let meeting = scheduled("lawyer_meeting").accepted();
    assert_eq!(meeting.case().follow_ups()[AID].due, Some("2026-12-21".parse().unwrap()));
    let unknown = case().and("apply-for-free-legal-aid", json!({})).and("schedule-hearing", json!({}));
    assert_eq!(unknown.case().follow_ups()[AID].due, Some("2026-12-21".parse().unwrap()));
}

#[test]
fn free_legal_aid_is_needed_before_a_hearing_that_is_agreed_on_already() {
    let other = "5d8e2f63-0c5e-4a71-9b32-6d7e8f9a0b13";
    let court = |hearing: &str, day: &str| json!({ "hearing": hearing, "kind": "court_hearing", "when": day });
    let due = |given: &Given<super::Legal>| {
        let aid = &given.case().follow_ups()[AID];
        (aid.due.unwrap().to_string(), aid.class)
    };
    // Counted from the plans for the hearings that are open, 28 and 18 December.
    let two = case().and("schedule-hearing", court(HEARING, "2026-12-30T09:30"));
    let two = two.and("schedule-hearing", court(other, "2026-12-20"));
    let applied = two.clone().when("apply-for-free-legal-aid", json!({}));
    let applied = applied.opens(AID, "chase_free_legal_aid", Some("2026-12-04")).accepted();
    assert_eq!(due(&applied), ("2026-12-04".to_owned(), Class::Location));
    let held = two.and("attend-hearing", json!({ "hearing": other }));
    assert_eq!(due(&held.and("apply-for-free-legal-aid", json!({}))).0, "2026-12-14");
    // One far away, one without a date and one that is no hearing tell nothing.
    let far = case().and("schedule-hearing", court(HEARING, "2027-06-01")).and("schedule-hearing", json!({}));
    let far = far.and("schedule-hearing", json!({ "hearing": other, "kind": "lawyer_meeting", "when": "2026-11-30" }));
    assert_eq!(due(&far.and("apply-for-free-legal-aid", json!({}))), ("2026-12-21".to_owned(), Class::Personal));
    // Applied for once more, it is chased no later.
    let again = applied.and("attend-hearing", json!({ "hearing": HEARING })).on("2026-12-01");
    let again = again.and("attend-hearing", json!({ "hearing": other })).and("apply-for-free-legal-aid", json!({}));
    assert_eq!(due(&again), ("2026-12-04".to_owned(), Class::Location));
}

#[test]
fn a_marriage_that_a_court_decides_on_is_chased_until_it_has() {
    let sent = || json!({ "outcome": "sent_to_court" });
    let applied = case().and("apply-for-separation", json!({})).on("2026-12-10");
    let sent_on = applied.clone().when("record-separation-decision", sent()).warns(&[]).moves(MARRIAGE, "2027-01-11");
    let sent_on = sent_on.accepted();
    let judged = sent_on.when("record-separation-decision", json!({ "outcome": "separation_granted" }));
    let judged = judged.warns(&[]).closes(MARRIAGE).accepted();
    // Logged after the judgment, it asks for nothing.
    let late = judged.when("record-separation-decision", sent()).warns(&["decision_without_application"]);
    drop(late.leaves_follow_ups());
    // It may be the first that is heard of it.
    let first = case().when("record-separation-decision", sent()).warns(&["decision_without_application"]);
    let first = first.opens(MARRIAGE, "chase_marital_case", Some("2026-12-21")).accepted();
    drop(first.when("record-separation-decision", json!({})).warns(&[]).closes(MARRIAGE));
    // When it was sent on nobody knows: it is chased as before.
    drop(applied.when_on("record-separation-decision", sent(), Happened::Unknown).leaves_follow_ups());
}

#[test]
fn a_hearing_has_a_plan_for_her_safety_before_it() {
    let scheduled = json!({ "hearing": HEARING, "when": "2026-12-02T09:30" });
    let scheduled = case().when("schedule-hearing", scheduled);
    let scheduled = scheduled.opens(PLAN, "plan_safety_for_hearing", Some("2026-11-30")).accepted();
    assert_eq!(scheduled.case().follow_ups()[PLAN].class, Class::Location);
    let moved = json!({ "hearing": HEARING, "when": "2026-12-09" });
    let moved = scheduled.when("move-hearing", moved).moves(PLAN, "2026-12-07").accepted();
    assert_eq!(moved.case().follow_ups()[PLAN].class, Class::Location);
    drop(moved.clone().when("attend-hearing", hearing()).closes(PLAN));
    // Moved to nobody knows when.
    let somewhen = moved.and("move-hearing", hearing());
    assert_eq!(somewhen.case().follow_ups()[PLAN].due, None);
    drop(case().when("schedule-hearing", hearing()).opens(PLAN, "plan_safety_for_hearing", None));
    // There is nothing to move where it was never logged.
    let unknown = json!({ "hearing": HEARING, "when": "2026-12-09" });
    drop(case().when("move-hearing", unknown).opens(PLAN, "plan_safety_for_hearing", Some("2026-12-07")));
}

#[test]
fn compensation_is_applied_for_in_good_time() {
    let report = |day: &str| json!({ "offence_day": day });
    let reported = case().when("file-police-report", report("2026-11-18")).weighs(Weight::Milestone);
    let reported = reported.opens(APPLY, "apply_for_compensation", Some("2028-08-20")).accepted();
    drop(case().when("file-police-report", json!({})).opens(APPLY, "apply_for_compensation", None));
    let applied = reported.when("apply-for-compensation", json!({})).closes(APPLY).accepted();
    // What is applied for is not to be applied for.
    drop(applied.clone().when("close-police-case", json!({ "final_on": "2026-11-20" })).leaves_follow_ups());
    let decided = applied.when("record-compensation-decision", json!({})).weighs(Weight::Milestone);
    let decided = decided.closes(APPLY).closes(CHASE).accepted();
    drop(decided.clone().when("close-police-case", json!({})).leaves_follow_ups());
    // Another offence is another claim, while the first one is pending and after.
    let again = decided.when("file-police-report", report("2026-11-20"));
    drop(again.opens(APPLY, "apply_for_compensation", Some("2028-08-22")));
}

#[test]
fn a_claim_for_a_later_offence_runs_beside_the_first() {
    let report = |day: &str| json!({ "offence_day": day });
    let pending = case().and("file-police-report", report("2026-11-18")).and("apply-for-compensation", json!({}));
    let two = pending.when("file-police-report", report("2026-11-20"));
    let two = two.opens(APPLY, "apply_for_compensation", Some("2028-08-22")).accepted();
    assert!(two.actions().contains(&"apply-for-compensation"));
    // The decision on the first claim leaves the second to be applied for.
    let first = two.clone().when("record-compensation-decision", json!({})).warns(&[]).closes(CHASE).accepted();
    assert!(first.case().follow_ups()[APPLY].open);
    // Or leaves it pending.
    let both = two.when("apply-for-compensation", json!({})).warns(&[]).closes(APPLY).accepted();
    let one = both.when("record-compensation-decision", json!({})).warns(&[]).closes(APPLY).accepted();
    assert!(one.case().follow_ups()[CHASE].open);
    let none = one.when("record-compensation-decision", json!({})).warns(&[]).closes(CHASE).accepted();
    drop(none.when("record-compensation-decision", json!({})).warns(&["decision_without_application"]));
}

#[test]
fn compensation_counts_from_the_first_offence_until_the_criminal_case_is_over() {
    let report = |day: &str| json!({ "offence_day": day });
    let two = case().and("file-police-report", report("2026-11-18"));
    let earlier = two.clone().when("file-police-report", report("2026-11-01"));
    drop(earlier.opens(APPLY, "apply_for_compensation", Some("2028-08-03")));
    let later = two.clone().when("file-police-report", report("2026-11-20"));
    drop(later.opens(APPLY, "apply_for_compensation", Some("2028-08-20")));
    // A day that becomes known is better than none.
    let known = case().and("file-police-report", json!({})).when("file-police-report", report("2026-11-18"));
    drop(known.opens(APPLY, "apply_for_compensation", Some("2028-08-20")));
    let closed = two.clone().on("2027-05-03").when("close-police-case", json!({ "final_on": "2027-05-03" }));
    let closed = closed.opens(APPLY, "apply_for_compensation", Some("2029-02-02")).accepted();
    let late = closed.when("file-police-report", report("2026-11-01"));
    drop(late.opens(APPLY, "apply_for_compensation", Some("2029-02-02")));
    // Closed on an unknown day, what was known stays.
    let unknown = two.when("close-police-case", json!({}));
    drop(unknown.opens(APPLY, "apply_for_compensation", Some("2028-08-20")));
    drop(case().when("close-police-case", json!({})).opens(APPLY, "apply_for_compensation", None));
}

#[test]
fn contact_meanwhile_is_looked_at_until_contact_is_decided() {
    let decided = case().when("record-interim-contact", json!({})).weighs(Weight::Milestone);
    let decided = decided.opens(CONTACT, "review_interim_contact", Some("2026-12-18")).accepted();
    drop(decided.clone().when("receive-family-decision", json!({ "matter": "contact" })).closes(CONTACT));
    let custody = decided.and("receive-family-decision", json!({ "matter": "custody" }));
    assert!(custody.case().follow_ups()[CONTACT].open);
}

#[test]
fn a_decision_is_appealed_in_time_or_not() {
    let received = json!({ "decision": DECISION, "appeal_by": "2026-12-11" });
    let received = case().when("receive-family-decision", received).weighs(Weight::Milestone);
    drop(received.opens(APPEAL, "consider_appeal", Some("2026-12-11")));
    // Where it does not say by when, the law does.
    let silent = json!({ "decision": DECISION });
    let counted = case().when("receive-family-decision", silent.clone());
    drop(counted.opens(APPEAL, "consider_appeal", Some("2026-12-18")));
    let unknown = case().when_on("receive-family-decision", silent, Happened::Unknown);
    let unknown = unknown.opens(APPEAL, "consider_appeal", None).accepted();
    // Another decision is another follow-up.
    assert_eq!(unknown.and("receive-family-decision", json!({})).case().follow_ups().len(), 2);
}

#[test]
fn a_permit_is_looked_after_before_it_expires() {
    let asked = json!({ "permit_expires": "2027-03-31" });
    let asked = case().when("request-residence-permit-review", asked);
    let asked = asked.opens(PERMIT, "act_before_permit_expires", Some("2027-01-30")).accepted();
    // Asked once more without a day, the one that is known stays.
    let again = asked.clone().when("request-residence-permit-review", json!({}));
    drop(again.opens(PERMIT, "act_before_permit_expires", Some("2027-01-30")));
    let granted = json!({ "outcome": "granted", "permit_expires": "2029-03-31" });
    let granted = asked.clone().when("record-residence-permit-decision", granted);
    drop(granted.opens(PERMIT, "act_before_permit_expires", Some("2029-01-30")));
    let refused = asked.and("record-residence-permit-decision", json!({ "outcome": "refused" }));
    assert!(refused.case().follow_ups()[PERMIT].open);
    drop(case().when("request-residence-permit-review", json!({})).opens(PERMIT, "act_before_permit_expires", None));
}

#[test]
fn what_is_about_children_says_which() {
    for action in ["open-custody-case", "secure-passport", "record-abduction-risk"] {
        let outcome = case().when(action, json!({ "children": [CHILD] })).outcome.unwrap();
        let about = &outcome.entries[0].facets.about;
        assert_eq!(about.iter().map(ToString::to_string).collect::<Vec<_>>(), [CHILD], "{action}");
    }
}

#[test]
fn turns_of_her_course_stand_out() {
    let turns = [
        ("file-police-report", json!({}), Weight::Milestone),
        ("close-police-case", json!({}), Weight::Milestone),
        ("record-separation-decision", json!({}), Weight::Milestone),
        ("open-custody-case", json!({}), Weight::Milestone),
        ("record-compensation-decision", json!({}), Weight::Milestone),
        ("record-residence-permit-decision", json!({}), Weight::Milestone),
        ("close-case", json!({ "outcome": "concluded" }), Weight::Milestone),
        ("record-abduction-risk", json!({}), Weight::Alert),
        ("give-legal-advice", json!({}), Weight::Routine),
        ("schedule-hearing", json!({}), Weight::Routine),
        ("secure-passport", json!({}), Weight::Routine),
        ("record-free-legal-aid-decision", json!({ "outcome": "granted" }), Weight::Routine),
    ];
    for (action, facts, weight) in turns {
        drop(case().when(action, facts).weighs(weight));
    }
}
