//! `livline quarantine`: what readers could not apply, shown and tried again.
//!
//! It looks into the databases of the services as the services themselves do, with their own settings and rights, and leaves the
//! trying to their readers: a mark in the table, taken up within seconds. Deliberately absent: dropping what is held back (an event is
//! never skipped), and the woman it is about.

use crate::{
    cli::Data, cluster::DataFolder, configuration, failure::Failure, installation::silent, services, terminal,
};
use clap::Subcommand;
use engine::{
    config::Settings,
    quarantine::{self, Held, WAITS},
};
use kit::{
    WomanId,
    published::{Body, EventType},
};
use secrecy::ExposeSecret;
use serde_json::Value;
use sqlx::{Connection, PgConnection};
use std::{
    collections::BTreeMap,
    fmt::Write,
    path::Path,
    time::{Duration, Instant},
};

#[cfg(test)]
mod tests;

/// How long the readers may take to try again: they look every two seconds where announcements come, every ten where none do.
const PATIENCE: Duration = Duration::from_secs(45);
const PAUSE: Duration = Duration::from_millis(200);

/// `livline quarantine`
#[derive(Debug, clap::Args)]
pub struct Quarantine {
    #[command(subcommand)]
    what: What,
    #[command(flatten)]
    data: Data,
}

#[derive(Debug, Subcommand)]
enum What {
    /// What is held back, by whom and why
    List,
    /// The events under a position as they are held back, sealed facts sealed
    Show {
        /// `housing:1234`
        position: Position,
    },
    /// Try again, once what was the matter is mended; the services must run
    Retry {
        /// `housing:1234`: what stands under it, with all that waits for it [default: everything]
        position: Option<Position>,
    },
}

/// A service's number.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Position {
    service: String,
    number: u64,
}

impl std::str::FromStr for Position {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once(':').and_then(|(service, number)| Some((service, number.parse().ok()?)));
        let (service, number) = parts.ok_or("a position is a service and a number, like housing:1234")?;
        Ok(Self { service: service.to_owned(), number })
    }
}

impl Position {
    fn is_of(&self, held: &Held) -> bool {
        (&self.service, self.number) == (&held.service, held.number)
    }
}

/// What one database holds back, and a connection to it.
struct Place {
    service: &'static str,
    connection: PgConnection,
    held: Vec<Held>,
}

/// Shows, or has tried again, what is held back.
pub async fn quarantine(options: &Quarantine) -> Result<(), Failure> {
    let folder = DataFolder::locate(options.data.folder().as_deref())?;
    let mut places = Vec::new();
    for service in services::names() {
        places.push(look(&folder, service).await?);
    }
    match &options.what {
        What::List => {
            terminal::say(table(&all(&places)));
            Ok(())
        }
        What::Show { position } => {
            let held: Vec<Held> = all(&places).into_iter().filter(|held| position.is_of(held)).collect();
            if held.is_empty() {
                return Err(nothing_under(position));
            }
            terminal::say(held.iter().map(whole).collect::<Vec<_>>().join("\n"));
            Ok(())
        }
        What::Retry { position } => retry(&mut places, position.as_ref()).await,
    }
}

fn nothing_under(position: &Position) -> Failure {
    Failure::Other(format!("Nothing is held back under {}:{}.", position.service, position.number))
}

async fn look(folder: &Path, service: &'static str) -> Result<Place, Failure> {
    let file = configuration::file(folder, service);
    let settings = Settings::read(service, Some(&file))
        .map_err(|source| Failure::Configuration { service: service.to_owned(), source })?;
    let connection = PgConnection::connect(settings.database.expose_secret()).await.map_err(failed(service))?;
    let mut place = Place { service, connection, held: Vec::new() };
    place.look_again().await?;
    Ok(place)
}

impl Place {
    async fn look_again(&mut self) -> Result<(), Failure> {
        self.held = quarantine::list(&mut self.connection).await.map_err(failed(self.service))?;
        Ok(())
    }
}

fn failed(service: &str) -> impl Fn(sqlx::Error) -> Failure {
    move |error| silent(service, &engine::journal::error_kind(&error))
}

fn all(places: &[Place]) -> Vec<Held> {
    places.iter().flat_map(|place| place.held.clone()).collect()
}

