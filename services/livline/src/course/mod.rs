//! `livline timeline WOMAN`: one woman's course in the terminal, first what is open, then what happened.
//!
//! It asks the timeline's API as anybody would. Deliberately absent: what is late and who may see what (the timeline's).
//!
//! [`answer`] is read, [`threads`] finds what belongs together, [`show`], [`open`] and [`entry`] say it, [`page`] and [`wrap`] set it.

mod answer;
mod entry;
mod facts;
mod open;
mod page;
mod paint;
mod show;
#[cfg(test)]
mod tests;
mod threads;
mod words;
mod wrap;

use crate::{
    cli::Data,
    client::{self, Client, Unanswered},
    cluster::DataFolder,
    failure::Failure,
    services, terminal,
    token::Who,
};
use answer::Course;
use kit::{WomanId, labels::Language};
use page::Look;
use paint::Paint;
use serde_json::Value;

/// Columns of a line where no terminal says how many it has.
const COLUMNS: usize = 100;

/// `livline timeline`
#[derive(Debug, clap::Args)]
pub struct Timeline {
    /// Whose, as the id that her cases name
    woman: WomanId,
    #[command(flatten)]
    data: Data,
    #[command(flatten)]
    who: Who,
    /// da or en
    #[arg(long, default_value = "da", value_parser = language)]
    lang: Language,
    /// The API's own answer, all pages in one
    #[arg(long)]
    json: bool,
    /// Where the timeline is [default: as `livline up` on this data folder says]
    #[arg(long, value_name = "URL")]
    url: Option<String>,
}

fn language(text: &str) -> Result<Language, String> {
    text.parse().map_err(|_| "da or en".to_owned())
}

/// Prints a course.
pub async fn print(options: &Timeline) -> Result<(), Failure> {
    let folder = DataFolder::locate(options.data.folder().as_deref())?;
    let base = match &options.url {
        Some(url) => url.trim_end_matches('/').to_owned(),
        None => client::address(&folder, timeline::SERVICE)?,
    };
    let answer = fetch(&Client::new(&folder)?, &base, options).await?;
    if options.json {
        terminal::say(format!("{answer:#}"));
        return Ok(());
    }
    let course: Course = serde_json::from_value(answer)
        .map_err(|_| Failure::Other("The timeline's answer is not what this version of the program expects.".into()))?;
    let look = Look {
        language: options.lang,
        paint: Paint::new(terminal::is_coloured()),
        width: terminal::columns().unwrap_or(COLUMNS),
        services: &services::names(),
    };
    terminal::say(show::course(&course.named(), look));
    Ok(())
}

/// All pages as one answer.
async fn fetch(client: &Client, base: &str, options: &Timeline) -> Result<Value, Failure> {
    let url = format!("{base}/v1/women/{}/timeline", options.woman);
    let mut whole = page(client, &url, &[], options).await?;
    while let Some(cursor) = whole.get("next").and_then(Value::as_str).map(str::to_owned) {
        let next = page(client, &url, &[("cursor", &cursor)], options).await?;
        let more = next.get("entries").and_then(Value::as_array).cloned().unwrap_or_default();
        if let Some(entries) = whole.get_mut("entries").and_then(Value::as_array_mut) {
            entries.extend(more);
        }
        if let Some(members) = whole.as_object_mut() {
            members.insert("next".to_owned(), next.get("next").cloned().unwrap_or_default());
            let names = next.get("names").and_then(Value::as_object).into_iter().flatten();
            for (kind, more) in names {
                let known =
                    members.get_mut("names").and_then(|names| names.get_mut(kind)).and_then(Value::as_object_mut);
                if let (Some(known), Some(more)) = (known, more.as_object()) {
                    known.extend(more.clone());
                }
            }
        }
    }
    Ok(whole)
}

async fn page(client: &Client, url: &str, query: &[(&str, &str)], options: &Timeline) -> Result<Value, Failure> {
    client.get(url, query, &options.who.principal()).await.map_err(|unanswered| match unanswered {
        Unanswered::Problem(status, _) if status.as_u16() == 404 => Failure::Other(format!(
            "There is nothing about {} for this centre; another one's token is asked for with --centre.",
            options.woman
        )),
        Unanswered::Problem(status, _) if status.as_u16() == 401 => {
            Failure::Other(format!("{url} does not know this data folder's tokens: name the right one with --data."))
        }
        other => other.into(),
    })
}
