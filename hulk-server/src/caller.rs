//! Who calls. A handler's signature names the right it needs, so that none can forget to ask.

use std::{convert::Infallible, net::SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use http::{
    HeaderMap, HeaderValue,
    header::{AUTHORIZATION, COOKIE},
    request::Parts,
};
use hulk_proto::{
    ApiKeySecret, ErrorCode, KeyPermission, Timestamp,
    share::{CLAIM_HEADER, PASS_HEADER, Password, Unlocked},
};
use sha2::{Digest, Sha256};

use crate::{
    app::App,
    db::{
        api_keys::{self, ApiKeyRow},
        users::{self, UserRow},
    },
    error::{Error, Result},
    ops::shares::Visit,
};

const KEY_COOKIE: &str = "hulk_key";
const KEY_COOKIE_SECONDS: u32 = 30 * 24 * 60 * 60;
/// With the id of the share.
const PASS_COOKIE: &str = "hulk_pass_";
/// "Last used" is to the minute, so that a read is not a write.
const TOUCH_INTERVAL_MILLIS: i64 = 60_000;

/// A user with the key they came with.
#[derive(Clone)]
pub struct Caller {
    pub user: UserRow,
    pub key: ApiKeyRow,
    permission: KeyPermission,
}

/// May list and download.
pub(crate) struct Reader(pub Caller);
/// May upload, change and delete too.
pub(crate) struct Writer(pub Caller);
/// May manage keys too.
pub(crate) struct Manager(pub Caller);
/// The store, or whoever passes its notices on: it has the shared secret.
pub(crate) struct Store;
/// Anybody; a caller if they came with a good key.
pub(crate) struct Visitor(pub Option<Caller>);

impl Caller {
    pub(crate) fn may(&self, needed: KeyPermission) -> bool {
        self.permission >= needed
    }
}

impl FromRequestParts<App> for Reader {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        authorise(parts, app, KeyPermission::Read).await.map(Self)
    }
}

impl FromRequestParts<App> for Writer {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        authorise(parts, app, KeyPermission::Write).await.map(Self)
    }
}

impl FromRequestParts<App> for Manager {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        authorise(parts, app, KeyPermission::All).await.map(Self)
    }
}

impl FromRequestParts<App> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        app: &App,
    ) -> std::result::Result<Self, Infallible> {
        Ok(Self(authenticate(parts, app).await.ok()))
    }
}

impl FromRequestParts<App> for Store {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let secret = app.settings.s3_events_secret.as_deref();
        let secret = secret.ok_or_else(|| Error::not_found("route"))?;
        let given = parts.headers.get(AUTHORIZATION);
        let given = given.and_then(|value| value.to_str().ok());
        // Some stores send a token with its scheme, some without.
        let given = given.map(|text| text.strip_prefix("Bearer ").unwrap_or(text));
        // Of digests, so that how much is equal cannot be timed.
        match given.is_some_and(|given| Sha256::digest(given) == Sha256::digest(secret)) {
            true => Ok(Self),
            false => Err(Error::new(
                ErrorCode::Unauthorized,
                "'Authorization: Bearer …' does not have the secret of HULK_S3_EVENTS_SECRET",
            )),
        }
    }
}

/// Whoever comes with a share's token, and what else they bring.
pub(crate) struct Visiting(pub Visit);

impl FromRequestParts<App> for Visiting {
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
        Ok(Self(Visit {
            passes: passes
                .chain(header(PASS_HEADER).map(str::to_owned))
                .collect(),
            password: header("authorization").and_then(basic_password),
            client: client(parts),
            claim: header(CLAIM_HEADER).map(str::to_owned),
            is_continuation: header("range").is_some_and(is_rest),
        }))
    }
}

/// The password of RFC 7617; the name does not matter.
fn basic_password(header: &str) -> Option<Password> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(BASE64.decode(encoded.trim()).ok()?).ok()?;
    let (_, password) = decoded.split_once(':')?;
    Some(Password(password.to_owned()))
}

/// A digest of the address and the program, by which a download that was broken off is known again.
/// Behind a proxy the address is what that says; who forges it must know whose to forge.
fn client(parts: &Parts) -> String {
    let header = |name: &str| parts.headers.get(name)?.to_str().ok();
    let forwarded = header("x-forwarded-for").and_then(|list| list.split(',').next());
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    let address = match forwarded {
        Some(address) => address.trim().to_owned(),
        None => peer.map_or_else(String::new, |peer| peer.0.ip().to_string()),
    };
    let program = header("user-agent").unwrap_or_default();
    hulk_proto::Sha256(Sha256::digest(format!("{address}\n{program}")).into()).to_string()
}

/// Whether a Range is not from the start.
fn is_rest(range: &str) -> bool {
    let first = range
        .strip_prefix("bytes=")
        .and_then(|rest| rest.split('-').next());
    first.is_some_and(|first| first.parse::<u64>().is_ok_and(|first| first > 0))
}

/// (name, value)
fn cookies(headers: &HeaderMap) -> Vec<(String, String)> {
    let lines = headers.get_all(COOKIE).iter();
    lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// The cookie that carries a share's pass, out of reach of scripts.
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

/// Only where links are https: a browser drops a Secure cookie that came in the clear.
fn secure(app: &App) -> &'static str {
    match app.settings.public_url.starts_with("https:") {
        true => "; Secure",
        false => "",
    }
}

