//! What is heard, in order and out of order.

use super::*;
use kit::{Happened, given::heard};
use proptest::{collection::vec, prelude::any, prop_assert, prop_assert_eq, proptest};
use serde_json::{Value, json};
use time::macros::date;
use uuid::Uuid;

const TODAY: Date = date!(2026 - 11 - 20);
const CENTRE: CentreId = CentreId(Uuid::from_u128(1));

fn id(number: u128) -> ProtectionId {
    ProtectionId(Uuid::from_u128(number))
}

/// What is kept of these events of a service.
fn course(events: &[(&str, Value)]) -> Course {
    let mut course = Course::default();
    for (version, (event, facts)) in (2..).zip(events) {
        KnowCourse::hear(&mut course, &heard::<KnowCourse>("any", version, event, facts.clone()).expect("it is heard"));
    }
    course
}

fn unowned(events: &[(&str, Value)], today: Date) -> bool {
    course(events).without_owner(CENTRE, today, &[])
}

#[test]
fn an_alarm_needs_an_owner_until_it_is_back_or_lost() {
    let loan = || json!({ "loan": id(1) });
    assert!(!unowned(&[], TODAY));
    for with_her in ["AlarmIssued", "AlarmRenewed"] {
        assert!(unowned(&[(with_her, loan())], date!(2099 - 1 - 1)));
        for over in ["AlarmReturned", "AlarmLost"] {
            assert!(!unowned(&[(with_her, loan()), (over, loan())], TODAY), "{with_her} {over}");
        }
    }
    let issued = course(&[("AlarmIssued", loan())]);
    assert!(!issued.without_owner(CENTRE, TODAY, &[id(1)]) && issued.without_owner(CENTRE, TODAY, &[id(2)]));
    assert!(!issued.without_owner(CentreId::default(), TODAY, &[]), "what another centre recorded is not known here");
}

#[test]
fn an_order_needs_an_owner_through_its_last_day() {
    let until = |day: &str| json!({ "order": id(1), "until": day });
    for issued in ["RestrainingOrderIssued", "AreaBanIssued", "ExpulsionOrdered"] {
        let short = (issued, until("2026-11-20"));
        assert!(unowned(std::slice::from_ref(&short), TODAY), "{issued}");
        assert!(!unowned(std::slice::from_ref(&short), date!(2026 - 11 - 21)), "{issued}");
        for extended in ["RestrainingOrderExtended", "ExpulsionExtended"] {
            let longer = (extended, until("2027-11-20"));
            assert!(unowned(&[short.clone(), longer.clone()], date!(2027 - 11 - 20)), "{issued} {extended}");
            let ended = ("RestrainingOrderEnded", json!({ "order": id(1) }));
            assert!(!unowned(&[short.clone(), longer, ended], TODAY), "{issued} {extended}");
        }
    }
    assert!(unowned(&[("AreaBanIssued", json!({ "order": id(1) }))], date!(2099 - 1 - 1)));
}

#[test]
fn each_one_needs_its_owner_and_what_is_taken_back_needs_none() {
    let both = [("AlarmIssued", json!({ "loan": id(1) })), ("AreaBanIssued", json!({ "order": id(2) }))];
    let known = course(&both);
    assert!(known.without_owner(CENTRE, TODAY, &[id(1)]) && !known.without_owner(CENTRE, TODAY, &[id(2), id(1)]));
    let [alarm, ban] = both;
    let back = [alarm, ban, ("RecordedInError", json!({ "version": 2 })), ("RecordedInError", json!({ "version": 3 }))];
    assert!(!unowned(&back, TODAY));
}

