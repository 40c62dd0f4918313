//! What people and aftercare tell of a woman, a centre and its staff, and what is kept of it.
//!
//! Deliberately absent: what follows from all of it together ([`super::Relation`]).

use crate::{ActorId, CentreId, ChildId, Day, Moment, Personal};
use serde::{Deserialize, Serialize};

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
    /// People: they may again.
    ConflictOfInterestEnded {
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
    /// Nor must these: what is kept of a coming under nobody's key.
    Conflicts(Vec<ActorId>),
    /// Somebody may again.
    ConflictOver(ActorId),
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
            Self::ConflictOfInterestEnded { who } => Sign::ConflictOver(who.clone()),
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
    /// What of it says who must see nothing of her: that outlives her key, and so does its end, or what ended would come back with it.
    #[must_use]
    pub fn of_conflicts(&self) -> Option<Self> {
        match self {
            Self::Conflict(_) | Self::Conflicts(_) | Self::ConflictOver(_) => Some(self.clone()),
            Self::Received(received) if !received.conflicts.is_empty() => {
                Some(Self::Conflicts(received.conflicts.clone()))
            }
            _ => None,
        }
    }

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
