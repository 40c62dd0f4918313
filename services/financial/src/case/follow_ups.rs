//! What financial entries leave open, what they end, and how heavy they are.
//!
//! A follow-up's key names what it is about by opaque id, so that each grant, plan and child has its own.

use super::{
    command::Event,
    event::{DebtPlan, Declaration, GrantId, SingleGrantApplication},
    state::{Financial, GrantState, Step},
};
use kit::{
    ChildId, Context, Facets, Personal,
    deadlines::Deadlines,
    facets::{Change, FollowUpChange},
    sealed::{Sealed, known},
    terms::Ruling,
    when::DueBy,
};
use time::{Date, Month};

/// What a follow-up asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum FollowUp {
    /// Look at the overview of her finances again.
    ReviewSituation,
    /// Ask the municipality how the single grant goes.
    ChaseSingleGrant,
    /// Complain of the decision on a single grant, where she wants to.
    ComplainOfSingleGrant,
    /// See that the application for child allowance is received before the quarter ends.
    CheckChildAllowance,
    /// Declare again that she provides alone.
    DeclareSoleProvider,
    /// Ask how the free place in daycare goes.
    ChaseDaycareFreePlace,
    /// See that the first instalment is paid.
    CheckInstalment,
    /// Ask the fund how the application goes.
    ChaseFundGrant,
}

/// The configured deadlines that financial follow-ups go by.
pub(super) const DEADLINES: &[&str] = &[
    REVIEW,
    SINGLE_GRANT_CHASE,
    SINGLE_GRANT_COMPLAINT,
    CHILD_ALLOWANCE,
    SOLE_PROVIDER,
    SOLE_PROVIDER_ROUND,
    FREE_PLACE_CHASE,
    FUND_GRANT_CHASE,
];
const REVIEW: &str = "financial_situation_review";
const SINGLE_GRANT_CHASE: &str = "single_grant_chase";
const SINGLE_GRANT_COMPLAINT: &str = "single_grant_complaint";
const CHILD_ALLOWANCE: &str = "child_allowance_quarter_end";
const SOLE_PROVIDER: &str = "sole_provider_declaration";
const SOLE_PROVIDER_ROUND: &str = "sole_provider_declaration_round";
const FREE_PLACE_CHASE: &str = "daycare_free_place_chase";
const FUND_GRANT_CHASE: &str = "fund_grant_chase";

const SITUATION: &str = "situation/review";
const ALLOWANCE: &str = "child-allowance/received";
const DECLARATION: &str = "sole-provider/declaration";

fn chase_key(grant: GrantId) -> String {
    format!("single-grant/{grant}/chase")
}

fn complaint_key(grant: GrantId) -> String {
    format!("single-grant/{grant}/complaint")
}

fn fund_key(grant: GrantId) -> String {
    format!("fund-grant/{grant}/chase")
}

fn free_place_key(child: Option<&Personal<ChildId>>) -> String {
    known(child)
        .map_or_else(|| "daycare-free-place/chase".to_owned(), |child| format!("daycare-free-place/{child}/chase"))
}

/// What an event means to readers; `state` is the one after it.
pub(super) fn facets(state: &Financial, event: &Event, context: &Context<'_>) -> Facets {
    let by = |key: &str, what: FollowUp, deadline: &str, base: Option<Date>| {
        FollowUpChange::opened(key, what).due_by(context.deadlines, deadline, base)
    };
    let closed = |key: &str| FollowUpChange::closed(key);
    let day = context.day();
    let routine = Facets::routine();
    match event {
        Event::FinancialSituationMapped(_) => {
            let review = by(SITUATION, FollowUp::ReviewSituation, REVIEW, day);
            routine.with(unless_late(review, state.situation == Step::Again, context))
        }
        Event::SingleGrantApplied(SingleGrantApplication { grant, .. }) if awaits(state.single_grants.get(*grant)) => {
            let chase = by(&chase_key(*grant), FollowUp::ChaseSingleGrant, SINGLE_GRANT_CHASE, day);
            routine.with(unless_late(chase, applied_again(state.single_grants.get(*grant)), context))
        }
        Event::SingleGrantDecided(decision) => {
            let decided = routine.with(closed(&chase_key(decision.grant)));
            if decision.outcome == Ruling::Granted {
                return decided;
            }
            let key = complaint_key(decision.grant);
            decided.with(by(&key, FollowUp::ComplainOfSingleGrant, SINGLE_GRANT_COMPLAINT, day))
        }
        Event::ChildAllowanceApplied(allowance) => {
            let about = allowance.children.as_ref().and_then(Sealed::open).cloned().unwrap_or_default();
            let received = by(ALLOWANCE, FollowUp::CheckChildAllowance, CHILD_ALLOWANCE, day.map(end_of_quarter));
            let received = unless_late(received, state.child_allowance == Step::Again, context);
            Facets { about, ..routine.with(received) }
        }
        Event::SoleProviderDeclared(declaration) => declared(state, declaration, context),
        Event::ChildBenefitRedirected(of) | Event::ChildSupportSought(of) | Event::AdvanceRequested(of) => {
            about(of.child.as_ref(), routine)
        }
        Event::DaycareFreePlaceApplied(place) => {
            let (child, what) = (place.child.as_ref(), FollowUp::ChaseDaycareFreePlace);
            let chase = by(&free_place_key(child), what, FREE_PLACE_CHASE, day);
            let again = state.free_place(child).is_some_and(|place| place.applied == Step::Again);
            about(child, routine.with(unless_late(chase, again, context)))
        }
        Event::DaycareFreePlaceGranted(decision) => {
            let child = decision.child.as_ref();
            about(child, routine.with(closed(&free_place_key(child))))
        }
        Event::DebtPlanAgreed(plan) => agreed(state, plan, context),
        Event::FundGrantApplied(application) if awaits(state.fund_grants.get(application.grant)) => {
            let chase = by(&fund_key(application.grant), FollowUp::ChaseFundGrant, FUND_GRANT_CHASE, day);
            routine.with(unless_late(chase, applied_again(state.fund_grants.get(application.grant)), context))
        }
        Event::FundGrantDecided(decision) => routine.with(closed(&fund_key(decision.grant))),
        Event::EconomicAbuseIdentified(_) | Event::DebtReliefApplied(_) | Event::FinancialCaseClosed(_) => {
            Facets::milestone()
        }
        Event::SingleGrantApplied(_)
        | Event::FundGrantApplied(_)
        | Event::OwnAccountOpened(_)
        | Event::JointAccountClosed(_)
        | Event::NemKontoChanged(_)
        | Event::DebtAdviceGiven(_)
        | Event::CreditWarningRegistered(_) => routine,
    }
}

