//! A correction changes what it names and nothing else, over HTTP: hidden facts stay, the entry moves, and the second of two is told.

use kit::access::Role;
use livline_tests::{Answer, CENTRE, Client, Ground, eventually};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

const ADDRESS: &str = "5d0c1f8e-52c9-4a8e-9a51-6f2b8c7d9e10";

struct Offer {
    ground: Ground,
    _running: Vec<livline_tests::Running>,
    woman: Uuid,
    case: String,
}

impl Offer {
    /// A home is offered, as entry 2, in March 2020.
    async fn made() -> Self {
        let ground = Ground::start().await;
        let running = vec![ground.housing().await, ground.timeline(vec![housing::contract().unwrap()]).await];
        let (leader, woman) = (ground.leader(), Uuid::new_v4());
        let case = leader.open("housing", woman).await;
        let offer = Self { ground, _running: running, woman, case };
        let facts = json!({ "rent": 650_000, "rooms": 2, "answer_by": "2099-12-10", "address": ADDRESS });
        offer.send(&leader, "make-offer", json!({ "facts": facts, "when": "2020-03-10" }), &[]).await.ok();
        offer
    }

    async fn send(&self, by: &Client, action: &str, body: Value, headers: &[(&str, &str)]) -> Answer {
        let (path, key) = (format!("/v1/cases/{}/{action}", self.case), Uuid::new_v4().to_string());
        let mut all = vec![("idempotency-key", key.as_str())];
        all.extend(headers);
        by.try_send(Method::POST, "housing", &path, &all, Some(body.to_string().into_bytes())).await.unwrap()
    }

    async fn correct(&self, by: &Client, facts: Value) -> Answer {
        self.send(by, "correct-entry", json!({ "facts": { "version": 2, "facts": facts } }), &[]).await
    }

    /// A worker who is near her, and sees no places.
    async fn worker(&self) -> Client {
        self.ground.leader().employ(&["w-2"]).await;
        self.ground.client(Role::Worker, Some(CENTRE)).named("w-2")
    }

    /// The entries that somebody sees, with these filters.
    async fn course(&self, by: &Client, answer: &Answer, filter: &str) -> Vec<Value> {
        let path = format!("/v1/women/{}/timeline?at_least={}{filter}", self.woman, answer.text("position"));
        eventually("the timeline has it", async || {
            let course = by.get("timeline", &path).await.ok();
            let behind = course.headers.contains_key("livline-behind");
            (!behind).then(|| course.body["entries"].as_array().unwrap().clone())
        })
        .await
    }
}

fn entry(entries: &[Value], version: u64) -> Option<&Value> {
    entries.iter().find(|entry| entry["version"] == version)
}

fn values(facts: &Value) -> Vec<(&str, &Value)> {
    facts.as_array().unwrap().iter().map(|fact| (fact["name"].as_str().unwrap(), &fact["value"])).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_corrects_one_fact_keeps_the_others_and_those_that_they_may_not_see() {
    let offer = Offer::made().await;
    let (leader, worker) = (offer.ground.leader(), offer.worker().await);
    let corrected = offer.correct(&worker, json!({ "rent": 600_000 })).await.ok();
    assert!(!corrected.body.to_string().contains(ADDRESS), "nothing hidden is answered");
    assert_eq!((&corrected.body["warnings"], &corrected.body["version"]), (&json!([]), &json!(3)));
    let seen = offer.course(&leader, &corrected, "").await;
    let now = entry(&seen, 2).unwrap();
    for (name, value) in [("rent", json!(600_000)), ("rooms", json!(2)), ("address", json!(ADDRESS))] {
        assert!(values(&now["facts"]).contains(&(name, &value)), "{name}: {}", now["facts"]);
    }
    assert!(values(&now["original"]["facts"]).contains(&("rent", &json!(650_000))));
    assert_eq!((&now["standing"], &now["correction"]), (&json!("corrected"), &json!(3)));
    let seen = offer.course(&worker, &corrected, "").await;
    for facts in [&entry(&seen, 2).unwrap()["facts"], &entry(&seen, 2).unwrap()["original"]["facts"]] {
        assert!(values(facts).contains(&("address", &Value::Null)), "the place is masked for the worker");
    }
    assert_eq!(entry(&seen, 3).unwrap()["original"], Value::Null);
    // The offer is the same one, and what does not stand in it is refused by its place.
    let state = leader.get("housing", &format!("/v1/cases/{}", offer.case)).await.ok().body;
    assert_eq!(state["state"]["offers"].as_object().unwrap().len(), 1);
    for (facts, pointer, code) in [
        (json!({ "Nørrebrogade": null }), "/facts/facts", "unknown_fact"),
        (json!({ "rent": "x" }), "/facts/facts/rent", "wrong_type"),
        (json!({ "offer": null }), "/facts/facts/offer", "missing_fact"),
        (json!({ "address": { "$sealed": {} } }), "", "unknown_fact"),
    ] {
        let refused = offer.correct(&worker, facts).await;
        assert_eq!((refused.status.as_u16(), &refused.body["errors"][0]["pointer"]), (422, &json!(pointer)));
        assert_eq!(refused.body["errors"][0]["code"], code);
    }
    // Emptied by whoever may see it or not; what stands already records nothing, and tells so only to who sees it.
    let guess = offer.correct(&worker, json!({ "address": ADDRESS })).await.ok();
    assert_eq!(guess.body["events"][0]["event"], "EntryCorrected");
    // While a service does not know whether it has heard everything, it hides places from the leader too.
    let mut version = 4;
    eventually("the leader sees the place", async || {
        let same = offer.correct(&leader, json!({ "address": ADDRESS, "rent": 600_000 })).await.ok();
        let nothing = same.body["events"] == json!([]);
        version += u64::from(!nothing);
        assert_eq!(same.body["version"], version);
        nothing.then_some(())
    })
    .await;
    let emptied = offer.correct(&worker, json!({ "address": null, "answer_by": null })).await.ok();
    let seen = offer.course(&leader, &emptied, "").await;
    let names: Vec<&str> = values(&entry(&seen, 2).unwrap()["facts"]).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["offer", "rent", "rooms"]);
}

