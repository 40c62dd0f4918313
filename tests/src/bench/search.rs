//! A search over HTTP among a centre's five hundred women, beside opening two thousand registrations (a search's bound) and nothing
//! else.
//!
//! The first search after a start fetches every key; all others find them in memory. Deliberately absent: women of other centres, who
//! are not read.

use crate::{
    Report,
    measure::{ROUNDS, Row, TURN, spread, turn_of},
};
use engine::seal::{Granted, Opening, Place, Seal};
use kit::{Class, published::Body};
use livline_tests::{Client, Ground, women};
use serde_json::{Value, json};
use std::{sync::Arc, time::Instant};

const WOMEN: u32 = 500;
/// Registrations that a search opens at most.
const BOUND: u32 = 2000;
/// Within which a search among a centre's women is answered, its keys fetched or not.
const SECONDS: f64 = 0.3;

pub(crate) async fn measure(report: &mut Report) {
    let ground = Ground::start().await;
    let (running, women) = women::people(&ground).await;
    women.crowd(WOMEN).await;
    running.stop().await;
    let (running, women) = women::people(&ground).await;
    let leader = ground.leader();
    let begun = Instant::now();
    let hits = search(&leader).await;
    let cold = begun.elapsed().as_secs_f64();
    report.must(hits == 1, format!("{hits} women were found where one is"));
    let bodies = sqlx::query_scalar("SELECT body::text FROM events WHERE event_type = 'WomanRegistered'")
        .fetch_all(&ground.pool("livline_people").await)
        .await
        .unwrap();
    let bodies: Vec<Body> = bodies.iter().map(|body: &String| serde_json::from_str(body).unwrap()).collect();
    report.must(bodies.len() == WOMEN as usize, format!("{} women are registered", bodies.len()));
    let (bodies, seal) = (Arc::new(bodies), women.seal().clone());
    let mut row = Row::new("search among 500 women over HTTP", "opening 2000 registrations, keys in memory");
    for _ in 0..ROUNDS {
        let (_, ours) = turn_of(TURN, 1, |_| {
            let leader = leader.clone();
            move || {
                let leader = leader.clone();
                async move {
                    let _ = search(&leader).await;
                }
            }
        })
        .await;
        let (_, plain) = turn_of(TURN, 1, |_| {
            let (seal, bodies) = (seal.clone(), bodies.clone());
            move || open(seal.clone(), bodies.clone())
        })
        .await;
        row.round(ours, plain);
    }
    let (warm, bound) = (1.0 / spread(row.ours.iter().copied()).0, 1.0 / spread(row.plain.iter().copied()).0);
    report.notes.push(format!(
        "search: whole searches a second, one after the other. Among {WOMEN} women one takes {:.0} ms, the first after a start, which \
         fetches {} keys with two questions, {:.0} ms; opening {BOUND} registrations takes {:.0} ms. Ours besides: token, the relation \
         of each woman to whoever asks, comparing, JSON.",
        warm * 1e3,
        WOMEN * 2,
        cold * 1e3,
        bound * 1e3,
    ));
    report.must(
        cfg!(debug_assertions) || cold.max(warm) < SECONDS,
        format!("a search took {:.0} ms", cold.max(warm) * 1e3),
    );
    report.rows.push(row);
    running.stop().await;
}

/// Looks for the one of that name; how many are found.
async fn search(leader: &Client) -> usize {
    let found = leader.post("people", "/v1/women/search", "-", json!({ "text": "karla opp" })).await.ok();
    found.body.get("women").and_then(Value::as_array).map_or(0, Vec::len)
}

/// Opens as many registrations as a search does at most.
async fn open(seal: Seal, bodies: Arc<Vec<Body>>) {
    for body in bodies.iter().cycle().take(BOUND as usize) {
        let granted = Granted { woman: body.subject, centre: body.centre, aggregate: None };
        let (place, mut facts) = (Place::granted(people::SERVICE, body, granted).unwrap(), body.data.facts.clone());
        let opening = |class| {
            if [Class::Personal, Class::Identity].contains(&class) { Opening::Value } else { Opening::Mask }
        };
        seal.open(place, &mut facts, opening).await.unwrap();
        assert!(facts.get("alias").is_some_and(Value::is_string), "an alias is opened");
    }
}
