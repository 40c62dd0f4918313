//! That what was heard is kept as it was heard: every row is signed, and a state over all of them with the progress they belong to.
//!
//! The state holds a sum over the rows' signatures, under a key that no database holds: a row that is changed, put there, taken away or put
//! back from before does not add up. It is signed together with how far the reader is and what it holds back, and moves in the transaction of
//! the rows; a whole state of before is one with its progress, and is read on from there. What does not add up is dropped and heard again;
//! until it is, nobody is near to anybody by it. Deliberately absent: what rows mean ([`super`]).

use super::{PEOPLE, READER, directory::DirectoryRow};
use crate::{
    integrity::Signer,
    reader::ReadError,
    seal::Seal,
    tally::{PERIOD, Sum, Tally},
};
use kit::{CentreId, WomanId};
use serde::Deserialize;
use sqlx::{PgConnection, PgPool, Row, postgres::PgRow};
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// A duty as it was heard. Moments are microseconds of Unix time.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, sqlx::FromRow)]
pub(super) struct DutyRow {
    pub aggregate: Uuid,
    pub centre: Uuid,
    pub worker: String,
    pub kind: String,
    pub entry: i64,
    pub since: i64,
    pub until: i64,
    pub ended: Option<i64>,
    pub ending: Option<i64>,
    /// Hexadecimal.
    pub mac: Option<String>,
}

/// The columns of a duty `d`.
const DUTY: &str =
    "d.aggregate, d.centre, d.worker, d.kind, d.entry, micros(d.since) AS since, micros(d.until) AS until,
    micros(d.ended) AS ended, d.ending, encode(d.mac, 'hex') AS mac";

impl DutyRow {
    fn sign(&self, signer: &Signer) -> Vec<u8> {
        let number = |number: Option<i64>| number.map(|number| number.to_be_bytes().to_vec()).unwrap_or_default();
        signer.sign(
            "duty",
            &[
                self.aggregate.as_bytes(),
                self.centre.as_bytes(),
                self.worker.as_bytes(),
                self.kind.as_bytes(),
                &number(Some(self.entry)),
                &number(Some(self.since)),
                &number(Some(self.until)),
                &number(self.ended),
                &number(self.ending),
            ],
        )
    }

    /// Whether it is as it was heard.
    pub(super) fn fits(&self, signer: &Signer) -> bool {
        self.mac.as_deref() == Some(&*crate::executor::hex(&self.sign(signer)))
    }

    /// Whether it goes on at a moment.
    pub(super) fn goes_on(&self, at: OffsetDateTime) -> bool {
        let at = micros(at);
        self.since <= at && at < self.ended.map_or(self.until, |ended| ended.min(self.until))
    }

    pub(super) async fn all(connection: &mut PgConnection) -> Result<Vec<Self>, sqlx::Error> {
        sqlx::query_as(&format!("SELECT {DUTY} FROM duties d")).fetch_all(connection).await
    }

    pub(super) async fn of(connection: &mut PgConnection, aggregate: Uuid) -> Result<Option<Self>, sqlx::Error> {
        let sql = format!("SELECT {DUTY} FROM duties d WHERE d.aggregate = $1");
        sqlx::query_as(&sql).bind(aggregate).fetch_optional(connection).await
    }
}

pub(super) fn micros(moment: OffsetDateTime) -> i64 {
    i64::try_from(moment.unix_timestamp_nanos().div_euclid(1000)).unwrap_or(i64::MAX)
}

fn moment(micros: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1000).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// The signature of what was heard of a woman.
pub(super) fn relation(signer: &Signer, (woman, centre, heard): (WomanId, CentreId, &str), row: &str) -> Vec<u8> {
    signer.sign("relation", &[woman.0.as_bytes(), centre.0.as_bytes(), heard.as_bytes(), row.as_bytes()])
}

impl Tally {
    /// Writes a duty in the place of what was there; nothing where it goes.
    pub(super) async fn duty(
        &mut self,
        connection: &mut PgConnection,
        signer: &Signer,
        before: Option<DutyRow>,
        after: Option<DutyRow>,
    ) -> Result<(), sqlx::Error> {
        let mac = after.as_ref().map(|duty| duty.sign(signer));
        match (&after, &before) {
            (Some(duty), _) => {
                sqlx::query(
                    "INSERT INTO duties (aggregate, centre, worker, kind, entry, since, until, ended, ending, mac)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
                     ON CONFLICT (aggregate) DO UPDATE SET worker = excluded.worker, kind = excluded.kind, since = excluded.since,
                         until = excluded.until, ended = excluded.ended, ending = excluded.ending, mac = excluded.mac",
                )
                .bind(duty.aggregate)
                .bind(duty.centre)
                .bind(&duty.worker)
                .bind(&duty.kind)
                .bind(duty.entry)
                .bind(moment(duty.since))
                .bind(moment(duty.until))
                .bind(duty.ended.map(moment))
                .bind(duty.ending)
                .bind(&mac)
                .execute(connection)
                .await?;
            }
            (None, Some(duty)) => {
                sqlx::query("DELETE FROM duties WHERE aggregate = $1").bind(duty.aggregate).execute(connection).await?;
            }
            (None, None) => {}
        }
        self.instead(before.map(|duty| duty.sign(signer)), mac);
        Ok(())
    }
}

