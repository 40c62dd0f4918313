//! What was told against what is stored, what is stored against what was published, projected and heard.
//!
//! It asks Postgres and NATS directly, and derives what it expects from the history and from the stored events. Deliberately absent: any
//! of the engine's own progress or metrics as proof, but for waiting until everybody has heard everything.

use super::{
    history::{History, Outcome, Record},
    report::Complaints,
};
use crate::{Ground, PATIENCE, eventually, history::rebuild, runs::contracts};
use engine::{nats, relay::read_all, store};
use futures::{StreamExt, TryStreamExt};
use kit::{Policy, ids::derive_id, published::Body};
use serde_json::Value;
use sqlx::{PgPool, Row};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    time::{Duration, Instant},
};
use uuid::Uuid;

const PAUSE: Duration = Duration::from_millis(200);

/// A stored event, as far as it is checked.
pub struct Stored {
    number: i64,
    case: Uuid,
    version: i64,
    event: String,
    key: Uuid,
    body: Body,
}

/// The databases.
pub struct Stores {
    domains: Vec<(&'static str, PgPool)>,
    timeline: PgPool,
}

/// A policy: whose it is, its name, what it hears.
type Listener = (&'static str, &'static str, &'static [&'static str]);

fn listener<P: Policy>(service: &'static str) -> Listener {
    (service, P::NAME, P::HEARS)
}

/// Every policy there is.
fn listeners() -> [Listener; 6] {
    [
        listener::<people::policy::ReceiveRelocations>("people"),
        listener::<people::heard::KnowProtection>("people"),
        listener::<housing::policy::LapseOffers>("housing"),
        listener::<safety::policy::RaiseAlerts>("safety"),
        listener::<aftercare::policy::OfferAftercare>("aftercare"),
        listener::<aftercare::heard::KnowCourse>("aftercare"),
    ]
}

impl Stores {
    /// The databases of a ground.
    pub async fn open(ground: &Ground) -> Self {
        let mut domains = Vec::new();
        for (name, _) in contracts() {
            domains.push((name, ground.pool(&format!("livline_{name}")).await));
        }
        Self { domains, timeline: ground.pool("livline_timeline").await }
    }

    fn of(&self, service: &str) -> &PgPool {
        self.domains.iter().find(|(name, _)| *name == service).map(|(_, pool)| pool).expect("it is a domain")
    }

    /// Who has not heard everything yet.
    async fn behind(&self) -> Result<Vec<String>, sqlx::Error> {
        let mut heads = BTreeMap::new();
        for (name, pool) in &self.domains {
            let head = store::head(pool).await?;
            heads.insert(*name, (head.epoch.0, i64::try_from(head.number).unwrap_or(i64::MAX)));
        }
        let mut behind = Vec::new();
        let all: Vec<&str> = heads.keys().copied().collect();
        let timeline = (&self.timeline, "timeline", all.as_slice());
        let policies = listeners();
        let policies = policies.iter().map(|(service, name, hears)| (self.of(service), *name, *hears));
        // What access follows from is heard by everybody.
        let stores = self.domains.iter().map(|(_, pool)| pool).chain([&self.timeline]);
        let relations = stores.map(|pool| (pool, engine::relations::READER, kit::relation::HEARS));
        for (pool, reader, hears) in policies.chain([timeline]).chain(relations) {
            let reached: Vec<(String, Uuid, i64)> =
                sqlx::query_as("SELECT service, epoch, number FROM progress WHERE reader = $1")
                    .bind(reader)
                    .fetch_all(pool)
                    .await?;
            for service in hears {
                let reached =
                    reached.iter().find(|(read, ..)| read == service).map(|(_, epoch, number)| (*epoch, *number));
                let head = heads.get(service).copied();
                if reached != head {
                    behind.push(format!("{reader} is at {reached:?} of {service}, which is at {head:?}"));
                }
            }
        }
        Ok(behind)
    }

    /// Waits until every policy has taken its place: before that, what happens is not heard by one that starts at the head.
    pub async fn begun(&self) {
        eventually("every policy has its place", async || self.behind().await.ok()?.is_empty().then_some(())).await;
    }

