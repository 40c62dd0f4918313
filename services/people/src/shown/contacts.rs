//! The ways to reach her that may be used: confirmed, not in doubt since, and with the value in the vault that was agreed with her. Of the
//! others it is said why not, and no value.
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
    woman::{Event, Unusable, UsableContact, Woman},
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
    let (mut contacts, mut unusable) = (Vec::new(), Vec::new());
    for (agreed, why) in standing(&app, &woman, &kept) {
        let channel = known(agreed.channel);
        if let Some(why) = why {
            unusable.push(json!({ "contact": agreed.contact, "channel": channel, "reason": why }));
            continue;
        }
        let value = match agreed.value {
            Some(reference) if identity => {
                let value = app.vault.value(owner(&reached), reference.0).await.map_err(problem)?;
                // Changed or erased since it was looked for.
                let Some(value) = value else { continue };
                Some(value)
            }
            _ => None,
        };
        contacts.push(json!({
            "contact": agreed.contact, "channel": channel, "reference": agreed.value, "value": value,
            "code_word": agreed.code_word, "times": agreed.times.and_then(Sealed::open),
            "voicemail": known(agreed.voicemail), "confirmed_on": agreed.confirmed_on,
        }));
    }
    let shown = json!({ "woman": reached.woman, "contacts": contacts, "unusable": unusable, "masked": !identity });
    Ok(Json(shown).into_response())
}

/// Whether what stands in the vault is a contact that may be used; of what is no contact of hers nothing is said.
pub(super) async fn confirms(app: &App, reached: &Reached, entry: &Entry) -> Result<Option<bool>, Problem> {
    let Slot::Contact(contact) = entry.slot else { return Ok(None) };
    let (woman, kept) = (woman(app, reached).await?, kept(app, reached).await?);
    let is = |(agreed, why): (UsableContact<'_>, Option<Unusable>)| {
        why.is_none() && agreed.contact.0 == contact && agreed.value == Some(VaultRef(entry.reference))
    };
    Ok(Some(standing(app, &woman, &kept).any(is)))
}

/// All that were agreed with her, and why one may not be used: by what she said, or because the vault has something else now.
fn standing<'a>(
    app: &App,
    woman: &'a Woman,
    kept: &'a [Entry],
) -> impl Iterator<Item = (UsableContact<'a>, Option<Unusable>)> {
    let now = |slot: Slot| {
        let entry = kept.iter().find(move |entry| entry.slot == slot && entry.child.is_none());
        entry.map(|entry| VaultRef(entry.reference))
    };
    woman.all_contacts(app.clock.today()).map(move |(agreed, why)| {
        let changed = || {
            let word = agreed.code_word.is_none_or(|word| now(Slot::CodeWord) == Some(word));
            let value = agreed.value == now(Slot::Contact(agreed.contact.0));
            let word = (!word).then_some(Unusable::CodeWordChanged);
            if value { word } else { Some(Unusable::ValueChanged) }
        };
        (agreed, why.or_else(changed))
    })
}

async fn kept(app: &App, reached: &Reached) -> Result<Vec<Entry>, Problem> {
    app.vault.list(owner(reached)).await.map(|kept| kept.entries).map_err(problem)
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
