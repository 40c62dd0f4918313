//! What a domain is: facts in, a decision out, state folded from events. All of it pure.
//!
//! Deliberately absent: versions, corrections, notes and the moving of follow-ups, which [`crate::Case`] adds to every domain alike.

use crate::{
    ActorId, AggregateId, CentreId, Facets, Happened,
    access::{Right, Role},
    contract::EntryDescription,
    deadlines::Deadlines,
    directory::Named,
    facts::BadFact,
    ids::{Secret, derive_id},
    relation::Relation,
    when::DueBy,
};
use serde::Serialize;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Debug,
};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

/// A kind of aggregate: how it decides and what it becomes.
pub trait Decider: Clone + Default + Serialize + Send + Sync + 'static {
    /// The aggregate's type: `case`.
    const TYPE: &'static str;
    /// Its place in URLs: `cases`.
    const PLURAL: &'static str;
    /// How one comes to be.
    const BEGINS: Begins = Begins::ForAWoman;
    /// What can be asked of it.
    type Command: Commands<Event = Self::Event>;
    /// What can have happened to it.
    type Event: Events;
    /// Why a command is refused.
    type Rejection: std::error::Error + Code;
    /// What a worker is told beside a decision that stands.
    type Warning: Code;
    /// What its follow-ups ask for.
    type FollowUp: Code;

    /// Decides a command. An empty decision means that it is so already.
    fn decide(&self, command: Self::Command, context: &Context<'_>) -> Result<Decision<Self>, Self::Rejection>;
    /// The right that a command needs in this state: its row's, unless it is about the actor alone or reaches further than others of its
    /// kind. Asked of the state as it is, before anything else. Correcting an entry and taking it back need the same, or either would be
    /// the way around: a correction is asked for the entry as it was and as it becomes.
    fn right(&self, command: &Self::Command, context: &Context<'_>) -> Right {
        let _ = context;
        command.right()
    }
    /// Takes an event in. Total: whatever is stored can be folded.
    fn evolve(&mut self, event: &Self::Event);
    /// The actions that are likely now. What it lists is never refused for the state's sake.
    fn actions(&self, context: &Context<'_>) -> Vec<&'static str>;
    /// What readers need to know of an event. `self` is the state after it.
    fn facets(&self, event: &Self::Event, context: &Context<'_>) -> Facets;
    /// What this aggregate holds of which there is one among all aggregates of its service at its centre (an alarm's loan). The difference that a
    /// command makes is taken and given back with its events. Where another holds what a command would take, it is decided again with
    /// the next [`Context::choice`], and refused where it would take the same.
    fn claims(&self) -> BTreeSet<String> {
        BTreeSet::new()
    }
    /// Why a command is refused that would take what another aggregate holds, where it has a word of its own for that; else it is
    /// [`crate::case::CommonRejection::ClaimTaken`].
    #[must_use]
    fn claimed(claim: &str) -> Option<Self::Rejection> {
        let _ = claim;
        None
    }
    /// Whether there is one of this among all centres, and not one at each: for what each may know that the others have.
    #[must_use]
    fn is_one_of_all(claim: &str) -> bool {
        let _ = claim;
        false
    }
    /// What whoever holds this is told when another centre takes the same for another woman, as a command of a rule to the aggregate
    /// that holds it; the other centre is told nothing. `None`: nobody is told.
    #[must_use]
    fn warned_of(claim: &str) -> Option<Self::Command> {
        let _ = claim;
        None
    }
    /// Why a text may stand nowhere in the service's entries (an account number). Asked for every text of facts and notes.
    #[must_use]
    fn forbids(text: &str) -> Option<Self::Rejection> {
        let _ = text;
        None
    }
    /// What this command would take that several aggregates may hold (a companion's day): the claims of others that begin with it are
    /// looked up, and [`Context::taken`] tells.
    #[must_use]
    fn shares(command: &Self::Command, context: &Context<'_>) -> Option<String> {
        let _ = (command, context);
        None
    }
    /// Whether a command says that she was recognised by her code word: then it is looked up whether the actor has checked it, and
    /// [`Context::word_checked`] tells.
    #[must_use]
    fn by_code_word(command: &Self::Command) -> bool {
        let _ = command;
        false
    }
    /// Refuses a state that no entry may lead to, and that an entry corrected or taken back could (one alarm on two loans). Asked of the
    /// state after either, where the one before was sound.
    fn sound(&self) -> Result<(), Self::Rejection> {
        Ok(())
    }
    /// What may be done to an entry once it stands. Nearly all may be corrected and taken back: people mistake themselves.
    #[must_use]
    fn amendable(event: &Self::Event) -> Amendable {
        let _ = event;
        Amendable::Always
    }
    /// Whether a command cannot be undone and rests on what was heard. Then what the others have recorded by now must have been heard, or
    /// it is not known.
    #[must_use]
    fn irrevocable(command: &Self::Command) -> bool {
        let _ = command;
        false
    }
    /// Whether a command goes by who answers for the house: then [`Context::answering`] is looked up.
    #[must_use]
    fn asks_who_answers(command: &Self::Command) -> bool {
        let _ = command;
        false
    }
    /// Whom and which centres a command names: they are looked up in the directory of staff and centres, and what is not there is refused,
    /// or [`Context::names_stranger`] tells.
    #[must_use]
    fn names(command: &Self::Command) -> Vec<Named> {
        let _ = command;
        Vec::new()
    }
    /// The configured deadlines its facets use; checked at start.
    #[must_use]
    fn deadlines() -> &'static [&'static str] {
        &[]
    }
    /// What access to her follows from, as far as this aggregate itself says it. `None`: it is as the service has heard.
    fn relation(&self) -> Option<Relation> {
        None
    }
}

/// What may be done to an entry once it stands, see [`Decider::amendable`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amendable {
    /// It is corrected and taken back.
    Always,
    /// It is taken back, and recorded anew: who recorded it, or what it was decided by, is part of it (a rule's own entry).
    TakenBackOnly,
    /// Neither: what it did cannot be undone (keys that are gone).
    Never,
}

