//! The catalogue that was agreed (`catalogue.md`), table by table, against what `schemas/` says and what the services do.
//!
//! Every event is there with its facts in their classes, its sharing, both labels, a help text, and the follow-up it opens or closes.

use kit::{
    Class, Decider,
    contract::{Aggregate, Contract, EventContract, Sharing},
    decider::Commands,
    facets::Change,
    given::given,
};
use livline_tests::golden::{Visit, each_domain, each_of_people, samples};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

/// A row of a table, its names written out.
struct Row {
    service: String,
    events: Vec<String>,
    facts: Vec<(String, Class)>,
    sharing: Sharing,
    follow_up: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn rows() -> Vec<Row> {
    let (mut rows, mut service, mut columns) = (Vec::new(), String::new(), Vec::new());
    for line in include_str!("catalogue.md").lines() {
        if let Some(heading) = line.strip_prefix("### ") {
            heading.split(' ').next().unwrap().clone_into(&mut service);
        } else if let Some(cells) = line.strip_prefix("| ").map(cells) {
            match cells.first().map(String::as_str) {
                Some("Event") => columns = cells,
                Some(name) if !name.is_empty() => rows.push(row(&service, &columns, &cells)),
                _ => {}
            }
        }
    }
    rows
}

fn cells(line: &str) -> Vec<String> {
    line.trim_end_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()
}

fn row(service: &str, columns: &[String], cells: &[String]) -> Row {
    let cell = |name: &str| {
        let place = columns.iter().position(|column| column == name);
        place.and_then(|place| cells.get(place)).cloned()
    };
    let events = names(&cells[0]);
    let sharing = match cell("Sh") {
        Some(word) if word.starts_with('F') => Sharing::Feed,
        Some(word) if word.starts_with('R') => Sharing::Request,
        // Safety's heading says it for the whole table: risk assessment and alarm, to the police alone.
        None if ["RiskAssessed", "AlarmIssued"].contains(&events[0].as_str()) => Sharing::Request,
        _ => Sharing::Never,
    };
    let facts = facts(&cell("Facts").unwrap_or_default());
    Row { service: service.to_owned(), events, facts, sharing, follow_up: cell("fu").unwrap_or_default() }
}

/// `HousingOfferAccepted / Declined`: a name that lacks its noun takes it from the first.
fn names(cell: &str) -> Vec<String> {
    let all: Vec<&str> = cell.split(" / ").collect();
    // Handed over is one verb in two words.
    let verb = all[0].find("HandedOver").or_else(|| all[0].rfind(char::is_uppercase));
    let noun = &all[0][..verb.unwrap()];
    let whole = |name: &&str| {
        let words = name.chars().filter(|c| c.is_uppercase()).count();
        if words > 1 || *name == all[0] { (*name).to_owned() } else { format!("{noun}{name}") }
    };
    all.iter().map(whole).collect()
}

/// The facts of a cell with their classes; what stands in brackets lists choices.
fn facts(cell: &str) -> Vec<(String, Class)> {
    let mut plain = String::new();
    let mut depth = 0;
    for c in cell.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            c if depth == 0 => plain.push(c),
            _ => {}
        }
    }
    let fact = |part: &str| {
        let part = part.trim();
        let (name, class) = match part {
            "N" => ("details", Class::Narrative),
            "L" => ("", Class::Location),
            _ => [(" N", Class::Narrative), (" I", Class::Identity), (" L", Class::Location), ("°", Class::Open)]
                .iter()
                .find_map(|(mark, class)| part.strip_suffix(mark).map(|name| (name, *class)))
                .unwrap_or((part, Class::Personal)),
        };
        (name.trim().trim_end_matches('?').replace([' ', '-'], "_"), class)
    };
    plain.split([',', ';']).filter(|part| !["", "–"].contains(&part.trim())).map(fact).collect()
}

/// Where a table says a fact in other words than the field: event, words, field; none where no field is meant.
const CALLED: &[(&str, &str, Option<&str>)] = &[
    ("TemporaryHousingArranged", "address_ref", Some("address")),
    ("HousingOfferMade", "address_ref", Some("address")),
    ("LeaseSigned", "address_ref", Some("address")),
    ("LegalAdviceGiven", "step_1–3", Some("step")),
    ("RestrainingOrderIssued", "whom_it_protects", Some("protects")),
    ("ContactPlanned", "wellbeing_1–10", Some("wellbeing")),
    ("CompanionRequested", "meeting_kind", Some("meeting")),
    ("SafetyAlertRaised", "which_interlock", Some("interlock")),
    ("WomanRegistered", "alias_made_for_her", Some("alias")),
    ("WomanRegistered", "CPR", Some("cpr")),
    ("IdentityLearned", "CPR", Some("cpr")),
    ("ChildRegistered", "CPR", Some("cpr")),
    // That is the follow-up the alert opens.
    ("SafetyAlertRaised", "what_to_do", None),
];

