//! What stands of women's entries: with corrections, without what was taken back, opened as far as somebody may see.
//!
//! Deliberately absent: what entries mean, and whose may be asked for.

use super::reach::{Reach, Reached};
use engine::{
    http::Problem,
    seal::{Granted, Opening, Place, Seal},
    store,
};
use kit::{
    Class, Happened,
    entry::{ENTRY_CORRECTED, RECORDED_IN_ERROR},
    published::Body,
};
use serde_json::Value;
use sqlx::{Row, postgres::PgRow};
use std::collections::{BTreeMap, BTreeSet};

/// The kind of aggregate that is a woman at a centre.
pub(super) const WOMAN: &str = "woman";

/// Which entries: `e` is the row of the event, `$1` the names of the events.
pub(super) const OF_THESE: &str = "(e.event_type = ANY ($1) OR e.event_type = 'RecordedInError'
    OR e.event_type = 'EntryCorrected' AND e.body -> 'data' -> 'facts' ->> 'event' = ANY ($1))";

/// An entry as it stands. Not `Debug`: it may hold facts in clear.
pub(super) struct Standing {
    pub(super) event: String,
    pub(super) happened: Happened,
    pub(super) facts: Value,
}

/// One aggregate's entries by their version.
pub(super) type Entries = BTreeMap<u64, Standing>;

/// A row of an event, the body in it, and whose it is.
pub(super) struct Sealed {
    pub(super) aggregate: String,
    body: Body,
    granted: Granted,
}

impl Sealed {
    /// Reads a row that was signed. One that is not as it was stored, or whose body says it is another event's, was put there.
    fn of(row: &PgRow, granted: Granted) -> Result<Self, Problem> {
        let body: Body = serde_json::from_str(row.try_get("body")?).map_err(|_| unreadable("a body does not read"))?;
        let aggregate: String = row.try_get("aggregate_id")?;
        let (version, event): (i64, &str) = (row.try_get("sequence")?, row.try_get("event_type")?);
        let told = (body.aggregatetype.as_str(), body.aggregate.to_string(), body.version, body.event());
        let is = (WOMAN, aggregate.clone(), version.unsigned_abs());
        if (told.0, told.1, told.2) != is || told.3.is_none_or(|told| told.name != event) {
            return Err(unreadable("a stored body is another event's"));
        }
        Ok(Self { aggregate, body, granted })
    }

    /// Leaves these facts alone: what is not asked for is not opened.
    fn only(&mut self, names: &[&str]) {
        let corrects = self.body.event().is_some_and(|event| event.name == ENTRY_CORRECTED);
        let facts = &mut self.body.data.facts;
        let facts = if corrects { facts.get_mut("facts") } else { Some(facts) };
        if let Some(facts) = facts.and_then(Value::as_object_mut) {
            facts.retain(|name, _| names.contains(&name.as_str()));
        }
    }
}

/// Opens rows with one question for all keys, and folds them by aggregate. Aggregates with something that does not open are left out.
pub(super) async fn fold<O: Fn(Class) -> Opening>(
    seal: &Seal,
    mut rows: Vec<Sealed>,
    opening: impl Fn(&Sealed) -> O,
) -> Result<BTreeMap<String, Entries>, Problem> {
    let openings: Vec<O> = rows.iter().map(&opening).collect();
    let mut facts: Vec<Value> = rows.iter_mut().map(|row| std::mem::take(&mut row.body.data.facts)).collect();
    let mut places = Vec::with_capacity(rows.len());
    for row in &rows {
        let place = Place::granted(crate::SERVICE, &row.body, row.granted);
        places.push(place.ok_or_else(|| unreadable("a body is not hers"))?);
    }
    let many = places.iter().zip(&mut facts).zip(openings).map(|((place, facts), opening)| (*place, facts, opening));
    let opened = seal.open_all(many).await.map_err(|error| unreadable(&error.to_string()))?;
    drop(places);
    let mut folded: BTreeMap<String, Option<Entries>> = BTreeMap::new();
    for ((row, facts), opened) in rows.into_iter().zip(facts).zip(opened) {
        let entries = folded.entry(row.aggregate.clone()).or_insert_with(|| Some(Entries::new()));
        if let Err(error) = opened {
            tracing::error!(%error, "an entry about a woman does not open");
            *entries = None;
        }
        if let Some(entries) = entries {
            take(entries, &row.body, facts);
        }
    }
    Ok(folded.into_iter().filter_map(|(aggregate, entries)| Some((aggregate, entries?))).collect())
}

fn take(entries: &mut Entries, body: &Body, mut facts: Value) {
    let Some(event) = body.event() else { return };
    let about = |facts: &Value| facts.get("version").and_then(Value::as_u64).unwrap_or_default();
    let happened = body.happened().unwrap_or(Happened::Unknown);
    match event.name {
        RECORDED_IN_ERROR => drop(entries.remove(&about(&facts))),
        ENTRY_CORRECTED => {
            if let Some(entry) = entries.get_mut(&about(&facts)) {
                entry.facts = facts.get_mut("facts").map(Value::take).unwrap_or_default();
                entry.happened = happened;
            }
        }
        name => drop(entries.insert(body.version, Standing { event: name.to_owned(), happened, facts })),
    }
}

/// The entries of these events of some women who are the caller's to see, in their order, at most `most` rows, with these facts alone.
pub(super) async fn some(
    reach: &Reach,
    women: &[Reached],
    events: &[&str],
    facts: Option<&[&str]>,
    most: i64,
) -> Result<Vec<Sealed>, Problem> {
    let sql = format!(
        "SELECT {}
         FROM unnest($3::text[]) WITH ORDINALITY AS w (id, place)
         JOIN events e ON e.aggregate_type = $2 AND e.aggregate_id = w.id
         WHERE {OF_THESE} ORDER BY w.place, e.sequence LIMIT $4",
        store::SIGNED
    );
    let granted: BTreeMap<String, Granted> =
        women.iter().map(|woman| (woman.aggregate.to_string(), woman.granted())).collect();
    let aggregates: Vec<String> = women.iter().map(|woman| woman.aggregate.to_string()).collect();
    let rows = sqlx::query(&sql).bind(events).bind(WOMAN).bind(aggregates).bind(most).fetch_all(&reach.pool).await?;
    let signer = reach.seal.signer(crate::SERVICE);
    let (mut sealed, mut broken) = (Vec::with_capacity(rows.len()), BTreeSet::new());
    for row in &rows {
        let aggregate: &str = row.try_get("aggregate_id")?;
        let Some(granted) = granted.get(aggregate) else { continue };
        if store::is_genuine(&signer, row)? {
            sealed.push(Sealed::of(row, *granted)?);
        } else {
            signer.refuse("event", &format_args!("{WOMAN} {aggregate}"));
            broken.insert(aggregate.to_owned());
        }
    }
    // Of whom not everything is as it was stored, nothing is.
    sealed.retain(|row| !broken.contains(&row.aggregate));
    if let Some(names) = facts {
        for row in &mut sealed {
            row.only(names);
        }
    }
    Ok(sealed)
}

fn unreadable(why: &str) -> Problem {
    tracing::error!(why, "entries could not be read");
    Problem::common("unavailable")
}
