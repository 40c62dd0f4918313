//! `livline up`: Postgres, NATS and every service in one process, from an empty folder or on what is there.
//!
//! Everything is started in order and stopped in the reverse one. Beside what [`crate::cluster`] keeps, the data folder holds
//!
//! ```text
//! config/<service>.toml   each service's settings, written at every start
//! secrets/                passwords, addresses with passwords, token keys: one a file
//! keys/master             the master key: whoever has it and a copy of the data can read them
//! keys/integrity          the key of signatures: whoever has it and may write to the databases can say what access follows from
//! backup.toml             where `livline backup` goes to, for whom it is sealed
//! demo-day                the day that the demo's dates count back from
//! ```
//!
//! Deliberately absent: any port beyond loopback, and running as a daemon.

use crate::{
    cli::Data,
    cluster::{DataFolder, ports},
    configuration::{self, Ports},
    demo,
    failure::Failure,
    keys_apart, provision, serve,
    services::{self, Listed},
    signals::Signals,
    signed,
    supervise::Servers,
    terminal, token,
};
use engine::{
    clock::Clock,
    http::AT_LEAST,
    run::{self, Bound},
};
use std::path::Path;
use tokio_util::sync::CancellationToken;

/// `livline up`
#[derive(Debug, clap::Args)]
pub struct Up {
    #[command(flatten)]
    data: Data,
    /// Send the demo once everything runs: made-up women and their courses
    #[arg(long)]
    demo: bool,
    /// Add this to every port (PostgreSQL 7354 and 7355, NATS 7342, services 7360 to 7371), so that a second one can run beside the first
    #[arg(long, default_value_t = 0, value_name = "N", value_parser = clap::value_parser!(u16).range(0..=58_000))]
    offset: u16,
    /// What is logged to standard error as JSON lines [default: `$LIVLINE_LOG`, else warn]
    #[arg(long, value_name = "FILTER")]
    log: Option<String>,
}

/// Runs until it is asked to stop.
pub async fn up(options: &Up) -> Result<(), Failure> {
    run::log(&serve::filter(options.log.as_deref(), "warn"));
    let signals = Signals::listen()?;
    tokio::select! {
        // Dropped in the middle, it kills the servers it started.
        ended = run_all(options, &signals) => ended,
        () = signals.now.cancelled() => Err(Failure::Interrupted),
    }
}

async fn run_all(options: &Up, signals: &Signals) -> Result<(), Failure> {
    let folder = DataFolder::open(options.data.folder().as_deref())?;
    if let Some(asked) = folder.moved() {
        let path = folder.path().display();
        terminal::say(format!("PostgreSQL's own user cannot reach {}; the data are in {path}.", asked.display()));
    }
    let (services, ports) = (services::all(), Ports(options.offset));
    free(&services, ports)?;
    terminal::say(format!("Starting on {} …", folder.path().display()));
    let started = tokio::select! {
        started = Servers::start(&folder, ports, &services) => Some(started?),
        () = signals.stop.cancelled() => None,
    };
    let Some(mut servers) = started else { return Ok(()) };
    let bound = tokio::select! {
        bound = set_up(&folder, &servers, ports, &services) => bound,
        () = signals.stop.cancelled() => Ok(Vec::new()),
    };
    let ran = match bound {
        Ok(bound) => attend(options, &folder, &mut servers, bound, signals).await,
        Err(failure) => Err(failure),
    };
    let stopped = servers.stop().await;
    ran.and(stopped)
}

/// A port that is taken is told before anything is started.
pub(crate) fn free(services: &[Listed], ports: Ports) -> Result<(), Failure> {
    let own =
        |service: &Listed| [ports.of(service.name), ports.operations(service.name)].map(|port| (service.name, port));
    let taken = services.iter().flat_map(own).find(|(_, port)| !ports::is_free(*port));
    taken.map_or(Ok(()), |(name, port)| Err(Failure::PortTaken { name: name.to_owned(), port }))
}