    /// Waits until everybody has heard everything and nothing comes of it any more; who has not, when nothing moves for so long.
    pub async fn quiet(&self, patience: Duration) -> Vec<String> {
        let (mut still, mut before) = (Still::within(patience), None);
        loop {
            let behind = self.behind().await.unwrap_or_else(|error| vec![error.to_string()]);
            let mut heads = Vec::new();
            for (_, pool) in &self.domains {
                heads.push(store::head(pool).await.ok());
            }
            let (all, at) = (behind.is_empty(), (behind, heads));
            if all && before.as_ref() == Some(&at.1) || still.too_long(&at) {
                return at.0;
            }
            before = all.then_some(at.1);
            // Longer than the calendar's beat: what it orders counts too.
            tokio::time::sleep(if all { Duration::from_secs(5) } else { PAUSE }).await;
        }
    }

    /// All events of a service.
    async fn events(&self, service: &str) -> Vec<Stored> {
        let rows = sqlx::query(
            "SELECT number, aggregate_id, sequence, event_type, key, body::text AS body FROM events ORDER BY number",
        );
        let stored = |row: sqlx::postgres::PgRow| Stored {
            number: row.get("number"),
            case: row.get::<String, _>("aggregate_id").parse().unwrap(),
            version: row.get("sequence"),
            event: row.get("event_type"),
            key: row.get("key"),
            body: serde_json::from_str(row.get("body")).unwrap(),
        };
        rows.fetch(self.of(service)).map_ok(stored).try_collect().await.unwrap()
    }
}

/// Waits for what comes nearer: it may take its time, and not stand still for longer than our patience, nor go on for ever.
struct Still<T> {
    patience: Duration,
    until: Instant,
    end: Instant,
    last: Option<T>,
}

impl<T: Clone + PartialEq> Still<T> {
    fn within(patience: Duration) -> Self {
        let now = Instant::now();
        Self { patience, until: now + patience, end: now + patience * 10, last: None }
    }

    /// Whether it stands still for too long.
    fn too_long(&mut self, at: &T) -> bool {
        let now = Instant::now();
        if self.last.as_ref() != Some(at) {
            (self.last, self.until) = (Some(at.clone()), now + self.patience);
        }
        now > self.until.min(self.end)
    }
}

/// What was looked at.
#[derive(Debug, Default)]
pub struct Checked {
    /// Events of all services.
    pub events: usize,
    /// Those that policies made.
    pub by_policies: usize,
    /// Orders that had to be given.
    pub orders: usize,
    /// Rows compared with a rebuild.
    pub rows: usize,
}

/// Checks everything. Where databases were `set_back`, only what must hold all the same; what stands still is waited for no longer than
/// `patience`.
pub async fn check(
    ground: &Ground,
    stores: &Stores,
    history: &History,
    (set_back, patience): (bool, Duration),
    complaints: &mut Complaints,
) -> Checked {
    let mut checked = Checked::default();
    let records = history.with(|kept| kept.records.clone());
    let mut all: BTreeMap<&'static str, Vec<Stored>> = BTreeMap::new();
    for (service, pool) in &stores.domains {
        let events = stores.events(service).await;
        dense(service, &events, complaints);
        let records: Vec<&Record> = records.iter().filter(|record| record.command.service == *service).collect();
        if !set_back {
            commands(service, &events, &records, complaints);
            in_order(service, &records, complaints);
            let epochs: i64 = sqlx::query_scalar("SELECT count(*) FROM epochs").fetch_one(pool).await.unwrap();
            complaints.must(epochs == 1, "changed", || format!("{service} took {} new epochs", epochs - 1));
        }
        published(ground, service, pool, patience, complaints).await;
        checked.events += events.len();
        checked.by_policies += events.iter().filter(|event| event.body.actor.is_service()).count();
        all.insert(service, events);
    }
    if !set_back {
        checked.orders = orders(stores, &all, &records, complaints).await;
    }
    checked.rows = projected(ground, stores, &all, patience, complaints).await;
    checked
}

