//! The Postgres clusters and NATS under `up`: started, kept running, stopped in order.
//!
//! One that ends is started again, with a sentence: services live through that as they do anywhere. One that ends again within a
//! minute is broken, and everything stops. Deliberately absent: how a server is started ([`crate::cluster`]).

use crate::{
    cluster::{ClusterError, DataFolder, Nats, Postgres},
    configuration::Ports,
    failure::Failure,
    permissions,
    services::Listed,
    terminal,
};
use std::time::{Duration, Instant};

/// How long a server must have run to be started again.
const SOUND: Duration = Duration::from_mins(1);

/// The servers of a data folder.
#[derive(Debug)]
pub struct Servers {
    /// PostgreSQL with the data.
    pub postgres: Postgres,
    /// PostgreSQL with the keys.
    pub keys: Postgres,
    /// NATS.
    pub nats: Nats,
}

impl Servers {
    /// Starts them; where one does not start, those before it are stopped.
    pub async fn start(folder: &DataFolder, ports: Ports, services: &[Listed]) -> Result<Self, Failure> {
        let postgres = Postgres::start(folder, ports.postgres()).await?;
        let keys = match Postgres::start_keys(folder, ports.keys()).await {
            Ok(keys) => keys,
            Err(error) => {
                let _ = postgres.stop().await;
                return Err(error.into());
            }
        };
        Self::with(folder, ports, services, postgres, keys).await
    }

    /// Starts NATS beside the two clusters; where it does not start, they are stopped.
    pub async fn with(
        folder: &DataFolder,
        ports: Ports,
        services: &[Listed],
        postgres: Postgres,
        keys: Postgres,
    ) -> Result<Self, Failure> {
        let users = services.iter().map(|service| permissions::user(folder, service)).collect::<Result<Vec<_>, _>>();
        let nats = match users {
            Ok(users) => Nats::start(folder, ports.nats(), &users).await.map_err(Failure::from),
            Err(failure) => Err(failure),
        };
        match nats {
            Ok(nats) => Ok(Self { postgres, keys, nats }),
            Err(failure) => {
                let _ = keys.stop().await;
                let _ = postgres.stop().await;
                Err(failure)
            }
        }
    }

    /// Ends only when a server cannot be kept running, with the reason.
    pub async fn keep_running(&mut self) -> Failure {
        let mut restarted: [Option<Instant>; 3] = [None; 3];
        let [postgres, keys, nats] = &mut restarted;
        loop {
            let again = tokio::select! {
                ended = self.postgres.exited() => match may_restart(postgres, ended) {
                    Ok(()) => self.postgres.start_again().await,
                    Err(broken) => Err(broken),
                },
                ended = self.keys.exited() => match may_restart(keys, ended) {
                    Ok(()) => self.keys.start_again().await,
                    Err(broken) => Err(broken),
                },
                ended = self.nats.exited() => match may_restart(nats, ended) {
                    Ok(()) => self.nats.start_again().await,
                    Err(broken) => Err(broken),
                },
            };
            if let Err(error) = again {
                return error.into();
            }
        }
    }

    /// Stops NATS and then Postgres: what is acknowledged is in Postgres.
    pub async fn stop(self) -> Result<(), Failure> {
        let nats = self.nats.stop().await;
        let (postgres, keys) = tokio::join!(self.postgres.stop(), self.keys.stop());
        Ok(postgres.and(keys).and(nats)?)
    }
}

/// Tells that a server ended, unless it did so a moment ago.
fn may_restart(last: &mut Option<Instant>, ended: ClusterError) -> Result<(), ClusterError> {
    if last.is_some_and(|last| last.elapsed() < SOUND) {
        return Err(ended);
    }
    *last = Some(Instant::now());
    terminal::complain(format!("{ended} It is started again."));
    Ok(())
}
