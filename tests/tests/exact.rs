//! Never lost, never twice, never skipped: writers that race, processes that are killed at each step, stores that go back in time.

use engine::{
    database,
    journal::{Append, NewEvent, Outcome, append},
    store,
};
use livline_tests::{
    Client, Ground, eventually,
    history::{assert_equal_to_a_rebuild, assert_exact, assert_published, caught_up},
    process::signal,
};
use serde_json::json;
use sqlx::{Connection, PgConnection, PgPool};
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use uuid::Uuid;

const PROGRAM: &str = env!("CARGO_BIN_EXE_program");

/// A command of two events: a fact, and the note that stands on it.
async fn try_command(client: &Client, case: &str, key: &str) -> Option<u16> {
    let body = json!({ "facts": { "rent": 400_000 }, "note": key }).to_string().into_bytes();
    let path = format!("/v1/cases/{case}/make-offer");
    let answer =
        client.try_send(reqwest::Method::POST, "housing", &path, &[("idempotency-key", key)], Some(body)).await?;
    Some(answer.status.as_u16())
}

/// How many events each key of a case has, by the text of its note where it can be known: keys are hashed, so by count alone.
async fn commands(pool: &PgPool) -> BTreeMap<Uuid, i64> {
    sqlx::query_as::<_, (Uuid, i64)>(
        "SELECT key, count(*) FROM events WHERE event_type IN ('HousingOfferMade', 'NoteWritten') GROUP BY key",
    )
    .fetch_all(pool)
    .await
    .unwrap()
    .into_iter()
    .collect()
}

async fn assert_commands(pool: &PgPool, count: usize) {
    assert_exact(pool).await;
    let commands = commands(pool).await;
    assert_eq!(commands.len(), count, "each command is there once");
    assert!(commands.values().all(|events| *events == 2), "no command is there in part");
}

