use super::{
    ANSWER, BOOKING, CONTACT, LOAN, OTHER_BOOKING, OTHER_CONTACT, accepted, booked, booking, case, contact, died,
    offered, planned, unheard,
};
use crate::case::{Aftercare, Command};
use crate::heard::KnowCourse;
use kit::{Decider, Happened, decider::Commands, facets::Weight, given::Given, ids::derive_id};
use serde_json::{Value, json};

#[test]
fn an_offer_asks_for_an_answer() {
    let offered = case().when("offer-aftercare", json!({})).warns(&[]).weighs(Weight::Routine);
    drop(offered.opens(ANSWER, "answer_aftercare_offer", Some("2026-12-04")));
    let unknown = case().when_on("offer-aftercare", json!({}), Happened::Unknown);
    drop(unknown.opens(ANSWER, "answer_aftercare_offer", None));
}

#[test]
fn a_pending_offer_is_so_already_unless_there_is_more_to_say() {
    drop(offered().when("offer-aftercare", json!({})).already());
    let more = offered().when("offer-aftercare", json!({ "contact_worker": "w-2" }));
    drop(more.events(&["AftercareOffered"]).warns(&["offered_already"]));
    let longer = accepted().when("accept-aftercare", json!({ "until": "2027-06-01" }));
    drop(longer.events(&["AftercareAccepted"]).warns(&["accepted_already"]));
}

#[test]
fn an_offer_has_one_answer() {
    for answer in ["accept-aftercare", "decline-aftercare"] {
        let answered = offered().when(answer, json!({})).warns(&[]).closes(ANSWER).weighs(Weight::Milestone).accepted();
        drop(answered.when(answer, json!({})).already());
    }
    accepted().when("decline-aftercare", json!({})).refused("second_outcome");
    offered().and("decline-aftercare", json!({})).when("accept-aftercare", json!({})).refused("second_outcome");
}

#[test]
fn it_may_be_offered_again() {
    let declined = offered().and("decline-aftercare", json!({}));
    let again = declined.when("offer-aftercare", json!({})).warns(&[]);
    let again = again.opens(ANSWER, "answer_aftercare_offer", Some("2026-12-04")).accepted();
    drop(again.when("accept-aftercare", json!({})).warns(&[]));
}

#[test]
fn who_has_aftercare_is_offered_more_by_people_only() {
    let accepted = offered().and("accept-aftercare", json!({ "until": "2027-05-31" }));
    drop(accepted.clone().when("offer-aftercare", json!({})).warns(&["accepted_already"]));
    drop(accepted.clone().by_rule().when("offer-aftercare", json!({})).already());
    // When it is over, the rule offers again.
    let over = accepted.on("2027-06-01");
    drop(over.clone().by_rule().when("offer-aftercare", json!({})).events(&["AftercareOffered"]));
    drop(over.when("offer-aftercare", json!({})).warns(&[]));
}

#[test]
fn she_arrives_mid_story() {
    for answer in ["accept-aftercare", "decline-aftercare"] {
        drop(case().when(answer, json!({})).warns(&["not_offered"]));
    }
    for outcome in ["make-contact", "record-missed-contact"] {
        drop(case().when(outcome, contact()).warns(&["contact_unknown"]));
        // Most contacts are agreed with nobody but her.
        drop(case().when(outcome, json!({})).warns(&[]));
    }
    for outcome in ["record-companion-attendance", "cancel-companion"] {
        drop(case().when(outcome, booking()).warns(&["booking_unknown"]));
    }
    let first: [(&str, Value); 9] = [
        ("plan-contact", json!({})),
        ("book-companion", json!({})),
        ("request-companion", json!({})),
        ("record-coordinating-counselling", json!({})),
        ("raise-relapse-risk", json!({})),
        ("record-readmission", json!({})),
        ("record-lifeline-call", json!({ "urgency": "can_wait" })),
        ("hand-over-aftercare", json!({ "reason": "others_help" })),
        ("close-aftercare", json!({ "reason": "completed" })),
    ];
    for (action, facts) in first {
        drop(case().when(action, facts).warns(&[]));
    }
}

