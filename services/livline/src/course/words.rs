//! Days, months, deadlines and people in words, Danish and English.
//!
//! Deliberately absent: what the kit says already ([`kit::words`]) and labels, which the timeline sends.

use kit::{
    Happened, calendar,
    labels::Language::{self, Da, En},
};
use time::{Date, OffsetDateTime, format_description::well_known::Rfc3339};

/// The text of a language.
pub(super) fn pick<'a>(language: Language, da: &'a str, en: &'a str) -> &'a str {
    match language {
        Da => da,
        En => en,
    }
}

/// What the timeline says of a time; what cannot be read is unknown.
pub(super) fn happened(text: &str) -> Happened {
    text.parse().unwrap_or(Happened::Unknown)
}

/// The day in Copenhagen of an instant as the timeline says it.
pub(super) fn day_of(recorded: &str) -> Option<Date> {
    OffsetDateTime::parse(recorded, &Rfc3339).ok().map(calendar::day_in_copenhagen)
}

/// `22. november 2026`; empty where it cannot be read.
pub(super) fn recorded(language: Language, recorded: &str) -> String {
    day_of(recorded).map(|day| kit::words::when(language, Happened::On(day.into()))).unwrap_or_default()
}

/// `November 2026`, as a heading.
pub(super) fn month(language: Language, day: Date) -> String {
    let name = kit::words::month(language, day.month());
    let (first, rest) = name.split_at_checked(1).unwrap_or(("", name));
    format!("{}{rest} {}", first.to_uppercase(), day.year())
}

/// How many columns [`day`] takes at most.
pub(super) const DAY: usize = 8;

/// `20. nov.`, so that a line is understood without its month's heading; a month alone is `i nov.`
pub(super) fn day(language: Language, happened: Happened) -> String {
    let Some(date) = happened.day().map(kit::Day::date) else {
        return pick(language, "ukendt", "unknown").to_owned();
    };
    let (number, name) = (date.day(), kit::words::month(language, date.month()));
    let short = name.get(..3).unwrap_or(name);
    // Of May nothing is left out.
    let dot = if short == name { "" } else { "." };
    match (happened, language) {
        (Happened::In(_), Da) => format!("i {short}{dot}"),
        (Happened::In(_), En) => format!("in {short}"),
        (_, Da) => format!("{number:>2}. {short}{dot}"),
        (_, En) => format!("{number:>2} {short}"),
    }
}

/// `kl. 14.30`, where the minute is known.
pub(super) fn time(language: Language, happened: Happened) -> Option<String> {
    let Happened::At(at) = happened else { return None };
    Some(kit::words::time(language, at))
}

/// How late or how soon.
pub(super) fn due(language: Language, days: i64) -> String {
    match (days, language) {
        (-1, Da) => "Overskredet med 1 dag".into(),
        (-1, En) => "1 day overdue".into(),
        (..-1, Da) => format!("Overskredet med {} dage", days.unsigned_abs()),
        (..-1, En) => format!("{} days overdue", days.unsigned_abs()),
        (0, Da) => "I dag".into(),
        (0, En) => "Today".into(),
        (1, Da) => "I morgen".into(),
        (1, En) => "Tomorrow".into(),
        (_, Da) => format!("Om {days} dage"),
        (_, En) => format!("In {days} days"),
    }
}

/// Who did it. Services act by rule: to a worker that is the system.
pub(super) fn who(language: Language, actor: &str) -> &str {
    if actor.starts_with("service:") { pick(language, "systemet", "the system") } else { actor }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_short_and_of_one_width() {
        let said = |language, text: &str| day(language, happened(text));
        assert_eq!((said(Da, "2026-11-05"), said(Da, "2026-11-20T14:30")), (" 5. nov.".into(), "20. nov.".into()));
        assert_eq!((said(Da, "2026-05-20"), said(En, "2026-11-05")), ("20. maj".into(), " 5 Nov".into()));
        assert_eq!((said(Da, "2026-11"), said(En, "2026-11")), ("i nov.".into(), "in Nov".into()));
        assert_eq!((said(Da, "unknown"), said(En, "")), ("ukendt".into(), "unknown".into()));
        let all = (1..=12).flat_map(|month| [Da, En].map(|language| said(language, &format!("2026-{month:02}-28"))));
        assert!(all.into_iter().all(|day| day.chars().count() <= DAY));
    }

    #[test]
    fn months_and_times_are_said_as_people_say_them() {
        assert_eq!(day_of("2026-02-28T23:30:00Z").map(|day| month(Da, day)).unwrap(), "Marts 2026");
        assert_eq!(recorded(En, "2026-11-20T10:00:00.5Z"), "20 November 2026");
        let at = happened("2026-11-20T09:05");
        assert_eq!((time(Da, at), time(En, at)), (Some("kl. 09.05".into()), Some("09:05".into())));
        assert_eq!(time(Da, happened("2026-11-20")), None);
    }

    #[test]
    fn late_is_said_in_days() {
        let said = [-3, -1, 0, 1, 7].map(|days| due(Da, days));
        assert_eq!(said, ["Overskredet med 3 dage", "Overskredet med 1 dag", "I dag", "I morgen", "Om 7 dage"]);
        assert_eq!(due(En, -3), "3 days overdue");
    }

    #[test]
    fn what_rules_do_the_system_does() {
        assert_eq!((who(Da, "service:aftercare"), who(En, "w-1")), ("systemet", "w-1"));
    }
}
