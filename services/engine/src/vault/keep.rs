//! Keeping a value: written first, told by an event of the woman's, and counted only where that event stands.
//!
//! The journal appends in a transaction of its own. So a value waits in a table under the key of the command that tells of it, and moves
//! to where it stands once the event of that key is there: at once, or, after a crash, when somebody next looks at her vault. The key's
//! repetition goes on wherever the first attempt ended. What waits counts by the event that names it, and once: a row that somebody puts back
//! counts for nothing. Deliberately absent: the event itself (the woman's rules).

use super::{
    Entry, Kept, Owner, Recognised, Slot, TYPE, Vault, VaultError, entry, lock,
    signed::{Kind, ValueRow},
    told::{Told, at},
};
use crate::{erasure::decided, keys::KeyError};
use kit::{ActorId, ChildId, ids::derive_id};
use sqlx::{PgConnection, Postgres, Row, Transaction, postgres::PgRow};
use time::OffsetDateTime;
use uuid::Uuid;

/// The event that tells of a change.
pub const EVENT: &str = "VaultValueChanged";

/// A value to be kept. Not `Debug`: it holds the value in clear.
#[derive(Clone)]
pub struct Put {
    /// What it is.
    pub slot: Slot,
    /// Whose it is, where it is not hers.
    pub child: Option<ChildId>,
    /// The value.
    pub value: Kept,
    /// How she was recognised, where that is said.
    pub recognised: Option<Recognised>,
    /// Who keeps it.
    pub by: ActorId,
    /// The value's key: the request's, or made from it where a request keeps several.
    pub key: Uuid,
    /// The request's bytes, of which only a keyed fingerprint is kept.
    pub bytes: Vec<u8>,
    /// When.
    pub now: OffsetDateTime,
}

impl Put {
    /// The reference that it gets.
    #[must_use]
    pub fn reference(&self, service: &str) -> Uuid {
        derive_id(&[TYPE, service, &self.key.to_string()])
    }
}

/// What became of values that wait for their event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prepared {
    /// They wait: the event is to be recorded.
    Waits,
    /// They were kept before, by the same request.
    Stands(Vec<Stands>),
}

/// A value that was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stands {
    /// What was kept then.
    pub entry: Entry,
    /// The number of the last event that tells of it; none: it was kept before that was one.
    pub number: Option<u64>,
}

impl Vault {
    /// Writes down values that count once the event of `command` stands. The same again: the first answer, or it waits on.
    pub async fn prepare(&self, owner: Owner, command: Uuid, puts: &[Put]) -> Result<Prepared, VaultError> {
        let mut fingerprints = Vec::with_capacity(puts.len());
        for put in puts {
            fingerprints.push(self.seal.fingerprint(owner.woman, &put.bytes).await?.bytes);
        }
        let agreed = self.agreed_for(owner, puts).await?;
        let mut changes = self.pool.begin().await?;
        lock(&mut changes, owner.woman).await?;
        self.count(&mut changes, owner).await?;
        let mut answers = Vec::with_capacity(puts.len());
        for (put, fingerprint) in puts.iter().zip(&fingerprints) {
            answers.extend(answered(&mut changes, owner, put, fingerprint).await?);
        }
        if !answers.is_empty() {
            changes.commit().await?;
            let whole = answers.len() == puts.len();
            return if whole { Ok(Prepared::Stands(answers)) } else { Err(VaultError::KeyReused) };
        }
        for put in puts {
            // Keys may be in memory for a while after it was decided.
            if decided(&mut changes, owner.woman, put.child).await? {
                return Err(KeyError::Erased.into());
            }
        }
        // An event that stands already is of what was kept then, and of nothing that is written down now.
        if told(&mut changes, owner, command).await? {
            return Err(VaultError::KeyReused);
        }
        for put in puts {
            changes = self.recognises(changes, owner, put, agreed.as_ref()).await?;
        }
        if self.waits(&mut changes, owner, command, (puts, &fingerprints)).await? {
            changes.commit().await?;
            return Ok(Prepared::Waits);
        }
        for (put, fingerprint) in puts.iter().zip(fingerprints) {
            self.write(&mut changes, owner, command, put, fingerprint).await?;
        }
        changes.commit().await?;
        Ok(Prepared::Waits)
    }

