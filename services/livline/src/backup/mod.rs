//! `livline backup`: what a running `livline up` stores, to a folder elsewhere, sealed.
//!
//! Two backups in one place, of the data and of their keys, each sealed for a recipient of its own: whoever can open the first has
//! ciphertext of what matters. The data come first and the keys after them, so that the keys of everything in the data are there.
//! Run by a timer, each run adds what was written since the one before; what it adds is the most that can be lost. Deliberately absent:
//! the timer, and carrying the folder to another place.

mod ledger;
pub mod place;
mod sealed;
mod source;

pub use ledger::Erased;
pub(crate) use ledger::read as erased;
pub use sealed::{identity, open};
pub use source::unpacked;

use crate::{
    cli::Data,
    cluster::{self, ClusterError, DataFolder, Which},
    failure::Failure,
    provision, terminal,
};
use age::x25519::Recipient;
use engine::clock::{Clock, random_id};
use place::Chain;
use serde::{Deserialize, Serialize};
use source::Source;
use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};
use time::{Duration, OffsetDateTime, macros::format_description};

/// How old a base may be: the older, the longer a restore takes.
const BASE: Duration = Duration::DAY;
/// For how many days a destroyed key may be in a backup, unless somebody says otherwise.
const KEEP_KEYS: u16 = 7;
const SETTINGS: &str = "backup.toml";

/// `livline backup`
#[derive(Debug, clap::Args)]
pub struct Backup {
    #[command(flatten)]
    data: Data,
    /// The folder that the backup goes to [default: the one it went to before]
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
    /// Whom the data are sealed for [default: as before]
    #[arg(long, value_name = "AGE1…", value_parser = sealed::recipient)]
    recipient: Option<Recipient>,
    /// Whom the keys are sealed for; somebody who cannot open the data [default: as before]
    #[arg(long, value_name = "AGE1…", value_parser = sealed::recipient)]
    keys_recipient: Option<Recipient>,
    /// Take a whole copy of each cluster now, not only once a day
    #[arg(long)]
    base: bool,
    /// For how many days a moment can be gone back to [default: as before, else 30]
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u16).range(1..))]
    keep: Option<u16>,
    /// For how many days a key that was destroyed may still be in the backup of the keys [default: as before, else 7]
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u16).range(1..))]
    keep_keys: Option<u16>,
    /// Make no backup: look whether all of what is there is as it was written
    #[arg(long, conflicts_with_all = ["base", "recipient", "keys_recipient", "keep", "keep_keys"])]
    check: bool,
    /// Make an identity in a file of its own and print its recipient; the file belongs far from here
    #[arg(long, value_name = "FILE", exclusive = true)]
    new_identity: Option<PathBuf>,
}

/// What is remembered of the time before.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    to: Option<PathBuf>,
    recipient: Option<String>,
    keys_recipient: Option<String>,
    keep: Option<u16>,
    keep_keys: Option<u16>,
}

/// For how many days a destroyed key may be in a backup of the keys, as `livline backup` was told last.
pub(crate) fn keep_keys(folder: &Path) -> Result<u16, Failure> {
    Ok(Settings::read(folder)?.keep_keys.unwrap_or(KEEP_KEYS))
}

/// Makes a backup, looks at one, or makes an identity.
pub async fn run(options: &Backup) -> Result<(), Failure> {
    if let Some(file) = &options.new_identity {
        terminal::say(sealed::new_identity(file)?);
        return Ok(());
    }
    let folder = DataFolder::locate(options.data.folder().as_deref())?;
    let before = Settings::read(&folder)?;
    let to = options.to.clone().or_else(|| before.to.clone());
    let to = to.ok_or_else(|| Failure::Other("Say where the backup goes to, with --to.".into()))?;
    let to = std::path::absolute(&to).map_err(ClusterError::at(&to))?;
    if options.check { check(&to) } else { make(options, &folder, &to, &before).await }
}

async fn make(options: &Backup, folder: &Path, to: &Path, before: &Settings) -> Result<(), Failure> {
    let data = recipient(options.recipient.as_ref(), before.recipient.as_deref(), "--recipient")?;
    let keys = recipient(options.keys_recipient.as_ref(), before.keys_recipient.as_deref(), "--keys-recipient")?;
    if data.to_string() == keys.to_string() {
        return Err(Failure::Other(
            "The data and the keys need recipients of their own: who can open the one must not open the other.".into(),
        ));
    }
    if to.starts_with(folder) {
        return Err(Failure::Other(format!(
            "The backup would lie in the data folder {} and be lost with it: name another place with --to.",
            folder.display()
        )));
    }
    let settings = Settings {
        to: Some(to.to_owned()),
        recipient: Some(data.to_string()),
        keys_recipient: Some(keys.to_string()),
        keep: options.keep.or(before.keep),
        keep_keys: options.keep_keys.or(before.keep_keys),
    };
    let keep =
        [settings.keep.unwrap_or(30), settings.keep_keys.unwrap_or(KEEP_KEYS)].map(|days| Duration::days(days.into()));
    let former =
        [&before.recipient, &before.keys_recipient].map(|text| text.as_deref().and_then(|text| text.parse().ok()));
    let [former_data, former_keys] = former;
    let mut data = Source::find(folder, Which::Data, data, former_data).await?;
    let keys = Source::find(folder, Which::Keys, keys, former_keys).await?;
    if DataFolder::format_of(folder)? < 2 || data.has(provision::KEYS).await? {
        return Err(Failure::Other(format!(
            "The keys in {} are still with the data: a backup is made once `livline up` of this version has moved them.",
            folder.display()
        )));
    }
    let _held = place::hold(to)?;
    // First what is little and counts most: the ledger is of now, whatever becomes of the rest.
    keys.save_ledger(to).await?;
    let now = Clock::system().now();
    let mut carried = Vec::new();
    for mut source in [data, keys] {
        let (chain, begun) = carry(&mut source, to, options.base, now).await?;
        source.keep_only(Some(&chain)).await?;
        carried.push((chain, begun));
    }
    // Nothing old goes before all of the new is there.
    for ((chain, begun), keep) in carried.iter().zip(keep) {
        let pruned = place::prune(to, chain.manifest.cluster, keep, now)?;
        terminal::say(told(chain, *begun, pruned));
    }
    settings.write(folder)
}

