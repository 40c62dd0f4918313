//! Chapters of safety: the first days, threats and what finds her, the alarm, and the rhythm of risk and plan.
//!
//! Deliberately absent: the alerts that rules raise by themselves; a chapter only looks for them ([`alerted`]).

use super::{everyday, places};
use crate::demo::{plan::Story, staff::Staff};
use ::safety::SERVICE as SAFETY;
use serde_json::json;

const RISK: &str = "risk/reassess";
const PLAN: &str = "safety-plan/review";
const RENEWAL: &str = "address-protection/renew";

/// What the plan is made of; the first of them are in every plan.
const ITEMS: &[&str] = &[
    "safe_place",
    "calling_police",
    "code_word",
    "escape_route",
    "emergency_bag",
    "network",
    "routes_and_habits",
    "digital_safety",
    "workplace",
    "home_security",
];

/// She comes: risk, plan, devices and the protection of her address, within the first days. `trained`: SARA by somebody trained.
pub(super) fn arrival(story: &mut Story) {
    let note = story.one_of(&[
        "Kom om aftenen med en enkelt taske. Meget træt, men lettet. Har fået værelse og noget at spise.",
        "Ankom efter henvisning fra politiet. Rolig, men på vagt. Ønsker ikke, at nogen får at vide, hvor hun er.",
        "Ringede selv tidligt om morgenen og kom et par timer senere. Græd meget, da døren var lukket bag hende.",
        "Kom direkte fra skadestuen. Smerter i skulderen; får hvile i dag. Resten tager vi i morgen.",
        "Kom med hjælp fra en veninde. Har tænkt på det længe, siger hun, og det var i nat, hun besluttede sig.",
        "Ankom midt på dagen, mens han var på arbejde. Bekymret for, hvad der sker, når han kommer hjem.",
    ]);
    story.open(SAFETY, 0, false).note(note).by(Staff::DayDuty);
    let level = if story.happens(55) { "high" } else { "medium" };
    risk(story, 1, level, true);
    plan(story, 1);
    digital(story);
    let covered = covered(story);
    story.log(SAFETY, 2, "apply-for-address-protection", json!({ "children": covered }));
    if story.happens(30) {
        sleepless(story, 3);
    }
}

/// Whether her children are covered by what protects her address.
pub(super) fn covered(story: &Story) -> &'static str {
    if story.children.is_empty() { "has_none" } else { "all" }
}

/// The risk, assessed; told to the hour, for it is assessed anew when something has happened the same day.
pub(super) fn risk(story: &mut Story, day: i64, level: &str, first: bool) {
    let tool = if first { story.chance.pick(&["sara_v3", "patriark", "dash"]) } else { "patriark" };
    let details = match level {
        "high" => story.one_with(&["Kvælningsforsøg inden for det sidste halve år og trusler på livet. Han kender hendes vaner og hendes arbejdsplads.", "Volden er taget til efter, at hun sagde, hun ville gå. Han har skrevet mange gange i løbet af natten.", "Har været fulgt på vej hjem flere gange. Han har tidligere opsøgt hendes familie."], &["Trusler om at tage børnene, og han har adgang til våben gennem sin omgangskreds."]),
        "medium" => story.one_of(&[
            "Ingen kontakt de sidste uger, men han spørger fælles bekendte, hvor hun er.",
            "Ingen nye trusler. Hun er stadig bange for at møde ham tilfældigt.",
            "Psykisk vold og kontrol gennem flere år; fysisk vold to gange. Han ved ikke, hvor hun er.",
        ]),
        _ => story.one_of(&[
            "Han har ikke henvendt sig i flere måneder og overholder det aftalte.",
            "Hun føler sig tryg i hverdagen og bruger planen, når hun er i tvivl.",
        ]),
    };
    let (trained, time) = (tool == "sara_v3" || story.happens(70), story.time(9..=14));
    let facts = json!({ "tool": tool, "level": level, "assessor_trained": trained, "details": details });
    let entry = story.log(SAFETY, day, "assess-risk", facts).at(&time).version();
    if !first && story.happens(8) {
        let facts = json!({ "tool": "dash", "level": level, "assessor_trained": trained, "details": details });
        everyday::correct(story, SAFETY, day + 1, &entry, &facts);
    }
}

