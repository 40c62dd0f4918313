//! Over random histories nobody without a right makes a value readable that was not, nor hides her from everybody who answers.
//!
//! A history is about one woman with a canary in every class, and is made of what those without a right send: entries of every action,
//! corrections, entries taken back, the vault's routes, duties, arrivals, follow-ups, keys that others used, ids that are not theirs. It
//! comes of a seed alone: `LIVLINE_HISTORY_SEED` plays one again, `LIVLINE_HISTORIES` plays more. Deliberately absent: who has a right
//! (`tests/rights.rs`), rows that are forged (`tests/tampering.rs`), and what the people with a right do.

use engine::{reader::progress, relations::READER, store};
use futures::future::join_all;
use kit::{CentreId, Decider, access::Role, decider::Commands, given::Samples, ids::derive_id};
use livline_tests::{
    Answer, CENTRE, Client, Ground, OTHER_CENTRE, Running, eventually, golden::samples, history::caught_up, runs,
};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Histories, and commands in each.
const HISTORIES: u64 = 14;
const COMMANDS: usize = 40;
/// The first history's seed.
const SEED: u64 = 2611;
/// Where she may go: nobody there takes part.
const THIRD_CENTRE: CentreId = CentreId(Uuid::from_u128(0xc3));
/// The services in which something of hers is recorded.
const SERVICES: &[&str] = &["people", "housing", "safety"];

/// A small generator of its own (splitmix64): a seed means the same on every machine.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }

    fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

/// An action of a service, and the event that records it.
struct Action {
    service: &'static str,
    kind: &'static str,
    name: String,
    event: &'static str,
}

fn actions<D: Decider>(service: &'static str) -> Vec<Action> {
    let action = |entry: kit::contract::EntryDescription| Action {
        service,
        kind: D::TYPE,
        name: entry.action,
        event: entry.event,
    };
    D::Command::describe().into_iter().map(action).collect()
}

