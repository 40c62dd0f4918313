//! The erasure of somebody's keys, and what the ledger tells of it.
//!
//! Destroyed is destroyed for the keys database; whoever used a key a moment ago has it in memory for [`CACHE`] longer, so only then may
//! anybody be told that it is done. Deliberately absent: who decides ([`crate::erasure`] hears of it), and backups, which have days of
//! their own.

use super::{CACHE, KeyError, Keyring};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// Whose keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A woman's.
    Woman,
    /// A child's.
    Child,
}

impl Kind {
    /// As the ledger has it.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Woman => "woman",
            Self::Child => "child",
        }
    }
}

/// What the ledger has of a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    /// Whose.
    pub kind: Kind,
    /// When it was decided.
    pub decided: OffsetDateTime,
    /// When the keys were destroyed.
    pub destroyed: OffsetDateTime,
}

impl Erasure {
    /// From when on no service has a key of theirs in memory: only then is it said to be done.
    #[must_use]
    pub fn acknowledged(&self) -> OffsetDateTime {
        self.destroyed + CACHE
    }

    /// Until when a backup of the keys may hold one of theirs, where backups of keys live for so many days.
    #[must_use]
    pub fn backups_until(&self, days: u16) -> OffsetDateTime {
        self.destroyed + Duration::days(days.into())
    }
}

impl Keyring {
    /// Destroys every key of a subject, writes it into the ledger, and keeps any key of theirs from being made again. Done again it
    /// changes nothing. Other services forget what they have in memory within [`CACHE`].
    pub async fn erase(&self, subject: Uuid, kind: Kind, decided: OffsetDateTime) -> Result<Erasure, KeyError> {
        sqlx::query("SELECT erase($1, $2, $3)")
            .bind(subject)
            .bind(kind.code())
            .bind(decided)
            .execute(&self.pool)
            .await?;
        for (id, _) in self.by_id.iter().filter(|(_, key)| key.subject == subject) {
            self.by_id.invalidate(&*id);
        }
        for (place, _) in self.by_subject.iter().filter(|(place, _)| place.0 == subject) {
            self.by_subject.invalidate(&*place);
        }
        if let Err(error) = sqlx::query("SELECT let_the_log_go()").execute(&self.pool).await {
            // The owner of the keys database may not be allowed to: then the log goes when the server lets it.
            tracing::warn!(
                error = crate::journal::error_kind(&error),
                "the log of the keys database could not be closed"
            );
        }
        self.erasure(subject).await?.ok_or(KeyError::Missing)
    }

    /// What the ledger has of a subject.
    pub async fn erasure(&self, subject: Uuid) -> Result<Option<Erasure>, KeyError> {
        let row: Option<(String, OffsetDateTime, OffsetDateTime)> =
            sqlx::query_as("SELECT kind, decided, destroyed FROM erasure_of($1)")
                .bind(subject)
                .fetch_optional(&self.pool)
                .await?;
        Ok(row.map(|(kind, decided, destroyed)| {
            let kind = if kind == Kind::Child.code() { Kind::Child } else { Kind::Woman };
            Erasure { kind, decided, destroyed }
        }))
    }
}
