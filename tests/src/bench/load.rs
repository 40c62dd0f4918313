//! Actions a second over HTTP while five services, their policies and the timeline run, beside bare inserts of the same bodies.
//!
//! Clients, services, Postgres and NATS share this machine, and each turn begins when everybody has heard everything of the last.
//! Deliberately absent: networks, other centres, and reading while it is written ([`super::reading`]).

use super::{
    Report,
    measure::{Row, Spread, a_second, spread, turn},
    walk::{self, Walks},
};
use crate::{Ground, PATIENCE, runs::contracts};
use engine::database;
use sqlx::PgPool;
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};
use tokio::sync::Mutex;
use uuid::Uuid;

/// Clients at once, and connections of the plain side.
const TASKS: u32 = 16;
/// Bodies of each service that the plain side inserts again and again.
const BODIES: i64 = 2000;

/// The databases of a running installation.
pub(crate) struct Stores {
    domains: Vec<(&'static str, PgPool)>,
    timelines: Vec<PgPool>,
}

impl Stores {
    pub(crate) async fn open(ground: &Ground, timelines: &[&str]) -> Self {
        let (mut domains, mut pools) = (Vec::new(), Vec::new());
        for (name, _) in contracts() {
            domains.push((name, ground.pool(&format!("livline_{name}")).await));
        }
        for timeline in timelines {
            pools.push(ground.pool(timeline).await);
        }
        Self { domains, timelines: pools }
    }

    /// The last number of each service.
    pub(crate) async fn heads(&self) -> BTreeMap<String, i64> {
        let mut heads = BTreeMap::new();
        for (name, pool) in &self.domains {
            let head = sqlx::query_scalar("SELECT coalesce(max(number), 0) FROM events").fetch_one(pool).await;
            heads.insert((*name).to_owned(), head.unwrap());
        }
        heads
    }

    /// How many events of these the timelines have not taken in.
    pub(crate) async fn behind(&self, heads: &BTreeMap<String, i64>) -> i64 {
        let mut behind = 0;
        for pool in &self.timelines {
            let reached = progress(pool).await;
            let missing = |(service, head): (&String, &i64)| {
                let shown = reached.iter().find(|(reader, read, _)| reader == timeline::SERVICE && read == service);
                (head - shown.map_or(0, |(_, _, number)| *number)).max(0)
            };
            behind += heads.iter().map(missing).sum::<i64>();
        }
        behind
    }

    /// Whether every reader has taken in everything, and nothing came of it meanwhile.
    async fn quiet(&self) -> bool {
        let heads = self.heads().await;
        let mut missed = self.behind(&heads).await;
        for pool in self.domains.iter().map(|(_, pool)| pool).chain(&self.timelines) {
            let behind =
                |(_, service, number): &(String, String, i64)| heads.get(service).is_some_and(|head| number < head);
            missed += i64::from(progress(pool).await.iter().any(behind));
        }
        missed == 0 && heads == self.heads().await
    }

