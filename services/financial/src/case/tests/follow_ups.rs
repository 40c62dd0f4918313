use super::{CHASE, CHILD, COMPLAINT, GRANT, PLAN, SIBLING, applied, case, decided};
use kit::{
    Happened, Location,
    entry::{Common, FollowUpClosed, FollowUpMoved, FollowUpOutcome},
    facets::Weight,
};
use serde_json::json;

const INSTALMENT: &str = "debt-plan/7c9f2e3d-8a51-4b2a-9d7e-2f3a4b5c6d72/instalment";
const FUND: &str = "fund-grant/5b8e1d2c-7f40-4a19-8c6d-1e2f3a4b5c61/chase";
const FREE_PLACE: &str = "daycare-free-place/3d1f4a6b-9c82-4e5d-8f70-6a7b8c9d0e91/chase";
const ALLOWANCE: &str = "child-allowance/received";
const DECLARATION: &str = "sole-provider/declaration";

#[test]
fn her_finances_are_looked_at_again() {
    let mapped = case().when("map-situation", json!({ "income": 1_425_000 }));
    // 20 February 2027 is a Saturday.
    let mapped = mapped.opens("situation/review", "review_situation", Some("2027-02-22")).accepted();
    let again = mapped.on("2027-02-22").when("map-situation", json!({}));
    drop(again.opens("situation/review", "review_situation", Some("2027-05-24")));
}

#[test]
fn a_single_grant_is_chased_until_it_is_decided() {
    let asked = case().when("apply-for-single-grant", json!({ "grant": GRANT }));
    let asked = asked.opens(CHASE, "chase_single_grant", Some("2026-12-04")).accepted();
    let granted = asked.when("record-single-grant-decision", decided("granted")).closes(CHASE).accepted();
    assert!(!granted.case().follow_ups().contains_key(COMPLAINT));
}

#[test]
fn what_was_refused_may_be_complained_of() {
    for outcome in ["refused", "partly_granted"] {
        let refused = applied().on("2026-12-01").when("record-single-grant-decision", decided(outcome)).closes(CHASE);
        drop(refused.opens(COMPLAINT, "complain_of_single_grant", Some("2026-12-29")));
    }
    let unknown = applied().when_on("record-single-grant-decision", decided("refused"), Happened::Unknown);
    drop(unknown.opens(COMPLAINT, "complain_of_single_grant", None));
}

#[test]
fn a_complaint_names_its_paragraph() {
    let refused = applied().when("record-single-grant-decision", decided("refused"));
    let entries = refused.outcome.unwrap().entries;
    let basis = entries[0].facets.follow_ups.iter().find_map(|change| change.basis.clone()).unwrap();
    assert!(basis.da.contains("§ 67"), "{}", basis.da);
}

#[test]
fn a_fund_is_chased_until_it_answers() {
    let asked = case().when("apply-for-fund-grant", json!({ "grant": GRANT }));
    let asked = asked.opens(FUND, "chase_fund_grant", Some("2027-01-20")).accepted();
    let refused = asked.when("record-fund-grant-decision", decided("refused")).closes(FUND).accepted();
    assert_eq!(refused.case().follow_ups().len(), 1);
}

#[test]
fn a_free_place_is_chased_until_it_is_decided() {
    let asked = case().when("apply-for-daycare-free-place", json!({ "child": CHILD }));
    let asked = asked.opens(FREE_PLACE, "chase_daycare_free_place", Some("2026-12-18")).accepted();
    let asked = asked.and("apply-for-daycare-free-place", json!({ "child": SIBLING }));
    let decision = json!({ "child": CHILD, "outcome": "refused" });
    let one = asked.when("record-daycare-free-place-decision", decision).closes(FREE_PLACE).accepted();
    assert_eq!(one.case().follow_ups().values().filter(|follow_up| follow_up.open).count(), 1);
    let unnamed = case().when("apply-for-daycare-free-place", json!({}));
    let unnamed = unnamed.opens("daycare-free-place/chase", "chase_daycare_free_place", Some("2026-12-18")).accepted();
    let decision = json!({ "outcome": "granted" });
    drop(unnamed.when("record-daycare-free-place-decision", decision).closes("daycare-free-place/chase"));
}

