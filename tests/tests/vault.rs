//! The vault: what it keeps, for whom, and where it opens.

use engine::{clock::Clock, erasure::forget, keys::Kind, vault};
use futures::future::join_all;
use kit::access::Role;
use livline::{provision, services};
use livline_tests::{
    Answer, CENTRE, Client, Ground, OTHER_CENTRE, eventually,
    women::{Woman, Women, at, people, personal, registered, somebody},
};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection, PgPool, Row};
use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};
use uuid::Uuid;

const ADDRESS: &str = "Kanariegade 11, 2. tv.";

async fn put(client: &Client, her: &Woman, slot: &str, key: &str, body: Value) -> Answer {
    let path = format!("/v1/women/{}/vault/{slot}", her.woman);
    client.put("people", &path, key, body).await
}

async fn keep(client: &Client, her: &Woman, slot: &str, value: &str) -> String {
    put(client, her, slot, &Uuid::new_v4().to_string(), json!({ "value": value })).await.ok().text("reference")
}

async fn get(client: &Client, her: &Woman, rest: &str) -> Answer {
    client.get("people", &format!("/v1/women/{}/vault{rest}", her.woman)).await
}

/// The reference of what stands in a slot of hers now.
async fn now(client: &Client, her: &Woman, slot: &str) -> String {
    let list = get(client, her, "").await.ok().body;
    let values = list["values"].as_array().unwrap();
    let hers = values.iter().find(|value| value["slot"] == slot && value["child"].is_null());
    hers.unwrap()["reference"].as_str().unwrap().to_owned()
}

async fn contacts(client: &Client, her: &Woman) -> Answer {
    client.get("people", &format!("/v1/women/{}/contacts", her.woman)).await
}

async fn forget_history(client: &Client, her: &Woman, reference: &str) -> Answer {
    let path = format!("/v1/women/{}/vault/{reference}/history", her.woman);
    client.try_send(Method::DELETE, "people", &path, &[], None).await.unwrap()
}

async fn check(client: &Client, her: &Woman, word: &str) -> Answer {
    client.post("people", &format!("/v1/women/{}/vault/code-word/check", her.woman), "-", json!({ "word": word })).await
}

async fn unlock(client: &Client, her: &Woman, body: Value) -> Answer {
    let path = format!("/v1/women/{}/vault/code-word/unlock", her.woman);
    client.post("people", &path, &Uuid::new_v4().to_string(), body).await
}

/// Her events of a type, with their facts and facets as the leader sees them.
async fn events(leader: &Client, her: &Woman, of: &str) -> Vec<Value> {
    let all = leader.get("people", &format!("/v1/women/{}/events", her.woman)).await.ok().body;
    let of = format!("dk.livline.people.{of}.v1");
    all["events"].as_array().unwrap().iter().filter(|event| event["type"] == *of).cloned().collect()
}

/// Her follow-ups that are open: key, and who holds it.
async fn open(leader: &Client, her: &Woman) -> Vec<(String, Value)> {
    let shown = leader.get("people", &format!("/v1/women/{}", her.woman)).await.ok().body;
    let open = shown["follow_ups"].as_object().unwrap().iter().filter(|(_, follow_up)| follow_up["open"] == true);
    open.map(|(key, follow_up)| (key.clone(), follow_up["responsible"].clone())).collect()
}

/// Somebody who becomes her contact person.
async fn contact_person(ground: &Ground, women: &Women, her: &mut Woman, name: &str) -> Client {
    let tie = json!({ "worker": personal(name), "role": "contact_person" });
    women.record(her, &[("WorkerAssigned", tie)]).await;
    ground.client(Role::Worker, Some(CENTRE)).named(name)
}

