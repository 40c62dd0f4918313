//! The code word: whether what a caller says is it, for a worker who may not read it, and for whoever gives her another one.
//!
//! A right answer is remembered for as long as she counts as recognised by whoever got it, with the word that it was: it tells nothing of
//! the next one. Wrong ones lock out: whoever tried too often about her, and everybody once all of them together did. Both are signed.
//! Wrong ones the service's role cannot take back, and each process counts those that it has taken itself, whatever the database says.
//! Deliberately absent: the word itself in any answer, whether it was nearly right, telling of a lock-out (the woman's events), and
//! remembering wrong words that an administrator of the database took away before the service was started.

use super::{
    Kept, OLD_GO, Owner, Put, Slot, Vault, VaultError, lock,
    signed::{Noted, kept_moment},
};
use crate::integrity::Signer;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use kit::{ActorId, normal::said};
use sqlx::{PgConnection, Postgres, Row, Transaction};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use time::OffsetDateTime;
use uuid::Uuid;

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

/// Wrong words that this process has taken, as long as they count.
#[derive(Debug, Clone, Default)]
pub(super) struct Taken(Arc<Mutex<Vec<(Owner, ActorId, OffsetDateTime)>>>);

impl Taken {
    fn add(&self, owner: Owner, by: &ActorId, at: OffsetDateTime) {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        taken.retain(|(.., before)| *before > at - WINDOW);
        taken.push((owner, by.clone(), at));
    }

    fn of(&self, owner: Owner) -> Vec<(ActorId, OffsetDateTime)> {
        let taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let hers = taken.iter().filter(|(of, ..)| *of == owner);
        hers.map(|(_, by, at)| (by.clone(), *at)).collect()
    }
}

impl Vault {
    /// Whether somebody has checked her code word, and was told that it is right, so lately that she counts as recognised.
    pub async fn word_checked(&self, owner: Owner, actor: &ActorId, now: OffsetDateTime) -> Result<bool, VaultError> {
        self.settle(owner).await?;
        let mut moment = self.pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
        self.checked_by(&mut moment, owner, actor, now).await
    }

    async fn checked_by(
        &self,
        connection: &mut PgConnection,
        owner: Owner,
        actor: &ActorId,
        now: OffsetDateTime,
    ) -> Result<bool, VaultError> {
        let Some((word, _)) = self.word(connection, owner).await? else { return Ok(false) };
        let checked = sqlx::query(
            "SELECT word, at, mac FROM vault_checked WHERE woman = $1 AND centre = $2 AND actor = $3 AND at > $4",
        );
        let checked = checked.bind(owner.woman.0).bind(owner.centre.0).bind(actor.as_str());
        let checked = checked.bind(now - WINDOW).fetch_optional(connection).await?;
        let Some(row) = checked else { return Ok(false) };
        let (was, signer) = (row.try_get::<Uuid, _>("word")?, self.signer());
        let fits = Noted::Right(was, actor).fits(&signer, owner, row.try_get("at")?, row.try_get("mac")?);
        if !fits {
            signer.refuse("vault checked", &was);
        }
        Ok(fits && was == word)
    }

    /// The reference of her word, and its row.
    async fn word(&self, connection: &mut PgConnection, owner: Owner) -> Result<Option<(Uuid, String)>, VaultError> {
        let standing = self.standing(connection, owner).await?;
        Ok(standing.at((Slot::CodeWord, None))?.map(|(entry, sealed)| (entry.reference, sealed.clone())))
    }

    /// Compares a word, in a time that does not tell how much of it is right. Case and spaces do not count: it is said on the phone.
    pub async fn check_word(
        &self,
        owner: Owner,
        word: &Kept,
        by: &ActorId,
        now: OffsetDateTime,
    ) -> Result<Checked, VaultError> {
        let Some(agreed) = self.agreed(owner).await? else { return Ok(Checked::NoneAgreed) };
        let now = kept_moment(now);
        // Those who try at once try one after the other.
        let mut trying = self.pool.begin().await?;
        lock(&mut trying, owner.woman).await?;
        let (checked, at) = self.compared(&mut trying, owner, &agreed, word, (by, now)).await?;
        trying.commit().await?;
        if checked == Checked::Wrong {
            self.taken.add(owner, by, at);
        }
        Ok(checked)
    }

