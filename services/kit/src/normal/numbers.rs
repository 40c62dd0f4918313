//! Numbers as people write them: digits of every script, with whatever stands between them.
//!
//! Where a form is ambiguous it is a number: whoever wrote something else writes it otherwise. Deliberately absent: check digits, for CPR
//! numbers have none any more; accounts and cards, which the financial service knows.

use super::characters::{category, is_dash, is_invisible};
use icu_properties::props::{GeneralCategory, GeneralCategoryGroup};
use unicode_normalization::UnicodeNormalization;

/// Digits of a CPR number, and of the birth date that it begins with.
const CPR: usize = 10;
const BORN: usize = 6;
/// The most characters between two parts of one number.
const GAP: usize = 3;

/// A digit's value, in whatever script it is written.
#[must_use]
pub fn decimal(c: char) -> Option<char> {
    if c.is_ascii() {
        return c.is_ascii_digit().then_some(c);
    }
    // Signs with a digit in them that compatibility does not resolve.
    let signs = [('\u{24ff}', '\u{24ff}', 0), ('\u{24f5}', '\u{24fd}', 1), ('\u{2776}', '\u{277e}', 1)];
    let signs = signs.into_iter().chain([
        ('\u{2780}', '\u{2788}', 1),
        ('\u{278a}', '\u{2792}', 1),
        ('\u{1f10b}', '\u{1f10c}', 0),
    ]);
    for (first, last, value) in signs {
        if (first..=last).contains(&c) {
            let value = if first == '\u{1f10b}' { 0 } else { u32::from(c) - u32::from(first) + value };
            return char::from_digit(value, 10);
        }
    }
    let is_decimal = |c: char| category(c) == GeneralCategory::DecimalNumber;
    if !is_decimal(c) {
        return None;
    }
    // Unicode promises that decimal digits stand in tens, from 0 on.
    let before = (0..u32::from(c)).rev().map_while(char::from_u32).take_while(|c| is_decimal(*c)).count();
    char::from_digit(u32::try_from(before % 10).ok()?, 10)
}

/// A text whose digits are ASCII ones, without what shows nothing, with one kind of dash and one of space. Line breaks stay.
#[must_use]
pub fn plain(text: &str) -> String {
    let mark = |c: char| GeneralCategoryGroup::Mark.contains(category(c));
    let text = text.replace("\r\n", "\n");
    let kept = text.nfkc().filter(|c| !is_invisible(*c) && !mark(*c));
    kept.map(|c| match c {
        c if is_dash(c) => '-',
        '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => '\n',
        c if c.is_whitespace() => ' ',
        c => decimal(c).unwrap_or(c),
    })
    .collect()
}

/// A text's digits alone.
#[must_use]
pub fn digits(text: &str) -> String {
    plain(text).chars().filter(char::is_ascii_digit).collect()
}

/// A number that stands for a person, however it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Number {
    /// A CPR number's ten digits. Fictive ones, and those that have 60 added to the day, are ones too.
    Cpr(String),
    /// A replacement number: six digits of the birth date, then four characters with a letter among them.
    Replacement(String),
}

impl Number {
    /// What a text says that is nothing but a number.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let plain = plain(text).to_uppercase();
        let between = |c: char| !c.is_alphanumeric();
        let parts: Vec<&str> = plain.split(between).filter(|part| !part.is_empty()).collect();
        let far = plain.trim().split(char::is_alphanumeric).any(|gap| gap.trim_matches(' ').chars().count() > 1);
        // Somewhere else, a hyphen shows that a digit is missing or too many.
        let hyphen =
            plain.rsplit_once('-').is_none_or(|(born, _)| born.chars().filter(|c| c.is_alphanumeric()).count() == BORN);
        let number = parts.concat();
        let letters = number.chars().filter(|c| c.is_alphabetic()).count();
        let born = number.get(..BORN).is_some_and(is_born);
        match number.chars().count() == CPR && born && hyphen && !far {
            true if letters == 0 => Some(Self::Cpr(number)),
            true => Some(Self::Replacement(number)),
            false => None,
        }
    }
}

/// Whether six digits are a birth date as a number begins with it: a day, perhaps with 60 added, and a month.
fn is_born(text: &str) -> bool {
    let two = |from: usize| text.get(from..from + 2).and_then(|two| two.parse::<u8>().ok()).unwrap_or_default();
    let all_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    all_digits && matches!(two(0), 1..=31 | 61..=91) && matches!(two(2), 1..=12)
}