async fn known(women: &Women) -> Woman {
    women.register(somebody(), registered("Birk-47", Some("Anna Lund"), None)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_is_kept_replaced_and_its_history_forgotten() {
    let ground = Ground::start().await;
    let (_people, women) = people(&ground).await;
    let (leader, mut her) = (ground.leader(), known(&women).await);
    let first = put(&leader, &her, "address", "k1", json!({ "value": ADDRESS })).await.ok();
    let former = first.text("reference");
    assert_eq!(get(&leader, &her, &format!("/{former}")).await.text("value"), ADDRESS);
    let second = put(&leader, &her, "address", "k2", json!({ "value": "Nygade 2" })).await.ok();
    let reference = second.text("reference");
    assert_eq!(second.body["version"], 2);
    // What was referred to is not another value now: it is gone, and its history goes on with the new one.
    assert_ne!(reference, former);
    for rest in ["", "/history"] {
        assert_eq!(get(&leader, &her, &format!("/{former}{rest}")).await.status, 404);
    }
    // The same again: the first answer, and the newer value stays.
    assert_eq!(put(&leader, &her, "address", "k1", json!({ "value": ADDRESS })).await.ok().body, first.body);
    let value = get(&leader, &her, &format!("/{reference}")).await.ok();
    assert_eq!((value.text("value"), value.text("slot")), ("Nygade 2".into(), "address".into()));
    for (slot, value) in [("address", "Andengade 3"), ("code-word", ADDRESS)] {
        let reused = put(&leader, &her, slot, "k1", json!({ "value": value })).await;
        assert_eq!((reused.status.as_u16(), reused.code()), (422, "key_reused"), "{slot}");
    }
    // Each contact and each child has a value of its own.
    let (child, contact) = (Uuid::new_v4(), Uuid::new_v4());
    let of_child = json!({ "value": "Hos faster", "child": child });
    let refused = put(&leader, &her, "address", "k3", of_child.clone()).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (422, "facts_invalid"), "no child of hers");
    women.record(&mut her, &[("ChildRegistered", json!({ "child": child }))]).await;
    let childs = put(&leader, &her, "address", "k3", of_child).await.ok();
    assert_ne!(childs.text("reference"), reference);
    keep(&leader, &her, &format!("contact/{contact}"), "20 30 40 50").await;
    keep(&leader, &her, &format!("contact/{}", Uuid::new_v4()), "anna@example.org").await;
    let list = get(&leader, &her, "").await.ok().body;
    let slots: Vec<_> =
        list["values"].as_array().unwrap().iter().map(|value| value["slot"].as_str().unwrap()).collect();
    assert_eq!(slots.len(), 4);
    assert_eq!(slots[..2], ["address", "address"]);
    for clear in [ADDRESS, "Nygade", "Hos faster", "20 30", "anna@"] {
        assert!(!list.to_string().contains(clear), "{clear}");
    }

    let history = format!("/{reference}/history");
    let was = get(&leader, &her, &history).await.ok().body;
    assert_eq!(was["history"].as_array().unwrap().len(), 1);
    assert_eq!((&was["history"][0]["value"], &was["history"][0]["reference"]), (&json!(ADDRESS), &json!(former)));
    assert_eq!(forget_history(&leader, &her, &reference).await.status, 204);
    assert_eq!(get(&leader, &her, &history).await.ok().body["history"], json!([]));
    assert_eq!(get(&leader, &her, &format!("/{reference}")).await.text("value"), "Nygade 2");
    // What is forgotten cannot be told from its fingerprint either, and its key still does nothing a second time.
    let pool = ground.pool("livline_people").await;
    let kept: Vec<Option<Vec<u8>>> =
        sqlx::query_scalar("SELECT fingerprint FROM vault_answers WHERE reference = $1::uuid ORDER BY version")
            .bind(reference.parse::<Uuid>().unwrap())
            .fetch_all(&pool)
            .await
            .unwrap();
    assert_eq!(kept.iter().map(Option::is_some).collect::<Vec<_>>(), [false, true]);
    assert_eq!(put(&leader, &her, "address", "k1", json!({ "value": ADDRESS })).await.ok().body, first.body);
    assert_eq!(get(&leader, &her, &format!("/{reference}")).await.text("value"), "Nygade 2");
    // Many at once: one value stands, and each of the others was there before it.
    let puts = (0..20).map(|number| keep(&leader, &her, "address", ["Vej 1", "Vej 2"][number % 2]));
    let references: BTreeSet<String> = join_all(puts).await.into_iter().collect();
    assert!(references.len() == 20 && !references.contains(&reference));
    let now = now(&leader, &her, "address").await;
    let was = get(&leader, &her, &format!("/{now}/history")).await.ok().body;
    let was: BTreeSet<_> =
        was["history"].as_array().unwrap().iter().map(|was| was["reference"].as_str().unwrap().to_owned()).collect();
    assert_eq!((was.len(), was.contains(&reference), was.contains(&now)), (20, true, false));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_kept_is_refused_and_not_quoted() {
    let ground = Ground::start().await;
    let (_people, women) = people(&ground).await;
    let (leader, her) = (ground.leader(), known(&women).await);
    for (slot, body, refused) in [
        ("address", json!({ "value": 7 }), (422, "facts_invalid")),
        ("address", json!({ "value": " " }), (422, "facts_invalid")),
        ("address", json!({ "value": ADDRESS.repeat(40) }), (422, "facts_invalid")),
        ("address", json!({ "value": ADDRESS, ADDRESS: true }), (422, "facts_invalid")),
        ("address", json!({ "value": { "$open": ADDRESS } }), (422, "facts_invalid")),
        ("phone", json!({ "value": ADDRESS }), (405, "method_not_allowed")),
        ("contact/7", json!({ "value": ADDRESS }), (404, "not_found")),
    ] {
        let answer = put(&leader, &her, slot, "k", body).await;
        assert_eq!((answer.status.as_u16(), answer.code()), refused, "{slot}");
        assert!(!answer.body.to_string().contains("Kanarie"), "{}", answer.body);
    }
    let keyless = client_put_without_key(&leader, &her).await;
    assert_eq!((keyless.status.as_u16(), keyless.code()), (400, "idempotency_key_missing"));
    assert_eq!(get(&leader, &her, "").await.ok().body["values"], json!([]));
}

async fn client_put_without_key(client: &Client, her: &Woman) -> Answer {
    let path = format!("/v1/women/{}/vault/address", her.woman);
    client.try_send(Method::PUT, "people", &path, &[], Some(b"{\"value\":\"x\"}".to_vec())).await.unwrap()
}

/// Every route of the vault, as somebody asks.
async fn asked(client: &Client, her: &Woman, reference: &str) -> Vec<(&'static str, Answer)> {
    vec![
        ("put", put(client, her, "address", &Uuid::new_v4().to_string(), json!({ "value": "x" })).await),
        ("list", get(client, her, "").await),
        ("value", get(client, her, &format!("/{reference}")).await),
        ("history", get(client, her, &format!("/{reference}/history")).await),
        ("forget", forget_history(client, her, reference).await),
        ("check", check(client, her, "x").await),
        ("contacts", contacts(client, her).await),
        ("letter", client.get("people", &format!("/v1/women/{}/letters/municipality-in", her.woman)).await),
    ]
}

/// A woman of another centre, one whom the caller must not come near, one who left, and one who never was: one answer.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_yours_is_not_there() {
    let ground = Ground::start().await;
    let (_people, women) = people(&ground).await;
    let (leader, worker) = (ground.leader().named("w-9"), ground.client(Role::Worker, Some(CENTRE)));
    let elsewhere = ground.client(Role::Leader, Some(OTHER_CENTRE));
    let contact_person = worker.clone().named("w-contact");
    let mut hers = known(&women).await;
    let reference = keep(&leader, &hers, "address", ADDRESS).await;
    let mut former = known(&women).await;
    let gone = keep(&leader, &former, "address", ADDRESS).await;
    let stay = Uuid::new_v4();
    women
        .record(
            &mut former,
            &[
                ("StayStarted", json!({ "stay": stay })),
                ("WorkerAssigned", json!({ "worker": personal("w-contact"), "role": "contact_person" })),
                ("StayEnded", json!({ "stay": stay })),
            ],
        )
        .await;
    let nobody = somebody();
    for (who, client, her, reference) in [
        ("another centre", &elsewhere, &hers, &reference),
        ("a former one, for a worker", &worker, &former, &gone),
        ("a former one, for a contact person", &contact_person, &former, &gone),
        ("nobody", &leader, &nobody, &reference),
        ("another woman's reference", &leader, &former, &reference),
    ] {
        let nothing = leader.get("people", &format!("/v1/women/{}/vault", Uuid::nil())).await;
        for (route, answer) in asked(client, her, reference).await {
            if who == "another woman's reference" && ["put", "list", "check", "contacts", "letter"].contains(&route) {
                continue;
            }
            assert_eq!((answer.status, &answer.body), (nothing.status, &nothing.body), "{who}: {route}");
        }
    }
    // The same woman at another centre has a vault of her own there, and each its own values.
    let there = women.register(at(hers.woman, OTHER_CENTRE), registered("Ask-1", None, None)).await;
    assert_eq!(get(&elsewhere, &there, "").await.ok().body["values"], json!([]));
    assert_eq!(get(&elsewhere, &there, &format!("/{reference}")).await.status, 404);
    assert_ne!(keep(&elsewhere, &there, "address", "Andetsted 1").await, reference);
    // Whoever leads the centre still finds who left, and goes on with what is kept of her.
    assert_eq!(get(&leader, &former, &format!("/{gone}")).await.status, 404);
    let now = now(&leader, &former, "address").await;
    assert_eq!(get(&leader, &former, &format!("/{now}")).await.text("value"), "x");
    // A conflict of interest, from one moment to the next; also for whoever leads the centre. Others go on.
    let conflict = json!({ "kind": personal("worker"), "who": "w-9" });
    women.record(&mut hers, &[("ConflictOfInterestRecorded", conflict)]).await;
    for (route, answer) in asked(&leader, &hers, &reference).await {
        assert_eq!((answer.status.as_u16(), answer.code()), (404, "not_found"), "{route}");
    }
    assert_eq!(get(&ground.leader(), &hers, &format!("/{reference}")).await.text("value"), ADDRESS);
}

/// Who sees that there is a value, who sees which.
#[tokio::test(flavor = "multi_thread")]
async fn a_value_is_shown_to_whom_its_class_is_shown() {
    let ground = Ground::start().await;
    let (_people, women) = people(&ground).await;
    let mut her = known(&women).await;
    let tie = json!({ "worker": personal("w-contact"), "role": "contact_person" });
    women.record(&mut her, &[("WorkerAssigned", tie)]).await;
    // It is kept by who is close to her. Whoever else has it hands it on, and is told whose it is to do.
    let tied = ground.client(Role::Worker, Some(CENTRE)).named("w-contact");
    let reference = keep(&tied, &her, "address", ADDRESS).await;
    for (role, name, status, code) in [
        (Role::Worker, "w-1", 403, "needs_close"),
        (Role::Temp, "w-1", 404, "not_found"),
        (Role::Volunteer, "w-1", 403, "forbidden"),
        (Role::Secretariat, "w-1", 403, "forbidden"),
    ] {
        let client = ground.client(role, Some(CENTRE)).named(name);
        let contact = format!("contact/{}", Uuid::new_v4());
        for slot in ["address", "code-word", &contact] {
            let answer = put(&client, &her, slot, &Uuid::new_v4().to_string(), json!({ "value": "x" })).await;
            assert_eq!((answer.status.as_u16(), answer.code()), (status, code), "{role:?}: {slot}");
        }
        let path = format!("/v1/women/{}/contacts", her.woman);
        let body = json!({ "facts": { "channel": "phone" }, "value": "x" });
        let answer = client.post("people", &path, &Uuid::new_v4().to_string(), body).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (status, code), "{role:?}: a contact");
    }
    for (role, name, may_list, value, history) in [
        (Role::Leader, "w-1", 200, 200, 200),
        (Role::Worker, "w-contact", 200, 200, 404),
        (Role::Worker, "w-1", 200, 404, 404),
        (Role::Temp, "w-1", 404, 404, 404),
        (Role::Volunteer, "w-1", 403, 403, 403),
        (Role::Secretariat, "w-1", 403, 403, 403),
    ] {
        let client = ground.client(role, Some(CENTRE)).named(name);
        let found = [
            get(&client, &her, "").await,
            get(&client, &her, &format!("/{reference}")).await,
            get(&client, &her, &format!("/{reference}/history")).await,
        ];
        let statuses: Vec<u16> = found.iter().map(|answer| answer.status.as_u16()).collect();
        assert_eq!(statuses, [may_list, value, history], "{role:?}");
        let told = found.iter().any(|answer| answer.body.to_string().contains("Kanarie"));
        assert_eq!(told, value == 200, "{role:?}");
    }
}

