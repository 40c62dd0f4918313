//! Whether a text holds the number of a bank account, an IBAN or a payment card.
//!
//! A small scanner over words and what stands between them, in the plain form of numbers ([`kit::normal::plain`]): whoever reads the number can take or trace her money. It goes by form
//! alone, so a slip of the finger is found as well. Where a form is ambiguous it refuses: a comma mends that, nothing mends the
//! other. Deliberately absent: check digits, and CPR and phone numbers, which are searched for where a text leaves.

use kit::normal::plain;

/// Digits of a registration number.
const REGISTRATION: usize = 4;
/// Digits of the account number behind it.
const ACCOUNT: std::ops::RangeInclusive<usize> = 7..=10;
/// Digits of either written as one, and of a card.
const UNBROKEN: std::ops::RangeInclusive<usize> = 11..=19;
/// The most digits of a phone number after its "+".
const PHONE: usize = 15;
/// More numbers in a row than these make neither an account nor a phone number; a text of nothing but digits is read quickly.
const ROW: usize = 16;
/// What follows the country and check digits of an IBAN, in characters.
const IBAN_REST: std::ops::RangeInclusive<usize> = 10..=30;
/// Digits that every country's IBAN has at least behind its check digits; a reference of letters has fewer.
const IBAN_DIGITS: usize = 8;
/// The characters of a UUID's parts.
const UUID: [usize; 5] = [8, 4, 4, 4, 12];
/// What an account number is announced with: "lønkonto 1234567", "kontonr. 1234567".
const ANNOUNCED: [&str; 4] = ["konto", "kontonr", "kontonummer", "kto"];
/// What a registration number is announced with.
const REGISTERED: [&str; 3] = ["reg", "regnr", "registreringsnummer"];
/// What numbers of cases and of public payers are announced with.
const CASES: [&str; 8] = ["sag", "sagsnr", "sagsnummer", "j", "jnr", "journalnr", "ean", "eannr"];
/// What may stand between such a word and the number.
const BETWEEN: [&str; 4] = ["nr", "nummer", "er", "no"];

/// Letters and digits, and what stands between them and the word before.
#[derive(Clone, Copy)]
struct Word<'a> {
    gap: &'a str,
    text: &'a str,
}

/// How a word hangs on to the one before it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Joint {
    /// Spaces on one line.
    Space,
    /// A line break, perhaps with spaces.
    Line,
    /// A hyphen, dot, slash or another sign alone: of dates, sums and case numbers, and before an account number.
    Tight,
    /// A hyphen or slash with a space beside it.
    Dash,
    /// Anything else: another thought.
    Apart,
}

impl Word<'_> {
    /// How many digits it is made of; `None` where anything else is in it.
    fn digits(self) -> Option<usize> {
        self.text.bytes().all(|byte| byte.is_ascii_digit()).then_some(self.text.len())
    }

    fn joint(self) -> Joint {
        let space = |c: char| c.is_whitespace() && c != '\n';
        let bare = self.gap.trim_matches(space);
        let mut inside = bare.chars();
        match (inside.next(), inside.next()) {
            (None, _) => Joint::Space,
            (Some('\n'), None) => Joint::Line,
            (Some('-' | '/'), None) if bare.len() < self.gap.len() => Joint::Dash,
            (Some('-' | '.' | '/' | ',' | '_' | ':' | '|' | '\\' | '*' | '~' | '·' | '•' | '\''), None)
                if bare.len() == self.gap.len() =>
            {
                Joint::Tight
            }
            _ => Joint::Apart,
        }
    }

    /// A year that a text about a life may name.
    fn is_year(self) -> bool {
        self.text.len() == 4 && (self.text.starts_with("19") || self.text.starts_with("20"))
    }
}

/// Whether the number of an account or a card stands in the text.
pub(super) fn stands_in(text: &str) -> bool {
    let plain = plain(text);
    let words = without_ids(&words(&plain));
    (0..words.len()).any(|at| {
        let (before, rest) = words.split_at(at);
        let bare = begins(before, rest) && (is_account(before, rest) || is_unbroken(rest) || is_card(rest));
        bare || is_iban(rest) || is_announced(before, rest)
    })
}

