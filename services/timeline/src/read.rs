//! Reading rows: one woman's entries in pages, her open follow-ups, a centre's follow-ups, and how far the timeline is.
//!
//! Every query names the reader's centre. Deliberately absent: opening and wording of facts ([`crate::render`]).

use crate::follow_ups::Left;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use kit::{
    CentreId, Class, Moment, WomanId, calendar,
    published::Body,
    relation::{Along, Received, SAFETY},
};
use serde_json::Value;
use sqlx::{PgConnection, Postgres, QueryBuilder, Row, postgres::PgRow};
use std::collections::BTreeMap;
use strum::VariantArray as _;
use time::{Date, Duration, OffsetDateTime};
use uuid::Uuid;

/// Entries a page holds.
pub(crate) const PAGE: usize = 200;
/// Follow-ups that the list of a centre holds at most, and that are looked at at once for it.
pub(crate) const FOLLOW_UPS: usize = 500;

/// An entry's row.
#[derive(Debug)]
pub(crate) struct EntryRow {
    pub service: String,
    pub number: i64,
    pub at: OffsetDateTime,
    pub standing: String,
    pub body: Body,
}

/// A follow-up's row.
#[derive(Debug, Clone)]
pub(crate) struct FollowUpRow {
    pub service: String,
    pub aggregate: Uuid,
    pub woman: Uuid,
    /// Whose it is to end it.
    pub centre: Option<Uuid>,
    /// Of what the date derives from.
    pub class: Class,
    pub key: String,
    pub what: String,
    pub due_day: Option<Date>,
    pub due: Option<String>,
    pub responsible: Option<String>,
    pub basis: Option<Value>,
}

impl FollowUpRow {
    /// Without a date that is not of the classes that are seen.
    pub(crate) fn seen(mut self, wanted: &Wanted<'_>) -> Self {
        if !wanted.classes.contains(&self.class.code()) {
            (self.due_day, self.due) = (None, None);
        }
        self
    }

    /// Soonest first, those without a date last.
    fn order(&self) -> impl Ord {
        let Self { due_day, due, service, aggregate, key, .. } = self;
        (due_day.is_none(), *due_day, due.clone(), service.clone(), *aggregate, key.clone())
    }
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

/// The end of what came along. To the minute, which is included: what was recorded in the last one came along.
fn end(until: Moment) -> OffsetDateTime {
    calendar::local(until.wall()) + Duration::MINUTE
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

impl Cursor {
    pub(crate) fn behind(row: &EntryRow) -> Self {
        Self { at: row.at, service: row.service.clone(), number: row.number }
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
        let (service, number) = (parts.next()?.to_owned(), parts.next()?.parse().ok()?);
        parts.next().is_none().then_some(Self { at, service, number })
    }
}

/// A page of entries, newest first, and whether there are more.
pub(crate) async fn entries(
    connection: &mut PgConnection,
    scope: Scope<'_>,
    filter: &Filter,
) -> Result<(Vec<EntryRow>, bool), sqlx::Error> {
    let mut query = QueryBuilder::<Postgres>::new("SELECT service, number, at, standing, body FROM entries WHERE");
    scope.push(&mut query);
    if let Some(domain) = &filter.domain {
        query.push(" AND service = ").push_bind(domain);
    }
    if let Some(from) = filter.from {
        query.push(" AND at >= ").push_bind(calendar::start_of_day(from));
    }
    if let Some(until) = filter.until {
        query.push(" AND at < ").push_bind(calendar::start_of_day(until.saturating_add(Duration::DAY)));
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
    let more = rows.len() > PAGE;
    let entry = |row: &PgRow| {
        Ok(EntryRow {
            service: row.try_get("service")?,
            number: row.try_get("number")?,
            at: row.try_get("at")?,
            standing: row.try_get("standing")?,
            body: row.try_get::<sqlx::types::Json<Body>, _>("body")?.0,
        })
    };
    Ok((rows.iter().take(PAGE).map(entry).collect::<Result<_, sqlx::Error>>()?, more))
}

/// Which open follow-ups are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    Any,
    Overdue,
    Today,
    Week,
    None,
}

/// Those with a date that the reader may see, and those without: apart, so that each can be read in the order of the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Dated,
    Undated,
}

impl Due {
    pub(crate) fn parts(self) -> &'static [Part] {
        match self {
            Self::Any => &[Part::Dated, Part::Undated],
            Self::None => &[Part::Undated],
            Self::Overdue | Self::Today | Self::Week => &[Part::Dated],
        }
    }
}