#[test]
fn child_allowance_is_received_before_the_quarter_ends() {
    let quarters = [
        ("2026-01-01", "2026-03-31"),
        ("2026-03-31", "2026-03-31"),
        ("2026-04-01", "2026-06-30"),
        ("2026-09-30", "2026-09-30"),
        ("2026-10-01", "2026-12-31"),
        ("2026-12-31", "2026-12-31"),
    ];
    for (day, end) in quarters {
        let asked = case().on(day).when("apply-for-child-allowance", json!({}));
        drop(asked.opens(ALLOWANCE, "check_child_allowance", Some(end)));
    }
    let unknown = case().when_on("apply-for-child-allowance", json!({}), Happened::Unknown);
    drop(unknown.opens(ALLOWANCE, "check_child_allowance", None));
}

#[test]
fn she_declares_again_by_the_next_30_november() {
    let declared = |day: &str, due: &str| {
        let declared = case().on(day).when("declare-sole-provider", json!({}));
        drop(declared.opens(DECLARATION, "declare_sole_provider", Some(due)));
    };
    declared("2026-01-15", "2026-11-30");
    declared("2026-10-29", "2026-11-30");
    // From a month before she is asked: what she declares then is this year's.
    declared("2026-10-30", "2027-11-30");
    declared("2026-11-30", "2027-11-30");
    declared("2026-12-01", "2027-11-30");
    let unknown = case().when_on("declare-sole-provider", json!({}), Happened::Unknown);
    drop(unknown.opens(DECLARATION, "declare_sole_provider", None));
}

#[test]
fn a_declaration_is_for_the_year_it_names() {
    let year = |year: u16| json!({ "year": year });
    let declared = case().when("declare-sole-provider", year(2026));
    let declared = declared.opens(DECLARATION, "declare_sole_provider", Some("2027-11-30")).accepted();
    // An earlier year's, logged late, does not call her back.
    let late = declared.when("declare-sole-provider", year(2025)).leaves_follow_ups().accepted();
    let next = late.on("2027-11-10").when("declare-sole-provider", year(2027));
    drop(next.opens(DECLARATION, "declare_sole_provider", Some("2028-11-30")));
}

#[test]
fn the_first_instalment_is_looked_after() {
    let agreed = json!({ "plan": PLAN, "first_instalment": "2027-01-04" });
    let agreed = case().when("agree-debt-plan", agreed).opens(INSTALMENT, "check_instalment", Some("2027-01-04"));
    let changed = json!({ "plan": PLAN, "first_instalment": "2027-02-01" });
    let changed = agreed.accepted().when("agree-debt-plan", changed);
    let changed = changed.opens(INSTALMENT, "check_instalment", Some("2027-02-01")).accepted();
    assert_eq!(changed.and("agree-debt-plan", json!({})).case().follow_ups().len(), 2);
    drop(case().when("agree-debt-plan", json!({ "plan": PLAN })).opens(INSTALMENT, "check_instalment", None));
}

#[test]
fn a_known_plan_keeps_its_day_where_none_is_given() {
    let plan = || json!({ "plan": PLAN, "instalments": 50_000 });
    let agreed = case().and("agree-debt-plan", json!({ "plan": PLAN, "first_instalment": "2027-01-04" }));
    let changed = agreed.clone().when("agree-debt-plan", plan()).moves(INSTALMENT, "2027-01-04").accepted();
    // The plan still stands where the entry that brought the day is taken back, and where the one that left it out is.
    assert!(changed.clone().when_in_error(2).accepted().case().follow_ups()[INSTALMENT].open);
    assert_eq!(changed.when_in_error(3).accepted().case().follow_ups(), agreed.case().follow_ups());
    // A day that people chose since.
    let key = INSTALMENT.to_owned();
    let due = Location::new("2027-03-01".parse().unwrap());
    let moved = Common::FollowUpMoved(FollowUpMoved { key: key.clone(), due, reason: None });
    let moved = agreed.clone().when_common(moved).accepted();
    drop(moved.when("agree-debt-plan", plan()).moves(INSTALMENT, "2027-03-01"));
    // The first instalment was looked after.
    let done = FollowUpClosed { key, outcome: FollowUpOutcome::Done, reason: None };
    let done = agreed.when_common(Common::FollowUpClosed(done)).accepted();
    drop(done.clone().when("agree-debt-plan", plan()).leaves_follow_ups());
    let anew = json!({ "plan": PLAN, "first_instalment": "2027-05-03" });
    drop(done.when("agree-debt-plan", anew).opens(INSTALMENT, "check_instalment", Some("2027-05-03")));
}

