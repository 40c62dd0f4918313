//! The reader that hears what access follows from.

use super::{PEOPLE, lease::Lease, open, sealed};
use crate::{
    hearing::{Sound, hear},
    quarantine::{self, NOT_GENUINE, WAITS},
    reader::{Apply, Event, ReadError, Start},
    seal::{Seal, SealError},
};
use kit::{
    AggregateId, CentreId, Class, Happened, WomanId, calendar,
    policy::{Heard, Said, Standing},
    published::Body,
    relation::{Duty, Foreign, REVOKES, Sign},
};
use serde::Deserialize;
use serde_json::Value;
use sqlx::{PgConnection, Postgres, Transaction};
use std::collections::BTreeMap;

/// The name its progress is kept under; `ties` in the database knows it too.
pub const READER: &str = "relations";

/// Keeps what was heard.
#[derive(Debug)]
pub struct Hearing {
    /// The service that keeps it.
    pub service: &'static str,
    /// Its seal.
    pub seal: Seal,
    /// Its lease.
    pub lease: Lease,
}

type Signs = Standing<Sign>;

/// As they were, and as they become.
fn twice(signs: Signs) -> (Signs, Signs) {
    (signs.clone(), signs)
}

impl Hearing {
    async fn remembered(
        &self,
        connection: &mut PgConnection,
        (service, woman, centre): (&str, WomanId, CentreId),
    ) -> Result<Signs, ReadError> {
        let row: Option<Value> =
            sqlx::query_scalar("SELECT relation FROM relations WHERE woman = $1 AND centre = $2 AND service = $3")
                .bind(woman.0)
                .bind(centre.0)
                .bind(service)
                .fetch_optional(connection)
                .await?;
        let Some(row) = row else { return Ok(Signs::default()) };
        match open(&self.seal, (self.service, woman, centre, service), row).await {
            Ok(signs) => Ok(signs),
            Err(SealError::Foreign | SealError::Malformed) => Err(ReadError::Malformed),
            Err(error) => Err(ReadError::Effect(error.to_string())),
        }
    }

    async fn keep(
        &self,
        connection: &mut PgConnection,
        (service, woman, centre): (&str, WomanId, CentreId),
        signs: &Signs,
    ) -> Result<(), ReadError> {
        let sealed = sealed(&self.seal, (self.service, woman, centre, service), signs).await;
        let sealed = sealed.map_err(|error| ReadError::Effect(error.to_string()))?;
        sqlx::query(
            "INSERT INTO relations (service, woman, centre, relation) VALUES ($1, $2, $3, $4)
             ON CONFLICT (woman, centre, service) DO UPDATE SET relation = excluded.relation",
        )
        .bind(service)
        .bind(woman.0)
        .bind(centre.0)
        .bind(sealed)
        .execute(connection)
        .await?;
        Ok(())
    }

    async fn duty(&self, connection: &mut PgConnection, service: &str, event: &Event) -> Result<(), ReadError> {
        let heard = match hear::<Duty>(&self.seal, service, event, &[]).await? {
            Sound::Heard(heard) => heard,
            Sound::Nothing => return Ok(()),
            // Who can put it there must neither begin nor end a duty by it.
            Sound::Unreadable(NOT_GENUINE) => return Ok(()),
            Sound::Unreadable(reason) => {
                tracing::error!(service, number = event.number, reason, "what cannot be read of a duty ends it");
                return end_unread(connection, event).await;
            }
        };
        let recorded = event.body.as_ref().map(|body| body.recordedtime);
        let Heard { aggregate, entry, centre, happened, said, .. } = *heard;
        let version = i64::try_from(entry).unwrap_or(i64::MAX);
        match said {
            Said::Recorded(Duty::DutyStarted { worker, kind, from, until })
            | Said::Corrected(Duty::DutyStarted { worker, kind, from, until }) => {
                sqlx::query(
                    "INSERT INTO duties (aggregate, centre, worker, kind, entry, since, until)
                     VALUES ($1, $2, $3, $4, $5, coalesce($6, $7, '-infinity'), $8)
                     ON CONFLICT (aggregate) DO UPDATE SET worker = excluded.worker, kind = excluded.kind,
                         since = excluded.since, until = excluded.until",
                )
                .bind(aggregate.0)
                .bind(centre.0)
                .bind(worker.as_str())
                .bind(serde_json::to_value(kind).ok().as_ref().and_then(Value::as_str))
                .bind(version)
                .bind(from.map(|from| calendar::local(from.wall())))
                .bind(recorded)
                .bind(calendar::local(until.wall()))
                .execute(connection)
                .await?;
            }
            Said::Recorded(Duty::DutyEnded {}) | Said::Corrected(Duty::DutyEnded {}) => {
                // To the minute where that is told; a day says no more than that it was recorded.
                let ended = if let Happened::At(_) = happened { happened.instant() } else { recorded };
                sqlx::query("UPDATE duties SET ended = $2, ending = $3 WHERE aggregate = $1")
                    .bind(aggregate.0)
                    .bind(ended)
                    .bind(version)
                    .execute(connection)
                    .await?;
            }
            Said::TakenBack => {
                for sql in [
                    "DELETE FROM duties WHERE aggregate = $1 AND entry = $2",
                    "UPDATE duties SET ended = NULL, ending = NULL WHERE aggregate = $1 AND ending = $2",
                ] {
                    sqlx::query(sql).bind(aggregate.0).bind(version).execute(&mut *connection).await?;
                }
            }
        }
        Ok(())
    }
}

