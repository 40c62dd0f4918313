//! What follows from events and from the calendar happens exactly once: across restarts, replays, replicas.

use aftercare::policy::OfferAftercare;
use engine::{clock::Clock, config::Settings, database, run::Domain};
use kit::Policy;
use livline_tests::{
    Client, Ground, Running, eventually,
    history::{assert_exact, has_heard, orders_noted},
};
use serde_json::{Value, json};
use sqlx::PgPool;
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};
use uuid::Uuid;

/// A clock that a test moves by whole days. It begins at noon: no day of 23 or 25 hours takes it to another one.
fn movable() -> (Clock, Arc<AtomicI64>) {
    let days = Arc::new(AtomicI64::new(0));
    let (system, moved) = (Clock::system(), days.clone());
    let to_noon = system.today().with_time(time::macros::time!(12:00)).assume_utc() - system.now();
    let clock = Clock::of(move || system.now() + to_noon + time::Duration::days(moved.load(Ordering::Relaxed)));
    (clock, days)
}

async fn count(pool: &PgPool, event: &str) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM events WHERE event_type = $1").bind(event).fetch_one(pool).await.unwrap()
}

async fn housing(ground: &Ground, settings: Settings) -> Running {
    let domain =
        Domain::<housing::case::Housing>::open(housing::contract().unwrap(), "housing", settings, ground.clock.clone());
    Running::start(domain.await.unwrap().policy::<housing::policy::LapseOffers>().unwrap().service()).await
}

fn in_days(days: i64) -> String {
    kit::Day::from(Clock::system().today().saturating_add(time::Duration::days(days))).to_string()
}

