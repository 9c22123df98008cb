//! Whether one of our own pages sent a request. A browser sends its cookies with any request to us, whoever
//! made the page; so a change that is authenticated by a cookie alone must come from a page of ours.

use axum::extract::FromRequestParts;
use http::request::Parts;
use hulk_proto::ErrorCode;

use crate::{
    app::App,
    error::{Error, Result},
};

/// Whether one of our own pages sent the request: by `Sec-Fetch-Site`, which scripts cannot forge, else by
/// `Origin`, since browsers send `Sec-Fetch-Site` only to https and loopback. The host name that the browser
/// uses need not be the public one.
pub(crate) fn is_same_origin(parts: &Parts, app: &App) -> bool {
    let header = |name: &str| parts.headers.get(name)?.to_str().ok();
    match (header("sec-fetch-site"), header("origin")) {
        (Some(site), _) => site == "same-origin",
        (None, Some(origin)) => {
            let host = origin.split_once("://").map(|(_, host)| host);
            origin == app.settings.public_url || host.is_some() && host == header("host")
        }
        (None, None) => false,
    }
}

pub(crate) fn other_origin() -> Error {
    Error::new(
        ErrorCode::Forbidden,
        "only the pages of this server may send this request",
    )
}

/// A request from one of our own pages, as is required of a change without a key in a header.
pub(crate) struct SameOrigin;

impl FromRequestParts<App> for SameOrigin {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        match is_same_origin(parts, app) {
            true => Ok(Self),
            false => Err(other_origin()),
        }
    }
}
