//! How follow-ups change, and what a correction does to them: the difference between what an entry did and what it should have
//! done.
//!
//! What people did meanwhile stays: a follow-up that was dealt with, moved or handed over changes only where the correction says
//! something new about it. Deliberately absent: which entries stand ([`crate::case`]).

use crate::{
    case::FollowUp,
    facets::{Change, FollowUpChange},
};
use std::collections::{BTreeMap, BTreeSet};

/// Opening and moving are one: both leave it open, with a date.
fn kind(change: Change) -> Change {
    if change == Change::Moved { Change::Opened } else { change }
}

/// Whether `list` has a change of this kind to the same follow-up.
pub(crate) fn makes(list: &[FollowUpChange], change: &FollowUpChange) -> bool {
    list.iter().any(|other| other.key == change.key && kind(other.change) == kind(change.change))
}

/// Whether `list` has this very change, whoever holds it and on whatever ground.
fn says(list: &[FollowUpChange], change: &FollowUpChange) -> bool {
    list.iter().any(|other| {
        (&other.key, other.change, &other.what, other.due) == (&change.key, change.change, &change.what, change.due)
    })
}

/// What must happen to follow-ups when an entry turns from one that does `was` into one that does `is`. `now` is how they stand,
/// `without` how they would stand had the entry never been; `made` is what it did when it was recorded.
pub(crate) fn amended(
    now: &BTreeMap<String, FollowUp>,
    without: &BTreeMap<String, FollowUp>,
    made: &[FollowUpChange],
    was: &[FollowUpChange],
    is: &[FollowUpChange],
) -> Vec<FollowUpChange> {
    let open = |key: &str| now.get(key).is_some_and(|follow_up| follow_up.open);
    let undone = was.iter().filter(|old| makes(made, old) && !makes(is, old));
    let undone: BTreeSet<&str> = undone.map(|old| old.key.as_str()).collect();
    let mut changes: Vec<_> = undone.into_iter().filter_map(|key| back(key, now.get(key), without.get(key))).collect();
    let new = is.iter().filter(|new| !says(was, new) && !says(made, new));
    let again: BTreeSet<String> =
        changes.iter().filter(|change| change.change == Change::Reopened).map(|change| change.key.clone()).collect();
    let new = new.filter(|new| {
        open(&new.key) || again.contains(&new.key) || (new.change == Change::Opened && !makes(made, new))
    });
    changes.extend(new.map(|new| FollowUpChange {
        responsible: now.get(&new.key).and_then(|follow_up| follow_up.responsible.clone()).or(new.responsible.clone()),
        ..new.clone()
    }));
    changes
}

/// What brings a follow-up from how it stands to how it should. Who holds it stays.
fn back(key: &str, now: Option<&FollowUp>, should: Option<&FollowUp>) -> Option<FollowUpChange> {
    let is_open = now.is_some_and(|now| now.open);
    let dated = |change, should: &FollowUp| {
        let due = should.due.filter(|_| now.is_none_or(|now| now.due != should.due) || change == Change::Moved);
        FollowUpChange { due, class: should.class, ..FollowUpChange::new(key, change) }
    };
    match should.filter(|should| should.open) {
        Some(should) if !is_open => Some(dated(Change::Reopened, should)),
        Some(should) => now.is_some_and(|now| now.due != should.due).then(|| dated(Change::Moved, should)),
        None => is_open.then(|| FollowUpChange::closed(key)),
    }
}

