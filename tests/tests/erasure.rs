//! Erasure: keys that are gone from everywhere, for good, and everything else working on.

use engine::{
    clock::Clock,
    database,
    integrity::Integrity,
    keys::{Erasure, FileMasterKey, KeyError, Keyring, Kind, MasterKey, Rotation},
    run::Domain,
    seal::{Opening, Place, Seal, SealError},
};
use kit::{Class, WomanId, access::Role};
use livline_tests::{Client, Ground, OTHER_CENTRE, PATIENCE, Running, eventually, history::has_heard, madeup, raw};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection, PgPool};
use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Instant,
};
use time::OffsetDateTime;
use uuid::Uuid;

const PROGRAM: &str = env!("CARGO_BIN_EXE_program");
const CLASSES: [Class; 4] = [Class::Personal, Class::Narrative, Class::Identity, Class::Location];

/// The keys database as one of the roles of `livline up`, each made with its grants.
async fn as_role(ground: &Ground, role: &str) -> PgPool {
    let admin = ground.pool("keys").await;
    sqlx::raw_sql(&format!("CREATE ROLE {role} LOGIN PASSWORD 'p'")).execute(&admin).await.unwrap();
    livline::provision::set_up_keys(&[role], &ground.postgres.admin_url("keys")).await.unwrap();
    let url = format!("postgres://{role}:p@127.0.0.1:{}/keys", ground.postgres.port());
    PgPool::connect(&url).await.unwrap()
}

async fn keyring(ground: &Ground, pool: PgPool) -> Keyring {
    Keyring::open(pool, Arc::new(ground.master_key())).await.unwrap()
}

async fn erase(keys: &Keyring, subject: Uuid) -> Erasure {
    keys.erase(subject, Kind::Woman, OffsetDateTime::now_utc()).await.unwrap()
}

fn code(error: &sqlx::Error) -> String {
    error.as_database_error().and_then(sqlx::error::DatabaseError::code).unwrap_or_default().into_owned()
}