/// Ends the duty that an event is about which does not read: it may be its end. Of other aggregates there is no row.
async fn end_unread(connection: &mut PgConnection, event: &Event) -> Result<(), ReadError> {
    #[derive(Deserialize)]
    struct About {
        aggregate: AggregateId,
        version: i64,
    }
    let Ok(About { aggregate, version }) = serde_json::from_str(&event.bytes) else { return Ok(()) };
    sqlx::query("UPDATE duties SET ended = '-infinity', ending = $2 WHERE aggregate = $1")
        .bind(aggregate.0)
        .bind(version)
        .execute(connection)
        .await?;
    Ok(())
}

impl Apply for Hearing {
    fn name(&self) -> &str {
        READER
    }

    fn start(&self) -> Start {
        Start::Beginning
    }

    async fn apply(
        &self,
        transaction: &mut Transaction<'static, Postgres>,
        service: &str,
        events: &[Event],
        _: u64,
    ) -> Result<(), ReadError> {
        let mut waiting = quarantine::waiting(transaction, (READER, service), events).await?;
        let mut all: BTreeMap<(WomanId, CentreId), (Signs, Signs)> = BTreeMap::new();
        for event in events {
            let Some(woman) = event.woman else {
                self.duty(transaction, service, event).await?;
                continue;
            };
            let sound = if waiting.contains(&woman) {
                Sound::Unreadable(WAITS)
            } else {
                hear::<Foreign>(&self.seal, service, event, &[Class::Personal]).await?
            };
            let reason = match sound {
                Sound::Nothing => continue,
                Sound::Unreadable(reason) => reason,
                Sound::Heard(heard) => {
                    let key = (woman, heard.centre);
                    let known = match all.remove(&key) {
                        Some(known) => Ok(known),
                        None => self.remembered(transaction, (service, woman, heard.centre)).await.map(twice),
                    };
                    match known {
                        Ok((before, mut signs)) => {
                            // A correction is of the day of what it corrects.
                            let first = signs.of(&heard).and_then(|stood| stood.what.recorded());
                            let day = |body: &Body| calendar::day_in_copenhagen(body.recordedtime).into();
                            let recorded = first.or_else(|| event.body.as_ref().map(day));
                            signs.take(&heard, |foreign| foreign.sign(recorded));
                            all.insert(key, (before, signs));
                            continue;
                        }
                        // What does not read any more is not built upon: less is known of her, and less is shown.
                        Err(ReadError::Malformed) => "what_was_heard_does_not_read",
                        Err(error) => return Err(error),
                    }
                }
            };
            waiting.insert(woman);
            let centre = event.body.as_ref().and_then(|body| body.centre);
            let what = (event.number, &*event.bytes);
            quarantine::hold(transaction, (READER, service), (woman, centre), what, reason).await?;
        }
        // Of what says nothing there is no row: nobody is tied to a woman by it.
        for ((woman, centre), (_, signs)) in all.into_iter().filter(|(_, (before, signs))| before != signs) {
            self.keep(transaction, (service, woman, centre), &signs).await?;
        }
        let revokes = |event: &Event| {
            let event = event.body.as_ref().and_then(Body::event);
            event.is_some_and(|event| REVOKES.contains(&event.name))
        };
        if service == PEOPLE && events.iter().any(revokes) {
            self.lease.look_out();
        }
        Ok(())
    }

    /// Until it is heard again, nobody is tied to anybody.
    async fn reset(&self, transaction: &mut Transaction<'static, Postgres>, service: &str) -> Result<(), ReadError> {
        sqlx::query("DELETE FROM relations WHERE service = $1").bind(service).execute(&mut **transaction).await?;
        if service == PEOPLE {
            sqlx::query("DELETE FROM duties").execute(&mut **transaction).await?;
        }
        sqlx::query("DELETE FROM held_back WHERE reader = $1 AND service = $2")
            .bind(READER)
            .bind(service)
            .execute(&mut **transaction)
            .await?;
        Ok(())
    }
}
