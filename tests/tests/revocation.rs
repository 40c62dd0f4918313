//! What takes access away is acknowledged when every service has taken it in, or has been named and shows nothing until it has.

use futures::StreamExt;
use kit::access::Role;
use livline_tests::{CENTRE, Client, Ground, OTHER_CENTRE, Running, eventually, runs};
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::time::Duration;
use uuid::Uuid;

/// The domains in which she has a case.
const DOMAINS: &[&str] = &["housing", "legal", "financial", "safety", "aftercare"];
/// Conflicts recorded against somebody new, one after the other, each raced by a reader at every service.
const RACES: usize = 200;

struct House {
    ground: Ground,
    leader: Client,
    woman: Uuid,
    /// Where she is read: service and path.
    shown: Vec<(&'static str, String)>,
    _running: Vec<Running>,
}

async fn house() -> House {
    let ground = Ground::start().await;
    let mut running = Vec::new();
    for service in DOMAINS {
        running.push(ground.serve(service).await);
    }
    let contracts = runs::contracts().into_iter().map(|(_, contract)| contract).collect();
    running.push(ground.timeline(contracts).await);
    let (leader, woman) = (ground.leader(), Uuid::new_v4());
    let mut shown = Vec::new();
    for service in DOMAINS {
        let case = leader.open(service, woman).await;
        let note = json!({ "text": "Hun er bange for sin nabo" });
        leader.act(service, &case, "write-note", note).await.ok();
        shown.push((*service, format!("/v1/cases/{case}/events")));
    }
    shown.push(("timeline", format!("/v1/women/{woman}/timeline")));
    shown.push(("people", format!("/v1/women/{woman}/events")));
    House { ground, leader, woman, shown, _running: running }
}

impl House {
    fn worker(&self, actor: &str) -> Client {
        self.ground.client(Role::Worker, Some(CENTRE)).named(actor)
    }

    async fn sees(&self, client: &Client) {
        for (service, path) in &self.shown {
            eventually(path, async || client.get_once(service, path).await.status.is_success().then_some(())).await;
        }
    }