/// Canaries and keys go through everything; she is erased; then the raw bytes of the cluster, the streams and all logs at TRACE are
/// searched. The case works on, the timeline is as long as it was, and reading everything again brings nothing back.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_erased_is_nowhere_and_everything_works_on() {
    let ground = Ground::start().await;
    let admin = ground.pool("keys").await;
    // As the cluster of the keys has it.
    for statement in ["ALTER SYSTEM SET wal_recycle = off", "SELECT pg_reload_conf()"] {
        sqlx::raw_sql(statement).execute(&admin).await.unwrap();
    }
    let people = keyring(&ground, as_role(&ground, "people").await).await;
    let (settings, reading) =
        (ground.settings("housing", &database::SERVICE).await, ground.settings("timeline", &timeline::TABLES).await);
    let housing = ground.process(PROGRAM, "housing", &settings, "trace").await;
    let timeline = ground.process(PROGRAM, "timeline", &reading, "trace").await;
    let (leader, woman, other) = (ground.leader(), Uuid::new_v4(), Uuid::new_v4());
    let (case, others) = (leader.open("housing", woman).await, leader.open("housing", other).await);
    let path = |case: &str, action: &str| format!("/v1/cases/{case}/{action}");
    let pet = json!({ "facts": { "place": "Kanariegade 11" }, "note": "Kanariefuglen sang" });
    let placed = leader.post("housing", &path(&case, "place-pet"), "pet", pet.clone()).await.ok();
    let offer = json!({ "facts": { "rent": 7_654_321 } });
    let made = leader.post("housing", &path(&case, "make-offer"), "offer", offer.clone()).await.ok();
    let last = leader.post("housing", &path(&others, "make-offer"), "other", offer.clone()).await.ok();
    let before = leader.course(woman, &last.text("position")).await;
    for canary in ["Kanariegade 11", "Kanariefuglen", "7654321"] {
        assert!(before.to_string().contains(canary), "{canary}");
    }
    let (wrapped, plain) = ground.key_bytes(woman).await;
    assert!(wrapped.len() >= 3, "{}", wrapped.len());
    let (of_other, _) = ground.key_bytes(other).await;
    // Whatever may keep a copy has been there: statistics, and the pages themselves.
    for statement in ["ANALYZE", "CHECKPOINT"] {
        sqlx::raw_sql(statement).execute(&admin).await.unwrap();
    }
    assert!(!raw::holding(ground.path(), &wrapped).is_empty(), "the search finds what is there");
    let (events, events_of) =
        (ground.pool("livline_housing").await, "SELECT number, body::text FROM events ORDER BY 1");
    let stored: Vec<(i64, String)> = sqlx::query_as(events_of).fetch_all(&events).await.unwrap();

    let erased = erase(&people, woman).await;
    assert!(housing.terminate().await && timeline.terminate().await);
    for key in wrapped.iter().chain(&plain) {
        assert_eq!(raw::holding(ground.path(), std::slice::from_ref(key)), Vec::<String>::new());
    }
    for canary in ["Kanarie", "kanarie", "7654321"] {
        assert_eq!(raw::holding(ground.path(), &raw::text(canary)), Vec::<String>::new(), "{canary}");
    }
    assert!(!raw::holding(ground.path(), &of_other).is_empty(), "nobody else's went with them");
    assert_eq!(sqlx::query_as::<_, (i64, String)>(events_of).fetch_all(&events).await.unwrap(), stored);

    // What is made from the events is made again, from the first.
    let rows = ground.pool("livline_timeline").await;
    sqlx::raw_sql("TRUNCATE entries; DELETE FROM progress").execute(&rows).await.unwrap();
    let _housing = ground.process(PROGRAM, "housing", &settings, "trace").await;
    let _timeline = ground.process(PROGRAM, "timeline", &reading, "trace").await;
    let after = leader.course(woman, &last.text("position")).await;
    let entries = |course: &Value| course["entries"].as_array().unwrap().len();
    assert_eq!(entries(&after), entries(&before));
    let facts: Vec<&Value> =
        after["entries"].as_array().unwrap().iter().flat_map(|entry| entry["facts"].as_array().unwrap()).collect();
    let gone = facts.iter().filter(|fact| fact["erased"] == true && fact["text"]["da"] == "Slettet").count();
    assert!(gone >= 2, "{after}");
    assert!(leader.course(other, &last.text("position")).await.to_string().contains("7654321"));
    let told = leader.get("housing", &format!("/v1/cases/{case}/events")).await.ok().body;
    assert_eq!(told["events"][1]["data"]["facts"]["place"], json!({ "$erased": "location" }));
    assert!(!leader.get("housing", &format!("/v1/cases/{case}")).await.ok().body.to_string().contains("Kanarie"));

    // Commands: those that seal nothing succeed, the others are refused, and what was answered before is answered so again.
    let version = |answer: &livline_tests::Answer| answer.body["version"].clone();
    let again = leader.post("housing", &path(&case, "make-offer"), "offer", offer.clone()).await.ok();
    assert_eq!(again.body, made.body);
    assert_eq!(leader.post("housing", &path(&case, "place-pet"), "pet", pet.clone()).await.ok().body, placed.body);
    let refused = leader.post("housing", &path(&case, "make-offer"), "another", offer).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (410, "erased"));
    let nothing_sealed = json!({ "facts": {} });
    let belongings = leader.post("housing", &path(&case, "fetch-belongings"), "new", nothing_sealed.clone()).await.ok();
    let repeated = leader.post("housing", &path(&case, "fetch-belongings"), "new", nothing_sealed).await.ok();
    assert_eq!((version(&repeated), &repeated.body), (version(&belongings), &belongings.body));
    let other_body = json!({ "facts": {}, "when": "2020-01-01" });
    let reused = leader.post("housing", &path(&case, "fetch-belongings"), "new", other_body).await;
    assert_eq!((reused.status.as_u16(), reused.code()), (422, "key_reused"));
    let opened = leader.open("housing", woman).await;
    leader.get("housing", &format!("/v1/cases/{opened}")).await.ok();
    let all: i64 = sqlx::query_scalar("SELECT count(*) FROM events").fetch_one(&events).await.unwrap();
    assert_eq!(usize::try_from(all).unwrap(), stored.len() + 2, "one entry and one case, and nothing twice");

    // Nothing of it made a key, and erasing once more is the same erasure.
    assert!(ground.key_bytes(woman).await.0.is_empty());
    assert_eq!(erase(&people, woman).await, erased);
    assert_eq!(people.erasure(woman).await.unwrap(), Some(erased));
    assert_eq!(people.erasure(other).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_other_role_erases_and_nobody_changes_the_ledger() {
    let ground = Ground::start().await;
    let (people, housing) = (as_role(&ground, "people").await, as_role(&ground, "housing").await);
    for statement in [
        "SELECT erase(gen_random_uuid(), 'woman', now())",
        "SELECT let_the_log_go()",
        "SELECT * FROM erasure_of(gen_random_uuid())",
    ] {
        let refused = sqlx::raw_sql(statement).execute(&housing).await.unwrap_err();
        assert_eq!(code(&refused), "42501", "{statement}");
        sqlx::raw_sql(statement).execute(&people).await.unwrap();
    }
    let subject = Uuid::new_v4();
    let keys = keyring(&ground, people.clone()).await;
    let key = keys.of(subject, Class::Personal).await.unwrap();
    erase(&keys, subject).await;
    for statement in [
        "DELETE FROM erasures",
        "UPDATE erasures SET destroyed = now()",
        "TRUNCATE erasures",
        "INSERT INTO erasures VALUES (gen_random_uuid(), 'woman', now(), now())",
        "DELETE FROM tombstones",
        "SELECT * FROM data_keys",
        "UPDATE master_check SET master = 'x'",
        "ALTER TABLE data_keys ALTER COLUMN wrapped TYPE bytea",
    ] {
        for role in [&people, &housing] {
            assert_eq!(code(&sqlx::raw_sql(statement).execute(role).await.unwrap_err()), "42501", "{statement}");
        }
    }
    // Every class has its tombstone, also those that never had a key, and one that comes later is none to be had of either.
    let admin = ground.pool("keys").await;
    let tombs: Vec<(String, Option<Uuid>)> =
        sqlx::query_as("SELECT class, key_id FROM tombstones WHERE subject = $1 ORDER BY class")
            .bind(subject)
            .fetch_all(&admin)
            .await
            .unwrap();
    let classes = ["identity", "location", "narrative", "personal"];
    assert_eq!(tombs.iter().map(|(class, _)| class.as_str()).collect::<Vec<_>>(), classes);
    assert_eq!(tombs.iter().filter_map(|(_, id)| *id).collect::<Vec<_>>(), [key.id]);
    sqlx::raw_sql("INSERT INTO grants VALUES ('people', 'open')").execute(&admin).await.unwrap();
    for class in CLASSES.into_iter().chain([Class::Open]) {
        assert!(matches!(keys.of(subject, class).await, Err(KeyError::Erased)), "{class:?}");
    }
    // What the services themselves rest on is nobody's to be erased.
    let refused = keys.erase(Uuid::nil(), Kind::Woman, OffsetDateTime::now_utc()).await.unwrap_err();
    assert!(matches!(refused, KeyError::Database(error) if code(&error) == "22023"));
}

/// What a policy had heard of her is gone, and nothing of that stops it: it hears on, of her and of everybody else.
#[tokio::test(flavor = "multi_thread")]
async fn policies_hear_on_after_an_erasure() {
    let ground = Ground::start().await;
    let people = keyring(&ground, as_role(&ground, "people").await).await;
    let (leader, woman, other) = (ground.leader(), Uuid::new_v4(), Uuid::new_v4());
    let (housing, safety) = (ground.housing().await, ground.serve("safety").await);
    let rows = ground.pool("livline_safety").await;
    let mut cases = Vec::new();
    for woman in [woman, other] {
        let case = leader.open("housing", woman).await;
        leader
            .act("housing", &case, "assess-need", json!({ "persons": 3, "excluded_municipalities": ["Kanariby"] }))
            .await
            .ok();
        leader.act("housing", &case, "sign-lease", json!({})).await.ok();
        cases.push(case);
    }
    has_heard(&ground, "safety", "raise-alerts", &["housing"]).await;
    let heard = async || -> Vec<Uuid> {
        sqlx::query_scalar("SELECT woman FROM heard ORDER BY woman").fetch_all(&rows).await.unwrap()
    };
    assert!(heard().await.contains(&woman), "{:?}", heard().await);
    erase(&people, woman).await;
    housing.stop().await;
    safety.stop().await;
    let (_housing, _safety) = (ground.housing().await, ground.serve("safety").await);
    for case in &cases {
        leader.act("housing", case, "move-in", json!({})).await.ok();
    }
    has_heard(&ground, "safety", "raise-alerts", &["housing"]).await;
    let held: i64 = sqlx::query_scalar("SELECT count(*) FROM held_back").fetch_one(&rows).await.unwrap();
    assert_eq!(held, 0);
    let alerts: Vec<Uuid> =
        sqlx::query_scalar("SELECT DISTINCT subject::uuid FROM events WHERE event_type = 'SafetyAlertRaised'")
            .fetch_all(&rows)
            .await
            .unwrap();
    assert!(alerts.contains(&other), "{alerts:?}");
    // The day's orders look at every woman of whom something is kept.
    let outcomes: Vec<Option<String>> =
        sqlx::query_scalar("SELECT outcome FROM orders").fetch_all(&rows).await.unwrap();
    assert!(outcomes.iter().all(Option::is_some), "{outcomes:?}");
}

/// New keys are wrapped with the new master key from the moment that the database is told of it, by whoever has not heard of it either;
/// with the old one gone everything opens; and who wraps anew brings nothing back that was destroyed meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_loses_no_key_and_brings_none_back() {
    let ground = Ground::start().await;
    let file = ground.master_key_file();
    let put = |text: &str| std::fs::write(&file, text).unwrap();
    let owner = async || PgConnection::connect(&ground.postgres.admin_url("keys")).await.unwrap();
    let (people, housing) = (as_role(&ground, "people").await, as_role(&ground, "housing").await);
    let (people, running) = (keyring(&ground, people).await, keyring(&ground, housing.clone()).await);
    let subjects: Vec<Uuid> = (0..250).map(|_| Uuid::new_v4()).collect();
    let mut keys = Vec::new();
    for subject in &subjects {
        keys.push(running.of(*subject, Class::Personal).await.unwrap().id);
    }
    let old = ground.master_key().codes();
    let mut rotation = Rotation::hold(owner().await).await.unwrap().unwrap();
    assert!(Rotation::hold(owner().await).await.unwrap().is_none(), "one at a time");
    put(&FileMasterKey::with_another(&file).unwrap());
    let both = ground.master_key();
    rotation.switch(&both).await.unwrap();

    // It has the old one alone in mind, and offers a key wrapped with that: the database takes none.
    let new = both.codes().pop().unwrap();
    let made = Uuid::new_v4();
    let made_id = running.of(made, Class::Personal).await.unwrap().id;
    let of_made: String = sqlx::query_scalar("SELECT master FROM data_keys WHERE key_id = $1")
        .bind(made_id)
        .fetch_one(&ground.pool("keys").await)
        .await
        .unwrap();
    assert_eq!(of_made, new);
    assert_eq!(rotation.some_more(&both).await.unwrap(), 200);
    let standing = rotation.standing().await.unwrap();
    assert_eq!((standing.present.as_ref(), standing.left()), (Some(&new), 50));
    assert_eq!(standing.wrapped[&old[0]], 50);

    // In the middle: everything opens, for one who has it in memory and for one who has nothing; and an erasure is one.
    let fresh = keyring(&ground, housing.clone()).await;
    let held = fresh.by_id(keys.clone()).await.unwrap();
    assert_eq!(held.values().filter(|held| matches!(held, engine::keys::Held::Key(_))).count(), 250);
    let erasing = subjects.iter().take(5).map(|subject| erase(&people, *subject));
    let (_, anew) = tokio::join!(futures::future::join_all(erasing), async {
        while rotation.some_more(&both).await.unwrap() > 0 || rotation.standing().await.unwrap().left() > 0 {}
        rotation.standing().await.unwrap()
    });
    assert_eq!(anew.wrapped.keys().collect::<Vec<_>>(), [&new]);
    rotation.clean().await.unwrap();
    put(&FileMasterKey::with_only(&file, &new).unwrap());
    let later = keyring(&ground, housing).await;
    let held = later.by_id(keys.iter().copied().chain([made_id])).await.unwrap();
    assert_eq!(held.values().filter(|held| matches!(held, engine::keys::Held::Key(_))).count(), 246);
    assert!(keys.iter().take(5).all(|key| matches!(held[key], engine::keys::Held::Erased)));
    // One that has run all the while, and never read the file again, still makes keys that open.
    let last = running.of(Uuid::new_v4(), Class::Identity).await.unwrap().id;
    assert!(matches!(later.by_id([last]).await.unwrap()[&last], engine::keys::Held::Key(_)));
}

