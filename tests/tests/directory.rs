//! The directory of staff and centres over HTTP: who keeps it, what it refuses, and where names stand beside ids.

use kit::access::Role;
use livline_tests::{Answer, CENTRE, Client, Ground, OTHER_CENTRE, Running, eventually};
use serde_json::{Value, json};
use uuid::Uuid;

struct House {
    ground: Ground,
    leader: Client,
    _running: Vec<Running>,
}

impl House {
    async fn new() -> Self {
        let ground = Ground::start().await;
        let contracts = livline_tests::runs::contracts().into_iter().map(|(_, contract)| contract).collect();
        let running = vec![ground.housing().await, ground.aftercare().await, ground.timeline(contracts).await];
        let leader = ground.leader().named("l-1");
        Self { ground, leader, _running: running }
    }

    fn client(&self, role: Role, name: &str) -> Client {
        self.ground.client(role, Some(CENTRE)).named(name)
    }
}

async fn send(client: &Client, path: &str, facts: Value) -> Answer {
    client.post("people", path, &Uuid::new_v4().to_string(), json!({ "facts": facts })).await
}

async fn register(client: &Client, worker: &str, name: &str, role: &str) -> Answer {
    send(client, "/v1/staff", json!({ "worker": worker, "name": name, "role": role })).await
}

/// The row of somebody in the list of staff, once the service has heard of it.
async fn listed(client: &Client, list: &str, member: &str, id: &str) -> Value {
    eventually(id, async || {
        let answer = client.get("people", &format!("/v1/{list}")).await.ok().body;
        answer[list].as_array().unwrap().iter().find(|row| row[member] == id).cloned()
    })
    .await
}

/// The leader keeps the staff of the own centre, nobody else does, and another centre sees nothing of it.
#[tokio::test(flavor = "multi_thread")]
async fn the_leader_keeps_the_staff_of_the_own_centre() {
    let house = House::new().await;
    for client in [house.client(Role::Worker, "w-1"), house.client(Role::Temp, "w-1")] {
        let refused = register(&client, "w-2", "Anna Kanarie", "worker").await;
        assert!(["needs_leader", "forbidden"].contains(&refused.code()), "{}", refused.body);
    }
    let registered = register(&house.leader, "W-2", "Anna Kanarie", "worker").await.ok();
    assert_eq!(register(&house.leader, "w-2", "Bo", "temp").await.code(), "worker_registered");
    let entry = listed(&house.leader, "staff", "worker", "w-2").await;
    let expected = json!({
        "id": registered.body["id"], "worker": "w-2", "name": "Anna Kanarie", "role": "worker", "from": null, "until": null,
        "works": true,
    });
    assert_eq!(entry, expected);
    let path = format!("/v1/staff/{}", registered.text("id"));
    send(&house.leader, &format!("{path}/change-worker"), json!({ "role": "leader" })).await.ok();
    send(&house.leader, &format!("{path}/end-work"), json!({ "last_day": "2026-01-31" })).await.ok();
    eventually("she has left", async || {
        let entry = listed(&house.leader, "staff", "worker", "w-2").await;
        (entry["works"] == false && entry["role"] == "leader" && entry["until"] == "2026-01-31").then_some(())
    })
    .await;
    // Who left may come back, under the same id.
    register(&house.leader, "w-2", "Anna Lind", "worker").await.ok();
    eventually("she is back", async || {
        let entry = listed(&house.leader, "staff", "worker", "w-2").await;
        (entry["works"] == true && entry["name"] == "Anna Lind").then_some(())
    })
    .await;

    let other = house.ground.client(Role::Leader, Some(OTHER_CENTRE)).named("l-9");
    assert_eq!(other.get("people", "/v1/staff").await.ok().body, json!({ "staff": [] }));
    for path in [path.clone(), format!("{path}/events")] {
        assert_eq!(other.get("people", &path).await.status, 404);
    }
    assert_eq!(send(&other, &format!("{path}/change-worker"), json!({ "role": "temp" })).await.status, 404);
    for role in [Role::Volunteer, Role::Secretariat] {
        for list in ["/v1/staff", "/v1/centres"] {
            assert_eq!(house.client(role, "x-1").get("people", list).await.status, 403, "{role:?} {list}");
        }
    }
    // Its names lie sealed, in the stream too.
    for service in ["people", "housing", "timeline"] {
        let pool = house.ground.pool(&format!("livline_{service}")).await;
        let kept: String = sqlx::query_scalar("SELECT coalesce(string_agg(facts::text, ''), '') FROM directory")
            .fetch_one(&pool)
            .await
            .unwrap();
        assert!(!kept.contains("Kanarie") && !kept.contains("Lind"));
    }
}

