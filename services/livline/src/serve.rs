//! Opening services from their settings and serving them until a signal: one alone here, all of them for [`crate::up`].

use crate::{
    failure::Failure,
    services::{self, Listed},
    signals::Signals,
    terminal,
};
use engine::{
    clock::Clock,
    config::{ConfigError, Settings},
    run::{self, Bound, Died},
};
use std::path::{Path, PathBuf};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// `livline serve`
#[derive(Debug, clap::Args)]
pub struct Serve {
    /// Which service
    #[arg(value_parser = known)]
    service: String,
    /// Its file of settings; without one, LIVLINE_… variables alone
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// What is logged to standard error as JSON lines [default: `$LIVLINE_LOG`, else info]
    #[arg(long, value_name = "FILTER")]
    log: Option<String>,
}

/// A service of the list, for the command line.
pub(crate) fn known(name: &str) -> Result<String, String> {
    let names = services::names();
    if names.contains(&name) { Ok(name.to_owned()) } else { Err(format!("the services are {}", names.join(", "))) }
}

/// The filter of the log: asked for, from the environment, or as usual.
pub(crate) fn filter(asked: Option<&str>, usual: &str) -> String {
    let variable = || crate::cli::variable("LIVLINE_LOG").and_then(|value| value.into_string().ok());
    asked.map(str::to_owned).or_else(variable).unwrap_or_else(|| usual.to_owned())
}

/// Runs one service until it is asked to stop.
pub async fn serve(options: &Serve, clock: Clock) -> Result<(), Failure> {
    run::log(&filter(options.log.as_deref(), "info"));
    let signals = Signals::listen()?;
    let service = services::find(&options.service)
        .ok_or_else(|| Failure::Other(format!("There is no service {}.", options.service)))?;
    let bound = bind(&service, options.config.as_deref(), clock).await?;
    terminal::say(format!("{} listens on {}", bound.name(), bound.address));
    let mut serving = start(vec![bound], &signals.stop);
    tokio::select! {
        ended = finish(&mut serving) => ended,
        () = signals.now.cancelled() => Err(Failure::Interrupted),
    }
}

/// Opens a service from its settings and listens.
pub async fn bind(service: &Listed, config: Option<&Path>, clock: Clock) -> Result<Bound, Failure> {
    let unusable = |source: ConfigError| Failure::Configuration { service: service.name.to_owned(), source };
    let settings = Settings::read(service.name, config).map_err(unusable)?;
    let opened = service.open(settings, clock).await.map_err(Failure::of(service.name))?;
    opened.bind().await.map_err(Failure::of(service.name))
}

/// Serves from now on, until `stop`. A service that dies takes the others with it: whoever started the program sees it end.
#[must_use]
pub fn start(services: Vec<Bound>, stop: &CancellationToken) -> JoinSet<Result<(), Died>> {
    let mut serving = JoinSet::new();
    for service in services {
        let stop = stop.clone();
        serving.spawn(async move {
            let ended = service.serve(stop.clone()).await;
            stop.cancel();
            ended
        });
    }
    serving
}

/// Waits until the last of them has stopped; whether one of them had died.
pub async fn finish(serving: &mut JoinSet<Result<(), Died>>) -> Result<(), Failure> {
    let mut all = Ok(());
    while let Some(ended) = serving.join_next().await {
        if let Ok(Err(died)) = ended {
            all = Err(Failure::Other(died.to_string()));
        }
    }
    all
}
