//! Rows a second through the journal, beside pgbench inserting the same row into a table with the same indexes.

use super::{
    Report,
    measure::{Row, turn},
};
use crate::{CENTRE, Ground};
use engine::{
    database,
    journal::{Append, Journal, NewEvent, Outcome},
};
use kit::{AggregateId, WomanId};
use livline::cluster::programs::PostgresPrograms;
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};
use uuid::Uuid;

/// The event of the row; its body is a real one.
const EVENT: &str = "HousingOfferMade";
/// One row. The body is a parameter, as it is with us, and not a part of the prepared statement.
const SCRIPT: &str = "\\set version :version + 1
\\set aggregate :run * 1000 + :client_id
INSERT INTO plain_events (number, aggregate_type, aggregate_id, sequence, event_type, event_version, subject, key, fingerprint,
                          warnings, body, chain)
VALUES (nextval('plain_number'), 'case', lpad(:aggregate::text, 36, '0'), :version, :event, '1', :woman, gen_random_uuid(),
        :fingerprint, '[]', :body, :fingerprint);
";

pub(crate) async fn measure(ground: &Ground, body: &str, report: &mut Report) {
    // The first service's journal is what the relay publishes next; this one is another's.
    let settings = ground.settings("madeup", &database::SERVICE).await;
    let pool = database::pool(&settings.database, settings.pool).await.unwrap();
    for statement in ["CREATE TABLE plain_events (LIKE events INCLUDING ALL)", "CREATE SEQUENCE plain_number CACHE 1"] {
        sqlx::query(statement).execute(&pool).await.unwrap();
    }
    let script = ground.path().join("insert.sql");
    std::fs::write(&script, SCRIPT).unwrap();
    let (journal, _) = Journal::start(pool.clone(), ground.signer("housing"));
    let (mut appended, mut inserted, mut runs) = (0, 0, 0);
    for (clients, mut row) in [
        (16, Row::new("journal, 16 commands at once", "pgbench insert, 16 connections")),
        (64, Row::new("journal, 64 commands at once", "pgbench insert, 64 connections")),
    ] {
        for _ in 0..report.size.rounds {
            runs += 1;
            let (done, ours) = append(report.size.turn, &journal, body, (clients, runs)).await;
            let (stored, plain) = pgbench(ground, &script, body, (clients, runs, report.size.turn)).await;
            (appended, inserted) = (appended + done, inserted + stored);
            row.round(ours, plain);
        }
        report.row(&row);
    }
    let (rows, first, last): (i64, i64, i64) =
        sqlx::query_as("SELECT count(*), min(number), max(number) FROM events").fetch_one(&pool).await.unwrap();
    let plain: i64 = sqlx::query_scalar("SELECT count(*) FROM plain_events").fetch_one(&pool).await.unwrap();
    report.must((first, last) == (1, rows), format!("append's {rows} numbers run from {first} to {last}"));
    report.must(rows.unsigned_abs() == appended, format!("{appended} appends were accepted, {rows} are stored"));
    report.must(plain.unsigned_abs() == inserted, format!("pgbench inserted {inserted} rows, {plain} are stored"));
    report.note(format!(
        "append: {appended} rows, numbers dense. Ours writes over one connection and checks versions and claims; pgbench (-j 2, prepared) \
         takes numbers from a sequence, which neither checks nor keeps them dense."
    ));
}

/// A turn of appends, each task to an aggregate of its own.
async fn append(length: Duration, journal: &Journal, body: &str, (tasks, run): (u32, u64)) -> (u64, f64) {
    let keys = Arc::new(AtomicU64::new(run << 32));
    turn(length, tasks, |task| {
        let (journal, keys, body) = (journal.clone(), keys.clone(), body.to_owned());
        let aggregate = Uuid::from_u128(u128::from(run) << 64 | u128::from(task));
        let mut version = 0;
        move || {
            let append = Append {
                aggregate_type: "case",
                aggregate: AggregateId(aggregate),
                expected: version,
                woman: Some(WomanId(aggregate)),
                centre: Some(CENTRE),
                claims: Vec::new(),
                key: Uuid::from_u128(u128::from(keys.fetch_add(1, Relaxed))),
                fingerprint: vec![0; 32],
                warnings: Vec::new(),
                events: vec![NewEvent { event: EVENT.into(), event_version: 1, body: body.clone() }],
            };
            version += 1;
            let journal = journal.clone();
            async move {
                assert!(
                    matches!(journal.append(append).await, Ok(Outcome::Accepted { .. })),
                    "nobody else appends there"
                );
            }
        }
    })
    .await
}

/// A turn of pgbench: rows, and rows a second once connected, as it says itself.
async fn pgbench(
    ground: &Ground,
    script: &Path,
    body: &str,
    (clients, run, length): (u32, u64, Duration),
) -> (u64, f64) {
    let url: reqwest::Url = ground.postgres.admin_url("livline_madeup").parse().unwrap();
    let ran = tokio::process::Command::new(PostgresPrograms::find().unwrap().program("pgbench"))
        .args(["--no-vacuum", "--protocol=prepared", "--jobs=2", "--file"])
        .arg(script)
        .arg(format!("--client={clients}"))
        // It knows whole seconds alone.
        .arg(format!("--time={}", length.as_secs().max(1)))
        .args([
            "-D",
            "version=0",
            "-D",
            &format!("run={run}"),
            "-D",
            &format!("event={EVENT}"),
            "-D",
            &format!("body={body}"),
        ])
        .args(["-D", &format!("woman={}", Uuid::max()), "-D", &format!("fingerprint=\\x{}", "0".repeat(64))])
        .args([
            "--host=127.0.0.1",
            "--port",
            &ground.postgres.port().to_string(),
            "--username",
            url.username(),
            "livline_madeup",
        ])
        .env("PGPASSWORD", url.password().unwrap())
        .kill_on_drop(true)
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(ran.status.success(), "pgbench: {said}{}", String::from_utf8_lossy(&ran.stderr));
    let after =
        |label: &str| said.split_once(label).and_then(|(_, rest)| rest.split_whitespace().next()).unwrap().to_owned();
    (after("actually processed: ").parse().unwrap(), after("tps = ").parse().unwrap())
}
