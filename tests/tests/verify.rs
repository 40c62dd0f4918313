//! `livline verify`: every kind of difference is made, and named exactly; what can be healed is healed, and nothing else is touched.

use engine::{database, nats, store};
use livline::{
    installation::Domain,
    verify::{self, Part, Report},
};
use livline_tests::{
    Client, Ground, Running, eventually,
    history::{assert_published, caught_up},
};
use secrecy::SecretString;
use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

/// Housing with three women's cases, its timeline, and what verifying needs.
struct Course {
    ground: Ground,
    domain: Domain,
    rows: PgPool,
    url: SecretString,
}

impl Course {
    /// Seven events of two cases: offers, one of them corrected and one taken back.
    async fn new() -> (Self, Running, Running) {
        Box::pin(Self::set_up()).await
    }

    async fn set_up() -> (Self, Running, Running) {
        let ground = Ground::start().await;
        let housing = ground.housing().await;
        let timeline = ground.timeline(vec![housing::contract().unwrap()]).await;
        let leader = ground.leader();
        for (woman, standing) in [(1, "correct-entry"), (2, "record-in-error")] {
            let case = leader.open("housing", Uuid::from_u128(woman)).await;
            offer(&leader, &case).await;
            offer(&leader, &case).await;
            let facts = match standing {
                "correct-entry" => json!({ "version": 2, "facts": { "rent": 7 } }),
                _ => json!({ "version": 2, "reason": "Forkert sag" }),
            };
            leader.act("housing", &case, standing, facts).await.ok();
        }
        let (domain, rows) = (ground.domain("housing").await, ground.pool("livline_timeline").await);
        assert_published(&ground, "housing", &domain.journal).await;
        caught_up(&rows, "housing", &domain.journal).await;
        let url = ground.postgres.admin_url("livline_timeline").into();
        (Self { ground, domain, rows, url }, housing, timeline)
    }

    async fn verify(&self) -> Report {
        verify::run(std::slice::from_ref(&self.domain), &self.url).await.unwrap()
    }

    /// What is found, each with its part.
    async fn found(&self) -> Vec<(Part, String)> {
        self.verify().await.findings.into_iter().map(|finding| (finding.part, finding.what)).collect()
    }

    /// What is found after a statement, which is undone again.
    async fn found_after(&self, pool: &PgPool, table: &str, statement: &str) -> Vec<(Part, String)> {
        let copy = format!("CREATE TABLE public.copy AS SELECT * FROM {table}");
        sqlx::raw_sql(&copy).execute(pool).await.unwrap();
        sqlx::raw_sql(statement).execute(pool).await.unwrap();
        if table == "events" {
            // As if whoever changes it could sign as well: what shows is what the chain tells.
            self.ground.sign_again("housing").await;
        }
        let found = self.found().await;
        let back = format!("TRUNCATE {table}; INSERT INTO {table} SELECT * FROM public.copy; DROP TABLE public.copy");
        sqlx::raw_sql(&back).execute(pool).await.unwrap();
        found
    }

    /// The stream anew, of these messages.
    async fn publish(&self, messages: impl IntoIterator<Item = (String, String)>) -> async_nats::jetstream::Context {
        let epoch = store::head(&self.domain.journal).await.unwrap().epoch;
        let context = self.ground.jetstream().await;
        context.delete_stream(nats::stream_name("housing")).await.unwrap();
        context.create_stream(nats::stream_config("housing", epoch, 1)).await.unwrap();
        for (subject, bytes) in messages {
            context.publish(nats::subject("housing", &subject), bytes.into()).await.unwrap().await.unwrap();
        }
        context
    }

    async fn messages(&self) -> Vec<(String, String)> {
        let epoch = store::head(&self.domain.journal).await.unwrap().epoch;
        let events = store::after(&self.domain.journal, &self.domain.signer, epoch, 0, 1000).await.unwrap();
        events.into_iter().map(|event| (event.subject, event.bytes)).collect()
    }
}

async fn offer(client: &Client, case: &str) {
    client.act("housing", case, "make-offer", json!({ "rent": 400_000 })).await.ok();
}

