//! A service's own events: numbers and versions without a gap, the chain over all of them, and the tables beside them.
//!
//! All of it in the database, without the events leaving it. Deliberately absent: mending; there is nothing to mend it from but a
//! backup.

use super::{Finding, Findings, NAMED, Part, silent, span};
use crate::{failure::Failure, installation::Domain};
use engine::store::Head;
use sqlx::PgPool;

/// Rows out of order: the number, the one before it there is, whether its link is not what it should be; and how many there are.
const CHAIN: &str = "SELECT number, before, broken, count(*) OVER ()
     FROM (SELECT number, lag(number, 1, 0::bigint) OVER w AS before,
                  chain <> link(lag(chain) OVER w, decode(repeat('00', 32), 'hex'), number, aggregate_type, aggregate_id, sequence,
                                event_type, event_version, subject, key, fingerprint, warnings::text, body::text) AS broken
           FROM events WHERE number <= $1 WINDOW w AS (ORDER BY number)) e
     WHERE broken OR before <> number - 1
     ORDER BY number LIMIT $2";

/// Versions that are not the count of their aggregate's events so far.
const VERSIONS: &str = "SELECT number, aggregate_type, aggregate_id, sequence, expected, count(*) OVER ()
     FROM (SELECT number, aggregate_type, aggregate_id, sequence,
                  row_number() OVER (PARTITION BY aggregate_type, aggregate_id ORDER BY number) AS expected
           FROM events WHERE number <= $1) e
     WHERE sequence <> expected
     ORDER BY number LIMIT $2";

/// What stands beside the events and what it should not: a sentence, and the rows it is about.
const BESIDE: [(&str, &str); 4] = [
    (
        "is known and has no event",
        "SELECT a.aggregate_type || ' ' || a.aggregate_id, count(*) OVER () FROM aggregates a
         WHERE NOT EXISTS (SELECT FROM events e WHERE (e.aggregate_type, e.aggregate_id) = (a.aggregate_type, a.aggregate_id))
         ORDER BY 1 LIMIT $1",
    ),
    (
        "has events and is not known",
        "SELECT e.aggregate_type || ' ' || e.aggregate_id, count(*) OVER () FROM events e
         WHERE e.sequence = 1
           AND NOT EXISTS (SELECT FROM aggregates a WHERE (e.aggregate_type, e.aggregate_id) = (a.aggregate_type, a.aggregate_id))
         ORDER BY 1 LIMIT $1",
    ),
    (
        "holds a claim and is not known",
        "SELECT DISTINCT k.aggregate_type || ' ' || k.aggregate_id, count(*) OVER () FROM claims k
         WHERE NOT EXISTS (SELECT FROM aggregates a WHERE (k.aggregate_type, k.aggregate_id) = (a.aggregate_type, a.aggregate_id))
         ORDER BY 1 LIMIT $1",
    ),
    (
        "was the last number once; now events above are gone",
        "SELECT 'number ' || max(p.head), count(*) OVER () FROM epochs p
         HAVING max(p.head) > (SELECT coalesce(max(number), 0) FROM events) LIMIT $1",
    ),
];

pub(super) async fn verify(domain: &Domain, head: &Head) -> Result<Vec<Finding>, Failure> {
    look(domain.name, &domain.journal, head).await.map_err(|error| silent(domain.name, &error))
}

async fn look(service: &str, journal: &PgPool, head: &Head) -> Result<Vec<Finding>, sqlx::Error> {
    let mut findings = Findings::of(service, Part::Journal);
    let most = i64::try_from(NAMED).unwrap_or(i64::MAX);
    let last = i64::try_from(head.number).unwrap_or(i64::MAX);
    let rows: Vec<(i64, i64, bool, i64)> = sqlx::query_as(CHAIN).bind(last).bind(most).fetch_all(journal).await?;
    findings.more(unnamed(rows.first().map(|(.., count)| *count), rows.len()));
    for (number, before, _, _) in rows {
        let (number, before) = (number.unsigned_abs(), before.unsigned_abs());
        if before + 1 == number {
            findings.add(format!("the chain breaks at number {number}: it is not what was stored there"));
        } else {
            findings.add(format!("missing: {}", span(before + 1, number.saturating_sub(1))));
        }
    }
    let rows: Vec<(i64, String, String, i64, i64, i64)> =
        sqlx::query_as(VERSIONS).bind(last).bind(most).fetch_all(journal).await?;
    findings.more(unnamed(rows.first().map(|(.., count)| *count), rows.len()));
    for (number, aggregate_type, aggregate, version, expected, _) in rows {
        findings.add(format!(
            "number {number} is version {version} of {aggregate_type} {aggregate}, and should be {expected}"
        ));
    }
    for (what, sql) in BESIDE {
        let rows: Vec<(String, i64)> = sqlx::query_as(sql).bind(most).fetch_all(journal).await?;
        findings.more(unnamed(rows.first().map(|(_, count)| *count), rows.len()));
        for (place, _) in rows {
            findings.add(format!("{place} {what}"));
        }
    }
    Ok(findings.told())
}

/// How many there are beyond those that came.
fn unnamed(count: Option<i64>, came: usize) -> u64 {
    count.unwrap_or_default().unsigned_abs().saturating_sub(came as u64)
}
