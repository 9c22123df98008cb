//! Visitors of a page. A handler's signature says who may see the page; others are redirected to the log-in,
//! or get a page that says why. Callers who are bound to a directory see only pages that ask for `…Within`.

use axum::{
    extract::{FromRequestParts, Request, State},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use http::{HeaderMap, Method, StatusCode, header::AUTHORIZATION, request::Parts};
use hulk_proto::Right;
use url::form_urlencoded;

use super::html::failure;
use crate::{
    app::App,
    auth::Caller,
    http::{
        caller::MaybeCallerWithin,
        cookies::refresh_token,
        negotiate::{Form, preferred},
    },
};

/// A user who is signed in, and so may read.
pub(super) struct SignedIn(pub(super) Caller);

/// Like `SignedIn`, perhaps bound to a directory.
pub(super) struct SignedInWithin(pub(super) Caller);

/// A user who is signed in and may manage keys and shares.
pub(super) struct MayManage(pub(super) Caller);

/// Whoever asks for a page.
pub(super) enum PageCaller {
    /// Perhaps bound to a directory.
    SignedIn(Box<Caller>),
    /// Their access token has expired: this answer renews the session, and leads back here.
    Resumes(Response),
    Nobody,
}

impl FromRequestParts<App> for PageCaller {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        match MaybeCallerWithin::from_request_parts(parts, app).await {
            Ok(MaybeCallerWithin(Some(caller))) => Ok(Self::SignedIn(Box::new(caller))),
            Ok(MaybeCallerWithin(None)) if may_resume(app, &parts.headers) => {
                let resume = renewal(asked_for(parts));
                Ok(Self::Resumes(Redirect::to(&resume).into_response()))
            }
            Ok(MaybeCallerWithin(None)) => Ok(Self::Nobody),
            Err(error) => Err(error.into_response()),
        }
    }
}

impl FromRequestParts<App> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let SignedInWithin(caller) = SignedInWithin::from_request_parts(parts, app).await?;
        match caller.credential.check_unbound() {
            Ok(()) => Ok(Self(caller)),
            Err(error) => Err(failure(app, error)),
        }
    }
}

impl FromRequestParts<App> for SignedInWithin {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        match PageCaller::from_request_parts(parts, app).await? {
            PageCaller::SignedIn(caller) => Ok(Self(*caller)),
            PageCaller::Resumes(redirect) => Err(redirect),
            PageCaller::Nobody => Err(Redirect::to("/").into_response()),
        }
    }
}

/// Like `SignedIn`; whoever is not signed in comes back here afterwards.
pub(super) struct SignedInTo(pub(super) Caller);

impl FromRequestParts<App> for SignedInTo {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        match PageCaller::from_request_parts(parts, app).await? {
            PageCaller::SignedIn(caller) => match caller.credential.check_unbound() {
                Ok(()) => Ok(Self(*caller)),
                Err(error) => Err(failure(app, error)),
            },
            PageCaller::Resumes(redirect) => Err(redirect),
            PageCaller::Nobody => {
                let login = with_next("/login", asked_for(parts));
                Err(Redirect::to(&login).into_response())
            }
        }
    }
}

/// Returns the page that was asked for.
fn asked_for(parts: &Parts) -> &str {
    let page = parts.uri.path_and_query();
    page.map_or("/", |page| page.as_str())
}

/// Returns the page that renews the session, and then leads to `next`.
pub(super) fn renewal(next: &str) -> String {
    with_next("/refresh", next)
}

fn with_next(page: &str, next: &str) -> String {
    let next: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
    format!("{page}?next={next}")
}

/// Whether a renewed session would make a difference: another credential comes before the cookies.
fn may_resume(app: &App, headers: &HeaderMap) -> bool {
    !headers.contains_key(AUTHORIZATION) && refresh_token(app, headers).is_some()
}

/// Leads a browser to the page that renews the session, instead of refusing it what its user may see as soon
/// as the access token, which lives for minutes, is renewed. It comes back at most once: the session is renewed
/// then, or has no cookies any more.
pub(crate) async fn resume_session(
    State(app): State<App>,
    request: Request,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    let may_lead = is_page(&parts) && may_resume(&app, &parts.headers);
    let page = may_lead.then(|| parts.clone());
    let response = next.run(Request::from_parts(parts, body)).await;
    let is_refused = matches!(
        response.status(),
        StatusCode::NOT_FOUND | StatusCode::UNAUTHORIZED
    );
    let Some(mut page) = page.filter(|_| is_refused) else {
        return response;
    };
    match PageCaller::from_request_parts(&mut page, &app).await {
        Ok(PageCaller::Resumes(redirect)) => redirect,
        _ => response,
    }
}

/// Whether a browser wants to show the answer as a page.
fn is_page(parts: &Parts) -> bool {
    let mode = parts.headers.get("sec-fetch-mode");
    parts.method == Method::GET
        && preferred(&parts.headers) == Some(Form::Page)
        && mode.is_none_or(|mode| mode == "navigate")
}

impl FromRequestParts<App> for MayManage {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let SignedIn(caller) = SignedIn::from_request_parts(parts, app).await?;
        match caller.require(Right::Manage) {
            Ok(()) => Ok(Self(caller)),
            Err(error) => Err(failure(app, error)),
        }
    }
}
