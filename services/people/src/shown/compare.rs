//! Whether what somebody looks for is one of the women: pure comparison of words and digits.
//!
//! As people spell: case, accents, å or aa, æ or ae, ø or oe do not count. Deliberately absent: an index, scores, guesses at sounds.

use kit::Day;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// How many digits of a CPR number are needed to look for it: the birth date's.
const DIGITS: usize = 6;
/// How many digits a CPR number has.
const CPR: usize = 10;

/// A woman as she is compared. Not `Debug`: it holds names in clear.
#[derive(Default)]
pub(super) struct Her<'a> {
    pub(super) alias: Option<&'a str>,
    pub(super) name: Option<&'a str>,
    pub(super) cpr: Option<&'a str>,
}

/// What is looked for. Not `Debug`: it holds names in clear.
pub(super) struct Sought {
    words: Vec<String>,
    digits: Option<String>,
}

impl Sought {
    /// Out of what somebody typed; `None`: too little to look for.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let words = words(text);
        let number = text.chars().all(|c| c.is_ascii_digit() || c == '-' || c.is_whitespace());
        let digits = Some(digits(text)).filter(|digits| number && (DIGITS..=CPR).contains(&digits.len()));
        let enough = words.iter().map(|word| word.chars().count()).sum::<usize>() >= 2;
        enough.then_some(Self { words, digits })
    }

    /// Whether it may be her: each word begins one of her alias or name, or the digits her CPR number.
    pub(super) fn fits(&self, her: &Her<'_>) -> bool {
        let hers: Vec<String> = [her.alias, her.name].into_iter().flatten().flat_map(words).collect();
        let named = self.words.iter().all(|word| hers.iter().any(|hers| hers.starts_with(word.as_str())));
        let numbered = self.digits.as_deref().zip(her.cpr).is_some_and(|(sought, cpr)| digits(cpr).starts_with(sought));
        named || numbered
    }
}

/// Why somebody may be the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "snake_case")]
pub(super) enum Why {
    /// The same CPR number.
    Cpr,
    /// The same name, in whatever order.
    Name,
    /// One name holds the other, or first and last word are the same.
    NameAlike,
    /// The CPR number begins with the birth date.
    BirthDate,
}

/// Whom somebody is about to register. Not `Debug`: it holds names in clear.
pub(super) struct Newcomer<'a> {
    pub(super) name: Option<&'a str>,
    pub(super) cpr: Option<&'a str>,
    pub(super) birth_date: Option<Day>,
}

impl Newcomer<'_> {
    /// Why she may be one who is known; nothing: no reason.
    pub(super) fn why(&self, her: &Her<'_>) -> Vec<Why> {
        let mut why = Vec::new();
        let hers = her.cpr.map(digits).unwrap_or_default();
        let number = self.cpr.map(digits).unwrap_or_default();
        if !number.is_empty() && number == hers {
            why.push(Why::Cpr);
        }
        let (mine, other) = (self.name.map(words).unwrap_or_default(), her.name.map(words).unwrap_or_default());
        why.extend(alike(&mine, &other));
        let born = self.birth_date.map(birth_digits).or_else(|| number.get(..DIGITS).map(ToOwned::to_owned));
        if born.is_some_and(|born| hers.get(..DIGITS).is_some_and(|begins| plain_day(begins) == plain_day(&born))) {
            why.push(Why::BirthDate);
        }
        why
    }
}

fn alike(one: &[String], other: &[String]) -> Option<Why> {
    if one.is_empty() || other.is_empty() {
        return None;
    }
    let sorted = |words: &[String]| {
        let mut words = words.to_vec();
        words.sort_unstable();
        words
    };
    if sorted(one) == sorted(other) {
        return Some(Why::Name);
    }
    let within = |few: &[String], many: &[String]| few.iter().all(|word| many.contains(word));
    let ends = one.len() > 1 && other.len() > 1 && (one.first(), one.last()) == (other.first(), other.last());
    (ends || within(one, other) || within(other, one)).then_some(Why::NameAlike)
}

/// `ddmmyy`, as a CPR number begins.
fn birth_digits(day: Day) -> String {
    let day = day.date();
    format!("{:02}{:02}{:02}", day.day(), u8::from(day.month()), day.year().rem_euclid(100))
}

