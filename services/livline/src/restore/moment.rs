//! A moment as people write it: with its offset, or as the clock on the wall in Copenhagen showed it.

use kit::calendar;
use time::{
    OffsetDateTime, PrimitiveDateTime, UtcOffset, format_description::well_known::Rfc3339, macros::format_description,
};

/// Reads a moment, for the command line. Of a time that the autumn change repeats, the earlier one is meant.
pub(super) fn parse(text: &str) -> Result<OffsetDateTime, String> {
    let wall =
        format_description!("[year]-[month]-[day] [hour]:[minute][optional [:[second][optional [.[subsecond]]]]]");
    let local = || PrimitiveDateTime::parse(&text.replace('T', " "), wall).map(calendar::local);
    OffsetDateTime::parse(text, &Rfc3339).or_else(|_| local()).map_err(|_| {
        "not a moment; write 2026-11-22T04:10:00+01:00, or 2026-11-22 04:10 for the time in Copenhagen".to_owned()
    })
}

/// A moment in Copenhagen's time, as [`parse`] reads it.
#[must_use]
pub fn shown(moment: OffsetDateTime) -> String {
    calendar::in_copenhagen_time(moment).format(&Rfc3339).unwrap_or_else(|_| moment.to_string())
}

/// As Postgres reads it in its settings, where it knows no names of zones, Z among them.
#[must_use]
pub(super) fn for_postgres(moment: OffsetDateTime) -> String {
    let form = format_description!("[year]-[month]-[day] [hour]:[minute]:[second].[subsecond digits:6]+00");
    let utc = moment.to_offset(UtcOffset::UTC);
    utc.format(form).unwrap_or_else(|_| utc.to_string())
}

/// How long something took, in words.
#[must_use]
pub(super) fn length(length: time::Duration) -> String {
    let seconds = length.whole_seconds().max(0);
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{:.1} s", length.as_seconds_f64().max(0.0)),
        (0, 0, _) => format!("{minutes} min {} s", seconds % 60),
        (0, _, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} days {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::{Duration, macros::datetime};

    #[test]
    fn a_moment_is_read_with_its_offset_or_as_copenhagen_has_it() {
        assert_eq!(parse("2026-11-22T04:10:00Z").unwrap(), datetime!(2026-11-22 04:10 UTC));
        assert_eq!(parse("2026-11-22T04:10:00.5+02:00").unwrap(), datetime!(2026-11-22 02:10:00.5 UTC));
        assert_eq!(parse("2026-11-22 04:10").unwrap(), datetime!(2026-11-22 03:10 UTC));
        assert_eq!(parse("2026-07-22 04:10:30").unwrap(), datetime!(2026-07-22 02:10:30 UTC));
        assert_eq!(parse("2026-10-25 02:30").unwrap(), datetime!(2026-10-25 00:30 UTC), "the earlier of the two");
        for wrong in ["yesterday", "2026-11-22", "2026-13-01 00:00", ""] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_shown_reads_as_the_same_moment() {
        let moment = datetime!(2026-11-22 03:10:05.123456 UTC);
        assert_eq!(shown(moment), "2026-11-22T04:10:05.123456+01:00");
        assert_eq!(parse(&shown(moment)).unwrap(), moment);
        assert_eq!(for_postgres(parse("2026-11-22 04:10").unwrap()), "2026-11-22 03:10:00.000000+00");
    }

    #[test]
    fn lengths_are_said_shortly() {
        assert_eq!(length(Duration::milliseconds(2500)), "2.5 s");
        assert_eq!(length(Duration::seconds(754)), "12 min 34 s");
        assert_eq!(length(Duration::minutes(61)), "1 h 1 min");
        assert_eq!(length(Duration::hours(49)), "2 days 1 h");
        assert_eq!(length(Duration::seconds(-5)), "0.0 s");
    }
}
