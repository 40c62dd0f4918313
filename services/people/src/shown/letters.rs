//! The route of the letters: gathers what a letter says from her entries.
//!
//! A letter is shown, never sent and never kept here; that it went out is an entry of hers (`MunicipalityInformed`). That she leaves is
//! told before she does, where possible: the letter is about the stay that goes on, else about the one that ended last. Deliberately
//! absent: the words ([`super::letter`]), and facts of class location: none of them is opened for a letter.

use super::{
    App,
    entries::{self, Entries, Standing},
    letter::{self, Identity, Kind, Letter, Person},
};
use axum::{
    extract::{Query, State, rejection::QueryRejection},
    http::header,
    response::{IntoResponse, Response},
};
use engine::{
    http::{Asked, Parts, Problem},
    seal::Opening,
};
use kit::{Class, access::Act, contract::Contract};
use serde::Deserialize;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

const EVENTS: &[&str] =
    &["WomanRegistered", "IdentityLearned", "ChildRegistered", "StayStarted", "StayEnded", "RelocationReceived"];

/// What the grounds of a stay are called, by code.
pub(super) fn grounds(contract: &Contract) -> BTreeMap<String, String> {
    let entries = contract.aggregates.iter().flat_map(|aggregate| aggregate.entries.iter().chain(&aggregate.past));
    let facts = entries.filter(|entry| entry.event == "StayStarted").flat_map(|entry| &entry.facts);
    let choices = facts.filter(|fact| fact.name == "grounds").flat_map(|fact| &fact.choices);
    choices.map(|(code, label)| (code.clone(), label.da.clone())).collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LetterQuery {
    /// Without identity; left out: as the stay is.
    anonymous: Option<bool>,
}

/// `GET /v1/women/{id}/letters/{kind}`
pub(super) async fn letter(
    State(app): State<Arc<App>>,
    Parts((id, kind)): Parts<(String, String)>,
    headers: Asked,
    query: Result<Query<LetterQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let caller = app.auth.caller(&headers)?;
    let reached = app.reach.woman(&caller, &id, Act::Read(Class::Personal)).await?;
    let kind: Kind = kind.parse().map_err(|_| Problem::not_found())?;
    let Query(LetterQuery { anonymous }) = query.map_err(|_| Problem::common("query_invalid"))?;
    let aggregate = reached.aggregate.to_string();
    let rows = entries::some(&app.reach, std::slice::from_ref(&reached), EVENTS, None, i64::MAX).await?;
    let identity = reached.shows(Class::Identity);
    let mut folded = entries::fold(&app.reach.seal, rows, |_| {
        move |class| match class {
            Class::Personal => Opening::Value,
            Class::Identity if identity => Opening::Value,
            _ => Opening::Mask,
        }
    })
    .await?;
    // Of whom not everything opens, no letter is written.
    let entries = folded.remove(&aggregate).ok_or_else(|| Problem::common("unavailable"))?;
    let stay = stay(&entries, kind).ok_or_else(Problem::not_found)?;
    let anonymous = anonymous.unwrap_or_else(|| flag(&stay.began.facts, "anonymous"));
    if !anonymous && !identity {
        return Err(Problem::common("forbidden"));
    }
    let directory = app.reach.relations.directory(&caller.principal).await?;
    let letter = Letter {
        kind,
        signed: directory.name_of(&caller.principal.actor).map(|name| name.as_str().to_owned()),
        today: app.clock.today().into(),
        on: stay.on.and_then(|entry| entry.happened.day()),
        // Left out where it was decided on the day she came.
        decided: text(&stay.began.facts, "decided_on")
            .map_or_else(|| stay.began.happened.day(), |day| day.parse().ok()),
        grounds: worded(stay.began.facts.get("grounds"), &app.grounds),
        children: stay.children.len(),
        identity: (!anonymous).then(|| who(&entries, &stay.children)),
    };
    let plain = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    Ok((plain, letter::text(&letter)).into_response())
}

/// The stay that a letter is about, and the entry that gives its day, where there is one yet.
struct Stay<'a> {
    began: &'a Standing,
    on: Option<&'a Standing>,
    /// With how each is registered here.
    children: BTreeMap<&'a str, Option<&'a Standing>>,
}

