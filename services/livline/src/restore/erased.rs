//! Who was erased stays erased, whatever came back: the ledger is applied to the keys before any service runs on them.
//!
//! The keys may be from before an erasure, and the data from before what was decided; the ledger is from the last backup. Deliberately
//! absent: erasures since then. Of those no place knows but the one that was lost; where the data have what was decided, the service that
//! hears its own events carries it out anew.

use super::settle::failed;
use crate::{
    backup::Erased,
    failure::Failure,
    provision::{KEYS, connect, unusable},
    services,
    supervise::Servers,
};
use engine::{database, erasure, keys::Kind};

/// Destroys what came back, and takes what vaults have of them; how many are erased, and of how many a key had come back.
pub(super) async fn apply(servers: &Servers, erased: &[Erased]) -> Result<(u64, u64), Failure> {
    let url = servers.keys.admin_url(KEYS);
    database::migrate(&url, &database::KEYS).await.map_err(unusable(KEYS))?;
    let mut keys = connect(&url).await.map_err(failed)?;
    let mut back = 0;
    for Erased { subject, kind, decided, destroyed } in erased {
        let there = sqlx::query_scalar("SELECT EXISTS (SELECT FROM data_keys WHERE subject = $1)").bind(subject);
        let there: bool = there.fetch_one(&mut keys).await.map_err(failed)?;
        back += u64::from(there);
        // With its own day: it was destroyed then, and is so again.
        sqlx::query(
            "INSERT INTO erasures (subject, kind, decided, destroyed) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        )
        .bind(subject)
        .bind(kind)
        .bind(decided)
        .bind(destroyed)
        .execute(&mut keys)
        .await
        .map_err(failed)?;
        let again = sqlx::query("SELECT erase($1, $2, $3)").bind(subject).bind(kind).bind(decided);
        again.execute(&mut keys).await.map_err(failed)?;
    }
    if back > 0 {
        sqlx::query("SELECT let_the_log_go()").execute(&mut keys).await.map_err(failed)?;
    }
    // All that the ledger has by now: the keys that came back know some that no file does.
    let all = sqlx::query_as("SELECT subject, kind, decided, destroyed FROM erasures").fetch_all(&mut keys).await;
    let all: Vec<Erased> = all.map_err(failed)?;
    for service in services::domains() {
        let mut data = connect(&servers.postgres.admin_url(&service.database())).await.map_err(failed)?;
        for one in &all {
            let kind = if one.kind == Kind::Child.code() { Kind::Child } else { Kind::Woman };
            erasure::forget(&mut data, None, (one.subject, kind)).await.map_err(failed)?;
        }
    }
    Ok((all.len() as u64, back))
}
