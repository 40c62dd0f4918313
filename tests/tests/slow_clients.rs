//! Memory stays bounded, and an ordinary client is answered, whatever other clients do: open thousands of connections and leave them,
//! send a byte a second, ask for much and never read, open live streams and never read.
//!
//! The service under test is a process of its own, so that its memory is its own. Its waits are shortened; its numbers are not large.

use engine::config::Settings;
use futures::future::join_all;
use livline_tests::{Client, Ground, PATIENCE, eventually, process::Process};
use serde_json::json;
use std::{
    net::SocketAddr,
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    task::JoinSet,
};
use uuid::Uuid;

const PROGRAM: &str = env!("CARGO_BIN_EXE_program");
/// What the service may take on at once.
const CONNECTIONS: u32 = 600;
const COMMANDS: u32 = 48;
const READS: u32 = 12;
const STREAMS: u32 = 100;
const OPERATIONS: u32 = 8;
const AT_ONCE: u32 = 6;
/// Seconds it waits for its clients.
const WAITS: u32 = 3;
/// What it may need beyond what it needs at rest.
const MEGABYTES: u64 = 200;
/// An ordinary client's answer, in a debug build on a busy machine.
const ANSWERED: Duration = Duration::from_secs(4);
/// How many of them there are at least: a machine that stands still for a moment makes one slow, and no service does.
const ANSWERS: usize = 5;

fn bounded(mut settings: Settings) -> Settings {
    let number = |number| NonZeroU32::new(number).unwrap();
    settings.limits.at_once = number(AT_ONCE);
    settings.bounds = engine::http::Bounds {
        connections: number(CONNECTIONS),
        commands: number(COMMANDS),
        reads: number(READS),
        streams: number(STREAMS),
        operations: number(OPERATIONS),
        head_seconds: number(WAITS),
        body_seconds: number(WAITS),
        take_seconds: number(WAITS),
    };
    settings
}

/// A socket that takes little before its owner reads.
async fn connect(address: SocketAddr) -> Option<TcpStream> {
    let socket = TcpSocket::new_v4().ok()?;
    socket.set_recv_buffer_size(4096).ok()?;
    tokio::time::timeout(Duration::from_secs(5), socket.connect(address)).await.ok()?.ok()
}

/// So many connections, so many at once, each made ready by `one`; fewer where the system has no way for them.
async fn crowd(wanted: usize, at_once: usize, one: impl AsyncFn(usize) -> Option<TcpStream>) -> Vec<TcpStream> {
    let (until, mut streams) = (Instant::now() + PATIENCE, Vec::new());
    while streams.len() < wanted && Instant::now() < until {
        let next = streams.len()..wanted.min(streams.len() + at_once);
        streams.extend(join_all(next.map(|number| one(number))).await.into_iter().flatten());
    }
    println!("{} connections of {wanted} were made", streams.len());
    streams
}

/// Whether the service has ended this connection. What it sent before is read away.
async fn ended(stream: &mut TcpStream) -> bool {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match tokio::time::timeout(Duration::from_millis(1), stream.read(&mut buffer)).await {
            Ok(Ok(0) | Err(_)) => return true,
            Ok(Ok(_)) => {}
            Err(_) => return false,
        }
    }
}

struct Watch {
    process: Arc<Process>,
    rest: u64,
    most: u64,
}

impl Watch {
    fn look(&mut self) -> u64 {
        let now = self.process.memory();
        self.most = self.most.max(now);
        now
    }

