//! Whole courses as text, to the letter: Danish and English, wide and narrow, plain and coloured.
//!
//! Deliberately absent: the timeline itself; its answers are put together in [`sample`].

mod sample;

use super::{answer::Course, page::Look, paint::Paint, show};
use kit::labels::Language::{self, Da, En};
use sample::{course, eventful, fact, happening, unseen};
use serde_json::{Value, json};

/// In the order in which domains are named.
const SERVICES: [&str; 4] = ["housing", "legal", "safety", "aftercare"];

fn shown(course: &Value, language: Language, coloured: bool, width: usize) -> String {
    let course: Course = serde_json::from_value(course.clone()).unwrap();
    show::course(&course, Look { language, paint: Paint::new(coloured), width, services: &SERVICES })
}

/// What stands below the head and what is open.
fn history(entries: &[Value]) -> String {
    let text = shown(&course(&[], &[], entries), Da, false, 100);
    text.split_once("November 2026\n").unwrap().1.to_owned()
}

const EVENTFUL: &str = "\
Forløb for 149e8c36-745f-54de-8e64-054561e0026a
Krisecenter 9c1f7a52-0000-4000-8000-000000000001 · 11 registreringer siden 1. oktober 2026
Bolig 7 · Jura 1 · Sikkerhed 1 · Efterværn 1 · Økonomi 1
! Ufuldstændigt: noget i Økonomi kan ikke læses og er holdt tilbage.
! Ufuldstændigt: noget i people kan ikke læses og er holdt tilbage.

Åbent nu: 5

  2 overskredet
  ! Økonomi    Spørg til ydelsen
               Overskredet med 12 dage (9. november 2026) · Ansvarlig: ingen endnu ·
               Centrets praksis
  ! Efterværn  Ring til hende
               Overskredet med 1 dag (20. november 2026) · Ansvarlig: systemet · Centrets praksis

  1 i dag
    Jura       Forbered møde
               I dag (21. november 2026 kl. 15.30) · Ansvarlig: anna · Centrets praksis

  1 kommende
    Bolig      Svar på boligtilbud
               Om 13 dage (4. december 2026) · Ansvarlig: bodil · Centrets praksis

  1 uden dato
    Sikkerhed  Aftal ny gennemgang af sikkerheden
               Ansvarlig: ingen endnu

November 2026
  20. nov.  Efterværn  ! Livlinen brugt  kl. 19.05 · nr. 3 · anna
                           Emne: Utryghed
                           Uddybning: Hun ringede om aftenen og er bange for at være alene i
                           lejligheden. Vi talte om, hvem hun kan ringe til om natten, og aftalte at
                           ses i morgen.
                           Hun vil gerne have en bisidder med til mødet på torsdag.
  19. nov.  Bolig        Notat til nr. 3 (Boligtilbud)  nr. 9 · bodil
                           Hun håber på netop den.
  19. nov.  Bolig        Opfølgning flyttet: Svar på boligtilbud · Frist: 4. december 2026 ·
                         Begrundelse: Udlejer giver to uger mere.  nr. 8 · anna
  12. nov.  Bolig        Rettet nr. 3 (Boligtilbud)  nr. 7 · bodil
  12. nov.  Bolig      • Boligtilbud  nr. 3 · anna
                           Husleje om måneden: 4.750,00 kr. · Antal værelser: 3
                           Notat: Brevet kom med posten.
                           Rettet 15. november 2026 af bodil.
                           Oprindeligt: 10. november 2026 · Husleje om måneden: 4.500,00 kr. ·
                           Antal værelser: ikke angivet
  11. nov.  Bolig        Fejlregistreret nr. 5 (Kæledyr i pleje)  nr. 6 · anna
  11. nov.  Bolig        Kæledyr i pleje (fejlregistreret)  nr. 5 · vikar
                           Hvor: Skjult
                           Fejlregistreret 11. november 2026 af anna.
                           Begrundelse: Skrevet på den forkerte sag.

Oktober 2026
  30. okt.  Sikkerhed  ! Trussel  nr. 1 · anna
                           Uddybning: Slettet
  ukendt    Økonomi      Gæld kortlagt  nr. 1 · anna
                           Oplysningerne kan ikke læses.
  i okt.    Jura         Juridisk afklaring  nr. 1 · anna
                           Områder: Forældremyndighed, Tilhold
   1. okt.  Bolig        Sag åbnet  nr. 1 · systemet";

#[test]
fn a_course_reads_from_what_is_late_to_what_is_long_ago() {
    assert_eq!(shown(&eventful(), Da, false, 100), EVENTFUL);
}

