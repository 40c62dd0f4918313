//! Variety that is the same each time: a small generator from a seed (`SplitMix64`).
//!
//! Deliberately absent: chance. Nothing here is a secret.

/// The next number depends on the seed and on how many were drawn.
#[derive(Debug)]
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number of the range, both ends included.
    pub(super) fn of(&mut self, range: std::ops::RangeInclusive<i64>) -> i64 {
        let count = range.end().abs_diff(*range.start()) + 1;
        range.start() + i64::try_from(self.next() % count).unwrap_or_default()
    }

    /// One of these; the default where there is none.
    pub(super) fn pick<T: Copy + Default>(&mut self, of: &[T]) -> T {
        let last = i64::try_from(of.len()).unwrap_or(1).max(1) - 1;
        usize::try_from(self.of(0..=last)).ok().and_then(|place| of.get(place)).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_each_time_and_stays_in_its_range() {
        let draw = |seed| {
            let mut chance = Chance::new(seed);
            (0..100).map(|_| chance.of(-2..=3)).collect::<Vec<_>>()
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
        assert!(
            (-2..=3).all(|number| draw(1).contains(&number)) && draw(1).iter().all(|number| (-2..=3).contains(number))
        );
    }
}
