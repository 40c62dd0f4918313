//! What clients send: bodies and headers of commands, read strictly.
//!
//! Deliberately absent: what is done with them ([`super::aggregate`]). Nothing of a value that cannot be taken goes on.

use super::{BODY_LIMIT, Caller, Problem, patience::TooSlow};
use axum::{
    body::{Body, Bytes, HttpBody as _},
    http::{HeaderMap, HeaderValue, header},
};
use http_body_util::BodyExt as _;
use kit::{
    ActorId, CentreId, Happened, Narrative, WomanId,
    facts::{self, BadFact},
    ids::derive_id,
    when::DueBy,
};
use schemars::JsonSchema;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use uuid::Uuid;

/// The body of an action. Not `Debug`: it holds facts in clear.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ActionBody {
    /// The facts of the entry.
    #[serde(default)]
    pub(super) facts: Value,
    /// When it happened; left out: today.
    #[serde(default)]
    pub(super) when: Option<Happened>,
    /// A short note that stands on the entry.
    #[serde(default)]
    pub(super) note: Option<Narrative>,
    /// By when what it opens is due; left out: as the deadline's rule says.
    #[serde(default)]
    pub(super) due: Option<DueBy>,
    /// Who holds what it opens; left out: whoever records it.
    #[serde(default)]
    pub(super) responsible: Option<ActorId>,
}

/// The body that opens a case.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OpenBody {
    /// Whose case it is.
    pub(super) woman: WomanId,
    /// Whether it began before this centre began to record.
    #[serde(default)]
    pub(super) before_us: bool,
    /// When it began; left out: today.
    #[serde(default)]
    pub(super) when: Option<Happened>,
    /// A short note.
    #[serde(default)]
    pub(super) note: Option<Narrative>,
}

/// A change to an earlier entry of the same aggregate.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Correction {
    /// The entry that was wrong.
    #[schemars(range(min = 1))]
    pub(super) version: u64,
    /// What changes: a JSON Merge Patch (RFC 7396) of that entry's own facts as they stand. What it does not name stays, hidden facts
    /// too; `null` empties. Left out: only when it happened.
    #[serde(default = "nothing")]
    #[schemars(with = "serde_json::Map<String, Value>")]
    pub(super) facts: Value,
    /// The version of the entry's latest correction that you have seen. Where somebody else has corrected it since, you are warned
    /// (`corrected_meanwhile`); with `If-Match` it is refused.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub(super) seen: Option<u64>,
}

fn nothing() -> Value {
    Value::Object(serde_json::Map::new())
}

/// What a body says, read strictly.
pub fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let value = facts::parse(bytes).ok_or_else(|| Problem::common("body_not_json"))?;
    facts::read(value).map_err(Problem::from)
}

/// The canonical form of a JSON body: members in one order, no spaces, each character in one way. An idempotency key's fingerprint is of it.
#[must_use]
pub fn said(bytes: &[u8]) -> Vec<u8> {
    let Some(mut value) = facts::parse(bytes) else { return bytes.to_vec() };
    value.sort_all_objects();
    value.to_string().into_bytes()
}

pub(super) fn read_facts<T: DeserializeOwned>(facts: Value) -> Result<T, Problem> {
    facts::read(facts).map_err(below_facts)
}

pub(super) fn below_facts(BadFact { pointer, mistake }: BadFact) -> Problem {
    BadFact { pointer: format!("/facts{pointer}"), mistake }.into()
}

/// How much of a body that is too large is still taken, and let go: whoever is cut off while sending hardly ever sees the answer.
const LET_GO: usize = 8 * BODY_LIMIT;

/// The whole body. Read only once it is clear who sends it: nobody else's is kept.
pub async fn body(mut body: Body) -> Result<Bytes, Problem> {
    let too_large = || Problem::common("body_too_large");
    if body.size_hint().lower() > LET_GO as u64 {
        return Err(too_large());
    }
    let (mut bytes, mut size) = (Vec::new(), 0);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            let mut causes = std::iter::successors(Some(&error as &dyn std::error::Error), |error| error.source());
            let slow = causes.any(<dyn std::error::Error>::is::<TooSlow>);
            Problem::common(if slow { "body_too_slow" } else { "body_not_json" })
        })?;
        let Some(data) = frame.data_ref() else { continue };
        size += data.len();
        if size <= BODY_LIMIT {
            bytes.extend_from_slice(data);
        } else {
            bytes = Vec::new();
        }
        if size > LET_GO {
            break;
        }
    }
    if size > BODY_LIMIT { Err(too_large()) } else { Ok(bytes.into()) }
}

/// A header that may stand once: which of two would count differs from reader to reader.
pub(super) fn once<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a HeaderValue>, Problem> {
    let mut all = headers.get_all(name).iter();
    match (all.next(), all.next()) {
        (first, None) => Ok(first),
        _ => Err(Problem::common("header_twice")),
    }
}

/// The command's key: the header, bound to the service, and to who sends it from where.
pub fn key(headers: &HeaderMap, service: &str, caller: &Caller) -> Result<Uuid, Problem> {
    let centre = own_centre(caller)?;
    // Tabs are no visible characters, although HTTP lets them through.
    let fits = |key: &&str| (1..=128).contains(&key.len()) && !key.contains('\t');
    let sent = once(headers, "idempotency-key")?.and_then(|key| key.to_str().ok()).filter(fits);
    let sent = sent.ok_or_else(|| Problem::common("idempotency_key_missing"))?;
    Ok(command_key(service, centre, &caller.principal.actor, sent))
}

/// A command's key as it is kept: what was sent, bound to the service, the centre and who sends it. Whoever works at two centres says two
/// things with one key.
#[must_use]
pub fn command_key(service: &str, centre: CentreId, actor: &ActorId, sent: &str) -> Uuid {
    derive_id(&["key", service, &centre.to_string(), actor.as_str(), sent])
}

