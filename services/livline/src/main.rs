//! The program `livline`; everything it does is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    livline::run()
}
