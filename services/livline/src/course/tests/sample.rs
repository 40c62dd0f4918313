//! Answers of the timeline, put together for the tests.
//!
//! Deliberately absent: anything the API would not answer so.

use serde_json::{Value, json};

pub(super) const CASE: &str = "9c1f7a52-0000-4000-8000-000000000001";

/// A text in both languages.
pub(super) fn label(da: &str, en: &str) -> Value {
    json!({ "da": da, "en": en })
}

fn domain(service: &str) -> Value {
    match service {
        "housing" => label("Bolig", "Housing"),
        "legal" => label("Jura", "Legal"),
        "financial" => label("Økonomi", "Finances"),
        "safety" => label("Sikkerhed", "Safety"),
        _ => label("Efterværn", "Aftercare"),
    }
}

/// Something open.
pub(super) fn follow_up(service: &str, label: &Value, due: Option<(&str, i64)>, responsible: Option<&str>) -> Value {
    let state = if due.is_some_and(|(_, days)| days < 0) { "overdue" } else { "…" };
    let basis = due.map(|_| json!({ "da": "Centrets praksis", "en": "The centre's practice", "source": "…" }));
    json!({
        "service": service, "domain": domain(service), "aggregate": CASE, "woman": CASE, "key": "k", "what": "w", "label": label,
        "due": due.map(|(due, _)| due), "state": state, "days": due.map(|(_, days)| days), "responsible": responsible, "basis": basis,
    })
}

/// A fact in Danish; English says the same.
pub(super) fn fact(name: &str, da: &str, text: &str) -> Value {
    json!({ "name": name, "label": label(da, da), "class": "personal", "value": text, "text": label(text, text),
        "masked": false, "erased": false })
}

/// A fact that is not there to see.
pub(super) fn unseen(name: &str, da: &str, why: &str) -> Value {
    let mut fact = fact(name, da, if why == "masked" { "Skjult" } else { "Slettet" });
    fact[why] = true.into();
    fact
}

/// Something that happened; `with` replaces members.
pub(super) fn happening(
    service: &str,
    version: u64,
    event: (&str, &str),
    happened: &str,
    facts: &[Value],
    with: &Value,
) -> Value {
    let mut entry = json!({
        "position": format!("{service}:{version}"), "service": service, "domain": domain(service), "aggregate": CASE,
        "version": version, "event": event.0, "label": label(event.1, event.0), "happened": happened,
        "recorded": format!("2026-11-20T10:00:00.{version:03}Z"), "actor": "anna", "centre": CASE, "weight": "routine",
        "standing": "stands", "corrects": null, "readable": true, "facts": facts,
    });
    for (name, value) in with.as_object().unwrap() {
        entry[name] = value.clone();
    }
    entry
}

/// An answer.
pub(super) fn course(open: &[Value], held_back: &[&str], entries: &[Value]) -> Value {
    json!({ "woman": "149e8c36-745f-54de-8e64-054561e0026a", "open": open, "held_back": held_back, "entries": entries, "next": null })
}

/// The sort that a fact's text is of.
fn narrative(name: &str, da: &str, text: &str) -> Value {
    let mut fact = fact(name, da, text);
    fact["class"] = "narrative".into();
    fact
}

fn note(text: &str) -> [Value; 1] {
    [narrative("text", "Notat", text)]
}

/// A course of five domains with everything in it that can happen to an entry.
pub(super) fn eventful() -> Value {
    let answer = label("Svar på boligtilbud", "Answer the offer");
    let open = [
        follow_up("safety", &label("Aftal ny gennemgang af sikkerheden", "Review her safety"), None, None),
        follow_up("housing", &answer, Some(("2026-12-04", 13)), Some("bodil")),
        follow_up("legal", &label("Forbered møde", "Prepare the meeting"), Some(("2026-11-21T15:30", 0)), Some("anna")),
        follow_up(
            "aftercare",
            &label("Ring til hende", "Ring her"),
            Some(("2026-11-20", -1)),
            Some("service:aftercare"),
        ),
        follow_up("financial", &label("Spørg til ydelsen", "Ask about the benefit"), Some(("2026-11-09", -12)), None),
    ];
    course(&open, &["financial", "people"], &[november().as_slice(), october().as_slice()].concat())
}

