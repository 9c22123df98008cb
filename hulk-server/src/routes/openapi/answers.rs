//! The statuses that an operation can answer.

use std::collections::BTreeSet;

use http::StatusCode;
use hulk_proto::ErrorCode;
use utoipa::openapi::{
    Content, KnownFormat, ObjectBuilder, Ref, RefOr, Response, ResponseBuilder, SchemaFormat, Type,
    path::Operation,
};

use super::{
    media,
    schemas::{header, reason, text},
};

/// Beginnings of paths that are open to whoever has a link.
const LINKS: [&str; 4] = ["/d/", "/s/", "/b/", "/api/v1/shares/public/"];
/// Paths that plan an upload, which may exceed a limit.
const PLANS: [&str; 3] = ["/api/v1/files", "/api/v1/files/batch", "/put/{path}"];
/// Paths without a limit of requests; operators and stores request them.
const UNLIMITED: [&str; 4] = ["/healthz", "/readyz", "/metrics", "/hooks/s3-events"];
/// Paths that are answered only to this machine.
const LOCAL: [&str; 2] = ["/metrics", "/readyz"];
/// Statuses with a code that usually has another status.
const ELSEWHERE: [(u16, ErrorCode); 2] = [
    (408, ErrorCode::BadRequest),
    (503, ErrorCode::TooManyRequests),
];

/// Answered before there is a request, and so without a body.
const HEAD_TOO_LARGE: StatusCode = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;

/// Replaces the errors that the handler states, and adds those that it does not state.
pub(super) fn complete(path: &str, method: &str, operation: &mut Operation) {
    let answers = &operation.responses.responses;
    let stated = answers.keys().filter_map(|code| code.parse::<u16>().ok());
    let stated = stated.filter(|code| *code >= 400);
    let codes: BTreeSet<u16> = stated.chain(possible(path, method, operation)).collect();
    let statuses = codes
        .into_iter()
        .filter_map(|code| StatusCode::from_u16(code).ok());
    for status in statuses {
        let page = media::error_pages(path).filter(|_| status != HEAD_TOO_LARGE);
        let answer = match page {
            Some(page) => RefOr::T(failure(status).content("text/html", page).build()),
            None => RefOr::Ref(Ref::from_response_name(name(status))),
        };
        let code = status.as_str().to_owned();
        operation.responses.responses.insert(code, answer);
    }
    media::complete_answers(path, operation);
}

fn possible(path: &str, method: &str, operation: &Operation) -> Vec<u16> {
    let has_key = operation.security.is_some();
    let is_link = LINKS.iter().any(|prefix| path.starts_with(prefix));
    let is_write = method != "get";
    let rules: [(bool, &[u16]); 10] = [
        // No host or several hosts, a head that is too large, a fault, too many connections.
        (true, &[400, 431, 500, 503]),
        (has_key, &[401, 403]),
        // Too many requests, guesses or unfinished uploads.
        (!UNLIMITED.contains(&path), &[429]),
        // A wrong password, a missing right, no such link, an expired link.
        (is_link, &[401, 403, 404, 410]),
        (path.contains('{') || LOCAL.contains(&path), &[404]),
        (media::has_json_body(operation), &[408, 413]),
        // Another request was faster.
        (is_write && (has_key || is_link), &[409]),
        // Even a read may record when its key was used, or complete an upload, on a full disk.
        (!LOCAL.contains(&path) && path != "/healthz", &[507]),
        (is_write && PLANS.contains(&path), &[413]),
        (path.ends_with("/{id}/status"), &[410, 422]),
    ];
    rules
        .into_iter()
        .filter(|(applies, _)| *applies)
        .flat_map(|(_, codes)| codes.iter().copied())
        .collect()
}

/// Returns the errors to which operations refer: (name, answer).
pub(super) fn components() -> impl Iterator<Item = (String, RefOr<Response>)> {
    let usual = ErrorCode::SENT.iter().map(|code| code.status());
    let others = ELSEWHERE.map(|(code, _)| code);
    let others = others.into_iter().chain([HEAD_TOO_LARGE.as_u16()]);
    let codes: BTreeSet<u16> = usual.chain(others).collect();
    codes
        .into_iter()
        .filter_map(|code| StatusCode::from_u16(code).ok())
        .map(|status| (name(status), failure(status).into()))
}

fn name(status: StatusCode) -> String {
    reason(status).replace(' ', "")
}

/// Returns an error as every handler answers it, with the codes that it may have.
fn failure(status: StatusCode) -> ResponseBuilder {
    if status == HEAD_TOO_LARGE {
        return ResponseBuilder::new().description(reason(status));
    }
    let usual = ErrorCode::SENT.iter().copied();
    let usual = usual.filter(|code| code.status() == status.as_u16());
    let others = ELSEWHERE
        .iter()
        .filter(|(code, _)| *code == status.as_u16());
    let codes: Vec<String> = usual
        .chain(others.map(|(_, code)| *code))
        .map(|code| format!("`{}`", code.as_str()))
        .collect();
    let body = Content::new(Some(Ref::from_schema_name("ErrorBody")));
    let answer = ResponseBuilder::new()
        .description(format!("{}: {}", reason(status), codes.join(", ")))
        .content("application/json", body);
    match status {
        StatusCode::UNAUTHORIZED => answer.header(
            "WWW-Authenticate",
            header(
                text(),
                "`Basic` if a program is asked for a link's password, else `Bearer`",
            ),
        ),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => answer.header(
            "Retry-After",
            header(seconds(), "seconds after which the request may be retried"),
        ),
        _ => answer,
    }
}

fn seconds() -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
        .minimum(Some(0))
}
