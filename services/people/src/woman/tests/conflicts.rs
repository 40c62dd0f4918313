//! Who must see nothing of her: who says so, whom it may not keep away, and how it ends.

use super::{TODAY, VALUE, Woman, nobody, woman};
use crate::woman::{Command, Event, Rejection};
use kit::{
    Context, Decider,
    case::{Ask, Refusal},
    decider::Commands,
    entry::{Common, FollowUpAssigned},
    facets::Weight,
    given::Given,
};
use serde_json::{Value, json};

fn conflict(who: &str) -> Value {
    json!({ "kind": "worker", "who": who })
}

fn keeps_away(given: &Given<Woman>, who: &str) -> bool {
    given.case().domain().relation.conflicts_with(&who.parse().unwrap())
}

fn told(given: &Given<Woman>) -> Vec<&str> {
    super::open(given).into_iter().filter(|key| key.starts_with("conflict/")).collect()
}

/// A worker without a tie and a temp shut out whoever protects her, who could not undo it.
#[test]
fn nobody_without_a_right_shuts_others_out() {
    let hers = woman().by_leader("l-1").and("assign-worker", json!({ "worker": "w-2", "role": "contact_person" }));
    for who in ["l-1", "w-2", "w-3"] {
        for case in [hers.clone().by("w-9"), hers.clone().by_temp("t-1"), hers.clone().by("w-2")] {
            if who != "w-2" {
                case.answering(&["w-3"]).when("record-conflict-of-interest", conflict(who)).refused("needs_answers");
            }
        }
    }
    // About oneself anybody may, a temp too.
    for case in [hers.clone().by("w-9"), hers.by_temp("w-9")] {
        let kept = case.when("record-conflict-of-interest", conflict("w-9")).weighs(Weight::Alert).accepted();
        assert!(keeps_away(&kept, "w-9") && told(&kept).is_empty());
    }
}

#[test]
fn one_is_neither_corrected_nor_taken_back() {
    let kept = woman().by_leader("l-1").and("record-conflict-of-interest", conflict("w-17"));
    for case in [kept.clone(), kept.clone().by("w-2"), kept.clone().by_rule()] {
        case.clone().when_corrected(3, conflict("w-66")).refused("not_correctable");
        case.when_in_error(3).refused("not_correctable");
    }
    kept.by_on_duty("w-17").when_in_error(3).refused("conflict_of_interest");
}

#[test]
fn one_ends_by_a_leader_and_a_second_person() {
    let proposes = |who: &str| json!({ "who": who, "proposed_by": "l-9" });
    let ends = |who: &str| json!({ "who": who, "proposed_by": "l-9", "confirmed_by": "l-9" });
    let kept = woman().by_leader("l-1").and("record-conflict-of-interest", conflict("w-17"));
    kept.clone().by_on_duty("w-2").when("propose-conflict-end", proposes("w-17")).refused("needs_leader");
    kept.clone().when("propose-conflict-end", proposes("w-66")).refused("no_such_conflict");
    kept.clone().by_leader("w-17").when("propose-conflict-end", proposes("w-17")).refused("conflict_of_interest");
    kept.clone().when("end-conflict-of-interest", ends("w-17")).refused("end_not_proposed");

    let proposed = kept.when("propose-conflict-end", proposes("w-17")).weighs(Weight::Alert).accepted();
    assert!(keeps_away(&proposed, "w-17"), "until somebody else says so");
    assert_eq!(told(&proposed), ["conflict/w-17/end"]);
    assert_eq!(proposed.case().follow_ups()["conflict/w-17/end"].responsible, None, "it is for somebody else");
    drop(proposed.clone().by_leader("l-2").when("propose-conflict-end", proposes("w-17")).already());
    for (case, why) in [
        (proposed.clone(), "own_proposal"),
        (proposed.clone().by("w-2"), "needs_answers"),
        (proposed.clone().by_on_duty("w-17"), "conflict_of_interest"),
    ] {
        case.when("end-conflict-of-interest", ends("w-17")).refused(why);
    }
    let over = proposed.clone().by_on_duty("w-2").when("end-conflict-of-interest", ends("w-17"));
    let over = over.weighs(Weight::Alert).closes("conflict/w-17/end").accepted();
    assert!(!keeps_away(&over, "w-17") && told(&over).is_empty());
    let Some(Event::ConflictOfInterestEnded(end)) = over.standing().pop() else { panic!() };
    assert_eq!(json!([end.proposed_by, end.confirmed_by]), json!(["l-1", "w-2"]), "as the service knows it");
    drop(over.clone().when("end-conflict-of-interest", ends("w-17")).already());
    over.clone().by_leader("l-1").when_in_error(5).refused("not_correctable");
    drop(
        over.clone()
            .by_leader("l-1")
            .when("assign-worker", json!({ "worker": "w-17", "role": "volunteer" }))
            .warns(&[]),
    );
    // Recorded again, nobody has proposed that it ends.
    let again = over.by_leader("l-1").and("record-conflict-of-interest", conflict("w-17"));
    again.by_leader("l-2").when("end-conflict-of-interest", ends("w-17")).refused("end_not_proposed");
    // Who proposed it and must see nothing of her since has proposed nothing.
    let since = proposed.by_leader("l-2").and("record-conflict-of-interest", conflict("l-1"));
    since.when("end-conflict-of-interest", ends("w-17")).refused("end_not_proposed");
}

