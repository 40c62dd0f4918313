//! Housing's rules, said as given, when, then.

mod corrections;
mod follow_ups;
mod rules;
mod samples;
mod walks;

use super::Housing;
use kit::given::{Given, given};
use serde_json::{Value, json};

const OFFER: &str = "6f1c2b9e-0a3d-4c57-9b1e-2d4f6a8c0e11";
const OTHER: &str = "6f1c2b9e-0a3d-4c57-9b1e-2d4f6a8c0e12";
const HOME: &str = "9d3e5f70-1a2b-4c3d-8e4f-5a6b7c8d9e33";
const ANSWER: &str = "offer/6f1c2b9e-0a3d-4c57-9b1e-2d4f6a8c0e11/answer";

/// A housing case on Friday 20 November 2026, with the deadlines that are deployed.
pub(crate) fn case() -> Given<Housing> {
    given("2026-11-20", include_str!("../../../../../deploy/deadlines.toml"))
}

/// A case with an offer to be answered by 1 December.
pub(crate) fn offered() -> Given<Housing> {
    case().and("make-offer", json!({ "offer": OFFER, "rent": 795_000, "answer_by": "2026-12-01" }))
}

pub(crate) fn offer() -> Value {
    json!({ "offer": OFFER })
}
