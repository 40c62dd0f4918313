//! What a legal case has come to. Only what decisions and suggestions need; no place and no time of a hearing is ever kept here.

use super::{
    choices::{CaseOutcome, HearingKind},
    command::Event,
    event::{DecisionId, Hearing, HearingId, OrderId, RestrainingOrder},
};
use kit::{
    Day, Personal,
    sealed::known,
    terms::{Application, Stage},
};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use time::Date;

/// A legal case.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Legal {
    pub(super) stage: Stage<CaseOutcome>,
    pub(super) need: Need,
    pub(super) free_legal_aid: Application,
    pub(super) police: Police,
    pub(super) orders: BTreeMap<OrderId, OrderState>,
    pub(super) marriage: Asked,
    pub(super) custody: Custody,
    pub(super) hearings: BTreeMap<HearingId, HearingState>,
    pub(super) decisions: BTreeSet<DecisionId>,
    pub(super) compensation: Compensation,
    pub(super) residence: Asked,
    pub(super) permit_expires: Option<Personal<Day>>,
    pub(super) passports: Passports,
}

/// Whether her need is clear.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Need {
    #[default]
    Unclear,
    Screened,
}

/// How far the criminal case is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Police {
    #[default]
    Unreported,
    Reported,
    Closed,
}

/// How far an application is whose decision nothing here depends on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Asked {
    #[default]
    None,
    Pending,
    Decided,
}

/// Whether there is a case about the children.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Custody {
    #[default]
    None,
    Open,
}

/// Whether the children's passports matter, and are safe.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Passports {
    #[default]
    Unasked,
    AtRisk,
    Secured,
}

/// What kind of order it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum OrderKind {
    /// A restraining order that is decided for good (tilhold).
    Restraining,
    /// One that holds until it is decided for good (strakstilhold).
    Immediate,
    AreaBan,
    Expulsion,
}

/// What is known of one order. An entry about an order that was never logged makes one without a kind.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct OrderState {
    pub(super) kind: Option<OrderKind>,
    pub(super) until: Option<Personal<Day>>,
    pub(super) course: Course,
}

/// Whether an order was ended. One whose last day is over has ended too, without anybody saying so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Course {
    #[default]
    Running,
    Ended,
}

/// What is known of one hearing. When and where it is, is not.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct HearingState {
    pub(super) kind: Option<Personal<HearingKind>>,
    pub(super) stand: HearingStand,
}

/// How far a hearing is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum HearingStand {
    /// It was named by an entry about it, never scheduled.
    #[default]
    Unlogged,
    Scheduled,
    /// It has another time or place than it was scheduled with.
    Moved,
    Attended,
}

/// How far compensation from the state is. One claim runs at a time.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Compensation {
    #[default]
    None,
    /// There is something to apply for, within a time counted from here.
    Open(Limitation),
    Pending,
    Decided,
}

/// From where the time to apply counts. The day may be unknown.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Limitation {
    Offence(Option<Personal<Day>>),
    /// The criminal case is over: from then on it counts from the day that was final.
    Final(Option<Personal<Day>>),
}

impl OrderState {
    /// Whether it was logged itself.
    pub(super) fn is_logged(&self) -> bool {
        self.kind.is_some()
    }

    /// Whether it is in force on a day, as far as is known.
    pub(super) fn runs_on(&self, day: Date) -> bool {
        !self.is_ended() && known(self.until.as_ref()).is_none_or(|until| until.date() >= day)
    }

    /// Whether somebody said that it has ended.
    pub(super) fn is_ended(&self) -> bool {
        self.course == Course::Ended
    }

    /// Whether it was over when something happened. Where a day is unknown, what was said decides.
    pub(super) fn was_over(&self, day: Option<Date>) -> bool {
        let last = known(self.until.as_ref()).map(Day::date);
        last.zip(day).map_or(self.is_ended(), |(last, day)| day > last)
    }

    fn issue(&mut self, kind: OrderKind, until: Option<&Personal<Day>>) {
        match (self.kind, kind) {
            // The immediate order is logged late: the final decision has taken its place already.
            (Some(OrderKind::Restraining), OrderKind::Immediate) => {}
            (Some(OrderKind::Immediate), OrderKind::Restraining) => {
                *self = Self { kind: Some(kind), until: until.cloned(), course: Course::Running };
            }
            _ => {
                self.kind = Some(kind);
                self.run_until(until);
            }
        }
    }

    /// One that was ended keeps its last day, whatever is logged late.
    fn run_until(&mut self, until: Option<&Personal<Day>>) {
        if until.is_some() && !self.is_ended() {
            self.until = until.cloned();
        }
    }

    /// Its last day was this one, if anybody knows; what was to be its last day tells nothing any more.
    fn end(&mut self, until: Option<&Personal<Day>>) {
        if !self.is_ended() {
            *self = Self { until: until.cloned(), course: Course::Ended, ..self.clone() };
        }
    }
}

impl RestrainingOrder {
    /// The kind of order it is.
    pub(super) fn kind(&self) -> OrderKind {
        if known(self.provisional.as_ref()) == Some(true) { OrderKind::Immediate } else { OrderKind::Restraining }
    }
}

impl HearingState {
    /// Whether free legal aid is for it: for a court, or nobody knows.
    pub(super) fn is_in_court(&self) -> bool {
        known(self.kind.as_ref()).is_none_or(|kind| kind == HearingKind::CourtHearing)
    }

