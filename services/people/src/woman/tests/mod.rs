//! The rules about a woman, said as given, when, then.

mod access;
mod conflicts;
mod contacts;
mod corrections;
mod erasure;
mod follow_ups;
mod relocation;
mod rules;
mod samples;
mod vault;
mod walks;

use super::{Event, Woman};
use kit::given::{Given, given};
use serde_json::{Value, json};
use time::{Date, macros::date};

/// A Friday.
const TODAY: Date = date!(2026 - 11 - 20);
const CHILD: &str = "5b8c1d2e-3f40-4a51-8b62-7c83d94ea011";
const CONTACT: &str = "6f1c2b9e-0a3d-4c57-9b1e-2d4f6a8c0e11";
const OTHER_CONTACT: &str = "6f1c2b9e-0a3d-4c57-9b1e-2d4f6a8c0e12";
const STAY: &str = "2b7d9e10-4c3f-4a86-8d25-7e9f1b3c5d22";
const OTHER_STAY: &str = "2b7d9e10-4c3f-4a86-8d25-7e9f1b3c5d23";
const CENTRE: &str = "c4a1b2d3-e5f6-4789-8abc-def012345646";
/// The centre of these tests.
const HERE: &str = "00000000-0000-0000-0000-000000000001";
const ERASURE: &str = "1e2d3c4b-5a69-4788-9796-a5b4c3d2e157";
const DISCLOSURE: &str = "1e2d3c4b-5a69-4788-9796-a5b4c3d2e155";
const VALUE: &str = "9d3e5f70-1a2b-4c3d-8e4f-5a6b7c8d9e33";

const RECONFIRM: &str = "contact/6f1c2b9e-0a3d-4c57-9b1e-2d4f6a8c0e11/reconfirm";
const NOTICE_IN: &str = "stay/2b7d9e10-4c3f-4a86-8d25-7e9f1b3c5d22/municipality-in";
const NOTICE_OUT: &str = "stay/2b7d9e10-4c3f-4a86-8d25-7e9f1b3c5d22/municipality-out";
const DECIDE: &str = "erasure/1e2d3c4b-5a69-4788-9796-a5b4c3d2e157";

/// A woman nobody has registered yet, today, with the deadlines that are deployed: as a worker sees her who is on duty.
fn nobody() -> Given<Woman> {
    given(&kit::Day::from(TODAY).to_string(), include_str!("../../../../../deploy/deadlines.toml")).by_on_duty("w-1")
}

fn woman() -> Given<Woman> {
    nobody().and("register-woman", json!({}))
}

/// Hers, who has a child here.
fn mother() -> Given<Woman> {
    woman().and("register-child", json!({ "child": CHILD }))
}

fn staying() -> Given<Woman> {
    woman().and("start-stay", stay())
}

fn agreed() -> Given<Woman> {
    woman().and("agree-safe-contact", contact())
}

fn stay() -> Value {
    json!({ "stay": STAY })
}

fn contact() -> Value {
    json!({ "contact": CONTACT, "channel": "phone", "value": VALUE })
}

/// She moved to another centre, where somebody accepted: all of it a handover.
fn moved(given: Given<Woman>, along: &str) -> Given<Woman> {
    let offered = given.by_on_duty("w-1").and("offer-relocation", json!({ "to": CENTRE, "along": along }));
    let Some(Event::RelocationOffered(offer)) = offered.standing().pop() else { panic!("not offered") };
    let accepted = json!({ "arrival": offer.arrival, "to": CENTRE, "accepted_by": "l-9" });
    offered.by_rule().and("accept-relocation", accepted).by_on_duty("w-1")
}

/// The contacts that may be used.
fn usable(given: &Given<Woman>) -> Vec<String> {
    let contacts = given.case().domain().contacts(given.now().today);
    contacts.map(|usable| usable.contact.to_string()).collect()
}

/// The keys of what is open.
fn open(given: &Given<Woman>) -> Vec<&str> {
    given.case().follow_ups().iter().filter(|(_, follow_up)| follow_up.open).map(|(key, _)| key.as_str()).collect()
}
