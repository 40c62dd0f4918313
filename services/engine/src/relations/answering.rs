//! Who answers for a house now: whom the others of it cannot be without.
//!
//! Deliberately absent: what follows from it (the domains' rules).

use super::{
    directory::{Part, directory},
    kept::DutyRow,
};
use crate::{integrity::Signer, seal::Seal};
use kit::{ActorId, CentreId};
use sqlx::PgPool;
use std::collections::BTreeSet;
use time::OffsetDateTime;

/// Who answers for a centre at a moment.
#[derive(Debug, Default)]
pub(crate) struct Answering {
    /// Everybody who does: whoever is on duty, and its leaders.
    pub(crate) all: BTreeSet<ActorId>,
    /// Its leaders.
    pub(crate) leaders: BTreeSet<ActorId>,
}

/// Who answers for a centre at a moment, as far as the service has heard.
pub(crate) async fn who_answers(
    pool: &PgPool,
    (seal, keeper): (&Seal, &str),
    centre: CentreId,
    now: OffsetDateTime,
) -> Result<Answering, sqlx::Error> {
    let mut all = on_duty(pool, &seal.signer(keeper), centre, now).await?;
    let directory = directory(pool, (seal, keeper), centre, Part::Staff).await?;
    let today = kit::calendar::day_in_copenhagen(now);
    // Who left has no duty any more, and a temp answers for no house.
    all.retain(|who| !directory.has_left(who, today) && !directory.is_temp(who));
    let leaders: BTreeSet<ActorId> = directory.leaders(today).cloned().collect();
    all.extend(leaders.iter().cloned());
    Ok(Answering { all, leaders })
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
