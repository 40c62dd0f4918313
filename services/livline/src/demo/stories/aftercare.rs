//! Chapters of aftercare: the offer, the rhythm of contacts, the lifeline, companions, and the end.
//!
//! Deliberately absent: who she is when she calls; the code word is not written down.

use super::{directory, everyday};
use crate::demo::{
    plan::Story,
    staff::Staff::{self, Contact},
};
use ::aftercare::SERVICE as AFTERCARE;
use serde_json::json;

/// Offered and taken before she moves, as it should be.
pub(super) fn agreed(story: &mut Story, offered: i64, taken: i64) {
    story.open(AFTERCARE, offered, false).by(Contact);
    let worker = story.actor(Staff::Aftercare);
    story.log(AFTERCARE, offered, "offer-aftercare", json!({ "contact_worker": worker })).by(Contact);
    let note = story.one_with(
        &["Hun vil helst have, at vi skriver først og ringer bagefter.", "Hun var glad for, at det er en, hun kender."],
        &["Ringer kun om formiddagen, mens børnene er ude."],
    );
    story
        .log(AFTERCARE, taken, "accept-aftercare", json!({ "contact_worker": worker, "from": story.day(taken) }))
        .note(note);
}

/// Offered before she moves, declined after.
pub(super) fn refused(story: &mut Story, offered: i64, answered: i64) {
    story.open(AFTERCARE, offered, false).by(Contact);
    story.log(AFTERCARE, offered, "offer-aftercare", json!({})).by(Contact);
    story
        .log(AFTERCARE, answered, "decline-aftercare", json!({}))
        .note("Hun vil gerne klare det selv nu. Nummeret har hun.");
}

/// Offered by itself when she moved today; she answers at once, where `answer` says how.
pub(super) fn offered_by_itself(story: &mut Story, answer: Option<&'static str>) {
    let today = story.now();
    story.found(AFTERCARE, today, "AftercareOffered", json!({}));
    match answer {
        Some("accept-aftercare") => {
            let facts = json!({ "contact_worker": story.actor(Staff::Aftercare) });
            story.log(AFTERCARE, today, "accept-aftercare", facts);
        }
        Some(other) => drop(story.log(AFTERCARE, today, other, json!({})).id()),
        None => everyday::hand_over(story, AFTERCARE, today, "aftercare/answer", Contact),
    }
}

/// The contacts after a week and one, three and six months, from a day on; now and then one is missed and made up for.
pub(super) fn contacts(story: &mut Story, from: i64, count: usize) {
    for (nth, after) in [6, 30, 88, 176].into_iter().take(count).enumerate() {
        let (day, time) = (from + after + story.chance.of(-2..=2), story.time(9..=14));
        let channel = if nth == 0 { "home_visit" } else { story.chance.pick(&["phone", "message", "at_centre"]) };
        let when = format!("{}{time}", story.day(day));
        let facts = json!({ "channel": channel, "when": when });
        let planned = story.log(AFTERCARE, day - 4, "plan-contact", facts).id();
        let came = nth == 0 || story.happens(78);
        let (day, contact) = if came { (day, Some(&planned)) } else { (day + 2, None) };
        if !came {
            missed(story, day - 2, Some(&planned));
        }
        let details = said(story, nth);
        let wellbeing = (story.chance.of(4..=6) + i64::try_from(nth).unwrap_or_default()).min(9);
        let facts = json!({ "contact": contact, "channel": channel, "wellbeing": wellbeing, "details": details });
        let entry = story.log(AFTERCARE, day, "make-contact", facts).at(&time).version();
        if story.happens(10) {
            let facts = json!({ "channel": channel, "wellbeing": wellbeing - 1, "details": details });
            everyday::correct(story, AFTERCARE, day + 1, &entry, &facts);
        }
    }
}

/// How she is; at each contact something else.
fn said(story: &mut Story, nth: usize) -> &'static str {
    match nth {
        0 => story.one_with(
            &[
                "Kasserne står endnu. Hun har sovet på madrassen og er stolt.",
                "Stille. Hun tjekker døren mange gange, siger hun.",
            ],
            &["Børnene er faldet til. Hun sover bedre, men vågner stadig ved lyde på trappen."],
        ),
        1 => story.one_with(
            &[
                "Ensomt om aftenen. Aftalt, at hun kommer til fællesspisning hos os på torsdag.",
                "Svær uge: hun har fået brev fra hans advokat. Vi gik det igennem.",
            ],
            &["Den ældste spørger efter sin far. Talt om, hvad hun kan svare børnene."],
        ),
        2 => story.one_of(&[
            "Travlt, men godt. Hun har haft veninder på besøg for første gang.",
            "Begyndt på kursus. Spurgte selv til, hvordan man melder sig i foreningen.",
        ]),
        _ => story.one_of(&[
            "Alt roligt. Hun grinede meget.",
            "Har glemt, hvilken dag det var et år siden. Det gjorde hende glad.",
        ]),
    }
}

