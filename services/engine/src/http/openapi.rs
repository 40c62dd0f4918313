//! A service's OpenAPI 3.1 document, made from its contract and the schemas of its facts.

use super::{
    body::{ActionBody, Correction, OpenBody},
    problem::COMMON,
};
use kit::{
    Begins, Decider,
    access::Right,
    case::CommonRejection,
    contract::{self, Contract, EntryDescription},
    decider::Commands,
    directory::StaffRole,
    entry::ENTRY_CORRECTED,
    schema::clear,
};
use schemars::JsonSchema;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The document of a service with one kind of aggregate.
#[must_use]
pub fn document<D: Decider>(contract: &Contract) -> Value {
    domain(contract, paths::<D>(contract))
}

/// The document of a domain service with these paths.
#[must_use]
pub fn domain(contract: &Contract, mut paths: Map<String, Value>) -> Value {
    paths.extend(feed());
    finish(contract, paths)
}

/// The paths of one kind of aggregate.
#[must_use]
pub fn paths<D: Decider>(contract: &Contract) -> Map<String, Value> {
    let collection = format!("/v1/{}", D::PLURAL);
    let mut paths = Map::new();
    let rejections: Vec<&String> = contract.rejections.keys().collect();
    let begins = D::BEGINS.action();
    let described = D::Command::describe();
    let begin = match described.iter().find(|entry| entry.action == begins) {
        None => command(begins, "Opens a case; its id comes from the key.", &clear::<OpenBody>(), "201", &[]),
        Some(entry) => {
            let mut begin = command(begins, label(contract, entry), &action(&entry.facts), "201", &rejections);
            say_right(&mut begin, entry.right);
            begin
        }
    };
    paths.insert(collection.clone(), json!({ "post": begin }));
    let aggregate = format!("{collection}/{{id}}");
    let id =
        json!([{ "name": "id", "in": "path", "required": true, "schema": { "type": "string", "format": "uuid" } }]);
    paths.insert(
        aggregate.clone(),
        json!({
            "parameters": id,
            "get": read(&format!("show-{}", D::TYPE), "State, follow-ups, likely actions. What the caller may not see is masked.", &shown::<D>()),
        }),
    );
    paths.insert(
        format!("{aggregate}/events"),
        json!({
            "parameters": id,
            "get": read(&format!("events-{}", D::TYPE), "The events of one aggregate in their order, opened as far as the caller may see.", &listed()),
        }),
    );
    let mut common = contract::common();
    common.retain(|entry| contract::asked_for(D::BEGINS, entry.event));
    // Who came from elsewhere is registered later.
    let later = matches!(D::BEGINS, Begins::WithAWoman(_));
    for entry in described.iter().chain(&common).filter(|entry| later || entry.action != begins) {
        // The common actions are there for each kind of aggregate, and what begins one has its own operation.
        let own = entry.action != begins && described.iter().any(|described| described.action == entry.action);
        let name = if own || D::BEGINS == Begins::ForAWoman {
            entry.action.clone()
        } else {
            format!("{}-{}", D::TYPE, entry.action)
        };
        let corrects = entry.event == ENTRY_CORRECTED;
        let body = if corrects { correction() } else { action(&entry.facts) };
        let mut operation = command(&name, label(contract, entry), &body, "200", &rejections);
        if let Some(members) = operation.as_object_mut().filter(|_| corrects) {
            members.insert("description".into(), json!(CORRECTION));
        }
        say_right(&mut operation, entry.right);
        paths.insert(format!("{aggregate}/{}", entry.action), json!({ "parameters": id, "post": operation }));
    }
    paths
}

/// How an entry is corrected, for whoever reads the document.
const CORRECTION: &str = "Changes what the patch names and nothing else; nothing is added as to a new entry. With `when` the entry is \
    filed, filtered and counted under the corrected date. What stands already records nothing.";

/// The body of a correction.
fn correction() -> Value {
    let mut body = action(&clear::<Correction>());
    if let Some(when) = body.pointer_mut("/properties/when").and_then(Value::as_object_mut) {
        when.insert(
            "description".into(),
            json!("When it really happened; left out: as it stands. `unknown`: nobody knows."),
        );
    }
    body
}

