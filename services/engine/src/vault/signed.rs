//! Signatures of the vault's rows: each says what its row says, under a key that no database holds.
//!
//! A signature tells that the service wrote a row, and not that it is the last one: for what stands in a slot her events do
//! ([`super::told`]), and what counts for ten minutes holds its moment. Deliberately absent: answers to repeated requests, which open
//! nothing, and noticing that a former value was put back which somebody had forgotten.

use super::{Entry, Owner, VaultError, entry};
use crate::integrity::{Signer, optional};
use kit::ActorId;
use sqlx::{PgConnection, PgPool, Row, postgres::PgRow};
use time::OffsetDateTime;
use uuid::Uuid;

/// A moment as the database keeps it.
pub(super) fn moment(at: OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1000).unwrap_or_default()
}

/// A moment without what the database would leave out of it.
pub(super) fn kept_moment(at: OffsetDateTime) -> OffsetDateTime {
    at - time::Duration::nanoseconds((at.unix_timestamp_nanos() % 1000).try_into().unwrap_or_default())
}

/// Which table a value is in, with what only that one says of it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// It stands.
    Stands,
    /// It stood until then.
    Stood(OffsetDateTime),
    /// It waits for the event of this command.
    Waits(Uuid),
}

/// A value's row. Everything in it is signed.
#[derive(Debug)]
pub(super) struct ValueRow<'a> {
    pub(super) kind: Kind,
    pub(super) owner: Owner,
    pub(super) entry: &'a Entry,
    /// As it is stored.
    pub(super) sealed: &'a str,
}

impl ValueRow<'_> {
    pub(super) fn sign(&self, signer: &Signer) -> Vec<u8> {
        let Self { kind, owner, entry, sealed } = self;
        let (label, own) = match kind {
            Kind::Stands => ("vault", Vec::new()),
            Kind::Stood(until) => ("vault history", moment(*until).to_be_bytes().to_vec()),
            Kind::Waits(command) => ("vault waiting", command.as_bytes().to_vec()),
        };
        // A value that waits gets its moment from its event.
        let since = if matches!(kind, Kind::Waits(_)) { 0 } else { moment(entry.since) };
        signer.sign(
            label,
            &[
                &own,
                owner.woman.0.as_bytes(),
                owner.centre.0.as_bytes(),
                entry.reference.as_bytes(),
                entry.slot.to_string().as_bytes(),
                &optional(entry.child.map(|child| child.0)),
                &entry.version.to_be_bytes(),
                &since.to_be_bytes(),
                sealed.as_bytes(),
            ],
        )
    }

    pub(super) fn fits(&self, signer: &Signer, mac: Option<&[u8]>) -> bool {
        mac.is_some_and(|mac| aws_lc_rs::constant_time::verify_slices_are_equal(&self.sign(signer), mac).is_ok())
    }
}

/// What a check came to, or its being lifted: one signature for each use.
#[derive(Debug, Clone, Copy)]
pub(super) enum Noted<'a> {
    /// This word was right.
    Right(Uuid, &'a ActorId),
    /// A word was wrong.
    Wrong(&'a ActorId),
    /// Words are taken again: from one, or from everybody.
    Unlocked(Option<&'a ActorId>),
}

impl Noted<'_> {
    pub(super) fn sign(self, signer: &Signer, owner: Owner, at: OffsetDateTime) -> Vec<u8> {
        let (label, word, actor) = match self {
            Self::Right(word, actor) => ("vault checked", word.as_bytes().to_vec(), Some(actor)),
            Self::Wrong(actor) => ("vault wrong word", Vec::new(), Some(actor)),
            Self::Unlocked(actor) => ("vault unlocked", Vec::new(), actor),
        };
        let everybody = [u8::from(actor.is_none())];
        let actor = actor.map_or("", ActorId::as_str);
        let (woman, centre, at) = (owner.woman.0, owner.centre.0, moment(at).to_be_bytes());
        signer.sign(label, &[woman.as_bytes(), centre.as_bytes(), &word, &everybody, actor.as_bytes(), &at])
    }

    pub(super) fn fits(self, signer: &Signer, owner: Owner, at: OffsetDateTime, mac: &[u8]) -> bool {
        aws_lc_rs::constant_time::verify_slices_are_equal(&self.sign(signer, owner, at), mac).is_ok()
    }
}

/// The columns by which a value's row is read, and by which it is signed.
const VALUES: [(&str, &str); 3] = [
    (
        "vault",
        "SELECT woman, centre, reference, slot, child, version, since, sealed::text AS sealed, ctid::text AS row
         FROM vault WHERE mac IS NULL",
    ),
    (
        "vault_history",
        "SELECT v.woman, v.centre, h.own AS reference, v.slot, v.child, h.version, h.since, h.until, h.sealed::text AS sealed,
                h.ctid::text AS row
         FROM vault_history h JOIN vault v USING (reference) WHERE h.mac IS NULL",
    ),
    (
        "vault_waiting",
        "SELECT woman, centre, reference, slot, child, 0::bigint AS version, since, command, sealed::text AS sealed, ctid::text AS row
         FROM vault_waiting WHERE mac IS NULL",
    ),
];

/// Whose a row is.
pub(super) fn owner(row: &PgRow) -> Result<Owner, sqlx::Error> {
    Ok(Owner { woman: kit::WomanId(row.try_get("woman")?), centre: kit::CentreId(row.try_get("centre")?) })
}

/// Whether the rows of a database were signed once; there is nothing to sign in one that began with signatures.
pub async fn were_signed(pool: &PgPool) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM vault_signed)").fetch_one(pool).await
}

/// Signs what versions kept that did not sign, as the owner of the database. Once: what has no signature later gets none.
pub async fn sign_once(pool: &PgPool, signer: &Signer) -> Result<(), VaultError> {
    let mut transaction = pool.begin().await?;
    sqlx::query("LOCK TABLE vault_signed, vault, vault_history, vault_waiting IN EXCLUSIVE MODE")
        .execute(&mut *transaction)
        .await?;
    for (table, select) in VALUES {
        let rows = sqlx::query(select).fetch_all(&mut *transaction).await?;
        for row in &rows {
            sign_row(&mut transaction, signer, table, row).await?;
        }
    }
    sqlx::query("INSERT INTO vault_signed VALUES (now())").execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(())
}

async fn sign_row(connection: &mut PgConnection, signer: &Signer, table: &str, row: &PgRow) -> Result<(), VaultError> {
    let kind = match table {
        "vault" => Kind::Stands,
        "vault_history" => Kind::Stood(row.try_get("until")?),
        _ => Kind::Waits(row.try_get("command")?),
    };
    // One that does not read stays unsigned.
    let Ok(entry) = entry(row) else { return Ok(()) };
    let mac = ValueRow { kind, owner: owner(row)?, entry: &entry, sealed: row.try_get("sealed")? }.sign(signer);
    sqlx::query(&format!("UPDATE {table} SET mac = $1 WHERE ctid = $2::tid"))
        .bind(mac)
        .bind(row.try_get::<&str, _>("row")?)
        .execute(connection)
        .await?;
    Ok(())
}
