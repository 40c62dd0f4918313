//! What one part says and another understands: golden samples against those who read them, and every action over HTTP.

use aftercare::heard::KnowCourse;
use futures::future::join_all;
use kit::{
    Decider, Policy,
    decider::Commands,
    given::{Given, given},
};
use livline_tests::{
    Client, Ground, Running, eventually,
    golden::{Visit, domains, each_domain, each_heard, samples},
};
use serde_json::{Value, json};
use std::{collections::BTreeSet, marker::PhantomData, path::Path};
use uuid::Uuid;

/// What a policy understands of the domains: the events that they themselves make of their golden samples, in both forms, and those
/// of earlier versions as they were stored.
struct Understood<P> {
    events: BTreeSet<String>,
    policy: PhantomData<P>,
}

impl<P: Policy> Visit for Understood<P> {
    fn domain<D: Decider>(&mut self, service: &'static str) {
        if !P::HEARS.contains(&service) {
            return;
        }
        let samples = samples(service);
        for entry in D::Command::describe() {
            let understood = |form: &str| {
                let facts = samples.latest(entry.event, form);
                let case = given::<D>("2026-11-20", engine::config::DEADLINES).by_leader("l-1");
                let opening = case.tells::<P>(service).len();
                let then = case.when(&entry.action, facts.clone());
                let told = match then.outcome {
                    // Safety's alerts stand behind what raises them.
                    Ok(_) => then.given.tells::<P>(service).into_iter().nth(opening),
                    // What a rule alone may record, or what must wait for its day.
                    Err(_) => kit::given::heard::<P>(service, 2, entry.event, facts),
                };
                told.is_some_and(|event| event.recorded().is_some())
            };
            let name = format!("{service}/{}", entry.event);
            assert_eq!(understood("complete"), understood("minimal"), "{name}: complete and minimal");
            if understood("complete") {
                self.events.insert(name);
            }
            for earlier in entry.earlier() {
                let name = format!("{}.v{}", entry.event, earlier.version);
                let read = |form: &str| {
                    kit::given::heard::<P>(service, 2, entry.event, samples.version(entry.event, earlier.version, form))
                };
                let today = self.events.contains(&format!("{service}/{}", entry.event));
                assert!(["complete", "minimal"].iter().all(|form| read(form).is_some() == today), "{name}");
            }
        }
    }
}

fn understood<P: Policy>() -> Vec<String> {
    let mut understood = Understood::<P> { events: BTreeSet::new(), policy: PhantomData };
    each_heard(&mut understood);
    understood.events.into_iter().collect()
}

#[test]
fn policies_understand_what_they_hear_and_nothing_else() {
    assert_eq!(
        understood::<aftercare::policy::OfferAftercare>(),
        [
            "aftercare/AftercareAccepted",
            "aftercare/AftercareClosed",
            "aftercare/AftercareDeclined",
            "aftercare/AftercareHandedOver",
            "aftercare/AftercareOffered",
            "aftercare/LifelineCalled",
            "housing/MovedIn",
            "people/PersonDied",
            "people/StayEnded",
        ]
    );
    assert_eq!(
        understood::<KnowCourse>(),
        [
            "housing/MovedIn",
            "legal/AreaBanIssued",
            "legal/ExpulsionExtended",
            "legal/ExpulsionOrdered",
            "legal/RestrainingOrderEnded",
            "legal/RestrainingOrderExtended",
            "legal/RestrainingOrderIssued",
            "people/PersonDied",
            "people/SafeContactAgreed",
            "people/SafeContactUnconfirmed",
            "people/StayEnded",
            "safety/AlarmIssued",
            "safety/AlarmLost",
            "safety/AlarmRenewed",
            "safety/AlarmReturned",
            "safety/AlarmTriggered",
        ]
    );
    assert_eq!(
        understood::<safety::policy::RaiseAlerts>(),
        [
            "aftercare/AftercareAccepted",
            "aftercare/ContactMade",
            "aftercare/ContactMissed",
            "housing/LeaseSigned",
            "legal/AreaBanIssued",
            "legal/FamilyDecisionReceived",
            "legal/InterimContactDecided",
            "legal/OrderBreachReported",
            "legal/RestrainingOrderEnded",
            "legal/RestrainingOrderExtended",
            "legal/RestrainingOrderIssued",
            "people/PersonDied",
            "people/StayEnded",
            "safety/AddressProtectionExpired",
            "safety/AddressProtectionGranted",
            "safety/AddressProtectionRenewed",
            "safety/SafetyPlanAgreed",
            "safety/SafetyPlanRevised",
        ]
    );
}