/// The right that an operation needs, for whoever reads the document.
fn say_right(operation: &mut Value, right: Right) {
    if let Some(members) = operation.as_object_mut() {
        members.insert("x-right".into(), json!(right));
    }
}

fn label<'a>(contract: &'a Contract, entry: &EntryDescription) -> &'a str {
    contract.event(entry.event, entry.version).map_or("", |event| &event.action_label.en)
}

/// The service's feed.
fn feed() -> Map<String, Value> {
    let mut paths = Map::new();
    let query = |name: &str, schema: Value, description: &str| json!({ "name": name, "in": "query", "schema": schema, "description": description });
    paths.insert("/v1/events".into(), json!({ "get": {
        "operationId": "feed",
        "summary": "The service's published events above a number; for services alone.",
        "parameters": [
            query("after", json!({ "type": "integer", "minimum": 0, "maximum": u64::MAX }), "The last number that the reader has."),
            query("epoch", json!({ "type": "string", "format": "uuid" }), "The epoch in which it has it."),
            query("last", json!({ "type": "string" }), "The digest of that event as the reader knows it."),
        ],
        "responses": with_problems(json!({ "200": { "description": "At most 500 events.", "content": json_content(&page()) } }), &[]),
    } }));
    paths.insert("/v1/lease".into(), json!({ "get": {
        "operationId": "lease",
        "summary": "How far the service is, and its last event that takes access away; for services alone, which show something of women for two seconds by it.",
        "parameters": [
            query("epoch", json!({ "type": "string", "format": "uuid" }), "The epoch in which the asker has heard it."),
            query("heard", json!({ "type": "integer", "minimum": 0, "maximum": u64::MAX }), "The last number that it has heard."),
        ],
        "responses": with_problems(json!({ "200": { "description": "The lease.", "content": json_content(&lease()) } }), &[]),
    } }));
    paths
}

fn lease() -> Value {
    json!({
        "type": "object",
        "properties": { "epoch": opaque(), "head": { "type": "integer" }, "revoked": { "type": "integer" } },
        "required": ["epoch", "head", "revoked"],
    })
}

/// A document of a service that only reads, from its own paths.
#[must_use]
pub fn finish(contract: &Contract, mut paths: Map<String, Value>) -> Value {
    let text = |kind: &str| json!({ kind: { "schema": { "type": "string" } } });
    let ready = json!({ "type": "object", "properties": { "service": { "type": "string" }, "ready": { "const": true } }, "required": ["service", "ready"] });
    for (path, summary, content) in [
        ("/livez", "The process lives.", text("text/plain")),
        ("/readyz", "It can serve.", json_content(&ready)),
        ("/metrics", "OpenMetrics.", text("application/openmetrics-text")),
        ("/openapi.json", "This document.", json_content(&json!({ "type": "object" }))),
    ] {
        let mut answers = json!({ "200": { "description": summary, "content": content } });
        add_problems(&mut answers, &[405, 503], &[]);
        paths.insert(path.into(), json!({ "get": { "operationId": path.trim_start_matches('/'), "summary": summary, "security": [], "responses": answers } }));
    }
    json!({
        "openapi": "3.1.0",
        "info": { "title": format!("Livline: {}", contract.label.en), "version": "1" },
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "security": [{ "token": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "Ed25519, good for 60 seconds." } },
            "schemas": { "Problem": problem(), "Answer": answer() },
        },
    })
}

/// An action's body with the facts of one entry.
fn action(facts: &Value) -> Value {
    let mut body = clear::<ActionBody>();
    let mut facts = facts.clone();
    strip(&mut facts);
    let needed = facts.get("required").and_then(Value::as_array).is_some_and(|required| !required.is_empty());
    if let Some(members) = facts.as_object_mut().filter(|_| !needed) {
        // Nothing need be said: left out, or said to be nothing.
        members.insert("type".into(), json!(["object", "null"]));
    }
    if let Some(members) = body.as_object_mut() {
        if let Some(properties) = members.get_mut("properties").and_then(Value::as_object_mut) {
            properties.insert("facts".into(), facts);
        }
        if needed {
            members.insert("required".into(), json!(["facts"]));
        }
    }
    body
}

