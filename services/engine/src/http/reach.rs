//! Who reaches an aggregate, and what of it: the same for each kind, and for a service's own routes.
//!
//! What is not the caller's is answered like what does not exist, from the same queries. Deliberately absent: the rules ([`kit::access`]).

use super::{Caller, Problem, own_centre};
use crate::{
    executor::{ExecuteError, Executor},
    integrity::Signer,
    keys::Asked,
    relations::{Relations, TIES},
    seal::{Granted, Opening},
};
use kit::{
    ActorId, AggregateId, Begins, CentreId, Class, Decider, WomanId,
    access::{self, About, Act, Heard, Known, Principal, Right, Verdict, decide},
    relation::Relation,
};
use sqlx::Row;
use std::collections::BTreeSet;
use uuid::Uuid;

/// An aggregate that is the caller's to see.
#[derive(Debug, Clone)]
pub struct Reached {
    /// The aggregate.
    pub aggregate: AggregateId,
    /// The woman whom it is about, where it is about one.
    pub woman: Option<WomanId>,
    /// The centre.
    pub centre: CentreId,
    /// How the centre and the caller stand to her.
    pub known: Option<Known>,
    /// Whether the caller is on duty.
    on_duty: bool,
}

impl Reached {
    pub(super) fn about(&self) -> About<'_> {
        let nobody = About::Nobody { centre: self.centre, on_duty: self.on_duty };
        self.known.as_ref().map_or(nobody, About::Woman)
    }

    /// The highest right to write that somebody who reached it has.
    #[must_use]
    pub fn right(&self, principal: &Principal) -> Right {
        access::right(principal, self.about()).unwrap_or_default()
    }

    /// Whom access is granted for.
    #[must_use]
    pub fn granted(&self) -> Granted {
        Granted { woman: self.woman, centre: Some(self.centre), aggregate: Some(self.aggregate) }
    }

    /// Who must see nothing of her.
    #[must_use]
    pub fn conflicts(&self) -> BTreeSet<ActorId> {
        let relation = self.known.as_ref().and_then(|known| known.relation.as_ref());
        relation.map(|relation| relation.conflicts().clone()).unwrap_or_default()
    }

    /// The id that URLs name it by.
    pub(super) fn named<D: Decider>(&self) -> Uuid {
        match (D::BEGINS, self.woman) {
            (Begins::WithAWoman(_), Some(woman)) => woman.0,
            _ => self.aggregate.0,
        }
    }
}

