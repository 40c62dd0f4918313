//! Spellings that are one, spellings that are two, and what holds for any text.

use super::*;
use proptest::prelude::*;

#[test]
fn what_shows_nothing_does_not_count() {
    for text in [
        "Åse",
        "A\u{30a}se",
        "ÅSE",
        "\u{c5}se\u{200b}",
        "\u{202e}Åse\u{202c}",
        "\u{feff}Å\u{ad}se",
        "\u{ff21}\u{30a}se",
        "Åse\u{2060}",
        "Å\u{e0061}se",
        "Å\u{3164}se",
        "Å\u{2800}se",
        "\u{2067}Åse\u{2069}",
        "Å\u{180e}se",
        "Å\u{34f}se",
    ] {
        assert_eq!(fold(text), "åse", "{text:?}");
    }
    assert_eq!(fold("Straße"), fold("STRASSE"));
    for turkish in ["Işıl", "IŞIL", "işil", "İşil", "ışıl", "i\u{307}şil"] {
        assert_eq!(fold(turkish), "işil", "{turkish:?}");
    }
    assert_eq!(fold("Birk\u{2011}47 \u{2019}\u{a0}x"), "birk-47 ' x");
    for nothing in
        ["", " ", "\u{200b}", "\u{2800}", "\u{3164}", "\u{ad}", "\u{200e}", "\u{301}", "\u{a0}\u{2003}", "\u{1160}"]
    {
        assert!(!shows_something(nothing), "{nothing:?}");
    }
    for something in ["-", "Ø", "李", "🌹", "٤", "علی"] {
        assert!(shows_something(something), "{something:?}");
    }
}

#[test]
fn a_text_is_stored_without_what_shows_nothing_and_in_its_lines() {
    for (text, one, many) in [
        ("Ana\nBarn: Bo", "Ana Barn: Bo", "Ana\nBarn: Bo"),
        ("Ana\r\nBo", "Ana Bo", "Ana\nBo"),
        ("Ana\u{2028}Bo\u{2029}x\u{85}y", "Ana Bo x y", "Ana\nBo\nx\ny"),
        ("Ana \u{202e}oB :nraB\u{202c}", "Ana oB :nraB", "Ana oB :nraB"),
        ("\u{2066}Ana\u{2069}\u{200f}\u{61c}", "Ana", "Ana"),
        ("Ana\tBo", "Ana Bo", "Ana\tBo"),
        (" Ana\u{a0}\u{a0} Lund ", "Ana Lund", " Ana   Lund "),
        ("Soe\u{ad}rensen", "Soe\u{ad}rensen", "Soe\u{ad}rensen"),
        ("0101\u{ad}90", "010190", "010190"),
        ("A\u{30a}se", "Åse", "Åse"),
        ("A\u{200b}\u{30a}se", "Åse", "Åse"),
        ("Bi\u{200c}rk", "Birk", "Birk"),
        ("\u{200c}علی\u{200c}رضا\u{200c}", "علی\u{200c}رضا", "علی\u{200c}رضا"),
    ] {
        assert_eq!(clean(text, Lines::One), one, "{text:?}");
        assert_eq!(clean(text, Lines::Many), many, "{text:?}");
    }
}

