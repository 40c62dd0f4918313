//! What people has heard of what protects her: the alarms that are out and the orders in force.
//!
//! While one of them is, nobody is forgotten: it would be forgotten what it is for. It is aftercare's rule once more (`aftercare::heard`),
//! for a domain knows no other. Keys are the same at every centre, so it goes by what any of them recorded, and never tells which.
//! Deliberately absent: what they are, where they hold and against whom.

use crate::woman::Woman;
use kit::{
    Day, Personal, Policy,
    policy::{Heard, Standing},
    sealed::known,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use time::Date;

kit::ids! {
    /// An alarm's loan or a legal order, by the id that its own service gave it.
    ProtectionId;
}

/// Keeps what protects her. It commands nothing: her aggregate asks it.
#[derive(Debug)]
pub struct KnowProtection;

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
}

/// What is kept of an event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Known {
    /// The alarm of this loan is with her.
    AlarmOut(ProtectionId),
    /// It is not any more.
    AlarmOver(ProtectionId),
    /// An order, with its last day where one is known.
    Issued { order: ProtectionId, provisional: bool, until: Option<Day> },
    /// It holds for longer.
    Extended { order: ProtectionId, until: Option<Day> },
    /// It holds no more.
    Ended(ProtectionId),
}

/// An order, as legal folds what was recorded of it.
#[derive(Default)]
struct Order {
    /// Whether it is decided for good, where it was recorded itself.
    is_final: Option<bool>,
    until: Option<Day>,
    ended: bool,
}

impl Order {
    fn issue(&mut self, provisional: bool, until: Option<Day>) {
        match (self.is_final, provisional) {
            // The immediate order is recorded late: the final decision has taken its place already.
            (Some(true), true) => return,
            // The last day of what is over, or of what held until now, is not that of the new one.
            (Some(false), false) => self.until = until,
            _ if self.ended => self.until = until,
            _ => self.until = until.or(self.until),
        }
        (self.is_final, self.ended) = (Some(!provisional), false);
    }

    /// What is over is not revived by more time for it.
    fn extend(&mut self, until: Option<Day>) {
        if !self.ended {
            self.until = until.or(self.until);
        }
    }

    fn protects(&self, today: Date) -> bool {
        !self.ended && self.until.is_none_or(|until| until.date() >= today)
    }
}

/// What protects her as far as people has heard.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Protection(Standing<Known>);

impl Protection {
    /// Whether an alarm is with her or an order in force, as any centre recorded it. On its last day an order still is.
    #[must_use]
    pub fn protects(&self, today: Date) -> bool {
        // A loan that is over stays over, whatever is recorded late; any other that was heard of is with her.
        let mut loans = BTreeMap::new();
        let mut orders = BTreeMap::<_, Order>::new();
        for stood in self.0.iter() {
            // What one centre ends is its own: ids are said by whoever records.
            let at = |id: ProtectionId| (stood.centre, id);
            match stood.what {
                Known::AlarmOut(loan) => drop(loans.entry(at(loan)).or_insert(true)),
                Known::AlarmOver(loan) => drop(loans.insert(at(loan), false)),
                Known::Issued { order, provisional, until } => {
                    orders.entry(at(order)).or_default().issue(provisional, until);
                }
                Known::Extended { order, until } => orders.entry(at(order)).or_default().extend(until),
                Known::Ended(order) => orders.entry(at(order)).or_default().ended = true,
            }
        }
        loans.values().any(|out| *out) || orders.values().any(|order| order.protects(today))
    }
}

impl Policy for KnowProtection {
    const NAME: &'static str = "know-protection";
    const HEARS: &'static [&'static str] = &["safety", "legal"];
    // An alarm that was out before the rule is out still.
    const FROM_THE_BEGINNING: bool = true;
    type Heard = Protection;
    type Foreign = Foreign;
    type Decider = Woman;

    fn hear(heard: &mut Protection, event: &Heard<Foreign>) {
        heard.0.take(event, |foreign| {
            Some(match foreign {
                Foreign::AlarmIssued { loan } => Known::AlarmOut(*loan),
                Foreign::AlarmTriggered { loan } => Known::AlarmOut((*loan)?),
                Foreign::AlarmReturned { loan } => Known::AlarmOver(*loan),
                Foreign::RestrainingOrderIssued { order, provisional, until } => Known::Issued {
                    order: *order,
                    provisional: known(provisional.as_ref()) == Some(true),
                    until: known(until.as_ref()),
                },
                Foreign::RestrainingOrderExtended { order, until } => {
                    Known::Extended { order: *order, until: known(until.as_ref()) }
                }
                Foreign::RestrainingOrderEnded { order } => Known::Ended(*order),
            })
        });
    }
}

#[cfg(test)]
mod tests;
