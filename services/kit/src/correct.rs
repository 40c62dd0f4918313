//! Corrections and retractions: an entry reads as it should have been, or counts no more.
//!
//! A correction changes what it names and nothing else: a JSON Merge Patch (RFC 7396) of the facts as they stand, which the engine opens
//! for it. Deliberately absent: what follow-ups come to by it ([`crate::amend`]), and how the facts are opened (the engine).

use crate::{
    Case, Class, Context, Decider, Decision, Facets, amend,
    case::{CommonRejection, CommonWarning, Correction, Decided, Outcome, Placed, Recorded, Refusal, Standing, chosen},
    case::{in_the_future, place},
    decider::{Amendable, Begins, Commands, Events},
    directory::Named,
    entry::{Common, Entry, RecordedInError, What},
    facets::{Change, FollowUpChange},
    facts::{self, BadFact, Mistake},
    sealed::{Stored, exposing},
};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// An entry that is to be corrected.
struct Amended<'a, D: Decider> {
    entry: Placed<'a, D>,
    /// What would record it as it stands.
    before: D::Command,
    /// What would have recorded it as it should have been.
    after: D::Command,
}

impl<D: Decider> Case<D> {
    /// The entry that says how an earlier one stands: itself, or its latest correction. `None`: no fact of the domain stands there.
    #[must_use]
    pub fn said_by(&self, version: u64) -> Option<u64> {
        let recorded = place(version).and_then(|place| self.recorded.get(place))?;
        matches!(recorded.standing, Standing::Fact(_)).then_some(recorded.said_by)
    }

    /// Whom a correction names whom the entry did not name before: those may have left meanwhile.
    pub(crate) fn names_anew(&self, correction: &Correction) -> BTreeSet<Named> {
        let Ok(Amended { before, after, .. }) = self.amended_by(correction) else { return BTreeSet::new() };
        let before = D::names(&before);
        D::names(&after).into_iter().filter(|named| !before.contains(named)).collect()
    }

