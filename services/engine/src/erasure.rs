//! Erasure, where it was decided: a service hears its own events and destroys the keys of whom they say were erased.
//!
//! Keys first, then the values of theirs that this service's vault holds, then its progress: killed in between, all of it is done again, and
//! done again it changes nothing. Whose keys go is the woman herself, or a child that was registered as hers and as nobody else's: whatever an
//! event says of anybody else is held back. Deliberately absent: deciding (a domain does), and telling her (the service does, by what
//! [`crate::keys::Keyring::erasure`] says).

use crate::{
    keys::{Keyring, Kind},
    quarantine::{self, NOT_GENUINE},
    reader::{Apply, Event, ReadError, progress},
    vault,
};
use kit::{ChildId, WomanId, entry::ENTRY_CORRECTED};
use serde::Deserialize;
use sqlx::{PgConnection, PgPool, Postgres, Transaction};
use std::time::Duration;
use uuid::Uuid;

/// The event that says so; [`kit::relation::Foreign`] has it as well.
pub const EVENT: &str = "PersonErased";
/// The event that says whose a child is.
pub const REGISTERED: &str = "ChildRegistered";
/// Under which its progress is kept.
pub const NAME: &str = "erase_keys";
/// Why one is held back.
const DOES_NOT_READ: &str = "does_not_read";
const NOT_HERS: &str = "not_hers";
/// Erasing writes the table of keys anew, which takes a moment for each.
const BATCH: usize = 16;

/// What is read of the event. Nothing in it is sealed.
#[derive(Debug, Deserialize)]
struct PersonErased {
    #[serde(default)]
    child: Option<ChildId>,
}

/// How long a rule may take to hear of an erasure before the keys go without it.
const LAST_WORD: Duration = Duration::from_secs(10);
/// How soon it is looked again.
const SHORTLY: Duration = Duration::from_millis(20);

/// Erases.
#[derive(Debug)]
pub struct Eraser {
    keys: Keyring,
    /// The service's database.
    pool: PgPool,
    /// The service's policies that hear it.
    policies: Vec<&'static str>,
}

impl Eraser {
    /// An eraser with a keyring whose role may erase, on a service's database, after these policies of it.
    #[must_use]
    pub fn new(keys: Keyring, pool: PgPool, policies: Vec<&'static str>) -> Self {
        Self { keys, pool, policies }
    }

    /// Erases; a code where that is not done.
    async fn erase(
        &self,
        connection: &mut PgConnection,
        woman: WomanId,
        event: &Event,
    ) -> Result<Option<&'static str>, ReadError> {
        let Some(body) = &event.body else { return Ok(Some(DOES_NOT_READ)) };
        let read: Result<PersonErased, _> = serde_json::from_value(body.data.facts.clone());
        let Ok(PersonErased { child }) = read else { return Ok(Some(DOES_NOT_READ)) };
        if let Some(child) = child
            && !hers_alone(connection, woman, child).await?
        {
            return Ok(Some(NOT_HERS));
        }
        let (subject, kind) = child.map_or((woman.0, Kind::Woman), |child| (child.0, Kind::Child));
        let erased = self.keys.erase(subject, kind, body.recordedtime).await;
        erased.map_err(|error| ReadError::Effect(error.to_string()))?;
        forget(connection, Some(woman), (subject, kind)).await?;
        tracing::info!(number = event.number, "keys were destroyed");
        Ok(None)
    }
}

/// Whether a child was ever registered as hers, and as nobody else's; and is no woman.
async fn hers_alone(connection: &mut PgConnection, woman: WomanId, child: ChildId) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(
        "WITH registered AS (
             SELECT a.woman, CASE e.event_type WHEN $3 THEN e.body #>> '{data,facts,child}'
                                               ELSE e.body #>> '{data,facts,facts,child}' END AS child
             FROM events e JOIN aggregates a USING (aggregate_type, aggregate_id)
             WHERE e.event_type = $3 OR (e.event_type = $4 AND e.body #>> '{data,facts,event}' = $3)
         )
         SELECT coalesce(bool_and(r.woman = $1), false) AND NOT EXISTS (SELECT FROM aggregates WHERE woman = $2)
         FROM registered r WHERE r.child = $2::text",
    )
    .bind(woman.0)
    .bind(child.0)
    .bind(REGISTERED)
    .bind(ENTRY_CORRECTED)
    .fetch_one(connection)
    .await
}