struct House {
    ground: Ground,
    _running: Vec<Running>,
    pools: BTreeMap<&'static str, PgPool>,
    leader: Client,
    /// The others who answer for her or are close to her, and still are at the end.
    close: Vec<(&'static str, Client)>,
    /// Those without a right, each with their name.
    prying: Vec<(&'static str, Client)>,
    /// Who is on duty: which duty it is.
    duty: String,
    actions: Vec<Action>,
    samples: BTreeMap<&'static str, Samples>,
}

impl House {
    async fn new() -> Self {
        let ground = Ground::start().await;
        let contracts = runs::contracts().into_iter().map(|(_, contract)| contract).collect();
        let running = vec![ground.housing().await, ground.serve("safety").await, ground.timeline(contracts).await];
        let mut pools = BTreeMap::new();
        for service in SERVICES.iter().chain(["timeline"].iter()) {
            pools.insert(*service, ground.pool(&format!("livline_{service}")).await);
        }
        // By what somebody is told from others here; the first word is their name.
        let of = |role, centre, who: &'static str| (who, ground.client(role, centre).named(name(who)));
        let leader = ground.leader().named("l-1");
        leader.employ(&["w-duty", "w-contact", "w-untied", "w-temp", "w-helps", "w-idle", "w-kin", "l-1"]).await;
        for centre in [OTHER_CENTRE, THIRD_CENTRE] {
            ground.client(Role::Leader, Some(centre)).found().await;
        }
        let facts = json!({ "worker": "w-duty", "kind": "on_duty", "until": in_hours(&ground, 12) });
        let duty = leader.post("people", "/v1/duties", "duty", json!({ "facts": facts })).await.ok().text("id");
        let actions = [
            actions::<people::woman::Woman>("people"),
            actions::<people::duty::Duty>("people"),
            actions::<people::enquiry::Enquiry>("people"),
            actions::<people::staff::Staff>("people"),
            actions::<housing::case::Housing>("housing"),
            actions::<safety::case::Safety>("safety"),
        ];
        let (here, there) = (Some(CENTRE), Some(OTHER_CENTRE));
        let house = Self {
            close: vec![of(Role::Worker, here, "w-duty"), of(Role::Worker, here, "w-contact")],
            prying: vec![
                of(Role::Worker, here, "w-untied"),
                of(Role::Temp, here, "w-temp"),
                of(Role::Volunteer, here, "w-helps"),
                of(Role::Volunteer, here, "w-idle"),
                of(Role::Worker, here, "w-kin"),
                of(Role::Leader, there, "l-other"),
                of(Role::Worker, there, "w-other"),
                // Whoever is called as her contact person is, elsewhere; and a leader who has the leader's name.
                of(Role::Worker, there, "w-contact elsewhere"),
                of(Role::Leader, there, "l-1 elsewhere"),
                of(Role::Secretariat, None, "s-1"),
            ],
            actions: actions.into_iter().flatten().collect(),
            samples: SERVICES.iter().map(|service| (*service, samples(service))).collect(),
            _running: running,
            ground,
            pools,
            leader,
            duty,
        };
        house.settled().await;
        house
    }

    /// Until everybody has heard everything.
    async fn settled(&self) {
        let people = &self.pools["people"];
        for (keeper, pool) in &self.pools {
            eventually(&format!("{keeper} has heard people"), async || {
                let (heard, head) = (progress(pool, READER, "people").await.ok()??, store::head(people).await.ok()?);
                (heard.number == head.number).then_some(())
            })
            .await;
        }
        for service in SERVICES {
            caught_up(&self.pools["timeline"], service, &self.pools[service]).await;
        }
    }
}

fn name(who: &str) -> &str {
    who.split(' ').next().unwrap()
}

fn in_hours(ground: &Ground, hours: i64) -> String {
    let at = kit::calendar::in_copenhagen_time(ground.clock.now() + time::Duration::hours(hours));
    format!("{}T{:02}:{:02}", kit::Day::from(at.date()), at.hour(), at.minute())
}

/// Reads what is shown, as soon as anything is.
async fn asks(client: &Client, service: &str, path: &str) -> Answer {
    eventually(path, async || Some(client.get_once(service, path).await).filter(|answer| !answer.is_not_heard())).await
}

/// Who reads a canary besides those who are close to her.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reads {
    /// Everybody who works at the centre, and the one who helps her.
    Helpers,
    /// Everybody who works at the centre.
    House,
    /// Nobody else.
    Nobody,
}

/// Something of hers that is nowhere else, and who reads it.
struct Canary {
    what: &'static str,
    value: String,
    reads: Reads,
}

/// Where something is shown.
struct Route {
    service: &'static str,
    path: String,
    /// What is asked, where it is asked by POST: then it tells this of her by having found her.
    asked: Option<(Value, &'static str)>,
}

/// An entry of hers.
struct Recorded {
    service: &'static str,
    path: String,
    version: u64,
    event: String,
}

/// A command as somebody sends it.
#[derive(Clone)]
struct Sent {
    method: Method,
    service: &'static str,
    path: String,
    key: String,
    body: Value,
}

/// One history.
struct History<'a> {
    house: &'a House,
    seed: u64,
    chance: Chance,
    woman: Uuid,
    cases: BTreeMap<&'static str, String>,
    stay: Value,
    contact: Value,
    arrivals: Vec<String>,
    /// Her follow-ups: where, and which.
    follow_ups: Vec<(&'static str, String, String)>,
    canaries: Vec<Canary>,
    routes: Vec<Route>,
    entries: Vec<Recorded>,
    /// What was sent already, by those with a right and by those without.
    sent: Vec<Sent>,
    log: Vec<String>,
    accepted: BTreeMap<&'static str, usize>,
    /// Whether the centre may not be near her any more: what is recorded of her stays may be wrong.
    gone: bool,
}

impl<'a> History<'a> {
    /// A woman who lives at the centre, with a canary in every class.
    async fn begin(house: &'a House, seed: u64) -> Self {
        let leader = &house.leader;
        let tag = format!("{seed:x}");
        let canary = |what, reads, value: String| Canary { what, value, reads };
        let cpr = format!("010190{:04}", seed % 10_000);
        let canaries = vec![
            canary("alias", Reads::Helpers, format!("Kanariebirk-{tag}")),
            canary("language", Reads::House, format!("Kanariesprog {tag}")),
            canary("times", Reads::House, format!("Kanarietid {tag}")),
            canary("name", Reads::Nobody, format!("Kanarina Navnesen {tag}")),
            canary("CPR number", Reads::Nobody, cpr.clone()),
            canary("found by name", Reads::Nobody, String::new()),
            canary("found by CPR number", Reads::Nobody, String::new()),
            canary("why somebody is kept away", Reads::Nobody, format!("Kanariefætter {tag}")),
            canary("note", Reads::Nobody, format!("Kanarienotat {tag}")),
            canary("note in housing", Reads::Nobody, format!("Kanarieboligord {tag}")),
            canary("threat", Reads::Nobody, format!("Kanarietrussel {tag}")),
            canary("where she lives", Reads::Nobody, format!("Kanariehuset {tag}")),
            canary("place in housing", Reads::Nobody, format!("Kanariepensionen {tag}")),
            canary("place in safety", Reads::Nobody, format!("Kanarienaboen {tag}")),
            canary("where she may go", Reads::Nobody, THIRD_CENTRE.to_string()),
            canary("address", Reads::Nobody, format!("Kanariegade {tag}")),
            canary("number", Reads::Nobody, format!("+45 20 {:06}", seed % 1_000_000)),
            canary("code word", Reads::Nobody, format!("kanariekodeord {tag}")),
        ];
        let value = |what: &str| canaries.iter().find(|canary| canary.what == what).unwrap().value.clone();
        let (alias, name) = (value("alias"), value("name"));
        let facts = json!({ "alias": alias, "name": name, "cpr": cpr, "language": value("language") });
        let registered =
            leader.post("people", "/v1/women", &format!("her {tag}"), json!({ "facts": facts })).await.ok();
        let woman: Uuid = registered.text("id").parse().unwrap();
        let her = format!("/v1/women/{woman}");
        let mut history = Self {
            house,
            seed,
            chance: Chance(seed),
            woman,
            cases: BTreeMap::new(),
            stay: Value::Null,
            contact: Value::Null,
            arrivals: Vec::new(),
            follow_ups: Vec::new(),
            canaries,
            routes: Vec::new(),
            entries: Vec::new(),
            sent: Vec::new(),
            log: Vec::new(),
            accepted: BTreeMap::new(),
            gone: false,
        };
        let value = |history: &Self, what: &str| {
            history.canaries.iter().find(|canary| canary.what == what).unwrap().value.clone()
        };
        // What is sent again by others holds no canary.
        for (worker, role) in [("w-contact", "contact_person"), ("w-helps", "volunteer")] {
            history.lead("people", &her, "assign-worker", json!({ "worker": worker, "role": role })).await;
        }
        let stay =
            history.tell("people", &her, "start-stay", json!({ "centre": value(&history, "where she lives") })).await;
        history.stay = stay.body["events"][0]["facts"]["stay"].clone();
        let reason = value(&history, "why somebody is kept away");
        let conflict = json!({ "kind": "worker", "who": "w-kin", "reason": reason });
        history.tell("people", &her, "record-conflict-of-interest", conflict).await;
        history.tell("people", &her, "write-note", json!({ "text": value(&history, "note") })).await;
        let agreed = json!({
            "facts": { "channel": "phone", "times": value(&history, "times") },
            "value": value(&history, "number"), "code_word": value(&history, "code word"),
        });
        let agreed = leader.post("people", &format!("{her}/contacts"), &format!("contact {tag}"), agreed).await.ok();
        let mut facts = agreed.body["events"].as_array().unwrap().iter().map(|event| &event["facts"]);
        history.contact = facts.find_map(|facts| facts.get("contact")).unwrap().clone();
        let address = json!({ "value": value(&history, "address") });
        leader.put("people", &format!("{her}/vault/address"), &format!("address {tag}"), address).await.ok();
        for (centre, waits) in [(OTHER_CENTRE, false), (THIRD_CENTRE, true)] {
            let facts = json!({ "to": centre, "along": "all" });
            let offered = history.lead("people", &her, "offer-relocation", facts).await;
            let arrival = offered.body["events"][0]["facts"]["arrival"].as_str().unwrap().to_owned();
            if !waits {
                history.lead("people", &her, "withdraw-relocation-offer", json!({ "arrival": arrival })).await;
            }
            history.arrivals.push(arrival);
        }
        history.sent.retain(|sent| !sent.body.to_string().contains(&THIRD_CENTRE.to_string()));
        for (service, told) in [
            ("housing", [("place-pet", "place", "place in housing"), ("write-note", "text", "note in housing")]),
            ("safety", [("agree-safety-plan", "places", "place in safety"), ("record-threat", "details", "threat")]),
        ] {
            let (body, key) = (json!({ "woman": woman }), format!("case {service} {tag}"));
            let opened = eventually("the service has heard of her", async || {
                let answer = leader.post(service, "/v1/cases", &key, body.clone()).await;
                answer.status.is_success().then_some(answer)
            })
            .await;
            let case = format!("/v1/cases/{}", opened.text("id"));
            history.sent.push(Sent { method: Method::POST, service, path: "/v1/cases".into(), key, body });
            for (action, fact, what) in told {
                let facts = json!({ fact: value(&history, what) });
                history.tell(service, &case, action, facts).await;
            }
            history.cases.insert(service, case);
        }
        let housing = history.cases["housing"].clone();
        let offer = history.lead("housing", &housing, "make-offer", json!({ "answer_by": "2099-01-01" })).await;
        offer.ok();
        house.settled().await;
        history.finds(&her).await;
        history
    }

