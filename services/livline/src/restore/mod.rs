//! `livline restore`: a data folder as it was at a moment, from a backup, into an empty one.
//!
//! [`plan`] chooses, everything chosen is looked at, [`lay`] puts it in its place, Postgres goes forward to the moment, [`settle`] sees to
//! it that all that is made from the events is made again. Until the last of it is done the folder says that it is being restored, and
//! nothing but another restore opens it. Deliberately absent: going back within a folder that is in use.

mod erased;
mod lay;
mod moment;
mod plan;
mod settle;

pub use moment::shown;

use crate::{
    backup::{self, Erased},
    cluster::{DataFolder, Postgres, Recovery, Which},
    configuration::Ports,
    failure::Failure,
    provision::connect,
    serve, services,
    signals::Signals,
    supervise::Servers,
    terminal, up,
    verify::Finding,
};
use age::x25519::Identity;
use engine::run;
use plan::Plan;
use settle::{Heads, failed};
use std::{
    path::PathBuf,
    time::{Duration, Instant},
};
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;

/// How long Postgres may take to go forward to the moment.
const RECOVERY: Duration = Duration::from_hours(6);

/// `livline restore`
#[derive(Debug, clap::Args)]
pub struct Restore {
    /// The folder that the backup is in
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    /// The identity that opens the data
    #[arg(long, value_name = "FILE")]
    identity: PathBuf,
    /// The identity that opens the keys
    #[arg(long, value_name = "FILE")]
    keys_identity: PathBuf,
    /// The moment to go back to, `2026-11-22T04:10:00+01:00` or, as the clock in Copenhagen shows it, `2026-11-22 04:10` [default: the
    /// latest]
    #[arg(long, value_name = "TIME", value_parser = moment::parse)]
    to: Option<OffsetDateTime>,
    /// The folder to restore into; it must be empty
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Add this to every port, as for `livline up`
    #[arg(long, default_value_t = 0, value_name = "N", value_parser = clap::value_parser!(u16).range(0..=58_000))]
    offset: u16,
    /// What is logged to standard error as JSON lines [default: `$LIVLINE_LOG`, else error]
    #[arg(long, value_name = "FILTER")]
    log: Option<String>,
}

/// What came of it.
struct Restored {
    last: Option<OffsetDateTime>,
    heads: Heads,
    /// How many were erased, and of how many of them a key had come back.
    erased: (u64, u64),
    /// What the backup has of events that were broken before it.
    broken: Vec<Finding>,
}

/// Restores, or leaves a folder that says that it is not restored.
pub async fn restore(options: &Restore) -> Result<(), Failure> {
    run::log(&serve::filter(options.log.as_deref(), "error"));
    let signals = Signals::listen()?;
    let since = Instant::now();
    let plan = Plan::make(&options.from, options.to)?;
    plan.runs_here()?;
    let (data, keys) = (backup::identity(&options.identity)?, backup::identity(&options.keys_identity)?);
    lay::opens(&plan.data, &data)?;
    lay::opens(&plan.keys, &keys)?;
    let erased = backup::erased(&options.from, &keys)?;
    terminal::say("Looking whether the backup is as it was written …");
    for chain in [&plan.data, &plan.keys] {
        tokio::task::block_in_place(|| chain.check())?;
    }
    up::free(&services::all(), Ports(options.offset))?;
    let folder = DataFolder::open_for_restore(&options.data).await?;
    let restored = tokio::select! {
        // Dropped in the middle, it kills the servers it started.
        restored = all(options, &plan, &folder, [&data, &keys], &erased) => restored,
        () = signals.stop.cancelled() => Err(Failure::Interrupted),
    };
    let restored = restored.inspect_err(|_| {
        terminal::complain(format!(
            "{} is not restored; the next `livline restore` begins afresh.",
            options.data.display()
        ));
    })?;
    folder.restored()?;
    terminal::say(report(options, &plan, &folder, &restored, since.elapsed()));
    if restored.broken.is_empty() {
        return Ok(());
    }
    terminal::say("\nNot as they were stored, and so in the backup already:");
    restored.broken.iter().for_each(terminal::say);
    Err(Failure::Other(
        "It is restored and can be used, with events that were broken before the backup was made; an earlier backup may have them whole."
            .into(),
    ))
}

