//! The timeline's OpenAPI document.

use engine::http::openapi::{finish, with_problems};
use kit::{contract::Contract, labels::Label};
use serde_json::{Map, Value, json};

fn parameter(name: &str, description: &str, schema: &Value) -> Value {
    json!({ "name": name, "in": "query", "required": false, "description": description, "schema": schema })
}

fn read(id: &str, summary: &str, parameters: &Value, content: &str) -> Value {
    let ok = json!({ "200": { "description": summary, "content": { content: { "schema": { "type": if content == "application/json" { "object" } else { "string" } } } } } });
    json!({ "get": { "operationId": id, "summary": summary, "parameters": parameters, "responses": with_problems(ok, &[]) } })
}

/// The document.
#[must_use]
pub fn document() -> Value {
    let woman =
        json!({ "name": "woman", "in": "path", "required": true, "schema": { "type": "string", "format": "uuid" } });
    let text = json!({ "type": "string" });
    let day = json!({ "type": "string", "format": "date" });
    let mut paths = Map::new();
    paths.insert(
        "/v1/women/{woman}/timeline".into(),
        read(
            "timeline",
            "One woman's course, newest first, in pages of 200, and what is open. Header Livline-Behind names services that have not reached at_least.",
            &json!([
                woman,
                parameter("domain", "One service's entries only.", &text),
                parameter("from", "First day, Copenhagen.", &day),
                parameter("until", "Last day, Copenhagen.", &day),
                parameter("cursor", "The `next` of the page before.", &text),
                parameter("at_least", "Positions to wait for, at most 2 s: service:number, by commas.", &text),
            ]),
            "application/json",
        ),
    );
    paths.insert(
        "/v1/women/{woman}/live".into(),
        read(
            "live",
            "Server-sent events: that there is something new, never what. Ends with the token.",
            &json!([woman]),
            "text/event-stream",
        ),
    );
    paths.insert(
        "/v1/follow-ups".into(),
        read(
            "followUps",
            "Open follow-ups of the caller's centre, soonest first, by Copenhagen's day.",
            &json!([
                parameter("due", "Which.", &json!({ "type": "string", "enum": ["overdue", "today", "week", "none"] })),
                parameter("responsible", "Who holds it; `nobody` for those without anyone.", &text),
            ]),
            "application/json",
        ),
    );
    let contract = Contract {
        service: crate::SERVICE.to_owned(),
        label: Label { da: "Forløb".into(), en: "Timeline".into() },
        aggregates: Vec::new(),
        follow_ups: std::collections::BTreeMap::default(),
        warnings: std::collections::BTreeMap::default(),
        rejections: std::collections::BTreeMap::default(),
    };
    finish(&contract, paths)
}
