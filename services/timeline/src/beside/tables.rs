//! The tables beside the live ones: made from the live ones' own definitions, whatever migrations have made of them.
//!
//! Constraints are there from the start, for what they refuse is held back; plain indexes come at the end. Deliberately absent: any
//! column by its name.

use crate::project::TABLES;
use sqlx::{Connection, Executor, PgConnection, PgPool};

/// Statements that take no parameters.
pub(super) async fn run(connection: &mut PgConnection, statements: &str) -> Result<(), sqlx::Error> {
    connection.execute(statements).await.map(drop)
}

/// Makes schema and tables where they are not there yet as the live ones are now.
pub(super) async fn make(connection: &mut PgConnection, schema: &str, anew: bool) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin().await?;
    let version: i64 =
        sqlx::query_scalar("SELECT coalesce(max(version), 0) FROM public._sqlx_migrations WHERE success")
            .fetch_one(&mut *transaction)
            .await?;
    let made_for = format!("made like the tables of version {version}");
    let same: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1 AND obj_description(oid, 'pg_namespace') = $2)",
    )
    .bind(schema)
    .bind(&made_for)
    .fetch_one(&mut *transaction)
    .await?;
    if same && !anew {
        return transaction.commit().await;
    }
    let mut statements = vec![format!(
        "DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema}; COMMENT ON SCHEMA {schema} IS '{made_for}';
         CREATE TABLE {schema}.progress (LIKE public.progress INCLUDING ALL);"
    )];
    for table in TABLES {
        statements
            .push(format!("CREATE TABLE {schema}.{table} (LIKE public.{table} INCLUDING ALL EXCLUDING INDEXES);"));
        for (name, definition) in constraints(&mut transaction, table).await? {
            statements.push(format!("ALTER TABLE {schema}.{table} ADD CONSTRAINT {name} {definition};"));
        }
        for (_, definition) in indexes(&mut transaction, table, true).await? {
            statements.push(beside(&definition, schema));
        }
    }
    run(&mut transaction, &statements.concat()).await?;
    transaction.commit().await
}

/// Makes the plain indexes that are still missing, and lets Postgres learn what the tables hold.
pub(super) async fn finish(pool: &PgPool, schema: &str) -> Result<(), sqlx::Error> {
    let mut connection = pool.acquire().await?;
    for table in TABLES {
        for (name, definition) in indexes(&mut connection, table, false).await? {
            let there: bool = sqlx::query_scalar(
                "SELECT EXISTS (SELECT FROM pg_indexes WHERE schemaname = $1 AND quote_ident(indexname) = $2)",
            )
            .bind(schema)
            .bind(&name)
            .fetch_one(&mut *connection)
            .await?;
            if !there {
                run(&mut connection, &beside(&definition, schema)).await?;
            }
        }
        run(&mut connection, &format!("ANALYZE {schema}.{table}")).await?;
    }
    Ok(())
}

/// Primary keys and the like; checks come with the columns.
async fn constraints(connection: &mut PgConnection, table: &str) -> Result<Vec<(String, String)>, sqlx::Error> {
    sqlx::query_as(
        "SELECT quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint
         WHERE conrelid = ('public.' || $1)::regclass AND contype IN ('p', 'u', 'x') ORDER BY conname",
    )
    .bind(table)
    .fetch_all(connection)
    .await
}

/// Indexes that are no constraint's, the unique ones or the others.
async fn indexes(
    connection: &mut PgConnection,
    table: &str,
    unique: bool,
) -> Result<Vec<(String, String)>, sqlx::Error> {
    sqlx::query_as(
        "SELECT quote_ident(c.relname), pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
         WHERE i.indrelid = ('public.' || $1)::regclass AND i.indisunique = $2
           AND NOT EXISTS (SELECT FROM pg_constraint o WHERE o.conindid = i.indexrelid AND o.contype IN ('p', 'u', 'x'))
         ORDER BY c.relname",
    )
    .bind(table)
    .bind(unique)
    .fetch_all(connection)
    .await
}

/// An index's own definition, for the table beside.
fn beside(definition: &str, schema: &str) -> String {
    definition.replacen(" ON public.", &format!(" ON {schema}."), 1) + ";"
}
