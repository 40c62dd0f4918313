//! The timeline's OpenAPI document.

use engine::http::openapi::{finish, names, with_problems};
use kit::{Class, contract::Contract, labels::Label};
use serde_json::{Map, Value, json};
use strum::VariantArray as _;

fn parameter(name: &str, description: &str, schema: &Value) -> Value {
    json!({ "name": name, "in": "query", "required": false, "description": description, "schema": schema })
}

fn read(id: &str, summary: &str, parameters: &Value, content: &Value) -> Value {
    let ok = json!({ "200": { "description": summary, "content": content } });
    json!({ "get": { "operationId": id, "summary": summary, "parameters": parameters, "responses": with_problems(ok, &[]) } })
}

/// An object that has all of these members.
fn object(members: &[(&str, Value)]) -> Value {
    let names: Vec<&str> = members.iter().map(|(name, _)| *name).collect();
    let members: Map<String, Value> =
        members.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())).collect();
    json!({ "type": "object", "properties": members, "required": names })
}

fn list(of: &Value) -> Value {
    json!({ "type": "array", "items": of })
}

fn words() -> Value {
    object(&[("da", json!({ "type": "string" })), ("en", json!({ "type": "string" }))])
}

fn entry() -> Value {
    let (text, number, flag) =
        (json!({ "type": "string" }), json!({ "type": "integer" }), json!({ "type": "boolean" }));
    let classes: Vec<&str> = Class::VARIANTS.iter().map(|class| class.code()).collect();
    let fact = object(&[
        ("name", text.clone()),
        ("label", words()),
        ("class", json!({ "enum": classes })),
        ("value", json!(true)),
        ("text", words()),
        ("masked", flag.clone()),
        ("erased", flag.clone()),
    ]);
    let mut original = object(&[("happened", text.clone()), ("readable", flag.clone()), ("facts", list(&fact))]);
    if let Some(members) = original.as_object_mut() {
        members.insert("type".into(), json!(["object", "null"]));
        members.insert("description".into(), json!("What a corrected entry said when it was recorded."));
    }
    object(&[
        ("position", text.clone()),
        ("service", text.clone()),
        ("domain", words()),
        ("aggregate", json!({ "type": "string", "format": "uuid" })),
        ("version", number),
        ("event", text.clone()),
        ("label", words()),
        (
            "happened",
            json!({ "type": "string", "description": "A minute, a day, a month or `unknown`, Copenhagen; as last corrected." }),
        ),
        ("recorded", json!({ "type": "string", "format": "date-time" })),
        ("actor", text.clone()),
        ("centre", json!({ "type": ["string", "null"], "format": "uuid" })),
        ("weight", json!({ "enum": ["routine", "milestone", "alert"] })),
        ("standing", text),
        ("corrects", json!({ "type": ["integer", "null"] })),
        (
            "correction",
            json!({ "type": ["integer", "null"], "description": "The version of its latest correction: what a correction has `seen`." }),
        ),
        ("readable", flag),
        ("facts", list(&fact)),
        ("original", original),
    ])
}

fn follow_up() -> Value {
    let (text, maybe) = (json!({ "type": "string" }), json!({ "type": ["string", "null"] }));
    object(&[
        ("service", text.clone()),
        ("domain", words()),
        ("aggregate", json!({ "type": "string", "format": "uuid" })),
        ("woman", json!({ "type": "string", "format": "uuid" })),
        ("centre", json!({ "type": ["string", "null"], "format": "uuid" })),
        ("key", text.clone()),
        ("what", text.clone()),
        ("label", words()),
        ("due", maybe.clone()),
        ("state", text),
        ("days", json!({ "type": ["integer", "null"] })),
        ("responsible", maybe),
        ("basis", json!({ "type": ["object", "null"] })),
    ])
}