/// An id that nobody has is refused wherever something would be given to it, and no sentence about somebody gets in as one.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_given_to_whom_nobody_knows() {
    let house = House::new().await;
    let leader = &house.leader;
    let woman = Uuid::new_v4();
    let case = leader.open("housing", woman).await;
    let offer = leader.act("housing", &case, "make-offer", json!({ "answer_by": "2099-01-01" })).await.ok();
    let key = format!("offer/{}/answer", offer.body["events"][0]["facts"]["offer"].as_str().unwrap());
    let before = leader.get("housing", &format!("/v1/cases/{case}")).await.ok().body["version"].clone();

    let path = format!("/v1/cases/{case}/make-offer");
    let body = |responsible: &str| json!({ "facts": { "answer_by": "2099-01-01" }, "responsible": responsible });
    for address in ["Kanarievej.11.2100.KBH", "nobody-like-that"] {
        let refused = leader.post("housing", &path, &Uuid::new_v4().to_string(), body(address)).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (409, "unknown_worker"), "{}", refused.body);
        let given =
            leader.act("housing", &case, "assign-follow-up", json!({ "key": key, "responsible": address })).await;
        assert_eq!(given.code(), "unknown_worker");
        let tie = json!({ "worker": address, "role": "contact_person" });
        assert_eq!(leader.act_for(woman, "assign-worker", tie).await.code(), "unknown_worker");
        let duty = json!({ "worker": address, "kind": "on_duty", "until": "2099-01-01T08:00" });
        assert_eq!(send(leader, "/v1/duties", duty).await.code(), "unknown_worker");
    }
    assert_eq!(
        leader.get("housing", &format!("/v1/cases/{case}")).await.ok().body["version"],
        before,
        "nothing is half done"
    );
    // About a conflict, and a companion, one is warned: either may be about somebody from outside.
    let conflict = json!({ "kind": "worker", "who": "nobody-like-that" });
    let warned = leader.act_for(woman, "record-conflict-of-interest", conflict).await.ok();
    assert_eq!(warned.body["warnings"][0]["code"], "worker_unknown");
    let aftercare = leader.open("aftercare", woman).await;
    let booked = leader.act("aftercare", &aftercare, "book-companion", json!({ "who": "aunt-1" })).await.ok();
    assert_eq!(booked.body["warnings"][0]["code"], "worker_unknown");

    // Registered, she gets it at once, in each service; once she left, not any more.
    let registered = register(leader, "w-2", "Anna Kanarie", "worker").await.ok();
    leader.act("housing", &case, "assign-follow-up", json!({ "key": key, "responsible": "W-2" })).await.ok();
    leader.act_for(woman, "assign-worker", json!({ "worker": "w-2", "role": "contact_person" })).await.ok();
    let path = format!("/v1/staff/{}/end-work", registered.text("id"));
    send(leader, &path, json!({ "last_day": "2026-01-31" })).await.ok();
    eventually("she has left", async || {
        let again = leader.act("housing", &case, "assign-follow-up", json!({ "key": key, "responsible": "w-2" })).await;
        // She holds it already: nothing new until it is heard that she left.
        (again.code() == "unknown_worker").then_some(())
    })
    .await;
    // The token vouches for whoever acts: they hold what they open, and give themselves no tie.
    let stranger = house.client(Role::Worker, "w-new");
    let another = Uuid::new_v4();
    leader.know(another).await;
    let own = json!({ "worker": "w-new", "role": "contact_person" });
    assert_eq!(stranger.act_for(another, "assign-worker", own).await.code(), "unknown_worker");
    stranger.act("housing", &case, "make-offer", json!({ "answer_by": "2099-01-01" })).await.ok();
}

