//! The interlocks, told event by event.

mod orders;

use super::*;
use kit::{CentreId, Happened, deadlines::Deadlines, given::heard, policy::To};
use serde_json::{Value, json};
use time::{Date, macros::date};

const ORDER: &str = "6f1c2b9e-0a3d-4c57-9b1e-2d4f6a8c0e11";

/// A woman's course as the rule hears it.
#[derive(Clone)]
struct Told {
    known: Standing<Known>,
    version: u64,
    deadlines: Deadlines,
    orders: Vec<Order<Safety>>,
}

fn told() -> Told {
    let deadlines = Deadlines::parse(include_str!("../../../../deploy/deadlines.toml")).unwrap();
    Told { known: Standing::default(), version: 1, deadlines, orders: Vec::new() }
}

impl Told {
    /// It hears this of 20 November, and reacts; the orders are those of the last event.
    fn then(self, service: &str, event: &str, facts: Value) -> Self {
        self.on("2026-11-20", service, event, facts)
    }

    fn on(mut self, happened: &str, service: &str, event: &str, facts: Value) -> Self {
        self.version += 1;
        let mut event = heard::<RaiseAlerts>(service, self.version, event, facts).expect("it is heard");
        event.happened = happened.parse().unwrap();
        RaiseAlerts::hear(&mut self.known, &event);
        let now = Now { today: date!(2026 - 11 - 20), deadlines: &self.deadlines };
        self.orders = RaiseAlerts::react(&self.known, &event, now);
        self
    }

    fn raised(&self) -> Vec<Interlock> {
        self.orders.iter().map(interlock).collect()
    }

    fn due(&self, today: Date) -> Vec<String> {
        let orders = RaiseAlerts::due(&self.known, Now { today, deadlines: &self.deadlines });
        assert!(orders.iter().all(|order| interlock(order) == Interlock::OrderEnds));
        orders.into_iter().map(|order| order.about).collect()
    }
}

fn interlock(order: &Order<Safety>) -> Interlock {
    let Command::RaiseSafetyAlert(alert) = &order.command else { panic!("not an alert") };
    *alert.interlock.open().unwrap()
}

fn order(until: &str) -> Value {
    json!({ "order": ORDER, "until": until })
}

#[test]
fn a_lease_before_the_address_is_protected_with_the_children() {
    let lease = |told: Told| told.then("housing", "LeaseSigned", json!({})).raised();
    let granted = |children: Value| told().then("safety", "AddressProtectionGranted", children);
    assert_eq!(lease(told()), [Interlock::AddressUnprotected]);
    for covered in ["all", "has_none"] {
        assert!(lease(granted(json!({ "children": covered }))).is_empty(), "{covered}");
    }
    for uncovered in [json!({}), json!({ "children": "some" }), json!({ "children": "none" })] {
        assert_eq!(lease(granted(uncovered)), [Interlock::AddressUnprotected]);
    }
    let over = granted(json!({ "children": "all", "until": "2026-11-19" }));
    assert_eq!(lease(over), [Interlock::AddressUnprotected]);
    let last_day = granted(json!({ "children": "all", "until": "2026-11-20" }));
    assert!(lease(last_day).is_empty());
    let expired = granted(json!({ "children": "all" })).then("safety", "AddressProtectionExpired", json!({}));
    assert_eq!(lease(expired), [Interlock::AddressUnprotected]);
    let renewed = granted(json!({})).then("safety", "AddressProtectionRenewed", json!({ "children": "all" }));
    assert!(lease(renewed).is_empty());
    let back = granted(json!({ "children": "all" })).then("safety", "RecordedInError", json!({ "version": 2 }));
    assert_eq!(lease(back), [Interlock::AddressUnprotected]);
}

