use super::{
    BOOKING, CALL, CHECK, FIND, MEETING, NEXT, OTHER_CONTACT, PLANNED, RETRY, SAFETY, accepted, booked, booking, case,
    contact, died, offered, open, planned,
};
use kit::{Class, Happened, facets::Weight};
use serde_json::json;

#[test]
fn aftercare_begins_with_a_contact_after_a_week() {
    let taken = offered().when("accept-aftercare", json!({}));
    drop(taken.opens(NEXT, "contact_her", Some("2026-11-27")));
    // It may begin on another day than the one she said yes.
    let later = offered().when("accept-aftercare", json!({ "from": "2026-12-01" }));
    drop(later.opens(NEXT, "contact_her", Some("2026-12-08")));
    let unknown = offered().when_on("accept-aftercare", json!({}), Happened::Unknown);
    drop(unknown.opens(NEXT, "contact_her", None));
}

#[test]
fn what_is_logged_after_her_death_asks_nobody_to_call_her() {
    let missed = accepted().and("record-missed-contact", json!({}));
    for (given, action) in [
        (offered(), "accept-aftercare"),
        (case(), "make-contact"),
        (case(), "plan-contact"),
        (case(), "record-missed-contact"),
        (missed.clone(), "record-missed-contact"),
    ] {
        let before = open(&given).into_iter().map(str::to_owned).collect::<Vec<_>>();
        let after = died(given).and(action, json!({}));
        assert!(open(&after).iter().all(|key| before.iter().any(|open| open == key)), "{action}");
    }
    // As it is while she lives.
    drop(missed.clone().when("record-missed-contact", json!({})).weighs(Weight::Alert));
    drop(died(missed).when("record-missed-contact", json!({})).weighs(Weight::Routine).leaves_follow_ups());
}

#[test]
fn contacts_follow_after_a_week_a_month_three_and_six() {
    let steps = [("2026-11-27", "2026-12-21"), ("2026-12-21", "2027-02-22"), ("2027-02-22", "2027-05-20")];
    let mut course = accepted();
    for (day, next) in steps {
        let met = course.on(day).when("make-contact", json!({}));
        course = met.opens(NEXT, "contact_her", Some(next)).accepted();
    }
    drop(course.on("2027-05-20").when("make-contact", json!({})).closes(NEXT));
}

#[test]
fn a_contact_counts_for_the_step_it_is_nearest_to() {
    let next = |day: &str| {
        let met = accepted().on(day).and("make-contact", json!({}));
        let next = &met.case().follow_ups()[NEXT];
        next.open.then(|| next.due.unwrap().to_string())
    };
    // The day after she said yes is not yet the call after a week; two days before that call is.
    assert_eq!(next("2026-11-21").as_deref(), Some("2026-11-27"));
    assert_eq!(next("2026-11-25").as_deref(), Some("2026-12-21"));
    // One in between does not use up the one that comes.
    assert_eq!(next("2026-12-02").as_deref(), Some("2026-12-21"));
    assert_eq!(next("2026-12-18").as_deref(), Some("2027-02-22"));
    // What is long past is not asked for.
    assert_eq!(next("2027-03-01").as_deref(), Some("2027-05-20"));
    assert_eq!(next("2027-07-01"), None);
    // Without a day it is today's.
    let unknown = accepted().on("2026-11-27").when_on("make-contact", json!({}), Happened::Unknown);
    drop(unknown.opens(NEXT, "contact_her", Some("2026-12-21")));
}

#[test]
fn mid_story_each_contact_takes_a_step_from_its_own_day() {
    let mut course = case();
    for (day, next) in [("2026-11-20", "2026-12-21"), ("2026-12-21", "2027-03-22"), ("2027-03-22", "2027-09-22")] {
        let met = course.on(day).when("make-contact", json!({}));
        course = met.opens(NEXT, "contact_her", Some(next)).accepted();
    }
    drop(course.clone().when("make-contact", json!({})).closes(NEXT));
    let unknown = case().when_on("make-contact", json!({}), Happened::Unknown);
    drop(unknown.opens(NEXT, "contact_her", None));
    // The contacts before she said yes do not count. (A week on is Easter Monday.)
    let taken = course.and("offer-aftercare", json!({})).when("accept-aftercare", json!({}));
    drop(taken.opens(NEXT, "contact_her", Some("2027-03-30")));
}