    /// What was kept under these keys, once its event stands.
    pub async fn kept(&self, owner: Owner, puts: &[Put]) -> Result<Vec<Stands>, VaultError> {
        self.settle(owner).await?;
        let mut connection = self.pool.acquire().await?;
        let mut kept = Vec::with_capacity(puts.len());
        for put in puts {
            let fingerprint = self.seal.fingerprint(owner.woman, &put.bytes).await?.bytes;
            // Erased since.
            kept.push(answered(&mut connection, owner, put, &fingerprint).await?.ok_or(KeyError::Erased)?);
        }
        Ok(kept)
    }

    /// Moves what waits, and whose event stands, to where it stands.
    pub(super) async fn settle(&self, owner: Owner) -> Result<(), VaultError> {
        let waits = sqlx::query_scalar("SELECT EXISTS (SELECT FROM vault_waiting WHERE woman = $1 AND centre = $2)");
        if waits.bind(owner.woman.0).bind(owner.centre.0).fetch_one(&self.pool).await? {
            let mut changes = self.pool.begin().await?;
            lock(&mut changes, owner.woman).await?;
            self.count(&mut changes, owner).await?;
            changes.commit().await?;
        }
        Ok(())
    }

    /// The same, for whoever holds the lock: in the order of the events.
    async fn count(&self, changes: &mut Transaction<'static, Postgres>, owner: Owner) -> Result<(), VaultError> {
        let mut waiting = self.waiting(changes, owner).await?;
        if waiting.is_empty() {
            return Ok(());
        }
        let told = self.told(changes, owner).await?;
        for of in &told {
            let is_it = |(_, entry, command): &(PgRow, Entry, Uuid)| (*command, at(entry)) == (of.command, of.at);
            let Some(found) = waiting.iter().position(is_it) else { continue };
            let (row, waited, _) = waiting.swap_remove(found);
            let key: Uuid = row.try_get("key")?;
            let another = self.named(owner, of).await?.is_some_and(|named| named != waited.reference);
            if another || self.was_counted(changes, owner, (of, &told)).await? {
                self.signer().refuse("vault waiting", &waited.reference);
            } else if !decided(changes, owner.woman, waited.child).await?
                && let Some(value) = self.opened(owner, &waited, row.try_get("sealed")?).await?
            {
                let value = value.try_into().map_err(|_| VaultError::Unreadable)?;
                self.stand(changes, owner, (waited, &value), (&row, of)).await?;
            }
            // It was decided since, or the key is gone: of what nobody may read nothing is moved.
            let gone = sqlx::query("DELETE FROM vault_waiting WHERE key = $1").bind(key);
            gone.execute(&mut **changes).await?;
        }
        Ok(())
    }

    /// Whether what stands there is what an event tells of, or what a later one does.
    async fn was_counted(
        &self,
        changes: &mut PgConnection,
        owner: Owner,
        (of, told): (&Told, &[Told]),
    ) -> Result<bool, VaultError> {
        let stands = sqlx::query(
            "SELECT reference, slot, child, version, since, sealed::text AS sealed, mac FROM vault
             WHERE woman = $1 AND centre = $2 AND slot = $3 AND child IS NOT DISTINCT FROM $4",
        );
        let stands = stands.bind(owner.woman.0).bind(owner.centre.0).bind(of.at.0.to_string());
        let Some(row) = stands.bind(of.at.1.map(|child| child.0)).fetch_optional(changes).await? else {
            return Ok(false);
        };
        let now = entry(&row)?;
        let signed = ValueRow { kind: Kind::Stands, owner, entry: &now, sealed: row.try_get("sealed")? };
        if !signed.fits(&self.signer(), row.try_get("mac")?) {
            return Ok(false);
        }
        for later in told.iter().rev().filter(|told| told.at == of.at) {
            if self.named(owner, later).await? == Some(now.reference) {
                return Ok(later.number >= of.number);
            }
        }
        Ok(false)
    }