/// A name stands beside an id wherever an id is shown; a centre's for those alone who see places.
#[tokio::test(flavor = "multi_thread")]
async fn names_stand_beside_ids() {
    let house = House::new().await;
    let leader = &house.leader;
    register(leader, "l-1", "Karen Kanarie", "leader").await.ok();
    register(leader, "w-2", "Anna Lærke", "worker").await.ok();
    let woman = Uuid::new_v4();
    let case = leader.open("housing", woman).await;
    leader.act_for(woman, "start-stay", json!({})).await.ok();
    let offer = leader.act("housing", &case, "make-offer", json!({ "answer_by": "2099-01-01" })).await.ok();
    let key = format!("offer/{}/answer", offer.body["events"][0]["facts"]["offer"].as_str().unwrap());
    let given =
        leader.act("housing", &case, "assign-follow-up", json!({ "key": key, "responsible": "w-2" })).await.ok();
    leader.course(woman, &given.text("position")).await;
    let names = json!({
        "l-1": { "name": "Karen Kanarie", "role": "leader" }, "w-2": { "name": "Anna Lærke", "role": "worker" },
    });
    for (service, path) in
        [("timeline", format!("/v1/women/{woman}/timeline")), ("housing", format!("/v1/cases/{case}/events"))]
    {
        eventually(&path, async || {
            (leader.get(service, &path).await.ok().body["names"]["staff"] == names).then_some(())
        })
        .await;
    }
    for (service, path) in [("timeline", "/v1/follow-ups".to_owned()), ("housing", format!("/v1/cases/{case}"))] {
        eventually(&path, async || {
            (leader.get(service, &path).await.ok().body["names"]["staff"]["w-2"] == names["w-2"]).then_some(())
        })
        .await;
    }
    let letter = format!("/v1/women/{woman}/letters/municipality-in?anonymous=true");
    let text = reqwest::Client::new()
        .get(format!("{}{letter}", leader.address("people")))
        .header("authorization", leader.authorization().trim_start_matches("authorization: "))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(text.contains("Med venlig hilsen\nKaren Kanarie\nKrisecentret"), "{text}");

    // The centre's own name, for whoever sees places; an ordinary worker reads its id alone.
    leader.found().await;
    let course = format!("/v1/women/{woman}/timeline");
    let centre = CENTRE.to_string();
    eventually("the centre is heard of", async || {
        leader.get("timeline", &course).await.ok().body["names"]["centres"].get(&centre).cloned()
    })
    .await;
    let worker = house.client(Role::Worker, "w-3");
    assert_eq!(worker.get("timeline", &course).await.ok().body["names"]["centres"], json!({}));
    // She moves to a centre that is chosen by its name, and not to one that has closed.
    let new = house.ground.client(Role::Leader, Some(OTHER_CENTRE)).named("l-9");
    let founded = send(&new, "/v1/centres", json!({ "name": "Krisecenter Elmely" })).await.ok();
    assert_eq!(send(&new, "/v1/centres", json!({ "name": "Elmely" })).await.code(), "centre_registered");
    let entry = listed(leader, "centres", "name", "Krisecenter Elmely").await;
    assert_eq!(entry["centre"], OTHER_CENTRE.to_string());
    assert_eq!(entry["id"], Value::Null, "another centre's entry is nobody's here");
    send(&new, &format!("/v1/centres/{}/close-centre", founded.text("id")), json!({})).await.ok();
    eventually("it has closed", async || {
        (listed(leader, "centres", "name", "Krisecenter Elmely").await["closed"] == true).then_some(())
    })
    .await;
    let refused = leader.act_for(woman, "offer-relocation", json!({ "to": OTHER_CENTRE })).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (409, "unknown_centre"));
}

/// Leaders answer for the house whether they are on duty or not: the last one cannot be shut out.
#[tokio::test(flavor = "multi_thread")]
async fn leaders_answer_for_the_house() {
    let house = House::new().await;
    let leader = &house.leader;
    let woman = Uuid::new_v4();
    leader.know(woman).await;
    let conflict = |who: &str| json!({ "kind": "worker", "who": who });
    let alone = leader.act_for(woman, "record-conflict-of-interest", conflict("l-1")).await;
    assert_eq!((alone.status.as_u16(), alone.code()), (409, "last_who_answers"));
    register(leader, "l-2", "Birgit Dahl", "leader").await.ok();
    eventually("the other leader is heard of", async || {
        leader.act_for(woman, "record-conflict-of-interest", conflict("l-1")).await.status.is_success().then_some(())
    })
    .await;
    let second = house.client(Role::Leader, "l-2");
    let last = second.act_for(woman, "record-conflict-of-interest", conflict("l-2")).await;
    assert_eq!((last.status.as_u16(), last.code()), (409, "last_who_answers"));
    // The others are told: who answers for the house was kept away.
    let open = second.get("people", &format!("/v1/women/{woman}")).await.ok().body["follow_ups"].clone();
    let told = open.as_object().unwrap().values().any(|task| task["what"] == "tell_leader_of_conflict");
    assert!(told, "{open}");
}

