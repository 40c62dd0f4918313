//! The one normal form of what people write: for what must be told apart, found, said or searched for.
//!
//! Every other form here is made of [`fold`]: compatibility characters are their plain ones (NFKC), case does not count, what shows nothing
//! is gone, and dashes, spaces and apostrophes of every kind are one each. Deliberately absent: what is stored of a text ([`clean`] keeps
//! it as it was written, without what shows nothing), and where each form is used.

mod characters;
mod names;
mod numbers;
#[cfg(test)]
mod tests;

pub use characters::{Lines, clean, shows_something};
pub use names::{letters, sounds, words};
pub use numbers::{Number, decimal, digits, has_cpr, plain};

use characters::{is_apostrophe, is_dash, is_invisible, is_separator};
use icu_casemap::CaseMapper;
use std::collections::BTreeSet;
use unicode_normalization::UnicodeNormalization;
use unicode_security::confusable_detection::skeleton;

/// A text as it is compared: case, compatibility, invisible characters and kinds of dashes, spaces and apostrophes do not count.
#[must_use]
pub fn fold(text: &str) -> String {
    let shown: String = text.nfkd().filter(|c| !is_invisible(*c)).collect();
    let folded = CaseMapper::new().fold_string(&shown);
    let mut before = None;
    // The Turkish letters i with and without a dot are one letter, as people type them on any keyboard.
    let one_i = folded.nfkd().filter_map(|c| {
        let c = match c {
            'ı' => 'i',
            '\u{307}' if before == Some('i') => return None,
            c => c,
        };
        before = Some(c);
        Some(c)
    });
    one_i.collect::<String>().nfkc().filter(|c| !is_invisible(*c)).map(plain_mark).collect()
}

/// A dash, space or apostrophe of any kind as the one on every keyboard.
fn plain_mark(c: char) -> char {
    match c {
        c if is_dash(c) => '-',
        c if is_apostrophe(c) => '\'',
        c if c.is_whitespace() => ' ',
        c => c,
    }
}

/// What stands for a text of which there may be one alone: texts that share a form look alike, in whatever script they are written.
///
/// Letters of other scripts count as the Latin ones that they look like (Unicode's confusables), as they stand and in either case. Spaces
/// and punctuation do not count, but between digits, where "1-12" and "11-2" are two.
#[must_use]
pub fn unique(text: &str) -> BTreeSet<String> {
    let plain: String = text.nfkc().filter(|c| !is_invisible(*c)).collect();
    let cases = [plain.to_uppercase(), plain.to_lowercase(), plain];
    cases.iter().map(|text| key(&fold(&look(text)))).collect()
}

/// What stands for a number with letters in it (an alarm's, a case's), however it is spelled.
#[must_use]
pub fn numbered(text: &str) -> String {
    let plain: String = text.nfkc().filter(|c| !is_invisible(*c)).collect();
    key(&fold(&look(&plain.to_uppercase())))
}

/// A word as it is said on the phone: nobody says case, hyphens or a full stop.
#[must_use]
pub fn said(text: &str) -> String {
    let folded = fold(text);
    let heard: String = folded.chars().filter(|c| *c != '\'').map(|c| if is_separator(c) { ' ' } else { c }).collect();
    let words: Vec<&str> = heard.split_whitespace().collect();
    // Of marks alone, each counts.
    if words.is_empty() { folded } else { words.join(" ") }
}

/// A text with each character replaced by the Latin one that it looks like.
fn look(text: &str) -> String {
    text.nfc().flat_map(|c| prototype(c).chars().collect::<Vec<_>>()).collect()
}

fn prototype(c: char) -> String {
    if c.is_ascii() {
        return c.into();
    }
    if let Some(digit) = decimal(c) {
        return digit.to_string();
    }
    let like: String = skeleton(c.encode_utf8(&mut [0; 4])).collect();
    match like.as_str() {
        // The table has one letter for I, l and 1; a capital is the first, whatever its script.
        "l" if c.is_uppercase() => "I".into(),
        "rn" => "m".into(),
        _ => like,
    }
}

/// A folded text without what separates: nothing of it is left but a hyphen between digits.
fn key(folded: &str) -> String {
    let (mut key, mut gap) = (String::with_capacity(folded.len()), None);
    for c in folded.chars() {
        if is_separator(c) {
            gap = Some(gap.unwrap_or_default() || !c.is_whitespace());
            continue;
        }
        if gap == Some(true) && c.is_ascii_digit() && key.ends_with(|last: char| last.is_ascii_digit()) {
            key.push('-');
        }
        gap = None;
        key.push(c);
    }
    // Of punctuation alone, each counts; a `#` would tell holders of a claim apart.
    if key.is_empty() { folded.replace([' ', '#'], "_") } else { key }
}
