//! What legal's entries leave open, what they end, and how heavy they are.
//!
//! A follow-up's key names what it is about by opaque id, so that each order, hearing and decision has its own. Its date is counted
//! from what the entry says; of a hearing that is a location fact, and so is the date.

use super::{
    choices::FamilyMatter,
    command::Event,
    event::{DecisionId, FamilyDecision, HearingId, MaritalDecision, OrderId},
    state::{Asked, HearingStand, HearingState, Legal, OrderKind},
};
use kit::{
    ChildId, Class, Context, Day, Facets, Location, Personal,
    facets::{Change, FollowUpChange, Weight},
    sealed::{Sealed, known},
    when::DueBy,
};
use time::Date;

/// What a follow-up asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum FollowUp {
    /// Ask how free legal aid goes; it is needed before the hearing.
    ChaseFreeLegalAid,
    /// Have a restraining order extended, or be ready for its end.
    PlanBeforeRestrainingOrderEnds,
    /// Have another area ban decided, or be ready for its end.
    PlanBeforeAreaBanEnds,
    /// Have an expulsion extended, or be ready for its end.
    PlanBeforeExpulsionEnds,
    /// The final decision on an immediate restraining order is to be there.
    AwaitFinalDecision,
    /// The other party may bring an expulsion before the court.
    ExpulsionMayGoToCourt,
    /// Ask how the case about the marriage goes.
    ChaseMaritalCase,
    /// How does contact with the other parent go?
    ReviewInterimContact,
    /// How does she get to a hearing, and through it, safely?
    PlanSafetyForHearing,
    /// Appeal a decision, or not.
    ConsiderAppeal,
    /// Apply for compensation.
    ApplyForCompensation,
    /// Ask how compensation goes.
    ChaseCompensation,
    /// Ask how the residence permit goes.
    ChaseResidencePermit,
    /// Her residence permit runs out.
    ActBeforePermitExpires,
}

/// The configured deadlines that legal's rules and follow-ups go by.
pub(super) const DEADLINES: &[&str] = &[
    AID_CHASE,
    AID_BEFORE_HEARING,
    REPORT_IN_TIME,
    RESTRAINING_ORDER_LENGTH,
    RESTRAINING_ORDER_END,
    FINAL_DECISION_EXPECTED,
    AREA_BAN_LENGTH,
    AREA_BAN_END,
    EXPULSION_LENGTH,
    EXPULSION_END,
    EXPULSION_COURT,
    MARITAL_CHASE,
    INTERIM_CONTACT_REVIEW,
    HEARING_SAFETY_PLAN,
    FAMILY_APPEAL,
    COMPENSATION_LIMIT,
    COMPENSATION_APPLICATION,
    COMPENSATION_CHASE,
    PERMIT_CHASE,
    PERMIT_EXPIRY,
];
const AID_CHASE: &str = "free_legal_aid_chase";
const AID_BEFORE_HEARING: &str = "free_legal_aid_before_hearing";
pub(super) const REPORT_IN_TIME: &str = "police_report_for_compensation";
pub(super) const RESTRAINING_ORDER_LENGTH: &str = "restraining_order_length";
const RESTRAINING_ORDER_END: &str = "restraining_order_end";
const FINAL_DECISION_EXPECTED: &str = "restraining_order_final_decision";
pub(super) const AREA_BAN_LENGTH: &str = "area_ban_length";
const AREA_BAN_END: &str = "area_ban_end";
pub(super) const EXPULSION_LENGTH: &str = "expulsion_length";
const EXPULSION_END: &str = "expulsion_end";
const EXPULSION_COURT: &str = "expulsion_court";
const MARITAL_CHASE: &str = "marital_case_chase";
const INTERIM_CONTACT_REVIEW: &str = "interim_contact_review";
const HEARING_SAFETY_PLAN: &str = "hearing_safety_plan";
const FAMILY_APPEAL: &str = "family_decision_appeal";
pub(super) const COMPENSATION_LIMIT: &str = "compensation_limit";
const COMPENSATION_APPLICATION: &str = "compensation_application";
const COMPENSATION_CHASE: &str = "compensation_chase";
const PERMIT_CHASE: &str = "residence_permit_chase";
const PERMIT_EXPIRY: &str = "residence_permit_expiry";

