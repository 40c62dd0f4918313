//! Sending courses: each woman's steps in order, several women at once; each step with its own key, again with the same one where there
//! was no answer.
//!
//! Deliberately absent: what is sent ([`super::stories`]).

use super::{
    plan::{Act, Entry, Made, Step, Story, filled},
    rules::{self, Positions, Rules},
};
use crate::{
    client::{self, Client, Unanswered},
    failure::Failure,
    services, terminal,
};
use futures::{StreamExt, TryStreamExt, stream};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use kit::{
    Policy,
    access::{Principal, Role},
    policy::To,
    relation::HEARS,
};
use reqwest::StatusCode;
use serde_json::{Map, Value};
use std::{
    collections::BTreeMap,
    io::IsTerminal,
    path::Path,
    time::{Duration, Instant},
};

/// How long an answer is asked for again.
const PATIENCE: Duration = Duration::from_secs(180);
/// Between two attempts, and between two looks.
const PAUSE: Duration = Duration::from_millis(100);
/// How many women's courses are sent at once.
const AT_ONCE: usize = 8;

/// Sends.
#[derive(Debug)]
pub(super) struct Sender {
    client: Client,
    rules: Rules,
    /// Where each service is.
    addresses: BTreeMap<&'static str, String>,
    /// How far each service was before.
    before: Positions,
    bar: ProgressBar,
}

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Sent {
    pub(super) actions: usize,
    /// How many were not there before.
    pub(super) new: usize,
    /// How many were answered with a warning.
    pub(super) warned: usize,
    /// How many were refused, as they should be.
    pub(super) refused: usize,
    last: Positions,
}

/// One course while it is sent.
struct Course<'a> {
    story: &'a Story,
    /// What began last of each kind in each service, and its version as far as this course knows.
    cases: BTreeMap<Kind, (String, u64)>,
    made: Made,
    sent: Sent,
    /// Whether it was there before.
    again: bool,
}

/// A service, and a kind of its aggregates.
type Kind = (&'static str, &'static str);

impl Course<'_> {
    /// Whoever takes a step. What gave somebody access may be over by now: a course that was there before is sent as leaders would send
    /// it, and what is only repeated records nothing.
    fn principal(&self, step: &Step) -> Principal {
        let who = self.story.principal(step.staff);
        if self.again { Principal { role: Role::Leader, ..who } } else { who }
    }

    /// What access follows from, as far as this course has told it: no service is to decide before it has heard that.
    fn known(&self) -> String {
        let told = HEARS.iter().filter_map(|service| Some(format!("{service}:{}", self.sent.last.get(*service)?)));
        told.collect::<Vec<_>>().join(",")
    }
}

impl Sender {
    pub(super) fn new(client: Client, folder: &Path, steps: usize, before: Positions) -> Result<Self, Failure> {
        let address = |service: services::Listed| Ok((service.name, client::address(folder, service.name)?));
        let addresses = services::all().into_iter().map(address).collect::<Result<_, Failure>>()?;
        Ok(Self { client, rules: Rules::new(folder)?, addresses, before, bar: bar(steps) })
    }

    /// What centres record, and then everybody's course; the timeline has all of it then.
    pub(super) async fn send(&self, centres: &[Story], stories: &[Story]) -> Result<Sent, Failure> {
        let first = self.all(centres, Sent::default()).await?;
        let sent = self.all(stories, first).await?;
        if let Some(story) = stories.first() {
            self.settle(story, &sent.last).await?;
        }
        self.bar.finish_and_clear();
        Ok(sent)
    }

    async fn all(&self, stories: &[Story], before: Sent) -> Result<Sent, Failure> {
        let known = &before.last.clone();
        let courses = stream::iter(stories).map(|story| self.course(story, known)).buffer_unordered(AT_ONCE);
        courses.try_fold(before, async |all, sent| Ok(all.and(&sent))).await
    }

    async fn course(&self, story: &Story, known: &Positions) -> Result<Sent, Failure> {
        let sent = Sent { last: known.clone(), ..Sent::default() };
        let mut course = Course { story, cases: BTreeMap::new(), made: Made::new(), sent, again: false };
        for step in &story.steps {
            match &step.act {
                Act::Send { action, body, refused } => self.act(&mut course, step, (action, body, *refused)).await?,
                Act::Find { event, facts } => self.find(&mut course, step, event, facts).await?,
            }
            self.bar.inc(1);
        }
        Ok(course.sent)
    }