/// The latest stay that began; of leaving, the latest that goes on, else the one that ended last.
fn stay(entries: &Entries, kind: Kind) -> Option<Stay<'_>> {
    let latest_first = |event: &'static str| entries.values().rev().filter(move |entry| entry.event == event);
    let same = |one: &Standing, other: &Standing| one.facts.get("stay") == other.facts.get("stay");
    let began = |ended: &Standing| latest_first("StayStarted").find(|began| same(began, ended));
    let (began, on) = match kind {
        Kind::MunicipalityIn => latest_first("StayStarted").next().map(|began| (began, Some(began)))?,
        Kind::MunicipalityOut => {
            let goes_on = |began: &&Standing| !latest_first("StayEnded").any(|ended| same(began, ended));
            let ended = || latest_first("StayEnded").find_map(|ended| Some((began(ended)?, Some(ended))));
            latest_first("StayStarted").find(goes_on).map(|began| (began, None)).or_else(ended)?
        }
    };
    let with_her = ids(began);
    let children = of(entries, "ChildRegistered").filter_map(|entry| Some((text(&entry.facts, "child")?, Some(entry))));
    // Who came along from another centre was registered there.
    let received = of(entries, "RelocationReceived").flat_map(ids).map(|child| (child, None));
    // Registered again, a child is who the later entry says; one that is not hers, or was taken back, is in no letter.
    let children = received.chain(children).filter(|(child, _)| with_her.contains(child)).collect();
    Some(Stay { began, on, children })
}

fn of<'a>(entries: &'a Entries, event: &'static str) -> impl Iterator<Item = &'a Standing> {
    entries.values().filter(move |entry| entry.event == event)
}

/// The children that an entry names.
fn ids(entry: &Standing) -> BTreeSet<&str> {
    let children = entry.facts.get("children").and_then(Value::as_array).into_iter().flatten();
    children.filter_map(Value::as_str).collect()
}

/// Her, and the children of the stay.
fn who(entries: &Entries, children: &BTreeMap<&str, Option<&Standing>>) -> Identity {
    // What was learnt last counts, whichever entry says it.
    let says = |name: &str| {
        let entries =
            entries.values().filter(|entry| ["WomanRegistered", "IdentityLearned"].contains(&entry.event.as_str()));
        entries.rev().find_map(|entry| text(&entry.facts, name)).map(str::to_owned)
    };
    let her = Person { name: says("name"), cpr: says("cpr").or_else(|| says("replacement_number")), born: None };
    let children = children.values().map(|entry| {
        let own = |name: &str| text(entry.as_ref()?.facts.get(name)?, "value");
        Person {
            name: own("name").map(str::to_owned),
            cpr: own("cpr").map(str::to_owned),
            born: own("birth_date").and_then(|day| day.parse().ok()),
        }
    });
    Identity { her, children: children.collect() }
}

fn text<'a>(facts: &'a Value, name: &str) -> Option<&'a str> {
    facts.get(name).and_then(Value::as_str)
}

fn flag(facts: &Value, name: &str) -> bool {
    facts.get(name).and_then(Value::as_bool).unwrap_or_default()
}

/// Codes in words; what has none stays as it is.
fn worded(codes: Option<&Value>, words: &BTreeMap<String, String>) -> Vec<String> {
    let codes = match codes {
        Some(Value::Array(codes)) => codes.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(code)) => vec![code.as_str()],
        _ => Vec::new(),
    };
    codes.into_iter().map(|code| words.get(code).map_or(code, String::as_str).to_owned()).collect()
}
