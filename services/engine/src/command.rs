//! A command as the executor takes it, and what it answers.
//!
//! Deliberately absent: HTTP's words for both ([`crate::http`]).

use crate::{keys::KeyError, root::LoadError, seal::SealError};
use kit::{
    ActorId, AggregateId, CentreId, Happened, Narrative,
    access::{Right, Role},
    case::Ask,
    entry::CaseOpened,
    facts::BadFact,
    when::DueBy,
};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeSet;
use uuid::Uuid;

/// A command with all that stands beside it. Not `Debug`: it holds facts in clear.
#[derive(Clone)]
pub struct Request<C> {
    /// The aggregate.
    pub aggregate: AggregateId,
    /// What opens the aggregate where it is not there yet; none: it must be there.
    pub opening: Option<CaseOpened>,
    /// What is asked; none: only the opening.
    pub ask: Option<Ask<C>>,
    /// A note on what is recorded.
    pub note: Option<Narrative>,
    /// When it happened; none: today.
    pub when: Option<Happened>,
    /// By when what it opens is due, where the worker chose.
    pub due: Option<DueBy>,
    /// Who holds what it opens.
    pub responsible: Option<ActorId>,
    /// Who acts.
    pub actor: ActorId,
    /// What the actor is.
    pub role: Role,
    /// The actor's right here.
    pub right: Right,
    /// Who must see nothing of her, as far as the service has heard.
    pub conflicts: BTreeSet<ActorId>,
    /// For which centre.
    pub centre: CentreId,
    /// The command's key.
    pub key: Uuid,
    /// The version it must be decided on.
    pub if_match: Option<u64>,
    /// The command's bytes, of which only a keyed fingerprint is kept.
    pub bytes: Vec<u8>,
    /// What the ordering policy has heard up to the event it reacts to, by the policy's name: not stored yet.
    pub heard: Option<(&'static str, Value)>,
}

/// What a command is answered with.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Answer {
    /// The aggregate.
    pub id: AggregateId,
    /// Its version after the command.
    pub version: u64,
    /// What a reader waits for: `service:number`. The aggregate's last number where nothing was to be done.
    pub position: String,
    /// What happened.
    pub events: Vec<Happening>,
    /// Codes of what the worker is told.
    pub warnings: Vec<String>,
}

/// One event of an answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Happening {
    /// The event type's name.
    pub event: String,
    /// Its version.
    pub version: u64,
    /// Its open facts: ids that were made, codes.
    pub facts: Value,
}

/// Why a command has no answer.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ExecuteError {
    /// There is no such aggregate for whoever asks.
    #[error("not found")]
    NotFound,
    /// `If-Match` names another version.
    #[error("the case has changed")]
    Changed,
    /// The key was used for another command.
    #[error("the key was used for another command")]
    KeyReused,
    /// A rule refuses.
    #[error("{code}")]
    Refused {
        /// The rule's stable code.
        code: &'static str,
    },
    /// A fact cannot be taken.
    #[error(transparent)]
    Fact(#[from] BadFact),
    /// Her keys were erased.
    #[error("erased")]
    Erased,
    /// Too many commands for one aggregate at once.
    #[error("busy")]
    Busy,
    /// What is stored of the aggregate does not read.
    #[error("unreadable")]
    Unreadable,
    /// Whether it is stored is not known; the same key will tell.
    #[error("not answered")]
    Unavailable,
}

impl From<LoadError> for ExecuteError {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Unavailable => Self::Unavailable,
            LoadError::Unreadable => Self::Unreadable,
        }
    }
}

impl From<SealError> for ExecuteError {
    fn from(error: SealError) -> Self {
        match error {
            SealError::Key(KeyError::Erased) => Self::Erased,
            other => {
                tracing::error!(error = %other, "sealing failed");
                Self::Unavailable
            }
        }
    }
}
