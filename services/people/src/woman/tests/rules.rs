//! Who she is, her children, her stays, who is tied to her.

use super::{
    CENTRE, CHILD, CONTACT, HERE, OTHER_STAY, STAY, TODAY, VALUE, Woman, contact, moved, nobody, stay, staying, woman,
};
use crate::woman::{Event, Rejection, made_alias};
use kit::{
    CentreId, Decider, Happened,
    case::Correction,
    facets::Weight,
    given::{Given, Then},
    relation::Nearness,
};
use serde_json::{Value, json};
use uuid::Uuid;

/// The alias she was registered with.
fn alias(given: &Given<Woman>) -> String {
    let standing = given.standing();
    let Some(Event::WomanRegistered(registration)) = standing.last() else { panic!("not registered") };
    registration.alias.as_ref().unwrap().open().unwrap().as_str().to_owned()
}

fn number(alias: &str) -> usize {
    alias.split_once('-').unwrap().1.parse().unwrap()
}

#[test]
fn nothing_but_an_alias_is_needed_and_one_is_made() {
    let first = nobody().when("register-woman", json!({})).events(&["WomanRegistered"]).warns(&[]).accepted();
    assert!((10..100).contains(&number(&alias(&first))), "{}", alias(&first));
    // It is hers, whoever registers her and whenever.
    let later = nobody().on("2027-03-01").by("w-2").and("register-woman", json!({}));
    assert_eq!(alias(&later), alias(&first));
}

#[test]
fn each_further_alias_is_drawn_anew_and_of_more() {
    let made = |choice| alias(&nobody().choice(choice).and("register-woman", json!({})));
    let all: Vec<String> = (0..12).map(made).collect();
    assert_eq!(all.iter().collect::<std::collections::BTreeSet<_>>().len(), all.len());
    assert!(
        all.iter()
            .zip([2, 4, 5, 6, 7, 8, 9, 9, 9, 9, 9, 9])
            .all(|(made, digits)| { made.split_once('-').is_some_and(|(_, number)| number.len() == digits) }),
        "{all:?}"
    );
    // Two women with the same first choice have nothing else in common.
    let secret = kit::ids::Secret::new(uuid::Uuid::from_u128(7));
    let made = |of: u128, choice| made_alias(&secret, kit::AggregateId(uuid::Uuid::from_u128(of)), choice);
    let alike = (0..2_000).flat_map(|one| (0..one).map(move |other| (one, other)));
    let alike: Vec<_> = alike.filter(|(one, other)| made(*one, 0) == made(*other, 0)).take(40).collect();
    assert_eq!(alike.len(), 40);
    let further = alike.iter().filter(|(one, other)| made(*one, 1) == made(*other, 1));
    assert_eq!(further.count(), 0);
}

#[test]
fn an_alias_that_was_chosen_is_said_to_be_taken_by_its_own_name() {
    let chosen = nobody().and("register-woman", json!({ "alias": "Birk-47" }));
    let claim = chosen.case().domain().claims().into_iter().next().unwrap();
    assert_eq!(Woman::claimed(&claim), Some(Rejection::AliasTaken));
    assert_eq!(Woman::claimed("child/1"), None);
    // It is hers whatever other choices are made of.
    let again = nobody().choice(3).and("register-woman", json!({ "alias": "Birk-47" }));
    assert!(again.case().domain().claims().contains(&claim));
}

#[test]
fn an_alias_is_claimed_however_it_is_written() {
    let claims = |alias: &str| nobody().and("register-woman", json!({ "alias": alias })).case().domain().claims();
    assert_eq!(claims("Birk-47").len(), 1);
    assert_eq!(claims("Birk-47"), claims(" birk -47"));
    assert_ne!(claims("Birk-47"), claims("Birk-48"));
    assert!(!claims("Birk-47").iter().any(|claim| claim.contains("Birk")));
}

#[test]
fn a_second_registration_is_a_correction() {
    woman().when("register-woman", json!({ "name": "Mona Eksempel" })).refused("registered_already");
    let corrected = woman().when_corrected(2, json!({ "name": "Mona Eksempel" })).events(&["EntryCorrected"]);
    // The alias that is made is the same.
    assert_eq!(alias(&corrected.accepted()), alias(&woman()));
}