/// Takes the values of a woman, or of a child, from the vault of a database, where it has one; what was there before goes with them. What is
/// hers does not take what is a child's with it: that is decided by itself. `woman` is whose vault may be written to meanwhile: none, where
/// no service runs.
pub async fn forget(
    connection: &mut PgConnection,
    woman: Option<WomanId>,
    (subject, kind): (Uuid, Kind),
) -> Result<(), sqlx::Error> {
    if let Some(woman) = woman {
        vault::lock(connection, woman).await?;
    }
    let of_hers = [
        ("vault", "woman = $1 AND child IS NULL"),
        ("vault_waiting", "woman = $1 AND child IS NULL"),
        ("vault_checked", "woman = $1"),
    ];
    let of_a_childs = [("vault", "child = $1"), ("vault_waiting", "child = $1")];
    let tables: &[_] = if kind == Kind::Woman { &of_hers } else { &of_a_childs };
    for (table, whose) in tables {
        let there: bool =
            sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL").bind(table).fetch_one(&mut *connection).await?;
        if there {
            let gone = format!("DELETE FROM {table} WHERE {whose}");
            sqlx::query(&gone).bind(subject).execute(&mut *connection).await?;
        }
    }
    // Wrong words nobody takes back: they go after a day.
    let there: bool = sqlx::query_scalar("SELECT to_regprocedure($1) IS NOT NULL")
        .bind(format!("{}()", vault::OLD_GO))
        .fetch_one(&mut *connection)
        .await?;
    if there {
        sqlx::query(&format!("SELECT {}()", vault::OLD_GO)).execute(&mut *connection).await?;
    }
    Ok(())
}

/// Whether it was decided that somebody is erased, as this database has it.
pub(crate) async fn decided(
    connection: &mut PgConnection,
    woman: WomanId,
    child: Option<ChildId>,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM events e JOIN aggregates a USING (aggregate_type, aggregate_id)
                        WHERE a.woman = $1 AND e.event_type = $2 AND e.body #>> '{data,facts,child}' IS NOT DISTINCT FROM $3::text)",
    )
    .bind(woman.0)
    .bind(EVENT)
    .bind(child.map(|child| child.to_string()))
    .fetch_one(connection)
    .await
}

impl Apply for Eraser {
    fn name(&self) -> &str {
        NAME
    }

    /// What rules have heard of her goes with her key: those that end something because she is forgotten go first. One that does not get
    /// that far keeps nobody's keys.
    async fn prepare(&self, service: &str) -> Result<(), ReadError> {
        let last: Option<i64> = sqlx::query_scalar(
            "SELECT max(number) FROM events WHERE event_type = $1
                AND number > coalesce((SELECT p.number FROM progress p WHERE p.reader = $2 AND p.service = $3), 0)",
        )
        .bind(EVENT)
        .bind(NAME)
        .bind(service)
        .fetch_one(&self.pool)
        .await?;
        let Some(last) = last.map(i64::unsigned_abs) else { return Ok(()) };
        let until = tokio::time::Instant::now() + LAST_WORD;
        for policy in &self.policies {
            while progress(&self.pool, policy, service).await?.is_none_or(|reached| reached.number < last) {
                if tokio::time::Instant::now() >= until {
                    tracing::warn!(policy, "keys are destroyed before a rule has heard of it");
                    return Ok(());
                }
                tokio::time::sleep(SHORTLY).await;
            }
        }
        Ok(())
    }

    fn batch(&self) -> usize {
        BATCH
    }

    async fn apply(
        &self,
        transaction: &mut Transaction<'static, Postgres>,
        service: &str,
        events: &[Event],
        _: u64,
    ) -> Result<(), ReadError> {
        for event in events {
            let Some(woman) = event.woman else { continue };
            if !event.genuine {
                let what = (event.number, &*event.bytes);
                quarantine::hold(transaction, (NAME, service), (woman, None), what, NOT_GENUINE).await?;
                continue;
            }
            let named = event.body.as_ref().and_then(kit::published::Body::event).map(|event| event.name);
            // One that does not read may be one: it is kept until somebody has looked.
            let reason = match named {
                Some(EVENT) => self.erase(transaction, woman, event).await?,
                Some(_) => continue,
                None => Some(DOES_NOT_READ),
            };
            if let Some(reason) = reason {
                let centre = event.body.as_ref().and_then(|body| body.centre);
                let what = (event.number, &*event.bytes);
                quarantine::hold(transaction, (NAME, service), (woman, centre), what, reason).await?;
            }
        }
        Ok(())
    }

    /// What was destroyed stays so, in whatever history; it is heard again, and nothing comes of it.
    async fn reset(&self, transaction: &mut Transaction<'static, Postgres>, service: &str) -> Result<(), ReadError> {
        let gone = sqlx::query("DELETE FROM held_back WHERE reader = $1 AND service = $2").bind(NAME).bind(service);
        gone.execute(&mut **transaction).await?;
        Ok(())
    }
}