const AID: &str = "free-legal-aid/chase";
const MARRIAGE: &str = "marriage/chase";
const INTERIM_CONTACT: &str = "interim-contact/review";
const COMPENSATION_APPLY: &str = "compensation/apply";
const COMPENSATION: &str = "compensation/chase";
const PERMIT: &str = "residence-permit/chase";
const PERMIT_END: &str = "residence-permit/expiry";

fn end_key(order: OrderId) -> String {
    format!("order/{order}/end")
}

fn final_key(order: OrderId) -> String {
    format!("order/{order}/final-decision")
}

fn court_key(order: OrderId) -> String {
    format!("order/{order}/court")
}

fn hearing_key(hearing: HearingId) -> String {
    format!("hearing/{hearing}/safety-plan")
}

fn appeal_key(decision: DecisionId) -> String {
    format!("decision/{decision}/appeal")
}

/// What an event means to readers; `state` is the one after it.
pub(super) fn facets(state: &Legal, event: &Event, context: &Context<'_>) -> Facets {
    let by = |key: &str, what: FollowUp, deadline: &str| {
        FollowUpChange::opened(key, what).due_by(context.deadlines, deadline, context.day())
    };
    let closed = |key: &str| FollowUpChange::closed(key);
    let (routine, milestone) = (Facets::routine(), Facets::milestone());
    match event {
        Event::FreeLegalAidApplied(_) => aid_applied_for(state, context),
        Event::FreeLegalAidDecided(_) => routine.with(closed(AID)),
        Event::PoliceReportFiled(_) | Event::PoliceCaseClosed(_) => to_apply(state, context),
        Event::RestrainingOrderIssued(order) => {
            issued(state, order.order, order.from.as_ref(), order.until.as_ref(), context)
        }
        Event::AreaBanIssued(ban) => issued(state, ban.order, ban.from.as_ref(), ban.until.as_ref(), context),
        Event::ExpulsionOrdered(expulsion) => issued(state, expulsion.order, None, expulsion.until.as_ref(), context),
        Event::RestrainingOrderExtended(extension) => extended(state, extension.order, context),
        Event::ExpulsionExtended(extension) => {
            let facets = extended(state, extension.order, context);
            if facets.follow_ups.is_empty() { facets } else { facets.with(court(extension.order, context)) }
        }
        Event::RestrainingOrderEnded(end) => over(end.order),
        Event::SeparationApplied(_) | Event::DivorceApplied(_) => {
            routine.with(by(MARRIAGE, FollowUp::ChaseMaritalCase, MARITAL_CHASE))
        }
        Event::SeparationDecided(decision) => marriage_decided(state, decision, context),
        Event::CustodyCaseOpened(case) => about(milestone, case.children.as_ref()),
        Event::InterimContactDecided(_) => {
            milestone.with(by(INTERIM_CONTACT, FollowUp::ReviewInterimContact, INTERIM_CONTACT_REVIEW))
        }
        Event::HearingScheduled(hearing) => {
            scheduled(state, hearing.hearing, hearing.when.as_ref(), HearingStand::Scheduled, context)
        }
        Event::HearingMoved(hearing) => {
            scheduled(state, hearing.hearing, hearing.when.as_ref(), HearingStand::Moved, context)
        }
        Event::HearingAttended(hearing) => routine.with(closed(&hearing_key(hearing.hearing))),
        Event::FamilyDecisionReceived(decision) => decided(decision, context),
        Event::CompensationApplied(_) => routine.with(closed(COMPENSATION_APPLY)).with(by(
            COMPENSATION,
            FollowUp::ChaseCompensation,
            COMPENSATION_CHASE,
        )),
        Event::CompensationDecided(_) => compensation_decided(state),
        Event::ResidencePermitReviewRequested(_) => {
            let chased = routine.with(by(PERMIT, FollowUp::ChaseResidencePermit, PERMIT_CHASE));
            chased.with(permit_expires(state, context))
        }
        Event::ResidencePermitReviewDecided(decision) => {
            let facets = milestone.with(closed(PERMIT));
            if decision.permit_expires.is_some() { facets.with(permit_expires(state, context)) } else { facets }
        }
        Event::PassportSecured(passports) => about(routine, passports.children.as_ref()),
        Event::AbductionRiskRecorded(risk) => about(alert(), risk.children.as_ref()),
        // Who reacts to a breach is safety's to say.
        Event::OrderBreachReported(_) => alert(),
        Event::LegalCaseClosed(_) => milestone,
        Event::LegalNeedScreened(_) | Event::LegalAdviceGiven(_) | Event::LawyerAssigned(_) => routine,
    }
}

