//! Safety's rules, said as given, when, then.

mod alerts;
mod corrections;
mod follow_ups;
mod rules;
mod samples;
mod walks;

use super::Safety;
use kit::given::{Given, given};
use serde_json::{Value, json};

const LOAN: &str = "5b1d7c3e-2f4a-4b6d-8c1e-3a5b7d9f1c21";
const OTHER_LOAN: &str = "5b1d7c3e-2f4a-4b6d-8c1e-3a5b7d9f1c22";
const ALERT: &str = "7c2e8d4f-3a5b-4c7e-9d2f-4b6c8e0a2d32";
const OTHER_ALERT: &str = "7c2e8d4f-3a5b-4c7e-9d2f-4b6c8e0a2d33";
const REVIEW: &str = "alarm/5b1d7c3e-2f4a-4b6d-8c1e-3a5b7d9f1c21/review";
const LOOK: &str = "alert/7c2e8d4f-3a5b-4c7e-9d2f-4b6c8e0a2d32";

/// A safety case on Friday 20 November 2026, with the deadlines that are deployed.
pub(crate) fn case() -> Given<Safety> {
    given("2026-11-20", include_str!("../../../../../deploy/deadlines.toml"))
}

/// A case with an alarm on loan.
pub(crate) fn lent() -> Given<Safety> {
    case().and("issue-alarm", json!({ "loan": LOAN, "alarm": "OA 1047", "review_on": "2026-12-20" }))
}

/// A case with an alert.
pub(crate) fn alerted(interlock: &str) -> Given<Safety> {
    case().and("raise-safety-alert", about(interlock))
}

pub(crate) fn about(interlock: &str) -> Value {
    json!({ "alert": ALERT, "interlock": interlock })
}

pub(crate) fn loan() -> Value {
    json!({ "loan": LOAN })
}

pub(crate) fn alert() -> Value {
    json!({ "alert": ALERT })
}

/// The keys of the follow-ups that are open, in order.
pub(crate) fn open(given: &Given<Safety>) -> Vec<&str> {
    given.case().follow_ups().iter().filter(|(_, follow_up)| follow_up.open).map(|(key, _)| key.as_str()).collect()
}
