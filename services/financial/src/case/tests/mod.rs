//! The financial rules, said as given, when, then.

mod account;
mod corrections;
mod follow_ups;
mod rules;
mod samples;
mod walks;

use super::Financial;
use kit::given::{Given, given};
use serde_json::{Value, json};

const GRANT: &str = "5b8e1d2c-7f40-4a19-8c6d-1e2f3a4b5c61";
const OTHER: &str = "5b8e1d2c-7f40-4a19-8c6d-1e2f3a4b5c62";
const PLAN: &str = "7c9f2e3d-8a51-4b2a-9d7e-2f3a4b5c6d72";
const CHILD: &str = "3d1f4a6b-9c82-4e5d-8f70-6a7b8c9d0e91";
const SIBLING: &str = "3d1f4a6b-9c82-4e5d-8f70-6a7b8c9d0e92";
const CHASE: &str = "single-grant/5b8e1d2c-7f40-4a19-8c6d-1e2f3a4b5c61/chase";
const COMPLAINT: &str = "single-grant/5b8e1d2c-7f40-4a19-8c6d-1e2f3a4b5c61/complaint";

/// A financial case on Friday 20 November 2026, with the deadlines that are deployed.
pub(crate) fn case() -> Given<Financial> {
    given("2026-11-20", include_str!("../../../../../deploy/deadlines.toml"))
}

/// A case with a single grant applied for.
pub(crate) fn applied() -> Given<Financial> {
    case().and("apply-for-single-grant", json!({ "grant": GRANT, "purpose": "clothing", "amount": 250_000 }))
}

/// A decision on that grant.
pub(crate) fn decided(outcome: &str) -> Value {
    json!({ "grant": GRANT, "outcome": outcome })
}
