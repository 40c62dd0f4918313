//! What the OpenAPI documents say is what the services do: schemathesis asks every operation of every service as every role, and
//! without a token, with data that fit the document and data that do not.
//!
//! A server error, a status, header, type or body that the document does not name, data taken that it forbids: each fails this test.

use futures::StreamExt;
use kit::{
    Decider,
    access::{Principal, Role},
    decider::Commands,
};
use livline_tests::{CENTRE, Ground, golden};
use people::woman::Woman;
use reqwest::Method;
use serde_json::{Map, Value, json};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tokio::process::Command;
use uuid::Uuid;

/// Who asks without a token.
const NOBODY: &str = "nobody";
/// At once: each is one busy process of Python's.
const AT_ONCE: usize = 3;
/// Seconds after which tokens are made anew.
const TOKENS: u64 = 10;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn roles() -> Vec<(String, Role)> {
    let all = <Role as strum::VariantArray>::VARIANTS;
    all.iter().map(|role| (<&str>::from(*role).to_owned(), *role)).collect()
}

/// Keeps a fresh token of every role, as the desk and the services would issue them.
fn write_tokens(ground: &Ground) {
    let folder = ground.path().join("tokens");
    fs::create_dir_all(&folder).unwrap();
    for (name, role) in roles() {
        let principal = Principal { actor: "w-1".parse().unwrap(), role, centre: Some(CENTRE) };
        let token = match role {
            Role::Service => ground.service_issuer("timeline").issue_own(),
            _ => ground.desk().issue(&principal),
        };
        let new = folder.join(format!("{name}.new"));
        fs::write(&new, token.unwrap()).unwrap();
        fs::rename(&new, folder.join(name)).unwrap();
    }
}

/// Opens cases and records in each what can be recorded one after the other. What a rule refuses is left out.
async fn fill(ground: &Ground, service: &str, women: &[Uuid]) -> Vec<String> {
    let (leader, samples) = (ground.leader(), golden::samples(service));
    let entries = (livline::services::find(service).unwrap().entries)();
    let mut cases = Vec::new();
    for woman in women {
        let case = leader.open(service, *woman).await;
        for entry in &entries {
            let facts = samples.latest(entry.event, if cases.is_empty() { "complete" } else { "minimal" });
            let answer = leader.act(service, &case, &entry.action, facts).await;
            assert!(answer.status.as_u16() < 500, "{} {}", entry.action, answer.body);
        }
        cases.push(case);
    }
    cases
}

