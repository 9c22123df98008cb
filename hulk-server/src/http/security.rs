//! Headers of every answer that limit what browsers do with it. Pages and the embedded store add their own.

use axum::{extract::State, response::Response};
use http::{HeaderMap, HeaderName, HeaderValue, header};

pub(crate) const RESOURCE_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-resource-policy");

/// Headers that an answer has unless it says otherwise.
const DEFAULTS: [(HeaderName, &str); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // A URL may contain the token of a share, or a signature.
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (RESOURCE_POLICY, "same-origin"),
];

/// A year, and not for subdomains, which may be other people's.
const TRANSPORT: &str = "max-age=31536000";

/// Adds the headers, and with `is_https` the one that keeps browsers from coming back over plain http.
pub(crate) async fn secure(State(is_https): State<bool>, mut response: Response) -> Response {
    let headers = response.headers_mut();
    add_defaults(headers);
    if is_https {
        let transport = HeaderValue::from_static(TRANSPORT);
        headers.insert(header::STRICT_TRANSPORT_SECURITY, transport);
    }
    response
}

/// Adds the headers that do not depend on how the server is reached.
pub(crate) fn add_defaults(headers: &mut HeaderMap) {
    for (name, value) in DEFAULTS {
        let value = HeaderValue::from_static(value);
        headers.entry(name).or_insert(value);
    }
}
