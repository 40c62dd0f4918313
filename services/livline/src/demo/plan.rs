//! A made-up course as steps to send: what, when, by whom. Steps are named, and facts name what an earlier one made.
//!
//! In facts `@name` stands for the id that step made and `#name`, alone, for its version. Deliberately absent: sending.

use super::chance::Chance;
use crate::token::demo_centre;
use kit::{
    ActorId, WomanId,
    access::{Principal, Role},
    ids::derive_id,
};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use time::{Date, Duration};

/// Centres that the demo spreads its women over.
const CENTRES: u8 = 3;

/// One woman's course.
#[derive(Debug)]
pub(super) struct Story {
    pub(super) woman: WomanId,
    /// Which of the demo's centres she is at.
    pub(super) centre: u8,
    pub(super) steps: Vec<Step>,
    /// What she says to aftercare once it was offered by itself.
    pub(super) aftercare: Option<&'static str>,
    number: usize,
    today: Date,
    pub(super) chance: Chance,
}

/// One action.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) name: String,
    /// `open-case`, or the action in the URL.
    pub(super) action: &'static str,
    pub(super) body: Map<String, Value>,
    pub(super) actor: ActorId,
}

/// What earlier steps of a course made: the id, where they made one, and the version.
pub(super) type Made = BTreeMap<String, (Option<String>, u64)>;

impl Story {
    /// The course of the demo's woman of this number, counted from 0, as of a day.
    pub(super) fn new(number: usize, today: Date) -> Self {
        let centre = u8::try_from(number % usize::from(CENTRES)).unwrap_or_default() + 1;
        let woman = WomanId(derive_id(&["demo", "woman", &number.to_string()]));
        let chance = Chance::new(number as u64);
        Self { woman, centre, steps: Vec::new(), aftercare: None, number, today, chance }
    }

    /// Somebody who works at her centre.
    pub(super) fn worker(&self, actor: ActorId) -> Principal {
        Principal { actor, role: Role::ContactPerson, centre: Some(demo_centre(self.centre)) }
    }

    /// Her contact person.
    pub(super) fn contact(&self) -> ActorId {
        actor(&format!("demo-{}-{}", self.centre, if self.number.is_multiple_of(2) { "anna" } else { "bodil" }))
    }

    /// The idempotency key of a step: the same each time.
    pub(super) fn key(&self, step: &str) -> String {
        format!("demo/{}/{step}", self.number)
    }

    /// The day so many days ago; negative: to come.
    pub(super) fn day(&self, ago: i64) -> String {
        kit::Day::from(self.today - Duration::days(ago)).to_string()
    }

    /// A new case.
    pub(super) fn open(&mut self, name: &str, ago: i64, before_us: bool) {
        let woman = self.woman.to_string();
        let step = self.push(name, "open-case", ago);
        step.note("Opdigtet person og forløb, til at prøve systemet med.");
        step.body.extend([("woman".to_owned(), woman.into()), ("before_us".to_owned(), before_us.into())]);
    }

    /// An entry in the case opened last.
    pub(super) fn log(&mut self, name: &str, ago: i64, action: &'static str, facts: Value) -> &mut Step {
        let step = self.push(name, action, ago);
        step.body.insert("facts".into(), facts);
        step
    }

    fn push(&mut self, name: &str, action: &'static str, ago: i64) -> &mut Step {
        let body = Map::from_iter([("when".to_owned(), self.day(ago).into())]);
        let step = Step { name: name.to_owned(), action, body, actor: self.contact() };
        self.steps.push_mut(step)
    }
}

impl Step {
    /// With a note on it.
    pub(super) fn note(&mut self, note: &str) -> &mut Self {
        self.body.insert("note".into(), note.into());
        self
    }

    /// What it opens is due on a day the worker chose.
    pub(super) fn due(&mut self, day: String) -> &mut Self {
        self.body.insert("due".into(), day.into());
        self
    }

    /// Recorded by somebody else.
    pub(super) fn by(&mut self, name: &str) -> &mut Self {
        self.actor = actor(name);
        self
    }

    /// The body with the ids and versions that earlier steps made.
    pub(super) fn filled(&self, made: &Made) -> Value {
        fill(&Value::Object(self.body.clone()), made)
    }
}

fn actor(name: &str) -> ActorId {
    name.parse().unwrap_or_else(|_| ActorId::service("demo"))
}

fn fill(value: &Value, made: &Made) -> Value {
    match value {
        Value::String(text) => match text.strip_prefix('#').and_then(|name| made.get(name)) {
            Some((_, version)) => json!(version),
            None => Value::String(named(text, made)),
        },
        Value::Array(items) => items.iter().map(|item| fill(item, made)).collect(),
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), fill(value, made))).collect(),
        other => other.clone(),
    }
}

/// Names stand alone or between slashes, as in a follow-up's key.
fn named(text: &str, made: &Made) -> String {
    let part = |part: &str| {
        part.strip_prefix('@').and_then(|name| made.get(name)?.0.clone()).unwrap_or_else(|| part.to_owned())
    };
    text.split('/').map(part).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_steps_name_what_earlier_ones_made() {
        let made = Made::from([("offer".to_owned(), (Some("id-7".to_owned()), 7))]);
        let body = json!({ "facts": { "offer": "@offer", "version": "#offer", "key": "offer/@offer/answer", "text": "# a/b @other" } });
        let filled =
            json!({ "facts": { "offer": "id-7", "version": 7, "key": "offer/id-7/answer", "text": "# a/b @other" } });
        assert_eq!(fill(&body, &made), filled);
    }
}
