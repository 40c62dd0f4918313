//! How far a service's policies have heard the others: of the present epoch, and not beyond what there is.
//!
//! Being behind is told, and is no difference. Deliberately absent: what they have heard, which only they can make again.

use super::{Finding, Findings, Part, silent, thousands};
use crate::{failure::Failure, installation::Domain};
use engine::store::{self, Head};

type Row = (String, String, uuid::Uuid, i64);

pub(super) async fn verify(domain: &Domain, heads: &[(&Domain, Head)]) -> Result<(Vec<Finding>, Vec<String>), Failure> {
    let mut findings = Findings::of(domain.name, Part::Policies);
    let mut notes = Vec::new();
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