/// Where a fact is of another class than the table marks it with.
const OF_CLASS: &[(&str, &str, Class)] = &[
    // An id that a service itself gives is opaque and stands in keys.
    ("HousingOfferMade", "offer", Class::Open),
    ("OfferAnswerExtended", "offer", Class::Open),
    ("HousingOfferAccepted", "offer", Class::Open),
    ("ViewingArranged", "offer", Class::Open),
    ("OrderBreachReported", "order", Class::Open),
    // A time and a place together: stricter.
    ("AlarmTriggered", "when", Class::Location),
    // Free text: stricter.
    ("ChildConcernReported", "letter", Class::Narrative),
];

/// What a rule alone records.
const BY_A_RULE: &[&str] = &[
    "RelocationReceived",
    "CentreRelocated",
    "ArrivalOffered",
    "VaultValueChanged",
    "CodeWordLockedOut",
    "CodeWordUnlocked",
];

/// What is refused where others do not stand before it: its own service's tests say what it does.
const AFTER_OTHERS: &[&str] = &[
    "PersonErased",
    "RelocationWithdrawn",
    "ConflictOfInterestEndProposed",
    "ConflictOfInterestEnded",
    "RelocationOfferWithdrawn",
    "RelocationAccepted",
    "RelocationDeclined",
    "RelocationUnanswered",
    "ArrivalOfferEnded",
];

fn contract(service: &str) -> Contract {
    let file = root().join("schemas").join(service).join("contract.json");
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

fn latest<'a>(contract: &'a Contract, event: &str) -> &'a EventContract {
    let mut entries = contract.aggregates.iter().flat_map(|aggregate| &aggregate.entries);
    entries.find(|entry| entry.event == event).unwrap_or_else(|| panic!("{event} is not in the contract"))
}

/// The changes to follow-ups, by event, of every complete sample by itself in a case.
#[derive(Default)]
struct Changes(BTreeMap<String, Vec<(Change, Option<String>)>>);

impl Visit for Changes {
    fn domain<D: Decider>(&mut self, service: &'static str) {
        let samples = samples(service);
        for entry in D::Command::describe() {
            let mut facts = samples.latest(entry.event, "complete");
            if entry.event == "ErasureRequested" {
                // Of a child that nobody has registered it is not taken.
                facts.as_object_mut().unwrap().remove("child");
            }
            let case = given::<D>("2026-11-20", engine::config::DEADLINES);
            // Who is tied to her, and who is at work, is not everybody's to say.
            let case = if BY_A_RULE.contains(&entry.event) { case.by_rule() } else { case.by_leader("l-1") };
            if AFTER_OTHERS.contains(&entry.event) {
                continue;
            }
            let decided = case.when(&entry.action, facts).outcome;
            let decided = decided.unwrap_or_else(|refusal| panic!("{}: {refusal}", entry.event));
            let changes = decided.entries.iter().flat_map(|entry| &entry.facets.follow_ups);
            let changes = changes.map(|change| (change.change, change.what.clone())).collect();
            self.0.insert(entry.event.to_owned(), changes);
        }
    }
}

#[test]
fn every_event_is_there_with_labels_help_and_sharing() {
    let rows = rows();
    let services: BTreeSet<&str> = rows.iter().map(|row| row.service.as_str()).collect();
    assert_eq!(services.len(), 6);
    for service in services {
        let contract = contract(service);
        let common = kit::contract::common();
        let read = |aggregate: &'_ Aggregate| [&aggregate.entries[..], &aggregate.past[..]].concat();
        let entries: Vec<_> = contract.aggregates.iter().flat_map(read).collect();
        let known: BTreeSet<&str> = entries.iter().map(|entry| entry.event.as_str()).collect();
        let agreed = rows.iter().filter(|row| row.service == service).flat_map(|row| &row.events).map(String::as_str);
        let agreed: BTreeSet<&str> = agreed.chain(common.iter().map(|entry| entry.event)).collect();
        assert_eq!(known, agreed, "{service}: nothing is missing, and nothing was added that nobody agreed");
    }
    for row in &rows {
        let contract = contract(&row.service);
        for event in &row.events {
            let described = latest(&contract, event);
            assert_eq!(described.sharing, row.sharing, "{event}");
            for label in [&described.label, &described.action_label, &described.help] {
                assert!(!label.da.is_empty() && !label.en.is_empty(), "{event}");
            }
            let folder = root().join("schemas").join(&row.service);
            let partner = folder.join(format!("{event}.v{}.partner.json", described.version));
            assert_eq!(partner.exists(), row.sharing != Sharing::Never, "{event}");
            assert!(folder.join(format!("{event}.v{}.json", described.version)).exists(), "{event}");
        }
    }
}

