//! Events to rows.
//!
//! It reads the envelope of an event, its facets, and of the facts only what the kit's own events say in the open: which entry a
//! correction is about. An event that cannot be applied is held back, with those of the same woman and service behind it; the rest
//! goes on. Deliberately absent: order and progress (`engine::reader`).

use crate::follow_ups;
use engine::{
    integrity::Signer,
    quarantine::{self, NOT_GENUINE, WAITS},
    reader::{Apply, Event, ReadError},
};
use kit::{WomanId, entry::WRONG_PERSON, published::Body};
use serde_json::Value;
use sqlx::{Acquire, PgConnection, Postgres, Transaction};
use std::collections::{BTreeMap, BTreeSet};
use time::OffsetDateTime;

/// The channel on which readers of a timeline are told of new entries.
pub(crate) const CHANNEL: &str = "timeline";
/// What is made of events. Progress is kept beside it.
pub(crate) const TABLES: [&str; 3] = ["entries", "follow_ups", "held_back"];

/// The timeline's projection, with what signs its rows.
#[derive(Debug)]
pub struct Projection(pub Signer);

/// An event that can be applied.
pub(crate) struct Applicable<'a> {
    pub number: i64,
    pub woman: WomanId,
    pub body: &'a Body,
    pub bytes: &'a str,
}

impl Apply for Projection {
    fn name(&self) -> &'static str {
        crate::SERVICE
    }

    async fn apply(
        &self,
        transaction: &mut Transaction<'static, Postgres>,
        service: &str,
        events: &[Event],
        _: u64,
    ) -> Result<(), ReadError> {
        let free = take_in(transaction, &self.0, service, events).await?;
        tell(transaction, service, &free).await
    }

    async fn reset(&self, transaction: &mut Transaction<'static, Postgres>, service: &str) -> Result<(), ReadError> {
        for table in TABLES {
            let own = if table == "held_back" { " AND reader = 'timeline'" } else { "" };
            sqlx::query(&format!("DELETE FROM {table} WHERE service = $1{own}"))
                .bind(service)
                .execute(&mut **transaction)
                .await?;
        }
        Ok(())
    }
}

type Held<'a> = Vec<(&'a Event, WomanId, &'static str)>;

/// The rows of events, with nobody told: what a reader does, and a rebuild beside it. Which tables they go to is for the connection's
/// `search_path`.
pub(crate) async fn take_in<'a>(
    transaction: &mut Transaction<'static, Postgres>,
    signer: &Signer,
    service: &str,
    events: &'a [Event],
) -> Result<Vec<Applicable<'a>>, ReadError> {
    let (held, free) = divide(transaction, service, events).await?;
    let mut attempt = transaction.begin().await?;
    let waiting = match apply_all(&mut attempt, signer, service, &free).await {
        Ok(()) => {
            attempt.commit().await?;
            BTreeSet::new()
        }
        Err(error) if is_about_data(&error) => {
            attempt.rollback().await?;
            one_by_one(transaction, signer, service, &free).await?
        }
        Err(error) => return Err(error.into()),
    };
    for (event, woman, reason) in held {
        // The same reason however the events came in batches.
        let reason = if waiting.contains(&woman) { WAITS } else { reason };
        let centre = event.body.as_ref().and_then(|body| body.centre);
        quarantine::hold(transaction, (crate::SERVICE, service), (woman, centre), (event.number, &event.bytes), reason)
            .await?;
    }
    Ok(free)
}

/// What must wait, and what can be applied. Events about no woman are nobody's course.
async fn divide<'a>(
    connection: &mut PgConnection,
    service: &str,
    events: &'a [Event],
) -> Result<(Held<'a>, Vec<Applicable<'a>>), ReadError> {
    let mut waiting = quarantine::waiting(connection, (crate::SERVICE, service), events).await?;
    let (mut held, mut free) = (Vec::new(), Vec::new());
    for event in events {
        let Some(woman) = event.woman else { continue };
        match &event.body {
            _ if waiting.contains(&woman) => held.push((event, woman, WAITS)),
            _ if !event.genuine => {
                waiting.insert(woman);
                held.push((event, woman, NOT_GENUINE));
            }
            Some(body) if body.happened().is_ok() => {
                free.push(Applicable { number: signed(event.number), woman, body, bytes: &event.bytes });
            }
            _ => {
                waiting.insert(woman);
                held.push((event, woman, "does_not_read"));
            }
        }
    }
    Ok((held, free))
}

