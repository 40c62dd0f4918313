//! The PostgreSQL clusters of one data folder: one for what is stored, one for the keys it is sealed with.
//!
//! Owns their creation, their settings and their processes. They are two because a backup of a cluster holds all of it, and whoever
//! has a backup of the data must not have the keys. Deliberately absent: everything inside of them but the superuser
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
use super::process::{KILLED, PAUSE, Program, READY, Server, runs, until};
use super::programs::{Account, PostgresPrograms};
use super::{ClusterError, DataFolder, ports};

const ADMIN: &str = "livline_admin";
const CREATION: Duration = Duration::from_mins(2);
/// SQLSTATE `invalid_password`.
const INVALID_PASSWORD: &str = "28P01";

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Which {
    /// What the services store.
    Data,
    /// The keys it is sealed with.
    Keys,
}

impl Which {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::Data, Self::Keys];

    fn server(self) -> &'static str {
        match self {
            Self::Data => "PostgreSQL",
            Self::Keys => "PostgreSQL for keys",
        }
    }

    /// How the names of its folder, settings and log begin.
    fn stem(self) -> &'static str {
        match self {
            Self::Data => "postgres",
            Self::Keys => "keys-postgres",
        }
    }

    /// The name, below secrets/, of its superuser's password.
    #[must_use]
    pub fn secret(self) -> &'static str {
        match self {
            Self::Data => "postgres-admin",
            Self::Keys => "keys-postgres-admin",
        }
    }

    /// The cluster below a data folder; missing before its first start.
    #[must_use]
    pub fn dir(self, folder: &Path) -> PathBuf {
        folder.join(self.stem())
    }

    /// Where the superuser finds the one that runs below a data folder; `None` where none does. Holds the password.
    #[must_use]
    pub fn running(self, folder: &Path) -> Option<Running> {
        let password = std::fs::read_to_string(folder.join("secrets").join(self.secret())).ok()?;
        let pid_file = std::fs::read_to_string(self.dir(folder).join("postmaster.pid")).ok()?;
        let port = pid_file.lines().nth(3)?.trim().parse().ok()?;
        Some(Running { port, password: password.trim_end().into() })
    }

    fn log(self) -> String {
        format!("{}.log", self.stem())
    }

    /// How children of its postmaster are told from those of others.
    fn title(self, folder: &Path) -> String {
        let hash = folder::short_hash(folder);
        match self {
            Self::Data => format!("livline-{hash}"),
            Self::Keys => format!("livline-{hash}-keys"),
        }
    }

    fn settings(self) -> &'static str {
        match self {
            Self::Data => "max_connections = 200\nshared_buffers = 128MB\nmax_slot_wal_keep_size = 4GB\n",
            Self::Keys => {
                "max_connections = 200\nshared_buffers = 16MB\nmax_slot_wal_keep_size = 1GB\nwal_recycle = off\n"
            }
        }
    }
}

/// A cluster that somebody else runs, as its superuser reaches it.
#[derive(Debug)]
pub struct Running {
    /// On 127.0.0.1.
    pub port: u16,
    /// The superuser's.
    pub password: SecretString,
}

impl Running {
    /// The superuser.
    pub const USER: &'static str = ADMIN;

    /// For the superuser; database `postgres` always exists. Holds the password.
    #[must_use]
    pub fn admin_url(&self, database: &str) -> String {
        admin_url(&self.password, self.port, database)
    }
}

fn admin_url(password: &SecretString, port: u16, database: &str) -> String {
    format!("postgres://{ADMIN}:{}@127.0.0.1:{port}/{database}", password.expose_secret())
}

/// What a cluster that is laid out from a backup goes forward to before it accepts anything.
#[derive(Debug, Clone)]
pub struct Recovery {
    /// The last moment that counts (RFC 3339); none: all there is.
    pub until: Option<String>,
    /// How long it may take.
    pub limit: Duration,
}

/// A running cluster. Dropped without [`Self::stop`] it is killed, and recovers at its next start.
#[derive(Debug)]
pub struct Postgres {
    server: Server,
    data: PathBuf,
    password: SecretString,
    secret: PathBuf,
}

impl Postgres {
    /// Starts the cluster of the data, creating it on first use; port 0 is any free one. Ready for connections when this returns.
    ///
    /// One that runs in this folder already is stopped first. Keep the folder open for as long as the cluster runs.
    pub async fn start(folder: &DataFolder, port: u16) -> Result<Self, ClusterError> {
        Self::start_as(folder, Which::Data, port, None).await
    }

    /// Starts the cluster of the keys, in the same way.
    pub async fn start_keys(folder: &DataFolder, port: u16) -> Result<Self, ClusterError> {
        Self::start_as(folder, Which::Keys, port, None).await
    }

    /// Starts a cluster that was laid out from a backup. When this returns it has gone forward as far as it should, on a history of
    /// its own.
    pub async fn recover(
        folder: &DataFolder,
        which: Which,
        port: u16,
        recovery: &Recovery,
    ) -> Result<Self, ClusterError> {
        let signal = which.dir(folder.path()).join("recovery.signal");
        folder::write(&signal, &[], 0o600)?;
        hand_over(&signal, folder.account())?;
        Self::start_as(folder, which, port, Some(recovery)).await
    }

