//! Given these entries, when this command, then that: the language of the domains' tests.
//!
//! It runs the same [`Case`] as the engine does, with facts sealed and read back between commands, so a rule that looks at a fact
//! it could not know in the real service fails here too. For tests alone: it panics where a test would.
#![expect(
    clippy::panic,
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "an assertion language for tests: a failed expectation is a panic"
)]

mod golden;
mod told;
mod walk;

pub use golden::{Samples, golden, set};
pub use told::heard;
pub use walk::walk;

use crate::{
    ActorId, AggregateId, Case, CentreId, Class, Context, Decider, Happened, WomanId,
    access::{Right, Role},
    case::{Ask, Correction, Decided, Refusal},
    deadlines::Deadlines,
    decider::{Commands, Events},
    directory::Named,
    entry::{CaseOpened, Common, Entry, RecordedInError, What},
    facets::{Change, FollowUpChange, Weight},
    ids::Secret,
    policy::Now,
    sealed::{Stored, exposing},
    when::DueBy,
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use time::Date;
use uuid::Uuid;

/// The service in which tests run.
const SERVICE: &str = "test";
/// The aggregate they run on.
const AGGREGATE: AggregateId = AggregateId(Uuid::from_u128(9));
/// Whose case it is.
const WOMAN: WomanId = WomanId(Uuid::from_u128(7));
/// The centre that holds it.
const CENTRE: CentreId = CentreId(Uuid::from_u128(1));

/// A case in a test, at a day.
#[derive(Debug, Clone)]
pub struct Given<D: Decider> {
    case: Case<D>,
    entries: Vec<Entry<D::Event>>,
    /// The facts as they stand by entry, opened: what nobody but the engine sees.
    clear: BTreeMap<u64, Value>,
    actor: ActorId,
    role: Role,
    right: Right,
    today: Date,
    deadlines: Deadlines,
    commands: u32,
    /// Which of them made an entry, by version.
    made_by: BTreeMap<u64, u32>,
    taken: bool,
    choice: u32,
    answering: BTreeSet<ActorId>,
    leading: BTreeSet<ActorId>,
    unknown: BTreeSet<Named>,
    word_checked: bool,
    heard: BTreeMap<String, Option<Value>>,
}

/// What came of a command.
#[derive(Debug)]
pub struct Then<D: Decider> {
    /// The case with the command's entries applied.
    pub given: Given<D>,
    /// What was decided.
    pub outcome: Result<Decided<D::Event>, Refusal<D::Rejection>>,
}

/// An opened case on a day (`2026-11-20`), with deadlines from TOML.
#[must_use]
pub fn given<D: Decider>(today: &str, deadlines: &str) -> Given<D> {
    let deadlines = Deadlines::parse(deadlines).expect("the deadlines parse");
    deadlines.require(D::deadlines().iter().copied()).expect("the decider's deadlines are configured");
    let given = Given {
        case: Case::default(),
        entries: Vec::new(),
        clear: BTreeMap::new(),
        actor: "w-1".parse().expect("an actor"),
        role: Role::Worker,
        right: Right::Record,
        today: day(today),
        deadlines,
        commands: 0,
        made_by: BTreeMap::new(),
        taken: false,
        choice: 0,
        answering: BTreeSet::new(),
        leading: BTreeSet::new(),
        unknown: BTreeSet::new(),
        word_checked: false,
        heard: BTreeMap::new(),
    };
    let opened = CaseOpened { woman: WOMAN, centre: CENTRE, before_us: false };
    given.ask(Ask::Open(opened), None).accepted()
}

fn day(text: &str) -> Date {
    text.parse::<crate::Day>().expect("a day").date()
}

/// The key of the command of a number.
fn key(command: u32) -> Uuid {
    Uuid::from_u128(u128::from(command) + 1000)
}

impl<D: Decider> Given<D> {
    /// Goes to another day.
    #[must_use]
    pub fn on(mut self, today: &str) -> Self {
        self.today = day(today);
        self
    }

    /// Acted on by another worker.
    #[must_use]
    pub fn by(mut self, actor: &str) -> Self {
        self.actor = actor.parse().expect("an actor");
        self.role = Role::Worker;
        self.right = Right::Record;
        self
    }

    /// Acted on by a worker who is on duty.
    #[must_use]
    pub fn by_on_duty(self, actor: &str) -> Self {
        Self { right: Right::Answers, ..self.by(actor) }
    }

    /// Acted on by a temp.
    #[must_use]
    pub fn by_temp(self, actor: &str) -> Self {
        Self { role: Role::Temp, ..self.by(actor) }
    }

    /// Acted on by whoever leads the centre.
    #[must_use]
    pub fn by_leader(self, actor: &str) -> Self {
        Self { role: Role::Leader, right: Right::Leader, ..self.by(actor) }
    }

    /// Acted on by somebody of a role who has this right.
    #[must_use]
    pub fn by_right(self, actor: &str, role: Role, right: Right) -> Self {
        Self { role, right, ..self.by(actor) }
    }

    /// Acted on by a rule of the service.
    #[must_use]
    pub fn by_rule(self) -> Self {
        Self { role: Role::Service, right: Right::Rule, ..self.by(ActorId::service(SERVICE).as_str()) }
    }

    /// Acted on by a person for whom a route of the service records what nobody records directly.
    #[must_use]
    pub fn by_route(self, actor: &str) -> Self {
        Self { right: Right::Rule, ..self.by(actor) }
    }

    /// Acted on by somebody who has just checked her code word.
    #[must_use]
    pub fn word_checked(mut self) -> Self {
        self.word_checked = true;
        self
    }

    /// Where another aggregate holds what the next commands would share.
    #[must_use]
    pub fn taken(mut self) -> Self {
        self.taken = true;
        self
    }

    /// Where other aggregates hold so many earlier choices of what the next commands make.
    #[must_use]
    pub fn choice(self, choice: u32) -> Self {
        Self { choice, ..self }
    }

    /// With these who answer for the house besides whoever acts.
    #[must_use]
    pub fn answering(mut self, actors: &[&str]) -> Self {
        self.answering = actors.iter().map(|actor| actor.parse().expect("an actor")).collect();
        self
    }

    /// With these of them leading the centre.
    #[must_use]
    pub fn leading(mut self, actors: &[&str]) -> Self {
        self.leading = actors.iter().map(|actor| actor.parse().expect("an actor")).collect();
        self.answering.extend(self.leading.iter().cloned());
        self
    }

    /// Where the directory does not hold these, be they staff or others.
    #[must_use]
    pub fn without(mut self, actors: &[&str]) -> Self {
        let actors = actors.iter().map(|actor| actor.parse::<ActorId>().expect("an actor"));
        self.unknown.extend(actors.flat_map(|actor| [Named::Worker(actor.clone()), Named::Anybody(actor)]));
        self
    }

    /// Where there is no such centre.
    #[must_use]
    pub fn without_centre(mut self, centre: CentreId) -> Self {
        self.unknown.insert(Named::Centre(centre));
        self
    }

    /// With what a policy has heard of her.
    #[must_use]
    pub fn heard(mut self, policy: &str, heard: Value) -> Self {
        self.heard.insert(policy.to_owned(), Some(heard));
        self
    }

    /// An action that is accepted, as a client sends it, having happened today.
    #[must_use]
    pub fn and(self, action: &str, facts: Value) -> Self {
        self.when(action, facts).accepted()
    }

    /// An action as a client sends it, having happened today.
    #[must_use]
    pub fn when(self, action: &str, facts: Value) -> Then<D> {
        let happened = Happened::On(self.today.into());
        self.when_on(action, facts, happened)
    }

    /// An action as a client sends it, with when it happened.
    #[must_use]
    pub fn when_on(self, action: &str, facts: Value, happened: Happened) -> Then<D> {
        match D::Command::read(action, facts) {
            None => panic!("there is no action {action}"),
            Some(Err(bad)) => Then { outcome: Err(Refusal::Fact(bad)), given: self },
            Some(Ok(command)) => self.ask(Ask::Record(command), Some(happened)),
        }
    }

    /// A correction of an entry by somebody who knows of all others.
    #[must_use]
    pub fn when_corrected(self, version: u64, patch: Value) -> Then<D> {
        let seen = Some(self.case.version());
        self.when_corrected_so(Correction { version, patch, seen, ..Correction::default() })
    }

    /// A correction of when an entry happened as well.
    #[must_use]
    pub fn when_corrected_to(self, version: u64, patch: Value, happened: &str) -> Then<D> {
        let (seen, when) = (Some(self.case.version()), Some(happened.parse().expect("when it happened")));
        self.when_corrected_so(Correction { version, patch, when, seen, ..Correction::default() })
    }

    /// A correction as it is said, with the facts as they stand beside it, as the engine looks them up.
    #[must_use]
    pub fn when_corrected_so(self, correction: Correction) -> Then<D> {
        let stands = self.clear.get(&correction.version).cloned();
        self.ask(Ask::Correct(Correction { stands, ..correction }), None)
    }

    /// An entry taken back.
    #[must_use]
    pub fn when_in_error(self, version: u64) -> Then<D> {
        self.when_common(Common::RecordedInError(RecordedInError { version, cause: None, reason: None }))
    }

    /// One of the events every case knows.
    #[must_use]
    pub fn when_common(self, common: Common) -> Then<D> {
        self.ask(Ask::Common(common), None)
    }

    /// The folded case.
    #[must_use]
    pub fn case(&self) -> &Case<D> {
        &self.case
    }

    /// The facts that count: corrections in the place of what they correct, without what was taken back.
    #[must_use]
    pub fn standing(&self) -> Vec<D::Event> {
        self.stands().into_values().cloned().collect()
    }

    /// The same by the version of what was recorded.
    fn stands(&self) -> BTreeMap<u64, &D::Event> {
        let mut standing = BTreeMap::new();
        for (version, entry) in (1_u64..).zip(&self.entries) {
            match &entry.what {
                What::Fact(fact) => standing.insert(version, fact),
                What::Corrected { version, fact } => standing.insert(*version, fact),
                What::Common(Common::RecordedInError(error)) => standing.remove(&error.version),
                What::Common(_) => None,
            };
        }
        standing
    }

    /// The day and the deadlines, as a policy sees them.
    #[must_use]
    pub fn now(&self) -> Now<'_> {
        Now { today: self.today, deadlines: &self.deadlines }
    }

    /// The actions suggested now.
    #[must_use]
    pub fn actions(&self) -> Vec<&'static str> {
        self.case.actions(&self.looking())
    }

    /// What a decision looks at here and now.
    #[must_use]
    pub fn looking(&self) -> Context<'_> {
        self.context(Happened::On(self.today.into()))
    }

    /// The actor's right: more than it was given where the aggregate itself says that the actor is her contact person.
    fn right(&self) -> Right {
        let relation = self.case.domain().relation();
        let tied = relation.is_some_and(|relation| relation.is_contact_person(&self.actor, self.today));
        if tied && self.role == Role::Worker { self.right.max(Right::Close) } else { self.right }
    }

    fn context(&self, happened: Happened) -> Context<'_> {
        Context {
            service: SERVICE,
            aggregate: AGGREGATE,
            now: crate::calendar::local(self.today.midnight()) + time::Duration::hours(12),
            today: self.today,
            actor: self.actor.clone(),
            role: self.role,
            right: self.right(),
            centre: CENTRE,
            key: key(self.commands),
            happened,
            due: None,
            responsible: Some(self.actor.clone()),
            deadlines: &self.deadlines,
            open: BTreeMap::new(),
            secret: Secret::new(Uuid::from_u128(7_000)),
            taken: self.taken,
            choice: self.choice,
            conflicts: BTreeSet::new(),
            answering: self.answering.clone(),
            leading: self.leading.clone(),
            unknown: self.unknown.clone(),
            word_checked: self.word_checked,
            corrects: false,
            made_with: BTreeSet::new(),
            heard: &self.heard,
        }
    }

    /// What the next command is decided in; by itself it has happened today.
    fn next(&self, happened: Option<Happened>) -> Context<'_> {
        let context = self.context(happened.unwrap_or(Happened::On(self.today.into())));
        Context { key: key(self.commands + 1), ..context }
    }

    /// The same for what is asked: an entry is taken back with what its command made beside it.
    fn asking(&self, ask: &Ask<D::Command>, happened: Option<Happened>) -> Context<'_> {
        let Ask::Common(Common::RecordedInError(error)) = ask else { return self.next(happened) };
        let command = self.made_by.get(&error.version);
        let same = self.made_by.iter().filter(|(version, by)| Some(*by) == command && **version != error.version);
        Context { made_with: same.map(|(version, _)| *version).collect(), ..self.next(happened) }
    }

    fn ask(mut self, ask: Ask<D::Command>, happened: Option<Happened>) -> Then<D> {
        let context = self.asking(&ask, happened);
        let outcome = self.case.decide(ask, None, &context);
        self.commands += 1;
        if let Ok(decided) = &outcome {
            for entry in &decided.entries {
                let facts = |fact: &D::Event| exposing(|| fact.to_facts()).expect("facts serialise");
                match &entry.what {
                    What::Fact(fact) => drop(self.clear.insert(self.case.version() + 1, facts(fact))),
                    What::Corrected { version, fact } => drop(self.clear.insert(*version, facts(fact))),
                    What::Common(_) => {}
                }
                let entry = stored(entry);
                self.case.apply(&entry);
                self.made_by.insert(self.case.version(), self.commands);
                self.entries.push(entry);
            }
        }
        Then { given: self, outcome }
    }
}

