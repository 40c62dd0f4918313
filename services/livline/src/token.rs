//! Tokens for trying the API here: signed with the desk's key of a data folder, as the desk would after a sign-in.
//!
//! Deliberately absent: any other way to a person's token. In production only the desk has that key.

use crate::{cli::Data, cluster::DataFolder, failure::Failure, secrets, terminal};
use engine::tokens::{DESK, Issuer};
use kit::{
    ActorId, CentreId,
    access::{Principal, Role},
    ids::derive_id,
};
use serde_json::Value;
use std::path::Path;

/// `livline token`
#[derive(Debug, clap::Args)]
pub struct Token {
    #[command(flatten)]
    data: Data,
    #[command(flatten)]
    who: Who,
}

impl Token {
    #[cfg(test)]
    pub(crate) fn principal(&self) -> Principal {
        self.who.principal()
    }
}

/// Who acts where nobody is named.
const USUAL: &str = "demo-worker";

/// Whom a token speaks for.
#[derive(Debug, Clone, clap::Args)]
pub struct Who {
    /// Who acts
    #[arg(long, default_value = USUAL, value_name = "ID")]
    actor: ActorId,
    /// `worker`, `leader`, `temp`, `volunteer` or `secretariat`; a worker sees names, places and free text of those whose contact person
    /// they are, and of all while on duty
    #[arg(long, default_value = "leader", value_parser = role)]
    role: Role,
    /// The centre they work at [default: the first centre of the demo]
    #[arg(long, value_name = "UUID")]
    centre: Option<CentreId>,
}

impl Who {
    /// As the services know them.
    #[must_use]
    pub fn principal(&self) -> Principal {
        Principal { actor: self.actor.clone(), role: self.role, centre: self.centre.or(usual().centre) }
    }
}

/// Whom a token speaks for where nobody is named: somebody who records and reads everything at the demo's first centre.
#[must_use]
pub fn usual() -> Principal {
    let actor = USUAL.parse().unwrap_or_else(|_| ActorId::service(USUAL));
    Principal { actor, role: Role::Leader, centre: Some(demo_centre(1)) }
}

fn role(text: &str) -> Result<Role, String> {
    // A token of the desk's never speaks for a service.
    let role = serde_json::from_value(Value::String(text.to_owned())).ok().filter(|role| *role != Role::Service);
    role.ok_or_else(|| "not a role".to_owned())
}

/// The made-up centres of the demo, counted from 1. A token without a centre of its own is for the first.
#[must_use]
pub fn demo_centre(number: u8) -> CentreId {
    CentreId(derive_id(&["demo", "centre", &number.to_string()]))
}

/// Issues people's tokens with a data folder's key.
pub fn issuer(folder: &Path) -> Result<Issuer, Failure> {
    let file = secrets::signing_key(folder, DESK);
    let key = std::fs::read_to_string(&file).map_err(|_| {
        Failure::Other(format!(
            "There is no readable {}: start `livline up` first, or name its data folder with --data.",
            file.display()
        ))
    })?;
    Issuer::new(DESK, &key).map_err(|error| Failure::Other(format!("{}: {error}.", file.display())))
}

/// A token for somebody.
pub fn issue(issuer: &Issuer, principal: &Principal) -> Result<String, Failure> {
    issuer.issue(principal).map_err(|error| Failure::Other(format!("The token cannot be signed: {error}.")))
}

/// Prints a token.
pub fn print(options: &Token) -> Result<(), Failure> {
    let folder = DataFolder::locate(options.data.folder().as_deref())?;
    terminal::say(issue(&issuer(&folder)?, &options.who.principal())?);
    Ok(())
}
