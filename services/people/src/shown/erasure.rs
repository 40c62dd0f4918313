//! How far an erasure is, and the letter that says so, for whoever works at her centre.
//!
//! Deliberately absent: deciding, and the keys themselves ([`crate::erase`] looks into the ledger).

use super::App;
use crate::erase;
use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
    response::{IntoResponse, Response},
};
use engine::http::{Asked, Parts, Problem};
use kit::{ChildId, Class, access::Act};
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ErasureQuery {
    /// A child of hers; left out: herself.
    child: Option<ChildId>,
}

/// `GET /v1/women/{id}/erasure`
pub(super) async fn status(
    State(app): State<Arc<App>>,
    Parts(id): Parts<String>,
    headers: Asked,
    query: Result<Query<ErasureQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let caller = app.auth.caller(&headers)?;
    let reached = app.reach.woman(&caller, &id, Act::Read(Class::Open)).await?;
    let Query(ErasureQuery { child }) = query.map_err(|_| Problem::common("query_invalid"))?;
    // Nobody learns of a child that is not hers.
    if let Some(child) = child
        && !app.reach.has_child(&reached, child).await?
    {
        return Err(Problem::not_found());
    }
    let subject = child.map_or(reached.woman.0, |child| child.0);
    let status = erase::status(&app.keys, subject, app.key_backup_days).await.map_err(|error| {
        tracing::error!(%error, "the ledger of erasures does not answer");
        Problem::common("unavailable")
    })?;
    let status = status.ok_or_else(Problem::not_found)?;
    let now = app.clock.now();
    let letter = |language| status.letter(language, now);
    Ok(Json(json!({ "status": status.told(now), "letter": { "da": letter("da"), "en": letter("en") } }))
        .into_response())
}
