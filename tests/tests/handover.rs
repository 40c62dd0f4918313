//! The move to another centre as somebody would abuse it, and as it is meant.

use engine::clock::Clock;
use kit::{CentreId, access::Role};
use livline_tests::{Answer, CENTRE, Client, Ground, OTHER_CENTRE, Running, eventually};
use serde_json::{Value, json};
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};
use uuid::Uuid;

fn contracts() -> Vec<kit::contract::Contract> {
    livline_tests::runs::contracts().into_iter().map(|(_, contract)| contract).collect()
}

struct House {
    ground: Ground,
    _running: Vec<Running>,
    old: Client,
    new: Client,
    days: Arc<AtomicI64>,
}

impl House {
    async fn new() -> Self {
        let mut ground = Ground::start().await;
        let days = Arc::new(AtomicI64::new(0));
        let moved = days.clone();
        ground.clock = Clock::of(move || Clock::system().now() + time::Duration::days(moved.load(Ordering::Relaxed)));
        let running = vec![ground.housing().await, ground.timeline(contracts()).await];
        let (old, new) =
            (ground.leader().named("l-old"), ground.client(Role::Leader, Some(OTHER_CENTRE)).named("l-new"));
        old.employ(&["w-contact", "w-temp"]).await;
        new.found().await;
        Self { ground, _running: running, old, new, days }
    }

    fn worker(&self, name: &str) -> Client {
        self.ground.client(Role::Worker, Some(CENTRE)).named(name)
    }

    /// A woman who lives at the old centre, with a contact person, and a case at housing with a place in it.
    async fn hers(&self) -> (Uuid, String) {
        let answer = self.old.post("people", "/v1/women", &Uuid::new_v4().to_string(), json!({})).await.ok();
        let woman: Uuid = answer.text("id").parse().unwrap();
        let tie = json!({ "worker": "w-contact", "role": "contact_person" });
        self.old.act_for(woman, "assign-worker", tie).await.ok();
        self.old.act_for(woman, "start-stay", json!({ "centre": "Kanariehuset" })).await.ok();
        let case = eventually("housing has heard", async || {
            let body = json!({ "woman": woman });
            let answer = self.old.post("housing", "/v1/cases", &Uuid::new_v4().to_string(), body).await;
            answer.status.is_success().then(|| answer.text("id"))
        })
        .await;
        self.old.act("housing", &case, "place-pet", json!({ "place": "Hundepensionen" })).await.ok();
        let made = self.old.act("housing", &case, "make-offer", json!({ "answer_by": "2099-01-01" })).await.ok();
        self.old.course(woman, &made.text("position")).await;
        (woman, case)
    }

    /// Offers her; which coming it would be.
    async fn offer(&self, woman: Uuid, facts: Value) -> String {
        let offered = self.old.act_for(woman, "offer-relocation", facts).await.ok();
        offered.body["events"][0]["facts"]["arrival"].as_str().unwrap().to_owned()
    }

    /// As it is listed at the new centre.
    async fn listed(&self, arrival: &str) -> Option<Value> {
        let list = self.new.get("people", "/v1/arrivals").await.ok().body;
        list["arrivals"].as_array().unwrap().iter().find(|row| row["arrival"] == json!(arrival)).cloned()
    }

    async fn answer(&self, arrival: &str, answer: &str) -> Answer {
        let path = format!("/v1/arrivals/{arrival}/{answer}");
        self.new.post("people", &path, &Uuid::new_v4().to_string(), json!({})).await
    }

    /// She lives at the old centre: whoever is near her there reads her, and the new centre nothing.
    async fn stays(&self, woman: Uuid) {
        let (contact, course) = (self.worker("w-contact"), format!("/v1/women/{woman}/timeline"));
        let her = contact.get("people", &format!("/v1/women/{woman}")).await.ok();
        assert_eq!(her.body["state"]["stays"].as_object().unwrap().len(), 1);
        let shown = contact.get("timeline", &course).await.ok().body.to_string();
        assert!(shown.contains("Hundepensionen") && !shown.contains("CentreRelocated"));
        let nobody = self.new.get("people", &format!("/v1/women/{}", Uuid::new_v4())).await;
        for (service, path) in [("people", format!("/v1/women/{woman}")), ("timeline", course)] {
            let answer = self.new.get(service, &path).await;
            assert_eq!((answer.status.as_u16(), answer.body), (404, nobody.body.clone()), "{service}");
        }
        let follow_ups = self.new.get("timeline", "/v1/follow-ups").await.ok().body;
        assert!(!follow_ups.to_string().contains(&woman.to_string()));
    }
}

