//! Ctrl-C and SIGTERM: the first asks for a graceful stop, a second one for the end at once.

use crate::failure::Failure;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// What the process was asked to do.
#[derive(Debug, Clone, Default)]
pub struct Signals {
    /// Cancelled by the first signal.
    pub stop: CancellationToken,
    /// Cancelled by the second.
    pub now: CancellationToken,
}

impl Signals {
    /// Listens from now on. The process no longer ends by itself on these signals.
    pub fn listen() -> Result<Self, Failure> {
        let open = |kind| {
            signal(kind).map_err(|error| Failure::Other(format!("The system takes no signals ({}).", error.kind())))
        };
        let (interrupt, terminate) = (open(SignalKind::interrupt())?, open(SignalKind::terminate())?);
        let signals = Self::default();
        tokio::spawn(signals.clone().count(interrupt, terminate));
        Ok(signals)
    }

    async fn count(self, mut interrupt: Signal, mut terminate: Signal) {
        for asked in [&self.stop, &self.now] {
            tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
            asked.cancel();
        }
    }
}
