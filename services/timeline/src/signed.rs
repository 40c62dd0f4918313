//! Signatures of follow-ups: a row is shown only where this timeline made all of it of events.
//!
//! Entries need none, for they hold what their services signed. Deliberately absent: keeping a follow-up of before from being put back; it is
//! about the same woman and centre as it was, and `livline verify` names it.

use crate::project::Applicable;
use engine::integrity::Signer;
use sqlx::{PgConnection, Row, postgres::PgRow};
use std::collections::BTreeSet;
use time::Date;
use uuid::Uuid;

const LABEL: &str = "follow_up";
/// The columns that are signed, and the signature.
const COLUMNS: &str = "service, aggregate, woman, centre, class, key, what, responsible, basis::text AS basis, due_day, due, open, number, mac";

/// Follow-ups by aggregate and key.
pub(crate) type Keys = BTreeSet<(Uuid, String)>;

/// Whether a row with all columns is as it was signed.
pub(crate) fn fits(signer: &Signer, row: &PgRow) -> Result<bool, sqlx::Error> {
    let mac: Option<&[u8]> = row.try_get("mac")?;
    let parts = parts(row)?;
    let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    Ok(mac.is_some_and(|mac| signer.fits(LABEL, &parts, mac)))
}

/// Signs every follow-up as it stands: for tests that make more of them than there are.
#[doc(hidden)]
pub async fn sign_again(pool: &sqlx::PgPool, signer: &Signer) -> Result<(), sqlx::Error> {
    let all: Vec<(String, Uuid, String)> =
        sqlx::query_as("SELECT service, aggregate, key FROM follow_ups").fetch_all(pool).await?;
    let mut connection = pool.acquire().await?;
    for service in all.iter().map(|(service, ..)| service).collect::<BTreeSet<_>>() {
        let own = all.iter().filter(|(of, ..)| of == service).map(|(_, aggregate, key)| (*aggregate, key.clone()));
        let (aggregates, keys) = own.unzip();
        Touched { aggregates, keys }.sign(&mut connection, signer, service, &Keys::new()).await?;
    }
    Ok(())
}

/// What a row says, column by column; what is not there apart from what is empty.
fn parts(row: &PgRow) -> Result<Vec<Vec<u8>>, sqlx::Error> {
    let text = |name: &str| Ok::<_, sqlx::Error>(row.try_get::<Option<&str>, _>(name)?.map(str::as_bytes));
    let id = |name: &str| Ok::<_, sqlx::Error>(row.try_get::<Option<Uuid>, _>(name)?.map(Uuid::into_bytes));
    let mut parts = Vec::with_capacity(13);
    let mut push = |part: Option<&[u8]>| {
        parts.push(part.map_or_else(Vec::new, |part| [b"=", part].concat()));
    };
    for name in ["service", "class", "key", "what", "responsible", "basis", "due"] {
        push(text(name)?);
    }
    for name in ["aggregate", "woman", "centre"] {
        push(id(name)?.as_ref().map(<[u8; 16]>::as_slice));
    }
    let day = row.try_get::<Option<Date>, _>("due_day")?.map(|day| day.to_julian_day().to_be_bytes());
    push(day.as_ref().map(<[u8; 4]>::as_slice));
    push(Some(&[u8::from(row.try_get::<bool, _>("open")?)]));
    push(Some(&row.try_get::<i64, _>("number")?.to_be_bytes()));
    Ok(parts)
}

/// The follow-ups that some events change.
pub(crate) struct Touched {
    aggregates: Vec<Uuid>,
    keys: Vec<String>,
}

impl Touched {
    pub(crate) fn of(events: &[Applicable<'_>]) -> Self {
        let changes = events.iter().flat_map(|event| {
            event.body.data.facets.follow_ups.iter().map(|change| (event.body.aggregate.0, change.key.clone()))
        });
        let (aggregates, keys) = changes.collect::<Keys>().into_iter().unzip();
        Self { aggregates, keys }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Those that are there and not as they were signed.
    pub(crate) async fn changed(
        &self,
        connection: &mut PgConnection,
        signer: &Signer,
        service: &str,
    ) -> Result<Keys, sqlx::Error> {
        let mut changed = Keys::new();
        for row in self.rows(connection, service).await? {
            if !fits(signer, &row)? {
                let which: (Uuid, String) = (row.try_get("aggregate")?, row.try_get("key")?);
                signer.refuse(LABEL, &format_args!("{service} {}", which.0));
                changed.insert(which);
            }
        }
        Ok(changed)
    }

    /// Signs those that are not among `but`.
    pub(crate) async fn sign(
        &self,
        connection: &mut PgConnection,
        signer: &Signer,
        service: &str,
        but: &Keys,
    ) -> Result<(), sqlx::Error> {
        let (mut aggregates, mut keys, mut macs) = (Vec::new(), Vec::new(), Vec::new());
        for row in self.rows(connection, service).await? {
            let which: (Uuid, String) = (row.try_get("aggregate")?, row.try_get("key")?);
            if but.contains(&which) {
                continue;
            }
            let parts = parts(&row)?;
            macs.push(signer.sign(LABEL, &parts.iter().map(Vec::as_slice).collect::<Vec<_>>()));
            aggregates.push(which.0);
            keys.push(which.1);
        }
        sqlx::query(
            "UPDATE follow_ups f SET mac = s.mac FROM unnest($2::uuid[], $3::text[], $4::bytea[]) AS s(aggregate, key, mac)
             WHERE f.service = $1 AND f.aggregate = s.aggregate AND f.key = s.key",
        )
        .bind(service)
        .bind(aggregates)
        .bind(keys)
        .bind(macs)
        .execute(connection)
        .await
        .map(drop)
    }

    async fn rows(&self, connection: &mut PgConnection, service: &str) -> Result<Vec<PgRow>, sqlx::Error> {
        sqlx::query(&format!(
            "SELECT {COLUMNS} FROM follow_ups
             WHERE service = $1 AND (aggregate, key) IN (SELECT * FROM unnest($2::uuid[], $3::text[]))"
        ))
        .bind(service)
        .bind(&self.aggregates)
        .bind(&self.keys)
        .fetch_all(connection)
        .await
    }
}
