//! A woman whom somebody must not see costs the queries that nobody costs, counted by what Postgres carries out.
//!
//! Statements are read from the server's log, which says each one as it begins; tests alone have it say so. Deliberately absent: how long
//! anything takes (`tests/tests/relations.rs`), and what says nothing of a woman: progress, the relay's looks, announcements.

use engine::clock::Clock;
use kit::access::Role;
use livline_tests::{
    Answer, CENTRE, Client, Ground, OTHER_CENTRE, Running, eventually, golden::domains, women::people,
};
use reqwest::Method;
use serde_json::{Value, json};
use std::{collections::BTreeMap, path::PathBuf, time::Duration};
use uuid::Uuid;

/// What a statement has in it that is asked about somebody. Readers ask the same while there is something to hear, and then alone.
const ABOUT: [&str; 7] =
    ["ties(", "keys_by_id", "key_for", "serialized_events", "FROM aggregates", "e.aggregate_type = $1", "FROM vault"];

/// Women of each kind, and how often the same is asked of them where services look after something meanwhile.
const WOMEN: usize = 3;
const TRIES: usize = 60;
/// A look is over by then.
const PAUSE: Duration = Duration::from_millis(200);

/// What Postgres carries out.
struct Statements(PathBuf);

/// How often each statement was carried out, by database and text.
type Counted = BTreeMap<(String, String), usize>;

impl Statements {
    /// Has the server of a test log each statement, of the sessions to come.
    async fn of(ground: &Ground) -> Self {
        let admin = ground.pool("postgres").await;
        for setting in ["log_statement = 'all'", "log_line_prefix = '@@ %d '"] {
            sqlx::query(&format!("ALTER SYSTEM SET {setting}")).execute(&admin).await.unwrap();
        }
        sqlx::query("SELECT pg_reload_conf()").execute(&admin).await.unwrap();
        let statements = Self(ground.folder.path().join("postgres.log"));
        eventually("statements are logged", async || {
            let from = statements.length();
            sqlx::query("SELECT 'they are'").execute(&ground.pool("postgres").await).await.unwrap();
            statements.since(from).keys().any(|(_, text)| text == "SELECT 'they are'").then_some(())
        })
        .await;
        statements
    }

    fn length(&self) -> usize {
        usize::try_from(std::fs::metadata(&self.0).unwrap().len()).unwrap()
    }

    /// Those that began since the log had this length.
    fn since(&self, from: usize) -> Counted {
        let log = std::fs::read(&self.0).unwrap();
        let log = String::from_utf8_lossy(&log[from..]).into_owned();
        let mut counted = Counted::new();
        for line in log.split("@@ ").skip(1) {
            let Some((database, said)) = line.split_once(' ') else { continue };
            let said = said.trim_start_matches("LOG:").trim_start();
            let text = said
                .strip_prefix("statement: ")
                .or_else(|| said.strip_prefix("execute ")?.split_once(": ").map(|(_, text)| text));
            let Some(text) = text else { continue };
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            *counted.entry((database.to_owned(), text)).or_default() += 1;
        }
        counted
    }

    /// What is asked about somebody for a request, and the answer to it.
    async fn asked(&self, client: &Client, request: &Asked, id: Uuid) -> (Counted, Answer) {
        let key = Uuid::new_v4().to_string();
        let path = request.path.replace("{id}", &id.to_string());
        let body = request.body.as_ref().map(|body| body.to_string().replace("{id}", &id.to_string()).into_bytes());
        let headers: &[(&str, &str)] = if body.is_some() { &[("idempotency-key", &key)] } else { &[] };
        loop {
            let from = self.length();
            let method = request.method.clone();
            let answer = client.try_send(method, request.service, &path, headers, body.clone()).await.unwrap();
            if answer.is_not_heard() {
                continue;
            }
            let mut counted = self.since(from);
            counted.retain(|(_, text), _| ABOUT.iter().any(|about| text.contains(about)));
            return (counted, answer);
        }
    }
}

/// What is asked of a service about somebody.
struct Asked {
    service: &'static str,
    method: Method,
    path: String,
    body: Option<Value>,
    /// Whether a case is named by it, and not a woman.
    of_case: bool,
}

