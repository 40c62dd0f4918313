//! The vault: sealed values that may change and be forgotten, where events carry references alone. An address, a way to reach her, a
//! code word.
//!
//! One value to a woman (or a child), centre and slot. Whenever it changes it gets another reference, so what an event refers to never
//! turns into something else. An envelope is bound to its person, centre, reference, slot and version: moved to another, it does not
//! open. A code word gives way only to whoever says how she was recognised. Deliberately absent: who may ask (the people service, which
//! alone has these tables), whether a contact is confirmed, and HTTP.

mod word;

pub use word::{Checked, Recognised, Unrecognised, WRONG_WORDS};

use crate::{
    database::{self, SERVICE},
    erasure::decided,
    keys::KeyError,
    seal::{Opening, Place, Seal, SealError},
};
use kit::{
    AggregateId, CentreId, ChildId, Class, Text, WomanId,
    ids::derive_id,
    sealed::{OPEN, Stored},
};
use serde_json::{Value, json};
use sqlx::{PgConnection, PgPool, Row, migrate::Migrator, postgres::PgRow};
use std::{fmt, str::FromStr, sync::LazyLock};
use time::OffsetDateTime;
use uuid::Uuid;

static OWN: Migrator = sqlx::migrate!("./migrations/vault");
/// The tables of a domain service with a vault.
pub static TABLES: LazyLock<Migrator> = LazyLock::new(|| database::together(&[&SERVICE, &OWN]));
/// The vault's own tables: the service's role reads and writes them.
pub const WRITTEN: &[&str] = &["vault", "vault_history", "vault_answers", "vault_wrong_words"];

/// Whether these tables hold a vault's.
#[must_use]
pub fn within(tables: &Migrator) -> bool {
    OWN.iter().all(|own| tables.version_exists(own.version))
}

/// What stands for the event's type in the place of a value.
const TYPE: &str = "vault";

/// A value as it is sent: short, for it is an address, a number or a word.
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

/// A value to be kept. Not `Debug`: it holds the value in clear.
#[derive(Clone)]
pub struct Put {
    /// What it is.
    pub slot: Slot,
    /// Whose it is, where it is not hers.
    pub child: Option<ChildId>,
    /// The value.
    pub value: Kept,
    /// How she was recognised, where a code word takes the place of another.
    pub recognised: Option<Recognised>,
    /// The request's key.
    pub key: Uuid,
    /// The request's bytes, of which only a keyed fingerprint is kept.
    pub bytes: Vec<u8>,
    /// When.
    pub now: OffsetDateTime,
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
}

/// The vault of a service.
#[derive(Debug, Clone)]
pub struct Vault {
    /// The service's name.
    pub service: &'static str,
    /// Its database.
    pub pool: PgPool,
    /// Its seal.
    pub seal: Seal,
}

impl Vault {
    /// Keeps a value; what stood there before becomes history. The same key and request again: the first answer.
    pub async fn put(&self, owner: Owner, put: &Put) -> Result<Entry, VaultError> {
        let fingerprint = self.seal.fingerprint(owner.woman, &put.bytes).await?.bytes;
        let mut changes = self.pool.begin().await?;
        lock(&mut changes, owner.woman).await?;
        if let Some(first) = answered(&mut changes, owner, put, &fingerprint).await? {
            return Ok(first);
        }
        // Keys may be in memory for a while after it was decided.
        if decided(&mut changes, owner.woman, put.child).await? {
            return Err(KeyError::Erased.into());
        }
        let before = sqlx::query(
            "SELECT reference, slot, child, version, since, sealed::text AS sealed FROM vault
             WHERE woman = $1 AND centre = $2 AND slot = $3 AND child IS NOT DISTINCT FROM $4",
        );
        let before = before.bind(owner.woman.0).bind(owner.centre.0).bind(put.slot.to_string());
        let before = before.bind(put.child.map(|child| child.0)).fetch_optional(&mut *changes).await?;
        let mut version = 1;
        if let Some(row) = before {
            let before = entry(&row)?;
            if put.slot == Slot::CodeWord {
                let word = self.opened(owner, &before, row.try_get("sealed")?).await?;
                changes = self.recognises(changes, owner, word.as_deref(), put).await?;
            }
            version = row.try_get::<i64, _>("version")? + 1;
            sqlx::query(
                "INSERT INTO vault_history (reference, own, version, sealed, since, until)
                 SELECT reference, reference, version, sealed, since, $2 FROM vault WHERE reference = $1",
            )
            .bind(before.reference)
            .bind(put.now)
            .execute(&mut *changes)
            .await?;
        }
        let reference = derive_id(&[TYPE, self.service, &put.key.to_string()]);
        let entry =
            Entry { reference, slot: put.slot, child: put.child, version: version.unsigned_abs(), since: put.now };
        let sealed = self.sealed(owner, &entry, &put.value).await?;
        // What was there before, and what was answered, goes on with the row.
        sqlx::query(
            "INSERT INTO vault (reference, woman, child, centre, slot, version, sealed, since)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
             ON CONFLICT (woman, centre, slot, child) DO UPDATE SET reference = $1, version = $6, sealed = $7, since = $8",
        )
        .bind(reference)
        .bind(owner.woman.0)
        .bind(put.child.map(|child| child.0))
        .bind(owner.centre.0)
        .bind(put.slot.to_string())
        .bind(version)
        .bind(sqlx::types::Json(sealed))
        .bind(put.now)
        .execute(&mut *changes)
        .await?;
        sqlx::query(
            "INSERT INTO vault_answers (key, reference, own, version, since, fingerprint) VALUES ($1, $2, $2, $3, $4, $5)",
        )
        .bind(put.key)
        .bind(reference)
        .bind(version)
        .bind(put.now)
        .bind(fingerprint)
        .execute(&mut *changes)
        .await?;
        changes.commit().await?;
        Ok(entry)
    }

