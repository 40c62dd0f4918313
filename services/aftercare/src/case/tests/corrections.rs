use super::{
    ANSWER, BOOKING, CHECK, CONTACT, FIND, LOAN, MEETING, NEXT, OTHER_BOOKING, OTHER_CONTACT, PLANNED, RETRY, SAFETY,
    accepted, booked, booking, case, contact, offered, open, planned,
};
use crate::{
    case::{Aftercare, Event},
    heard::KnowCourse,
};
use kit::{Decider, Happened, entry::What, given::Then};
use serde_json::json;

#[test]
fn an_answer_is_corrected_beside_the_offers_that_came_later() {
    let twice = offered().and("decline-aftercare", json!({})).and("offer-aftercare", json!({}));
    let twice = twice.and("accept-aftercare", json!({}));
    let day_before = twice.clone().when_corrected_to(3, json!({}), "2026-11-19");
    drop(day_before.events(&["EntryCorrected"]).leaves_follow_ups());
    drop(twice.when_corrected(5, json!({ "until": "2027-05-31" })).events(&["EntryCorrected"]).leaves_follow_ups());
}

#[test]
fn an_answer_taken_back_asks_again() {
    drop(offered().and("decline-aftercare", json!({})).when_in_error(3).reopens(ANSWER));
    // Aftercare that she never took has no contacts.
    drop(accepted().when_in_error(3).reopens(ANSWER).closes(NEXT));
}

#[test]
fn another_first_day_moves_the_first_contact() {
    let corrected = accepted().when_corrected(3, json!({ "from": "2026-11-23" }));
    drop(corrected.opens(NEXT, "contact_her", Some("2026-11-30")));
}

#[test]
fn a_first_day_that_is_emptied_is_not_made_again_and_days_follow_the_corrected_moment() {
    let day = |then: Then<Aftercare>| match then.outcome.unwrap().entries.remove(0).what {
        What::Corrected { fact: Event::AftercareAccepted(yes), .. } => yes.from.and_then(|day| day.open().copied()),
        What::Corrected { fact: Event::ContactMade(made), .. } => made.day.and_then(|day| day.open().copied()),
        What::Corrected { fact: Event::ContactMissed(missed), .. } => missed.day.and_then(|day| day.open().copied()),
        other => panic!("{other:?}"),
    };
    let on = |day: &str| Some(day.parse().unwrap());
    assert_eq!(day(accepted().when_corrected(3, json!({ "from": null }))), None);
    assert_eq!(day(accepted().when_corrected(3, json!({ "until": "2027-05-31" }))), on("2026-11-20"));
    assert_eq!(day(accepted().on("2026-11-25").when_corrected_to(3, json!({}), "2026-11-10")), on("2026-11-20"));
    let met = case().and("make-contact", json!({})).on("2026-11-25");
    assert_eq!(day(met.clone().when_corrected_to(2, json!({}), "2026-11-18")), on("2026-11-18"));
    let missed = case().when_on("record-missed-contact", json!({}), Happened::Unknown).accepted().on("2026-11-25");
    assert_eq!(day(missed.when_corrected(2, json!({ "details": "Optaget" }))), on("2026-11-20"), "as it was recorded");
}

#[test]
fn a_contact_planned_for_another_day_is_due_then() {
    let planned = case().and("plan-contact", json!({ "contact": CONTACT, "when": "2026-11-25" }));
    let corrected = planned.when_corrected(2, json!({ "when": "2026-11-26" }));
    let case = corrected.opens(PLANNED, "hold_contact", Some("2026-11-26")).accepted();
    assert_eq!(case.case().domain().contacts.len(), 1);
}

#[test]
fn an_outcome_of_the_wrong_contact_is_moved_to_the_right_one() {
    let case = planned().and("plan-contact", json!({ "contact": OTHER_CONTACT })).and("make-contact", contact());
    let corrected = case.when_corrected(4, json!({ "contact": OTHER_CONTACT }));
    drop(corrected.reopens(PLANNED).closes(&format!("contact/{OTHER_CONTACT}")));
}

#[test]
fn a_correction_makes_no_second_outcome() {
    let case = planned().and("plan-contact", json!({ "contact": OTHER_CONTACT })).and("make-contact", contact());
    let case = case.and("record-missed-contact", json!({ "contact": OTHER_CONTACT }));
    case.when_corrected(4, json!({ "contact": OTHER_CONTACT })).refused("second_outcome");
    let case = super::case().and("record-companion-attendance", booking());
    let case = case.and("cancel-companion", json!({ "booking": OTHER_BOOKING }));
    case.when_corrected(3, booking()).refused("second_outcome");
}

#[test]
fn a_second_missed_contact_taken_back_is_one_to_try_again() {
    let twice = accepted().and("record-missed-contact", json!({})).and("record-missed-contact", json!({}));
    drop(twice.when_in_error(5).closes(CHECK).reopens(RETRY));
}

