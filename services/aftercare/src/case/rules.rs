//! What is refused, what is only warned about, what is likely next and what stays open.
//!
//! Refused is a second answer to one offer. Offering is never refused: a pending offer is so already, and any other may be
//! followed by a new one.

use super::{
    command::{Command, Event},
    event::{Acceptance, Offer},
    state::{Aftercare, Standing},
};
use kit::{Context, Decider, Decision, Facets, decider::Commands, facets::FollowUpChange};

/// Why an entry is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, strum::IntoStaticStr, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Rejection {
    /// The offer was answered in the other way already.
    #[error("there is another outcome already")]
    SecondOutcome,
}

/// What a worker is told beside an entry that stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Warning {
    /// No offer was logged: she arrives mid-story.
    NotOffered,
    /// An offer waits for its answer already.
    OfferedAlready,
    /// She has aftercare already.
    AcceptedAlready,
}

/// What a follow-up asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum FollowUp {
    /// Ask her whether she wants aftercare.
    AnswerAftercareOffer,
}

/// How long an offer waits before somebody asks.
const ANSWER_DEADLINE: &str = "aftercare_offer_answer";
/// The key of the follow-up on the latest offer.
const ANSWER: &str = "aftercare/answer";

impl Decider for Aftercare {
    const TYPE: &'static str = "case";
    const PLURAL: &'static str = "cases";
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;
    type Warning = Warning;
    type FollowUp = FollowUp;

    fn decide(&self, command: Command, context: &Context<'_>) -> Result<Decision<Self>, Rejection> {
        let runs = self.runs(context.today);
        let unoffered = self.standing == Standing::NotOffered;
        let (pending, accepted) =
            (self.standing == Standing::Offered, matches!(self.standing, Standing::Accepted { .. }));
        match (&command, &self.standing) {
            (Command::DeclineAftercare(_), Standing::Declined) => Ok(Decision::already()),
            // The rule offers to whoever moves in; a worker may have a reason to offer more, and a name or a day to add.
            (Command::OfferAftercare(offer), _)
                if (context.by_rule() && (runs || pending)) || (pending && *offer == Offer::default()) =>
            {
                Ok(Decision::already())
            }
            (Command::OfferAftercare(_), _) => Ok(Decision::event(command.record())
                .warn_if(pending, Warning::OfferedAlready)
                .warn_if(runs, Warning::AcceptedAlready)),
            (Command::AcceptAftercare(acceptance), _) if accepted && *acceptance == Acceptance::default() => {
                Ok(Decision::already())
            }
            (Command::AcceptAftercare(_), Standing::Accepted { .. }) => {
                Ok(Decision::event(command.record()).warn_if(true, Warning::AcceptedAlready))
            }
            (Command::AcceptAftercare(_), Standing::Declined)
            | (Command::DeclineAftercare(_), Standing::Accepted { .. }) => Err(Rejection::SecondOutcome),
            (Command::AcceptAftercare(_) | Command::DeclineAftercare(_), _) => {
                Ok(Decision::event(command.record()).warn_if(unoffered, Warning::NotOffered))
            }
        }
    }

    fn evolve(&mut self, event: &Event) {
        self.take(event);
    }

    fn actions(&self, context: &Context<'_>) -> Vec<&'static str> {
        match self.standing {
            Standing::Offered => vec!["accept-aftercare", "decline-aftercare"],
            Standing::Accepted { .. } if self.runs(context.today) => Vec::new(),
            Standing::NotOffered | Standing::Accepted { .. } | Standing::Declined => vec!["offer-aftercare"],
        }
    }

    fn facets(&self, event: &Event, context: &Context<'_>) -> Facets {
        let answered = FollowUpChange::closed(ANSWER);
        match event {
            Event::AftercareOffered(_) => {
                let ask = FollowUpChange::opened(ANSWER, FollowUp::AnswerAftercareOffer);
                Facets::routine().with(ask.due_by(context.deadlines, ANSWER_DEADLINE, context.day()))
            }
            Event::AftercareAccepted(_) | Event::AftercareDeclined(_) => Facets::milestone().with(answered),
        }
    }

    fn deadlines() -> &'static [&'static str] {
        &[ANSWER_DEADLINE]
    }
}
