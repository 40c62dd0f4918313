//! Events of a source into the timeline beside, as quickly as they come, and how far that is.
//!
//! Deliberately absent: when it is enough.

use super::source::Source;
use crate::failure::Failure;
use engine::reader::Progress;
use futures::future::try_join_all;
use indicatif::ProgressBar;
use timeline::beside::{Beside, BesideError};

/// Where a service's part stands, begun anew where its epoch is another one by now.
pub(crate) async fn stands(beside: &Beside, source: &Source) -> Result<Progress, Failure> {
    match beside.progress(source.service).await.map_err(failed)? {
        Some(progress) if progress.epoch == source.epoch => Ok(progress),
        _ => beside.begin(source.service, source.epoch).await.map_err(failed),
    }
}

/// Loads every service up to its number, all at once.
pub(crate) async fn load(beside: &Beside, targets: &[(&Source, u64)], bar: &ProgressBar) -> Result<(), Failure> {
    try_join_all(targets.iter().map(|(source, until)| load_one(beside, source, *until, bar))).await.map(drop)
}

async fn load_one(beside: &Beside, source: &Source, until: u64, bar: &ProgressBar) -> Result<(), Failure> {
    let mut progress = stands(beside, source).await?;
    let mut batches = source.batches(progress.number, until);
    while let Some(batch) = batches.next().await? {
        let before = progress.number;
        progress = beside.take(source.service, &progress, &batch).await.map_err(failed)?;
        bar.inc(progress.number - before);
    }
    Ok(())
}

/// As a sentence of its own.
#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
pub(crate) fn failed(error: BesideError) -> Failure {
    let text = error.to_string();
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    Failure::Other(format!("{first}{}.", letters.as_str()))
}