async fn until(client: &Client, service: &str, path: &str, is: impl Fn(&Answer) -> bool) -> Answer {
    eventually(path, async || Some(client.get_once(service, path).await).filter(|answer| is(answer))).await
}

/// A worker without a tie moved her to a friend's centre with everything; a temp to a random id, where her stay ended and nobody
/// received her.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_without_a_right_moves_her_and_nobody_to_nowhere() {
    let house = House::new().await;
    let (woman, _) = house.hers().await;
    let at = kit::calendar::in_copenhagen_time(house.ground.clock.now() + time::Duration::hours(8));
    let until_then = format!("{}T{:02}:{:02}", kit::Day::from(at.date()), at.hour(), at.minute());
    let duty = json!({ "facts": { "worker": "w-temp", "kind": "temp", "until": until_then } });
    house.old.post("people", "/v1/duties", "temp", duty).await.ok();
    let temp = house.ground.client(Role::Temp, Some(CENTRE)).named("w-temp");
    until(&temp, "people", &format!("/v1/women/{woman}"), |answer| answer.status == 200).await;
    for client in [&house.worker("w-9"), &temp] {
        for (action, code) in [("relocate-to-centre", "needs_leader"), ("offer-relocation", "needs_close")] {
            let refused = client.act_for(woman, action, json!({ "to": OTHER_CENTRE, "along": "all" })).await;
            assert_eq!((refused.status.as_u16(), refused.code()), (403, code), "{action}");
        }
    }
    let alone = house.old.act_for(woman, "relocate-to-centre", json!({ "to": OTHER_CENTRE, "along": "all" })).await;
    assert_eq!((alone.status.as_u16(), alone.code()), (409, "not_accepted"));
    house.stays(woman).await;
    // To a centre that is none she is not even offered.
    let nowhere = house.old.act_for(woman, "offer-relocation", json!({ "to": Uuid::new_v4(), "along": "all" })).await;
    assert_eq!((nowhere.status.as_u16(), nowhere.code()), (409, "unknown_centre"));
    // Offered to one that is another's, nobody here accepts for it.
    let third = house.ground.client(Role::Leader, Some(CentreId(Uuid::new_v4())));
    third.found().await;
    let arrival = house.offer(woman, json!({ "to": third.centre(), "along": "all" })).await;
    assert_eq!(house.answer(&arrival, "accept").await.status, 404);
    house.stays(woman).await;
    let withdrawn = json!({ "arrival": arrival });
    house.old.act_for(woman, "withdraw-relocation-offer", withdrawn).await.ok();
    house.stays(woman).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn until_somebody_accepts_there_is_an_alias_and_a_day() {
    let house = House::new().await;
    let (woman, case) = house.hers().await;
    let alias = house.old.get("people", &format!("/v1/women/{woman}/alias")).await.ok().body["alias"].clone();
    // What would go along is shown before it is sent: kinds and numbers.
    let preview = async |along: &str| {
        let path = format!("/v1/women/{woman}/relocation-preview?along={along}");
        house.old.get("timeline", &path).await.ok().body
    };
    let all = preview("all").await;
    assert!(all["entries"].as_array().unwrap().iter().any(|kind| kind["event"] == "PetPlaced" && kind["count"] == 1));
    assert!(all["open"].to_string().contains("answer_offer") && !all.to_string().contains("Hundepensionen"));
    let less = preview("open_tasks_and_safety").await;
    assert!(!less["entries"].to_string().contains("PetPlaced") && less["open"].to_string().contains("answer_offer"));
    let none = preview("nothing").await;
    assert_eq!((&none["entries"], &none["open"]), (&json!([]), &json!([])));
    assert_eq!(house.new.get("timeline", &format!("/v1/women/{woman}/relocation-preview")).await.status, 404);

    let facts = json!({ "to": OTHER_CENTRE, "along": "all", "day": "2099-01-04" });
    let arrival = house.offer(woman, facts).await;
    let told = eventually("she is offered there", async || house.listed(&arrival).await).await;
    let expected = json!({
        "arrival": arrival, "alias": alias, "along": "all", "day": "2099-01-04",
        "answer_by": kit::Day::from(house.ground.clock.today()),
    });
    assert_eq!(told, expected, "and nothing more");
    house.stays(woman).await;
    let second = house.old.act_for(woman, "offer-relocation", json!({ "to": OTHER_CENTRE })).await;
    assert_eq!((second.status.as_u16(), second.code()), (409, "offered_already"));
    // Those who answer there read and answer, nobody else, and no other centre.
    for (role, code) in [
        (Role::Worker, "needs_answers"),
        (Role::Temp, "forbidden"),
        (Role::Volunteer, "forbidden"),
        (Role::Secretariat, "forbidden"),
    ] {
        let client = house.ground.client(role, Some(OTHER_CENTRE)).named("w-5");
        for answer in [
            client.get("people", "/v1/arrivals").await,
            client.post("people", &format!("/v1/arrivals/{arrival}/accept"), "k", json!({})).await,
            client.post("people", &format!("/v1/arrivals/{arrival}/decline"), "k", json!({})).await,
        ] {
            assert_eq!((answer.status.as_u16(), answer.code()), (403, code), "{role:?}");
        }
    }
    let third = house.ground.client(Role::Leader, Some(kit::CentreId(Uuid::from_u128(0xc3))));
    assert_eq!(third.get("people", "/v1/arrivals").await.ok().body, json!({ "arrivals": [] }));
    assert_eq!(third.post("people", &format!("/v1/arrivals/{arrival}/accept"), "k", json!({})).await.status, 404);
    assert_eq!(house.old.post("people", &format!("/v1/arrivals/{arrival}/accept"), "k", json!({})).await.status, 404);
    house.stays(woman).await;

    let key = Uuid::new_v4().to_string();
    let path = format!("/v1/arrivals/{arrival}/accept");
    let accepted = house.new.post("people", &path, &key, json!({})).await.ok();
    assert_eq!(accepted.text("woman"), woman.to_string());
    assert_eq!(
        house.new.post("people", &path, &key, json!({})).await.ok().body,
        accepted.body,
        "once more, it is the same"
    );
    let course = format!("/v1/women/{woman}/timeline");
    let seen =
        until(&house.new, "timeline", &course, |answer| answer.body.to_string().contains("RelocationReceived")).await;
    let shown = seen.body.to_string();
    assert!(shown.contains("PetPlaced") && shown.contains("l-new"), "who accepted is told there");
    assert!(house.listed(&arrival).await.is_none());
    // No place of the old centre went along.
    assert!(!shown.contains("Hundepensionen") && !shown.contains("Kanariehuset"), "{shown}");
    let pet =
        seen.body["entries"].as_array().unwrap().iter().find(|entry| entry["event"] == "PetPlaced").unwrap().clone();
    assert!(pet["facts"].as_array().unwrap().iter().all(|fact| fact["class"] != "location" || fact["masked"] == true));
    until(&house.worker("w-contact"), "people", &format!("/v1/women/{woman}"), |answer| answer.status == 404).await;
    // A stay that somebody whom she left makes up is refused, and shows them nothing of where she went.
    let stays = async || {
        let events = house.new.get("people", &format!("/v1/women/{woman}/events")).await.ok().body.to_string();
        events.matches("StayStarted").count()
    };
    let before = stays().await;
    for name in ["w-contact", "w-9"] {
        for facts in [json!({}), json!({ "stay": Uuid::new_v4(), "centre": "Opdigtet" })] {
            let made_up = house.worker(name).act_for(woman, "start-stay", facts).await;
            assert_eq!(made_up.status, 404, "{name} {}", made_up.body);
        }
        for (service, path) in [("people", format!("/v1/women/{woman}")), ("timeline", course.clone())] {
            until(&house.worker(name), service, &path, |answer| answer.status == 404).await;
        }
    }
    assert_eq!(stays().await, before);
    // And what the new centre records has its places.
    house.new.act_for(woman, "start-stay", json!({ "centre": "Nyhuset" })).await.ok();
    until(&house.new, "timeline", &course, |answer| answer.body.to_string().contains("Nyhuset")).await;
    // A friend there takes the coming back: what came along of conflicts would be gone with it.
    let events = house.new.get("people", &format!("/v1/women/{woman}/events")).await.ok().body;
    let of = |body: &&Value| body["type"].as_str().unwrap().contains("RelocationReceived");
    let version = events["events"].as_array().unwrap().iter().find(of).unwrap()["version"].clone();
    let friend = house.ground.client(Role::Worker, Some(OTHER_CENTRE)).named("w-5");
    for client in [&friend, &house.new] {
        let back = client.act_for(woman, "record-in-error", json!({ "version": version })).await;
        assert_eq!((back.status.as_u16(), back.code()), (409, "not_correctable"));
    }
    drop(case);
}

