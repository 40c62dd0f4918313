//! How far a service's policies have heard the others: of the present epoch, and not beyond what there is; and that what they have heard, and
//! what became of their orders, is as they left it.
//!
//! Being behind is told, and is no difference. Deliberately absent: folding what they have heard again, which only they can: every row is signed,
//! and all of them together with how far the policy is.

use super::{Finding, Findings, Part, silent, thousands};
use crate::{failure::Failure, installation::Domain};
use engine::{
    erasure,
    heard::kept,
    policies::orders,
    relations,
    store::{self, Head},
};

type Row = (String, String, uuid::Uuid, i64);

pub(super) async fn verify(domain: &Domain, heads: &[(&Domain, Head)]) -> Result<(Vec<Finding>, Vec<String>), Failure> {
    let mut findings = Findings::of(domain.name, Part::Policies);
    let mut notes = Vec::new();
    let silent_here = |error: sqlx::Error| silent(domain.name, &error);
    let names: Vec<String> = sqlx::query_scalar(
        "SELECT policy FROM policies UNION SELECT policy FROM heard
         UNION SELECT reader FROM progress WHERE reader <> ALL ($1) ORDER BY 1",
    )
    .bind([relations::READER, erasure::NAME].as_slice())
    .fetch_all(&domain.journal)
    .await
    .map_err(silent_here)?;
    for policy in names {
        if !kept::is_whole(&domain.journal, &domain.signer, &policy).await.map_err(silent_here)? {
            findings.add(format!("what {policy} has heard is not as it was left"));
        }
    }
    for (policy, count) in orders::forged(&domain.journal, &domain.signer).await.map_err(silent_here)? {
        if count > 0 {
            findings.add(format!("what is noted of {count} orders of {policy} is not as it was signed"));
        }
    }
    let rows: Vec<Row> = sqlx::query_as("SELECT reader, service, epoch, number FROM progress ORDER BY reader, service")
        .fetch_all(&domain.journal)
        .await
        .map_err(|error| silent(domain.name, &error))?;
    for (reader, service, epoch, number) in rows {
        let Some((heard, before)) = heads.iter().find(|(heard, _)| heard.name == service) else { continue };
        // Read after the progress was: what was heard is stored by then.
        let head = store::head(&heard.journal).await.map_err(|error| silent(&service, &error))?;
        let number = number.unsigned_abs();
        if epoch != head.epoch.0 {
            findings.add(format!("{reader} hears {service} in an epoch that is not the present one"));
        } else if number > head.number {
            findings.add(format!("{reader} has heard {service} up to {number}, and it ends at {}", head.number));
        } else if number < before.number {
            notes.push(format!("{reader} is {} behind {service}", thousands(before.number - number)));
        }
    }
    Ok((findings.told(), notes))
}