/// Numbers and versions are dense, and a command's events stand together.
fn dense(service: &str, events: &[Stored], complaints: &mut Complaints) {
    let mut versions: HashMap<Uuid, i64> = HashMap::new();
    let (mut finished, mut current) = (HashSet::new(), None);
    for (number, event) in (1..).zip(events) {
        complaints.must(event.number == number, "torn", || {
            format!("{service}'s number {} stands where {number} should", event.number)
        });
        let version = versions.entry(event.case).or_default();
        *version += 1;
        complaints.must(event.version == *version, "torn", || {
            format!("{service}:{} has version {} where {version} should be", event.number, event.version)
        });
        let command = (event.case, event.key);
        if current != Some(command) {
            complaints.must(finished.insert(command), "doubled", || {
                format!("{service}:{} is of a command whose events stand apart", event.number)
            });
            current = Some(command);
        }
    }
}

/// An acknowledged command has exactly its events, a refused one none, one without an answer all or none.
fn commands(service: &str, events: &[Stored], records: &[&Record], complaints: &mut Complaints) {
    let mut stored: HashMap<Uuid, Vec<&Stored>> = HashMap::new();
    for event in events {
        stored.entry(event.key).or_default().push(event);
    }
    let mut asked: HashMap<Uuid, Vec<&Record>> = HashMap::new();
    for record in records {
        asked.entry(record.key).or_default().push(record);
    }
    for (key, records) in &asked {
        let stored = stored.remove(key).unwrap_or_default();
        let about = || format!("{service} {} {}", records[0].command.path, records[0].command.header);
        let told = records.iter().filter_map(|record| match &record.outcome {
            Outcome::Acknowledged(told) if !told.events.is_empty() => Some(told),
            _ => None,
        });
        let told: Vec<_> = told.collect();
        let Some(first) = told.first() else {
            let sure = records.iter().all(|record| record.outcome != Outcome::Unknown && !record.unsure)
                || records.last().is_some_and(|last| last.client == RESENT && last.outcome != Outcome::Unknown);
            complaints.must(!sure || stored.is_empty(), "invented", || {
                format!(
                    "{}: {:?}, and {} events are stored",
                    about(),
                    records.last().map(|last| &last.outcome),
                    stored.len()
                )
            });
            continue;
        };
        complaints.must(told.iter().all(|told| told == first), "changed", || format!("{}: answered {told:?}", about()));
        let there: Vec<(String, u64)> =
            stored.iter().map(|event| (event.event.clone(), event.version.unsigned_abs())).collect();
        let wrong = match there.len() {
            0 => "lost",
            many if many > first.events.len() => "doubled",
            many if many < first.events.len() => "torn",
            _ => "changed",
        };
        let last = stored.last().map(|last| (last.version.unsigned_abs(), last.number.unsigned_abs()));
        let as_told = there == first.events
            && last == Some((first.version, first.number))
            && stored.iter().all(|event| event.case == records[0].command.case);
        complaints.must(as_told, wrong, || format!("{}: told {first:?}, stored {there:?} up to {last:?}", about()));
        if let Some((on, (_, version))) = records[0].command.if_match.zip(first.events.first()) {
            complaints.must(*version == on + 1, "changed", || {
                format!("{}: meant for version {on}, and decided on version {}", about(), version - 1)
            });
        }
    }
    for (key, events) in stored {
        let by_people = events.iter().find(|event| !event.body.actor.is_service());
        if let Some(event) = by_people {
            complaints.say("invented", format!("{service}:{} is of a command that nobody sent ({key})", event.number));
        }
    }
}

