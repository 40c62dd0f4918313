//! A decider on cqrs-es's `Aggregate`, and the store it is loaded through.
//!
//! Reads go through cqrs-es's `PersistedEventStore` over postgres-es's repository, wrapped so that personal facts are opened on the
//! way; appends go through the journal. Domains do not see cqrs-es. Deliberately absent: cqrs-es's snapshots and its aggregate store
//! (both apply an event twice or commit before they check), its framework (no version, no answer), its replay (swallows errors).

use crate::{
    integrity::{EventRow, Signer},
    journal::error_kind,
    seal::{Opening, Place, Seal, SealError},
};
use cqrs_es::{
    Aggregate, DomainEvent, EventStore,
    event_sink::EventSink,
    persist::{
        EventUpcaster, PersistedEventRepository, PersistedEventStore, PersistenceError, ReplayStream, SerializedEvent,
        SerializedSnapshot,
    },
};
use kit::{
    ActorId, Case, CentreId, Class, Decider, WomanId,
    case::{Ask, Refusal},
    decider::Events,
    entry::{Common, ENTRY_CORRECTED, Entry},
    published::Body,
};
use postgres_es::PostgresEventRepository;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::PgPool;
use std::{
    marker::PhantomData,
    sync::{Mutex, PoisonError},
};
use uuid::Uuid;

/// A decider as cqrs-es knows it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Root<D: Decider> {
    /// The case itself; never part of a snapshot, for there are none.
    #[serde(skip)]
    pub case: Case<D>,
}

impl<D: Decider> Default for Root<D> {
    fn default() -> Self {
        Self { case: Case::default() }
    }
}

/// An entry as cqrs-es knows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent, bound = "")]
pub struct Stored<E: Events>(pub Entry<E>);

impl<E: Events> DomainEvent for Stored<E> {
    fn event_type(&self) -> String {
        self.0.name().to_owned()
    }
    fn event_version(&self) -> String {
        self.0.schema_version().to_string()
    }
}

