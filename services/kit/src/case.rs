//! A decider with what every case has: its opening, corrections, notes, and follow-ups that people move.
//!
//! Pure: it folds entries and decides commands. Deliberately absent: how entries are corrected and taken back ([`crate::correct`]), and
//! how they are sealed, stored and numbered (the engine).

pub use crate::ask::{Ask, CommonRejection, CommonWarning, Correction, Decided, Refusal};

use crate::{
    Class, Context, Decider, Facets,
    access::Right,
    amend,
    decider::{Claim, Decision},
    directory::Named,
    entry::{CaseOpened, Common, Entry, NoteWritten, What},
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
    pub(crate) version: u64,
    pub(crate) opened: Option<CaseOpened>,
    pub(crate) domain: D,
    pub(crate) recorded: Vec<Recorded<D::Event>>,
    pub(crate) follow_ups: BTreeMap<String, FollowUp>,
}

impl<D: Decider> Default for Case<D> {
    fn default() -> Self {
        Self { version: 0, opened: None, domain: D::default(), recorded: Vec::new(), follow_ups: BTreeMap::new() }
    }
}

/// What one version stands for now.
#[derive(Debug, Clone)]
pub(crate) struct Recorded<E> {
    pub(crate) standing: Standing<E>,
    /// As recorded or as last corrected.
    pub(crate) happened: Happened,
    pub(crate) changes: Vec<FollowUpChange>,
    /// The version that said what it does to each, by key: its own, or that of a correction.
    pub(crate) said: BTreeMap<String, u64>,
    /// The entry that says how it stands: itself, or its latest correction.
    pub(crate) said_by: u64,
}

#[derive(Debug, Clone)]
pub(crate) enum Standing<E> {
    /// A fact, as recorded or as last corrected.
    Fact(E),
    /// Taken back.
    InError,
    /// A note on an entry, or on the case: taken back alone, or with that entry.
    Note { on: Option<u64> },
    /// A correction of an entry.
    Correction { of: u64 },
    /// Another of the common events: nothing to correct.
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
pub(crate) type Placed<'a, D> = (usize, &'a Recorded<<D as Decider>::Event>);
pub(crate) type Outcome<D> = Result<Decided<<D as Decider>::Event>, Refusal<<D as Decider>::Rejection>>;

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
        if self.is_in_error() { Vec::new() } else { self.domain.actions(&self.seen_from(context)) }
    }

    /// Whether it was opened in error, and that was taken back.
    fn is_in_error(&self) -> bool {
        self.recorded.first().is_some_and(|opened| matches!(opened.standing, Standing::InError))
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
                if let Some(recorded) = place(*version).and_then(|place| self.recorded.get_mut(place)) {
                    (recorded.happened, recorded.said_by) = (entry.happened, self.version);
                }
                Standing::Correction { of: *version }
            }
            What::Common(Common::RecordedInError(error)) => {
                self.stand(error.version, Standing::InError, &entry.facets);
                Standing::Common
            }
            What::Common(Common::CaseOpened(opened)) => {
                self.opened.get_or_insert_with(|| opened.clone());
                Standing::Common
            }
            What::Common(Common::NoteWritten(note)) => Standing::Note { on: note.version },
            What::Common(_) => Standing::Common,
        };
        // What a correction or a retraction changed is part of the entry that it is about.
        let amends = matches!(entry.what, What::Corrected { .. } | What::Common(Common::RecordedInError(_)));
        let changes = if amends { Vec::new() } else { entry.facets.follow_ups.clone() };
        let said = changes.iter().map(|change| (change.key.clone(), self.version)).collect();
        self.recorded.push(Recorded { standing, happened: entry.happened, changes, said, said_by: self.version });
        for change in &entry.facets.follow_ups {
            amend::follow(&mut self.follow_ups, change);
        }
    }

    /// Puts another standing in the place of an entry's and folds the domain again without the original.
    pub(crate) fn stand(&mut self, version: u64, standing: Standing<D::Event>, facets: &Facets) {
        let Some(recorded) = place(version).and_then(|place| self.recorded.get_mut(place)) else { return };
        recorded.standing = standing;
        recorded.said.extend(facets.follow_ups.iter().map(|change| (change.key.clone(), self.version)));
        amend::merge(&mut recorded.changes, &facets.follow_ups);
        self.domain = self.folded(|_| true);
    }

    /// The domain folded from the entries at these places, as they stand.
    pub(crate) fn folded(&self, takes: impl Fn(usize) -> bool) -> D {
        let mut domain = D::default();
        for (place, recorded) in self.recorded.iter().enumerate() {
            match &recorded.standing {
                Standing::Fact(fact) if takes(place) => domain.evolve(fact),
                _ => {}
            }
        }
        domain
    }

    pub(crate) fn seen_from<'a>(&self, context: &Context<'a>) -> Context<'a> {
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
        // A rule may have chosen it just before.
        if self.is_in_error() && !context.by_rule() && !matches!(ask, Ask::Common(Common::RecordedInError(_))) {
            return Err(Refusal::Common(CommonRejection::CaseInError));
        }
        let mut decided = match ask {
            Ask::Open(opened) => Ok(common(Common::CaseOpened(opened), Facets::routine(), context)),
            Ask::Record(command) => self.record(command, context),
            Ask::Together(commands) => self.together(commands, context),
            Ask::Correct(correction) => self.correct(&correction, context),
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
            Ask::Correct(correction) => self.names_anew(correction),
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
    pub(crate) fn permits(&self, command: &D::Command, context: &Context<'_>) -> Result<(), Refusal<D::Rejection>> {
        let needed = self.domain.right(command, context);
        if context.right >= needed { Ok(()) } else { Err(Refusal::Common(CommonRejection::lacking(needed))) }
    }

    pub(crate) fn standing(&self, version: u64) -> Result<Placed<'_, D>, Refusal<D::Rejection>> {
        let found = place(version).and_then(|place| self.recorded.get(place).map(|recorded| (place, recorded)));
        found.ok_or(Refusal::Common(CommonRejection::NoSuchEntry))
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
            // Somebody else may have closed it for another reason.
            let told = (change.change == Change::Closed).then_some(CommonWarning::ClosedAlready.into());
            return Ok(Decided { entries: Vec::new(), warnings: told.into_iter().collect() });
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

pub(crate) fn common<E>(what: Common, facets: Facets, context: &Context<'_>) -> Decided<E> {
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
pub(crate) fn place(version: u64) -> Option<usize> {
    version.checked_sub(1).and_then(|place| usize::try_from(place).ok())
}

/// The worker's choice of holder on what a command opens, and of a date where it opens one thing alone: chosen for several, a
/// date could put off the one that must not wait.
pub(crate) fn chosen(facets: Vec<&mut Facets>, context: &Context<'_>) {
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

pub(crate) fn in_the_future(context: &Context<'_>) -> bool {
    match context.happened {
        Happened::At(moment) => context.to_come(DueBy::At(moment)),
        other => other.day().is_some_and(|day| context.to_come(DueBy::On(day))),
    }
}
