//! Clients who open cases and record in them over HTTP, from the golden samples of every service, and what was acknowledged to them.
//!
//! A case is a run of its service's table of entries, in the table's order: the runs together hold every sample there is, complete
//! and minimal. Ids, alarms and companions are made the case's own, for there is one of each among all cases. A woman is registered with
//! people when somebody opens a case for her, and her case is opened once the service has heard of her: both take time and count as no
//! action. Deliberately absent: what a rule refuses for what was said before (left out once the rehearsal has met it), and time (measured
//! by who walks).

use crate::{
    Answer, CENTRE, Client, Ground, PATIENCE, Running,
    runs::{self, Service, Step, contracts, own},
};
use engine::http::command_key;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};
use uuid::Uuid;

/// What was answered.
#[derive(Default)]
pub(crate) struct Tally {
    /// How many events each acknowledged command made, by service and key.
    pub(crate) acknowledged: BTreeMap<(&'static str, Uuid), usize>,
    /// Answers of another kind, by code.
    pub(crate) refused: BTreeMap<String, u64>,
    /// The cases, by service and id.
    pub(crate) cases: Vec<(&'static str, String)>,
    /// What is never said again.
    left_out: BTreeSet<(&'static str, usize)>,
}

/// All there is to walk, shared by those who do.
pub(crate) struct Walks {
    services: Vec<Service>,
    next: AtomicU64,
    /// Everything is about this woman; none: every woman has one case in each service.
    only: Option<Uuid>,
    /// Who registers them.
    desk: Client,
    pub(crate) tally: Mutex<Tally>,
}

/// Somebody who walks one case after the other.
pub(crate) struct Walker {
    client: Client,
    actor: String,
    walks: Arc<Walks>,
    case: Option<Case>,
}

struct Case {
    number: u64,
    /// Which service, and which of its runs.
    run: (usize, usize),
    id: String,
    place: usize,
}

/// Every domain service as the program serves it, and the timeline that follows them.
pub(crate) async fn serve(ground: &Ground) -> Vec<Running> {
    let mut running = Vec::new();
    // People runs beside every other one already.
    for (name, _) in contracts().into_iter().filter(|(name, _)| *name != people::SERVICE) {
        running.push(ground.serve(name).await);
    }
    running.push(ground.timeline(contracts().into_iter().map(|(_, contract)| contract).collect()).await);
    running
}

impl Walks {
    /// Of every service, about many women or about one alone.
    pub(crate) fn new(ground: &Ground, only: Option<Uuid>) -> Arc<Self> {
        let (services, desk) = (runs::services(), ground.leader());
        Arc::new(Self { services, next: AtomicU64::new(0), only, desk, tally: Mutex::default() })
    }

    /// Somebody of this number who walks.
    pub(crate) fn walker(self: &Arc<Self>, number: u32) -> Walker {
        let actor = format!("w-{}", number + 1);
        // What the desk knows of people the walker waits for too.
        Walker { client: self.desk.clone().named(&actor), actor, walks: self.clone(), case: None }
    }

    /// How many cases it takes until so many runs of each service were walked once, or all there are.
    pub(crate) fn cases(&self, runs: usize) -> u64 {
        let most = self.services.iter().map(|service| service.runs.len()).max().unwrap_or_default();
        (most.min(runs) * self.services.len()) as u64
    }

    /// How many cases were begun.
    pub(crate) fn begun(&self) -> u64 {
        self.next.load(Relaxed)
    }

    /// How many women they are about.
    pub(crate) fn women(&self) -> u64 {
        let women = self.begun().div_ceil(self.services.len() as u64);
        if self.only.is_some() { women.min(1) } else { women }
    }

    /// How many samples there are, and how many of them are left out.
    pub(crate) fn samples(&self) -> (usize, usize) {
        let all = self.services.iter().flat_map(|service| &service.runs).map(Vec::len).sum();
        (all, self.tally.lock().unwrap().left_out.len())
    }

    /// What a case goes on with; none once its run is over.
    fn next_of(&self, mut case: Case) -> Option<(Case, &'static str, &Step)> {
        let service = self.services.get(case.run.0)?;
        let steps = service.runs.get(case.run.1)?;
        let tally = self.tally.lock().unwrap();
        while tally.left_out.contains(&(service.name, steps.get(case.place)?.sample)) {
            case.place += 1;
        }
        let step = steps.get(case.place)?;
        Some((case, service.name, step))
    }

    /// A woman's cases are of one number each, in an order that turns, so that no service is everybody's first.
    fn case(&self, number: u64) -> (Case, Uuid) {
        let services = self.services.len() as u64;
        let (woman, service) = (number / services, (number + number / services) % services);
        let service = usize::try_from(service).unwrap();
        let runs = self.services.get(service).unwrap().runs.len() as u64;
        let run = (service, usize::try_from(woman % runs).unwrap());
        let her = self.only.unwrap_or_else(|| Uuid::from_u128(0xa_0000_0000_0000 + u128::from(woman)));
        (Case { number, run, id: String::new(), place: 0 }, her)
    }
}

impl Walker {
    /// Sends one command and waits for its answer. How many events it made.
    pub(crate) async fn step(&mut self) -> usize {
        let walks = self.walks.clone();
        let going_on = self.case.take().and_then(|case| walks.next_of(case));
        let Some((mut case, service, step)) = going_on else { return self.open(&walks).await };
        let (path, key) = (format!("/v1/cases/{}/{}", case.id, step.action), format!("{}/{}", case.number, case.place));
        let body = json!({ "facts": own(&step.facts, case.number) });
        case.place += 1;
        self.case = Some(case);
        let sent = self.send(service, &path, &key, &body).await;
        if sent.is_none() {
            walks.tally.lock().unwrap().left_out.insert((service, step.sample));
        }
        sent.map_or(0, |(_, events)| events)
    }

    /// Opens the next case.
    async fn open(&mut self, walks: &Walks) -> usize {
        let (case, woman) = walks.case(walks.next.fetch_add(1, Relaxed));
        let (service, key) = (walks.services.get(case.run.0).unwrap().name, case.number.to_string());
        walks.desk.know(woman).await;
        let until = Instant::now() + PATIENCE;
        let opened = loop {
            let answer = self.client.post(service, "/v1/cases", &key, json!({ "woman": woman })).await;
            if answer.status != StatusCode::NOT_FOUND {
                break answer;
            }
            // Where the service is behind, she does not exist yet.
            assert!(Instant::now() < until, "{service} did not hear of a woman");
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        let Some((id, events)) = self.told(service, &key, Some(opened)) else { return 0 };
        walks.tally.lock().unwrap().cases.push((service, id.clone()));
        self.case = Some(Case { id, ..case });
        events
    }

    /// Sends a command; the case and how many events it made, where it was acknowledged.
    pub(crate) async fn send(
        &self,
        service: &'static str,
        path: &str,
        key: &str,
        body: &Value,
    ) -> Option<(String, usize)> {
        let headers = [("idempotency-key", key)];
        let sent = self.client.try_send(Method::POST, service, path, &headers, Some(body.to_string().into_bytes()));
        self.told(service, key, sent.await)
    }

    /// Keeps what was answered to a command.
    fn told(&self, service: &'static str, key: &str, answer: Option<Answer>) -> Option<(String, usize)> {
        let mut tally = self.walks.tally.lock().unwrap();
        let code = match answer {
            Some(answer) if answer.status.is_success() => {
                let events = answer.body.get("events").and_then(Value::as_array).map_or(0, Vec::len);
                // As the service makes it of the header and of who sends it from where.
                let key = command_key(service, CENTRE, &self.actor.parse().unwrap(), key);
                tally.acknowledged.insert((service, key), events);
                return Some((answer.text("id"), events));
            }
            Some(answer) if answer.status.is_client_error() => answer.code().to_owned(),
            Some(answer) => format!("{} {}", answer.status, answer.code()),
            None => "no answer".into(),
        };
        *tally.refused.entry(code).or_default() += 1;
        None
    }
}
