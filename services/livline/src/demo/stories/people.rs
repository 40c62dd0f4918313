//! Chapters of people: who she is, how she is reached, whose she is, her stays; and who is at work at a centre.
//!
//! Deliberately absent: numbers, addresses and code words, which lie in the vault; names that somebody has, and CPR numbers that
//! anybody can have: nobody is born on the thirtieth of February.

use super::{everyday, places};
use crate::{
    demo::{
        plan::{CENTRES, Story},
        staff::Staff,
    },
    token::demo_centre,
};
use ::people::{SERVICE as PEOPLE, duty::Duty, enquiry::Enquiry};
use kit::ChildId;
use serde_json::{Value, json};

/// The alias of the woman to look at: none that could be made for another one.
pub(in crate::demo) const FIRST: &str = "Havtorn-12";

/// Her way in: registered, with her children; her contact person; how she is reached; what the municipality is told.
pub(super) fn arrival(story: &mut Story) {
    register(story);
    for child in story.children.clone() {
        register_child(story, child);
    }
    let kinds: [&[&str]; 4] = [
        &["physical_violence", "psychological_violence"],
        &["psychological_violence", "economic_violence", "social_control"],
        &["threats", "stalking"],
        &["physical_violence", "sexual_violence", "threats"],
    ];
    let (grounds, children) = (story.chance.pick(&kinds), story.children.clone());
    let facts = json!({ "anonymous": !is_named(story), "children": children, "grounds": grounds });
    story.log(PEOPLE, 0, "start-stay", facts).called("stay").by(Staff::DayDuty);
    assign(story, 0, Staff::Contact);
    reach(story, 1, None);
    tell_of_arrival(story);
    if story.number() % 8 == 3 {
        everyday::slip(story, PEOPLE, 9, "register-child");
    }
    is_known_better(story);
}

fn register(story: &mut Story) {
    let named = is_named(story);
    let alias = (story.number() == 0).then_some(FIRST);
    let (name, year) = (story.one_of(places::NAMES), story.chance.of(62..=99));
    let language = story.chance.pick(&["Dansk", "Dansk", "Arabisk", "Polsk", "Engelsk"]);
    let interpreter = if language == "Dansk" { "not_needed" } else { "phone" };
    story.register(json!({
        "alias": alias, "name": named.then_some(name), "cpr": named.then(|| format!("3002{year}-0000")),
        "language": language, "interpreter_form": interpreter,
    }));
}

/// After some days she says more, and one wishes to be called something else.
fn is_known_better(story: &mut Story) {
    if story.number() % 5 == 4 {
        let facts = json!({ "language": "Engelsk", "interpreter_form": "in_person" });
        story.log(PEOPLE, 4, "learn-identity", facts);
    }
    if story.number() == 9 {
        story.log(PEOPLE, 6, "change-alias", json!({ "alias": "Slåen-3" }));
    }
}

/// One in three says who she is.
fn is_named(story: &Story) -> bool {
    story.number() % 3 == 1
}

fn register_child(story: &mut Story, child: ChildId) {
    let (alias, years) = (story.one_of(places::CHILDREN), story.chance.of(1..=14));
    let born = story.day(-years * 365 - 40);
    let facts = |custody: &str| {
        json!({ "child": child, "alias": { "value": alias }, "birth_date": { "value": born },
            "custody": { "value": custody }, "at_centre": { "value": true } })
    };
    let entry = story.log(PEOPLE, 0, "register-child", facts("unknown")).version();
    if story.happens(30) {
        everyday::correct(story, PEOPLE, 1, &entry, &facts("yes"));
    }
}

fn assign(story: &mut Story, day: i64, whom: Staff) {
    let facts = json!({ "worker": story.actor(whom), "role": "contact_person" });
    story.log(PEOPLE, day, "assign-worker", facts).by(Staff::Leader);
}

/// Where her contact person's colleague has to do with her, she is tied to her as well.
pub(super) fn colleague(story: &mut Story) {
    if let Some(day) = story.first_by(Staff::Colleague) {
        assign(story, day, Staff::Colleague);
    }
}

/// How she may be reached, or that the same way is good again (`@contact`).
fn reach(story: &mut Story, day: i64, known: Option<&str>) {
    let channel = story.chance.pick(&["phone", "phone", "message", "trusted_person"]);
    let times = story.one_of(&[
        "Om formiddagen. Læg aldrig en besked, hvis en anden tager den.",
        "Når som helst; hun har telefonen selv.",
        "Skriv først, og vent på, at hun svarer.",
    ]);
    if let Some(known) = known {
        let facts = json!({ "contact": known, "channel": channel, "times": times, "voicemail": false });
        story.log(PEOPLE, day, "agree-safe-contact", facts);
    } else {
        let facts = json!({ "channel": channel, "times": times, "voicemail": false });
        story.log(PEOPLE, day, "agree-safe-contact", facts).called("contact");
    }
}

