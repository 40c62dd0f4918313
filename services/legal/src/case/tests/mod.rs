//! Legal's rules, said as given, when, then.

mod corrections;
mod follow_ups;
mod orders;
mod rules;
mod samples;
mod walks;

use super::Legal;
use kit::given::{Given, given};
use serde_json::{Value, json};

const ORDER: &str = "3a7c1e52-9b4d-4f60-8a21-5c6d7e8f9a01";
const OTHER: &str = "3a7c1e52-9b4d-4f60-8a21-5c6d7e8f9a02";
const HEARING: &str = "5d8e2f63-0c5e-4a71-9b32-6d7e8f9a0b12";
const DECISION: &str = "7e9f3a74-1d6f-4b82-8c43-7e8f9a0b1c23";
const CHILD: &str = "8fa04b85-2e70-4c93-9d54-8f9a0b1c2d34";
const END: &str = "order/3a7c1e52-9b4d-4f60-8a21-5c6d7e8f9a01/end";
const FINAL: &str = "order/3a7c1e52-9b4d-4f60-8a21-5c6d7e8f9a01/final-decision";
const COURT: &str = "order/3a7c1e52-9b4d-4f60-8a21-5c6d7e8f9a01/court";
const PLAN: &str = "hearing/5d8e2f63-0c5e-4a71-9b32-6d7e8f9a0b12/safety-plan";
const MARRIAGE: &str = "marriage/chase";
const AID: &str = "free-legal-aid/chase";
const APPLY: &str = "compensation/apply";

/// A legal case on Friday 20 November 2026, with the deadlines that are deployed.
fn case() -> Given<Legal> {
    given("2026-11-20", include_str!("../../../../../deploy/deadlines.toml"))
}

/// A case with a restraining order for two years.
fn restrained() -> Given<Legal> {
    case().and("issue-restraining-order", json!({ "order": ORDER, "from": "2026-11-20", "until": "2028-11-20" }))
}

/// A case with an immediate restraining order.
fn immediate() -> Given<Legal> {
    case().and("issue-restraining-order", json!({ "order": ORDER, "provisional": true }))
}

/// A case with an expulsion for two weeks.
fn expelled() -> Given<Legal> {
    case().and("order-expulsion", json!({ "order": ORDER, "until": "2026-12-04" }))
}

/// A case with a hearing in court on 2 December.
fn summoned() -> Given<Legal> {
    case().and("schedule-hearing", json!({ "hearing": HEARING, "kind": "court_hearing", "when": "2026-12-02T09:30" }))
}

fn order() -> Value {
    json!({ "order": ORDER })
}

fn hearing() -> Value {
    json!({ "hearing": HEARING })
}