fn words(text: &str) -> Vec<Word<'_>> {
    let (mut words, mut left) = (Vec::new(), text);
    while let Some(start) = left.find(char::is_alphanumeric) {
        let (gap, from) = left.split_at(start);
        let end = from.find(|c: char| !c.is_alphanumeric()).unwrap_or(from.len());
        let (word, after) = from.split_at(end);
        words.push(Word { gap, text: word });
        left = after;
    }
    words
}

/// A UUID becomes one word that is no number: its parts look like anything.
fn without_ids<'a>(words: &[Word<'a>]) -> Vec<Word<'a>> {
    let hex = |word: &Word<'_>| word.text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_id = |rest: &[Word<'_>]| {
        rest.len() >= UUID.len()
            && rest.iter().zip(UUID).all(|(word, length)| hex(word) && word.text.len() == length)
            && rest.iter().take(UUID.len()).skip(1).all(|word| word.gap == "-")
    };
    let (mut kept, mut left) = (Vec::with_capacity(words.len()), words);
    while let Some((first, after)) = left.split_first() {
        let unbroken = hex(first) && first.text.len() == UUID.iter().sum::<usize>();
        if unbroken || is_id(left) {
            kept.push(Word { gap: first.gap, text: "id" });
            left = if unbroken { after } else { left.get(UUID.len()..).unwrap_or_default() };
        } else {
            kept.push(*first);
            left = after;
        }
    }
    kept
}

/// Whether a number begins here, and is not the end of a date, a sum or a foreign phone number, nor a case's.
fn begins(before: &[Word<'_>], rest: &[Word<'_>]) -> bool {
    let Some(word) = rest.first() else { return false };
    let goes_on = before.last().is_some_and(|last| last.digits().is_some()) && word.joint() == Joint::Tight;
    !goes_on && !is_abroad(before, rest) && !said(before, |word| CASES.contains(&word))
}

/// Whether a "+" stands before the numbers that lead up to here, and all of them are no more than a phone number.
fn is_abroad(before: &[Word<'_>], rest: &[Word<'_>]) -> bool {
    let ahead: usize = groups(rest, |joint| joint == Joint::Space).sum();
    let mut digits = ahead;
    let mut first = rest.first();
    for word in before.iter().rev().take(ROW) {
        let joined = first.is_some_and(|first| first.joint() == Joint::Space);
        let Some(length) = word.digits().filter(|_| joined) else { break };
        digits += length;
        first = Some(word);
    }
    digits <= PHONE && first.is_some_and(|first| first.gap.ends_with('+'))
}

/// The lengths of the numbers from the first word on, as long as each is joined so to the one before.
fn groups<'a>(rest: &'a [Word<'_>], joined: impl Fn(Joint) -> bool + 'a) -> impl Iterator<Item = usize> + 'a {
    let together = rest.iter().enumerate().take_while(move |(at, word)| *at == 0 || joined(word.joint()));
    together.map_while(|(_, word)| word.digits()).take(ROW)
}

/// 4 digits, then 7 to 10, which may be grouped by spaces.
fn is_account(before: &[Word<'_>], rest: &[Word<'_>]) -> bool {
    let Some((registration, number)) = rest.split_first() else { return false };
    let announced = said(before, |word| REGISTERED.contains(&word));
    let joined = |word: &Word<'_>| word.joint() != Joint::Apart || (announced && is_near(*word));
    if registration.digits() != Some(REGISTRATION) || !number.first().is_some_and(joined) {
        return false;
    }
    let groups: Vec<_> = groups(number, |joint| joint == Joint::Space).collect();
    // "0045 12 34 56 78", and "i 2026 12 34 56 78".
    let in_pairs = groups.iter().take_while(|length| **length == 2).count() == 4;
    let phone = registration.text == "0045" && groups.iter().sum::<usize>() == 8;
    let years = |count: usize| number.iter().take(count).all(|word| word.is_year());
    if phone || (registration.is_year() && in_pairs && groups.len() == 4) {
        return false;
    }
    let (mut digits, mut whole) = (0, true);
    groups.iter().enumerate().any(|(at, length)| {
        digits += length;
        let account = whole && ACCOUNT.contains(&digits) && !(registration.is_year() && years(at + 1));
        let account = account && !is_sum(number.get(at + 1));
        // What comes after a long number counts something else ("2026-123456 2 samtaler").
        whole &= *length < 6;
        account
    })
}