fn items(story: &mut Story) -> Vec<&'static str> {
    let mut items: Vec<_> = ITEMS.iter().enumerate().filter(|(place, _)| *place < 3).map(|(_, item)| *item).collect();
    items.extend(ITEMS.iter().skip(3).filter(|_| story.happens(45)));
    if !story.children.is_empty() {
        items.extend(["children", "school_and_daycare"]);
    }
    items
}

/// A plan, agreed with her.
pub(super) fn plan(story: &mut Story, day: i64) {
    let (items, place) = (items(story), story.one_of(places::SAFE));
    let details = story.one_with(
        &[
            "Kodeordet er aftalt. Hun ringer altid først, før hun kommer hjem efter mørkets frembrud.",
            "Hun går ikke ud alene den første uge. Telefonen er slukket, til den er gennemgået.",
            "Vi har øvet, hvad hun siger, hvis han ringer fra et nummer, hun ikke kender.",
        ],
        &["Nødtasken står pakket. Børnene ved, hvem de skal gå hen til."],
    );
    let facts = json!({ "items": items, "places": place, "details": details });
    story.log(SAFETY, day, "agree-safety-plan", facts);
}

/// The plan, gone through again.
pub(super) fn revise(story: &mut Story, day: i64) {
    let items = items(story);
    let details = story.one_with(
        &[
            "Gennemgået sammen. Ruten til arbejde er lagt om; resten står ved magt.",
            "Ingen ændringer. Hun kan planen udenad.",
            "Ny telefon og nyt nummer: det er rettet overalt i planen.",
            "Hun vil gerne kunne gå ud om aftenen igen; aftalt, hvordan vi gør det trygt.",
        ],
        &["Tilføjet, hvad hun gør, hvis hun ser ham ved skolen."],
    );
    story.log(SAFETY, day, "revise-safety-plan", json!({ "items": items, "details": details }));
}

fn digital(story: &mut Story) {
    let mut gone_through = vec!["shared_accounts", "mit_id", "e_boks"];
    gone_through.extend(["stalkerware", "car_gps"].into_iter().filter(|_| story.happens(50)));
    if !story.children.is_empty() {
        gone_through.push("childrens_devices");
    }
    story.log(SAFETY, 2, "check-digital-safety", json!({ "items": gone_through }));
    let reason = story.one_of(&[
        "Set efter igen: ingen er logget på hendes konti.",
        "Alle adgangskoder virker, og delingen af placering er slået fra.",
    ]);
    everyday::close(story, SAFETY, 3, "digital-safety/first-day", "done", Some(reason));
    if story.happens(60) {
        let kinds = json!(["email", "device_account", "social_media", "phone_subscription"]);
        story.log(SAFETY, 3, "secure-accounts", json!({ "kinds": kinds, "evidence_kept": true }));
    }
}

fn sleepless(story: &mut Story, day: i64) {
    let (time, text) = (
        story.time(1..=5),
        story.one_with(
            &[
                "Var oppe det meste af natten. Vi drak te og talte, til hun faldt til ro.",
                "Drømmer om ham. Sov, da der blev lyst.",
            ],
            &["Et barn vågnede grædende; begge sov igen ved firetiden."],
        ),
    );
    everyday::note(story, SAFETY, day, text).at(&time).by(Staff::NightDuty);
}

/// The protection of her name and address is registered. Where it would be over by now, its last day was not noted.
pub(super) fn protected(story: &mut Story, day: i64) {
    let until = (story.now() - day < 350).then(|| story.day(day + 365));
    let facts = json!({ "from": story.day(day), "until": until, "children": covered(story) });
    story.log(SAFETY, day, "record-address-protection-grant", facts);
}

/// It goes on for another year.
pub(super) fn renewed(story: &mut Story, day: i64) {
    let facts = json!({ "until": story.day(day + 370), "children": covered(story) });
    story.log(SAFETY, day, "renew-address-protection", facts).note("Forlænget i god tid. Børnene er med som før.");
}