async fn offer(client: &Client, case: &str, answer_by: i64) -> Value {
    let answer = client.act("housing", case, "make-offer", json!({ "answer_by": in_days(answer_by) })).await.ok();
    answer.body["events"][0]["facts"]["offer"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_lapses_on_its_day_and_once() {
    let mut ground = Ground::start().await;
    let (clock, days) = movable();
    ground.clock = clock;
    ground.people().await;
    let settings = ground.settings("housing", &database::SERVICE).await;
    let mut replica = settings.clone();
    replica.listen = ground.address("madeup");
    let (first, second) = (housing(&ground, settings.clone()).await, housing(&ground, replica).await);
    let (leader, pool) = (ground.leader(), ground.pool("livline_housing").await);
    let case = leader.open("housing", Uuid::new_v4()).await;
    // The first lapses a day before the others could: it tells that the calendar has run that day.
    for days in [2, 3] {
        offer(&leader, &case, days).await;
    }
    let (answered, extended) = (offer(&leader, &case, 3).await, offer(&leader, &case, 3).await);
    offer(&leader, &case, 9).await;
    leader.act("housing", &case, "decline-offer", json!({ "offer": answered })).await.ok();
    leader
        .act("housing", &case, "extend-offer-answer", json!({ "offer": extended, "answer_by": in_days(6) }))
        .await
        .ok();
    // A reminder before the last day takes nothing from her.
    let path = format!("/v1/cases/{case}/make-offer");
    let early = json!({ "facts": { "answer_by": in_days(9) }, "due": in_days(1) });
    leader.post("housing", &path, "early", early).await.ok();

    let ran = async |to: i64, lapsed: i64| {
        days.store(to, Ordering::Relaxed);
        let what = format!("{lapsed} offers lapse by day {to}");
        eventually(&what, async || (count(&pool, "HousingOfferLapsed").await >= lapsed).then_some(())).await;
        assert_eq!(count(&pool, "HousingOfferLapsed").await, lapsed, "{what}, and no more");
    };
    // On the day itself the second can still be answered.
    ran(3, 1).await;
    ran(4, 2).await;
    ran(7, 3).await;
    first.stop().await;
    second.stop().await;
    // The process died between carrying orders out and noting it; what lapsed was heard since, and nobody asks for it again.
    sqlx::query("UPDATE orders SET outcome = NULL").execute(&pool).await.unwrap();
    let _again = housing(&ground, settings).await;
    ran(10, 5).await;
    // The calendar runs on, as the last offer shows: nothing of it happens twice, and nothing that was settled happens.
    offer(&leader, &case, 30).await;
    ran(40, 6).await;
    assert_exact(&pool).await;
    orders_noted(&pool).await;
    let state = leader.get("housing", &format!("/v1/cases/{case}")).await.ok().body;
    assert!(state["follow_ups"].as_object().unwrap().values().all(|follow_up| follow_up["open"] == false));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_makes_aftercare_offer_itself_once() {
    let ground = Ground::start().await;
    let _housing = ground.housing().await;
    let mut aftercare = ground.aftercare().await;
    let (leader, theirs) = (ground.leader(), ground.pool("livline_aftercare").await);
    let until = async |offers: i64| {
        eventually(&format!("{offers} offers of aftercare"), async || {
            (count(&theirs, "AftercareOffered").await == offers).then_some(())
        })
        .await;
    };
    // The policy starts with what happens from now on.
    has_heard(&ground, "aftercare", OfferAftercare::NAME, OfferAftercare::HEARS).await;
    let (mut cases, mut last) = (Vec::new(), Uuid::nil());
    for _ in 0..3 {
        last = Uuid::new_v4();
        let case = leader.open("housing", last).await;
        leader.act("housing", &case, "move-in", json!({})).await.ok();
        cases.push(case);
    }
    until(3).await;
    // Stopped while somebody moves; and made to hear everything again.
    aftercare.stop().await;
    let case = leader.open("housing", Uuid::new_v4()).await;
    leader.act("housing", &case, "move-in", json!({})).await.ok();
    aftercare = ground.aftercare().await;
    until(4).await;
    let offered: String = sqlx::query_scalar("SELECT aggregate_id FROM aggregates WHERE woman = $1")
        .bind(last)
        .fetch_one(&theirs)
        .await
        .unwrap();
    leader.act("aftercare", &offered, "decline-aftercare", json!({})).await.ok();
    aftercare.stop().await;
    // Even where nobody remembers what was dealt with, and one of them has said no meanwhile: the key is the order's own.
    for table in ["heard", "orders"] {
        sqlx::query(&format!("DELETE FROM {table}")).execute(&theirs).await.unwrap();
    }
    sqlx::query("UPDATE progress SET number = 0, since = 0").execute(&theirs).await.unwrap();
    let _aftercare = ground.aftercare().await;
    let case = leader.open("housing", Uuid::new_v4()).await;
    leader.act("housing", &case, "move-in", json!({})).await.ok();
    until(5).await;
    let opened = count(&theirs, "CaseOpened").await;
    assert_eq!(opened, 5, "one case a woman");
    assert_exact(&theirs).await;
    // A second move of the same woman asks again only where the first offer was answered.
    leader.act("housing", &cases[0], "move-in", json!({})).await.ok();
    let case = leader.open("housing", Uuid::new_v4()).await;
    leader.act("housing", &case, "move-in", json!({})).await.ok();
    until(6).await;
    assert_eq!(count(&theirs, "CaseOpened").await, 6);
}

/// A woman registered over HTTP, who stays here from now on; she, and her stay.
async fn stays(client: &Client) -> (Uuid, Value) {
    let registered = client.post("people", "/v1/women", &Uuid::new_v4().to_string(), json!({})).await.ok();
    let woman = registered.text("id").parse().unwrap();
    let started = client.act_for(woman, "start-stay", json!({})).await.ok();
    (woman, started.body["events"][0]["facts"]["stay"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_stay_makes_aftercare_offer_itself_once() {
    let ground = Ground::start().await;
    let _housing = ground.housing().await;
    let mut aftercare = ground.aftercare().await;
    let (leader, theirs) = (ground.leader(), ground.pool("livline_aftercare").await);
    let policy = aftercare::policy::OfferAftercare::NAME;
    let heard = async || has_heard(&ground, "aftercare", policy, &["people", "housing", "aftercare"]).await;
    heard().await;
    let offers = async |woman: Uuid| -> Vec<String> {
        let offers = "SELECT e.aggregate_id FROM events e JOIN aggregates a USING (aggregate_type, aggregate_id)
                      WHERE e.event_type = 'AftercareOffered' AND a.woman = $1";
        sqlx::query_scalar(offers).bind(woman).fetch_all(&theirs).await.unwrap()
    };
    let offered =
        async |woman: Uuid| eventually("aftercare is offered", async || offers(woman).await.into_iter().next()).await;
    let (woman, stay) = stays(&leader).await;
    let ended = leader.act_for(woman, "end-stay", json!({ "moved_to": "new_home" })).await.ok();
    let case = offered(woman).await;
    let shown = eventually("she is the centre's again", async || {
        let shown = leader.get("aftercare", &format!("/v1/cases/{case}")).await;
        shown.status.is_success().then_some(shown.body)
    })
    .await;
    assert_eq!(shown["follow_ups"]["aftercare/answer"]["open"], true);
    // It ended in error, and ends once more; and she moves into the home: one offer is enough.
    let back = json!({ "version": ended.body["version"] });
    leader.act_for(woman, "record-in-error", back).await.ok();
    leader.act_for(woman, "end-stay", json!({ "stay": stay })).await.ok();
    let home = leader.open("housing", woman).await;
    leader.act("housing", &home, "move-in", json!({})).await.ok();
    heard().await;
    assert_eq!(offers(woman).await, std::slice::from_ref(&case));
    // Nor does anything offer more to her who said yes, though a worker opened another case meanwhile.
    leader.act("aftercare", &case, "accept-aftercare", json!({})).await.ok();
    leader.open("aftercare", woman).await;
    heard().await;
    leader.act("housing", &home, "move-in", json!({})).await.ok();
    leader.act_for(woman, "start-stay", json!({})).await.ok();
    leader.act_for(woman, "end-stay", json!({})).await.ok();
    heard().await;
    assert_eq!(offers(woman).await, std::slice::from_ref(&case));

    // Who died is offered nothing.
    let (died, _) = stays(&leader).await;
    leader.act_for(died, "record-death", json!({})).await.ok();
    leader.act_for(died, "end-stay", json!({})).await.ok();
    // Stopped while somebody leaves; and made to hear everything again.
    heard().await;
    aftercare.stop().await;
    let (other, _) = stays(&leader).await;
    leader.act_for(other, "end-stay", json!({})).await.ok();
    aftercare = ground.aftercare().await;
    offered(other).await;
    heard().await;
    aftercare.stop().await;
    for table in ["heard", "orders"] {
        sqlx::query(&format!("DELETE FROM {table} WHERE policy = $1")).bind(policy).execute(&theirs).await.unwrap();
    }
    sqlx::query("UPDATE progress SET number = 0, since = 0 WHERE reader = $1")
        .bind(policy)
        .execute(&theirs)
        .await
        .unwrap();
    let _aftercare = ground.aftercare().await;
    let (last, _) = stays(&leader).await;
    leader.act_for(last, "end-stay", json!({})).await.ok();
    offered(last).await;
    heard().await;
    assert_eq!(offers(woman).await, [case]);
    assert_eq!((offers(died).await.len(), offers(other).await.len(), offers(last).await.len()), (0, 1, 1));
    assert_exact(&theirs).await;
}

/// Who tells a worker that a contact was not confirmed is people, over HTTP through everything.
#[tokio::test(flavor = "multi_thread")]
async fn a_contact_is_warned_about_until_she_has_confirmed_one() {
    let ground = Ground::start().await;
    let _aftercare = ground.aftercare().await;
    let (leader, woman) = (ground.leader(), Uuid::new_v4());
    let case = leader.open("aftercare", woman).await;
    let heard = async || {
        let (policy, hears) = (aftercare::heard::KnowCourse::NAME, ["people"]);
        has_heard(&ground, "aftercare", policy, &hears).await;
    };
    let warned = async || {
        let answer = leader.act("aftercare", &case, "make-contact", json!({})).await.ok();
        answer.body["warnings"].as_array().unwrap().iter().any(|warning| warning["code"] == "contact_not_confirmed")
    };
    assert!(warned().await);
    // Nothing is known whole while other services have not been heard.
    let _others = [ground.serve("safety").await, ground.serve("legal").await, ground.serve("housing").await];
    has_heard(&ground, "aftercare", aftercare::heard::KnowCourse::NAME, aftercare::heard::KnowCourse::HEARS).await;
    leader.act_for(woman, "agree-safe-contact", json!({ "channel": "phone" })).await.ok();
    heard().await;
    assert!(!warned().await);
    leader.act_for(woman, "start-stay", json!({})).await.ok();
    leader.act_for(woman, "end-stay", json!({})).await.ok();
    heard().await;
    assert!(warned().await, "whoever moves may have lost the phone");
}
