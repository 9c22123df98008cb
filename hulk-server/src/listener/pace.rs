//! The minimum rate at which a client must send or receive bytes.

use std::{
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep_until};

/// The time over which the rate is measured; only time spent waiting for the client counts.
pub(crate) const WINDOW: Duration = Duration::from_secs(30);

/// Measures one direction of one transfer.
pub(crate) struct Pace {
    /// Bytes that must move within a window.
    needed: u64,
    moved: u64,
    waited: Duration,
    /// Start of the current wait for the client.
    since: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Pace {
    /// Creates a measurement against `rate`, in bytes per second.
    pub(crate) fn new(rate: u64) -> Self {
        Self {
            needed: rate.saturating_mul(WINDOW.as_secs()),
            moved: 0,
            waited: Duration::ZERO,
            since: None,
            timer: None,
        }
    }

    /// Records that bytes were sent or received.
    pub(crate) fn progressed(&mut self, bytes: usize) {
        if let Some(since) = self.since.take() {
            self.waited += since.elapsed();
        }
        self.moved = self.moved.saturating_add(bytes as u64);
        // A new window begins once enough bytes moved, so that a burst does not excuse a later stall.
        if self.moved >= self.needed {
            (self.moved, self.waited) = (0, Duration::ZERO);
        }
    }

    /// Waits while no bytes move; ready with an error once the client was too slow over a window.
    pub(crate) fn poll_wait(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        let since = *self.since.get_or_insert_with(Instant::now);
        let deadline = since + WINDOW.saturating_sub(self.waited);
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if timer.deadline() != deadline {
            timer.as_mut().reset(deadline);
        }
        timer.as_mut().poll(context).map(|()| too_slow())
    }
}

fn too_slow() -> io::Error {
    io::Error::new(
        io::ErrorKind::TimedOut,
        "the client sends or receives bytes too slowly",
    )
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    /// Returns how long a client is waited for that moves `bytes` every `interval`.
    async fn endured(rate: u64, bytes: usize, interval: Duration, most: Duration) -> Duration {
        let (mut pace, start) = (Pace::new(rate), Instant::now());
        while start.elapsed() < most {
            let wait = poll_fn(|context| pace.poll_wait(context));
            if tokio::time::timeout(interval, wait).await.is_ok() {
                return start.elapsed();
            }
            pace.progressed(bytes);
        }
        most
    }

    #[tokio::test(start_paused = true)]
    async fn who_moves_nothing_is_cut_after_a_window() {
        let second = Duration::from_secs(1);
        assert_eq!(endured(1024, 0, 100 * second, 200 * second).await, WINDOW);
        let found = endured(1024, 1023, second, 200 * second).await;
        assert!(found <= WINDOW + second, "{found:?}");
        let hour = 3600 * second;
        assert_eq!(endured(1024, 1100, second, hour).await, hour);
        assert_eq!(endured(1024, 40 << 10, 25 * second, hour).await, hour);
    }
}
