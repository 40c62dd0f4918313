//! Which women a caller reaches, and what of them: the one place where these routes ask for access.
//!
//! One woman is asked herself, for her own entries are exact. All of them are looked up as this service has heard itself, like everybody
//! else: one row for each, and one that does not open hides nobody else. Deliberately absent: the rules ([`kit::access`]), and what a
//! relation follows from ([`kit::relation`]).

use super::entries::WOMAN;
use crate::woman::Woman;
use engine::{
    executor::Executor,
    http::{Caller, Problem, own_centre, owned, reach},
    relations::Relations,
    seal::{Granted, Seal},
};
use kit::{
    ActorId, AggregateId, CentreId, ChildId, Class, WomanId,
    access::{About, Act, Heard, Known, Principal, Role, Verdict, decide},
    relation::{Nearness, Relation},
};
use sqlx::PgPool;
use std::collections::BTreeSet;
use uuid::Uuid;

/// A woman whom the caller reaches.
#[derive(Debug, Clone)]
pub struct Reached {
    /// Who.
    pub woman: WomanId,
    /// Her aggregate at the centre.
    pub aggregate: AggregateId,
    /// The centre.
    pub centre: CentreId,
    known: Known,
    principal: Principal,
}

impl Reached {
    /// Whom access is granted for.
    #[must_use]
    pub fn granted(&self) -> Granted {
        Granted { woman: Some(self.woman), centre: Some(self.centre), aggregate: Some(self.aggregate) }
    }

    /// Who must see nothing of her.
    #[must_use]
    pub fn conflicts(&self) -> BTreeSet<ActorId> {
        let relation = self.known.relation.as_ref();
        relation.map(|relation| relation.conflicts().clone()).unwrap_or_default()
    }

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

    /// Who asks.
    #[must_use]
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    /// Whether it is the one who leads the centre.
    #[must_use]
    pub fn leads(&self) -> bool {
        self.principal.role == Role::Leader
    }

    /// How near the centre is to her.
    #[must_use]
    pub fn nearness(&self) -> Nearness {
        self.known.relation.as_ref().map_or(Nearness::Past, |relation| relation.nearness(self.known.today))
    }

    /// Whether a stay of hers goes on here.
    #[must_use]
    pub fn lives_here(&self) -> bool {
        self.known.relation.as_ref().is_some_and(Relation::lives_here)
    }
}

/// The women whom a caller reaches.
#[derive(Debug)]
pub struct Women {
    /// Who lives there first, then by what was recorded last.
    pub women: Vec<Reached>,
    /// Whether all that was recorded of all was heard, and reads.
    pub whole: bool,
}

/// Asks for access.
#[derive(Debug, Clone)]
pub struct Reach {
    /// The service's database.
    pub pool: PgPool,
    /// Its seal.
    pub seal: Seal,
    /// What it has heard: of women, of aftercare, and who is at work.
    pub relations: Relations,
    /// Loads women.
    pub executor: Executor<Woman>,
}

impl Reach {
    /// One woman of the caller's centre, where the caller may do this with her. Otherwise she does not exist.
    pub async fn woman(&self, caller: &Caller, id: &str, act: Act) -> Result<Reached, Problem> {
        caller.may(act)?;
        let engine::http::Reached { aggregate, woman, centre, known, .. } =
            reach(&self.executor, &self.relations, caller, id, act).await?;
        let (woman, known) = woman.zip(known).ok_or_else(Problem::not_found)?;
        Ok(Reached { woman, aggregate, centre, known, principal: caller.principal.clone() })
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

    /// Every woman of the caller's centre whom it may see. What is another centre's is in none of the rows.
    pub async fn women(&self, caller: &Caller) -> Result<Women, Problem> {
        caller.may(Act::Read(Class::Open))?;
        let centre = own_centre(caller)?;
        let rows: Vec<(String, Uuid, Option<Vec<u8>>, i64)> = sqlx::query_as(
            "SELECT a.aggregate_id, a.woman, a.mac, last.number
             FROM aggregates a CROSS JOIN LATERAL (
                 SELECT e.number FROM events e WHERE e.aggregate_type = a.aggregate_type AND e.aggregate_id = a.aggregate_id
                 ORDER BY e.sequence DESC LIMIT 1
             ) last
             WHERE a.aggregate_type = $1 AND a.centre = $2 AND a.woman IS NOT NULL",
        )
        .bind(WOMAN)
        .bind(centre.0)
        .fetch_all(&self.pool)
        .await?;
        let signer = self.seal.signer(crate::SERVICE);
        let ids: Vec<WomanId> = rows.iter().map(|(_, woman, ..)| WomanId(*woman)).collect();
        let mut heard = self.relations.all(&caller.principal, &ids, Act::Read(Class::Open)).await?;
        let (mut reached, mut whole) = (Vec::new(), true);
        for (aggregate, woman, mac, latest) in rows {
            if !owned(&signer, (WOMAN, &aggregate), (Some(WomanId(woman)), centre), mac.as_deref()) {
                whole = false;
                continue;
            }
            let aggregate = aggregate.parse().map_err(|_| Problem::common("unavailable"))?;
            let woman = WomanId(woman);
            let known = heard.remove(&woman);
            whole &= known.as_ref().is_some_and(|known| known.heard == Heard::Whole);
            // Of whom not everything reads, nothing is shown: she may be protected from more than is known.
            let Some(known) = known.filter(|known| known.heard != Heard::HeldBack) else { continue };
            reached.push((latest, Reached { woman, aggregate, centre, known, principal: caller.principal.clone() }));
        }
        reached.retain(|(_, reached)| reached.shows(Class::Open) && reached.nearness() != Nearness::Erased);
        reached.sort_by_key(|(latest, reached)| (reached.nearness() != Nearness::Live, -latest));
        Ok(Women { women: reached.into_iter().map(|(_, reached)| reached).collect(), whole })
    }
}
