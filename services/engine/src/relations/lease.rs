//! A service's lease on what it shows: how far people is, asked of people itself, and good for two seconds.
//!
//! A service shows something of a woman only under a lease that was given after every revocation it has taken in ([`super::revocation`] is
//! the other side). The lease counts from before it was asked for, by the service's own monotonic clock, so that no two clocks are
//! compared. Deliberately absent: what is shown ([`kit::access`]).

use super::PEOPLE;
use crate::{
    feed::{Feed, LeaseTerms},
    reader::progress,
};
use kit::Epoch;
use sqlx::PgPool;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{sync::Notify, time::Instant};
use tokio_util::sync::CancellationToken;

/// How long a lease is good for; so long a revocation waits for a service that does not answer.
pub const LEASE: Duration = Duration::from_secs(2);
/// How often a lease is renewed while nothing is revoked.
const RENEWAL: Duration = Duration::from_millis(400);
/// How often the reader's progress is looked at while a revocation is awaited.
const POLL: Duration = Duration::from_millis(10);
/// How long a revocation is looked out for before the lease is renewed anyway.
const LOOKOUT: Duration = Duration::from_millis(200);

/// The lease that a service holds now, shared by all that show something.
#[derive(Debug, Clone, Default)]
pub struct Lease(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    held: Mutex<Option<Held>>,
    revoked: Notify,
}

/// A lease as it was given.
#[derive(Debug, Clone, Copy)]
struct Held {
    terms: LeaseTerms,
    asked: Instant,
}

/// How well a service knows what ties women to centres, by the lease and by what it has taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Certainty {
    /// Everything that people has recorded, as of a moment ago.
    Whole,
    /// Every revocation, but not everything.
    Behind,
    /// Not every revocation, or nobody says: nothing may be shown.
    Unknown,
}

impl Lease {
    /// How well what was heard is known, where it was heard as far as this.
    pub(crate) fn certainty(&self, heard: Option<(Epoch, u64)>) -> Certainty {
        match self.held() {
            Some(Held { terms, asked }) if asked.elapsed() <= LEASE => Self::by_terms(terms, heard),
            _ => Certainty::Unknown,
        }
    }

    /// The same where it is known for certain how far people is.
    pub(crate) fn by_terms(terms: LeaseTerms, heard: Option<(Epoch, u64)>) -> Certainty {
        match heard {
            Some((epoch, number)) if epoch == terms.epoch && number >= terms.head => Certainty::Whole,
            Some((epoch, number)) if epoch == terms.epoch && number >= terms.revoked => Certainty::Behind,
            // People has recorded nothing yet.
            None if terms.head == 0 => Certainty::Whole,
            _ => Certainty::Unknown,
        }
    }

    /// The number of the last revocation; none where no lease is good any more.
    #[must_use]
    pub fn revoked(&self) -> Option<u64> {
        self.held().filter(|held| held.asked.elapsed() <= LEASE).map(|held| held.terms.revoked)
    }

    /// Says that a revocation is being taken in: people is to be told at once when it was.
    pub(crate) fn look_out(&self) {
        self.0.revoked.notify_one();
    }

    fn held(&self) -> Option<Held> {
        *self.0.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Renews the lease until told to stop, and tells people how far its events were taken in here.
    pub async fn renew(self, service: &'static str, pool: PgPool, feed: Feed, stop: CancellationToken) {
        let mut told = None;
        loop {
            let asked = Instant::now();
            let heard = progress(&pool, super::READER, PEOPLE).await.ok().flatten();
            let heard = heard.map(|heard| (heard.epoch, heard.number));
            match feed.terms(heard).await {
                Ok(terms) => {
                    *self.0.held.lock().unwrap_or_else(PoisonError::into_inner) = Some(Held { terms, asked });
                    told = heard;
                }
                // It runs out by itself.
                Err(error) => tracing::debug!(service, %error, "people gives no lease"),
            }
            let behind = told.is_none_or(|(epoch, number)| {
                self.held().is_some_and(|held| held.terms.epoch != epoch || number < held.terms.revoked)
            });
            if !behind {
                tokio::select! {
                    () = tokio::time::sleep(RENEWAL) => continue,
                    () = self.0.revoked.notified() => {}
                    () = stop.cancelled() => return,
                }
            }
            tokio::select! { () = moved(&pool, told) => {}, () = tokio::time::sleep(LOOKOUT) => {}, () = stop.cancelled() => return }
        }
    }
}

/// Returns once the reader is elsewhere than it was.
async fn moved(pool: &PgPool, from: Option<(Epoch, u64)>) {
    loop {
        tokio::time::sleep(POLL).await;
        let heard = progress(pool, super::READER, PEOPLE).await.ok().flatten();
        if heard.map(|heard| (heard.epoch, heard.number)) != from {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn held(asked: Instant) -> Lease {
        let terms = LeaseTerms { epoch: Epoch(Uuid::from_u128(1)), head: 9, revoked: 5 };
        let lease = Lease::default();
        *lease.0.held.lock().unwrap() = Some(Held { terms, asked });
        lease
    }

    fn heard(number: u64) -> (Epoch, u64) {
        (Epoch(Uuid::from_u128(1)), number)
    }

    #[test]
    fn nothing_is_shown_before_the_last_revocation_was_taken_in() {
        let lease = held(Instant::now() + LEASE);
        for (number, certainty) in [
            (0, Certainty::Unknown),
            (4, Certainty::Unknown),
            (5, Certainty::Behind),
            (8, Certainty::Behind),
            (9, Certainty::Whole),
            (10, Certainty::Whole),
        ] {
            assert_eq!(lease.certainty(Some(heard(number))), certainty, "{number}");
        }
        assert_eq!(lease.certainty(None), Certainty::Unknown);
        assert_eq!(lease.certainty(Some((Epoch(Uuid::from_u128(2)), 10))), Certainty::Unknown, "of another numbering");
        let nothing = LeaseTerms { epoch: Epoch(Uuid::from_u128(1)), head: 0, revoked: 0 };
        assert_eq!(Lease::by_terms(nothing, None), Certainty::Whole);
    }

    #[test]
    fn a_lease_runs_out_by_itself() {
        let over = held(Instant::now().checked_sub(LEASE + Duration::from_millis(1)).unwrap());
        assert_eq!((over.certainty(Some(heard(9))), over.revoked()), (Certainty::Unknown, None));
        assert_eq!(held(Instant::now() + LEASE).revoked(), Some(5));
        assert_eq!(
            (Lease::default().certainty(Some(heard(9))), Lease::default().revoked()),
            (Certainty::Unknown, None)
        );
    }
}
