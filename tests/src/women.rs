//! Women at centres, as the people service's journal holds them.
//!
//! Events are sealed and appended as the executor does it, many at once. Deliberately absent: the rules of the domain.

use crate::{CENTRE, Ground, Running, eventually};
use engine::{
    journal::{Append, Journal, NewEvent, Outcome},
    reader::progress,
    relations::READER,
    seal::{Place, Seal},
    vault,
};
use futures::{StreamExt, stream};
use kit::{
    AggregateId, CentreId, Class, Facets, Happened, WomanId,
    entry::{ENTRY_CORRECTED, Entry},
    ids::derive_id,
    published::{Body, EventType, Heading},
    sealed::OPEN,
};
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

/// A fact in clear, on its way to the seal.
#[must_use]
pub fn fact(class: Class, value: impl Into<Value>) -> Value {
    json!({ OPEN: { "class": class, "value": value.into() } })
}

/// A personal fact.
#[must_use]
pub fn personal(value: impl Into<Value>) -> Value {
    fact(Class::Personal, value)
}

/// A fact that identifies.
#[must_use]
pub fn identity(value: impl Into<Value>) -> Value {
    fact(Class::Identity, value)
}

/// A fact that tells where somebody is.
#[must_use]
pub fn location(value: impl Into<Value>) -> Value {
    fact(Class::Location, value)
}

/// The facts of a registration.
#[must_use]
pub fn registered(alias: &str, name: Option<&str>, cpr: Option<&str>) -> Value {
    let mut facts = json!({ "alias": personal(alias) });
    for (fact, value) in [("name", name), ("cpr", cpr)] {
        if let Some(value) = value {
            facts[fact] = identity(value);
        }
    }
    facts
}

/// A woman at a centre.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Woman {
    /// Who.
    pub woman: Uuid,
    /// Where.
    pub centre: CentreId,
    /// How many events she has.
    pub version: u64,
}

/// A woman nobody knows yet, at the usual centre.
#[must_use]
pub fn somebody() -> Woman {
    at(Uuid::new_v4(), CENTRE)
}

/// A woman at a centre that does not know her yet.
#[must_use]
pub fn at(woman: Uuid, centre: CentreId) -> Woman {
    Woman { woman, centre, version: 0 }
}

impl Woman {
    fn aggregate(&self) -> AggregateId {
        AggregateId(derive_id(&["woman", &self.woman.to_string(), &self.centre.to_string()]))
    }
}

/// The people service's journal.
pub struct Women {
    journal: Journal,
    seal: Seal,
    pool: PgPool,
}

/// The people service, to be stopped by the test, and its journal.
pub async fn people(ground: &Ground) -> (Running, Women) {
    let settings = ground.settings(people::SERVICE, &vault::TABLES).await;
    let domain = livline::services::people(settings, ground.clock.clone()).await.unwrap();
    let executor = domain.executor();
    let women = Women { journal: executor.journal.clone(), seal: executor.seal.clone(), pool: executor.pool.clone() };
    (Running::start(domain.service()).await, women)
}

impl Women {
    /// The journal of the people service that runs beside every other one.
    pub async fn beside(ground: &Ground) -> Self {
        let executor = &ground.people().await.executor;
        Self { journal: executor.journal.clone(), seal: executor.seal.clone(), pool: executor.pool.clone() }
    }

    /// What opens it.
    #[must_use]
    pub fn seal(&self) -> &Seal {
        &self.seal
    }

