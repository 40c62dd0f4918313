//! The interlocks, told event by event.

use super::*;
use kit::{Happened, deadlines::Deadlines, given::heard};
use serde_json::{Value, json};
use time::macros::date;

const ORDER: &str = "6f1c2b9e-0a3d-4c57-9b1e-2d4f6a8c0e11";
const OTHER: &str = "6f1c2b9e-0a3d-4c57-9b1e-2d4f6a8c0e12";

/// A woman's course as the rule hears it.
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
fn the_children_are_to_see_him_while_an_order_is_in_force() {
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
    let moved = |told: Told| told.then("housing", "MovedIn", json!({})).raised();
    assert_eq!(moved(told()), [Interlock::NoSafetyPlan]);
    for agreed in ["SafetyPlanAgreed", "SafetyPlanRevised"] {
        assert!(moved(told().on("2026-10-21", "safety", agreed, json!({}))).is_empty(), "{agreed}: 30 days");
        assert_eq!(moved(told().on("2026-10-20", "safety", agreed, json!({}))), [Interlock::NoSafetyPlan]);
        assert_eq!(moved(told().on("unknown", "safety", agreed, json!({}))), [Interlock::NoSafetyPlan]);
    }
    let old_and_young = told().on("2026-11-01", "safety", "SafetyPlanRevised", json!({}));
    let old_and_young = old_and_young.on("2026-01-01", "safety", "SafetyPlanAgreed", json!({}));
    assert!(moved(old_and_young).is_empty());
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
    let mut moved = heard::<RaiseAlerts>("housing", 9, "MovedIn", json!({})).unwrap();
    moved.centre = elsewhere.centre;
    assert_eq!(RaiseAlerts::react(&told.known, &moved, now).len(), 1);
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
