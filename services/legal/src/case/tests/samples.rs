//! The golden samples and the words.

use super::Legal;
use crate::case::Command;
use kit::{contract::Sharing, decider::Commands, labels::Labels};

#[test]
fn every_event_has_its_golden_samples() {
    kit::given::golden::<Legal>(&kit::samples!(), jsonschema::is_valid);
}

#[test]
fn every_word_is_there() {
    let contract = crate::contract().unwrap();
    let order = contract.event("RestrainingOrderIssued", 1).unwrap();
    assert_eq!((order.label.da.as_str(), order.action.as_str()), ("Tilhold givet", "issue-restraining-order"));
    let claim = contract.event("CompensationApplied", 1).unwrap().facts.iter().find(|fact| fact.name == "claim");
    assert_eq!(claim.map(|claim| (claim.unit.as_deref(), claim.required)), Some((Some("øre"), false)));
}

#[test]
fn every_action_says_when_to_use_it() {
    let labels = Labels::parse(include_str!("../../../labels/da.ftl"), include_str!("../../../labels/en.ftl")).unwrap();
    for entry in Command::describe() {
        assert!(labels.get(&format!("action-{}.help", entry.action)).is_some(), "{}", entry.action);
    }
}

#[test]
fn nothing_is_in_a_feed_and_a_request_tells_no_id_of_ours() {
    let shared: Vec<_> = Command::describe().into_iter().filter(|entry| entry.sharing != Sharing::Never).collect();
    assert!(shared.iter().all(|entry| entry.sharing == Sharing::Request));
    for entry in &shared {
        let schema = kit::schema::partner(&entry.facts, entry.sharing, entry.withheld).unwrap();
        let told: Vec<_> =
            schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
        let expected: &[&str] = match entry.event {
            "LegalNeedScreened" => &["areas"],
            "FreeLegalAidDecided" | "LegalCaseClosed" => &["outcome"],
            "RestrainingOrderIssued" => &["provisional", "from", "until", "protects"],
            "RestrainingOrderExtended" | "RestrainingOrderEnded" => &["until"],
            "CompensationApplied" => &["claim"],
            "CompensationDecided" => &["claim", "outcome", "awarded"],
            "FreeLegalAidApplied" => &[],
            other => panic!("{other} is shared"),
        };
        assert_eq!(told, expected, "{}", entry.event);
    }
}
