//! Days, months and deadlines in words, Danish and English.

use kit::labels::Language::{self, Da, En};

/// The text of a language.
pub(super) fn pick(language: Language, da: &str, en: &str) -> String {
    match language {
        Da => da.to_owned(),
        En => en.to_owned(),
    }
}

fn month_name(language: Language, month: &str) -> Option<&'static str> {
    let month = month.parse::<u8>().ok().and_then(|month| time::Month::try_from(month).ok())?;
    Some(kit::words::month(language, month))
}

/// `2026-11-20T14:30` → `November 2026`, as a heading; as it is where it is no date.
pub(super) fn month(language: Language, text: &str) -> String {
    let name = text.get(5..7).and_then(|month| month_name(language, month)).and_then(|name| name.split_at_checked(1));
    let heading = name.zip(text.get(..4)).map(|((first, rest), year)| format!("{}{rest} {year}", first.to_uppercase()));
    heading.unwrap_or_else(|| text.to_owned())
}

/// `2026-11-20` → `20. november`, with the time where there is one; a month alone is named.
pub(super) fn day(language: Language, text: &str) -> String {
    let name = text.get(5..7).and_then(|month| month_name(language, month));
    let number = text.get(8..10).map(|day| day.trim_start_matches('0'));
    let time = text.get(11..16).map(|time| format!(" {time}")).unwrap_or_default();
    match (name, number, language) {
        (Some(month), Some(day), Da) => format!("{day}. {month}{time}"),
        (Some(month), Some(day), En) => format!("{day} {month}{time}"),
        (Some(month), None, Da) => format!("i {month}"),
        (Some(month), None, En) => format!("in {month}"),
        (None, ..) => pick(language, "uden dato", "no date"),
    }
}

/// How late or how soon.
pub(super) fn due(language: Language, days: Option<i64>) -> String {
    match (days, language) {
        (None, Da) => "Uden frist".into(),
        (None, En) => "No date".into(),
        (Some(-1), Da) => "Overskredet med 1 dag".into(),
        (Some(-1), En) => "1 day overdue".into(),
        (Some(days @ ..-1), Da) => format!("Overskredet med {} dage", -days),
        (Some(days @ ..-1), En) => format!("{} days overdue", -days),
        (Some(0), Da) => "I dag".into(),
        (Some(0), En) => "Today".into(),
        (Some(1), Da) => "I morgen".into(),
        (Some(1), En) => "Tomorrow".into(),
        (Some(days), Da) => format!("Om {days} dage"),
        (Some(days), En) => format!("In {days} days"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_said_as_people_say_them() {
        assert_eq!(day(Da, "2026-11-05"), "5. november");
        assert_eq!(day(En, "2026-11-20T14:30"), "20 November 14:30");
        assert_eq!((day(Da, "2026-11"), day(En, "unknown")), ("i november".into(), "no date".into()));
        assert_eq!(month(Da, "2026-03"), "Marts 2026");
    }

    #[test]
    fn late_is_said_in_days() {
        let said: Vec<_> = [Some(-3), Some(-1), Some(0), Some(1), Some(7), None].map(|days| due(Da, days)).into();
        assert_eq!(
            said,
            ["Overskredet med 3 dage", "Overskredet med 1 dag", "I dag", "I morgen", "Om 7 dage", "Uden frist"]
        );
        assert_eq!(due(En, Some(-3)), "3 days overdue");
    }
}