#[test]
fn a_cpr_number_has_ten_digits_and_a_day() {
    let cpr = |cpr: &str| nobody().when("register-woman", json!({ "cpr": cpr }));
    for good in
        ["010101-4320", "0101014320", "6101014320", "3112999999", "010101 4320", "010101\u{2011}4320", "01 01 01 4320"]
    {
        drop(cpr(good).accepted());
    }
    for bad in ["", "010101432", "01010143200", "0101-014320", "3201014320", "0113014320", "0001014320", "01010143ab"] {
        cpr(bad).refused("invalid_value");
    }
    let written = serde_json::from_value::<crate::woman::Cpr>(json!("010101-4320")).unwrap();
    assert_eq!((written.digits(), format!("{written:?}").as_str()), ("0101014320", "Cpr(…)"));
}

#[test]
fn a_child_has_its_own_facts_whoever_a_client_says_they_are_of() {
    let other = "5b8c1d2e-3f40-4a51-8b62-7c83d94ea099";
    let of_other = |value: &str| json!({ "child": other, "value": value });
    let facts = json!({ "child": CHILD, "name": of_other("Lille"), "cpr": of_other("300219-0004") });
    let case = woman().and("register-child", facts);
    let Some(Event::ChildRegistered(child)) = case.standing().pop() else { panic!() };
    assert_eq!(child.name.unwrap().child.to_string(), CHILD);
    assert_eq!(child.cpr.unwrap().child.to_string(), CHILD);
    woman().when("register-child", json!({ "cpr": of_other("3002190") })).refused("invalid_value");
    // A new one is made, and need not be named.
    let case = woman().and("register-child", json!({ "name": { "value": "Lille" } }));
    let Some(Event::ChildRegistered(child)) = case.standing().pop() else { panic!() };
    assert!(!child.child.is_nil() && child.name.unwrap().child == child.child);
    drop(
        case.and("register-child", json!({}))
            .when("register-child", json!({ "child": child.child }))
            .warns(&["child_registered_already"]),
    );
}

#[test]
fn a_birth_to_come_is_an_unborn_childs() {
    let birth = json!({ "value": "2027-01-10" });
    woman().when("register-child", json!({ "birth_date": birth })).refused("in_the_future");
    drop(woman().when("register-child", json!({ "birth_date": birth, "unborn": { "value": true } })).warns(&[]));
}

#[test]
fn one_stay_is_live() {
    staying().when("start-stay", json!({ "stay": OTHER_STAY })).refused("live_stay");
    staying().when("start-stay", stay()).refused("live_stay");
    let moved = staying().and("end-stay", json!({}));
    drop(moved.clone().when("start-stay", json!({ "stay": OTHER_STAY })).warns(&[]));
    // One that is over stays over, beside any other.
    let again = moved.and("start-stay", json!({ "stay": OTHER_STAY })).when("start-stay", stay()).warns(&["stay_over"]);
    assert!(again.accepted().case().domain().relation.lives_here());
    let relocated = super::moved(staying(), "all");
    assert!(!relocated.case().domain().relation.lives_here());
    drop(relocated.when("start-stay", json!({ "stay": OTHER_STAY })).warns(&[]));
}

#[test]
fn a_stay_ends_once() {
    let ended =
        staying().when("end-stay", json!({ "moved_to": "abroad" })).events(&["StayEnded"]).warns(&[]).accepted();
    drop(ended.clone().when("end-stay", json!({ "stay": STAY, "moved_to": "abroad" })).already());
    drop(ended.clone().when("end-stay", stay()).already());
    ended.when("end-stay", json!({ "stay": STAY, "moved_to": "new_home" })).refused("second_outcome");
    drop(woman().when("end-stay", json!({})).events(&["StayEnded"]).warns(&["stay_unknown"]));
    // Where she went on to another centre, it is said afterwards how.
    let left = moved(staying(), "all");
    drop(left.when("end-stay", json!({ "stay": STAY, "moved_to": "other_centre" })).events(&["StayEnded"]).warns(&[]));
}

#[test]
fn nothing_has_happened_that_is_to_come() {
    woman().when("start-stay", json!({ "decided_on": "2026-11-21" })).refused("in_the_future");
    let agreed = json!({ "channel": "phone", "confirmed_on": "2026-11-21" });
    woman().when("agree-safe-contact", agreed).refused("in_the_future");
}

