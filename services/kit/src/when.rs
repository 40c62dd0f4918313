//! When something happened, as people know it: to the minute, the day, the month, or not at all.
//!
//! All are Copenhagen's wall time. A minute of the hour that comes twice in the night to winter time says which of the two it is; a minute of
//! the hour that the night to summer time skips never was. Deliberately absent: the clock.

use crate::calendar::{self, Instants};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{borrow::Cow, fmt, str::FromStr};
use time::{
    Date, OffsetDateTime, PrimitiveDateTime, UtcOffset, format_description::BorrowedFormatItem,
    macros::format_description,
};

const DAY: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");
const MINUTE: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]T[hour]:[minute]");
const MINUTE_LENGTH: usize = "2026-11-20T14:30".len();
const OFFSET: &[BorrowedFormatItem<'_>] = format_description!("[offset_hour sign:mandatory]:[offset_minute]");
/// Years a fact may name. Beyond them it is a slip of the finger, and arithmetic would leave the calendar.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=2199;

/// The text is no day or time in the form asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotATime {
    /// Its form, or its year.
    #[error(
        "expected a date such as 2026-11-20, a time such as 2026-11-20T14:30, a month such as 2026-11, or unknown; years 1900 to 2199"
    )]
    Form,
    /// The clock went on by an hour then.
    #[error("there was no such minute: the clock goes from 02:00 to 03:00 that night")]
    Skipped,
    /// Copenhagen has another offset then.
    #[error("expected Copenhagen's offset at that time, +01:00 in winter and +02:00 in summer, or none")]
    Offset,
}

/// A day in Copenhagen, `2026-11-20`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(Date);

/// A minute of Copenhagen's wall time, `2026-11-20T14:30`. Where that comes twice it is told by its offset, `2026-10-25T02:30+01:00` for the
/// second; without one the first is meant.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment {
    wall: PrimitiveDateTime,
    /// Whether it is the second minute of the two that are called so.
    second: bool,
}

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
        YEARS.contains(&date.year()).then_some(Self(date)).ok_or(NotATime::Form)
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
    /// The minute of an instant, where it lies in 1900–2199.
    pub fn of(instant: OffsetDateTime) -> Result<Self, NotATime> {
        let local = calendar::in_copenhagen_time(instant);
        let wall = local.time().replace_second(0).and_then(|time| time.replace_nanosecond(0));
        let wall = PrimitiveDateTime::new(Day::new(local.date())?.0, wall.map_err(|_| NotATime::Form)?);
        let second = matches!(calendar::instants(wall), Instants::Twice(first, _) if first.offset() != local.offset());
        Ok(Self { wall, second })
    }
    /// The wall time in Copenhagen.
    #[must_use]
    pub fn wall(self) -> PrimitiveDateTime {
        self.wall
    }
    /// The day it falls on.
    #[must_use]
    pub fn day(self) -> Day {
        Day(self.wall.date())
    }
    /// The instant it begins, with Copenhagen's offset.
    #[must_use]
    pub fn instant(self) -> OffsetDateTime {
        match calendar::instants(self.wall) {
            Instants::Twice(_, second) if self.second => second,
            Instants::Once(at) | Instants::Twice(at, _) => at,
            Instants::Never => calendar::local(self.wall),
        }
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
            Self::At(moment) => Some(moment.instant()),
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
        match precision {
            "time" => Moment::of(time).map(Self::At),
            "day" => Day::new(time.date()).map(Self::On),
            "month" => Day::new(time.date()).map(Self::In),
            "unknown" => Ok(Self::Unknown),
            _ => Err(NotATime::Form),
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
        Date::parse(text, DAY).map_err(|_| NotATime::Form).and_then(Self::new)
    }
}

