//! Every parser of the domains and their policies against any JSON; every route against any bytes. Nothing panics, nothing answers with
//! a server error, nothing of what was sent comes back.
//!
//! The kit's and the engine's own parsers have their properties beside them.

use kit::{
    Decider, Policy,
    decider::{Commands, Events},
    facts::BadFact,
    policy::Whole,
};
use livline_tests::{
    Ground, PATIENCE,
    golden::{Visit, domains, each_domain, samples},
};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use serde_json::{Value, json};
use std::cell::RefCell;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use uuid::Uuid;

const CANARY: &str = "Nørrebrogade117";

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        Just(Value::from(CANARY)),
        "[0-9]{4}-[0-9]{2}(-[0-9]{2})?".prop_map(Value::from),
        any::<u128>().prop_map(|bits| Uuid::from_u128(bits).to_string().into()),
    ];
    let name = prop_oneof![
        Just(CANARY.to_owned()),
        "child|value|version|event|facts|schema|class|key|\\$(open|sealed|erased)"
    ];
    leaf.prop_recursive(3, 16, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((name.clone(), inner), 0..4).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

/// A sample with something else at one of its places, or beside them.
fn changed(sample: &Value) -> impl Strategy<Value = Value> + use<> {
    let sample = sample.clone();
    (value(), any::<prop::sample::Index>(), any::<bool>(), any::<u128>()).prop_map(move |(with, at, beside, bits)| {
        let mut facts = sample.clone();
        match facts.as_object_mut() {
            Some(members) if beside || members.is_empty() => {
                members.insert(format!("{CANARY}{}", bits % 3), with);
            }
            Some(members) => {
                let name = members.keys().nth(at.index(members.len())).unwrap().clone();
                members.insert(name, with);
            }
            None => facts = with,
        }
        facts
    })
}

fn runner(cases: u32) -> TestRunner {
    TestRunner::new(ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() })
}

/// Commands, and what is stored, of every domain.
struct Domains;

impl Visit for Domains {
    fn domain<D: Decider>(&mut self, service: &'static str) {
        let (samples, refused) = (samples(service), RefCell::new(0));
        for entry in D::Command::describe() {
            for form in ["complete", "minimal"] {
                let sample = samples.latest(entry.event, form);
                let checked = runner(24).run(&changed(&sample), |facts| {
                    if let Some(Err(bad)) = D::Command::read(&entry.action, facts.clone()) {
                        *refused.borrow_mut() += 1;
                        let BadFact { pointer, .. } = &bad;
                        prop_assert!(!format!("{bad} {bad:?}").contains(CANARY), "{} {}", entry.action, pointer);
                    }
                    for version in 0..=entry.version + 1 {
                        let _ = D::Event::upcast(entry.event, version, facts.clone());
                    }
                    let _ = D::Event::from_facts(entry.event, facts);
                    Ok(())
                });
                checked.unwrap();
            }
        }
        assert!(refused.into_inner() > 50, "{service}: hardly anything was wrong");
    }
}

#[test]
fn the_facts_of_every_domain_are_read_or_refused() {
    each_domain(&mut Domains);
}

/// What a policy hears may be of any service, of any version, or forged.
fn heard<P: Policy>() {
    let golden: Vec<(String, Value)> = P::HEARS
        .iter()
        .flat_map(|service| {
            let samples = samples(service);
            let entries = (livline::services::find(service).unwrap().entries)();
            entries
                .into_iter()
                .map(move |entry| (entry.event.to_owned(), samples.latest(entry.event, "complete")))
                .collect::<Vec<_>>()
        })
        .collect();
    let mut known = 0;
    for (event, facts) in golden {
        let whole =
            |event: &str, facts: Value| Whole { event: event.to_owned(), facts, facets: kit::Facets::default() };
        known += u32::from(whole(&event, facts.clone()).read::<P::Foreign>(1).is_ok_and(|read| read.is_some()));
        let checked = runner(16).run(&(changed(&facts), any::<u64>(), any::<String>()), |(facts, version, name)| {
            let corrected = json!({ "version": version, "event": event, "facts": facts });
            for (event, facts) in [
                (event.as_str(), &facts),
                ("EntryCorrected", &corrected),
                ("EntryCorrected", &facts),
                ("RecordedInError", &facts),
                (name.as_str(), &facts),
            ] {
                let _ = whole(event, facts.clone()).read::<P::Foreign>(version);
            }
            Ok(())
        });
        checked.unwrap();
    }
    assert!(known > 0, "{} hears nothing of all that there is", P::NAME);
}

#[test]
fn what_policies_hear_is_read_or_passed_or_held_back() {
    heard::<aftercare::policy::OfferAftercare>();
    heard::<aftercare::heard::KnowCourse>();
    heard::<safety::policy::RaiseAlerts>();
    heard::<housing::policy::LapseOffers>();
}