/// From bare servers to services that listen.
pub(crate) async fn set_up(
    folder: &DataFolder,
    servers: &Servers,
    ports: Ports,
    services: &[Listed],
) -> Result<Vec<Bound>, Failure> {
    keys_apart::move_where_needed(folder, servers).await?;
    provision::provision(&servers.postgres, &servers.keys, folder).await?;
    signed::sign_where_needed(folder, &servers.postgres).await?;
    configuration::write(folder, servers, ports, services)?;
    let mut bound = Vec::with_capacity(services.len());
    for service in services {
        let file = configuration::file(folder.path(), service.name);
        bound.push(serve::bind(service, Some(&file), Clock::system()).await?);
    }
    Ok(bound)
}

/// Serves until a signal, or until Postgres or NATS cannot be kept running.
async fn attend(
    options: &Up,
    folder: &DataFolder,
    servers: &mut Servers,
    bound: Vec<Bound>,
    signals: &Signals,
) -> Result<(), Failure> {
    if bound.is_empty() {
        return Ok(());
    }
    let table = table(&bound, servers, folder.path());
    // Not the signals' own: the services also stop when a server is lost.
    let stop = CancellationToken::new();
    let mut serving = serve::start(bound, &stop);
    terminal::say(table);
    let ended = tokio::select! {
        failure = servers.keep_running() => Err(failure),
        failure = welcome(options, folder.path()) => Err(failure),
        () = signals.stop.cancelled() => Ok(()),
        () = stop.cancelled() => Ok(()),
    };
    terminal::say("Stopping …");
    stop.cancel();
    let served = serve::finish(&mut serving).await;
    ended.and(served)
}

/// Something to begin with. Ends only where the demo cannot be sent.
async fn welcome(options: &Up, folder: &Path) -> Failure {
    let text = if options.demo {
        demo::run(folder, options.data.folder().is_some()).await
    } else {
        Ok(first_step(options, folder))
    };
    match text {
        Ok(text) => {
            terminal::say(format!("{}{text}", first_token(folder)));
            std::future::pending().await
        }
        Err(failure) => failure,
    }
}

fn table(bound: &[Bound], servers: &Servers, folder: &Path) -> String {
    let services = bound.iter().map(|service| (service.name(), format!("http://{}", service.address)));
    let rest = [
        ("PostgreSQL", format!("127.0.0.1:{}", servers.postgres.port())),
        ("its keys", format!("127.0.0.1:{}", servers.keys.port())),
        ("NATS", servers.nats.url()),
        ("data", folder.display().to_string()),
        ("stop", "Ctrl-C; the next `livline up` goes on where this one stopped".to_owned()),
    ];
    let line = |(name, place): (&str, String)| format!("  {name:<12}{place}");
    let lines: Vec<String> = services.chain(rest).map(line).collect();
    format!("Livline is running.\n\n{}\n", lines.join("\n"))
}

/// A token to try things with. It is over before long: what is to be pasted makes its own.
fn first_token(folder: &Path) -> String {
    let token = token::issuer(folder).and_then(|issuer| token::issue(&issuer, &token::usual()));
    token.map(|token| format!("A first token, good for a minute:\n\n  {token}\n\n")).unwrap_or_default()
}

/// Something to paste into another terminal.
fn first_step(options: &Up, folder: &Path) -> String {
    let program = terminal::program();
    let data = options.data.folder().map(|_| format!(" --data {}", folder.display())).unwrap_or_default();
    let url = |service, path| format!("http://127.0.0.1:{}/v1/{path}", Ports(options.offset).of(service));
    let (women, cases) = (url(people::SERVICE, "women"), url(housing::SERVICE, "cases"));
    let token = format!("-H \"Authorization: Bearer $({program} token{data})\"");
    let member = |name: &str| format!("| sed 's/.*\"{name}\":\"\\([^\"]*\\)\".*/\\1/'");
    let (id, position) = (member("id"), member("position"));
    format!(
        "Register a made-up woman, begin her stay, and open a housing case for her; a moment later her course shows it:\n\n  \
         woman=$(curl -s {women} {token} \\\n    -H 'Idempotency-Key: first' -d '{{}}' {id})\n  \
         known=$(curl -s {women}/$woman/start-stay {token} \\\n    -H 'Idempotency-Key: stay' -d '{{}}' {position})\n  \
         curl -s {cases} {token} \\\n    \
         -H 'Idempotency-Key: case' -H \"{AT_LEAST}: $known\" -d \"{{\\\"woman\\\":\\\"$woman\\\"}}\"\n  \
         {program} timeline $woman{data}\n"
    )
}
