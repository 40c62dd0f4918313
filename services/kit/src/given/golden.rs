//! The golden samples of a domain: for each event one with all its facts and one with only those it must have.

use super::replace;
use crate::{
    Decider,
    contract::EntryDescription,
    decider::{Commands, Events},
    sealed::exposing,
};
use serde_json::Value;
use std::{
    any::TypeId,
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

/// The golden samples of the crate whose test asks, by name (`HousingOfferMade.v1`). A macro, so that the files are read by the
/// domain's test and not by the kit.
#[macro_export]
macro_rules! samples {
    () => {{
        let files = ::std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/golden")).unwrap();
        let read = |path: ::std::path::PathBuf| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, $crate::serde_json::from_slice(&::std::fs::read(path).unwrap()).unwrap())
        };
        let samples = files.map(|file| read(file.unwrap().path()));
        $crate::given::Samples::of(samples)
    }};
}

/// The golden samples of a domain, by name (`HousingOfferMade.v1`).
#[derive(Debug, Clone)]
pub struct Samples(pub BTreeMap<String, Value>);

impl Samples {
    /// Samples by name.
    pub fn of(samples: impl IntoIterator<Item = (String, Value)>) -> Self {
        Self(samples.into_iter().collect())
    }

    /// An event's sample in its latest version, `complete` or `minimal`.
    #[must_use]
    pub fn latest(&self, event: &str, form: &str) -> Value {
        let version = |name: &str| name.strip_prefix(event)?.strip_prefix(".v")?.parse::<u16>().ok();
        let versions = self.0.keys().filter_map(|name| version(name));
        let latest = versions.max().unwrap_or_else(|| panic!("no sample of {event}"));
        self.version(event, latest, form)
    }

    /// An event's sample in a version.
    #[must_use]
    pub fn version(&self, event: &str, version: u16, form: &str) -> Value {
        let sample = self.0.get(&format!("{event}.v{version}")).and_then(|sample| sample.get(form));
        sample.unwrap_or_else(|| panic!("{event}.v{version} has no sample {form}")).clone()
    }

    /// The sample of the event that an action records.
    #[must_use]
    pub fn action<D: Decider>(&self, action: &str, form: &str) -> Value {
        let table = table::<D>();
        let row = table.iter().find(|row| row.action == action);
        self.latest(row.unwrap_or_else(|| panic!("there is no action {action}")).event, form)
    }
}

/// An action, and the event that it records.
pub(super) struct Row {
    pub(super) action: String,
    pub(super) event: &'static str,
}

/// A domain's actions in the order of its table. To describe the table makes the schema of every event, so that is done once for each
/// domain and not for each step of a walk.
pub(super) fn table<D: Decider>() -> Arc<Vec<Row>> {
    static TABLES: Mutex<BTreeMap<TypeId, Arc<Vec<Row>>>> = Mutex::new(BTreeMap::new());
    let mut tables = TABLES.lock().unwrap_or_else(PoisonError::into_inner);
    let described = || {
        let entries = D::Command::describe().into_iter();
        Arc::new(entries.map(|entry| Row { action: entry.action, event: entry.event }).collect())
    };
    tables.entry(TypeId::of::<D>()).or_insert_with(described).clone()
}

/// Sets a fact, where there is one of this name.
pub fn set(facts: &mut Value, name: &str, value: Value) {
    if let Some(fact) = facts.get_mut(name) {
        *fact = value;
    }
}

/// Holds samples by name (`HousingOfferMade.v1`) against a domain: every event has one and every one an event; `complete` has
/// all facts and `minimal` the required ones; both are `valid` by the clear schema, and read as command and as event and
/// written again they are what they were. Those of an earlier version become events of today's.
pub fn golden<D: Decider>(samples: &Samples, valid: impl Fn(&Value, &Value) -> bool) {
    let Samples(samples) = samples;
    let entries = D::Command::describe();
    let all = || entries.iter().flat_map(|entry| std::iter::once(entry.clone()).chain(entry.earlier()));
    let names: Vec<_> = all().map(|entry| name(&entry)).collect();
    let unknown: Vec<_> = samples.keys().filter(|name| !names.contains(name)).collect();
    assert!(unknown.is_empty(), "samples of no event: {unknown:?}");
    for entry in all() {
        let name = name(&entry);
        let sample = samples.get(&name).unwrap_or_else(|| panic!("no sample {name}"));
        assert_eq!(keys(Some(sample)), ["complete", "minimal"], "{name}");
        let forms = [("complete", keys(entry.facts.get("properties"))), ("minimal", required(&entry.facts))];
        for (form, facts) in forms {
            let sample = sample.get(form).expect("both forms are there");
            assert_eq!(keys(Some(sample)), facts, "{name} {form}");
            assert!(valid(&entry.facts, sample), "{name} {form} is not valid by its schema");
        }
    }
    for entry in &entries {
        let sample =
            |name: &str, form: &str| samples.get(name).and_then(|sample| sample.get(form)).expect("it is there");
        for (earlier, form) in entry.earlier().flat_map(|earlier| [(earlier.clone(), "complete"), (earlier, "minimal")])
        {
            let name = name(&earlier);
            let today = D::Event::upcast(entry.event, earlier.version, sample(&name, form).clone());
            let today =
                clear(today.unwrap_or_else(|error| panic!("{name} {form} cannot be brought to today: {error}")));
            assert!(valid(&entry.facts, &today), "{name} {form} is not valid by today's schema: {today}");
            let event = D::Event::from_facts(entry.event, today);
            assert_eq!(event.expect("today's facts read").schema_version(), entry.version);
        }
        let to_come = D::Event::upcast(entry.event, entry.version + 1, Value::Null);
        assert!(to_come.is_err(), "{}: a version still to come reads", entry.event);
        let name = name(entry);
        for form in ["complete", "minimal"] {
            let sample = sample(&name, form);
            let command = D::Command::read(&entry.action, sample.clone()).expect("the action is there");
            let event = command.unwrap_or_else(|bad| panic!("{name} {form}: {bad}")).record();
            assert_eq!(event.name(), entry.event);
            assert_eq!(D::Event::from_facts(entry.event, sample.clone()).ok().as_ref(), Some(&event), "{name} {form}");
            let marked = exposing(|| event.to_facts()).expect("facts serialise");
            assert_eq!(D::Event::from_facts(entry.event, marked.clone()).ok().as_ref(), Some(&event), "{name} {form}");
            assert_eq!(&clear(marked), sample, "{name} {form}");
        }
    }
}

fn name(entry: &EntryDescription) -> String {
    format!("{}.v{}", entry.event, entry.version)
}

fn clear(mut facts: Value) -> Value {
    replace(&mut facts, &|mark| mark.get("value").cloned());
    facts
}

fn keys(object: Option<&Value>) -> Vec<String> {
    let mut keys: Vec<_> =
        object.and_then(Value::as_object).into_iter().flat_map(|object| object.keys().cloned()).collect();
    keys.sort();
    keys
}

fn required(schema: &Value) -> Vec<String> {
    let listed = schema.get("required").and_then(Value::as_array).into_iter().flatten();
    let mut required: Vec<_> = listed.filter_map(Value::as_str).map(str::to_owned).collect();
    required.sort();
    required
}
