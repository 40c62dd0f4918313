//! The data folder: where it is, who holds it, which format it has, and its secrets.
//!
//! Owns the lock, the format file, secrets/ and the names of everything else below the folder.
//! Deliberately absent: what the servers write into their own folders, and moving data from an older format
//! ([`crate::keys_apart`]).

use std::fs::{self, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use aws_lc_rs::{digest, rand};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::programs::Account;
use super::{ClusterError, Nats, Postgres, Which};

/// The format this program writes, and the newest it reads: since 2 the keys have a cluster of their own, since 3 events are signed, since 4 the vault's rows are.
const FORMAT: u64 = 4;
/// There as long as a restore has not ended.
const RESTORING: &str = "restoring";
/// Used when nothing is asked for, below the current folder.
const DEFAULT: &str = ".livline";
/// Where data goes that user `postgres` could not reach.
const ELSEWHERE: &str = "/var/lib/livline";

/// An open data folder. No other process can open it as long as this lives.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    asked: Option<PathBuf>,
    account: Option<Account>,
    creating: Mutex<()>,
    _lock: File,
}

impl DataFolder {
    /// Opens `requested`, or `./.livline`; creates it on first use.
    ///
    /// As root, when user `postgres` may not enter the folder or one above it, `/var/lib/livline/<hash of its path>` is
    /// used and [`Self::moved`] tells.
    pub fn open(requested: Option<&Path>) -> Result<Self, ClusterError> {
        let folder = Self::hold(requested)?;
        if folder.path.join(RESTORING).exists() {
            return Err(ClusterError::Restoring(folder.path));
        }
        folder.set_up()?;
        Ok(folder)
    }

    /// Opens a folder for a restore: one that is empty, or that an interrupted restore has left. Nothing but a restore can open it from
    /// now on, until [`Self::restored`].
    pub async fn open_for_restore(requested: &Path) -> Result<Self, ClusterError> {
        let (asked, path) = place(Some(requested), Account::for_postgres()?)?;
        // Nothing is put into a folder of somebody else's.
        may_restore(&asked, &path)?;
        let folder = Self::hold(Some(requested))?;
        // Until it was held, another one may have begun something there, or ended it.
        may_restore(&asked, &path)?;
        write(&path.join(RESTORING), &[], 0o600)?;
        for which in Which::BOTH {
            Postgres::stop_left_over(&folder, which).await?;
        }
        Nats::stop_left_over(&folder).await?;
        folder.clear()?;
        folder.set_up()?;
        Ok(folder)
    }

    /// Ends a restore: the folder can be opened as any other.
    pub fn restored(&self) -> Result<(), ClusterError> {
        let marker = self.path.join(RESTORING);
        // What was laid out is on the disk before anything says that it is there.
        rustix::fs::sync();
        remove(&marker).and_then(|()| File::open(&self.path)?.sync_all()).map_err(ClusterError::at(&marker))
    }

    fn hold(requested: Option<&Path>) -> Result<Self, ClusterError> {
        let account = Account::for_postgres()?;
        let (asked, path) = place(requested, account)?;
        let moved = asked != path;
        // 0711: user postgres passes through to its own folder, and cannot list ours.
        create_folder(&path, if account.is_some() { 0o711 } else { 0o700 })?;
        let lock = lock(&path)?;
        Ok(Self { path, asked: moved.then_some(asked), account, creating: Mutex::new(()), _lock: lock })
    }

    fn set_up(&self) -> Result<(), ClusterError> {
        check_format(&self.path)?;
        let secrets = self.secrets_dir();
        create_folder(&secrets, 0o700)?;
        fs::set_permissions(&secrets, Permissions::from_mode(0o700)).map_err(ClusterError::at(&secrets))
    }

    /// Takes away all that is there, but what says that it is held and being restored.
    fn clear(&self) -> Result<(), ClusterError> {
        let cleared = fs::read_dir(&self.path).and_then(|entries| {
            entries.into_iter().try_for_each(|entry| {
                let entry = entry?;
                let stays = ["lock", RESTORING].iter().any(|name| entry.file_name() == *name);
                if stays { Ok(()) } else { remove(&entry.path()) }
            })
        });
        cleared.map_err(ClusterError::at(&self.path))
    }

    /// That this program knows the format of what was put into it.
    pub fn check(&self) -> Result<(), ClusterError> {
        check_format(&self.path)
    }

    /// The same of this folder.
    pub fn format(&self) -> Result<u64, ClusterError> {
        Self::format_of(&self.path)
    }

    /// The format of the data that [`Self::locate`] finds: this program's own, or an earlier one whose data are still to be brought along.
    pub fn format_of(folder: &Path) -> Result<u64, ClusterError> {
        Ok(read_format(folder)?.unwrap_or(FORMAT))
    }

