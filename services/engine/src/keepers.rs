//! Warns whoever holds what there is one of everywhere, when another centre takes the same for another woman.
//!
//! The journal notes the holder with the events that took it, so no warning is lost; the note names the key of the command that warns, so
//! it is carried out once, however often it is begun. The centre that took it is told nothing, and the note says nothing of it.
//! Deliberately absent: what is warned of, and with which command ([`Decider::warned_of`]).

use crate::{
    executor::{ExecuteError, Executor, Request},
    journal::error_kind,
};
use kit::{
    ActorId, AggregateId, Decider,
    access::{Right, Role},
    case::Ask,
};
use std::{collections::BTreeSet, time::Duration};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How often the notes are looked at although this process has written nothing: another one may have died before it warned.
const BEAT: Duration = Duration::from_secs(10);

/// Warns, at start and whenever something was written, until the service stops.
pub(crate) async fn warn<D: Decider>(
    executor: Executor<D>,
    mut written: watch::Receiver<u64>,
    stop: CancellationToken,
) {
    loop {
        if let Err(error) = executor.warn_keepers().await {
            tracing::warn!(service = executor.service, error = error_kind(&error), "keepers are warned later");
        }
        tokio::select! {
            changed = written.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(BEAT) => {},
            () = stop.cancelled() => return,
        }
    }
}

impl<D: Decider> Executor<D> {
    /// Warns everybody who is noted. A note goes once its command was decided; what cannot be decided now keeps nobody else waiting.
    async fn warn_keepers(&self) -> Result<(), sqlx::Error> {
        let noted =
            "SELECT key, aggregate_id::uuid, everywhere FROM keepers_to_warn WHERE aggregate_type = $1 ORDER BY key";
        let noted: Vec<(Uuid, Uuid, String)> = sqlx::query_as(noted).bind(D::TYPE).fetch_all(&self.pool).await?;
        for (key, aggregate, everywhere) in noted {
            match self.warn_keeper(key, AggregateId(aggregate), &everywhere).await {
                Ok(()) => {}
                Err(error @ (ExecuteError::Unreadable | ExecuteError::Unavailable | ExecuteError::Busy)) => {
                    tracing::error!(service = self.service, %aggregate, %error, "a keeper could not be warned yet");
                    continue;
                }
                // Nor will it be another time: her keys are gone, or a rule refuses.
                Err(error) => tracing::warn!(service = self.service, %aggregate, %error, "a keeper is not warned"),
            }
            sqlx::query("DELETE FROM keepers_to_warn WHERE key = $1").bind(key).execute(&self.pool).await?;
        }
        Ok(())
    }

    /// Warns one, where it still holds what the other took.
    async fn warn_keeper(&self, key: Uuid, aggregate: AggregateId, everywhere: &str) -> Result<(), ExecuteError> {
        let loaded = self.load(aggregate).await?;
        let held = loaded.case.domain().claims();
        let held = held.iter().find(|claim| self.everywhere(claim).as_deref() == Some(everywhere));
        let (Some(command), Some(opened)) = (held.and_then(|claim| D::warned_of(claim)), loaded.case.opened()) else {
            return Ok(());
        };
        let request = Request {
            aggregate,
            key,
            bytes: format!("keeper:{key}").into_bytes(),
            opening: None,
            ask: Some(Ask::Record(command)),
            note: None,
            when: None,
            due: None,
            responsible: None,
            actor: ActorId::service(self.service),
            role: Role::Service,
            right: Right::Rule,
            conflicts: BTreeSet::new(),
            centre: opened.centre,
            if_match: None,
            heard: None,
        };
        self.execute(&request).await.map(drop)
    }
}
