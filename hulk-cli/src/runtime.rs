//! The async runtime, made only by commands that need it.

use std::future::Future;

use crate::error::{Error, Result};

/// Runs a command that stops by itself when asked to.
pub(crate) fn block_on(command: impl Future<Output = Result<()>>) -> Result<()> {
    // One TLS backend for the whole program; a second call would only find the first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::failed(format!("cannot start: {error}")))?;
    let outcome = runtime.block_on(command);
    // A thread that still reads a pipe must not hold up the exit.
    runtime.shutdown_background();
    outcome
}

/// Runs a command until it ends or the user has enough of it.
pub(crate) fn run(command: impl Future<Output = Result<()>>) -> Result<()> {
    block_on(async {
        tokio::select! {
            outcome = command => outcome,
            () = interrupted() => Err(Error::interrupted()),
        }
    })
}

/// Resolves at SIGINT or SIGTERM.
async fn interrupted() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = interrupt.await;
}