/// How an aggregate comes to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begins {
    /// For a woman who is known: `POST /v1/cases` names her.
    ForAWoman,
    /// With the entry of this action, which makes her: her id comes from the key, and in URLs the aggregate is named by her.
    WithAWoman(&'static str),
    /// With the entry of this action, and about nobody.
    AboutNobody(&'static str),
}

impl Begins {
    /// The action that begins one.
    #[must_use]
    pub const fn action(self) -> &'static str {
        match self {
            Self::ForAWoman => "open-case",
            Self::WithAWoman(action) | Self::AboutNobody(action) => action,
        }
    }
}

/// What a decider decided.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision<D: Decider> {
    /// What happens; empty where it is so already.
    pub events: Vec<D::Event>,
    /// What the worker is told.
    pub warnings: Vec<D::Warning>,
}

impl<D: Decider> Decision<D> {
    /// One event, nothing to say.
    pub fn event(event: D::Event) -> Self {
        Self { events: vec![event], warnings: Vec::new() }
    }

    /// It is so already.
    #[must_use]
    pub fn already() -> Self {
        Self { events: Vec::new(), warnings: Vec::new() }
    }

    /// Adds a warning where it applies.
    #[must_use]
    pub fn warn_if(mut self, applies: bool, warning: D::Warning) -> Self {
        if applies {
            self.warnings.push(warning);
        }
        self
    }
}

/// How many actions are suggested at most.
const SUGGESTIONS: usize = 6;

/// How fast a client's clock may be: what it says happened just now is not to come.
const FAST: time::Duration = time::Duration::minutes(5);

/// The first of the actions that are likely, in the order of a list in which each says whether it is.
pub fn suggested(likely: impl IntoIterator<Item = (bool, &'static str)>) -> Vec<&'static str> {
    likely.into_iter().filter_map(|(likely, action)| likely.then_some(action)).take(SUGGESTIONS).collect()
}

/// A change to what an aggregate holds, see [`Decider::claims`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// Takes it, where no other aggregate holds it.
    Take(String),
    /// Gives it back.
    Release(String),
}

/// A stable snake_case code, and all there are: what clients switch on and labels are written for.
pub trait Code: Clone + PartialEq + Debug + Send + Sync + Into<&'static str> + strum::VariantNames + 'static {}
impl<T: Clone + PartialEq + Debug + Send + Sync + Into<&'static str> + strum::VariantNames + 'static> Code for T {}

/// The events of a decider, as [`crate::entries!`] makes them.
pub trait Events: Clone + PartialEq + Debug + Send + Sync + Sized + 'static {
    /// The event type's name: `HousingOfferMade`.
    fn name(&self) -> &'static str;
    /// The version of its schema.
    fn schema_version(&self) -> u16;
    /// Its facts as JSON; open facts come out marked, so it works only inside [`crate::sealed::exposing`].
    fn to_facts(&self) -> Result<Value, serde_json::Error>;
    /// An event from stored facts of today's version.
    fn from_facts(name: &str, facts: Value) -> Result<Self, serde_json::Error>;
    /// Brings stored facts of an earlier version to today's; whatever of them is open comes out marked. A version that is still to
    /// come is an error: a newer program wrote it.
    fn upcast(name: &str, version: u16, facts: Value) -> Result<Value, serde_json::Error>;
}

/// The commands of a decider, as [`crate::entries!`] makes them.
pub trait Commands: Clone + Debug + Send + Sync + Sized + 'static {
    /// What they become.
    type Event: Events;
    /// A command from a client's facts; `None` where there is no such action.
    fn read(action: &str, facts: Value) -> Option<Result<Self, BadFact>>;
    /// The same from facts that stand already, some of which may be erased.
    fn read_again(action: &str, facts: Value) -> Option<Result<Self, BadFact>>;
    /// The event that records this command, with the same facts.
    fn record(self) -> Self::Event;
    /// The command that would record this event.
    fn again(event: Self::Event) -> Self;
    /// The right that its row in the table names.
    fn right(&self) -> Right;
    /// The action that records an event type.
    fn action_of(event: &str) -> Option<String>;
    /// Every entry: action, event, schema, sharing.
    fn describe() -> Vec<EntryDescription>;
}

