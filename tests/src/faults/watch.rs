//! Somebody who reads courses while everything goes wrong: what was acknowledged is there once the timeline says that it is that far,
//! and what was there once does not go away.
//!
//! Deliberately absent: answers that did not come, and courses of more than a page.

use super::{history::History, writers::replica};
use crate::{Answer, Client, PATIENCE};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};
use uuid::Uuid;

const PAUSE: Duration = Duration::from_millis(100);

/// Reads until told to stop; how many courses were read. Where the timeline is so slow that it was none, a while longer, until it is one.
pub async fn watch(client: Client, history: Arc<History>, stop: Arc<AtomicBool>) -> u64 {
    let mut seen: BTreeMap<Uuid, BTreeSet<String>> = BTreeMap::new();
    let (mut asked, mut read, mut last) = (0_u64, 0, None);
    let mut told = None;
    loop {
        if stop.load(Relaxed) && (read > 0 || told.get_or_insert_with(Instant::now).elapsed() > PATIENCE) {
            return read;
        }
        tokio::time::sleep(PAUSE).await;
        let fresh = history.with(|kept| std::mem::take(&mut kept.fresh)).pop();
        if fresh.is_none() && read > 0 {
            continue;
        }
        last = fresh.or(last);
        let Some((woman, position)) = last.clone() else { continue };
        let at = replica("timeline", usize::from(asked % 2 == 1));
        asked += 1;
        let path = format!("/v1/women/{woman}/timeline?at_least={position}");
        let answer = client.try_send(reqwest::Method::GET, &at, &path, &[], None).await;
        let Some(shown) =
            answer.filter(|answer| !answer.headers.contains_key("livline-behind")).and_then(|answer| shown(&answer))
        else {
            continue;
        };
        read += 1;
        if !shown.contains(&position) {
            history.complain("skipped", format!("{position} was reached and is not shown"));
        }
        let before = seen.entry(woman).or_default();
        if let Some(gone) = before.difference(&shown).next() {
            history.complain("lost", format!("{gone} was shown, and is not any more"));
        }
        before.extend(shown);
    }
}

/// The positions of a course that fits on one page.
fn shown(answer: &Answer) -> Option<BTreeSet<String>> {
    if !answer.status.is_success() || !answer.body.get("next")?.is_null() {
        return None;
    }
    let position = |entry: &Value| Some(entry.get("position")?.as_str()?.to_owned());
    answer.body.get("entries")?.as_array()?.iter().map(position).collect()
}