async fn sealed(pool: &PgPool, reference: &str) -> Value {
    let sealed = sqlx::query_scalar("SELECT sealed FROM vault WHERE reference = $1::uuid");
    sealed.bind(reference.parse::<Uuid>().unwrap()).fetch_one(pool).await.unwrap()
}

/// Sets what is sealed there, signed as if the service had: only where it is sealed to keeps it from opening.
async fn set(women: &Women, pool: &PgPool, reference: &str, sealed: &Value) {
    let set = sqlx::query("UPDATE vault SET sealed = $2, mac = NULL WHERE reference = $1");
    set.bind(reference.parse::<Uuid>().unwrap()).bind(sealed).execute(pool).await.unwrap();
    vault::sign_once(pool, &women.seal().signer("people")).await.unwrap();
}

/// Whoever can change the database still cannot make a value readable in another place.
#[tokio::test(flavor = "multi_thread")]
async fn a_value_opens_in_its_own_place_alone() {
    let ground = Ground::start().await;
    let (_people, women) = people(&ground).await;
    let (leader, pool) = (ground.leader(), ground.pool("livline_people").await);
    let (mut her, other) = (known(&women).await, known(&women).await);
    for child in [7, 8] {
        women.record(&mut her, &[("ChildRegistered", json!({ "child": Uuid::from_u128(child) }))]).await;
    }
    let there = women.register(at(her.woman, OTHER_CENTRE), registered("Ask-1", None, None)).await;
    let elsewhere = ground.client(Role::Leader, Some(OTHER_CENTRE));
    let contact = |number| format!("contact/{}", Uuid::from_u128(number));
    let former = sealed(&pool, &keep(&leader, &her, &contact(1), "20 30 40 50").await).await;
    let phone = keep(&leader, &her, &contact(1), "20 30 40 51").await;
    let own = sealed(&pool, &phone).await;
    let child = |child: u128| json!({ "value": "20 30 40 52", "child": Uuid::from_u128(child) });
    let second = keep(&leader, &her, &contact(2), "20 30 40 53").await;
    let word = keep(&leader, &her, "code-word", "blå cykel").await;
    let address = keep(&leader, &her, "address", ADDRESS).await;
    let others = keep(&leader, &other, &contact(1), "20 30 40 54").await;
    let theirs = keep(&elsewhere, &there, &contact(1), "20 30 40 55").await;
    let childs = put(&leader, &her, &contact(1), "c1", child(7)).await.ok().text("reference");
    let siblings = put(&leader, &her, &contact(1), "c2", child(8)).await.ok().text("reference");
    let read = async |reference: &str| get(&leader, &her, &format!("/{reference}")).await;
    for (what, foreign) in [
        ("what it was before", former.clone()),
        ("another row", sealed(&pool, &second).await),
        ("another slot of the same class", sealed(&pool, &word).await),
        ("another class", sealed(&pool, &address).await),
        ("another woman", sealed(&pool, &others).await),
        ("her at another centre", sealed(&pool, &theirs).await),
        ("her child's", sealed(&pool, &childs).await),
        ("her child's, as if it were hers", json!({ "value": sealed(&pool, &childs).await["value"] })),
        ("nothing sealed", json!({ "value": "20 30 40 50" })),
        ("nothing", json!({})),
    ] {
        set(&women, &pool, &phone, &foreign).await;
        let answer = read(&phone).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (503, "unavailable"), "{what}");
    }
    set(&women, &pool, &phone, &own).await;
    assert_eq!(read(&phone).await.text("value"), "20 30 40 51");
    // A child's: a sibling's, the mother's, and a row that says it is a sibling's.
    let own = sealed(&pool, &childs).await;
    let mothers = json!({ "child": Uuid::from_u128(7), "value": sealed(&pool, &phone).await["value"] });
    for foreign in [sealed(&pool, &siblings).await, mothers] {
        set(&women, &pool, &childs, &foreign).await;
        assert_eq!(read(&childs).await.status, 503);
    }
    set(&women, &pool, &childs, &own).await;
    assert_eq!(read(&childs).await.text("value"), "20 30 40 52");
    // A row whose own columns were changed.
    let row = async |sql: &str| sqlx::query(sql).bind(phone.parse::<Uuid>().unwrap()).execute(&pool).await.unwrap();
    for (change, back) in [
        (
            "slot = 'code-word', child = gen_random_uuid()",
            "slot = 'contact/00000000-0000-0000-0000-000000000001', child = NULL",
        ),
        ("version = 7", "version = 2"),
    ] {
        row(&format!("UPDATE vault SET {change} WHERE reference = $1")).await;
        assert_eq!(read(&phone).await.status, 503, "{change}");
        row(&format!("UPDATE vault SET {back} WHERE reference = $1")).await;
        read(&phone).await.ok();
    }
    sqlx::query("UPDATE vault SET woman = $2 WHERE reference = $1")
        .bind(second.parse::<Uuid>().unwrap())
        .bind(other.woman)
        .execute(&pool)
        .await
        .unwrap();
    assert_eq!(get(&leader, &other, &format!("/{second}")).await.status, 503, "moved to another woman");
    get(&leader, &her, &format!("/{phone}/history")).await.ok();
    sqlx::query("UPDATE vault_history SET own = reference").execute(&pool).await.unwrap();
    assert_eq!(get(&leader, &her, &format!("/{phone}/history")).await.status, 503, "what it was is not what it is");
    sqlx::query("UPDATE vault_history SET sealed = $1").bind(own).execute(&pool).await.unwrap();
    assert_eq!(get(&leader, &her, &format!("/{phone}/history")).await.status, 503);
}

/// A worker who may not read the word still hears whether the caller knows it. Five wrong ones by one worker lock that worker out for
/// her, and fifteen by all of them everybody, for ten minutes or until a leader lifts it; each is told once.
#[tokio::test(flavor = "multi_thread")]
async fn a_code_word_is_checked_by_whoever_may_not_read_it() {
    let mut ground = Ground::start().await;
    let minutes = Arc::new(AtomicI64::new(0));
    let ahead = minutes.clone();
    let from = Clock::system().now();
    ground.clock = Clock::of(move || from + time::Duration::minutes(ahead.load(Ordering::SeqCst)));
    let (_people, women) = people(&ground).await;
    let (leader, worker) = (ground.leader(), ground.client(Role::Worker, Some(CENTRE)).named("w-7"));
    let (mut her, other) = (known(&women).await, known(&women).await);
    assert_eq!(check(&worker, &her, "blå cykel").await.status, 404, "none is agreed");
    contact_person(&ground, &women, &mut her, "w-contact").await;
    for woman in [&her, &other] {
        keep(&leader, woman, "code-word", "Blå cykel").await;
    }
    let locked = async || events(&leader, &her, "CodeWordLockedOut").await;
    assert_eq!(check(&worker, &her, " blå  CYKEL ").await.ok().body, json!({ "right": true }));
    for word in ["blå", "blå cykler", "rød cykel"] {
        assert_eq!(check(&worker, &her, word).await.ok().body, json!({ "right": false }), "{word}");
    }
    assert_eq!(check(&worker, &her, "blå cykel").await.ok().body["right"], true, "a right one costs nothing");
    assert!(locked().await.is_empty());
    // Many at once are taken one after the other, however long each takes: the fourth and fifth wrong ones, and then no more.
    sqlx::raw_sql(
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.2); RETURN NEW; END $$;
         CREATE TRIGGER slow BEFORE INSERT ON vault_wrong_words FOR EACH ROW EXECUTE FUNCTION slow();",
    )
    .execute(&ground.pool("livline_people").await)
    .await
    .unwrap();
    let tried = async |clients: Vec<Client>| {
        let answers = join_all(clients.iter().map(|client| check(client, &her, "gul cykel"))).await;
        let answered = answers.iter().filter(|answer| answer.body == json!({ "right": false })).count();
        let refused = answers.iter().filter(|answer| answer.code() == "too_many_requests").count();
        (answered, refused)
    };
    assert_eq!(tried(vec![worker.clone(); 12]).await, (2, 10));
    assert_eq!(check(&worker, &her, "Blå cykel").await.status, 429, "not even the right one");
    assert_eq!(check(&leader, &her, "Blå cykel").await.ok().body["right"], true, "and everybody else goes on");
    assert_eq!(check(&worker, &other, "Blå cykel").await.ok().body["right"], true, "another woman's counts apart");
    let [told] = locked().await.try_into().unwrap();
    assert_eq!((&told["data"]["facts"]["worker"], &told["data"]["facets"]["weight"]), (&json!("w-7"), &json!("alert")));
    let mine = |open: Vec<(String, Value)>| open.into_iter().find(|(key, _)| key == "code-word/locked");
    assert_eq!(mine(open(&leader, &her).await).unwrap().1, "w-contact");
    // So many from several are too many from all.
    let several = |names: [&str; 3]| names.iter().flat_map(|name| vec![worker.clone().named(name); 4]).collect();
    assert_eq!(tried(several(["w-21", "w-22", "w-23"])).await, (10, 2));
    for client in [&worker, &leader] {
        assert_eq!(check(client, &her, "Blå cykel").await.status, 429, "nobody, however right");
    }
    let everybody = locked().await;
    assert_eq!((everybody.len(), &everybody[1]["data"]["facts"]), (2, &json!({})));
    // A leader lifts it, and nobody else: from everybody, or from one.
    let contact = worker.clone().named("w-contact");
    for client in [&worker, &contact] {
        let refused = unlock(client, &her, json!({})).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (403, "needs_leader"));
    }
    unlock(&leader, &her, json!({ "worker": "w-21" })).await.ok();
    assert_eq!(check(&worker.clone().named("w-21"), &her, "Blå cykel").await.ok().body["right"], true);
    assert_eq!(check(&worker, &her, "Blå cykel").await.status, 429, "w-7 is still locked out");
    unlock(&leader, &her, json!({})).await.ok();
    assert_eq!(mine(open(&leader, &her).await), None, "it was looked at");
    assert_eq!(check(&worker, &her, "Blå cykel").await.ok().body["right"], true);
    assert_eq!(events(&leader, &her, "CodeWordUnlocked").await.len(), 2);
    // And by itself it ends after ten minutes.
    for _ in 0..5 {
        assert_eq!(check(&worker, &her, "gul cykel").await.ok().body["right"], false);
    }
    minutes.store(9, Ordering::SeqCst);
    assert_eq!(check(&worker, &her, "Blå cykel").await.status, 429);
    minutes.store(11, Ordering::SeqCst);
    assert_eq!(check(&worker, &her, "Blå cykel").await.ok().body["right"], true);
}

