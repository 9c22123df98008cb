//! The checks of `hulk doctor`, and the clock of a response.

use hulk_proto::{
    Timestamp,
    health::{Check, Outcome},
};
use reqwest::Response;
use time::{OffsetDateTime, format_description::well_known::Rfc2822};

use crate::printer::Printer;

/// Seconds by which the other clock is ahead of ours.
pub(super) fn seconds_ahead(response: &Response) -> Option<i64> {
    let date = response.headers().get("date")?.to_str().ok()?;
    let theirs = OffsetDateTime::parse(date, &Rfc2822).ok()?.unix_timestamp();
    Some(theirs - Timestamp::now().unix_millis() / 1000)
}

/// Prints each check as it is made.
pub(super) struct Report<'a> {
    printer: &'a Printer,
    checks: Vec<Check>,
}

impl<'a> Report<'a> {
    pub(super) fn new(printer: &'a Printer) -> Self {
        Self {
            printer,
            checks: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, check: Check) {
        if !self.printer.json {
            let word = match check.outcome {
                Outcome::Good => "good",
                Outcome::Warning => "warning",
                Outcome::Failed => "FAILED",
            };
            self.printer
                .line(format!("{word:8}{:16} {}", check.name, check.message));
            if let Some(fix) = &check.fix {
                self.printer.line(format!("{:25}fix: {fix}", ""));
            }
        }
        self.checks.push(check);
    }

    pub(super) fn extend(&mut self, checks: impl IntoIterator<Item = Check>) {
        for check in checks {
            self.add(check);
        }
    }

    /// Prints the document with `--json`; returns whether no check failed.
    pub(super) fn finish(self) -> bool {
        if self.printer.json {
            self.printer.document(&self.checks);
        }
        self.checks
            .iter()
            .all(|check| check.outcome != Outcome::Failed)
    }
}