#[test]
fn what_protects_her_address_is_what_happened_last() {
    let lease = |told: Told| told.then("housing", "LeaseSigned", json!({})).raised();
    let granted =
        |told: Told, on: &str| told.on(on, "safety", "AddressProtectionGranted", json!({ "children": "all" }));
    let expired = |told: Told, on: &str| told.on(on, "safety", "AddressProtectionExpired", json!({}));
    let unprotected = [Interlock::AddressUnprotected];
    // An old one that is logged late ends nothing, and protects from nothing.
    assert!(lease(expired(granted(told(), "2026-11-10"), "2026-01-10")).is_empty());
    assert_eq!(lease(granted(expired(told(), "2026-11-10"), "2026-01-10")), unprotected);
    assert!(lease(granted(expired(told(), "2026-11-10"), "2026-11-11")).is_empty());
    // Of one day, or of days that nobody knows, the last one that was heard counts.
    assert_eq!(lease(expired(granted(told(), "2026-11-10T09:00"), "2026-11-10")), unprotected);
    assert_eq!(lease(expired(granted(told(), "2026-11-10"), "unknown")), unprotected);
    assert!(lease(granted(expired(told(), "unknown"), "unknown")).is_empty());
    let unknown_in_between = expired(granted(told(), "2026-11-10"), "unknown");
    assert_eq!(lease(granted(unknown_in_between.clone(), "2026-11-09")), unprotected);
    assert!(lease(granted(unknown_in_between, "2026-11-11")).is_empty());
}

#[test]
fn a_protection_that_begins_later_protects_later() {
    let lease = |told: Told| told.then("housing", "LeaseSigned", json!({})).raised();
    let from =
        |told: Told, event: &str, from: &str| told.then("safety", event, json!({ "children": "all", "from": from }));
    assert!(lease(from(told(), "AddressProtectionGranted", "2026-11-20")).is_empty());
    assert_eq!(lease(from(told(), "AddressProtectionGranted", "2026-11-21")), [Interlock::AddressUnprotected]);
    // A renewal from tomorrow on leaves what protects today.
    let granted = from(told(), "AddressProtectionGranted", "2025-11-21");
    assert!(lease(from(granted, "AddressProtectionRenewed", "2026-11-21")).is_empty());
    // On a day before it happened it did not protect.
    let granted = told().on("2026-11-18", "safety", "AddressProtectionGranted", json!({ "children": "all" }));
    let course = Course { heard: &granted.known, centre: CentreId(Uuid::from_u128(1)) };
    assert!(course.is_protected(date!(2026 - 11 - 18)) && !course.is_protected(date!(2026 - 11 - 17)));
}

#[test]
fn a_broken_order_asks_for_a_new_assessment_each_time() {
    let told = told().then("legal", "OrderBreachReported", json!({}));
    assert_eq!(told.raised(), [Interlock::NewThreat]);
    let first = told.orders[0].about.clone();
    let again = told.then("legal", "OrderBreachReported", json!({}));
    assert_eq!(again.raised(), [Interlock::NewThreat]);
    assert_ne!(first, again.orders[0].about);
}

#[test]
fn a_stay_ends_without_a_young_plan() {
    let left = |told: Told| told.then("people", "StayEnded", json!({ "stay": ORDER })).raised();
    assert_eq!(left(told()), [Interlock::NoSafetyPlan]);
    for agreed in ["SafetyPlanAgreed", "SafetyPlanRevised"] {
        assert!(left(told().on("2026-10-21", "safety", agreed, json!({}))).is_empty(), "{agreed}: 30 days");
        assert_eq!(left(told().on("2026-10-20", "safety", agreed, json!({}))), [Interlock::NoSafetyPlan]);
        assert_eq!(left(told().on("unknown", "safety", agreed, json!({}))), [Interlock::NoSafetyPlan]);
    }
    let old_and_young = told().on("2026-11-01", "safety", "SafetyPlanRevised", json!({}));
    let old_and_young = old_and_young.on("2026-01-01", "safety", "SafetyPlanAgreed", json!({}));
    assert!(left(old_and_young).is_empty());
    // Young enough on the day she left, whenever that is recorded.
    let late = told().on("2026-10-01", "safety", "SafetyPlanAgreed", json!({}));
    assert!(late.clone().on("2026-10-31", "people", "StayEnded", json!({})).raised().is_empty());
    assert_eq!(late.on("2026-11-01", "people", "StayEnded", json!({})).raised(), [Interlock::NoSafetyPlan]);
}

#[test]
fn nobody_is_asked_to_call_a_woman_who_died() {
    let missed = |told: Told, on: &str| told.on(on, "aftercare", "ContactMissed", json!({}));
    let left = |told: Told| told.then("people", "StayEnded", json!({}));
    let before = missed(told(), "2026-11-01").then("people", "PersonDied", json!({}));
    assert!(before.raised().is_empty());
    assert!(missed(before.clone(), "2026-11-08").raised().is_empty() && left(before.clone()).raised().is_empty());
    // What others must know of is raised all the same.
    assert_eq!(before.clone().then("legal", "OrderBreachReported", json!({})).raised(), [Interlock::NewThreat]);
    // Recorded in error, she is.
    let back = before.then("people", "RecordedInError", json!({ "version": 3 }));
    assert_eq!(missed(back.clone(), "2026-11-08").raised(), [Interlock::ContactsMissed]);
    assert_eq!(left(back).raised(), [Interlock::NoSafetyPlan]);
}

