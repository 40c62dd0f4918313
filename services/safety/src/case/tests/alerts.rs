use super::{ALERT, LOOK, OTHER_ALERT, Safety, about, alert, alerted, case, open};
use kit::{
    Happened, Location,
    entry::{Common, FollowUpClosed, FollowUpMoved, FollowUpOutcome},
    facets::Weight,
    given::Given,
};
use serde_json::json;

const INTERLOCKS: [(&str, &str); 7] = [
    ("address_unprotected", "protect_address_before_registering"),
    ("order_ends", "extend_order_or_plan"),
    ("contact_during_order", "plan_safe_contact"),
    ("new_threat", "reassess_risk"),
    ("no_safety_plan", "agree_safety_plan"),
    ("contacts_missed", "check_on_her"),
    ("alarm_elsewhere", "check_alarm"),
];

#[test]
fn an_alert_says_what_to_do_today() {
    for (interlock, what) in INTERLOCKS {
        let raised = case().when("raise-safety-alert", about(interlock)).warns(&[]).weighs(Weight::Alert);
        drop(raised.opens(LOOK, what, Some("2026-11-20")));
        // Whenever it happened.
        let earlier: Happened = "2026-11-02".parse().unwrap();
        let raised = case().when_on("raise-safety-alert", about(interlock), earlier);
        drop(raised.opens(LOOK, what, Some("2026-11-20")));
    }
}

#[test]
fn a_trigger_raises_one_in_the_same_command() {
    let triggers = [
        ("record-tracker", "TrackerFound", json!({ "evidence_kept": true })),
        ("record-triggered-alarm", "AlarmTriggered", json!({})),
        ("record-threat", "ThreatRecorded", json!({})),
    ];
    for (action, event, facts) in triggers {
        let earlier: Happened = "2026-11-02".parse().unwrap();
        let then = case().when_on(action, facts.clone(), earlier).events(&[event, "SafetyAlertRaised"]);
        let raised = then.weighs(Weight::Alert).accepted();
        let [look] = open(&raised)[..] else { panic!("{:?}", open(&raised)) };
        let follow_up = &raised.case().follow_ups()[look];
        assert_eq!((follow_up.what.as_str(), follow_up.due), ("reassess_risk", Some("2026-11-20".parse().unwrap())));
        // Each trigger is its own.
        assert_eq!(open(&raised.and(action, facts)).len(), 2);
    }
}

#[test]
fn a_rule_raises_each_matter_once_while_it_still_asks_for_something() {
    let other = |interlock: &str| json!({ "alert": OTHER_ALERT, "interlock": interlock });
    for (interlock, _) in INTERLOCKS {
        let again = alerted(interlock).by_rule().when("raise-safety-alert", other(interlock));
        // Each new threat and each order is its own.
        if ["new_threat", "order_ends"].contains(&interlock) {
            drop(again.events(&["SafetyAlertRaised"]));
        } else {
            drop(again.already());
        }
        // This very alert is raised already, whatever it is about, and once a worker cleared it, it stays so.
        drop(alerted(interlock).by_rule().when("raise-safety-alert", about(interlock)).already());
        let cleared = alerted(interlock).and("clear-safety-alert", alert()).by_rule();
        drop(cleared.clone().when("raise-safety-alert", about(interlock)).already());
        drop(cleared.when("raise-safety-alert", other(interlock)).events(&["SafetyAlertRaised"]));
        // One that nobody cleared, but whose follow-up is done, says nothing of what comes after it.
        let done = FollowUpClosed { key: LOOK.to_owned(), outcome: FollowUpOutcome::Done, reason: None };
        let done = alerted(interlock).when_common(Common::FollowUpClosed(done)).accepted().by_rule();
        let raised = done.when("raise-safety-alert", other(interlock)).events(&["SafetyAlertRaised"]).accepted();
        assert_eq!(open(&raised), [format!("alert/{OTHER_ALERT}")]);
        // A worker's always stands.
        drop(alerted(interlock).when("raise-safety-alert", other(interlock)).events(&["SafetyAlertRaised"]));
    }
    drop(alerted("order_ends").by_rule().when("raise-safety-alert", other("contacts_missed")).accepted());
}

#[test]
fn a_new_lease_after_the_protection_ran_out_raises_again() {
    let rule = |given: Given<Safety>| {
        given.by_rule().when("raise-safety-alert", json!({ "interlock": "address_unprotected" }))
    };
    let leased = rule(case()).accepted();
    let leased = rule(leased).already().given.by("w-1");
    let granted = leased.and("record-address-protection-grant", json!({ "children": "all", "until": "2027-11-19" }));
    assert_eq!(open(&granted), ["address-protection/renew"]);
    let expired = granted.on("2027-11-20").and("expire-address-protection", json!({}));
    drop(rule(expired).events(&["SafetyAlertRaised"]));
}