#[test]
fn aftercare_does_not_end_before_it_begins() {
    let taken = |until: &str| offered().when("accept-aftercare", json!({ "from": "2026-11-20", "until": until }));
    taken("2026-11-19").refused("until_before_from");
    drop(taken("2026-11-20").warns(&[]));
    // Left out, the first day is the day she said yes, and it contradicts as well.
    let left_out = || json!({ "until": "2026-11-19" });
    offered().when("accept-aftercare", left_out()).refused("until_before_from");
    accepted().when("accept-aftercare", left_out()).refused("until_before_from");
    drop(offered().when_on("accept-aftercare", left_out(), Happened::On("2026-11-19".parse().unwrap())).warns(&[]));
    drop(offered().when_on("accept-aftercare", left_out(), Happened::Unknown).warns(&[]));
}

#[test]
fn what_is_added_to_a_yes_does_not_begin_it_anew() {
    let accepted = accepted();
    let from = accepted.case().domain().from.clone();
    let more = accepted.on("2026-12-10").and("accept-aftercare", json!({ "contact_worker": "w-2" }));
    assert_eq!(more.case().domain().from, from);
    drop(more.clone().when("accept-aftercare", json!({ "from": "2026-11-20" })).already());
    // A new offer does.
    let anew = more.and("offer-aftercare", json!({})).and("accept-aftercare", json!({}));
    assert_eq!(anew.case().domain().from.as_ref().unwrap().open().unwrap().to_string(), "2026-12-10");
}

#[test]
fn a_planned_contact_has_one_outcome() {
    for (first, second) in [("make-contact", "record-missed-contact"), ("record-missed-contact", "make-contact")] {
        let met = planned().when(first, contact()).warns(&[]).accepted();
        drop(met.clone().when(first, contact()).already());
        met.clone().when(second, contact()).refused("second_outcome");
        // Another contact, and one that was not agreed, have their own.
        drop(met.clone().when(second, json!({})).warns(&[]));
        drop(met.when(second, json!({ "contact": OTHER_CONTACT })).warns(&["contact_unknown"]));
    }
}

#[test]
fn a_contact_is_planned_once_and_may_be_planned_anew() {
    drop(planned().when("plan-contact", contact()).warns(&["contact_planned_already"]));
    for outcome in ["make-contact", "record-missed-contact"] {
        let late = planned().and(outcome, contact()).when("plan-contact", contact());
        let late = late.warns(&["contact_over"]).leaves_follow_ups().accepted();
        drop(late.when(outcome, contact()).already());
    }
}

#[test]
fn a_contact_that_she_did_not_confirm_is_warned_about() {
    let safe =
        |event: &str, day: &str| (event.to_owned(), json!({ "contact": CONTACT, "day": day, "confirmed_on": day }));
    let told = |events: &[(String, Value)]| {
        let told = (2..).zip(events.iter().cloned());
        told.fold(unheard(), |given, (version, (event, facts))| {
            given.hears::<KnowCourse>("people", version, &event, facts)
        })
    };
    let (agreed, doubted) = ("SafeContactAgreed", "SafeContactUnconfirmed");
    let known = told(&[safe(agreed, "2026-11-01")]);
    let unknown = [
        unheard(),
        told(&[safe(agreed, "2026-11-01"), safe(doubted, "2026-11-10")]),
        told(&[safe(agreed, "2026-11-21")]),
        // Where what was heard does not read, nobody knows that it is safe.
        known.clone().heard("know-course", json!("of another program")),
    ];
    for action in ["plan-contact", "make-contact", "record-missed-contact"] {
        drop(known.clone().when(action, json!({})).warns(&[]));
        for given in &unknown {
            drop(given.clone().when(action, json!({})).warns(&["contact_not_confirmed"]));
        }
    }
    // It is no matter of hers who calls the lifeline, or what is offered her.
    for (action, facts) in [("record-lifeline-call", json!({ "urgency": "soon" })), ("offer-aftercare", json!({}))] {
        drop(unheard().when(action, facts).warns(&[]));
    }
}

#[test]
fn nobody_is_asked_to_call_a_woman_who_died() {
    for given in [offered(), accepted(), planned(), case().and("record-missed-contact", json!({}))] {
        assert_eq!(died(given).actions(), ["close-aftercare"]);
    }
    let closed = |reason: &str| case().and("close-aftercare", json!({ "reason": reason }));
    assert!(died(closed("completed")).actions().is_empty() && closed("died").actions().is_empty());
    // It ends whatever protected her.
    let alarm = accepted().hears::<KnowCourse>("safety", 2, "AlarmIssued", json!({ "loan": LOAN }));
    drop(died(alarm).when("close-aftercare", json!({ "reason": "other" })).warns(&[]));
}

