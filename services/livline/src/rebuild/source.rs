//! Where the events of a rebuild come from: a service's stream, its feed, or its journal itself. Read ahead by pages, checked as readers
//! check them.
//!
//! Deliberately absent: what is done with them.

use crate::{failure::Failure, installation::Domain};
use engine::{
    feed::{Feed, FeedError},
    integrity::Signer,
    nats::NatsError,
    reader::Event,
    replay::{Messages, Replay},
    store,
};
use futures::StreamExt;
use kit::Epoch;
use sqlx::PgPool;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// Events of one transaction.
const BATCH: usize = 2000;
/// Batches read ahead.
const AHEAD: usize = 2;
/// How long a feed that does not answer, or says that it is asked too much, is asked again.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(200);

/// Which way the events come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum From {
    /// From the streams
    Nats,
    /// From the services themselves, with NATS gone
    Feeds,
}

/// One service's events.
#[derive(Debug, Clone)]
pub struct Source {
    /// The service.
    pub service: &'static str,
    /// The epoch they are of.
    pub epoch: Epoch,
    signer: Signer,
    way: Way,
}

#[derive(Debug, Clone)]
enum Way {
    /// What the stream lacks is fetched from the feed.
    Stream(Box<Replay>, Feed),
    Feed(Feed),
    /// As it stands, be it broken: for comparing.
    Journal(PgPool),
}

#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Nats(#[from] NatsError),
    #[error(transparent)]
    Feed(#[from] FeedError),
    #[error("the database did not answer ({})", engine::journal::error_kind(.0))]
    Database(#[from] sqlx::Error),
    #[error("the epoch changed meanwhile: start again")]
    Epoch,
    #[error("an event is missing or does not read; `livline verify` says which")]
    Malformed,
}

impl Source {
    /// A service's events by the way that was asked for; else from its stream where that is whole and of the present epoch.
    pub async fn choose(domain: &Domain, from: Option<From>) -> Result<Self, Failure> {
        let name = domain.name;
        let failed = |trouble: Trouble| failure(name, &trouble);
        let answered = domain.feed.page(i64::MAX.unsigned_abs(), None).await.map_err(Trouble::from);
        let feed =
            |epoch| Self { service: name, epoch, signer: domain.signer.clone(), way: Way::Feed(domain.feed.clone()) };
        if from == Some(From::Feeds) {
            return Ok(feed(answered.map_err(failed)?.epoch));
        }
        let stream = stream(domain).await;
        match (answered, stream) {
            // The service is who knows which epoch is the present one.
            (Ok(page), Ok(Some((replay, epoch)))) if epoch == page.epoch => Ok(Self {
                service: name,
                epoch,
                signer: domain.signer.clone(),
                way: Way::Stream(Box::new(replay), domain.feed.clone()),
            }),
            (Err(_), Ok(Some((replay, epoch)))) if from.is_some() => Ok(Self {
                service: name,
                epoch,
                signer: domain.signer.clone(),
                way: Way::Stream(Box::new(replay), domain.feed.clone()),
            }),
            (Ok(page), _) if from.is_none() => Ok(feed(page.epoch)),
            (_, Ok(_)) if from.is_some() => {
                Err(Failure::Other(format!("NATS has no stream of the present epoch of {name}.")))
            }
            (_, Err(trouble)) if from.is_some() => Err(failed(trouble)),
            (Err(trouble), _) => Err(failed(trouble)),
            (Ok(page), _) => Ok(feed(page.epoch)),
        }
    }

    /// A service's events as its journal holds them.
    pub async fn journal(domain: &Domain) -> Result<Self, Failure> {
        let head = store::head(&domain.journal).await.map_err(|error| failure(domain.name, &error.into()))?;
        let (service, signer) = (domain.name, domain.signer.clone());
        Ok(Self { service, epoch: head.epoch, signer, way: Way::Journal(domain.journal.clone()) })
    }

    /// What it is called.
    #[must_use]
    pub fn way(&self) -> &'static str {
        match self.way {
            Way::Stream(..) => "NATS",
            Way::Feed(_) => "its feed",
            Way::Journal(_) => "its journal",
        }
    }

    /// The last number there is.
    pub async fn head(&self) -> Result<u64, Failure> {
        let head = async {
            let (epoch, number) = match &self.way {
                Way::Stream(replay, _) => {
                    let standing = replay.standing().await?.ok_or(Trouble::Epoch)?;
                    (standing.epoch.ok_or(Trouble::Epoch)?, standing.last)
                }
                Way::Feed(feed) => {
                    let page = patiently(feed, i64::MAX.unsigned_abs()).await?;
                    (page.epoch, page.head)
                }
                Way::Journal(pool) => {
                    let head = store::head(pool).await?;
                    (head.epoch, head.number)
                }
            };
            if epoch == self.epoch { Ok(number) } else { Err(Trouble::Epoch) }
        };
        head.await.map_err(|trouble| failure(self.service, &trouble))
    }

    /// Batches of the events after a number, up to another, read ahead. They end there, or where there are no more.
    #[must_use]
    pub fn batches(&self, after: u64, until: u64) -> Batches {
        let (sender, receiver) = mpsc::channel(AHEAD);
        let source = self.clone();
        // Ends when nobody receives any more.
        tokio::spawn(async move {
            let mut reading = Reading { source, at: after, messages: None };
            while reading.at < until {
                let batch = reading.batch(until).await;
                let last = !matches!(&batch, Ok(batch) if !batch.is_empty());
                let batch = batch.map_err(|trouble| failure(reading.source.service, &trouble));
                if sender.send(batch).await.is_err() || last {
                    return;
                }
            }
        });
        Batches(receiver)
    }
}