/// The woman whom a service makes under a key, as every new id comes from one: whoever sends the command can know her before the answer.
#[must_use]
pub fn woman_of(service: &str, key: Uuid) -> WomanId {
    WomanId(derive_id(&["woman", service, &key.to_string()]))
}

pub(super) fn if_match(headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let Some(sent) = once(headers, header::IF_MATCH.as_str())? else { return Ok(None) };
    let version = sent.to_str().ok().and_then(|text| text.strip_prefix('"')?.strip_suffix('"')?.parse().ok());
    version.map(Some).ok_or_else(|| Problem::common("if_match_invalid"))
}

/// Where the caller works.
pub fn own_centre(caller: &Caller) -> Result<CentreId, Problem> {
    caller.principal.centre.ok_or_else(|| Problem::common("forbidden"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{Asked, Auth, Limits, aggregate::FeedQuery};
    use axum::extract::Query;
    use kit::access::{Principal, Role};
    use proptest::prelude::*;
    use std::time::Instant;

    const CANARY: &str = "Nørrebrogade117";

    fn caller() -> Caller {
        let principal =
            Principal { actor: "w-1".parse().unwrap(), role: Role::Worker, centre: Some(CentreId::default()) };
        Caller { principal, until: 0 }
    }

    fn headers(name: &'static str, value: &[u8]) -> Option<HeaderMap> {
        let value = HeaderValue::from_bytes(value).ok()?;
        Some([(header::HeaderName::from_static(name), value)].into_iter().collect())
    }

    fn text() -> impl Strategy<Value = String> {
        let member = r#"\{"(facts|when|note|due|responsible|woman|Nørrebrogade117)":(\{|\[|"Nørrebrogade117"|1|null)[\]\}]{0,3}"#;
        prop_oneof![any::<String>(), member.prop_map(|text| text)]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..Default::default() })]

        #[test]
        fn a_body_is_read_or_refused_and_never_quoted(text in text(), bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let refused = [
                read::<ActionBody>(text.as_bytes()).err(),
                read::<OpenBody>(text.as_bytes()).err(),
                read::<Correction>(text.as_bytes()).err(),
                read::<OpenBody>(&bytes).err(),
            ];
            for problem in refused.into_iter().flatten() {
                prop_assert!(["body_not_json", "facts_invalid"].contains(&problem.code.as_str()));
                prop_assert!(!serde_json::to_string(&problem).unwrap().contains(CANARY));
            }
        }

        #[test]
        fn headers_are_read_or_refused(value in prop::collection::vec(any::<u8>(), 0..140), version in any::<u64>()) {
            if let Some(headers) = headers("if-match", &value) {
                let read = if_match(&headers);
                prop_assert!(read.is_err_and(|problem| problem.code == "if_match_invalid") || value.starts_with(b"\""));
            }
            let quoted = headers("if-match", format!("\"{version}\"").as_bytes()).unwrap();
            prop_assert_eq!(if_match(&quoted).ok().flatten(), Some(version));
            if let Some(headers) = headers("idempotency-key", &value) {
                let fits = (1..=128).contains(&value.len()) && value.iter().all(|byte| (0x20..0x7f).contains(byte));
                prop_assert_eq!(key(&headers, "people", &caller()).is_ok(), fits);
            }
            if let Some(headers) = headers("authorization", &value) {
                let verifier = crate::tokens::Verifier::new(&std::collections::BTreeMap::new()).unwrap();
                let refused = Auth::new(verifier, Limits::default()).caller(&Asked::of(headers)).unwrap_err();
                prop_assert_eq!(refused.code, "unauthorized");
            }
        }

        #[test]
        fn a_query_is_read_or_refused(query in "[a-z]{0,6}=?[0-9a-f%&=+-]{0,40}", after in any::<u64>()) {
            let read = |query: &str| {
                let uri = format!("http://x/?{query}").parse().ok()?;
                Query::<FeedQuery>::try_from_uri(&uri).ok()
            };
            let _ = read(&query);
            prop_assert_eq!(read(&format!("after={after}")).and_then(|Query(query)| query.after), Some(after));
            let unknown = format!("before={after}");
            prop_assert!(read(&unknown).is_none());
        }
    }

    #[test]
    fn the_largest_bodies_cost_little() {
        let members = (0..20_000).map(|n| format!("\"a{n}\":0,")).collect::<Vec<_>>().concat();
        for body in [
            "[".repeat(BODY_LIMIT),
            "{\"facts\":".repeat(BODY_LIMIT / 9),
            format!("{{\"facts\":{{{members}\"a\":0}}}}"),
        ] {
            // A machine that stands still for a moment does not do so five times.
            assert!((0..5).any(|_| {
                let from = Instant::now();
                let _ = read::<ActionBody>(body.as_bytes());
                from.elapsed().as_secs() < 2
            }));
        }
    }
    #[test]
    fn a_key_is_somebodys_at_one_centre_of_one_service() {
        let (here, there) = (CentreId(uuid::Uuid::from_u128(1)), CentreId(uuid::Uuid::from_u128(2)));
        let (one, other): (ActorId, ActorId) = ("w-1".parse().unwrap(), "w-2".parse().unwrap());
        let key = command_key("housing", here, &one, "k");
        assert_eq!(key, command_key("housing", here, &one, "k"));
        for another in [
            command_key("safety", here, &one, "k"),
            command_key("housing", there, &one, "k"),
            command_key("housing", here, &other, "k"),
            command_key("housing", here, &one, "l"),
        ] {
            assert_ne!(another, key);
        }
    }
}
