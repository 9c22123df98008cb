//! The async runtime, created only by commands that need it.

use std::future::Future;

use crate::error::{Error, Exit, Result};

/// Runs a command that handles interrupts itself.
pub(crate) fn block_on(command: impl Future<Output = Result<()>>) -> Result<()> {
    // One TLS backend for the whole program; a second call would only find the first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::failed(format!("cannot start: {error}")))?;
    let outcome = runtime.block_on(async {
        #[cfg(unix)]
        prepare();
        command.await
    });
    // A thread that still reads a pipe must not hold up the exit.
    runtime.shutdown_background();
    outcome
}

/// Raises the limit on open files, since transfers open many at once, and makes a file that becomes larger
/// than the shell allows an error, not the end of the program.
#[cfg(unix)]
fn prepare() {
    use rustix::process::{Resource, Signal, getrlimit, setrlimit};
    use tokio::signal::unix::{SignalKind, signal};
    let mut files = getrlimit(Resource::Nofile);
    files.current = files.maximum;
    let _ = setrlimit(Resource::Nofile, files);
    let _ = signal(SignalKind::from_raw(Signal::XFSZ.as_raw()));
}

/// Runs a command until it ends or the user interrupts it.
pub(crate) fn run(command: impl Future<Output = Result<()>>) -> Result<()> {
    block_on(async {
        tokio::select! {
            outcome = command => outcome,
            () = interrupted() => Err(Error::interrupted()),
        }
    })
}

/// Runs work that may wait for a disk or another process. An interrupted command does not wait for it.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Error::failed(error.to_string()))?
}

/// Like `run`, for commands that can be resumed.
pub(crate) fn run_resumable(command: impl Future<Output = Result<()>>) -> Result<()> {
    run(command).map_err(|error| match error.exit {
        Exit::Interrupted => error.with_hint(resume_hint()),
        _ => error,
    })
}

/// Returns the hint with the command that resumes this one. Keys are never among the arguments.
pub(crate) fn resume_hint() -> String {
    let arguments: Vec<String> = std::env::args()
        .enumerate()
        .map(|(index, argument)| match index {
            0 => "hulk".to_owned(),
            _ => argument,
        })
        .collect();
    match shlex::try_join(arguments.iter().map(String::as_str)) {
        Ok(command) => format!("resume with: {command}"),
        Err(_) => "run the same command again to resume".to_owned(),
    }
}

/// Resolves at the first SIGINT or SIGTERM after the call.
pub(crate) fn interrupted() -> impl Future<Output = ()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let interrupt = signal(SignalKind::interrupt());
        let terminate = signal(SignalKind::terminate());
        async move {
            match (interrupt, terminate) {
                (Ok(mut interrupt), Ok(mut terminate)) => tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                },
                _ => drop(tokio::signal::ctrl_c().await),
            }
        }
    }
    #[cfg(not(unix))]
    async {
        let _ = tokio::signal::ctrl_c().await;
    }
}
