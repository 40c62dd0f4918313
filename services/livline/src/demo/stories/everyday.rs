//! What happens in every case: notes, slips and their mending, and follow-ups that are moved, handed over, closed and opened again.
//!
//! Deliberately absent: what a follow-up is about; its key is the domain's.

use crate::demo::{
    plan::{Step, Story},
    staff::Staff,
};
use serde_json::{Value, json};

/// A note on the case.
pub(super) fn note<'a>(story: &'a mut Story, service: &'static str, day: i64, text: &str) -> &'a mut Step {
    story.log(service, day, "write-note", json!({ "text": text }))
}

/// A note on an entry (`#step`).
pub(super) fn remark(story: &mut Story, service: &'static str, day: i64, entry: &str, text: &str) {
    story.log(service, day, "write-note", json!({ "version": entry, "text": text }));
}

/// An entry (`#step`) as it should have been, now and then with a word why.
pub(super) fn correct(story: &mut Story, service: &'static str, day: i64, entry: &str, facts: &Value) {
    let facts = json!({ "version": entry, "facts": facts });
    // It happened when it happened: only the facts change.
    story.log(service, day, "correct-entry", facts).with("when", Value::Null);
    if story.happens(50) {
        let why =
            story.one_of(&["Tallet var læst forkert.", "Rettet efter brevet.", "Hun husker det anderledes i dag."]);
        remark(story, service, day, entry, why);
    }
}

/// An entry (`#step`) that should not be there.
pub(super) fn in_error(story: &mut Story, service: &'static str, day: i64, entry: &str) {
    let reason = story.one_of(&[
        "Skrevet på den forkerte sag.",
        "Dobbelt: kollegaen havde allerede registreret det.",
        "Det var kun aftalt, ikke sket.",
    ]);
    story.log(service, day, "record-in-error", json!({ "version": entry, "reason": reason }));
}

/// A temp logs what belongs elsewhere, and somebody takes it back.
pub(super) fn slip(story: &mut Story, service: &'static str, day: i64, action: &'static str) {
    let entry = story.log(service, day, action, json!({})).by(Staff::Temp).version();
    in_error(story, service, day + 1, &entry);
}

/// Closed as done, opened again because it was not, and then done.
pub(super) fn too_soon(story: &mut Story, service: &'static str, day: i64, key: &str) {
    close(story, service, day, key, "done", None);
    reopen(story, service, day + 1, key, day + 4);
    close(story, service, day + 4, key, "done", Some("Nu er det gjort."));
}

pub(super) fn close(
    story: &mut Story,
    service: &'static str,
    day: i64,
    key: &str,
    outcome: &str,
    reason: Option<&str>,
) {
    story.log(service, day, "close-follow-up", json!({ "key": key, "outcome": outcome, "reason": reason }));
}

/// Closed too early: it has to be done after all.
pub(super) fn reopen(story: &mut Story, service: &'static str, day: i64, key: &str, due: i64) {
    let due = story.day(due);
    story.log(service, day, "reopen-follow-up", json!({ "key": key, "due": due }));
}

pub(super) fn postpone(story: &mut Story, service: &'static str, day: i64, key: &str, due: i64, reason: &str) {
    let due = story.day(due);
    story.log(service, day, "move-follow-up", json!({ "key": key, "due": due, "reason": reason }));
}

pub(super) fn hand_over(story: &mut Story, service: &'static str, day: i64, key: &str, to: Staff) {
    let responsible = story.actor(to);
    story.log(service, day, "assign-follow-up", json!({ "key": key, "responsible": responsible }));
}

/// What is open is ended before the case is.
pub(super) fn tidy(story: &mut Story, service: &'static str, day: i64, open: &[(&str, &str)]) {
    for (key, outcome) in open {
        let reason = match *outcome {
            "done" => story.one_of(&["Gennemgået en sidste gang.", "Er på plads."]),
            _ => story.one_of(&["Sagen afsluttes.", "Hun ønsker det ikke længere.", "Andre har opgaven nu."]),
        };
        close(story, service, day, key, outcome, Some(reason));
    }
}

/// What stands on the end of a case, by what came of it.
pub(super) fn farewell(story: &mut Story, outcome: &str) -> &'static str {
    match outcome {
        "contact_lost" => "Ingen har hørt fra hende siden. Døren står åben.",
        "no_longer_needed" => {
            story.one_of(&["Hun ønsker ikke mere hjælp nu. Døren står åben.", "Hun vil selv. Vi har sagt farvel."])
        }
        "others_help" => "Alt er givet videre ved et fælles møde, hvor hun selv var med.",
        _ => story.one_of(&[
            "Papirerne har hun selv i en mappe.",
            "Hun klarer resten selv.",
            "Hun ved, at hun altid kan ringe.",
        ]),
    }
}