/// A change with the date that its entry gives the follow-up as the case stands, where it gives one.
pub(crate) fn dated_as(change: &FollowUpChange, today: &[FollowUpChange]) -> FollowUpChange {
    let same = |other: &&FollowUpChange| other.key == change.key && kind(other.change) == Change::Opened;
    let dated = today.iter().find(same).filter(|_| kind(change.change) == Change::Opened);
    dated
        .map_or_else(|| change.clone(), |dated| FollowUpChange { due: dated.due, class: dated.class, ..change.clone() })
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

/// Takes a change in, as if other entries had not been there: an entry that only moved what another had begun asks for it itself.
pub(crate) fn stand(
    follow_ups: &mut BTreeMap<String, FollowUp>,
    known: &BTreeMap<String, FollowUp>,
    change: &FollowUpChange,
    begins: bool,
) {
    let there = follow_ups.get(&change.key).is_some_and(|follow_up| follow_up.open);
    match known.get(&change.key).filter(|_| begins && !there && change.change == Change::Moved) {
        Some(known) => {
            let begun = FollowUp { due: change.due, class: change.class, open: true, ..known.clone() };
            follow_ups.insert(change.key.clone(), begun);
        }
        None => follow(follow_ups, change),
    }
}

/// Takes a change in. Only an opening can begin something.
pub(crate) fn follow(follow_ups: &mut BTreeMap<String, FollowUp>, change: &FollowUpChange) {
    if change.change == Change::Opened {
        let FollowUpChange { what, due, class, responsible, not_by, .. } = change.clone();
        follow_ups.insert(
            change.key.clone(),
            FollowUp { what: what.unwrap_or_default(), due, class, responsible, not_by, open: true },
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facets::FollowUpChange as C;

    fn on(day: &str) -> crate::when::DueBy {
        day.parse().unwrap()
    }

    fn stand(list: &[(&str, bool, Option<&str>)]) -> BTreeMap<String, FollowUp> {
        let follow_up = |open, due: Option<&str>| FollowUp {
            what: "w".into(),
            due: due.map(on),
            class: crate::Class::Personal,
            responsible: Some("w-2".parse().unwrap()),
            not_by: None,
            open,
        };
        list.iter().map(|(key, open, due)| ((*key).to_owned(), follow_up(*open, *due))).collect()
    }

    #[test]
    fn a_correction_that_says_nothing_new_changes_nothing() {
        let opened = [C::opened("a", "w").due(on("2026-12-01"))];
        assert!(amended(&stand(&[("a", true, None)]), &stand(&[]), &opened, &opened, &opened).is_empty());
    }

    #[test]
    fn another_date_replaces_an_open_one_and_its_holder_stays() {
        let (was, is) = ([C::opened("a", "w").due(on("2026-12-01"))], [C::opened("a", "w").due(on("2026-12-02"))]);
        let [change] = amended(&stand(&[("a", true, None)]), &stand(&[]), &was, &was, &is).try_into().unwrap();
        assert_eq!((change.due, change.responsible.unwrap().as_str()), (Some(on("2026-12-02")), "w-2"));
        let dealt_with = amended(&stand(&[("a", false, None)]), &stand(&[]), &was, &was, &is);
        assert!(dealt_with.is_empty());
    }

    #[test]
    fn what_it_should_not_have_done_is_undone_where_that_makes_a_difference() {
        let (closed, opened) = ([C::closed("a")], [C::opened("a", "w")]);
        let undo = |made: &[C], now, without| amended(&stand(&[now]), &stand(&[without]), made, made, &[]);
        let (is_open, is_closed) = (("a", true, None), ("a", false, None));
        assert_eq!(undo(&closed, is_closed, is_open), [C::new("a", Change::Reopened)]);
        // Somebody else ended it, before or after; or it was opened once more since.
        assert!(undo(&closed, is_closed, is_closed).is_empty());
        assert!(undo(&closed, is_open, is_open).is_empty());
        assert_eq!(undo(&opened, is_open, is_closed), [C::closed("a")]);
        assert!(undo(&opened, is_closed, is_closed).is_empty(), "dealt with");
        assert_eq!(amended(&stand(&[is_open]), &stand(&[]), &opened, &opened, &[]), [C::closed("a")]);
    }

    #[test]
    fn an_extension_that_is_taken_back_leaves_the_date_before_it() {
        let moved = [C::new("a", Change::Moved).due(on("2026-12-08"))];
        let now = stand(&[("a", true, Some("2026-12-08"))]);
        let back = amended(&now, &stand(&[("a", true, Some("2026-12-01"))]), &moved, &moved, &[]);
        assert_eq!(back, [C::new("a", Change::Moved).due(on("2026-12-01"))]);
        let moved_since = stand(&[("a", true, Some("2026-12-15"))]);
        assert!(amended(&moved_since, &moved_since, &moved, &moved, &[]).is_empty());
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
