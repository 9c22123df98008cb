//! Forms of content: pages and plain text besides JSON, bodies that have none of our types, and headers that
//! say more than a status.

use http::StatusCode;
use utoipa::openapi::{
    Content, OneOfBuilder, Ref, RefOr, Required, Response,
    path::Operation,
    request_body::{RequestBody, RequestBodyBuilder},
    schema::{ObjectBuilder, SchemaType, Type},
};

use super::schemas::{header, reason, text};

/// Paths where a browser gets a page, also for an error.
const PAGES: [&str; 2] = ["/s/{token}", "/b/{id}"];
/// Paths that redirect a file's bytes to the store.
const UPLOADS: [&str; 2] = ["/put/{path}", "/s/{token}/{path}"];
/// Paths of shares that may count their downloads.
const CLAIMS: [&str; 2] = ["/s/{token}", "/d/{link}"];
/// Paths where a browser may be redirected to the share's page.
const ASIDE: [&str; 2] = ["/d/{link}", "/b/{id}"];

/// Corrects bodies that the types of the handlers do not describe.
pub(super) fn complete(path: &str, operation: &mut Operation) {
    if path == "/hooks/s3-events" {
        operation.request_body = Some(notices().into());
    }
    if UPLOADS.contains(&path) {
        operation.request_body = Some(file().into());
    }
}

/// Describes a message of S3, SNS, MinIO or R2, which define its fields.
fn notices() -> RequestBody {
    let message = ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::Object, Type::Array]))
        .description(Some(
            "an object of S3 (with `Records`), SNS (with `Message`) or R2, or an array of such records",
        ));
    RequestBodyBuilder::new()
        .content("application/json", Content::new(Some(message)))
        .required(Some(Required::True))
        .build()
}

fn file() -> RequestBody {
    let description = "the file; it needs a `Content-Length`, and must be sent again to the `Location` of \
        the answer: nothing of it is read here";
    let bytes = ObjectBuilder::new().schema_type(SchemaType::AnyValue);
    RequestBodyBuilder::new()
        .description(Some(description))
        .content("application/octet-stream", Content::new(Some(bytes)))
        .build()
}

/// Whether a body is read before the request is answered.
pub(super) fn has_json_body(operation: &Operation) -> bool {
    matches!(&operation.request_body, Some(RefOr::T(body)) if body.content.contains_key("application/json"))
}

/// Returns the page for an error, if the path has one.
pub(super) fn error_pages(path: &str) -> Option<Content> {
    PAGES.contains(&path).then(plain)
}

/// Text without a schema of its own.
fn plain() -> Content {
    Content::new(Some(text()))
}

/// Corrects the answers on success, and describes every answer.
pub(super) fn complete_answers(path: &str, operation: &mut Operation) {
    let answers = &mut operation.responses.responses;
    if ASIDE.contains(&path) {
        let aside =
            Response::new("for browsers: to the share's own page, which asks for what is missing");
        answers.insert("303".to_owned(), aside.into());
    }
    if path == "/readyz" {
        answers.insert("503".to_owned(), not_ready().into());
    }
    for (code, answer) in answers {
        if let RefOr::T(answer) = answer {
            describe(path, code, answer);
        }
    }
}

fn describe(path: &str, code: &str, answer: &mut Response) {
    if answer.description.is_empty()
        && let Ok(status) = code.parse::<StatusCode>()
    {
        answer.description = reason(status).to_owned();
    }
    let other = match (path, code) {
        ("/healthz" | "/metrics" | "/readyz", "200") => Some("text/plain"),
        (path, "200") if PAGES.contains(&path) => Some("text/html"),
        _ => None,
    };
    if code == "200" && PAGES.contains(&path) {
        answer
            .content
            .insert("text/plain".to_owned(), plain().into());
    }
    if let Some(other) = other {
        answer.content.insert(other.to_owned(), plain().into());
    }
    let mut add = |name: &str, what| {
        answer
            .headers
            .insert(name.to_owned(), header(text(), what).into());
    };
    if matches!(code, "302" | "303" | "307") {
        add("Location", "URL to continue with");
    }
    if CLAIMS.contains(&path) && matches!(code, "200" | "302") {
        add(
            "X-Share-Claim",
            "for a share that counts downloads: the id of this download, to be sent as `claim`",
        );
    }
    if answer.headers.contains_key("x-trashed-until") {
        let until = header(
            Ref::from_schema_name("Timestamp"),
            "time until which it can be restored; absent if it was deleted permanently",
        );
        answer
            .headers
            .insert("x-trashed-until".to_owned(), until.into());
    }
}

/// Describes the answer of a server that is not ready: with `?verbose` all checks, else the first one that
/// failed.
fn not_ready() -> Response {
    let body = OneOfBuilder::new()
        .item(Ref::from_schema_name("ErrorBody"))
        .item(Ref::from_schema_name("Readiness"));
    Response::builder()
        .description("Not ready")
        .content("application/json", Content::new(Some(body)))
        .build()
}
