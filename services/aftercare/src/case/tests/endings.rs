//! How a case is over, and what opens it again.

use super::{
    ANSWER, CHECK, LOAN, NEXT, ORDER, PLANNED, RETRY, accepted, booked, case, contact, offered, open, planned,
};
use crate::case::Aftercare;
use crate::heard::KnowCourse;
use kit::{facets::Weight, given::Given};
use serde_json::{Value, json};

const ENDINGS: [&str; 2] = ["hand-over-aftercare", "close-aftercare"];

fn because(reason: &str) -> Value {
    json!({ "reason": reason })
}

fn closed() -> Given<Aftercare> {
    accepted().and("close-aftercare", because("completed"))
}

/// A case of which aftercare has heard that an alarm is out.
fn with_alarm() -> Given<Aftercare> {
    accepted().hears::<KnowCourse>("safety", 2, "AlarmIssued", json!({ "loan": LOAN }))
}

/// A case of which aftercare has heard of an order, with its last day where it has one.
fn with_order(until: Option<&str>) -> Given<Aftercare> {
    let order = until.map_or_else(|| json!({ "order": ORDER }), |until| json!({ "order": ORDER, "until": until }));
    accepted().hears::<KnowCourse>("legal", 2, "RestrainingOrderIssued", order)
}

#[test]
fn a_case_is_over_in_one_way() {
    for ending in ENDINGS {
        let over = accepted().when(ending, because("others_help")).warns(&[]).weighs(Weight::Milestone).accepted();
        drop(over.clone().when(ending, because("others_help")).already());
        over.clone().when(ending, because("her_wish")).refused("second_outcome");
        for other in ENDINGS.into_iter().filter(|other| *other != ending) {
            over.clone().when(other, because("others_help")).refused("second_outcome");
        }
    }
}

#[test]
fn a_case_that_is_over_takes_late_entries_and_stays_over() {
    let late: [(&str, Value); 9] = [
        ("accept-aftercare", json!({ "until": "2027-05-31" })),
        ("plan-contact", json!({})),
        ("make-contact", json!({})),
        ("record-missed-contact", json!({})),
        ("request-companion", json!({})),
        ("book-companion", json!({})),
        ("record-coordinating-counselling", json!({})),
        ("raise-relapse-risk", json!({})),
        ("record-readmission", json!({})),
    ];
    for (action, facts) in late {
        let then = closed().when(action, facts);
        let warnings = &then.outcome.as_ref().unwrap().warnings;
        assert_eq!(warnings.first(), Some(&"case_closed"), "{action}");
        let late = then.accepted();
        assert!(late.case().domain().is_over(), "{action}");
        // The calendar does not call a woman whose case is over.
        assert!(!open(&late).contains(&NEXT) && !open(&late).contains(&RETRY), "{action}");
    }
}

#[test]
fn two_missed_contacts_are_looked_into_even_when_the_case_is_over() {
    let twice = closed().and("record-missed-contact", json!({})).and("record-missed-contact", json!({}));
    assert_eq!(open(&twice), [CHECK]);
}

#[test]
fn the_lifeline_is_always_open() {
    let call = json!({ "urgency": "urgent" });
    let states = [
        case(),
        offered(),
        offered().and("decline-aftercare", json!({})),
        accepted(),
        closed(),
        accepted().and("hand-over-aftercare", because("others_help")),
        with_alarm(),
    ];
    for state in states {
        let called = state.when("record-lifeline-call", call.clone()).events(&["LifelineCalled"]).warns(&[]).accepted();
        assert!(!called.case().domain().is_over());
        // It is a case like any other now, which is over when somebody says so.
        drop(called.clone().when("make-contact", json!({})).warns(&[]));
        drop(called.when("record-lifeline-call", call.clone()).events(&["LifelineCalled"]));
    }
    drop(
        closed()
            .and("record-lifeline-call", call)
            .when("hand-over-aftercare", because("others_help"))
            .warns(&["open_follow_ups"]),
    );
}

