//! The threads that wait for the disk: so many, and never for a client.
//!
//! A transfer takes one for a block at a time and gives it back before it waits for its socket, so
//! that clients who stall hold none, however many they are.

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

/// Writes wait for the disk in fsync, many of which it does at once.
const THREADS: usize = 64;
/// How soon a thread must be free for the store to be taken as ready.
const READY_WITHIN: Duration = Duration::from_secs(2);

static PERMITS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(THREADS)));

/// Runs what waits for the disk off the async threads.
///
/// # Errors
/// Of the work; if it panics.
pub(super) async fn run<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    on_a_thread(work).await.map_err(io::Error::other)?
}

/// As `run`, in S3's terms.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> S3Result<T> + Send + 'static,
) -> S3Result<T> {
    on_a_thread(work)
        .await
        .map_err(|error| s3_error!(error, InternalError))?
}

/// Who asked may be gone before the work is done: the thread has the permit.
async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, JoinError> {
    // It is never closed.
    let permit = PERMITS.clone().acquire_owned().await;
    spawn_blocking(move || {
        let _permit = permit;
        work()
    })
    .await
}

/// Whether a thread is free soon.
pub(super) async fn is_ready() -> bool {
    let idle = run(|| Ok(()));
    tokio::time::timeout(READY_WITHIN, idle).await.is_ok()
}

/// A full disk is 507, so that clients can tell it.
pub(super) fn full() -> S3Error {
    let mut full = S3Error::with_message(
        S3ErrorCode::Custom("InsufficientStorage".into()),
        "the store's disk is full: it has no room for what is coming in",
    );
    full.set_status_code(http::StatusCode::INSUFFICIENT_STORAGE);
    full
}

/// An error of the disk in S3's terms.
pub(super) fn fault(error: io::Error) -> S3Error {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => full(),
        _ => {
            tracing::error!(%error, "the embedded store's disk failed");
            s3_error!(error, InternalError, "the store's disk failed")
        }
    }
}
