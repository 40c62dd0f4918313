use super::{ANSWER, OFFER, OTHER, offer, offered};
use crate::case::Housing;
use kit::{
    Location,
    entry::{Common, FollowUpMoved},
    given::Given,
};
use serde_json::json;

#[test]
fn a_corrected_offer_is_still_the_same_offer() {
    let corrected = offered().when_corrected(2, json!({ "rent": 750_000, "answer_by": "2026-12-01" }));
    let case = corrected.events(&["EntryCorrected"]).leaves_follow_ups().accepted();
    let offers = &case.case().domain().offers;
    assert_eq!(offers.len(), 1);
    assert_eq!(
        offers[&OFFER.parse().unwrap()].terms.as_ref().unwrap().rent.as_ref().unwrap().open().unwrap().ore(),
        750_000
    );
}

#[test]
fn another_last_day_replaces_the_follow_up_unless_an_extension_came_later() {
    let other_day = json!({ "answer_by": "2026-12-03" });
    drop(offered().when_corrected(2, other_day.clone()).opens(ANSWER, "answer_offer", Some("2026-12-03")));
    let extended = offered().and("extend-offer-answer", json!({ "offer": OFFER, "answer_by": "2026-12-08" }));
    let corrected = extended.when_corrected(2, other_day).leaves_follow_ups().accepted();
    drop(corrected.when_corrected(3, json!({ "answer_by": "2026-12-09" })).moves(ANSWER, "2026-12-09"));
}

#[test]
fn an_answer_taken_back_asks_again() {
    let lapsed = offered().on("2026-12-02").and("lapse-offer", offer());
    let back = lapsed.when_in_error(3).reopens(ANSWER).accepted();
    drop(back.when("accept-offer", offer()).events(&["HousingOfferAccepted"]).warns(&["answered_late"]));
}

#[test]
fn an_offer_taken_back_asks_no_more() {
    drop(offered().when_in_error(2).closes(ANSWER));
}

#[test]
fn an_answer_to_the_wrong_offer_is_moved_to_the_right_one() {
    let other_answer = format!("offer/{OTHER}/answer");
    let case = offered().and("make-offer", json!({ "offer": OTHER })).and("accept-offer", offer());
    drop(case.when_corrected(4, json!({ "offer": OTHER })).reopens(ANSWER).closes(&other_answer));
}

#[test]
fn a_correction_makes_no_second_outcome() {
    let case = offered().and("make-offer", json!({ "offer": OTHER }));
    let case = case.and("accept-offer", offer()).and("decline-offer", json!({ "offer": OTHER }));
    case.when_corrected(4, json!({ "offer": OTHER })).refused("second_outcome");
}

#[test]
fn what_ended_twice_stays_ended_when_one_of_them_is_taken_back() {
    let home = json!({ "temporary_housing": super::HOME });
    let case = offered().and("arrange-temporary-housing", home.clone());
    let case = case.and("move-in", json!({})).and("end-temporary-housing", home);
    let case = case.when_in_error(4).accepted();
    let key = format!("temporary-housing/{}/end", super::HOME);
    assert!(!case.case().follow_ups()[&key].open);
}

#[test]
fn an_extension_taken_back_leaves_the_last_day_before_it() {
    let extend = |day: &str| json!({ "offer": OFFER, "answer_by": day });
    let extended = offered().and("extend-offer-answer", extend("2026-12-08"));
    drop(extended.clone().when_in_error(3).moves(ANSWER, "2026-12-01"));
    let twice = extended.and("extend-offer-answer", extend("2026-12-15"));
    drop(twice.clone().when_in_error(4).moves(ANSWER, "2026-12-08"));
    // The later extension counts whatever becomes of the first.
    drop(twice.when_in_error(3).leaves_follow_ups());
}

/// What counts are the facts that stand, each as last said: the offer's last day was corrected under an extension, before or after somebody
/// had moved the follow-up by hand.
#[test]
fn an_extension_taken_back_leaves_the_last_day_that_the_offer_has_by_then() {
    let extend = |given: Given<Housing>, day: &str| {
        given.and("extend-offer-answer", json!({ "offer": OFFER, "answer_by": day }))
    };
    let correct = |given: Given<Housing>, day: &str| given.when_corrected(2, json!({ "answer_by": day })).accepted();
    let moved = |day: &str| {
        let due = Location::new(day.parse().unwrap());
        offered().when_common(Common::FollowUpMoved(FollowUpMoved { key: ANSWER.into(), due, reason: None })).accepted()
    };
    drop(correct(extend(offered(), "2026-12-28"), "2026-12-16").when_in_error(3).moves(ANSWER, "2026-12-16"));
    let corrected = correct(moved("2026-12-20"), "2026-12-15");
    let extended = extend(corrected, "2026-12-28");
    drop(extended.clone().when_in_error(5).moves(ANSWER, "2026-12-15"));
    drop(correct(extended, "2026-12-16").when_in_error(5).moves(ANSWER, "2026-12-16"));
    // What was moved by hand after the offer was made stays so.
    let by_hand = extend(moved("2026-12-20"), "2026-12-28");
    drop(by_hand.clone().when_in_error(4).moves(ANSWER, "2026-12-20"));
    let rent = by_hand.when_corrected(2, json!({ "rent": 750_000 })).accepted();
    drop(rent.when_in_error(4).moves(ANSWER, "2026-12-20"));
}