    /// Who is locked out now, where somebody like this one is.
    pub async fn lock_out(
        &self,
        owner: Owner,
        by: &ActorId,
        now: OffsetDateTime,
    ) -> Result<Option<LockOut>, VaultError> {
        let Wrong { own, all, .. } = self.wrong(&mut *self.pool.acquire().await?, owner, by, now).await?;
        let everybody = all.since.filter(|_| all.number >= WRONG_WORDS_OF_ALL).map(|since| (None, since));
        let own = own.since.filter(|_| own.number >= WRONG_WORDS).map(|since| (Some(by.clone()), since));
        Ok(everybody.or(own).map(|(worker, since)| LockOut { worker, since }))
    }

    /// Takes words again: from a worker, or from everybody.
    pub async fn unlock(&self, owner: Owner, worker: Option<&ActorId>, now: OffsetDateTime) -> Result<(), VaultError> {
        let mut changes = self.pool.begin().await?;
        lock(&mut changes, owner.woman).await?;
        // Up to the last wrong one, though another process's clock was ahead.
        let latest =
            sqlx::query_scalar("SELECT max(at) FROM vault_wrong_words WHERE woman = $1 AND centre = $2 AND at < $3");
        let latest = latest.bind(owner.woman.0).bind(owner.centre.0).bind(now + WINDOW);
        let latest: Option<OffsetDateTime> = latest.fetch_one(&mut *changes).await?;
        let at = kept_moment(latest.map_or(now, |latest| latest.max(now)));
        sqlx::query("INSERT INTO vault_unlocked (woman, centre, actor, at, mac) VALUES ($1, $2, $3, $4, $5)")
            .bind(owner.woman.0)
            .bind(owner.centre.0)
            .bind(worker.map(ActorId::as_str))
            .bind(at)
            .bind(Noted::Unlocked(worker).sign(&self.signer(), owner, at))
            .execute(&mut *changes)
            .await?;
        changes.commit().await?;
        Ok(())
    }

    /// Her word, and its reference.
    async fn agreed(&self, owner: Owner) -> Result<Option<Agreed>, VaultError> {
        self.settle(owner).await?;
        let mut moment = self.pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
        let standing = self.standing(&mut moment, owner).await?;
        drop(moment);
        let Some((entry, sealed)) = standing.at((Slot::CodeWord, None))? else { return Ok(None) };
        let word = self.opened(owner, entry, sealed).await?;
        Ok(word.map(|word| Agreed { reference: entry.reference, word }))
    }

