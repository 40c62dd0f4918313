//! What a worker is told beside an entry that stands.

use super::{
    command::Command,
    compensation::Limitation,
    event::{HearingId, OrderExtension, OrderId, RestrainingOrder},
    follow_ups::{AREA_BAN_LENGTH, COMPENSATION_LIMIT, EXPULSION_LENGTH, REPORT_IN_TIME, RESTRAINING_ORDER_LENGTH},
    state::{Asked, HearingStand, Legal, OrderKind, OrderState, Police},
};
use kit::{Context, Day, Personal, sealed::known};
use time::Date;

/// What a worker is told beside an entry that stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Warning {
    /// The case is closed, and stays so.
    CaseClosed,
    /// No such order was logged: she arrives mid-story, or it is the wrong one.
    OrderUnknown,
    /// The order was logged before; its facts are now these.
    OrderRecordedAlready,
    /// The order had ended by then.
    OrderEnded,
    /// The new last day is before the old one.
    OrderEndsEarlier,
    /// A restraining order longer than the law allows.
    RestrainingOrderTooLong,
    /// An area ban longer than the law allows.
    AreaBanTooLong,
    /// An expulsion longer than one decision may make it.
    ExpulsionTooLong,
    /// Reported later than compensation asks for.
    ReportedLate,
    /// No report to the police was logged.
    PoliceReportUnknown,
    /// The time to apply for compensation is over.
    AppliedLate,
    /// An application of this kind is pending; this one takes its place.
    ApplicationPending,
    /// No application was logged.
    DecisionWithoutApplication,
    /// No such hearing was logged.
    HearingUnknown,
    /// The hearing was logged before; its facts are now these.
    HearingRecordedAlready,
    /// The hearing has been held.
    HearingAttendedAlready,
    /// The decision was logged before; its facts are now these.
    DecisionRecordedAlready,
    /// The last day to appeal is over.
    AppealDayPassed,
    /// Her residence permit has run out.
    PermitExpired,
    /// Follow-ups are still open.
    OpenFollowUps,
    /// Amounts are in øre, and this one is so small that kroner were meant.
    AmountInKroner,
}

/// What a compensation is at least, in kroner.
const AT_LEAST: u64 = 1000;