#[test]
fn a_loan_that_is_over_stays_over() {
    let loan = || json!({ "loan": id(1) });
    for over in ["AlarmReturned", "AlarmLost"] {
        for late in ["AlarmIssued", "AlarmRenewed", "AlarmTriggered"] {
            assert!(!unowned(&[("AlarmIssued", loan()), (over, loan()), (late, loan())], TODAY), "{over} {late}");
            assert!(!unowned(&[(over, loan()), (late, loan())], TODAY), "{over} {late}");
        }
    }
    let other = json!({ "loan": id(2) });
    assert!(unowned(&[("AlarmReturned", loan()), ("AlarmIssued", other)], TODAY), "another loan is its own");
}

#[test]
fn an_alarm_she_pressed_is_with_her() {
    assert!(unowned(&[("AlarmTriggered", json!({ "loan": id(1) }))], TODAY));
    assert!(!unowned(&[("AlarmTriggered", json!({}))], TODAY), "nobody knows which");
}

#[test]
fn an_order_that_ended_is_revived_by_a_new_one_alone() {
    let order = |until: &str| json!({ "order": id(1), "until": until });
    let ended = ("RestrainingOrderEnded", json!({ "order": id(1) }));
    for issued in ["RestrainingOrderIssued", "AreaBanIssued", "ExpulsionOrdered"] {
        let over = [(issued, order("2027-05-31")), ended.clone()];
        for extended in ["RestrainingOrderExtended", "ExpulsionExtended"] {
            let longer = (extended, order("2028-05-31"));
            assert!(!unowned(&[over[0].clone(), over[1].clone(), longer.clone()], TODAY), "{issued} {extended}");
            assert!(!unowned(&[over[1].clone(), longer], TODAY), "{issued} {extended}");
        }
        let anew = |facts: Value| [over[0].clone(), over[1].clone(), (issued, facts)];
        assert!(unowned(&anew(order("2026-11-20")), TODAY), "{issued}");
        assert!(!unowned(&anew(order("2026-11-20")), date!(2026 - 11 - 21)), "{issued}");
        // The day that the old one was to end on says nothing of the new one.
        assert!(unowned(&anew(json!({ "order": id(1) })), date!(2099 - 1 - 1)), "{issued}");
    }
}

#[test]
fn a_last_day_that_is_not_said_is_the_one_that_is_known() {
    let short = ("AreaBanIssued", json!({ "order": id(1), "until": "2026-11-20" }));
    for again in ["AreaBanIssued", "RestrainingOrderExtended"] {
        let events = [short.clone(), (again, json!({ "order": id(1) }))];
        assert!(unowned(&events, TODAY) && !unowned(&events, date!(2026 - 11 - 21)), "{again}");
    }
}

#[test]
fn an_immediate_order_recorded_late_changes_nothing_of_the_final_one() {
    let order = |provisional: bool, until: &str| {
        ("RestrainingOrderIssued", json!({ "order": id(1), "provisional": provisional, "until": until }))
    };
    let (immediate, decided) = (order(true, "2026-12-20"), order(false, "2027-11-20"));
    for events in [[immediate.clone(), decided.clone()], [decided.clone(), immediate.clone()]] {
        assert!(unowned(&events, date!(2027 - 11 - 20)) && !unowned(&events, date!(2027 - 11 - 21)));
    }
    let ended = ("RestrainingOrderEnded", json!({ "order": id(1) }));
    assert!(!unowned(&[decided, ended, immediate.clone()], TODAY));
    // The final decision's last day is its own, known or not.
    let unknown = ("RestrainingOrderIssued", json!({ "order": id(1) }));
    assert!(unowned(&[immediate, unknown], date!(2099 - 1 - 1)));
}

#[test]
fn the_latest_move_counts() {
    let moved = |days: &[Date]| {
        let mut course = Course::default();
        for (version, day) in (2..).zip(days) {
            let mut event = heard::<KnowCourse>("housing", version, "MovedIn", json!({})).unwrap();
            event.happened = Happened::On((*day).into());
            KnowCourse::hear(&mut course, &event);
        }
        course.moved(CENTRE)
    };
    let earlier = date!(2026 - 3 - 1);
    assert_eq!(moved(&[earlier, TODAY]), Some(TODAY));
    assert_eq!(moved(&[TODAY, earlier]), Some(TODAY));
    assert_eq!(moved(&[earlier]), Some(earlier));
    assert_eq!(moved(&[]), None);
}