    /// Whether she was recognised as it is said, or nothing need be said. A wrong word counts, whatever becomes of the request.
    pub(super) async fn recognises(
        &self,
        mut trying: Transaction<'static, Postgres>,
        owner: Owner,
        put: &Put,
        agreed: Option<&Agreed>,
    ) -> Result<Transaction<'static, Postgres>, VaultError> {
        let by = (&put.by, put.now);
        let word = match &put.recognised {
            None if put.slot == Slot::CodeWord && self.replaces(&mut trying, owner, put).await? => {
                return Err(Unrecognised::Unsaid.into());
            }
            None | Some(Recognised::Meeting) => return Ok(trying),
            Some(Recognised::Word(None)) if self.checked_by(&mut trying, owner, by.0, by.1).await? => {
                return Ok(trying);
            }
            Some(Recognised::Word(None)) => return Err(Unrecognised::Unchecked.into()),
            Some(Recognised::Word(Some(word))) => word,
        };
        // None was agreed, or it was erased: it recognises nobody.
        let Some(agreed) = agreed else { return Err(Unrecognised::Unchecked.into()) };
        let (checked, at) = self.compared(&mut trying, owner, agreed, word, (by.0, kept_moment(by.1))).await?;
        match checked {
            Checked::Right => Ok(trying),
            Checked::TooMany => Err(Unrecognised::TooMany.into()),
            Checked::Wrong | Checked::NoneAgreed => {
                trying.commit().await?;
                self.taken.add(owner, by.0, at);
                Err(Unrecognised::WrongWord.into())
            }
        }
    }

    /// Her word, where somebody says another one for it.
    pub(super) async fn agreed_for(&self, owner: Owner, puts: &[Put]) -> Result<Option<Agreed>, VaultError> {
        let said = puts.iter().any(|put| matches!(put.recognised, Some(Recognised::Word(Some(_)))));
        if said { self.agreed(owner).await } else { Ok(None) }
    }

    /// Compares, remembers what is right and counts what is wrong, and from when; the caller holds the lock.
    async fn compared(
        &self,
        trying: &mut PgConnection,
        owner: Owner,
        agreed: &Agreed,
        word: &Kept,
        (by, now): (&ActorId, OffsetDateTime),
    ) -> Result<(Checked, OffsetDateTime), VaultError> {
        // Fingerprints have one length, whatever the words have.
        let own = self.seal.fingerprint(owner.woman, said(&agreed.word).as_bytes()).await?.bytes;
        let word = self.seal.fingerprint(owner.woman, said(word.as_str()).as_bytes()).await?.bytes;
        let over = sqlx::query("DELETE FROM vault_checked WHERE woman = $1 AND centre = $2 AND at <= $3");
        over.bind(owner.woman.0).bind(owner.centre.0).bind(now - WINDOW).execute(&mut *trying).await?;
        sqlx::query(&format!("SELECT {OLD_GO}()")).execute(&mut *trying).await?;
        let wrong = self.wrong(&mut *trying, owner, by, now).await?;
        let signer = self.signer();
        if wrong.own.number >= WRONG_WORDS || wrong.all.number >= WRONG_WORDS_OF_ALL {
            return Ok((Checked::TooMany, now));
        }
        if verify_slices_are_equal(&own, &word).is_ok() {
            let right = sqlx::query(
                "INSERT INTO vault_checked (woman, centre, actor, at, word, mac) VALUES ($1, $2, $3, $4, $5, $6)
                 ON CONFLICT (woman, centre, actor) DO UPDATE SET at = $4, word = $5, mac = $6",
            );
            let right =
                right.bind(owner.woman.0).bind(owner.centre.0).bind(by.as_str()).bind(now).bind(agreed.reference);
            let mac = Noted::Right(agreed.reference, by).sign(&signer, owner, now);
            right.bind(mac).execute(&mut *trying).await?;
            return Ok((Checked::Right, now));
        }
        // After whatever was taken again.
        let at = wrong.lifted.map_or(now, |lifted| now.max(lifted + time::Duration::microseconds(1)));
        let counted =
            sqlx::query("INSERT INTO vault_wrong_words (woman, centre, actor, at, mac) VALUES ($1, $2, $3, $4, $5)");
        let counted = counted.bind(owner.woman.0).bind(owner.centre.0).bind(by.as_str()).bind(at);
        counted.bind(Noted::Wrong(by).sign(&signer, owner, at)).execute(&mut *trying).await?;
        Ok((Checked::Wrong, at))
    }

    /// Whether a value would take the place of another, or of one that is gone.
    async fn replaces(&self, connection: &mut PgConnection, owner: Owner, put: &Put) -> Result<bool, VaultError> {
        let standing = self.standing(connection, owner).await?;
        let there = standing.at((put.slot, put.child));
        Ok(!matches!(there, Ok(None)))
    }

    /// Wrong words that count: those of the database that were signed, or those that this process has taken, whichever are more.
    async fn wrong(
        &self,
        connection: &mut PgConnection,
        owner: Owner,
        by: &ActorId,
        now: OffsetDateTime,
    ) -> Result<Wrong, VaultError> {
        let signer = self.signer();
        let lifts = lifts(connection, &signer, owner, now).await?;
        let counts = |actor: &ActorId, at: OffsetDateTime| {
            let lifted = |(whose, until): &(Option<ActorId>, OffsetDateTime)| {
                at <= *until && whose.as_ref().is_none_or(|whose| whose == actor)
            };
            at > now - WINDOW && !lifts.iter().any(lifted)
        };
        let rows =
            sqlx::query("SELECT actor, at, mac FROM vault_wrong_words WHERE woman = $1 AND centre = $2 AND at > $3");
        let rows = rows.bind(owner.woman.0).bind(owner.centre.0).bind(now - WINDOW).fetch_all(connection).await?;
        let mut stored: BTreeMap<ActorId, Tally> = BTreeMap::new();
        for row in rows {
            let at: OffsetDateTime = row.try_get("at")?;
            let actor: Option<ActorId> = row.try_get::<&str, _>("actor")?.parse().ok();
            match actor
                .filter(|actor| row.try_get("mac").is_ok_and(|mac| Noted::Wrong(actor).fits(&signer, owner, at, mac)))
            {
                Some(actor) if counts(&actor, at) => stored.entry(actor).or_default().add(at),
                Some(_) => {}
                None => signer.refuse("vault wrong word", &at),
            }
        }
        let mut taken: BTreeMap<ActorId, Tally> = BTreeMap::new();
        for (actor, at) in self.taken.of(owner).into_iter().filter(|(actor, at)| counts(actor, *at)) {
            taken.entry(actor).or_default().add(at);
        }
        for (actor, tally) in taken {
            let stored = stored.entry(actor).or_default();
            if tally.number > stored.number {
                signer.refuse("vault wrong word", &"taken away");
                *stored = tally;
            }
        }
        let own = stored.get(by).copied().unwrap_or_default();
        let all = stored.values().fold(Tally::default(), |all, one| Tally {
            number: all.number + one.number,
            since: all.since.max(one.since),
        });
        Ok(Wrong { own, all, lifted: lifts.iter().map(|(_, until)| *until).max() })
    }
}

