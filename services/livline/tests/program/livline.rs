//! Running the program as a person does: a data folder and ports of its own, waits with a bound.

use ::livline::{
    client::{Client, Unanswered},
    cluster::Which,
    token,
};
use engine::http;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::{
    cell::RefCell,
    fs::{self, File, Permissions},
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// The demo is some three thousand actions, and whoever runs the tests may run others beside.
const PATIENCE: Duration = Duration::from_secs(240);
pub(crate) const PAUSE: Duration = Duration::from_millis(20);
/// Offsets between Livline's own ports and those that tests of `cluster` look for free ones in, each with room for all ports.
const SLOTS: u32 = 200;

/// A data folder that goes when the test ends.
pub(crate) struct Place {
    _temporary: TempDir,
    folder: PathBuf,
    offset: u16,
    spawned: AtomicU32,
    /// How far people is, as far as the test knows.
    known: Mutex<String>,
}

/// A program that ended.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) said: String,
    pub(crate) complained: String,
}

/// A program that runs.
pub(crate) struct Livline {
    child: RefCell<Child>,
    said: PathBuf,
    complained: PathBuf,
}

impl Place {
    /// With ports that no other place has.
    pub(crate) fn new() -> Self {
        crate::midnight::waited_for();
        // User postgres must be able to enter it.
        let temporary =
            tempfile::Builder::new().prefix("livline-").permissions(Permissions::from_mode(0o755)).tempdir().unwrap();
        let folder = temporary.path().canonicalize().unwrap().join("data");
        let free = |offset: &u16| {
            (7342..=7371).chain(7461..=7471).all(|port| TcpListener::bind(("127.0.0.1", port + offset)).is_ok())
        };
        let offset = (0..SLOTS).map(|_| slot()).find(free).unwrap();
        Self { _temporary: temporary, folder, offset, spawned: AtomicU32::new(0), known: Mutex::default() }
    }

    /// Sends a command as whoever leads the demo's first centre; no service decides it before it has heard what people answered.
    pub(crate) async fn post(&self, service: &str, path: &str, key: &str, body: &Value) -> Value {
        let (client, known) = (Client::new(&self.folder).unwrap(), self.known.lock().unwrap().clone());
        let url = format!("{}/v1/{path}", self.url(service));
        let since = Instant::now();
        let answer = loop {
            match client.post(&url, key, body, (&token::usual(), &known)).await {
                // Under load a service hears of a woman later than a command waits for, or has to come back.
                Err(Unanswered::Problem(status, _))
                    if matches!(status.as_u16(), 404 | 503) && since.elapsed() < PATIENCE =>
                {
                    tokio::time::sleep(PAUSE).await;
                }
                answer => break answer.unwrap(),
            }
        };
        if service == people::SERVICE {
            answer["position"].as_str().unwrap().clone_into(&mut self.known.lock().unwrap());
        }
        answer
    }

    /// The woman who is registered under a key, from then on.
    pub(crate) async fn registered(&self, key: &str) -> String {
        let answer = self.post(people::SERVICE, "women", key, &json!({})).await;
        let woman = answer["id"].as_str().unwrap();
        assert_eq!(woman, woman_of(key));
        woman.to_owned()
    }

    /// A case for a woman who is known; its id.
    pub(crate) async fn case(&self, service: &str, woman: &str, key: &str) -> String {
        let opened = self.post(service, "cases", key, &json!({ "woman": woman })).await;
        opened["id"].as_str().unwrap().to_owned()
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn port(&self, service: &str) -> u16 {
        engine::config::port(service) + self.offset
    }

    pub(crate) fn offset(&self) -> u16 {
        self.offset
    }

    pub(crate) fn url(&self, service: &str) -> String {
        format!("http://127.0.0.1:{}", self.port(service))
    }

    /// The address of a database, for who owns it.
    pub(crate) fn admin(&self, database: &str) -> String {
        Which::Data.running(&self.folder).unwrap().admin_url(database)
    }

    pub(crate) fn nats(&self) -> String {
        format!("nats://127.0.0.1:{}", 7342 + self.offset)
    }

    pub(crate) fn secret(&self, name: &str) -> String {
        fs::read_to_string(self.folder.join("secrets").join(name)).unwrap()
    }

    /// `livline up`, once everything runs.
    pub(crate) fn up(&self, more: &[&str]) -> Livline {
        let running = Livline::spawn(self, &self.up_arguments(more));
        running.wait_for(if more.contains(&"--demo") { "Look at one of them" } else { "Register a made-up woman" });
        running
    }

    /// `livline up` to its end.
    pub(crate) fn start_up(&self, more: &[&str]) -> Ended {
        self.start(&self.up_arguments(more))
    }

    /// The same with variables of the environment.
    pub(crate) fn start_up_with(&self, variables: &[(&str, &Path)]) -> Ended {
        self.start_with(&self.up_arguments(&[]), variables)
    }

    fn up_arguments<'a>(&self, more: &[&'a str]) -> Vec<&'a str> {
        let offset: &'static str = self.offset.to_string().leak();
        [&["up", "--offset", offset], more].concat()
    }

    /// A command to its end.
    pub(crate) fn start(&self, arguments: &[&str]) -> Ended {
        Livline::spawn(self, arguments).end()
    }

    /// The same with variables of the environment.
    pub(crate) fn start_with(&self, arguments: &[&str], variables: &[(&str, &Path)]) -> Ended {
        Livline::spawn_with(self, arguments, variables).end()
    }

    /// What a command that succeeds says.
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        let ended = self.start(arguments);
        assert_eq!(ended.code, Some(0), "{arguments:?}: {}", ended.complained);
        ended.said
    }

    /// A woman's course, once nothing of it is hidden: until the timeline has heard how far people is, it hides places.
    pub(crate) fn course(&self, woman: &str) -> String {
        self.eventually(&["timeline", woman], |course| !course.is_empty() && !course.contains("Skjult"))
    }

    /// The same, once it says what is expected.
    pub(crate) fn eventually(&self, arguments: &[&str], mut expected: impl FnMut(&str) -> bool) -> String {
        let since = Instant::now();
        loop {
            let ended = self.start(arguments);
            if expected(&ended.said) {
                return ended.said;
            }
            assert!(since.elapsed() < PATIENCE, "{arguments:?}: {} {}", ended.said, ended.complained);
            std::thread::sleep(PAUSE);
        }
    }
}

