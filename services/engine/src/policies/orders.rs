//! Carries out what a policy orders: once, to the aggregate chosen first, under a key of its own.
//!
//! Deliberately absent: what leads to an order ([`kit::Policy`]), and when it is given ([`super`]).

use super::PolicyRunner;
use crate::{
    executor::{ExecuteError, Request},
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
use sqlx::PgConnection;
use std::collections::BTreeSet;
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
            sqlx::query("UPDATE orders SET outcome = $3 WHERE policy = $1 AND key = $2")
                .bind(P::NAME)
                .bind(key)
                .bind(outcome)
                .execute(&mut *connection)
                .await?;
        }
        Ok(())
    }

    /// An order that was carried out, and whose note went with a process that died, is not given again once its own event was heard:
    /// it is noted here.
    pub(super) async fn note_what_was_done(&self) -> Result<(), ReadError> {
        sqlx::query(
            "UPDATE orders o SET outcome = 'done' WHERE policy = $1 AND outcome IS NULL AND EXISTS (
                SELECT FROM events e WHERE e.aggregate_type = $2 AND e.aggregate_id = o.aggregate::text AND e.key = o.key)",
        )
        .bind(P::NAME)
        .bind(<P::Decider as kit::Decider>::TYPE)
        .execute(&self.pool)
        .await?;
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
        if let Some((aggregate, open)) = known(connection, P::NAME, key).await? {
            return Ok(open.then_some(aggregate));
        }
        let chosen = order.to.aggregate(P::NAME, woman, order.centre);
        // By a connection of its own: it must stand even where the transaction it is decided in does not. The first choice stays.
        sqlx::query("INSERT INTO orders (policy, key, aggregate) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
            .bind(P::NAME)
            .bind(key)
            .bind(chosen.0)
            .execute(&self.executor.pool)
            .await?;
        let (aggregate, open) = known(connection, P::NAME, key).await?.ok_or(sqlx::Error::RowNotFound)?;
        Ok(open.then_some(aggregate))
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

/// To which aggregate an order went, and whether it is still to be dealt with; `None`: it was never given.
async fn known(
    connection: &mut PgConnection,
    policy: &str,
    key: Uuid,
) -> Result<Option<(AggregateId, bool)>, sqlx::Error> {
    let known = "SELECT aggregate, outcome IS NULL FROM orders WHERE policy = $1 AND key = $2";
    let known: Option<(Uuid, bool)> = sqlx::query_as(known).bind(policy).bind(key).fetch_optional(connection).await?;
    Ok(known.map(|(aggregate, open)| (AggregateId(aggregate), open)))
}
