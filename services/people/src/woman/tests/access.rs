//! What everybody else makes of her events for access is what she herself makes of them.

use super::{TODAY, Woman, nobody};
use crate::{duty, woman::Event, woman::state::sign};
use kit::{
    Decider,
    decider::{Commands, Events},
    given::{Samples, given},
    relation::{Along, DutyKind, Foreign, Nearness, REVOKES, Relation, Sign, Tie},
    sealed::exposing,
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// An event's facts as a reader gets them: with its personal ones opened.
fn read(event: &Event) -> Option<Foreign> {
    let facts = exposing(|| event.to_facts()).unwrap();
    match serde_json::from_value(json!({ "event": event.name(), "facts": facts })) {
        Ok(foreign) => Some(foreign),
        Err(error) => {
            assert!(error.to_string().starts_with("unknown variant"), "{}: {error}", event.name());
            None
        }
    }
}

/// What is decided of a sample. Only a rule receives, and only who came is withdrawn, and who asked is erased.
fn decided(action: &str, facts: Value) -> Vec<Event> {
    let case = nobody().by_leader("l-1").word_checked();
    let case = match action {
        "receive-relocation" | "relocate-to-centre" | "offer-arrival" => case.by_rule(),
        "change-vault-value" | "lock-code-word" | "unlock-code-word" => case.by_route("l-1"),
        "request-erasure" => case.and("register-child", json!({ "child": super::CHILD })),
        _ => case,
    };
    for (after_others, event) in [
        ("approve-erasure", "PersonErased"),
        ("withdraw-relocation", "RelocationWithdrawn"),
        ("accept-relocation", "RelocationAccepted"),
        ("decline-relocation", "RelocationDeclined"),
        ("withdraw-relocation-offer", "RelocationOfferWithdrawn"),
        ("report-unanswered-relocation", "RelocationUnanswered"),
        ("end-arrival-offer", "ArrivalOfferEnded"),
        ("propose-conflict-end", "ConflictOfInterestEndProposed"),
        ("end-conflict-of-interest", "ConflictOfInterestEnded"),
    ] {
        if action == after_others {
            return vec![Event::from_facts(event, facts).unwrap()];
        }
    }
    case.and(action, facts).standing()
}

#[test]
fn everybody_reads_the_relation_that_she_tells() {
    let (samples, mut read_by_others) = (kit::samples!(), BTreeSet::new());
    for entry in <Woman as Decider>::Command::describe() {
        for form in ["complete", "minimal"] {
            for event in decided(&entry.action, samples.latest(entry.event, form)) {
                let foreign = read(&event);
                let theirs = foreign.as_ref().and_then(|foreign| foreign.sign(None));
                assert_eq!(theirs, sign(&event), "{} {form}", event.name());
                if foreign.is_some() {
                    read_by_others.insert(event.name());
                }
                let mut woman = Woman::default();
                woman.evolve(&event);
                // Who only may come is told of nowhere.
                let offered = event.name().starts_with("ArrivalOffer");
                let told = (!offered).then(|| Relation::of(&theirs));
                assert_eq!(woman.relation(), told, "{} {form}", event.name());
            }
        }
    }
    let expected = [
        "CentreRelocated",
        "ConflictOfInterestEnded",
        "ConflictOfInterestRecorded",
        "PersonErased",
        "RelocationReceived",
        "RelocationWithdrawn",
        "StayEnded",
        "StayStarted",
        "WomanRegistered",
        "WorkerAssigned",
        "WorkerReleased",
    ];
    assert_eq!(read_by_others.into_iter().collect::<Vec<_>>(), expected);
}

/// A new event that takes access away is one that other services are waited for.
#[test]
fn what_takes_access_away_is_a_revocation() {
    let samples = kit::samples!();
    for entry in <Woman as Decider>::Command::describe() {
        for event in decided(&entry.action, samples.latest(entry.event, "complete")) {
            let takes = match sign(&event) {
                Some(
                    Sign::Ended(_)
                    | Sign::Left
                    | Sign::Untied(_)
                    | Sign::Conflict(_)
                    | Sign::Erased
                    | Sign::Withdrawn(_)
                    // Somebody who was her contact person may be less from now on.
                    | Sign::Tied { .. },
                ) => true,
                _ => event.name() == "PersonErased",
            };
            assert_eq!(REVOKES.contains(&event.name()), takes, "{}", event.name());
        }
    }
    assert!(
        REVOKES.contains(&"DutyEnded") && REVOKES.contains(&"EntryCorrected") && REVOKES.contains(&"RecordedInError")
    );
}

#[test]
fn what_access_goes_by_is_in_the_samples() {
    let samples = kit::samples!();
    let read = |event: &str| {
        let whole = json!({ "event": event, "facts": samples.latest(event, "complete") });
        serde_json::from_value::<Foreign>(whole).unwrap()
    };
    let Foreign::WorkerAssigned { worker, role, until } = read("WorkerAssigned") else { panic!() };
    assert_eq!(worker.open().unwrap().as_str(), "w-17");
    assert!(role == Tie::ContactPerson && until.unwrap().open().is_some());
    let Foreign::RelocationReceived { along, conflicts, arrival, .. } = read("RelocationReceived") else { panic!() };
    assert_eq!(along, Along::OpenTasksAndSafety);
    assert!(!arrival.is_nil() && conflicts.unwrap().len() == 1);
    let Foreign::RelocationWithdrawn { arrival: withdrawn } = read("RelocationWithdrawn") else { panic!() };
    assert_eq!(withdrawn, arrival);
    let Foreign::PersonErased { child } = read("PersonErased") else { panic!() };
    assert!(child.is_some());
}

/// A child's keys may go while she lives here: she is not forgotten with it.
#[test]
fn the_erasure_of_a_child_changes_nothing_for_her() {
    let samples = kit::samples!();
    for (form, nearness) in [("complete", Nearness::Live), ("minimal", Nearness::Erased)] {
        let mut woman = Woman::default();
        woman.evolve(&Event::from_facts("WomanRegistered", json!({})).unwrap());
        woman.evolve(&Event::from_facts("PersonErased", samples.latest("PersonErased", form)).unwrap());
        assert_eq!(woman.relation().unwrap().nearness(TODAY), nearness, "{form}");
    }
}

#[test]
fn a_duty_is_read_as_it_is_recorded() {
    let Samples(samples) = kit::samples!();
    for form in ["complete", "minimal"] {
        let case = given::<duty::Duty>("2026-11-20", include_str!("../../../../../deploy/deadlines.toml"));
        let case =
            case.by_leader("l-1").and("start-duty", samples["DutyStarted.v1"][form].clone()).and("end-duty", json!({}));
        let [started, ended] = case.standing().try_into().unwrap();
        let read = |event: duty::Event| {
            let facts = event.to_facts().unwrap();
            serde_json::from_value::<kit::relation::Duty>(json!({ "event": event.name(), "facts": facts })).unwrap()
        };
        let kit::relation::Duty::DutyStarted { worker, kind, from, until } = read(started) else { panic!("{form}") };
        let sent = &samples["DutyStarted.v1"][form];
        assert_eq!(json!(worker), sent["worker"]);
        assert_eq!(kind == DutyKind::OnDuty, form == "complete");
        assert_eq!((json!(from), json!(until)), (sent.get("from").cloned().into(), sent["until"].clone()));
        assert!(matches!(read(ended), kit::relation::Duty::DutyEnded {}), "{form}");
    }
}
