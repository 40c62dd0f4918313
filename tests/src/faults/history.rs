//! What each client asked for and was told.
//!
//! A command may be sent several times under its key. As long as each of these was answered, the last answer counts. Where one was not,
//! it may still be on its way when the next is refused, and be stored afterwards: then, and only then, a refusal says nothing.
//! Deliberately absent: what is stored ([`super::check`]).

use std::{
    collections::BTreeMap,
    sync::Mutex,
    time::{Duration, Instant},
};
use uuid::Uuid;

/// A command as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// To which service.
    pub service: &'static str,
    /// Who sends it.
    pub actor: String,
    /// Its key, as the client writes it.
    pub header: String,
    /// Its route.
    pub path: String,
    /// Its body.
    pub body: String,
    /// The case it is about.
    pub case: Uuid,
    /// The woman.
    pub woman: Uuid,
    /// On which version it must be decided.
    pub if_match: Option<u64>,
}

/// What an acknowledgement says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The case's version after it.
    pub version: u64,
    /// The number of its last event.
    pub number: u64,
    /// Its events, with their versions.
    pub events: Vec<(String, u64)>,
}

/// What a client knows of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was taken.
    Acknowledged(Told),
    /// It was not, for this reason.
    Refused(String),
    /// There was no answer, or one that says so.
    Unknown,
}

/// One command and what came of it.
#[derive(Debug, Clone)]
pub struct Record {
    /// Which client.
    pub client: usize,
    /// What was sent.
    pub command: Command,
    /// The key as the service makes it of the client's.
    pub key: Uuid,
    /// When it was sent first, and when the client knew as much as it does; since the beginning.
    pub when: (Duration, Duration),
    /// What it was told last.
    pub outcome: Outcome,
    /// Whether an earlier sending had no answer.
    pub unsure: bool,
}

/// All records.
#[derive(Debug)]
pub struct History {
    begun: Instant,
    kept: Mutex<Kept>,
}

/// What is kept.
#[derive(Debug, Default)]
pub struct Kept {
    /// In the order of their outcomes.
    pub records: Vec<Record>,
    /// What a client was told that cannot be.
    pub complaints: Vec<(&'static str, String)>,
    /// How often a key was sent again, with the same body and with another.
    pub repeats: (u64, u64),
    /// Sendings that decided nothing, by what was answered.
    pub undecided: BTreeMap<String, u64>,
    /// The last acknowledged positions, for whoever reads meanwhile.
    pub fresh: Vec<(Uuid, String)>,
}

impl Default for History {
    fn default() -> Self {
        Self { begun: Instant::now(), kept: Mutex::default() }
    }
}

impl History {
    /// How long the run lasts already.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Looks at, or adds to, what is kept.
    pub fn with<T>(&self, with: impl FnOnce(&mut Kept) -> T) -> T {
        with(&mut self.kept.lock().unwrap())
    }

    /// How many commands have an outcome.
    #[must_use]
    pub fn count(&self) -> usize {
        self.with(|kept| kept.records.len())
    }

    /// Keeps a record.
    pub fn keep(&self, record: Record) {
        self.with(|kept| {
            if let Outcome::Acknowledged(told) = &record.outcome {
                let position = format!("{}:{}", record.command.service, told.number);
                kept.fresh.push((record.command.woman, position));
            }
            kept.records.push(record);
        });
    }

    /// Says that something cannot be.
    pub fn complain(&self, wrong: &'static str, what: String) {
        self.with(|kept| kept.complaints.push((wrong, what)));
    }
}