/// The slow way, once something among the events is wrong: each on its own, so that only what is wrong waits.
async fn one_by_one(
    connection: &mut PgConnection,
    signer: &Signer,
    service: &str,
    events: &[Applicable<'_>],
) -> Result<BTreeSet<WomanId>, ReadError> {
    let mut waiting = BTreeSet::new();
    for event in events {
        let reason = if waiting.contains(&event.woman) {
            WAITS
        } else {
            let mut attempt = connection.begin().await?;
            match apply_all(&mut attempt, signer, service, std::slice::from_ref(event)).await {
                Ok(()) => {
                    attempt.commit().await?;
                    continue;
                }
                Err(error) if is_about_data(&error) => {
                    attempt.rollback().await?;
                    waiting.insert(event.woman);
                    "cannot_be_applied"
                }
                Err(error) => return Err(error.into()),
            }
        };
        let (whose, what) = ((event.woman, event.body.centre), (event.number.unsigned_abs(), event.bytes));
        quarantine::hold(connection, (crate::SERVICE, service), whose, what, reason).await?;
    }
    Ok(waiting)
}
/// Whether the event is to blame, and not the connection or the server.
fn is_about_data(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Encode(_) => true,
        sqlx::Error::Database(error) => {
            error.code().is_some_and(|code| code.starts_with("22") || code.starts_with("23"))
        }
        _ => false,
    }
}

async fn apply_all(
    connection: &mut PgConnection,
    signer: &Signer,
    service: &str,
    events: &[Applicable<'_>],
) -> Result<(), sqlx::Error> {
    if events.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO entries (service, number, woman, centre, at, aggregate_type, aggregate, version, body)
         SELECT $1, e.number, e.woman, e.centre, e.at, e.aggregate_type, e.aggregate, e.version, e.body::json
         FROM unnest($2::bigint[], $3::uuid[], $4::uuid[], $5::timestamptz[], $6::text[], $7::uuid[], $8::bigint[], $9::text[])
              AS e(number, woman, centre, at, aggregate_type, aggregate, version, body)",
    )
    .bind(service)
    .bind(events.iter().map(|event| event.number).collect::<Vec<_>>())
    .bind(events.iter().map(|event| event.woman.0).collect::<Vec<_>>())
    .bind(events.iter().map(|event| event.body.centre.map(|centre| centre.0)).collect::<Vec<_>>())
    .bind(events.iter().map(|event| event.body.time.unwrap_or(event.body.recordedtime)).collect::<Vec<_>>())
    .bind(events.iter().map(|event| event.body.aggregatetype.as_str()).collect::<Vec<_>>())
    .bind(events.iter().map(|event| event.body.aggregate.0).collect::<Vec<_>>())
    .bind(events.iter().map(|event| signed(event.body.version)).collect::<Vec<_>>())
    .bind(events.iter().map(|event| event.bytes).collect::<Vec<_>>())
    .execute(&mut *connection)
    .await?;
    set_standings(connection, service, events).await?;
    follow_ups::apply(connection, signer, service, events).await
}

