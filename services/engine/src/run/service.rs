//! A service that was set up: it listens, serves, and ends with all that runs behind it.
//!
//! Deliberately absent: what a service stands on, and what kinds there are ([`super`]).

use super::{Host, StartError};
use crate::{
    http::{self, Operations},
    relations::{self, Hearing},
};
use axum::Router;
use serde_json::Value;
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;

/// How long requests that are under way may take once the process is to stop.
const GRACE: Duration = Duration::from_secs(10);

/// A service that was set up: its routes and what runs behind them.
#[derive(Debug)]
pub struct Service {
    name: &'static str,
    listen: SocketAddr,
    operations_listen: Option<SocketAddr>,
    bounds: http::Bounds,
    router: Router,
    /// The operations alone, for their own listener.
    operations: Router,
    pub(super) tasks: JoinSet<()>,
    /// Stops the server, readers, policies and announcements.
    pub(super) stop: CancellationToken,
    /// Stops the relay, after the last request is answered.
    pub(super) drained: CancellationToken,
}

impl Service {
    /// A service with nothing yet.
    #[must_use]
    pub fn new(host: &Host) -> Self {
        Self {
            name: host.service,
            listen: host.settings.listen,
            operations_listen: host.settings.operations_listen,
            bounds: host.settings.bounds,
            router: Router::new(),
            operations: Router::new(),
            tasks: JoinSet::new(),
            stop: CancellationToken::new(),
            drained: CancellationToken::new(),
        }
    }

    /// With these routes, which the document describes.
    #[must_use]
    pub fn serving(mut self, host: &Host, router: Router, document: &Value) -> Self {
        let operations = Operations::new(host.service, host.pool.clone(), host.metrics.clone(), document);
        let operations = http::operations(operations);
        self.router = http::finish(router.merge(operations.clone()));
        self.operations = http::finish(operations);
        self
    }

    /// Runs a task until the service stops.
    #[must_use]
    pub fn with<F: Future<Output = ()> + Send + 'static>(mut self, task: impl FnOnce(CancellationToken) -> F) -> Self {
        self.tasks.spawn(task(self.stop.clone()));
        self
    }

    /// Hears what access follows from, in every service alike.
    pub fn hearing_relations(mut self, host: &Host) -> Result<Self, StartError> {
        let hearing = Arc::new(Hearing { service: host.service, seal: host.seal.clone(), lease: host.lease.clone() });
        for service in kit::relation::HEARS {
            let reader = host.reader(service, hearing.clone())?;
            self = self.with(|stop| reader.run(stop));
        }
        let (keeper, pool, seal) = (host.service, host.readers.clone(), host.seal.clone());
        self = self.with(|stop| relations::watch(keeper, pool, seal, stop));
        let (lease, pool, feed) = (host.lease.clone(), host.readers.clone(), host.feed("people")?);
        let service = host.service;
        Ok(self.with(|stop| lease.renew(service, pool, feed, stop)))
    }

    /// Listens; a port that is taken is told now.
    pub async fn bind(self) -> Result<Bound, StartError> {
        let (listener, address) = listen(self.listen).await?;
        let operations = match self.operations_listen {
            Some(wanted) => Some(listen(wanted).await?),
            None => None,
        };
        Ok(Bound { service: self, listener, address, operations })
    }
}

async fn listen(wanted: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let bound = async {
        let listener = TcpListener::bind(wanted).await?;
        let address = listener.local_addr()?;
        Ok::<_, std::io::Error>((listener, address))
    };
    bound.await.map_err(|_| StartError::Port(wanted))
}

/// A part of a service ended although nobody had told it to.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("a part of the service {0} has ended by itself; the log says which")]
pub struct Died(&'static str);

/// A service that listens.
#[derive(Debug)]
pub struct Bound {
    service: Service,
    listener: TcpListener,
    /// Where.
    pub address: SocketAddr,
    operations: Option<(TcpListener, SocketAddr)>,
}

impl Bound {
    /// The service's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.service.name
    }

    /// Where the operations' own listener is, if there is one.
    #[must_use]
    pub fn operations(&self) -> Option<SocketAddr> {
        self.operations.as_ref().map(|(_, address)| *address)
    }

    /// Serves until told to stop. Then: no new requests, those under way are answered, what is stored is published. A part that ends
    /// before it was told to takes the whole down: half a service looks alive and is not.
    pub async fn serve(self, stop: CancellationToken) -> Result<(), Died> {
        let Service { name, router, operations, bounds, mut tasks, stop: stop_tasks, drained, .. } = self.service;
        if let Some((listener, _)) = self.operations {
            // With room of its own: whatever the service's clients do, whoever watches over it is answered.
            tasks.spawn(http::serve(listener, operations, bounds, drained.clone()));
        }
        let mut serving = tokio::spawn(http::serve(self.listener, router, bounds, stop_tasks.clone()));
        let ended = tokio::select! {
            () = stop.cancelled() => Ok(()),
            _ = tasks.join_next(), if !tasks.is_empty() => Err(Died(name)),
            _ = &mut serving => Err(Died(name)),
        };
        tracing::info!(service = name, died = ended.is_err(), "stopping");
        stop_tasks.cancel();
        if !serving.is_finished() && tokio::time::timeout(GRACE, &mut serving).await.is_err() {
            serving.abort();
        }
        drained.cancel();
        let _ = tokio::time::timeout(GRACE, async { while tasks.join_next().await.is_some() {} }).await;
        tasks.abort_all();
        ended
    }
}
