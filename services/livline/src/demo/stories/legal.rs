//! Chapters of law: advice, the police and the orders, the marriage, the children, compensation, her permit to stay.
//!
//! Deliberately absent: lawyers' names, real courts.

use super::{everyday, places};
use crate::demo::{plan::Story, staff::Staff};
use ::legal::SERVICE as LEGAL;
use serde_json::json;

/// What she may need help with, and a first talk.
pub(super) fn screening(story: &mut Story, day: i64, areas: &[&str]) {
    story.open(LEGAL, day, false);
    story.log(LEGAL, day, "screen-legal-need", json!({ "areas": areas }));
    advice(story, day + 2, 1);
}

/// Advice of one of the three steps.
pub(super) fn advice(story: &mut Story, day: i64, step: usize) {
    let steps = ["one", "two", "three"];
    let provider =
        if step == 1 { story.chance.pick(&["lawyer_on_duty", "legal_aid_office", "centre"]) } else { "lawyer" };
    let details = story.one_of(&[
        "Fik forklaret forskellen på separation og skilsmisse på grund af vold. Vil tænke over det.",
        "Rådet til at gemme alle beskeder og ikke svare. Fik en liste over, hvad hun skal have med.",
        "Gennemgik, hvad et tilhold betyder, og hvad hun selv skal gøre, hvis det brydes.",
        "Talte om bodelingen: hun behøver ikke skrive under på noget nu.",
    ]);
    let step = steps.get(step.saturating_sub(1)).copied().unwrap_or_default();
    story.log(LEGAL, day, "give-legal-advice", json!({ "step": step, "provider": provider, "details": details }));
}

/// The report, `late` days after the offence, with a lawyer and the police's talk with her.
pub(super) fn report(story: &mut Story, day: i64, late: i64) {
    let number = format!("EKS-{}-{}", story.chance.of(1_000..=9_999), story.chance.of(10..=99));
    let facts = json!({ "case_number": number, "offence_day": story.day(day - late) });
    let note = story.one_of(&[
        "Vi var med på stationen. Hun fortalte det hele i sammenhæng for første gang.",
        "Anmeldt skriftligt med bilag: skærmbilleder og notatet fra skadestuen.",
        "Hun var i tvivl til det sidste. Bagefter sagde hun, at det var rigtigt.",
    ]);
    let entry = story.log(LEGAL, day, "file-police-report", facts).note(note).version();
    if story.happens(35) {
        let facts = json!({ "case_number": number, "offence_day": story.day(day - late - 1) });
        everyday::correct(story, LEGAL, day + 2, &entry, &facts);
    }
    story.log(LEGAL, day + 3, "assign-lawyer", json!({ "lawyer": "Bistandsadvokaten (opdigtet)" }));
    hearing(story, day + 5, day + 12, "police_interview", false);
}

/// A meeting or a hearing, agreed on one day and held on another; `moved`: it was moved before by a week.
pub(super) fn hearing(story: &mut Story, agreed: i64, held: i64, kind: &str, moved: bool) {
    let held = story.weekday(held);
    let known = match kind {
        "court_hearing" => places::COURTS,
        "police_interview" => places::STATIONS,
        _ => places::AGENCIES,
    };
    let (place, time) = (story.one_of(known), story.time(9..=13));
    let companion = story.chance.pick(&["contact_person", "worker", "volunteer", "family_or_friend"]);
    let court = kind == "court_hearing";
    let first = if moved { story.weekday(held - 7) } else { held };
    let when = format!("{}{time}", story.day(first));
    let facts =
        json!({ "kind": kind, "when": when, "place": place, "companion": companion, "separate_waiting": court });
    let hearing = story.log(LEGAL, agreed, "schedule-hearing", facts).id();
    let when = format!("{}{time}", story.day(held));
    if moved {
        let facts = json!({ "hearing": hearing, "when": when, "place": place, "companion": companion });
        story.log(LEGAL, first - 2, "move-hearing", facts).note("Hans advokat havde bedt om udsættelse.");
    }
    if held < story.now() {
        let facts = json!({ "hearing": hearing, "when": when, "companion": companion, "separate_waiting": court });
        let note = story.one_of(&[
            "Hun holdt fast i det, hun ville sige. Egen indgang og eget venterum.",
            "Gik bedre end frygtet. Vi tog en omvej hjem.",
            "Hårdt for hende at høre hans udlægning. Vi har sat tid af i morgen.",
        ]);
        story.log(LEGAL, held, "attend-hearing", facts).note(note).at(&time);
    }
}

