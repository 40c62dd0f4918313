//! The Danish calendar: public holidays, working days, and the days of Copenhagen.
//!
//! Deliberately absent: the clock (a day comes in as an argument), the machine's zone files (the zone is compiled in),
//! and what each deadline counts (see [`crate::deadlines`]).
//!
//! Every function is total: a result beyond the range of [`time::Date`] is its first or last day.

use std::sync::LazyLock;

use jiff::{
    Timestamp, civil,
    tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase},
};
use time::{Date, Duration, Month, OffsetDateTime, PrimitiveDateTime, UtcOffset};

/// The first year in which Store Bededag is an ordinary working day (lov nr. 214 af 7. marts 2023).
const WITHOUT_STORE_BEDEDAG: i32 = 2024;

/// Europe/Copenhagen from the database in the program. That it is found there is held by the tests below.
static COPENHAGEN: LazyLock<TimeZone> =
    LazyLock::new(|| TimeZoneDatabase::bundled().get("Europe/Copenhagen").unwrap_or(TimeZone::UTC));

/// Easter Sunday of the Gregorian `year` (the anonymous algorithm, as in Meeus, Astronomical Algorithms, ch. 8).
#[must_use]
pub fn easter_sunday(year: i32) -> Date {
    let (century, of_century) = (year.div_euclid(100), year.rem_euclid(100));
    let golden = year.rem_euclid(19);
    let correction = (century - (century + 8).div_euclid(25) + 1).div_euclid(3);
    let epact = (19 * golden + century - century.div_euclid(4) - correction + 15).rem_euclid(30);
    let weekday = (32 + 2 * century.rem_euclid(4) + 2 * (of_century / 4) - epact - of_century % 4).rem_euclid(7);
    let late = (golden + 11 * epact + 22 * weekday) / 451;
    let days = i64::from(epact + weekday - 7 * late);
    Date::from_calendar_date(year, Month::March, 22)
        .map_or_else(|_| edge(year), |d| d.saturating_add(Duration::days(days)))
}

/// Whether `date` is a Danish public holiday (helligdag). Sundays are not listed unless they are one (påskedag, pinsedag).
#[must_use]
pub fn is_public_holiday(date: Date) -> bool {
    match (date.month(), date.day()) {
        (Month::January, 1) | (Month::December, 25 | 26) => true,
        _ => match (date - easter_sunday(date.year())).whole_days() {
            // Skærtorsdag, langfredag, påskedag, 2. påskedag, Kristi himmelfart, pinsedag, 2. pinsedag.
            -3 | -2 | 0 | 1 | 39 | 49 | 50 => true,
            // Store bededag, the fourth Friday after Easter.
            26 => date.year() < WITHOUT_STORE_BEDEDAG,
            _ => false,
        },
    }
}

/// Whether offices are expected to be open: not a weekend, a public holiday, or one of the three days that are no holiday
/// in law but count as one when a time limit ends: Grundlovsdag (5 June), 24 and 31 December. The list is that of
/// forældelsesloven § 27, stk. 2 (<https://danskelove.dk/forældelsesloven/27>), taken for every administrative deadline
/// because municipalities and courts are closed on these days too; to be checked by a lawyer. 1 May and the Friday after
/// Kristi himmelfart are working days.
#[must_use]
pub fn is_working_day(date: Date) -> bool {
    let closed = matches!((date.month(), date.day()), (Month::June, 5) | (Month::December, 24 | 31));
    date.weekday().number_days_from_monday() < 5 && !closed && !is_public_holiday(date)
}

/// The `n`th working day after `date`, or before it where `n` is negative; `date` itself never counts. With 0 it is `date`
/// as it is, working day or not.
#[must_use]
pub fn add_working_days(date: Date, n: i32) -> Date {
    let (mut day, mut left) = (date, n.unsigned_abs());
    while left > 0 {
        let Some(next) = (if n > 0 { day.next_day() } else { day.previous_day() }) else { return day };
        day = next;
        left -= u32::from(is_working_day(day));
    }
    day
}

/// `date` if it is a working day, else the next one.
#[must_use]
pub fn on_or_next_working_day(date: Date) -> Date {
    if is_working_day(date) { date } else { add_working_days(date, 1) }
}

/// The same day `n` months later (earlier where `n` is negative), or that month's last day where it has no such day:
/// 31 January and one month is 28 or 29 February.
#[must_use]
pub fn add_months(date: Date, n: i32) -> Date {
    let months = i64::from(date.year()) * 12 + i64::from(u8::from(date.month())) - 1 + i64::from(n);
    let year = i32::try_from(months.div_euclid(12)).unwrap_or(if n < 0 { i32::MIN } else { i32::MAX });
    let month = u8::try_from(months.rem_euclid(12)).map_or(Month::January, |past| Month::January.nth_next(past));
    Date::from_calendar_date(year, month, date.day().min(month.length(year))).unwrap_or_else(|_| edge(year))
}

