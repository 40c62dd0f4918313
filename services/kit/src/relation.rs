//! What ties a woman to a centre and its staff: what access to her follows from, as the people and aftercare services tell it.
//!
//! With what protects her ([`crate::protection`]) the only thing of domains that others must know. A relation is of one woman at one
//! centre; of other centres it knows nothing. Deliberately absent: what may be done with it ([`crate::access`]), and where it is kept (the
//! engine).

mod told;

pub use told::{Along, ArrivalId, Duty, DutyKind, Foreign, Received, Sign, StayId, Tie};

use crate::{ActorId, Day};
use std::collections::{BTreeMap, BTreeSet};
use time::{Date, Duration};

/// The services it is heard from.
pub const HEARS: &[&str] = &["people", "aftercare"];

/// The events of people that may take access away from somebody, and whatever corrects one or takes it back.
pub const REVOKES: &[&str] = &[
    "CentreRelocated",
    "ConflictOfInterestRecorded",
    "DutyEnded",
    "EntryCorrected",
    "PersonErased",
    "RecordedInError",
    "RelocationWithdrawn",
    "StayEnded",
    "WorkerAssigned",
    "WorkerChanged",
    "WorkerLeft",
    "WorkerReleased",
];

/// The service of what concerns her safety, which goes along where not everything does.
pub const SAFETY: &str = "safety";

/// How long a centre waits for her: after she was registered, was to come from elsewhere, or was offered aftercare. Nobody says that
/// nothing came of it, so it ends by itself.
pub const WAITS: Duration = Duration::days(90);

/// How near the centre is to her now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::VariantArray)]
pub enum Nearness {
    /// She is expected, lives there, or has its aftercare.
    Live,
    /// That is over: she may call, and come back.
    Past,
    /// She was forgotten.
    Erased,
}

/// What is heard of aftercare.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Aftercare {
    /// There is none.
    #[default]
    Over,
    /// It was offered then.
    Offered(Option<Day>),
    /// It goes on.
    Accepted,
}

/// One woman at one centre.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Relation {
    /// Why she is expected: she was registered (none), or comes from another centre. And since when.
    expected: BTreeMap<Option<ArrivalId>, Option<Day>>,
    moved_away: bool,
    stays: BTreeMap<StayId, bool>,
    aftercare: Aftercare,
    erased: bool,
    ties: BTreeMap<ActorId, (Tie, Option<Day>)>,
    conflicts: BTreeSet<ActorId>,
    received: Vec<Received>,
}

