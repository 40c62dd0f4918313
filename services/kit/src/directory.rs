//! The directory of staff and centres: who works where, and which centres there are, as people tells it.
//!
//! A name stands beside an id; the id is what everything else goes by. Deliberately absent: what somebody may do ([`crate::access`]), sign-in,
//! and where the directory is kept (the engine).

use crate::{ActorId, AggregateId, CentreId, Day, Location, Personal, Text, policy::Standing};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use time::Date;

use crate as kit;
crate::choices! {
    /// What somebody works as at a centre.
    StaffRole {
        /// Employed there.
        Worker,
        /// Leads it, alone or with others.
        Leader,
        /// Steps in now and then.
        Temp,
        /// Helps with single tasks.
        Volunteer,
    }
}

/// A person's or a centre's name.
pub type Name = Text<120>;

/// What a command names of the directory, see [`crate::Decider::names`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Named {
    /// Somebody who works at the centre: an unknown one is refused.
    Worker(ActorId),
    /// A centre: an unknown one, and one that has closed, is refused.
    Centre(CentreId),
    /// Somebody who may be unknown: the domain warns, where it is worth a warning.
    Anybody(ActorId),
}

/// The events that the directory is made of.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "event", content = "facts")]
pub enum SubscribedEvent {
    /// People: somebody works at the centre.
    WorkerRegistered {
        /// Who.
        worker: ActorId,
        /// By name.
        name: Personal<Name>,
        /// As what.
        role: StaffRole,
        /// From which day; left out: from when it was recorded.
        #[serde(default)]
        from: Option<Day>,
        /// Until which day, that day included; left out: for now.
        #[serde(default)]
        until: Option<Day>,
    },
    /// People: something of it is otherwise now.
    WorkerChanged {
        /// By name.
        #[serde(default)]
        name: Option<Personal<Name>>,
        /// As what.
        #[serde(default)]
        role: Option<StaffRole>,
        /// Until which day, that day included.
        #[serde(default)]
        until: Option<Day>,
    },
    /// People: somebody works there no more.
    WorkerLeft {
        /// The last day.
        last_day: Day,
    },
    /// People: there is this centre.
    CentreRegistered {
        /// Its name.
        name: Location<Name>,
    },
    /// People: it is called otherwise.
    CentreRenamed {
        /// Its name.
        name: Location<Name>,
    },
    /// People: it takes nobody in any more.
    CentreClosed {},
}

/// What is kept of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DirectoryFact {
    /// Somebody works at the centre.
    Registered(Worker),
    /// Something of it is otherwise now.
    Changed {
        /// The name.
        name: Option<Name>,
        /// The role.
        role: Option<StaffRole>,
        /// The last day.
        until: Option<Day>,
    },
    /// Somebody works there no more.
    Left(Day),
    /// There is this centre, or it is called so now. None: its name did not open.
    Named(Option<Name>),
    /// The centre takes nobody in any more.
    Closed,
}

/// Somebody who works at a centre.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Worker {
    /// Who.
    pub worker: ActorId,
    /// By name; none where it did not open.
    pub name: Option<Name>,
    /// As what.
    pub role: StaffRole,
    /// From which day.
    pub from: Option<Day>,
    /// Until which day, that day included.
    pub until: Option<Day>,
}

impl Worker {
    /// Whether somebody has not left yet on a day. Who begins later is known already: a rota names them.
    #[must_use]
    pub fn stays(&self, today: Date) -> bool {
        self.until.is_none_or(|until| until.date() >= today)
    }

    /// Whether somebody works there on a day.
    #[must_use]
    pub fn works(&self, today: Date) -> bool {
        self.stays(today) && self.from.is_none_or(|from| from.date() <= today)
    }
}

/// A centre.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Centre {
    /// Its name; none where it did not open.
    pub name: Option<Name>,
    /// Whether it takes nobody in any more.
    pub closed: bool,
}

/// What one aggregate of the directory says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listed {
    /// Somebody.
    Worker(Worker),
    /// A centre.
    Centre(Centre),
}

impl SubscribedEvent {
    /// What is kept of it.
    #[must_use]
    pub fn fact(&self) -> DirectoryFact {
        let name = |name: &Personal<Name>| name.open().cloned();
        match self {
            Self::WorkerRegistered { worker, name: called, role, from, until } => DirectoryFact::Registered(Worker {
                worker: worker.clone(),
                name: name(called),
                role: *role,
                from: *from,
                until: *until,
            }),
            Self::WorkerChanged { name: called, role, until } => {
                DirectoryFact::Changed { name: called.as_ref().and_then(name), role: *role, until: *until }
            }
            Self::WorkerLeft { last_day } => DirectoryFact::Left(*last_day),
            Self::CentreRegistered { name } | Self::CentreRenamed { name } => {
                DirectoryFact::Named(name.open().cloned())
            }
            Self::CentreClosed {} => DirectoryFact::Closed,
        }
    }
}

