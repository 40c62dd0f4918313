//! What this machine gives through our code, each figure beside the plain way of doing the same in the same run.
//!
//! How to read it: a line has ours, the plain counterpart and the ratio of the two, all of them medians of the rounds with
//! (lowest–highest). Rounds alternate ours and plain, and a ratio is of the two neighbours of one round, so a machine that is slow
//! for a while slows both. Compare ratios between machines and days, never rates. A ratio below 1 is what our guarantees cost, one
//! above 1 what gathering gives. The plain side does less: the lines below the table say what ours does besides.
//!
//! Everything runs on one Postgres (fsync on) and one nats-server of its own at a time, over loopback, and ends within minutes: turns
//! are bounded by time or by a count. The parts measure one thing after the other without HTTP; services, reading, search and erasure
//! go over HTTP through everything. Parts that are named as arguments run alone. It ends with a failure where numbers are not dense,
//! counts differ, an open fact was stored, two readers of the same rows read something else, or a target is missed that a line below
//! the table names. Deliberately absent: any figure that was not measured just now.
#![expect(clippy::unwrap_used, reason = "a bench that cannot go on should say where, and stop")]
#![expect(clippy::print_stdout, reason = "its table is what it is for")]

#[path = "../bench/append.rs"]
mod append;
#[path = "../bench/commands.rs"]
mod commands;
#[path = "../bench/crowd.rs"]
mod crowd;
#[path = "../bench/erasure.rs"]
mod erasure;
#[path = "../bench/load.rs"]
mod load;
#[path = "../bench/measure.rs"]
mod measure;
#[path = "../bench/project.rs"]
mod project;
#[path = "../bench/publish.rs"]
mod publish;
#[path = "../bench/reading.rs"]
mod reading;
#[path = "../bench/sealing.rs"]
mod sealing;
#[path = "../bench/search.rs"]
mod search;
#[path = "../bench/walk.rs"]
mod walk;

use livline_tests::Ground;
use measure::Row;
use std::{process::ExitCode, time::Instant};

/// What a part of the bench hands back.
#[derive(Default)]
struct Report {
    rows: Vec<Row>,
    notes: Vec<String>,
    wrong: Vec<String>,
}

impl Report {
    /// Says what was not as it must be.
    fn must(&mut self, so: bool, what: impl Into<String>) {
        if !so {
            self.wrong.push(what.into());
        }
    }
}

/// What can be measured by itself. Those of the journal need one another.
const PARTS: [&str; 6] = ["journal", "services", "reading", "search", "sealing", "erasure"];

#[tokio::main]
async fn main() -> ExitCode {
    let begun = Instant::now();
    let named: Vec<String> = std::env::args().skip(1).collect();
    if let Some(other) = named.iter().find(|named| !PARTS.contains(&named.as_str())) {
        println!("{other} is none of: {}", PARTS.join(" "));
        return ExitCode::FAILURE;
    }
    let wanted = |part: &str| named.is_empty() || named.iter().any(|named| named == part);
    let ground = Ground::start().await;
    let mut report = Report::default();
    println!("{}\n", machine(&ground).await);
    if wanted("journal") {
        println!("1 of 9: commands");
        let body = commands::measure(&ground, &mut report).await;
        println!("2 of 9: append");
        append::measure(&ground, &body, &mut report).await;
        println!("3 of 9: relay");
        let published = publish::measure(&ground, &mut report).await;
        println!("4 of 9: projection");
        project::measure(&ground, &published, &mut report).await;
    }
    // What follows has servers of its own: its counts begin at nothing.
    drop(ground);
    if wanted("services") {
        println!("5 of 9: five services");
        load::measure(&mut report).await;
    }
    if wanted("reading") {
        println!("6 of 9: reading");
        reading::measure(&mut report).await;
    }
    if wanted("search") {
        println!("7 of 9: search");
        Box::pin(search::measure(&mut report)).await;
    }
    if wanted("sealing") {
        println!("8 of 9: sealing");
        sealing::measure(&mut report).await;
    }
    if wanted("erasure") {
        println!("9 of 9: erasure");
        erasure::measure(&mut report).await;
    }

    println!("\n{}", measure::table(&report.rows));
    report.notes.iter().for_each(|note| println!("  {note}"));
    println!("\n  {:.0} s in all", begun.elapsed().as_secs_f64());
    report.wrong.iter().for_each(|wrong| println!("  WRONG: {wrong}"));
    if report.wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn machine(ground: &Ground) -> String {
    let cores = std::thread::available_parallelism().unwrap();
    let postgres: String =
        sqlx::query_scalar("SHOW server_version").fetch_one(&ground.pool("postgres").await).await.unwrap();
    let nats = engine::nats::connect(&ground.nats_config(), "bench").await.unwrap().server_info().version;
    let profile = if cfg!(debug_assertions) { "a debug build: its figures mean nothing" } else { "release" };
    format!("{cores} cores, PostgreSQL {postgres}, nats-server {nats}, {profile}")
}