impl Relation {
    /// Out of all that was heard, in each service's order.
    #[must_use]
    pub fn of<'a>(signs: impl IntoIterator<Item = &'a Sign>) -> Self {
        let mut relation = Self::default();
        signs.into_iter().for_each(|sign| relation.take(sign));
        relation
    }

    /// Takes one more in.
    pub fn take(&mut self, sign: &Sign) {
        match sign {
            // Who came from elsewhere may be registered late: nobody is expected by that who has been here.
            Sign::Known(_) if !self.stays.is_empty() || self.moved_away => {}
            Sign::Known(recorded) => drop(self.expected.insert(None, *recorded)),
            Sign::Received(received) => {
                self.expected.insert(Some(received.arrival), received.recorded);
                self.conflicts.extend(received.conflicts.iter().cloned());
                self.received.push(received.clone());
            }
            // What this centre recorded itself stands, and so does who must see nothing of her.
            Sign::Withdrawn(arrival) => {
                self.expected.remove(&Some(*arrival));
                self.received.retain(|received| received.arrival != *arrival);
            }
            // A stay that is over stays over, whatever is recorded late.
            Sign::Began(stay) => {
                self.expected.clear();
                self.moved_away &= !*self.stays.entry(*stay).or_insert(true);
            }
            Sign::Ended(stay) => {
                self.expected.clear();
                self.stays.insert(*stay, false);
            }
            Sign::Left => {
                self.expected.clear();
                self.moved_away = true;
                self.stays.values_mut().for_each(|live| *live = false);
            }
            Sign::Tied { worker, role, until } => drop(self.ties.insert(worker.clone(), (*role, *until))),
            Sign::Untied(worker) => drop(self.ties.remove(worker)),
            Sign::Conflict(who) => drop(self.conflicts.insert(who.clone())),
            Sign::Conflicts(all) => self.conflicts.extend(all.iter().cloned()),
            Sign::ConflictOver(who) => drop(self.conflicts.remove(who)),
            // Offered once more, it goes on.
            Sign::Offered(_) if self.aftercare == Aftercare::Accepted => {}
            Sign::Offered(recorded) => self.aftercare = Aftercare::Offered(*recorded),
            // Something comes of the offer, though nobody recorded her answer.
            Sign::InTouch(recorded) => {
                if let Aftercare::Offered(since) = &mut self.aftercare {
                    *since = *recorded;
                }
            }
            Sign::Aftercare => self.aftercare = Aftercare::Accepted,
            Sign::AftercareOver => self.aftercare = Aftercare::Over,
            Sign::Erased => self.erased = true,
        }
    }

    /// The same, with what was heard of aftercare and of when everything was recorded: people knows its own part exactly, and hears the
    /// rest. What it has not heard was recorded just now, or is held back and will be heard.
    #[must_use]
    pub fn with_heard(mut self, heard: &Self) -> Self {
        self.aftercare = heard.aftercare;
        for (why, since) in &mut self.expected {
            *since = heard.expected.get(why).copied().flatten();
        }
        self
    }

    /// How near the centre is to her on a day.
    #[must_use]
    pub fn nearness(&self, today: Date) -> Nearness {
        let waits = |since: Option<Day>| since.is_none_or(|since| today - since.date() <= WAITS);
        let aftercare = match self.aftercare {
            Aftercare::Over => false,
            Aftercare::Offered(since) => waits(since),
            Aftercare::Accepted => true,
        };
        if self.erased {
            Nearness::Erased
        } else if aftercare || self.lives_here() || self.expected.values().copied().any(waits) {
            Nearness::Live
        } else {
            Nearness::Past
        }
    }

    /// Whether she was forgotten.
    #[must_use]
    pub fn is_erased(&self) -> bool {
        self.erased
    }

    /// Whether a stay of hers goes on.
    #[must_use]
    pub fn lives_here(&self) -> bool {
        self.stays.values().any(|live| *live)
    }

    /// Whether she went on to another centre, and has not lived here since. Where she is, nobody here reads.
    #[must_use]
    pub fn moved_away(&self) -> bool {
        self.moved_away
    }

    /// Whether she went on to another centre, and is not even expected back: what she asks is asked there.
    #[must_use]
    pub fn is_elsewhere(&self) -> bool {
        self.moved_away && self.expected.is_empty()
    }

    /// Whether somebody is her contact person on a day.
    #[must_use]
    pub fn is_contact_person(&self, actor: &ActorId, today: Date) -> bool {
        self.is_tied(actor, Tie::ContactPerson, today)
    }

    /// Whether somebody is this to her on a day.
    #[must_use]
    pub fn is_tied(&self, actor: &ActorId, tie: Tie, today: Date) -> bool {
        self.ties
            .get(actor)
            .is_some_and(|(role, until)| *role == tie && until.is_none_or(|until| until.date() >= today))
    }

    /// Whether she has one.
    #[must_use]
    pub fn has_contact_person(&self, today: Date) -> bool {
        self.ties.keys().any(|actor| self.is_contact_person(actor, today))
    }

    /// Whether somebody must see nothing of her.
    #[must_use]
    pub fn conflicts_with(&self, actor: &ActorId) -> bool {
        self.conflicts.contains(actor)
    }

    /// All who must see nothing of her.
    #[must_use]
    pub fn conflicts(&self) -> &BTreeSet<ActorId> {
        &self.conflicts
    }

    /// What came along from other centres.
    #[must_use]
    pub fn received(&self) -> &[Received] {
        &self.received
    }
}

#[cfg(test)]
mod tests;
