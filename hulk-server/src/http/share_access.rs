//! Extractors of requests with the token of a share.

use std::convert::Infallible;

use axum::extract::{FromRequestParts, RawPathParams};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use http::request::Parts;
use hulk_proto::{
    Password, ShareToken,
    share::{CLAIM_PARAMETER, PASS_HEADER, ShareAction},
};

use super::{
    caller::MaybeCallerWithin,
    client_ip::ClientIp,
    cookies::{PASS_COOKIE, cookies},
};
use crate::{
    app::App,
    auth::Caller,
    error::{Error, Result},
    ops::shares::{
        self,
        link::{Opened, ShareCredentials},
    },
};

/// What a visitor sends beside the token of a share.
pub(crate) struct ShareAccess(pub ShareCredentials);

/// Whoever follows a link: perhaps a caller, who may be bound to a directory; perhaps with access to a share.
pub(crate) struct Visitor {
    pub(crate) caller: Option<Caller>,
    pub(crate) access: ShareCredentials,
}

impl FromRequestParts<App> for Visitor {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let MaybeCallerWithin(caller) = MaybeCallerWithin::from_request_parts(parts, app).await?;
        let Ok(ShareAccess(access)) = ShareAccess::from_request_parts(parts, app).await;
        Ok(Self { caller, access })
    }
}

/// The share of the path's token, which accepts uploads from this visitor: opened before the body is read.
pub(crate) struct TakesUploads(pub Opened);

/// Like `TakesUploads`, for a share with which further links may be created.
pub(crate) struct MakesShares(pub Opened);

impl FromRequestParts<App> for ShareAccess {
    type Rejection = Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        _: &App,
    ) -> std::result::Result<Self, Infallible> {
        let header = |name: &str| parts.headers.get(name)?.to_str().ok();
        let cookies = cookies(&parts.headers);
        let passes = cookies
            .iter()
            .filter(|(name, _)| name.starts_with(PASS_COOKIE))
            .map(|(_, value)| value.clone());
        let query = parts.uri.query().unwrap_or_default();
        let mut query = url::form_urlencoded::parse(query.as_bytes());
        let claim = query.find(|(name, _)| name == CLAIM_PARAMETER);
        let client = parts.extensions.get::<ClientIp>();
        Ok(Self(ShareCredentials {
            passes: passes
                .chain(header(PASS_HEADER).map(str::to_owned))
                .collect(),
            password: header("authorization").and_then(basic_password),
            address: client.map(|client| client.address),
            claim: claim.and_then(|(_, id)| id.parse().ok()),
        }))
    }
}

impl FromRequestParts<App> for TakesUploads {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        open(parts, app, ShareAction::Upload).await.map(Self)
    }
}

impl FromRequestParts<App> for MakesShares {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        open(parts, app, ShareAction::Share).await.map(Self)
    }
}

async fn open(parts: &mut Parts, app: &App, action: ShareAction) -> Result<Opened> {
    let no_share = || Error::not_found("share");
    let path = RawPathParams::from_request_parts(parts, app).await;
    let path = path.map_err(|_| no_share())?;
    let (_, token) = path
        .iter()
        .find(|(name, _)| *name == "token")
        .ok_or_else(no_share)?;
    let token: ShareToken = token.parse().map_err(|_| no_share())?;
    let Ok(ShareAccess(credentials)) = ShareAccess::from_request_parts(parts, app).await;
    shares::open(app, &token, &credentials, action).await
}

/// Returns the password of RFC 7617; the user name does not matter.
fn basic_password(header: &str) -> Option<Password> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(BASE64.decode(encoded.trim()).ok()?).ok()?;
    let (_, password) = decoded.split_once(':')?;
    Some(Password(password.to_owned()))
}
