//! Sealed facts: nowhere in clear, and in no other place than their own.

use engine::database;
use kit::access::Role;
use livline_tests::{CENTRE, Ground, OTHER_CENTRE, eventually, history::assert_published, raw};
use serde_json::{Value, json};
use sqlx::{PgPool, Row};
use std::path::Path;
use uuid::Uuid;

const PROGRAM: &str = env!("CARGO_BIN_EXE_program");

/// Every file below a folder that holds the text, as it is or as JSON would escape it.
fn holding(folder: &Path, text: &str) -> Vec<String> {
    raw::holding(folder, &raw::text(text))
}

/// A canary in each class goes through everything; then the raw bytes of the cluster, the stream, and all logs at TRACE are searched.
#[tokio::test(flavor = "multi_thread")]
async fn no_sealed_fact_stands_anywhere_in_clear() {
    let ground = Ground::start().await;
    let (settings, reading) =
        (ground.settings("housing", &database::SERVICE).await, ground.settings("timeline", &timeline::TABLES).await);
    let housing = ground.process(PROGRAM, "housing", &settings, "trace").await;
    let timeline = ground.process(PROGRAM, "timeline", &reading, "trace").await;
    let (leader, woman, pool) = (ground.leader(), Uuid::new_v4(), ground.pool("livline_housing").await);
    let case = leader.open("housing", woman).await;
    let post = async |action: &str, key: &str, body: Value| {
        leader.post("housing", &format!("/v1/cases/{case}/{action}"), key, body).await
    };
    post("place-pet", "k1", json!({ "facts": { "place": "Kanariegade 11" }, "note": "Kanariefuglen sang" })).await.ok();
    post(
        "assess-need",
        "k2",
        json!({ "facts": { "excluded_municipalities": ["Kanarieby"], "rent_ceiling": 987_654_321 } }),
    )
    .await
    .ok();
    let last = post("fetch-belongings", "k3", json!({ "facts": {}, "note": "Kanarieøen – igen" })).await.ok();
    post("place-pet", "k4", json!({ "facts": { "place": 7 } })).await;
    post("place-pet", "k5", json!({ "facts": { "Kanariegade 12": true } })).await;
    let course = leader.course(woman, &last.text("position")).await.to_string();
    for canary in ["Kanariegade 11", "Kanariefuglen sang", "Kanarieby", "987654321", "Kanarieøen"] {
        assert!(course.contains(canary), "whoever may see it sees {canary}");
    }
    assert_published(&ground, "housing", &pool).await;
    sqlx::query("CHECKPOINT").execute(&pool).await.unwrap();
    assert!(housing.terminate().await && timeline.terminate().await);

    // The search finds what is there in the open: the event's name in the cluster and in the stream, the request in the log.
    for open in ["postgres", "nats"] {
        assert!(!holding(&ground.folder.path().join(open), "PetPlaced").is_empty(), "{open}");
    }
    assert!(!holding(ground.path(), "stopping").is_empty());
    for canary in ["Kanarie", "kanarie", "987654321"] {
        assert_eq!(holding(ground.path(), canary), Vec::<String>::new(), "{canary}");
    }
}

async fn bodies(pool: &PgPool, event: &str) -> Vec<(i64, Value)> {
    let rows = sqlx::query("SELECT number, body FROM events WHERE event_type = $1 ORDER BY number")
        .bind(event)
        .fetch_all(pool)
        .await
        .unwrap();
    rows.iter().map(|row| (row.get("number"), row.get("body"))).collect()
}

async fn write(ground: &Ground, pool: &PgPool, number: i64, body: &Value) {
    sqlx::query("UPDATE events SET body = $2::text::json WHERE number = $1")
        .bind(number)
        .bind(body.to_string())
        .execute(pool)
        .await
        .unwrap();
    // As if whoever changes the database could sign as well.
    ground.sign_again("housing").await;
}

