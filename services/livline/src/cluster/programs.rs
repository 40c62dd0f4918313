//! Finding the programs we run and the user they run as.
//!
//! Owns the three places a program is sought in: our environment variable, the PATH, where Debian puts it.
//! Deliberately absent: installing anything, and any program that is not run by `cluster` or a backup of it.
#![expect(
    clippy::disallowed_methods,
    reason = "programs are found by the environment: PATH and the two variables that override it"
)]

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::process::Command;

use super::ClusterError;

/// Names the folder that holds `postgres`, `initdb` and `pg_ctl`.
pub const POSTGRES_VARIABLE: &str = "LIVLINE_POSTGRES_BIN";
/// Names the `nats-server` program itself.
pub const NATS_VARIABLE: &str = "LIVLINE_NATS_SERVER";

/// The folder of one PostgreSQL installation.
#[derive(Debug, Clone)]
pub struct PostgresPrograms(PathBuf);

impl PostgresPrograms {
    /// `LIVLINE_POSTGRES_BIN`, else the PATH, else the highest version below /usr/lib/postgresql.
    pub fn find() -> Result<Self, ClusterError> {
        let named = std::env::var_os(POSTGRES_VARIABLE).map(PathBuf::from);
        let candidates = match named {
            Some(folder) => vec![folder],
            // A link on the PATH leads to the folder where psql and the others are as well.
            None => search_path("postgres")
                .filter_map(|found| Some(found.canonicalize().ok()?.parent()?.to_owned()))
                .chain(debian_folders())
                .collect(),
        };
        candidates
            .into_iter()
            .find(|folder| ["postgres", "initdb", "pg_ctl"].iter().all(|name| folder.join(name).is_file()))
            .map(Self)
            .ok_or(ClusterError::ProgramMissing {
                program: "PostgreSQL",
                package: "postgresql-15",
                variable: POSTGRES_VARIABLE,
            })
    }

    /// Where a program of this installation is, for example `psql` or `pg_basebackup`; it is not checked to exist.
    #[must_use]
    pub fn program(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

/// The bin folders below /usr/lib/postgresql, highest version first.
fn debian_folders() -> Vec<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            Some((path.file_name()?.to_str()?.parse().ok()?, path.join("bin")))
        })
        .collect();
    versions.sort_unstable_by(|one, other| other.cmp(one));
    versions.into_iter().map(|(_, folder)| folder).collect()
}

/// A `nats-server` and what it says its version is.
#[derive(Debug, Clone)]
pub struct NatsProgram {
    /// The executable file.
    pub path: PathBuf,
    /// Decides which settings it understands.
    pub version: NatsVersion,
}

impl NatsProgram {
    /// `LIVLINE_NATS_SERVER`, else the PATH, else /usr/sbin.
    pub async fn find() -> Result<Self, ClusterError> {
        let missing =
            || ClusterError::ProgramMissing { program: "nats-server", package: "nats-server", variable: NATS_VARIABLE };
        let path = match std::env::var_os(NATS_VARIABLE) {
            Some(named) => Some(PathBuf::from(named)),
            None => search_path("nats-server").next().or_else(|| Some("/usr/sbin/nats-server".into())),
        };
        let path = path.filter(|path| path.is_file()).ok_or_else(missing)?;
        let said = Command::new(&path).arg("--version").kill_on_drop(true).output();
        let said = tokio::time::timeout(Duration::from_secs(10), said).await;
        let version =
            said.ok().and_then(Result::ok).and_then(|said| NatsVersion::parse(&String::from_utf8_lossy(&said.stdout)));
        version.map(|version| Self { path: path.clone(), version }).ok_or(ClusterError::UnknownVersion(path))
    }
}

/// Major, minor and patch; what follows a `-` (a preview) is not looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct NatsVersion(pub u32, pub u32, pub u32);

impl NatsVersion {
    /// Reads `nats-server: v2.9.10`, or the bare number.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let number = text.trim().rsplit(['v', ' ']).next()?.split('-').next()?;
        let mut parts = number.split('.').map(|part| part.parse().ok());
        let version = Self(parts.next()??, parts.next()??, parts.next()??);
        parts.next().is_none().then_some(version)
    }
}

/// A user of this machine, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) user: u32,
    pub(super) group: u32,
}

impl Account {
    /// Whom Postgres must run as: `None` is ourselves, and user `postgres` when we are root.
    pub(super) fn for_postgres() -> Result<Option<Self>, ClusterError> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        users.lines().find_map(Self::parse).map(Some).ok_or(ClusterError::NoAccount)
    }

    fn parse(line: &str) -> Option<Self> {
        let mut fields = line.strip_prefix("postgres:")?.split(':').skip(1);
        Some(Self { user: fields.next()?.parse().ok()?, group: fields.next()?.parse().ok()? })
    }
}

/// Every file of that name on the PATH.
fn search_path(name: impl AsRef<OsStr>) -> impl Iterator<Item = PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    folders.into_iter().map(move |folder| folder.join(Path::new(name.as_ref()))).filter(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_and_ordered() {
        assert_eq!(NatsVersion::parse("nats-server: v2.9.10\n"), Some(NatsVersion(2, 9, 10)));
        assert_eq!(NatsVersion::parse("nats-server: v2.12.0-RC.3"), Some(NatsVersion(2, 12, 0)));
        assert_eq!(NatsVersion::parse("2.10.27"), Some(NatsVersion(2, 10, 27)));
        assert_eq!(NatsVersion::parse("something else"), None);
        assert!(NatsVersion(2, 9, 10) < NatsVersion(2, 10, 0));
    }

    #[test]
    fn the_line_of_the_user_is_read() {
        assert_eq!(
            Account::parse("postgres:x:101:104:PostgreSQL,,,:/var/lib/postgresql:/bin/bash"),
            Some(Account { user: 101, group: 104 })
        );
        assert_eq!(Account::parse("postgrest:x:1:1::/:/bin/sh"), None);
    }
}
