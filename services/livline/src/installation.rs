//! What runs on a data folder, for tools that work beside it as the databases' owner: each service's journal, stream and feed, and the
//! timeline's database.
//!
//! Nothing is started here and nothing held: what is asked is what `livline up` has started. Deliberately absent: what is done with it.

use crate::{
    client,
    cluster::{DataFolder, Running, Which},
    configuration,
    failure::Failure,
    services,
};
use engine::{
    config::Settings,
    feed::Feed,
    integrity::{Integrity, Signer},
    journal::error_kind,
    keys::{FileMasterKey, KeyError, Keyring},
    nats::NatsConfig,
    seal::Seal,
    tokens::Issuer,
};
use secrecy::{ExposeSecret, SecretString};
use sqlx::{
    ConnectOptions, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::{path::Path, sync::Arc, time::Duration};

/// A domain service as a tool sees it.
#[derive(Debug, Clone)]
pub struct Domain {
    /// Its name.
    pub name: &'static str,
    /// Its database, as its owner.
    pub journal: PgPool,
    /// NATS, as the service itself.
    pub nats: NatsConfig,
    /// Checks what it signed.
    pub signer: Signer,
    /// Opens what it keeps.
    pub seal: Seal,
    /// How many copies its stream keeps.
    pub replicas: usize,
    /// Its feed, as the timeline asks it.
    pub feed: Feed,
}

/// Everything that verifying and rebuilding need.
#[derive(Debug, Clone)]
pub struct Installation {
    /// The services that decide.
    pub domains: Vec<Domain>,
    /// The timeline's database, as its owner.
    pub timeline: SecretString,
}

impl Installation {
    /// What runs on a data folder.
    pub async fn beside(folder: Option<&Path>) -> Result<Self, Failure> {
        Self::of(&DataFolder::locate(folder)?).await
    }

    /// The same, where the folder is known.
    pub async fn of(folder: &Path) -> Result<Self, Failure> {
        // The sentence of where there is no such folder.
        client::address(folder, timeline::SERVICE)?;
        let postgres = Which::Data.running(folder).ok_or_else(|| silent(timeline::SERVICE, "not running"))?;
        let timeline = settings(folder, timeline::SERVICE)?;
        let issuer = Issuer::new(timeline::SERVICE, timeline.signing_key.expose_secret())
            .map_err(|error| Failure::Other(format!("The timeline's token key cannot be used: {error}.")))?;
        let integrity = Integrity::read(&timeline.integrity_key_file)
            .map_err(|error| Failure::Other(format!("The data cannot be checked: {error}.")))?;
        let mut domains = Vec::new();
        for service in services::domains() {
            let settings = settings(folder, service.name)?;
            let keys = pool(&settings.keys, "the keys").await?;
            let unusable = |error: KeyError| Failure::Other(format!("The data cannot be opened: {error}."));
            let master = Arc::new(FileMasterKey::read(&settings.master_key_file).map_err(unusable)?);
            let seal = Seal::new(Keyring::open(keys, master).await.map_err(unusable)?, integrity.clone());
            let address = timeline.services.get(service.name).cloned().unwrap_or_default();
            domains.push(Domain {
                name: service.name,
                journal: pool(&owner(&postgres, service.name), service.name).await?,
                nats: settings.nats,
                signer: integrity.of(service.name),
                seal,
                replicas: settings.replicas,
                feed: Feed::new(&address, issuer.clone()),
            });
        }
        Ok(Self { domains, timeline: owner(&postgres, timeline::SERVICE) })
    }
}

fn settings(folder: &Path, service: &str) -> Result<Settings, Failure> {
    Settings::read(service, Some(&configuration::file(folder, service)))
        .map_err(|source| Failure::Configuration { service: service.to_owned(), source })
}

/// The address of a service's database for its owner.
fn owner(postgres: &Running, service: &str) -> SecretString {
    postgres.admin_url(&services::database(service)).into()
}

pub(crate) fn silent(name: &str, how: &str) -> Failure {
    Failure::Other(format!(
        "The database of {name} does not answer ({how}): is `livline up` running on this data folder?"
    ))
}

/// A few connections without bounds on how long a statement may take: what is looked at may be large.
pub(crate) async fn pool(url: &SecretString, name: &str) -> Result<PgPool, Failure> {
    let silent = |error: sqlx::Error| silent(name, &error_kind(&error));
    let options: PgConnectOptions = url.expose_secret().parse().map_err(silent)?;
    let pool = PgPoolOptions::new().max_connections(4).acquire_timeout(Duration::from_secs(5));
    pool.connect_with(options.disable_statement_logging()).await.map_err(silent)
}
