//! Conflicts of interest as somebody would abuse them, and as they end.

use kit::access::Role;
use livline_tests::{Answer, CENTRE, Client, Ground, eventually};
use serde_json::{Value, json};
use uuid::Uuid;

fn contracts() -> Vec<kit::contract::Contract> {
    livline_tests::runs::contracts().into_iter().map(|(_, contract)| contract).collect()
}

/// A woman who lives at the centre, has a case at housing, and a follow-up there; nobody's.
async fn hers(leader: &Client) -> (Uuid, String, String) {
    let answer = leader.post("people", "/v1/women", &Uuid::new_v4().to_string(), json!({})).await.ok();
    let woman: Uuid = answer.text("id").parse().unwrap();
    leader.act_for(woman, "start-stay", json!({})).await.ok();
    let case = eventually("housing has heard", async || {
        let body = json!({ "woman": woman });
        let answer = leader.post("housing", "/v1/cases", &Uuid::new_v4().to_string(), body).await;
        answer.status.is_success().then(|| answer.text("id"))
    })
    .await;
    let made = leader.act("housing", &case, "make-offer", json!({ "answer_by": "2099-01-01" })).await.ok();
    leader.course(woman, &made.text("position")).await;
    let key = format!("offer/{}/answer", made.body["events"][0]["facts"]["offer"].as_str().unwrap());
    (woman, case, key)
}

fn conflict(who: &str) -> Value {
    json!({ "kind": "worker", "who": who })
}

async fn until(client: &Client, service: &str, path: &str, is: impl Fn(&Answer) -> bool) -> Answer {
    eventually(path, async || Some(client.get_once(service, path).await).filter(|answer| is(answer))).await
}

fn in_hours(ground: &Ground, hours: i64) -> String {
    let at = kit::calendar::in_copenhagen_time(ground.clock.now() + time::Duration::hours(hours));
    format!("{}T{:02}:{:02}", kit::Day::from(at.date()), at.hour(), at.minute())
}

/// A worker without a tie, and a temp, shut out leader, contact person and whoever is on duty, who could not undo it.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_without_a_right_shuts_out_who_protects_her() {
    let ground = Ground::start().await;
    let (_housing, _timeline) = (ground.housing().await, ground.timeline(contracts()).await);
    let leader = ground.leader().named("l-1");
    let (woman, ..) = hers(&leader).await;
    leader.employ(&["w-2", "w-3", "w-temp"]).await;
    leader.act_for(woman, "assign-worker", json!({ "worker": "w-2", "role": "contact_person" })).await.ok();
    for (worker, kind) in [("w-3", "on_duty"), ("w-temp", "temp")] {
        let facts = json!({ "facts": { "worker": worker, "kind": kind, "until": in_hours(&ground, 8) } });
        leader.post("people", "/v1/duties", worker, facts).await.ok();
    }
    let stranger = ground.client(Role::Worker, Some(CENTRE)).named("w-9");
    let temp = ground.client(Role::Temp, Some(CENTRE)).named("w-temp");
    let her = format!("/v1/women/{woman}");
    until(&temp, "people", &her, |answer| answer.status == 200).await;
    for client in [&stranger, &temp] {
        for who in ["l-1", "w-2", "w-3"] {
            let refused = client.act_for(woman, "record-conflict-of-interest", conflict(who)).await;
            assert_eq!((refused.status.as_u16(), refused.code()), (403, "needs_answers"), "{who}");
        }
    }
    for name in ["w-2", "w-3"] {
        ground.client(Role::Worker, Some(CENTRE)).named(name).get("people", &her).await.ok();
    }
    leader.get("people", &her).await.ok();
    // Nor does the one who answers shut out everybody: once nobody else is on duty, there is the leader alone.
    let duties = ground.pool("livline_people").await;
    eventually("the duty is heard", async || {
        let running = "SELECT count(*) FROM duties WHERE worker = 'w-3'";
        let running: i64 = sqlx::query_scalar(running).fetch_one(&duties).await.unwrap();
        (running == 1).then_some(())
    })
    .await;
    leader.act_for(woman, "record-conflict-of-interest", conflict("w-3")).await.ok();
    let last = leader.act_for(woman, "record-conflict-of-interest", conflict("l-1")).await;
    assert_eq!((last.status.as_u16(), last.code()), (409, "last_who_answers"));
}

