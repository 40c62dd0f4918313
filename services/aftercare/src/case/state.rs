//! What an aftercare case has come to.

use super::command::Event;
use kit::{Day, Personal};
use serde::Serialize;
use time::Date;

/// An aftercare case.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Aftercare {
    pub(super) standing: Standing,
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

impl Aftercare {
    /// Takes an event in.
    pub(super) fn take(&mut self, event: &Event) {
        self.standing = match event {
            Event::AftercareOffered(_) => Standing::Offered,
            Event::AftercareAccepted(acceptance) => Standing::Accepted { until: acceptance.until.clone() },
            Event::AftercareDeclined(_) => Standing::Declined,
        };
    }

    /// Whether she has aftercare on this day; without a known end she has.
    pub(super) fn runs(&self, today: Date) -> bool {
        let Standing::Accepted { until } = &self.standing else { return false };
        until.as_ref().and_then(|until| until.open()).is_none_or(|until| until.date() >= today)
    }
}
