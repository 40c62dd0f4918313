//! What is refused, what is only warned about, and what is likely next.
//!
//! Refused is a second outcome for one grant or for the case, a fact in the future, and an account number in any text. Everything
//! else stands: the worker knows more than the case does.

use super::{
    account,
    command::{Command, Event},
    event::{GrantDecision, GrantId, SingleGrantApplication},
    follow_ups::{self, FollowUp},
    state::{Financial, GrantState, Grants, Step},
};
use kit::{
    Context, Day, Decider, Decision, Facets, Money, Personal,
    decider::{Commands, suggested},
    sealed::known,
    terms::{Application, Ruling},
    when::DueBy,
};

/// Why an entry is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, strum::IntoStaticStr, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Rejection {
    /// The grant, or the case, ended in another way already.
    #[error("there is another outcome already")]
    SecondOutcome,
    /// A day or year in which something happened is still to come.
    #[error("what is recorded has not happened yet")]
    InTheFuture,
    /// A text holds the number of an account or a card.
    #[error("a text holds the number of an account or a card")]
    AccountNumber,
}

/// What a worker is told beside an entry that stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Warning {
    /// The case is closed, and stays so.
    CaseClosed,
    /// The grant was applied for before; its facts are now these.
    GrantRecordedAlready,
    /// An application for the same is pending.
    ApplicationPending,
    /// No application was logged.
    DecisionWithoutApplication,
    /// The cost was paid before the application, and may not be covered.
    CostPaidAlready,
    /// The last day to complain is over.
    ComplaintTimePassed,
    /// The day of the first instalment is over.
    InstalmentDayPassed,
    /// Follow-ups are still open.
    OpenFollowUps,
    /// Amounts are in øre, and this one is so small that kroner were meant.
    AmountInKroner,
}

/// What she has, pays or owes is at least this much in all, in kroner.
const IN_ALL: u64 = 1000;
/// What a grant is at least, in kroner.
const GRANT: u64 = 500;
/// What is paid off in a month at least, in kroner.
const INSTALMENT: u64 = 100;

impl Decider for Financial {
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
        let single = self.single_grants.pending().next().is_some();
        let fund = self.fund_grants.pending().next().is_some();
        let free_place = self.free_places.iter().any(|place| place.application.is_pending());
        let ahead = Step::is_ahead;
        let shares = known(self.joint_accounts.as_ref()) == Some(true) && ahead(self.joint_account_closed);
        let abused = !ahead(self.abuse);
        let likely = [
            (ahead(self.situation), "map-situation"),
            (single, "record-single-grant-decision"),
            (free_place, "record-daycare-free-place-decision"),
            (fund, "record-fund-grant-decision"),
            (abused && ahead(self.credit_warning), "register-credit-warning"),
            (shares, "close-joint-account"),
            (!abused, "identify-economic-abuse"),
            (ahead(self.own_account), "open-own-account"),
            (ahead(self.nem_konto), "change-nem-konto"),
            (!single, "apply-for-single-grant"),
            (ahead(self.child_allowance), "apply-for-child-allowance"),
            (!ahead(self.situation) && !single && !free_place && !fund, "close-case"),
        ];
        suggested(likely)
    }

    fn facets(&self, event: &Event, context: &Context<'_>) -> Facets {
        follow_ups::facets(self, event, context)
    }

    fn forbids(text: &str) -> Option<Rejection> {
        account::stands_in(text).then_some(Rejection::AccountNumber)
    }

    fn deadlines() -> &'static [&'static str] {
        follow_ups::DEADLINES
    }
}

/// Gives an id to what begins with this entry.
fn name_new(command: &mut Command, context: &Context<'_>) {
    let id = match command {
        Command::ApplyForSingleGrant(application) => &mut application.grant.0,
        Command::ApplyForFundGrant(application) => &mut application.grant.0,
        Command::AgreeDebtPlan(plan) => &mut plan.plan.0,
        _ => return,
    };
    if id.is_nil() {
        *id = context.new_id(0);
    }
}

impl Financial {
    /// Refuses what cannot be, and tells whether it is so already.
    fn is_so(&self, command: &Command, context: &Context<'_>) -> Result<bool, Rejection> {
        match command {
            Command::RecordSingleGrantDecision(decision) => decided_so(&self.single_grants, decision),
            Command::RecordFundGrantDecision(decision) => decided_so(&self.fund_grants, decision),
            Command::ApplyForSingleGrant(application) => past_day(application.cost_paid_on.as_ref(), context),
            Command::RegisterCreditWarning(warning) => past_day(warning.day.as_ref(), context),
            Command::DeclareSoleProvider(declaration) => {
                let year = known(declaration.year.as_ref()).map(i32::from);
                refuse_to_come(year.is_some_and(|year| year > context.today.year()))
            }
            Command::CloseCase(closing) => self.stage.is_closed_with(&closing.outcome).ok_or(Rejection::SecondOutcome),
            _ => Ok(false),
        }
    }

