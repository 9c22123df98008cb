//! The threads that wait for the disk: a limited number, and never for a client.
//!
//! A transfer takes one for a block at a time and releases it before it waits for its socket, so that
//! clients that stall hold none, however many there are.

use std::{
    io,
    sync::{Arc, LazyLock},
    time::Duration,
};

use s3s::{S3Error, S3ErrorCode, S3Result, s3_error};
use tokio::{
    sync::Semaphore,
    task::{JoinError, spawn_blocking},
};

/// Number of threads: writes wait for the disk in fsync, of which it handles many at once.
const THREADS: usize = 64;
/// How soon a thread must be free for the store to count as ready.
const READY_WITHIN: Duration = Duration::from_secs(2);

static PERMITS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(THREADS)));

/// Runs work that waits for the disk outside the async threads.
///
/// # Errors
/// Those of the work, and if it panics.
pub(super) async fn run<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    on_a_thread(work).await.map_err(io::Error::other)?
}

/// Like `run`, with S3's errors.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> S3Result<T> + Send + 'static,
) -> S3Result<T> {
    on_a_thread(work)
        .await
        .map_err(|error| s3_error!(error, InternalError))?
}

/// Runs work on a thread. The thread holds the permit, since the caller may be gone before it is done.
async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, JoinError> {
    // The semaphore is never closed.
    let permit = PERMITS.clone().acquire_owned().await;
    spawn_blocking(move || {
        let _permit = permit;
        work()
    })
    .await
}

/// Whether a thread becomes free soon.
pub(super) async fn is_ready() -> bool {
    let idle = run(|| Ok(()));
    tokio::time::timeout(READY_WITHIN, idle).await.is_ok()
}

/// Error for a full disk: 507, so that clients can recognise it.
pub(super) fn full() -> S3Error {
    let mut full = S3Error::with_message(
        S3ErrorCode::Custom("InsufficientStorage".into()),
        "the store's disk is full: it has no room for the upload",
    );
    full.set_status_code(http::StatusCode::INSUFFICIENT_STORAGE);
    full
}

/// Converts an error of the disk to one of S3's.
pub(super) fn fault(error: io::Error) -> S3Error {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => full(),
        _ => {
            tracing::error!(%error, "the embedded store's disk failed");
            s3_error!(error, InternalError, "the store's disk failed")
        }
    }
}
