//! One entry: when, which domain, what, and what was said of it later.
//!
//! A corrected entry reads as it should have been, with what it was behind it; one recorded in error is struck. Corrections
//! themselves are then a line. Deliberately absent: which entries belong together ([`super::threads`]).

use super::{
    answer::{Entry, Fact, Standing, Weight},
    facts::{self, Saying},
    page::{Column, Page},
    paint::Style,
    threads::{NOTE_WRITTEN, Thread, Threads},
    words,
    wrap::{Item, dotted},
};
use kit::entry::{ENTRY_CORRECTED, RECORDED_IN_ERROR};

/// How far an entry's facts stand in from its name.
const FACTS: usize = 2;

/// How an entry is told.
enum Told {
    /// With its facts as they stand.
    Whole,
    /// As a line: what it changed is told where it changed.
    Amendment,
    Note,
    /// As a line.
    FollowUp,
}

impl Told {
    fn of(entry: &Entry, target: Option<&Entry>) -> Self {
        match entry.event.as_str() {
            ENTRY_CORRECTED | RECORDED_IN_ERROR if target.is_some() => Self::Amendment,
            NOTE_WRITTEN => Self::Note,
            "FollowUpMoved" | "FollowUpAssigned" | "FollowUpClosed" | "FollowUpReopened" => Self::FollowUp,
            _ => Self::Whole,
        }
    }
}

/// Writes an entry. `again`: it happened on the same day as the one above.
pub(super) fn write<'a>(page: &mut Page<'_>, entry: &'a Entry, threads: &Threads<'a>, again: bool) {
    let thread = threads.about(entry);
    let target = threads.target(entry);
    let told = Told::of(entry, target);
    let (mark, style) = mark(&told, entry);
    let day = words::day(page.language(), words::happened(&entry.happened));
    let columns = [
        Column { style: Style::Plain, text: "", width: 2 },
        Column { style: if again { Style::Faint } else { Style::Plain }, text: &day, width: words::DAY + 2 },
        page.domain(&entry.service, &entry.domain),
        Column { style, text: mark, width: 2 },
    ];
    let indent = columns.iter().map(|column| column.width).sum::<usize>() + FACTS;
    let mut line = match told {
        Told::FollowUp => follow_up(page, entry),
        _ => vec![heading(page, entry, style, target)],
    };
    line.push(beside(page, entry));
    page.line(&columns, &line);
    match told {
        Told::Whole => whole(page, indent, entry),
        Told::Note => texts(page, indent, &facts::telling(entry)),
        Told::Amendment | Told::FollowUp => {}
    }
    if !entry.readable {
        page.text(indent, Style::Alarm, page.say("Oplysningerne kan ikke læses.", "The facts cannot be read."));
    }
    if let Some(thread) = thread {
        behind(page, indent, entry, thread);
    }
}

/// How an entry stands out: by its weight as it stands now, unless it never happened so or only says what stands elsewhere.
fn mark(told: &Told, entry: &Entry) -> (&'static str, Style) {
    let quiet = matches!(told, Told::Amendment) || entry.standing == Standing::InError;
    match entry.weight {
        Weight::Alert if !quiet => ("!", Style::Alarm),
        Weight::Milestone if !quiet => ("•", Style::Strong),
        _ => ("", Style::Plain),
    }
}

/// What it is called, which entry it is about, and how it stands. What has its original tells of it below.
fn heading(page: &Page<'_>, entry: &Entry, style: Style, target: Option<&Entry>) -> Item {
    let standing = match entry.standing {
        Standing::InError => page.say("(fejlregistreret)", "(recorded in error)"),
        Standing::Corrected if entry.original.is_none() => page.say("(rettet senere)", "(corrected later)"),
        _ => "",
    };
    let style = if entry.standing == Standing::InError { Style::Struck } else { style };
    let item = Item::new(style, page.label(&entry.label)).and(style, &reference(page, entry, target));
    item.and(Style::Faint, standing)
}

/// `nr. 7 (Boligtilbud)`, for a note `til nr. 7 (Boligtilbud)`; empty where it is about no entry.
fn reference(page: &Page<'_>, entry: &Entry, target: Option<&Entry>) -> String {
    let Some(number) = entry.corrects else { return String::new() };
    let on = if entry.event == NOTE_WRITTEN { page.say("til ", "on ") } else { "" };
    let label = target.map(|target| format!(" ({})", page.label(&target.label))).unwrap_or_default();
    format!("{on}{} {number}{label}", page.say("nr.", "no."))
}

