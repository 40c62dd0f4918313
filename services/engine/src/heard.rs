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
use sqlx::{PgConnection, PgPool, Row};
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

/// What every policy of a service has heard of a woman, by the policy's name.
pub async fn all(
    pool: &PgPool,
    seal: &Seal,
    service: &str,
    woman: WomanId,
) -> Result<BTreeMap<String, Value>, HeardError> {
    let rows = sqlx::query("SELECT policy, heard FROM heard WHERE woman = $1").bind(woman.0).fetch_all(pool).await?;
    let mut heard = BTreeMap::new();
    for row in rows {
        let policy: String = row.try_get("policy")?;
        if let Some(value) = open(seal, place(service, woman, &policy), row.try_get("heard")?).await? {
            heard.insert(policy, value);
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
