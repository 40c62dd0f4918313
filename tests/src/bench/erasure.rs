//! How long it takes to forget a woman of whom there are 5,000 events, beside one of whom there are five.
//!
//! Both go through everything: the leader approves it over HTTP, the service hears its own event, and her keys go. What is timed ends
//! when the service has noted that it is done: keys destroyed, their table written anew, the log closed, the vault swept. Deliberately
//! absent: the sixty seconds until it is acknowledged, which are the same for everybody.

use super::{
    Report,
    measure::{Row, spread},
};
use crate::{
    Client, Ground, PATIENCE,
    history::has_heard,
    women::{Woman, Women, fact, location, personal, registered, somebody},
};
use engine::{erasure, reader::progress};
use kit::Class;
use serde_json::{Value, json};
use sqlx::PgPool;
use std::time::{Duration, Instant};
use uuid::Uuid;

const FEW: usize = 5;
/// Written in one command.
const AT_ONCE: usize = 500;
/// How much longer it may take for many.
const LONGER: f64 = 1.25;
/// The request that is approved.
const REQUEST: Uuid = Uuid::from_u128(0xe7a5);

/// What an erasure took.
#[derive(Clone, Copy)]
struct Took {
    /// From the request to the answer: to decide, her events are loaded.
    deciding: f64,
    /// From the answer until nothing of hers opens any more, and all of it is done.
    erasing: f64,
}

pub(crate) async fn measure(report: &mut Report) {
    let ground = Ground::start().await;
    report.on(&ground).await;
    // Whoever is protected is not forgotten, and these two tell.
    let (legal, safety) = (ground.serve("legal").await, ground.serve("safety").await);
    let women = Women::beside(&ground).await;
    let (mut pairs, size) = (Vec::new(), report.size);
    for number in 0..size.pairs {
        let few = asking(&women, number * 2, FEW).await;
        pairs.push((asking(&women, number * 2 + 1, size.many_events).await, few));
    }
    // Nobody is busy with anything else.
    has_heard(&ground, "people", erasure::NAME, &["people"]).await;
    for service in ["people", "legal", "safety"] {
        has_heard(&ground, service, "relations", &["people"]).await;
    }
    has_heard(&ground, "people", "know-protection", &["legal", "safety"]).await;
    let (leader, store, keys) = (ground.leader(), ground.pool("livline_people").await, ground.pool("keys").await);
    let mut row =
        Row::new(format!("erasing a woman of {} events", size.many_events), format!("erasing a woman of {FEW} events"));
    let (mut deciding_many, mut deciding_few) = (Vec::new(), Vec::new());
    for (number, (many, few)) in pairs.into_iter().enumerate() {
        let mut both = [(many, None), (few, None)];
        if number % 2 != 0 {
            both.reverse();
        }
        for (her, took) in &mut both {
            *took = Some(erase(&leader, &store, &keys, *her, report).await);
        }
        both.sort_by_key(|(her, _)| her.version);
        let [few, many] = both.map(|(_, took)| took.unwrap());
        row.round(1.0 / many.erasing, 1.0 / few.erasing);
        deciding_many.push(many.deciding);
        deciding_few.push(few.deciding);
    }
    report.row(&row);
    let longer = spread(row.ours.iter().zip(&row.plain).map(|(many, few)| few / many)).median;
    let milliseconds = |values: &[f64]| spread(values.iter().copied()).median * 1e3;
    let erasing = |rates: &[f64]| 1e3 / spread(rates.iter().copied()).median;
    report.note(format!(
        "erasing: from the approval's answer until it is done, {:.0} ms for {} events and {:.0} ms for {FEW}: {longer:.2} times as long \
         (target: as long). It destroys keys and rewrites nothing of hers. Approving it loads her events as every command does: {:.0} ms \
         and {:.0} ms.",
        erasing(&row.ours),
        size.many_events,
        erasing(&row.plain),
        milliseconds(&deciding_many),
        milliseconds(&deciding_few),
    ));
    report.target(longer < LONGER, format!("many events make an erasure {longer:.2} times as long"));
    for service in [legal, safety] {
        service.stop().await;
    }
}

/// A woman of so many events who has asked to be forgotten, long enough ago.
async fn asking(women: &Women, number: u32, events: usize) -> Woman {
    let mut her = somebody();
    let registered = registered(&format!("Ask-{number}"), Some("Karla Madsen"), Some("0101909996"));
    let stay = json!({ "stay": Uuid::new_v4(), "centre": location("et sted"), "children": personal(json!([])), "anonymous": false });
    let request = json!({
        "erasure": REQUEST, "recognised": "meeting", "asked_by": "w-9", "not_before": "2020-01-01",
    });
    let opened = json!({ "woman": her.woman, "centre": her.centre });
    let begun =
        [("CaseOpened", opened), ("WomanRegistered", registered), ("StayStarted", stay), ("ErasureRequested", request)];
    let note = json!({ "text": fact(Class::Narrative, "She would like to know when she can move in. ".repeat(4)) });
    let notes = (begun.len()..events).map(|_| ("NoteWritten", note.clone()));
    let all: Vec<(&str, Value)> = begun.into_iter().chain(notes).collect();
    for some in all.chunks(AT_ONCE) {
        women.record(&mut her, some).await;
    }
    her
}

/// Forgets her, and looks that it is so.
async fn erase(leader: &Client, store: &PgPool, keys: &PgPool, her: Woman, report: &mut Report) -> Took {
    let of_hers = async || -> i64 {
        let count = sqlx::query_scalar("SELECT count(*) FROM data_keys WHERE subject = $1").bind(her.woman);
        count.fetch_one(keys).await.unwrap()
    };
    report.must(of_hers().await == 4, "she has not one key of each class");
    // What was written before is not hers to wait for.
    sqlx::query("CHECKPOINT").execute(store).await.unwrap();
    let begun = Instant::now();
    let answer = leader.act_for(her.woman, "approve-erasure", json!({ "erasure": REQUEST })).await.ok();
    let deciding = begun.elapsed().as_secs_f64();
    let number: u64 = answer.text("position").rsplit(':').next().unwrap().parse().unwrap();
    let answered = Instant::now();
    let until = answered + PATIENCE;
    while progress(store, erasure::NAME, "people").await.unwrap().is_none_or(|progress| progress.number < number) {
        assert!(Instant::now() < until, "she was not erased in time");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let erasing = answered.elapsed().as_secs_f64();
    report.must(of_hers().await == 0, "a key of hers is left");
    Took { deciding, erasing }
}