/// Which follow-up, and what became of it.
fn follow_up(page: &Page<'_>, entry: &Entry) -> Vec<Item> {
    let telling = facts::telling(entry);
    let (keys, others): (Vec<&Fact>, Vec<&Fact>) = telling.into_iter().partition(|fact| fact.name == "key");
    let label = format!("{}:", page.label(&entry.label));
    let which = keys.iter().fold(Item::new(Style::Plain, &label), |item, key| facts::value(page, item, key));
    let others = others.into_iter().map(|fact| facts::named(page, fact));
    dotted(std::iter::once(which).chain(others).collect())
}

/// The minute, the number by which others name it, and who recorded it.
fn beside(page: &Page<'_>, entry: &Entry) -> Item {
    let time = words::time(page.language(), words::happened(&entry.happened));
    let number = format!("{} {}", page.say("nr.", "no."), entry.version);
    let who = words::who(page.language(), &entry.actor).to_owned();
    let parts: Vec<String> = time.into_iter().chain([number, who]).collect();
    Item::new(Style::Faint, &parts.join(" · ")).apart()
}

/// The facts as they stand now.
fn whole(page: &mut Page<'_>, indent: usize, entry: &Entry) {
    let style = (entry.standing == Standing::InError).then_some(Style::Faint);
    facts::write(page, indent, &facts::telling(entry), style);
}

/// A note's words, without saying once more that it is a note.
fn texts(page: &mut Page<'_>, indent: usize, facts: &[&Fact]) {
    for fact in facts {
        let style = if fact.masked || fact.erased { Style::Faint } else { Style::Plain };
        page.text(indent, style, page.label(&fact.text));
    }
}

/// What was said of an entry: the note that came with it, its corrections, and that it never happened so.
fn behind(page: &mut Page<'_>, indent: usize, entry: &Entry, thread: &Thread<'_>) {
    for note in &thread.notes {
        let label = format!("{}:", page.label(&note.label));
        for fact in facts::telling(note) {
            let item = facts::value(page, Item::new(Style::Faint, &label), fact);
            page.under(indent, &[item]);
        }
    }
    let earlier = thread.corrections.iter().skip(1).map(|earlier| Saying::now(earlier));
    for (correction, before) in thread.corrections.iter().zip(earlier.map(Some).chain([None])) {
        page.under(indent, &[by(page, "Rettet", "Corrected", correction)]);
        replaced(page, indent, before, Saying::now(correction), entry);
    }
    if thread.corrections.is_empty() && entry.original.is_some() {
        replaced(page, indent, None, Saying::now(entry), entry);
    }
    if let Some(error) = thread.error {
        let mut items = vec![by(page, "Fejlregistreret", "Recorded in error", error)];
        let reasons = facts::telling(error);
        items.extend(reasons.into_iter().map(|fact| facts::named(page, fact)));
        page.under(indent, &items);
    }
}

/// What an entry had said before a correction: what it said `before` that, or originally.
fn replaced(page: &mut Page<'_>, indent: usize, before: Option<Saying<'_>>, after: Saying<'_>, entry: &Entry) {
    let differences = facts::differences(page, before.unwrap_or_else(|| Saying::first(entry)), after);
    if differences.is_empty() {
        return;
    }
    let first = before.is_none();
    let name = if first { page.say("Oprindeligt:", "Originally:") } else { page.say("Før det:", "Before that:") };
    let items = dotted(differences).into_iter().map(|item| item.all(Style::Faint));
    let items: Vec<Item> = std::iter::once(Item::new(Style::Faint, name)).chain(items).collect();
    page.under(indent, &items);
}

/// `Rettet 21. november 2026 af w-2.`
fn by(page: &Page<'_>, da: &str, en: &str, entry: &Entry) -> Item {
    let day = words::recorded(page.language(), &entry.recorded);
    let who = words::who(page.language(), &entry.actor);
    Item::new(Style::Faint, &format!("{} {day} {} {who}.", page.say(da, en), page.say("af", "by")))
}
