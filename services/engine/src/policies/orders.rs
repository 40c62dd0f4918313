//! Carries out what a policy orders: once, to the aggregate chosen first, under a key of its own.
//!
//! The policy signs its note of each order: a forged note keeps no order from being given, and where one was deleted the order's own event tells that it was carried out. Deliberately absent: what leads to an order ([`kit::Policy`]), and when it is given ([`super`]).

use super::PolicyRunner;
use crate::{
    executor::{ExecuteError, Request},
    integrity::Signer,
    reader::ReadError,
};
use kit::{
    ActorId, AggregateId, Policy, WomanId,
    access::{Right, Role},
    case::Ask,
    entry::CaseOpened,
    policy::{Order, To},
};
use serde_json::Value;
use sqlx::{PgConnection, PgPool};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// What an order follows from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Occasion {
    Event,
    Calendar,
}

impl<P: Policy> PolicyRunner<P> {
    /// Gives every order that was not dealt with before. What the calendar orders is decided afresh each day as long as it comes to
    /// nothing; what an event orders is dealt with once it was decided.
    pub(super) async fn give(
        &self,
        connection: &mut PgConnection,
        woman: WomanId,
        orders: Vec<Order<P::Decider>>,
        heard: &Value,
        on: Occasion,
    ) -> Result<(), ReadError> {
        for order in orders {
            let key = order.key(P::NAME, woman);
            let Some(aggregate) = self.addressed(connection, woman, key, &order).await? else { continue };
            let outcome = match self.executor.execute(&self.request(woman, order, (key, aggregate), heard)).await {
                Ok(answer) if answer.events.is_empty() && on == Occasion::Calendar => continue,
                Ok(_) => "done",
                // Nor will it next time: whoever asked keeps it apart.
                Err(ExecuteError::Unreadable) => return Err(ReadError::Malformed),
                Err(ExecuteError::Busy | ExecuteError::Unavailable) => {
                    return Err(ReadError::Effect("an order got no answer".into()));
                }
                Err(ExecuteError::Refused { code }) => code,
                Err(ExecuteError::Erased) => "erased",
                Err(_) => "not_possible",
            };
            if outcome != "done" {
                tracing::warn!(policy = P::NAME, code = outcome, "an order was refused");
            }
            self.note(&mut *connection, key, aggregate, Some(outcome)).await?;
        }
        Ok(())
    }

    /// Notes what became of an order; what was noted before goes.
    async fn note(
        &self,
        connection: &mut PgConnection,
        key: Uuid,
        aggregate: AggregateId,
        outcome: Option<&str>,
    ) -> Result<(), sqlx::Error> {
        sqlx::query(
            "INSERT INTO orders (policy, key, aggregate, outcome, mac) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (policy, key) DO UPDATE SET aggregate = excluded.aggregate, outcome = excluded.outcome, mac = excluded.mac",
        )
        .bind(P::NAME)
        .bind(key)
        .bind(aggregate.0)
        .bind(outcome)
        .bind(signature(&self.signer(), P::NAME, key, aggregate, outcome))
        .execute(connection)
        .await
        .map(drop)
    }