/// A lock-out whose telling went wrong is told by whoever meets it next, and once.
#[tokio::test(flavor = "multi_thread")]
async fn a_lock_out_that_could_not_be_told_is_told_later() {
    let ground = Ground::start().await;
    let (_people, women) = people(&ground).await;
    let (leader, worker) = (ground.leader(), ground.client(Role::Worker, Some(CENTRE)));
    let her = known(&women).await;
    keep(&leader, &her, "code-word", "Blå cykel").await;
    let pool = ground.pool("livline_people").await;
    refuse(&pool, "INSERT ON events", "WHEN (NEW.event_type = 'CodeWordLockedOut')").await;
    for _ in 0..4 {
        check(&worker, &her, "gul cykel").await.ok();
    }
    assert_eq!(check(&worker, &her, "gul cykel").await.status, 503);
    assert!(events(&leader, &her, "CodeWordLockedOut").await.is_empty());
    take_again(&pool, "events").await;
    for _ in 0..2 {
        assert_eq!(check(&worker, &her, "gul cykel").await.status, 429);
        assert_eq!(events(&leader, &her, "CodeWordLockedOut").await.len(), 1);
    }
}

/// Lets a table refuse what is done to it.
async fn refuse(pool: &PgPool, what: &str, when: &str) {
    let sql = format!(
        "CREATE OR REPLACE FUNCTION gone() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'gone'; END $$;
         CREATE TRIGGER gone BEFORE {what} FOR EACH ROW {when} EXECUTE FUNCTION gone();"
    );
    sqlx::raw_sql(&sql).execute(pool).await.unwrap();
}

/// And take it again.
async fn take_again(pool: &PgPool, table: &str) {
    sqlx::raw_sql(&format!("DROP TRIGGER gone ON {table}")).execute(pool).await.unwrap();
}

/// Wherever it goes wrong between the value and its event, both are there in the end or neither is; the key goes on where it stopped.
#[tokio::test(flavor = "multi_thread")]
async fn a_value_and_its_event_never_come_apart() {
    let ground = Ground::start().await;
    let (_people, women) = people(&ground).await;
    let (leader, pool) = (ground.leader(), ground.pool("livline_people").await);
    let told = async |her: &Woman| events(&leader, her, "VaultValueChanged").await.len();
    for (what, when, stands) in [
        ("INSERT ON vault_waiting", "", false),
        ("INSERT ON events", "WHEN (NEW.event_type = 'VaultValueChanged')", false),
        ("INSERT ON vault", "", true),
        ("INSERT ON vault_answers", "", true),
        ("DELETE ON vault_waiting", "", true),
    ] {
        let her = known(&women).await;
        refuse(&pool, what, when).await;
        let put = async |value: &str| put(&leader, &her, "address", what, json!({ "value": value })).await;
        assert_eq!(put(ADDRESS).await.status, 503, "{what}");
        assert_eq!(told(&her).await, usize::from(stands), "{what}");
        // What was cut off is not seen halfway.
        let meanwhile = get(&leader, &her, "").await;
        assert_eq!(meanwhile.status.as_u16(), if stands { 503 } else { 200 }, "{what}");
        take_again(&pool, what.rsplit(' ').next().unwrap()).await;
        let values = async || get(&leader, &her, "").await.ok().body["values"].as_array().unwrap().len();
        // Whoever looks sees the value where its event stands, though nobody sent it again.
        assert_eq!(values().await, usize::from(stands), "{what}");
        let other = put("Nygade 2").await;
        if stands || what.contains("events") {
            assert_eq!((other.status.as_u16(), other.code()), (422, "key_reused"), "{what}");
            let first = put(ADDRESS).await.ok().body;
            assert_eq!(put(ADDRESS).await.ok().body, first, "{what}");
            let shown = get(&leader, &her, &format!("/{}", first["reference"].as_str().unwrap())).await;
            assert_eq!(shown.text("value"), ADDRESS, "{what}");
        } else {
            assert_eq!(other.status, 200, "{what}: nothing of the first was kept");
        }
        assert_eq!((told(&her).await, values().await), (1, 1), "{what}");
        let waiting: i64 = sqlx::query_scalar("SELECT count(*) FROM vault_waiting").fetch_one(&pool).await.unwrap();
        assert_eq!(waiting, 0, "{what}");
    }
}

/// Killed after the event, before the value stands: another process finds it.
#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_waited_stands_after_a_start() {
    let ground = Ground::start().await;
    let (running, women) = people(&ground).await;
    let (leader, pool) = (ground.leader(), ground.pool("livline_people").await);
    let her = known(&women).await;
    let former = keep(&leader, &her, "address", "Gammelgade 1").await;
    refuse(&pool, "UPDATE ON vault", "").await;
    let cut = put(&leader, &her, "address", "k", json!({ "value": ADDRESS })).await;
    assert_eq!(cut.status, 503);
    running.stop().await;
    take_again(&pool, "vault").await;
    let (_people, _women) = people(&ground).await;
    let reference = now(&leader, &her, "address").await;
    let shown = get(&leader, &her, &format!("/{reference}")).await.ok();
    assert_eq!((shown.text("value"), &shown.body["version"]), (ADDRESS.to_owned(), &json!(2)));
    let history = get(&leader, &her, &format!("/{reference}/history")).await.ok().body;
    assert_eq!(history["history"][0]["reference"], former);
    assert_eq!(put(&leader, &her, "address", "k", json!({ "value": ADDRESS })).await.ok().text("reference"), reference);
}

