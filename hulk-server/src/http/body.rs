//! Bodies that are read whole: JSON and forms, never files.
//!
//! A body is read after the request's rights were looked at, up to its route's limit, for so long, and
//! within what all of them may hold in memory together, until the request is answered.

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

/// A whole body takes no longer, at whatever rate it comes.
const TIMEOUT: Duration = Duration::from_secs(120);

/// All of a body of at most `limit` bytes.
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
    Error::new(ErrorCode::BadRequest, "the body broke off")
}

fn stalled() -> Error {
    Error::new(
        ErrorCode::BadRequest,
        "the body came too slowly; send it again",
    )
    .with_status(StatusCode::REQUEST_TIMEOUT)
}
