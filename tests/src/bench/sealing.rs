//! Sealing and opening a second, beside the cipher alone; and what sealing costs a command: the executor with an event whose facts are
//! sealed beside the same executor with the same event in clear.
//!
//! The event is a housing offer with all its facts: four under two keys, and hardly any entry has more. Its two forms are a made-up
//! domain's, alike but for the marks of their classes. Deliberately absent: the keys database, but where it is said.

use super::{
    Report,
    measure::{Row, turn},
};
use crate::{CENTRE, Ground};
use engine::{
    database,
    executor::{Executor, Request},
    journal::Journal,
    run::Host,
    seal::{Opening, Place, Seal},
};
use futures::future::{BoxFuture, join_all};
use kit::{
    AggregateId, Class, Context, Day, Decider, Decision, Facets, Location, Personal, WomanId, access::Role, case::Ask,
    decider::Commands, entry::CaseOpened, facts::Money, ids::Secret, sealed::OPEN,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{
    marker::PhantomData,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};
use uuid::Uuid;

/// Commands under way at once.
const TASKS: u32 = 16;
/// Offers of one case.
const COURSE: usize = 8;
/// Women whose keys are in memory.
const WOMEN: u64 = 200;
/// By how much turns are shorter than elsewhere: many short rounds tell more of what lies close together.
const SHORTER: u32 = 10;
/// Events between two looks at the clock: sealing one takes microseconds.
const EVENTS: u32 = 100;
/// Of the executor's rate, that sealing may cost.
const COST: f64 = 0.15;

/// A home is offered, and its facts are sealed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
struct Sealed {
    rent: Personal<Money>,
    rooms: Personal<u8>,
    answer_by: Personal<Day>,
    address: Location<Uuid>,
}

/// The same, and they are not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
struct Clear {
    rent: Money,
    rooms: u8,
    answer_by: Day,
    address: Uuid,
}

mod table {
    use super::{Clear, Sealed};
    kit::entries! {
        /// With sealed facts.
        OfferHome => HomeOffered(Sealed), never;
        /// With clear ones.
        ListHome => HomeListed(Clear), never;
    }
}
use table::{Command, Event};

/// Nothing is ever said about offers here.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error, strum::IntoStaticStr, strum::VariantNames)]
enum Nothing {}

/// A case of offers.
#[derive(Clone, Debug, Default, Serialize)]
struct Offers {
    made: usize,
}

impl Decider for Offers {
    const TYPE: &'static str = "case";
    const PLURAL: &'static str = "cases";
    type Command = Command;
    type Event = Event;
    type Rejection = Nothing;
    type Warning = Nothing;
    type FollowUp = Nothing;

    fn decide(&self, command: Command, _: &Context<'_>) -> Result<Decision<Self>, Nothing> {
        Ok(Decision::event(command.record()))
    }

    fn evolve(&mut self, _: &Event) {
        self.made += 1;
    }

    fn actions(&self, _: &Context<'_>) -> Vec<&'static str> {
        Vec::new()
    }

    fn facets(&self, _: &Event, _: &Context<'_>) -> Facets {
        Facets::routine()
    }
}

type Executing = Executor<Offers>;

pub(crate) async fn measure(report: &mut Report) {
    let ground = Ground::start().await;
    report.on(&ground).await;
    let executor = executor(&ground).await;
    alone(&executor.seal, report).await;
    commands(&executor, report).await;
}

async fn executor(ground: &Ground) -> Executing {
    let settings = ground.settings("madeup", &database::SERVICE).await;
    let host = Host::open("madeup", settings, ground.clock.clone(), &database::SERVICE).await.unwrap();
    let (journal, _) = Journal::start(host.pool.clone(), host.seal.signer("madeup"));
    Executor {
        service: "madeup",
        pool: host.pool,
        journal,
        seal: host.seal,
        deadlines: Arc::new(host.settings.deadlines.clone()),
        clock: host.clock,
        secret: Secret::new(Uuid::nil()),
        policies: Arc::default(),
        decider: PhantomData,
    }
}

/// An offer as a client sends it.
fn offer() -> Value {
    json!({ "rent": 790_000, "rooms": 3, "answer_by": "2026-12-04", "address": Uuid::from_u128(0xadd) })
}

/// The same on its way to the seal.
fn marked() -> Value {
    let class = |name: &str| if name == "address" { Class::Location } else { Class::Personal };
    let mark =
        |(name, value): (&String, &Value)| (name.clone(), json!({ OPEN: { "class": class(name), "value": value } }));
    offer().as_object().unwrap().iter().map(mark).collect()
}

/// Where an offer stands; its woman's keys are in memory after the first time.
fn place(woman: u64) -> Place<'static> {
    Place {
        service: "madeup",
        woman: Some(self::woman(woman)),
        centre: Some(CENTRE),
        aggregate_type: "case",
        aggregate: AggregateId(Uuid::from_u128(u128::from(woman) << 64)),
        version: 7,
        event: "HomeOffered",
    }
}

fn woman(number: u64) -> WomanId {
    WomanId(Uuid::from_u128(u128::from(number) << 64 | 0xa))
}

/// Sealing and opening with keys in memory, one event after the other.
async fn alone(seal: &Seal, report: &mut Report) {
    let mut rows = [
        Row::new("sealing an event of 4 facts, 1 task", "AES-256-GCM of the same bytes alone"),
        Row::new("opening an event of 4 facts, 1 task", "AES-256-GCM of the same bytes alone"),
    ];
    let length = report.size.turn / SHORTER;
    let (clear, mut sealed) = (Arc::new(marked()), Vec::new());
    for number in 0..EVENTS {
        let mut facts = marked();
        seal.seal(place(number.into()), &mut facts).await.unwrap();
        sealed.push(facts);
    }
    let mut opened = sealed.first().cloned().unwrap();
    seal.open(place(0), &mut opened, |_| Opening::Value).await.unwrap();
    report.must(opened == offer(), "a sealed offer opens to another one");
    report.must(!sealed.iter().any(|facts| facts.to_string().contains("790000")), "a sealed offer is in clear");
    let sealed = Arc::new(sealed);
    for _ in 0..report.size.close_rounds {
        let (_, sealing) = turn(length, 1, |_| {
            let (seal, clear) = (seal.clone(), clear.clone());
            move || seal_all(seal.clone(), clear.clone())
        })
        .await;
        let (_, opening) = turn(length, 1, |_| {
            let (seal, sealed) = (seal.clone(), sealed.clone());
            move || open_all(seal.clone(), sealed.clone())
        })
        .await;
        let (_, enciphering) = turn(length, 1, |_| {
            let seal = seal.clone();
            move || cipher(seal.clone(), false)
        })
        .await;
        let (_, deciphering) = turn(length, 1, |_| {
            let seal = seal.clone();
            move || cipher(seal.clone(), true)
        })
        .await;
        let [sealing, opening, enciphering, deciphering] =
            [sealing, opening, enciphering, deciphering].map(|rate| rate * f64::from(EVENTS));
        for (row, (ours, plain)) in rows.iter_mut().zip([(sealing, enciphering), (opening, deciphering)]) {
            row.round(ours, plain);
        }
    }
    report.rows(&rows);
    let [sealing, opening] = [&rows[0], &rows[1]].map(|row| 1e6 / row.of_ours().median);
    report.note(format!(
        "sealing: events a second with the keys in memory, of a housing offer with all its facts: three personal, one location, two keys. \
         Sealing takes {sealing:.1} µs, opening {opening:.1} µs. Ours besides: a copy of the JSON, the walk through it, what a fact is \
         bound to, base64."
    ));
}

async fn seal_all(seal: Seal, clear: Arc<Value>) {
    for number in 0..EVENTS {
        let mut facts = (*clear).clone();
        seal.seal(place(number.into()), &mut facts).await.unwrap();
        assert!(facts.is_object(), "facts stay an object");
    }
}

async fn open_all(seal: Seal, sealed: Arc<Vec<Value>>) {
    for (number, facts) in (0..).zip(&*sealed) {
        let mut facts = facts.clone();
        seal.open(place(number), &mut facts, |_| Opening::Value).await.unwrap();
        assert!(facts.get("rooms").is_some_and(Value::is_u64), "a fact is opened");
    }
}

/// The same values under the same keys, bound to as many bytes.
async fn cipher(seal: Seal, opening: bool) {
    let bound = [0; 200];
    let values: Vec<(Class, Vec<u8>)> = marked()
        .as_object()
        .unwrap()
        .values()
        .map(|mark| {
            let mark = mark.get(OPEN).unwrap();
            (serde_json::from_value(mark["class"].clone()).unwrap(), mark["value"].to_string().into_bytes())
        })
        .collect();
    let mut keys = Vec::new();
    for (class, value) in values {
        let key = seal.keys().of(woman(0).0, class).await.unwrap();
        let sealed = key.seal(&bound, &value).unwrap();
        keys.push((key, value, sealed));
    }
    for _ in 0..EVENTS {
        for (key, value, sealed) in &keys {
            if opening {
                assert!(key.open(&bound, sealed).is_some_and(|clear| *clear == *value), "it opens");
            } else {
                assert!(key.seal(&bound, value).is_ok(), "it is sealed");
            }
        }
    }
}

/// Commands with sealed facts beside the same in clear.
async fn commands(executor: &Executing, report: &mut Report) {
    let (seal, length) = (&executor.seal, report.size.turn / SHORTER);
    join_all((0..WOMEN).map(|number| async move {
        for class in [Class::Personal, Class::Location] {
            seal.keys().of(woman(number).0, class).await.unwrap();
        }
    }))
    .await;
    let cases = Arc::new(AtomicU64::new(1 << 20));
    let mut rows = [
        Row::new("executor, sealed facts, keys in memory", "executor, the same event in clear"),
        Row::new("executor, sealed facts, 8 events a woman", "executor, the same event in clear"),
    ];
    // Whatever the first of all pays for is nobody's.
    let (first, _) = turn(length, TASKS, |_| offering(executor, &cases, true, true)).await;
    let mut done = [0, first];
    for round in 0..report.size.close_rounds {
        for (row, known) in rows.iter_mut().zip([true, false]) {
            // Whoever comes second has the larger table and the other's checkpoint.
            let (mut ours, mut plain) = (0.0, 0.0);
            for sealed in [round % 2 == 0, round % 2 != 0] {
                let (commands, rate) = turn(length, TASKS, |_| offering(executor, &cases, sealed, known)).await;
                done[usize::from(sealed)] += commands;
                *(if sealed { &mut ours } else { &mut plain }) = rate;
            }
            row.round(ours, plain);
        }
    }
    report.rows(&rows);
    stored(executor, report, done).await;
    let costs = |row: &Row| 1.0 - row.ratio().median;
    let [known, new] = [&rows[0], &rows[1]].map(costs);
    report.note(format!(
        "commands with sealed facts: the same offer, 8 to a case, by 16 tasks. Sealing costs {:.0} % of the rate where her keys are in \
         memory (target: less than {:.0} %), {:.0} % where every case is a new woman's, whose second key is made on the way (the first is \
         made in clear too, for fingerprints). Loading opens what was sealed before.",
        known * 100.0,
        COST * 100.0,
        new * 100.0,
    ));
    report.target(known < COST, format!("sealing costs {:.0} % of the rate", known * 100.0));
}

/// Somebody who makes offers, case after case: to a woman whose keys are in memory, or to a new one each time.
fn offering(
    executor: &Executing,
    cases: &Arc<AtomicU64>,
    sealed: bool,
    known: bool,
) -> impl FnMut() -> BoxFuture<'static, ()> + Send + use<> {
    let (executor, cases) = (executor.clone(), cases.clone());
    let mut at = (0, COURSE);
    move || {
        if at.1 == COURSE {
            at = (cases.fetch_add(1, Relaxed), 0);
        }
        let (executor, request) = (executor.clone(), request(at, sealed, known));
        at.1 += 1;
        Box::pin(async move { drop(executor.execute(&request).await.unwrap()) })
    }
}

