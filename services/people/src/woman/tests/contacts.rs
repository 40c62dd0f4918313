//! Which ways to reach her may be used.

use super::{CENTRE, CONTACT, OTHER_CONTACT, RECONFIRM, VALUE, Woman, agreed, contact, stay, staying, usable, woman};
use crate::woman::{Event, SafeContact};
use kit::{
    Day, Happened,
    given::{Given, Samples, set, walk},
    sealed::known,
};
use proptest::{
    collection::vec,
    prelude::{ProptestConfig, any},
    proptest,
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::LazyLock};

const OTHER_VALUE: &str = "9d3e5f70-1a2b-4c3d-8e4f-5a6b7c8d9e34";

static SAMPLES: LazyLock<Samples> = LazyLock::new(|| kit::samples!());

#[test]
fn a_contact_is_used_from_the_day_she_confirmed_it() {
    assert_eq!(usable(&agreed()), [CONTACT]);
    let before = agreed();
    let yesterday = before.now().today.previous_day().unwrap();
    assert_eq!(before.case().domain().contacts(yesterday).count(), 0);
}

#[test]
fn a_contact_in_doubt_is_not_used_until_she_confirms_it_again() {
    let doubted = agreed().and("unconfirm-safe-contact", json!({ "contact": CONTACT }));
    assert!(usable(&doubted).is_empty());
    drop(doubted.clone().when("unconfirm-safe-contact", json!({ "contact": CONTACT })).already());
    // What she confirmed before the doubt and is logged late changes nothing.
    let late = json!({ "contact": CONTACT, "channel": "phone", "confirmed_on": "2026-11-19" });
    let late = doubted.clone().when("agree-safe-contact", late).warns(&["contact_not_confirmed"]).accepted();
    assert!(usable(&late).is_empty());
    assert_eq!(usable(&doubted.and("agree-safe-contact", contact())), [CONTACT]);
    drop(woman().when("unconfirm-safe-contact", json!({ "contact": CONTACT })).warns(&["contact_unknown"]));
}

#[test]
fn what_was_replaced_is_not_used() {
    let replaced = json!({ "contact": CONTACT, "channel": "message", "value": OTHER_VALUE });
    let case = agreed().and("agree-safe-contact", replaced);
    let values: Vec<_> = case.case().domain().contacts(case.now().today).map(|usable| usable.value.unwrap()).collect();
    assert_eq!(values.iter().map(ToString::to_string).collect::<Vec<_>>(), [OTHER_VALUE]);
}

fn confirmed(on: &str, value: &str) -> Value {
    json!({ "contact": CONTACT, "channel": "phone", "value": value, "confirmed_on": on })
}

/// The values that may be used.
fn values(given: &Given<Woman>) -> Vec<String> {
    let usable = given.case().domain().contacts(given.now().today);
    usable.map(|usable| usable.value.unwrap().to_string()).collect()
}

#[test]
fn what_is_logged_late_replaces_nothing_newer() {
    let newer = woman().and("agree-safe-contact", confirmed("2026-11-20", VALUE));
    let late = newer.clone().when("agree-safe-contact", confirmed("2026-11-10", OTHER_VALUE));
    let late = late.warns(&["contact_not_confirmed"]).accepted();
    assert_eq!(values(&late), [VALUE]);
    drop(newer.when("agree-safe-contact", confirmed("2026-11-10", VALUE)).warns(&[]));
    assert_eq!(values(&late.and("agree-safe-contact", confirmed("2026-11-20", OTHER_VALUE))), [OTHER_VALUE]);
    // Nor where the newer one is in doubt since, or was replaced on a day that nobody knows.
    let doubted = late_after(&[("unconfirm-safe-contact", json!({ "contact": CONTACT }))]);
    assert!(values(&doubted).is_empty());
    let unknown = woman().and("agree-safe-contact", confirmed("2026-11-20", VALUE));
    let unknown = unknown.when_on("agree-safe-contact", contact(), Happened::Unknown).accepted();
    assert!(values(&unknown.and("agree-safe-contact", confirmed("2026-11-10", OTHER_VALUE))).is_empty());
}

