//! The vault's routes: to keep a value, see what there is, read one, have what it was before forgotten, check a code word.
//!
//! A value is kept by who is close to her, and told by an event of hers ([`super::record`]). A value whose class the caller may not see is answered like one that is not there. A contact that gets another value is not confirmed
//! any more, and whoever gives her another code word says how she was recognised (threat 12). Deliberately absent: sealing
//! ([`engine::vault`]), and values in addresses.

use super::{
    App, NOT_AS_KEPT, contacts, problem,
    reach::Reached,
    record::{Recorded, by, changes, needs, prepare, record, tell_lock_out},
};
use crate::woman::{Command, LockOutLifted, Recognition};
use axum::{
    Json,
    body::Body as Sent,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use engine::{
    http::{Asked, Parts, Problem, body, key, read, said},
    vault::{Checked, Entry, Kept, Owner, Prepared, Put, Slot, Stands},
};
use kit::{
    ActorId, ChildId, Class, Personal,
    access::{Act, Right},
    case::Ask,
    facts::{BadFact, Mistake},
    ids::derive_id,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// The body of a value. Not `Debug`: it holds the value in clear.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ValueBody {
    /// The value.
    value: Kept,
    /// Whose it is, where it is not hers.
    #[serde(default)]
    child: Option<ChildId>,
    /// How she was recognised; asked for where a code word takes the place of another.
    #[serde(default)]
    recognised: Option<Recognition>,
    /// What she said, where that was by her code word; left out: as whoever asks has checked it within ten minutes.
    #[serde(default)]
    word: Option<Kept>,
}

/// The body that lifts a lock-out.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UnlockBody {
    /// From whom wrong words are taken again; left out: from everybody.
    #[serde(default)]
    worker: Option<ActorId>,
}

/// The body of a check.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WordBody {
    /// What the caller said.
    word: Kept,
}

pub(super) fn owner(reached: &Reached) -> Owner {
    Owner { woman: reached.woman, centre: reached.centre }
}

/// `PUT /v1/women/{id}/vault/address`
pub(super) async fn put_address(
    app: State<Arc<App>>,
    Parts(id): Parts<String>,
    headers: Asked,
    sent: Sent,
) -> Result<Response, Problem> {
    put(app, &id, Some(Slot::Address), headers, sent).await
}

/// `PUT /v1/women/{id}/vault/code-word`
pub(super) async fn put_code_word(
    app: State<Arc<App>>,
    Parts(id): Parts<String>,
    headers: Asked,
    sent: Sent,
) -> Result<Response, Problem> {
    put(app, &id, Some(Slot::CodeWord), headers, sent).await
}

/// `PUT /v1/women/{id}/vault/contact/{contact}`
pub(super) async fn put_contact(
    app: State<Arc<App>>,
    Parts((id, contact)): Parts<(String, String)>,
    headers: Asked,
    sent: Sent,
) -> Result<Response, Problem> {
    put(app, &id, contact.parse().ok().map(Slot::Contact), headers, sent).await
}

async fn put(
    State(app): State<Arc<App>>,
    id: &str,
    slot: Option<Slot>,
    headers: Asked,
    sent: Sent,
) -> Result<Response, Problem> {
    let caller = app.auth.caller(&headers)?;
    let reached = app.reach.woman(&caller, id, Act::Write(Right::Record)).await?;
    let slot = slot.ok_or_else(Problem::not_found)?;
    needs(&app, &reached, Right::Close)?;
    let key = key(&headers, app.reach.executor.service, &caller)?;
    let bytes = body(sent).await?;
    let ValueBody { value, child, recognised, word } = read(&bytes)?;
    // What is kept for nobody's child could never be erased.
    if let Some(child) = child
        && !app.reach.has_child(&reached, child).await?
    {
        return Err(BadFact { pointer: "/child".into(), mistake: Mistake::InvalidValue }.into());
    }
    let put = Put {
        slot,
        child,
        value: slot.in_lines(value),
        recognised: by(recognised, word),
        by: caller.principal.actor.clone(),
        key,
        bytes: [slot.to_string().as_bytes(), b"\0", &said(&bytes)].concat(),
        now: app.clock.now(),
    };
    let puts = [put];
    let command = derive_id(&["vault", &key.to_string()]);
    let _turn = app.vault.turn(reached.woman).await;
    let kept = match prepare(&app, &reached, command, &puts).await? {
        Prepared::Stands(kept) => kept,
        Prepared::Waits => {
            let (ask, about) = changes(&puts, recognised);
            record(&app, &reached, Recorded { key: command, ask: Ask::Together(ask), when: None, about }).await?;
            app.vault.kept(owner(&reached), &puts).await.map_err(problem)?
        }
    };
    let [Stands { entry, number }] = kept.as_slice() else { return Err(Problem::common("unavailable")) };
    let mut body = told(entry);
    if let Some(members) = body.as_object_mut() {
        members.insert("position".into(), number.map(|number| format!("{}:{number}", crate::SERVICE)).into());
    }
    Ok(Json(body).into_response())
}

/// What is told of a value without it.
fn told(entry: &Entry) -> Value {
    json!({
        "reference": entry.reference, "slot": entry.slot.to_string(), "child": entry.child,
        "version": entry.version, "since": written(entry.since),
    })
}

fn written(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}

/// `GET /v1/women/{id}/vault`
pub(super) async fn list(
    State(app): State<Arc<App>>,
    Parts(id): Parts<String>,
    headers: Asked,
) -> Result<Response, Problem> {
    let caller = app.auth.caller(&headers)?;
    let reached = app.reach.woman(&caller, &id, Act::Read(Class::Open)).await?;
    let kept = app.vault.list(owner(&reached)).await.map_err(problem)?;
    let entries: Vec<Value> = kept.entries.iter().map(told).collect();
    let refused = |(slot, child): &(Slot, Option<ChildId>)| json!({ "slot": slot.to_string(), "child": child, "code": NOT_AS_KEPT });
    let refused: Vec<Value> = kept.refused.iter().map(refused).collect();
    Ok(Json(json!({ "woman": reached.woman, "values": entries, "refused": refused })).into_response())
}

