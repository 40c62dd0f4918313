//! What a woman is called where nobody needs her name: a Danish tree or bird and a number, "Birk-47".
//!
//! Made of her aggregate's id under the service's secret, so that it is the same whenever it is made, and tells nothing. Aliases never
//! run out: each choice is drawn anew, of more than the one before. Deliberately absent: who has which alias at a centre, which the
//! service's claims know.

use super::event::Alias;
use kit::{AggregateId, ids::Secret, normal::unique};

const WORDS: [&str; 32] = [
    "Birk",
    "Eg",
    "Bøg",
    "Elm",
    "Lind",
    "Hassel",
    "Hyld",
    "Poppel",
    "Røn",
    "Tjørn",
    "Gran",
    "Fyr",
    "Lærk",
    "Taks",
    "Ahorn",
    "Kastanje",
    "Solsort",
    "Musvit",
    "Stær",
    "Vibe",
    "Spurv",
    "Bogfinke",
    "Dompap",
    "Rødhals",
    "Drossel",
    "Ugle",
    "Trane",
    "Stork",
    "Terne",
    "Mejse",
    "Skade",
    "Edderfugl",
];

/// The most digits a made alias has: so many numbers that some are free.
const MOST_DIGITS: u32 = 9;

/// What the claims on aliases begin with.
const CLAIM: &str = "alias/";

/// The alias that is made for her. The first choice has two digits; each further one has one digit more than the one before, from four on.
#[must_use]
pub fn made(secret: &Secret, aggregate: AggregateId, choice: u32) -> Option<Alias> {
    let (aggregate, again) = (aggregate.to_string(), (choice > 0).then(|| choice.to_string()));
    let parts: Vec<&str> = ["made-alias", aggregate.as_str()].into_iter().chain(again.as_deref()).collect();
    let bits = secret.opaque(&parts).as_u128();
    let word = WORDS.get(usize::from(bits.to_le_bytes()[0]) % WORDS.len())?;
    let least = 10_u128.pow(if choice == 0 { 1 } else { choice.saturating_add(2).min(MOST_DIGITS - 1) });
    let number = least + ((bits >> 8) & 0xffff_ffff) % (9 * least);
    Alias::try_from(format!("{word}-{number}")).ok()
}

/// The claims on an alias: one for each form in which it looks like another.
pub(super) fn claims(alias: &Alias) -> impl Iterator<Item = String> {
    unique(alias.as_str()).into_iter().map(|form| format!("{CLAIM}{form}"))
}

/// Whether a claim is one on an alias.
pub(super) fn is_claim(claim: &str) -> bool {
    claim.starts_with(CLAIM)
}
