//! The journal: the one way in which events come to be.
//!
//! Commands that arrive while an append is on its way form the next group; the SQL function `append` takes all of a command or none
//! and numbers events densely in the order of commits. The writer is a task of its own, so a request that is dropped cancels
//! nothing. Deliberately absent: what to do after a clash or an unknown outcome (the executor decides again, and finds its key).

pub use crate::claims::Held;

use crate::integrity::{EventRow, Signer};
use kit::{AggregateId, CentreId, WomanId};
use serde_json::json;
use sqlx::{PgPool, Row};
use std::{collections::VecDeque, time::Duration};
use tokio::sync::{mpsc, oneshot, watch};
use uuid::Uuid;

/// Commands an append takes at most.
const GROUP: usize = 64;
/// Turns that other tasks get before a group is taken.
const TURNS: usize = 3;
/// How long an append may take; longer than the server lets a statement run.
const BOUND: Duration = Duration::from_secs(35);
/// Commands that may wait for the writer; further ones wait to be let in.
const WAITING: usize = 1024;

/// The events of one decided command.
#[derive(Debug, Clone)]
pub struct Append {
    /// `case` and the like.
    pub aggregate_type: &'static str,
    /// The aggregate.
    pub aggregate: AggregateId,
    /// The version it was decided on.
    pub expected: u64,
    /// The woman; none where it is about none.
    pub woman: Option<WomanId>,
    /// The centre that holds it.
    pub centre: Option<CentreId>,
    /// What it takes and gives back.
    pub claims: Vec<Held>,
    /// The command's key.
    pub key: Uuid,
    /// The keyed fingerprint of the command.
    pub fingerprint: Vec<u8>,
    /// The codes it is answered with.
    pub warnings: Vec<&'static str>,
    /// The events, sealed.
    pub events: Vec<NewEvent>,
}

/// One event, as stored.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// The event type's name.
    pub event: String,
    /// The version of its schema.
    pub event_version: u16,
    /// The body, [`kit::published::Body`] as JSON.
    pub body: String,
}

/// What became of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Stored, its first event under this number.
    Accepted {
        /// The number.
        first_number: u64,
    },
    /// Another command came first; nothing of this one is stored.
    Clash,
    /// Another aggregate holds a claim; nothing of this one is stored.
    Claimed,
}

/// The outcome is not known: it may be stored or not. Who asks again with the same key finds out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the database did not answer; whether the command was stored is not known")]
pub struct Unknown;

type Waiting = (Append, oneshot::Sender<Result<Outcome, Unknown>>);

/// A handle on a service's journal.
#[derive(Debug, Clone)]
pub struct Journal {
    waiting: mpsc::Sender<Waiting>,
    head: watch::Receiver<u64>,
}

impl Journal {
    /// Starts the writer. It ends when the last handle is gone and what waited is stored.
    #[must_use]
    pub fn start(pool: PgPool, signer: Signer) -> (Self, tokio::task::JoinHandle<()>) {
        let (waiting, queue) = mpsc::channel(WAITING);
        let (head, seen) = watch::channel(0);
        let writer = tokio::spawn(write(pool, signer, queue, head));
        (Self { waiting, head: seen }, writer)
    }

    /// Appends a command's events.
    pub async fn append(&self, append: Append) -> Result<Outcome, Unknown> {
        let (answer, outcome) = oneshot::channel();
        self.waiting.send((append, answer)).await.map_err(|_| Unknown)?;
        outcome.await.map_err(|_| Unknown)?
    }

    /// Tells of numbers this process has written: what wakes the relay.
    #[must_use]
    pub fn head(&self) -> watch::Receiver<u64> {
        self.head.clone()
    }
}

