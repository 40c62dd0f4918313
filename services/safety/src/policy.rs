//! The interlocks: what is dangerous only when several domains are seen together raises a safety alert.
//!
//! They hear safety itself, people, legal, housing and aftercare, and raise the alert in her latest safety case, or open one. What another
//! centre recorded is not known here: an alert that follows from it would tell that she was there. Deliberately absent: the third
//! interlock's triggers inside safety, which the case answers in the same command; the fifth, which refuses and is aftercare's; and
//! what an alert opens, which the case decides.

mod course;
mod orders;

use crate::case::{ChildrenCovered, Command, Interlock, Safety, SafetyAlert};
use course::Course;
use kit::{
    ActorId, Day, Personal, Policy,
    policy::{Heard, Now, Order, Standing},
    sealed::known,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
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
        /// The first day.
        from: Option<Personal<Day>>,
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
    /// Legal: an order against the perpetrator.
    RestrainingOrderIssued {
        /// Which.
        order: Uuid,
        /// Whether it is still to be decided for good.
        provisional: Option<Personal<bool>>,
        /// Its first day.
        from: Option<Personal<Day>>,
        /// Its last day.
        until: Option<Personal<Day>>,
    },
    /// Legal: a ban from an area.
    AreaBanIssued {
        /// Which.
        order: Uuid,
        /// Its first day.
        from: Option<Personal<Day>>,
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
    /// Legal: an order was broken.
    OrderBreachReported {},
    /// Legal: the children are to see the other parent.
    InterimContactDecided {},
    /// Legal: something is decided about the children. Where it is contact, no outcome that there is says that there will be none:
    /// they tell whether it went her way, and not which way she asked for.
    FamilyDecisionReceived {
        /// What it is about.
        matter: Option<Personal<Matter>>,
    },
    /// Housing: a lease is signed.
    LeaseSigned {},
    /// People: a stay is over.
    StayEnded {},
    /// People: she died.
    PersonDied {},
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

/// What a decision in a family case is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Matter {
    /// The children's contact with the other parent.
    Contact,
    /// Anything else.
    #[serde(other)]
    Other,
}

/// What is kept of an event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Known {
    /// A safety case.
    Case,
    /// Protection of her address.
    Protected {
        /// The first day.
        from: Option<Day>,
        /// The last day.
        until: Option<Day>,
        /// Whether no child of hers is left out.
        children: bool,
    },
    /// The protection is over.
    Unprotected,
    /// A safety plan.
    Plan,
    /// An order.
    Order {
        /// Which.
        order: Uuid,
        /// Of which kind.
        kind: OrderKind,
        /// Its last day.
        until: Option<Day>,
    },
    /// The order holds for longer.
    OrderExtended {
        /// Which.
        order: Uuid,
        /// Its new last day.
        until: Option<Day>,
    },
    /// The order holds no more.
    OrderEnded(Uuid),
    /// The children are to see the other parent.
    Contact,
    /// Who her contact in aftercare is.
    ContactWorker(ActorId),
    /// She was reached.
    Reached,
    /// She was not.
    Missed,
    /// She is dead.
    Died,
}

/// What kind of order it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderKind {
    /// A restraining order that holds until it is decided for good.
    Provisional,
    /// One that is decided for good.
    Restraining,
    /// A ban from an area.
    AreaBan,
}

