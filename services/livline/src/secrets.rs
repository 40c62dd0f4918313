//! What only this data folder knows: passwords, token keys, the master key, the integrity key. Each is made once and kept in a file of mode
//! 0600.
//!
//! The master key and the integrity key have a folder of their own, so that a copy of the rest neither opens nor signs anything. Deliberately absent: rotating them
//! ([`crate::keys`] does with the master key).

use crate::{cluster::DataFolder, failure::Failure};
use engine::{
    integrity::Integrity,
    keys::{FileMasterKey, KeyError},
    tokens::{self, TokenError},
};
use std::path::{Path, PathBuf};

/// The master key below a data folder.
pub(crate) const MASTER_KEY: &str = "keys/master";
/// The integrity key below a data folder. It is no part of what `livline keys rotate` changes: what it signed stays signed.
pub(crate) const INTEGRITY_KEY: &str = "keys/integrity";

/// Signs and checks one issuer's tokens.
#[derive(Debug)]
pub struct TokenKeys {
    /// The file with the private key.
    pub private: PathBuf,
    /// The public key, base64url.
    pub public: String,
}

/// The private token key of an issuer below a data folder.
#[must_use]
pub fn signing_key(folder: &Path, issuer: &str) -> PathBuf {
    folder.join(private_name(issuer))
}

fn private_name(issuer: &str) -> String {
    format!("secrets/{issuer}-signing-key")
}

/// An issuer's token keys.
pub fn token_keys(folder: &DataFolder, issuer: &str) -> Result<TokenKeys, Failure> {
    let public_name = format!("{}.pub", private_name(issuer));
    let private = signing_key(folder.path(), issuer);
    if let (true, Some(public)) = (private.exists(), folder.kept(&public_name)?) {
        return Ok(TokenKeys { private, public });
    }
    let failed = |error: TokenError| Failure::Other(format!("A token key cannot be made: {error}."));
    let (secret, public) = tokens::generate().map_err(failed)?;
    // The private key last: where it stands, its public one does too.
    folder.keep(&public_name, &public)?;
    folder.keep(&private_name(issuer), &secret)?;
    Ok(TokenKeys { private, public })
}

/// The password of a service in Postgres.
pub fn postgres_password(folder: &DataFolder, service: &str) -> Result<String, Failure> {
    Ok(folder.secret(&format!("{service}-postgres"))?)
}

/// The name, below secrets/, of a service's password in NATS.
#[must_use]
pub fn nats_password_name(service: &str) -> String {
    format!("{service}-nats")
}

/// The file of the master key.
#[must_use]
pub fn master_key_file(folder: &Path) -> PathBuf {
    folder.join(MASTER_KEY)
}

/// The file of the integrity key.
#[must_use]
pub fn integrity_key_file(folder: &Path) -> PathBuf {
    folder.join(INTEGRITY_KEY)
}

/// The integrity key, made on first use. `used`: data are signed with one already, so a missing file is not made again.
pub fn integrity_key(folder: &DataFolder, used: bool) -> Result<Integrity, Failure> {
    let file = integrity_key_file(folder.path());
    let failed = |error: KeyError| Failure::Other(format!("The data cannot be checked: {error} ({}).", file.display()));
    if !file.exists() {
        if used {
            return Err(Failure::Other(format!(
                "The integrity key {} is missing, and without it nobody can tell whether the data are as they were stored: put it back.",
                file.display()
            )));
        }
        folder.keep(INTEGRITY_KEY, &Integrity::generate().map_err(failed)?)?;
    }
    Integrity::read(&file).map_err(failed)
}

/// The master key, made on first use. `used`: data are sealed with one already, so a missing file is not made again.
pub fn master_key(folder: &DataFolder, used: bool) -> Result<FileMasterKey, Failure> {
    let file = master_key_file(folder.path());
    let failed = |error: KeyError| Failure::Other(format!("The data cannot be opened: {error} ({}).", file.display()));
    if !file.exists() {
        if used {
            return Err(Failure::Other(format!(
                "The master key {} is missing, and without it the data cannot be opened: put it back.",
                file.display()
            )));
        }
        folder.keep(MASTER_KEY, &FileMasterKey::generate().map_err(failed)?)?;
    }
    FileMasterKey::read(&file).map_err(failed)
}
