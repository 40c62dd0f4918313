//! The course of one woman in a timeline's database: hers comes about as everybody's does, those of the women around her by SQL.
//!
//! Hers is walked over HTTP through all services and topped up with notes, so every fact of hers opens and reads. The others' rows
//! are copies of real ones under other ids: nobody reads their facts, they are there to be passed over. Deliberately absent: their
//! events in any journal (a rebuild would not know them).

use super::{
    Report,
    load::{Stores, exactly_once},
    walk::Walks,
};
use crate::{CENTRE, Ground};
use serde_json::json;
use sqlx::PgPool;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};
use time::Date;
use uuid::Uuid;

/// Clients at once.
const TASKS: u32 = 16;
/// Entries of every other woman: half a million rows among 100,000 women, which takes long enough to write.
pub(crate) const OTHERS: i32 = 5;

/// Walks until she has her entries.
pub(crate) async fn hers(ground: &Ground, stores: &Stores, woman: Uuid, report: &mut Report) {
    let (entries, walked) = (u64::from(report.size.entries), u64::from(report.size.walked));
    let walks = Walks::new(ground, Some(woman));
    let made = Arc::new(AtomicU64::new(0));
    let walking: Vec<_> = (0..TASKS)
        .map(|task| {
            let (mut walker, made) = (walks.walker(task), made.clone());
            tokio::spawn(async move {
                while made.load(Relaxed) < walked {
                    let events = walker.step().await as u64;
                    made.fetch_add(events, Relaxed);
                }
            })
        })
        .collect();
    for task in walking {
        task.await.unwrap();
    }
    report.must(stores.settle().await.is_some(), "the readers did not hear her course in time");
    let there: u64 = stores.heads().await.values().map(|head| head.unsigned_abs()).sum();
    report.must(there <= entries, format!("she has {there} entries before the notes"));
    let cases = walks.tally.lock().unwrap().cases.clone();
    let notes: Vec<_> = (there..entries).zip(cases.iter().cloned().enumerate().cycle()).collect();
    let noting: Vec<_> = (0..TASKS)
        .map(|task| {
            let walker = walks.walker(task);
            // All notes of a case are one client's: many at once for one case are told to come again.
            let own = |(_, (case, _)): &&(u64, (usize, _))| *case % TASKS as usize == task as usize;
            let notes: Vec<_> = notes.iter().filter(own).cloned().collect();
            tokio::spawn(async move {
                for (number, (_, (service, case))) in notes {
                    let body =
                        json!({ "facts": { "text": "She would like to know when she can move in. ".repeat(4) } });
                    walker
                        .send(service, &format!("/v1/cases/{case}/write-note"), &format!("note {number}"), &body)
                        .await;
                }
            })
        })
        .collect();
    for task in noting {
        task.await.unwrap();
    }
    report.must(stores.settle().await.is_some(), "the readers did not hear her notes in time");
    exactly_once(stores, &walks, report).await;
}

/// The women around her of whom something is late.
pub(crate) async fn late(ground: &Ground, women: u32) -> Vec<Uuid> {
    sqlx::query_scalar("SELECT md5('woman ' || w)::uuid FROM generate_series(1, $1) AS w")
        .bind(women.cast_signed())
        .fetch_all(&ground.pool("postgres").await)
        .await
        .unwrap()
}

/// Puts others around her: their entries one round after the other, as time would.
pub(crate) async fn others(ground: &Ground, store: &str, woman: Uuid, (women, late): (i32, u32), today: Date) {
    let pool = &ground.pool(store).await;
    for entry in 1..=OTHERS {
        sqlx::query(
            "WITH real AS MATERIALIZED (
                 SELECT row_number() OVER (ORDER BY number, service) % 50 AS place, service, at, body FROM entries
                 WHERE woman = $4 ORDER BY number, service LIMIT 50)
             INSERT INTO entries (service, number, woman, centre, at, aggregate_type, aggregate, version, body)
             SELECT real.service, 1000000 + $1::bigint * $2 + w, md5('woman ' || w)::uuid, $3,
                    real.at - ($1 * 30 + w % 30) * interval '1 day', 'case', md5('case ' || w)::uuid, $1, real.body
             FROM generate_series(1, $2) AS w JOIN real ON real.place = (w + $1) % 50",
        )
        .bind(entry)
        .bind(women)
        .bind(CENTRE.0)
        .bind(woman)
        .execute(pool)
        .await
        .unwrap();
    }
    // Nobody is shown a follow-up that the timeline has not signed. Those that are not late nobody reads.
    follow_ups(pool, woman, (1, late.cast_signed()), today, 8).await;
    timeline::sign_again(pool, &ground.signer(timeline::SERVICE)).await.unwrap();
    follow_ups(pool, woman, (late.cast_signed() + 1, women), today, 3).await;
    // As autovacuum would, some time after.
    sqlx::query("VACUUM (ANALYZE) entries, follow_ups").execute(pool).await.unwrap();
}

/// Follow-ups of the women from one number to another: the first is done, two are to come, the others are late.
async fn follow_ups(pool: &PgPool, woman: Uuid, (from, to): (i32, i32), today: Date, of_each: i32) {
    sqlx::query(
        "INSERT INTO follow_ups (service, aggregate, key, woman, centre, what, due_day, due, class, responsible, basis, open, number)
         SELECT real.service, md5('case ' || w)::uuid, 'bench/' || k, md5('woman ' || w)::uuid, $3, real.what, due.day,
                due.day::text, 'personal', real.responsible, real.basis, k > 1, 1000000
         FROM generate_series($1, $2) AS w CROSS JOIN generate_series(1, $6) AS k
         CROSS JOIN LATERAL (SELECT $4::date + CASE WHEN k > 3 THEN -(1 + (w * 5 + k) % 60) ELSE 1 + (w + k) % 90 END AS day) AS due
         CROSS JOIN (SELECT service, what, responsible, basis FROM follow_ups
                     WHERE woman = $5 AND due_day IS NOT NULL ORDER BY service, aggregate, key LIMIT 1) AS real",
    )
    .bind(from)
    .bind(to)
    .bind(CENTRE.0)
    .bind(today)
    .bind(woman)
    .bind(of_each)
    .execute(pool)
    .await
    .unwrap();
}
