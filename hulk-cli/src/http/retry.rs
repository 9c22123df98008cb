//! How long and how often a request is tried again.

use std::{
    future::Future,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::error::{Again, Error, Result};

/// The first pause is at most this; each later one at most twice the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(20);
/// For a request that nothing depends on yet: who has not begun hears soon that nobody answers.
const FIRST_CONTACT: Duration = Duration::from_secs(5);
/// What seems used up is asked for anew this often.
const RENEWALS: u32 = 4;

/// A deadline that moves on with each success. Shared by all that move one file.
pub(crate) struct RetryPolicy {
    limit: Duration,
    last_success: Mutex<Instant>,
}

impl RetryPolicy {
    pub(crate) fn new(limit: Duration) -> Self {
        Self {
            limit,
            last_success: Mutex::new(Instant::now()),
        }
    }

    pub(crate) fn of_first_contact(limit: Duration) -> Self {
        Self::new(limit.min(FIRST_CONTACT))
    }

    /// Something went well: the deadline is a whole limit away again.
    pub(crate) fn succeeded(&self) {
        *self.lock() = Instant::now();
    }

    /// Does it until it works, is refused for good, or the deadline is over; then answers the last
    /// error. Pauses have full jitter: a random part of a time that doubles.
    pub(crate) async fn retry<T, F>(&self, mut attempt: impl FnMut() -> F) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        let (mut pause, mut renewals) = (FIRST_PAUSE, 0);
        let begin = Instant::now();
        loop {
            let error = match attempt().await {
                Ok(done) => {
                    self.succeeded();
                    return Ok(done);
                }
                Err(error) => error,
            };
            let least = match error.again {
                Again::Never => return Err(error),
                Again::Anew if renewals == RENEWALS => return Err(error),
                Again::Anew => {
                    renewals += 1;
                    Duration::ZERO
                }
                Again::Soon(least) => least.unwrap_or_default(),
            };
            let wait = least + pause.mul_f64(fastrand::f64());
            let since = begin.max(*self.lock());
            if since.elapsed() + wait > self.limit {
                return Err(error);
            }
            tokio::time::sleep(wait).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Instant> {
        self.last_success
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// An answer that says to come back, as RFC 9110 has it in seconds.
pub(crate) fn retry_after(headers: &reqwest::header::HeaderMap) -> Again {
    let seconds = headers
        .get(reqwest::header::RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.trim().parse().ok());
    Again::Soon(seconds.map(Duration::from_secs))
}

/// The error of who is asked for nothing any more.
pub(crate) fn gone() -> Error {
    Error::failed("another part of this transfer failed")
}
