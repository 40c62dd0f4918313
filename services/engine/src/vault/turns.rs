//! One after the other, where many write to one woman's vault at once.
//!
//! Each write is a value, an event and the value's moving to where it stands. Together they clash at her version, are decided again, and
//! each time all that is known of her is read anew: thirty at once took longer than thirty one after the other. Deliberately absent: keeping
//! another process out; where it writes too, the clash is decided again as ever.

use super::Vault;
use kit::WomanId;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};
use tokio::sync::{Mutex as Turn, OwnedMutexGuard};

/// Whose turn it is, by woman; nothing is kept of whom nobody waits for.
#[derive(Debug, Clone, Default)]
pub(super) struct Turns(Arc<Mutex<BTreeMap<WomanId, Weak<Turn<()>>>>>);

impl Turns {
    async fn of(&self, woman: WomanId) -> OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            turns.retain(|_, turn| turn.strong_count() > 0);
            let there = turns.get(&woman).and_then(Weak::upgrade);
            there.unwrap_or_else(|| {
                let turn = Arc::new(Turn::new(()));
                turns.insert(woman, Arc::downgrade(&turn));
                turn
            })
        };
        turn.lock_owned().await
    }
}

impl Vault {
    /// Waits until nobody else in this process writes to her vault; the turn ends when what is given is dropped.
    pub async fn turn(&self, woman: WomanId) -> OwnedMutexGuard<()> {
        self.turns.of(woman).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn two_about_one_woman_are_one_after_the_other_and_nobody_else_waits() {
        let turns = Turns::default();
        let (her, other) = (WomanId(uuid::Uuid::from_u128(1)), WomanId(uuid::Uuid::from_u128(2)));
        let first = turns.of(her).await;
        drop(turns.of(other).await);
        let mut second = Box::pin(turns.of(her));
        assert!(futures::poll!(&mut second).is_pending(), "hers goes on");
        drop(first);
        drop(second.await);
        drop(turns.of(other).await);
        assert!(turns.0.lock().unwrap().len() <= 1, "nothing is kept");
    }
}