/// A restraining order from one day to another; first an immediate one. Its id.
pub(super) fn restrained(story: &mut Story, day: i64, until: i64) -> String {
    let mut protects = vec!["woman"];
    if !story.children.is_empty() {
        protects.push("children");
    }
    let (from, last) = (story.day(day), story.day(until));
    let facts = json!({ "provisional": true, "from": from, "protects": protects });
    let order = story.log(LEGAL, day, "issue-restraining-order", facts).note("Strakstilhold, forkyndt samme dag.").id();
    let facts = json!({ "order": order, "provisional": false, "from": from, "until": last, "protects": protects });
    story.log(LEGAL, day + 34, "issue-restraining-order", facts).note("Den endelige afgørelse. Hun har fået en kopi.");
    order
}

pub(super) fn extended(story: &mut Story, day: i64, order: &str, until: i64) {
    let facts = json!({ "order": order, "until": story.day(until) });
    story.log(LEGAL, day, "extend-restraining-order", facts).note("Forlænget, fordi han har skrevet til hendes mor.");
}

pub(super) fn ended(story: &mut Story, day: i64, order: &str) {
    let facts = json!({ "order": order, "until": story.day(day) });
    story.log(LEGAL, day, "end-restraining-order", facts).note("Talt med hende om, hvordan hun har det med det.");
}

/// He has broken an order.
pub(super) fn broken(story: &mut Story, day: i64, order: &str) {
    let details = story.one_with(
        &[
            "Sendte blomster med et kort til hendes arbejde.",
            "Ringede elleve gange fra tre forskellige numre i løbet af aftenen.",
        ],
        &["Stod ved skolen, da børnene fik fri. Gik, da en lærer kom hen til ham. To vidner."],
    );
    let facts = json!({ "order": order, "day": story.day(day - 1), "details": details });
    story.log(LEGAL, day, "report-order-breach", facts);
}

/// He has to leave their home: expulsion, an extension, and an area he may not enter.
pub(super) fn expelled(story: &mut Story, day: i64) -> String {
    let until = story.day(day + 14);
    let expulsion = story.log(LEGAL, day, "order-expulsion", json!({ "until": until })).id();
    let facts = json!({ "order": expulsion, "until": story.day(day + 26) });
    story.log(LEGAL, day + 12, "extend-expulsion", facts);
    let facts = json!({ "from": story.day(day + 20), "until": story.day(day + 200), "zone": "Hjemmet, skolen og vejen imellem" });
    story.log(LEGAL, day + 20, "issue-area-ban", facts);
    expulsion
}

/// The marriage is to end: separation, or divorce because of the violence.
pub(super) fn marriage(story: &mut Story, day: i64, by_violence: bool) {
    let (action, basis, outcome) = if by_violence {
        ("apply-for-divorce", "violence", "divorce_granted")
    } else {
        ("apply-for-separation", "one_asks", "separation_granted")
    };
    story.log(LEGAL, day, action, json!({ "basis": basis })).note("Hun trykkede selv på »send«.");
    if story.happens(50) {
        let reason = "Ringede; de er bagud. Nyt opkald aftalt.";
        everyday::postpone(story, LEGAL, day + 33, "marriage/chase", day + 50, reason);
    }
    let decided = day + story.chance.of(60..=95);
    story.log(LEGAL, decided, "record-separation-decision", json!({ "basis": basis, "outcome": outcome }));
}

