//! Callers. A handler's signature names the right that it needs, so that no handler can forget to check it.
//!
//! Callers whose credential is bound to a directory (`auth::scope`) are refused, except by the extractors whose
//! name ends in `Within`: their handlers pass the caller on as a `Scope`, and so keep to the directory. A new
//! route is closed to bound callers unless it says otherwise.

use std::net::IpAddr;

use axum::extract::FromRequestParts;
use http::{HeaderMap, header::AUTHORIZATION, request::Parts};
use hulk_proto::{ErrorCode, Right, key::InvalidKey};
use sha2::{Digest, Sha256};

use super::{
    client_ip::ClientIp,
    cookies::access_token,
    same_origin::{is_same_origin, other_origin},
};
use crate::{
    app::App,
    auth::{
        Caller, Credential, keys, sessions,
        staff::{Staff, root_for},
        tokens::ACCESS_PREFIX,
    },
    error::{Error, Result},
};

/// Names a key, like `Authorization`.
const API_KEY: &str = "x-api-key";
/// Names the user for whom root acts.
const ACT_FOR: &str = "x-hulk-user";

/// A caller with a valid credential, whatever it grants.
pub(crate) struct Authenticated(pub Caller);

/// Like `Authenticated`, also for a credential that is bound to a directory.
pub(crate) struct AuthenticatedWithin(pub Caller);

/// Anyone; a caller if the request has a valid credential that may read. For links and pages, an upload-only
/// key counts as no credential. The credential may be bound to a directory.
pub(crate) struct MaybeCallerWithin(pub Option<Caller>);

/// The store, or a program that forwards its notices: it has the shared secret.
pub(crate) struct StoreWebhook;

/// Extractors of callers with a right.
macro_rules! callers_with {
    ($authenticate:ident: $($(#[$doc:meta])* $name:ident => $right:expr),+ $(,)?) => {$(
        $(#[$doc])*
        pub(crate) struct $name(pub Caller);

        impl FromRequestParts<App> for $name {
            type Rejection = Error;

            async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
                let caller = $authenticate(parts, app).await?;
                caller.require($right)?;
                Ok(Self(caller))
            }
        }
    )+};
}

callers_with!(
    authenticate_unbound:
    /// May list and download.
    CanRead => Right::Read,
    /// May change what exists and move it to the trash; may read and upload too.
    CanWrite => Right::Change,
    /// May delete permanently too.
    CanPurge => Right::Purge,
    /// May manage keys and shares too.
    CanManage => Right::Manage,
);

callers_with!(
    authenticate:
    /// Like `CanRead`, perhaps bound to a directory.
    CanReadWithin => Right::Read,
    /// May create files, perhaps only in a directory; the destination says whether the caller may read them too.
    CanUploadWithin => Right::Upload,
    /// Like `CanWrite`, perhaps bound to a directory.
    CanWriteWithin => Right::Change,
    /// Like `CanManage`, perhaps bound to a directory.
    CanManageWithin => Right::Manage,
);

impl FromRequestParts<App> for Authenticated {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        authenticate_unbound(parts, app).await.map(Self)
    }
}

impl FromRequestParts<App> for AuthenticatedWithin {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        authenticate(parts, app).await.map(Self)
    }
}

impl FromRequestParts<App> for MaybeCallerWithin {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        match authenticate(parts, app).await {
            Ok(caller) => Ok(Self(Some(caller).filter(|caller| caller.may(Right::Read)))),
            // If the lookup fails, the caller may still be the owner of a private link, so this is not a 404.
            Err(error) if error.is_fault() => Err(error),
            Err(_) => Ok(Self(None)),
        }
    }
}

impl FromRequestParts<App> for StoreWebhook {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let secret = app.settings.s3_events_secret.as_deref();
        let secret = secret.ok_or_else(|| Error::not_found("route"))?;
        let given = parts.headers.get(AUTHORIZATION);
        let given = given.and_then(|value| value.to_str().ok());
        // Some stores send a token with its scheme, some without.
        let given = given.map(|text| text.strip_prefix("Bearer ").unwrap_or(text));
        // Digests are compared, so that the time does not reveal how much is equal.
        match given.is_some_and(|given| Sha256::digest(given) == Sha256::digest(secret)) {
            true => Ok(Self),
            false => Err(Error::new(
                ErrorCode::Unauthorized,
                "'Authorization: Bearer …' does not have the secret of HULK_S3_EVENTS_SECRET",
            )),
        }
    }
}

/// Whoever sent a request.
enum Identity {
    Caller(Box<Caller>),
    Root,
}

