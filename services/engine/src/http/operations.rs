//! Health, metrics and the service's own document: what operators and tools ask.
//!
//! Nobody is asked for a token, so nothing here may cost what requests need: the document is bytes made once, readiness is remembered for a
//! second, and the places are their own ([`super::bounds`]). Deliberately absent: which listener answers ([`crate::run`]).

use super::Problem;
use crate::metrics::Metrics;
use axum::{Json, Router, body::Bytes, extract::State, http::header, response::IntoResponse, routing::get};
use serde_json::{Value, json};
use sqlx::PgPool;
use std::{sync::Arc, time::Duration};
use tokio::{sync::Mutex, time::Instant};

/// The operations' places in URLs.
pub(super) const PATHS: [&str; 4] = ["/livez", "/readyz", "/metrics", "/openapi.json"];
/// How long the database may take to show that it is there.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long it is remembered that it was, or was not.
const REMEMBERED: Duration = Duration::from_secs(1);

/// What the operational routes need.
#[derive(Debug, Clone)]
pub struct Operations {
    service: &'static str,
    pool: PgPool,
    metrics: Metrics,
    document: Bytes,
    ready: Arc<Readiness>,
}

impl Operations {
    /// Of a service, on its database: ready means that it answers. The OpenAPI document is written here, once.
    #[must_use]
    pub fn new(service: &'static str, pool: PgPool, metrics: Metrics, document: &Value) -> Self {
        let document = Bytes::from(document.to_string());
        Self { service, pool, metrics, document, ready: Arc::default() }
    }
}

/// `/livez`, `/readyz`, `/metrics`, `/openapi.json`: none tells of any person, so none asks for a token.
pub fn operations(operations: Operations) -> Router {
    let [live, readiness, counted, described] = PATHS;
    Router::new()
        .route(live, get(async || "ok"))
        .route(readiness, get(ready))
        .route(counted, get(metrics))
        .route(described, get(document))
        .with_state(operations)
}

/// Whether the database answered, when that was last looked at. Whoever asks meanwhile waits for the same answer.
#[derive(Debug, Default)]
struct Readiness(Mutex<Option<(Instant, bool)>>);

impl Readiness {
    async fn ask(&self, look: impl AsyncFnOnce() -> bool) -> bool {
        let mut last = self.0.lock().await;
        match *last {
            Some((at, ready)) if at.elapsed() < REMEMBERED => ready,
            _ => {
                let ready = look().await;
                *last = Some((Instant::now(), ready));
                ready
            }
        }
    }
}

async fn ready(State(operations): State<Operations>) -> Result<Json<Value>, Problem> {
    let look = async || {
        let asked = sqlx::query("SELECT 1").execute(&operations.pool);
        matches!(tokio::time::timeout(PATIENCE, asked).await, Ok(Ok(_)))
    };
    if operations.ready.ask(look).await {
        Ok(Json(json!({ "service": operations.service, "ready": true })))
    } else {
        Err(Problem::common("unavailable"))
    }
}

async fn metrics(State(operations): State<Operations>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], operations.metrics.text())
}

async fn document(State(operations): State<Operations>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], operations.document)
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::future::join_all;
    use std::cell::Cell;

    #[tokio::test(start_paused = true)]
    async fn readiness_is_looked_at_once_a_second_however_many_ask() {
        let (readiness, looked) = (Readiness::default(), Cell::new(0));
        let look = async || {
            looked.set(looked.get() + 1);
            tokio::task::yield_now().await;
            looked.get() % 2 == 1
        };
        for (later, looks, ready) in [(0, 1, true), (999, 1, true), (1, 2, false), (999, 2, false), (1, 3, true)] {
            tokio::time::advance(Duration::from_millis(later)).await;
            let all = join_all((0..48).map(|_| readiness.ask(look))).await;
            assert!(all.iter().all(|said| *said == ready), "look {looks}");
            assert_eq!(looked.get(), looks);
        }
    }
}
