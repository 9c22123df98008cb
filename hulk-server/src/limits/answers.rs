//! Memory that answers share: JSON and pages, which are built as a whole.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Memory that every answer may use without reserving it; almost all use less.
pub(crate) const FREE_BYTES: u64 = 16 << 10;
/// Memory that all larger answers together may use, in units.
const UNIT_BYTES: u64 = 16 << 10;
const UNITS: usize = (24 << 20) / UNIT_BYTES as usize;
/// How many listings are made at a time: each holds all its rows, and keeps the database busy.
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
    /// Reserves the memory that an answer of `size` bytes needs; returns `None` if there is not enough at the
    /// moment. Does not wait for it: the answer would be held in memory all the while.
    pub(crate) fn take(&self, size: u64) -> Option<OwnedSemaphorePermit> {
        let units = size.div_ceil(UNIT_BYTES).min(UNITS as u64) as u32;
        self.units.clone().try_acquire_many_owned(units).ok()
    }

    /// Waits for the turn to make a listing, which lasts until the permit is dropped.
    pub(crate) async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        // It is never closed.
        self.listings.clone().acquire_owned().await.ok()
    }
}
