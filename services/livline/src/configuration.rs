//! One file of settings per service below a data folder, in the form that `livline serve SERVICE --config FILE` reads.
//!
//! Secrets stand in files of their own and are named here by path. Deliberately absent: what a setting means (`engine::config`).

use crate::{
    backup,
    cluster::{DataFolder, Postgres},
    failure::Failure,
    provision, secrets,
    services::Listed,
    supervise::Servers,
};
use engine::config;
use serde::Serialize;
use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

/// Heads every file.
const HEADING: &str = "\
# Written by `livline up` at every start: changes made here are lost.
# `livline serve SERVICE --config` runs the service alone from a copy of this file; each `…_file` holds one secret.

";

/// `engine::config`'s file, as far as `up` sets it.
#[derive(Serialize)]
struct Written<'a> {
    listen: SocketAddr,
    operations_listen: SocketAddr,
    database_file: PathBuf,
    keys_file: PathBuf,
    master_key_file: PathBuf,
    integrity_key_file: PathBuf,
    key_backup_days: u16,
    signing_key_file: PathBuf,
    nats: WrittenNats<'a>,
    issuers: &'a BTreeMap<String, String>,
    services: BTreeMap<&'a str, String>,
}

#[derive(Serialize)]
struct WrittenNats<'a> {
    url: String,
    user: &'a str,
    password_file: PathBuf,
}

/// The ports of one `up`: the documented ones, all moved by the same offset.
#[derive(Debug, Clone, Copy)]
pub struct Ports(pub u16);

impl Ports {
    /// PostgreSQL's.
    #[must_use]
    pub fn postgres(self) -> u16 {
        7354 + self.0
    }

    /// That of PostgreSQL for keys.
    #[must_use]
    pub fn keys(self) -> u16 {
        7355 + self.0
    }

    /// NATS's.
    #[must_use]
    pub fn nats(self) -> u16 {
        7342 + self.0
    }

    /// A service's.
    #[must_use]
    pub fn of(self, service: &str) -> u16 {
        config::port(service) + self.0
    }

    /// That of its operations: health, metrics, the document.
    #[must_use]
    pub fn operations(self, service: &str) -> u16 {
        self.of(service) + 100
    }
}

/// The file of a service's settings below a data folder.
#[must_use]
pub fn file(folder: &Path, service: &str) -> PathBuf {
    folder.join(name(service))
}

fn name(service: &str) -> String {
    format!("config/{service}.toml")
}

/// Writes every service's file.
pub fn write(folder: &DataFolder, servers: &Servers, ports: Ports, services: &[Listed]) -> Result<(), Failure> {
    let mut issuers = BTreeMap::new();
    // What a run finds too old it takes away, so a day more passes before the next one.
    let key_backup_days = backup::keep_keys(folder.path())?.saturating_add(1);
    for issuer in services.iter().map(|service| service.name).chain([engine::tokens::DESK]) {
        issuers.insert(issuer.to_owned(), secrets::token_keys(folder, issuer)?.public);
    }
    for service in services {
        let password = secrets::postgres_password(folder, service.name)?;
        let url = |cluster: &Postgres, database: &str| {
            format!("postgres://{}:{password}@127.0.0.1:{}/{database}", service.name, cluster.port())
        };
        let secret = |name: &str, value: String| folder.keep(&format!("secrets/{}-{name}", service.name), &value);
        let written = Written {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, ports.of(service.name))),
            operations_listen: SocketAddr::from((Ipv4Addr::LOCALHOST, ports.operations(service.name))),
            database_file: secret("database-url", url(&servers.postgres, &service.database()))?,
            keys_file: secret("keys-url", url(&servers.keys, provision::KEYS))?,
            master_key_file: secrets::master_key_file(folder.path()),
            integrity_key_file: secrets::integrity_key_file(folder.path()),
            key_backup_days,
            signing_key_file: secrets::signing_key(folder.path(), service.name),
            nats: WrittenNats {
                url: servers.nats.url(),
                user: service.name,
                password_file: folder.secrets_dir().join(secrets::nats_password_name(service.name)),
            },
            issuers: &issuers,
            services: services
                .iter()
                .map(|other| (other.name, format!("http://127.0.0.1:{}", ports.of(other.name))))
                .collect(),
        };
        let text = toml::to_string(&written).map_err(|_| {
            Failure::Other(format!(
                "The settings of {} cannot be written: a path below the data folder is not text.",
                service.name
            ))
        })?;
        folder.keep(&name(service.name), &format!("{HEADING}{text}"))?;
    }
    Ok(())
}
