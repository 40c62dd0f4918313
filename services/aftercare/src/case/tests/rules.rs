use super::case;
use kit::{Happened, facets::Weight};
use serde_json::json;

const ANSWER: &str = "aftercare/answer";

fn offered() -> kit::given::Given<super::Aftercare> {
    case().and("offer-aftercare", json!({}))
}

#[test]
fn an_offer_asks_for_an_answer() {
    let offered = case().when("offer-aftercare", json!({})).warns(&[]).weighs(Weight::Routine);
    drop(offered.opens(ANSWER, "answer_aftercare_offer", Some("2026-12-04")));
    let unknown = case().when_on("offer-aftercare", json!({}), Happened::Unknown);
    drop(unknown.opens(ANSWER, "answer_aftercare_offer", None));
}

#[test]
fn a_pending_offer_is_so_already_unless_there_is_more_to_say() {
    drop(offered().when("offer-aftercare", json!({})).already());
    let more = offered().when("offer-aftercare", json!({ "contact_worker": "w-2" }));
    drop(more.events(&["AftercareOffered"]).warns(&["offered_already"]));
    let accepted = offered().and("accept-aftercare", json!({}));
    let longer = accepted.when("accept-aftercare", json!({ "until": "2027-06-01" }));
    drop(longer.events(&["AftercareAccepted"]).warns(&["accepted_already"]));
}

#[test]
fn an_offer_has_one_answer() {
    for answer in ["accept-aftercare", "decline-aftercare"] {
        let answered = offered().when(answer, json!({})).warns(&[]).closes(ANSWER).weighs(Weight::Milestone).accepted();
        drop(answered.when(answer, json!({})).already());
    }
    offered().and("accept-aftercare", json!({})).when("decline-aftercare", json!({})).refused("second_outcome");
    offered().and("decline-aftercare", json!({})).when("accept-aftercare", json!({})).refused("second_outcome");
}

#[test]
fn it_may_be_offered_again() {
    let declined = offered().and("decline-aftercare", json!({}));
    let again = declined.when("offer-aftercare", json!({})).warns(&[]);
    let again = again.opens(ANSWER, "answer_aftercare_offer", Some("2026-12-04")).accepted();
    drop(again.when("accept-aftercare", json!({})).warns(&[]));
}

#[test]
fn who_has_aftercare_is_offered_more_by_people_only() {
    let accepted = offered().and("accept-aftercare", json!({ "until": "2027-05-31" }));
    drop(accepted.clone().when("offer-aftercare", json!({})).warns(&["accepted_already"]));
    drop(accepted.clone().by_rule().when("offer-aftercare", json!({})).already());
    // When it is over, the rule offers again.
    let over = accepted.on("2027-06-01");
    drop(over.clone().by_rule().when("offer-aftercare", json!({})).events(&["AftercareOffered"]));
    drop(over.when("offer-aftercare", json!({})).warns(&[]));
}

#[test]
fn she_arrives_mid_story() {
    for answer in ["accept-aftercare", "decline-aftercare"] {
        drop(case().when(answer, json!({})).warns(&["not_offered"]));
    }
}

#[test]
fn what_is_likely_follows_the_offer() {
    assert_eq!(case().actions(), ["offer-aftercare"]);
    assert_eq!(offered().actions(), ["accept-aftercare", "decline-aftercare"]);
    assert_eq!(offered().and("decline-aftercare", json!({})).actions(), ["offer-aftercare"]);
    let accepted = offered().and("accept-aftercare", json!({ "until": "2027-05-31" }));
    assert!(accepted.actions().is_empty());
    assert_eq!(accepted.on("2027-06-01").actions(), ["offer-aftercare"]);
}

#[test]
fn an_answer_is_corrected_beside_the_offers_that_came_later() {
    let twice = offered().and("decline-aftercare", json!({})).and("offer-aftercare", json!({}));
    let twice = twice.and("accept-aftercare", json!({}));
    drop(twice.clone().when_corrected(3, json!({})).events(&["EntryCorrected"]).leaves_follow_ups());
    drop(twice.when_corrected(5, json!({ "until": "2027-05-31" })).events(&["EntryCorrected"]).leaves_follow_ups());
}

#[test]
fn an_answer_taken_back_asks_again() {
    drop(offered().and("decline-aftercare", json!({})).when_in_error(3).reopens(ANSWER));
}
