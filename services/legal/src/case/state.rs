//! What a legal case has come to. Only what decisions and suggestions need; no place and no time of a hearing is ever kept here.

use super::{
    choices::{CaseOutcome, HearingKind, MaritalOutcome},
    command::Event,
    compensation::Compensation,
    event::{DecisionId, Hearing, HearingId, MaritalDecision, OrderId, RestrainingOrder},
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

/// Whether there is a case about the children. A decision in one ends what is waited for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Custody {
    #[default]
    None,
    Open,
    Decided,
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

/// What is known of one order. An entry about an order that was never logged makes one, of the kind that the entry names, if any.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct OrderState {
    pub(super) kind: Option<OrderKind>,
    pub(super) issued: Issued,
    pub(super) until: Option<Personal<Day>>,
    pub(super) course: Course,
}

/// Whether the order itself was logged, as what it is now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Issued {
    #[default]
    Never,
    Once,
    /// It was known as such before: logged, or extended. Its facts are those of the last time.
    Again,
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

impl OrderState {
    /// Whether it was logged itself.
    pub(super) fn is_logged(&self) -> bool {
        self.issued != Issued::Never
    }

    /// Whether it was known before it was logged the last time.
    pub(super) fn is_logged_again(&self) -> bool {
        self.issued == Issued::Again
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
        let before = self.kind.filter(|_| self.is_logged());
        let is_same = |before: OrderKind| before == kind || (before.is_restraining() && kind.is_restraining());
        let again = self.kind.is_some_and(is_same);
        self.issued = if again { Issued::Again } else { Issued::Once };
        match (before, kind) {
            // The immediate order is logged late: the final decision has taken its place already.
            (Some(OrderKind::Restraining), OrderKind::Immediate) => {}
            (Some(OrderKind::Immediate), OrderKind::Restraining) => {
                *self = Self { kind: Some(kind), until: until.cloned(), course: Course::Running, ..self.clone() };
            }
            _ => {
                self.kind = Some(kind);
                self.run_until(until);
            }
        }
    }

    /// More time. Of an order that was never logged it tells the kind.
    fn extend(&mut self, kind: OrderKind, until: &Personal<Day>) {
        self.kind.get_or_insert(kind);
        self.run_until(Some(until));
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

impl OrderKind {
    /// Whether it is a restraining order, immediate or for good: the only kind of which anything leaves.
    pub(super) fn is_restraining(self) -> bool {
        matches!(self, Self::Restraining | Self::Immediate)
    }
}

impl MaritalDecision {
    /// Whether it decides nothing yet: a court will.
    pub(super) fn is_sent_on(&self) -> bool {
        known(self.outcome.as_ref()) == Some(MaritalOutcome::SentToCourt)
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
            Event::RestrainingOrderExtended(extension) => {
                self.order(extension.order).extend(OrderKind::Restraining, &extension.until);
            }
            Event::ExpulsionExtended(extension) => {
                self.order(extension.order).extend(OrderKind::Expulsion, &extension.until);
            }
            Event::RestrainingOrderEnded(end) => self.order(end.order).end(end.until.as_ref()),
            Event::SeparationApplied(_) | Event::DivorceApplied(_) => self.marriage = Asked::Pending,
            // Logged after the judgment, that it was sent on changes nothing.
            Event::SeparationDecided(decision) if decision.is_sent_on() => {
                if self.marriage == Asked::None {
                    self.marriage = Asked::Pending;
                }
            }
            Event::SeparationDecided(_) => self.marriage = Asked::Decided,
            Event::CustodyCaseOpened(_) => self.custody = Custody::Open,
            Event::HearingScheduled(hearing) => self.hearing(hearing.hearing).schedule(hearing),
            Event::HearingMoved(hearing) => self.hearing(hearing.hearing).shift(),
            Event::HearingAttended(hearing) => self.hearing(hearing.hearing).stand = HearingStand::Attended,
            Event::FamilyDecisionReceived(decision) => {
                self.decisions.insert(decision.decision);
                self.custody = Custody::Decided;
            }
            Event::CompensationApplied(_) => self.compensation.apply(),
            Event::CompensationDecided(_) => self.compensation.decide(),
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