type Candidate = (bool, Warning);
/// How long one decision may make an order, as a deadline, and what is said beyond it.
type Length = (&'static str, Warning);
const RESTRAINING_ORDER: Length = (RESTRAINING_ORDER_LENGTH, Warning::RestrainingOrderTooLong);
const AREA_BAN: Length = (AREA_BAN_LENGTH, Warning::AreaBanTooLong);
const EXPULSION: Length = (EXPULSION_LENGTH, Warning::ExpulsionTooLong);

/// The warnings beside a command, in the order in which they are looked for.
pub(super) fn of(state: &Legal, command: &Command, context: &Context<'_>) -> Vec<Warning> {
    let closed = (!state.stage.is_open(), Warning::CaseClosed);
    let kroner = (in_kroner(command), Warning::AmountInKroner);
    let all = std::iter::once(closed).chain(candidates(state, command, context)).chain([kroner]);
    all.filter_map(|(applies, warning)| applies.then_some(warning)).collect()
}

fn candidates(state: &Legal, command: &Command, context: &Context<'_>) -> Vec<Candidate> {
    let pending = |is: bool| (is, Warning::ApplicationPending);
    let unasked = |is_pending: bool| (!is_pending, Warning::DecisionWithoutApplication);
    let passed = |day: Option<&Personal<Day>>| known(day).is_some_and(|day| day.date() < context.today);
    let unknown = |order: OrderId| (!is_logged(state, order), Warning::OrderUnknown);
    let (free_legal_aid, marriage) = (state.free_legal_aid.is_pending(), state.marriage == Asked::Pending);
    let (compensation, residence) = (&state.compensation, state.residence == Asked::Pending);
    match command {
        Command::ApplyForFreeLegalAid(_) => vec![pending(free_legal_aid)],
        Command::RecordFreeLegalAidDecision(_) => vec![unasked(free_legal_aid)],
        Command::FilePoliceReport(report) => {
            let offence = known(report.offence_day.as_ref()).map(Day::date);
            vec![(is_over(context, REPORT_IN_TIME, offence, context.day()), Warning::ReportedLate)]
        }
        Command::ClosePoliceCase(_) => vec![(state.police == Police::Unreported, Warning::PoliceReportUnknown)],
        Command::IssueRestrainingOrder(order) => vec![
            (is_recorded(state, order), Warning::OrderRecordedAlready),
            too_long(context, RESTRAINING_ORDER, order.from.as_ref(), order.until.as_ref()),
        ],
        Command::IssueAreaBan(ban) => vec![
            (is_logged(state, ban.order), Warning::OrderRecordedAlready),
            too_long(context, AREA_BAN, ban.from.as_ref(), ban.until.as_ref()),
        ],
        Command::OrderExpulsion(expulsion) => vec![
            (is_logged(state, expulsion.order), Warning::OrderRecordedAlready),
            too_long(context, EXPULSION, None, expulsion.until.as_ref()),
        ],
        Command::ExtendRestrainingOrder(extension) => extending(state, extension, RESTRAINING_ORDER, context),
        Command::ExtendExpulsion(extension) => extending(state, extension, EXPULSION, context),
        Command::EndRestrainingOrder(end) => vec![unknown(end.order)],
        Command::ReportOrderBreach(breach) => {
            let day = known(breach.day.as_ref()).map(Day::date).or(context.day());
            let order = breach.order.map(|order| [unknown(order), (had_ended(state, order, day), Warning::OrderEnded)]);
            order.into_iter().flatten().collect()
        }
        Command::ApplyForSeparation(_) | Command::ApplyForDivorce(_) => vec![pending(marriage)],
        Command::RecordSeparationDecision(_) => vec![unasked(marriage)],
        Command::ScheduleHearing(hearing) => {
            let known = stand(state, hearing.hearing) != HearingStand::Unlogged;
            vec![(known, Warning::HearingRecordedAlready)]
        }
        Command::MoveHearing(hearing) => {
            let stand = stand(state, hearing.hearing);
            vec![
                (stand == HearingStand::Unlogged, Warning::HearingUnknown),
                (stand == HearingStand::Attended, Warning::HearingAttendedAlready),
            ]
        }
        Command::AttendHearing(hearing) => {
            vec![(stand(state, hearing.hearing) == HearingStand::Unlogged, Warning::HearingUnknown)]
        }
        Command::ReceiveFamilyDecision(decision) => vec![
            (state.decisions.contains(&decision.decision), Warning::DecisionRecordedAlready),
            (passed(decision.appeal_by.as_ref()), Warning::AppealDayPassed),
        ],
        Command::ApplyForCompensation(_) => {
            let from = compensation.to_apply.as_ref().and_then(Limitation::day);
            let late = is_over(context, COMPENSATION_LIMIT, from, context.day());
            // A claim for what was reported since takes no other one's place.
            let replaces = compensation.pending > 0 && compensation.to_apply.is_none();
            vec![pending(replaces), (late, Warning::AppliedLate)]
        }
        Command::RecordCompensationDecision(_) => vec![unasked(compensation.pending > 0)],
        Command::RequestResidencePermitReview(review) => {
            vec![pending(residence), (passed(review.permit_expires.as_ref()), Warning::PermitExpired)]
        }
        Command::RecordResidencePermitDecision(_) => vec![unasked(residence)],
        Command::CloseCase(_) => vec![(!context.open.is_empty(), Warning::OpenFollowUps)],
        _ => Vec::new(),
    }
}

/// Whether an amount is so small that kroner were meant.
fn in_kroner(command: &Command) -> bool {
    let amounts = match command {
        Command::ApplyForCompensation(application) => [application.claim.as_ref(), None],
        Command::RecordCompensationDecision(decision) => [decision.claim.as_ref(), decision.awarded.as_ref()],
        _ => [None, None],
    };
    amounts.into_iter().any(|amount| known(amount).is_some_and(|amount| amount.was_meant_in_kroner(AT_LEAST)))
}

fn is_logged(state: &Legal, order: OrderId) -> bool {
    state.orders.get(&order).is_some_and(OrderState::is_logged)
}

/// Whether this order was logged before. The final decision on an immediate one is new.
fn is_recorded(state: &Legal, order: &RestrainingOrder) -> bool {
    let before = state.orders.get(&order.order).filter(|order| order.is_logged()).and_then(|order| order.kind);
    before.is_some_and(|before| (before, order.kind()) != (OrderKind::Immediate, OrderKind::Restraining))
}

/// Whether an order that is known was over when something happened.
fn had_ended(state: &Legal, order: OrderId, day: Option<Date>) -> bool {
    state.orders.get(&order).is_some_and(|order| order.was_over(day))
}

fn stand(state: &Legal, hearing: HearingId) -> HearingStand {
    state.hearings.get(&hearing).map(|hearing| hearing.stand).unwrap_or_default()
}

fn extending(state: &Legal, extension: &OrderExtension, length: Length, context: &Context<'_>) -> Vec<Candidate> {
    let order = extension.order;
    let old = state.orders.get(&order).and_then(|order| known(order.until.as_ref()));
    let earlier = old.zip(known(Some(&extension.until))).is_some_and(|(old, new)| new < old);
    vec![
        (!is_logged(state, order), Warning::OrderUnknown),
        (had_ended(state, order, context.day()), Warning::OrderEnded),
        (earlier, Warning::OrderEndsEarlier),
        too_long(context, length, None, Some(&extension.until)),
    ]
}

/// Whether an order runs longer than one decision may make it, counted from its first day or from the day it was decided.
fn too_long(
    context: &Context<'_>,
    (length, warning): Length,
    from: Option<&Personal<Day>>,
    until: Option<&Personal<Day>>,
) -> Candidate {
    let from = known(from).map(Day::date).or(context.day());
    (is_over(context, length, from, known(until).map(Day::date)), warning)
}

/// Whether `day` is after a configured deadline counted from `from`; not where either is unknown.
fn is_over(context: &Context<'_>, deadline: &str, from: Option<Date>, day: Option<Date>) -> bool {
    let last = from.and_then(|from| context.deadlines.due(deadline, from)).map(|due| due.date);
    last.zip(day).is_some_and(|(last, day)| day > last)
}
