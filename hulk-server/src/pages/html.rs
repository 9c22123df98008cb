//! HTML answers, and what browsers may do with them.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};

use super::assets;
use crate::{app::App, error::Error};

const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");

/// Properties of every page.
pub(super) struct Frame {
    pub assets: String,
    pub title: String,
    /// Whether a user is signed in.
    pub is_signed_in: bool,
}

impl Frame {
    pub(super) fn new(title: impl Into<String>, is_signed_in: bool) -> Self {
        Self {
            assets: assets::base(),
            title: title.into(),
            is_signed_in,
        }
    }
}

#[derive(Template)]
#[template(path = "error.html")]
struct Failure {
    frame: Frame,
    message: String,
}

/// Renders a page that may load only our own files, and connect only to us and the store. What holds for
/// every answer, `http::security` adds.
pub(super) fn page(app: &App, status: StatusCode, template: &impl Template) -> Response {
    let html = match template.render() {
        Ok(html) => html,
        Err(error) => return Error::internal(error).into_response(),
    };
    let mut response = (status, Html(html)).into_response();
    let store = &app.settings.store_origins;
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; worker-src 'self'; \
         connect-src 'self' {store}; form-action 'self' {store}; base-uri 'none'; \
         frame-ancestors 'none'"
    );
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        // Not "no-referrer": forms would have no Origin, which distinguishes ours from those of others.
        (header::REFERRER_POLICY, "same-origin"),
        (
            PERMISSIONS_POLICY,
            "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // Over plain http, browsers ignore it with a complaint.
    if app.settings.is_https() {
        headers.insert(OPENER_POLICY, HeaderValue::from_static("same-origin"));
    }
    if status == StatusCode::UNAUTHORIZED {
        // Every 401 has a challenge; for this one, browsers show no dialog over the page.
        let challenge = HeaderValue::from_static("Bearer");
        headers.insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

/// Renders an error as a page, with its status.
pub(crate) fn failure(app: &App, error: Error) -> Response {
    refusal(error, |status, message| {
        let frame = Frame::new("That did not work", false);
        page(app, status, &Failure { frame, message })
    })
}

/// Renders a page with the error's status and message, and adds the headers that say when to retry.
pub(super) fn refusal(
    error: Error,
    render: impl FnOnce(StatusCode, String) -> Response,
) -> Response {
    let (status, headers) = (error.status(), error.headers());
    let mut response = render(status, error.into_body().error.message);
    response.headers_mut().extend(headers);
    response
}
