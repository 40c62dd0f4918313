//! A woman who moves to another centre is received there by a rule: nobody there need know her, and nobody here tells them.
//!
//! Where the move was recorded in error, or otherwise, the wrong centre's part ends in the same way, and the right one receives her. It
//! is the one rule that hears a place opened, for where she goes is one. It keeps none: only at which centres she is known, who came
//! to which, and from what was recorded. Deliberately absent: what may be seen there of what came along ([`kit::relation`]).

use crate::woman::{Arrival, Command, Withdrawal, Woman};
use kit::{
    ActorId, CentreId, ChildId, Class, Location, Moment, Policy,
    ids::derive_id,
    policy::{Heard, Now, Order, Standing, To},
    relation::{Along, ArrivalId},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Receives her at the centre to which she moves.
#[derive(Debug)]
pub struct ReceiveRelocations;

/// What the rule needs of the events it hears.
#[derive(Debug, Deserialize)]
#[serde(tag = "event", content = "facts")]
pub enum Foreign {
    /// She is known at a centre from here on.
    CaseOpened {},
    /// She moves to another one.
    CentreRelocated {
        /// To which.
        to: Location<CentreId>,
        /// What goes along.
        along: Option<Along>,
        /// What was recorded by then.
        until: Option<Moment>,
        /// Her children.
        #[serde(default)]
        children: Option<Vec<ChildId>>,
    },
    /// She was received there.
    RelocationReceived {
        /// Which coming it is.
        #[serde(default)]
        arrival: ArrivalId,
        /// Who must not come near what is hers.
        conflicts: Option<Vec<ActorId>>,
    },
    /// And is not any more.
    RelocationWithdrawn {
        /// Which coming.
        arrival: ArrivalId,
    },
    /// Somebody must not come near what is hers.
    ConflictOfInterestRecorded {
        /// Who.
        who: ActorId,
    },
}

/// What is kept of an event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Known {
    /// She is known at this centre, as this aggregate.
    Here,
    /// She moves from it. A correction makes it another coming, with what had been recorded by the same moment.
    Moves {
        /// The coming that follows from it.
        arrival: ArrivalId,
        /// What had been recorded by then goes along.
        until: Moment,
    },
    /// She came to it.
    Came {
        /// Which coming.
        arrival: ArrivalId,
        /// Who must not come near what is hers.
        conflicts: Vec<ActorId>,
    },
    /// She did not.
    Withdrawn(ArrivalId),
    /// Somebody must not come near what is hers.
    Conflict(ActorId),
}

impl Policy for ReceiveRelocations {
    const NAME: &'static str = "receive-relocations";
    const HEARS: &'static [&'static str] = &[crate::SERVICE];
    // Who was registered before the rule is known there too.
    const FROM_THE_BEGINNING: bool = true;
    const OPENS: &'static [Class] = &[Class::Personal, Class::Location];
    type Heard = Standing<Known>;
    type Foreign = Foreign;
    type Decider = Woman;

    fn hear(heard: &mut Self::Heard, event: &Heard<Foreign>) {
        let left = moves(heard, event).map(|(_, until)| until);
        heard.take(event, |foreign| {
            Some(match foreign {
                Foreign::CaseOpened {} => Known::Here,
                Foreign::CentreRelocated { until, .. } => {
                    Known::Moves { arrival: ArrivalId(derive_id(&["arrival", &event.id])), until: left.or(*until)? }
                }
                Foreign::RelocationReceived { arrival, conflicts } => {
                    let conflicts = conflicts.clone().unwrap_or_default();
                    Known::Came { arrival: *arrival, conflicts }
                }
                Foreign::RelocationWithdrawn { arrival } => Known::Withdrawn(*arrival),
                Foreign::ConflictOfInterestRecorded { who } => Known::Conflict(who.clone()),
            })
        });
    }

    fn react(heard: &Self::Heard, event: &Heard<Foreign>, _: Now<'_>) -> Vec<Order<Woman>> {
        received(heard, event).into_iter().chain(withdrawn(heard)).collect()
    }
}

/// The coming that follows from this entry as it stands, and until when what was recorded goes along.
fn moves(heard: &Standing<Known>, event: &Heard<Foreign>) -> Option<(ArrivalId, Moment)> {
    let entry = heard.iter().find(|stood| (stood.aggregate, stood.entry) == (event.aggregate, event.entry));
    match entry?.what {
        Known::Moves { arrival, until } => Some((arrival, until)),
        _ => None,
    }
}

/// She is received where she goes.
fn received(heard: &Standing<Known>, event: &Heard<Foreign>) -> Option<Order<Woman>> {
    let Foreign::CentreRelocated { to, along, children, .. } = event.stands()? else { return None };
    // Erased since: nobody knows where to.
    let centre = *to.open()?;
    let (arrival, until) = moves(heard, event)?;
    let there = heard.at(centre).find(|stood| stood.what == Known::Here);
    let conflicts: BTreeSet<&ActorId> = heard
        .at(event.centre)
        .flat_map(|stood| match &stood.what {
            Known::Conflict(who) => std::slice::from_ref(who),
            Known::Came { conflicts, .. } => conflicts,
            _ => &[],
        })
        .collect();
    let conflicts: Vec<ActorId> = conflicts.into_iter().cloned().collect();
    Some(Order {
        to: there.map_or(To::OwnCase, |there| To::Existing(there.aggregate)),
        centre,
        about: event.id.clone(),
        responsible: None,
        command: Command::ReceiveRelocation(Arrival {
            arrival,
            from: event.centre,
            along: along.unwrap_or(Along::OpenTasksAndSafety),
            until,
            children: children.clone(),
            conflicts: (!conflicts.is_empty()).then_some(conflicts),
        }),
    })
}

/// Wherever she came and no move that stands says so, she did not. Whichever was heard last, the coming or its mistake, is reacted to.
fn withdrawn(heard: &Standing<Known>) -> impl Iterator<Item = Order<Woman>> {
    let over: BTreeSet<ArrivalId> = heard
        .iter()
        .filter_map(|stood| match stood.what {
            Known::Moves { arrival, .. } | Known::Withdrawn(arrival) => Some(arrival),
            _ => None,
        })
        .collect();
    heard.iter().filter_map(move |stood| match stood.what {
        Known::Came { arrival, .. } if !arrival.is_nil() && !over.contains(&arrival) => Some(Order {
            to: To::Existing(stood.aggregate),
            centre: stood.centre,
            about: arrival.to_string(),
            responsible: None,
            command: Command::WithdrawRelocation(Withdrawal { arrival }),
        }),
        _ => None,
    })
}

#[cfg(test)]
mod tests;
