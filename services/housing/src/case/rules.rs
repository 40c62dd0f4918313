//! What is refused, what is only warned about, and what is likely next.
//!
//! Refused is a second outcome for one offer or for the case, dates that contradict each other within one entry, and a fact in
//! the future. Everything else stands: the worker knows more than the case does.

use super::{
    command::{Command, Event},
    event::OfferId,
    follow_ups::{self, FollowUp},
    state::{Answer, Home, Housing, Need, OfferState, Stay, Viewing},
};
use kit::{
    Context, Day, Decider, Decision, Facets,
    decider::{Commands, suggested},
    sealed::{Sealed, known},
    terms::Application,
    when::DueBy,
};

/// Why an entry is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, strum::IntoStaticStr, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Rejection {
    /// The offer, or the case, ended in another way already.
    #[error("there is another outcome already")]
    SecondOutcome,
    /// A temporary home would end before it begins.
    #[error("the last day is before the first")]
    UntilBeforeFrom,
    /// A day on which something happened is still to come.
    #[error("what is recorded has not happened yet")]
    InTheFuture,
}

/// What a worker is told beside an entry that stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Warning {
    /// The case is closed, and stays so.
    CaseClosed,
    /// No such offer was logged: she arrives mid-story, or it is the wrong one.
    OfferUnknown,
    /// The offer was logged before; its facts are now these.
    OfferRecordedAlready,
    /// The offer has been answered or has lapsed.
    OfferAnsweredAlready,
    /// The last day to answer is over.
    AnswerDayPassed,
    /// The new last day is before the old one.
    AnswerDayEarlier,
    /// The answer came after the last day.
    AnsweredLate,
    /// The offer lapses although it could still be answered.
    LapsedEarly,
    /// She has taken another offer.
    AnotherOfferAccepted,
    /// No such temporary home was logged.
    TemporaryHousingUnknown,
    /// An application of this kind is pending; this one takes its place.
    ApplicationPending,
    /// No application was logged.
    DecisionWithoutApplication,
    /// The loan asks for a signed lease or the landlord's attestation.
    DepositLoanBeforeLease,
    /// She has moved: the cost is probably there already, and may not be covered.
    MovingGrantAfterMove,
    /// Follow-ups are still open.
    OpenFollowUps,
    /// Amounts are in øre, and this one is so small that kroner were meant.
    AmountInKroner,
    /// Nobody, or more than a home holds: of people, or of rooms.
    NumberUnlikely,
}

/// What a rent, a loan or a grant to move is at least, in kroner.
const AT_LEAST: u64 = 1000;
/// The most people or rooms of one home.
const MOST: u8 = 20;

impl Decider for Housing {
    const TYPE: &'static str = "case";
    const PLURAL: &'static str = "cases";
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;
    type Warning = Warning;
    type FollowUp = FollowUp;

    fn decide(&self, mut command: Command, context: &Context<'_>) -> Result<Decision<Self>, Rejection> {
        name_new(&mut command, context);
        if self.is_so(&command, context)? {
            return Ok(Decision::already());
        }
        let warnings = self.warnings(&command, context);
        Ok(Decision { warnings, ..Decision::event(command.record()) })
    }

    fn evolve(&mut self, event: &Event) {
        self.take(event);
    }

    fn actions(&self, _: &Context<'_>) -> Vec<&'static str> {
        if !self.stage.is_open() {
            return Vec::new();
        }
        let offer = |is: fn(&OfferState) -> bool| self.offers.values().any(is);
        let awaited = offer(|offer| offer.answer == Answer::Awaited);
        let accepted = offer(|offer| offer.answer == Answer::Accepted);
        let viewing = offer(|offer| offer.answer == Answer::Awaited && offer.viewing == Viewing::Arranged);
        let stays = self.temporary.values().any(|stay| *stay == Stay::Arranged);
        let (sought, leased, moved) =
            (self.home == Home::Sought, self.home == Home::Leased, self.home == Home::MovedIn);
        let none = Application::None;
        let likely = [
            (viewing, "hold-viewing"),
            (awaited, "accept-offer"),
            (awaited, "decline-offer"),
            (awaited && !viewing, "arrange-viewing"),
            (awaited, "extend-offer-answer"),
            (sought && accepted, "sign-lease"),
            (leased, "move-in"),
            (leased && self.deposit_loan == none, "apply-for-deposit-loan"),
            (leased && self.moving_grant == none, "apply-for-moving-grant"),
            (moved && self.benefit == none, "apply-for-housing-benefit"),
            (self.allocation == Application::Pending, "record-allocation-decision"),
            (self.deposit_loan == Application::Pending, "record-deposit-loan-decision"),
            (self.moving_grant == Application::Pending, "record-moving-grant-decision"),
            (self.benefit == Application::Pending, "record-housing-benefit-decision"),
            (stays && !sought, "end-temporary-housing"),
            (sought && self.need == Need::Unclear, "assess-need"),
            (sought && !accepted, "make-offer"),
            (sought && !accepted, "join-list"),
            (sought && !accepted && self.allocation == none, "request-allocation"),
            (sought && !stays, "arrange-temporary-housing"),
            (!sought && !leased, "close-case"),
        ];
        suggested(likely)
    }

    fn facets(&self, event: &Event, context: &Context<'_>) -> Facets {
        follow_ups::facets(self, event, context)
    }

    fn deadlines() -> &'static [&'static str] {
        follow_ups::DEADLINES
    }
}

