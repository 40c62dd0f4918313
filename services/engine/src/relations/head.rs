//! How far people is, as far as is known here: what it announces, and where it is silent, what its feed says.
//!
//! Whoever shows where a woman is must have heard all that people has recorded: it may be that somebody must not see her any more.

use crate::{
    config::Settings,
    feed::Feed,
    integrity::Signer,
    nats::{self, NatsError},
};
use futures::StreamExt;
use kit::Epoch;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How long what was announced is believed.
const FRESH: Duration = Duration::from_secs(5);
/// How long an announcement is waited for before the service itself is asked: they come every two seconds.
const SILENCE: Duration = Duration::from_millis(2500);
const PAUSE: Duration = Duration::from_millis(500);

/// The last that is known of people's head.
#[derive(Debug, Clone, Default)]
pub struct Head(Arc<Mutex<Option<Told>>>);

/// What people told last, and when that was, by its clock and by ours.
#[derive(Debug, Clone, Copy)]
struct Told {
    epoch: Epoch,
    number: u64,
    at: i64,
    heard: Instant,
}

impl Head {
    /// Whether all that people has, as far as is known and as of a moment ago, was heard.
    pub(crate) fn reached(&self, heard: Option<(Epoch, u64)>) -> bool {
        let known = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let reached = known.zip(heard).is_some_and(|(told, (epoch, number))| {
            told.heard.elapsed() <= FRESH && epoch == told.epoch && number >= told.number
        });
        if !reached {
            let (head, silent) = known.map(|told| (told.number, told.heard.elapsed())).unzip();
            let heard = heard.map(|(_, number)| number);
            tracing::debug!(head, heard, ?silent, "people is ahead, or silent: places and names are masked");
        }
        reached
    }

    /// The last that is known of it.
    pub(crate) fn last(&self) -> Option<(Epoch, u64)> {
        let known = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.map(|told| (told.epoch, told.number))
    }

    /// Takes in what people said at a moment of its own. What it said before is nothing new, whoever says it again.
    fn is(&self, epoch: Epoch, number: u64, at: i64) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Announcements and answers may pass each other: within an epoch the head never goes back.
        let number = match *known {
            Some(before) if at <= before.at => return,
            Some(before) if before.epoch == epoch => number.max(before.number),
            _ => number,
        };
        *known = Some(Told { epoch, number, at, heard: Instant::now() });
    }

    /// Listens until told to stop.
    pub async fn watch(self, settings: Settings, feed: Feed, signer: Signer, stop: CancellationToken) {
        loop {
            // At the start, and while NATS is gone, people itself is asked.
            tokio::select! { () = self.ask(&feed) => {}, () = stop.cancelled() => return }
            tokio::select! { _ = self.listen(&settings, &feed, &signer) => {}, () = stop.cancelled() => return }
            tokio::select! { () = tokio::time::sleep(PAUSE) => {}, () = stop.cancelled() => return }
        }
    }

    /// As long as there is a connection. Where nothing is announced for a while, people is asked beside.
    async fn listen(&self, settings: &Settings, feed: &Feed, signer: &Signer) -> Result<(), NatsError> {
        let client = nats::connect(&settings.nats, "relations").await?;
        let mut heads = client.subscribe(nats::head_subject(super::PEOPLE)).await.map_err(NatsError::of)?;
        loop {
            match tokio::time::timeout(SILENCE, heads.next()).await {
                Err(_) => self.ask(feed).await,
                Ok(None) => return Ok(()),
                Ok(Some(message)) => {
                    if let Some(said) = signer.announced(&message.subject, &message.payload) {
                        self.is(said.epoch, said.number, said.at);
                    }
                }
            }
        }
    }

    async fn ask(&self, feed: &Feed) {
        if let Ok(page) = feed.page(i64::MAX.unsigned_abs(), None).await {
            self.is(page.epoch, page.head, page.at);
        }
    }
}