/// The day it is in Copenhagen at that instant.
#[must_use]
pub fn day_in_copenhagen(instant: OffsetDateTime) -> Date {
    in_copenhagen(instant).map_or_else(|| edge(instant.year()), OffsetDateTime::date)
}

/// The instant, in UTC, at which that day begins in Copenhagen: the day before at 22:00 or 23:00.
#[must_use]
pub fn start_of_day(date: Date) -> OffsetDateTime {
    let midnight = date.midnight();
    local(midnight).checked_to_offset(UtcOffset::UTC).unwrap_or_else(|| midnight.assume_utc())
}

/// The instant of a wall time in Copenhagen, with the offset in force then. A time that the spring change skips moves
/// forward by the skipped hour (02:30 becomes 03:30); of a time that the autumn change repeats, the earlier (summer time)
/// is meant. In the first and last days of the range it is read as UTC.
#[must_use]
pub fn local(wall: PrimitiveDateTime) -> OffsetDateTime {
    civil_time(wall)
        .and_then(|civil| COPENHAGEN.to_ambiguous_timestamp(civil).compatible().ok())
        .and_then(|at| OffsetDateTime::from_unix_timestamp_nanos(at.as_nanosecond()).ok())
        .and_then(in_copenhagen)
        .unwrap_or_else(|| wall.assume_utc())
}

/// The same instant with the offset that is in force in Copenhagen then; as it is in the first and last days of the range.
#[must_use]
pub fn in_copenhagen_time(instant: OffsetDateTime) -> OffsetDateTime {
    in_copenhagen(instant).unwrap_or(instant)
}

/// The instants that a wall time in Copenhagen is, with the offset of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Instants {
    /// The only one.
    Once(OffsetDateTime),
    /// Summer time's, and winter time's an hour later.
    Twice(OffsetDateTime, OffsetDateTime),
    /// The clock went past it.
    Never,
}

/// The instants of a wall time; in the first and last days of the range it is read as UTC.
#[must_use]
pub fn instants(wall: PrimitiveDateTime) -> Instants {
    let first = local(wall);
    let Some(ambiguous) = civil_time(wall).map(|civil| COPENHAGEN.to_ambiguous_timestamp(civil)) else {
        return Instants::Once(first);
    };
    match ambiguous.offset() {
        AmbiguousOffset::Unambiguous { .. } => Instants::Once(first),
        AmbiguousOffset::Fold { .. } => Instants::Twice(first, in_copenhagen_time(first + Duration::HOUR)),
        AmbiguousOffset::Gap { .. } => Instants::Never,
    }
}

/// The latest end of what lasts a time at most: a day is as long as the calendar's, so what ends on the clock where it should does not last
/// too long in the night that has an hour more.
#[must_use]
pub fn latest_end(begins: OffsetDateTime, lasts: Duration) -> OffsetDateTime {
    let local_begin = in_copenhagen_time(begins);
    let wall = PrimitiveDateTime::new(local_begin.date(), local_begin.time());
    let elapsed = begins.checked_add(lasts).unwrap_or(begins);
    wall.checked_add(lasts).map_or(elapsed, |wall| elapsed.max(local(wall)))
}

fn civil_time(wall: PrimitiveDateTime) -> Option<civil::DateTime> {
    let (hour, minute, second, nanosecond) = wall.as_hms_nano();
    let [month, day, hour, minute, second] =
        [u8::from(wall.month()), wall.day(), hour, minute, second].map(|part| i8::try_from(part).ok());
    let year = i16::try_from(wall.year()).ok()?;
    civil::DateTime::new(year, month?, day?, hour?, minute?, second?, i32::try_from(nanosecond).ok()?).ok()
}

/// `None` at the edges of the range.
fn in_copenhagen(instant: OffsetDateTime) -> Option<OffsetDateTime> {
    let at = Timestamp::from_nanosecond(instant.unix_timestamp_nanos()).ok()?;
    let offset = UtcOffset::from_whole_seconds(COPENHAGEN.to_offset(at).seconds()).ok()?;
    instant.checked_to_offset(offset)
}

/// The end of the range on the side of `year`.
fn edge(year: i32) -> Date {
    if year < 0 { Date::MIN } else { Date::MAX }
}

#[cfg(test)]
mod tests {
    use time::{
        Weekday,
        macros::{date, datetime, offset},
    };

    use super::*;

    fn days(from: Date, until: Date) -> impl Iterator<Item = Date> {
        std::iter::successors(Some(from), |day| day.next_day()).take_while(move |day| *day <= until)
    }