#[test]
fn a_new_offer_opens_the_case_again() {
    for ending in ENDINGS {
        let over = accepted().and(ending, because("others_help"));
        // The rule too: she has moved again, and nobody has her aftercare any more.
        drop(over.clone().by_rule().when("offer-aftercare", json!({})).events(&["AftercareOffered"]));
        let again = over.when("offer-aftercare", json!({})).warns(&[]).accepted();
        assert!(!again.case().domain().is_over());
        let taken = again.on("2027-03-01").when("accept-aftercare", json!({})).warns(&[]);
        drop(taken.opens(NEXT, "contact_her", Some("2027-03-08")));
    }
    // An offer that nobody answered is not waiting any more.
    let unanswered = offered().and("close-aftercare", because("contact_lost"));
    drop(unanswered.when("offer-aftercare", json!({})).events(&["AftercareOffered"]).warns(&[]));
}

#[test]
fn an_alarm_needs_an_owner() {
    for ending in ENDINGS {
        with_alarm().when(ending, because("completed")).refused("protection_without_owner");
        let others = json!({ "reason": "completed", "police_informed": [ORDER] });
        with_alarm().when(ending, others).refused("protection_without_owner");
        let informed = json!({ "reason": "completed", "police_informed": [LOAN] });
        drop(with_alarm().when(ending, informed).warns(&[]));
        drop(with_alarm().when(ending, because("died")).warns(&[]));
    }
}

#[test]
fn an_order_needs_an_owner_while_it_is_in_force() {
    for ending in ENDINGS {
        let order = with_order(Some("2027-05-31"));
        order.clone().when(ending, because("her_wish")).refused("protection_without_owner");
        order.clone().on("2027-05-31").when(ending, because("her_wish")).refused("protection_without_owner");
        drop(order.clone().on("2027-06-01").when(ending, because("her_wish")).warns(&[]));
        let informed = json!({ "reason": "her_wish", "police_informed": [ORDER] });
        drop(order.when(ending, informed).warns(&[]));
        with_order(None).when(ending, because("her_wish")).refused("protection_without_owner");
        let ended =
            with_order(None).hears::<KnowCourse>("legal", 3, "RestrainingOrderEnded", json!({ "order": ORDER }));
        drop(ended.when(ending, because("her_wish")).warns(&[]));
        // Where what was heard does not read, nobody knows that she is protected by nothing.
        let unknown = accepted().heard("know-course", json!("of another program"));
        unknown.when(ending, because("her_wish")).refused("protection_without_owner");
    }
}

#[test]
fn what_is_heard_later_does_not_reopen_an_ending() {
    let over = closed().hears::<KnowCourse>("safety", 2, "AlarmIssued", json!({ "loan": LOAN }));
    drop(over.when("close-aftercare", because("completed")).already());
}

#[test]
fn an_ending_says_what_is_open() {
    for ending in ENDINGS {
        let reason = because("contact_lost");
        drop(offered().when(ending, reason.clone()).warns(&[]).closes(ANSWER));
        drop(accepted().when(ending, reason.clone()).warns(&[]).closes(NEXT));
        let tried = accepted().and("record-missed-contact", json!({}));
        drop(tried.clone().when(ending, reason.clone()).warns(&[]).closes(NEXT).closes(RETRY));
        // Whether she is well is still somebody's to find out.
        let lost = tried.and("record-missed-contact", json!({})).when(ending, reason.clone());
        assert_eq!(open(&lost.warns(&["open_follow_ups"]).accepted()), [CHECK]);
        let agreed = planned().and("book-companion", booked()).when(ending, reason.clone());
        assert_eq!(open(&agreed.warns(&["open_follow_ups"]).accepted()).len(), 2);
    }
}

#[test]
fn her_death_ends_everything() {
    let case = accepted().and("plan-contact", contact()).and("book-companion", booked());
    let case = case.and("record-lifeline-call", json!({ "urgency": "soon" })).and("raise-relapse-risk", json!({}));
    let died = case.when("close-aftercare", because("died")).warns(&[]).closes(PLANNED).accepted();
    assert!(open(&died).is_empty());
    // Recorded in error, it is all there again.
    let version = died.case().version();
    let back = died.when_in_error(version).reopens(PLANNED).reopens(NEXT).accepted();
    assert_eq!(open(&back).len(), 5);
}