/// Marks, waits until the readers have looked, and tells what is left.
async fn retry(places: &mut [Place], position: Option<&Position>) -> Result<(), Failure> {
    let mut asked = Vec::new();
    for place in &mut *places {
        let meant: Vec<&Held> =
            place.held.iter().filter(|held| position.is_none_or(|position| position.is_of(held))).collect();
        for held in &meant {
            quarantine::ask_again(&mut place.connection, held).await.map_err(failed(place.service))?;
        }
        // All of hers is tried with it.
        let with = |held: &&Held| meant.iter().any(|meant| queue(meant) == queue(held));
        asked.extend(place.held.iter().filter(with).cloned());
    }
    match position {
        Some(position) if asked.is_empty() => return Err(nothing_under(position)),
        None if asked.is_empty() => {
            terminal::say("Nothing is held back.");
            return Ok(());
        }
        _ => {}
    }
    let since = Instant::now();
    loop {
        for place in &mut *places {
            place.look_again().await?;
        }
        let left = all(places);
        if !left.iter().any(|held| held.retry) {
            return outcome(&asked, &left);
        }
        if since.elapsed() > PATIENCE {
            let service = left.iter().find(|held| held.retry).map_or("", |held| &held.service);
            return Err(Failure::Other(format!(
                "Marked, and no reader of {service} has taken it up yet: are the services running? They will when they start."
            )));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn outcome(asked: &[Held], left: &[Held]) -> Result<(), Failure> {
    let same = |one: &Held, other: &Held| queue(one) == queue(other) && one.number == other.number;
    let still: Vec<Held> = left.iter().filter(|held| asked.iter().any(|asked| same(asked, held))).cloned().collect();
    terminal::say(format!("Applied: {} of {} events.", asked.len() - still.len(), asked.len()));
    if still.is_empty() {
        return Ok(());
    }
    Err(Failure::Other(format!("Still held back:\n{}", table(&still))))
}

/// In which row an event waits: one woman's, of one service, with one reader.
fn queue(held: &Held) -> (&str, &str, WomanId) {
    (&held.reader, &held.service, held.woman)
}

/// A line for each event that is the matter, with how many wait behind it.
fn table(held: &[Held]) -> String {
    if held.is_empty() {
        return "Nothing is held back.".to_owned();
    }
    let mut behind: BTreeMap<_, usize> = BTreeMap::new();
    for held in held.iter().filter(|held| held.reason == WAITS) {
        *behind.entry(queue(held)).or_default() += 1;
    }
    let mut lines = Vec::new();
    for held in held {
        let waiting = if held.reason == WAITS {
            // It has its line with what it waits for, unless that is not here.
            match behind.remove(&queue(held)) {
                Some(count) => count - 1,
                None => continue,
            }
        } else {
            behind.remove(&queue(held)).unwrap_or_default()
        };
        let (position, event) = (format!("{}:{}", held.service, held.number), event(held));
        let behind = match waiting {
            0 => String::new(),
            1 => "; 1 event waits".to_owned(),
            many => format!("; {many} events wait"),
        };
        lines.push(format!("{:<16}{position:<18}{event:<28}{}{behind}", held.reader, reason(&held.reason)));
    }
    lines.join("\n")
}

/// The name of its event, as far as it can be read.
fn event(held: &Held) -> String {
    let body: Option<Value> = serde_json::from_str(&held.bytes).ok();
    let name = body.as_ref().and_then(|body| EventType::parse(body.get("type")?.as_str()?));
    name.map_or_else(|| "?".to_owned(), |event| event.name.to_owned())
}

/// A reason in words.
fn reason(code: &str) -> &str {
    match code {
        WAITS => "waits behind an earlier one",
        "does_not_read" => "the event does not read",
        "another_service" => "the event says it is another service's",
        "does_not_open" => "a sealed fact does not open",
        "cannot_be_applied" => "the event does not fit what is there",
        "case_does_not_read" => "the case that an order goes to does not read",
        "what_was_heard_does_not_read" => "what was heard of her before does not read",
        other => other,
    }
}

/// One event, as it is held back.
fn whole(held: &Held) -> String {
    let mut text =
        format!("{}:{}, held back by {}: {}\n", held.service, held.number, held.reader, reason(&held.reason));
    let body: Result<Value, _> = serde_json::from_str(&held.bytes);
    // Writing to a string does not fail.
    match body {
        Ok(mut body) => {
            // The path alone: the message may quote what stands there.
            if let Err(error) = serde_path_to_error::deserialize::<_, Body>(&body) {
                let _ = writeln!(text, "what does not read stands at {}", error.path());
            }
            if let Some(members) = body.as_object_mut() {
                members.remove("subject");
            }
            let _ = write!(text, "{body:#}");
        }
        Err(_) => text.push_str("it is not JSON"),
    }
    text
}
