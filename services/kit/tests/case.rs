//! What every case has: corrections, entries recorded in error, notes, follow-ups moved by hand. On a made-up domain.
#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up should say where, and stop")]

use kit::{
    Class, Context, Decider, Decision, Facets, Location, Narrative, Personal, Text,
    access::{Right, Role},
    case::{Correction, Refusal},
    decider::{Claim, Commands},
    entry::{
        Cause, Common, FollowUpAssigned, FollowUpClosed, FollowUpMoved, FollowUpOutcome, FollowUpReopened, NoteWritten,
        RecordedInError, What,
    },
    facets::FollowUpChange,
    facts::{BadFact, Mistake},
    given::{Given, Then, given},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeSet;

const DEADLINES: &str = r#"
[deadlines.ring_back]
amount = 3
unit = "days"
basis = { da = "Centrets praksis", en = "The centre's practice" }
source = "made up"
"#;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Call {
    topic: Personal<Text>,
    ring_back: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    place: Option<Location<Text>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Settled {
    answer: String,
}

mod domain {
    use super::{Call, Settled};
    kit::entries! {
        /// She called.
        NoteCall => CallNoted(Call), request, withhold [topic];
        /// It is settled.
        Settle => CallSettled(Settled), never;
    }
}

#[derive(Clone, Debug, Default, Serialize)]
struct Calls {
    noted: u32,
    last: Option<Personal<Text>>,
    settled: Option<String>,
}

#[derive(Clone, Debug, PartialEq, thiserror::Error, strum::IntoStaticStr, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
enum Rejection {
    #[error("it was settled otherwise")]
    SettledOtherwise,
}

#[derive(Clone, Copy, Debug, PartialEq, strum::IntoStaticStr, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
enum Warning {
    NothingToSettle,
}

#[derive(Clone, Copy, Debug, PartialEq, strum::IntoStaticStr, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
enum Task {
    RingBack,
}

impl Decider for Calls {
    const TYPE: &'static str = "case";
    const PLURAL: &'static str = "cases";
    type Command = domain::Command;
    type Event = domain::Event;
    type Rejection = Rejection;
    type Warning = Warning;
    type FollowUp = Task;

    fn decide(&self, command: domain::Command, _: &Context<'_>) -> Result<Decision<Self>, Rejection> {
        let warn = match &command {
            domain::Command::Settle(settled) if self.settled.as_ref() == Some(&settled.answer) => {
                return Ok(Decision::already());
            }
            domain::Command::Settle(_) if self.settled.is_some() => return Err(Rejection::SettledOtherwise),
            domain::Command::Settle(_) => self.noted == 0,
            domain::Command::NoteCall(_) => false,
        };
        Ok(Decision::event(command.record()).warn_if(warn, Warning::NothingToSettle))
    }

    /// What is told of safety is for those who are close to her.
    fn right(&self, command: &domain::Command, _: &Context<'_>) -> Right {
        match command {
            domain::Command::NoteCall(call) if call.topic.open().is_some_and(|topic| topic.as_str() == "sikkerhed") => {
                Right::Close
            }
            other => other.right(),
        }
    }

    fn claims(&self) -> BTreeSet<String> {
        self.settled.iter().cloned().collect()
    }

    fn evolve(&mut self, event: &domain::Event) {
        match event {
            domain::Event::CallNoted(call) => {
                self.noted += 1;
                self.last = Some(call.topic.clone());
            }
            domain::Event::CallSettled(settled) => self.settled = Some(settled.answer.clone()),
        }
    }

    fn actions(&self, _: &Context<'_>) -> Vec<&'static str> {
        vec!["note-call"]
    }

    fn facets(&self, event: &domain::Event, context: &Context<'_>) -> Facets {
        match event {
            domain::Event::CallNoted(call) if call.ring_back => {
                Facets::routine().with(FollowUpChange::opened("call/back", Task::RingBack).due_by(
                    context.deadlines,
                    "ring_back",
                    context.day(),
                ))
            }
            domain::Event::CallNoted(_) => Facets::routine(),
            domain::Event::CallSettled(_) => Facets::milestone().with(FollowUpChange::closed("call/back")),
        }
    }
}

fn call(topic: &str, ring_back: bool) -> serde_json::Value {
    json!({ "topic": topic, "ring_back": ring_back })
}

fn start() -> Given<Calls> {
    given::<Calls>("2026-11-20", DEADLINES)
}

fn narrative(text: &str) -> Narrative {
    serde_json::from_value(json!(text)).unwrap()
}

#[test]
fn a_deadline_is_decided_when_it_is_recorded() {
    let _ = start().when("note-call", call("bolig", true)).events(&["CallNoted"]).opens(
        "call/back",
        "ring_back",
        Some("2026-11-23"),
    );
}

#[test]
fn a_repeated_outcome_is_nothing_new_and_another_is_refused() {
    let case = start().and("note-call", call("bolig", true)).and("settle", json!({ "answer": "ja" }));
    let _ = case.clone().when("settle", json!({ "answer": "ja" })).events(&[]);
    case.when("settle", json!({ "answer": "nej" })).refused("settled_otherwise");
    let _ = start().when("settle", json!({ "answer": "ja" })).warns(&["nothing_to_settle"]);
}

#[test]
fn a_correction_folds_again_without_the_original() {
    // Version 1 opened the case, 2 is the call.
    let case = start().and("note-call", call("bolig", true));
    let corrected =
        case.when_corrected(2, call("arbejde", false)).events(&["EntryCorrected"]).closes("call/back").accepted();
    assert_eq!(corrected.case().domain().noted, 1, "the original counts no more");
    assert_eq!(corrected.case().domain().last.as_ref().unwrap().open().unwrap().as_str(), "arbejde");
    let again = corrected.when_corrected(2, call("arbejde", true)).opens("call/back", "ring_back", Some("2026-11-23"));
    assert!(again.accepted().case().follow_ups()["call/back"].open);
}

#[test]
fn a_correction_obeys_the_rules_and_keeps_what_was_dealt_with() {
    let case = start().and("note-call", call("bolig", true)).and("settle", json!({ "answer": "ja" }));
    let settled = case.clone().when_corrected(3, json!({ "answer": "nej" })).accepted();
    assert_eq!(settled.case().domain().settled.as_deref(), Some("nej"));
    let kept = case.when_corrected(2, call("skole", true)).accepted();
    assert!(!kept.case().follow_ups()["call/back"].open, "settled stays settled");
    kept.clone().when_corrected(1, json!({})).refused("not_correctable");
    kept.clone().when_corrected(99, json!({})).refused("no_such_entry");
    kept.when_corrected(2, json!({ "topic": null })).refused("missing_fact");
}

fn noted() -> Given<Calls> {
    start().and("note-call", json!({ "topic": "bolig", "ring_back": true, "place": "Birkevej 4" }))
}

/// The call as a correction leaves it: topic, whether to ring back, place.
fn left(then: &Then<Calls>) -> (String, bool, Option<String>) {
    match then.outcome.as_ref().unwrap().entries.first().map(|entry| &entry.what) {
        Some(What::Corrected { fact: domain::Event::CallNoted(call), .. }) => {
            let place = call.place.as_ref().map(|place| place.open().unwrap().as_str().to_owned());
            (call.topic.open().unwrap().as_str().to_owned(), call.ring_back, place)
        }
        _ => ("no correction".into(), false, None),
    }
}

#[test]
fn a_correction_changes_what_it_names_and_nothing_else() {
    let corrected = noted().when_corrected(2, json!({ "topic": "arbejde" }));
    assert_eq!(left(&corrected), ("arbejde".into(), true, Some("Birkevej 4".into())), "the hidden place stays");
    let emptied = corrected.accepted().when_corrected(2, json!({ "place": null }));
    assert_eq!(left(&emptied), ("arbejde".into(), true, None), "on the facts as they stand, not on the original's");
    let given = emptied.accepted().when_corrected(2, json!({ "place": "Egevej 1" }));
    assert_eq!(left(&given), ("arbejde".into(), true, Some("Egevej 1".into())));
}

#[test]
fn a_patch_is_read_strictly() {
    let refused = |patch, pointer: &str, mistake| {
        let outcome = noted().when_corrected(2, patch).outcome.map(|_| ());
        assert_eq!(outcome, Err(Refusal::Fact(BadFact { pointer: pointer.into(), mistake })));
    };
    refused(json!({ "topic": "x", "Birkevej 4": "x" }), "", Mistake::UnknownFact);
    refused(json!({ "Birkevej 4": null }), "", Mistake::UnknownFact);
    refused(json!({ "a": null, "topic": "x", "z": null }), "", Mistake::UnknownFact);
    refused(json!({ "topic": { "$open": { "class": "personal", "value": "x" } } }), "", Mistake::UnknownFact);
    refused(json!({ "place": { "$erased": "location" } }), "", Mistake::UnknownFact);
    refused(json!({ "topic": null }), "/topic", Mistake::MissingFact);
    refused(json!({ "ring_back": "x" }), "/ring_back", Mistake::WrongType);
    refused(json!(["x"]), "", Mistake::WrongType);
    refused(json!(null), "", Mistake::WrongType);
    // What may be left out may be emptied, whether it was there or not.
    drop(start().and("note-call", call("bolig", true)).when_corrected(2, json!({ "place": null })).already());
}

#[test]
fn an_identical_correction_records_nothing() {
    for patch in [json!({}), json!({ "topic": "bolig" }), json!({ "topic": "bolig", "place": "Birkevej 4" })] {
        drop(noted().when_corrected(2, patch).already());
    }
    drop(noted().when_corrected_to(2, json!({}), "2026-11-20").already());
    // Whoever may not see the place learns by nothing whether it is this one.
    let corrected = |patch, hidden: &[Class]| {
        let hidden = hidden.iter().copied().collect();
        noted().when_corrected_so(Correction { version: 2, patch, hidden, ..Correction::default() })
    };
    for place in ["Birkevej 4", "Egevej 1"] {
        drop(corrected(json!({ "place": place }), &[Class::Location]).events(&["EntryCorrected"]).warns(&[]));
    }
    drop(corrected(json!({ "topic": "bolig" }), &[Class::Location]).already());
    drop(corrected(json!({ "place": "Birkevej 4" }), &[Class::Narrative]).already());
}

#[test]
fn what_happened_when_is_corrected_and_stays_so() {
    let happened = |then: &Then<Calls>| then.outcome.as_ref().unwrap().entries[0].happened.to_string();
    let earlier =
        noted().when_corrected_to(2, json!({}), "2026-11-10").opens("call/back", "ring_back", Some("2026-11-13"));
    assert_eq!(happened(&earlier), "2026-11-10");
    assert_eq!(left(&earlier), ("bolig".into(), true, Some("Birkevej 4".into())));
    let other = earlier.accepted().when_corrected(2, json!({ "topic": "arbejde" })).leaves_follow_ups();
    assert_eq!(happened(&other), "2026-11-10", "another correction does not put it back");
    let unknown = other.accepted().when_corrected_to(2, json!({}), "unknown");
    assert_eq!(happened(&unknown), "unknown");
    noted().when_corrected_to(2, json!({}), "2026-11-21").refused("in_the_future");
}

#[test]
fn of_two_who_correct_one_entry_the_second_is_told() {
    let correct = |given: Given<Calls>, topic: &str, seen| {
        given.when_corrected_so(Correction {
            version: 2,
            patch: json!({ "topic": topic }),
            seen,
            ..Correction::default()
        })
    };
    let first = correct(noted(), "arbejde", None).warns(&[]).accepted();
    for unaware in [None, Some(2)] {
        let second =
            correct(first.clone(), "skole", unaware).events(&["EntryCorrected"]).warns(&["corrected_meanwhile"]);
        drop(correct(second.accepted(), "læge", Some(3)).warns(&["corrected_meanwhile"]));
    }
    drop(correct(first.clone(), "skole", Some(3)).warns(&[]));
    drop(correct(first, "arbejde", None).already());
}

#[test]
fn a_right_is_asked_for_to_record_to_correct_from_and_to_and_to_take_back() {
    let (close, any) = (|| call("sikkerhed", false), || call("bolig", false));
    let by = |case: Given<Calls>, right| case.by_right("w-9", Role::Worker, right);
    by(start(), Right::Record).when("note-call", close()).refused("needs_close");
    let kept = by(start(), Right::Close).and("note-call", close());
    let others = || by(kept.clone(), Right::Record);
    others().when_corrected(2, close()).refused("needs_close");
    others().when_corrected(2, any()).refused("needs_close");
    others().when_in_error(2).refused("needs_close");
    let noted = by(start(), Right::Record).and("note-call", any());
    noted.clone().when_corrected(2, close()).refused("needs_close");
    drop(noted.clone().when_corrected(2, call("skole", false)).accepted());
    drop(noted.when_in_error(2).accepted());
    for right in [Right::Close, Right::Answers, Right::Leader] {
        drop(by(kept.clone(), right).when_corrected(2, any()).accepted());
        drop(by(kept.clone(), right).when_in_error(2).accepted());
    }
}

#[test]
fn what_was_recorded_in_error_counts_no_more() {
    let case = start().and("note-call", call("bolig", true)).and("settle", json!({ "answer": "ja" }));
    let error = |version| {
        Common::RecordedInError(RecordedInError { version, cause: None, reason: Some(narrative("forkert kvinde")) })
    };
    let back = case.when_common(error(3)).events(&["RecordedInError"]).accepted();
    assert_eq!(back.case().domain().settled, None);
    assert!(back.case().follow_ups()["call/back"].open, "what it had closed is open again");
    let nothing = back.clone().when_common(error(2)).closes("call/back").accepted();
    assert_eq!(nothing.case().domain().noted, 0);
    let _ = nothing.clone().when_common(error(2)).events(&[]);
    nothing.when_corrected(2, call("x", false)).refused("recorded_in_error_already");
}

#[test]
fn follow_ups_are_moved_handed_over_closed_and_reopened() {
    let case = start().and("note-call", call("bolig", true));
    let key = || "call/back".to_owned();
    let moved = Common::FollowUpMoved(FollowUpMoved {
        key: key(),
        due: Location::new("2026-12-01".parse().unwrap()),
        reason: None,
    });
    let case = case.when_common(moved.clone()).moves("call/back", "2026-12-01").accepted();
    let _ = case.clone().when_common(moved.clone()).events(&[]);
    let assigned = Common::FollowUpAssigned(FollowUpAssigned { key: key(), responsible: "w-2".parse().unwrap() });
    let case = case.when_common(assigned).events(&["FollowUpAssigned"]).accepted();
    assert_eq!(case.case().follow_ups()["call/back"].responsible.as_ref().unwrap().as_str(), "w-2");
    let closed = Common::FollowUpClosed(FollowUpClosed { key: key(), outcome: FollowUpOutcome::Done, reason: None });
    let case = case.when_common(closed.clone()).closes("call/back").accepted();
    // Somebody else may have closed it for another reason: whoever comes second is told.
    let _ = case.clone().when_common(closed).events(&[]).warns(&["closed_already"]);
    case.clone().when_common(moved).refused("follow_up_not_open");
    let reopened = Common::FollowUpReopened(FollowUpReopened { key: key(), due: None });
    let case = case.when_common(reopened).events(&["FollowUpReopened"]).accepted();
    assert_eq!(case.case().follow_ups()["call/back"].due, Some("2026-12-01".parse().unwrap()));
    let unknown = Common::FollowUpReopened(FollowUpReopened { key: "no/such".into(), due: None });
    case.when_common(unknown).refused("no_such_follow_up");
}

#[test]
fn a_note_stands_on_an_entry_that_is_there() {
    let note = |version| Common::NoteWritten(NoteWritten { version, text: narrative("ringer igen") });
    let _ = start().when_common(note(None)).events(&["NoteWritten"]);
    let _ = start().when_common(note(Some(1))).events(&["NoteWritten"]);
    start().when_common(note(Some(7))).refused("no_such_entry");
}

#[test]
fn a_note_is_taken_back_alone_or_with_the_entry_that_it_stands_on() {
    let note = |version| Common::NoteWritten(NoteWritten { version, text: narrative("ringer igen") });
    let error =
        |version| Common::RecordedInError(RecordedInError { version, cause: Some(Cause::WrongPerson), reason: None });
    // Notes on the case, on the call, and on its correction.
    let case = noted().when_common(note(None)).accepted().when_common(note(Some(2))).accepted();
    let case = case.when_corrected(2, json!({ "topic": "arbejde" })).accepted().when_common(note(Some(5))).accepted();
    let alone = case.clone().when_common(error(4)).events(&["RecordedInError"]).leaves_follow_ups().accepted();
    drop(alone.clone().when_common(error(4)).already());
    alone.when_corrected(4, json!({ "text": "x" })).refused("recorded_in_error_already");
    let taken = |then: &Then<Calls>| -> Vec<u64> {
        let entries = then.outcome.as_ref().unwrap().entries.iter();
        entries
            .filter_map(|entry| match &entry.what {
                What::Common(Common::RecordedInError(error)) if error.cause == Some(Cause::WrongPerson) => {
                    Some(error.version)
                }
                _ => None,
            })
            .collect()
    };
    let back = case.when_common(error(2)).closes("call/back");
    assert_eq!(taken(&back), [2, 4, 6], "the note on the case stays");
    drop(back.accepted().when_common(error(3)).events(&["RecordedInError"]));
}

/// A case opened for the wrong woman is taken back once nothing stands in it, and nothing is recorded in it any more.
#[test]
fn a_case_opened_in_error_is_taken_back() {
    let noted = start().and("note-call", call("bolig", false));
    noted.clone().when_in_error(1).refused("case_not_empty");
    let empty = noted.when_in_error(2).accepted();
    let back = empty.when_in_error(1).events(&["RecordedInError"]).accepted();
    assert!(back.actions().is_empty());
    back.clone().when("note-call", call("bolig", false)).refused("case_in_error");
    let note = Common::NoteWritten(NoteWritten { version: None, text: narrative("Forkert kvinde.") });
    back.clone().when_common(note).refused("case_in_error");
    let _ = back.when_in_error(1).events(&[]);
}

#[test]
fn the_future_is_refused() {
    for when in ["2026-11-21", "2026-12", "2026-11-20T23:59"] {
        start().when_on("note-call", call("bolig", false), when.parse().unwrap()).refused("in_the_future");
    }
    start().when_on("note-call", call("bolig", false), "2026-11-20T12:06".parse().unwrap()).refused("in_the_future");
    // It is noon. A client's clock may be some minutes fast.
    for when in ["2026-11-20", "2026-11", "unknown", "2026-11-20T09:00", "2026-11-20T12:02", "2026-11-20T12:05"] {
        let _ = start().when_on("note-call", call("bolig", false), when.parse().unwrap()).events(&["CallNoted"]);
    }
}

#[test]
fn what_is_held_follows_corrections_and_errors() {
    let free = start().and("note-call", call("bolig", true));
    let held = free.clone().and("settle", json!({ "answer": "ja" }));
    assert_eq!(held.case().claims_since(free.case()), [Claim::Take("ja".into())]);
    let other = held.clone().when_corrected(3, json!({ "answer": "nej" })).accepted();
    assert_eq!(other.case().claims_since(held.case()), [Claim::Release("ja".into()), Claim::Take("nej".into())]);
    let error = Common::RecordedInError(RecordedInError { version: 3, cause: None, reason: None });
    let back = other.clone().when_common(error).accepted();
    assert_eq!(back.case().claims_since(other.case()), [Claim::Release("nej".into())]);
}