/// The offer at a place of a case.
fn request((case, place): (u64, usize), sealed: bool, known: bool) -> Request<Command> {
    let facts = offer();
    let bytes = facts.to_string().into_bytes();
    let command = Command::read(if sealed { "offer-home" } else { "list-home" }, facts).unwrap().unwrap();
    let woman = woman(if known { case % WOMEN } else { case });
    Request {
        aggregate: AggregateId(Uuid::from_u128(u128::from(case) << 64 | 0xca5e)),
        opening: (place == 0).then_some(CaseOpened { woman, centre: CENTRE, before_us: false }),
        ask: Some(Ask::Record(command)),
        note: None,
        when: None,
        due: None,
        responsible: None,
        actor: "w-1".parse().unwrap(),
        right: kit::access::Right::default(),
        conflicts: std::collections::BTreeSet::new(),
        role: Role::Worker,
        centre: CENTRE,
        key: Uuid::from_u128(u128::from(case) << 64 | place as u128),
        if_match: None,
        bytes,
        heard: None,
    }
}

/// What was answered is stored: sealed, or in clear, as it was meant.
async fn stored(executor: &Executing, report: &mut Report, [clear, sealed]: [u64; 2]) {
    for (event, how, answered) in [("HomeOffered", "sealed", sealed), ("HomeListed", "clear", clear)] {
        let (all, enveloped, marked): (i64, i64, i64) = sqlx::query_as(
            "SELECT count(*), count(*) FILTER (WHERE body::text LIKE '%$sealed%'),
                    count(*) FILTER (WHERE body::text LIKE '%$open%' OR body::text LIKE '%790000%')
             FROM events WHERE event_type = $1",
        )
        .bind(event)
        .fetch_one(&executor.pool)
        .await
        .unwrap();
        report.must(all.unsigned_abs() == answered, format!("{answered} {how} offers were answered, {all} are stored"));
        let as_meant = if how == "sealed" { (all, 0) } else { (0, all) };
        report.must((enveloped, marked) == as_meant, format!("of {all} {how} offers {enveloped} have envelopes"));
    }
}
