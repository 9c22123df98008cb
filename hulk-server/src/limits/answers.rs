//! Memory that answers share: JSON and pages, which are made whole.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What every answer may have without asking; almost all have less.
pub(crate) const FREE_BYTES: u64 = 16 << 10;
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
    /// Takes what an answer of `size` bytes needs; `None` if there is no memory for it at the moment. It is
    /// not waited for: the answer would be held all the while.
    pub(crate) fn take(&self, size: u64) -> Option<OwnedSemaphorePermit> {
        let units = size.div_ceil(UNIT_BYTES).min(UNITS as u64) as u32;
        self.units.clone().try_acquire_many_owned(units).ok()
    }

    /// Waits for the turn to make a listing, which lasts until it is dropped.
    pub(crate) async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        // It is never closed.
        self.listings.clone().acquire_owned().await.ok()
    }
}
