//! Sending a course: each step with its own key, again with the same one where there was no answer.
//!
//! Deliberately absent: what is sent ([`super::stories`]).

use super::plan::{Made, Story};
use crate::{
    client::{self, Client, Unanswered},
    failure::Failure,
    terminal,
};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    io::IsTerminal,
    path::Path,
    time::{Duration, Instant},
};

/// How long an answer is asked for again.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two attempts, and between two looks.
const PAUSE: Duration = Duration::from_millis(200);

/// Sends, and remembers what came of it.
#[derive(Debug)]
pub(super) struct Sender {
    client: Client,
    housing: String,
    aftercare: String,
    timeline: String,
    bar: ProgressBar,
    /// Every answer's position, by service and number.
    positions: Vec<(String, u64)>,
    warned: usize,
}

impl Sender {
    pub(super) fn new(client: Client, folder: &Path, stories: &[Story]) -> Result<Self, Failure> {
        let aftercare = stories.iter().filter(|story| story.aftercare.is_some()).count();
        let steps = stories.iter().map(|story| story.steps.len()).sum::<usize>() + aftercare;
        Ok(Self {
            client,
            housing: client::address(folder, housing::SERVICE)?,
            aftercare: client::address(folder, aftercare::SERVICE)?,
            timeline: client::address(folder, timeline::SERVICE)?,
            bar: bar(steps),
            positions: Vec::new(),
            warned: 0,
        })
    }

    /// All steps of a course, in order.
    pub(super) async fn send(&mut self, story: &Story) -> Result<(), Failure> {
        let mut made = Made::new();
        let mut case = String::new();
        for step in &story.steps {
            let url = match step.action {
                "open-case" => format!("{}/v1/cases", self.housing),
                action => format!("{}/v1/cases/{case}/{action}", self.housing),
            };
            let body = step.filled(&made);
            let answer = self.command(&url, &story.key(&step.name), &body, story, step.actor.clone()).await?;
            if step.action == "open-case" {
                text(&answer, "id").clone_into(&mut case);
            }
            made.insert(step.name.clone(), made_by(&answer));
        }
        Ok(())
    }

    /// Waits until aftercare was offered by itself, and gives her answer.
    pub(super) async fn answer_aftercare(&mut self, story: &Story) -> Result<(), Failure> {
        let Some(action) = story.aftercare else { return Ok(()) };
        let url = format!("{}/v1/women/{}/timeline", self.timeline, story.woman);
        let who = story.worker(story.contact());
        let since = Instant::now();
        let case = loop {
            let offered = self.client.get(&url, &[("domain", aftercare::SERVICE)], &who).await.ok();
            let offer = offered.as_ref().and_then(|course| course.get("entries")?.as_array()?.first());
            match offer {
                Some(offer) => break text(offer, "aggregate").to_owned(),
                None if since.elapsed() > PATIENCE => {
                    return Err(Failure::Other("Aftercare was not offered after a move: see the log.".into()));
                }
                None => tokio::time::sleep(PAUSE).await,
            }
        };
        let url = format!("{}/v1/cases/{case}/{action}", self.aftercare);
        self.command(&url, &story.key(action), &json!({}), story, story.contact()).await.map(drop)
    }

    /// Waits until the timeline has everything that was answered.
    pub(super) async fn settle(&self, stories: &[Story]) -> Result<(), Failure> {
        let Some(story) = stories.first() else { return Ok(()) };
        let mut last: BTreeMap<&str, u64> = BTreeMap::new();
        for (service, number) in &self.positions {
            let at = last.entry(service).or_default();
            *at = (*at).max(*number);
        }
        let at_least = last.iter().map(|(service, number)| format!("{service}:{number}")).collect::<Vec<_>>().join(",");
        let url = format!("{}/v1/women/{}/timeline", self.timeline, story.woman);
        let who = story.worker(story.contact());
        let since = Instant::now();
        while !self.client.is_at(&url, &at_least, &who).await.unwrap_or(false) {
            if since.elapsed() > PATIENCE {
                return Err(Failure::Other(
                    "Everything is recorded, but the timeline is still behind: look again in a moment.".into(),
                ));
            }
        }
        self.bar.finish_and_clear();
        Ok(())
    }

    /// How many actions were sent.
    pub(super) fn sent(&self) -> usize {
        self.positions.len()
    }

    /// How many were answered with a warning.
    pub(super) fn warned(&self) -> usize {
        self.warned
    }

    /// How many were not there before, given how far the services were.
    pub(super) fn added(&self, before: &BTreeMap<String, u64>) -> usize {
        self.positions.iter().filter(|(service, number)| before.get(service).is_none_or(|head| number > head)).count()
    }

    async fn command(
        &mut self,
        url: &str,
        key: &str,
        body: &Value,
        story: &Story,
        actor: kit::ActorId,
    ) -> Result<Value, Failure> {
        let who = story.worker(actor);
        let since = Instant::now();
        let answer = loop {
            match self.client.post(url, key, body, &who).await {
                Ok(answer) => break answer,
                Err(unanswered) if passes(&unanswered) && since.elapsed() < PATIENCE => tokio::time::sleep(PAUSE).await,
                Err(Unanswered::Problem(StatusCode::UNPROCESSABLE_ENTITY, code)) if code == "key_reused" => {
                    return Err(Failure::Other(
                        "These data hold the demo of another version of the program: start with an empty data folder to see this one's.".into(),
                    ));
                }
                Err(Unanswered::Problem(status, code)) => {
                    return Err(Failure::Other(format!("The demo's step {key} was answered with {code} ({status}).")));
                }
                Err(other) => return Err(other.into()),
            }
        };
        let position = text(&answer, "position").split_once(':');
        self.positions.extend(position.and_then(|(service, number)| Some((service.to_owned(), number.parse().ok()?))));
        let warnings = answer.get("warnings").and_then(Value::as_array);
        self.warned += usize::from(warnings.is_some_and(|warnings| !warnings.is_empty()));
        self.bar.inc(1);
        Ok(answer)
    }
}

/// Whether the same command may be taken a moment later.
fn passes(unanswered: &Unanswered) -> bool {
    match unanswered {
        Unanswered::Silent(_) => true,
        Unanswered::Problem(status, _) => {
            matches!(*status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS)
        }
        Unanswered::Token(_) => false,
    }
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The id that the first event of an answer names, and its version.
fn made_by(answer: &Value) -> (Option<String>, u64) {
    let event = answer.get("events").and_then(Value::as_array).and_then(|events| events.first());
    let facts = event.and_then(|event| event.get("facts")?.as_object());
    let mut ids = facts
        .into_iter()
        .flatten()
        .filter_map(|(_, fact)| fact.as_str())
        .filter(|fact| uuid::Uuid::parse_str(fact).is_ok());
    (ids.next().map(str::to_owned), event.and_then(|event| event.get("version")?.as_u64()).unwrap_or_default())
}

/// A bar for a person at a terminal; otherwise one line.
fn bar(steps: usize) -> ProgressBar {
    let watched = std::io::stderr().is_terminal();
    if !watched {
        terminal::say(format!("Sending the demo, {steps} actions …"));
    }
    let target = if watched { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(steps as u64), target);
    let style = ProgressStyle::with_template("  Sending the demo {bar:40} {pos} of {len} actions");
    style.map_or_else(|_| bar.clone(), |style| bar.clone().with_style(style))
}
