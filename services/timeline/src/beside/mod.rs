//! A timeline beside the live one: the same tables in a schema of their own, filled by the same code, compared, and put in its place.
//!
//! It works as the database's owner. Which events come, and from where, is for its caller; it keeps how far it is in the transaction
//! of their rows, so whoever is killed goes on. Deliberately absent: another projection, and telling who watches a course.

mod compare;
mod switch;
mod tables;

pub use compare::{Compared, Difference, Digest};
pub use switch::Pause;

use crate::{Projection, SERVICE, project};
use engine::{
    feed::digest,
    integrity::Signer,
    reader::{self, Event, Progress, ReadError},
};
use kit::Epoch;
use secrecy::{ExposeSecret, SecretString};
use sqlx::{
    ConnectOptions, Connection, PgConnection, PgPool, Postgres, Transaction,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// The lock that one builder per schema holds.
const BUILDER: i32 = 736_967;

/// How long Postgres may take to notice that a builder was killed.
const PATIENCE: Duration = Duration::from_secs(3);
const PAUSE: Duration = Duration::from_millis(50);

/// Why it cannot go on, in one sentence.
#[derive(Debug, thiserror::Error)]
pub enum BesideError {
    /// Somebody else builds in this schema.
    #[error("a timeline is being built beside the live one already")]
    Busy,
    /// A long query holds the tables, or a lock of another kind.
    #[error("the timeline's tables could not be had for a moment")]
    InUse,
    /// The database.
    #[error("the timeline's database did not answer ({})", engine::journal::error_kind(.0))]
    Database(#[from] sqlx::Error),
    /// An event could not be taken in.
    #[error("an event could not be taken in: {0}")]
    Read(#[from] ReadError),
}

/// The timeline beside the live one.
#[derive(Debug)]
pub struct Beside {
    pool: PgPool,
    schema: &'static str,
    projection: Projection,
    /// Holds the lock.
    _builder: PgConnection,
}

impl Beside {
    /// Opens the schema, or makes it as the live tables are. What was begun there goes on, unless `anew`, or unless the live tables
    /// have changed since. `url` is the owner's; `signer` signs as the timeline does.
    pub async fn open(
        url: &SecretString,
        signer: Signer,
        schema: &'static str,
        anew: bool,
    ) -> Result<Self, BesideError> {
        let options: PgConnectOptions = url.expose_secret().parse()?;
        let options = options.disable_statement_logging();
        let mut builder = PgConnection::connect_with(&options).await?;
        let since = Instant::now();
        while !locked(&mut builder, schema).await? {
            if since.elapsed() > PATIENCE {
                return Err(BesideError::Busy);
            }
            tokio::time::sleep(PAUSE).await;
        }
        tables::make(&mut builder, schema, anew).await?;
        // What a crash takes of the last batches is taken together with the progress over them.
        let options = options.options([("search_path", schema), ("synchronous_commit", "off")]);
        let pool = PgPoolOptions::new().max_connections(16).acquire_timeout(Duration::from_secs(30));
        let pool = pool.connect_with(options).await?;
        Ok(Self { pool, schema, projection: Projection(signer), _builder: builder })
    }

    /// How far it is with a service; `None` before the first event.
    pub async fn progress(&self, service: &str) -> Result<Option<Progress>, BesideError> {
        Ok(reader::progress(&self.pool, SERVICE, service).await?)
    }

    /// Begins a service from its first event; what there is of it goes.
    pub async fn begin(&self, service: &str, epoch: Epoch) -> Result<Progress, BesideError> {
        use engine::reader::Apply;
        let mut transaction = self.pool.begin().await?;
        sqlx::query(
            "INSERT INTO progress (reader, service, epoch, number, since, until) VALUES ($1, $2, $3, 0, 0, 0)
             ON CONFLICT (reader, service) DO UPDATE SET epoch = excluded.epoch, number = 0, last = NULL",
        )
        .bind(SERVICE)
        .bind(service)
        .bind(epoch.0)
        .execute(&mut *transaction)
        .await?;
        self.projection.reset(&mut transaction, service).await?;
        transaction.commit().await?;
        Ok(Progress { epoch, number: 0, last: None, since: 0, until: 0 })
    }

    /// Takes events in that come after the progress, in one transaction with it.
    pub async fn take(&self, service: &str, from: &Progress, events: &[Event]) -> Result<Progress, BesideError> {
        let mut transaction = self.pool.begin().await?;
        let progress = self.take_within(&mut transaction, service, from, events).await?;
        transaction.commit().await?;
        Ok(progress)
    }

    async fn take_within(
        &self,
        transaction: &mut Transaction<'static, Postgres>,
        service: &str,
        from: &Progress,
        events: &[Event],
    ) -> Result<Progress, BesideError> {
        let Some(last) = events.last() else { return Ok(from.clone()) };
        let next = Progress { number: last.number, last: Some(digest(&last.bytes)), ..from.clone() };
        let signed = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let moved = sqlx::query(
            "UPDATE progress SET number = $3, last = $4 WHERE reader = $1 AND service = $2 AND epoch = $5 AND number = $6",
        )
        .bind(SERVICE)
        .bind(service)
        .bind(signed(next.number))
        .bind(&next.last)
        .bind(from.epoch.0)
        .bind(signed(from.number))
        .execute(&mut **transaction)
        .await?;
        if moved.rows_affected() != 1 {
            return Err(ReadError::Overtaken.into());
        }
        project::take_in(transaction, &self.projection.0, service, events).await?;
        Ok(next)
    }

    /// Makes the indexes that nobody needs while loading.
    pub async fn finish(&self) -> Result<(), BesideError> {
        Ok(tables::finish(&self.pool, self.schema).await?)
    }

    /// A moment of the live timeline: what it shows now is compared, whatever it takes in meanwhile.
    pub async fn moment(&self) -> Result<Moment<'_>, BesideError> {
        let mut transaction = self.pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ").await?;
        let live = live_progress(&mut transaction).await?;
        Ok(Moment { beside: self, transaction, live })
    }

    /// Drops all of it.
    pub async fn drop(self) -> Result<(), BesideError> {
        let mut connection = self.pool.acquire().await?;
        Ok(tables::run(&mut connection, &format!("DROP SCHEMA {} CASCADE", self.schema)).await?)
    }
}

async fn locked(connection: &mut PgConnection, schema: &str) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT pg_try_advisory_lock($1, hashtext($2))")
        .bind(BUILDER)
        .bind(schema)
        .fetch_one(connection)
        .await
}

/// How far the live timeline is.
async fn live_progress(connection: &mut PgConnection) -> Result<BTreeMap<String, (Epoch, u64)>, sqlx::Error> {
    let rows: Vec<(String, uuid::Uuid, i64)> =
        sqlx::query_as("SELECT service, epoch, number FROM public.progress WHERE reader = $1")
            .bind(SERVICE)
            .fetch_all(connection)
            .await?;
    Ok(rows.into_iter().map(|(service, epoch, number)| (service, (Epoch(epoch), number.unsigned_abs()))).collect())
}

/// One moment of the live timeline and what was built beside it. Nothing is held from anybody.
#[derive(Debug)]
pub struct Moment<'a> {
    beside: &'a Beside,
    transaction: Transaction<'static, Postgres>,
    /// How far the live timeline is at this moment, by service.
    pub live: BTreeMap<String, (Epoch, u64)>,
}

impl Moment<'_> {
    /// Takes further events in, so that both stand at the same number.
    pub async fn take(&mut self, service: &str, from: &Progress, events: &[Event]) -> Result<Progress, BesideError> {
        self.beside.take_within(&mut self.transaction, service, from, events).await
    }

    /// The digests of both, table by table.
    pub async fn compare(&mut self, service: &str) -> Result<Vec<Compared>, BesideError> {
        Ok(compare::digests(&mut self.transaction, self.beside.schema, service).await?)
    }

    /// What differs in a table: how many rows, and the first of them.
    pub async fn differences(
        &mut self,
        table: &str,
        service: &str,
        most: usize,
    ) -> Result<(u64, Vec<Difference>), BesideError> {
        Ok(compare::differences(&mut self.transaction, self.beside.schema, (table, service), most).await?)
    }

    /// Rows of services that are none, by table and service.
    pub async fn strangers(&mut self, services: &[&str]) -> Result<Vec<(String, String, u64)>, BesideError> {
        Ok(compare::strangers(&mut self.transaction, services).await?)
    }

    /// Keeps what was taken in.
    pub async fn end(self) -> Result<(), BesideError> {
        Ok(self.transaction.commit().await?)
    }
}
