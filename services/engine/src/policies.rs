//! Runs a service's policies: hears events, gives the orders they lead to, and asks daily what the calendar wants.
//!
//! All of it under the policy's lock and in the transaction that moves the progress: what was heard is folded from the stored rows,
//! the orders are carried out, each under a key of its own, and noted as dealt with. A process that dies in between gives them again
//! under the same keys; one that was dealt with is never given again. A refusal is noted and passed. Deliberately absent: what a
//! policy decides ([`kit::Policy`]).

pub mod orders;

use orders::Occasion;

use crate::{
    clock::Clock,
    executor::Executor,
    feed::Feed,
    heard::{self, HeardError, kept},
    hearing::{Sound, hear},
    integrity::Signer,
    journal::error_kind,
    metrics::Metrics,
    quarantine::{self, WAITS},
    reader::{Apply, Event, ReadError, progress},
    seal::SealError,
    store,
    tally::{PERIOD, Tally},
};
use kit::{Policy, WomanId, policy::Now};
use serde_json::Value;
use sqlx::{PgConnection, PgPool, Postgres, Transaction};
use std::{
    collections::{BTreeMap, BTreeSet},
    marker::PhantomData,
    time::Duration,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Events a policy takes in at once: its orders are carried out within the transaction.
const BATCH: usize = 32;
/// How often the calendar looks whether there is something to ask.
const BEAT: Duration = Duration::from_secs(2);
/// How often the same day is asked again: something due may have been heard meanwhile.
const AGAIN: Duration = Duration::from_mins(10);

/// How long a policy waits to hear its own service before it goes on with another's events.
const OWN_FIRST: Duration = Duration::from_secs(2);
/// How soon it looks again.
const SHORTLY: Duration = Duration::from_millis(10);

/// A policy on its service's executor.
pub struct PolicyRunner<P: Policy> {
    executor: Executor<P::Decider>,
    /// Connections of its own: the transaction it is in must not keep the executor from getting one.
    pool: PgPool,
    clock: Clock,
    /// The feeds of the services it hears.
    feeds: Vec<(&'static str, Feed)>,
    policy: PhantomData<fn() -> P>,
}

impl<P: Policy> PolicyRunner<P> {
    /// A runner for a policy.
    #[must_use]
    pub fn new(executor: Executor<P::Decider>, pool: PgPool, feeds: Vec<(&'static str, Feed)>) -> Self {
        Self { clock: executor.clock.clone(), executor, pool, feeds, policy: PhantomData }
    }

    /// What was heard of a woman, as it is kept (`Null` where nothing is) and as the policy's own.
    async fn remembered(&self, connection: &mut PgConnection, woman: WomanId) -> Result<(Value, P::Heard), ReadError> {
        let Executor { seal, service, .. } = &self.executor;
        let kept = heard::one(connection, seal, service, woman, P::NAME).await?.unwrap_or_default();
        if kept.is_null() {
            return Ok((kept, P::Heard::default()));
        }
        let heard = serde_json::from_value(kept.clone()).map_err(|_| ReadError::Malformed)?;
        Ok((kept, heard))
    }

    fn signer(&self) -> Signer {
        self.executor.seal.signer(self.executor.service)
    }

    /// The policy drops rows that are not as it left them, and hears everything again.
    async fn hear_again(&self) -> Result<(), sqlx::Error> {
        self.signer().refuse("policy", &P::NAME);
        kept::start_over(&self.pool, P::NAME).await
    }

    /// Looks again and again, from the start on, whether what was heard is as it was left.
    pub async fn watch(&self, stop: CancellationToken) {
        let mut period = tokio::time::interval(PERIOD);
        loop {
            tokio::select! { _ = period.tick() => {}, () = stop.cancelled() => return }
            let looked = match kept::is_whole(&self.pool, &self.signer(), P::NAME).await {
                Ok(true) => Ok(()),
                Ok(false) => self.hear_again().await,
                Err(error) => Err(error),
            };
            if let Err(error) = looked {
                tracing::warn!(policy = P::NAME, error = error_kind(&error), "what was heard could not be looked at");
            }
        }
    }

    fn now(&self, today: time::Date) -> Now<'_> {
        Now { today, deadlines: &self.executor.deadlines }
    }

    /// What the calendar asks for: at start, whenever Copenhagen's day changes, and now and then.
    pub async fn calendar(&self, metrics: Metrics, stop: CancellationToken) {
        let mut done: Option<(time::Date, tokio::time::Instant)> = None;
        let mut since = tokio::time::Instant::now();
        metrics.calendar_ran(P::NAME, self.clock.now());
        loop {
            let today = self.clock.today();
            if done.is_none_or(|(day, at)| day != today || at.elapsed() > AGAIN) {
                match self.due(today).await {
                    Ok(true) => {
                        done = Some((today, tokio::time::Instant::now()));
                        since = tokio::time::Instant::now();
                        metrics.calendar_ran(P::NAME, self.clock.now());
                    }
                    Ok(false) => {}
                    // Services begin together, so one that does not answer yet is nothing to worry about.
                    Err(error) if since.elapsed() < AGAIN => {
                        tracing::debug!(policy = P::NAME, %error, "the calendar run is tried again");
                    }
                    Err(error) => tracing::warn!(policy = P::NAME, %error, "the calendar run is tried again"),
                }
            }
            tokio::select! { () = tokio::time::sleep(BEAT) => {}, () = stop.cancelled() => return }
        }
    }

    /// Gives the orders of a day; given twice, they are carried out once. `false`: what there is to hear has not been heard yet, and
    /// nothing is ordered on half of it.
    pub async fn due(&self, today: time::Date) -> Result<bool, ReadError> {
        for (service, feed) in &self.feeds {
            let head = feed.page(i64::MAX.unsigned_abs(), None).await?;
            let reached = progress(&self.pool, P::NAME, service).await?;
            if reached.is_none_or(|reached| reached.epoch != head.epoch || reached.number < head.head) {
                return Ok(false);
            }
        }
        let mut after = Uuid::nil();
        loop {
            let women: Vec<Uuid> =
                sqlx::query_scalar("SELECT woman FROM heard WHERE policy = $1 AND woman > $2 ORDER BY woman LIMIT 100")
                    .bind(P::NAME)
                    .bind(after)
                    .fetch_all(&self.pool)
                    .await?;
            let Some(last) = women.last() else {
                self.note_what_was_done().await?;
                return Ok(true);
            };
            after = *last;
            let mut transaction = self.pool.begin().await?;
            self.begin(&mut transaction, "").await?;
            for woman in women {
                let woman = WomanId(woman);
                // One woman's row, or case, must not keep the day from the others.
                match self.remembered(&mut transaction, woman).await {
                    Ok((kept, heard)) => {
                        let orders = P::due(&heard, self.now(today));
                        match self.give(&mut transaction, woman, orders, &kept, Occasion::Calendar).await {
                            Err(ReadError::Malformed) => {
                                tracing::error!(policy = P::NAME, "a case that an order goes to does not read");
                            }
                            given => given?,
                        }
                    }
                    Err(ReadError::Malformed) => {
                        tracing::error!(policy = P::NAME, "what was heard of somebody does not read");
                    }
                    Err(error) => return Err(error),
                }
            }
            transaction.commit().await?;
        }
    }

    /// Keeps an event that cannot be heard, and those of the same woman and service behind it.
    async fn hold(
        &self,
        connection: &mut PgConnection,
        waiting: &mut BTreeSet<WomanId>,
        (service, woman): (&str, WomanId),
        event: &Event,
        reason: &str,
    ) -> Result<(), ReadError> {
        waiting.insert(woman);
        let centre = event.body.as_ref().and_then(|body| body.centre);
        let what = (event.number, &*event.bytes);
        quarantine::hold(connection, (P::NAME, service), (woman, centre), what, reason).await
    }
}

fn written<P: Policy>(heard: &P::Heard) -> Result<Value, ReadError> {
    serde_json::to_value(heard).map_err(|_| ReadError::Malformed)
}

impl<P: Policy> Apply for PolicyRunner<P> {
    fn name(&self) -> &str {
        P::NAME
    }

    fn batch(&self) -> usize {
        BATCH
    }

    /// What its own service has stored is heard before what others say: a rule should not go by less than its own cases know. It waits a
    /// moment and no longer: a rule that never acts is worse than one that raises an alert too many.
    async fn prepare(&self, service: &str) -> Result<(), ReadError> {
        let own = self.executor.service;
        if service == own || !P::HEARS.contains(&own) {
            return Ok(());
        }
        let until = tokio::time::Instant::now() + OWN_FIRST;
        let head = store::head(&self.executor.pool).await?;
        loop {
            let reached = progress(&self.pool, P::NAME, own).await?;
            let heard = reached.is_some_and(|reached| reached.epoch == head.epoch && reached.number >= head.number);
            if heard || tokio::time::Instant::now() > until {
                return Ok(());
            }
            tokio::time::sleep(SHORTLY).await;
        }
    }

    /// One at a time, on what is as it was left.
    async fn begin(&self, transaction: &mut Transaction<'static, Postgres>, _: &str) -> Result<(), ReadError> {
        kept::lock(transaction, P::NAME).await?;
        kept::look(transaction, &self.signer(), P::NAME).await
    }

    async fn begun(&self, transaction: &mut Transaction<'static, Postgres>, _: &str) -> Result<(), ReadError> {
        kept::write(transaction, &self.signer(), P::NAME, &Tally::default()).await
    }

    async fn start_over(&self, _: &PgPool, _: &str) -> Result<(), ReadError> {
        Ok(self.hear_again().await?)
    }

    async fn apply(
        &self,
        transaction: &mut Transaction<'static, Postgres>,
        service: &str,
        events: &[Event],
        since: u64,
    ) -> Result<(), ReadError> {
        let mut all: BTreeMap<WomanId, (Value, P::Heard)> = BTreeMap::new();
        let mut waiting = quarantine::waiting(transaction, (P::NAME, service), events).await?;
        for event in events {
            // Policies hear of people.
            let Some(woman) = event.woman else { continue };
            if waiting.contains(&woman) {
                self.hold(transaction, &mut waiting, (service, woman), event, WAITS).await?;
                continue;
            }
            let event_heard = match hear::<P::Foreign>(&self.executor.seal, service, event, P::OPENS).await? {
                Sound::Nothing => continue,
                Sound::Unreadable(reason) => {
                    self.hold(transaction, &mut waiting, (service, woman), event, reason).await?;
                    continue;
                }
                Sound::Heard(heard) => heard,
            };
            let known = match all.remove(&woman) {
                Some(known) => Ok(known),
                None => self.remembered(transaction, woman).await,
            };
            // What concerns one woman alone must not keep the others' events from being heard.
            let (kept, mut heard) = match known {
                Err(ReadError::Malformed) => {
                    self.hold(transaction, &mut waiting, (service, woman), event, "what_was_heard_does_not_read")
                        .await?;
                    continue;
                }
                known => known?,
            };
            let before = written::<P>(&heard)?;
            P::hear(&mut heard, &event_heard);
            if event.number > since {
                let orders = P::react(&heard, &event_heard, self.now(self.clock.today()));
                match self.give(transaction, woman, orders, &written::<P>(&heard)?, Occasion::Event).await {
                    Err(ReadError::Malformed) => {
                        // It will be heard when it is tried again, and must not have been before.
                        heard = serde_json::from_value(before).map_err(|_| ReadError::Malformed)?;
                        self.hold(transaction, &mut waiting, (service, woman), event, "case_does_not_read").await?;
                    }
                    given => given?,
                }
            }
            all.insert(woman, (kept, heard));
        }
        let mut tally = Tally::default();
        for (woman, (kept, heard)) in all {
            let heard = written::<P>(&heard)?;
            // Of most women most policies hear nothing they keep.
            if heard != kept && (!kept.is_null() || heard != written::<P>(&P::Heard::default())?) {
                let Executor { seal, service, .. } = &self.executor;
                heard::keep(transaction, seal, (service, woman, P::NAME), &heard, &mut tally).await?;
            }
        }
        kept::write(transaction, &self.signer(), P::NAME, &tally).await
    }

    /// What was heard mixes all services: it goes, and every service is heard again. Orders that were dealt with stay so.
    async fn reset(&self, transaction: &mut Transaction<'static, Postgres>, _: &str) -> Result<(), ReadError> {
        kept::rows_go(transaction, P::NAME).await?;
        for sql in [
            // What was reacted to is not reacted to once more; until it is heard again, what was heard is not whole.
            "UPDATE progress SET since = greatest(since, number), until = greatest(until, number), number = 0, last = NULL
             WHERE reader = $1",
            // What was held back has had no reaction yet: from there on it is reacted to, and orders that were given are known.
            "UPDATE progress p SET since = least(p.since, h.first - 1)
             FROM (SELECT service, min(number) AS first FROM held_back WHERE reader = $1 GROUP BY service) h
             WHERE p.reader = $1 AND p.service = h.service",
            "DELETE FROM held_back WHERE reader = $1",
        ] {
            sqlx::query(sql).bind(P::NAME).execute(&mut **transaction).await?;
        }
        kept::write(transaction, &self.signer(), P::NAME, &Tally::default()).await
    }
}

impl From<HeardError> for ReadError {
    fn from(error: HeardError) -> Self {
        match error {
            HeardError::Store(error) => error.into(),
            HeardError::Tampered => Self::Tampered,
            HeardError::Seal(SealError::Foreign | SealError::Malformed) => Self::Malformed,
            HeardError::Seal(error) => Self::Effect(error.to_string()),
        }
    }
}

impl<P: Policy> std::fmt::Debug for PolicyRunner<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PolicyRunner({})", P::NAME)
    }
}