#[test]
fn an_anonymous_letter_names_nobody() {
    let letter = |text: &str| json!({ "direction": "in", "anonymous": true, "letter": text });
    for named in ["CPR 010101-4320.", "0101014320", "Født 010101 4320"] {
        staying().when("inform-municipality", letter(named)).refused("identity_in_anonymous_letter");
    }
    // Names are sealed from rules: nobody is told that they are looked for.
    let named = staying().and("register-child", json!({ "name": { "value": "Lille Eksempel" } }));
    drop(named.when("inform-municipality", letter("Barnet Lille Eksempel")).accepted());
    for clean in ["Indflyttet 20112026", "Ring 12345678 eller 123456789012", "den 20.11.2026 kl. 14"] {
        drop(staying().when("inform-municipality", letter(clean)).accepted());
    }
    drop(staying().when("inform-municipality", json!({ "direction": "in", "letter": "CPR 010101-4320" })).warns(&[]));
    let hidden = woman().and("start-stay", json!({ "stay": STAY, "anonymous": true }));
    drop(hidden.clone().when("inform-municipality", json!({ "direction": "in" })).warns(&["stay_is_anonymous"]));
    drop(hidden.when("inform-municipality", json!({ "direction": "in", "anonymous": true })).warns(&[]));
}

fn arrival() -> Value {
    json!({ "from": CENTRE, "along": "all", "until": "2026-11-20T14:30" })
}

#[test]
fn only_a_rule_receives_and_nobody_moves_to_where_she_is() {
    nobody().when("receive-relocation", arrival()).refused("only_by_rule");
    nobody().by_leader("l-1").when("receive-relocation", arrival()).refused("only_by_rule");
    // Who is called as a rule is called is none.
    nobody().by_leader("service:test").when("receive-relocation", arrival()).refused("only_by_rule");
    let received = nobody().by_rule().and("receive-relocation", arrival());
    assert_eq!(received.case().domain().relation.received().len(), 1);
    let same = json!({ "from": HERE, "along": "all", "until": "2026-11-20T14:30" });
    nobody().by_rule().when("receive-relocation", same).refused("same_centre");
    woman().when("offer-relocation", json!({ "to": HERE })).refused("same_centre");
    woman().by_rule().when("relocate-to-centre", json!({ "to": HERE })).refused("same_centre");
}

#[test]
fn a_coming_that_was_a_mistake_is_withdrawn_once_and_for_good() {
    let mut coming = arrival();
    coming["arrival"] = VALUE.into();
    let received = nobody().by_rule().and("receive-relocation", coming);
    assert_eq!(received.case().domain().relation.nearness(TODAY), Nearness::Live);
    let withdraw = json!({ "arrival": VALUE });
    received.clone().by("w-1").when("withdraw-relocation", withdraw.clone()).refused("only_by_rule");
    received.clone().by_leader("l-1").when("withdraw-relocation", withdraw.clone()).refused("only_by_rule");
    drop(received.clone().when("withdraw-relocation", json!({ "arrival": STAY })).already());
    let withdrawn = received.when("withdraw-relocation", withdraw.clone()).events(&["RelocationWithdrawn"]).accepted();
    let relation = &withdrawn.case().domain().relation;
    assert_eq!((relation.nearness(TODAY), relation.received().len()), (Nearness::Past, 0));
    drop(withdrawn.clone().when("withdraw-relocation", withdraw).already());
    // Nobody takes that back: it would show again what is another centre's.
    withdrawn.by_leader("l-1").when_in_error(3).refused("not_correctable");
}

#[test]
fn who_came_from_elsewhere_is_registered_here_once() {
    let received = nobody().by_rule().and("receive-relocation", arrival()).by("w-1");
    assert!(received.actions().contains(&"register-woman"));
    let registered = received.and("register-woman", json!({ "alias": "Birk-47" }));
    assert!(!registered.actions().contains(&"register-woman"));
    registered.when("register-woman", json!({})).refused("registered_already");
}

#[test]
fn what_goes_along_is_decided_with_the_move() {
    let facts = json!({ "to": CENTRE, "until": "2030-01-01T00:00" });
    let moved = staying().by_rule().and("relocate-to-centre", facts);
    let Some(Event::CentreRelocated(relocation)) = moved.standing().pop() else { panic!() };
    assert_eq!(json!(relocation.along), json!("open_tasks_and_safety"));
    // The service says when, whatever is sent: what comes later stays here.
    assert_eq!(json!(relocation.until), json!("2026-11-20T12:00"));
    let moved = super::moved(staying(), "nothing");
    let Some(Event::CentreRelocated(relocation)) = moved.standing().pop() else { panic!() };
    assert_eq!(json!(relocation.along), json!("nothing"));
}

