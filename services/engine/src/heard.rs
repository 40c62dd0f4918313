//! What a service's policies have heard of each woman: one sealed row per policy and woman.
//!
//! It is made of other services' facts, personal ones among them, so it is sealed as a whole under her personal key. When that key
//! is gone, nothing was heard. What cannot be undone is decided only where all that there is by now was heard. Deliberately absent: what is
//! kept (each policy says so), and when it is written
//! ([`crate::policies`]).

use crate::{
    feed::Feed,
    keys::KeyError,
    reader::progress,
    seal::{Opening, Place, Seal, SealError},
};
use kit::{
    AggregateId, Class, WomanId,
    sealed::{OPEN, Stored},
};
use serde_json::{Value, json};
use sqlx::{PgConnection, PgPool};
use std::{collections::BTreeMap, time::Duration};

/// What was heard cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum HeardError {
    /// The store does not answer, or holds something else.
    #[error(transparent)]
    Store(#[from] sqlx::Error),
    /// It does not open.
    #[error(transparent)]
    Seal(#[from] SealError),
}

/// How long another service is asked how far it is.
const ANSWERED: Duration = Duration::from_secs(2);

/// A policy, and the services it hears with their feeds.
#[derive(Debug, Clone)]
pub struct Listening {
    /// Its name.
    pub policy: &'static str,
    /// Its services.
    pub feeds: Vec<(&'static str, Feed)>,
}

/// Those that have not heard all that other services have recorded by now, or of which that cannot be learnt. `own` is heard from nobody
/// else.
async fn behind(pool: &PgPool, own: &str, all: &[Listening]) -> Vec<&'static str> {
    let mut behind = Vec::new();
    for Listening { policy, feeds } in all {
        for (service, feed) in feeds.iter().filter(|(service, _)| *service != own) {
            let head = tokio::time::timeout(ANSWERED, feed.page(i64::MAX.unsigned_abs(), None)).await;
            let reached = progress(pool, policy, service).await.ok().flatten();
            let known = head.ok().and_then(Result::ok).zip(reached);
            if known.is_none_or(|(head, reached)| reached.epoch != head.epoch || reached.number < head.head) {
                tracing::warn!(policy, service, "not all of it was heard: what cannot be undone is refused");
                behind.push(*policy);
                break;
            }
        }
    }
    behind
}

/// Where what a policy has heard is sealed for.
fn place<'a>(service: &'a str, woman: WomanId, policy: &'a str) -> Place<'a> {
    Place {
        service,
        woman: Some(woman),
        centre: None,
        aggregate_type: "heard",
        aggregate: AggregateId::default(),
        version: 0,
        event: policy,
    }
}

async fn open(seal: &Seal, place: Place<'_>, mut row: Value) -> Result<Option<Value>, SealError> {
    seal.open(place, &mut row, |_| Opening::Value).await?;
    Ok((!matches!(Stored::of(&row), Some(Stored::Erased))).then_some(row))
}

/// What the policies of a service have heard of a woman, by the policy's name; none where that is not whole: a policy is still taking in
/// what there was when it began, or something of hers is held back. `policies` are all there are. Where it must be `certain`, none either where
/// more was recorded by now.
pub async fn all(
    pool: &PgPool,
    seal: &Seal,
    (service, woman): (&str, WomanId),
    policies: &[Listening],
    certain: bool,
) -> Result<BTreeMap<String, Option<Value>>, HeardError> {
    if policies.is_empty() {
        return Ok(BTreeMap::new());
    }
    // Asked first: what is read afterwards holds at least that.
    let behind = if certain { behind(pool, service, policies).await } else { Vec::new() };
    let rows: Vec<(String, i64, bool, Option<Value>)> = sqlx::query_as(
        "SELECT p.reader, count(*), bool_and(p.number >= p.until)
                AND NOT EXISTS (SELECT 1 FROM held_back b WHERE b.reader = p.reader AND b.woman = $1),
                (SELECT h.heard FROM heard h WHERE h.policy = p.reader AND h.woman = $1)
         FROM progress p GROUP BY p.reader",
    )
    .bind(woman.0)
    .fetch_all(pool)
    .await?;
    let mut heard: BTreeMap<_, _> = policies.iter().map(|one| (one.policy.to_owned(), None)).collect();
    for (policy, begun, whole, row) in rows {
        let hears = policies.iter().find(|one| one.policy == policy).map(|one| one.feeds.len());
        if !whole || hears.is_none_or(|hears| usize::try_from(begun).is_ok_and(|begun| begun < hears)) {
            continue;
        }
        match row {
            Some(row) => {
                // One that does not open is not known: it must not keep her from being helped.
                let value = match open(seal, place(service, woman, &policy), row).await {
                    Err(SealError::Foreign | SealError::Malformed) => None,
                    opened => opened?,
                };
                heard.insert(policy, value);
            }
            // Nothing was heard of her: the policy's beginning.
            None => drop(heard.remove(&policy)),
        }
    }
    heard.extend(behind.into_iter().map(|policy| (policy.to_owned(), None)));
    Ok(heard)
}

/// What one policy has heard of a woman.
pub async fn one(
    connection: &mut PgConnection,
    seal: &Seal,
    service: &str,
    woman: WomanId,
    policy: &str,
) -> Result<Option<Value>, HeardError> {
    let row: Option<Value> = sqlx::query_scalar("SELECT heard FROM heard WHERE policy = $1 AND woman = $2")
        .bind(policy)
        .bind(woman.0)
        .fetch_optional(connection)
        .await?;
    match row {
        Some(row) => Ok(open(seal, place(service, woman, policy), row).await?),
        None => Ok(None),
    }
}

/// Keeps what a policy has heard of a woman. Of one who was erased nothing is kept.
pub async fn keep(
    connection: &mut PgConnection,
    seal: &Seal,
    service: &str,
    woman: WomanId,
    policy: &str,
    heard: &Value,
) -> Result<(), HeardError> {
    let mut sealed = json!({ OPEN: { "class": Class::Personal, "value": heard } });
    match seal.seal(place(service, woman, policy), &mut sealed).await {
        Err(SealError::Key(KeyError::Erased)) => return Ok(()),
        other => other?,
    }
    sqlx::query(
        "INSERT INTO heard (policy, woman, heard) VALUES ($1, $2, $3)
         ON CONFLICT (policy, woman) DO UPDATE SET heard = excluded.heard",
    )
    .bind(policy)
    .bind(woman.0)
    .bind(sealed)
    .execute(connection)
    .await?;
    Ok(())
}
