//! What people has heard of what protects her: the alarms that are out and the orders in force.
//!
//! While one of them is, nobody is forgotten: it would be forgotten what it is for. Keys are the same at every centre, so it goes by what
//! any of them recorded, and never tells which. Deliberately absent: what they are, where they hold and against whom.

use crate::woman::Woman;
use kit::{
    Day, Personal, Policy,
    policy::{Heard, Standing},
    protection::{ProtectionId, Sign, protects},
    sealed::known,
};
use serde::{Deserialize, Serialize};
use time::Date;

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

/// What protects her as far as people has heard.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Protection(Standing<Sign>);

impl Protection {
    /// Whether an alarm is with her or an order in force, as any centre recorded it. On its last day an order still is.
    #[must_use]
    pub fn protects(&self, today: Date) -> bool {
        // What one centre ends is its own.
        protects(self.0.iter().map(|stood| (stood.centre, stood.what)), today).next().is_some()
    }
}

impl Policy for KnowProtection {
    const NAME: &'static str = "know-protection";
    const HEARS: &'static [&'static str] = &["safety", "legal"];
    // An alarm that was out before the rule is out still.
    type Heard = Protection;
    type Foreign = Foreign;
    type Decider = Woman;

    fn hear(heard: &mut Protection, event: &Heard<Foreign>) {
        heard.0.take(event, |foreign| {
            Some(match foreign {
                Foreign::AlarmIssued { loan } => Sign::AlarmOut(*loan),
                Foreign::AlarmTriggered { loan } => Sign::AlarmOut((*loan)?),
                Foreign::AlarmReturned { loan } => Sign::AlarmOver(*loan),
                Foreign::RestrainingOrderIssued { order, provisional, until } => Sign::Issued {
                    order: *order,
                    provisional: known(provisional.as_ref()) == Some(true),
                    until: known(until.as_ref()),
                },
                Foreign::RestrainingOrderExtended { order, until } => {
                    Sign::Extended { order: *order, until: known(until.as_ref()) }
                }
                Foreign::RestrainingOrderEnded { order } => Sign::Ended(*order),
            })
        });
    }
}

#[cfg(test)]
mod tests;