#[test]
fn who_is_tied_to_her() {
    let tie = json!({ "worker": "w-17", "role": "contact_person" });
    let woman = || woman().by_leader("l-1");
    let tied = woman().and("assign-worker", tie.clone());
    drop(tied.clone().when("assign-worker", tie.clone()).already());
    let other = json!({ "worker": "w-17", "role": "volunteer" });
    drop(tied.clone().when("assign-worker", other).events(&["WorkerAssigned"]));
    let until = json!({ "worker": "w-18", "role": "volunteer", "until": "2026-11-19" });
    woman().when("assign-worker", until).refused("until_before_from");
    drop(tied.clone().when("release-worker", json!({ "worker": "w-17" })).warns(&[]));
    drop(woman().when("release-worker", json!({ "worker": "w-17" })).warns(&["worker_not_assigned"]));
    let contact = |given: &Given<Woman>| {
        given.case().domain().relation.is_contact_person(&"w-17".parse().unwrap(), given.now().today)
    };
    assert!(contact(&tied) && !contact(&tied.and("release-worker", json!({ "worker": "w-17" }))));
}

/// Access follows from a tie, so nobody takes a woman over; and whoever becomes her contact person unasked is seen to.
#[test]
fn nobody_takes_her_over() {
    let tie = |worker: &str, role: &str| json!({ "worker": worker, "role": role });
    let assign = |given: Given<Woman>, worker: &str| given.when("assign-worker", tie(worker, "contact_person"));
    let refused = |then: Then<Woman>| then.refused("needs_close");
    // Whoever meets her first.
    let met = assign(woman().by("w-17"), "w-17").weighs(Weight::Alert).accepted();
    refused(assign(woman().by("w-1"), "w-17"));
    refused(assign(woman().by_temp("w-17"), "w-17"));
    refused(woman().by("w-1").when("assign-worker", tie("w-1", "volunteer")));
    // Then her contact person, the leader, and whoever is on duty, but no temp.
    let hers = || met.clone();
    refused(assign(hers().by("w-1"), "w-1"));
    refused(assign(hers().by_temp("w-17"), "w-18"));
    for given in [hers(), hers().by_leader("l-1"), hers().by_on_duty("w-1")] {
        drop(assign(given, "w-18").weighs(Weight::Routine).accepted());
    }
    assert!(!woman().by_temp("w-1").actions().contains(&"assign-worker"));
    // Nor by releasing, correcting, or taking back.
    let release = json!({ "worker": "w-17" });
    refused(hers().by("w-1").when("release-worker", release.clone()));
    refused(hers().by("w-1").when_corrected(3, tie("w-1", "contact_person")));
    refused(hers().by("w-1").when_in_error(3));
    let released = hers().by_leader("l-1").and("release-worker", release.clone());
    refused(released.by("w-17").when_in_error(4));
    drop(hers().when("release-worker", release).warns(&[]).accepted());
    // Once her contact person's last day is over, somebody else may.
    let until = json!({ "worker": "w-17", "role": "contact_person", "until": "2026-11-20" });
    let tied = woman().by_leader("l-1").and("assign-worker", until);
    refused(assign(tied.clone().by("w-1"), "w-1"));
    drop(assign(tied.by("w-1").on("2026-11-21"), "w-1").weighs(Weight::Alert).accepted());
}

#[test]
fn whoever_has_a_conflict_of_interest_is_kept_away() {
    let conflict = json!({ "kind": "worker", "who": "w-17" });
    let woman = || woman().by_leader("l-1");
    let kept = woman().and("record-conflict-of-interest", conflict.clone());
    kept.clone()
        .when("assign-worker", json!({ "worker": "w-17", "role": "volunteer" }))
        .refused("conflict_of_interest");
    drop(kept.clone().when("record-conflict-of-interest", conflict.clone()).already());
    // Another reason is another entry.
    let why = json!({ "kind": "worker", "who": "w-17", "reason": "De er i familie" });
    drop(kept.when("record-conflict-of-interest", why).events(&["ConflictOfInterestRecorded"]));
    let tied = woman().and("assign-worker", json!({ "worker": "w-17", "role": "contact_person" }));
    drop(tied.when("record-conflict-of-interest", conflict).warns(&["still_assigned"]));
}

