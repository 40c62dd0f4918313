//! The HTTP side every service has: commands, reading, the feed, operations; the same for each kind of aggregate.
//!
//! Every route but health asks for a token and then the kit's access decision. Deliberately absent: decisions, and words that a
//! service's contract does not hold.

mod aggregate;
mod body;
mod bounds;
mod caller;
mod lease;
mod open;
pub mod openapi;
mod operations;
mod patience;
pub mod problem;
mod reach;
mod serve;

pub use aggregate::{hidden_from, open_body, refusal, worded};
pub use body::{body, command_key, key, own_centre, read, said, woman_of};
pub use bounds::Bounds;
pub use caller::{Asked, Auth, Caller, Limits};
pub use operations::{Operations, operations};
pub use problem::Problem;
pub use reach::{Reached, opening, opening_to, owned, reach};
pub(crate) use serve::serve;

use crate::{executor::Executor, metrics::Metrics, relations::Relations};
use axum::{
    Router,
    extract::{FromRequestParts, Path},
    http::{HeaderValue, header, request},
    response::Response,
    routing::{get, post},
};
use futures::future::BoxFuture;
use kit::{Decider, WomanId, contract::Contract};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::{
    fmt,
    sync::{Arc, OnceLock},
};

/// A path's parts. What cannot be read is nobody's: it is answered like what does not exist.
#[derive(Debug)]
pub struct Parts<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Parts<T> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut request::Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<T>::from_request_parts(parts, state).await;
        path.map(|Path(parts)| Self(parts)).map_err(|_| Problem::not_found())
    }
}

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
    /// What ties its women to centres and staff.
    pub relations: Relations,
    /// The warnings that the service itself adds to those of the rules.
    pub advice: Arc<OnceLock<Advice>>,
}

type Advised = BoxFuture<'static, Result<Vec<Value>, Problem>>;

/// Warnings that no rule can give, added once a command is recorded: for whom, about whom, which events. Each warning has its code
/// and its words.
pub struct Advice(pub Box<dyn Fn(Caller, WomanId, Vec<String>) -> Advised + Send + Sync>);

impl fmt::Debug for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Advice(…)")
    }
}

/// The header that names positions a command must not be decided before.
pub const AT_LEAST: &str = "livline-at-least";

impl<D> App<D> {
    /// Waits for what the sender knows to be recorded elsewhere.
    async fn wait(&self, headers: &Asked) -> Result<(), Problem> {
        match body::once(headers, AT_LEAST)? {
            None => Ok(()),
            Some(positions) => {
                let positions = positions.to_str().map_err(|_| Problem::common("query_invalid"))?;
                self.relations.at_least(positions).await
            }
        }
    }
}

/// The service's feed, which is one for all its kinds of aggregates.
pub fn feed<D: Decider>(app: Arc<App<D>>) -> Router {
    Router::new()
        .route("/v1/events", get(aggregate::feed::<D>))
        .route("/v1/lease", get(lease::lease::<D>))
        .with_state(app)
}

/// The routes of one kind of aggregate.
pub fn routes<D: Decider>(app: Arc<App<D>>) -> Router {
    let collection = format!("/v1/{}", D::PLURAL);
    Router::new()
        .route(&collection, post(open::open::<D>))
        .route(&format!("{collection}/{{id}}"), get(aggregate::show::<D>))
        .route(&format!("{collection}/{{id}}/events"), get(aggregate::events::<D>))
        .route(&format!("{collection}/{{id}}/{{action}}"), post(aggregate::act::<D>))
        .with_state(app)
}

/// What holds for every route of every service: one form of errors, nothing kept by anybody on the way.
pub fn finish(router: Router) -> Router {
    router
        .fallback(async || Problem::not_found())
        .method_not_allowed_fallback(async || Problem::common("method_not_allowed"))
        .layer(axum::middleware::map_response(async |response: Response| usual_headers(response)))
}

fn usual_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