/// Keys asked for while she is being erased: whoever got one got it before, and none is there after.
#[tokio::test(flavor = "multi_thread")]
async fn no_key_is_made_beside_an_erasure() {
    let ground = Ground::start().await;
    let (people, housing) = (as_role(&ground, "people").await, as_role(&ground, "housing").await);
    let people = keyring(&ground, people).await;
    for _ in 0..20 {
        let subject = Uuid::new_v4();
        let asking = CLASSES.into_iter().chain(CLASSES).map(|class| {
            let (ground, housing) = (&ground, housing.clone());
            async move { keyring(ground, housing).await.of(subject, class).await }
        });
        let (erased, asked) = tokio::join!(erase(&people, subject), futures::future::join_all(asking));
        for key in asked {
            assert!(matches!(key, Ok(_) | Err(KeyError::Erased)), "{key:?}");
        }
        assert!(ground.key_bytes(subject).await.0.is_empty());
        assert_eq!(people.erasure(subject).await.unwrap(), Some(erased));
    }
}

/// A service forgets what it had in memory by the time that an erasure is acknowledged.
#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_is_acknowledged_when_nobody_remembers() {
    let ground = Ground::start().await;
    let (people, housing) = (as_role(&ground, "people").await, as_role(&ground, "housing").await);
    let (people, housing) = (keyring(&ground, people).await, keyring(&ground, housing).await);
    let subject = Uuid::new_v4();
    people.of(subject, Class::Personal).await.unwrap();
    let id = housing.of(subject, Class::Personal).await.unwrap().id;
    let erased = erase(&people, subject).await;
    // Whoever erased has forgotten at once; another service goes on with what it had, for as long as that is said.
    assert!(matches!(people.of(subject, Class::Personal).await, Err(KeyError::Erased)));
    assert!(matches!(people.by_id([id]).await.unwrap()[&id], engine::keys::Held::Erased));
    housing.of(subject, Class::Personal).await.unwrap();
    assert_eq!(erased.acknowledged() - erased.destroyed, time::Duration::seconds(60));
    assert_eq!(erased.backups_until(8) - erased.destroyed, time::Duration::days(8));
    let status = people::erase::status(&people, subject, 8).await.unwrap().unwrap();
    assert_eq!(status.letter("da", OffsetDateTime::now_utc()), None, "nobody is told yet");
    let told = || status.told(OffsetDateTime::now_utc()).as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(told(), ["decided"]);
    let since = Instant::now();
    while OffsetDateTime::now_utc() < erased.acknowledged() {
        assert!(since.elapsed() < PATIENCE * 3);
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    assert_eq!(told(), ["decided", "destroyed", "acknowledged_at", "backups_until"]);
    for (language, said) in [("da", "er væk senest den"), ("en", "are gone by"), ("", "er væk senest den")] {
        let text = status.letter(language, OffsetDateTime::now_utc()).unwrap();
        let until = kit::calendar::in_copenhagen_time(status.backups_until).date();
        let until = format!("{said} {}.{}.{}.", until.day(), u8::from(until.month()), until.year());
        assert!(text.contains(&until) && !text.contains('{'), "{text}");
    }
    assert!(matches!(housing.of(subject, Class::Personal).await, Err(KeyError::Erased)));
    assert!(matches!(housing.by_id([id]).await.unwrap()[&id], engine::keys::Held::Erased));
}