fn asked() -> Vec<Asked> {
    let request = |service, method, path: &str, body: Option<Value>, of_case| Asked {
        service,
        method,
        path: path.to_owned(),
        body,
        of_case,
    };
    let mut all = Vec::new();
    for service in domains().into_iter().filter(|service| *service != "people") {
        all.push(request(service, Method::GET, "/v1/cases/{id}", None, true));
        all.push(request(service, Method::GET, "/v1/cases/{id}/events", None, true));
        let note = json!({ "facts": { "text": "Hun sov godt." } });
        all.push(request(service, Method::POST, "/v1/cases/{id}/write-note", Some(note), true));
        all.push(request(service, Method::POST, "/v1/cases", Some(json!({ "woman": "{id}" })), false));
    }
    for path in ["timeline", "relocation-preview", "live"] {
        all.push(request("timeline", Method::GET, &format!("/v1/women/{{id}}/{path}"), None, false));
    }
    for path in
        ["", "/events", "/alias", "/contacts", "/vault", "/vault/address", "/letters/municipality-in", "/erasure"]
    {
        all.push(request("people", Method::GET, &format!("/v1/women/{{id}}{path}"), None, false));
    }
    let facts = json!({ "facts": { "text": "Hun sov godt." } });
    all.push(request("people", Method::POST, "/v1/women/{id}/write-note", Some(facts), false));
    let word = json!({ "code_word": "solsikke" });
    all.push(request("people", Method::POST, "/v1/women/{id}/vault/code-word/check", Some(word), false));
    all.push(request(
        "people",
        Method::PUT,
        "/v1/women/{id}/vault/address",
        Some(json!({ "address": "Vej 1" })),
        false,
    ));
    all
}

/// A woman, and her case in each service.
struct Known {
    woman: Uuid,
    cases: BTreeMap<&'static str, Uuid>,
}

impl Known {
    async fn to(client: &Client) -> Self {
        let woman = Uuid::new_v4();
        let mut cases = BTreeMap::new();
        for service in domains().into_iter().filter(|service| *service != "people") {
            cases.insert(service, client.open(service, woman).await.parse().unwrap());
        }
        client.act_for(woman, "start-stay", json!({})).await.ok();
        Self { woman, cases }
    }

    fn named(&self, request: &Asked) -> Uuid {
        if request.of_case { self.cases[request.service] } else { self.woman }
    }
}

