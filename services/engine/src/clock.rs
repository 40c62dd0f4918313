//! The one place where the clock is read and chance is drawn.
//!
//! A clock is a value, so a test can set a service's day. Deliberately absent: what a day means ([`kit::calendar`]).
#![expect(clippy::disallowed_methods, reason = "this is the place where the clock is read and chance is drawn")]

use std::{fmt, sync::Arc, time::Duration};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

/// Tells the time.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> OffsetDateTime + Send + Sync>);

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn system() -> Self {
        Self(Arc::new(OffsetDateTime::now_utc))
    }

    /// A clock of the caller's.
    pub fn of(now: impl Fn() -> OffsetDateTime + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// Now, UTC, to the microsecond.
    #[must_use]
    pub fn now(&self) -> OffsetDateTime {
        let now = (self.0)();
        now.replace_nanosecond(now.nanosecond() / 1000 * 1000).unwrap_or(now)
    }

    /// Today in Copenhagen.
    #[must_use]
    pub fn today(&self) -> Date {
        kit::calendar::day_in_copenhagen(self.now())
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

/// A random id: for data keys and requests, never for what a command makes.
#[must_use]
pub fn random_id() -> Uuid {
    Uuid::new_v4()
}

/// A random share of `most`, so that those who clashed do not clash again.
#[must_use]
pub fn jitter(most: Duration) -> Duration {
    let [byte, ..] = *random_id().as_bytes();
    most.mul_f64(f64::from(byte) / 255.0)
}
