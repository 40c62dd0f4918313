//! The offer, told event by event.

use super::*;
use kit::{
    deadlines::Deadlines,
    given::{given, heard},
};
use serde_json::{Value, json};
use uuid::Uuid;

const STAY: &str = "2b7d9e10-4c3f-4a86-8d25-7e9f1b3c5d22";

/// Her course as the rule hears it.
#[derive(Clone, Default)]
struct Told {
    known: Course,
    version: u64,
}

impl Told {
    /// It hears this, and these are its orders.
    fn hears(&mut self, service: &str, case: u128, event: &str, facts: Value) -> Vec<Order<Aftercare>> {
        self.version += 1;
        let Some(mut event) = heard::<OfferAftercare>(service, self.version, event, facts) else { return Vec::new() };
        event.aggregate = AggregateId(Uuid::from_u128(case));
        OfferAftercare::hear(&mut self.known, &event);
        let now = Now { today: time::macros::date!(2026 - 11 - 20), deadlines: &Deadlines::default() };
        OfferAftercare::react(&self.known, &event, now)
    }

    /// With this of aftercare itself, in these of its cases.
    fn own(mut self, events: &[(u128, &str)]) -> Self {
        for (case, event) in events {
            assert!(self.hears("aftercare", *case, event, json!({})).is_empty(), "{event}");
        }
        self
    }

    fn moves(mut self) -> Vec<Order<Aftercare>> {
        self.hears("housing", 9, "MovedIn", json!({}))
    }

    fn leaves(mut self) -> Vec<Order<Aftercare>> {
        self.hears("people", 8, "StayEnded", json!({ "stay": STAY }))
    }
}

fn existing(case: u128) -> To {
    To::Existing(AggregateId(Uuid::from_u128(case)))
}

#[test]
fn a_move_and_the_end_of_a_stay_offer_aftercare_and_nobody_holds_it_yet() {
    let (moved, ended) = ("housing/00000000-0000-0000-0000-000000000009/1".to_owned(), format!("stay/{STAY}"));
    for (orders, about) in [(Told::default().moves(), moved), (Told::default().leaves(), ended)] {
        let [order] = orders.try_into().unwrap();
        assert_eq!((order.to, order.about), (To::OwnCase, about));
        assert_eq!((order.centre, order.responsible), (CentreId(Uuid::from_u128(1)), None));
        assert_eq!(order.command, Command::OfferAftercare(Offer::default()));
    }
}

#[test]
fn a_stay_is_asked_about_once_however_often_it_ends() {
    let mut told = Told::default();
    let ends = |told: &mut Told| told.hears("people", 8, "StayEnded", json!({ "stay": STAY })).remove(0);
    let key = |order: &Order<Aftercare>| order.key(OfferAftercare::NAME, kit::WomanId::default());
    let first = ends(&mut told);
    assert!(told.hears("people", 8, "RecordedInError", json!({ "version": 1 })).is_empty());
    assert_eq!(key(&ends(&mut told)), key(&first));
    let another = told.hears("people", 8, "StayEnded", json!({ "stay": Uuid::from_u128(3) })).remove(0);
    assert_ne!(key(&another), key(&first));
    // As a client corrects an end, nothing is offered anew.
    let corrected = json!({ "version": 3, "event": "StayEnded", "facts": { "stay": STAY } });
    assert!(told.hears("people", 8, "EntryCorrected", corrected).is_empty());
}

