//! Who answers for a house now: whom the others of it cannot be without.
//!
//! Deliberately absent: what follows from it (the domains' rules).

use super::kept::DutyRow;
use crate::integrity::Signer;
use kit::{ActorId, CentreId};
use sqlx::PgPool;
use std::collections::BTreeSet;
use time::OffsetDateTime;

/// Everybody who answers for a centre at a moment, as far as the service has heard.
pub(crate) async fn who_answers(
    pool: &PgPool,
    signer: &Signer,
    centre: CentreId,
    now: OffsetDateTime,
) -> Result<BTreeSet<ActorId>, sqlx::Error> {
    let mut all = on_duty(pool, signer, centre, now).await?;
    all.extend(leaders());
    Ok(all)
}

/// Whoever is on duty.
async fn on_duty(
    pool: &PgPool,
    signer: &Signer,
    centre: CentreId,
    now: OffsetDateTime,
) -> Result<BTreeSet<ActorId>, sqlx::Error> {
    let all = DutyRow::all(&mut *pool.acquire().await?).await?;
    let here = all.iter().filter(|duty| duty.centre == centre.0 && duty.kind == "on_duty");
    let here = here.filter(|duty| duty.goes_on(now) && duty.fits(signer));
    Ok(here.filter_map(|duty| duty.worker.parse().ok()).collect())
}

/// Whoever leads the centre. Nobody has said who that is: only whoever acts as a leader is known to be one, and tells it by acting.
fn leaders() -> BTreeSet<ActorId> {
    BTreeSet::new()
}
