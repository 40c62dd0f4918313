//! What access follows from in every database, timeline included: signed row by row and as a whole, and what the events of people and
//! aftercare make of it.
//!
//! The events are folded by the reader's own code in tables beside, and every database is compared at the number its reader is at. Deliberately
//! absent: whose the rows are, and mending; services hear again by themselves what does not add up.

use super::{Finding, Findings, Part, silent};
use crate::{
    failure::Failure,
    installation::{self, Domain},
    rebuild::Source,
};
use engine::{
    reader::ReadError,
    relations::fold::{self, Fold, Rows},
    seal::Seal,
    store,
};
use kit::relation::HEARS;
use secrecy::SecretString;
use sqlx::PgPool;
use std::time::{Duration, Instant};

/// How long a reader may stand still that is behind.
const PATIENCE: Duration = Duration::from_secs(15);
const PAUSE: Duration = Duration::from_millis(100);

pub(super) async fn verify(domains: &[Domain], timeline: &SecretString) -> Result<Vec<Finding>, Failure> {
    let Some(seal) = domains.first().map(|domain| &domain.seal) else { return Ok(Vec::new()) };
    let mut keepers: Vec<_> = domains.iter().map(|domain| (domain.name, domain.journal.clone())).collect();
    keepers.push((timeline::SERVICE, installation::pool(timeline, timeline::SERVICE).await?));
    let mut findings = Vec::new();
    let mut events = Events::begin(domains).await?;
    for (name, pool) in &keepers {
        let mut found = Findings::of(name, Part::Access);
        for heard in HEARS {
            if !fold::is_signed(pool, seal, name, heard).await.map_err(|error| silent(name, &error))? {
                found.add(format!("what was heard of {heard} is not as it was left"));
            }
        }
        if let Some(events) = &mut events {
            events.compare(name, pool, &mut found).await?;
        }
        findings.extend(found.told());
    }
    Ok(findings)
}

/// The events of the services that are heard, folded as far as they were asked for.
struct Events {
    fold: Fold,
    sources: Vec<Source>,
    reached: Vec<u64>,
    seal: Seal,
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn failed(error: ReadError) -> Failure {
    Failure::Other(format!("What access follows from could not be folded again: {error}."))
}

impl Events {
    /// None where not all that are heard are among the services.
    async fn begin(domains: &[Domain]) -> Result<Option<Self>, Failure> {
        let heard: Vec<&Domain> =
            HEARS.iter().filter_map(|name| domains.iter().find(|domain| domain.name == *name)).collect();
        let Some(any) = heard.first().filter(|_| heard.len() == HEARS.len()) else { return Ok(None) };
        let mut sources = Vec::new();
        for domain in &heard {
            sources.push(Source::journal(domain).await?);
        }
        let epochs = sources.iter().map(|source| (source.service.to_owned(), source.epoch)).collect();
        let fold = Fold::begin(&any.journal, any.seal.clone(), any.name, &epochs).await.map_err(failed)?;
        let mut events = Self { fold, reached: vec![0; sources.len()], sources, seal: any.seal.clone() };
        for (at, domain) in heard.iter().enumerate() {
            let head = store::head(&domain.journal).await.map_err(|error| silent(domain.name, &error))?;
            events.go_on(at, head.number).await?;
        }
        Ok(Some(events))
    }

    async fn go_on(&mut self, at: usize, until: u64) -> Result<(), Failure> {
        let (Some(source), Some(reached)) = (self.sources.get(at), self.reached.get_mut(at)) else { return Ok(()) };
        let mut batches = source.batches(*reached, until);
        while let Some(batch) = batches.next().await? {
            self.fold.take(source.service, &batch).await.map_err(failed)?;
            *reached = batch.last().map_or(*reached, |last| last.number);
        }
        Ok(())
    }

    /// What a database keeps beside what should be there, both at the same numbers.
    async fn compare(&mut self, name: &str, pool: &PgPool, found: &mut Findings) -> Result<(), Failure> {
        let since = Instant::now();
        let kept = loop {
            let kept = fold::of(pool, &self.seal, name).await.map_err(failed)?;
            if self.not_behind(&kept) {
                break kept;
            }
            if since.elapsed() > PATIENCE {
                found.add("it has not heard all there is, and was not compared");
                return Ok(());
            }
            tokio::time::sleep(PAUSE).await;
        };
        for at in 0..self.sources.len() {
            let number = self.sources.get(at).and_then(|source| kept.progress.get(source.service)).map(|(_, at)| *at);
            self.go_on(at, number.unwrap_or_default()).await?;
        }
        let own = self.fold.rows().await.map_err(failed)?;
        own.differences(&kept).into_iter().for_each(|what| found.add(what));
        Ok(())
    }

    fn not_behind(&self, kept: &Rows) -> bool {
        self.sources.iter().zip(&self.reached).all(|(source, reached)| {
            kept.progress.get(source.service).is_some_and(|(epoch, number)| *epoch == source.epoch && number >= reached)
        })
    }
}