/// Any colleague took it back, and the one whom it is about read at once.
#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_ends_by_two_and_not_before() {
    let ground = Ground::start().await;
    let (_housing, _timeline) = (ground.housing().await, ground.timeline(contracts()).await);
    let (leader, second) = (ground.leader().named("l-1"), ground.leader().named("l-2"));
    let (woman, case, key) = hers(&leader).await;
    leader.employ(&["sec-w1"]).await;
    // However it is written, it is the same person.
    let kin = ground.client(Role::Worker, Some(CENTRE)).named("Sec-W1");
    let held =
        leader.act("housing", &case, "assign-follow-up", json!({ "key": key, "responsible": "sec-w1" })).await.ok();
    leader.course(woman, &held.text("position")).await;
    let listed = async |client: &Client, query: &str| {
        let list = client.get("timeline", &format!("/v1/follow-ups{query}")).await.ok().body;
        let rows = list["follow_ups"].as_array().unwrap().clone();
        rows.into_iter().find(|row| row["key"] == json!(key))
    };
    assert_eq!(listed(&leader, "?responsible=SEC-W1").await.unwrap()["responsible"], "sec-w1");
    assert!(listed(&leader, "?responsible=nobody").await.is_none());

    leader.act_for(woman, "record-conflict-of-interest", conflict("SEC-w1")).await.ok();
    let (her, hers) = (format!("/v1/women/{woman}"), format!("/v1/cases/{case}"));
    let course = format!("/v1/women/{woman}/timeline");
    let everywhere = [("people", &her), ("housing", &hers), ("timeline", &course)];
    for (service, path) in everywhere {
        until(&kin, service, path, |answer| answer.status == 404).await;
    }
    // What they held is nobody's, and is given to nobody who must see nothing of her.
    assert_eq!(listed(&leader, "?responsible=nobody").await.unwrap()["responsible"], Value::Null);
    assert!(listed(&leader, "?responsible=sec-w1").await.is_none());
    let shown = leader.get("timeline", &course).await.ok().body;
    let open = shown["open"].as_array().unwrap().iter().find(|row| row["key"] == json!(key)).unwrap().clone();
    assert_eq!(open["responsible"], Value::Null);
    assert_eq!(leader.get("housing", &hers).await.ok().body["follow_ups"][&key]["responsible"], Value::Null);
    let given = leader.act("housing", &case, "assign-follow-up", json!({ "key": key, "responsible": "Sec-W1" })).await;
    assert_eq!((given.status.as_u16(), given.code()), (409, "conflict_of_interest"));
    let path = format!("/v1/cases/{case}/make-offer");
    let body = json!({ "facts": { "answer_by": "2099-01-01" }, "responsible": "sec-w1" });
    assert_eq!(leader.post("housing", &path, "held", body).await.code(), "conflict_of_interest");

    let events = leader.get("people", &format!("{her}/events")).await.ok().body;
    let entry = |event: &str| {
        let of = |body: &&Value| body["type"].as_str().unwrap().contains(event);
        events["events"].as_array().unwrap().iter().find(of).unwrap()["version"].clone()
    };
    let version = entry("ConflictOfInterestRecorded");
    let colleague = ground.client(Role::Worker, Some(CENTRE)).named("w-9");
    for client in [&colleague, &leader] {
        let back = client.act_for(woman, "record-in-error", json!({ "version": version })).await;
        assert_eq!((back.status.as_u16(), back.code()), (409, "not_correctable"));
        let facts = json!({ "version": version, "facts": conflict("w-nobody") });
        assert_eq!(client.act_for(woman, "correct-entry", facts).await.code(), "not_correctable");
    }
    let ends = json!({ "who": "sec-w1" });
    assert_eq!(second.act_for(woman, "end-conflict-of-interest", ends.clone()).await.code(), "end_not_proposed");
    leader.act_for(woman, "propose-conflict-end", ends.clone()).await.ok();
    assert_eq!(leader.act_for(woman, "end-conflict-of-interest", ends.clone()).await.code(), "own_proposal");
    assert_eq!(kin.get("people", &her).await.status, 404);
    second.act_for(woman, "end-conflict-of-interest", ends).await.ok();
    for (service, path) in everywhere {
        until(&kin, service, path, |answer| answer.status == 200).await;
    }
    assert_eq!(listed(&leader, "?responsible=sec-w1").await.unwrap()["responsible"], "sec-w1");
}

/// An end outlives her key as the conflict does: what ended does not come back with her erasure.
#[tokio::test(flavor = "multi_thread")]
async fn an_end_outlives_her_keys() {
    let ground = Ground::start().await;
    let housing = ground.housing().await;
    let (leader, second) = (ground.leader().named("l-1"), ground.leader().named("l-2"));
    let woman = Uuid::new_v4();
    let case = leader.open("housing", woman).await;
    let path = format!("/v1/cases/{case}");
    for who in ["l-66", "l-67"] {
        leader.act_for(woman, "record-conflict-of-interest", conflict(who)).await.ok();
        until(&leader.clone().named(who), "housing", &path, |answer| answer.status == 404).await;
    }
    let (over, stands) = (leader.clone().named("l-66"), leader.clone().named("l-67"));
    leader.act_for(woman, "propose-conflict-end", json!({ "who": "l-66" })).await.ok();
    second.act_for(woman, "end-conflict-of-interest", json!({ "who": "l-66" })).await.ok();
    until(&over, "housing", &path, |answer| answer.status == 200).await;
    let url = ground.postgres.admin_url("keys");
    livline::provision::set_up_keys(&[], &url).await.unwrap();
    let keys = engine::keys::Keyring::open(ground.pool("keys").await, std::sync::Arc::new(ground.master_key())).await;
    keys.unwrap().erase(woman, engine::keys::Kind::Woman, time::OffsetDateTime::now_utc()).await.unwrap();
    housing.stop().await;
    let _housing = ground.housing().await;
    for (client, status) in [(&leader, 200), (&over, 200), (&stands, 404)] {
        assert_eq!(client.get("housing", &path).await.status, status);
    }
}
