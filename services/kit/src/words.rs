//! Days and times as people write them, Danish and English.
//!
//! Deliberately absent: everything said by labels ([`crate::labels`]).

use crate::{
    calendar::{self, Instants},
    labels::Language::{self, Da, En},
    when::{Happened, Moment},
};

const MONTHS: [(&str, &str); 12] = [
    ("januar", "January"),
    ("februar", "February"),
    ("marts", "March"),
    ("april", "April"),
    ("maj", "May"),
    ("juni", "June"),
    ("juli", "July"),
    ("august", "August"),
    ("september", "September"),
    ("oktober", "October"),
    ("november", "November"),
    ("december", "December"),
];

/// A month's name.
#[must_use]
pub fn month(language: Language, month: time::Month) -> &'static str {
    let (da, en) = MONTHS.get(usize::from(u8::from(month)) - 1).copied().unwrap_or_default();
    match language {
        Da => da,
        En => en,
    }
}

/// `22. november 2026 kl. 15.30`, `22 November 2026, 15:30`; a month is named alone.
#[must_use]
pub fn when(language: Language, happened: Happened) -> String {
    let Some(day) = happened.day().map(crate::Day::date) else {
        return match language {
            Da => "ukendt".into(),
            En => "unknown".into(),
        };
    };
    let (number, name, year) = (day.day(), month(language, day.month()), day.year());
    let date = match (happened, language) {
        (Happened::In(_), _) => format!("{name} {year}"),
        (_, Da) => format!("{number}. {name} {year}"),
        (_, En) => format!("{number} {name} {year}"),
    };
    match (happened, language) {
        (Happened::At(at), Da) => format!("{date} {}", time(language, at)),
        (Happened::At(at), En) => format!("{date}, {}", time(language, at)),
        _ => date,
    }
}

/// `kl. 14.30`; a minute that comes twice in a night says which it is.
#[must_use]
pub fn time(language: Language, at: Moment) -> String {
    let (hour, minute) = (at.wall().hour(), at.wall().minute());
    let summer = match calendar::instants(at.wall()) {
        Instants::Twice(first, _) => Some(at.instant() == first),
        Instants::Once(_) | Instants::Never => None,
    };
    let which = match (summer, language) {
        (None, _) => "",
        (Some(true), Da) => " (sommertid)",
        (Some(false), Da) => " (vintertid)",
        (Some(true), En) => " (summer time)",
        (Some(false), En) => " (winter time)",
    };
    match language {
        Da => format!("kl. {hour:02}.{minute:02}{which}"),
        En => format!("{hour:02}:{minute:02}{which}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_said_as_people_say_them() {
        let said = |language, text: &str| when(language, text.parse().unwrap());
        assert_eq!(said(Da, "2026-11-05"), "5. november 2026");
        assert_eq!(said(Da, "2026-11-20T09:05"), "20. november 2026 kl. 09.05");
        assert_eq!(said(En, "2026-11-20T14:30"), "20 November 2026, 14:30");
        assert_eq!((said(Da, "2026-11"), said(En, "unknown")), ("november 2026".into(), "unknown".into()));
    }
}
