//! What a woman's own signed events tell of her vault, and whether what stands there is that.
//!
//! Each change is an event of hers: it names the slot and, sealed, the reference. So a value that stands is the last one that was told of in
//! its slot, and a row of before, one that is another woman's or one that is gone is noticed before anything is shown. Kept before changes
//! were events, a value stands where no event tells of its slot. Deliberately absent: mending; a value kept anew takes the place of what
//! does not fit.

use super::{
    EVENT, Entry, Owner, Slot, Vault, VaultError, entry,
    signed::{Kind, ValueRow, kept_moment},
};
use crate::{
    erasure::decided,
    seal::{Granted, Opening, Place, SealError},
    store,
};
use kit::{ChildId, published::Body, sealed::Stored};
use serde::Deserialize;
use serde_json::Value;
use sqlx::{PgConnection, Row};
use std::collections::BTreeSet;
use time::OffsetDateTime;
use uuid::Uuid;

/// Where a value stands among hers.
pub(super) type At = (Slot, Option<ChildId>);

/// An event of hers that tells of a value.
#[derive(Debug)]
pub(super) struct Told {
    /// Which of her entries, by the aggregate and its version.
    pub(super) which: String,
    /// The number of the last event of its command.
    pub(super) number: i64,
    /// The command's key.
    pub(super) command: Uuid,
    /// Which place.
    pub(super) at: At,
    /// When it was recorded.
    pub(super) since: OffsetDateTime,
    body: Body,
}

/// The open facts of the event.
#[derive(Deserialize)]
struct Facts {
    slot: String,
    #[serde(default)]
    contact: Option<Uuid>,
    #[serde(default)]
    child: Option<ChildId>,
}

impl Facts {
    fn slot(&self) -> Option<Slot> {
        match self.slot.as_str() {
            "address" => Some(Slot::Address),
            "contact" => Some(Slot::Contact(self.contact.unwrap_or_default())),
            "code_word" => Some(Slot::CodeWord),
            _ => None,
        }
    }
}

/// What is in her vault now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contents {
    /// What stands there as it was kept.
    pub entries: Vec<Entry>,
    /// What is not there as it was kept, by slot and child: nothing of it is shown.
    pub refused: Vec<(Slot, Option<ChildId>)>,
}

/// What stands there, the row of each value, and what does not fit.
#[derive(Debug, Default)]
pub(super) struct Standing {
    pub(super) rows: Vec<(Entry, String)>,
    pub(super) refused: Vec<(At, String)>,
}

impl Standing {
    /// The row of a reference; refused where it is in a place that does not fit.
    pub(super) fn at(&self, at: At) -> Result<Option<&(Entry, String)>, VaultError> {
        if self.refused.iter().any(|(refused, _)| *refused == at) {
            return Err(VaultError::NotAsKept);
        }
        Ok(self.rows.iter().find(|(entry, _)| (entry.slot, entry.child) == at))
    }
}

