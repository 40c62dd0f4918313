//! Commands a second through the executor, beside postgres-es persisting as many events of the same size.

use super::{
    Report,
    measure::{Row, spread, turn},
};
use crate::{CENTRE, Ground};
use cqrs_es::persist::{PersistedEventRepository, SerializedEvent};
use engine::{
    database,
    executor::{Executor, Request},
    journal::{Append, Journal, NewEvent},
    root::Root,
    run::Host,
};
use housing::case::{Command, Housing};
use kit::{
    AggregateId, WomanId,
    access::Role,
    case::Ask,
    decider::Commands,
    entry::{CaseOpened, Common, NoteWritten},
    published::Body,
};
use postgres_es::PostgresEventRepository;
use serde_json::{Value, json};
use sqlx::PgPool;
use std::{
    marker::PhantomData,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};
use uuid::Uuid;

/// Commands under way at once, and connections of the plain side.
const TASKS: u32 = 16;
/// What happens in one case: nine events of eight commands, half of them notes.
const COURSE: [&str; 8] =
    ["assess-need", "write-note", "make-offer", "write-note", "make-offer", "write-note", "assess-need", "write-note"];
/// The table that postgres-es's own documentation gives.
const STANDARD: &str = "CREATE TABLE events (
    aggregate_type text NOT NULL, aggregate_id text NOT NULL, sequence bigint CHECK (sequence >= 0) NOT NULL,
    event_type text NOT NULL, event_version text NOT NULL, payload json NOT NULL, metadata json NOT NULL,
    PRIMARY KEY (aggregate_type, aggregate_id, sequence))";

type Executing = Executor<Housing>;

/// Measures, and hands back the stored body of middling size.
pub(crate) async fn measure(ground: &Ground, report: &mut Report) -> String {
    let turn = report.size.turn;
    let (wide, narrow) = (executor(ground, TASKS).await, executor(ground, 5).await);
    ground.create_database("plain").await;
    let plain = database::pool(&ground.postgres.admin_url("plain").into(), TASKS).await.unwrap();
    sqlx::query(STANDARD).execute(&plain).await.unwrap();

    // Every course gets a number of its own, so cases, women and keys are never met twice.
    let courses = Arc::new(AtomicU64::new(1));
    course(&wide, courses.fetch_add(1, Relaxed)).await;
    let body: String = sqlx::query_scalar(
        "SELECT body::text FROM events ORDER BY octet_length(body::text) OFFSET (SELECT count(*) / 2 FROM events) LIMIT 1",
    )
    .fetch_one(&wide.pool)
    .await
    .unwrap();

    let mut rows = [
        Row::new("executor, 16 tasks, pool of 16", "postgres-es: persist, pool of 16"),
        Row::new("executor, 16 tasks, pool of 5 (as served)", "postgres-es: persist, pool of 16"),
        Row::new("executor, 16 tasks, pool of 16", "postgres-es: get_events, persist, pool of 16"),
    ];
    let (mut commands, mut persisted) = (COURSE.len() as u64, 0);
    for _ in 0..report.size.rounds {
        let (done, ours) = execute(turn, &wide, &courses).await;
        let (stored, alone) = persist(turn, &plain, &body, (&courses, false)).await;
        let (also_done, ours_narrow) = execute(turn, &narrow, &courses).await;
        let (also_stored, loading) = persist(turn, &plain, &body, (&courses, true)).await;
        for (row, (ours, plain)) in rows.iter_mut().zip([(ours, alone), (ours_narrow, alone), (ours, loading)]) {
            row.round(ours, plain);
        }
        (commands, persisted) = (commands + done + also_done, persisted + stored + also_stored);
    }
    report.rows(&rows);
    let parts = alone(report.size.courses, &wide, &courses, &mut commands).await;

    let (events, first, last, open, sealed, distinct): (i64, i64, i64, i64, i64, i64) = sqlx::query_as(
        "SELECT count(*), min(number), max(number), count(*) FILTER (WHERE body::text LIKE '%$open%'),
                count(*) FILTER (WHERE body::text LIKE '%$sealed%'), count(DISTINCT key) FROM events",
    )
    .fetch_one(&wide.pool)
    .await
    .unwrap();
    let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM events").fetch_one(&plain).await.unwrap();
    report.must((first, last) == (1, events), format!("the journal's {events} numbers run from {first} to {last}"));
    report
        .must(distinct.unsigned_abs() == commands, format!("{commands} commands were answered, {distinct} are stored"));
    report
        .must(kept.unsigned_abs() == persisted, format!("postgres-es persisted {persisted} events, {kept} are stored"));
    report.must(
        open == 0 && sealed > events / 2,
        format!("of {events} bodies {open} hold open facts, {sealed} sealed ones"),
    );
    report.note(format!(
        "commands: {commands} of them made {events} dense events, {sealed} with sealed facts; {} bytes are a middling body. Ours also \
         loads, looks for the key, decides, seals and numbers; plain is one event of that size in one transaction.",
        body.len()
    ));
    report.note(parts);
    body
}

