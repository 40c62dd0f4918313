//! The golden samples and the words.

use super::Financial;
use crate::case::Command;
use kit::{contract::Sharing, decider::Commands, labels::Labels};

/// What a partner may be told of an event, by name.
fn told(event: &str) -> Option<Vec<String>> {
    let entries = Command::describe();
    let entry = entries.iter().find(|entry| entry.event == event).unwrap();
    let schema = kit::schema::partner(&entry.facts, entry.sharing, entry.withheld)?;
    Some(schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect())
}

/// That exactly these events are shared so, with exactly these facts.
fn tells(sharing: Sharing, expected: &[(&str, &[&str])]) {
    let entries = Command::describe();
    let shared: Vec<_> = entries.iter().filter(|entry| entry.sharing == sharing).map(|entry| entry.event).collect();
    assert_eq!(shared, expected.iter().map(|(event, _)| *event).collect::<Vec<_>>());
    for (event, facts) in expected {
        assert_eq!(told(event).unwrap(), *facts, "{event}");
    }
}

#[test]
fn every_event_has_its_golden_samples() {
    kit::given::golden::<Financial>(&kit::samples!(), jsonschema::is_valid);
}

#[test]
fn every_word_is_there() {
    let contract = crate::contract().unwrap();
    let grant = contract.event("SingleGrantApplied", 1).unwrap();
    assert_eq!(
        (grant.label.da.as_str(), grant.action.as_str()),
        ("Enkeltydelse søgt (aktivlovens § 81)", "apply-for-single-grant")
    );
    let amount = grant.facts.iter().find(|fact| fact.name == "amount").unwrap();
    assert_eq!((amount.unit.as_deref(), amount.required), (Some("øre"), false));
    let required = |event: &str| -> Vec<_> {
        let facts = &contract.event(event, 1).unwrap().facts;
        facts.iter().filter(|fact| fact.required).map(|fact| fact.name.clone()).collect()
    };
    assert_eq!(required("SingleGrantDecided"), ["grant", "outcome"]);
    assert_eq!(required("EconomicAbuseIdentified"), ["forms"]);
}

#[test]
fn every_action_says_when_to_use_it() {
    let labels = Labels::parse(include_str!("../../../labels/da.ftl"), include_str!("../../../labels/en.ftl")).unwrap();
    for entry in Command::describe() {
        assert!(labels.get(&format!("action-{}.help", entry.action)).is_some(), "{}", entry.action);
    }
}

#[test]
fn nobody_is_sent_to_correct_what_a_complaint_changed() {
    let labels = Labels::parse(include_str!("../../../labels/da.ftl"), include_str!("../../../labels/en.ftl")).unwrap();
    for name in ["action-record-single-grant-decision.help", "rejection-second_outcome"] {
        let label = labels.get(name).unwrap();
        assert!(label.da.contains("klagen som en ny ansøgning med sin egen afgørelse"), "{name}");
        assert!(label.en.contains("the complaint as a new application with a decision of its own"), "{name}");
    }
}

#[test]
fn a_feed_tells_no_creditor_no_day_and_no_id_of_ours() {
    tells(
        Sharing::Feed,
        &[
            ("SingleGrantApplied", &["purpose", "amount"]),
            ("SingleGrantDecided", &["amount", "outcome"]),
            ("DebtAdviceGiven", &["total", "instalments"]),
            ("DebtPlanAgreed", &["total", "instalments"]),
            ("DebtReliefApplied", &["total", "instalments"]),
            ("FinancialCaseClosed", &["outcome"]),
        ],
    );
}

#[test]
fn a_request_tells_no_id_of_ours() {
    tells(
        Sharing::Request,
        &[
            ("FinancialSituationMapped", &["income", "fixed_costs", "debts", "joint_accounts"]),
            ("ChildAllowanceApplied", &[]),
            ("ChildBenefitRedirected", &[]),
            ("DaycareFreePlaceApplied", &[]),
            ("DaycareFreePlaceGranted", &["outcome"]),
            ("FundGrantApplied", &["fund", "amount"]),
            ("FundGrantDecided", &["amount", "outcome"]),
        ],
    );
}

#[test]
fn what_was_done_to_her_money_never_leaves() {
    let never = [
        "EconomicAbuseIdentified",
        "OwnAccountOpened",
        "JointAccountClosed",
        "NemKontoChanged",
        "SoleProviderDeclared",
        "ChildSupportSought",
        "AdvanceRequested",
        "CreditWarningRegistered",
    ];
    assert!(never.iter().all(|event| told(event).is_none()));
    let count = Command::describe().iter().filter(|entry| entry.sharing == Sharing::Never).count();
    assert_eq!(count, never.len());
}