/// A worker without a tie overwrote the address, and the code word by saying that it was a meeting; nobody was told.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_not_close_to_her_changes_nothing_and_whoever_is_leaves_an_event() {
    let ground = Ground::start().await;
    let (_people, women) = people(&ground).await;
    let (leader, untied) = (ground.leader(), ground.client(Role::Worker, Some(CENTRE)).named("w-9"));
    let mut her = known(&women).await;
    let contact = contact_person(&ground, &women, &mut her, "w-contact").await;
    let address = keep(&contact, &her, "address", ADDRESS).await;
    let word = keep(&contact, &her, "code-word", "Blå cykel").await;
    assert!(open(&leader, &her).await.is_empty(), "she knows what she kept herself");
    for (slot, body) in [
        ("address", json!({ "value": "Hos ham 1" })),
        ("code-word", json!({ "value": "hans ord", "recognised": "meeting" })),
        ("code-word", json!({ "value": "hans ord", "recognised": "code_word", "word": "Blå cykel" })),
    ] {
        let refused = put(&untied, &her, slot, &Uuid::new_v4().to_string(), body).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (403, "needs_close"), "{slot}");
        assert_eq!(refused.body["title"], "Her contact person, whoever is on duty or the leader does this.", "{slot}");
    }
    assert_eq!((now(&leader, &her, "address").await, now(&leader, &her, "code-word").await), (address, word));
    assert_eq!(events(&leader, &her, "VaultValueChanged").await.len(), 2);

    let body = json!({ "value": "rød cykel", "recognised": "meeting" });
    let changed = put(&leader, &her, "code-word", "k", body).await.ok();
    keep(&leader, &her, "address", "Nygade 2").await;
    keep(&leader, &her, &format!("contact/{}", Uuid::from_u128(7)), "20 30 40 50").await;
    let events = events(&leader, &her, "VaultValueChanged").await;
    let told = events.iter().map(|event| {
        let facts = &event["data"]["facts"];
        (event["actor"].as_str().unwrap(), facts["slot"].as_str().unwrap(), facts["recognised"].as_str())
    });
    assert_eq!(
        told.collect::<Vec<_>>(),
        [
            ("w-contact", "address", None),
            ("w-contact", "code_word", None),
            ("w-1", "code_word", Some("meeting")),
            ("w-1", "address", None),
            ("w-1", "contact", None)
        ]
    );
    assert_eq!(events[2]["data"]["facts"]["reference"], changed.body["reference"]);
    assert_eq!(changed.text("position"), format!("people:{}", events[2]["number"]));
    let weights: Vec<_> = events[2..].iter().map(|event| event["data"]["facets"]["weight"].clone()).collect();
    assert_eq!(weights, ["alert", "alert", "routine"]);
    let contacts = format!("vault/contact/{}", Uuid::from_u128(7));
    let tells = ["vault/address", "vault/code-word", contacts.as_str()].map(|key| (key.to_owned(), json!("w-contact")));
    assert_eq!(open(&leader, &her).await, tells);
    // Where its place is masked, its reference is.
    let shown = untied.get("people", &format!("/v1/women/{}/events", her.woman)).await.ok().body.to_string();
    assert!(!shown.contains(&changed.text("reference")));
}

/// Recognised by her code word is who was checked by whoever says so, within ten minutes, and where one was agreed.
#[tokio::test(flavor = "multi_thread")]
async fn recognised_by_code_word_is_whom_the_same_worker_has_just_checked() {
    let mut ground = Ground::start().await;
    let minutes = Arc::new(AtomicI64::new(0));
    let ahead = minutes.clone();
    let from = Clock::system().now();
    ground.clock = Clock::of(move || from + time::Duration::minutes(ahead.load(Ordering::SeqCst)));
    let (_people, _women) = people(&ground).await;
    let leader = ground.leader();
    let second = leader.clone().named("l-2");
    let register = async || {
        let key = Uuid::new_v4().to_string();
        let woman = leader.post("people", "/v1/women", &key, json!({ "facts": {} })).await.ok().text("id");
        at(woman.parse().unwrap(), CENTRE)
    };
    let (her, other) = (register().await, register().await);
    let act = async |client: &Client, her: &Woman, action: &str, facts: Value| {
        let path = format!("/v1/women/{}/{action}", her.woman);
        client.post("people", &path, &Uuid::new_v4().to_string(), json!({ "facts": facts })).await
    };
    let by_word = json!({ "recognised": "code_word" });
    let asks = async |client: &Client| act(client, &her, "request-erasure", by_word.clone()).await;
    let replaces = async |client: &Client, value: &str| {
        let body = json!({ "value": value, "recognised": "code_word" });
        put(client, &her, "code-word", &Uuid::new_v4().to_string(), body).await
    };
    let refused = |answer: Answer| (answer.status.as_u16(), answer.code().to_owned());
    let unrecognised = (409, "not_recognised".to_owned());
    // None was agreed: nobody is recognised by it.
    assert_eq!(refused(asks(&leader).await), unrecognised);
    assert_eq!(refused(replaces(&leader, "første").await), unrecognised);
    keep(&leader, &her, "code-word", "Blå cykel").await;
    keep(&leader, &other, "code-word", "Blå cykel").await;
    // Nobody has checked it; then somebody else has, hers is another's, or it was wrong.
    assert_eq!(refused(asks(&leader).await), unrecognised);
    check(&second, &her, "blå cykel").await.ok();
    check(&leader, &other, "blå cykel").await.ok();
    check(&leader, &her, "rød cykel").await.ok();
    assert_eq!(
        (refused(asks(&leader).await), refused(replaces(&leader, "x").await)),
        (unrecognised.clone(), unrecognised.clone())
    );
    check(&leader, &her, "blå cykel").await.ok();
    minutes.store(9, Ordering::SeqCst);
    let asked = asks(&leader).await.ok();
    let erasure = asked.body["events"][0]["facts"]["erasure"].clone();
    minutes.store(11, Ordering::SeqCst);
    let cancel = json!({ "erasure": erasure, "recognised": "code_word" });
    assert_eq!(refused(act(&leader, &her, "cancel-erasure", cancel.clone()).await), unrecognised, "eleven minutes ago");
    assert_eq!(refused(replaces(&leader, "x").await), unrecognised);
    check(&leader, &her, "blå cykel").await.ok();
    act(&leader, &her, "cancel-erasure", cancel).await.ok();
    replaces(&leader, "gul cykel").await.ok();
    // Whoever knew the word of before need not know this one.
    assert_eq!(refused(replaces(&leader, "x").await), unrecognised);
    assert_eq!(refused(asks(&second).await), unrecognised);
}

