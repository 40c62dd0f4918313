//! Her alias: what whoever helps her calls her.
//!
//! Deliberately absent: her name, and anything else that only search or her entries show.

use super::App;
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use engine::{
    executor::ExecuteError,
    http::{Asked, Parts, Problem},
};
use kit::{Class, access::Act};
use serde_json::json;
use std::sync::Arc;

/// `GET /v1/women/{id}/alias`
pub(super) async fn alias(
    State(app): State<Arc<App>>,
    Parts(id): Parts<String>,
    headers: Asked,
) -> Result<Response, Problem> {
    let caller = app.auth.caller(&headers)?;
    let reached = app.reach.woman(&caller, &id, Act::Help(Class::Personal)).await?;
    let loaded = app.reach.executor.load(reached.aggregate).await.map_err(ExecuteError::from)?;
    Ok(Json(json!({ "woman": reached.woman, "alias": loaded.case.domain().alias() })).into_response())
}
