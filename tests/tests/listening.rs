//! What services hear of one another, when something is wrong: nothing is ordered twice, lost, or decided on half of it.

use engine::policies::orders;
use kit::{Policy, WomanId, ids::derive_id, policy::To};
use livline_tests::{
    CENTRE, Client, Ground, eventually,
    history::{has_heard, orders_noted},
};
use safety::policy::RaiseAlerts;
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

/// What `know-course` hears.
const KNOWN: [&str; 4] = ["people", "safety", "legal", "housing"];

async fn raised(pool: &PgPool) -> Vec<String> {
    sqlx::query_scalar("SELECT aggregate_id FROM events WHERE event_type = 'SafetyAlertRaised' ORDER BY number")
        .fetch_all(pool)
        .await
        .unwrap()
}

async fn until_raised(pool: &PgPool, count: usize) -> Vec<String> {
    eventually(&format!("{count} alerts"), async || {
        let raised = raised(pool).await;
        (raised.len() >= count).then_some(raised)
    })
    .await
}

async fn breach(leader: &Client, woman: Uuid) {
    let case = leader.open("legal", woman).await;
    leader.act("legal", &case, "report-order-breach", json!({})).await.ok();
}

/// The case was chosen, and the process died before it was opened; meanwhile a worker opened one that the rule would choose now.
#[tokio::test(flavor = "multi_thread")]
async fn an_order_whose_case_was_never_opened_is_not_lost() {
    let ground = Ground::start().await;
    let (_legal, safety) = (ground.serve("legal").await, ground.serve("safety").await);
    let (leader, woman) = (ground.leader(), Uuid::new_v4());
    let (pool, legal) = (ground.pool("livline_safety").await, ground.pool("livline_legal").await);
    let of_worker = leader.open("safety", woman).await;
    has_heard(&ground, "safety", RaiseAlerts::NAME, &["legal", "safety"]).await;
    safety.stop().await;
    breach(&leader, woman).await;
    let body: Value = sqlx::query_scalar("SELECT body FROM events WHERE event_type = 'OrderBreachReported'")
        .fetch_one(&legal)
        .await
        .unwrap();
    let body: kit::published::Body = serde_json::from_value(body).unwrap();
    let about = format!("{} {}", body.id, body.recordedtime.unix_timestamp_nanos());
    let key = derive_id(&["order", RaiseAlerts::NAME, &woman.to_string(), &about, "SafetyAlertRaised"]);
    let own = To::OwnCase.aggregate(RaiseAlerts::NAME, WomanId(woman), CENTRE);
    sqlx::query("INSERT INTO orders (policy, key, aggregate, mac) VALUES ($1, $2, $3, $4)")
        .bind(RaiseAlerts::NAME)
        .bind(key)
        .bind(own.0)
        .bind(orders::signature(&ground.signer("safety"), RaiseAlerts::NAME, key, own, None))
        .execute(&pool)
        .await
        .unwrap();
    let _safety = ground.serve("safety").await;
    assert_eq!(until_raised(&pool, 1).await, [own.to_string()]);
    assert_ne!(own.to_string(), of_worker);
    // The next one goes where a rule chooses now, her latest case.
    has_heard(&ground, "safety", RaiseAlerts::NAME, &["legal", "safety"]).await;
    breach(&leader, woman).await;
    assert_eq!(until_raised(&pool, 2).await.len(), 2);
    orders_noted(&pool).await;
}

/// One service's numbering begins anew: what a policy keeps of all of them is heard again from all, quiet ones too, and nothing that was
/// reacted to is reacted to once more. Meanwhile what it has heard counts as unknown.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_epoch_of_one_service_is_heard_from_all() {
    let ground = Ground::start().await;
    let services = ["people", "safety", "legal", "housing", "aftercare"];
    let mut running = Vec::new();
    // People runs beside them.
    for service in services.into_iter().skip(1) {
        running.push(ground.serve(service).await);
    }
    let (leader, woman) = (ground.leader(), Uuid::new_v4());
    let (pool, legal) = (ground.pool("livline_safety").await, ground.pool("livline_legal").await);
    // A protection that ends tomorrow, and a lease: nothing to be alarmed about, then or in a replay after it has ended.
    let case = leader.open("safety", woman).await;
    leader.act("safety", &case, "record-address-protection-grant", json!({ "children": "all" })).await.ok();
    // A rule hears its own service before others, but does not wait for it for long.
    has_heard(&ground, "safety", RaiseAlerts::NAME, &["safety"]).await;
    let home = leader.open("housing", woman).await;
    leader.act("housing", &home, "sign-lease", json!({})).await.ok();
    // The rule judges the lease before the protection is over.
    has_heard(&ground, "safety", RaiseAlerts::NAME, &services).await;
    leader.act("safety", &case, "expire-address-protection", json!({})).await.ok();
    breach(&leader, woman).await;
    until_raised(&pool, 1).await;
    has_heard(&ground, "safety", RaiseAlerts::NAME, &services).await;
    has_heard(&ground, "aftercare", aftercare::heard::KnowCourse::NAME, &KNOWN).await;

    let epoch: Uuid =
        sqlx::query_scalar("SELECT epoch FROM epochs ORDER BY ordinal DESC LIMIT 1").fetch_one(&legal).await.unwrap();
    sqlx::query("SELECT take_epoch($1)").bind(epoch).execute(&legal).await.unwrap();
    has_heard(&ground, "safety", RaiseAlerts::NAME, &services).await;
    has_heard(&ground, "aftercare", aftercare::heard::KnowCourse::NAME, &KNOWN).await;
    // Alerts are raised before the progress moves: there are no others to come.
    assert_eq!(raised(&pool).await.len(), 1, "the lease of long ago alarms nobody");
    // Heard all the same: what comes now is reacted to, with what was known before.
    breach(&leader, woman).await;
    assert_eq!(until_raised(&pool, 2).await.len(), 2);
}