    /// An action, with what the rules have to do before and after it.
    async fn act(
        &self,
        course: &mut Course<'_>,
        step: &Step,
        (action, body, refused): (&str, &Map<String, Value>, Option<&str>),
    ) -> Result<(), Failure> {
        if rules::heed(action) {
            self.rules.hear(&self.added(&course.sent.last)).await?;
        }
        let (case, version) = course.cases.get(&(step.service, step.plural)).cloned().unwrap_or_default();
        let cases = format!("{}/v1/{}", self.address(step.service), step.plural);
        let path = if step.begins() { String::new() } else { format!("/{case}/{action}") };
        let url = format!("{cases}{path}");
        let body = filled(&Value::Object(body.clone()), &course.made);
        if let Some(code) = refused {
            return self.refusal(course, step, (&format!("{cases}/{case}"), version), (&url, &body, code)).await;
        }
        let answer =
            self.command(course, step, &url, &body).await.map_err(|problem| told(course.story, step, problem))?;
        let version = answer.get("version").and_then(Value::as_u64).unwrap_or_default();
        course.cases.insert((step.service, step.plural), (text(&answer, "id").to_owned(), version));
        course.made.insert(step.name.clone(), made_by(&answer));
        let new = self.count(&mut course.sent, &answer);
        course.again |= course.made.len() == 1 && !new;
        if rules::heed(action) {
            self.rules.hear(&self.added(&course.sent.last)).await?;
        }
        Ok(())
    }

    /// What a rule refuses leaves nothing behind: once the case has gone on, it is not asked again.
    async fn refusal(
        &self,
        course: &mut Course<'_>,
        step: &Step,
        (case, version): (&str, u64),
        (url, body, code): (&str, &Value, &str),
    ) -> Result<(), Failure> {
        let shown = self.client.get(case, &[], &course.principal(step)).await?;
        if shown.get("version").and_then(Value::as_u64) > Some(version) {
            return Ok(());
        }
        match self.command(course, step, url, body).await {
            Err(Unanswered::Problem(StatusCode::CONFLICT, refusal)) if refusal == code => {
                course.sent.refused += 1;
                Ok(())
            }
            Err(problem) => Err(told(course.story, step, problem)),
            Ok(_) => {
                Err(Failure::Other(format!("The demo's step {} was to be refused ({code}), and was not.", step.name)))
            }
        }
    }

    /// Waits until a rule has recorded it.
    async fn find(&self, course: &mut Course<'_>, step: &Step, event: &str, facts: &Value) -> Result<(), Failure> {
        let kind = (step.service, step.plural);
        let case = course.cases.get(&kind).map_or_else(|| offered(course.story), |(case, _)| case.clone());
        let url = format!("{}/v1/{}/{case}/events", self.address(step.service), step.plural);
        let who = course.principal(step);
        let since = Instant::now();
        let (entry, version) = loop {
            let events = self.client.get(&url, &[], &who).await.ok();
            if let Some(found) = events.as_ref().and_then(|events| recorded(events, event, facts)) {
                break found;
            }
            if since.elapsed() > PATIENCE {
                return Err(Failure::Other(format!("No rule has recorded {event} (step {}): see the log.", step.name)));
            }
            tokio::time::sleep(PAUSE).await;
        };
        course.cases.insert(kind, (case, version));
        course.made.insert(step.name.clone(), entry);
        Ok(())
    }

    async fn command(&self, course: &Course<'_>, step: &Step, url: &str, body: &Value) -> Result<Value, Unanswered> {
        let (key, who, known) = (course.story.key(&step.name), course.principal(step), course.known());
        let since = Instant::now();
        loop {
            match self.client.post(url, &key, body, (&who, &known)).await {
                Err(unanswered) if passes(&unanswered) && since.elapsed() < PATIENCE => tokio::time::sleep(PAUSE).await,
                other => return other,
            }
        }
    }

    /// Counts an answer, and tells whether it was not there before.
    fn count(&self, sent: &mut Sent, answer: &Value) -> bool {
        sent.actions += 1;
        let position = text(answer, "position").split_once(':');
        let position = position.and_then(|(service, number)| Some((service, number.parse().ok()?)));
        let new = position.is_some_and(|(service, number)| self.is_new(service, number));
        if let Some((service, number)) = position {
            sent.reach(service, number);
        }
        sent.new += usize::from(new);
        let warnings = answer.get("warnings").and_then(Value::as_array);
        sent.warned += usize::from(warnings.is_some_and(|warnings| !warnings.is_empty()));
        new
    }

    fn is_new(&self, service: &str, number: u64) -> bool {
        self.before.get(service).is_none_or(|head| number > *head)
    }

    /// Those of the positions that were not there before.
    fn added(&self, positions: &Positions) -> Positions {
        let new = positions.iter().filter(|(service, number)| self.is_new(service, **number));
        new.map(|(service, number)| (service.clone(), *number)).collect()
    }

    fn address(&self, service: &str) -> &str {
        self.addresses.get(service).map(String::as_str).unwrap_or_default()
    }

