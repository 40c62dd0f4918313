//! `livline demo`: made-up women with courses that look like real ones, sent through the services' own API.
//!
//! Ids and keys are the same each time, and dates count back from the day of the first run, which the data folder keeps: sent again,
//! the demo adds nothing. Deliberately absent: any way into the data but the API's, and what the rules across services do by themselves.

mod chance;
mod plan;
mod rules;
mod send;
mod staff;
mod stories;

use crate::{
    cli::Data,
    client::{self, Client, Unanswered},
    cluster::DataFolder,
    failure::Failure,
    secrets, services, terminal,
};
use engine::{clock::Clock, feed::Feed, tokens::Issuer};
use kit::Day;
use rules::Positions;
use send::Sender;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// `livline demo`
#[derive(Debug, clap::Args)]
pub struct Demo {
    #[command(flatten)]
    data: Data,
}

/// Sends the demo to the services that run on a data folder.
pub async fn send(options: &Demo) -> Result<(), Failure> {
    let asked = options.data.folder();
    let folder = DataFolder::locate(asked.as_deref())?;
    terminal::say(run(&folder, asked.is_some()).await?);
    Ok(())
}

/// Sends the demo, and says what came of it and what to look at.
pub async fn run(folder: &Path, named: bool) -> Result<String, Failure> {
    let client = Client::new(folder)?;
    let before = heads(folder).await?;
    let today = first_day(folder)?.date();
    let (centres, stories) = (stories::centres(today), stories::all(today));
    let steps = centres.iter().chain(&stories).map(|story| story.steps.len()).sum();
    let sent = Sender::new(client, folder, steps, before)?.send(&centres, &stories).await?;
    let look = look(folder, named, &stories);
    Ok(if sent.new == 0 {
        format!("The demo's {} women were there already: nothing was added.\n\n{look}", stories.len())
    } else {
        format!(
            "{} made-up women: {} actions, {} of them new, {} answered with a warning, {} refused as they should be.\n\n{look}",
            stories.len(),
            sent.actions,
            sent.new,
            sent.warned,
            sent.refused,
        )
    })
}

fn look(folder: &Path, named: bool, stories: &[plan::Story]) -> String {
    let data = if named { format!(" --data {}", folder.display()) } else { String::new() };
    let program = terminal::program();
    let woman = stories.first().map(|story| story.woman.to_string()).unwrap_or_default();
    format!("Look at one of them, {}:\n\n  {program} timeline {woman}{data}\n", stories::FIRST)
}

/// The day that the demo's dates count back from: that of its first run on these data.
fn first_day(folder: &Path) -> Result<Day, Failure> {
    let file: PathBuf = folder.join("demo-day");
    if let Some(day) = fs::read_to_string(&file).ok().and_then(|text| text.trim().parse().ok()) {
        return Ok(day);
    }
    let today = Day::from(Clock::system().today());
    fs::write(&file, format!("{today}\n"))
        .map_err(|error| Failure::Other(format!("{} cannot be written ({}).", file.display(), error.kind())))?;
    Ok(today)
}

/// How far each domain's numbering is.
async fn heads(folder: &Path) -> Result<Positions, Failure> {
    let mut heads = Positions::new();
    let reader = timeline::SERVICE;
    let key = secrets::signing_key(folder, reader);
    let unusable =
        |error: &dyn std::fmt::Display| Failure::Other(format!("{} cannot be used ({error}).", key.display()));
    let secret = fs::read_to_string(&key).map_err(|error| unusable(&error.kind()))?;
    let issuer = Issuer::new(reader, &secret).map_err(|error| unusable(&error))?;
    for service in services::all().iter().filter(|service| service.kind == services::Kind::Domain) {
        let address = client::address(folder, service.name)?;
        let page = Feed::new(&address, issuer.clone()).page(i64::MAX.unsigned_abs(), None).await;
        let page = page.map_err(|_| Unanswered::Silent(address))?;
        heads.insert(service.name.to_owned(), page.head);
    }
    Ok(heads)
}
