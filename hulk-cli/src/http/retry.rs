//! How long and how often a request is retried.

use std::{
    future::Future,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::waits;
use crate::error::{Again, Error, Result};

/// The first pause is at most this; each later one at most twice the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(20);
/// Limit for a first request, when nothing has been transferred yet: an unreachable server is reported soon.
const FIRST_CONTACT: Duration = Duration::from_secs(5);
/// How often a URL or plan that seems used up is requested again.
const RENEWALS: u32 = 4;
/// Longest time that a server may ask to wait.
const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);
/// Longest time that a request may wait in all because servers ask to.
const WAITED: Duration = Duration::from_secs(60 * 60);

/// A deadline that each success extends. Shared by all requests that transfer one file.
pub(crate) struct RetryPolicy {
    limit: Duration,
    last_success: Mutex<Instant>,
    /// Whether a request waits if the server asks to.
    waits: bool,
}

impl RetryPolicy {
    pub(crate) fn new(limit: Duration) -> Self {
        Self {
            limit,
            last_success: Mutex::new(Instant::now()),
            waits: true,
        }
    }

    pub(crate) fn of_first_contact(limit: Duration) -> Self {
        Self::new(limit.min(FIRST_CONTACT))
    }

    /// Makes a request that the server asks to repeat later fail at once.
    pub(crate) fn without_waits(self) -> Self {
        Self {
            waits: false,
            ..self
        }
    }

    /// Records a success, which puts the deadline a whole limit away again.
    pub(crate) fn succeeded(&self) {
        *self.lock() = Instant::now();
    }

    /// Repeats `attempt` until it succeeds, fails permanently, or the deadline passes; then returns the last
    /// error. Pauses have full jitter: a random part of a time that doubles. The deadline is for another side
    /// that does not answer: what must begin anew is only counted, since such an attempt may have sent much;
    /// and a wait that the server asks for does not count.
    pub(crate) async fn retry<T, F>(&self, mut attempt: impl FnMut() -> F) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        let (mut pause, mut renewals, mut waited) = (FIRST_PAUSE, 0, Duration::ZERO);
        let begin = Instant::now();
        loop {
            let error = match attempt().await {
                Ok(done) => {
                    self.succeeded();
                    return Ok(done);
                }
                Err(error) => error,
            };
            let jitter = pause.mul_f64(fastrand::f64());
            let wait = match error.again {
                Again::Never => return Err(error),
                Again::After(wait) => {
                    waited += wait;
                    if !self.waits || wait > LONGEST_WAIT || waited > WAITED {
                        // Whoever retries this as a part of something larger gives up too.
                        return Err(error.again(Again::Never));
                    }
                    waits::wait(wait, jitter).await;
                    continue;
                }
                Again::Anew if renewals == RENEWALS => return Err(error),
                Again::Anew => {
                    renewals += 1;
                    jitter
                }
                Again::Soon(least) => {
                    let wait = least.unwrap_or_default() + jitter;
                    let since = begin.max(*self.lock()).max(waits::end().unwrap_or(begin));
                    if since.elapsed() + wait > self.limit {
                        return Err(error);
                    }
                    wait
                }
            };
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

/// Reads `Retry-After`, in seconds as RFC 9110 allows.
pub(crate) fn retry_after(headers: &reqwest::header::HeaderMap) -> Again {
    let seconds = headers
        .get(reqwest::header::RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.trim().parse().ok());
    // No sum of it may overflow.
    let seconds = seconds.map(|seconds: u64| seconds.min(u64::from(u32::MAX)));
    Again::Soon(seconds.map(Duration::from_secs))
}

/// Error for a client that has given up.
pub(crate) fn gone() -> Error {
    Error::failed("another part of this transfer failed")
}
