//! What a woman is called where nobody needs her name: a Danish tree or bird and a number, "Birk-47".
//!
//! Made of her aggregate's id under the service's secret, so that it is the same whenever it is made, and tells nothing. Deliberately
//! absent: who has which alias at a centre, which the service's claims know.

use super::event::Alias;
use kit::Context;
use uuid::Uuid;

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

/// Whether the first choice is free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    /// It may be.
    First,
    /// Another woman at the centre has it: a number out of so many that nobody has it yet.
    Another,
}

/// The alias that is made for her.
pub(super) fn made(context: &Context<'_>, choice: Choice) -> Option<Alias> {
    let bits = context.secret.opaque(&["made-alias", &context.aggregate.to_string()]).as_u128();
    let word = WORDS.get(usize::from(bits.to_le_bytes()[0]) % WORDS.len())?;
    let number = (bits >> 8) & 0xffff_ffff;
    let number = match choice {
        Choice::First => 10 + number % 90,
        Choice::Another => 1000 + number % 9000,
    };
    Alias::try_from(format!("{word}-{number}")).ok()
}

/// What stands for an alias at this centre, however it is written.
pub(super) fn slot(alias: &Alias, context: &Context<'_>) -> Uuid {
    let written: String = alias.as_str().chars().filter(|c| !c.is_whitespace()).collect();
    context.secret.opaque(&["alias", &context.centre.to_string(), &written.to_lowercase()])
}

/// The claim on an alias.
pub(super) fn claim(slot: Uuid) -> String {
    format!("alias/{slot}")
}
