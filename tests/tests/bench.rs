//! Every part of the bench goes to its end and gives its rows, and a part that fails takes no other with it.
//!
//! Each is the program of `make bench` at its small size. Deliberately absent: any figure, for how fast a machine is no test asks.

use livline_tests::bench::{self, Part, Row, Size};
use serde_json::Value;
use std::process::Command;

/// Runs a part, and looks that it gives these rows, each with figures, and nothing is wrong.
fn gives(part: &str, rows: &[(&str, &str)]) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bench.json");
    let mut bench = Command::new(env!("CARGO_BIN_EXE_bench"));
    let ran = bench.args(["--small", part, "--to"]).arg(&file).output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    println!("{said}");
    assert!(ran.status.success(), "the bench ends with {}", ran.status);
    let kept: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!((&kept["ended"], &kept["wrong"]), (&Value::Bool(true), &Value::Array(Vec::new())));
    assert_eq!(kept["parts"][0]["part"], part);
    let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    let all = kept["rows"].as_array().unwrap();
    let named: Vec<_> = all.iter().map(|row| (text(row, "what"), text(row, "plainly"))).collect();
    let named: Vec<_> = named.iter().map(|(what, plainly)| (what.as_str(), plainly.as_str())).collect();
    assert_eq!(named, rows);
    for row in all {
        assert!(said.contains(&text(row, "what")), "a row is printed: {row}");
        for (side, figure) in ["ours", "plain", "ratio"]
            .into_iter()
            .flat_map(|side| ["lowest", "median", "highest"].map(|figure| (side, figure)))
        {
            // Nothing is so slow that it does not happen.
            assert!(row[side][figure].as_f64().is_some_and(|rate| rate > 0.0), "{side} {figure}: {row}");
        }
    }
}

#[test]
fn a_command_is_measured_on_its_way_to_the_timeline() {
    gives(
        "journal",
        &[
            ("executor, 16 tasks, pool of 16", "postgres-es: persist, pool of 16"),
            ("executor, 16 tasks, pool of 5 (as served)", "postgres-es: persist, pool of 16"),
            ("executor, 16 tasks, pool of 16", "postgres-es: get_events, persist, pool of 16"),
            ("journal, 16 commands at once", "pgbench insert, 16 connections"),
            ("journal, 64 commands at once", "pgbench insert, 64 connections"),
            ("relay, pool of 5", "JetStream publish, 256 on their way"),
            ("timeline from the stream, pool of 5", "insert of 256 rows, 1 connection"),
            ("timeline from the feed (rebuild), pool of 5", "insert of 256 rows, 1 connection"),
        ],
    );
}

#[test]
fn actions_are_measured_through_all_services() {
    gives("services", &[("actions over HTTP, five services, 16 tasks", "INSERT … RETURNING, 16 connections")]);
}

#[test]
fn reading_is_measured_among_few_women_and_among_many() {
    gives(
        "reading",
        &[
            ("timeline of 230 entries, 10 women", "bare SQL of the pages, 5 connections"),
            ("timeline of 230 entries, 200 women", "bare SQL of the pages, 5 connections"),
            ("timeline of 230 entries, 200 women", "the same, 10 women"),
            ("overdue at a centre, 10 women", "bare SQL of the list, 5 connections"),
            ("overdue at a centre, 200 women", "bare SQL of the list, 5 connections"),
            ("overdue at a centre, 200 women", "the same, 10 women"),
        ],
    );
}

#[test]
fn a_search_is_measured() {
    gives("search", &[("search among 20 women over HTTP", "opening 40 registrations, keys in memory")]);
}

#[test]
fn sealing_is_measured() {
    gives(
        "sealing",
        &[
            ("sealing an event of 4 facts, 1 task", "AES-256-GCM of the same bytes alone"),
            ("opening an event of 4 facts, 1 task", "AES-256-GCM of the same bytes alone"),
            ("executor, sealed facts, keys in memory", "executor, the same event in clear"),
            ("executor, sealed facts, 8 events a woman", "executor, the same event in clear"),
        ],
    );
}

#[test]
fn an_erasure_is_measured() {
    gives("erasure", &[("erasing a woman of 50 events", "erasing a woman of 5 events")]);
}

fn row(what: &str) -> Row {
    let mut row = Row::new(what, "plainly");
    row.round(1.0, 2.0);
    row
}

#[test]
fn a_part_that_fails_loses_nothing_and_takes_no_other_with_it() {
    let failing = [
        Part { name: "good", measure: |report| Box::pin(async { report.row(&row("first")) }) },
        Part {
            name: "failing",
            measure: |report| {
                Box::pin(async {
                    report.row(&row("middle"));
                    // In a task, as what clients do is.
                    let there = std::fs::read_to_string(report.file()).unwrap();
                    tokio::spawn(async move { assert!(!there.contains("middle"), "the row is kept") }).await.unwrap();
                })
            },
        },
        Part { name: "wrong", measure: |report| Box::pin(async { report.must(false, "a count differs") }) },
        Part { name: "last", measure: |report| Box::pin(async { report.row(&row("third")) }) },
    ];
    let folder = tempfile::tempdir().unwrap();
    let run = |parts: &[Part]| {
        let file = folder.path().join("not there yet").join("bench.json");
        let good = bench::run(parts, Size::small(), &file);
        (good, serde_json::from_slice::<Value>(&std::fs::read(&file).unwrap()).unwrap())
    };
    let (good, kept) = run(&failing);
    assert!(!good, "a part failed");
    let of = |list: &str, name: &str| -> Vec<String> {
        kept[list].as_array().unwrap().iter().map(|one| one[name].as_str().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(of("rows", "what"), ["first", "middle", "third"]);
    assert_eq!(of("rows", "part"), ["good", "failing", "last"]);
    assert_eq!(of("parts", "part"), ["good", "failing", "wrong", "last"]);
    let failed = of("parts", "failed");
    assert!(failed[1].contains("the row is kept"), "{failed:?}");
    assert_eq!([&failed[0], &failed[2], &failed[3]], ["", "", ""]);
    assert_eq!(of("wrong", "text"), ["a count differs"]);
    assert_eq!((&kept["rows"][0]["ratio"]["median"], &kept["ended"]), (&Value::from(0.5), &Value::Bool(true)));

    let only = |at: usize| run(&failing[at..=at]).0;
    assert_eq!([only(0), only(1), only(2), only(3)], [true, false, false, true]);
}