/// Authenticates a caller whose credential is not bound to a directory.
async fn authenticate_unbound(parts: &Parts, app: &App) -> Result<Caller> {
    let caller = authenticate(parts, app).await?;
    caller.credential.check_unbound()?;
    Ok(caller)
}

/// Authenticates a caller. Root acts for the user that a header names.
async fn authenticate(parts: &Parts, app: &App) -> Result<Caller> {
    match identify(parts, app).await? {
        Identity::Caller(caller) => Ok(*caller),
        Identity::Root => root_for(&app.db, acts_for(parts)?, address(parts)).await,
    }
}

/// Authenticates somebody who wants what only moderators, admins or root may.
pub(super) async fn authenticate_staff(parts: &Parts, app: &App) -> Result<Staff> {
    Ok(match identify(parts, app).await? {
        Identity::Caller(caller) => Staff::from(*caller),
        Identity::Root => Staff::root(address(parts)),
    })
}

/// Authenticates by a header, else by the cookie of the page.
async fn identify(parts: &Parts, app: &App) -> Result<Identity> {
    let secret = match given(&parts.headers)? {
        Some(secret) => secret.to_owned(),
        None => cookie(parts, app)?,
    };
    let root = app.settings.root_key.as_ref();
    if root.is_some_and(|root| root.admits(&secret, address(parts))) {
        return Ok(Identity::Root);
    }
    let caller = match secret.starts_with(ACCESS_PREFIX) {
        true => sessions::authenticate(&app.db, &secret).await?,
        false => {
            let key = secret.parse().map_err(malformed)?;
            keys::authenticate(&app.db, &key).await?
        }
    };
    if let (Credential::ApiKey(key), Some(address)) = (&caller.credential, address(parts)) {
        app.key_uses.record(&key.id, address);
    }
    if let Some(id) = caller.credential.id() {
        app.rates.learn(&secret, id);
    }
    Ok(Identity::Caller(Box::new(Caller {
        address: address(parts),
        ..caller
    })))
}

/// Returns the secret that a request comes with, in a header, else in the cookie of the page. It may be
/// forged.
pub(super) fn claimed_secret(app: &App, headers: &HeaderMap) -> Option<String> {
    match given(headers) {
        Ok(Some(secret)) => Some(secret.to_owned()),
        Ok(None) => access_token(app, headers),
        Err(_) => None,
    }
}

fn address(parts: &Parts) -> Option<IpAddr> {
    let client = parts.extensions.get::<ClientIp>();
    client.map(|client| client.address)
}

/// Returns the id of the user for whom root acts.
fn acts_for(parts: &Parts) -> Result<&str> {
    let id = parts.headers.get(ACT_FOR);
    let id = id.and_then(|id| id.to_str().ok()).map(str::trim);
    id.ok_or_else(|| {
        Error::new(
            ErrorCode::BadRequest,
            "root has no files and no account: name the user to act for in the header X-Hulk-User",
        )
    })
}

/// Returns the secret in a header, if there is one.
fn given(headers: &HeaderMap) -> Result<Option<&str>> {
    if headers.contains_key(AUTHORIZATION) {
        return authorization(headers).map(Some);
    }
    let Some(key) = headers.get(API_KEY) else {
        return Ok(None);
    };
    let key = key.to_str().map_err(|_| {
        Error::new(
            ErrorCode::Unauthorized,
            "the X-API-Key header is no API key",
        )
    })?;
    Ok(Some(key.trim()))
}

fn cookie(parts: &Parts, app: &App) -> Result<String> {
    let token = access_token(app, &parts.headers);
    let token = token.filter(|token| token.starts_with(ACCESS_PREFIX));
    let token = token.ok_or_else(|| {
        Error::new(
            ErrorCode::Unauthorized,
            "an API key is needed: send it as 'Authorization: Bearer hulk_…'",
        )
    })?;
    // A browser sends the cookie with any request; only our own pages may change anything.
    match parts.method.is_safe() || is_same_origin(parts, app) {
        true => Ok(token),
        false => Err(other_origin()),
    }
}

fn authorization(headers: &HeaderMap) -> Result<&str> {
    let header = headers.get(AUTHORIZATION);
    let header = header.and_then(|header| header.to_str().ok());
    let secret = header.and_then(|text| text.split_once(' '));
    let is_known = |scheme: &str| ["bearer", "apikey"].contains(&scheme.to_lowercase().as_str());
    secret
        .filter(|(scheme, _)| is_known(scheme))
        .map(|(_, secret)| secret.trim())
        .ok_or_else(|| {
            Error::new(
                ErrorCode::Unauthorized,
                "the Authorization header is not 'Bearer hulk_…'",
            )
        })
}

fn malformed(error: InvalidKey) -> Error {
    Error::new(ErrorCode::AuthInvalidCredentials, error.to_string())
}
