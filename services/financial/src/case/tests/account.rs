//! What holds the number of an account or a card, and what only looks a little like it.

use crate::case::account::stands_in;

#[test]
fn a_danish_account_is_found_however_it_is_written() {
    for text in [
        "1234 1234567",
        "1234-1234567890",
        "1234.12345678",
        "1234/123456789",
        "12341234567",
        "12341234567890",
        "0040 0440116243",
        "2026-1234567",
        "9876 1234 567",
        "9876 123 456 7",
        "9876 12 34 56 78 90",
        "9876 123 456 7890",
        "9876-1234 567 890",
        "9876 - 1234567890",
        "9876\u{a0}1234567890",
        "9876\u{2013}1234567890",
        "9876\t1234567890",
        "Lønnen skal til 9876 1234567, ikke til fælleskontoen.",
        "(9876-1234567)",
        "konto:9876 1234567.",
        "Reg.nr.9876 1234567",
        "Ring 12 34 56 78, hun har 9876 1234567",
        "+45 12345678 9876 1234567",
        "9876 12345678 2026",
        "reg. 1234, kontonr. 1234567",
        "Reg.nr. 1234 kontonummer: 0440116243",
        "Reg: 1234\nKonto: 1234567",
        "Kontonummeret er 12345678",
        "reg. 1234, 1234567890",
        "Registreringsnummer 1234: 12345678",
        "1234 / 1234567",
        "Overført til 9876 1234567 500 kr.",
        "hendes lønkonto 123 456 7890",
        "kto. 1234567",
        "konto nr. 1234567",
    ] {
        assert!(stands_in(text), "{text}");
    }
}

/// Whatever shows nothing, and digits of every script.
#[test]
fn nothing_hides_a_number() {
    for text in [
        "9876\u{200b}1234567",
        "9876\u{ad}1234567",
        "9876_1234567",
        "\u{ff19}\u{ff18}\u{ff17}\u{ff16} \u{ff11}\u{ff12}\u{ff13}\u{ff14}\u{ff15}\u{ff16}\u{ff17}",
        "\u{669}\u{668}\u{667}\u{666} \u{661}\u{662}\u{663}\u{664}\u{665}\u{666}\u{667}",
        "\u{96f}\u{96e}\u{96d}\u{96c} \u{967}\u{968}\u{969}\u{96a}\u{96b}\u{96c}\u{96d}",
        "9876 ①②③④⑤⑥⑦",
        "DK50\u{200b}00400440116243",
        "DK50 0040\u{ad}0440116243",
        "\u{ff24}\u{ff2b}50 0040 0440 1162 43",
        "DK\u{665}\u{660} 0040 0440 1162 43",
        "9876\u{2060} 1234567",
        "9876\u{202e}1234567\u{202c}",
        "9876\u{2800}1234567",
        "9876\n1234567",
        "9876\r\n1234567",
        "9876\u{2028}1234567",
        "9876\u{2011}1234567",
        "9876\u{2212}1234567",
        "9876\u{2e3a}1234567",
        "9876\u{202f}1234567",
        "9876:1234567",
        "9876 \u{2014} 1234567",
        "4571\u{2011}1234\u{2009}5678\u{2010}9012",
        "reg 9876, konto 1234567",
        "ko\u{ad}nto nr. 123\u{200b}4567",
        "ＫＯＮＴＯ nr. 1234567",
    ] {
        assert!(stands_in(text), "{text:?}");
    }
}

#[test]
fn an_iban_is_found_however_it_is_written() {
    for text in [
        "DK5000400440116243",
        "DK50 0040 0440 1162 43",
        "dk50 0040 0440 1162 43",
        "DK9912344231123456",
        "DK50 00400440116243",
        "IBAN: DK50 0040 0440 1162 43 (hendes)",
        "DE89370400440532013000",
        "GB29 NWBK 6016 1331 9268 19",
        "GB29NWBK60161331926819",
        "NO93 8601 1117 947",
        "MT84 MALT 0110 0001 2345 MTLC AST0 01S",
        "NL91 ABNA 0417 1643 00",
    ] {
        assert!(stands_in(text), "{text}");
    }
}

#[test]
fn a_card_is_found_however_it_is_written() {
    for text in [
        "4571 1234 5678 9012",
        "4571-1234-5678-9012",
        "4571.1234.5678.9012",
        "4571123456789012",
        "5019 1234 5678 9",
        "6759 1234 5678 9012 345",
        "3782 822463 10005",
        "3056 930902 5904",
        "4571123456789",
        "6759123456789012345",
        "Dankort 4571 1234 5678 9012, udløb 12/27",
    ] {
        assert!(stands_in(text), "{text}");
    }
}