#[test]
fn a_day_nobody_knows_is_no_obstacle() {
    let unknown = woman().when_on("start-stay", stay(), Happened::Unknown).warns(&[]).accepted();
    drop(unknown.when_on("end-stay", json!({}), Happened::Unknown).warns(&[]).accepted());
    drop(
        woman()
            .by_leader("l-1")
            .when_on(
                "assign-worker",
                json!({ "worker": "w-1", "role": "volunteer", "until": "2020-01-01" }),
                Happened::Unknown,
            )
            .accepted(),
    );
}

/// Access follows from a tie, so nobody is tied to her whom the directory does not hold; a conflict of interest may be about anybody.
#[test]
fn who_is_named_is_in_the_directory() {
    let here = || woman().without(&["w-66", "w-1"]).by_leader("l-1");
    let tie = |worker: &str| json!({ "worker": worker, "role": "contact_person" });
    here().when("assign-worker", tie("w-66")).refused("unknown_worker");
    let assigned = here().and("assign-worker", tie("w-2"));
    let version = assigned.case().version();
    assigned.clone().when_corrected(version, tie("w-66")).refused("unknown_worker");
    // Who has left meanwhile is still named by what stands.
    drop(
        assigned.without(&["w-2"]).when_corrected(version, json!({ "worker": "w-2", "role": "volunteer" })).accepted(),
    );
    let conflict = |kind: &str, who: &str| json!({ "kind": kind, "who": who });
    drop(here().when("record-conflict-of-interest", conflict("worker", "w-66")).warns(&["worker_unknown"]));
    drop(here().when("record-conflict-of-interest", conflict("worker", "w-2")).warns(&[]));
    drop(here().when("record-conflict-of-interest", conflict("agency_user", "w-66")).warns(&[]));
    let to = CentreId(Uuid::from_u128(77));
    here().without_centre(to).when("offer-relocation", json!({ "to": to })).refused("unknown_centre");
    drop(here().when("offer-relocation", json!({ "to": to })).accepted());
    // What a rule names was named by people before.
    drop(here().by_rule().when("assign-worker", tie("w-2")).accepted());
}

/// She leaves after she came, in corrections too; said twice, it is one end; and days that do not agree are told.
#[test]
fn the_days_of_a_stay_agree() {
    let on =
        |given: Given<Woman>, action: &str, facts: Value, day: &str| given.when_on(action, facts, day.parse().unwrap());
    let from = |day: &str| on(woman(), "start-stay", json!({}), day).warns(&[]).accepted();
    on(from("2026-11-10"), "end-stay", json!({}), "2026-11-09").refused("left_before_arrival");
    let ended = on(from("2026-11-10"), "end-stay", json!({}), "2026-11-15").warns(&[]).accepted();
    let version = ended.case().version();
    let correct = |version: u64, day: &str| {
        let when = Some(day.parse().unwrap());
        let correction = Correction { version, patch: json!({}), when, ..Correction::default() };
        ended.clone().when_corrected_so(correction)
    };
    correct(version, "2026-11-01").refused("left_before_arrival");
    correct(version - 1, "2026-11-16").refused("left_before_arrival");
    drop(correct(version, "2026-11-12").accepted());
    // Where it ended already, nothing more ends; where she never stayed, the worker is told.
    drop(ended.clone().when("end-stay", json!({})).already());
    drop(woman().when("end-stay", json!({})).warns(&["stay_unknown"]));

    let decided = json!({ "decided_on": "2026-11-18" });
    drop(on(woman(), "start-stay", decided, "2026-11-10").warns(&["decided_after_arrival"]));
    // Another stay at the same time, whichever is logged first; out and in again on one day is none.
    drop(on(ended.clone(), "start-stay", json!({}), "2026-11-12").warns(&["stays_overlap"]));
    let older = on(ended.clone(), "start-stay", json!({}), "2026-11-01").warns(&[]).accepted();
    drop(on(older.clone(), "end-stay", json!({}), "2026-11-12").warns(&["stays_overlap"]));
    drop(on(older, "end-stay", json!({}), "2026-11-10").warns(&[]));
    drop(on(ended, "start-stay", json!({}), "2026-11-15").warns(&[]));
}

