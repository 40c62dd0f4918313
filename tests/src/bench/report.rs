//! What was measured: every row is printed and kept in a file at once, so nothing that comes later can lose it.
//!
//! Deliberately absent: measuring, and comparing with an earlier run.

use super::{
    measure::{Row, Spread},
    size::Size,
};
use engine::nats;
use serde::Serialize;
use std::{
    path::{Path, PathBuf},
    time::Instant,
};

/// What the parts hand in.
pub struct Report {
    /// How much is measured.
    pub(crate) size: Size,
    file: PathBuf,
    begun: Instant,
    part_begun: Instant,
    part: &'static str,
    kept: Kept,
}

/// The file.
#[derive(Default, Serialize)]
struct Kept {
    size: &'static str,
    build: &'static str,
    cores: usize,
    postgres: Option<String>,
    nats_server: Option<String>,
    seconds: f64,
    /// Whether the run came to its end.
    ended: bool,
    parts: Vec<PartKept>,
    rows: Vec<RowKept>,
    notes: Vec<Text>,
    wrong: Vec<Text>,
}

#[derive(Serialize)]
struct PartKept {
    part: &'static str,
    seconds: f64,
    /// Why it did not come to its end.
    failed: Option<String>,
}

#[derive(Serialize)]
struct RowKept {
    part: &'static str,
    what: String,
    plainly: String,
    ours: Spread,
    plain: Spread,
    ratio: Spread,
    rounds: usize,
}

#[derive(Serialize)]
struct Text {
    part: &'static str,
    text: String,
}

const BUILD: &str = if cfg!(debug_assertions) { "debug" } else { "release" };

impl Report {
    /// Nothing is measured yet.
    pub(crate) fn new(size: Size, file: PathBuf) -> Self {
        let now = Instant::now();
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        let kept = Kept { size: size.name, build: BUILD, cores, ..Kept::default() };
        let mut report = Self { size, file, begun: now, part_begun: now, part: "", kept };
        let meaning = if cfg!(debug_assertions) || !size.judged { ": its figures mean nothing" } else { "" };
        println!("{cores} cores, a {BUILD} build, {} size{meaning}", size.name);
        report.write();
        report
    }

    /// What comes now is of this part.
    pub(crate) fn begin(&mut self, part: &'static str) {
        self.part = part;
        self.part_begun = Instant::now();
        println!("{}", Row::head());
    }

    /// The part is over; why, where it did not come to its end.
    pub(crate) fn end(&mut self, failed: Option<String>) {
        if let Some(why) = &failed {
            println!("  FAILED: {why}");
        }
        let seconds = self.part_begun.elapsed().as_secs_f64();
        self.kept.parts.push(PartKept { part: self.part, seconds, failed });
        self.write();
    }

    /// The run is over. Whether every part came to its end and nothing was wrong, and says once more what was.
    pub(crate) fn close(mut self) -> bool {
        self.kept.ended = true;
        self.write();
        let failed = self.kept.parts.iter().filter_map(|part| Some((part.part, "FAILED", part.failed.as_deref()?)));
        let wrong = self.kept.wrong.iter().map(|wrong| (wrong.part, "WRONG", wrong.text.as_str()));
        let bad: Vec<_> = failed.chain(wrong).collect();
        for (part, how, why) in &bad {
            println!("  {part}: {how}: {why}");
        }
        bad.is_empty()
    }

    /// Which servers it is measured on; said once.
    pub(crate) async fn on(&mut self, ground: &crate::Ground) {
        if self.kept.postgres.is_some() {
            return;
        }
        let postgres = sqlx::query_scalar("SHOW server_version").fetch_one(&ground.pool("postgres").await).await;
        let nats = nats::connect(&ground.nats_config(), "bench").await.unwrap().server_info().version;
        let postgres: String = postgres.unwrap();
        println!("  on PostgreSQL {postgres}, nats-server {nats}");
        (self.kept.postgres, self.kept.nats_server) = (Some(postgres), Some(nats));
        self.write();
    }

    /// Where it is kept.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// A row is measured.
    pub fn row(&mut self, row: &Row) {
        println!("{}", row.line());
        let (ours, plain, ratio) = (row.of_ours(), row.of_plain(), row.ratio());
        let (part, rounds) = (self.part, row.ours.len());
        let (what, plainly) = (row.what.clone(), row.plainly.clone());
        self.kept.rows.push(RowKept { part, what, plainly, ours, plain, ratio, rounds });
        self.write();
    }

    /// Several are, side by side.
    pub(crate) fn rows(&mut self, rows: &[Row]) {
        for row in rows {
            self.row(row);
        }
    }

    /// What is to be known about the rows.
    pub fn note(&mut self, text: String) {
        println!("  {text}");
        self.kept.notes.push(Text { part: self.part, text });
        self.write();
    }

    /// Says what was not as it must be.
    pub fn must(&mut self, so: bool, what: impl Into<String>) {
        if !so {
            let text = what.into();
            println!("  WRONG: {text}");
            self.kept.wrong.push(Text { part: self.part, text });
            self.write();
        }
    }

    /// Says which target was missed, where figures mean something.
    pub(crate) fn target(&mut self, reached: bool, what: impl Into<String>) {
        self.must(reached || cfg!(debug_assertions) || !self.size.judged, what);
    }

    /// Whoever reads the file meanwhile finds it whole.
    fn write(&mut self) {
        self.kept.seconds = self.begun.elapsed().as_secs_f64();
        std::fs::create_dir_all(self.file.parent().unwrap()).unwrap();
        let unfinished = self.file.with_extension("unfinished");
        std::fs::write(&unfinished, serde_json::to_string_pretty(&self.kept).unwrap()).unwrap();
        std::fs::rename(&unfinished, &self.file).unwrap();
    }
}
