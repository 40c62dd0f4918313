//! When somebody may be forgotten.

use super::{
    CENTRE, CHILD, DECIDE, DISCLOSURE, ERASURE, HERE, RECONFIRM, STAY, TODAY, Woman, agreed, mother, nobody, open,
    woman,
};
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
    json!({ "erasure": ERASURE, "recognised": "meeting" })
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
    assert_eq!(done.case().domain().relation().unwrap().nearness(TODAY), Nearness::Erased);
    drop(done.when("approve-erasure", erasure()).already());
    assert!(due().actions().contains(&"approve-erasure"));
}

#[test]
fn nobody_else_does_and_not_sooner() {
    due().on("2026-12-03").when("approve-erasure", erasure()).refused("too_early");
    due().by("w-2").when("approve-erasure", erasure()).refused("needs_leader");
    let own = woman().by_leader("l-1").and("request-erasure", request()).on("2026-12-04");
    own.clone().when("approve-erasure", erasure()).refused("own_request");
    drop(own.by_leader("l-2").when("approve-erasure", erasure()).accepted());
    let contact = |until: Value| {
        let mut tie = json!({ "worker": "l-1", "role": "contact_person" });
        if !until.is_null() {
            tie["until"] = until;
        }
        let tied = woman().by_leader("l-2").and("assign-worker", tie).by_on_duty("w-1");
        tied.and("request-erasure", request()).on("2026-12-04").by_leader("l-1")
    };
    for until in [Value::Null, json!("2026-12-04"), json!("2026-11-20")] {
        contact(until).when("approve-erasure", erasure()).refused("by_her_contact_person");
    }
    for refused in [due().on("2026-12-03"), due().by("w-2")] {
        assert!(!refused.actions().contains(&"approve-erasure"));
    }
}

/// Whoever lets go of her, or becomes somebody else to her, was her contact person still.
/// Who is tied to her is said by another leader.
fn said(given: Given<Woman>, action: &str, facts: Value) -> Given<Woman> {
    given.by_leader("l-9").and(action, facts).by_on_duty("w-1")
}

#[test]
fn whoever_was_her_contact_person_since_it_was_asked_for_does_not_approve_it() {
    let tie = |role: &str| json!({ "worker": "l-1", "role": role });
    let untied = json!({ "worker": "l-1" });
    let later = |given: Given<Woman>| given.on("2026-12-10").by_leader("l-1").when("approve-erasure", erasure());
    let tied = said(woman(), "assign-worker", tie("contact_person"));
    let since = |given: Given<Woman>| given.and("request-erasure", request());
    for let_go in [
        said(since(tied.clone()), "release-worker", untied.clone()),
        said(since(tied.clone()), "assign-worker", tie("volunteer")),
        said(said(since(woman()), "assign-worker", tie("contact_person")), "release-worker", untied.clone()),
    ] {
        later(let_go).refused("by_her_contact_person");
    }
    drop(later(since(said(tied, "release-worker", untied))).accepted());
    let mut until = tie("contact_person");
    until["until"] = json!("2026-11-25");
    let over = said(woman(), "assign-worker", until).on("2026-11-26").and("request-erasure", request());
    drop(later(over).accepted());
}

#[test]
fn who_asked_and_since_when_is_said_by_the_service() {
    let sent = json!({ "erasure": ERASURE, "recognised": "meeting", "asked_by": "w-9", "not_before": "2020-01-01" });
    let asked = woman().by_leader("l-1").and("request-erasure", sent.clone());
    let Some(Event::ErasureRequested(request)) = asked.standing().pop() else { panic!() };
    assert_eq!(request.asked_by.unwrap().as_str(), "l-1");
    assert_eq!(request.asked_on.unwrap().to_string(), "2026-11-20");
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
    let child = mother().and("request-erasure", child).on("2026-12-04").by_leader("l-1");
    // Left out, it is the child that was asked for, and never she.
    let done = child.when("approve-erasure", erasure()).accepted();
    let Some(Event::PersonErased(done_so)) = done.standing().pop() else { panic!() };
    assert_eq!(done_so.child.unwrap().to_string(), CHILD);
    assert_eq!(done.case().domain().relation().unwrap().nearness(TODAY), Nearness::Live);
    assert_eq!(super::usable(&done), [] as [&str; 0]);
}

#[test]
fn one_request_for_one_person_waits() {
    let asked = mother().and("request-erasure", request());
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
    let lifted = held.by_leader("l-2").and("lift-erasure-hold", json!({})).by_leader("l-1");
    drop(lifted.clone().when("lift-erasure-hold", json!({})).already());
    drop(lifted.when("approve-erasure", erasure()).accepted());
}