/// A child that is not registered as hers is told of.
#[test]
fn the_children_of_a_stay_are_hers() {
    let stays = |given: Given<Woman>| given.when("start-stay", json!({ "children": [CHILD] }));
    drop(stays(woman()).warns(&["child_unknown"]));
    drop(stays(woman().and("register-child", json!({ "child": CHILD }))).warns(&[]));
}

/// Of a woman who died things are still recorded, and whoever does is told; nothing asks anybody to reach her.
#[test]
fn nobody_is_asked_to_reach_a_woman_who_died() {
    let died = staying().and("agree-safe-contact", contact()).by_leader("l-1").and("record-death", json!({}));
    let ended = died.clone().when("end-stay", json!({})).events(&["StayEnded"]).warns(&["she_died"]).accepted();
    let disclosed = ended.when("record-compelled-disclosure", json!({})).warns(&["she_died"]).accepted();
    let doubted =
        disclosed.when("unconfirm-safe-contact", json!({ "contact": CONTACT, "reason": "Telefonen er væk." }));
    let after = doubted.warns(&["she_died"]).accepted();
    let asked = after.case().follow_ups().values().filter(|follow_up| follow_up.open);
    let asked: Vec<_> = asked.map(|follow_up| follow_up.what.as_str()).collect();
    assert_eq!(asked, ["tell_municipality_of_arrival", "tell_municipality_of_departure"]);
}

/// A CPR number is none in an anonymous letter, whatever stands between its digits.
#[test]
fn an_anonymous_letter_has_no_number_however_it_is_written() {
    let tell = |letter: &str, anonymous: bool| {
        let facts = json!({ "direction": "in", "anonymous": anonymous, "letter": letter });
        staying().when("inform-municipality", facts)
    };
    for number in [
        "010190-9996",
        "010190\u{2011}9996",
        "010190\u{200b}9996",
        "01.01.90-9996",
        "\u{661}\u{660}\u{661}\u{660}\u{669}\u{660} 9996",
        "010190\n9996",
        "010190-0AB2",
    ] {
        let letter = format!("Hun er født {number} og bor her");
        tell(&letter, true).refused("identity_in_anonymous_letter");
        drop(tell(&letter, false).accepted());
    }
    drop(tell("Ophold 01.02.26-05.03.26, sag 2026-11-300123, tlf. 20 30 40 50", true).accepted());
}

/// What is learnt later is an entry of its own, and an alias changes by its own alone.
#[test]
fn what_is_learnt_leaves_her_alias_and_a_new_one_keeps_those_of_before() {
    let claims = |given: &Given<Woman>| given.case().domain().claims();
    let alias = |given: &Given<Woman>| given.case().domain().alias().map(|alias| alias.as_str().to_owned());
    let rose = nobody().and("register-woman", json!({ "alias": "Rose" }));
    let learnt = rose.clone().and("learn-identity", json!({ "name": "Ana", "cpr": "010190 9996", "language": "Dari" }));
    assert_eq!((alias(&learnt), claims(&learnt)), (alias(&rose), claims(&rose)));
    drop(learnt.clone().when("learn-identity", json!({})).already());
    drop(learnt.clone().when("change-alias", json!({ "alias": "Rose" })).already());
    let renamed = learnt.and("change-alias", json!({ "alias": "Slåen-3" }));
    assert_eq!(alias(&renamed).as_deref(), Some("Slåen-3"));
    let held = claims(&renamed);
    let others = |alias: &str| claims(&nobody().and("register-woman", json!({ "alias": alias })));
    for spelled in ["Rose", "ROSE", "R\u{43e}se", "Rose\u{200b}", "slåen 3", "Slåen\u{2011}3"] {
        assert!(!held.is_disjoint(&others(spelled)), "{spelled:?}");
    }
    assert!(held.is_disjoint(&others("Slåen-4")));
    // Corrected, it is this entry's alias that was another; taken back, she has the one of before.
    let version = renamed.case().version();
    let corrected = renamed.clone().when_corrected(version, json!({ "alias": "Slåen-5" })).accepted();
    assert_eq!(alias(&corrected).as_deref(), Some("Slåen-5"));
    assert!(corrected.case().domain().claims().is_disjoint(&others("Slåen-3")));
}
