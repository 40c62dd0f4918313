//! A decider with what every case has: its opening, corrections, notes, and follow-ups that people move.
//!
//! Pure: it folds entries and decides commands. Deliberately absent: how entries are sealed, stored and numbered (the engine).

pub use crate::ask::{Ask, CommonRejection, Decided, Refusal};

use crate::{
    Class, Context, Decider, Facets,
    access::Right,
    amend,
    decider::{Amendable, Claim, Commands, Decision, Events},
    directory::Named,
    entry::{CaseOpened, Common, Entry, NoteWritten, RecordedInError, What},
    facets::{Change, FollowUpChange},
    ids::ActorId,
    sealed::{Narrative, Sealed, exposing},
    when::{DueBy, Happened},
};
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A case as folded from its entries.
#[derive(Debug, Clone)]
pub struct Case<D: Decider> {
    version: u64,
    opened: Option<CaseOpened>,
    domain: D,
    recorded: Vec<Recorded<D::Event>>,
    follow_ups: BTreeMap<String, FollowUp>,
}

impl<D: Decider> Default for Case<D> {
    fn default() -> Self {
        Self { version: 0, opened: None, domain: D::default(), recorded: Vec::new(), follow_ups: BTreeMap::new() }
    }
}

/// What one version stands for now.
#[derive(Debug, Clone)]
struct Recorded<E> {
    standing: Standing<E>,
    happened: Happened,
    changes: Vec<FollowUpChange>,
}

#[derive(Debug, Clone)]
enum Standing<E> {
    /// A fact, as recorded or as last corrected.
    Fact(E),
    /// Taken back.
    InError,
    /// One of the common events: nothing to correct.
    Common,
}

/// A follow-up as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FollowUp {
    /// What is to be done.
    pub what: String,
    /// By when.
    pub due: Option<DueBy>,
    /// The class of what the date derives from.
    pub class: Class,
    /// Who holds it.
    pub responsible: Option<ActorId>,
    /// Who opened it and must not deal with it.
    #[serde(skip)]
    pub not_by: Option<ActorId>,
    /// Whether it is open.
    pub open: bool,
}

/// An entry with its place.
type Placed<'a, D> = (usize, &'a Recorded<<D as Decider>::Event>);
/// An entry with its place, what it says, and the command with corrected facts.
type ToCorrect<'a, D> =
    (usize, &'a Recorded<<D as Decider>::Event>, &'a <D as Decider>::Event, <D as Decider>::Command);
type Outcome<D> = Result<Decided<<D as Decider>::Event>, Refusal<<D as Decider>::Rejection>>;

impl<D: Decider> Case<D> {
    /// How many events it has.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Its first event; `None` while it does not exist.
    #[must_use]
    pub fn opened(&self) -> Option<&CaseOpened> {
        self.opened.as_ref()
    }

    /// The domain's state.
    #[must_use]
    pub fn domain(&self) -> &D {
        &self.domain
    }

    /// All follow-ups there ever were, by key.
    #[must_use]
    pub fn follow_ups(&self) -> &BTreeMap<String, FollowUp> {
        &self.follow_ups
    }

    /// The domain's state as JSON, open facts marked for the engine to show or mask.
    pub fn state(&self) -> Result<Value, serde_json::Error> {
        exposing(|| serde_json::to_value(&self.domain))
    }

    /// What this case holds that it did not hold before, and the other way round.
    #[must_use]
    pub fn claims_since(&self, before: &Self) -> Vec<Claim> {
        let (held, holds) = (before.domain.claims(), self.domain.claims());
        let released = held.difference(&holds).cloned().map(Claim::Release);
        released.chain(holds.difference(&held).cloned().map(Claim::Take)).collect()
    }

