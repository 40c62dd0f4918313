//! Rows to what a reader sees: facts opened or masked, in the words of the contract.
//!
//! Deliberately absent: who may see what (the kit decides, the engine opens).

use crate::{
    Contracts,
    read::{EntryRow, FollowUpRow, Tasks},
};
use engine::{
    http::{hidden_from, open_body, opening},
    seal::{Granted, Opening, Seal},
};
use kit::{
    CentreId, Class, Happened, Moment,
    access::{About, Principal, Role},
    calendar,
    contract::{EventContract, Fact},
    entry::{Common, ENTRY_CORRECTED},
    labels::{Label, Language},
    published::Body,
    sealed::{ERASED, MASKED},
};
use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;

/// An entry as shown.
#[derive(Debug, Serialize)]
pub(crate) struct Entry {
    position: String,
    service: String,
    domain: Label,
    aggregate: String,
    version: u64,
    event: String,
    label: Label,
    happened: String,
    recorded: String,
    actor: String,
    pub(crate) centre: Option<CentreId>,
    weight: kit::facets::Weight,
    standing: String,
    corrects: Option<u64>,
    /// The version of its latest correction.
    correction: Option<u64>,
    readable: bool,
    facts: Vec<ShownFact>,
    /// What a corrected entry said when it was recorded.
    original: Option<Original>,
}

/// What an entry said before it was corrected.
#[derive(Debug, Serialize)]
struct Original {
    happened: String,
    readable: bool,
    facts: Vec<ShownFact>,
}

/// A fact as shown.
#[derive(Debug, Serialize)]
pub(crate) struct ShownFact {
    name: String,
    label: Label,
    class: kit::Class,
    value: Value,
    text: Label,
    masked: bool,
    erased: bool,
}

/// A follow-up as shown.
#[derive(Debug, Serialize)]
pub(crate) struct FollowUp {
    service: String,
    domain: Label,
    aggregate: uuid::Uuid,
    woman: uuid::Uuid,
    centre: Option<uuid::Uuid>,
    key: String,
    what: String,
    label: Label,
    due: Option<String>,
    state: &'static str,
    days: Option<i64>,
    responsible: Option<String>,
    basis: Option<Value>,
}

pub(crate) fn same(text: &str) -> Label {
    Label { da: text.to_owned(), en: text.to_owned() }
}

fn both(da: &str, en: &str) -> Label {
    Label { da: da.to_owned(), en: en.to_owned() }
}

fn domain(contracts: &Contracts, service: &str) -> Label {
    contracts.get(service).map_or_else(|| same(service), |contract| contract.label.clone())
}

/// What entries are rendered with.
pub(crate) struct Renderer<'a> {
    pub contracts: &'a Contracts,
    pub seal: &'a Seal,
    pub principal: &'a Principal,
    pub about: About<'a>,
    /// The reader's centre.
    pub centre: CentreId,
    pub tasks: Tasks,
}

/// An entry for a reader, as it stands, with what it said before it was corrected. One whose facts do not open says so, and does not hide
/// the others.
pub(crate) async fn entry(renderer: &Renderer<'_>, row: EntryRow) -> Entry {
    let contract = renderer.contracts.get(&row.service);
    let mut body = row.body;
    let said = facts(renderer, &row.service, &mut body, (row.granted, row.wrong_person)).await;
    let happened = body.happened().map(|happened| happened.to_string()).unwrap_or_default();
    let said = Original { happened, readable: said.is_some(), facts: said.unwrap_or_default() };
    let (name, version) = body.event().map_or(("", 1), |event| (event.name, event.version));
    let described = contract.and_then(|contract| contract.event(name, version));
    let mut correction = row.correction;
    let (now, original) = match &mut correction {
        None => (said, None),
        Some((correction, granted)) => {
            let corrected = facts(renderer, &row.service, correction, (*granted, row.wrong_person)).await;
            let happened = correction.happened().map(|happened| happened.to_string()).unwrap_or_default();
            let readable = corrected.is_some();
            (Original { happened, readable, facts: corrected.unwrap_or_default() }, Some(said))
        }
    };
    let correction = correction.as_ref().map(|(correction, _)| correction);
    Entry {
        position: format!("{}:{}", row.service, row.number),
        domain: domain(renderer.contracts, &row.service),
        aggregate: body.aggregate.to_string(),
        version: body.version,
        event: name.to_owned(),
        label: described.map_or_else(|| same(name), |event| event.label.clone()),
        happened: now.happened,
        recorded: body.recordedtime.format(&time::format_description::well_known::Rfc3339).unwrap_or_default(),
        actor: body.actor.to_string(),
        centre: body.centre,
        weight: correction.map_or(body.data.facets.weight, |correction| correction.data.facets.weight),
        standing: row.standing,
        corrects: body
            .data
            .facts
            .get("version")
            .and_then(Value::as_u64)
            .filter(|_| Common::NAMES.contains(&name) || name == ENTRY_CORRECTED),
        correction: correction.map(|correction| correction.version),
        readable: now.readable,
        facts: now.facts,
        original,
        service: row.service,
    }
}