/// As far as an erasure knows the vault of people.
const VAULT: &str = "
    CREATE TABLE vault (reference uuid PRIMARY KEY DEFAULT gen_random_uuid(), woman uuid NOT NULL, child uuid);
    CREATE TABLE vault_history (reference uuid REFERENCES vault ON DELETE CASCADE);";

/// A service whose own events erase, as people's do.
async fn madeup(ground: &Ground) -> Running {
    ground.people().await;
    let settings = ground.settings("madeup", &database::SERVICE).await;
    let domain =
        Domain::<madeup::Bicycles>::open(madeup::contract().unwrap(), "madeup", settings, ground.clock.clone()).await;
    Running::start(domain.unwrap().erasing().unwrap().service()).await
}

/// Hers go, and her child's do not: that is decided by itself. What the vault has of them goes too.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_decided_is_carried_out_once_and_for_whom_it_was_decided() {
    let ground = Ground::start().await;
    let (leader, woman, child, other) = (ground.leader(), Uuid::new_v4(), Uuid::new_v4(), Uuid::new_v4());
    let service = madeup(&ground).await;
    let rows = ground.pool("livline_madeup").await;
    sqlx::raw_sql(VAULT).execute(&rows).await.unwrap();
    for (woman, child) in [(woman, None), (woman, Some(child)), (other, None)] {
        let kept = "WITH v AS (INSERT INTO vault (woman, child) VALUES ($1, $2) RETURNING reference)
                    INSERT INTO vault_history SELECT reference FROM v";
        sqlx::query(kept).bind(woman).bind(child).execute(&rows).await.unwrap();
    }
    let case = leader.open("madeup", woman).await;
    let loan = json!({ "bicycle": "rød", "reason": "kanarie" });
    leader.act("madeup", &case, "lend-bicycle", loan).await.ok();
    leader.act("madeup", &case, "mount-seat", json!({ "height": { "child": child, "value": 80 } })).await.ok();
    let others = leader.open("madeup", other).await;
    leader.act("madeup", &others, "lend-bicycle", json!({ "bicycle": "blå", "reason": "kanarie" })).await.ok();
    let admin = ground.pool("keys").await;
    let subjects = async || -> Vec<Uuid> {
        sqlx::query_scalar("SELECT DISTINCT subject FROM data_keys WHERE subject = ANY ($1)")
            .bind(vec![woman, child, other])
            .fetch_all(&admin)
            .await
            .unwrap()
    };
    let in_vault = async || -> Vec<(Uuid, Option<Uuid>)> {
        let both = "SELECT woman, child FROM vault UNION ALL SELECT woman, child FROM vault JOIN vault_history USING (reference)";
        let rows: Vec<_> = sqlx::query_as(both).fetch_all(&rows).await.unwrap();
        rows
    };
    assert_eq!((subjects().await.len(), in_vault().await.len()), (3, 6));

    leader.act("madeup", &case, "forget-rider", json!({})).await.ok();
    eventually("her keys are gone", async || (subjects().await.len() == 2).then_some(())).await;
    eventually("so is what the vault has", async || (in_vault().await.len() == 4).then_some(())).await;
    assert!(!subjects().await.contains(&woman) && in_vault().await.iter().all(|row| *row != (woman, None)));
    // Killed before it was noted: it is heard once more, and nothing else comes of it.
    let ledger = async || -> Vec<(Uuid, String, OffsetDateTime, OffsetDateTime)> {
        sqlx::query_as("SELECT subject, kind, decided, destroyed FROM erasures ORDER BY destroyed")
            .fetch_all(&admin)
            .await
            .unwrap()
    };
    let first = ledger().await;
    service.stop().await;
    sqlx::raw_sql("UPDATE progress SET number = 0, last = NULL WHERE reader = 'erase_keys'")
        .execute(&rows)
        .await
        .unwrap();
    let service = madeup(&ground).await;
    // Nobody's keys go but hers and those of a child that is hers alone: not another woman's, nor one that two have, nor one unheard of.
    let shared = Uuid::new_v4();
    for (case, of) in [(&case, child), (&case, shared), (&others, shared), (&case, other)] {
        leader.act("madeup", case, "register-rider", json!({ "child": of })).await.ok();
    }
    for (case, nobodys) in [(&case, other), (&case, shared), (&others, child), (&case, Uuid::new_v4())] {
        leader.act("madeup", case, "forget-rider", json!({ "child": nobodys })).await.ok();
    }
    let held: Vec<String> = eventually("they are held back", async || {
        let held = "SELECT reason FROM held_back WHERE reader = 'erase_keys'";
        let held: Vec<String> = sqlx::query_scalar(held).fetch_all(&rows).await.unwrap();
        (held.len() == 4).then_some(held)
    })
    .await;
    assert_eq!(held, ["not_hers"; 4]);
    assert_eq!((subjects().await.len(), ledger().await.len()), (2, 1), "nobody else was erased");
    leader.act("madeup", &case, "forget-rider", json!({ "child": child })).await.ok();
    eventually("the child's keys are gone", async || (subjects().await == [other]).then_some(())).await;
    eventually("and from the vault", async || (in_vault().await == [(other, None); 2]).then_some(())).await;
    let both = ledger().await;
    assert_eq!((both.len(), &both[0]), (2, &first[0]), "the same erasure as the first time");
    assert_eq!(
        both.iter().map(|row| (row.0, row.1.as_str())).collect::<Vec<_>>(),
        [(woman, "woman"), (child, "child")]
    );
    let decided: Vec<OffsetDateTime> = sqlx::query_scalar(
        "SELECT (body->>'recordedtime')::timestamptz FROM events WHERE event_type = 'PersonErased'
         AND number NOT IN (SELECT number FROM held_back) ORDER BY number",
    )
    .fetch_all(&rows)
    .await
    .unwrap();
    assert_eq!(both.iter().map(|row| row.2).collect::<Vec<_>>(), decided);
    leader.get("madeup", &format!("/v1/cases/{case}")).await.ok();
    service.stop().await;
}