fn strip(schema: &mut Value) {
    if let Some(members) = schema.as_object_mut() {
        members.remove("$schema");
    }
}

fn command(id: &str, summary: &str, body: &Value, ok: &str, rejections: &[&String]) -> Value {
    let mut body = body.clone();
    strip(&mut body);
    let answer = json!({ "description": "Recorded; or recorded before under the same key.",
        "headers": etag(),
        "content": json_content(&json!({ "$ref": "#/components/schemas/Answer" })) });
    let mut parameters = vec![
        json!({ "name": "Idempotency-Key", "in": "header", "required": true, "description": "Your own, for 24 hours: sent again under it, what the body says is done once, and answered as the first time. With another body: 422 `key_reused`. Spaces, the order of members and how a character is escaped make no difference.", "schema": { "type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[!-~]([ -~]*[!-~])?$" } }),
    ];
    // What is only being opened has no version yet.
    if ok != "201" {
        parameters.push(json!({ "name": "If-Match", "in": "header", "required": false, "schema": { "type": "string", "pattern": "^\"[0-9]{1,18}\"$" } }));
    }
    json!({
        "operationId": id,
        "summary": summary,
        "parameters": parameters,
        "requestBody": { "required": true, "content": json_content(&body) },
        "responses": with_problems(json!({ ok: answer }), rejections),
    })
}

fn read(id: &str, summary: &str, schema: &Value) -> Value {
    let mut ok = json!({ "200": { "description": summary, "content": json_content(schema) } });
    if id == "show"
        && let Some(ok) = ok.get_mut("200").and_then(Value::as_object_mut)
    {
        ok.insert("headers".into(), etag());
    }
    json!({ "operationId": id, "summary": summary, "responses": with_problems(ok, &[]) })
}

fn etag() -> Value {
    json!({ "ETag": { "required": true, "schema": { "type": "string", "pattern": "^\"[0-9]+\"$" }, "description": "The version." } })
}

fn json_content(schema: &Value) -> Value {
    json!({ "application/json": { "schema": schema } })
}

/// Answers with every problem that a route can give.
#[must_use]
pub fn with_problems(mut responses: Value, rejections: &[&String]) -> Value {
    let every: Vec<u16> = COMMON.iter().map(|(status, _, _)| *status).collect();
    add_problems(&mut responses, &every, rejections);
    responses
}

/// Problems of these statuses.
fn add_problems(responses: &mut Value, statuses: &[u16], rejections: &[&String]) {
    let mut by_status: BTreeMap<u16, Vec<&str>> = BTreeMap::new();
    for (status, code, _) in COMMON.iter().filter(|(status, _, _)| statuses.contains(status)) {
        by_status.entry(*status).or_default().push(code);
    }
    for code in rejections {
        let status = if CommonRejection::is_of_rights(code) { 403 } else { 409 };
        by_status.entry(status).or_default().push(code);
    }
    let Some(members) = responses.as_object_mut() else { return };
    for (status, codes) in by_status {
        let header = |name: &str, description: &str| json!({ name: { "required": true, "schema": { "type": "string" }, "description": description } });
        let mut answer = json!({
            "description": codes.join(", "),
            "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
        });
        let headers = match status {
            401 => Some(header("WWW-Authenticate", "Bearer.")),
            405 => Some(header("Allow", "The methods there are.")),
            429 | 503 => Some(header("Retry-After", "Seconds.")),
            _ => None,
        };
        if let (Some(headers), Some(answer)) = (headers, answer.as_object_mut()) {
            answer.insert("headers".into(), headers);
        }
        members.insert(status.to_string(), answer);
    }
}

fn opaque() -> Value {
    json!({ "type": "string", "format": "uuid" })
}

fn page() -> Value {
    json!({
        "type": "object",
        "properties": {
            "epoch": opaque(), "head": { "type": "integer" }, "began": { "type": "integer" }, "at": { "type": "integer" },
            "events": { "type": "array", "maxItems": crate::feed::PAGE, "items": { "type": "object" }, "description": "As published." },
        },
        "required": ["epoch", "head", "began", "at", "events"],
    })
}

