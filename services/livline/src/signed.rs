//! Data folders of formats below 3 hold events and owners of aggregates that nobody signed, and those below 4 values of a vault. They are
//! signed, once.
//!
//! A service's rows are signed in one transaction, and only where none of them was signed before: what is put there unsigned later stays
//! so, and counts for nothing. The folder's format says when all of it was done; no database does. The numberings get a new epoch with it, so
//! that streams and readers begin anew with what is signed. Rows that do not agree with the chain or the events stay unsigned. Deliberately
//! absent: signing anything that a running service stored.

use crate::{
    cluster::{DataFolder, Postgres},
    failure::Failure,
    provision::failed,
    secrets, services, terminal,
};
use engine::{
    integrity::Signer,
    store,
    vault::{self, VaultError},
};
use sqlx::{PgConnection, PgPool, Postgres as Db, Row, Transaction};

/// Rows signed at once.
const PAGE: i64 = 1000;
/// The lock that whoever appends holds.
const APPEND: i64 = 736_969;
/// The first format whose events are all signed.
const SIGNED: u64 = 3;
/// The first format whose vaults are.
const VAULT_SIGNED: u64 = 4;

/// Has the integrity key made, and signs what a folder of an earlier format holds. The tables are this version's.
pub async fn sign_where_needed(folder: &DataFolder, postgres: &Postgres) -> Result<(), Failure> {
    let mut pools = Vec::new();
    for service in services::domains() {
        let pool = PgPool::connect(&postgres.admin_url(&service.database())).await.map_err(failed(service.name))?;
        pools.push((service.name, vault::within(service.tables), pool));
    }
    let mut used = false;
    for (name, _, pool) in &pools {
        used |= is_signed(&mut *pool.acquire().await.map_err(failed(name))?).await.map_err(failed(name))?;
    }
    let integrity = secrets::integrity_key(folder, used)?;
    if folder.format()? < SIGNED {
        for (name, _, pool) in &pools {
            let left = sign(pool, &integrity.of(name)).await.map_err(failed(name))?;
            if left > 0 {
                terminal::complain(format!(
                    "{left} rows of {name} are not what was stored there, and were not signed: nothing comes of them, and `livline verify` names them."
                ));
            }
        }
        folder.now_of_format(SIGNED)?;
    }
    if folder.format()? < VAULT_SIGNED {
        for (name, _, pool) in pools.iter().filter(|(_, has_a_vault, _)| *has_a_vault) {
            sign_vault(pool, &integrity.of(name)).await?;
        }
        folder.now_of_format(VAULT_SIGNED)?;
    }
    for (.., pool) in pools {
        pool.close().await;
    }
    Ok(())
}

/// Signs what a vault holds, where that was not done.
pub async fn sign_vault(pool: &PgPool, signer: &Signer) -> Result<(), Failure> {
    let unsigned = |error: VaultError| Failure::Other(format!("What the vault keeps cannot be signed: {error}."));
    if !vault::were_signed(pool).await.map_err(|error| unsigned(error.into()))? {
        vault::sign_once(pool, signer).await.map_err(unsigned)?;
    }
    Ok(())
}

/// Whether something in a service's database is signed.
pub async fn is_signed(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM events WHERE mac IS NOT NULL)").fetch_one(connection).await
}

/// Signs everything in a service's database where nothing is signed yet; how many rows were left unsigned, for they do not agree.
pub async fn sign(pool: &PgPool, signer: &Signer) -> Result<u64, sqlx::Error> {
    let mut transaction = pool.begin().await?;
    sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(APPEND).execute(&mut *transaction).await?;
    let there: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM events)").fetch_one(&mut *transaction).await?;
    if !there || is_signed(&mut transaction).await? {
        return Ok(0);
    }
    let left = events(&mut transaction, signer).await? + owners(&mut transaction, signer).await?;
    sqlx::query("INSERT INTO epochs (epoch, head) SELECT gen_random_uuid(), max(number) FROM events")
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    let head = store::head(pool).await?.number;
    store::sign_chain(pool, signer, head).await?;
    Ok(left)
}

async fn events(transaction: &mut Transaction<'static, Db>, signer: &Signer) -> Result<u64, sqlx::Error> {
    let (mut after, mut left) = (0_i64, 0);
    loop {
        let sql = format!(
            "SELECT e.number, {}, e.chain = link((SELECT b.chain FROM events b WHERE b.number = e.number - 1),
                 CASE WHEN e.number = 1 THEN decode(repeat('00', 32), 'hex') END, e.number, e.aggregate_type, e.aggregate_id,
                 e.sequence, e.event_type, e.event_version, e.subject, e.key, e.fingerprint, e.warnings::text, e.body::text) AS agrees
             FROM events e WHERE e.number > $1 ORDER BY e.number LIMIT $2",
            store::SIGNED
        );
        let rows = sqlx::query(&sql).bind(after).bind(PAGE).fetch_all(&mut **transaction).await?;
        let Some(last) = rows.last() else { return Ok(left) };
        after = last.try_get("number")?;
        let (mut numbers, mut macs) = (Vec::new(), Vec::new());
        for row in &rows {
            if row.try_get::<Option<bool>, _>("agrees")? != Some(true) {
                left += 1;
                continue;
            }
            numbers.push(row.try_get::<i64, _>("number")?);
            macs.push(signer.event(&store::event_row(row)?));
        }
        sqlx::query("UPDATE events e SET mac = s.mac FROM unnest($1::bigint[], $2::bytea[]) AS s(number, mac) WHERE e.number = s.number")
            .bind(numbers)
            .bind(macs)
            .execute(&mut **transaction)
            .await?;
    }
}

/// Kind and id, woman and centre of an aggregate, and whether its first event says the same.
type Owner = (String, String, Option<uuid::Uuid>, Option<uuid::Uuid>, bool);

/// Owners whose rows say what the aggregate's first event says.
async fn owners(transaction: &mut Transaction<'static, Db>, signer: &Signer) -> Result<u64, sqlx::Error> {
    let rows: Vec<Owner> = sqlx::query_as(
        "SELECT a.aggregate_type, a.aggregate_id, a.woman, a.centre,
                e.mac IS NOT NULL AND (e.body->>'subject') IS NOT DISTINCT FROM a.woman::text
                    AND (e.body->>'centre') IS NOT DISTINCT FROM a.centre::text
         FROM aggregates a
         LEFT JOIN events e ON e.aggregate_type = a.aggregate_type AND e.aggregate_id = a.aggregate_id AND e.sequence = 1",
    )
    .fetch_all(&mut **transaction)
    .await?;
    let mut left = 0;
    let (mut kinds, mut ids, mut macs) = (Vec::new(), Vec::new(), Vec::new());
    for (kind, id, woman, centre, agrees) in rows {
        if !agrees {
            left += 1;
            continue;
        }
        macs.push(signer.aggregate(&kind, &id, woman.map(kit::WomanId), centre.map(kit::CentreId)));
        kinds.push(kind);
        ids.push(id);
    }
    sqlx::query(
        "UPDATE aggregates a SET mac = s.mac FROM unnest($1::text[], $2::text[], $3::bytea[]) AS s(kind, id, mac)
         WHERE (a.aggregate_type, a.aggregate_id) = (s.kind, s.id)",
    )
    .bind(kinds)
    .bind(ids)
    .bind(macs)
    .execute(&mut **transaction)
    .await?;
    Ok(left)
}
