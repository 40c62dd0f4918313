//! Data folders of format 1 had the keys in the cluster of the data. They are moved, once, to a cluster of their own.
//!
//! The folder's format tells which of the two counts. Until it is written the data's cluster does, and the copy is begun afresh; from then
//! on their own cluster does, and what is left with the data is taken away at each start that finds it. The format comes before that,
//! because taking a database away is not one step: PostgreSQL first makes it one that nobody can open. So a kill at any point is made up
//! for by the next start. Deliberately absent: anything else that formats may differ in.

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

const CLUSTER: &str = "postgres";
/// What PostgreSQL sets as the limit of connections to a database that it has begun to take away.
const HALF_GONE: i32 = -2;

/// Moves the keys of a folder of format 1, and takes away what is left of them with the data.
pub async fn move_where_needed(folder: &DataFolder, servers: &Servers) -> Result<(), Failure> {
    let mut data = connect(&servers.postgres.admin_url(CLUSTER)).await.map_err(failed(CLUSTER))?;
    let there = sqlx::query_scalar("SELECT datconnlimit FROM pg_database WHERE datname = $1").bind(KEYS);
    let there: Option<i32> = there.fetch_optional(&mut data).await.map_err(failed(CLUSTER))?;
    if folder.format()? < 2 {
        match there {
            // An earlier version took them away before it wrote the format, and only once they had arrived.
            Some(HALF_GONE) => arrived(&servers.keys.admin_url(KEYS)).await?,
            Some(_) => move_keys(servers).await?,
            None => {}
        }
        folder.now_of_format(2)?;
    }
    if there.is_some() {
        let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", identifier(KEYS));
        run(&mut data, &drop).await.map_err(failed(KEYS))?;
    }
    Ok(())
}

async fn move_keys(servers: &Servers) -> Result<(), Failure> {
    terminal::say("The keys are moved to a cluster of their own …");
    let keys = identifier(KEYS);
    let mut own = connect(&servers.keys.admin_url(CLUSTER)).await.map_err(failed(CLUSTER))?;
    for statement in [format!("DROP DATABASE IF EXISTS {keys}"), format!("CREATE DATABASE {keys}")] {
        run(&mut own, &statement).await.map_err(failed(KEYS))?;
    }
    copy(&servers.postgres.admin_url(KEYS), &servers.keys.admin_url(KEYS)).await
}

/// That the keys are where they were moved to, before the last that is left elsewhere goes.
async fn arrived(url: &str) -> Result<(), Failure> {
    let missing = |_| {
        Failure::Other(
            "The keys were being moved to a cluster of their own, and are not there. Nothing was taken away.".into(),
        )
    };
    let mut own = connect(url).await.map_err(missing)?;
    let check = sqlx::query("SELECT FROM master_check").fetch_one(&mut own).await;
    check.map(drop).map_err(missing)
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