/// Batches as they come.
#[derive(Debug)]
pub struct Batches(mpsc::Receiver<Result<Vec<Event>, Failure>>);

impl Batches {
    /// The next one; none at the end.
    pub async fn next(&mut self) -> Result<Option<Vec<Event>>, Failure> {
        Ok(self.0.recv().await.transpose()?.filter(|batch| !batch.is_empty()))
    }
}

/// Reading from one number on.
struct Reading {
    source: Source,
    at: u64,
    messages: Option<Messages>,
}

impl Reading {
    async fn batch(&mut self, until: u64) -> Result<Vec<Event>, Trouble> {
        let mut batch: Vec<Event> = Vec::with_capacity(BATCH);
        while batch.len() < BATCH && self.at < until {
            let mut page = self.page().await?;
            page.retain(|event| event.number <= until);
            let Some(last) = page.last().map(|event| event.number) else { break };
            let exact = page.iter().all(|event| event.epoch == self.source.epoch)
                && (self.at + 1..).zip(&page).all(|(number, event)| event.number == number);
            if !exact && !matches!(self.source.way, Way::Journal(_)) {
                return Err(Trouble::Malformed);
            }
            self.at = last;
            batch.append(&mut page);
        }
        Ok(batch)
    }

    async fn page(&mut self) -> Result<Vec<Event>, Trouble> {
        let Self { source: Source { way, epoch, signer, .. }, at, messages } = self;
        match way {
            Way::Journal(pool) => {
                let events = store::after(pool, signer, *epoch, *at, 1000).await?;
                Ok(events.iter().map(|event| as_it_stands(event, *epoch, signer)).collect())
            }
            Way::Feed(feed) => from_feed(feed, *at, *epoch, signer).await,
            Way::Stream(replay, feed) => {
                let messages = match messages {
                    Some(messages) => messages,
                    None => messages.insert(replay.after(*at).await?),
                };
                let mut page: Vec<Event> = Vec::with_capacity(BATCH);
                while page.len() < BATCH
                    && let Some(message) = messages.next().await
                {
                    let message = message?;
                    if message.number != *at + page.len() as u64 + 1 {
                        break;
                    }
                    page.push(parse(&message.bytes, signer)?);
                }
                if page.is_empty() {
                    // A hole, or the end: what comes next the service knows.
                    self.messages = None;
                    page = from_feed(feed, *at, *epoch, signer).await?;
                } else if page.len() < BATCH {
                    self.messages = None;
                }
                Ok(page)
            }
        }
    }
}

/// The stream of a service, and its epoch.
async fn stream(domain: &Domain) -> Result<Option<(Replay, Epoch)>, Trouble> {
    let replay = Replay::connect(&domain.nats, domain.name).await?;
    let epoch = replay.standing().await?.and_then(|standing| standing.epoch);
    Ok(epoch.map(|epoch| (replay, epoch)))
}

fn parse(bytes: &[u8], signer: &Signer) -> Result<Event, Trouble> {
    let text = std::str::from_utf8(bytes).map_err(|_| Trouble::Malformed)?;
    Event::parse(text, signer).map_err(|_| Trouble::Malformed)
}

/// One that does not read is nobody's event: that it is broken is told by whoever looks at the journal.
fn as_it_stands(event: &store::Outgoing, epoch: Epoch, signer: &Signer) -> Event {
    let bytes = event.bytes.as_str();
    let nobody = || Event { epoch, number: event.number, woman: None, body: None, genuine: false, bytes: bytes.into() };
    Event::parse(bytes, signer).ok().filter(|parsed| parsed.number == event.number).unwrap_or_else(nobody)
}

async fn from_feed(feed: &Feed, after: u64, epoch: Epoch, signer: &Signer) -> Result<Vec<Event>, Trouble> {
    let page = patiently(feed, after).await?;
    if page.epoch != epoch {
        return Err(Trouble::Epoch);
    }
    page.events.iter().map(|raw| parse(raw.get().as_bytes(), signer)).collect()
}

async fn patiently(feed: &Feed, after: u64) -> Result<engine::feed::Page, Trouble> {
    let since = Instant::now();
    loop {
        match feed.page(after, None).await {
            Err(_) if since.elapsed() < PATIENCE => tokio::time::sleep(PAUSE).await,
            answered => return Ok(answered?),
        }
    }
}

fn failure(service: &str, trouble: &Trouble) -> Failure {
    Failure::Other(format!("The events of {service} cannot be read: {trouble}."))
}