/// Number and agreement come in one call, all of it or nothing; the same again is answered as the first time.
#[tokio::test(flavor = "multi_thread")]
async fn a_safe_contact_is_agreed_in_one_call() {
    let ground = Ground::start().await;
    let (_people, _women) = people(&ground).await;
    let leader = ground.leader();
    let woman = leader.post("people", "/v1/women", "k0", json!({ "facts": {} })).await.ok().text("id");
    let her = at(woman.parse().unwrap(), CENTRE);
    let path = format!("/v1/women/{}/contacts", her.woman);
    let agree = async |key: &str, body: Value| leader.post("people", &path, key, body).await;
    let body = json!({ "facts": { "channel": "phone", "times": "Hverdage 9-12" }, "value": "20 30 40 50", "code_word": "Blå cykel" });
    let first = agree("k1", body.clone()).await.ok().body;
    let names: Vec<_> = first["events"].as_array().unwrap().iter().map(|event| event["event"].clone()).collect();
    assert_eq!(names, ["VaultValueChanged", "VaultValueChanged", "SafeContactAgreed"]);
    assert_eq!(agree("k1", body.clone()).await.ok().body, first);
    let list = async || contacts(&leader, &her).await.ok().body;
    let shown = list().await;
    let [usable] = shown["contacts"].as_array().unwrap().as_slice() else { panic!("{shown}") };
    assert_eq!((&usable["value"], &usable["contact"]), (&json!("20 30 40 50"), &first["contact"]));
    assert_eq!((&usable["reference"], &usable["code_word"]), (&first["reference"], &first["code_word"]));
    assert_eq!(check(&leader, &her, "blå cykel").await.ok().body["right"], true);
    // Another number or other facts under the same key are another request.
    for (name, value) in
        [("value", json!("66 66 66 66")), ("facts", json!({ "channel": "email" })), ("code_word", Value::Null)]
    {
        let mut other = body.clone();
        other[name] = value;
        let reused = agree("k1", other).await;
        assert_eq!((reused.status.as_u16(), reused.code()), (422, "key_reused"), "{name}");
    }
    // What is refused keeps nothing: the number of before stands, and the contact may be used.
    let contact = &first["contact"];
    let ahead = json!({ "contact": contact, "channel": "phone", "confirmed_on": kit::Day::from(ground.clock.today() + time::Duration::days(2)).to_string() });
    let refused = agree("k2", json!({ "facts": ahead, "value": "66 66 66 66" })).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (409, "in_the_future"));
    let refused = agree("k3", json!({ "facts": { "contact": contact, "channel": "phone" }, "code_word": "rød" })).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (409, "recognition_missing"));
    assert_eq!(list().await, shown);
    // Put right under the same key, it goes on.
    let right = json!({ "contact": contact, "channel": "phone", "code_word": first["code_word"] });
    agree("k2", json!({ "facts": right, "value": "66 66 66 66" })).await.ok();
    assert_eq!(list().await["contacts"][0]["value"], "66 66 66 66");
    // The values stand in no event.
    let all = leader.get("people", &format!("/v1/women/{}/events", her.woman)).await.ok().body.to_string();
    assert!(!["20 30", "66 66", "cykel"].iter().any(|value| all.contains(value)));
    // Nobody records such an event by itself.
    let path = format!("/v1/women/{}/change-vault-value", her.woman);
    let facts = json!({ "facts": { "slot": "address", "reference": Uuid::new_v4() } });
    assert_eq!(leader.post("people", &path, "by-itself", facts).await.code(), "only_by_rule");
    // Without a number it is agreed as it stands.
    agree("k4", json!({ "facts": { "channel": "trusted_person" } })).await.ok();
    assert_eq!(list().await["contacts"].as_array().unwrap().len(), 2);
    // Cut off anywhere, all of it comes with the same key.
    let pool = ground.pool("livline_people").await;
    for (key, what, when) in [
        ("k5", "INSERT ON vault_waiting", "WHEN (NEW.slot = 'code-word')"),
        ("k6", "INSERT ON events", "WHEN (NEW.event_type = 'SafeContactAgreed')"),
        ("k7", "INSERT ON vault", "WHEN (NEW.slot = 'code-word')"),
    ] {
        let body = json!({ "facts": { "channel": "phone" }, "value": key, "code_word": key, "recognised": "meeting" });
        refuse(&pool, what, when).await;
        assert_eq!(agree(key, body.clone()).await.status, 503, "{what}");
        take_again(&pool, what.rsplit(' ').next().unwrap()).await;
        let told = agree(key, body).await.ok().body;
        let all = list().await;
        let mine = all["contacts"].as_array().unwrap().iter().find(|contact| contact["contact"] == told["contact"]);
        assert_eq!(mine.unwrap()["value"], key, "{what}");
    }
}

