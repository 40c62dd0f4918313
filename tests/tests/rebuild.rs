//! `livline rebuild timeline`: beside the live one under load, killed and resumed, from streams and from feeds; the same in the end, down
//! to the definitions of its tables, and nobody who reads notices.

use engine::{
    journal::{Append, NewEvent, append},
    store,
};
use kit::{AggregateId, WomanId};
use livline::{
    installation::Domain,
    rebuild::{self, From, Rebuilt},
    verify,
};
use livline_tests::{
    CENTRE, Client, Ground, eventually,
    history::{assert_equal_to_a_rebuild, assert_published, caught_up, dump},
};
use secrecy::SecretString;
use serde_json::json;
use sqlx::PgPool;
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Instant,
};
use uuid::Uuid;

const PROGRAM: &str = env!("CARGO_BIN_EXE_program");

async fn offer(client: &Client, case: &str) -> String {
    client.act("housing", case, "make-offer", json!({ "rent": 400_000 })).await.ok().text("position")
}

/// A case of a few entries, and the same many times over, of other women.
async fn many(ground: &Ground, journal: &PgPool, cases: usize) {
    let (leader, woman) = (ground.leader(), Uuid::new_v4());
    let case = leader.open("housing", woman).await;
    offer(&leader, &case).await;
    offer(&leader, &case).await;
    let correction = json!({ "facts": { "version": 2, "facts": { "rent": 7 } }, "when": "2020-03-10" });
    leader.post("housing", &format!("/v1/cases/{case}/correct-entry"), "correction", correction).await.ok();
    leader.act("housing", &case, "record-in-error", json!({ "version": 3, "reason": "Forkert sag" })).await.ok();
    let events: Vec<(String, String)> =
        sqlx::query_as("SELECT event_type, body::text FROM events WHERE aggregate_id = $1 ORDER BY sequence")
            .bind(&case)
            .fetch_all(journal)
            .await
            .unwrap();
    for group in (0..cases).collect::<Vec<_>>().chunks(32) {
        let commands: Vec<Append> = group
            .iter()
            .map(|_| {
                let (aggregate, woman_id) = (Uuid::new_v4(), Uuid::new_v4());
                let body = |body: &str| {
                    body.replace(&case, &aggregate.to_string()).replace(&woman.to_string(), &woman_id.to_string())
                };
                let event = |(event, text): &(String, String)| NewEvent {
                    event: event.clone(),
                    event_version: 1,
                    body: body(text),
                };
                Append {
                    aggregate_type: "case",
                    aggregate: AggregateId(aggregate),
                    expected: 0,
                    woman: Some(WomanId(woman_id)),
                    centre: Some(CENTRE),
                    claims: Vec::new(),
                    key: Uuid::new_v4(),
                    fingerprint: vec![0; 32],
                    warnings: Vec::new(),
                    events: events.iter().map(event).collect(),
                }
            })
            .collect();
        append(journal, &ground.signer("housing"), &commands).await.unwrap();
    }
}

async fn run(domains: &[Domain], url: &SecretString, from: Option<From>) -> Rebuilt {
    rebuild::run(domains, url, from, false, &|said| println!("{said}")).await.unwrap()
}

/// Starts a rebuild and ends it in the middle, as a kill does: what is under way is rolled back. How many events it got to. Somebody reads
/// the live tables all the while, so that they cannot change places before it is killed.
async fn killed_in_the_middle(domains: &[Domain], url: &SecretString, from: From, rows: &PgPool) -> i64 {
    let mut reading = rows.begin().await.unwrap();
    sqlx::query("SELECT count(*) FROM entries").execute(&mut *reading).await.unwrap();
    let building = tokio::spawn({
        let (domains, url) = (domains.to_vec(), url.clone());
        async move { rebuild::run(&domains, &url, Some(from), false, &|_| ()).await.map(drop) }
    });
    let number = async || -> Option<i64> {
        sqlx::query_scalar("SELECT number FROM rebuild.progress WHERE service = 'housing'").fetch_one(rows).await.ok()
    };
    eventually("it is in the middle of it", async || number().await.filter(|number| *number > 0)).await;
    assert!(!building.is_finished(), "it was killed in the middle");
    building.abort();
    assert!(building.await.unwrap_err().is_cancelled());
    reading.rollback().await.unwrap();
    eventually("its connections are gone", async || {
        let locked: bool =
            sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = 736967)")
                .fetch_one(rows)
                .await
                .ok()?;
        (!locked).then_some(())
    })
    .await;
    number().await.unwrap()
}

/// How often one reader was answered so far, and its task, which ends before it is stopped only by a refusal.
struct Reading {
    answers: Arc<AtomicUsize>,
    task: tokio::task::JoinHandle<()>,
}

