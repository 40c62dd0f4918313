//! The interlocks: what is dangerous only when several domains are seen together raises a safety alert.
//!
//! They hear safety itself, legal, housing and aftercare, and raise the alert in her latest safety case, or open one. What another
//! centre recorded is not known here: an alert that follows from it would tell that she was there. Deliberately absent: the third
//! interlock's triggers inside safety, which the case answers in the same command; the fifth, which refuses and is aftercare's; and
//! what an alert opens, which the case decides.

use crate::case::{AlertId, ChildrenCovered, Command, Interlock, Safety, SafetyAlert};
use kit::{
    ActorId, CentreId, Day, Personal, Policy,
    policy::{Heard, Now, Order, Standing, To},
    sealed::known,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use time::Date;
use uuid::Uuid;

/// Raises safety alerts.
#[derive(Debug)]
pub struct RaiseAlerts;

/// How long before an order ends somebody must look.
const ORDER_ENDS: &str = "order_ends_alert";
/// How long a safety plan is young enough for the end of a stay.
pub(crate) const PLAN_IS_YOUNG: &str = "safety_plan_is_young";

/// What the interlocks need of the events they hear.
#[derive(Debug, Deserialize)]
#[serde(tag = "event", content = "facts")]
pub enum Foreign {
    /// A case begins, in any domain.
    CaseOpened {},
    /// Safety: her address is protected, or the protection goes on.
    #[serde(alias = "AddressProtectionRenewed")]
    AddressProtectionGranted {
        /// The last day.
        until: Option<Personal<Day>>,
        /// Whether the children's is, too.
        children: Option<Personal<ChildrenCovered>>,
    },
    /// Safety: it is over.
    AddressProtectionExpired {},
    /// Safety: a plan is agreed, or gone through again.
    #[serde(alias = "SafetyPlanRevised")]
    SafetyPlanAgreed {},
    /// Legal: an order against him, or a ban from an area.
    #[serde(alias = "AreaBanIssued")]
    RestrainingOrderIssued {
        /// Which.
        order: Uuid,
        /// Its last day.
        until: Option<Personal<Day>>,
    },
    /// Legal: it holds for longer.
    RestrainingOrderExtended {
        /// Which.
        order: Uuid,
        /// Its new last day.
        until: Option<Personal<Day>>,
    },
    /// Legal: it holds no more.
    RestrainingOrderEnded {
        /// Which.
        order: Uuid,
    },
    /// Legal: he broke an order.
    OrderBreachReported {},
    /// Legal: the children are to see him.
    InterimContactDecided {},
    /// Housing: a lease is signed.
    LeaseSigned {},
    /// Housing: she lives in a home of her own, and her stay is over.
    MovedIn {},
    /// Aftercare: she has it.
    AftercareAccepted {
        /// Who is her contact.
        contact_worker: Option<Personal<ActorId>>,
    },
    /// Aftercare: she was reached.
    ContactMade {},
    /// Aftercare: she was not.
    ContactMissed {},
}

/// What is kept of an event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Known {
    /// A safety case.
    Case,
    /// Protection of her address.
    Protected {
        /// The last day.
        until: Option<Day>,
        /// Whether no child of hers is left out.
        children: bool,
    },
    /// The protection is over.
    Unprotected,
    /// A safety plan.
    Plan,
    /// An order, from now on with this last day.
    Order {
        /// Which.
        order: Uuid,
        /// Its last day.
        until: Option<Day>,
    },
    /// The order holds no more.
    OrderEnded(Uuid),
    /// Who her contact in aftercare is.
    ContactWorker(ActorId),
    /// She was reached.
    Reached,
    /// She was not.
    Missed,
}

impl Foreign {
    /// What is kept of it; it comes from this service.
    fn kept(&self, service: &str) -> Option<Known> {
        Some(match self {
            Self::CaseOpened {} if service == crate::SERVICE => Known::Case,
            Self::AddressProtectionGranted { until, children } => {
                let covered = known(children.as_ref());
                let children = matches!(covered, Some(ChildrenCovered::All | ChildrenCovered::HasNone));
                Known::Protected { until: known(until.as_ref()), children }
            }
            Self::AddressProtectionExpired {} => Known::Unprotected,
            Self::SafetyPlanAgreed {} => Known::Plan,
            Self::RestrainingOrderIssued { order, until } | Self::RestrainingOrderExtended { order, until } => {
                Known::Order { order: *order, until: known(until.as_ref()) }
            }
            Self::RestrainingOrderEnded { order } => Known::OrderEnded(*order),
            Self::AftercareAccepted { contact_worker } => {
                Known::ContactWorker(contact_worker.as_ref().and_then(|worker| worker.open()).cloned()?)
            }
            Self::ContactMade {} => Known::Reached,
            Self::ContactMissed {} => Known::Missed,
            Self::CaseOpened {}
            | Self::OrderBreachReported {}
            | Self::InterimContactDecided {}
            | Self::LeaseSigned {}
            | Self::MovedIn {} => return None,
        })
    }
}