/// What a decision needs besides the command, as cqrs-es hands it in.
#[derive(Debug)]
pub struct Surroundings(pub kit::Context<'static>);

impl<D: Decider> Aggregate for Root<D> {
    const TYPE: &'static str = D::TYPE;
    type Command = Ask<D::Command>;
    type Event = Stored<D::Event>;
    type Error = Refusal<D::Rejection>;
    type Services = Surroundings;

    async fn handle(
        &mut self,
        ask: Self::Command,
        around: &Surroundings,
        sink: &EventSink<Self>,
    ) -> Result<(), Self::Error> {
        for entry in self.case.decide(ask, None, &around.0)?.entries {
            sink.write(Stored(entry), self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: Self::Event) {
        self.case.apply(&event.0);
    }
}

/// What the store says of an event besides its entry.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Its number.
    pub number: u64,
    /// Its version.
    pub version: u64,
    /// Its type's name.
    pub event: String,
    /// Who recorded it.
    pub actor: ActorId,
    /// The key of its command.
    pub key: Uuid,
    /// The fingerprint of its command, in hexadecimal.
    pub fingerprint: String,
    /// The codes its command was answered with.
    pub warnings: Vec<String>,
    /// Its facts as stored, for the events of the command that is looked for.
    pub facts: Option<Value>,
}

#[derive(Deserialize)]
struct Metadata {
    number: u64,
    key: Uuid,
    fingerprint: String,
    warnings: String,
    subject: String,
    mac: Option<String>,
}

/// postgres-es's repository, with personal facts opened and notes taken of what passes.
struct Repository<'a> {
    inner: PostgresEventRepository,
    seal: &'a Seal,
    signer: Signer,
    looking_for: Option<Uuid>,
    seen: &'a Mutex<Vec<Seen>>,
    owner: &'a Mutex<Option<Owner>>,
}

/// Whose an aggregate is, as its events say.
pub type Owner = (Option<WomanId>, Option<CentreId>);

impl Repository<'_> {
    /// That the row is as the service stored it.
    fn check(
        &self,
        event: &SerializedEvent,
        metadata: &Metadata,
        version: u64,
        body: &str,
    ) -> Result<(), PersistenceError> {
        let (fingerprint, mac) = (unhex(&metadata.fingerprint), unhex(metadata.mac.as_deref().unwrap_or_default()));
        let row = EventRow {
            aggregate_type: &event.aggregate_type,
            aggregate: &event.aggregate_id,
            version,
            event: &event.event_type,
            event_version: &event.event_version,
            subject: &metadata.subject,
            key: metadata.key,
            fingerprint: &fingerprint,
            warnings: &metadata.warnings,
            body,
        };
        if self.signer.event_fits(&row, &mac) {
            return Ok(());
        }
        self.signer.refuse("event", &metadata.number);
        Err(foreign())
    }

    /// Whether none is missing before it.
    fn is_next(&self, version: u64) -> bool {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).last().map_or(0, |last| last.version) + 1 == version
    }

    /// Whether it is theirs whose the events before it are.
    fn is_one_owners(&self, owner: Owner) -> bool {
        *self.owner.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(owner) == owner
    }

    /// A stored body as the entry it holds.
    async fn entry(&self, mut event: SerializedEvent) -> Result<SerializedEvent, PersistenceError> {
        let metadata: Metadata = serde_json::from_value(event.metadata.take())?;
        let text = event.payload.as_str().unwrap_or_default();
        let version = u64::try_from(event.sequence).unwrap_or_default();
        self.check(&event, &metadata, version, text)?;
        let mut body: Body = serde_json::from_str(text)?;
        let happened = body.happened().map_err(|error| PersistenceError::DeserializationError(Box::new(error)))?;
        let mut facts = std::mem::take(&mut body.data.facts);
        let looked_for = (self.looking_for == Some(metadata.key)).then(|| facts.clone());
        // The row says which event it is. A body that says otherwise was put there.
        let told = (
            body.aggregatetype.as_str(),
            body.aggregate.to_string(),
            body.version,
            body.event().map(|event| event.name),
        );
        let place = Place::of(self.signer.service(), &body)
            .filter(|_| {
                told == (&event.aggregate_type, event.aggregate_id.clone(), version, Some(event.event_type.as_str()))
            })
            .filter(|place| self.is_next(version) && self.is_one_owners((place.woman, place.centre)))
            .ok_or_else(foreign)?;
        // Rules see personal facts and no others.
        let opening = |class| if class == Class::Personal { Opening::Value } else { Opening::Leave };
        self.seal
            .open(place, &mut facts, opening)
            .await
            .map_err(|error| PersistenceError::UnknownError(Box::new(error)))?;
        let Metadata { number, key, fingerprint, warnings, .. } = metadata;
        let warnings = serde_json::from_str(&warnings)?;
        let seen = Seen {
            number,
            version: body.version,
            event: event.event_type.clone(),
            actor: body.actor.clone(),
            key,
            fingerprint,
            warnings,
            facts: looked_for,
        };
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).push(seen);
        let payload =
            json!({ "event": event.event_type, "happened": happened, "facets": body.data.facets, "facts": facts });
        Ok(SerializedEvent { payload, metadata: json!({}), ..event })
    }
}

/// A stored body that says it is another event's, or that the service did not store so.
#[derive(Debug, thiserror::Error)]
#[error("a stored body is another event's, or was not stored by this service")]
struct ForeignBody;

fn foreign() -> PersistenceError {
    PersistenceError::UnknownError(Box::new(ForeignBody))
}

/// What cqrs-es may ask and this store does not do.
fn not_here<T>(what: &'static str) -> Result<T, PersistenceError> {
    Err(PersistenceError::UnknownError(what.into()))
}

impl PersistedEventRepository for Repository<'_> {
    async fn get_events<A: Aggregate>(&self, aggregate_id: &str) -> Result<Vec<SerializedEvent>, PersistenceError> {
        let mut entries = Vec::new();
        for event in self.inner.get_events::<A>(aggregate_id).await? {
            entries.push(self.entry(event).await?);
        }
        Ok(entries)
    }

    async fn get_last_events<A: Aggregate>(
        &self,
        id: &str,
        last: usize,
    ) -> Result<Vec<SerializedEvent>, PersistenceError> {
        let mut entries = Vec::new();
        for event in self.inner.get_last_events::<A>(id, last).await? {
            entries.push(self.entry(event).await?);
        }
        Ok(entries)
    }

    async fn get_snapshot<A: Aggregate>(&self, _: &str) -> Result<Option<SerializedSnapshot>, PersistenceError> {
        Ok(None)
    }

    async fn persist<A: Aggregate>(
        &self,
        _: &[SerializedEvent],
        _: Option<(String, Value, usize)>,
    ) -> Result<(), PersistenceError> {
        not_here("appends go through the journal")
    }

    async fn stream_events<A: Aggregate>(&self, _: &str) -> Result<ReplayStream, PersistenceError> {
        not_here("replay is not used: it has no order across aggregates")
    }

    async fn stream_all_events<A: Aggregate>(&self) -> Result<ReplayStream, PersistenceError> {
        not_here("replay is not used: it has no order across aggregates")
    }
}

