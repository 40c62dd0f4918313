//! Whoever asks for health, metrics or the document, without a token, takes nothing from those who ask for women.

use engine::database;
use futures::future::join_all;
use livline_tests::{Ground, Running};
use serde_json::json;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use uuid::Uuid;

/// Clients that ask for the document all the time.
const CURIOUS: usize = 48;
/// Cases that are read meanwhile, one after the other.
const READS: usize = 100;

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_that_asks_for_the_document_takes_no_place_of_a_reader() {
    let ground = Ground::start().await;
    ground.people().await;
    let mut settings = ground.settings("housing", &database::SERVICE).await;
    let own = format!("127.0.0.1:{}", livline::cluster::free_port().unwrap());
    settings.operations_listen = Some(own.parse().unwrap());
    let listed = livline::services::find("housing").unwrap();
    let _housing = Running::start(listed.open(settings, ground.clock.clone()).await.unwrap()).await;
    let leader = ground.leader();
    let case = leader.open("housing", Uuid::new_v4()).await;

    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let main = leader.address("housing").to_owned();
    let ask = async |path: &str| {
        let answer = http.get(path).send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        (status, headers, answer.bytes().await.unwrap())
    };
    let (status, headers, document) = ask(&format!("{main}/openapi.json")).await;
    assert_eq!((status, headers["content-type"].as_bytes()), (200, b"application/json".as_slice()));
    assert_eq!(headers["cache-control"], "no-store");
    assert!(serde_json::from_slice::<serde_json::Value>(&document).unwrap()["openapi"].is_string());
    // Elsewhere the same is answered, and nothing else is.
    for (path, expected) in [("/openapi.json", 200), ("/livez", 200), ("/readyz", 200), ("/metrics", 200)] {
        assert_eq!(ask(&format!("http://{own}{path}")).await.0, expected, "{path}");
    }
    assert_eq!(ask(&format!("http://{own}/openapi.json")).await.2, document);
    assert_eq!(ask(&format!("http://{own}/v1/cases/{case}")).await.0, 404);

    let (done, documents) = (AtomicBool::new(false), AtomicU64::new(0));
    let curious = join_all((0..CURIOUS).map(async |number| {
        while !done.load(Relaxed) {
            let (status, _, bytes) = ask(&format!("{main}/openapi.json")).await;
            // Who finds no place among the curious is told so.
            assert!(status == 200 || status == 503, "{number}: {status}");
            if status == 200 {
                assert!(bytes == document, "{number}: another document");
                documents.fetch_add(1, Relaxed);
            }
        }
    }));
    let reads = async {
        for _ in 0..READS {
            let answer = leader.get("housing", &format!("/v1/cases/{case}")).await;
            assert_eq!(answer.status, 200);
            assert_eq!(answer.body["id"], json!(case));
            assert_eq!(ask(&format!("http://{own}/readyz")).await.0, 200);
        }
        done.store(true, Relaxed);
    };
    tokio::join!(curious, reads);
    assert!(documents.load(Relaxed) >= CURIOUS as u64, "they were given documents");
}