#[test]
fn what_looks_alike_has_a_form_in_common() {
    let clash = |one: &str, other: &str| !unique(one).is_disjoint(&unique(other));
    for (one, others) in [
        ("Åse", vec!["A\u{30a}se", "åse", "Å\u{200b}se"]),
        (
            "Birk-471",
            vec![
                "Birk\u{2011}471",
                "Birk\u{2011} 471",
                "Birk-471\u{200b}",
                "Birk\u{ad}-471",
                "\u{412}irk-471",
                "birk 471",
                "BIRK471",
                "Birk-\u{664}\u{667}\u{661}",
                "B\u{456}rk-471",
                "Bir\u{43a}-471",
                "\u{392}irk-471",
                "Birk\u{2212}471",
                "Birk\u{2013}471",
            ],
        ),
        ("Rosé", vec!["Rose\u{301}", "ROSÉ"]),
        ("Ellen", vec!["E\u{ff4c}len", "ELLEN", " Ellen ", "\u{415}llen", "Ell\u{435}n", "\u{395}llen"]),
        ("Ida", vec!["\u{406}da", "IDA", "ida", "İda", "ıda", "Id\u{430}"]),
        ("Вера", vec!["вера", "ВЕРА"]),
        ("Oda", vec!["\u{41e}da", "\u{39f}da", "\u{43e}da", "\u{3bf}da"]),
    ] {
        for other in others {
            assert!(clash(one, other), "{one} {other:?}");
        }
    }
    for (one, other) in [
        ("Birk-47", "Birk-48"),
        ("Rose", "Rosé"),
        ("Ella", "Elia"),
        ("Bøg-12", "Bog-12"),
        ("Eg-1-12", "Eg-11-2"),
        ("🌹", "🌻"),
        ("-", "+"),
        ("Ida", "Ada"),
        ("李", "娜"),
        ("Lorna", "Loma"),
    ] {
        assert!(!clash(one, other), "{one} {other}");
    }
    assert!(unique("#").iter().all(|key| !key.contains('#') && !key.is_empty()));
}

#[test]
fn a_number_with_letters_is_one_however_it_is_spelled() {
    for text in [
        "A-17",
        "a17",
        "A 17",
        "A\u{2011}17",
        "\u{410}-17",
        "A\u{ad}-17",
        "\u{ff21}\u{ff11}\u{ff17}",
        "A-\u{661}\u{667}",
        "A\u{200b}17",
        "#A-17",
    ] {
        assert_eq!(numbered(text), "a17", "{text:?}");
    }
    assert_ne!(numbered("1-12"), numbered("11-2"));
    assert_eq!(numbered("1\u{2013}12"), numbered("1/12"));
}

#[test]
fn a_word_is_compared_as_it_is_said() {
    for text in [
        "blåbær",
        "bla\u{30a}bær",
        "BLÅBÆR",
        " blåbær. ",
        "blå\u{ad}bær",
        "blåbær\u{200b}",
        "blåbær!",
        "\u{201d}blåbær\u{201d}",
        "\u{2067}blåbær",
    ] {
        assert_eq!(said(text), "blåbær", "{text:?}");
    }
    assert_eq!(said("blå\u{2011}cykel"), said("  Blå   Cykel "));
    assert_eq!(said("Işıl"), said("IŞIL"));
    for (one, other) in [("blå cykel", "blåcykel"), ("blåbær", "blabær"), ("!", "?"), ("...", ".."), ("ø", "o")] {
        assert_ne!(said(one), said(other), "{one} {other}");
    }
}