/// What can be recorded of women, an enquiry and a duty; and the ids that paths of people hold.
async fn fill_people(ground: &Ground, women: &[Uuid]) -> Value {
    /// Goes on for somebody else, or ends everything.
    const ENDS: [&str; 4] = ["relocate-to-centre", "end-stay", "record-death", "approve-erasure"];
    let (leader, samples) = (ground.leader(), golden::samples(people::SERVICE));
    for woman in women {
        for entry in <Woman as Decider>::Command::describe() {
            if ENDS.contains(&&*entry.action) {
                continue;
            }
            let answer = leader.act_for(*woman, &entry.action, samples.latest(entry.event, "complete")).await;
            assert!(answer.status.as_u16() < 500, "{} {}", entry.action, answer.body);
        }
    }
    let open = async |resource: &str, facts: Value| {
        let path = format!("/v1/{resource}");
        let key = Uuid::new_v4().to_string();
        leader.post(people::SERVICE, &path, &key, json!({ "facts": facts })).await.ok().text("id")
    };
    let enquiry = open("enquiries", samples.latest("EnquiryReceived", "complete")).await;
    let worker = open("staff", json!({ "worker": "w-1", "name": "Anna Holm", "role": "temp" })).await;
    let centre = open("centres", json!({ "name": "Krisecenter Birkely" })).await;
    // Whoever asks as a temp is one.
    let until = format!("{}T00:00", kit::Day::from(ground.clock.today() + time::Duration::days(20)));
    let duty = open("duties", json!({ "worker": "w-1", "kind": "temp", "until": until })).await;
    let contact = samples.latest("SafeContactAgreed", "complete")["contact"].clone();
    let child = samples.latest("ChildRegistered", "complete")["child"].clone();
    let mut slots = vec![];
    for (value, path) in
        [("Eksempelvej 1", "address".to_owned()), ("12345678", format!("contact/{}", contact.as_str().unwrap()))]
    {
        let path = format!("/v1/women/{}/vault/{path}", women[0]);
        let key = Uuid::new_v4().to_string();
        let kept = leader.put(people::SERVICE, &path, &key, json!({ "value": value })).await.ok();
        slots.push(kept.body["reference"].clone());
    }
    json!({
        "path": {
            "women": { "id": women, "slot": slots, "contact": [contact] },
            "enquiries": { "id": [enquiry] },
            "duties": { "id": [duty] },
            "staff": { "id": [worker] },
            "centres": { "id": [centre] },
        },
        "query": { "child": [child] },
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_service_answers_as_its_document_says() {
    let tool = root().join("target/tools/schemathesis/lib");
    assert!(tool.join("schemathesis").exists(), "schemathesis is missing: run `bash deploy/setup.sh test`");
    let ground = Ground::start().await;
    write_tokens(&ground);
    let women: Vec<Uuid> = (1..=3).map(Uuid::from_u128).collect();
    let mut running = Vec::new();
    let mut given = BTreeMap::new();
    for service in golden::domains() {
        running.push(ground.serve(service).await);
        given.insert(
            service,
            json!({ "path": { "cases": { "id": fill(&ground, service, &women).await } }, "query": {} }),
        );
    }
    given.insert(people::SERVICE, fill_people(&ground, &women).await);
    running.push(
        ground
            .timeline(livline::services::all().iter().filter_map(|s| s.contract).map(|c| c().unwrap()).collect())
            .await,
    );
    let positions = ["housing:1", "housing:1,legal:1", "aftercare:1", "safety:999999999"];
    let query = json!({ "domain": golden::domains(), "at_least": positions, "cursor": [] });
    given.insert("timeline", json!({ "path": { "women": { "woman": women } }, "query": query }));
    for (service, given) in &mut given {
        let names: Vec<String> = roles().into_iter().map(|(name, _)| name).chain([NOBODY.to_owned()]).collect();
        given["roles"] = json!(names);
        fs::write(ground.path().join(format!("{service}.given.json")), given.to_string()).unwrap();
    }
    let asks =
        futures::stream::iter(given.keys()).map(|service| ask(&ground, &tool, service)).buffer_unordered(AT_ONCE);
    let asks = asks.collect::<Vec<_>>();
    let leader = ground.leader();
    let cases: Vec<String> = serde_json::from_value(given["housing"]["path"]["cases"]["id"].clone()).unwrap();
    // Whoever watches a course has something to see.
    let news = async {
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            for case in &cases {
                let (path, key) = (format!("/v1/cases/{case}/write-note"), Uuid::new_v4().to_string());
                let note = json!({ "facts": { "text": "x" } }).to_string().into_bytes();
                leader.try_send(Method::POST, "housing", &path, &[("idempotency-key", &key)], Some(note)).await;
            }
        }
    };
    let tokens = async {
        loop {
            tokio::time::sleep(Duration::from_secs(TOKENS)).await;
            write_tokens(&ground);
        }
    };
    let failed: Vec<String> = tokio::select! {
        done = asks => done.into_iter().flatten().collect(),
        () = news => vec![],
        () = tokens => vec![],
    };
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    for service in given.keys() {
        everybody_asked_everything(&ground, service);
    }
}

/// Runs schemathesis against a service; what it found, where it found something.
async fn ask(ground: &Ground, tool: &Path, service: &str) -> Option<String> {
    let from = std::time::Instant::now();
    let ran = Command::new("python3")
        .args(["-m", "schemathesis.cli", "--config-file"])
        .arg(root().join("tests/openapi/schemathesis.toml"))
        .args(["run", "--no-color"])
        .arg(format!("{}/openapi.json", ground.services[service]))
        .env("SCHEMATHESIS_HOOKS", "hooks")
        .env("PYTHONPATH", std::env::join_paths([tool, &root().join("tests/openapi")]).unwrap())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("LIVLINE_TEST_FOLDER", ground.path())
        .env("LIVLINE_TEST_SERVICE", service)
        .current_dir(ground.path())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr);
    println!("{service}: {:?}, {:.1} s", ran.status.code(), from.elapsed().as_secs_f64());
    (!ran.status.success()).then(|| format!("== {service}\n{said}"))
}

/// No operation was left out, by no role; and those who may got more than refusals.
fn everybody_asked_everything(ground: &Ground, service: &str) {
    let document = livline::services::find(service).unwrap().document().unwrap();
    let seen = fs::read_to_string(ground.path().join(format!("{service}.seen.json"))).unwrap();
    let seen: BTreeMap<String, Map<String, Value>> = serde_json::from_str(&seen).unwrap();
    let mut taken = 0;
    // The document itself was fetched to begin with, and is not asked for once more.
    for (path, methods) in document["paths"].as_object().unwrap().iter().filter(|(path, _)| *path != "/openapi.json") {
        for method in methods.as_object().unwrap().keys().filter(|name| *name != "parameters") {
            let label = format!("{} {path}", method.to_uppercase());
            let answers = seen.get(&label).unwrap_or_else(|| panic!("{service}: {label} was never asked"));
            for (role, _) in roles() {
                assert!(
                    answers.keys().any(|answer| answer.starts_with(&format!("{role} "))),
                    "{service}: {label} as {role}"
                );
            }
            taken += usize::from(answers.keys().any(|answer| answer.contains(" 2")));
        }
    }
    let of = seen.len();
    println!("{service}: {taken} of {of} operations took something");
    // What a draw at random takes is chance, and where much follows from what went before, as with women, it is less than half.
    assert!(taken * 3 > of, "{service}: only {taken} of {of} operations ever took anything");
}