    /// Waits until it is quiet, and says how long that took; none where it did not become so in time.
    pub(crate) async fn settle(&self) -> Option<f64> {
        until(async || self.quiet().await).await
    }
}

/// How far the readers of a database are: who reads, which service, up to which number.
async fn progress(pool: &PgPool) -> Vec<(String, String, i64)> {
    sqlx::query_as("SELECT reader, service, number FROM progress").fetch_all(pool).await.unwrap()
}

/// Looks every few milliseconds, and says after how many seconds it was so.
async fn until(mut so: impl AsyncFnMut() -> bool) -> Option<f64> {
    let begun = Instant::now();
    while !so().await {
        if begun.elapsed() > PATIENCE {
            return None;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Some(begun.elapsed().as_secs_f64())
}

pub(crate) async fn measure(report: &mut Report) {
    let size = report.size;
    let ground = Ground::start().await;
    report.on(&ground).await;
    let running = walk::serve(&ground).await;
    let stores = Stores::open(&ground, &["livline_timeline"]).await;
    let walks = Walks::new(&ground, None);
    // What a rule refuses shows here, and the pools are filled.
    let mut rehearsing = walks.walker(TASKS);
    while walks.begun() < walks.cases(size.runs) {
        rehearsing.step().await;
    }
    drop(rehearsing);
    let rehearsed = refusals(&walks);
    report.must(stores.settle().await.is_some(), "the readers did not hear the rehearsal in time");

    let walkers: Vec<_> = (0..TASKS).map(|task| Arc::new(Mutex::new(walks.walker(task)))).collect();
    ground.create_database("plain").await;
    let plain = database::pool(&ground.postgres.admin_url("plain").into(), TASKS).await.unwrap();
    for (name, _) in &stores.domains {
        let table =
            format!("CREATE TABLE {name} (number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body json NOT NULL)");
        sqlx::query(&table).execute(&plain).await.unwrap();
    }
    let mut row = Row::new("actions over HTTP, five services, 16 tasks", "INSERT … RETURNING, 16 connections");
    let (mut lags, mut caught_up, mut quiet, mut inserted) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for _ in 0..size.rounds {
        let before = acknowledged(&walks);
        let begun = Instant::now();
        turn(size.turn, TASKS, |task| {
            let walker = walkers.get(task as usize).unwrap().clone();
            move || {
                let walker = walker.clone();
                async move {
                    walker.lock().await.step().await;
                }
            }
        })
        .await;
        let ours = a_second(acknowledged(&walks) - before, begun);
        let heads = stores.heads().await;
        lags.push(f64::from(u32::try_from(stores.behind(&heads).await).unwrap()));
        caught_up.extend(until(async || stores.behind(&heads).await == 0).await);
        quiet.extend(stores.settle().await.zip(caught_up.last()).map(|(rest, caught_up)| rest + caught_up));
        let (rows, plain) = insert(size.turn, &plain, &bodies(&stores).await).await;
        inserted += rows;
        row.round(ours, plain);
    }
    report.row(&row);
    report.must(quiet.len() == size.rounds as usize, "the readers did not hear everything in time");
    let kept = kept(&plain, &stores).await;
    report.must(kept.unsigned_abs() == inserted, format!("{inserted} rows were inserted plainly, {kept} are stored"));

    let (by_clients, by_policies) = exactly_once(&stores, &walks, report).await;
    let refused = refusals(&walks);
    let (samples, left_out) = walks.samples();
    report.note(format!(
        "five services: {} actions were acknowledged, about {} women, and made {} events, each exactly once under its own key; policies \
         made {by_policies} more. Of {samples} samples {left_out} are left out as refused by a rule; refused in the turns: {}. Ours \
         besides: signing and checking tokens, access, load, decide, seal, number, publish, policies and timeline; plain is the stored \
         body in a transaction of its own.",
        acknowledged(&walks),
        walks.women(),
        by_clients,
        refused - rehearsed,
    ));
    let [behind, caught_up, quiet] = [lags, caught_up, quiet].map(spread);
    let Spread { median: behind, highest: furthest, .. } = behind;
    let Spread { median: caught_up, highest: slowest, .. } = caught_up;
    let Spread { median: quiet, highest: last, .. } = quiet;
    report.note(format!(
        "after a load the timeline was {behind:.0} events behind (at most {furthest:.0}) and had caught up after {caught_up:.2} s (at \
         most {slowest:.2}); policies had heard everything, and the timeline what came of it, after {quiet:.2} s (at most {last:.2})."
    ));
    for service in running.into_iter().rev() {
        service.stop().await;
    }
}

fn acknowledged(walks: &Walks) -> u64 {
    walks.tally.lock().unwrap().acknowledged.len() as u64
}

fn refusals(walks: &Walks) -> u64 {
    walks.tally.lock().unwrap().refused.values().sum()
}

/// Stored bodies, the services in turn.
async fn bodies(stores: &Stores) -> Vec<(&'static str, String)> {
    let mut all = Vec::new();
    for (name, pool) in &stores.domains {
        let bodies: Vec<String> = sqlx::query_scalar("SELECT body::text FROM events ORDER BY number DESC LIMIT $1")
            .bind(BODIES)
            .fetch_all(pool)
            .await
            .unwrap();
        all.extend(bodies.into_iter().enumerate().map(|(place, body)| (place, *name, body)));
    }
    all.sort_by_key(|(place, _, _)| *place);
    all.into_iter().map(|(_, name, body)| (name, body)).collect()
}

/// A turn of inserts: rows, and rows a second.
async fn insert(length: Duration, pool: &PgPool, bodies: &[(&'static str, String)]) -> (u64, f64) {
    let bodies: Arc<Vec<(String, String)>> = Arc::new(
        bodies
            .iter()
            .map(|(name, body)| (format!("INSERT INTO {name} (body) VALUES ($1::json) RETURNING number"), body.clone()))
            .collect(),
    );
    let next = Arc::new(AtomicUsize::new(0));
    turn(length, TASKS, |_| {
        let (pool, bodies, next) = (pool.clone(), bodies.clone(), next.clone());
        move || {
            let (pool, bodies, next) = (pool.clone(), bodies.clone(), next.fetch_add(1, Relaxed));
            async move {
                let (statement, body) = bodies.get(next % bodies.len()).unwrap();
                let _: i64 = sqlx::query_scalar(statement).bind(body).fetch_one(&pool).await.unwrap();
            }
        }
    })
    .await
}

async fn kept(plain: &PgPool, stores: &Stores) -> i64 {
    let mut kept = 0;
    for (name, _) in &stores.domains {
        let rows: i64 = sqlx::query_scalar(&format!("SELECT count(*) FROM {name}")).fetch_one(plain).await.unwrap();
        kept += rows;
    }
    kept
}

/// Holds what is stored and projected against what was answered; how many events clients made in cases, and how many policies made.
///
/// Registrations of women go no way that is measured: there is one of each woman, and they count for neither.
pub(crate) async fn exactly_once(stores: &Stores, walks: &Walks, report: &mut Report) -> (i64, i64) {
    let (acknowledged, refused) = {
        let tally = walks.tally.lock().unwrap();
        (tally.acknowledged.clone(), tally.refused.clone())
    };
    let failed: Vec<_> = refused.iter().filter(|(code, _)| code.contains(' ')).collect();
    report.must(failed.is_empty(), format!("commands were not answered: {failed:?}"));
    let (mut acted, mut by_policies) = (0, 0);
    for (name, pool) in &stores.domains {
        let (events, first, last, versions): (i64, i64, i64, i64) = sqlx::query_as(
            "SELECT count(*), min(number), max(number),
                    (SELECT count(*) FROM (SELECT 1 FROM events GROUP BY aggregate_type, aggregate_id
                                           HAVING (min(sequence), max(sequence)) <> (1, count(*))) AS torn) FROM events",
        )
        .fetch_one(pool)
        .await
        .unwrap();
        report.must((first, last) == (1, events), format!("{name}'s {events} numbers run from {first} to {last}"));
        report.must(versions == 0, format!("{name}: the versions of {versions} cases are not dense"));
        let stored: Vec<(Uuid, bool, i64)> =
            sqlx::query_as("SELECT key, body->>'actor' LIKE 'service:%', count(*) FROM events GROUP BY 1, 2")
                .fetch_all(pool)
                .await
                .unwrap();
        let by_clients: BTreeMap<Uuid, i64> =
            stored.iter().filter(|(_, policy, _)| !policy).map(|(key, _, events)| (*key, *events)).collect();
        let answered: BTreeMap<Uuid, i64> = acknowledged
            .iter()
            .filter(|((service, _), events)| service == name && **events > 0)
            .map(|((_, key), events)| (*key, i64::try_from(*events).unwrap()))
            .collect();
        if *name == people::SERVICE {
            let (registered, women) = (by_clients.len() as u64, walks.women());
            report.must(registered == women, format!("{registered} women are registered, cases are about {women}"));
        } else {
            report.must(
                by_clients == answered,
                format!(
                    "{name}: {} actions were acknowledged, {} keys are stored, or with other events",
                    answered.len(),
                    by_clients.len()
                ),
            );
            acted += by_clients.values().sum::<i64>();
        }
        by_policies += stored.iter().filter(|(_, policy, _)| *policy).map(|(_, _, events)| events).sum::<i64>();
        for timeline in &stores.timelines {
            let shown: (i64, i64) = sqlx::query_as(
                "SELECT (SELECT count(*) FROM entries WHERE service = $1), (SELECT count(*) FROM held_back)",
            )
            .bind(name)
            .fetch_one(timeline)
            .await
            .unwrap();
            report.must(
                shown == (events, 0),
                format!("{name}: of {events} events the timeline shows and holds back {shown:?}"),
            );
        }
    }
    (acted, by_policies)
}
