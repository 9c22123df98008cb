//! `hulk`: put a file, get a link.

mod args;
mod choice;
mod client;
mod clipboard;
mod commands;
mod config;
mod credentials;
mod error;
mod human;
mod net;
mod patience;
mod printer;
mod progress;
mod runtime;
mod session;
mod shared_link;
mod target;
mod transfer;
mod tree;

use std::process::ExitCode;

use clap::Parser;

use args::Arguments;
use printer::Printer;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let printer = Printer::new(&arguments.global);
    match commands::run(&arguments, &printer) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            printer.error(&error);
            error.exit.into()
        }
    }
}
