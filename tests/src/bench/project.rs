//! Events a second from the stream into the timeline, beside a bare insert of the same rows.

use super::{
    Report,
    measure::{Row, a_second},
    publish::reached,
};
use crate::{Ground, Running};
use engine::{
    database,
    integrity::Signer,
    metrics::Named,
    reader::Event,
    run::{Domain, Host},
    store::Outgoing,
};
use housing::case::Housing;
use kit::Epoch;
use serde_json::json;
use sqlx::PgPool;
use std::{sync::Arc, time::Instant};
use time::OffsetDateTime;
use timeline::Projection;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Rows of one transaction, as the reader takes them.
const BATCH: usize = 256;
const INSERT: &str =
    "INSERT INTO entries (service, number, woman, centre, at, aggregate_type, aggregate, version, body)
    SELECT 'housing', e.number, e.woman, e.centre, e.at, 'case', e.aggregate, e.version, e.body::json
    FROM unnest($1::bigint[], $2::uuid[], $3::uuid[], $4::timestamptz[], $5::uuid[], $6::bigint[], $7::text[])
         AS e(number, woman, centre, at, aggregate, version, body)";

/// The rows of one transaction, by column.
#[derive(Default)]
struct Columns {
    numbers: Vec<i64>,
    women: Vec<Uuid>,
    centres: Vec<Option<Uuid>>,
    times: Vec<OffsetDateTime>,
    aggregates: Vec<Uuid>,
    versions: Vec<i64>,
    bodies: Vec<String>,
}

pub(crate) async fn measure(ground: &Ground, published: &[Outgoing], report: &mut Report) {
    let head = published.len() as u64;
    let batches: Vec<Columns> =
        published.chunks(BATCH).map(|events| columns(events, &ground.signer("housing"))).collect();
    ground.create_database("plain_timeline").await;
    let url = ground.postgres.admin_url("plain_timeline");
    database::migrate(&url, &timeline::TABLES).await.unwrap();
    let plain = database::pool(&url.into(), 5).await.unwrap();

    let epoch = Event::parse(&published.first().unwrap().bytes, &ground.signer("housing")).unwrap().epoch;
    let quiet = quiet_feed(epoch, head).await;
    let settings = ground.settings("housing", &database::SERVICE).await;
    let domain =
        Domain::<Housing>::open(housing::contract().unwrap(), "housing", settings, ground.clock.clone()).await.unwrap();
    let service = Running::start(domain.service()).await;

    let mut rows = [
        Row::new("timeline from the stream, pool of 5", "insert of 256 rows, 1 connection"),
        Row::new("timeline from the feed (rebuild), pool of 5", "insert of 256 rows, 1 connection"),
    ];
    for _ in 0..report.size.rounds {
        let from_stream = project(ground, Some(&quiet), head, report).await;
        let inserted = insert(&plain, &batches).await;
        let from_feed = project(ground, None, head, report).await;
        for (row, ours) in rows.iter_mut().zip([from_stream, from_feed]) {
            row.round(ours, inserted);
        }
    }
    report.rows(&rows);
    let ours = digest(&ground.pool("livline_timeline").await).await;
    report.must(ours == digest(&plain).await, "the timeline's entries are not the rows that were inserted plainly");
    report.must(ours.0.unsigned_abs() == head, format!("the timeline has {} of {head} entries", ours.0));
    let follow_ups: i64 = sqlx::query_scalar("SELECT count(*) FROM follow_ups")
        .fetch_one(&ground.pool("livline_timeline").await)
        .await
        .unwrap();
    report.note(format!(
        "projection: {head} entries, the same rows on both sides. Ours also parses, keeps progress and {follow_ups} follow-ups, and \
         notifies watchers; from the feed it goes over HTTP with tokens."
    ));
    service.stop().await;
}

/// Projects everything anew. With a quiet feed all of it comes from the stream, without from the service itself.
async fn project(ground: &Ground, quiet: Option<&str>, head: u64, report: &mut Report) -> f64 {
    let mut settings = ground.settings("timeline", &timeline::TABLES).await;
    if let Some(quiet) = quiet {
        settings.services.insert("housing".into(), quiet.into());
    }
    let host = Host::open(timeline::SERVICE, settings, ground.clock.clone(), &timeline::TABLES).await.unwrap();
    sqlx::query("TRUNCATE entries, follow_ups, held_back, progress").execute(&host.pool).await.unwrap();
    let reader = host.reader("housing", Arc::new(Projection(ground.signer("timeline")))).unwrap();
    let read = Named { name: "timeline/housing".into() };
    let stop = CancellationToken::new();
    let begun = Instant::now();
    let running = tokio::spawn(reader.run(stop.clone()));
    reached("the timeline", head, || host.metrics.read.get_or_create(&read).get()).await;
    let rate = a_second(head, begun);
    stop.cancel();
    running.await.unwrap();
    let held: i64 = sqlx::query_scalar("SELECT count(*) FROM held_back").fetch_one(&host.pool).await.unwrap();
    let fetched = host.metrics.fetched.get();
    report.must(held == 0, format!("the timeline holds {held} events back"));
    let all = if quiet.is_some() { 0 } else { head };
    report.must(
        fetched == all,
        format!("the reader fetched {fetched} events from the feed, {all} were to come from there"),
    );
    rate
}

async fn insert(pool: &PgPool, batches: &[Columns]) -> f64 {
    sqlx::query("TRUNCATE entries").execute(pool).await.unwrap();
    let begun = Instant::now();
    let mut rows = 0;
    for columns in batches {
        let mut transaction = pool.begin().await.unwrap();
        let inserted = sqlx::query(INSERT)
            .bind(&columns.numbers)
            .bind(&columns.women)
            .bind(&columns.centres)
            .bind(&columns.times)
            .bind(&columns.aggregates)
            .bind(&columns.versions)
            .bind(&columns.bodies)
            .execute(&mut *transaction)
            .await
            .unwrap();
        transaction.commit().await.unwrap();
        rows += inserted.rows_affected();
    }
    a_second(rows, begun)
}

fn columns(events: &[Outgoing], signer: &Signer) -> Columns {
    let mut columns = Columns::default();
    for outgoing in events {
        let event = Event::parse(&outgoing.bytes, signer).unwrap();
        let body = event.body.unwrap();
        columns.numbers.push(event.number.cast_signed());
        columns.women.push(event.woman.unwrap().0);
        columns.centres.push(body.centre.map(|centre| centre.0));
        columns.times.push(body.time.unwrap_or(body.recordedtime));
        columns.aggregates.push(body.aggregate.0);
        columns.versions.push(body.version.cast_signed());
        columns.bodies.push(outgoing.bytes.clone());
    }
    columns
}

/// How many entries there are, and a digest of all they say.
async fn digest(pool: &PgPool) -> (i64, Option<String>) {
    sqlx::query_as("SELECT count(*), md5(string_agg(md5(entries::text), '' ORDER BY number)) FROM entries")
        .fetch_one(pool)
        .await
        .unwrap()
}

/// A feed that knows the head and tells nothing: a reader that asks it at its start then has all from the stream.
async fn quiet_feed(epoch: Epoch, head: u64) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let page = json!({ "epoch": epoch, "head": head, "events": [] }).to_string();
    let length = page.len();
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{page}"
    );
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let mut asked = Vec::new();
            while !asked.ends_with(b"\r\n\r\n") && connection.read_buf(&mut asked).await.is_ok_and(|read| read > 0) {}
            let _ = connection.write_all(answer.as_bytes()).await;
        }
    });
    address
}
