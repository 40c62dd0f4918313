//! The golden samples and the words.

use super::Aftercare;
use crate::case::Command;
use kit::{contract::Sharing, decider::Commands, labels::Labels, schema::partner};

#[test]
fn every_event_has_its_golden_samples() {
    kit::given::golden::<Aftercare>(&kit::samples!(), jsonschema::is_valid);
}

#[test]
fn every_word_is_there() {
    let contract = crate::contract().unwrap();
    assert_eq!(contract.event("AftercareOffered", 1).unwrap().label.da, "Efterværn tilbudt");
    let closed = contract.event("AftercareClosed", 1).unwrap();
    let informed = closed.facts.iter().find(|fact| fact.name == "police_informed").unwrap();
    assert_eq!(informed.label.da, "Politiet er orienteret og har opgaven");
}

#[test]
fn every_action_says_when_it_is_used() {
    let labels = Labels::parse(include_str!("../../../labels/da.ftl"), include_str!("../../../labels/en.ftl")).unwrap();
    for entry in Command::describe() {
        assert!(labels.get(&format!("action-{}.help", entry.action)).is_some(), "{}", entry.action);
    }
}

#[test]
fn a_feed_tells_neither_who_her_contact_is_nor_until_when() {
    let mut fed = Vec::new();
    for entry in Command::describe().iter().filter(|entry| entry.sharing == Sharing::Feed) {
        let schema = partner(&entry.facts, entry.sharing, entry.withheld).unwrap();
        assert!(schema["properties"].as_object().is_none_or(serde_json::Map::is_empty), "{}", entry.event);
        fed.push(entry.event);
    }
    assert_eq!(fed, ["AftercareOffered", "AftercareAccepted", "AftercareDeclined"]);
}

#[test]
fn a_request_tells_no_place_no_time_of_a_meeting_and_no_id_of_ours() {
    for entry in Command::describe().iter().filter(|entry| entry.sharing == Sharing::Request) {
        let schema = partner(&entry.facts, entry.sharing, entry.withheld).unwrap();
        let told: Vec<_> =
            schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
        let expected: &[&str] = match entry.event {
            "CoordinatingCounsellingGranted" => &["until"],
            "CompanionRequested" | "CompanionBooked" | "CompanionAttended" => &["meeting"],
            "CompanionCancelled" => &[],
            "AftercareHandedOver" | "AftercareClosed" => &["reason"],
            other => panic!("{other} may leave in a request?"),
        };
        assert_eq!(told, expected, "{}", entry.event);
    }
}

#[test]
fn contacts_calls_and_risks_never_leave() {
    let never: Vec<_> =
        Command::describe().iter().filter(|entry| entry.sharing == Sharing::Never).map(|entry| entry.event).collect();
    let expected =
        ["ContactPlanned", "ContactMade", "ContactMissed", "LifelineCalled", "RelapseRiskRaised", "Readmitted"];
    assert_eq!(never, expected);
}

#[test]
fn wellbeing_says_its_bounds() {
    let made = Command::describe().into_iter().find(|entry| entry.event == "ContactMade").unwrap();
    let bounds = made.facts["properties"]["wellbeing"].to_string();
    assert!(bounds.contains("\"minimum\":1") && bounds.contains("\"maximum\":10"), "{bounds}");
}