/// One word for one thing: what is open is an opfølgning, a follow-up. The catalogue's own "har opgaven" is the police's.
#[test]
fn labels_use_the_words_that_were_agreed() {
    for service in ["kit", "housing", "legal", "financial", "safety", "aftercare", "people"] {
        let read = |language: &str| {
            std::fs::read_to_string(root().join(format!("services/{service}/labels/{language}.ftl"))).unwrap()
        };
        let others = |text: &str, word: &str, agreed: &str| {
            let found = text.lines().filter(|line| line.to_lowercase().contains(word) && !line.contains(agreed));
            found.map(str::to_owned).collect::<Vec<_>>()
        };
        assert!(
            others(&read("da"), "opgave", "ve opgaven").iter().all(|line| line.contains("har opgaven")),
            "{service}"
        );
        assert!(others(&read("en"), "task", "follow-up").is_empty(), "{service}");
    }
}

#[test]
fn every_fact_is_there_in_its_class() {
    let mut wrong = Vec::new();
    for row in rows() {
        let contract = contract(&row.service);
        for (fact, class) in &row.facts {
            let called = CALLED.iter().find(|(event, words, _)| *event == row.events[0] && words == fact);
            let Some(field) = called.map_or(Some(fact.as_str()), |(_, _, field)| *field) else { continue };
            let stricter = OF_CLASS.iter().find(|(event, name, _)| *event == row.events[0] && *name == field);
            let class = stricter.map_or(*class, |(_, _, class)| *class);
            let described = row.events.iter().flat_map(|event| &latest(&contract, event).facts);
            // A place that the table does not name is any fact of that class.
            let meant =
                described.filter(|fact| if field.is_empty() { fact.class == class } else { fact.name == field });
            let classes: Vec<Class> = meant.map(|fact| fact.class).collect();
            if classes.is_empty() || classes.iter().any(|other| *other != class) {
                wrong.push(format!("{}: {field} should be {class:?}, is {classes:?}", row.events.join(", ")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_follow_up_is_opened_or_closed() {
    let (mut all, mut wrong) = (Changes::default(), Vec::new());
    each_domain(&mut all);
    each_of_people(&mut all);
    for row in rows().into_iter().filter(|row| !row.follow_up.is_empty()) {
        let contract = contract(&row.service);
        let changes: Vec<_> = row.events.iter().flat_map(|event| all.0[event].clone()).collect();
        let wanted = match row.follow_up.as_str() {
            "closes it" => Change::Closed,
            // Of an offer that was never logged there is nothing to move: it opens.
            _ => Change::Opened,
        };
        if !changes.iter().any(|(change, _)| *change == wanted) {
            wrong.push(format!("{}: {} ({wanted:?})", row.events.join(", "), row.follow_up));
        }
        for what in changes.into_iter().filter_map(|(_, what)| what) {
            let label = contract.follow_ups.get(&what).unwrap_or_else(|| panic!("{what} has no label"));
            assert!(!label.da.is_empty() && !label.en.is_empty(), "{what}");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_tables_are_read_as_they_are_meant() {
    assert_eq!(
        names("HousingOfferAccepted / Declined / Lapsed"),
        ["HousingOfferAccepted", "HousingOfferDeclined", "HousingOfferLapsed"]
    );
    assert_eq!(
        names("SeparationApplied / DivorceApplied / Decided"),
        ["SeparationApplied", "DivorceApplied", "SeparationDecided"]
    );
    assert_eq!(
        facts("tool (SARA:V3, andet), level, assessor trained?, N, when L, outcome°"),
        [
            ("tool", Class::Personal),
            ("level", Class::Personal),
            ("assessor_trained", Class::Personal),
            ("details", Class::Narrative),
            ("when", Class::Location),
            ("outcome", Class::Open)
        ]
        .map(|(name, class)| (name.to_owned(), class))
    );
}
