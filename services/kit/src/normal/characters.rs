//! Kinds of characters, and a text without those that show nothing.
//!
//! Deliberately absent: what is compared ([`super::fold`]).

use icu_properties::{
    CodePointMapData, CodePointSetData,
    props::{
        Dash, DefaultIgnorableCodePoint, GeneralCategory, GeneralCategoryGroup, PrependedConcatenationMark, Script,
    },
};
use unicode_normalization::UnicodeNormalization;

/// Characters with no ink that Unicode does not call ignorable: a Braille cell without dots, a null notehead.
const BLANK: [char; 2] = ['\u{2800}', '\u{1d159}'];
/// The joiners that some scripts need between letters.
const JOINERS: [char; 2] = ['\u{200c}', '\u{200d}'];
/// What is written for an apostrophe. The accents that stand alone are typed for it on Danish keyboards.
const APOSTROPHES: [char; 15] = [
    '\'', '`', '\u{b4}', '\u{2018}', '\u{2019}', '\u{201b}', '\u{2032}', '\u{2035}', '\u{2b9}', '\u{2bb}', '\u{2bc}',
    '\u{2bd}', '\u{2be}', '\u{2bf}', '\u{2c8}',
];

/// How many lines a text may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lines {
    /// One: breaks become spaces.
    One,
    /// As many as were written.
    Many,
}

pub(super) fn category(c: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(c)
}

/// Whether a character shows nothing and is no space: controls, formats, whatever a reader ignores.
pub(super) fn is_invisible(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control() && !c.is_ascii_whitespace() && c != '\u{b}';
    }
    let control = match category(c) {
        GeneralCategory::Control => !c.is_whitespace(),
        // Those that stand before digits show as signs.
        GeneralCategory::Format => !CodePointSetData::new::<PrependedConcatenationMark>().contains(c),
        _ => false,
    };
    control || BLANK.contains(&c) || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

pub(super) fn is_dash(c: char) -> bool {
    c == '-'
        || (!c.is_ascii() && CodePointSetData::new::<Dash>().contains(c))
        || matches!(c, '\u{2043}' | '\u{2d7}' | '\u{30fc}')
}

pub(super) fn is_apostrophe(c: char) -> bool {
    APOSTROPHES.contains(&c)
}

/// Whether a character only stands between others: a space, a dash, punctuation.
pub(super) fn is_separator(c: char) -> bool {
    c.is_whitespace() || is_dash(c) || is_apostrophe(c) || GeneralCategoryGroup::Punctuation.contains(category(c))
}

/// Whether a text shows anything: a letter, a digit, a sign.
#[must_use]
pub fn shows_something(text: &str) -> bool {
    let shows = |c: char| {
        let category = category(c);
        let visible = [
            GeneralCategoryGroup::Letter,
            GeneralCategoryGroup::Number,
            GeneralCategoryGroup::Punctuation,
            GeneralCategoryGroup::Symbol,
        ];
        visible.iter().any(|group| group.contains(category)) && !is_invisible(c)
    };
    text.chars().any(shows)
}

/// A text as it is stored: as it was written, without what shows nothing, and in as many lines as it may have. Joiners stay between
/// letters of a script that needs them (Persian names), and soft hyphens between letters.
#[must_use]
pub fn clean(text: &str, lines: Lines) -> String {
    let written: Vec<char> = text.chars().collect();
    let mut kept = String::with_capacity(text.len());
    for (at, c) in written.iter().copied().enumerate() {
        let next = written.get(at + 1).copied();
        match c {
            '\r' if next == Some('\n') => {}
            '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
                kept.push(if lines == Lines::Many { '\n' } else { ' ' });
            }
            '\t' if lines == Lines::Many => kept.push('\t'),
            c if c.is_whitespace() => kept.push(' '),
            c if JOINERS.contains(&c) && kept.chars().next_back().is_some_and(joins) && next.is_some_and(joins) => {
                kept.push(c);
            }
            // Where a long word may be broken: part of how it is written.
            '\u{ad}' if kept.ends_with(char::is_alphabetic) && next.is_some_and(char::is_alphabetic) => kept.push(c),
            c if is_invisible(c) => {}
            c => kept.push(c),
        }
    }
    let composed: String = kept.nfc().collect();
    // A few letters are longer composed; a text must not outgrow its bound by being read.
    let kept = if composed.chars().count() <= kept.chars().count() { composed } else { kept };
    match lines {
        Lines::Many => kept,
        Lines::One => kept.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" "),
    }
}

/// Whether a joiner beside this letter changes how it is written.
fn joins(c: char) -> bool {
    let letter =
        [GeneralCategoryGroup::Letter, GeneralCategoryGroup::Mark].iter().any(|group| group.contains(category(c)));
    let plain = [Script::Latin, Script::Greek, Script::Cyrillic, Script::Common, Script::Inherited, Script::Han];
    letter && !plain.contains(&CodePointMapData::<Script>::new().get(c))
}