/// Reads her course again and again: never refused, and never without what was acknowledged before.
struct Watch {
    stop: Arc<AtomicBool>,
    writing: tokio::task::JoinHandle<usize>,
    /// Those who ask for what was acknowledged, and wait for it.
    reading: Vec<Reading>,
    /// Those who take what there is: they are answered at once, at every moment.
    looking: Vec<Reading>,
}

impl Watch {
    /// One writer on her case, and readers of it through each of these timelines.
    async fn start(ground: &Ground, rows: &PgPool, timelines: &[&'static str]) -> Self {
        let (stop, woman) = (Arc::new(AtomicBool::new(false)), Uuid::new_v4());
        let leader = ground.leader();
        let case = leader.open("housing", woman).await;
        let acknowledged = Arc::new(Mutex::new((offer(&leader, &case).await, 2)));
        // Each has heard of her; without NATS that takes a while.
        for timeline in timelines {
            eventually("the timeline has heard of her", async || {
                let seen = leader.get(timeline, &format!("/v1/women/{woman}/timeline")).await;
                seen.status.is_success().then_some(())
            })
            .await;
        }
        let writing = tokio::spawn({
            let (stop, acknowledged, leader) = (stop.clone(), acknowledged.clone(), leader.clone());
            async move {
                let mut written = 2;
                while !stop.load(Ordering::Relaxed) && written < 190 {
                    let position = offer(&leader, &case).await;
                    written += 1;
                    *acknowledged.lock().unwrap() = (position, written);
                    tokio::time::sleep(std::time::Duration::from_millis(25)).await;
                }
                written
            }
        });
        let mut reading = Vec::new();
        for timeline in timelines {
            let (stop, acknowledged, leader) = (stop.clone(), acknowledged.clone(), leader.clone());
            let (timeline, rows) = (*timeline, rows.clone());
            let answers = Arc::new(AtomicUsize::new(0));
            let counted = answers.clone();
            let task = tokio::spawn(async move {
                let mut reached = 0;
                while !stop.load(Ordering::Relaxed) {
                    let (position, written) = acknowledged.lock().unwrap().clone();
                    let path = format!("/v1/women/{woman}/timeline?at_least={position}");
                    let answer = leader.get_once(timeline, &path).await.ok();
                    if !answer.headers.contains_key("livline-behind") {
                        let entries = answer.body["entries"].as_array().unwrap().len();
                        assert!(entries >= written, "{entries} entries of {written} at {position}");
                        let open = answer.body["open"].as_array().unwrap().len();
                        assert!(open >= written - 1, "{open} open of {written} at {position}");
                        counted.fetch_add(1, Ordering::Relaxed);
                    }
                    let progress = engine::reader::progress(&rows, "timeline", "housing").await.unwrap().unwrap();
                    assert!(progress.number >= reached, "the progress went back from {reached} to {}", progress.number);
                    reached = progress.number;
                }
            });
            reading.push(Reading { answers, task });
        }
        let looking = timelines.iter().map(|timeline| {
            let (stop, leader, timeline) = (stop.clone(), leader.clone(), *timeline);
            let answers = Arc::new(AtomicUsize::new(0));
            let counted = answers.clone();
            let task = tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    leader.get_once(timeline, &format!("/v1/women/{woman}/timeline")).await.ok();
                    counted.fetch_add(1, Ordering::Relaxed);
                }
            });
            Reading { answers, task }
        });
        let looking = looking.collect();
        Self { stop, writing, reading, looking }
    }

    /// A whole rebuild, during which each timeline goes on answering.
    async fn rebuilt(&self, domains: &[Domain], url: &SecretString, from: Option<From>) -> Rebuilt {
        let answers = || self.looking.iter().map(|looking| looking.answers.load(Ordering::Relaxed)).collect::<Vec<_>>();
        let before = answers();
        let rebuilt = run(domains, url, from).await;
        let after = answers();
        // The first of them may have been on its way when it began.
        assert!(
            before.iter().zip(&after).all(|(before, after)| after - before > 1),
            "{before:?} and {after:?} answers"
        );
        rebuilt
    }

    /// Ends it when each reader was answered often enough, however slow the machine is.
    async fn stop(self) {
        for reading in &self.reading {
            eventually("it was read all the while", async || {
                assert!(!reading.task.is_finished(), "a reader was refused");
                (reading.answers.load(Ordering::Relaxed) > 10).then_some(())
            })
            .await;
        }
        self.stop.store(true, Ordering::Relaxed);
        assert!(self.writing.await.unwrap() > 2, "somebody wrote");
        for reading in self.reading.into_iter().chain(self.looking) {
            reading.task.await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn under_load_with_two_replicas_killed_and_resumed() {
    let mut ground = Ground::start().await;
    let _housing = ground.housing().await;
    let settings = ground.settings("timeline", &timeline::TABLES).await;
    let mut replica = settings.clone();
    replica.listen = ground.address("madeup");
    let first = ground.process(PROGRAM, "timeline", &settings, "warn").await;
    let second = ground.process(PROGRAM, "timeline", &replica, "warn").await;
    let (domain, rows) = (ground.domain("housing").await, ground.pool("livline_timeline").await);
    let (journal, url) = (domain.journal.clone(), ground.postgres.admin_url("livline_timeline").into());
    many(&ground, &journal, 2000).await;
    let began = Instant::now();
    caught_up(&rows, "housing", &journal).await;
    println!("the live readers had the rest of 10,000 after {:?}", began.elapsed());
    assert_published(&ground, "housing", &journal).await;
    let domains = [domain, ground.domain("people").await];

    let watch = Watch::start(&ground, &rows, &["timeline", "madeup"]).await;
    let reached = killed_in_the_middle(&domains, &url, From::Nats, &rows).await;
    let rebuilt = watch.rebuilt(&domains, &url, Some(From::Nats)).await;
    println!("{rebuilt:?}");
    assert!(rebuilt.resumed >= reached.unsigned_abs() && rebuilt.resumed > 0, "it went on where it was");
    assert_eq!(rebuilt.findings, []);
    // What was written meanwhile came in, and what is written now does.
    let leader = ground.leader();
    let case = leader.open("housing", Uuid::new_v4()).await;
    offer(&leader, &case).await;
    watch.stop().await;
    assert_equal_to_a_rebuild(&ground, &rows, &[("housing", &journal)]).await;

    // Each replica goes on by itself.
    first.kill().await;
    offer(&leader, &case).await;
    caught_up(&rows, "housing", &journal).await;
    let first = ground.process(PROGRAM, "timeline", &settings, "warn").await;
    second.kill().await;
    let second = ground.process(PROGRAM, "timeline", &replica, "warn").await;
    offer(&leader, &case).await;
    caught_up(&rows, "housing", &journal).await;

    // And with NATS gone, from the services; a new epoch in the middle begins anew.
    ground.nats.kill().await.unwrap();
    assert!(killed_in_the_middle(&domains, &url, From::Feeds, &rows).await > 0);
    let before = store::head(&journal).await.unwrap().epoch;
    store::take_epoch(&journal, before).await.unwrap();
    caught_up(&rows, "housing", &journal).await;
    let watch = Watch::start(&ground, &rows, &["timeline", "madeup"]).await;
    let rebuilt = watch.rebuilt(&domains, &url, None).await;
    println!("{rebuilt:?}");
    // What people has is of the epoch it was, and stays.
    let of_people = store::head(&domains[1].journal).await.unwrap().number;
    assert!(rebuilt.resumed <= of_people && rebuilt.findings.is_empty(), "{rebuilt:?}");
    watch.stop().await;
    ground.nats.start_again().await.unwrap();
    assert_equal_to_a_rebuild(&ground, &rows, &[("housing", &journal)]).await;
    // The stream of the new epoch as well.
    assert_eq!(verify::run(&domains, &url).await.unwrap().findings, []);
    first.kill().await;
    second.kill().await;
}

/// What the catalogue says of the timeline's tables: everything a later migration or a role could stumble over.
async fn catalogue(rows: &PgPool) -> Vec<String> {
    sqlx::query_scalar(
        "SELECT line FROM (
             SELECT format('%s column %s %s %s %s %s', c.relname, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
                           pg_get_expr(d.adbin, d.adrelid)) AS line
             FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid LEFT JOIN pg_attrdef d ON (d.adrelid, d.adnum) = (c.oid, a.attnum)
             WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0
             UNION ALL
             SELECT format('%s constraint %s %s', c.relname, o.conname, pg_get_constraintdef(o.oid))
             FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid WHERE c.relnamespace = 'public'::regnamespace
             UNION ALL
             SELECT format('%s index %s', tablename, indexdef) FROM pg_indexes WHERE schemaname = 'public'
             UNION ALL
             SELECT format('%s is %s %s %s %s %s %s %s', relname, relkind, relpersistence, relowner::regrole, relrowsecurity, relforcerowsecurity,
                           reloptions, obj_description(oid, 'pg_class'))
             FROM pg_class WHERE relnamespace = 'public'::regnamespace
             UNION ALL
             SELECT format('%s grant %s %s %s', c.relname, a.grantee::regrole, a.privilege_type, a.is_grantable)
             FROM pg_class c, aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) a
             WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
             UNION ALL SELECT format('%s trigger %s', tgrelid::regclass, tgname) FROM pg_trigger
             UNION ALL SELECT format('%s policy %s', tablename, policyname) FROM pg_policies
             UNION ALL SELECT format('schema %s', nspname) FROM pg_namespace WHERE nspname !~ '^pg_'
         ) l ORDER BY line",
    )
    .fetch_all(rows)
    .await
    .unwrap()
}

