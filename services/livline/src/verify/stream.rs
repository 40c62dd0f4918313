//! A service's stream beside its journal: every message on the sequence that is its number, byte for byte.
//!
//! Both are read page by page, side by side. Deliberately absent: what an event says.

use super::{Finding, Findings, Part, reach, silent, span};
use crate::{failure::Failure, installation::Domain};
use engine::{
    nats::{self, NatsError},
    replay::{Message, Messages, Replay, Standing},
    store::{self, Head, Outgoing},
};
use futures::StreamExt;
use indicatif::ProgressBar;
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// How long a relay may stand still that has not published what was stored when the look began.
const PATIENCE: Duration = Duration::from_secs(8);
const PAUSE: Duration = Duration::from_millis(100);
/// Events read at once.
const PAGE: u32 = 1000;

pub(super) async fn verify(domain: &Domain, head: &Head, bar: &ProgressBar) -> Result<Vec<Finding>, Failure> {
    let mut findings = Findings::of(domain.name, Part::Stream);
    match compare(domain, head, bar, &mut findings).await? {
        Ok(()) => {}
        Err(error) => findings.add(format!("it cannot be read ({error})")),
    }
    Ok(findings.told())
}

/// The relay has a moment to publish what is stored.
async fn settled(replay: &Replay, head: &Head) -> Result<Option<Standing>, NatsError> {
    let (mut since, mut before) = (Instant::now(), None);
    loop {
        let standing = replay.standing().await?;
        if standing != before {
            (since, before) = (Instant::now(), standing);
        }
        let there = standing.is_some_and(|found| found.epoch == Some(head.epoch) && found.last >= head.number);
        if there || since.elapsed() > PATIENCE {
            return Ok(standing);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn compare(
    domain: &Domain,
    head: &Head,
    bar: &ProgressBar,
    findings: &mut Findings,
) -> Result<Result<(), NatsError>, Failure> {
    let replay = match Replay::connect(&domain.nats, domain.name).await {
        Ok(replay) => replay,
        Err(error) => return Ok(Err(error)),
    };
    let standing = match settled(&replay, head).await {
        Ok(Some(standing)) => standing,
        Ok(None) => {
            findings.add("there is none");
            return Ok(Ok(()));
        }
        Err(error) => return Ok(Err(error)),
    };
    if standing.epoch != Some(head.epoch) {
        findings.add("it is of another epoch than the service");
        return Ok(Ok(()));
    }
    // Read after the stream's end was: what is published is stored by then.
    let stored = store::head(&domain.journal).await.map_err(|error| silent(domain.name, &error))?;
    let until = head.number.min(standing.last);
    let messages = match replay.after(0).await {
        Ok(messages) => messages,
        Err(error) => return Ok(Err(error)),
    };
    let mut sides = Sides { domain, head, page: VecDeque::new(), after: 0, messages, ahead: None, reached: 0 };
    let compared = sides.walk(until.max(stored.number.min(standing.last)), bar, findings).await?;
    if compared.is_ok() {
        if standing.last < head.number {
            findings.add(format!("not published: {}", span(standing.last + 1, head.number)));
        }
        if standing.last > stored.number {
            findings.add(format!("published and not stored: {}", span(stored.number + 1, standing.last)));
        }
    }
    reach(bar, &mut sides.reached, head.number);
    Ok(compared)
}

/// Journal and stream, read side by side.
struct Sides<'a> {
    domain: &'a Domain,
    head: &'a Head,
    page: VecDeque<Outgoing>,
    after: u64,
    messages: Messages,
    ahead: Option<Message>,
    reached: u64,
}

impl Sides<'_> {
    /// Compares number by number up to the last one; numbers that follow each other and miss the same are one difference.
    async fn walk(
        &mut self,
        last: u64,
        bar: &ProgressBar,
        findings: &mut Findings,
    ) -> Result<Result<(), NatsError>, Failure> {
        let mut run: Option<(u64, u64, &'static str)> = None;
        for number in 1..=last {
            let stored = self.stored(number).await?;
            let published = match self.published(number).await {
                Ok(published) => published,
                Err(error) => return Ok(Err(error)),
            };
            let difference = match (&stored, &published) {
                (Some(_), None) => Some("missing"),
                (None, Some(_)) => Some("published and not stored"),
                (Some(stored), Some(message)) if message.bytes != stored.bytes.as_bytes() => {
                    Some("published with other bytes")
                }
                (Some(stored), Some(message))
                    if message.subject != nats::subject(self.domain.name, &stored.subject) =>
                {
                    Some("published on another subject")
                }
                _ => None,
            };
            run = match (run, difference) {
                (Some((first, _, before)), Some(now)) if before == now => Some((first, number, now)),
                (before, now) => {
                    tell(findings, before);
                    now.map(|now| (number, number, now))
                }
            };
            if number % 500 == 0 {
                reach(bar, &mut self.reached, number);
            }
        }
        tell(findings, run);
        Ok(Ok(()))
    }

    async fn stored(&mut self, number: u64) -> Result<Option<Outgoing>, Failure> {
        if self.page.is_empty() {
            let page = store::after(&self.domain.journal, &self.domain.signer, self.head.epoch, self.after, PAGE).await;
            self.page = page.map_err(|error| silent(self.domain.name, &error))?.into();
            self.after = self.page.back().map_or(u64::MAX, |last| last.number);
        }
        Ok(self.page.pop_front_if(|event| event.number == number))
    }

    async fn published(&mut self, number: u64) -> Result<Option<Message>, NatsError> {
        if self.ahead.is_none() {
            self.ahead = self.messages.next().await.transpose()?;
        }
        Ok(self.ahead.take_if(|message| message.number == number))
    }
}

fn tell(findings: &mut Findings, run: Option<(u64, u64, &'static str)>) {
    if let Some((first, last, what)) = run {
        findings.add(format!("{what}: {}", span(first, last)));
    }
}
