//! Running a program of ours: spawning, waiting with a bound, stopping, killing, finding what a killed `livline` left.
//!
//! Owns every signal, every wait and every look into /proc. Deliberately absent: what Postgres or NATS mean by "ready";
//! they hand in a future that ends when they are.
//!
//! A left-over process is one with exactly our arguments, which hold absolute paths into the data folder. That needs no
//! pid file, so it cannot point at a stranger who was given an old number. Its children are known by the title they give
//! themselves: a backend that is computing outlives its postmaster, and keeps the next one from starting.

use std::ffi::{OsStr, OsString};
use std::fs::{self, OpenOptions};
use std::future::Future;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use super::programs::Account;
use super::{ClusterError, DataFolder, ports};

pub(super) const READY: Duration = Duration::from_mins(1);
const STOPPED: Duration = Duration::from_secs(30);
pub(super) const KILLED: Duration = Duration::from_secs(10);
/// A longer log is put aside when the program starts again.
const LONG_LOG: u64 = 16 * 1024 * 1024;
/// Between two looks at something that is about to happen.
pub(super) const PAUSE: Duration = Duration::from_millis(10);

/// What to run, in the data folder and with nothing of our environment.
#[derive(Debug)]
pub(super) struct Program {
    /// As the user knows it.
    pub(super) name: &'static str,
    pub(super) executable: PathBuf,
    pub(super) arguments: Vec<OsString>,
    /// As whom; `None` is ourselves.
    pub(super) account: Option<Account>,
    /// How the command lines of its children begin, when it has any that may outlive it.
    pub(super) children: Option<String>,
    /// Asks it to end soon and in order.
    pub(super) farewell: Signal,
    /// Its output goes to the end of this file.
    pub(super) log: PathBuf,
    pub(super) folder: PathBuf,
}

impl Program {
    /// A program without arguments that runs as ourselves and logs to `<log>` in the data folder.
    pub(super) fn new(
        name: &'static str,
        executable: PathBuf,
        farewell: Signal,
        folder: &DataFolder,
        log: &str,
    ) -> Self {
        let (log, folder) = (folder.path().join(log), folder.path().to_owned());
        Self { name, executable, arguments: Vec::new(), account: None, children: None, farewell, log, folder }
    }

    /// Runs it to its end: whether it succeeded.
    pub(super) async fn run(&self, limit: Duration) -> Result<bool, ClusterError> {
        let mut family = self.spawn()?;
        match timeout(limit, family.0.wait()).await {
            Ok(ended) => Ok(ended.is_ok_and(|status| status.success())),
            Err(_) => Err(self.too_slow(limit)),
        }
    }

    /// Stops what runs with the same arguments, and children without a parent; there is nothing, as a rule.
    pub(super) async fn stop_left_over(&self) -> Result<(), ClusterError> {
        let left = || pids().filter(|pid| command_line(*pid).is_some_and(|line| self.is_run_by(&line)));
        left().for_each(|pid| send(pid, self.farewell));
        until(STOPPED, || left().next().is_none()).await;
        left().for_each(|pid| drop(kill_family(pid)));
        let orphans = || pids().filter(|pid| command_line(*pid).is_some_and(|line| self.has_child(&line)));
        orphans().for_each(|pid| send(pid, Signal::KILL));
        if until(KILLED, || left().chain(orphans()).next().is_none()).await { Ok(()) } else { Err(self.unstoppable()) }
    }

    fn is_run_by(&self, command_line: &[OsString]) -> bool {
        command_line.split_first().is_some_and(|(_, arguments)| arguments == self.arguments)
    }

    fn has_child(&self, command_line: &[OsString]) -> bool {
        let title = command_line.first().map(|title| title.as_bytes());
        title.zip(self.children.as_ref()).is_some_and(|(title, begin)| title.starts_with(begin.as_bytes()))
    }

    fn spawn(&self) -> Result<Family, ClusterError> {
        if fs::metadata(&self.log).is_ok_and(|log| log.len() > LONG_LOG) {
            super::folder::rename(&self.log, &self.log.with_added_extension("old"))
                .map_err(ClusterError::at(&self.log))?;
        }
        let log = OpenOptions::new().create(true).append(true).mode(0o600).open(&self.log);
        let log = log.and_then(|log| Ok((log.try_clone()?, log))).map_err(ClusterError::at(&self.log))?;
        let mut command = Command::new(&self.executable);
        command.args(&self.arguments).current_dir(&self.folder).env_clear().env("TZ", "UTC");
        command.stdin(Stdio::null()).stdout(log.0).stderr(log.1);
        // Ctrl-C at the terminal reaches us alone: we stop the servers after those who use them.
        command.process_group(0).kill_on_drop(true);
        if let Some(account) = self.account {
            command.uid(account.user).gid(account.group);
        }
        command.spawn().map(Family).map_err(|source| ClusterError::Spawn { program: self.executable.clone(), source })
    }

    fn too_slow(&self, limit: Duration) -> ClusterError {
        ClusterError::TooSlow { server: self.name, seconds: limit.as_secs(), log: self.log.clone() }
    }

    fn unstoppable(&self) -> ClusterError {
        ClusterError::Unstoppable { server: self.name }
    }
}

/// A process of ours. When it is dropped, it and all that descend from it are killed.
#[derive(Debug)]
struct Family(Child);

