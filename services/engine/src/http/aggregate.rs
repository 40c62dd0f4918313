//! The routes of one kind of aggregate that is there: act, show, its events; and the service's feed.
//!
//! Deliberately absent: rules, and who reaches what ([`super::reach`]).

use super::{
    App, Asked, Caller, Parts, Problem,
    body::{ActionBody, Correction, below_facts, body, if_match, key, read, read_facts, said},
    reach::{Reached, opening, reach},
};
use crate::{
    executor::{Answer, ExecuteError, Request},
    feed::{PAGE, Page, shows_setback},
    relay::milliseconds,
    seal::{Granted, Opening, Place, SealError, reveal},
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
    access::{Act, Principal, Right, Role},
    case::{self, Ask, CommonRejection},
    contract::Contract,
    decider::Commands,
    entry::{Common, ENTRY_CORRECTED, RECORDED_IN_ERROR, WRONG_PERSON},
    facts::{BadFact, Mistake},
    published::Body,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json, value::RawValue};
use sqlx::Row;
use std::{collections::BTreeSet, sync::Arc};
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
            ExecuteError::Refused { code } => refusal(&self.contract, code),
            other => other.into(),
        })?;
        let id = match (D::BEGINS, woman) {
            (Begins::WithAWoman(_), Some(woman)) => woman.0,
            _ => answer.id.0,
        };
        let not_heard = self.relations.not_heard(self.executor.service, &answer).await?;
        let mut worded = worded(&self.contract, id, &answer);
        self.advise(woman, &request, &answer, &mut worded).await;
        if let Some(members) = worded.as_object_mut().filter(|_| !not_heard.is_empty()) {
            members.insert("not_heard".into(), json!(not_heard));
        }
        Ok(versioned(answer.version, (status, Json(worded))))
    }

    /// Adds what the service itself warns of. It stands whatever comes of that.
    async fn advise(&self, woman: Option<WomanId>, request: &Request<D::Command>, answer: &Answer, worded: &mut Value) {
        let Some((advice, woman)) = self.advice.get().zip(woman) else { return };
        let principal = Principal { actor: request.actor.clone(), role: request.role, centre: Some(request.centre) };
        let events = answer.events.iter().map(|happening| happening.event.clone()).collect();
        match (advice.0)(Caller { principal, until: 0 }, woman, events).await {
            Ok(more) => {
                if let Some(Value::Array(warnings)) = worded.get_mut("warnings") {
                    warnings.extend(more);
                }
            }
            Err(problem) => tracing::warn!(code = problem.code, "it could not be looked for what to warn of"),
        }
    }

    pub(super) fn ask(action: &str, facts: Value, when: Option<Happened>) -> Result<Ask<D::Command>, Problem> {
        let facts = if facts.is_null() { json!({}) } else { facts };
        Ok(match action {
            "correct-entry" => {
                let Correction { version, facts: patch, seen } = read_facts(facts)?;
                Ask::Correct(case::Correction { version, patch, when, seen, ..Default::default() })
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

/// What a rule's refusal, or a lack of rights, is answered with: in the words of the contract.
#[must_use]
pub fn refusal(contract: &Contract, code: &str) -> Problem {
    let title = contract.rejections.get(code).map_or("A rule refuses.", |label| &label.en);
    if CommonRejection::is_of_rights(code) { Problem::of(403, code, title) } else { Problem::refused(code, title) }
}

/// The answer with its warnings in both languages, under the id that URLs name it by.
#[must_use]
pub fn worded(contract: &Contract, id: Uuid, answer: &Answer) -> Value {
    let word = |code: &String| match contract.warnings.get(code) {
        Some(label) => json!({ "code": code, "da": label.da, "en": label.en }),
        None => json!({ "code": code }),
    };
    let warnings: Vec<Value> = answer.warnings.iter().map(word).collect();
    json!({ "id": id, "version": answer.version, "position": answer.position, "events": answer.events, "warnings": warnings })
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

/// The classes that somebody does not see here.
fn hidden(principal: &Principal, reached: &Reached) -> BTreeSet<Class> {
    let open = opening(principal, reached.about());
    Class::ALL.iter().copied().filter(|class| open(*class) != Opening::Value).collect()
}

/// `POST /v1/cases/{case}/{action}`
pub(super) async fn act<D: Decider>(
    State(app): State<Arc<App<D>>>,
    Parts((id, action)): Parts<(String, String)>,
    headers: Asked,
    sent: Sent,
) -> Result<Response, Problem> {
    let caller = app.auth.caller(&headers)?;
    caller.may(Act::Write(Right::Record))?;
    app.wait(&headers).await?;
    let reached = reach(&app.executor, &app.relations, &caller, &id, Act::Write(Right::Record)).await?;
    let (right, conflicts) = (reached.right(&caller.principal), reached.conflicts());
    let hidden = hidden(&caller.principal, &reached);
    let Reached { aggregate, woman, centre, .. } = reached;
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
    let mut ask = App::<D>::ask(&action, facts, when)?;
    if let Ask::Correct(correction) = &mut ask {
        correction.hidden = hidden;
    }
    let request = Request {
        aggregate,
        opening: None,
        ask: Some(ask),
        note,
        when,
        due,
        responsible: responsible.or_else(|| Some(caller.principal.actor.clone())),
        actor: caller.principal.actor.clone(),
        role: caller.principal.role,
        right,
        conflicts,
        centre,
        key,
        if_match,
        bytes: [action.as_bytes(), b"\0", &said(&bytes)].concat(),
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
    if loaded.owner.is_some_and(|owner| owner != (woman, Some(centre))) {
        return Err(Problem::not_found());
    }
    let heard = app.executor.heard(woman.unwrap_or(WomanId::NOBODY), false).await?;
    let looking = app.executor.looking(id, caller.principal.acts(), centre, &heard);
    let context = Context { right: reached.right(&caller.principal), ..looking };
    let mut state = loaded.case.state().map_err(|_| Problem::common("unavailable"))?;
    let open = opening(&caller.principal, reached.about());
    reveal(&mut state, &open).map_err(|_| Problem::common("unavailable"))?;
    let mut follow_ups = loaded.case.follow_ups().clone();
    follow_ups
        .values_mut()
        .filter(|follow_up| open(follow_up.class) != Opening::Value)
        .for_each(|follow_up| follow_up.due = None);
    // Somebody in a conflict of interest, or who left, holds nothing.
    let mut kept_away = reached.conflicts();
    kept_away.extend(app.relations.left(&caller.principal).await?);
    for follow_up in follow_ups.values_mut() {
        follow_up.responsible = follow_up.responsible.take().filter(|holder| !kept_away.contains(holder));
    }
    let likely = loaded.case.actions(&context);
    let aggregate = app.contract.aggregates.iter().find(|aggregate| aggregate.kind == D::TYPE);
    let all = aggregate.into_iter().flat_map(|aggregate| &aggregate.entries).map(|entry| entry.action.as_str());
    let others: Vec<&str> = all.filter(|action| !likely.contains(action) && *action != D::BEGINS.action()).collect();
    let version = loaded.case.version();
    let mut body = json!({
        "id": reached.named::<D>(), "woman": woman, "centre": centre, "version": version,
        "before_us": loaded.case.opened().is_some_and(|opened| opened.before_us),
        "state": state, "follow_ups": follow_ups, "actions": likely, "other_actions": others,
    });
    name(&app, &caller.principal, &mut body, open(Class::Location) == Opening::Value).await?;
    Ok(versioned(version, Json(body)))
}

/// Adds the names of those whose ids stand in an answer, and of centres where the asker may see places.
async fn name<D: Decider>(app: &App<D>, principal: &Principal, body: &mut Value, places: bool) -> Result<(), Problem> {
    let names = app.relations.names(principal, body, places).await?;
    if let Some(members) = body.as_object_mut() {
        members.insert("names".into(), names);
    }
    Ok(())
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
    let (service, seal) = (app.executor.service, &app.executor.seal);
    let signer = seal.signer(service);
    let rows = sqlx::query(&format!(
        "SELECT e.number, {} FROM events e WHERE e.aggregate_type = $1 AND e.aggregate_id = $2 ORDER BY e.sequence",
        store::SIGNED
    ))
    .bind(D::TYPE)
    .bind(reached.aggregate.to_string())
    .fetch_all(&app.executor.pool)
    .await?;
    let mut shown = Vec::with_capacity(rows.len());
    for row in rows {
        let number = row.try_get::<i64, _>("number")?.unsigned_abs();
        if !store::is_genuine(&signer, &row)? {
            signer.refuse("event", &number);
            return Err(Problem::common("unavailable"));
        }
        let body: Body = serde_json::from_str(row.try_get("body")?).map_err(|_| Problem::common("unavailable"))?;
        shown.push(Shown { number, body });
    }
    let wrong = of_the_wrong_person(&shown);
    for Shown { body, .. } in &mut shown {
        let masked = wrong.contains(&body.version) && caller.principal.role != Role::Leader;
        let open = |class| if masked { hidden_from(open(class)) } else { open(class) };
        open_body(seal, service, body, reached.granted(), open).await?;
    }
    let shown = serde_json::to_value(shown).map_err(|_| Problem::common("unavailable"))?;
    let mut body = json!({ "events": shown });
    name(&app, &caller.principal, &mut body, open(Class::Location) == Opening::Value).await?;
    Ok(Json(body).into_response())
}

/// The entries that are about somebody else, with their corrections: their words are the leader's alone.
fn of_the_wrong_person(shown: &[Shown]) -> BTreeSet<u64> {
    let of = |body: &Body, event: &str| {
        let about = body.data.facts.get("version").and_then(Value::as_u64);
        about.filter(|_| body.event().is_some_and(|known| known.name == event))
    };
    let is_wrong = |body: &&Body| body.data.facts.get("cause").and_then(Value::as_str) == Some(WRONG_PERSON);
    let bodies = || shown.iter().map(|shown| &shown.body);
    let mut wrong: BTreeSet<u64> = bodies().filter(is_wrong).filter_map(|body| of(body, RECORDED_IN_ERROR)).collect();
    let corrects = |body: &&Body| of(body, ENTRY_CORRECTED).is_some_and(|about| wrong.contains(&about));
    let corrections: Vec<u64> = bodies().filter(corrects).map(|body| body.version).collect();
    wrong.extend(corrections);
    wrong
}

/// What is left of an opening where nothing may be read.
#[must_use]
pub fn hidden_from(opening: Opening) -> Opening {
    if opening == Opening::Value { Opening::Mask } else { opening }
}

/// Opens a body's facts for a reader, as those of whom access was granted for.
pub async fn open_body(
    seal: &crate::seal::Seal,
    service: &str,
    body: &mut Body,
    granted: Granted,
    opening: impl Fn(Class) -> Opening,
) -> Result<(), Problem> {
    let mut facts = std::mem::take(&mut body.data.facts);
    let place = Place::granted(service, body, granted).ok_or(SealError::Foreign);
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
    let signer = app.executor.seal.signer(app.executor.service);
    let mut epoch = store::head(pool).await?.epoch;
    if let (Some(last), Some(before)) = (last.filter(|_| known == Some(epoch)), after.checked_sub(1)) {
        let own = store::after(pool, &signer, epoch, before, 1).await?.into_iter().find(|event| event.number == after);
        if shows_setback(&signer, (epoch, after), &last, own.as_ref().map(|own| own.bytes.as_str())) {
            tracing::warn!(
                service = app.executor.service,
                "a reader knows a history that is not here: the numbering gets a new epoch"
            );
            epoch = store::take_epoch(pool, epoch).await?;
        }
    }
    // The events first: a head read later is at least as far as they are.
    let events = store::after(pool, &signer, epoch, after, PAGE).await?;
    let head = store::head(pool).await?;
    if head.epoch != epoch {
        return Err(Problem::common("unavailable"));
    }
    let raw: Result<Vec<_>, _> = events.into_iter().map(|event| RawValue::from_string(event.bytes)).collect();
    let events = raw.map_err(|_| Problem::common("unavailable"))?;
    Ok(Json(Page { epoch, head: head.number, began: head.began, at: milliseconds(app.executor.clock.now()), events })
        .into_response())
}
