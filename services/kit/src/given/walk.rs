//! Random walks through a case: what must hold whatever workers log, correct and take back, in whatever order.

use super::{Given, Then, golden::table, stored};
use crate::{
    Case, Decider,
    case::{Ask, CommonRejection, Outcome, Refusal},
    decider::{Amendable, Commands, Events},
    entry::{Common, Entry, FollowUpClosed, FollowUpOutcome, What},
    sealed::exposing,
};
use serde_json::Value;

/// Walks from `given`, one step for each triple of random bytes: mostly an action of the domain, now and then a correction, an
/// entry taken back, a follow-up ended by hand, or days that pass. What is refused is passed. `sample` makes plausible facts for
/// an event out of a byte. After each step the case is consistent, what it suggests is not refused and does something with facts
/// that are `fitting`, and `check` looks at it.
pub fn walk<D: Decider>(
    given: Given<D>,
    steps: &[(u8, u8, u8)],
    sample: impl Fn(&str, u8) -> Value,
    fitting: impl Fn(&Given<D>, &str) -> Value,
    mut check: impl FnMut(&Given<D>),
) {
    let table = table::<D>();
    let (mut given, mut replay) = (given, Replay::default());
    for &(kind, pick, variant) in steps {
        let pick = usize::from(pick);
        given = match kind % 10 {
            0 => given.corrected(pick, |event| sample(event, variant)),
            1 => given.taken_back(pick),
            2 => given.ended(pick),
            3 => given.later(i64::from(variant % 30)),
            _ => match table.get(pick % table.len()) {
                Some(row) => given.when(&row.action, sample(row.event, variant)).given,
                None => given,
            },
        };
        replay.goes_on(&given);
        for action in given.actions() {
            let outcome = given.would(action, fitting(&given, action));
            assert!(outcome.is_ok_and(|decided| !decided.entries.is_empty()), "{action} was suggested");
        }
        check(&given);
    }
}

impl<D: Decider> Given<D> {
    /// Some days later.
    #[must_use]
    pub fn later(mut self, days: i64) -> Self {
        self.today += time::Duration::days(days);
        self
    }

    fn picked(&self, pick: usize) -> (u64, &Entry<D::Event>) {
        let place = pick % self.entries.len();
        (place as u64 + 1, self.entries.get(place).expect("an opened case has entries"))
    }

    fn corrected(self, pick: usize, sample: impl Fn(&str) -> Value) -> Self {
        let (version, entry) = self.picked(pick);
        let What::Fact(fact) = &entry.what else { return self };
        let facts = sample(fact.name());
        self.when_corrected(version, facts).given
    }

    fn taken_back(self, pick: usize) -> Self {
        let (version, entry) = self.picked(pick);
        if !matches!(&entry.what, What::Fact(fact) if D::amendable(fact) != Amendable::Never) {
            return self;
        }
        let Then { given, outcome } = self.when_in_error(version);
        let sound = given.case.domain().sound().is_ok();
        let odd = |common: &CommonRejection| !CommonRejection::is_of_rights(common.into());
        let odd = matches!(&outcome, Err(Refusal::Common(common)) if odd(common));
        assert!(sound && !odd, "a fact is taken back by who may, or the case stays sound");
        given
    }

    fn ended(self, pick: usize) -> Self {
        let open: Vec<_> =
            self.case.follow_ups().iter().filter(|(_, task)| task.open && task.not_by.is_none()).collect();
        let Some((key, _)) = open.get(pick % open.len().max(1)) else { return self };
        let closed = FollowUpClosed { key: (*key).clone(), outcome: FollowUpOutcome::Done, reason: None };
        self.ask(Ask::Common(Common::FollowUpClosed(closed)), None).accepted()
    }

    /// What would come of an action now, as a client sends it; its entries read back as they are stored.
    fn would(&self, action: &str, facts: Value) -> Outcome<D> {
        let command = D::Command::read(action, facts).expect("an action of the domain").map_err(Refusal::Fact)?;
        let decided = self.case.decide(Ask::Record(command), None, &self.next(None))?;
        decided.entries.iter().for_each(|entry| drop(stored(entry)));
        Ok(decided)
    }
}

/// A case made of nothing but stored entries, each taken in once.
struct Replay<D: Decider> {
    case: Case<D>,
    taken: usize,
}

impl<D: Decider> Default for Replay<D> {
    fn default() -> Self {
        Self { case: Case::default(), taken: 0 }
    }
}

impl<D: Decider> Replay<D> {
    /// Replaying what was stored gives the walked case, and its state is the fold of the facts that stand. A step that was refused has
    /// stored nothing.
    fn goes_on(&mut self, given: &Given<D>) {
        let fresh = given.entries.get(self.taken..).unwrap_or_default();
        assert_eq!(given.case.version(), given.entries.len() as u64);
        if fresh.is_empty() {
            return;
        }
        for entry in fresh {
            let stored = exposing(|| serde_json::to_value(entry)).expect("an entry serialises");
            self.case.apply(&serde_json::from_value(stored).expect("an entry reads back"));
        }
        self.taken += fresh.len();
        let mut folded = D::default();
        given.stands().into_values().for_each(|fact| folded.evolve(fact));
        let state = given.case.state().expect("the state serialises");
        assert_eq!(self.case.state().expect("the state serialises"), state, "replayed");
        assert_eq!(exposing(|| serde_json::to_value(&folded)).expect("the state serialises"), state, "folded");
        assert_eq!(self.case.follow_ups(), given.case.follow_ups());
        assert_eq!(self.case.version(), given.case.version());
    }
}