async fn services(ground: &Ground) -> Vec<Running> {
    let mut running = Vec::new();
    for service in domains().into_iter().filter(|service| *service != "people") {
        running.push(ground.serve(service).await);
    }
    let contracts = livline_tests::runs::contracts().into_iter().map(|(_, contract)| contract).collect();
    running.push(ground.timeline(contracts).await);
    running
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_must_not_see_her_asks_the_databases_what_is_asked_of_nobody() {
    let mut ground = Ground::start().await;
    ground.clock = Clock::system();
    let running = services(&ground).await;
    let (leader, other) = (ground.leader(), ground.client(Role::Leader, Some(OTHER_CENTRE)).named("n-chief"));
    let chief = leader.clone().named("w-chief");
    let (mut hers, mut elsewhere) = (Vec::new(), Vec::new());
    for _ in 0..WOMEN {
        hers.push(Known::to(&leader).await);
        elsewhere.push(Known::to(&other).await);
    }
    for her in &hers {
        let conflict = json!({ "kind": "worker", "who": "w-chief" });
        leader.act_for(her.woman, "record-conflict-of-interest", conflict).await.ok();
        let timeline = ("timeline", format!("/v1/women/{}/timeline", her.woman));
        let cases = her.cases.iter().map(|(service, case)| (*service, format!("/v1/cases/{case}")));
        for (service, path) in cases.chain([timeline]) {
            eventually("the conflict was heard", async || {
                (chief.get_once(service, &path).await.status == 404).then_some(())
            })
            .await;
        }
    }
    // With no key in memory, and with all of them: the first time each service is asked, and then.
    for running in running {
        running.stop().await;
    }
    let statements = Statements::of(&ground).await;
    let _running = services(&ground).await;
    let temp = ground.client(Role::Temp, Some(CENTRE)).named("w-temp");
    let volunteer = ground.client(Role::Volunteer, Some(CENTRE)).named("w-volunteer");
    // What is left to be heard is heard, and nobody asks but the test.
    let mut quiet = 0;
    eventually("nothing is left to be heard", async || {
        let from = statements.length();
        let all = [chief.get_once("timeline", "/v1/follow-ups").await, chief.get_once("people", "/readyz").await];
        let settled = all.iter().all(|answer| answer.status == 200);
        let about = statements.since(from).into_keys().any(|(_, text)| text.contains("keys_by_id"));
        quiet = if settled && !about { quiet + 1 } else { 0 };
        (quiet > 20).then_some(())
    })
    .await;
    for request in asked() {
        for (who, client) in [("conflict", &chief), ("temp", &temp), ("volunteer", &volunteer)] {
            for time in 0..2 {
                let what = format!("{who}, {time}: {} {} {}", request.service, request.method, request.path);
                // Services look after what they keep meanwhile, which is counted too: another woman is asked for then. What a request
                // itself asks more is asked more of each of them.
                for time in 0.. {
                    let (her, another) = (&hers[time % hers.len()], &elsewhere[time % hers.len()]);
                    assert!(time < TRIES, "{what}: asked otherwise, however often");
                    let (one, denied) = statements.asked(client, &request, her.named(&request)).await;
                    // Who is told so before anything is looked up is told so of everybody.
                    let keys: usize = one.iter().filter(|((of, _), _)| of == "keys").map(|(_, times)| times).sum();
                    let mut alike = keys == usize::from(denied.status == 404);
                    for nobody in [Uuid::new_v4(), another.named(&request)] {
                        let (other, nothing) = statements.asked(client, &request, nobody).await;
                        assert_eq!((denied.status, &denied.body), (nothing.status, &nothing.body), "{what}");
                        if one != other {
                            println!("{what}: {one:?}\nand {other:?}");
                            alike = false;
                        }
                    }
                    if alike {
                        break;
                    }
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }
    // One who sees her asks otherwise: what was counted was not nothing.
    let request = &asked()[0];
    let (seen, shown) = statements.asked(&leader, request, hers[0].named(request)).await;
    assert_eq!(shown.status, 200);
    assert!(seen.keys().any(|(_, text)| text.contains("serialized_events")), "{seen:?}");
}

/// Whether a woman of that name is known at another centre does not show in what a search asks the databases.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_known_elsewhere_asks_what_a_name_of_nobody_asks() {
    let mut ground = Ground::start().await;
    ground.clock = Clock::system();
    let (_people, _) = people(&ground).await;
    let (leader, other) = (ground.leader(), ground.client(Role::Leader, Some(OTHER_CENTRE)).named("n-chief"));
    for (client, name, count) in [(&leader, "Karla Madsen", 3), (&other, "Anna Lund", 12)] {
        for number in 0..count {
            let facts = json!({ "name": format!("{name} {}", char::from(b'k' + number)) });
            client.post("people", "/v1/women", &format!("{name} {number}"), json!({ "facts": facts })).await.ok();
        }
    }
    let statements = Statements::of(&ground).await;
    let asked = async |text: &str| {
        let body = json!({ "text": text }).to_string().into_bytes();
        loop {
            let from = statements.length();
            let search = leader.try_send(Method::POST, "people", "/v1/women/search", &[], Some(body.clone()));
            let answer = search.await.unwrap();
            if !answer.is_not_heard() {
                let mut counted = statements.since(from);
                counted.retain(|(_, text), _| ABOUT.iter().any(|about| text.contains(about)));
                return (answer.ok().body["women"].as_array().unwrap().len(), counted);
            }
        }
    };
    eventually("those of the own centre are found", async || (asked("karla").await.0 == 3).then_some(())).await;
    // Services look after what they keep meanwhile, which is counted too.
    eventually("both ask the same", async || {
        let (known, nobody) = (asked("anna").await, asked("ingo").await);
        assert_eq!((known.0, nobody.0), (0, 0));
        assert!(!known.1.is_empty());
        (known.1 == nobody.1).then_some(())
    })
    .await;
}