/// One that was confirmed on the 20th, then this, then one that was confirmed on the 19th.
fn late_after(entries: &[(&str, Value)]) -> Given<Woman> {
    let newer = woman().and("agree-safe-contact", confirmed("2026-11-20", VALUE));
    let after = entries.iter().fold(newer, |given, (action, facts)| given.and(action, facts.clone()));
    after.and("agree-safe-contact", confirmed("2026-11-19", OTHER_VALUE))
}

#[test]
fn what_was_confirmed_before_she_moved_out_is_not_used() {
    let moved = staying().and("end-stay", json!({}));
    let late = moved.clone().when("agree-safe-contact", confirmed("2026-11-10", VALUE));
    let late = late.opens(RECONFIRM, "reconfirm_contact", Some("2026-11-24")).warns(&["contact_not_confirmed"]);
    let late = late.accepted();
    assert!(values(&late).is_empty());
    assert_eq!(values(&late.and("agree-safe-contact", confirmed("2026-11-20", VALUE))), [VALUE]);
    // The day she left counts, whenever it is logged and whatever a client says it was.
    let left = |day: &str| {
        let stays = woman().when_on("start-stay", stay(), "2026-11-02".parse().unwrap()).accepted();
        let agreed = stays.and("agree-safe-contact", confirmed("2026-11-12", VALUE));
        let ends = agreed.when_on("end-stay", json!({ "day": "2026-11-01" }), day.parse().unwrap());
        let ends = ends.accepted();
        // Even where somebody takes the doubt itself back.
        let doubt = ends.case().version();
        values(&ends.when_in_error(doubt).accepted())
    };
    assert!(left("2026-11-15").is_empty());
    assert_eq!(left("2026-11-11"), [VALUE]);
}

#[test]
fn a_later_doubt_counts_although_it_is_in_doubt_already() {
    let doubt = json!({ "contact": CONTACT });
    let agreed = woman().and("agree-safe-contact", confirmed("2026-11-10", VALUE));
    let doubted = agreed.when_on("unconfirm-safe-contact", doubt.clone(), "2026-11-12".parse().unwrap()).accepted();
    let again = doubted.when("unconfirm-safe-contact", doubt).events(&["SafeContactUnconfirmed"]).accepted();
    assert!(values(&again.and("agree-safe-contact", confirmed("2026-11-15", VALUE))).is_empty());
}

/// Whether its reference is still the vault's nobody can tell from what she is shown of.
#[test]
fn a_state_has_no_references() {
    let state = agreed().case().state().unwrap().to_string();
    assert!(state.contains(CONTACT) && !state.contains(VALUE), "{state}");
}

#[test]
fn whoever_moves_out_confirms_every_contact_again() {
    let other = json!({ "contact": OTHER_CONTACT, "channel": "email" });
    let case = staying().and("agree-safe-contact", contact()).and("agree-safe-contact", other);
    let doubted = case.clone().and("unconfirm-safe-contact", json!({ "contact": OTHER_CONTACT }));
    let moved = doubted.when("end-stay", json!({})).events(&["StayEnded", "SafeContactUnconfirmed"]).accepted();
    assert!(usable(&moved).is_empty());
    let moved = case.when("end-stay", json!({}));
    let moved = moved.events(&["StayEnded", "SafeContactUnconfirmed", "SafeContactUnconfirmed"]).accepted();
    assert!(usable(&moved).is_empty());
    // Ended once more it is so already, and what she confirmed since stands.
    let again = moved.and("agree-safe-contact", contact());
    assert_eq!(usable(&again.when("end-stay", super::stay()).already().accepted()), [CONTACT]);
}

#[test]
fn the_dead_and_the_forgotten_are_not_called() {
    assert!(usable(&agreed().and("record-death", json!({}))).is_empty());
    let died = agreed().and("record-death", json!({}));
    assert_eq!(usable(&died.when_in_error(4).accepted()), [CONTACT]);
}

