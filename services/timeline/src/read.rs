//! Reading rows: one woman's entries in pages, her open follow-ups, a centre's follow-ups, and how far the timeline is.
//!
//! Every query names the reader's centre. Deliberately absent: opening and wording of facts ([`crate::render`]).

mod tasks;

pub(crate) use tasks::{Due, FOLLOW_UPS, FollowUpRow, NOBODY, Tasks, Wanted, follow_ups, page, tasks};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use engine::seal::{Granted, Seal};
use kit::{
    CentreId, Moment, WomanId, calendar,
    entry::ENTRY_CORRECTED,
    published::Body,
    relation::{Along, Received, SAFETY},
};
use serde_json::Value;
use sqlx::{PgConnection, Postgres, QueryBuilder, Row, postgres::PgRow};
use std::collections::BTreeMap;
use time::{Date, Duration, OffsetDateTime};
use uuid::Uuid;

/// Entries a page holds.
pub(crate) const PAGE: usize = 200;

/// An entry that the service published, of what is seen.
#[derive(Debug)]
pub(crate) struct EntryRow {
    pub service: String,
    pub number: i64,
    pub standing: String,
    pub body: Body,
    /// Whose it is.
    pub granted: Granted,
    /// Whether it is about somebody else.
    pub wrong_person: bool,
    /// Its latest correction, where that is seen too: how it reads now.
    pub correction: Option<(Body, Granted)>,
}

/// What of a woman a centre sees: what it recorded itself, and what came along from where she was before.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scope<'a> {
    pub woman: WomanId,
    pub centre: CentreId,
    pub received: &'a [Received],
}

impl Scope<'_> {
    /// Every centre of which something is seen.
    fn centres(&self) -> Vec<Uuid> {
        std::iter::once(self.centre).chain(self.received.iter().map(|received| received.from)).map(|id| id.0).collect()
    }

    /// Whose facts a body holds, where it is among what is seen: by what its service published, not by what a row says of it.
    fn granted(&self, service: &str, body: &Body) -> Option<Granted> {
        let came_along = |Received { from, along, until, .. }: &Received| {
            let chosen = match along {
                Along::Nothing => false,
                Along::OpenTasksAndSafety => service == SAFETY,
                Along::All => true,
            };
            chosen && body.centre == Some(*from) && body.recordedtime < end(*until)
        };
        let seen = body.centre == Some(self.centre) || self.received.iter().any(came_along);
        let granted = Granted { woman: Some(self.woman), centre: body.centre, aggregate: None };
        (seen && body.subject == Some(self.woman)).then_some(granted)
    }

    /// The condition on entries. What another centre recorded after she had left is not seen, and of what came before only what she chose.
    fn push(&self, query: &mut QueryBuilder<'_, Postgres>) {
        query.push(" woman = ").push_bind(self.woman.0).push(" AND (centre = ").push_bind(self.centre.0);
        for Received { from, along, until, .. } in self.received {
            if *along == Along::Nothing {
                continue;
            }
            query.push(" OR (centre = ").push_bind(from.0).push(format!(" AND {RECORDED} < ")).push_bind(end(*until));
            if *along == Along::OpenTasksAndSafety {
                query.push(" AND service = ").push_bind(SAFETY);
            }
            query.push(")");
        }
        query.push(")");
    }

    /// From where open tasks came along, and when she left. Of a centre she left twice, what was open the last time.
    fn tasks_of(&self) -> BTreeMap<CentreId, Moment> {
        let along = self.received.iter().filter(|received| received.along != Along::Nothing);
        along.map(|received| (received.from, received.until)).collect()
    }
}

/// When an entry was recorded.
const RECORDED: &str = "(body->>'recordedtime')::timestamptz";

/// How exactly it is known when an entry happened, as it stands.
const PRECISION: &str = "coalesce((SELECT c.body->>'timeprecision' FROM entries c
    WHERE c.service = entries.service AND c.number = entries.said_by), body->>'timeprecision')";

/// The end of what came along. To the minute, which is included: what was recorded in the last one came along.
fn end(until: Moment) -> OffsetDateTime {
    until.instant() + Duration::MINUTE
}

