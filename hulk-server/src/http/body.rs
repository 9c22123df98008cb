//! Bodies that are read whole: JSON and forms, never files.
//!
//! A body is read after the request's rights were looked at, up to its route's limit, for so long, and
//! within what all of them may hold in memory together, until the request is answered.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::extract::Request;
use http::StatusCode;
use http_body_util::BodyExt;
use hulk_proto::ErrorCode;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};

use crate::error::{Error, Result};

/// What every body may have without asking; almost all have less.
const FREE_BYTES: usize = 16 << 10;
/// What all bodies together may have beyond that, in units. Parsed, a body is a few times as large.
const UNIT_BYTES: usize = 16 << 10;
/// Those who have a key and those who have but a link do not take it from each other.
const UNITS: usize = (12 << 20) / UNIT_BYTES;
const UNITS_OF_LINKS: usize = (8 << 20) / UNIT_BYTES + 1;
/// Below this, requests come with a link.
const LINKS: &str = "/api/v1/shares/public/";
/// A whole body takes no longer, at whatever rate it comes.
const TIMEOUT: Duration = Duration::from_secs(120);

/// Memory that bodies share.
#[derive(Clone)]
pub(crate) struct Budget {
    of_keys: Arc<Semaphore>,
    of_links: Arc<Semaphore>,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            of_keys: Arc::new(Semaphore::new(UNITS)),
            of_links: Arc::new(Semaphore::new(UNITS_OF_LINKS)),
        }
    }
}

impl Budget {
    fn of(&self, path: &str) -> &Arc<Semaphore> {
        match path.starts_with(LINKS) {
            true => &self.of_links,
            false => &self.of_keys,
        }
    }
}

/// A request's part of the budget, in its extensions; whoever answers the request has it too, and drops
/// it with the answer: what was parsed lives as long.
#[derive(Clone, Default)]
pub(crate) struct Share(Arc<Mutex<Option<OwnedSemaphorePermit>>>);

impl Share {
    /// Takes what `total` bytes need.
    fn grow(&self, budget: &Arc<Semaphore>, total: usize) -> Result<()> {
        let mut units = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let held = units.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let needed = total.saturating_sub(FREE_BYTES).div_ceil(UNIT_BYTES);
        if needed <= held {
            return Ok(());
        }
        let more = u32::try_from(needed - held).unwrap_or(u32::MAX);
        let more = budget.clone().try_acquire_many_owned(more);
        let more = more.map_err(|_| busy())?;
        match &mut *units {
            Some(units) => units.merge(more),
            None => *units = Some(more),
        }
        Ok(())
    }
}

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

fn busy() -> Error {
    Error::new(
        ErrorCode::TooManyRequests,
        "the server has too many large requests to read at once; try again",
    )
    .with_status(StatusCode::SERVICE_UNAVAILABLE)
    .with_retry_after(Duration::from_secs(1))
}
