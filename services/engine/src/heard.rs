//! What a service's policies have heard of each woman: one sealed row per policy and woman.
//!
//! It is made of other services' facts, personal ones among them, so it is sealed as a whole under her personal key. When that key
//! is gone, nothing was heard. Deliberately absent: what is kept (each policy says so), and when it is written
//! ([`crate::policies`]).

use crate::{
    keys::KeyError,
    seal::{Opening, Place, Seal, SealError},
};
use kit::{
    AggregateId, Class, WomanId,
    sealed::{OPEN, Stored},
};
use serde_json::{Value, json};
use sqlx::{PgConnection, PgPool};
use std::collections::BTreeMap;

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
/// what there was when it began, or something of hers is held back. `policies` are all there are, with how many services each hears.
pub async fn all(
    pool: &PgPool,
    seal: &Seal,
    service: &str,
    woman: WomanId,
    policies: &[(&'static str, usize)],
) -> Result<BTreeMap<String, Option<Value>>, HeardError> {
    let rows: Vec<(String, i64, bool, Option<Value>)> = sqlx::query_as(
        "SELECT p.reader, count(*), bool_and(p.number >= p.until)
                AND NOT EXISTS (SELECT 1 FROM held_back b WHERE b.reader = p.reader AND b.woman = $1),
                (SELECT h.heard FROM heard h WHERE h.policy = p.reader AND h.woman = $1)
         FROM progress p GROUP BY p.reader",
    )
    .bind(woman.0)
    .fetch_all(pool)
    .await?;
    let mut heard: BTreeMap<_, _> = policies.iter().map(|(policy, _)| ((*policy).to_owned(), None)).collect();
    for (policy, begun, whole, row) in rows {
        let hears = policies.iter().find(|(name, _)| *name == policy).map(|(_, hears)| *hears);
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
