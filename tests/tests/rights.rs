//! The right that each action needs, in the words of the domain, against contracts, documents and what every domain does: recording,
//! correcting and taking back.
//!
//! Who has which right is enumerated beside [`kit::access`]; who acts on nobody but themselves, beside the rules of people.

use kit::{
    Decider,
    access::{Right, Role},
    case::{CommonRejection, Refusal},
    contract::Contract,
    decider::{Amendable, Commands, Events},
    given::{Given, Then, given},
};
use livline_tests::golden::{Visit, each_domain, each_of_people, samples};
use serde_json::{Value, json};
use std::path::Path;
use strum::VariantArray as _;

/// The actions of people that need more than the right to record.
const PEOPLE: &[(Right, &[&str])] = &[
    (
        Right::Close,
        &[
            "agree-safe-contact",
            "unconfirm-safe-contact",
            "offer-relocation",
            "withdraw-relocation-offer",
            "assign-worker",
            "release-worker",
            "record-death",
            "request-erasure",
            "cancel-erasure",
        ],
    ),
    (Right::Answers, &["record-conflict-of-interest", "end-conflict-of-interest", "start-duty", "end-duty"]),
    (
        Right::Leader,
        &[
            "propose-conflict-end",
            "relocate-to-centre",
            "hold-erasure",
            "lift-erasure-hold",
            "approve-erasure",
            "register-worker",
            "change-worker",
            "end-work",
            "register-centre",
            "rename-centre",
            "close-centre",
        ],
    ),
    (
        Right::Rule,
        &[
            "accept-relocation",
            "decline-relocation",
            "report-unanswered-relocation",
            "offer-arrival",
            "end-arrival-offer",
            "receive-relocation",
            "withdraw-relocation",
            "change-vault-value",
            "lock-code-word",
            "unlock-code-word",
        ],
    ),
];

/// Decided only where others stand before it, so that only recording is tried here.
const AFTER_OTHERS: &[&str] = &[
    "accept-relocation",
    "approve-erasure",
    "decline-relocation",
    "end-arrival-offer",
    "end-conflict-of-interest",
    "lift-erasure-hold",
    "propose-conflict-end",
    "relocate-to-centre",
    "report-unanswered-relocation",
    "withdraw-relocation",
    "withdraw-relocation-offer",
];

/// What a sample asks beyond its row: an engagement of a temp, or a duty of another day, is the leader's.
const RAISED: &[&str] = &["start-duty"];

fn needed(service: &str, action: &str) -> Right {
    let named = PEOPLE.iter().filter(|_| service == people::SERVICE);
    named.into_iter().find(|(_, actions)| actions.contains(&action)).map_or(Right::Record, |(right, _)| *right)
}

/// Everybody who acts, by role and right: see the enumeration of the access decision.
const ACTORS: &[(Role, Right)] = &[
    (Role::Temp, Right::Record),
    (Role::Worker, Right::Record),
    (Role::Worker, Right::Close),
    (Role::Worker, Right::Answers),
    (Role::Leader, Right::Leader),
    (Role::Service, Right::Rule),
];

/// Whether it was refused for a right that the actor lacks.
fn lacking<D: Decider>(then: &Then<D>) -> bool {
    matches!(&then.outcome, Err(Refusal::Common(common)) if CommonRejection::is_of_rights(common.into()))
}

#[derive(Default)]
struct Writing {
    tried: usize,
    amended: usize,
}

impl Visit for Writing {
    fn domain<D: Decider>(&mut self, service: &'static str) {
        let samples = samples(service);
        for entry in D::Command::describe() {
            let needed = needed(service, &entry.action);
            assert_eq!(entry.right, needed, "{service} {}", entry.action);
            let mut facts = samples.latest(entry.event, "complete");
            if entry.event == "ErasureRequested" {
                // It would be about a child that nobody has registered.
                facts.as_object_mut().unwrap().remove("child");
            }
            let case = given::<D>("2026-11-20", engine::config::DEADLINES);
            for (role, right) in ACTORS {
                let case = case.clone().by_right("w-9", *role, *right);
                let refused = lacking(&case.when(&entry.action, facts.clone()));
                let raised = RAISED.contains(&entry.action.as_str()) && *right < Right::Leader;
                assert!(refused == (*right < needed) || raised, "{service} {} by {role:?} {right:?}", entry.action);
                self.tried += 1;
            }
            if AFTER_OTHERS.contains(&entry.action.as_str()) {
                continue;
            }
            let (role, right) =
                if needed == Right::Rule { (Role::Service, Right::Rule) } else { (Role::Leader, Right::Leader) };
            let recorded = case.by_right("l-1", role, right).and(&entry.action, facts.clone());
            self.amends(&recorded, (needed, &entry.action), &facts);
        }
    }
}

impl Writing {
    /// Who may not record it may neither correct it nor take it back, whoever recorded it.
    fn amends<D: Decider>(&mut self, recorded: &Given<D>, (needed, action): (Right, &str), facts: &Value) {
        let Some(fact) = recorded.standing().into_iter().next() else { panic!("{action} recorded nothing") };
        // The opening is the first.
        let version = 2;
        for (role, right) in ACTORS {
            let by = || recorded.clone().by_right("w-9", *role, *right);
            let less = *right < needed;
            if D::amendable(&fact) == Amendable::Always {
                assert!(
                    !less || lacking(&by().when_corrected(version, facts.clone())),
                    "{action} corrected by {right:?}"
                );
                self.amended += 1;
            }
            if D::amendable(&fact) != Amendable::Never {
                let refused = lacking(&by().when_in_error(version));
                assert!(refused == less || RAISED.contains(&action), "{} taken back by {right:?}", fact.name());
                self.amended += 1;
            }
        }
    }
}

#[test]
fn whoever_lacks_the_right_neither_records_nor_corrects_nor_takes_back() {
    let mut writing = Writing::default();
    each_domain(&mut writing);
    each_of_people(&mut writing);
    assert!(writing.tried > 800 && writing.amended > 1500, "{} and {}", writing.tried, writing.amended);
}

/// Readers learn it from the contract, clients from the document.
#[test]
fn contract_and_document_say_the_right() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas");
    let read = |service: &str, file: &str| std::fs::read_to_string(folder.join(service).join(file)).unwrap();
    for service in ["people", "housing", "legal", "financial", "safety", "aftercare"] {
        let contract: Contract = serde_json::from_str(&read(service, "contract.json")).unwrap();
        let document: Value = serde_json::from_str(&read(service, "openapi.json")).unwrap();
        for aggregate in &contract.aggregates {
            for entry in &aggregate.entries {
                let right = needed(service, &entry.action);
                assert_eq!(entry.right, right, "{service} {}", entry.action);
                let path = format!("/v1/{}/{{id}}/{}", aggregate.plural, entry.action);
                let begins = format!("/v1/{}", aggregate.plural);
                let operation = document["paths"].get(&path).unwrap_or(&document["paths"][&begins]);
                let said = &operation["post"]["x-right"];
                assert!(*said == json!(right) || entry.action == "open-case", "{service} {path}: {said}");
            }
        }
    }
    assert_eq!(Right::VARIANTS.len(), 5);
}
