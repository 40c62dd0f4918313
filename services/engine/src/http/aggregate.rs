//! The routes of one kind of aggregate that is there: act, show, its events; and the service's feed.
//!
//! Deliberately absent: rules, and who reaches what ([`super::reach`]).

use super::{
    App, Asked, Parts, Problem,
    body::{ActionBody, Correction, below_facts, body, if_match, key, read, read_facts},
    reach::{Reached, opening, reach},
};
use crate::{
    executor::{Answer, ExecuteError, Request},
    feed::{PAGE, Page, digest},
    seal::{Opening, Place, SealError, reveal},
    store,
};
use axum::{
    Json,
    body::Body as Sent,
    extract::{Query, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use kit::{
    ActorId, Begins, Class, Context, Decider, Epoch, Happened, Narrative, WomanId,
    access::Act,
    case::Ask,
    decider::Commands,
    entry::Common,
    facts::{BadFact, Mistake},
    published::Body,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json, value::RawValue};
use sqlx::Row;
use std::sync::Arc;
use uuid::Uuid;

impl<D: Decider> App<D> {
    pub(super) async fn execute(
        &self,
        woman: Option<WomanId>,
        request: Request<D::Command>,
        status: StatusCode,
    ) -> Result<Response, Problem> {
        let executed = self.executor.execute(&request).await;
        self.metrics.command(match &executed {
            Ok(_) => "accepted",
            Err(ExecuteError::Refused { code }) => code,
            Err(_) => "not_executed",
        });
        let answer = executed.map_err(|error| match error {
            ExecuteError::Refused { code } => {
                Problem::refused(code, self.contract.rejections.get(code).map_or("A rule refuses.", |label| &label.en))
            }
            other => other.into(),
        })?;
        let id = match (D::BEGINS, woman) {
            (Begins::WithAWoman(_), Some(woman)) => woman.0,
            _ => answer.id.0,
        };
        Ok(versioned(answer.version, (status, Json(self.worded(id, &answer)))))
    }

    /// The answer with its warnings in both languages, under the id that URLs name it by.
    fn worded(&self, id: Uuid, answer: &Answer) -> Value {
        let word = |code: &String| match self.contract.warnings.get(code) {
            Some(label) => json!({ "code": code, "da": label.da, "en": label.en }),
            None => json!({ "code": code }),
        };
        let warnings: Vec<Value> = answer.warnings.iter().map(word).collect();
        json!({ "id": id, "version": answer.version, "position": answer.position, "events": answer.events, "warnings": warnings })
    }

    pub(super) fn ask(action: &str, facts: Value, when: Option<Happened>) -> Result<Ask<D::Command>, Problem> {
        let facts = if facts.is_null() { json!({}) } else { facts };
        Ok(match action {
            "correct-entry" => {
                let Correction { version, facts } = read_facts(facts)?;
                Ask::Correct { version, facts, when }
            }
            "record-in-error" => Ask::Common(Common::RecordedInError(read_facts(facts)?)),
            "write-note" => Ask::Common(Common::NoteWritten(read_facts(facts)?)),
            "move-follow-up" => Ask::Common(Common::FollowUpMoved(read_facts(facts)?)),
            "assign-follow-up" => Ask::Common(Common::FollowUpAssigned(read_facts(facts)?)),
            "close-follow-up" => Ask::Common(Common::FollowUpClosed(read_facts(facts)?)),
            "reopen-follow-up" => Ask::Common(Common::FollowUpReopened(read_facts(facts)?)),
            other => {
                let command = D::Command::read(other, facts).ok_or_else(|| Problem::common("unknown_action"))?;
                Ask::Record(command.map_err(below_facts)?)
            }
        })
    }
}

/// That no words are written about nobody: they would be about somebody, and sealed under nobody's key.
pub(super) fn about_somebody<D: Decider>(action: &str, note: Option<&Narrative>) -> Result<(), Problem> {
    match D::BEGINS {
        Begins::AboutNobody(_) if note.is_some() => {
            Err(BadFact { pointer: "/note".into(), mistake: Mistake::UnknownFact }.into())
        }
        Begins::AboutNobody(_) if action == "write-note" => Err(Problem::common("unknown_action")),
        _ => Ok(()),
    }
}

/// That it is a person who is to hold what is opened.
pub(super) fn person(responsible: Option<&ActorId>) -> Result<(), Problem> {
    if responsible.is_some_and(ActorId::is_service) {
        return Err(BadFact { pointer: "/responsible".into(), mistake: Mistake::InvalidValue }.into());
    }
    Ok(())
}

/// `POST /v1/cases/{case}/{action}`
pub(super) async fn act<D: Decider>(
    State(app): State<Arc<App<D>>>,
    Parts((id, action)): Parts<(String, String)>,
    headers: Asked,
    sent: Sent,
) -> Result<Response, Problem> {
    let caller = app.auth.caller(&headers)?;
    caller.may(Act::Record)?;
    app.wait(&headers).await?;
    let reached = reach(&app.executor, &app.relations, &caller, &id, Act::Record).await?;
    let Reached { aggregate, woman, centre, on_duty, .. } = reached;
    let key = key(&headers, app.executor.service, &caller)?;
    let if_match = if_match(&headers)?;
    let bytes = body(sent).await?;
    let ActionBody { facts, when, note, due, responsible } = read(&bytes)?;
    person(responsible.as_ref())?;
    about_somebody::<D>(&action, note.as_ref())?;
    // Of what is about nobody there is one already. A woman who came from elsewhere is not registered yet; of others the rules say so.
    if matches!(D::BEGINS, Begins::AboutNobody(begins) if begins == action) {
        return Err(Problem::common("unknown_action"));
    }
    let request = Request {
        aggregate,
        opening: None,
        ask: Some(App::<D>::ask(&action, facts, when)?),
        note,
        when,
        due,
        responsible: responsible.or_else(|| Some(caller.principal.actor.clone())),
        actor: caller.principal.actor.clone(),
        role: caller.principal.role,
        on_duty,
        centre,
        key,
        if_match,
        bytes: [action.as_bytes(), b"\0", bytes.as_ref()].concat(),
        heard: None,
    };
    app.execute(woman, request, StatusCode::OK).await
}

/// `GET /v1/cases/{case}`
pub(super) async fn show<D: Decider>(
    State(app): State<Arc<App<D>>>,
    Parts(id): Parts<String>,
    headers: Asked,
) -> Result<Response, Problem> {
    let caller = app.auth.caller(&headers)?;
    caller.may(Act::Read(Class::Open))?;
    let reached = reach(&app.executor, &app.relations, &caller, &id, Act::Read(Class::Open)).await?;
    let Reached { aggregate: id, woman, centre, .. } = reached;
    let loaded = app.executor.load(id).await.map_err(ExecuteError::from)?;
    let heard = app.executor.heard(woman.unwrap_or(WomanId::NOBODY), false).await?;
    let looking = app.executor.looking(id, caller.principal.acts(), centre, &heard);
    let context = Context { on_duty: reached.on_duty, ..looking };
    let mut state = loaded.case.state().map_err(|_| Problem::common("unavailable"))?;
    let open = opening(&caller.principal, reached.about());
    reveal(&mut state, &open).map_err(|_| Problem::common("unavailable"))?;
    let mut follow_ups = loaded.case.follow_ups().clone();
    follow_ups
        .values_mut()
        .filter(|follow_up| open(follow_up.class) != Opening::Value)
        .for_each(|follow_up| follow_up.due = None);
    let likely = loaded.case.actions(&context);
    let aggregate = app.contract.aggregates.iter().find(|aggregate| aggregate.kind == D::TYPE);
    let all = aggregate.into_iter().flat_map(|aggregate| &aggregate.entries).map(|entry| entry.action.as_str());
    let others: Vec<&str> = all.filter(|action| !likely.contains(action) && *action != D::BEGINS.action()).collect();
    let version = loaded.case.version();
    let body = json!({
        "id": reached.named::<D>(), "woman": woman, "centre": centre, "version": version,
        "before_us": loaded.case.opened().is_some_and(|opened| opened.before_us),
        "state": state, "follow_ups": follow_ups, "actions": likely, "other_actions": others,
    });
    Ok(versioned(version, Json(body)))
}

/// An answer that says of which version it is.
fn versioned(version: u64, answer: impl IntoResponse) -> Response {
    ([(header::ETAG, format!("\"{version}\""))], answer).into_response()
}

#[derive(Serialize)]
struct Shown {
    number: u64,
    #[serde(flatten)]
    body: Body,
}

/// `GET /v1/cases/{case}/events`
pub(super) async fn events<D: Decider>(
    State(app): State<Arc<App<D>>>,
    Parts(id): Parts<String>,
    headers: Asked,
) -> Result<Response, Problem> {
    let caller = app.auth.caller(&headers)?;
    caller.may(Act::Read(Class::Open))?;
    let reached = reach(&app.executor, &app.relations, &caller, &id, Act::Read(Class::Open)).await?;
    let open = opening(&caller.principal, reached.about());
    let rows = sqlx::query("SELECT number, body::text AS body FROM events WHERE aggregate_type = $1 AND aggregate_id = $2 ORDER BY sequence")
        .bind(D::TYPE)
        .bind(reached.aggregate.to_string())
        .fetch_all(&app.executor.pool)
        .await?;
    let mut shown = Vec::with_capacity(rows.len());
    for row in rows {
        let number = row.try_get::<i64, _>("number")?.unsigned_abs();
        let mut body: Body = serde_json::from_str(row.try_get("body")?).map_err(|_| Problem::common("unavailable"))?;
        open_body(&app.executor.seal, app.executor.service, &mut body, &open).await?;
        shown.push(Shown { number, body });
    }
    Ok(Json(json!({ "events": shown })).into_response())
}

/// Opens a body's facts for a reader.
pub async fn open_body(
    seal: &crate::seal::Seal,
    service: &str,
    body: &mut Body,
    opening: impl Fn(Class) -> Opening,
) -> Result<(), Problem> {
    let mut facts = std::mem::take(&mut body.data.facts);
    let place = Place::of(service, body).ok_or(SealError::Foreign);
    let opened = match place {
        Ok(place) => seal.open(place, &mut facts, &opening).await,
        Err(error) => Err(error),
    };
    opened.map_err(|error| {
        tracing::error!(%error, "facts could not be opened");
        Problem::common("unavailable")
    })?;
    body.data.facts = facts;
    // A date is of the class of what it derives from.
    for change in &mut body.data.facets.follow_ups {
        if opening(change.class) != Opening::Value {
            change.due = None;
        }
    }
    Ok(())
}

/// The query of the feed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FeedQuery {
    /// The last number that the reader has; 0 and left out: none.
    pub(super) after: Option<u64>,
    /// The epoch in which the reader has it.
    epoch: Option<Epoch>,
    /// The digest of that event as the reader knows it.
    last: Option<String>,
}

/// `GET /v1/events?after=N`
pub(super) async fn feed<D: Decider>(
    State(app): State<Arc<App<D>>>,
    query: Result<Query<FeedQuery>, axum::extract::rejection::QueryRejection>,
    headers: Asked,
) -> Result<Response, Problem> {
    app.auth.caller(&headers)?.may(Act::Feed)?;
    let Query(FeedQuery { after, epoch: known, last }) = query.map_err(|_| Problem::common("query_invalid"))?;
    let (pool, after) = (&app.executor.pool, after.unwrap_or(0));
    let mut epoch = store::head(pool).await?.epoch;
    if let (Some(last), Some(before)) = (last.filter(|_| known == Some(epoch)), after.checked_sub(1)) {
        let own = store::after(pool, epoch, before, 1).await?.into_iter().find(|event| event.number == after);
        if own.is_none_or(|own| digest(&own.bytes) != last) {
            tracing::warn!(
                service = app.executor.service,
                "a reader knows a history that is not here: the numbering gets a new epoch"
            );
            epoch = store::take_epoch(pool, epoch).await?;
        }
    }
    // The events first: a head read later is at least as far as they are.
    let events = store::after(pool, epoch, after, PAGE).await?;
    let head = store::head(pool).await?;
    if head.epoch != epoch {
        return Err(Problem::common("unavailable"));
    }
    let raw: Result<Vec<_>, _> = events.into_iter().map(|event| RawValue::from_string(event.bytes)).collect();
    let events = raw.map_err(|_| Problem::common("unavailable"))?;
    Ok(Json(Page { epoch, head: head.number, began: head.began, events }).into_response())
}
