//! What is heard, in order and out of order.

use super::*;
use kit::{AggregateId, CentreId, given::heard};
use proptest::{collection::vec, prelude::any, prop_assert, prop_assert_eq, proptest};
use serde_json::{Value, json};
use time::macros::date;
use uuid::Uuid;

const TODAY: Date = date!(2026 - 11 - 20);

fn id(number: u128) -> ProtectionId {
    ProtectionId(Uuid::from_u128(number))
}

/// What is kept of these events of a service.
fn protection(events: &[(&str, Value)]) -> Protection {
    let mut kept = Protection::default();
    for (version, (event, facts)) in (2..).zip(events) {
        KnowProtection::hear(
            &mut kept,
            &heard::<KnowProtection>("any", version, event, facts.clone()).expect("it is heard"),
        );
    }
    kept
}

fn protects(events: &[(&str, Value)], today: Date) -> bool {
    protection(events).protects(today)
}

#[test]
fn an_alarm_protects_until_it_is_back_or_lost() {
    let loan = || json!({ "loan": id(1) });
    assert!(!protects(&[], TODAY));
    for with_her in ["AlarmIssued", "AlarmRenewed"] {
        assert!(protects(&[(with_her, loan())], date!(2099 - 1 - 1)));
        for over in ["AlarmReturned", "AlarmLost"] {
            assert!(!protects(&[(with_her, loan()), (over, loan())], TODAY), "{with_her} {over}");
        }
    }
}

/// Her keys are the same at every centre; and what one of them ends is its own, whatever it is called.
#[test]
fn what_any_centre_recorded_protects() {
    for (begun, over, facts) in [
        ("AlarmIssued", "AlarmReturned", json!({ "loan": id(1) })),
        ("RestrainingOrderIssued", "RestrainingOrderEnded", json!({ "order": id(1) })),
    ] {
        let mut kept = Protection::default();
        let mut protects_after = |centre: u128, version, event| {
            let mut event = heard::<KnowProtection>("any", version, event, facts.clone()).unwrap();
            (event.centre, event.aggregate) = (CentreId(Uuid::from_u128(centre)), AggregateId(Uuid::from_u128(centre)));
            KnowProtection::hear(&mut kept, &event);
            kept.protects(TODAY)
        };
        assert!(protects_after(2, 2, begun), "{begun}");
        assert!(protects_after(3, 2, over), "{over} elsewhere");
        assert!(!protects_after(2, 3, over), "{over}");
    }
}

#[test]
fn an_order_protects_through_its_last_day() {
    let until = |day: &str| json!({ "order": id(1), "until": day });
    for issued in ["RestrainingOrderIssued", "AreaBanIssued", "ExpulsionOrdered"] {
        let short = (issued, until("2026-11-20"));
        assert!(protects(std::slice::from_ref(&short), TODAY), "{issued}");
        assert!(!protects(std::slice::from_ref(&short), date!(2026 - 11 - 21)), "{issued}");
        for extended in ["RestrainingOrderExtended", "ExpulsionExtended"] {
            let longer = (extended, until("2027-11-20"));
            assert!(protects(&[short.clone(), longer.clone()], date!(2027 - 11 - 20)), "{issued} {extended}");
            let ended = ("RestrainingOrderEnded", json!({ "order": id(1) }));
            assert!(!protects(&[short.clone(), longer, ended], TODAY), "{issued} {extended}");
        }
    }
    assert!(protects(&[("AreaBanIssued", json!({ "order": id(1) }))], date!(2099 - 1 - 1)));
}

#[test]
fn what_is_taken_back_protects_nobody() {
    let [alarm, ban] = [("AlarmIssued", json!({ "loan": id(1) })), ("AreaBanIssued", json!({ "order": id(2) }))];
    assert!(protects(&[alarm.clone(), ban.clone(), ("RecordedInError", json!({ "version": 2 }))], TODAY));
    let back = [alarm, ban, ("RecordedInError", json!({ "version": 2 })), ("RecordedInError", json!({ "version": 3 }))];
    assert!(!protects(&back, TODAY));
}

#[test]
fn a_loan_that_is_over_stays_over() {
    let loan = || json!({ "loan": id(1) });
    for over in ["AlarmReturned", "AlarmLost"] {
        for late in ["AlarmIssued", "AlarmRenewed", "AlarmTriggered"] {
            assert!(!protects(&[("AlarmIssued", loan()), (over, loan()), (late, loan())], TODAY), "{over} {late}");
            assert!(!protects(&[(over, loan()), (late, loan())], TODAY), "{over} {late}");
        }
    }
    let other = json!({ "loan": id(2) });
    assert!(protects(&[("AlarmReturned", loan()), ("AlarmIssued", other)], TODAY), "another loan is its own");
}