impl Family {
    fn pid(&self) -> Option<Pid> {
        Pid::from_raw(i32::try_from(self.0.id()?).ok()?)
    }
}

impl Drop for Family {
    fn drop(&mut self) {
        let _family = self.pid().map(kill_family);
    }
}

/// A program that listens on a loopback port until it is stopped.
#[derive(Debug)]
pub(super) struct Server {
    program: Program,
    port: u16,
    family: Family,
}

impl Server {
    /// Spawns it; `port` must be the one its settings name.
    pub(super) fn spawn(program: Program, port: u16) -> Result<Self, ClusterError> {
        let family = program.spawn()?;
        Ok(Self { program, port, family })
    }

    /// Spawns it once more, with the same settings, after it was killed or stopped, or ended by itself.
    pub(super) async fn spawn_again(&mut self) -> Result<(), ClusterError> {
        self.program.stop_left_over().await?;
        ports::choose(self.port, self.program.name)?;
        self.family = self.program.spawn()?;
        Ok(())
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// `None` once it was seen to have ended.
    pub(super) fn pid(&self) -> Option<u32> {
        self.family.0.id()
    }

    /// What `probe` ends with, unless the process ends before, or it takes too long.
    pub(super) async fn ready<T>(
        &mut self,
        limit: Duration,
        probe: impl Future<Output = T>,
    ) -> Result<T, ClusterError> {
        let ready = timeout(limit, probe);
        tokio::select! {
            error = self.exited() => Err(error),
            ready = ready => ready.map_err(|_| self.program.too_slow(limit)),
        }
    }

    /// Ends when the process does. May be dropped and called again.
    pub(super) async fn exited(&mut self) -> ClusterError {
        // An error would mean that there is no such child any more.
        let _ended = self.family.0.wait().await;
        ClusterError::Exited { server: self.program.name, log: self.program.log.clone() }
    }

    /// Asks it to end, and kills it when it does not.
    pub(super) async fn stop(&mut self) -> Result<(), ClusterError> {
        if let Some(pid) = self.family.pid() {
            send(pid, self.program.farewell);
        }
        if timeout(STOPPED, self.family.0.wait()).await.is_ok() { Ok(()) } else { self.kill().await }
    }

    /// Ends it and its children at once, as a power cut would, and waits until they are gone and the port is free.
    pub(super) async fn kill(&mut self) -> Result<(), ClusterError> {
        let family = self.family.pid().map(kill_family).unwrap_or_default();
        let port = self.port;
        let gone = timeout(KILLED, self.family.0.wait()).await.is_ok()
            && until(KILLED, || family.iter().all(|pid| !is_alive(*pid)) && ports::is_free(port)).await;
        if gone { Ok(()) } else { Err(self.program.unstoppable()) }
    }
}

/// Whether a process of that number lives and runs a program of that name.
pub(super) fn runs(pid: &str, name: &str) -> bool {
    let pid = pid.parse().ok().and_then(Pid::from_raw).filter(|pid| is_alive(*pid));
    pid.and_then(|pid| fs::read_to_string(proc_file(pid, "comm")).ok()).is_some_and(|found| found.trim_end() == name)
}

/// Looks until `done`: whether it was in time.
pub(super) async fn until(limit: Duration, mut done: impl FnMut() -> bool) -> bool {
    let looking = async {
        while !done() {
            sleep(PAUSE).await;
        }
    };
    timeout(limit, looking).await.is_ok()
}

/// To a process that may be gone already.
fn send(pid: Pid, signal: Signal) {
    let _gone_already = kill_process(pid, signal);
}

/// Kills a process and all that descend from it. Each is frozen first, so that it starts no more while they are counted.
fn kill_family(pid: Pid) -> Vec<Pid> {
    let mut family = vec![pid];
    let mut counted = 0;
    while let Some(member) = family.get(counted).copied() {
        send(member, Signal::STOP);
        family.extend(pids().filter(|other| parent(*other) == Some(member)));
        counted += 1;
    }
    for member in &family {
        send(*member, Signal::KILL);
    }
    family
}

fn pids() -> impl Iterator<Item = Pid> {
    let entries = fs::read_dir("/proc").into_iter().flatten();
    entries.filter_map(|entry| Pid::from_raw(entry.ok()?.file_name().to_str()?.parse().ok()?))
}

/// A process that ended and waits for its parent to notice has no command line: it counts as gone.
fn is_alive(pid: Pid) -> bool {
    command_line(pid).is_some()
}

/// `None` for kernel threads and those that are gone.
fn command_line(pid: Pid) -> Option<Vec<OsString>> {
    let line = fs::read(proc_file(pid, "cmdline")).ok()?;
    let line = line.strip_suffix(b"\0")?;
    Some(line.split(|byte| *byte == 0).map(|part| OsStr::from_bytes(part).to_owned()).collect())
}

fn parent(pid: Pid) -> Option<Pid> {
    let stat = fs::read_to_string(proc_file(pid, "stat")).ok()?;
    // "12 (name, which may hold anything) S 7 …": the parent is the second word after the name.
    let (_, after_name) = stat.rsplit_once(") ")?;
    Pid::from_raw(after_name.split(' ').nth(1)?.parse().ok()?)
}

fn proc_file(pid: Pid, name: &str) -> PathBuf {
    Path::new("/proc").join(pid.to_string()).join(name)
}