#[test]
fn a_cpr_number_is_found_however_it_is_written() {
    let marks = [
        "",
        "-",
        " ",
        "\u{2013}",
        "\u{2011}",
        "\u{2010}",
        "\u{2212}",
        "\u{2014}",
        "\u{a0}",
        "\u{202f}",
        "\u{ad}",
        "\u{200b}",
        ".",
        "/",
        " - ",
        "\n",
        "  ",
        "\u{2009}",
        "\u{3000}",
        "\u{2060}",
        "\u{feff}",
        "\u{200d}",
        "\u{202e}",
        "_",
        "\u{2800}",
        "\u{b7}",
        "\r\n",
        "\t",
        "\u{fe63}",
        "\u{2e3a}",
        ":",
        "\u{58a}",
        "\u{30fb}",
        "\u{2800}\u{2800}",
        " \u{2013} ",
        "\u{e0020}",
        "\u{34f}",
    ];
    for mark in marks {
        for number in ["0101909996", "6101909996", "3112009996"] {
            let text = format!("Hun er født {}{mark}{} og bor her", &number[..6], &number[6..]);
            assert!(has_cpr(&text), "{text:?}");
        }
    }
    for zero in [
        '\u{660}',
        '\u{6f0}',
        '\u{966}',
        '\u{9e6}',
        '\u{ff10}',
        '\u{1d7ce}',
        '\u{1d7f6}',
        '\u{1fbf0}',
        '\u{e50}',
        '\u{1040}',
        '\u{104a0}',
        '\u{1e950}',
    ] {
        let digit = |c: char| c.to_digit(10).and_then(|value| char::from_u32(u32::from(zero) + value)).unwrap_or(c);
        let text: String = "født 010190-9996 her".chars().map(digit).collect();
        assert!(has_cpr(&text), "{text:?}");
        assert_eq!(
            Number::parse("010190-9996".chars().map(digit).collect::<String>().as_str()),
            Some(Number::Cpr("0101909996".into()))
        );
    }
    for text in [
        "01 01 90 9996",
        "010190 99 96",
        "01.01.90-9996",
        "01-01-90-9996",
        "CPR010190-9996x",
        "0 1 0 1 9 0 9 9 9 6",
        "0101 909996",
        "01019 09996",
        "(010190) 9996",
        "010190-9996, 2 børn",
        "010190 9996 4 børn",
        "sag 12-010190-9996",
        "01 01 90 99 96",
        "①\u{24ea}①\u{24ea}⑨\u{24ea}⑨⑨⑨⑥",
        "⁰¹⁰¹⁹⁰-⁹⁹⁹⁶",
        "0\u{fe0f}\u{20e3}1\u{fe0f}\u{20e3}0190-9996",
        "010190-0AB2",
        "010190 0ab2",
        "0101906XY2",
        "01.01.90-0AB2",
        "010190-ABCD",
        "010190\u{2011}0\u{ad}AB2",
        "010190-0ÆØ2",
    ] {
        assert!(has_cpr(text), "{text:?}");
    }
}

#[test]
fn what_only_looks_like_a_cpr_number_is_none() {
    for text in [
        "tlf. 20 30 40 50",
        "sag 2026-11-300123",
        "1234567890123",
        "20.11.2026",
        "Ophold 01.02.26-05.03.26",
        "01.02.2026 - 05.03.2026",
        "20 12 30 40, 50 60 70 80",
        "20 12 30 40 50 60 70 80",
        "+45 12 12 34 56",
        "den 20.11.26 kl. 14.30",
        "5790001330552",
        "450190-9996",
        "011390-9996",
        "",
        "010190",
        "9996",
        "d. 010226 og 050326",
        "010226-050326",
        "010190 hun bor her",
        "den 201126 blev hun",
        "201126-hund",
        "kr. 1.200.000,00",
        "4571 1234 5678 9012",
    ] {
        assert!(!has_cpr(text), "{text:?}");
    }
}

#[test]
fn a_number_alone_is_read_however_it_is_written() {
    for text in [
        "0101909996",
        "010190-9996",
        "010190 9996",
        "010190\u{2013}9996",
        "010190\u{2011}9996",
        " 010190-9996 ",
        "01 01 90 9996",
        "010190 - 9996",
        "010190.9996",
        "010190\u{200b}9996",
    ] {
        assert_eq!(Number::parse(text), Some(Number::Cpr("0101909996".into())), "{text:?}");
    }
    for text in ["010190-0AB2", "010190 0ab2", "0101900ab2", "010190\u{2010}0a\u{ad}b2"] {
        assert_eq!(Number::parse(text), Some(Number::Replacement("0101900AB2".into())), "{text:?}");
    }
    for text in [
        "",
        "010190-999",
        "010190-99966",
        "450190-9996",
        "011390-9996",
        "CPR 010190-9996",
        "0l0190-9996",
        "010190--9996",
        "0101-909996",
    ] {
        assert_eq!(Number::parse(text), None, "{text:?}");
    }
}

