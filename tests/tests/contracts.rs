//! What one part says and another understands: golden samples against those who read them, and every action over HTTP.

use housing::case::Command;
use kit::{
    Policy,
    deadlines::Deadlines,
    decider::Commands,
    given::given,
    policy::{Heard, Now, Whole},
};
use livline_tests::Ground;
use serde_json::{Value, json};
use std::{collections::BTreeMap, path::Path};
use uuid::Uuid;

/// A service's golden samples in their latest versions, by event.
fn golden(service: &str) -> BTreeMap<String, Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../services").join(service).join("golden");
    let read = |entry: std::io::Result<std::fs::DirEntry>| {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        (name, serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap())
    };
    let samples: BTreeMap<String, Value> = std::fs::read_dir(folder).unwrap().map(read).collect();
    let latest = |form: &str, event: &str| kit::given::sample(&samples, event, form);
    let event = |name: &String| name.split('.').next().unwrap().to_owned();
    let whole = |event: &str| json!({ "complete": latest("complete", event), "minimal": latest("minimal", event) });
    samples.keys().map(event).map(|event| (event.clone(), whole(&event))).collect()
}

/// An event that housing makes of a golden sample, as the engine hands it to a policy.
fn heard<P: Policy>(event: &str, form: &str, offer: Option<Uuid>) -> Option<Heard<P::Foreign>> {
    let mut facts = golden("housing")[event][form].clone();
    if let Some(offer) = offer {
        facts["offer"] = json!(offer);
    }
    let action = Command::action_of(event).unwrap();
    let made = given::<housing::case::Housing>("2026-11-20", engine::config::DEADLINES).when(&action, facts.clone());
    let entry = &made.outcome.unwrap().entries[0];
    let whole = Whole { event: entry.name().to_owned(), facts, facets: entry.facets.clone() };
    let (entry_version, said) = whole.read::<P::Foreign>(2).ok()?;
    Some(Heard {
        id: event.into(),
        service: "housing".into(),
        aggregate: kit::AggregateId::default(),
        entry: entry_version,
        actor: "w-1".parse().unwrap(),
        woman: kit::WomanId::default(),
        centre: kit::CentreId::default(),
        happened: entry.happened,
        facets: entry.facets.clone(),
        said,
    })
}

fn deadlines() -> Deadlines {
    Deadlines::parse(engine::config::DEADLINES).unwrap()
}

fn now(deadlines: &Deadlines) -> Now<'_> {
    Now { today: time::macros::date!(2026 - 11 - 20), deadlines }
}

#[test]
fn aftercare_understands_a_move_and_nothing_else_of_housing() {
    use aftercare::policy::OfferAftercare;
    for form in ["complete", "minimal"] {
        let moved = heard::<OfferAftercare>("MovedIn", form, None).expect("it reads");
        assert_eq!(OfferAftercare::react(&(), &moved, now(&deadlines())).len(), 1);
    }
    for event in golden("housing").into_keys().filter(|event| event != "MovedIn") {
        assert!(heard::<OfferAftercare>(&event, "complete", None).is_none(), "{event}");
    }
}

#[test]
fn the_lapsing_rule_understands_offers_and_their_answers() {
    use housing::policy::LapseOffers;
    let (offer, much_later) = (Uuid::from_u128(9), time::macros::date!(2190 - 01 - 01));
    let after = |events: &[&str]| {
        let mut state = <LapseOffers as Policy>::Heard::default();
        for event in events {
            LapseOffers::hear(&mut state, &heard::<LapseOffers>(event, "complete", Some(offer)).expect("it reads"));
        }
        LapseOffers::due(&state, Now { today: much_later, deadlines: &deadlines() }).len()
    };
    assert_eq!(after(&["HousingOfferMade"]), 1);
    for answer in ["HousingOfferAccepted", "HousingOfferDeclined", "HousingOfferLapsed"] {
        assert_eq!(after(&["HousingOfferMade", answer]), 0, "{answer}");
    }
}

/// Every action of housing, with its complete and its minimal sample, each sent twice: taken once, answered alike, read back whole.
#[tokio::test(flavor = "multi_thread")]
async fn every_action_is_taken_once_and_read_back() {
    let ground = Ground::start().await;
    let _housing = ground.housing().await;
    let (leader, pool) = (ground.leader(), ground.pool("livline_housing").await);
    let contract = housing::contract().unwrap();
    let events = &contract.aggregates[0].entries;
    for (event, samples) in golden("housing") {
        let action = &events.iter().find(|described| described.event == event).unwrap().action;
        for form in ["complete", "minimal"] {
            let case = leader.open("housing", Uuid::new_v4()).await;
            let (path, body) =
                (format!("/v1/cases/{case}/{action}"), json!({ "facts": samples[form], "note": "igen" }));
            let first = leader.post("housing", &path, "k", body.clone()).await.ok();
            let again = leader.post("housing", &path, "k", body).await.ok();
            assert_eq!(first.body, again.body, "{event}");
            let stored: i64 = sqlx::query_scalar("SELECT count(*) FROM events WHERE aggregate_id = $1")
                .bind(&case)
                .fetch_one(&pool)
                .await
                .unwrap();
            assert_eq!(stored, 3, "{event}: the opening, the fact, the note");
            leader.get("housing", &format!("/v1/cases/{case}")).await.ok();
            let shown = leader.get("housing", &format!("/v1/cases/{case}/events")).await.ok().body;
            let facts = shown["events"][1]["data"]["facts"].as_object().unwrap().clone();
            for (name, value) in samples[form].as_object().unwrap() {
                assert_eq!(&facts[name], value, "{event}: {name} reads back as it was sent");
            }
        }
    }
}

/// The files of deploy/ are what the programs read.
#[test]
fn deploy_holds_nothing_broken() {
    let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy");
    let checked = std::process::Command::new("bash").arg("-n").arg(deploy.join("setup.sh")).status().unwrap();
    assert!(checked.success());
    kit::deadlines::Deadlines::parse(&std::fs::read_to_string(deploy.join("deadlines.toml")).unwrap()).unwrap();
}
