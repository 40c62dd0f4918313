//! What an aftercare case has come to. Only what decisions and suggestions need; no place and no time of a meeting is kept here.

use super::{
    command::Event,
    event::{BookingId, ContactId, EndReason},
};
use kit::{Day, Personal, sealed::known};
use serde::Serialize;
use std::collections::BTreeMap;
use time::Date;
use uuid::Uuid;

/// An aftercare case.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Aftercare {
    pub(super) stage: Stage,
    pub(super) standing: Standing,
    /// The first day of the aftercare she took last.
    pub(super) from: Option<Personal<Day>>,
    /// How many contacts there were since then; without it, since the case began.
    pub(super) contacts_made: u8,
    /// The day of the latest contact, whenever it was logged.
    pub(super) last_contact: Option<Personal<Day>>,
    /// The days of the contacts that did not come about since: they are in a row.
    pub(super) missed: Vec<Option<Personal<Day>>>,
    pub(super) contacts: BTreeMap<ContactId, Appointment>,
    pub(super) companions: BTreeMap<BookingId, Companion>,
}

/// Whether the case is over.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Stage {
    #[default]
    Open,
    Over {
        way: Way,
        reason: Personal<EndReason>,
    },
}

/// In which way a case is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Way {
    HandedOver,
    Closed,
}

/// How the latest offer stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Standing {
    #[default]
    NotOffered,
    Offered,
    Accepted {
        until: Option<Personal<Day>>,
    },
    Declined,
}

/// What became of a contact that was agreed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Appointment {
    Planned,
    Made,
    Missed,
}

/// What became of a companion.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Companion {
    #[default]
    Requested,
    Booked {
        /// Of use to claims alone, so nobody is shown it.
        #[serde(skip)]
        slot: Option<Personal<Uuid>>,
    },
    Attended,
    Cancelled,
}

impl Companion {
    /// Whether it has an outcome.
    pub(super) fn is_over(&self) -> bool {
        matches!(self, Self::Attended | Self::Cancelled)
    }

    /// The companion's day, while it is taken.
    pub(super) fn slot(&self) -> Option<Uuid> {
        match self {
            Self::Booked { slot } => known(slot.as_ref()),
            Self::Requested | Self::Attended | Self::Cancelled => None,
        }
    }
}

impl Aftercare {
    /// Takes an event in.
    pub(super) fn take(&mut self, event: &Event) {
        match event {
            Event::AftercareOffered(_) => {
                self.stage = Stage::Open;
                self.standing = Standing::Offered;
            }
            Event::AftercareAccepted(acceptance) => {
                // A second acceptance adds to the first and does not begin it anew.
                if !matches!(self.standing, Standing::Accepted { .. }) {
                    self.contacts_made = 0;
                }
                self.standing = Standing::Accepted { until: acceptance.until.clone() };
                self.from.clone_from(&acceptance.from);
            }
            Event::AftercareDeclined(_) => self.standing = Standing::Declined,
            Event::ContactPlanned(planned) => {
                self.contacts.entry(planned.contact).or_insert(Appointment::Planned);
            }
            Event::ContactMade(made) => {
                self.contacts_made = self.contacts_made.saturating_add(1);
                self.reached(made.day.as_ref());
                self.meet(made.contact, Appointment::Made);
            }
            Event::ContactMissed(missed) => {
                self.missed(missed.day.as_ref());
                self.meet(missed.contact, Appointment::Missed);
            }
            // The lifeline is the way back: it is never closed.
            Event::LifelineCalled(_) => self.stage = Stage::Open,
            Event::CompanionRequested(request) => {
                self.companions.entry(request.booking).or_default();
            }
            Event::CompanionBooked(booking) => {
                self.accompany(booking.booking, Companion::Booked { slot: booking.slot.clone() });
            }
            Event::CompanionAttended(attendance) => self.accompany(attendance.booking, Companion::Attended),
            Event::CompanionCancelled(cancellation) => self.accompany(cancellation.booking, Companion::Cancelled),
            Event::AftercareHandedOver(ending) => {
                self.stage = Stage::Over { way: Way::HandedOver, reason: ending.reason.clone() };
            }
            Event::AftercareClosed(ending) => {
                self.stage = Stage::Over { way: Way::Closed, reason: ending.reason.clone() };
            }
            Event::CoordinatingCounsellingGranted(_) | Event::RelapseRiskRaised(_) | Event::Readmitted(_) => {}
        }
    }

    /// She was reached: what was missed until then is no row any more. Of a contact of which nobody knows the day, nobody knows
    /// whether it came after.
    fn reached(&mut self, day: Option<&Personal<Day>>) {
        let Some(on) = known(day) else { return };
        if known(self.last_contact.as_ref()).is_none_or(|last| last <= on) {
            self.last_contact = day.cloned();
        }
        self.missed.retain(|missed| known(missed.as_ref()).is_some_and(|missed| missed > on));
    }

    /// She was not, unless it was logged late and she has been since.
    fn missed(&mut self, day: Option<&Personal<Day>>) {
        let before = known(day).zip(known(self.last_contact.as_ref())).is_some_and(|(day, last)| day < last);
        if !before {
            self.missed.push(day.cloned());
        }
    }

    /// The latest day in the row of contacts that did not come about.
    pub(super) fn last_missed(&self) -> Option<Date> {
        self.missed.iter().filter_map(|missed| known(missed.as_ref())).max().map(Day::date)
    }

    /// The day of the latest contact.
    pub(super) fn last_contact(&self) -> Option<Date> {
        known(self.last_contact.as_ref()).map(Day::date)
    }

    /// The first outcome of a contact stays: rules refuse a second, and what is stored is folded whatever it is.
    fn meet(&mut self, contact: Option<ContactId>, outcome: Appointment) {
        let Some(contact) = contact else { return };
        let appointment = self.contacts.entry(contact).or_insert(outcome);
        if *appointment == Appointment::Planned {
            *appointment = outcome;
        }
    }

    /// The first outcome of a companion stays too.
    fn accompany(&mut self, booking: BookingId, companion: Companion) {
        let known = self.companions.entry(booking).or_default();
        if !known.is_over() {
            *known = companion;
        }
    }

    /// Whether the case is over.
    pub(super) fn is_over(&self) -> bool {
        self.stage != Stage::Open
    }

    /// Whether an offer waits for its answer.
    pub(super) fn awaits_answer(&self) -> bool {
        !self.is_over() && self.standing == Standing::Offered
    }

    /// Whether she has aftercare on this day; without a known end she has.
    pub(super) fn runs(&self, today: Date) -> bool {
        let Standing::Accepted { until } = &self.standing else { return false };
        !self.is_over() && known(until.as_ref()).is_none_or(|until| until.date() >= today)
    }
}