/// What corrections and retractions say of earlier entries; of several about one entry the last counts. A corrected entry is filed under
/// when it happened as it stands; where nobody knows, under when it was recorded itself.
async fn set_standings(
    connection: &mut PgConnection,
    service: &str,
    events: &[Applicable<'_>],
) -> Result<(), sqlx::Error> {
    let mut standings: BTreeMap<_, Amended> = BTreeMap::new();
    for event in events {
        if let Some((version, standing)) = standing(event.body) {
            let place = (event.body.aggregatetype.as_str(), event.body.aggregate.0, version);
            let known = standings.entry(place).or_default();
            known.how = standing;
            if standing == CORRECTED {
                (known.said_by, known.at) = (Some(event.number), event.body.time);
            }
        }
    }
    if standings.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "UPDATE entries e SET standing = s.standing, said_by = coalesce(s.said_by, e.said_by),
             at = CASE WHEN s.said_by IS NULL THEN e.at ELSE coalesce(s.at, (e.body->>'recordedtime')::timestamptz) END
         FROM unnest($2::text[], $3::uuid[], $4::bigint[], $5::text[], $6::bigint[], $7::timestamptz[])
              AS s(aggregate_type, aggregate, version, standing, said_by, at)
         WHERE e.service = $1 AND (e.aggregate_type, e.aggregate, e.version) = (s.aggregate_type, s.aggregate, s.version)",
    )
    .bind(service)
    .bind(standings.keys().map(|(aggregate_type, ..)| *aggregate_type).collect::<Vec<_>>())
    .bind(standings.keys().map(|(_, aggregate, _)| *aggregate).collect::<Vec<_>>())
    .bind(standings.keys().map(|(.., version)| *version).collect::<Vec<_>>())
    .bind(standings.values().map(|known| known.how).collect::<Vec<_>>())
    .bind(standings.values().map(|known| known.said_by).collect::<Vec<_>>())
    .bind(standings.values().map(|known| known.at).collect::<Vec<_>>())
    .execute(&mut *connection)
    .await?;
    set_wrong_persons(connection, service, events).await
}

/// What is about somebody else: the entry that was taken back for that, and its corrections.
async fn set_wrong_persons(
    connection: &mut PgConnection,
    service: &str,
    events: &[Applicable<'_>],
) -> Result<(), sqlx::Error> {
    let wrong = events.iter().filter(|event| {
        let cause = event.body.data.facts.get("cause").and_then(Value::as_str);
        cause == Some(WRONG_PERSON) && standing(event.body).is_some_and(|(_, standing)| standing == IN_ERROR)
    });
    for event in wrong {
        let Some((version, _)) = standing(event.body) else { continue };
        sqlx::query(
            "UPDATE entries SET wrong_person = true WHERE (service, aggregate_type, aggregate) = ($1, $2, $3)
             AND (version = $4 OR body->>'type' LIKE 'dk.livline.%.EntryCorrected.v%' AND body->'data'->'facts'->>'version' = $4::text)",
        )
        .bind(service)
        .bind(&event.body.aggregatetype)
        .bind(event.body.aggregate.0)
        .bind(version)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

const IN_ERROR: &str = "in_error";
const CORRECTED: &str = "corrected";

/// How an entry stands after some events.
#[derive(Default)]
struct Amended {
    how: &'static str,
    /// The correction that says how it reads, where one of the events is one.
    said_by: Option<i64>,
    /// When it happened by that.
    at: Option<OffsetDateTime>,
}

/// Which earlier entry of the same aggregate does not stand as it was any more.
fn standing(body: &Body) -> Option<(i64, &'static str)> {
    let standing = match body.event()?.name {
        kit::entry::ENTRY_CORRECTED => CORRECTED,
        kit::entry::RECORDED_IN_ERROR => IN_ERROR,
        _ => return None,
    };
    body.data.facts.get("version").and_then(Value::as_i64).map(|version| (version, standing))
}

/// Tells who watches a course; sent by Postgres when the transaction is committed.
async fn tell(connection: &mut PgConnection, service: &str, events: &[Applicable<'_>]) -> Result<(), ReadError> {
    let news: Vec<String> = events
        .iter()
        .map(|event| {
            let centre = event.body.centre.map(|centre| centre.to_string()).unwrap_or_default();
            format!("{} {centre} {service}:{}", event.woman, event.number)
        })
        .collect();
    sqlx::query("SELECT pg_notify($1, news) FROM unnest($2::text[]) AS news")
        .bind(CHANNEL)
        .bind(news)
        .execute(connection)
        .await?;
    Ok(())
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