/// A hold binds whoever lifts it; and neither a correction nor taking back is another way to lift it, or to have been somebody else.
#[test]
fn whoever_lifts_a_hold_does_not_approve() {
    let held = due().by_leader("l-9").and("hold-erasure", json!({ "reason": "Sagen er anlagt", "held_by": "w-9" }));
    held.clone().when("lift-erasure-hold", json!({})).refused("held_it_back");
    let held = held.by_leader("l-1");
    held.clone().by("w-2").when_corrected(4, json!({})).refused("not_correctable");
    held.clone().by("w-2").when_in_error(4).refused("not_correctable");
    let lifted = held.and("lift-erasure-hold", json!({ "lifted_by": "w-9" }));
    lifted.clone().when("approve-erasure", erasure()).refused("lifted_the_hold");
    lifted.clone().by("w-2").when_corrected(5, json!({})).refused("not_correctable");
    let once_more = lifted.clone().by_leader("l-2").and("hold-erasure", json!({}));
    let once_more = once_more.by_leader("l-9").and("lift-erasure-hold", json!({}));
    once_more.by_leader("l-1").when("approve-erasure", erasure()).refused("lifted_the_hold");
    drop(lifted.clone().by_leader("l-2").when("approve-erasure", erasure()).accepted());
    // Lifted by mistake: the hold stands again, and whoever lifts it then has lifted it.
    let again = lifted.when_in_error(5).accepted();
    again.clone().when("approve-erasure", erasure()).refused("erasure_is_held");
    let again = again.by_leader("l-2").and("lift-erasure-hold", json!({})).by_leader("l-1");
    drop(again.when("approve-erasure", erasure()).accepted());
}

fn for_child() -> Value {
    json!({ "erasure": ERASURE, "child": CHILD, "recognised": "meeting" })
}

#[test]
fn nobody_is_erased_who_is_no_child_of_hers_here() {
    woman().when("request-erasure", for_child()).refused("child_unknown");
    // One that was registered in error is none either, whoever asked for it before.
    let asked = mother().and("request-erasure", for_child()).on("2026-12-04").by_leader("l-1");
    drop(asked.clone().when("approve-erasure", erasure()).accepted());
    let none = asked.when_in_error(3).accepted();
    none.clone().when("approve-erasure", erasure()).refused("child_unknown");
    assert!(!none.actions().contains(&"approve-erasure"));
    // Not the child of the request, but any other.
    let other = json!({ "erasure": ERASURE, "child": super::STAY });
    due().when("approve-erasure", other).refused("erasure_of_another");
}

/// There is one of each child among all women; at a centre to which it came along, it is claimed where it came from.
#[test]
fn nobody_registers_a_child_of_another_woman() {
    let claims = |given: &Given<Woman>| {
        let claims = given.case().domain().claims();
        claims.into_iter().filter(|claim| claim.starts_with("child/")).collect::<Vec<_>>()
    };
    let child = format!("child/{CHILD}");
    assert_eq!(claims(&mother()), std::slice::from_ref(&child));
    let other = json!({ "child": super::OTHER_STAY });
    assert_eq!(claims(&mother().when_corrected(3, other).accepted()), [format!("child/{}", super::OTHER_STAY)]);
    let arrival = json!({ "from": CENTRE, "along": "all", "until": "2026-11-20T14:30", "children": [CHILD] });
    let came = nobody().by_rule().and("receive-relocation", arrival.clone()).by_on_duty("w-1");
    assert!(claims(&came).is_empty());
    let came = came.and("register-child", json!({ "child": CHILD }));
    assert!(claims(&came).is_empty());
    let back = mother().by_rule().and("receive-relocation", arrival);
    assert_eq!(claims(&back), [child], "where it was first it stays claimed");
    let asked = came.and("request-erasure", for_child()).on("2026-12-04").by_leader("l-1");
    drop(asked.when("approve-erasure", erasure()).accepted());
}

/// What goes along says which children are hers, and nobody who sends it does.
#[test]
fn her_children_come_along_unless_nothing_does() {
    let moved = |along: &str| {
        let facts = json!({ "to": CENTRE, "along": along, "children": [super::STAY] });
        let moved = mother().by_rule().and("relocate-to-centre", facts);
        let Some(Event::CentreRelocated(relocation)) = moved.standing().pop() else { panic!() };
        json!(relocation.children)
    };
    assert_eq!(moved("all"), json!([CHILD]));
    assert_eq!(moved("open_tasks_and_safety"), json!([CHILD]));
    assert_eq!(moved("nothing"), Value::Null);
}