/// A command as the journal takes it, of events that mean nothing.
fn command(aggregate: u128, expected: u64, events: usize) -> Append {
    Append {
        aggregate_type: "case",
        aggregate: kit::AggregateId(Uuid::from_u128(aggregate)),
        expected,
        woman: None,
        centre: None,
        claims: Vec::new(),
        key: Uuid::new_v4(),
        fingerprint: Vec::new(),
        warnings: Vec::new(),
        events: (0..events)
            .map(|_| NewEvent { event: "X".into(), event_version: 1, body: "{\"a\":1}".into() })
            .collect(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_group_only_the_command_that_clashes_is_left_out() {
    let ground = Ground::start().await;
    ground.settings("housing", &database::SERVICE).await;
    let pool = ground.pool("livline_housing").await;
    let first = append(&pool, &ground.signer("housing"), &[command(1, 0, 2), command(2, 0, 1)]).await.unwrap();
    assert_eq!(first, [Outcome::Accepted { first_number: 1 }, Outcome::Accepted { first_number: 3 }]);
    let second = append(&pool, &ground.signer("housing"), &[command(1, 2, 2), command(2, 0, 3), command(3, 0, 1)])
        .await
        .unwrap();
    assert_eq!(second, [Outcome::Accepted { first_number: 4 }, Outcome::Clash, Outcome::Accepted { first_number: 6 }]);
    assert_exact(&pool).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_race_in_two_processes_on_shared_cases() {
    let ground = Ground::start().await;
    let settings = ground.settings("housing", &database::SERVICE).await;
    let mut second = settings.clone();
    second.listen = ground.address("madeup");
    let (_one, _two) = (
        ground.process(PROGRAM, "housing", &settings, "warn").await,
        ground.process(PROGRAM, "housing", &second, "warn").await,
    );
    let pool = ground.pool("livline_housing").await;
    let leader = ground.leader();
    let mut cases = Vec::new();
    for _ in 0..4 {
        cases.push(leader.open("housing", Uuid::new_v4()).await);
    }
    // Every other writer goes to the other process.
    let writers = (0..12).map(|writer: usize| {
        let (leader, cases) = (ground.leader().named(&format!("w-{writer}")), cases.clone());
        async move {
            let service = if writer.is_multiple_of(2) { "housing" } else { "madeup" };
            for turn in 0..25 {
                let case = &cases[(writer + turn) % cases.len()];
                let (path, key) = (format!("/v1/cases/{case}/make-offer"), format!("{writer}-{turn}"));
                let body = json!({ "facts": { "rent": 1 }, "note": key });
                // A busy case says so, and the same key tries again.
                eventually("the command is taken", async || {
                    leader.post(service, &path, &key, body.clone()).await.status.is_success().then_some(())
                })
                .await;
            }
        }
    });
    futures::future::join_all(writers).await;
    assert_commands(&pool, 300).await;
    assert_published(&ground, "housing", &pool).await;
}

/// SIGKILL while the append is under way: Postgres may yet store it, and the same key finds out.
#[tokio::test(flavor = "multi_thread")]
async fn killed_during_an_append() {
    let ground = Ground::start().await;
    let settings = ground.settings("housing", &database::SERVICE).await;
    let housing = ground.process(PROGRAM, "housing", &settings, "warn").await;
    let (leader, pool) = (ground.leader(), ground.pool("livline_housing").await);
    let case = leader.open("housing", Uuid::new_v4()).await;
    let mut admin = PgConnection::connect(&ground.postgres.admin_url("livline_housing")).await.unwrap();
    let mut holding = admin.begin().await.unwrap();
    sqlx::query("SELECT pg_advisory_xact_lock(736969)").execute(&mut *holding).await.unwrap();
    let sent = tokio::spawn({
        let (leader, case) = (leader.clone(), case.clone());
        async move { try_command(&leader, &case, "k").await }
    });
    eventually("the append waits", async || {
        let waiting: i64 =
            sqlx::query_scalar("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'advisory'")
                .fetch_one(&pool)
                .await
                .ok()?;
        (waiting > 0).then_some(())
    })
    .await;
    housing.kill().await;
    assert_eq!(sent.await.unwrap(), None, "the client does not know");
    holding.rollback().await.unwrap();
    let _housing = ground.process(PROGRAM, "housing", &settings, "warn").await;
    assert_eq!(try_command(&leader, &case, "k").await, Some(200));
    assert_commands(&pool, 1).await;
    assert_published(&ground, "housing", &pool).await;
}

/// SIGKILL between append and publish, and again and again while it publishes: the stream is its own cursor.
#[tokio::test(flavor = "multi_thread")]
async fn killed_before_and_while_publishing() {
    let mut ground = Ground::start().await;
    let settings = ground.settings("housing", &database::SERVICE).await;
    let housing = ground.process(PROGRAM, "housing", &settings, "warn").await;
    let (leader, pool) = (ground.leader(), ground.pool("livline_housing").await);
    let case = leader.open("housing", Uuid::new_v4()).await;
    ground.nats.kill().await.unwrap();
    for number in 0..10 {
        let sent = try_command(&leader, &case, &format!("k-{number}")).await;
        assert_eq!(sent, Some(200), "care goes on without NATS");
    }
    housing.kill().await;
    assert_commands(&pool, 10).await;
    let head = async || store::head(&pool).await.unwrap().number;
    ground.nats.start_again().await.unwrap();
    let context = ground.jetstream().await;
    let reached = async || {
        let stream = context.get_stream(engine::nats::stream_name("housing")).await.ok()?;
        Some(stream.cached_info().state.last_sequence)
    };
    let (mut rounds, mut caught) = (0, 0);
    while rounds < 4 || (caught == 0 && rounds < 30) {
        rounds += 1;
        let before = reached().await.unwrap_or(0);
        if rounds == 1 || before == head().await {
            // So many that a relay is caught in the middle of it, unless we are held up.
            for _ in 0..200 {
                let group: Vec<_> = (0..64).map(|_| command(Uuid::new_v4().as_u128(), 0, 1)).collect();
                append(&pool, &ground.signer("housing"), &group).await.unwrap();
            }
        }
        let housing = ground.spawn(PROGRAM, "housing", &settings, "warn", 0);
        eventually("it publishes", async || reached().await.filter(|last| *last > before)).await;
        housing.kill().await;
        let head = head().await;
        caught += usize::from(reached().await.is_some_and(|last| last < head));
    }
    assert!(caught > 0, "none was killed in the middle of it");
    let _housing = ground.process(PROGRAM, "housing", &settings, "warn").await;
    assert_exact(&pool).await;
    assert_published(&ground, "housing", &pool).await;
}

/// SIGKILL while the timeline applies: effect and progress are one transaction.
#[tokio::test(flavor = "multi_thread")]
async fn killed_while_applying() {
    let ground = Ground::start().await;
    let _housing = ground.housing().await;
    let settings = ground.settings("timeline", &timeline::TABLES).await;
    let timeline = ground.process(PROGRAM, "timeline", &settings, "warn").await;
    let (leader, pool, rows) =
        (ground.leader(), ground.pool("livline_housing").await, ground.pool("livline_timeline").await);
    let case = leader.open("housing", Uuid::new_v4()).await;
    assert_eq!(try_command(&leader, &case, "before").await, Some(200));
    caught_up(&rows, "housing", &pool).await;
    let mut holding = rows.begin().await.unwrap();
    sqlx::query("LOCK TABLE follow_ups IN ACCESS EXCLUSIVE MODE").execute(&mut *holding).await.unwrap();
    for number in 0..20 {
        assert_eq!(try_command(&leader, &case, &format!("k-{number}")).await, Some(200));
    }
    eventually("the projection waits in the middle of it", async || {
        let waiting: i64 =
            sqlx::query_scalar("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'relation'")
                .fetch_one(&pool)
                .await
                .ok()?;
        (waiting > 0).then_some(())
    })
    .await;
    timeline.kill().await;
    holding.rollback().await.unwrap();
    let _timeline = ground.process(PROGRAM, "timeline", &settings, "warn").await;
    assert_equal_to_a_rebuild(&ground, &rows, &[("housing", &pool)]).await;
}

/// Two replicas of a timeline on one database: each event is applied by one of them.
#[tokio::test(flavor = "multi_thread")]
async fn two_replicas_apply_once() {
    let ground = Ground::start().await;
    let _housing = ground.housing().await;
    let settings = ground.settings("timeline", &timeline::TABLES).await;
    let mut replica = settings.clone();
    replica.listen = ground.address("madeup");
    let first = ground.process(PROGRAM, "timeline", &settings, "warn").await;
    let second = ground.process(PROGRAM, "timeline", &replica, "warn").await;
    let (leader, pool, rows) =
        (ground.leader(), ground.pool("livline_housing").await, ground.pool("livline_timeline").await);
    let case = leader.open("housing", Uuid::new_v4()).await;
    write(&leader, &case, 0, 60).await;
    assert_equal_to_a_rebuild(&ground, &rows, &[("housing", &pool)]).await;
    // One of them is gone, and the other goes on alone.
    first.kill().await;
    write(&leader, &case, 60, 20).await;
    assert_equal_to_a_rebuild(&ground, &rows, &[("housing", &pool)]).await;
    second.kill().await;
}

/// SIGTERM under load: what was acknowledged is there, what was not is there once after it is sent again.
#[tokio::test(flavor = "multi_thread")]
async fn sigterm_loses_no_accepted_command() {
    let ground = Ground::start().await;
    let settings = ground.settings("housing", &database::SERVICE).await;
    let mut housing = ground.process(PROGRAM, "housing", &settings, "warn").await;
    let (leader, pool) = (ground.leader(), ground.pool("livline_housing").await);
    let mut cases = Vec::new();
    for _ in 0..4 {
        cases.push(leader.open("housing", Uuid::new_v4()).await);
    }
    let mut known = 0;
    for round in 0..3 {
        let answered = Arc::new(AtomicUsize::new(0));
        let writers = cases.iter().enumerate().map(|(writer, case)| {
            let (leader, case, answered) = (leader.clone(), case.clone(), answered.clone());
            tokio::spawn(async move {
                let mut sent = Vec::new();
                // Until the service is gone.
                for turn in 0..10_000 {
                    let key = format!("{round}-{writer}-{turn}");
                    let status = try_command(&leader, &case, &key).await;
                    sent.push((case.clone(), key, status));
                    if status != Some(200) {
                        break;
                    }
                    answered.fetch_add(1, Ordering::Relaxed);
                }
                sent
            })
        });
        let writers: Vec<_> = writers.collect();
        eventually("it is under load", async || (answered.load(Ordering::Relaxed) > 10).then_some(())).await;
        assert!(housing.terminate().await, "it stops cleanly");
        let sent: Vec<_> = futures::future::join_all(writers).await.into_iter().flat_map(Result::unwrap).collect();
        let acknowledged = sent.iter().filter(|(.., status)| *status == Some(200)).count();
        assert!(acknowledged < sent.len(), "it was stopped in the middle of it");
        let stored = commands(&pool).await.len() - known;
        assert!(stored >= acknowledged, "{stored} stored of {acknowledged} acknowledged");
        housing = ground.process(PROGRAM, "housing", &settings, "warn").await;
        for (case, key, _) in &sent {
            assert_eq!(try_command(&leader, case, key).await, Some(200));
        }
        known += sent.len();
        assert_commands(&pool, known).await;
    }
    assert_published(&ground, "housing", &pool).await;
}

async fn write(client: &Client, case: &str, from: usize, count: usize) {
    for number in from..from + count {
        assert_eq!(try_command(client, case, &format!("k-{number}")).await, Some(200));
    }
}

/// The JetStream store is rolled back to an older copy, and then deleted, while everything runs.
#[tokio::test(flavor = "multi_thread")]
async fn the_streams_store_goes_back_and_goes() {
    let mut ground = Ground::start().await;
    let contracts = vec![housing::contract().unwrap()];
    let (_housing, _timeline) = (ground.housing().await, ground.timeline(contracts).await);
    let (leader, pool, rows) =
        (ground.leader(), ground.pool("livline_housing").await, ground.pool("livline_timeline").await);
    let case = leader.open("housing", Uuid::new_v4()).await;
    write(&leader, &case, 0, 30).await;
    assert_published(&ground, "housing", &pool).await;
    let (store, copy) = (ground.nats.store_dir().to_owned(), ground.path().join("copy"));
    ground.nats.kill().await.unwrap();
    copy_folder(&store, &copy).await;
    ground.nats.start_again().await.unwrap();
    write(&leader, &case, 30, 30).await;
    assert_published(&ground, "housing", &pool).await;

    ground.nats.kill().await.unwrap();
    std::fs::remove_dir_all(&store).unwrap();
    copy_folder(&copy, &store).await;
    write(&leader, &case, 60, 10).await;
    ground.nats.start_again().await.unwrap();
    write(&leader, &case, 70, 10).await;
    assert_published(&ground, "housing", &pool).await;
    assert_equal_to_a_rebuild(&ground, &rows, &[("housing", &pool)]).await;

    ground.nats.kill().await.unwrap();
    std::fs::remove_dir_all(&store).unwrap();
    write(&leader, &case, 80, 10).await;
    ground.nats.start_again().await.unwrap();
    write(&leader, &case, 90, 10).await;
    assert_published(&ground, "housing", &pool).await;
    assert_equal_to_a_rebuild(&ground, &rows, &[("housing", &pool)]).await;
    assert_commands(&pool, 100).await;
}

async fn copy_folder(from: &std::path::Path, to: &std::path::Path) {
    let copied = tokio::process::Command::new("cp").arg("-a").args([from, to]).status().await.unwrap();
    assert!(copied.success());
}

/// Copies the service's database; whoever is connected is thrown out first.
async fn take_a_copy(admin: &mut PgConnection) {
    eventually("a copy is taken", async || {
        sqlx::query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'livline_housing'")
            .execute(&mut *admin)
            .await
            .ok()?;
        sqlx::query("CREATE DATABASE older TEMPLATE livline_housing").execute(&mut *admin).await.ok().map(drop)
    })
    .await;
}

/// Puts the copy in the place of the service's database, under living connections.
async fn take_its_place(admin: &mut PgConnection) {
    eventually("the older copy takes its place", async || {
        sqlx::query("DROP DATABASE IF EXISTS livline_housing WITH (FORCE)").execute(&mut *admin).await.ok()?;
        sqlx::query("ALTER DATABASE older RENAME TO livline_housing").execute(&mut *admin).await.ok().map(drop)
    })
    .await;
}

/// The service's database is set back to an older copy under living connections: a new epoch, and the readers follow.
#[tokio::test(flavor = "multi_thread")]
async fn the_database_is_set_back() {
    set_back(true).await;
}

/// The same while NATS is down: the stream proves nothing then, for it stands where the older copy stands. The readers, who have
/// followed the service itself, know a history that is not there any more.
#[tokio::test(flavor = "multi_thread")]
async fn the_database_is_set_back_and_the_stream_tells_nothing() {
    set_back(false).await;
}

async fn set_back(with_nats: bool) {
    let mut ground = Ground::start().await;
    let housing = ground.housing().await;
    let _timeline = ground.timeline(vec![housing::contract().unwrap()]).await;
    let (leader, rows) = (ground.leader(), ground.pool("livline_timeline").await);
    let case = leader.open("housing", Uuid::new_v4()).await;
    write(&leader, &case, 0, 20).await;
    housing.stop().await;
    let mut admin = PgConnection::connect(&ground.postgres.admin_url("postgres")).await.unwrap();
    if !with_nats {
        ground.nats.kill().await.unwrap();
    }
    take_a_copy(&mut admin).await;
    let _housing = ground.housing().await;
    let pool = ground.pool("livline_housing").await;
    write(&leader, &case, 20, 20).await;
    if with_nats {
        assert_published(&ground, "housing", &pool).await;
    }
    caught_up(&rows, "housing", &pool).await;
    let before = store::head(&pool).await.unwrap();
    pool.close().await;

    take_its_place(&mut admin).await;
    let pool = ground.pool("livline_housing").await;
    // More than was lost, so that the numbers pass the stream's last one: only the comparison of bytes can tell.
    for number in 100..130 {
        eventually("the service is back", async || {
            (try_command(&leader, &case, &format!("k-{number}")).await == Some(200)).then_some(())
        })
        .await;
    }
    if !with_nats {
        ground.nats.start_again().await.unwrap();
    }
    let after =
        eventually("a new epoch", async || store::head(&pool).await.ok().filter(|head| head.epoch != before.epoch))
            .await;
    assert!(after.number > before.number);
    assert_published(&ground, "housing", &pool).await;
    assert_equal_to_a_rebuild(&ground, &rows, &[("housing", &pool)]).await;
    assert_commands(&pool, 50).await;
}

/// The relay notices by itself, with no reader to tell and no connection that breaks: another history stands under the numbers it
/// has published, and has grown past them.
#[tokio::test(flavor = "multi_thread")]
async fn the_relay_alone_notices_another_history() {
    let ground = Ground::start().await;
    ground.settings("housing", &database::SERVICE).await;
    let pool = ground.pool("livline_housing").await;
    for _ in 0..10 {
        append(&pool, &ground.signer("housing"), &[command(Uuid::new_v4().as_u128(), 0, 1)]).await.unwrap();
    }
    let (_written, head) = tokio::sync::watch::channel(0);
    let relay = engine::relay::Relay {
        service: "housing",
        pool: pool.clone(),
        signer: ground.signer("housing"),
        nats: ground.nats_config(),
        replicas: 1,
        written: head,
        metrics: engine::metrics::Metrics::default(),
    };
    let stop = tokio_util::sync::CancellationToken::new();
    let running = tokio::spawn(relay.run(stop.clone()));
    assert_published(&ground, "housing", &pool).await;
    let before = store::head(&pool).await.unwrap().epoch;
    let mut another = pool.begin().await.unwrap();
    for sql in [
        "UPDATE events SET body = '{\"b\":2}' WHERE number > 5",
        "INSERT INTO events SELECT number + 10, aggregate_type, aggregate_id, sequence + 1, event_type, event_version, subject, key,
             fingerprint, warnings, body, chain FROM events",
    ] {
        sqlx::query(sql).execute(&mut *another).await.unwrap();
    }
    another.commit().await.unwrap();
    eventually("a new epoch", async || store::head(&pool).await.ok().filter(|head| head.epoch != before)).await;
    assert_published(&ground, "housing", &pool).await;
    stop.cancel();
    running.await.unwrap();
}

/// A stream that belongs to another database is left alone.
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_of_somebody_else_is_not_touched() {
    let ground = Ground::start().await;
    let context = ground.jetstream().await;
    let stranger = kit::Epoch(Uuid::new_v4());
    context.create_stream(engine::nats::stream_config("housing", stranger, 1)).await.unwrap();
    let ack = context.publish(engine::nats::subject("housing", "_"), "theirs".into()).await.unwrap();
    ack.await.unwrap();
    let settings = ground.settings("housing", &database::SERVICE).await;
    let housing = ground.process(PROGRAM, "housing", &settings, "info").await;
    let leader = ground.leader();
    let case = leader.open("housing", Uuid::new_v4()).await;
    assert_eq!(try_command(&leader, &case, "k").await, Some(200), "care goes on");
    let log = housing.log.clone();
    eventually("it says why it does not publish", async || {
        std::fs::read_to_string(&log).unwrap().contains("belongs to another database").then_some(())
    })
    .await;
    let theirs = engine::relay::read_all(&context, "housing").await.unwrap();
    assert_eq!(theirs, [(1, "theirs".to_owned())]);
}

/// A stopped nats-server (SIGSTOP) neither stops care nor doubles anything when it wakes.
#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_stream_doubles_nothing() {
    let ground = Ground::start().await;
    let (_housing, _timeline) = (ground.housing().await, ground.timeline(vec![housing::contract().unwrap()]).await);
    let (leader, pool, rows) =
        (ground.leader(), ground.pool("livline_housing").await, ground.pool("livline_timeline").await);
    let case = leader.open("housing", Uuid::new_v4()).await;
    let pid = ground.nats.pid().unwrap();
    signal(pid, "STOP").await;
    write(&leader, &case, 0, 20).await;
    // Until the relay has given up waiting for an acknowledgement.
    eventually("the relay looks again", async || {
        let url = format!("{}/metrics", ground.services["housing"]);
        let text = reqwest::Client::builder().no_proxy().build().ok()?.get(url).send().await.ok()?.text().await.ok()?;
        let stops = text.lines().find_map(|line| line.strip_prefix("livline_relay_stops_total "))?;
        (stops.parse::<u64>().ok()? > 0).then_some(())
    })
    .await;
    signal(pid, "CONT").await;
    write(&leader, &case, 20, 5).await;
    assert_published(&ground, "housing", &pool).await;
    assert_equal_to_a_rebuild(&ground, &rows, &[("housing", &pool)]).await;
    assert_commands(&pool, 25).await;
}

/// A service does not start on a database that may forget what it acknowledged.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_starts_on_a_database_that_may_forget() {
    let ground = Ground::start().await;
    let settings = ground.settings("housing", &database::SERVICE).await;
    let mut admin = PgConnection::connect(&ground.postgres.admin_url("postgres")).await.unwrap();
    sqlx::query("ALTER DATABASE livline_housing SET synchronous_commit = off").execute(&mut admin).await.unwrap();
    let refused = engine::run::Host::open("housing", settings.clone(), ground.clock.clone(), &database::SERVICE).await;
    assert!(refused.unwrap_err().to_string().contains("synchronous_commit off"));
    sqlx::query("ALTER DATABASE livline_housing RESET synchronous_commit").execute(&mut admin).await.unwrap();
    engine::run::Host::open("housing", settings, ground.clock.clone(), &database::SERVICE).await.unwrap();
}