    /// What there is, without values.
    pub async fn list(&self, owner: Owner) -> Result<Vec<Entry>, VaultError> {
        let rows = sqlx::query(
            "SELECT reference, slot, child, version, since FROM vault WHERE woman = $1 AND centre = $2
             ORDER BY slot, child NULLS FIRST",
        );
        let rows = rows.bind(owner.woman.0).bind(owner.centre.0).fetch_all(&self.pool).await?;
        rows.iter().map(entry).collect()
    }

    /// That there is something under a reference now, and what it is.
    pub async fn find(&self, owner: Owner, reference: Uuid) -> Result<Option<Entry>, VaultError> {
        let row = sqlx::query(
            "SELECT reference, slot, child, version, since FROM vault
             WHERE woman = $1 AND centre = $2 AND reference = $3",
        );
        let row = row.bind(owner.woman.0).bind(owner.centre.0).bind(reference).fetch_optional(&self.pool).await?;
        row.as_ref().map(entry).transpose()
    }

    /// The value; none where its key was erased, or it went meanwhile.
    pub async fn value(&self, owner: Owner, reference: Uuid) -> Result<Option<String>, VaultError> {
        let row = sqlx::query(
            "SELECT reference, slot, child, version, since, sealed::text AS sealed FROM vault
             WHERE woman = $1 AND centre = $2 AND reference = $3",
        );
        let row = row.bind(owner.woman.0).bind(owner.centre.0).bind(reference).fetch_optional(&self.pool).await?;
        let Some(row) = row else { return Ok(None) };
        self.opened(owner, &entry(&row)?, row.try_get("sealed")?).await
    }

    /// What stood there before, the latest first.
    pub async fn history(&self, owner: Owner, now: &Entry) -> Result<Vec<Former>, VaultError> {
        let rows = sqlx::query(
            "SELECT h.own, h.version, h.sealed::text AS sealed, h.since, h.until FROM vault_history h JOIN vault v USING (reference)
             WHERE v.woman = $1 AND v.centre = $2 AND reference = $3 ORDER BY h.version DESC",
        );
        let rows = rows.bind(owner.woman.0).bind(owner.centre.0).bind(now.reference).fetch_all(&self.pool).await?;
        let mut former = Vec::with_capacity(rows.len());
        for row in rows {
            let version = row.try_get::<i64, _>("version")?.unsigned_abs();
            let (reference, since) = (row.try_get("own")?, row.try_get("since")?);
            let was = Entry { reference, version, since, ..now.clone() };
            let value = self.opened(owner, &was, row.try_get("sealed")?).await?;
            former.push(Former { reference, since, until: row.try_get("until")?, value });
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

    async fn sealed(&self, owner: Owner, entry: &Entry, value: &Kept) -> Result<Value, VaultError> {
        let mark = json!({ OPEN: { "class": entry.slot.class(), "value": value } });
        // A child's is sealed under the child's key: this is how [`kit::OfChild`] looks.
        let mut facts = match entry.child {
            Some(child) => json!({ "child": child, "value": mark }),
            None => json!({ "value": mark }),
        };
        self.seal.seal(self.place(owner, entry, &entry.slot.to_string()), &mut facts).await?;
        Ok(facts)
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

/// What a key was answered with before.
async fn answered(
    connection: &mut PgConnection,
    owner: Owner,
    put: &Put,
    fingerprint: &[u8],
) -> Result<Option<Entry>, VaultError> {
    let row = sqlx::query(
        "SELECT a.own AS reference, v.slot, v.child, a.version, a.since, v.woman = $2 AND v.centre = $3
                AND coalesce(a.fingerprint = $4, true) AS same
         FROM vault_answers a JOIN vault v USING (reference) WHERE a.key = $1",
    );
    let row = row.bind(put.key).bind(owner.woman.0).bind(owner.centre.0).bind(fingerprint);
    let Some(row) = row.fetch_optional(connection).await? else { return Ok(None) };
    let first = entry(&row)?;
    // Of what was forgotten, slot and child are all that is left to compare.
    let same = row.try_get("same")? && (first.slot, first.child) == (put.slot, put.child);
    if same { Ok(Some(first)) } else { Err(VaultError::KeyReused) }
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
