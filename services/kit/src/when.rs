//! When something happened, as people know it: to the minute, the day, the month, or not at all.
//!
//! All are Copenhagen's wall time. Deliberately absent: the clock.

use crate::calendar;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{borrow::Cow, fmt, str::FromStr};
use time::{
    Date, OffsetDateTime, PrimitiveDateTime, format_description::BorrowedFormatItem, macros::format_description,
};

const DAY: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");
const MINUTE: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]T[hour]:[minute]");
/// Years a fact may name. Beyond them it is a slip of the finger, and arithmetic would leave the calendar.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=2199;

/// The text is no day or time in the form asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected a date such as 2026-11-20, a time such as 2026-11-20T14:30, a month such as 2026-11, or unknown; years 1900 to 2199"
)]
pub struct NotATime;

/// A day in Copenhagen, `2026-11-20`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(Date);

/// A minute of Copenhagen's wall time, `2026-11-20T14:30`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(PrimitiveDateTime);

/// When an entry happened, and how exactly that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Happened {
    /// To the minute.
    At(Moment),
    /// On a day.
    On(Day),
    /// In the month that begins on this day.
    In(Day),
    /// Nobody knows, or she does not wish to say.
    Unknown,
}

/// By when a follow-up is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DueBy {
    /// At the end of the day.
    On(Day),
    /// At a minute.
    At(Moment),
}

impl Day {
    /// The day, where it lies in 1900–2199.
    pub fn new(date: Date) -> Result<Self, NotATime> {
        YEARS.contains(&date.year()).then_some(Self(date)).ok_or(NotATime)
    }
    /// The calendar date.
    #[must_use]
    pub fn date(self) -> Date {
        self.0
    }
}

impl From<Date> for Day {
    /// Nearest day inside 1900–2199.
    fn from(date: Date) -> Self {
        let year = date.year().clamp(*YEARS.start(), *YEARS.end());
        Self(date.replace_year(year).unwrap_or(date))
    }
}

impl Moment {
    /// The wall time in Copenhagen.
    #[must_use]
    pub fn wall(self) -> PrimitiveDateTime {
        self.0
    }
    /// The day it falls on.
    #[must_use]
    pub fn day(self) -> Day {
        Day(self.0.date())
    }
}

impl Happened {
    /// The first day it can have been; `None` where unknown.
    #[must_use]
    pub fn day(self) -> Option<Day> {
        match self {
            Self::At(moment) => Some(moment.day()),
            Self::On(day) | Self::In(day) => Some(day),
            Self::Unknown => None,
        }
    }

    /// The instant it began, with Copenhagen's offset; `None` where unknown.
    #[must_use]
    pub fn instant(self) -> Option<OffsetDateTime> {
        match self {
            Self::At(moment) => Some(calendar::local(moment.0)),
            other => other.day().map(|day| calendar::local(day.0.midnight())),
        }
    }

    /// The published name of the precision.
    #[must_use]
    pub fn precision(self) -> &'static str {
        match self {
            Self::At(_) => "time",
            Self::On(_) => "day",
            Self::In(_) => "month",
            Self::Unknown => "unknown",
        }
    }

    /// Reads back what [`Happened::instant`] and [`Happened::precision`] published. The instant carries Copenhagen's offset.
    pub fn from_published(time: Option<OffsetDateTime>, precision: &str) -> Result<Self, NotATime> {
        let Some(time) = time else { return Ok(Self::Unknown) };
        let wall = PrimitiveDateTime::new(time.date(), time.time());
        match precision {
            "time" => Day::new(wall.date()).map(|_| Self::At(Moment(wall))),
            "day" => Day::new(wall.date()).map(Self::On),
            "month" => Day::new(wall.date()).map(Self::In),
            "unknown" => Ok(Self::Unknown),
            _ => Err(NotATime),
        }
    }
}

impl DueBy {
    /// The day it is due.
    #[must_use]
    pub fn day(self) -> Day {
        match self {
            Self::On(day) => day,
            Self::At(moment) => moment.day(),
        }
    }
}

impl FromStr for Day {
    type Err = NotATime;
    fn from_str(text: &str) -> Result<Self, NotATime> {
        Date::parse(text, DAY).map_err(|_| NotATime).and_then(Self::new)
    }
}

impl FromStr for Moment {
    type Err = NotATime;
    fn from_str(text: &str) -> Result<Self, NotATime> {
        let wall = PrimitiveDateTime::parse(text, MINUTE).map_err(|_| NotATime)?;
        Day::new(wall.date()).map(|_| Self(wall))
    }
}

impl FromStr for Happened {
    type Err = NotATime;
    fn from_str(text: &str) -> Result<Self, NotATime> {
        match text.len() {
            _ if text == "unknown" => Ok(Self::Unknown),
            7 => format!("{text}-01").parse().map(Self::In),
            10 => text.parse().map(Self::On),
            _ => text.parse().map(Self::At),
        }
    }
}

impl FromStr for DueBy {
    type Err = NotATime;
    fn from_str(text: &str) -> Result<Self, NotATime> {
        if text.len() == 10 { text.parse().map(Self::On) } else { text.parse().map(Self::At) }
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.0.to_calendar_date();
        write!(f, "{year:04}-{:02}-{day:02}", u8::from(month))
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}T{:02}:{:02}", self.day(), self.0.hour(), self.0.minute())
    }
}

impl fmt::Display for Happened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(moment) => moment.fmt(f),
            Self::On(day) => day.fmt(f),
            Self::In(day) => write!(f, "{:04}-{:02}", day.0.year(), u8::from(day.0.month())),
            Self::Unknown => f.write_str("unknown"),
        }
    }
}

impl fmt::Display for DueBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::On(day) => day.fmt(f),
            Self::At(moment) => moment.fmt(f),
        }
    }
}

/// Text in JSON, with a schema that says its form.
macro_rules! as_text {
    ($($name:ident: $schema:tt;)+) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> { stringify!($name).into() }
            fn inline_schema() -> bool { true }
            fn json_schema(_: &mut SchemaGenerator) -> Schema { json_schema!($schema) }
        }
    )+};
}

as_text! {
    Day: { "type": "string", "format": "date" };
    Moment: { "type": "string", "pattern": "^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}$", "description": "Copenhagen's wall time, to the minute." };
    Happened: { "type": "string", "pattern": "^(unknown|\\d{4}-\\d{2}(-\\d{2}(T\\d{2}:\\d{2})?)?)$",
        "description": "When it happened, as exactly as it is known: a minute, a day, a month, or unknown." };
    DueBy: { "type": "string", "pattern": "^\\d{4}-\\d{2}-\\d{2}(T\\d{2}:\\d{2})?$" };
}

impl fmt::Debug for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_precision_reads_as_it_is_written() {
        for text in ["unknown", "2026-11", "2026-11-20", "2026-11-20T14:30"] {
            let happened: Happened = text.parse().unwrap();
            assert_eq!(happened.to_string(), text);
            let back = Happened::from_published(happened.instant(), happened.precision()).unwrap();
            assert_eq!(back, happened);
        }
        for text in
            ["", "2026", "2026-13", "2026-02-30", "20-11-2026", "2026-11-20T25:00", "1899-12-31", "2200-01-01", "i går"]
        {
            assert!(text.parse::<Happened>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_day_begins_in_copenhagen() {
        let summer: Happened = "2026-07-01".parse().unwrap();
        assert_eq!(summer.instant().unwrap().offset().whole_hours(), 2);
    }
}
