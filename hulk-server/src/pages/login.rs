//! Signing in to the page and out of it. The tokens of the session are in cookies that no script can read.

use askama::Template;
use axum::{
    extract::{Query, State},
    response::{AppendHeaders, IntoResponse, Redirect, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use hulk_proto::{ErrorCode, Password, session::LogIn};
use serde::Deserialize;

use super::{
    caller::renewal,
    html::{Frame, page, refusal},
};
use crate::{
    app::{App, Signup},
    auth::Client,
    error::{Error, Result},
    http::{
        caller::MaybeCallerWithin,
        cookies::{expired_cookies, refresh_token, session_cookies},
        extract::{Form, NextQuery, own_path},
        same_origin::{SameOrigin, is_own_navigation},
    },
    ops::accounts::{login_links, refresh, sessions},
};

/// The start page of whoever is not signed in.
#[derive(Template)]
#[template(path = "welcome.html")]
struct Welcome {
    frame: Frame,
    server: String,
    refusal: String,
    email: String,
    /// Where to go afterwards.
    next: String,
    /// Whether new accounts are possible.
    can_register: bool,
}

/// Leads to the renewal of the session, as a page of ours.
#[derive(Template)]
#[template(path = "resuming.html")]
struct Resuming {
    frame: Frame,
    /// Path of the renewal.
    renewal: String,
}

#[derive(Deserialize)]
pub(super) struct Login {
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: String,
    /// An API key, instead.
    #[serde(default)]
    key: String,
    #[serde(default)]
    next: String,
}

#[derive(Deserialize)]
pub(super) struct Once {
    #[serde(default)]
    token: String,
}

/// Shows what this server is, and how to sign in.
pub(super) fn welcome(app: &App) -> Response {
    let nothing = String::new;
    welcome_with(app, StatusCode::OK, (nothing(), nothing()), nothing())
}

/// Shows it with what was typed: the address, and where to go afterwards.
fn welcome_with(
    app: &App,
    status: StatusCode,
    (email, next): (String, String),
    refusal: String,
) -> Response {
    let welcome = Welcome {
        frame: Frame::new("Hulkastorus", false),
        server: app.settings.public_url.clone(),
        refusal,
        email,
        next,
        can_register: !matches!(app.settings.signup, Signup::Closed),
    };
    page(app, status, &welcome)
}

pub(super) async fn show(State(app): State<App>, NextQuery(next): NextQuery) -> Response {
    welcome_with(&app, StatusCode::OK, (String::new(), next), String::new())
}

pub(super) async fn login(
    State(app): State<App>,
    client: Client,
    _: SameOrigin,
    Form(login): Form<Login>,
) -> Result<Response> {
    let email = login.email.clone();
    let next = own_path(&login.next).to_owned();
    let begun = match login.key.trim() {
        "" => {
            let request = LogIn {
                email: login.email,
                password: Password(login.password),
            };
            sessions::log_in(&app, &client, request).await
        }
        key => match key.parse() {
            Ok(secret) => sessions::log_in_with_key(&app, &client, &secret).await,
            Err(_) => Err(no_good()),
        },
    };
    match begun {
        Ok(session) => Ok(signed_in(session_cookies(&app, &session)?, &next)),
        Err(error) if error.is_fault() => Err(error),
        Err(error) => Ok(refusal(error, |status, message| {
            welcome_with(&app, status, (email, next), message)
        })),
    }
}

fn no_good() -> Error {
    Error::new(
        ErrorCode::AuthInvalidCredentials,
        "this key is unknown, mangled or expired",
    )
}

/// Signs in by a link (`ops::accounts::login_links`), and leads to its page.
///
/// This GET uses the link up, so that it is one click. Links in mails may not be like that, since scanners and
/// previews follow them; but this one is printed on its user's own terminal or handed to the browser, is valid
/// for 60 s, and a HEAD leaves it as it is. A navigation that another site began is refused: it could sign
/// somebody in to the account of whoever made the link, who would then see what they store there.
pub(super) async fn once(
    State(app): State<App>,
    client: Client,
    headers: HeaderMap,
    Query(link): Query<Once>,
) -> Result<Response> {
    let begun = match is_own_navigation(&headers) {
        true => login_links::log_in(&app, &client, &link.token).await,
        false => Err(from_elsewhere()),
    };
    match begun {
        Ok((session, next)) => {
            let cookies = session_cookies(&app, &session)?;
            Ok(signed_in(cookies, own_path(&next)))
        }
        Err(error) if error.is_fault() => Err(error),
        Err(error) => Ok(refusal(error, |status, message| {
            welcome_with(&app, status, (String::new(), String::new()), message)
        })),
    }
}

fn from_elsewhere() -> Error {
    Error::new(
        ErrorCode::Forbidden,
        "another site has led here, and nobody was signed in; if the link is yours, paste it into the \
         address bar",
    )
}

/// Sets the cookies and leads to another page.
pub(super) fn signed_in(cookies: [HeaderValue; 2], to: &str) -> Response {
    (with_cookies(cookies), Redirect::to(to)).into_response()
}

fn with_cookies(
    cookies: [HeaderValue; 2],
) -> AppendHeaders<[(header::HeaderName, HeaderValue); 2]> {
    AppendHeaders(cookies.map(|cookie| (header::SET_COOKIE, cookie)))
}

pub(super) async fn logout(
    State(app): State<App>,
    _: SameOrigin,
    client: Client,
    headers: HeaderMap,
) -> Result<Response> {
    if let Some(token) = refresh_token(&app, &headers) {
        sessions::log_out(&app, &client, &token).await?;
    }
    Ok(signed_in(expired_cookies(&app)?, "/"))
}

/// Renews the session of a page whose access token has expired, and leads back to it. If that is not
/// possible, the cookies go, and the page will ask to sign in.
///
/// This GET changes something, since a page that was asked for can only be answered by a redirect. A browser
/// that did not get the answer has a token that was exchanged, and if it presents that after the time of grace,
/// the session ends. So nobody else may cause a renewal whose answer is lost: a valid session is not renewed,
/// and a navigation that another site began gets a page of ours, which asks again.
pub(super) async fn resume(
    State(app): State<App>,
    MaybeCallerWithin(caller): MaybeCallerWithin,
    headers: HeaderMap,
    NextQuery(next): NextQuery,
) -> Result<Response> {
    if caller.is_some() {
        return Ok(Redirect::to(&next).into_response());
    }
    if !is_own_navigation(&headers) {
        return Ok(resuming(&app, &next));
    }
    let cookies = match renewed(&app, &headers).await {
        Ok(cookies) => cookies,
        Err(error) if error.is_fault() => return Err(error),
        Err(_) => expired_cookies(&app)?,
    };
    Ok(signed_in(cookies, &next))
}

/// Shows a page that goes on to the renewal at once. The window is out of reach of whoever opened it, who could
/// close it in between.
fn resuming(app: &App, next: &str) -> Response {
    let renewal = renewal(next);
    let refresh = HeaderValue::from_str(&format!("0; url={renewal}"));
    let template = Resuming {
        frame: Frame::new("One moment", false),
        renewal,
    };
    let mut response = page(app, StatusCode::OK, &template);
    let headers = response.headers_mut();
    if let Ok(refresh) = refresh {
        headers.insert(header::REFRESH, refresh);
    }
    headers.insert(
        "cross-origin-opener-policy",
        HeaderValue::from_static("same-origin"),
    );
    response
}

/// Renews the session for a script, which then repeats its request.
pub(super) async fn refresh(
    State(app): State<App>,
    _: SameOrigin,
    headers: HeaderMap,
) -> Result<Response> {
    let cookies = renewed(&app, &headers).await?;
    Ok((StatusCode::NO_CONTENT, with_cookies(cookies)).into_response())
}

async fn renewed(app: &App, headers: &HeaderMap) -> Result<[HeaderValue; 2]> {
    let token = refresh_token(app, headers).unwrap_or_default();
    let session = refresh::refresh(app, &token).await?;
    session_cookies(app, &session)
}
