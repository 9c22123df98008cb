//! Checks of the document that need no other request.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Described, list};

/// Calls `look` for every object of the document, with its field name in the parent object.
fn visit(name: &str, value: &Value, look: &mut impl FnMut(&str, &Value)) {
    match value {
        Value::Object(fields) => {
            look(name, value);
            for (name, field) in fields {
                visit(name, field, look);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| visit("", item, look)),
        _ => {}
    }
}

#[tokio::test]
async fn it_is_sound_in_itself() {
    let described = Described::start().await;
    let operations = described.operations();
    assert!(operations.len() > 50, "{}", operations.len());
    let mut ids = BTreeSet::new();
    for (name, operation) in operations {
        let parts = name.split(['{', '}']).skip(1).step_by(2);
        let templates: BTreeSet<&str> = parts.collect();
        let parameters = list(&operation["parameters"]).iter();
        let parameters = parameters.filter(|parameter| parameter["in"] == "path");
        let named = parameters.map(|parameter| parameter["name"].as_str().unwrap());
        let named: BTreeSet<&str> = named.collect();
        assert_eq!(templates, named, "{name}");
        assert!(ids.insert(operation["operationId"].to_string()), "{name}");
        let answers = operation["responses"].as_object().unwrap();
        for status in ["401", "403"] {
            let is_stated = answers.contains_key(status);
            assert!(is_stated || operation.get("security").is_none(), "{name}");
        }
        for (status, answer) in answers {
            let answer = described.resolved(answer);
            assert!(answer["description"].is_string(), "{name} {status}");
        }
    }
}

#[tokio::test]
async fn it_has_all_that_it_refers_to_and_says_what_is_in_objects() {
    let described = Described::start().await;
    let mut references = 0;
    visit("", &described.document, &mut |_, value| {
        references += usize::from(value.get("$ref").is_some());
        described.resolved(value);
    });
    assert!(references > 100, "{references}");
    let schemas = &described.document["components"]["schemas"];
    visit("", schemas, &mut |name, schema| {
        let kinds = &schema["type"];
        let is_object = kinds == "object" || list(kinds).contains(&json!("object"));
        let says_more = ["properties", "additionalProperties"]
            .iter()
            .any(|what| schema.get(what).is_some());
        // The fields of `metadata` are the user's own, those of `details` differ for each action.
        assert!(
            !is_object || says_more || ["metadata", "details"].contains(&name),
            "{name}: {schema}"
        );
    });
    let codes = list(&schemas["ErrorCode"]["enum"]);
    assert!(codes.contains(&json!("VALIDATION_ERROR")));
    assert!(!codes.contains(&json!("UNKNOWN")));
    assert!(!codes.contains(&json!("LOCAL_FILE")));
}
