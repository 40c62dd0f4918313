//! Clients who record in cases, each by ways of its own, and keep what they are told.
//!
//! What they send is for [`super::mind`]. Deliberately absent: whether any of it is right in the end ([`super::check`]).

use super::{
    history::{Command, History, Outcome, Record, Told},
    mind::{Mind, Purpose, key},
};
use crate::{Answer, Client};
use reqwest::Method;
use serde_json::Value;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// How long an answer is waited for.
pub const PATIENCE: Duration = Duration::from_secs(4);
/// How long a stubborn client sends a command again.
const STUBBORN: Duration = Duration::from_secs(45);

/// A client that records.
pub struct Writer {
    mind: Mind,
    client: Client,
    history: Arc<History>,
}

/// The replicas of the services as a client names them.
#[must_use]
pub fn replica(service: &str, replica: usize) -> String {
    format!("{service}/{replica}")
}

impl Writer {
    /// A client with something in mind.
    #[must_use]
    pub fn new(mind: Mind, client: Client, history: Arc<History>) -> Self {
        Self { mind, client, history }
    }

    /// Sends one command, once or until it is known what came of it, and keeps what it was told.
    pub async fn step(&mut self) {
        let (mut chance, command, purpose) = self.mind.turn();
        let (first, stubborn) = (chance.below(2), chance.percent(50));
        let (outcome, unsure, when) = self.send(&command, first, stubborn).await;
        self.mind.learn(&command, purpose, &outcome);
        match purpose {
            Purpose::New => {}
            Purpose::Same => self.history.with(|kept| kept.repeats.0 += 1),
            Purpose::Other => {
                self.history.with(|kept| kept.repeats.1 += 1);
                // Nothing of it is kept: it must not have happened under this key.
                let refused = ["key_reused", "unauthorized"];
                let right = match &outcome {
                    Outcome::Acknowledged(_) => false,
                    Outcome::Refused(code) => refused.contains(&code.as_str()),
                    Outcome::Unknown => true,
                };
                if !right {
                    let what = format!("{} took another command under a key: {outcome:?}", command.service);
                    self.history.complain("doubled", what);
                }
                return;
            }
        }
        let key = key(&command);
        self.history.keep(Record { client: self.mind.number, command, key, when, outcome, unsure });
    }

    async fn send(&self, command: &Command, first: usize, stubborn: bool) -> (Outcome, bool, (Duration, Duration)) {
        let sent = self.history.elapsed();
        let until = Instant::now() + STUBBORN;
        let (mut unsure, mut attempt) = (false, first);
        loop {
            let outcome = self.try_once(command, attempt % 2).await;
            let again = match &outcome {
                Outcome::Acknowledged(_) => false,
                // By a clock that is off; the other one may know better.
                Outcome::Refused(code) => code == "unauthorized" && attempt < first + 4,
                Outcome::Unknown => stubborn && Instant::now() < until,
            };
            if !again {
                return (outcome, unsure, (sent, self.history.elapsed()));
            }
            unsure |= outcome == Outcome::Unknown;
            attempt += 1;
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    async fn try_once(&self, command: &Command, at: usize) -> Outcome {
        let answer = send(&self.client, command, &replica(command.service, at)).await;
        let outcome = outcome(answer.as_ref());
        let unauthorized = matches!(&outcome, Outcome::Refused(code) if code == "unauthorized");
        if unauthorized || outcome == Outcome::Unknown {
            let why =
                answer.map_or("no answer".into(), |answer| format!("{} {}", answer.status.as_u16(), answer.code()));
            self.history.with(|kept| *kept.undecided.entry(why).or_default() += 1);
        }
        outcome
    }
}

/// Sends a command to a service by the name a client has for it.
pub async fn send(client: &Client, command: &Command, to: &str) -> Option<Answer> {
    let version = command.if_match.map(|version| format!("\"{version}\""));
    let mut headers = vec![("idempotency-key", command.header.as_str())];
    headers.extend(version.as_deref().map(|version| ("if-match", version)));
    let client = client.clone().named(&command.actor);
    client.try_send(Method::POST, to, &command.path, &headers, Some(command.body.clone().into_bytes())).await
}

/// What an answer says.
#[must_use]
pub fn outcome(answer: Option<&Answer>) -> Outcome {
    let Some(answer) = answer else { return Outcome::Unknown };
    if answer.status.is_client_error() {
        return Outcome::Refused(answer.code().to_owned());
    }
    let told = || {
        let event = |event: &Value| Some((event.get("event")?.as_str()?.to_owned(), event.get("version")?.as_u64()?));
        Some(Told {
            version: answer.body.get("version")?.as_u64()?,
            number: answer.text("position").split_once(':')?.1.parse().ok()?,
            events: answer.body.get("events")?.as_array()?.iter().map(event).collect::<Option<_>>()?,
        })
    };
    match told() {
        Some(told) if answer.status.is_success() => Outcome::Acknowledged(told),
        _ => Outcome::Unknown,
    }
}
