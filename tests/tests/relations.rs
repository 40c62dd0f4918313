//! Access follows from what people and aftercare record: heard by every service, asked for by every route.

use engine::{
    clock::Clock,
    http::AT_LEAST,
    reader::{Apply, Event},
    relations::{Hearing, READER},
};
use kit::{CentreId, Class, access::Role};
use livline_tests::{
    Answer, CENTRE, Client, Ground, OTHER_CENTRE,
    alike::{Alike, alike},
    eventually,
    history::has_heard,
};
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
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
    log_of(client, woman, action, facts).await.text("position")
}

/// The same, with all that was answered.
async fn log_of(client: &Client, woman: Uuid, action: &str, facts: Value) -> Answer {
    let path = format!("/v1/women/{woman}/{action}");
    client.post("people", &path, &Uuid::new_v4().to_string(), json!({ "facts": facts })).await.ok()
}

/// Opens a case once the service has heard up to a position.
async fn open(client: &Client, service: &str, woman: Uuid, position: &str) -> Answer {
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
async fn until(client: &Client, service: &str, path: &str, is: impl Fn(&Answer) -> bool) -> Answer {
    eventually(path, async || Some(client.get_once(service, path).await).filter(|answer| is(answer))).await
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

    /// Whether a client is answered about the one as quickly as about the other, within this part of a query. `more`: with so many
    /// queries more about the one.
    async fn alike(&self, part: f64, client: &Client, service: &str, (one, another): (&str, &str), more: u8) -> Alike {
        let pool = self.ground.pool(&format!("livline_{service}")).await;
        let pools = [pool.clone(), pool];
        let [mut beside, mut query] = [pools[0].acquire().await.unwrap(), pools[1].acquire().await.unwrap()];
        let known = "SELECT count(*) FROM ties(ARRAY[gen_random_uuid()], gen_random_uuid(), 'w-1', now())";
        let found = alike(
            part,
            async || {
                assert_eq!(client.get(service, one).await.status, 404);
                for _ in 0..more {
                    sqlx::query(known).execute(&mut *beside).await.unwrap();
                }
            },
            async || assert_eq!(client.get(service, another).await.status, 404),
            async || {
                sqlx::query(known).execute(&mut *query).await.unwrap();
            },
        );
        let found = found.await;
        println!("{service} {one}: {found:?}");
        found
    }

    /// A moment, as duties are told.
    fn in_hours(&self, hours: i64) -> String {
        let at = kit::calendar::in_copenhagen_time(self.ground.clock.now() + time::Duration::hours(hours));
        format!("{}T{:02}:{:02}", kit::Day::from(at.date()), at.hour(), at.minute())
    }

    fn worker(&self, name: &str) -> Client {
        self.ground.client(Role::Worker, Some(CENTRE)).named(name)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nearness_ties_duty_and_conflicts_decide_who_sees_what() {
    let house = House::new().await;
    let (leader, contact, other) = (&house.leader, house.worker("w-contact"), house.worker("w-other"));
    leader.employ(&["w-contact", "w-other", "w-temp"]).await;
    let woman = register(leader, json!({ "name": "Karla Kanarie" })).await;
    let position = log(leader, woman, "start-stay", json!({})).await;
    let case = open(leader, "housing", woman, &position).await.ok().text("id");
    leader.act("housing", &case, "place-pet", json!({ "place": "Hundepensionen" })).await.ok();
    let (shown, course) = (format!("/v1/cases/{case}/events"), format!("/v1/women/{woman}/timeline"));
    let sees = |answer: &Answer| answer.body.to_string().contains("Hundepensionen");

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
    let day = |hours| house.in_hours(hours);
    let duty = json!({ "facts": { "worker": "w-other", "kind": "on_duty", "until": day(8) } });
    let duty = leader.post("people", "/v1/duties", "duty", duty).await.ok().text("id");
    until(&other, "housing", &shown, sees).await;
    leader.post("people", &format!("/v1/duties/{duty}/end-duty"), "end", json!({})).await.ok();
    until(&other, "housing", &shown, |answer| answer.status == 200 && !sees(answer)).await;

    // A temp is nobody without an engagement.
    let temp = house.ground.client(Role::Temp, Some(CENTRE)).named("w-temp");
    assert_eq!(temp.get("housing", &shown).await.status, 404);
    assert_eq!(temp.get("timeline", &course).await.status, 404);
    let registers = async || temp.post("people", "/v1/women", &Uuid::new_v4().to_string(), json!({})).await;
    assert_eq!((registers().await.status.as_u16(), registers().await.code()), (403, "forbidden"));
    let engaged = json!({ "facts": { "worker": "w-temp", "kind": "temp", "until": day(8) } });
    leader.post("people", "/v1/duties", "temp", engaged).await.ok();
    let seen = until(&temp, "housing", &shown, |answer| answer.status == 200).await;
    assert!(!sees(&seen));
    registers().await.ok();
    let tie = json!({ "facts": { "worker": "w-temp", "role": "contact_person" } });
    let refused = temp.post("people", &format!("/v1/women/{woman}/assign-worker"), "tie", tie).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (403, "needs_close"));
    let own = json!({ "facts": { "worker": "w-other", "kind": "on_duty", "until": day(8) } });
    let refused = other.post("people", "/v1/duties", "own", own).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (403, "needs_leader"));

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
        let (a, b) = (stranger.get(service, hers).await, stranger.get(service, nobodys).await);
        assert_eq!((a.status.as_u16(), &a.body, a.headers.len()), (404, &b.body, b.headers.len()), "{hers}");
        let found = house.alike(0.5, &stranger, service, (hers, nobodys), 0).await;
        assert!(found.same, "{service}: {found:?}");
    }
    // One query more would be seen, on this machine and at this moment.
    let (service, hers, nobodys) = &asked[2];
    let found = house.alike(0.5, &stranger, service, (hers, nobodys), 1).await;
    assert!(!found.same, "{found:?}");
    let refused = async |woman: Uuid| {
        let body = json!({ "woman": woman });
        stranger.post("housing", "/v1/cases", &Uuid::new_v4().to_string(), body).await
    };
    let (a, b) = (refused(woman).await, refused(nobody).await);
    assert_eq!((a.status.as_u16(), a.body), (404, b.body));
}