fn alert() -> Facets {
    Facets { weight: Weight::Alert, ..Facets::default() }
}

fn about(facets: Facets, children: Option<&Personal<Vec<ChildId>>>) -> Facets {
    Facets { about: children.and_then(Sealed::open).cloned().unwrap_or_default(), ..facets }
}

/// Moves a follow-up that is open; one that was dealt with, or never was, begins.
fn shifted(key: &str, what: FollowUp, context: &Context<'_>) -> FollowUpChange {
    if context.is_open(key) { FollowUpChange::new(key, Change::Moved) } else { FollowUpChange::opened(key, what) }
}

fn day_of(day: Option<&Personal<Day>>) -> Option<Date> {
    known(day).map(Day::date)
}

/// The end of an order, as what it asks for and by which deadline.
fn end_of(kind: OrderKind) -> (FollowUp, &'static str) {
    match kind {
        OrderKind::Restraining | OrderKind::Immediate => {
            (FollowUp::PlanBeforeRestrainingOrderEnds, RESTRAINING_ORDER_END)
        }
        OrderKind::AreaBan => (FollowUp::PlanBeforeAreaBanEnds, AREA_BAN_END),
        OrderKind::Expulsion => (FollowUp::PlanBeforeExpulsionEnds, EXPULSION_END),
    }
}

fn court(order: OrderId, context: &Context<'_>) -> FollowUpChange {
    let court = FollowUpChange::opened(court_key(order), FollowUp::ExpulsionMayGoToCourt);
    court.due_by(context.deadlines, EXPULSION_COURT, context.day())
}

/// An order in force is thought of before it ends. What the order is, is what the case says: an immediate one that is logged after
/// the final decision is no immediate one any more. One that is recorded again keeps who holds its follow-ups, and their dates where
/// the entry does not say the day; with a last day that is past it asks for nothing more.
fn issued(
    state: &Legal,
    id: OrderId,
    from: Option<&Personal<Day>>,
    until: Option<&Personal<Day>>,
    context: &Context<'_>,
) -> Facets {
    let mut facets = Facets::milestone();
    let Some((order, kind)) = state.orders.get(&id).and_then(|order| Some((order, order.kind?))) else { return facets };
    let again = order.is_logged_again();
    if !order.runs_on(context.today) && again {
        return over(id);
    }
    if kind == OrderKind::Restraining {
        facets = facets.with(FollowUpChange::closed(final_key(id)));
    }
    if !order.runs_on(context.today) {
        return facets;
    }
    let follow = |key: String, what, deadline, said: Option<&Personal<Day>>, base: Option<Date>| {
        let present = context.open.get(&key).copied().flatten().filter(|_| again && said.is_none());
        let change = if again { shifted(&key, what, context) } else { FollowUpChange::opened(key, what) };
        match present {
            Some(due) => change.due(due),
            None => change.due_by(context.deadlines, deadline, base),
        }
    };
    if kind == OrderKind::Immediate {
        let base = day_of(from).or(context.day());
        facets = facets.with(follow(final_key(id), FollowUp::AwaitFinalDecision, FINAL_DECISION_EXPECTED, from, base));
        // It holds until it is decided for good, as a rule without a last day.
        if order.until.is_none() {
            return facets;
        }
    }
    let (what, deadline) = end_of(kind);
    facets = facets.with(follow(end_key(id), what, deadline, until, day_of(order.until.as_ref())));
    // Recorded again without a last day, nothing new was decided.
    let decided = !again || until.is_some();
    if kind == OrderKind::Expulsion && decided { facets.with(court(id, context)) } else { facets }
}

