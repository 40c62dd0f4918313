//! Access follows from what people and aftercare record: heard by every service, asked for by every route.

use engine::{clock::Clock, http::AT_LEAST};
use kit::access::Role;
use livline_tests::{CENTRE, Client, Ground, OTHER_CENTRE, eventually};
use reqwest::Method;
use serde_json::{Value, json};
use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};
use uuid::Uuid;

fn contracts() -> Vec<kit::contract::Contract> {
    livline_tests::runs::contracts().into_iter().map(|(_, contract)| contract).collect()
}

/// Registers a woman as a client does; her id.
async fn register(client: &Client, facts: Value) -> Uuid {
    let key = Uuid::new_v4().to_string();
    let answer = client.post("people", "/v1/women", &key, json!({ "facts": facts })).await.ok();
    assert_eq!(answer.body["events"][1]["event"], "WomanRegistered");
    answer.text("id").parse().unwrap()
}

/// An entry about her at people; its position.
async fn log(client: &Client, woman: Uuid, action: &str, facts: Value) -> String {
    let path = format!("/v1/women/{woman}/{action}");
    client.post("people", &path, &Uuid::new_v4().to_string(), json!({ "facts": facts })).await.ok().text("position")
}

/// Opens a case once the service has heard up to a position.
async fn open(client: &Client, service: &str, woman: Uuid, position: &str) -> livline_tests::Answer {
    let key = Uuid::new_v4().to_string();
    eventually("the service has heard", async || {
        let headers = [("idempotency-key", key.as_str()), (AT_LEAST, position)];
        let body = json!({ "woman": woman }).to_string().into_bytes();
        let answer = client.try_send(Method::POST, service, "/v1/cases", &headers, Some(body)).await?;
        (answer.status != 404).then_some(answer)
    })
    .await
}

/// Until an answer is as it should be.
async fn until(
    client: &Client,
    service: &str,
    path: &str,
    is: impl Fn(&livline_tests::Answer) -> bool,
) -> livline_tests::Answer {
    eventually(path, async || Some(client.get(service, path).await).filter(|answer| is(answer))).await
}

struct House {
    ground: Ground,
    _running: Vec<livline_tests::Running>,
    leader: Client,
}

impl House {
    async fn new() -> Self {
        Self::of(Clock::system()).await
    }

    async fn of(clock: Clock) -> Self {
        let mut ground = Ground::start().await;
        ground.clock = clock;
        let running = vec![ground.housing().await, ground.aftercare().await, ground.timeline(contracts()).await];
        let leader = ground.leader();
        Self { ground, _running: running, leader }
    }