async fn executor(ground: &Ground, pool: u32) -> Executing {
    let mut settings = ground.settings("housing", &database::SERVICE).await;
    settings.pool = pool;
    let host = Host::open("housing", settings, ground.clock.clone(), &database::SERVICE).await.unwrap();
    let (journal, _) = Journal::start(host.pool.clone(), host.seal.signer("housing"));
    let deadlines = Arc::new(host.settings.deadlines.clone());
    let decider = PhantomData;
    Executor {
        service: "housing",
        pool: host.pool,
        journal,
        seal: host.seal,
        deadlines,
        clock: host.clock,
        secret: kit::ids::Secret::new(uuid::Uuid::nil()),
        policies: Arc::default(),
        decider,
    }
}

/// The command at a place of a course.
fn request(executor: &Executing, course: u64, place: usize) -> Request<Command> {
    let key = Uuid::from_u128(u128::from(course) << 64 | place as u128);
    let aggregate = AggregateId(Uuid::from_u128(u128::from(course) << 64 | 0xca5e));
    let woman = WomanId(Uuid::from_u128(u128::from(course) << 64 | 0xa));
    let action = COURSE.get(place).copied().unwrap();
    let facts = match action {
        "assess-need" => {
            json!({ "persons": 3, "rent_ceiling": 850_000, "excluded_municipalities": ["Odense", "Nyborg"] })
        }
        "make-offer" => {
            json!({ "rent": 790_000, "rooms": 3, "answer_by": (executor.clock.today() + time::Duration::weeks(2)).to_string() })
        }
        _ => json!({ "text": "She has seen the home and would like to know when she can move in. ".repeat(4) }),
    };
    let bytes = facts.to_string().into_bytes();
    let ask = match Command::read(action, facts.clone()) {
        Some(command) => Ask::Record(command.unwrap()),
        None => Ask::Common(Common::NoteWritten(serde_json::from_value::<NoteWritten>(facts).unwrap())),
    };
    Request {
        aggregate,
        opening: (place == 0).then_some(CaseOpened { woman, centre: CENTRE, before_us: false }),
        ask: Some(ask),
        note: None,
        when: None,
        due: None,
        responsible: None,
        actor: "w-1".parse().unwrap(),
        role: Role::Worker,
        right: kit::access::Right::default(),
        conflicts: std::collections::BTreeSet::new(),
        centre: CENTRE,
        key,
        if_match: None,
        bytes,
        heard: None,
    }
}

async fn course(executor: &Executing, course: u64) {
    for place in 0..COURSE.len() {
        executor.execute(&request(executor, course, place)).await.unwrap();
    }
}

/// A turn of courses, counted in commands.
async fn execute(length: Duration, executor: &Executing, courses: &Arc<AtomicU64>) -> (u64, f64) {
    turn(length, TASKS, |_| {
        let (executor, courses) = (executor.clone(), courses.clone());
        let mut at = (0, COURSE.len());
        move || {
            if at.1 == COURSE.len() {
                at = (courses.fetch_add(1, Relaxed), 0);
            }
            let (executor, request) = (executor.clone(), request(&executor, at.0, at.1));
            at.1 += 1;
            async move { drop(executor.execute(&request).await.unwrap()) }
        }
    })
    .await
}