/// Nor where they leave what it opens to somebody else.
#[test]
fn whom_it_concerns_ends_it_in_nobodys_name() {
    let facts = json!({ "who": "w-17" });
    let kept = woman().by_leader("l-1").and("record-conflict-of-interest", conflict("w-17"));
    let proposed = kept.clone().and("propose-conflict-end", facts.clone());
    for (case, action) in [(kept, "propose-conflict-end"), (proposed, "end-conflict-of-interest")] {
        let case = case.by_leader("w-17");
        for responsible in [None, Some("l-1".parse().unwrap())] {
            let ask = Ask::Record(Command::read(action, facts.clone()).unwrap().unwrap());
            let decided = case.case().decide(ask, None, &Context { responsible, ..case.looking() });
            assert!(matches!(decided, Err(Refusal::Domain(Rejection::ConflictOfInterest))), "{action}");
        }
    }
}

#[test]
fn somebody_is_left_who_answers_for_the_house() {
    let record = |given: Given<Woman>, who: &str| given.when("record-conflict-of-interest", conflict(who));
    // The one who answers alone, be it a leader or whoever is on duty.
    record(woman().by_leader("l-1"), "l-1").refused("last_who_answers");
    record(woman().by_on_duty("w-2"), "w-2").refused("last_who_answers");
    record(woman().by("w-2").answering(&["w-2"]), "w-2").refused("last_who_answers");
    // Another one was named first, who may see her.
    drop(record(woman().by_leader("l-1").answering(&["w-2"]), "l-1").accepted());
    let kept = record(woman().by_leader("l-1").answering(&["w-2"]), "w-2").accepted();
    record(kept, "l-1").refused("last_who_answers");
    // Who records it is not the one who is left: a duty they end themselves. A leader is, who leads tomorrow too.
    record(woman().by_on_duty("w-2").answering(&["l-1", "w-2"]), "l-1").refused("last_who_answers");
    drop(record(woman().by_leader("l-2").answering(&["l-1"]), "l-1").accepted());
    // Nobody but themselves shuts out the last who leads, whoever else is on duty.
    record(woman().by_on_duty("w-2").leading(&["l-1"]).answering(&["l-1", "w-2", "w-3"]), "l-1")
        .refused("last_who_answers");
    let two = || woman().by_on_duty("w-2").leading(&["l-1", "l-2"]);
    record(record(two(), "l-1").accepted(), "l-2").refused("last_who_answers");
    drop(record(woman().by_leader("l-1").leading(&["l-1"]).answering(&["l-1", "w-3"]), "l-1").accepted());
    drop(record(woman().by("w-2"), "w-2").accepted());
}

#[test]
fn the_others_hear_when_it_is_about_who_protects_her() {
    let tie = json!({ "worker": "w-2", "role": "contact_person" });
    let hers = || woman().by_leader("l-1").answering(&["l-1", "w-3"]).and("assign-worker", tie.clone());
    for who in ["l-1", "w-2", "w-3"] {
        let key = format!("conflict/{who}/leader");
        let told = hers().when("record-conflict-of-interest", conflict(who)).weighs(Weight::Alert).accepted();
        let follow_up = &told.case().follow_ups()[&key];
        assert_eq!((follow_up.what.as_str(), &follow_up.responsible), ("tell_leader_of_conflict", &None), "{who}");
        assert_eq!(json!(follow_up.due), json!(kit::Day::from(TODAY)));
    }
    assert!(super::open(&hers().and("record-conflict-of-interest", conflict("w-17"))).is_empty());
}

#[test]
fn what_came_along_stays_whatever_becomes_of_the_coming() {
    let coming = json!({
        "arrival": VALUE, "from": super::CENTRE, "along": "nothing", "until": "2026-11-20T14:30", "conflicts": ["w-66"],
    });
    let came = nobody().by_rule().and("receive-relocation", coming);
    let gone = came.clone().and("withdraw-relocation", json!({ "arrival": VALUE }));
    assert!(keeps_away(&came, "w-66") && keeps_away(&gone, "w-66"));
    let over = gone.by_leader("l-1").and("propose-conflict-end", json!({ "who": "w-66" }));
    let over = over.by_leader("l-2").and("end-conflict-of-interest", json!({ "who": "w-66" }));
    assert!(!keeps_away(&over, "w-66"));
    assert_eq!(over.case().domain().relation().unwrap().conflicts().len(), 0);
}

/// However it is written, it is the one person.
#[test]
fn one_person_is_one() {
    let kept = woman().by_leader("l-1").and("record-conflict-of-interest", conflict("Sec-W1"));
    assert!(keeps_away(&kept, "sec-w1"));
}

#[test]
fn who_must_see_nothing_of_her_holds_nothing() {
    let kept = woman().by_leader("l-1").and("receive-access-request", json!({}));
    let kept = kept.and("record-conflict-of-interest", conflict("w-17"));
    let key = super::open(&kept)[0].to_owned();
    let assigned =
        |who: &str| Common::FollowUpAssigned(FollowUpAssigned { key: key.clone(), responsible: who.parse().unwrap() });
    kept.clone().when_common(assigned("w-17")).refused("conflict_of_interest");
    drop(kept.when_common(assigned("w-18")).accepted());
}
