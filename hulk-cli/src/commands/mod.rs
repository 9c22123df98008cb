//! One verb, one file.

pub(crate) mod completions;
mod get;
mod info;
mod keys;
mod login;
mod ls;
pub(crate) mod man;
mod put;
mod rm;
#[cfg(feature = "serve")]
pub(crate) mod serve;
mod whoami;

use hulk_proto::ErrorBody;
use serde::Serialize;

use crate::{
    args::{Arguments, Command},
    error::{Error, Exit, Result},
    printer::Printer,
    session,
};

/// Everything that talks to a server.
pub(crate) async fn run(arguments: &Arguments, printer: &Printer) -> Result<()> {
    let global = &arguments.global;
    match &arguments.command {
        Command::Put(put) => put::run(&session::open(global)?, printer, put).await,
        Command::Get(get) => get::run(global, printer, get).await,
        Command::Ls(ls) => ls::run(&session::open(global)?, printer, ls).await,
        Command::Info { remote } => info::run(&session::open(global)?, printer, remote).await,
        Command::Rm { remotes, .. } => rm::run(&session::open(global)?, printer, remotes).await,
        Command::Keys(keys) => keys::run(&session::open(global)?, printer, keys).await,
        Command::Login { api_key_stdin } => login::login(global, printer, *api_key_stdin).await,
        Command::Logout => login::logout(global, printer),
        Command::Whoami => whoami::run(&session::open(global)?, printer).await,
        #[cfg(feature = "serve")]
        Command::Serve(config) => serve::run(printer, config).await,
        Command::Completions { shell } => completions::run(*shell),
        Command::Man { command } => man::run(command.as_deref()),
        Command::KeepClipboard => crate::clipboard::keep(),
    }
}

/// The outcome for one of several arguments, for `--json`.
#[derive(Serialize)]
#[serde(untagged)]
enum Item<T> {
    Done(T),
    Failed(ErrorBody),
}

/// Collects what happened to each argument: one that fails does not stop the rest.
struct Batch<'a, T> {
    printer: &'a Printer,
    items: Vec<Item<T>>,
    errors: Vec<Error>,
}

impl<'a, T: Serialize> Batch<'a, T> {
    fn new(printer: &'a Printer) -> Self {
        Self {
            printer,
            items: Vec::new(),
            errors: Vec::new(),
        }
    }

    fn add(&mut self, outcome: Result<T>) {
        match outcome {
            Ok(done) => self.items.push(Item::Done(done)),
            Err(error) => {
                self.items.push(Item::Failed(error.body()));
                self.printer.complaint(&error);
                self.errors.push(error);
            }
        }
    }

    /// Prints the document, and ends with the exit code of the failures if all failed alike, else
    /// with 1.
    fn finish(self) -> Result<()> {
        if self.printer.json {
            self.printer.document(&self.items);
        }
        self.finish_silently()
    }

    /// As `finish`, where stdout is taken.
    fn finish_silently(self) -> Result<()> {
        let Some(first) = self.errors.first() else {
            return Ok(());
        };
        let alike = self.items.len() == self.errors.len()
            && self.errors.iter().all(|error| error.exit == first.exit);
        Err(Error::reported(if alike {
            first.exit
        } else {
            Exit::Failed
        }))
    }
}
