//! Restraining orders, area bans and expulsions.

use super::{COURT, END, FINAL, ORDER, OTHER, case, expelled, immediate, order, restrained};
use kit::{Happened, Location, facets::Weight};
use serde_json::json;

#[test]
fn the_end_of_an_order_is_thought_of_before_it_comes() {
    let until = json!({ "order": ORDER, "until": "2027-06-30" });
    let kinds = [
        ("issue-restraining-order", "plan_before_restraining_order_ends", "2027-05-01"),
        ("issue-area-ban", "plan_before_area_ban_ends", "2027-05-31"),
        ("order-expulsion", "plan_before_expulsion_ends", "2027-06-23"),
    ];
    for (action, what, due) in kinds {
        drop(case().when(action, until.clone()).weighs(Weight::Milestone).opens(END, what, Some(due)));
        drop(case().when(action, order()).opens(END, what, None));
        // One that is over asks for nothing.
        drop(case().when(action, json!({ "order": ORDER, "until": "2026-11-19" })).events(&[match action {
            "issue-restraining-order" => "RestrainingOrderIssued",
            "issue-area-ban" => "AreaBanIssued",
            _ => "ExpulsionOrdered",
        }]));
        let over = case().and(action, json!({ "order": ORDER, "until": "2026-11-19" }));
        assert!(over.case().follow_ups().is_empty(), "{action}");
    }
}

#[test]
fn an_extension_moves_the_end_and_an_ending_closes_it() {
    let later = json!({ "order": ORDER, "until": "2029-11-20" });
    let extended = restrained().when("extend-restraining-order", later).warns(&[]).moves(END, "2029-09-21").accepted();
    let ended = extended.when("end-restraining-order", order()).warns(&[]).weighs(Weight::Milestone);
    let ended = ended.closes(END).accepted();
    drop(ended.when("end-restraining-order", json!({ "order": ORDER, "until": "2026-11-19" })).already());
}

#[test]
fn a_plan_that_was_dealt_with_begins_again_when_there_is_more_time() {
    let done =
        kit::entry::FollowUpClosed { key: END.to_owned(), outcome: kit::entry::FollowUpOutcome::Done, reason: None };
    let done = restrained().when_common(kit::entry::Common::FollowUpClosed(done)).accepted();
    let later = json!({ "order": ORDER, "until": "2029-11-20" });
    let again = done.when("extend-restraining-order", later);
    drop(again.opens(END, "plan_before_restraining_order_ends", Some("2029-09-21")));
}

#[test]
fn an_immediate_order_can_be_ended() {
    drop(immediate().when("end-restraining-order", order()).warns(&[]).closes(FINAL));
}

#[test]
fn an_immediate_order_waits_for_the_final_decision() {
    let provisional = json!({ "order": ORDER, "provisional": true, "from": "2026-11-18" });
    let issued = case().when("issue-restraining-order", provisional);
    let issued = issued.opens(FINAL, "await_final_decision", Some("2027-01-17")).accepted();
    assert!(!issued.case().follow_ups().contains_key(END));
    let decided = json!({ "order": ORDER, "until": "2028-11-20" });
    let decided = issued.when("issue-restraining-order", decided).warns(&[]).closes(FINAL);
    let decided = decided.opens(END, "plan_before_restraining_order_ends", Some("2028-09-21")).accepted();
    // The immediate one is logged once more, late: the final decision stands.
    let late = decided.when("issue-restraining-order", json!({ "order": ORDER, "provisional": true }));
    let late = late.warns(&["order_recorded_already"]).closes(FINAL).accepted();
    assert!(!late.case().follow_ups()[FINAL].open);
    assert!(late.actions().contains(&"extend-restraining-order"));
}

#[test]
fn an_immediate_order_with_a_last_day_is_followed_to_it() {
    let facts = json!({ "order": ORDER, "provisional": true, "until": "2027-02-01" });
    let issued = case().when("issue-restraining-order", facts);
    let issued = issued.opens(FINAL, "await_final_decision", Some("2027-01-19"));
    drop(issued.opens(END, "plan_before_restraining_order_ends", Some("2026-12-03")));
}

