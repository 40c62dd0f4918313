//! Reading a service's own events in the order of their numbers: for the relay, the feed and the announcements.
//!
//! Deliberately absent: writing (the journal).

use kit::Epoch;
use sqlx::{PgPool, Row};

/// A stored event on its way out.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// Its number.
    pub number: u64,
    /// The last token of its subject.
    pub subject: String,
    /// The published bytes.
    pub bytes: String,
}

/// The numbering's epoch and its last number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The present epoch.
    pub epoch: Epoch,
    /// The last number; 0 where there is none.
    pub number: u64,
    /// The last number when the epoch began.
    pub began: u64,
}

/// The present head.
pub async fn head(pool: &PgPool) -> Result<Head, sqlx::Error> {
    let row = sqlx::query(
        "SELECT epoch, head AS began, (SELECT coalesce(max(number), 0) FROM events) AS number
         FROM epochs ORDER BY ordinal DESC LIMIT 1",
    )
    .fetch_one(pool)
    .await?;
    let number = |name| row.try_get(name).map(positive);
    Ok(Head { epoch: Epoch(row.try_get("epoch")?), number: number("number")?, began: number("began")? })
}

/// Events above a number, at most `limit`, as published in an epoch.
pub async fn after(pool: &PgPool, epoch: Epoch, number: u64, limit: u32) -> Result<Vec<Outgoing>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT number, subject, body::text AS body FROM events WHERE number > $1 ORDER BY number LIMIT $2",
    )
    .bind(i64::try_from(number).unwrap_or(i64::MAX))
    .bind(i64::from(limit))
    .fetch_all(pool)
    .await?;
    rows.iter()
        .map(|row| {
            let number = positive(row.try_get("number")?);
            let bytes = kit::published::publish(epoch, number, row.try_get("body")?);
            Ok(Outgoing { number, subject: row.try_get("subject")?, bytes })
        })
        .collect()
}

/// Whether this database ever had an epoch.
pub async fn had_epoch(pool: &PgPool, epoch: Epoch) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM epochs WHERE epoch = $1)").bind(epoch.0).fetch_one(pool).await
}

/// Ends an epoch: the numbering gets a new identity.
pub async fn take_epoch(pool: &PgPool, ended: Epoch) -> Result<Epoch, sqlx::Error> {
    sqlx::query_scalar("SELECT take_epoch($1)").bind(ended.0).fetch_one(pool).await.map(Epoch)
}

fn positive(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
