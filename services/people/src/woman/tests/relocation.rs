//! The move to another centre, a handover.

use super::{CENTRE, TODAY, VALUE, Woman, moved, nobody, open, staying};
use crate::woman::Event;
use kit::{
    Decider,
    facets::Weight,
    given::Given,
    relation::{ArrivalId, Nearness},
};
use serde_json::{Value, json};
use uuid::Uuid;

fn offer() -> Value {
    json!({ "to": CENTRE, "along": "all", "day": "2026-11-23" })
}

/// Which coming follows from an offer: the service makes the id.
fn arrival_of(given: &Given<Woman>) -> ArrivalId {
    let all = given.standing();
    let offers = all
        .iter()
        .rev()
        .find_map(|event| if let Event::RelocationOffered(offer) = event { Some(offer.arrival) } else { None });
    offers.expect("an offer")
}

/// The one of [`offered`].
fn arrival() -> String {
    arrival_of(&offered()).to_string()
}

fn offered() -> Given<Woman> {
    staying().and("offer-relocation", offer())
}

fn accepted() -> Value {
    json!({ "arrival": arrival(), "to": CENTRE, "accepted_by": "l-9" })
}

fn declined() -> Value {
    json!({ "arrival": arrival(), "declined_by": "l-9" })
}

fn withdrawn() -> Value {
    json!({ "arrival": arrival() })
}

fn lives_here(given: &Given<Woman>) -> bool {
    given.case().domain().relation.lives_here()
}

/// A worker without a tie, or a temp, moved her to a friend's centre, or to none at all.
#[test]
fn nobody_moves_her_without_a_right_and_nobody_alone() {
    for case in [staying().by("w-9"), staying().by_temp("t-1")] {
        case.clone().when("relocate-to-centre", json!({ "to": VALUE })).refused("needs_leader");
        case.when("offer-relocation", offer()).refused("needs_close");
    }
    for (case, code) in [(staying(), "needs_leader"), (staying().by_leader("l-1"), "not_accepted")] {
        case.when("relocate-to-centre", json!({ "to": CENTRE, "along": "all" })).refused(code);
    }
    // Wherever it is offered to, she lives here until somebody there accepts.
    let offered = staying().by_leader("l-1").and("offer-relocation", json!({ "to": VALUE }));
    assert!(lives_here(&offered) && offered.case().domain().relation().unwrap().nearness(TODAY) == Nearness::Live);
    for case in [offered.clone(), offered.by("w-9")] {
        for (action, facts) in [("accept-relocation", accepted()), ("decline-relocation", declined())] {
            case.clone().when(action, facts).refused("only_by_rule");
        }
    }
}

#[test]
fn what_is_told_there_is_made_here() {
    let mut facts = offer();
    facts["alias"] = "En anden".into();
    facts["answer_by"] = "2030-01-01".into();
    let case = staying().when("offer-relocation", facts).weighs(Weight::Milestone).accepted();
    let Some(Event::RelocationOffered(made)) = case.standing().pop() else { panic!() };
    let (waits, alias) = case.case().domain().offered(made.arrival).unwrap();
    assert_eq!(made.alias.as_ref().and_then(kit::Personal::open), alias);
    assert_ne!(alias.unwrap().as_str(), "En anden");
    assert_eq!(json!([waits.day(), waits.answer_by(), waits.along]), json!(["2026-11-23", "2026-11-20", "all"]));
}

/// Whoever offers chooses no id: two women could have one, and the wrong one would be answered for.
#[test]
fn an_id_is_made_by_the_service() {
    let mut chosen = offer();
    chosen["arrival"] = VALUE.into();
    let case = staying().and("offer-relocation", chosen);
    assert_ne!(arrival_of(&case).to_string(), VALUE);
    assert_eq!(arrival_of(&case), arrival_of(&offered()));
}

#[test]
fn two_are_not_offered_at_once() {
    offered().when("offer-relocation", json!({ "to": VALUE })).refused("offered_already");
    let again = offered().and("withdraw-relocation-offer", withdrawn());
    drop(again.when("offer-relocation", json!({ "to": CENTRE })).accepted());
    staying().when("withdraw-relocation-offer", withdrawn()).refused("not_offered");
}

#[test]
fn an_offer_has_one_outcome() {
    let outcomes = [
        ("accept-relocation", accepted(), "RelocationAccepted"),
        ("decline-relocation", declined(), "RelocationDeclined"),
        ("withdraw-relocation-offer", withdrawn(), "RelocationOfferWithdrawn"),
    ];
    for (first, facts, event) in &outcomes {
        let done = offered().by_rule().when(first, facts.clone()).accepted();
        assert!(done.case().domain().offered(arrival_of(&offered())).is_none(), "{first}");
        assert_eq!(lives_here(&done), *first != "accept-relocation");
        for (then, facts, _) in &outcomes {
            let then_again = done.clone().when(then, facts.clone());
            if first == then { drop(then_again.already()) } else { then_again.refused("second_outcome") }
        }
        let at =
            done.standing().iter().rposition(|made| kit::decider::Events::name(made) == *event).unwrap() as u64 + 2;
        done.when_in_error(at).refused("not_correctable");
    }
}