#[test]
fn the_final_decision_holds_although_the_immediate_order_was_ended() {
    let ended = immediate().and("end-restraining-order", order());
    let decided = ended.when("issue-restraining-order", json!({ "order": ORDER, "until": "2028-11-20" }));
    drop(decided.warns(&[]).opens(END, "plan_before_restraining_order_ends", Some("2028-09-21")));
}

#[test]
fn an_expulsion_and_its_extension_may_go_to_court() {
    let ordered = case().when("order-expulsion", json!({ "order": ORDER, "until": "2026-12-04" }));
    let ordered = ordered.opens(COURT, "expulsion_may_go_to_court", Some("2026-12-04")).accepted();
    let extended = ordered.on("2026-12-03").when("extend-expulsion", json!({ "order": ORDER, "until": "2026-12-31" }));
    let extended = extended.warns(&[]).moves(END, "2026-12-24");
    drop(extended.opens(COURT, "expulsion_may_go_to_court", Some("2026-12-17")));
}

#[test]
fn dates_of_one_entry_do_not_contradict_each_other() {
    for action in ["issue-restraining-order", "issue-area-ban"] {
        let dates = |until: &str| case().when(action, json!({ "from": "2026-11-21", "until": until }));
        dates("2026-11-20").refused("until_before_from");
        drop(dates("2026-11-21").warns(&[]));
    }
}

#[test]
fn no_decision_makes_an_order_longer_than_the_law_does() {
    let from = |from: &str, until: &str| json!({ "order": ORDER, "from": from, "until": until });
    let restraining = |until: &str| case().when("issue-restraining-order", from("2026-12-01", until));
    drop(restraining("2031-12-01").warns(&[]));
    drop(restraining("2031-12-02").warns(&["restraining_order_too_long"]));
    let ban = |until: &str| case().when("issue-area-ban", from("2026-12-01", until));
    drop(ban("2027-12-01").warns(&[]));
    drop(ban("2027-12-02").warns(&["area_ban_too_long"]));
    // Without a first day, from the day it happened; without that, nobody knows.
    let expulsion = json!({ "order": ORDER, "until": "2026-12-19" });
    drop(case().when("order-expulsion", json!({ "order": ORDER, "until": "2026-12-18" })).warns(&[]));
    drop(case().when("order-expulsion", expulsion.clone()).warns(&["expulsion_too_long"]));
    drop(case().when_on("order-expulsion", expulsion.clone(), Happened::Unknown).warns(&[]));
    // Each extension is a decision of its own.
    drop(expelled().when("extend-expulsion", expulsion.clone()).warns(&["expulsion_too_long"]));
    drop(expelled().on("2026-12-02").when("extend-expulsion", expulsion).warns(&[]));
    let long = json!({ "order": ORDER, "until": "2031-11-21" });
    drop(restrained().when("extend-restraining-order", long).warns(&["restraining_order_too_long"]));
}

#[test]
fn she_arrives_mid_story() {
    let until = json!({ "order": ORDER, "until": "2026-12-10" });
    let extended = case().when("extend-restraining-order", until.clone()).warns(&["order_unknown"]);
    drop(extended.opens(END, "plan_before_restraining_order_ends", Some("2026-10-11")));
    let extended = case().when("extend-expulsion", until).warns(&["order_unknown"]);
    let extended = extended.opens(END, "plan_before_expulsion_ends", Some("2026-12-03"));
    let extended = extended.opens(COURT, "expulsion_may_go_to_court", Some("2026-12-04")).accepted();
    // Extended as an expulsion, it is known to be one: it is recorded as over like one.
    extended.clone().when("end-restraining-order", order()).refused("order_of_another_kind");
    drop(extended.clone().when("order-expulsion", json!({ "order": ORDER, "until": "2026-12-11" })).warns(&[]));
    let over = extended.when("order-expulsion", json!({ "order": ORDER, "until": "2026-11-19" }));
    drop(over.warns(&[]).closes(END).closes(COURT));
    drop(case().when("report-order-breach", order()).warns(&["order_unknown"]));
    // The order itself may come last: it stays ended.
    let ended = case().when("end-restraining-order", order()).warns(&["order_unknown"]).accepted();
    let late = ended.when("issue-restraining-order", json!({ "order": ORDER, "until": "2027-06-30" })).warns(&[]);
    let late = late.accepted();
    assert!(late.case().follow_ups().values().all(|follow_up| !follow_up.open));
    drop(late.when("end-restraining-order", order()).already());
}

