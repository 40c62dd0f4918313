//! The other side of a lease: which of people's events take access away, who has heard them, and when a revocation is acknowledged.
//!
//! A revocation is acknowledged once every service that holds a lease has taken it in, or once every lease from before it has run out.
//! Whoever has not taken it in is named, and shows nothing until then ([`super::lease`]). What services report lies in a table, so that
//! it holds for all replicas of people. Deliberately absent: what a revocation is about.

use super::lease::LEASE;
use crate::{feed::LeaseTerms, store};
use kit::{Epoch, relation::REVOKES};
use sqlx::PgPool;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// How often it is looked whether everybody has heard.
const POLL: Duration = Duration::from_millis(10);
/// For how long a service that reported once, and does no more, is named beside those that are behind.
const KNOWN: &str = "10 minutes";

/// A service's revocations.
#[derive(Debug, Clone)]
pub struct Revocations {
    pool: PgPool,
    scanned: Arc<Mutex<Scanned>>,
}

/// How far the events were searched for revocations, and the last one among them.
#[derive(Debug, Clone, Copy, Default)]
struct Scanned {
    epoch: Option<Epoch>,
    number: u64,
    revoked: u64,
}

impl Revocations {
    /// Those among a service's own events.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self { pool, scanned: Arc::default() }
    }

    /// How far the service is, and where the last revocation stands.
    pub async fn terms(&self) -> Result<LeaseTerms, sqlx::Error> {
        let head = store::head(&self.pool).await?;
        let mut scanned = *self.scanned.lock().unwrap_or_else(PoisonError::into_inner);
        if scanned.epoch != Some(head.epoch) {
            scanned = Scanned { epoch: Some(head.epoch), ..Scanned::default() };
        }
        if scanned.number < head.number {
            let revoked: Option<i64> = sqlx::query_scalar(
                "SELECT max(number) FROM events WHERE number > $1 AND number <= $2 AND event_type = ANY($3)",
            )
            .bind(i64::try_from(scanned.number).unwrap_or(i64::MAX))
            .bind(i64::try_from(head.number).unwrap_or(i64::MAX))
            .bind(REVOKES)
            .fetch_one(&self.pool)
            .await?;
            scanned.number = head.number;
            scanned.revoked = revoked.map_or(scanned.revoked, i64::unsigned_abs);
            // Several may have looked at once: each has found what stands up to its own number.
            let mut known = self.scanned.lock().unwrap_or_else(PoisonError::into_inner);
            if known.epoch != scanned.epoch || known.number < scanned.number {
                *known = scanned;
            }
        }
        Ok(LeaseTerms { epoch: head.epoch, head: head.number, revoked: scanned.revoked })
    }

    /// Gives a lease to a service that has heard this far.
    pub async fn lease(&self, service: &str, heard: Option<(Epoch, u64)>) -> Result<LeaseTerms, sqlx::Error> {
        // Written down first: whoever acknowledges a revocation must know of every lease that was given before it.
        let (epoch, number) = heard.map_or((None, 0), |(epoch, number)| (Some(epoch.0), number));
        sqlx::query(
            "INSERT INTO heard_by (service, epoch, number, at) VALUES ($1, $2, $3, clock_timestamp())
             ON CONFLICT (service) DO UPDATE SET epoch = excluded.epoch, number = excluded.number, at = excluded.at",
        )
        .bind(service)
        .bind(epoch)
        .bind(i64::try_from(number).unwrap_or(i64::MAX))
        .execute(&self.pool)
        .await?;
        self.terms().await
    }

    /// Waits until every service that may show something by an older lease has heard an event, as long as such a lease may last. Those
    /// that have not heard it then.
    pub async fn heard(&self, epoch: Epoch, number: u64) -> Result<Vec<String>, sqlx::Error> {
        let until = Instant::now() + LEASE;
        loop {
            let behind: Vec<(String, bool)> = sqlx::query_as(&format!(
                "SELECT service, at > clock_timestamp() - interval '{} milliseconds' FROM heard_by
                 WHERE NOT coalesce(epoch = $1 AND number >= $2, false) AND at > clock_timestamp() - interval '{KNOWN}'
                 ORDER BY service",
                LEASE.as_millis()
            ))
            .bind(epoch.0)
            .bind(i64::try_from(number).unwrap_or(i64::MAX))
            .fetch_all(&self.pool)
            .await?;
            if Instant::now() >= until || !behind.iter().any(|(_, holds)| *holds) {
                return Ok(behind.into_iter().map(|(service, _)| service).collect());
            }
            tokio::time::sleep(POLL).await;
        }
    }
}
