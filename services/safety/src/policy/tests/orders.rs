//! The second interlock: orders that end, and contact while they are in force.

use super::*;
use proptest::{collection::vec, prelude::any, proptest};
use std::collections::BTreeMap;

const OTHER: &str = "6f1c2b9e-0a3d-4c57-9b1e-2d4f6a8c0e12";
const ISSUED: [&str; 2] = ["RestrainingOrderIssued", "AreaBanIssued"];

#[test]
fn an_order_ends_within_sixty_days() {
    for issued in ["RestrainingOrderIssued", "AreaBanIssued"] {
        let told = told().then("legal", issued, order("2027-03-01"));
        assert!(told.raised().is_empty());
        assert!(told.due(date!(2026 - 12 - 30)).is_empty());
        let about = [format!("order-ends/{ORDER}/2027-03-01")];
        assert_eq!(told.due(date!(2026 - 12 - 31)), about);
        assert_eq!(told.due(date!(2027 - 03 - 01)), about);
        assert!(told.due(date!(2027 - 03 - 02)).is_empty(), "it is over");
        let longer = told.then("legal", "RestrainingOrderExtended", order("2027-06-01"));
        assert!(longer.due(date!(2027 - 02 - 01)).is_empty());
        assert_eq!(longer.due(date!(2027 - 05 - 01)).len(), 1);
        let ended = longer.then("legal", "RestrainingOrderEnded", json!({ "order": ORDER }));
        assert!(ended.due(date!(2027 - 05 - 01)).is_empty());
    }
    let corrected = json!({ "version": 2, "event": "RestrainingOrderIssued", "facts": order("2028-03-01") });
    let corrected =
        told().then("legal", "RestrainingOrderIssued", order("2027-03-01")).then("legal", "EntryCorrected", corrected);
    assert!(corrected.due(date!(2027 - 02 - 01)).is_empty());
    assert_eq!(corrected.due(date!(2028 - 02 - 01)).len(), 1);
    let open = told().then("legal", "RestrainingOrderIssued", json!({ "order": ORDER }));
    assert!(open.due(date!(2027 - 02 - 01)).is_empty());
}

#[test]
fn the_children_are_to_see_the_other_parent_while_an_order_is_in_force() {
    let contact = |told: Told| told.then("legal", "InterimContactDecided", json!({})).raised();
    assert!(contact(told()).is_empty());
    for issued in ["RestrainingOrderIssued", "AreaBanIssued"] {
        let in_force = told().then("legal", issued, order("2026-11-20"));
        assert_eq!(contact(in_force), [Interlock::ContactDuringOrder]);
        let over = told().then("legal", issued, order("2026-11-19"));
        assert!(contact(over).is_empty());
        let ended = told().then("legal", issued, order("2027-11-20"));
        let ended = ended.then("legal", "RestrainingOrderEnded", json!({ "order": ORDER }));
        assert!(contact(ended).is_empty());
    }
    // Logged later, it counts from the day it was decided: the order was in force then.
    let since_over = told().then("legal", "RestrainingOrderIssued", order("2026-11-10"));
    let decided = since_over.on("2026-11-09", "legal", "InterimContactDecided", json!({}));
    assert_eq!(decided.raised(), [Interlock::ContactDuringOrder]);
    let another = told().then("legal", "AreaBanIssued", json!({ "order": OTHER }));
    assert_eq!(contact(another), [Interlock::ContactDuringOrder]);
}

#[test]
fn a_decision_about_contact_is_contact_too() {
    let in_force = || told().then("legal", "AreaBanIssued", order("2027-03-01"));
    let decided = |facts: Value| in_force().then("legal", "FamilyDecisionReceived", facts).raised();
    for outcome in ["upheld", "partly_upheld", "not_upheld", "agreed"] {
        assert_eq!(decided(json!({ "matter": "contact", "outcome": outcome })), [Interlock::ContactDuringOrder]);
    }
    for other in
        [json!({}), json!({ "matter": "custody" }), json!({ "matter": "residence" }), json!({ "matter": "other" })]
    {
        assert!(decided(other).is_empty());
    }
}

