//! Moves bytes. Nothing here prints: a `Watcher` is told how far it is.

pub(crate) mod download;
pub(crate) mod source;
pub(crate) mod upload;

use std::{
    future::Future,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// What goes to a thread and the disk at once.
const BLOCK_BYTES: usize = 1 << 20;
/// Blocks between the network and the disk: what a transfer holds in memory.
const BLOCKS_IN_FLIGHT: usize = 4;
/// A transfer that moves nothing for so long is stuck.
const STALL_TIMEOUT: Duration = Duration::from_secs(60);

/// What a caller learns on the way.
pub(crate) trait Watcher: Send + Sync {
    fn moved(&self, bytes: u64);
    /// All bytes moved; what is left is to make sure of them.
    fn checking(&self);
}

/// Counts bytes, so that a stall can be told from a slow line.
#[derive(Default)]
struct Meter(AtomicU64);

impl Meter {
    fn add(&self, bytes: usize) {
        self.0.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Runs `work` for as long as bytes move; `None` if they stopped.
    async fn watch<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::pin!(work);
        let mut seen = self.0.load(Ordering::Relaxed);
        loop {
            match tokio::time::timeout(STALL_TIMEOUT, &mut work).await {
                Ok(done) => return Some(done),
                Err(_) => {
                    let now = self.0.load(Ordering::Relaxed);
                    if now == seen {
                        return None;
                    }
                    seen = now;
                }
            }
        }
    }
}