#[test]
fn names_have_the_words_that_people_type() {
    let alike = |one: &str, other: &str| words(one).concat() == words(other).concat();
    for (name, typed) in [
        ("Łucja Đặng", "lucja dang"),
        ("Işıl Yıldız", "ISIL YILDIZ"),
        ("Özlem", "oezlem"),
        ("Özlem", "ozlem"),
        ("Þóra", "thora"),
        ("O'Brien", "o\u{2019}brien"),
        ("O\u{2019}Neill", "ONeill"),
        ("O\u{2bc}Brien", "O`Brien"),
        ("Al-Zahra", "al zahra"),
        ("Al-Zahra", "alzahra"),
        ("علی\u{200c}رضا", "علیرضا"),
        ("علي", "علی"),
        ("Soe\u{ad}rensen", "sørensen"),
        ("Sørensen", "sorensen"),
        ("Groß", "gross"),
        ("Şeyma Çelik", "seyma celik"),
        ("Søren Åbø", "soeren aaboe"),
        ("Åbø", "abo"),
        ("Киселёва", "киселева"),
        ("Müller", "mueller"),
        ("Müller", "muller"),
        ("Lærke", "laerke"),
        ("Əliyeva", "eliyeva"),
        ("Zażółć", "zazolc"),
        ("Đorđe", "djordje"),
        ("Ngọc", "ngoc"),
        ("Guðrún", "gudrun"),
        ("Αθηνά", "αθηνα"),
        ("Σοφίας", "ΣΟΦΙΑΣ"),
        ("Ｌｕｎｄ", "lund"),
    ] {
        assert!(alike(name, typed), "{name} {typed}: {:?} {:?}", words(name), words(typed));
    }
    for (one, other) in [("Lund", "Lind"), ("नीना", "नाना"), ("Anna", "Hanna"), ("李", "娜")] {
        assert!(!alike(one, other), "{one} {other}");
    }
}

#[test]
fn names_that_sound_alike_have_one_sound() {
    for (one, other) in [
        ("Lærke", "Lerke"),
        ("Sofie", "Sophie"),
        ("Katrine", "Cathrine"),
        ("Kristina", "Christina"),
        ("Mette", "Mete"),
        ("Sara", "Zara"),
        ("Yasmin", "Jasmin"),
        ("Louise", "Luise"),
        ("Lykke", "Likke"),
        ("Marta", "Martha"),
        ("Sørensen", "Sorensen"),
        ("Victoria", "Viktoria"),
        ("Åse", "Aase"),
    ] {
        assert_eq!(sounds(one), sounds(other), "{one} {other}");
    }
    assert_ne!(sounds("Anna"), sounds("Ida"));
    assert_eq!(sounds("李"), "");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..Default::default() })]

    #[test]
    fn a_form_is_its_own_form(text in any::<String>()) {
        let folded = fold(&text);
        prop_assert_eq!(fold(&folded), folded.clone());
        for lines in [Lines::One, Lines::Many] {
            let cleaned = clean(&text, lines);
            prop_assert_eq!(clean(&cleaned, lines), cleaned.clone());
            prop_assert_eq!(shows_something(&cleaned), shows_something(&text));
            let forbidden = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}');
            prop_assert!(!cleaned.contains(forbidden));
            prop_assert!(lines == Lines::Many || cleaned.lines().count() <= 1);
        }
        let cleaned = clean(&text, Lines::One);
        prop_assert_eq!(words(&cleaned), words(&text));
        prop_assert!(!unique(&cleaned).is_disjoint(&unique(&text)));
        prop_assert!(unique(&text).iter().all(|key| !key.contains('#')));
        let _ = (said(&text), numbered(&text), digits(&text), Number::parse(&text), sounds(&text));
    }

    #[test]
    fn invisible_characters_hide_no_number(at in 0..10_usize, hidden in "[\u{ad}\u{200b}-\u{200f}\u{202a}-\u{202e}\u{2060}-\u{2069}\u{feff}\u{fe00}-\u{fe0f}\u{34f}\u{2800}]{1,4}") {
        let (born, rest) = "0101909996".split_at(at);
        let text = format!("Hun er {born}{hidden}{rest}.");
        prop_assert!(has_cpr(&text));
    }

    #[test]
    fn the_beginning_of_a_word_has_the_beginning_of_its_form(word in "[a-zæøåöüłđþß]{1,12}", length in 1..12_usize) {
        let begins: String = word.chars().take(length).collect();
        prop_assert!(letters(&word).starts_with(&letters(&begins)), "{} {}", letters(&word), letters(&begins));
    }
}
