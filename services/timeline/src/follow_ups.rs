//! Changes to follow-ups, many at a time.
//!
//! The changes of a batch are dealt out in rounds: the first of each key, the second of each key, and so on. Within a round no key is
//! named twice, so one statement for each kind of change does it, and the order for each key is kept. Deliberately absent: what a
//! change means to the domain.

use crate::{project::Applicable, read::FollowUpRow, signed};
use engine::integrity::Signer;
use kit::{
    facets::{Change, FollowUpChange},
    published::Body,
};
use sqlx::PgConnection;
use std::collections::{BTreeMap, HashMap};

type Row<'a> = (&'a Applicable<'a>, &'a FollowUpChange);

/// The changes of a statement as rows; every kind of change takes of them what it carries.
const CHANGES: &str =
    "unnest($2::uuid[], $3::text[], $4::bigint[], $5::uuid[], $6::uuid[], $7::text[], $8::date[], $9::text[],
    $10::text[], $11::text[], $12::text[])
    AS c(aggregate, key, number, woman, centre, what, due_day, due, responsible, basis, class)";
const KINDS: [Change; 5] = [Change::Opened, Change::Moved, Change::Assigned, Change::Closed, Change::Reopened];

/// What a kind of change does to a row.
fn set(change: Change) -> &'static str {
    match change {
        Change::Opened => {
            "woman = c.woman, centre = c.centre, what = c.what, due_day = c.due_day, due = c.due, responsible = c.responsible,
             basis = c.basis::json, class = c.class, open = true"
        }
        Change::Moved => "due_day = c.due_day, due = c.due, basis = c.basis::json",
        Change::Assigned => "responsible = c.responsible",
        Change::Closed => "open = false",
        Change::Reopened => "open = true, due_day = coalesce(c.due_day, f.due_day), due = coalesce(c.due, f.due)",
    }
}