/// What was acknowledged before another command was sent has a lower number than it.
fn in_order(service: &str, records: &[&Record], complaints: &mut Complaints) {
    // By key: when it was sent first, when it was known, its number.
    let mut known: HashMap<Uuid, (Duration, Duration, u64)> = HashMap::new();
    for record in records.iter().filter(|record| record.client != RESENT) {
        let number = match &record.outcome {
            Outcome::Acknowledged(told) if !told.events.is_empty() => told.number,
            _ => 0,
        };
        let entry = known.entry(record.key).or_insert((record.when.0, Duration::MAX, 0));
        entry.0 = entry.0.min(record.when.0);
        if number > 0 {
            *entry = (entry.0, entry.1.min(record.when.1), number);
        }
    }
    let mut sent: Vec<_> = known.into_values().filter(|(.., number)| *number > 0).collect();
    let mut answered = sent.clone();
    sent.sort_unstable_by_key(|(sent, ..)| *sent);
    answered.sort_unstable_by_key(|(_, answered, _)| *answered);
    let (mut highest, mut answered) = (0, answered.into_iter().peekable());
    for (when, _, number) in sent {
        while let Some((.., earlier)) = answered.next_if(|(_, answered, _)| *answered < when) {
            highest = highest.max(earlier);
        }
        complaints.must(number > highest, "reordered", || {
            format!("{service}:{number} was sent after {service}:{highest} was acknowledged")
        });
    }
}

/// Every event is in the stream, on the sequence that is its number, byte for byte.
async fn published(ground: &Ground, service: &str, pool: &PgPool, patience: Duration, complaints: &mut Complaints) {
    let config = ground.nats_config();
    let mut still = Still::within(patience);
    let (head, stream) = loop {
        let Ok(head) = store::head(pool).await else { continue };
        let read = async {
            let context = nats::jetstream(nats::connect(&config, "check").await?);
            read_all(&context, service).await
        };
        let stream = tokio::time::timeout(PATIENCE, read).await.ok().and_then(Result::ok);
        let stream = stream.unwrap_or_default();
        if stream.len() as u64 == head.number || still.too_long(&stream.len()) {
            break (head, stream);
        }
        tokio::time::sleep(PAUSE).await;
    };
    complaints.must(stream.len() as u64 == head.number, "skipped", || {
        format!("the stream of {service} holds {} messages, and there are {} events", stream.len(), head.number)
    });
    let mut after = 0;
    loop {
        let page = store::after(pool, &ground.signer(service), head.epoch, after, 1000).await.unwrap();
        let Some(last) = page.last() else { return };
        for event in &page {
            let Some((sequence, bytes)) = stream.get(usize::try_from(event.number - 1).unwrap()) else { return };
            complaints.must(*sequence == event.number && *bytes == event.bytes, "changed", || {
                format!("{service}'s stream holds something else at {sequence} than number {}", event.number)
            });
        }
        after = last.number;
    }
}

