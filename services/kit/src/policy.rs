//! How a service reacts to others, and to the calendar.
//!
//! Deliberately absent: progress, retries, exactly-once; the engine's policy runner keeps those.

use crate::{
    ActorId, AggregateId, CentreId, WomanId,
    decider::{Commands, Decider, Events},
};
use serde::{Serialize, de::DeserializeOwned};
use time::Date;
use uuid::Uuid;

/// One rule of a service. It hears events, keeps what it needs of each woman, and commands its own service's aggregates.
pub trait Policy: Send + Sync + 'static {
    /// Its stable name: part of every key it makes. Renaming it makes it a new policy.
    const NAME: &'static str;
    /// The services it hears.
    const HEARS: &'static [&'static str];
    /// Whether it starts with all that has ever happened. Otherwise it starts at the head on its first run.
    const FROM_THE_BEGINNING: bool = false;
    /// What it keeps of one woman.
    type Heard: Default + Serialize + DeserializeOwned + Send + Sync;
    /// The events it understands: a struct or enum of its own with only the fields it needs, read from `{ "event", "facts",
    /// "facets" }`. What does not parse as it is none of its business. Personal facts come opened, the others closed, so sealed facts
    /// are named by their classes ([`crate::Personal`] and the others).
    type Foreign: DeserializeOwned + Send + Sync;
    /// The aggregate it commands.
    type Decider: Decider;

    /// Remembers what matters of an event.
    fn hear(heard: &mut Self::Heard, event: &Heard<Self::Foreign>);
    /// What follows from an event at once. `heard` has taken it in already.
    fn react(heard: &Self::Heard, event: &Heard<Self::Foreign>) -> Vec<Order<Self::Decider>>;
    /// What the day asks for. Runs daily and at start.
    fn due(heard: &Self::Heard, today: Date) -> Vec<Order<Self::Decider>>;
}

/// An event as a policy hears it.
#[derive(Debug, Clone)]
pub struct Heard<F> {
    /// The event's id, `service/aggregate/version`.
    pub id: String,
    /// The aggregate it happened to.
    pub aggregate: AggregateId,
    /// Who recorded it.
    pub actor: ActorId,
    /// The woman.
    pub woman: WomanId,
    /// The centre that recorded it.
    pub centre: CentreId,
    /// The fields the policy asked for.
    pub event: F,
}

/// A command that a policy gives.
#[derive(Debug, Clone)]
pub struct Order<D: Decider> {
    /// To which aggregate.
    pub to: To,
    /// For whose centre it acts.
    pub centre: CentreId,
    /// What the order is about, so that the same order given again is known: an event's id, or a subject and date.
    pub about: String,
    /// Who holds what it opens; none: nobody yet.
    pub responsible: Option<ActorId>,
    /// The command.
    pub command: D::Command,
}

/// Which aggregate an order goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum To {
    /// One that exists.
    Existing(AggregateId),
    /// The woman's case of this policy at this centre, opened where it is not there yet.
    OpenFor(WomanId),
}

impl<D: Decider> Order<D> {
    /// The idempotency key of the order.
    #[must_use]
    pub fn key(&self, policy: &str) -> Uuid {
        let (aggregate, event) = (self.aggregate(policy).to_string(), self.command.clone().record());
        crate::ids::derive_id(&["order", policy, &self.about, &aggregate, event.name()])
    }

    /// The aggregate it goes to.
    #[must_use]
    pub fn aggregate(&self, policy: &str) -> AggregateId {
        match self.to {
            To::Existing(aggregate) => aggregate,
            To::OpenFor(woman) => AggregateId(crate::ids::derive_id(&[
                "case-of-policy",
                policy,
                &woman.to_string(),
                &self.centre.to_string(),
            ])),
        }
    }
}
