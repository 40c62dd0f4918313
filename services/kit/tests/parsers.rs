//! Every parser of the kit against any text and any JSON: it never panics, reads back what was written, and quotes nothing.

#![expect(clippy::unwrap_used, reason = "a test says what was not as expected by stopping")]

use kit::{
    ActorId, AggregateId, CentreId, Class, Day, Epoch, Facets, Happened, Identity, Location, Money, Narrative,
    Personal, Text, WomanId,
    access::Role,
    contract::{Contract, Sharing, kebab},
    deadlines::Deadlines,
    facts::{Mistake, read},
    labels::{Label, Labels, Language},
    published::{Body, EventType, Heading, Published, publish},
    schema,
    sealed::Stored,
    when::{DueBy, Moment},
};
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};
use std::{fmt::Display, str::FromStr, time::Instant};
use time::{Date, Duration, OffsetDateTime, Time};
use uuid::Uuid;

const DEADLINES: &str = include_str!("../../../deploy/deadlines.toml");
/// What stands where a value is wrong, and may stand nowhere else.
const CANARY: &str = "Nørrebrogade117";

/// Texts that resemble what is asked for, and any others.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[0-9]{1,5}-[0-9]{1,3}-[0-9]{1,3}(T[0-9]{1,3}:[0-9]{1,3})?",
        "[0-9a-fA-F{}-]{0,40}",
        "[a-z_:.v0-9 $-]{0,70}",
        "[æøå\u{0}-\u{1f}\u{202e}]{0,12}",
    ]
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text().prop_map(Value::from),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let name =
        prop_oneof![text(), "\\$(open|sealed|erased|masked)", "class|value|child|key|box|facts|version|rent|rooms"];
    scalar().prop_recursive(4, 32, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((name.clone(), inner), 0..6).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

fn day() -> impl Strategy<Value = Day> {
    (0..109_572_i64).prop_map(|days| {
        Day::from(Date::from_calendar_date(1900, time::Month::January, 1).unwrap() + Duration::days(days))
    })
}

fn moment() -> impl Strategy<Value = Moment> {
    (day(), 0..24_u8, 0..60_u8).prop_map(|(day, hour, minute)| format!("{day}T{hour:02}:{minute:02}").parse().unwrap())
}

fn happened() -> impl Strategy<Value = Happened> {
    let month = day().prop_map(|day| day.to_string()[..7].parse().unwrap());
    prop_oneof![moment().prop_map(Happened::At), day().prop_map(Happened::On), month, Just(Happened::Unknown)]
}

/// Whatever is read is written as it can be read again.
fn settles<T: FromStr + Display + PartialEq + std::fmt::Debug>(text: &str) -> Result<(), TestCaseError>
where
    T::Err: Display,
{
    match text.parse::<T>() {
        Ok(read) => {
            let again: T =
                read.to_string().parse().map_err(|_| TestCaseError::fail("what was written does not read"))?;
            prop_assert_eq!(read, again);
        }
        Err(error) => prop_assert!(text.len() < 9 || !error.to_string().contains(text), "the error quotes the text"),
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn texts_are_read_or_refused(text in text()) {
        settles::<Day>(&text)?;
        settles::<Moment>(&text)?;
        settles::<Happened>(&text)?;
        settles::<DueBy>(&text)?;
        settles::<ActorId>(&text)?;
        settles::<WomanId>(&text)?;
        settles::<Epoch>(&text)?;
        if let Some(event) = EventType::parse(&text) {
            let written = event.to_string();
            prop_assert_eq!(EventType::parse(&written), Some(event));
        }
        let _ = (text.parse::<Class>(), text.parse::<Language>(), Sharing::parse(&text), kebab(&text));
        let _ = (Labels::parse(&text, &text), Deadlines::parse(&text), Text::<5>::try_from(text));
    }

    #[test]
    fn times_read_back(day in day(), moment in moment(), happened in happened()) {
        prop_assert_eq!(day.to_string().parse::<Day>(), Ok(day));
        prop_assert_eq!(moment.to_string().parse::<Moment>(), Ok(moment));
        prop_assert_eq!(happened.to_string().parse::<Happened>(), Ok(happened));
        prop_assert_eq!(DueBy::At(moment).to_string().parse::<DueBy>(), Ok(DueBy::At(moment)));
        let json = serde_json::to_value(happened).unwrap();
        prop_assert_eq!(serde_json::from_value::<Happened>(json).unwrap(), happened);
        // Published and read, it means the same instant: of a time that the clocks skip, the one that is meant.
        let read = Happened::from_published(happened.instant(), happened.precision()).unwrap();
        prop_assert_eq!((read.instant(), read.precision()), (happened.instant(), happened.precision()));
    }

    #[test]
    fn years_beyond_the_calendar_are_refused(year in prop_oneof![0..1900_i32, 2200..9999_i32]) {
        let [day, month, minute] = ["-06-01", "-06", "-06-01T12:00"].map(|rest| format!("{year:04}{rest}"));
        prop_assert!(day.parse::<Day>().is_err() && month.parse::<Happened>().is_err() && minute.parse::<DueBy>().is_err());
        let instant = Date::from_calendar_date(year, time::Month::June, 1).unwrap().with_time(Time::MIDNIGHT).assume_utc();
        for precision in ["time", "day", "month"] {
            prop_assert!(Happened::from_published(Some(instant), precision).is_err(), "{}", precision);
        }
    }

    #[test]
    fn json_is_read_or_refused(value in value()) {
        fn any<T: serde::de::DeserializeOwned>(value: &Value) {
            let _ = serde_json::from_value::<T>(value.clone());
        }
        any::<Money>(&value);
        any::<Text>(&value);
        any::<Personal<Money>>(&value);
        any::<Identity<Text>>(&value);
        any::<Location<DueBy>>(&value);
        any::<Narrative>(&value);
        any::<Role>(&value);
        any::<Label>(&value);
        any::<Facets>(&value);
        any::<Contract>(&value);
        any::<Body>(&value);
        any::<Published>(&value);
        let _ = Stored::of(&value);
        let _ = (schema::class_of(&value), schema::published(&value), schema::partner(&value, Sharing::Feed, &["rent"]));
        let _ = schema::breaking(&value, &value);
    }

    #[test]
    fn amounts_are_whole_and_bounded(amount in any::<u64>()) {
        let read = serde_json::from_value::<Money>(json!(amount));
        prop_assert_eq!(read.is_ok(), amount <= 10_000_000_000);
        if let Ok(money) = read {
            prop_assert_eq!(serde_json::to_value(money).unwrap(), json!(amount));
        }
        prop_assert!(serde_json::from_value::<Money>(json!(-1.5)).is_err());
    }

    /// Wherever the mistake is, it is placed; what stood there goes nowhere.
    #[test]
    fn a_mistake_quotes_nothing(value in value(), member in prop::sample::select(vec!["rent", "rooms", "due", "by", "who", "about"])) {
        let mut facts = json!({ "rooms": 2 });
        facts[member] = value;
        facts[member] = canaries(facts[member].take());
        if let Err(bad) = read::<Fictitious>(facts) {
            let said = format!("{bad} {bad:?}");
            prop_assert!(!said.contains(CANARY), "{}", said);
        }
    }

    #[test]
    fn published_events_read_back(happened in happened(), number in any::<u64>(), ids in any::<[u128; 3]>(), facts in value(), seconds in 0..4_000_000_000_i64) {
        let [epoch, woman, aggregate] = ids.map(Uuid::from_u128);
        let heading = Heading {
            event: EventType { service: "housing", name: "HousingOfferMade", version: 1 },
            aggregate_type: "case",
            aggregate: AggregateId(aggregate),
            version: number,
            woman: Some(WomanId(woman)),
            centre: Some(CentreId(woman)),
            actor: "w-1".parse().unwrap(),
            happened,
            recorded: OffsetDateTime::from_unix_timestamp(seconds).unwrap(),
        };
        let body = serde_json::to_string(&Body::new(heading, json!({ "x": whole(facts) }), Facets::default())).unwrap();
        let read: Published = serde_json::from_str(&publish(Epoch(epoch), number, "bWFj", &body)).unwrap();
        prop_assert_eq!((read.number, read.epoch), (number, Epoch(epoch)));
        prop_assert_eq!(read.body.happened().unwrap().instant(), happened.instant());
        prop_assert_eq!(serde_json::to_string(&read.body).unwrap(), body);
    }

    /// The file of deadlines with any part of it replaced: it is refused in a sentence, or every deadline in it can be counted.
    #[test]
    fn deadlines_are_refused_or_count(at in 0..DEADLINES.len(), length in 0..40_usize, with in text(), days in -3_000_000..3_000_000_i64) {
        let edge = |mut at: usize| {
            while !DEADLINES.is_char_boundary(at.min(DEADLINES.len())) { at += 1; }
            at.min(DEADLINES.len())
        };
        let (from, to) = (edge(at), edge(at + length));
        let file = format!("{}{with}{}", &DEADLINES[..from], &DEADLINES[to..]);
        if let Ok(deadlines) = Deadlines::parse(&file) {
            let base = Date::from_julian_day(2_461_000 + i32::try_from(days).unwrap()).unwrap_or(Date::MAX);
            for name in DEADLINES.lines().filter_map(|line| line.strip_prefix("[deadlines.")?.strip_suffix(']')) {
                let _ = (deadlines.due(name, base), deadlines.due_at(name, base.midnight().assume_utc()));
            }
        }
    }

    #[test]
    fn labels_are_plain_in_both_languages(id in "[a-z][a-z-]{0,10}", da in text(), en in text()) {
        let one = |text: &str| format!("{id} = {text}\n    .help = {text}\n");
        if let Ok(labels) = Labels::parse(&one(&da), &one(&en)) && let Some(label) = labels.get(&id) {
            let odd = |text: &str| text.contains('{') && !text.contains("{ \"") && !text.contains("{\"");
            prop_assert!(!odd(&label.da) && !odd(&label.en));
        }
    }
}

/// No fact is a floating point number: reading those may change their last digit.
fn whole(value: Value) -> Value {
    match value {
        Value::Number(number) if number.is_f64() => Value::Null,
        Value::Array(items) => items.into_iter().map(whole).collect(),
        Value::Object(members) => members.into_iter().map(|(name, value)| (name, whole(value))).collect(),
        other => other,
    }
}

/// Facts of every kind there is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only read from JSON")]
struct Fictitious {
    #[serde(default)]
    rent: Option<Personal<Money>>,
    rooms: u8,
    #[serde(default)]
    due: Option<Location<DueBy>>,
    #[serde(default)]
    by: Option<Happened>,
    #[serde(default)]
    who: Vec<ActorId>,
    #[serde(default)]
    about: Option<Inner>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only read from JSON")]
struct Inner {
    text: Narrative,
    role: Role,
    id: WomanId,
}

/// Every text and every name of a member becomes the canary.
fn canaries(value: Value) -> Value {
    match value {
        Value::String(_) => CANARY.into(),
        Value::Array(items) => items.into_iter().map(canaries).collect(),
        Value::Object(members) => {
            let known = |name: &str| ["text", "role", "id"].contains(&name) || name.starts_with('$');
            let name = |name: String| if known(&name) { name } else { CANARY.to_owned() };
            members.into_iter().map(|(key, value)| (name(key), canaries(value))).collect()
        }
        other => other,
    }
}

/// A body of the largest size costs no more than its reading.
#[test]
fn the_largest_bodies_are_read_in_bounded_time() {
    const LARGEST: usize = 256 * 1024;
    let members = (0..20_000).map(|n| format!("\"a{n}\":0,")).collect::<Vec<_>>().concat();
    let same = "\"a\":0,".repeat(40_000);
    let bodies = [
        "[".repeat(LARGEST),
        "{\"a\":".repeat(LARGEST / 5),
        format!("{}{}", "[".repeat(120), "]".repeat(120)),
        format!("{{{members}\"rooms\":2}}"),
        format!("{{{same}\"rooms\":2}}"),
        format!("{{\"rooms\":2,\"who\":[{}\"w\"]}}", "\"w-1\",".repeat(40_000)),
        format!("{{\"rooms\":{}}}", "9".repeat(250_000)),
        format!("{{\"rooms\":1e{}}}", "9".repeat(250_000)),
        format!("{{\"rooms\":\"{}\"}}", "\\u0000".repeat(40_000)),
    ];
    for body in bodies {
        let head: String = body.chars().take(12).collect();
        // A machine that stands still for a moment does not do so five times.
        let quick = (0..5).any(|_| {
            let from = Instant::now();
            if let Ok(value) = serde_json::from_str::<Value>(&body) {
                let _ = read::<Fictitious>(value);
            }
            from.elapsed().as_secs() < 2
        });
        assert!(quick, "{head}… takes long");
    }
}

/// serde reads a list as an object whose members come in order; nobody may send facts so.
#[test]
fn a_list_is_no_object() {
    let bad = read::<Inner>(json!(["x", "worker", Uuid::nil()])).unwrap_err();
    assert_eq!((bad.pointer.as_str(), bad.mistake), ("", Mistake::WrongType));
    let bad = read::<Fictitious>(json!({ "rooms": 1, "about": ["x", "worker", Uuid::nil()] })).unwrap_err();
    assert_eq!((bad.pointer.as_str(), bad.mistake), ("/about", Mistake::WrongType));
}