/// The timeline shows every event and equals a rebuild, byte for byte.
async fn projected(
    ground: &Ground,
    stores: &Stores,
    all: &BTreeMap<&'static str, Vec<Stored>>,
    patience: Duration,
    complaints: &mut Complaints,
) -> usize {
    for (service, events) in all {
        let shown: i64 = sqlx::query_scalar("SELECT count(*) FROM entries WHERE service = $1")
            .bind(service)
            .fetch_one(&stores.timeline)
            .await
            .unwrap();
        complaints.must(usize::try_from(shown).ok() == Some(events.len()), "skipped", || {
            format!("of {} events of {service} the timeline shows {shown}", events.len())
        });
    }
    let held: i64 = sqlx::query_scalar("SELECT count(*) FROM held_back").fetch_one(&stores.timeline).await.unwrap();
    complaints.must(held == 0, "skipped", || format!("the timeline holds {held} events back"));
    for (service, _, _) in listeners() {
        let held: i64 =
            sqlx::query_scalar("SELECT count(*) FROM held_back").fetch_one(stores.of(service)).await.unwrap();
        complaints.must(held == 0, "skipped", || format!("a policy of {service} holds {held} events back"));
    }
    let names: Vec<&str> = all.keys().copied().collect();
    let (rebuilt, pool) = rebuild(ground, &names).await;
    let mut still = Still::within(patience);
    let progress = "SELECT service, epoch, number, last FROM progress ORDER BY service";
    loop {
        let reached = async |pool| -> Vec<(String, Uuid, i64, Option<String>)> {
            sqlx::query_as(progress).fetch_all(pool).await.unwrap_or_default()
        };
        let built = reached(&pool).await;
        if built == reached(&stores.timeline).await || still.too_long(&built) {
            break;
        }
        tokio::time::sleep(PAUSE).await;
    }
    let mut rows = 0;
    let progress = "(SELECT reader, service, epoch, number, last FROM progress)";
    for (table, order) in [
        ("entries", "service, number"),
        ("follow_ups", "service, aggregate, key"),
        ("held_back", "service, number"),
        (progress, "reader, service"),
    ] {
        let select = format!("SELECT t::text FROM {table} t ORDER BY {order}");
        let mut lived = sqlx::query_scalar::<_, String>(&select).fetch(&stores.timeline);
        let mut built = sqlx::query_scalar::<_, String>(&select).fetch(&pool);
        loop {
            let pair = (lived.next().await.transpose().unwrap(), built.next().await.transpose().unwrap());
            if pair == (None, None) {
                break;
            }
            rows += 1;
            let same = pair.0 == pair.1;
            complaints.must(same, "changed", || {
                let short =
                    |row: &Option<String>| row.as_deref().unwrap_or("nothing").chars().take(120).collect::<String>();
                format!("the timeline has {} where a rebuild has {} ({table})", short(&pair.0), short(&pair.1))
            });
            if !same {
                break;
            }
        }
    }
    rebuilt.stop().await;
    rows
}

/// What orders lead to.
const ORDERED: [&str; 3] = ["SafetyAlertRaised", "AftercareOffered", "HousingOfferLapsed"];

/// The key of an order.
fn order_key(policy: &str, woman: Uuid, about: &str, event: &str) -> Uuid {
    derive_id(&["order", policy, &woman.to_string(), about, event])
}

/// As the policies tell an event from another one.
fn about(body: &Body) -> String {
    format!("{} {}", body.id, body.recordedtime.unix_timestamp_nanos())
}