/// Whoever can change the database still cannot make a fact readable in another place: across fact, row, and person.
#[tokio::test(flavor = "multi_thread")]
async fn an_envelope_opens_in_its_own_place_alone() {
    let ground = Ground::start().await;
    let _housing = ground.housing().await;
    let (leader, pool) = (ground.leader(), ground.pool("livline_housing").await);
    let mut cases = Vec::new();
    for rent in [1, 2] {
        let case = leader.open("housing", Uuid::new_v4()).await;
        for turn in [10, 20] {
            leader.act("housing", &case, "make-offer", json!({ "rent": rent * turn, "rooms": 3 })).await.ok();
        }
        cases.push(case);
    }
    let original = bodies(&pool, "HousingOfferMade").await;
    let rent = "/data/facts/rent";
    let at = |index: usize, pointer: &str| original[index].1.pointer(pointer).unwrap().clone();
    assert!(at(0, rent).get("$sealed").is_some());
    // The first row gets: its own other fact, the same fact of the same case's other row, the same of another woman.
    for (what, foreign) in [("fact", at(0, "/data/facts/rooms")), ("row", at(1, rent)), ("person", at(2, rent))] {
        let mut changed = original[0].1.clone();
        *changed.pointer_mut(rent).unwrap() = foreign;
        write(&ground, &pool, original[0].0, &changed).await;
        for path in ["", "/events"] {
            let answer = leader.get("housing", &format!("/v1/cases/{}{path}", cases[0])).await;
            assert_eq!((answer.status.as_u16(), answer.code()), (503, "unavailable"), "{what}");
        }
        let refused = leader.act("housing", &cases[0], "keep-tenancy", json!({})).await;
        assert_eq!(refused.status, 503, "{what}: nothing is decided on what was tampered with");
    }
    // A whole body in another case's row, and a body that says it is another woman's or another centre's.
    write(&ground, &pool, original[2].0, &original[0].1).await;
    assert_eq!(leader.get("housing", &format!("/v1/cases/{}", cases[1])).await.status, 503);
    write(&ground, &pool, original[2].0, &original[2].1).await;
    for member in ["subject", "centre"] {
        let mut changed = original[0].1.clone();
        changed[member] = original[2].1["aggregate"].clone();
        write(&ground, &pool, original[0].0, &changed).await;
        assert_eq!(leader.get("housing", &format!("/v1/cases/{}", cases[0])).await.status, 503, "{member}");
    }
    // A whole row under another row's head does not open either.
    let mut moved = original[1].1.clone();
    moved["data"] = original[0].1["data"].clone();
    write(&ground, &pool, original[0].0, &original[0].1).await;
    write(&ground, &pool, original[1].0, &moved).await;
    assert_eq!(leader.get("housing", &format!("/v1/cases/{}/events", cases[0])).await.status, 503);
    write(&ground, &pool, original[1].0, &original[1].1).await;
    leader.get("housing", &format!("/v1/cases/{}/events", cases[0])).await.ok();
}

/// Whoever has taken the broker over gives events another centre on their way to the timeline. There
/// nothing of it shows.
#[tokio::test(flavor = "multi_thread")]
async fn an_event_changed_on_its_way_opens_for_nobody() {
    let ground = Ground::start().await;
    let (_housing, _timeline) = (ground.housing().await, ground.timeline(vec![housing::contract().unwrap()]).await);
    let (leader, woman, rows) = (ground.leader(), Uuid::new_v4(), ground.pool("livline_timeline").await);
    let case = leader.open("housing", woman).await;
    let made = leader.act("housing", &case, "make-offer", json!({ "rent": 987_654_321 })).await.ok();
    assert!(leader.course(woman, &made.text("position")).await.to_string().contains("987654321"));
    sqlx::query("UPDATE entries SET centre = $1, body = replace(body::text, $2, $3)::json")
        .bind(OTHER_CENTRE.0)
        .bind(CENTRE.to_string())
        .bind(OTHER_CENTRE.to_string())
        .execute(&rows)
        .await
        .unwrap();
    let stranger = ground.client(Role::Leader, Some(OTHER_CENTRE));
    // She is known there too, so that the other centre's leader may look.
    stranger.know(woman).await;
    let course = eventually("the timeline has heard of her there", async || {
        let seen = stranger.get("timeline", &format!("/v1/women/{woman}/timeline")).await;
        seen.status.is_success().then_some(seen.body)
    });
    let course = course.await;
    assert!(!course.to_string().contains("987654321"), "{course}");
    assert_eq!(course["entries"], json!([]), "and that there is something, nobody is told either");
}

