//! Turns, medians and the table.

use std::{
    fmt::Write as _,
    future::Future,
    time::{Duration, Instant},
};

/// How often ours and plain take turns.
pub(crate) const ROUNDS: u32 = 3;
/// How long a turn lasts that is bounded by time.
pub(crate) const TURN: Duration = Duration::from_secs(3);

/// One line: a rate of ours beside the plain one, round by round.
pub(crate) struct Row {
    pub(crate) what: &'static str,
    pub(crate) plainly: &'static str,
    pub(crate) ours: Vec<f64>,
    pub(crate) plain: Vec<f64>,
}

impl Row {
    pub(crate) fn new(what: &'static str, plainly: &'static str) -> Self {
        Self { what, plainly, ours: Vec::new(), plain: Vec::new() }
    }

    /// A round's two neighbours.
    pub(crate) fn round(&mut self, ours: f64, plain: f64) {
        self.ours.push(ours);
        self.plain.push(plain);
    }
}

/// Median, lowest, highest.
pub(crate) fn spread(values: impl IntoIterator<Item = f64>) -> (f64, f64, f64) {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    let at = |place: usize| values.get(place).copied().unwrap_or(f64::NAN);
    (at(values.len() / 2), at(0), at(values.len().saturating_sub(1)))
}

/// All lines, aligned.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut text = format!("  {:<42}{:>24}   {:<40}{:>24}   ratio\n", "ours", "a second", "plain", "a second");
    for row in rows {
        let rate = |values: &[f64]| {
            let (median, low, high) = spread(values.iter().copied());
            format!("{median:.0} ({low:.0}–{high:.0})")
        };
        let (median, low, high) = spread(row.ours.iter().zip(&row.plain).map(|(ours, plain)| ours / plain));
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "  {:<42}{:>24}   {:<40}{:>24}   {median:.2} ({low:.2}–{high:.2})",
            row.what,
            rate(&row.ours),
            row.plainly,
            rate(&row.plain)
        );
    }
    text
}

/// Runs `tasks` tasks for a turn, each doing one step after the other; how many steps, and how many a second.
pub(crate) async fn turn<S, F>(tasks: u32, task: impl FnMut(u32) -> S) -> (u64, f64)
where
    S: FnMut() -> F + Send + 'static,
    F: Future<Output = ()> + Send,
{
    turn_of(TURN, tasks, task).await
}

/// The same for a turn of another length.
pub(crate) async fn turn_of<S, F>(length: Duration, tasks: u32, mut task: impl FnMut(u32) -> S) -> (u64, f64)
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
                while begun.elapsed() < length {
                    step().await;
                    done += 1;
                }
                done
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
