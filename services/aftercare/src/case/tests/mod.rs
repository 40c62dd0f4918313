//! Aftercare's rules, said as given, when, then.

mod rules;
mod samples;
mod walks;

use super::Aftercare;
use kit::given::{Given, given};

/// An aftercare case on Friday 20 November 2026, with the deadlines that are deployed.
fn case() -> Given<Aftercare> {
    given("2026-11-20", include_str!("../../../../../deploy/deadlines.toml"))
}
