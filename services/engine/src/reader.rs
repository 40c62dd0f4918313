//! A reader of one service's events: exact, whatever the stream does.
//!
//! Messages only bring news; what counts is the number in the reader's own progress, moved in the transaction of the effect with
//! compare-and-set. Numbers at or below it are skipped, a hole is fetched from the service, silence and an announced head ask the
//! service too, and another epoch begins anew once the service confirms it. Deliberately absent: JetStream's acknowledgements.

use crate::{
    feed::{Feed, FeedError, Page, digest},
    integrity::Signer,
    journal::error_kind,
    metrics::{Metrics, Named},
    nats::{self, NatsConfig, NatsError},
};
use async_nats::jetstream::consumer::{DeliverPolicy, pull};
use futures::{Stream, StreamExt};
use kit::{Epoch, WomanId, published::Body};
use serde::Deserialize;
use sqlx::{PgPool, Postgres, Row, Transaction};
use std::{future::Future, pin::Pin, sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// Events applied in one transaction at most.
const BATCH: usize = 256;
/// How long a silent stream is believed.
const SILENCE: Duration = Duration::from_secs(10);
/// How long an announced number may be missing.
const MISSING: Duration = Duration::from_secs(1);
/// How long a batch may take, its orders with it.
pub(crate) const BOUND: Duration = Duration::from_mins(2);
/// Pause after something failed.
const PAUSE: Duration = Duration::from_millis(500);

/// An event as it came.
#[derive(Debug, Clone)]
pub struct Event {
    /// The epoch of its number.
    pub epoch: Epoch,
    /// Its number.
    pub number: u64,
    /// The woman; none where it is about none.
    pub woman: Option<WomanId>,
    /// The rest; none where it does not read, which must not stop those behind it.
    pub body: Option<Body>,
    /// Whether it is as the service published it under this number. Nothing may come of one that is not.
    pub genuine: bool,
    /// Its bytes.
    pub bytes: Arc<str>,
}

impl Event {
    /// Reads published bytes of the service that `signer` signs for.
    pub fn parse(bytes: &str, signer: &Signer) -> Result<Self, serde_json::Error> {
        #[derive(Deserialize)]
        struct Head {
            epoch: Epoch,
            number: u64,
            #[serde(default)]
            subject: serde_json::Value,
        }
        let Head { epoch, number, subject } = serde_json::from_str(bytes)?;
        // Whose it is may not read either: it is held back all the same, as that of somebody who is nobody.
        let parsed = subject.as_str().and_then(|subject| subject.parse().ok());
        let woman = parsed.or_else(|| (!subject.is_null()).then(WomanId::default));
        let genuine = signer.genuine(bytes) == Some((epoch, number));
        Ok(Self { epoch, number, woman, body: serde_json::from_str(bytes).ok(), genuine, bytes: bytes.into() })
    }
}

/// The reader could not go on; it tries again. The text is for the log.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The reader's own database.
    #[error("{}", error_kind(.0))]
    Database(#[from] sqlx::Error),
    /// NATS.
    #[error(transparent)]
    Nats(#[from] NatsError),
    /// The service's feed.
    #[error(transparent)]
    Feed(#[from] FeedError),
    /// An effect that must be tried again.
    #[error("{0}")]
    Effect(String),
    /// The service sent something that is not an event.
    #[error("an event does not read")]
    Malformed,
    /// The stream told nothing new.
    #[error("the stream told nothing new")]
    Stale,
    /// What the reader keeps is not as it left it.
    #[error("what was read before is not as it was left")]
    Tampered,
    /// Another reader of the same name moved the progress.
    #[error("another replica was quicker")]
    Overtaken,
}

/// What a reader does with events.
pub trait Apply: Send + Sync + 'static {
    /// The name its progress is kept under.
    fn name(&self) -> &str;
    /// How many events one transaction takes in at most.
    fn batch(&self) -> usize {
        BATCH
    }
    /// What must hold before the transaction begins in which this service's events are taken in.
    fn prepare(&self, service: &str) -> impl Future<Output = Result<(), ReadError>> + Send {
        let _ = service;
        async { Ok(()) }
    }
    /// What must hold before the progress is looked at: a lock, where several readers share what they write.
    fn begin(
        &self,
        transaction: &mut Transaction<'static, Postgres>,
        service: &str,
    ) -> impl Future<Output = Result<(), ReadError>> + Send {
        let _ = (transaction, service);
        async { Ok(()) }
    }
    /// It has just begun with a service, at the first event: what it keeps beside the progress, in the same transaction.
    fn begun(
        &self,
        transaction: &mut Transaction<'static, Postgres>,
        service: &str,
    ) -> impl Future<Output = Result<(), ReadError>> + Send {
        let _ = (transaction, service);
        async { Ok(()) }
    }
    /// What it keeps of a service is not as it left it: it goes, with the progress, and comes again.
    fn start_over(&self, pool: &PgPool, service: &str) -> impl Future<Output = Result<(), ReadError>> + Send {
        let _ = (pool, service);
        async { Ok(()) }
    }
    /// The effect, in the transaction that has just moved the progress. Effects on others only for numbers above `since`; they may
    /// happen again after a failure.
    fn apply(
        &self,
        transaction: &mut Transaction<'static, Postgres>,
        service: &str,
        events: &[Event],
        since: u64,
    ) -> impl Future<Output = Result<(), ReadError>> + Send;
    /// The service began a new epoch: what came of its events goes, and they come again from the first.
    fn reset(
        &self,
        transaction: &mut Transaction<'static, Postgres>,
        service: &str,
    ) -> impl Future<Output = Result<(), ReadError>> + Send;
}

/// How far a reader is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// In which numbering.
    pub epoch: Epoch,
    /// The last number taken in.
    pub number: u64,
    /// The digest of the event under it; none where it is not known.
    pub last: Option<String>,
    /// Effects on others only for numbers above.
    pub since: u64,
    /// What there was when it began, or began anew: below it, what was taken in is not whole.
    pub until: u64,
}

/// One reader of one service.
#[derive(Debug)]
pub struct Reader<A> {
    /// The service that is read.
    pub service: String,
    /// What is done with its events.
    pub apply: Arc<A>,
    /// The reader's own database.
    pub pool: PgPool,
    /// Where the stream is.
    pub nats: NatsConfig,
    /// Where the service is.
    pub feed: Feed,
    /// Checks what the service signed.
    pub signer: Signer,
    /// Where progress shows.
    pub metrics: Metrics,
}

type Messages = Pin<Box<dyn Stream<Item = Result<String, NatsError>> + Send>>;

impl<A: Apply> Reader<A> {
    /// Reads until told to stop.
    pub async fn run(self, stop: CancellationToken) {
        loop {
            let ended = tokio::select! { ended = self.follow() => ended, () = stop.cancelled() => return };
            if let Err(error) = ended {
                if matches!(error, ReadError::Tampered)
                    && let Err(error) = self.apply.start_over(&self.pool, &self.service).await
                {
                    tracing::error!(reader = self.apply.name(), service = self.service, %error, "it could not begin anew");
                }
                if !matches!(error, ReadError::Overtaken | ReadError::Stale) {
                    tracing::info!(reader = self.apply.name(), service = self.service, %error, "the reader starts again");
                }
                tokio::select! { () = tokio::time::sleep(PAUSE) => {}, () = stop.cancelled() => return }
            }
        }
    }

    /// One connection's worth of reading. Where NATS is gone, the service itself is asked until it is back.
    async fn follow(&self) -> Result<(), ReadError> {
        let mut progress = self.progress().await?;
        progress = self.catch_up(progress).await?;
        let client = nats::connect(&self.nats, self.apply.name()).await?;
        let mut heads = client.subscribe(nats::head_subject(&self.service)).await.map_err(NatsError::of)?;
        let mut messages = self.messages(client, progress.number).await?;
        let mut wait = SILENCE;
        loop {
            tokio::select! {
                message = messages.next() => {
                    let first = message.ok_or_else(|| NatsError("the stream ended".into()))??;
                    let mut batch = vec![first];
                    while batch.len() < BATCH && let Some(Some(next)) = futures::FutureExt::now_or_never(messages.next()) {
                        batch.push(next?);
                    }
                    let before = progress.number;
                    progress = self.take(progress, &batch).await?;
                    if progress.number == before {
                        // The consumer is elsewhere than the progress: a new one begins where it should.
                        return Err(ReadError::Stale);
                    }
                    wait = SILENCE;
                }
                head = heads.next() => {
                    let head = head.ok_or_else(|| NatsError("announcements ended".into()))?;
                    // Anybody may say anything on NATS: only what the service itself says is news.
                    let Some(head) = self.signer.announced(&head.subject, &head.payload) else { continue };
                    if (head.epoch, head.number) != (progress.epoch, progress.number) {
                        wait = MISSING;
                    }
                    self.still(&progress).await?;
                    self.look_after_held_back().await?;
                }
                () = tokio::time::sleep(wait) => {
                    progress = self.catch_up(progress).await?;
                    wait = SILENCE;
                }
            }
        }
    }

    /// The stream's messages from after a number on. A consumer of its own each time: the server's memory of it counts for nothing.
    async fn messages(&self, client: async_nats::Client, after: u64) -> Result<Messages, NatsError> {
        let context = nats::jetstream(client);
        let stream = context.get_stream_no_info(nats::stream_name(&self.service)).await.map_err(NatsError::of)?;
        let deliver_policy = DeliverPolicy::ByStartSequence { start_sequence: after + 1 };
        let consumer = stream
            .create_consumer(pull::OrderedConfig { deliver_policy, ..Default::default() })
            .await
            .map_err(NatsError::of)?;
        let messages = consumer.messages().await.map_err(NatsError::of)?;
        let text = |message: Result<async_nats::jetstream::Message, _>| {
            let message = message.map_err(|error: pull::OrderedError| NatsError::of(error))?;
            String::from_utf8(message.payload.to_vec()).map_err(|_| NatsError("a message is not text".into()))
        };
        Ok(Box::pin(messages.map(text)))
    }

    /// Takes messages in, fetching what is missing before them.
    async fn take(&self, mut progress: Progress, batch: &[String]) -> Result<Progress, ReadError> {
        let mut ready: Vec<Event> = Vec::with_capacity(batch.len());
        for bytes in batch {
            let event = Event::parse(bytes, &self.signer).map_err(|_| ReadError::Malformed)?;
            let next = progress.number + ready.len() as u64 + 1;
            if event.epoch != progress.epoch || event.number > next {
                progress = self.commit(progress, &std::mem::take(&mut ready)).await?;
                progress = self.catch_up(progress).await?;
            }
            let next = progress.number + ready.len() as u64 + 1;
            if event.epoch == progress.epoch && event.number == next {
                ready.push(event);
            }
        }
        self.commit(progress, &ready).await
    }

    /// Asks the service for everything after the progress. The service is who knows which epoch is the present one.
    async fn catch_up(&self, mut progress: Progress) -> Result<Progress, ReadError> {
        loop {
            let page =
                self.feed.page(progress.number, progress.last.as_deref().map(|last| (progress.epoch, last))).await?;
            if page.epoch != progress.epoch {
                progress = self.begin_anew(progress, &page).await?;
                continue;
            }
            let events: Result<Vec<Event>, _> =
                page.events.iter().map(|raw| Event::parse(raw.get(), &self.signer)).collect();
            let events = events.map_err(|_| ReadError::Malformed)?;
            let dense = (progress.number + 1..).zip(&events).all(|(number, event)| event.number == number);
            if !dense {
                return Err(ReadError::Malformed);
            }
            self.metrics.fetched.inc_by(events.len() as u64);
            progress = self.commit(progress, &events).await?;
            if events.is_empty() {
                self.still(&progress).await?;
                self.look_after_held_back().await?;
                return Ok(progress);
            }
        }
    }

    /// That the stored progress is where this reader thinks it is: another reader of the same name may have set it back, when what they
    /// keep together began anew.
    async fn still(&self, known: &Progress) -> Result<(), ReadError> {
        let stored = progress(&self.pool, self.apply.name(), &self.service).await?;
        let same = stored.is_some_and(|stored| (stored.epoch, stored.number) == (known.epoch, known.number));
        if same { Ok(()) } else { Err(ReadError::Overtaken) }
    }

    /// Effects and progress, in one transaction per batch.
    async fn commit(&self, mut progress: Progress, events: &[Event]) -> Result<Progress, ReadError> {
        for events in events.chunks(self.apply.batch()) {
            let Some(last) = events.last() else { continue };
            let next = Progress { number: last.number, last: Some(digest(&last.bytes)), ..progress.clone() };
            let committed = tokio::time::timeout(BOUND, self.transact(&progress, &next, Some(events))).await;
            committed.map_err(|_| ReadError::Effect("the database did not answer".into()))??;
            let name = Named { name: format!("{}/{}", self.apply.name(), self.service) };
            self.metrics.read.get_or_create(&name).set(signed(next.number));
            for forged in events.iter().filter(|event| !event.genuine) {
                self.signer.refuse("event", &format_args!("{} {}", name.name, forged.number));
            }
            progress = next;
        }
        Ok(progress)
    }

    /// Moves the progress and does what comes with it: the effect of events, or, without any, the beginning of a new epoch.
    async fn transact(&self, from: &Progress, to: &Progress, events: Option<&[Event]>) -> Result<(), ReadError> {
        self.apply.prepare(&self.service).await?;
        let mut transaction = self.pool.begin().await?;
        self.apply.begin(&mut transaction, &self.service).await?;
        self.advance(&mut transaction, from, to).await?;
        match events {
            Some(events) => self.apply.apply(&mut transaction, &self.service, events, from.since).await?,
            None => self.apply.reset(&mut transaction, &self.service).await?,
        }
        Ok(transaction.commit().await?)
    }

    async fn begin_anew(&self, progress: Progress, page: &Page) -> Result<Progress, ReadError> {
        tracing::warn!(
            reader = self.apply.name(),
            service = self.service,
            "a new epoch: everything of this service is read again"
        );
        // What both numberings have in common had its effects; what came after it has none yet, whatever its numbers.
        let since = progress.since.max(progress.number).min(page.began);
        let next = Progress { epoch: page.epoch, number: 0, last: None, since, until: page.head };
        self.transact(&progress, &next, None).await?;
        Ok(next)
    }

    /// Moves the progress where it still is what this reader thinks.
    async fn advance(
        &self,
        transaction: &mut Transaction<'static, Postgres>,
        from: &Progress,
        to: &Progress,
    ) -> Result<(), ReadError> {
        let moved = sqlx::query(
            "UPDATE progress SET epoch = $3, number = $4, last = $7, since = $8, until = $9
             WHERE reader = $1 AND service = $2 AND epoch = $5 AND number = $6",
        )
        .bind(self.apply.name())
        .bind(&self.service)
        .bind(to.epoch.0)
        .bind(signed(to.number))
        .bind(from.epoch.0)
        .bind(signed(from.number))
        .bind(&to.last)
        .bind(signed(to.since))
        .bind(signed(to.until))
        .execute(&mut **transaction)
        .await?;
        if moved.rows_affected() == 1 { Ok(()) } else { Err(ReadError::Overtaken) }
    }

    /// The stored progress; on the first run that it has everything before it.
    async fn progress(&self) -> Result<Progress, ReadError> {
        if let Some(progress) = progress(&self.pool, self.apply.name(), &self.service).await? {
            return Ok(progress);
        }
        let page = self.feed.page(i64::MAX.unsigned_abs(), None).await?;
        let mut transaction = self.pool.begin().await?;
        self.apply.begin(&mut transaction, &self.service).await?;
        let begun = sqlx::query(
            "INSERT INTO progress (reader, service, epoch, number, since, until) VALUES ($1, $2, $3, 0, 0, $4)
             ON CONFLICT DO NOTHING",
        )
        .bind(self.apply.name())
        .bind(&self.service)
        .bind(page.epoch.0)
        .bind(signed(page.head))
        .execute(&mut *transaction)
        .await?;
        if begun.rows_affected() == 1 {
            self.apply.begun(&mut transaction, &self.service).await?;
            transaction.commit().await?;
        }
        progress(&self.pool, self.apply.name(), &self.service).await?.ok_or(ReadError::Overtaken)
    }
}

/// How far a reader is; `None` before its first run.
pub async fn progress(pool: &PgPool, reader: &str, service: &str) -> Result<Option<Progress>, sqlx::Error> {
    let row = sqlx::query("SELECT epoch, number, last, since, until FROM progress WHERE reader = $1 AND service = $2")
        .bind(reader)
        .bind(service)
        .fetch_optional(pool)
        .await?;
    row.map(|row| {
        let number = |name| row.try_get::<i64, _>(name).map(i64::unsigned_abs);
        Ok(Progress {
            epoch: Epoch(row.try_get("epoch")?),
            number: number("number")?,
            last: row.try_get("last")?,
            since: number("since")?,
            until: number("until")?,
        })
    })
    .transpose()
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
