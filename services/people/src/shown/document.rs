//! These routes in the service's OpenAPI document.

use super::{
    UNCHECKED, UNRECOGNISED, WRONG_WORD,
    agree::AgreementBody,
    compare::Why,
    letter::Kind,
    search::{HITS, NewcomerBody, SearchBody},
    vault::{UnlockBody, ValueBody, WordBody},
};
use crate::woman::{Channel, Unusable};
use engine::http::openapi::{part, with_problems};
use kit::{access::Right, case::CommonRejection, directory::StaffRole, relation::Along};
use schemars::JsonSchema;
use serde_json::{Map, Value, json};
use strum::{VariantArray as _, VariantNames as _};

/// The paths, to be merged with those of the aggregates.
#[must_use]
pub fn paths() -> Map<String, Value> {
    let (text, flag) = (json!({ "type": "string" }), json!({ "type": "boolean" }));
    let id = json!({ "type": "string", "format": "uuid" });
    let Kept { entry, value, history } = Kept::described();
    let reference = [("slot", id.clone())];
    let refused = described(
        &object(&[
            ("slot", text.clone()),
            ("child", json!({ "type": ["string", "null"], "format": "uuid" })),
            ("code", text.clone()),
        ]),
        "What is not there as it was kept last: nothing of it is shown.",
    );
    let letter = json!({ "operationId": "letter", "summary": "A letter to the municipality, in Danish; shown, never sent.",
        "parameters": [{ "name": "anonymous", "in": "query", "required": false, "description": "Without identity; left out: as the stay is.", "schema": flag }],
        "responses": with_problems(json!({ "200": { "description": "The letter.", "content": { "text/plain": { "schema": text } } } }), &[]) });
    let gone = json!({ "204": { "description": "Forgotten." } });
    let found = [
        ("/v1/women/{id}/contacts", json!({ "parameters": hers(&[]), "get": contacts(&id), "post": agreed(&id) })),
        (
            "/v1/women/{id}/vault",
            json!({ "parameters": hers(&[]), "get": got("vault", "What is kept of her, without values.", &object(&[("woman", id.clone()), ("values", list(&entry)), ("refused", list(&refused))])) }),
        ),
        ("/v1/women/{id}/vault/address", json!({ "parameters": hers(&[]), "put": keep("Address", &entry, &[]) })),
        (
            "/v1/women/{id}/vault/code-word",
            json!({ "parameters": hers(&[]), "put": keep("CodeWord", &entry, &[UNRECOGNISED]) }),
        ),
        (
            "/v1/women/{id}/vault/contact/{contact}",
            json!({ "parameters": hers(&[("contact", id.clone())]), "put": keep("Contact", &entry, &[]) }),
        ),
        (
            "/v1/women/{id}/vault/code-word/check",
            json!({ "parameters": hers(&[]), "post": sent::<WordBody>("checkCodeWord", "Whether what a caller says is her code word.", &object(&[("right", flag.clone())])) }),
        ),
        ("/v1/women/{id}/vault/code-word/unlock", json!({ "parameters": hers(&[]), "post": unlocked() })),
        (
            "/v1/women/{id}/vault/{slot}",
            json!({ "parameters": hers(&reference), "get": got("vaultValue", "A value by its reference.", &value) }),
        ),
        (
            "/v1/women/{id}/vault/{slot}/history",
            json!({ "parameters": hers(&reference),
            "get": got("vaultHistory", "What the value was before; for whoever leads the centre.", &history),
            "delete": { "operationId": "forgetHistory", "summary": "Forgets what the value was before; for whoever leads the centre.", "responses": with_problems(gone, &[]) } }),
        ),
        ("/v1/staff", json!({ "get": staff() })),
        ("/v1/centres", json!({ "get": centres() })),
        ("/v1/arrivals", json!({ "get": arrivals() })),
        ("/v1/arrivals/{arrival}/accept", answered("acceptArrival", "Receives her at the own centre.")),
        ("/v1/arrivals/{arrival}/decline", answered("declineArrival", "Does not receive her.")),
        ("/v1/women/{id}/erasure", json!({ "parameters": hers(&[]), "get": erasure() })),
        (
            "/v1/women/{id}/letters/{kind}",
            json!({ "parameters": hers(&[("kind", json!({ "type": "string", "enum": Kind::VARIANTS }))]), "get": letter }),
        ),
    ];
    searching().into_iter().chain(found).map(|(path, item)| (path.to_owned(), item)).collect()
}