/// A contact as its entries say, with the place of each in what was logged; told apart from the domain's own folding.
#[derive(Default)]
struct Told {
    agreed: Vec<(usize, Day, SafeContact)>,
    doubted: Vec<(usize, Day)>,
}

/// The contacts by the entries that stand, whether she is gone, and the days on which she moved out.
fn by_the_entries(given: &Given<Woman>) -> (BTreeMap<String, Told>, bool, Vec<Day>) {
    let (mut told, mut gone, mut left) = (BTreeMap::<_, Told>::new(), false, Vec::new());
    for (place, event) in given.standing().into_iter().enumerate() {
        match event {
            Event::SafeContactAgreed(agreed) => {
                let day = known(agreed.confirmed_on.as_ref()).expect("a day");
                told.entry(agreed.contact.to_string()).or_default().agreed.push((place, day, agreed));
            }
            Event::SafeContactUnconfirmed(doubt) => {
                let day = known(doubt.day.as_ref()).expect("a day");
                told.entry(doubt.contact.to_string()).or_default().doubted.push((place, day));
            }
            Event::StayEnded(departure) => left.push(known(departure.day.as_ref()).expect("a day")),
            Event::PersonDied(_) => gone = true,
            _ => {}
        }
    }
    (told, gone, left)
}

/// By their days, whenever they were logged: what is used was confirmed last, and neither doubted nor left behind since. What was confirmed
/// last, and never doubted or left behind, is used.
fn only_what_she_confirmed_is_used(given: &Given<Woman>) {
    let (told, gone, left) = by_the_entries(given);
    let today = given.now().today;
    let used: BTreeMap<_, _> =
        given.case().domain().contacts(today).map(|usable| (usable.contact.to_string(), usable.value)).collect();
    for (contact, one) in &told {
        // Of one day the one that was logged last.
        let Some((place, day, agreed)) = one.agreed.iter().max_by_key(|(_, day, _)| *day) else {
            assert!(!used.contains_key(contact), "{contact} was never agreed on");
            continue;
        };
        let stands = !gone && day.date() <= today && left.iter().all(|left| day >= left);
        if let Some(value) = used.get(contact) {
            assert!(stands, "{contact} is of before the move, or of somebody who is gone");
            assert!(
                one.doubted.iter().all(|(later, doubted)| later < place && doubted <= day),
                "{contact} is in doubt"
            );
            assert_eq!(*value, agreed.value, "{contact} was replaced");
        } else {
            assert!(!stands || !one.doubted.is_empty(), "{contact} may be used");
        }
    }
    assert!(used.keys().all(|contact| told.contains_key(contact)));
}

/// Plausible facts out of a byte: one of two contacts, stays, values and days.
fn plausible(event: &str, byte: u8) -> Value {
    let mut facts = SAMPLES.latest(event, if byte & 1 == 0 { "complete" } else { "minimal" });
    let of = |bit: u8, one: &str, other: &str| json!(if byte & bit == 0 { one } else { other });
    set(&mut facts, "contact", of(2, CONTACT, OTHER_CONTACT));
    set(&mut facts, "value", of(4, VALUE, OTHER_VALUE));
    set(&mut facts, "confirmed_on", of(8, "2026-11-10", "2026-11-20"));
    set(&mut facts, "stay", of(2, super::STAY, super::OTHER_STAY));
    set(&mut facts, "to", json!(CENTRE));
    facts
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..Default::default() })]

    /// Whatever is agreed, doubted, replaced, corrected and taken back, and however often she moves.
    #[test]
    fn none_is_used_that_is_in_doubt_or_was_another(
        steps in vec((any::<u8>(), proptest::sample::select(vec![2_u8, 2, 2, 3, 4, 6, 8, 19]), any::<u8>()), 1..40),
    ) {
        walk(staying(), &steps, plausible, super::walks::fitting, only_what_she_confirmed_is_used);
    }
}
