//! Which ways to reach her may be used.

use super::{CENTRE, CONTACT, OTHER_CONTACT, VALUE, Woman, agreed, contact, staying, usable, woman};
use crate::woman::{Event, SafeContact};
use kit::{
    Day,
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

/// A contact as its entries say, in order; told apart from the domain's own folding.
#[derive(Default)]
struct Told {
    agreed: Option<SafeContact>,
    doubted_since: bool,
    ever_doubted: bool,
}

/// What may be used by the entries that stand: each last agreed on, and not in doubt since. Surely so where it never was.
fn by_the_entries(given: &Given<Woman>) -> (BTreeMap<String, Told>, bool) {
    let (mut told, mut gone) = (BTreeMap::<_, Told>::new(), false);
    for event in given.standing() {
        match event {
            Event::SafeContactAgreed(agreed) => {
                let one = told.entry(agreed.contact.to_string()).or_default();
                one.doubted_since = false;
                one.agreed = Some(agreed);
            }
            Event::SafeContactUnconfirmed(doubt) => {
                let one = told.entry(doubt.contact.to_string()).or_default();
                (one.doubted_since, one.ever_doubted) = (true, true);
            }
            Event::PersonDied(_) => gone = true,
            _ => {}
        }
    }
    (told, gone)
}

fn only_what_she_confirmed_is_used(given: &Given<Woman>) {
    let (told, gone) = by_the_entries(given);
    let today = given.now().today;
    let confirmed =
        |agreed: &SafeContact| known(agreed.confirmed_on.as_ref()).is_some_and(|on: Day| on.date() <= today);
    let used: BTreeMap<_, _> =
        given.case().domain().contacts(today).map(|usable| (usable.contact.to_string(), usable.value)).collect();
    for (contact, value) in &used {
        let one = &told[contact];
        let agreed = one.agreed.as_ref().expect("it was agreed on");
        assert!(!gone && !one.doubted_since && confirmed(agreed), "{contact} is in doubt");
        assert_eq!(*value, agreed.value, "{contact} was replaced");
    }
    for (contact, one) in &told {
        let sure = !gone && !one.ever_doubted && one.agreed.as_ref().is_some_and(confirmed);
        assert!(!sure || used.contains_key(contact), "{contact} may be used");
    }
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