impl Listed {
    /// What all that stands of an aggregate comes to; none where its beginning was taken back.
    #[must_use]
    pub fn of(facts: &Standing<DirectoryFact>) -> Option<Self> {
        let mut listed = None;
        for stood in facts.iter() {
            match (&stood.what, &mut listed) {
                (DirectoryFact::Registered(worker), listed @ None) => *listed = Some(Self::Worker(worker.clone())),
                (DirectoryFact::Changed { name, role, until }, Some(Self::Worker(worker))) => {
                    worker.name = name.clone().or(worker.name.take());
                    worker.role = role.unwrap_or(worker.role);
                    worker.until = until.or(worker.until);
                }
                (DirectoryFact::Left(last), Some(Self::Worker(worker))) => worker.until = Some(*last),
                (DirectoryFact::Named(name), Some(Self::Centre(centre))) => centre.name.clone_from(name),
                (DirectoryFact::Named(name), listed @ None) => {
                    *listed = Some(Self::Centre(Centre { name: name.clone(), closed: false }));
                }
                (DirectoryFact::Closed, Some(Self::Centre(centre))) => centre.closed = true,
                _ => {}
            }
        }
        listed
    }
}

/// The staff of one centre, and all centres, each with the aggregate that says so.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Directory {
    staff: BTreeMap<ActorId, (AggregateId, Worker)>,
    centres: BTreeMap<CentreId, (AggregateId, Centre)>,
}

impl Directory {
    /// Adds what an aggregate says, which a centre recorded. Somebody who left and came back is there as of the last time.
    pub fn add(&mut self, centre: CentreId, aggregate: AggregateId, listed: Listed) {
        match listed {
            Listed::Worker(worker) => {
                let later = |(_, known): &(AggregateId, Worker)| match (known.until, worker.until) {
                    (None, _) => false,
                    (Some(_), None) => true,
                    (Some(known), Some(new)) => new.date() > known.date(),
                };
                if self.staff.get(&worker.worker).is_none_or(later) {
                    self.staff.insert(worker.worker.clone(), (aggregate, worker));
                }
            }
            Listed::Centre(known) => drop(self.centres.insert(centre, (aggregate, known))),
        }
    }

    /// Whether it holds what a command names, on a day.
    #[must_use]
    pub fn holds(&self, named: &Named, today: Date) -> bool {
        match named {
            Named::Worker(who) | Named::Anybody(who) => {
                self.staff.get(who).is_some_and(|(_, worker)| worker.stays(today))
            }
            Named::Centre(centre) => self.centres.get(centre).is_some_and(|(_, centre)| !centre.closed),
        }
    }

    /// Whether somebody was of the staff and is not any more on a day. Of whom it knows nothing, it says nothing.
    #[must_use]
    pub fn has_left(&self, who: &ActorId, today: Date) -> bool {
        self.staff.get(who).is_some_and(|(_, worker)| !worker.stays(today))
    }

    /// Whether somebody works there as a temp.
    #[must_use]
    pub fn is_temp(&self, who: &ActorId) -> bool {
        self.staff.get(who).is_some_and(|(_, worker)| worker.role == StaffRole::Temp)
    }

    /// Everybody of the centre's staff, also who has left.
    pub fn staff(&self) -> impl Iterator<Item = (AggregateId, &Worker)> {
        self.staff.values().map(|(aggregate, worker)| (*aggregate, worker))
    }

    /// All centres, also closed ones.
    pub fn centres(&self) -> impl Iterator<Item = (AggregateId, CentreId, &Centre)> {
        self.centres.iter().map(|(id, (aggregate, centre))| (*aggregate, *id, centre))
    }

    /// Whoever leads the centre on a day.
    pub fn leaders(&self, today: Date) -> impl Iterator<Item = &ActorId> {
        let leads = move |worker: &&Worker| worker.role == StaffRole::Leader && worker.works(today);
        self.staff.values().map(|(_, worker)| worker).filter(leads).map(|worker| &worker.worker)
    }

    /// The name of somebody of the staff.
    #[must_use]
    pub fn name_of(&self, who: &ActorId) -> Option<&Name> {
        self.staff.get(who).and_then(|(_, worker)| worker.name.as_ref())
    }

    /// The name of a centre.
    #[must_use]
    pub fn centre_name(&self, centre: CentreId) -> Option<&Name> {
        self.centres.get(&centre).and_then(|(_, centre)| centre.name.as_ref())
    }
}

#[cfg(test)]
mod tests;
