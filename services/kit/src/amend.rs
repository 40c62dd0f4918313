//! How follow-ups change, and what a correction does to them: the difference between what an entry did and what it should have
//! done.
//!
//! What people did meanwhile stays: a follow-up that was dealt with, moved or handed over changes only where the correction says
//! something new about it. Deliberately absent: which entries stand ([`crate::case`]).

use crate::{
    Class,
    case::FollowUp,
    decider::Events,
    facets::{Change, FollowUpChange},
    sealed::exposing,
};
use serde_json::Value;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Opening and moving are one: both leave it open, with a date.
fn kind(change: Change) -> Change {
    if change == Change::Moved { Change::Opened } else { change }
}

/// Whether `list` has a change of this kind to the same follow-up.
pub(crate) fn makes(list: &[FollowUpChange], change: &FollowUpChange) -> bool {
    list.iter().any(|other| other.key == change.key && kind(other.change) == kind(change.change))
}

/// The date that `list` gives a follow-up, as a move to it.
pub(crate) fn dates(list: &[FollowUpChange], key: &str) -> Option<FollowUpChange> {
    let mut dating = list.iter().rev().filter(|change| change.key == key && kind(change.change) == Change::Opened);
    dating.next().map(|change| FollowUpChange {
        change: Change::Moved,
        what: None,
        responsible: None,
        ..change.clone()
    })
}

/// Whether `list` has this very change, whoever holds it and on whatever ground.
fn says(list: &[FollowUpChange], change: &FollowUpChange) -> bool {
    list.iter().any(|other| {
        (&other.key, other.change, &other.what, other.due) == (&change.key, change.change, &change.what, change.due)
    })
}

/// What other entries that stand say of a follow-up.
#[derive(Debug, Clone, Default)]
pub(crate) struct Elsewhere {
    /// Whether one of them makes such a change too.
    pub(crate) made: bool,
    /// Whether it was open when the entry came, so that the entry is what ended it.
    pub(crate) ended: bool,
    /// The change of its date that would count without the entry; none where a later one counts anyway.
    pub(crate) dated: Option<FollowUpChange>,
}

/// What must happen to follow-ups when an entry turns from one that does `was` into one that does `is`. `made` is what it did
/// when it was recorded; `elsewhere` tells what other entries that stand do to the same follow-up.
pub(crate) fn amended(
    now: &BTreeMap<String, FollowUp>,
    made: &[FollowUpChange],
    was: &[FollowUpChange],
    is: &[FollowUpChange],
    elsewhere: impl Fn(&FollowUpChange) -> Elsewhere,
) -> Vec<FollowUpChange> {
    let open = |key: &str| now.get(key).is_some_and(|follow_up| follow_up.open);
    let undone = was.iter().filter(|old| makes(made, old) && !makes(is, old));
    let mut changes: Vec<_> = undone
        .filter_map(|old| match (kind(old.change), elsewhere(old)) {
            // Another entry keeps it open: its date is what it would be without this one.
            (Change::Opened, Elsewhere { made: true, dated: Some(dated), .. }) if open(&old.key) => Some(dated),
            (Change::Opened, Elsewhere { made: false, .. }) if open(&old.key) => Some(FollowUpChange::closed(&old.key)),
            (Change::Closed, Elsewhere { made: false, ended: true, .. }) if !open(&old.key) => {
                Some(FollowUpChange::new(&old.key, Change::Reopened))
            }
            _ => None,
        })
        .collect();
    // What a place or its time decided is closed by now, and `was` knows nothing of it: only what was recorded tells.
    let known = |new: &FollowUpChange| new.class != Class::Personal || !says(was, new);
    let new = is.iter().filter(|new| known(new) && !says(made, new));
    let new = new.filter(|new| open(&new.key) || (new.change == Change::Opened && !makes(made, new)));
    changes.extend(new.map(|new| FollowUpChange {
        responsible: now.get(&new.key).and_then(|follow_up| follow_up.responsible.clone()).or(new.responsible.clone()),
        ..new.clone()
    }));
    changes
}

/// Takes what a correction changed into what its entry `made`.
pub(crate) fn merge(made: &mut Vec<FollowUpChange>, corrected: &[FollowUpChange]) {
    for change in corrected {
        let undoes = match change.change {
            Change::Closed => Some(Change::Opened),
            Change::Reopened => Some(Change::Closed),
            _ => None,
        };
        let count = made.len();
        made.retain(|old| old.key != change.key || Some(kind(old.change)) != undoes);
        if made.len() == count {
            made.retain(|old| old.key != change.key || old.change != change.change);
            made.push(change.clone());
        }
    }
}

