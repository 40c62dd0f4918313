//! Quarantine: events that a reader could not apply, and those of the same woman and service behind them.
//!
//! They wait in the reader's own database, in the table `held_back`. Whoever mends what was the matter marks them, and the reader
//! takes them back and applies them like news; what still cannot be applied is held back again. Deliberately absent: what a reader
//! does with an event, and trying again unasked (an event that does not read will not by itself).

use crate::{
    integrity::Signer,
    metrics::Named,
    reader::{Apply, BOUND, Event, ReadError, Reader},
};
use kit::{CentreId, WomanId};
use sqlx::{PgConnection, Row};
use std::collections::BTreeSet;
use uuid::Uuid;

/// The reason of what only waits behind something else.
pub const WAITS: &str = "waits";
/// The reason of what the service did not publish so.
pub const NOT_GENUINE: &str = "not_genuine";

/// An event that is held back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Who could not apply it.
    pub reader: String,
    /// Whose event it is.
    pub service: String,
    /// Its number.
    pub number: u64,
    /// The woman.
    pub woman: WomanId,
    /// Why: a code, [`WAITS`] behind another one.
    pub reason: String,
    /// Its bytes.
    pub bytes: String,
    /// Whether it was marked to be tried again, and was not yet.
    pub retry: bool,
}

/// Holds an event back. The centre is told where it can be read.
pub async fn hold(
    connection: &mut PgConnection,
    (reader, service): (&str, &str),
    (woman, centre): (WomanId, Option<CentreId>),
    (number, bytes): (u64, &str),
    reason: &str,
) -> Result<(), ReadError> {
    tracing::error!(reader, service, number, reason, "an event is held back");
    sqlx::query(
        "INSERT INTO held_back (reader, service, number, woman, centre, reason, body) VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(reader)
    .bind(service)
    .bind(signed(number))
    .bind(woman.0)
    .bind(centre.map(|centre| centre.0))
    .bind(reason)
    .bind(bytes)
    .execute(connection)
    .await?;
    Ok(())
}

/// Who of these events' women has something held back already: what comes now waits behind it.
pub async fn waiting(
    connection: &mut PgConnection,
    (reader, service): (&str, &str),
    events: &[Event],
) -> Result<BTreeSet<WomanId>, ReadError> {
    let women: Vec<Uuid> = events.iter().filter_map(|event| event.woman).map(|woman| woman.0).collect();
    let waiting: Vec<Uuid> = sqlx::query_scalar(
        "SELECT DISTINCT woman FROM held_back WHERE reader = $1 AND service = $2 AND woman = ANY($3)",
    )
    .bind(reader)
    .bind(service)
    .bind(women)
    .fetch_all(connection)
    .await?;
    Ok(waiting.into_iter().map(WomanId).collect())
}

/// How many events of a service a reader holds back, and whether some of them are to be tried again.
async fn state(connection: &mut PgConnection, (reader, service): (&str, &str)) -> Result<(i64, bool), sqlx::Error> {
    sqlx::query_as("SELECT count(*), coalesce(bool_or(retry), false) FROM held_back WHERE reader = $1 AND service = $2")
        .bind(reader)
        .bind(service)
        .fetch_one(connection)
        .await
}

/// The woman of whom something is to be tried again, whoever has waited longest first.
async fn next_marked(
    connection: &mut PgConnection,
    (reader, service): (&str, &str),
) -> Result<Option<Uuid>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT woman FROM held_back WHERE reader = $1 AND service = $2 AND retry ORDER BY number LIMIT 1",
    )
    .bind(reader)
    .bind(service)
    .fetch_optional(connection)
    .await
}

async fn unmark(
    connection: &mut PgConnection,
    (reader, service): (&str, &str),
    woman: Uuid,
) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE held_back SET retry = false WHERE reader = $1 AND service = $2 AND woman = $3")
        .bind(reader)
        .bind(service)
        .bind(woman)
        .execute(connection)
        .await
        .map(drop)
}