#[test]
fn two_contacts_in_a_row_are_missed() {
    let missed = |told: Told, on: &str| told.on(on, "aftercare", "ContactMissed", json!({}));
    let made = |told: Told, on: &str| told.on(on, "aftercare", "ContactMade", json!({}));
    let one = missed(told(), "2026-11-01");
    assert!(one.raised().is_empty());
    let two = missed(one, "2026-11-08");
    assert_eq!(two.raised(), [Interlock::ContactsMissed]);
    let between = missed(made(missed(told(), "2026-11-01"), "2026-11-05"), "2026-11-08");
    assert!(between.raised().is_empty());
    // By the days of the contacts, whenever they were logged.
    let late = made(missed(told(), "2026-11-01"), "2026-11-08");
    assert_eq!(missed(late, "2026-11-05").raised(), [Interlock::ContactsMissed]);
    let taken_back = missed(told(), "2026-11-01").then("aftercare", "RecordedInError", json!({ "version": 2 }));
    assert!(missed(taken_back, "2026-11-08").raised().is_empty());
    let worker = json!({ "contact_worker": "w-7" });
    let two = missed(missed(told().then("aftercare", "AftercareAccepted", worker), "2026-11-01"), "2026-11-08");
    assert_eq!(two.orders[0].responsible.as_ref().map(ActorId::as_str), Some("w-7"));
}

#[test]
fn the_alert_goes_to_her_case_here_or_opens_one() {
    let breach = |told: Told| told.then("legal", "OrderBreachReported", json!({})).orders.remove(0).to;
    assert_eq!(breach(told()), To::OwnCase);
    assert_eq!(breach(told().then("legal", "CaseOpened", json!({}))), To::OwnCase);
    assert!(matches!(breach(told().then("safety", "CaseOpened", json!({}))), To::Existing(_)));
}

#[test]
fn what_another_centre_recorded_is_not_known_here() {
    let mut told = told().then("legal", "RestrainingOrderIssued", order("2027-03-01"));
    told = told.then("safety", "SafetyPlanAgreed", json!({}));
    let mut elsewhere = heard::<RaiseAlerts>("legal", 9, "InterimContactDecided", json!({})).unwrap();
    elsewhere.centre = CentreId(Uuid::from_u128(2));
    let now = Now { today: date!(2026 - 11 - 20), deadlines: &told.deadlines };
    assert!(RaiseAlerts::react(&told.known, &elsewhere, now).is_empty());
    let mut left = heard::<RaiseAlerts>("people", 9, "StayEnded", json!({})).unwrap();
    left.centre = elsewhere.centre;
    assert_eq!(RaiseAlerts::react(&told.known, &left, now).len(), 1);
    assert_eq!(told.due(date!(2027 - 02 - 01)).len(), 1);
}

#[test]
fn what_was_corrected_or_taken_back_raises_nothing_anew() {
    let facts = json!({ "version": 2, "event": "OrderBreachReported", "facts": {} });
    let told = told().then("legal", "OrderBreachReported", json!({})).then("legal", "EntryCorrected", facts);
    assert!(told.raised().is_empty());
    assert!(told.then("legal", "RecordedInError", json!({ "version": 2 })).raised().is_empty());
}

#[test]
fn what_it_keeps_is_read_back() {
    let told = told().then("legal", "RestrainingOrderIssued", order("2027-03-01"));
    let told = told.then("safety", "AddressProtectionGranted", json!({ "children": "all", "until": "2027-01-01" }));
    let told = told.on("2026-11", "safety", "SafetyPlanAgreed", json!({}));
    assert_eq!(told.known.iter().map(|stood| stood.happened).next_back(), Some("2026-11".parse::<Happened>().unwrap()));
    let kept = serde_json::to_value(&told.known).unwrap();
    assert_eq!(serde_json::from_value::<Standing<Known>>(kept).unwrap(), told.known);
}