/// Whom people makes under a key of [`token::usual`]'s.
pub(crate) fn woman_of(key: &str) -> String {
    let (service, usual) = (people::SERVICE, token::usual());
    http::woman_of(service, http::command_key(service, usual.centre.unwrap(), &usual.actor, key)).to_string()
}

/// The next offset; no two tests of this process are given the same.
fn slot() -> u16 {
    static TAKEN: AtomicU32 = AtomicU32::new(0);
    let slot = std::process::id().wrapping_mul(8).wrapping_add(TAKEN.fetch_add(1, Ordering::Relaxed)) % SLOTS;
    u16::try_from(2000 + slot * 70).unwrap()
}

impl Livline {
    pub(crate) fn spawn(place: &Place, arguments: &[&str]) -> Self {
        Self::spawn_with(place, arguments, &[])
    }

    fn spawn_with(place: &Place, arguments: &[&str], variables: &[(&str, &Path)]) -> Self {
        let number = place.spawned.fetch_add(1, Ordering::Relaxed);
        let output = |name: &str| place.folder.with_file_name(format!("{number}.{name}"));
        let (said, complained) = (output("out"), output("err"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_livline"));
        command.args(arguments).env("LIVLINE_DATA", &place.folder).envs(variables.iter().copied()).stdin(Stdio::null());
        command.stdout(File::create(&said).unwrap()).stderr(File::create(&complained).unwrap());
        Self { child: RefCell::new(command.spawn().unwrap()), said, complained }
    }

    pub(crate) fn said(&self) -> String {
        fs::read_to_string(&self.said).unwrap() + &fs::read_to_string(&self.complained).unwrap()
    }

    /// Waits until it says so.
    pub(crate) fn wait_for(&self, text: &str) {
        let since = Instant::now();
        while !self.said().contains(text) {
            assert!(self.goes_on() || self.said().contains(text), "it ended without {text}: {}", self.said());
            assert!(since.elapsed() < PATIENCE, "waiting for {text}: {}", self.said());
            std::thread::sleep(PAUSE);
        }
    }

    fn goes_on(&self) -> bool {
        matches!(self.child.borrow_mut().try_wait(), Ok(None))
    }

    /// Asks it to stop, and tells what it ends with.
    pub(crate) fn stop(mut self) -> Option<i32> {
        self.signal(Signal::TERM);
        self.wait()
    }

    /// Ends it at once; what it started goes on.
    pub(crate) fn kill(mut self) {
        self.signal(Signal::KILL);
        self.wait();
    }

    /// Ends it at once while that is so; where it is over already, waits for its end. Whether it was caught.
    pub(crate) fn kill_while(mut self, is: impl Fn() -> bool) -> bool {
        self.signal(Signal::STOP);
        let caught = is();
        self.signal(if caught { Signal::KILL } else { Signal::CONT });
        self.wait();
        caught
    }

    fn end(mut self) -> Ended {
        let code = self.wait();
        let read = |path: &Path| fs::read_to_string(path).unwrap();
        Ended { code, said: read(&self.said), complained: read(&self.complained) }
    }

    fn wait(&mut self) -> Option<i32> {
        let since = Instant::now();
        loop {
            if let Some(status) = self.child.get_mut().try_wait().unwrap() {
                return status.code();
            }
            assert!(since.elapsed() < PATIENCE, "it does not end: {}", self.said());
            std::thread::sleep(PAUSE);
        }
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.child.borrow().id()).unwrap()).unwrap();
        let _gone_already = kill_process(pid, signal);
    }
}

impl Drop for Livline {
    /// A test that fails leaves nothing running: asked twice, the program ends its servers at once.
    fn drop(&mut self) {
        for _ in 0..500 {
            if !self.goes_on() {
                return;
            }
            self.signal(Signal::TERM);
            std::thread::sleep(PAUSE);
        }
        let _ = self.child.get_mut().kill();
    }
}

/// Ends a process at once.
pub(crate) fn kill(pid: i32) {
    kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
}

/// Looks until it is so, where looking waits itself.
pub(crate) fn eventually(what: &str, is: impl Fn() -> bool) {
    let since = Instant::now();
    while !is() {
        assert!(since.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(PAUSE);
    }
}

/// Looks until it is so.
pub(crate) async fn until(what: &str, mut is: impl AsyncFnMut() -> bool) {
    let since = Instant::now();
    while !is().await {
        assert!(since.elapsed() < PATIENCE, "{what}");
        tokio::time::sleep(PAUSE).await;
    }
}

pub(crate) fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

pub(crate) fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}
