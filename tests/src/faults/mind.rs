//! What a client has in mind: which command is its next.
//!
//! A function of the seed, its number and its turn: cases of its own gone through in runs, cases that all share, keys sent again with the
//! same body or another one, facts that cannot be, offers that are over, breaches that raise alerts. Only which version it names, and
//! whether an earlier command is worth repeating with another body, depends on what it was told. Deliberately absent: sending
//! ([`super::writers`]).

use super::{
    history::{Command, Outcome, Told},
    schedule::Chance,
};
use crate::{
    CENTRE,
    runs::{self, own},
};
use kit::ids::derive_id;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use uuid::Uuid;

/// Turns after which everybody goes on to other shared cases.
const GENERATION: u64 = 40;
/// Who opens the shared cases: several clients at once, under one key.
const TOGETHER: &str = "w-900";
/// A last day that is over, so that the calendar lets the offer lapse.
const OVER: &str = "2025-01-31";

/// A client's mind.
pub struct Mind {
    /// Which client.
    pub number: usize,
    seed: u64,
    services: Arc<Vec<runs::Service>>,
    turn: u64,
    cases: u64,
    current: Option<Case>,
    opened: BTreeSet<(u64, usize)>,
    versions: BTreeMap<Uuid, u64>,
    sent: Vec<(Command, Option<Told>)>,
}

/// A case of its own.
#[derive(Clone)]
struct Case {
    number: u64,
    service: usize,
    run: usize,
    place: usize,
    id: Uuid,
    woman: Uuid,
}

/// What a turn is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Something new.
    New,
    /// An earlier command once more.
    Same,
    /// Another command under an earlier one's key.
    Other,
}

/// The key of a command, as the service makes it.
#[must_use]
pub fn key(command: &Command) -> Uuid {
    engine::http::command_key(command.service, CENTRE, &command.actor.parse().unwrap(), &command.header)
}

/// How many women a client opens cases for, and how many all of them together: then it is the first one's turn again.
const WOMEN: u64 = 40;

/// A woman of a client's own; those of all have no client.
fn registration(client: Option<usize>, woman: u64) -> Command {
    let actor = client.map_or_else(|| TOGETHER.to_owned(), |client| format!("w-{}", client + 1));
    let header = format!("woman/{}", woman % WOMEN);
    let (service, path, body) = (people::SERVICE, "/v1/women".to_owned(), "{}".to_owned());
    let (case, woman) = (Uuid::nil(), Uuid::nil());
    let mut command = Command { service, actor, header, path, body, case, woman, if_match: None };
    command.woman = engine::http::woman_of(service, key(&command)).0;
    Command { case: command.woman, ..command }
}

/// The registrations of all women for whom so many clients will open cases: nobody may without.
#[must_use]
pub fn registrations(clients: usize) -> Vec<Command> {
    let whose = (0..clients).map(Some).chain([None]);
    whose.flat_map(|client| (0..WOMEN).map(move |woman| registration(client, woman))).collect()
}

/// A command that opens a case: its id follows from its key.
fn opening(service: &'static str, actor: String, header: String, woman: Uuid) -> Command {
    let mut command = Command {
        service,
        actor,
        header,
        path: "/v1/cases".into(),
        body: json!({ "woman": woman }).to_string(),
        case: Uuid::nil(),
        woman,
        if_match: None,
    };
    command.case = derive_id(&["case", service, &key(&command).to_string()]);
    command
}

impl Mind {
    /// The mind of a client of this number.
    #[must_use]
    pub fn new(number: usize, seed: u64, services: Arc<Vec<runs::Service>>) -> Self {
        Self {
            number,
            seed,
            services,
            turn: 0,
            cases: 0,
            current: None,
            opened: BTreeSet::new(),
            versions: BTreeMap::new(),
            sent: Vec::new(),
        }
    }

    fn actor(&self) -> String {
        format!("w-{}", self.number + 1)
    }

    /// The chance of this turn, and what it asks for.
    pub fn turn(&mut self) -> (Chance, Command, Purpose) {
        let mut chance = Chance::of(self.seed, (self.number as u64 + 1) << 32 | self.turn);
        self.turn += 1;
        let (command, purpose) = self.next(&mut chance);
        (chance, command, purpose)
    }

    /// What came of a command.
    pub fn learn(&mut self, command: &Command, purpose: Purpose, outcome: &Outcome) {
        let told = match outcome {
            Outcome::Acknowledged(told) => Some(told.clone()),
            _ => None,
        };
        if let Some(told) = &told {
            self.versions.insert(command.case, told.version);
        }
        let ours = self.current.as_ref().is_some_and(|case| case.id == command.case);
        if ours && command.path == "/v1/cases" && matches!(outcome, Outcome::Refused(_)) {
            self.current = None;
        }
        if purpose == Purpose::New {
            self.sent.push((command.clone(), told));
        }
    }

