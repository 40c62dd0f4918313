//! wip
pub mod clock;
pub mod executor;
pub mod feed;
pub mod http;
pub mod journal;
pub mod keys;
pub mod metrics;
pub mod nats;
pub mod policies;
pub mod reader;
pub mod relay;
pub mod root;
pub mod seal;
pub mod store;
pub mod tokens;
