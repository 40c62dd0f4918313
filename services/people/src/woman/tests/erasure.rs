//! When somebody may be forgotten.

use super::{CHILD, DECIDE, DISCLOSURE, ERASURE, RECONFIRM, Woman, agreed, nobody, open, woman};
use crate::heard::KnowProtection;
use crate::woman::Event;
use kit::{
    Decider, Policy,
    entry::{Common, FollowUpClosed, FollowUpOutcome},
    facets::Weight,
    given::Given,
    relation::Nearness,
};
use serde_json::{Value, json};

fn request() -> Value {
    json!({ "erasure": ERASURE, "recognised": "code_word" })
}

fn erasure() -> Value {
    json!({ "erasure": ERASURE })
}

/// Asked for by w-1 on 20 November; the leader looks at it on day 14.
fn due() -> Given<Woman> {
    woman().and("request-erasure", request()).on("2026-12-04").by_leader("l-1")
}

#[test]
fn the_leader_approves_it_on_day_14() {
    let done = due().when("approve-erasure", erasure()).events(&["PersonErased"]).closes(DECIDE);
    let done = done.weighs(Weight::Milestone).accepted();
    assert_eq!(done.case().domain().relation().unwrap().nearness(), Nearness::Erased);
    drop(done.when("approve-erasure", erasure()).already());
    assert!(due().actions().contains(&"approve-erasure"));
}

#[test]
fn nobody_else_does_and_not_sooner() {
    due().on("2026-12-03").when("approve-erasure", erasure()).refused("too_early");
    due().by("w-2").when("approve-erasure", erasure()).refused("not_the_leader");
    let own = woman().by_leader("l-1").and("request-erasure", request()).on("2026-12-04");
    own.clone().when("approve-erasure", erasure()).refused("own_request");
    drop(own.by_leader("l-2").when("approve-erasure", erasure()).accepted());
    let contact = |until: Value| {
        let mut tie = json!({ "worker": "l-1", "role": "contact_person" });
        if !until.is_null() {
            tie["until"] = until;
        }
        woman().and("assign-worker", tie).and("request-erasure", request()).on("2026-12-04").by_leader("l-1")
    };
    contact(Value::Null).when("approve-erasure", erasure()).refused("by_her_contact_person");
    contact(json!("2026-12-04")).when("approve-erasure", erasure()).refused("by_her_contact_person");
    drop(contact(json!("2026-12-03")).when("approve-erasure", erasure()).accepted());
    for refused in [due().on("2026-12-03"), due().by("w-2")] {
        assert!(!refused.actions().contains(&"approve-erasure"));
    }
}

#[test]
fn who_asked_and_since_when_is_said_by_the_service() {
    let sent = json!({ "erasure": ERASURE, "recognised": "meeting", "asked_by": "w-9", "not_before": "2020-01-01" });
    let asked = woman().by_leader("l-1").and("request-erasure", sent.clone());
    let Some(Event::ErasureRequested(request)) = asked.standing().pop() else { panic!() };
    assert_eq!(request.asked_by.unwrap().open().unwrap().as_str(), "l-1");
    assert_eq!(request.not_before.unwrap().to_string(), "2026-12-04");
    // Nor does a correction say it, whoever makes it.
    asked.clone().by("w-2").when_corrected(3, sent).refused("not_correctable");
    drop(asked.when_in_error(3).closes(DECIDE));
}

#[test]
fn it_must_be_asked_for_and_of_the_same_person() {
    woman().by_leader("l-1").when("approve-erasure", erasure()).refused("erasure_not_requested");
    due().when("approve-erasure", json!({ "erasure": ERASURE, "child": CHILD })).refused("erasure_of_another");
    let child = json!({ "erasure": ERASURE, "child": CHILD, "recognised": "meeting" });
    let child = woman().and("request-erasure", child).on("2026-12-04").by_leader("l-1");
    // Left out, it is the child that was asked for, and never she.
    let done = child.when("approve-erasure", erasure()).accepted();
    let Some(Event::PersonErased(done_so)) = done.standing().pop() else { panic!() };
    assert_eq!(done_so.child.unwrap().to_string(), CHILD);
    assert_eq!(done.case().domain().relation().unwrap().nearness(), Nearness::Live);
    assert_eq!(super::usable(&done), [] as [&str; 0]);
}