/// Gives an id to what begins with this entry.
fn name_new(command: &mut Command, context: &Context<'_>) {
    let id = match command {
        Command::MakeOffer(offer) => &mut offer.offer.0,
        Command::JoinList(place) => &mut place.list.0,
        Command::ArrangeTemporaryHousing(home) => &mut home.temporary_housing.0,
        _ => return,
    };
    if id.is_nil() {
        *id = context.new_id(0);
    }
}

impl Housing {
    /// Refuses what cannot be, and tells whether it is so already.
    fn is_so(&self, command: &Command, context: &Context<'_>) -> Result<bool, Rejection> {
        match command {
            Command::AcceptOffer(outcome) => self.has(outcome.offer, Answer::Accepted),
            Command::DeclineOffer(outcome) => self.has(outcome.offer, Answer::Declined),
            Command::LapseOffer(outcome) => {
                let lapsed = self.has(outcome.offer, Answer::Lapsed)?;
                // The rule goes by a follow-up's date, which people move; the offer's own last day decides.
                let in_time = self.last_day(outcome.offer).is_none_or(|day| day.date() >= context.today);
                Ok(lapsed || (context.by_rule() && in_time))
            }
            Command::CloseCase(closing) => self.stage.is_closed_with(&closing.outcome).ok_or(Rejection::SecondOutcome),
            Command::ArrangeTemporaryHousing(home) => match (known(home.from.as_ref()), known(home.until.as_ref())) {
                (Some(from), Some(until)) if until < from => Err(Rejection::UntilBeforeFrom),
                _ => Ok(false),
            },
            Command::EndTemporaryHousing(end) => {
                past_day(end.until.as_ref(), context)?;
                Ok(self.temporary.get(&end.temporary_housing) == Some(&Stay::Ended))
            }
            Command::RecordAllocationDecision(decision) => past_day(decision.day.as_ref(), context),
            Command::MoveIn(moved) => past_day(moved.day.as_ref(), context),
            Command::HoldViewing(viewing) => past(known(viewing.when.as_ref()), context),
            Command::FetchBelongings(belongings) => past(known(belongings.when.as_ref()), context),
            _ => Ok(false),
        }
    }

    /// Whether an offer has this answer; any other one refuses it.
    fn has(&self, offer: OfferId, answer: Answer) -> Result<bool, Rejection> {
        match self.offers.get(&offer).map_or(Answer::Awaited, |offer| offer.answer) {
            Answer::Awaited => Ok(false),
            other if other == answer => Ok(true),
            _ => Err(Rejection::SecondOutcome),
        }
    }

    fn last_day(&self, offer: OfferId) -> Option<Day> {
        self.offers.get(&offer).and_then(OfferState::last_day)
    }