/// What stands under a reference, where the caller may see values of its class.
async fn found(app: &App, id: &str, reference: &str, headers: &Asked) -> Result<(Reached, Entry), Problem> {
    let caller = app.auth.caller(headers)?;
    let reached = app.reach.woman(&caller, id, Act::Read(Class::Open)).await?;
    let reference = reference.parse().map_err(|_| Problem::not_found())?;
    let entry = app.vault.find(owner(&reached), reference).await.map_err(problem)?;
    let entry = entry.filter(|entry| reached.shows(entry.slot.class())).ok_or_else(Problem::not_found)?;
    Ok((reached, entry))
}

/// `GET /v1/women/{id}/vault/{reference}`; of a contact also whether it may be used.
pub(super) async fn value(
    State(app): State<Arc<App>>,
    Parts((id, reference)): Parts<(String, String)>,
    headers: Asked,
) -> Result<Response, Problem> {
    let (reached, entry) = found(&app, &id, &reference, &headers).await?;
    let confirmed = contacts::confirms(&app, &reached, &entry).await?;
    let value = app.vault.value(owner(&reached), entry.reference).await.map_err(problem)?;
    let mut body = told(&entry);
    if let Some(members) = body.as_object_mut() {
        members.insert("confirmed".into(), confirmed.into());
        members.insert("erased".into(), value.is_none().into());
        members.insert("value".into(), value.into());
    }
    Ok(Json(body).into_response())
}

/// `GET /v1/women/{id}/vault/{reference}/history`: for whoever leads the centre.
pub(super) async fn history(
    State(app): State<Arc<App>>,
    Parts((id, reference)): Parts<(String, String)>,
    headers: Asked,
) -> Result<Response, Problem> {
    let (reached, entry) = led(&app, &id, &reference, &headers).await?;
    let former = app.vault.history(owner(&reached), &entry).await.map_err(problem)?;
    let former: Vec<Value> = former
        .into_iter()
        .map(|former| {
            json!({
                "reference": former.reference, "since": written(former.since), "until": written(former.until),
                "erased": former.value.is_none(), "value": former.value,
            })
        })
        .collect();
    Ok(Json(json!({ "reference": entry.reference, "history": former })).into_response())
}

/// `DELETE /v1/women/{id}/vault/{reference}/history`: for whoever leads the centre.
pub(super) async fn forget(
    State(app): State<Arc<App>>,
    Parts((id, reference)): Parts<(String, String)>,
    headers: Asked,
) -> Result<Response, Problem> {
    let (reached, entry) = led(&app, &id, &reference, &headers).await?;
    app.vault.forget(owner(&reached), entry.reference).await.map_err(problem)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn led(app: &App, id: &str, reference: &str, headers: &Asked) -> Result<(Reached, Entry), Problem> {
    let (reached, entry) = found(app, id, reference, headers).await?;
    if reached.leads() { Ok((reached, entry)) } else { Err(Problem::not_found()) }
}

/// `POST /v1/women/{id}/vault/code-word/check`: for everybody who may speak with her, whether or not they may read the word.
pub(super) async fn check(
    State(app): State<Arc<App>>,
    Parts(id): Parts<String>,
    headers: Asked,
    sent: Sent,
) -> Result<Response, Problem> {
    let caller = app.auth.caller(&headers)?;
    let reached = app.reach.woman(&caller, &id, Act::Write(Right::Record)).await?;
    let bytes = body(sent).await?;
    let WordBody { word } = read(&bytes)?;
    let by = (&caller.principal.actor, app.clock.now());
    let checked = app.vault.check_word(owner(&reached), &word, by.0, by.1).await.map_err(problem)?;
    match checked {
        Checked::Right => Ok(Json(json!({ "right": true })).into_response()),
        Checked::Wrong => {
            tell_lock_out(&app, &reached).await?;
            Ok(Json(json!({ "right": false })).into_response())
        }
        Checked::TooMany => {
            tell_lock_out(&app, &reached).await?;
            Err(Problem::common("too_many_requests"))
        }
        Checked::NoneAgreed => Err(Problem::not_found()),
    }
}

/// `POST /v1/women/{id}/vault/code-word/unlock`: for whoever leads the centre.
pub(super) async fn unlock(
    State(app): State<Arc<App>>,
    Parts(id): Parts<String>,
    headers: Asked,
    sent: Sent,
) -> Result<Response, Problem> {
    let caller = app.auth.caller(&headers)?;
    let reached = app.reach.woman(&caller, &id, Act::Write(Right::Record)).await?;
    needs(&app, &reached, Right::Leader)?;
    let key = derive_id(&["unlock", &key(&headers, app.reach.executor.service, &caller)?.to_string()]);
    let UnlockBody { worker } = read(&body(sent).await?)?;
    let about = format!("unlock {}", worker.as_ref().map_or("", ActorId::as_str)).into_bytes();
    let lifted = LockOutLifted { worker: worker.clone().map(Personal::new) };
    // Told first: what is lifted unseen would be worse than what is told and has to be lifted once more, under the same key.
    let ask = Ask::Record(Command::UnlockCodeWord(lifted));
    let answer = record(&app, &reached, Recorded { key, ask, when: None, about }).await?;
    app.vault.unlock(owner(&reached), worker.as_ref(), app.clock.now()).await.map_err(problem)?;
    Ok(Json(json!({ "position": answer.position })).into_response())
}
