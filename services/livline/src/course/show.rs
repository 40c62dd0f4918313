//! A course as text: whose it is, what is open, and then what happened, by month.
//!
//! Deliberately absent: the order of entries (the timeline's: newest first).

use super::{
    answer::{Course, Entry, Standing},
    entry, open,
    page::{Look, Page},
    paint::Style,
    threads::Threads,
    words,
    wrap::{Item, dotted},
};
use kit::{Happened, labels::Label};
use std::collections::BTreeMap;
use time::Date;

/// The events that say what she is called.
const CALLED: [&str; 2] = ["WomanRegistered", "AliasChanged"];

/// The whole course.
pub(super) fn course(course: &Course, look: Look<'_>) -> String {
    let mut page = Page::new(look, course);
    let threads = Threads::of(&course.entries);
    let entries: Vec<&Entry> = course.entries.iter().filter(|entry| !threads.is_shown_elsewhere(entry)).collect();
    head(&mut page, course, &entries);
    open::write(&mut page, &course.open);
    history(&mut page, &entries, &threads);
    page.finish()
}

fn head(page: &mut Page<'_>, course: &Course, entries: &[&Entry]) {
    let of = page.say("Forløb for", "The course of");
    let title = match alias(course) {
        Some(alias) => format!("{of} {} ({})", page.label(alias), course.woman),
        None => format!("{of} {}", course.woman),
    };
    page.text(0, Style::Strong, &title);
    let named = |entry: &&Entry| Some((entry.centre.clone()?, entry.centre_name.clone()));
    let centre = entries.iter().find_map(named).map(|(centre, name)| match name {
        Some(name) => format!("{name} ({centre})"),
        None => format!("{} {centre}", page.say("Krisecenter", "Centre")),
    });
    let facts = centre.into_iter().chain([extent(page, entries)]);
    let facts: Vec<Item> = facts.map(|fact| Item::new(Style::Plain, &fact)).collect();
    page.under(0, &dotted(facts));
    let domains = domains(page, entries);
    page.under(0, &domains);
    for service in &course.held_back {
        let domain = name_of(page, course, service);
        let held_back = match page.language() {
            kit::labels::Language::Da => {
                format!("! Ufuldstændigt: noget i {domain} kan ikke læses og er holdt tilbage.")
            }
            kit::labels::Language::En => {
                format!("! Incomplete: something in {domain} cannot be read and is held back.")
            }
        };
        page.text(0, Style::Alarm, &held_back);
    }
}

/// What she is called where nobody needs her name, as it stands now; where she was forgotten, the words for that.
fn alias(course: &Course) -> Option<&Label> {
    let registered = |entry: &&Entry| CALLED.contains(&entry.event.as_str()) && entry.standing != Standing::InError;
    let entry = course.entries.iter().find(registered)?;
    let alias = entry.facts.iter().find(|fact| fact.name == "alias")?;
    (!alias.masked).then_some(&alias.text)
}

/// How many entries, and since when.
fn extent(page: &Page<'_>, entries: &[&Entry]) -> String {
    let count = entries.len();
    let what = if count == 1 { page.say("registrering", "entry") } else { page.say("registreringer", "entries") };
    let first = entries.last().and_then(|entry| {
        let since = match words::happened(&entry.happened) {
            Happened::At(at) => Happened::On(at.day()),
            Happened::Unknown => Happened::On(words::day_of(&entry.recorded)?.into()),
            known => known,
        };
        Some(format!(" {} {}", page.say("siden", "since"), kit::words::when(page.language(), since)))
    });
    format!("{count} {what}{}", first.unwrap_or_default())
}

/// Which domains, with how many entries each; in the order of the services.
fn domains(page: &Page<'_>, entries: &[&Entry]) -> Vec<Item> {
    let mut counts: BTreeMap<(usize, &str), (&Entry, usize)> = BTreeMap::new();
    for entry in entries {
        counts.entry((page.place_of(&entry.service), &entry.service)).or_insert((entry, 0)).1 += 1;
    }
    let domain = |(entry, count): (&Entry, usize)| {
        let name = Item::new(page.style_of(&entry.service), page.label(&entry.domain));
        name.and(Style::Plain, &count.to_string())
    };
    dotted(counts.into_values().map(domain).collect())
}

/// A domain's name, where anything of it is there to tell.
fn name_of<'a>(page: &Page<'_>, course: &'a Course, service: &'a str) -> &'a str {
    let entry = course.entries.iter().find(|entry| entry.service == service).map(|entry| &entry.domain);
    let open = || course.open.iter().find(|open| open.service == service).map(|open| &open.domain);
    entry.or_else(open).map_or(service, |label| page.label(label))
}

fn history<'a>(page: &mut Page<'_>, entries: &[&'a Entry], threads: &Threads<'a>) {
    let (mut month, mut day) = (String::new(), String::new());
    for entry in entries {
        let its = place_in_time(entry).map(|day| words::month(page.language(), day)).unwrap_or_default();
        if its != month {
            page.gap();
            page.text(0, Style::Strong, &its);
            (month, day) = (its, String::new());
        }
        let its = words::day(page.language(), words::happened(&entry.happened));
        entry::write(page, entry, threads, its == day);
        day = its;
    }
}

/// Where an entry stands: on its day, or, where nobody knows it, on the day it was recorded.
fn place_in_time(entry: &Entry) -> Option<Date> {
    words::happened(&entry.happened).day().map(kit::Day::date).or_else(|| words::day_of(&entry.recorded))
}
