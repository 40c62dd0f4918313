//! A way to reach her, agreed in one call: its number or address and the code word go into the vault, and the agreement is recorded with
//! references to them. All of it or nothing.
//!
//! Deliberately absent: a value in an entry, and the two steps (a value kept by itself, and the action `agree-safe-contact`), which remain.

use super::{
    App, problem,
    record::{Recorded, by, changes, needs, prepare, record},
    vault::owner,
};
use crate::{
    SERVICE, VaultRef,
    woman::{Command, Recognition, SafeContact, SafeContactId},
};
use axum::{
    Json,
    body::Body as Sent,
    extract::State,
    response::{IntoResponse, Response},
};
use engine::{
    http::{Asked, Parts, Problem, body, key, read, worded},
    vault::{Kept, Put, Slot},
};
use kit::{
    Happened,
    access::{Act, Right},
    case::Ask,
    ids::derive_id,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// The body of an agreement. Not `Debug`: it holds values in clear.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AgreementBody {
    /// What is agreed. References to values that are sent along are made by the service.
    facts: SafeContact,
    /// Its number or address; left out: as the facts refer to it.
    #[serde(default)]
    value: Option<Kept>,
    /// Her code word, where it is agreed now; left out: as the facts refer to it.
    #[serde(default)]
    code_word: Option<Kept>,
    /// How she was recognised; asked for where the code word takes the place of another.
    #[serde(default)]
    recognised: Option<Recognition>,
    /// What she said, where that was by her code word; left out: as whoever asks has checked it within ten minutes.
    #[serde(default)]
    word: Option<Kept>,
    /// When it was agreed; left out: today.
    #[serde(default)]
    when: Option<Happened>,
}

/// `POST /v1/women/{id}/contacts`
pub(super) async fn agree(
    State(app): State<Arc<App>>,
    Parts(id): Parts<String>,
    headers: Asked,
    sent: Sent,
) -> Result<Response, Problem> {
    let caller = app.auth.caller(&headers)?;
    let reached = app.reach.woman(&caller, &id, Act::Write(Right::Record)).await?;
    needs(&app, &reached, Right::Close)?;
    let key = key(&headers, app.reach.executor.service, &caller)?.to_string();
    let bytes = body(sent).await?;
    let AgreementBody { mut facts, value, code_word, recognised, word, when } = read(&bytes)?;
    if facts.contact.is_nil() {
        facts.contact = SafeContactId(derive_id(&["contact", SERVICE, &key]));
    }
    let put = |slot: Slot, value: Kept| Put {
        slot,
        child: None,
        recognised: by(recognised, word.clone()),
        by: caller.principal.actor.clone(),
        key: derive_id(&["agreed", if slot == Slot::CodeWord { "code-word" } else { "value" }, &key]),
        bytes: format!("{slot}\0{}", value.as_str()).into_bytes(),
        value: slot.in_lines(value),
        now: app.clock.now(),
    };
    let value = value.map(|value| put(Slot::Contact(facts.contact.0), value));
    let code_word = code_word.map(|word| put(Slot::CodeWord, word));
    let reference = |put: Option<&Put>| put.map(|put| VaultRef(put.reference(SERVICE)));
    facts.value = reference(value.as_ref()).or(facts.value);
    facts.code_word = reference(code_word.as_ref()).or(facts.code_word);
    let agreed = json!({ "contact": facts.contact, "reference": facts.value, "code_word": facts.code_word });
    let puts: Vec<Put> = value.into_iter().chain(code_word).collect();
    let (mut ask, mut about) = changes(&puts, recognised);
    ask.push(Command::AgreeSafeContact(facts));
    about.extend(without_values(&bytes));
    let command = derive_id(&["agreed", &key]);
    let _turn = app.vault.turn(reached.woman).await;
    if !puts.is_empty() {
        prepare(&app, &reached, command, &puts).await?;
    }
    let recorded = Recorded { key: command, ask: Ask::Together(ask), when, about };
    let answer = record(&app, &reached, recorded).await?;
    if !puts.is_empty() {
        app.vault.kept(owner(&reached), &puts).await.map_err(problem)?;
    }
    let mut body = worded(&app.contract, reached.woman.0, &answer);
    if let (Some(members), Value::Object(agreed)) = (body.as_object_mut(), agreed) {
        members.extend(agreed);
    }
    Ok(Json(body).into_response())
}

/// The body without what may be forgotten: its fingerprint stays with the event.
fn without_values(bytes: &[u8]) -> Vec<u8> {
    let mut body: Value = serde_json::from_slice(bytes).unwrap_or_default();
    body.sort_all_objects();
    if let Some(members) = body.as_object_mut() {
        members.retain(|name, _| !["value", "code_word", "word"].contains(&name.as_str()));
    }
    body.to_string().into_bytes()
}
