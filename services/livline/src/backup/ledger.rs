//! The ledger of erasures beside the chains: whose keys were destroyed, sealed with the keys.
//!
//! The keys of a chain may be from before an erasure; the ledger is from the last run, so that a restore of any chain can destroy them
//! again. A file is named by how many it holds. The table behind it only grows, so one that holds more holds the others; where a run finds
//! fewer than are there already, it leaves those. Deliberately absent: applying it ([`crate::restore`] does).

use super::sealed::{self, damaged, seal};
use crate::{
    cluster::{self, ClusterError},
    failure::Failure,
};
use age::x25519::{Identity, Recipient};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use std::{
    collections::BTreeMap,
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
};
use time::OffsetDateTime;
use uuid::Uuid;

/// One erasure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow)]
pub struct Erased {
    /// Whose keys.
    pub subject: Uuid,
    /// `woman` or `child`.
    pub kind: String,
    /// When it was decided.
    #[serde(with = "time::serde::rfc3339")]
    pub decided: OffsetDateTime,
    /// When they were destroyed.
    #[serde(with = "time::serde::rfc3339")]
    pub destroyed: OffsetDateTime,
}

fn folder(place: &Path) -> PathBuf {
    place.join("ledger")
}

/// The ledgers in a place, with how many each holds.
fn files(place: &Path) -> Result<BTreeMap<u64, PathBuf>, Failure> {
    let folder = folder(place);
    let entries = match fs::read_dir(&folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        entries => entries.map_err(ClusterError::at(&folder))?,
    };
    let count = |path: &Path| path.file_name()?.to_str()?.strip_suffix(".json.age")?.parse().ok();
    Ok(entries.filter_map(|entry| Some(entry.ok()?.path())).filter_map(|path| Some((count(&path)?, path))).collect())
}

/// Writes what the keys database has.
pub(super) async fn save(keys: &mut PgConnection, place: &Path, recipient: &Recipient) -> Result<(), Failure> {
    let there: bool =
        sqlx::query_scalar("SELECT to_regclass('erasures') IS NOT NULL").fetch_one(&mut *keys).await.map_err(failed)?;
    if !there {
        return Ok(());
    }
    let rows = sqlx::query_as("SELECT subject, kind, decided, destroyed FROM erasures ORDER BY destroyed, subject");
    let erased: Vec<Erased> = rows.fetch_all(keys).await.map_err(failed)?;
    let count = erased.len() as u64;
    let text = serde_json::to_vec(&erased).map_err(|_| Failure::Other("The ledger cannot be written.".into()))?;
    cluster::create_folder(&folder(place))?;
    let file = folder(place).join(format!("{count}.json.age"));
    tokio::task::block_in_place(|| seal(&file, recipient, |to| to.write_all(&text)))
        .map_err(ClusterError::at(&file))?;
    for (_, fewer) in files(place)?.range(..count) {
        fs::remove_file(fewer).map_err(ClusterError::at(fewer))?;
    }
    Ok(())
}

/// All that the ledgers in a place have.
pub(crate) fn read(place: &Path, identity: &Identity) -> Result<Vec<Erased>, Failure> {
    let mut all = BTreeMap::new();
    for file in files(place)?.into_values() {
        let mut text = Vec::new();
        let mut opened = sealed::open(&file, identity, "the ledger of erasures")?;
        opened.read_to_end(&mut text).map_err(|_| damaged(&file))?;
        let erased: Vec<Erased> = serde_json::from_slice(&text).map_err(|_| damaged(&file))?;
        for one in erased {
            all.entry(one.subject).or_insert(one);
        }
    }
    Ok(all.into_values().collect())
}

#[expect(clippy::needless_pass_by_value, reason = "what map_err hands over")]
fn failed(error: sqlx::Error) -> Failure {
    let kind = engine::journal::error_kind(&error);
    Failure::Other(format!("The ledger of erasures cannot be read ({kind})."))
}