#[tokio::test(flavor = "multi_thread")]
async fn declined_or_unanswered_is_an_alert_where_she_is() {
    let house = House::new().await;
    let (woman, _) = house.hers().await;
    let open = async |what: &str| {
        let list = house.old.get("timeline", "/v1/follow-ups?responsible=nobody").await.ok().body;
        list["follow_ups"].as_array().unwrap().iter().any(|row| row["woman"] == json!(woman) && row["what"] == what)
    };
    let arrival = house.offer(woman, json!({ "to": OTHER_CENTRE })).await;
    eventually("she is offered there", async || house.listed(&arrival).await).await;
    house.days.fetch_add(1, Ordering::Relaxed);
    eventually("that nobody answers is told", async || open("call_other_centre").await.then_some(())).await;
    house.stays(woman).await;
    house.answer(&arrival, "decline").await.ok();
    eventually("that it is declined is told", async || open("find_another_centre").await.then_some(())).await;
    assert!(!open("call_other_centre").await && house.listed(&arrival).await.is_none());
    let course = house.old.get("timeline", &format!("/v1/women/{woman}/timeline")).await.ok().body;
    for event in ["RelocationUnanswered", "RelocationDeclined"] {
        let entries = course["entries"].as_array().unwrap();
        let told: Vec<_> = entries.iter().filter(|entry| entry["event"] == event).collect();
        assert_eq!((told.len(), &told[0]["weight"]), (1, &json!("alert")), "{event}");
    }
    house.stays(woman).await;
    assert_eq!(house.answer(&arrival, "accept").await.code(), "second_outcome");
}

