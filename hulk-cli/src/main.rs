//! `hulk`: put a file, get a link.

mod args;
mod attributes;
mod client;
mod clipboard;
mod commands;
mod config;
mod context;
mod credentials;
mod error;
pub(crate) mod file_io;
mod format;
mod http;
mod output;
mod path_filter;
mod printer;
mod progress;
mod runtime;
mod share_link;
mod target;
mod text;
mod transfer;
mod waiting;
mod walk;

use std::process::ExitCode;

use clap::Parser as _;

use args::{Arguments, Global};
use error::{Error, Exit};
use printer::Printer;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return refuse(&error),
    };
    let printer = Printer::new(&arguments.global, arguments.command.only_lists());
    let teller = printer.clone();
    http::waits::tell_with(move |line| teller.note(line));
    match commands::run(&arguments, &printer).and_then(|()| printer.check()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            printer.error(&error);
            error.exit.into()
        }
    }
}

/// Handles arguments that do not parse, or that ask for help.
fn refuse(error: &clap::Error) -> ExitCode {
    let wants_json = std::env::args_os().any(|argument| argument == "--json");
    if wants_json && error.use_stderr() {
        let text = error.to_string();
        let first = text.lines().next().unwrap_or_default();
        let global = Global {
            json: true,
            ..Global::default()
        };
        let body = Error::usage(first.trim_start_matches("error: ")).body();
        Printer::new(&global, true).document(&body);
    }
    let printed = error.print();
    if printed.is_err() && !error.use_stderr() {
        return Exit::Failed.into();
    }
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}