/// From the day after their last one, who left is near nobody by a tie, a duty or an engagement: nothing of it is read once that they left was
/// acknowledged.
#[tokio::test(flavor = "multi_thread")]
async fn who_left_is_tied_to_nobody_and_on_no_duty() {
    const PLACE: &str = "Kanariegade 11";
    let house = House::new().await;
    let (leader, woman) = (&house.leader, Uuid::new_v4());
    let case = leader.open("housing", woman).await;
    leader.act("housing", &case, "place-pet", json!({ "place": PLACE })).await.ok();
    let staff = [
        ("w-tied", Role::Worker, "worker"),
        ("w-duty", Role::Worker, "worker"),
        ("w-temp", Role::Temp, "temp"),
        ("w-helps", Role::Volunteer, "volunteer"),
        ("w-there", Role::Worker, "worker"),
    ];
    let mut entries = Vec::new();
    for (who, role, as_what) in staff {
        let entry = register(leader, who, "Navn", as_what).await.ok().text("id");
        entries.push((house.client(role, who), entry, who));
    }
    for (who, tie) in [("w-tied", "contact_person"), ("w-there", "contact_person"), ("w-helps", "volunteer")] {
        leader.act_for(woman, "assign-worker", json!({ "worker": who, "role": tie })).await.ok();
    }
    let at = kit::calendar::in_copenhagen_time(house.ground.clock.now() + time::Duration::hours(8));
    let until = format!("{}T{:02}:{:02}", kit::Day::from(at.date()), at.hour(), at.minute());
    for (who, kind) in [("w-temp", "temp"), ("w-temp", "on_duty"), ("w-duty", "on_duty")] {
        send(leader, "/v1/duties", json!({ "worker": who, "kind": kind, "until": until })).await.ok();
    }
    let shown = [("housing", format!("/v1/cases/{case}/events")), ("timeline", format!("/v1/women/{woman}/timeline"))];
    let address = format!("/v1/women/{woman}/vault/address");
    let reads = async |client: &Client| {
        for (service, path) in &shown {
            let place = |answer: &Answer| answer.body.to_string().contains(PLACE);
            eventually(path, async || place(&client.get_once(service, path).await).then_some(())).await;
        }
    };
    let [tied, duty, temp, helps, there] = entries.as_slice() else { panic!() };
    for (client, ..) in [tied, duty, there] {
        reads(client).await;
    }
    // A duty gives a temp nothing that the role does not: she is reached, and her places are not read.
    let (service, path) = &shown[0];
    let seen = temp.0.get(service, path).await.ok();
    assert!(!seen.body.to_string().contains(PLACE), "{}", seen.body);
    let alias = format!("/v1/women/{woman}/alias");
    eventually("her helper reads", async || helps.0.get_once("people", &alias).await.status.is_success().then_some(()))
        .await;

    // What they hold is somebody's, and nobody's once they have left.
    let offer = leader.act("housing", &case, "make-offer", json!({ "answer_by": "2099-01-01" })).await.ok();
    let key = format!("offer/{}/answer", offer.body["events"][0]["facts"]["offer"].as_str().unwrap());
    leader.act("housing", &case, "assign-follow-up", json!({ "key": key, "responsible": "w-duty" })).await.ok();
    let held = async |holder: &str| {
        let list = leader.get("timeline", &format!("/v1/follow-ups?responsible={holder}")).await.ok().body;
        list["follow_ups"].as_array().unwrap().iter().any(|row| row["key"] == json!(key))
    };
    eventually("it is theirs", async || held("w-duty").await.then_some(())).await;

    let leave = async |entry: &str, days: i64| {
        let last = house.ground.clock.today() - time::Duration::days(days);
        let facts = json!({ "last_day": kit::Day::from(last) });
        send(leader, &format!("/v1/staff/{entry}/end-work"), facts).await.ok();
    };
    leave(&tied.1, 0).await;
    reads(&tied.0).await;
    for (client, entry, who) in [tied, duty, temp, helps] {
        leave(entry, 1).await;
        for (service, path) in &shown {
            let answer = client.get_once(service, path).await;
            let gone = ["w-temp", "w-helps"].contains(who) && answer.status.is_success();
            assert!(!gone && !answer.body.to_string().contains(PLACE), "{who} {service} {}", answer.body);
        }
    }
    assert_eq!(helps.0.get_once("people", &alias).await.status, 404);
    for (client, _, who) in [tied, duty] {
        let kept = client.put("people", &address, &Uuid::new_v4().to_string(), json!({ "value": "Nygade 2" })).await;
        assert_eq!((kept.status.as_u16(), kept.code()), (403, "needs_close"), "{who}");
    }
    eventually("it is nobody's", async || (held("nobody").await && !held("w-duty").await).then_some(())).await;
    let shown_case = leader.get("housing", &format!("/v1/cases/{case}")).await.ok().body;
    assert_eq!(shown_case["follow_ups"][&key]["responsible"], Value::Null, "{}", shown_case["follow_ups"]);
    there.0.put("people", &address, "k", json!({ "value": "Nygade 2" })).await.ok();
    reads(&there.0).await;
}

