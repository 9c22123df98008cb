//! The store on the server's port: what HTTP clients need in addition to the S3 service.

use axum::{
    body::Body,
    extract::Request,
    response::{IntoResponse, Response},
};
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use s3s::service::S3Service;

use super::{
    conditions::Conditions,
    guard::{self, Refusal},
};

/// Headers of a PUT that S3 stores and sends with the object.
const DESCRIBING: [HeaderName; 6] = [
    header::CACHE_CONTROL,
    header::CONTENT_DISPOSITION,
    header::CONTENT_ENCODING,
    header::CONTENT_LANGUAGE,
    header::CONTENT_TYPE,
    header::EXPIRES,
];

/// Headers that let pages of other origins send parts and read their ETags: a presigned URL works for
/// whoever has it, and there are no cookies here.
const CORS: [(&str, &str); 4] = [
    ("access-control-allow-origin", "*"),
    ("access-control-allow-methods", "GET, HEAD, PUT"),
    ("access-control-allow-headers", "*"),
    (
        "access-control-expose-headers",
        "ETag, Content-Length, Content-Range, Content-Disposition",
    ),
];

/// Headers that keep user content from running in this origin, whatever a browser takes it for. Pages of
/// other origins may embed it.
const SANDBOX: [(&str, &str); 2] = [
    (
        "content-security-policy",
        "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    ),
    ("cross-origin-resource-policy", "cross-origin"),
];

/// Answers a preflight request, which the S3 service need not see.
pub(crate) fn preflight() -> Response {
    with_headers(StatusCode::NO_CONTENT.into_response())
}

/// Builds a refusal in S3's format, which the clients of a store understand.
pub(crate) fn refuse(status: StatusCode, code: &str, message: &str) -> Response {
    let xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    );
    let kind = [(header::CONTENT_TYPE, "application/xml")];
    with_headers((status, kind, xml).into_response())
}

/// Whether the request is signed by its query.
pub(crate) fn is_presigned(request: &Request) -> bool {
    let query = request.uri().query().unwrap_or_default();
    url::form_urlencoded::parse(query.as_bytes()).any(|(name, _)| {
        ["x-amz-signature", "signature"]
            .iter()
            .any(|signature| name.eq_ignore_ascii_case(signature))
    })
}

/// Returns the answer to a request that is not let through.
pub(crate) fn refusal(request: &Request) -> Option<Response> {
    let checked = guard::check(request.method(), request.uri(), request.headers());
    Some(match checked.err()? {
        Refusal::Method => {
            let code = "MethodNotAllowed";
            let status = StatusCode::METHOD_NOT_ALLOWED;
            let mut response = refuse(status, code, "a presigned URL is for GET, HEAD or PUT");
            let allowed = HeaderValue::from_static("GET, HEAD, PUT, OPTIONS");
            response.headers_mut().insert(header::ALLOW, allowed);
            response
        }
        Refusal::NotSigned => refuse(
            StatusCode::FORBIDDEN,
            "AccessDenied",
            "the URL is not signed: request a presigned URL from the server",
        ),
        Refusal::UnsignedHeader => refuse(
            StatusCode::FORBIDDEN,
            "AccessDenied",
            "a header that is not signed, or appears twice, may not be sent with this URL",
        ),
    })
}

/// Answers an admitted request for the bucket. `host` is the one for which the URL was signed: a proxy in
/// between may have changed the header.
pub(crate) async fn front(service: S3Service, host: HeaderValue, mut request: Request) -> Response {
    let is_read = request.method() != Method::PUT;
    let headers = request.headers_mut();
    headers.insert(header::HOST, host);
    // `curl -L` also sends its key, or a link's password, when a redirect stays on one host; only the
    // URL counts here.
    headers.remove(header::AUTHORIZATION);
    if is_read {
        let conditions = Conditions::take(headers);
        request.extensions_mut().insert(conditions);
    } else {
        // These headers are not signed, and an object is served as its row says.
        DESCRIBING
            .iter()
            .for_each(|name| drop(headers.remove(name)));
        // A missing length means 0, and a URL is signed for a length.
        if !headers.contains_key(header::TRANSFER_ENCODING) {
            headers
                .entry(header::CONTENT_LENGTH)
                .or_insert(HeaderValue::from_static("0"));
        }
    }
    with_headers(serve(service, request).await)
}

/// Answers a request of a client that has the store's keys, as any S3 store does.
pub(crate) async fn serve(service: S3Service, request: Request) -> Response {
    let answered = service.call(request.map(s3s::Body::http_body_unsync)).await;
    match answered {
        // RFC 9110, section 8.6: the length of an error's XML would be taken for the object's. A body
        // of unknown length has none.
        Ok(response) if response.status() == StatusCode::NOT_MODIFIED => {
            let nothing = futures_util::stream::empty::<Result<bytes::Bytes, std::io::Error>>();
            response.map(|_| Body::from_stream(nothing))
        }
        Ok(response) => response.map(Body::new),
        Err(error) => {
            tracing::error!(?error, "the embedded store failed");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
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
