//! The program under test: what `livline` is, built beside the tests so that they can run it as processes of their own.
//!
//! Its clock is off by as many hours as [`CLOCK_OFF`] says.

use engine::clock::Clock;
use livline_tests::process::CLOCK_OFF;
use std::process::ExitCode;

fn main() -> ExitCode {
    let hours = std::env::var(CLOCK_OFF).ok().and_then(|hours| hours.parse().ok()).unwrap_or(0);
    livline::run(Clock::of(move || Clock::system().now() + time::Duration::hours(hours)))
}
