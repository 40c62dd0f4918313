//! The lease that a service shows something of women under ([`crate::relations`]).

use super::{App, Asked, Problem};
use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};
use kit::{
    Epoch,
    access::{Act, Role},
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