/// An aggregate by the id that URLs name it by, where the caller may do this with it: the same queries for all, and one answer where it is
/// not the caller's.
pub async fn reach<D: Decider>(
    executor: &Executor<D>,
    relations: &Relations,
    caller: &Caller,
    id: &str,
    act: Act,
) -> Result<Reached, Problem> {
    let centre = own_centre(caller)?;
    let id: Uuid = id.parse().map_err(|_| Problem::not_found())?;
    // People knows her own entries exactly, and of who is at work it asks below.
    if !matches!(D::BEGINS, Begins::WithAWoman(_)) {
        relations.settle(act).await?;
    }
    // Women are named by themselves: each centre has its own aggregate of her.
    let named = match D::BEGINS {
        Begins::WithAWoman(_) => "a.woman = $2::uuid",
        Begins::ForAWoman | Begins::AboutNobody(_) => "a.aggregate_id = $2",
    };
    let row = sqlx::query(&format!(
        "SELECT a.aggregate_id, a.woman, a.mac, {TIES},
                (SELECT e.number FROM events e
                 WHERE e.aggregate_type = a.aggregate_type AND e.aggregate_id = a.aggregate_id
                 ORDER BY e.sequence DESC LIMIT 1) AS latest
             FROM aggregates a
             LEFT JOIN LATERAL ties(ARRAY[a.woman], a.centre, $4, $5) t ON a.woman IS NOT NULL
             WHERE a.aggregate_type = $1 AND {named} AND a.centre = $3"
    ))
    .bind(D::TYPE)
    .bind(id.to_string())
    .bind(centre.0)
    .bind(caller.principal.actor.as_str())
    .bind(relations.now())
    .fetch_optional(&executor.pool)
    .await?;
    let Some(row) = row else { return Err(relations.nobody(Asked::No).await) };
    let named: &str = row.try_get("aggregate_id")?;
    let aggregate: AggregateId = named.parse().map_err(|_| Problem::common("unavailable"))?;
    let woman = row.try_get::<Option<Uuid>, _>("woman")?.map(WomanId);
    if !owned(&executor.seal.signer(executor.service), (D::TYPE, named), (woman, centre), row.try_get("mac")?) {
        return Err(relations.nobody(Asked::No).await);
    }
    let (known, on_duty, asked) = match woman {
        None => (None, relations.at_work(&caller.principal, act).await?.on_duty, Asked::No),
        Some(woman) => {
            let (known, asked) = relations.one(&row, &caller.principal, woman, centre).await?;
            // Where all that she herself says was heard too, whoever is denied her is told so without a look at her: it would take the
            // longer, the more there is of her.
            let all = row.try_get::<Option<i64>, _>("number")? >= row.try_get("latest")?;
            let denied = decide(&caller.principal, About::Woman(&known), act) != Verdict::Allow;
            if all && known.heard == Heard::Whole && denied {
                return Err(relations.nobody(asked).await);
            }
            let known = told(executor, relations, (&caller.principal, act), aggregate, known).await?;
            let on_duty = known.on_duty;
            (Some(known), on_duty, asked)
        }
    };
    let reached = Reached { aggregate, woman, centre, known, on_duty };
    match decide(&caller.principal, reached.about(), act) {
        Verdict::Allow => Ok(reached),
        Verdict::Mask | Verdict::Deny => Err(relations.nobody(asked).await),
    }
}

/// Whether the service itself gave an aggregate to this woman and centre. One that somebody else gave away is answered like what is not
/// there.
#[must_use]
pub fn owned(
    signer: &Signer,
    (kind, id): (&str, &str),
    (woman, centre): (Option<WomanId>, CentreId),
    mac: Option<&[u8]>,
) -> bool {
    let owned = mac.is_some_and(|mac| signer.aggregate_fits((kind, id), (woman, Some(centre)), mac));
    if !owned {
        signer.refuse("aggregate", &format_args!("{kind} {id}"));
    }
    owned
}

/// What was heard of her, with what the aggregate itself says instead, where it does.
async fn told<D: Decider>(
    executor: &Executor<D>,
    relations: &Relations,
    (principal, act): (&Principal, Act),
    aggregate: AggregateId,
    known: Known,
) -> Result<Known, Problem> {
    if !matches!(D::BEGINS, Begins::WithAWoman(_)) {
        return Ok(known);
    }
    let loaded = executor.load(aggregate).await.map_err(ExecuteError::from)?;
    match loaded.case.domain().relation() {
        Some(own) => relations.with_own(principal, known, own, act).await,
        None => Ok(known),
    }
}

/// What somebody gets of each class of what is known of somebody.
pub fn opening<'a>(principal: &'a Principal, about: About<'a>) -> impl Fn(Class) -> Opening + use<'a> {
    opening_to(principal, about, Act::Read)
}

/// What somebody gets of each class of it who may do this with it.
pub fn opening_to<'a>(
    principal: &'a Principal,
    about: About<'a>,
    act: fn(Class) -> Act,
) -> impl Fn(Class) -> Opening + use<'a> {
    let relation = if let About::Woman(known) = about { known.relation.as_ref() } else { None };
    let erased = relation.is_some_and(Relation::is_erased);
    move |class| match decide(principal, about, act(class)) {
        // Of somebody who was forgotten nothing is left to be masked.
        Verdict::Allow | Verdict::Mask if erased => Opening::Erased,
        Verdict::Allow => Opening::Value,
        Verdict::Mask | Verdict::Deny => Opening::Mask,
    }
}