/// One cluster: what is new goes to its chain, which is a new one where there is none, it is old, or it is sealed for somebody else.
async fn carry(source: &mut Source, to: &Path, base: bool, now: OffsetDateTime) -> Result<(Chain, bool), Failure> {
    let chains = place::chains(to, source.which)?;
    let system = source.system().await?;
    if chains.iter().any(|chain| chain.manifest.system != system) {
        return Err(Failure::Other(format!(
            "{} holds the backup of other data: name another place with --to.",
            to.display()
        )));
    }
    let mut present = source.present(&chains).await?;
    // What earlier runs left behind must not fill the disks while the whole copy is taken.
    source.keep_only(present.as_ref()).await?;
    place::tidy(to, source.which)?;
    if let Some(chain) = &mut present {
        // First what is little: it is safe whatever becomes of the whole copy.
        match source.go_on(chain).await {
            Err(_) if base => present = None,
            gone_on => gone_on?,
        }
    }
    match present {
        Some(chain) if !base && source.seals(&chain) && now - chain.manifest.from < BASE => Ok((chain, false)),
        mut before => Ok((source.begin(to, &id(now), before.as_mut()).await?, true)),
    }
}

/// Names a chain by the moment, and by chance: two clusters may write to one place.
fn id(now: OffsetDateTime) -> String {
    let moment = now.format(format_description!("[year][month][day]t[hour][minute][second]z")).unwrap_or_default();
    let chance = random_id().simple().to_string();
    format!("{moment}_{}", chance.get(..8).unwrap_or_default())
}

fn told(chain: &Chain, begun: bool, pruned: usize) -> String {
    let manifest = &chain.manifest;
    let what = match manifest.cluster {
        Which::Data => "data",
        Which::Keys => "keys",
    };
    let size: u64 = chain.files().map(|(_, stored)| stored.size).sum();
    let begun = if begun { "; a whole copy was taken" } else { "" };
    let pruned = if pruned == 0 { String::new() } else { format!("; {pruned} old ones were taken away") };
    format!(
        "{what}: saved up to {}, {} kB in {} files{begun}{pruned}",
        crate::restore::shown(manifest.until),
        size.div_ceil(1000),
        manifest.wal.len() + 2
    )
}

fn recipient(asked: Option<&Recipient>, before: Option<&str>, option: &str) -> Result<Recipient, Failure> {
    let remembered = || before.and_then(|text| text.parse().ok());
    asked.cloned().or_else(remembered).ok_or_else(|| {
        Failure::Other(format!(
            "Say whom the backup is sealed for, with {option}; `livline backup --new-identity FILE` makes one."
        ))
    })
}

fn check(to: &Path) -> Result<(), Failure> {
    let mut reached = Vec::new();
    for which in Which::BOTH {
        let chains = place::chains(to, which)?;
        if chains.is_empty() {
            return Err(Failure::Other(format!("There is no backup in {}.", to.display())));
        }
        for chain in &chains {
            tokio::task::block_in_place(|| chain.check())?;
            terminal::say(format!("{}; all of it is as it was written", told(chain, false, 0)));
        }
        reached.extend(chains.iter().map(|chain| chain.manifest.until).max());
    }
    match reached[..] {
        [data, keys] if keys < data => Err(Failure::Other(format!(
            "The keys are saved up to {} only, earlier than the data: run `livline backup` to its end.",
            crate::restore::shown(keys)
        ))),
        _ => Ok(()),
    }
}

impl Settings {
    fn read(folder: &Path) -> Result<Self, Failure> {
        let file = folder.join(SETTINGS);
        match fs::read_to_string(&file) {
            Ok(text) => toml::from_str(&text)
                .map_err(|_| Failure::Other(format!("{} is not as `livline backup` writes it.", file.display()))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(ClusterError::at(&file)(error).into()),
        }
    }

    fn write(&self, folder: &Path) -> Result<(), Failure> {
        let text = toml::to_string(self)
            .map_err(|_| Failure::Other("The place of the backup cannot be remembered: it is not text.".into()))?;
        Ok(cluster::replace(&folder.join(SETTINGS), text.as_bytes())?)
    }
}