fn of(part: Part, found: &[(Part, String)]) -> Vec<&str> {
    found.iter().filter(|(of, _)| *of == part).map(|(_, what)| what.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_differs_in_a_journal_is_named() {
    let (course, housing, timeline) = Course::new().await;
    let report = course.verify().await;
    assert_eq!(report.findings, [], "all of it is whole while it runs");
    assert_eq!(report.services[0].events, 8);
    assert!(report.to_string().contains("8 events  chain whole  stream equal  timeline equal"), "{report}");
    housing.stop().await;
    timeline.stop().await;
    let journal = &course.domain.journal;
    let after = async |statement: &str| course.found_after(journal, "events", statement).await;

    let changed = after("UPDATE events SET body = replace(body::text, 'w-1', 'w-2')::json WHERE number = 3").await;
    assert_eq!(of(Part::Journal, &changed), ["the chain breaks at number 3: it is not what was stored there"]);
    assert_eq!(of(Part::Stream, &changed), ["published with other bytes: number 3"]);
    let timeline_findings = of(Part::Timeline, &changed);
    assert_eq!(timeline_findings[0], "the entry housing:3 differs in body");
    assert!(timeline_findings[1].ends_with("/answer differs in mac, responsible"), "{timeline_findings:?}");
    assert_eq!(changed.len(), 4);

    // What says the same in other bytes is another event all the same; and so is one with another key, which is not published.
    let spaced = after("UPDATE events SET body = (' ' || body::text)::json WHERE number = 8").await;
    assert_eq!(of(Part::Journal, &spaced), ["the chain breaks at number 8: it is not what was stored there"]);
    assert_eq!(of(Part::Timeline, &spaced), [] as [&str; 0], "it reads as it did");
    let key = after("UPDATE events SET key = gen_random_uuid() WHERE number IN (2, 5)").await;
    assert_eq!(of(Part::Journal, &key).len(), 2);
    assert_eq!(key.len(), 2, "{key:?}");

    let last = after("DELETE FROM events WHERE number = 8").await;
    assert_eq!(of(Part::Journal, &last), ["signed and not stored: number 8"], "the chain ends one earlier");
    assert_eq!(of(Part::Stream, &last), ["published and not stored: number 8"]);
    let timeline_findings = of(Part::Timeline, &last);
    assert_eq!(timeline_findings[..2], ["the entry housing:6 differs in standing", "the entry housing:8 is too many"]);
    assert!(timeline_findings[2].ends_with("/answer differs in mac, number, open"), "{timeline_findings:?}");

    let middle = after("DELETE FROM events WHERE number = 2").await;
    let journal_findings = of(Part::Journal, &middle);
    assert_eq!(journal_findings[0], "missing: number 2");
    assert!(journal_findings[1].starts_with("number 3 is version 3 of case "), "{journal_findings:?}");
    assert_eq!(of(Part::Stream, &middle), ["published and not stored: number 2"]);

    let swapped = after(
        "UPDATE events SET number = -2 WHERE number = 2; UPDATE events SET number = 6 WHERE number = 2;
         UPDATE events SET number = 99 WHERE number = 6; UPDATE events SET number = 6 WHERE number = -2;
         UPDATE events SET number = 2 WHERE number = 99",
    )
    .await;
    let breaks: Vec<&str> =
        of(Part::Journal, &swapped).into_iter().filter(|what| what.contains("chain breaks")).collect();
    assert_eq!(breaks.len(), 4, "{swapped:?}");
    assert!(breaks[0].contains(" number 2:") && breaks[2].contains(" number 6:"), "{breaks:?}");
    assert_eq!(
        of(Part::Stream, &swapped),
        ["published with other bytes: numbers 2 to 3", "published with other bytes: numbers 5 to 6"],
        "nobody vouches for what is out of order, nor for what stands beside it"
    );

    let unknown = course
        .found_after(
            journal,
            "aggregates",
            "DELETE FROM aggregates WHERE woman = '00000000-0000-0000-0000-000000000001'",
        )
        .await;
    assert_eq!(unknown.len(), 1, "{unknown:?}");
    assert!(unknown[0].1.ends_with("has events and is not known"), "{unknown:?}");

    assert_eq!(course.found().await, [], "and it is whole again");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_differs_in_a_stream_is_named() {
    let (course, housing, timeline) = Course::new().await;
    housing.stop().await;
    timeline.stop().await;
    let whole = course.messages().await;

    let mut altered = whole.clone();
    altered[4].1 = altered[4].1.replace("\"w-1\"", "\"w-2\"");
    altered[5].1.push(' ');
    course.publish(altered).await;
    assert_eq!(course.found().await, [(Part::Stream, "published with other bytes: numbers 5 to 6".to_owned())]);

    let mut elsewhere = whole.clone();
    elsewhere[6].0 = "_".into();
    course.publish(elsewhere).await;
    assert_eq!(course.found().await, [(Part::Stream, "published on another subject: number 7".to_owned())]);

    let context = course.publish(whole.clone()).await;
    let stream = context.get_stream(nats::stream_name("housing")).await.unwrap();
    for sequence in [2, 3, 8] {
        stream.delete_message(sequence).await.unwrap();
    }
    assert_eq!(
        course.found().await,
        [(Part::Stream, "missing: numbers 2 to 3".to_owned()), (Part::Stream, "missing: number 8".to_owned())]
    );
    stream.purge().await.unwrap();
    assert_eq!(course.found().await, [(Part::Stream, "missing: numbers 1 to 8".to_owned())]);

    let more = whole.iter().cloned().chain([("_".to_owned(), "{}".to_owned())]);
    course.publish(more).await;
    assert_eq!(course.found().await, [(Part::Stream, "published and not stored: number 9".to_owned())]);

    let context = course.publish(whole[..6].to_vec()).await;
    assert_eq!(course.found().await, [(Part::Stream, "not published: numbers 7 to 8".to_owned())]);
    context.delete_stream(nats::stream_name("housing")).await.unwrap();
    assert_eq!(course.found().await, [(Part::Stream, "there is none".to_owned())]);
    context.create_stream(nats::stream_config("housing", kit::Epoch(Uuid::new_v4()), 1)).await.unwrap();
    assert_eq!(course.found().await, [(Part::Stream, "it is of another epoch than the service".to_owned())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_differs_on_a_timeline_is_named() {
    let (course, housing, timeline) = Course::new().await;
    housing.stop().await;
    timeline.stop().await;
    let rows = &course.rows;
    let entries = async |statement: &str| of_timeline(course.found_after(rows, "entries", statement).await);
    let said = entries("UPDATE entries SET standing = 'stands' WHERE number = 2").await;
    assert_eq!(said, ["the entry housing:2 differs in standing"]);
    let moved = entries(
        "UPDATE entries SET woman = gen_random_uuid(), centre = NULL, at = at + interval '1 day' WHERE number = 7",
    )
    .await;
    assert_eq!(moved, ["the entry housing:7 differs in at, centre, woman"]);
    let spaced = entries("UPDATE entries SET body = (' ' || body::text)::json WHERE number = 1").await;
    assert_eq!(spaced, ["the entry housing:1 differs in body"]);
    let removed = entries("DELETE FROM entries WHERE number IN (1, 8)").await;
    assert_eq!(removed, ["the entry housing:1 is missing", "the entry housing:8 is missing"]);
    let added = entries(
        "INSERT INTO entries (service, number, woman, at, aggregate_type, aggregate, version, body)
         SELECT 'housing', 1000 + n, gen_random_uuid(), now(), 'case', gen_random_uuid(), 1, '{}' FROM generate_series(1, 25) n",
    )
    .await;
    assert_eq!(added.len(), 21);
    assert_eq!((added[0].as_str(), added[20].as_str()), ("the entry housing:1001 is too many", "… and 5 more"));
    let strange = course
        .found_after(
            rows,
            "entries",
            "INSERT INTO entries (service, number, woman, at, aggregate_type, aggregate, version, body)
             VALUES ('madeup', 1, gen_random_uuid(), now(), 'case', gen_random_uuid(), 1, '{}')",
        )
        .await;
    assert_eq!(strange, [(Part::Timeline, "rows of a service that is none: 1 in entries".to_owned())]);
    let (aggregate, key): (Uuid, String) =
        sqlx::query_as("SELECT aggregate, key FROM follow_ups ORDER BY aggregate, key LIMIT 1")
            .fetch_one(rows)
            .await
            .unwrap();
    let changed = course
        .found_after(rows, "follow_ups", &format!("UPDATE follow_ups SET open = NOT open, responsible = 'w-9' WHERE (aggregate, key) = ('{aggregate}', '{key}')"))
        .await;
    assert_eq!(of_timeline(changed), [format!("the follow-up housing {aggregate} {key} differs in open, responsible")]);
    let held = course
        .found_after(rows, "held_back", "INSERT INTO held_back (reader, service, number, woman, reason, body) VALUES ('timeline', 'housing', 4, gen_random_uuid(), 'x', '')")
        .await;
    assert_eq!(of_timeline(held), ["the held-back event housing:4 is too many"]);
    let behind = course
        .found_after(
            rows,
            "progress",
            "UPDATE progress SET number = 6 WHERE reader = 'timeline'; CREATE TABLE public.kept AS SELECT * FROM entries WHERE number > 6;
             DELETE FROM entries WHERE number > 6",
        )
        .await;
    sqlx::raw_sql("INSERT INTO entries SELECT * FROM kept; DROP TABLE kept").execute(rows).await.unwrap();
    assert_eq!(of_timeline(behind)[0], "it stands still at 6 of 8");
    let epoch = course
        .found_after(rows, "progress", "UPDATE progress SET epoch = gen_random_uuid() WHERE reader = 'timeline'")
        .await;
    assert_eq!(of_timeline(epoch), ["it follows an epoch that is not the present one, and was not compared"]);
    assert_eq!(course.found().await, []);
}

fn of_timeline(found: Vec<(Part, String)>) -> Vec<String> {
    assert!(found.iter().all(|(part, _)| *part == Part::Timeline), "{found:?}");
    found.into_iter().map(|(_, what)| what).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_and_timelines_are_healed_and_journals_are_not_touched() {
    let (course, _housing, _timeline) = Course::new().await;
    let domains = std::slice::from_ref(&course.domain);
    let mut altered = course.messages().await;
    altered[2].1.push(' ');
    course.publish(altered).await;
    sqlx::raw_sql("DELETE FROM entries WHERE number = 4; UPDATE follow_ups SET open = NOT open")
        .execute(&course.rows)
        .await
        .unwrap();
    let report = course.verify().await;
    assert!(!report.is_whole("housing", Part::Stream) && !report.is_whole("housing", Part::Timeline), "{report}");
    verify::heal(domains, &course.url, &report, &|said| println!("{said}")).await.unwrap();
    assert_eq!(course.verify().await.findings, []);
    // Relay and readers go on with what was made anew.
    let leader = course.ground.leader();
    let case = leader.open("housing", Uuid::from_u128(1)).await;
    offer(&leader, &case).await;
    assert_published(&course.ground, "housing", &course.domain.journal).await;
    caught_up(&course.rows, "housing", &course.domain.journal).await;
    assert_eq!(course.verify().await.findings, []);

    sqlx::raw_sql("UPDATE events SET body = replace(body::text, 'w-1', 'w-2')::json WHERE number = 3")
        .execute(&course.domain.journal)
        .await
        .unwrap();
    let report = course.verify().await;
    let before = (course.messages().await, livline_tests::history::dump(&course.rows, &["housing"]).await);
    verify::heal(domains, &course.url, &report, &|said| println!("{said}")).await.unwrap();
    assert_eq!(before, (course.messages().await, livline_tests::history::dump(&course.rows, &["housing"]).await));
    assert_eq!(
        course.verify().await.findings,
        report.findings,
        "what the journal lost, stream and timeline still have"
    );
}

/// Whole while others write: what is only on its way is no difference.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_on_its_way_is_no_difference() {
    let (course, _housing, _timeline) = Course::new().await;
    let leader = course.ground.leader();
    let case = leader.open("housing", Uuid::from_u128(3)).await;
    let writing = tokio::spawn({
        let (leader, case) = (leader.clone(), case.clone());
        async move {
            loop {
                offer(&leader, &case).await;
            }
        }
    });
    for _ in 0..5 {
        assert_eq!(course.verify().await.findings, []);
    }
    writing.abort();
}

/// A database of before the chain: what was stored is chained as it stands, and what comes goes on from there.
#[tokio::test(flavor = "multi_thread")]
async fn events_from_before_are_chained() {
    let ground = Ground::start().await;
    ground.settings("housing", &database::SERVICE).await;
    let domain = ground.domain("housing").await;
    let event = |n: u128| engine::journal::Append {
        aggregate_type: "case",
        aggregate: kit::AggregateId(Uuid::from_u128(n)),
        expected: 0,
        woman: None,
        centre: None,
        claims: Vec::new(),
        key: Uuid::from_u128(n),
        fingerprint: vec![1, 2],
        warnings: vec!["w"],
        events: vec![
            engine::journal::NewEvent { event: "X".into(), event_version: 1, body: format!("{{\"æ\": {n}}}") };
            2
        ],
    };
    engine::journal::append(&domain.journal, &domain.signer, &[event(1), event(2), event(3)]).await.unwrap();
    let chain = async || -> Vec<Vec<u8>> {
        sqlx::query_scalar("SELECT chain FROM events ORDER BY number").fetch_all(&domain.journal).await.unwrap()
    };
    let appended = chain().await;
    assert_eq!(appended.len(), 6);
    let signatures = async || -> Vec<(String, Vec<u8>)> {
        let all = "SELECT number::text, mac FROM events UNION ALL SELECT aggregate_id, mac FROM aggregates ORDER BY 1";
        sqlx::query_as(all).fetch_all(&domain.journal).await.unwrap()
    };
    let signed = signatures().await;
    // As it was before this version, and brought up to date again: the migration makes the same chain as the appends did, and what is
    // signed afterwards is signed alike. Of what does not agree with the chain nothing is signed.
    let chained = include_str!("../../services/engine/migrations/service/0004_chain.sql");
    let authentic = include_str!("../../services/engine/migrations/service/0008_authentic.sql");
    let before = "DROP FUNCTION append, micros; DROP TABLE checkpoints; ALTER TABLE aggregates DROP COLUMN mac;
        ALTER TABLE relations DROP COLUMN mac; ALTER TABLE duties DROP COLUMN mac;
        ALTER TABLE progress DROP COLUMN counter, DROP COLUMN sum, DROP COLUMN mac;
        DROP VIEW serialized_events; CREATE VIEW serialized_events AS SELECT 1; ALTER TABLE events DROP COLUMN chain, DROP COLUMN mac;
        DROP AGGREGATE chained(bytea, bigint, text, text, bigint, text, text, text, uuid, bytea, text, text); DROP FUNCTION link";
    for sql in [before, chained, authentic] {
        sqlx::raw_sql(sql).execute(&domain.journal).await.unwrap();
    }
    assert_eq!(chain().await, appended);
    let body = async |sql: &str| {
        sqlx::raw_sql(sql).execute(&domain.journal).await.unwrap();
    };
    body("UPDATE events SET body = '{\"æ\":4}' WHERE number = 4").await;
    let epoch = store::head(&domain.journal).await.unwrap().epoch;
    assert_eq!(livline::signed::sign(&domain.journal, &domain.signer).await.unwrap(), 1);
    assert_ne!(store::head(&domain.journal).await.unwrap().epoch, epoch, "streams and readers begin anew");
    body("UPDATE events SET body = '{\"æ\": 2}' WHERE number = 4").await;
    let unsigned: Vec<i64> =
        sqlx::query_scalar("SELECT number FROM events WHERE mac IS NULL").fetch_all(&domain.journal).await.unwrap();
    assert_eq!(unsigned, [4]);
    assert_eq!(livline::signed::sign(&domain.journal, &domain.signer).await.unwrap(), 0, "once and never again");
    body("UPDATE events SET mac = NULL").await;
    assert_eq!(livline::signed::sign(&domain.journal, &domain.signer).await.unwrap(), 0);
    assert_eq!(signatures().await, signed);
    eventually("the next goes on", async || {
        engine::journal::append(&domain.journal, &domain.signer, &[event(4)]).await.ok()
    })
    .await;
    ground.settings("timeline", &timeline::TABLES).await;
    let url = ground.postgres.admin_url("livline_timeline").into();
    let report = verify::run(&[domain], &url).await.unwrap();
    assert!(report.is_whole("housing", Part::Journal), "{report}");
}