/// Digits in a row, and what stands between them and the digits before.
#[derive(Clone, Copy)]
struct Run<'a> {
    gap: &'a str,
    digits: &'a str,
    /// What comes after.
    after: &'a str,
}

impl Run<'_> {
    /// Whether it may go on the number of the run before.
    fn goes_on(&self) -> bool {
        self.gap.chars().count() <= GAP && !self.gap.contains(char::is_alphanumeric)
    }
}

/// Whether a CPR number or a replacement number stands in a text, with whatever dashes, spaces and signs between its digits.
#[must_use]
pub fn has_cpr(text: &str) -> bool {
    let plain = plain(text);
    let runs = runs(&plain);
    (0..runs.len()).any(|at| runs.get(at..).is_some_and(|rest| is_cpr(rest) || is_replacement(rest)))
}

fn runs(text: &str) -> Vec<Run<'_>> {
    let (mut runs, mut left) = (Vec::new(), text);
    while let Some(start) = left.find(|c: char| c.is_ascii_digit()) {
        let (gap, from) = left.split_at(start);
        let (digits, after) = from.split_at(from.find(|c: char| !c.is_ascii_digit()).unwrap_or(from.len()));
        runs.push(Run { gap, digits, after });
        left = after;
    }
    runs
}

/// Whether ten digits begin here that end with a run, and are parted where a CPR number is. Two days ("01.02.26-05.03.26") are none, nor
/// are telephone numbers in pairs.
fn is_cpr(runs: &[Run<'_>]) -> bool {
    let (mut number, mut parts) = (String::new(), Vec::new());
    for (at, run) in runs.iter().enumerate() {
        if at > 0 && !run.goes_on() {
            return false;
        }
        number.push_str(run.digits);
        parts.push(number.len());
        if number.len() >= CPR {
            break;
        }
    }
    let parted = match parts.as_slice() {
        [_] => true,
        [first, _] => (3..=7).contains(first),
        parts => parts.contains(&BORN),
    };
    let fits = number.len() == CPR && parted && number.get(..BORN).is_some_and(is_born);
    fits && !(parts == [2, 4, 6, 8, 10] && is_pairs_of_something_else(runs))
}

fn is_pairs_of_something_else(runs: &[Run<'_>]) -> bool {
    let gap = |at: usize| runs.get(at).map(|run| run.gap);
    let pairs =
        runs.iter().enumerate().take_while(|(at, run)| run.digits.len() == 2 && (*at == 0 || run.goes_on())).count();
    let next = gap(5).filter(|_| pairs > 5);
    let another_day = next.is_some() && next == gap(4) && next != Some(" ");
    let telephones = pairs >= 8 && pairs.is_multiple_of(4);
    let apart = gap(4) != gap(1) && gap(4).is_some_and(|gap| gap != " ");
    another_day || telephones || apart
}

/// Whether six digits of a birth date begin here, and behind them four characters with letters.
fn is_replacement(runs: &[Run<'_>]) -> bool {
    let whole = runs.first().filter(|run| (BORN..CPR).contains(&run.digits.len()));
    let in_pairs = || {
        let pairs = runs.get(..3)?;
        let paired = pairs.iter().enumerate().all(|(at, run)| run.digits.len() == 2 && (at == 0 || run.goes_on()));
        let born: String = pairs.iter().map(|run| run.digits).collect();
        pairs.last().filter(|_| paired).map(|last| (born, String::new(), last.after))
    };
    let found = whole.and_then(|run| {
        let (born, more) = run.digits.split_at_checked(BORN)?;
        Some((born.to_owned(), more.to_owned(), run.after))
    });
    let Some((born, more, after)) = found.or_else(in_pairs) else { return false };
    let gap: String = after.chars().take_while(|c| !c.is_alphanumeric()).take(GAP + 1).collect();
    if !is_born(&born) || gap.chars().count() > GAP || (!more.is_empty() && !gap.is_empty()) {
        return false;
    }
    let rest: String = after.chars().skip(gap.chars().count()).take_while(|c| c.is_alphanumeric()).take(CPR).collect();
    let serial = format!("{more}{rest}");
    let (letter, digit) = (serial.contains(char::is_alphabetic), serial.contains(|c: char| c.is_ascii_digit()));
    let capitals = serial.chars().all(char::is_uppercase) && (gap.is_empty() || gap == "-");
    serial.chars().count() == CPR - BORN && letter && (digit || capitals)
}