/// Looking for a woman, and what she is called.
fn searching() -> [(&'static str, Value); 3] {
    let (maybe, flag) = (json!({ "type": ["string", "null"] }), json!({ "type": "boolean" }));
    let id = json!({ "type": "string", "format": "uuid" });
    let why: Vec<&str> = Why::VARIANTS.iter().map(Into::into).collect();
    let woman = object(&[
        ("woman", id.clone()),
        ("alias", maybe.clone()),
        ("name", maybe.clone()),
        ("lives_here", flag.clone()),
        ("former", flag.clone()),
        ("why", list(&json!({ "enum": why }))),
    ]);
    let women = |name| {
        let mut hits = list(&woman);
        if let Some(hits) = hits.as_object_mut() {
            hits.insert("maxItems".into(), HITS.into());
        }
        object(&[(name, hits), ("complete", flag.clone()), ("masked", flag.clone())])
    };
    [
        (
            "/v1/women/search",
            json!({ "post": sent::<SearchBody>("search", "Looks for a woman of one's own centre.", &women("women")) }),
        ),
        (
            "/v1/women/duplicates",
            json!({ "post": sent::<NewcomerBody>("duplicates", "Who of one's own centre may be the same woman, and why.", &women("possible")) }),
        ),
        (
            "/v1/women/{id}/alias",
            json!({ "parameters": hers(&[]), "get": got("alias", "What whoever helps her calls her; nothing once she was forgotten.", &object(&[("woman", id.clone()), ("alias", maybe.clone())])) }),
        ),
    ]
}

/// The parts of a path below a woman.
fn hers(rest: &[(&str, Value)]) -> Value {
    let id = json!({ "type": "string", "format": "uuid" });
    let all = [("id", id)].into_iter().chain(rest.iter().cloned());
    let part =
        |(name, schema): (&str, Value)| json!({ "name": name, "in": "path", "required": true, "schema": schema });
    Value::Array(all.map(part).collect())
}

/// The header under which something is recorded once.
fn key() -> Value {
    json!({ "name": "Idempotency-Key", "in": "header", "required": true, "schema": { "type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[!-~]([ -~]*[!-~])?$" } })
}

/// What is recorded under a key, by whoever has a right.
fn by_key(mut sent: Value, right: Right, answers: Value, rejections: &[&str]) -> Value {
    if let Some(members) = sent.as_object_mut() {
        let lacking: &str = CommonRejection::lacking(right).into();
        let rejections: Vec<String> = rejections.iter().chain([&lacking]).map(|code| (*code).to_owned()).collect();
        members.insert("parameters".into(), json!([key()]));
        members.insert("x-right".into(), json!(right));
        members.insert("responses".into(), with_problems(answers, &rejections.iter().collect::<Vec<_>>()));
    }
    sent
}

fn keep(name: &str, entry: &Value, rejections: &[&str]) -> Value {
    let position = json!({ "type": ["string", "null"], "description": "service:number, for at_least; none: kept before changes were events." });
    let kept = with(entry, &[("position", position)]);
    let summary =
        "Keeps a value under a reference of its own, and records that it changed; the one before becomes history.";
    let asked = sent::<ValueBody>(&format!("keep{name}"), summary, &kept);
    by_key(asked, Right::Close, ok(summary, &kept), &[rejections, &[UNCHECKED, WRONG_WORD]].concat())
}

fn agreed(id: &Value) -> Value {
    let summary =
        "Agrees how she may be reached and keeps the number, and the code word, in one call: all of it or nothing.";
    let maybe = json!({ "type": ["string", "null"], "format": "uuid" });
    let references = [("contact", id.clone()), ("reference", maybe.clone()), ("code_word", maybe)];
    let answer = json!({ "allOf": [{ "$ref": "#/components/schemas/Answer" }, object(&references)] });
    let asked = sent::<AgreementBody>("agreeContact", summary, &answer);
    by_key(asked, Right::Close, ok(summary, &answer), &[UNCHECKED, UNRECOGNISED, WRONG_WORD, "in_the_future"])
}

fn unlocked() -> Value {
    let summary =
        "Takes code words again after a lock-out, from one worker or from everybody; for whoever leads the centre.";
    let answer = object(&[("position", json!({ "type": "string" }))]);
    by_key(sent::<UnlockBody>("unlockCodeWord", summary, &answer), Right::Leader, ok(summary, &answer), &[])
}

/// What is told of a value in the vault: that there is one, which, and what it was.
struct Kept {
    entry: Value,
    value: Value,
    history: Value,
}

impl Kept {
    fn described() -> Self {
        let (text, flag) = (json!({ "type": "string" }), json!({ "type": "boolean" }));
        let (maybe, maybe_flag) = (json!({ "type": ["string", "null"] }), json!({ "type": ["boolean", "null"] }));
        let id = json!({ "type": "string", "format": "uuid" });
        let since = json!({ "type": "string", "format": "date-time" });
        let kept = [
            ("reference", id.clone()),
            ("slot", text),
            ("child", json!({ "type": ["string", "null"], "format": "uuid" })),
            ("version", json!({ "type": "integer", "minimum": 1 })),
            ("since", since.clone()),
        ];
        let confirmed = described(&maybe_flag, "Of a contact: whether it may be used.");
        let value = [("value", maybe.clone()), ("erased", flag.clone()), ("confirmed", confirmed)];
        let former = object(&[
            ("reference", id.clone()),
            ("since", since.clone()),
            ("until", since),
            ("value", maybe),
            ("erased", flag),
        ]);
        let history = object(&[("reference", id), ("history", list(&former))]);
        Self { entry: object(&kept), value: object(&[&kept[..], &value].concat()), history }
    }
}

fn contacts(id: &Value) -> Value {
    let (maybe, maybe_flag) = (json!({ "type": ["string", "null"] }), json!({ "type": ["boolean", "null"] }));
    let maybe_id = json!({ "type": ["string", "null"], "format": "uuid" });
    let channel = part::<Option<Channel>>();
    let contact = object(&[
        ("contact", id.clone()),
        ("channel", channel.clone()),
        ("reference", maybe_id.clone()),
        ("value", maybe.clone()),
        ("code_word", maybe_id),
        ("times", maybe.clone()),
        ("voicemail", maybe_flag),
        ("confirmed_on", described(&maybe, "The day on which she confirmed it.")),
    ]);
    let masked = described(&json!({ "type": "boolean" }), "Whether channels and values are left out.");
    let reason = json!({ "enum": Unusable::VARIANTS });
    let unusable = list(&object(&[("contact", id.clone()), ("channel", channel), ("reason", reason)]));
    let unusable = described(&unusable, "Those that may not be used, and why; without their values.");
    let contacts =
        object(&[("woman", id.clone()), ("contacts", list(&contact)), ("unusable", unusable), ("masked", masked)]);
    let summary = "The ways to reach her that may be used: confirmed, not in doubt, and as they were agreed with her. Of the others, why not.";
    got("contacts", summary, &contacts)
}

fn staff() -> Value {
    let (id, name) = (json!({ "type": "string", "format": "uuid" }), json!({ "type": ["string", "null"] }));
    let day = json!({ "type": ["string", "null"], "format": "date" });
    let role = part::<StaffRole>();
    let worker = object(&[
        ("id", described(&id, "The entry, to be changed or ended.")),
        ("worker", json!({ "type": "string" })),
        ("name", name),
        ("role", role),
        ("from", day.clone()),
        ("until", day),
        ("works", described(&json!({ "type": "boolean" }), "Whether they work there today.")),
    ]);
    got("staff", "The staff of the own centre, also who has left.", &object(&[("staff", list(&worker))]))
}

fn centres() -> Value {
    let (id, name) = (json!({ "type": "string", "format": "uuid" }), json!({ "type": ["string", "null"] }));
    let entry = json!({ "type": ["string", "null"], "format": "uuid" });
    let centre = object(&[
        ("id", described(&entry, "The entry, to be changed; of the own centre alone.")),
        ("centre", id),
        ("name", name),
        ("closed", json!({ "type": "boolean" })),
    ]);
    let summary = "The centres of the organisation, to choose from where a woman moves.";
    got("centres", summary, &object(&[("centres", list(&centre))]))
}

fn arrivals() -> Value {
    let (id, maybe) = (json!({ "type": "string", "format": "uuid" }), json!({ "type": ["string", "null"] }));
    let along = part::<Along>();
    let arrival = object(&[
        ("arrival", id),
        ("alias", maybe.clone()),
        ("along", along),
        ("day", maybe.clone()),
        ("answer_by", maybe),
    ]);
    let summary = "Women who may come from another centre; for those who answer for the house.";
    json!({ "operationId": "arrivals", "summary": summary, "responses": with_problems(ok(summary, &object(&[("arrivals", list(&arrival))])), &[&needs_answers()]) })
}

fn answered(id: &str, summary: &str) -> Value {
    let uuid = json!({ "type": "string", "format": "uuid" });
    let answer = object(&[
        ("arrival", uuid.clone()),
        ("woman", json!({ "type": ["string", "null"], "format": "uuid" })),
        ("position", json!({ "type": "string" })),
    ]);
    let rejections = ["second_outcome".to_owned(), "not_offered".to_owned(), needs_answers()];
    let responses = with_problems(ok(summary, &answer), &rejections.iter().collect::<Vec<_>>());
    json!({
        "parameters": [{ "name": "arrival", "in": "path", "required": true, "schema": uuid }],
        "post": { "operationId": id, "summary": summary, "parameters": [key()], "responses": responses },
    })
}

fn needs_answers() -> String {
    <&str>::from(CommonRejection::lacking(Right::Answers)).to_owned()
}

fn erasure() -> Value {
    let moment = json!({ "type": "string", "format": "date-time" });
    let maybe_text = json!({ "type": ["string", "null"], "description": "Once it may be said." });
    let moments = ["decided", "destroyed", "acknowledged_at", "backups_until"].map(|name| (name, moment.clone()));
    let mut status = object(&moments);
    if let Some(status) = status.as_object_mut() {
        // The rest once it is acknowledged.
        status.insert("required".into(), json!(["decided"]));
    }
    let erasure = object(&[("status", status), ("letter", object(&[("da", maybe_text.clone()), ("en", maybe_text)]))]);
    let mut erasure =
        got("erasure", "How far the erasure of her, or of a child of hers, is, and the letter that says so.", &erasure);
    if let Some(erasure) = erasure.as_object_mut() {
        erasure.insert("parameters".into(), json!([{ "name": "child", "in": "query", "required": false, "schema": { "type": "string", "format": "uuid" } }]));
    }
    erasure
}

fn sent<T: JsonSchema>(id: &str, summary: &str, answer: &Value) -> Value {
    let mut asked = got(id, summary, answer);
    let schema = part::<T>();
    if let Some(asked) = asked.as_object_mut() {
        asked.insert("requestBody".into(), json!({ "required": true, "content": json_content(&schema) }));
    }
    asked
}

fn got(id: &str, summary: &str, answer: &Value) -> Value {
    json!({ "operationId": id, "summary": summary, "responses": with_problems(ok(summary, answer), &[]) })
}

fn ok(summary: &str, answer: &Value) -> Value {
    json!({ "200": { "description": summary, "content": json_content(answer) } })
}

fn json_content(schema: &Value) -> Value {
    json!({ "application/json": { "schema": schema } })
}

fn described(schema: &Value, what: &str) -> Value {
    let mut schema = schema.clone();
    if let Some(members) = schema.as_object_mut() {
        members.insert("description".into(), what.into());
    }
    schema
}

/// An object that has all of these members.
fn object(members: &[(&str, Value)]) -> Value {
    let names: Vec<&str> = members.iter().map(|(name, _)| *name).collect();
    let members: Map<String, Value> =
        members.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())).collect();
    json!({ "type": "object", "properties": members, "required": names })
}

/// An object with more members that it has.
fn with(schema: &Value, members: &[(&str, Value)]) -> Value {
    let mut schema = schema.clone();
    for (name, member) in members {
        if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
            properties.insert((*name).to_owned(), member.clone());
        }
        if let Some(required) = schema.get_mut("required").and_then(Value::as_array_mut) {
            required.push(json!(name));
        }
    }
    schema
}

fn list(of: &Value) -> Value {
    json!({ "type": "array", "items": of })
}