/// How a reader of a service stands, with all that its state is over but the rows.
struct State {
    epoch: Uuid,
    number: i64,
    until: i64,
    counter: i64,
    sum: Option<Vec<u8>>,
    mac: Option<Vec<u8>>,
    held_back: String,
}

impl State {
    async fn of(connection: &mut PgConnection, service: &str) -> Result<Option<Self>, sqlx::Error> {
        let row: Option<PgRow> = sqlx::query(
            "SELECT p.epoch, p.number, p.until, p.counter, p.sum, p.mac,
                    (SELECT coalesce(string_agg(h.number || ' ' || h.woman || ' ' || encode(sha256(convert_to(h.body, 'UTF8')), 'hex'), ','
                                                ORDER BY h.number), '') FROM held_back h
                     WHERE h.reader = p.reader AND h.service = p.service) AS held_back
             FROM progress p WHERE p.reader = $1 AND p.service = $2",
        )
        .bind(READER)
        .bind(service)
        .fetch_optional(connection)
        .await?;
        row.map(|row| {
            Ok(Self {
                epoch: row.try_get("epoch")?,
                number: row.try_get("number")?,
                until: row.try_get("until")?,
                counter: row.try_get("counter")?,
                sum: row.try_get("sum")?,
                mac: row.try_get("mac")?,
                held_back: row.try_get("held_back")?,
            })
        })
        .transpose()
    }

    fn sign(&self, signer: &Signer, service: &str) -> Vec<u8> {
        let numbers = [self.number, self.until, self.counter].map(i64::to_be_bytes);
        let sum = self.sum.as_deref().unwrap_or_default();
        let [number, until, counter] = &numbers;
        let parts: [&[u8]; 7] =
            [service.as_bytes(), self.epoch.as_bytes(), number, until, counter, sum, self.held_back.as_bytes()];
        signer.sign("heard", &parts)
    }

    /// Whether it is as the reader left it.
    fn fits(&self, signer: &Signer, service: &str) -> bool {
        self.mac.as_deref() == Some(&self.sign(signer, service))
    }
}

/// That the state is as the reader left it, before anything is built on it.
pub(super) async fn look(connection: &mut PgConnection, signer: &Signer, service: &str) -> Result<(), ReadError> {
    match State::of(connection, service).await? {
        Some(state) if !state.fits(signer, service) => Err(ReadError::Tampered),
        _ => Ok(()),
    }
}

/// Signs the state as it is now, with what was changed.
pub(super) async fn write(
    connection: &mut PgConnection,
    signer: &Signer,
    service: &str,
    tally: &Tally,
) -> Result<(), ReadError> {
    // In a test there may be no reader.
    let Some(mut state) = State::of(connection, service).await? else { return Ok(()) };
    let sum = tally.changed(signer, state.sum.as_deref()).ok_or(ReadError::Tampered)?;
    (state.sum, state.counter) = (Some(sum.bytes()), state.counter + 1);
    keep(connection, signer, service, &state).await
}

/// Signs the state of a reader that begins anew, without rows.
pub(super) async fn begin(connection: &mut PgConnection, signer: &Signer, service: &str) -> Result<(), ReadError> {
    let Some(mut state) = State::of(connection, service).await? else { return Ok(()) };
    (state.sum, state.counter) = (Some(Sum::nothing().bytes()), state.counter + 1);
    keep(connection, signer, service, &state).await
}

async fn keep(connection: &mut PgConnection, signer: &Signer, service: &str, state: &State) -> Result<(), ReadError> {
    sqlx::query("UPDATE progress SET counter = $3, sum = $4, mac = $5 WHERE reader = $1 AND service = $2")
        .bind(READER)
        .bind(service)
        .bind(state.counter)
        .bind(&state.sum)
        .bind(state.sign(signer, service))
        .execute(connection)
        .await?;
    Ok(())
}