/// Her keys are the same at every centre: the one that she left decides nothing of them, until she comes back.
#[test]
fn a_centre_that_she_left_for_another_erases_nobody() {
    let left = super::moved(mother().and("request-erasure", request()), "all");
    for of_whom in [json!({ "recognised": "meeting" }), for_child()] {
        left.clone().when("request-erasure", of_whom).refused("relocated");
    }
    let due = left.on("2026-12-04").by_leader("l-1");
    due.clone().when("approve-erasure", erasure()).refused("relocated");
    assert!(!due.actions().contains(&"approve-erasure"));
    // What she does not wish any more she may say anywhere.
    drop(due.clone().when("cancel-erasure", erasure()).accepted());
    // Registered or ended late, she is still not here; a new stay, or the move back, brings her.
    let late = due.clone().and("start-stay", json!({ "stay": STAY }));
    drop(late.clone().when("approve-erasure", erasure()).accepted());
    super::moved(late, "all").by_leader("l-1").when("approve-erasure", erasure()).refused("relocated");
    let arrival = json!({ "from": CENTRE, "along": "nothing", "until": "2026-11-20T14:30" });
    let back = due.by_rule().and("receive-relocation", arrival).by_leader("l-1");
    drop(back.when("approve-erasure", erasure()).accepted());
    assert_ne!(CENTRE, HERE);
}

/// A child's is decided by itself, also when its mother's keys are gone: what it takes is not sealed as hers.
#[test]
fn a_child_is_erasable_after_its_mother() {
    let hers = said(mother(), "assign-worker", json!({ "worker": "w-3", "role": "contact_person" }));
    let hers =
        hers.and("request-erasure", request()).on("2026-12-04").by_leader("l-1").and("approve-erasure", erasure());
    // Nothing that was heard of her opens any more.
    let childs = json!({ "erasure": super::OTHER_STAY, "child": CHILD, "recognised": "meeting" });
    let asked = hers.heard(KnowProtection::NAME, Value::Null).by_on_duty("w-2").and("request-erasure", childs);
    let due = asked.on("2026-12-18").by_leader("l-1");
    due.clone()
        .by_leader("w-2")
        .when("approve-erasure", json!({ "erasure": super::OTHER_STAY }))
        .refused("own_request");
    drop(due.when("approve-erasure", json!({ "erasure": super::OTHER_STAY })).events(&["PersonErased"]));
}

/// Who took a request must be known, or nobody can say that it was somebody else.
#[test]
fn a_request_that_nobody_is_known_to_have_taken_is_approved_by_nobody() {
    let mut folded = Woman::default();
    let facts = json!({ "erasure": ERASURE, "recognised": "meeting", "not_before": "2026-12-04" });
    folded.evolve(&<Event as kit::decider::Events>::from_facts("ErasureRequested", facts).unwrap());
    let case = nobody().on("2026-12-04").by_leader("l-1");
    let command = <crate::woman::Command as kit::decider::Commands>::read("approve-erasure", erasure());
    let refused = folded.decide(command.unwrap().unwrap(), &case.looking()).unwrap_err();
    assert_eq!(<&str>::from(refused), "own_request");
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
    // It asks for all there is, and what is not whole is not known to be safe.
    let irrevocable = |action: &str, facts: Value| {
        let command = <crate::woman::Command as kit::decider::Commands>::read(action, facts);
        Woman::irrevocable(&command.unwrap().unwrap())
    };
    assert!(irrevocable("approve-erasure", erasure()) && !irrevocable("request-erasure", request()));
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
        ("ConflictOfInterestRecorded", r#"{"kind":"?","who":"w-66"}"#),
        ("StayEnded", r#"{"stay":"2b7d9e10-4c3f-4a86-8d25-7e9f1b3c5d22","moved_to":"?"}"#),
        (
            "ErasureRequested",
            r#"{"erasure":"1e2d3c4b-5a69-4788-9796-a5b4c3d2e157","child":"5b8c1d2e-3f40-4a51-8b62-7c83d94ea011","recognised":"meeting","asked_by":"w-9","asked_on":"2026-11-20","not_before":"2026-12-04"}"#,
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
    assert!(
        folded.relation.conflicts_with(&"w-66".parse().unwrap()),
        "whoever must see nothing of her must not now either"
    );
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
