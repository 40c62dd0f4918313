//! Who answers for a house now: whom the others of it cannot be without.
//!
//! Deliberately absent: what follows from it (the domains' rules).

use kit::{ActorId, CentreId};
use sqlx::PgPool;
use std::collections::BTreeSet;
use time::OffsetDateTime;

/// Everybody who answers for a centre at a moment, as far as the service has heard.
pub(crate) async fn who_answers(
    pool: &PgPool,
    centre: CentreId,
    now: OffsetDateTime,
) -> Result<BTreeSet<ActorId>, sqlx::Error> {
    let mut all = on_duty(pool, centre, now).await?;
    all.extend(leaders());
    Ok(all)
}

/// Whoever is on duty.
async fn on_duty(pool: &PgPool, centre: CentreId, now: OffsetDateTime) -> Result<BTreeSet<ActorId>, sqlx::Error> {
    let sql =
        "SELECT worker FROM duties WHERE centre = $1 AND kind = 'on_duty' AND $2 >= since AND $2 < least(until, ended)";
    let workers: Vec<String> = sqlx::query_scalar(sql).bind(centre.0).bind(now).fetch_all(pool).await?;
    Ok(workers.iter().filter_map(|worker| worker.parse().ok()).collect())
}

/// Whoever leads the centre. Nobody has said who that is: only whoever acts as a leader is known to be one, and tells it by acting.
fn leaders() -> BTreeSet<ActorId> {
    BTreeSet::new()
}