async fn write(pool: PgPool, signer: Signer, mut queue: mpsc::Receiver<Waiting>, head: watch::Sender<u64>) {
    let mut backlog: VecDeque<Waiting> = VecDeque::new();
    loop {
        if backlog.is_empty() {
            match queue.recv().await {
                Some(command) => backlog.push_back(command),
                None => return,
            }
        }
        // Those who were just answered are about to send their next: measured, a turn for them fills the groups.
        for _ in 0..TURNS {
            tokio::task::yield_now().await;
        }
        while backlog.len() < 2 * GROUP
            && let Ok(command) = queue.try_recv()
        {
            backlog.push_back(command);
        }
        let (group, answers): (Vec<Append>, Vec<_>) = take_group(&mut backlog).into_iter().unzip();
        for ((outcome, answer), command) in outcomes(&pool, &signer, &group).await.into_iter().zip(answers).zip(&group)
        {
            if let Ok(Outcome::Accepted { first_number }) = outcome {
                let last = first_number + command.events.len().saturating_sub(1) as u64;
                head.send_if_modified(|head| std::mem::replace(head, last.max(*head)) < last);
            }
            // Who asked may have gone; what is stored is stored.
            let _ = answer.send(outcome);
        }
    }
}

/// One outcome for each command of a group. A command that the database cannot take spoils nothing but its own.
async fn outcomes(pool: &PgPool, signer: &Signer, group: &[Append]) -> Vec<Result<Outcome, Unknown>> {
    match bounded(pool, signer, group).await {
        Ok(outcomes) => outcomes.into_iter().map(Ok).collect(),
        Err(Failed::Database) if group.len() > 1 => {
            let mut outcomes = Vec::with_capacity(group.len());
            for command in group {
                let one = bounded(pool, signer, std::slice::from_ref(command)).await;
                outcomes.push(one.ok().and_then(|outcomes| outcomes.into_iter().next()).ok_or(Unknown));
            }
            outcomes
        }
        Err(_) => group.iter().map(|_| Err(Unknown)).collect(),
    }
}

/// Whether the database answered with an error, or not at all.
enum Failed {
    Database,
    Silent,
}

/// The server bounds its statements; a connection whose other end has vanished bounds nothing, so this does.
async fn bounded(pool: &PgPool, signer: &Signer, group: &[Append]) -> Result<Vec<Outcome>, Failed> {
    let kind = match tokio::time::timeout(BOUND, append(pool, signer, group)).await {
        Ok(Ok(outcomes)) => return Ok(outcomes),
        Ok(Err(error)) => {
            let failed = if matches!(error, sqlx::Error::Database(_)) { Failed::Database } else { Failed::Silent };
            (error_kind(&error), failed)
        }
        Err(_) => ("silence".to_owned(), Failed::Silent),
    };
    tracing::warn!(error = kind.0, "an append got no answer");
    Err(kind.1)
}

/// The next group: at most one command per aggregate and one with claims; what does not fit keeps its turn.
fn take_group(backlog: &mut VecDeque<Waiting>) -> Vec<Waiting> {
    let mut group: Vec<Waiting> = Vec::new();
    let mut later = VecDeque::new();
    for command in backlog.drain(..) {
        let same = |other: &Waiting| {
            (other.0.aggregate_type, other.0.aggregate) == (command.0.aggregate_type, command.0.aggregate)
                || !(other.0.claims.is_empty() || command.0.claims.is_empty())
        };
        if group.len() == GROUP || group.iter().any(same) {
            later.push_back(command);
        } else {
            group.push(command);
        }
    }
    *backlog = later;
    group
}