#[test]
fn accepted_she_moves_with_what_was_offered() {
    let moves = offered().by_rule().when("accept-relocation", accepted());
    let left = moves.events(&["RelocationAccepted", "CentreRelocated"]).accepted();
    let Some(Event::CentreRelocated(relocation)) = left.standing().pop() else { panic!() };
    assert_eq!(json!([relocation.along, relocation.arrival]), json!(["all", arrival()]));
    assert_eq!(json!(relocation.until), json!("2026-11-20T12:00"), "what comes later stays here");
    // Corrected, she would be moved to where nobody accepted her; taken back, she is here again.
    let elsewhere = json!({ "to": VALUE, "along": "all" });
    left.clone().by_leader("l-1").when_corrected(6, elsewhere).refused("not_correctable");
    left.clone().by_on_duty("w-9").when_in_error(6).refused("needs_leader");
    let back = left.by_leader("l-1").when_in_error(6).accepted();
    assert!(lives_here(&back));
    // And may be offered to the right one.
    assert!(!lives_here(&moved(back, "all")));
}

/// Whatever the rows of a database say, only the centre that was asked accepts; who keeps away goes along from her own entries; and whom she
/// left neither offers her on nor reads where she went by a stay that a colleague makes up.
#[test]
fn only_the_centre_that_was_asked_receives_her() {
    let elsewhere = json!({ "arrival": arrival(), "to": Uuid::from_u128(99), "accepted_by": "l-9" });
    offered().by_rule().when("accept-relocation", elsewhere).refused("not_offered");
    let conflict = json!({ "kind": "worker", "who": "w-66" });
    let kept = offered().by_leader("l-1").and("record-conflict-of-interest", conflict);
    let left = kept.by_rule().and("accept-relocation", accepted());
    let Some(Event::CentreRelocated(relocation)) = left.standing().pop() else { panic!() };
    assert_eq!(json!(relocation.conflicts), json!(["w-66"]));
    left.clone().by_leader("l-1").when("offer-relocation", offer()).refused("relocated");
    left.clone().by("w-9").when("start-stay", json!({})).refused("needs_close");
    drop(left.by_on_duty("w-9").when("start-stay", json!({})).accepted());
}

#[test]
fn declined_or_unanswered_is_an_alert() {
    let key = |what: &str| format!("relocation/{}/{what}", arrival());
    let silent = offered().on("2026-11-21").by_rule().when("report-unanswered-relocation", withdrawn());
    let silent = silent.weighs(Weight::Alert).opens(&key("unanswered"), "call_other_centre", Some("2026-11-21"));
    let silent = silent.accepted();
    drop(silent.clone().when("report-unanswered-relocation", withdrawn()).already());
    let no = silent.clone().when("decline-relocation", declined()).weighs(Weight::Alert);
    let no = no.closes(&key("unanswered")).opens(&key("declined"), "find_another_centre", Some("2026-11-21"));
    let again = no.accepted().by_on_duty("w-1").when("offer-relocation", json!({ "to": VALUE }));
    drop(again.closes(&key("declined")).accepted());
    drop(silent.when("accept-relocation", accepted()).closes(&key("unanswered")).accepted());
    let answered = offered().by_rule().and("decline-relocation", declined());
    drop(answered.when("report-unanswered-relocation", withdrawn()).already());
}

/// At the new centre nobody reaches her by it.
#[test]
fn whoever_only_may_come_is_nobodys() {
    let arrival = json!({ "arrival": VALUE, "from": CENTRE, "along": "all", "alias": "Birk-47" });
    nobody().by_leader("l-1").when("offer-arrival", arrival.clone()).refused("only_by_rule");
    let answer = format!("arrival/{VALUE}/answer");
    let awaited = nobody().by_rule().when("offer-arrival", arrival.clone()).weighs(Weight::Alert);
    let awaited = awaited.opens(&answer, "answer_arrival", Some("2026-11-20")).accepted();
    assert_eq!(awaited.case().domain().relation(), None);
    drop(awaited.clone().when("offer-arrival", arrival).already());
    let ended = awaited.clone().when("end-arrival-offer", json!({ "arrival": VALUE })).closes(&answer).accepted();
    assert_eq!(ended.case().domain().relation(), None);
    drop(ended.when("end-arrival-offer", json!({ "arrival": VALUE })).already());
    let came = json!({ "arrival": VALUE, "from": CENTRE, "along": "all", "until": "2026-11-20T14:30" });
    let came = awaited.when("receive-relocation", came).closes(&answer).accepted();
    assert_eq!(came.case().domain().relation().unwrap().nearness(TODAY), Nearness::Live);
    assert!(open(&came).iter().all(|key| *key != answer));
    // Whom the centre knew before it knows as before.
    let before =
        super::woman().by_rule().and("offer-arrival", json!({ "arrival": VALUE, "from": CENTRE, "along": "all" }));
    assert!(before.case().domain().relation().is_some());
}
