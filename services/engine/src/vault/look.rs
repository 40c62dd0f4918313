//! Looking at a whole vault, for `livline verify`: rows that the service did not keep so, or not last, and values that are gone.
//!
//! Named by references and by entries, and by nothing of any person. Deliberately absent: mending.

use super::{
    EVENT, Vault, VaultError, entry,
    signed::{Kind, Noted, ValueRow, owner},
};
use kit::ActorId;
use sqlx::{PgConnection, Row};
use uuid::Uuid;

/// What is not as it was kept, a sentence each.
pub async fn look(vault: &Vault) -> Result<Vec<String>, VaultError> {
    let owners = sqlx::query(
        "SELECT woman, centre FROM vault UNION SELECT woman, centre FROM vault_waiting
         UNION SELECT a.woman, a.centre FROM aggregates a JOIN events e USING (aggregate_type, aggregate_id)
               WHERE e.event_type = $1 AND a.woman IS NOT NULL AND a.centre IS NOT NULL
         ORDER BY 1, 2",
    );
    let owners = owners.bind(EVENT).fetch_all(&vault.pool).await?;
    let mut found = Vec::new();
    for row in &owners {
        let mut moment = vault.pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
        match vault.standing(&mut moment, owner(row)?).await {
            Ok(standing) => found.extend(standing.refused.into_iter().map(|(_, what)| what)),
            Err(VaultError::NotAsKept) => {
                found.push("an event that tells of a value was not stored so by the service".into());
            }
            Err(error) => return Err(error),
        }
    }
    let mut moment = vault.pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    unread(&mut moment, &mut found).await?;
    former(vault, &mut moment, &mut found).await?;
    noted(vault, &mut moment, &mut found).await?;
    Ok(found)
}

/// Rows whose slot is none.
async fn unread(connection: &mut PgConnection, found: &mut Vec<String>) -> Result<(), VaultError> {
    let rows = sqlx::query("SELECT reference, slot, child, version, since FROM vault ORDER BY reference");
    for row in rows.fetch_all(connection).await? {
        if entry(&row).is_err() {
            found.push(format!("what stands under {} does not read", row.try_get::<Uuid, _>("reference")?));
        }
    }
    Ok(())
}

/// What stood there before, and what waits.
async fn former(vault: &Vault, connection: &mut PgConnection, found: &mut Vec<String>) -> Result<(), VaultError> {
    let signer = vault.signer();
    let rows = sqlx::query(
        "SELECT v.woman, v.centre, h.own AS reference, v.slot, v.child, h.version, h.since, h.until, h.sealed::text AS sealed, h.mac
         FROM vault_history h JOIN vault v USING (reference) ORDER BY h.own",
    );
    for row in rows.fetch_all(&mut *connection).await? {
        let Ok(entry) = entry(&row) else { continue };
        let (kind, sealed) = (Kind::Stood(row.try_get("until")?), row.try_get("sealed")?);
        let signed = ValueRow { kind, owner: owner(&row)?, entry: &entry, sealed };
        if !signed.fits(&signer, row.try_get("mac")?) {
            found.push(format!("what stood under {} was not kept so by the service", entry.reference));
        }
    }
    let rows = sqlx::query(
        "SELECT woman, centre, reference, slot, child, 0::bigint AS version, since, command, sealed::text AS sealed, mac
         FROM vault_waiting ORDER BY reference",
    );
    for row in rows.fetch_all(connection).await? {
        let (owner, kind) = (owner(&row)?, Kind::Waits(row.try_get("command")?));
        let (reference, sealed): (Uuid, &str) = (row.try_get("reference")?, row.try_get("sealed")?);
        let mac: Option<&[u8]> = row.try_get("mac")?;
        if !entry(&row).is_ok_and(|entry| ValueRow { kind, owner, entry: &entry, sealed }.fits(&signer, mac)) {
            found.push(format!("what waits under {reference} was not written down so by the service"));
        }
    }
    Ok(())
}

/// Checks of code words, and what lifts their being locked out.
async fn noted(vault: &Vault, connection: &mut PgConnection, found: &mut Vec<String>) -> Result<(), VaultError> {
    let signer = vault.signer();
    for (table, columns) in [
        ("vault_checked", "woman, centre, actor, at, word, mac"),
        ("vault_wrong_words", "woman, centre, actor, at, NULL::uuid AS word, mac"),
        ("vault_unlocked", "woman, centre, actor, at, NULL::uuid AS word, mac"),
    ] {
        let rows = sqlx::query(&format!("SELECT {columns} FROM {table}")).fetch_all(&mut *connection).await?;
        let mut strange = 0_u64;
        for row in &rows {
            let actor = row.try_get::<Option<&str>, _>("actor")?.map(str::parse::<ActorId>).transpose().ok();
            let noted = match (&actor, row.try_get::<Option<Uuid>, _>("word")?) {
                (Some(Some(actor)), Some(word)) => Some(Noted::Right(word, actor)),
                (Some(Some(actor)), None) if table == "vault_wrong_words" => Some(Noted::Wrong(actor)),
                (Some(actor), None) if table == "vault_unlocked" => Some(Noted::Unlocked(actor.as_ref())),
                _ => None,
            };
            let (owner, at, mac) = (owner(row)?, row.try_get("at")?, row.try_get("mac")?);
            strange += u64::from(!noted.is_some_and(|noted| noted.fits(&signer, owner, at, mac)));
        }
        if strange > 0 {
            found.push(format!("{strange} rows of {table} were not put there by the service"));
        }
    }
    Ok(())
}