#[test]
fn an_order_logged_twice_is_one_order_with_the_later_facts() {
    let again = restrained().when("issue-restraining-order", json!({ "order": ORDER, "until": "2029-11-20" }));
    let again = again.warns(&["order_recorded_already"]);
    let again = again.moves(END, "2029-09-21").accepted();
    assert_eq!(again.case().domain().orders.len(), 1);
    drop(restrained().when("issue-area-ban", order()).warns(&["order_recorded_already"]));
    drop(restrained().when("order-expulsion", order()).warns(&["order_recorded_already"]));
    // What is left out stays as it was.
    let kept = restrained().when("issue-restraining-order", order());
    drop(kept.moves(END, "2028-09-21"));
}

#[test]
fn more_time_and_an_end_leave_only_for_orders_that_leave() {
    let later = || json!({ "order": ORDER, "until": "2026-12-11" });
    let ban = case().and("issue-area-ban", order());
    for other in [ban, expelled(), case().and("extend-expulsion", later())] {
        other.clone().when("extend-restraining-order", later()).refused("order_of_another_kind");
        other.when("end-restraining-order", order()).refused("order_of_another_kind");
    }
    let ban = case().and("issue-area-ban", order());
    let extended = case().and("extend-restraining-order", later());
    for other in [ban, restrained(), immediate(), extended] {
        other.when("extend-expulsion", later()).refused("order_of_another_kind");
    }
}

#[test]
fn an_area_ban_and_an_expulsion_run_longer_or_end_earlier_when_recorded_again() {
    let until = |day: &str| json!({ "order": ORDER, "until": day });
    for (action, longer, due) in
        [("issue-area-ban", "2027-06-30", "2027-05-31"), ("order-expulsion", "2026-12-18", "2026-12-11")]
    {
        let issued = case().and(action, until("2026-12-04"));
        let again = issued.by("w-2").when(action, until(longer)).warns(&["order_recorded_already"]);
        let again = again.moves(END, due).accepted();
        let holder = again.case().follow_ups()[END].responsible.clone();
        assert_eq!(holder.unwrap().as_str(), "w-1", "who holds it stays");
        let over = again.when(action, until("2026-11-19")).closes(END).accepted();
        assert!(over.case().follow_ups().values().all(|follow_up| !follow_up.open), "{action}");
        assert!(!over.actions().contains(&"report-order-breach"));
        // It was a slip: it runs on.
        drop(over.clone().when_in_error(4).reopens(END));
        drop(over.when(action, until(longer)).warns(&["order_recorded_already"]));
    }
    let longer = expelled().on("2026-12-03").when("order-expulsion", until("2026-12-18"));
    drop(longer.opens(COURT, "expulsion_may_go_to_court", Some("2026-12-17")));
}

#[test]
fn what_is_recorded_again_without_its_last_day_keeps_it_and_the_date_somebody_chose() {
    let due = Location::new("2027-01-15".parse().unwrap());
    let later = kit::entry::FollowUpMoved { key: END.to_owned(), due, reason: None };
    let kinds = ["issue-restraining-order", "issue-area-ban", "order-expulsion"];
    for action in kinds {
        let issued = case().and(action, json!({ "order": ORDER, "until": "2027-06-30" }));
        let moved = issued.when_common(kit::entry::Common::FollowUpMoved(later.clone())).accepted();
        drop(moved.clone().when(action, order()).moves(END, "2027-01-15"));
        let said = moved.and(action, order()).when(action, json!({ "order": ORDER, "until": "2027-06-30" }));
        assert_ne!(said.accepted().case().follow_ups()[END].due, Some("2027-01-15".parse().unwrap()), "{action}");
    }
    // Nothing new was decided, so nothing may go to court anew.
    let again = expelled().on("2026-12-01").and("order-expulsion", order());
    assert_eq!(again.case().follow_ups()[COURT].due, Some("2026-12-04".parse().unwrap()));
    // The final decision whose last day nobody wrote is thought of when the immediate order was to be.
    let facts = json!({ "order": ORDER, "provisional": true, "until": "2027-02-01" });
    let decided = case().and("issue-restraining-order", facts).when("issue-restraining-order", order());
    drop(decided.closes(FINAL).moves(END, "2026-12-03"));
}

