//! Visitors of a page. A handler's signature says who may see the page; others are redirected to the log-in,
//! or get a page that says why.

use axum::{
    extract::FromRequestParts,
    response::{IntoResponse, Redirect, Response},
};
use http::request::Parts;
use hulk_proto::Right;

use super::html::failure;
use crate::{app::App, auth::Caller, http::caller::MaybeCaller};

/// A user who is signed in, and so may read.
pub(super) struct SignedIn(pub(super) Caller);

/// A user who is signed in and may manage keys and shares.
pub(super) struct MayManage(pub(super) Caller);

impl FromRequestParts<App> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        match MaybeCaller::from_request_parts(parts, app).await {
            Ok(MaybeCaller(Some(caller))) => Ok(Self(caller)),
            Ok(MaybeCaller(None)) => Err(Redirect::to("/").into_response()),
            Err(error) => Err(error.into_response()),
        }
    }
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
