//! The project's own PostgreSQL clusters and nats-server, below one data folder.
//!
//! Owns: the folder with its lock, format and secrets ([`DataFolder`]), finding the programs ([`programs`]), and the three
//! servers as child processes ([`Postgres`], [`Nats`]) from first initialisation to fast shutdown, with what fault tests
//! need: killing, starting again, taking over what a killed `livline` left running.
//!
//! Deliberately absent: databases, roles and schemas inside Postgres, streams inside JetStream, any network but loopback,
//! what a backup holds and where it goes ([`crate::backup`]), upgrades between major versions of Postgres.
//!
//! Invariants:
//! - The servers listen on 127.0.0.1 only, and no wait is without a bound.
//! - Logs hold no statement, parameter or row; the servers see nothing of our environment.
//! - A server that is dropped is killed with all its children. If we are killed ourselves, the next start stops it.
//! - Processes are looked up in /proc: this runs on Linux.
//!
//! ```text
//! lock  format                      one `livline` at a time; a whole number
//! secrets/                          0700, a file 0600 per secret
//! postgres/       postgres.conf        postgres.log       a cluster; its settings, written at every start; its output
//! keys-postgres/  keys-postgres.conf   keys-postgres.log  the same for the keys
//! nats/           nats.conf            nats.log           the same for JetStream (the settings hold passwords: 0600)
//! restoring                                               a restore is under way, or was interrupted
//! ```

mod folder;
mod nats;
pub(crate) mod ports;
mod postgres;
mod process;
pub mod programs;
#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};

pub use folder::DataFolder;
pub use nats::{Nats, NatsUser};
pub use postgres::{Postgres, Recovery, Running, Which};

/// A loopback port that is free and that this process was not given before: for whoever starts a service beside others.
pub fn free_port() -> Result<u16, ClusterError> {
    ports::choose(0, "a service")
}

/// Why a data folder or a server below it cannot be used: one sentence for the person at the terminal.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// A file or folder of ours cannot be read or written.
    #[error("Livline cannot use {} ({}).", .path.display(), .source.kind())]
    Path {
        /// What was to be used.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// Another `livline` holds the folder.
    #[error("Livline is already running on the data folder {}.", .0.display())]
    Locked(PathBuf),
    /// The folder was written by a later program.
    #[error("The data folder {} holds data of a newer version (format {found}, this program knows {known}).", .path.display())]
    NewerFormat {
        /// The data folder.
        path: PathBuf,
        /// What its format file says.
        found: u64,
        /// The newest format this program reads.
        known: u64,
    },
    /// A restore into the folder did not end.
    #[error("The data folder {} is being restored, or a restore into it was interrupted: run `livline restore` on it again.", .0.display())]
    Restoring(PathBuf),
    /// A restore goes into an empty folder only.
    #[error("{} is not empty: a restore needs a folder of its own.", .0.display())]
    NotEmpty(PathBuf),
    /// The format file does not hold a whole number.
    #[error("The file {} should hold the format of the data as a whole number, and does not.", .0.display())]
    UnreadableFormat(PathBuf),
    /// The system gave no random bytes.
    #[error("The system gave no random bytes for a new secret.")]
    NoRandomness,
    /// A program is not installed.
    #[error("{program} was not found: install the Debian package {package}, or name the place in {variable}.")]
    ProgramMissing {
        /// The program sought.
        program: &'static str,
        /// The Debian package that holds it.
        package: &'static str,
        /// The environment variable that names another place.
        variable: &'static str,
    },
    /// The program did not tell its version.
    #[error("{} does not tell its version as nats-server does.", .0.display())]
    UnknownVersion(PathBuf),
    /// Postgres refuses to run as root, and its own user is missing.
    #[error(
        "PostgreSQL does not run as root and there is no user \"postgres\": install the Debian package postgresql-15, or run livline as another user."
    )]
    NoAccount,
    /// Somebody else listens on the port.
    #[error("Port {port} on 127.0.0.1, meant for {server}, is used by another program.")]
    PortTaken {
        /// Who was to listen there.
        server: &'static str,
        /// The port.
        port: u16,
    },
    /// Port 0 was asked for and none was found.
    #[error("There is no free port on 127.0.0.1.")]
    NoPort,
    /// The program could not be run at all.
    #[error("{} could not be started ({}).", .program.display(), .source.kind())]
    Spawn {
        /// The program.
        program: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// The server ended without being asked to.
    #[error("{server} stopped by itself; its last lines in {} say why.", .log.display())]
    Exited {
        /// Which server.
        server: &'static str,
        /// The file with its output.
        log: PathBuf,
    },
    /// The program runs and did not get ready, or did not finish, in time.
    #[error("{server} was not ready after {seconds} seconds; its last lines in {} may say why.", .log.display())]
    TooSlow {
        /// Which server.
        server: &'static str,
        /// How long we waited.
        seconds: u64,
        /// The file with its output.
        log: PathBuf,
    },
    /// The server outlived even SIGKILL.
    #[error("{server} could not be stopped.")]
    Unstoppable {
        /// Which server.
        server: &'static str,
    },
    /// The cluster has another password than the one kept in the folder.
    #[error("PostgreSQL does not accept the password in {}; it is not the one the data was created with.", .0.display())]
    WrongPassword(PathBuf),
}

/// Replaces a file as a whole and durably, for us alone.
pub fn replace(file: &Path, content: &[u8]) -> Result<(), ClusterError> {
    folder::write(file, content, 0o600)
}

/// Creates a folder for us alone, and those above it; one that exists stays as it is.
pub fn create_folder(path: &Path) -> Result<(), ClusterError> {
    folder::create_folder(path, 0o700)
}

impl ClusterError {
    /// For `map_err` on whatever touches `path`.
    pub(crate) fn at(path: &Path) -> impl FnOnce(io::Error) -> Self {
        |source| Self::Path { path: path.to_owned(), source }
    }
}