/// More time moves the end, of an order that was not ended.
fn extended(state: &Legal, id: OrderId, context: &Context<'_>) -> Facets {
    let running = state.orders.get(&id).filter(|order| order.runs_on(context.today));
    let Some((order, kind)) = running.and_then(|order| Some((order, order.kind?))) else { return Facets::routine() };
    let (what, deadline) = end_of(kind);
    let end = shifted(&end_key(id), what, context);
    Facets::routine().with(end.due_by(context.deadlines, deadline, day_of(order.until.as_ref())))
}

/// An order that is over asks for nothing more, whatever it was taken for when it was logged, extended and ended.
fn over(order: OrderId) -> Facets {
    let keys = [end_key(order), final_key(order), court_key(order)];
    Facets { follow_ups: keys.map(FollowUpChange::closed).to_vec(), ..Facets::milestone() }
}

/// The family court decides what was sent on to it: until then it is chased. A judgment that came first stays the last word.
fn marriage_decided(state: &Legal, decision: &MaritalDecision, context: &Context<'_>) -> Facets {
    let facets = Facets::milestone();
    if !decision.is_sent_on() {
        return facets.with(FollowUpChange::closed(MARRIAGE));
    }
    let unknown = context.day().is_none() && context.is_open(MARRIAGE);
    if state.marriage != Asked::Pending || unknown {
        return facets;
    }
    let chase = shifted(MARRIAGE, FollowUp::ChaseMaritalCase, context);
    facets.with(chase.due_by(context.deadlines, MARITAL_CHASE, context.day()))
}

/// Free legal aid, needed before a hearing. Opened, not moved: the date is of another class now, and a moved one keeps the class it
/// was opened with.
fn aid_before(hearing: Option<Date>, context: &Context<'_>) -> FollowUpChange {
    let aid = FollowUpChange::opened(AID, FollowUp::ChaseFreeLegalAid).of_class(Class::Location);
    aid.due_by(context.deadlines, AID_BEFORE_HEARING, hearing)
}

/// Whether a change has a date before this one.
fn is_sooner(change: &FollowUpChange, than: Option<DueBy>) -> bool {
    let day = |due: Option<DueBy>| due.map(DueBy::day);
    day(change.due).is_some_and(|new| day(than).is_none_or(|known| new < known))
}

/// Free legal aid is chased by practice, or in time for a hearing that is agreed on already. When that is, only the open plan for it
/// tells: some days before, so that aid is asked for a little earlier still. Applied for once more, it is chased no later.
fn aid_applied_for(state: &Legal, context: &Context<'_>) -> Facets {
    let present = context.open.get(AID).copied().flatten();
    let courts = state.hearings.iter().filter(|(_, hearing)| HearingState::is_in_court(hearing));
    let plans = courts.filter_map(|(id, _)| context.open.get(&hearing_key(*id)).copied().flatten());
    let before = aid_before(plans.map(|plan| plan.day().date()).min(), context);
    let chase = FollowUpChange::opened(AID, FollowUp::ChaseFreeLegalAid);
    let chase = chase.due_by(context.deadlines, AID_CHASE, context.day());
    let aid = if is_sooner(&before, chase.due) { before } else { chase };
    if present.is_none() || is_sooner(&aid, present) { Facets::routine().with(aid) } else { Facets::routine() }
}

