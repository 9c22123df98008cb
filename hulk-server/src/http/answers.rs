//! Answers that are built in memory: JSON and pages, never files. A client that does not read its answer
//! holds memory until the minimum rate ends the connection, so all answers share a budget.

use std::time::Duration;

use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderValue, header};
use http_body_util::BodyExt;
use hulk_proto::ErrorCode;
use hyper::body::Body as _;
use tokio::sync::OwnedSemaphorePermit;

use crate::{
    error::Error,
    limits::answers::{Answers, FREE_BYTES},
};

/// Bytes of an answer, and their part of the budget until they are sent.
struct Held {
    bytes: Bytes,
    _units: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Replaces an answer for which there is no memory by a 503.
pub(crate) async fn hold(State(answers): State<Answers>, response: Response) -> Response {
    let size = response.body().size_hint().exact();
    let Some(size) = size.filter(|size| *size > FREE_BYTES) else {
        return response;
    };
    let Some(units) = answers.take(size) else {
        return busy().into_response();
    };
    let (parts, body) = response.into_parts();
    match body.collect().await {
        Ok(body) => {
            let held = Held {
                bytes: body.to_bytes(),
                _units: units,
            };
            Response::from_parts(parts, Body::from(Bytes::from_owner(held)))
        }
        Err(error) => Error::internal(error).into_response(),
    }
}

/// Forbids caching where an answer does not say otherwise: it is only for its caller, may set cookies, and is
/// only valid now.
pub(crate) async fn uncached(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

fn busy() -> Error {
    Error::new(
        ErrorCode::TooManyRequests,
        "the server is sending too many large answers; try again",
    )
    .with_status(http::StatusCode::SERVICE_UNAVAILABLE)
    .with_retry_after(Duration::from_secs(2))
}
