//! A service's OpenAPI 3.1 document, made from its contract and the schemas of its facts.

use super::{
    body::{ActionBody, OpenBody},
    problem::COMMON,
};
use kit::{
    Decider,
    contract::{self, Contract},
    decider::Commands,
    schema::clear,
};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The document of a service with one kind of aggregate.
#[must_use]
pub fn document<D: Decider>(contract: &Contract) -> Value {
    let collection = format!("/v1/{}", D::PLURAL);
    let mut paths = Map::new();
    paths.insert(collection.clone(), json!({ "post": command("open-case", "Opens a case; its id comes from the key.", &clear::<OpenBody>(), "201", &[]) }));
    let aggregate = format!("{collection}/{{id}}");
    let id =
        json!([{ "name": "id", "in": "path", "required": true, "schema": { "type": "string", "format": "uuid" } }]);
    paths.insert(
        aggregate.clone(),
        json!({
            "parameters": id,
            "get": read("show", "State, follow-ups, likely actions. What the caller may not see is masked."),
        }),
    );
    paths.insert(
        format!("{aggregate}/events"),
        json!({
            "parameters": id,
            "get": read("events", "The events of one aggregate in their order, opened as far as the caller may see."),
        }),
    );
    let rejections: Vec<&String> = contract.rejections.keys().collect();
    for entry in D::Command::describe().iter().chain(&contract::common()) {
        if entry.action == "open-case" {
            continue;
        }
        let label = contract.event(entry.event, entry.version).map_or("", |event| &event.action_label.en);
        paths.insert(
            format!("{aggregate}/{}", entry.action),
            json!({
                "parameters": id,
                "post": command(&entry.action, label, &action(&entry.facts), "200", &rejections),
            }),
        );
    }
    paths.insert("/v1/events".into(), json!({ "get": {
        "operationId": "feed",
        "summary": "The service's published events above a number; for services alone.",
        "parameters": [{ "name": "after", "in": "query", "schema": { "type": "integer", "minimum": 0 } }],
        "responses": with_problems(json!({ "200": { "description": "At most 500 events.", "content": json_content(&json!({ "type": "object" })) } }), &[]),
    } }));
    finish(contract, paths)
}

/// A document of a service that only reads, from its own paths.
#[must_use]
pub fn finish(contract: &Contract, mut paths: Map<String, Value>) -> Value {
    for (path, summary) in [
        ("/livez", "The process lives."),
        ("/readyz", "It can serve."),
        ("/metrics", "OpenMetrics."),
        ("/openapi.json", "This document."),
    ] {
        let ok = json!({ "200": { "description": summary }, "503": { "description": "Not now." } });
        paths.insert(path.into(), json!({ "get": { "operationId": path.trim_start_matches('/'), "summary": summary, "security": [], "responses": ok } }));
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
        "headers": { "ETag": { "schema": { "type": "string" }, "description": "The version." } },
        "content": json_content(&json!({ "$ref": "#/components/schemas/Answer" })) });
    json!({
        "operationId": id,
        "summary": summary,
        "parameters": [
            { "name": "Idempotency-Key", "in": "header", "required": true, "schema": { "type": "string", "minLength": 1, "maxLength": 128 } },
            { "name": "If-Match", "in": "header", "required": false, "schema": { "type": "string", "pattern": "^\"[0-9]+\"$" } },
        ],
        "requestBody": { "required": true, "content": json_content(&body) },
        "responses": with_problems(json!({ ok: answer }), rejections),
    })
}

fn read(id: &str, summary: &str) -> Value {
    let ok = json!({ "200": { "description": summary, "content": json_content(&json!({ "type": "object" })) } });
    json!({ "operationId": id, "summary": summary, "responses": with_problems(ok, &[]) })
}

fn json_content(schema: &Value) -> Value {
    json!({ "application/json": { "schema": schema } })
}

/// Answers with every problem that a route can give.
#[must_use]
pub fn with_problems(mut responses: Value, rejections: &[&String]) -> Value {
    let mut by_status: BTreeMap<u16, Vec<&str>> = BTreeMap::new();
    for (status, code, _) in COMMON {
        by_status.entry(*status).or_default().push(code);
    }
    by_status.entry(409).or_default().extend(rejections.iter().map(|code| code.as_str()));
    if let Some(members) = responses.as_object_mut() {
        for (status, codes) in by_status {
            let content =
                json!({ "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } });
            members.insert(status.to_string(), json!({ "description": codes.join(", "), "content": content }));
        }
    }
    responses
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
                "code": { "type": "string" }, "da": { "type": "string" }, "en": { "type": "string" } } } },
        },
        "required": ["id", "version", "position", "events", "warnings"],
    })
}