/// Whether everything that was heard of a service is as it was heard: every row, and all of them together.
pub(super) async fn is_whole(pool: &PgPool, signer: &Signer, service: &str) -> Result<bool, sqlx::Error> {
    let mut moment = pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    let Some(state) = State::of(&mut moment, service).await? else {
        let rows = "SELECT NOT EXISTS (SELECT FROM relations WHERE service = $1) AND ($1 <> $2 OR NOT EXISTS (SELECT FROM duties) AND NOT EXISTS (SELECT FROM directory))";
        return sqlx::query_scalar(rows).bind(service).bind(PEOPLE).fetch_one(&mut *moment).await;
    };
    let mut whole = state.fits(signer, service);
    let (Some(told), mut sum) = (Sum::of(state.sum.as_deref()), Sum::nothing()) else { return Ok(false) };
    let rows: Vec<(Uuid, Uuid, String, Option<Vec<u8>>)> =
        sqlx::query_as("SELECT woman, centre, relation::text, mac FROM relations WHERE service = $1")
            .bind(service)
            .fetch_all(&mut *moment)
            .await?;
    for (woman, centre, row, mac) in rows {
        let own = relation(signer, (WomanId(woman), CentreId(centre), service), &row);
        whole &= mac.as_ref() == Some(&own);
        sum.add(signer, &own);
    }
    if service == PEOPLE {
        for duty in DutyRow::all(&mut moment).await? {
            whole &= duty.fits(signer);
            sum.add(signer, &duty.sign(signer));
        }
        for row in DirectoryRow::all(&mut moment).await? {
            whole &= row.fits(signer);
            sum.add(signer, &row.sign(signer));
        }
    }
    Ok(whole && sum == told)
}

/// Drops what was heard of a service: its reader begins with the first event.
pub(super) async fn drop_all(pool: &PgPool, service: &str) -> Result<(), sqlx::Error> {
    let mut transaction = pool.begin().await?;
    // First what the reader moves first, so that neither waits for the other.
    sqlx::query("DELETE FROM progress WHERE reader = $1 AND service = $2")
        .bind(READER)
        .bind(service)
        .execute(&mut *transaction)
        .await?;
    rows_go(&mut transaction, service).await?;
    transaction.commit().await
}

/// The rows of a service go.
pub(super) async fn rows_go(connection: &mut PgConnection, service: &str) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM relations WHERE service = $1").bind(service).execute(&mut *connection).await?;
    if service == PEOPLE {
        sqlx::query("DELETE FROM duties").execute(&mut *connection).await?;
        sqlx::query("DELETE FROM directory").execute(&mut *connection).await?;
    }
    sqlx::query("DELETE FROM held_back WHERE reader = $1 AND service = $2")
        .bind(READER)
        .bind(service)
        .execute(connection)
        .await
        .map(drop)
}

/// Looks again and again, from the start on, and has what does not add up heard anew.
pub async fn watch(keeper: &'static str, pool: PgPool, seal: Seal, stop: CancellationToken) {
    let signer = seal.signer(keeper);
    let mut period = tokio::time::interval(PERIOD);
    loop {
        tokio::select! { _ = period.tick() => {}, () = stop.cancelled() => return }
        for service in kit::relation::HEARS {
            match is_whole(&pool, &signer, service).await {
                Ok(true) => {}
                Ok(false) => {
                    signer.refuse("relations", service);
                    if let Err(error) = drop_all(&pool, service).await {
                        tracing::error!(
                            error = crate::journal::error_kind(&error),
                            "what was changed could not be dropped"
                        );
                    }
                }
                Err(error) => {
                    tracing::warn!(error = crate::journal::error_kind(&error), "what was heard could not be looked at");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::integrity::Integrity;

    #[test]
    fn a_duty_is_as_it_was_heard_in_every_column() {
        let signer = Integrity::made_of([7; 32]).of("housing");
        let unsigned = DutyRow {
            aggregate: Uuid::from_u128(1),
            centre: Uuid::from_u128(2),
            worker: "w-1".into(),
            kind: "on_duty".into(),
            entry: 1,
            since: 10,
            until: 20,
            ended: Some(15),
            ending: Some(2),
            mac: None,
        };
        let heard = DutyRow { mac: Some(crate::executor::hex(&unsigned.sign(&signer))), ..unsigned.clone() };
        assert!(heard.fits(&signer) && !unsigned.fits(&signer));
        let changed = [
            DutyRow { aggregate: Uuid::from_u128(9), ..heard.clone() },
            DutyRow { centre: Uuid::from_u128(9), ..heard.clone() },
            DutyRow { worker: "w-9".into(), ..heard.clone() },
            DutyRow { kind: "temp".into(), ..heard.clone() },
            DutyRow { entry: 9, ..heard.clone() },
            DutyRow { since: 9, ..heard.clone() },
            DutyRow { until: 99, ..heard.clone() },
            DutyRow { ended: None, ..heard.clone() },
            DutyRow { ending: None, ..heard.clone() },
        ];
        for row in changed {
            assert!(!row.fits(&signer), "{row:?}");
        }
        assert!(!heard.fits(&signer.of("people")), "another service's hand");
    }
}
