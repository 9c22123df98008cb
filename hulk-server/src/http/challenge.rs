//! How a link asks a program for its password (RFC 7617).
//!
//! wget, urllib and `curl --anyauth` send a password only to a server that has asked for it like this. The
//! API keeps `Bearer`: scripts of our pages call it, and a browser would put its dialog over the page.

use axum::{extract::Request, middleware::Next, response::Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::negotiate::wants_page;

const BASIC: &str = r#"Basic realm="Hulkastorus link", charset="UTF-8""#;

/// Replaces the challenge of a 401, which on the routes of links is always about a password.
pub(crate) async fn ask_for_password(request: Request, next: Next) -> Response {
    let is_browser = is_browser(request.headers());
    let mut response = next.run(request).await;
    if response.status() == StatusCode::UNAUTHORIZED && !is_browser {
        let challenge = HeaderValue::from_static(BASIC);
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

/// Whether a browser sent the request: it has our page for a password. Only browsers send `Sec-Fetch-Dest`,
/// also for a picture or a video.
fn is_browser(headers: &HeaderMap) -> bool {
    wants_page(headers) || headers.contains_key("sec-fetch-dest")
}