/// Which entries are wanted.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    pub domain: Option<String>,
    pub from: Option<Date>,
    pub until: Option<Date>,
    pub cursor: Option<Cursor>,
}

/// The place behind the last entry of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cursor {
    at: OffsetDateTime,
    service: String,
    number: i64,
}

/// The years that a cursor may name.
const YEARS: std::ops::RangeInclusive<i32> = 1899..=2200;

impl Cursor {
    fn behind(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self { at: row.try_get("at")?, service: row.try_get("service")?, number: row.try_get("number")? })
    }

    /// Of which service the entry before it is.
    pub(crate) fn service(&self) -> &str {
        &self.service
    }

    pub(crate) fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(format!("{} {} {}", self.at.unix_timestamp_nanos(), self.service, self.number))
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        let mut parts = text.split(' ');
        let at = OffsetDateTime::from_unix_timestamp_nanos(parts.next()?.parse().ok()?).ok()?;
        // Those of an entry, and the hours that Copenhagen is ahead; a database keeps fewer years than a text could name.
        YEARS.contains(&at.year()).then_some(())?;
        let (service, number) = (parts.next()?.to_owned(), parts.next()?.parse().ok()?);
        parts.next().is_none().then_some(Self { at, service, number })
    }
}

/// A row's body, where it is as its service published it under the row's number.
pub(crate) fn genuine(seal: &Seal, service: &str, number: i64, published: &str) -> Option<Body> {
    let signer = seal.signer(service);
    let fits = signer.genuine(published).is_some_and(|(_, own)| i64::try_from(own) == Ok(number));
    let body = serde_json::from_str(published).ok().filter(|_| fits);
    if body.is_none() {
        signer.refuse("entry", &number);
    }
    body
}

/// A page of entries, newest first, and where the next one begins. A row that is not as its service published it, or that is about somebody
/// else, is left out.
pub(crate) async fn entries(
    connection: &mut PgConnection,
    seal: &Seal,
    scope: Scope<'_>,
    filter: &Filter,
) -> Result<(Vec<EntryRow>, Option<Cursor>), sqlx::Error> {
    let mut query = QueryBuilder::<Postgres>::new(format!(
        "SELECT service, number, at, standing, wrong_person, body::text AS body, {SAID_BY} FROM entries WHERE"
    ));
    scope.push(&mut query);
    if let Some(domain) = &filter.domain {
        query.push(" AND service = ").push_bind(domain);
    }
    // What may have been then is shown: what is known to the month, and what nobody knows more of than when it was recorded.
    if let Some(from) = filter.from {
        let month = from.replace_day(1).unwrap_or(from);
        query.push(" AND (at >= ").push_bind(calendar::start_of_day(from)).push(" OR at >= ");
        query.push_bind(calendar::start_of_day(month)).push(format!(" AND {PRECISION} = 'month')"));
    }
    if let Some(until) = filter.until {
        let behind = calendar::start_of_day(until.saturating_add(Duration::DAY));
        query.push(" AND (at < ").push_bind(behind).push(format!(" OR {PRECISION} = 'unknown')"));
    }
    if let Some(Cursor { at, service, number }) = &filter.cursor {
        query
            .push(" AND (at, service, number) < (")
            .push_bind(at)
            .push(", ")
            .push_bind(service)
            .push(", ")
            .push_bind(number)
            .push(")");
    }
    query
        .push(" ORDER BY at DESC, service DESC, number DESC LIMIT ")
        .push_bind(i64::try_from(PAGE + 1).unwrap_or(i64::MAX));
    let rows = query.build().fetch_all(connection).await?;
    let next = rows.get(PAGE - 1).filter(|_| rows.len() > PAGE).map(Cursor::behind).transpose()?;
    let mut entries = Vec::with_capacity(rows.len().min(PAGE));
    for row in rows.iter().take(PAGE) {
        let (service, number): (String, i64) = (row.try_get("service")?, row.try_get("number")?);
        let Some(body) = genuine(seal, &service, number, row.try_get("body")?) else { continue };
        let Some(granted) = scope.granted(&service, &body) else {
            seal.signer(&service).refuse("entry", &number);
            continue;
        };
        let Ok(correction) = correction(seal, scope, &service, &body, row)? else { continue };
        let (standing, wrong_person) = (row.try_get("standing")?, row.try_get("wrong_person")?);
        entries.push(EntryRow { service, number, standing, body, granted, wrong_person, correction });
    }
    Ok((entries, next))
}

