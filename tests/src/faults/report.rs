//! What a run came to, in a short table, and what was wrong.
//!
//! Deliberately absent: judging ([`super::check`]).

use std::{collections::BTreeMap, fmt::Write as _};

/// What may be wrong, with what it means. None of it may be.
pub const WRONGS: &[(&str, &str)] = &[
    ("lost", "acknowledged and not stored as it was told"),
    ("doubled", "stored or ordered twice under one key, or a key that two commands took"),
    ("invented", "stored although it was refused, or nobody asked for it"),
    ("torn", "numbers or versions not dense, a command stored in part"),
    ("reordered", "numbered before what had been acknowledged before it was sent"),
    ("skipped", "not published, not projected, not heard, or an order not given"),
    ("changed", "other bytes in the stream or the timeline, another epoch, another answer"),
    ("ended", "a process ended by itself, or did not come back"),
    ("idle", "less was done than was to be: such a run shows nothing"),
];

/// Complaints by what is wrong.
#[derive(Debug, Default)]
pub struct Complaints(BTreeMap<&'static str, Vec<String>>);

impl Complaints {
    /// Something is wrong.
    pub fn say(&mut self, wrong: &'static str, what: impl Into<String>) {
        self.0.entry(wrong).or_default().push(what.into());
    }

    /// Something must be so.
    pub fn must(&mut self, so: bool, wrong: &'static str, what: impl FnOnce() -> String) {
        if !so {
            self.say(wrong, what());
        }
    }

    /// How many there are of a kind.
    #[must_use]
    pub fn count(&self, wrong: &str) -> usize {
        self.0.get(wrong).map_or(0, Vec::len)
    }

    /// Whether there is none.
    #[must_use]
    pub fn none(&self) -> bool {
        self.0.values().all(Vec::is_empty)
    }

    /// The first few of each.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (wrong, complaints) in &self.0 {
            for complaint in complaints.iter().take(8) {
                let _ = writeln!(text, "  {wrong}: {complaint}");
            }
            if complaints.len() > 8 {
                let _ = writeln!(text, "  {wrong}: and {} more", complaints.len() - 8);
            }
        }
        text
    }
}

/// What a run came to.
#[derive(Debug, Default)]
pub struct Report {
    /// The arguments by which the faults binary does the same again.
    pub replay: String,
    /// Lines of the table, in order.
    pub lines: Vec<(&'static str, String)>,
    /// What was wrong.
    pub complaints: Complaints,
    /// How many faults of each kind were done.
    pub faults: BTreeMap<&'static str, u64>,
    /// How many orders had to be given.
    pub orders: usize,
}

impl Report {
    /// Adds a line.
    pub fn line(&mut self, what: &'static str, value: impl std::fmt::Display) {
        self.lines.push((what, value.to_string()));
    }

    /// Whether everything is as it must be.
    #[must_use]
    pub fn good(&self) -> bool {
        self.complaints.none()
    }

    /// The table, and what was wrong.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (what, value) in &self.lines {
            let _ = writeln!(text, "  {what:<14}{value}");
        }
        for (wrong, meaning) in WRONGS {
            let _ = writeln!(text, "  {wrong:<14}{:<8}{meaning}", self.complaints.count(wrong));
        }
        if !self.good() {
            let _ =
                write!(text, "\n{}\n  replay with make faults FAULTS=\"{}\"\n", self.complaints.text(), self.replay);
        }
        text
    }
}
