//! The OpenAPI document describes the server: it is consistent in itself, and responses, including errors,
//! match it. `tests/schemathesis.sh` checks the same with thousands of requests.

mod answers;
mod sound;

use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::server::{Server, answer, code};

/// A server and its OpenAPI document.
struct Described {
    server: Server,
    document: Value,
}

impl Described {
    async fn start() -> Self {
        let server = Server::start();
        let (_, document) = server.get("/api/v1/openapi.json", "").await;
        Self { server, document }
    }

    /// Sends a request and checks the response against the document. `filled` replaces names in braces.
    async fn ask(
        &self,
        key: &str,
        (method, template): (Method, &str),
        filled: &[(&str, &str)],
        body: Option<Value>,
    ) -> (StatusCode, Value) {
        let path = filled
            .iter()
            .fold(template.to_owned(), |path, (name, value)| {
                path.replace(&format!("{{{name}}}"), value)
            });
        let response = self.server.send(method.clone(), &path, key, body).await;
        let (status, body) = answer(response).await;
        let (plain, name) = (template.split('?').next().unwrap(), method.as_str());
        let operation = &self.document["paths"][plain][name.to_lowercase()];
        let answers = operation["responses"].as_object();
        let stated = answers.and_then(|answers| answers.get(status.as_str()));
        let stated = stated.unwrap_or_else(|| panic!("{name} {path}: {status} {body}"));
        let schema = &self.resolved(stated)["content"]["application/json"]["schema"];
        assert_eq!(schema.is_null(), body.is_null(), "{name} {path}: {body}");
        if let Err(misfit) = self.check(schema, &body) {
            panic!("{name} {path}: {misfit} in {body:#}");
        }
        (status, body)
    }

    async fn refused(
        &self,
        key: &str,
        operation: (Method, &str),
        filled: &[(&str, &str)],
        body: Option<Value>,
        expected: &str,
    ) {
        let name = format!("{operation:?}");
        let (status, body) = self.ask(key, operation, filled, body).await;
        assert!(status.as_u16() >= 400, "{name}: {status}");
        assert_eq!(code(&body), expected, "{name}: {body}");
    }

    /// All operations, each with its method and path.
    fn operations(&self) -> Vec<(String, &Value)> {
        let mut operations = Vec::new();
        for (path, item) in self.document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                operations.push((format!("{method} {path}"), operation));
            }
        }
        operations
    }

    fn resolved<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str() {
            Some(reference) => self
                .document
                .pointer(reference.trim_start_matches('#'))
                .unwrap_or_else(|| panic!("{reference} does not exist")),
            None => value,
        }
    }

    /// Validates with the subset of JSON Schema that the document's responses use.
    fn check(&self, schema: &Value, value: &Value) -> Result<(), String> {
        let schema = self.resolved(schema);
        for part in list(&schema["allOf"]) {
            self.check(part, value)?;
        }
        let choices = list(&schema["oneOf"]);
        let fitting = choices.iter().filter(|one| self.check(one, value).is_ok());
        let fitting = fitting.count();
        if !choices.is_empty() && fitting != 1 {
            return Err(format!("{fitting} choices match {value}"));
        }
        let kinds = match &schema["type"] {
            one @ Value::String(_) => std::slice::from_ref(one),
            many => list(many),
        };
        if !kinds.is_empty() && !kinds.iter().any(|kind| is_a(kind, value)) {
            return Err(format!("{value} is not of type {kinds:?}"));
        }
        let named = list(&schema["enum"]);
        if !named.is_empty() && !named.contains(value) {
            return Err(format!("{value} is not one of {named:?}"));
        }
        if value.as_i64() < schema["minimum"].as_i64().filter(|_| value.is_i64()) {
            return Err(format!("{value} is too small"));
        }
        for item in list(value) {
            self.check(&schema["items"], item)?;
        }
        self.check_fields(schema, value)
    }

    fn check_fields(&self, schema: &Value, value: &Value) -> Result<(), String> {
        let Some(fields) = value.as_object() else {
            return Ok(());
        };
        for name in list(&schema["required"]) {
            if !name.as_str().is_some_and(|name| fields.contains_key(name)) {
                return Err(format!("missing field {name}"));
            }
        }
        for (name, field) in fields {
            let stated = schema["properties"].get(name);
            let stated = stated.unwrap_or(&schema["additionalProperties"]);
            if stated == &Value::Bool(false) {
                return Err(format!("unexpected field {name}"));
            }
            self.check(stated, field)
                .map_err(|misfit| format!("{name}: {misfit}"))?;
        }
        Ok(())
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn is_a(kind: &Value, value: &Value) -> bool {
    match kind.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("unsupported type {other}"),
    }
}
