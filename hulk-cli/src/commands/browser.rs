//! The system's browser.

use std::{
    env,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use url::Url;

use crate::client::Client;

/// How long the program that opens a page may take to fail. Some are the browser, and go on for as long.
const START_TIME: Duration = Duration::from_secs(2);
const LOOK_INTERVAL: Duration = Duration::from_millis(20);

/// Shows a page of the client's server; returns false if there is no browser, or it could not be opened.
pub(super) async fn show(client: &Client, page: &str) -> bool {
    // Nothing else is opened: a server could name any program's address.
    let page = Url::parse(page).ok();
    let page = page.filter(|page| page.origin() == client.server().origin());
    match page.filter(|_| has_browser()) {
        Some(page) => open(page.as_str()).await,
        None => false,
    }
}

/// Whether there is likely a browser that the user sees: not over SSH, and not without a display.
fn has_browser() -> bool {
    let is_set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_remote = is_set("SSH_CONNECTION") || is_set("SSH_TTY") || is_set("CI");
    let has_display = !cfg!(target_os = "linux")
        || is_set("DISPLAY")
        || is_set("WAYLAND_DISPLAY")
        || is_set("BROWSER");
    !is_remote && has_display
}

/// Opens the page; returns whether a program was started that does so, and did not fail at once.
async fn open(url: &str) -> bool {
    let (program, arguments): (&str, &[&str]) = match env::consts::OS {
        "macos" => ("open", &[]),
        "windows" => ("rundll32", &["url.dll,FileProtocolHandler"]),
        _ => ("xdg-open", &[]),
    };
    let mut command = Command::new(program);
    command.args(arguments).arg(url);
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let Ok(mut child) = command.stderr(Stdio::null()).spawn() else {
        return false;
    };
    let start = Instant::now();
    while start.elapsed() < START_TIME {
        match child.try_wait() {
            Ok(Some(status)) => return status.success(),
            Ok(None) => tokio::time::sleep(LOOK_INTERVAL).await,
            Err(_) => return true,
        }
    }
    true
}
