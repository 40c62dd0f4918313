//! What a service's policies have heard of each woman: one sealed row per policy and woman.
//!
//! It is made of other services' facts, personal ones among them, so it is sealed as a whole under her personal key. When that key
//! is gone, nothing was heard. What cannot be undone is decided only where all that there is by now was heard, and all that was heard adds
//! up. Deliberately absent: what is kept (each policy says so), when it is written ([`crate::policies`]), and what it is signed with ([`kept`]).

pub mod kept;

use crate::{
    feed::Feed,
    keys::KeyError,
    reader::progress,
    seal::{Opening, Place, Seal, SealError},
    tally::Tally,
};
use kit::{
    AggregateId, Class, WomanId,
    sealed::{OPEN, Stored},
};
use serde_json::{Value, json};
use sqlx::{PgConnection, PgPool, Row};
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
    /// It is not as it was heard.
    #[error("what was heard is not as it was left")]
    Tampered,
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

/// Opens a row; nothing where her key is gone.
async fn open(
    seal: &Seal,
    (service, woman, policy): (&str, WomanId, &str),
    (heard, mac): (&str, &[u8]),
) -> Result<Option<Value>, HeardError> {
    let signer = seal.signer(service);
    if kept::row(&signer, policy, woman, heard) != mac {
        signer.refuse("heard", &policy);
        return Err(HeardError::Tampered);
    }
    let mut row = serde_json::from_str(heard).map_err(|_| SealError::Malformed)?;
    seal.open(place(service, woman, policy), &mut row, |_| Opening::Value).await?;
    Ok((!matches!(Stored::of(&row), Some(Stored::Erased))).then_some(row))
}

/// Policies whose rows do not add up to what they left: one of them may have been taken away. Looked at whole, so asked only where it must be
/// certain; a service looks by itself too ([`crate::policies`]).
async fn not_whole(pool: &PgPool, seal: &Seal, own: &str, all: &[Listening]) -> Result<Vec<&'static str>, sqlx::Error> {
    let signer = seal.signer(own);
    let mut not_whole = Vec::new();
    for Listening { policy, .. } in all {
        if !kept::is_whole(pool, &signer, policy).await? {
            signer.refuse("policy", policy);
            not_whole.push(*policy);
        }
    }
    Ok(not_whole)
}

/// What the policies of a service have heard of a woman, by the policy's name; none where that is not whole: a policy is still taking in
/// what there was when it began, something of hers is held back, or it is not as the policy left it. `policies` are all there are. Where it must
/// be `certain`, none either where more was recorded by now.
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
    let mut unknown = if certain { behind(pool, service, policies).await } else { Vec::new() };
    if certain {
        unknown.extend(not_whole(pool, seal, service, policies).await?);
    }
    let signer = seal.signer(service);
    let names: Vec<&str> = policies.iter().map(|one| one.policy).collect();
    let sql = format!(
        "SELECT {}, (SELECT count(*) FROM progress p WHERE p.reader = n.policy) AS begun,
                coalesce((SELECT bool_and(p.number >= p.until) FROM progress p WHERE p.reader = n.policy), false)
                AND NOT EXISTS (SELECT 1 FROM held_back b WHERE b.reader = n.policy AND b.woman = $2) AS whole,
                h.heard::text AS heard, h.mac AS heard_mac
         FROM {} LEFT JOIN heard h ON h.policy = n.policy AND h.woman = $2",
        kept::STATE,
        kept::STATES
    );
    let mut heard = BTreeMap::new();
    for row in sqlx::query(&sql).bind(&names).bind(woman.0).fetch_all(pool).await? {
        let policy: String = row.try_get("policy")?;
        let begun: i64 = row.try_get("begun")?;
        let hears = policies.iter().find(|one| one.policy == policy).map_or(0, |one| one.feeds.len());
        let mut known = row.try_get("whole")? && usize::try_from(begun).is_ok_and(|begun| begun >= hears);
        if !kept::State::read(&row)?.fits(&signer, &policy) {
            signer.refuse("policy", &policy);
            known = false;
        }
        let kept = row.try_get::<Option<String>, _>("heard")?.zip(row.try_get::<Option<Vec<u8>>, _>("heard_mac")?);
        let value = match kept {
            _ if !known => None,
            Some((text, mac)) => match open(seal, (service, woman, &policy), (&text, &mac)).await {
                // One that does not open is not known: it must not keep her from being helped.
                Err(HeardError::Tampered | HeardError::Seal(SealError::Foreign | SealError::Malformed)) => None,
                opened => opened?,
            },
            // Nothing was heard of her: the policy's beginning.
            None => continue,
        };
        heard.insert(policy, value);
    }
    heard.extend(unknown.into_iter().map(|policy| (policy.to_owned(), None)));
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
    let row: Option<(String, Vec<u8>)> =
        sqlx::query_as("SELECT heard::text, mac FROM heard WHERE policy = $1 AND woman = $2")
            .bind(policy)
            .bind(woman.0)
            .fetch_optional(connection)
            .await?;
    match row {
        Some((heard, mac)) => open(seal, (service, woman, policy), (&heard, &mac)).await,
        None => Ok(None),
    }
}

/// Keeps what a policy has heard of a woman. Of one who was erased nothing is kept.
pub(crate) async fn keep(
    connection: &mut PgConnection,
    seal: &Seal,
    (service, woman, policy): (&str, WomanId, &str),
    heard: &Value,
    tally: &mut Tally,
) -> Result<(), HeardError> {
    let mut sealed = json!({ OPEN: { "class": Class::Personal, "value": heard } });
    match seal.seal(place(service, woman, policy), &mut sealed).await {
        Err(SealError::Key(KeyError::Erased)) => return Ok(()),
        other => other?,
    }
    let sealed = sealed.to_string();
    let mac = kept::row(&seal.signer(service), policy, woman, &sealed);
    let before: Option<Vec<u8>> = sqlx::query_scalar(
        "WITH before AS (SELECT mac FROM heard WHERE policy = $1 AND woman = $2)
         INSERT INTO heard (policy, woman, heard, mac) VALUES ($1, $2, $3::text::json, $4)
         ON CONFLICT (policy, woman) DO UPDATE SET heard = excluded.heard, mac = excluded.mac
         RETURNING (SELECT mac FROM before)",
    )
    .bind(policy)
    .bind(woman.0)
    .bind(sealed)
    .bind(&mac)
    .fetch_one(connection)
    .await?;
    tally.instead(before, Some(mac));
    Ok(())
}