/// Nobody accepts her who died or was forgotten while another centre was asked: it is not asked any more, and nothing waits there.
#[tokio::test(flavor = "multi_thread")]
async fn a_death_or_an_erasure_ends_the_offer() {
    let house = House::new().await;
    let _protect = [house.ground.serve("safety").await, house.ground.serve("legal").await];
    let pool = house.ground.pool("livline_people").await;
    let ended = async |woman: Uuid| {
        let ended = "SELECT count(*) FROM events e JOIN aggregates a USING (aggregate_type, aggregate_id)
                     WHERE a.woman = $1 AND a.centre = $2 AND e.event_type = 'ArrivalOfferEnded'";
        sqlx::query_scalar::<_, i64>(ended).bind(woman).bind(OTHER_CENTRE.0).fetch_one(&pool).await.unwrap()
    };
    for forgotten in [false, true] {
        let (woman, _) = house.hers().await;
        let arrival = house.offer(woman, json!({ "to": OTHER_CENTRE, "along": "all" })).await;
        eventually("she is offered there", async || house.listed(&arrival).await).await;
        if forgotten {
            let asked = house.old.clone().named("l-asked");
            let asked = asked.act_for(woman, "request-erasure", json!({ "recognised": "meeting" })).await.ok();
            let erasure = json!({ "erasure": asked.body["events"][0]["facts"]["erasure"] });
            house.days.fetch_add(14, Ordering::Relaxed);
            eventually("it is approved", async || {
                house.old.act_for(woman, "approve-erasure", erasure.clone()).await.status.is_success().then_some(())
            })
            .await;
            eventually("her keys are gone", async || house.ground.key_bytes(woman).await.0.is_empty().then_some(()))
                .await;
        } else {
            house.old.act_for(woman, "record-death", json!({})).await.ok();
        }
        assert!(house.listed(&arrival).await.is_none(), "{forgotten}");
        assert_eq!(house.answer(&arrival, "accept").await.code(), "not_offered", "{forgotten}");
        eventually("it is not asked any more", async || (ended(woman).await > 0).then_some(())).await;
        assert_eq!(ended(woman).await, 1);
        let nothing = async || {
            let waits = house.new.get("timeline", "/v1/follow-ups?responsible=nobody").await.ok().body;
            (!waits.to_string().contains(&woman.to_string())).then_some(())
        };
        eventually("nothing waits there", nothing).await;
        assert_eq!(house.new.get("people", &format!("/v1/women/{woman}")).await.status, 404);
    }
}

