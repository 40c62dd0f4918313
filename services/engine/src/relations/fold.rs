//! What a service should have heard: the same reader over the events themselves, in tables that nobody else sees, to compare with.
//!
//! Deliberately absent: where the events come from, and whose the rows are: what differs is named by its duty, or counted.

use super::{
    READER,
    directory::DirectoryRow,
    hear::Hearing,
    kept::{self, DutyRow},
    parts, signs,
};
use crate::{
    reader::{Apply, Event, ReadError},
    seal::{Opening, Seal, SealError},
};
use kit::{CentreId, Epoch, WomanId, directory::DirectoryFact, policy::Standing, relation::Sign};
use sqlx::{PgConnection, PgPool, Postgres, Row, Transaction};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Events folded as the reader of a service folds them, in a transaction that is never committed.
#[derive(Debug)]
pub struct Fold {
    transaction: Transaction<'static, Postgres>,
    hearing: Hearing,
}

/// What is kept of the services heard, and how far each was.
#[derive(Debug, Default)]
pub struct Rows {
    /// By service, woman and centre. None: her keys are gone, or it does not open.
    relations: BTreeMap<(String, Uuid, Uuid), Opened>,
    duties: BTreeMap<Uuid, DutyRow>,
    /// By worker or centre. None: it does not open.
    directory: BTreeMap<Uuid, (Uuid, String, Option<Standing<DirectoryFact>>)>,
    /// Epoch and number by service.
    pub progress: BTreeMap<String, (Epoch, u64)>,
}

#[derive(Debug, PartialEq)]
enum Opened {
    Signs(Standing<Sign>),
    Erased,
    Unreadable,
}

impl Fold {
    /// Begins with nothing heard, in these epochs. The database is one that has the tables; as its owner.
    pub async fn begin(
        pool: &PgPool,
        seal: Seal,
        service: &'static str,
        epochs: &BTreeMap<String, Epoch>,
    ) -> Result<Self, ReadError> {
        let mut transaction = pool.begin().await?;
        for table in ["relations", "duties", "directory", "held_back", "progress"] {
            let like = format!("CREATE TEMPORARY TABLE {table} (LIKE public.{table} INCLUDING ALL) ON COMMIT DROP");
            sqlx::query(&like).execute(&mut *transaction).await?;
        }
        for (heard, epoch) in epochs {
            sqlx::query(
                "INSERT INTO progress (reader, service, epoch, number, since, until) VALUES ($1, $2, $3, 0, 0, 0)",
            )
            .bind(READER)
            .bind(heard)
            .bind(epoch.0)
            .execute(&mut *transaction)
            .await?;
        }
        Ok(Self { transaction, hearing: Hearing { service, seal, lease: super::Lease::default() } })
    }

    /// Takes the next events of a service in.
    pub async fn take(&mut self, service: &str, events: &[Event]) -> Result<(), ReadError> {
        let Some(last) = events.last() else { return Ok(()) };
        sqlx::query("UPDATE progress SET number = $3 WHERE reader = $1 AND service = $2")
            .bind(READER)
            .bind(service)
            .bind(i64::try_from(last.number).unwrap_or(i64::MAX))
            .execute(&mut *self.transaction)
            .await?;
        self.hearing.apply(&mut self.transaction, service, events, 0).await
    }

    /// What came of it.
    pub async fn rows(&mut self) -> Result<Rows, ReadError> {
        rows(&mut self.transaction, &self.hearing.seal, self.hearing.service).await
    }
}

/// What a service keeps, as one moment has it.
pub async fn of(pool: &PgPool, seal: &Seal, keeper: &str) -> Result<Rows, ReadError> {
    let mut moment = pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    rows(&mut moment, seal, keeper).await
}

