//! One woman across all five domains, over HTTP through everything; and what goes on when a service does not.

use engine::clock::Clock;
use kit::{access::Role, contract::Contract};
use livline_tests::{
    CENTRE, Client, Ground, Running, eventually,
    faults::check::Stores,
    golden::domains,
    history::{assert_exact, caught_up},
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

fn contracts() -> Vec<Contract> {
    let all = livline::services::all();
    all.into_iter().filter_map(|service| service.contract).map(|contract| contract().unwrap()).collect()
}

async fn everything(ground: &Ground) -> BTreeMap<&'static str, Running> {
    let mut running = BTreeMap::new();
    for service in domains() {
        running.insert(service, ground.serve(service).await);
    }
    running
}

fn in_days(days: i64) -> String {
    kit::Day::from(Clock::system().today().saturating_add(time::Duration::days(days))).to_string()
}

fn happened(course: &Value) -> Vec<(&str, &str)> {
    let entries = course["entries"].as_array().unwrap().iter();
    entries.map(|entry| (entry["service"].as_str().unwrap(), entry["event"].as_str().unwrap())).collect()
}

fn open(course: &Value) -> BTreeSet<(&str, &str)> {
    let open = course["open"].as_array().unwrap().iter();
    open.map(|open| (open["service"].as_str().unwrap(), open["what"].as_str().unwrap())).collect()
}

/// A worker who logs in one case per domain, on a day so many days ago.
struct Log<'a> {
    client: &'a Client,
    cases: BTreeMap<&'static str, String>,
    positions: BTreeMap<&'static str, String>,
}

impl<'a> Log<'a> {
    async fn of(client: &'a Client, woman: Uuid) -> Self {
        let mut cases = BTreeMap::new();
        for service in domains().into_iter().filter(|service| *service != "aftercare") {
            cases.insert(service, client.open(service, woman).await);
        }
        Self { client, cases, positions: BTreeMap::new() }
    }

    async fn at(&mut self, ago: i64, service: &'static str, action: &str, facts: Value) -> Value {
        let path = format!("/v1/cases/{}/{action}", self.cases[service]);
        let body = json!({ "facts": facts, "when": in_days(-ago) });
        let answer = self.client.post(service, &path, &Uuid::new_v4().to_string(), body).await.ok();
        self.positions.insert(service, answer.text("position"));
        answer.body
    }