/// The facts of a body, opened and in words; those of a correction read like the entry it corrects. `None`: they do not open.
/// What is about somebody else the leader reads alone.
async fn facts(
    renderer: &Renderer<'_>,
    service: &str,
    body: &mut Body,
    (granted, wrong_person): (Granted, bool),
) -> Option<Vec<ShownFact>> {
    let Renderer { contracts, seal, principal, about, centre, tasks } = renderer;
    let (open, own) = (opening(principal, *about), body.centre == Some(*centre));
    let masked = wrong_person && principal.role != Role::Leader;
    let open = |class| match open(class) {
        opening if masked => hidden_from(opening),
        // What came along from another centre came without its places: one of them may be that centre's own.
        Opening::Value if class == Class::Location && !own => Opening::Mask,
        opening => opening,
    };
    if open_body(seal, service, body, granted, open).await.is_err() {
        body.data.facts = Value::Null;
        return None;
    }
    let contract = contracts.get(service);
    let (name, version) = body.event().map_or(("", 1), |event| (event.name, event.version));
    let facts = &body.data.facts;
    if name == ENTRY_CORRECTED {
        let event = facts.get("event").and_then(Value::as_str).unwrap_or_default();
        let schema =
            facts.get("schema").and_then(Value::as_u64).and_then(|schema| u16::try_from(schema).ok()).unwrap_or(1);
        let described = contract.and_then(|contract| contract.event(event, schema));
        return Some(shown(described, facts.get("facts").unwrap_or(&Value::Null)));
    }
    let mut facts = shown(contract.and_then(|contract| contract.event(name, version)), facts);
    if Common::NAMES.contains(&name) {
        // A follow-up's key is a code: people are told what it asks for.
        for fact in facts.iter_mut().filter(|fact| fact.name == "key") {
            let key = fact.value.as_str().unwrap_or_default().to_owned();
            let what = tasks.get(&(service.to_owned(), body.aggregate.0, key));
            let label = what.and_then(|what| contract.and_then(|contract| contract.follow_ups.get(what)));
            fact.text = label.cloned().unwrap_or_else(|| fact.text.clone());
        }
    }
    Some(facts)
}

/// Facts in the contract's order; those it does not know at the end, by their names.
fn shown(event: Option<&EventContract>, facts: &Value) -> Vec<ShownFact> {
    let Some(members) = facts.as_object() else { return Vec::new() };
    let known = event.map(|event| event.facts.as_slice()).unwrap_or_default();
    let described =
        known.iter().filter_map(|fact| members.get(&fact.name).map(|value| (fact.name.clone(), Some(fact), value)));
    let others = members.iter().filter(|(name, _)| known.iter().all(|fact| fact.name != **name));
    let others = others.map(|(name, value)| (name.clone(), None, value));
    described.chain(others).map(|(name, fact, value)| one(name, fact, value)).collect()
}

