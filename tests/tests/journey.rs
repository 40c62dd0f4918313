//! From a click to the timeline, over HTTP through everything.

use aftercare::policy::OfferAftercare;
use engine::{database, run::Domain};
use housing::case::Housing;
use kit::{Policy, access::Role};
use livline_tests::{Answer, CENTRE, Ground, OTHER_CENTRE, PATIENCE, Running, eventually, history::has_heard};
use serde_json::{Value, json};
use std::time::Instant;
use uuid::Uuid;

fn contracts() -> Vec<kit::contract::Contract> {
    vec![housing::contract().unwrap(), aftercare::contract().unwrap()]
}

fn day(offset: i64) -> String {
    let today = engine::clock::Clock::system().today();
    kit::Day::from(today.saturating_add(time::Duration::days(offset))).to_string()
}

fn offer(answer_by: &str) -> Value {
    json!({ "rent": 650_000, "rooms": 2, "answer_by": answer_by, "address": Uuid::from_u128(0xadd7) })
}

fn offer_id(answer: &Answer) -> String {
    answer.body["events"][0]["facts"]["offer"].as_str().unwrap().to_owned()
}

fn titles(course: &Value) -> Vec<&str> {
    course["entries"].as_array().unwrap().iter().map(|entry| entry["label"]["da"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_action_becomes_a_course_with_what_is_open() {
    let ground = Ground::start().await;
    let (housing, aftercare, timeline) =
        (ground.housing().await, ground.aftercare().await, ground.timeline(contracts()).await);
    let (leader, woman) = (ground.leader(), Uuid::new_v4());
    has_heard(&ground, "aftercare", OfferAftercare::NAME, OfferAftercare::HEARS).await;

    let case = leader.open("housing", woman).await;
    let made = leader.act("housing", &case, "make-offer", offer(&day(5))).await.ok();
    assert_eq!(made.body["events"][0]["event"], "HousingOfferMade");
    assert_eq!(made.headers["etag"], "\"2\"");
    let course = leader.course(woman, &made.text("position")).await;
    assert_eq!(titles(&course), ["Boligtilbud", "Sag åbnet"]);
    let open = &course["open"][0];
    assert_eq!(
        (open["what"].as_str(), open["due"].as_str(), open["days"].as_i64()),
        (Some("answer_offer"), Some(day(5).as_str()), Some(5))
    );
    assert_eq!(open["responsible"], "w-1");
    let rent = course["entries"][0]["facts"].as_array().unwrap().iter().find(|fact| fact["name"] == "rent").unwrap();
    assert_eq!(rent["text"]["da"], "6.500,00 kr.");

    // A move: the answer closes the follow-up, and aftercare offers itself by its own policy.
    let accepted = leader.act("housing", &case, "accept-offer", json!({ "offer": offer_id(&made) })).await.ok();
    let course = leader.course(woman, &accepted.text("position")).await;
    assert!(course["open"].as_array().unwrap().iter().all(|open| open["what"] != "answer_offer"));
    leader.act("housing", &case, "move-in", json!({ "day": day(0) })).await.ok();
    let course = eventually("aftercare offers itself", async || {
        let course = leader.get("timeline", &format!("/v1/women/{woman}/timeline")).await.body;
        course["entries"].as_array()?.iter().any(|entry| entry["event"] == "AftercareOffered").then_some(course)
    })
    .await;
    let offered: Vec<_> =
        course["open"].as_array().unwrap().iter().filter(|open| open["service"] == "aftercare").collect();
    assert_eq!(offered.len(), 1);
    assert!(offered[0]["responsible"].is_null(), "nobody holds it yet, and that shows");

    for service in [timeline, aftercare, housing] {
        service.stop().await;
    }
}

/// Who sees what of the same entry.
#[tokio::test(flavor = "multi_thread")]
async fn a_reader_sees_what_is_theirs_and_nothing_tells_of_the_rest() {
    let ground = Ground::start().await;
    let (_housing, _timeline) = (ground.housing().await, ground.timeline(contracts()).await);
    let (leader, woman) = (ground.leader(), Uuid::new_v4());
    let case = leader.open("housing", woman).await;
    let body = json!({ "facts": { "place": "Hundepensionen" }, "note": "Hun savner hunden" });
    let made = leader.post("housing", &format!("/v1/cases/{case}/place-pet"), "k", body).await.ok();
    let at = made.text("position");

    let facts = |course: &Value, event: &str| {
        let entry = course["entries"].as_array().unwrap().iter().find(|entry| entry["event"] == event).unwrap().clone();
        entry["facts"].as_array().unwrap().clone()
    };
    let course = leader.course(woman, &at).await;
    assert_eq!(facts(&course, "PetPlaced")[0]["value"], "Hundepensionen");
    let note = facts(&course, "NoteWritten");
    assert!(note.iter().any(|fact| fact["value"] == "Hun savner hunden"));

    let worker = ground.client(Role::Worker, Some(CENTRE));
    let seen = worker.course(woman, &at).await;
    let place = &facts(&seen, "PetPlaced")[0];
    assert_eq!((place["masked"].as_bool(), place["value"].is_null()), (Some(true), true));
    assert!(!seen.to_string().contains("Hundepensionen") && !seen.to_string().contains("savner"));
    // The time of a viewing tells where she will be: its follow-up has no date for whoever may not see places.
    let offered = leader.act("housing", &case, "make-offer", json!({})).await.ok();
    let viewing = json!({ "offer": offer_id(&offered), "when": format!("{}T14:35", day(3)) });
    let at = leader.act("housing", &case, "arrange-viewing", viewing).await.ok().text("position");
    let minute = format!("{}T14:35", day(3));
    assert!(leader.course(woman, &at).await.to_string().contains(&minute));
    let masked = worker.course(woman, &at).await;
    let go = masked["open"].as_array().unwrap().iter().find(|open| open["what"] == "go_to_viewing").unwrap();
    assert_eq!((go["due"].is_null(), go["state"].as_str()), (true, Some("none")));
    for path in ["", "/events"] {
        let shown = worker.get("housing", &format!("/v1/cases/{case}{path}")).await.ok().body.to_string();
        assert!(!shown.contains(&day(3)), "{path}");
    }
    assert!(!worker.get("timeline", "/v1/follow-ups?due=week").await.ok().body.to_string().contains("go_to_viewing"));
    let shown = worker.get("housing", &format!("/v1/cases/{case}/events")).await.ok().body.to_string();
    assert!(!shown.contains("Hundepensionen") && shown.contains("$masked"));

    // For the others there is nothing, and nothing looks like something.
    let stranger = ground.client(Role::Leader, Some(OTHER_CENTRE));
    let (hers, nobodys) = (woman, Uuid::new_v4());
    for path in ["timeline", "live"] {
        let (a, b) = (
            stranger.get("timeline", &format!("/v1/women/{hers}/{path}")).await,
            stranger.get("timeline", &format!("/v1/women/{nobodys}/{path}")).await,
        );
        assert_eq!((a.status.as_u16(), &a.body), (404, &b.body), "{path}");
    }
    let (a, b) = (
        stranger.get("housing", &format!("/v1/cases/{case}")).await,
        stranger.get("housing", &format!("/v1/cases/{nobodys}")).await,
    );
    assert_eq!((a.status.as_u16(), &a.body), (404, &b.body));
    assert_eq!(stranger.act("housing", &case, "keep-tenancy", json!({})).await.status, 404);
    assert!(stranger.get("timeline", "/v1/follow-ups").await.ok().body["follow_ups"].as_array().unwrap().is_empty());
    for role in [Role::Volunteer, Role::Secretariat] {
        let client = ground.client(role, Some(CENTRE));
        assert_eq!(client.get("timeline", &format!("/v1/women/{woman}/timeline")).await.status, 403);
        assert_eq!(client.post("housing", "/v1/cases", "k2", json!({ "woman": woman })).await.status, 403);
    }
    let service = ground.service_client("timeline");
    assert_eq!(service.get("housing", &format!("/v1/cases/{case}")).await.status, 403);
    let feed = service.get("housing", "/v1/events?after=0").await.ok().body;
    assert_eq!(feed["events"].as_array().unwrap().len(), 5);
    assert!(!feed.to_string().contains("Hundepensionen"));
    assert_eq!(leader.get("housing", "/v1/events").await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn courses_are_paged_filtered_and_watched() {
    let ground = Ground::start().await;
    let (_housing, _timeline) = (ground.housing().await, ground.timeline(contracts()).await);
    let (leader, woman) = (ground.leader(), Uuid::new_v4());
    let case = leader.open("housing", woman).await;
    let mut last = String::new();
    for number in 0..260 {
        let path = format!("/v1/cases/{case}/write-note");
        let body = json!({ "facts": { "text": format!("notat {number}") }, "when": day(-(number % 40)) });
        last = leader.post("housing", &path, &format!("note-{number}"), body).await.ok().text("position");
    }
    let first = leader.course(woman, &last).await;
    assert_eq!(first["entries"].as_array().unwrap().len(), 200);
    let next = first["next"].as_str().unwrap();
    let second = leader.get("timeline", &format!("/v1/women/{woman}/timeline?cursor={next}")).await.ok().body;
    let positions = |page: &Value| {
        page["entries"]
            .as_array()
            .unwrap()
            .iter()
            .map(|e| e["position"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let mut all = [positions(&first), positions(&second)].concat();
    assert!(second["next"].is_null());
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 261, "no entry is twice or lost between pages");
    let days: Vec<_> =
        first["entries"].as_array().unwrap().iter().map(|e| e["happened"].as_str().unwrap().to_owned()).collect();
    assert!(days.is_sorted_by(|a, b| a >= b), "newest first");

    let count = async |query: String| {
        let page = leader.get("timeline", &format!("/v1/women/{woman}/timeline?{query}")).await.ok().body;
        page["entries"].as_array().unwrap().len()
    };
    assert_eq!(count(format!("from={}&until={}", day(-3), day(-3))).await, 7);
    assert_eq!(count("domain=aftercare".into()).await, 0);
    for wrong in ["cursor=x", "from=yesterday", "at_least=housing", "at_least=nobody:1", "wrong=1"] {
        let answer = leader.get("timeline", &format!("/v1/women/{woman}/timeline?{wrong}")).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (400, "query_invalid"), "{wrong}");
    }
    let behind = leader.get("timeline", &format!("/v1/women/{woman}/timeline?at_least=housing:999999")).await;
    assert_eq!((behind.status.as_u16(), behind.headers["livline-behind"].to_str().unwrap()), (200, "housing"));

    // Somebody watches while something happens.
    let watching = {
        let token = ground
            .desk()
            .issue(&kit::access::Principal { actor: "w-2".parse().unwrap(), role: Role::Leader, centre: Some(CENTRE) })
            .unwrap();
        let url = format!("{}/v1/women/{woman}/live", ground.services["timeline"]);
        reqwest::Client::builder().no_proxy().build().unwrap().get(url).bearer_auth(token).send().await.unwrap()
    };
    assert_eq!(watching.headers()["content-type"], "text/event-stream");
    let position = leader.act("housing", &case, "keep-tenancy", json!({})).await.ok().text("position");
    let mut stream = watching;
    let mut text = String::new();
    while !text.contains(&position) {
        let chunk = tokio::time::timeout(PATIENCE, stream.chunk()).await.expect("news in time").unwrap().unwrap();
        text.push_str(&String::from_utf8_lossy(&chunk));
    }
    assert!(text.contains("event: entry"));
}

#[tokio::test(flavor = "multi_thread")]
async fn follow_ups_are_due_by_copenhagens_day() {
    let ground = Ground::start().await;
    // Without its rules: one of them settles an offer that is late, at a moment of its own.
    let settings = ground.settings("housing", &database::SERVICE).await;
    let housing =
        Domain::<Housing>::open(housing::contract().unwrap(), "housing", settings, ground.clock.clone()).await;
    let _housing = Running::start(housing.unwrap().service()).await;
    let _timeline = ground.timeline(contracts()).await;
    let leader = ground.leader();
    leader.employ(&["w-9"]).await;
    let (mut last, woman) = (String::new(), Uuid::new_v4());
    for due in [-2, 0, 3, 20] {
        let case = leader.open("housing", woman).await;
        let path = format!("/v1/cases/{case}/make-offer");
        // Made some days ago, so that a reminder can be late; the offer itself does not lapse, whenever the calendar runs.
        let body = json!({ "facts": offer(&day(30)), "when": day(-4), "due": day(due), "responsible": "w-9" });
        last = leader.post("housing", &path, &format!("offer-{due}"), body).await.ok().text("position");
    }
    leader.course(woman, &last).await;
    let dues = async |query: &str| {
        let answer = leader.get("timeline", &format!("/v1/follow-ups?{query}")).await.ok().body;
        answer["follow_ups"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|f| f["what"] == "answer_offer")
            .map(|f| f["days"].as_i64().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(dues("").await, [-2, 0, 3, 20]);
    assert_eq!(dues("due=overdue").await, [-2]);
    assert_eq!(dues("due=today").await, [0]);
    assert_eq!(dues("due=week").await, [3]);
    assert_eq!(dues("due=none").await, [0_i64; 0]);
    assert_eq!(dues("due=overdue&responsible=w-9").await, [-2]);
    assert_eq!(dues("responsible=somebody-else").await, [0_i64; 0]);
    assert_eq!(leader.get("timeline", "/v1/follow-ups?due=sometime").await.code(), "query_invalid");

    // What is due at a minute is overdue once that is past, on the day itself.
    let at = |hours: i64| kit::Moment::of(ground.clock.now() + time::Duration::hours(hours)).unwrap().to_string();
    let (past, to_come) = (at(-1), at(3));
    for due in [&past, &to_come] {
        let case = leader.open("housing", woman).await;
        let body = json!({ "facts": offer(&day(30)), "when": day(-4), "due": due });
        let path = format!("/v1/cases/{case}/make-offer");
        last = leader.post("housing", &path, &format!("offer-{due}"), body).await.ok().text("position");
    }
    leader.course(woman, &last).await;
    let found = async |query: &str| -> Vec<(String, String)> {
        let answer = leader.get("timeline", &format!("/v1/follow-ups?{query}")).await.ok().body;
        let all = answer["follow_ups"].as_array().unwrap().iter();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        all.map(|f| (text(&f["due"]), text(&f["state"]))).filter(|(due, _)| due.contains('T')).collect()
    };
    assert_eq!(found("due=overdue").await, [(past.clone(), "overdue".to_owned())]);
    let all = found("").await;
    assert!(all.iter().any(|(due, state)| *due == to_come && state != "overdue"), "{all:?}");
    let today = found("due=today").await;
    assert!(!today.iter().any(|(due, _)| *due == past), "{today:?}");
}

/// What is open and what happened are of the same moment, however much is going on.
#[tokio::test(flavor = "multi_thread")]
async fn a_course_is_read_at_one_moment() {
    let ground = Ground::start().await;
    let (_housing, _timeline) = (ground.housing().await, ground.timeline(contracts()).await);
    let (leader, woman) = (ground.leader(), Uuid::new_v4());
    let case = leader.open("housing", woman).await;
    let writing = tokio::spawn({
        let (leader, case) = (leader.clone(), case.clone());
        async move {
            for _ in 0..80 {
                leader.act("housing", &case, "make-offer", json!({})).await.ok();
            }
        }
    });
    let (mut seen, mut news) = (0, Instant::now());
    while seen < 80 {
        let page = leader.get("timeline", &format!("/v1/women/{woman}/timeline")).await.body;
        let count = |list: &str, name: &str, value: &str| {
            let items = page[list].as_array().cloned().unwrap_or_default();
            items.iter().filter(|item| item[name] == value).count()
        };
        let made = count("entries", "event", "HousingOfferMade");
        assert_eq!(count("open", "what", "answer_offer"), made);
        if made > seen {
            (seen, news) = (made, Instant::now());
        }
        assert!(news.elapsed() < PATIENCE, "nothing comes after {seen} offers");
    }
    writing.await.unwrap();
}
