//! The commands, one file per verb.

mod completions;
mod doctor;
mod find;
mod get;
mod info;
mod keys;
mod login;
mod ls;
mod man;
mod mkdir;
mod mv;
mod put;
mod rm;
#[cfg(feature = "serve")]
mod serve;
mod set;
mod share;
mod trash;
mod usage;
mod versions;
mod whoami;

use hulk_proto::ErrorBody;
use serde::Serialize;

use crate::{
    args::{Arguments, Command},
    clipboard, context,
    error::{Again, Error, Exit, Result},
    printer::Printer,
    runtime,
};

/// Runs the command that was typed.
pub(crate) fn run(arguments: &Arguments, printer: &Printer) -> Result<()> {
    let global = &arguments.global;
    let session = || context::open(global);
    match &arguments.command {
        Command::Completions { shell } => completions::run(printer, *shell),
        Command::Man { command } => man::run(printer, command.as_deref()),
        Command::KeepClipboard => clipboard::keep(),
        Command::Logout => login::logout(global, printer),
        #[cfg(feature = "serve")]
        Command::Serve(config) => runtime::block_on(serve::run(printer, config)),
        #[cfg(feature = "serve")]
        Command::Put(put) if put.serve => runtime::block_on(serve::put(printer, put)),
        Command::Put(put) => runtime::run_resumable(put::start(global, printer, put)),
        Command::Get(get) => runtime::run_resumable(get::run(global, printer, get)),
        Command::Ls(ls) => runtime::run(async { ls::run(&session()?, printer, ls).await }),
        Command::Info { remote } => {
            runtime::run(async { info::run(&session()?, printer, remote).await })
        }
        Command::Rm(rm) => runtime::run(async { rm::run(&session()?, printer, rm).await }),
        Command::Mv { sources, to } => {
            runtime::run(async { mv::run(&session()?, printer, sources, to).await })
        }
        Command::Mkdir(mkdir) => {
            runtime::run(async { mkdir::run(&session()?, printer, mkdir).await })
        }
        Command::Find(find) => runtime::run(async { find::run(&session()?, printer, find).await }),
        Command::Set(set) => runtime::run(async { set::run(&session()?, printer, set).await }),
        Command::Share(share) => {
            runtime::run(async { share::run(&session()?, printer, share).await })
        }
        Command::Versions { remote } => {
            runtime::run(async { versions::run(&session()?, printer, remote).await })
        }
        Command::Restore { remote, version } => {
            runtime::run(async { versions::restore(&session()?, printer, remote, *version).await })
        }
        Command::Trash(trash) => {
            runtime::run(async { trash::run(&session()?, printer, global, trash).await })
        }
        Command::Usage => runtime::run(async { usage::run(&session()?, printer).await }),
        Command::Keys(keys) => runtime::run(async { keys::run(&session()?, printer, keys).await }),
        Command::Login { api_key_stdin } => {
            runtime::run(login::login(global, printer, *api_key_stdin))
        }
        Command::Doctor => runtime::run(async { doctor::run(&session()?, printer).await }),
        Command::Whoami => runtime::run(async { whoami::run(&session()?, printer).await }),
    }
}

/// Adds a hint on how to resume a transfer that did not get through, unless its cause has to be fixed first.
fn resumable(error: Error) -> Error {
    let may_pass = error.again != Again::Never || error.hint().is_none();
    match error.exit {
        Exit::Unreachable if may_pass => error.with_hint(runtime::resume_hint()),
        _ => error,
    }
}

/// Exit code of several failures beside other outcomes: that of the quota or an unreachable server if it
/// caused all of them, else 1.
fn common_exit(exits: impl IntoIterator<Item = Exit>) -> Option<Exit> {
    let mut exits = exits.into_iter();
    let first = exits.next()?;
    let is_common =
        matches!(first, Exit::Quota | Exit::Unreachable) && exits.all(|exit| exit == first);
    Some(if is_common { first } else { Exit::Failed })
}

/// Outcome of one of several arguments, for `--json`.
#[derive(Serialize)]
#[serde(untagged)]
enum Item<T> {
    Done(T),
    Failed(ErrorBody),
}

/// Collects the outcome of each argument: one that fails does not stop the rest.
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

    /// Records that an argument was done only in part; its failures were already reported.
    fn note_failure(&mut self, exit: Exit) {
        self.errors.push(Error::reported(exit));
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

    /// Prints the document, and fails with the exit code of the failures if all arguments failed alike,
    /// else with that of `common_exit`.
    fn finish(self) -> Result<()> {
        if self.printer.json {
            self.printer.document(&self.items);
        }
        self.finish_silently()
    }

    /// Like `finish`, but prints nothing, since stdout carries the bytes of a file.
    fn finish_silently(self) -> Result<()> {
        let exits = || self.errors.iter().map(|error| error.exit);
        let Some(common) = common_exit(exits()) else {
            return Ok(());
        };
        let first = exits().next().unwrap_or(common);
        let are_all = self.items.len() == self.errors.len() && exits().all(|exit| exit == first);
        Err(Error::reported(if are_all { first } else { common }))
    }
}