#[test]
fn a_contact_taken_back_leaves_what_it_had_closed() {
    let met = planned().and("record-missed-contact", json!({})).and("make-contact", contact());
    assert_eq!(open(&met), [NEXT]);
    let back = met.when_in_error(4).reopens(PLANNED).reopens(RETRY).closes(NEXT).accepted();
    assert_eq!(open(&back), [PLANNED, RETRY]);
}

#[test]
fn a_booking_taken_back_asks_for_a_companion_again() {
    let found = case().and("request-companion", booking()).and("book-companion", booked());
    let back = found.when_in_error(3).reopens(FIND).closes(MEETING).accepted();
    assert!(back.case().domain().claims().is_empty());
}

#[test]
fn another_companion_has_another_day() {
    let found = case().and("book-companion", booked());
    let other = json!({ "booking": BOOKING, "when": "2026-12-02", "who": "w-18" });
    let corrected = found.clone().when_corrected(2, other).opens(MEETING, "prepare_meeting", Some("2026-11-30"));
    assert_ne!(corrected.accepted().case().domain().claims(), found.case().domain().claims());
}

#[test]
fn an_ending_taken_back_goes_on_where_it_was() {
    let over = accepted().and("close-aftercare", json!({ "reason": "completed" }));
    let back = over.when_in_error(4).reopens(NEXT).accepted();
    assert!(!back.case().domain().is_over());
    drop(back.when("hand-over-aftercare", json!({ "reason": "others_help" })).warns(&[]));
}

#[test]
fn an_ending_is_corrected_under_the_same_rules() {
    let over = accepted().and("close-aftercare", json!({ "reason": "completed" }));
    drop(over.clone().when_corrected(4, json!({ "reason": "her_wish" })).events(&["EntryCorrected"]));
    let informed = accepted().hears::<KnowCourse>("safety", 2, "AlarmIssued", json!({ "loan": LOAN }));
    let informed = informed.and("close-aftercare", json!({ "reason": "completed", "police_informed": [LOAN] }));
    drop(informed.clone().when_corrected(4, json!({ "reason": "completed" })).already());
    informed.when_corrected(4, json!({ "police_informed": null })).refused("protection_without_owner");
}

#[test]
fn a_lifeline_call_is_corrected_and_stays_the_same_call() {
    let called = case().and("record-lifeline-call", json!({ "urgency": "can_wait" }));
    let key = called.case().follow_ups().keys().next().unwrap().clone();
    drop(called.when_corrected(2, json!({ "urgency": "urgent" })).opens(&key, "answer_lifeline", Some("2026-11-20")));
}

#[test]
fn what_a_contact_ended_is_open_again_although_an_earlier_one_might_have() {
    let met = accepted().and("make-contact", json!({})).and("record-missed-contact", json!({}));
    drop(met.and("make-contact", json!({})).when_in_error(6).reopens(RETRY));
}

#[test]
fn a_booking_for_the_wrong_meeting_is_moved_to_the_right_one() {
    let other = |what: &str| format!("companion/{OTHER_BOOKING}/{what}");
    let wished =
        case().and("request-companion", booking()).and("request-companion", json!({ "booking": OTHER_BOOKING }));
    let right = json!({ "booking": OTHER_BOOKING, "when": "2026-11-30T10:00", "who": "w-17" });
    let corrected = wished.and("book-companion", booked()).when_corrected(4, right);
    let corrected = corrected.reopens(FIND).closes(MEETING).closes(&other("find"));
    let case = corrected.opens(&other("meeting"), "prepare_meeting", Some("2026-11-28")).accepted();
    assert_eq!(open(&case), [FIND, &other("meeting")]);
    assert!(case.case().domain().claims().iter().all(|claim| claim.ends_with(OTHER_BOOKING)));
}

#[test]
fn a_death_that_was_none_leaves_open_what_it_ended() {
    let case = accepted().and("plan-contact", contact()).and("raise-relapse-risk", json!({}));
    let died = case.and("close-aftercare", json!({ "reason": "died" }));
    let corrected = died.when_corrected(6, json!({ "reason": "moved_away" })).reopens(PLANNED).reopens(SAFETY);
    // What any ending ends stays ended.
    assert_eq!(open(&corrected.accepted()), [PLANNED, SAFETY]);
}

#[test]
fn a_death_corrected_does_not_leave_an_alarm_behind() {
    let alarm = accepted().hears::<KnowCourse>("safety", 2, "AlarmIssued", json!({ "loan": LOAN }));
    let died = alarm.and("close-aftercare", json!({ "reason": "died" }));
    died.when_corrected(4, json!({ "reason": "completed" })).refused("protection_without_owner");
}

#[test]
fn an_alarm_issued_since_does_not_bar_another_reason() {
    let over = accepted().and("close-aftercare", json!({ "reason": "completed" }));
    let over = over.hears::<KnowCourse>("safety", 2, "AlarmIssued", json!({ "loan": LOAN }));
    drop(over.when_corrected(4, json!({ "reason": "her_wish" })).events(&["EntryCorrected"]).leaves_follow_ups());
}
