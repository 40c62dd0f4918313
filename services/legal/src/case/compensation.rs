//! How far compensation from the state is, and until when it can be applied for.
//!
//! Deliberately absent: how long that is, which the deadlines say.

use kit::{Day, Personal, sealed::known};
use serde::Serialize;
use time::Date;

/// How far compensation from the state is. What is reported after a claim may be another claim, beside it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Compensation {
    /// There is something to apply for, within a time counted from here.
    pub(super) to_apply: Option<Limitation>,
    /// How many claims wait for a decision.
    pub(super) pending: u32,
    /// How many were decided.
    pub(super) decided: u32,
}

/// From where the time to apply counts. The day may be unknown.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Limitation {
    Offence(Option<Personal<Day>>),
    /// The criminal case is over: from then on it counts from the day that was final.
    Final(Option<Personal<Day>>),
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
    /// changes nothing of when that was. One that comes after a claim is to be applied for too, for that claim may not cover it.
    pub(super) fn report(&mut self, offence: Option<&Personal<Day>>) {
        let reported = Limitation::Offence(offence.cloned());
        let counts = match &self.to_apply {
            None => true,
            Some(Limitation::Final(_)) => false,
            Some(open) => reported.day().is_some_and(|new| open.day().is_none_or(|old| new < old)),
        };
        if counts {
            self.to_apply = Some(reported);
        }
    }

    /// The criminal case is over. Where all is applied for already, that opens nothing.
    pub(super) fn close(&mut self, final_on: Option<&Personal<Day>>) {
        let is_asked = self.pending > 0 || self.decided > 0;
        let counts = if self.to_apply.is_some() { final_on.is_some() } else { !is_asked };
        if counts {
            self.to_apply = Some(Limitation::Final(final_on.cloned()));
        }
    }

    /// A claim for what was reported since runs beside the one before; any other takes its place.
    pub(super) fn apply(&mut self) {
        let beside = self.to_apply.take().is_some();
        self.pending = if beside { self.pending.saturating_add(1) } else { self.pending.max(1) };
    }

    /// A decision on a claim that was never logged is on what was to be applied for.
    pub(super) fn decide(&mut self) {
        if self.pending == 0 {
            self.to_apply = None;
        }
        self.pending = self.pending.saturating_sub(1);
        self.decided = self.decided.saturating_add(1);
    }
}