/// The entry as it comes back from the store: personal facts opened, narrative, identity and location closed.
fn stored<E: Events>(entry: &Entry<E>) -> Entry<E> {
    let facts = kept(entry, &[Class::Personal]);
    Entry::from_facts(entry.name(), facts, entry.happened, entry.facets.clone()).expect("stored facts read back")
}

/// The entry's facts with all classes sealed but these.
fn kept<E: Events>(entry: &Entry<E>, open: &[Class]) -> Value {
    let mut facts = exposing(|| entry.to_facts()).expect("facts serialise");
    replace(&mut facts, &|mark| {
        let class = mark.get("class").cloned().unwrap_or_default();
        let closed = json!({ crate::sealed::SEALED: { "class": class, "key": Uuid::nil(), "box": "" } });
        (!open.iter().any(|open| class == json!(open))).then_some(closed)
    });
    facts
}

/// Puts something else in the place of every open fact's mark, where there is something else.
fn replace(value: &mut Value, by: &impl Fn(&Value) -> Option<Value>) {
    if let Some(Stored::Open(mark)) = Stored::of(value) {
        if let Some(other) = by(mark) {
            *value = other;
        }
        return;
    }
    match value {
        Value::Object(members) => members.values_mut().for_each(|value| replace(value, by)),
        Value::Array(items) => items.iter_mut().for_each(|value| replace(value, by)),
        _ => {}
    }
}

