//! `livline verify [--heal]`: whether what the services stored, what was published and what the timeline shows are the same, and exactly
//! where they are not.
//!
//! [`journal`] and [`signed`] look at a service's events alone, [`access`] at what follows from them in every database, [`vault`] at the values that
//! they tell of, [`stream`] and [`timeline`] compare what was made of them, [`policies`] how far they were heard. What is just on its way is waited for, with a bound. Deliberately absent: changing an event; where a journal is broken,
//! that is told and left as it is.

mod access;
mod heal;
mod journal;
mod policies;
mod signed;
mod stream;
pub(crate) mod timeline;
mod vault;

pub use heal::heal;

use crate::{
    cli::Data,
    failure::Failure,
    installation::{Domain, Installation},
    rebuild, terminal,
};
use indicatif::ProgressBar;
use secrecy::SecretString;
use serde::Serialize;
use std::fmt;

/// Differences of one part that are named; the others are counted.
const NAMED: usize = 20;

/// `livline verify`
#[derive(Debug, clap::Args)]
pub struct Verify {
    /// Publish a stream again that differs, rebuild a timeline that differs, and look again
    #[arg(long)]
    heal: bool,
    /// The report as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    data: Data,
}

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The service's own events.
    Journal,
    /// What was published of them.
    Stream,
    /// What the timeline shows of them.
    Timeline,
    /// What the service's policies have heard of others.
    Policies,
    /// What access follows from, as the service has heard it.
    Access,
    /// The values that its vault keeps.
    Vault,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Journal => "journal",
            Self::Stream => "stream",
            Self::Timeline => "timeline",
            Self::Policies => "policies",
            Self::Access => "access",
            Self::Vault => "vault",
        })
    }
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Whose events.
    pub service: String,
    /// Where.
    pub part: Part,
    /// What differs: by number, or by aggregate and key; nothing of any person.
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "  {}, {}: {}", self.service, self.part, self.what)
    }
}

/// What was found of a service.
#[derive(Debug, Clone, Serialize)]
pub struct Verified {
    /// The service.
    pub service: String,
    /// Its last number when it was looked at.
    pub events: u64,
    /// What is only behind, and no difference.
    pub notes: Vec<String>,
}

/// What was found.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// Every service that was looked at.
    pub services: Vec<Verified>,
    /// Every difference; none: all is as it should be.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Whether this part of a service is as it should be.
    #[must_use]
    pub fn is_whole(&self, service: &str, part: Part) -> bool {
        !self.findings.iter().any(|finding| finding.service == service && finding.part == part)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.services.iter().map(|service| service.service.len()).max().unwrap_or_default();
        for Verified { service, events, notes } in &self.services {
            let said = |part, whole, not| if self.is_whole(service, part) { whole } else { not };
            let events = thousands(*events);
            let chain = said(Part::Journal, "chain whole", "CHAIN BROKEN");
            let stream = said(Part::Stream, "stream equal", "STREAM DIFFERS");
            let timeline = said(Part::Timeline, "timeline equal", "TIMELINE DIFFERS");
            write!(f, "  {service:width$}  {events:>9} events  {chain}  {stream}  {timeline}")?;
            if !self.is_whole(service, Part::Policies) {
                f.write_str("  POLICIES DIFFER")?;
            }
            if !self.is_whole(service, Part::Access) {
                f.write_str("  ACCESS DIFFERS")?;
            }
            if !self.is_whole(service, Part::Vault) {
                f.write_str("  VAULT DIFFERS")?;
            }
            for note in notes {
                write!(f, "  {note}")?;
            }
            writeln!(f)?;
        }
        for finding in &self.findings {
            writeln!(f, "{finding}")?;
        }
        Ok(())
    }
}

/// Verifies what runs on a data folder.
pub async fn verify(options: &Verify) -> Result<(), Failure> {
    let installation = Installation::beside(options.data.folder().as_deref()).await?;
    let (domains, timeline) = (&installation.domains, &installation.timeline);
    let mut report = run(domains, timeline).await?;
    let say = |text: String| {
        if !options.json {
            terminal::say(text);
        }
    };
    if options.heal && !report.findings.is_empty() {
        say(format!("{report}"));
        heal(domains, timeline, &report, &say).await?;
        report = run(domains, timeline).await?;
    }
    if options.json {
        terminal::say(serde_json::to_string_pretty(&report).unwrap_or_default());
    } else {
        terminal::say(format!("{report}").trim_end());
    }
    match report.findings.len() {
        0 => Ok(()),
        _ => Err(Failure::Other(advice(&report, options.heal))),
    }
}

