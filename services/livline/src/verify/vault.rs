//! The values of a service's vault: as the service kept them, and the last that its events tell of.
//!
//! Deliberately absent: mending; there is nothing to mend a value from but a backup.

use super::{Finding, Findings, Part, silent};
use crate::{failure::Failure, installation::Domain, services};
use engine::vault::{self, Vault, VaultError};

pub(super) async fn verify(domain: &Domain) -> Result<Vec<Finding>, Failure> {
    let mut findings = Findings::of(domain.name, Part::Vault);
    if services::find(domain.name).is_some_and(|service| vault::within(service.tables)) {
        let vault = Vault::new(domain.name, domain.journal.clone(), domain.seal.clone());
        let found = vault::look(&vault).await.map_err(|error| match error {
            VaultError::Database(error) => silent(domain.name, &error),
            other => Failure::Other(format!("The vault of {} cannot be looked at: {other}.", domain.name)),
        })?;
        for what in found {
            findings.add(what);
        }
    }
    Ok(findings.told())
}
