//! Bad input gets a problem with a stable code, changes nothing, and its answer repeats nothing of what was sent.

use engine::{
    clock::Clock,
    executor::{ExecuteError, Request},
};
use kit::{
    AggregateId, WomanId,
    access::{Principal, Role},
    case::Ask,
    decider::Commands as _,
    entry::CaseOpened,
    ids::derive_id,
};
use livline_tests::{Answer, CENTRE, Client, Ground, OTHER_CENTRE, eventually};
use people::woman::Command;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Instant;
use uuid::Uuid;

const CANARY: &str = "Nørrebrogade 117";

async fn events(pool: &sqlx::PgPool) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM events").fetch_one(pool).await.unwrap()
}

async fn raw(client: &Client, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    client.try_send(Method::POST, "housing", path, headers, Some(body.as_bytes().to_vec())).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_mistake_has_its_code_and_leaves_nothing() {
    let ground = Ground::start().await;
    let _housing = ground.housing().await;
    let (leader, pool) = (ground.leader(), ground.pool("livline_housing").await);
    let case = leader.open("housing", Uuid::new_v4()).await;
    let before = events(&pool).await;
    let key = [("idempotency-key", "k")];
    let make = format!("/v1/cases/{case}/make-offer");
    let facts = |facts: Value| json!({ "facts": facts }).to_string();
    let future = "2199-01-01";

    let too_large = format!("{{\"facts\":{{\"place\":\"{}\"}}}}", "x".repeat(1_900_000));
    let deep = "[".repeat(100_000);
    let temporary = format!("/v1/cases/{case}/arrange-temporary-housing");
    let (sing, nowhere) = (format!("/v1/cases/{case}/sing"), format!("/v1/cases/{}/make-offer", Uuid::new_v4()));
    let cases: Vec<(&str, &str, String, u16, &str)> = vec![
        ("no JSON", &make, "{".into(), 400, "body_not_json"),
        ("too deep", &make, deep, 400, "body_not_json"),
        ("a member twice", &make, r#"{ "facts": { "rent": 1, "rent": 2 } }"#.into(), 400, "body_not_json"),
        ("a member twice, spelt otherwise", &make, r#"{ "facts": {}, "f\u0061cts": {} }"#.into(), 400, "body_not_json"),
        ("something behind it", &make, r#"{ "facts": {} } {}"#.into(), 400, "body_not_json"),
        ("an unknown fact", &make, facts(json!({ CANARY: 1 })), 422, "facts_invalid"),
        ("an unknown member", &make, json!({ "fact": {} }).to_string(), 422, "facts_invalid"),
        ("a wrong type", &make, facts(json!({ "rent": CANARY })), 422, "facts_invalid"),
        (
            "a forged envelope",
            &make,
            facts(json!({ "rent": { "$sealed": { "class": "personal", "key": Uuid::nil(), "box": "" } } })),
            422,
            "facts_invalid",
        ),
        ("a number out of bounds", &make, facts(json!({ "rooms": 100_000 })), 422, "facts_invalid"),
        ("a day that is none", &make, facts(json!({ "answer_by": "2026-02-30" })), 422, "facts_invalid"),
        ("too large a body", &make, too_large, 413, "body_too_large"),
        ("a fact in the future", &make, json!({ "facts": {}, "when": future }).to_string(), 409, "in_the_future"),
        (
            "dates that contradict",
            &temporary,
            facts(json!({ "from": "2026-03-02", "until": "2026-03-01" })),
            409,
            "until_before_from",
        ),
        (
            "an answer for a service",
            &make,
            json!({ "facts": {}, "responsible": "service:housing" }).to_string(),
            422,
            "facts_invalid",
        ),
        (
            "an address for a person",
            &make,
            json!({ "facts": {}, "responsible": CANARY }).to_string(),
            422,
            "facts_invalid",
        ),
        ("an unknown action", &sing, facts(json!({})), 404, "unknown_action"),
        ("an unknown case", &nowhere, facts(json!({})), 404, "not_found"),
        ("no id at all", "/v1/cases/x/make-offer", facts(json!({})), 404, "not_found"),
        ("an unknown address", "/v1/nothing", facts(json!({})), 404, "not_found"),
        ("no woman", "/v1/cases", "{}".into(), 422, "facts_invalid"),
    ];
    for (what, path, body, status, code) in cases {
        let answer = raw(&leader, path, &key, &body).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (status, code), "{what}: {}", answer.body);
        assert_eq!(answer.headers["content-type"], "application/problem+json", "{what}");
        assert_eq!(answer.headers["cache-control"], "no-store", "{what}");
        assert!(!answer.body.to_string().contains(CANARY), "{what}: the answer repeats the value");
    }
    let wrong = raw(&leader, &make, &key, &facts(json!({ "rent": CANARY }))).await;
    assert_eq!(wrong.body["errors"][0], json!({ "pointer": "/facts/rent", "code": "wrong_type" }));

    let body = facts(json!({}));
    assert_eq!(raw(&leader, &make, &[], &body).await.code(), "idempotency_key_missing");
    assert_eq!(
        raw(&leader, &make, &[("idempotency-key", &"x".repeat(200))], &body).await.code(),
        "idempotency_key_missing"
    );
    for name in ["idempotency-key", "if-match", "livline-at-least", "authorization"] {
        let twice = raw(&leader, &make, &[key[0], (name, "\"2\""), (name, "\"3\"")], &body).await;
        assert_eq!((twice.status.as_u16(), twice.code()), (400, "header_twice"), "{name}");
    }
    assert_eq!(raw(&leader, &make, &[key[0], ("if-match", "7")], &body).await.code(), "if_match_invalid");
    assert_eq!(raw(&leader, &make, &[key[0], ("if-match", "\"9\"")], &body).await.code(), "changed");
    let anonymous = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("{}{make}", ground.services["housing"]);
    for token in [None, Some("x.y.z")] {
        let mut request = anonymous.post(&url).header("idempotency-key", "k").body(body.clone());
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        assert_eq!(request.send().await.unwrap().status(), 401);
    }
    assert_eq!(anonymous.delete(&url).send().await.unwrap().status(), 405);
    assert_eq!(events(&pool).await, before, "nothing of all that is stored");
}

/// The desk speaks in no service's name, and no token of later is good now: a move was received without an arrival by the one, and the
/// other outlived every refusal.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_in_a_services_name_or_of_later_is_nobodys() {
    let ground = Ground::start().await;
    let _housing = ground.housing().await;
    let (leader, woman) = (ground.leader(), Uuid::new_v4());
    let case = leader.open("housing", woman).await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let places = [
        ("people", format!("/v1/women/{woman}"), "receive-relocation"),
        ("housing", format!("/v1/cases/{case}"), "move-in"),
    ];
    let facts = json!({ "facts": { "from": OTHER_CENTRE, "along": "all", "until": "2026-11-20T14:30" } });
    let asked = async |token: String| {
        let mut statuses = Vec::new();
        for (service, path, action) in &places {
            let url = format!("{}{path}", ground.services[*service]);
            statuses.push(http.get(&url).bearer_auth(&token).send().await.unwrap().status().as_u16());
            let post = http.post(format!("{url}/{action}")).bearer_auth(&token).header("idempotency-key", "k");
            let body = if *service == "people" { facts.to_string() } else { "{}".into() };
            statuses.push(post.body(body).send().await.unwrap().status().as_u16());
        }
        statuses
    };
    let desk = |actor: &str, role, ahead| {
        let clock = Clock::of(move || Clock::system().now() + time::Duration::seconds(ahead));
        let principal = Principal { actor: actor.parse().unwrap(), role, centre: Some(CENTRE) };
        ground.desk().clone().by(clock).issue(&principal).unwrap()
    };
    for role in [Role::Leader, Role::Worker, Role::Service] {
        assert_eq!(asked(desk("service:people", role, 0)).await, [401; 4], "{role:?}");
    }
    for ahead in [90, 3_600, 10 * 365 * 86_400] {
        assert_eq!(asked(desk("w-1", Role::Leader, ahead)).await, [401; 4], "{ahead}");
    }
    // In her own name the leader reads, records, and is no rule.
    assert_eq!(asked(desk("w-1", Role::Leader, 0)).await, [200, 403, 200, 200]);
    // Nor is a service anybody who reads of a woman or records.
    let service = asked(ground.service_issuer("people").issue_own().unwrap()).await;
    assert_eq!(service, [403; 4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_is_the_same_command() {
    let ground = Ground::start().await;
    let _housing = ground.housing().await;
    let (leader, pool) = (ground.leader(), ground.pool("livline_housing").await);
    let (woman, another) = (Uuid::new_v4(), Uuid::new_v4());
    leader.know(woman).await;
    leader.know(another).await;
    // Heard of in this order: when of her, then of both.
    leader.open("housing", Uuid::new_v4()).await;
    let first = leader.post("housing", "/v1/cases", "open", json!({ "woman": woman })).await.ok();
    let again = leader.post("housing", "/v1/cases", "open", json!({ "woman": woman })).await.ok();
    assert_eq!(first.body, again.body);
    let case = first.text("id");
    assert_eq!(leader.post("housing", "/v1/cases", "open", json!({ "woman": another })).await.code(), "key_reused");

    let path = format!("/v1/cases/{case}/make-offer");
    let body = json!({ "facts": { "rent": 500_000 }, "note": "Ringede" });
    let first = leader.post("housing", &path, "k", body.clone()).await.ok();
    let stored = events(&pool).await;
    // Sixteen at once, and once more after another command, with an If-Match that does not hold any more.
    let repeats = futures::future::join_all((0..16).map(|_| leader.post("housing", &path, "k", body.clone()))).await;
    leader.act("housing", &case, "keep-tenancy", json!({})).await.ok();
    let headers = [("idempotency-key", "k"), ("if-match", "\"1\"")];
    let late =
        leader.try_send(Method::POST, "housing", &path, &headers, Some(body.to_string().into_bytes())).await.unwrap();
    for answer in repeats.iter().chain([&late]) {
        assert_eq!(answer.body, first.body);
    }
    // Spelled otherwise, it says the same.
    for spelled in [
        "{ \"note\": \"Ringede\",\n\"facts\": {\"rent\":500000} }",
        r#"{"facts":{"r\u0065nt":500000},"note":"\u0052ingede"}"#,
    ] {
        let headers = [("idempotency-key", "k")];
        let again = leader.try_send(Method::POST, "housing", &path, &headers, Some(spelled.into())).await.unwrap();
        assert_eq!(again.body, first.body, "{spelled}");
    }
    assert_eq!(leader.post("housing", &path, "k", json!({ "facts": { "rent": 500_001 } })).await.code(), "key_reused");
    assert_eq!(
        leader.post("housing", &format!("/v1/cases/{case}/keep-tenancy"), "k", body).await.code(),
        "facts_invalid"
    );
    assert_eq!(events(&pool).await, stored + 1, "only the other command is new");
    // Somebody else's key of the same name is another key.
    let other = leader.clone().named("w-2");
    assert_ne!(other.post("housing", &path, "k", json!({ "facts": { "rent": 1 } })).await.ok().body, first.body);
}

/// Who works at two centres says two things with one key, and learns at neither what the other answered.
#[tokio::test(flavor = "multi_thread")]
async fn one_key_at_two_centres_is_two_commands() {
    let ground = Ground::start().await;
    ground.people().await;
    let here = ground.leader();
    let there = ground.client(Role::Leader, Some(OTHER_CENTRE));
    let mut women = Vec::new();
    for client in [&here, &there] {
        let registered = client.post("people", "/v1/women", "k", json!({})).await.ok();
        assert_eq!(registered.status, 201);
        let woman = registered.text("id").clone();
        assert_eq!(client.get("people", &format!("/v1/women/{woman}")).await.status, 200);
        women.push(woman);
    }
    assert_ne!(women.first(), women.last());
    for (client, foreign) in [(&here, women.last()), (&there, women.first())] {
        let path = format!("/v1/women/{}", foreign.unwrap());
        assert_eq!(client.get("people", &path).await.status, 404);
        assert_eq!(client.post("people", &format!("{path}/start-stay"), "k", json!({})).await.status, 404);
    }
}

/// Another centre's aggregate is not there for the executor either, whatever key and version a command comes with.
#[tokio::test(flavor = "multi_thread")]
async fn the_executor_answers_nothing_of_another_centres() {
    let ground = Ground::start().await;
    let people = ground.people().await;
    let woman = Uuid::new_v4();
    ground.leader().know(woman).await;
    let aggregate = AggregateId(derive_id(&["known", &woman.to_string(), &CENTRE.to_string()]));
    let request = |centre, key| Request {
        aggregate,
        opening: Some(CaseOpened { woman: WomanId(woman), centre, before_us: false }),
        ask: Some(Ask::Record(Command::read("register-woman", json!({})).unwrap().unwrap())),
        note: None,
        when: None,
        due: None,
        responsible: None,
        actor: "w-1".parse().unwrap(),
        role: Role::Leader,
        right: kit::access::Right::default(),
        conflicts: std::collections::BTreeSet::new(),
        centre,
        key,
        if_match: Some(1_000),
        bytes: Vec::new(),
        heard: None,
    };
    // Under the key of what is stored, under another body's, and under a new one.
    for key in [aggregate.0, Uuid::new_v4()] {
        let refused = people.executor.execute(&request(OTHER_CENTRE, key)).await;
        assert_eq!(refused, Err(ExecuteError::NotFound));
    }
    let own = people.executor.execute(&request(CENTRE, aggregate.0)).await;
    assert!(own.is_ok(), "{own:?}");
    assert_eq!(people.executor.execute(&request(CENTRE, Uuid::new_v4())).await, Err(ExecuteError::Changed));
}

/// The same key sent by many at once before anything is stored: one of them stores, all get its answer.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_races_itself_happens_once() {
    let ground = Ground::start().await;
    let _housing = ground.housing().await;
    let (leader, pool) = (ground.leader(), ground.pool("livline_housing").await);
    let case = leader.open("housing", Uuid::new_v4()).await;
    let path = format!("/v1/cases/{case}/make-offer");
    for round in 0..5 {
        let before = events(&pool).await;
        let key = format!("race-{round}");
        let answers =
            futures::future::join_all((0..12).map(|_| leader.post("housing", &path, &key, json!({ "facts": {} }))))
                .await;
        for answer in &answers {
            assert_eq!(answer.body, answers[0].body);
        }
        assert_eq!(events(&pool).await, before + 1);
    }
}

/// A principal that asks too often waits; the others do not.
#[tokio::test(flavor = "multi_thread")]
async fn rates_are_bounded_by_principal() {
    let ground = Ground::start().await;
    let mut settings = ground.settings("housing", &engine::database::SERVICE).await;
    let few = |number| std::num::NonZeroU32::new(number).unwrap();
    settings.limits = engine::http::Limits { per_second: few(1), burst: few(5), ..engine::http::Limits::default() };
    let domain = engine::run::Domain::<housing::case::Housing>::open(
        housing::contract().unwrap(),
        "housing",
        settings,
        ground.clock.clone(),
    );
    let _housing = livline_tests::Running::start(domain.await.unwrap().service()).await;
    let (other, mut tries) = (ground.leader().named("w-2"), 0);
    let (refused, back) = eventually("twenty are asked before as many may be", async || {
        tries += 1;
        let (eager, from) = (ground.leader().named(&format!("eager-{tries}")), Instant::now());
        let asked = futures::future::join_all((0..20).map(|_| eager.get("housing", "/v1/cases/x"))).await;
        let refused = asked.iter().filter(|answer| answer.code() == "too_many_requests").count();
        // One more may ask each second.
        let back = usize::try_from(from.elapsed().as_secs()).unwrap() + 1;
        (back < 15).then_some((refused, back))
    })
    .await;
    assert!((15 - back..=15).contains(&refused), "{refused} of 20, in {back} s");
    assert_eq!(other.get("housing", "/v1/cases/x").await.code(), "not_found");
}
