//! Outcomes of commands with several arguments.

use hulk_proto::ErrorBody;
use serde::Serialize;

use crate::{
    error::{Again, Error, Exit, Result},
    printer::Printer,
    runtime,
};

/// Adds a hint on how to resume a transfer that did not get through, unless its cause has to be fixed first.
pub(super) fn resumable(error: Error) -> Error {
    let may_pass = error.again != Again::Never || error.hint().is_none();
    match error.exit {
        Exit::Unreachable if may_pass => error.with_hint(runtime::resume_hint()),
        _ => error,
    }
}

/// Exit code of several failures beside other outcomes: that of the quota or an unreachable server if it
/// caused all of them, else 1.
pub(super) fn common_exit(exits: impl IntoIterator<Item = Exit>) -> Option<Exit> {
    let mut exits = exits.into_iter();
    let first = exits.next()?;
    let is_common =
        matches!(first, Exit::Quota | Exit::Unreachable) && exits.all(|exit| exit == first);
    Some(if is_common { first } else { Exit::Failed })
}

/// Outcome of one of several arguments, for `--json`.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Item<T> {
    Done(T),
    Failed(ErrorBody),
}

/// Collects the outcome of each argument: one that fails does not stop the rest.
pub(super) struct Batch<'a, T> {
    printer: &'a Printer,
    items: Vec<Item<T>>,
    errors: Vec<Error>,
}

impl<'a, T: Serialize> Batch<'a, T> {
    pub(super) fn new(printer: &'a Printer) -> Self {
        Self {
            printer,
            items: Vec::new(),
            errors: Vec::new(),
        }
    }

    /// Records that an argument was done only in part; its failures were already reported.
    pub(super) fn note_failure(&mut self, exit: Exit) {
        self.errors.push(Error::reported(exit));
    }

    pub(super) fn add(&mut self, outcome: Result<T>) {
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
    pub(super) fn finish(self) -> Result<()> {
        if self.printer.json {
            self.printer.document(&self.items);
        }
        self.finish_silently()
    }

    /// Like `finish`, but prints nothing, since stdout carries the bytes of a file.
    pub(super) fn finish_silently(self) -> Result<()> {
        let exits = || self.errors.iter().map(|error| error.exit);
        let Some(common) = common_exit(exits()) else {
            return Ok(());
        };
        let first = exits().next().unwrap_or(common);
        let are_all = self.items.len() == self.errors.len() && exits().all(|exit| exit == first);
        Err(Error::reported(if are_all { first } else { common }))
    }
}