#[test]
fn one_request_for_one_person_waits() {
    let asked = woman().and("request-erasure", request());
    drop(asked.clone().when("request-erasure", json!({ "recognised": "meeting" })).already());
    drop(asked.clone().when("request-erasure", request()).already());
    let child = json!({ "child": CHILD, "recognised": "meeting" });
    drop(asked.clone().when("request-erasure", child).events(&["ErasureRequested"]));
    let taken = json!({ "erasure": ERASURE, "child": CHILD, "recognised": "meeting" });
    asked.when("request-erasure", taken).refused("second_outcome");
    woman().when("request-erasure", json!({})).refused("missing_fact");
}

#[test]
fn what_was_cancelled_is_asked_for_anew() {
    let cancelled = due().and("cancel-erasure", erasure());
    drop(cancelled.clone().when("cancel-erasure", erasure()).already());
    cancelled.clone().when("approve-erasure", erasure()).refused("second_outcome");
    cancelled.clone().when("request-erasure", request()).refused("second_outcome");
    let again = json!({ "recognised": "meeting" });
    drop(cancelled.when("request-erasure", again).events(&["ErasureRequested"]));
    due().and("approve-erasure", erasure()).when("cancel-erasure", erasure()).refused("second_outcome");
    drop(woman().when("cancel-erasure", erasure()).warns(&["erasure_unknown"]));
}

#[test]
fn a_hold_holds_it_back() {
    let held = due().and("hold-erasure", json!({}));
    held.clone().when("approve-erasure", erasure()).refused("erasure_is_held");
    drop(held.clone().when("hold-erasure", json!({})).already());
    let lifted = held.and("lift-erasure-hold", json!({}));
    drop(lifted.clone().when("lift-erasure-hold", json!({})).already());
    drop(lifted.when("approve-erasure", erasure()).accepted());
}

#[test]
fn what_protects_her_holds_it_back() {
    let loan = json!({ "loan": "c4a1b2d3-e5f6-4789-8abc-def012345644" });
    let alarm = due().hears::<KnowProtection>("safety", 2, "AlarmIssued", loan.clone());
    alarm.clone().when("approve-erasure", erasure()).refused("protection_out");
    drop(
        alarm.hears::<KnowProtection>("safety", 3, "AlarmReturned", loan).when("approve-erasure", erasure()).accepted(),
    );
    let order = json!({ "order": "c4a1b2d3-e5f6-4789-8abc-def012345645", "until": "2026-12-04" });
    let order = due().hears::<KnowProtection>("legal", 2, "RestrainingOrderIssued", order);
    order.clone().when("approve-erasure", erasure()).refused("protection_out");
    drop(order.on("2026-12-05").when("approve-erasure", erasure()).accepted());
    // What is not whole is not known to be safe.
    let unknown = due().heard(KnowProtection::NAME, json!(7));
    unknown.when("approve-erasure", erasure()).refused("protection_out");
}

#[test]
fn a_disclosure_she_has_not_been_told_of_holds_it_back() {
    let given_out = due().and("record-compelled-disclosure", json!({ "disclosure": DISCLOSURE }));
    given_out.clone().when("approve-erasure", erasure()).refused("disclosure_untold");
    let key = format!("disclosure/{DISCLOSURE}/tell");
    let told = Common::FollowUpClosed(FollowUpClosed { key, outcome: FollowUpOutcome::Done, reason: None });
    drop(given_out.when_common(told).accepted().when("approve-erasure", erasure()).accepted());
}

#[test]
fn an_erasure_is_neither_corrected_nor_taken_back() {
    let done = due().and("approve-erasure", erasure());
    done.clone().when_corrected(4, erasure()).refused("not_correctable");
    done.when_in_error(4).refused("not_correctable");
}

