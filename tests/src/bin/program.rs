//! The program under test: what `livline` is, built beside the tests so that they can run it as processes of their own.

use std::process::ExitCode;

fn main() -> ExitCode {
    livline::run()
}