#[test]
fn an_alarm_she_pressed_is_with_her() {
    assert!(protects(&[("AlarmTriggered", json!({ "loan": id(1) }))], TODAY));
    assert!(!protects(&[("AlarmTriggered", json!({}))], TODAY), "nobody knows which");
}

#[test]
fn an_order_that_ended_is_revived_by_a_new_one_alone() {
    let order = |until: &str| json!({ "order": id(1), "until": until });
    let ended = ("RestrainingOrderEnded", json!({ "order": id(1) }));
    for issued in ["RestrainingOrderIssued", "AreaBanIssued", "ExpulsionOrdered"] {
        let over = [(issued, order("2027-05-31")), ended.clone()];
        for extended in ["RestrainingOrderExtended", "ExpulsionExtended"] {
            let longer = (extended, order("2028-05-31"));
            assert!(!protects(&[over[0].clone(), over[1].clone(), longer.clone()], TODAY), "{issued} {extended}");
            assert!(!protects(&[over[1].clone(), longer], TODAY), "{issued} {extended}");
        }
        let anew = |facts: Value| [over[0].clone(), over[1].clone(), (issued, facts)];
        assert!(protects(&anew(order("2026-11-20")), TODAY), "{issued}");
        assert!(!protects(&anew(order("2026-11-20")), date!(2026 - 11 - 21)), "{issued}");
        // The day that the old one was to end on says nothing of the new one.
        assert!(protects(&anew(json!({ "order": id(1) })), date!(2099 - 1 - 1)), "{issued}");
    }
}

#[test]
fn a_last_day_that_is_not_said_is_the_one_that_is_known() {
    let short = ("AreaBanIssued", json!({ "order": id(1), "until": "2026-11-20" }));
    for again in ["AreaBanIssued", "RestrainingOrderExtended"] {
        let events = [short.clone(), (again, json!({ "order": id(1) }))];
        assert!(protects(&events, TODAY) && !protects(&events, date!(2026 - 11 - 21)), "{again}");
    }
}

#[test]
fn an_immediate_order_recorded_late_changes_nothing_of_the_final_one() {
    let order = |provisional: bool, until: &str| {
        ("RestrainingOrderIssued", json!({ "order": id(1), "provisional": provisional, "until": until }))
    };
    let (immediate, decided) = (order(true, "2026-12-20"), order(false, "2027-11-20"));
    for events in [[immediate.clone(), decided.clone()], [decided.clone(), immediate.clone()]] {
        assert!(protects(&events, date!(2027 - 11 - 20)) && !protects(&events, date!(2027 - 11 - 21)));
    }
    let ended = ("RestrainingOrderEnded", json!({ "order": id(1) }));
    assert!(!protects(&[decided, ended, immediate.clone()], TODAY));
    // The final decision's last day is its own, known or not.
    let unknown = ("RestrainingOrderIssued", json!({ "order": id(1) }));
    assert!(protects(&[immediate, unknown], date!(2099 - 1 - 1)));
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
        prop_assert_eq!(protects(&events, TODAY), out);
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
        prop_assert_eq!(protects(&events, date!(2026 - 12 - 1)), !ended);
        if ended || !without_day {
            prop_assert!(!protects(&events, date!(2027 - 6 - 2)));
        }
    }
}

#[test]
fn what_it_keeps_is_read_back() {
    let known = protection(&[("AlarmIssued", json!({ "loan": id(1) }))]);
    let kept = serde_json::to_value(&known).unwrap();
    assert_eq!(serde_json::from_value::<Protection>(kept).unwrap(), known);
}

/// Of all that safety and legal record, it understands what protects her, as their own samples say it.
#[test]
fn it_understands_what_protects_her_and_nothing_else() {
    let mut understood = Vec::new();
    for service in KnowProtection::HEARS {
        let folder = format!("{}/../{service}/golden", env!("CARGO_MANIFEST_DIR"));
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap().split_once('.').unwrap().0.to_owned();
            let sample: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
            if heard::<KnowProtection>(service, 2, &name, sample["complete"].clone()).is_some() {
                understood.push(format!("{service}/{name}"));
            }
        }
    }
    understood.sort();
    let expected = [
        "legal/AreaBanIssued",
        "legal/ExpulsionExtended",
        "legal/ExpulsionOrdered",
        "legal/RestrainingOrderEnded",
        "legal/RestrainingOrderExtended",
        "legal/RestrainingOrderIssued",
        "safety/AlarmIssued",
        "safety/AlarmLost",
        "safety/AlarmRenewed",
        "safety/AlarmReturned",
        "safety/AlarmTriggered",
    ];
    assert_eq!(understood, expected);
}
