//! Looking for a woman, and for one who may be known already: among the women of the caller's own centre whom it may see.
//!
//! Each search opens and compares; nothing is kept. What is not the caller's is not among the rows, so that it costs no time and
//! changes no answer. Deliberately absent: an index, how much was opened, joining two women into one. (The audit of what is looked for
//! comes with the log of reads.)

use super::{
    App,
    compare::{Her, Newcomer, Sought, Why},
    entries::{self, Entries},
    reach::{Reached, Women},
};
use axum::{
    Json,
    body::Body as Sent,
    extract::State,
    response::{IntoResponse, Response},
};
use engine::{
    http::{Asked, Caller, Problem, body, read},
    seal::Opening,
};
use kit::{
    Class, Day, Text,
    facts::{BadFact, Mistake},
    relation::Nearness,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc};

/// How many entries are opened for one search at most.
pub(super) const ROWS: usize = 2000;
/// How many women are shown at most.
pub(super) const HITS: usize = 20;

/// What somebody looks for.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SearchBody {
    /// Beginnings of words of an alias or a name, or of a CPR number from its birth date on.
    text: Text<200>,
}

/// Whom somebody is about to register.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewcomerBody {
    /// Her name.
    #[serde(default)]
    name: Option<Text<200>>,
    /// Her CPR number.
    #[serde(default)]
    cpr: Option<Text<20>>,
    /// When she was born.
    #[serde(default)]
    birth_date: Option<Day>,
}

/// The women who were compared.
struct Opened {
    women: Vec<(Reached, Value)>,
    /// Whether these are all.
    complete: bool,
    /// Whether names and numbers of some were not compared, for the caller may not see them.
    masked: bool,
}

/// `POST /v1/women/search`
pub(super) async fn search(State(app): State<Arc<App>>, headers: Asked, sent: Sent) -> Result<Response, Problem> {
    let caller = app.auth.caller(&headers)?;
    let bytes = body(sent).await?;
    let SearchBody { text } = read(&bytes)?;
    let little = || BadFact { pointer: "/text".into(), mistake: Mistake::InvalidValue };
    let sought = Sought::parse(text.as_str()).ok_or_else(little)?;
    let opened = opened(&app, &caller).await?;
    let women = shown(&opened, |her| sought.fits(her).then(Vec::new));
    Ok(answer("women", women, &opened))
}

/// `POST /v1/women/duplicates`
pub(super) async fn duplicates(State(app): State<Arc<App>>, headers: Asked, sent: Sent) -> Result<Response, Problem> {
    let caller = app.auth.caller(&headers)?;
    let bytes = body(sent).await?;
    let NewcomerBody { name, cpr, birth_date } = read(&bytes)?;
    let (name, cpr) = (name.as_ref().map(Text::as_str), cpr.as_ref().map(Text::as_str));
    let newcomer = Newcomer { name, cpr, birth_date };
    let opened = opened(&app, &caller).await?;
    let women = shown(&opened, |her| Some(newcomer.why(her)).filter(|why| !why.is_empty()));
    Ok(answer("possible", women, &opened))
}

/// Opens what the women are called, of those whom the caller may see and as far as it may.
async fn opened(app: &App, caller: &Caller) -> Result<Opened, Problem> {
    let Women { mut women, whole } = app.reach.women(caller).await?;
    let masked = women.iter().any(|woman| !woman.shows(Class::Identity));
    let aggregates: Vec<String> = women.iter().map(|woman| woman.aggregate.to_string()).collect();
    let most = i64::try_from(ROWS).unwrap_or(i64::MAX).saturating_add(1);
    let facts = ["alias", "name", "cpr"];
    let mut rows = entries::some(&app.reach, &women, &["WomanRegistered"], Some(&facts), most).await?;
    let complete = rows.len() <= ROWS;
    if !complete {
        // Of whom the last row is, there may be more: she would be compared by half.
        let last = rows.last().map(|row| row.aggregate.clone());
        rows.retain(|row| Some(&row.aggregate) != last.as_ref());
    }
    let identity: BTreeMap<&str, bool> =
        aggregates.iter().map(String::as_str).zip(women.iter().map(|woman| woman.shows(Class::Identity))).collect();
    let mut folded = entries::fold(&app.reach.seal, rows, |row| {
        let identity = identity.get(row.aggregate.as_str()).copied().unwrap_or_default();
        move |class| match class {
            Class::Personal => Opening::Value,
            Class::Identity if identity => Opening::Value,
            _ => Opening::Mask,
        }
    })
    .await?;
    women.retain(|woman| folded.contains_key(&woman.aggregate.to_string()));
    let women = women.into_iter().filter_map(|woman| {
        let facts = folded.remove(&woman.aggregate.to_string()).map(registered)?;
        Some((woman, facts))
    });
    Ok(Opened { women: women.collect(), complete: complete && whole, masked })
}

/// Her registration as it stands.
fn registered(entries: Entries) -> Value {
    entries.into_values().next_back().map(|entry| entry.facts).unwrap_or_default()
}

/// Those who fit, with why.
fn shown(opened: &Opened, fits: impl Fn(&Her<'_>) -> Option<Vec<Why>>) -> Vec<Value> {
    let of = |(woman, facts): &(Reached, Value)| {
        let text = |name: &str| facts.get(name).and_then(Value::as_str);
        let her = Her { alias: text("alias"), name: text("name"), cpr: text("cpr") };
        let why: Vec<&str> = fits(&her)?.into_iter().map(Into::into).collect();
        Some(json!({
            "woman": woman.woman, "alias": her.alias, "name": her.name, "lives_here": woman.lives_here(),
            "former": woman.nearness() == Nearness::Past, "why": why,
        }))
    };
    // One more than is shown tells whether there are more.
    opened.women.iter().filter_map(of).take(HITS + 1).collect()
}

fn answer(name: &str, mut women: Vec<Value>, opened: &Opened) -> Response {
    let complete = opened.complete && women.len() <= HITS;
    women.truncate(HITS);
    Json(json!({ name: women, "complete": complete, "masked": opened.masked })).into_response()
}
