//! The lease that a service shows something of women under, and the revocations that wait for it ([`crate::relations`]).

use super::{App, Asked, Problem};
use crate::{executor::Answer, relations::PEOPLE};
use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};
use kit::{
    Epoch,
    access::{Act, Role},
    relation::REVOKES,
};
use serde::Deserialize;
use serde_json::Value;
use std::sync::Arc;

/// The query of a lease.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LeaseQuery {
    /// The epoch in which the asker has heard this service's events.
    epoch: Option<Epoch>,
    /// The last number that it has heard; left out: none.
    heard: Option<u64>,
}

/// `GET /v1/lease`
pub(super) async fn lease<D>(
    State(app): State<Arc<App<D>>>,
    query: Result<Query<LeaseQuery>, QueryRejection>,
    headers: Asked,
) -> Result<Json<Value>, Problem> {
    let caller = app.auth.caller(&headers)?;
    caller.may(Act::Feed)?;
    let Query(LeaseQuery { epoch, heard }) = query.map_err(|_| Problem::common("query_invalid"))?;
    let service = caller.principal.actor.of_service().filter(|_| caller.principal.role == Role::Service);
    let service = service.ok_or_else(|| Problem::common("forbidden"))?;
    let terms = app.relations.revocations().lease(service, epoch.zip(heard)).await?;
    serde_json::to_value(terms).map(Json).map_err(|_| Problem::common("unavailable"))
}

impl<D> App<D> {
    /// Waits, where access was taken away, until every service has heard that; those that have not, and show nothing until they have.
    pub(super) async fn not_heard(&self, answer: &Answer) -> Result<Vec<String>, Problem> {
        let revokes = answer.events.iter().any(|happened| REVOKES.contains(&happened.event.as_str()));
        if self.executor.service != PEOPLE || !revokes {
            return Ok(Vec::new());
        }
        let number = answer.position.rsplit_once(':').and_then(|(_, number)| number.parse().ok());
        let number = number.ok_or_else(|| Problem::common("unavailable"))?;
        let revocations = self.relations.revocations();
        let epoch = revocations.terms().await?.epoch;
        let behind = revocations.heard(epoch, number).await?;
        if !behind.is_empty() {
            tracing::warn!(?behind, number, "services have not heard a revocation yet: they show nothing until then");
        }
        Ok(behind)
    }
}