    /// An order that was carried out, and whose note went with a process that died, is not given again once its own event was heard:
    /// it is noted here.
    pub(super) async fn note_what_was_done(&self) -> Result<(), ReadError> {
        let done: Vec<(Uuid, Uuid)> = sqlx::query_as(
            "SELECT o.key, o.aggregate FROM orders o WHERE policy = $1 AND outcome IS NULL AND EXISTS (
                SELECT FROM events e WHERE e.aggregate_type = $2 AND e.aggregate_id = o.aggregate::text AND e.key = o.key)",
        )
        .bind(P::NAME)
        .bind(<P::Decider as kit::Decider>::TYPE)
        .fetch_all(&self.pool)
        .await?;
        for (key, aggregate) in done {
            self.note(&mut *self.pool.acquire().await?, key, AggregateId(aggregate), Some("done")).await?;
        }
        Ok(())
    }

    /// The aggregate an order goes to; `None` where it was dealt with. The choice is kept before the order is carried out, so that an
    /// order given again goes to the same one, whatever else was heard meanwhile.
    async fn addressed(
        &self,
        connection: &mut PgConnection,
        woman: WomanId,
        key: Uuid,
        order: &Order<P::Decider>,
    ) -> Result<Option<AggregateId>, ReadError> {
        // Looked at first: two events of a batch may ask for the same, and the row that the first one noted is locked until it is over.
        if let Some((aggregate, open)) = self.known(connection, key).await? {
            return Ok(open.then_some(aggregate));
        }
        // By a connection of its own: it must stand even where the transaction it is decided in does not.
        let mut apart = self.executor.pool.acquire().await?;
        if let Some(aggregate) = self.carried_out(&mut apart, woman, key).await? {
            self.note(&mut apart, key, aggregate, Some("done")).await?;
            return Ok(None);
        }
        let chosen = order.to.aggregate(P::NAME, woman, order.centre);
        self.note(&mut apart, key, chosen, None).await?;
        Ok(Some(chosen))
    }

    /// To which aggregate an order went, and whether it is still to be dealt with; `None`: nothing that counts is noted of it.
    async fn known(
        &self,
        connection: &mut PgConnection,
        key: Uuid,
    ) -> Result<Option<(AggregateId, bool)>, sqlx::Error> {
        let known = "SELECT aggregate, outcome, mac FROM orders WHERE policy = $1 AND key = $2";
        let known: Option<(Uuid, Option<String>, Option<Vec<u8>>)> =
            sqlx::query_as(known).bind(P::NAME).bind(key).fetch_optional(connection).await?;
        let Some((aggregate, outcome, mac)) = known else { return Ok(None) };
        let (signer, aggregate) = (self.signer(), AggregateId(aggregate));
        if mac != Some(signature(&signer, P::NAME, key, aggregate, outcome.as_deref())) {
            signer.refuse("order", &key);
            return Ok(None);
        }
        Ok(Some((aggregate, outcome.is_none())))
    }

    /// The aggregate of hers that an order's own event is in.
    async fn carried_out(
        &self,
        connection: &mut PgConnection,
        woman: WomanId,
        key: Uuid,
    ) -> Result<Option<AggregateId>, sqlx::Error> {
        let found: Option<Uuid> = sqlx::query_scalar(
            "SELECT a.aggregate_id::uuid FROM aggregates a JOIN events e USING (aggregate_type, aggregate_id)
             WHERE a.woman = $1 AND a.aggregate_type = $2 AND e.key = $3 LIMIT 1",
        )
        .bind(woman.0)
        .bind(<P::Decider as kit::Decider>::TYPE)
        .bind(key)
        .fetch_optional(connection)
        .await?;
        Ok(found.map(AggregateId))
    }

    fn request(
        &self,
        woman: WomanId,
        order: Order<P::Decider>,
        (key, aggregate): (Uuid, AggregateId),
        heard: &Value,
    ) -> Request<<P::Decider as kit::Decider>::Command> {
        // Whatever the rule would choose now: its own case is opened where it is not there yet.
        let own = aggregate == To::OwnCase.aggregate(P::NAME, woman, order.centre);
        let opening = own.then_some(CaseOpened { woman, centre: order.centre, before_us: false });
        Request {
            aggregate,
            key,
            bytes: format!("{}:{}", P::NAME, order.about).into_bytes(),
            opening,
            ask: Some(Ask::Record(order.command)),
            note: None,
            when: None,
            due: None,
            responsible: order.responsible,
            actor: ActorId::service(self.executor.service),
            role: Role::Service,
            right: Right::Rule,
            conflicts: BTreeSet::new(),
            centre: order.centre,
            if_match: None,
            heard: Some((P::NAME, heard.clone())),
        }
    }
}

/// The signature of what is noted of an order.
#[must_use]
pub fn signature(signer: &Signer, policy: &str, key: Uuid, aggregate: AggregateId, outcome: Option<&str>) -> Vec<u8> {
    let (open, outcome) = ([u8::from(outcome.is_none())], outcome.unwrap_or_default());
    let parts: [&[u8]; 5] = [policy.as_bytes(), key.as_bytes(), aggregate.0.as_bytes(), &open, outcome.as_bytes()];
    signer.sign("order", &parts)
}

/// The policies of which something is noted, by how many notes are not as they were signed.
pub async fn forged(pool: &PgPool, signer: &Signer) -> Result<BTreeMap<String, usize>, sqlx::Error> {
    type Noted = (String, Uuid, Uuid, Option<String>, Option<Vec<u8>>);
    let all = "SELECT policy, key, aggregate, outcome, mac FROM orders";
    let mut forged = BTreeMap::new();
    for (policy, key, aggregate, outcome, mac) in sqlx::query_as::<_, Noted>(all).fetch_all(pool).await? {
        let own = signature(signer, &policy, key, AggregateId(aggregate), outcome.as_deref());
        *forged.entry(policy).or_default() += usize::from(mac != Some(own));
    }
    Ok(forged)
}
