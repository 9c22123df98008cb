//! How many connections a transfer uses: as many as make it faster.

use std::time::{Duration, Instant};

const AT_FIRST: usize = 4;
const MOST: usize = 16;
/// The rate is measured for at least this long, and for a whole round of parts.
const ROUND: Duration = Duration::from_secs(1);
/// Factor by which one more connection has to raise the rate.
const GAIN: f64 = 1.08;

/// Adds one connection per round while the rate rises, and removes one when it falls.
pub(crate) struct Concurrency {
    limit: usize,
    is_fixed: bool,
    best: f64,
    round: Instant,
    bytes: u64,
    parts: usize,
}

impl Concurrency {
    pub(crate) fn new(parallel: Option<usize>) -> Self {
        Self {
            limit: parallel.unwrap_or(AT_FIRST).max(1),
            is_fixed: parallel.is_some(),
            best: 0.0,
            round: Instant::now(),
            bytes: 0,
            parts: 0,
        }
    }

    /// Number of parts that may be in transit at once.
    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    /// Records a part of `bytes` that was transferred.
    pub(crate) fn moved(&mut self, bytes: u64) {
        self.bytes += bytes;
        self.parts += 1;
        let elapsed = self.round.elapsed();
        if self.is_fixed || elapsed < ROUND || self.parts < 2 * self.limit {
            return;
        }
        let rate = self.bytes as f64 / elapsed.as_secs_f64();
        if rate > self.best * GAIN {
            self.best = rate;
            self.limit = (self.limit + 1).min(MOST);
        } else if rate * GAIN < self.best {
            // The connection has changed; the best rate so far no longer applies.
            self.best = rate;
            self.limit = (self.limit - 1).max(2);
        }
        (self.round, self.bytes, self.parts) = (Instant::now(), 0, 0);
    }
}
