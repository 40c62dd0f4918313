//! Making again from whole journals what differs: streams are removed and published anew, the timeline is rebuilt.
//!
//! Deliberately absent: touching a service's events, and healing anything from a journal that is broken.

use super::{Part, Report};
use crate::{failure::Failure, installation::Domain, rebuild};
use engine::{
    metrics::Metrics,
    nats::NatsError,
    relay::Relay,
    replay::{Replay, Standing},
    store,
};
use secrecy::SecretString;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// How long publishing may stand still.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(200);

/// Heals what a report found, and says what it does.
pub async fn heal(
    domains: &[Domain],
    timeline: &SecretString,
    report: &Report,
    say: &(dyn Fn(String) + Sync),
) -> Result<(), Failure> {
    let broken: Vec<&str> =
        domains.iter().map(|domain| domain.name).filter(|service| !report.is_whole(service, Part::Journal)).collect();
    for domain in domains.iter().filter(|domain| !report.is_whole(domain.name, Part::Stream)) {
        if broken.contains(&domain.name) {
            say(format!("The stream of {} is left as it is: it may hold what the journal has lost.", domain.name));
            continue;
        }
        say(format!("Publishing {} again …", domain.name));
        publish(domain).await?;
    }
    if report.findings.iter().any(|finding| finding.part == Part::Timeline) {
        if broken.is_empty() {
            let rebuilt = rebuild::run(domains, timeline, None, true, say).await?;
            rebuild::tell(&rebuilt, say);
        } else {
            say(format!(
                "The timeline is left as it is: it may show what the journal of {} has lost.",
                broken.join(", ")
            ));
        }
    }
    Ok(())
}

/// Whether the service's database has all that a stream may hold: of an epoch it had, and no further than it is itself.
async fn is_only_a_copy(domain: &Domain, found: Standing) -> Result<bool, sqlx::Error> {
    let Some(epoch) = found.epoch else { return Ok(false) };
    let head = store::head(&domain.journal).await?;
    Ok(if epoch == head.epoch { found.last <= head.number } else { store::had_epoch(&domain.journal, epoch).await? })
}

/// Removes the stream and publishes it once more. The service's own relay may be quicker: both publish the same.
async fn publish(domain: &Domain) -> Result<(), Failure> {
    let failed = |error: NatsError| Failure::Other(format!("The stream of {} cannot be healed: {error}.", domain.name));
    let replay = Replay::connect(&domain.nats, domain.name).await.map_err(failed)?;
    if let Some(found) = replay.standing().await.map_err(failed)? {
        if !is_only_a_copy(domain, found).await.map_err(|error| super::silent(domain.name, &error))? {
            return Err(Failure::Other(format!(
                "The stream of {} was left as it is: it is of a history that this database does not have, and may hold what was lost. Remove \
                 it by hand if it is not needed.",
                domain.name
            )));
        }
        replay.remove().await.map_err(failed)?;
    }
    let (_nobody, written) = watch::channel(0);
    let mut relay = Relay {
        service: domain.name,
        pool: domain.journal.clone(),
        signer: domain.signer.clone(),
        nats: domain.nats.clone(),
        replicas: domain.replicas,
        written,
        metrics: Metrics::default(),
    };
    let (mut since, mut reached) = (Instant::now(), None::<Standing>);
    loop {
        let ended = relay.publish_once().await;
        let standing = replay.standing().await.map_err(failed)?;
        let head = store::head(&domain.journal).await.map_err(|error| super::silent(domain.name, &error))?;
        if standing.is_some_and(|found| found.epoch == Some(head.epoch) && found.last >= head.number) {
            return Ok(());
        }
        if standing != reached {
            (since, reached) = (Instant::now(), standing);
        }
        if since.elapsed() > PATIENCE {
            return Err(failed(ended.err().unwrap_or_else(|| NatsError("it is not published".into()))));
        }
        tokio::time::sleep(PAUSE).await;
    }
}