    #[test]
    fn the_holidays_of_2023_to_2027_are_those_of_the_almanac() {
        let known = [
            "2023: 1/1 6/4 7/4 9/4 10/4 5/5 18/5 28/5 29/5 25/12 26/12",
            "2024: 1/1 28/3 29/3 31/3 1/4 9/5 19/5 20/5 25/12 26/12",
            "2025: 1/1 17/4 18/4 20/4 21/4 29/5 8/6 9/6 25/12 26/12",
            "2026: 1/1 2/4 3/4 5/4 6/4 14/5 24/5 25/5 25/12 26/12",
            "2027: 1/1 25/3 26/3 28/3 29/3 6/5 16/5 17/5 25/12 26/12",
        ];
        let found = [2023, 2024, 2025, 2026, 2027].map(|year| {
            let first = Date::from_calendar_date(year, Month::January, 1).unwrap();
            let last = Date::from_calendar_date(year, Month::December, 31).unwrap();
            days(first, last)
                .filter(|day| is_public_holiday(*day))
                .fold(format!("{year}:"), |list, day| format!("{list} {}/{}", day.day(), u8::from(day.month())))
        });
        assert_eq!(found, known);
    }

    #[test]
    fn easter_is_a_sunday_between_22_march_and_25_april() {
        for year in 1900..=2199 {
            let easter = easter_sunday(year);
            assert_eq!(easter.weekday(), Weekday::Sunday, "{year}");
            let (first, last) = ((Month::March, 22), (Month::April, 25));
            let found = (easter.month(), easter.day());
            assert!((u8::from(found.0), found.1) >= (u8::from(first.0), first.1), "{year}");
            assert!((u8::from(found.0), found.1) <= (u8::from(last.0), last.1), "{year}");
        }
        // The extremes and the exceptions of the algorithm.
        let known = [
            date!(1943 - 04 - 25),
            date!(1954 - 04 - 18),
            date!(1981 - 04 - 19),
            date!(2000 - 04 - 23),
            date!(2008 - 03 - 23),
        ];
        assert_eq!(known.map(|easter| easter_sunday(easter.year())), known);
    }

    #[test]
    fn store_bededag_is_a_working_day_since_2024() {
        assert!(!is_working_day(date!(2023 - 05 - 05)));
        assert!(is_working_day(date!(2024 - 04 - 26)));
    }

    #[test]
    fn days_on_which_offices_are_closed_are_no_working_days() {
        for closed in [
            date!(2026 - 06 - 05),
            date!(2026 - 12 - 24),
            date!(2026 - 12 - 31),
            date!(2026 - 11 - 21),
            date!(2026 - 11 - 22),
        ] {
            assert!(!is_working_day(closed), "{closed}");
        }
        for open in [date!(2026 - 05 - 01), date!(2026 - 05 - 15), date!(2026 - 12 - 23), date!(2026 - 12 - 30)] {
            assert!(is_working_day(open), "{open}");
        }
    }

    #[test]
    fn working_days_step_over_easter_and_christmas() {
        assert_eq!(add_working_days(date!(2026 - 04 - 01), 1), date!(2026 - 04 - 07));
        assert_eq!(add_working_days(date!(2026 - 04 - 07), -1), date!(2026 - 04 - 01));
        assert_eq!(add_working_days(date!(2026 - 12 - 23), 3), date!(2026 - 12 - 30));
        assert_eq!(add_working_days(date!(2026 - 04 - 04), 0), date!(2026 - 04 - 04));
        assert_eq!(on_or_next_working_day(date!(2026 - 04 - 04)), date!(2026 - 04 - 07));
        assert_eq!(on_or_next_working_day(date!(2026 - 04 - 07)), date!(2026 - 04 - 07));
    }

    #[test]
    fn going_back_undoes_going_forward() {
        for day in days(date!(2023 - 01 - 01), date!(2027 - 12 - 31)).filter(|day| is_working_day(*day)) {
            for n in [1, 2, 5, 10, 23] {
                assert_eq!(add_working_days(add_working_days(day, n), -n), day, "{day} and {n}");
            }
        }
    }

    #[test]
    fn a_month_ends_on_its_last_day() {
        assert_eq!(add_months(date!(2026 - 01 - 31), 1), date!(2026 - 02 - 28));
        assert_eq!(add_months(date!(2028 - 01 - 31), 1), date!(2028 - 02 - 29));
        assert_eq!(add_months(date!(2028 - 02 - 29), 12), date!(2029 - 02 - 28));
        assert_eq!(add_months(date!(2026 - 11 - 30), 3), date!(2027 - 02 - 28));
        assert_eq!(add_months(date!(2026 - 01 - 15), -1), date!(2025 - 12 - 15));
        assert_eq!(add_months(date!(2026 - 03 - 31), 0), date!(2026 - 03 - 31));
    }