async fn rows(connection: &mut PgConnection, seal: &Seal, keeper: &str) -> Result<Rows, ReadError> {
    let mut rows = Rows::default();
    let kept: Vec<(String, Uuid, Uuid, serde_json::Value)> =
        sqlx::query_as("SELECT service, woman, centre, relation FROM relations").fetch_all(&mut *connection).await?;
    for (heard, woman, centre, row) in kept {
        let opened = opened(seal, (keeper, WomanId(woman), CentreId(centre), &heard), row).await?;
        rows.relations.insert((heard, woman, centre), opened);
    }
    for duty in DutyRow::all(connection).await? {
        rows.duties.insert(duty.aggregate, DutyRow { mac: None, ..duty });
    }
    for row in DirectoryRow::all(connection).await? {
        let facts = match row.open(seal, keeper).await {
            Ok(facts) => Some(facts),
            Err(SealError::Foreign | SealError::Malformed) => None,
            Err(error) => return Err(ReadError::Effect(error.to_string())),
        };
        rows.directory.insert(row.aggregate, (row.centre, row.kind, facts));
    }
    let progress = sqlx::query("SELECT service, epoch, number FROM progress WHERE reader = $1").bind(READER);
    for row in progress.fetch_all(connection).await? {
        let reached = (Epoch(row.try_get("epoch")?), row.try_get::<i64, _>("number")?.unsigned_abs());
        rows.progress.insert(row.try_get("service")?, reached);
    }
    Ok(rows)
}

async fn opened(seal: &Seal, whose: super::Whose<'_>, row: serde_json::Value) -> Result<Opened, ReadError> {
    let Some((place, mut part)) = parts(whose, row).next() else { return Ok(Opened::Unreadable) };
    match seal.open(place, &mut part, |_| Opening::Value).await {
        Ok(()) => Ok(match signs(part) {
            Ok(Some(signs)) => Opened::Signs(signs),
            Ok(None) => Opened::Erased,
            Err(_) => Opened::Unreadable,
        }),
        Err(SealError::Foreign | SealError::Malformed) => Ok(Opened::Unreadable),
        Err(error) => Err(ReadError::Effect(error.to_string())),
    }
}

impl Rows {
    /// What others keep that is not what should be kept, in sentences that name nobody.
    #[must_use]
    pub fn differences(&self, kept: &Self) -> Vec<String> {
        let mut told = Vec::new();
        for heard in kit::relation::HEARS {
            let differs = |key: &&(String, Uuid, Uuid)| {
                let (own, theirs) = (self.relations.get(*key), kept.relations.get(*key));
                // Of whom the keys are gone nothing can be folded again: the sum over the rows tells.
                let erased = [own, theirs].contains(&Some(&Opened::Erased));
                key.0 == *heard && own != theirs && !erased
            };
            let missing = self.relations.keys().filter(|key| !kept.relations.contains_key(*key));
            let count = kept.relations.keys().chain(missing).filter(differs).count();
            if count > 0 {
                told.push(format!(
                    "of {heard}, what was heard of {count} women at a centre is not what its events say"
                ));
            }
        }
        let missing = self.duties.keys().filter(|id| !kept.duties.contains_key(*id));
        for id in kept.duties.keys().chain(missing) {
            match (self.duties.get(id), kept.duties.get(id)) {
                (Some(own), Some(theirs)) if own == theirs => {}
                (Some(_), Some(_)) => told.push(format!("the duty {id} is not what its events say")),
                (Some(_), None) => told.push(format!("the duty {id} is missing")),
                (None, _) => told.push(format!("the duty {id} has no event")),
            }
        }
        let missing = self.directory.keys().filter(|id| !kept.directory.contains_key(*id));
        for id in kept.directory.keys().chain(missing) {
            match (self.directory.get(id), kept.directory.get(id)) {
                (Some(own), Some(theirs)) if own == theirs => {}
                (Some(_), Some(_)) => told.push(format!("the entry {id} of the directory is not what its events say")),
                (Some(_), None) => told.push(format!("the entry {id} of the directory is missing")),
                (None, _) => told.push(format!("the entry {id} of the directory has no event")),
            }
        }
        told
    }
}

/// Whether everything that a service has heard of another is as it was signed.
pub async fn is_signed(pool: &PgPool, seal: &Seal, keeper: &str, heard: &str) -> Result<bool, sqlx::Error> {
    kept::is_whole(pool, &seal.signer(keeper), heard).await
}