    /// Whether it is still ahead.
    pub(super) fn is_ahead(&self) -> bool {
        matches!(self.stand, HearingStand::Scheduled | HearingStand::Moved)
    }

    fn schedule(&mut self, hearing: &Hearing) {
        self.kind.clone_from(&hearing.kind);
        // A hearing that was held stays so, whatever is logged late.
        if self.stand != HearingStand::Attended {
            self.stand = HearingStand::Scheduled;
        }
    }

    fn shift(&mut self) {
        if self.is_ahead() {
            self.stand = HearingStand::Moved;
        }
    }
}

impl Limitation {
    /// The day from which the time counts, where it is known.
    pub(super) fn day(&self) -> Option<Date> {
        let (Self::Offence(day) | Self::Final(day)) = self;
        known(day.as_ref()).map(Day::date)
    }
}

impl Compensation {
    /// A report: of several offences the first one's time is over first. One that is logged after the criminal case was closed
    /// changes nothing of when that was.
    fn report(&mut self, offence: Option<&Personal<Day>>) {
        let reported = Limitation::Offence(offence.cloned());
        match self {
            Self::None | Self::Decided => *self = Self::Open(reported),
            Self::Open(Limitation::Offence(_)) => {
                let earlier =
                    |open: &Limitation| reported.day().is_some_and(|new| open.day().is_none_or(|old| new < old));
                if let Self::Open(open) = self
                    && earlier(open)
                {
                    *open = reported;
                }
            }
            Self::Open(Limitation::Final(_)) | Self::Pending => {}
        }
    }

    fn close(&mut self, final_on: Option<&Personal<Day>>) {
        match self {
            Self::None => *self = Self::Open(Limitation::Final(final_on.cloned())),
            Self::Open(open) if final_on.is_some() => *open = Limitation::Final(final_on.cloned()),
            Self::Open(_) | Self::Pending | Self::Decided => {}
        }
    }
}

impl Legal {
    /// Takes an event in.
    pub(super) fn take(&mut self, event: &Event) {
        match event {
            Event::LegalNeedScreened(_) => self.need = Need::Screened,
            Event::FreeLegalAidApplied(_) => self.free_legal_aid = Application::Pending,
            Event::FreeLegalAidDecided(decision) => self.free_legal_aid = Application::Decided(decision.outcome),
            Event::PoliceReportFiled(report) => {
                self.police = Police::Reported;
                self.compensation.report(report.offence_day.as_ref());
            }
            Event::PoliceCaseClosed(end) => {
                self.police = Police::Closed;
                self.compensation.close(end.final_on.as_ref());
            }
            Event::RestrainingOrderIssued(order) => {
                self.order(order.order).issue(order.kind(), order.until.as_ref());
            }
            Event::AreaBanIssued(ban) => self.order(ban.order).issue(OrderKind::AreaBan, ban.until.as_ref()),
            Event::ExpulsionOrdered(expulsion) => {
                self.order(expulsion.order).issue(OrderKind::Expulsion, expulsion.until.as_ref());
            }
            Event::RestrainingOrderExtended(extension) | Event::ExpulsionExtended(extension) => {
                self.order(extension.order).run_until(Some(&extension.until));
            }
            Event::RestrainingOrderEnded(end) => self.order(end.order).end(end.until.as_ref()),
            Event::SeparationApplied(_) | Event::DivorceApplied(_) => self.marriage = Asked::Pending,
            Event::SeparationDecided(_) => self.marriage = Asked::Decided,
            Event::CustodyCaseOpened(_) => self.custody = Custody::Open,
            Event::HearingScheduled(hearing) => self.hearing(hearing.hearing).schedule(hearing),
            Event::HearingMoved(hearing) => self.hearing(hearing.hearing).shift(),
            Event::HearingAttended(hearing) => self.hearing(hearing.hearing).stand = HearingStand::Attended,
            Event::FamilyDecisionReceived(decision) => {
                self.decisions.insert(decision.decision);
            }
            Event::CompensationApplied(_) => self.compensation = Compensation::Pending,
            Event::CompensationDecided(_) => self.compensation = Compensation::Decided,
            Event::ResidencePermitReviewRequested(review) => {
                self.residence = Asked::Pending;
                self.permit(review.permit_expires.as_ref());
            }
            Event::ResidencePermitReviewDecided(decision) => {
                self.residence = Asked::Decided;
                self.permit(decision.permit_expires.as_ref());
            }
            Event::PassportSecured(_) => self.passports = Passports::Secured,
            Event::AbductionRiskRecorded(_) => self.passports = Passports::AtRisk,
            Event::LegalCaseClosed(closing) => self.stage = Stage::Closed(closing.outcome),
            Event::LegalAdviceGiven(_)
            | Event::LawyerAssigned(_)
            | Event::OrderBreachReported(_)
            | Event::InterimContactDecided(_) => {}
        }
    }

    fn order(&mut self, order: OrderId) -> &mut OrderState {
        self.orders.entry(order).or_default()
    }

    fn permit(&mut self, expires: Option<&Personal<Day>>) {
        if expires.is_some() {
            self.permit_expires = expires.cloned();
        }
    }

    fn hearing(&mut self, hearing: HearingId) -> &mut HearingState {
        self.hearings.entry(hearing).or_default()
    }
}