    /// Puts a value where it stands; what stood there before becomes history, where it is as it was kept.
    async fn stand(
        &self,
        changes: &mut PgConnection,
        owner: Owner,
        (waited, value): (Entry, &Kept),
        (row, told): (&PgRow, &Told),
    ) -> Result<(), VaultError> {
        let (slot, child) = (waited.slot.to_string(), waited.child.map(|child| child.0));
        let before = sqlx::query(
            "SELECT v.reference, v.slot, v.child, v.version, v.since, v.sealed::text AS sealed, v.mac,
                    (SELECT max(h.version) FROM vault_history h WHERE h.reference = v.reference) AS latest
             FROM vault v WHERE v.woman = $1 AND v.centre = $2 AND v.slot = $3 AND v.child IS NOT DISTINCT FROM $4",
        );
        let before = before.bind(owner.woman.0).bind(owner.centre.0).bind(&slot).bind(child);
        let (since, signer) = (told.since, self.signer());
        let mut version = 1;
        if let Some(before) = before.fetch_optional(&mut *changes).await? {
            let (was, sealed) = (entry(&before)?, before.try_get("sealed")?);
            let signed = ValueRow { kind: Kind::Stands, owner, entry: &was, sealed };
            let latest: i64 = before.try_get::<Option<i64>, _>("latest")?.unwrap_or_default();
            version = latest.unsigned_abs() + 1;
            if signed.fits(&signer, before.try_get("mac")?) {
                version = version.max(was.version + 1);
                let mac = ValueRow { kind: Kind::Stood(since), ..signed }.sign(&signer);
                sqlx::query(
                    "INSERT INTO vault_history (reference, own, version, sealed, since, until, mac)
                     SELECT reference, reference, version, sealed, since, $2, $3 FROM vault WHERE reference = $1 ON CONFLICT DO NOTHING",
                )
                .bind(was.reference)
                .bind(since)
                .bind(mac)
                .execute(&mut *changes)
                .await?;
            } else {
                signer.refuse("vault", &was.reference);
            }
        }
        let now = Entry { version, since, ..waited };
        // Sealed anew, to its version.
        let sealed = self.sealed(owner, &now, value).await?;
        let mac = ValueRow { kind: Kind::Stands, owner, entry: &now, sealed: &sealed }.sign(&signer);
        let version = i64::try_from(version).map_err(|_| VaultError::Unreadable)?;
        // What was there before, and what was answered, goes on with the row.
        sqlx::query(
            "INSERT INTO vault (reference, woman, child, centre, slot, version, sealed, since, mac)
             VALUES ($1, $2, $3, $4, $5, $6, $7::json, $8, $9)
             ON CONFLICT (woman, centre, slot, child)
             DO UPDATE SET reference = $1, version = $6, sealed = $7::json, since = $8, mac = $9",
        )
        .bind(now.reference)
        .bind(owner.woman.0)
        .bind(child)
        .bind(owner.centre.0)
        .bind(&slot)
        .bind(version)
        .bind(&sealed)
        .bind(since)
        .bind(mac)
        .execute(&mut *changes)
        .await?;
        sqlx::query(
            "INSERT INTO vault_answers (key, reference, own, version, since, fingerprint, number)
             VALUES ($1, $2, $2, $3, $4, $5, $6) ON CONFLICT (key) DO NOTHING",
        )
        .bind(row.try_get::<Uuid, _>("key")?)
        .bind(now.reference)
        .bind(version)
        .bind(since)
        .bind(row.try_get::<&[u8], _>("fingerprint")?)
        .bind(told.number)
        .execute(&mut *changes)
        .await?;
        // Whoever knew the word of before has to know this one.
        if now.slot == Slot::CodeWord && now.child.is_none() {
            let checked = sqlx::query("DELETE FROM vault_checked WHERE woman = $1 AND centre = $2");
            checked.bind(owner.woman.0).bind(owner.centre.0).execute(changes).await?;
        }
        Ok(())
    }

