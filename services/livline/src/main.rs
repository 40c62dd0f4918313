//! The program `livline`; everything it does is in the library.

use engine::clock::Clock;
use std::process::ExitCode;

fn main() -> ExitCode {
    livline::run(Clock::system())
}
