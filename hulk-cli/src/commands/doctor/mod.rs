//! `hulk doctor`: tests what transfers need from this machine, and says how to fix what fails.

mod report;
mod transfer;

use hulk_proto::{
    ErrorCode, Me, Right,
    health::{Check, Readiness},
};

use self::report::{Report, seconds_ahead};
use crate::{
    client::Client,
    error::{Error, Exit, Result},
    http::answer::{ERROR_BYTES, read_at_most},
    printer::Printer,
};

pub(crate) async fn run(client: &Client, printer: &Printer) -> Result<()> {
    let mut report = Report::new(printer);
    let exit = match examine(client, &mut report).await {
        false => Exit::Unreachable,
        true => Exit::Failed,
    };
    match report.finish() {
        true => Ok(()),
        false => Err(Error::reported(exit)),
    }
}

/// Runs the checks; returns false if no Hulkastorus server answers.
async fn examine(client: &Client, report: &mut Report<'_>) -> bool {
    if !is_there(client, report).await {
        return false;
    }
    report.extend(readiness(client).await);
    let Some(me) = key(client, report).await else {
        return true;
    };
    let permissions = me.credential.permissions();
    match permissions.grants(Right::Change) {
        true => {
            let may_purge = permissions.grants(Right::Purge);
            transfer::try_one(client, report, me.credential.path(), may_purge).await;
        }
        false => report.add(Check::warning(
            "upload",
            format!("not tested: the key has only the permission '{permissions}'"),
            "use a key with 'write' to test uploads and downloads too",
        )),
    }
    true
}

async fn is_there(client: &Client, report: &mut Report<'_>) -> bool {
    let name = "server";
    let start = std::time::Instant::now();
    let response = match client.visit("/healthz").await {
        Ok(response) => response,
        Err(error) => {
            report.add(Check::failed(
                name,
                error.to_string(),
                "check --server, HULK_SERVER and the proxy variables, and that the server is running",
            ));
            return false;
        }
    };
    let took = start.elapsed().as_millis();
    let (status, ahead) = (response.status(), seconds_ahead(&response));
    let body = read_at_most(response, ERROR_BYTES).await;
    if body.is_ok_and(|(body, has_more)| body == b"ok\n" && !has_more) {
        report.add(Check::good(
            name,
            format!("{} answered in {took} ms", client.server()),
        ));
        report.extend(ahead.map(|ahead| Check::clock("server clock", ahead)));
        return true;
    }
    report.add(Check::failed(
        name,
        format!(
            "{} answered {status}, but not as a Hulkastorus server",
            client.server()
        ),
        "check the address, and any proxy in between",
    ));
    false
}

/// Returns the checks that the server makes itself.
async fn readiness(client: &Client) -> Vec<Check> {
    match client.readiness().await {
        Ok(Some(Readiness { checks, .. })) => checks,
        Ok(None) => vec![Check::good(
            "readiness",
            "the server says that it is ready; it shows its own checks only on its own machine, or with \
             --metrics-listen",
        )],
        Err(error) => vec![Check::failed(
            "readiness",
            error.to_string(),
            "see the server's log: its database or its store does not respond",
        )],
    }
}

async fn key(client: &Client, report: &mut Report<'_>) -> Option<Me> {
    let name = "key";
    match client.me().await {
        Ok(me) => {
            let message = super::whoami::text(&me);
            report.add(match me.user.is_email_verified {
                true => Check::good(name, message),
                false => Check::failed(
                    name,
                    "the email address of this account is not verified; uploads are refused until it is",
                    "verify the address, or ask the operator to",
                ),
            });
            Some(me)
        }
        Err(error) => {
            let fix = match error.code {
                ErrorCode::AuthTokenExpired | ErrorCode::AuthInvalidCredentials => {
                    "create a new key ('hulk keys create', or ask the operator) and run 'hulk login'"
                }
                _ => "run 'hulk login', or set HULK_API_KEY",
            };
            report.add(Check::failed(name, error.to_string(), fix));
            None
        }
    }
}