#[test]
fn a_new_order_gets_an_id_and_another_one_is_another_order() {
    let two = case().and("issue-restraining-order", json!({})).and("issue-area-ban", json!({}));
    let two = two.and("order-expulsion", json!({ "order": OTHER }));
    let orders = &two.case().domain().orders;
    assert_eq!(orders.len(), 3);
    assert!(orders.keys().all(|order| !order.is_nil()));
}

#[test]
fn what_has_ended_is_not_what_one_extends() {
    let later = json!({ "order": ORDER, "until": "2029-11-20" });
    let ended = restrained().and("end-restraining-order", order());
    drop(ended.when("extend-restraining-order", later).warns(&["order_ended"]).leaves_follow_ups());
    // An order whose last day is over has ended too; it was perhaps extended in time, and logged late.
    let over = expelled().on("2026-12-05");
    let until = json!({ "order": ORDER, "until": "2026-12-18" });
    let extended = over.clone().when("extend-expulsion", until.clone()).warns(&["order_ended"]);
    drop(extended.moves(END, "2026-12-11"));
    let in_time: Happened = "2026-12-04".parse().unwrap();
    drop(over.when_on("extend-expulsion", until, in_time).warns(&[]));
    let earlier = json!({ "order": ORDER, "until": "2028-11-19" });
    drop(restrained().when("extend-restraining-order", earlier).warns(&["order_ends_earlier"]));
}

#[test]
fn a_breach_is_an_alert_and_asks_whether_the_order_was_in_force() {
    let breach = |day: &str| json!({ "order": ORDER, "day": day });
    let reported = restrained().when("report-order-breach", breach("2026-11-20")).warns(&[]);
    drop(reported.weighs(Weight::Alert).leaves_follow_ups());
    drop(case().when("report-order-breach", json!({})).warns(&[]).weighs(Weight::Alert));
    restrained().when("report-order-breach", breach("2026-11-21")).refused("in_the_future");
    let ended = restrained().on("2026-11-30");
    let ended = ended.and("end-restraining-order", json!({ "order": ORDER, "until": "2026-11-28" }));
    drop(ended.clone().when("report-order-breach", breach("2026-11-28")).warns(&[]));
    drop(ended.when("report-order-breach", breach("2026-11-29")).warns(&["order_ended"]));
    let ended = restrained().and("end-restraining-order", order());
    drop(ended.when("report-order-breach", order()).warns(&["order_ended"]));
}

#[test]
fn what_is_likely_goes_by_the_orders_in_force() {
    let of = |given: kit::given::Given<super::Legal>| given.and("screen-legal-need", json!({})).actions();
    assert!(of(restrained()).contains(&"extend-restraining-order"));
    assert!(of(immediate()).contains(&"issue-restraining-order"));
    assert!(of(expelled()).contains(&"extend-expulsion"));
    assert!(of(expelled()).contains(&"report-order-breach"));
    assert!(!of(expelled().on("2026-12-05")).contains(&"extend-expulsion"));
    assert!(of(restrained()).contains(&"end-restraining-order"));
    let banned = of(case().and("issue-area-ban", json!({})));
    assert!(banned.contains(&"issue-area-ban") && !banned.contains(&"end-restraining-order"));
    assert!(!of(expelled()).contains(&"end-restraining-order"));
}
