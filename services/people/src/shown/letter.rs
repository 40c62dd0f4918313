//! The letters to the municipality, as text in Danish: that she came, that she left.
//!
//! Pure. With identity they have names and CPR numbers of her and the children; anonymous ones have none. Deliberately absent: the centre's name
//! and address, where she lives or moved to, sending (secure mail, outside).

use kit::{Day, labels::Language, words};

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
        lines.push(format!("Navn: {}", her.name.clone().unwrap_or_else(unknown)));
        lines.push(format!("CPR-nummer: {}", her.cpr.as_deref().map_or_else(unknown, number)));
        for child in children {
            lines.extend([String::new(), format!("Barn: {}", child.name.clone().unwrap_or_else(unknown))]);
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
    lines.extend(letter.signed.clone());
    lines.extend(["Krisecentret".into(), String::new()]);
    lines.join("\n")
}

/// `0101909996` → `010190-9996`.
fn number(cpr: &str) -> String {
    let digits: String = cpr.chars().filter(char::is_ascii_digit).collect();
    match (digits.get(..6), digits.get(6..)) {
        (Some(birth), Some(rest)) if rest.len() == 4 => format!("{birth}-{rest}"),
        _ => cpr.to_owned(),
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
