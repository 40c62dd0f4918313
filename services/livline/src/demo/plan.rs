//! A made-up course as steps to send: what, in which service, when, by whom. Facts name what earlier steps made.
//!
//! A course is told forward from the day she came (day 0), chapter by chapter; [`Story::told`] puts the steps in the order of their days
//! and leaves out what is yet to come. In facts `@step` stands for the id that a step made, `@step.fact` for the id under that fact,
//! `#step`, alone, for the entry's version. What a centre records about nobody is a story without a woman. Deliberately absent: sending.

use super::{chance::Chance, staff::Staff};
use crate::token::demo_centre;
use engine::http::{command_key, woman_of};
use kit::{ActorId, ChildId, Decider, WomanId, access::Principal, ids::derive_id};
use people::{centre::Centre, duty::Duty, enquiry::Enquiry, woman::Woman};
use serde_json::{Map, Value, json};
use std::{collections::BTreeMap, ops::RangeInclusive};
use time::{Date, Duration, Weekday};

/// Centres that the demo spreads its women over.
pub(super) const CENTRES: u8 = 6;

/// The step that registers her, and who takes it: her id comes from both.
const REGISTRATION: &str = "registration";
const REGISTERS: Staff = Staff::DayDuty;

/// What begins each kind of aggregate.
const BEGINNINGS: [&str; 6] = [
    "open-case",
    Woman::BEGINS.action(),
    Enquiry::BEGINS.action(),
    Duty::BEGINS.action(),
    Centre::BEGINS.action(),
    people::staff::Staff::BEGINS.action(),
];

/// One woman's course, or what a centre records about nobody.
#[derive(Debug)]
pub(super) struct Story {
    pub(super) woman: WomanId,
    /// Which of the demo's centres she is at, counted from 1.
    pub(super) centre: u8,
    pub(super) steps: Vec<Step>,
    pub(super) chance: Chance,
    pub(super) children: Vec<ChildId>,
    number: usize,
    /// Stands for her, or for the centre, in keys.
    name: String,
    today: Date,
    /// How many days ago she came.
    arrived: i64,
}

/// One step of a course.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) name: String,
    pub(super) service: &'static str,
    /// The kind of aggregate, as URLs call it.
    pub(super) plural: &'static str,
    pub(super) act: Act,
    pub(super) staff: Staff,
    /// How many days ago; negative: to come.
    ago: i64,
}

/// What is done.
#[derive(Debug)]
pub(super) enum Act {
    /// An action is sent: one that begins something, or the action in the URL.
    Send {
        action: &'static str,
        body: Map<String, Value>,
        /// The code it is to be refused with.
        refused: Option<&'static str>,
    },
    /// A rule has recorded this event in her case, or in one of its own: it is looked for.
    Find {
        event: &'static str,
        /// Facts it has.
        facts: Value,
    },
}

/// What a step made: ids by the names of their facts, in the order of the answer, and the entry's version.
#[derive(Clone, Debug, Default)]
pub(super) struct Entry {
    pub(super) ids: Vec<(String, String)>,
    pub(super) version: u64,
}

/// What earlier steps of a course made.
pub(super) type Made = BTreeMap<String, Entry>;

impl Story {
    /// The course of the demo's woman of this number, counted from 0, who came so many days ago with so many children.
    pub(super) fn new(number: usize, today: Date, arrived: i64, children: usize) -> Self {
        let centre = u8::try_from(number % usize::from(CENTRES)).unwrap_or_default() + 1;
        let name = number.to_string();
        let child = |child: usize| ChildId(derive_id(&["demo", "child", &name, &child.to_string()]));
        let (children, chance) = ((0..children).map(child).collect(), Chance::new(number as u64));
        let mut story =
            Self { woman: WomanId::NOBODY, centre, steps: Vec::new(), chance, children, number, name, today, arrived };
        let key = command_key(people::SERVICE, demo_centre(centre), &story.actor(REGISTERS), &story.key(REGISTRATION));
        story.woman = woman_of(people::SERVICE, key);
        story
    }

    /// What one of the demo's centres records about nobody, from so many days ago on.
    pub(super) fn of_centre(centre: u8, today: Date, days: i64) -> Self {
        let number = usize::from(centre) - 1;
        let name = format!("centre-{centre}");
        let chance = Chance::new(1_000 + number as u64);
        let woman = WomanId::NOBODY;
        Self { woman, centre, steps: Vec::new(), chance, children: Vec::new(), number, name, today, arrived: days }
    }

    /// The steps up to today, in order.
    pub(super) fn told(mut self) -> Self {
        self.steps.retain(|step| step.ago >= 0);
        self.steps.sort_by_key(|step| std::cmp::Reverse(step.ago));
        self.left_to_those_on_duty();
        self
    }