/// A replacement number's day is 60 higher than the birth day.
fn plain_day(digits: &str) -> String {
    let day: Option<u8> = digits.get(..2).and_then(|day| day.parse().ok());
    match (day, digits.get(2..)) {
        (Some(day), Some(rest)) if day > 60 => format!("{:02}{rest}", day - 60),
        _ => digits.to_owned(),
    }
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// A text's words as they are compared.
fn words(text: &str) -> Vec<String> {
    // Composed first, so that å is one letter whoever typed it; then what is left of accents falls off.
    let composed: String = text.nfc().flat_map(char::to_lowercase).collect();
    let danish = composed.replace('å', "aa").replace(['æ', 'ä'], "ae").replace(['ø', 'ö'], "oe").replace('ß', "ss");
    let plain: String = danish.nfd().filter(|c| !is_combining_mark(*c)).collect();
    plain.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fits(text: &str, alias: &str, name: Option<&str>, cpr: Option<&str>) -> bool {
        Sought::parse(text).is_some_and(|sought| sought.fits(&Her { alias: Some(alias), name, cpr }))
    }

    #[test]
    fn she_is_found_as_people_spell() {
        let name = Some("Åse Sørensen-Müller");
        for text in
            ["aase", "ÅSE", "A\u{30a}se", "soerensen", "Sørensen åse", "muller", "mü", "birk", "Birk-47", "birk 47"]
        {
            assert!(fits(text, "Birk-47", name, None), "{text}");
        }
        for text in ["ase", "sorensen", "rensen", "aase hansen", "birk-48", "", "-", "b", "  "] {
            assert!(!fits(text, "Birk-47", name, None), "{text}");
        }
        assert!(fits("Jose", "Ask-1", Some("José"), None));
    }

    #[test]
    fn a_number_is_found_by_its_digits_from_the_birth_date_on() {
        let cpr = Some("010190-9996");
        for text in ["010190", "0101909996", "010190-9996", "010190 99"] {
            assert!(fits(text, "Birk-47", None, cpr), "{text}");
        }
        for text in ["01019", "9996", "0101909997", "010190x", "01019099960"] {
            assert!(!fits(text, "Birk-47", None, cpr), "{text}");
        }
        assert!(!fits("010190", "Birk-47", None, None), "what may not be seen is not compared");
    }

    #[test]
    fn each_reason_is_told() {
        let her = Her { alias: Some("Birk-47"), name: Some("Anna Lund Møller"), cpr: Some("0101909996") };
        let why = |name, cpr, birth: Option<&str>| {
            Newcomer { name, cpr, birth_date: birth.map(|day| day.parse().unwrap()) }.why(&her)
        };
        assert_eq!(why(None, Some("010190-9996"), None), [Why::Cpr, Why::BirthDate]);
        assert_eq!(why(Some("møller anna LUND"), None, None), [Why::Name]);
        assert_eq!(why(Some("Anna Moeller"), None, None), [Why::NameAlike]);
        assert_eq!(why(Some("Anna"), None, None), [Why::NameAlike]);
        assert_eq!(why(Some("Hanne"), None, Some("1990-01-01")), [Why::BirthDate]);
        assert_eq!(why(Some("Hanne"), Some("6101909990"), None), [Why::BirthDate], "a replacement number");
        assert!(why(Some("Anne Lund"), Some("0201909996"), Some("1990-01-02")).is_empty());
        assert!(why(Some("Birk"), None, None).is_empty() && why(None, None, None).is_empty());
        let nameless = Her { alias: Some("Birk-47"), ..Her::default() };
        assert!(Newcomer { name: Some("Anna"), cpr: Some(""), birth_date: None }.why(&nameless).is_empty());
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..Default::default() })]

        #[test]
        fn whatever_is_typed_is_compared(text in any::<String>(), name in any::<String>()) {
            let her = Her { alias: Some("Birk-47"), name: Some(&name), cpr: Some(&text) };
            let fits = Sought::parse(&name).is_none_or(|sought| sought.fits(&her));
            prop_assert!(fits || words(&name).is_empty(), "a name is found by itself");
            let _ = Newcomer { name: Some(&text), cpr: Some(&name), birth_date: None }.why(&her);
        }
    }
}
