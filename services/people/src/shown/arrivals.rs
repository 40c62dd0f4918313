//! Women who may come from another centre: listed for those who answer for the house, and accepted or declined by them.
//!
//! Until somebody accepts, no more of her is told here than what she is called, what would come along and from when; by no route else is
//! there anybody. The entries of the centre that offers her decide, so an answer that comes after a withdrawal is refused. Deliberately
//! absent: her own id, before she comes; from which centre; and she herself, for whoever must see nothing of her.

use super::App;
use crate::woman::{Acceptance, Command, Refusal, Woman};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use engine::{
    executor::{ExecuteError, Request},
    http::{Asked, Caller, Parts, Problem, key, own_centre, owned},
    root::Loaded,
};
use kit::{
    ActorId, AggregateId, CentreId, Decider, Location, WomanId,
    access::{About, Act, Right, Role, Verdict, decide},
    case::{Ask, CommonRejection},
    relation::ArrivalId,
};
use serde_json::{Value, json};
use sqlx::Row;
use std::{collections::BTreeSet, sync::Arc};

/// A woman who may come, and her aggregate where she is.
struct Awaited {
    arrival: ArrivalId,
    woman: WomanId,
    there: CentreId,
    aggregate: AggregateId,
    loaded: Loaded<Woman>,
}

/// `GET /v1/arrivals`
pub(super) async fn list(State(app): State<Arc<App>>, headers: Asked) -> Result<Response, Problem> {
    let (caller, centre) = answers(&app, &headers).await?;
    let awaited = awaited(&app, &caller, centre, None).await?;
    let arrivals: Vec<Value> = awaited.iter().filter_map(Awaited::told).collect();
    Ok(Json(json!({ "arrivals": arrivals })).into_response())
}

/// `POST /v1/arrivals/{arrival}/accept`
pub(super) async fn accept(
    State(app): State<Arc<App>>,
    Parts(arrival): Parts<String>,
    headers: Asked,
) -> Result<Response, Problem> {
    answer(&app, &arrival, &headers, |arrival, to, actor| {
        Command::AcceptRelocation(Acceptance { arrival, to: Location::new(to), accepted_by: Location::new(actor) })
    })
    .await
}

/// `POST /v1/arrivals/{arrival}/decline`
pub(super) async fn decline(
    State(app): State<Arc<App>>,
    Parts(arrival): Parts<String>,
    headers: Asked,
) -> Result<Response, Problem> {
    answer(&app, &arrival, &headers, |arrival, _, actor| {
        Command::DeclineRelocation(Refusal { arrival, declined_by: Location::new(actor) })
    })
    .await
}

impl Awaited {
    /// What is told of her; nothing where nobody waits for an answer any more.
    fn told(&self) -> Option<Value> {
        let (offer, alias) = self.loaded.case.domain().offered(self.arrival)?;
        Some(json!({
            "arrival": self.arrival, "alias": alias, "along": offer.along, "day": offer.day(), "answer_by": offer.answer_by(),
        }))
    }
}

/// Whoever asks, who must answer for the house.
async fn answers(app: &App, headers: &Asked) -> Result<(Caller, CentreId), Problem> {
    let caller = app.auth.caller(headers)?;
    let act = Act::Write(Right::Answers);
    caller.may(act)?;
    let centre = own_centre(&caller)?;
    let on_duty = app.reach.relations.at_work(&caller.principal, act).await?.on_duty;
    match decide(&caller.principal, About::Nobody { centre, on_duty }, act) {
        Verdict::Allow => Ok((caller, centre)),
        Verdict::Mask | Verdict::Deny => {
            let lacking = CommonRejection::lacking(Right::Answers);
            Err(Problem::of(403, lacking.into(), &lacking.to_string()))
        }
    }
}

