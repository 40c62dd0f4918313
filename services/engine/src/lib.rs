//! The world around the kit: Postgres, NATS, keys, tokens, HTTP.
//!
//! The way of a command: [`http`] → [`executor`] → [`journal`] → [`relay`] → the stream → [`reader`]s (projections, [`policies`]).
//! Deliberately absent: any domain's types; `tests/tests/architecture.rs` holds that.

mod claims;
pub mod clock;
mod command;
pub mod config;
mod corrections;
pub mod database;
pub mod erasure;
pub mod executor;
pub mod feed;
pub mod heard;
mod hearing;
pub mod http;
pub mod integrity;
pub mod journal;
mod keepers;
pub mod keys;
pub mod metrics;
pub mod nats;
pub mod policies;
pub mod quarantine;
pub mod reader;
pub mod relations;
pub mod relay;
pub mod replay;
pub mod root;
pub mod run;
pub mod seal;
pub mod store;
mod tally;
pub mod tokens;
pub mod vault;