    /// Once she has left and has no aftercare, she is found by those alone who answer for the house.
    fn left_to_those_on_duty(&mut self) {
        let (mut lives, mut aftercare) = (true, false);
        for step in &mut self.steps {
            if !lives && !aftercare && !step.staff.answers() {
                step.staff = Staff::DayDuty;
            }
            let what = match step.act {
                Act::Send { action, refused: None, .. } => action,
                Act::Send { .. } => continue,
                Act::Find { event, .. } => event,
            };
            match what {
                "start-stay" => lives = true,
                "end-stay" => lives = false,
                "offer-aftercare" | "accept-aftercare" | "AftercareOffered" => aftercare = true,
                "decline-aftercare" | "hand-over-aftercare" | "close-aftercare" => aftercare = false,
                _ => {}
            }
        }
    }

    /// Which of the demo's women she is, counted from 0.
    pub(super) fn number(&self) -> usize {
        self.number
    }

    /// The day on which somebody first has to do with her.
    pub(super) fn first_by(&self, staff: Staff) -> Option<i64> {
        self.steps.iter().filter(|step| step.staff == staff).map(|step| self.arrived - step.ago).min()
    }

    /// Today, in days since she came.
    pub(super) fn now(&self) -> i64 {
        self.arrived
    }

    /// The date of a day of hers.
    pub(super) fn day(&self, day: i64) -> String {
        kit::Day::from(self.date(day)).to_string()
    }

    /// The month of a day of hers, where no more is known.
    pub(super) fn month(&self, day: i64) -> String {
        self.day(day).get(..7).unwrap_or_default().to_owned()
    }

    fn date(&self, day: i64) -> Date {
        self.today + Duration::days(day - self.arrived)
    }

    /// The same day, or the Friday before where offices are closed. Never from before she came to before that.
    pub(super) fn weekday(&self, day: i64) -> i64 {
        let back = match self.date(day).weekday() {
            Weekday::Saturday => 1,
            Weekday::Sunday => 2,
            _ => 0,
        };
        (day - back).max(day.min(0))
    }

    /// Somebody who works at her centre.
    pub(super) fn principal(&self, staff: Staff) -> Principal {
        staff.principal(self.centre, self.pair())
    }

    /// Their id, where a fact names them.
    pub(super) fn actor(&self, staff: Staff) -> ActorId {
        staff.actor(self.centre, self.pair())
    }

    fn pair(&self) -> usize {
        self.number / usize::from(CENTRES)
    }

    /// The idempotency key of a step: the same each time.
    pub(super) fn key(&self, step: &str) -> String {
        format!("demo/{}/{step}", self.name)
    }

    /// So often in a hundred.
    pub(super) fn happens(&mut self, percent: i64) -> bool {
        self.chance.of(1..=100) <= percent
    }

    /// One of these texts.
    pub(super) fn one_of(&mut self, texts: &[&'static str]) -> &'static str {
        self.chance.pick(texts)
    }

    /// One of these texts, or of those that speak of children, where she has any.
    pub(super) fn one_with(&mut self, texts: &[&'static str], of_children: &[&'static str]) -> &'static str {
        let of_children = if self.children.is_empty() { &[] } else { of_children };
        self.chance.pick(&[texts, of_children].concat())
    }

    /// A time of day between these hours.
    pub(super) fn time(&mut self, hours: RangeInclusive<i64>) -> String {
        let (hour, quarter) = (self.chance.of(hours), self.chance.of(0..=11) * 5);
        format!("T{hour:02}:{quarter:02}")
    }

    /// A new case: what follows in that service is in this one.
    pub(super) fn open(&mut self, service: &'static str, day: i64, before_us: bool) -> &mut Step {
        let woman = self.woman.to_string();
        let body = Map::from_iter([("woman".to_owned(), woman.into()), ("before_us".to_owned(), before_us.into())]);
        self.push(service, day, Act::Send { action: "open-case", body, refused: None })
    }

    /// She is registered. What follows at people is hers.
    pub(super) fn register(&mut self, facts: Value) -> &mut Step {
        self.log(people::SERVICE, 0, Woman::BEGINS.action(), facts).called(REGISTRATION).by(REGISTERS)
    }

    /// An enquiry, or a duty: what begins it, or is done in the one begun last.
    pub(super) fn about_nobody<D: Decider>(&mut self, day: i64, action: &'static str, facts: Value) -> &mut Step {
        let step = self.log(people::SERVICE, day, action, facts);
        step.plural = D::PLURAL;
        step
    }

    /// An entry in the case opened last, or one of hers at people.
    pub(super) fn log(&mut self, service: &'static str, day: i64, action: &'static str, facts: Value) -> &mut Step {
        let body = Map::from_iter([("facts".to_owned(), facts)]);
        self.push(service, day, Act::Send { action, body, refused: None })
    }

    /// What a rule records by itself.
    pub(super) fn found(&mut self, service: &'static str, day: i64, event: &'static str, facts: Value) -> &mut Step {
        self.push(service, day, Act::Find { event, facts })
    }

    fn push(&mut self, service: &'static str, day: i64, act: Act) -> &mut Step {
        // Authorities, landlords and banks are met on weekdays; she needs help on all of them.
        let office = [housing::SERVICE, legal::SERVICE, financial::SERVICE].contains(&service);
        let day = if office { self.weekday(day) } else { day };
        let name = format!("{service}-{}", self.steps.len());
        let staff = Staff::usual(service, &mut self.chance);
        let plural = if service == people::SERVICE { Woman::PLURAL } else { "cases" };
        let step = Step { name, service, plural, act, staff, ago: self.arrived - day };
        let when = self.day(day);
        self.steps.push_mut(step).with("when", when.into())
    }
}

impl Step {
    /// Whether something begins with it.
    pub(super) fn begins(&self) -> bool {
        matches!(self.act, Act::Send { action, .. } if BEGINNINGS.contains(&action))
    }

