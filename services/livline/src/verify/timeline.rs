//! The timeline beside one that is built from the journals themselves, by the same code, and compared row by row at the same number.
//!
//! So every event is an entry with its bytes in its place, or held back, and follow-ups are what the events make of them. Deliberately
//! absent: putting it in the live one's place ([`crate::rebuild`]).

use super::{Finding, Findings, NAMED, Part, silent};
use crate::{
    failure::Failure,
    installation::{self, Domain},
    rebuild::{
        Source,
        load::{self, failed},
    },
};
use engine::{reader::progress, store::Head};
use indicatif::ProgressBar;
use secrecy::SecretString;
use sqlx::PgPool;
use std::time::{Duration, Instant};
use timeline::{
    SERVICE,
    beside::{Beside, Difference, Moment},
};

/// The schema of what it is compared with.
const SCHEMA: &str = "verify";
/// How long a timeline may stand still that is behind.
const PATIENCE: Duration = Duration::from_secs(15);
const PAUSE: Duration = Duration::from_millis(100);

pub(super) async fn verify(
    heads: &[(&Domain, Head)],
    url: &SecretString,
    bar: &ProgressBar,
) -> Result<Vec<Finding>, Failure> {
    let mut findings = Vec::new();
    let Some(signer) = heads.first().map(|(domain, _)| domain.signer.of(SERVICE)) else { return Ok(findings) };
    let pool = installation::pool(url, SERVICE).await?;
    let mut sources = Vec::with_capacity(heads.len());
    let mut targets = Vec::with_capacity(heads.len());
    for (domain, head) in heads {
        let reached = settled(&pool, domain.name, head).await?;
        let source = Source::journal(domain).await?;
        findings.extend(reached.finding(domain.name, head).map(|what| finding(domain.name, what)));
        if reached.comparable {
            targets.push((sources.len(), reached.number.min(head.number)));
        }
        sources.push(source);
    }
    pool.close().await;
    let beside = Beside::open(url, signer, SCHEMA, true).await.map_err(failed)?;
    let chosen: Vec<(&Source, u64)> =
        targets.iter().filter_map(|(place, until)| Some((sources.get(*place)?, *until))).collect();
    load::load(&beside, &chosen, bar).await?;
    beside.finish().await.map_err(failed)?;
    let mut moment = beside.moment().await.map_err(failed)?;
    for (source, _) in &chosen {
        findings.extend(compare(&beside, &mut moment, source).await?);
    }
    findings.extend(strangers(&mut moment, &sources).await?);
    moment.end().await.map_err(failed)?;
    beside.drop().await.map_err(failed)?;
    Ok(findings)
}

/// Brings what was built beside to the number of the live timeline at this moment, and names every row that differs.
pub(crate) async fn compare(
    beside: &Beside,
    moment: &mut Moment<'_>,
    source: &Source,
) -> Result<Vec<Finding>, Failure> {
    let service = source.service;
    let mut findings = Findings::of(service, Part::Timeline);
    let mut progress = load::stands(beside, source).await?;
    let live = match moment.live.get(service) {
        Some((epoch, number)) if *epoch == source.epoch && *number >= progress.number => *number,
        Some((epoch, number)) if *epoch == source.epoch => {
            findings.add(format!("it is at {number}, far behind, and was not compared"));
            return Ok(findings.told());
        }
        _ => {
            findings.add("it has not begun the present epoch, and was not compared");
            return Ok(findings.told());
        }
    };
    let mut batches = source.batches(progress.number, live);
    while let Some(batch) = batches.next().await? {
        progress = moment.take(service, &progress, &batch).await.map_err(failed)?;
    }
    for compared in moment.compare(service).await.map_err(failed)? {
        if compared.same() {
            continue;
        }
        let (count, rows) = moment.differences(compared.table, service, NAMED).await.map_err(failed)?;
        let kind = match compared.table {
            "entries" => "entry",
            "follow_ups" => "follow-up",
            _ => "held-back event",
        };
        findings.more(count.saturating_sub(rows.len() as u64));
        for row in rows {
            findings.add(match row {
                Difference::Missing(place) => format!("the {kind} {place} is missing"),
                Difference::TooMany(place) => format!("the {kind} {place} is too many"),
                Difference::Differs(place, columns) => format!("the {kind} {place} differs in {columns}"),
            });
        }
    }
    Ok(findings.told())
}

/// Rows of services that nobody knows.
pub(crate) async fn strangers(moment: &mut Moment<'_>, sources: &[Source]) -> Result<Vec<Finding>, Failure> {
    let known: Vec<&str> = sources.iter().map(|source| source.service).collect();
    let found = moment.strangers(&known).await.map_err(failed)?;
    let told = |(table, service, rows): (String, String, u64)| {
        finding(&service, format!("rows of a service that is none: {rows} in {table}"))
    };
    Ok(found.into_iter().map(told).collect())
}

fn finding(service: &str, what: String) -> Finding {
    Finding { service: service.to_owned(), part: Part::Timeline, what }
}

/// How far the live timeline is with a service, once it stands still or has all of it.
struct Reached {
    number: u64,
    begun: bool,
    comparable: bool,
}

impl Reached {
    fn finding(&self, service: &str, head: &Head) -> Option<String> {
        if !self.begun {
            Some(format!("it has taken in nothing of {service}"))
        } else if !self.comparable {
            Some("it follows an epoch that is not the present one, and was not compared".into())
        } else if self.number < head.number {
            Some(format!("it stands still at {} of {}", self.number, head.number))
        } else {
            None
        }
    }
}

async fn settled(pool: &PgPool, service: &str, head: &Head) -> Result<Reached, Failure> {
    let (mut since, mut last) = (Instant::now(), None);
    loop {
        let found = progress(pool, SERVICE, service).await.map_err(|error| silent(SERVICE, &error))?;
        let reached = found.as_ref().map(|found| (found.epoch, found.number));
        if reached != last {
            (since, last) = (Instant::now(), reached);
        }
        let (begun, comparable) = (reached.is_some(), reached.is_some_and(|(epoch, _)| epoch == head.epoch));
        let number = reached.map_or(0, |(_, number)| number);
        if comparable && number >= head.number || since.elapsed() > PATIENCE {
            return Ok(Reached { number, begun, comparable });
        }
        tokio::time::sleep(PAUSE).await;
    }
}
