//! What aftercare has heard of her course: the alarms and orders that protect her, when she moved, whether she can be reached safely, and
//! whether she lives.
//!
//! It does not end while an alarm or an order has no owner (the fifth interlock). Deliberately absent: what they are, where they hold and
//! against whom; by which way she is reached (people's vault); and what another centre recorded, which is not known here.

use crate::case::Aftercare;
use kit::{
    CentreId, Day, Personal, Policy,
    policy::{Heard, Standing},
    protection::{ProtectionId, Sign, protects},
    sealed::known,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use time::Date;

kit::ids! {
    /// A way to reach her, by the id that people gave it.
    SafeContactId;
}

/// Keeps what aftercare must know of her course. It commands nothing: the case asks it.
#[derive(Debug)]
pub struct KnowCourse;

/// What it needs of the events it hears.
#[derive(Debug, Deserialize)]
#[serde(tag = "event", content = "facts")]
pub enum Foreign {
    /// Safety: an alarm is with her.
    #[serde(alias = "AlarmRenewed")]
    AlarmIssued {
        /// The loan.
        loan: ProtectionId,
    },
    /// Safety: she pressed an alarm, so it is with her.
    AlarmTriggered {
        /// The loan, where it is known.
        loan: Option<ProtectionId>,
    },
    /// Safety: it is not any more.
    #[serde(alias = "AlarmLost")]
    AlarmReturned {
        /// The loan.
        loan: ProtectionId,
    },
    /// Legal: an order of any kind.
    #[serde(alias = "AreaBanIssued", alias = "ExpulsionOrdered")]
    RestrainingOrderIssued {
        /// The order.
        order: ProtectionId,
        /// Whether it is still to be decided for good.
        provisional: Option<Personal<bool>>,
        /// Its last day.
        until: Option<Personal<Day>>,
    },
    /// Legal: it holds for longer.
    #[serde(alias = "ExpulsionExtended")]
    RestrainingOrderExtended {
        /// The order.
        order: ProtectionId,
        /// Its new last day.
        until: Option<Personal<Day>>,
    },
    /// Legal: it holds no more.
    RestrainingOrderEnded {
        /// The order.
        order: ProtectionId,
    },
    /// Housing: she lives in a home of her own.
    MovedIn {},
    /// People: it is agreed how she may be reached.
    SafeContactAgreed {
        /// The contact.
        contact: SafeContactId,
        /// The day on which she confirmed it.
        confirmed_on: Option<Personal<Day>>,
    },
    /// People: it may not be safe any more.
    SafeContactUnconfirmed {
        /// The contact.
        contact: SafeContactId,
        /// Since when.
        day: Option<Personal<Day>>,
    },
    /// People: she moved out of a crisis centre.
    StayEnded {
        /// The day she left.
        day: Option<Personal<Day>>,
    },
    /// People: she died.
    PersonDied {},
}

/// What is kept of an event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Known {
    /// She moved.
    Moved,
    /// A way to reach her, with the day on which she confirmed it.
    Agreed { contact: SafeContactId, confirmed_on: Option<Day> },
    /// It is in doubt.
    Doubted { contact: SafeContactId, day: Option<Day> },
    /// She moved out.
    Left(Option<Day>),
    /// She is dead.
    Died,
    /// Of an alarm or an order.
    #[serde(untagged)]
    Protection(Sign),
}

/// A way to reach her, as people folds what was recorded of it.
#[derive(Default)]
struct SafeContact {
    confirmed_on: Option<Day>,
    /// The latest day on which she confirmed it.
    latest: Option<Day>,
    doubted_on: Option<Day>,
}

impl SafeContact {
    /// Logged late, it is of the time before another agreement or the doubt; and what nobody knows the day of is not confirmed.
    fn agree(&mut self, confirmed_on: Option<Day>) {
        if confirmed_on.is_some() && confirmed_on < self.latest {
            return;
        }
        self.latest = confirmed_on.or(self.latest);
        self.confirmed_on = confirmed_on.filter(|on| self.doubted_on.is_none_or(|doubted| *on >= doubted));
    }

    fn doubt(&mut self, day: Option<Day>) {
        self.confirmed_on = None;
        self.doubted_on = self.doubted_on.max(day);
    }
}