    /// What the leader records of her, and others may send again.
    async fn lead(&mut self, service: &'static str, path: &str, action: &str, facts: Value) -> Answer {
        let sent = Sent {
            method: Method::POST,
            service,
            path: format!("{path}/{action}"),
            key: format!("{action} {} {}", self.seed, self.sent.len()),
            body: json!({ "facts": facts }),
        };
        self.sent.push(sent.clone());
        self.house.leader.post(service, &sent.path, &sent.key, sent.body).await.ok()
    }

    /// What the leader records of her with a canary in it.
    async fn tell(&self, service: &str, path: &str, action: &str, facts: Value) -> Answer {
        let key = Uuid::new_v4().to_string();
        self.house.leader.post(service, &format!("{path}/{action}"), &key, json!({ "facts": facts })).await.ok()
    }

    /// What there is of her, where it is shown, and what stands open.
    async fn finds(&mut self, her: &str) {
        let (house, woman) = (self.house, self.woman);
        let value = |what: &str| self.canaries.iter().find(|canary| canary.what == what).unwrap().value.clone();
        let mut routes = Vec::new();
        let mut shown = |service, path: String| routes.push(Route { service, path, asked: None });
        for path in ["", "/events", "/alias", "/contacts", "/vault", "/erasure"] {
            shown("people", format!("{her}{path}"));
        }
        for letter in ["municipality-in", "municipality-out", "erasure"] {
            shown("people", format!("{her}/letters/{letter}"));
        }
        let vault = asks(&house.leader, "people", &format!("{her}/vault")).await.ok().body;
        for kept in vault["values"].as_array().unwrap() {
            let kept = kept["reference"].as_str().unwrap();
            shown("people", format!("{her}/vault/{kept}"));
            shown("people", format!("{her}/vault/{kept}/history"));
        }
        for path in ["/v1/arrivals".to_owned(), format!("/v1/duties/{}", house.duty), "/v1/events".to_owned()] {
            shown("people", path);
        }
        let mut entries = Vec::new();
        let all = [("people", her.to_owned())].into_iter().chain(self.cases.clone());
        for (service, path) in all.collect::<Vec<_>>() {
            shown(service, path.clone());
            shown(service, format!("{path}/events"));
            shown(service, "/v1/events".into());
            let events = asks(&house.leader, service, &format!("{path}/events")).await.ok().body;
            for event in events["events"].as_array().unwrap() {
                let event_type = event["type"].as_str().unwrap().rsplit('.').nth(1).unwrap().to_owned();
                let version = event["version"].as_u64().unwrap();
                entries.push(Recorded { service, path: path.clone(), version, event: event_type });
            }
            let case = asks(&house.leader, service, &path).await.ok().body;
            let keys = case["follow_ups"].as_object().unwrap().keys().cloned();
            self.follow_ups.extend(keys.map(|key| (service, path.clone(), key)));
        }
        shown("timeline", format!("/v1/women/{woman}/timeline"));
        shown("timeline", format!("/v1/women/{woman}/relocation-preview?along=all"));
        shown("timeline", "/v1/follow-ups".into());
        let (name, cpr) = (value("name"), value("CPR number"));
        for (path, body, what) in [
            ("search", json!({ "text": name }), "found by name"),
            ("search", json!({ "text": cpr }), "found by CPR number"),
            ("duplicates", json!({ "name": name }), "found by name"),
            ("duplicates", json!({ "cpr": cpr }), "found by CPR number"),
        ] {
            let path = format!("/v1/women/{path}");
            routes.push(Route { service: "people", path, asked: Some((body, what)) });
        }
        (self.routes, self.entries) = (routes, entries);
    }

