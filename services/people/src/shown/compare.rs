//! Whether what somebody looks for is one of the women: pure comparison of words and numbers.
//!
//! Names are compared in the letters that everybody types, and numbers in plain digits ([`kit::normal`]). Deliberately absent: an index,
//! scores.

use kit::{
    Day,
    normal::{plain, said, sounds, words},
};

/// How many digits of a number are needed to look for it: the birth date's.
const BORN: usize = 6;
/// How many characters a number has.
const NUMBER: usize = 10;
/// How long a sound is at least where one letter of it may be another.
const SOUND: usize = 4;

/// A woman as she is compared, by all that was ever said of her and stands. Not `Debug`: it holds names in clear.
#[derive(Default)]
pub(super) struct Her<'a> {
    /// What she is called and was called; the last one counts.
    pub(super) aliases: Vec<&'a str>,
    pub(super) names: Vec<&'a str>,
    /// CPR numbers and replacement numbers.
    pub(super) numbers: Vec<&'a str>,
}

impl Her<'_> {
    fn texts(&self) -> impl Iterator<Item = &str> {
        self.aliases.iter().chain(&self.names).copied()
    }

    fn numbers(&self) -> impl Iterator<Item = String> {
        self.numbers.iter().map(|number| compared(number))
    }
}

/// What is looked for. Not `Debug`: it holds names in clear.
pub(super) struct Sought {
    words: Vec<String>,
    sounds: Vec<String>,
    number: Option<String>,
}

impl Sought {
    /// Out of what somebody typed; `None`: nothing to look for.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let words = words(text);
        let sounds = said(text).split(' ').map(sounds).filter(|sound| !sound.is_empty()).collect();
        (!words.is_empty()).then(|| Self { words, sounds, number: number(text) })
    }

    /// Whether it may be her: each word begins one of her aliases or names, or the number one of hers. Words may be written together or
    /// apart.
    pub(super) fn fits(&self, her: &Her<'_>) -> bool {
        let hers: Vec<Vec<String>> = her.texts().map(words).collect();
        let numbered = self.number.as_deref().is_some_and(|sought| her.numbers().any(|hers| hers.starts_with(sought)));
        numbered || self.named(&hers)
    }

    fn named(&self, hers: &[Vec<String>]) -> bool {
        // What begins at each of her words.
        let from_each = |words: &Vec<String>| {
            (0..words.len()).map(|at| words.iter().skip(at).cloned().collect::<String>()).collect::<Vec<_>>()
        };
        let begin: Vec<String> = hers.iter().flat_map(from_each).collect();
        if let [word] = self.words.as_slice()
            && let Some(letter) = only(word)
        {
            // One letter is a whole word, but in scripts where one is a syllable.
            let syllable = !letter.is_lowercase() && !letter.is_numeric();
            return hers.iter().flatten().any(|hers| hers == word || (syllable && hers.starts_with(letter)));
        }
        // From the end on, whether the words from each on are all found.
        let mut found = vec![true];
        for at in (0..self.words.len()).rev() {
            let mut together = String::new();
            let fits = self.words.iter().skip(at).zip(found.iter().rev()).any(|(word, rest)| {
                together.push_str(word);
                *rest && begin.iter().any(|hers| hers.starts_with(&together))
            });
            found.push(fits);
        }
        found.last().copied().unwrap_or_default()
    }

    /// Whether each word sounds like one of hers, or nearly so.
    pub(super) fn sounds_like(&self, her: &Her<'_>) -> bool {
        let hers: Vec<String> =
            her.texts().flat_map(|text| said(text).split(' ').map(sounds).collect::<Vec<_>>()).collect();
        !self.sounds.is_empty() && self.sounds.iter().all(|sought| hers.iter().any(|hers| nearly(sought, hers)))
    }
}

/// The one character of a word.
fn only(word: &str) -> Option<char> {
    let mut characters = word.chars();
    characters.next().filter(|_| characters.next().is_none())
}