#[test]
fn an_order_is_recorded_after_the_contact_that_began_in_it() {
    let contacts = [("InterimContactDecided", json!({})), ("FamilyDecisionReceived", json!({ "matter": "contact" }))];
    for ((contact, facts), issued) in contacts.iter().flat_map(|contact| ISSUED.map(|issued| (contact.clone(), issued)))
    {
        let after = |began: &str, happened: &str, order: Value| {
            told().on(began, "legal", contact, facts.clone()).on(happened, "legal", issued, order).raised()
        };
        let raised = [Interlock::ContactDuringOrder];
        for began in ["2026-11-10", "2026-11-11", "unknown"] {
            assert_eq!(after(began, "2026-11-10", order("2027-03-01")), raised, "{contact} of {began}");
        }
        assert!(after("2026-11-09", "2026-11-10", order("2027-03-01")).is_empty(), "it began before");
        assert_eq!(after("2026-11-09", "unknown", order("2027-03-01")), raised);
        // It was in force from its first day to its last.
        let from = json!({ "order": ORDER, "from": "2026-11-09", "until": "2026-11-12" });
        assert_eq!(after("2026-11-09", "2026-11-20", from.clone()), raised);
        assert_eq!(after("2026-11-12", "2026-11-20", from.clone()), raised);
        assert!(after("2026-11-13", "2026-11-20", from).is_empty(), "it was over");
    }
    let contact = told().on("2026-11-12", "legal", "InterimContactDecided", json!({}));
    let back = contact.clone().then("legal", "RecordedInError", json!({ "version": 2 }));
    assert!(back.on("2026-11-10", "legal", "AreaBanIssued", json!({ "order": ORDER })).raised().is_empty());
    let ended = contact.then("legal", "RestrainingOrderEnded", json!({ "order": ORDER }));
    let late = ended.on("2026-11-10", "legal", "RestrainingOrderIssued", json!({ "order": ORDER }));
    assert!(late.raised().is_empty(), "its end was logged before it");
}

#[test]
fn an_order_is_what_legal_says_it_is() {
    let says = |events: &[(&str, Value)]| {
        let told = events.iter().fold(told(), |told, (event, facts)| told.then("legal", event, facts.clone()));
        running(&told).get(&id(ORDER)).map(|until| until.map(|until| until.to_string()))
    };
    let until = |day: &str| Some(Some(day.to_owned()));
    let issued = |day: Option<&str>, provisional: bool| {
        let mut facts = json!({ "order": ORDER, "provisional": provisional });
        if let Some(day) = day {
            facts["until"] = json!(day);
        }
        ("RestrainingOrderIssued", facts)
    };
    let ended = || ("RestrainingOrderEnded", json!({ "order": ORDER }));
    let extended = |day: &str| ("RestrainingOrderExtended", order(day));
    let short = || issued(Some("2027-03-01"), false);
    // More time does not begin again what was ended; a new order does, with the days it has itself.
    assert_eq!(says(&[short(), ended(), extended("2028-03-01")]), None);
    assert_eq!(says(&[short(), ended(), issued(Some("2028-03-01"), false)]), until("2028-03-01"));
    assert_eq!(says(&[short(), ended(), issued(None, false)]), Some(None));
    assert_eq!(says(&[ended(), short()]), None, "its issue is only logged late");
    // A last day that nobody names again is still the last day.
    assert_eq!(says(&[short(), issued(None, false)]), until("2027-03-01"));
    assert_eq!(says(&[extended("2027-05-01"), issued(None, false)]), until("2027-05-01"));
    // The final decision takes the provisional one's place, in whatever order they are logged.
    assert_eq!(says(&[issued(Some("2026-12-01"), true), short()]), until("2027-03-01"));
    assert_eq!(says(&[short(), issued(Some("2026-12-01"), true)]), until("2027-03-01"));
    assert_eq!(says(&[issued(Some("2026-12-01"), true), ended(), issued(None, false)]), Some(None));
    assert_eq!(says(&[short(), ended(), issued(Some("2026-12-01"), true)]), None);
}

fn id(order: &str) -> Uuid {
    order.parse().unwrap()
}

fn running(told: &Told) -> BTreeMap<Uuid, Option<Day>> {
    Course { heard: &told.known, centre: CentreId(Uuid::from_u128(1)) }.orders().running().collect()
}

/// What legal may say of an order.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Says {
    Provisional(Option<Day>),
    Final(Option<Day>),
    Extended(Day),
    Ended,
}