    /// The data have been brought along to a format.
    pub fn now_of_format(&self, format: u64) -> Result<(), ClusterError> {
        write_format(&self.path, format)
    }

    /// Lets the user that Postgres runs as have a file or folder, with all it holds.
    pub fn hand_over(&self, path: &Path) -> Result<(), ClusterError> {
        super::postgres::hand_over(path, self.account)?;
        if path.is_dir() {
            for entry in fs::read_dir(path).map_err(ClusterError::at(path))? {
                self.hand_over(&entry.map_err(ClusterError::at(path))?.path())?;
            }
        }
        Ok(())
    }

    /// Where [`Self::open`] finds the data, for whoever only reads beside a running `livline`. Nothing is created or held.
    pub fn locate(requested: Option<&Path>) -> Result<PathBuf, ClusterError> {
        place(requested, Account::for_postgres()?).map(|(_, path)| path)
    }

    /// Where the data is: absolute, without symbolic links.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder that was asked for, when the data is somewhere else because user `postgres` cannot reach it.
    #[must_use]
    pub fn moved(&self) -> Option<&Path> {
        self.asked.as_deref()
    }

    /// The cluster of the data; missing before its first start.
    #[must_use]
    pub fn postgres_dir(&self) -> PathBuf {
        Which::Data.dir(&self.path)
    }

    /// What JetStream stores; missing before its first start.
    #[must_use]
    pub fn nats_dir(&self) -> PathBuf {
        self.path.join("nats")
    }

    /// One file per secret, for us alone.
    #[must_use]
    pub fn secrets_dir(&self) -> PathBuf {
        self.path.join("secrets")
    }

    /// The secret kept under `name` (a plain file name); 32 random bytes as base64url when it was not there yet.
    pub fn secret(&self, name: &str) -> Result<String, ClusterError> {
        let _one_at_a_time = self.creating.lock().unwrap_or_else(PoisonError::into_inner);
        let file = self.secrets_dir().join(name);
        match fs::read_to_string(&file) {
            Ok(secret) => Ok(secret.trim_end().to_owned()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let mut bytes = [0; 32];
                rand::fill(&mut bytes).map_err(|_| ClusterError::NoRandomness)?;
                let secret = URL_SAFE_NO_PAD.encode(bytes);
                write(&file, secret.as_bytes(), 0o600)?;
                Ok(secret)
            }
            Err(source) => Err(ClusterError::Path { path: file, source }),
        }
    }

    /// Replaces the file `name` (relative to the folder) as a whole, for us alone, and says where it is.
    pub fn keep(&self, name: &str, content: &str) -> Result<PathBuf, ClusterError> {
        let file = self.path.join(name);
        file.parent().map_or(Ok(()), |above| create_folder(above, 0o700))?;
        write(&file, content.as_bytes(), 0o600)?;
        Ok(file)
    }

    /// What the file `name` holds, without white space around it; `None` where there is none.
    pub fn kept(&self, name: &str) -> Result<Option<String>, ClusterError> {
        let file = self.path.join(name);
        match fs::read_to_string(&file) {
            Ok(text) => Ok(Some(text.trim().to_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(ClusterError::Path { path: file, source }),
        }
    }

    /// Whom Postgres runs as, if not as ourselves.
    pub(super) fn account(&self) -> Option<Account> {
        self.account
    }
}

/// Replaces a file as a whole and durably. It is born 0600; `mode` may then open it to others.
pub(super) fn write(file: &Path, content: &[u8], mode: u32) -> Result<(), ClusterError> {
    let draft = file.with_added_extension("new");
    let written = || {
        remove(&draft)?;
        let mut opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
        opened.write_all(content)?;
        opened.set_permissions(Permissions::from_mode(mode))?;
        opened.sync_all()?;
        rename(&draft, file)
    };
    written().map_err(ClusterError::at(file))
}

/// Renames, and makes the new name survive a power cut.
pub(super) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)?;
    to.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

/// Removes a file or folder with all it holds; nothing there is fine.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    let removed = match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    removed.or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })
}

/// Creates a folder and those above it with exactly this mode; those that exist stay as they are.
pub(super) fn create_folder(path: &Path, mode: u32) -> Result<(), ClusterError> {
    if path.is_dir() {
        return Ok(());
    }
    path.parent().map_or(Ok(()), |above| create_folder(above, mode))?;
    fs::create_dir(path)
        .and_then(|()| fs::set_permissions(path, Permissions::from_mode(mode)))
        .map_err(ClusterError::at(path))
}

