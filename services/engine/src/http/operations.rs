//! Health, metrics and the service's own document: what operators and tools ask.

use super::Problem;
use crate::metrics::Metrics;
use axum::{Json, Router, extract::State, http::header, response::IntoResponse, routing::get};
use serde_json::{Value, json};
use sqlx::PgPool;
use std::{sync::Arc, time::Duration};

/// What the operational routes need.
#[derive(Debug, Clone)]
pub struct Operations {
    /// The service.
    pub service: &'static str,
    /// Its database: ready means that it answers.
    pub pool: PgPool,
    /// What is counted.
    pub metrics: Metrics,
    /// The service's OpenAPI document.
    pub document: Arc<Value>,
}

/// `/livez`, `/readyz`, `/metrics`, `/openapi.json`: none tells of any person, so none asks for a token.
pub fn operations(operations: Operations) -> Router {
    Router::new()
        .route("/livez", get(async || "ok"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .route("/openapi.json", get(document))
        .with_state(operations)
}

async fn ready(State(operations): State<Operations>) -> Result<Json<Value>, Problem> {
    let asked = sqlx::query("SELECT 1").execute(&operations.pool);
    let answered = tokio::time::timeout(Duration::from_secs(2), asked).await;
    if matches!(answered, Ok(Ok(_))) {
        Ok(Json(json!({ "service": operations.service, "ready": true })))
    } else {
        Err(Problem::common("unavailable"))
    }
}

async fn metrics(State(operations): State<Operations>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], operations.metrics.text())
}

async fn document(State(operations): State<Operations>) -> Json<Value> {
    Json((*operations.document).clone())
}