impl Says {
    fn of(kind: u8, day: u8) -> Self {
        let until: Day = format!("2027-01-{:02}", 1 + day % 28).parse().unwrap();
        let maybe = (day & 0x80 == 0).then_some(until);
        match kind % 4 {
            0 => Self::Provisional(maybe),
            1 => Self::Final(maybe),
            2 => Self::Extended(until),
            _ => Self::Ended,
        }
    }

    fn event(self, order: &str) -> (&'static str, Value) {
        let facts = |until: Option<Day>| {
            let mut facts = json!({ "order": order });
            if let Some(until) = until {
                facts["until"] = json!(until);
            }
            facts
        };
        match self {
            Self::Provisional(until) => {
                let mut facts = facts(until);
                facts["provisional"] = json!(true);
                (ISSUED[0], facts)
            }
            Self::Final(until) => (ISSUED[0], facts(until)),
            Self::Extended(until) => ("RestrainingOrderExtended", facts(Some(until))),
            Self::Ended => ("RestrainingOrderEnded", facts(None)),
        }
    }

    fn issues(self) -> bool {
        matches!(self, Self::Provisional(_) | Self::Final(_))
    }

    fn until(self) -> Option<Day> {
        match self {
            Self::Provisional(until) | Self::Final(until) => until,
            Self::Extended(until) => Some(until),
            Self::Ended => None,
        }
    }
}

/// What is true of one order, read out of all that stands of it at once: `None` where it is over or never was.
fn truth(order: &str, says: &[Says]) -> Option<(Uuid, Option<Day>)> {
    let decided = says.iter().position(|said| matches!(said, Says::Final(_)));
    let late = |place: usize| decided.is_some_and(|decided| decided < place);
    let says: Vec<_> =
        (0..).zip(says).filter(|(place, said)| !(late(*place) && matches!(said, Says::Provisional(_)))).collect();
    let says: Vec<Says> = says.into_iter().map(|(_, said)| *said).collect();
    let first = says.iter().position(|said| said.issues());
    // A final decision begins anew where a provisional one stood, and so does what is issued again after an end.
    let begins = |place: usize| {
        let before = &says[..place];
        let ended = before.iter().rposition(|said| *said == Says::Ended);
        let since = ended.is_some_and(|ended| !(ended..place).any(|at| says[at].issues() && Some(at) != first));
        let decides =
            matches!(says[place], Says::Final(_)) && !before.iter().any(|said| matches!(said, Says::Final(_)));
        says[place].issues() && Some(place) != first && (since || decides)
    };
    let begun = (0..says.len()).rev().find(|place| begins(*place)).unwrap_or(0);
    let says = says.get(begun..).filter(|says| !says.is_empty() && !says.contains(&Says::Ended))?;
    Some((id(order), says.iter().rev().find_map(|said| said.until())))
}

proptest! {
    #[test]
    fn orders_are_what_their_events_say(steps in vec(any::<(u8, u8, bool, u8)>(), 1..30)) {
        let mut told = told();
        let mut stands: BTreeMap<u64, (&str, Says)> = BTreeMap::new();
        for (kind, day, other, amends) in steps {
            let order = if other { OTHER } else { ORDER };
            let said = Says::of(kind, day);
            let (event, facts) = said.event(order);
            let before = stands.keys().nth(usize::from(amends >> 3) % stands.len().max(1)).copied();
            match (amends % 8, before) {
                (0, Some(version)) => {
                    stands.remove(&version);
                    told = told.then("legal", "RecordedInError", json!({ "version": version }));
                }
                // A correction keeps the kind of entry.
                (1, Some(version)) if stands[&version].1.event(order).0 == event => {
                    stands.insert(version, (order, said));
                    let facts = json!({ "version": version, "event": event, "facts": facts });
                    told = told.then("legal", "EntryCorrected", facts);
                }
                _ => {
                    told = told.then("legal", event, facts);
                    stands.insert(told.version, (order, said));
                }
            }
            let of = |order: &str| {
                let says: Vec<_> = stands.values().filter(|(about, _)| *about == order).map(|(_, said)| *said).collect();
                truth(order, &says)
            };
            assert_eq!(running(&told), [ORDER, OTHER].into_iter().filter_map(of).collect());
        }
    }
}