    fn worker(&self, name: &str) -> Client {
        self.ground.client(Role::Worker, Some(CENTRE)).named(name)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nearness_ties_duty_and_conflicts_decide_who_sees_what() {
    let house = House::new().await;
    let (leader, contact, other) = (&house.leader, house.worker("w-contact"), house.worker("w-other"));
    let woman = register(leader, json!({ "name": "Karla Kanarie" })).await;
    let position = log(leader, woman, "start-stay", json!({})).await;
    let case = open(leader, "housing", woman, &position).await.ok().text("id");
    leader.act("housing", &case, "place-pet", json!({ "place": "Hundepensionen" })).await.ok();
    let (shown, course) = (format!("/v1/cases/{case}/events"), format!("/v1/women/{woman}/timeline"));
    let sees = |answer: &livline_tests::Answer| answer.body.to_string().contains("Hundepensionen");

    // During a stay the employed see that there is a place, and her contact person which.
    for client in [&contact, &other] {
        let answer = client.get("housing", &shown).await.ok();
        assert!(!sees(&answer) && answer.body.to_string().contains("$masked"));
    }
    log(leader, woman, "assign-worker", json!({ "worker": "w-contact", "role": "contact_person" })).await;
    until(&contact, "housing", &shown, sees).await;
    until(&contact, "timeline", &course, sees).await;
    assert!(!sees(&other.get("housing", &shown).await.ok()));
    let whole = format!("/v1/women/{woman}/events");
    assert!(!other.get("people", &whole).await.ok().body.to_string().contains("Kanarie"));
    assert!(contact.get("people", &whole).await.ok().body.to_string().contains("Kanarie"));
    log(leader, woman, "release-worker", json!({ "worker": "w-contact" })).await;
    until(&contact, "housing", &shown, |answer| !sees(answer)).await;

    // Whoever is on duty answers for every woman, until it ends.
    let day = |hours: i64| {
        let at = kit::calendar::in_copenhagen_time(house.ground.clock.now() + time::Duration::hours(hours));
        format!("{}T{:02}:{:02}", kit::Day::from(at.date()), at.hour(), at.minute())
    };
    let duty = json!({ "facts": { "worker": "w-other", "kind": "on_duty", "until": day(8) } });
    let duty = leader.post("people", "/v1/duties", "duty", duty).await.ok().text("id");
    until(&other, "housing", &shown, sees).await;
    leader.post("people", &format!("/v1/duties/{duty}/end-duty"), "end", json!({})).await.ok();
    until(&other, "housing", &shown, |answer| answer.status == 200 && !sees(answer)).await;

    // A temp is nobody without an engagement.
    let temp = house.ground.client(Role::Temp, Some(CENTRE)).named("w-temp");
    assert_eq!(temp.get("housing", &shown).await.status, 404);
    assert_eq!(temp.get("timeline", &course).await.status, 404);
    let engaged = json!({ "facts": { "worker": "w-temp", "kind": "temp", "until": day(8) } });
    leader.post("people", "/v1/duties", "temp", engaged).await.ok();
    let seen = until(&temp, "housing", &shown, |answer| answer.status == 200).await;
    assert!(!sees(&seen));

    // A conflict of interest blocks even a leader, and looks like nothing.
    let chief = leader.clone().named("w-chief");
    assert!(sees(&chief.get("housing", &shown).await.ok()));
    log(leader, woman, "record-conflict-of-interest", json!({ "kind": "worker", "who": "w-chief" })).await;
    let blocked = until(&chief, "housing", &shown, |answer| answer.status == 404).await;
    let nothing = chief.get("housing", &format!("/v1/cases/{}/events", Uuid::new_v4())).await;
    assert_eq!(blocked.body, nothing.body);
    for (service, path) in [("timeline", course.clone()), ("people", format!("/v1/women/{woman}"))] {
        assert_eq!(until(&chief, service, &path, |answer| answer.status == 404).await.body, nothing.body);
    }
    assert_eq!(chief.act("housing", &case, "keep-tenancy", json!({})).await.status, 404);

    // After the stay aftercare is offered, and the centre stays near; once she declines, only those who answer for the house find her.
    let stay = leader.get("people", &format!("/v1/women/{woman}/events")).await.ok().body;
    let stay = stay["events"]
        .as_array()
        .unwrap()
        .iter()
        .find_map(|event| event["data"]["facts"]["stay"].as_str().map(str::to_owned))
        .unwrap();
    log(leader, woman, "end-stay", json!({ "stay": stay })).await;
    let offered = eventually("aftercare is offered", async || {
        let course = leader.get("timeline", &course).await.ok().body;
        let entries = course["entries"].as_array()?;
        entries.iter().find(|entry| entry["event"] == "AftercareOffered")?["aggregate"].as_str().map(str::to_owned)
    })
    .await;
    assert_eq!(until(&other, "housing", &shown, |answer| answer.status == 200).await.status, 200);
    leader.act("aftercare", &offered, "decline-aftercare", json!({})).await.ok();
    until(&other, "housing", &shown, |answer| answer.status == 404).await;
    until(&other, "people", &format!("/v1/women/{woman}"), |answer| answer.status == 404).await;
    let follow_ups = other.get("timeline", "/v1/follow-ups").await.ok().body;
    assert!(!follow_ups.to_string().contains(&woman.to_string()));
    assert!(sees(&leader.get("housing", &shown).await.ok()));
    // She calls: it is recorded, and aftercare offered again brings the others back.
    leader.act("aftercare", &offered, "record-lifeline-call", json!({ "urgency": "can_wait" })).await.ok();
    leader.act("aftercare", &offered, "offer-aftercare", json!({})).await.ok();
    until(&other, "housing", &shown, |answer| answer.status == 200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_centre_is_answered_as_if_there_were_nobody() {
    let house = House::new().await;
    let (leader, stranger) = (&house.leader, house.ground.client(Role::Leader, Some(OTHER_CENTRE)));
    let woman = register(leader, json!({})).await;
    let position = log(leader, woman, "start-stay", json!({})).await;
    let case = open(leader, "housing", woman, &position).await.ok().text("id");
    // Whoever looks knows women of their own, so that nothing is told by an empty house.
    let own = register(&stranger, json!({})).await;
    open(&stranger, "housing", own, &log(&stranger, own, "start-stay", json!({})).await).await.ok();
    let nobody = Uuid::new_v4();
    let asked = [
        ("people", format!("/v1/women/{woman}"), format!("/v1/women/{nobody}")),
        ("people", format!("/v1/women/{woman}/events"), format!("/v1/women/{nobody}/events")),
        ("housing", format!("/v1/cases/{case}"), format!("/v1/cases/{nobody}")),
        ("timeline", format!("/v1/women/{woman}/timeline"), format!("/v1/women/{nobody}/timeline")),
    ];
    for (service, hers, nobodys) in &asked {
        let (mut there, mut not) = (Vec::new(), Vec::new());
        let (a, b) = (stranger.get(service, hers).await, stranger.get(service, nobodys).await);
        assert_eq!((a.status.as_u16(), &a.body, a.headers.len()), (404, &b.body, b.headers.len()), "{hers}");
        for _ in 0..60 {
            for (path, times) in [(hers, &mut there), (nobodys, &mut not)] {
                let since = Instant::now();
                stranger.get(service, path).await;
                times.push(since.elapsed());
            }
        }
        // The same band: the middle half of either holds the other's median, with room for a noisy machine.
        there.sort();
        not.sort();
        for (one, another) in [(&there, &not), (&not, &there)] {
            let room = Duration::from_millis(2);
            let band = one[10].saturating_sub(room)..=one[49] + room;
            assert!(band.contains(&another[30]), "{service}: {:?} outside {band:?}", another[30]);
        }
    }
    let refused = async |woman: Uuid| {
        let body = json!({ "woman": woman });
        stranger.post("housing", "/v1/cases", &Uuid::new_v4().to_string(), body).await
    };
    let (a, b) = (refused(woman).await, refused(nobody).await);
    assert_eq!((a.status.as_u16(), a.body), (404, b.body));
}

#[tokio::test(flavor = "multi_thread")]
async fn she_moves_to_another_centre_with_what_she_chose() {
    let minutes = Arc::new(AtomicI64::new(0));
    let moved = minutes.clone();
    let clock = Clock::of(move || Clock::system().now() + time::Duration::minutes(moved.load(Ordering::Relaxed)));
    let house = House::of(clock).await;
    let (old, new) = (&house.leader, house.ground.client(Role::Leader, Some(OTHER_CENTRE)).named("w-9"));
    for (along, task, pet) in [("all", true, true), ("open_tasks_and_safety", true, false), ("nothing", false, false)] {
        let woman = register(old, json!({})).await;
        let position = log(old, woman, "start-stay", json!({})).await;
        let case = open(old, "housing", woman, &position).await.ok().text("id");
        old.act("housing", &case, "place-pet", json!({ "place": "Hundepensionen" })).await.ok();
        let made = old.act("housing", &case, "make-offer", json!({ "answer_by": "2099-01-01" })).await.ok();
        old.course(woman, &made.text("position")).await;
        log(old, woman, "relocate-to-centre", json!({ "to": OTHER_CENTRE, "along": along })).await;
        let path = format!("/v1/women/{woman}/timeline");
        let seen =
            until(&new, "timeline", &path, |answer| answer.body.to_string().contains("RelocationReceived")).await;
        let entries = seen.body["entries"].to_string();
        assert_eq!(entries.contains("PetPlaced"), pet, "{along}");
        assert_eq!(seen.body["open"].to_string().contains("answer_offer"), task, "{along}");
        // What comes later there is the old centre's alone; and where she went, nobody there reads without the right to places.
        // To the minute: what was recorded in the last one went along.
        minutes.fetch_add(2, Ordering::Relaxed);
        let later = old.act("housing", &case, "keep-tenancy", json!({})).await.ok();
        let whole = old.course(woman, &later.text("position")).await;
        assert!(whole["entries"].to_string().contains("TenancyKept"));
        assert!(!new.get("timeline", &path).await.ok().body.to_string().contains("TenancyKept"));
        let worker = house.worker("w-2");
        until(&worker, "timeline", &path, |answer| answer.status == 404).await;
        // The new centre works with her, in cases of its own.
        let position = log(&new, woman, "start-stay", json!({})).await;
        open(&new, "housing", woman, &position).await.ok();
        assert_eq!(new.act("housing", &case, "keep-tenancy", json!({})).await.status, 404);
    }
}

/// A service that does not know whether it has heard everything shows no place and no name.
#[tokio::test(flavor = "multi_thread")]
async fn places_are_masked_while_people_is_ahead() {
    let house = House::new().await;
    let leader = &house.leader;
    let woman = register(leader, json!({})).await;
    let case = open(leader, "housing", woman, "people:1").await.ok().text("id");
    leader.act("housing", &case, "place-pet", json!({ "place": "Hundepensionen" })).await.ok();
    let shown = format!("/v1/cases/{case}/events");
    let sees = |answer: &livline_tests::Answer| answer.body.to_string().contains("Hundepensionen");
    until(leader, "housing", &shown, sees).await;
    // Its reader cannot take anything in: what people records goes unheard.
    let pool = house.ground.pool("livline_housing").await;
    let mut held = pool.begin().await.unwrap();
    sqlx::query("LOCK TABLE relations IN EXCLUSIVE MODE").execute(&mut *held).await.unwrap();
    let another = register(leader, json!({})).await;
    log(leader, another, "start-stay", json!({})).await;
    until(leader, "housing", &shown, |answer| answer.status == 200 && !sees(answer)).await;
    held.rollback().await.unwrap();
    until(leader, "housing", &shown, sees).await;
}
