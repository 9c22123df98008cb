//! `hulk`: put a file, get a link.

mod args;
mod client;
mod clipboard;
mod commands;
mod config;
mod credentials;
mod error;
mod printer;
mod progress;
mod session;
mod target;
mod transfer;

use std::process::ExitCode;

use clap::Parser;

use args::{Arguments, Command};
use error::{Error, Result};
use printer::Printer;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let printer = Printer::new(&arguments.global);
    let outcome = match &arguments.command {
        // What needs no network needs no runtime.
        Command::Completions { shell } => commands::completions::run(*shell),
        Command::Man { command } => commands::man::run(command.as_deref()),
        Command::KeepClipboard => clipboard::keep(),
        _ => with_runtime(&arguments, &printer),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            printer.error(&error);
            error.exit.into()
        }
    }
}

fn with_runtime(arguments: &Arguments, printer: &Printer) -> Result<()> {
    // One TLS backend for the whole program; a second call would only find the first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::failed(format!("cannot start: {error}")))?;
    let outcome = runtime.block_on(async {
        match &arguments.command {
            // They stop by themselves when asked to.
            #[cfg(feature = "serve")]
            Command::Serve(config) => commands::serve::run(printer, config).await,
            #[cfg(feature = "serve")]
            Command::Put(put) if put.serve => commands::serve::put(printer, put).await,
            _ => tokio::select! {
                outcome = commands::run(arguments, printer) => outcome,
                () = interrupted() => Err(Error::interrupted()),
            },
        }
    });
    // A thread that still reads a pipe must not hold up the exit.
    runtime.shutdown_background();
    outcome
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
