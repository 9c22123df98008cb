//! Moves bytes. Nothing here prints: a `Watcher` is told how far it is.

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

/// What is asked for at once of a download: what is lost at most, for each connection, when the
/// program is killed.
const RANGE_BYTES: u64 = 4 << 20;
/// What one transfer may hold in memory of a file.
const MEMORY_BYTES: u64 = 64 << 20;
/// The largest part that is held in memory; larger ones are read when they are sent.
const MEMORY_PART_BYTES: u64 = 16 << 20;

/// What the user says of how to transfer.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Options {
    /// Connections at a time; found out if `None`.
    pub(crate) parallel: Option<usize>,
    pub(crate) part_size: Option<u64>,
}

/// What a caller learns on the way.
pub(crate) trait Watcher: Send + Sync {
    /// So many bytes more are through, or were there already.
    fn moved(&self, bytes: u64);
    /// So many of them have to be moved again.
    fn undone(&self, bytes: u64);
    /// All of them: the transfer begins again.
    fn restart(&self);
    /// What is done when no bytes move.
    fn phase(&self, phase: &'static str);
    /// Something that the user should know, once.
    fn note(&self, note: &str);
}

/// Counts bytes, so that a stall can be told from a slow line.
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
