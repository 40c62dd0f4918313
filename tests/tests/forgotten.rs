//! A whole course of help with something to find in every sealed fact; then she asks to be forgotten, waits, and is.
//!
//! Everything goes the way that people use: HTTP, the leader's approval, a clock that two weeks pass on. The raw bytes of the cluster,
//! the streams, a dump and all logs at TRACE are searched before and after.

use engine::clock::Clock;
use kit::{access::Role, contract::EntryDescription};
use livline::cluster::programs::PostgresPrograms;
use livline_tests::{Client, Ground, eventually, golden, raw, raw::Log};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};
use uuid::Uuid;

/// What every canary begins with.
const CANARY: &str = "Kanarie";
/// A sealed number.
const AMOUNT: u64 = 7_654_321;
/// A sealed CPR number.
const CPR: &str = "3002907654";
/// What holds an erasure back, or ends what the others need.
const HOLDS: [&str; 15] = [
    "record-compelled-disclosure",
    "hold-erasure",
    "request-erasure",
    "approve-erasure",
    "record-death",
    "relocate-to-centre",
    "offer-relocation",
    "record-conflict-of-interest",
    "issue-alarm",
    "renew-alarm",
    "trigger-alarm",
    "issue-restraining-order",
    "issue-area-ban",
    "order-expulsion",
    "extend-expulsion",
];

/// Puts canaries into the facts whose schema says that they are sealed, as far as it takes free text, amounts or CPR numbers.
struct Planter {
    event: &'static str,
    planted: BTreeSet<String>,
    number: usize,
}

impl Planter {
    fn plant(&mut self, at: &str, schema: &Value, value: &mut Value, sealed: bool) {
        let sealed = sealed || schema.get("x-class").is_some_and(|class| class != "open");
        for choices in ["anyOf", "oneOf", "allOf"] {
            for choice in schema[choices].as_array().into_iter().flatten() {
                self.plant(at, choice, value, sealed);
            }
        }
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    self.plant(&format!("{at}/{name}"), &schema["properties"][name], value, sealed);
                }
            }
            Value::Array(items) => {
                for value in items {
                    self.plant(at, &schema["items"], value, sealed);
                }
            }
            Value::String(text) if sealed => {
                let free = schema["type"].to_string().contains("string")
                    && ["pattern", "format", "const", "enum"].iter().all(|bound| schema.get(bound).is_none());
                if free {
                    self.number += 1;
                    *text = format!("{CANARY} {}", self.number);
                } else if at.ends_with("/cpr") {
                    CPR.clone_into(text);
                } else {
                    return;
                }
                self.planted.insert(format!("{}{at}", self.event));
            }
            Value::Number(number) if sealed && schema["maximum"].as_u64().is_none_or(|most| most >= AMOUNT) => {
                *number = AMOUNT.into();
                self.planted.insert(format!("{}{at}", self.event));
            }
            _ => {}
        }
    }
}

/// Everything that was planted, and what was taken of it, by entry.
#[derive(Default)]
struct Planted {
    all: BTreeSet<String>,
    taken: BTreeSet<String>,
    entries: BTreeSet<String>,
}

