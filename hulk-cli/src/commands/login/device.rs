//! Logging in by a code that the user types on the server's page (RFC 8628).

use std::time::{Duration, Instant};

use hulk_proto::{ApiKeySecret, ErrorCode, device::DeviceCode};

use crate::{
    client::Client,
    commands::browser,
    credentials,
    error::{Error, Exit, Result},
    printer::Printer,
};

/// What is waited beyond the server's interval: clocks and lines are not exact.
const SLACK: f64 = 1.2;
/// Added to the interval when the server says so (RFC 8628, section 3.5).
const SLOWER: Duration = Duration::from_secs(5);
/// Whatever a server says.
const LONGEST_INTERVAL: Duration = Duration::from_secs(60);
/// Longest name of this program on the server's page.
const MAX_NAME: usize = 100;

/// Shows the page and the code, opens a browser where there is one, and waits for the user's decision.
///
/// # Errors
/// If the user refuses, or does not decide in time; `NOT_FOUND` from a server without this route.
pub(super) async fn key(client: &Client, printer: &Printer) -> Result<ApiKeySecret> {
    let code = client.request_device_code(&name()).await?;
    printer.insist(&format!(
        "to log in, within {} minutes open {} and type this code: {}",
        code.expires_in / 60,
        code.verification_uri,
        code.user_code
    ));
    if browser::show(client, &code.verification_uri).await {
        printer.note("the page is open in your browser");
    }
    let key = wait(client, printer, &code).await?;
    credentials::parse(&key)
}

async fn wait(client: &Client, printer: &Printer, code: &DeviceCode) -> Result<String> {
    let (start, life) = (Instant::now(), Duration::from_secs(code.expires_in));
    let mut interval = Duration::from_secs(code.interval).min(LONGEST_INTERVAL);
    let mut is_lost = false;
    loop {
        tokio::time::sleep(interval.mul_f64(SLACK)).await;
        if start.elapsed() > life {
            return Err(expired());
        }
        let error = match client.redeem_device_code(code).await {
            Ok(key) => return Ok(key.api_key),
            Err(error) => error,
        };
        match error.code {
            ErrorCode::AuthorizationPending => is_lost = false,
            ErrorCode::SlowDown => interval += SLOWER,
            ErrorCode::ExpiredToken => return Err(expired()),
            ErrorCode::AccessDenied => {
                return Err(Error::not_allowed("the log-in was refused on the page")
                    .with_hint("if you want it after all, run 'hulk login' again"));
            }
            // The server restarts, or the line is lost: the user may still decide.
            _ if is_passing(&error) => {
                if !is_lost {
                    printer.warning(&format!("{error}; waiting on"));
                }
                is_lost = true;
            }
            _ => return Err(error),
        }
    }
}

/// Whether a later poll may get an answer.
fn is_passing(error: &Error) -> bool {
    error.exit == Exit::Unreachable
        || matches!(
            error.code,
            ErrorCode::InternalError | ErrorCode::TooManyRequests
        )
}

fn expired() -> Error {
    Error::not_allowed("the code has expired before you agreed on the page")
        .with_hint("run 'hulk login' again")
}

/// Returns what the page calls this program.
fn name() -> String {
    let host = host().unwrap_or_else(|| "this machine".to_owned());
    let host: String = host
        .chars()
        .filter(|character| !character.is_control())
        .take(MAX_NAME)
        .collect();
    format!("hulk on {host}")
}

#[cfg(unix)]
fn host() -> Option<String> {
    let name = rustix::system::uname();
    let name = name.nodename().to_str().ok()?.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(not(unix))]
fn host() -> Option<String> {
    std::env::var("COMPUTERNAME").ok()
}
