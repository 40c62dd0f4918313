//! Follow-ups: what is open of one woman, and of a centre.
//!
//! A date of a class that the reader may not see is none. Deliberately absent: wording ([`crate::render`]).

use super::{RECORDED, Scope, end, genuine};
use crate::{follow_ups::Left, signed};
use engine::seal::Seal;
use kit::{ActorId, CentreId, Class, calendar, published::Body, relation::Relation};
use serde_json::Value;
use sqlx::{PgConnection, Postgres, QueryBuilder, Row, postgres::PgRow};
use std::collections::{BTreeMap, BTreeSet};
use strum::VariantArray as _;
use time::{Date, Duration, OffsetDateTime};
use uuid::Uuid;

/// Follow-ups that the list of a centre holds at most, and that are looked at at once for it.
pub(crate) const FOLLOW_UPS: usize = 500;

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
    /// Whether all of it is as this timeline made it of events.
    pub genuine: bool,
}

impl FollowUpRow {
    /// Without a date that is not of the classes that are seen.
    pub(crate) fn seen(mut self, wanted: &Wanted<'_>) -> Self {
        if !wanted.classes.contains(&self.class.code()) {
            (self.due_day, self.due) = (None, None);
        }
        self
    }

    /// Held by nobody, where whoever held it must see nothing of her, or has left.
    pub(crate) fn held(mut self, relation: Option<&Relation>, left: &BTreeSet<ActorId>) -> Self {
        let kept_away = |holder: &ActorId| {
            left.contains(holder) || relation.is_some_and(|relation| relation.conflicts_with(holder))
        };
        if self.responsible.as_deref().and_then(|holder| holder.parse().ok()).is_some_and(|holder| kept_away(&holder)) {
            self.responsible = None;
        }
        self
    }

    /// Soonest first, those without a date last.
    fn order(&self) -> impl Ord {
        let Self { due_day, due, service, aggregate, key, .. } = self;
        (due_day.is_none(), *due_day, due.clone(), service.clone(), *aggregate, key.clone())
    }
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

/// Asks for what nobody holds.
pub(crate) const NOBODY: &str = "nobody";

/// How follow-ups are asked for.
#[derive(Debug)]
pub(crate) struct Wanted<'a> {
    pub due: Due,
    pub responsible: Option<&'a str>,
    pub now: OffsetDateTime,
    /// The classes of dates that the reader may see.
    pub classes: Vec<&'static str>,
}

impl Wanted<'_> {
    /// Whether it is asked for what this one holds; none: nobody.
    pub(crate) fn of(&self, holder: Option<&str>) -> bool {
        self.responsible.is_none_or(|asked| holder.unwrap_or(NOBODY) == asked)
    }
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
    seal: &Seal,
    hers: Scope<'_>,
    wanted: &Wanted<'_>,
) -> Result<Vec<FollowUpRow>, sqlx::Error> {
    let mut rows = Vec::new();
    for part in wanted.due.parts() {
        rows.extend(fetched(connection, seal, of(*part, Whose::Hers(hers), wanted, None)).await?);
    }
    rows.retain(|row| row.genuine);
    rows.extend(inherited(connection, seal, hers).await?);
    let mut rows: Vec<_> = rows.into_iter().map(|row| row.seen(wanted)).collect();
    rows.sort_by(|a, b| a.order().cmp(&b.order()));
    Ok(rows)
}

/// What was open where she comes from, as it stood when she left: they may do there with their own what they like.
async fn inherited(
    connection: &mut PgConnection,
    seal: &Seal,
    scope: Scope<'_>,
) -> Result<Vec<FollowUpRow>, sqlx::Error> {
    let mut rows = Vec::new();
    for (centre, until) in scope.tasks_of() {
        let sql = format!(
            "SELECT service, number, body::text FROM entries WHERE woman = $1 AND centre = $2 AND {RECORDED} < $3
                 AND body->'data'->'facets'->'follow_ups' IS NOT NULL
             ORDER BY service, number"
        );
        let entries: Vec<(String, i64, String)> = sqlx::query_as(&sql)
            .bind(scope.woman.0)
            .bind(centre.0)
            .bind(end(until))
            .fetch_all(&mut *connection)
            .await?;
        let mut left = Left::default();
        for (service, number, published) in &entries {
            let hers = |body: &Body| {
                (body.subject, body.centre) == (Some(scope.woman), Some(centre)) && body.recordedtime < end(until)
            };
            if let Some(body) = genuine(seal, service, *number, published).filter(hers) {
                left.take(service, scope.woman.0, &body);
            }
        }
        rows.extend(left.open());
    }
    Ok(rows)
}

/// At most [`FOLLOW_UPS`] of a centre's, in the same order, those behind `last`.
pub(crate) async fn page(
    connection: &mut PgConnection,
    seal: &Seal,
    centre: CentreId,
    wanted: &Wanted<'_>,
    (part, last): (Part, Option<&FollowUpRow>),
) -> Result<Vec<FollowUpRow>, sqlx::Error> {
    let mut query = of(part, Whose::Centre(centre), wanted, last);
    query.push(" LIMIT ").push_bind(i64::try_from(FOLLOW_UPS).unwrap_or(i64::MAX));
    fetched(connection, seal, query).await
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
    let today = calendar::day_in_copenhagen(wanted.now);
    let end = today.saturating_add(Duration::days(7));
    // What is due at a minute is overdue once that is past. Of the one that comes twice the text says which it is.
    let past = "length(due) > 10 AND CASE WHEN length(due) > 16 THEN due::timestamptz
                ELSE due::timestamp AT TIME ZONE 'Europe/Copenhagen' END < ";
    match wanted.due {
        Due::Any | Due::None => {}
        Due::Overdue => {
            query.push(" AND due_day <= ").push_bind(today).push(" AND (due_day < ").push_bind(today).push(" OR ");
            query.push(past).push_bind(wanted.now).push(")");
        }
        Due::Today => {
            query
                .push(" AND due_day = ")
                .push_bind(today)
                .push(" AND NOT (")
                .push(past)
                .push_bind(wanted.now)
                .push(")");
        }
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
        "SELECT service, aggregate, woman, centre, class, key, what, responsible, basis::text AS basis, due_day, due, open, number, mac
         FROM follow_ups f WHERE open AND",
    );
    match whose {
        Whose::Centre(centre) => drop(query.push(" centre = ").push_bind(centre.0)),
        Whose::Hers(scope) => {
            query.push(" woman = ").push_bind(scope.woman.0).push(" AND centre = ").push_bind(scope.centre.0);
        }
    }
    // What somebody holds who must see nothing of her is nobody's too: that is told once it is known whose it is.
    if let Some(responsible) = wanted.responsible.filter(|responsible| *responsible != NOBODY) {
        query.push(" AND responsible = ").push_bind(responsible);
    }
    query
}

/// The rows of a query.
async fn fetched(
    connection: &mut PgConnection,
    seal: &Seal,
    mut query: QueryBuilder<'_, Postgres>,
) -> Result<Vec<FollowUpRow>, sqlx::Error> {
    let rows = query.build().fetch_all(connection).await?;
    let signer = seal.signer(crate::SERVICE);
    let follow_up = |row: &PgRow| {
        let genuine = signed::fits(&signer, row)?;
        if !genuine {
            signer.refuse("follow_up", &row.try_get::<Uuid, _>("aggregate")?);
        }
        Ok(FollowUpRow {
            genuine,
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
            basis: row.try_get::<Option<&str>, _>("basis")?.and_then(|basis| serde_json::from_str(basis).ok()),
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
