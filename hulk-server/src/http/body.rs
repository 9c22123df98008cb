//! Bodies that are read whole: JSON and forms, never files.
//!
//! A body is read after the request's rights were checked, up to its route's limit, within a deadline and
//! within the memory that all bodies share until their requests are answered.

use std::time::Duration;

use axum::extract::Request;
use http::StatusCode;
use http_body_util::BodyExt;
use hulk_proto::ErrorCode;
use tokio::time::Instant;

use crate::{
    error::{Error, Result},
    limits::bodies::{Budget, Share},
};

/// Longest time for a whole body, at whatever rate it arrives.
const TIMEOUT: Duration = Duration::from_secs(120);

/// Reads a whole body of at most `limit` bytes.
///
/// # Errors
/// `PAYLOAD_TOO_LARGE`; `BAD_REQUEST` if it breaks off, with 408 if it stalls; `TOO_MANY_REQUESTS`
/// with 503 if there is no memory for it at the moment.
pub(crate) async fn read(request: Request, limit: usize, budget: &Budget) -> Result<Vec<u8>> {
    let deadline = Instant::now() + TIMEOUT;
    let share = request.extensions().get::<Share>().cloned();
    let share = share.unwrap_or_default();
    let budget = budget.of(request.uri().path()).clone();
    let mut body = request.into_body();
    let mut bytes = Vec::new();
    while let Some(frame) = tokio::time::timeout_at(deadline, body.frame())
        .await
        .map_err(|_| stalled())?
    {
        let Ok(data) = frame.map_err(|error| broken(&error))?.into_data() else {
            continue;
        };
        let total = bytes.len() + data.len();
        if total > limit {
            return Err(Error::new(
                ErrorCode::PayloadTooLarge,
                format!("the body is larger than {} KiB", limit >> 10),
            ));
        }
        share.grow(&budget, total)?;
        bytes.extend_from_slice(&data);
    }
    Ok(bytes)
}

fn broken(error: &axum::Error) -> Error {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        let io = error.downcast_ref::<std::io::Error>();
        if io.is_some_and(|io| io.kind() == std::io::ErrorKind::TimedOut) {
            return stalled();
        }
        cause = error.source();
    }
    Error::new(
        ErrorCode::BadRequest,
        "the connection broke off before the end of the body",
    )
}

fn stalled() -> Error {
    Error::new(
        ErrorCode::BadRequest,
        "the body arrived too slowly; send it again",
    )
    .with_status(StatusCode::REQUEST_TIMEOUT)
}
