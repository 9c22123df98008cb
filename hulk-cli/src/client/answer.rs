//! What a server answers, or that it does not.

use std::error::Error as _;

use hulk_proto::ErrorBody;
use reqwest::{Response, StatusCode, header};
use url::Url;

use crate::{
    error::{Again, Error, Result},
    patience::retry_after,
};

/// The body of a good answer; anything else is an error, be it the server's or of somebody in
/// between.
pub(crate) async fn refuse_errors(response: Response) -> Result<Vec<u8>> {
    let (url, status) = (response.url().clone(), response.status());
    let kind = response.headers().get(header::CONTENT_TYPE);
    let kind = kind
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or("no type")
        .to_owned();
    let location = response.headers().get(header::LOCATION).cloned();
    let again = match status.as_u16() {
        429 | 502..=504 => retry_after(response.headers()),
        _ => Again::Never,
    };
    let body = response
        .bytes()
        .await
        .map_err(|error| unreachable(&url, &error))?;
    if status.is_success()
        && (kind.starts_with("application/json") || status == StatusCode::NO_CONTENT)
    {
        return Ok(body.to_vec());
    }
    if !status.is_success()
        && let Ok(body) = serde_json::from_slice::<ErrorBody>(&body)
    {
        let error = Error::server(body.error);
        return Err(match again {
            Again::Never => error,
            again => error.again(again),
        });
    }
    let error = Error::unreachable(format!(
        "{} answered {status} ({kind}), which is not how a Hulkastorus server answers",
        shown(&url)
    ))
    .again(again);
    Err(
        match location
            .as_ref()
            .and_then(|location| location.to_str().ok())
        {
            Some(location) if status.is_redirection() => {
                let target = url
                    .join(location)
                    .map(|url| shown(&url))
                    .unwrap_or_default();
                error.with_hint(format!("it points to {target}: is that the server?"))
            }
            _ => error.with_hint("check --server and HULK_SERVER, and what proxy is in between"),
        },
    )
}

/// Nobody answered, or the line broke.
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

/// Scheme and host: a query may hold a signature.
pub(crate) fn shown(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// The cause: what wraps it repeats the URL.
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
