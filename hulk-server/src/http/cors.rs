//! Which pages of other origins may use the API. They send a key or a token, never the cookies of our pages.

use std::time::Duration;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderName, HeaderValue, Method, header};
use hulk_proto::{share::PASS_HEADER, trash::TRASHED_UNTIL_HEADER};
use tower::{Layer, ServiceExt};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::config::PublicUrl;

const API: &str = "/api/v1/";

/// Time for which a browser may remember the answer to a preflight request; none does for longer.
const MAX_AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// Headers of requests that carry credentials, beside the standard ones.
const CREDENTIALS: [&str; 3] = ["x-api-key", "x-hulk-user", PASS_HEADER];

/// Headers of answers that scripts may read, beside those that they always may.
const EXPOSED: [&str; 9] = [
    "location",
    "ratelimit",
    "ratelimit-policy",
    "repr-digest",
    "retry-after",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    TRASHED_UNTIL_HEADER,
];

/// Returns the rules for pages of `origins`; none if there are no such pages.
pub(crate) fn rules(origins: &[PublicUrl]) -> Option<CorsLayer> {
    if origins.is_empty() {
        return None;
    }
    let origins = origins.iter().map(PublicUrl::as_str);
    let origins = origins.filter_map(|origin| HeaderValue::from_str(origin).ok());
    let [api_key, user, pass] = CREDENTIALS.map(HeaderName::from_static);
    let rules = CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([
            Method::GET,
            Method::HEAD,
            Method::POST,
            Method::PUT,
            Method::DELETE,
        ])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            api_key,
            user,
            pass,
        ])
        .expose_headers(EXPOSED.map(HeaderName::from_static))
        .max_age(MAX_AGE);
    Some(rules)
}

/// Applies the rules to the API; pages and links are only for their own origin.
pub(crate) async fn apply(
    State(rules): State<CorsLayer>,
    request: Request,
    next: Next,
) -> Response {
    if !request.uri().path().starts_with(API) {
        return next.run(request).await;
    }
    let Ok(response) = rules.layer(next).oneshot(request).await;
    response
}