async fn authorise(parts: &Parts, app: &App, needed: KeyPermission) -> Result<Caller> {
    let caller = authenticate(parts, app).await?;
    match caller.permission >= needed {
        true => Ok(caller),
        false => Err(Error::new(
            ErrorCode::Forbidden,
            format!(
                "this API key may only {}; the request needs {needed}",
                caller.permission
            ),
        )),
    }
}

async fn authenticate(parts: &Parts, app: &App) -> Result<Caller> {
    authenticate_key(app, &secret(parts, app)?).await
}

/// From the header, else from the cookie of the page.
fn secret(parts: &Parts, app: &App) -> Result<ApiKeySecret> {
    if parts.headers.contains_key(AUTHORIZATION) {
        return bearer(parts);
    }
    let cookies = cookies(&parts.headers);
    let Some((_, key)) = cookies.into_iter().find(|(name, _)| name == KEY_COOKIE) else {
        return bearer(parts);
    };
    // A browser sends the cookie whoever makes it ask; only our own pages may change anything.
    if !parts.method.is_safe() && !is_same_origin(parts, app) {
        return Err(other_origin());
    }
    key.parse().map_err(|error: hulk_proto::key::InvalidKey| {
        Error::new(ErrorCode::AuthInvalidCredentials, error.to_string())
    })
}

/// By `Sec-Fetch-Site`, which scripts cannot forge, else by `Origin`: browsers send the first to
/// https and loopback alone. The name that the browser knows us by need not be the public one.
fn is_same_origin(parts: &Parts, app: &App) -> bool {
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

fn other_origin() -> Error {
    Error::new(
        ErrorCode::Forbidden,
        "this may be asked by the pages of this server alone",
    )
}

/// A request that one of our own pages makes: what changes anything and has no key in a header.
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

/// The cookie that signs in to the page with a key; `None` if the key is no good.
pub(crate) async fn key_cookie(app: &App, key: &str) -> Result<Option<HeaderValue>> {
    let Ok(secret) = key.parse::<ApiKeySecret>() else {
        return Ok(None);
    };
    match authenticate_key(app, &secret).await {
        Err(error) if error.is_fault() => Err(error),
        Err(_) => Ok(None),
        Ok(_) => {
            let secret = secret.reveal();
            let cookie = format!(
                "{KEY_COOKIE}={secret}; Path=/; HttpOnly; SameSite=Lax; Max-Age={KEY_COOKIE_SECONDS}{}",
                secure(app)
            );
            let mut cookie = HeaderValue::from_str(&cookie).map_err(Error::internal)?;
            cookie.set_sensitive(true);
            Ok(Some(cookie))
        }
    }
}

/// Signs out.
pub(crate) fn forget_key_cookie(app: &App) -> HeaderValue {
    let cookie = format!(
        "{KEY_COOKIE}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0{}",
        secure(app)
    );
    HeaderValue::from_str(&cookie).unwrap_or_else(|_| HeaderValue::from_static(""))
}

async fn authenticate_key(app: &App, secret: &ApiKeySecret) -> Result<Caller> {
    let invalid = || {
        Error::new(
            ErrorCode::AuthInvalidCredentials,
            "this API key is not known here, or was revoked",
        )
    };
    let mut connection = app.db.read().await?;
    let hash = secret_hash(secret);
    let key = api_keys::find_by_secret(&mut connection, secret.id().as_str(), &hash)
        .await?
        .ok_or_else(invalid)?;
    let now = Timestamp::now().unix_millis();
    if key.expires_at.is_some_and(|expires_at| expires_at <= now) {
        return Err(Error::new(
            ErrorCode::AuthTokenExpired,
            "this API key has expired",
        ));
    }
    let user = users::find(&mut connection, &key.user_id)
        .await?
        .ok_or_else(invalid)?;
    drop(connection);
    if key
        .last_used_at
        .is_none_or(|used| now - used >= TOUCH_INTERVAL_MILLIS)
    {
        let mut transaction = app.db.write().await?;
        api_keys::touch(&mut transaction, &key.id, now).await?;
        transaction.commit().await?;
    }
    let permission = key.permissions.parse().map_err(Error::internal)?;
    Ok(Caller {
        user,
        key,
        permission,
    })
}

fn bearer(parts: &Parts) -> Result<ApiKeySecret> {
    let header = parts.headers.get(AUTHORIZATION).ok_or_else(|| {
        Error::new(
            ErrorCode::Unauthorized,
            "an API key is needed: send it as 'Authorization: Bearer hulk_…'",
        )
    })?;
    let unreadable = || {
        Error::new(
            ErrorCode::Unauthorized,
            "the Authorization header is not 'Bearer hulk_…'",
        )
    };
    let (scheme, key) = header
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .ok_or_else(unreadable)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(unreadable());
    }
    key.trim()
        .parse()
        .map_err(|error: hulk_proto::key::InvalidKey| {
            Error::new(ErrorCode::AuthInvalidCredentials, error.to_string())
        })
}

/// What is kept of a key's secret. The secret has 190 random bits, so a plain hash is enough.
pub(crate) fn secret_hash(secret: &ApiKeySecret) -> String {
    hulk_proto::Sha256(Sha256::digest(secret.secret()).into()).to_string()
}
