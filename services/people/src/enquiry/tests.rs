//! An enquiry's one rule.

use super::Enquiry;
use kit::given::{Given, given, walk};
use proptest::{collection::vec, prelude::any, proptest};
use serde_json::json;

fn enquiry() -> Given<Enquiry> {
    given("2026-11-20", "")
}

#[test]
fn an_enquiry_comes_to_one_thing() {
    let received = enquiry().and("receive-enquiry", json!({ "outcome": "no_place", "about": "stay" }));
    drop(received.clone().when("receive-enquiry", json!({ "outcome": "no_place", "about": "stay" })).already());
    received.clone().when("receive-enquiry", json!({ "outcome": "place" })).refused("second_outcome");
    let corrected = received.when_corrected(2, json!({ "outcome": "place" })).events(&["EntryCorrected"]).accepted();
    drop(corrected.when("receive-enquiry", json!({ "outcome": "place", "about": "stay" })).already());
    enquiry().when("receive-enquiry", json!({ "outcome": "place", "details": "Anna" })).refused("unknown_fact");
}

proptest! {
    #[test]
    fn whatever_is_logged_in_whatever_order(steps in vec(any::<(u8, u8, u8)>(), 1..12)) {
        let outcomes = ["place", "no_place", "referred", "advised"];
        let facts = |byte: u8| json!({ "outcome": outcomes[usize::from(byte) % 4] });
        walk(enquiry(), &steps, |_, byte| facts(byte), |_, _| facts(0), |given| {
            assert!(given.standing().len() <= 1, "a second outcome slipped in");
        });
    }
}
