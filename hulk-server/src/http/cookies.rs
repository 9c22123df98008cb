//! Cookies of the pages: the tokens of the session of the user who is signed in, and passes of shares. No
//! script can read them.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{
    HeaderMap, HeaderValue,
    header::{COOKIE, SET_COOKIE},
};
use hulk_proto::{Timestamp, session::LoggedIn, share::Unlocked};

use crate::{
    app::App,
    error::{Error, Result},
};

/// Ends of the names of the session's cookies; `full_name` has the rest.
const ACCESS_COOKIE: &str = "session";
const REFRESH_COOKIE: &str = "refresh";
/// Cookie in which earlier versions kept an API key for 30 days.
const KEY_COOKIE: &str = "hulk_key";
/// As long as a refresh token; the server refuses it earlier if it has to.
const REFRESH_SECONDS: u64 = 7 * 24 * 60 * 60;
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

/// Returns the access token in the page's cookie.
pub(super) fn access_token(app: &App, headers: &HeaderMap) -> Option<String> {
    find(app, headers, ACCESS_COOKIE)
}

/// Returns the refresh token in the page's cookie.
pub(crate) fn refresh_token(app: &App, headers: &HeaderMap) -> Option<String> {
    find(app, headers, REFRESH_COOKIE)
}

fn find(app: &App, headers: &HeaderMap, name: &str) -> Option<String> {
    let name = full_name(app, name);
    let found = cookies(headers)
        .into_iter()
        .find(|(found, _)| *found == name);
    found.map(|(_, value)| value)
}

/// Returns the cookies that sign in to the page.
pub(crate) fn session_cookies(app: &App, session: &LoggedIn) -> Result<[HeaderValue; 2]> {
    Ok([
        session_cookie(
            app,
            ACCESS_COOKIE,
            &session.access_token,
            // Not 0, which would remove the cookie: in the last second of a session, a page would lead to
            // its renewal and back again and again.
            session.expires_in.max(1),
        )?,
        session_cookie(app, REFRESH_COOKIE, &session.refresh_token, REFRESH_SECONDS)?,
    ])
}

/// Returns the cookies that sign out.
pub(crate) fn expired_cookies(app: &App) -> Result<[HeaderValue; 2]> {
    Ok([
        session_cookie(app, ACCESS_COOKIE, "", 0)?,
        session_cookie(app, REFRESH_COOKIE, "", 0)?,
    ])
}

fn session_cookie(app: &App, name: &str, value: &str, seconds: u64) -> Result<HeaderValue> {
    let cookie = format!(
        "{}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{}",
        full_name(app, name),
        secure(app)
    );
    let mut cookie = HeaderValue::from_str(&cookie).map_err(Error::internal)?;
    cookie.set_sensitive(true);
    Ok(cookie)
}

/// Removes the cookie of earlier versions from browsers that still have it: it holds an API key, and is sent
/// with every request.
pub(crate) async fn expire_key_cookie(
    State(app): State<App>,
    request: Request,
    next: Next,
) -> Response {
    let found = cookies(request.headers());
    let is_sent = found.iter().any(|(name, _)| name == KEY_COOKIE);
    let mut response = next.run(request).await;
    let expired = format!(
        "{KEY_COOKIE}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0{}",
        secure(&app)
    );
    if let (true, Ok(expired)) = (is_sent, HeaderValue::from_str(&expired)) {
        response.headers_mut().append(SET_COOKIE, expired);
    }
    response
}

/// Returns a cookie's name. Behind https it has the prefix with which browsers accept it only from this very
/// host, and only over https (RFC 6265bis, section 4.1.3.2). Over plain http it has the port of the public
/// URL: browsers send a host's cookies to all its ports, so that two servers on one machine would overwrite
/// each other's. It is not the port that this process listens on, which differs between replicas.
fn full_name(app: &App, name: &str) -> String {
    match app.settings.is_https() {
        true => format!("__Host-hulk_{name}"),
        false => format!("hulk_{}_{name}", app.settings.public_port),
    }
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
    match app.settings.is_https() {
        true => "; Secure",
        false => "",
    }
}
