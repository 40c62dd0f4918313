//! Sums over the signatures of rows: a row that is put there, taken away or put back from before does not add up.
//!
//! A service keeps the sum signed, beside the rows and in the transaction that changes them. Deliberately absent: what the rows are
//! ([`crate::relations`], [`crate::heard`]), and what else is signed with the sum.

use crate::integrity::Signer;
use std::time::Duration;

/// How often a service looks whether the rows add up.
pub(crate) const PERIOD: Duration = Duration::from_secs(30);
/// Bytes: two signatures side by side. The longer a sum, the harder it is to find rows of before that add up to it.
const SUM: usize = 64;

/// The signatures of the rows that a transaction changes.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    more: Vec<Vec<u8>>,
    less: Vec<Vec<u8>>,
}

impl Tally {
    /// A row in the place of another one.
    pub(crate) fn instead(&mut self, before: Option<Vec<u8>>, after: Option<Vec<u8>>) {
        self.less.extend(before);
        self.more.extend(after);
    }

    /// The sum with what was changed; none where the stored one is not a sum.
    pub(crate) fn changed(&self, signer: &Signer, sum: Option<&[u8]>) -> Option<Sum> {
        let mut sum = Sum::of(sum)?;
        self.more.iter().for_each(|mac| sum.add(signer, mac));
        self.less.iter().for_each(|mac| sum.take(signer, mac));
        Some(sum)
    }
}

/// A sum over the signatures of rows, modulo two to the power of its bits, in any order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sum([u8; SUM]);

impl Sum {
    /// The sum of no rows.
    pub(crate) fn nothing() -> Self {
        Self([0; SUM])
    }

    /// A stored one; where none was stored yet, that of no rows.
    pub(crate) fn of(bytes: Option<&[u8]>) -> Option<Self> {
        bytes.map_or(Some(Self::nothing()), |bytes| bytes.try_into().ok().map(Self))
    }

    /// As it is stored.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.0.to_vec()
    }

    /// Adds a row's signature.
    pub(crate) fn add(&mut self, signer: &Signer, mac: &[u8]) {
        let mut carry = 0;
        for (own, other) in self.0.iter_mut().zip(addend(signer, mac)) {
            let sum = u16::from(*own) + u16::from(other) + carry;
            let [high, low] = sum.to_be_bytes();
            (*own, carry) = (low, high.into());
        }
    }

    fn take(&mut self, signer: &Signer, mac: &[u8]) {
        let mut borrow = false;
        for (own, other) in self.0.iter_mut().zip(addend(signer, mac)) {
            let (left, below) = own.overflowing_sub(other);
            let (left, further) = left.overflowing_sub(borrow.into());
            (*own, borrow) = (left, below || further);
        }
    }
}

/// The number that a row's signature adds. It is not the stored signature itself, or a sum could be computed from rows.
fn addend(signer: &Signer, mac: &[u8]) -> impl Iterator<Item = u8> {
    signer.sign("addend/1", &[mac]).into_iter().chain(signer.sign("addend/2", &[mac]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::integrity::Integrity;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..Default::default() })]

        #[test]
        fn a_sum_is_what_is_in_it_in_any_order(macs in prop::collection::vec(any::<[u8; 32]>(), 1..20), turn in any::<usize>()) {
            let signer = Integrity::made_of([7; 32]).of("housing");
            let sum = |macs: &[[u8; 32]]| {
                let mut sum = Sum::nothing();
                for mac in macs {
                    sum.add(&signer, mac);
                }
                sum
            };
            let (all, mut turned) = (sum(&macs), macs.clone());
            turned.rotate_left(turn % macs.len());
            prop_assert_eq!(sum(&turned), all.clone());
            let (first, rest) = macs.split_first().unwrap();
            let mut less = all.clone();
            less.take(&signer, first);
            prop_assert_eq!(less.clone(), sum(rest));
            prop_assert_ne!(less, all);
        }
    }
}
