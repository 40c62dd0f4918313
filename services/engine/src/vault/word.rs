//! The code word: whether what a caller says is it, for a worker who may not read it, and for whoever gives her another one.
//!
//! Deliberately absent: the word itself in any answer, and whether it was nearly right.

use super::{Kept, Owner, Put, Slot, Vault, VaultError, lock};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use sqlx::{PgConnection, Postgres, Transaction};
use std::time::Duration;
use time::OffsetDateTime;

/// How many wrong words about one woman are taken within [`WINDOW`], whoever asks.
pub const WRONG_WORDS: i64 = 5;
/// How long a wrong word counts.
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

/// How it was made sure that it is she who wants another code word. Not `Debug`: it holds the word in clear.
#[derive(Clone)]
pub enum Recognised {
    /// By what was said for her code word.
    Word(Kept),
    /// At a meeting.
    Meeting,
}

/// Why she was not recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unrecognised {
    /// Nobody says how she was.
    #[error("it is not said how she was recognised")]
    Unsaid,
    /// By her code word, and it was another one.
    #[error("the code word is another one")]
    WrongWord,
    /// There were too many wrong ones.
    #[error("there were too many wrong code words")]
    TooMany,
}

impl Vault {
    /// Compares a word, in a time that does not tell how much of it is right. Case and spaces do not count: it is said on the phone.
    pub async fn check_word(&self, owner: Owner, word: &Kept, now: OffsetDateTime) -> Result<Checked, VaultError> {
        let entries = self.list(owner).await?;
        let agreed = entries.iter().find(|entry| entry.slot == Slot::CodeWord && entry.child.is_none());
        let Some(agreed) = agreed else { return Ok(Checked::NoneAgreed) };
        let Some(agreed) = self.value(owner, agreed.reference).await? else { return Ok(Checked::NoneAgreed) };
        // Those who try at once try one after the other.
        let mut trying = self.pool.begin().await?;
        lock(&mut trying, owner.woman).await?;
        let checked = self.compared(&mut trying, owner, &agreed, word, now).await?;
        trying.commit().await?;
        Ok(checked)
    }

    /// Whether she was recognised, who gets another code word. A wrong word counts, whatever becomes of the request.
    pub(super) async fn recognises(
        &self,
        mut trying: Transaction<'static, Postgres>,
        owner: Owner,
        agreed: Option<&str>,
        put: &Put,
    ) -> Result<Transaction<'static, Postgres>, VaultError> {
        let word = match &put.recognised {
            None => return Err(Unrecognised::Unsaid.into()),
            Some(Recognised::Meeting) => return Ok(trying),
            Some(Recognised::Word(word)) => word,
        };
        // One that was erased recognises nobody.
        let Some(agreed) = agreed else { return Err(Unrecognised::WrongWord.into()) };
        match self.compared(&mut trying, owner, agreed, word, put.now).await? {
            Checked::Right => Ok(trying),
            Checked::TooMany => Err(Unrecognised::TooMany.into()),
            Checked::Wrong | Checked::NoneAgreed => {
                trying.commit().await?;
                Err(Unrecognised::WrongWord.into())
            }
        }
    }

    /// Compares, and counts what is wrong; the caller holds the lock.
    async fn compared(
        &self,
        trying: &mut PgConnection,
        owner: Owner,
        agreed: &str,
        word: &Kept,
        now: OffsetDateTime,
    ) -> Result<Checked, VaultError> {
        // Fingerprints have one length, whatever the words have.
        let agreed = self.seal.fingerprint(owner.woman, said(agreed).as_bytes()).await?.bytes;
        let word = self.seal.fingerprint(owner.woman, said(word.as_str()).as_bytes()).await?.bytes;
        sqlx::query("DELETE FROM vault_wrong_words WHERE woman = $1 AND centre = $2 AND at <= $3")
            .bind(owner.woman.0)
            .bind(owner.centre.0)
            .bind(now - WINDOW)
            .execute(&mut *trying)
            .await?;
        let wrong: i64 = sqlx::query_scalar("SELECT count(*) FROM vault_wrong_words WHERE woman = $1 AND centre = $2")
            .bind(owner.woman.0)
            .bind(owner.centre.0)
            .fetch_one(&mut *trying)
            .await?;
        Ok(if wrong >= WRONG_WORDS {
            Checked::TooMany
        } else if verify_slices_are_equal(&agreed, &word).is_ok() {
            Checked::Right
        } else {
            sqlx::query("INSERT INTO vault_wrong_words (woman, centre, at) VALUES ($1, $2, $3)")
                .bind(owner.woman.0)
                .bind(owner.centre.0)
                .bind(now)
                .execute(&mut *trying)
                .await?;
            Checked::Wrong
        })
    }
}

/// A word as it is said.
fn said(word: &str) -> String {
    word.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_compared_as_it_is_said() {
        assert_eq!(said("  Blå   Cykel "), said("blå cykel"));
        assert_ne!(said("blå cykel"), said("blåcykel"));
    }
}