fn november() -> Vec<Value> {
    const WISH: &str = "Hun ringede om aftenen og er bange for at være alene i lejligheden. Vi talte om, hvem hun kan ringe til om \
         natten, og aftalte at ses i morgen.\nHun vil gerne have en bisidder med til mødet på torsdag.";
    let call = [fact("topic", "Emne", "Utryghed"), narrative("details", "Uddybning", WISH)];
    let offer = |rent: &str| {
        vec![
            fact("offer", "Boligtilbud", "df819726-2631-5151-863e-52adf453b9c0"),
            fact("rent", "Husleje om måneden", rent),
        ]
    };
    let corrected = [offer("4.750,00 kr."), vec![fact("rooms", "Antal værelser", "3")]].concat();
    let offered = ("HousingOfferMade", "Boligtilbud");
    let at = |day: &str| format!("{day}T09:00:00Z");
    vec![
        happening(
            "aftercare",
            3,
            ("LifelineCalled", "Livlinen brugt"),
            "2026-11-20T19:05",
            &call,
            &json!({ "weight": "alert" }),
        ),
        happening(
            "housing",
            9,
            ("NoteWritten", "Notat"),
            "2026-11-19",
            &note("Hun håber på netop den."),
            &json!({ "corrects": 3, "actor": "bodil" }),
        ),
        happening(
            "housing",
            8,
            ("FollowUpMoved", "Opfølgning flyttet"),
            "2026-11-19",
            &[
                fact("key", "Opfølgning", "Svar på boligtilbud"),
                fact("due", "Frist", "4. december 2026"),
                narrative("reason", "Begrundelse", "Udlejer giver to uger mere."),
            ],
            &json!({}),
        ),
        happening(
            "housing",
            7,
            ("EntryCorrected", "Rettet"),
            "2026-11-12",
            &corrected,
            &json!({ "corrects": 3, "weight": "milestone", "actor": "bodil", "recorded": at("2026-11-15") }),
        ),
        happening(
            "housing",
            3,
            offered,
            "2026-11-12",
            &corrected,
            &json!({ "standing": "corrected", "weight": "milestone", "recorded": at("2026-11-10"),
                "original": { "happened": "2026-11-10", "readable": true, "facts": offer("4.500,00 kr.") } }),
        ),
        happening(
            "housing",
            6,
            ("RecordedInError", "Fejlregistreret"),
            "2026-11-11",
            &[
                fact("version", "Registrering nr.", "5"),
                narrative("reason", "Begrundelse", "Skrevet på den forkerte sag."),
            ],
            &json!({ "corrects": 5, "recorded": at("2026-11-11") }),
        ),
        happening(
            "housing",
            5,
            ("PetPlaced", "Kæledyr i pleje"),
            "2026-11-11",
            &[unseen("place", "Hvor", "masked")],
            &json!({ "standing": "in_error", "weight": "milestone", "actor": "vikar" }),
        ),
        happening(
            "housing",
            4,
            ("NoteWritten", "Notat"),
            "2026-11-10",
            &note("Brevet kom med posten."),
            &json!({ "corrects": 3, "recorded": at("2026-11-10") }),
        ),
    ]
}

fn october() -> Vec<Value> {
    vec![
        happening(
            "safety",
            1,
            ("ThreatRecorded", "Trussel"),
            "2026-10-30",
            &[unseen("details", "Uddybning", "erased")],
            &json!({ "weight": "alert" }),
        ),
        happening(
            "financial",
            1,
            ("DebtMapped", "Gæld kortlagt"),
            "unknown",
            &[],
            &json!({ "recorded": "2026-10-20T22:30:00Z", "readable": false }),
        ),
        happening(
            "legal",
            1,
            ("LegalNeedScreened", "Juridisk afklaring"),
            "2026-10",
            &[fact("areas", "Områder", "Forældremyndighed, Tilhold")],
            &json!({}),
        ),
        happening(
            "housing",
            1,
            ("CaseOpened", "Sag åbnet"),
            "2026-10-01",
            &[fact("woman", "Kvinde", CASE), fact("centre", "Krisecenter", CASE), fact("before_us", "Fra før", "No")],
            &json!({ "actor": "service:people" }),
        ),
    ]
}
