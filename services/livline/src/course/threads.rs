//! Which entries belong together: an entry, its corrections, what took it back, and the note recorded with it.
//!
//! A number counts within one aggregate of one service, so the three of them name an entry. Deliberately absent: how it is shown
//! ([`super::entry`]).

use super::answer::{Entry, Standing};
use kit::entry::{ENTRY_CORRECTED, RECORDED_IN_ERROR};
use std::collections::HashMap;

/// The event type of a note.
pub(super) const NOTE_WRITTEN: &str = "NoteWritten";

/// An entry's service, aggregate and version.
type Place<'a> = (&'a str, &'a str, u64);

/// What is about one entry.
#[derive(Debug, Default)]
pub(super) struct Thread<'a> {
    entry: Option<&'a Entry>,
    /// Newest first.
    pub(super) corrections: Vec<&'a Entry>,
    pub(super) error: Option<&'a Entry>,
    /// Recorded by the same command: they say more of it and are shown with it.
    pub(super) notes: Vec<&'a Entry>,
}

/// All of a course.
#[derive(Debug)]
pub(super) struct Threads<'a>(HashMap<Place<'a>, Thread<'a>>);

impl<'a> Threads<'a> {
    pub(super) fn of(entries: &'a [Entry]) -> Self {
        let mut threads: HashMap<Place<'a>, Thread<'a>> = HashMap::new();
        for entry in entries {
            threads.entry(place(entry)).or_default().entry = Some(entry);
        }
        for entry in entries {
            let Some(thread) = target(entry).and_then(|target| threads.get_mut(&target)) else { continue };
            match entry.event.as_str() {
                ENTRY_CORRECTED => thread.corrections.push(entry),
                RECORDED_IN_ERROR => thread.error = Some(entry),
                NOTE_WRITTEN if thread.entry.is_some_and(|about| are_one_command(about, entry)) => {
                    thread.notes.push(entry);
                }
                _ => {}
            }
        }
        for thread in threads.values_mut() {
            thread.corrections.sort_by_key(|correction| std::cmp::Reverse(correction.version));
            thread.notes.sort_by_key(|note| note.version);
        }
        Self(threads)
    }

    /// What is about this entry.
    pub(super) fn about(&self, entry: &'a Entry) -> Option<&Thread<'a>> {
        self.0.get(&place(entry))
    }

    /// The entry that this one is about, where it is in the course.
    pub(super) fn target(&self, entry: &Entry) -> Option<&'a Entry> {
        self.0.get(&target(entry)?)?.entry
    }

    /// Whether it is shown with another entry, and not at a place of its own.
    pub(super) fn is_shown_elsewhere(&self, entry: &Entry) -> bool {
        entry.event == NOTE_WRITTEN && self.target(entry).is_some_and(|about| are_one_command(about, entry))
    }
}

fn place(entry: &Entry) -> Place<'_> {
    (&entry.service, &entry.aggregate, entry.version)
}

fn target(entry: &Entry) -> Option<Place<'_>> {
    entry.corrects.map(|version| (entry.service.as_str(), entry.aggregate.as_str(), version))
}

/// A command's events are recorded at one instant by one person.
fn are_one_command(about: &Entry, note: &Entry) -> bool {
    note.standing == Standing::Stands && (&about.recorded, &about.actor) == (&note.recorded, &note.actor)
}
