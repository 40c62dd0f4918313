//! The vault: sealed values that may change and be forgotten, where events carry references alone. An address, a way to reach her, a
//! code word.
//!
//! One value to a woman (or a child), centre and slot. Whenever it changes it gets another reference, so what an event refers to never
//! turns into something else. An envelope is bound to its person, centre, reference, slot and version: moved to another, it does not
//! open. Each change is an event of the woman's, and a value counts only where its event stands ([`keep`]). Every row is signed ([`signed`])
//! and compared with what her events tell of last ([`told`]): what somebody changed, put there, took away or put back from before shows
//! nothing. A code word gives way only to whoever says how she was recognised. Deliberately absent: recording the event, who may ask (the
//! people service, which alone has these tables), whether a contact is confirmed, and HTTP.

mod keep;
mod look;
mod signed;
mod told;
mod turns;
mod word;

pub use keep::{EVENT, Prepared, Put, Stands};
pub use look::look;
pub use signed::{sign_once, were_signed};
pub use told::Contents;
pub use word::{Checked, LockOut, Recognised, Unrecognised, WRONG_WORDS, WRONG_WORDS_OF_ALL};

use crate::{
    database::{self, SERVICE},
    integrity::Signer,
    keys::KeyError,
    seal::{Opening, Place, Seal, SealError},
};
use kit::{
    AggregateId, CentreId, ChildId, Class, Text, WomanId,
    normal::{Lines, clean},
    sealed::{OPEN, Stored},
};
use serde_json::{Value, json};
use signed::{Kind, ValueRow};
use sqlx::{PgConnection, PgPool, Row, migrate::Migrator, postgres::PgRow};
use std::{fmt, str::FromStr, sync::LazyLock};
use time::OffsetDateTime;
use told::Standing;
use uuid::Uuid;

static OWN: Migrator = sqlx::migrate!("./migrations/vault");
/// The tables of a domain service with a vault.
pub static TABLES: LazyLock<Migrator> = LazyLock::new(|| database::together(&[&SERVICE, &OWN]));
/// The vault's own tables: the service's role reads and writes them.
pub const WRITTEN: &[&str] = &["vault", "vault_history", "vault_answers", "vault_waiting", "vault_checked"];
/// Those that it reads and adds to, and takes nothing from: wrong words, and when they were taken again.
pub const COUNTED: &[&str] = &["vault_wrong_words", "vault_unlocked"];
/// The function by which those go that count for nothing.
pub const OLD_GO: &str = "old_wrong_words_go";

/// Whether these tables hold a vault's.
#[must_use]
pub fn within(tables: &Migrator) -> bool {
    OWN.iter().all(|own| tables.version_exists(own.version))
}

/// What stands for the event's type in the place of a value.
const TYPE: &str = "vault";

/// A value as it is sent: short, for it is an address, a number or a word. An address may have several lines.
pub type Kept = Text<500>;

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// Where somebody lives now.
    Address,
    /// How she is reached, by one of the contacts agreed with her.
    Contact(Uuid),
    /// The word by which she is known on the phone.
    CodeWord,
}

impl Slot {
    /// A value in as many lines as this may have: one, but for an address.
    #[must_use]
    pub fn in_lines(self, value: Kept) -> Kept {
        match self {
            Self::Address => value,
            Self::Contact(_) | Self::CodeWord => clean(value.as_str(), Lines::One).try_into().unwrap_or(value),
        }
    }

    /// How far it may travel.
    #[must_use]
    pub fn class(self) -> Class {
        match self {
            Self::Address => Class::Location,
            Self::Contact(_) | Self::CodeWord => Class::Identity,
        }
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address => f.write_str("address"),
            Self::Contact(contact) => write!(f, "contact/{contact}"),
            Self::CodeWord => f.write_str("code-word"),
        }
    }
}

/// There is no such slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no such slot")]
pub struct NoSlot;

impl FromStr for Slot {
    type Err = NoSlot;
    fn from_str(text: &str) -> Result<Self, NoSlot> {
        match text {
            "address" => Ok(Self::Address),
            "code-word" => Ok(Self::CodeWord),
            other => {
                let contact = other.strip_prefix("contact/").and_then(|contact| contact.parse().ok());
                contact.map(Self::Contact).ok_or(NoSlot)
            }
        }
    }
}

/// Whose vault: one woman's, as one centre keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    /// The woman.
    pub woman: WomanId,
    /// The centre.
    pub centre: CentreId,
}