/// An envelope of one child is none of another's, nor of the mother's, nor hers a child's.
#[tokio::test(flavor = "multi_thread")]
async fn a_childs_envelope_opens_for_that_child_alone() {
    let ground = Ground::start().await;
    let seal = Seal::new(
        keyring(&ground, as_role(&ground, "people").await).await,
        Integrity::read(&ground.integrity_key_file()).unwrap(),
    );
    let (woman, one, two) = (WomanId(Uuid::new_v4()), Uuid::new_v4(), Uuid::new_v4());
    let place = Place {
        service: "madeup",
        woman: Some(woman),
        centre: None,
        aggregate_type: "case",
        aggregate: kit::AggregateId(Uuid::new_v4()),
        version: 1,
        event: "SeatMounted",
    };
    let open = |value: u8| json!({ "$open": { "class": "personal", "value": value } });
    let facts = json!({
        "one": { "child": one, "value": open(1) }, "two": { "child": two, "value": open(2) }, "hers": open(3),
    });
    let mut sealed = facts.clone();
    seal.seal(place, &mut sealed).await.unwrap();
    let read = async |mut facts: Value| seal.open(place, &mut facts, |_| Opening::Value).await.map(|()| facts);
    let whole = read(sealed.clone()).await.unwrap();
    assert_eq!(whole, json!({ "one": { "child": one, "value": 1 }, "two": { "child": two, "value": 2 }, "hers": 3 }));
    let foreign = async |pointer: &str, value: Value, what: &str| {
        let mut changed = sealed.clone();
        *changed.pointer_mut(pointer).unwrap() = value;
        assert!(matches!(read(changed).await, Err(SealError::Foreign)), "{what}");
    };
    let at = |pointer: &str| sealed.pointer(pointer).unwrap().clone();
    foreign("/one/value", at("/two/value"), "another child's").await;
    foreign("/one/value", at("/hers"), "hers in a child's place").await;
    foreign("/hers", at("/one/value"), "a child's in her place").await;
    foreign("/one/child", json!(two), "a child's under another child's name").await;
    foreign("/one/child", json!(woman), "a child's under her name").await;
    foreign("/one", at("/two"), "all of it").await;
    // A child's key is erased, and its mother's and the other child's are not.
    let keys = seal.keys();
    keys.erase(one, Kind::Child, OffsetDateTime::now_utc()).await.unwrap();
    let left = read(sealed.clone()).await.unwrap();
    let gone = json!({ "$erased": "personal" });
    assert_eq!(left, json!({ "one": { "child": one, "value": gone }, "two": { "child": two, "value": 2 }, "hers": 3 }));
    let mut again = facts;
    assert!(matches!(seal.seal(place, &mut again).await, Err(SealError::Key(KeyError::Erased))));
}

