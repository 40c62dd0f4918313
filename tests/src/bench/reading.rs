//! A long timeline over HTTP beside the bare SQL that reads the same rows, among few women and among very many: the second must cost
//! what the first does. The same with the list of what is overdue at a centre.
//!
//! Two timelines follow the same services and hold the same course; the crowd around her differs. Everything is read while it is
//! warm, again and again. Deliberately absent: cold disks, and readers of many different women.

use super::{
    Report,
    crowd::{self, OTHERS},
    load::Stores,
    measure::{Row, turn},
    size::Size,
    walk,
};
use crate::{CENTRE, Client, Ground, Running};
use engine::database;
use serde_json::Value;
use sqlx::{PgPool, Row as _};
use std::time::Instant;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

/// Readers at once: as many as the timeline has connections.
const TASKS: u32 = 5;
/// By how much turns are shorter than elsewhere: there are many, and each reads thousands of entries.
const SHORTER: u32 = 2;
/// Entries of a page, as the timeline gives them.
const PAGE: u32 = 200;
/// Follow-ups that a list holds at most.
const LISTED: u32 = 500;
const PAGES: &str = "bare SQL of the pages, 5 connections";
const PLAIN_FIRST: &str = "SELECT service, number, at, standing, body::text FROM entries
    WHERE woman = $1 AND centre = $2 ORDER BY at DESC, service DESC, number DESC LIMIT $3";
const PLAIN_NEXT: &str = "SELECT service, number, at, standing, body::text FROM entries
    WHERE woman = $1 AND centre = $2 AND (at, service, number) < ($4, $5, $6)
    ORDER BY at DESC, service DESC, number DESC LIMIT $3";

type Position = (OffsetDateTime, String, i64);

/// One of the two timelines, as both sides reach it.
#[derive(Clone)]
struct Shelf {
    name: &'static str,
    client: Client,
    plain: PgPool,
    woman: Uuid,
    today: Date,
    size: Size,
}

pub(crate) async fn measure(report: &mut Report) {
    let (begun, size) = (Instant::now(), report.size);
    let [some, very_many] = size.around;
    let mut ground = Ground::start().await;
    report.on(&ground).await;
    let mut running = walk::serve(&ground).await;
    running.push(second(&mut ground).await);
    let stores = Stores::open(&ground, &["livline_timeline", "timeline_many"]).await;
    let (woman, today) = (Uuid::from_u128(0xa), ground.clock.today());
    crowd::hers(&ground, &stores, woman, report).await;
    // Whom people does not know, no list shows.
    let leader = ground.leader();
    for late in crowd::late(&ground, size.late).await {
        leader.know(late).await;
    }
    report.must(stores.settle().await.is_some(), "the readers did not hear of the women around her in time");
    let mut shelves = Vec::new();
    for (name, store, women) in [("timeline", "livline_timeline", some), ("many", "timeline_many", very_many)] {
        crowd::others(&ground, store, woman, (women, size.late), today).await;
        let plain = database::pool(&ground.postgres.admin_url(store).into(), TASKS).await.unwrap();
        shelves.push(Shelf { name, client: leader.clone(), plain, woman, today, size });
    }
    let [few, many] = shelves.as_slice() else { return };
    let filled = begun.elapsed().as_secs_f64();
    let overdue = same(few, many, report).await;
    let open: i64 = sqlx::query_scalar("SELECT count(*) FROM follow_ups WHERE open AND woman = $1")
        .bind(woman)
        .fetch_one(&few.plain)
        .await
        .unwrap();

    let timeline = |women: i32| format!("timeline of {} entries, {women} women", size.entries);
    let list = |women: i32| format!("overdue at a centre, {women} women");
    let listed = format!("bare SQL of the list, {TASKS} connections");
    let mut rows = [
        Row::new(timeline(some), PAGES),
        Row::new(timeline(very_many), PAGES),
        Row::new(timeline(very_many), format!("the same, {some} women")),
        Row::new(list(some), listed.clone()),
        Row::new(list(very_many), listed),
        Row::new(list(very_many), format!("the same, {some} women")),
    ];
    for _ in 0..size.rounds {
        let (mut course, mut list) = (Vec::new(), Vec::new());
        for shelf in [few, many] {
            let ours = rate(shelf, size.entries, |shelf| async move { drop(shelf.course().await) }).await;
            course
                .push((ours, rate(shelf, size.entries, |shelf| async move { drop(shelf.plain_course().await) }).await));
        }
        for shelf in [few, many] {
            let ours = rate(shelf, overdue, |shelf| async move { drop(shelf.overdue().await) }).await;
            list.push((ours, rate(shelf, overdue, |shelf| async move { drop(shelf.plain_overdue().await) }).await));
        }
        let all = [course, list].into_iter().flat_map(|rates| {
            let over_http: Vec<f64> = rates.iter().map(|(ours, _)| *ours).collect();
            let grown = over_http.last().copied().zip(over_http.first().copied());
            rates.into_iter().chain(grown)
        });
        for (row, (ours, plain)) in rows.iter_mut().zip(all) {
            row.round(ours, plain);
        }
    }
    report.rows(&rows);
    let slower = |row: &Row| 1.0 / row.ratio().median;
    report.note(format!(
        "reading: entries a second of a timeline read whole in pages of {PAGE}, rows a second of the list. Ours besides: token, one \
         snapshot, her {open} open follow-ups and all tasks with every page, opening of facts, words in two languages, and JSON, which \
         the reader parses. Every other woman has {OTHERS} entries and 3 follow-ups; {overdue} are overdue in both. Among {very_many} \
         women a timeline takes {:.2} times as long as among {some}, the list {:.2} times. Filling took {filled:.0} s.",
        slower(&rows[2]),
        slower(&rows[5]),
    ));
    for service in running.into_iter().rev() {
        service.stop().await;
    }
}

