//! The HTTP side every service has: commands, reading, the feed, operations; the same for each kind of aggregate.
//!
//! Every route but health asks for a token and then the kit's access decision. Deliberately absent: decisions, and words that a
//! service's contract does not hold.

mod aggregate;
mod body;
mod caller;
pub mod openapi;
mod operations;
pub mod problem;

pub use aggregate::{open_body, opening};
pub use caller::{Auth, Caller, Limits};
pub use operations::{Operations, operations};
pub use problem::Problem;

use crate::{executor::Executor, metrics::Metrics};
use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{HeaderValue, header},
    response::Response,
    routing::{get, post},
};
use kit::{Decider, contract::Contract};
use std::sync::Arc;

/// The largest body that is read: 256 KiB.
pub const BODY_LIMIT: usize = 256 * 1024;

/// What the routes of an aggregate share.
#[derive(Debug)]
pub struct App<D> {
    /// Executes its commands.
    pub executor: Executor<D>,
    /// The service's words.
    pub contract: Arc<Contract>,
    /// Who asks.
    pub auth: Auth,
    /// What is counted.
    pub metrics: Metrics,
}

/// The routes of one kind of aggregate, and the service's feed.
pub fn routes<D: Decider>(app: Arc<App<D>>) -> Router {
    let collection = format!("/v1/{}", D::PLURAL);
    Router::new()
        .route(&collection, post(aggregate::open::<D>))
        .route(&format!("{collection}/{{id}}"), get(aggregate::show::<D>))
        .route(&format!("{collection}/{{id}}/events"), get(aggregate::events::<D>))
        .route(&format!("{collection}/{{id}}/{{action}}"), post(aggregate::act::<D>))
        .route("/v1/events", get(aggregate::feed::<D>))
        .with_state(app)
}

/// What holds for every route of every service: the body limit, one form of errors, nothing kept by anybody on the way.
pub fn finish(router: Router) -> Router {
    router
        .fallback(async || Problem::not_found())
        .method_not_allowed_fallback(async || {
            Problem::of(405, "method_not_allowed", "This address does not take that method.")
        })
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(axum::middleware::map_response(async |mut response: Response| {
            let headers = response.headers_mut();
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
            headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
            response
        }))
}
