//! Erasure, where it was decided: a service hears its own events and destroys the keys of whom they say were erased.
//!
//! Keys first, then the values of theirs that this service's vault holds, then its progress: killed in between, all of it is done again, and
//! done again it changes nothing. Deliberately absent: deciding (a domain does), and telling her (the service does, by what
//! [`crate::keys::Keyring::erasure`] says).

use crate::{
    keys::{Keyring, Kind},
    quarantine,
    reader::{Apply, Event, ReadError, Start},
};
use kit::{ChildId, WomanId};
use serde::Deserialize;
use sqlx::{PgConnection, Postgres, Transaction};
use uuid::Uuid;

/// The event that says so; [`kit::relation::Foreign`] has it as well.
pub const EVENT: &str = "PersonErased";
/// Under which its progress is kept.
pub const NAME: &str = "erase_keys";
/// Erasing writes the table of keys anew, which takes a moment for each.
const BATCH: usize = 16;

/// What is read of the event. Nothing in it is sealed.
#[derive(Debug, Deserialize)]
struct PersonErased {
    #[serde(default)]
    child: Option<ChildId>,
}

/// Erases.
#[derive(Debug)]
pub struct Eraser {
    keys: Keyring,
}

impl Eraser {
    /// An eraser with a keyring whose role may erase.
    #[must_use]
    pub fn new(keys: Keyring) -> Self {
        Self { keys }
    }

    async fn erase(&self, connection: &mut PgConnection, woman: WomanId, event: &Event) -> Result<(), ReadError> {
        let Some(body) = &event.body else { return Ok(()) };
        let read: Result<PersonErased, _> = serde_json::from_value(body.data.facts.clone());
        let child = read.map_err(|_| ReadError::Malformed)?.child;
        let (subject, kind) = child.map_or((woman.0, Kind::Woman), |child| (child.0, Kind::Child));
        let erased = self.keys.erase(subject, kind, body.recordedtime).await;
        erased.map_err(|error| ReadError::Effect(error.to_string()))?;
        forget(connection, subject, kind).await?;
        tracing::info!(number = event.number, "keys were destroyed");
        Ok(())
    }
}

/// Takes the values of a woman, or of a child, from the vault of a database, where it has one; what was there before goes with them. What is
/// hers does not take what is a child's with it: that is decided by itself.
pub async fn forget(connection: &mut PgConnection, subject: Uuid, kind: Kind) -> Result<(), sqlx::Error> {
    let of_hers = [("vault", "woman = $1 AND child IS NULL"), ("vault_wrong_words", "woman = $1")];
    let of_a_childs = [("vault", "child = $1")];
    let tables: &[_] = if kind == Kind::Woman { &of_hers } else { &of_a_childs };
    for (table, whose) in tables {
        let there: bool =
            sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL").bind(table).fetch_one(&mut *connection).await?;
        if there {
            let gone = format!("DELETE FROM {table} WHERE {whose}");
            sqlx::query(&gone).bind(subject).execute(&mut *connection).await?;
        }
    }
    Ok(())
}

impl Apply for Eraser {
    fn name(&self) -> &str {
        NAME
    }

    fn start(&self) -> Start {
        Start::Beginning
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
            let named = event.body.as_ref().and_then(kit::published::Body::event).map(|event| event.name);
            // One that does not read may be one: it is kept until somebody has looked.
            let erased = match named {
                Some(EVENT) => self.erase(transaction, woman, event).await,
                Some(_) => continue,
                None => Err(ReadError::Malformed),
            };
            match erased {
                Err(ReadError::Malformed) => {
                    let centre = event.body.as_ref().and_then(|body| body.centre);
                    let what = (event.number, &*event.bytes);
                    quarantine::hold(transaction, (NAME, service), (woman, centre), what, "does_not_read").await?;
                }
                erased => erased?,
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
