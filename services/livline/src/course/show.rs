//! A course as text: what is open, soonest first; then the history by month, newest first.

use super::{
    answer::{Course, Entry, Fact, FollowUp},
    words,
};
use kit::labels::Language;
use std::fmt::Write as _;

/// Colours for a person at a terminal; for a file or a pipe nothing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paint(bool);

impl Paint {
    /// With or without colours.
    pub(super) fn new(coloured: bool) -> Self {
        Self(coloured)
    }

    fn with(self, code: &str, text: &str) -> String {
        if self.0 { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    fn strong(self, text: &str) -> String {
        self.with("1", text)
    }

    fn faint(self, text: &str) -> String {
        self.with("2", text)
    }

    /// Late, or something somebody must look at.
    fn alarming(self, text: &str) -> String {
        self.with("1;31", text)
    }

    fn near(self, text: &str) -> String {
        self.with("33", text)
    }
}

/// Where the second column begins.
const COLUMN: usize = 25;

/// The whole course.
pub(super) fn course(course: &Course, language: Language, paint: Paint) -> String {
    let say = |da: &str, en: &str| words::pick(language, da, en);
    let mut text = paint.strong(&format!("{} {}", say("Forløb for", "The course of"), course.woman));
    text.push('\n');
    for service in &course.held_back {
        let held = say("kunne ikke læses alt; det er holdt tilbage.", "could not all be read; it is held back.");
        let _ = writeln!(text, "{}", paint.alarming(&format!("{service}: {held}")));
    }
    let _ = writeln!(text, "\n{}", paint.strong(&format!("{} ({})", say("Åbent nu", "Open now"), course.open.len())));
    let mut open: Vec<&FollowUp> = course.open.iter().collect();
    open.sort_by_key(|follow_up| (follow_up.days.is_none(), follow_up.days));
    if open.is_empty() {
        let _ = writeln!(text, "  {}", say("Ingenting.", "Nothing."));
    }
    for follow_up in open {
        self::follow_up(&mut text, follow_up, language, paint);
    }
    let mut month = String::new();
    for entry in &course.entries {
        let known = if entry.happened == "unknown" { &entry.recorded } else { &entry.happened };
        let its = words::month(language, known);
        if its != month {
            let _ = writeln!(text, "\n{}", paint.strong(&its));
            month = its;
        }
        self::entry(&mut text, entry, language, paint);
    }
    text.trim_end().to_owned()
}

fn follow_up(text: &mut String, follow_up: &FollowUp, language: Language, paint: Paint) {
    let when = format!("{:<COLUMN$}", words::due(language, follow_up.days));
    let when = match follow_up.days {
        Some(..0) => paint.alarming(&when),
        Some(0..=1) => paint.near(&when),
        _ => when,
    };
    let nobody = words::pick(language, "ingen endnu", "nobody yet");
    let holder = format!(
        "{}: {}",
        words::pick(language, "Ansvarlig", "Held by"),
        follow_up.responsible.as_ref().unwrap_or(&nobody)
    );
    let _ = writeln!(text, "  {when}{}", paint.strong(follow_up.label.text(language)));
    let domain = follow_up.domain.as_ref().map(|domain| domain.text(language).to_owned());
    let due = follow_up.due.as_ref().map(|due| words::day(language, due));
    let basis = follow_up.basis.as_ref().map(|basis| words::pick(language, &basis.da, &basis.en));
    let beside: Vec<String> = domain.into_iter().chain(due).chain([holder]).chain(basis).collect();
    let _ = writeln!(text, "  {:COLUMN$}{}", "", paint.faint(&beside.join(" · ")));
}

fn entry(text: &mut String, entry: &Entry, language: Language, paint: Paint) {
    let label = entry.label.text(language);
    let label = match entry.weight.as_str() {
        "alert" => paint.alarming(label),
        "milestone" => paint.strong(label),
        _ => label.to_owned(),
    };
    let standing = match entry.standing.as_str() {
        "corrected" => words::pick(language, " (rettet senere)", " (corrected later)"),
        "in_error" => words::pick(language, " (fejlregistreret)", " (recorded in error)"),
        _ => String::new(),
    };
    let (da, en) = if entry.event == "NoteWritten" { ("til nr.", "on no.") } else { ("nr.", "no.") };
    let about =
        entry.corrects.map(|version| format!(" {} {version}", words::pick(language, da, en))).unwrap_or_default();
    let beside = format!(
        "{} · {} {} · {}",
        entry.domain.text(language),
        words::pick(language, "nr.", "no."),
        entry.version,
        entry.actor
    );
    let day = words::day(language, &entry.happened);
    let _ = writeln!(text, "  {day:<COLUMN$}{label}{about}{standing}  {}", paint.faint(&beside));
    for fact in entry.facts.iter().filter(|fact| means_something(fact, entry)) {
        let value = fact.text.text(language).replace('\n', &format!("\n  {:COLUMN$}  ", ""));
        let value = if fact.masked || fact.erased { paint.faint(&value) } else { value };
        let _ = writeln!(text, "  {:COLUMN$}  {}: {value}", "", fact.label.text(language));
    }
}

/// Ids are for programs, and the number of the entry that is corrected stands in the line above.
fn means_something(fact: &Fact, entry: &Entry) -> bool {
    let id = uuid::Uuid::parse_str(&fact.text.en).is_ok();
    let same = entry.corrects.is_some_and(|version| version.to_string() == fact.text.en);
    !(id || same || fact.text.en.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn label(da: &str, en: &str) -> Value {
        json!({ "da": da, "en": en })
    }

    fn sample() -> Course {
        let follow_up = |en: &str, due: Value, days: Value, responsible: Value| {
            json!({ "service": "housing", "domain": label("Bolig", "Housing"), "label": label("Svar på boligtilbud", en), "due": due, "days": days,
                "state": "overdue", "responsible": responsible, "basis": { "da": "Praksis", "en": "Practice", "source": "…" } })
        };
        let entry = |version: u64, happened: &str, standing: &str, facts: Value| {
            let (event, about) =
                if version == 3 { ("NoteWritten", json!(2)) } else { ("HousingOfferMade", Value::Null) };
            json!({ "service": "housing", "domain": label("Bolig", "Housing"), "version": version, "event": event, "label": label("Boligtilbud", "Offer"),
                "happened": happened, "recorded": "2026-11-21T10:00:00Z", "actor": "w-1", "weight": "milestone", "standing": standing,
                "corrects": about, "facts": facts })
        };
        let fact = |da: &str, masked: bool| json!({ "label": label("Husleje", "Rent"), "text": label(da, da), "masked": masked, "erased": false });
        let course = json!({
            "woman": "w",
            "open": [
                follow_up("Undated", Value::Null, Value::Null, Value::Null),
                follow_up("Late", json!("2026-11-18"), json!(-3), json!("w-1")),
            ],
            "held_back": ["legal"],
            "entries": [
                entry(3, "2026-11-20", "stands", json!([fact("4.500,00 kr.", false), fact("df819726-2631-5151-863e-52adf453b9c0", false)])),
                entry(2, "2026-11-19T14:30", "in_error", json!([])),
                entry(1, "2026-10", "corrected", json!([fact("Skjult", true)])),
            ],
            "next": null,
        });
        serde_json::from_value(course).unwrap()
    }

    #[test]
    fn a_course_reads_from_what_is_late_to_what_is_long_ago() {
        let text = course(&sample(), Language::Da, Paint::new(false));
        let expected = "\
Forløb for w
legal: kunne ikke læses alt; det er holdt tilbage.

Åbent nu (2)
  Overskredet med 3 dage   Svar på boligtilbud
                           Bolig · 18. november · Ansvarlig: w-1 · Praksis
  Uden frist               Svar på boligtilbud
                           Bolig · Ansvarlig: ingen endnu · Praksis

November 2026
  20. november             Boligtilbud til nr. 2  Bolig · nr. 3 · w-1
                             Husleje: 4.500,00 kr.
  19. november 14:30       Boligtilbud (fejlregistreret)  Bolig · nr. 2 · w-1

Oktober 2026
  i oktober                Boligtilbud (rettet senere)  Bolig · nr. 1 · w-1
                             Husleje: Skjult";
        assert_eq!(text, expected);
    }

    #[test]
    fn colours_are_for_terminals() {
        assert!(!course(&sample(), Language::En, Paint::new(false)).contains('\u{1b}'));
        let coloured = course(&sample(), Language::En, Paint::new(true));
        assert!(coloured.contains("\u{1b}[1;31m3 days overdue"));
    }
}
