use super::{HOME, OFFER, OTHER, case, offer, offered};
use kit::Happened;
use serde_json::{Value, json};

#[test]
fn an_offer_has_one_outcome() {
    let outcomes = ["accept-offer", "decline-offer", "lapse-offer"];
    for first in outcomes {
        for second in outcomes {
            let then = offered().on("2026-12-02").and(first, offer()).when(second, offer());
            if first == second { drop(then.already()) } else { then.refused("second_outcome") }
        }
    }
}

#[test]
fn a_new_offer_gets_an_id_and_the_same_one_for_the_same_command() {
    let case = case().and("make-offer", json!({ "rooms": 3 })).and("make-offer", json!({ "rooms": 4 }));
    let ids: Vec<_> = case.case().domain().offers.keys().copied().collect();
    assert_eq!(ids.len(), 2);
    assert!(ids.iter().all(|id| !id.is_nil()));
}

#[test]
fn dates_of_one_entry_do_not_contradict_each_other() {
    let temporary =
        |until: &str| case().when("arrange-temporary-housing", json!({ "from": "2026-11-20", "until": until }));
    temporary("2026-11-19").refused("until_before_from");
    drop(temporary("2026-11-20").warns(&[]));
    drop(case().when("arrange-temporary-housing", json!({ "until": "2026-11-19" })).warns(&[]));
}

#[test]
fn a_fact_is_not_in_the_future() {
    let tomorrow: [(&str, Value); 5] = [
        ("move-in", json!({ "day": "2026-11-21" })),
        ("record-allocation-decision", json!({ "outcome": "granted", "day": "2026-11-21" })),
        ("end-temporary-housing", json!({ "temporary_housing": HOME, "until": "2026-11-21" })),
        ("fetch-belongings", json!({ "when": "2026-11-20T12:06" })),
        ("hold-viewing", json!({ "offer": OFFER, "when": "2026-11-21" })),
    ];
    for (action, facts) in tomorrow {
        case().when(action, facts).refused("in_the_future");
    }
    drop(case().when("fetch-belongings", json!({ "when": "2026-11-20T12:00" })).warns(&[]));
    drop(case().when("move-in", json!({ "day": "2026-11-20" })).warns(&[]));
}

#[test]
fn what_is_still_to_come_may_be_agreed() {
    drop(case().when("sign-lease", json!({ "from": "2027-01-01" })).warns(&[]));
    drop(offered().when("arrange-viewing", json!({ "offer": OFFER, "when": "2026-11-25T15:30" })).warns(&[]));
}

#[test]
fn she_arrives_mid_story() {
    for action in ["accept-offer", "decline-offer", "lapse-offer", "arrange-viewing", "hold-viewing"] {
        drop(case().when(action, offer()).warns(&["offer_unknown"]));
    }
    let extension = json!({ "offer": OFFER, "answer_by": "2026-12-01" });
    drop(case().when("extend-offer-answer", extension).warns(&["offer_unknown"]));
    let end = json!({ "temporary_housing": HOME });
    drop(case().when("end-temporary-housing", end).warns(&["temporary_housing_unknown"]));
    // The offer itself may come last, and changes nothing of its outcome.
    let late =
        case().and("accept-offer", offer()).when("make-offer", offer()).warns(&[]).leaves_follow_ups().accepted();
    late.when("decline-offer", offer()).refused("second_outcome");
}

#[test]
fn an_answer_may_come_late() {
    drop(offered().on("2026-12-01").when("accept-offer", offer()).warns(&[]));
    drop(offered().on("2026-12-02").when("accept-offer", offer()).warns(&["answered_late"]));
    drop(offered().on("2026-12-02").when("decline-offer", offer()).warns(&["answered_late"]));
    // Logged late is not answered late.
    let in_time: Happened = "2026-12-01".parse().unwrap();
    drop(offered().on("2026-12-05").when_on("accept-offer", offer(), in_time).warns(&[]));
}