fn lock(folder: &Path) -> Result<File, ClusterError> {
    let path = folder.join("lock");
    let opened = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path);
    let file = opened.map_err(ClusterError::at(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(ClusterError::Locked(folder.to_owned())),
        Err(TryLockError::Error(source)) => Err(ClusterError::Path { path, source }),
    }
}

fn check_format(folder: &Path) -> Result<(), ClusterError> {
    match read_format(folder)? {
        Some(found) if found > FORMAT => {
            Err(ClusterError::NewerFormat { path: folder.to_owned(), found, known: FORMAT })
        }
        Some(_) => Ok(()),
        None => write_format(folder, FORMAT),
    }
}

fn read_format(folder: &Path) -> Result<Option<u64>, ClusterError> {
    let file = folder.join("format");
    match fs::read_to_string(&file) {
        Ok(text) => text.trim().parse().map(Some).map_err(|_| ClusterError::UnreadableFormat(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(ClusterError::Path { path: file, source }),
    }
}

fn write_format(folder: &Path, format: u64) -> Result<(), ClusterError> {
    write(&folder.join("format"), format!("{format}\n").as_bytes(), 0o600)
}

/// Where the data go elsewhere, whoever asked means an empty folder all the same.
fn may_restore(asked: &Path, path: &Path) -> Result<(), ClusterError> {
    if path.join(RESTORING).exists() {
        return Ok(());
    }
    for folder in [asked, path] {
        if !is_empty(folder)? {
            return Err(ClusterError::NotEmpty(folder.to_owned()));
        }
    }
    Ok(())
}

/// Nothing there is empty too, and so is a folder that was only held.
fn is_empty(folder: &Path) -> Result<bool, ClusterError> {
    match fs::read_dir(folder) {
        Ok(mut entries) => Ok(entries.all(|entry| entry.is_ok_and(|entry| entry.file_name() == "lock"))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(source) => Err(ClusterError::Path { path: folder.to_owned(), source }),
    }
}

/// The folder that was asked for, and the one that is used.
fn place(requested: Option<&Path>, account: Option<Account>) -> Result<(PathBuf, PathBuf), ClusterError> {
    let requested = requested.unwrap_or(Path::new(DEFAULT));
    let asked = std::path::absolute(requested).and_then(|path| resolve(&path)).map_err(ClusterError::at(requested))?;
    let reachable = account.is_none_or(|account| asked.ancestors().all(|folder| may_enter(folder, account)));
    let path = if reachable { asked.clone() } else { Path::new(ELSEWHERE).join(short_hash(&asked)) };
    Ok((asked, path))
}

/// Follows symbolic links as far as the path exists.
fn resolve(path: &Path) -> io::Result<PathBuf> {
    match (path.canonicalize(), path.parent(), path.file_name()) {
        (Err(error), Some(above), Some(name)) if error.kind() == io::ErrorKind::NotFound => {
            Ok(resolve(above)?.join(name))
        }
        (resolved, _, _) => resolved,
    }
}

/// By the mode alone: the account runs without supplementary groups. What does not exist yet will be enterable.
fn may_enter(folder: &Path, account: Account) -> bool {
    fs::metadata(folder).map_or_else(
        |error| error.kind() == io::ErrorKind::NotFound,
        |found| {
            let bit = if found.uid() == account.user {
                0o100
            } else if found.gid() == account.group {
                0o010
            } else {
                0o001
            };
            found.mode() & bit != 0
        },
    )
}

/// Twelve characters that stand for a path.
pub(super) fn short_hash(path: &Path) -> String {
    let hash = digest::digest(&digest::SHA256, path.as_os_str().as_encoded_bytes());
    let short = hash.as_ref().iter().take(6).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    format!("{short:012x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whom_a_mode_lets_in() {
        let mode = Permissions::from_mode(0o700);
        let folder = tempfile::Builder::new().permissions(mode).tempdir().expect("a folder");
        let owner = fs::metadata(folder.path()).expect("it is there");
        let stranger = Account { user: owner.uid() + 1, group: owner.gid() + 1 };
        assert!(may_enter(folder.path(), Account { user: owner.uid(), ..stranger }));
        assert!(!may_enter(folder.path(), Account { group: owner.gid(), ..stranger }));
        assert!(!may_enter(folder.path(), stranger));
        assert!(may_enter(&folder.path().join("not/there/yet"), stranger));
    }

    #[test]
    fn the_place_elsewhere_depends_on_the_path() {
        assert_eq!(short_hash(Path::new("/root/.livline")).len(), 12);
        assert_ne!(short_hash(Path::new("/root/.livline")), short_hash(Path::new("/root/b/.livline")));
    }
}