#[test]
fn nobody_is_called_who_was_forgotten() {
    let doubted = json!({ "contact": super::OTHER_CONTACT });
    let case = agreed().and("unconfirm-safe-contact", doubted).and("request-erasure", request());
    let done = case.on("2026-12-04").by_leader("l-1").and("approve-erasure", erasure());
    assert!(super::usable(&done).is_empty() && open(&done).is_empty(), "{RECONFIRM}");
    assert!(done.actions().is_empty());
}

/// The keys are gone, and with them what rules looked at: nothing panics, and nothing is refused for it.
#[test]
fn rules_take_what_is_erased_for_unknown() {
    let erased = |facts: &str| facts.replace("\"?\"", r#"{"$erased":"personal"}"#);
    let events = [
        ("WomanRegistered", r#"{"alias":"?","slot":"?"}"#),
        (
            "ChildRegistered",
            r#"{"child":"5b8c1d2e-3f40-4a51-8b62-7c83d94ea011","alias":{"child":"5b8c1d2e-3f40-4a51-8b62-7c83d94ea011","value":"?"}}"#,
        ),
        (
            "SafeContactAgreed",
            r#"{"contact":"6f1c2b9e-0a3d-4c57-9b1e-2d4f6a8c0e11","channel":{"$erased":"identity"},"confirmed_on":"?"}"#,
        ),
        ("SafeContactUnconfirmed", r#"{"contact":"6f1c2b9e-0a3d-4c57-9b1e-2d4f6a8c0e11","day":"?"}"#),
        ("StayStarted", r#"{"stay":"2b7d9e10-4c3f-4a86-8d25-7e9f1b3c5d22","decided_on":"?","children":"?"}"#),
        ("WorkerAssigned", r#"{"worker":"?","role":"contact_person","until":"?"}"#),
        ("WorkerReleased", r#"{"worker":"?"}"#),
        ("ConflictOfInterestRecorded", r#"{"kind":"?","who":"?"}"#),
        ("StayEnded", r#"{"stay":"2b7d9e10-4c3f-4a86-8d25-7e9f1b3c5d22","moved_to":"?"}"#),
        (
            "ErasureRequested",
            r#"{"erasure":"1e2d3c4b-5a69-4788-9796-a5b4c3d2e157","child":"5b8c1d2e-3f40-4a51-8b62-7c83d94ea011","recognised":"?","asked_by":"?","not_before":"2026-12-04"}"#,
        ),
        ("PersonErased", r#"{"erasure":"1e2d3c4b-5a69-4788-9796-a5b4c3d2e158"}"#),
    ];
    let mut folded = Woman::default();
    for (event, facts) in events {
        let facts = serde_json::from_str(&erased(facts)).unwrap();
        folded.evolve(&<Event as kit::decider::Events>::from_facts(event, facts).unwrap());
    }
    kit::sealed::exposing(|| serde_json::to_value(&folded)).unwrap();
    let case = nobody().on("2026-12-04").by_leader("l-1");
    let looking = case.looking();
    assert_eq!(folded.contacts(looking.today).count(), 0);
    assert_eq!(folded.actions(&looking), ["approve-erasure", "cancel-erasure"], "a child's own request still waits");
    let command = |action: &str, facts: Value| {
        <crate::woman::Command as kit::decider::Commands>::read(action, facts).unwrap().unwrap()
    };
    for (action, facts) in [
        ("approve-erasure", erasure()),
        ("end-stay", json!({ "stay": super::STAY, "moved_to": "abroad" })),
        ("start-stay", json!({})),
        ("release-worker", json!({ "worker": "w-1" })),
        ("assign-worker", json!({ "worker": "w-1", "role": "volunteer" })),
        ("agree-safe-contact", super::contact()),
        ("inform-municipality", json!({ "direction": "in" })),
    ] {
        assert!(folded.decide(command(action, facts), &looking).is_ok(), "{action}");
    }
}