impl Foreign {
    /// What is kept of it; it comes from this service.
    fn kept(&self, service: &str) -> Option<Known> {
        Some(match self {
            Self::CaseOpened {} if service == crate::SERVICE => Known::Case,
            Self::AddressProtectionGranted { from, until, children } => {
                let covered = known(children.as_ref());
                let children = matches!(covered, Some(ChildrenCovered::All | ChildrenCovered::HasNone));
                Known::Protected { from: known(from.as_ref()), until: known(until.as_ref()), children }
            }
            Self::AddressProtectionExpired {} => Known::Unprotected,
            Self::SafetyPlanAgreed {} => Known::Plan,
            Self::RestrainingOrderIssued { order, provisional, until, .. } => {
                let provisional = known(provisional.as_ref()) == Some(true);
                let kind = if provisional { OrderKind::Provisional } else { OrderKind::Restraining };
                Known::Order { order: *order, kind, until: known(until.as_ref()) }
            }
            Self::AreaBanIssued { order, until, .. } => {
                Known::Order { order: *order, kind: OrderKind::AreaBan, until: known(until.as_ref()) }
            }
            Self::RestrainingOrderExtended { order, until } => {
                Known::OrderExtended { order: *order, until: known(until.as_ref()) }
            }
            Self::RestrainingOrderEnded { order } => Known::OrderEnded(*order),
            Self::AftercareAccepted { contact_worker } => {
                Known::ContactWorker(contact_worker.as_ref().and_then(|worker| worker.open()).cloned()?)
            }
            _ if self.begins_contact() => Known::Contact,
            Self::ContactMade {} => Known::Reached,
            Self::ContactMissed {} => Known::Missed,
            Self::PersonDied {} => Known::Died,
            Self::CaseOpened {}
            | Self::OrderBreachReported {}
            | Self::InterimContactDecided {}
            | Self::FamilyDecisionReceived { .. }
            | Self::LeaseSigned {}
            | Self::StayEnded {} => return None,
        })
    }

    /// Whether the children are to see the other parent.
    fn begins_contact(&self) -> bool {
        match self {
            Self::InterimContactDecided {} => true,
            Self::FamilyDecisionReceived { matter } => known(matter.as_ref()) == Some(Matter::Contact),
            _ => false,
        }
    }
}

impl Policy for RaiseAlerts {
    const NAME: &'static str = "raise-alerts";
    const HEARS: &'static [&'static str] = &["people", "safety", "legal", "housing", "aftercare"];
    // An order in force is in force, whenever it was recorded.
    type Heard = Standing<Known>;
    type Foreign = Foreign;
    type Decider = Safety;

    fn hear(heard: &mut Self::Heard, event: &Heard<Foreign>) {
        heard.take(event, |foreign| foreign.kept(&event.service));
    }

    fn react(heard: &Self::Heard, event: &Heard<Foreign>, now: Now<'_>) -> Vec<Order<Safety>> {
        let Some(recorded) = event.recorded() else { return Vec::new() };
        let course = Course { heard, centre: event.centre };
        let happened = event.happened.day();
        let day = happened.map_or(now.today, Day::date);
        let (raises, interlock) = match recorded {
            Foreign::LeaseSigned {} => (!course.is_protected(now.today), Interlock::AddressUnprotected),
            _ if recorded.begins_contact() => {
                (course.has_order(day) || course.has_order(now.today), Interlock::ContactDuringOrder)
            }
            // The other way round: the order is recorded after the contact that began while it was in force.
            Foreign::RestrainingOrderIssued { order, from, .. } | Foreign::AreaBanIssued { order, from, .. } => {
                let first = known(from.as_ref()).into_iter().chain(happened).min();
                (course.has_contact_during(*order, first, now.today), Interlock::ContactDuringOrder)
            }
            Foreign::OrderBreachReported {} => (true, Interlock::NewThreat),
            // Whoever is dead needs no plan, and is not called.
            Foreign::StayEnded {} | Foreign::ContactMissed {} if course.died() => return Vec::new(),
            Foreign::StayEnded {} => (!course.has_young_plan(day, now), Interlock::NoSafetyPlan),
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
        let centres: BTreeSet<_> = heard.iter().map(|stood| stood.centre).collect();
        let courses = centres.into_iter().map(|centre| Course { heard, centre });
        courses.flat_map(|course| course.ending(now)).collect()
    }

    fn deadlines() -> &'static [&'static str] {
        &[ORDER_ENDS, PLAN_IS_YOUNG]
    }
}

fn raise(interlock: Interlock) -> Command {
    Command::RaiseSafetyAlert(SafetyAlert::about(interlock))
}

#[cfg(test)]
mod tests;