/// Her course as far as aftercare has heard.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Course(Standing<Known>);

impl Course {
    /// Whether an alarm or an order protects her of which the police do not know that it is theirs. On its last day an order still
    /// does.
    #[must_use]
    pub fn without_owner(&self, centre: CentreId, today: Date, informed: &[ProtectionId]) -> bool {
        !self.died(centre) && self.protects(centre, today).any(|id| !informed.contains(&id))
    }

    /// Whether she is dead: nobody needs protecting or calling any more.
    #[must_use]
    pub fn died(&self, centre: CentreId) -> bool {
        self.0.at(centre).any(|stood| stood.what == Known::Died)
    }

    /// Whether there is a way to reach her that she confirmed by this day, and that is not in doubt; not before she moved out.
    #[must_use]
    pub fn is_reachable(&self, centre: CentreId, today: Date) -> bool {
        let (mut contacts, mut left_on) = (BTreeMap::<_, SafeContact>::new(), None);
        for stood in self.0.at(centre) {
            match stood.what {
                Known::Agreed { contact, confirmed_on } => contacts.entry(contact).or_default().agree(confirmed_on),
                Known::Doubted { contact, day } => contacts.entry(contact).or_default().doubt(day),
                Known::Left(day) => left_on = left_on.max(day),
                _ => {}
            }
        }
        let confirmed = |contact: &SafeContact| {
            contact.confirmed_on.is_some_and(|on| on.date() <= today && left_on.is_none_or(|left| on >= left))
        };
        !self.died(centre) && contacts.values().any(confirmed)
    }

    /// The alarms and orders that protect her on a day.
    fn protects(&self, centre: CentreId, today: Date) -> impl Iterator<Item = ProtectionId> {
        let signs = self.0.at(centre).filter_map(|stood| match stood.what {
            Known::Protection(sign) => Some(((), sign)),
            _ => None,
        });
        protects(signs, today)
    }

    /// The day she moved into a home of her own, the latest where there are several.
    #[must_use]
    pub fn moved(&self, centre: CentreId) -> Option<Date> {
        let moves = self.0.at(centre).filter(|stood| stood.what == Known::Moved);
        moves.filter_map(|stood| stood.happened.day().map(Day::date)).max()
    }
}

impl Policy for KnowCourse {
    const NAME: &'static str = "know-course";
    const HEARS: &'static [&'static str] = &["people", "safety", "legal", "housing"];
    // An alarm that was out before the rule is out still.
    type Heard = Course;
    type Foreign = Foreign;
    type Decider = Aftercare;

    fn hear(heard: &mut Course, event: &Heard<Foreign>) {
        heard.0.take(event, |foreign| {
            Some(match foreign {
                Foreign::AlarmIssued { loan } => Known::Protection(Sign::AlarmOut(*loan)),
                Foreign::AlarmTriggered { loan } => Known::Protection(Sign::AlarmOut((*loan)?)),
                Foreign::AlarmReturned { loan } => Known::Protection(Sign::AlarmOver(*loan)),
                Foreign::RestrainingOrderIssued { order, provisional, until } => Known::Protection(Sign::Issued {
                    order: *order,
                    provisional: known(provisional.as_ref()) == Some(true),
                    until: known(until.as_ref()),
                }),
                Foreign::RestrainingOrderExtended { order, until } => {
                    Known::Protection(Sign::Extended { order: *order, until: known(until.as_ref()) })
                }
                Foreign::RestrainingOrderEnded { order } => Known::Protection(Sign::Ended(*order)),
                Foreign::MovedIn {} => Known::Moved,
                Foreign::SafeContactAgreed { contact, confirmed_on } => {
                    Known::Agreed { contact: *contact, confirmed_on: known(confirmed_on.as_ref()) }
                }
                Foreign::SafeContactUnconfirmed { contact, day } => {
                    Known::Doubted { contact: *contact, day: known(day.as_ref()) }
                }
                Foreign::StayEnded { day } => Known::Left(known(day.as_ref())),
                Foreign::PersonDied {} => Known::Died,
            })
        });
    }
}

#[cfg(test)]
mod tests;
