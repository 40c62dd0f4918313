//! That what a policy has heard is kept as it was heard: every row is signed, and a state over all of them with how far the policy is.
//!
//! The state is one row for each policy: a sum over the rows' signatures, signed together with the policy's progress in every service and what
//! it holds back. It moves in the transaction of the rows, under the policy's lock. A row that is changed, put there, taken away or put back
//! from before does not add up; a whole state of before is one with its progress, and is read on from there. What does not add up goes, and is
//! heard again from the first event; orders that were carried out are known by the events that they led to. Deliberately absent: what rows
//! hold ([`super`]).

use crate::{
    integrity::Signer,
    reader::ReadError,
    tally::{Sum, Tally},
};
use kit::WomanId;
use sqlx::{PgConnection, PgPool, Postgres, Row, Transaction, postgres::PgRow};
use uuid::Uuid;

/// The columns of a state, of policies `n`. Whoever selects them names the policies, so that one without a state is seen too.
pub(super) const STATE: &str = "n.policy, k.counter, k.sum, k.mac,
    (SELECT coalesce(string_agg(concat_ws(' ', p.service, p.epoch, p.number, p.since, p.until, p.last), ','
                                ORDER BY p.service COLLATE \"C\"), '')
     FROM progress p WHERE p.reader = n.policy) AS progress,
    (SELECT coalesce(string_agg(concat_ws(' ', h.service, h.number, h.woman, encode(sha256(convert_to(h.body, 'UTF8')), 'hex')), ','
                                ORDER BY h.service COLLATE \"C\", h.number), '')
     FROM held_back h WHERE h.reader = n.policy) AS held_back";
/// Where they come from, with the names of policies as the first parameter.
pub(super) const STATES: &str = "unnest($1::text[]) AS n(policy) LEFT JOIN policies k ON k.policy = n.policy";

/// How a policy stands, with all that its state is over but the rows.
pub(super) struct State {
    counter: i64,
    sum: Option<Vec<u8>>,
    mac: Option<Vec<u8>>,
    progress: String,
    held_back: String,
}

impl State {
    pub(super) fn read(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            counter: row.try_get::<Option<i64>, _>("counter")?.unwrap_or_default(),
            sum: row.try_get("sum")?,
            mac: row.try_get("mac")?,
            progress: row.try_get("progress")?,
            held_back: row.try_get("held_back")?,
        })
    }

    async fn of(connection: &mut PgConnection, policy: &str) -> Result<Self, sqlx::Error> {
        let sql = format!("SELECT {STATE} FROM {STATES}");
        Self::read(&sqlx::query(&sql).bind([policy].as_slice()).fetch_one(connection).await?)
    }

    fn sign(&self, signer: &Signer, policy: &str) -> Vec<u8> {
        let sum = self.sum.as_deref().unwrap_or_default();
        let parts: [&[u8]; 5] =
            [policy.as_bytes(), &self.counter.to_be_bytes(), sum, self.progress.as_bytes(), self.held_back.as_bytes()];
        signer.sign("policy", &parts)
    }

    /// Whether it is as the policy left it. One that has not begun has left nothing.
    pub(super) fn fits(&self, signer: &Signer, policy: &str) -> bool {
        match &self.mac {
            Some(mac) => *mac == self.sign(signer, policy),
            None => self.sum.is_none() && self.progress.is_empty() && self.held_back.is_empty(),
        }
    }
}

/// The signature of what a policy has heard of a woman.
pub(super) fn row(signer: &Signer, policy: &str, woman: WomanId, heard: &str) -> Vec<u8> {
    signer.sign("heard_of_a_woman", &[policy.as_bytes(), woman.0.as_bytes(), heard.as_bytes()])
}

/// Lets one at a time go on with a policy: readers of several services, replicas and the calendar share what was heard.
pub(crate) async fn lock(connection: &mut PgConnection, policy: &str) -> Result<(), sqlx::Error> {
    sqlx::query("SELECT set_config('idle_in_transaction_session_timeout', '120s', true), pg_advisory_xact_lock(hashtextextended($1, 1))")
        .bind(policy)
        .execute(connection)
        .await
        .map(drop)
}

/// That the state is as the policy left it, before anything is built on it. Under its lock.
pub(crate) async fn look(connection: &mut PgConnection, signer: &Signer, policy: &str) -> Result<(), ReadError> {
    let fits = State::of(connection, policy).await?.fits(signer, policy);
    if fits { Ok(()) } else { Err(ReadError::Tampered) }
}

/// Signs the state as it is now, with what was changed.
pub(crate) async fn write(
    connection: &mut PgConnection,
    signer: &Signer,
    policy: &str,
    tally: &Tally,
) -> Result<(), ReadError> {
    let mut state = State::of(connection, policy).await?;
    let sum = tally.changed(signer, state.sum.as_deref()).ok_or(ReadError::Tampered)?;
    (state.sum, state.counter) = (Some(sum.bytes()), state.counter + 1);
    sqlx::query(
        "INSERT INTO policies (policy, counter, sum, mac) VALUES ($1, $2, $3, $4)
         ON CONFLICT (policy) DO UPDATE SET counter = excluded.counter, sum = excluded.sum, mac = excluded.mac",
    )
    .bind(policy)
    .bind(state.counter)
    .bind(&state.sum)
    .bind(state.sign(signer, policy))
    .execute(connection)
    .await?;
    Ok(())
}

/// The rows of a policy go, with what they add up to; whoever calls signs the state anew or takes the progress away too.
pub(crate) async fn rows_go(connection: &mut PgConnection, policy: &str) -> Result<(), sqlx::Error> {
    for sql in ["DELETE FROM heard WHERE policy = $1", "DELETE FROM policies WHERE policy = $1"] {
        sqlx::query(sql).bind(policy).execute(&mut *connection).await?;
    }
    Ok(())
}

/// A policy begins as on its first day: everything is heard again, and reacted to; orders that were given are known.
pub(crate) async fn start_over(pool: &PgPool, policy: &str) -> Result<(), sqlx::Error> {
    let mut transaction = pool.begin().await?;
    lock(&mut transaction, policy).await?;
    rows_go(&mut transaction, policy).await?;
    for sql in ["DELETE FROM held_back WHERE reader = $1", "DELETE FROM progress WHERE reader = $1"] {
        sqlx::query(sql).bind(policy).execute(&mut *transaction).await?;
    }
    transaction.commit().await
}

/// Whether everything that a policy has heard is as it heard it: every row, and all of them together.
pub async fn is_whole(pool: &PgPool, signer: &Signer, policy: &str) -> Result<bool, sqlx::Error> {
    let mut moment: Transaction<'static, Postgres> =
        pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    let state = State::of(&mut moment, policy).await?;
    let rows: Vec<(Uuid, String, Option<Vec<u8>>)> =
        sqlx::query_as("SELECT woman, heard::text, mac FROM heard WHERE policy = $1")
            .bind(policy)
            .fetch_all(&mut *moment)
            .await?;
    let (mut whole, mut sum) = (state.fits(signer, policy), Sum::nothing());
    for (woman, heard, mac) in rows {
        let own = row(signer, policy, WomanId(woman), &heard);
        whole &= mac.as_ref() == Some(&own);
        sum.add(signer, &own);
    }
    Ok(whole && Sum::of(state.sum.as_deref()) == Some(sum))
}
