//! Entries of hers that these routes record themselves, beside what they store.
//!
//! Nobody may record one directly: its action needs the right of a rule, and the route has asked for the caller's own before. A value and
//! its event come together ([`engine::vault::Vault::prepare`]); a lock-out is told by whoever meets it, once. Deliberately absent: what an
//! entry opens and whom it tells ([`crate::woman`]).

use super::{App, problem, reach::Reached, vault::owner};
use crate::{
    SERVICE, VaultRef,
    woman::{Command, LockOut, Protected, Recognition, SafeContactId, ValueChange},
};
use engine::{
    executor::{Answer, ExecuteError, Request},
    http::{Problem, refusal},
    vault::{self, Kept, Prepared, Put, Recognised, Slot, Unrecognised, VaultError},
};
use kit::{
    ActorId, Happened, Location, OfChild, Personal,
    access::{Act, Right, Verdict},
    case::{Ask, CommonRejection},
    entry::CaseOpened,
    ids::derive_id,
};
use uuid::Uuid;

/// How often a command is handed to the executor again where many write about one woman at once.
const TIMES: usize = 5;

/// What is recorded.
pub(super) struct Recorded {
    /// The command's key.
    pub(super) key: Uuid,
    /// What is asked.
    pub(super) ask: Ask<Command>,
    /// When it happened; none: today.
    pub(super) when: Option<Happened>,
    /// What the same key must always be about. Nothing that may be forgotten.
    pub(super) about: Vec<u8>,
}

/// Refuses whoever lacks a right.
pub(super) fn needs(app: &App, reached: &Reached, right: Right) -> Result<(), Problem> {
    match reached.may(Act::Write(right)) {
        Verdict::Allow => Ok(()),
        Verdict::Mask | Verdict::Deny => Err(refusal(&app.contract, CommonRejection::lacking(right).into())),
    }
}

/// How it was made sure that it is she, as a body says it.
pub(super) fn by(recognised: Option<Recognition>, word: Option<Kept>) -> Option<Recognised> {
    recognised.map(|recognised| match recognised {
        Recognition::CodeWord => Recognised::Word(word),
        Recognition::Meeting => Recognised::Meeting,
    })
}

/// Writes values down that count once their event stands. A wrong word may be the one that was too many.
pub(super) async fn prepare(app: &App, reached: &Reached, command: Uuid, puts: &[Put]) -> Result<Prepared, Problem> {
    let prepared = app.vault.prepare(owner(reached), command, puts).await;
    if matches!(prepared, Err(VaultError::Unrecognised(Unrecognised::WrongWord | Unrecognised::TooMany))) {
        tell_lock_out(app, reached).await?;
    }
    prepared.map_err(problem)
}

/// The entries that tell of these values, and what they are about without them.
pub(super) fn changes(puts: &[Put], recognised: Option<Recognition>) -> (Vec<Command>, Vec<u8>) {
    let change = |put: &Put| {
        let (slot, contact) = match put.slot {
            Slot::Address => (Protected::Address, None),
            Slot::Contact(contact) => (Protected::Contact, Some(SafeContactId(contact))),
            Slot::CodeWord => (Protected::CodeWord, None),
        };
        let lies = Location::new(VaultRef(put.reference(SERVICE)));
        let (reference, childs_reference) = match put.child {
            None => (Some(lies), None),
            Some(child) => (None, Some(OfChild { child, value: lies })),
        };
        let child = put.child;
        Command::ChangeVaultValue(ValueChange { slot, contact, child, reference, childs_reference, recognised })
    };
    let about = |put: &Put| format!("{} {:?} {} {recognised:?};", put.slot, put.child, put.reference(SERVICE));
    (puts.iter().map(change).collect(), puts.iter().map(about).collect::<String>().into_bytes())
}

/// Tells of a lock-out that the caller meets, where there is one. Each is told once, whoever meets it.
pub(super) async fn tell_lock_out(app: &App, reached: &Reached) -> Result<(), Problem> {
    let actor = &reached.principal().actor;
    let locked = app.vault.lock_out(owner(reached), actor, app.clock.now()).await.map_err(problem)?;
    let Some(vault::LockOut { worker, since }) = locked else { return Ok(()) };
    let (woman, centre) = (reached.woman.to_string(), reached.centre.to_string());
    let who = worker.as_ref().map_or("", ActorId::as_str);
    let key = derive_id(&["lock-out", &woman, &centre, who, &since.unix_timestamp_nanos().to_string()]);
    let ask = Ask::Record(Command::LockCodeWord(LockOut { worker: worker.map(Personal::new) }));
    record(app, reached, Recorded { key, ask, when: None, about: key.as_bytes().to_vec() }).await.map(drop)
}

/// Records for the caller what nobody records directly.
pub(super) async fn record(app: &App, reached: &Reached, recorded: Recorded) -> Result<Answer, Problem> {
    let Recorded { key, ask, when, about } = recorded;
    let principal = reached.principal();
    let request = Request {
        aggregate: reached.aggregate,
        // As she was reached. Nothing is opened, for she is there.
        opening: Some(CaseOpened { woman: reached.woman, centre: reached.centre, before_us: false }),
        ask: Some(ask),
        note: None,
        when,
        due: None,
        responsible: Some(principal.actor.clone()),
        actor: principal.actor.clone(),
        role: principal.role,
        right: Right::Rule,
        conflicts: reached.conflicts(),
        centre: reached.centre,
        key,
        if_match: None,
        bytes: about,
        heard: None,
    };
    let mut executed = app.reach.executor.execute(&request).await;
    for _ in 1..TIMES {
        if executed != Err(ExecuteError::Busy) {
            break;
        }
        executed = app.reach.executor.execute(&request).await;
    }
    executed.map_err(|error| match error {
        ExecuteError::Refused { code } => refusal(&app.contract, code),
        other => other.into(),
    })
}