    fn warnings(&self, command: &Command, context: &Context<'_>) -> Vec<Warning> {
        let recorded = |grants: &Grants, grant: GrantId| {
            (grants.get(grant).is_some_and(|grant| !grant.applied.is_ahead()), Warning::GrantRecordedAlready)
        };
        let unasked = |pending: bool| (!pending, Warning::DecisionWithoutApplication);
        let asked = |grants: &Grants, grant: GrantId| unasked(grants.get(grant).is_some_and(GrantState::is_pending));
        let pending = |application: Application| (application.is_pending(), Warning::ApplicationPending);
        let candidates = match command {
            Command::ApplyForSingleGrant(application) => vec![
                recorded(&self.single_grants, application.grant),
                (self.asks_for_the_same(application), Warning::ApplicationPending),
                (paid_before(application, context), Warning::CostPaidAlready),
            ],
            Command::RecordSingleGrantDecision(decision) => {
                let late = follow_ups::complaint_by(context).is_some_and(|last| last < context.today);
                let passed = late && decision.outcome != Ruling::Granted;
                vec![asked(&self.single_grants, decision.grant), (passed, Warning::ComplaintTimePassed)]
            }
            Command::ApplyForFundGrant(application) => vec![recorded(&self.fund_grants, application.grant)],
            Command::RecordFundGrantDecision(decision) => vec![asked(&self.fund_grants, decision.grant)],
            Command::ApplyForDaycareFreePlace(place) => vec![pending(self.free_place_of(place.child.as_ref()))],
            Command::RecordDaycareFreePlaceDecision(decision) => {
                vec![unasked(self.free_place_of(decision.child.as_ref()).is_pending())]
            }
            Command::AgreeDebtPlan(plan) => {
                let first = known(plan.first_instalment.as_ref());
                vec![(first.is_some_and(|day| day.date() < context.today), Warning::InstalmentDayPassed)]
            }
            Command::CloseCase(_) => vec![(!context.open.is_empty(), Warning::OpenFollowUps)],
            _ => Vec::new(),
        };
        let closed = (!self.stage.is_open(), Warning::CaseClosed);
        let all = std::iter::once(closed).chain(candidates).chain([(in_kroner(command), Warning::AmountInKroner)]);
        all.filter_map(|(applies, warning)| applies.then_some(warning)).collect()
    }

    /// Whether another application for the same purpose is pending: it may be this one, logged twice.
    fn asks_for_the_same(&self, application: &SingleGrantApplication) -> bool {
        let purpose = known(application.purpose.as_ref());
        let mut others = self.single_grants.pending().filter(|(id, _)| *id != application.grant);
        purpose.is_some() && others.any(|(_, grant)| known(grant.purpose.as_ref()) == purpose)
    }
}

/// Whether an amount is so small that kroner were meant.
fn in_kroner(command: &Command) -> bool {
    let little = |amounts: &[(Option<&Personal<Money>>, u64)]| {
        amounts.iter().any(|(amount, least)| known(*amount).is_some_and(|amount| amount.was_meant_in_kroner(*least)))
    };
    match command {
        Command::MapSituation(situation) => little(&[
            (situation.income.as_ref(), IN_ALL),
            (situation.fixed_costs.as_ref(), IN_ALL),
            (situation.debts.as_ref(), IN_ALL),
        ]),
        Command::ApplyForSingleGrant(application) => little(&[(application.amount.as_ref(), GRANT)]),
        Command::ApplyForFundGrant(application) => little(&[(application.amount.as_ref(), GRANT)]),
        Command::RecordSingleGrantDecision(decision) | Command::RecordFundGrantDecision(decision) => {
            little(&[(decision.amount.as_ref(), GRANT)])
        }
        Command::GiveDebtAdvice(debts) | Command::ApplyForDebtRelief(debts) => {
            little(&[(debts.total.as_ref(), IN_ALL), (debts.instalments.as_ref(), INSTALMENT)])
        }
        Command::AgreeDebtPlan(plan) => {
            little(&[(plan.total.as_ref(), IN_ALL), (plan.instalments.as_ref(), INSTALMENT)])
        }
        _ => false,
    }
}

/// Whether the cost was paid before, or on, the day of the application. Where that day is not known, it may have been.
fn paid_before(application: &SingleGrantApplication, context: &Context<'_>) -> bool {
    let paid = known(application.cost_paid_on.as_ref());
    paid.is_some_and(|paid| context.day().is_none_or(|applied| paid.date() <= applied))
}

/// Whether a grant has this outcome; any other one refuses it.
fn decided_so(grants: &Grants, decision: &GrantDecision) -> Result<bool, Rejection> {
    match grants.get(decision.grant).and_then(|grant| grant.outcome) {
        None => Ok(false),
        Some(outcome) if outcome == decision.outcome => Ok(true),
        Some(_) => Err(Rejection::SecondOutcome),
    }
}

/// Refuses a day on which something happened, where it is still to come.
fn past_day(day: Option<&Personal<Day>>, context: &Context<'_>) -> Result<bool, Rejection> {
    refuse_to_come(known(day).is_some_and(|day| context.to_come(DueBy::On(day))))
}

fn refuse_to_come(to_come: bool) -> Result<bool, Rejection> {
    if to_come { Err(Rejection::InTheFuture) } else { Ok(false) }
}
