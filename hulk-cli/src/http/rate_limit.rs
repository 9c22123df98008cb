//! `--limit-rate`: file bytes per second, over all connections together.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Time whose bytes may be sent at once after a pause.
const BURST: Duration = Duration::from_millis(100);

const BLOCKS_PER_SECOND: u64 = 8;

/// A virtual clock: each byte advances it by its share of a second, and a transfer that is ahead of the real
/// clock waits (the generic cell rate algorithm).
pub(crate) struct RateLimit {
    bytes_per_second: Option<u64>,
    clock: Mutex<Instant>,
}

impl RateLimit {
    pub(crate) fn none() -> Self {
        Self {
            bytes_per_second: None,
            clock: Mutex::new(Instant::now()),
        }
    }

    /// `bytes_per_second` is at least 1.
    pub(crate) fn new(bytes_per_second: u64) -> Self {
        Self {
            bytes_per_second: Some(bytes_per_second.max(1)),
            ..Self::none()
        }
    }

    /// Returns how many bytes to send at once, at most `most`: few enough that a slow rate is no stall.
    pub(crate) fn block_bytes(&self, most: usize) -> usize {
        let share = self.bytes_per_second.map(|rate| rate / BLOCKS_PER_SECOND);
        share.map_or(most, |share| most.min(share.max(1) as usize))
    }

    /// Waits until `bytes` may be transferred.
    pub(crate) async fn take(&self, bytes: usize) {
        let Some(rate) = self.bytes_per_second else {
            return;
        };
        let cost = Duration::from_secs_f64(bytes as f64 / rate as f64);
        let due = {
            let now = Instant::now();
            let mut clock = self.clock.lock().unwrap_or_else(PoisonError::into_inner);
            let earliest = now.checked_sub(BURST).unwrap_or(now);
            *clock = (*clock).max(earliest) + cost;
            *clock
        };
        tokio::time::sleep_until(due.into()).await;
    }
}
