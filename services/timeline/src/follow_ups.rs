//! Changes to follow-ups, many at a time.
//!
//! The changes of a batch are dealt out in rounds: the first of each key, the second of each key, and so on. Within a round no key is
//! named twice, so one statement for each kind of change does it, and the order for each key is kept. Deliberately absent: what a
//! change means to the domain.

use crate::project::Applicable;
use kit::facets::{Change, FollowUpChange};
use sqlx::PgConnection;
use std::collections::HashMap;

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
    service: &str,
    events: &[Applicable<'_>],
) -> Result<(), sqlx::Error> {
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
    Ok(())
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
