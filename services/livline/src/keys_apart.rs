//! Data folders of format 1 had the keys in the cluster of the data. They are moved, once, to a cluster of their own.
//!
//! The folder's format tells whether that is done; until then what the data's cluster holds counts, and the copy is begun afresh. So a
//! kill at any point is made up for by the next start. Deliberately absent: anything else that formats may differ in.

use crate::{
    cluster::DataFolder,
    failure::Failure,
    provision::{self, KEYS, connect, failed, identifier, run},
    supervise::Servers,
    terminal,
};
use engine::database;
use futures::TryStreamExt;
use sqlx::PgConnection;

/// Moves the keys of a folder of format 1; nothing to do in any other.
pub async fn move_where_needed(folder: &DataFolder, servers: &Servers) -> Result<(), Failure> {
    if folder.format()? >= 2 {
        return Ok(());
    }
    let cluster = "postgres";
    let mut data = connect(&servers.postgres.admin_url(cluster)).await.map_err(failed(cluster))?;
    let there = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)").bind(KEYS);
    if there.fetch_one(&mut data).await.map_err(failed(cluster))? {
        terminal::say("The keys are moved to a cluster of their own …");
        let keys = identifier(KEYS);
        let mut own = connect(&servers.keys.admin_url(cluster)).await.map_err(failed(cluster))?;
        for statement in [format!("DROP DATABASE IF EXISTS {keys}"), format!("CREATE DATABASE {keys}")] {
            run(&mut own, &statement).await.map_err(failed(KEYS))?;
        }
        copy(&servers.postgres.admin_url(KEYS), &servers.keys.admin_url(KEYS)).await?;
        run(&mut data, &format!("DROP DATABASE {keys} WITH (FORCE)")).await.map_err(failed(KEYS))?;
    }
    Ok(folder.now_this_format()?)
}

/// All rows, and the proof that they arrived.
async fn copy(from: &str, to: &str) -> Result<(), Failure> {
    for url in [from, to] {
        database::migrate(url, &database::KEYS).await.map_err(provision::unusable(KEYS))?;
    }
    let mut source = connect(from).await.map_err(failed(KEYS))?;
    let mut target = connect(to).await.map_err(failed(KEYS))?;
    for table in tables(&mut source).await.map_err(failed(KEYS))? {
        let name = identifier(&table);
        copy_table(&mut source, &mut target, &name).await.map_err(failed(KEYS))?;
        let told = summary(&mut source, &name).await.map_err(failed(KEYS))?;
        if summary(&mut target, &name).await.map_err(failed(KEYS))? != told {
            return Err(Failure::Other(format!(
                "The keys could not be moved to a cluster of their own: {table} is not the same there. Nothing was taken away."
            )));
        }
    }
    Ok(())
}

async fn tables(connection: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' AND tablename <> '_sqlx_migrations' ORDER BY 1",
    )
    .fetch_all(connection)
    .await
}

async fn copy_table(source: &mut PgConnection, target: &mut PgConnection, table: &str) -> Result<(), sqlx::Error> {
    let mut rows = source.copy_out_raw(&format!("COPY {table} TO STDOUT")).await?;
    let mut copy = target.copy_in_raw(&format!("COPY {table} FROM STDIN")).await?;
    while let Some(part) = rows.try_next().await? {
        copy.send(part).await?;
    }
    copy.finish().await.map(drop)
}

/// How many rows, and a digest of them all.
async fn summary(connection: &mut PgConnection, table: &str) -> Result<(i64, String), sqlx::Error> {
    let rows = format!(
        "SELECT count(*), encode(sha256(convert_to(coalesce(string_agg(t::text, E'\\n' ORDER BY t::text), ''), 'UTF8')), 'hex')
         FROM {table} t"
    );
    sqlx::query_as(&rows).fetch_one(connection).await
}