/// Up to when wrong words do not count any more: of one, or of everybody.
async fn lifts(
    connection: &mut PgConnection,
    signer: &Signer,
    owner: Owner,
    now: OffsetDateTime,
) -> Result<Vec<(Option<ActorId>, OffsetDateTime)>, VaultError> {
    let rows = sqlx::query("SELECT actor, at, mac FROM vault_unlocked WHERE woman = $1 AND centre = $2 AND at > $3");
    let rows = rows.bind(owner.woman.0).bind(owner.centre.0).bind(now - WINDOW).fetch_all(connection).await?;
    let mut lifts = Vec::with_capacity(rows.len());
    for row in rows {
        let at = row.try_get("at")?;
        let actor = row.try_get::<Option<&str>, _>("actor")?.map(str::parse).transpose();
        match actor {
            Ok(actor) if Noted::Unlocked(actor.as_ref()).fits(signer, owner, at, row.try_get("mac")?) => {
                lifts.push((actor, at));
            }
            _ => signer.refuse("vault unlocked", &at),
        }
    }
    Ok(lifts)
}

/// Her word in clear, and its reference.
pub(super) struct Agreed {
    reference: Uuid,
    word: String,
}

/// Wrong words that count.
struct Wrong {
    own: Tally,
    all: Tally,
    /// Up to when wrong words were lifted last.
    lifted: Option<OffsetDateTime>,
}

/// How many, and when the last one was.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    number: i64,
    since: Option<OffsetDateTime>,
}

impl Tally {
    fn add(&mut self, at: OffsetDateTime) {
        self.number += 1;
        self.since = self.since.max(Some(at));
    }
}
