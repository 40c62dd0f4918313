//! What ties a woman to a centre and its staff: what access to her follows from, as the people and aftercare services tell it.
//!
//! With what protects her ([`crate::protection`]) the only thing of domains that others must know. Deliberately absent: what may be done with it ([`crate::access`]), and where
//! it is kept (the engine). A relation is of one woman at one centre; of other centres it knows nothing.

use crate::{ActorId, CentreId, ChildId, Day, Moment, Personal};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use time::{Date, Duration};

/// The services it is heard from.
pub const HEARS: &[&str] = &["people", "aftercare"];

/// The service of what concerns her safety, which goes along where not everything does.
pub const SAFETY: &str = "safety";

/// How long a centre waits for her: after she was registered, was to come from elsewhere, or was offered aftercare. Nobody says that
/// nothing came of it, so it ends by itself.
pub const WAITS: Duration = Duration::days(90);

crate::ids! {
    /// A stay of hers.
    StayId;
    /// Her coming from another centre, as what was recorded there tells of it.
    ArrivalId;
}

use crate as kit;
crate::choices! {
    /// What goes along when she moves to another centre.
    Along {
        /// Everything that was recorded here.
        All,
        /// What is open, and what concerns her safety.
        OpenTasksAndSafety,
        /// Nothing.
        Nothing,
    }
    /// What somebody is to her.
    Tie {
        /// Her contact person.
        ContactPerson,
        /// Helps with single tasks.
        Volunteer,
    }
    /// Why somebody is at work beside those who are employed, or answers for all who are there.
    DutyKind {
        /// On duty: answers for every woman at the centre.
        OnDuty,
        /// A temp: works like those who are employed, until then.
        Temp,
    }
}

/// What access needs of the events it hears.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "event", content = "facts")]
pub enum Foreign {
    /// People: she is known to the centre.
    WomanRegistered {},
    /// People: she came from another centre, and this came along.
    RelocationReceived {
        /// Which coming it is.
        #[serde(default)]
        arrival: ArrivalId,
        /// From which.
        from: CentreId,
        /// What came along.
        along: Along,
        /// What had been recorded there by then.
        until: Moment,
        /// Who must see nothing of her.
        conflicts: Option<Vec<ActorId>>,
    },
    /// People: that she would come was a mistake.
    RelocationWithdrawn {
        /// Which coming.
        arrival: ArrivalId,
    },
    /// People: she moved in.
    StayStarted {
        /// The stay.
        stay: StayId,
    },
    /// People: she moved out.
    StayEnded {
        /// The stay.
        stay: StayId,
    },
    /// People: she moved to another centre.
    CentreRelocated {},
    /// People: somebody is tied to her.
    WorkerAssigned {
        /// Who.
        worker: Personal<ActorId>,
        /// As what.
        role: Tie,
        /// Until when, its last day included.
        until: Option<Personal<Day>>,
    },
    /// People: and is not any more.
    WorkerReleased {
        /// Who.
        worker: Personal<ActorId>,
    },
    /// People: somebody must not come near what is hers.
    ConflictOfInterestRecorded {
        /// Who.
        who: ActorId,
    },
    /// People: she was forgotten, or a child of hers was.
    PersonErased {
        /// The child.
        child: Option<ChildId>,
    },
    /// Aftercare: it was offered, and may be taken.
    AftercareOffered {},
    /// Aftercare: and was.
    AftercareAccepted {},
    /// Aftercare: she is in touch, whatever was answered.
    #[serde(alias = "CompanionAttended", alias = "LifelineCalled")]
    ContactMade {},
    /// Aftercare: it is over, or she does not want it.
    #[serde(alias = "AftercareDeclined", alias = "AftercareHandedOver")]
    AftercareClosed {},
}

