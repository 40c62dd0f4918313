//! The ways to reach her that may be used, and nothing else: confirmed, not in doubt since, and with the value in the vault that was
//! agreed with her.
//!
//! The woman's own rules say what is confirmed ([`Woman::contacts`]); the vault, what stands under a reference now. A contact whose value
//! or code word was changed after the agreement is none until she agrees again. Deliberately absent: confirming, and reaching her.

use super::{
    App,
    entries::{self, Entries},
    problem,
    reach::Reached,
    vault::owner,
};
use crate::{
    VaultRef,
    woman::{Event, UsableContact, Woman},
};
use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use engine::{
    http::{Asked, Parts, Problem},
    seal::Opening,
    vault::{Entry, Slot},
};
use kit::{
    Class, Decider,
    access::Act,
    decider::Events,
    sealed::{Sealed, known},
};
use serde_json::json;
use std::sync::Arc;

/// The entries by which a contact is agreed, doubted and left behind.
const EVENTS: &[&str] = &["SafeContactAgreed", "SafeContactUnconfirmed", "StayEnded", "PersonDied", "PersonErased"];

/// `GET /v1/women/{id}/contacts`
pub(super) async fn list(
    State(app): State<Arc<App>>,
    Parts(id): Parts<String>,
    headers: Asked,
) -> Result<Response, Problem> {
    let caller = app.auth.caller(&headers)?;
    let reached = app.reach.woman(&caller, &id, Act::Read(Class::Personal)).await?;
    let (woman, kept) = (woman(&app, &reached).await?, kept(&app, &reached).await?);
    let identity = reached.shows(Class::Identity);
    let mut contacts = Vec::new();
    for usable in usable(&app, &woman, &kept) {
        let value = match usable.value {
            Some(reference) if identity => {
                let value = app.vault.value(owner(&reached), reference.0).await.map_err(problem)?;
                // Changed or erased since it was looked for.
                let Some(value) = value else { continue };
                Some(value)
            }
            _ => None,
        };
        contacts.push(json!({
            "contact": usable.contact, "channel": known(usable.channel), "reference": usable.value, "value": value,
            "code_word": usable.code_word, "times": usable.times.and_then(Sealed::open),
            "voicemail": known(usable.voicemail), "confirmed_on": usable.confirmed_on,
        }));
    }
    Ok(Json(json!({ "woman": reached.woman, "contacts": contacts, "masked": !identity })).into_response())
}

/// Whether what stands in the vault is a contact that may be used; of what is no contact of hers nothing is said.
pub(super) async fn confirms(app: &App, reached: &Reached, entry: &Entry) -> Result<Option<bool>, Problem> {
    let Slot::Contact(contact) = entry.slot else { return Ok(None) };
    let (woman, kept) = (woman(app, reached).await?, kept(app, reached).await?);
    let is = |usable: UsableContact<'_>| usable.contact.0 == contact && usable.value == Some(VaultRef(entry.reference));
    Ok(Some(usable(app, &woman, &kept).any(is)))
}

/// Those that she confirmed and that the vault still has as they were agreed.
fn usable<'a>(app: &App, woman: &'a Woman, kept: &'a [Entry]) -> impl Iterator<Item = UsableContact<'a>> {
    let now = |slot: Slot| {
        let entry = kept.iter().find(move |entry| entry.slot == slot && entry.child.is_none());
        entry.map(|entry| VaultRef(entry.reference))
    };
    woman.contacts(app.clock.today()).filter(move |usable| {
        let word = usable.code_word.is_none_or(|word| now(Slot::CodeWord) == Some(word));
        word && usable.value == now(Slot::Contact(usable.contact.0))
    })
}

async fn kept(app: &App, reached: &Reached) -> Result<Vec<Entry>, Problem> {
    app.vault.list(owner(reached)).await.map_err(problem)
}

/// Her, as far as her contacts follow from it, opened as far as the caller may see.
async fn woman(app: &App, reached: &Reached) -> Result<Woman, Problem> {
    let aggregate = reached.aggregate.to_string();
    let rows = entries::some(&app.reach, std::slice::from_ref(reached), EVENTS, None, i64::MAX).await?;
    if rows.is_empty() {
        return Ok(Woman::default());
    }
    let identity = reached.shows(Class::Identity);
    let mut folded = entries::fold(&app.reach.seal, rows, |_| {
        move |class| match class {
            Class::Personal => Opening::Value,
            Class::Identity if identity => Opening::Value,
            _ => Opening::Leave,
        }
    })
    .await?;
    // Of whom not everything opens, nothing is confirmed.
    of(folded.remove(&aggregate).ok_or_else(|| Problem::common("unavailable"))?)
}

fn of(entries: Entries) -> Result<Woman, Problem> {
    let mut woman = Woman::default();
    for entry in entries.into_values() {
        let event = Event::from_facts(&entry.event, entry.facts).map_err(|error| {
            tracing::error!(line = error.line(), "an entry about a woman does not read");
            Problem::common("unavailable")
        })?;
        woman.evolve(&event);
    }
    Ok(woman)
}