/// She did not answer.
pub(super) fn missed(story: &mut Story, day: i64, planned: Option<&str>) {
    let (channel, details) = story.chance.pick(&[
        ("phone", "Tog ikke telefonen. Ingen besked lagt, som aftalt."),
        ("phone", "Ringede to gange med en time imellem; intet svar."),
        ("message", "Svarede ikke på beskeden inden aften."),
    ]);
    let time = story.time(9..=15);
    let facts = json!({ "contact": planned, "channel": channel, "details": details });
    story.log(AFTERCARE, day, "record-missed-contact", facts).at(&time);
}

/// She calls by herself, also long after; somebody answers what she asked.
pub(super) fn lifeline(story: &mut Story, day: i64, topic: &str, urgency: &str) {
    let details = match topic {
        "violence_or_threats" => "Han stod uden for hendes opgang. Hun er inde og har låst; politiet er ringet op.",
        "thinking_of_going_back" => "Han har skrevet, at han er i behandling. Hun savner den, han var engang.",
        "children" => "Barnet vil ikke på samvær. Hvad siger man i telefonen til faren?",
        "money" => "Et rykkerbrev, hun ikke forstår. Sendt videre til rådgiveren.",
        _ => "Ville bare høre en stemme. Vi talte i en halv time.",
    };
    let (time, staff) = (story.time(19..=23), if story.happens(60) { Staff::NightDuty } else { Staff::DayDuty });
    let facts = json!({ "topic": topic, "urgency": urgency, "details": details });
    let call = story.log(AFTERCARE, day, "record-lifeline-call", facts).at(&time).by(staff).id();
    let reason =
        story.one_of(&["Ringet op igen og talt færdigt.", "Løst sammen med hende.", "Hun kom forbi dagen efter."]);
    everyday::close(story, AFTERCARE, day + 1, &format!("lifeline/{call}"), "done", Some(reason));
}

/// Somebody goes with her to a meeting, or the meeting is called off.
pub(super) fn companion(story: &mut Story, day: i64, meeting: &str, cancelled: bool) {
    let held = story.weekday(day + 12);
    let (time, who) = (story.time(9..=14), directory::volunteer(story.centre, story.number()));
    let when = format!("{}{time}", story.day(held));
    let booking = story.log(AFTERCARE, day, "request-companion", json!({ "meeting": meeting, "when": when })).id();
    let facts = json!({ "booking": booking, "meeting": meeting, "when": when, "who": who });
    story.log(AFTERCARE, day + 3, "book-companion", facts);
    if cancelled {
        story
            .log(AFTERCARE, held - 1, "cancel-companion", json!({ "booking": booking }))
            .note("Mødet er aflyst af kommunen.");
    } else if held < story.now() {
        let facts = json!({ "booking": booking, "meeting": meeting, "when": when, "who": who });
        story.log(AFTERCARE, held, "record-companion-attendance", facts).at(&time);
    }
}

/// The municipality pays for somebody who keeps it all together.
pub(super) fn counselling(story: &mut Story, day: i64, days: i64) {
    let facts = json!({ "until": story.day(day + days) });
    story.log(AFTERCARE, day, "record-coordinating-counselling", facts);
}

/// She may go back to him.
pub(super) fn relapse(story: &mut Story, day: i64) {
    let details = story.one_of(&[
        "Taler om, at det måske var hendes egen skyld. Har mødt ham to gange.",
        "Han har lovet hende guld og grønne skove, og hun er ensom.",
    ]);
    story.log(AFTERCARE, day, "raise-relapse-risk", json!({ "details": details })).by(Contact);
    let reason = "Vi har gennemgået planen sammen; hun vil tænke sig om.";
    everyday::close(story, AFTERCARE, day + 1, "relapse/safety-check", "done", Some(reason));
}

/// She stays with us again.
pub(super) fn readmitted(story: &mut Story, day: i64) {
    story
        .log(AFTERCARE, day, "record-readmission", json!({ "prior_stay": "@stay.stay" }))
        .note("Hun skulle ikke forklare noget i døren.");
}

/// It is over. `informed`: what the police have taken over.
pub(super) fn close(story: &mut Story, day: i64, reason: &str, informed: &[&str]) {
    let facts = json!({ "reason": reason, "police_informed": (!informed.is_empty()).then_some(informed) });
    story.log(AFTERCARE, day, "close-aftercare", facts).by(Staff::Aftercare);
}

/// Somebody wants to close it while an alarm is out or an order runs: it is refused.
pub(super) fn close_too_early(story: &mut Story, day: i64, reason: &str) {
    let facts = json!({ "reason": reason });
    story.log(AFTERCARE, day, "close-aftercare", facts).refused_with("protection_without_owner");
}

/// Others go on with it.
pub(super) fn hand_over(story: &mut Story, day: i64, informed: &[&str]) {
    let facts = json!({ "reason": "others_help", "police_informed": (!informed.is_empty()).then_some(informed) });
    let handed = story.log(AFTERCARE, day, "hand-over-aftercare", facts);
    handed.note("Givet videre ved et fælles møde, hvor hun selv var med.");
}
