//! How much is measured: enough for a figure, or just enough to see that there is one.
//!
//! Deliberately absent: what is measured, and how, which is the same for every size.

use std::time::Duration;

/// How many of everything, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// What it is called.
    pub name: &'static str,
    /// How often ours and plain take turns.
    pub(crate) rounds: u32,
    /// The same where the two are closer together than a busy machine is to itself a second later: many more rounds, and shorter ones.
    pub(crate) close_rounds: u32,
    /// How long a turn lasts that is bounded by time.
    pub(crate) turn: Duration,
    /// Courses that are walked alone, to see where the time of one command goes.
    pub(crate) courses: u32,
    /// How many runs of each service's samples are walked before the turns begin; there are no more than there are.
    pub(crate) runs: usize,
    /// Entries of the woman whose timeline is read.
    pub(crate) entries: u32,
    /// Where walking ends; the rest are notes, as in any long course, and what policies add has room.
    pub(crate) walked: u32,
    /// Women around her, in the one timeline and in the other.
    pub(crate) around: [i32; 2],
    /// How many of the women around her have five follow-ups that are overdue. An answer holds 500 of them.
    pub(crate) late: u32,
    /// Women of the centre in which somebody is looked for.
    pub(crate) searched: u32,
    /// Registrations that a search opens at most.
    pub(crate) opened: u32,
    /// Pairs of women who are forgotten, one of few events and one of many.
    pub(crate) pairs: u32,
    /// The many.
    pub(crate) many_events: usize,
    /// Whether figures of that size mean enough to be held against a target.
    pub(crate) judged: bool,
}

impl Size {
    /// What figures are of. It takes minutes.
    #[must_use]
    pub fn full() -> Self {
        Self {
            name: "full",
            rounds: 3,
            close_rounds: 31,
            turn: Duration::from_secs(3),
            courses: 20,
            runs: usize::MAX,
            entries: 2000,
            walked: 600,
            around: [100, 100_000],
            late: 100,
            searched: 500,
            opened: 2000,
            pairs: 7,
            many_events: 5000,
            judged: true,
        }
    }

    /// All of the same, and as little of it as there can be: it shows that every part goes to its end, and nothing else.
    #[must_use]
    pub fn small() -> Self {
        Self {
            name: "small",
            rounds: 1,
            close_rounds: 1,
            turn: Duration::from_millis(200),
            courses: 1,
            runs: 1,
            entries: 230,
            walked: 60,
            around: [10, 200],
            late: 10,
            searched: 20,
            opened: 40,
            pairs: 1,
            many_events: 50,
            judged: false,
        }
    }

    /// Follow-ups that are overdue in every timeline.
    pub(crate) fn overdue(&self) -> u32 {
        self.late * 5
    }
}
