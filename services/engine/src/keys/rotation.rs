//! Wrapping every data key anew, with a new master key.
//!
//! The keys themselves stay, and so does all that they sealed. The file holds both master keys meanwhile, so whatever is asked for opens; the
//! database takes new keys under the new one alone from the moment it is told of it. Each step is found done or not done by whoever comes
//! next, so it goes on wherever it was killed. Deliberately absent: writing the file, which is the program's.

use super::{FileMasterKey, KeyError, Keyring, MASTER_CHECK, MasterKey, context};
use sqlx::{Connection, PgConnection, Row};
use std::collections::BTreeMap;
use uuid::Uuid;
use zeroize::Zeroizing;

/// Keys wrapped in one transaction: it is over before anybody who waits for one of them notices.
const BATCH: i64 = 200;

/// Under which master keys data keys are wrapped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The code of the one for new keys; none: the database was never set up.
    pub present: Option<String>,
    /// How many are wrapped with each; an empty code: from before there were codes.
    pub wrapped: BTreeMap<String, u64>,
    /// How many subjects' keys were destroyed.
    pub erased: u64,
}

impl Standing {
    /// How many keys are wrapped with another than the present one.
    #[must_use]
    pub fn left(&self) -> u64 {
        let others = self.wrapped.iter().filter(|(code, _)| Some(*code) != self.present.as_ref());
        others.map(|(_, count)| count).sum()
    }
}

/// A rotation under way, as the owner of the keys database. No other one runs beside it.
#[derive(Debug)]
pub struct Rotation {
    connection: PgConnection,
    after: Uuid,
}

impl Rotation {
    /// Begins one, or goes on with one. `None`: another is under way.
    pub async fn hold(mut connection: PgConnection) -> Result<Option<Self>, KeyError> {
        let held: bool = sqlx::query_scalar("SELECT pg_try_advisory_lock(hashtextextended('livline keys rotate', 0))")
            .fetch_one(&mut connection)
            .await?;
        Ok(held.then_some(Self { connection, after: Uuid::nil() }))
    }

    /// How far it is.
    pub async fn standing(&mut self) -> Result<Standing, KeyError> {
        let present =
            sqlx::query_scalar("SELECT master FROM master_check").fetch_optional(&mut self.connection).await?;
        let rows: Vec<(String, i64)> =
            sqlx::query_as("SELECT coalesce(master, ''), count(*) FROM data_keys GROUP BY 1 ORDER BY 1")
                .fetch_all(&mut self.connection)
                .await?;
        let erased: i64 = sqlx::query_scalar("SELECT count(*) FROM erasures").fetch_one(&mut self.connection).await?;
        let wrapped = rows.into_iter().map(|(code, count)| (code, count.unsigned_abs())).collect();
        Ok(Standing { present: present.flatten(), wrapped, erased: erased.unsigned_abs() })
    }

    /// From now on new keys are wrapped with the newest master key of the file. It must be where every service reads it.
    pub async fn switch(&mut self, master: &FileMasterKey) -> Result<(), KeyError> {
        let newest = master.codes().pop().unwrap_or_default();
        let check: Option<Vec<u8>> =
            sqlx::query_scalar("SELECT wrapped FROM master_check").fetch_optional(&mut self.connection).await?;
        master.unwrap(MASTER_CHECK, &check.ok_or(KeyError::Missing)?)?;
        sqlx::query("UPDATE master_check SET wrapped = $1, master = $2")
            .bind(master.wrap(&newest, MASTER_CHECK, MASTER_CHECK)?)
            .bind(newest)
            .execute(&mut self.connection)
            .await?;
        Ok(())
    }

    /// Wraps some more keys with the newest master key, in one transaction; how many were tried. None: it has seen all there were.
    pub async fn some_more(&mut self, master: &FileMasterKey) -> Result<u64, KeyError> {
        let newest = master.codes().pop().unwrap_or_default();
        let after = self.after;
        let mut transaction = self.connection.begin().await?;
        let rows = sqlx::query(
            "SELECT key_id, subject, class, wrapped FROM data_keys WHERE master IS DISTINCT FROM $1 AND key_id > $2
             ORDER BY key_id LIMIT $3",
        )
        .bind(&newest)
        .bind(after)
        .bind(BATCH)
        .fetch_all(&mut *transaction)
        .await?;
        let (mut ids, mut anew) = (Vec::new(), Vec::new());
        for row in rows {
            let (id, subject): (Uuid, Uuid) = (row.try_get("key_id")?, row.try_get("subject")?);
            let (class, wrapped): (String, Vec<u8>) = (row.try_get("class")?, row.try_get("wrapped")?);
            let place = context(id, subject, &class);
            let key: Zeroizing<Vec<u8>> = master.unwrap(&place, &wrapped)?;
            let again = master.wrap(&newest, &place, &key)?;
            ids.push(id);
            anew.push(again);
        }
        // What was destroyed meanwhile is not there any more, and is not put there again.
        sqlx::query(
            "UPDATE data_keys k SET wrapped = n.anew, master = $1
             FROM unnest($2::uuid[], $3::bytea[]) AS n(key_id, anew) WHERE k.key_id = n.key_id",
        )
        .bind(&newest)
        .bind(&ids)
        .bind(anew)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        self.after = ids.last().copied().unwrap_or_default();
        Ok(ids.len() as u64)
    }

    /// When none is left: what the old master key had wrapped goes from the table's files too.
    pub async fn clean(&mut self) -> Result<(), KeyError> {
        for statement in ["VACUUM FULL data_keys", "SELECT let_the_log_go()"] {
            sqlx::raw_sql(statement).execute(&mut self.connection).await?;
        }
        Ok(())
    }
}

impl Keyring {
    /// How the keys are wrapped, as the owner of the database sees it; beside a rotation, too.
    pub async fn standing(connection: PgConnection) -> Result<Standing, KeyError> {
        Rotation { connection, after: Uuid::nil() }.standing().await
    }
}
