//! The PostgreSQL cluster of one data folder.
//!
//! Owns its creation, its settings and its process. Deliberately absent: everything inside of it but the superuser
//! `livline_admin`, a socket in the file system, and anything in the log that a session said.

use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use rustix::process::Signal;
use secrecy::{ExposeSecret, SecretString};
use sqlx::error::DatabaseError;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{ConnectOptions, Connection};
use tokio::time::sleep;

use super::folder;
use super::process::{KILLED, PAUSE, Program, Server, runs, until};
use super::programs::{Account, PostgresPrograms};
use super::{ClusterError, DataFolder, ports};
use crate::secrets;

const NAME: &str = "PostgreSQL";
/// The superuser.
pub(crate) const ADMIN: &str = "livline_admin";
const SECRET: &str = secrets::POSTGRES_ADMIN;
const LOG: &str = "postgres.log";
const CREATION: Duration = Duration::from_mins(2);
/// SQLSTATE `invalid_password`.
const INVALID_PASSWORD: &str = "28P01";

/// A running cluster. Dropped without [`Self::stop`] it is killed, and recovers at its next start.
#[derive(Debug)]
pub struct Postgres {
    server: Server,
    data: PathBuf,
    password: SecretString,
    secret: PathBuf,
}

impl Postgres {
    /// Starts the cluster, creating it on first use; port 0 is any free one. Ready for connections when this returns.
    ///
    /// One that runs in this folder already is stopped first. Keep the folder open for as long as the cluster runs.
    pub async fn start(folder: &DataFolder, port: u16) -> Result<Self, ClusterError> {
        let programs = PostgresPrograms::find()?;
        let password = folder.secret(SECRET)?;
        let data = folder.postgres_dir();
        let settings = folder.path().join("postgres.conf");
        let mut program = Program::new(NAME, programs.program("postgres"), Signal::INT, folder, LOG);
        program.arguments =
            vec!["-D".into(), data.clone().into(), "-c".into(), format!("config_file={}", settings.display()).into()];
        program.account = folder.account();
        let cluster = format!("livline-{}", folder::short_hash(folder.path()));
        program.children = Some(format!("postgres: {cluster}: "));
        program.stop_left_over().await?;
        let port = ports::choose(port, NAME)?;
        if !data.exists() {
            create(folder, &programs, &password).await?;
        }
        // Read by user postgres, written by us alone.
        folder::write(&settings, settings_for(&cluster, port).as_bytes(), 0o644)?;
        forget_stale_pid(&data)?;
        let server = Server::spawn(program, port)?;
        let mut postgres = Self { server, data, password: password.into(), secret: folder.secrets_dir().join(SECRET) };
        postgres.ready().await?;
        Ok(postgres)
    }

    /// For the superuser of the cluster; database `postgres` always exists. Holds the password.
    #[must_use]
    pub fn admin_url(&self, database: &str) -> String {
        format!("postgres://{ADMIN}:{}@127.0.0.1:{}/{database}", self.password.expose_secret(), self.port())
    }

    /// Where it listens on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.server.port()
    }

    /// The postmaster; `None` once it was seen to have ended.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.server.pid()
    }

    /// Ends when the cluster does, with the sentence that says so. May be dropped and called again.
    pub async fn exited(&mut self) -> ClusterError {
        self.server.exited().await
    }

    /// Fast shutdown: sessions end, everything is written. Killed when that takes more than 30 seconds.
    pub async fn stop(mut self) -> Result<(), ClusterError> {
        self.server.stop().await
    }

    /// For fault tests: ends postmaster and backends at once; when this returns they are gone and the port is free.
    pub async fn kill(&mut self) -> Result<(), ClusterError> {
        self.server.kill().await
    }

    /// Starts it after it ended, however it did, on the same port; recovered when this returns.
    pub async fn start_again(&mut self) -> Result<(), ClusterError> {
        self.server.spawn_again().await?;
        self.ready().await
    }

    /// Fast shutdown and start, on the same port.
    pub async fn restart(&mut self) -> Result<(), ClusterError> {
        self.server.stop().await?;
        self.start_again().await
    }

    async fn ready(&mut self) -> Result<(), ClusterError> {
        let pid_file = self.data.join("postmaster.pid");
        let pid = self.server.pid().unwrap_or_default().to_string();
        let url = self.admin_url("postgres");
        let ready = async {
            while !says_ready(&pid_file, &pid) {
                sleep(PAUSE).await;
            }
            accepts_password(&url).await
        };
        let outcome = match self.server.ready(ready).await {
            Ok(true) => return Ok(()),
            Ok(false) => Err(ClusterError::WrongPassword(self.secret.clone())),
            Err(error) => Err(error),
        };
        // In order, for a postmaster that is killed leaves a piece of shared memory with the system.
        let _stopped = self.server.stop().await;
        outcome
    }
}