/// The correction that says how an entry reads.
const SAID_BY: &str = "said_by, (SELECT c.body::text FROM entries c WHERE c.service = entries.service AND c.number = entries.said_by) AS correction";

/// A row that says something its services did not publish.
struct NotGenuine;

/// The correction that a row names, where it is seen: what another centre recorded after she had left is not.
fn correction(
    seal: &Seal,
    scope: Scope<'_>,
    service: &str,
    corrected: &Body,
    row: &PgRow,
) -> Result<Result<Option<(Body, Granted)>, NotGenuine>, sqlx::Error> {
    let (number, published): (Option<i64>, Option<&str>) = (row.try_get("said_by")?, row.try_get("correction")?);
    let Some((number, published)) = number.zip(published) else { return Ok(Ok(None)) };
    let Some(body) = genuine(seal, service, number, published) else { return Ok(Err(NotGenuine)) };
    let corrects = body.event().is_some_and(|event| event.name == ENTRY_CORRECTED);
    let about = body.data.facts.get("version").and_then(Value::as_u64);
    let own = (&body.aggregatetype, body.aggregate, about)
        == (&corrected.aggregatetype, corrected.aggregate, Some(corrected.version));
    if !corrects || !own {
        seal.signer(service).refuse("entry", &number);
        return Ok(Err(NotGenuine));
    }
    let granted = scope.granted(service, &body);
    Ok(Ok(granted.map(|granted| (body, granted))))
}

/// How many entries there are of each service's event types.
pub(crate) async fn kinds(
    connection: &mut PgConnection,
    scope: Scope<'_>,
) -> Result<Vec<(String, String, i64)>, sqlx::Error> {
    let mut query = QueryBuilder::<Postgres>::new("SELECT service, body->>'type' AS kind, count(*) FROM entries WHERE");
    scope.push(&mut query);
    query.push(" GROUP BY 1, 2 ORDER BY 1, 2");
    query.build_query_as().fetch_all(connection).await
}

/// Services of which something of her is held back: of this centre, or of one that cannot be read.
pub(crate) async fn held_back(
    connection: &mut PgConnection,
    woman: WomanId,
    centre: CentreId,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT DISTINCT service FROM held_back WHERE woman = $1 AND (centre = $2 OR centre IS NULL) ORDER BY service",
    )
    .bind(woman.0)
    .bind(centre.0)
    .fetch_all(connection)
    .await
}

/// The last number taken in of each service.
pub(crate) async fn reached(connection: &mut PgConnection) -> Result<BTreeMap<String, i64>, sqlx::Error> {
    let rows: Vec<(String, i64)> = sqlx::query_as("SELECT service, number FROM progress WHERE reader = $1")
        .bind(crate::SERVICE)
        .fetch_all(connection)
        .await?;
    Ok(rows.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..Default::default() })]

        #[test]
        fn a_cursor_reads_back(text in any::<String>(), nanoseconds in -22 * 10_i128.pow(17)..72 * 10_i128.pow(17), service in "[a-z]{1,12}", number in any::<i64>()) {
            let at = OffsetDateTime::from_unix_timestamp_nanos(nanoseconds).unwrap();
            let cursor = Cursor { at, service, number };
            prop_assert_eq!(Cursor::parse(&cursor.text()), Some(cursor));
            // Any text, as it stands and as what stands in a cursor.
            for text in [URL_SAFE_NO_PAD.encode(&text), text] {
                if let Some(cursor) = Cursor::parse(&text) {
                    prop_assert_eq!(Cursor::parse(&cursor.text()), Some(cursor));
                }
            }
        }
    }
}
