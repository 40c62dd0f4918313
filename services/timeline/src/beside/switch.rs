//! The moment in which the timeline beside takes the live one's place.
//!
//! While [`Pause`] lives, the live readers wait before their next batch; who reads is answered. What is missing beside comes in and is
//! committed, whoever still looks at an older moment is waited for, and then the tables change places in one transaction: so nobody ever
//! sees the new tables without their last rows. Deliberately absent: deciding whether to.

use super::{Beside, BesideError, live_progress, tables::run};
use crate::{SERVICE, project::TABLES};
use kit::Epoch;
use sqlx::{PgConnection, Postgres, Transaction};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// How long a lock, and those who look at an older moment, are waited for: as long wait those who come after.
const PATIENCE: Duration = Duration::from_secs(2);
const POLL: Duration = Duration::from_millis(2);

/// Live readers wait; dropped, they go on as if nothing had been.
#[derive(Debug)]
pub struct Pause {
    transaction: Transaction<'static, Postgres>,
    since: Instant,
    /// How far the live timeline is, by service.
    pub live: BTreeMap<String, (Epoch, u64)>,
}

impl Pause {
    /// Lets the batches under way end and no other begin. Reading the progress is let through.
    pub async fn begin(beside: &Beside) -> Result<Self, BesideError> {
        let mut transaction = beside.pool.begin().await?;
        let settings = format!(
            "SET LOCAL lock_timeout = {}; SET LOCAL synchronous_commit = on;
             SET LOCAL idle_in_transaction_session_timeout = '10s'; LOCK TABLE public.progress IN EXCLUSIVE MODE",
            PATIENCE.as_millis()
        );
        run(&mut transaction, &settings).await.map_err(in_use)?;
        let since = Instant::now();
        let live = live_progress(&mut transaction).await?;
        Ok(Self { transaction, since, live })
    }

    /// Puts the tables beside in the place of the live ones, with the live ones' grants, and says how long the readers waited.
    pub async fn switch(mut self, beside: &Beside) -> Result<Duration, BesideError> {
        let schema = beside.schema;
        older_moments_end(&mut self.transaction).await?;
        let tables = TABLES.map(|table| format!("public.{table}")).join(", ");
        let lock = format!("LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE");
        run(&mut self.transaction, &lock).await.map_err(in_use)?;
        let mut statements = Vec::new();
        for table in TABLES {
            statements.extend(grants(&mut self.transaction, schema, table).await?);
            if table == "held_back" {
                // What other readers hold back is not the timeline's to make again.
                statements.push(format!(
                    "INSERT INTO {schema}.{table} SELECT * FROM public.{table} WHERE reader <> '{SERVICE}';"
                ));
            }
            statements.push(format!("DROP TABLE public.{table}; ALTER TABLE {schema}.{table} SET SCHEMA public;"));
        }
        // Where both stand at the same number nothing moves. Where they could not, the live readers see that theirs moved and begin there.
        statements.push(format!(
            "INSERT INTO public.progress AS l SELECT * FROM {schema}.progress WHERE reader = '{SERVICE}'
             ON CONFLICT (reader, service) DO UPDATE SET epoch = excluded.epoch, number = excluded.number, last = excluded.last
             WHERE (l.epoch, l.number, l.last) IS DISTINCT FROM (excluded.epoch, excluded.number, excluded.last);
             DROP SCHEMA {schema} CASCADE;"
        ));
        run(&mut self.transaction, &statements.concat()).await?;
        self.transaction.commit().await?;
        Ok(self.since.elapsed())
    }
}

/// Waits for all who look at a moment before now, but for those who wait for this transaction: they look again.
async fn older_moments_end(connection: &mut PgConnection) -> Result<(), BesideError> {
    let now: String = sqlx::query_scalar("SELECT pg_current_xact_id()::xid::text").fetch_one(&mut *connection).await?;
    let until = Instant::now() + PATIENCE;
    loop {
        let older: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT FROM pg_stat_activity
                            WHERE datname = current_database() AND pid <> pg_backend_pid() AND age(backend_xmin) > age($1::text::xid)
                              AND backend_type = 'client backend' AND pg_backend_pid() <> ALL (pg_blocking_pids(pid)))",
        )
        .bind(&now)
        .fetch_one(&mut *connection)
        .await?;
        if !older {
            return Ok(());
        }
        if Instant::now() > until {
            return Err(BesideError::InUse);
        }
        tokio::time::sleep(POLL).await;
    }
}

/// What others than the owner may do with the live table, said of the one beside.
async fn grants(connection: &mut PgConnection, schema: &str, table: &str) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT format('GRANT %s ON %I.%I TO %s%s;', a.privilege_type, $1, c.relname,
                       CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END,
                       CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
         FROM pg_class c, aclexplode(c.relacl) a
         WHERE c.oid = ('public.' || $2)::regclass AND a.grantee <> c.relowner",
    )
    .bind(schema)
    .bind(table)
    .fetch_all(connection)
    .await
}

/// A lock that was not to be had in time.
fn in_use(error: sqlx::Error) -> BesideError {
    const LOCK_NOT_AVAILABLE: &str = "55P03";
    const DEADLOCK: &str = "40P01";
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    match code.as_deref() {
        Some(LOCK_NOT_AVAILABLE | DEADLOCK) => BesideError::InUse,
        _ => error.into(),
    }
}
