//! After the clusters are back: a new numbering, and everything that is made from the events made again.
//!
//! Streams begin empty, and readers begin anew because of the epoch; both by what the services do anyway. Here is only waited and
//! looked. Deliberately absent: making anything by another way than the services' own.

use crate::{
    cluster::{DataFolder, Postgres},
    failure::Failure,
    installation::Installation,
    rebuild,
    services::{self, Kind, Listed},
    supervise::Servers,
    terminal,
    verify::{self, Finding, Part},
};
use engine::{
    replay::Replay,
    store::{self, Head},
};
use kit::Epoch;
use sqlx::PgPool;
use std::{
    collections::BTreeMap,
    io::IsTerminal,
    time::{Duration, Instant},
};
use uuid::Uuid;

/// How long nothing may move before the restore is given up.
const STUCK: Duration = Duration::from_mins(3);
const PAUSE: Duration = Duration::from_millis(50);

/// Every domain's last number, by service.
pub(super) type Heads = BTreeMap<&'static str, u64>;

/// A new epoch for every numbering: what was set back is another history, whoever heard the one before.
pub(super) async fn take_epochs(postgres: &Postgres) -> Result<Heads, Failure> {
    let mut heads = Heads::new();
    for service in services::domains() {
        let database = service.database();
        let pool = connect(postgres, &database).await?;
        let taken = async {
            let head = store::head(&pool).await?;
            store::take_epoch(&pool, head.epoch).await?;
            Ok(head.number)
        };
        heads.insert(service.name, taken.await.map_err(failed)?);
        pool.close().await;
    }
    Ok(heads)
}

/// Waits until all is made again, and looks whether it agrees. Tells the events that were broken before: no restore mends them.
pub(super) async fn settle(folder: &DataFolder, servers: &Servers) -> Result<Vec<Finding>, Failure> {
    wait(folder, servers).await?;
    verify(folder).await
}

/// Waits until the streams hold everything and every reader has read it.
async fn wait(folder: &DataFolder, servers: &Servers) -> Result<(), Failure> {
    let look = Look::open(folder, servers).await?;
    if !std::io::stderr().is_terminal() {
        terminal::say("Making again what is made from the events …");
    }
    let bar = rebuild::bar("Reading again", "events", 0);
    let (mut moved, mut since) = (0, Instant::now());
    let behind = loop {
        let seen = look.once().await?;
        bar.set_length(seen.wanted);
        bar.set_position(seen.done);
        if seen.behind.is_empty() {
            break None;
        }
        if seen.done > moved {
            (moved, since) = (seen.done, Instant::now());
        } else if since.elapsed() > STUCK {
            break seen.behind.into_iter().next();
        }
        tokio::time::sleep(PAUSE).await;
    };
    bar.finish_and_clear();
    look.close().await;
    behind.map_or(Ok(()), |behind| {
        Err(Failure::Other(format!("The restore does not come to its end: {behind} is not as far as the events are.")))
    })
}

/// Compares all of it, as `livline verify` does.
async fn verify(folder: &DataFolder) -> Result<Vec<Finding>, Failure> {
    let installation = Installation::of(folder.path()).await?;
    let report = verify::run(&installation.domains, &installation.timeline).await?;
    if report.findings.iter().all(|finding| finding.part == Part::Journal) {
        return Ok(report.findings);
    }
    Err(Failure::Other(format!("What was restored does not agree with itself:\n{report}")))
}

/// Everything that is looked at, again and again.
struct Look {
    pools: Vec<(Listed, PgPool)>,
    streams: BTreeMap<&'static str, Replay>,
}

/// What was seen at once.
#[derive(Default)]
struct Seen {
    wanted: u64,
    done: u64,
    behind: Vec<String>,
}

impl Look {
    async fn open(folder: &DataFolder, servers: &Servers) -> Result<Self, Failure> {
        let mut pools = Vec::new();
        for service in services::all() {
            let pool = connect(&servers.postgres, &service.database()).await?;
            pools.push((service, pool));
        }
        let mut streams = BTreeMap::new();
        for domain in Installation::of(folder.path()).await?.domains {
            let replay = Replay::connect(&domain.nats, domain.name).await;
            streams.insert(domain.name, replay.map_err(|error| Failure::Other(format!("{error}.")))?);
        }
        Ok(Self { pools, streams })
    }

    /// Heads last: what is published or read meanwhile is never ahead of them.
    async fn once(&self) -> Result<Seen, Failure> {
        let mut progress = Vec::new();
        for (_, pool) in &self.pools {
            let rows: Vec<(String, String, Uuid, i64)> =
                sqlx::query_as("SELECT reader, service, epoch, number FROM progress")
                    .fetch_all(pool)
                    .await
                    .map_err(failed)?;
            progress.extend(rows);
        }
        let mut seen = Seen::default();
        for (service, pool) in self.pools.iter().filter(|(service, _)| service.kind == Kind::Domain) {
            let head = store::head(pool).await.map_err(failed)?;
            let stream = self.stream(service.name).await;
            seen.count(format!("the stream of {}", service.name), stream, head);
            let mut read = progress.iter().filter(|(_, of, ..)| of == service.name).peekable();
            if read.peek().is_none() {
                seen.count(format!("the timeline of {}", service.name), None, head);
            }
            for (reader, _, epoch, number) in read {
                let name = format!("the reader {reader} of {}", service.name);
                seen.count(name, Some((Epoch(*epoch), number.unsigned_abs())), head);
            }
        }
        Ok(seen)
    }

    async fn stream(&self, service: &str) -> Option<(Epoch, u64)> {
        let standing = self.streams.get(service)?.standing().await.ok()??;
        Some((standing.epoch?, standing.last))
    }

    async fn close(self) {
        for (_, pool) in self.pools {
            pool.close().await;
        }
    }
}

impl Seen {
    fn count(&mut self, name: String, at: Option<(Epoch, u64)>, head: Head) {
        let done = at.filter(|(epoch, _)| *epoch == head.epoch).map(|(_, number)| number.min(head.number));
        self.wanted += head.number;
        self.done += done.unwrap_or(0);
        if done != Some(head.number) {
            self.behind.push(name);
        }
    }
}

async fn connect(postgres: &Postgres, database: &str) -> Result<PgPool, Failure> {
    PgPool::connect(&postgres.admin_url(database)).await.map_err(failed)
}

#[expect(clippy::needless_pass_by_value, reason = "what map_err hands over")]
pub(super) fn failed(error: sqlx::Error) -> Failure {
    let kind = engine::journal::error_kind(&error);
    Failure::Other(format!("What was restored does not answer as it should ({kind})."))
}
