//! An event that was stored in an earlier version: read as today's by its service, shown as it was stored by the timeline.
//!
//! The pattern is housing's benefit decision, whose first version took a missing outcome for a grant.

use livline_tests::{Ground, history::caught_up};
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

/// Puts an event into the store as the program of that day would have stored it.
async fn as_of_old(ground: &Ground, pool: &PgPool, event: &str, change: impl Fn(&mut Value)) {
    let mut body: Value =
        sqlx::query_scalar("SELECT body FROM events WHERE event_type = $1").bind(event).fetch_one(pool).await.unwrap();
    change(&mut body);
    let version = kit::published::EventType::parse(body["type"].as_str().unwrap()).unwrap().version.to_string();
    sqlx::query("UPDATE events SET body = $1::text::json, event_version = $3 WHERE event_type = $2")
        .bind(body.to_string())
        .bind(event)
        .bind(version)
        .execute(pool)
        .await
        .unwrap();
    ground.sign_again("housing").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_earlier_version_is_read_as_todays_and_shown_as_stored() {
    let ground = Ground::start().await;
    let (housing, leader, pool) = (ground.housing().await, ground.leader(), ground.pool("livline_housing").await);
    let (woman, decision) = (Uuid::new_v4(), "record-housing-benefit-decision");
    let case = leader.open("housing", woman).await;
    // What version 1 took for a grant is asked for today.
    let refused = leader.act("housing", &case, decision, json!({})).await;
    assert_eq!((refused.status.as_u16(), &refused.body["errors"][0]["pointer"]), (422, &json!("/facts/outcome")));
    leader.act("housing", &case, decision, json!({ "outcome": "refused" })).await.ok();
    let stored: String =
        sqlx::query_scalar("SELECT event_version FROM events WHERE number = 2").fetch_one(&pool).await.unwrap();
    assert_eq!(stored, "2");
    housing.stop().await;
    as_of_old(&ground, &pool, "HousingBenefitGranted", |body| {
        body["type"] = json!("dk.livline.housing.HousingBenefitGranted.v1");
        body["dataschema"] = json!("https://schemas.livline.dk/housing/HousingBenefitGranted.v1.json");
        body["data"]["facts"] = json!({});
    })
    .await;
    let _housing = ground.housing().await;
    let state = leader.get("housing", &format!("/v1/cases/{case}")).await.ok().body;
    assert_eq!(state["state"]["benefit"], json!({ "decided": "granted" }));

    // The stream's readers know both versions by the contract.
    let _timeline = ground.timeline(vec![housing::contract().unwrap()]).await;
    let (path, body) = (
        format!("/v1/cases/{case}/correct-entry"),
        json!({ "facts": { "version": 2, "facts": { "outcome": "partly_granted" } } }),
    );
    let corrected = leader.post("housing", &path, "k", body).await.ok();
    let course = leader.course(woman, &corrected.text("position")).await;
    let entries = course["entries"].as_array().unwrap();
    let shown = |event: &str| entries.iter().find(|entry| entry["event"] == event).unwrap();
    assert_eq!(shown("HousingBenefitGranted")["label"]["da"], "Boligstøtte afgjort");
    // As it stands, and beside it as it was stored.
    assert_eq!(shown("HousingBenefitGranted")["facts"][0]["text"]["da"], "Delvist bevilget");
    assert_eq!(shown("HousingBenefitGranted")["original"]["facts"], json!([]));
    assert_eq!(shown("EntryCorrected")["facts"][0]["text"]["da"], "Delvist bevilget");

    // A correction from the days of version 1 says nothing of a version.
    as_of_old(&ground, &pool, "EntryCorrected", |body| {
        body["data"]["facts"] = json!({ "version": 2, "event": "HousingBenefitGranted", "facts": {} });
    })
    .await;
    let state = leader.get("housing", &format!("/v1/cases/{case}")).await.ok().body;
    assert_eq!(state["state"]["benefit"], json!({ "decided": "granted" }));
    leader.act("housing", &case, "move-in", json!({})).await.ok();
}

/// What a newer program stored is not guessed at: the case does not load, and nothing is recorded on top of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_version_still_to_come_is_not_guessed_at() {
    let ground = Ground::start().await;
    let (_housing, leader, pool) = (ground.housing().await, ground.leader(), ground.pool("livline_housing").await);
    let (case, other) = (leader.open("housing", Uuid::new_v4()).await, leader.open("housing", Uuid::new_v4()).await);
    leader.act("housing", &case, "keep-tenancy", json!({})).await.ok();
    let newer = "UPDATE events SET event_version = '7', body = replace(body::text, 'TenancyKept.v1', 'TenancyKept.v7')::json WHERE event_type = 'TenancyKept'";
    ground.altered("housing", newer).await;
    assert_eq!(leader.act("housing", &case, "move-in", json!({})).await.code(), "unavailable");
    leader.act("housing", &other, "move-in", json!({})).await.ok();
    let _timeline = ground.timeline(vec![housing::contract().unwrap()]).await;
    caught_up(&ground.pool("livline_timeline").await, "housing", &pool).await;
}
