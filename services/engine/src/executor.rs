//! From a command to its answer: load, look for the key, decide, seal, append; again where another came first.
//!
//! Deliberately absent: HTTP, tokens, who may ask ([`crate::http`]); numbering ([`crate::journal`]).

pub use crate::command::{Answer, ExecuteError, Happening, Request};

use crate::{
    claims::Tried,
    clock::{Clock, jitter},
    heard::{self, HeardError, Listening},
    journal::{Append, Journal, NewEvent, Outcome},
    relations::{Answering, unknown, who_answers},
    root::{LoadError, Loaded, Seen, load},
    seal::{Place, Seal},
    vault::{Owner, Vault},
};
use kit::{
    ActorId, AggregateId, CentreId, Context, Decider, Happened, WomanId,
    access::{Right, Role},
    case::{Ask, Decided, Refusal},
    deadlines::Deadlines,
    decider::Claim,
    directory::Named,
    entry::{CaseOpened, Common, Entry},
    facts::BadFact,
    ids::Secret,
    published::{Body, EventType, Heading},
    sealed::exposing,
};
use serde_json::{Map, Value};
use sqlx::PgPool;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    marker::PhantomData,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};
use uuid::Uuid;

/// How often a command is decided again before the client is told to come back.
const ATTEMPTS: u32 = 12;
/// The most that a command waits before it is decided again.
const PAUSE: Duration = Duration::from_millis(20);

/// Executes the commands of one kind of aggregate.
#[derive(Debug)]
pub struct Executor<D> {
    /// The service's name.
    pub service: &'static str,
    /// The service's database.
    pub pool: PgPool,
    /// Its journal.
    pub journal: Journal,
    /// Its seal.
    pub seal: Seal,
    /// The configured deadlines.
    pub deadlines: Arc<Deadlines>,
    /// The clock.
    pub clock: Clock,
    /// The service's own secret, for what must not be guessed back.
    pub secret: Secret,
    /// The service's policies, with the feeds of the services each hears.
    pub policies: Arc<RwLock<Vec<Listening>>>,
    /// The kind of aggregate.
    pub decider: PhantomData<fn() -> D>,
}

impl<D> Clone for Executor<D> {
    fn clone(&self) -> Self {
        self.of()
    }
}

impl<D> Executor<D> {
    /// The same for another kind of aggregate.
    #[must_use]
    pub fn of<E>(&self) -> Executor<E> {
        Executor {
            service: self.service,
            pool: self.pool.clone(),
            journal: self.journal.clone(),
            seal: self.seal.clone(),
            deadlines: self.deadlines.clone(),
            clock: self.clock.clone(),
            secret: self.secret,
            policies: self.policies.clone(),
            decider: PhantomData,
        }
    }
}

/// Whether the version a command was decided on still stands.
enum Attempt {
    Done(Answer),
    Again,
}

