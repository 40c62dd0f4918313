//! An entry's facts in words: which of them mean something to a reader, and which of them a correction changed.
//!
//! Deliberately absent: who may see them (the timeline masks what is not for the reader) and where they stand ([`super::entry`]).

use super::{
    answer::{Entry, Fact},
    page::Page,
    paint::Style,
    words,
    wrap::{Item, dotted, width},
};
use kit::entry::ENTRY_CORRECTED;
use uuid::Uuid;

/// Text beyond this reads better on lines of its own.
const SHORT: usize = 60;

/// The facts that mean something to people: ids are for programs, the number of the entry that is meant stands in the line above,
/// and that a case did not begin before us goes without saying.
pub(super) fn telling(entry: &Entry) -> Vec<&Fact> {
    telling_of(entry, &entry.facts)
}

/// The same of facts that the entry has, or had.
fn telling_of<'a>(entry: &Entry, facts: &'a [Fact]) -> Vec<&'a Fact> {
    let number = |fact: &Fact| fact.name == "version" && entry.corrects.is_some() && entry.event != ENTRY_CORRECTED;
    let empty = |fact: &Fact| fact.text.en.trim().is_empty();
    let usual = |fact: &Fact| fact.name == "before_us" && fact.text.en == "No";
    let ids = |fact: &Fact| fact.text.en.split(", ").all(|part| Uuid::parse_str(part).is_ok());
    facts.iter().filter(|fact| !(number(fact) || empty(fact) || usual(fact) || ids(fact))).collect()
}

/// A fact's words, with what it is called.
pub(super) fn named(page: &Page<'_>, fact: &Fact) -> Item {
    value(page, name(page, fact), fact)
}

/// What a fact is called. Some are asked for as questions.
fn name(page: &Page<'_>, fact: &Fact) -> Item {
    let label = page.label(&fact.label);
    let colon = if label.ends_with('?') { "" } else { ":" };
    Item::new(Style::Faint, &format!("{label}{colon}"))
}

/// A fact's words, behind something.
pub(super) fn value(page: &Page<'_>, item: Item, fact: &Fact) -> Item {
    let hidden = fact.masked || fact.erased;
    item.and(if hidden { Style::Faint } else { Style::Plain }, page.label(&fact.text))
}

/// Writes facts one after the other; long texts on lines of their own. Without a style, names are faint and values are not.
pub(super) fn write(page: &mut Page<'_>, indent: usize, facts: &[&Fact], style: Option<Style>) {
    let mut short = Vec::new();
    for fact in facts {
        let item = named(page, fact);
        let item = style.map_or(item.clone(), |style| item.all(style));
        if is_long(page, fact) {
            page.under(indent, &dotted(std::mem::take(&mut short)));
            page.under(indent, &[item]);
        } else {
            short.push(item);
        }
    }
    page.under(indent, &dotted(short));
}

fn is_long(page: &Page<'_>, fact: &Fact) -> bool {
    let text = page.label(&fact.text);
    width(text) > SHORT || text.contains('\n')
}

/// What an entry says at one time.
#[derive(Clone, Copy)]
pub(super) struct Saying<'a> {
    happened: &'a str,
    entry: &'a Entry,
    facts: &'a [Fact],
}

impl<'a> Saying<'a> {
    /// As it stands; of a correction, what it corrects to.
    pub(super) fn now(entry: &'a Entry) -> Self {
        Self { happened: &entry.happened, entry, facts: &entry.facts }
    }

    /// Before it was corrected.
    pub(super) fn first(entry: &'a Entry) -> Self {
        match &entry.original {
            Some(original) => Self { happened: &original.happened, entry, facts: &original.facts },
            None => Self::now(entry),
        }
    }
}

/// What `before` said otherwise than `after`, as text; a fact that was not there is said to be missing.
pub(super) fn differences(page: &Page<'_>, before: Saying<'_>, after: Saying<'_>) -> Vec<Item> {
    let (old, new) = (telling_of(before.entry, before.facts), telling_of(after.entry, after.facts));
    let find = |facts: &[&Fact], name: &str| facts.iter().find(|fact| fact.name == name).map(|fact| fact.text.clone());
    let mut items = Vec::new();
    if before.happened != after.happened {
        let when = kit::words::when(page.language(), words::happened(before.happened));
        items.push(Item::new(Style::Faint, &when));
    }
    let changed = old.iter().filter(|fact| find(&new, &fact.name).as_ref() != Some(&fact.text));
    items.extend(changed.map(|fact| named(page, fact)));
    let missing = page.say("ikke angivet", "not stated");
    let added = new.iter().filter(|fact| find(&old, &fact.name).is_none());
    items.extend(added.map(|fact| name(page, fact).and(Style::Faint, missing)));
    items
}
