//! Copies the link to the system clipboard, or to the terminal's by OSC 52 where there is none.
//!
//! On Linux the contents are lost with the process that offers them, so another process of this program
//! stays and holds them. None of this can fail a put.

use std::{
    env,
    io::{self, IsTerminal, Read, Write},
    process::{Command, Stdio},
};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};

use crate::{
    error::{Error, Result},
    printer::Printer,
};

/// Terminals cut off longer sequences.
const MAX_OSC52_BYTES: usize = 70_000;

/// Copies `text` if stdout is a terminal, or if it is `forced`.
pub(crate) fn offer(printer: &Printer, text: &str, forced: bool) {
    if !forced && !io::stdout().is_terminal() {
        return;
    }
    let copied = match has_display() {
        true => hand_over(text).or_else(|_| osc52(text)),
        false => osc52(text),
    };
    match copied {
        Ok(()) => printer.note("copied to the clipboard"),
        Err(error) if forced => printer.warning(&format!("not copied to the clipboard: {error}")),
        Err(_) => {}
    }
}

/// Whether the user sits at a display: over SSH and in tmux, the display, if any, is another.
fn has_display() -> bool {
    let is_set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_remote = is_set("SSH_CONNECTION") || is_set("SSH_TTY") || is_set("TMUX");
    let has_one = cfg!(not(target_os = "linux")) || is_set("DISPLAY") || is_set("WAYLAND_DISPLAY");
    has_one && !is_remote
}

/// Starts a process that holds the text. It is sent through a pipe: all users can read arguments.
fn hand_over(text: &str) -> io::Result<()> {
    let mut keeper = Command::new(env::current_exe()?);
    keeper
        .arg("keep-clipboard")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut keeper, 0);
    let mut child = keeper.spawn()?;
    match child.stdin.take() {
        Some(mut stdin) => stdin.write_all(text.as_bytes()),
        None => Err(io::ErrorKind::BrokenPipe.into()),
    }
}

/// Holds the text, in the child process, until another program copies something.
pub(crate) fn keep() -> Result<()> {
    let fault = |error: &dyn std::fmt::Display| Error::failed(format!("no clipboard: {error}"));
    let mut text = String::new();
    io::stdin()
        .read_to_string(&mut text)
        .map_err(|error| fault(&error))?;
    let mut clipboard = arboard::Clipboard::new().map_err(|error| fault(&error))?;
    #[cfg(target_os = "linux")]
    let set = arboard::SetExtLinux::wait(clipboard.set());
    #[cfg(not(target_os = "linux"))]
    let set = clipboard.set();
    set.text(text).map_err(|error| fault(&error))
}

fn osc52(text: &str) -> io::Result<()> {
    let encoded = BASE64.encode(text);
    if encoded.len() > MAX_OSC52_BYTES {
        return Err(io::Error::other("the text is too long for the terminal"));
    }
    let mut terminal = std::fs::OpenOptions::new().write(true).open("/dev/tty")?;
    write!(terminal, "\x1b]52;c;{encoded}\x07")?;
    terminal.flush()
}
