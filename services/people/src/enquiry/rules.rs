//! What is refused: that one enquiry comes to two things. Nothing follows from it.

use super::{
    command::{Command, Event},
    event::Received,
};
use kit::{
    Context, Decider, Decision, Facets,
    decider::{Begins, Commands},
};
use serde::Serialize;

/// An enquiry.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Enquiry {
    received: Option<Received>,
}

/// Why an entry is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, strum::IntoStaticStr, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Rejection {
    /// It came to something else already.
    #[error("there is another outcome already")]
    SecondOutcome,
}

/// There is nothing to warn of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr, strum::VariantNames)]
pub enum Warning {}

/// Nothing is left open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr, strum::VariantNames)]
pub enum FollowUp {}

impl Decider for Enquiry {
    const TYPE: &'static str = "enquiry";
    const PLURAL: &'static str = "enquiries";
    const BEGINS: Begins = Begins::AboutNobody("receive-enquiry");
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;
    type Warning = Warning;
    type FollowUp = FollowUp;

    fn decide(&self, command: Command, _: &Context<'_>) -> Result<Decision<Self>, Rejection> {
        let Command::ReceiveEnquiry(received) = &command;
        match &self.received {
            None => Ok(Decision::event(command.record())),
            Some(known) if known == received => Ok(Decision::already()),
            Some(_) => Err(Rejection::SecondOutcome),
        }
    }

    fn evolve(&mut self, event: &Event) {
        let Event::EnquiryReceived(received) = event;
        self.received = Some(received.clone());
    }

    fn actions(&self, _: &Context<'_>) -> Vec<&'static str> {
        if self.received.is_none() { vec!["receive-enquiry"] } else { Vec::new() }
    }

    fn facets(&self, _: &Event, _: &Context<'_>) -> Facets {
        Facets::routine()
    }
}
