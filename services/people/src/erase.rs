//! What is told of an erasure: how far it is, and the letter that says so.
//!
//! Carrying it out is the engine's ([`engine::erasure::Eraser`], by [`engine::run::Domain::erasing`]): this service's own `PersonErased`
//! destroys the keys and what the vault has. Deliberately absent: deciding (the woman's aggregate), and sending the letter.

use engine::keys::{KeyError, Keyring};
use kit::calendar::in_copenhagen_time;
use serde::Serialize;
use serde_json::Value;
use time::{OffsetDateTime, macros::format_description};
use uuid::Uuid;

/// The letter's texts, by language.
const LETTERS: [(&str, &str); 2] =
    [("da", include_str!("../letters/erased.da.txt")), ("en", include_str!("../letters/erased.en.txt"))];

/// How far somebody's erasure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Status {
    /// When it was decided.
    #[serde(with = "time::serde::rfc3339")]
    pub decided: OffsetDateTime,
    /// When the keys were destroyed.
    #[serde(with = "time::serde::rfc3339")]
    pub destroyed: OffsetDateTime,
    /// From when on no service has one in memory: before, nobody is told that it is done.
    #[serde(with = "time::serde::rfc3339")]
    pub acknowledged_at: OffsetDateTime,
    /// Until when a backup of the keys may hold one.
    #[serde(with = "time::serde::rfc3339")]
    pub backups_until: OffsetDateTime,
}

/// What the ledger has of a woman or child; none: nothing was destroyed. `days` is how long backups of keys live, as configured.
pub async fn status(keys: &Keyring, subject: Uuid, days: u16) -> Result<Option<Status>, KeyError> {
    Ok(keys.erasure(subject).await?.map(|erasure| Status {
        decided: erasure.decided,
        destroyed: erasure.destroyed,
        acknowledged_at: erasure.acknowledged(),
        backups_until: erasure.backups_until(days),
    }))
}

impl Status {
    /// As it is told at a moment: until nobody has a key in memory, no more than that it was decided.
    #[must_use]
    pub fn told(&self, now: OffsetDateTime) -> Value {
        let mut told = serde_json::to_value(self).unwrap_or_default();
        if let Some(members) = told.as_object_mut().filter(|_| now < self.acknowledged_at) {
            members.retain(|name, _| name == "decided");
        }
        told
    }

    /// The letter, once it may be said; Danish where the language is none of ours.
    #[must_use]
    pub fn letter(&self, language: &str, now: OffsetDateTime) -> Option<String> {
        if now < self.acknowledged_at {
            return None;
        }
        let day = |moment: OffsetDateTime| {
            let form = format_description!("[day padding:none].[month padding:none].[year]");
            in_copenhagen_time(moment).format(form).unwrap_or_default()
        };
        let [(_, danish), _] = LETTERS;
        let text = LETTERS.iter().find(|(code, _)| *code == language).map_or(danish, |(_, text)| text);
        let dates = [
            ("{ decided }", self.decided),
            ("{ destroyed }", self.destroyed),
            ("{ acknowledged }", self.acknowledged_at),
            ("{ backups }", self.backups_until),
        ];
        Some(dates.iter().fold(text.to_owned(), |text, (place, moment)| text.replace(place, &day(*moment))))
    }
}