/// Calls the SQL function once for a group, everything in it signed.
pub async fn append(pool: &PgPool, signer: &Signer, group: &[Append]) -> Result<Vec<Outcome>, sqlx::Error> {
    let claims = |command: &Append, taken: bool| {
        let changes = command.claims.iter().filter_map(|claim| match claim {
            Held::Take { key, everywhere } if taken => Some(json!({ "key": key, "everywhere": everywhere })),
            Held::Release { key } if !taken => Some(json!(key)),
            _ => None,
        });
        json!(changes.collect::<Vec<_>>()).to_string()
    };
    let mut events: Vec<(i32, &Append, &NewEvent, Vec<u8>)> = Vec::new();
    for (place, command) in (1..).zip(group) {
        for (event, mac) in command.events.iter().zip(signed(signer, command)) {
            events.push((place, command, event, mac));
        }
    }
    let owner = |c: &Append| signer.aggregate(c.aggregate_type, &c.aggregate.to_string(), c.woman, c.centre);
    let rows = sqlx::query(
        "SELECT command, outcome, first_number
         FROM append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
    )
    .bind(group.iter().map(|c| c.aggregate_type).collect::<Vec<_>>())
    .bind(group.iter().map(|c| c.aggregate.to_string()).collect::<Vec<_>>())
    .bind(group.iter().map(|c| i64::try_from(c.expected).unwrap_or(i64::MAX)).collect::<Vec<_>>())
    .bind(group.iter().map(|c| c.woman.map(|w| w.0)).collect::<Vec<_>>())
    .bind(group.iter().map(|c| c.centre.map(|c| c.0)).collect::<Vec<_>>())
    .bind(group.iter().map(|c| claims(c, true)).collect::<Vec<_>>())
    .bind(group.iter().map(|c| claims(c, false)).collect::<Vec<_>>())
    .bind(group.iter().map(owner).collect::<Vec<_>>())
    .bind(events.iter().map(|(place, ..)| *place).collect::<Vec<_>>())
    .bind(events.iter().map(|(_, _, event, _)| event.event.as_str()).collect::<Vec<_>>())
    .bind(events.iter().map(|(_, _, event, _)| event.event_version.to_string()).collect::<Vec<_>>())
    .bind(events.iter().map(|(_, command, ..)| subject(command)).collect::<Vec<_>>())
    .bind(events.iter().map(|(_, command, ..)| command.key).collect::<Vec<_>>())
    .bind(events.iter().map(|(_, command, ..)| command.fingerprint.as_slice()).collect::<Vec<_>>())
    .bind(events.iter().map(|(_, command, ..)| warnings(command)).collect::<Vec<_>>())
    .bind(events.iter().map(|(_, _, event, _)| event.body.as_str()).collect::<Vec<_>>())
    .bind(events.iter().map(|(.., mac)| mac.as_slice()).collect::<Vec<_>>())
    .fetch_all(pool)
    .await?;
    rows.iter()
        .map(|row| {
            let first: Option<i64> = row.try_get("first_number")?;
            Ok(match (row.try_get::<&str, _>("outcome")?, first.and_then(|first| u64::try_from(first).ok())) {
                ("accepted", Some(first_number)) => Outcome::Accepted { first_number },
                ("claimed", _) => Outcome::Claimed,
                _ => Outcome::Clash,
            })
        })
        .collect()
}

fn subject(command: &Append) -> String {
    command.woman.map_or_else(|| "_".to_owned(), |woman| woman.to_string())
}

fn warnings(command: &Append) -> String {
    json!(command.warnings).to_string()
}

/// The signatures of a command's events.
fn signed(signer: &Signer, command: &Append) -> Vec<Vec<u8>> {
    let (aggregate, subject, warnings) = (command.aggregate.to_string(), subject(command), warnings(command));
    let sign = |(version, event): (u64, &NewEvent)| {
        signer.event(&EventRow {
            aggregate_type: command.aggregate_type,
            aggregate: &aggregate,
            version,
            event: &event.event,
            event_version: &event.event_version.to_string(),
            subject: &subject,
            key: command.key,
            fingerprint: &command.fingerprint,
            warnings: &warnings,
            body: &event.body,
        })
    };
    (command.expected + 1..).zip(&command.events).map(sign).collect()
}

/// A database error as a word for logs: its own text may quote what was stored.
#[must_use]
pub fn error_kind(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(error) => format!("database {}", error.code().unwrap_or_default()),
        sqlx::Error::Io(error) => format!("connection {}", error.kind()),
        sqlx::Error::PoolTimedOut => "no connection free".into(),
        sqlx::Error::PoolClosed => "closed".into(),
        sqlx::Error::Encode(_) => "encode".into(),
        sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. } => "decode".into(),
        _ => "other".into(),
    }
}
