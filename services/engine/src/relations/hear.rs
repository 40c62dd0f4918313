//! The reader that hears what access follows from.

use super::{
    PEOPLE, directory,
    kept::{self, DutyRow},
    lease::Lease,
    open, sealed,
};
use crate::{
    hearing::{Sound, hear},
    integrity::Signer,
    quarantine::{self, NOT_GENUINE, WAITS},
    reader::{Apply, Event, ReadError},
    seal::{Seal, SealError},
    tally::Tally,
};
use kit::{
    AggregateId, CentreId, Class, Happened, WomanId, calendar,
    directory::SubscribedEvent,
    policy::{Heard, Said, Standing},
    published::Body,
    relation::{Duty, Foreign, REVOKES, Sign},
};
use serde::Deserialize;
use sqlx::{PgConnection, PgPool, Postgres, Transaction};
use std::collections::BTreeMap;
use time::OffsetDateTime;

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
    /// What is kept of a woman. What is not as it was kept is not built upon.
    async fn remembered(
        &self,
        connection: &mut PgConnection,
        (service, woman, centre): (&str, WomanId, CentreId),
    ) -> Result<Signs, ReadError> {
        let row: Option<(String, Option<Vec<u8>>)> = sqlx::query_as(
            "SELECT relation::text, mac FROM relations WHERE woman = $1 AND centre = $2 AND service = $3",
        )
        .bind(woman.0)
        .bind(centre.0)
        .bind(service)
        .fetch_optional(connection)
        .await?;
        let Some((row, mac)) = row else { return Ok(Signs::default()) };
        if mac != Some(kept::relation(&self.signer(), (woman, centre, service), &row)) {
            self.signer().refuse("relation", &service);
            return Err(ReadError::Malformed);
        }
        let row = serde_json::from_str(&row).map_err(|_| ReadError::Malformed)?;
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
        tally: &mut Tally,
    ) -> Result<(), ReadError> {
        let sealed = sealed(&self.seal, (self.service, woman, centre, service), signs).await;
        let row = sealed.map_err(|error| ReadError::Effect(error.to_string()))?.to_string();
        let mac = kept::relation(&self.signer(), (woman, centre, service), &row);
        let before: Option<Option<Vec<u8>>> = sqlx::query_scalar(
            "WITH before AS (SELECT mac FROM relations WHERE woman = $2 AND centre = $3 AND service = $1)
             INSERT INTO relations (service, woman, centre, relation, mac) VALUES ($1, $2, $3, $4::text::json, $5)
             ON CONFLICT (woman, centre, service) DO UPDATE SET relation = excluded.relation, mac = excluded.mac
             RETURNING (SELECT mac FROM before)",
        )
        .bind(service)
        .bind(woman.0)
        .bind(centre.0)
        .bind(row)
        .bind(&mac)
        .fetch_optional(connection)
        .await?;
        tally.instead(before.flatten(), Some(mac));
        Ok(())
    }

    async fn duty(
        &self,
        connection: &mut PgConnection,
        service: &str,
        event: &Event,
        tally: &mut Tally,
    ) -> Result<(), ReadError> {
        let signer = self.signer();
        let heard = match hear::<Duty>(&self.seal, service, event, &[]).await? {
            Sound::Heard(heard) => *heard,
            // Who can put a forged one there must neither begin nor end a duty by it.
            Sound::Nothing | Sound::Unreadable(NOT_GENUINE) => return Ok(()),
            Sound::Unreadable(reason) => {
                tracing::error!(service, number = event.number, reason, "what cannot be read of a duty ends it");
                let Some((before, version)) = unread(connection, event).await? else { return Ok(()) };
                let after = DutyRow { ended: Some(before.since), ending: Some(version), ..before.clone() };
                return Ok(tally.duty(connection, &signer, Some(before), Some(after)).await?);
            }
        };
        let before = DutyRow::of(connection, heard.aggregate.0).await?;
        // What somebody put there gives nobody a duty, whatever becomes of it; the sum tells.
        if before.as_ref().is_some_and(|before| !before.fits(&signer)) {
            signer.refuse("duty", &heard.aggregate);
            return Err(ReadError::Tampered);
        }
        let after = becomes(before.clone(), heard, event.body.as_ref().map(|body| body.recordedtime));
        if after != before {
            tally.duty(connection, &signer, before, after).await?;
        }
        Ok(())
    }

    async fn directory(
        &self,
        connection: &mut PgConnection,
        service: &str,
        event: &Event,
        tally: &mut Tally,
    ) -> Result<(), ReadError> {
        match hear::<SubscribedEvent>(&self.seal, service, event, &[Class::Personal, Class::Location]).await? {
            Sound::Heard(heard) => directory::take(connection, (&self.seal, self.service), &heard, tally).await,
            Sound::Nothing | Sound::Unreadable(NOT_GENUINE) => Ok(()),
            // Whom it is about stays known as before, or unknown.
            Sound::Unreadable(reason) => {
                tracing::error!(service, number = event.number, reason, "what is about nobody cannot be read");
                Ok(())
            }
        }
    }

    fn signer(&self) -> Signer {
        self.seal.signer(self.service)
    }
}