impl FromStr for Moment {
    type Err = NotATime;
    fn from_str(text: &str) -> Result<Self, NotATime> {
        let (minute, offset) = text.split_at_checked(MINUTE_LENGTH).ok_or(NotATime::Form)?;
        let wall = PrimitiveDateTime::parse(minute, MINUTE).map_err(|_| NotATime::Form)?;
        Day::new(wall.date())?;
        let offset = match offset {
            "" => None,
            offset => Some(UtcOffset::parse(offset, OFFSET).map_err(|_| NotATime::Form)?),
        };
        let is = |at: OffsetDateTime| offset.is_none_or(|offset| offset == at.offset());
        match calendar::instants(wall) {
            Instants::Once(at) | Instants::Twice(at, _) if is(at) => Ok(Self { wall, second: false }),
            Instants::Twice(_, at) if is(at) => Ok(Self { wall, second: true }),
            Instants::Once(_) | Instants::Twice(..) => Err(NotATime::Offset),
            Instants::Never => Err(NotATime::Skipped),
        }
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
        write!(f, "{}T{:02}:{:02}", self.day(), self.wall.hour(), self.wall.minute())?;
        match calendar::instants(self.wall) {
            Instants::Twice(..) => write!(f, "{:+03}:00", self.instant().offset().whole_hours()),
            Instants::Once(_) | Instants::Never => Ok(()),
        }
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
    Moment: { "type": "string", "pattern": "^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}(\\+0[12]:00)?$",
        "description": "Copenhagen's wall time, to the minute; with its offset where that minute comes twice, in the night to winter time." };
    Happened: { "type": "string", "pattern": "^(unknown|\\d{4}-\\d{2}(-\\d{2}(T\\d{2}:\\d{2}(\\+0[12]:00)?)?)?)$",
        "description": "When it happened, as exactly as it is known: a minute, a day, a month, or unknown." };
    DueBy: { "type": "string", "pattern": "^\\d{4}-\\d{2}-\\d{2}(T\\d{2}:\\d{2}(\\+0[12]:00)?)?$" };
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
    fn a_minute_that_comes_twice_keeps_its_offset_and_one_that_never_was_is_refused() {
        let read = |text: &str| text.parse::<Moment>();
        let (first, second) = (read("2026-10-25T02:30").unwrap(), read("2026-10-25T02:30+01:00").unwrap());
        assert_eq!((second.instant() - first.instant()).whole_minutes(), 60);
        assert!(first < second && second < read("2026-10-25T03:00").unwrap());
        for (text, written) in [
            ("2026-10-25T02:30", "2026-10-25T02:30+02:00"),
            ("2026-10-25T02:30+02:00", "2026-10-25T02:30+02:00"),
            ("2026-10-25T02:30+01:00", "2026-10-25T02:30+01:00"),
            ("2026-10-25T03:00+01:00", "2026-10-25T03:00"),
            ("2026-07-01T12:00+02:00", "2026-07-01T12:00"),
        ] {
            let moment = read(text).unwrap();
            assert_eq!(moment.to_string(), written, "{text}");
            assert_eq!(read(written).unwrap(), moment, "{text}");
            assert_eq!(Moment::of(moment.instant() + time::Duration::SECOND).unwrap(), moment, "{text}");
            let happened = Happened::At(moment);
            let back = Happened::from_published(happened.instant(), happened.precision());
            assert_eq!(back, Ok(happened), "{text}");
        }
        for text in ["2026-03-29T02:00", "2026-03-29T02:30+01:00", "2026-03-29T02:59"] {
            assert_eq!(read(text), Err(NotATime::Skipped), "{text}");
            assert!(text.parse::<Happened>().is_err() && text.parse::<DueBy>().is_err(), "{text}");
        }
        for text in ["2026-07-01T12:00+01:00", "2026-12-01T12:00+02:00", "2026-10-25T02:30+03:00"] {
            assert_eq!(read(text), Err(NotATime::Offset), "{text}");
        }
        for text in ["2026-07-01T12:00Z", "2026-07-01T12:00:30", "2026-07-01T12:00+2:00", "2026-07-01T12:æ"] {
            assert_eq!(read(text), Err(NotATime::Form), "{text}");
        }
    }

    #[test]
    fn a_day_begins_in_copenhagen() {
        let summer: Happened = "2026-07-01".parse().unwrap();
        assert_eq!(summer.instant().unwrap().offset().whole_hours(), 2);
    }
}