    /// Under a name that later facts can know beforehand.
    pub(super) fn called(&mut self, name: &str) -> &mut Self {
        name.clone_into(&mut self.name);
        self
    }

    /// In later facts: the id that it made.
    pub(super) fn id(&self) -> String {
        format!("@{}", self.name)
    }

    /// In later facts: the version of its entry.
    pub(super) fn version(&self) -> String {
        format!("#{}", self.name)
    }

    /// With a note on it.
    pub(super) fn note(&mut self, note: &str) -> &mut Self {
        self.with("note", note.into())
    }

    /// At a time of day, such as `T21:40`. Of today only the day is told: the time may not be over.
    pub(super) fn at(&mut self, time: &str) -> &mut Self {
        let time = if self.ago > 0 { time } else { "" };
        let when = self.when() + time;
        self.with("when", when.into())
    }

    /// Recorded by somebody else.
    pub(super) fn by(&mut self, staff: Staff) -> &mut Self {
        self.staff = staff;
        self
    }

    /// With something else of the body: when it happened, by when what it opens is due, who holds that.
    pub(super) fn with(&mut self, name: &str, value: Value) -> &mut Self {
        if let Act::Send { body, .. } = &mut self.act {
            body.insert(name.to_owned(), value);
        }
        self
    }

    /// A rule refuses it with this code.
    pub(super) fn refused_with(&mut self, code: &'static str) -> &mut Self {
        if let Act::Send { refused, .. } = &mut self.act {
            *refused = Some(code);
        }
        self
    }

    fn when(&self) -> String {
        let Act::Send { body, .. } = &self.act else { return String::new() };
        body.get("when").and_then(Value::as_str).unwrap_or_default().to_owned()
    }
}

/// A body with the ids and versions that earlier steps made.
pub(super) fn filled(value: &Value, made: &Made) -> Value {
    match value {
        Value::String(text) => match text.strip_prefix('#').and_then(|name| made.get(name)) {
            Some(entry) => json!(entry.version),
            None => Value::String(named(text, made)),
        },
        Value::Array(items) => items.iter().map(|item| filled(item, made)).collect(),
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), filled(value, made))).collect(),
        other => other.clone(),
    }
}

/// Names stand alone or between slashes, as in a follow-up's key.
fn named(text: &str, made: &Made) -> String {
    let id = |name: &str| {
        let (step, fact) = name.split_once('.').unwrap_or((name, ""));
        let mut ids = made.get(step)?.ids.iter();
        ids.find(|(name, _)| fact.is_empty() || name == fact).map(|(_, id)| id.clone())
    };
    let part = |part: &str| part.strip_prefix('@').and_then(id).unwrap_or_else(|| part.to_owned());
    text.split('/').map(part).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    #[test]
    fn later_steps_name_what_earlier_ones_made() {
        let ids = [("loan", "id-7"), ("alert", "id-8")].map(|(fact, id)| (fact.to_owned(), id.to_owned()));
        let made = Made::from([("call".to_owned(), Entry { ids: ids.to_vec(), version: 7 })]);
        let body =
            json!({ "a": "@call", "b": "#call", "c": "alert/@call.alert", "d": ["@call.alert"], "e": "# a/b @other" });
        let expected = json!({ "a": "id-7", "b": 7, "c": "alert/id-8", "d": ["id-8"], "e": "# a/b @other" });
        assert_eq!(filled(&body, &made), expected);
    }

    #[test]
    fn a_course_is_told_in_the_order_of_its_days_up_to_today() {
        // A Sunday.
        let mut story = Story::new(0, date!(2026 - 11 - 22), 10, 0);
        let today = story.log(safety::SERVICE, 10, "today", json!({})).at("T23:55").name.clone();
        story.log(safety::SERVICE, 11, "tomorrow", json!({}));
        let office = story.log(legal::SERVICE, 10, "office", json!({})).name.clone();
        let first = story.log(safety::SERVICE, 0, "first", json!({})).at("T23:55").name.clone();
        let told = story.told();
        assert_eq!(told.steps.iter().map(|step| step.name.clone()).collect::<Vec<_>>(), [first, office, today]);
        let when = told.steps.iter().map(Step::when).collect::<Vec<_>>();
        assert_eq!(when, ["2026-11-12T23:55", "2026-11-20", "2026-11-22"]);
    }
}
