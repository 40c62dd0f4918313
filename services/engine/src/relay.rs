//! The relay: stored bytes to the stream, in the order of their numbers, each onto the sequence that is its number.
//!
//! The stream's last sequence is its only cursor. On anything unexpected it drops its connection, looks, and goes on from what it
//! sees; publishing twice is harmless, for the same number meets its own sequence. Deliberately absent: any record of its own of
//! what was published.

use crate::{
    clock::Clock,
    integrity::Signer,
    journal::error_kind,
    metrics::Metrics,
    nats::{self, NatsConfig, NatsError},
    store::{self, Head, Outgoing},
};
use async_nats::{
    HeaderMap, header,
    jetstream::{self, ErrorCode, context::GetStreamErrorKind},
};
use futures::StreamExt;
use kit::Epoch;
use sqlx::{Connection, PgConnection, PgPool};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Events on their way at once: no more than the client lets be in flight, for acknowledgements are awaited after all are sent.
const BATCH: u32 = nats::IN_FLIGHT as u32;
/// How often it looks for numbers it was not woken for.
const POLL: Duration = Duration::from_millis(250);
/// How long a query may take; longer than the server lets a statement run.
const BOUND: Duration = Duration::from_secs(35);
/// How often it compares the stream's last message with its own row.
const COMPARE: Duration = Duration::from_secs(60);
/// How long a follower watches a head that the stream does not reach before it publishes too.
const PATIENCE: Duration = Duration::from_secs(5);
/// The session lock that one relay per service holds; it saves work and is not needed for safety.
const LEADER: i64 = 736_968;

/// What a relay needs.
#[derive(Debug, Clone)]
pub struct Relay {
    /// The service.
    pub service: &'static str,
    /// Its database.
    pub pool: PgPool,
    /// Signs what is published, and the chain that it is of.
    pub signer: Signer,
    /// Its NATS.
    pub nats: NatsConfig,
    /// Copies the stream keeps.
    pub replicas: usize,
    /// Numbers this process has written.
    pub written: watch::Receiver<u64>,
    /// Where its progress shows.
    pub metrics: Metrics,
}

/// Why a round of publishing ended.
#[derive(Debug, thiserror::Error)]
enum Stop {
    #[error(transparent)]
    Nats(#[from] NatsError),
    #[error("{}", error_kind(.0))]
    Database(#[from] sqlx::Error),
    #[error("the database is silent")]
    Silent,
    #[error("an acknowledgement was not as expected")]
    Unexpected,
    #[error(
        "the stream {0} belongs to another database: its epoch was never this one's. It was left as it is; remove it by hand if it is not needed"
    )]
    Foreign(String),
}

/// How a stream's end stands to the database.
enum Compared {
    Same,
    /// The service published what is not in its database any more.
    SetBack,
    /// Somebody else wrote there.
    Disturbed,
}