/// A centre is chosen by its name: no second one is called so, however it is written, until the first takes nobody in any more.
#[tokio::test(flavor = "multi_thread")]
async fn one_centre_is_called_so() {
    let house = House::new().await;
    let new = house.ground.client(Role::Leader, Some(OTHER_CENTRE)).named("l-9");
    let first = send(&house.leader, "/v1/centres", json!({ "name": "Krisecenter Birkely" })).await.ok();
    let rename = async |client: &Client, id: &str, name: &str| {
        send(client, &format!("/v1/centres/{id}/rename-centre"), json!({ "name": name })).await.code().to_owned()
    };
    for name in ["Krisecenter Birkely", " krisecenter  BIRKELY "] {
        let second = send(&new, "/v1/centres", json!({ "name": name })).await;
        assert_eq!((second.status.as_u16(), second.code()), (409, "centre_name_taken"), "{name}");
    }
    let second = send(&new, "/v1/centres", json!({ "name": "Krisecenter Elmely" })).await.ok().text("id");
    assert_eq!(rename(&new, &second, "krisecenter birkely").await, "centre_name_taken");
    assert_eq!(rename(&new, &second, "Krisecenter Elmely").await, "", "its own name again");
    // Renamed, it is free; and so is the name of one that has closed.
    assert_eq!(rename(&house.leader, &first.text("id"), "Birkely").await, "");
    assert_eq!(rename(&new, &second, "Krisecenter Birkely").await, "");
    send(&house.leader, &format!("/v1/centres/{}/close-centre", first.text("id")), json!({})).await.ok();
    assert_eq!(rename(&new, &second, "Birkely").await, "");
}

/// Two centres may each have somebody of one id: where what the one recorded went along to the other, neither's name stands beside it.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_not_taken_for_another_centres() {
    let house = House::new().await;
    let (leader, woman) = (&house.leader, Uuid::new_v4());
    let new = house.ground.client(Role::Leader, Some(OTHER_CENTRE)).named("l-9");
    register(leader, "w-2", "Anna Lærke", "worker").await.ok();
    register(&new, "w-2", "Fremmed Navn", "worker").await.ok();
    let case = leader.open("housing", woman).await;
    let pet = house.client(Role::Worker, "w-2").act("housing", &case, "place-pet", json!({})).await.ok();
    let course = format!("/v1/women/{woman}/timeline");
    leader.course(woman, &pet.text("position")).await;
    eventually("she is named", async || {
        (leader.get("timeline", &course).await.ok().body["names"]["staff"]["w-2"]["name"] == "Anna Lærke").then_some(())
    })
    .await;
    leader.hand_over(woman, &new, json!({ "to": OTHER_CENTRE, "along": "all" })).await;
    let seen = eventually("it went along", async || {
        let answer = new.get_once("timeline", &course).await;
        answer.body.to_string().contains("PetPlaced").then_some(answer.body)
    })
    .await;
    listed(&new, "staff", "worker", "w-2").await;
    let placed = seen["entries"].as_array().unwrap().iter().find(|entry| entry["event"] == "PetPlaced").unwrap();
    assert_eq!(placed["actor"], "w-2");
    for _ in 0..2 {
        let shown = new.get("timeline", &course).await.ok().body;
        assert_eq!(shown["names"]["staff"]["w-2"], Value::Null, "{}", shown["names"]);
        assert!(!shown.to_string().contains("Anna Lærke"));
    }
}