/// As it stands: corrected, erased, hidden, or said in error.
#[test]
fn the_heading_says_what_she_is_called() {
    let heading = |entries: &[Value]| {
        let text = shown(&course(&[], &[], entries), Da, false, 100);
        text.lines().next().unwrap().replace("149e8c36-745f-54de-8e64-054561e0026a", "her")
    };
    let named = |version, event, fact: Value, with: Value| {
        happening("people", version, (event, "…"), "2026-11-01", &[fact], &with)
    };
    let alias = |text: &str| fact("alias", "Alias", text);
    let registered = |fact| named(2, "WomanRegistered", fact, json!({}));
    assert_eq!(heading(&[registered(alias("Birk-47"))]), "Forløb for Birk-47 (her)");
    let correction = named(3, "EntryCorrected", alias("Eg-12"), json!({ "corrects": 2 }));
    let original = json!({ "happened": "2026-11-01", "readable": true, "facts": [alias("Birk-47")] });
    let corrected = json!({ "standing": "corrected", "original": original });
    assert_eq!(
        heading(&[correction, named(2, "WomanRegistered", alias("Eg-12"), corrected)]),
        "Forløb for Eg-12 (her)"
    );
    assert_eq!(heading(&[registered(unseen("alias", "Alias", "erased"))]), "Forløb for Slettet (her)");
    assert_eq!(heading(&[registered(unseen("alias", "Alias", "masked"))]), "Forløb for her");
    let slip = named(2, "WomanRegistered", alias("Birk-47"), json!({ "standing": "in_error" }));
    assert_eq!(heading(&[slip]), "Forløb for her");
}

#[test]
fn colours_add_nothing_but_colours() {
    let coloured = shown(&eventful(), Da, true, 100);
    let plain = coloured.split('\u{1b}').enumerate().map(|(at, part)| match (at, part.split_once('m')) {
        (1.., Some((_, text))) => text,
        _ => part,
    });
    assert_eq!(plain.collect::<String>(), EVENTFUL);
    for expected in [
        "\u{1b}[1;31m2 overskredet\u{1b}[0m",
        "\u{1b}[1;31mOverskredet med 12 dage\u{1b}[0m",
        "\u{1b}[2;9mKæledyr i pleje\u{1b}[0m",
        "\u{1b}[1m•\u{1b}[0m \u{1b}[1mBoligtilbud\u{1b}[0m",
        // A day's second entry repeats the day only for the sake of the line.
        "\u{1b}[2m11. nov.\u{1b}[0m",
    ] {
        assert!(coloured.contains(expected), "{expected:?}");
    }
}

#[test]
fn every_entry_of_a_domain_has_its_colour() {
    let coloured = shown(&eventful(), Da, true, 100);
    let of = |domain: &str| {
        let code = |line: &str| {
            line.split_once(domain).and_then(|(before, _)| before.rsplit_once('\u{1b}')).unwrap().1.to_owned()
        };
        let lines = coloured.lines().skip(5).filter(|line| line.contains(domain));
        lines.map(code).collect::<std::collections::BTreeSet<_>>()
    };
    let all = ["Bolig", "Jura", "Sikkerhed", "Efterværn"].map(|domain| of(&format!("{domain}\u{1b}")));
    assert!(all.iter().all(|codes| codes.len() == 1), "{all:?}");
    assert_eq!(all.iter().collect::<std::collections::BTreeSet<_>>().len(), all.len());
}

#[test]
fn no_line_is_wider_than_the_terminal_or_ends_in_a_space() {
    for (language, width) in [(Da, 60), (En, 72), (Da, 80), (En, 200)] {
        let text = shown(&eventful(), language, false, width);
        for line in text.lines() {
            assert!(line.chars().count() <= width && line.trim_end() == line, "{width}: {line:?}");
        }
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(words(&text), words(&shown(&eventful(), language, false, 1000)));
    }
}

#[test]
fn english_says_the_same() {
    let text = shown(&eventful(), En, false, 80);
    for expected in [
        "11 entries since 1 October 2026\n",
        "\n! Incomplete: something in Finances cannot be read and is held back.\n",
        "\n  2 overdue\n  ! Finances   Ask about the benefit\n               12 days overdue (9 November 2026)",
        "\n  1 without a date\n",
        "\n  19 Nov    Housing      NoteWritten on no. 3 (HousingOfferMade)  no. 9 · bodil\n",
        "PetPlaced (recorded in error)  no. 5 · vikar\n",
        "\n                           Corrected 15 November 2026 by bodil.\n                           Originally: 10 November 2026 ·",
    ] {
        assert!(text.contains(expected), "{expected:?} in {text}");
    }
}

#[test]
fn a_course_with_nothing_in_it_says_so() {
    let expected = "\
Forløb for 149e8c36-745f-54de-8e64-054561e0026a
0 registreringer
! Ufuldstændigt: noget i housing kan ikke læses og er holdt tilbage.

Åbent nu: ingenting";
    assert_eq!(shown(&course(&[], &["housing"], &[]), Da, false, 100), expected);
}