impl<D: Decider> Then<D> {
    /// It stands; the case goes on from there.
    #[must_use]
    pub fn accepted(self) -> Given<D> {
        match self.outcome {
            Ok(_) => self.given,
            Err(refusal) => panic!("refused: {refusal}"),
        }
    }

    /// It stands with exactly these events.
    #[must_use]
    pub fn events(self, names: &[&str]) -> Self {
        let made: Vec<_> = self.decided().entries.iter().map(Entry::name).collect();
        assert_eq!(made, names);
        self
    }

    /// It stands with exactly these warnings.
    #[must_use]
    pub fn warns(self, codes: &[&str]) -> Self {
        assert_eq!(self.decided().warnings, codes);
        self
    }

    /// It is so already: it stands, and nothing happens.
    #[must_use]
    pub fn already(self) -> Self {
        self.events(&[])
    }

    /// It stands, and its last event weighs so.
    #[must_use]
    pub fn weighs(self, weight: Weight) -> Self {
        assert_eq!(self.decided().entries.last().map(|entry| entry.facets.weight), Some(weight));
        self
    }

    /// It stands with no change to any follow-up.
    #[must_use]
    pub fn leaves_follow_ups(self) -> Self {
        let changes: Vec<_> = self.decided().entries.iter().flat_map(|entry| &entry.facets.follow_ups).collect();
        assert!(changes.is_empty(), "{changes:?}");
        self
    }

