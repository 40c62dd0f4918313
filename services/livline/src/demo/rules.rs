//! How far the rules across services are: a course goes on once they have heard of it and acted, or it would differ from run to run.
//!
//! Read from the services' own `/metrics`, which tell how far each reader is. Deliberately absent: what the rules do.

use crate::{
    client::{self, Unanswered},
    failure::Failure,
};
use kit::Policy;
use std::{
    collections::BTreeMap,
    path::Path,
    time::{Duration, Instant},
};

/// How long the rules are waited for.
const PATIENCE: Duration = Duration::from_secs(180);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// What rules react to at once, or go by what they have heard.
const HEEDED: &[&str] = &[
    "sign-lease",
    "move-in",
    "report-order-breach",
    "record-interim-contact",
    "receive-family-decision",
    "issue-restraining-order",
    "issue-area-ban",
    "record-missed-contact",
    "close-aftercare",
    "hand-over-aftercare",
    "end-stay",
    "offer-relocation",
];

/// The last position of each service.
pub(super) type Positions = BTreeMap<String, u64>;

/// Asks how far the rules are.
#[derive(Debug)]
pub(super) struct Rules {
    http: reqwest::Client,
    /// Where the metrics of a service are, and its rules with the services they hear.
    listening: Vec<(String, Vec<Rule>)>,
}

type Rule = (&'static str, &'static [&'static str]);

fn rule<P: Policy>() -> Rule {
    (P::NAME, P::HEARS)
}

/// Whether the rules must have heard everything before this action, and have acted after it.
pub(super) fn heed(action: &str) -> bool {
    HEEDED.contains(&action)
}

impl Rules {
    pub(super) fn new(folder: &Path) -> Result<Self, Failure> {
        let metrics = |service| client::address(folder, service).map(|address| format!("{address}/metrics"));
        let listening = vec![
            (metrics(people::SERVICE)?, vec![rule::<people::policy::ReceiveRelocations>()]),
            (metrics(safety::SERVICE)?, vec![rule::<safety::policy::RaiseAlerts>()]),
            (
                metrics(aftercare::SERVICE)?,
                vec![rule::<aftercare::policy::OfferAftercare>(), rule::<aftercare::heard::KnowCourse>()],
            ),
        ];
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(20)).build();
        let http = http.map_err(|_| Failure::Other("The system gives no HTTP client.".into()))?;
        Ok(Self { http, listening })
    }

    /// Waits until every rule has heard these positions, and done what came of them.
    pub(super) async fn hear(&self, new: &Positions) -> Result<(), Failure> {
        let since = Instant::now();
        for (url, rules) in &self.listening {
            while !rules.is_empty() && !have_heard(&self.text(url).await?, rules, new) {
                if since.elapsed() > PATIENCE {
                    return Err(Failure::Other("The rules across services do not get on: see the log.".into()));
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
        Ok(())
    }

    async fn text(&self, url: &str) -> Result<String, Failure> {
        let silent = |_| Unanswered::Silent(url.to_owned());
        let answer = self.http.get(url).send().await.map_err(silent)?;
        Ok(answer.text().await.map_err(silent)?)
    }
}

fn have_heard(metrics: &str, rules: &[Rule], new: &Positions) -> bool {
    let reached = |rule: &str, service: &str| {
        let series = format!("livline_read{{name=\"{rule}/{service}\"}} ");
        metrics.lines().find_map(|line| line.strip_prefix(&series)?.parse::<u64>().ok())
    };
    let heard = |rule: &str, service: &&str| {
        new.get(*service).is_none_or(|number| reached(rule, service).is_some_and(|reached| reached >= *number))
    };
    rules.iter().all(|(rule, hears)| hears.iter().all(|service| heard(rule, service)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_has_heard_what_every_reader_of_it_has_taken_in() {
        let metrics = "# HELP livline_read …\nlivline_read{name=\"r/housing\"} 7\nlivline_read{name=\"r/legal\"} 70\n";
        let new = |positions: &[(&str, u64)]| {
            positions.iter().map(|(service, number)| ((*service).to_owned(), *number)).collect::<Positions>()
        };
        let heard = |positions: &[(&str, u64)]| have_heard(metrics, &[("r", &["housing", "safety"])], &new(positions));
        assert!(heard(&[]) && heard(&[("housing", 7)]) && heard(&[("legal", 99)]));
        assert!(!heard(&[("housing", 8)]) && !heard(&[("housing", 7), ("safety", 1)]));
    }
}
