//! The code word: whether what a caller says is it, for a worker who may not read it, and for whoever gives her another one.
//!
//! A right answer is remembered for as long as she counts as recognised by whoever got it. Wrong ones lock out: whoever tried too often
//! about her, and everybody once all of them together did. Deliberately absent: the word itself in any answer, whether it was nearly
//! right, and telling of a lock-out (the woman's events).

use super::{Kept, Owner, Put, Slot, Vault, VaultError, lock};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use kit::{ActorId, normal::said};
use sqlx::{PgConnection, PgPool, Postgres, Transaction};
use std::time::Duration;
use time::OffsetDateTime;

/// How many wrong words about one woman are taken from one worker within [`WINDOW`].
pub const WRONG_WORDS: i64 = 5;
/// How many from all together: whoever phones as her asks several.
pub const WRONG_WORDS_OF_ALL: i64 = 15;
/// How long a wrong word counts, and how long she is recognised by a right one.
const WINDOW: Duration = Duration::from_secs(600);

/// What a check found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checked {
    /// It is the word.
    Right,
    /// It is not.
    Wrong,
    /// There were too many wrong ones: this one was not looked at.
    TooMany,
    /// No word was agreed, or it was erased.
    NoneAgreed,
}

/// How it was made sure that it is she. Not `Debug`: it holds the word in clear.
#[derive(Clone)]
pub enum Recognised {
    /// By her code word: by what was said now, or as whoever acts has just checked it.
    Word(Option<Kept>),
    /// At a meeting.
    Meeting,
}

/// Why she was not recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unrecognised {
    /// Nobody says how she was.
    #[error("it is not said how she was recognised")]
    Unsaid,
    /// By her code word, and whoever says so has not checked it.
    #[error("whoever says so has not checked her code word")]
    Unchecked,
    /// By her code word, and it was another one.
    #[error("the code word is another one")]
    WrongWord,
    /// There were too many wrong ones.
    #[error("there were too many wrong code words")]
    TooMany,
}

/// That wrong words are not taken any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockOut {
    /// From whom; none: from anybody.
    pub worker: Option<ActorId>,
    /// Since the last wrong one that was taken.
    pub since: OffsetDateTime,
}

/// Whether somebody has checked her code word, and was told that it is right, so lately that she counts as recognised.
pub async fn word_checked(
    pool: &PgPool,
    owner: Owner,
    actor: &ActorId,
    now: OffsetDateTime,
) -> Result<bool, sqlx::Error> {
    let mut connection = pool.acquire().await?;
    checked_by(&mut connection, owner, actor, now).await
}

async fn checked_by(
    connection: &mut PgConnection,
    owner: Owner,
    actor: &ActorId,
    now: OffsetDateTime,
) -> Result<bool, sqlx::Error> {
    let checked = sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM vault_checked WHERE woman = $1 AND centre = $2 AND actor = $3 AND at > $4)",
    );
    let checked = checked.bind(owner.woman.0).bind(owner.centre.0).bind(actor.as_str()).bind(now - WINDOW);
    checked.fetch_one(connection).await
}

impl Vault {
    /// Compares a word, in a time that does not tell how much of it is right. Case and spaces do not count: it is said on the phone.
    pub async fn check_word(
        &self,
        owner: Owner,
        word: &Kept,
        by: &ActorId,
        now: OffsetDateTime,
    ) -> Result<Checked, VaultError> {
        let Some(agreed) = self.agreed(owner).await? else { return Ok(Checked::NoneAgreed) };
        // Those who try at once try one after the other.
        let mut trying = self.pool.begin().await?;
        lock(&mut trying, owner.woman).await?;
        let checked = self.compared(&mut trying, owner, &agreed, word, (by, now)).await?;
        trying.commit().await?;
        Ok(checked)
    }

    /// Who is locked out now, where somebody like this one is.
    pub async fn lock_out(
        &self,
        owner: Owner,
        by: &ActorId,
        now: OffsetDateTime,
    ) -> Result<Option<LockOut>, VaultError> {
        let Wrong { own, all } = wrong(&mut *self.pool.acquire().await?, owner, by, now).await?;
        let everybody = all.since.filter(|_| all.number >= WRONG_WORDS_OF_ALL).map(|since| (None, since));
        let own = own.since.filter(|_| own.number >= WRONG_WORDS).map(|since| (Some(by.clone()), since));
        Ok(everybody.or(own).map(|(worker, since)| LockOut { worker, since }))
    }

    /// Takes words again: from a worker, or from everybody.
    pub async fn unlock(&self, owner: Owner, worker: Option<&ActorId>) -> Result<(), VaultError> {
        let mut changes = self.pool.begin().await?;
        lock(&mut changes, owner.woman).await?;
        sqlx::query("DELETE FROM vault_wrong_words WHERE woman = $1 AND centre = $2 AND ($3 IS NULL OR actor = $3)")
            .bind(owner.woman.0)
            .bind(owner.centre.0)
            .bind(worker.map(ActorId::as_str))
            .execute(&mut *changes)
            .await?;
        changes.commit().await?;
        Ok(())
    }

    /// Her word.
    async fn agreed(&self, owner: Owner) -> Result<Option<String>, VaultError> {
        let entries = self.list(owner).await?;
        let agreed = entries.iter().find(|entry| entry.slot == Slot::CodeWord && entry.child.is_none());
        match agreed {
            Some(agreed) => self.value(owner, agreed.reference).await,
            None => Ok(None),
        }
    }

