//! The facts that a correction changes, as they stand: opened in every class for the decision alone.
//!
//! A correction of one fact keeps the others, also those that its sender may not see, and is sealed anew as a whole.
//! Deliberately absent: what a correction makes of the facts (the kit), and who may correct.

use crate::{
    command::{ExecuteError, Request},
    executor::{Executor, unreadable},
    root::Loaded,
    seal::{Opening, Place, SealError},
    store,
};
use kit::{
    AggregateId, Decider, case::Correction, decider::Events, entry::ENTRY_CORRECTED, published::Body, sealed::MASKED,
};
use serde_json::Value;
use sqlx::Row;

impl<D: Decider> Executor<D> {
    /// A correction with the facts as they stand beside it, and with what whoever corrects is known to have seen: their own corrections,
    /// and everything up to the version that `If-Match` names.
    pub(crate) async fn beside(
        &self,
        correction: &Correction,
        request: &Request<D::Command>,
        loaded: &Loaded<D>,
    ) -> Result<Correction, ExecuteError> {
        // The kit refuses an entry that is not there, or was taken back, without its facts.
        let Some(said_by) = loaded.case.said_by(correction.version) else { return Ok(correction.clone()) };
        let own = loaded.seen.iter().any(|seen| seen.version == said_by && seen.actor == request.actor);
        let seen = if request.if_match.is_some() {
            Some(loaded.case.version())
        } else {
            correction.seen.max(own.then_some(said_by))
        };
        let stands = self.facts_of(request.aggregate, said_by, loaded).await?;
        Ok(Correction { seen, stands: Some(stands), ..correction.clone() })
    }

    /// The facts of an event of a domain, or of a correction of one, brought to today's form and opened; marked where they were erased.
    async fn facts_of(&self, aggregate: AggregateId, version: u64, loaded: &Loaded<D>) -> Result<Value, ExecuteError> {
        let sql = format!(
            "SELECT {} FROM events e WHERE e.aggregate_type = $1 AND e.aggregate_id = $2 AND e.sequence = $3",
            store::SIGNED
        );
        let row = sqlx::query(&sql)
            .bind(D::TYPE)
            .bind(aggregate.to_string())
            .bind(i64::try_from(version).unwrap_or(i64::MAX))
            .fetch_one(&self.pool)
            .await
            .map_err(|error| unreadable(&error))?;
        let signer = self.seal.signer(self.service);
        if !store::is_genuine(&signer, &row).map_err(|error| unreadable(&error))? {
            signer.refuse("event", &version);
            return Err(ExecuteError::Unreadable);
        }
        let text: &str = row.try_get("body").map_err(|error| unreadable(&error))?;
        let mut body: Body = serde_json::from_str(text).map_err(|_| ExecuteError::Unreadable)?;
        let mut facts = std::mem::take(&mut body.data.facts);
        // The loader has read the same event: this is the same row, or it was put there since.
        let place = Place::of(self.service, &body)
            .filter(|place| (place.aggregate_type, place.aggregate, place.version) == (D::TYPE, aggregate, version))
            .filter(|place| loaded.owner == Some((place.woman, place.centre)))
            .ok_or(ExecuteError::Unreadable)?;
        self.seal.open(place, &mut facts, |_| Opening::Value).await.map_err(|error| match error {
            SealError::Foreign | SealError::Malformed => ExecuteError::Unreadable,
            error @ SealError::Key(_) => error.into(),
        })?;
        if is_masked(&facts) {
            return Err(ExecuteError::Unavailable);
        }
        let (event, version) = body.event().map(|event| (event.name, event.version)).ok_or(ExecuteError::Unreadable)?;
        let today = if event == ENTRY_CORRECTED {
            let schema = facts.get("schema").and_then(Value::as_u64).unwrap_or(1);
            let schema = u16::try_from(schema).map_err(|_| ExecuteError::Unreadable)?;
            let event = facts.get("event").and_then(Value::as_str).unwrap_or_default().to_owned();
            D::Event::upcast(&event, schema, facts.get_mut("facts").map(Value::take).unwrap_or_default())
        } else {
            D::Event::upcast(event, version, facts)
        };
        today.map_err(|_| ExecuteError::Unreadable)
    }
}

/// Whether the service has no key for a fact anywhere in there.
fn is_masked(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.contains_key(MASKED) || members.values().any(is_masked),
        Value::Array(items) => items.iter().any(is_masked),
        _ => false,
    }
}
