//! The interlocks across domains: each raised exactly once, across two replicas, restarts and replays; the fifth refuses.

use engine::{clock::Clock, database, policies::orders};
use kit::{AggregateId, Policy, access::Role};
use livline_tests::{
    Client, Ground, OTHER_CENTRE, Running, eventually,
    golden::domains,
    history::{assert_exact, has_heard, orders_noted},
};
use safety::policy::RaiseAlerts;
use serde_json::{Value, json};
use sqlx::PgPool;
use std::collections::BTreeMap;
use uuid::Uuid;

fn in_days(days: i64) -> String {
    kit::Day::from(Clock::system().today().saturating_add(time::Duration::days(days))).to_string()
}

/// All domain services but safety.
async fn others(ground: &Ground) -> Vec<Running> {
    let mut running = Vec::new();
    for service in domains().into_iter().filter(|service| *service != "safety") {
        running.push(ground.serve(service).await);
    }
    running
}

/// Safety twice on one database, as two replicas.
async fn replicas(ground: &Ground) -> [Running; 2] {
    let settings = ground.settings("safety", &database::SERVICE).await;
    let mut second = settings.clone();
    second.listen = ground.address("madeup");
    let listed = livline::services::find("safety").unwrap();
    let first = Running::start(listed.open(settings, ground.clock.clone()).await.unwrap()).await;
    let second = Running::start(listed.open(second, ground.clock.clone()).await.unwrap()).await;
    [first, second]
}

/// A woman whose course has one danger in it: she, and the interlock.
struct Danger {
    woman: Uuid,
    interlock: &'static str,
}

type Actions<'a> = Vec<(&'a str, Value)>;

/// Entries in a new case of hers; at people, of herself.
async fn log(leader: &Client, woman: Uuid, service: &str, actions: &[(&str, Value)]) -> String {
    if service == "people" {
        leader.know(woman).await;
        for (action, facts) in actions {
            leader.act_for(woman, action, facts.clone()).await.ok();
        }
        return woman.to_string();
    }
    let case = leader.open(service, woman).await;
    for (action, facts) in actions {
        leader.act(service, &case, action, facts.clone()).await.ok();
    }
    case
}

/// One woman for each interlock, and one with nothing dangerous.
async fn dangers(ground: &Ground, leader: &Client) -> Vec<Danger> {
    let (order, missed) = (Uuid::from_u128(7), ("record-missed-contact", json!({})));
    let threat = ("record-threat", json!({}));
    let long = json!({ "order": order, "until": in_days(300) });
    let courses: Vec<(&str, &str, Actions)> = vec![
        ("address_unprotected", "housing", vec![("sign-lease", json!({}))]),
        ("order_ends", "legal", vec![("issue-restraining-order", json!({ "until": in_days(30) }))]),
        (
            "contact_during_order",
            "legal",
            vec![("issue-area-ban", long.clone()), ("record-interim-contact", json!({}))],
        ),
        ("new_threat", "legal", vec![("issue-restraining-order", long.clone()), ("report-order-breach", json!({}))]),
        ("new_threat", "safety", vec![threat]),
        ("no_safety_plan", "people", vec![("start-stay", json!({})), ("end-stay", json!({}))]),
        ("contacts_missed", "aftercare", vec![missed.clone(), ("make-contact", json!({})), missed.clone(), missed]),
        (
            "none",
            "legal",
            vec![("issue-restraining-order", long), ("end-restraining-order", json!({ "order": order }))],
        ),
    ];
    let mut dangers = Vec::new();
    for (interlock, service, actions) in courses {
        let woman = Uuid::new_v4();
        log(leader, woman, service, &actions).await;
        dangers.push(Danger { woman, interlock });
    }
    // Protected with the children, with a fresh plan: neither the lease nor the end of her stay is dangerous; nor is a move.
    let woman = Uuid::new_v4();
    let protected = ("record-address-protection-grant", json!({ "children": "all" }));
    log(leader, woman, "safety", &[protected, ("agree-safety-plan", json!({}))]).await;
    has_heard_own(ground).await;
    log(leader, woman, "housing", &[("sign-lease", json!({})), ("move-in", json!({}))]).await;
    log(leader, woman, "people", &[("start-stay", json!({})), ("end-stay", json!({}))]).await;
    dangers.push(Danger { woman, interlock: "none" });
    dangers
}

/// A rule hears its own service before others, but does not wait for it for long.
async fn has_heard_own(ground: &Ground) {
    has_heard(ground, "safety", RaiseAlerts::NAME, &["safety"]).await;
}