/// Withdrawn and accepted at the same time: one of them, and both sides see which.
#[tokio::test(flavor = "multi_thread")]
async fn withdrawn_and_accepted_at_once_is_one_of_them() {
    let house = House::new().await;
    for turn in 0..6 {
        let (woman, _) = house.hers().await;
        let arrival = house.offer(woman, json!({ "to": OTHER_CENTRE, "along": "all" })).await;
        eventually("she is offered there", async || house.listed(&arrival).await).await;
        let withdraws = house.old.act_for(woman, "withdraw-relocation-offer", json!({ "arrival": arrival }));
        let (withdrawn, accepted) = if turn == 0 {
            (withdraws.await, house.answer(&arrival, "accept").await)
        } else {
            tokio::join!(withdraws, house.answer(&arrival, "accept"))
        };
        let course = format!("/v1/women/{woman}/timeline");
        if accepted.status.is_success() {
            assert_eq!((withdrawn.status.as_u16(), withdrawn.code()), (409, "second_outcome"));
            until(&house.new, "timeline", &course, |answer| answer.body.to_string().contains("PetPlaced")).await;
            until(&house.worker("w-contact"), "timeline", &course, |answer| answer.status == 404).await;
        } else {
            withdrawn.ok();
            assert_eq!((accepted.status.as_u16(), accepted.code()), (409, "second_outcome"));
            house.stays(woman).await;
        }
        assert!(house.listed(&arrival).await.is_none());
    }
}

/// Whoever offers chooses no id, and so gives no two women the same: it would be answered for the wrong one.
#[tokio::test(flavor = "multi_thread")]
async fn no_offer_is_given_the_id_of_another() {
    let house = House::new().await;
    let (first, _) = house.hers().await;
    let before = house.offer(first, json!({ "to": OTHER_CENTRE })).await;
    let (second, _) = house.hers().await;
    let after = house.offer(second, json!({ "to": OTHER_CENTRE, "arrival": before })).await;
    assert_ne!(after, before);
    for arrival in [&before, &after] {
        eventually("she is offered there", async || house.listed(arrival).await).await;
    }
    assert_eq!(house.answer(&after, "accept").await.ok().text("woman"), second.to_string());
}

/// An arrival that does not read hides itself alone.
#[tokio::test(flavor = "multi_thread")]
async fn one_arrival_that_does_not_read_hides_itself_alone() {
    let house = House::new().await;
    let mut offers = Vec::new();
    for _ in 0..3 {
        let (woman, _) = house.hers().await;
        let arrival = house.offer(woman, json!({ "to": OTHER_CENTRE })).await;
        eventually("she is offered there", async || house.listed(&arrival).await).await;
        offers.push((woman, arrival));
    }
    let pool = house.ground.pool("livline_people").await;
    let [(unread, first), (changed, second), (_, third)] = offers.as_slice() else { panic!() };
    // One says no id, and is not as it was stored; another's relation is not as it was heard, until it is heard again.
    for sql in [
        format!(
            "UPDATE events SET body = replace(body::text, '{first}', 'ingen')::json
             WHERE event_type = 'ArrivalOffered' AND subject = '{unread}'"
        ),
        format!("UPDATE relations SET mac = NULL WHERE woman = '{changed}'"),
    ] {
        let done = sqlx::raw_sql(&sql).execute(&pool).await.unwrap();
        assert!(done.rows_affected() > 0, "{sql}");
        let listed: Vec<bool> = [house.listed(first).await.is_some(), house.listed(third).await.is_some()].into();
        assert_eq!(listed, [false, true], "{sql}");
    }
    eventually("it is heard again", async || house.listed(second).await).await;
    house.answer(third, "accept").await.ok();
    assert!(house.listed(third).await.is_none(), "answered");
    assert_eq!(house.answer(first, "accept").await.status, 404);
}