fn preview(woman: &Value) -> Value {
    let (text, count) = (json!({ "type": "string" }), json!({ "type": "integer", "minimum": 1 }));
    let kind =
        |name| object(&[("service", text.clone()), (name, text.clone()), ("label", words()), ("count", count.clone())]);
    let along = json!({ "type": "string", "enum": ["all", "open_tasks_and_safety", "nothing"] });
    read(
        "relocationPreview",
        "What would go along if she moved to another centre now: kinds and numbers, no values.",
        &json!([
            woman,
            parameter("along", "What she chooses; left out: what is open, and what concerns her safety.", &along)
        ]),
        &json_content(&object(&[
            ("woman", json!({ "type": "string", "format": "uuid" })),
            ("along", along.clone()),
            ("entries", list(&kind("event"))),
            ("open", list(&kind("what"))),
        ])),
    )
}

fn json_content(schema: &Value) -> Value {
    json!({ "application/json": { "schema": schema } })
}

/// The document.
#[must_use]
pub fn document() -> Value {
    let woman =
        json!({ "name": "woman", "in": "path", "required": true, "schema": { "type": "string", "format": "uuid" } });
    let text = json!({ "type": "string" });
    let day = json!({ "type": "string", "format": "date", "pattern": "^(19|20|21)" });
    let course = object(&[
        ("woman", json!({ "type": "string", "format": "uuid" })),
        ("open", list(&follow_up())),
        ("held_back", list(&text)),
        ("entries", list(&entry())),
        ("next", json!({ "type": ["string", "null"] })),
        ("names", names()),
    ]);
    let mut timeline = read(
        "timeline",
        "One woman's course, newest first, in pages of 200, and what is open.",
        &json!([
            woman,
            parameter("domain", "One service's entries only.", &text),
            parameter(
                "from",
                "First day, Copenhagen. What is known to the month alone is shown where it may have been then.",
                &day
            ),
            parameter(
                "until",
                "Last day, Copenhagen. What nobody knows the day of is shown too: it was recorded later, and may have been before.",
                &day
            ),
            parameter("cursor", "The `next` of the page before.", &text),
            parameter("at_least", "Positions to wait for, at most 2 s: service:number, by commas.", &text),
        ]),
        &json_content(&course),
    );
    if let Some(ok) = timeline.pointer_mut("/get/responses/200").and_then(Value::as_object_mut) {
        let behind =
            json!({ "description": "Services that have not reached at_least.", "schema": { "type": "string" } });
        ok.insert("headers".into(), json!({ "Livline-Behind": behind }));
    }
    let mut paths = Map::new();
    paths.insert("/v1/women/{woman}/timeline".into(), timeline);
    paths.insert(
        "/v1/women/{woman}/live".into(),
        read(
            "live",
            "Server-sent events: that there is something new, never what. Ends with the token.",
            &json!([woman]),
            &json!({ "text/event-stream": { "schema": object(&[
                ("event", json!({ "enum": ["entry", "reload"] })),
                ("data", json!({ "type": "string", "description": "JSON: the position of the new entry; nothing where everything is to be loaded." })),
            ]) } }),
        ),
    );
    paths.insert("/v1/women/{woman}/relocation-preview".into(), preview(&woman));
    paths.insert(
        "/v1/follow-ups".into(),
        read(
            "followUps",
            "Open follow-ups of the caller's centre, soonest first, by Copenhagen's day; for a volunteer those that they hold themselves.",
            &json!([
                parameter("due", "Which.", &json!({ "type": "string", "enum": ["overdue", "today", "week", "none"] })),
                parameter(
                    "responsible",
                    "Who holds it; `nobody` for those without anyone.",
                    &json!({ "type": "string", "pattern": "^[A-Za-z0-9_:.-]{1,64}$" })
                ),
            ]),
            &json_content(&object(&[
                ("today", day.clone()),
                ("follow_ups", list(&follow_up())),
                ("complete", json!({ "type": "boolean" })),
                ("names", names()),
            ])),
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
