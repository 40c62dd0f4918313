//! The nats-server of one data folder, with JetStream.
//!
//! Owns its settings, written for the version found, and its process. Deliberately absent: streams and consumers,
//! accounts, clusters, monitoring over HTTP, addresses other than 127.0.0.1.

use std::path::{Path, PathBuf};

use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::sleep;

use super::folder;
use super::process::{PAUSE, Program, READY, Server};
use super::programs::{NatsProgram, NatsVersion};
use super::{ClusterError, DataFolder, ports};

const NAME: &str = "NATS";
const MAX_PAYLOAD: u32 = 1024 * 1024;
/// Older ones refuse to start when they read `sync_interval`.
const KNOWS_SYNC_INTERVAL: NatsVersion = NatsVersion(2, 10, 0);

/// Who may connect, and to which subjects (wildcards allowed). An empty list allows none.
#[derive(Clone)]
pub struct NatsUser {
    /// The name to connect with.
    pub name: String,
    /// The password to connect with.
    pub password: String,
    /// Subjects the user may publish to.
    pub publish: Vec<String>,
    /// Subjects the user may subscribe to.
    pub subscribe: Vec<String>,
}

/// A running nats-server. Dropped without [`Self::stop`] it is killed, and recovers at its next start.
#[derive(Debug)]
pub struct Nats {
    server: Server,
    store: PathBuf,
    version: NatsVersion,
}

impl Nats {
    /// Starts the server for exactly these users; port 0 is any free one. Ready for connections when this returns.
    ///
    /// One that runs in this folder already is stopped first. Keep the folder open for as long as the server runs.
    pub async fn start(folder: &DataFolder, port: u16, users: &[NatsUser]) -> Result<Self, ClusterError> {
        let NatsProgram { path, version } = NatsProgram::find().await?;
        let store = folder.nats_dir();
        let settings = settings_file(folder);
        let program = program(folder, path);
        program.stop_left_over().await?;
        let port = ports::choose(port, NAME)?;
        folder::create_folder(&store, 0o700)?;
        folder::write(&settings, settings_for(port, &store, users, version).to_string().as_bytes(), 0o600)?;
        let mut nats = Self { server: Server::spawn(program, port)?, store, version };
        nats.ready().await?;
        Ok(nats)
    }

    /// Stops what a `livline` that was killed left running; there is nothing, as a rule.
    pub async fn stop_left_over(folder: &DataFolder) -> Result<(), ClusterError> {
        program(folder, NatsProgram::find().await?.path).stop_left_over().await
    }

    /// Where to connect; name and password go beside it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port())
    }

    /// Where it listens on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.server.port()
    }

    /// The process; `None` once it was seen to have ended.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.server.pid()
    }

    /// The version of the program found.
    #[must_use]
    pub fn version(&self) -> NatsVersion {
        self.version
    }

    /// The folder that holds what JetStream stores; a fault test may lose it while the server is down.
    #[must_use]
    pub fn store_dir(&self) -> &Path {
        &self.store
    }

    /// Ends when the server does, with the sentence that says so. May be dropped and called again.
    pub async fn exited(&mut self) -> ClusterError {
        self.server.exited().await
    }

    /// Closes connections, writes what is open, ends. Killed when that takes more than 30 seconds.
    pub async fn stop(mut self) -> Result<(), ClusterError> {
        self.server.stop().await
    }

    /// For fault tests: ends it at once; when this returns it is gone and the port is free.
    pub async fn kill(&mut self) -> Result<(), ClusterError> {
        self.server.kill().await
    }

    /// Starts it after it ended, however it did, on the same port and for the same users.
    pub async fn start_again(&mut self) -> Result<(), ClusterError> {
        self.server.spawn_again().await?;
        self.ready().await
    }

    /// Stops and starts it, on the same port and for the same users.
    pub async fn restart(&mut self) -> Result<(), ClusterError> {
        self.server.stop().await?;
        self.start_again().await
    }

    async fn ready(&mut self) -> Result<(), ClusterError> {
        let port = self.port();
        let greeted = async {
            while !greets(port).await {
                sleep(PAUSE).await;
            }
        };
        self.server.ready(READY, greeted).await
    }
}

fn settings_file(folder: &DataFolder) -> PathBuf {
    folder.path().join("nats.conf")
}

fn program(folder: &DataFolder, path: PathBuf) -> Program {
    let mut program = Program::new(NAME, path, Signal::TERM, folder, "nats.log");
    program.arguments = vec!["-c".into(), settings_file(folder).into()];
    program
}

/// The server speaks first, and only after JetStream has recovered what it stores.
async fn greets(port: u16) -> bool {
    let mut greeting = [0; 5];
    match TcpStream::connect(("127.0.0.1", port)).await {
        Ok(mut stream) => stream.read_exact(&mut greeting).await.is_ok() && &greeting == b"INFO ",
        Err(_) => false,
    }
}

/// The server reads JSON as its own format, so nothing in a name or password can escape its place.
fn settings_for(port: u16, store: &Path, users: &[NatsUser], version: NatsVersion) -> Value {
    let mut jetstream = json!({ "store_dir": store });
    if version >= KNOWS_SYNC_INTERVAL {
        jetstream = json!({ "store_dir": store, "sync_interval": "always" });
    }
    json!({
        "server_name": "livline",
        "listen": format!("127.0.0.1:{port}"),
        "max_payload": MAX_PAYLOAD,
        "jetstream": jetstream,
        "authorization": { "users": users.iter().map(entry).collect::<Vec<_>>() },
    })
}

fn entry(user: &NatsUser) -> Value {
    json!({
        "user": user.name,
        "password": user.password,
        "permissions": { "publish": allowed(&user.publish), "subscribe": allowed(&user.subscribe) },
    })
}

/// To the server an empty list of what is allowed means everything.
fn allowed(subjects: &[String]) -> Value {
    if subjects.is_empty() { json!({ "deny": [">"] }) } else { json!({ "allow": subjects }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_servers_are_not_told_to_sync_always() {
        let interval =
            |version| settings_for(1, Path::new("/store"), &[], version)["jetstream"].get("sync_interval").cloned();
        assert_eq!(interval(NatsVersion(2, 9, 10)), None);
        assert_eq!(interval(NatsVersion(2, 10, 0)), Some(json!("always")));
    }
}
