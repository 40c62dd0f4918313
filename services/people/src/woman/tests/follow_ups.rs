//! What entries leave open and end.

use super::{
    CENTRE, CHILD, CONTACT, DECIDE, DISCLOSURE, ERASURE, NOTICE_IN, NOTICE_OUT, OTHER_STAY, RECONFIRM, STAY, VALUE,
    agreed, contact, nobody, open, stay, staying, woman,
};
use crate::woman::Event;
use crate::woman::Woman;
use kit::{Happened, facets::Weight, given::Given};
use serde_json::json;

#[test]
fn the_municipality_is_told_within_three_working_days_of_the_decision() {
    let started = |facts| woman().when("start-stay", facts).weighs(Weight::Milestone);
    // A Friday, and a decision on the Wednesday before.
    drop(started(stay()).opens(NOTICE_IN, "tell_municipality_of_arrival", Some("2026-11-25")));
    let decided = json!({ "stay": STAY, "decided_on": "2026-11-18" });
    drop(started(decided).opens(NOTICE_IN, "tell_municipality_of_arrival", Some("2026-11-23")));
    let unknown = woman().when_on("start-stay", stay(), Happened::Unknown);
    drop(unknown.opens(NOTICE_IN, "tell_municipality_of_arrival", Some("2026-11-25")));
}

#[test]
fn what_came_along_open_is_taken_over() {
    let came = |along: &str| {
        let facts = json!({ "arrival": VALUE, "from": CENTRE, "along": along, "until": "2026-11-20T14:30" });
        nobody().by_rule().when("receive-relocation", facts).weighs(Weight::Milestone)
    };
    let tasks = format!("arrival/{VALUE}/tasks");
    for along in ["all", "open_tasks_and_safety"] {
        let received = came(along).opens(&tasks, "take_over_tasks", Some("2026-11-24")).accepted();
        // Where she does not come after all, there is nothing to take over.
        drop(received.when("withdraw-relocation", json!({ "arrival": VALUE })).closes(&tasks));
    }
    drop(came("nothing").leaves_follow_ups());
}

#[test]
fn it_is_told_of_her_leaving_the_day_itself() {
    let ended = staying().when("end-stay", json!({})).weighs(Weight::Milestone);
    drop(ended.opens(NOTICE_OUT, "tell_municipality_of_departure", Some("2026-11-20")));
}

#[test]
fn a_notice_closes_the_follow_up_of_its_direction_and_stay() {
    let told = |direction: &str| json!({ "direction": direction });
    let case = staying().when("inform-municipality", told("in")).closes(NOTICE_IN).accepted();
    assert!(open(&case).is_empty());
    let case = case.and("end-stay", json!({})).when("inform-municipality", told("in")).accepted();
    assert_eq!(open(&case), [NOTICE_OUT]);
    // Of the latest stay, be it over or not; any other is named.
    let case = case.and("start-stay", json!({ "stay": OTHER_STAY }));
    let case = case.when("inform-municipality", told("out")).accepted();
    assert!(open(&case).contains(&NOTICE_OUT));
    drop(case.when("inform-municipality", json!({ "direction": "out", "stay": STAY })).closes(NOTICE_OUT));
    // Of no stay that is known nothing is closed.
    drop(woman().when("inform-municipality", told("in")).leaves_follow_ups());
}

#[test]
fn what_it_was_told_before_need_not_be_told_again() {
    let told = staying().and("inform-municipality", json!({ "direction": "out" }));
    let ended = told.clone().and("end-stay", json!({}));
    assert_eq!(open(&ended), [NOTICE_IN]);
    // Of another stay it was not, nor of moving in; and what is taken back was never told.
    let another = ended.and("start-stay", json!({ "stay": OTHER_STAY })).and("end-stay", json!({}));
    assert!(open(&another).contains(&&*NOTICE_OUT.replace(STAY, OTHER_STAY)));
    let back = told.when_in_error(4).accepted().and("end-stay", json!({}));
    assert!(open(&back).contains(&NOTICE_OUT));
    let arrival = woman().and("inform-municipality", json!({ "direction": "in", "stay": STAY }));
    assert!(open(&arrival.and("start-stay", stay())).is_empty());
}

#[test]
fn a_contact_in_doubt_is_confirmed_again() {
    drop(woman().when("agree-safe-contact", contact()).closes(RECONFIRM));
    let doubted = agreed().when("unconfirm-safe-contact", json!({ "contact": CONTACT }));
    let doubted = doubted.opens(RECONFIRM, "reconfirm_contact", Some("2026-11-24")).accepted();
    drop(doubted.when("agree-safe-contact", contact()).closes(RECONFIRM));
    // Where nobody knows the day, it is not confirmed.
    let unknown = woman().when_on("agree-safe-contact", contact(), Happened::Unknown);
    drop(unknown.opens(RECONFIRM, "reconfirm_contact", Some("2026-11-24")).warns(&["contact_not_confirmed"]));
}

#[test]
fn she_is_told_what_was_given_out() {
    let given_out = woman().when("record-compelled-disclosure", json!({ "disclosure": DISCLOSURE }));
    let key = format!("disclosure/{DISCLOSURE}/tell");
    drop(given_out.opens(&key, "tell_her_of_disclosure", Some("2026-11-24")).weighs(Weight::Alert));
}

