//! Pools, migrations, and what must hold of a database before a service runs on it.
//!
//! Deliberately absent: making databases and roles (livline's `up` and `migrate` do, as the administrator).

use crate::run::StartError;
use secrecy::{ExposeSecret, SecretString};
use sqlx::{
    Connection, PgConnection, PgPool,
    migrate::Migrator,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::{collections::BTreeSet, time::Duration};

/// A domain service's tables.
pub static SERVICE: Migrator = sqlx::migrate!("./migrations/service");
/// The keys database's tables.
pub static KEYS: Migrator = sqlx::migrate!("./migrations/keys");

/// Several parts' tables in one database. Their versions must not meet.
#[must_use]
pub fn together(parts: &[&Migrator]) -> Migrator {
    let mut migrations: Vec<_> = parts.iter().flat_map(|part| part.iter().cloned()).collect();
    migrations.sort_by_key(|migration| migration.version);
    Migrator { migrations: migrations.into(), ..Migrator::DEFAULT }
}

/// A pool with bounded waits. Statements are logged by nobody: their parameters may be anything.
pub async fn pool(url: &SecretString, size: u32) -> Result<PgPool, StartError> {
    use sqlx::ConnectOptions;
    let options: PgConnectOptions = url.expose_secret().parse().map_err(|_| StartError::DatabaseUrl)?;
    let options = options
        .options([
            ("lock_timeout", "10s"),
            ("idle_in_transaction_session_timeout", "10s"),
            ("statement_timeout", "30s"),
        ])
        .disable_statement_logging();
    PgPoolOptions::new()
        .max_connections(size)
        .acquire_timeout(Duration::from_secs(10))
        .connect_with(options)
        .await
        .map_err(|error| StartError::Database(crate::journal::error_kind(&error)))
}

/// Brings a database to this program's version, as its owner. Data of a newer version are refused.
pub async fn migrate(admin_url: &str, migrator: &Migrator) -> Result<(), StartError> {
    let failed = |error: &sqlx::Error| StartError::Database(crate::journal::error_kind(error));
    let mut connection = PgConnection::connect(admin_url).await.map_err(|error| failed(&error))?;
    migrator.run(&mut connection).await.map_err(|error| match error {
        sqlx::migrate::MigrateError::VersionMissing(_) | sqlx::migrate::MigrateError::VersionMismatch(_) => {
            StartError::NewerData
        }
        sqlx::migrate::MigrateError::Execute(error) => failed(&error),
        other => StartError::Database(other.to_string()),
    })?;
    connection.close().await.map_err(|error| failed(&error))
}

/// What must hold: the settings that durability rests on, and tables of exactly this program's version.
pub async fn check(pool: &PgPool, migrator: &Migrator) -> Result<(), StartError> {
    let failed = |error: sqlx::Error| StartError::Database(crate::journal::error_kind(&error));
    for setting in ["fsync", "synchronous_commit", "full_page_writes"] {
        let value: String =
            sqlx::query_scalar("SELECT current_setting($1)").bind(setting).fetch_one(pool).await.map_err(failed)?;
        if value != "on" && !(setting == "synchronous_commit" && (value == "remote_write" || value == "remote_apply")) {
            return Err(StartError::NotDurable(setting));
        }
    }
    let ours: BTreeSet<i64> = migrator.iter().map(|migration| migration.version).collect();
    let theirs: Vec<i64> = sqlx::query_scalar("SELECT version FROM _sqlx_migrations WHERE success")
        .fetch_all(pool)
        .await
        .map_err(|_| StartError::NotMigrated)?;
    let theirs: BTreeSet<i64> = theirs.into_iter().collect();
    // The parts of a service's tables are numbered apart: the highest number does not tell.
    if !theirs.is_subset(&ours) {
        return Err(StartError::NewerData);
    }
    if ours == theirs { Ok(()) } else { Err(StartError::NotMigrated) }
}
