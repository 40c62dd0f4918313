//! What protects her: the alarms that are with her and the orders in force, out of what safety and legal tell.
//!
//! Two domains go by it that know neither: aftercare does not end, and nobody is forgotten, while something protects her. Deliberately
//! absent: what they are, where they hold and against whom; and which entries tell of them, for each service hears its own.

use crate::Day;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use time::Date;

use crate as kit;
crate::ids! {
    /// An alarm's loan or a legal order, by the id that its own service gave it.
    ProtectionId;
}

/// What is kept of an entry that tells of an alarm or an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sign {
    /// The alarm of this loan is with her.
    AlarmOut(ProtectionId),
    /// It is not any more.
    AlarmOver(ProtectionId),
    /// An order.
    Issued {
        /// Which.
        order: ProtectionId,
        /// Whether it is still to be decided for good.
        provisional: bool,
        /// Its last day, where one is known.
        until: Option<Day>,
    },
    /// It holds for longer.
    Extended {
        /// Which.
        order: ProtectionId,
        /// Its new last day.
        until: Option<Day>,
    },
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

/// The alarms that are with her and the orders in force on a day, the last one included; out of signs in the order in which they were
/// heard. `K`: within what an id means one thing, for ids are said by whoever records.
pub fn protects<K: Ord + Copy>(
    signs: impl IntoIterator<Item = (K, Sign)>,
    today: Date,
) -> impl Iterator<Item = ProtectionId> {
    // A loan that is over stays over, whatever is recorded late; any other that was heard of is with her.
    let mut loans = BTreeMap::new();
    let mut orders = BTreeMap::<_, Order>::new();
    for (within, sign) in signs {
        match sign {
            Sign::AlarmOut(loan) => drop(loans.entry((within, loan)).or_insert(true)),
            Sign::AlarmOver(loan) => drop(loans.insert((within, loan), false)),
            Sign::Issued { order, provisional, until } => {
                orders.entry((within, order)).or_default().issue(provisional, until);
            }
            Sign::Extended { order, until } => orders.entry((within, order)).or_default().extend(until),
            Sign::Ended(order) => orders.entry((within, order)).or_default().ended = true,
        }
    }
    let loans = loans.into_iter().filter_map(|((_, loan), out)| out.then_some(loan));
    loans.chain(orders.into_iter().filter_map(move |((_, id), order)| order.protects(today).then_some(id)))
}
