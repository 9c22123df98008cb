//! Cookies of the pages: the API key of the user who is signed in, and passes of shares. No script can read
//! them.

use axum::extract::FromRequestParts;
use http::{HeaderMap, HeaderValue, StatusCode, header::COOKIE, request::Parts};
use hulk_proto::{ApiKeySecret, ErrorCode, Right, Timestamp, share::Unlocked};

use crate::{
    app::App,
    auth::keys::authenticate,
    error::{Error, Result},
};

const KEY_COOKIE: &str = "hulk_key";
const KEY_COOKIE_SECONDS: u32 = 30 * 24 * 60 * 60;
/// Beginning of a name that ends with the id of the share.
pub(crate) const PASS_COOKIE: &str = "hulk_pass_";

/// Returns all cookies of a request: (name, value).
pub(crate) fn cookies(headers: &HeaderMap) -> Vec<(String, String)> {
    let lines = headers.get_all(COOKIE).iter();
    lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// Returns the API key in the page's cookie.
pub(super) fn key_of_cookie(headers: &HeaderMap) -> Option<String> {
    let cookies = cookies(headers);
    let found = cookies.into_iter().find(|(name, _)| name == KEY_COOKIE);
    found.map(|(_, key)| key)
}

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

/// Returns the cookie that signs in to the page with a key.
///
/// # Errors
/// `AUTH_INVALID_CREDENTIALS` for an invalid key, `FORBIDDEN` for one that may not read, since the page lists
/// files.
pub(crate) async fn key_cookie(app: &App, key: &str) -> Result<HeaderValue> {
    let secret: ApiKeySecret = key.parse().map_err(|_| no_good())?;
    let caller = match authenticate(&app.db, &secret).await {
        Err(error) if error.status() == StatusCode::UNAUTHORIZED => return Err(no_good()),
        authenticated => authenticated?,
    };
    caller.require(Right::Read)?;
    let secret = secret.reveal();
    let cookie = format!(
        "{KEY_COOKIE}={secret}; Path=/; HttpOnly; SameSite=Lax; Max-Age={KEY_COOKIE_SECONDS}{}",
        secure(app)
    );
    let mut cookie = HeaderValue::from_str(&cookie).map_err(Error::internal)?;
    cookie.set_sensitive(true);
    Ok(cookie)
}

fn no_good() -> Error {
    Error::new(
        ErrorCode::AuthInvalidCredentials,
        "This key is unknown, mangled or expired.",
    )
}

/// Returns the cookie that signs out.
pub(crate) fn expired_key_cookie(app: &App) -> HeaderValue {
    let cookie = format!(
        "{KEY_COOKIE}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0{}",
        secure(app)
    );
    HeaderValue::from_str(&cookie).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// Returns the cookie that carries a share's pass, which no script can read.
pub(crate) fn pass_cookie(app: &App, share_id: &str, unlocked: &Unlocked) -> Result<HeaderValue> {
    let left = unlocked.expires_at.unix_millis() - Timestamp::now().unix_millis();
    let cookie = format!(
        "{PASS_COOKIE}{share_id}={}; Path=/; HttpOnly; SameSite=Lax; Max-Age={}{}",
        unlocked.pass,
        left / 1000,
        secure(app)
    );
    HeaderValue::from_str(&cookie).map_err(Error::internal)
}

/// Returns `Secure` only if links are https: a browser drops a Secure cookie that it received over plain
/// http.
fn secure(app: &App) -> &'static str {
    match app.settings.public_url.starts_with("https:") {
        true => "; Secure",
        false => "",
    }
}
