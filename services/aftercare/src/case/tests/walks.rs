//! What holds in every order of entries.

use super::{Aftercare, BOOKING, CONTACT, LOAN, OTHER_BOOKING, OTHER_CONTACT, case};
use crate::case::{
    Event,
    state::{Appointment, Companion, Stage, Way},
};
use crate::heard::KnowCourse;
use kit::{
    Decider,
    decider::Events,
    given::{Given, Samples, set, walk},
};
use proptest::{collection::vec, prelude::any, proptest};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

static SAMPLES: LazyLock<Samples> = LazyLock::new(|| kit::samples!());

/// Plausible facts out of a byte: a sample, about one of two contacts or companions, for one of several reasons.
fn plausible(event: &str, byte: u8) -> Value {
    let mut facts = SAMPLES.latest(event, if byte & 1 == 0 { "complete" } else { "minimal" });
    let (contact, booking) = if byte & 2 == 0 { (CONTACT, BOOKING) } else { (OTHER_CONTACT, OTHER_BOOKING) };
    set(&mut facts, "contact", json!(contact));
    set(&mut facts, "booking", json!(booking));
    set(&mut facts, "reason", json!(["completed", "her_wish", "died", "other"][usize::from(byte >> 2) % 4]));
    facts
}

/// Facts for a suggested action that fit the state: about what is there.
fn fitting(given: &Given<Aftercare>, action: &str) -> Value {
    let state = given.case().domain();
    let mut facts = SAMPLES.action::<Aftercare>(action, "minimal");
    if let Some((contact, _)) = state.contacts.iter().find(|(_, contact)| **contact == Appointment::Planned) {
        set(&mut facts, "contact", json!(contact));
    }
    if let Some((booking, _)) = state.companions.iter().find(|(_, one)| matches!(one, Companion::Booked { .. })) {
        set(&mut facts, "booking", json!(booking));
    }
    facts
}

/// The outcomes that stand, by contact and companion. The same one may stand twice, where a correction says what another entry
/// says too.
fn outcomes(given: &Given<Aftercare>) -> BTreeMap<String, BTreeSet<&'static str>> {
    let mut outcomes: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for event in given.standing() {
        let about = match &event {
            Event::ContactMade(made) => made.contact.map(|contact| contact.to_string()),
            Event::ContactMissed(missed) => missed.contact.map(|contact| contact.to_string()),
            Event::CompanionAttended(attendance) => Some(attendance.booking.to_string()),
            Event::CompanionCancelled(cancellation) => Some(cancellation.booking.to_string()),
            _ => None,
        };
        if let Some(about) = about {
            outcomes.entry(about).or_default().insert(event.name());
        }
    }
    outcomes
}

/// Whatever was, the lifeline is answered, and the case is open again.
fn the_lifeline_is_open(given: &Given<Aftercare>) {
    let called = given.clone().when("record-lifeline-call", json!({ "urgency": "urgent" }));
    let called = called.events(&["LifelineCalled"]).warns(&[]).accepted();
    assert!(!called.case().domain().is_over());
}

/// A case that is over is not over in another way.
fn one_ending(given: &Given<Aftercare>) {
    let other = match given.case().domain().stage {
        Stage::Open => return,
        Stage::Over { way: Way::HandedOver, .. } => "close-aftercare",
        Stage::Over { way: Way::Closed, .. } => "hand-over-aftercare",
    };
    given.clone().when(other, json!({ "reason": "completed" })).refused("second_outcome");
}

/// Each companion's day is held once by each live booking, and by no other.
fn days_are_held_by_live_bookings(given: &Given<Aftercare>) {
    let live = given.case().domain().companions.iter().filter(|(_, companion)| companion.slot().is_some());
    let live: Vec<_> = live.map(|(booking, _)| booking.to_string()).collect();
    let claims = given.case().domain().claims();
    assert_eq!(claims.len(), live.len());
    assert!(live.iter().all(|booking| claims.iter().any(|claim| claim.ends_with(booking.as_str()))));
}

proptest! {
    #[test]
    fn whatever_is_logged_in_whatever_order(steps in vec(any::<(u8, u8, u8)>(), 1..40)) {
        walk(case(), &steps, plausible, fitting, |given| {
            assert!(outcomes(given).values().all(|outcomes| outcomes.len() == 1), "a second outcome slipped in");
            the_lifeline_is_open(given);
            one_ending(given);
            days_are_held_by_live_bookings(given);
        });
    }

    /// While an alarm is out, no ending that stands leaves it to nobody.
    #[test]
    fn no_alarm_is_left_behind(steps in vec(any::<(u8, u8, u8)>(), 1..40)) {
        let given = case().hears::<KnowCourse>("safety", 2, "AlarmIssued", json!({ "loan": LOAN }));
        walk(given, &steps, plausible, fitting, |given| {
            for event in given.standing() {
                if let Event::AftercareHandedOver(ending) | Event::AftercareClosed(ending) = &event {
                    let informed = ending.police_informed.as_ref().and_then(|informed| informed.open());
                    let owned = informed.is_some_and(|informed| informed.iter().any(|id| id.to_string() == LOAN));
                    assert!(owned || ending.by_death(), "an alarm without an owner");
                }
            }
        });
    }
}