#[test]
fn a_request_for_access_is_answered_within_a_month() {
    let asked = woman()
        .and("receive-access-request", json!({ "by_whom": "other_parent", "for_whom": "child", "child": CHILD }));
    let follow_up = asked.case().follow_ups().values().next().unwrap();
    assert_eq!(follow_up.due.unwrap().to_string(), "2026-12-20");
    let Some(Event::AccessRequestReceived(request)) = asked.standing().pop() else { panic!() };
    assert_eq!(open(&asked), [format!("access/{}", request.request)]);
}

#[test]
fn an_erasure_is_decided_on_day_14() {
    let request = json!({ "erasure": ERASURE, "recognised": "meeting" });
    let asked = woman().when("request-erasure", request.clone()).opens(DECIDE, "decide_erasure", Some("2026-12-04"));
    let cancelled = asked.accepted().when("cancel-erasure", json!({ "erasure": ERASURE })).closes(DECIDE);
    assert!(open(&cancelled.accepted()).is_empty());
    // Asked for earlier and logged late: from the day it is logged.
    let late = woman().when_on("request-erasure", request, "2026-11-01".parse().unwrap());
    drop(late.opens(DECIDE, "decide_erasure", Some("2026-12-04")));
}

#[test]
fn a_death_ends_what_can_only_be_hers() {
    let case =
        staying().and("agree-safe-contact", contact()).and("unconfirm-safe-contact", json!({ "contact": CONTACT }));
    let case = case.and("record-compelled-disclosure", json!({ "disclosure": DISCLOSURE }));
    let died = case.when("record-death", json!({})).closes(RECONFIRM).accepted();
    assert_eq!(open(&died), [NOTICE_IN]);
    drop(died.when("record-death", json!({})).already());
}

/// Whom an entry is about stands in its facets, so that readers find what concerns a child.
#[test]
fn what_is_about_a_child_says_so() {
    let about = |action: &str, facts| {
        let decided = super::mother().when(action, facts).outcome.unwrap();
        decided.entries[0].facets.about.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(about("register-child", json!({ "child": CHILD })), [CHILD]);
    assert_eq!(about("start-stay", json!({ "children": [CHILD] })), [CHILD]);
    assert_eq!(about("request-erasure", json!({ "child": CHILD, "recognised": "meeting" })), [CHILD]);
    assert_eq!(about("receive-access-request", json!({ "child": CHILD })), [CHILD]);
    assert!(about("request-erasure", json!({ "recognised": "meeting" })).is_empty());
    let arrival = json!({ "from": CENTRE, "along": "all", "until": "2026-11-20T14:30", "children": [CHILD] });
    let received = nobody().by_rule().when("receive-relocation", arrival).outcome.unwrap();
    assert_eq!(received.entries[0].facets.about.iter().map(ToString::to_string).collect::<Vec<_>>(), [CHILD]);
}

/// A task that tells the others of an act is neither moved nor closed nor taken by whoever acted, nor by anybody who is not close to her.
#[test]
fn whoever_acted_does_not_silence_what_tells_of_it() {
    use kit::entry::{Common, FollowUpAssigned, FollowUpClosed, FollowUpMoved, FollowUpOutcome};
    let conflict = json!({ "kind": "worker", "who": "w-3" });
    let told = woman().by_on_duty("w-9").answering(&["w-3", "w-4"]).and("record-conflict-of-interest", conflict);
    let key = || "conflict/w-3/leader".to_owned();
    let assigned =
        |to: &str| Common::FollowUpAssigned(FollowUpAssigned { key: key(), responsible: to.parse().unwrap() });
    let all = |to: &str| {
        [
            assigned(to),
            Common::FollowUpMoved(FollowUpMoved {
                key: key(),
                due: kit::Location::new(kit::when::DueBy::On("2099-01-01".parse().unwrap())),
                reason: None,
            }),
            Common::FollowUpClosed(FollowUpClosed { key: key(), outcome: FollowUpOutcome::Done, reason: None }),
        ]
    };
    for common in all("w-9") {
        told.clone().by_on_duty("w-9").when_common(common).refused("not_by_whoever_did_it");
    }
    for common in all("w-5") {
        told.clone().by("w-5").when_common(common.clone()).refused("needs_close");
        drop(told.clone().by_leader("l-1").when_common(common).accepted());
    }
    // Whoever acted may say who is to look at it, and whoever holds it may be anybody.
    let held = told.by_on_duty("w-9").when_common(assigned("w-5")).accepted();
    let closed = FollowUpClosed { key: key(), outcome: FollowUpOutcome::Done, reason: None };
    drop(held.by("w-5").when_common(Common::FollowUpClosed(closed)).accepted());
}

/// Whoever took a request may not approve it, or is not the one who answers: it is nobody's until somebody is named.
#[test]
fn what_others_must_decide_is_not_for_whoever_recorded_it() {
    let held_by = |given: &Given<Woman>| {
        let follow_ups = given.case().follow_ups();
        follow_ups.values().map(|follow_up| follow_up.responsible.clone()).collect::<Vec<_>>()
    };
    assert_eq!(held_by(&woman().and("request-erasure", json!({ "recognised": "meeting" }))), [None]);
    assert_eq!(held_by(&woman().and("receive-access-request", json!({}))), [None]);
    let others =
        woman().and("agree-safe-contact", contact()).and("unconfirm-safe-contact", json!({ "contact": CONTACT }));
    assert_eq!(held_by(&others), [Some("w-1".parse().unwrap())]);
}