/// Registration and account number, or a card's, without a break.
fn is_unbroken(rest: &[Word<'_>]) -> bool {
    let Some(word) = rest.first() else { return false };
    let phone = word.text.len() == 12 && word.text.starts_with("0045");
    word.digits().is_some_and(|digits| UNBROKEN.contains(&digits)) && !phone
}

/// Groups as they are embossed on cards.
fn is_card(rest: &[Word<'_>]) -> bool {
    let groups: Vec<_> = groups(rest, |joint| joint != Joint::Apart).collect();
    let years = rest.iter().take(4).all(|word| word.is_year());
    matches!(groups.as_slice(), [4, 6, 4 | 5, ..]) || (matches!(groups.as_slice(), [4, 4, 4, 1..=4, ..]) && !years)
}

/// Two letters, two digits, then 10 to 30 letters and digits, which may be grouped by spaces.
fn is_iban(rest: &[Word<'_>]) -> bool {
    let Some((first, after)) = rest.split_first() else { return false };
    let Some((head, tail)) = first.text.split_at_checked(4).filter(|_| first.text.is_ascii()) else { return false };
    let (country, check) = head.split_at(2);
    // In small letters only her own country's: "nr12" begins much that is no account.
    let named = country.bytes().all(|byte| byte.is_ascii_uppercase()) || country.eq_ignore_ascii_case("dk");
    if !named || !check.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let group = |word: &&Word<'_>| {
        let mut bytes = word.text.bytes();
        let code = word.text.len() == 4 && word.text.bytes().all(|byte| byte.is_ascii_uppercase());
        word.joint() == Joint::Space && word.text.is_ascii() && (code || bytes.any(|byte| byte.is_ascii_digit()))
    };
    let parts = std::iter::once(tail).chain(after.iter().take_while(group).map(|word| word.text));
    let (mut length, mut digits) = (0, 0);
    parts.into_iter().any(|part| {
        length += part.len();
        digits += part.bytes().filter(u8::is_ascii_digit).count();
        IBAN_REST.contains(&length) && digits >= IBAN_DIGITS
    })
}

/// A number that a word for it announces: "reg. 1234, konto nr. 1234567". Not a sum of money, nor eight digits in pairs.
fn is_announced(before: &[Word<'_>], rest: &[Word<'_>]) -> bool {
    let announced = said(before, |word| {
        let word = word.strip_suffix("et").unwrap_or(word);
        ANNOUNCED.iter().any(|end| word.ends_with(end))
    });
    let groups: Vec<_> = groups(rest, |joint| joint == Joint::Space).collect();
    let fits = groups != [2, 2, 2, 2] && ACCOUNT.contains(&groups.iter().sum::<usize>());
    announced && fits && rest.first().is_some_and(|word| is_near(*word)) && !is_sum(rest.get(groups.len()))
}

/// Whether the last word before says so, or the one before "nr." and the like.
fn said(before: &[Word<'_>], so: impl Fn(&str) -> bool) -> bool {
    let mut said = before.iter().rev().take(3).map(|word| word.text.to_lowercase());
    said.find(|word| !BETWEEN.contains(&word.as_str())).is_some_and(|word| so(&word))
}

/// Whether hardly anything stands before a word.
fn is_near(word: Word<'_>) -> bool {
    word.gap.chars().count() <= 3 && !word.gap.contains('+')
}

/// Whether what follows a number makes it a sum of money.
fn is_sum(after: Option<&Word<'_>>) -> bool {
    after.is_some_and(|word| {
        let unit = ["kr", "kroner", "dkk", "øre"].contains(&word.text.to_lowercase().as_str());
        unit || (word.joint() == Joint::Tight && word.digits() == Some(2))
    })
}