    /// Reads what a correction makes of an entry.
    fn amended_by(&self, correction: &Correction) -> Result<Amended<'_, D>, Refusal<D::Rejection>> {
        let (place, recorded) = self.standing(correction.version)?;
        let original = match &recorded.standing {
            Standing::Fact(fact) if D::amendable(fact) == Amendable::Always => fact,
            Standing::InError => return Err(Refusal::Common(CommonRejection::RecordedInErrorAlready)),
            _ => return Err(Refusal::Common(CommonRejection::NotCorrectable)),
        };
        let not_correctable = || Refusal::Common(CommonRejection::NotCorrectable);
        let action = D::Command::action_of(original.name()).ok_or_else(not_correctable)?;
        let read = |facts| D::Command::read_again(&action, facts).ok_or_else(not_correctable);
        let mut stands = match &correction.stands {
            Some(stands) => stands.clone(),
            None => exposing(|| original.to_facts()).map_err(|_| not_correctable())?,
        };
        unmark(&mut stands);
        may_be_merged::<D>(original.name(), &correction.patch, &stands).map_err(Refusal::Fact)?;
        for pointer in unknown_nulls(&correction.patch, &stands) {
            let mut one = merged(stands.clone(), &correction.patch);
            set_null(&mut one, &pointer);
            if let Err(bad) = read(one)?
                && bad.mistake == Mistake::UnknownFact
            {
                return Err(Refusal::Fact(bad));
            }
        }
        let after = read(merged(stands.clone(), &correction.patch))?.map_err(Refusal::Fact)?;
        // What does not read as a fact of today is mended by whoever corrects it.
        let before = read(stands)?.unwrap_or_else(|_| D::Command::again(original.clone()));
        Ok(Amended { entry: (place, recorded), before, after })
    }

    pub(crate) fn correct(&self, correction: &Correction, context: &Context<'_>) -> Outcome<D> {
        let Amended { entry: (place, recorded), before: as_it_stands, after: command } = self.amended_by(correction)?;
        let (version, original) = (correction.version, as_it_stands.clone().record());
        let happened = correction.when.unwrap_or(recorded.happened);
        let context = &Context { happened, corrects: true, ..context.clone() };
        if in_the_future(context) {
            return Err(Refusal::Common(CommonRejection::InTheFuture));
        }
        for command in [&as_it_stands, &command] {
            self.permits(command, context)?;
        }
        // That it says what stands already is told to nobody who may not see what stands.
        let seen = !names_hidden(&correction.patch, &original, &correction.hidden);
        let is_same = |fact: &D::Event| seen && *fact == original && happened == recorded.happened;
        if is_same(&command.clone().record()) {
            return Ok(Decided { entries: Vec::new(), warnings: Vec::new() });
        }
        // The corrected facts obey the rules that held before the original, and get on with what came later as well as it did.
        let then = &Context { happened: recorded.happened, ..context.clone() };
        let others = self.folded(|other| other != place);
        if let Err(refusal) = others.decide(command.clone(), context)
            && others.decide(as_it_stands.clone(), then).is_ok()
        {
            return Err(Refusal::Domain(refusal));
        }
        let before = self.folded(|other| other < place);
        let stood = before.decide(as_it_stands, then);
        let decision = match before.decide(command.clone(), context) {
            // What has changed around the case since refuses the original too.
            Err(_) if stood.is_err() => Decision::event(command.record()),
            decided => decided.map_err(Refusal::Domain)?,
        };
        let fact = decision.events.into_iter().find(|event| event.name() == original.name());
        let fact = fact.ok_or(Refusal::Common(CommonRejection::NothingLeft))?;
        if is_same(&fact) {
            return Ok(Decided { entries: Vec::new(), warnings: Vec::new() });
        }
        let (mut was, mut after) = (self.clone(), self.clone());
        was.stand(version, Standing::Fact(original.clone()), &Facets::default());
        after.stand(version, Standing::Fact(fact.clone()), &Facets::default());
        self.stays_sound(&after)?;
        // Both looked at from today, so that what came later (an extension, an answer) weighs in both; and with what the entry itself
        // has ended still open, for it may be that it should not have.
        let ended = recorded.changes.iter().filter(|change| change.change == Change::Closed);
        let ended =
            ended.map(|change| (change.key.clone(), self.follow_ups.get(&change.key).and_then(|known| known.due)));
        let mut open = context.open.clone();
        open.extend(ended);
        let (then, context) = (&Context { open: open.clone(), ..then.clone() }, &Context { open, ..context.clone() });
        let was = was.domain.facets(&original, then);
        let is = after.domain.facets(&fact, context);
        let follow_ups = self.amended(place, (&was.follow_ups, &is.follow_ups), &after.domain, context);
        let mut facets = Facets { follow_ups, ..is };
        chosen(vec![&mut facets], context);
        let entry = Entry { what: What::Corrected { version, fact }, happened: context.happened, facets };
        // Of what is hidden and stays as it is, nothing is told.
        let told = stood.map(|stood| stood.warnings).unwrap_or_default();
        let known = |warning: &D::Warning| !correction.hidden.is_empty() && told.contains(warning);
        let warnings = decision.warnings.into_iter().filter(|warning| !known(warning)).map(Into::into);
        let unseen = recorded.said_by != version && correction.seen.is_none_or(|seen| seen < recorded.said_by);
        let meanwhile = unseen.then_some(CommonWarning::CorrectedMeanwhile.into());
        Ok(Decided { entries: vec![entry], warnings: warnings.chain(meanwhile).collect() })
    }

    pub(crate) fn take_back(&self, error: RecordedInError, context: &Context<'_>) -> Outcome<D> {
        let (place, recorded) = self.standing(error.version)?;
        match &recorded.standing {
            Standing::Fact(fact) if D::amendable(fact) != Amendable::Never => {
                self.permits(&D::Command::again(fact.clone()), context)?;
            }
            Standing::Note { .. } => {}
            Standing::InError => return Ok(Decided { entries: Vec::new(), warnings: Vec::new() }),
            // A case that was opened for the wrong woman.
            Standing::Common if place == 0 && matches!(D::BEGINS, Begins::ForAWoman) => {
                let stands = |other: &Recorded<_>| matches!(other.standing, Standing::Fact(_) | Standing::Note { .. });
                if self.recorded.iter().any(stands) {
                    return Err(Refusal::Common(CommonRejection::CaseNotEmpty));
                }
            }
            _ => return Err(Refusal::Common(CommonRejection::NotCorrectable)),
        }
        let (falls, stays) = self.falls_with(error.version, context);
        let mut after = self.clone();
        for version in std::iter::once(error.version).chain(falls.iter().copied()) {
            after.stand(version, Standing::InError, &Facets::default());
        }
        self.stays_sound(&after)?;
        let cause = error.cause;
        let also = |version| RecordedInError { version, cause, reason: None };
        let (mut case, mut taken_back) = (self.clone(), Decided { entries: Vec::new(), warnings: Vec::new() });
        for error in std::iter::once(error).chain(falls.into_iter().map(also)) {
            let entry = case.without(error, context)?;
            case.apply(&entry);
            taken_back.entries.push(entry);
        }
        taken_back.warnings.extend(stays.then_some(<&'static str>::from(CommonWarning::SomethingStays)));
        Ok(taken_back)
    }

    /// An entry taken back.
    fn without(&self, error: RecordedInError, context: &Context<'_>) -> Result<Entry<D::Event>, Refusal<D::Rejection>> {
        let (place, recorded) = self.standing(error.version)?;
        let mut after = self.clone();
        after.stand(error.version, Standing::InError, &Facets::default());
        let context = &self.seen_from(context);
        let follow_ups = self.amended(place, (&recorded.changes, &[]), &after.domain, context);
        let what = What::Common(Common::RecordedInError(error));
        Ok(Entry { what, happened: context.happened, facets: Facets { follow_ups, ..Facets::routine() } })
    }

    /// What falls with an entry: what its command recorded besides it, an alert that it raised and the like, where it is the one that was asked
    /// for; and the notes on all of these. And whether something of that stays, because nobody may take it back, or not this actor.
    fn falls_with(&self, version: u64, context: &Context<'_>) -> (Vec<u64>, bool) {
        let fact = |version: u64| match self.standing(version).ok()?.1.standing.clone() {
            Standing::Fact(fact) => Some(fact),
            _ => None,
        };
        let first = context.made_with.iter().all(|other| *other > version || fact(*other).is_none());
        let made = context.made_with.iter().filter(|_| first).filter_map(|other| Some((*other, fact(*other)?)));
        let (mut falls, mut stays) = (Vec::new(), false);
        for (other, fact) in made {
            let amendable = D::amendable(&fact) != Amendable::Never;
            if amendable && self.permits(&D::Command::again(fact), context).is_ok() {
                falls.push(other);
            } else {
                stays = true;
            }
        }
        let about: Vec<u64> = std::iter::once(version).chain(falls.iter().copied()).collect();
        falls.extend(about.into_iter().flat_map(|version| self.notes_on(version)));
        (falls, stays)
    }

    /// The notes that stand on an entry or on a correction of it: they fall with it.
    fn notes_on(&self, version: u64) -> Vec<u64> {
        let versions = || (1_u64..).zip(&self.recorded);
        let corrects =
            |recorded: &Recorded<D::Event>| matches!(recorded.standing, Standing::Correction { of } if of == version);
        let mut about: BTreeSet<u64> = versions().filter(|(_, entry)| corrects(entry)).map(|(own, _)| own).collect();
        about.insert(version);
        let stands_on = |recorded: &Recorded<D::Event>| match recorded.standing {
            Standing::Note { on: Some(on) } => about.contains(&on),
            _ => false,
        };
        versions().filter(|(_, entry)| stands_on(entry)).map(|(own, _)| own).collect()
    }

    /// Refuses what would make a sound case unsound.
    fn stays_sound(&self, after: &Self) -> Result<(), Refusal<D::Rejection>> {
        if self.domain.sound().is_err() { Ok(()) } else { after.domain.sound().map_err(Refusal::Domain) }
    }

    /// What must happen to follow-ups when the entry at `place` turns from one that does `was` into one that does `is`, and the domain is
    /// then as `after`.
    fn amended(
        &self,
        place: usize,
        (was, is): (&[FollowUpChange], &[FollowUpChange]),
        after: &D,
        context: &Context<'_>,
    ) -> Vec<FollowUpChange> {
        let made: &[FollowUpChange] = self.recorded.get(place).map_or(&[], |recorded| &recorded.changes);
        let concerned: BTreeSet<&str> = was.iter().map(|change| change.key.as_str()).collect();
        let mut others = Vec::new();
        for (other, recorded) in self.recorded.iter().enumerate() {
            if other == place || matches!(recorded.standing, Standing::InError) {
                continue;
            }
            let concerned = recorded.changes.iter().any(|change| concerned.contains(change.key.as_str()));
            let today = if concerned { recorded.does_today(other as u64 + 1, after, context) } else { Vec::new() };
            let begins = matches!(recorded.standing, Standing::Fact(_));
            for change in &recorded.changes {
                let said = recorded.said.get(&change.key).copied().unwrap_or_default();
                others.push((said, amend::dated_as(change, &today), begins));
            }
        }
        // By when each was said: a date that a correction gave is later than one that somebody had given by hand.
        others.sort_by_key(|(said, ..)| *said);
        let mut without = BTreeMap::new();
        for (_, change, begins) in &others {
            amend::stand(&mut without, &self.follow_ups, change, *begins);
        }
        amend::amended(&self.follow_ups, &without, made, was, is)
    }
}

impl<E: Clone> Recorded<E> {
    /// What a corrected entry does to follow-ups as the case stands: a later entry, now gone, may have kept the correction from changing
    /// anything. One that was not corrected does what it did.
    fn does_today<D: Decider<Event = E>>(
        &self,
        version: u64,
        domain: &D,
        context: &Context<'_>,
    ) -> Vec<FollowUpChange> {
        match &self.standing {
            Standing::Fact(fact) if self.said_by != version => {
                domain.facets(fact, &Context { happened: self.happened, ..context.clone() }).follow_ups
            }
            _ => Vec::new(),
        }
    }
}

/// Refuses a patch that is no object, has marks of stored facts, or empties what must be there.
fn may_be_merged<D: Decider>(event: &str, patch: &Value, stands: &Value) -> Result<(), BadFact> {
    let bad = |path: &[&str], mistake| Err(BadFact { pointer: facts::pointer(path), mistake });
    let Value::Object(members) = patch else { return bad(&[], Mistake::WrongType) };
    if facts::marked(patch) {
        return bad(&[], Mistake::UnknownFact);
    }
    let emptied = members.iter().filter(|(name, value)| value.is_null() && stands.get(name).is_some());
    let emptied: Vec<&str> = emptied.map(|(name, _)| name.as_str()).collect();
    if emptied.is_empty() {
        return Ok(());
    }
    let described = D::Command::describe().into_iter().find(|entry| entry.event == event);
    let form = described.as_ref().and_then(|entry| entry.facts.get("properties"));
    // What has one value always: an id, a number that the service counted.
    let always = |name: &str| {
        let kind = form.and_then(|form| form.get(name)?.get("type")?.as_str());
        matches!(kind, Some("string" | "integer"))
    };
    emptied.into_iter().find(|name| always(name)).map_or(Ok(()), |name| bad(&[name], Mistake::MissingFact))
}

/// Facts with a patch applied, as RFC 7396 says. A fact that was erased is no object.
fn merged(target: Value, patch: &Value) -> Value {
    let Value::Object(changes) = patch else { return patch.clone() };
    let mut members = match target {
        target if Stored::of(&target).is_some() => Map::new(),
        Value::Object(members) => members,
        _ => Map::new(),
    };
    for (name, change) in changes {
        match members.remove(name) {
            _ if change.is_null() => {}
            there => drop(members.insert(name.clone(), merged(there.unwrap_or_default(), change))),
        }
    }
    Value::Object(members)
}

/// Where a patch empties what is not there: merged, nothing is left to tell that there is no such fact.
fn unknown_nulls(patch: &Value, stands: &Value) -> Vec<Vec<String>> {
    let Value::Object(members) = patch else { return Vec::new() };
    let mut found = Vec::new();
    for (name, change) in members {
        let there = stands.get(name);
        if change.is_null() && there.is_none() {
            found.push(vec![name.clone()]);
        }
        for below in unknown_nulls(change, there.unwrap_or(&Value::Null)) {
            found.push([vec![name.clone()], below].concat());
        }
    }
    found
}

fn set_null(facts: &mut Value, path: &[String]) {
    if let ([name, below @ ..], Value::Object(members)) = (path, facts) {
        let member = members.entry(name.clone()).or_insert(Value::Null);
        set_null(member, below);
    }
}

/// Puts the value in the place of every mark of an open fact.
fn unmark(value: &mut Value) {
    if let Some(Stored::Open(mark)) = Stored::of(value) {
        *value = mark.get("value").cloned().unwrap_or_default();
        return;
    }
    match value {
        Value::Object(members) => members.values_mut().for_each(unmark),
        Value::Array(items) => items.iter_mut().for_each(unmark),
        _ => {}
    }
}

/// Whether a patch names a fact that stands and is of a hidden class.
fn names_hidden(patch: &Value, event: &impl Events, hidden: &BTreeSet<Class>) -> bool {
    let marked = exposing(|| event.to_facts()).unwrap_or_default();
    !hidden.is_empty() && reaches_hidden(patch, &marked, hidden)
}

fn reaches_hidden(patch: &Value, marked: &Value, hidden: &BTreeSet<Class>) -> bool {
    match Stored::of(marked) {
        Some(Stored::Open(mark)) => {
            let class = mark.get("class").and_then(Value::as_str).and_then(|class| class.parse().ok());
            class.is_none_or(|class: Class| hidden.contains(&class))
        }
        Some(Stored::Envelope(_) | Stored::Erased) => true,
        None => match (patch, marked) {
            (Value::Object(changes), Value::Object(members)) => changes
                .iter()
                .filter_map(|(name, change)| Some((change, members.get(name)?)))
                .any(|(change, member)| reaches_hidden(change, member, hidden)),
            (_, Value::Object(members)) => members.values().any(|member| reaches_hidden(patch, member, hidden)),
            (_, Value::Array(items)) => items.iter().any(|item| reaches_hidden(patch, item, hidden)),
            _ => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// The examples of RFC 7396, appendix A.
    #[test]
    fn a_patch_is_merged_as_the_rfc_says() {
        for (target, patch, result) in [
            (json!({ "a": "b" }), json!({ "a": "c" }), json!({ "a": "c" })),
            (json!({ "a": "b" }), json!({ "b": "c" }), json!({ "a": "b", "b": "c" })),
            (json!({ "a": "b" }), json!({ "a": null }), json!({})),
            (json!({ "a": "b", "b": "c" }), json!({ "a": null }), json!({ "b": "c" })),
            (json!({ "a": ["b"] }), json!({ "a": "c" }), json!({ "a": "c" })),
            (json!({ "a": "c" }), json!({ "a": ["b"] }), json!({ "a": ["b"] })),
            (json!({ "a": { "b": "c" } }), json!({ "a": { "b": "d", "c": null } }), json!({ "a": { "b": "d" } })),
            (json!({ "a": [{ "b": "c" }] }), json!({ "a": [1] }), json!({ "a": [1] })),
            (json!(["a", "b"]), json!(["c", "d"]), json!(["c", "d"])),
            (json!({ "a": "b" }), json!(["c"]), json!(["c"])),
            (json!({ "a": "foo" }), json!(null), json!(null)),
            (json!({ "e": null }), json!({ "a": 1 }), json!({ "e": null, "a": 1 })),
            (json!([1, 2]), json!({ "a": "b", "c": null }), json!({ "a": "b" })),
            (json!({}), json!({ "a": { "bb": { "ccc": null } } }), json!({ "a": { "bb": {} } })),
        ] {
            assert_eq!(merged(target.clone(), &patch), result, "{target} {patch}");
        }
    }

    #[test]
    fn an_erased_fact_is_replaced_and_never_merged_with() {
        let stands =
            json!({ "name": { "child": 1, "value": { "$erased": "identity" } }, "place": { "$erased": "location" } });
        let patch = json!({ "name": { "value": "Bo" }, "place": { "street": "x" } });
        let expected = json!({ "name": { "child": 1, "value": "Bo" }, "place": { "street": "x" } });
        assert_eq!(merged(stands, &patch), expected);
    }

    #[test]
    fn what_is_emptied_and_was_not_there_is_found_wherever_it_stands() {
        let patch = json!({ "a": null, "b": { "c": null, "d": 1 }, "e": null });
        let found = unknown_nulls(&patch, &json!({ "a": 1, "b": { "x": 1 } }));
        assert_eq!(found, [vec!["b".to_owned(), "c".to_owned()], vec!["e".to_owned()]]);
    }
}