/// The alerts of each woman, by what they are about, as her leader reads them.
async fn alerts(leader: &Client, pool: &PgPool) -> BTreeMap<Uuid, Vec<String>> {
    let cases: Vec<(String, Uuid)> =
        sqlx::query_as("SELECT aggregate_id, woman FROM aggregates").fetch_all(pool).await.unwrap();
    let mut alerts: BTreeMap<Uuid, Vec<String>> = BTreeMap::new();
    for (case, woman) in cases {
        let events = leader.get("safety", &format!("/v1/cases/{case}/events")).await.ok().body;
        let raised = events["events"].as_array().unwrap().iter();
        let raised = raised.filter(|event| event["type"] == "dk.livline.safety.SafetyAlertRaised.v1");
        let about = raised.map(|event| event["data"]["facts"]["interlock"].as_str().unwrap().to_owned());
        alerts.entry(woman).or_default().extend(about);
    }
    alerts
}

async fn raised(pool: &PgPool) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM events WHERE event_type = 'SafetyAlertRaised'")
        .fetch_one(pool)
        .await
        .unwrap()
}

async fn until(pool: &PgPool, count: i64) {
    eventually(&format!("{count} alerts"), async || (raised(pool).await >= count).then_some(())).await;
    assert_eq!(raised(pool).await, count);
}