/// What may be the beginning of a number: a birth date's digits at least, and no more than a number has.
fn number(text: &str) -> Option<String> {
    let number = compared(text);
    let (length, digits) = (number.chars().count(), number.chars().take_while(char::is_ascii_digit).count());
    let apart = plain(text).split(char::is_alphanumeric).any(|gap| gap.trim_matches(' ').chars().count() > 1);
    ((BORN..=NUMBER).contains(&length) && digits >= BORN && !apart).then_some(number)
}

/// A number's characters alone, letters large.
fn compared(number: &str) -> String {
    plain(number).to_uppercase().chars().filter(|c| c.is_alphanumeric()).collect()
}

/// Whether two sounds are one, or differ in one letter: another, one more, one less.
fn nearly(one: &str, other: &str) -> bool {
    if one == other {
        return true;
    }
    let (short, long) =
        if one.len() <= other.len() { (one.as_bytes(), other.as_bytes()) } else { (other.as_bytes(), one.as_bytes()) };
    if short.len() < SOUND || long.len() - short.len() > 1 {
        return false;
    }
    let same = short.iter().zip(long).take_while(|(one, other)| one == other).count();
    let rest = |bytes: &[u8], from: usize| bytes.get(from..).unwrap_or_default().to_vec();
    let from = if short.len() == long.len() { same + 1 } else { same };
    rest(short, from) == rest(long, same + 1)
}

/// Why somebody may be the one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "snake_case")]
pub(super) enum Why {
    /// The same CPR number or replacement number.
    Cpr,
    /// The same name, in whatever order.
    Name,
    /// One name holds the other, or first and last word are the same.
    NameAlike,
    /// The number begins with the birth date.
    BirthDate,
    /// Nobody has the name that is looked for, and hers sounds so.
    SoundsAlike,
}

/// Whom somebody is about to register. Not `Debug`: it holds names in clear.
#[derive(Default)]
pub(super) struct Newcomer<'a> {
    pub(super) names: Vec<&'a str>,
    pub(super) numbers: Vec<&'a str>,
    pub(super) birth_date: Option<Day>,
}

impl Newcomer<'_> {
    /// Why she may be one who is known; nothing: no reason.
    pub(super) fn why(&self, her: &Her<'_>) -> Vec<Why> {
        let mut why = Vec::new();
        let mine: Vec<String> = self.numbers.iter().map(|number| compared(number)).collect();
        let hers: Vec<String> = her.numbers().collect();
        if mine.iter().any(|number| !number.is_empty() && hers.contains(number)) {
            why.push(Why::Cpr);
        }
        let pairs = self.names.iter().flat_map(|mine| her.names.iter().map(|hers| (words(mine), words(hers))));
        let mut alikes: Vec<Why> = pairs.filter_map(|(mine, hers)| alike(&mine, &hers)).collect();
        alikes.sort_by_key(|why| *why != Why::Name);
        why.extend(alikes.first());
        let given = self.birth_date.map(birth_digits);
        let mut days = given.into_iter().chain(mine.iter().filter_map(|number| born(number)));
        let hers: Vec<String> = hers.iter().filter_map(|number| born(number)).collect();
        if days.any(|day| hers.contains(&day)) {
            why.push(Why::BirthDate);
        }
        why
    }

    /// Whether she is most likely one who is known: by her number, or by name and birth date.
    pub(super) fn is_likely(&self, her: &Her<'_>) -> Option<Vec<Why>> {
        let why = self.why(her);
        let named = why.iter().any(|why| matches!(why, Why::Name | Why::NameAlike));
        (why.contains(&Why::Cpr) || (named && why.contains(&Why::BirthDate))).then_some(why)
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
    if sorted(one) == sorted(other) || one.concat() == other.concat() {
        return Some(Why::Name);
    }
    let within = |few: &[String], many: &[String]| few.iter().all(|word| many.contains(word));
    let ends = one.len() > 1 && other.len() > 1 && (one.first(), one.last()) == (other.first(), other.last());
    (ends || within(one, other) || within(other, one)).then_some(Why::NameAlike)
}

/// `ddmmyy`, as a number begins.
fn birth_digits(day: Day) -> String {
    let day = day.date();
    format!("{:02}{:02}{:02}", day.day(), u8::from(day.month()), day.year().rem_euclid(100))
}