fn risk(version: u64, event: (&str, &str), level: &str, plan: &str, with: &Value) -> Value {
    let facts = [fact("level", "Hvor høj?", level), fact("version", "Udgave", plan)];
    happening("safety", version, event, "2026-11-10", &facts, with)
}

#[test]
fn of_two_corrections_each_says_what_it_replaced() {
    let corrected = ("EntryCorrected", "Rettet");
    let note = happening(
        "safety",
        4,
        ("NoteWritten", "Notat"),
        "2026-11-10",
        &[fact("text", "Notat", "Talte forkert.")],
        &json!({ "corrects": 3, "recorded": "2026-11-12T09:00:00Z" }),
    );
    let entries = [
        note,
        risk(
            3,
            corrected,
            "Høj",
            "1",
            &json!({ "corrects": 1, "weight": "alert", "recorded": "2026-11-12T09:00:00Z" }),
        ),
        risk(
            2,
            corrected,
            "Middel",
            "1",
            &json!({ "corrects": 1, "recorded": "2026-11-11T09:00:00Z", "actor": "bodil" }),
        ),
        risk(
            1,
            ("RiskAssessed", "Risikovurdering"),
            "Høj",
            "1",
            &json!({ "standing": "corrected", "weight": "alert",
                "original": { "happened": "2026-11-10", "readable": true,
                    "facts": [fact("level", "Hvor høj?", "Lav"), fact("version", "Udgave", "2")] } }),
        ),
    ];
    let expected = "  10. nov.  Sikkerhed    Rettet nr. 1 (Risikovurdering)  nr. 3 · anna
                           Notat: Talte forkert.
  10. nov.  Sikkerhed    Rettet nr. 1 (Risikovurdering)  nr. 2 · bodil
  10. nov.  Sikkerhed  ! Risikovurdering  nr. 1 · anna
                           Hvor høj? Høj · Udgave: 1
                           Rettet 12. november 2026 af anna.
                           Før det: Hvor høj? Middel
                           Rettet 11. november 2026 af bodil.
                           Oprindeligt: Hvor høj? Lav · Udgave: 2";
    assert_eq!(history(&entries), expected);
}

#[test]
fn what_belongs_to_an_entry_that_is_not_there_stands_for_itself() {
    let entries = [
        risk(9, ("EntryCorrected", "Rettet"), "Høj", "1", &json!({ "corrects": 5 })),
        happening(
            "safety",
            8,
            ("NoteWritten", "Notat"),
            "2026-11-10",
            &[fact("text", "Notat", "Se nr. 5.")],
            &json!({ "corrects": 5 }),
        ),
        risk(7, ("RiskAssessed", "Risikovurdering"), "Lav", "2", &json!({ "standing": "corrected" })),
        // The same number in another case is another entry.
        risk(5, ("RiskAssessed", "Risikovurdering"), "Lav", "2", &json!({ "aggregate": "another" })),
    ];
    let expected = "  10. nov.  Sikkerhed    Rettet nr. 5  nr. 9 · anna
                           Hvor høj? Høj · Udgave: 1
  10. nov.  Sikkerhed    Notat til nr. 5  nr. 8 · anna
                           Se nr. 5.
  10. nov.  Sikkerhed    Risikovurdering (rettet senere)  nr. 7 · anna
                           Hvor høj? Lav · Udgave: 2
  10. nov.  Sikkerhed    Risikovurdering  nr. 5 · anna
                           Hvor høj? Lav · Udgave: 2";
    assert_eq!(history(&entries), expected);
}

const ESCAPE: char = '\u{1b}';

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 128, failure_persistence: None, ..Default::default() })]

    /// Whatever a timeline says, in any of its texts: it is shown or refused, in bounded lines, and none of it reaches the terminal as
    /// an order.
    #[test]
    fn any_answer_is_shown_or_refused(at in 0..400_usize, with in proptest::prelude::any::<String>(), width in 0..200_usize) {
        let mut answer = eventful();
        let places = texts(&mut answer, usize::MAX, "");
        texts(&mut answer, at % places, &with);
        if let Ok(course) = serde_json::from_value::<Course>(answer) {
            let look = Look { language: Da, paint: Paint::new(false), width, services: &SERVICES };
            let text = show::course(&course, look);
            proptest::prop_assert!(!text.contains(ESCAPE));
        }
    }
}

/// Puts another text in the place of the one of this number; how many there are.
fn texts(value: &mut Value, number: usize, with: &str) -> usize {
    fn each(value: &mut Value, count: &mut usize, number: usize, with: &str) {
        match value {
            Value::String(text) => {
                if *count == number {
                    with.clone_into(text);
                }
                *count += 1;
            }
            Value::Array(items) => items.iter_mut().for_each(|item| each(item, count, number, with)),
            Value::Object(members) => members.values_mut().for_each(|item| each(item, count, number, with)),
            _ => {}
        }
    }
    let mut count = 0;
    each(value, &mut count, number, with);
    count
}