    #[test]
    fn a_day_begins_at_midnight_in_copenhagen() {
        assert_eq!(start_of_day(date!(2026 - 01 - 15)), datetime!(2026-01-14 23:00 UTC));
        assert_eq!(start_of_day(date!(2026 - 07 - 15)), datetime!(2026-07-14 22:00 UTC));
        assert_eq!(start_of_day(date!(2026 - 01 - 15)).offset(), UtcOffset::UTC);
        for day in days(date!(2026 - 01 - 01), date!(2026 - 12 - 31)) {
            let start = start_of_day(day);
            assert_eq!(day_in_copenhagen(start), day);
            assert_eq!(day_in_copenhagen(start - Duration::NANOSECOND), day.previous_day().unwrap());
        }
    }

    #[test]
    fn the_day_of_29_march_2026_has_23_hours_and_that_of_25_october_25() {
        let hours = |day: Date| (start_of_day(day.next_day().unwrap()) - start_of_day(day)).whole_hours();
        assert_eq!([date!(2026 - 03 - 28), date!(2026 - 03 - 29), date!(2026 - 10 - 25)].map(hours), [24, 23, 25]);
        assert_eq!(day_in_copenhagen(datetime!(2026-03-29 21:59:59 UTC)), date!(2026 - 03 - 29));
        assert_eq!(day_in_copenhagen(datetime!(2026-03-29 22:00 UTC)), date!(2026 - 03 - 30));
        assert_eq!(day_in_copenhagen(datetime!(2026-10-24 22:00 UTC)), date!(2026 - 10 - 25));
        assert_eq!(day_in_copenhagen(datetime!(2026-10-25 22:59:59 UTC)), date!(2026 - 10 - 25));
    }

    #[test]
    fn a_skipped_time_moves_forward_and_of_a_repeated_one_the_earlier_is_meant() {
        let skipped = local(datetime!(2026-03-29 02:30));
        assert_eq!((skipped, skipped.offset()), (datetime!(2026-03-29 03:30 +2), offset!(+2)));
        let repeated = local(datetime!(2026-10-25 02:30));
        assert_eq!((repeated, repeated.offset()), (datetime!(2026-10-25 02:30 +2), offset!(+2)));
        let winter = local(datetime!(2026-10-25 03:00:00.000_000_001));
        assert_eq!((winter, winter.offset()), (datetime!(2026-10-25 03:00:00.000_000_001 +1), offset!(+1)));
    }

    #[test]
    fn a_day_lasts_as_long_as_the_calendars() {
        let end = |begins, lasts| latest_end(local(begins), lasts);
        let day = Duration::hours(24);
        // 25 hours, 24, and in spring an hour of grace.
        assert_eq!(end(datetime!(2026-10-24 08:00), day), local(datetime!(2026-10-25 08:00)));
        assert_eq!(end(datetime!(2026-10-31 08:00), day), local(datetime!(2026-11-01 08:00)));
        assert_eq!(end(datetime!(2027-03-27 08:00), day), local(datetime!(2027-03-28 09:00)));
        assert_eq!(end(datetime!(2026-10-01 08:00), Duration::days(31)), local(datetime!(2026-11-01 08:00)));
        assert_eq!(latest_end(datetime!(9999-12-31 23:59 UTC), day), datetime!(9999-12-31 23:59 UTC));
    }

    #[test]
    fn the_edges_of_the_range_saturate() {
        assert_eq!(add_working_days(Date::MAX, i32::MAX), Date::MAX);
        assert_eq!(add_working_days(Date::MIN, i32::MIN), Date::MIN);
        assert_eq!((add_months(Date::MAX, 1), add_months(Date::MAX, i32::MAX)), (Date::MAX, Date::MAX));
        assert_eq!((add_months(Date::MIN, -1), add_months(Date::MIN, i32::MIN)), (Date::MIN, Date::MIN));
        assert_eq!(start_of_day(Date::MIN), Date::MIN.midnight().assume_utc());
        assert_eq!(day_in_copenhagen(start_of_day(Date::MIN)), Date::MIN);
        assert_eq!(day_in_copenhagen(start_of_day(Date::MAX)), Date::MAX);
        assert_eq!(day_in_copenhagen(datetime!(-9999-01-01 00:00 +14)), Date::MIN);
        assert_eq!(day_in_copenhagen(datetime!(9999-12-31 23:59 -12)), Date::MAX);
        assert_eq!((easter_sunday(-10_000), easter_sunday(10_000)), (Date::MIN, Date::MAX));
        assert_eq!(local(Date::MAX.midnight()).date(), Date::MAX);
    }
}
