//! What clients send: bodies and headers of commands, read strictly.
//!
//! Deliberately absent: what is done with them ([`super::aggregate`]). Nothing of a value that cannot be taken goes on.

use super::{Caller, Problem};
use axum::{
    body::Bytes,
    extract::rejection::BytesRejection,
    http::{HeaderMap, StatusCode, header},
};
use kit::{
    ActorId, CentreId, Happened, Narrative, WomanId,
    facts::{self, BadFact},
    ids::derive_id,
    when::DueBy,
};
use schemars::JsonSchema;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use uuid::Uuid;

/// The body of an action. Not `Debug`: it holds facts in clear.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ActionBody {
    /// The facts of the entry.
    #[serde(default)]
    pub(super) facts: Value,
    /// When it happened; left out: today.
    #[serde(default)]
    pub(super) when: Option<Happened>,
    /// A short note that stands on the entry.
    #[serde(default)]
    pub(super) note: Option<Narrative>,
    /// By when what it opens is due; left out: as the deadline's rule says.
    #[serde(default)]
    pub(super) due: Option<DueBy>,
    /// Who holds what it opens; left out: whoever records it.
    #[serde(default)]
    pub(super) responsible: Option<ActorId>,
}

/// The body that opens a case.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OpenBody {
    /// Whose case it is.
    pub(super) woman: WomanId,
    /// Whether it began before this centre began to record.
    #[serde(default)]
    pub(super) before_us: bool,
    /// When it began; left out: today.
    #[serde(default)]
    pub(super) when: Option<Happened>,
    /// A short note.
    #[serde(default)]
    pub(super) note: Option<Narrative>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Correction {
    pub(super) version: u64,
    pub(super) facts: Value,
}

pub(super) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let value: Value = serde_json::from_slice(bytes).map_err(|_| Problem::common("body_not_json"))?;
    facts::read(value).map_err(Problem::from)
}

pub(super) fn read_facts<T: DeserializeOwned>(facts: Value) -> Result<T, Problem> {
    facts::read(facts).map_err(below_facts)
}

pub(super) fn below_facts(BadFact { pointer, mistake }: BadFact) -> Problem {
    BadFact { pointer: format!("/facts{pointer}"), mistake }.into()
}

pub(super) fn body(body: Result<Bytes, BytesRejection>) -> Result<Bytes, Problem> {
    body.map_err(|error| {
        Problem::common(if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
            "body_too_large"
        } else {
            "body_not_json"
        })
    })
}

/// The command's key: the header, bound to who sends it.
pub(super) fn key(headers: &HeaderMap, caller: &Caller) -> Result<Uuid, Problem> {
    let sent =
        headers.get("idempotency-key").and_then(|key| key.to_str().ok()).filter(|key| (1..=128).contains(&key.len()));
    let sent = sent.ok_or_else(|| Problem::common("idempotency_key_missing"))?;
    Ok(derive_id(&["key", caller.principal.actor.as_str(), sent]))
}

pub(super) fn if_match(headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let Some(sent) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let version = sent.to_str().ok().and_then(|text| text.strip_prefix('"')?.strip_suffix('"')?.parse().ok());
    version.map(Some).ok_or_else(|| Problem::common("if_match_invalid"))
}

pub(super) fn own_centre(caller: &Caller) -> Result<CentreId, Problem> {
    caller.principal.centre.ok_or_else(|| Problem::common("forbidden"))
}