/// Those who may come to a centre and are the caller's to see, as it was told there: all that wait for an answer, or the one, answered or
/// not.
async fn awaited(
    app: &App,
    caller: &Caller,
    centre: CentreId,
    which: Option<ArrivalId>,
) -> Result<Vec<Awaited>, Problem> {
    let rows = sqlx::query(
        "SELECT e.body #>> '{data,facts,arrival}' AS arrival, a.woman, a.aggregate_id AS here, a.mac AS here_mac,
             there.centre AS centre, there.aggregate_id AS there, there.mac AS there_mac
         FROM aggregates a
         JOIN events e ON e.aggregate_type = a.aggregate_type AND e.aggregate_id = a.aggregate_id
             AND e.event_type = 'ArrivalOffered'
         JOIN aggregates there ON there.aggregate_type = a.aggregate_type AND there.woman = a.woman
             AND there.centre::text = e.body #>> '{data,facts,from}'
         WHERE a.aggregate_type = $1 AND a.centre = $2
             AND (e.body #>> '{data,facts,arrival}' = $3 OR $3 IS NULL AND NOT EXISTS (
                 SELECT FROM events o WHERE o.aggregate_type = a.aggregate_type AND o.aggregate_id = a.aggregate_id
                     AND o.event_type IN ('ArrivalOfferEnded', 'RelocationReceived')
                     AND o.body #>> '{data,facts,arrival}' = e.body #>> '{data,facts,arrival}'))
         ORDER BY e.number",
    )
    .bind(Woman::TYPE)
    .bind(centre.0)
    .bind(which.map(|which| which.to_string()))
    .fetch_all(&app.reach.pool)
    .await?;
    let (mut all, signer) = (Vec::new(), app.reach.seal.signer(app.reach.executor.service));
    for row in rows {
        let Ok(arrival) = row.try_get::<Option<&str>, _>("arrival")?.unwrap_or_default().parse::<ArrivalId>() else {
            continue;
        };
        let woman = WomanId(row.try_get("woman")?);
        let there = CentreId(row.try_get("centre")?);
        // Neither was given to another centre, and this one was asked.
        let own = |id: &str, mac: &str, centre| {
            let aggregate: &str = row.try_get(id).ok()?;
            let owned = owned(&signer, (Woman::TYPE, aggregate), (Some(woman), centre), row.try_get(mac).ok()?);
            owned.then(|| aggregate.parse::<AggregateId>().ok()).flatten()
        };
        let (Some(here), Some(aggregate)) = (own("here", "here_mac", centre), own("there", "there_mac", there)) else {
            continue;
        };
        // One that does not load hides itself alone.
        let executor = &app.reach.executor;
        let (Ok(asked), Ok(loaded)) = (executor.load(here).await, executor.load(aggregate).await) else { continue };
        if !asked.case.domain().was_asked(arrival) {
            continue;
        }
        // As it was recorded where she is, and as it is known here.
        let Ok(known) = app.reach.relations.known(&caller.principal, woman, Act::Write(Right::Answers)).await else {
            continue;
        };
        let relations = [loaded.case.domain().relation(), known.relation];
        if relations.iter().flatten().any(|relation| relation.conflicts_with(&caller.principal.actor)) {
            continue;
        }
        all.push(Awaited { arrival, woman, there, aggregate, loaded });
    }
    Ok(all)
}

async fn answer(
    app: &App,
    arrival: &str,
    headers: &Asked,
    command: fn(ArrivalId, CentreId, ActorId) -> Command,
) -> Result<Response, Problem> {
    let (caller, centre) = answers(app, headers).await?;
    let arrival: ArrivalId = arrival.parse().map_err(|_| Problem::not_found())?;
    let key = key(headers, app.reach.executor.service, &caller)?;
    let awaited = awaited(app, &caller, centre, Some(arrival)).await?;
    // Offers of before may have one id for two women: neither is answered by it.
    let mut awaited = awaited.into_iter();
    let (Some(awaited), None) = (awaited.next(), awaited.next()) else { return Err(Problem::not_found()) };
    let command = command(arrival, centre, caller.principal.actor.clone());
    let accepts = matches!(command, Command::AcceptRelocation(_));
    // At the centre that she leaves it is the service that says so: who works where she goes is told as a place.
    let request = Request {
        aggregate: awaited.aggregate,
        opening: None,
        ask: Some(Ask::Record(command)),
        note: None,
        when: None,
        due: None,
        responsible: None,
        actor: ActorId::service(crate::SERVICE),
        role: Role::Service,
        right: Right::Rule,
        conflicts: BTreeSet::new(),
        centre: awaited.there,
        key,
        if_match: None,
        bytes: format!("{arrival} {accepts} {}", caller.principal.actor).into_bytes(),
        heard: None,
    };
    let answer = app.reach.executor.execute(&request).await.map_err(|error| match error {
        ExecuteError::Refused { code } => {
            Problem::refused(code, "It was answered otherwise, or is not offered any more.")
        }
        other => other.into(),
    })?;
    // Whoever accepts finds her by it once she came.
    let woman = accepts.then_some(awaited.woman);
    let not_heard = app.reach.relations.not_heard(crate::SERVICE, &answer).await?;
    let mut told = json!({ "arrival": arrival, "woman": woman, "position": answer.position });
    if let Some(members) = told.as_object_mut().filter(|_| !not_heard.is_empty()) {
        members.insert("not_heard".into(), json!(not_heard));
    }
    Ok(Json(told).into_response())
}
