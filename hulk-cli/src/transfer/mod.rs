//! Moves bytes. Nothing here prints: progress is reported to a `Watcher`.

mod body;
pub(crate) mod buffers;
pub(crate) mod concurrency;
pub(crate) mod download;
mod records;
pub(crate) mod store;
pub(crate) mod unfinished;
pub(crate) mod upload;

use std::{
    future::Future,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// Size of one range request of a download: each connection loses at most this when the program is killed.
const RANGE_BYTES: u64 = 4 << 20;
/// Bytes of a file that one transfer may hold in memory.
const MEMORY_BYTES: u64 = 64 << 20;
/// Size of the largest part that is held in memory; larger ones are read when they are sent.
const MEMORY_PART_BYTES: u64 = 16 << 20;

/// Options of a transfer, as the user gave them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Options {
    /// Number of parallel connections; adaptive if `None`.
    pub(crate) parallel: Option<usize>,
    pub(crate) part_size: Option<u64>,
}

/// Receives the progress of a transfer.
pub(crate) trait Watcher: Send + Sync {
    /// `bytes` more were transferred, or were already at the target.
    fn moved(&self, bytes: u64);
    /// `bytes` of them have to be transferred again.
    fn undone(&self, bytes: u64);
    /// All bytes have to be transferred again: the transfer starts over.
    fn restart(&self);
    /// Names the current work when no bytes move.
    fn phase(&self, phase: &'static str);
    /// Reports something that the user should know, once.
    fn note(&self, note: &str);
}

/// Counts bytes, to distinguish a stall from a slow connection.
#[derive(Default)]
struct Meter(AtomicU64);

impl Meter {
    fn add(&self, bytes: u64) {
        self.0.fetch_add(bytes, Ordering::Relaxed);
    }

    fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Runs `work` for as long as bytes move; `None` if they stopped for `stall`.
    async fn watch<T>(&self, stall: Duration, work: impl Future<Output = T>) -> Option<T> {
        tokio::pin!(work);
        let mut seen = self.count();
        loop {
            match tokio::time::timeout(stall, &mut work).await {
                Ok(done) => return Some(done),
                Err(_) if self.count() == seen => return None,
                Err(_) => seen = self.count(),
            }
        }
    }
}
