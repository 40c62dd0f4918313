//! The folder that backups go to: its layout, its manifests, what is old.
//!
//! ```text
//! data/<id>/manifest.json     plain: times, sizes, digests, how far each service was; nothing about a person
//! data/<id>/base.tar.gz.age   the cluster as it was
//! data/<id>/folder.tar.gz.age what else of the data folder a restore needs
//! data/<id>/wal/….gz.age     what happened since, a segment a file
//! keys/<id>/…                 the same of the keys, sealed for somebody else; what else a restore needs is as it was last
//! ledger/<n>-<digest>.json.age whose keys were destroyed, n of them, sealed with the keys
//! ```
//!
//! What one base begins, with its WAL, is a chain; a folder without a manifest is none. Deliberately absent: how files are made and opened.

use super::sealed::{damaged, digest};
use crate::{
    cluster::{self, ClusterError, Which},
    failure::Failure,
};
use kit::Epoch;
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};
use time::{Duration, OffsetDateTime};

/// The form that manifests have.
const FORMAT: u32 = 1;
const MANIFEST: &str = "manifest.json";
/// The cluster as it was, below a chain.
pub const BASE: &str = "base.tar.gz.age";
/// What else of the data folder a restore needs, below a chain.
pub const FOLDER: &str = "folder.tar.gz.age";

/// One file of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    /// Its name, without the folder.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its SHA-256, hexadecimal.
    pub sha256: String,
}

/// How far a service was, at least, when its chain was written to last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// Its name.
    pub service: String,
    /// Its numbering.
    pub epoch: Epoch,
    /// Its last number.
    pub head: u64,
}

/// What a chain holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Manifest {
    /// The form of this file.
    pub format: u32,
    /// Which cluster.
    pub cluster: Which,
    /// Its version of PostgreSQL.
    pub postgres: String,
    /// What tells it from every other cluster.
    pub system: String,
    /// Whom all of it is sealed for.
    #[serde(default)]
    pub recipient: String,
    /// When its base was complete: the earliest moment it can be restored to.
    #[serde(with = "time::serde::rfc3339")]
    pub from: OffsetDateTime,
    /// The latest moment.
    #[serde(with = "time::serde::rfc3339")]
    pub until: OffsetDateTime,
    /// The first segment that is not in it yet.
    pub next: String,
    /// The cluster as it was.
    pub base: Stored,
    /// What else of the data folder a restore needs.
    pub folder: Stored,
    /// What happened since, in order.
    pub wal: Vec<Stored>,
    /// How far each service was; none for the keys.
    pub services: Vec<Known>,
}

/// A chain that is complete.
#[derive(Debug, Clone)]
pub struct Chain {
    /// Its folder.
    pub folder: PathBuf,
    /// What it holds.
    pub manifest: Manifest,
}

impl Chain {
    /// The name of its folder.
    #[must_use]
    pub fn id(&self) -> String {
        self.folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Writes what it holds by now.
    pub fn write(&self) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(&self.manifest)
            .map_err(|_| Failure::Other("A manifest cannot be written.".into()))?;
        Ok(cluster::replace(&self.folder.join(MANIFEST), text.as_bytes())?)
    }

    /// Takes away what else of the data folder it held before.
    pub fn keep_one_folder(&self) -> Result<(), Failure> {
        let entries = fs::read_dir(&self.folder).map_err(ClusterError::at(&self.folder))?;
        for path in entries.filter_map(Result::ok).map(|entry| entry.path()) {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if name.starts_with("folder") && *name != self.manifest.folder.name {
                fs::remove_file(&path).map_err(ClusterError::at(&path))?;
            }
        }
        Ok(())
    }

    /// Its files, each where it is.
    pub fn files(&self) -> impl Iterator<Item = (PathBuf, &Stored)> {
        let wal = self.manifest.wal.iter().map(|stored| (wal_file(&self.folder, &stored.name), stored));
        [&self.manifest.base, &self.manifest.folder]
            .into_iter()
            .map(|stored| (self.folder.join(&stored.name), stored))
            .chain(wal)
    }

    /// That every file is there and is what was written.
    pub fn check(&self) -> Result<(), Failure> {
        for (file, stored) in self.files() {
            match digest(&file) {
                Ok(found) if found == (stored.size, stored.sha256.clone()) => {}
                Ok(_) => return Err(damaged(&file)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    return Err(Failure::Other(format!("The file {} is missing from the backup.", file.display())));
                }
                Err(error) => return Err(ClusterError::at(&file)(error).into()),
            }
        }
        Ok(())
    }
}

/// Where a segment's file is, below a chain's folder.
#[must_use]
pub fn wal_file(chain: &Path, name: &str) -> PathBuf {
    chain.join("wal").join(name)
}