#[test]
fn it_goes_to_the_case_in_which_an_offer_stands() {
    let to = |events: &[(u128, &str)]| {
        let told = Told::default().own(events);
        let [moved, left] = [told.clone().moves().remove(0).to, told.leaves().remove(0).to];
        assert_eq!(moved, left);
        moved
    };
    let two = [(1, "CaseOpened"), (2, "CaseOpened")];
    let and = |events: &[(u128, &'static str)]| to(&[&two, events].concat());
    assert_eq!(to(&two[..1]), existing(1));
    assert_eq!(to(&two), existing(2), "her latest");
    for stands in ["AftercareOffered", "AftercareAccepted"] {
        assert_eq!(and(&[(1, stands)]), existing(1), "{stands}");
        for over in ["AftercareDeclined", "AftercareHandedOver", "AftercareClosed"] {
            assert_eq!(and(&[(1, stands), (1, over)]), existing(2), "{stands} {over}");
            assert_eq!(and(&[(1, stands), (1, over), (1, "AftercareOffered")]), existing(1), "{over} and offered anew");
        }
        assert_eq!(and(&[(1, stands), (1, "AftercareClosed"), (1, "LifelineCalled")]), existing(1), "{stands}");
        let declined = [(1, stands), (1, "AftercareDeclined"), (1, "LifelineCalled")];
        assert_eq!(and(&declined), existing(2), "a call takes no offer");
    }
    // Recorded in error, it does not stand.
    let mut told = Told::default().own(&[(1, "CaseOpened"), (2, "CaseOpened"), (1, "AftercareOffered")]);
    told.hears("aftercare", 1, "RecordedInError", json!({ "version": 3 }));
    assert_eq!(told.moves().remove(0).to, existing(2));
}

/// Whichever comes first: the case takes the second for what is so already, while she thinks about it and when she has said yes.
#[test]
fn a_move_and_the_end_of_a_stay_make_one_offer_that_stands() {
    for answers in [&[][..], &["accept-aftercare"]] {
        let mut case = given::<Aftercare>("2026-11-20", include_str!("../../../../deploy/deadlines.toml"));
        case = case.by_rule().and("offer-aftercare", json!({}));
        for answer in answers {
            case = case.by("w-1").and(answer, json!({}));
        }
        let mut told = Told::default();
        for event in case.tells::<OfferAftercare>("aftercare") {
            OfferAftercare::hear(&mut told.known, &event);
        }
        // A case that was opened for something else meanwhile.
        let told = told.own(&[(2, "CaseOpened")]);
        for orders in [told.clone().moves(), told.leaves()] {
            let [order] = orders.try_into().unwrap();
            assert_eq!(order.to, existing(9), "the case above");
            assert_eq!(order.command, Command::OfferAftercare(Offer::default()));
            drop(case.clone().by_rule().when("offer-aftercare", json!({})).already());
        }
    }
}

#[test]
fn who_died_is_offered_nothing() {
    let mut told = Told::default();
    assert!(told.hears("people", 8, "PersonDied", json!({})).is_empty());
    assert!(told.clone().leaves().is_empty() && told.clone().moves().is_empty());
    // Recorded in error, she is.
    told.hears("people", 8, "RecordedInError", json!({ "version": 1 }));
    assert_eq!((told.clone().leaves().len(), told.moves().len()), (1, 1));
    // What another centre recorded is not known here.
    let mut elsewhere = heard::<OfferAftercare>("people", 1, "PersonDied", json!({})).unwrap();
    elsewhere.centre = CentreId(Uuid::from_u128(2));
    let mut told = Told::default();
    OfferAftercare::hear(&mut told.known, &elsewhere);
    assert_eq!(told.leaves().len(), 1);
}

#[test]
fn nothing_else_does() {
    for (service, event) in [
        ("housing", "LeaseSigned"),
        ("housing", "TenancyKept"),
        ("housing", "CaseOpened"),
        ("people", "CaseOpened"),
        ("people", "StayStarted"),
        ("people", "CentreRelocated"),
    ] {
        assert!(Told::default().hears(service, 9, event, json!({})).is_empty(), "{event}");
    }
    let mut told = Told::default();
    for service in ["housing", "people"] {
        told.hears(service, 9, "CaseOpened", json!({}));
    }
    assert_eq!(told.moves().remove(0).to, To::OwnCase, "another service's case is none of its own");
}

#[test]
fn what_it_keeps_is_read_back() {
    let mut told = Told::default().own(&[(1, "CaseOpened"), (1, "AftercareOffered"), (2, "LifelineCalled")]);
    told.hears("people", 8, "PersonDied", json!({}));
    let kept = serde_json::to_value(&told.known).unwrap();
    // As programs before this one kept a case.
    assert_eq!(kept[0]["what"], Value::Null);
    assert_eq!(serde_json::from_value::<Course>(kept).unwrap(), told.known);
}