impl Vault {
    /// What her events tell of her vault, in their order.
    pub(super) async fn told(&self, connection: &mut PgConnection, owner: Owner) -> Result<Vec<Told>, VaultError> {
        let sql = format!(
            "SELECT {}, (SELECT max(o.number) FROM events o WHERE o.aggregate_type = e.aggregate_type
                             AND o.aggregate_id = e.aggregate_id AND o.key = e.key) AS number
             FROM aggregates a JOIN events e ON (e.aggregate_type, e.aggregate_id) = (a.aggregate_type, a.aggregate_id)
             WHERE a.woman = $1 AND a.centre = $2 AND e.event_type = $3 ORDER BY e.number",
            store::SIGNED
        );
        let rows = sqlx::query(&sql).bind(owner.woman.0).bind(owner.centre.0).bind(EVENT);
        let (signer, mut told) = (self.signer(), Vec::new());
        for row in rows.fetch_all(connection).await? {
            let (kind, id): (&str, &str) = (row.try_get("aggregate_type")?, row.try_get("aggregate_id")?);
            let which = format!("{kind} {id} version {}", row.try_get::<i64, _>("sequence")?);
            let body: Option<Body> = serde_json::from_str(row.try_get("body")?).ok();
            let hers = body.filter(|body| (body.subject, body.centre) == (Some(owner.woman), Some(owner.centre)));
            let read = hers.and_then(|body| {
                let facts = Facts::deserialize(&body.data.facts).ok()?;
                Some(((facts.slot()?, facts.child), body))
            });
            let (Some((at, body)), true) = (read, store::is_genuine(&signer, &row)?) else {
                signer.refuse("event", &which);
                return Err(VaultError::NotAsKept);
            };
            let (number, command) = (row.try_get("number")?, row.try_get("key")?);
            told.push(Told { which, number, command, at, since: kept_moment(body.recordedtime), body });
        }
        Ok(told)
    }

    /// The reference that an event names; none: whose it is was erased.
    pub(super) async fn named(&self, owner: Owner, told: &Told) -> Result<Option<Uuid>, VaultError> {
        let granted = Granted { woman: Some(owner.woman), centre: Some(owner.centre), aggregate: None };
        let place = Place::granted(self.service, &told.body, granted).ok_or(SealError::Foreign)?;
        let mut facts = told.body.data.facts.clone();
        self.seal.open(place, &mut facts, |_| Opening::Value).await?;
        let named = facts.get("reference").or_else(|| facts.pointer("/childs_reference/value"));
        match named {
            Some(Value::String(reference)) => reference.parse().map(Some).map_err(|_| VaultError::Unreadable),
            Some(other) if matches!(Stored::of(other), Some(Stored::Erased)) => Ok(None),
            _ => Err(VaultError::Unreadable),
        }
    }

    /// What stands in her vault as her events tell. The caller holds her lock, or looks at one moment.
    pub(super) async fn standing(&self, connection: &mut PgConnection, owner: Owner) -> Result<Standing, VaultError> {
        let signer = self.signer();
        let rows = sqlx::query(
            "SELECT reference, slot, child, version, since, sealed::text AS sealed, mac FROM vault
             WHERE woman = $1 AND centre = $2 ORDER BY slot, child NULLS FIRST",
        );
        let rows = rows.bind(owner.woman.0).bind(owner.centre.0).fetch_all(&mut *connection).await?;
        let told = self.told(connection, owner).await?;
        // An event whose value still waits tells of what will stand there in a moment.
        let waits: BTreeSet<(Uuid, String)> = self
            .waiting(connection, owner)
            .await?
            .iter()
            .map(|(_, entry, command)| (*command, key(at(entry))))
            .collect();
        let mut last: Vec<&Told> = Vec::new();
        for told in told.iter().filter(|told| !waits.contains(&(told.command, key(told.at)))) {
            last.retain(|before| before.at != told.at);
            last.push(told);
        }
        let mut standing = Standing::default();
        for row in &rows {
            let Ok(entry) = entry(row) else {
                signer.refuse("vault", &row.try_get::<Uuid, _>("reference")?);
                continue;
            };
            let sealed: String = row.try_get("sealed")?;
            let signed = ValueRow { kind: Kind::Stands, owner, entry: &entry, sealed: &sealed };
            let named = match last.iter().find(|told| told.at == at(&entry)) {
                Some(told) => self.named(owner, told).await?,
                None => None,
            };
            if signed.fits(&signer, row.try_get("mac")?) && named.is_none_or(|named| named == entry.reference) {
                standing.rows.push((entry, sealed));
            } else {
                signer.refuse("vault", &entry.reference);
                let what = format!("what stands under {} is not the last that was kept there", entry.reference);
                standing.refused.push((at(&entry), what));
            }
        }
        for told in last {
            let there = standing.rows.iter().any(|(entry, _)| at(entry) == told.at)
                || standing.refused.iter().any(|(refused, _)| *refused == told.at);
            if there || decided(connection, owner.woman, told.at.1).await? || self.named(owner, told).await?.is_none() {
                continue;
            }
            signer.refuse("vault", &told.which);
            standing.refused.push((told.at, format!("the value is gone that {} tells of", told.which)));
        }
        Ok(standing)
    }

    /// What waits for its event as it was written down: the key of each, the value's entry, and the command.
    pub(super) async fn waiting(
        &self,
        connection: &mut PgConnection,
        owner: Owner,
    ) -> Result<Vec<(sqlx::postgres::PgRow, Entry, Uuid)>, VaultError> {
        let rows = sqlx::query(
            "SELECT key, command, reference, slot, child, 0::bigint AS version, since, fingerprint, sealed::text AS sealed, mac
             FROM vault_waiting WHERE woman = $1 AND centre = $2 ORDER BY slot",
        );
        let rows = rows.bind(owner.woman.0).bind(owner.centre.0).fetch_all(connection).await?;
        let (signer, mut waiting) = (self.signer(), Vec::with_capacity(rows.len()));
        for row in rows {
            let command: Uuid = row.try_get("command")?;
            let fits = entry(&row).ok().filter(|entry| {
                let sealed = row.try_get("sealed").unwrap_or_default();
                let kind = Kind::Waits(command);
                ValueRow { kind, owner, entry, sealed }.fits(&signer, row.try_get("mac").unwrap_or_default())
            });
            match fits {
                Some(entry) => waiting.push((row, entry, command)),
                None => signer.refuse("vault waiting", &command),
            }
        }
        Ok(waiting)
    }
}

/// Where a value stands.
pub(super) fn at(entry: &Entry) -> At {
    (entry.slot, entry.child)
}

fn key((slot, child): At) -> String {
    format!("{slot} {child:?}")
}