/// The folder of one cluster's chains.
#[must_use]
pub fn of(place: &Path, which: Which) -> PathBuf {
    place.join(match which {
        Which::Data => "data",
        Which::Keys => "keys",
    })
}

/// Holds the folder for whoever writes to it; another one is refused for as long as this lives.
pub fn hold(place: &Path) -> Result<File, Failure> {
    cluster::create_folder(place)?;
    let path = place.join("lock");
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path);
    let file = file.map_err(ClusterError::at(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(Failure::Other(format!("Another backup is being written to {}.", place.display())))
        }
        Err(TryLockError::Error(error)) => Err(ClusterError::at(&path)(error).into()),
    }
}

/// The complete chains of a cluster, oldest first.
pub fn chains(place: &Path, which: Which) -> Result<Vec<Chain>, Failure> {
    let mut chains = Vec::new();
    for folder in folders(&of(place, which))? {
        let file = folder.join(MANIFEST);
        let text = match fs::read_to_string(&file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            text => text.map_err(ClusterError::at(&file))?,
        };
        let manifest: Manifest = serde_json::from_str(&text).map_err(|_| damaged(&file))?;
        if manifest.format != FORMAT || manifest.cluster != which || !plain(&manifest) {
            return Err(Failure::Other(format!("The manifest {} is not one that this version reads.", file.display())));
        }
        chains.push(Chain { folder, manifest });
    }
    chains.sort_by_key(|chain| chain.manifest.from);
    Ok(chains)
}

/// No name leads out of the folder.
fn plain(manifest: &Manifest) -> bool {
    let names = manifest.wal.iter().chain([&manifest.base, &manifest.folder]).map(|stored| stored.name.as_str());
    names.chain([manifest.next.as_str()]).all(|name| !name.contains('/') && !name.starts_with('.'))
}