    /// Ordinary requests one after the other for a while; the slowest answer but one.
    async fn ordinary(&mut self, client: &Client, service: &str, path: &str, until: Duration) -> Duration {
        let (from, mut waits) = (Instant::now(), Vec::new());
        while from.elapsed() < until || waits.len() < ANSWERS {
            let asked = Instant::now();
            client.get_once(service, path).await.ok();
            waits.push(asked.elapsed());
            let memory = self.look();
            assert!(memory < self.rest + MEGABYTES, "{memory} MB after {} MB at rest", self.rest);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        waits.sort_unstable();
        let slowest = waits[waits.len() - 2];
        assert!(slowest < ANSWERED, "an ordinary client waited {waits:?}");
        slowest
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_clients_cost_nobody_else_anything() {
    let ground = Ground::start().await;
    let housing = bounded(ground.settings("housing", &engine::database::SERVICE).await);
    let housing = Arc::new(ground.process(PROGRAM, "housing", &housing, "warn").await);
    let timeline = bounded(ground.settings("timeline", &timeline::TABLES).await);
    let timeline = Arc::new(ground.process(PROGRAM, "timeline", &timeline, "warn").await);
    let (leader, woman) = (ground.leader(), Uuid::new_v4());
    let case = leader.open("housing", woman).await;
    let note = "å".repeat(7_000);
    for _ in 0..80 {
        leader.act("housing", &case, "write-note", json!({ "text": note })).await.ok();
    }
    let large = format!("/v1/cases/{case}/events");
    leader.get("housing", &large).await.ok();
    leader.course(woman, "housing:81").await;

    let course = format!("/v1/women/{woman}/timeline");
    for path in [&course, &large] {
        let service = if *path == course { "timeline" } else { "housing" };
        println!("{path}: {} kB", leader.get(service, path).await.ok().body.to_string().len() / 1024);
    }
    let small = format!("/v1/cases/{}", leader.open("housing", Uuid::new_v4()).await);
    crowds_that_never_ask(&ground, &housing, &small).await;
    those_who_send_slowly(&ground, &housing, &case, &small).await;
    those_who_never_read(&ground, &housing, "housing", &large, &small).await;
    those_who_never_read(
        &ground,
        &timeline,
        "timeline",
        &course,
        &format!("/v1/women/{woman}/timeline?from=2199-01-01"),
    )
    .await;
    live_streams_that_nobody_reads(&ground, &timeline, &format!("/v1/women/{woman}/live"), &course).await;
    for process in [housing, timeline] {
        assert!(Arc::into_inner(process).unwrap().terminate().await, "it stops as always");
    }
}

fn watch(process: &Arc<Process>) -> Watch {
    let rest = process.memory();
    Watch { process: process.clone(), rest, most: rest }
}

/// Afterwards its connections are gone, and what they needed with them.
async fn back_to_rest(watch: &mut Watch, what: &str, slowest: Duration) {
    let sockets = eventually("the connections are gone", async || {
        let sockets = watch.process.sockets();
        (sockets < 60).then_some(sockets)
    });
    let sockets = sockets.await;
    let (most, now) = (watch.most, watch.look());
    println!(
        "{what}: at rest {} MB, at most {most} MB, afterwards {now} MB, {sockets} sockets; slowest ordinary answer {slowest:?}",
        watch.rest
    );
    assert!(now < watch.rest + MEGABYTES / 2, "{what}: {now} MB afterwards, {} MB before", watch.rest);
}

/// Thousands of connections of which nothing ever comes.
async fn crowds_that_never_ask(ground: &Ground, process: &Arc<Process>, small: &str) {
    let (address, mut watch) = (ground.address("housing"), watch(process));
    let streams = crowd(4_000, 200, async |_| connect(address).await).await;
    watch.look();
    assert!(streams.len() > 3_000, "only {} connections could be made", streams.len());
    let sockets = process.sockets();
    assert!(sockets < CONNECTIONS as usize + 60, "{sockets} sockets");
    let slowest = watch.ordinary(&ground.leader().named("w-2"), "housing", small, Duration::from_secs(2)).await;
    back_to_rest(&mut watch, "opened and left", slowest).await;
}

/// A byte a second, of heads and of bodies.
async fn those_who_send_slowly(ground: &Ground, process: &Arc<Process>, case: &str, small: &str) {
    let (address, mut watch) = (ground.address("housing"), watch(process));
    let [connected, finished] = [(); 2].map(|()| Arc::new(AtomicUsize::new(0)));
    let mut senders = JoinSet::new();
    for number in 0..400 {
        let head = format!(
            "POST /v1/cases/{case}/write-note HTTP/1.1\r\nhost: x\r\nidempotency-key: k{number}\r\n{}\r\ncontent-length: 200000\r\n\r\n",
            ground.leader().authorization()
        );
        // Every other one begins with a whole head.
        let at_once = if number % 2 == 0 { 10 } else { head.len() };
        let (connected, finished) = (connected.clone(), finished.clone());
        senders.spawn(async move {
            let Some(mut stream) = connect(address).await else {
                finished.fetch_add(1, Ordering::Relaxed);
                return;
            };
            connected.fetch_add(1, Ordering::Relaxed);
            let mut bytes = head.into_bytes();
            bytes.resize(bytes.len() + 100, b' ');
            let (first, slowly) = bytes.split_at(at_once);
            let _ = stream.write_all(first).await;
            for byte in slowly {
                if stream.write_all(&[*byte]).await.is_err() || ended(&mut stream).await {
                    finished.fetch_add(1, Ordering::Relaxed);
                    return;
                }
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        });
    }
    let slowest =
        watch.ordinary(&ground.leader().named("w-2"), "housing", small, Duration::from_secs(WAITS.into())).await;
    eventually("slow senders are sent away", async || (finished.load(Ordering::Relaxed) == 400).then_some(())).await;
    let connected = connected.load(Ordering::Relaxed);
    assert!(connected > 300, "only {connected} could be made");
    back_to_rest(&mut watch, "a byte a second", slowest).await;
}

/// Large answers that are asked for, many times on each connection, and never read.
async fn those_who_never_read(ground: &Ground, process: &Arc<Process>, service: &str, large: &str, small: &str) {
    let (address, mut watch) = (ground.address(service), watch(process));
    let token = ground.leader().named("slow").authorization();
    let ask = &format!("GET {large} HTTP/1.1\r\nhost: x\r\n{token}\r\n\r\n").repeat(3);
    let asking = crowd(400, 400, async |_| {
        let mut stream = connect(address).await?;
        stream.write_all(ask.as_bytes()).await.ok()?;
        Some(stream)
    });
    let client = ground.leader().named("w-2");
    let (streams, slowest) = tokio::join!(asking, watch.ordinary(&client, service, small, Duration::from_secs(4)));
    assert!(streams.len() > 300, "only {} connections could be made", streams.len());
    back_to_rest(&mut watch, &format!("{service}: asked and never read"), slowest).await;
}

/// Live streams beyond what there may be. Those that are there are told of nothing for long, and hold nobody up.
async fn live_streams_that_nobody_reads(ground: &Ground, process: &Arc<Process>, live: &str, course: &str) {
    let (address, mut watch) = (ground.address("timeline"), watch(process));
    let mut streams = crowd(400, 400, async |who| {
        let token = ground.leader().named(&format!("w-{}", 3 + who % 50)).authorization();
        let mut stream = connect(address).await?;
        let ask = format!("GET {live} HTTP/1.1\r\nhost: x\r\n{token}\r\n\r\n");
        stream.write_all(ask.as_bytes()).await.unwrap();
        Some(stream)
    })
    .await;
    let slowest = watch.ordinary(&ground.leader().named("w-2"), "timeline", course, Duration::from_secs(2)).await;
    let mut answers = [0, 0];
    for stream in &mut streams {
        let mut first = [0; 12];
        if matches!(tokio::time::timeout(PATIENCE, stream.read_exact(&mut first)).await, Ok(Ok(_))) {
            answers[usize::from(&first == b"HTTP/1.1 503")] += 1;
        }
    }
    println!("{} live streams, {} told to come back", answers[0], answers[1]);
    assert_eq!((answers[0], answers[1]), (STREAMS as usize, 400 - STREAMS as usize));
    drop(streams);
    back_to_rest(&mut watch, "live streams", slowest).await;
}
