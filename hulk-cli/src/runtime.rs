//! The async runtime, made only by commands that need it.

use std::future::Future;

use crate::error::{Error, Exit, Result};

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

/// As `run`, for what can be gone on with.
pub(crate) fn run_resumable(command: impl Future<Output = Result<()>>) -> Result<()> {
    run(command).map_err(|error| match error.exit {
        Exit::Interrupted => error.with_hint(resume_hint()),
        _ => error,
    })
}

/// The command that was typed. Keys are never among the arguments.
pub(crate) fn resume_hint() -> String {
    let arguments: Vec<String> = std::env::args()
        .enumerate()
        .map(|(index, argument)| match index {
            0 => "hulk".to_owned(),
            _ => argument,
        })
        .collect();
    match shlex::try_join(arguments.iter().map(String::as_str)) {
        Ok(command) => format!("go on with: {command}"),
        Err(_) => "run the same command again to go on".to_owned(),
    }
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