/// Applies the changes of these events, in their order.
pub(crate) async fn apply(
    connection: &mut PgConnection,
    signer: &Signer,
    service: &str,
    events: &[Applicable<'_>],
) -> Result<(), sqlx::Error> {
    let touched = signed::Touched::of(events);
    if touched.is_empty() {
        return Ok(());
    }
    // What somebody else changed is not signed for having been changed once more.
    let changed = touched.changed(connection, signer, service).await?;
    for round in rounds(events) {
        for kind in KINDS {
            let rows: Vec<Row<'_>> = round.iter().filter(|(_, change)| change.change == kind).copied().collect();
            if rows.is_empty() {
                continue;
            }
            if kind == Change::Opened {
                // Where it is there already, the update below replaces it.
                let insert = format!(
                    "INSERT INTO follow_ups (service, aggregate, key, number, woman, centre, what, class, open)
                     SELECT $1, c.aggregate, c.key, c.number, c.woman, c.centre, c.what, c.class, true FROM {CHANGES}
                     ON CONFLICT (service, aggregate, key) DO NOTHING"
                );
                execute(connection, &insert, service, &rows).await?;
            }
            let update = format!(
                "UPDATE follow_ups f SET number = c.number, {} FROM {CHANGES}
                 WHERE f.service = $1 AND f.aggregate = c.aggregate AND f.key = c.key",
                set(kind)
            );
            execute(connection, &update, service, &rows).await?;
        }
    }
    touched.sign(connection, signer, service, &changed).await
}

/// The follow-ups of one woman at one centre as entries leave them, whatever came later.
#[derive(Default)]
pub(crate) struct Left(BTreeMap<(String, uuid::Uuid, String), (FollowUpRow, bool)>);

impl Left {
    /// Takes the next entry of a service in.
    pub(crate) fn take(&mut self, service: &str, woman: uuid::Uuid, body: &Body) {
        for change in &body.data.facets.follow_ups {
            let key = (service.to_owned(), body.aggregate.0, change.key.clone());
            if change.change == Change::Opened {
                self.0.insert(key, (opened(service, woman, body, change), true));
                continue;
            }
            let Some((row, open)) = self.0.get_mut(&key) else { continue };
            match change.change {
                Change::Moved => {
                    date(row, change);
                    row.basis = basis(change);
                }
                Change::Assigned => row.responsible = change.responsible.as_ref().map(ToString::to_string),
                Change::Closed => *open = false,
                Change::Reopened => {
                    *open = true;
                    if change.due.is_some() {
                        date(row, change);
                    }
                }
                Change::Opened => {}
            }
        }
    }

    /// Those that are open.
    pub(crate) fn open(self) -> impl Iterator<Item = FollowUpRow> {
        self.0.into_values().filter_map(|(row, open)| open.then_some(row))
    }
}

fn opened(service: &str, woman: uuid::Uuid, body: &Body, change: &FollowUpChange) -> FollowUpRow {
    let mut row = FollowUpRow {
        service: service.to_owned(),
        aggregate: body.aggregate.0,
        woman,
        centre: body.centre.map(|centre| centre.0),
        class: change.class,
        key: change.key.clone(),
        what: change.what.clone().unwrap_or_default(),
        due_day: None,
        due: None,
        responsible: change.responsible.as_ref().map(ToString::to_string),
        basis: basis(change),
        // Made of entries that were looked at.
        genuine: true,
    };
    date(&mut row, change);
    row
}

fn date(row: &mut FollowUpRow, change: &FollowUpChange) {
    (row.due_day, row.due) = change.due.map(|due| (due.day().date(), due.to_string())).unzip();
}

fn basis(change: &FollowUpChange) -> Option<serde_json::Value> {
    change.basis.as_ref().and_then(|basis| serde_json::to_value(basis).ok())
}

fn rounds<'a>(events: &'a [Applicable<'a>]) -> Vec<Vec<Row<'a>>> {
    let mut rounds: Vec<Vec<Row<'a>>> = Vec::new();
    let mut seen: HashMap<(uuid::Uuid, &str), usize> = HashMap::new();
    for event in events {
        for change in &event.body.data.facets.follow_ups {
            let round = seen.entry((event.body.aggregate.0, &change.key)).or_default();
            match rounds.get_mut(*round) {
                Some(rows) => rows.push((event, change)),
                None => rounds.push(vec![(event, change)]),
            }
            *round += 1;
        }
    }
    rounds
}

async fn execute(connection: &mut PgConnection, sql: &str, service: &str, rows: &[Row<'_>]) -> Result<(), sqlx::Error> {
    let due = |(_, change): &Row<'_>| change.due.map(|due| due.to_string());
    let basis = |(_, change): &Row<'_>| change.basis.as_ref().and_then(|basis| serde_json::to_string(basis).ok());
    sqlx::query(sql)
        .bind(service)
        .bind(rows.iter().map(|(event, _)| event.body.aggregate.0).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, change)| change.key.as_str()).collect::<Vec<_>>())
        .bind(rows.iter().map(|(event, _)| event.number).collect::<Vec<_>>())
        .bind(rows.iter().map(|(event, _)| event.woman.0).collect::<Vec<_>>())
        .bind(rows.iter().map(|(event, _)| event.body.centre.map(|centre| centre.0)).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, change)| change.what.as_deref().unwrap_or_default()).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, change)| change.due.map(|due| due.day().date())).collect::<Vec<_>>())
        .bind(rows.iter().map(due).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, change)| change.responsible.as_ref().map(ToString::to_string)).collect::<Vec<_>>())
        .bind(rows.iter().map(basis).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, change)| change.class.code()).collect::<Vec<_>>())
        .execute(connection)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn body(changes: &Value) -> Body {
        let id = "00000000-0000-0000-0000-000000000009";
        let body = json!({
            "specversion": "1.0", "id": format!("housing/{id}/1"), "source": "/livline/housing",
            "type": "dk.livline.housing.OfferMade.v1", "timeprecision": "unknown", "dataschema": "x",
            "datacontenttype": "application/json", "aggregatetype": "case", "aggregate": id, "version": 1,
            "recordedtime": "2026-11-20T12:00:00Z", "actor": "w-1", "centre": id,
            "data": { "facts": {}, "facets": { "follow_ups": changes } },
        });
        serde_json::from_value(body).unwrap()
    }

    #[test]
    fn what_is_left_open_is_as_it_was_last_changed() {
        let opened = |key: &str| json!({ "key": key, "change": "opened", "what": "answer", "due": "2026-12-01" });
        let change = |key: &str, change: &str| json!({ "key": key, "change": change });
        let mut left = Left::default();
        for changes in [
            json!([opened("moved"), opened("closed"), opened("reopened"), opened("assigned")]),
            json!([{ "key": "moved", "change": "moved", "due": "2026-12-08T10:00", "class": "location" }]),
            json!([change("closed", "closed"), change("reopened", "closed"), change("unknown", "reopened")]),
            json!([change("reopened", "reopened"), { "key": "assigned", "change": "assigned", "responsible": "w-7" }]),
        ] {
            left.take("housing", uuid::Uuid::nil(), &body(&changes));
        }
        let open: Vec<_> = left.open().map(|row| (row.key, row.due.unwrap(), row.responsible)).collect();
        let row = |key: &str, due: &str, responsible: Option<&str>| {
            (key.to_owned(), due.to_owned(), responsible.map(str::to_owned))
        };
        let expected = [
            row("assigned", "2026-12-01", Some("w-7")),
            row("moved", "2026-12-08T10:00", None),
            row("reopened", "2026-12-01", None),
        ];
        assert_eq!(open, expected);
    }
}
