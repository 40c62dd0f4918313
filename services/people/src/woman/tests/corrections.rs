//! What was wrong and is put right.

use super::{
    CENTRE, CONTACT, NOTICE_IN, NOTICE_OUT, OTHER_STAY, STAY, agreed, contact, nobody, open, stay, staying, usable,
};
use crate::woman::{Event, Woman};
use kit::{Decider as _, entry::What, given::Then};
use serde_json::json;

#[test]
fn another_day_of_the_decision_moves_the_notice() {
    let corrected = staying().when_corrected(3, json!({ "decided_on": "2026-11-17" }));
    drop(corrected.opens(NOTICE_IN, "tell_municipality_of_arrival", Some("2026-11-20")));
}

/// The facts that a correction leaves, opened.
fn left(then: Then<Woman>) -> Event {
    match then.outcome.unwrap().entries.remove(0).what {
        What::Corrected { fact, .. } => fact,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_alias_never_changes_by_itself() {
    let alias = |event: &Event| match event {
        Event::WomanRegistered(known) => {
            known.alias.as_ref().and_then(|alias| alias.open()).unwrap().as_str().to_owned()
        }
        other => panic!("{other:?}"),
    };
    // Chosen, made, and made where others had the first choices: whatever else is corrected, and whatever the choice would be today.
    for (facts, choice) in [(json!({ "alias": "Rose", "name": "Ana" }), 0), (json!({}), 0), (json!({}), 3)] {
        let registered = nobody().choice(choice).and("register-woman", facts).choice(0);
        let was = registered.standing();
        let claims = registered.case().domain().claims();
        let corrected = registered.clone().when_corrected(2, json!({ "name": "Anna", "language": "Dari" }));
        let now = left(corrected);
        assert_eq!(alias(&now), alias(&was[0]));
        let case = registered.clone().when_corrected(2, json!({ "name": "Anna" })).accepted();
        assert_eq!(case.case().domain().claims(), claims);
        registered.when_corrected(2, json!({ "alias": null })).refused("alias_missing");
    }
    let other = nobody().and("register-woman", json!({})).when_corrected(2, json!({ "alias": "Eg-12", "slot": null }));
    let other = other.accepted();
    let own = nobody().and("register-woman", json!({ "alias": "eg-12" }));
    assert_eq!(other.case().domain().claims(), own.case().domain().claims(), "what stands for it is made again");
}

#[test]
fn what_a_new_entry_is_given_is_not_given_to_a_corrected_one() {
    let Event::StayStarted(stay) = left(staying().when_corrected(3, json!({ "decided_on": null }))) else { panic!() };
    assert_eq!((stay.decided_on, json!(stay.stay)), (None, json!(STAY)));
    let confirmed = agreed().when_corrected(3, json!({ "confirmed_on": null }));
    let Event::SafeContactAgreed(contact) = left(confirmed) else { panic!() };
    assert_eq!(contact.confirmed_on, None);
    let told = staying().and("inform-municipality", json!({ "direction": "in" }));
    let version = told.case().version();
    let Event::MunicipalityInformed(notice) = left(told.when_corrected(version, json!({ "stay": null }))) else {
        panic!()
    };
    assert_eq!(notice.stay, None);
}

#[test]
fn when_she_left_follows_the_corrected_moment() {
    let left_on = |then| match left(then) {
        Event::StayEnded(end) => end.day.and_then(|day| day.open().copied()),
        other => panic!("{other:?}"),
    };
    let ended = staying().and("end-stay", json!({ "moved_to": "abroad" })).on("2026-11-25");
    let on = |day: &str| Some(day.parse().unwrap());
    assert_eq!(left_on(ended.clone().when_corrected_to(4, json!({}), "2026-11-22")), on("2026-11-22"));
    assert_eq!(left_on(ended.clone().when_corrected(4, json!({ "moved_to": "new_home" }))), on("2026-11-20"));
    assert_eq!(left_on(ended.when_corrected_to(4, json!({}), "unknown")), on("2026-11-20"));
}

#[test]
fn a_stay_that_never_was_has_no_notice() {
    let back = staying().when_in_error(3).closes(NOTICE_IN).accepted();
    assert!(open(&back).is_empty());
    drop(back.when("start-stay", json!({ "stay": OTHER_STAY })).warns(&[]));
}

#[test]
fn an_end_taken_back_makes_no_second_live_stay() {
    let two = staying().and("end-stay", json!({})).and("start-stay", json!({ "stay": OTHER_STAY }));
    two.when_in_error(4).refused("live_stay");
    let one = staying().and("end-stay", json!({})).when_in_error(4).closes(NOTICE_OUT).accepted();
    assert!(one.case().domain().relation.lives_here());
}

#[test]
fn an_end_is_corrected_and_stays_of_the_same_stay() {
    let ended = staying().and("end-stay", json!({ "moved_to": "abroad" }));
    let corrected = ended.when_corrected(4, json!({ "moved_to": "new_home" })).events(&["EntryCorrected"]).accepted();
    drop(corrected.when("end-stay", json!({ "stay": STAY, "moved_to": "new_home" })).already());
}

#[test]
fn a_contact_corrected_to_a_day_before_the_doubt_stays_in_doubt() {
    let doubted = agreed().and("unconfirm-safe-contact", json!({ "contact": CONTACT }));
    let again = doubted.and("agree-safe-contact", contact());
    assert_eq!(usable(&again), [CONTACT]);
    let earlier = json!({ "channel": "phone", "confirmed_on": "2026-11-01" });
    assert!(usable(&again.when_corrected(5, earlier).accepted()).is_empty());
}

#[test]
fn a_doubt_taken_back_is_none() {
    let doubted = agreed().and("unconfirm-safe-contact", json!({ "contact": CONTACT }));
    assert_eq!(usable(&doubted.when_in_error(4).accepted()), [CONTACT]);
}

/// Otherwise whoever works at the new centre could let everything come along.
#[test]
fn what_came_along_is_not_rewritten_by_a_person() {
    let arrival = |along: &str| json!({ "from": CENTRE, "along": along, "until": "2026-11-20T14:30" });
    let received = nobody().by_rule().and("receive-relocation", arrival("nothing")).by("w-1");
    received.clone().when_corrected(2, arrival("all")).refused("not_correctable");
    // Nor taken back, by whomever: that she came at all may be a mistake, and is withdrawn by the rule that recorded it. Who must see
    // nothing of her would be gone with it.
    for received in [received.clone(), received.clone().by_leader("l-1"), received.by_rule()] {
        received.when_in_error(2).refused("not_correctable");
    }
}

#[test]
fn a_woman_corrected_keeps_what_came_after() {
    let corrected = staying().when_corrected(2, json!({ "alias": "Eg-12" })).accepted();
    assert!(corrected.case().domain().relation.lives_here());
    corrected.when("start-stay", stay()).refused("live_stay");
}