/// Takes a change in. Only an opening can begin something.
pub(crate) fn follow(follow_ups: &mut BTreeMap<String, FollowUp>, change: &FollowUpChange) {
    if change.change == Change::Opened {
        let FollowUpChange { what, due, class, responsible, .. } = change.clone();
        follow_ups.insert(
            change.key.clone(),
            FollowUp { what: what.unwrap_or_default(), due, class, responsible, open: true },
        );
        return;
    }
    let Some(follow_up) = follow_ups.get_mut(&change.key) else { return };
    match change.change {
        Change::Moved => follow_up.due = change.due,
        Change::Assigned => follow_up.responsible.clone_from(&change.responsible),
        Change::Closed => follow_up.open = false,
        Change::Reopened => {
            follow_up.open = true;
            follow_up.due = change.due.or(follow_up.due);
        }
        Change::Opened => {}
    }
}

/// Ids left out of a correction stay as they were: an offer is still the same offer when its rent was wrong.
pub(crate) fn keep_ids(original: &impl Events, mut facts: Value) -> Value {
    let original = exposing(|| original.to_facts()).unwrap_or_default();
    if let (Some(facts), Value::Object(original)) = (facts.as_object_mut(), original) {
        let is_id = |value: &Value| value.as_str().is_some_and(|text| Uuid::parse_str(text).is_ok());
        let left_out = original.into_iter().filter(|(_, value)| is_id(value));
        for (name, id) in left_out {
            facts.entry(name).or_insert(id);
        }
    }
    facts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facets::FollowUpChange as C;

    fn on(day: &str) -> crate::when::DueBy {
        day.parse().unwrap()
    }

    fn nothing() -> Elsewhere {
        Elsewhere { ended: true, ..Elsewhere::default() }
    }

    fn now(list: &[(&str, bool)]) -> BTreeMap<String, FollowUp> {
        let follow_up = |open| FollowUp {
            what: "w".into(),
            due: None,
            class: crate::Class::Personal,
            responsible: Some("w-2".parse().unwrap()),
            open,
        };
        list.iter().map(|(key, open)| ((*key).to_owned(), follow_up(*open))).collect()
    }

    #[test]
    fn a_correction_that_says_nothing_new_changes_nothing() {
        let opened = [C::opened("a", "w").due(on("2026-12-01"))];
        assert!(amended(&now(&[("a", true)]), &opened, &opened, &opened, |_| nothing()).is_empty());
    }

    #[test]
    fn another_date_replaces_an_open_one_and_its_holder_stays() {
        let (was, is) = ([C::opened("a", "w").due(on("2026-12-01"))], [C::opened("a", "w").due(on("2026-12-02"))]);
        let [change] = amended(&now(&[("a", true)]), &was, &was, &is, |_| nothing()).try_into().unwrap();
        assert_eq!((change.due, change.responsible.unwrap().as_str()), (Some(on("2026-12-02")), "w-2"));
        let dealt_with = amended(&now(&[("a", false)]), &was, &was, &is, |_| nothing());
        assert!(dealt_with.is_empty());
    }

    #[test]
    fn what_it_should_not_have_done_is_undone_unless_another_entry_does_it_too() {
        let closed = [C::closed("a")];
        let undone = amended(&now(&[("a", false)]), &closed, &closed, &[], |_| nothing());
        assert_eq!(undone, [C::new("a", Change::Reopened)]);
        assert!(
            amended(&now(&[("a", false)]), &closed, &closed, &[], |_| Elsewhere {
                made: true,
                ended: true,
                dated: None
            })
            .is_empty()
        );
        let opened = [C::opened("b", "w")];
        assert_eq!(amended(&now(&[("b", true)]), &opened, &opened, &[], |_| nothing()), [C::closed("b")]);
    }

    #[test]
    fn an_extension_that_is_taken_back_leaves_the_date_before_it() {
        let moved = [C::new("a", Change::Moved).due(on("2026-12-08"))];
        let before = C::new("a", Change::Moved).due(on("2026-12-01"));
        let dated = |dated: Option<C>| move |_: &C| Elsewhere { made: true, ended: true, dated: dated.clone() };
        let back = amended(&now(&[("a", true)]), &moved, &moved, &[], dated(Some(before.clone())));
        assert_eq!(back, std::slice::from_ref(&before));
        assert!(amended(&now(&[("a", false)]), &moved, &moved, &[], dated(Some(before))).is_empty(), "dealt with");
        assert!(amended(&now(&[("a", true)]), &moved, &moved, &[], dated(None)).is_empty(), "moved again since");
    }

    #[test]
    fn what_people_had_ended_before_is_not_opened_again() {
        let closed = [C::closed("a")];
        let by_hand = |_: &C| Elsewhere::default();
        assert!(amended(&now(&[("a", false)]), &closed, &closed, &[], by_hand).is_empty());
    }

    #[test]
    fn a_corrected_entry_remembers_all_that_it_does() {
        let mut made = vec![C::opened("a", "w").due(on("2026-12-01")), C::closed("b")];
        merge(&mut made, &[C::opened("a", "w").due(on("2026-12-02"))]);
        assert_eq!(made, [C::closed("b"), C::opened("a", "w").due(on("2026-12-02"))]);
        merge(&mut made, &[C::closed("a"), C::new("b", Change::Reopened)]);
        assert!(made.is_empty());
    }
}
