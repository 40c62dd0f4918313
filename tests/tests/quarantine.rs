//! What cannot be applied waits, tells so, and goes on where it stopped once what was the matter is mended: nothing skipped, nothing twice.

use engine::quarantine::{self, Held};
use kit::Policy;
use livline_tests::{
    Client, Ground, eventually,
    history::{assert_equal_to_a_rebuild, caught_up, has_heard},
    process::Process,
};
use safety::policy::RaiseAlerts;
use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

const PROGRAM: &str = env!("CARGO_BIN_EXE_program");

async fn held(pool: &PgPool) -> Vec<Held> {
    quarantine::list(&mut pool.acquire().await.unwrap()).await.unwrap()
}

fn numbers(held: &[Held]) -> Vec<(u64, &str)> {
    held.iter().map(|held| (held.number, held.reason.as_str())).collect()
}

async fn ask_again(pool: &PgPool, held: &Held) {
    quarantine::ask_again(&mut pool.acquire().await.unwrap(), held).await.unwrap();
}

/// Until the readers have tried what was marked.
async fn tried(pool: &PgPool) -> Vec<Held> {
    eventually("it is tried again", async || {
        let held = held(pool).await;
        held.iter().all(|held| !held.retry).then_some(held)
    })
    .await
}

async fn offer(leader: &Client, case: &str, rent: u32) -> String {
    leader.act("housing", case, "make-offer", json!({ "rent": rent })).await.ok().text("position")
}

/// One kind of event that the timeline cannot take, as a fault of a new version would be.
async fn break_the_timeline(rows: &PgPool) {
    let broken = "ALTER TABLE entries ADD CONSTRAINT broken CHECK (body->>'type' NOT LIKE '%OfferMade%') NOT VALID";
    sqlx::query(broken).execute(rows).await.unwrap();
}

async fn mend(rows: &PgPool) {
    sqlx::query("ALTER TABLE entries DROP CONSTRAINT broken").execute(rows).await.unwrap();
}

/// Two replicas of a timeline, and a writer who goes on all the while.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_mended_goes_on_where_it_stopped() {
    let ground = Ground::start().await;
    let _housing = ground.housing().await;
    let settings = ground.settings("timeline", &timeline::TABLES).await;
    let mut second = settings.clone();
    second.listen = ground.address("madeup");
    let _replicas: [Process; 2] = [
        ground.process(PROGRAM, "timeline", &settings, "off").await,
        ground.process(PROGRAM, "timeline", &second, "off").await,
    ];
    let (leader, hers, anothers) = (ground.leader(), Uuid::new_v4(), Uuid::new_v4());
    let (pool, rows) = (ground.pool("livline_housing").await, ground.pool("livline_timeline").await);
    let (case, other) = (leader.open("housing", hers).await, leader.open("housing", anothers).await);
    caught_up(&rows, "housing", &pool).await;
    break_the_timeline(&rows).await;
    offer(&leader, &case, 1).await;
    leader.act("housing", &case, "assess-need", json!({ "persons": 2 })).await.ok();
    leader.act("housing", &other, "assess-need", json!({ "persons": 3 })).await.ok();
    caught_up(&rows, "housing", &pool).await;
    let waiting = held(&rows).await;
    assert_eq!(numbers(&waiting), [(3, "cannot_be_applied"), (4, "waits")]);
    let course = leader.get("timeline", &format!("/v1/women/{hers}/timeline")).await.ok().body;
    assert_eq!(course["held_back"], json!(["housing"]));
    let course = leader.get("timeline", &format!("/v1/women/{anothers}/timeline")).await.ok().body;
    assert_eq!(course["held_back"], json!([]));

    // Not mended yet: it is tried, and waits on.
    ask_again(&rows, &waiting[1]).await;
    assert_eq!(numbers(&tried(&rows).await), [(3, "cannot_be_applied"), (4, "waits")]);

    // Mended, and tried again while more of hers is recorded.
    mend(&rows).await;
    let writing = tokio::spawn({
        let (leader, case) = (leader.clone(), case.clone());
        async move {
            let mut last = String::new();
            for rent in 0..60 {
                last = offer(&leader, &case, rent).await;
            }
            last
        }
    });
    eventually("more of hers waits", async || (held(&rows).await.len() > 3).then_some(())).await;
    ask_again(&rows, &waiting[0]).await;
    assert_eq!(tried(&rows).await, []);
    let course = leader.course(hers, &writing.await.unwrap()).await;
    assert_eq!(course["held_back"], json!([]));
    assert_equal_to_a_rebuild(&ground, &rows, &[("housing", &pool)]).await;
}