/// The facts that rules of other services go by arrive as they were recorded.
#[test]
fn what_rules_go_by_is_in_the_samples() {
    let order = kit::given::heard::<safety::policy::RaiseAlerts>(
        "legal",
        2,
        "RestrainingOrderIssued",
        samples("legal").latest("RestrainingOrderIssued", "complete"),
    );
    let Some(safety::policy::Foreign::RestrainingOrderIssued { order, until, .. }) =
        order.as_ref().and_then(kit::policy::Heard::recorded)
    else {
        panic!("an order is heard")
    };
    assert!(!order.is_nil() && until.as_ref().is_some_and(|until| until.open().is_some()));
    let protected = samples("safety").latest("AddressProtectionGranted", "complete");
    let protected =
        kit::given::heard::<safety::policy::RaiseAlerts>("safety", 2, "AddressProtectionGranted", protected);
    let Some(safety::policy::Foreign::AddressProtectionGranted { until, children, .. }) =
        protected.as_ref().and_then(kit::policy::Heard::recorded)
    else {
        panic!("a protection is heard")
    };
    assert!(until.is_some() && children.is_some());
    // What people adds to a safe contact and to the end of a stay is heard as well: the ids, and the day.
    let heard = |woman: &Given<people::woman::Woman>| {
        let mut course = aftercare::heard::Course::default();
        for event in woman.tells::<KnowCourse>("people") {
            KnowCourse::hear(&mut course, &event);
        }
        course
    };
    let woman = || given::<people::woman::Woman>("2026-11-20", engine::config::DEADLINES).by_leader("l-1");
    for form in ["complete", "minimal"] {
        let facts = |event: &str| samples("people").latest(event, form);
        let agreed = woman().and("agree-safe-contact", facts("SafeContactAgreed"));
        let course = heard(&agreed);
        assert!(course.is_reachable(agreed.looking().centre, agreed.looking().today), "{form}");
        let doubted = agreed.and("start-stay", json!({})).and("end-stay", facts("StayEnded"));
        // The day she left is heard, and not only the doubts that come with it.
        let late = facts("SafeContactAgreed");
        let late = json!({ "channel": late["channel"], "confirmed_on": "2026-11-19" });
        let doubted = doubted.and("agree-safe-contact", late);
        let course = heard(&doubted);
        assert!(!course.is_reachable(doubted.looking().centre, doubted.looking().today), "{form}");
        let ended = doubted.tells::<aftercare::policy::OfferAftercare>("people").pop();
        let Some(aftercare::policy::Foreign::StayEnded { stay }) =
            ended.as_ref().and_then(kit::policy::Heard::recorded)
        else {
            panic!("the end of a stay is heard")
        };
        assert!(!stay.is_nil(), "{form}");
    }
}

#[test]
fn the_lapsing_rule_understands_offers_and_their_answers() {
    use housing::policy::LapseOffers;
    let offer = json!("6f1c2b9e-0a3d-4c57-9b1e-2d4f6a8c0e11");
    let after = |actions: &[&str]| {
        let mut case = given::<housing::case::Housing>("2026-11-20", engine::config::DEADLINES);
        for action in actions {
            let facts = if *action == "make-offer" {
                json!({ "offer": offer, "answer_by": "2026-12-01" })
            } else {
                json!({ "offer": offer })
            };
            case = case.and(action, facts);
        }
        let (heard, _) = case.told::<LapseOffers>();
        LapseOffers::due(&heard, case.on("2190-01-01").now()).len()
    };
    assert_eq!(after(&["make-offer"]), 1);
    for answer in ["accept-offer", "decline-offer", "lapse-offer"] {
        assert_eq!(after(&["make-offer", answer]), 0, "{answer}");
    }
}