/// Sends bytes as they are and reads the status; none where the connection was closed without an answer.
async fn raw(address: std::net::SocketAddr, bytes: &[u8]) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The service may have closed before everything was sent.
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
    assert!(read.is_ok(), "no end of the answer to {:?}", String::from_utf8_lossy(bytes));
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
    Some((status, answer))
}

/// What a request may look like: nearly right, and not at all.
fn request(routes: Vec<String>, token: String) -> impl Strategy<Value = Vec<u8>> {
    let bytes = || prop::collection::vec(any::<u8>(), 0..40);
    let method = prop_oneof![4 => Just("POST".to_owned()), 3 => Just("GET".to_owned()), 1 => "[A-Z]{1,8}"];
    let route = prop_oneof![6 => prop::sample::select(routes), 1 => "/[ -~]{0,30}"];
    let rest = prop_oneof![3 => Just(String::new()), 1 => "[?/%&=a-zA-Z0-9:+._-]{0,30}", 1 => "\\?(after|domain|due|cursor|at_least|responsible)=(%00|%FF|%C3%28|1|x){1,3}"];
    let usual = "(\"[0-9]{1,20}\"|application/json|text/plain|[ -~]{0,30})".prop_map(String::into_bytes);
    let header = prop_oneof![
        6 => ("(if-match|idempotency-key|content-type|accept|expect|x)", usual),
        1 => ("(if-match|content-type|transfer-encoding|x)", bytes()),
    ];
    let body = prop_oneof![
        2 => prop::collection::vec(any::<u8>(), 0..200),
        3 => value().prop_map(|value| value.to_string().into_bytes()),
        3 => value().prop_map(|value| json!({ "facts": value }).to_string().into_bytes()),
        1 => (1..3_000_usize).prop_map(|deep| "[".repeat(deep).into_bytes()),
    ];
    (method, route, rest, prop::collection::vec(header, 0..3), body, any::<bool>()).prop_map(
        move |(method, route, rest, headers, body, with_key)| {
            let mut bytes = format!(
                "{method} {route}{rest} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: {token}\r\n"
            )
            .into_bytes();
            if with_key {
                bytes.extend_from_slice(b"idempotency-key: k\r\n");
            }
            for (name, value) in headers {
                bytes.extend([name.as_bytes(), b": ", &value, b"\r\n"].concat());
            }
            bytes.extend(format!("content-length: {}\r\n\r\n", body.len()).into_bytes());
            bytes.extend(body);
            bytes
        },
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn no_bytes_make_a_service_fail() {
    let ground = Ground::start().await;
    let (leader, woman) = (ground.leader(), Uuid::new_v4());
    let mut running = Vec::new();
    for service in domains() {
        running.push(ground.serve(service).await);
    }
    let contracts =
        livline::services::all().into_iter().filter_map(|service| service.contract).map(|contract| contract().unwrap());
    running.push(ground.timeline(contracts.collect()).await);
    let mut runner = runner(1);
    for service in domains().into_iter().chain(["timeline"]) {
        let id = if service == "timeline" { woman.to_string() } else { leader.open(service, woman).await };
        let document = livline::services::find(service).unwrap().document().unwrap();
        // A live stream ends with its token, not before.
        let paths = document["paths"].as_object().unwrap().keys().filter(|path| !path.ends_with("/live"));
        let routes: Vec<String> = paths.map(|path| path.replace("{id}", &id).replace("{woman}", &id)).collect();
        let speaks = if service == "timeline" { leader.clone() } else { leader.clone().named("w-9") };
        let requests = || request(routes.clone(), speaks.authorization().split_once(' ').unwrap().1.to_owned());
        let (address, mut strategy) = (ground.address(service), requests());
        let (mut answered, mut taken, mut by) = (0, 0, std::collections::BTreeMap::<u16, u32>::new());
        for draw in 0..3000 {
            // As many as it takes until some of them were good ones.
            if draw >= 150 && taken > 2 {
                break;
            }
            // A token lives a minute.
            if draw % 25 == 24 {
                strategy = requests();
            }
            let bytes = strategy.new_tree(&mut runner).unwrap().current();
            let Some((status, answer)) = raw(address, &bytes).await else { continue };
            answered += 1;
            *by.entry(status).or_default() += 1;
            taken += u32::from((200..300).contains(&status));
            assert!(status < 500, "{service}: {answer}\n{}", String::from_utf8_lossy(&bytes));
            // An entry's open facts and what is read come back to those who may see them; refusals repeat nothing.
            assert!(status < 300 || !answer.contains(CANARY), "{service}: {answer}");
        }
        assert!(answered > 100 && taken > 2, "{service}: {answered} answers: {by:?}");
    }
}