fn one(name: String, fact: Option<&Fact>, value: &Value) -> ShownFact {
    let (masked, erased) = (value.get(MASKED).is_some(), value.get(ERASED).is_some());
    ShownFact {
        label: fact.map_or_else(|| same(&name), |fact| fact.label.clone()),
        class: fact.map_or(kit::Class::Open, |fact| fact.class),
        text: if masked {
            both("Skjult", "Hidden")
        } else if erased {
            both("Slettet", "Erased")
        } else {
            words(fact, value)
        },
        value: if masked || erased { Value::Null } else { value.clone() },
        masked,
        erased,
        name,
    }
}

/// A value in words.
fn words(fact: Option<&Fact>, value: &Value) -> Label {
    match value {
        Value::Bool(true) => both("Ja", "Yes"),
        Value::Bool(false) => both("Nej", "No"),
        Value::String(text) => match (fact.and_then(|fact| fact.choices.get(text)), text.parse()) {
            (Some(choice), _) => choice.clone(),
            (None, Ok(happened @ (Happened::On(_) | Happened::At(_)))) => {
                Label { da: kit::words::when(Language::Da, happened), en: kit::words::when(Language::En, happened) }
            }
            (None, _) => same(text),
        },
        Value::Number(number) => match (fact.and_then(|fact| fact.unit.as_deref()), number.as_u64()) {
            (Some("øre"), Some(ore)) => money(ore),
            _ => same(&number.to_string()),
        },
        Value::Array(items) => {
            let items: Vec<Label> = items.iter().map(|item| words(fact, item)).collect();
            let join = |text: fn(&Label) -> &str| items.iter().map(text).collect::<Vec<_>>().join(", ");
            Label { da: join(|label| &label.da), en: join(|label| &label.en) }
        }
        // A child's fact: the child's name is the desk's to find.
        Value::Object(members) => {
            members.get("value").map_or_else(|| same(&value.to_string()), |inner| one(String::new(), fact, inner).text)
        }
        Value::Null => same(""),
    }
}

/// `4.500,00 kr.` and `DKK 4,500.00`.
fn money(ore: u64) -> Label {
    let kroner = (ore / 100).to_string();
    let grouped = |separator: char| {
        let mut text = String::new();
        for (place, digit) in kroner.chars().enumerate() {
            if place > 0 && (kroner.len() - place).is_multiple_of(3) {
                text.push(separator);
            }
            text.push(digit);
        }
        text
    };
    Label { da: format!("{},{:02} kr.", grouped('.'), ore % 100), en: format!("DKK {}.{:02}", grouped(','), ore % 100) }
}

/// A follow-up for a reader, as of a moment. What is due at a minute is overdue once that is past.
pub(crate) fn follow_up(contracts: &Contracts, row: FollowUpRow, now: OffsetDateTime) -> FollowUp {
    let days = row.due_day.map(|day| (day - calendar::day_in_copenhagen(now)).whole_days());
    let past = row.due.as_deref().and_then(|due| due.parse().ok()).is_some_and(|due: Moment| due.instant() < now);
    let state = match days {
        None => "none",
        Some(..0) => "overdue",
        Some(_) if past => "overdue",
        Some(0) => "today",
        Some(1..=7) => "week",
        Some(_) => "later",
    };
    let label = contracts.get(&row.service).and_then(|contract| contract.follow_ups.get(&row.what)).cloned();
    FollowUp {
        domain: domain(contracts, &row.service),
        label: label.unwrap_or_else(|| same(&row.what)),
        service: row.service,
        aggregate: row.aggregate,
        woman: row.woman,
        centre: row.centre,
        key: row.key,
        what: row.what,
        due: row.due,
        state,
        days,
        responsible: row.responsible,
        basis: row.basis,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_reads_as_people_write_it() {
        assert_eq!(money(450_000), both("4.500,00 kr.", "DKK 4,500.00"));
        assert_eq!(money(5), both("0,05 kr.", "DKK 0.05"));
        assert_eq!(money(12_345_678_901).da, "123.456.789,01 kr.");
    }

    #[test]
    fn what_is_masked_shows_no_value() {
        let shown = one("place".into(), None, &serde_json::json!({ "$masked": "location" }));
        assert!(shown.masked && shown.value.is_null());
    }
}
