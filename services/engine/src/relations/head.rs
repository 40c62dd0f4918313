//! How far people is, as far as is known here: what it announces, and where it is silent, what its feed says.
//!
//! Whoever shows where a woman is must have heard all that people has recorded: it may be that somebody must not see her any more.

use crate::{
    config::Settings,
    feed::Feed,
    nats::{self, NatsError},
};
use futures::StreamExt;
use kit::Epoch;
use serde::Deserialize;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How long what was announced is believed.
const FRESH: Duration = Duration::from_secs(5);
/// How long an announcement is waited for before the service itself is asked.
const SILENCE: Duration = Duration::from_secs(3);

/// The last that is known of people's head.
#[derive(Debug, Clone, Default)]
pub struct Head(Arc<Mutex<Option<(Epoch, u64, Instant)>>>);

#[derive(Deserialize)]
struct Announced {
    epoch: Epoch,
    number: u64,
}

impl Head {
    /// Whether all that people has, as far as is known and as of a moment ago, was heard.
    pub(crate) fn reached(&self, heard: Option<(Epoch, u64)>) -> bool {
        let known = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.zip(heard).is_some_and(|((epoch, number, at), (heard_epoch, heard))| {
            at.elapsed() <= FRESH && heard_epoch == epoch && heard >= number
        })
    }

    fn is(&self, epoch: Epoch, number: u64) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Announcements and answers may pass each other: within an epoch the head never goes back.
        let number = match *known {
            Some((before, least, _)) if before == epoch => number.max(least),
            _ => number,
        };
        *known = Some((epoch, number, Instant::now()));
    }

    /// Listens until told to stop.
    pub async fn watch(self, settings: Settings, feed: Feed, stop: CancellationToken) {
        loop {
            // At the start, and whenever NATS is silent, people itself is asked.
            tokio::select! { () = self.ask(&feed) => {}, () = stop.cancelled() => return }
            tokio::select! { _ = self.listen(&settings) => {}, () = stop.cancelled() => return }
            tokio::select! { () = self.ask(&feed) => {}, () = stop.cancelled() => return }
            tokio::select! { () = tokio::time::sleep(Duration::from_secs(1)) => {}, () = stop.cancelled() => return }
        }
    }

    /// Ends when nothing was announced for a while.
    async fn listen(&self, settings: &Settings) -> Result<(), NatsError> {
        let client = nats::connect(&settings.nats, "relations").await?;
        let mut heads = client.subscribe(nats::head_subject(super::PEOPLE)).await.map_err(NatsError::of)?;
        while let Ok(Some(message)) = tokio::time::timeout(SILENCE, heads.next()).await {
            if let Ok(Announced { epoch, number }) = serde_json::from_slice(&message.payload) {
                self.is(epoch, number);
            }
        }
        Ok(())
    }

    async fn ask(&self, feed: &Feed) {
        if let Ok(page) = feed.page(i64::MAX.unsigned_abs(), None).await {
            self.is(page.epoch, page.head);
        }
    }
}