impl Relay {
    /// Runs until told to stop, and then publishes what is still stored.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut leader = None;
        let mut behind_since: Option<Instant> = None;
        loop {
            let leads = self.lead(&mut leader).await;
            let steps_in = !leads && self.waits_too_long(&mut behind_since).await;
            if leads || steps_in {
                let ended = self.publish(&stop, steps_in).await;
                if let Err(reason) = ended {
                    self.metrics.relay_stops.inc();
                    tracing::warn!(service = self.service, %reason, "the relay looks again");
                }
            }
            if stop.is_cancelled() {
                return;
            }
            let pause = if leads { POLL } else { POLL * 4 };
            tokio::select! { () = tokio::time::sleep(pause) => {}, () = stop.cancelled() => if !leads { return } }
        }
    }

    /// Publishes until the present head and ends, whoever leads: for whoever has just removed the stream.
    pub async fn publish_once(&mut self) -> Result<(), NatsError> {
        let ended = self.publish(&CancellationToken::new(), true).await;
        ended.map_err(|reason| NatsError(reason.to_string()))
    }

    /// Takes the lock, or keeps it where its connection still lives.
    async fn lead(&self, leader: &mut Option<PgConnection>) -> bool {
        if let Some(connection) = leader {
            if connection.ping().await.is_ok() {
                return true;
            }
            *leader = None;
        }
        let locked = async {
            let mut connection = PgConnection::connect_with(&self.pool.connect_options()).await?;
            let locked: bool =
                sqlx::query_scalar("SELECT pg_try_advisory_lock($1)").bind(LEADER).fetch_one(&mut connection).await?;
            Ok::<_, sqlx::Error>(locked.then_some(connection))
        };
        *leader = locked.await.ok().flatten();
        leader.is_some()
    }

    /// Whether the stream has been behind for longer than a living leader would leave it.
    async fn waits_too_long(&self, since: &mut Option<Instant>) -> bool {
        let behind = async {
            let head = store::head(&self.pool).await?;
            let client = nats::connect(&self.nats, self.service).await?;
            let stream = nats::jetstream(client).get_stream(nats::stream_name(self.service)).await;
            Ok::<_, Stop>(stream.map_or(0, |stream| stream.cached_info().state.last_sequence) < head.number)
        };
        if behind.await.unwrap_or(false) {
            since.get_or_insert_with(Instant::now).elapsed() > PATIENCE
        } else {
            *since = None;
            false
        }
    }

    /// Looks, then publishes until something is not as expected. `once`: until the present head.
    async fn publish(&mut self, stop: &CancellationToken, once: bool) -> Result<(), Stop> {
        let client = nats::connect(&self.nats, self.service).await?;
        let context = nats::jetstream(client);
        let (epoch, last) = self.look(&context).await?;
        let mut tail = self.tail(epoch, last).await?;
        let mut looked = Instant::now();
        loop {
            let batch =
                tokio::time::timeout(BOUND, self.beyond(epoch, tail.as_ref())).await.map_err(|_| Stop::Silent)??;
            if let Some(last) = batch.last() {
                store::sign_chain(&self.pool, &self.signer, last.number).await?;
                self.send(&context, epoch, &batch).await?;
                tail = Some(last.clone());
                self.metrics.published.set(i64::try_from(last.number).unwrap_or(i64::MAX));
                continue;
            }
            if once || stop.is_cancelled() {
                return Ok(());
            }
            if looked.elapsed() > COMPARE {
                let (present, at) = self.look(&context).await?;
                if (present, at) != (epoch, tail.as_ref().map_or(0, |tail| tail.number)) {
                    return Err(Stop::Unexpected);
                }
                looked = Instant::now();
            }
            tokio::select! {
                changed = self.written.changed() => if changed.is_err() { tokio::time::sleep(POLL).await },
                () = tokio::time::sleep(POLL) => {}
            }
        }
    }

    /// The event that the stream ends with, from the database.
    async fn tail(&self, epoch: Epoch, last: u64) -> Result<Option<Outgoing>, Stop> {
        let Some(before) = last.checked_sub(1) else { return Ok(None) };
        let tail = store::after(&self.pool, &self.signer, epoch, before, 1)
            .await?
            .into_iter()
            .find(|event| event.number == last);
        tail.map(Some).ok_or(Stop::Unexpected)
    }

    /// What comes after the tail. The tail itself is read again each time: where it is not the same any more, the database was set
    /// back under a living connection, and what stands behind it belongs to another history. So does what has another epoch.
    async fn beyond(&self, epoch: Epoch, tail: Option<&Outgoing>) -> Result<Vec<Outgoing>, Stop> {
        if store::head(&self.pool).await?.epoch != epoch {
            return Err(Stop::Unexpected);
        }
        let Some(tail) = tail else { return Ok(store::after(&self.pool, &self.signer, epoch, 0, BATCH).await?) };
        let mut events = store::after(&self.pool, &self.signer, epoch, tail.number - 1, BATCH + 1).await?;
        if events.first().is_none_or(|first| first.bytes != tail.bytes) {
            return Err(Stop::Unexpected);
        }
        Ok(events.split_off(1))
    }

    /// Publishes a batch, all on their way at once; every acknowledgement must name the event's own number.
    async fn send(&self, context: &jetstream::Context, epoch: Epoch, batch: &[Outgoing]) -> Result<(), Stop> {
        let mut acknowledgements = Vec::with_capacity(batch.len());
        for event in batch {
            let mut headers = HeaderMap::new();
            headers.insert(header::NATS_EXPECTED_STREAM, nats::stream_name(self.service).as_str());
            headers.insert(header::NATS_EXPECTED_LAST_SEQUENCE, (event.number - 1).to_string().as_str());
            headers.insert(header::NATS_MESSAGE_ID, nats::message_id(self.service, epoch, event.number).as_str());
            let subject = nats::subject(self.service, &event.subject);
            let sent = context.publish_with_headers(subject, headers, event.bytes.clone().into()).await;
            acknowledgements.push((event.number, sent.map_err(NatsError::of)?));
        }
        for (number, acknowledgement) in acknowledgements {
            let acknowledged = acknowledgement.await.map_err(NatsError::of)?;
            if acknowledged.duplicate || acknowledged.sequence != number {
                return Err(Stop::Unexpected);
            }
        }
        Ok(())
    }

    /// Sees to it that the stream is this numbering's, and says how far it is.
    async fn look(&self, context: &jetstream::Context) -> Result<(Epoch, u64), Stop> {
        let head = store::head(&self.pool).await?;
        let stream = match context.get_stream(nats::stream_name(self.service)).await {
            Ok(stream) => stream,
            Err(error) => match error.kind() {
                GetStreamErrorKind::JetStream(error) if error.error_code() == ErrorCode::STREAM_NOT_FOUND => {
                    return self.create(context, head.epoch).await;
                }
                _ => return Err(NatsError::of(error).into()),
            },
        };
        let info = stream.cached_info();
        let last = info.state.last_sequence;
        match nats::epoch_of(&info.config) {
            Some(epoch) if epoch == head.epoch => match self.compare(&stream, head, last).await? {
                Compared::Same => Ok((epoch, last)),
                Compared::SetBack => {
                    tracing::warn!(service = self.service, "the database was set back: the numbering gets a new epoch");
                    let epoch = store::take_epoch(&self.pool, epoch).await?;
                    self.recreate(context, epoch).await
                }
                Compared::Disturbed => {
                    tracing::error!(service = self.service, "somebody else wrote to the stream: it is made anew");
                    self.recreate(context, epoch).await
                }
            },
            Some(epoch) if store::had_epoch(&self.pool, epoch).await? => self.recreate(context, head.epoch).await,
            _ => Err(Stop::Foreign(nats::stream_name(self.service))),
        }
    }

    /// The stream's last message beside this database's event of that number. One that the stream lost shows nothing.
    async fn compare(&self, stream: &jetstream::stream::Stream, head: Head, last: u64) -> Result<Compared, Stop> {
        let Some(before) = last.checked_sub(1) else { return Ok(Compared::Same) };
        let after = store::after(&self.pool, &self.signer, head.epoch, before, 1).await?;
        let own = after.into_iter().find(|own| own.number == last);
        match stream.get_raw_message(last).await {
            Ok(message) if own.as_ref().is_some_and(|own| message.payload == own.bytes) => Ok(Compared::Same),
            // The service itself published it under this number, so it was here.
            Ok(message) => {
                match std::str::from_utf8(&message.payload).ok().and_then(|text| self.signer.genuine(text)) {
                    Some(place) if place == (head.epoch, last) => Ok(Compared::SetBack),
                    _ => Ok(Compared::Disturbed),
                }
            }
            Err(error) if error.kind() == jetstream::stream::RawMessageErrorKind::NoMessageFound => {
                Ok(if own.is_some() { Compared::Same } else { Compared::Disturbed })
            }
            Err(error) => Err(NatsError::of(error).into()),
        }
    }

    async fn create(&self, context: &jetstream::Context, epoch: Epoch) -> Result<(Epoch, u64), Stop> {
        let config = nats::stream_config(self.service, epoch, self.replicas);
        let stream = context.create_stream(config).await.map_err(NatsError::of)?;
        Ok((epoch, stream.cached_info().state.last_sequence))
    }

    async fn recreate(&self, context: &jetstream::Context, epoch: Epoch) -> Result<(Epoch, u64), Stop> {
        context.delete_stream(nats::stream_name(self.service)).await.map_err(NatsError::of)?;
        self.create(context, epoch).await
    }
}

