//! Runs a service's policies: hears events, gives the orders they lead to, and asks daily what the calendar wants.
//!
//! Orders first, each under a key of its own, then what was heard and the progress in one transaction: run twice, it happens once.
//! A refused order is recorded and passed. Deliberately absent: what a policy decides ([`kit::Policy`]).

use crate::{
    clock::Clock,
    executor::{ExecuteError, Executor, Request},
    reader::{Apply, Event, ReadError, Start},
    seal::{Opening, Place},
};
use kit::{
    ActorId, Class, Policy, WomanId,
    case::Ask,
    entry::CaseOpened,
    policy::{Heard, Order, To},
};
use serde_json::{Value, json};
use sqlx::{Postgres, Row, Transaction};
use std::{collections::BTreeMap, marker::PhantomData, time::Duration};
use tokio_util::sync::CancellationToken;

/// A policy on its service's executor.
pub struct PolicyRunner<P: Policy> {
    executor: Executor<P::Decider>,
    clock: Clock,
    policy: PhantomData<fn() -> P>,
}

impl<P: Policy> PolicyRunner<P> {
    /// A runner for a policy.
    #[must_use]
    pub fn new(executor: Executor<P::Decider>, clock: Clock) -> Self {
        Self { executor, clock, policy: PhantomData }
    }

    /// Gives every order; a refusal is recorded and passed, anything else stops so that it is tried again.
    async fn give(&self, orders: Vec<Order<P::Decider>>) -> Result<(), ReadError> {
        for order in orders {
            let key = order.key(P::NAME);
            let bytes = format!("{}:{}", P::NAME, order.about).into_bytes();
            let opening = match order.to {
                To::Existing(_) => None,
                To::OpenFor(woman) => Some(CaseOpened { woman, centre: order.centre, before_us: false }),
            };
            let request = Request {
                aggregate: order.aggregate(P::NAME),
                opening,
                ask: Some(Ask::Record(order.command)),
                note: None,
                when: None,
                due: None,
                responsible: order.responsible,
                actor: ActorId::service(self.executor.service),
                centre: order.centre,
                key,
                if_match: None,
                bytes,
            };
            let code = match self.executor.execute(&request).await {
                Ok(_) => continue,
                Err(ExecuteError::Busy | ExecuteError::Unavailable) => return Err(ReadError::Effect("an order got no answer".into())),
                Err(ExecuteError::Refused { code }) => code,
                Err(ExecuteError::Erased) => "erased",
                Err(_) => "not_possible",
            };
            tracing::warn!(policy = P::NAME, code, "an order was refused");
            sqlx::query("INSERT INTO refused_orders (policy, key, code) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
                .bind(P::NAME)
                .bind(key)
                .bind(code)
                .execute(&self.executor.pool)
                .await?;
        }
        Ok(())
    }

    /// An event as the policy hears it; `None`: none of its business.
    async fn hear(&self, service: &str, event: &Event) -> Result<Option<Heard<P::Foreign>>, ReadError> {
        let Some(body) = &event.body else { return Ok(None) };
        let (Some(kind), Some(woman), Some(centre)) = (body.event(), body.subject, body.centre) else { return Ok(None) };
        let mut facts = body.data.facts.clone();
        let place =
            Place { service, aggregate_type: &body.aggregatetype, aggregate: body.aggregate, version: body.version, event: kind.name };
        let opening = |class| if class == Class::Personal { Opening::Value } else { Opening::Leave };
        self.executor.seal.open(place, &mut facts, opening).await.map_err(|error| ReadError::Effect(error.to_string()))?;
        let whole = json!({ "event": kind.name, "facts": facts, "facets": body.data.facets });
        let Ok(foreign) = serde_json::from_value::<P::Foreign>(whole) else { return Ok(None) };
        let (id, aggregate, actor) = (body.id.clone(), body.aggregate, body.actor.clone());
        Ok(Some(Heard { id, aggregate, actor, woman, centre, event: foreign }))
    }

    async fn heard_of(&self, woman: WomanId) -> Result<P::Heard, ReadError> {
        let row: Option<Value> = sqlx::query_scalar("SELECT heard FROM heard WHERE policy = $1 AND woman = $2")
            .bind(P::NAME)
            .bind(woman.0)
            .fetch_optional(&self.executor.pool)
            .await?;
        row.map_or_else(|| Ok(P::Heard::default()), |heard| serde_json::from_value(heard).map_err(|_| ReadError::Malformed))
    }

    /// What the calendar asks for, now and whenever Copenhagen's day changes.
    pub async fn calendar(&self, stop: CancellationToken) {
        let mut done = None;
        loop {
            let today = self.clock.today();
            if done != Some(today) {
                match self.due(today).await {
                    Ok(()) => done = Some(today),
                    Err(error) => tracing::warn!(policy = P::NAME, %error, "the calendar run is tried again"),
                }
            }
            tokio::select! { () = tokio::time::sleep(Duration::from_secs(5)) => {}, () = stop.cancelled() => return }
        }
    }

    /// Gives the orders of a day. Given twice, they are carried out once.
    pub async fn due(&self, today: time::Date) -> Result<(), ReadError> {
        let mut after = uuid::Uuid::nil();
        loop {
            let rows = sqlx::query("SELECT woman, heard FROM heard WHERE policy = $1 AND woman > $2 ORDER BY woman LIMIT 500")
                .bind(P::NAME)
                .bind(after)
                .fetch_all(&self.executor.pool)
                .await?;
            for row in &rows {
                after = row.try_get("woman")?;
                let heard: P::Heard = serde_json::from_value(row.try_get("heard")?).map_err(|_| ReadError::Malformed)?;
                self.give(P::due(&heard, today)).await?;
            }
            if rows.is_empty() {
                return Ok(());
            }
        }
    }
}

impl<P: Policy> Apply for PolicyRunner<P> {
    type Prepared = BTreeMap<WomanId, Value>;