/// An erased key: the case works on, rules know the fact no more, and nothing brings the key back.
#[tokio::test(flavor = "multi_thread")]
async fn an_erased_key_stays_erased() {
    let ground = Ground::start().await;
    let (leader, keys) = (ground.leader(), ground.pool("keys").await);
    let woman = Uuid::new_v4();
    let housing = ground.housing().await;
    let case = leader.open("housing", woman).await;
    leader.act("housing", &case, "make-offer", json!({ "rent": 10 })).await.ok();
    housing.stop().await;
    for sql in [
        "INSERT INTO tombstones (subject, class, key_id) SELECT subject, class, key_id FROM data_keys WHERE subject = $1",
        "DELETE FROM data_keys WHERE subject = $1",
    ] {
        sqlx::query(sql).bind(woman).execute(&keys).await.unwrap();
    }
    let _housing = ground.housing().await;
    let events = leader.get("housing", &format!("/v1/cases/{case}/events")).await.ok().body;
    assert_eq!(events["events"][1]["data"]["facts"]["rent"], json!({ "$erased": "personal" }));
    leader.get("housing", &format!("/v1/cases/{case}")).await.ok();
    let refused = leader.act("housing", &case, "make-offer", json!({ "rent": 11 })).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (410, "erased"));
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM data_keys WHERE subject = $1 AND class = 'personal'")
        .bind(woman)
        .fetch_one(&keys)
        .await
        .unwrap();
    assert_eq!(left, 0);
}

/// A role without a class gets no key of that class, by neither function.
#[tokio::test(flavor = "multi_thread")]
async fn a_class_that_is_not_granted_is_not_to_be_had() {
    let ground = Ground::start().await;
    let _housing = ground.housing().await;
    let (leader, keys) = (ground.leader(), ground.pool("keys").await);
    let woman = Uuid::new_v4();
    let case = leader.open("housing", woman).await;
    leader.act("housing", &case, "place-pet", json!({ "place": "et sted" })).await.ok();
    for sql in [
        "CREATE ROLE partners LOGIN PASSWORD 'p'",
        "GRANT EXECUTE ON FUNCTION key_for, keys_by_id TO partners",
        "INSERT INTO grants VALUES ('partners', 'personal')",
    ] {
        sqlx::query(sql).execute(&keys).await.unwrap();
    }
    let url = format!("postgres://partners:p@127.0.0.1:{}/keys", ground.postgres.port());
    let partners = PgPool::connect(&url).await.unwrap();
    let id: Uuid = sqlx::query_scalar("SELECT key_id FROM data_keys WHERE subject = $1 AND class = 'location'")
        .bind(woman)
        .fetch_one(&keys)
        .await
        .unwrap();
    let found = sqlx::query("SELECT * FROM keys_by_id(ARRAY[$1])").bind(id).fetch_all(&partners).await.unwrap();
    let wrapped: Vec<Option<Vec<u8>>> = found.iter().map(|row| row.get("wrapped")).collect();
    assert_eq!(wrapped, [None]);
    let asked = sqlx::query("SELECT * FROM key_for($1, 'location', gen_random_uuid(), '', '')")
        .bind(woman)
        .fetch_all(&partners)
        .await;
    assert!(asked.is_err());
    assert!(sqlx::query("SELECT * FROM data_keys").fetch_all(&partners).await.is_err());
    let other: Uuid = sqlx::query_scalar("SELECT key_id FROM data_keys WHERE subject = $1 AND class = 'personal'")
        .bind(woman)
        .fetch_one(&keys)
        .await
        .unwrap();
    let found = sqlx::query("SELECT * FROM keys_by_id(ARRAY[$1])").bind(other).fetch_all(&partners).await.unwrap();
    assert_eq!(found.len(), 1, "what is granted is had");
}
