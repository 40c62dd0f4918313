//! A service's own feed of its events, as a client: what readers fall back on when the stream has a hole or is silent.
//!
//! Deliberately absent: the route that serves it ([`crate::http`]).

use crate::{
    integrity::{Signer, digest_of},
    relations::LEASE,
    tokens::Issuer,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use kit::{Epoch, published::Signed};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use std::time::Duration;

/// Events a page of the feed holds at most.
pub const PAGE: u32 = 500;

/// A page of a service's events.
#[derive(Debug, Serialize, Deserialize)]
pub struct Page {
    /// The present epoch.
    pub epoch: Epoch,
    /// The last number there is.
    pub head: u64,
    /// The last number there was when the epoch began: what stands above it nobody has heard in another epoch.
    #[serde(default)]
    pub began: u64,
    /// When the service said so, in milliseconds by its own clock.
    #[serde(default)]
    pub at: i64,
    /// The events above the number asked for, as published.
    pub events: Vec<Box<RawValue>>,
}

/// How far a service is, and the last of its events that takes access away from somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseTerms {
    /// The present epoch.
    pub epoch: Epoch,
    /// The last number there is.
    pub head: u64,
    /// The number of the last revocation; 0: there is none.
    pub revoked: u64,
}

/// What tells an event from another one under the same number, and behind a point the service's signature over it: with both it can see
/// that it was its own.
#[must_use]
pub fn digest(published: &str) -> String {
    let (mac, rest) = Signed::of(published).map_or(("", published), |signed| (signed.mac, signed.rest));
    format!("{}.{mac}", URL_SAFE_NO_PAD.encode(digest_of(rest)))
}

/// Whether what a reader has under a number shows that the database was set back: the service itself published it there, and it is not what
/// stands there now. Anything else shows nothing, whoever says it.
#[must_use]
pub fn shows_setback(signer: &Signer, (epoch, number): (Epoch, u64), readers: &str, own: Option<&str>) -> bool {
    let Some((theirs, mac)) = readers.split_once('.') else { return false };
    let Ok(bytes) = URL_SAFE_NO_PAD.decode(theirs) else { return false };
    let same = own.is_some_and(|own| digest(own).split_once('.').is_some_and(|(own, _)| own == theirs));
    !same && signer.published_fits(epoch, number, &bytes, mac)
}

/// The feed did not answer; the text names no address.
#[derive(Debug, thiserror::Error)]
#[error("the feed did not answer: {0}")]
pub struct FeedError(String);

/// A client of one service's feed.
#[derive(Debug, Clone)]
pub struct Feed {
    client: reqwest::Client,
    address: String,
    issuer: Issuer,
}

impl Feed {
    /// A client for the service at `address` (`http://127.0.0.1:7363`).
    #[must_use]
    pub fn new(address: &str, issuer: Issuer) -> Self {
        let client = reqwest::Client::builder()
            .timeout(Duration::from_secs(10))
            .connect_timeout(Duration::from_secs(2))
            // Sooner than a service ends a connection that rests.
            .pool_idle_timeout(Duration::from_secs(20))
            .no_proxy();
        Self { client: client.build().unwrap_or_default(), address: address.trim_end_matches('/').to_owned(), issuer }
    }

    /// The events above a number. `last` is the [`digest`] of the event under that number as this reader knows it, in the epoch it knows:
    /// where that epoch is the present one and the service once published that event there and has another one now, or none, its database
    /// was set back, and it takes a new epoch before it answers.
    pub async fn page(&self, after: u64, last: Option<(Epoch, &str)>) -> Result<Page, FeedError> {
        let last = last.map(|(epoch, last)| [("epoch", epoch.to_string()), ("last", last.to_owned())]);
        self.ask("/v1/events", |request| request.query(&[("after", after)]).query(&last)).await
    }

    /// How far the service is, told to a service that has heard it as far as this: its lease.
    pub async fn terms(&self, heard: Option<(Epoch, u64)>) -> Result<LeaseTerms, FeedError> {
        let heard = heard.map(|(epoch, number)| [("epoch", epoch.to_string()), ("heard", number.to_string())]);
        self.ask("/v1/lease", |request| request.query(&heard).timeout(LEASE)).await
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        path: &str,
        with: impl FnOnce(reqwest::RequestBuilder) -> reqwest::RequestBuilder,
    ) -> Result<T, FeedError> {
        let failed = |error: reqwest::Error| FeedError(error.without_url().to_string());
        let token = self.issuer.issue_own().map_err(|error| FeedError(error.to_string()))?;
        let request = with(self.client.get(format!("{}{path}", self.address))).bearer_auth(token);
        let response = request.send().await.and_then(reqwest::Response::error_for_status).map_err(failed)?;
        response.json().await.map_err(failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::integrity::Integrity;
    use kit::published::publish;
    use uuid::Uuid;

    /// What the service published, as the feed gives it.
    fn published(signer: &Signer, epoch: Epoch, number: u64, body: &str) -> String {
        let unsigned = publish(epoch, number, "", body);
        let rest = Signed::of(&unsigned).unwrap().rest;
        publish(epoch, number, &signer.published(epoch, number, &digest_of(rest)), body)
    }

    /// A service's token with a wrong digest forced new epochs.
    #[test]
    fn only_what_the_service_itself_published_shows_that_it_was_set_back() {
        let (signer, epoch) = (Integrity::made_of([7; 32]).of("housing"), Epoch(Uuid::from_u128(1)));
        let own = published(&signer, epoch, 9, "{\"a\":1}");
        let lost = digest(&published(&signer, epoch, 9, "{\"a\":2}"));
        assert!(shows_setback(&signer, (epoch, 9), &lost, Some(&own)), "another event stands there now");
        assert!(shows_setback(&signer, (epoch, 9), &lost, None), "or none");
        assert!(!shows_setback(&signer, (epoch, 9), &digest(&own), Some(&own)), "it is the same");
        let (mac, other) = (lost.split_once('.').unwrap().1, Epoch(Uuid::from_u128(2)));
        let made_up = [
            String::new(),
            ".".into(),
            "AAAA".into(),
            "AAAA.".into(),
            format!("AAAA.{mac}"),
            digest(&publish(epoch, 9, "", "{\"a\":2}")),
            digest(&published(&Integrity::made_of([8; 32]).of("housing"), epoch, 9, "{\"a\":2}")),
            digest(&published(&signer.of("people"), epoch, 9, "{\"a\":2}")),
            digest(&published(&signer, epoch, 8, "{\"a\":2}")),
            digest(&published(&signer, other, 9, "{\"a\":2}")),
        ];
        for said in made_up {
            assert!(!shows_setback(&signer, (epoch, 9), &said, Some(&own)), "{said}");
            assert!(!shows_setback(&signer, (epoch, 9), &said, None), "{said}");
        }
    }
}