#[test]
fn what_is_added_to_a_yes_does_not_go_back_in_the_rhythm() {
    let met = accepted().on("2026-11-27").and("make-contact", json!({}));
    let more = met.and("accept-aftercare", json!({ "contact_worker": "w-2" }));
    assert_eq!(more.case().follow_ups()[NEXT].due.unwrap().to_string(), "2026-12-21");
}

#[test]
fn who_said_no_is_not_called_by_the_calendar() {
    let more = accepted().and("record-missed-contact", json!({})).and("offer-aftercare", json!({}));
    let declined = more.when("decline-aftercare", json!({})).closes(NEXT).closes(RETRY).accepted();
    let met = declined.and("make-contact", json!({}));
    assert!(open(&met).is_empty());
}

#[test]
fn a_planned_contact_is_due_at_its_hour() {
    let when = json!({ "contact": super::CONTACT, "when": "2026-11-25T15:30" });
    let planned = case().when("plan-contact", when).opens(PLANNED, "hold_contact", Some("2026-11-25T15:30")).accepted();
    assert_eq!(planned.case().follow_ups()[PLANNED].class, Class::Location);
    let moved = json!({ "contact": super::CONTACT, "when": "2026-11-26" });
    drop(planned.clone().when("plan-contact", moved).opens(PLANNED, "hold_contact", Some("2026-11-26")));
    for outcome in ["make-contact", "record-missed-contact"] {
        drop(planned.clone().when(outcome, contact()).closes(PLANNED));
        assert!(open(&planned.clone().and(outcome, json!({ "contact": OTHER_CONTACT }))).contains(&PLANNED));
    }
    drop(case().when("plan-contact", contact()).opens(PLANNED, "hold_contact", None));
}

#[test]
fn a_missed_contact_is_tried_again_and_a_second_one_is_looked_into() {
    let missed = case().when("record-missed-contact", json!({})).weighs(Weight::Routine);
    let missed = missed.opens(RETRY, "try_contact_again", Some("2026-11-24")).accepted();
    let twice = missed.clone().on("2026-11-24").when("record-missed-contact", json!({})).weighs(Weight::Alert);
    let twice = twice.opens(CHECK, "check_on_her", Some("2026-11-24")).closes(RETRY).accepted();
    // Never an automatic call: nothing asks for another try.
    assert_eq!(open(&twice), [CHECK]);
    let thrice = twice.clone().on("2026-11-26").when("record-missed-contact", json!({}));
    assert_eq!(open(&thrice.opens(CHECK, "check_on_her", Some("2026-11-26")).accepted()), [CHECK]);
    drop(twice.when("make-contact", json!({})).closes(CHECK));
    let met = missed.when("make-contact", json!({})).closes(RETRY).accepted();
    drop(met.when("record-missed-contact", json!({})).opens(RETRY, "try_contact_again", Some("2026-11-24")));
    // Without a day the check is for today.
    let unknown = case().and("record-missed-contact", json!({}));
    let unknown = unknown.when_on("record-missed-contact", json!({}), Happened::Unknown);
    drop(unknown.opens(CHECK, "check_on_her", Some("2026-11-20")));
}

#[test]
fn planned_and_other_contacts_are_missed_in_one_row() {
    let missed = planned().and("record-missed-contact", contact());
    drop(missed.when("record-missed-contact", json!({})).opens(CHECK, "check_on_her", Some("2026-11-20")));
}