    /// Records events about her, all at once, and waits until the service has heard them itself.
    pub async fn record(&self, her: &mut Woman, events: &[(&'static str, Value)]) {
        let (woman, centre, aggregate) = (Some(WomanId(her.woman)), Some(her.centre), her.aggregate());
        // The service may have recorded of her itself meanwhile.
        let stored = sqlx::query_scalar("SELECT coalesce(max(sequence), 0) FROM events WHERE aggregate_id = $1");
        let stored: i64 = stored.bind(aggregate.to_string()).fetch_one(&self.pool).await.unwrap();
        her.version = her.version.max(stored.unsigned_abs());
        let mut written = Vec::with_capacity(events.len());
        for ((name, facts), version) in events.iter().zip(her.version + 1..) {
            let mut facts = facts.clone();
            let place = Place {
                service: people::SERVICE,
                woman,
                centre,
                aggregate_type: "woman",
                aggregate,
                version,
                event: name,
            };
            self.seal.seal(place, &mut facts).await.unwrap();
            let entry =
                Entry::<people::woman::Event>::from_facts(name, facts.clone(), Happened::Unknown, Facets::default());
            assert!(entry.is_ok(), "{name} is no entry of the domain's: {:?}", entry.err());
            let heading = Heading {
                event: EventType { service: people::SERVICE, name, version: 1 },
                aggregate_type: "woman",
                aggregate,
                version,
                woman,
                centre,
                actor: "w-1".parse().unwrap(),
                happened: "2026-11-20".parse().unwrap(),
                recorded: engine::clock::Clock::system().now(),
            };
            let body = Body::new(heading, facts, Facets::default());
            let body = serde_json::to_string(&body).unwrap();
            written.push(NewEvent { event: (*name).to_owned(), event_version: 1, body });
        }
        let append = Append {
            aggregate_type: "woman",
            aggregate,
            expected: her.version,
            woman,
            centre,
            claims: Vec::new(),
            key: Uuid::new_v4(),
            fingerprint: Vec::new(),
            warnings: Vec::new(),
            events: written,
        };
        let outcome = self.journal.append(append).await.unwrap();
        let Outcome::Accepted { first_number } = outcome else { panic!("{outcome:?}") };
        her.version += events.len() as u64;
        let last = first_number + events.len() as u64 - 1;
        eventually("people has heard itself", async || {
            let heard = progress(&self.pool, READER, people::SERVICE).await.unwrap();
            heard.filter(|heard| heard.number >= last)
        })
        .await;
    }

    /// Corrects an entry of hers.
    pub async fn correct(&self, her: &mut Woman, correction: Value) {
        self.record(her, &[(ENTRY_CORRECTED, correction)]).await;
    }

    /// Corrects an entry of hers again and again.
    pub async fn correct_often(&self, her: &mut Woman, correction: Value, times: usize) {
        self.record(her, &vec![(ENTRY_CORRECTED, correction); times]).await;
    }

    /// A woman who is known, by what she is called.
    pub async fn register(&self, mut her: Woman, facts: Value) -> Woman {
        self.record(&mut her, &[("WomanRegistered", facts)]).await;
        her
    }

    /// Many women at the usual centre, each with a stay and a contact person.
    pub async fn crowd(&self, number: u32) -> Vec<Woman> {
        let all = (0..number).map(|number| async move {
            let mut her = somebody();
            let (alias, name) = (format!("Lærk-{number}"), name(number));
            let cpr = format!("{:02}{:02}{:02}{:04}", number % 28 + 1, number % 12 + 1, number % 100, number % 10_000);
            let stay = json!({ "stay": Uuid::new_v4(), "centre": location("et sted"), "children": personal(json!([])), "anonymous": false });
            let tie = json!({ "worker": personal("w-2"), "role": "contact_person" });
            let registered = registered(&alias, Some(&name), Some(&cpr));
            let events = [("WomanRegistered", registered), ("StayStarted", stay), ("WorkerAssigned", tie)];
            self.record(&mut her, &events).await;
            her
        });
        stream::iter(all).buffer_unordered(16).collect().await
    }
}

/// What the woman of that number in a crowd is called.
#[must_use]
pub fn name(number: u32) -> String {
    format!("Karla {} Madsen", word(number))
}

/// A word of letters alone, another one for every number.
fn word(number: u32) -> String {
    number.to_string().chars().map(|digit| char::from(b'k' + (digit as u8 - b'0'))).collect()
}