/// A case about the children, with a meeting that is moved, help with its cost, and a decision.
pub(super) fn custody(story: &mut Story, day: i64) {
    let children = story.children.clone();
    let facts = json!({ "matters": ["custody", "residence", "contact"], "children": children });
    story.log(LEGAL, day, "open-custody-case", facts);
    story.log(LEGAL, day + 4, "apply-for-free-legal-aid", json!({}));
    hearing(story, day + 10, day + 38, "family_agency_meeting", true);
    let outcome = if story.happens(80) { "granted" } else { "refused" };
    story.log(LEGAL, day + 30, "record-free-legal-aid-decision", json!({ "outcome": outcome }));
    advice(story, day + 41, 2);
    hearing(story, day + 60, day + 101, "court_hearing", false);
    let outcome = story.chance.pick(&["upheld", "partly_upheld", "agreed"]);
    let facts = json!({ "matter": "contact", "outcome": outcome, "appeal_by": story.day(day + 145) });
    let decision = story.log(LEGAL, day + 117, "receive-family-decision", facts).id();
    let reason = "Hun er tilfreds med afgørelsen og klager ikke.";
    everyday::close(story, LEGAL, day + 124, &format!("decision/{decision}/appeal"), "not_needed", Some(reason));
}

/// The children see him while the case runs.
pub(super) fn interim_contact(story: &mut Story, day: i64) {
    let terms = story.one_with(
        &["To timer hver anden uge, overvåget, på neutralt sted."],
        &["Tre timer hver anden lørdag med en børnesagkyndig til stede."],
    );
    story.log(LEGAL, day, "record-interim-contact", json!({ "terms": terms })).by(Staff::Adviser);
}

/// The children may be taken abroad; their passports are put away.
pub(super) fn passports(story: &mut Story, day: i64) {
    let children = story.children.clone();
    let risk = story.log(LEGAL, day, "record-abduction-risk", json!({ "children": children }));
    risk.note("Han har talt om at sende dem til sin familie i ferien.");
    let secured = story.log(LEGAL, day + 1, "secure-passport", json!({ "children": children }));
    secured.note("Passene ligger i boksen. Udrejse er meldt til politiet.").by(Staff::Children);
}

/// The criminal case ends, and compensation is applied for and decided.
pub(super) fn convicted(story: &mut Story, day: i64) {
    let result = story.chance.pick(&["convicted", "convicted", "charge_dropped", "investigation_stopped"]);
    let facts = json!({ "result": result, "final_on": story.day(day + 14) });
    story.log(LEGAL, day, "close-police-case", facts);
    let claim = story.chance.of(20..=60) * 100_000;
    story.log(LEGAL, day + 20, "apply-for-compensation", json!({ "claim": claim }));
    let facts = json!({ "claim": claim, "outcome": "partly_granted", "awarded": claim / 2 });
    story.log(LEGAL, day + 140, "record-compensation-decision", facts);
}

/// Her permit hangs on the marriage: it is looked at again.
pub(super) fn permit(story: &mut Story, day: i64) {
    let facts = json!({ "basis": "violence", "permit_expires": story.day(story.now() + 40) });
    story.log(LEGAL, day, "request-residence-permit-review", facts).note("Dokumentation for volden er vedlagt.");
    everyday::hand_over(story, LEGAL, day + 20, "residence-permit/chase", Staff::Colleague);
    let facts = json!({ "basis": "violence", "outcome": "granted", "permit_expires": story.day(day + 830) });
    story.log(LEGAL, day + 96, "record-residence-permit-decision", facts);
}

/// Nothing more is to be decided.
pub(super) fn close(story: &mut Story, day: i64, outcome: &str) {
    let note = everyday::farewell(story, outcome);
    story.log(LEGAL, day, "close-case", json!({ "outcome": outcome })).note(note);
}