/// A domain's upcasting as cqrs-es calls it.
struct Upcaster<D>(PhantomData<fn() -> D>);

impl<D: Decider> EventUpcaster for Upcaster<D> {
    /// A domain's own events; a correction says itself of which version its facts are.
    fn can_upcast(&self, event_type: &str, _: &str) -> bool {
        event_type != ENTRY_CORRECTED && !Common::NAMES.contains(&event_type)
    }
    fn upcast(&self, mut event: SerializedEvent) -> SerializedEvent {
        // What cannot be brought to today's form does not read as an event either: loading then fails, and says so.
        let version = event.event_version.parse().unwrap_or_default();
        if let Some(facts) = event.payload.get_mut("facts") {
            *facts = D::Event::upcast(&event.event_type, version, facts.take()).unwrap_or_default();
        }
        event
    }
}

/// A case as loaded, with what the store says of its events.
#[derive(Debug)]
pub struct Loaded<D: Decider> {
    /// The folded case.
    pub case: Case<D>,
    /// Its events.
    pub seen: Vec<Seen>,
    /// Whose it is; none where there is none of its events.
    pub owner: Option<Owner>,
}

/// An aggregate could not be loaded. What was the matter is in the log, by kind alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// The store did not answer: it may next time.
    #[error("the case could not be loaded now")]
    Unavailable,
    /// What is stored does not read: it will not by asking again.
    #[error("the case does not read")]
    Unreadable,
}

/// Loads an aggregate. One that does not exist has version 0. The facts of the command `looking_for` are noted.
pub async fn load<D: Decider>(
    pool: &PgPool,
    seal: &Seal,
    service: &str,
    aggregate: kit::AggregateId,
    looking_for: Option<Uuid>,
) -> Result<Loaded<D>, LoadError> {
    let (seen, owner) = (Mutex::new(Vec::new()), Mutex::new(None));
    let inner = PostgresEventRepository::new(pool.clone()).with_tables("serialized_events", "no_snapshots");
    let signer = seal.signer(service);
    let repository = Repository { inner, seal, signer, looking_for, seen: &seen, owner: &owner };
    let store = PersistedEventStore::<_, Root<D>>::new_event_store(repository)
        .with_upcasters(vec![Box::new(Upcaster::<D>(PhantomData))]);
    let loaded = store.load_aggregate(&aggregate.to_string()).await.map_err(|error| {
        tracing::error!(kind = kind(&error), "an aggregate could not be loaded");
        reads_next_time(&error)
    })?;
    drop(store);
    let seen = seen.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(Loaded { case: loaded.aggregate.case, seen, owner: owner.into_inner().unwrap_or_else(PoisonError::into_inner) })
}

/// Bytes of hexadecimal text; none where it is no such text.
fn unhex(text: &str) -> Vec<u8> {
    let byte = |at: usize| text.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
    (0..text.len()).step_by(2).map(byte).collect::<Option<_>>().unwrap_or_default()
}

/// Whether the store was to blame, and not what is in it.
fn reads_next_time<E: std::error::Error>(error: &cqrs_es::AggregateError<E>) -> LoadError {
    use cqrs_es::AggregateError;
    let (AggregateError::DatabaseConnectionError(error) | AggregateError::UnexpectedError(error)) = error else {
        return LoadError::Unreadable;
    };
    let foreign = matches!(error.downcast_ref::<SealError>(), Some(SealError::Foreign | SealError::Malformed));
    if foreign || error.is::<ForeignBody>() { LoadError::Unreadable } else { LoadError::Unavailable }
}

fn kind<E: std::error::Error>(error: &cqrs_es::AggregateError<E>) -> String {
    use cqrs_es::AggregateError;
    match error {
        AggregateError::DatabaseConnectionError(error) | AggregateError::UnexpectedError(error) => {
            error.downcast_ref::<sqlx::Error>().map_or_else(|| "sealed fact or store".to_owned(), error_kind)
        }
        AggregateError::DeserializationError(_) => "a stored event does not read back".to_owned(),
        AggregateError::AggregateConflict => "conflict".to_owned(),
        AggregateError::UserError(_) => "refusal".to_owned(),
    }
}
