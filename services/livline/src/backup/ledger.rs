//! The ledger of erasures beside the chains: whose keys were destroyed, sealed with the keys.
//!
//! The keys of a chain may be from before an erasure; the ledger is from the last run, so that a restore of any chain can destroy them
//! again. A file is named by how many it holds and a digest of them: after a restore of an older copy the table may grow otherwise, and what
//! it was before stays. A file goes when the table begins with all that it holds. Deliberately absent: applying it ([`crate::restore`] does).

use super::sealed::{self, damaged, seal};
use crate::{
    cluster::{self, ClusterError},
    failure::Failure,
};
use age::x25519::{Identity, Recipient};
use aws_lc_rs::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use std::{
    collections::BTreeMap,
    ffi::OsStr,
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

/// The ledgers in a place.
fn files(place: &Path) -> Result<Vec<PathBuf>, Failure> {
    let folder = folder(place);
    let entries = match fs::read_dir(&folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(ClusterError::at(&folder))?,
    };
    let is_one = |path: &PathBuf| path.to_str().is_some_and(|path| path.ends_with(ENDING));
    Ok(entries.filter_map(|entry| Some(entry.ok()?.path())).filter(is_one).collect())
}

const ENDING: &str = ".json.age";

/// A ledger's text, and the name of its file.
fn written(erased: &[Erased]) -> Result<(String, Vec<u8>), Failure> {
    let text = serde_json::to_vec(erased).map_err(|_| Failure::Other("The ledger cannot be written.".into()))?;
    let digest = digest(&SHA256, &text);
    let digest = u128::from_be_bytes(digest.as_ref().first_chunk().copied().unwrap_or_default());
    Ok((format!("{}-{digest:032x}{ENDING}", erased.len()), text))
}

/// Whether a file of this name holds nothing but the first of these, and not all.
fn is_part(name: &str, erased: &[Erased]) -> bool {
    let count = name.split_once('-').and_then(|(count, _)| count.parse().ok());
    let first = count.filter(|count| *count < erased.len()).and_then(|count| erased.get(..count));
    first.is_some_and(|first| written(first).is_ok_and(|(part, _)| part == name))
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
    let (name, text) = written(&erased)?;
    cluster::create_folder(&folder(place))?;
    let file = folder(place).join(name);
    tokio::task::block_in_place(|| seal(&file, recipient, |to| to.write_all(&text)))
        .map_err(ClusterError::at(&file))?;
    let part = |file: &PathBuf| file.file_name().and_then(OsStr::to_str).is_some_and(|name| is_part(name, &erased));
    for file in files(place)?.into_iter().filter(part) {
        fs::remove_file(&file).map_err(ClusterError::at(&file))?;
    }
    Ok(())
}

/// All that the ledgers in a place have.
pub(crate) fn read(place: &Path, identity: &Identity) -> Result<Vec<Erased>, Failure> {
    let mut all = BTreeMap::new();
    for file in files(place)? {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// After a restore of an older copy another erasure comes third: the one that was third there before is in a file of its own, and stays
    /// in it.
    #[test]
    fn a_ledger_never_takes_the_place_of_one_that_holds_another() {
        let one = |bits: u128| Erased {
            subject: Uuid::from_u128(bits),
            kind: "woman".into(),
            decided: OffsetDateTime::UNIX_EPOCH,
            destroyed: OffsetDateTime::UNIX_EPOCH + time::Duration::days(bits.try_into().unwrap()),
        };
        let name = |bits: &[u128]| written(&bits.iter().copied().map(one).collect::<Vec<_>>()).unwrap().0;
        let erased: Vec<Erased> = [1, 2, 4, 5].map(one).into();
        for part in [&[][..], &[1], &[1, 2], &[1, 2, 4]] {
            assert!(is_part(&name(part), &erased), "{part:?}");
        }
        for whole in [&[1, 2, 3][..], &[2], &[1, 2, 4, 5], &[1, 2, 4, 5, 6]] {
            assert!(!is_part(&name(whole), &erased), "{whole:?}");
        }
        assert_ne!(name(&[1, 2, 3]), name(&[1, 2, 4]));
        // As they were named before: nobody knows which they hold.
        assert!(!is_part("3.json.age", &erased));
    }
}