/// Follow-ups' codes by service, aggregate and key.
pub(crate) type Tasks = BTreeMap<(String, Uuid, String), String>;

/// How follow-ups are asked for.
#[derive(Debug)]
pub(crate) struct Wanted<'a> {
    pub due: Due,
    pub responsible: Option<&'a str>,
    pub today: Date,
    /// The classes of dates that the reader may see.
    pub classes: Vec<&'static str>,
}

/// Whose follow-ups are asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Whose<'a> {
    /// One woman's, all of them: what is open at the centre, and what was where she comes from when she left.
    Hers(Scope<'a>),
    /// A centre's.
    Centre(CentreId),
}

/// One woman's open follow-ups, soonest first, those without a date last.
///
/// A date of a class that the reader may not see is no date, in what is shown, filtered and ordered alike.
pub(crate) async fn follow_ups(
    connection: &mut PgConnection,
    hers: Scope<'_>,
    wanted: &Wanted<'_>,
) -> Result<Vec<FollowUpRow>, sqlx::Error> {
    let mut rows = Vec::new();
    for part in wanted.due.parts() {
        rows.extend(fetched(connection, of(*part, Whose::Hers(hers), wanted, None)).await?);
    }
    rows.extend(inherited(connection, hers).await?);
    let mut rows: Vec<_> = rows.into_iter().map(|row| row.seen(wanted)).collect();
    rows.sort_by(|a, b| a.order().cmp(&b.order()));
    Ok(rows)
}

/// What was open where she comes from, as it stood when she left: they may do there with their own what they like.
async fn inherited(connection: &mut PgConnection, scope: Scope<'_>) -> Result<Vec<FollowUpRow>, sqlx::Error> {
    let mut rows = Vec::new();
    for (centre, until) in scope.tasks_of() {
        let sql = format!(
            "SELECT service, body FROM entries WHERE woman = $1 AND centre = $2 AND {RECORDED} < $3
                 AND body->'data'->'facets'->'follow_ups' IS NOT NULL
             ORDER BY service, number"
        );
        let entries: Vec<(String, sqlx::types::Json<Body>)> = sqlx::query_as(&sql)
            .bind(scope.woman.0)
            .bind(centre.0)
            .bind(end(until))
            .fetch_all(&mut *connection)
            .await?;
        let mut left = Left::default();
        for (service, body) in &entries {
            left.take(service, scope.woman.0, body);
        }
        rows.extend(left.open());
    }
    Ok(rows)
}

/// At most [`FOLLOW_UPS`] of a centre's, in the same order, those behind `last`.
pub(crate) async fn page(
    connection: &mut PgConnection,
    centre: CentreId,
    wanted: &Wanted<'_>,
    (part, last): (Part, Option<&FollowUpRow>),
) -> Result<Vec<FollowUpRow>, sqlx::Error> {
    let mut query = of(part, Whose::Centre(centre), wanted, last);
    query.push(" LIMIT ").push_bind(i64::try_from(FOLLOW_UPS).unwrap_or(i64::MAX));
    fetched(connection, query).await
}

/// Those of a part behind a row.
fn of<'a>(part: Part, whose: Whose<'_>, wanted: &Wanted<'a>, last: Option<&FollowUpRow>) -> QueryBuilder<'a, Postgres> {
    let order = match part {
        Part::Dated => "due_day, due, service, aggregate, key",
        Part::Undated => "service, aggregate, key",
    };
    let mut query = match part {
        Part::Dated => dated(whose, wanted),
        Part::Undated => undated(whose, wanted),
    };
    if let Some(last) = last {
        query.push(" AND (").push(order).push(") > (");
        if part == Part::Dated {
            query.push_bind(last.due_day).push(", ").push_bind(last.due.clone()).push(", ");
        }
        query.push_bind(last.service.clone()).push(", ").push_bind(last.aggregate).push(", ");
        query.push_bind(last.key.clone()).push(")");
    }
    query.push(" ORDER BY ").push(order);
    query
}