/// What is to be done, in a sentence.
fn advice(report: &Report, healed: bool) -> String {
    if report.findings.iter().any(|finding| finding.part == Part::Journal) {
        "Events are not as they were stored. Nothing was changed: keep the data folder as it is, and take the last whole backup with `livline restore`."
    } else if report.findings.iter().any(|finding| finding.part == Part::Vault) {
        "Values of the vault are not what was kept there last, and are not shown. Nothing mends them but keeping them anew, or the last whole backup."
    } else if healed {
        "Something still differs; the log of `livline up` may say why."
    } else {
        "Something differs: `livline verify --heal` publishes and rebuilds it from the services' own events, which are whole."
    }
    .into()
}

/// Verifies these services and the timeline made of them, `timeline` being its database's address for its owner.
pub async fn run(domains: &[Domain], timeline: &SecretString) -> Result<Report, Failure> {
    let mut report = Report::default();
    let mut heads = Vec::with_capacity(domains.len());
    for domain in domains {
        let head = engine::store::head(&domain.journal).await.map_err(|error| silent(domain.name, &error))?;
        heads.push((domain, head));
    }
    // Journal and stream are read once each, and the events once more for the timeline.
    let bar = rebuild::bar("Verifying", "events", heads.iter().map(|(_, head)| head.number * 2).sum());
    for (domain, head) in &heads {
        report.findings.extend(journal::verify(domain, head).await?);
        let stream = stream::verify(domain, head, &bar).await?;
        let published = stream.is_empty();
        report.findings.extend(stream);
        report.findings.extend(signed::verify(domain, head, published).await?);
        report.findings.extend(vault::verify(domain).await?);
        let (findings, notes) = policies::verify(domain, &heads).await?;
        report.findings.extend(findings);
        report.services.push(Verified { service: domain.name.to_owned(), events: head.number, notes });
    }
    report.findings.extend(timeline::verify(&heads, timeline, &bar).await?);
    report.findings.extend(access::verify(domains, timeline).await?);
    bar.finish_and_clear();
    Ok(report)
}

/// Differences of one part: the first of them, and how many there are.
#[derive(Debug)]
struct Findings {
    service: String,
    part: Part,
    named: Vec<String>,
    count: u64,
}

impl Findings {
    fn of(service: &str, part: Part) -> Self {
        Self { service: service.to_owned(), part, named: Vec::new(), count: 0 }
    }

    fn add(&mut self, what: impl Into<String>) {
        self.count += 1;
        if self.named.len() < NAMED {
            self.named.push(what.into());
        }
    }

    /// Further ones that nobody names.
    fn more(&mut self, count: u64) {
        self.count += count;
    }

    fn told(self) -> Vec<Finding> {
        let Self { service, part, mut named, count } = self;
        let more = count - named.len() as u64;
        if more > 0 {
            named.push(format!("… and {} more", thousands(more)));
        }
        named.into_iter().map(|what| Finding { service: service.clone(), part, what }).collect()
    }
}

/// Numbers one after the other, as one difference.
fn span(first: u64, last: u64) -> String {
    if first == last { format!("number {first}") } else { format!("numbers {first} to {last}") }
}

/// A number as people read it.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn silent(service: &str, error: &sqlx::Error) -> Failure {
    let kind = engine::journal::error_kind(error);
    Failure::Other(format!("The database of {service} did not answer ({kind})."))
}

/// Moves a bar on as far as a number.
fn reach(bar: &ProgressBar, reached: &mut u64, number: u64) {
    bar.inc(number.saturating_sub(*reached));
    *reached = number.max(*reached);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_set_in_thousands() {
        for (number, text) in [(0, "0"), (999, "999"), (1234, "1,234"), (1_000_000, "1,000,000")] {
            assert_eq!(thousands(number), text);
        }
    }

    #[test]
    fn what_is_not_named_is_counted() {
        let mut findings = Findings::of("housing", Part::Stream);
        (1..=23).for_each(|number| findings.add(span(number, number)));
        findings.more(1000);
        let told = findings.told();
        assert_eq!(told.len(), NAMED + 1);
        assert_eq!(told.last().unwrap().to_string(), "  housing, stream: … and 1,003 more");
    }
}