/// The municipality is told within days, sometimes late, and once somebody thought it was done.
fn tell_of_arrival(story: &mut Story) {
    let key = "stay/@stay/municipality-in";
    match story.number() % 4 {
        0 => inform(story, 2, "in"),
        1 => {
            // Later than three weekdays are, with every holiday between them: moved to where it is, nothing would be recorded.
            everyday::postpone(story, PEOPLE, 2, key, 13, "Hun vil tale om det først.");
            inform(story, 12, "in");
        }
        2 => {
            everyday::hand_over(story, PEOPLE, 1, key, Staff::Leader);
            inform(story, 3, "in");
        }
        _ => everyday::too_soon(story, PEOPLE, 2, key),
    }
}

fn inform(story: &mut Story, day: i64, direction: &str) {
    let municipality = story.one_of(places::MUNICIPALITIES);
    let facts = json!({ "direction": direction, "municipality": municipality, "anonymous": !is_named(story) });
    story.log(PEOPLE, day, "inform-municipality", facts);
}

/// She moves out. What she was reached by is in doubt from that day, until she says that it is good.
pub(super) fn moves_out(story: &mut Story, day: i64, to: &str) {
    story.log(PEOPLE, day, "end-stay", json!({ "moved_to": to }));
    inform(story, day + 1, "out");
    if to != "unknown" {
        reach(story, day + 2, Some("@contact"));
    }
}

/// She is back: a stay of its own.
pub(super) fn returns(story: &mut Story, day: i64) {
    let facts = json!({ "anonymous": !is_named(story), "children": story.children, "grounds": ["threats"] });
    let stay = story.log(PEOPLE, day, "start-stay", facts).called("stay-again").by(Staff::NightDuty);
    stay.note("Værelset var ledigt. Hun fik det samme som sidst.");
    inform(story, day + 2, "in");
}

/// He may have the telephone: it is not used until she says so.
pub(super) fn in_doubt(story: &mut Story, day: i64) {
    let facts =
        json!({ "contact": "@contact", "reason": "Han har ringet på nummeret. Ingen ved, hvem der gav ham det." });
    story.log(PEOPLE, day, "unconfirm-safe-contact", facts).by(Staff::NightDuty);
    reach(story, day + 1, Some("@contact"));
}

/// She is to move to the next centre: what is open and what concerns her safety goes along, once somebody there accepts.
pub(super) fn relocates(story: &mut Story, day: i64) {
    let to = demo_centre(story.centre % CENTRES + 1);
    let facts = json!({ "to": to, "along": "nothing" });
    let first = story.log(PEOPLE, day - 1, "offer-relocation", facts).by(Staff::Leader).called("first-move").id();
    story.log(PEOPLE, day - 1, "withdraw-relocation-offer", json!({ "arrival": first })).by(Staff::Leader);
    let facts = json!({ "to": to, "along": "open_tasks_and_safety" });
    let moved = story.log(PEOPLE, day, "offer-relocation", facts).by(Staff::Leader);
    moved.note("Hun er spurgt og vil gerne have det åbne med. Det nye sted har ikke svaret endnu.");
}

/// Somebody who is at work now and then must see nothing of hers.
pub(super) fn conflict(story: &mut Story, day: i64) {
    let reason = "Vikaren er i familie med ham.";
    let facts = json!({ "kind": "worker", "who": story.actor(Staff::Temp), "reason": reason });
    story.log(PEOPLE, day, "record-conflict-of-interest", facts).by(Staff::Leader);
    // One was somebody else of that name: the leader and whoever is on duty say so together.
    let who = story.actor(Staff::Aftercare);
    let facts = json!({ "kind": "worker", "who": who, "reason": "Hun mener, at hun kender hans søster." });
    story.log(PEOPLE, day, "record-conflict-of-interest", facts).by(Staff::Leader);
    let facts = json!({ "who": who, "reason": "Det var en anden med samme navn." });
    story.log(PEOPLE, day, "propose-conflict-end", facts).by(Staff::Leader);
    story.log(PEOPLE, day, "end-conflict-of-interest", json!({ "who": who })).by(Staff::DayDuty);
}

/// Her contact person has no more to do with her.
pub(super) fn released(story: &mut Story, day: i64) {
    let facts = json!({ "worker": story.actor(Staff::Contact) });
    story.log(PEOPLE, day, "release-worker", facts).by(Staff::Leader);
}