/// A service that is not running builds nothing, a timeline that differs is put right, and its tables are what migrations make.
#[tokio::test(flavor = "multi_thread")]
async fn what_differed_is_told_and_mended_and_the_tables_are_the_same() {
    let ground = Ground::start().await;
    let _housing = ground.housing().await;
    let _timeline = ground.timeline(vec![housing::contract().unwrap()]).await;
    let (domain, rows) = (ground.domain("housing").await, ground.pool("livline_timeline").await);
    let (journal, url) = (domain.journal.clone(), ground.postgres.admin_url("livline_timeline").into());
    let domains = [domain];
    many(&ground, &journal, 20).await;
    caught_up(&rows, "housing", &journal).await;
    let grants =
        "CREATE ROLE somebody; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO somebody;
                  CREATE ROLE another; GRANT SELECT ON entries TO another WITH GRANT OPTION";
    sqlx::raw_sql(grants).execute(&rows).await.unwrap();
    let (before, whole) = (catalogue(&rows).await, dump(&rows, &["housing"]).await);
    let rebuilt = run(&domains, &url, None).await;
    assert_eq!(rebuilt.findings, []);
    assert_eq!(catalogue(&rows).await, before);
    assert_eq!(dump(&rows, &["housing"]).await, whole);

    sqlx::raw_sql("UPDATE entries SET standing = 'stands' WHERE number = 2; DELETE FROM follow_ups WHERE number > 50")
        .execute(&rows)
        .await
        .unwrap();
    let rebuilt = run(&domains, &url, None).await;
    assert_eq!(rebuilt.findings[0].to_string(), "  housing, timeline: the entry housing:2 differs in standing");
    assert!(
        rebuilt.findings[1].what.starts_with("the follow-up housing ")
            && rebuilt.findings[1].what.ends_with("is missing")
    );
    assert_eq!(dump(&rows, &["housing"]).await, whole);
    assert_eq!(catalogue(&rows).await, before);

    // One at a time, and what holds the tables is waited for.
    let busy = timeline::beside::Beside::open(&url, ground.signer("timeline"), "rebuild", false).await.unwrap();
    let refused = rebuild::run(&domains, &url, None, false, &|_| ()).await.unwrap_err().to_string();
    assert_eq!(refused, "A timeline is being built beside the live one already.");
    busy.drop().await.unwrap();
    let mut reading = rows.begin().await.unwrap();
    sqlx::query("SELECT count(*) FROM entries").execute(&mut *reading).await.unwrap();
    let building = tokio::spawn(async move { run(&domains, &url, None).await });
    eventually("it waits for who reads", async || {
        sqlx::query_scalar::<_, bool>(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock')",
        )
        .fetch_one(&rows)
        .await
        .ok()?
        .then_some(())
    })
    .await;
    // It steps back, and lets others read and write meanwhile.
    let (leader, woman) = (ground.leader(), Uuid::new_v4());
    let case = leader.open("housing", woman).await;
    let position = offer(&leader, &case).await;
    leader.course(woman, &position).await;
    reading.rollback().await.unwrap();
    assert_eq!(building.await.unwrap().findings, []);
    assert_eq!(catalogue(&rows).await, before);
    assert_equal_to_a_rebuild(&ground, &rows, &[("housing", &journal)]).await;
}

/// A timeline that has taken in nothing yet is overtaken, and its readers go on from there.
#[tokio::test(flavor = "multi_thread")]
async fn a_timeline_far_behind_is_overtaken() {
    let ground = Ground::start().await;
    let _housing = ground.housing().await;
    ground.settings("timeline", &timeline::TABLES).await;
    let (domain, rows) = (ground.domain("housing").await, ground.pool("livline_timeline").await);
    let (journal, url) = (domain.journal.clone(), ground.postgres.admin_url("livline_timeline").into());
    many(&ground, &journal, 20).await;
    let rebuilt = run(&[domain], &url, None).await;
    assert_eq!(rebuilt.findings[0].what, "it has not begun the present epoch, and was not compared");
    let _timeline = ground.timeline(vec![housing::contract().unwrap()]).await;
    let leader = ground.leader();
    let case = leader.open("housing", Uuid::new_v4()).await;
    offer(&leader, &case).await;
    assert_equal_to_a_rebuild(&ground, &rows, &[("housing", &journal)]).await;
}