    /// Writes a value down that does not count yet.
    async fn write(
        &self,
        changes: &mut PgConnection,
        owner: Owner,
        command: Uuid,
        put: &Put,
        fingerprint: Vec<u8>,
    ) -> Result<(), VaultError> {
        let reference = put.reference(self.service);
        let entry = Entry { reference, slot: put.slot, child: put.child, version: 0, since: put.now };
        let sealed = self.sealed(owner, &entry, &put.value).await?;
        let mac = ValueRow { kind: Kind::Waits(command), owner, entry: &entry, sealed: &sealed }.sign(&self.signer());
        sqlx::query(
            "INSERT INTO vault_waiting (key, command, reference, woman, child, centre, slot, sealed, since, fingerprint, mac)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8::json, $9, $10, $11)",
        )
        .bind(put.key)
        .bind(command)
        .bind(reference)
        .bind(owner.woman.0)
        .bind(put.child.map(|child| child.0))
        .bind(owner.centre.0)
        .bind(put.slot.to_string())
        .bind(sealed)
        .bind(put.now)
        .bind(fingerprint)
        .bind(mac)
        .execute(changes)
        .await?;
        Ok(())
    }
    /// Whether exactly these values wait under a command's key. Others refuse: the event would be of those.
    async fn waits(
        &self,
        connection: &mut PgConnection,
        owner: Owner,
        command: Uuid,
        (puts, fingerprints): (&[Put], &[Vec<u8>]),
    ) -> Result<bool, VaultError> {
        let keys: Vec<Uuid> = puts.iter().map(|put| put.key).collect();
        let rows = sqlx::query(
            "SELECT key, slot, child, reference, 0::bigint AS version, since, sealed::text AS sealed, fingerprint, mac,
                    woman = $3 AND centre = $4 AND command = $1 AS own
             FROM vault_waiting WHERE command = $1 OR key = ANY ($2)",
        );
        let rows =
            rows.bind(command).bind(&keys).bind(owner.woman.0).bind(owner.centre.0).fetch_all(connection).await?;
        let signer = self.signer();
        let same = |put: &Put, fingerprint: &[u8], row: &PgRow| -> Result<bool, VaultError> {
            let waited = entry(row)?;
            let signed = ValueRow { kind: Kind::Waits(command), owner, entry: &waited, sealed: row.try_get("sealed")? };
            let same = (row.try_get("key")?, waited.slot, waited.child) == (put.key, put.slot, put.child)
                && row.try_get("own")?
                && row.try_get::<&[u8], _>("fingerprint")? == fingerprint;
            Ok(same && signed.fits(&signer, row.try_get("mac")?))
        };
        let mut found = 0;
        for row in &rows {
            for (put, fingerprint) in puts.iter().zip(fingerprints) {
                found += usize::from(same(put, fingerprint, row)?);
            }
        }
        match rows.len() {
            0 => Ok(false),
            all if all == found && found == puts.len() => Ok(true),
            _ => Err(VaultError::KeyReused),
        }
    }
}

/// Whether an event of hers stands under a command's key.
async fn told(connection: &mut PgConnection, owner: Owner, command: Uuid) -> Result<bool, sqlx::Error> {
    let told = sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM aggregates a JOIN events e USING (aggregate_type, aggregate_id)
                        WHERE a.woman = $1 AND a.centre = $2 AND e.key = $3)",
    );
    told.bind(owner.woman.0).bind(owner.centre.0).bind(command).fetch_one(connection).await
}

/// What a key was answered with before.
async fn answered(
    connection: &mut PgConnection,
    owner: Owner,
    put: &Put,
    fingerprint: &[u8],
) -> Result<Option<Stands>, VaultError> {
    let row = sqlx::query(
        "SELECT a.own AS reference, v.slot, v.child, a.version, a.since, a.number, v.woman = $2 AND v.centre = $3
                AND coalesce(a.fingerprint = $4, true) AS same
         FROM vault_answers a JOIN vault v USING (reference) WHERE a.key = $1",
    );
    let row = row.bind(put.key).bind(owner.woman.0).bind(owner.centre.0).bind(fingerprint);
    let Some(row) = row.fetch_optional(connection).await? else { return Ok(None) };
    let first = entry(&row)?;
    // Of what was forgotten, slot and child are all that is left to compare.
    let same = row.try_get("same")? && (first.slot, first.child) == (put.slot, put.child);
    let number = row.try_get::<Option<i64>, _>("number")?.map(i64::unsigned_abs);
    if same { Ok(Some(Stands { entry: first, number })) } else { Err(VaultError::KeyReused) }
}