#[test]
fn a_late_entry_drags_no_later_date_back() {
    let cases = [
        ("map-situation", json!({}), "situation/review", "2027-02-22"),
        ("apply-for-single-grant", json!({ "grant": GRANT }), CHASE, "2026-12-04"),
        ("apply-for-fund-grant", json!({ "grant": GRANT }), FUND, "2027-01-20"),
        ("apply-for-daycare-free-place", json!({ "child": CHILD }), FREE_PLACE, "2026-12-18"),
        ("apply-for-child-allowance", json!({}), ALLOWANCE, "2026-12-31"),
        ("declare-sole-provider", json!({}), DECLARATION, "2027-11-30"),
    ];
    for (action, facts, key, due) in cases {
        let logged = case().and(action, facts.clone());
        for when in ["2025-08-03", "unknown"] {
            let late = logged.clone().when_on(action, facts.clone(), when.parse().unwrap()).moves(key, due).accepted();
            // Either one taken back, what the other asks for is still open.
            assert!(late.clone().when_in_error(2).accepted().case().follow_ups()[key].open, "{action}");
            let back = late.when_in_error(3).accepted();
            assert_eq!(back.case().follow_ups(), logged.case().follow_ups(), "{action}");
        }
        // What happens later asks later.
        let next = logged.on("2027-12-01").and(action, facts);
        assert!(next.case().follow_ups()[key].due.unwrap().day() > due.parse().unwrap(), "{action}");
    }
}

#[test]
fn an_older_declaration_drags_no_later_date_back() {
    let named = json!({ "year": 2025 });
    let declared = case().and("declare-sole-provider", json!({}));
    drop(declared.when("declare-sole-provider", named).moves(DECLARATION, "2027-11-30"));
    let declared = case().and("declare-sole-provider", json!({ "year": 2026 }));
    let long_ago = "2025-08-03".parse().unwrap();
    drop(declared.when_on("declare-sole-provider", json!({}), long_ago).moves(DECLARATION, "2027-11-30"));
}

#[test]
fn an_application_after_a_decision_asks_anew() {
    let decision = json!({ "child": CHILD, "outcome": "refused" });
    let decided = case().and("apply-for-daycare-free-place", json!({ "child": CHILD }));
    let decided = decided.and("record-daycare-free-place-decision", decision).on("2027-01-04");
    let again = decided.when("apply-for-daycare-free-place", json!({ "child": CHILD }));
    drop(again.opens(FREE_PLACE, "chase_daycare_free_place", Some("2027-02-01")));
}

#[test]
fn an_entry_about_a_child_says_so() {
    let one = json!({ "child": CHILD });
    let entries = [
        ("redirect-child-benefit", one.clone()),
        ("seek-child-support", one.clone()),
        ("request-advance", one.clone()),
        ("apply-for-daycare-free-place", one),
        ("record-daycare-free-place-decision", json!({ "child": CHILD, "outcome": "granted" })),
        ("apply-for-child-allowance", json!({ "children": [CHILD] })),
    ];
    for (action, facts) in entries {
        let entries = case().when(action, facts).outcome.unwrap().entries;
        assert_eq!(entries[0].facets.about, [CHILD.parse().unwrap()], "{action}");
    }
    let both = case().when("apply-for-child-allowance", json!({ "children": [CHILD, SIBLING] })).outcome.unwrap();
    assert_eq!(both.entries[0].facets.about.len(), 2);
    let nobody = case().when("seek-child-support", json!({})).outcome.unwrap();
    assert!(nobody.entries[0].facets.about.is_empty());
}

#[test]
fn most_entries_leave_nothing_open() {
    let entries = [
        "open-own-account",
        "close-joint-account",
        "change-nem-konto",
        "redirect-child-benefit",
        "seek-child-support",
        "request-advance",
        "give-debt-advice",
        "register-credit-warning",
    ];
    for action in entries {
        drop(case().when(action, json!({})).weighs(Weight::Routine).leaves_follow_ups());
    }
}

#[test]
fn turns_of_her_course_stand_out() {
    let turns = [
        ("identify-economic-abuse", json!({ "forms": ["control_of_income"] })),
        ("apply-for-debt-relief", json!({})),
        ("close-case", json!({ "outcome": "finances_in_order" })),
    ];
    for (action, facts) in turns {
        drop(case().when(action, facts).weighs(Weight::Milestone).leaves_follow_ups());
    }
    drop(applied().when("record-single-grant-decision", decided("refused")).weighs(Weight::Routine));
}