    /// What this turn asks for.
    fn next(&mut self, chance: &mut Chance) -> (Command, Purpose) {
        let what = chance.draw() % 100;
        let (earlier, shared) = (chance.draw(), chance.below(self.services.len()));
        match what {
            50..85 => (self.shared(chance, shared), Purpose::New),
            // A breach, which raises an alert whatever else is known; an offer that is over.
            85..88 => (self.told(chance, "legal", "report-order-breach", &json!({})), Purpose::New),
            88..91 => (self.told(chance, "housing", "make-offer", &json!({ "answer_by": OVER })), Purpose::New),
            91..94 => (self.told(chance, "safety", "record-threat", &json!({ "nonsense": 1 })), Purpose::New),
            94..100 => {
                let place = usize::try_from(earlier % (self.sent.len() as u64).max(1)).unwrap();
                match self.sent.get(place) {
                    Some((command, _)) if what < 97 => (command.clone(), Purpose::Same),
                    Some((command, Some(told))) if !told.events.is_empty() => {
                        let mut body: Value = serde_json::from_str(&command.body).unwrap();
                        body["note"] = json!("Something else.");
                        (Command { body: body.to_string(), ..command.clone() }, Purpose::Other)
                    }
                    // Of which nothing is known yet: the same again.
                    Some((command, _)) => (command.clone(), Purpose::Same),
                    None => (self.own(chance), Purpose::New),
                }
            }
            _ => (self.own(chance), Purpose::New),
        }
    }

    /// The next action of its own case, or the opening of the next case.
    fn own(&mut self, chance: &mut Chance) -> Command {
        let services = self.services.clone();
        if let Some(case) = &mut self.current {
            let service = &services[case.service];
            if let Some(step) = service.runs[case.run].get(case.place) {
                case.place += 1;
                let facts = own(&step.facts, case.number);
                let case = case.clone();
                return self.action(service.name, &step.action, &facts, (case.id, case.woman), chance.percent(30));
            }
        }
        // A woman's cases are of one number each, in an order that turns, so that no service is everybody's first.
        let (many, number) = (services.len() as u64, self.cases);
        self.cases += 1;
        let (woman, service) = (number / many, usize::try_from((number + number / many) % many).unwrap());
        let run = usize::try_from((woman + self.number as u64) % services[service].runs.len() as u64).unwrap();
        let number = (self.number as u64 + 1) << 24 | number;
        let woman = registration(Some(self.number), woman).woman;
        let command = opening(services[service].name, self.actor(), format!("open/{number}"), woman);
        self.current = Some(Case { number, service, run, place: 0, id: command.case, woman });
        command
    }

    /// The opening of a shared case, which everybody sends who comes there.
    fn together(&self, service: usize) -> (Command, u64) {
        let generation = self.turn / GENERATION;
        let woman = registration(None, generation).woman;
        let header = format!("together/{generation}");
        (opening(self.services[service].name, TOGETHER.into(), header, woman), generation)
    }

    /// An action in a shared case, of all that can be done there.
    fn shared(&mut self, chance: &mut Chance, service: usize) -> Command {
        let (command, generation) = self.together(service);
        if self.opened.insert((generation, service)) {
            return command;
        }
        let services = self.services.clone();
        let run = chance.one(&services[service].runs);
        let step = chance.one(run);
        let facts = own(&step.facts, generation * 4 + chance.draw() % 4);
        let mut action = self.action(
            services[service].name,
            &step.action,
            &facts,
            (command.case, command.woman),
            chance.percent(30),
        );
        if chance.percent(25) {
            action.if_match = self.versions.get(&command.case).copied();
        }
        action
    }

    /// An action in a shared case, this one.
    fn told(&mut self, chance: &mut Chance, service: &str, action: &str, facts: &Value) -> Command {
        let place = self.services.iter().position(|known| known.name == service).unwrap();
        let (command, generation) = self.together(place);
        if self.opened.insert((generation, place)) {
            return command;
        }
        self.action(command.service, action, facts, (command.case, command.woman), chance.percent(30))
    }

    fn action(
        &self,
        service: &'static str,
        action: &str,
        facts: &Value,
        (case, woman): (Uuid, Uuid),
        note: bool,
    ) -> Command {
        let mut body = json!({ "facts": facts });
        if note {
            body["note"] = json!("She said so.");
        }
        Command {
            service,
            actor: self.actor(),
            header: format!("turn/{}", self.turn),
            path: format!("/v1/cases/{case}/{action}"),
            body: body.to_string(),
            case,
            woman,
            if_match: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_says_what_clients_send() {
        let services = Arc::new(runs::services());
        let commands = |seed| {
            let mut mind = Mind::new(3, seed, services.clone());
            let mut sent = Vec::new();
            for _ in 0..500 {
                let (_, command, purpose) = mind.turn();
                mind.learn(&command, purpose, &Outcome::Unknown);
                sent.push(command);
            }
            sent
        };
        assert_eq!(commands(1), commands(1));
        assert_ne!(commands(1), commands(2));
        let all = commands(1);
        for service in services.iter() {
            assert!(all.iter().any(|command| command.service == service.name), "nothing for {}", service.name);
        }
    }
}
