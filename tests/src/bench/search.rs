//! A search over HTTP among a centre's women, beside opening as many registrations as a search does at most, and nothing else.
//!
//! The first search after a start fetches every key; all others find them in memory. Deliberately absent: women of other centres, who
//! are not read.

use super::{
    Report,
    measure::{Row, turn},
};
use crate::{Client, Ground, women};
use engine::seal::{Granted, Opening, Place, Seal};
use kit::{Class, published::Body};
use serde_json::{Value, json};
use std::{sync::Arc, time::Instant};

/// Within which a search among a centre's women is answered, its keys fetched or not.
const SECONDS: f64 = 0.3;

pub(crate) async fn measure(report: &mut Report) {
    let ground = Ground::start().await;
    report.on(&ground).await;
    let size = report.size;
    let (running, women) = women::people(&ground).await;
    women.crowd(size.searched).await;
    running.stop().await;
    let (running, women) = women::people(&ground).await;
    let (leader, name) = (ground.leader(), women::name(size.searched - 1));
    let begun = Instant::now();
    let hits = search(&leader, &name).await;
    let cold = begun.elapsed().as_secs_f64();
    report.must(hits == 1, format!("{hits} women were found where one is"));
    let bodies = sqlx::query_scalar("SELECT body::text FROM events WHERE event_type = 'WomanRegistered'")
        .fetch_all(&ground.pool("livline_people").await)
        .await
        .unwrap();
    let bodies: Vec<Body> = bodies.iter().map(|body: &String| serde_json::from_str(body).unwrap()).collect();
    report.must(bodies.len() == size.searched as usize, format!("{} women are registered", bodies.len()));
    let (bodies, seal) = (Arc::new(bodies), women.seal().clone());
    let mut row = Row::new(
        format!("search among {} women over HTTP", size.searched),
        format!("opening {} registrations, keys in memory", size.opened),
    );
    for _ in 0..size.rounds {
        let (_, ours) = turn(size.turn, 1, |_| {
            let (leader, name) = (leader.clone(), name.clone());
            move || {
                let (leader, name) = (leader.clone(), name.clone());
                async move {
                    let _ = search(&leader, &name).await;
                }
            }
        })
        .await;
        let (_, plain) = turn(size.turn, 1, |_| {
            let (seal, bodies) = (seal.clone(), bodies.clone());
            move || open(seal.clone(), bodies.clone(), size.opened)
        })
        .await;
        row.round(ours, plain);
    }
    report.row(&row);
    let (warm, bound) = (1.0 / row.of_ours().median, 1.0 / row.of_plain().median);
    report.note(format!(
        "search: whole searches a second, one after the other. Among {} women one takes {:.0} ms, the first after a start, which \
         fetches {} keys with two questions, {:.0} ms; opening {} registrations takes {:.0} ms. Ours besides: token, the relation \
         of each woman to whoever asks, comparing, JSON.",
        size.searched,
        warm * 1e3,
        size.searched * 2,
        cold * 1e3,
        size.opened,
        bound * 1e3,
    ));
    report.target(cold.max(warm) < SECONDS, format!("a search took {:.0} ms", cold.max(warm) * 1e3));
    running.stop().await;
}

/// Looks for the one of that name; how many are found.
async fn search(leader: &Client, name: &str) -> usize {
    let found = leader.post("people", "/v1/women/search", "-", json!({ "text": name })).await.ok();
    found.body.get("women").and_then(Value::as_array).map_or(0, Vec::len)
}

/// Opens as many registrations as a search does at most.
async fn open(seal: Seal, bodies: Arc<Vec<Body>>, registrations: u32) {
    for body in bodies.iter().cycle().take(registrations as usize) {
        let granted = Granted { woman: body.subject, centre: body.centre, aggregate: None };
        let (place, mut facts) = (Place::granted(people::SERVICE, body, granted).unwrap(), body.data.facts.clone());
        let opening = |class| {
            if [Class::Personal, Class::Identity].contains(&class) { Opening::Value } else { Opening::Mask }
        };
        seal.open(place, &mut facts, opening).await.unwrap();
        assert!(facts.get("alias").is_some_and(Value::is_string), "an alias is opened");
    }
}
