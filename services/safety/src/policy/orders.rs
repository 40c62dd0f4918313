//! What orders have come to, folded from what legal says of them as legal itself folds it.

use super::{Known, OrderKind};
use kit::Day;
use std::collections::BTreeMap;
use time::Date;
use uuid::Uuid;

/// Orders by id.
#[derive(Debug, Default)]
pub(super) struct Orders(BTreeMap<Uuid, State>);

/// What is known of one order. What is said of an order that was never recorded makes one without a kind.
#[derive(Debug, Default)]
struct State {
    kind: Option<OrderKind>,
    until: Option<Day>,
    ended: bool,
}

impl Orders {
    /// Takes in what was heard, in the order in which it was.
    pub(super) fn take(&mut self, known: &Known) {
        match *known {
            Known::Order { order, kind, until } => self.0.entry(order).or_default().issue(kind, until),
            Known::OrderExtended { order, until } => self.0.entry(order).or_default().extend(until),
            Known::OrderEnded(order) => self.0.entry(order).or_default().ended = true,
            _ => {}
        }
    }

    /// Those that were not ended, with their last days.
    pub(super) fn running(&self) -> impl Iterator<Item = (Uuid, Option<Day>)> {
        self.0.iter().filter(|(_, order)| !order.ended).map(|(id, order)| (*id, order.until))
    }

    /// Whether this one is in force on a day, when it has begun by then.
    pub(super) fn is_in_force(&self, order: Uuid, day: Date) -> bool {
        self.running().any(|(id, until)| id == order && reaches(until, day))
    }

    /// Whether any is, likewise.
    pub(super) fn any_in_force(&self, day: Date) -> bool {
        self.running().any(|(_, until)| reaches(until, day))
    }
}

/// On its last day an order still holds; without one it does for good.
fn reaches(until: Option<Day>, day: Date) -> bool {
    until.is_none_or(|until| day <= until.date())
}

impl State {
    fn issue(&mut self, kind: OrderKind, until: Option<Day>) {
        // The provisional one is logged late: the final decision has taken its place already.
        if (self.kind, kind) == (Some(OrderKind::Restraining), OrderKind::Provisional) {
            return;
        }
        let decided = (self.kind, kind) == (Some(OrderKind::Provisional), OrderKind::Restraining);
        // Issued again, one that was over begins anew. One whose end was all that was known is only logged late.
        let again = self.ended && self.kind.is_some();
        self.kind = Some(kind);
        if decided || again {
            (self.until, self.ended) = (until, false);
        } else {
            self.extend(until);
        }
    }

    /// One that was ended stays so, and an entry without a last day leaves the one that is known.
    fn extend(&mut self, until: Option<Day>) {
        if !self.ended {
            self.until = until.or(self.until);
        }
    }
}