/// Risk and plan again, month by month, from one day to another.
pub(super) fn rhythm(story: &mut Story, from: i64, until: i64) {
    let mut day = from;
    while day <= until {
        // It gets better, seldom quickly.
        let low = (day - from) * 2 > until - from && story.happens(60);
        let level = if low { "low" } else { "medium" };
        risk(story, day, level, false);
        if day + 34 <= until && story.happens(25) {
            let reason = story.one_of(&[
                "Hun er syg i dag.",
                "Hun skulle møde i kommunen.",
                "Vi nåede det ikke før vagtskiftet.",
            ]);
            everyday::postpone(story, SAFETY, day + 28, PLAN, day + 34, reason);
        }
        let later = story.chance.of(0..=3);
        revise(story, day + later);
        if story.happens(20) {
            everyday::hand_over(story, SAFETY, day + 5, RISK, Staff::NightDuty);
        }
        if story.happens(35) {
            story.log(
                SAFETY,
                day + 4,
                "check-digital-safety",
                json!({ "items": ["shared_accounts", "mit_id", "stalkerware"] }),
            );
        }
        day += story.chance.of(28..=36);
    }
}

/// A threat, answered the same day and cleared the day after.
pub(super) fn threat(story: &mut Story, day: i64) {
    let (kind, channel, details): (&str, &str, &str) = story.chance.pick(&[
        ("death", "text_message", "»Jeg finder dig, og så er det slut.« Skærmbillede er gemt."),
        ("violence", "phone", "Ringede fra skjult nummer: »Du skal ikke tro, du kan gemme dig.«"),
        ("exposure", "through_others", "Hans mor sagde til en veninde, at alle snart får sandheden at vide."),
        ("exposure", "social_media", "Truer med at lægge private billeder ud, hvis hun ikke svarer."),
        ("against_others", "in_person", "Stod foran hendes søsters arbejde og sagde, at familien skulle passe på."),
        ("self_harm", "text_message", "Skriver, at han tager livet af sig, hvis hun ikke kommer hjem."),
    ]);
    let time = story.time(17..=22);
    let facts = json!({ "kind": kind, "channel": channel, "details": details });
    let alert = format!("{}.alert", story.log(SAFETY, day, "record-threat", facts).at(&time).by(Staff::DayDuty).id());
    risk(story, day + 1, "high", false);
    let reason = story.one_of(&[
        "Risikoen er vurderet igen, og planen er skærpet. Truslen er givet videre til politiet.",
        "Talt igennem med hende. Nummeret er spærret, og truslen er føjet til anmeldelsen.",
    ]);
    clear(story, day + 1, &alert, reason);
}

pub(super) fn clear(story: &mut Story, day: i64, alert: &str, reason: &str) {
    let time = story.time(15..=16);
    story
        .log(SAFETY, day, "clear-safety-alert", json!({ "alert": alert, "reason": reason }))
        .at(&time)
        .by(Staff::Leader);
}

/// An alert that a rule has raised today.
pub(super) fn alerted(story: &mut Story, interlock: &str) -> String {
    let today = story.now();
    let alert = story.found(SAFETY, today, "SafetyAlertRaised", json!({ "interlock": interlock })).id();
    format!("{alert}.alert")
}

/// Something that tracks her; the evidence is first kept the day after.
pub(super) fn tracker(story: &mut Story, day: i64, kind: &str) {
    let place = story.one_with(places::FINDS, places::CHILDRENS);
    let found =
        story.log(SAFETY, day, "record-tracker", json!({ "kind": kind, "evidence_kept": false, "place": place }));
    let alert = format!("{}.alert", found.note("Fundet ved en gennemgang. Ikke rørt, før politiet har set det.").id());
    let reason = "Politiet har fotograferet og taget det med. Skærmbilleder er gemt hos os.";
    everyday::close(story, SAFETY, day + 1, "tracker/evidence", "done", Some(reason));
    risk(story, day + 1, "high", false);
    let kinds = json!(["device_account", "childrens_accounts", "home_and_car"]);
    story.log(SAFETY, day + 1, "secure-accounts", json!({ "kinds": kinds, "evidence_kept": true, "place": place }));
    clear(story, day + 1, &alert, "Sporingen er stoppet, og hun bruger nu en anden telefon.");
}

/// An alarm that she has until a day, with what was decided about it meanwhile. The loan's id.
pub(super) fn alarm(story: &mut Story, day: i64, until: i64) -> String {
    let number = format!("OA-{}", 1_200 + story.number() * 7);
    let review = story.day(day + 30);
    let issued = story.log(SAFETY, day, "issue-alarm", json!({ "alarm": number, "review_on": review }));
    let loan = issued.note("Afprøvet sammen med hende. Hun bærer den altid, når hun går ud.").id();
    let mut again = day + 29;
    while again + 15 < until {
        story.log(SAFETY, again, "renew-alarm", json!({ "loan": loan, "review_on": story.day(again + 45) }));
        again += 43;
    }
    loan
}