/// Those with a date that the reader may see.
fn dated<'a>(whose: Whose<'_>, wanted: &Wanted<'a>) -> QueryBuilder<'a, Postgres> {
    let mut query = chosen(whose, wanted);
    query.push(" AND due_day IS NOT NULL AND class = ANY (").push_bind(wanted.classes.clone()).push(")");
    let (today, end) = (wanted.today, wanted.today.saturating_add(Duration::days(7)));
    match wanted.due {
        Due::Any | Due::None => {}
        Due::Overdue => drop(query.push(" AND due_day < ").push_bind(today)),
        Due::Today => drop(query.push(" AND due_day = ").push_bind(today)),
        Due::Week => drop(query.push(" AND due_day > ").push_bind(today).push(" AND due_day <= ").push_bind(end)),
    }
    query
}

/// Those without a date that the reader may see.
fn undated<'a>(whose: Whose<'_>, wanted: &Wanted<'a>) -> QueryBuilder<'a, Postgres> {
    let mut query = chosen(whose, wanted);
    if wanted.classes.len() == Class::VARIANTS.len() {
        query.push(" AND due_day IS NULL");
    } else {
        query.push(" AND (due_day IS NULL OR class <> ALL (").push_bind(wanted.classes.clone()).push("))");
    }
    query
}

/// What is open, held by whom it was asked for.
fn chosen<'a>(whose: Whose<'_>, wanted: &Wanted<'a>) -> QueryBuilder<'a, Postgres> {
    let mut query = QueryBuilder::new(
        "SELECT service, aggregate, woman, centre, class, key, what, responsible, basis, due_day, due
         FROM follow_ups f WHERE open AND",
    );
    match whose {
        Whose::Centre(centre) => drop(query.push(" centre = ").push_bind(centre.0)),
        Whose::Hers(scope) => {
            query.push(" woman = ").push_bind(scope.woman.0).push(" AND centre = ").push_bind(scope.centre.0);
        }
    }
    match wanted.responsible {
        Some("nobody") => drop(query.push(" AND responsible IS NULL")),
        Some(responsible) => drop(query.push(" AND responsible = ").push_bind(responsible)),
        None => {}
    }
    query
}

/// The rows of a query.
async fn fetched(
    connection: &mut PgConnection,
    mut query: QueryBuilder<'_, Postgres>,
) -> Result<Vec<FollowUpRow>, sqlx::Error> {
    let rows = query.build().fetch_all(connection).await?;
    let follow_up = |row: &PgRow| {
        Ok(FollowUpRow {
            service: row.try_get("service")?,
            aggregate: row.try_get("aggregate")?,
            woman: row.try_get("woman")?,
            centre: row.try_get("centre")?,
            class: row.try_get::<&str, _>("class")?.parse().unwrap_or(Class::Location),
            key: row.try_get("key")?,
            what: row.try_get("what")?,
            due_day: row.try_get("due_day")?,
            due: row.try_get("due")?,
            responsible: row.try_get("responsible")?,
            basis: row.try_get("basis")?,
        })
    };
    rows.iter().map(follow_up).collect()
}

/// What each of a woman's follow-ups asks for, by service, aggregate and key: all there ever were.
pub(crate) async fn tasks(connection: &mut PgConnection, scope: Scope<'_>) -> Result<Tasks, sqlx::Error> {
    let rows: Vec<(String, Uuid, String, String)> =
        sqlx::query_as("SELECT service, aggregate, key, what FROM follow_ups WHERE woman = $1 AND centre = ANY ($2)")
            .bind(scope.woman.0)
            .bind(scope.centres())
            .fetch_all(connection)
            .await?;
    Ok(rows.into_iter().map(|(service, aggregate, key, what)| ((service, aggregate, key), what)).collect())
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
        fn a_cursor_reads_back(text in any::<String>(), nanoseconds in -10_i128.pow(19)..10_i128.pow(19), service in "[a-z]{1,12}", number in any::<i64>()) {
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
