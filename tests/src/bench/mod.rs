//! What this machine gives through our code, each figure beside the plain way of doing the same in the same run.
//!
//! How to read it: a line has ours, the plain counterpart and the ratio of the two, all of them medians of the rounds with
//! (lowest–highest). Rounds alternate ours and plain, and a ratio is of the two neighbours of one round, so a machine that is slow
//! for a while slows both. Compare ratios between machines and days, never rates. A ratio below 1 is what our guarantees cost, one
//! above 1 what gathering gives. The plain side does less: the lines below the rows say what ours does besides.
//!
//! Everything runs on one Postgres (fsync on) and one nats-server of its own at a time, over loopback, and ends within minutes: turns
//! are bounded by time or by a count. The journal's part measures one thing after the other without HTTP; services, reading, search and
//! erasure go over HTTP through everything. Each part has servers and a runtime of its own, so a part that fails leaves nothing behind
//! that the next one could feel. A part is wrong where numbers are not dense, counts differ, an open fact was stored, two readers of the
//! same rows read something else, or a target is missed that a line below its rows names. Deliberately absent: any figure that was not
//! measured just now.

mod append;
mod commands;
mod crowd;
mod erasure;
mod load;
mod measure;
mod project;
mod publish;
mod reading;
mod report;
mod sealing;
mod search;
mod size;
mod walk;

use crate::Ground;
use futures::future::LocalBoxFuture;
pub use measure::Row;
pub use report::Report;
pub use size::Size;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// How long what a part has left running may take to end.
const ENDING: Duration = Duration::from_secs(10);

/// Something that is measured by itself.
#[derive(Clone, Copy)]
pub struct Part {
    /// Its name, by which it is asked for.
    pub name: &'static str,
    /// Measures it.
    pub measure: fn(&mut Report) -> LocalBoxFuture<'_, ()>,
}

/// All there is to measure.
pub const PARTS: [Part; 6] = [
    Part { name: "journal", measure: |report| Box::pin(journal(report)) },
    Part { name: "services", measure: |report| Box::pin(load::measure(report)) },
    Part { name: "reading", measure: |report| Box::pin(reading::measure(report)) },
    Part { name: "search", measure: |report| Box::pin(search::measure(report)) },
    Part { name: "sealing", measure: |report| Box::pin(sealing::measure(report)) },
    Part { name: "erasure", measure: |report| Box::pin(erasure::measure(report)) },
];

/// Where the figures are kept unless it is said otherwise.
#[must_use]
pub fn usual_file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/bench.json")
}

/// Measures these parts one after the other; whether all of them were measured and nothing was wrong.
///
/// Must not be called within a runtime: every part has one of its own.
#[must_use]
pub fn run(parts: &[Part], size: Size, file: &Path) -> bool {
    let begun = Instant::now();
    let mut report = Report::new(size, file.to_owned());
    for (part, number) in parts.iter().zip(1..) {
        println!("\n{number} of {}: {}", parts.len(), part.name);
        report.begin(part.name);
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let measured = catch_unwind(AssertUnwindSafe(|| runtime.block_on((part.measure)(&mut report))));
        runtime.shutdown_timeout(ENDING);
        report.end(measured.err().map(|panic| said(&*panic)));
    }
    let file = file.canonicalize().unwrap_or_else(|_| file.to_owned());
    println!("\n{:.0} s in all, kept in {}", begun.elapsed().as_secs_f64(), file.display());
    report.close()
}

/// What a part said when it gave up.
fn said(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("it does not say why").to_owned()
}

/// What happens to a command on its way to the timeline: each step takes what the one before has made.
async fn journal(report: &mut Report) {
    let ground = Ground::start().await;
    report.on(&ground).await;
    let body = commands::measure(&ground, report).await;
    append::measure(&ground, &body, report).await;
    let published = publish::measure(&ground, report).await;
    project::measure(&ground, &published, report).await;
}
