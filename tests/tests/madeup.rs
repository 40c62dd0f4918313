//! A service that the timeline never heard of: its contract is enough. And what the shipped domains do not use yet: claims.

use engine::{database, run::Domain};
use kit::contract::Contract;
use livline_tests::{Ground, Running, eventually, history::caught_up, madeup};
use serde_json::json;
use uuid::Uuid;

async fn start(ground: &Ground) -> Running {
    ground.people().await;
    let settings = ground.settings("madeup", &database::SERVICE).await;
    let domain =
        Domain::<madeup::Bicycles>::open(madeup::contract().unwrap(), "madeup", settings, ground.clock.clone()).await;
    Running::start(domain.unwrap().service()).await
}

/// The contract as a reader gets it: JSON, with nothing behind it.
fn as_read() -> Contract {
    serde_json::from_str(&serde_json::to_string(&madeup::contract().unwrap()).unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_needs_its_contract_and_nothing_else() {
    let ground = Ground::start().await;
    let (_madeup, _timeline) = (start(&ground).await, ground.timeline(vec![as_read()]).await);
    let (leader, woman) = (ground.leader(), Uuid::new_v4());
    let case = leader.open("madeup", woman).await;
    let lent = leader
        .act("madeup", &case, "lend-bicycle", json!({ "bicycle": "rød", "reason": "arbejde", "phone": "55 55 12 34" }))
        .await
        .ok();
    let course = leader.course(woman, &lent.text("position")).await;
    let entry = &course["entries"][0];
    assert_eq!(
        (entry["label"]["da"].as_str(), entry["domain"]["en"].as_str(), entry["weight"].as_str()),
        (Some("Cykel udlånt"), Some("Bicycles"), Some("milestone"))
    );
    assert_eq!(entry["facts"][1]["value"], "arbejde");
    assert_eq!(course["open"][0]["label"]["da"], "Hent cyklen");
    // A number that identifies somebody: sealed, and for those close to her alone.
    assert!(course.to_string().contains("55 55 12 34"));
    let worker = ground.client(kit::access::Role::Worker, Some(livline_tests::CENTRE));
    assert!(!worker.course(woman, &lent.text("position")).await.to_string().contains("55 55"));
    let pool = ground.pool("livline_madeup").await;
    let stored: Vec<String> = sqlx::query_scalar("SELECT body::text FROM events").fetch_all(&pool).await.unwrap();
    assert!(
        stored.iter().all(|body| !body.contains("55 55")) && stored.iter().any(|body| body.contains("\"identity\""))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_is_held_by_one() {
    let ground = Ground::start().await;
    let _madeup = start(&ground).await;
    let leader = ground.leader();
    let mut cases = Vec::new();
    for _ in 0..8 {
        cases.push(leader.open("madeup", Uuid::new_v4()).await);
    }
    let loan = json!({ "bicycle": "blå", "reason": "skole" });
    let answers =
        futures::future::join_all(cases.iter().map(|case| leader.act("madeup", case, "lend-bicycle", loan.clone())))
            .await;
    let holders: Vec<_> =
        answers.iter().zip(&cases).filter(|(answer, _)| answer.status == 200).map(|(_, case)| case).collect();
    assert_eq!(holders.len(), 1);
    assert!(answers.iter().filter(|answer| answer.status != 200).all(|answer| answer.code() == "claim_taken"));
    // Whoever holds it may take it again; given back, another may.
    leader.act("madeup", holders[0], "lend-bicycle", loan.clone()).await.ok();
    leader.act("madeup", holders[0], "take-back", json!({ "bicycle": "blå" })).await.ok();
    let other = cases.iter().find(|case| case != &holders[0]).unwrap();
    leader.act("madeup", other, "lend-bicycle", loan).await.ok();
}

/// An event that cannot be applied waits, with those of the same woman behind it; her page says so; the others go on.
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_applied_holds_back_its_own_and_no_other() {
    let ground = Ground::start().await;
    let (leader, hers, anothers) = (ground.leader(), Uuid::new_v4(), Uuid::new_v4());
    let (madeup, pool) = (start(&ground).await, ground.pool("livline_madeup").await);
    let (case, other) = (leader.open("madeup", hers).await, leader.open("madeup", anothers).await);
    leader.act("madeup", &case, "lend-bicycle", json!({ "bicycle": "a", "reason": "x" })).await.ok();
    leader.act("madeup", &case, "take-back", json!({ "bicycle": "a" })).await.ok();
    leader.act("madeup", &other, "lend-bicycle", json!({ "bicycle": "b", "reason": "x" })).await.ok();
    // Broken on purpose: one event whose facets are none, and for a third woman a text that Postgres cannot hold.
    let none = "UPDATE events SET body = replace(body::text, '\"milestone\"', '\"enormous\"')::json WHERE number = 3";
    ground.altered("madeup", none).await;
    let third = Uuid::new_v4();
    let odd = leader.open("madeup", third).await;
    leader.act("madeup", &odd, "lend-bicycle", json!({ "bicycle": "c", "reason": "x" })).await.ok();
    let no_text = "UPDATE events SET body = replace(body::text, 'bicycle/c', 'bicycle/\\u0000')::json WHERE number = 7";
    ground.altered("madeup", no_text).await;
    let _timeline = ground.timeline(vec![as_read()]).await;
    let rows = ground.pool("livline_timeline").await;
    caught_up(&rows, "madeup", &pool).await;
    let held: Vec<(i64, String)> =
        sqlx::query_as("SELECT number, reason FROM held_back ORDER BY number").fetch_all(&rows).await.unwrap();
    assert_eq!(held, [(3, "does_not_read".to_owned()), (4, "waits".to_owned()), (7, "cannot_be_applied".to_owned())]);
    let course = leader.get("timeline", &format!("/v1/women/{hers}/timeline")).await.ok().body;
    assert_eq!((course["held_back"].clone(), course["entries"].as_array().unwrap().len()), (json!(["madeup"]), 1));
    let course = leader.get("timeline", &format!("/v1/women/{anothers}/timeline")).await.ok().body;
    assert_eq!((course["held_back"].clone(), course["entries"].as_array().unwrap().len()), (json!([]), 2));
    madeup.stop().await;
    eventually("a metric tells", async || {
        let url = format!("{}/metrics", ground.services["timeline"]);
        let text = reqwest::Client::builder().no_proxy().build().ok()?.get(url).send().await.ok()?.text().await.ok()?;
        text.contains("livline_held_back{name=\"timeline/madeup\"} 3").then_some(())
    })
    .await;
}
