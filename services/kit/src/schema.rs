//! The three schemas of an event's facts, JSON Schema 2020-12: as a client sends them (clear), as they are published (sealed
//! facts are envelopes), and what a partner may be given (where the event may be shared at all).
//!
//! One source, the fact structs: the clear schema marks each sealed fact with `x-class`, and the other two are made from it.
//! Also here: what counts as a breaking change to a schema others rely on.

use crate::{Class, contract::Sharing, sealed};
use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::{Map, Value, json};

/// The clear schema of facts. Subschemas are inlined: each file stands alone.
#[must_use]
pub fn clear<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    settings.into_generator().into_root_schema_for::<T>().to_value()
}

/// The class a subschema is marked with; unmarked is open.
#[must_use]
pub fn class_of(schema: &Value) -> Class {
    schema.get("x-class").and_then(Value::as_str).and_then(|class| class.parse().ok()).unwrap_or(Class::Open)
}

/// The strictest class anywhere in a subschema: what a reader must be allowed to see the whole of it.
#[must_use]
pub fn strictest(schema: &Value) -> Class {
    let inner = match schema {
        Value::Object(members) => members.values().map(strictest).max(),
        Value::Array(items) => items.iter().map(strictest).max(),
        _ => None,
    };
    inner.unwrap_or(Class::Open).max(class_of(schema))
}

/// The published form: an envelope, or the mark of an erased fact, wherever the clear form has a sealed one.
#[must_use]
pub fn published(clear: &Value) -> Value {
    match clear {
        Value::Object(members) if members.contains_key("x-class") => envelope(class_of(clear)),
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), published(value))).collect(),
        Value::Array(items) => items.iter().map(published).collect(),
        other => other.clone(),
    }
}

fn envelope(class: Class) -> Value {
    json!({
        "type": "object",
        "description": "A sealed fact: the key that opens it, and base64url of nonce, ciphertext and tag.",
        "properties": { sealed::SEALED: {
            "type": "object",
            "properties": { "class": { "const": class.code() }, "key": { "type": "string", "format": "uuid" }, "box": { "type": "string" } },
            "required": ["class", "key", "box"],
            "additionalProperties": false,
        } },
        "required": [sealed::SEALED],
        "additionalProperties": false,
        "x-class": class.code(),
    })
}

/// What a partner may be given, or `None` where the event never leaves. Places, names and free text are left out of it whatever
/// the table says; `withheld` names what else stays here.
#[must_use]
pub fn partner(clear: &Value, sharing: Sharing, withheld: &[&str]) -> Option<Value> {
    if sharing == Sharing::Never {
        return None;
    }
    let mut schema = clear.clone();
    let members = schema.as_object_mut()?;
    if let Some(properties) = members.get_mut("properties").and_then(Value::as_object_mut) {
        properties.retain(|name, value| strictest(value) <= Class::Personal && !withheld.contains(&name.as_str()));
        let kept: Vec<String> = properties.keys().cloned().collect();
        if let Some(required) = members.get_mut("required").and_then(Value::as_array_mut) {
            required.retain(|name| name.as_str().is_some_and(|name| kept.iter().any(|kept| kept == name)));
        }
    }
    Some(schema)
}

/// What in `new` breaks a reader of `old`: JSON Pointers with a word. Adding an optional fact breaks nobody.
#[must_use]
pub fn breaking(old: &Value, new: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare(old, new, "", &mut found);
    found
}

fn compare(old: &Value, new: &Value, at: &str, found: &mut Vec<String>) {
    let empty = Map::new();
    let (old_members, new_members) = (old.as_object().unwrap_or(&empty), new.as_object().unwrap_or(&empty));
    for keyword in
        ["type", "format", "pattern", "const", "x-class", "x-unit", "maxLength", "minLength", "minimum", "maximum"]
    {
        if old_members.get(keyword) != new_members.get(keyword) {
            found.push(format!("{at}: {keyword} changed"));
        }
    }
    for list in ["oneOf", "anyOf", "enum"] {
        let (old_list, new_list) = (list_of(old_members.get(list)), list_of(new_members.get(list)));
        if list == "enum" {
            found.extend(old_list.iter().filter(|v| !new_list.contains(v)).map(|_| format!("{at}: a choice is gone")));
        } else {
            // Alternatives are told apart by their constant, or by their place.
            for (index, alternative) in old_list.iter().enumerate() {
                let constant = alternative.get("const");
                let same = match constant {
                    Some(_) => new_list.iter().find(|new| new.get("const") == constant),
                    None => new_list.get(index),
                };
                match same {
                    Some(same) => compare(alternative, same, &format!("{at}/{list}/{index}"), found),
                    None => found.push(format!("{at}/{list}/{index}: an alternative is gone")),
                }
            }
        }
    }
    let (old_required, new_required) = (list_of(old_members.get("required")), list_of(new_members.get("required")));
    found.extend(
        new_required
            .iter()
            .filter(|name| !old_required.contains(name))
            .map(|name| format!("{at}: {name} became required")),
    );
    found.extend(
        old_required
            .iter()
            .filter(|name| !new_required.contains(name))
            .map(|name| format!("{at}: {name} is no longer certain")),
    );
    let (old_facts, new_facts) = (old_members.get("properties"), new_members.get("properties"));
    for (name, fact) in old_facts.and_then(Value::as_object).unwrap_or(&empty) {
        let at = format!("{at}/properties/{name}");
        match new_facts.and_then(|facts| facts.get(name)) {
            Some(new) => compare(fact, new, &at, found),
            None => found.push(format!("{at}: the fact is gone")),
        }
    }
    if let Some(items) = old_members.get("items") {
        compare(items, new_members.get("items").unwrap_or(&Value::Null), &format!("{at}/items"), found);
    }
}

fn list_of(value: Option<&Value>) -> Vec<Value> {
    value.and_then(Value::as_array).cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Location, Personal, Text};
    use serde::{Deserialize, Serialize};

    #[derive(Serialize, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Offer {
        rent: Personal<u32>,
        place: Location<Text>,
        rooms: Option<Personal<u8>>,
        outcome: bool,
    }

    #[test]
    fn three_forms_of_one_source() {
        let clear = clear::<Offer>();
        assert_eq!(class_of(&clear["properties"]["place"]), Class::Location);
        let published = published(&clear);
        assert_eq!(published["properties"]["place"]["required"][0], "$sealed");
        assert_eq!(published["properties"]["outcome"]["type"], "boolean");
        let partner = partner(&clear, Sharing::Feed, &["rooms"]).unwrap();
        assert_eq!(partner["properties"].as_object().unwrap().keys().collect::<Vec<_>>(), ["rent", "outcome"]);
        assert_eq!(partner["required"], json!(["rent", "outcome"]));
        assert_eq!(super::partner(&clear, Sharing::Never, &[]), None);
    }

    #[test]
    fn only_what_breaks_a_reader_is_breaking() {
        let old = clear::<Offer>();
        let mut wider = old.clone();
        wider["properties"]["extra"] = json!({ "type": "string" });
        assert!(breaking(&old, &wider).is_empty());
        assert_eq!(breaking(&wider, &old), ["/properties/extra: the fact is gone"]);
        let mut retyped = old.clone();
        retyped["properties"]["rent"]["x-class"] = json!("open");
        assert_eq!(breaking(&old, &retyped), ["/properties/rent: x-class changed"]);
        let choice = json!({ "enum": ["a", "b"] });
        assert!(breaking(&choice, &json!({ "enum": ["b", "a", "c"] })).is_empty());
        assert_eq!(breaking(&choice, &json!({ "enum": ["a"] })).len(), 1);
    }
}