/// She moved from one centre to another, and her keys are the same at both. Where she is she is forgotten, once nothing that any centre
/// recorded protects her and that is known for certain; then her child is. Nobody registers it as another woman's.
#[tokio::test(flavor = "multi_thread")]
async fn she_is_forgotten_where_she_is_and_her_child_after_her() {
    let mut ground = Ground::start().await;
    let days = Arc::new(AtomicI64::new(0));
    let ahead = days.clone();
    ground.clock = Clock::of(move || Clock::system().now() + time::Duration::days(ahead.load(Ordering::SeqCst)));
    let (safety, _legal) = (ground.serve("safety").await, ground.serve("legal").await);
    let (old, chief) = (ground.leader(), ground.client(Role::Leader, Some(OTHER_CENTRE)).named("n-chief"));
    let asked = chief.clone().named("n-asked");
    let (her, another, child) = (Uuid::new_v4(), Uuid::new_v4(), Uuid::new_v4());
    let alarm = old.open("safety", her).await;
    old.know(another).await;
    let refused = async |client: &Client, woman: Uuid, action: &str, facts: &Value| {
        let answer = client.act_for(woman, action, facts.clone()).await;
        (answer.status.as_u16(), answer.code().to_owned())
    };
    let conflict = |code: &str| (409, code.to_owned());
    let of_child = json!({ "child": child, "alias": { "value": "Mus" } });
    old.act_for(her, "register-child", of_child.clone()).await.ok();
    assert_eq!(refused(&old, another, "register-child", &of_child).await, conflict("claim_taken"));
    let erasure_of_child = json!({ "child": child, "recognised": "meeting" });
    assert_eq!(refused(&old, another, "request-erasure", &erasure_of_child).await, conflict("child_unknown"));

    let loan = json!({ "loan": Uuid::new_v4() });
    old.act("safety", &alarm, "issue-alarm", loan.clone()).await.ok();
    old.hand_over(her, &chief, json!({ "to": OTHER_CENTRE })).await;
    // There it is the same child.
    eventually("she is received with her child", async || {
        let answer = chief.act_for(her, "register-child", of_child.clone()).await;
        answer.status.is_success().then_some(())
    })
    .await;
    let hers = json!({ "recognised": "meeting" });
    assert_eq!(refused(&old, her, "request-erasure", &hers).await, conflict("relocated"));
    assert_eq!(refused(&old, her, "request-erasure", &erasure_of_child).await, conflict("relocated"));
    let request = async |facts: &Value| {
        let answer = asked.act_for(her, "request-erasure", facts.clone()).await.ok();
        days.fetch_add(14, Ordering::SeqCst);
        json!({ "erasure": answer.body["events"][0]["facts"]["erasure"] })
    };
    let erasure = request(&hers).await;
    let protected = conflict("protection_out");
    assert_eq!(refused(&chief, her, "approve-erasure", &erasure).await, protected, "the other centre's alarm is out");
    old.act("safety", &alarm, "return-alarm", loan).await.ok();
    has_heard(&ground, "people", "know-protection", &["safety"]).await;
    // Everything was heard; but whether that is all, nobody can tell.
    safety.stop().await;
    assert_eq!(refused(&chief, her, "approve-erasure", &erasure).await, protected, "safety does not answer");
    let _safety = ground.serve("safety").await;
    eventually("it is approved", async || {
        chief.act_for(her, "approve-erasure", erasure.clone()).await.status.is_success().then_some(())
    })
    .await;
    eventually("her keys are gone", async || ground.key_bytes(her).await.0.is_empty().then_some(())).await;
    assert!(!ground.key_bytes(child).await.0.is_empty(), "her child's are not");

    let erasure = request(&erasure_of_child).await;
    chief.act_for(her, "approve-erasure", erasure).await.ok();
    eventually("her child's keys are gone", async || ground.key_bytes(child).await.0.is_empty().then_some(())).await;
}