#[test]
fn phone_numbers_may_stand() {
    for text in [
        "12345678",
        "12 34 56 78",
        "1234 5678",
        "123 45 678",
        "+45 12 34 56 78",
        "+4512345678",
        "+45 1234 5678",
        "0045 12345678",
        "004512345678",
        "0045 12 34 56 78",
        "+491234567890",
        "+49 1523 1234567",
        "tlf. 12 34 56 78 eller 87 65 43 21",
        "12345678, 87654321",
        "12 34 56 78 87 65 43 21",
        "Vagten: 1234 5678 (hverdage 9-15)",
        "Hun ringede i 2026. 12345678 er hendes nummer.",
        "i november 2026 12 34 56 78",
        "Spørg om hendes konto, tlf. 12345678",
        "Banken om konto 12 34 56 78",
        "NemKonto: +4512345678",
    ] {
        assert!(!stands_in(text), "{text}");
    }
}

#[test]
fn days_times_and_years_may_stand() {
    for text in [
        "2026-11-20",
        "20.11.2026",
        "20-11-2026 kl. 14.30",
        "20/11/2026 14:30",
        "20112026",
        "2026-11-20T14:30",
        "20.11.2026 12345678",
        "20-11-2026-1234567",
        "2023 2024 2025",
        "2023 2024 2025 2026",
        "2023-2024 2025-2026",
        "2023-2024-2025-2026",
        "i 2024, 2025 og 2026",
        "kl. 1430-1500",
        "Møder 20.11.2026 10.00-11.30, 27.11.2026 10.00-11.30",
        "2025/2026",
    ] {
        assert!(!stands_in(text), "{text}");
    }
}

#[test]
fn sums_of_money_may_stand() {
    for text in [
        "12.500 kr.",
        "1.250.000,00",
        "1.250.000 kr.",
        "1 250 000 kr.",
        "12500,00",
        "1250000",
        "12500000 øre",
        "kr. 4.500,-",
        "3500 kr. om måneden i 12 måneder",
        "På lønkonto 1 250 000 kr.",
        "på fælleskontoen står 2.500.000,00 kr.",
        "konto 1250000,00",
        "gælden var i 2024 1250000 kr.",
        "6500 1200 500 kr.",
        "NemKonto: 12.500 kr.",
        "gæld: 1234 kr., 4500 kr. og 7800 kr.",
    ] {
        assert!(!stands_in(text), "{text}");
    }
}

#[test]
fn case_numbers_and_ids_may_stand() {
    for text in [
        "2026-123456",
        "sagsnr. 2026-123456",
        "2026-123456 2 samtaler",
        "2026-123456 12 samtaler",
        "J.nr. 24-1234567",
        "j.nr. 24/123456",
        "J.nr. 2024-1234567",
        "sagsnr.: 2024-1234567",
        "sag 2024-1234567",
        "EAN 5798000123456",
        "EAN-nr. 5798 0001 23456",
        "4200-84110-00123-26",
        "CVR 12345678",
        "DK12345678",
        "010190-1234",
        "0101901234",
        "postnr. 2100, nr. 12",
        "6f1c2b9e-0a3d-4c57-9b1e-2d4f6a8c0e11",
        "00000000-0000-0000-0000-000000000000",
        "12345678-1234-1234-1234-123456789012",
        "AB123456123412341234123456789012",
        "AB12 CDEF GHIJ KLMN OPQR",
        "KL14 RING TIL HENDE STRAKS",
        "12345678123412341234123456789012",
        "nr12 2026 10 11 12",
        "uge 12 til 14",
        "aktivlovens § 81, stk. 1",
        "AB12 345",
        "",
        "Hun har åbnet sin egen konto og skiftet NemKonto.",
        "æøå 1234",
    ] {
        assert!(!stands_in(text), "{text}");
    }
}

#[test]
fn prose_may_stand() {
    let words = [include_str!("../../../labels/da.ftl"), include_str!("../../../labels/en.ftl")];
    assert!(!words.iter().any(|words| stands_in(words)));
    for (name, sample) in kit::samples!().0 {
        assert!(!stands_in(&sample.to_string()), "{name}");
    }
}

#[test]
fn any_text_can_be_read() {
    for text in ["§§ –– æ1 ø12 å123", "DKø0 1234567890", "+", "+ - / .", "\n\n1234\n"] {
        assert!(!stands_in(text), "{text}");
    }
    assert!(!stands_in(&"1 ".repeat(4000)));
}
