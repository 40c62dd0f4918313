//! What the interlocks ask of her course.

use super::{Known, ORDER_ENDS, PLAN_IS_YOUNG, orders::Orders, raise};
use crate::case::{Interlock, Safety};
use kit::{
    ActorId, CentreId, Day,
    policy::{Heard, Now, Order, Standing, To},
};
use time::Date;
use uuid::Uuid;

/// Her course as one centre knows it.
pub(super) struct Course<'a> {
    pub(super) heard: &'a Standing<Known>,
    pub(super) centre: CentreId,
}

impl Course<'_> {
    /// Her latest safety case, or one that is opened.
    pub(super) fn case(&self) -> To {
        let mut cases = self.heard.at(self.centre).filter(|stood| stood.what == Known::Case);
        cases.next_back().map_or(To::OwnCase, |case| To::Existing(case.aggregate))
    }

    /// Whether her address is protected on a day, and the children's with it. A protection that begins later leaves the one before it.
    pub(super) fn is_protected(&self, day: Date) -> bool {
        let so_far = self.protections().into_iter().rev().filter(|(since, _)| since.is_none_or(|since| since <= day));
        let mut latest = so_far.filter_map(|(_, what)| match what {
            Known::Protected { from: Some(from), .. } if from.date() > day => None,
            Known::Protected { until, children, .. } => {
                Some(*children && until.is_none_or(|until| day <= until.date()))
            }
            _ => Some(false),
        });
        latest.next().unwrap_or(false)
    }

    /// Protections and their ends by the days on which they happened. Of one day, and of unknown days, what was heard last comes last.
    fn protections(&self) -> Vec<(Option<Date>, &Known)> {
        let mut latest = None;
        let heard = self.heard.at(self.centre).map(|stood| (stood.happened.day().map(Day::date), &stood.what));
        let heard = heard.filter(|(_, what)| matches!(what, Known::Protected { .. } | Known::Unprotected));
        let mut heard: Vec<_> = heard
            .map(|(happened, what)| {
                let since = happened.or(latest);
                latest = latest.max(since);
                (since, what)
            })
            .collect();
        heard.sort_by_key(|(since, _)| *since);
        heard
    }

    pub(super) fn orders(&self) -> Orders {
        let mut orders = Orders::default();
        self.heard.at(self.centre).for_each(|stood| orders.take(&stood.what));
        orders
    }

    /// Whether an order is in force on a day.
    pub(super) fn has_order(&self, day: Date) -> bool {
        self.orders().any_in_force(day)
    }

    /// Whether contact began on or after the `first` day of an order, while it was in force. What nobody knows the day of may have.
    pub(super) fn has_contact_during(&self, order: Uuid, first: Option<Day>, today: Date) -> bool {
        let orders = self.orders();
        let mut contacts = self.heard.at(self.centre).filter(|stood| stood.what == Known::Contact);
        contacts.any(|stood| {
            let began = stood.happened.day();
            let since = began.zip(first).is_none_or(|(began, first)| began >= first);
            since && orders.is_in_force(order, began.map_or(today, Day::date))
        })
    }

    /// An alert for each order that is about to end.
    pub(super) fn ending(&self, now: Now<'_>) -> Vec<Order<Safety>> {
        let ends = |until: &Day| {
            let look = now.deadlines.due(ORDER_ENDS, until.date());
            look.is_some_and(|look| (look.date..=until.date()).contains(&now.today))
        };
        let orders = self.orders();
        let ending = orders.running().filter_map(|(order, until)| Some((order, until.filter(ends)?)));
        let alert = |(order, until): (Uuid, Day)| Order {
            to: self.case(),
            centre: self.centre,
            about: format!("order-ends/{order}/{until}"),
            responsible: None,
            command: raise(Interlock::OrderEnds),
        };
        ending.map(alert).collect()
    }

    /// Whether there is a plan that is young enough on a day.
    pub(super) fn has_young_plan(&self, day: Date, now: Now<'_>) -> bool {
        let plans = self.heard.at(self.centre).filter(|stood| stood.what == Known::Plan);
        let mut days = plans.filter_map(|stood| stood.happened.day());
        days.any(|agreed| now.deadlines.due(PLAN_IS_YOUNG, agreed.date()).is_some_and(|last| last.date >= day))
    }

    /// Whether this contact and the one before it or after it, by the days on which they were tried, were both missed.
    pub(super) fn missed_two<F>(&self, event: &Heard<F>) -> bool {
        let contacts = self.heard.at(self.centre).filter(|stood| matches!(stood.what, Known::Reached | Known::Missed));
        let mut contacts: Vec<_> = contacts.collect();
        // Those of one day, and those of unknown days at the end, stay in the order in which they were heard.
        contacts.sort_by_key(|stood| (stood.happened.day().is_none(), stood.happened.instant()));
        let this = contacts.iter().position(|stood| (stood.aggregate, stood.entry) == (event.aggregate, event.entry));
        let missed = |place: Option<usize>| {
            place.and_then(|place| contacts.get(place)).is_some_and(|contact| contact.what == Known::Missed)
        };
        this.is_some_and(|this| missed(this.checked_sub(1)) || missed(this.checked_add(1)))
    }

    /// Whether she is dead.
    pub(super) fn died(&self) -> bool {
        self.heard.at(self.centre).any(|stood| stood.what == Known::Died)
    }

    /// Who her contact in aftercare is.
    pub(super) fn contact_worker(&self) -> Option<ActorId> {
        let mut workers = self.heard.at(self.centre).rev().filter_map(|stood| match &stood.what {
            Known::ContactWorker(worker) => Some(worker.clone()),
            _ => None,
        });
        workers.next()
    }
}