    /// Whether she was recognised as it is said, or nothing need be said. A wrong word counts, whatever becomes of the request.
    pub(super) async fn recognises(
        &self,
        mut trying: Transaction<'static, Postgres>,
        owner: Owner,
        put: &Put,
        agreed: Option<&str>,
    ) -> Result<Transaction<'static, Postgres>, VaultError> {
        let by = (&put.by, put.now);
        let word = match &put.recognised {
            None if put.slot == Slot::CodeWord && replaces(&mut trying, owner, put).await? => {
                return Err(Unrecognised::Unsaid.into());
            }
            None | Some(Recognised::Meeting) => return Ok(trying),
            Some(Recognised::Word(None)) if checked_by(&mut trying, owner, by.0, by.1).await? => return Ok(trying),
            Some(Recognised::Word(None)) => return Err(Unrecognised::Unchecked.into()),
            Some(Recognised::Word(Some(word))) => word,
        };
        // None was agreed, or it was erased: it recognises nobody.
        let Some(agreed) = agreed else { return Err(Unrecognised::Unchecked.into()) };
        match self.compared(&mut trying, owner, agreed, word, by).await? {
            Checked::Right => Ok(trying),
            Checked::TooMany => Err(Unrecognised::TooMany.into()),
            Checked::Wrong | Checked::NoneAgreed => {
                trying.commit().await?;
                Err(Unrecognised::WrongWord.into())
            }
        }
    }

    /// Her word, where somebody says another one for it.
    pub(super) async fn agreed_for(&self, owner: Owner, puts: &[Put]) -> Result<Option<String>, VaultError> {
        let said = puts.iter().any(|put| matches!(put.recognised, Some(Recognised::Word(Some(_)))));
        if said { self.agreed(owner).await } else { Ok(None) }
    }

    /// Compares, remembers what is right and counts what is wrong; the caller holds the lock.
    async fn compared(
        &self,
        trying: &mut PgConnection,
        owner: Owner,
        agreed: &str,
        word: &Kept,
        (by, now): (&ActorId, OffsetDateTime),
    ) -> Result<Checked, VaultError> {
        // Fingerprints have one length, whatever the words have.
        let agreed = self.seal.fingerprint(owner.woman, said(agreed).as_bytes()).await?.bytes;
        let word = self.seal.fingerprint(owner.woman, said(word.as_str()).as_bytes()).await?.bytes;
        for table in ["vault_wrong_words", "vault_checked"] {
            let over = format!("DELETE FROM {table} WHERE woman = $1 AND centre = $2 AND at <= $3");
            let over = sqlx::query(&over).bind(owner.woman.0).bind(owner.centre.0).bind(now - WINDOW);
            over.execute(&mut *trying).await?;
        }
        let Wrong { own, all } = wrong(&mut *trying, owner, by, now).await?;
        let (checked, noted) = if own.number >= WRONG_WORDS || all.number >= WRONG_WORDS_OF_ALL {
            return Ok(Checked::TooMany);
        } else if verify_slices_are_equal(&agreed, &word).is_ok() {
            let right = "INSERT INTO vault_checked (woman, centre, actor, at) VALUES ($1, $2, $3, $4)
                         ON CONFLICT (woman, centre, actor) DO UPDATE SET at = $4";
            (Checked::Right, right)
        } else {
            let wrong = "INSERT INTO vault_wrong_words (woman, centre, actor, at) VALUES ($1, $2, $3, $4)";
            (Checked::Wrong, wrong)
        };
        let noted = sqlx::query(noted).bind(owner.woman.0).bind(owner.centre.0).bind(by.as_str()).bind(now);
        noted.execute(&mut *trying).await?;
        Ok(checked)
    }
}

/// Whether a value would take the place of another.
async fn replaces(connection: &mut PgConnection, owner: Owner, put: &Put) -> Result<bool, sqlx::Error> {
    let stands = sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM vault
                        WHERE woman = $1 AND centre = $2 AND slot = $3 AND child IS NOT DISTINCT FROM $4)",
    );
    let stands = stands.bind(owner.woman.0).bind(owner.centre.0).bind(put.slot.to_string());
    stands.bind(put.child.map(|child| child.0)).fetch_one(connection).await
}

/// Wrong words that count.
struct Wrong {
    own: Tally,
    all: Tally,
}

/// How many, and when the last one was.
struct Tally {
    number: i64,
    since: Option<OffsetDateTime>,
}

async fn wrong(
    connection: &mut PgConnection,
    owner: Owner,
    by: &ActorId,
    now: OffsetDateTime,
) -> Result<Wrong, sqlx::Error> {
    let counted = sqlx::query_as(
        "SELECT count(*) FILTER (WHERE actor = $3), max(at) FILTER (WHERE actor = $3), count(*), max(at)
         FROM vault_wrong_words WHERE woman = $1 AND centre = $2 AND at > $4",
    );
    let counted = counted.bind(owner.woman.0).bind(owner.centre.0).bind(by.as_str()).bind(now - WINDOW);
    let (own, last, all, last_of_all) = counted.fetch_one(connection).await?;
    Ok(Wrong { own: Tally { number: own, since: last }, all: Tally { number: all, since: last_of_all } })
}
