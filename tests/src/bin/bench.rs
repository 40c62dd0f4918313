//! `make bench`: what this machine gives through our code, beside the plain way of doing the same ([`livline_tests::bench`]).
//!
//! Parts that are named run alone, in their usual order; without one all do. `--small` measures as little as there can be (its figures mean
//! nothing, it shows that every part goes to its end), `--to FILE` keeps the figures elsewhere than in `target/bench.json`. Ends with a
//! failure where a part did not come to its end or something was wrong; the other parts are measured all the same.
#![expect(clippy::print_stdout, reason = "it says what can be asked for")]

use livline_tests::bench::{self, PARTS, Part, Size};
use std::process::ExitCode;

fn main() -> ExitCode {
    let (mut size, mut file, mut named) = (Size::full(), bench::usual_file(), Vec::new());
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--small" => size = Size::small(),
            "--to" => file = arguments.next().expect("a file follows").into(),
            name if PARTS.iter().any(|part| part.name == name) => named.push(argument),
            other => {
                let names: Vec<_> = PARTS.iter().map(|part| part.name).collect();
                println!("{other} is none of: {} --small --to FILE", names.join(" "));
                return ExitCode::FAILURE;
            }
        }
    }
    let wanted = |part: &Part| named.is_empty() || named.iter().any(|name| name == part.name);
    let parts: Vec<_> = PARTS.into_iter().filter(wanted).collect();
    if bench::run(&parts, size, &file) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