    fn warnings(&self, command: &Command, context: &Context<'_>) -> Vec<Warning> {
        let offer = |offer| self.offers.get(&offer).filter(|offer| offer.terms.is_some());
        let unknown = |id| (offer(id).is_none(), Warning::OfferUnknown);
        let late = |id| {
            let days = self.last_day(id).zip(context.day());
            (days.is_some_and(|(last, answered)| answered > last.date()), Warning::AnsweredLate)
        };
        let over = |answer_by: Option<Day>| {
            (answer_by.is_some_and(|day| day.date() < context.today), Warning::AnswerDayPassed)
        };
        let answered = |id, answers: &[Answer]| {
            let answer = self.offers.get(&id).map(|offer| offer.answer);
            (answer.is_some_and(|answer| answers.contains(&answer)), Warning::OfferAnsweredAlready)
        };
        let pending = |application: Application| (application.is_pending(), Warning::ApplicationPending);
        let unasked = |application: Application| (!application.is_pending(), Warning::DecisionWithoutApplication);
        let candidates = match command {
            Command::MakeOffer(made) => {
                vec![(offer(made.offer).is_some(), Warning::OfferRecordedAlready), over(known(made.answer_by.as_ref()))]
            }
            Command::ExtendOfferAnswer(extension) => {
                let (id, new) = (extension.offer, extension.answer_by.open().copied());
                let earlier = new.zip(self.last_day(id)).is_some_and(|(new, old)| new < old);
                let any = [Answer::Accepted, Answer::Declined, Answer::Lapsed];
                vec![unknown(id), answered(id, &any), (earlier, Warning::AnswerDayEarlier), over(new)]
            }
            Command::AcceptOffer(outcome) => {
                let mut others = self.offers.iter().filter(|(id, _)| **id != outcome.offer);
                let another = others.any(|(_, offer)| offer.answer == Answer::Accepted);
                vec![unknown(outcome.offer), late(outcome.offer), (another, Warning::AnotherOfferAccepted)]
            }
            Command::DeclineOffer(outcome) => vec![unknown(outcome.offer), late(outcome.offer)],
            Command::LapseOffer(outcome) => {
                let early = self.last_day(outcome.offer).is_some_and(|day| day.date() >= context.today);
                vec![unknown(outcome.offer), (early, Warning::LapsedEarly)]
            }
            Command::ArrangeViewing(viewing) => {
                vec![unknown(viewing.offer), answered(viewing.offer, &[Answer::Declined, Answer::Lapsed])]
            }
            Command::HoldViewing(viewing) => vec![unknown(viewing.offer)],
            Command::EndTemporaryHousing(end) => {
                let unknown = !self.temporary.contains_key(&end.temporary_housing);
                vec![(unknown, Warning::TemporaryHousingUnknown)]
            }
            Command::RequestAllocation(_) => vec![pending(self.allocation)],
            Command::RecordAllocationDecision(_) => vec![unasked(self.allocation)],
            Command::ApplyForDepositLoan(_) => {
                vec![pending(self.deposit_loan), (self.home == Home::Sought, Warning::DepositLoanBeforeLease)]
            }
            Command::RecordDepositLoanDecision(_) => vec![unasked(self.deposit_loan)],
            Command::ApplyForMovingGrant(_) => {
                vec![pending(self.moving_grant), (self.home == Home::MovedIn, Warning::MovingGrantAfterMove)]
            }
            Command::RecordMovingGrantDecision(_) => vec![unasked(self.moving_grant)],
            Command::ApplyForHousingBenefit(_) => vec![pending(self.benefit)],
            Command::RecordHousingBenefitDecision(_) => vec![unasked(self.benefit)],
            Command::CloseCase(_) => vec![(!context.open.is_empty(), Warning::OpenFollowUps)],
            _ => Vec::new(),
        };
        let closed = (!self.stage.is_open(), Warning::CaseClosed);
        let all = std::iter::once(closed).chain(candidates).chain(slips(command));
        all.filter_map(|(applies, warning)| applies.then_some(warning)).collect()
    }
}

/// Slips of the finger in amounts and numbers.
fn slips(command: &Command) -> [(bool, Warning); 2] {
    let (amount, number) = match command {
        Command::AssessNeed(need) => (need.rent_ceiling.as_ref(), need.persons.as_ref()),
        Command::MakeOffer(offer) => (offer.rent.as_ref(), offer.rooms.as_ref()),
        Command::ApplyForDepositLoan(application) => (application.amount.as_ref(), None),
        Command::RecordDepositLoanDecision(decision) => (decision.amount.as_ref(), None),
        Command::ApplyForMovingGrant(application) => (application.amount.as_ref(), None),
        Command::RecordMovingGrantDecision(decision) => (decision.amount.as_ref(), None),
        _ => (None, None),
    };
    let in_kroner = known(amount).is_some_and(|amount| amount.was_meant_in_kroner(AT_LEAST));
    let unlikely = known(number).is_some_and(|number| !(1..=MOST).contains(&number));
    [(in_kroner, Warning::AmountInKroner), (unlikely, Warning::NumberUnlikely)]
}

/// Refuses a day on which something happened, where it is still to come.
fn past_day<C>(day: Option<&Sealed<Day, C>>, context: &Context<'_>) -> Result<bool, Rejection> {
    past(known(day).map(DueBy::On), context)
}

fn past(when: Option<DueBy>, context: &Context<'_>) -> Result<bool, Rejection> {
    if when.is_some_and(|when| context.to_come(when)) { Err(Rejection::InTheFuture) } else { Ok(false) }
}