    /// Everything that was answered so far.
    fn positions(&self) -> String {
        self.positions.values().map(String::as_str).collect::<Vec<_>>().join(",")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_course_across_all_five() {
    let ground = Ground::start().await;
    let (_running, _timeline) = (everything(&ground).await, ground.timeline(contracts()).await);
    Stores::open(&ground).await.begun().await;
    let (leader, woman) = (ground.leader(), Uuid::new_v4());
    let mut log = Log::of(&leader, woman).await;

    // She arrives; three months later she moves.
    log.at(95, "safety", "assess-risk", json!({ "level": "high", "tool": "sara_v3" })).await;
    log.at(94, "safety", "agree-safety-plan", json!({ "places": "Skolen" })).await;
    log.at(93, "safety", "apply-for-address-protection", json!({})).await;
    log.at(90, "legal", "file-police-report", json!({ "offence_day": in_days(-91), "case_number": "4700-1" })).await;
    log.at(80, "legal", "issue-restraining-order", json!({ "from": in_days(-80), "until": in_days(200) })).await;
    log.at(75, "financial", "map-situation", json!({ "income": 1_250_000, "debts": 9_000_000 })).await;
    let grant = log.at(70, "financial", "apply-for-single-grant", json!({ "amount": 450_000 })).await;
    let grant = grant["events"][0]["facts"]["grant"].clone();
    log.at(60, "financial", "record-single-grant-decision", json!({ "grant": grant, "outcome": "refused" })).await;
    let offer = log.at(20, "housing", "make-offer", json!({ "rent": 650_000, "answer_by": in_days(10) })).await;
    let offer = json!({ "offer": offer["events"][0]["facts"]["offer"] });
    log.at(15, "housing", "accept-offer", offer).await;
    // The lease comes before the address is protected: the first interlock. The plan is old when her stay ends: the fourth.
    log.at(10, "housing", "sign-lease", json!({})).await;
    log.at(2, "housing", "move-in", json!({})).await;
    let began = leader.act_for(woman, "start-stay", json!({})).await.ok().body;
    let stay = began["events"][0]["facts"]["stay"].clone();
    leader.act_for(woman, "end-stay", json!({ "stay": stay })).await.ok();

    let course = eventually("the rules have acted", async || {
        let course = leader.course(woman, &log.positions()).await;
        let acted = happened(&course)
            .iter()
            .filter(|(_, event)| ["SafetyAlertRaised", "AftercareOffered"].contains(event))
            .count();
        (acted == 3).then_some(course)
    })
    .await;
    // Newest first, by when it happened and not by when it was logged.
    let entries = course["entries"].as_array().unwrap();
    let days: Vec<&str> = entries.iter().map(|entry| entry["happened"].as_str().unwrap()).collect();
    assert!(days.is_sorted_by(|newer, older| newer >= older), "{days:?}");
    let services: BTreeSet<&str> = happened(&course).into_iter().map(|(service, _)| service).collect();
    assert_eq!(services, domains().into_iter().chain(["people"]).collect());
    let open_now = open(&course);
    for expected in [
        ("safety", "protect_address_before_registering"),
        ("safety", "agree_safety_plan"),
        ("aftercare", "answer_aftercare_offer"),
        ("housing", "talk_to_police_before_address_change"),
        ("housing", "apply_for_housing_benefit"),
    ] {
        assert!(open_now.contains(&expected), "{expected:?} in {open_now:?}");
    }
    let alerts: Vec<_> = entries.iter().filter(|entry| entry["event"] == "SafetyAlertRaised").collect();
    assert!(alerts.iter().all(|alert| alert["weight"] == "alert" && alert["actor"] == "service:safety"));
    // They stand in the case that her worker opened.
    assert!(alerts.iter().all(|alert| alert["aggregate"] == json!(log.cases["safety"])));

    // Doing what an alert asks for ends its follow-up; a worker clears the alert.
    log.at(0, "safety", "revise-safety-plan", json!({})).await;
    log.at(0, "safety", "record-address-protection-grant", json!({ "children": "all" })).await;
    let offered = entries.iter().find(|entry| entry["event"] == "AftercareOffered").unwrap()["aggregate"].clone();
    log.cases.insert("aftercare", offered.as_str().unwrap().to_owned());
    log.at(0, "aftercare", "accept-aftercare", json!({ "contact_worker": "w-7" })).await;
    let course = leader.course(woman, &log.positions()).await;
    let open_now = open(&course);
    for gone in ["protect_address_before_registering", "agree_safety_plan", "answer_aftercare_offer"] {
        assert!(open_now.iter().all(|(_, what)| *what != gone), "{gone} in {open_now:?}");
    }
    // By domain, as the reader asks.
    let path = |query: &str| format!("/v1/women/{woman}/timeline?{query}");
    let legal = leader.get("timeline", &path("domain=legal")).await.ok().body;
    let events: Vec<&str> = happened(&legal).into_iter().map(|(_, event)| event).collect();
    assert_eq!(events, ["CaseOpened", "RestrainingOrderIssued", "PoliceReportFiled"], "the case was opened today");

    // A worker who is not close to her sees that it happened, and no place and no word.
    let worker = ground.client(Role::Worker, Some(CENTRE));
    let seen = worker.course(woman, &log.positions()).await;
    assert!(leader.course(woman, &log.positions()).await.to_string().contains("Skolen"));
    assert!(!seen.to_string().contains("Skolen"));
    assert_eq!(happened(&seen).len(), happened(&course).len());
    for service in domains() {
        assert_exact(&ground.pool(&format!("livline_{service}")).await).await;
    }
}

/// Each service stopped in turn: the others take entries, their timeline goes on, and what came meanwhile is caught up with.
#[tokio::test(flavor = "multi_thread")]
async fn each_service_is_missed_by_none() {
    let ground = Ground::start().await;
    let (mut running, timeline) = (everything(&ground).await, ground.timeline(contracts()).await);
    let (leader, woman) = (ground.leader(), Uuid::new_v4());
    let rows = ground.pool("livline_timeline").await;
    let mut cases = BTreeMap::new();
    for service in domains() {
        cases.insert(service, leader.open(service, woman).await);
    }
    let note = async |service: &str| {
        leader.act(service, &cases[service], "write-note", json!({ "text": "Talte med hende" })).await
    };
    for stopped in domains() {
        running.remove(stopped).unwrap().stop().await;
        for service in domains().into_iter().filter(|service| *service != stopped) {
            let position = note(service).await.ok().text("position");
            let course = leader.course(woman, &position).await;
            assert_eq!(course["held_back"], json!([]));
        }
        running.insert(stopped, ground.serve(stopped).await);
        let position = note(stopped).await.ok().text("position");
        leader.course(woman, &position).await;
    }
    // And the timeline itself: entries are taken without it, and it catches up.
    timeline.stop().await;
    for service in domains() {
        note(service).await.ok();
    }
    let _timeline = ground.timeline(contracts()).await;
    for service in domains() {
        caught_up(&rows, service, &ground.pool(&format!("livline_{service}")).await).await;
    }
    let course = leader.get("timeline", &format!("/v1/women/{woman}/timeline")).await.ok().body;
    let notes = happened(&course).iter().filter(|(_, event)| *event == "NoteWritten").count();
    assert_eq!(notes, domains().len() * (domains().len() + 1));
}
