//! `make faults`: many clients, many faults, and what must hold in the end ([`livline_tests::faults`]).
//!
//! `--seed N` (drawn where it is left out), `--faults N`, `--commands N`, `--seconds N`, `--longest SECONDS`, `--clients N`, `--only
//! KIND,KIND`, `--list` (the schedule alone). Ends with a failure where anything is not as it must be.
#![expect(clippy::print_stdout, reason = "its table is what it is for")]
#![expect(clippy::unwrap_used, reason = "a run that cannot go on should say where, and stop")]

use livline_tests::faults::{
    self, Plan,
    schedule::{self, Bounds, Kind},
};
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    let mut plan = Plan {
        seed: engine::clock::random_id().as_u64_pair().0 >> 32,
        kinds: Kind::usual().collect(),
        faults: usize::MAX,
        seconds: u64::MAX,
        longest: 30,
        commands: 0,
        clients: 20,
    };
    let (mut arguments, mut list) = (std::env::args().skip(1), false);
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next().and_then(|value| value.parse::<u64>().ok()).expect("a number follows");
        match argument.as_str() {
            "--seed" => plan.seed = number(),
            "--faults" => plan.faults = usize::try_from(number()).unwrap(),
            "--commands" => plan.commands = usize::try_from(number()).unwrap(),
            "--seconds" => plan.seconds = number(),
            "--longest" => plan.longest = number(),
            "--clients" => plan.clients = usize::try_from(number()).unwrap(),
            "--only" => {
                let kinds = arguments.next().expect("kinds follow");
                plan.kinds = kinds.split(',').map(|kind| kind.parse().expect("it is a kind of fault")).collect();
            }
            "--list" => list = true,
            other => panic!("{other} is not known"),
        }
    }
    if plan.faults == usize::MAX && plan.seconds == u64::MAX {
        plan.seconds = 180;
    }
    if plan.commands == 0 {
        let seconds = usize::try_from(plan.seconds).unwrap_or(usize::MAX);
        plan.commands = seconds.saturating_mul(20).min(plan.faults.saturating_mul(100));
    }
    let bounds = Bounds { faults: plan.faults, seconds: plan.seconds, longest: plan.longest, members: 12 };
    let schedule = schedule::draw(plan.seed, &plan.kinds, bounds);
    println!("seed {}: {} faults", plan.seed, schedule.len());
    if list {
        println!("{}", faults::told(&schedule));
        return ExitCode::SUCCESS;
    }
    let program = std::env::current_exe().unwrap().with_file_name("program");
    let report = tokio::select! {
        report = faults::run(&plan, program.to_str().unwrap()) => report,
        // Dropped in the middle, it takes its servers and its disk with it.
        _ = tokio::signal::ctrl_c() => return ExitCode::FAILURE,
    };
    println!("\n{}", report.text());
    if report.good() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
