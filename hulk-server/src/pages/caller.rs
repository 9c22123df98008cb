//! Visitors of a page. A handler's signature says who may see the page; others are redirected to the log-in,
//! or get a page that says why.

use axum::{
    extract::FromRequestParts,
    response::{IntoResponse, Redirect, Response},
};
use http::request::Parts;
use hulk_proto::Right;
use url::form_urlencoded;

use super::html::failure;
use crate::{
    app::App,
    auth::Caller,
    http::{caller::MaybeCaller, cookies::refresh_token},
};

/// A user who is signed in, and so may read.
pub(super) struct SignedIn(pub(super) Caller);

/// A user who is signed in and may manage keys and shares.
pub(super) struct MayManage(pub(super) Caller);

/// Whoever asks for a page.
pub(super) enum PageCaller {
    SignedIn(Box<Caller>),
    /// Their access token has expired: this answer renews the session, and leads back here.
    Resumes(Response),
    Nobody,
}

impl FromRequestParts<App> for PageCaller {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        match MaybeCaller::from_request_parts(parts, app).await {
            Ok(MaybeCaller(Some(caller))) => Ok(Self::SignedIn(Box::new(caller))),
            Ok(MaybeCaller(None)) if refresh_token(app, &parts.headers).is_some() => {
                let resume = format!("/refresh?next={}", next(parts));
                Ok(Self::Resumes(Redirect::to(&resume).into_response()))
            }
            Ok(MaybeCaller(None)) => Ok(Self::Nobody),
            Err(error) => Err(error.into_response()),
        }
    }
}

impl FromRequestParts<App> for SignedIn {
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
            PageCaller::SignedIn(caller) => Ok(Self(*caller)),
            PageCaller::Resumes(redirect) => Err(redirect),
            PageCaller::Nobody => {
                let login = format!("/login?next={}", next(parts));
                Err(Redirect::to(&login).into_response())
            }
        }
    }
}

/// Returns the page that was asked for, as a parameter of another one.
fn next(parts: &Parts) -> String {
    let next = parts.uri.path_and_query();
    let next = next.map_or("/", |next| next.as_str());
    form_urlencoded::byte_serialize(next.as_bytes()).collect()
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
