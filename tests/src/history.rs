//! What must hold of stored, published and projected events, whatever happened on the way.

use crate::{Ground, Running, eventually, runs::contracts};
use engine::{nats, reader::progress, relay::read_all, store};
use sqlx::{PgPool, Row};

/// Numbers are dense, versions are dense in each aggregate, and a command's events stand together.
pub async fn assert_exact(pool: &PgPool) {
    let rows = sqlx::query("SELECT number, aggregate_type, aggregate_id, sequence, key FROM events ORDER BY number")
        .fetch_all(pool)
        .await
        .unwrap();
    let mut versions = std::collections::HashMap::new();
    let mut finished = std::collections::HashSet::new();
    let mut current = None;
    for (expected, row) in (1_i64..).zip(&rows) {
        assert_eq!(row.get::<i64, _>("number"), expected, "numbers are dense");
        let aggregate = (row.get::<String, _>("aggregate_type"), row.get::<String, _>("aggregate_id"));
        let version = versions.entry(aggregate.clone()).or_insert(0_i64);
        *version += 1;
        assert_eq!(row.get::<i64, _>("sequence"), *version, "versions are dense");
        let command = (aggregate, row.get::<uuid::Uuid, _>("key"));
        if current.as_ref() != Some(&command) {
            assert!(finished.insert(command.clone()), "a command's events stand apart, or twice: {command:?}");
            current = Some(command);
        }
    }
}

/// Every event of a service is in its stream, on the sequence that is its number, byte for byte.
pub async fn assert_published(ground: &Ground, service: &str, pool: &PgPool) {
    let config = ground.nats_config();
    // A stream of an epoch that has just ended may still be whole for a moment.
    let (head, stream) = eventually("everything is published", async || {
        let head = store::head(pool).await.ok()?;
        let context = nats::jetstream(nats::connect(&config, "test").await.ok()?);
        let stream = read_all(&context, service).await.ok()?;
        let whole = stream.len() as u64 == head.number;
        let present = stream.last().is_none_or(|(_, bytes)| bytes.contains(&head.epoch.to_string()));
        (whole && present).then_some((head, stream))
    })
    .await;
    let mut after = 0;
    loop {
        let page = store::after(pool, &ground.signer(service), head.epoch, after, 1000).await.unwrap();
        let Some(last) = page.last() else { return };
        for event in &page {
            let (sequence, bytes) = &stream[usize::try_from(event.number - 1).unwrap()];
            assert_eq!((*sequence, bytes), (event.number, &event.bytes));
        }
        after = last.number;
    }
}

/// Waits until a timeline has taken in everything of a service.
pub async fn caught_up(timeline: &PgPool, service: &str, pool: &PgPool) {
    eventually("the timeline caught up", async || {
        let head = store::head(pool).await.ok()?;
        let reached = progress(timeline, "timeline", service).await.ok()??;
        (reached.epoch == head.epoch && reached.number == head.number).then_some(())
    })
    .await;
}

/// What a timeline has of these services as text, in its order.
pub async fn dump(timeline: &PgPool, services: &[&str]) -> Vec<String> {
    let mut lines = Vec::new();
    // Where a reader began is no part of what it made.
    let progress = "(SELECT reader, service, epoch, number, last FROM progress WHERE reader = 'timeline')";
    for table in ["entries", "follow_ups", "(SELECT * FROM held_back WHERE reader = 'timeline')", progress] {
        let rows = format!("SELECT t::text FROM {table} t WHERE service = ANY ($1) ORDER BY t::text");
        let rows: Vec<String> = sqlx::query_scalar(&rows).bind(services).fetch_all(timeline).await.unwrap();
        lines.extend(rows.into_iter().map(|row| format!("{table} {row}")));
    }
    lines
}

/// A timeline of these services that begins with nothing, and its database.
pub async fn rebuild(ground: &Ground, services: &[&str]) -> (Running, PgPool) {
    let database = format!("rebuilt_{}", uuid::Uuid::new_v4().simple());
    ground.create_database(&database).await;
    let url = ground.postgres.admin_url(&database);
    engine::database::migrate(&url, &timeline::TABLES).await.unwrap();
    let mut settings = ground.settings("timeline", &timeline::TABLES).await;
    settings.database = url.into();
    settings.listen.set_port(0);
    let contracts = contracts().into_iter().filter(|(name, _)| services.contains(name));
    let contracts = contracts.map(|(_, contract)| contract).collect();
    let rebuilt = Running::start(timeline::open(settings, ground.clock.clone(), contracts).await.unwrap()).await;
    (rebuilt, ground.pool(&database).await)
}

/// The timeline is what a timeline built from nothing is, byte for byte.
pub async fn assert_equal_to_a_rebuild(ground: &Ground, timeline: &PgPool, services: &[(&str, &PgPool)]) {
    for (service, pool) in services {
        caught_up(timeline, service, pool).await;
    }
    let names: Vec<&str> = services.iter().map(|(name, _)| *name).collect();
    let (rebuilt, pool) = rebuild(ground, &names).await;
    for (service, source) in services {
        caught_up(&pool, service, source).await;
    }
    let (lived, built) = (dump(timeline, &names).await, dump(&pool, &names).await);
    assert!(!built.is_empty());
    assert_eq!(lived, built, "the timeline differs from a rebuild");
    rebuilt.stop().await;
}

/// Waits until a policy has heard all there is, of every service it hears.
pub async fn has_heard(ground: &Ground, listener: &str, policy: &str, services: &[&str]) {
    let listener = ground.pool(&format!("livline_{listener}")).await;
    for service in services {
        let theirs = ground.pool(&format!("livline_{service}")).await;
        eventually(&format!("{policy} has heard {service}"), async || {
            let (epoch, head): (uuid::Uuid, i64) = sqlx::query_as(
                "SELECT (SELECT epoch FROM epochs ORDER BY ordinal DESC LIMIT 1), (SELECT coalesce(max(number), 0) FROM events)",
            )
            .fetch_one(&theirs)
            .await
            .ok()?;
            let heard = "SELECT epoch, number FROM progress WHERE reader = $1 AND service = $2";
            let heard: (uuid::Uuid, i64) =
                sqlx::query_as(heard).bind(policy).bind(service).fetch_optional(&listener).await.ok()??;
            (heard == (epoch, head)).then_some(())
        })
        .await;
    }
}

/// Waits until every order of a service is noted as done, which comes after what was ordered.
pub async fn orders_noted(pool: &PgPool) {
    eventually("every order is noted as done", async || {
        let other = "SELECT count(*) FROM orders WHERE outcome IS DISTINCT FROM 'done'";
        let other: i64 = sqlx::query_scalar(other).fetch_one(pool).await.ok()?;
        (other == 0).then_some(())
    })
    .await;
}
