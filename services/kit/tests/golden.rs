//! What others rely on, to the letter: the published event, and the facts of the events every case has.
#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up should say where, and stop")]

use kit::{
    AggregateId, CentreId, Facets, WomanId, contract,
    entry::{Common, Entry, What},
    facets::FollowUpChange,
    published::{Body, EventType, Heading, Published, publish},
    schema,
    sealed::exposing,
    when::Happened,
};
use serde_json::{Value, json};
use uuid::Uuid;

#[test]
fn a_published_event_is_as_it_was_promised() {
    let heading = Heading {
        event: EventType { service: "housing", name: "HousingOfferMade", version: 1 },
        aggregate_type: "case",
        aggregate: AggregateId(Uuid::from_u128(3)),
        version: 7,
        woman: Some(WomanId(Uuid::from_u128(1))),
        centre: Some(CentreId(Uuid::from_u128(2))),
        actor: "w-1".parse().unwrap(),
        happened: "2026-11-20".parse().unwrap(),
        recorded: time::macros::datetime!(2026-11-20 09:15:30.25 UTC),
    };
    let sealed = json!({ "$sealed": { "class": "personal", "key": Uuid::from_u128(4), "box": "AAAA" } });
    let facets = Facets::milestone().with(
        FollowUpChange::opened("offer/00000000-0000-0000-0000-000000000005/answer", "answer_offer")
            .due("2026-12-01".parse().unwrap()),
    );
    let body = Body::new(heading, json!({ "offer": Uuid::from_u128(5), "rent": sealed }), facets);
    let bytes = publish(kit::Epoch(Uuid::from_u128(6)), 1234, "bWFj", &serde_json::to_string(&body).unwrap());
    assert_eq!(bytes, include_str!("../golden/published.json").trim_end());
    let read: Published = serde_json::from_str(&bytes).unwrap();
    assert_eq!((read.number, read.body.happened().unwrap()), (1234, "2026-11-20".parse::<Happened>().unwrap()));
    // A member that a later program adds disturbs no reader.
    let later = bytes.replacen("\"weight\"", "\"new\":1,\"weight\"", 1);
    serde_json::from_str::<Published>(&later).unwrap();
}

mod none {
    //! A domain without entries: the common events need none.
    #[derive(Clone, Debug, PartialEq)]
    pub(crate) enum Nothing {}

    impl kit::decider::Events for Nothing {
        fn name(&self) -> &'static str {
            match *self {}
        }
        fn schema_version(&self) -> u16 {
            match *self {}
        }
        fn to_facts(&self) -> Result<serde_json::Value, serde_json::Error> {
            match *self {}
        }
        fn from_facts(_: &str, _: serde_json::Value) -> Result<Self, serde_json::Error> {
            Err(serde::de::Error::custom("there are none"))
        }
        fn upcast(_: &str, _: u16, facts: serde_json::Value) -> Result<serde_json::Value, serde_json::Error> {
            Ok(facts)
        }
    }
}

/// Facts as they were sent: the marks of open ones resolved.
fn clear(value: &mut Value) {
    if let Some(kit::sealed::Stored::Open(mark)) = kit::sealed::Stored::of(value) {
        *value = mark.get("value").cloned().unwrap();
        return;
    }
    match value {
        Value::Object(members) => members.values_mut().for_each(clear),
        Value::Array(items) => items.iter_mut().for_each(clear),
        _ => {}
    }
}

#[test]
fn the_common_events_have_samples_that_read_back() {
    let samples: serde_json::Map<String, Value> = serde_json::from_str(include_str!("../golden/common.json")).unwrap();
    let mut names: Vec<_> = samples.keys().map(String::as_str).collect();
    names.sort_unstable();
    let mut expected = Common::NAMES.to_vec();
    expected.sort_unstable();
    assert_eq!(names, expected, "a sample for each, and no other");
    for (name, sample) in &samples {
        let described = contract::common().into_iter().find(|entry| entry.event == name).unwrap();
        for facts in sample.as_object().unwrap().values() {
            let entry: Entry<none::Nothing> =
                Entry::from_facts(name, facts.clone(), Happened::Unknown, Facets::default()).unwrap();
            assert!(matches!(entry.what, What::Common(_)));
            let mut back = exposing(|| entry.to_facts()).unwrap();
            clear(&mut back);
            assert_eq!(&back, facts, "{name}");
            let known = described.facts["properties"].as_object().unwrap();
            assert!(facts.as_object().unwrap().keys().all(|fact| known.contains_key(fact)), "{name}");
        }
        assert!(schema::breaking(&described.facts, &described.facts).is_empty());
    }
}