    /// Waits until the timeline has everything that was answered.
    async fn settle(&self, story: &Story, last: &Positions) -> Result<(), Failure> {
        let at_least = last.iter().map(|(service, number)| format!("{service}:{number}")).collect::<Vec<_>>().join(",");
        let url = format!("{}/v1/women/{}/timeline", self.address(timeline::SERVICE), story.woman);
        let since = Instant::now();
        while !self.client.is_at(&url, &at_least, &story.principal(super::staff::Staff::Contact)).await.unwrap_or(false)
        {
            if since.elapsed() > PATIENCE {
                return Err(Failure::Other(
                    "Everything is recorded, but the timeline is still behind: look again in a moment.".into(),
                ));
            }
        }
        Ok(())
    }
}

impl Sent {
    fn and(mut self, other: &Self) -> Self {
        for (service, number) in &other.last {
            self.reach(service, *number);
        }
        Self {
            actions: self.actions + other.actions,
            new: self.new + other.new,
            warned: self.warned + other.warned,
            refused: self.refused + other.refused,
            last: self.last,
        }
    }

    fn reach(&mut self, service: &str, number: u64) {
        let last = self.last.entry(service.to_owned()).or_default();
        *last = (*last).max(number);
    }
}

/// The case that aftercare opens for its own offer.
fn offered(story: &Story) -> String {
    let centre = story.principal(super::staff::Staff::Contact).centre.unwrap_or_default();
    To::OwnCase.aggregate(aftercare::policy::OfferAftercare::NAME, story.woman, centre).to_string()
}

/// Whether the same command may be taken a moment later: also where a service has not heard of her for longer than it waits.
fn passes(unanswered: &Unanswered) -> bool {
    match unanswered {
        Unanswered::Silent(_) => true,
        Unanswered::Problem(status, _) => {
            matches!(*status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS | StatusCode::NOT_FOUND)
        }
        Unanswered::Token(_) => false,
    }
}

/// Why a step was not taken.
fn told(story: &Story, step: &Step, unanswered: Unanswered) -> Failure {
    match unanswered {
        Unanswered::Problem(StatusCode::UNPROCESSABLE_ENTITY, code) if code == "key_reused" => Failure::Other(
            "These data hold the demo of another version of the program: start with an empty data folder to see this one's."
                .into(),
        ),
        Unanswered::Problem(status, code) => {
            let what = if let Act::Send { action, .. } = &step.act { action } else { "" };
            Failure::Other(format!("The demo's step {} ({what}) was answered with {code} ({status}).", story.key(&step.name)))
        }
        other => other.into(),
    }
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The ids among an event's facts.
fn ids(facts: Option<&Value>) -> impl Iterator<Item = (String, String)> {
    let facts = facts.and_then(Value::as_object).into_iter().flatten();
    let ids = facts.filter_map(|(name, fact)| Some((name, fact.as_str()?)));
    ids.filter(|(_, fact)| uuid::Uuid::parse_str(fact).is_ok()).map(|(name, fact)| (name.clone(), fact.to_owned()))
}

/// The ids that the events of an answer name, and the first one's version.
fn made_by(answer: &Value) -> Entry {
    let events = answer.get("events").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let version = events.first().and_then(|event| event.get("version")?.as_u64()).unwrap_or_default();
    Entry { ids: events.iter().flat_map(|event| ids(event.get("facts"))).collect(), version }
}

/// The first event of this name that a rule has recorded with these facts, and the version of the last event.
fn recorded(events: &Value, event: &str, facts: &Value) -> Option<(Entry, u64)> {
    let events = events.get("events")?.as_array()?;
    let last = events.last()?.get("version")?.as_u64()?;
    let is = |found: &&Value| {
        let named = text(found, "type").split('.').any(|part| part == event);
        let has = facts
            .as_object()
            .into_iter()
            .flatten()
            .all(|(name, fact)| found.pointer(&format!("/data/facts/{name}")).is_some_and(|there| there == fact));
        named && has && text(found, "actor").starts_with("service:")
    };
    let found = events.iter().find(is)?;
    let version = found.get("version")?.as_u64()?;
    Some((Entry { ids: ids(found.pointer("/data/facts")).collect(), version }, last))
}

/// A bar for a person at a terminal; otherwise one line.
fn bar(steps: usize) -> ProgressBar {
    let watched = std::io::stderr().is_terminal();
    if !watched {
        terminal::say(format!("Sending the demo, {steps} steps …"));
    }
    let target = if watched { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(steps as u64), target);
    let style = ProgressStyle::with_template("  Sending the demo {bar:40} {pos} of {len} steps");
    style.map_or_else(|_| bar.clone(), |style| bar.clone().with_style(style))
}
