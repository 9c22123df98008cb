//! Answers that are made whole: JSON and pages, never files. A client who does not take one holds its memory
//! until the least rate ends the connection, so all of them share a budget.

use std::{sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http_body_util::BodyExt;
use hulk_proto::ErrorCode;
use hyper::body::Body as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::Error;

/// What every answer may have without asking; almost all have less.
const FREE_BYTES: u64 = 16 << 10;
/// What all larger ones together may have, in units.
const UNIT_BYTES: u64 = 16 << 10;
const UNITS: usize = (24 << 20) / UNIT_BYTES as usize;
/// Listings for strangers that are made at a time: each holds all its rows, and keeps the database busy.
const LISTINGS: usize = 2;

/// Memory that answers share.
#[derive(Clone)]
pub(crate) struct Answers {
    units: Arc<Semaphore>,
    listings: Arc<Semaphore>,
}

impl Default for Answers {
    fn default() -> Self {
        Self {
            units: Arc::new(Semaphore::new(UNITS)),
            listings: Arc::new(Semaphore::new(LISTINGS)),
        }
    }
}

impl Answers {
    /// Waits for the turn to make a listing, which lasts until it is dropped.
    pub(crate) async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        // It is never closed.
        self.listings.clone().acquire_owned().await.ok()
    }
}

/// An answer's bytes, and their part of the budget until they are out.
struct Held {
    bytes: Bytes,
    _units: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Answers 503 in place of an answer for which there is no memory.
pub(crate) async fn hold(State(answers): State<Answers>, response: Response) -> Response {
    let size = response.body().size_hint().exact();
    let Some(size) = size.filter(|size| *size > FREE_BYTES) else {
        return response;
    };
    let units = size.div_ceil(UNIT_BYTES).min(UNITS as u64) as u32;
    // Not waited for: it would be held all the while.
    let Ok(units) = answers.units.try_acquire_many_owned(units) else {
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

fn busy() -> Error {
    Error::new(
        ErrorCode::TooManyRequests,
        "the server has too many large answers under way; try again",
    )
    .with_status(http::StatusCode::SERVICE_UNAVAILABLE)
    .with_retry_after(Duration::from_secs(2))
}