/// All that a decision may look at besides the state: looked up by the engine, put here as values.
#[derive(Debug, Clone)]
pub struct Context<'a> {
    /// The service.
    pub service: &'a str,
    /// The aggregate decided about.
    pub aggregate: AggregateId,
    /// Now.
    pub now: OffsetDateTime,
    /// Today in Copenhagen.
    pub today: Date,
    /// Who acts.
    pub actor: ActorId,
    /// What the actor is: [`Role::Service`] where a rule acts.
    pub role: Role,
    /// The highest right to write that the actor has here.
    pub right: Right,
    /// The actor's centre.
    pub centre: CentreId,
    /// The command's key.
    pub key: Uuid,
    /// When what is recorded happened.
    pub happened: Happened,
    /// By when the follow-up it opens is due, where the worker chose.
    pub due: Option<DueBy>,
    /// Who holds what it opens; the actor unless somebody else was named.
    pub responsible: Option<ActorId>,
    /// The configured deadlines.
    pub deadlines: &'a Deadlines,
    /// The follow-ups that are open in this aggregate by key, with their dates; [`crate::Case`] fills it in.
    pub open: BTreeMap<String, Option<DueBy>>,
    /// The service's own secret, see [`Secret::opaque`].
    pub secret: Secret,
    /// Whether another aggregate holds what the command would share, see [`Decider::shares`].
    pub taken: bool,
    /// Which choice it is of what the service makes itself and there is one of (an alias): counted on as long as another aggregate holds
    /// what was made.
    pub choice: u32,
    /// Who must see nothing of her, and so holds nothing of hers.
    pub conflicts: BTreeSet<ActorId>,
    /// Who answers for the house now besides the actor, as far as is known; looked up where [`Decider::asks_who_answers`].
    pub answering: BTreeSet<ActorId>,
    /// Those among them who lead the centre, as the directory has it.
    pub leading: BTreeSet<ActorId>,
    /// What the command names that the directory of staff and centres does not hold, see [`Decider::names`].
    pub unknown: BTreeSet<Named>,
    /// Whether the actor has just checked her code word, and it was right, see [`Decider::by_code_word`].
    pub word_checked: bool,
    /// Whether an earlier entry is corrected: what is left out stays out, so nothing is added as to a new entry. What follows from other
    /// facts is derived again.
    pub corrects: bool,
    /// The entries that the command which made the entry now taken back made with it, by version.
    pub made_with: BTreeSet<u64>,
    /// What this service has heard of her from others, by policy name; none where that is not whole.
    pub heard: &'a BTreeMap<String, Option<Value>>,
}

impl Context<'_> {
    /// A new id: the same when the command is sent again.
    #[must_use]
    pub fn new_id(&self, index: usize) -> Uuid {
        derive_id(&[
            self.service,
            &self.aggregate.to_string(),
            self.actor.as_str(),
            &self.key.to_string(),
            &index.to_string(),
        ])
    }

    /// Whether a follow-up is open.
    #[must_use]
    pub fn is_open(&self, key: &str) -> bool {
        self.open.contains_key(key)
    }

    /// Whether a rule of this service acts, and not a person.
    #[must_use]
    pub fn by_rule(&self) -> bool {
        self.role == Role::Service
    }

    /// Whether a command names somebody whom the directory does not hold: worth a warning, where it may be somebody else.
    #[must_use]
    pub fn names_stranger<D: Decider>(&self, command: &D::Command) -> bool {
        D::names(command).iter().any(|named| self.unknown.contains(named))
    }

    /// The latest instant that is not to come: a client's clock may be fast.
    #[must_use]
    pub fn latest(&self) -> OffsetDateTime {
        self.now + FAST
    }

    /// Whether a day, or a minute, that a fact names is still to come.
    #[must_use]
    pub fn to_come(&self, when: DueBy) -> bool {
        match when {
            DueBy::On(day) => day.date() > crate::calendar::day_in_copenhagen(self.latest()).max(self.today),
            DueBy::At(moment) => moment.instant() > self.latest(),
        }
    }

    /// The day it happened; `None` where unknown.
    #[must_use]
    pub fn day(&self) -> Option<Date> {
        self.happened.day().map(crate::Day::date)
    }

    /// What a policy of this service has heard of her so far. `None`: it is not whole yet, or does not read, and what depends on it is
    /// not known to be safe.
    #[must_use]
    pub fn heard<P: crate::Policy>(&self) -> Option<P::Heard> {
        let Some(heard) = self.heard.get(P::NAME) else { return Some(P::Heard::default()) };
        serde_json::from_value(heard.clone()?).ok()
    }
}