/// What is kept of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sign {
    /// She is expected, or just came: recorded then, or just now where that is not told.
    Known(Option<Day>),
    /// She came from there.
    Received(Received),
    /// She does not.
    Withdrawn(ArrivalId),
    /// A stay began.
    Began(StayId),
    /// It ended.
    Ended(StayId),
    /// She left for another centre.
    Left,
    /// Somebody is tied to her.
    Tied {
        /// Who.
        worker: ActorId,
        /// As what.
        role: Tie,
        /// Until the end of this day.
        until: Option<Day>,
    },
    /// Somebody is not any more.
    Untied(ActorId),
    /// Somebody must see nothing of her.
    Conflict(ActorId),
    /// Aftercare was offered then.
    Offered(Option<Day>),
    /// She was in touch then.
    InTouch(Option<Day>),
    /// It goes on.
    Aftercare,
    /// It does not.
    AftercareOver,
    /// She was forgotten.
    Erased,
}

/// What came along from another centre.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Received {
    /// Which coming it is.
    #[serde(default)]
    pub arrival: ArrivalId,
    /// From which.
    pub from: CentreId,
    /// What.
    pub along: Along,
    /// What had been recorded there by then.
    pub until: Moment,
    /// Who must see nothing of her, here as there.
    #[serde(default)]
    pub conflicts: Vec<ActorId>,
    /// Recorded then, or just now where that is not told.
    #[serde(default)]
    pub recorded: Option<Day>,
}

impl Foreign {
    /// What is kept of it, with the day of its recording. Who it is about must be known; a tie to nobody is none.
    #[must_use]
    pub fn sign(&self, recorded: Option<Day>) -> Option<Sign> {
        Some(match self {
            Self::WomanRegistered {} => Sign::Known(recorded),
            Self::RelocationReceived { arrival, from, along, until, conflicts } => Sign::Received(Received {
                arrival: *arrival,
                from: *from,
                along: *along,
                until: *until,
                conflicts: conflicts.clone().unwrap_or_default(),
                recorded,
            }),
            Self::RelocationWithdrawn { arrival } => Sign::Withdrawn(*arrival),
            Self::StayStarted { stay } => Sign::Began(*stay),
            Self::StayEnded { stay } => Sign::Ended(*stay),
            Self::CentreRelocated {} => Sign::Left,
            Self::WorkerAssigned { worker, role, until } => Sign::Tied {
                worker: worker.open()?.clone(),
                role: *role,
                until: until.as_ref().and_then(|until| until.open().copied()),
            },
            Self::WorkerReleased { worker } => Sign::Untied(worker.open()?.clone()),
            Self::ConflictOfInterestRecorded { who } => Sign::Conflict(who.clone()),
            Self::PersonErased { child: None } => Sign::Erased,
            Self::PersonErased { child: Some(_) } => return None,
            Self::AftercareOffered {} => Sign::Offered(recorded),
            Self::AftercareAccepted {} => Sign::Aftercare,
            Self::ContactMade {} => Sign::InTouch(recorded),
            Self::AftercareClosed {} => Sign::AftercareOver,
        })
    }
}

impl Sign {
    /// On which day it was recorded, where that is kept.
    #[must_use]
    pub fn recorded(&self) -> Option<Day> {
        match self {
            Self::Known(recorded) | Self::Offered(recorded) | Self::InTouch(recorded) => *recorded,
            Self::Received(received) => received.recorded,
            _ => None,
        }
    }
}

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
            // What this centre recorded itself stands, and so does a conflict.
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

    /// What came along from other centres.
    #[must_use]
    pub fn received(&self) -> &[Received] {
        &self.received
    }
}

/// A duty, and what it says of who may do what: about nobody, at a centre.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "event", content = "facts")]
pub enum Duty {
    /// People: somebody is on duty, or a temp, until then.
    DutyStarted {
        /// Who.
        worker: ActorId,
        /// As what.
        kind: DutyKind,
        /// From when; left out: at once.
        #[serde(default)]
        from: Option<Moment>,
        /// Until when; it ends by itself.
        until: Moment,
    },
    /// People: it ended sooner.
    DutyEnded {},
}

#[cfg(test)]
mod tests;