/// What policies ordered: each order for a reason that is there, once; and where the reason always leads to an order, that it was given.
async fn orders(
    stores: &Stores,
    all: &BTreeMap<&'static str, Vec<Stored>>,
    records: &[Record],
    complaints: &mut Complaints,
) -> usize {
    // By the service they go to: what may be ordered, with whether it must.
    let mut reasons: BTreeMap<&str, HashMap<Uuid, bool>> = BTreeMap::new();
    let mut expect = |service, key, must: bool| *reasons.entry(service).or_default().entry(key).or_default() |= must;
    let today = engine::clock::Clock::system().today();
    let women = |service: &str, name: &str| -> HashSet<Option<Uuid>> {
        let named = all[service].iter().filter(|event| event.event == name);
        named.map(|event| event.body.subject.map(|woman| woman.0)).collect()
    };
    let died = women(people::SERVICE, "PersonDied");
    for event in all.values().flatten() {
        let Some(woman) = event.body.subject.map(|woman| woman.0) else { continue };
        let about = about(&event.body);
        expect(
            "safety",
            order_key("raise-alerts", woman, &about, "SafetyAlertRaised"),
            event.event == "OrderBreachReported",
        );
        // Who died is offered nothing.
        let offers = !died.contains(&event.body.subject.map(|woman| woman.0));
        if event.event == "MovedIn" {
            expect("aftercare", order_key("offer-aftercare", woman, &about, "AftercareOffered"), offers);
        }
        if event.event == "StayEnded" {
            let stay = event.body.data.facts.get("stay").and_then(Value::as_str).unwrap_or_default();
            let about = format!("stay/{stay}");
            expect("aftercare", order_key("offer-aftercare", woman, &about, "AftercareOffered"), offers);
        }
        for change in &event.body.data.facets.follow_ups {
            let offer = change.key.strip_prefix("offer/").and_then(|key| key.strip_suffix("/answer"));
            if let Some((offer, due)) = offer.zip(change.due) {
                let about = format!("{offer}/{}", due.day());
                expect("housing", order_key("lapse-offers", woman, &about, "HousingOfferLapsed"), false);
            }
        }
    }
    for record in records.iter().filter(|record| record.command.service == "legal") {
        let body: Value = serde_json::from_str(&record.command.body).unwrap_or_default();
        let fact = |name: &str| body.pointer(&format!("/facts/{name}")).and_then(Value::as_str);
        if let Some((order, until)) = fact("order").zip(fact("until")) {
            let about = format!("order-ends/{order}/{until}");
            expect("safety", order_key("raise-alerts", record.command.woman, &about, "SafetyAlertRaised"), false);
        }
    }
    // What the calendar had to lapse: offers whose answer the timeline still waits for although the day is over.
    let waiting: Vec<(Uuid, String, time::Date)> = sqlx::query_as(
        "SELECT woman, key, due_day FROM follow_ups WHERE service = 'housing' AND key LIKE 'offer/%/answer' AND open AND due_day < $1",
    )
    .bind(today)
    .fetch_all(&stores.timeline)
    .await
    .unwrap();
    for (woman, key, day) in waiting {
        let offer = key.trim_start_matches("offer/").trim_end_matches("/answer");
        let about = format!("{offer}/{}", kit::Day::from(day));
        expect("housing", order_key("lapse-offers", woman, &about, "HousingOfferLapsed"), true);
    }
    // Whoever has moved, or whose stay is over, is offered aftercare, by this order or one before it, unless she has taken it
    // without an offer.
    let [offered, taken] = ["AftercareOffered", "AftercareAccepted"].map(|event| women("aftercare", event));
    for (service, event) in [("housing", "MovedIn"), (people::SERVICE, "StayEnded")] {
        let left = women(service, event);
        let settled = |woman: &&_| offered.contains(*woman) || taken.contains(*woman) || died.contains(*woman);
        let without = left.iter().filter(|woman| !settled(woman)).count();
        complaints.must(without == 0, "lost", || format!("{without} women were not offered aftercare after {event}"));
    }
    let mut many = 0;
    for (service, reasons) in reasons {
        let given: HashMap<Uuid, Option<String>> =
            sqlx::query_as::<_, (Uuid, Option<String>)>("SELECT key, outcome FROM orders")
                .fetch_all(stores.of(service))
                .await
                .unwrap()
                .into_iter()
                .collect();
        let mut done: HashMap<Uuid, HashSet<Uuid>> = HashMap::new();
        let mut times: HashMap<(Uuid, &str), usize> = HashMap::new();
        for event in all[service].iter().filter(|event| event.body.actor.is_service()) {
            done.entry(event.key).or_default().insert(event.case);
            *times.entry((event.key, &event.event)).or_default() += 1;
            complaints.must(reasons.contains_key(&event.key), "doubled", || {
                format!("{service}:{} was ordered under a key that follows from no reason there is", event.number)
            });
        }
        for ((_, event), many) in times.iter().filter(|((_, event), _)| ORDERED.contains(event)) {
            complaints.must(*many == 1, "doubled", || format!("an order of {service} led to {many} of {event}"));
        }
        for (key, cases) in &done {
            complaints
                .must(cases.len() == 1, "doubled", || format!("an order of {service} went to {} cases", cases.len()));
            let noted = given.get(key).is_some_and(|outcome| outcome.as_deref() == Some("done"));
            complaints.must(noted, "skipped", || format!("an order of {service} was carried out and not noted"));
        }
        for key in reasons.iter().filter_map(|(key, must)| must.then_some(key)) {
            many += 1;
            let dealt = given.get(key).is_some_and(Option::is_some);
            complaints.must(dealt, "skipped", || format!("an order of {service} was not given although it had to be"));
            // A breach is a new alert, whatever else there is.
            let stands = service != "safety" || done.contains_key(key);
            complaints.must(stands, "lost", || "an alert had to be raised, and is not there".into());
        }
    }
    many
}

/// As which client commands are sent again when everything is healed.
pub const RESENT: usize = usize::MAX;