/// Whoever must see nothing of her must not when her keys are gone either, in any service.
#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_of_interest_outlives_her_keys() {
    let ground = Ground::start().await;
    let people = keyring(&ground, as_role(&ground, "people").await).await;
    let (leader, woman) = (ground.leader(), Uuid::new_v4());
    let housing = ground.housing().await;
    let case = leader.open("housing", woman).await;
    let conflict = json!({ "kind": "worker", "who": "w-66", "reason": "De er i familie" });
    leader.act_for(woman, "record-conflict-of-interest", conflict).await.ok();
    let kin = leader.clone().named("w-66");
    let seen = async |client: &Client| client.get("housing", &format!("/v1/cases/{case}")).await.status.as_u16();
    eventually("housing has heard of it", async || (seen(&kin).await == 404).then_some(())).await;
    erase(&people, woman).await;
    housing.stop().await;
    let housing = ground.housing().await;
    assert_eq!((seen(&leader).await, seen(&kin).await), (200, 404), "what is known of her by then");
    // Nor when all of it is heard once more.
    housing.stop().await;
    let rows = ground.pool("livline_housing").await;
    sqlx::raw_sql("DELETE FROM relations; DELETE FROM progress WHERE reader = 'relations'")
        .execute(&rows)
        .await
        .unwrap();
    let _housing = ground.housing().await;
    eventually("it was heard again", async || (seen(&leader).await == 200).then_some(())).await;
    has_heard(&ground, "housing", "relations", &["people"]).await;
    assert_eq!((seen(&leader).await, seen(&kin).await), (200, 404));
}
