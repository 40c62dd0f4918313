//! `livline migrate`: one database to this program's version, as its owner, with the grants of the role that will use it. What `up`
//! does for its own databases, for those that somebody else made.
//!
//! Deliberately absent: making databases and roles; whoever runs a cluster does.

use crate::{failure::Failure, provision, services, signed, terminal};
use engine::keys::{FileMasterKey, KeyError, Keyring};
use engine::{integrity::Integrity, vault};
use sqlx::PgPool;
use std::path::{Path, PathBuf};

const KEYS: &str = "keys";

/// `livline migrate`
#[derive(Debug, clap::Args)]
pub struct Migrate {
    /// A service, or `keys`
    #[arg(value_parser = database)]
    database: String,
    /// A file that holds the address of the database, with its owner's name and password
    #[arg(long, value_name = "FILE")]
    database_file: PathBuf,
    /// The role the service connects as; for `keys` all of them [default: as the services are called]
    #[arg(long = "role", value_name = "ROLE")]
    roles: Vec<String>,
    /// For `keys`: the master key that data are sealed with
    #[arg(long, value_name = "FILE", required_if_eq("database", KEYS))]
    master_key_file: Option<PathBuf>,
    /// For a service whose events were stored by a version that did not sign them: the integrity key, with which they are signed, once
    #[arg(long, value_name = "FILE")]
    integrity_key_file: Option<PathBuf>,
}

fn database(name: &str) -> Result<String, String> {
    if name == KEYS {
        Ok(name.to_owned())
    } else {
        crate::serve::known(name).map_err(|known| format!("{known}, and there is {KEYS}"))
    }
}

/// Brings the database up to date.
pub async fn migrate(options: &Migrate) -> Result<(), Failure> {
    let file = &options.database_file;
    let url = std::fs::read_to_string(file)
        .map_err(|error| Failure::Other(format!("{} cannot be read ({}).", file.display(), error.kind())))?;
    let url = url.trim();
    let roles: Vec<&str> = options.roles.iter().map(String::as_str).collect();
    if let Some(service) = services::find(&options.database) {
        let role = roles.first().copied().unwrap_or(service.name);
        provision::set_up_service(&service, role, url).await?;
        if let Some(file) = options.integrity_key_file.as_ref().filter(|_| service.kind == services::Kind::Domain) {
            let integrity = Integrity::read(file)
                .map_err(|error| Failure::Other(format!("The events cannot be signed: {error}.")))?;
            let failed = provision::failed(service.name);
            let pool = PgPool::connect(url).await.map_err(&failed)?;
            signed::sign(&pool, &integrity.of(service.name)).await.map_err(&failed)?;
            if vault::within(service.tables) {
                signed::sign_vault(&pool, &integrity.of(service.name)).await?;
            }
            pool.close().await;
        }
    } else {
        let roles = if roles.is_empty() { services::names() } else { roles };
        provision::set_up_keys(&roles, url).await?;
        if let Some(file) = &options.master_key_file {
            let failed = |error: KeyError| Failure::Other(format!("The keys cannot be set up: {error}."));
            check_value(url, file).await.map_err(failed)?;
        }
    }
    terminal::say(format!("The database of {} is up to date.", options.database));
    Ok(())
}

async fn check_value(url: &str, file: &Path) -> Result<(), KeyError> {
    let pool = PgPool::connect(url).await?;
    Keyring::set_up(&pool, &FileMasterKey::read(file)?).await
}
