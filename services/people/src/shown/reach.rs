//! Which women a caller reaches, and what of them: the one place where these routes ask for access.
//!
//! The relation is folded from the woman's own entries at this centre. Deliberately absent: the rules ([`kit::access`]).

use super::entries::{self, OF_THESE, Sealed, WOMAN};
use engine::{
    http::{Caller, Problem, own_centre},
    relations::Relations,
    seal::{Opening, Seal},
};
use kit::{
    AggregateId, CentreId, ChildId, Class, WomanId,
    access::{About, Act, Heard, Known, Principal, Role, Verdict, decide},
    relation::{Foreign, Nearness, Relation},
};
use serde_json::json;
use sqlx::{PgPool, Row};
use std::collections::BTreeMap;

/// The entries that a relation follows from.
const RELATE: &[&str] = &[
    "WomanRegistered",
    "RelocationReceived",
    "RelocationWithdrawn",
    "StayStarted",
    "StayEnded",
    "CentreRelocated",
    "WorkerAssigned",
    "WorkerReleased",
    "ConflictOfInterestRecorded",
    "PersonErased",
];
/// Those of them whose personal facts it takes.
const ABOUT_SOMEBODY: &[&str] =
    &["RelocationReceived", "WorkerAssigned", "WorkerReleased", "ConflictOfInterestRecorded"];

/// A woman whom the caller reaches.
#[derive(Debug, Clone)]
pub struct Reached {
    /// Who.
    pub woman: WomanId,
    /// Her aggregate at the centre.
    pub aggregate: AggregateId,
    /// The centre.
    pub centre: CentreId,
    /// Which number the latest of the entries has that the relation follows from.
    pub latest: i64,
    known: Known,
    principal: Principal,
}

impl Reached {
    /// Whether the caller may do this.
    #[must_use]
    pub fn may(&self, act: Act) -> Verdict {
        decide(&self.principal, About::Woman(&self.known), act)
    }

    /// Whether the caller is shown values of a class.
    #[must_use]
    pub fn shows(&self, class: Class) -> bool {
        self.may(Act::Read(class)) == Verdict::Allow
    }

    /// Whether it is the one who leads the centre.
    #[must_use]
    pub fn leads(&self) -> bool {
        self.principal.role == Role::Leader
    }

    /// How near the centre is to her.
    #[must_use]
    pub fn nearness(&self) -> Nearness {
        self.known.relation.as_ref().map_or(Nearness::Past, Relation::nearness)
    }

    /// Whether a stay of hers goes on here.
    #[must_use]
    pub fn lives_here(&self) -> bool {
        self.known.relation.as_ref().is_some_and(Relation::lives_here)
    }
}

/// Asks for access.
#[derive(Debug, Clone)]
pub struct Reach {
    /// The service's database.
    pub pool: PgPool,
    /// Its seal.
    pub seal: Seal,
    /// What it has heard of others: aftercare, and who is at work.
    pub relations: Relations,
}

impl Reach {
    /// One woman of the caller's centre, where the caller may do this with her. Otherwise she does not exist.
    pub async fn woman(&self, caller: &Caller, id: &str, act: Act) -> Result<Reached, Problem> {
        caller.may(act)?;
        let woman: WomanId = id.parse().map_err(|_| Problem::not_found())?;
        let mut reached = self.reached(caller, Some(woman)).await?;
        reached.retain(|reached| reached.may(act) == Verdict::Allow);
        reached.pop().ok_or_else(Problem::not_found)
    }

    /// Whether a child was registered here as hers, or came along with her.
    pub async fn has_child(&self, reached: &Reached, child: ChildId) -> Result<bool, Problem> {
        let hers = sqlx::query_scalar(
            "SELECT EXISTS (SELECT FROM events WHERE aggregate_type = $1 AND aggregate_id = $2
                 AND (event_type = 'ChildRegistered' AND body #>> '{data,facts,child}' = $3
                      OR event_type = 'RelocationReceived' AND (body #> '{data,facts,children}')::jsonb @> to_jsonb($3)))",
        );
        let hers = hers.bind(WOMAN).bind(reached.aggregate.to_string()).bind(child.to_string());
        Ok(hers.fetch_one(&self.pool).await?)
    }

    /// Every woman of the caller's centre whom it may see, who lives there first, then by what was recorded last.
    pub async fn women(&self, caller: &Caller) -> Result<Vec<Reached>, Problem> {
        caller.may(Act::Read(Class::Open))?;
        let mut reached = self.reached(caller, None).await?;
        reached.retain(|reached| reached.shows(Class::Open) && reached.nearness() != Nearness::Erased);
        reached.sort_by_key(|reached| (reached.nearness() != Nearness::Live, -reached.latest));
        Ok(reached)
    }

    /// The one query for both: what is another centre's is in none of its rows.
    async fn reached(&self, caller: &Caller, woman: Option<WomanId>) -> Result<Vec<Reached>, Problem> {
        let centre = own_centre(caller)?;
        let sql = format!(
            "SELECT a.woman, e.number, e.aggregate_id, e.sequence, e.event_type, e.body::text AS body
             FROM aggregates a JOIN events e USING (aggregate_type, aggregate_id)
             WHERE a.aggregate_type = $2 AND a.centre = $3 AND ($4::uuid IS NULL OR a.woman = $4) AND {OF_THESE}
             ORDER BY e.number"
        );
        let rows = sqlx::query(&sql)
            .bind(RELATE)
            .bind(WOMAN)
            .bind(centre.0)
            .bind(woman.map(|woman| woman.0))
            .fetch_all(&self.pool)
            .await?;
        let (mut women, mut sealed) = (BTreeMap::new(), Vec::with_capacity(rows.len()));
        for row in &rows {
            let row_of = Sealed::of(row)?;
            women.insert(row_of.aggregate.clone(), (WomanId(row.try_get("woman")?), row.try_get("number")?));
            sealed.push(row_of);
        }
        let mut folded = entries::fold(&self.seal, sealed, |row| {
            let about_somebody = ABOUT_SOMEBODY.contains(&row.event());
            move |class| if about_somebody && class == Class::Personal { Opening::Value } else { Opening::Leave }
        })
        .await?;
        let ids: Vec<WomanId> = women.values().map(|(woman, _)| *woman).collect();
        let mut heard = self.relations.all(&caller.principal, &ids).await?;
        let reached = women.into_iter().filter_map(|(aggregate, (woman, latest))| {
            // Of whom not everything opens, nothing is shown: she may be protected from more than is known.
            let signs = folded.remove(&aggregate)?.into_values().map(|entry| {
                let foreign = json!({ "event": entry.event, "facts": entry.facts });
                serde_json::from_value::<Foreign>(foreign).map(|foreign| foreign.sign())
            });
            let signs: Vec<_> = signs.collect::<Result<_, _>>().ok()?;
            // What people itself has recorded is exact; what others have is as it was heard.
            let known = heard.remove(&woman)?;
            let own = Relation::of(signs.iter().flatten());
            let relation = Some(own.with_aftercare_of(&known.relation.clone().unwrap_or_default()));
            Some(Reached {
                woman,
                aggregate: aggregate.parse().ok()?,
                centre,
                latest,
                known: Known { relation, heard: Heard::Whole, ..known },
                principal: caller.principal.clone(),
            })
        });
        Ok(reached.collect())
    }
}