    fn name(&self) -> &str {
        P::NAME
    }

    fn start(&self) -> Start {
        if P::FROM_THE_BEGINNING { Start::Beginning } else { Start::Head }
    }

    async fn prepare(&self, service: &str, events: &[Event], since: u64) -> Result<Self::Prepared, ReadError> {
        let mut all: BTreeMap<WomanId, P::Heard> = BTreeMap::new();
        for event in events {
            let Some(heard_event) = self.hear(service, event).await? else { continue };
            let woman = heard_event.woman;
            let mut heard = match all.remove(&woman) {
                Some(heard) => heard,
                None => self.heard_of(woman).await?,
            };
            P::hear(&mut heard, &heard_event);
            if event.number > since {
                self.give(P::react(&heard, &heard_event)).await?;
            }
            all.insert(woman, heard);
        }
        let values = all.into_iter().map(|(woman, heard)| serde_json::to_value(heard).map(|heard| (woman, heard)));
        values.collect::<Result<_, _>>().map_err(|_| ReadError::Malformed)
    }

    async fn apply(
        &self,
        transaction: &mut Transaction<'static, Postgres>,
        _: &str,
        _: &[Event],
        heard: Self::Prepared,
    ) -> Result<(), ReadError> {
        for (woman, heard) in heard {
            sqlx::query(
                "INSERT INTO heard (policy, woman, heard) VALUES ($1, $2, $3)
                 ON CONFLICT (policy, woman) DO UPDATE SET heard = excluded.heard",
            )
            .bind(P::NAME)
            .bind(woman.0)
            .bind(heard)
            .execute(&mut **transaction)
            .await?;
        }
        Ok(())
    }

    /// What was heard mixes all services: it goes, and every service is heard again. Orders follow only what is new.
    async fn reset(&self, transaction: &mut Transaction<'static, Postgres>, _: &str) -> Result<(), ReadError> {
        sqlx::query("DELETE FROM heard WHERE policy = $1").bind(P::NAME).execute(&mut **transaction).await?;
        sqlx::query("UPDATE progress SET number = 0 WHERE reader = $1").bind(P::NAME).execute(&mut **transaction).await?;
        Ok(())
    }
}

impl<P: Policy> std::fmt::Debug for PolicyRunner<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PolicyRunner({})", P::NAME)
    }
}