impl<D: Decider> Executor<D> {
    /// Executes a command. The same key and command again: the first answer.
    pub async fn execute(&self, request: &Request<D::Command>) -> Result<Answer, ExecuteError> {
        let mut tried = Tried::default();
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                tokio::time::sleep(jitter(PAUSE * attempt.min(8))).await;
            }
            let outcome = self.attempt(request, &mut tried).await;
            let unknown = tried.unknown;
            match outcome {
                Ok(Attempt::Again) => {}
                Err(ExecuteError::KeyReused) => return Err(ExecuteError::KeyReused),
                // What was sent before may yet be stored, and only its key can tell: this is neither a refusal nor nothing to be done.
                Err(_) if unknown => return Err(ExecuteError::Unavailable),
                Ok(Attempt::Done(answer)) if unknown && answer.events.is_empty() => {
                    return Err(ExecuteError::Unavailable);
                }
                Ok(Attempt::Done(answer)) => return Ok(answer),
                Err(error) => return Err(error),
            }
        }
        Err(if tried.unknown { ExecuteError::Unavailable } else { ExecuteError::Busy })
    }

    /// Loads an aggregate.
    pub async fn load(&self, aggregate: AggregateId) -> Result<Loaded<D>, LoadError> {
        load(&self.pool, &self.seal, self.service, aggregate, None).await
    }

    async fn attempt(&self, request: &Request<D::Command>, tried: &mut Tried) -> Result<Attempt, ExecuteError> {
        let loaded: Loaded<D> =
            load(&self.pool, &self.seal, self.service, request.aggregate, Some(request.key)).await?;
        let opened = loaded.case.opened().or(request.opening.as_ref()).cloned().ok_or(ExecuteError::NotFound)?;
        // Nothing is answered of another centre's, not even that it is there.
        if opened.centre != request.centre {
            return Err(ExecuteError::NotFound);
        }
        let fingerprint = self.seal.fingerprint(opened.woman, &request.bytes).await?;
        let first: Vec<&Seen> = loaded.seen.iter().filter(|seen| seen.key == request.key).collect();
        if let Some(seen) = first.first() {
            return if fingerprint.fits(&seen.fingerprint) {
                Ok(Attempt::Done(self.repeated(request.aggregate, &first)))
            } else {
                Err(ExecuteError::KeyReused)
            };
        }
        if request.if_match.is_some_and(|version| version != loaded.case.version()) {
            return Err(ExecuteError::Changed);
        }
        let (decided, claims) = self.decide(request, &loaded, &opened, tried.choice).await?;
        if decided.entries.is_empty() {
            return Ok(Attempt::Done(self.nothing(request.aggregate, &loaded, decided.warnings)));
        }
        let place = Placed {
            aggregate: request.aggregate,
            version: loaded.case.version(),
            opened: &opened,
            actor: &request.actor,
        };
        let (events, happenings) = self.write(&decided.entries, place).await?;
        let append = Append {
            aggregate_type: D::TYPE,
            aggregate: request.aggregate,
            expected: loaded.case.version(),
            woman: opened.woman.somebody(),
            centre: Some(opened.centre),
            claims: claims.iter().map(|claim| self.stored(opened.centre, claim)).collect(),
            key: request.key,
            fingerprint: fingerprint.bytes,
            warnings: decided.warnings.clone(),
            events,
        };
        let count = append.events.len() as u64;
        match self.journal.append(append).await {
            Ok(Outcome::Accepted { first_number }) => Ok(Attempt::Done(Answer {
                id: request.aggregate,
                version: loaded.case.version() + count,
                position: self.position(first_number + count - 1),
                events: happenings,
                warnings: decided.warnings.into_iter().map(str::to_owned).collect(),
            })),
            Ok(Outcome::Claimed) => {
                self.lose(&claims, (opened.centre, request.aggregate), tried).await?;
                Ok(Attempt::Again)
            }
            Ok(Outcome::Clash) => Ok(Attempt::Again),
            // It may be stored: the next look at the aggregate finds the key, or the version unchanged under the lock.
            Err(_) => {
                tried.unknown = true;
                Ok(Attempt::Again)
            }
        }
    }

    fn position(&self, number: u64) -> String {
        format!("{}:{number}", self.service)
    }

    fn repeated(&self, aggregate: AggregateId, first: &[&Seen]) -> Answer {
        let last = first.last();
        Answer {
            id: aggregate,
            version: last.map_or(0, |seen| seen.version),
            position: self.position(last.map_or(0, |seen| seen.number)),
            events: first
                .iter()
                .map(|seen| Happening {
                    event: seen.event.clone(),
                    version: seen.version,
                    facts: seen.facts.as_ref().map_or(Value::Null, open_facts),
                })
                .collect(),
            warnings: last.map(|seen| seen.warnings.clone()).unwrap_or_default(),
        }
    }

    fn nothing(&self, aggregate: AggregateId, loaded: &Loaded<D>, warnings: Vec<&'static str>) -> Answer {
        Answer {
            id: aggregate,
            version: loaded.case.version(),
            position: self.position(loaded.seen.last().map_or(0, |seen| seen.number)),
            events: Vec::new(),
            warnings: warnings.into_iter().map(str::to_owned).collect(),
        }
    }

    async fn decide(
        &self,
        request: &Request<D::Command>,
        loaded: &Loaded<D>,
        opened: &CaseOpened,
        choice: u32,
    ) -> Result<(Decided<D::Event>, Vec<Claim>), ExecuteError> {
        let ask = match &request.ask {
            Some(Ask::Correct(correction)) => Some(Ask::Correct(self.beside(correction, request, loaded).await?)),
            other => other.clone(),
        };
        let certain = matches!(&ask, Some(Ask::Record(command)) if D::irrevocable(command));
        let mut heard = self.heard(opened.woman, certain).await?;
        heard.extend(request.heard.clone().map(|(policy, heard)| (policy.to_owned(), Some(heard))));
        let looking = self.looking(request.aggregate, (request.actor.clone(), request.role), request.centre, &heard);
        let shared = if let Some(Ask::Record(command)) = &ask { D::shares(command, &looking) } else { None };
        let taken = match shared {
            Some(shared) => self.taken(&shared, (opened.centre, request.aggregate)).await,
            None => Ok(false),
        };
        let taken = taken.map_err(|error| unreadable(&error))?;
        let answering = match &ask {
            Some(Ask::Record(command)) if D::asks_who_answers(command) => {
                let found = who_answers(&self.pool, (&self.seal, self.service), request.centre, self.clock.now()).await;
                found.map_err(|error| unreadable(&error))?
            }
            _ => Answering::default(),
        };
        let unknown = self.unknown(request, ask.as_ref(), loaded).await.map_err(|error| unreadable(&error))?;
        let says_so = match &ask {
            Some(Ask::Record(command)) => D::by_code_word(command),
            Some(Ask::Together(commands)) => commands.iter().any(D::by_code_word),
            _ => false,
        };
        let owner = Owner { woman: opened.woman, centre: opened.centre };
        // Apart: it is asked for seldom, and every command's future would be the larger for it.
        let word_checked = says_so && Box::pin(self.word_checked(owner, &request.actor)).await?;
        let context = Context {
            right: request.right,
            conflicts: request.conflicts.clone(),
            answering: answering.all,
            leading: answering.leaders,
            unknown,
            taken,
            choice,
            word_checked,
            made_with: made_with(ask.as_ref(), &loaded.seen),
            key: request.key,
            happened: request.when.unwrap_or(looking.happened),
            due: request.due,
            responsible: request.responsible.clone(),
            ..looking
        };
        let mut all = Decided { entries: Vec::new(), warnings: Vec::new() };
        let mut case = std::borrow::Cow::Borrowed(&loaded.case);
        let opening = (loaded.case.version() == 0).then(|| Ask::Open(opened.clone()));
        let mut asks: Vec<Ask<D::Command>> = opening.into_iter().chain(ask).collect();
        let last = asks.pop();
        for (ask, note) in asks.into_iter().map(|ask| (ask, None)).chain(last.map(|ask| (ask, request.note.clone()))) {
            let decided = case.decide(ask, note, &context).map_err(refused)?;
            let grown = case.to_mut();
            decided.entries.iter().for_each(|entry| grown.apply(entry));
            all.entries.extend(decided.entries);
            all.warnings.extend(decided.warnings);
        }
        let claims = case.claims_since(&loaded.case);
        Ok((all, claims))
    }

    /// Whether somebody has just checked her code word.
    async fn word_checked(&self, owner: Owner, actor: &ActorId) -> Result<bool, ExecuteError> {
        let vault = Vault::new(self.service, self.pool.clone(), self.seal.clone());
        vault.word_checked(owner, actor, self.clock.now()).await.map_err(|error| {
            tracing::error!(%error, "whether her code word was checked could not be read");
            ExecuteError::Unavailable
        })
    }

    /// What a command names that the directory of staff and centres does not hold. Whoever acts was vouched for and holds what they open, but
    /// gives themselves no tie and no duty without being in it; a rule names whom people named before.
    async fn unknown(
        &self,
        request: &Request<D::Command>,
        ask: Option<&Ask<D::Command>>,
        loaded: &Loaded<D>,
    ) -> Result<BTreeSet<Named>, sqlx::Error> {
        if request.role == Role::Service {
            return Ok(BTreeSet::new());
        }
        let mut named = ask.map(|ask| loaded.case.names(ask)).unwrap_or_default();
        named.remove(&Named::Anybody(request.actor.clone()));
        let holder = request.responsible.as_ref().filter(|holder| **holder != request.actor);
        named.extend(holder.cloned().map(Named::Worker));
        unknown(&self.pool, (&self.seal, self.service), request.centre, named, self.clock.today()).await
    }

    /// What somebody sees who looks at an aggregate now, with nothing in mind.
    #[must_use]
    pub fn looking<'a>(
        &'a self,
        aggregate: AggregateId,
        (actor, role): (ActorId, Role),
        centre: CentreId,
        heard: &'a BTreeMap<String, Option<Value>>,
    ) -> Context<'a> {
        let today = self.clock.today();
        Context {
            service: self.service,
            aggregate,
            now: self.clock.now(),
            today,
            actor,
            role,
            right: Right::Record,
            centre,
            key: Uuid::nil(),
            happened: Happened::On(today.into()),
            due: None,
            responsible: None,
            deadlines: &self.deadlines,
            open: BTreeMap::new(),
            secret: self.secret,
            taken: false,
            choice: 0,
            conflicts: BTreeSet::new(),
            answering: BTreeSet::new(),
            leading: BTreeSet::new(),
            unknown: BTreeSet::new(),
            word_checked: false,
            corrects: false,
            made_with: BTreeSet::new(),
            heard,
        }
    }

    /// What this service's policies have heard of her; see [`heard::all`].
    pub async fn heard(&self, woman: WomanId, certain: bool) -> Result<BTreeMap<String, Option<Value>>, ExecuteError> {
        let policies = self.policies.read().unwrap_or_else(PoisonError::into_inner).clone();
        let all = heard::all(&self.pool, &self.seal, (self.service, woman), &policies, certain).await;
        all.map_err(|error| match error {
            HeardError::Store(error) => unreadable(&error),
            HeardError::Seal(error) => error.into(),
            HeardError::Tampered => ExecuteError::Unavailable,
        })
    }

    /// Serialises each entry once, seals it once.
    async fn write(
        &self,
        entries: &[Entry<D::Event>],
        at: Placed<'_>,
    ) -> Result<(Vec<NewEvent>, Vec<Happening>), ExecuteError> {
        let (mut events, mut happenings) = (Vec::with_capacity(entries.len()), Vec::with_capacity(entries.len()));
        let recorded = self.clock.now();
        for (version, entry) in (at.version + 1..).zip(entries) {
            let name = entry.name();
            let event_version = entry.schema_version();
            let mut facts = exposing(|| entry.to_facts()).map_err(|_| ExecuteError::Unavailable)?;
            let (woman, centre) = (at.opened.woman.somebody(), Some(at.opened.centre));
            let place = Place {
                service: self.service,
                woman,
                centre,
                aggregate_type: D::TYPE,
                aggregate: at.aggregate,
                version,
                event: name,
            };
            self.seal.seal(place, &mut facts).await?;
            happenings.push(Happening { event: name.to_owned(), version, facts: open_facts(&facts) });
            let heading = Heading {
                event: EventType { service: self.service, name, version: event_version },
                aggregate_type: D::TYPE,
                aggregate: at.aggregate,
                version,
                woman,
                centre,
                actor: at.actor.clone(),
                happened: entry.happened,
                recorded,
            };
            let body = Body::new(heading, facts, entry.facets.clone());
            let body = serde_json::to_string(&body).map_err(|_| ExecuteError::Unavailable)?;
            events.push(NewEvent { event: name.to_owned(), event_version, body });
        }
        Ok((events, happenings))
    }
}

