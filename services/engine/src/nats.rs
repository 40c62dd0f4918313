//! Connecting to NATS, and the names everything there has.
//!
//! Deliberately absent: what is published ([`crate::relay`]) and read ([`crate::reader`]).

use async_nats::{ConnectOptions, jetstream};
use kit::Epoch;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use std::time::Duration;

/// Where NATS is and who connects.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NatsConfig {
    /// `nats://127.0.0.1:7342`.
    pub url: String,
    /// The user's name.
    pub user: String,
    /// The user's password.
    pub password: SecretString,
}

/// NATS did not do what was asked; the text is for the log.
#[derive(Debug, thiserror::Error)]
#[error("NATS: {0}")]
pub struct NatsError(pub String);

impl NatsError {
    /// From any of the client's errors, which quote no payload.
    pub fn of(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

/// How long an answer of NATS is waited for.
pub const ANSWER: Duration = Duration::from_secs(3);
/// Messages on their way at once.
pub const IN_FLIGHT: u16 = 256;

/// A connection that notices within seconds when the server is gone.
pub async fn connect(config: &NatsConfig, name: &str) -> Result<async_nats::Client, NatsError> {
    ConnectOptions::with_user_and_password(config.user.clone(), config.password.expose_secret().to_owned())
        .name(name)
        .ping_interval(Duration::from_secs(5))
        .connection_timeout(ANSWER)
        .request_timeout(Some(ANSWER))
        .connect(&config.url)
        .await
        .map_err(NatsError::of)
}

/// The JetStream context of a connection.
#[must_use]
pub fn jetstream(client: async_nats::Client) -> jetstream::Context {
    jetstream::ContextBuilder::new().timeout(ANSWER).max_ack_inflight(IN_FLIGHT.into()).build(client)
}

/// A service's stream.
#[must_use]
pub fn stream_name(service: &str) -> String {
    format!("CARE_{}", service.to_uppercase())
}

/// The subject an event goes out on; `of` is the woman's id or `_`.
#[must_use]
pub fn subject(service: &str, of: &str) -> String {
    format!("care.{service}.{of}")
}

/// The subject on which a service announces its head.
#[must_use]
pub fn head_subject(service: &str) -> String {
    format!("head.{service}")
}

/// The message id of an event: the same whenever it is published again.
#[must_use]
pub fn message_id(service: &str, epoch: Epoch, number: u64) -> String {
    format!("{service}/{epoch}/{number}")
}

const DESCRIPTION: &str = "Livline, epoch ";

/// A service's stream: everything, for ever. Its description says to which epoch it belongs.
#[must_use]
pub fn stream_config(service: &str, epoch: Epoch, replicas: usize) -> jetstream::stream::Config {
    jetstream::stream::Config {
        name: stream_name(service),
        subjects: vec![subject(service, "*")],
        description: Some(format!("{DESCRIPTION}{epoch}")),
        storage: jetstream::stream::StorageType::File,
        retention: jetstream::stream::RetentionPolicy::Limits,
        num_replicas: replicas,
        ..Default::default()
    }
}

/// The epoch a stream belongs to; `None`: it is not one of ours.
#[must_use]
pub fn epoch_of(config: &jetstream::stream::Config) -> Option<Epoch> {
    config.description.as_deref()?.strip_prefix(DESCRIPTION)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..Default::default() })]

        #[test]
        fn a_stream_says_of_which_epoch_it_is(bits in any::<u128>(), text in any::<String>(), cut in 0..52_usize) {
            let epoch = Epoch(uuid::Uuid::from_u128(bits));
            let mut config = stream_config("housing", epoch, 1);
            prop_assert_eq!(epoch_of(&config), Some(epoch));
            let whole = config.description.take().unwrap_or_default();
            for other in [None, Some(text), Some(whole.chars().take(cut % whole.len()).collect())] {
                config.description = other;
                prop_assert_eq!(epoch_of(&config), None);
            }
        }
    }
}