    /// It is refused with this code.
    pub fn refused(self, code: &str) {
        let refusal = match self.outcome {
            Ok(decided) => panic!("not refused, but {:?}", decided.entries.iter().map(Entry::name).collect::<Vec<_>>()),
            Err(refusal) => refusal,
        };
        assert_eq!(refusal.code(), code);
    }

    /// It opens a follow-up due on a day; `None`: without a date.
    #[must_use]
    pub fn opens(self, key: &str, what: &str, due: Option<&str>) -> Self {
        let change = self.change(key, Change::Opened);
        assert_eq!(change.what.as_deref(), Some(what));
        assert_eq!(change.due, due.map(|due| due.parse::<DueBy>().expect("a due date")));
        self
    }

    /// It moves a follow-up to a day.
    #[must_use]
    pub fn moves(self, key: &str, due: &str) -> Self {
        assert_eq!(self.change(key, Change::Moved).due, Some(due.parse().expect("a due date")));
        self
    }

    /// It closes a follow-up.
    #[must_use]
    pub fn closes(self, key: &str) -> Self {
        self.change(key, Change::Closed);
        self
    }

    /// It opens a follow-up again.
    #[must_use]
    pub fn reopens(self, key: &str) -> Self {
        self.change(key, Change::Reopened);
        self
    }

    fn change(&self, key: &str, change: Change) -> FollowUpChange {
        let changes = self.decided().entries.iter().flat_map(|entry| &entry.facets.follow_ups).cloned();
        let changes: Vec<_> = changes.collect();
        let found = changes.iter().find(|found| found.key == key && found.change == change);
        found.cloned().unwrap_or_else(|| panic!("no {change:?} of {key} in {changes:?}"))
    }

    fn decided(&self) -> &Decided<D::Event> {
        match &self.outcome {
            Ok(decided) => decided,
            Err(refusal) => panic!("refused: {refusal}"),
        }
    }
}