/// A second timeline of the same services, on a database of its own.
async fn second(ground: &mut Ground) -> Running {
    ground.create_database("timeline_many").await;
    let url = ground.postgres.admin_url("timeline_many");
    database::migrate(&url, &timeline::TABLES).await.unwrap();
    let mut settings = ground.settings("timeline", &timeline::TABLES).await;
    settings.database = url.into();
    settings.listen.set_port(0);
    let contracts = crate::runs::contracts().into_iter().map(|(_, contract)| contract).collect();
    let running = Running::start(timeline::open(settings, ground.clock.clone(), contracts).await.unwrap()).await;
    ground.services.insert("many".into(), format!("http://{}", running.address));
    running
}

/// A turn of reading the same again and again: rows a second, of so many to a reading.
async fn rate<F>(shelf: &Shelf, rows: u32, read: impl Fn(Shelf) -> F + Copy + Send + 'static) -> f64
where
    F: Future<Output = ()> + Send,
{
    let (_, rate) = turn(shelf.size.turn / SHORTER, TASKS, |_| {
        let shelf = shelf.clone();
        move || read(shelf.clone())
    })
    .await;
    rate * f64::from(rows)
}

impl Shelf {
    /// All pages; the positions of the entries, and how many of them did not open.
    async fn course(&self) -> (Vec<String>, usize) {
        let (mut positions, mut closed, mut cursor) = (Vec::new(), 0, String::new());
        loop {
            let path = format!("/v1/women/{}/timeline{cursor}", self.woman);
            let page = self.client.get_once(self.name, &path).await.ok();
            for entry in page.body.get("entries").and_then(Value::as_array).into_iter().flatten() {
                positions.push(entry.get("position").and_then(Value::as_str).unwrap_or_default().to_owned());
                closed += usize::from(entry.get("readable") != Some(&Value::Bool(true)));
            }
            match page.body.get("next").and_then(Value::as_str) {
                Some(next) => cursor = format!("?cursor={next}"),
                None => return (positions, closed),
            }
        }
    }

    async fn plain_course(&self) -> Vec<String> {
        let (mut positions, mut last) = (Vec::new(), None::<Position>);
        loop {
            let query = sqlx::query(if last.is_none() { PLAIN_FIRST } else { PLAIN_NEXT });
            // One more than a page tells whether there are more.
            let query = query.bind(self.woman).bind(CENTRE.0).bind(i64::from(PAGE) + 1);
            let query = match last.take() {
                None => query,
                Some((at, service, number)) => query.bind(at).bind(service).bind(number),
            };
            let rows = query.fetch_all(&self.plain).await.unwrap();
            let page = rows.get(..PAGE as usize);
            for row in page.unwrap_or(&rows) {
                let body: &str = row.get("body");
                assert!(!body.is_empty(), "a body is never empty");
                positions.push(format!("{}:{}", row.get::<&str, _>("service"), row.get::<i64, _>("number")));
            }
            match page.filter(|page| page.len() < rows.len()).and_then(<[_]>::last) {
                Some(row) => last = Some((row.get("at"), row.get("service"), row.get("number"))),
                None => return positions,
            }
        }
    }

    /// What is overdue, as told.
    async fn overdue(&self) -> Vec<Value> {
        let mut answer = self.client.get(self.name, "/v1/follow-ups?due=overdue").await.ok();
        answer.body.get_mut("follow_ups").and_then(Value::as_array_mut).map(std::mem::take).unwrap_or_default()
    }

    async fn plain_overdue(&self) -> Vec<(Uuid, String)> {
        let rows = sqlx::query(
            "SELECT service, aggregate, woman, key, what, due_day, due, responsible, basis::text FROM follow_ups
             WHERE open AND centre = $1 AND due_day < $2 ORDER BY due_day, due, service, aggregate, key LIMIT $3",
        );
        let rows = rows.bind(CENTRE.0).bind(self.today).bind(i64::from(LISTED)).fetch_all(&self.plain).await.unwrap();
        rows.iter().map(|row| (row.get("aggregate"), row.get("key"))).collect()
    }
}

/// Both sides read the same, of both timelines; how many follow-ups the list holds.
async fn same(few: &Shelf, many: &Shelf, report: &mut Report) -> u32 {
    let mut told = Vec::new();
    for shelf in [few, many] {
        let (positions, closed) = shelf.course().await;
        report.must(closed == 0, format!("{closed} of her entries do not open"));
        report.must(
            positions.len() == shelf.size.entries as usize,
            format!("her timeline has {} entries", positions.len()),
        );
        report.must(positions == shelf.plain_course().await, "SQL reads other entries than the timeline shows");
        let overdue = shelf.overdue().await;
        let keys: Vec<_> = overdue
            .iter()
            .filter_map(|follow_up| {
                let text = |name: &str| follow_up.get(name).and_then(Value::as_str);
                Some((text("aggregate")?.parse::<Uuid>().ok()?, text("key")?.to_owned()))
            })
            .collect();
        report.must(keys == shelf.plain_overdue().await, "SQL reads other follow-ups than the list shows");
        // Some of her own are late as well.
        let late = shelf.size.overdue().min(LISTED) as usize;
        report.must((late..=LISTED as usize).contains(&keys.len()), format!("{} follow-ups are overdue", keys.len()));
        told.push((positions, overdue));
    }
    report.must(told.first() == told.last(), "the two timelines do not tell the same");
    told.first().map_or(0, |(_, overdue)| u32::try_from(overdue.len()).unwrap())
}
