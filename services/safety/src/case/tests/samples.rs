//! The golden samples and the words.

use super::Safety;
use crate::case::Command;
use kit::{contract::Sharing, decider::Commands, labels::Labels};

#[test]
fn every_event_has_its_golden_samples() {
    kit::given::golden::<Safety>(&kit::samples!(), jsonschema::is_valid);
}

#[test]
fn every_word_is_there() {
    let contract = crate::contract().unwrap();
    let alert = contract.event("SafetyAlertRaised", 1).unwrap();
    assert_eq!((alert.label.da.as_str(), alert.action.as_str()), ("Sikkerhedsadvarsel", "raise-safety-alert"));
    let interlock = alert.facts.iter().find(|fact| fact.name == "interlock").unwrap();
    assert_eq!((interlock.required, interlock.choices.len()), (true, 7));
}

#[test]
fn every_action_is_explained() {
    let (da, en) = (include_str!("../../../labels/da.ftl"), include_str!("../../../labels/en.ftl"));
    let labels = Labels::parse(da, en).unwrap();
    let unexplained = Command::describe().into_iter().map(|entry| format!("action-{}.help", entry.action));
    assert_eq!(unexplained.filter(|help| labels.get(help).is_none()).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn nothing_is_in_a_feed_and_the_police_get_risk_and_alarms_without_our_ids() {
    let mut shared = Vec::new();
    for entry in Command::describe().iter().filter(|entry| entry.sharing != Sharing::Never) {
        assert_eq!(entry.sharing, Sharing::Request, "{}", entry.event);
        let schema = kit::schema::partner(&entry.facts, entry.sharing, entry.withheld).unwrap();
        let told: Vec<_> =
            schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
        shared.push((entry.event, told.join(" ")));
    }
    let shared: Vec<_> = shared.iter().map(|(event, told)| (*event, told.as_str())).collect();
    assert_eq!(
        shared,
        [
            ("RiskAssessed", "tool level assessor_trained"),
            ("AlarmIssued", "alarm review_on"),
            ("AlarmRenewed", "review_on"),
            ("AlarmReturned", ""),
            ("AlarmLost", ""),
        ]
    );
}