    /// Nothing is read by whoever asks after the acknowledgement, at any service.
    async fn sees_nothing(&self, client: &Client, not_heard: &Value, round: &str) {
        let named = |service: &str| not_heard.as_array().is_some_and(|named| named.iter().any(|name| name == service));
        let asked = self.shown.iter().map(async |(service, path)| (*service, client.get_once(service, path).await));
        for (service, answer) in futures::future::join_all(asked).await {
            let hidden = answer.status == StatusCode::NOT_FOUND;
            // While a service does not know, it shows nothing to anybody.
            assert!(hidden || answer.is_not_heard(), "{round}: {service} {} {}", answer.status, answer.body);
            assert!(hidden || answer.is_not_heard() || !named(service), "{round}: {service}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_read_after_a_conflict_was_acknowledged() {
    let house = house().await;
    house.sees(&house.worker("w-before")).await;
    for race in 0..RACES {
        let name = format!("w-race-{race}");
        let reader = house.worker(&name);
        let (service, path) = &house.shown[race % house.shown.len()];
        // A reader who does not stop: its answers from before the acknowledgement are as they are.
        let racing = {
            let (reader, service, path) = (reader.clone(), *service, path.clone());
            tokio::spawn(async move {
                for _ in 0..5 {
                    reader.get_once(service, &path).await;
                }
            })
        };
        let facts = json!({ "kind": "worker", "who": name });
        let told = house.leader.act_for(house.woman, "record-conflict-of-interest", facts).await.ok();
        house.sees_nothing(&reader, &told.body["not_heard"], &name).await;
        racing.await.unwrap();
    }
    // The others go on.
    house.sees(&house.worker("w-before")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_duty_and_a_tie_that_end_show_no_confidence_any_more() {
    let house = house().await;
    let confidence = |answer: &livline_tests::Answer| answer.body.to_string().contains("bange for sin nabo");
    let reads = async |client: &Client| {
        for (service, path) in house.shown.iter().filter(|(service, _)| DOMAINS.contains(service)) {
            eventually(path, async || confidence(&client.get_once(service, path).await).then_some(())).await;
        }
    };
    let reads_none = async |client: &Client| {
        for (service, path) in &house.shown {
            assert!(!confidence(&client.get_once(service, path).await), "{service}");
        }
    };
    for round in 0..3 {
        let contact = house.worker(&format!("w-contact-{round}"));
        house.leader.employ(&[&format!("w-contact-{round}"), &format!("w-nurse-{round}")]).await;
        let tie = json!({ "worker": format!("w-contact-{round}"), "role": "contact_person" });
        house.leader.act_for(house.woman, "assign-worker", tie.clone()).await.ok();
        reads(&contact).await;
        let release = json!({ "worker": format!("w-contact-{round}") });
        house.leader.act_for(house.woman, "release-worker", release).await.ok();
        reads_none(&contact).await;

        let nurse = house.worker(&format!("w-nurse-{round}"));
        let end = kit::calendar::in_copenhagen_time(house.ground.clock.now() + time::Duration::hours(8));
        let until = format!("{}T{:02}:{:02}", kit::Day::from(end.date()), end.hour(), end.minute());
        let facts = json!({ "facts": { "worker": format!("w-nurse-{round}"), "kind": "on_duty", "until": until } });
        let duty = house.leader.post("people", "/v1/duties", &format!("duty-{round}"), facts).await.ok().text("id");
        reads(&nurse).await;
        let path = format!("/v1/duties/{duty}/end-duty");
        house.leader.post("people", &path, &format!("end-{round}"), json!({})).await.ok();
        reads_none(&nurse).await;
    }
}

/// An acceptance takes her from the old centre like any other revocation: her contact person there reads nothing after it.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_read_at_the_old_centre_after_a_move_was_accepted() {
    let house = house().await;
    house.leader.employ(&["w-contact"]).await;
    let tie = json!({ "worker": "w-contact", "role": "contact_person" });
    house.leader.act_for(house.woman, "assign-worker", tie).await.ok();
    let contact = house.worker("w-contact");
    let confidence = |answer: &livline_tests::Answer| answer.body.to_string().contains("bange for sin nabo");
    for (service, path) in house.shown.iter().filter(|(service, _)| DOMAINS.contains(service)) {
        eventually(path, async || confidence(&contact.get_once(service, path).await).then_some(())).await;
    }
    // She lives there: with the registration alone her old centre would still wait for her.
    house.leader.act_for(house.woman, "start-stay", json!({})).await.ok();
    let new = house.ground.client(Role::Leader, Some(OTHER_CENTRE)).named("l-new");
    house.leader.hand_over(house.woman, &new, json!({ "to": OTHER_CENTRE, "along": "nothing" })).await;
    for (service, path) in &house.shown {
        assert!(!confidence(&contact.get_once(service, path).await), "{service}");
    }
}

/// A service that cannot take the revocation in is named, and shows nothing to anybody until it can.
#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_has_not_heard_is_named_and_shows_nothing() {
    let house = house().await;
    let reader = house.worker("w-shut-out");
    house.sees(&reader).await;
    let pool = house.ground.pool("livline_housing").await;
    let mut held = pool.begin().await.unwrap();
    sqlx::query("LOCK TABLE relations IN EXCLUSIVE MODE").execute(&mut *held).await.unwrap();
    let facts = json!({ "kind": "worker", "who": "w-shut-out" });
    let told = house.leader.act_for(house.woman, "record-conflict-of-interest", facts).await.ok();
    // On a slow machine others may be named as well.
    assert!(told.body["not_heard"].as_array().unwrap().contains(&json!("housing")));
    house.sees_nothing(&reader, &told.body["not_heard"], "held").await;
    let (_, path) = house.shown.iter().find(|(service, _)| *service == "housing").unwrap();
    assert!(house.leader.get_once("housing", path).await.is_not_heard(), "nobody knows who may");
    // What is done for her is recorded all the same.
    let case = path.split('/').nth(3).unwrap();
    house.leader.act("housing", case, "keep-tenancy", json!({})).await.ok();
    held.rollback().await.unwrap();
    eventually("housing has heard", async || {
        (reader.get_once("housing", path).await.status == StatusCode::NOT_FOUND).then_some(())
    })
    .await;
    house.leader.get("housing", path).await.ok();
}

/// News of her reach nobody who must not know of her any more, and the stream ends by itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_live_stream_ends_with_the_access() {
    let house = house().await;
    let reader = house.worker("w-watching");
    house.sees(&reader).await;
    let url = format!("{}/v1/women/{}/live", house.ground.services["timeline"], house.woman);
    let authorization = reader.authorization();
    let token = authorization.rsplit(' ').next().unwrap();
    let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(50)).build().unwrap();
    let stream = client.get(url).bearer_auth(token).send().await.unwrap();
    assert!(stream.status().is_success());
    let facts = json!({ "kind": "worker", "who": "w-watching" });
    house.leader.act_for(house.woman, "record-conflict-of-interest", facts).await.ok();
    // What is recorded from here on must not show, and the stream ends long before its token does.
    let (_, path) = house.shown.iter().find(|(service, _)| *service == "housing").unwrap();
    let case = path.split('/').nth(3).unwrap();
    let position = house.leader.act("housing", case, "keep-tenancy", json!({})).await.ok().text("position");
    let (mut bytes, mut told) = (stream.bytes_stream(), String::new());
    while let Some(piece) = bytes.next().await {
        told += std::str::from_utf8(&piece.expect("it ends by itself, and is not cut off")).unwrap();
    }
    assert!(!told.contains(&position), "{told}");
}