const ALARM: [&str; 5] = ["AlarmIssued", "AlarmRenewed", "AlarmTriggered", "AlarmReturned", "AlarmLost"];
const ORDER: [&str; 4] =
    ["RestrainingOrderIssued", "AreaBanIssued", "RestrainingOrderExtended", "RestrainingOrderEnded"];
const DAYS: [Option<&str>; 3] = [None, Some("2026-12-01"), Some("2027-06-01")];

proptest! {
    /// A loan that anybody spoke of is with her until somebody says, before or after, that it is over.
    #[test]
    fn loans_are_heard_in_any_order(steps in vec((0_usize..ALARM.len(), 0_u128..3), 0..12)) {
        let events: Vec<_> = steps.iter().map(|(event, loan)| (ALARM[*event], json!({ "loan": id(*loan) }))).collect();
        let over = |loan: u128| steps.iter().any(|(event, about)| *about == loan && *event > 2);
        let out = steps.iter().any(|(_, loan)| !over(*loan));
        prop_assert_eq!(unowned(&events, TODAY), out);
    }

    /// An order is over from when somebody says so until another is issued; otherwise it holds at least until the first of the
    /// last days that were ever said of it, and no longer than the last of them, where each issue says one.
    #[test]
    fn orders_are_heard_in_any_order(
        steps in vec((0_usize..ORDER.len(), any::<bool>(), 0_usize..DAYS.len()), 1..12),
    ) {
        let (mut ended, mut decided, mut without_day) = (false, false, false);
        let mut events = Vec::new();
        for (event, provisional, until) in &steps {
            let mut facts = json!({ "order": id(1) });
            if let Some(until) = DAYS[*until] {
                facts["until"] = json!(until);
            }
            let provisional = *event == 0 && *provisional;
            facts["provisional"] = json!(provisional);
            events.push((ORDER[*event], facts));
            match event {
                3 => ended = true,
                0 | 1 if provisional && decided => {}
                0 | 1 => (ended, decided) = (false, decided || !provisional),
                _ => {}
            }
            without_day |= DAYS[*until].is_none();
        }
        prop_assert_eq!(unowned(&events, date!(2026 - 12 - 1)), !ended);
        if ended || !without_day {
            prop_assert!(!unowned(&events, date!(2027 - 6 - 2)));
        }
    }
}

/// What is agreed on and doubted, in this order: whether she is reachable on the day.
fn reachable(events: &[(&str, Value)]) -> bool {
    course(events).is_reachable(CENTRE, TODAY)
}

fn agreed(contact: u128, on: &str) -> (&'static str, Value) {
    ("SafeContactAgreed", json!({ "contact": id(contact), "confirmed_on": on }))
}

fn doubted(contact: u128, on: &str) -> (&'static str, Value) {
    ("SafeContactUnconfirmed", json!({ "contact": id(contact), "day": on }))
}

