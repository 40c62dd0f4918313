//! What cases go through: the golden samples of every service, in runs of a few actions in the order of its table of entries.
//!
//! The runs of a service together hold every sample there is, complete and minimal. Deliberately absent: who sends them, and when.

use kit::contract::Contract;
use serde_json::{Value, json};
use std::path::Path;
use uuid::Uuid;

/// Actions of a case besides its opening.
const RUN: usize = 6;

/// An action of a run, with the facts of a sample.
#[derive(Debug)]
pub struct Step {
    /// Its kebab-case name.
    pub action: String,
    /// The facts.
    pub facts: Value,
    /// Where it stands among all samples of its service.
    pub sample: usize,
}

/// What a case of a service goes through.
#[derive(Debug)]
pub struct Service {
    /// Its name.
    pub name: &'static str,
    /// One of them a case.
    pub runs: Vec<Vec<Step>>,
}

/// The contracts of every service there is.
#[must_use]
pub fn contracts() -> Vec<(&'static str, Contract)> {
    let contract = |service: &livline::services::Listed| Some((service.name, service.contract?().unwrap()));
    livline::services::all().iter().filter_map(contract).collect()
}

/// The runs of every service in which cases are opened.
#[must_use]
pub fn services() -> Vec<Service> {
    let contracts = contracts();
    let cases = contracts.iter().filter(|(name, _)| *name != people::SERVICE);
    cases.map(|(name, contract)| Service::read(name, contract)).collect()
}

impl Service {
    fn read(name: &'static str, contract: &Contract) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../services").join(name).join("golden");
        let entries = contract.aggregates.first().map(|aggregate| aggregate.entries.as_slice()).unwrap_or_default();
        let mut steps = Vec::new();
        for form in ["complete", "minimal"] {
            for entry in entries {
                let file = folder.join(format!("{}.v{}.json", entry.event, entry.version));
                // What is common to all services has its samples with the kit.
                let Ok(text) = std::fs::read_to_string(file) else { continue };
                let samples: Value = serde_json::from_str(&text).unwrap();
                let facts = samples.get(form).unwrap().clone();
                steps.push(Step { action: entry.action.clone(), facts, sample: steps.len() });
            }
        }
        let mut runs = Vec::new();
        while !steps.is_empty() {
            let rest = steps.split_off(RUN.min(steps.len()));
            runs.push(std::mem::replace(&mut steps, rest));
        }
        Self { name, runs }
    }
}

/// Facts with ids, an alarm and a companion of the case's own: there is one of each among all cases.
#[must_use]
pub fn own(facts: &Value, case: u64) -> Value {
    match facts {
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), own(value, case))).collect(),
        Value::Array(items) => items.iter().map(|value| own(value, case)).collect(),
        Value::String(text) => match text.parse::<Uuid>() {
            Ok(id) => json!(Uuid::from_u128(id.as_u128() ^ u128::from(case))),
            Err(_) if text.starts_with("OA ") => json!(format!("OA {case}")),
            Err(_) if text.starts_with("w-") => json!(format!("w-{case}")),
            Err(_) => facts.clone(),
        },
        _ => facts.clone(),
    }
}
