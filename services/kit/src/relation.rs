//! What ties a woman to a centre and its staff: what access to her follows from, as the people and aftercare services tell it.
//!
//! The one thing of a domain that every service must know. Deliberately absent: what may be done with it ([`crate::access`]), and where
//! it is kept (the engine). A relation is of one woman at one centre; of other centres it knows nothing.

use crate::{ActorId, CentreId, ChildId, Day, Moment, Personal};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use time::Date;

/// The services it is heard from.
pub const HEARS: &[&str] = &["people", "aftercare"];

/// The service of what concerns her safety, which goes along where not everything does.
pub const SAFETY: &str = "safety";

crate::ids! {
    /// A stay of hers.
    StayId;
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
        /// From which.
        from: CentreId,
        /// What came along.
        along: Along,
        /// What had been recorded there by then.
        until: Moment,
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
        who: Personal<ActorId>,
    },
    /// People: she was forgotten, or a child of hers was.
    PersonErased {
        /// The child.
        child: Option<ChildId>,
    },
    /// Aftercare: it was offered, and may be taken.
    #[serde(alias = "AftercareAccepted")]
    AftercareOffered {},
    /// Aftercare: it is over, or she does not want it.
    #[serde(alias = "AftercareDeclined", alias = "AftercareHandedOver")]
    AftercareClosed {},
}

/// What is kept of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sign {
    /// She is expected, or just came.
    Known,
    /// She came from there.
    Received(Received),
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
    /// Aftercare is offered or goes on.
    Aftercare,
    /// It does not.
    AftercareOver,
    /// She was forgotten.
    Erased,
}

/// What came along from another centre.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Received {
    /// From which.
    pub from: CentreId,
    /// What.
    pub along: Along,
    /// What had been recorded there by then.
    pub until: Moment,
}

impl Foreign {
    /// What is kept of it. Who it is about must be known; a tie to nobody is none.
    #[must_use]
    pub fn sign(&self) -> Option<Sign> {
        Some(match self {
            Self::WomanRegistered {} => Sign::Known,
            Self::RelocationReceived { from, along, until } => {
                Sign::Received(Received { from: *from, along: *along, until: *until })
            }
            Self::StayStarted { stay } => Sign::Began(*stay),
            Self::StayEnded { stay } => Sign::Ended(*stay),
            Self::CentreRelocated {} => Sign::Left,
            Self::WorkerAssigned { worker, role, until } => Sign::Tied {
                worker: worker.open()?.clone(),
                role: *role,
                until: until.as_ref().and_then(|until| until.open().copied()),
            },
            Self::WorkerReleased { worker } => Sign::Untied(worker.open()?.clone()),
            Self::ConflictOfInterestRecorded { who } => Sign::Conflict(who.open()?.clone()),
            Self::PersonErased { child: None } => Sign::Erased,
            Self::PersonErased { child: Some(_) } => return None,
            Self::AftercareOffered {} => Sign::Aftercare,
            Self::AftercareClosed {} => Sign::AftercareOver,
        })
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

/// One woman at one centre.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is said by entries of its own")]
pub struct Relation {
    expected: bool,
    stays: BTreeMap<StayId, bool>,
    aftercare: bool,
    /// She went on to another centre, and has not come back.
    left: bool,
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
            Sign::Known => self.expected = true,
            Sign::Received(received) => {
                (self.expected, self.left) = (true, false);
                self.received.push(*received);
            }
            // A stay that is over stays over, whatever is recorded late.
            Sign::Began(stay) => {
                self.expected = false;
                self.left &= self.stays.contains_key(stay);
                self.stays.entry(*stay).or_insert(true);
            }
            Sign::Ended(stay) => {
                self.expected = false;
                self.stays.insert(*stay, false);
            }
            Sign::Left => {
                (self.expected, self.left) = (false, true);
                self.stays.values_mut().for_each(|live| *live = false);
            }
            Sign::Tied { worker, role, until } => drop(self.ties.insert(worker.clone(), (*role, *until))),
            Sign::Untied(worker) => drop(self.ties.remove(worker)),
            Sign::Conflict(who) => drop(self.conflicts.insert(who.clone())),
            Sign::Aftercare => self.aftercare = true,
            Sign::AftercareOver => self.aftercare = false,
            Sign::Erased => self.erased = true,
        }
    }