/// Registers a woman and records of her whatever was not taken of another yet, one after the other. What a rule refuses is left out.
async fn help(leader: &Client, leave_out: &[&str], planted: &mut Planted) -> Uuid {
    let (mut her, mut refused) = (None, Vec::new());
    for service in livline::services::domains().iter().map(|listed| listed.name) {
        let samples = golden::samples(service);
        let case = match her {
            Some(woman) => Some(open(leader, service, woman).await),
            None => None,
        };
        for entry in entries(service) {
            let registers = entry.action == "register-woman";
            if leave_out.contains(&&*entry.action) || (planted.entries.contains(&entry.action) && !registers) {
                continue;
            }
            let mut planter = Planter { event: entry.event, planted: BTreeSet::new(), number: planted.taken.len() };
            let mut facts = samples.latest(entry.event, "complete");
            planter.plant("", &entry.facts, &mut facts, false);
            planted.all.extend(planter.planted.iter().cloned());
            let path = match (&her, &case) {
                (None, _) => "/v1/women".to_owned(),
                (Some(_), Some(case)) => format!("/v1/cases/{case}/{}", entry.action),
                (Some(woman), None) => format!("/v1/women/{woman}/{}", entry.action),
            };
            if registers {
                // No two women at a centre have the same.
                facts["alias"] = format!("{CANARY} {}", Uuid::new_v4().as_fields().0).into();
            }
            let body = json!({ "facts": facts, "note": format!("{CANARY}note om hende") });
            let answer = leader.post(service, &path, &Uuid::new_v4().to_string(), body).await;
            assert!(answer.status.as_u16() < 500, "{} {}", entry.action, answer.body);
            // Whoever registers a woman who may be known here already is told of whom by her alias, as the search does.
            let mut told = answer.body.clone();
            if let Some(warnings) = told["warnings"].as_array_mut() {
                warnings.retain(|warning| warning["code"] != "may_be_known");
            }
            assert!(!told.to_string().contains(CANARY), "{} {}", entry.action, answer.body);
            if answer.status.is_success() {
                planted.taken.extend(planter.planted);
                planted.entries.insert(entry.action);
                if registers {
                    her = Some(answer.text("id").parse().unwrap());
                }
            } else {
                refused.push((entry.action, answer.body["code"].clone()));
            }
        }
    }
    println!("refused: {refused:?}");
    her.unwrap()
}

async fn open(leader: &Client, service: &str, woman: Uuid) -> String {
    let key = Uuid::new_v4().to_string();
    let heard = eventually("the service has heard of her", async || {
        let answer = leader.post(service, "/v1/cases", &key, json!({ "woman": woman })).await;
        (answer.status != 404).then_some(answer)
    });
    heard.await.ok().text("id")
}

/// The entries of a service that are about a woman.
fn entries(service: &str) -> Vec<EntryDescription> {
    let about_nobody = [
        "start-duty",
        "end-duty",
        "receive-enquiry",
        "register-worker",
        "change-worker",
        "end-work",
        "register-centre",
        "rename-centre",
        "close-centre",
    ];
    let mut entries = (livline::services::find(service).unwrap().entries)();
    entries.retain(|entry| !about_nobody.contains(&&*entry.action) && entry.right != kit::access::Right::Rule);
    entries
}

async fn keep_in_the_vault(leader: &Client, woman: Uuid) {
    let contact = golden::samples(people::SERVICE).latest("SafeContactAgreed", "complete")["contact"].clone();
    let contact = format!("contact/{}", contact.as_str().unwrap());
    for (slot, value) in
        [("address", "gade 1"), ("address", "gade 2"), (&contact, "@example.org"), ("code-word", "ord")]
    {
        let path = format!("/v1/women/{woman}/vault/{slot}");
        let value = json!({ "value": format!("{CANARY}{value}") });
        leader.put(people::SERVICE, &path, &Uuid::new_v4().to_string(), value).await.ok();
    }
}

/// All that a database says of itself, where everybody who makes a dump would find it.
fn dump(ground: &Ground) {
    let to = ground.path().join("dump.sql");
    let url = ground.postgres.admin_url("postgres");
    let password = reqwest::Url::parse(&url).unwrap().password().unwrap_or_default().to_owned();
    let done = std::process::Command::new(PostgresPrograms::find().unwrap().program("pg_dumpall"))
        .args(["--dbname", &url, "--file"])
        .arg(to)
        .env("PGPASSWORD", password)
        .status();
    assert!(done.unwrap().success());
}