impl Policy for RaiseAlerts {
    const NAME: &'static str = "raise-alerts";
    const HEARS: &'static [&'static str] = &["safety", "legal", "housing", "aftercare"];
    // An order in force is in force, whenever it was recorded.
    const FROM_THE_BEGINNING: bool = true;
    type Heard = Standing<Known>;
    type Foreign = Foreign;
    type Decider = Safety;

    fn hear(heard: &mut Self::Heard, event: &Heard<Foreign>) {
        heard.take(event, |foreign| foreign.kept(&event.service));
    }

    fn react(heard: &Self::Heard, event: &Heard<Foreign>, now: Now<'_>) -> Vec<Order<Safety>> {
        let Some(recorded) = event.recorded() else { return Vec::new() };
        let course = Course { heard, centre: event.centre };
        let day = event.happened.day().map_or(now.today, Day::date);
        let (raises, interlock) = match recorded {
            Foreign::LeaseSigned {} => (!course.is_protected(now.today), Interlock::AddressUnprotected),
            Foreign::InterimContactDecided {} => {
                (course.has_order(day) || course.has_order(now.today), Interlock::ContactDuringOrder)
            }
            Foreign::OrderBreachReported {} => (true, Interlock::NewThreat),
            Foreign::MovedIn {} => (!course.has_young_plan(day, now), Interlock::NoSafetyPlan),
            Foreign::ContactMissed {} => (course.missed_two(event), Interlock::ContactsMissed),
            _ => return Vec::new(),
        };
        let order = raises.then(|| Order {
            to: course.case(),
            centre: event.centre,
            about: event.id.clone(),
            // Who checks on somebody that could not be reached is her contact.
            responsible: course.contact_worker().filter(|_| interlock == Interlock::ContactsMissed),
            command: raise(interlock),
        });
        order.into_iter().collect()
    }

    fn due(heard: &Self::Heard, now: Now<'_>) -> Vec<Order<Safety>> {
        let centres: std::collections::BTreeSet<_> = heard.iter().map(|stood| stood.centre).collect();
        let courses = centres.into_iter().map(|centre| Course { heard, centre });
        courses.flat_map(|course| course.ending(now)).collect()
    }

    fn deadlines() -> &'static [&'static str] {
        &[ORDER_ENDS, PLAN_IS_YOUNG]
    }
}

fn raise(interlock: Interlock) -> Command {
    let alert = SafetyAlert { alert: AlertId::default(), interlock: Personal::new(interlock), details: None };
    Command::RaiseSafetyAlert(alert)
}

/// Her course as one centre knows it.
struct Course<'a> {
    heard: &'a Standing<Known>,
    centre: CentreId,
}

impl Course<'_> {
    /// Her latest safety case, or one that is opened.
    fn case(&self) -> To {
        let mut cases = self.heard.at(self.centre).filter(|stood| stood.what == Known::Case);
        cases.next_back().map_or(To::OwnCase, |case| To::Existing(case.aggregate))
    }

    /// Whether her address is protected on a day, and the children's with it.
    fn is_protected(&self, day: Date) -> bool {
        let mut latest = self.heard.at(self.centre).rev().filter_map(|stood| match stood.what {
            Known::Protected { until, children } => Some(children && until.is_none_or(|until| until.date() >= day)),
            Known::Unprotected => Some(false),
            _ => None,
        });
        latest.next().unwrap_or(false)
    }

    /// The orders that have not ended, with their last days.
    fn orders(&self) -> BTreeMap<Uuid, Option<Day>> {
        let mut orders = BTreeMap::new();
        for stood in self.heard.at(self.centre) {
            match stood.what {
                Known::Order { order, until } => drop(orders.insert(order, until)),
                Known::OrderEnded(order) => drop(orders.remove(&order)),
                _ => {}
            }
        }
        orders
    }

    /// Whether an order is in force on a day.
    fn has_order(&self, day: Date) -> bool {
        self.orders().into_values().any(|until| until.is_none_or(|until| until.date() >= day))
    }

    /// An alert for each order that is about to end.
    fn ending(&self, now: Now<'_>) -> Vec<Order<Safety>> {
        let ends = |until: &Day| {
            let look = now.deadlines.due(ORDER_ENDS, until.date());
            look.is_some_and(|look| (look.date..=until.date()).contains(&now.today))
        };
        let orders = self.orders().into_iter().filter_map(|(order, until)| Some((order, until.filter(ends)?)));
        let alert = |(order, until): (Uuid, Day)| Order {
            to: self.case(),
            centre: self.centre,
            about: format!("order-ends/{order}/{until}"),
            responsible: None,
            command: raise(Interlock::OrderEnds),
        };
        orders.map(alert).collect()
    }

    /// Whether there is a plan that is young enough on a day.
    fn has_young_plan(&self, day: Date, now: Now<'_>) -> bool {
        let plans = self.heard.at(self.centre).filter(|stood| stood.what == Known::Plan);
        let mut days = plans.filter_map(|stood| stood.happened.day());
        days.any(|agreed| now.deadlines.due(PLAN_IS_YOUNG, agreed.date()).is_some_and(|last| last.date >= day))
    }

    /// Whether this contact and the one before it or after it, by the days on which they were tried, were both missed.
    fn missed_two(&self, event: &Heard<Foreign>) -> bool {
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

    /// Who her contact in aftercare is.
    fn contact_worker(&self) -> Option<ActorId> {
        let mut workers = self.heard.at(self.centre).rev().filter_map(|stood| match &stood.what {
            Known::ContactWorker(worker) => Some(worker.clone()),
            _ => None,
        });
        workers.next()
    }
}

#[cfg(test)]
mod tests;