/// Whoever is denied her at her own centre is told so as quickly as of nobody, however much there is of her.
#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_takes_no_longer_than_nobody() {
    let house = House::new().await;
    let leader = &house.leader;
    let woman = register(leader, json!({})).await;
    for _ in 0..200 {
        log(leader, woman, "write-note", json!({ "text": "Hun sov godt." })).await;
    }
    log(leader, woman, "record-conflict-of-interest", json!({ "kind": "worker", "who": "w-chief" })).await;
    let (hers, nobodys) = (format!("/v1/women/{woman}"), format!("/v1/women/{}", Uuid::new_v4()));
    let temp = house.ground.client(Role::Temp, Some(CENTRE)).named("w-temp");
    for client in [leader.clone().named("w-chief"), temp] {
        until(&client, "people", &hers, |answer| answer.status == 404).await;
        let found = house.alike(2.0, &client, "people", (&hers, &nobodys), 0).await;
        assert!(found.same, "{found:?}");
    }
}

/// Somebody is one person however the name is written: in a conflict, a duty, a tie, a filter, a token.
#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_is_somebodys_however_the_name_is_written() {
    let ground = Ground::start().await;
    let leader = &ground.leader();
    let _housing = ground.housing().await;
    ground.people().await;
    let woman = register(leader, json!({ "name": "Karla Kanarie" })).await;
    let at = log(leader, woman, "start-stay", json!({})).await;
    let case = open(leader, "housing", woman, &at).await.ok().text("id").clone();
    let (path, case) = (format!("/v1/women/{woman}"), format!("/v1/cases/{case}"));
    let written = ["sec-w1", "Sec-W1", "SEC-W1"].map(|name| leader.clone().named(name));
    for client in &written {
        assert_eq!(client.get("people", &path).await.status, 200);
    }
    log(leader, woman, "record-conflict-of-interest", json!({ "kind": "worker", "who": "Sec-W1" })).await;
    for client in &written {
        assert_eq!(client.get("people", &path).await.status, 404);
        until(client, "housing", &case, |answer| answer.status == 404).await;
    }
    assert_eq!(leader.get("people", &path).await.status, 200);
}