fn shown<D: Decider>() -> Value {
    let woman = if matches!(D::BEGINS, Begins::AboutNobody(_)) { json!({ "type": "null" }) } else { opaque() };
    let codes = json!({ "type": "array", "items": { "type": "string" } });
    json!({
        "type": "object",
        "properties": {
            "id": opaque(), "woman": woman, "centre": opaque(), "version": { "type": "integer", "minimum": 1 },
            "before_us": { "type": "boolean" }, "state": { "type": "object" },
            "follow_ups": { "type": "object", "additionalProperties": { "type": "object" }, "description": "By key." },
            "actions": codes, "other_actions": codes, "names": names(),
        },
        "required": ["id", "woman", "centre", "version", "before_us", "state", "follow_ups", "actions", "other_actions", "names"],
    })
}

fn listed() -> Value {
    let event = json!({
        "type": "object",
        "properties": { "number": { "type": "integer" }, "id": { "type": "string" }, "type": { "type": "string" }, "data": { "type": "object" } },
        "required": ["number", "id", "type", "data"],
    });
    json!({ "type": "object", "properties": { "events": { "type": "array", "items": event }, "names": names() }, "required": ["events", "names"] })
}

/// The names of those whose ids stand in an answer, as every service tells them.
#[must_use]
pub fn names() -> Value {
    let name = json!({ "type": ["string", "null"] });
    let worker = json!({
        "type": "object",
        "properties": { "name": name, "role": part::<StaffRole>() },
        "required": ["name", "role"],
    });
    let centre = json!({ "type": "object", "properties": { "name": name }, "required": ["name"] });
    json!({
        "type": "object",
        "description": "Names from the directory, by the ids that stand in the answer: of the own staff; of centres where the caller sees places.",
        "properties": {
            "staff": { "type": "object", "additionalProperties": worker },
            "centres": { "type": "object", "additionalProperties": centre },
        },
        "required": ["staff", "centres"],
    })
}

/// The schema of what clients send, as a part of a document.
#[must_use]
pub fn part<T: JsonSchema>() -> Value {
    let mut schema = clear::<T>();
    strip(&mut schema);
    schema
}

/// Adds paths to paths; one that is there already has the operations of both.
pub fn merge(paths: &mut Map<String, Value>, more: Map<String, Value>) {
    for (path, item) in more {
        match (paths.get_mut(&path).and_then(Value::as_object_mut), item) {
            (Some(there), Value::Object(operations)) => there.extend(operations),
            (_, item) => drop(paths.insert(path, item)),
        }
    }
}

fn problem() -> Value {
    json!({
        "type": "object",
        "properties": {
            "type": { "type": "string", "format": "uri" }, "code": { "type": "string" }, "title": { "type": "string" },
            "status": { "type": "integer" },
            "errors": { "type": "array", "items": { "type": "object",
                "properties": { "pointer": { "type": "string" }, "code": { "type": "string" } }, "required": ["pointer", "code"] } },
        },
        "required": ["type", "code", "title", "status"],
    })
}

fn answer() -> Value {
    json!({
        "type": "object",
        "properties": {
            "id": { "type": "string", "format": "uuid" },
            "version": { "type": "integer" },
            "position": { "type": "string", "description": "service:number, for at_least." },
            "events": { "type": "array", "items": { "type": "object", "properties": {
                "event": { "type": "string" }, "version": { "type": "integer" }, "facts": { "type": "object", "description": "Open facts alone: ids, codes." } } } },
            "warnings": { "type": "array", "items": { "type": "object", "properties": {
                "code": { "type": "string" }, "da": { "type": "string" }, "en": { "type": "string" },
                "women": { "type": "array", "items": { "type": "object" },
                    "description": "Whom a warning is about (`may_be_known`): women of the own centre whom the sender may see, as a search shows them." } } } },
            "not_heard": { "type": "array", "items": { "type": "string" },
                "description": "Where access was taken away: the services that have not heard it within two seconds. They show nothing until they have." },
        },
        "required": ["id", "version", "position", "events", "warnings"],
    })
}
