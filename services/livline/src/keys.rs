//! `livline keys`: how the data keys are wrapped, and wrapping them anew with a new master key, beside a running `livline up`.
//!
//! The new master key goes into the file behind the old one, then the keys database takes new keys under it alone, then every key is
//! wrapped anew, and when none is left the old one goes from the file. Each step is done or not done, so it goes on wherever it was
//! stopped; services read the file again when something does not open. No event is touched. Deliberately absent: who may be given which
//! key, and erasing ([`engine::keys`]).

use crate::{
    cli::Data,
    cluster::{self, DataFolder, Which},
    failure::Failure,
    provision::{KEYS, connect},
    rebuild, secrets, terminal,
};
use engine::keys::{FileMasterKey, KeyError, Keyring, MasterKey as _, Rotation, Standing};
use sqlx::PgConnection;
use std::{fmt::Write as _, path::Path};

/// `livline keys`
#[derive(Debug, clap::Args)]
pub struct Keys {
    #[command(subcommand)]
    what: What,
    #[command(flatten)]
    data: Data,
}

#[derive(Debug, Clone, Copy, clap::Subcommand)]
enum What {
    /// Show how many keys there are and with which master key they are wrapped
    Status,
    /// Make a new master key and wrap every key with it; stopped, it goes on the next time
    Rotate,
}

/// Shows, or rotates.
pub async fn run(options: &Keys) -> Result<(), Failure> {
    let folder = DataFolder::locate(options.data.folder().as_deref())?;
    let connection = beside(&folder).await?;
    let file = secrets::master_key_file(&folder);
    match options.what {
        What::Status => status(connection, &file).await,
        What::Rotate => rotate(connection, &file).await,
    }
}

/// The keys database, as its owner.
async fn beside(folder: &Path) -> Result<PgConnection, Failure> {
    let silent = || {
        Failure::Other(format!(
            "`livline up` is not running on the data folder {}: the keys are looked at beside it.",
            folder.display()
        ))
    };
    let running = Which::Keys.running(folder).ok_or_else(silent)?;
    connect(&running.admin_url(KEYS)).await.map_err(|_| silent())
}

async fn status(connection: PgConnection, file: &Path) -> Result<(), Failure> {
    let standing = Keyring::standing(connection).await.map_err(failed)?;
    let held = FileMasterKey::read(file).map_err(failed)?.codes();
    terminal::say(told(&standing, &held));
    Ok(())
}

fn told(standing: &Standing, held: &[String]) -> String {
    let present = standing.present.clone().unwrap_or_default();
    let mut text = format!("Master key     {present}\nKeys           {}", standing.wrapped.values().sum::<u64>());
    for (code, count) in &standing.wrapped {
        let under = if code.is_empty() { "from before master keys had codes" } else { code };
        let _ = write!(text, "\n  {count:<12} {under}");
    }
    let _ = write!(text, "\nErased         {}", standing.erased);
    if held.len() > 1 {
        text += "\n\nA rotation was begun and is not at its end: `livline keys rotate` goes on with it.";
    }
    text
}

async fn rotate(connection: PgConnection, file: &Path) -> Result<(), Failure> {
    let mut rotation = Rotation::hold(connection)
        .await
        .map_err(failed)?
        .ok_or_else(|| Failure::Other("The keys are being wrapped anew by another `livline keys rotate`.".into()))?;
    let mut master = FileMasterKey::read(file).map_err(failed)?;
    let present = rotation.standing().await.map_err(failed)?.present.unwrap_or_default();
    if master.codes() == [present.clone()] {
        let text = FileMasterKey::with_another(file).map_err(failed)?;
        cluster::replace(file, text.as_bytes())?;
        master = FileMasterKey::read(file).map_err(failed)?;
    } else {
        terminal::say("Going on with the rotation that was begun before.");
    }
    let newest = master.codes().pop().unwrap_or_default();
    if newest != present {
        rotation.switch(&master).await.map_err(failed)?;
    }
    let anew = wrap_all(&mut rotation, &master).await.map_err(failed)?;
    rotation.clean().await.map_err(failed)?;
    let text = FileMasterKey::with_only(file, &newest).map_err(failed)?;
    cluster::replace(file, text.as_bytes())?;
    terminal::say(format!(
        "{anew} keys are wrapped with the new master key {newest}, and the old one is gone from {}.\n\
         Backups from before open with the old one, which they hold: make one now, with `livline backup --base`.",
        file.display()
    ));
    Ok(())
}

/// Until there is none left.
async fn wrap_all(rotation: &mut Rotation, master: &FileMasterKey) -> Result<u64, KeyError> {
    let bar = rebuild::bar("Wrapping keys anew", "keys", rotation.standing().await?.left());
    let mut anew = 0;
    loop {
        let some = rotation.some_more(master).await?;
        anew += some;
        bar.inc(some);
        if some == 0 && rotation.standing().await?.left() == 0 {
            bar.finish_and_clear();
            return Ok(anew);
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "what map_err hands over")]
fn failed(error: KeyError) -> Failure {
    Failure::Other(format!("The keys cannot be wrapped anew: {error}."))
}
