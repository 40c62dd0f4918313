//! Aftercare's rules, said as given, when, then.

mod corrections;
mod endings;
mod follow_ups;
mod late;
mod rules;
mod samples;
mod walks;

use super::Aftercare;
use crate::heard::KnowCourse;
use kit::given::{Given, given};
use serde_json::{Value, json};

const CONTACT: &str = "6f1c2b9e-0a3d-4c57-9b1e-2d4f6a8c0e11";
const OTHER_CONTACT: &str = "6f1c2b9e-0a3d-4c57-9b1e-2d4f6a8c0e12";
const BOOKING: &str = "2b7d9e10-4c3f-4a86-8d25-7e9f1b3c5d22";
const OTHER_BOOKING: &str = "2b7d9e10-4c3f-4a86-8d25-7e9f1b3c5d23";
const CALL: &str = "9d3e5f70-1a2b-4c3d-8e4f-5a6b7c8d9e33";
const LOAN: &str = "c4a1b2d3-e5f6-4789-8abc-def012345644";
const ORDER: &str = "c4a1b2d3-e5f6-4789-8abc-def012345645";

const ANSWER: &str = "aftercare/answer";
const NEXT: &str = "contact/next";
const RETRY: &str = "contact/retry";
const CHECK: &str = "contact/check";
const SAFETY: &str = "relapse/safety-check";
const PLANNED: &str = "contact/6f1c2b9e-0a3d-4c57-9b1e-2d4f6a8c0e11";
const FIND: &str = "companion/2b7d9e10-4c3f-4a86-8d25-7e9f1b3c5d22/find";
const MEETING: &str = "companion/2b7d9e10-4c3f-4a86-8d25-7e9f1b3c5d22/meeting";

/// An aftercare case on Friday 20 November 2026, with the deadlines that are deployed; of her nothing was heard.
fn unheard() -> Given<Aftercare> {
    given("2026-11-20", include_str!("../../../../../deploy/deadlines.toml"))
}

/// The same, where she confirmed at people how she may be reached.
fn case() -> Given<Aftercare> {
    let agreed = json!({ "contact": CONTACT, "confirmed_on": "2026-11-01" });
    unheard().hears::<KnowCourse>("people", 2, "SafeContactAgreed", agreed)
}

/// She died, as people tells.
fn died(given: Given<Aftercare>) -> Given<Aftercare> {
    given.hears::<KnowCourse>("people", 3, "PersonDied", json!({}))
}

fn offered() -> Given<Aftercare> {
    case().and("offer-aftercare", json!({}))
}

/// She has had aftercare since 20 November.
fn accepted() -> Given<Aftercare> {
    offered().and("accept-aftercare", json!({}))
}

fn planned() -> Given<Aftercare> {
    case().and("plan-contact", contact())
}

fn contact() -> Value {
    json!({ "contact": CONTACT })
}

fn booking() -> Value {
    json!({ "booking": BOOKING })
}

/// A companion's booking for a meeting on Monday 30 November.
fn booked() -> Value {
    json!({ "booking": BOOKING, "when": "2026-11-30T10:00", "who": "w-17" })
}

/// The keys of what is open.
fn open(given: &Given<Aftercare>) -> Vec<&str> {
    given.case().follow_ups().iter().filter(|(_, follow_up)| follow_up.open).map(|(key, _)| key.as_str()).collect()
}
