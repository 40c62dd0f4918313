//! The live timeline and the one beside it, row by row, at the same numbers.
//!
//! Rows are named by service and number, or by service, aggregate and key: never by woman. Deliberately absent: progress, and the mark
//! that somebody asked for a held-back event to be tried again, which no event tells of.

use crate::{SERVICE, project::TABLES};
use sqlx::PgConnection;

/// What a table holds of a service: how many rows, and a digest of all they say, whatever their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest {
    /// Rows.
    pub rows: u64,
    /// Of their texts.
    pub digest: String,
}

/// A table of a service in both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// `entries` and the like.
    pub table: &'static str,
    /// As it is live.
    pub live: Digest,
    /// As it is beside.
    pub beside: Digest,
}

impl Compared {
    /// Whether they say the same.
    #[must_use]
    pub fn same(&self) -> bool {
        self.live == self.beside
    }
}

/// A row that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// The live timeline lacks it.
    Missing(String),
    /// The live timeline has it and should not.
    TooMany(String),
    /// Both have it, with other values in these columns.
    Differs(String, String),
}

/// A row's text; of one that is not there, none.
fn text(table: &str, row: &str) -> String {
    if table == "held_back" { format!("(to_jsonb({row}) - 'retry')::text") } else { format!("{row}::text") }
}

/// The rows of a table that the timeline made: another reader holds events back beside it.
fn rows(schema: &str, table: &str) -> String {
    let whole = format!("{schema}.{table}");
    if table == "held_back" { format!("(SELECT * FROM {whole} WHERE reader = '{SERVICE}')") } else { whole }
}

fn key(table: &str) -> &'static str {
    if table == "follow_ups" { "service, aggregate, key" } else { "service, number" }
}

pub(super) async fn digests(
    connection: &mut PgConnection,
    schema: &str,
    service: &str,
) -> Result<Vec<Compared>, sqlx::Error> {
    let mut compared = Vec::new();
    for table in TABLES {
        let live = digest(connection, "public", table, service).await?;
        compared.push(Compared { table, live, beside: digest(connection, schema, table, service).await? });
    }
    Ok(compared)
}

async fn digest(
    connection: &mut PgConnection,
    schema: &str,
    table: &str,
    service: &str,
) -> Result<Digest, sqlx::Error> {
    let text = text(table, "t");
    let (rows, digest): (i64, String) = sqlx::query_as(&format!(
        "SELECT count(*), coalesce(sum(hashtextextended({text}, 1)), 0)::text || '/' || coalesce(sum(hashtextextended({text}, 2)), 0)::text
         FROM {} t WHERE service = $1",
        rows(schema, table)
    ))
    .bind(service)
    .fetch_one(connection)
    .await?;
    Ok(Digest { rows: rows.unsigned_abs(), digest })
}

pub(super) async fn differences(
    connection: &mut PgConnection,
    schema: &str,
    (table, service): (&str, &str),
    most: usize,
) -> Result<(u64, Vec<Difference>), sqlx::Error> {
    let (key, live, beside) = (key(table), text(table, "l"), text(table, "b"));
    let place =
        if table == "follow_ups" { "service || ' ' || aggregate || ' ' || key" } else { "service || ':' || number" };
    let order = if table == "follow_ups" { "aggregate, key" } else { "number" };
    let rows: Vec<(String, bool, bool, Option<String>, i64)> = sqlx::query_as(&format!(
        "SELECT {place}, {live} IS NULL, {beside} IS NULL,
                (SELECT string_agg(a.key, ', ' ORDER BY a.key) FROM jsonb_each_text(to_jsonb(l)) a
                 JOIN jsonb_each_text(to_jsonb(b)) o USING (key) WHERE a.value IS DISTINCT FROM o.value AND a.key <> 'retry'),
                count(*) OVER ()
         FROM (SELECT * FROM {} l WHERE service = $1) l FULL JOIN (SELECT * FROM {} b WHERE service = $1) b
              USING ({key})
         WHERE {live} IS DISTINCT FROM {beside} ORDER BY {order} LIMIT $2",
        rows("public", table),
        rows(schema, table)
    ))
    .bind(service)
    .bind(i64::try_from(most).unwrap_or(i64::MAX))
    .fetch_all(connection)
    .await?;
    let count = rows.first().map_or(0, |(.., count)| count.unsigned_abs());
    let difference = |(place, no_live, no_beside, columns, _): (String, bool, bool, Option<String>, i64)| {
        if no_live {
            Difference::Missing(place)
        } else if no_beside {
            Difference::TooMany(place)
        } else {
            // Spaces in the body alone are no member's.
            Difference::Differs(place, columns.unwrap_or_else(|| "body".into()))
        }
    };
    Ok((count, rows.into_iter().map(difference).collect()))
}

pub(super) async fn strangers(
    connection: &mut PgConnection,
    services: &[&str],
) -> Result<Vec<(String, String, u64)>, sqlx::Error> {
    let mut found = Vec::new();
    for table in TABLES {
        let rows: Vec<(String, i64)> = sqlx::query_as(&format!(
            "SELECT service, count(*) FROM {} t WHERE service <> ALL ($1) GROUP BY service ORDER BY service",
            rows("public", table)
        ))
        .bind(services)
        .fetch_all(&mut *connection)
        .await?;
        found.extend(rows.into_iter().map(|(service, rows)| (table.to_owned(), service, rows.unsigned_abs())));
    }
    Ok(found)
}