/// Whose events are written, from which version on.
#[derive(Clone, Copy)]
struct Placed<'a> {
    aggregate: AggregateId,
    version: u64,
    opened: &'a CaseOpened,
    actor: &'a ActorId,
}

/// The members of stored facts that are not sealed.
fn open_facts(facts: &Value) -> Value {
    let sealed = |value: &Value| kit::sealed::Stored::of(value).is_some();
    let plain = |value: &Value| !sealed(value) && !value.is_object() && !value.is_array();
    let members = facts.as_object().into_iter().flatten().filter(|(_, value)| plain(value));
    Value::Object(members.map(|(name, value)| (name.clone(), value.clone())).collect::<Map<_, _>>())
}

pub(crate) fn unreadable(error: &sqlx::Error) -> ExecuteError {
    tracing::error!(error = crate::journal::error_kind(error), "what a decision looks at could not be read");
    ExecuteError::Unavailable
}

fn refused<R: std::error::Error + kit::decider::Code>(refusal: Refusal<R>) -> ExecuteError {
    match refusal {
        // A correction's facts, in the facts of the action.
        Refusal::Fact(bad) => ExecuteError::Fact(BadFact { pointer: format!("/facts/facts{}", bad.pointer), ..bad }),
        other => ExecuteError::Refused { code: other.code() },
    }
}

/// The entries that the same command made as the one that is taken back.
fn made_with<C>(ask: Option<&Ask<C>>, seen: &[Seen]) -> BTreeSet<u64> {
    let Some(Ask::Common(Common::RecordedInError(error))) = ask else { return BTreeSet::new() };
    let key = seen.iter().find(|seen| seen.version == error.version).map(|seen| seen.key);
    let others = seen.iter().filter(|seen| Some(seen.key) == key && seen.version != error.version);
    others.map(|seen| seen.version).collect()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
