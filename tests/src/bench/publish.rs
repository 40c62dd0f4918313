//! Events a second from the journal to the stream, beside a bare publish of the same bytes with as many on their way.

use super::{
    Report,
    measure::{Row, a_second},
};
use crate::{Ground, PATIENCE, eventually};
use async_nats::jetstream;
use engine::{
    database,
    metrics::Metrics,
    nats,
    relay::Relay,
    store::{self, Outgoing},
};
use sqlx::PgPool;
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Measures, and hands back what now stands in the stream.
pub(crate) async fn measure(ground: &Ground, report: &mut Report) -> Vec<Outgoing> {
    let settings = ground.settings("housing", &database::SERVICE).await;
    let pool = database::pool(&settings.database, settings.pool).await.unwrap();
    let events = everything(ground, &pool).await;
    let head = events.len() as u64;
    let context = nats::jetstream(nats::connect(&ground.nats_config(), "bench").await.unwrap());
    let mut row = Row::new("relay, pool of 5", "JetStream publish, 256 on their way");
    for _ in 0..report.size.rounds {
        let ours = relay(ground, &pool, &context, head).await;
        let last = last_sequence(&context, &nats::stream_name("housing")).await;
        report.must(last == (head, head), format!("the stream holds {last:?} of {head} events"));
        let plain = publish(&context, &events).await;
        let last = last_sequence(&context, "PLAIN").await;
        report.must(last == (head, head), format!("the plain stream holds {last:?} of {head} events"));
        row.round(ours, plain);
    }
    report.row(&row);
    report.note(format!(
        "relay: the stream's last sequence is {head}, the journal's last number, each round. Ours also reads Postgres, and says of each \
         event which sequence it must get; plain has the bytes in memory. Connecting and making the stream count for ours."
    ));
    events
}

async fn everything(ground: &Ground, pool: &PgPool) -> Vec<Outgoing> {
    let epoch = store::head(pool).await.unwrap().epoch;
    store::after(pool, &ground.signer("housing"), epoch, 0, u32::MAX >> 1).await.unwrap()
}

/// The last sequence, and how many messages there are.
async fn last_sequence(context: &jetstream::Context, stream: &str) -> (u64, u64) {
    let state = context.get_stream(stream).await.unwrap().cached_info().state.clone();
    (state.last_sequence, state.messages)
}

async fn relay(ground: &Ground, pool: &PgPool, context: &jetstream::Context, head: u64) -> f64 {
    // The first round finds none.
    let _ = context.delete_stream(nats::stream_name("housing")).await;
    let (_written, written) = watch::channel(0);
    let metrics = Metrics::default();
    let stop = CancellationToken::new();
    let (pool, nats) = (pool.clone(), ground.nats_config());
    let signer = ground.signer("housing");
    let relay =
        Relay { service: "housing", pool: pool.clone(), signer, nats, replicas: 1, written, metrics: metrics.clone() };
    let begun = Instant::now();
    let running = tokio::spawn(relay.run(stop.clone()));
    reached("the relay", head, || metrics.published.get()).await;
    let rate = a_second(head, begun);
    stop.cancel();
    running.await.unwrap();
    // The next relay leads at once: this one's lock is gone when Postgres has noticed.
    eventually("the relay's lock is free", async || {
        let held: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory')")
            .fetch_one(&pool)
            .await
            .unwrap();
        (!held).then_some(())
    })
    .await;
    rate
}

async fn publish(context: &jetstream::Context, events: &[Outgoing]) -> f64 {
    let _ = context.delete_stream("PLAIN").await;
    let config =
        jetstream::stream::Config { name: "PLAIN".into(), subjects: vec!["plain.*".into()], ..Default::default() };
    context.create_stream(config).await.unwrap();
    let mut on_their_way = VecDeque::with_capacity(nats::IN_FLIGHT.into());
    let begun = Instant::now();
    for event in events {
        if on_their_way.len() == usize::from(nats::IN_FLIGHT) {
            acknowledged(on_their_way.pop_front()).await;
        }
        let sent = context.publish(format!("plain.{}", event.subject), event.bytes.clone().into()).await;
        on_their_way.push_back(sent.unwrap());
    }
    while !on_their_way.is_empty() {
        acknowledged(on_their_way.pop_front()).await;
    }
    a_second(events.len() as u64, begun)
}

async fn acknowledged(sent: Option<jetstream::context::PublishAckFuture>) {
    if let Some(sent) = sent {
        sent.await.unwrap();
    }
}

/// Waits for a gauge, looking every millisecond.
pub(crate) async fn reached(who: &str, head: u64, gauge: impl Fn() -> i64) {
    let begun = Instant::now();
    while gauge().unsigned_abs() < head {
        assert!(begun.elapsed() < PATIENCE, "{who} is at {} of {head}", gauge());
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