#[test]
fn the_lifeline_is_answered_by_its_urgency() {
    let key = format!("lifeline/{CALL}");
    let urgencies = [
        ("urgent", Weight::Alert, "2026-11-20"),
        ("soon", Weight::Milestone, "2026-11-24"),
        ("can_wait", Weight::Milestone, "2026-11-27"),
    ];
    for (urgency, weight, due) in urgencies {
        let call = json!({ "call": CALL, "urgency": urgency });
        let called = case().when("record-lifeline-call", call.clone()).weighs(weight);
        drop(called.opens(&key, "answer_lifeline", Some(due)));
        let unknown = case().when_on("record-lifeline-call", call, Happened::Unknown);
        drop(unknown.opens(&key, "answer_lifeline", Some(due)));
    }
    // Each call is its own.
    let twice = case().and("record-lifeline-call", json!({ "urgency": "soon" }));
    assert_eq!(open(&twice.and("record-lifeline-call", json!({ "urgency": "soon" }))).len(), 2);
}

#[test]
fn a_companion_is_found_and_prepared_two_days_before() {
    let wish = json!({ "booking": BOOKING, "when": "2026-11-30T10:00" });
    let wished = case().when("request-companion", wish).opens(FIND, "find_companion", Some("2026-11-28")).accepted();
    assert_eq!(wished.case().follow_ups()[FIND].class, Class::Location);
    let found = wished.clone().when("book-companion", booked());
    let found = found.closes(FIND).opens(MEETING, "prepare_meeting", Some("2026-11-28")).accepted();
    assert_eq!(found.case().follow_ups()[MEETING].class, Class::Location);
    for outcome in ["record-companion-attendance", "cancel-companion"] {
        assert!(open(&found.clone().when(outcome, booking()).closes(MEETING).accepted()).is_empty());
        assert!(open(&wished.clone().when(outcome, booking()).closes(FIND).accepted()).is_empty());
    }
    drop(case().when("request-companion", booking()).opens(FIND, "find_companion", None));
    drop(case().when("book-companion", booking()).opens(MEETING, "prepare_meeting", None));
}

#[test]
fn a_risk_of_going_back_is_looked_into_the_same_day() {
    let raised = case().when("raise-relapse-risk", json!({})).weighs(Weight::Alert);
    drop(raised.opens(SAFETY, "safety_check", Some("2026-11-20")));
    // It does not wait for Monday.
    let saturday = case().on("2026-11-21").when("raise-relapse-risk", json!({}));
    drop(saturday.opens(SAFETY, "safety_check", Some("2026-11-21")));
    let unknown = case().when_on("raise-relapse-risk", json!({}), Happened::Unknown);
    drop(unknown.opens(SAFETY, "safety_check", Some("2026-11-20")));
}

#[test]
fn what_comes_after_the_counselling_is_thought_of_before_it_ends() {
    let granted = case().when("record-coordinating-counselling", json!({ "until": "2027-05-20" }));
    let granted = granted.opens("counselling/end", "plan_after_counselling", Some("2027-04-20"));
    let longer = granted.accepted().when("record-coordinating-counselling", json!({ "until": "2027-06-20" }));
    drop(longer.opens("counselling/end", "plan_after_counselling", Some("2027-05-21")));
    let unknown = case().when("record-coordinating-counselling", json!({}));
    drop(unknown.opens("counselling/end", "plan_after_counselling", None));
}

#[test]
fn turns_of_her_course_stand_out() {
    for (action, facts) in [
        ("record-coordinating-counselling", json!({})),
        ("record-readmission", json!({})),
        ("close-aftercare", json!({ "reason": "completed" })),
        ("hand-over-aftercare", json!({ "reason": "others_help" })),
    ] {
        drop(case().when(action, facts).weighs(Weight::Milestone));
    }
    for action in ["plan-contact", "make-contact", "request-companion", "book-companion"] {
        drop(case().when(action, json!({})).weighs(Weight::Routine));
    }
    drop(case().when("record-readmission", json!({})).leaves_follow_ups());
}