/// While a policy is taking in what there was when it began, a rule that refuses by it refuses.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_known_whole_does_not_let_aftercare_end() {
    let ground = Ground::start().await;
    let (_housing, _legal, _safety) =
        (ground.serve("housing").await, ground.serve("legal").await, ground.serve("safety").await);
    let _aftercare = ground.serve("aftercare").await;
    let (leader, pool) = (ground.leader(), ground.pool("livline_aftercare").await);
    let policy = aftercare::heard::KnowCourse::NAME;
    has_heard(&ground, "aftercare", policy, &KNOWN).await;
    let case = leader.open("aftercare", Uuid::new_v4()).await;
    let ends = json!({ "reason": "completed" });
    let set = async |until: i64| {
        let set = "UPDATE progress SET until = $1 WHERE reader = $2 AND service = 'legal'";
        sqlx::query(set).bind(until).bind(policy).execute(&pool).await.unwrap();
    };
    set(1_000_000).await;
    assert_eq!(
        leader.act("aftercare", &case, "close-aftercare", ends.clone()).await.code(),
        "protection_without_owner"
    );
    // Nobody keeps her there when she is dead.
    set(0).await;
    leader.act("aftercare", &case, "close-aftercare", ends).await.ok();
}

/// What was heard of her does not open: what depends on it is refused, and nothing else is.
#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_open_keeps_nobody_from_being_helped() {
    let ground = Ground::start().await;
    let (_housing, _legal, _safety) =
        (ground.serve("housing").await, ground.serve("legal").await, ground.serve("safety").await);
    let _aftercare = ground.serve("aftercare").await;
    let (leader, woman, pool) = (ground.leader(), Uuid::new_v4(), ground.pool("livline_aftercare").await);
    let home = leader.open("housing", woman).await;
    leader.act("housing", &home, "move-in", json!({})).await.ok();
    let policy = aftercare::heard::KnowCourse::NAME;
    has_heard(&ground, "aftercare", policy, &KNOWN).await;
    // Another woman's row in its place.
    let moved = "UPDATE heard SET woman = $1 WHERE woman = $2";
    let other = Uuid::new_v4();
    let moved = sqlx::query(moved).bind(other).bind(woman).execute(&pool).await.unwrap();
    assert!(moved.rows_affected() > 0);
    let case = leader.open("aftercare", other).await;
    leader.act("aftercare", &case, "record-lifeline-call", json!({ "urgency": "urgent" })).await.ok();
    let refused = leader.act("aftercare", &case, "close-aftercare", json!({ "reason": "completed" })).await;
    assert_eq!(refused.code(), "protection_without_owner");
}

/// A case that does not read, or something of hers that does not, keeps her own events waiting and nobody else's.
#[tokio::test(flavor = "multi_thread")]
async fn one_womans_case_keeps_nobody_elses_alert() {
    let ground = Ground::start().await;
    let (_legal, safety) = (ground.serve("legal").await, ground.serve("safety").await);
    let (leader, hers, anothers) = (ground.leader(), Uuid::new_v4(), Uuid::new_v4());
    let pool = ground.pool("livline_safety").await;
    let case = leader.open("safety", hers).await;
    leader.act("safety", &case, "change-locks", json!({})).await.ok();
    has_heard(&ground, "safety", RaiseAlerts::NAME, &["legal", "safety"]).await;
    safety.stop().await;
    let newer = "UPDATE events SET event_version = '7', body = replace(body::text, 'LocksChanged.v1', 'LocksChanged.v7')::json WHERE event_type = 'LocksChanged'";
    ground.altered("safety", newer).await;
    breach(&leader, hers).await;
    breach(&leader, anothers).await;
    let _safety = ground.serve("safety").await;
    let raised = until_raised(&pool, 1).await;
    assert_ne!(raised, [case]);
    // The alert is stored before what the rule notes of its batch.
    let held = eventually("hers is held back", async || {
        let held = "SELECT woman, reason FROM held_back";
        let held: Vec<(Uuid, String)> = sqlx::query_as(held).fetch_all(&pool).await.unwrap();
        (!held.is_empty()).then_some(held)
    })
    .await;
    assert_eq!(held, [(hers, "case_does_not_read".to_owned())]);
}
