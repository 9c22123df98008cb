//! What commands ask of their users: a yes, or a password.

use std::io::{self, IsTerminal, Read, Write};

use hulk_proto::Password;

use crate::error::{Error, Result};

/// Asks whether to delete something.
///
/// # Errors
/// If the user declines, or cannot be asked.
pub(super) fn confirm(question: &str) -> Result<()> {
    if !io::stdin().is_terminal() {
        return Err(
            Error::usage(question).with_hint("there is no terminal to ask on; confirm with --yes")
        );
    }
    let mut stderr = io::stderr().lock();
    // Without a stderr the question is not seen, so the answer is not yes.
    let _ = write!(stderr, "{question} [y/N] ").and_then(|()| stderr.flush());
    let mut answer = String::new();
    let read = io::stdin().read_line(&mut answer);
    let is_yes = read.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes");
    match is_yes {
        true => Ok(()),
        false => Err(Error::failed("nothing was deleted")),
    }
}

/// Reads a password from the standard input, up to its end.
///
/// # Errors
/// If it cannot be read, or is empty.
pub(super) fn password_from_stdin() -> Result<Password> {
    let mut text = String::new();
    let read = io::stdin().read_to_string(&mut text);
    read.map_err(|error| Error::failed(format!("cannot read the password: {error}")))?;
    not_empty(text.trim_end_matches(['\r', '\n']).to_owned())
}

/// # Errors
/// If the password is empty.
pub(super) fn not_empty(text: String) -> Result<Password> {
    match text.is_empty() {
        true => Err(Error::usage("the password is empty")),
        false => Ok(Password(text)),
    }
}
