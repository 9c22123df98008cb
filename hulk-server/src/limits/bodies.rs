//! Memory that the bodies of requests share: JSON and forms, which are read as a whole.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use http::StatusCode;
use hulk_proto::ErrorCode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::{Error, Result};

/// Memory that every body may use without reserving it; almost all use less.
const FREE_BYTES: usize = 16 << 10;
/// Memory that all bodies together may use beyond that, in units. A parsed body is a few times as large.
const UNIT_BYTES: usize = 16 << 10;
/// Clients with a key and clients with only a link do not take it from each other.
const UNITS: usize = (12 << 20) / UNIT_BYTES;
const UNITS_OF_LINKS: usize = (8 << 20) / UNIT_BYTES + 1;
/// Prefix of the paths of requests that come with a link.
const LINKS: &str = "/api/v1/shares/public/";

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
    pub(crate) fn of(&self, path: &str) -> &Arc<Semaphore> {
        match path.starts_with(LINKS) {
            true => &self.of_links,
            false => &self.of_keys,
        }
    }
}

/// A request's part of the budget, in its extensions. The handler of the request holds it too, and drops it
/// with the answer: the parsed body lives as long.
#[derive(Clone, Default)]
pub(crate) struct Share(Arc<Mutex<Option<OwnedSemaphorePermit>>>);

impl Share {
    /// Reserves the memory that `total` bytes need.
    pub(crate) fn grow(&self, budget: &Arc<Semaphore>, total: usize) -> Result<()> {
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

fn busy() -> Error {
    Error::new(
        ErrorCode::TooManyRequests,
        "the server has too many large requests to read at once; try again",
    )
    .with_status(StatusCode::SERVICE_UNAVAILABLE)
    .with_retry_after(Duration::from_secs(1))
}