#[test]
fn what_begins_gets_an_id_of_its_own() {
    let case = case().and("plan-contact", json!({})).and("plan-contact", json!({}));
    let case = case.and("request-companion", json!({})).and("book-companion", json!({}));
    let state = case.case().domain();
    assert!(state.contacts.len() == 2 && state.contacts.keys().all(|contact| !contact.is_nil()));
    assert!(state.companions.len() == 2 && state.companions.keys().all(|booking| !booking.is_nil()));
}

#[test]
fn wellbeing_is_one_to_ten() {
    for wellbeing in [1, 10] {
        drop(case().when("make-contact", json!({ "wellbeing": wellbeing })).warns(&[]));
    }
    for wellbeing in [0, 11, 300] {
        case().when("make-contact", json!({ "wellbeing": wellbeing })).refused("invalid_value");
    }
}

#[test]
fn a_companion_has_one_outcome() {
    let outcomes =
        [("record-companion-attendance", "cancel-companion"), ("cancel-companion", "record-companion-attendance")];
    for (first, second) in outcomes {
        for before in ["request-companion", "book-companion"] {
            let over = case().and(before, booking()).when(first, booking()).warns(&[]).accepted();
            drop(over.clone().when(first, booking()).already());
            over.clone().when(second, booking()).refused("second_outcome");
            drop(over.clone().when("request-companion", booking()).warns(&["booking_over"]).leaves_follow_ups());
            let again = over.when("book-companion", booked()).warns(&["booking_over"]).leaves_follow_ups().accepted();
            assert!(again.case().domain().claims().is_empty());
        }
    }
}

#[test]
fn nobody_went_along_to_a_meeting_that_is_still_to_come() {
    let attended = |when: &str| {
        case()
            .and("book-companion", booking())
            .when("record-companion-attendance", json!({ "booking": BOOKING, "when": when }))
    };
    attended("2026-11-21").refused("in_the_future");
    attended("2026-11-20T12:06").refused("in_the_future");
    drop(attended("2026-11-20T12:00").warns(&[]));
    // One that is booked is to come.
    drop(case().when("book-companion", booked()).warns(&[]));
}

#[test]
fn a_companion_recorded_twice_is_one_with_the_later_facts() {
    let requested = case().and("request-companion", booking());
    drop(requested.clone().when("request-companion", booking()).warns(&["booking_recorded_already"]));
    let booked_once = requested.when("book-companion", booked()).warns(&[]).accepted();
    let moved = json!({ "booking": BOOKING, "when": "2026-12-01", "who": "w-17" });
    let moved = booked_once.clone().when("book-companion", moved).warns(&["booking_recorded_already"]).accepted();
    assert_eq!(moved.case().domain().companions.len(), 1);
    assert_ne!(moved.case().domain().claims(), booked_once.case().domain().claims());
    // A wish that is logged late does not undo the booking.
    let late = booked_once.clone().when("request-companion", booking()).warns(&["booking_recorded_already"]);
    assert_eq!(late.leaves_follow_ups().accepted().case().domain().claims(), booked_once.case().domain().claims());
}

#[test]
fn a_companion_cannot_be_in_two_places() {
    let first = case().when("book-companion", booked()).warns(&[]).accepted();
    let second = |booking: &str, when: &str, who: &str| {
        first.clone().when("book-companion", json!({ "booking": booking, "when": when, "who": who }))
    };
    drop(second(OTHER_BOOKING, "2026-11-30", "w-17").warns(&["companion_booked_elsewhere"]));
    drop(second(OTHER_BOOKING, "2026-12-01", "w-17").warns(&[]));
    drop(second(OTHER_BOOKING, "2026-11-30", "w-18").warns(&[]));
    // The same booking at another hour is not a second one.
    drop(second(BOOKING, "2026-11-30T14:00", "w-17").warns(&["booking_recorded_already"]));
    let called_off = first.clone().and("cancel-companion", booking());
    let another = json!({ "booking": OTHER_BOOKING, "when": "2026-11-30", "who": "w-17" });
    drop(called_off.when("book-companion", another).warns(&[]));
    // Another woman's case has the companion that day.
    drop(case().taken().when("book-companion", booked()).warns(&["companion_booked_elsewhere"]));
    for unknown in [json!({ "who": "w-17" }), json!({ "when": "2026-11-30" })] {
        drop(case().taken().when("book-companion", unknown).warns(&[]));
    }
}

