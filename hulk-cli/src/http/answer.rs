//! Reads responses of servers, and reports those that fail or do not arrive.

use std::error::Error as _;

use hulk_proto::{ErrorBody, ErrorCode};
use reqwest::{Response, StatusCode, header};
use url::Url;

use super::retry::retry_after;
use crate::error::{Again, Error, Result};

/// Size of the largest response that is read: a page of a list is a few MiB.
const JSON_BYTES: usize = 64 << 20;
/// Most bytes that are read of an error response, from the server or the store.
pub(crate) const ERROR_BYTES: usize = 64 << 10;

/// Returns the body of a successful response; any other is an error, from the server or from a proxy in
/// between.
pub(crate) async fn refuse_errors(response: Response) -> Result<Vec<u8>> {
    let (url, status) = (response.url().clone(), response.status());
    let kind = response.headers().get(header::CONTENT_TYPE);
    let kind = kind
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or("no type")
        .to_owned();
    let (location, upgrade) = (pointed_to(&response), upgrade(&response));
    let (again, is_limit) = (again(&response), is_limit(&response));
    let is_good = status.is_success()
        && (kind.starts_with("application/json") || status == StatusCode::NO_CONTENT);
    if is_good {
        let (body, has_more) = read_at_most(response, JSON_BYTES).await?;
        return match has_more {
            false => Ok(body),
            true => Err(too_large(&url)),
        };
    }
    // A truncated body is no longer JSON: then the status says what happened.
    let (body, _) = read_at_most(response, ERROR_BYTES).await?;
    if !status.is_success()
        && let Ok(body) = serde_json::from_slice::<ErrorBody>(&body)
    {
        let error = Error::server(body.error);
        // Waiting does not help, for example, if a month's transfer is used up.
        let is_used_up =
            status == StatusCode::TOO_MANY_REQUESTS && error.code != ErrorCode::TooManyRequests;
        return Err(match again {
            Again::Never => error,
            _ if is_used_up => error,
            // The server has no room at the moment: that may take longer than it says.
            Again::After(wait) if !is_limit => error.again(Again::Soon(Some(wait))),
            again => error.again(again),
        });
    }
    let error = Error::unreachable(format!(
        "{} answered {status} ({kind}), which is not how a Hulkastorus server answers",
        shown(&url)
    ))
    .again(again);
    Err(match (location, upgrade) {
        (_, Some(https)) => error
            .with_hint(format!("the server requires https: use {}", shown(&https)))
            .moved_to(https),
        (Some(location), _) => {
            let location = shown(&location);
            error.with_hint(format!("it redirects to {location}: is that the server?"))
        }
        _ => error.with_hint("check --server and HULK_SERVER, and any proxy in between"),
    })
}

/// Returns when a request with this response may be repeated, according to its status.
fn again(response: &Response) -> Again {
    let later = match response.status().as_u16() {
        429 | 502..=504 => retry_after(response.headers()),
        _ => Again::Never,
    };
    match later {
        Again::Soon(Some(wait)) if response.status() == StatusCode::TOO_MANY_REQUESTS => {
            Again::After(wait)
        }
        later => later,
    }
}

/// Whether the server says which limit of requests was reached.
fn is_limit(response: &Response) -> bool {
    response.headers().contains_key("ratelimit")
}

/// Returns the target of a redirect.
fn pointed_to(response: &Response) -> Option<Url> {
    let location = response.headers().get(header::LOCATION)?.to_str().ok()?;
    let is_redirect = response.status().is_redirection();
    response.url().join(location).ok().filter(|_| is_redirect)
}

/// Returns the target of a redirect to the same address by `https`, with which a server answers plain `http`.
pub(crate) fn upgrade(response: &Response) -> Option<Url> {
    let (from, to) = (response.url(), pointed_to(response)?);
    let is_same = (from.host(), from.path(), from.query()) == (to.host(), to.path(), to.query());
    let is_upgrade = from.scheme() == "http" && to.scheme() == "https" && is_same;
    is_upgrade.then_some(to)
}

/// Returns the first bytes of a body, at most `most`, and whether there are more, which are not read.
///
/// # Errors
/// If the connection breaks before.
pub(crate) async fn read_at_most(mut response: Response, most: usize) -> Result<(Vec<u8>, bool)> {
    let url = response.url().clone();
    let mut body = Vec::new();
    loop {
        let chunk = response.chunk().await;
        let Some(chunk) = chunk.map_err(|error| unreachable(&url, &error))? else {
            return Ok((body, false));
        };
        let room = most - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if chunk.len() > room {
            return Ok((body, true));
        }
    }
}

fn too_large(url: &Url) -> Error {
    Error::unreachable(format!(
        "the answer from {} is larger than {} MiB, which is not how a Hulkastorus server answers",
        shown(url),
        JSON_BYTES >> 20
    ))
    .with_hint("check --server and HULK_SERVER, and any proxy in between")
}

/// Returns the error for a server that did not answer, or a connection that broke.
pub(crate) fn unreachable(url: &Url, error: &reqwest::Error) -> Error {
    let what = match error.is_timeout() {
        true => "it did not answer in time".to_owned(),
        false => innermost(error),
    };
    Error::unreachable(format!("cannot reach {}: {what}", shown(url)))
        .with_hint(
            "check that the server runs and the network is up, then run the same command again",
        )
        .again(Again::Soon(None))
}

/// Returns scheme and host for messages: a query may hold a signature.
pub(crate) fn shown(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// Returns the innermost cause: the errors that wrap it repeat the URL.
pub(crate) fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    match error.source() {
        Some(_) => cause.to_string(),
        None => "the request failed".to_owned(),
    }
}

impl Error {
    /// Returns the error for a host that answers, but not as our servers do.
    pub(crate) fn not_a_server(url: &Url) -> Self {
        let server = shown(url);
        Self::unreachable(format!("{server} answers, but not as a Hulkastorus server"))
            .with_hint("check the link; the server may be newer than this hulk")
    }
}
