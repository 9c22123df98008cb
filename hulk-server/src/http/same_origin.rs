//! Whether one of our own pages sent a request. A browser sends its cookies with any request to us, whoever
//! made the page; so a change that is authenticated by a cookie alone must come from a page of ours.

use axum::extract::FromRequestParts;
use http::{HeaderMap, request::Parts};
use hulk_proto::ErrorCode;
use url::{Host, Url};

use crate::{
    app::App,
    error::{Error, Result},
};

/// Whether one of our own pages sent the request: by `Sec-Fetch-Site`, which scripts cannot forge, else by
/// `Origin`, since browsers send `Sec-Fetch-Site` only to https and loopback. The host name that the browser
/// uses need not be the public one.
pub(crate) fn is_same_origin(parts: &Parts, app: &App) -> bool {
    let header = |name: &str| text(&parts.headers, name);
    match (header("sec-fetch-site"), header("origin")) {
        (Some(site), _) => site == "same-origin",
        (None, Some(origin)) => {
            let public_url = app.settings.public_url.as_str();
            origin == public_url || is_as_served(origin, header("host"), public_url)
        }
        (None, None) => false,
    }
}

/// Whether a navigation to a page was begun by a page of ours or by the user, who typed the address, chose a
/// bookmark or followed a link of another program. A browser that does not say is believed: it sends our
/// cookies, which are SameSite=Lax, only when a whole window navigates.
pub(crate) fn is_own_navigation(headers: &HeaderMap) -> bool {
    let site = text(headers, "sec-fetch-site");
    matches!(site, None | Some("same-origin" | "none"))
}

/// Whether the origin is this server under the name by which it was asked. The scheme counts: whoever can
/// change what is sent over plain http can make a page of any plain origin, so behind https only https is our
/// own. On loopback nobody can, and there the server is reached directly, without its proxy.
fn is_as_served(origin: &str, host: Option<&str>, public_url: &str) -> bool {
    let (Some((scheme, name)), Some((public_scheme, _))) =
        (origin.split_once("://"), public_url.split_once("://"))
    else {
        return false;
    };
    let is_our_scheme = scheme == public_scheme || scheme == "http" && is_loopback(origin);
    host == Some(name) && is_our_scheme
}

fn is_loopback(origin: &str) -> bool {
    let Ok(origin) = Url::parse(origin) else {
        return false;
    };
    match origin.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

pub(crate) fn other_origin() -> Error {
    Error::new(
        ErrorCode::Forbidden,
        "only the pages of this server may send this request; behind a proxy, --public-url must be the \
         address that browsers show",
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