#[test]
fn she_is_reached_by_what_she_confirmed_and_nobody_doubts() {
    assert!(!reachable(&[]), "nothing is agreed");
    assert!(reachable(&[agreed(1, "2026-11-20")]));
    assert!(!reachable(&[agreed(1, "2026-11-21")]), "not on a day before");
    assert!(!reachable(&[("SafeContactAgreed", json!({ "contact": id(1) }))]), "nobody knows the day");
    assert!(!reachable(&[agreed(1, "2026-11-01"), doubted(1, "2026-11-02")]));
    assert!(!reachable(&[agreed(1, "2026-11-01"), ("SafeContactUnconfirmed", json!({ "contact": id(1) }))]));
    // Confirmed again from that day on; what is only logged late is older than the doubt.
    assert!(reachable(&[agreed(1, "2026-11-01"), doubted(1, "2026-11-02"), agreed(1, "2026-11-02")]));
    assert!(!reachable(&[doubted(1, "2026-11-02"), agreed(1, "2026-11-01")]));
    assert!(!reachable(&[doubted(1, "2026-11-05"), doubted(1, "2026-11-02"), agreed(1, "2026-11-03")]));
    // What is logged late neither replaces what is newer nor is it of the time after she moved out.
    let left = ("StayEnded", json!({ "day": "2026-11-10" }));
    assert!(reachable(&[agreed(1, "2026-11-10"), left.clone(), agreed(1, "2026-11-09")]), "the newer one stands");
    for events in [[agreed(1, "2026-11-09"), left.clone()], [left.clone(), agreed(1, "2026-11-09")]] {
        assert!(!reachable(&events), "she confirmed it before she moved out");
    }
    assert!(reachable(&[left, ("StayEnded", json!({ "day": "2026-11-01" })), agreed(1, "2026-11-10")]));
    // Another one is its own.
    assert!(reachable(&[agreed(1, "2026-11-01"), agreed(2, "2026-11-01"), doubted(1, "2026-11-02")]));
    let unknown = ("SafeContactAgreed", json!({ "contact": id(1) }));
    assert!(!reachable(&[agreed(1, "2026-11-01"), unknown]), "what is agreed on last counts");
    let back = [agreed(1, "2026-11-01"), doubted(1, "2026-11-02"), ("RecordedInError", json!({ "version": 3 }))];
    assert!(reachable(&back));
    assert!(!course(&[agreed(1, "2026-11-01")]).is_reachable(CentreId::default(), TODAY), "another centre's");
}

#[test]
fn who_died_is_not_reached_and_needs_no_owner() {
    let events = [agreed(1, "2026-11-01"), ("AlarmIssued", json!({ "loan": id(1) })), ("PersonDied", json!({}))];
    assert!(reachable(&events[..2]) && unowned(&events[..2], TODAY) && !course(&events[..2]).died(CENTRE));
    assert!(!reachable(&events) && !unowned(&events, TODAY) && course(&events).died(CENTRE));
    assert!(!course(&events).died(CentreId::default()), "another centre's");
    let [contact, alarm, died] = events;
    let back = [contact, alarm, died, ("RecordedInError", json!({ "version": 4 }))];
    assert!(reachable(&back) && unowned(&back, TODAY));
}

#[test]
fn what_it_keeps_is_read_back() {
    let known = course(&[
        ("AlarmIssued", json!({ "loan": id(1) })),
        ("MovedIn", json!({})),
        agreed(1, "2026-11-20"),
        doubted(1, "2026-11-20"),
        ("StayEnded", json!({ "day": "2026-11-20" })),
        ("PersonDied", json!({})),
    ]);
    let kept = serde_json::to_value(&known).unwrap();
    assert_eq!(serde_json::from_value::<Course>(kept).unwrap(), known);
}

/// What is stored of what was heard is read for years.
#[test]
fn the_stored_forms_stay() {
    for form in [
        json!("moved"),
        json!("died"),
        json!({ "alarm_out": id(1) }),
        json!({ "alarm_over": id(1) }),
        json!({ "issued": { "order": id(1), "provisional": true, "until": "2026-12-01" } }),
        json!({ "extended": { "order": id(1), "until": null } }),
        json!({ "ended": id(1) }),
        json!({ "agreed": { "contact": id(1), "confirmed_on": "2026-11-20" } }),
        json!({ "doubted": { "contact": id(1), "day": null } }),
        json!({ "left": "2026-11-20" }),
    ] {
        let known: Known = serde_json::from_value(form.clone()).expect("it reads");
        assert_eq!(serde_json::to_value(known).unwrap(), form);
    }
}