/// A clock that can be put on by so many minutes.
fn clock() -> (Arc<AtomicI64>, Clock) {
    let minutes = Arc::new(AtomicI64::new(0));
    let moved = minutes.clone();
    (minutes, Clock::of(move || Clock::system().now() + time::Duration::minutes(moved.load(Ordering::Relaxed))))
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_for_her_without_end() {
    let (minutes, clock) = clock();
    let house = House::of(clock).await;
    let (leader, worker) = (&house.leader, house.worker("w-2"));
    let registered = leader.post("people", "/v1/women", "w", json!({})).await.ok();
    let woman: Uuid = registered.text("id").parse().unwrap();
    let case = open(leader, "housing", woman, &registered.text("position")).await.ok().text("id");
    let everywhere = [
        ("people", format!("/v1/women/{woman}")),
        ("timeline", format!("/v1/women/{woman}/timeline")),
        ("housing", format!("/v1/cases/{case}")),
    ];
    for (service, path) in &everywhere {
        until(&worker, service, path, |answer| answer.status == 200).await;
    }
    let days = |days: i64| minutes.fetch_add(days * 24 * 60, Ordering::Relaxed);
    days(kit::relation::WAITS.whole_days());
    for (service, path) in &everywhere {
        worker.get(service, path).await.ok();
    }
    // A slip that is corrected on the last day is no new registration.
    log(leader, woman, "correct-entry", json!({ "version": 2, "facts": { "language": "Dari" } })).await;
    for (service, _) in &everywhere {
        has_heard(&house.ground, service, READER, &["people"]).await;
    }
    days(1);
    for (service, path) in &everywhere {
        assert_eq!(worker.get(service, path).await.status, 404, "{path}");
        leader.get(service, path).await.ok();
    }
    // She comes after all.
    log(leader, woman, "start-stay", json!({})).await;
    for (service, path) in &everywhere {
        until(&worker, service, path, |answer| answer.status == 200).await;
    }
}

/// A volunteer sees the alias of whom they help, and the tasks that they hold themselves.
#[tokio::test(flavor = "multi_thread")]
async fn a_volunteer_sees_what_helping_needs() {
    let house = House::new().await;
    let leader = &house.leader;
    let volunteer = house.ground.client(Role::Volunteer, Some(CENTRE)).named("v-1");
    leader.employ(&["v-1"]).await;
    let woman = register(leader, json!({ "alias": "Birk-47", "name": "Karla Kanarie" })).await;
    let position = log(leader, woman, "start-stay", json!({})).await;
    let case = open(leader, "housing", woman, &position).await.ok().text("id");
    for _ in 0..2 {
        leader.act("housing", &case, "make-offer", json!({ "answer_by": "2099-01-01" })).await.ok();
    }
    let task = eventually("it is listed", async || listed(leader, woman, "answer_offer").await).await;
    let held = json!({ "key": task["key"], "responsible": "v-1" });
    let position = leader.act("housing", &case, "assign-follow-up", held).await.ok().text("position");
    leader.course(woman, &position).await;
    let (alias, list) = (format!("/v1/women/{woman}/alias"), "/v1/follow-ups");
    let tasks = |answer: &Answer| answer.body["follow_ups"].as_array().map_or(0, Vec::len);

    // Of somebody whom they do not help there is nothing, though a task is theirs.
    assert_eq!(volunteer.get("people", &alias).await.status, 404);
    assert_eq!(tasks(&volunteer.get("timeline", list).await.ok()), 0);
    log(leader, woman, "assign-worker", json!({ "worker": "v-1", "role": "volunteer" })).await;
    let shown = until(&volunteer, "people", &alias, |answer| answer.status == 200).await;
    assert_eq!(shown.body, json!({ "woman": woman, "alias": "Birk-47" }));
    let shown = until(&volunteer, "timeline", list, |answer| tasks(answer) > 0).await;
    let own = &shown.body["follow_ups"][0];
    assert_eq!((tasks(&shown), &own["what"], &own["due"]), (1, &json!("answer_offer"), &json!("2099-01-01")));
    assert!(tasks(&leader.get("timeline", list).await.ok()) > 1);
    assert_eq!(tasks(&volunteer.get("timeline", &format!("{list}?responsible=v-1")).await.ok()), 1);
    for other in ["nobody", "v-2"] {
        assert_eq!(volunteer.get("timeline", &format!("{list}?responsible={other}")).await.code(), "forbidden");
    }
    for (service, path) in [
        ("people", format!("/v1/women/{woman}")),
        ("people", format!("/v1/women/{woman}/events")),
        ("people", format!("/v1/women/{woman}/contacts")),
        ("people", format!("/v1/women/{woman}/vault")),
        ("housing", format!("/v1/cases/{case}")),
        ("timeline", format!("/v1/women/{woman}/timeline")),
    ] {
        let status = volunteer.get(service, &path).await.status.as_u16();
        assert!([403, 404].contains(&status), "{path}: {status}");
    }
    assert_eq!(volunteer.act("housing", &case, "keep-tenancy", json!({})).await.status, 403);
    let secretariat = house.ground.client(Role::Secretariat, None);
    assert_eq!(secretariat.get("people", &alias).await.status, 403);
    assert_eq!(secretariat.get("timeline", list).await.status, 403);
    // Nor are there other volunteers' women, another centre's, or one they help no more.
    let other = volunteer.clone().named("v-2");
    let elsewhere = house.ground.client(Role::Volunteer, Some(OTHER_CENTRE)).named("v-1");
    for client in [&other, &elsewhere] {
        assert_eq!(client.get("people", &alias).await.status, 404);
        assert_eq!(tasks(&client.get("timeline", list).await.ok()), 0);
    }
    log(leader, woman, "release-worker", json!({ "worker": "v-1" })).await;
    until(&volunteer, "people", &alias, |answer| answer.status == 404).await;
    until(&volunteer, "timeline", list, |answer| answer.status == 200 && tasks(answer) == 0).await;
}

/// A follow-up of hers in the list of a centre.
async fn listed(client: &Client, woman: Uuid, what: &str) -> Option<Value> {
    let list = client.get("timeline", "/v1/follow-ups").await.ok().body;
    let hers = |row: &&Value| row["woman"] == json!(woman) && row["what"] == what;
    list["follow_ups"].as_array().unwrap().iter().find(hers).cloned()
}

/// Her entry of this event, as it is shown at people.
async fn entry(client: &Client, woman: Uuid, event: &str) -> Value {
    let events = client.get("people", &format!("/v1/women/{woman}/events")).await.ok().body;
    let of = |body: &&Value| body["type"].as_str().unwrap().contains(&format!(".{event}."));
    events["events"].as_array().unwrap().iter().rev().find(of).expect(event).clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn she_moves_to_another_centre_with_what_she_chose() {
    let (minutes, clock) = clock();
    let house = House::of(clock).await;
    let (old, new) = (&house.leader, house.ground.client(Role::Leader, Some(OTHER_CENTRE)).named("w-9"));
    for (along, task, pet) in [("all", true, true), ("open_tasks_and_safety", true, false), ("nothing", false, false)] {
        let woman = register(old, json!({})).await;
        let position = log(old, woman, "start-stay", json!({})).await;
        let case = open(old, "housing", woman, &position).await.ok().text("id");
        old.act("housing", &case, "place-pet", json!({ "place": "Hundepensionen" })).await.ok();
        let made = old.act("housing", &case, "make-offer", json!({ "answer_by": "2099-01-01" })).await.ok();
        old.course(woman, &made.text("position")).await;
        old.hand_over(woman, &new, json!({ "to": OTHER_CENTRE, "along": along })).await;
        let path = format!("/v1/women/{woman}/timeline");
        let seen =
            until(&new, "timeline", &path, |answer| answer.body.to_string().contains("RelocationReceived")).await;
        let entries = seen.body["entries"].to_string();
        assert_eq!(entries.contains("PetPlaced"), pet, "{along}");
        assert_eq!(seen.body["open"].to_string().contains("answer_offer"), task, "{along}");
        // What came along open is to be taken over, and a worker says when it was.
        let taken_over = listed(&new, woman, "take_over_tasks").await;
        assert_eq!(taken_over.is_some(), task, "{along}");
        if let Some(listed_there) = taken_over {
            let closed = json!({ "key": listed_there["key"], "outcome": "done" });
            log(&new, woman, "close-follow-up", closed).await;
            eventually("it is done", async || listed(&new, woman, "take_over_tasks").await.is_none().then_some(()))
                .await;
        }
        // What comes later there is the old centre's alone.
        // To the minute: what was recorded in the last one went along.
        minutes.fetch_add(2, Ordering::Relaxed);
        let offer = seen_open(&old.course(woman, &made.text("position")).await, "answer_offer").unwrap();
        let closed = json!({ "key": offer["key"], "outcome": "not_needed" });
        old.act("housing", &case, "close-follow-up", closed).await.ok();
        let later = old.act("housing", &case, "keep-tenancy", json!({})).await.ok();
        let whole = old.course(woman, &later.text("position")).await;
        assert!(whole["entries"].to_string().contains("TenancyKept") && seen_open(&whole, "answer_offer").is_none());
        let there = new.get("timeline", &path).await.ok().body;
        assert!(!there.to_string().contains("TenancyKept"));
        // What came along stands as she left it.
        let due = seen_open(&there, "answer_offer").map(|offer| (offer["due"].clone(), offer["centre"].clone()));
        assert_eq!(due, task.then(|| (json!("2099-01-01"), json!(CENTRE))), "{along}");
        let worker = house.worker("w-2");
        until(&worker, "timeline", &path, |answer| answer.status == 404).await;
        // The new centre works with her, in cases of its own.
        let position = log(&new, woman, "start-stay", json!({})).await;
        open(&new, "housing", woman, &position).await.ok();
        assert_eq!(new.act("housing", &case, "keep-tenancy", json!({})).await.status, 404);
    }
}

/// What is open of hers on her page.
fn seen_open(course: &Value, what: &str) -> Option<Value> {
    course["open"].as_array().unwrap().iter().find(|row| row["what"] == what).cloned()
}

/// Her old centre reads nowhere to which one she went, until she lives there again.
#[tokio::test(flavor = "multi_thread")]
async fn where_she_went_nobody_reads_at_the_old_centre() {
    let house = House::new().await;
    let (leader, contact) = (&house.leader, house.worker("w-contact"));
    leader.employ(&["w-contact", "w-duty"]).await;
    let woman = register(leader, json!({})).await;
    log(leader, woman, "assign-worker", json!({ "worker": "w-contact", "role": "contact_person" })).await;
    let position = log(leader, woman, "start-stay", json!({ "centre": "Kanariehuset" })).await;
    let case = open(leader, "housing", woman, &position).await.ok().text("id");
    leader.act("housing", &case, "place-pet", json!({ "place": "Hundepensionen" })).await.ok();
    let new = house.ground.client(Role::Leader, Some(OTHER_CENTRE)).named("w-there");
    let moved = leader.hand_over(woman, &new, json!({ "to": OTHER_CENTRE })).await;
    leader.course(woman, &moved).await;
    let path = format!("/v1/women/{woman}/timeline");
    until(&new, "timeline", &path, |answer| answer.body.to_string().contains("RelocationReceived")).await;
    // The service has heard that she left.
    let masked = json!({ "$masked": Class::Location });
    until(leader, "housing", &format!("/v1/cases/{case}/events"), |answer| {
        answer.status == 200 && !answer.body.to_string().contains("Hundepensionen")
    })
    .await;
    assert_eq!(entry(leader, woman, "CentreRelocated").await["data"]["facts"]["to"], masked);
    let shown = until(leader, "timeline", &path, |answer| !answer.body.to_string().contains("Kanariehuset")).await;
    let entries = shown.body["entries"].as_array().unwrap();
    let left = entries.iter().find(|entry| entry["event"] == "CentreRelocated").unwrap();
    assert!(left["facts"].as_array().unwrap().iter().any(|fact| fact["name"] == "to" && fact["masked"] == true));
    let duty = json!({ "facts": { "worker": "w-duty", "kind": "on_duty", "until": house.in_hours(8) } });
    leader.post("people", "/v1/duties", "duty", duty).await.ok();
    let on_duty = house.worker("w-duty");
    until(&on_duty, "timeline", &path, |answer| answer.status == 200).await;
    let her = format!("/v1/women/{woman}");
    for client in [leader, &on_duty, &contact] {
        for (service, path) in [
            ("timeline", path.as_str()),
            ("timeline", "/v1/follow-ups"),
            ("housing", &format!("/v1/cases/{case}")),
            ("housing", &format!("/v1/cases/{case}/events")),
            ("people", &her),
            ("people", &format!("{her}/events")),
            ("people", &format!("{her}/vault")),
        ] {
            let answer = client.get(service, path).await;
            let told = answer.body.to_string();
            assert!(!told.contains(&OTHER_CENTRE.to_string()), "{service} {path}: {told}");
            assert!(!told.contains("w-there"), "who accepted tells where: {service} {path}: {told}");
        }
    }
    // She comes back, and it is no secret any more.
    log(leader, woman, "start-stay", json!({})).await;
    assert_eq!(entry(leader, woman, "CentreRelocated").await["data"]["facts"]["to"], json!(OTHER_CENTRE));
    until(leader, "housing", &format!("/v1/cases/{case}/events"), |answer| {
        answer.body.to_string().contains("Hundepensionen")
    })
    .await;
}

/// Whoever must see nothing of her sees nothing at the new centre either, whatever else she takes along.
#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_of_interest_goes_where_she_goes() {
    let house = House::new().await;
    let old = &house.leader;
    let new = house.ground.client(Role::Leader, Some(OTHER_CENTRE)).named("w-8");
    let hidden_from = new.clone().named("w-9");
    let woman = register(old, json!({})).await;
    let conflict = json!({ "kind": "worker", "who": "w-9", "reason": "Han er hans bror." });
    log(old, woman, "record-conflict-of-interest", conflict).await;
    let move_to = json!({ "to": OTHER_CENTRE, "along": "nothing" });
    new.found().await;
    let arrival = log_of(old, woman, "offer-relocation", move_to).await.body["events"][0]["facts"]["arrival"].clone();
    until(&new, "people", "/v1/arrivals", |answer| answer.body.to_string().contains(arrival.as_str().unwrap())).await;
    assert_eq!(hidden_from.get("people", "/v1/arrivals").await.ok().body, json!({ "arrivals": [] }));
    let accept = format!("/v1/arrivals/{}/accept", arrival.as_str().unwrap());
    assert_eq!(hidden_from.post("people", &accept, "hidden", json!({})).await.status, 404);
    new.post("people", &accept, "accepted", json!({})).await.ok();
    let path = format!("/v1/women/{woman}/timeline");
    let seen = until(&new, "timeline", &path, |answer| answer.body.to_string().contains("RelocationReceived")).await;
    assert!(!seen.body.to_string().contains("bror"), "not why");
    // She is registered and found there under the id she has, and by nobody from whom she is hidden.
    let her = format!("/v1/women/{woman}");
    let shown = new.get("people", &her).await.ok().body;
    assert!(shown["actions"].as_array().unwrap().contains(&json!("register-woman")), "{shown}");
    log(&new, woman, "register-woman", json!({ "alias": "Kanariebirk-1" })).await;
    let again = new.act_for(woman, "register-woman", json!({})).await;
    assert_eq!((again.status.as_u16(), again.code()), (409, "registered_already"));
    let found = async |client: &Client| {
        let sought = json!({ "text": "kanariebirk" });
        let answer = client.post("people", "/v1/women/search", "-", sought).await.ok().body;
        answer["women"].as_array().unwrap().iter().map(|hit| hit["woman"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(found(&new).await, [json!(woman)]);
    assert!(found(&hidden_from).await.is_empty() && found(old).await.is_empty());
    for (service, path) in [("timeline", &path), ("people", &her)] {
        assert_eq!(hidden_from.get(service, path).await.status, 404, "{service}");
    }
    let position = log(&new, woman, "start-stay", json!({})).await;
    open(&new, "housing", woman, &position).await.ok();
    let refused = hidden_from.post("housing", "/v1/cases", "hidden", json!({ "woman": woman })).await;
    assert_eq!(refused.status, 404);
}

/// The wrong centre is nothing to her any more, and the right one receives her.
#[tokio::test(flavor = "multi_thread")]
async fn a_move_to_the_wrong_centre_is_undone() {
    let (minutes, clock) = clock();
    let house = House::of(clock).await;
    let old = &house.leader;
    let right_centre = CentreId(Uuid::from_u128(0xc3));
    let wrong = house.ground.client(Role::Leader, Some(OTHER_CENTRE));
    let worker = house.ground.client(Role::Worker, Some(OTHER_CENTRE));
    let right = house.ground.client(Role::Worker, Some(right_centre));
    let right_leader = house.ground.client(Role::Leader, Some(right_centre));
    let woman = register(old, json!({})).await;
    let position = log(old, woman, "start-stay", json!({})).await;
    let case = open(old, "housing", woman, &position).await.ok().text("id");
    let made = old.act("housing", &case, "make-offer", json!({ "answer_by": "2099-01-01" })).await.ok();
    old.course(woman, &made.text("position")).await;
    let path = format!("/v1/women/{woman}/timeline");
    let came = |answer: &Answer| answer.body.to_string().contains("HousingOfferMade");
    let gone = async || {
        until(&worker, "timeline", &path, |answer| answer.status == 404).await;
        until(&worker, "people", &format!("/v1/women/{woman}"), |answer| answer.status == 404).await;
        // Whoever answers for the house may be called by her, and knows nothing of what she did elsewhere.
        let left = until(&wrong, "timeline", &path, |answer| !came(answer)).await.ok();
        assert!(left.body["open"].as_array().unwrap().is_empty(), "{}", left.body["open"]);
        assert!(listed(&wrong, woman, "take_over_tasks").await.is_none());
        let moved = entry(&wrong, woman, "RelocationWithdrawn").await["version"].clone();
        let back = wrong.act_for(woman, "record-in-error", json!({ "version": moved })).await;
        assert_eq!(back.status, 409, "nobody there takes that back");
    };
    let relocate = json!({ "to": OTHER_CENTRE, "along": "all" });

    old.hand_over(woman, &wrong, relocate.clone()).await;
    until(&worker, "timeline", &path, came).await;
    let version = entry(old, woman, "CentreRelocated").await["version"].clone();
    log(old, woman, "record-in-error", json!({ "version": version })).await;
    gone().await;
    let here = house.worker("w-2");
    until(&here, "timeline", &path, |answer| answer.status == 200).await;

    old.hand_over(woman, &wrong, relocate).await;
    until(&worker, "timeline", &path, came).await;
    let version = entry(old, woman, "CentreRelocated").await["version"].clone();
    let corrected = json!({ "to": right_centre, "along": "all" });
    // Corrected, she would be moved to where nobody accepted her: it is taken back, and offered to the right one.
    let facts = json!({ "version": version, "facts": corrected });
    assert_eq!(old.act_for(woman, "correct-entry", facts).await.code(), "not_correctable");
    log(old, woman, "record-in-error", json!({ "version": version })).await;
    gone().await;
    old.hand_over(woman, &right_leader, corrected).await;
    until(&right, "timeline", &path, came).await;
    minutes.fetch_add(2, Ordering::Relaxed);
    let later = old.act("housing", &case, "keep-tenancy", json!({})).await.ok();
    let whole = old.course(woman, &later.text("position")).await;
    assert!(whole["entries"].to_string().contains("TenancyKept"));
    gone().await;
    let seen = until(&right, "timeline", &path, came).await;
    assert!(!seen.body.to_string().contains("TenancyKept"), "recorded when she was gone");
    assert!(listed(&right, woman, "take_over_tasks").await.is_some());
    // The old centre reads neither.
    let events = old.get("people", &format!("/v1/women/{woman}/events")).await.ok().body.to_string();
    assert!([OTHER_CENTRE, right_centre].iter().all(|centre| !events.contains(&centre.to_string())));
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
    let sees = |answer: &Answer| answer.body.to_string().contains("Hundepensionen");
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

/// What was recorded of a duty counts in people itself, however far its own reader is.
#[tokio::test(flavor = "multi_thread")]
async fn a_duty_that_was_ended_gives_nothing_in_people() {
    let house = House::new().await;
    let (leader, nurse) = (&house.leader, house.worker("w-duty"));
    leader.employ(&["w-duty", "w-colleague"]).await;
    let woman = register(leader, json!({})).await;
    let path = format!("/v1/women/{woman}/vault/address");
    let kept = leader.put("people", &path, "k", json!({ "value": "Kanariegade 11" })).await.ok();
    let value = format!("/v1/women/{woman}/vault/{}", kept.text("reference"));
    assert_eq!(nurse.get("people", &value).await.status, 404);
    let duty = |worker: &str| json!({ "facts": { "worker": worker, "kind": "on_duty", "until": house.in_hours(8) } });
    let started = leader.post("people", "/v1/duties", "duty", duty("w-duty")).await.ok().text("id");
    until(&nurse, "people", &value, |answer| answer.status == 200).await;
    // Whoever is on duty puts a colleague on duty, and nobody themselves.
    nurse.post("people", "/v1/duties", "colleague", duty("w-colleague")).await.ok();
    assert_eq!(nurse.post("people", "/v1/duties", "again", duty("w-duty")).await.code(), "needs_leader");
    // Its reader cannot take anything in.
    let pool = house.ground.pool("livline_people").await;
    let mut held = pool.begin().await.unwrap();
    sqlx::query("LOCK TABLE duties IN EXCLUSIVE MODE").execute(&mut *held).await.unwrap();
    let ended = leader.post("people", &format!("/v1/duties/{started}/end-duty"), "end", json!({})).await.ok();
    // It is acknowledged all the same, and says who has not heard it; to whom more was shown by the duty, nothing is.
    assert!(ended.body["not_heard"].as_array().unwrap().contains(&json!("people")));
    for path in [value.clone(), format!("/v1/women/{woman}")] {
        let refused = nurse.get_once("people", &path).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (503, "not_heard"), "{path}");
    }
    leader.get("people", &value).await.ok();
    held.rollback().await.unwrap();
    until(&nurse, "people", &format!("/v1/women/{woman}/vault"), |answer| answer.status == 200).await;
    assert_eq!(nurse.get("people", &value).await.status, 404);
}

/// An end that cannot be read is an end; one that people never published is nothing, and neither is a beginning.
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_of_a_duty_ends_it() {
    let ground = Ground::start().await;
    let (_people, women) = livline_tests::women::people(&ground).await;
    let (leader, pool) = (ground.leader(), ground.pool("livline_people").await);
    let at = kit::calendar::in_copenhagen_time(ground.clock.now() + time::Duration::hours(8));
    let at = format!("{}T{:02}:{:02}", kit::Day::from(at.date()), at.hour(), at.minute());
    let duty = async |worker: &str| {
        let facts = json!({ "facts": { "worker": worker, "kind": "on_duty", "until": at } });
        leader.post("people", "/v1/duties", worker, facts).await.ok().text("id").parse::<Uuid>().unwrap()
    };
    for worker in ["w-1", "w-2"] {
        let facts = json!({ "facts": { "worker": worker, "name": "Anna Holm", "role": "worker" } });
        leader.post("people", "/v1/staff", &format!("staff {worker}"), facts).await.ok();
    }
    let (ended, other) = (duty("w-1").await, duty("w-2").await);
    let running = async || {
        let running: Vec<Uuid> =
            sqlx::query_scalar("SELECT aggregate FROM duties WHERE ended IS NULL").fetch_all(&pool).await.unwrap();
        running
    };
    eventually("both are heard", async || (running().await.len() == 2).then_some(())).await;
    // No more of it reads than which duty it is about.
    let event = json!({
        "aggregate": ended, "aggregatetype": "duty", "version": 3,
        "type": "dk.livline.people.DutyEnded.v1",
    });
    let signer = ground.signer("people");
    let published = livline_tests::published(&signer, 900, &event.to_string());
    let hearing = Hearing { service: "people", seal: women.seal().clone(), lease: engine::relations::Lease::default() };
    for (bytes, left) in [(published.replace(":900,", ":901,"), vec![ended, other]), (published, vec![other])] {
        let mut transaction = pool.begin().await.unwrap();
        hearing.apply(&mut transaction, "people", &[Event::parse(&bytes, &signer).unwrap()], 0).await.unwrap();
        transaction.commit().await.unwrap();
        let mut still = running().await;
        still.sort_by_key(|id| *id == other);
        assert_eq!(still, left);
    }
}

/// What somebody does not see takes no place in the list from what somebody sees, and one row that does not open hides nobody else.
#[tokio::test(flavor = "multi_thread")]
async fn follow_ups_are_counted_as_they_are_seen() {
    let house = House::new().await;
    let (leader, worker) = (&house.leader, house.worker("w-other"));
    let mut women = Vec::new();
    for day in ["2026-01-01", "2026-02-01", "2026-03-01"] {
        let woman = register(leader, json!({})).await;
        let position = log(leader, woman, "start-stay", json!({})).await;
        let case = open(leader, "housing", woman, &position).await.ok().text("id");
        leader.act("housing", &case, "make-offer", json!({ "answer_by": day })).await.ok();
        women.push(woman);
    }
    let [kept_away, unreadable, seen] = women[..] else { panic!() };
    log(leader, kept_away, "record-conflict-of-interest", json!({ "kind": "worker", "who": "w-other" })).await;
    let list = "/v1/follow-ups?due=overdue";
    let of = |answer: &livline_tests::Answer, woman: Uuid| {
        let rows = answer.body["follow_ups"].as_array().unwrap();
        rows.iter().filter(|row| row["woman"] == json!(woman)).count()
    };
    until(&worker, "timeline", list, |answer| {
        of(answer, kept_away) == 0 && of(answer, unreadable) == 1 && of(answer, seen) == 1
    })
    .await;
    let pool = house.ground.pool("livline_timeline").await;
    sqlx::query(
        "INSERT INTO follow_ups SELECT (jsonb_populate_record(f, jsonb_build_object('key', f.key || '/' || n))).*
         FROM follow_ups f, generate_series(1, 700) n WHERE f.woman = $1 AND f.what = 'answer_offer'",
    )
    .bind(kept_away)
    .execute(&pool)
    .await
    .unwrap();
    timeline::sign_again(&pool, &house.ground.signer("timeline")).await.unwrap();
    let answer = worker.get("timeline", list).await.ok();
    assert_eq!((of(&answer, seen), of(&answer, kept_away)), (1, 0));
    assert_eq!(answer.body["complete"], true);
    let answer = leader.get("timeline", list).await.ok();
    assert_eq!((of(&answer, kept_away), &answer.body["complete"]), (500, &json!(false)));
    // Another one's row in the place of hers.
    sqlx::query("UPDATE relations SET relation = (SELECT relation FROM relations WHERE woman = $2 AND service = 'people') WHERE woman = $1")
        .bind(unreadable)
        .bind(seen)
        .execute(&pool)
        .await
        .unwrap();
    let answer = worker.get("timeline", list).await.ok();
    assert_eq!((of(&answer, unreadable), of(&answer, seen)), (0, 1));
}
