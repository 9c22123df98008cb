//! The store on the server's port: what HTTP clients need around the S3 service.

use axum::{
    body::Body,
    extract::Request,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use s3s::service::S3Service;

/// Pages of other origins may send parts and read their ETags: a presigned URL grants what it
/// grants to whoever has it, and there are no cookies here.
const CORS: [(&str, &str); 4] = [
    ("access-control-allow-origin", "*"),
    ("access-control-allow-methods", "GET, HEAD, PUT"),
    ("access-control-allow-headers", "*"),
    (
        "access-control-expose-headers",
        "ETag, Content-Length, Content-Range, Content-Disposition",
    ),
];

/// User content must not run in this origin, whatever a browser makes of it.
const SANDBOX: [(&str, &str); 3] = [
    ("x-content-type-options", "nosniff"),
    (
        "content-security-policy",
        "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    ),
    ("cross-origin-resource-policy", "cross-origin"),
];

/// Answers a request for the bucket. `host` is the public URL's, for which URLs are signed: a proxy
/// in between may have changed the header.
pub(crate) async fn front(service: S3Service, host: HeaderValue, mut request: Request) -> Response {
    if request.method() == Method::OPTIONS {
        return with_headers(StatusCode::NO_CONTENT.into_response());
    }
    let headers = request.headers_mut();
    headers.insert(header::HOST, host);
    drop_bearer(headers);
    // Not to say a length is to say 0, and a URL is signed for a length.
    if !headers.contains_key(header::TRANSFER_ENCODING) {
        headers
            .entry(header::CONTENT_LENGTH)
            .or_insert(HeaderValue::from_static("0"));
    }
    let answered = service.call(request.map(s3s::Body::http_body_unsync)).await;
    match answered {
        Ok(response) => with_headers(response.map(Body::new)),
        Err(error) => {
            tracing::error!(?error, "the embedded store failed");
            with_headers(StatusCode::INTERNAL_SERVER_ERROR.into_response())
        }
    }
}

/// `curl -L` sends its key, or a link's password, along when a redirect stays on one host; the URL
/// alone counts here.
fn drop_bearer(headers: &mut HeaderMap) {
    let is_ours = headers.get(header::AUTHORIZATION).is_some_and(|value| {
        let value = value.as_bytes().to_ascii_lowercase();
        value.starts_with(b"bearer ") || value.starts_with(b"basic ")
    });
    if is_ours {
        headers.remove(header::AUTHORIZATION);
    }
}

fn with_headers(mut response: Response) -> Response {
    for (name, value) in CORS.into_iter().chain(SANDBOX) {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}