/// Takes back what is to be tried again: all of hers, in the order of the numbers.
async fn take_back(
    connection: &mut PgConnection,
    (reader, service): (&str, &str),
    woman: Uuid,
    signer: &Signer,
) -> Result<Vec<Event>, ReadError> {
    let bodies: Vec<(i64, String)> = sqlx::query_as(
        "DELETE FROM held_back WHERE reader = $1 AND service = $2 AND woman = $3 RETURNING number, body",
    )
    .bind(reader)
    .bind(service)
    .bind(woman)
    .fetch_all(connection)
    .await?;
    let mut events = Vec::with_capacity(bodies.len());
    for (_, body) in bodies {
        events.push(Event::parse(&body, signer).map_err(|_| ReadError::Malformed)?);
    }
    events.sort_by_key(|event: &Event| event.number);
    Ok(events)
}

impl<A: Apply> Reader<A> {
    /// Tells how much it holds back, and tries again what was marked.
    pub(crate) async fn look_after_held_back(&self) -> Result<(), ReadError> {
        let of = (self.apply.name(), self.service.as_str());
        let (held, marked) = state(&mut *self.pool.acquire().await?, of).await?;
        self.metrics.held_back.get_or_create(&Named { name: format!("{}/{}", of.0, of.1) }).set(held);
        if !marked {
            return Ok(());
        }
        // One woman after the other: what cannot be done for one keeps nobody else's waiting, and is not tried for ever.
        while let Some(woman) = next_marked(&mut *self.pool.acquire().await?, of).await? {
            let tried = tokio::time::timeout(BOUND, self.try_again(of, woman)).await;
            let tried = tried.unwrap_or_else(|_| Err(ReadError::Effect("it took too long".into())));
            if matches!(tried, Err(ReadError::Tampered)) {
                return tried;
            }
            if let Err(error) = tried {
                tracing::error!(reader = of.0, service = of.1, %error, "what was held back could not be tried again");
                unmark(&mut *self.pool.acquire().await?, of, woman).await?;
            }
        }
        Ok(())
    }

    /// Like a batch of news, but for the progress, which stays where it is.
    async fn try_again(&self, of: (&str, &str), woman: Uuid) -> Result<(), ReadError> {
        self.apply.prepare(&self.service).await?;
        let mut transaction = self.pool.begin().await?;
        self.apply.begin(&mut transaction, of.1).await?;
        // Whoever takes in news of this service moves this row first: what is hers now cannot slip in behind what is taken back.
        let since: i64 = sqlx::query_scalar("SELECT since FROM progress WHERE reader = $1 AND service = $2 FOR UPDATE")
            .bind(of.0)
            .bind(of.1)
            .fetch_one(&mut *transaction)
            .await?;
        let events = take_back(&mut transaction, of, woman, &self.signer).await?;
        for events in events.chunks(self.apply.batch()) {
            self.apply.apply(&mut transaction, of.1, events, since.unsigned_abs()).await?;
        }
        tracing::warn!(reader = of.0, service = of.1, count = events.len(), "what was held back was tried again");
        Ok(transaction.commit().await?)
    }
}

/// Everything that the readers of a database hold back, in the order of readers, services and numbers.
pub async fn list(connection: &mut PgConnection) -> Result<Vec<Held>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT reader, service, number, woman, reason, body, retry FROM held_back ORDER BY reader, service, number",
    )
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Held {
                reader: row.try_get("reader")?,
                service: row.try_get("service")?,
                number: row.try_get::<i64, _>("number")?.unsigned_abs(),
                woman: WomanId(row.try_get("woman")?),
                reason: row.try_get("reason")?,
                bytes: row.try_get("body")?,
                retry: row.try_get("retry")?,
            })
        })
        .collect()
}

/// Marks an event to be tried again, with all that waits with it. The reader does it within seconds.
pub async fn ask_again(connection: &mut PgConnection, held: &Held) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE held_back SET retry = true WHERE reader = $1 AND service = $2 AND number = $3")
        .bind(&held.reader)
        .bind(&held.service)
        .bind(signed(held.number))
        .execute(connection)
        .await
        .map(drop)
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