/// Any other refusal, for example of one connection too many, counts as accepted: the cluster says that it is ready.
async fn accepts_password(url: &str) -> bool {
    let tried = match PgConnectOptions::from_str(url) {
        Ok(options) => options.ssl_mode(PgSslMode::Disable).connect().await,
        Err(error) => Err(error),
    };
    match tried {
        Ok(connection) => {
            // It ends either way; asked politely, it leaves no line in the log.
            let _closed = connection.close().await;
            true
        }
        Err(error) => {
            let code = error.as_database_error().and_then(DatabaseError::code);
            code.is_none_or(|code| code != INVALID_PASSWORD)
        }
    }
}

/// The postmaster writes its number on the first line of this file and its state on the eighth.
fn says_ready(pid_file: &Path, pid: &str) -> bool {
    let text = std::fs::read_to_string(pid_file).unwrap_or_default();
    text.lines().next() == Some(pid) && text.lines().nth(7).is_some_and(|state| state.trim() == "ready")
}

/// Postgres takes whatever has that number for its postmaster. In a container the numbers repeat, so the one from before
/// a crash may be ours by now; or it ended, and nobody there reaps it. Nothing would start.
fn forget_stale_pid(data: &Path) -> Result<(), ClusterError> {
    let file = data.join("postmaster.pid");
    let text = std::fs::read_to_string(&file).unwrap_or_default();
    match text.lines().next() {
        Some(pid) if !runs(pid, "postgres") => folder::remove(&file).map_err(ClusterError::at(&file)),
        _ => Ok(()),
    }
}

/// Creates the cluster beside its place and then renames it: what a kill leaves behind is never taken for a cluster.
async fn create(folder: &DataFolder, programs: &PostgresPrograms, password: &str) -> Result<(), ClusterError> {
    let draft = folder.path().join("postgres.new");
    let password_file = folder.path().join("postgres.password");
    let mut program =
        Program::new("The creation of the PostgreSQL data", programs.program("initdb"), Signal::INT, folder, LOG);
    program.arguments =
        ["--encoding=UTF8", "--locale=C", "--auth=scram-sha-256", "--data-checksums", "--username", ADMIN]
            .map(Into::into)
            .into();
    program.arguments.extend([
        "--pwfile".into(),
        password_file.clone().into(),
        "--pgdata".into(),
        draft.clone().into(),
    ]);
    program.account = folder.account();
    program.stop_left_over().await?;
    // The children of an initdb that was killed write until they notice.
    until(KILLED, || folder::remove(&draft).is_ok()).await;
    folder::remove(&draft).map_err(ClusterError::at(&draft))?;
    folder::create_folder(&draft, 0o700)?;
    folder::write(&password_file, password.as_bytes(), 0o600)?;
    hand_over(&draft, program.account)?;
    hand_over(&password_file, program.account)?;
    let created = program.run(CREATION).await;
    folder::remove(&password_file).map_err(ClusterError::at(&password_file))?;
    if !created? {
        return Err(ClusterError::Exited { server: program.name, log: program.log });
    }
    folder::rename(&draft, &folder.postgres_dir()).map_err(ClusterError::at(&draft))
}

fn hand_over(path: &Path, account: Option<Account>) -> Result<(), ClusterError> {
    account
        .map_or(Ok(()), |account| chown(path, Some(account.user), Some(account.group)).map_err(ClusterError::at(path)))
}

fn settings_for(cluster: &str, port: u16) -> String {
    format!("{HEADING}cluster_name = '{cluster}'\nport = {port}\n{SETTINGS}")
}

const HEADING: &str = "\
# Written by livline at every start: changes made here are lost.
# The name is how children of a postmaster that was killed are told from those of others.
";

const SETTINGS: &str = "\
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
password_encryption = scram-sha-256
max_connections = 200
shared_buffers = 128MB
timezone = 'UTC'

# What was answered survives a power cut.
fsync = on
synchronous_commit = on
full_page_writes = on

# Nothing personal: no statement, no parameter, no row. An error of a session goes to that session, which logs what it
# may; terse leaves out details, which quote keys and, after a crash, the statement.
log_destination = stderr
logging_collector = off
log_timezone = 'UTC'
log_line_prefix = '%m [%p] '
log_min_messages = log
log_error_verbosity = terse
log_statement = none
log_min_duration_statement = -1
log_min_error_statement = panic
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
";
