//! The one place that prints: results on stdout, everything for people on stderr.

use std::{
    io::{self, IsTerminal, Write},
    process,
    sync::{Arc, OnceLock},
};

use serde::Serialize;

use crate::{
    args::{Global, When},
    error::{Error, Result},
    text::{one_line, visible, visible_json},
    waiting::{Waiting, is_closed, is_read_only},
};

#[derive(Clone)]
pub(crate) struct Printer {
    pub(crate) json: bool,
    quiet: bool,
    verbose: bool,
    no_progress: bool,
    color: bool,
    /// Whether the command changes nothing, so that it may end when its reader closes the pipe.
    only_lists: bool,
    /// Why a part of the result could not be printed.
    lost: Arc<OnceLock<String>>,
}

impl Printer {
    pub(crate) fn new(global: &Global, only_lists: bool) -> Self {
        let color = match global.color {
            When::Always => true,
            When::Never => false,
            When::Auto => {
                io::stderr().is_terminal()
                    && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
            }
        };
        Self {
            json: global.json,
            quiet: global.quiet,
            verbose: global.verbose,
            no_progress: global.no_progress,
            color,
            only_lists,
            lost: Arc::default(),
        }
    }

    /// Prints a line of the result.
    pub(crate) fn line(&self, line: impl AsRef<str>) {
        self.raw(format!("{}\n", visible(line.as_ref())).as_bytes());
    }

    /// Prints a part of the result unchanged. If that fails, the command still completes its work, and fails
    /// at the end.
    pub(crate) fn raw(&self, bytes: &[u8]) {
        if self.lost.get().is_some() {
            return;
        }
        if is_read_only() {
            let _ = self
                .lost
                .set("the standard output is open only for reading".to_owned());
            return;
        }
        let mut stdout = Waiting(io::stdout().lock());
        match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
            Ok(()) => {}
            Err(error) if self.only_lists && error.kind() == io::ErrorKind::BrokenPipe => {
                process::exit(0)
            }
            Err(error) => {
                let path = std::path::Path::new("the result to the standard output");
                let _ = self
                    .lost
                    .set(Error::local("write", path, &error).to_string());
            }
        }
    }

    /// # Errors
    /// Like `check`; also if the standard output is closed, since a secret is shown only once.
    pub(crate) fn check_secret(&self) -> Result<()> {
        match is_closed(&io::stdout()) {
            true => Err(Error::failed("the standard output is closed")),
            false => self.check(),
        }
    }

    /// # Errors
    /// If a part of the result could not be printed.
    pub(crate) fn check(&self) -> Result<()> {
        match self.lost.get() {
            Some(why) => Err(Error::failed(why).with_hint("the command itself succeeded")),
            None => Ok(()),
        }
    }

    /// Prints the result as one JSON document.
    pub(crate) fn document<T: Serialize>(&self, value: &T) {
        match serde_json::to_string_pretty(value) {
            Ok(text) => self.raw(format!("{}\n", visible_json(text)).as_bytes()),
            Err(error) => self.warning(&format!("cannot print JSON: {error}")),
        }
    }

    /// Prints the result: as a document with `--json`, else as text.
    pub(crate) fn result<T: Serialize>(&self, value: &T, text: impl FnOnce(&T) -> String) {
        match self.json {
            true => self.document(value),
            false => self.line(text(value)),
        }
    }

    /// Prints a line for people.
    pub(crate) fn note(&self, line: &str) {
        if !self.quiet {
            self.insist(line);
        }
    }

    /// Prints a line for people even with `--quiet`.
    pub(crate) fn insist(&self, line: &str) {
        self.stderr(&visible(line));
    }

    /// Prints a line for people only with `--verbose`.
    pub(crate) fn detail(&self, line: &str) {
        if self.verbose {
            self.insist(line);
        }
    }

    pub(crate) fn warning(&self, line: &str) {
        if !self.quiet {
            let label = self.paint("warning:", "33");
            self.stderr(&format!("{label} {}", one_line(line)));
        }
    }

    /// Prints an error that ends the command.
    pub(crate) fn error(&self, error: &Error) {
        if error.is_reported {
            return;
        }
        // Before the document, which may find that the reader of stdout is gone.
        self.complaint(error);
        if self.json {
            let plain = Self {
                only_lists: false,
                ..self.clone()
            };
            plain.document(&error.body());
        }
    }

    /// Prints an error of one of several items.
    pub(crate) fn complaint(&self, error: &Error) {
        let label = self.paint("error:", "1;31");
        self.stderr(&format!("{label} {}", one_line(&error.to_string())));
        if let Some(hint) = error.hint() {
            self.stderr(&format!("  {}", one_line(hint)));
        }
    }

    /// Whether progress is reported on stderr as JSON.
    pub(crate) fn reports_json(&self) -> bool {
        self.json && self.verbose && self.reports()
    }

    /// Prints one JSON value on one line of stderr, for programs that watch.
    pub(crate) fn json_line(&self, value: &serde_json::Value) {
        self.stderr(&visible_json(value.to_string()));
    }

    /// Whether a bar may be drawn.
    pub(crate) fn draws(&self) -> bool {
        self.reports() && !self.reports_json() && io::stderr().is_terminal()
    }

    pub(crate) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Whether progress is reported at all.
    pub(crate) fn reports(&self) -> bool {
        !self.quiet && !self.no_progress
    }

    fn paint(&self, text: &str, style: &str) -> String {
        match self.color {
            true => format!("\x1b[{style}m{text}\x1b[0m"),
            false => text.to_owned(),
        }
    }

    fn stderr(&self, line: &str) {
        // Without a stderr, there is nowhere to report the error.
        let _ = writeln!(io::stderr().lock(), "{line}");
    }
}