    /// The same, with what another one says of aftercare: people knows its own part exactly, and hears the rest.
    #[must_use]
    pub fn with_aftercare_of(mut self, heard: &Self) -> Self {
        self.aftercare = heard.aftercare;
        self
    }

    /// How near the centre is to her.
    #[must_use]
    pub fn nearness(&self) -> Nearness {
        if self.erased {
            Nearness::Erased
        } else if self.expected || self.aftercare || self.lives_here() {
            Nearness::Live
        } else {
            Nearness::Past
        }
    }

    /// Whether a stay of hers goes on.
    #[must_use]
    pub fn lives_here(&self) -> bool {
        self.stays.values().any(|live| *live)
    }

    /// Whether she went on to another centre, and has not come back.
    #[must_use]
    pub fn relocated(&self) -> bool {
        self.left
    }

    /// Whether somebody is her contact person on a day.
    #[must_use]
    pub fn is_contact_person(&self, actor: &ActorId, today: Date) -> bool {
        self.ties
            .get(actor)
            .is_some_and(|(role, until)| *role == Tie::ContactPerson && until.is_none_or(|until| until.date() >= today))
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
mod tests {
    use super::*;
    use uuid::Uuid;

    fn actor(name: &str) -> ActorId {
        name.parse().unwrap()
    }

    #[test]
    fn a_centre_is_near_while_she_is_expected_lives_there_or_has_its_aftercare() {
        let stay = |bits| StayId(Uuid::from_u128(bits));
        let mut relation = Relation::default();
        assert_eq!(relation.nearness(), Nearness::Past);
        let steps = [
            (Sign::Known, Nearness::Live),
            (Sign::Began(stay(1)), Nearness::Live),
            (Sign::Ended(stay(1)), Nearness::Past),
            (Sign::Began(stay(1)), Nearness::Past),
            (Sign::Aftercare, Nearness::Live),
            (Sign::Began(stay(2)), Nearness::Live),
            (Sign::AftercareOver, Nearness::Live),
            (Sign::Left, Nearness::Past),
            (Sign::Began(stay(3)), Nearness::Live),
            (Sign::Erased, Nearness::Erased),
        ];
        for (sign, nearness) in steps {
            relation.take(&sign);
            assert_eq!(relation.nearness(), nearness, "{sign:?}");
        }
    }

    #[test]
    fn she_is_another_centres_until_she_comes_back() {
        let stay = |bits| StayId(Uuid::from_u128(bits));
        let received = Received {
            from: CentreId(Uuid::from_u128(2)),
            along: Along::All,
            until: "2026-11-20T14:30".parse().unwrap(),
        };
        let mut relation = Relation::default();
        let steps = [
            (Sign::Began(stay(1)), false),
            (Sign::Left, true),
            // What is recorded late, goes on beside or ends is no return.
            (Sign::Began(stay(1)), true),
            (Sign::Known, true),
            (Sign::Aftercare, true),
            (Sign::Ended(stay(1)), true),
            (Sign::Began(stay(2)), false),
            (Sign::Left, true),
            (Sign::Received(received), false),
        ];
        for (sign, relocated) in steps {
            relation.take(&sign);
            assert_eq!(relation.relocated(), relocated, "{sign:?}");
        }
    }

    #[test]
    fn a_tie_ends_by_its_day_and_a_conflict_never_does() {
        let until = "2026-11-30".parse::<Day>().unwrap();
        let tied = Sign::Tied { worker: actor("w-1"), role: Tie::ContactPerson, until: Some(until) };
        let helps = Sign::Tied { worker: actor("w-2"), role: Tie::Volunteer, until: None };
        let mut relation = Relation::of(&[tied, helps, Sign::Conflict(actor("w-3"))]);
        let day = |text: &str| text.parse::<Day>().unwrap().date();
        assert!(relation.is_contact_person(&actor("w-1"), day("2026-11-30")));
        assert!(!relation.is_contact_person(&actor("w-1"), day("2026-12-01")));
        assert!(!relation.is_contact_person(&actor("w-2"), day("2026-11-30")));
        relation.take(&Sign::Untied(actor("w-1")));
        relation.take(&Sign::Untied(actor("w-3")));
        assert!(!relation.is_contact_person(&actor("w-1"), day("2026-11-30")));
        assert!(relation.conflicts_with(&actor("w-3")));
    }
}
