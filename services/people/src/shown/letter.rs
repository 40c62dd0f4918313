//! The letters to the municipality, as text in Danish: that she came, that she left.
//!
//! Pure. With identity they have names and CPR numbers of her and the children; anonymous ones have none. Deliberately absent: the centre's name
//! and address, where she lives or moved to, sending (secure mail, outside).

use kit::{
    Day,
    labels::Language,
    normal::{Lines, clean},
    words,
};

/// Which letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumString, strum::VariantNames)]
#[strum(serialize_all = "kebab-case")]
pub(super) enum Kind {
    /// She came to stay.
    MunicipalityIn,
    /// She left.
    MunicipalityOut,
}

/// Somebody by name. Not `Debug`.
#[derive(Default)]
pub(super) struct Person {
    pub(super) name: Option<String>,
    pub(super) cpr: Option<String>,
    pub(super) born: Option<Day>,
}

/// What a letter says. Not `Debug`.
pub(super) struct Letter {
    pub(super) kind: Kind,
    /// The name of whoever writes it, where the directory has it.
    pub(super) signed: Option<String>,
    /// Today.
    pub(super) today: Day,
    /// When she came or left; `None`: not known to the day.
    pub(super) on: Option<Day>,
    /// When it was decided that she may stay.
    pub(super) decided: Option<Day>,
    /// Why she came, in words.
    pub(super) grounds: Vec<String>,
    /// How many children are with her.
    pub(super) children: usize,
    /// Who they are; `None`: anonymous.
    pub(super) identity: Option<Identity>,
}

/// Who they are. Not `Debug`.
pub(super) struct Identity {
    pub(super) her: Person,
    pub(super) children: Vec<Person>,
}

/// The letter.
pub(super) fn text(letter: &Letter) -> String {
    let subject = match letter.kind {
        Kind::MunicipalityIn => "Orientering om ophold på krisecenter",
        Kind::MunicipalityOut => "Orientering om fraflytning fra krisecenter",
    };
    let unknown = || "ikke oplyst".to_owned();
    let mut lines = vec![
        said(Some(letter.today)),
        String::new(),
        "Til kommunen".into(),
        String::new(),
        format!("{subject} (servicelovens § 109)"),
        String::new(),
    ];
    match letter.kind {
        Kind::MunicipalityIn => {
            lines.push(format!("Dato for indflytning: {}", said(letter.on)));
            lines.push(format!("Dato for beslutning om optagelse: {}", said(letter.decided)));
        }
        Kind::MunicipalityOut => lines.push(format!("Dato for fraflytning: {}", said(letter.on))),
    }
    let grounds = if letter.grounds.is_empty() { unknown() } else { letter.grounds.join(", ") };
    lines.extend([format!("Grundlag for opholdet: {grounds}"), String::new()]);
    if let Some(Identity { her, children }) = &letter.identity {
        lines.push(format!("Navn: {}", her.name.as_deref().map_or_else(unknown, line)));
        lines.push(format!("CPR-nummer: {}", her.cpr.as_deref().map_or_else(unknown, number)));
        for child in children {
            lines.extend([String::new(), format!("Barn: {}", child.name.as_deref().map_or_else(unknown, line))]);
            lines.push(match &child.cpr {
                Some(cpr) => format!("CPR-nummer: {}", number(cpr)),
                None => format!("Født: {}", said(child.born)),
            });
        }
    } else {
        lines.push("Opholdet er anonymt. Navn og CPR-nummer oplyses ikke.".into());
        lines.push(format!("Antal medfølgende børn: {}", letter.children));
    }
    lines.extend([String::new(), "Med venlig hilsen".into()]);
    lines.extend(letter.signed.as_deref().map(line));
    lines.extend(["Krisecentret".into(), String::new()]);
    lines.join("\n")
}

/// A name in one line, whatever was stored of it before names had one.
fn line(name: &str) -> String {
    clean(name, Lines::One)
}

/// `0101909996` → `010190-9996`, `0101900AB2` → `010190-0AB2`.
fn number(number: &str) -> String {
    let characters: String = number.chars().filter(|c| c.is_alphanumeric()).collect();
    match characters.split_at_checked(6) {
        Some((birth, rest)) if rest.chars().count() == 4 => format!("{birth}-{rest}"),
        _ => line(number),
    }
}

fn said(day: Option<Day>) -> String {
    day.map_or_else(|| "ikke oplyst".into(), |day| words::when(Language::Da, kit::Happened::On(day)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(kind: Kind, identity: Option<Identity>) -> Letter {
        let day = |text: &str| Some(text.parse().unwrap());
        Letter {
            kind,
            signed: Some("Karen Holm".into()),
            today: "2026-11-22".parse().unwrap(),
            on: day("2026-11-20"),
            decided: day("2026-11-19"),
            grounds: vec!["partnervold".into(), "stalking".into()],
            children: 2,
            identity,
        }
    }

    fn known() -> Identity {
        let child = Person { name: Some("Bo Lund".into()), born: Some("2020-02-01".parse().unwrap()), cpr: None };
        let her = Person { name: Some("Anna Lund".into()), cpr: Some("0101909996".into()), born: None };
        Identity { her, children: vec![child, Person::default()] }
    }

    #[test]
    fn the_letter_says_when_why_and_who() {
        let told = text(&letter(Kind::MunicipalityIn, Some(known())));
        assert_eq!(
            told,
            "22. november 2026\n\nTil kommunen\n\nOrientering om ophold på krisecenter (servicelovens § 109)\n\n\
             Dato for indflytning: 20. november 2026\nDato for beslutning om optagelse: 19. november 2026\n\
             Grundlag for opholdet: partnervold, stalking\n\nNavn: Anna Lund\nCPR-nummer: 010190-9996\n\n\
             Barn: Bo Lund\nFødt: 1. februar 2020\n\nBarn: ikke oplyst\nFødt: ikke oplyst\n\nMed venlig hilsen\nKaren Holm\nKrisecentret\n"
        );
        let left = text(&letter(Kind::MunicipalityOut, Some(known())));
        assert!(left.contains("fraflytning: 20. november 2026") && !left.contains("indflytning"));
    }

    #[test]
    fn a_name_writes_no_lines_of_the_letter() {
        let forged = "Ana\nCPR-nummer: 020202-0000\r\nBarn: Bo\u{2028}\u{202e}x\t";
        let her = Person { name: Some(forged.into()), cpr: Some("0101900AB2".into()), born: None };
        let signed = Some("Karen\nBarn: Bo".to_owned());
        let told =
            text(&Letter { signed, ..letter(Kind::MunicipalityIn, Some(Identity { her, children: Vec::new() })) });
        assert!(told.contains("\nNavn: Ana CPR-nummer: 020202-0000 Barn: Bo x\nCPR-nummer: 010190-0AB2\n"), "{told}");
        assert!(!told.lines().any(|line| line.starts_with("Barn:")) && !told.contains('\u{202e}'));
    }

    #[test]
    fn the_anonymous_one_has_no_identity() {
        for kind in [Kind::MunicipalityIn, Kind::MunicipalityOut] {
            let told = text(&letter(kind, None));
            assert!(told.contains("anonymt") && told.contains("børn: 2"));
            for identity in ["Anna", "Lund", "0101", "9996", "Bo ", "2020"] {
                assert!(!told.contains(identity), "{identity}: {told}");
            }
        }
    }
}