#[test]
fn a_companions_day_is_held_while_the_booking_lives() {
    let claims = |given: &Given<Aftercare>| given.case().domain().claims().into_iter().collect::<Vec<_>>();
    let shares =
        |facts: Value| Aftercare::shares(&Command::read("book-companion", facts).unwrap().unwrap(), &case().looking());
    let held = case().and("book-companion", booked());
    let slot = shares(booked()).unwrap();
    assert_eq!(claims(&held), [format!("{slot}{BOOKING}")]);
    assert!(slot.starts_with("companion/") && slot.ends_with('#'));
    // Nobody is shown it, and nobody outside the service can make it.
    assert!(!held.case().state().unwrap().to_string().contains("slot"));
    assert!(!slot.contains(&derive_id(&["companion", "w-17", "2026-11-30"]).to_string()));
    for outcome in ["record-companion-attendance", "cancel-companion"] {
        assert!(claims(&held.clone().and(outcome, booking())).is_empty());
    }
    // Whatever is sent as its slot is overwritten.
    let sent = json!({ "booking": BOOKING, "when": "2026-11-30T10:00", "who": "w-17", "slot": LOAN });
    assert_eq!(shares(sent.clone()).as_ref(), Some(&slot));
    assert_eq!(claims(&case().and("book-companion", sent)), claims(&held));
    let unknown = json!({ "booking": BOOKING, "who": "w-17", "slot": LOAN });
    assert_eq!(shares(unknown.clone()), None);
    assert!(claims(&case().and("book-companion", unknown)).is_empty());
    assert_eq!(
        Aftercare::shares(&Command::read("cancel-companion", booking()).unwrap().unwrap(), &case().looking()),
        None
    );
}

#[test]
fn coordinating_counselling_goes_on_for_half_a_year() {
    let granted =
        |given: Given<Aftercare>, until: &str| given.when("record-coordinating-counselling", json!({ "until": until }));
    drop(granted(case(), "2027-05-20").warns(&[]));
    drop(granted(case(), "2027-05-21").warns(&["longer_than_half_a_year"]));
    // It is counted from the day her aftercare began, not from the day it is logged.
    let later = accepted().on("2027-01-15");
    drop(granted(later.clone(), "2027-05-20").warns(&[]));
    drop(granted(later.clone(), "2027-05-21").warns(&["longer_than_half_a_year"]));
    drop(later.clone().when("record-coordinating-counselling", json!({})).warns(&[]));
    // Where housing has told when she moved, from then: 20 November.
    let moved = later.hears::<KnowCourse>("housing", 2, "MovedIn", json!({}));
    let moved = moved.and("accept-aftercare", json!({ "from": "2026-12-24" }));
    drop(granted(moved.clone(), "2027-05-20").warns(&[]));
    drop(granted(moved, "2027-05-21").warns(&["longer_than_half_a_year"]));
    let unknown =
        case().when_on("record-coordinating-counselling", json!({ "until": "2030-01-01" }), Happened::Unknown);
    drop(unknown.warns(&[]));
}

#[test]
fn what_is_likely_follows_her_course() {
    assert_eq!(case().actions(), ["offer-aftercare"]);
    assert_eq!(offered().actions(), ["accept-aftercare", "decline-aftercare"]);
    assert_eq!(offered().and("decline-aftercare", json!({})).actions(), ["offer-aftercare"]);
    let accepted = offered().and("accept-aftercare", json!({ "until": "2027-05-31" }));
    let running = ["make-contact", "plan-contact", "record-lifeline-call", "request-companion", "close-aftercare"];
    assert_eq!(accepted.actions(), running);
    assert_eq!(accepted.clone().on("2027-06-01").actions(), ["offer-aftercare", "close-aftercare"]);
    let planned = accepted.clone().and("plan-contact", json!({ "contact": CONTACT }));
    assert_eq!(planned.actions()[..2], ["make-contact", "record-missed-contact"]);
    let wished = accepted.clone().and("request-companion", booking());
    assert!(wished.actions().contains(&"book-companion"));
    assert!(wished.and("book-companion", booked()).actions().contains(&"record-companion-attendance"));
    // What would be refused is not suggested.
    let alarm = accepted.hears::<KnowCourse>("safety", 2, "AlarmIssued", json!({ "loan": LOAN }));
    assert!(!alarm.actions().contains(&"close-aftercare"));
    let closed = case().and("close-aftercare", json!({ "reason": "completed" }));
    assert_eq!(closed.actions(), ["record-lifeline-call", "offer-aftercare"]);
}