/// Each woman has the alert that her course asks for, once, and nobody any other.
async fn as_they_must_be(leader: &Client, pool: &PgPool, dangers: &[Danger]) {
    let alerts = alerts(leader, pool).await;
    for danger in dangers {
        let hers = alerts.get(&danger.woman).cloned().unwrap_or_default();
        let expected: &[&str] = if danger.interlock == "none" { &[] } else { &[danger.interlock] };
        assert_eq!(hers, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_interlock_is_raised_once() {
    let ground = Ground::start().await;
    let _others = others(&ground).await;
    let [first, second] = replicas(&ground).await;
    let (leader, pool) = (ground.leader(), ground.pool("livline_safety").await);
    // Before the calendar of a restarted service could hear of it.
    let before = dangers(&ground, &leader).await;
    // What the calendar asks for comes within ten minutes, or at the next start.
    eventually("all but the calendar's", async || (raised(&pool).await >= 6).then_some(())).await;
    first.stop().await;
    second.stop().await;
    let [first, second] = replicas(&ground).await;
    until(&pool, 7).await;
    as_they_must_be(&leader, &pool, &before).await;

    // Stopped while something happens, started twice again: once.
    first.stop().await;
    second.stop().await;
    // Safety's own trigger needs safety: these go without it.
    let breach = [("report-order-breach", json!({}))];
    let woman = Uuid::new_v4();
    log(&leader, woman, "legal", &breach).await;
    let [first, second] = replicas(&ground).await;
    until(&pool, 8).await;

    // Everything is heard again from the first event, and a worker has meanwhile opened a case that a rule would choose today.
    let chosen = leader.open("safety", woman).await;
    first.stop().await;
    second.stop().await;
    sqlx::query("DELETE FROM heard").execute(&pool).await.unwrap();
    sqlx::query("UPDATE progress SET number = 0, last = NULL, since = 0").execute(&pool).await.unwrap();
    let [first, second] = replicas(&ground).await;
    let after = Uuid::new_v4();
    log(&leader, after, "legal", &breach).await;
    until(&pool, 9).await;
    // Cleared, it is not raised again for the same reason; a new reason is a new alert, in the case she has now.
    has_heard_own(&ground).await;
    log(&leader, woman, "legal", &breach).await;
    until(&pool, 10).await;
    let events = leader.get("safety", &format!("/v1/cases/{chosen}/events")).await.ok().body;
    assert_eq!(events["events"].as_array().unwrap().len(), 2);
    as_they_must_be(&leader, &pool, &before).await;
    assert_exact(&pool).await;
    orders_noted(&pool).await;
    first.stop().await;
    second.stop().await;
}

/// An order whose carrying out was not noted goes where it went the first time, whatever was heard meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn an_order_given_again_goes_where_it_went() {
    let ground = Ground::start().await;
    let _others = others(&ground).await;
    let safety = ground.serve("safety").await;
    let (leader, pool, woman) = (ground.leader(), ground.pool("livline_safety").await, Uuid::new_v4());
    log(&leader, woman, "legal", &[("report-order-breach", json!({}))]).await;
    until(&pool, 1).await;
    eventually("it is noted", async || {
        let noted = "SELECT 1::bigint FROM orders WHERE outcome = 'done'";
        sqlx::query_scalar::<_, i64>(noted).fetch_optional(&pool).await.unwrap()
    })
    .await;
    // She has a case of a worker's now, which a rule would choose.
    leader.open("safety", woman).await;
    safety.stop().await;
    // As after a kill between carrying out and noting.
    let noted: (Uuid, Uuid) = sqlx::query_as("SELECT key, aggregate FROM orders").fetch_one(&pool).await.unwrap();
    let (signer, aggregate) = (ground.signer("safety"), AggregateId(noted.1));
    sqlx::query("UPDATE orders SET outcome = NULL, mac = $1")
        .bind(orders::signature(&signer, RaiseAlerts::NAME, noted.0, aggregate, None))
        .execute(&pool)
        .await
        .unwrap();
    sqlx::query("DELETE FROM heard").execute(&pool).await.unwrap();
    sqlx::query("UPDATE progress SET number = 0, last = NULL, since = 0").execute(&pool).await.unwrap();
    let _safety = ground.serve("safety").await;
    eventually("it is noted again", async || {
        let noted = "SELECT 1::bigint FROM orders WHERE outcome = 'done'";
        sqlx::query_scalar::<_, i64>(noted).fetch_optional(&pool).await.unwrap()
    })
    .await;
    assert_eq!(raised(&pool).await, 1);
}

/// What a service has heard is made of others' personal facts: it lies sealed.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_heard_is_sealed() {
    let ground = Ground::start().await;
    let (_legal, _safety) = (ground.serve("legal").await, ground.serve("safety").await);
    let (leader, pool, woman) = (ground.leader(), ground.pool("livline_safety").await, Uuid::new_v4());
    let until = in_days(300);
    log(&leader, woman, "legal", &[("issue-restraining-order", json!({ "until": until }))]).await;
    let heard: Value = eventually("it is heard", async || {
        let heard = "SELECT heard FROM heard WHERE woman = $1 AND policy = $2";
        sqlx::query_scalar(heard).bind(woman).bind(RaiseAlerts::NAME).fetch_optional(&pool).await.unwrap()
    })
    .await;
    assert_eq!(heard["$sealed"]["class"], "personal");
    assert!(!heard.to_string().contains(&until));
}

/// Aftercare does not end while an alarm or an order has no owner, as far as it has heard of this centre.
#[tokio::test(flavor = "multi_thread")]
async fn aftercare_does_not_end_while_something_has_no_owner() {
    let ground = Ground::start().await;
    let _services = [
        ground.serve("housing").await,
        ground.serve("legal").await,
        ground.serve("safety").await,
        ground.serve("aftercare").await,
    ];
    let (leader, woman) = (ground.leader(), Uuid::new_v4());
    let answer_of =
        async |leader: &Client, case: &str, facts: Value| leader.act("aftercare", case, "close-aftercare", facts).await;
    let alarm = leader.open("safety", woman).await;
    let issued = leader.act("safety", &alarm, "issue-alarm", json!({ "alarm": "OA 4711" })).await.ok();
    let loan = issued.body["events"][0]["facts"]["loan"].clone();
    let legal = leader.open("legal", woman).await;
    let order = leader.act("legal", &legal, "issue-restraining-order", json!({ "until": in_days(90) })).await.ok();
    let order = order.body["events"][0]["facts"]["order"].clone();
    let case = leader.open("aftercare", woman).await;
    let ends = json!({ "reason": "completed" });
    // Asked before both were heard of, the first question would close the case.
    has_heard(&ground, "aftercare", aftercare::heard::KnowCourse::NAME, &["people", "safety", "legal", "housing"])
        .await;
    // The refusal names no alarm and no order.
    let refused = eventually("aftercare has heard of them", async || {
        let both = answer_of(&leader, &case, json!({ "reason": "completed", "police_informed": [loan] })).await;
        let one = answer_of(&leader, &case, json!({ "reason": "completed", "police_informed": [order] })).await;
        (both.code() == "protection_without_owner" && one.code() == "protection_without_owner").then_some(one)
    })
    .await;
    assert_eq!(refused.status, 409);
    assert!(!refused.body.to_string().contains(loan.as_str().unwrap()));
    // Another centre knows nothing of them.
    let elsewhere = ground.client(Role::Leader, Some(OTHER_CENTRE));
    let their_case = elsewhere.open("aftercare", woman).await;
    answer_of(&elsewhere, &their_case, ends.clone()).await.ok();
    // One ends, the other gets an owner.
    leader.act("safety", &alarm, "return-alarm", json!({ "loan": loan })).await.ok();
    eventually("the alarm is heard to be back", async || {
        let informed = json!({ "reason": "completed", "police_informed": [order] });
        (answer_of(&leader, &case, informed).await.status == 200).then_some(())
    })
    .await;
    assert_eq!(answer_of(&leader, &case, ends).await.body["events"], json!([]), "it is closed already");
}

/// What a centre has is not told to another one: neither refused nor warned about. At the centre itself it stays taken, and claims of before,
/// which were everybody's, are taken again when a service starts.
#[tokio::test(flavor = "multi_thread")]
async fn what_one_centre_has_no_other_one_learns() {
    let ground = Ground::start().await;
    let (safety, _aftercare) = (ground.serve("safety").await, ground.serve("aftercare").await);
    let (here, there) = (ground.leader(), ground.client(Role::Leader, Some(OTHER_CENTRE)).named("n-chief"));
    let (child, meeting) = (Uuid::new_v4(), json!({ "who": "w-7", "when": format!("{}T10:00", in_days(5)) }));
    let mut cases = Vec::new();
    for client in [&here, &there] {
        let woman = Uuid::new_v4();
        let (alarm, aftercare) = (client.open("safety", woman).await, client.open("aftercare", woman).await);
        let of_child = json!({ "child": child, "alias": { "value": "Mus" } });
        let answers = [
            client.act("safety", &alarm, "issue-alarm", json!({ "alarm": "OA 4711" })).await.ok(),
            client.act("aftercare", &aftercare, "book-companion", meeting.clone()).await.ok(),
            client.act_for(woman, "register-child", of_child).await.ok(),
        ];
        for answer in answers {
            let told = answer.body["warnings"].as_array().unwrap();
            assert!(told.iter().all(|told| told["code"] != "companion_booked_elsewhere"), "{told:?}");
        }
        cases.push(client.open("safety", Uuid::new_v4()).await);
    }
    let taken = async || {
        for (client, case) in [&here, &there].into_iter().zip(&cases) {
            let again = client.act("safety", case, "issue-alarm", json!({ "alarm": "oa4711" })).await;
            assert_eq!((again.status.as_u16(), again.code()), (409, "claim_taken"));
        }
    };
    taken().await;
    // As a migration leaves it: noted, and held by nobody.
    let pool = ground.pool("livline_safety").await;
    let held: Vec<String> = sqlx::query_scalar("SELECT key FROM claims ORDER BY key").fetch_all(&pool).await.unwrap();
    for change in
        ["INSERT INTO claims_to_retake SELECT DISTINCT aggregate_type, aggregate_id FROM claims", "DELETE FROM claims"]
    {
        sqlx::query(change).execute(&pool).await.unwrap();
    }
    safety.stop().await;
    let _safety = ground.serve("safety").await;
    let again: Vec<String> = sqlx::query_scalar("SELECT key FROM claims ORDER BY key").fetch_all(&pool).await.unwrap();
    assert_eq!((again.len(), &again), (2, &held));
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM claims_to_retake").fetch_one(&pool).await.unwrap();
    assert_eq!(left, 0);
    taken().await;
}

/// An answer, or an entry, without what differs between any two cases: ids, numbers, digests, moments.
fn shape(value: &Value) -> Value {
    const OWN: [&str; 14] = [
        "id",
        "position",
        "loan",
        "aggregate",
        "subject",
        "number",
        "epoch",
        "recordedtime",
        "key",
        "sealed",
        "woman",
        "traceparent",
        "case",
        "time",
    ];
    match value {
        Value::Object(members) => {
            let shaped = members.iter().map(|(name, value)| {
                let value = if OWN.contains(&name.as_str()) { json!("its own") } else { shape(value) };
                (name.clone(), value)
            });
            Value::Object(shaped.collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(shape).collect()),
        other => other.clone(),
    }
}

/// Lends an alarm in a new case; what was answered, twice, and what can be read of the case afterwards.
async fn lent(client: &Client, woman: Uuid, alarm: &str) -> (String, Vec<Value>) {
    let case = client.open("safety", woman).await;
    let (path, facts) = (format!("/v1/cases/{case}/issue-alarm"), json!({ "facts": { "alarm": alarm } }));
    let mut told = Vec::new();
    let key = Uuid::new_v4().to_string();
    for _ in 0..2 {
        told.push(client.post("safety", &path, &key, facts.clone()).await.ok().body);
    }
    for of in ["", "/events"] {
        told.push(client.get("safety", &format!("/v1/cases/{case}{of}")).await.ok().body);
    }
    let loan = told[0]["events"][0]["facts"]["loan"].as_str().unwrap().to_owned();
    let unnamed =
        |told: &Value| told.to_string().replace(&loan, "its loan").replace(alarm, "its number").parse().unwrap();
    let told = told.iter().map(|told| shape(&unnamed(told))).collect();
    (case, told)
}

async fn to_warn(pool: &PgPool) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM keepers_to_warn").fetch_one(pool).await.unwrap()
}

/// Whoever has an alarm that another centre hands out to another woman is warned, once; the other centre is told nothing. What was returned,
/// or is the same woman's, warns nobody.
#[tokio::test(flavor = "multi_thread")]
async fn the_keeper_of_an_alarm_alone_is_warned() {
    let ground = Ground::start().await;
    let mut safety = ground.serve("safety").await;
    let (keeper, other) = (ground.leader(), ground.client(Role::Leader, Some(OTHER_CENTRE)).named("n-chief"));
    let pool = ground.pool("livline_safety").await;
    let (hers, anothers) = (Uuid::new_v4(), Uuid::new_v4());
    let (kept, _) = lent(&keeper, hers, "OA 4711").await;
    let (_, free) = lent(&other, Uuid::new_v4(), "OA 1").await;
    let (there, told) = lent(&other, anothers, "oa 4711").await;
    assert_eq!(told, free, "what nobody holds is answered alike");
    until(&pool, 1).await;
    let events = keeper.get("safety", &format!("/v1/cases/{kept}/events")).await.ok().body;
    let alert = events["events"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(alert["type"], "dk.livline.safety.SafetyAlertRaised.v1");
    assert_eq!(alert["actor"], "service:safety");
    assert_eq!(alert["data"]["facts"]["interlock"], "alarm_elsewhere");
    let (facets, today) = (&alert["data"]["facets"], in_days(0));
    assert_eq!((&facets["weight"], &facets["follow_ups"][0]["due"]), (&json!("alert"), &json!(today)));
    assert_eq!(facets["follow_ups"][0]["what"], "check_alarm");
    for theirs in [OTHER_CENTRE.to_string(), anothers.to_string(), there.clone(), "n-chief".into(), "4711".into()] {
        assert!(!alert.to_string().contains(&theirs), "{theirs}");
    }
    let seen = other.get("safety", &format!("/v1/cases/{there}/events")).await.ok().body;
    assert_eq!(seen["events"].as_array().unwrap().len(), 2);

    // What the keeper got back warns nobody, nor does the same woman's, nor what the other centre has now to itself.
    let (back, _) = lent(&keeper, Uuid::new_v4(), "OA 5").await;
    let loan = keeper.get("safety", &format!("/v1/cases/{back}/events")).await.ok().body;
    let loan = json!({ "loan": loan["events"][1]["data"]["facts"]["loan"] });
    keeper.act("safety", &back, "return-alarm", loan).await.ok();
    lent(&other, Uuid::new_v4(), "OA 5").await;
    lent(&keeper, anothers, "OA 6").await;
    lent(&other, anothers, "OA 6").await;
    assert_eq!(to_warn(&pool).await, 0);

    // Stopped before it could warn, it warns when it starts; stopped after it had, and before that was noted, it does not warn again.
    let stops = [
        ("BEFORE INSERT ON events FOR EACH ROW WHEN (NEW.event_type = 'SafetyAlertRaised')", "events", "OA 7", 1),
        ("BEFORE DELETE ON keepers_to_warn FOR EACH ROW", "keepers_to_warn", "OA 8", 3),
    ];
    let stop = "CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'stop'; END $$";
    sqlx::query(stop).execute(&pool).await.unwrap();
    for (when, table, alarm, raised) in stops {
        lent(&keeper, Uuid::new_v4(), alarm).await;
        sqlx::query(&format!("CREATE TRIGGER stop {when} EXECUTE FUNCTION stop()")).execute(&pool).await.unwrap();
        lent(&other, Uuid::new_v4(), alarm).await;
        until(&pool, raised).await;
        assert_eq!(to_warn(&pool).await, 1);
        safety.stop().await;
        sqlx::query(&format!("DROP TRIGGER stop ON {table}")).execute(&pool).await.unwrap();
        safety = ground.serve("safety").await;
        eventually("nobody is left to be warned", async || (to_warn(&pool).await == 0).then_some(())).await;
        until(&pool, raised.max(2)).await;
    }
    assert_exact(&pool).await;
}

/// There is one of each alarm, whoever has it; and a companion who is in two places is only warned about.
#[tokio::test(flavor = "multi_thread")]
async fn an_alarm_is_with_one_woman_and_a_companion_may_be_with_two() {
    let ground = Ground::start().await;
    let (_safety, _aftercare) = (ground.serve("safety").await, ground.serve("aftercare").await);
    let leader = ground.leader();
    let (hers, anothers) = (leader.open("safety", Uuid::new_v4()).await, leader.open("safety", Uuid::new_v4()).await);
    let alarm = json!({ "alarm": "oa4711" });
    let issued = leader.act("safety", &hers, "issue-alarm", json!({ "alarm": "OA 4711" })).await.ok();
    let loan = json!({ "loan": issued.body["events"][0]["facts"]["loan"] });
    assert_eq!(leader.act("safety", &anothers, "issue-alarm", alarm.clone()).await.code(), "claim_taken");
    leader.act("safety", &hers, "return-alarm", loan).await.ok();
    leader.act("safety", &anothers, "issue-alarm", alarm).await.ok();
    let claims: Vec<String> =
        sqlx::query_scalar("SELECT key FROM claims").fetch_all(&ground.pool("livline_safety").await).await.unwrap();
    assert!(claims.len() == 1 && !claims[0].contains("4711"), "{claims:?}");

    leader.employ(&["w-7", "w-8"]).await;
    let meeting = |who: &str, at: &str| json!({ "who": who, "when": format!("{}T{at}", in_days(5)) });
    let (hers, anothers) =
        (leader.open("aftercare", Uuid::new_v4()).await, leader.open("aftercare", Uuid::new_v4()).await);
    let booked = leader.act("aftercare", &hers, "book-companion", meeting("w-7", "10:00")).await.ok();
    assert_eq!(booked.body["warnings"], json!([]));
    let booking = json!({ "booking": booked.body["events"][0]["facts"]["booking"] });
    let warned = |answer: &Value| {
        answer["warnings"].as_array().unwrap().iter().any(|warning| warning["code"] == "companion_booked_elsewhere")
    };
    let second = leader.act("aftercare", &anothers, "book-companion", meeting("w-7", "14:00")).await.ok();
    assert!(warned(&second.body));
    assert!(!warned(&leader.act("aftercare", &anothers, "book-companion", meeting("w-8", "14:00")).await.ok().body));
    // Both called off, the day is free.
    let other = json!({ "booking": second.body["events"][0]["facts"]["booking"] });
    leader.act("aftercare", &hers, "cancel-companion", booking).await.ok();
    leader.act("aftercare", &anothers, "cancel-companion", other).await.ok();
    let third = leader.open("aftercare", Uuid::new_v4()).await;
    assert!(!warned(&leader.act("aftercare", &third, "book-companion", meeting("w-7", "09:00")).await.ok().body));
}

/// An account number stands nowhere: not in a fact, not in a note, not in a reason.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_number_stands_nowhere() {
    let ground = Ground::start().await;
    let _financial = ground.serve("financial").await;
    let leader = ground.leader();
    let case = leader.open("financial", Uuid::new_v4()).await;
    let number = "Overfør til reg. 1234 konto 0123456789";
    let path = format!("/v1/cases/{case}/open-own-account");
    let refused = leader.post("financial", &path, "k1", json!({ "facts": {}, "note": number })).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (409, "account_number"));
    assert!(!refused.body.to_string().contains("0123456789"));
    leader.post("financial", &path, "k2", json!({ "facts": {} })).await.ok();
    let note = leader.act("financial", &case, "write-note", json!({ "text": number })).await;
    assert_eq!(note.code(), "account_number");
    let error = leader.act("financial", &case, "record-in-error", json!({ "version": 2, "reason": number })).await;
    assert_eq!(error.code(), "account_number");
    let pool = ground.pool("livline_financial").await;
    let stored: i64 = sqlx::query_scalar("SELECT count(*) FROM events").fetch_one(&pool).await.unwrap();
    assert_eq!(stored, 2, "nothing is half done");
}