#[test]
fn a_last_day_that_is_over_is_worth_a_call() {
    let facts = json!({ "offer": OFFER, "answer_by": "2026-11-19" });
    drop(case().when("make-offer", facts.clone()).warns(&["answer_day_passed"]));
    drop(offered().when("extend-offer-answer", facts).warns(&["answer_day_earlier", "answer_day_passed"]));
    let earlier = json!({ "offer": OFFER, "answer_by": "2026-11-27" });
    drop(offered().when("extend-offer-answer", earlier).warns(&["answer_day_earlier"]));
}

#[test]
fn an_offer_that_has_an_outcome_is_not_what_one_extends_or_visits() {
    let extension = json!({ "offer": OFFER, "answer_by": "2026-12-08" });
    for answer in ["accept-offer", "decline-offer", "lapse-offer"] {
        let extended = offered().and(answer, offer()).when("extend-offer-answer", extension.clone());
        drop(extended.warns(&["offer_answered_already"]).leaves_follow_ups());
    }
    drop(offered().and("decline-offer", offer()).when("arrange-viewing", offer()).warns(&["offer_answered_already"]));
    drop(offered().and("accept-offer", offer()).when("arrange-viewing", offer()).warns(&[]));
}

#[test]
fn an_offer_logged_twice_is_one_offer_with_the_later_facts() {
    let again = offered().when("make-offer", json!({ "offer": OFFER, "answer_by": "2026-12-03" }));
    let case =
        again.warns(&["offer_recorded_already"]).opens(super::ANSWER, "answer_offer", Some("2026-12-03")).accepted();
    assert_eq!(case.case().domain().offers.len(), 1);
}

#[test]
fn two_homes_are_one_too_many() {
    let case = offered().and("make-offer", json!({ "offer": OTHER })).and("accept-offer", offer());
    drop(case.when("accept-offer", json!({ "offer": OTHER })).warns(&["another_offer_accepted"]));
}

#[test]
fn an_offer_can_be_withdrawn_before_its_last_day_but_the_rule_waits() {
    drop(offered().when("lapse-offer", offer()).warns(&["lapsed_early"]));
    drop(offered().by_rule().on("2026-12-01").when("lapse-offer", offer()).already());
    drop(offered().by_rule().on("2026-12-02").when("lapse-offer", offer()).events(&["HousingOfferLapsed"]));
    let open_ended = case().and("make-offer", offer()).by_rule();
    drop(open_ended.on("2027-12-01").when("lapse-offer", offer()).already());
}

#[test]
fn applications_and_decisions_come_in_any_order() {
    let kinds = [
        ("request-allocation", "record-allocation-decision"),
        ("apply-for-moving-grant", "record-moving-grant-decision"),
        ("apply-for-housing-benefit", "record-housing-benefit-decision"),
    ];
    let granted = json!({ "outcome": "granted" });
    for (apply, decide) in kinds {
        drop(case().and(apply, json!({})).when(apply, json!({})).warns(&["application_pending"]));
        let applied = case().and(apply, json!({})).when(decide, granted.clone()).warns(&[]).accepted();
        drop(applied.when(decide, granted.clone()).warns(&["decision_without_application"]));
        drop(case().when(decide, granted.clone()).warns(&["decision_without_application"]));
    }
}

#[test]
fn a_deposit_loan_asks_for_a_lease() {
    let applied =
        case().when("apply-for-deposit-loan", json!({ "amount": 2_450_000 })).warns(&["deposit_loan_before_lease"]);
    let again = applied.accepted().when("apply-for-deposit-loan", json!({}));
    drop(again.warns(&["application_pending", "deposit_loan_before_lease"]));
    let leased = case().and("sign-lease", json!({}));
    let applied = leased.when("apply-for-deposit-loan", json!({})).warns(&[]).accepted();
    drop(applied.when("record-deposit-loan-decision", json!({ "outcome": "refused" })).warns(&[]));
}

