//! Reading a service's own events in the order of their numbers: for the relay, the feed and the announcements.
//!
//! An event whose row is not as the service stored it goes out unsigned: readers hold it back. Deliberately absent: writing (the journal).

use crate::integrity::{EventRow, Signer, digest_of};
use kit::{
    Epoch,
    published::{Signed, publish},
};
use sqlx::{PgPool, Row, postgres::PgRow};

/// The columns of an event `e` that its signature is over, and the signature.
pub const SIGNED: &str =
    "e.aggregate_type, e.aggregate_id, e.sequence, e.event_type, e.event_version, e.subject, e.key, e.fingerprint,
    e.warnings::text AS warnings, e.body::text AS body, e.mac";

/// Whether a number is in the order of its aggregate's versions: an event that is put there a second time is not.
const IN_ORDER: &str = "(SELECT bool_and((o.number < e.number) = (o.sequence < e.sequence) AND (o.number = e.number) = (o.sequence = e.sequence))
    FROM events o WHERE o.aggregate_type = e.aggregate_type AND o.aggregate_id = e.aggregate_id
    AND o.sequence BETWEEN e.sequence - 1 AND e.sequence + 1)";

/// Whether a row with the columns [`SIGNED`] is as the service stored it.
pub fn is_genuine(signer: &Signer, row: &PgRow) -> Result<bool, sqlx::Error> {
    let Some(mac) = row.try_get::<Option<&[u8]>, _>("mac")? else { return Ok(false) };
    Ok(signer.event_fits(&event_row(row)?, mac))
}

/// What a row with the columns [`SIGNED`] says.
pub fn event_row(row: &PgRow) -> Result<EventRow<'_>, sqlx::Error> {
    Ok(EventRow {
        aggregate_type: row.try_get("aggregate_type")?,
        aggregate: row.try_get("aggregate_id")?,
        version: positive(row.try_get("sequence")?),
        event: row.try_get("event_type")?,
        event_version: row.try_get("event_version")?,
        subject: row.try_get("subject")?,
        key: row.try_get("key")?,
        fingerprint: row.try_get("fingerprint")?,
        warnings: row.try_get("warnings")?,
        body: row.try_get("body")?,
    })
}

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
pub async fn after(
    pool: &PgPool,
    signer: &Signer,
    epoch: Epoch,
    number: u64,
    limit: u32,
) -> Result<Vec<Outgoing>, sqlx::Error> {
    let rows = sqlx::query(&format!(
        "SELECT e.number, {SIGNED}, {IN_ORDER} AS in_order FROM events e WHERE e.number > $1 ORDER BY e.number LIMIT $2"
    ))
    .bind(i64::try_from(number).unwrap_or(i64::MAX))
    .bind(i64::from(limit))
    .fetch_all(pool)
    .await?;
    rows.iter()
        .map(|row| {
            let number = positive(row.try_get("number")?);
            let vouched = row.try_get::<Option<bool>, _>("in_order")? == Some(true) && is_genuine(signer, row)?;
            let bytes = published(signer, epoch, number, row.try_get("body")?, vouched);
            Ok(Outgoing { number, subject: row.try_get("subject")?, bytes })
        })
        .collect()
}

/// A body as published, signed where the service vouches for it.
fn published(signer: &Signer, epoch: Epoch, number: u64, body: &str, vouched: bool) -> String {
    let unsigned = publish(epoch, number, "", body);
    match Signed::of(&unsigned).filter(|_| vouched) {
        Some(Signed { rest, .. }) => publish(epoch, number, &signer.published(epoch, number, &digest_of(rest)), body),
        None => unsigned,
    }
}

/// Signs the chain as it is at a number, where that was not done. The service publishes nothing behind the last one.
pub async fn sign_chain(pool: &PgPool, signer: &Signer, number: u64) -> Result<(), sqlx::Error> {
    let at = i64::try_from(number).unwrap_or(i64::MAX);
    let chain: Vec<u8> =
        sqlx::query_scalar("SELECT chain FROM events WHERE number = $1").bind(at).fetch_one(pool).await?;
    sqlx::query("INSERT INTO checkpoints (number, chain, mac) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
        .bind(at)
        .bind(&chain)
        .bind(signer.checkpoint(number, &chain))
        .execute(pool)
        .await
        .map(drop)
}

/// Whether it holds events and none of them is signed: they are of a version that did not.
pub async fn was_never_signed(pool: &PgPool) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM events) AND NOT EXISTS (SELECT FROM events WHERE mac IS NOT NULL)")
        .fetch_one(pool)
        .await
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