/// What an event makes of a duty.
fn becomes(before: Option<DutyRow>, heard: Heard<Duty>, recorded: Option<OffsetDateTime>) -> Option<DutyRow> {
    let Heard { aggregate, entry, centre, happened, said, .. } = heard;
    let version = i64::try_from(entry).unwrap_or(i64::MAX);
    match said {
        Said::Recorded(Duty::DutyStarted { worker, kind, from, until })
        | Said::Corrected(Duty::DutyStarted { worker, kind, from, until }) => {
            let began = DutyRow {
                aggregate: aggregate.0,
                centre: centre.0,
                worker: String::new(),
                kind: String::new(),
                entry: version,
                since: 0,
                until: 0,
                ended: None,
                ending: None,
                mac: None,
            };
            let since = from.map(kit::Moment::instant).or(recorded);
            let kind = serde_json::to_value(kind).ok().and_then(|kind| kind.as_str().map(str::to_owned));
            Some(DutyRow {
                worker: worker.as_str().to_owned(),
                kind: kind.unwrap_or_default(),
                since: since.map_or(0, kept::micros),
                until: kept::micros(until.instant()),
                ..before.unwrap_or(began)
            })
        }
        Said::Recorded(Duty::DutyEnded {}) | Said::Corrected(Duty::DutyEnded {}) => {
            // To the minute where that is told; a day says no more than that it was recorded.
            let ended = if let Happened::At(_) = happened { happened.instant() } else { recorded };
            before.map(|before| DutyRow { ended: ended.map(kept::micros), ending: Some(version), ..before })
        }
        Said::TakenBack => before.filter(|before| before.entry != version).map(|before| {
            if before.ending == Some(version) { DutyRow { ended: None, ending: None, ..before } } else { before }
        }),
    }
}

/// The duty that an event is about which does not read, and which entry that is: it may be its end. Of other aggregates there is no row.
async fn unread(connection: &mut PgConnection, event: &Event) -> Result<Option<(DutyRow, i64)>, ReadError> {
    #[derive(Deserialize)]
    struct About {
        aggregate: AggregateId,
        version: i64,
    }
    let Ok(About { aggregate, version }) = serde_json::from_str(&event.bytes) else { return Ok(None) };
    Ok(DutyRow::of(connection, aggregate.0).await?.map(|duty| (duty, version)))
}

impl Apply for Hearing {
    fn name(&self) -> &str {
        READER
    }

    async fn apply(
        &self,
        transaction: &mut Transaction<'static, Postgres>,
        service: &str,
        events: &[Event],
        _: u64,
    ) -> Result<(), ReadError> {
        let mut tally = Tally::default();
        let mut waiting = quarantine::waiting(transaction, (READER, service), events).await?;
        let mut all: BTreeMap<(WomanId, CentreId), (Signs, Signs)> = BTreeMap::new();
        for event in events {
            let Some(woman) = event.woman else {
                self.duty(transaction, service, event, &mut tally).await?;
                self.directory(transaction, service, event, &mut tally).await?;
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
            self.keep(transaction, (service, woman, centre), &signs, &mut tally).await?;
        }
        let revokes = |event: &Event| {
            let event = event.body.as_ref().and_then(Body::event);
            event.is_some_and(|event| REVOKES.contains(&event.name))
        };
        if service == PEOPLE && events.iter().any(revokes) {
            self.lease.look_out();
        }
        kept::write(transaction, &self.signer(), service, &tally).await
    }

    /// Until it is heard again, nobody is tied to anybody.
    async fn reset(&self, transaction: &mut Transaction<'static, Postgres>, service: &str) -> Result<(), ReadError> {
        kept::rows_go(transaction, service).await?;
        kept::begin(transaction, &self.signer(), service).await
    }

    async fn begin(&self, transaction: &mut Transaction<'static, Postgres>, service: &str) -> Result<(), ReadError> {
        kept::look(transaction, &self.signer(), service).await
    }

    async fn begun(&self, transaction: &mut Transaction<'static, Postgres>, service: &str) -> Result<(), ReadError> {
        kept::begin(transaction, &self.signer(), service).await
    }

    async fn start_over(&self, pool: &PgPool, service: &str) -> Result<(), ReadError> {
        self.signer().refuse("relations", &service);
        Ok(kept::drop_all(pool, service).await?)
    }
}
