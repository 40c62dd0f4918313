//! The golden samples and the words.

use super::Housing;
use crate::case::Command;
use kit::{contract::Sharing, decider::Commands};

#[test]
fn every_event_has_its_golden_samples() {
    kit::given::golden::<Housing>(&kit::samples!(), jsonschema::is_valid);
}

#[test]
fn every_word_is_there() {
    let contract = crate::contract().unwrap();
    let offer = contract.event("HousingOfferMade", 1).unwrap();
    assert_eq!((offer.label.da.as_str(), offer.action.as_str()), ("Boligtilbud", "make-offer"));
    let rent = offer.facts.iter().find(|fact| fact.name == "rent").unwrap();
    assert_eq!((rent.unit.as_deref(), rent.required), (Some("øre"), false));
}

#[test]
fn a_feed_tells_no_place_no_day_and_no_id_of_ours() {
    for entry in Command::describe().iter().filter(|entry| entry.sharing == Sharing::Feed) {
        let schema = kit::schema::partner(&entry.facts, entry.sharing, entry.withheld).unwrap();
        let told: Vec<_> =
            schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
        let expected: &[&str] = match entry.event {
            "HousingOfferMade" => &["rent", "rooms"],
            "HousingCaseClosed" => &["outcome"],
            _ => &[],
        };
        assert_eq!(told, expected, "{}", entry.event);
    }
}