fn told(answer: &Answer) -> Vec<&str> {
    answer.body["warnings"].as_array().unwrap().iter().map(|warning| warning["code"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_correct_one_entry_the_second_is_told() {
    let offer = Offer::made().await;
    let (leader, worker) = (offer.ground.leader(), offer.worker().await);
    assert!(told(&offer.correct(&worker, json!({ "rent": 400_100 })).await.ok()).is_empty());
    assert!(told(&offer.correct(&worker, json!({ "rent": 400_200 })).await.ok()).is_empty(), "one knows of one's own");
    let body = |facts: Value| json!({ "facts": { "version": 2, "facts": facts, "seen": 4 } });
    assert_eq!(told(&offer.correct(&leader, json!({ "rooms": 3 })).await.ok()), ["corrected_meanwhile"]);
    assert_eq!(told(&offer.correct(&worker, json!({ "rooms": 4 })).await.ok()), ["corrected_meanwhile"]);
    let old = offer.send(&leader, "correct-entry", body(json!({ "rooms": 5 })), &[]).await.ok();
    assert_eq!(told(&old), ["corrected_meanwhile"], "what was seen is older");
    let answer = offer
        .send(&worker, "correct-entry", json!({ "facts": { "version": 2, "facts": { "rooms": 6 }, "seen": 7 } }), &[])
        .await
        .ok();
    assert!(told(&answer).is_empty(), "who shows that they know is not told");
    let stale = offer.send(&leader, "correct-entry", body(json!({ "rooms": 7 })), &[("if-match", "\"7\"")]).await;
    assert_eq!(stale.status, 412);
    let known = offer.send(&leader, "correct-entry", body(json!({ "rooms": 7 })), &[("if-match", "\"8\"")]).await.ok();
    assert!(told(&known).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_is_filed_under_the_corrected_date_with_the_original_beside() {
    let offer = Offer::made().await;
    let leader = offer.ground.leader();
    let (march, may) = ("&from=2020-03-01&until=2020-03-31", "&from=2020-05-01&until=2020-05-31");
    let moved = json!({ "facts": { "version": 2 }, "when": "2020-05-20" });
    let moved = offer.send(&leader, "correct-entry", moved, &[]).await.ok();
    let again = offer.correct(&leader, json!({ "rooms": 3 })).await.ok();
    for answer in [&moved, &again] {
        assert!(entry(&offer.course(&leader, answer, march).await, 2).is_none());
        let seen = offer.course(&leader, answer, may).await;
        let now = entry(&seen, 2).unwrap();
        assert_eq!((&now["happened"], &now["original"]["happened"]), (&json!("2020-05-20"), &json!("2020-03-10")));
    }
    // In its order: between what happened before it and after it.
    let later = offer.send(&leader, "keep-tenancy", json!({ "when": "2020-04-15" }), &[]).await.ok();
    let versions = |entries: &[Value]| entries.iter().filter_map(|entry| entry["version"].as_u64()).collect::<Vec<_>>();
    assert_eq!(versions(&offer.course(&leader, &later, "&until=2020-12-31").await), [4, 3, 2, 5]);
    // Known to the month alone, it is shown wherever in it may have been.
    let month = json!({ "facts": { "version": 2 }, "when": "2020-05" });
    let month = offer.send(&leader, "correct-entry", month, &[]).await.ok();
    for (days, shown) in [
        ("&from=2020-05-10&until=2020-05-31", true),
        ("&from=2020-05-01&until=2020-05-05", true),
        ("&from=2020-04-01&until=2020-04-30", false),
        ("&from=2020-06-01&until=2020-06-30", false),
    ] {
        let seen = offer.course(&leader, &month, days).await;
        assert_eq!(entry(&seen, 2).is_some(), shown, "{days}");
    }
    // Nobody knows when: it is filed under when it was recorded, as it would have been, and shown where it may have been before.
    let unknown = json!({ "facts": { "version": 2 }, "when": "unknown" });
    let unknown = offer.send(&leader, "correct-entry", unknown, &[]).await.ok();
    let seen = offer.course(&leader, &unknown, "&until=2020-12-31").await;
    assert!(entry(&seen, 2).is_some() && entry(&seen, 5).is_some());
    let seen = offer.course(&leader, &unknown, "&from=2199-01-01").await;
    assert!(entry(&seen, 2).is_none());
    // Taken back, it stays where it is.
    let back = offer.send(&leader, "record-in-error", json!({ "facts": { "version": 2 } }), &[]).await.ok();
    let seen = offer.course(&leader, &back, "").await;
    let now = entry(&seen, 2).unwrap();
    assert_eq!((&now["standing"], &now["happened"]), (&json!("in_error"), &json!("unknown")));

    // A timeline of before is filed anew, to the same rows.
    let pool = offer.ground.pool("livline_timeline").await;
    let rows = async || -> Vec<(i64, String, Option<i64>)> {
        sqlx::query_as("SELECT number, at::text, said_by FROM entries ORDER BY number").fetch_all(&pool).await.unwrap()
    };
    let filed = rows().await;
    sqlx::query("UPDATE entries SET said_by = NULL, at = coalesce((body->>'time')::timestamptz, (body->>'recordedtime')::timestamptz)")
        .execute(&pool)
        .await
        .unwrap();
    assert_ne!(rows().await, filed);
    let migration = include_str!("../../services/timeline/migrations/0009_corrected.sql");
    let (_, statement) = migration.split_once("\n\n").unwrap();
    sqlx::raw_sql(statement).execute(&pool).await.unwrap();
    assert_eq!(rows().await, filed);
    // A row that names another entry's correction is nobody's.
    sqlx::query("UPDATE entries SET said_by = 3 WHERE version = 5").execute(&pool).await.unwrap();
    let seen = offer.course(&leader, &back, "").await;
    assert!(entry(&seen, 5).is_none() && entry(&seen, 2).is_some());
}

/// Its notes go with it, and everything that says what it said is masked wherever events are read.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_about_another_woman_is_the_leaders_alone() {
    let offer = Offer::made().await;
    let (leader, worker) = (offer.ground.leader(), offer.worker().await);
    let wrong = json!({ "facts": { "rent": 111_111, "address": ADDRESS }, "note": "Hun bor hos sin søster" });
    offer.send(&leader, "make-offer", wrong, &[]).await.ok();
    let corrected = json!({ "facts": { "version": 3, "facts": { "rent": 222_222 } } });
    offer.send(&leader, "correct-entry", corrected, &[]).await.ok();
    let back = json!({ "facts": { "version": 3, "cause": "wrong_person" } });
    let back = offer.send(&worker, "record-in-error", back, &[]).await.ok();
    let taken: Vec<&Value> = back.body["events"].as_array().unwrap().iter().map(|event| &event["facts"]).collect();
    let cause = |version: u64| json!({ "version": version, "cause": "wrong_person" });
    assert_eq!(taken, [&cause(3), &cause(4)], "the note goes with the entry that it stands on");
    let path = format!("/v1/cases/{}/events", offer.case);
    let said = ["111111", "222222", "Hun bor hos sin søster"];
    let read = async |by: &Client| {
        let course = offer.course(by, &back, "").await;
        assert!([3, 4].iter().all(|version| entry(&course, *version).unwrap()["standing"] == "in_error"));
        let events = by.get("housing", &path).await.ok().body;
        let texts = [json!(course).to_string(), events.to_string()];
        texts.map(|text| said.map(|said| text.contains(said)))
    };
    assert_eq!(read(&leader).await, [[true; 3]; 2]);
    assert_eq!(read(&worker).await, [[false; 3]; 2]);
    // Other entries are read as before.
    let course = offer.course(&worker, &back, "").await;
    assert!(values(&entry(&course, 2).unwrap()["facts"]).contains(&("rent", &json!(650_000))));
}
