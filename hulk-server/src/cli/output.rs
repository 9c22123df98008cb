//! Results on stdout, errors on stderr.

use std::io::{self, Write};

use hulk_proto::{Details, ErrorBody, ErrorCode, error::ErrorDetail};
use serde::Serialize;

/// Why a command failed.
pub(crate) struct Failure {
    code: ErrorCode,
    message: String,
}

impl Failure {
    pub(crate) fn new(code: ErrorCode, message: impl ToString) -> Self {
        Self {
            code,
            message: message.to_string(),
        }
    }
}

impl From<hulk_server::Error> for Failure {
    fn from(error: hulk_server::Error) -> Self {
        Self::new(error.code(), error)
    }
}

impl From<hulk_server::StartError> for Failure {
    fn from(error: hulk_server::StartError) -> Self {
        Self::new(ErrorCode::InternalError, error)
    }
}

pub(super) fn print<T: Serialize>(json: bool, result: &T, text: &str) -> Result<(), Failure> {
    match json {
        true => {
            let text = serde_json::to_string_pretty(result)
                .map_err(|error| Failure::new(ErrorCode::InternalError, error))?;
            write_line(&text)
        }
        false => write_line(text),
    }
}

/// Prints a line of the result on stdout, without buffering.
pub(super) fn write_line(line: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    let written = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
    written.map_err(|error| {
        let what = format!("cannot write the result to the standard output: {error}");
        Failure::new(ErrorCode::LocalFile, what)
    })
}

/// Prints a line on stdout for a program that may wait for it; a failure is ignored.
pub(crate) fn say(line: &str) {
    let _ = write_line(line);
}

#[expect(
    clippy::print_stderr,
    reason = "the one place where errors are printed"
)]
pub(crate) fn report(failure: &Failure, json: bool) {
    if json {
        let error = ErrorDetail {
            code: failure.code,
            message: failure.message.clone(),
            details: Details::default(),
        };
        if let Ok(text) = serde_json::to_string(&ErrorBody { error }) {
            eprintln!("{text}");
        }
    } else {
        eprintln!("error: {}", failure.message);
    }
}