/// A turn of events, nine to an aggregate as in a course.
async fn persist(length: Duration, pool: &PgPool, body: &str, (courses, load): (&Arc<AtomicU64>, bool)) -> (u64, f64) {
    let payload: Value = serde_json::from_str(body).unwrap();
    let metadata = json!({ "key": Uuid::max(), "fingerprint": "0".repeat(64), "warnings": [] });
    let repository = Arc::new(PostgresEventRepository::new(pool.clone()));
    turn(length, TASKS, |_| {
        let (courses, repository, payload, metadata) =
            (courses.clone(), repository.clone(), payload.clone(), metadata.clone());
        let mut at = (0, 9);
        move || {
            if at.1 == 9 {
                at = (courses.fetch_add(1, Relaxed), 0);
            }
            at.1 += 1;
            let id = Uuid::from_u128(u128::from(at.0)).to_string();
            let kind = <Root<Housing> as cqrs_es::Aggregate>::TYPE.to_owned();
            let event = "HousingOfferMade".to_owned();
            let event =
                SerializedEvent::new(id.clone(), at.1, kind, event, "1".into(), payload.clone(), metadata.clone());
            let repository = repository.clone();
            async move {
                if load {
                    repository.get_events::<Root<Housing>>(&id).await.unwrap();
                }
                repository.persist::<Root<Housing>>(&[event], None).await.unwrap();
            }
        }
    })
    .await
}

/// Where a command's time goes when it is the only one: whole courses, a load after each command, the append of one event.
async fn alone(number: u32, executor: &Executing, courses: &Arc<AtomicU64>, commands: &mut u64) -> String {
    let (mut whole, mut loads, mut appends) = (Vec::new(), Vec::new(), Vec::new());
    let milliseconds = |since: Instant| since.elapsed().as_secs_f64() * 1e3;
    for _ in 0..number {
        let course = courses.fetch_add(1, Relaxed);
        for place in 0..COURSE.len() {
            let request = request(executor, course, place);
            let begun = Instant::now();
            executor.execute(&request).await.unwrap();
            // The first of a course also opens the case and makes her key.
            if place > 0 {
                whole.push(milliseconds(begun));
                let begun = Instant::now();
                executor.load(request.aggregate).await.unwrap();
                loads.push(milliseconds(begun));
            }
            *commands += 1;
        }
        let aggregate = request(executor, course, 0).aggregate;
        let stored: (i64, String) = sqlx::query_as(
            "SELECT sequence, body::text FROM events WHERE aggregate_id = $1 ORDER BY sequence DESC LIMIT 1",
        )
        .bind(aggregate.to_string())
        .fetch_one(&executor.pool)
        .await
        .unwrap();
        let append = again(aggregate, course, stored);
        let begun = Instant::now();
        executor.journal.append(append).await.unwrap();
        appends.push(milliseconds(begun));
        *commands += 1;
    }
    let [whole, load, append] = [whole, loads, appends].map(|times| spread(times).median);
    format!(
        "a command alone: {whole:.2} ms, of which load {load:.2}, append {append:.2} (fsync), the rest {:.2}: decide, heard, seal",
        whole - load - append
    )
}

/// The note that ends a course once more, as the executor would append it.
fn again(aggregate: AggregateId, course: u64, (version, body): (i64, String)) -> Append {
    let body: Body = serde_json::from_str(&body).unwrap();
    let version = version.unsigned_abs();
    let body = Body { version: version + 1, id: format!("housing/{aggregate}/{}", version + 1), ..body };
    Append {
        aggregate_type: "case",
        aggregate,
        expected: version,
        woman: body.subject,
        centre: body.centre,
        claims: Vec::new(),
        key: Uuid::from_u128(u128::from(course) << 64 | 0xff),
        fingerprint: vec![0; 32],
        warnings: Vec::new(),
        events: vec![NewEvent {
            event: "NoteWritten".into(),
            event_version: 1,
            body: serde_json::to_string(&body).unwrap(),
        }],
    }
}
