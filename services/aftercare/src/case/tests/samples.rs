//! The golden samples and the words.

use super::Aftercare;
use crate::case::Command;
use kit::decider::Commands;

#[test]
fn every_event_has_its_golden_samples() {
    kit::given::golden::<Aftercare>(&kit::samples!(), jsonschema::is_valid);
}

#[test]
fn every_word_is_there() {
    let contract = crate::contract().unwrap();
    assert_eq!(contract.event("AftercareOffered", 1).unwrap().label.da, "Efterværn tilbudt");
}

#[test]
fn a_feed_does_not_tell_who_her_contact_is() {
    for entry in Command::describe() {
        let schema = kit::schema::partner(&entry.facts, entry.sharing, entry.withheld).unwrap();
        assert!(schema["properties"].get("contact_worker").is_none(), "{}", entry.event);
    }
}