/// The birth date that a number begins with. Some replacement numbers have a day that is 60 higher.
fn born(number: &str) -> Option<String> {
    let digits = number.get(..BORN).filter(|born| born.bytes().all(|byte| byte.is_ascii_digit()))?;
    let day: u8 = digits.get(..2)?.parse().ok()?;
    Some(if day > 60 { format!("{:02}{}", day - 60, digits.get(2..)?) } else { digits.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fits(text: &str, alias: &str, name: Option<&str>, number: Option<&str>) -> bool {
        let her =
            Her { aliases: vec![alias], names: name.into_iter().collect(), numbers: number.into_iter().collect() };
        Sought::parse(text).is_some_and(|sought| sought.fits(&her))
    }

    #[test]
    fn she_is_found_as_people_spell() {
        let name = Some("Åse Sørensen-Müller");
        for text in [
            "aase",
            "ÅSE",
            "A\u{30a}se",
            "ase",
            "soerensen",
            "sorensen",
            "Sørensen åse",
            "muller",
            "mueller",
            "mü",
            "birk",
            "Birk-47",
            "birk 47",
            "birk47",
            "BIRK\u{2011}47",
            "sorensenmuller",
            "asesorensen",
            "Søren\u{ad}sen",
        ] {
            assert!(fits(text, "Birk-47", name, None), "{text}");
        }
        for text in ["rensen", "aase hansen", "birk-48", "", "-", "b", "  ", "åsa", "\u{200b}"] {
            assert!(!fits(text, "Birk-47", name, None), "{text}");
        }
        for (name, texts) in [
            ("José", vec!["Jose"]),
            ("Łucja Đặng", vec!["lucja", "dang", "Đặng Łucja"]),
            ("Işıl Yıldız", vec!["isil", "ISIL", "IŞIL", "ışıl", "yildiz"]),
            ("Özlem Kaya", vec!["ozlem", "oezlem", "ÖZLEM"]),
            ("Þóra Jonsdottir", vec!["thora", "Þora"]),
            ("Mary O'Brien", vec!["Mary O\u{2019}Brien", "obrien", "O Brien", "o brien mary"]),
            ("Ann O\u{2019}Neill", vec!["O'Neill", "oneill", "O\u{b4}Neill"]),
            ("Fatima Al-Zahra", vec!["alzahra", "al zahra", "al\u{2010}zahra", "zahra"]),
            ("Fatima Alzahra", vec!["al-zahra", "fatima al zahra"]),
            ("علی\u{200c}رضا", vec!["علیرضا", "على\u{200c}رضا"]),
            ("李 娜", vec!["李", "娜", "李 娜", "李娜"]),
            ("李娜", vec!["李", "李 娜"]),
            ("Y Nguyen", vec!["Y", "nguyen y"]),
            ("Анна Киселёва", vec!["киселева", "АННА"]),
        ] {
            for text in texts {
                assert!(fits(text, "Ask-1", Some(name), None), "{text} {name}");
            }
        }
        assert!(fits("ø", "Ø", None, None) && !fits("n", "Ask-1", Some("Y Nguyen"), None));
    }

    #[test]
    fn a_name_that_sounds_so_is_proposed() {
        let sounds = |text: &str, name: &str| {
            let her = Her { aliases: vec!["Birk-47"], names: vec![name], ..Her::default() };
            let sought = Sought::parse(text).unwrap();
            assert!(!sought.fits(&her), "{text} {name} fits already");
            sought.sounds_like(&her)
        };
        for (text, name) in [
            ("Lerke", "Lærke Holm"),
            ("Sofie", "Sophie"),
            ("Cathrine", "Katrine Lund"),
            ("Kristina", "Christina"),
            ("Zara", "Sara"),
            ("Fatma", "Fatima"),
            ("Jasmin holm", "Yasmin Holm"),
            ("Kirstin", "Kirsten"),
            ("Mahammed", "Mohammed"),
            ("Lærce", "Lærke"),
        ] {
            assert!(sounds(text, name), "{text} {name}");
        }
        for (text, name) in
            [("Ida", "Ada"), ("Lerke", "Anna"), ("Lerke Lund", "Lærke Holm"), ("010190", "Lærke"), ("李", "娜")]
        {
            assert!(!sounds(text, name), "{text} {name}");
        }
    }

    #[test]
    fn a_number_is_found_by_its_digits_from_the_birth_date_on() {
        let cpr = Some("0101909996");
        for text in [
            "010190",
            "0101909996",
            "010190-9996",
            "010190 99",
            "010190\u{2013}9996",
            "010190\u{2011}9996",
            "010190/9996",
            "010190.9996",
            "\u{660}\u{661}\u{660}\u{661}\u{669}\u{660}",
            "010190\u{a0}9996",
            "010190-9996 ",
            "010190\u{ad}9996",
            "01 01 90",
            "010190 - 9996",
        ] {
            assert!(fits(text, "Birk-47", None, cpr), "{text}");
        }
        for text in ["01019", "9996", "0101909997", "010190x", "01019099960"] {
            assert!(!fits(text, "Birk-47", None, cpr), "{text}");
        }
        assert!(!fits("010190", "Birk-47", None, None), "what may not be seen is not compared");
        for text in ["010190-0ab2", "0101900AB2", "010190 0A", "010190"] {
            assert!(fits(text, "Birk-47", None, Some("0101900AB2")), "{text}");
        }
    }

    #[test]
    fn each_reason_is_told() {
        let her = Her { aliases: vec!["Birk-47"], names: vec!["Anna Lund Møller"], numbers: vec!["0101909996"] };
        let newcomer = |name: Option<&'static str>, cpr: Option<&'static str>, birth: Option<&str>| Newcomer {
            names: name.into_iter().collect(),
            numbers: cpr.into_iter().collect(),
            birth_date: birth.map(|day| day.parse().unwrap()),
        };
        let why = |name, cpr, birth| newcomer(name, cpr, birth).why(&her);
        assert_eq!(why(None, Some("010190\u{2013}9996"), None), [Why::Cpr, Why::BirthDate]);
        assert_eq!(why(Some("møller anna LUND"), None, None), [Why::Name]);
        assert_eq!(why(Some("AnnaLund Moller"), None, None), [Why::Name]);
        assert_eq!(why(Some("Anna Moeller"), None, None), [Why::NameAlike]);
        assert_eq!(why(Some("Anna"), None, None), [Why::NameAlike]);
        assert_eq!(why(Some("Hanne"), None, Some("1990-01-01")), [Why::BirthDate]);
        assert_eq!(why(Some("Hanne"), Some("6101909990"), None), [Why::BirthDate], "a replacement number");
        assert_eq!(why(Some("Hanne"), Some("010190-0AB2"), None), [Why::BirthDate], "one with letters");
        assert!(why(Some("Anne Lund"), Some("0201909996"), Some("1990-01-02")).is_empty());
        assert!(why(Some("Birk"), None, None).is_empty() && why(None, None, None).is_empty());
        let nameless = Her { aliases: vec!["Birk-47"], ..Her::default() };
        assert!(newcomer(Some("Anna"), Some(""), None).why(&nameless).is_empty());
        let likely = |name, cpr, birth| newcomer(name, cpr, birth).is_likely(&her).is_some();
        assert!(likely(None, Some("0101909996"), None) && likely(Some("Anna Lund Møller"), Some("0101901234"), None));
        assert!(
            !likely(Some("Anna Lund Møller"), Some("0201901234"), None)
                && !likely(Some("Hanne"), Some("0101901234"), None)
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..Default::default() })]

        #[test]
        fn whatever_is_typed_is_compared(text in any::<String>(), name in any::<String>()) {
            let her = Her { aliases: vec!["Birk-47"], names: vec![&name], numbers: vec![&text] };
            let fits = Sought::parse(&name).is_none_or(|sought| sought.fits(&her));
            prop_assert!(fits || words(&name).is_empty(), "a name is found by itself");
            let _ = Sought::parse(&text).map(|sought| sought.sounds_like(&her));
            let _ = Newcomer { names: vec![&text], numbers: vec![&name], birth_date: None }.why(&her);
        }
    }
}
