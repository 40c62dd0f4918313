//! Services as processes of their own, so that they can be killed.

use crate::{Ground, PATIENCE};
use engine::config::Settings;
use secrecy::ExposeSecret;
use std::{
    fmt::Write as _,
    path::PathBuf,
    process::{ExitStatus, Stdio},
    time::Instant,
};
use tokio::process::{Child, Command};

/// The variable by which the program is told how many hours its clock is off.
pub const CLOCK_OFF: &str = "CLOCK_OFF";

/// A service running as `livline serve SERVICE`.
pub struct Process {
    child: Child,
    /// Where its log goes.
    pub log: PathBuf,
}

impl Ground {
    /// Starts a service as a process, listening where `settings` say, and waits until it is ready.
    pub async fn process(&self, program: &str, service: &str, settings: &Settings, filter: &str) -> Process {
        self.people().await;
        let mut process = self.spawn(program, service, settings, filter, 0);
        process.ready(settings).await;
        process
    }

    /// Starts a service as a process whose clock is off by this many hours, and waits for nothing.
    #[must_use]
    pub fn spawn(&self, program: &str, service: &str, settings: &Settings, filter: &str, hours: i64) -> Process {
        let name = format!("{service}-{}", settings.listen.port());
        let config = self.path().join(format!("{name}.toml"));
        std::fs::write(&config, written(settings)).unwrap();
        let log = self.path().join(format!("{name}.log"));
        let output = std::fs::OpenOptions::new().create(true).append(true).open(&log).unwrap();
        let child = Command::new(program)
            .args(["serve", service, "--log", filter, "--config"])
            .arg(&config)
            .env_clear()
            .env(CLOCK_OFF, hours.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(output)
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        Process { child, log }
    }
}

impl Process {
    async fn ready(&mut self, settings: &Settings) {
        let until = Instant::now() + PATIENCE;
        let url = format!("http://{}/readyz", settings.listen);
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        loop {
            if client.get(&url).send().await.is_ok_and(|response| response.status().is_success()) {
                return;
            }
            let gone = self.ended();
            assert!(gone.is_none() && Instant::now() < until, "did not start: {gone:?}\n{}", self.tail());
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    /// What it holds in memory now, in megabytes.
    #[must_use]
    pub fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id().unwrap())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
    }

    /// How many sockets it has open.
    #[must_use]
    pub fn sockets(&self) -> usize {
        let files = std::fs::read_dir(format!("/proc/{}/fd", self.child.id().unwrap())).unwrap();
        let targets = files.filter_map(|file| std::fs::read_link(file.ok()?.path()).ok());
        targets.filter(|target| target.to_string_lossy().starts_with("socket:")).count()
    }

    /// How it ended, where it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// The process; none once it was seen to have ended.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// The last lines of its log, the last one first.
    #[must_use]
    pub fn tail(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        text.lines().rev().take(20).collect::<Vec<_>>().join("\n")
    }

    /// SIGKILL.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// SIGTERM, and waits; whether it ended well.
    pub async fn terminate(mut self) -> bool {
        signal(self.child.id().unwrap(), "TERM").await;
        tokio::time::timeout(PATIENCE, self.child.wait()).await.expect("it stops in time").unwrap().success()
    }
}

/// Sends a signal to a process of this test's.
pub async fn signal(pid: u32, name: &str) {
    let sent = Command::new("kill").args([format!("-{name}"), pid.to_string()]).status().await.unwrap();
    assert!(sent.success());
}

fn written(settings: &Settings) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: &str| writeln!(text, "{name} = {value:?}").unwrap();
    line("listen", &settings.listen.to_string());
    line("database", settings.database.expose_secret());
    line("keys", settings.keys.expose_secret());
    line("master_key_file", settings.master_key_file.to_str().unwrap());
    line("integrity_key_file", settings.integrity_key_file.to_str().unwrap());
    line("signing_key", settings.signing_key.expose_secret());
    writeln!(text, "pool = {}", settings.pool).unwrap();
    let bounds = &settings.bounds;
    writeln!(
        text,
        "bounds = {{ connections = {}, commands = {}, reads = {}, streams = {}, head_seconds = {}, body_seconds = {}, take_seconds = {} }}",
        bounds.connections,
        bounds.commands,
        bounds.reads,
        bounds.streams,
        bounds.head_seconds,
        bounds.body_seconds,
        bounds.take_seconds
    )
    .unwrap();
    let limits = &settings.limits;
    writeln!(
        text,
        "limits = {{ per_second = {}, burst = {}, at_once = {} }}\n[nats]",
        limits.per_second, limits.burst, limits.at_once
    )
    .unwrap();
    let mut line = |name: &str, value: &str| writeln!(text, "{name} = {value:?}").unwrap();
    line("url", &settings.nats.url);
    line("user", &settings.nats.user);
    line("password", settings.nats.password.expose_secret());
    for (table, entries) in [("issuers", &settings.issuers), ("services", &settings.services)] {
        writeln!(text, "[{table}]").unwrap();
        for (name, value) in entries {
            writeln!(text, "{name} = {value:?}").unwrap();
        }
    }
    text
}