async fn all(
    options: &Restore,
    plan: &Plan,
    folder: &DataFolder,
    [data, keys]: [&Identity; 2],
    erased: &[Erased],
) -> Result<Restored, Failure> {
    if let Some(asked) = folder.moved() {
        let path = folder.path().display();
        terminal::say(format!("PostgreSQL's own user cannot reach {}; the data are in {path}.", asked.display()));
    }
    terminal::say("Opening the backup …");
    tokio::task::block_in_place(|| {
        lay::lay_out(&plan.data, data, folder)?;
        lay::lay_out(&plan.keys, keys, folder)?;
        Ok::<_, Failure>(folder.check()?)
    })?;
    terminal::say("Going forward to the moment …");
    let ports = Ports(options.offset);
    let until = plan.until.map(moment::for_postgres);
    let recovery = Recovery { until, limit: RECOVERY };
    let postgres = Postgres::recover(folder, Which::Data, ports.postgres(), &recovery).await?;
    let latest = Recovery { until: None, limit: RECOVERY };
    let keys = match Postgres::recover(folder, Which::Keys, ports.keys(), &latest).await {
        Ok(keys) => keys,
        Err(error) => {
            let _ = postgres.stop().await;
            return Err(error.into());
        }
    };
    let services = services::all();
    let servers = Servers::with(folder, ports, &services, postgres, keys).await?;
    let restored = make_again(folder, &servers, ports, erased).await;
    let stopped = servers.stop().await;
    restored.and_then(|restored| stopped.map(|()| restored))
}

/// With the services running as they do under `livline up`.
async fn make_again(
    folder: &DataFolder,
    servers: &Servers,
    ports: Ports,
    erased: &[Erased],
) -> Result<Restored, Failure> {
    let last = last_transaction(&servers.postgres).await?;
    let erased = erased::apply(servers, erased).await?;
    let heads = settle::take_epochs(&servers.postgres).await?;
    let bound = up::set_up(folder, servers, ports, &services::all()).await?;
    let stop = CancellationToken::new();
    let mut serving = serve::start(bound, &stop);
    let settled = tokio::select! {
        settled = settle::settle(folder, servers) => settled,
        () = stop.cancelled() => Ok(Vec::new()),
    };
    stop.cancel();
    let broken = serve::finish(&mut serving).await.and(settled)?;
    Ok(Restored { last, heads, erased, broken })
}

/// When the last transaction was committed that counts.
async fn last_transaction(postgres: &Postgres) -> Result<Option<OffsetDateTime>, Failure> {
    let mut admin = connect(&postgres.admin_url("postgres")).await.map_err(failed)?;
    let last = sqlx::query_scalar("SELECT pg_last_xact_replay_timestamp()").fetch_one(&mut admin).await;
    last.map_err(failed)
}

fn report(options: &Restore, plan: &Plan, folder: &DataFolder, restored: &Restored, took: Duration) -> String {
    let (reached, lost) = (plan.reached(), plan.lost());
    let beyond = options.to.filter(|asked| *asked > reached).map_or_else(String::new, |asked| {
        let short = moment::length(asked - reached);
        format!("\n  asked for     {}, {short} more than the backup has", shown(asked))
    });
    let last = restored.last.map(shown).unwrap_or_default();
    let known = |name: &str| plan.newest.manifest.services.iter().find(|known| known.service == name);
    let erased = match restored.erased {
        (0, _) => String::new(),
        (all, 0) => format!("\n  erased        {all}, and nothing of them came back"),
        (all, back) => format!("\n  erased        {all}; of {back} keys had come back, and were destroyed again"),
    };
    let services = restored.heads.iter().map(|(name, head)| {
        let more = known(name).map_or(0, |known| known.head.saturating_sub(*head));
        let more = if more == 0 { String::new() } else { format!(", {more} later lost") };
        format!("\n  {name:<14}{head} events{more}")
    });
    format!(
        "Restored.\n\n  as it was at  {}\n  last change   {last}{beyond}\n  lost          {lost}{}{erased}\n  it took       {}\n  data          {path}\n\n\
         Go on with: {} up --data {path}",
        shown(reached),
        services.collect::<String>(),
        moment::length(time::Duration::try_from(took).unwrap_or_default()),
        terminal::program(),
        path = folder.path().display(),
    )
}