fn folders(above: &Path) -> Result<Vec<PathBuf>, Failure> {
    match fs::read_dir(above) {
        Ok(entries) => {
            let paths: io::Result<Vec<PathBuf>> = entries.map(|entry| Ok(entry?.path())).collect();
            Ok(paths.map_err(ClusterError::at(above))?.into_iter().filter(|path| path.is_dir()).collect())
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(ClusterError::at(above)(error).into()),
    }
}

/// Takes away what was begun and never completed.
pub fn tidy(place: &Path, which: Which) -> Result<(), Failure> {
    let never_completed = folders(&of(place, which))?.into_iter().filter(|folder| !folder.join(MANIFEST).exists());
    never_completed.into_iter().try_for_each(|folder| remove(&folder))
}

/// Takes away a chain, or what there is of one.
pub fn remove(folder: &Path) -> Result<(), Failure> {
    // The manifest first: half a chain is none.
    let manifest = folder.join(MANIFEST);
    let removed = if manifest.exists() { fs::remove_file(&manifest) } else { Ok(()) };
    Ok(removed.and_then(|()| fs::remove_dir_all(folder)).map_err(ClusterError::at(folder))?)
}

/// Takes away the chains of the data that end before `keep` ago, and those of the keys that began before it: a key that was destroyed
/// is in a chain from its beginning on. The last chain always stays.
pub fn prune(place: &Path, which: Which, keep: Duration, now: OffsetDateTime) -> Result<usize, Failure> {
    let chains = chains(place, which)?;
    let old = old(&chains, keep, now);
    old.iter().try_for_each(|chain| remove(&chain.folder))?;
    Ok(old.len())
}

fn old(chains: &[Chain], keep: Duration, now: OffsetDateTime) -> Vec<&Chain> {
    let before_last = chains.split_last().map_or(&[] as &[Chain], |(_, before)| before);
    let counted = |manifest: &Manifest| match manifest.cluster {
        Which::Data => manifest.until,
        Which::Keys => manifest.from,
    };
    before_last.iter().filter(|chain| counted(&chain.manifest) < now - keep).collect()
}

/// The segment that follows one of 16 MiB.
#[must_use]
pub fn following(segment: &str) -> Option<String> {
    let part = |range| u32::from_str_radix(segment.get(range)?, 16).ok();
    let (timeline, log, number) = (part(0..8)?, part(8..16)?, part(16..24)?);
    let (log, number) = if number < 0xFF { (log, number + 1) } else { (log.checked_add(1)?, 0) };
    (segment.len() == 24).then(|| format!("{timeline:08X}{log:08X}{number:08X}"))
}

impl Manifest {
    /// Of a chain that begins.
    #[must_use]
    pub fn new(which: Which, postgres: String, system: String, from: OffsetDateTime, next: String) -> Self {
        let none = |name: &str| Stored { name: name.to_owned(), size: 0, sha256: String::new() };
        Self {
            format: FORMAT,
            cluster: which,
            postgres,
            system,
            recipient: String::new(),
            from,
            until: from,
            next,
            base: none(BASE),
            folder: none(FOLDER),
            wal: Vec::new(),
            services: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    fn chain(place: &Path, id: &str, until: OffsetDateTime) -> Chain {
        chain_of(Which::Data, place, id, until)
    }

    fn chain_of(which: Which, place: &Path, id: &str, until: OffsetDateTime) -> Chain {
        let folder = of(place, which).join(id);
        fs::create_dir_all(&folder).unwrap();
        let mut manifest =
            Manifest::new(which, "15".into(), "1".into(), until - Duration::DAY, "000000010000000000000001".into());
        manifest.until = until;
        let chain = Chain { folder, manifest };
        chain.write().unwrap();
        chain
    }

    #[test]
    fn segments_follow_each_other() {
        assert_eq!(following("000000010000000000000009").as_deref(), Some("00000001000000000000000A"));
        assert_eq!(following("0000000100000000000000FF").as_deref(), Some("000000010000000100000000"));
        assert_eq!(following("00000001.history"), None);
        assert_eq!(following("0000000100000000000000091"), None);
    }

    #[test]
    fn old_chains_go_and_the_last_one_stays() {
        let place = tempfile::tempdir().unwrap();
        let now = datetime!(2026-11-22 12:00 UTC);
        chain(place.path(), "a", now - Duration::days(31));
        chain(place.path(), "b", now - Duration::days(29));
        let ids = || chains(place.path(), Which::Data).unwrap().iter().map(Chain::id).collect::<Vec<_>>();
        assert_eq!(ids(), ["a", "b"]);
        assert_eq!(prune(place.path(), Which::Data, Duration::days(30), now).unwrap(), 1);
        assert_eq!(ids(), ["b"]);
        assert_eq!(prune(place.path(), Which::Data, Duration::ZERO, now).unwrap(), 0, "the last one");
        assert_eq!(ids(), ["b"]);
        assert_eq!(prune(place.path(), Which::Keys, Duration::ZERO, now).unwrap(), 0, "nothing there");
    }

    #[test]
    fn a_destroyed_key_goes_with_the_chain_that_began_before_it() {
        let place = tempfile::tempdir().unwrap();
        let now = datetime!(2026-11-22 12:00 UTC);
        // Each began a day before it ended.
        chain_of(Which::Keys, place.path(), "a", now - Duration::hours(6 * 24 + 1));
        chain_of(Which::Keys, place.path(), "b", now - Duration::hours(5 * 24 + 23));
        chain_of(Which::Keys, place.path(), "c", now);
        assert_eq!(prune(place.path(), Which::Keys, Duration::days(7), now).unwrap(), 1);
        let ids = || chains(place.path(), Which::Keys).unwrap().iter().map(Chain::id).collect::<Vec<_>>();
        assert_eq!(ids(), ["b", "c"]);
        assert_eq!(prune(place.path(), Which::Keys, Duration::ZERO, now).unwrap(), 1);
        assert_eq!(ids(), ["c"], "the last one");
    }

    #[test]
    fn what_was_never_completed_goes() {
        let place = tempfile::tempdir().unwrap();
        tidy(place.path(), Which::Data).unwrap();
        chain(place.path(), "whole", datetime!(2026-11-22 12:00 UTC));
        let data = of(place.path(), Which::Data);
        fs::create_dir_all(data.join("half/wal")).unwrap();
        tidy(place.path(), Which::Data).unwrap();
        assert!(data.join("whole").exists() && !data.join("half").exists());
    }

    #[test]
    fn a_manifest_that_leads_elsewhere_is_not_read() {
        let place = tempfile::tempdir().unwrap();
        let mut chain = chain(place.path(), "a", datetime!(2026-11-22 12:00 UTC));
        chain.manifest.base.name = "../../secrets".into();
        chain.write().unwrap();
        assert!(chains(place.path(), Which::Data).is_err());
    }

    #[test]
    fn what_is_damaged_or_missing_is_named() {
        let place = tempfile::tempdir().unwrap();
        let mut chain = chain(place.path(), "a", datetime!(2026-11-22 12:00 UTC));
        for name in [BASE, FOLDER] {
            fs::write(chain.folder.join(name), name).unwrap();
        }
        let stored = |name: &str| {
            let (size, sha256) = digest(&chain.folder.join(name)).unwrap();
            Stored { name: name.into(), size, sha256 }
        };
        (chain.manifest.base, chain.manifest.folder) = (stored(BASE), stored(FOLDER));
        chain.check().unwrap();
        fs::write(chain.folder.join(FOLDER), "another").unwrap();
        assert!(chain.check().unwrap_err().to_string().contains("folder.tar.gz.age is damaged"));
        fs::remove_file(chain.folder.join(BASE)).unwrap();
        assert!(chain.check().unwrap_err().to_string().contains("base.tar.gz.age is missing"));
    }
}
