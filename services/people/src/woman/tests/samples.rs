//! The golden samples and the words.

use super::Woman;
use crate::{centre, duty, enquiry, staff, woman::Command};
use kit::{
    Decider,
    contract::{EntryDescription, Sharing},
    decider::Commands,
    given::{Samples, golden},
    labels::Labels,
    schema,
};
use std::collections::BTreeSet;

/// The samples of one kind of aggregate, and its events' names.
fn of<D: Decider>() -> (Samples, BTreeSet<&'static str>) {
    let events: BTreeSet<_> = D::Command::describe().into_iter().map(|entry| entry.event).collect();
    let Samples(all) = kit::samples!();
    let own = |name: &str| name.split_once('.').is_some_and(|(event, _)| events.contains(event));
    (Samples::of(all.into_iter().filter(|(name, _)| own(name))), events)
}

/// Every entry of people.
fn all() -> Vec<EntryDescription> {
    let women = [Command::describe(), enquiry::Command::describe(), duty::Command::describe()];
    let directory = [staff::Command::describe(), centre::Command::describe()];
    [women.concat(), directory.concat()].concat()
}

#[test]
fn every_event_has_its_golden_samples() {
    let (women, mut events) = of::<Woman>();
    golden::<Woman>(&women, jsonschema::is_valid);
    let (enquiries, more) = of::<enquiry::Enquiry>();
    golden::<enquiry::Enquiry>(&enquiries, jsonschema::is_valid);
    events.extend(more);
    let (duties, more) = of::<duty::Duty>();
    golden::<duty::Duty>(&duties, jsonschema::is_valid);
    events.extend(more);
    let (staff, more) = of::<staff::Staff>();
    golden::<staff::Staff>(&staff, jsonschema::is_valid);
    events.extend(more);
    let (centres, more) = of::<centre::Centre>();
    golden::<centre::Centre>(&centres, jsonschema::is_valid);
    events.extend(more);
    let known = [women, enquiries, duties, staff, centres].iter().map(|samples| samples.0.len()).sum::<usize>();
    assert_eq!(kit::samples!().0.len(), known, "samples of no event");
    assert_eq!(events.len(), known, "no two aggregates have an event of the same name");
}

#[test]
fn every_word_is_there() {
    let contract = crate::contract().unwrap();
    let kinds: Vec<_> = contract.aggregates.iter().map(|kind| (kind.kind.as_str(), kind.plural.as_str())).collect();
    assert_eq!(
        kinds,
        [("woman", "women"), ("enquiry", "enquiries"), ("duty", "duties"), ("staff", "staff"), ("centre", "centres")]
    );
    let registered = contract.event("WomanRegistered", 1).unwrap();
    assert_eq!((registered.label.da.as_str(), registered.action.as_str()), ("Oprettet", "register-woman"));
    assert_eq!(contract.event("PersonErased", 1).unwrap().label.da, "Slettet");
}

#[test]
fn every_action_says_when_it_is_used() {
    let labels = Labels::parse(include_str!("../../../labels/da.ftl"), include_str!("../../../labels/en.ftl")).unwrap();
    for entry in all() {
        assert!(labels.get(&format!("action-{}.help", entry.action)).is_some(), "{}", entry.action);
    }
}

#[test]
fn nothing_of_people_ever_leaves() {
    assert!(all().iter().all(|entry| entry.sharing == Sharing::Never));
}

/// What the key's end would leave unreadable in it, or tell of her after it.
#[test]
fn an_erasure_has_no_sealed_fact() {
    for entry in Command::describe() {
        let sealed = schema::strictest(&entry.facts) > kit::Class::Open;
        let erasure = ["ErasureRequested", "ErasureCancelled", "ErasureHoldLifted", "PersonErased"];
        let plain = [
            &erasure[..],
            &[
                "RelocationReceived",
                "RelocationWithdrawn",
                "PersonDied",
                "ConflictOfInterestEnded",
                "RelocationOfferWithdrawn",
                "RelocationUnanswered",
                "ArrivalOfferEnded",
            ],
        ]
        .concat();
        assert_eq!(sealed, !plain.contains(&entry.event), "{}", entry.event);
    }
    for entry in [enquiry::Command::describe(), duty::Command::describe()].concat() {
        assert_eq!(schema::strictest(&entry.facts), kit::Class::Open, "{}: about nobody", entry.event);
    }
}

/// The directory is about no woman: of its sealed facts there are names alone, and what stands for one.
#[test]
fn the_directory_seals_names() {
    for entry in [staff::Command::describe(), centre::Command::describe()].concat() {
        let facts = entry.facts["properties"].as_object().cloned().unwrap_or_default();
        for (name, schema) in facts {
            let sealed = kit::schema::strictest(&schema) > kit::Class::Open;
            assert_eq!(sealed, ["name", "name_digest"].contains(&name.as_str()), "{} {name}", entry.event);
        }
    }
}

/// About no person: nothing but choices.
#[test]
fn an_enquiry_has_no_text() {
    let [received] = enquiry::Command::describe().try_into().unwrap();
    let facts = received.facts["properties"].as_object().unwrap();
    assert_eq!(facts.keys().collect::<Vec<_>>(), ["outcome", "about"]);
    let free = |schema: &serde_json::Value| {
        !schema.to_string().contains("\"const\"") || schema.to_string().contains("maxLength")
    };
    assert!(!facts.values().any(free));
}
