//! Turns, medians and rows.

use serde::Serialize;
use std::{
    future::Future,
    time::{Duration, Instant},
};

/// One line: a rate of ours beside the plain one, round by round.
pub struct Row {
    pub(crate) what: String,
    pub(crate) plainly: String,
    pub(crate) ours: Vec<f64>,
    pub(crate) plain: Vec<f64>,
}

/// Of the rounds.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) lowest: f64,
    pub(crate) highest: f64,
}

impl Row {
    /// Of what is ours, and what stands for it plainly.
    #[must_use]
    pub fn new(what: impl Into<String>, plainly: impl Into<String>) -> Self {
        Self { what: what.into(), plainly: plainly.into(), ours: Vec::new(), plain: Vec::new() }
    }

    /// A round's two neighbours.
    pub fn round(&mut self, ours: f64, plain: f64) {
        self.ours.push(ours);
        self.plain.push(plain);
    }

    /// Ours a second.
    pub(crate) fn of_ours(&self) -> Spread {
        spread(self.ours.iter().copied())
    }

    /// The plain way a second.
    pub(crate) fn of_plain(&self) -> Spread {
        spread(self.plain.iter().copied())
    }

    /// Ours by the plain way, of the neighbours of each round.
    pub(crate) fn ratio(&self) -> Spread {
        spread(self.ours.iter().zip(&self.plain).map(|(ours, plain)| ours / plain))
    }

    /// What stands above the lines.
    pub(crate) fn head() -> String {
        format!("  {:<44}{:>24}   {:<44}{:>24}   ratio", "ours", "a second", "plain", "a second")
    }

    /// The row as a line.
    pub(crate) fn line(&self) -> String {
        let rate = |Spread { median, lowest, highest }| {
            let places = if median < 10.0 { 2 } else { 0 };
            format!("{median:.places$} ({lowest:.places$}–{highest:.places$})")
        };
        let Spread { median, lowest, highest } = self.ratio();
        format!(
            "  {:<44}{:>24}   {:<44}{:>24}   {median:.2} ({lowest:.2}–{highest:.2})",
            self.what,
            rate(self.of_ours()),
            self.plainly,
            rate(self.of_plain())
        )
    }
}

/// Median, lowest, highest.
pub(crate) fn spread(values: impl IntoIterator<Item = f64>) -> Spread {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    let at = |place: usize| values.get(place).copied().unwrap_or(f64::NAN);
    Spread { median: at(values.len() / 2), lowest: at(0), highest: at(values.len().saturating_sub(1)) }
}

/// Runs `tasks` tasks for a turn, each doing one step after the other and one at least; how many steps, and how many a second.
pub(crate) async fn turn<S, F>(length: Duration, tasks: u32, mut task: impl FnMut(u32) -> S) -> (u64, f64)
where
    S: FnMut() -> F + Send + 'static,
    F: Future<Output = ()> + Send,
{
    let begun = Instant::now();
    let running: Vec<_> = (0..tasks)
        .map(|number| {
            let mut step = task(number);
            tokio::spawn(async move {
                let mut done = 0_u64;
                loop {
                    step().await;
                    done += 1;
                    if begun.elapsed() >= length {
                        return done;
                    }
                }
            })
        })
        .collect();
    let mut done = 0;
    for task in running {
        done += task.await.unwrap();
    }
    (done, a_second(done, begun))
}

/// How many a second since then.
#[expect(clippy::cast_precision_loss, reason = "counts of a bench are far below 2^52")]
pub(crate) fn a_second(count: u64, since: Instant) -> f64 {
    count as f64 / since.elapsed().as_secs_f64()
}
