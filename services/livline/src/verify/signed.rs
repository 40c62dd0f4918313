//! Signatures: of a service's events, of whose its aggregates are, and of its chain as it stood at its checkpoints.
//!
//! Deliberately absent: the chain itself ([`super::journal`]), which needs no key.

use super::{Finding, Findings, Part, silent, span};
use crate::{failure::Failure, installation::Domain};
use engine::store::{self, Head};
use sqlx::Row;
use uuid::Uuid;

/// Events looked at at once.
const PAGE: i64 = 1000;

pub(super) async fn verify(domain: &Domain, head: &Head, published: bool) -> Result<Vec<Finding>, Failure> {
    let mut findings = Findings::of(domain.name, Part::Journal);
    look(domain, head, published, &mut findings).await.map_err(|error| silent(domain.name, &error))?;
    Ok(findings.told())
}

async fn look(domain: &Domain, head: &Head, published: bool, findings: &mut Findings) -> Result<(), sqlx::Error> {
    events(domain, head, findings).await?;
    owners(domain, findings).await?;
    checkpoints(domain, head, published, findings).await
}

async fn events(domain: &Domain, head: &Head, findings: &mut Findings) -> Result<(), sqlx::Error> {
    let (mut after, last) = (0_i64, i64::try_from(head.number).unwrap_or(i64::MAX));
    let sql = format!(
        "SELECT e.number, {} FROM events e WHERE e.number > $1 AND e.number <= $2 ORDER BY e.number LIMIT $3",
        store::SIGNED
    );
    loop {
        let rows = sqlx::query(&sql).bind(after).bind(last).bind(PAGE).fetch_all(&domain.journal).await?;
        let Some(row) = rows.last() else { return Ok(()) };
        after = row.try_get("number")?;
        for row in &rows {
            if !store::is_genuine(&domain.signer, row)? {
                let number: i64 = row.try_get("number")?;
                findings.add(format!("number {number} was not stored so by the service: nothing comes of it"));
            }
        }
    }
}

type Owner = (String, String, Option<Uuid>, Option<Uuid>, Option<Vec<u8>>, bool);

async fn owners(domain: &Domain, findings: &mut Findings) -> Result<(), sqlx::Error> {
    let rows: Vec<Owner> = sqlx::query_as(
        "SELECT a.aggregate_type, a.aggregate_id, a.woman, a.centre, a.mac,
                (e.body->>'subject') IS NOT DISTINCT FROM a.woman::text AND (e.body->>'centre') IS NOT DISTINCT FROM a.centre::text
         FROM aggregates a
         JOIN events e ON e.aggregate_type = a.aggregate_type AND e.aggregate_id = a.aggregate_id AND e.sequence = 1
         ORDER BY 1, 2",
    )
    .fetch_all(&domain.journal)
    .await?;
    for (kind, id, woman, centre, mac, agrees) in rows {
        let owner = (woman.map(kit::WomanId), centre.map(kit::CentreId));
        let signed = mac.is_some_and(|mac| domain.signer.aggregate_fits((&kind, &id), owner, &mac));
        if !agrees {
            findings.add(format!("{kind} {id} is given to others than its events say"));
        } else if !signed {
            findings.add(format!("whose {kind} {id} is was not stored so by the service"));
        }
    }
    Ok(())
}

type Checkpoint = (i64, Vec<u8>, Vec<u8>, Option<Vec<u8>>);

async fn checkpoints(
    domain: &Domain,
    head: &Head,
    published: bool,
    findings: &mut Findings,
) -> Result<(), sqlx::Error> {
    let rows: Vec<Checkpoint> = sqlx::query_as(
        "SELECT c.number, c.chain, c.mac, e.chain FROM checkpoints c LEFT JOIN events e USING (number) ORDER BY c.number",
    )
    .fetch_all(&domain.journal)
    .await?;
    let mut last = 0;
    for (number, chain, mac, now) in rows {
        let number = number.unsigned_abs();
        if !domain.signer.checkpoint_fits(number, &chain, &mac) {
            findings.add(format!("the checkpoint at number {number} is not the service's"));
            continue;
        }
        last = number;
        if now.as_ref().is_some_and(|now| *now != chain) {
            findings.add(format!("the chain at number {number} is not what the service signed"));
        }
    }
    let stored = store::head(&domain.journal).await?.number;
    if last > stored {
        findings.add(format!("signed and not stored: {}", span(stored + 1, last)));
    }
    // What is published was signed before.
    if published && last < head.number {
        findings.add(format!("published, and their chain not signed: {}", span(last + 1, head.number)));
    }
    Ok(())
}