    /// Stops what a `livline` that was killed left running; there is nothing, as a rule.
    pub async fn stop_left_over(folder: &DataFolder, which: Which) -> Result<(), ClusterError> {
        program(folder, which, &PostgresPrograms::find()?).stop_left_over().await
    }

    async fn start_as(
        folder: &DataFolder,
        which: Which,
        port: u16,
        recovery: Option<&Recovery>,
    ) -> Result<Self, ClusterError> {
        let programs = PostgresPrograms::find()?;
        let password = folder.secret(which.secret())?;
        let data = which.dir(folder.path());
        let program = program(folder, which, &programs);
        program.stop_left_over().await?;
        let port = ports::choose(port, program.name)?;
        if !data.exists() {
            create(folder, which, &programs, &password).await?;
        }
        // Read by user postgres, written by us alone.
        folder::write(&conf(folder, which), settings_for(which, folder.path(), port, recovery).as_bytes(), 0o644)?;
        forget_stale_pid(&data)?;
        let server = Server::spawn(program, port)?;
        let secret = folder.secrets_dir().join(which.secret());
        let mut postgres = Self { server, data, password: password.into(), secret };
        postgres.ready(recovery.map_or(READY, |recovery| recovery.limit)).await?;
        Ok(postgres)
    }

    /// For the superuser of the cluster; database `postgres` always exists. Holds the password.
    #[must_use]
    pub fn admin_url(&self, database: &str) -> String {
        admin_url(&self.password, self.port(), database)
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
        self.ready(READY).await
    }

    /// Fast shutdown and start, on the same port.
    pub async fn restart(&mut self) -> Result<(), ClusterError> {
        self.server.stop().await?;
        self.start_again().await
    }

    async fn ready(&mut self, limit: Duration) -> Result<(), ClusterError> {
        let pid_file = self.data.join("postmaster.pid");
        let pid = self.server.pid().unwrap_or_default().to_string();
        let url = self.admin_url("postgres");
        let ready = async {
            while !says_ready(&pid_file, &pid) {
                sleep(PAUSE).await;
            }
            accepts_password(&url).await
        };
        let outcome = match self.server.ready(limit, ready).await {
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
async fn create(
    folder: &DataFolder,
    which: Which,
    programs: &PostgresPrograms,
    password: &str,
) -> Result<(), ClusterError> {
    let place = which.dir(folder.path());
    let draft = place.with_added_extension("new");
    let password_file = place.with_added_extension("password");
    let name = "The creation of the PostgreSQL data";
    let mut program = Program::new(name, programs.program("initdb"), Signal::INT, folder, &which.log());
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
    folder::rename(&draft, &place).map_err(ClusterError::at(&draft))
}

/// The postmaster of a cluster.
fn program(folder: &DataFolder, which: Which, programs: &PostgresPrograms) -> Program {
    let mut program = Program::new(which.server(), programs.program("postgres"), Signal::INT, folder, &which.log());
    program.arguments = vec![
        "-D".into(),
        which.dir(folder.path()).into(),
        "-c".into(),
        format!("config_file={}", conf(folder, which).display()).into(),
    ];
    program.account = folder.account();
    program.children = Some(format!("postgres: {}: ", which.title(folder.path())));
    program
}

fn conf(folder: &DataFolder, which: Which) -> PathBuf {
    folder.path().join(format!("{}.conf", which.stem()))
}

/// To the user that Postgres runs as.
pub(super) fn hand_over(path: &Path, account: Option<Account>) -> Result<(), ClusterError> {
    account
        .map_or(Ok(()), |account| chown(path, Some(account.user), Some(account.group)).map_err(ClusterError::at(path)))
}

fn settings_for(which: Which, folder: &Path, port: u16, recovery: Option<&Recovery>) -> String {
    let (title, own) = (which.title(folder), which.settings());
    let recovery = recovery.map(recovery_settings).unwrap_or_default();
    format!("{HEADING}cluster_name = '{title}'\nport = {port}\n{own}{recovery}{SETTINGS}")
}

/// All that is to be gone through lies in the cluster's own folder already, and belongs to one history.
fn recovery_settings(recovery: &Recovery) -> String {
    let until = recovery.until.as_ref().map(|until| format!("recovery_target_time = '{until}'\n")).unwrap_or_default();
    format!(
        "restore_command = 'exit 1'\nrecovery_target_timeline = 'current'\nrecovery_target_action = 'promote'\n\
         hot_standby = off\n{until}"
    )
}

const HEADING: &str = "\
# Written by livline at every start: changes made here are lost.
# The name is how children of a postmaster that was killed are told from those of others.
";

const SETTINGS: &str = "\
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
password_encryption = scram-sha-256
timezone = 'UTC'

# What backups are made of. A slot is there once a backup was made, and what it keeps is bounded above.
wal_level = replica

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