    /// Which canaries stand in an answer.
    fn told(&self, answer: &Answer) -> BTreeSet<&'static str> {
        let text = answer.body.to_string();
        let digits = text.replace('-', "");
        let stands = |canary: &&Canary| {
            let told = if canary.what == "CPR number" { &digits } else { &text };
            !canary.value.is_empty() && told.contains(&canary.value)
        };
        self.canaries.iter().filter(stands).map(|canary| canary.what).collect()
    }

    /// Which canaries somebody reads, anywhere.
    async fn read_by(&self, client: &Client) -> BTreeSet<&'static str> {
        let her = self.woman.to_string();
        let asked = self.routes.iter().map(async |Route { service, path, asked }| {
            let answer = match asked {
                None => {
                    eventually(path, async || {
                        Some(client.get_once(service, path).await).filter(|answer| !answer.is_not_heard())
                    })
                    .await
                }
                Some((body, _)) => client.post(service, path, "-", body.clone()).await,
            };
            let mut told = self.told(&answer);
            if let Some((_, what)) = asked {
                told.extend(answer.body.to_string().contains(&her).then_some(*what));
            }
            told
        });
        join_all(asked).await.into_iter().flatten().collect()
    }

    /// Whom a canary is for.
    fn readable(&self, reads: &[Reads]) -> BTreeSet<&'static str> {
        let of = self.canaries.iter().filter(|canary| reads.contains(&canary.reads));
        of.map(|canary| canary.what).collect()
    }

    fn story(&self) -> String {
        format!("LIVLINE_HISTORY_SEED={}, woman {}:\n{}", self.seed, self.woman, self.log.join("\n"))
    }

    /// Everybody who is close to her reads all of this.
    async fn is_read_by(&self, (name, client): (&str, &Client), all: &BTreeSet<&'static str>) {
        let missing = tokio::time::timeout(livline_tests::PATIENCE, async {
            loop {
                let read = self.read_by(client).await;
                if read.is_superset(all) {
                    break;
                }
                tokio::time::sleep(std::time::Duration::from_millis(200)).await;
            }
        });
        if missing.await.is_err() {
            let read = self.read_by(client).await;
            let missing: Vec<_> = all.difference(&read).collect();
            panic!("{name} does not read {missing:?}\n{}", self.story());
        }
    }

    /// Facts of an event as somebody would send them: of the golden sample, with their own name where somebody is named.
    fn facts(&mut self, service: &'static str, event: &str, own: &str) -> Value {
        let samples = &self.house.samples[service];
        let form = if self.chance.below(4) == 0 { "minimal" } else { "complete" };
        let mut facts = samples.latest(event, form);
        self.fit(&mut facts, own);
        facts
    }

    fn fit(&mut self, facts: &mut Value, own: &str) {
        let Some(members) = facts.as_object_mut() else { return };
        // What begins is long over in the samples.
        members
            .remove("from")
            .filter(|from| from.as_str().is_some_and(|from| from.len() == 36))
            .map(|_| members.insert("from".into(), json!(OTHER_CENTRE)));
        for (fact, value) in members.iter_mut() {
            let names = [own, own, own, "w-untied", "w-contact", "w-duty", "l-1", "w-kin", "l-other"];
            match fact.as_str() {
                "worker" | "who" | "contact_worker" | "asked_by" | "accepted_by" | "proposed_by" | "confirmed_by" => {
                    *value = json!(self.chance.pick(&names));
                }
                "to" if value.as_str().is_some_and(|text| text.len() == 36) => {
                    *value = json!(self.chance.pick(&[OTHER_CENTRE, CENTRE, CentreId(Uuid::from_u128(0xc4))]));
                }
                "until" if value.as_str().is_some_and(|text| text.contains('T')) => {
                    let hours = *self.chance.pick(&[1, 8, 20]);
                    *value = json!(in_hours(&self.house.ground, hours));
                }
                "arrival" => *value = json!(self.chance.pick(&self.arrivals)),
                "stay" => *value = self.stay.clone(),
                "contact" => *value = self.contact.clone(),
                "alias" if value.is_string() => *value = json!(format!("Ravn-{}", self.chance.below(100_000))),
                "recognised" => *value = json!(self.chance.pick(&["meeting", "code_word"])),
                "kind" if value == "agency_user" => *value = json!("worker"),
                _ => {}
            }
        }
    }

    /// The next command, what kind it is of, and which event it would undo or change.
    fn command(&mut self, own: &str) -> (&'static str, Sent, Option<String>) {
        let (her, house) = (format!("/v1/women/{}", self.woman), self.house);
        let key = format!("{} {}", self.seed, self.chance.next());
        let post =
            |service, path: String, body: Value| Sent { method: Method::POST, service, path, key: key.clone(), body };
        let case = |history: &Self, service: &'static str| history.cases.get(service).cloned().unwrap_or(her.clone());
        match self.chance.below(24) {
            0..=8 => {
                let actions = &house.actions;
                let Action { service, kind, name: action, event } = self.chance.pick(actions);
                let mut facts = self.facts(service, event, own);
                let path = match (*kind, action.as_str()) {
                    ("woman", _) => format!("{her}/{action}"),
                    ("duty", "end-duty") => format!("/v1/duties/{}/end-duty", house.duty),
                    ("duty", _) => "/v1/duties".into(),
                    ("enquiry", _) => "/v1/enquiries".into(),
                    ("staff", "register-worker") => "/v1/staff".into(),
                    ("staff", _) => {
                        format!("/v1/staff/{}/{action}", derive_id(&["employed", "w-duty", &CENTRE.to_string()]))
                    }
                    _ => format!("{}/{action}", case(self, service)),
                };
                if self.chance.below(6) == 0 {
                    facts = json!({});
                }
                let mut body = json!({ "facts": facts });
                if self.chance.below(5) == 0 {
                    body["responsible"] = json!(own);
                }
                ("record", post(service, path, body), None)
            }
            9..=11 => {
                let entry = self.chance.below(self.entries.len());
                let Recorded { service, path, version, event } = &self.entries[entry];
                let (service, path, version, event) = (*service, path.clone(), *version, event.clone());
                let known = house.actions.iter().any(|action| action.service == service && action.event == event);
                let facts = if known { self.facts(service, &event, own) } else { json!({ "worker": own }) };
                let body = json!({ "facts": { "version": version, "facts": facts } });
                ("correct", post(service, format!("{path}/correct-entry"), body), Some(event))
            }
            12..=14 => {
                let entry = self.chance.below(self.entries.len());
                let Recorded { service, path, version, event } = &self.entries[entry];
                let body = json!({ "facts": { "version": version } });
                ("take back", post(service, format!("{path}/record-in-error"), body), Some(event.clone()))
            }
            15 | 16 => ("vault", self.of_vault(&her, &key), None),
            17 => {
                let kind = *self.chance.pick(&["on_duty", "temp"]);
                let worker = *self.chance.pick(&[own, "w-untied", "w-temp", "w-kin"]);
                let facts = json!({ "worker": worker, "kind": kind, "until": in_hours(&house.ground, 8) });
                let duty = format!("/v1/duties/{}", house.duty);
                let body = match self.chance.below(3) {
                    0 => post("people", "/v1/duties".into(), json!({ "facts": facts })),
                    1 => post("people", format!("{duty}/end-duty"), json!({})),
                    _ => post("people", format!("{duty}/record-in-error"), json!({ "facts": { "version": 2 } })),
                };
                ("duty", body, None)
            }
            18 => {
                let arrival = self.chance.pick(&self.arrivals).clone();
                let arrival = self.chance.pick(&[arrival, Uuid::from_u128(7).to_string()]).clone();
                let answer = *self.chance.pick(&["accept", "decline"]);
                ("arrival", post("people", format!("/v1/arrivals/{arrival}/{answer}"), json!({})), None)
            }
            19 | 20 => {
                let (service, path, follow_up) = self.chance.pick(&self.follow_ups).clone();
                let (action, facts) = match self.chance.below(4) {
                    0 => ("assign-follow-up", json!({ "key": follow_up, "responsible": own })),
                    1 => ("close-follow-up", json!({ "key": follow_up, "outcome": "done" })),
                    2 => ("move-follow-up", json!({ "key": follow_up, "due": "2099-02-02" })),
                    _ => ("reopen-follow-up", json!({ "key": follow_up })),
                };
                ("follow-up", post(service, format!("{path}/{action}"), json!({ "facts": facts })), None)
            }
            // As somebody else has sent it: word for word, or another body under the same key.
            21 | 22 => {
                let mut sent = self.chance.pick(&self.sent).clone();
                if self.chance.below(3) == 0 {
                    sent.body = json!({});
                }
                ("key of another", sent, None)
            }
            _ => {
                let service = *self.chance.pick(&["housing", "safety"]);
                let other = Uuid::from_u128(u128::from(self.chance.next()));
                let sent = match self.chance.below(5) {
                    0 => post(service, "/v1/cases".into(), json!({ "woman": self.woman })),
                    1 => post(
                        service,
                        format!("/v1/cases/{}/write-note", self.woman),
                        json!({ "facts": { "text": "her" } }),
                    ),
                    2 => post("people", "/v1/women".into(), json!({ "facts": { "name": "En Anden" } })),
                    3 => post("people", format!("/v1/women/{other}/start-stay"), json!({})),
                    _ => post("people", case(self, service).replace("cases", "women") + "/start-stay", json!({})),
                };
                ("id of another", sent, None)
            }
        }
    }

    /// Something at the routes of the vault.
    fn of_vault(&mut self, her: &str, key: &str) -> Sent {
        let kept: Vec<_> = self.routes.iter().filter(|route| route.path.ends_with("/history")).collect();
        let history = self.chance.pick(&kept).path.clone();
        let contact = self.contact.as_str().unwrap_or_default().to_owned();
        let recognised = *self.chance.pick(&["meeting", "code_word"]);
        let value = json!({ "value": "Ny værdi 9", "recognised": recognised });
        let (method, path, body) = match self.chance.below(7) {
            0 => (Method::PUT, format!("{her}/vault/address"), json!({ "value": "Nygade 9" })),
            1 => (Method::PUT, format!("{her}/vault/code-word"), value),
            2 => (Method::PUT, format!("{her}/vault/contact/{contact}"), value),
            3 => (Method::DELETE, history, Value::Null),
            4 => (Method::POST, format!("{her}/vault/code-word/check"), json!({ "word": "forkert" })),
            5 => (Method::POST, format!("{her}/vault/code-word/unlock"), json!({})),
            _ => {
                let body = json!({ "facts": { "channel": "phone" }, "value": "12345678", "code_word": "nyt", "recognised": recognised });
                (Method::POST, format!("{her}/contacts"), body)
            }
        };
        Sent { method, service: "people", path, key: key.to_owned(), body }
    }

    /// Somebody without a right does something, and learns nothing by the answer.
    async fn goes_on(&mut self, before: &[BTreeSet<&'static str>]) {
        let house = self.house;
        // Whoever works at the centre may do most: every other command is theirs.
        let at = if self.chance.below(2) == 0 { 0 } else { self.chance.below(house.prying.len()) };
        let (who, client) = &house.prying[at];
        let (kind, sent, about) = self.command(name(who));
        let Sent { method, service, path, key, body } = sent.clone();
        let bytes = (!body.is_null()).then(|| body.to_string().into_bytes());
        let answer = eventually("an answer", async || {
            let headers = [("idempotency-key", key.as_str())];
            let answer = client.try_send(method.clone(), service, &path, &headers, bytes.clone()).await?;
            (!answer.is_not_heard()).then_some(answer)
        })
        .await;
        self.log.push(format!("  {who}: {method} {service} {path} {body} -> {} {}", answer.status, answer.code()));
        let learned: Vec<_> = self.told(&answer).difference(&before[at]).copied().collect();
        assert!(learned.is_empty(), "{who} learns {learned:?}\n{}", self.story());
        let events = answer.body["events"].as_array().cloned().unwrap_or_default();
        if answer.status.is_success() && !events.is_empty() {
            *self.accepted.entry(kind).or_default() += 1;
        }
        if kind != "key of another" {
            self.sent.push(sent);
        }
        let stays = ["WomanRegistered", "StayStarted", "StayEnded"];
        for event in &events {
            let recorded = event["event"].as_str().unwrap_or_default();
            self.gone |= recorded == "StayEnded" || about.as_ref().is_some_and(|about| stays.contains(&about.as_str()));
            let aggregate = path.rsplit_once('/').map(|(aggregate, _)| aggregate.to_owned()).unwrap_or_default();
            let hers =
                aggregate.ends_with(&self.woman.to_string()) || self.cases.values().any(|case| *case == aggregate);
            if let (true, Some(version)) = (hers, event["version"].as_u64()) {
                self.entries.push(Recorded { service, path: aggregate, version, event: recorded.to_owned() });
            }
        }
    }

    async fn runs(&mut self) {
        let house = self.house;
        let all = self.readable(&[Reads::Helpers, Reads::House, Reads::Nobody]);
        let close: Vec<(&str, &Client)> = house.close.iter().map(|(name, client)| (*name, client)).collect();
        for who in [("l-1", &house.leader)].into_iter().chain(close.clone()) {
            self.is_read_by(who, &all).await;
        }
        house.settled().await;
        let mut before = Vec::new();
        for (name, client) in &house.prying {
            let read = self.read_by(client).await;
            let expected = match *name {
                "w-untied" => self.readable(&[Reads::Helpers, Reads::House]),
                "w-helps" => self.readable(&[Reads::Helpers]),
                _ => BTreeSet::new(),
            };
            assert_eq!(read, expected, "{name}");
            before.push(read);
        }
        for _ in 0..COMMANDS {
            self.goes_on(&before).await;
        }
        house.settled().await;
        for ((name, client), before) in house.prying.iter().zip(&before) {
            let read = self.read_by(client).await;
            let learned: Vec<_> = read.difference(before).collect();
            assert!(learned.is_empty(), "{name} reads {learned:?}\n{}", self.story());
        }
        // Whom nobody finds by a name that was corrected is there all the same.
        let all: BTreeSet<_> = all.into_iter().filter(|what| !what.starts_with("found")).collect();
        self.is_read_by(("l-1", &house.leader), &all).await;
        if self.gone {
            // Everybody who may record for her may say that she moved out. Whoever leads says that she lives here, and nothing is lost.
            let key = Uuid::new_v4().to_string();
            let path = format!("/v1/women/{}/start-stay", self.woman);
            let back = house.leader.post("people", &path, &key, json!({})).await;
            assert!(back.status.is_success() || back.code() == "live_stay", "{} {}", back.status, back.body);
        }
        for who in close {
            self.is_read_by(who, &all).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_without_a_right_opens_a_value_or_shuts_everybody_out() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let seeds = match (number("LIVLINE_HISTORY_SEED"), number("LIVLINE_HISTORIES")) {
        (Some(seed), None) => seed..seed + 1,
        (seed, many) => seed.unwrap_or(SEED)..seed.unwrap_or(SEED) + many.unwrap_or(HISTORIES),
    };
    let house = House::new().await;
    let (mut accepted, many) = (BTreeMap::<&str, usize>::new(), seeds.end - seeds.start);
    for seed in seeds {
        let mut history = History::begin(&house, seed).await;
        history.runs().await;
        for (kind, number) in &history.accepted {
            *accepted.entry(kind).or_default() += number;
        }
    }
    // Whoever works at the centre does record: what is refused throughout proves nothing.
    for kind in ["record", "correct", "take back", "follow-up"] {
        assert!(many < HISTORIES || accepted.get(kind).is_some_and(|number| *number > 0), "{kind}: {accepted:?}");
    }
}
