//! The one place that prints: results on stdout, everything for people on stderr.

use std::{
    io::{self, IsTerminal, Write},
    process,
};

use serde::Serialize;

use crate::{
    args::{Global, When},
    error::Error,
};

#[derive(Clone)]
pub(crate) struct Printer {
    pub(crate) json: bool,
    quiet: bool,
    verbose: bool,
    no_progress: bool,
    color: bool,
}

impl Printer {
    pub(crate) fn new(global: &Global) -> Self {
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
        }
    }

    /// A line of the result.
    pub(crate) fn line(&self, line: impl AsRef<str>) {
        let mut stdout = io::stdout().lock();
        let written = writeln!(stdout, "{}", line.as_ref()).and_then(|()| stdout.flush());
        if written.is_err() {
            // The reader of the pipe has seen enough.
            process::exit(0);
        }
    }

    /// The result as one JSON document.
    pub(crate) fn document<T: Serialize>(&self, value: &T) {
        match serde_json::to_string_pretty(value) {
            Ok(text) => self.line(text),
            Err(error) => self.warning(&format!("the result is not JSON: {error}")),
        }
    }

    /// The result: as a document with `--json`, else as text.
    pub(crate) fn result<T: Serialize>(&self, value: &T, text: impl FnOnce(&T) -> String) {
        match self.json {
            true => self.document(value),
            false => self.line(text(value)),
        }
    }

    /// A line for people.
    pub(crate) fn note(&self, line: &str) {
        if !self.quiet {
            self.stderr(line);
        }
    }

    /// A line for people who want to know more.
    pub(crate) fn detail(&self, line: &str) {
        if self.verbose {
            self.stderr(line);
        }
    }

    pub(crate) fn warning(&self, line: &str) {
        if !self.quiet {
            let label = self.paint("warning:", "33");
            self.stderr(&format!("{label} {line}"));
        }
    }

    /// An error that ends the command.
    pub(crate) fn error(&self, error: &Error) {
        if error.is_reported {
            return;
        }
        if self.json {
            self.document(&error.body());
        }
        self.complaint(error);
    }

    /// An error of one of several things to do.
    pub(crate) fn complaint(&self, error: &Error) {
        let label = self.paint("error:", "1;31");
        self.stderr(&format!("{label} {error}"));
        if let Some(hint) = error.hint() {
            self.stderr(&format!("  {hint}"));
        }
    }

    /// Whether progress goes to stderr as JSON.
    pub(crate) fn reports_json(&self) -> bool {
        self.json && self.verbose && self.reports()
    }

    /// One JSON value on one line, for programs that watch.
    pub(crate) fn json_line(&self, value: &serde_json::Value) {
        self.stderr(&value.to_string());
    }

    /// Whether a bar may be drawn.
    pub(crate) fn draws(&self) -> bool {
        self.reports() && !self.reports_json() && io::stderr().is_terminal()
    }

    /// Whether progress is told at all.
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
        // Without a stderr there is nobody to tell.
        let _ = writeln!(io::stderr().lock(), "{line}");
    }
}
