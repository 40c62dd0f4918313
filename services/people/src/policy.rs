//! A woman who moves to another centre is received there by a rule: nobody there need know her, and nobody here tells them.
//!
//! Where the move was recorded in error, or otherwise, the wrong centre's part ends in the same way, and the right one receives her. It
//! is the one rule that hears a place opened, for where she goes is one. It keeps none: only at which centres she is known, who came
//! to which, and from what was recorded. Deliberately absent: what may be seen there of what came along ([`kit::relation`]).

use crate::woman::{Alias, Arrival, ArrivalOffer, Command, Withdrawal, Woman};
use kit::{
    ActorId, CentreId, ChildId, Class, Day, Location, Moment, Personal, Policy,
    ids::derive_id,
    policy::{Heard, Now, Order, Standing, To},
    relation::{Along, ArrivalId},
    sealed::known,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use time::Date;

/// Receives her at the centre to which she moves.
#[derive(Debug)]
pub struct ReceiveRelocations;

/// What the rule needs of the events it hears.
#[derive(Debug, Deserialize)]
#[serde(tag = "event", content = "facts")]
pub enum Foreign {
    /// She is known at a centre from here on.
    CaseOpened {},
    /// Another one is asked whether it receives her.
    RelocationOffered {
        /// Which coming it would be.
        arrival: ArrivalId,
        /// To which.
        to: Location<CentreId>,
        /// What would go along.
        along: Option<Along>,
        /// From which day.
        day: Option<Personal<Day>>,
        /// What she is called.
        alias: Option<Personal<Alias>>,
        /// The last day on which an answer is expected.
        answer_by: Option<Personal<Day>>,
    },
    /// It is not asked any more, or declined.
    #[serde(alias = "RelocationDeclined")]
    RelocationOfferWithdrawn {
        /// Which coming.
        arrival: ArrivalId,
    },
    /// It was asked there.
    ArrivalOffered {
        /// Which coming it would be.
        arrival: ArrivalId,
    },
    /// And is not any more.
    ArrivalOfferEnded {
        /// Which coming.
        arrival: ArrivalId,
    },
    /// She moves to another one.
    CentreRelocated {
        /// Which coming follows from it; left out: one is made of the entry.
        #[serde(default)]
        arrival: Option<ArrivalId>,
        /// Who accepted there.
        #[serde(default)]
        accepted_by: Option<Location<ActorId>>,
        /// To which.
        to: Location<CentreId>,
        /// What goes along.
        along: Option<Along>,
        /// What was recorded by then.
        until: Option<Moment>,
        /// Her children.
        #[serde(default)]
        children: Option<Vec<ChildId>>,
        /// Who must not come near what is hers, as her own entries had it then.
        #[serde(default)]
        conflicts: Option<Vec<ActorId>>,
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
    /// Somebody may again.
    ConflictOfInterestEnded {
        /// Who.
        who: ActorId,
    },
    /// She died.
    PersonDied {},
    /// She, or a child of hers, was forgotten.
    PersonErased {
        /// Which child; left out: she herself.
        #[serde(default)]
        child: Option<ChildId>,
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
    /// Another centre is asked.
    Offered {
        /// The coming that would follow from it.
        arrival: ArrivalId,
        /// The last day on which an answer is expected.
        answer_by: Option<Day>,
    },
    /// It is not any more.
    Over(ArrivalId),
    /// This centre was asked.
    Awaited(ArrivalId),
    /// And is not any more.
    Closed(ArrivalId),
    /// Somebody must not come near what is hers.
    Conflict(ActorId),
    /// Somebody may again.
    ConflictOver(ActorId),
    /// She died.
    Died,
    /// She was forgotten.
    Forgotten,
}

impl Policy for ReceiveRelocations {
    const NAME: &'static str = "receive-relocations";
    const HEARS: &'static [&'static str] = &[crate::SERVICE];
    // Who was registered before the rule is known there too.
    const OPENS: &'static [Class] = &[Class::Personal, Class::Location];
    type Heard = Standing<Known>;
    type Foreign = Foreign;
    type Decider = Woman;

    fn hear(heard: &mut Self::Heard, event: &Heard<Foreign>) {
        let left = moves(heard, event).map(|(_, until)| until);
        heard.take(event, |foreign| {
            Some(match foreign {
                Foreign::CaseOpened {} => Known::Here,
                Foreign::CentreRelocated { until, arrival, .. } => {
                    // Corrected, it is another coming.
                    let offered = arrival.filter(|_| event.recorded().is_some());
                    let arrival = offered.unwrap_or_else(|| ArrivalId(derive_id(&["arrival", &event.id])));
                    Known::Moves { arrival, until: left.or(*until)? }
                }
                Foreign::RelocationOffered { arrival, answer_by, .. } => {
                    Known::Offered { arrival: *arrival, answer_by: known(answer_by.as_ref()) }
                }
                Foreign::RelocationOfferWithdrawn { arrival } => Known::Over(*arrival),
                Foreign::ArrivalOffered { arrival } => Known::Awaited(*arrival),
                Foreign::ArrivalOfferEnded { arrival } => Known::Closed(*arrival),
                Foreign::RelocationReceived { arrival, conflicts } => {
                    let conflicts = conflicts.clone().unwrap_or_default();
                    Known::Came { arrival: *arrival, conflicts }
                }
                Foreign::RelocationWithdrawn { arrival } => Known::Withdrawn(*arrival),
                Foreign::ConflictOfInterestRecorded { who } => Known::Conflict(who.clone()),
                Foreign::ConflictOfInterestEnded { who } => Known::ConflictOver(who.clone()),
                Foreign::PersonDied {} => Known::Died,
                Foreign::PersonErased { child: None } => Known::Forgotten,
                Foreign::PersonErased { child: Some(_) } => return None,
            })
        });
    }

    fn react(heard: &Self::Heard, event: &Heard<Foreign>, _: Now<'_>) -> Vec<Order<Woman>> {
        let asked = offered(heard, event).into_iter().chain(closed(heard));
        received(heard, event).into_iter().chain(withdrawn(heard)).chain(asked).collect()
    }

    fn due(heard: &Self::Heard, now: Now<'_>) -> Vec<Order<Woman>> {
        unanswered(heard, now.today).collect()
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
    let Foreign::CentreRelocated { to, along, children, accepted_by, conflicts: told, .. } = event.stands()? else {
        return None;
    };
    // Erased since: nobody knows where to.
    let centre = *to.open()?;
    let (arrival, until) = moves(heard, event)?;
    let mut conflicts: BTreeSet<&ActorId> = BTreeSet::new();
    // Her own entries say it, which are signed; what was heard besides is of before they did.
    for stood in heard.at(event.centre) {
        match &stood.what {
            Known::Conflict(who) => drop(conflicts.insert(who)),
            Known::ConflictOver(who) => drop(conflicts.remove(who)),
            Known::Came { conflicts: came, .. } => conflicts.extend(came),
            _ => {}
        }
    }
    conflicts.extend(told.iter().flatten());
    let conflicts: Vec<ActorId> = conflicts.into_iter().cloned().collect();
    Some(Order {
        to: hers(heard, centre),
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
            accepted_by: accepted_by.as_ref().and_then(|by| by.open().cloned()),
        }),
    })
}

/// Her aggregate at a centre.
fn hers(heard: &Standing<Known>, centre: CentreId) -> To {
    let there = heard.at(centre).find(|stood| stood.what == Known::Here);
    there.map_or(To::OwnCase, |there| To::Existing(there.aggregate))
}

/// It is asked where she would go, and no more is told there than what she is called, what would come along, and from when.
fn offered(heard: &Standing<Known>, event: &Heard<Foreign>) -> Option<Order<Woman>> {
    let Foreign::RelocationOffered { arrival, to, along, day, alias, .. } = event.recorded()? else { return None };
    let centre = *to.open()?;
    Some(Order {
        to: hers(heard, centre),
        centre,
        about: event.id.clone(),
        responsible: None,
        command: Command::OfferArrival(ArrivalOffer {
            arrival: *arrival,
            from: event.centre,
            along: along.unwrap_or(Along::OpenTasksAndSafety),
            alias: alias.clone(),
            day: day.clone(),
        }),
    })
}

/// Nobody comes who died, as the centre knows that offers her, or whom any centre has forgotten.
fn in_vain(heard: &Standing<Known>) -> impl Iterator<Item = ArrivalId> {
    let forgotten = heard.iter().any(|stood| stood.what == Known::Forgotten);
    heard.iter().filter_map(move |stood| match stood.what {
        Known::Offered { arrival, .. } if heard.at(stood.centre).any(|also| also.what == Known::Died) => Some(arrival),
        Known::Offered { arrival, .. } | Known::Awaited(arrival) if forgotten => Some(arrival),
        _ => None,
    })
}

/// Wherever it was asked and is not any more, that is said. Whichever was heard last, the question or its end, is reacted to.
fn closed(heard: &Standing<Known>) -> impl Iterator<Item = Order<Woman>> {
    let arrivals = |of: fn(&Known) -> Option<ArrivalId>| heard.iter().filter_map(move |stood| of(&stood.what));
    let over = arrivals(|known| if let Known::Over(arrival) = known { Some(*arrival) } else { None });
    let over: BTreeSet<_> = over.chain(in_vain(heard)).collect();
    let said: BTreeSet<_> =
        arrivals(|known| if let Known::Closed(arrival) = known { Some(*arrival) } else { None }).collect();
    heard.iter().filter_map(move |stood| match stood.what {
        Known::Awaited(arrival) if over.contains(&arrival) && !said.contains(&arrival) => Some(Order {
            to: To::Existing(stood.aggregate),
            centre: stood.centre,
            about: arrival.to_string(),
            responsible: None,
            command: Command::EndArrivalOffer(Withdrawal { arrival }),
        }),
        _ => None,
    })
}

/// What was asked and not answered on its day is an alert where it was asked.
fn unanswered(heard: &Standing<Known>, today: Date) -> impl Iterator<Item = Order<Woman>> {
    let answered: BTreeSet<ArrivalId> = heard
        .iter()
        .filter_map(|stood| match stood.what {
            Known::Over(arrival) | Known::Moves { arrival, .. } => Some(arrival),
            _ => None,
        })
        .chain(in_vain(heard))
        .collect();
    heard.iter().filter_map(move |stood| match stood.what {
        Known::Offered { arrival, answer_by: Some(by) } if by.date() < today && !answered.contains(&arrival) => {
            Some(Order {
                to: To::Existing(stood.aggregate),
                centre: stood.centre,
                about: arrival.to_string(),
                responsible: None,
                command: Command::ReportUnansweredRelocation(Withdrawal { arrival }),
            })
        }
        _ => None,
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