#[test]
fn a_moving_grant_is_applied_for_before_the_cost() {
    drop(case().and("sign-lease", json!({})).when("apply-for-moving-grant", json!({})).warns(&[]));
    let moved = case().and("move-in", json!({}));
    drop(moved.clone().when("apply-for-moving-grant", json!({})).warns(&["moving_grant_after_move"]));
    // A lease logged after the move does not put her back before it.
    drop(
        moved
            .and("sign-lease", json!({}))
            .when("apply-for-moving-grant", json!({}))
            .warns(&["moving_grant_after_move"]),
    );
}

#[test]
fn a_case_closes_once_and_says_what_is_open() {
    let closing = json!({ "outcome": "new_home" });
    drop(case().when("close-case", closing.clone()).warns(&[]));
    let closed = offered().when("close-case", closing.clone()).warns(&["open_follow_ups"]).accepted();
    drop(closed.clone().when("close-case", closing).already());
    closed.clone().when("close-case", json!({ "outcome": "contact_lost" })).refused("second_outcome");
    assert!(closed.actions().is_empty());
}

#[test]
fn a_closed_case_takes_late_entries_and_stays_closed() {
    let closed = case().and("close-case", json!({ "outcome": "new_home" }));
    let late = closed.when("place-pet", json!({})).warns(&["case_closed"]).accepted();
    assert!(late.actions().is_empty());
    let reopened = late.when_in_error(2).accepted();
    assert!(!reopened.actions().is_empty());
}

#[test]
fn housing_benefit_is_applied_for_again_at_each_move() {
    let granted = json!({ "outcome": "granted" });
    let home = case().and("move-in", json!({})).and("apply-for-housing-benefit", json!({}));
    let home = home.and("record-housing-benefit-decision", granted);
    assert!(!home.actions().contains(&"apply-for-housing-benefit"));
    assert!(home.and("move-in", json!({})).actions().contains(&"apply-for-housing-benefit"));
    // One that is pending when she moves is for this home.
    let pending = case().and("apply-for-housing-benefit", json!({})).and("move-in", json!({}));
    assert!(!pending.actions().contains(&"apply-for-housing-benefit"));
}

#[test]
fn what_is_likely_follows_her_course() {
    let first = |case: kit::given::Given<super::Housing>| case.actions().first().copied();
    assert_eq!(first(case()), Some("assess-need"));
    assert_eq!(first(case().and("assess-need", json!({}))), Some("make-offer"));
    assert_eq!(first(offered()), Some("accept-offer"));
    assert_eq!(first(offered().and("arrange-viewing", offer())), Some("hold-viewing"));
    assert_eq!(first(offered().and("accept-offer", offer())), Some("sign-lease"));
    let leased = offered().and("accept-offer", offer()).and("sign-lease", json!({}));
    assert_eq!(first(leased.clone()), Some("move-in"));
    assert_eq!(first(leased.and("move-in", json!({}))), Some("apply-for-housing-benefit"));
    assert_eq!(first(case().and("keep-tenancy", json!({}))), Some("close-case"));
}

#[test]
fn amounts_in_kroner_and_unlikely_numbers_are_warned_about() {
    for (action, facts, warns) in [
        ("make-offer", json!({ "rent": 6500 }), &["amount_in_kroner"][..]),
        ("make-offer", json!({ "rent": 650_000, "rooms": 2 }), &[]),
        ("make-offer", json!({ "rent": 0, "rooms": 0 }), &["number_unlikely"]),
        ("assess-need", json!({ "rent_ceiling": 9_000, "persons": 255 }), &["amount_in_kroner", "number_unlikely"]),
        ("assess-need", json!({ "rent_ceiling": 900_000, "persons": 0 }), &["number_unlikely"]),
        ("assess-need", json!({ "rent_ceiling": 900_000, "persons": 4 }), &[]),
    ] {
        drop(case().when(action, facts).warns(warns));
    }
    let applied = case().and("apply-for-moving-grant", json!({ "amount": 400_000 }));
    let decision = json!({ "amount": 4_000, "outcome": "granted" });
    drop(applied.when("record-moving-grant-decision", decision).warns(&["amount_in_kroner"]));
}