/// All domain services, as the program runs them.
async fn everything(ground: &Ground) -> Vec<Running> {
    let mut running = Vec::new();
    for service in domains() {
        running.push(ground.serve(service).await);
    }
    running
}

/// Every action of a service with its samples.
struct Actions(Vec<(&'static str, String, &'static str, Value, Value)>);

impl Visit for Actions {
    fn domain<D: Decider>(&mut self, service: &'static str) {
        let samples = samples(service);
        for entry in D::Command::describe() {
            let form = |form| samples.latest(entry.event, form);
            self.0.push((service, entry.action.clone(), entry.event, form("complete"), form("minimal")));
        }
    }
}

fn actions() -> Actions {
    let mut actions = Actions(Vec::new());
    each_domain(&mut actions);
    actions
}

/// What the service makes itself, whatever is sent.
const MADE: &[(&str, &str)] = &[("CompanionBooked", "slot"), ("ContactMade", "day"), ("ContactMissed", "day")];

/// One action sent twice: taken once, answered alike, read back whole.
async fn taken_once(leader: &Client, pool: &sqlx::PgPool, (service, action, event): (&str, &str, &str), facts: &Value) {
    let case = leader.open(service, Uuid::new_v4()).await;
    let (path, body) = (format!("/v1/cases/{case}/{action}"), json!({ "facts": facts, "note": "igen" }));
    let first = leader.post(service, &path, "k", body.clone()).await.ok();
    let again = leader.post(service, &path, "k", body).await.ok();
    assert_eq!(first.body, again.body, "{event}");
    let made = first.body["events"].as_array().unwrap();
    let stored: i64 = sqlx::query_scalar("SELECT count(*) FROM events WHERE aggregate_id = $1")
        .bind(&case)
        .fetch_one(pool)
        .await
        .unwrap();
    assert_eq!(usize::try_from(stored).unwrap(), 1 + made.len(), "{event}: the opening, what happened, the note");
    leader.get(service, &format!("/v1/cases/{case}")).await.ok();
    // Places are masked for the moment in which people has recorded more than the service has heard.
    let kept = eventually(&format!("{event} is shown whole"), async || {
        let shown = leader.get(service, &format!("/v1/cases/{case}/events")).await.ok().body;
        let kept = shown["events"][1]["data"]["facts"].clone();
        (!kept.to_string().contains("$masked")).then_some(kept)
    })
    .await;
    for (name, value) in facts.as_object().unwrap().iter().filter(|(name, _)| !MADE.contains(&(event, name.as_str()))) {
        assert_eq!(&kept[name], value, "{event}: {name} reads back as it was sent");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_action_is_taken_once_and_read_back() {
    let ground = Ground::start().await;
    let _running = everything(&ground).await;
    let leader = ground.leader();
    for service in domains() {
        let pool = ground.pool(&format!("livline_{service}")).await;
        let actions = actions().0.into_iter().filter(|(of, ..)| *of == service);
        let taken = actions.map(|(_, action, event, complete, minimal)| {
            let (leader, pool) = (leader.clone(), pool.clone());
            async move {
                for facts in [complete, minimal] {
                    taken_once(&leader, &pool, (service, &action, event), &facts).await;
                }
            }
        });
        few_at_a_time(taken).await;
    }
}

/// Every entry of every service can be corrected and taken back, and what it left open be moved, handed over, closed and reopened;
/// the timeline shows it, with the original behind.
#[tokio::test(flavor = "multi_thread")]
async fn every_entry_can_be_corrected_and_taken_back() {
    let ground = Ground::start().await;
    let _running = everything(&ground).await;
    let contracts = livline::services::all().into_iter().filter_map(|service| service.contract);
    let _timeline = ground.timeline(contracts.map(|contract| contract().unwrap()).collect()).await;
    let leader = ground.leader();
    leader.employ(&["w-2"]).await;
    let mended = actions().0.into_iter().map(|(service, action, event, complete, _)| {
        let leader = leader.clone();
        async move {
            let (woman, common) = (Uuid::new_v4(), |name: &str| format!("{service}: {event}: {name}"));
            let case = leader.open(service, woman).await;
            leader.act(service, &case, &action, complete.clone()).await.ok();
            let path = format!("/v1/cases/{case}/correct-entry");
            let correct = async |key: &str, body: Value| {
                let corrected = leader.post(service, &path, &format!("{case} {key}"), body).await;
                assert_eq!(corrected.status, 200, "{} {}", common("correct"), corrected.body);
                corrected
            };
            // What it says again, and what it leaves out, stays. While the service is behind people, places are hidden from everybody,
            // and what names something hidden is recorded, or an empty answer would tell.
            eventually(&common("the same"), async || {
                let key = Uuid::new_v4().to_string();
                let same = correct(&key, json!({ "facts": { "version": 2, "facts": complete } })).await;
                (same.body["events"] == json!([])).then_some(())
            })
            .await;
            let corrected =
                correct("another day", json!({ "facts": { "version": 2, "facts": {} }, "when": "2020-03" })).await;
            let mut last = corrected.text("position");
            let state = leader.get(service, &format!("/v1/cases/{case}")).await.ok().body;
            let open =
                state["follow_ups"].as_object().unwrap().iter().filter(|(_, follow_up)| follow_up["open"] == true);
            for (key, _) in open {
                for (action, facts) in [
                    ("move-follow-up", json!({ "key": key, "due": "2099-01-15", "reason": "Kommunen er lukket" })),
                    ("assign-follow-up", json!({ "key": key, "responsible": "w-2" })),
                    (
                        "close-follow-up",
                        json!({ "key": key, "outcome": "not_needed", "reason": "Hun har selv ringet" }),
                    ),
                    ("reopen-follow-up", json!({ "key": key })),
                ] {
                    let answer = leader.act(service, &case, action, facts).await;
                    assert_eq!(answer.status, 200, "{} {}", common(action), answer.body);
                    last = answer.text("position");
                }
            }
            let course = leader.course(woman, &last).await;
            let of = |course: &Value, version: u64| {
                let entries = course["entries"].as_array().unwrap().iter();
                // A rule may have raised an alert beside it.
                entries
                    .clone()
                    .find(|entry| entry["version"] == version && entry["service"] == service)
                    .unwrap()
                    .clone()
            };
            let now = of(&course, 2);
            assert_eq!(now["standing"], "corrected", "{}", common("stands"));
            assert_eq!(now["happened"], "2020-03", "{}", common("moved"));
            let known = |fact: &&Value| fact["name"] != "day";
            let facts = |facts: &Value| facts.as_array().unwrap().iter().filter(known).cloned().collect::<Vec<_>>();
            assert_eq!(facts(&now["facts"]), facts(&now["original"]["facts"]), "{}", common("nothing else"));
            let correction = course["entries"].as_array().unwrap().iter().find(|entry| entry["corrects"] == 2).unwrap();
            assert_eq!(correction["event"], "EntryCorrected", "{}", common("the correction names it"));
            let back = leader
                .act(service, &case, "record-in-error", json!({ "version": 2, "reason": "Forkert sag" }))
                .await
                .ok();
            let course = leader.course(woman, &back.text("position")).await;
            assert_eq!((&of(&course, 2)["standing"], &of(&course, 2)["event"]), (&json!("in_error"), &json!(event)));
            assert!(of(&course, 2)["readable"] == true);
        }
    });
    few_at_a_time(mended).await;
}

/// It is many requests, and a service waits no longer than a moment until it has heard of a new woman.
async fn few_at_a_time(all: impl Iterator<Item = impl Future<Output = ()>>) {
    let mut all: Vec<_> = all.collect();
    while !all.is_empty() {
        join_all(all.drain(..all.len().min(12))).await;
    }
}

/// The files of deploy/ are what the programs read.
#[test]
fn deploy_holds_nothing_broken() {
    let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy");
    let checked = std::process::Command::new("bash").arg("-n").arg(deploy.join("setup.sh")).status().unwrap();
    assert!(checked.success());
    kit::deadlines::Deadlines::parse(&std::fs::read_to_string(deploy.join("deadlines.toml")).unwrap()).unwrap();
}