/// A contact that may not be used says why, and not its number.
#[tokio::test(flavor = "multi_thread")]
async fn a_contact_that_may_not_be_used_says_why() {
    let ground = Ground::start().await;
    let (_people, _women) = people(&ground).await;
    let (leader, worker) = (ground.leader(), ground.client(Role::Worker, Some(CENTRE)));
    let woman = leader.post("people", "/v1/women", "k0", json!({ "facts": {} })).await.ok().text("id");
    let her = at(woman.parse().unwrap(), CENTRE);
    let act = async |action: &str, body: Value| {
        let path = format!("/v1/women/{}/{action}", her.woman);
        leader.post("people", &path, &Uuid::new_v4().to_string(), body).await.ok().body
    };
    let agree = async |more: Value| {
        let mut body = json!({ "facts": { "channel": "phone" }, "value": "20 30 40 50" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        act("contacts", body).await["contact"].as_str().unwrap().to_owned()
    };
    let word =
        act("contacts", json!({ "facts": { "channel": "phone" }, "value": "1", "code_word": "Blå cykel" })).await;
    let by_word = word["contact"].as_str().unwrap().to_owned();
    let (changed, doubted, unknown) =
        (agree(json!({})).await, agree(json!({})).await, agree(json!({ "when": "unknown" })).await);
    let reasons = async |client: &Client| {
        let shown = contacts(client, &her).await.ok().body;
        let unusable = shown["unusable"].as_array().unwrap().clone();
        let keys = ["channel", "contact", "reason"];
        assert!(unusable.iter().all(|why| why.as_object().unwrap().keys().all(|key| keys.contains(&key.as_str()))));
        let why =
            |why: &Value| (why["contact"].as_str().unwrap().to_owned(), why["reason"].as_str().unwrap().to_owned());
        unusable.iter().map(why).collect::<std::collections::BTreeMap<_, _>>()
    };
    let is = |all: &[(&String, &str)]| all.iter().map(|(id, why)| ((*id).clone(), (*why).to_owned())).collect();
    assert_eq!(reasons(&leader).await, is(&[(&unknown, "unconfirmed")]));
    keep(&leader, &her, &format!("contact/{changed}"), "66 66 66 66").await;
    act("unconfirm-safe-contact", json!({ "facts": { "contact": doubted } })).await;
    let body = json!({ "value": "rød cykel", "recognised": "meeting" });
    put(&leader, &her, "code-word", "k1", body).await.ok();
    let all = [
        (&unknown, "unconfirmed"),
        (&changed, "value_changed"),
        (&doubted, "doubted"),
        (&by_word, "code_word_changed"),
    ];
    for client in [&leader, &worker] {
        assert_eq!(reasons(client).await, is(&all));
    }
    assert_eq!(contacts(&worker, &her).await.ok().body["unusable"][0]["channel"], Value::Null, "masked as ever");
    let moved = agree(json!({})).await;
    act("start-stay", json!({})).await;
    act("end-stay", json!({})).await;
    assert_eq!(reasons(&leader).await[&moved], "moved_out");
    act("record-death", json!({})).await;
    assert!(reasons(&leader).await.values().all(|why| why == "died"));
}

/// Another word takes the place of one only where somebody says how she was recognised; the word itself is checked as it is on the phone.
#[tokio::test(flavor = "multi_thread")]
async fn another_code_word_is_given_to_whom_was_recognised() {
    let ground = Ground::start().await;
    let (_people, women) = people(&ground).await;
    let mut her = known(&women).await;
    let worker = contact_person(&ground, &women, &mut her, "w-contact").await;
    keep(&worker, &her, "code-word", "Blå cykel").await;
    let other = |rest: Value| {
        let mut body = json!({ "value": "rød cykel" });
        body.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        body
    };
    let said = |word: &str| other(json!({ "recognised": "code_word", "word": word }));
    let change = async |key: &str, body: Value| put(&worker, &her, "code-word", key, body).await;
    for (body, refused) in [
        (other(json!({})), (409, "recognition_missing")),
        (other(json!({ "word": "Blå cykel" })), (409, "recognition_missing")),
        (other(json!({ "recognised": "code_word" })), (409, "not_recognised")),
        (other(json!({ "recognised": "by_voice" })), (422, "facts_invalid")),
        (said("gul cykel"), (409, "code_word_wrong")),
    ] {
        let answer = change("k1", body).await;
        assert_eq!((answer.status.as_u16(), answer.code()), refused, "{}", answer.body);
        assert!(!answer.body.to_string().contains("cykel"), "{}", answer.body);
    }
    assert_eq!(check(&worker, &her, "blå cykel").await.ok().body["right"], true, "it is still the old one");
    let changed = change("k1", said(" blå CYKEL")).await.ok();
    assert_eq!(check(&worker, &her, "rød cykel").await.ok().body["right"], true);
    // The same again is answered as the first time, although that word is hers no more.
    assert_eq!(change("k1", said(" blå CYKEL")).await.ok().body, changed.body);
    // Wrong ones count together with those on the phone: the second and third, and two more.
    for number in 2..=3 {
        assert_eq!(check(&worker, &her, "blå cykel").await.ok().body["right"], false, "{number}");
        assert_eq!(change(&format!("w{number}"), said("blå cykel")).await.code(), "code_word_wrong", "{number}");
    }
    for body in [said("rød cykel"), said("blå cykel")] {
        let answer = change("k2", body).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (429, "too_many_requests"));
    }
    change("k3", other(json!({ "recognised": "meeting", "value": "grøn cykel" }))).await.ok();
    let first = other(json!({}));
    assert_eq!(put(&worker, &her, "address", "k4", first).await.status, 200, "of nothing else it is asked");
}

/// What is handed out is what she confirmed, as she confirmed it, and as the vault still has it.
#[tokio::test(flavor = "multi_thread")]
async fn a_contact_is_handed_out_as_it_was_agreed_or_not_at_all() {
    let ground = Ground::start().await;
    let (_people, _women) = people(&ground).await;
    let (leader, worker) = (ground.leader(), ground.client(Role::Worker, Some(CENTRE)));
    let woman = leader.post("people", "/v1/women", "k0", json!({ "facts": {} })).await.ok().text("id");
    let her = at(woman.parse().unwrap(), CENTRE);
    let act = async |action: &str, facts: Value| {
        let path = format!("/v1/women/{}/{action}", her.woman);
        leader.post("people", &path, &Uuid::new_v4().to_string(), json!({ "facts": facts })).await.ok()
    };
    let contact = Uuid::new_v4();
    let slot = format!("contact/{contact}");
    let agree = async |value: &str, word: Option<&str>| {
        let facts = json!({ "contact": contact, "channel": "phone", "value": value, "code_word": word,
                            "times": "Hverdage 9-12", "voicemail": true });
        act("agree-safe-contact", facts).await;
    };
    let usable = async |client: &Client| contacts(client, &her).await.ok().body["contacts"].as_array().unwrap().clone();
    let values =
        async || -> Vec<Value> { usable(&leader).await.iter().map(|usable| usable["value"].clone()).collect() };
    let confirmed =
        async |reference: &str| get(&leader, &her, &format!("/{reference}")).await.ok().body["confirmed"].clone();

    assert_eq!(
        contacts(&leader, &her).await.ok().body,
        json!({ "woman": her.woman, "contacts": [], "unusable": [], "masked": false })
    );
    let first = put(&leader, &her, &slot, "k1", json!({ "value": "20 30 40 50" })).await.ok();
    let old = first.text("reference");
    assert_eq!((usable(&leader).await, confirmed(&old).await), (vec![], json!(false)), "nothing is agreed");
    agree(&old, None).await;
    let [shown] = usable(&leader).await.try_into().unwrap();
    let today = shown["confirmed_on"].clone();
    assert_eq!(
        shown,
        json!({ "contact": contact, "channel": "phone", "reference": old, "value": "20 30 40 50", "code_word": null,
                "times": "Hverdage 9-12", "voicemail": true, "confirmed_on": today })
    );
    assert_eq!(confirmed(&old).await, true);
    // Who may not see how she is reached sees that she can be, and when.
    let masked = contacts(&worker, &her).await.ok().body;
    assert_eq!((&masked["masked"], &masked["contacts"][0]["times"]), (&json!(true), &shown["times"]));
    assert_eq!((&masked["contacts"][0]["channel"], &masked["contacts"][0]["value"]), (&Value::Null, &Value::Null));
    for role in [Role::Volunteer, Role::Secretariat] {
        assert_eq!(contacts(&ground.client(role, Some(CENTRE)), &her).await.status, 403, "{role:?}");
    }

    // Another number in the place of the one she agreed to is none of hers until she says so.
    let new = keep(&leader, &her, &slot, "66 66 66 66").await;
    assert_eq!((values().await, confirmed(&new).await), (vec![], json!(false)));
    agree(&old, None).await;
    assert!(values().await.is_empty(), "what was there before is agreed again, and stands there no more");
    assert_eq!(put(&leader, &her, &slot, "k1", json!({ "value": "20 30 40 50" })).await.ok().body, first.body);
    assert!(values().await.is_empty(), "the old request once more changes nothing");
    agree(&new, None).await;
    assert_eq!((values().await, confirmed(&new).await), (vec![json!("66 66 66 66")], json!(true)));
    // The state of hers hands out no reference at all.
    let state = leader.get("people", &format!("/v1/women/{}", her.woman)).await.ok().body["state"].to_string();
    assert!(state.contains(&contact.to_string()) && ![&old, &new].iter().any(|reference| state.contains(*reference)));

    // So with the code word.
    let word = keep(&leader, &her, "code-word", "blå cykel").await;
    agree(&new, Some(&word)).await;
    assert_eq!(usable(&leader).await[0]["code_word"], *word);
    let other = json!({ "value": "rød cykel", "recognised": "meeting" });
    let other = put(&leader, &her, "code-word", "k2", other).await.ok().text("reference");
    assert_eq!((values().await, confirmed(&new).await), (vec![], json!(false)));
    agree(&new, Some(&other)).await;
    assert_eq!(values().await.len(), 1);

    // References that are no contact's, or another's, are not what she agreed to; nor is nothing, where there is something.
    let address = keep(&leader, &her, "address", ADDRESS).await;
    let second = Uuid::new_v4();
    let kept = keep(&leader, &her, &format!("contact/{second}"), "anna@example.org").await;
    for value in [json!(address), json!(new), json!(Uuid::new_v4()), Value::Null] {
        act("agree-safe-contact", json!({ "contact": second, "channel": "email", "value": value })).await;
        assert_eq!(values().await, ["66 66 66 66"], "{value}");
    }
    assert_eq!(get(&leader, &her, &format!("/{address}")).await.ok().body["confirmed"], Value::Null, "no contact");
    act("agree-safe-contact", json!({ "contact": second, "channel": "email", "value": kept })).await;
    assert_eq!(values().await.len(), 2);
    // Through somebody whose number is nowhere.
    act("agree-safe-contact", json!({ "channel": "trusted_person", "times": "Via søster" })).await;
    assert_eq!(values().await.len(), 3);

    act("unconfirm-safe-contact", json!({ "contact": second })).await;
    assert_eq!((values().await.len(), confirmed(&kept).await), (2, json!(false)));
    act("start-stay", json!({})).await;
    act("end-stay", json!({})).await;
    assert!(values().await.is_empty(), "she moved out");
    agree(&new, None).await;
    assert_eq!(values().await, ["66 66 66 66"]);
    act("record-death", json!({})).await;
    assert!(values().await.is_empty());
}

/// Erased keys: the value is gone, the row says so, nothing new is kept; hers and a child's apart.
#[tokio::test(flavor = "multi_thread")]
async fn an_erased_value_is_gone() {
    let ground = Ground::start().await;
    let (running, women) = people(&ground).await;
    let (leader, mut her, child) = (ground.leader(), known(&women).await, Uuid::new_v4());
    women.record(&mut her, &[("ChildRegistered", json!({ "child": child }))]).await;
    let address = keep(&leader, &her, "address", ADDRESS).await;
    keep(&leader, &her, "code-word", "blå cykel").await;
    let childs = put(&leader, &her, "address", "k", json!({ "value": "Hos faster", "child": child })).await.ok();
    running.stop().await;
    let keys = ground.pool("keys").await;
    for sql in [
        "INSERT INTO tombstones (subject, class, key_id) SELECT subject, class, key_id FROM data_keys WHERE subject = $1",
        "DELETE FROM data_keys WHERE subject = $1 AND class <> 'personal'",
    ] {
        sqlx::query(sql).bind(her.woman).execute(&keys).await.unwrap();
    }
    let (_people, _women) = people(&ground).await;
    let value = get(&leader, &her, &format!("/{address}")).await.ok().body;
    assert_eq!((&value["erased"], &value["value"]), (&json!(true), &Value::Null));
    assert_eq!(get(&leader, &her, &format!("/{}", childs.text("reference"))).await.text("value"), "Hos faster");
    assert_eq!(check(&leader, &her, "blå cykel").await.status, 404);
    let again = put(&leader, &her, "address", "k2", json!({ "value": ADDRESS })).await;
    assert_eq!((again.status.as_u16(), again.code()), (410, "erased"));
    // The rows go with the keys: hers, and a child's by its own decision.
    let mut pool = ground.pool("livline_people").await.acquire().await.unwrap();
    forget(&mut pool, None, (her.woman, Kind::Woman)).await.unwrap();
    assert_eq!(get(&leader, &her, "").await.ok().body["values"].as_array().unwrap().len(), 1);
    forget(&mut pool, None, (child, Kind::Child)).await.unwrap();
    let left: i64 = sqlx::query_scalar(
        "SELECT (SELECT count(*) FROM vault) + (SELECT count(*) FROM vault_history) + (SELECT count(*) FROM vault_answers)",
    )
    .fetch_one(&mut *pool)
    .await
    .unwrap();
    assert_eq!(left, 0);
}

/// Her keys are gone and her child's live: what is kept of the child opens for as few as of a woman who left. From the moment that it is
/// decided nothing more is kept of whom it is decided about.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_of_a_child_opens_no_wider_when_its_mother_was_forgotten() {
    let ground = Ground::start().await;
    let (_people, women) = people(&ground).await;
    let (leader, kin) = (ground.leader(), ground.leader().named("w-66"));
    let contact = ground.client(Role::Worker, Some(CENTRE)).named("w-2");
    let (mut her, mut other) = (known(&women).await, known(&women).await);
    let (child, shared) = (Uuid::new_v4(), Uuid::new_v4());
    let registered = |child: Uuid| ("ChildRegistered", json!({ "child": child }));
    let tie = json!({ "worker": personal("w-2"), "role": "contact_person" });
    let conflict = json!({ "kind": personal("worker"), "who": "w-66" });
    let before =
        [registered(child), registered(shared), ("WorkerAssigned", tie), ("ConflictOfInterestRecorded", conflict)];
    women.record(&mut her, &before).await;
    women.record(&mut other, &[registered(shared)]).await;
    let of = |child: Uuid| json!({ "value": "Hos faster", "child": child });
    let childs = put(&leader, &her, "address", "k1", of(child)).await.ok().text("reference");
    keep(&leader, &her, "address", ADDRESS).await;
    let status = async |client: &Client| get(client, &her, &format!("/{childs}")).await.status.as_u16();
    assert_eq!((status(&leader).await, status(&contact).await, status(&kin).await), (200, 200, 404));

    women.record(&mut her, &[("PersonErased", json!({ "erasure": Uuid::new_v4() }))]).await;
    let refused = put(&leader, &her, "address", "k2", json!({ "value": ADDRESS })).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (410, "erased"));
    eventually("hers are gone", async || ground.key_bytes(her.woman).await.0.is_empty().then_some(())).await;
    let path = format!("/{childs}");
    assert_eq!(get(&leader, &her, &path).await.ok().text("value"), "Hos faster");
    for (who, client) in [("her contact person", &contact), ("whoever has a conflict of interest", &kin)] {
        for rest in ["", path.as_str()] {
            assert_eq!(get(client, &her, rest).await.status, 404, "{who}");
        }
    }
    put(&leader, &her, "address", "k3", of(child)).await.ok();
    // Decided, and not carried out, for it is another woman's too: its keys live, and nothing comes to what is kept.
    women.record(&mut her, &[("PersonErased", json!({ "erasure": Uuid::new_v4(), "child": shared }))]).await;
    let refused = put(&leader, &her, "address", "k4", of(shared)).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (410, "erased"));
    put(&leader, &other, "address", "k5", of(shared)).await.ok();
}

