//! Why the program ends without having done what was asked: one sentence for the person at the terminal.

use crate::cluster::ClusterError;
use engine::{config::ConfigError, run::StartError};
use std::process::ExitCode;

/// One sentence. It never holds a secret or anything about a person.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The data folder, Postgres or NATS.
    #[error(transparent)]
    Cluster(ClusterError),
    /// A port is taken before anything was started, or while it was.
    #[error(
        "Port {port} on 127.0.0.1, meant for {name}, is used by another program; stop that one, or choose other ports with --offset."
    )]
    PortTaken {
        /// Who was to listen there.
        name: String,
        /// The port.
        port: u16,
    },
    /// A service does not start.
    #[error("The service {service} does not start: {source}.")]
    Service {
        /// The service.
        service: String,
        /// Why.
        source: StartError,
    },
    /// A database cannot be set up.
    #[error("The database {database} cannot be set up: {source}.")]
    Database {
        /// The database.
        database: String,
        /// Why.
        source: StartError,
    },
    /// A configuration cannot be used.
    #[error("The configuration of {service} cannot be used: {source}.")]
    Configuration {
        /// The service.
        service: String,
        /// Why.
        source: ConfigError,
    },
    /// Anything else, as a whole sentence.
    #[error("{0}")]
    Other(String),
    /// The person asked twice: nothing was waited for.
    #[error("Stopped at once; what was under way is made up for at the next start.")]
    Interrupted,
}

impl From<ClusterError> for Failure {
    fn from(error: ClusterError) -> Self {
        match error {
            ClusterError::PortTaken { server, port } => Self::PortTaken { name: server.to_owned(), port },
            other => Self::Cluster(other),
        }
    }
}

impl Failure {
    /// What the process ends with: 130 as after Ctrl-C, else 1.
    #[must_use]
    pub fn code(&self) -> ExitCode {
        ExitCode::from(if matches!(self, Self::Interrupted) { 130 } else { 1 })
    }

    /// For `map_err` on what a service is opened with.
    pub(crate) fn of(service: &str) -> impl FnOnce(StartError) -> Self {
        move |source| Self::Service { service: service.to_owned(), source }
    }
}
