//! A woman who moves to another centre is received there by a rule: nobody there need know her, and nobody here tells them.
//!
//! It is the one rule that hears a place opened, for where she goes is one. It keeps none: only at which centres she is known. Deliberately
//! absent: what may be seen there of what came along ([`kit::relation`]).

use crate::woman::{Arrival, Command, Woman};
use kit::{
    CentreId, ChildId, Class, Location, Moment, Policy,
    policy::{Heard, Now, Order, Standing, To},
    relation::Along,
};
use serde::Deserialize;

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
}

impl Policy for ReceiveRelocations {
    const NAME: &'static str = "receive-relocations";
    const HEARS: &'static [&'static str] = &[crate::SERVICE];
    // Who was registered before the rule is known there too.
    const FROM_THE_BEGINNING: bool = true;
    const OPENS: &'static [Class] = &[Class::Personal, Class::Location];
    /// Her aggregates, one at each centre.
    type Heard = Standing<()>;
    type Foreign = Foreign;
    type Decider = Woman;

    fn hear(heard: &mut Self::Heard, event: &Heard<Foreign>) {
        heard.take(event, |foreign| matches!(foreign, Foreign::CaseOpened {}).then_some(()));
    }

    fn react(heard: &Self::Heard, event: &Heard<Foreign>, _: Now<'_>) -> Vec<Order<Woman>> {
        let Some(Foreign::CentreRelocated { to, along, until: Some(until), children }) = event.recorded() else {
            return Vec::new();
        };
        // Erased since: nobody knows where to.
        let Some(centre) = to.open().copied() else { return Vec::new() };
        let there = heard.at(centre).next();
        let along = along.unwrap_or(Along::OpenTasksAndSafety);
        vec![Order {
            to: there.map_or(To::OwnCase, |there| To::Existing(there.aggregate)),
            centre,
            about: event.id.clone(),
            responsible: None,
            command: Command::ReceiveRelocation(Arrival {
                from: event.centre,
                along,
                until: *until,
                children: children.clone(),
            }),
        }]
    }
}

#[cfg(test)]
mod tests;
