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
    let outcome = runtime.block_on(async {
        #[cfg(unix)]
        prepare();
        command.await
    });
    // A thread that still reads a pipe must not hold up the exit.
    runtime.shutdown_background();
    outcome
}

/// Many files at once are many open ones; and a file that becomes larger than the shell allows is an error,
/// not the end of the program.
#[cfg(unix)]
fn prepare() {
    use rustix::process::{Resource, Signal, getrlimit, setrlimit};
    use tokio::signal::unix::{SignalKind, signal};
    let mut files = getrlimit(Resource::Nofile);
    files.current = files.maximum;
    let _ = setrlimit(Resource::Nofile, files);
    let _ = signal(SignalKind::from_raw(Signal::XFSZ.as_raw()));
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

/// Runs work that may wait for a disk or another process. A command that is interrupted does not wait for
/// its end.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Error::failed(error.to_string()))?
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