fn nowhere(ground: &Ground, log: &Log, needles: &[Vec<u8>]) {
    dump(ground);
    log.write(ground.path());
    let found = raw::holding(ground.path(), needles);
    let which = needles.iter().filter(|needle| {
        found.iter().any(|path| std::fs::read(path).unwrap().windows(needle.len()).any(|bytes| bytes == **needle))
    });
    let which: Vec<_> = which.map(|needle| String::from_utf8_lossy(needle)).collect();
    assert_eq!(found, Vec::<String>::new(), "{which:?}");
}

fn canaries() -> Vec<Vec<u8>> {
    let lower = CANARY.to_lowercase();
    [CANARY, lower.as_str(), "7654321", CPR, "300290-7654"].iter().flat_map(|text| raw::text(text)).collect()
}

#[tokio::test]
async fn she_is_forgotten_and_nothing_else() {
    let log = Log::default();
    let logging = log.everything();
    let mut ground = Ground::start().await;
    let days = Arc::new(AtomicI64::new(0));
    let ahead = days.clone();
    ground.clock = Clock::of(move || Clock::system().now() + time::Duration::days(ahead.load(Ordering::SeqCst)));
    let keys = ground.pool("keys").await;
    // As the cluster of the keys has it.
    for statement in ["ALTER SYSTEM SET wal_recycle = off", "SELECT pg_reload_conf()"] {
        sqlx::raw_sql(statement).execute(&keys).await.unwrap();
    }
    let mut running = Vec::new();
    for service in golden::domains() {
        running.push(ground.serve(service).await);
    }
    let contracts = || livline::services::all().iter().filter_map(|s| s.contract).map(|c| c().unwrap()).collect();
    let timeline = ground.timeline(contracts()).await;
    let (leader, mut planted) = (ground.leader(), Planted::default());
    // Whom and which centre the samples name.
    leader.employ(&["w-17"]).await;
    let to = golden::samples(people::SERVICE).latest("RelocationOffered", "complete")["to"].clone();
    ground.client(Role::Leader, Some(serde_json::from_value(to).unwrap())).found().await;
    let woman = help(&leader, &HOLDS, &mut planted).await;
    let other = help(&leader, &[], &mut planted).await;
    // What was done for them has one outcome; a few more women have the others.
    for _ in 0..3 {
        help(&leader, &[], &mut planted).await;
    }
    keep_in_the_vault(&leader, woman).await;
    keep_in_the_vault(&leader, other).await;
    let missed: Vec<&String> = planted.all.difference(&planted.taken).collect();
    println!("{} facts with a canary", planted.taken.len());
    assert!(missed.is_empty(), "a canary in every fact: {missed:?}");

    let course = async |woman: Uuid| {
        let mut heads = Vec::new();
        for service in livline::services::domains() {
            let pool = ground.pool(&service.database()).await;
            let head: i64 = sqlx::query_scalar("SELECT max(number) FROM events").fetch_one(&pool).await.unwrap();
            heads.push(format!("{}:{head}", service.name));
        }
        leader.course(woman, &heads.join(",")).await
    };
    let rows = ground.pool("livline_timeline").await;
    let count = async || -> i64 {
        let entries = "SELECT count(*) FROM entries WHERE woman = $1";
        sqlx::query_scalar(entries).bind(woman).fetch_one(&rows).await.unwrap()
    };
    let (before, entries) = (course(woman).await, count().await);
    assert!(before.to_string().matches(CANARY).count() > 100, "whoever may see it sees it");
    sqlx::raw_sql("CHECKPOINT").execute(&keys).await.unwrap();
    nowhere(&ground, &log, &canaries());
    // The search finds what is there in the open.
    for open in ["ErasureCancelled", "TRACE", "PetPlaced"] {
        assert!(!raw::holding(ground.path(), &raw::text(open)).is_empty(), "{open}");
    }

    // She asks, and may change her mind for two weeks. Then the leader, who is not whom she asked, has it done.
    let (asked, chief) = (leader.clone().named("w-asked"), leader.clone().named("w-chief"));
    let erasure = Uuid::new_v4();
    let act = async |client: &Client, action: &str, facts: Value| {
        let path = format!("/v1/women/{woman}/{action}");
        client.post(people::SERVICE, &path, &Uuid::new_v4().to_string(), json!({ "facts": facts })).await
    };
    act(&asked, "request-erasure", json!({ "erasure": erasure, "recognised": "meeting" })).await.ok();
    days.store(13, Ordering::SeqCst);
    let early = act(&chief, "approve-erasure", json!({ "erasure": erasure })).await;
    assert_eq!((early.status.as_u16(), early.code()), (409, "too_early"), "{}", early.body);
    days.store(14, Ordering::SeqCst);
    let own = act(&asked, "approve-erasure", json!({ "erasure": erasure })).await;
    assert_eq!((own.status.as_u16(), own.code()), (409, "own_request"), "{}", own.body);
    let (wrapped, plain) = ground.key_bytes(woman).await;
    let (of_other, _) = ground.key_bytes(other).await;
    assert!(wrapped.len() >= 4, "{}", wrapped.len());
    sqlx::raw_sql("CHECKPOINT").execute(&keys).await.unwrap();
    assert!(!raw::holding(ground.path(), &wrapped).is_empty(), "the search finds what is there");
    act(&chief, "approve-erasure", json!({ "erasure": erasure })).await.ok();
    eventually("her keys are gone", async || ground.key_bytes(woman).await.0.is_empty().then_some(())).await;
    let vault = ground.pool("livline_people").await;
    let kept = async || -> Vec<Uuid> {
        sqlx::query_scalar("SELECT DISTINCT woman FROM vault").fetch_all(&vault).await.unwrap()
    };
    eventually("what the vault had of her is gone", async || (kept().await == [other]).then_some(())).await;
    let ledger = "SELECT count(*) FROM erasures WHERE subject = $1";
    let written: i64 = sqlx::query_scalar(ledger).bind(woman).fetch_one(&keys).await.unwrap();
    assert_eq!(written, 1);

    // Every service forgets what it had in mind; nothing of her is anywhere.
    timeline.stop().await;
    for service in running {
        service.stop().await;
    }
    let keys_of_hers: Vec<Vec<u8>> = wrapped.into_iter().chain(plain).collect();
    nowhere(&ground, &log, &[canaries(), keys_of_hers].concat());
    assert!(!raw::holding(ground.path(), &of_other).is_empty(), "nobody else's went with them");

    // What is made from the events is made again from the first, and brings nothing back; the others have what they had.
    sqlx::raw_sql("TRUNCATE entries; DELETE FROM progress").execute(&rows).await.unwrap();
    let mut running = vec![ground.timeline(contracts()).await];
    for service in golden::domains() {
        running.push(ground.serve(service).await);
    }
    let after = course(woman).await;
    let told = after.to_string();
    assert_eq!(count().await, entries + 2, "what was recorded stays, asked for and done came to it");
    assert!(!told.contains(CANARY) && !told.contains("7654321") && told.matches("Slettet").count() > 100, "{told}");
    assert!(course(other).await.to_string().contains(CANARY));

    // She is known as one who was forgotten; cases work on, and nothing new is sealed for her.
    let status = leader.get(people::SERVICE, &format!("/v1/women/{woman}/erasure")).await.ok();
    println!("{}", status.body);
    let search = leader.post(people::SERVICE, "/v1/women/search", "-", json!({ "text": CANARY })).await.ok();
    assert!(!search.body.to_string().contains(&woman.to_string()));
    let case = before["entries"].as_array().unwrap().iter().find(|entry| entry["service"] == "housing").unwrap();
    let case = case["aggregate"].as_str().unwrap();
    leader.act("housing", case, "fetch-belongings", json!({})).await.ok();
    let refused = leader.act("housing", case, "make-offer", json!({ "rent": AMOUNT })).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (410, "erased"));
    assert!(ground.key_bytes(woman).await.0.is_empty());
    drop(logging);
}