/// The other parent asks in a child's name what is recorded; it is answered.
pub(super) fn asked(story: &mut Story, day: i64) {
    let facts = json!({ "by_whom": "other_parent", "for_whom": "child", "child": story.children.first() });
    let request = story.log(PEOPLE, day, "receive-access-request", facts).by(Staff::Leader).called("access").id();
    let key = format!("access/{request}.request");
    everyday::close(
        story,
        PEOPLE,
        day + 12,
        &key,
        "done",
        Some("Databeskyttelsesrådgiveren har svaret. Intet er udleveret."),
    );
}

/// A court demands it; she is told.
pub(super) fn compelled(story: &mut Story, day: i64) {
    let facts =
        json!({ "authority": story.one_of(places::COURTS), "basis": "Kendelse om edition", "categories": ["notes"] });
    let told = story.log(PEOPLE, day, "record-compelled-disclosure", facts).by(Staff::Leader).id();
    let key = format!("disclosure/{told}/tell");
    everyday::close(story, PEOPLE, day + 1, &key, "done", Some("Fortalt hende ved et møde, sammen med advokaten."));
}

/// She asks to be forgotten. `held`: it must wait for a while; otherwise she does not wish it after all.
pub(super) fn forget(story: &mut Story, day: i64, held: bool) {
    let facts = json!({ "recognised": "meeting" });
    let erasure = story.log(PEOPLE, day, "request-erasure", facts).by(Staff::DayDuty).id();
    if held {
        let reason = "Databeskyttelsesrådgiveren: politiet har bedt os vente.";
        story.log(PEOPLE, day + 6, "hold-erasure", json!({ "reason": reason })).by(Staff::Leader);
        // Whoever lifts it held nothing back and approves nothing, so the leader may.
        let lifted = story.log(PEOPLE, day + 20, "lift-erasure-hold", json!({})).by(Staff::Deputy);
        lifted.note("Databeskyttelsesrådgiveren: der er ikke længere noget til hinder.");
    } else {
        let cancelled = story.log(PEOPLE, day + 4, "cancel-erasure", json!({ "erasure": erasure })).by(Staff::DayDuty);
        cancelled.note("Hun vil gerne kunne få papirerne igen en dag.");
    }
}

/// She has died.
pub(super) fn died(story: &mut Story, day: i64) {
    let note = "Hendes søster ringede. Hun døde på hospitalet efter lang tids sygdom.";
    story.log(PEOPLE, day, "record-death", json!({})).by(Staff::Leader).note(note);
}

/// Who is at work at a centre from today on: for a week, half a day each time, so that whoever tries the demo meanwhile can. One went
/// home early.
pub(super) fn duties(story: &mut Story) {
    let now = story.now();
    let duty = |story: &mut Story, day: i64, staff: Staff, kind: &str, hours: (Value, String)| {
        let facts = json!({ "worker": story.actor(staff), "kind": kind, "from": hours.0, "until": hours.1 });
        story.about_nobody::<Duty>(day, "start-duty", facts).by(Staff::Leader);
    };
    let hours = (format!("{}T07:00", story.day(now - 9)).into(), format!("{}T15:00", story.day(now - 9)));
    duty(story, now - 9, Staff::Temp, "temp", hours);
    story.about_nobody::<Duty>(now - 9, "end-duty", json!({})).at("T13:00").by(Staff::Leader);
    for day in now..now + 7 {
        let at = |day: i64, time: &str| story.day(day) + time;
        let (midnight, noon, next) = (at(day, "T00:00"), at(day, "T12:00"), at(day + 1, "T00:00"));
        for staff in [Staff::DayDuty, Staff::NightDuty] {
            duty(story, now, staff, "on_duty", (midnight.as_str().into(), noon.clone()));
            duty(story, now, staff, "on_duty", (noon.as_str().into(), next.clone()));
        }
    }
    let until = format!("{}T08:00", story.day(now + 30));
    duty(story, now, Staff::Temp, "temp", (Value::Null, until));
}

/// Some who called, and what came of it.
pub(super) fn enquiries(story: &mut Story) {
    let mut day = story.chance.of(0..=6);
    while day < story.now() {
        let outcome = story.chance.pick(&["place", "no_place", "no_place", "referred", "advised"]);
        let about = story.chance.pick(&["stay", "stay", "safety", "legal", "intervention"]);
        let facts = json!({ "outcome": outcome, "about": about });
        story.about_nobody::<Enquiry>(day, "receive-enquiry", facts).by(Staff::DayDuty);
        day += story.chance.of(5..=14);
    }
}
