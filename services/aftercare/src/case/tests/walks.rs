//! What holds in every order of entries.

use super::{Aftercare, BOOKING, CONTACT, LOAN, OTHER_BOOKING, OTHER_CONTACT, case};
use crate::case::{
    Ending, Event,
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
    let called = called.events(&["LifelineCalled"]).accepted();
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

/// Aftercare hears of an alarm.
fn alarm_is(given: Given<Aftercare>, version: u64, event: &str) -> Given<Aftercare> {
    given.hears::<KnowCourse>("safety", version, event, json!({ "loan": LOAN }))
}

/// The ending that the last step logged.
fn logged_ending(before: &Given<Aftercare>, after: &Given<Aftercare>) -> Option<Ending> {
    let (before, mut after) = (before.standing().len(), after.standing());
    let logged = (after.len() > before).then(|| after.pop()).flatten();
    logged.and_then(|event| match event {
        Event::AftercareHandedOver(ending) | Event::AftercareClosed(ending) => Some(ending),
        _ => None,
    })
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

    /// Whatever alarms come and go meanwhile, no ending is logged that leaves one to nobody.
    #[test]
    fn no_alarm_is_left_behind(legs in vec((0_u8..3, vec(any::<(u8, u8, u8)>(), 1..12)), 1..6)) {
        let mut given = case();
        let (mut heard, mut lent, mut over) = (2, false, false);
        for (alarm, steps) in legs {
            // What comes after the return changes nothing.
            given = match alarm {
                0 => { lent = true; alarm_is(given, heard, "AlarmIssued") }
                1 => { over = true; alarm_is(given, heard, "AlarmReturned") }
                _ => given,
            };
            heard += 1;
            let out = lent && !over;
            let mut before = given.clone();
            walk(given, &steps, plausible, fitting, |after| {
                if out && let Some(ending) = logged_ending(&before, after) {
                    let informed = ending.police_informed.as_ref().and_then(|informed| informed.open());
                    let owned = informed.is_some_and(|informed| informed.iter().any(|id| id.to_string() == LOAN));
                    assert!(owned || ending.by_death(), "an alarm without an owner");
                }
                before = after.clone();
            });
            given = before;
        }
    }
}