/// The last day to complain of a decision on a single grant made on this day; `None` where it is not known.
pub(super) fn complaint_by(context: &Context<'_>) -> Option<Date> {
    context.day().and_then(|day| context.deadlines.due(SINGLE_GRANT_COMPLAINT, day)).map(|due| due.date)
}

/// An application that is logged after its decision has nothing to wait for.
fn awaits(grant: Option<&GrantState>) -> bool {
    grant.is_some_and(GrantState::is_pending)
}

fn applied_again(grant: Option<&GrantState>) -> bool {
    grant.is_some_and(|grant| grant.applied == Step::Again)
}

/// What an entry that is logged late would ask for. A later date that another entry set, or people chose since, stays, and so does
/// a known one where this entry's own is not known. Without another entry the date is this entry's own: a correction may bring it
/// forward.
fn unless_late(opened: FollowUpChange, another: bool, context: &Context<'_>) -> FollowUpChange {
    let later = |open: &DueBy| opened.due.is_none_or(|due| due.day() < open.day());
    let open = context.open.get(&opened.key).copied().flatten();
    match open.filter(|open| another && context.due.is_none() && later(open)) {
        Some(open) => FollowUpChange { change: Change::Moved, what: None, due: Some(open), ..opened },
        None => opened,
    }
}

/// A plan that is known and is changed without a new first day keeps the day it has; where that day was dealt with already, there
/// is nothing left to look after.
fn agreed(state: &Financial, plan: &DebtPlan, context: &Context<'_>) -> Facets {
    let key = format!("debt-plan/{}/instalment", plan.plan);
    let first = known(plan.first_instalment.as_ref());
    let unchanged = first.is_none() && state.debt_plans.get(&plan.plan) == Some(&Step::Again);
    if unchanged && !context.is_open(&key) && context.due.is_none() {
        return Facets::routine();
    }
    let opened = FollowUpChange::opened(key, FollowUp::CheckInstalment).due_on(first.as_ref());
    Facets::routine().with(unless_late(opened, unchanged, context))
}

fn about(child: Option<&Personal<ChildId>>, facets: Facets) -> Facets {
    Facets { about: known(child).into_iter().collect(), ..facets }
}

/// She declares again a year later, unless a later year's declaration was logged already. Declarations that name a year are told
/// apart by it, others by the date that is open.
fn declared(state: &Financial, declaration: &Declaration, context: &Context<'_>) -> Facets {
    let year = known(declaration.year.as_ref());
    if year.is_some() && year < known(state.declared.as_ref()) {
        return Facets::routine();
    }
    let base = match year {
        Some(year) => year.checked_add(1).and_then(|next| end_of_year(i32::from(next))),
        None => context.day().and_then(|day| next_round(context.deadlines, day)),
    };
    let again = FollowUpChange::opened(DECLARATION, FollowUp::DeclareSoleProvider);
    let again = again.due_by(context.deadlines, SOLE_PROVIDER, base);
    let another = match year {
        Some(_) => !state.declared_without_year.is_ahead(),
        None => state.declared_without_year == Step::Again || state.declared.is_some(),
    };
    Facets::routine().with(unless_late(again, another, context))
}

/// The end of the first year whose declaration is not asked for yet on this day: what she declares while she is asked, or after,
/// is that year's.
fn next_round(deadlines: &Deadlines, day: Date) -> Option<Date> {
    let this_year = end_of_year(day.year())?;
    let due = deadlines.due(SOLE_PROVIDER, this_year)?;
    let asked = deadlines.due(SOLE_PROVIDER_ROUND, due.date)?;
    if day < asked.date { Some(this_year) } else { end_of_year(day.year() + 1) }
}

/// The calendar's part of a deadline that ends with the year; the configured entry counts from here.
fn end_of_year(year: i32) -> Option<Date> {
    Date::from_calendar_date(year, Month::December, 31).ok()
}

/// The calendar's part of a deadline that ends with the quarter; the configured entry counts from here.
fn end_of_quarter(day: Date) -> Date {
    let last = match day.month() {
        Month::January | Month::February | Month::March => Month::March,
        Month::April | Month::May | Month::June => Month::June,
        Month::July | Month::August | Month::September => Month::September,
        Month::October | Month::November | Month::December => Month::December,
    };
    Date::from_calendar_date(day.year(), last, last.length(day.year())).unwrap_or(day)
}