    /// Actions likely now.
    #[must_use]
    pub fn actions(&self, context: &Context<'_>) -> Vec<&'static str> {
        self.domain.actions(&self.seen_from(context))
    }

    /// Takes an entry in. Total.
    pub fn apply(&mut self, entry: &Entry<D::Event>) {
        self.version += 1;
        let standing = match &entry.what {
            What::Fact(fact) => {
                self.domain.evolve(fact);
                Standing::Fact(fact.clone())
            }
            What::Corrected { version, fact } => {
                self.stand(*version, Standing::Fact(fact.clone()), &entry.facets);
                Standing::Common
            }
            What::Common(Common::RecordedInError(error)) => {
                self.stand(error.version, Standing::InError, &entry.facets);
                Standing::Common
            }
            What::Common(Common::CaseOpened(opened)) => {
                self.opened.get_or_insert_with(|| opened.clone());
                Standing::Common
            }
            What::Common(_) => Standing::Common,
        };
        // What a correction or a retraction changed is part of the entry that it is about.
        let amends = matches!(entry.what, What::Corrected { .. } | What::Common(Common::RecordedInError(_)));
        let changes = if amends { Vec::new() } else { entry.facets.follow_ups.clone() };
        self.recorded.push(Recorded { standing, happened: entry.happened, changes });
        for change in &entry.facets.follow_ups {
            amend::follow(&mut self.follow_ups, change);
        }
    }

    /// Puts another standing in the place of an entry's and folds the domain again without the original.
    fn stand(&mut self, version: u64, standing: Standing<D::Event>, facets: &Facets) {
        let Some(recorded) = place(version).and_then(|place| self.recorded.get_mut(place)) else { return };
        recorded.standing = standing;
        amend::merge(&mut recorded.changes, &facets.follow_ups);
        self.domain = self.folded(|_| true);
    }

    /// The domain folded from the entries at these places, as they stand.
    fn folded(&self, takes: impl Fn(usize) -> bool) -> D {
        let mut domain = D::default();
        for (place, recorded) in self.recorded.iter().enumerate() {
            match &recorded.standing {
                Standing::Fact(fact) if takes(place) => domain.evolve(fact),
                _ => {}
            }
        }
        domain
    }

    fn seen_from<'a>(&self, context: &Context<'a>) -> Context<'a> {
        let open = self.follow_ups.iter().filter(|(_, follow_up)| follow_up.open);
        let open = open.map(|(key, follow_up)| (key.clone(), follow_up.due)).collect();
        let mut conflicts = context.conflicts.clone();
        conflicts.extend(self.domain.relation().iter().flat_map(|own| own.conflicts().iter().cloned()));
        Context { open, conflicts, ..context.clone() }
    }

    /// The context with somebody to hold what is opened who may; a rule that names another leaves it to nobody.
    fn held_by(context: Context<'_>) -> Result<Context<'_>, Refusal<D::Rejection>> {
        if !context.responsible.as_ref().is_some_and(|holder| context.conflicts.contains(holder)) {
            Ok(context)
        } else if context.by_rule() {
            Ok(Context { responsible: None, ..context })
        } else {
            Err(Refusal::Common(CommonRejection::ConflictOfInterest))
        }
    }

    /// Decides what is asked. A note is recorded behind the entry it stands on.
    pub fn decide(&self, ask: Ask<D::Command>, note: Option<Narrative>, context: &Context<'_>) -> Outcome<D> {
        self.are_known(&ask, context)?;
        let context = &Self::held_by(self.seen_from(context))?;
        if in_the_future(context) {
            return Err(Refusal::Common(CommonRejection::InTheFuture));
        }
        let mut decided = match ask {
            Ask::Open(opened) => Ok(common(Common::CaseOpened(opened), Facets::routine(), context)),
            Ask::Record(command) => self.record(command, context),
            Ask::Together(commands) => self.together(commands, context),
            Ask::Correct { version, facts, when } => self.correct(version, facts, when, context),
            Ask::Common(Common::RecordedInError(error)) => self.take_back(error, context),
            Ask::Common(asked) => self.common(asked, context),
        }?;
        if let Some(text) = note {
            let version = (!decided.entries.is_empty()).then_some(self.version + 1);
            let note = Common::NoteWritten(NoteWritten { version, text });
            decided.entries.extend(common(note, Facets::routine(), context).entries);
        }
        let forbidden =
            decided.entries.iter().find_map(|entry| exposing(|| entry.to_facts()).ok().and_then(forbidden::<D>));
        forbidden.map_or(Ok(decided), |rejection| Err(Refusal::Domain(rejection)))
    }

    /// Whom and which centres something asked names. A correction names those alone whom the entry did not name before: they may have left
    /// meanwhile.
    #[must_use]
    pub fn names(&self, ask: &Ask<D::Command>) -> BTreeSet<Named> {
        match ask {
            Ask::Record(command) => D::names(command).into_iter().collect(),
            Ask::Together(commands) => commands.iter().flat_map(D::names).collect(),
            Ask::Correct { version, facts, .. } => {
                let Ok((_, _, original, command)) = self.corrected(*version, facts.clone()) else {
                    return BTreeSet::new();
                };
                let before = D::names(&D::Command::again(original.clone()));
                D::names(&command).into_iter().filter(|named| !before.contains(named)).collect()
            }
            Ask::Common(Common::FollowUpAssigned(assigned)) => [Named::Worker(assigned.responsible.clone())].into(),
            Ask::Open(_) | Ask::Common(_) => BTreeSet::new(),
        }
    }

    /// Refuses what names somebody, or a centre, that the directory does not hold.
    fn are_known(&self, ask: &Ask<D::Command>, context: &Context<'_>) -> Result<(), Refusal<D::Rejection>> {
        let holder = context.responsible.iter().cloned().map(Named::Worker);
        for named in self.names(ask).into_iter().chain(holder).filter(|named| context.unknown.contains(named)) {
            match named {
                Named::Worker(_) => return Err(Refusal::Common(CommonRejection::UnknownWorker)),
                Named::Centre(_) => return Err(Refusal::Common(CommonRejection::UnknownCentre)),
                Named::Anybody(_) => {}
            }
        }
        Ok(())
    }

    fn record(&self, command: D::Command, context: &Context<'_>) -> Outcome<D> {
        self.permits(&command, context)?;
        let Decision { events, warnings } = self.domain.decide(command, context).map_err(Refusal::Domain)?;
        let mut after = self.domain.clone();
        let mut entries = Vec::with_capacity(events.len());
        for event in events {
            after.evolve(&event);
            let facets = after.facets(&event, context);
            entries.push(Entry { what: What::Fact(event), happened: context.happened, facets });
        }
        chosen(entries.iter_mut().map(|entry| &mut entry.facets).collect(), context);
        Ok(Decided { entries, warnings: warnings.into_iter().map(Into::into).collect() })
    }

    fn together(&self, commands: Vec<D::Command>, context: &Context<'_>) -> Outcome<D> {
        let mut all = Decided { entries: Vec::new(), warnings: Vec::new() };
        let mut case = self.clone();
        for command in commands {
            let decided = case.record(command, &case.seen_from(context))?;
            decided.entries.iter().for_each(|entry| case.apply(entry));
            all.entries.extend(decided.entries);
            all.warnings.extend(decided.warnings);
        }
        Ok(all)
    }

    /// Refuses a command whose right the actor does not have.
    fn permits(&self, command: &D::Command, context: &Context<'_>) -> Result<(), Refusal<D::Rejection>> {
        let needed = self.domain.right(command, context);
        if context.right >= needed { Ok(()) } else { Err(Refusal::Common(CommonRejection::lacking(needed))) }
    }

    fn standing(&self, version: u64) -> Result<Placed<'_, D>, Refusal<D::Rejection>> {
        let found = place(version).and_then(|place| self.recorded.get(place).map(|recorded| (place, recorded)));
        found.ok_or(Refusal::Common(CommonRejection::NoSuchEntry))
    }

    /// An entry that is to be corrected, with its place, what it says, and what would have recorded it with the corrected facts.
    fn corrected(&self, version: u64, facts: Value) -> Result<ToCorrect<'_, D>, Refusal<D::Rejection>> {
        let (place, recorded) = self.standing(version)?;
        let original = match &recorded.standing {
            Standing::Fact(fact) if D::amendable(fact) == Amendable::Always => fact,
            Standing::InError => return Err(Refusal::Common(CommonRejection::RecordedInErrorAlready)),
            _ => return Err(Refusal::Common(CommonRejection::NotCorrectable)),
        };
        let facts = amend::keep_ids(original, facts);
        let command = D::Command::action_of(original.name()).and_then(|action| D::Command::read(&action, facts));
        let command = command.ok_or(Refusal::Common(CommonRejection::NotCorrectable))?.map_err(Refusal::Fact)?;
        Ok((place, recorded, original, command))
    }

    fn correct(&self, version: u64, facts: Value, when: Option<Happened>, context: &Context<'_>) -> Outcome<D> {
        let (place, recorded, original, command) = self.corrected(version, facts)?;
        let context = &Context { happened: when.unwrap_or(recorded.happened), ..context.clone() };
        if in_the_future(context) {
            return Err(Refusal::Common(CommonRejection::InTheFuture));
        }
        for command in [&D::Command::again(original.clone()), &command] {
            self.permits(command, context)?;
        }
        // The corrected facts obey the rules that held before the original, and get on with what came later as well as it did.
        let then = &Context { happened: recorded.happened, ..context.clone() };
        let others = self.folded(|other| other != place);
        if let Err(refusal) = others.decide(command.clone(), context)
            && others.decide(D::Command::again(original.clone()), then).is_ok()
        {
            return Err(Refusal::Domain(refusal));
        }
        let before = self.folded(|other| other < place);
        let decision = match before.decide(command.clone(), context) {
            // What has changed around the case since refuses the original too.
            Err(_) if before.decide(D::Command::again(original.clone()), then).is_err() => {
                Decision::event(command.record())
            }
            decided => decided.map_err(Refusal::Domain)?,
        };
        let fact = decision.events.into_iter().find(|event| event.name() == original.name());
        let fact = fact.ok_or(Refusal::Common(CommonRejection::NothingLeft))?;
        let mut after = self.clone();
        after.stand(version, Standing::Fact(fact.clone()), &Facets::default());
        self.stays_sound(&after)?;
        // Both looked at from today, so that what came later (an extension, an answer) weighs in both; and with what the entry itself
        // has ended still open, for it may be that it should not have.
        let ended = recorded.changes.iter().filter(|change| change.change == Change::Closed);
        let ended =
            ended.map(|change| (change.key.clone(), self.follow_ups.get(&change.key).and_then(|known| known.due)));
        let mut open = context.open.clone();
        open.extend(ended);
        let (then, context) = (&Context { open: open.clone(), ..then.clone() }, &Context { open, ..context.clone() });
        let was = self.domain.facets(original, then);
        let is = after.domain.facets(&fact, context);
        let follow_ups = self.amended(place, &was.follow_ups, &is.follow_ups);
        let mut facets = Facets { follow_ups, ..is };
        chosen(vec![&mut facets], context);
        let entry = Entry { what: What::Corrected { version, fact }, happened: context.happened, facets };
        let warnings = decision.warnings.into_iter().map(Into::into).collect();
        Ok(Decided { entries: vec![entry], warnings })
    }

    fn take_back(&self, error: RecordedInError, context: &Context<'_>) -> Outcome<D> {
        let (place, recorded) = self.standing(error.version)?;
        match &recorded.standing {
            Standing::Fact(fact) if D::amendable(fact) != Amendable::Never => {
                self.permits(&D::Command::again(fact.clone()), context)?;
            }
            Standing::InError => return Ok(Decided { entries: Vec::new(), warnings: Vec::new() }),
            _ => return Err(Refusal::Common(CommonRejection::NotCorrectable)),
        }
        let mut after = self.clone();
        after.stand(error.version, Standing::InError, &Facets::default());
        self.stays_sound(&after)?;
        let facets = Facets { follow_ups: self.amended(place, &recorded.changes, &[]), ..Facets::routine() };
        Ok(common(Common::RecordedInError(error), facets, context))
    }

    /// Refuses what would make a sound case unsound.
    fn stays_sound(&self, after: &Self) -> Result<(), Refusal<D::Rejection>> {
        if self.domain.sound().is_err() { Ok(()) } else { after.domain.sound().map_err(Refusal::Domain) }
    }

    /// What must happen to follow-ups when the entry at `place` turns from one that does `was` into one that does `is`.
    fn amended(&self, place: usize, was: &[FollowUpChange], is: &[FollowUpChange]) -> Vec<FollowUpChange> {
        let made: &[FollowUpChange] = self.recorded.get(place).map_or(&[], |recorded| &recorded.changes);
        let mut without = BTreeMap::new();
        for (other, recorded) in self.recorded.iter().enumerate() {
            if other != place && !matches!(recorded.standing, Standing::InError) {
                let begins = matches!(recorded.standing, Standing::Fact(_));
                recorded.changes.iter().for_each(|change| amend::stand(&mut without, &self.follow_ups, change, begins));
            }
        }
        amend::amended(&self.follow_ups, &without, made, was, is)
    }

    fn common(&self, asked: Common, context: &Context<'_>) -> Outcome<D> {
        let change = match &asked {
            Common::NoteWritten(note) => {
                if let Some(version) = note.version {
                    self.standing(version)?;
                }
                return Ok(common(asked, Facets::routine(), context));
            }
            Common::FollowUpMoved(moved) => {
                FollowUpChange { due: moved.due.open().copied(), ..FollowUpChange::new(&moved.key, Change::Moved) }
            }
            Common::FollowUpAssigned(assigned) if context.conflicts.contains(&assigned.responsible) => {
                return Err(Refusal::Common(CommonRejection::ConflictOfInterest));
            }
            Common::FollowUpAssigned(assigned) => FollowUpChange {
                responsible: Some(assigned.responsible.clone()),
                ..FollowUpChange::new(&assigned.key, Change::Assigned)
            },
            Common::FollowUpClosed(closed) => FollowUpChange::closed(&closed.key),
            Common::FollowUpReopened(reopened) => FollowUpChange::new(&reopened.key, Change::Reopened)
                .due_on(reopened.due.as_ref().and_then(Sealed::open)),
            // The engine routes these elsewhere; as a plain request they are nothing.
            Common::CaseOpened(_) | Common::RecordedInError(_) => {
                return Ok(Decided { entries: Vec::new(), warnings: Vec::new() });
            }
        };
        let follow_up = self.follow_ups.get(&change.key).ok_or(Refusal::Common(CommonRejection::NoSuchFollowUp))?;
        may_deal_with(follow_up, &change, context).map_err(Refusal::Common)?;
        // Its date stays of the class it was opened with.
        let change = FollowUpChange { class: follow_up.class, ..change };
        let so_already = match change.change {
            Change::Closed => !follow_up.open,
            Change::Reopened => follow_up.open && change.due.is_none(),
            Change::Assigned => follow_up.open && follow_up.responsible == change.responsible,
            _ => follow_up.open && follow_up.due == change.due,
        };
        if so_already {
            return Ok(Decided { entries: Vec::new(), warnings: Vec::new() });
        }
        if !follow_up.open && change.change != Change::Reopened {
            return Err(Refusal::Common(CommonRejection::FollowUpNotOpen));
        }
        Ok(common(asked, Facets::routine().with(change), context))
    }
}

