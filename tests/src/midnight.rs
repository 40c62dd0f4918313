//! The day on which a test runs: what it calls today must still be today when it looks.
//!
//! Deliberately absent: clocks that a test moves itself. The program's own tests have this file too.

use engine::clock::Clock;
use kit::calendar::day_in_copenhagen;
use std::{thread, time::Duration};

/// How long before midnight in Copenhagen no test begins.
const NEAR: Duration = Duration::from_mins(8);
const PAUSE: Duration = Duration::from_secs(5);

/// Returns at once, but for the last minutes of a day: then, when the next one has begun.
pub(crate) fn waited_for() {
    let clock = Clock::system();
    while day_in_copenhagen(clock.now() + NEAR) != clock.today() {
        thread::sleep(PAUSE);
    }
}