/// That there is a value, and not which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What events carry: another one for each value.
    pub reference: Uuid,
    /// What it is.
    pub slot: Slot,
    /// Whose it is, where it is not hers.
    pub child: Option<ChildId>,
    /// How many values have stood there.
    pub version: u64,
    /// Since when it is this one.
    pub since: OffsetDateTime,
}

/// A value of earlier days. Not `Debug`: it holds the value in clear.
pub struct Former {
    /// The reference it had.
    pub reference: Uuid,
    /// From when.
    pub since: OffsetDateTime,
    /// Until when.
    pub until: OffsetDateTime,
    /// The value; none where its key was erased.
    pub value: Option<String>,
}

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The database did not answer as it should.
    #[error("the vault did not answer")]
    Database(#[from] sqlx::Error),
    /// A key could not be had, or an envelope does not belong where it stands.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The key was used for another request.
    #[error("the key was used for another request")]
    KeyReused,
    /// A code word is there already, and she was not recognised.
    #[error(transparent)]
    Unrecognised(#[from] Unrecognised),
    /// A row does not read.
    #[error("a row of the vault does not read")]
    Unreadable,
    /// What stands there is not what was kept there last, or is gone.
    #[error("what stands in the vault is not what was kept there")]
    NotAsKept,
}

/// The vault of a service.
#[derive(Debug, Clone)]
pub struct Vault {
    service: &'static str,
    pool: PgPool,
    seal: Seal,
    /// Wrong words that this process has taken.
    taken: word::Taken,
    /// Who writes about whom in this process.
    turns: turns::Turns,
}

impl Vault {
    /// The vault of a service, in its database and with its seal. It remembers what wrong words were taken by it and its clones.
    #[must_use]
    pub fn new(service: &'static str, pool: PgPool, seal: Seal) -> Self {
        Self { service, pool, seal, taken: word::Taken::default(), turns: turns::Turns::default() }
    }

    fn signer(&self) -> Signer {
        self.seal.signer(self.service)
    }

    /// What stands there, at one moment.
    async fn settled(&self, owner: Owner) -> Result<Standing, VaultError> {
        self.settle(owner).await?;
        let mut moment = self.pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
        self.standing(&mut moment, owner).await
    }

    /// What there is, without values.
    pub async fn list(&self, owner: Owner) -> Result<Contents, VaultError> {
        let Standing { rows, refused } = self.settled(owner).await?;
        let entries = rows.into_iter().map(|(entry, _)| entry).collect();
        Ok(Contents { entries, refused: refused.into_iter().map(|(at, _)| at).collect() })
    }

    /// That there is something under a reference now, and what it is.
    pub async fn find(&self, owner: Owner, reference: Uuid) -> Result<Option<Entry>, VaultError> {
        Ok(self.row(owner, reference).await?.map(|(entry, _)| entry))
    }

    /// The value; none where its key was erased, or it went meanwhile.
    pub async fn value(&self, owner: Owner, reference: Uuid) -> Result<Option<String>, VaultError> {
        let Some((entry, sealed)) = self.row(owner, reference).await? else { return Ok(None) };
        self.opened(owner, &entry, &sealed).await
    }

    /// What stands under a reference, as it was kept.
    async fn row(&self, owner: Owner, reference: Uuid) -> Result<Option<(Entry, String)>, VaultError> {
        let Standing { rows, refused } = self.settled(owner).await?;
        let found = rows.into_iter().find(|(entry, _)| entry.reference == reference);
        if found.is_none() && !refused.is_empty() {
            let there = sqlx::query_scalar(
                "SELECT EXISTS (SELECT FROM vault WHERE woman = $1 AND centre = $2 AND reference = $3)",
            );
            if there.bind(owner.woman.0).bind(owner.centre.0).bind(reference).fetch_one(&self.pool).await? {
                return Err(VaultError::NotAsKept);
            }
        }
        Ok(found)
    }

    /// What stood there before, the latest first.
    pub async fn history(&self, owner: Owner, now: &Entry) -> Result<Vec<Former>, VaultError> {
        let rows = sqlx::query(
            "SELECT h.own, h.version, h.sealed::text AS sealed, h.since, h.until, h.mac FROM vault_history h JOIN vault v USING (reference)
             WHERE v.woman = $1 AND v.centre = $2 AND reference = $3 ORDER BY h.version DESC",
        );
        let rows = rows.bind(owner.woman.0).bind(owner.centre.0).bind(now.reference).fetch_all(&self.pool).await?;
        let signer = self.signer();
        let mut former = Vec::with_capacity(rows.len());
        for row in rows {
            let version = row.try_get::<i64, _>("version")?.unsigned_abs();
            let (reference, since, until) = (row.try_get("own")?, row.try_get("since")?, row.try_get("until")?);
            let was = Entry { reference, version, since, ..now.clone() };
            let sealed = row.try_get("sealed")?;
            let signed = ValueRow { kind: Kind::Stood(until), owner, entry: &was, sealed };
            if !signed.fits(&signer, row.try_get("mac")?) {
                signer.refuse("vault history", &reference);
                return Err(VaultError::NotAsKept);
            }
            former.push(Former { reference, since, until, value: self.opened(owner, &was, sealed).await? });
        }
        Ok(former)
    }

    /// Forgets what stood there before, and by which requests it came.
    pub async fn forget(&self, owner: Owner, reference: Uuid) -> Result<(), VaultError> {
        let mut changes = self.pool.begin().await?;
        lock(&mut changes, owner.woman).await?;
        for statement in [
            "DELETE FROM vault_history h USING vault v
             WHERE v.reference = h.reference AND v.woman = $1 AND v.centre = $2 AND v.reference = $3",
            "UPDATE vault_answers a SET fingerprint = NULL FROM vault v
             WHERE v.reference = a.reference AND v.woman = $1 AND v.centre = $2 AND v.reference = $3 AND a.version < v.version",
        ] {
            let query = sqlx::query(statement).bind(owner.woman.0).bind(owner.centre.0).bind(reference);
            query.execute(&mut *changes).await?;
        }
        changes.commit().await?;
        Ok(())
    }

    /// Where a value stands.
    fn place<'a>(&self, owner: Owner, entry: &Entry, slot: &'a str) -> Place<'a> {
        Place {
            service: self.service,
            woman: Some(owner.woman),
            centre: Some(owner.centre),
            aggregate_type: TYPE,
            aggregate: AggregateId(entry.reference),
            version: entry.version,
            event: slot,
        }
    }

    /// As it is stored.
    async fn sealed(&self, owner: Owner, entry: &Entry, value: &Kept) -> Result<String, VaultError> {
        let mark = json!({ OPEN: { "class": entry.slot.class(), "value": value } });
        // A child's is sealed under the child's key: this is how [`kit::OfChild`] looks.
        let mut facts = match entry.child {
            Some(child) => json!({ "child": child, "value": mark }),
            None => json!({ "value": mark }),
        };
        self.seal.seal(self.place(owner, entry, &entry.slot.to_string()), &mut facts).await?;
        Ok(facts.to_string())
    }

    async fn opened(&self, owner: Owner, entry: &Entry, sealed: &str) -> Result<Option<String>, VaultError> {
        let mut facts: Value = serde_json::from_str(sealed).map_err(|_| VaultError::Unreadable)?;
        // The row says whose it is. Facts that say otherwise were put there.
        let said = facts.get("child").map(|child| child.as_str().and_then(|child| child.parse().ok()));
        if said != entry.child.map(Some) || facts.get("value").is_none_or(|value| Stored::of(value).is_none()) {
            return Err(SealError::Foreign.into());
        }
        let opening = |class| if class == entry.slot.class() { Opening::Value } else { Opening::Mask };
        self.seal.open(self.place(owner, entry, &entry.slot.to_string()), &mut facts, opening).await?;
        match facts.get_mut("value").map(Value::take) {
            Some(Value::String(value)) => Ok(Some(value)),
            Some(other) if matches!(Stored::of(&other), Some(Stored::Erased)) => Ok(None),
            _ => Err(SealError::Foreign.into()),
        }
    }
}

/// One change at a time to what is kept of a woman: at whichever centre, for an erasure is of all.
pub(crate) async fn lock(connection: &mut PgConnection, woman: WomanId) -> Result<(), sqlx::Error> {
    let whose = format!("vault {woman}");
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))").bind(whose).execute(connection).await.map(drop)
}

fn entry(row: &PgRow) -> Result<Entry, VaultError> {
    Ok(Entry {
        reference: row.try_get("reference")?,
        slot: row.try_get::<&str, _>("slot")?.parse().map_err(|_| VaultError::Unreadable)?,
        child: row.try_get::<Option<Uuid>, _>("child")?.map(ChildId),
        version: row.try_get::<i64, _>("version")?.unsigned_abs(),
        since: row.try_get("since")?,
    })
}

impl From<KeyError> for VaultError {
    fn from(error: KeyError) -> Self {
        Self::Seal(error.into())
    }
}