/// A hearing ahead needs a plan, and free legal aid in time. When the hearing is, is a location fact: what derives from it too, and
/// no entry but the one that says it can tell. So one that was held, or moved since, leaves nothing more open. Free legal aid is never
/// put off by it.
fn scheduled(
    state: &Legal,
    id: HearingId,
    when: Option<&Location<DueBy>>,
    by: HearingStand,
    context: &Context<'_>,
) -> Facets {
    let facets = Facets::routine();
    let hearing = state.hearings.get(&id).filter(|hearing| {
        hearing.stand == by || (by == HearingStand::Moved && hearing.stand == HearingStand::Unlogged)
    });
    let Some(hearing) = hearing else { return facets };
    let (key, day) = (hearing_key(id), known(when).map(|when| when.day().date()));
    let plan = match by {
        HearingStand::Moved => shifted(&key, FollowUp::PlanSafetyForHearing, context),
        _ => FollowUpChange::opened(key, FollowUp::PlanSafetyForHearing),
    };
    let plan = plan.due_by(context.deadlines, HEARING_SAFETY_PLAN, day).of_class(Class::Location);
    let (facets, aid) = (facets.with(plan), aid_before(day, context));
    let sooner = is_sooner(&aid, context.open.get(AID).copied().flatten());
    let needed = state.free_legal_aid.is_pending() && hearing.is_in_court() && sooner;
    if needed { facets.with(aid) } else { facets }
}

/// A decision may be appealed by the day it says, else by the one the law says. One about contact ends what held meanwhile.
fn decided(decision: &FamilyDecision, context: &Context<'_>) -> Facets {
    let appeal = FollowUpChange::opened(appeal_key(decision.decision), FollowUp::ConsiderAppeal);
    let appeal = match known(decision.appeal_by.as_ref()) {
        Some(day) => appeal.due(DueBy::On(day)),
        None => appeal.due_by(context.deadlines, FAMILY_APPEAL, context.day()),
    };
    let facets = Facets::milestone().with(appeal);
    if known(decision.matter.as_ref()) == Some(FamilyMatter::Contact) {
        facets.with(FollowUpChange::closed(INTERIM_CONTACT))
    } else {
        facets
    }
}

/// Compensation is applied for well before the time is over. The day it counts from is what the case knows by now.
fn to_apply(state: &Legal, context: &Context<'_>) -> Facets {
    let Some(limitation) = &state.compensation.to_apply else { return Facets::milestone() };
    let over = limitation.day().and_then(|day| context.deadlines.due(COMPENSATION_LIMIT, day)).map(|due| due.date);
    let apply = FollowUpChange::opened(COMPENSATION_APPLY, FollowUp::ApplyForCompensation);
    Facets::milestone().with(apply.due_by(context.deadlines, COMPENSATION_APPLICATION, over))
}

/// A decision on one claim leaves another pending, and what is still to be applied for.
fn compensation_decided(state: &Legal) -> Facets {
    let done =
        [(state.compensation.to_apply.is_none(), COMPENSATION_APPLY), (state.compensation.pending == 0, COMPENSATION)];
    let done = done.into_iter().filter(|(done, _)| *done).map(|(_, key)| FollowUpChange::closed(key));
    Facets { follow_ups: done.collect(), ..Facets::milestone() }
}

fn permit_expires(state: &Legal, context: &Context<'_>) -> FollowUpChange {
    let expires = FollowUpChange::opened(PERMIT_END, FollowUp::ActBeforePermitExpires);
    expires.due_by(context.deadlines, PERMIT_EXPIRY, day_of(state.permit_expires.as_ref()))
}