/// Announces a service's head, so that a reader learns of a tail that never arrived.
pub async fn announce(
    service: &'static str,
    pool: PgPool,
    signer: Signer,
    clock: Clock,
    config: NatsConfig,
    stop: CancellationToken,
) {
    const BEAT: Duration = Duration::from_secs(2);
    let mut client = None;
    let mut beat = tokio::time::interval(BEAT);
    loop {
        tokio::select! { _ = beat.tick() => {}, () = stop.cancelled() => return }
        if client.is_none() {
            client = nats::connect(&config, service).await.ok();
        }
        let Some(connected) = &client else { continue };
        let announced = async {
            let head = store::head(&pool).await.map_err(|error| NatsError(error_kind(&error)))?;
            let said = signer.announce(head.epoch, head.number, milliseconds(clock.now()));
            let payload = serde_json::to_vec(&said).map_err(NatsError::of)?;
            connected.publish(nats::head_subject(service), payload.into()).await.map_err(NatsError::of)?;
            connected.flush().await.map_err(NatsError::of)
        };
        tokio::select! {
            announced = announced => if announced.is_err() { client = None; },
            () = stop.cancelled() => return,
        }
    }
}

/// A moment as announcements have it.
pub(crate) fn milliseconds(moment: time::OffsetDateTime) -> i64 {
    i64::try_from(moment.unix_timestamp_nanos() / 1_000_000).unwrap_or_default()
}

/// Everything read from a stream in order: for tests and tools that look at what was published.
pub async fn read_all(context: &jetstream::Context, service: &str) -> Result<Vec<(u64, String)>, NatsError> {
    let mut stream = context.get_stream(nats::stream_name(service)).await.map_err(NatsError::of)?;
    let last = stream.info().await.map_err(NatsError::of)?.state.last_sequence;
    let config = jetstream::consumer::pull::OrderedConfig::default();
    let consumer = stream.create_consumer(config).await.map_err(NatsError::of)?;
    let mut messages = consumer.messages().await.map_err(NatsError::of)?;
    let mut read = Vec::new();
    while read.last().map_or(0, |(sequence, _)| *sequence) < last {
        let message =
            messages.next().await.ok_or_else(|| NatsError("the stream ended".into()))?.map_err(NatsError::of)?;
        let sequence = message.info().map_err(|error| NatsError(error.to_string()))?.stream_sequence;
        read.push((sequence, String::from_utf8_lossy(&message.payload).into_owned()));
    }
    Ok(read)
}
