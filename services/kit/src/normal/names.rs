//! Names as people look for them: by words, with and without the letters that their keyboard lacks, and by how they sound.
//!
//! Two names of one form need not be one name: who searches sees both. Deliberately absent: other scripts' letters in Latin ones.

use super::{characters::is_apostrophe, fold};
use unicode_normalization::UnicodeNormalization;

/// A text's words as they are looked for. "O'Brien" is one word, "Al-Zahra" are two.
#[must_use]
pub fn words(text: &str) -> Vec<String> {
    let folded: String = fold(text).chars().filter(|c| !is_apostrophe(*c)).collect();
    let parts = folded.split(|c: char| !is_of_a_word(c)).filter(|word| !word.is_empty());
    parts.map(letters).filter(|word| !word.is_empty()).collect()
}

/// Letters, digits, and the marks that some scripts write vowels with.
fn is_of_a_word(c: char) -> bool {
    c.is_alphanumeric() || unicode_normalization::char::is_combining_mark(c)
}

/// A folded word in the letters that everybody types: å is aa or a, ø is oe or o, ł is l, and each pair is one letter. A word's beginning
/// has the beginning of its form.
#[must_use]
pub fn letters(folded: &str) -> String {
    let base: String = folded.nfd().filter(|c| !is_accent(*c)).collect::<String>().nfc().collect();
    let mut spelled = String::with_capacity(base.len());
    for c in base.chars() {
        match plain_letter(c) {
            Some(letters) => spelled.push_str(letters),
            None => spelled.push(c),
        }
    }
    // What is spelled with two letters for want of one is that one.
    let mut short = String::with_capacity(spelled.len());
    let mut left = spelled.as_str();
    while let Some(first) = left.chars().next() {
        let pairs = [("aa", 'a'), ("ae", 'a'), ("oe", 'o'), ("ue", 'u'), ("th", 't'), ("dj", 'd')];
        let pair = pairs.into_iter().find(|(pair, _)| left.starts_with(pair));
        short.push(pair.map_or(first, |(_, letter)| letter));
        left = left.get(pair.map_or(first.len_utf8(), |(pair, _)| pair.len())..).unwrap_or_default();
    }
    short
}

/// Accents of the scripts whose people leave them out: Latin, Greek, Cyrillic, Hebrew, Arabic. Other scripts write vowels so.
fn is_accent(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' | '\u{483}'..='\u{487}' | '\u{591}'..='\u{5c7}' | '\u{610}'..='\u{61a}'
        | '\u{640}' | '\u{64b}'..='\u{65f}' | '\u{670}' | '\u{6d6}'..='\u{6dc}' | '\u{6df}'..='\u{6e8}'
        | '\u{6ea}'..='\u{6ed}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}'
        | '\u{fe20}'..='\u{fe2f}')
}

/// Letters that are no letter with an accent, as they are typed without the key for them.
fn plain_letter(c: char) -> Option<&'static str> {
    Some(match c {
        'æ' | 'ǽ' => "ae",
        'œ' => "oe",
        'ø' | 'ɵ' | 'ɔ' => "o",
        'ł' | 'ƚ' => "l",
        'đ' | 'ð' | 'ɖ' => "d",
        'ħ' => "h",
        'þ' => "th",
        'ŧ' => "t",
        'ŋ' => "ng",
        'ĸ' => "k",
        'ƶ' => "z",
        'ɨ' => "i",
        'ə' | 'ǝ' | 'ɛ' => "e",
        // One letter on an Arabic keyboard and another on a Persian or Kurdish one.
        'ى' | 'ی' | 'ې' | 'ێ' => "ي",
        'ک' | 'ڪ' => "ك",
        'ة' | 'ہ' | 'ە' | 'ھ' | 'ۀ' => "ه",
        'ٱ' => "ا",
        _ => return None,
    })
}

/// How a word sounds to a Danish ear, of its [`fold`]ed form: what is spelled otherwise and said alike has one form. Empty for what is
/// not written in Latin letters.
#[must_use]
pub fn sounds(folded: &str) -> String {
    let folded: String = fold(folded).chars().filter(|c| c.is_alphabetic()).collect();
    // Where æ and ø are letters of their own they sound as e and o.
    let heard = folded.replace(['æ', 'ä'], "e").replace("ae", "e").replace(['ø', 'ö', 'å'], "o");
    let heard = heard.replace("aa", "o").replace("oe", "o").replace(['ü'], "y").replace("ue", "y");
    let mut heard = letters(&heard);
    if !heard.is_ascii() {
        return String::new();
    }
    for (spelled, said) in [
        ("sch", "s"),
        ("ch", "k"),
        ("ck", "k"),
        ("ph", "f"),
        ("sh", "s"),
        ("gh", "g"),
        ("hv", "v"),
        ("hj", "j"),
        ("ce", "se"),
        ("ci", "si"),
        ("cy", "sy"),
        ("c", "k"),
        ("q", "k"),
        ("x", "ks"),
        ("z", "s"),
        ("w", "v"),
        ("ou", "u"),
        ("y", "i"),
        ("j", "i"),
        ("ei", "ai"),
        ("nd", "n"),
        ("ld", "l"),
        ("dt", "t"),
    ] {
        heard = heard.replace(spelled, said);
    }
    let mut short = String::with_capacity(heard.len());
    for (at, c) in heard.chars().enumerate() {
        let silent = c == 'h' && at > 0;
        if !silent && !short.ends_with(c) {
            short.push(c);
        }
    }
    short
}