#[test]
fn what_was_logged_late_answers_no_alert_raised_since() {
    let covered = || json!({ "children": "all" });
    let answers = [
        ("new_threat", "assess-risk", json!({})),
        ("no_safety_plan", "agree-safety-plan", json!({})),
        ("no_safety_plan", "revise-safety-plan", json!({})),
        ("address_unprotected", "record-address-protection-grant", covered()),
        ("address_unprotected", "renew-address-protection", covered()),
    ];
    for (interlock, action, facts) in answers {
        for happened in ["2026-11-19", "2026-11", "unknown"] {
            let late = alerted(interlock).when_on(action, facts.clone(), happened.parse().unwrap()).accepted();
            assert!(open(&late).contains(&LOOK), "{action} of {happened}");
        }
        // Logged later, it answers from the day on which somebody had to look.
        let later = alerted(interlock).on("2026-11-25");
        drop(later.when_on(action, facts.clone(), "2026-11-20T09:30".parse().unwrap()).closes(LOOK));
        // What is done today answers, though somebody had put the look off.
        let moved =
            FollowUpMoved { key: LOOK.to_owned(), due: Location::new("2026-11-30".parse().unwrap()), reason: None };
        let moved = alerted(interlock).when_common(Common::FollowUpMoved(moved)).accepted().on("2026-11-22");
        assert!(
            open(&moved.clone().when_on(action, facts.clone(), "2026-11-21".parse().unwrap()).accepted())
                .contains(&LOOK)
        );
        drop(moved.when(action, facts).closes(LOOK));
    }
}

#[test]
fn only_a_protection_that_holds_today_protects_the_new_address() {
    let grant = |from: &str, until: &str| {
        let facts = json!({ "children": "all", "from": from, "until": until });
        open(&alerted("address_unprotected").and("record-address-protection-grant", facts)).contains(&LOOK)
    };
    assert!(!grant("2026-11-20", "2026-11-20"));
    assert!(grant("2026-11-21", "2027-11-20"), "it begins tomorrow");
    assert!(grant("2025-11-20", "2026-11-19"), "it is over");
}

#[test]
fn what_was_asked_being_done_closes_the_follow_up_and_not_the_alert() {
    let covered = |children: &str| json!({ "children": children });
    let (grant, renew) = ("record-address-protection-grant", "renew-address-protection");
    let answers = [
        ("new_threat", "assess-risk", json!({})),
        ("no_safety_plan", "agree-safety-plan", json!({})),
        ("no_safety_plan", "revise-safety-plan", json!({})),
        ("address_unprotected", grant, covered("all")),
        ("address_unprotected", grant, covered("has_none")),
        ("address_unprotected", renew, covered("all")),
    ];
    for (interlock, action, facts) in answers {
        let done = alerted(interlock).when(action, facts.clone()).closes(LOOK).accepted();
        assert_eq!(done.case().domain().uncleared().count(), 1, "{interlock}");
        drop(done.when("clear-safety-alert", alert()).events(&["SafetyAlertCleared"]));
        for (other, _) in INTERLOCKS.iter().filter(|(other, _)| *other != interlock) {
            assert!(open(&alerted(other).and(action, facts.clone())).contains(&LOOK), "{action} and {other}");
        }
    }
    // Children who are not covered, or nobody knows, leave her address unprotected.
    for facts in [covered("some"), covered("none"), json!({})] {
        assert!(open(&alerted("address_unprotected").and(grant, facts)).contains(&LOOK));
    }
}

#[test]
fn a_worker_clears_an_alert_once() {
    let cleared = alerted("order_ends").when("clear-safety-alert", alert()).warns(&[]).closes(LOOK).accepted();
    drop(cleared.when("clear-safety-alert", alert()).already());
    let unknown = case().when("clear-safety-alert", alert()).warns(&["alert_unknown"]).accepted();
    drop(unknown.clone().when("clear-safety-alert", alert()).already());
    // Raised again by a worker, it is an alert again.
    let again = unknown.and("raise-safety-alert", about("order_ends"));
    assert_eq!(again.case().domain().uncleared().count(), 1);
}

#[test]
fn an_alert_opens_a_closed_case_again() {
    let closed = case().and("close-case", json!({ "outcome": "threat_over" }));
    let raising = [
        ("raise-safety-alert", about("contacts_missed")),
        ("record-threat", json!({})),
        ("record-triggered-alarm", json!({})),
        ("record-tracker", json!({ "evidence_kept": true })),
    ];
    for (action, facts) in raising {
        let open = closed.clone().when(action, facts).warns(&["case_reopened"]).accepted();
        assert!(open.actions().contains(&"clear-safety-alert"));
        let again = open.when("close-case", json!({ "outcome": "contact_lost" }));
        drop(again.warns(&["alert_uncleared", "open_follow_ups"]).events(&["SafetyCaseClosed"]));
    }
    let by_rule = closed.by_rule().and("raise-safety-alert", about("contacts_missed"));
    assert!(!by_rule.actions().is_empty());
}

#[test]
fn an_alert_that_is_not_named_gets_an_id() {
    let raised = case().and("raise-safety-alert", json!({ "interlock": "order_ends" }));
    let raised = raised.and("raise-safety-alert", json!({ "interlock": "order_ends" }));
    let ids: Vec<_> = raised.case().domain().alerts.keys().map(ToString::to_string).collect();
    assert_eq!(ids.len(), 2);
    assert!(!ids.contains(&ALERT.to_owned()) && raised.case().domain().alerts.keys().all(|id| !id.is_nil()));
}
