//! Looking for a woman, and for one who may be known already: among the women of the caller's own centre whom it may see.
//!
//! Each search opens and compares; nothing is kept. What is not the caller's is not among the rows, so that it costs no time and
//! changes no answer. Where nobody has the name that is looked for, who sounds so is proposed. Deliberately absent: an index, how much was
//! opened, joining two women into one. (The audit of what is looked for comes with the log of reads.)

use super::{
    App,
    compare::{Her, Newcomer, Sought, Why},
    entries::{self, Entries},
    reach::{Reached, Women},
};
use crate::woman::Warning;
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
    Class, Day, Text, WomanId,
    access::Act,
    facts::{BadFact, Mistake},
    relation::Nearness,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// The entries that say who she is.
pub(super) const WHO_SHE_IS: &[&str] = &["WomanRegistered", "IdentityLearned", "AliasChanged"];
/// The facts of theirs that are compared.
const FACTS: [&str; 4] = ["alias", "name", "cpr", "replacement_number"];
/// How many entries are opened for one search at most.
pub(super) const ROWS: usize = 2000;
/// How often it is looked again for who was registered a moment ago.
const PATIENCE: usize = 10;
/// How many women are shown at most.
pub(super) const HITS: usize = 20;

/// What somebody looks for.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SearchBody {
    /// Beginnings of words of an alias (an earlier one too) or a name, with or without accents, or of a CPR number or replacement number
    /// from its birth date on.
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
    cpr: Option<Text<40>>,
    /// Her replacement number, where she has no CPR number.
    #[serde(default)]
    replacement_number: Option<Text<40>>,
    /// When she was born.
    #[serde(default)]
    birth_date: Option<Day>,
}

/// The women who were compared.
struct Opened {
    women: Vec<(Reached, Entries)>,
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
    let mut women = shown(&opened, |her| sought.fits(her).then(Vec::new));
    if women.is_empty() {
        women = shown(&opened, |her| sought.sounds_like(her).then(|| vec![Why::SoundsAlike]));
    }
    Ok(answer("women", women, &opened))
}

/// `POST /v1/women/duplicates`
pub(super) async fn duplicates(State(app): State<Arc<App>>, headers: Asked, sent: Sent) -> Result<Response, Problem> {
    let caller = app.auth.caller(&headers)?;
    let bytes = body(sent).await?;
    let NewcomerBody { name, cpr, replacement_number, birth_date } = read(&bytes)?;
    let names = name.iter().map(Text::as_str).collect();
    let numbers = cpr.iter().chain(&replacement_number).map(Text::as_str).collect();
    let newcomer = Newcomer { names, numbers, birth_date };
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
    let mut rows = entries::some(&app.reach, &women, WHO_SHE_IS, Some(&FACTS), most).await?;
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
        let entries = folded.remove(&woman.aggregate.to_string())?;
        Some((woman, entries))
    });
    Ok(Opened { women: women.collect(), complete: complete && whole, masked })
}

/// Who she is, by what stands of it.
fn her(entries: &Entries) -> Her<'_> {
    let all = |names: &[&'static str]| {
        let facts = names.iter().map(|name| entries.values().map(|entry| text(&entry.facts, name)));
        facts.flatten().flatten().collect()
    };
    Her { aliases: all(&["alias"]), names: all(&["name"]), numbers: all(&["cpr", "replacement_number"]) }
}

fn text<'a>(facts: &'a Value, name: &str) -> Option<&'a str> {
    facts.get(name).and_then(Value::as_str)
}

/// Those who fit, with why.
fn shown(opened: &Opened, fits: impl Fn(&Her<'_>) -> Option<Vec<Why>>) -> Vec<Value> {
    let of = |(woman, entries): &(Reached, Entries)| {
        let her = her(entries);
        let why: Vec<&str> = fits(&her)?.into_iter().map(Into::into).collect();
        Some(json!({
            "woman": woman.woman, "alias": her.aliases.last(), "name": her.names.last(), "lives_here": woman.lives_here(),
            "former": woman.nearness() == Nearness::Past, "why": why,
        }))
    };
    // One more than is shown tells whether there are more.
    opened.women.iter().filter_map(of).take(HITS + 1).collect()
}

/// Warns whoever records who somebody is of those who most likely are the same: of women whom they may see alone, and as far as that.
pub(super) async fn known_already(app: &App, caller: &Caller, woman: WomanId) -> Result<Vec<Value>, Problem> {
    let reached = app.reach.woman(caller, &woman.to_string(), Act::Read(Class::Open)).await?;
    if !reached.shows(Class::Identity) {
        return Ok(Vec::new());
    }
    let rows = entries::some(&app.reach, std::slice::from_ref(&reached), WHO_SHE_IS, Some(&FACTS), i64::MAX).await?;
    let shown_of_her =
        |class| if matches!(class, Class::Personal | Class::Identity) { Opening::Value } else { Opening::Mask };
    let folded = entries::fold(&app.reach.seal, rows, |_| shown_of_her).await?;
    let Some(entries) = folded.get(&reached.aggregate.to_string()) else { return Ok(Vec::new()) };
    let Her { names, numbers, .. } = her(entries);
    if numbers.is_empty() {
        // A name alone is no reason.
        return Ok(Vec::new());
    }
    let newcomer = Newcomer { names, numbers, birth_date: None };
    // Who was registered a moment ago may not have been heard of yet.
    for _ in 0..PATIENCE {
        if app.reach.women(caller).await?.whole {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let mut opened = opened(app, caller).await?;
    opened.women.retain(|(other, _)| other.woman != woman);
    let mut women = shown(&opened, |her| newcomer.is_likely(her));
    women.truncate(HITS);
    if women.is_empty() {
        return Ok(Vec::new());
    }
    let aliases: Vec<&str> = women.iter().filter_map(|woman| woman.get("alias").and_then(Value::as_str)).collect();
    let code: &str = Warning::MayBeKnown.into();
    let label = app.contract.warnings.get(code);
    let word = |text: Option<&String>| format!("{} ({})", text.map_or("", String::as_str), aliases.join(", "));
    let (da, en) = (word(label.map(|label| &label.da)), word(label.map(|label| &label.en)));
    Ok(vec![json!({ "code": code, "da": da, "en": en, "women": women })])
}

fn answer(name: &str, mut women: Vec<Value>, opened: &Opened) -> Response {
    let complete = opened.complete && women.len() <= HITS;
    women.truncate(HITS);
    Json(json!({ name: women, "complete": complete, "masked": opened.masked })).into_response()
}