/// Many who write about one woman at once are all answered, and each value took the place of the one before.
#[tokio::test(flavor = "multi_thread")]
async fn many_values_at_once_stand_one_after_the_other() {
    let ground = Ground::start().await;
    let (_people, women) = people(&ground).await;
    let (leader, her) = (ground.leader(), known(&women).await);
    let put = |number: usize| {
        let (leader, her) = (&leader, &her);
        async move {
            let body = json!({ "value": format!("Nygade {number}") });
            put(leader, her, "address", &format!("k{number}"), body).await.ok().body
        }
    };
    let mut answers = join_all((0..30).map(put)).await;
    answers.sort_by_key(|answer| answer["version"].as_u64());
    let versions: Vec<_> = answers.iter().map(|answer| answer["version"].as_u64().unwrap()).collect();
    assert_eq!(versions, (1..=30).collect::<Vec<_>>());
    assert_eq!(json!(now(&leader, &her, "address").await), answers[29]["reference"]);
    assert_eq!(events(&leader, &her, "VaultValueChanged").await.len(), 30);
}

/// The service's role writes the vault's tables and still no record.
#[tokio::test(flavor = "multi_thread")]
async fn the_role_of_the_service_writes_the_vault_and_no_record() {
    let ground = Ground::start().await;
    let (_people, women) = people(&ground).await;
    known(&women).await;
    let pool = ground.pool("livline_people").await;
    let grants = provision::grants(services::Kind::Domain, &vault::TABLES, "people");
    sqlx::raw_sql("CREATE ROLE people LOGIN PASSWORD 'p'").execute(&pool).await.unwrap();
    sqlx::raw_sql(&grants).execute(&pool).await.unwrap();
    let url = format!("postgres://people:p@127.0.0.1:{}/livline_people", ground.postgres.port());
    let mut role = PgConnection::connect(&url).await.unwrap();
    for table in vault::WRITTEN {
        sqlx::query(&format!("DELETE FROM {table}")).execute(&mut role).await.unwrap();
        let denied = sqlx::query(&format!("TRUNCATE {table}")).execute(&mut role).await.unwrap_err();
        assert_eq!(denied.as_database_error().unwrap().code().as_deref(), Some("42501"), "{table}");
    }
    for sql in [
        "UPDATE events SET key = key",
        "DELETE FROM events",
        "INSERT INTO epochs (epoch, head) VALUES (gen_random_uuid(), 1)",
    ] {
        let denied = sqlx::query(sql).execute(&mut role).await.unwrap_err();
        assert_eq!(denied.as_database_error().unwrap().code().as_deref(), Some("42501"), "{sql}");
    }
    let tables: Vec<String> =
        sqlx::query("SELECT relname::text FROM pg_class WHERE relname ~ '^vault' AND relkind = 'r'")
            .fetch_all(&pool)
            .await
            .unwrap()
            .iter()
            .map(|row| row.get(0))
            .collect();
    for table in vault::COUNTED {
        for sql in [format!("DELETE FROM {table}"), format!("UPDATE {table} SET at = at"), format!("TRUNCATE {table}")]
        {
            let denied = sqlx::query(&sql).execute(&mut role).await.unwrap_err();
            assert_eq!(denied.as_database_error().unwrap().code().as_deref(), Some("42501"), "{sql}");
        }
    }
    let denied = sqlx::query("SELECT FROM vault_signed").execute(&mut role).await.unwrap_err();
    assert_eq!(denied.as_database_error().unwrap().code().as_deref(), Some("42501"));
    assert_eq!(tables.len(), vault::WRITTEN.len() + vault::COUNTED.len() + 1, "{tables:?}");
    // Another service's role has none of these.
    let plain = provision::grants(services::Kind::Domain, &engine::database::SERVICE, "housing");
    assert!(!plain.contains("vault"));
}

/// The word is the one that is said, whatever it was typed on: kept and checked alike.
#[tokio::test(flavor = "multi_thread")]
async fn a_code_word_is_the_word_that_is_said() {
    let ground = Ground::start().await;
    let (_people, women) = people(&ground).await;
    let leader = ground.leader();
    for (kept, said) in [
        ("blåbær", "bla\u{30a}bær"),
        ("bla\u{30a}bær", "BLÅBÆR"),
        ("blå\u{ad}bær.", "blåbær"),
        ("blåbær\u{200b}", "\u{202e}blåbær"),
        ("blåbær-tærte", "blåbær\u{2011}tærte"),
        ("Işıl", "IŞIL"),
    ] {
        let her = known(&women).await;
        keep(&leader, &her, "code-word", kept).await;
        assert_eq!(check(&leader, &her, said).await.ok().body["right"], true, "{kept:?} {said:?}");
        assert_eq!(check(&leader, &her, "blåbaer").await.ok().body["right"], false);
    }
    // A number has one line; an address has its own.
    let her = known(&women).await;
    let contact = format!("contact/{}", Uuid::new_v4());
    for (slot, sent, kept) in [
        ("address", "Birkevej 4\r\n2200 København N\u{202e}", "Birkevej 4\n2200 København N"),
        (contact.as_str(), "20 30\n40 50\u{200e}", "20 30 40 50"),
    ] {
        let reference = keep(&leader, &her, slot, sent).await;
        assert_eq!(get(&leader, &her, &format!("/{reference}")).await.ok().text("value"), kept);
    }
}
