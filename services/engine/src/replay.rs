//! A service's stream from one number on, for tools that read all of it: page by page, never all at once.
//!
//! Deliberately absent: following it for ever and progress ([`crate::reader`]), publishing ([`crate::relay`]).

use crate::nats::{self, NatsConfig, NatsError};
use async_nats::jetstream::{
    self, ErrorCode,
    consumer::{DeliverPolicy, pull},
    context::GetStreamErrorKind,
};
use futures::{Stream, StreamExt};
use kit::Epoch;
use std::{pin::Pin, time::Duration};

/// How long a message that is there is waited for.
const SILENCE: Duration = Duration::from_secs(10);

/// A stream as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Its epoch; none where the stream is not one of ours.
    pub epoch: Option<Epoch>,
    /// The last sequence that was given, be its message gone.
    pub last: u64,
    /// How many messages there are.
    pub messages: u64,
}

/// A message.
#[derive(Debug, Clone)]
pub struct Message {
    /// Its sequence: the number of its event.
    pub number: u64,
    /// What it was published on.
    pub subject: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Messages in their order.
pub type Messages = Pin<Box<dyn Stream<Item = Result<Message, NatsError>> + Send>>;

/// A connection that reads a service's stream.
#[derive(Debug, Clone)]
pub struct Replay {
    context: jetstream::Context,
    service: String,
}

impl Replay {
    /// Connects.
    pub async fn connect(config: &NatsConfig, service: &str) -> Result<Self, NatsError> {
        let client = nats::connect(config, "replay").await?;
        Ok(Self { context: nats::jetstream(client), service: service.to_owned() })
    }

    /// How the stream stands; `None` where there is none.
    pub async fn standing(&self) -> Result<Option<Standing>, NatsError> {
        let stream = match self.context.get_stream(nats::stream_name(&self.service)).await {
            Ok(stream) => stream,
            Err(error) => match error.kind() {
                GetStreamErrorKind::JetStream(error) if error.error_code() == ErrorCode::STREAM_NOT_FOUND => {
                    return Ok(None);
                }
                _ => return Err(NatsError::of(error)),
            },
        };
        let info = stream.cached_info();
        let (last, messages) = (info.state.last_sequence, info.state.messages);
        Ok(Some(Standing { epoch: nats::epoch_of(&info.config), last, messages }))
    }

    /// The messages after a number that are there now.
    pub async fn after(&self, number: u64) -> Result<Messages, NatsError> {
        // A consumer that begins beyond the end would wait for what is yet to come.
        if self.standing().await?.is_none_or(|standing| standing.messages == 0 || standing.last <= number) {
            return Ok(futures::stream::empty().boxed());
        }
        let stream = self.context.get_stream_no_info(nats::stream_name(&self.service)).await.map_err(NatsError::of)?;
        let deliver_policy = DeliverPolicy::ByStartSequence { start_sequence: number + 1 };
        let config = pull::OrderedConfig { deliver_policy, ..Default::default() };
        let mut consumer = stream.create_consumer(config).await.map_err(NatsError::of)?;
        if consumer.info().await.map_err(NatsError::of)?.num_pending == 0 {
            return Ok(futures::stream::empty().boxed());
        }
        let messages = consumer.messages().await.map_err(NatsError::of)?;
        let messages = futures::stream::try_unfold(Some(messages), async |messages| {
            let Some(mut messages) = messages else { return Ok(None) };
            let next = tokio::time::timeout(SILENCE, messages.next()).await;
            let message = next
                .map_err(|_| NatsError("a message that is there does not come".into()))?
                .ok_or_else(|| NatsError("the stream ended".into()))?
                .map_err(NatsError::of)?;
            let info = message.info().map_err(NatsError::of)?;
            let (number, more) = (info.stream_sequence, info.pending > 0);
            let message = Message { number, subject: message.subject.to_string(), bytes: message.payload.to_vec() };
            Ok(Some((message, more.then_some(messages))))
        });
        Ok(messages.boxed())
    }

    /// Removes the stream: its relay makes it again.
    pub async fn remove(&self) -> Result<(), NatsError> {
        self.context.delete_stream(nats::stream_name(&self.service)).await.map(drop).map_err(NatsError::of)
    }
}