/// A policy reacts to what it could not hear before, once.
#[tokio::test(flavor = "multi_thread")]
async fn an_alert_that_could_not_be_raised_is_raised_once() {
    let ground = Ground::start().await;
    let (_legal, safety) = (ground.serve("legal").await, ground.serve("safety").await);
    let (leader, woman, pool) = (ground.leader(), Uuid::new_v4(), ground.pool("livline_safety").await);
    let case = leader.open("safety", woman).await;
    leader.act("safety", &case, "change-locks", json!({})).await.ok();
    has_heard(&ground, "safety", RaiseAlerts::NAME, &["legal", "safety"]).await;
    safety.stop().await;
    // What is published stays as it is: else it would be another history.
    let becomes = async |version: &str| {
        let becomes = "UPDATE events SET event_version = $1 WHERE event_type = 'LocksChanged'";
        sqlx::query(becomes).bind(version).execute(&pool).await.unwrap();
        ground.sign_again("safety").await;
    };
    becomes("7").await;
    let legal = leader.open("legal", woman).await;
    for _ in 0..2 {
        leader.act("legal", &legal, "report-order-breach", json!({})).await.ok();
    }
    let safety = ground.serve("safety").await;
    let waiting = eventually("both are held back", async || {
        let held = held(&pool).await;
        (held.len() == 2).then_some(held)
    })
    .await;
    assert_eq!(numbers(&waiting), [(2, "case_does_not_read"), (3, "waits")]);
    let raised = async || -> i64 {
        let raised = "SELECT count(*) FROM events WHERE event_type = 'SafetyAlertRaised'";
        sqlx::query_scalar(raised).fetch_one(&pool).await.unwrap()
    };
    let url = format!("{}/metrics", ground.services["safety"]);
    eventually("a metric tells", async || {
        let text =
            reqwest::Client::builder().no_proxy().build().ok()?.get(&url).send().await.ok()?.text().await.ok()?;
        text.contains("livline_held_back{name=\"raise-alerts/legal\"} 2").then_some(())
    })
    .await;
    ask_again(&pool, &waiting[0]).await;
    assert_eq!((tried(&pool).await.len(), raised().await), (2, 0), "the case still does not read");
    // While it runs it would see a history that is changed and not signed yet.
    safety.stop().await;
    becomes("1").await;
    let _safety = ground.serve("safety").await;
    ask_again(&pool, &waiting[0]).await;
    assert_eq!((tried(&pool).await, raised().await), (vec![], 2));
    // Marked once more there is nothing, and nothing comes of it.
    ask_again(&pool, &waiting[0]).await;
    leader.act("legal", &legal, "report-order-breach", json!({})).await.ok();
    has_heard(&ground, "safety", RaiseAlerts::NAME, &["legal", "safety"]).await;
    assert_eq!(raised().await, 3);
}

/// The alert that operators are woken by names metrics that there are.
#[test]
fn the_rules_of_deploy_name_metrics_that_there_are() {
    let text = include_str!("../../deploy/alerts.yml");
    let rules: serde_json::Value = serde_yaml_ng::from_str(text).unwrap();
    let metrics = engine::metrics::Metrics::default();
    // One of a family shows once there is one.
    drop(metrics.held_back.get_or_create(&engine::metrics::Named { name: "timeline/housing".into() }));
    drop(metrics.forged.get_or_create(&engine::metrics::Named { name: "event".into() }));
    metrics.calendar_ran("lapse-offers", time::OffsetDateTime::UNIX_EPOCH);
    let told = metrics.text();
    let rules: Vec<_> =
        rules["groups"].as_array().unwrap().iter().flat_map(|group| group["rules"].as_array().unwrap()).collect();
    assert!(rules.iter().any(|rule| rule["expr"].as_str().unwrap().contains("livline_held_back")));
    for rule in rules {
        assert!(rule["alert"].is_string() && rule["annotations"]["summary"].is_string());
        let words =
            rule["expr"].as_str().unwrap().split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
        for name in words.filter(|word| word.starts_with("livline_")) {
            let name = name.trim_end_matches("_total");
            assert!(told.contains(&format!("# TYPE {name} ")), "there is no metric {name}");
        }
    }
}