pub(super) fn returned(story: &mut Story, day: i64, loan: &str) {
    let note = story.one_of(&["Afleveret til politiet efter aftale.", "Afleveret. Hun vil hellere have en app."]);
    story.log(SAFETY, day, "return-alarm", json!({ "loan": loan })).note(note);
}

/// The alarm is set off, by mistake or not, and the alert is cleared.
pub(super) fn set_off(story: &mut Story, day: i64, loan: &str) {
    let (time, place) = (story.time(16..=21), story.one_of(places::OUTSIDE));
    let facts = json!({ "loan": loan, "when": format!("{}{time}", story.day(day)), "place": place });
    let alert = format!("{}.alert", story.log(SAFETY, day, "record-triggered-alarm", facts).at(&time).id());
    risk(story, day + 1, "high", false);
    clear(story, day + 1, &alert, "Patruljen var der hurtigt. Ruten er lagt om, og risikoen er vurderet igen.");
}

/// The alarm is gone; it is told to the police and another one takes its place.
pub(super) fn lose(story: &mut Story, day: i64, loan: &str) {
    story
        .log(SAFETY, day, "record-alarm-loss", json!({ "loan": loan }))
        .note("Mangler siden i går; kan være glemt i bussen.");
    everyday::close(story, SAFETY, day, &format!("alarm/{loan}/loss"), "done", Some("Meldt til politiet samme dag."));
}

/// Concern for each child is told to the municipality; the receipt comes late for one.
pub(super) fn concern(story: &mut Story, day: i64) {
    for (place, child) in (0_i64..).zip(story.children.clone()) {
        let letter = story.one_with(&["Barnet reagerer med mavepine og uro, når faren nævnes. Underretningen er drøftet med moren."], &["Barnet har set vold mod sin mor gennem længere tid og sover dårligt. Vi beder om, at der ses på barnets behov."]);
        let facts = json!({ "child": child, "municipality": story.one_of(places::MUNICIPALITIES), "letter": letter });
        let report = story.log(SAFETY, day, "report-child-concern", facts).by(Staff::Children).id();
        let key = format!("child-concern/{report}/receipt");
        everyday::close(story, SAFETY, day + 6 + place, &key, "done", Some("Kommunen har kvitteret."));
    }
}

/// What is told to the police is told by them to the municipality.
pub(super) fn special(story: &mut Story, day: i64) {
    let authority = story.one_of(places::MUNICIPALITIES);
    story
        .log(SAFETY, day, "register-special-address-protection", json!({ "authority": authority }))
        .note("På politiets meddelelse. Intet må ændres i adressen, før vi har talt med dem.");
}

/// The locks where she lives now.
pub(super) fn locks(story: &mut Story, day: i64) {
    story.log(SAFETY, day, "change-locks", json!({})).note("Cylinder og kæde. Tre nøgler; ingen andre har en.");
}

/// The protection ran out unseen, and is applied for again.
pub(super) fn ran_out(story: &mut Story, day: i64) {
    let covered = covered(story);
    story
        .log(SAFETY, day, "expire-address-protection", json!({ "until": story.day(day - 1), "children": covered }))
        .note("Blev opdaget, da hun fik et brev sendt videre.");
    story.log(SAFETY, day, "apply-for-address-protection", json!({ "children": covered }));
    let facts = json!({ "from": story.day(day + 5), "until": story.day(day + 370), "children": covered });
    story.log(SAFETY, day + 5, "record-address-protection-grant", facts);
}

/// Nothing more is to be done; what is open is ended first.
pub(super) fn close(story: &mut Story, day: i64, outcome: &str) {
    let open = [(RISK, "not_needed"), (PLAN, "not_needed"), ("digital-safety/again", "done"), (RENEWAL, "not_needed")];
    // Of a stay of two days there are the risk and the plan alone.
    everyday::tidy(story, SAFETY, day, open.get(..if day > 3 { 4 } else { 2 }).unwrap_or_default());
    let text = everyday::farewell(story, outcome);
    story.log(SAFETY, day, "close-case", json!({ "outcome": outcome })).note(text);
}