/// What tells the others of an act is dealt with by whoever holds it, and by those who are close to her. Whoever acted only names another
/// one who is to.
fn may_deal_with(follow_up: &FollowUp, change: &FollowUpChange, context: &Context<'_>) -> Result<(), CommonRejection> {
    let Some(opener) = follow_up.not_by.as_ref().filter(|_| !context.by_rule()) else { return Ok(()) };
    let names_another = change.change == Change::Assigned && change.responsible.as_ref() != Some(opener);
    if *opener == context.actor && !names_another {
        return Err(CommonRejection::NotByWhoeverDidIt);
    }
    let holds = follow_up.responsible.as_ref() == Some(&context.actor);
    if holds || context.right >= Right::Close { Ok(()) } else { Err(CommonRejection::NeedsClose) }
}

fn common<E>(what: Common, facets: Facets, context: &Context<'_>) -> Decided<E> {
    let entry = Entry { what: What::Common(what), happened: context.happened, facets };
    Decided { entries: vec![entry], warnings: Vec::new() }
}

/// Why a text anywhere in these facts may not stand here.
fn forbidden<D: Decider>(facts: Value) -> Option<D::Rejection> {
    match facts {
        Value::String(text) => D::forbids(&text),
        Value::Array(items) => items.into_iter().find_map(forbidden::<D>),
        Value::Object(members) => members.into_iter().find_map(|(_, value)| forbidden::<D>(value)),
        _ => None,
    }
}

/// A version's place in the list of entries.
fn place(version: u64) -> Option<usize> {
    version.checked_sub(1).and_then(|place| usize::try_from(place).ok())
}

/// The worker's choice of holder on what a command opens, and of a date where it opens one thing alone: chosen for several, a
/// date could put off the one that must not wait.
fn chosen(facets: Vec<&mut Facets>, context: &Context<'_>) {
    let changes = facets.into_iter().flat_map(|facets| &mut facets.follow_ups);
    let mut opened: Vec<_> = changes.filter(|change| change.change == Change::Opened).collect();
    let due = context.due.filter(|_| opened.len() == 1);
    for change in &mut opened {
        if due.is_some() {
            change.due = due;
            change.basis = None;
        }
        if change.others {
            change.not_by = Some(context.actor.clone());
        }
        if change.responsible.is_none() {
            let others = change.others;
            change.responsible = context.responsible.clone().filter(|holder| !others || *holder != context.actor);
        }
    }
}

fn in_the_future(context: &Context<'_>) -> bool {
    match context.happened {
        Happened::At(_) => context.happened.instant().is_some_and(|instant| instant > context.now),
        other => other.day().is_some_and(|day| day.date() > context.today),
    }
}
