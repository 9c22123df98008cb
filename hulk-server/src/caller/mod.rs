//! Who calls. A handler's signature names the right it needs, so that none can forget to ask.

mod cookies;
mod visiting;

use axum::extract::FromRequestParts;
use http::{header::AUTHORIZATION, request::Parts};
use hulk_proto::{ApiKeySecret, ErrorCode, KeyPermission, Right, Timestamp};
use sha2::{Digest, Sha256};

use crate::{
    app::App,
    db::{
        api_keys::{self, ApiKeyRow},
        users::{self, UserRow},
    },
    error::{Error, Result},
    ops::destination::Destination,
};
use cookies::{KEY_COOKIE, cookies, is_same_origin, other_origin};
pub(crate) use cookies::{SameOrigin, forget_key_cookie, key_cookie, pass_cookie};
pub(crate) use visiting::{MakesShares, TakesUploads, Visiting};

/// "Last used" is to the minute, so that a read is not a write.
const TOUCH_INTERVAL_MILLIS: i64 = 60_000;

/// A user with the key they came with.
#[derive(Clone)]
pub struct Caller {
    pub user: UserRow,
    pub key: ApiKeyRow,
    permission: KeyPermission,
}

/// Has a good key, whatever it grants.
pub(crate) struct KeyHolder(pub Caller);
/// May list and download.
pub(crate) struct Reader(pub Caller);
/// May create files; whether the caller may read them too, the destination says.
pub(crate) struct Uploader(pub Caller);
/// May change what exists and move it to the trash; may read and upload too.
pub(crate) struct Writer(pub Caller);
/// May delete for good too.
pub(crate) struct Purger(pub Caller);
/// May manage keys and shares too.
pub(crate) struct Manager(pub Caller);
/// The store, or whoever passes its notices on: it has the shared secret.
pub(crate) struct Store;
/// Anybody; a caller if they came with a good key that may read. Whoever may only upload is a stranger
/// to links and pages.
pub(crate) struct Visitor(pub Option<Caller>);

impl Caller {
    pub(crate) fn may(&self, right: Right) -> bool {
        self.permission.grants(right)
    }

    /// # Errors
    /// `FORBIDDEN`, with what the key grants and what is needed.
    pub(crate) fn require(&self, right: Right) -> Result<()> {
        match self.may(right) {
            true => Ok(()),
            false => Err(Error::new(
                ErrorCode::Forbidden,
                refusal(self.permission, right),
            )),
        }
    }

    /// The user's root, into which this key puts files.
    pub(crate) fn destination(&self) -> Destination<'_> {
        match self.may(Right::Read) {
            true => (&self.user).into(),
            false => Destination::of_upload_key(&self.user, &self.key.id),
        }
    }
}

fn refusal(permission: KeyPermission, right: Right) -> String {
    let granted = match permission {
        KeyPermission::Read => "read, and nothing else",
        KeyPermission::Upload => "upload, and nothing else",
        KeyPermission::Write => "read, upload, change and move to the trash, and nothing else",
        KeyPermission::All => "do all",
    };
    let wanted = match right {
        Right::Read => "reading",
        Right::Upload => "uploading",
        Right::Change => "changing what exists",
        Right::Purge => "deleting for good",
        Right::Manage => "managing keys and shares",
    };
    let needed = right.least_permission();
    format!("this API key may {granted}; {wanted} needs a key with '{needed}'")
}

impl FromRequestParts<App> for KeyHolder {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        authenticate(parts, app).await.map(Self)
    }
}

impl FromRequestParts<App> for Reader {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        authorise(parts, app, Right::Read).await.map(Self)
    }
}

impl FromRequestParts<App> for Uploader {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        authorise(parts, app, Right::Upload).await.map(Self)
    }
}

impl FromRequestParts<App> for Writer {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        authorise(parts, app, Right::Change).await.map(Self)
    }
}

impl FromRequestParts<App> for Purger {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        authorise(parts, app, Right::Purge).await.map(Self)
    }
}

impl FromRequestParts<App> for Manager {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        authorise(parts, app, Right::Manage).await.map(Self)
    }
}

impl FromRequestParts<App> for Visitor {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        match authenticate(parts, app).await {
            Ok(caller) => Ok(Self(Some(caller).filter(|caller| caller.may(Right::Read)))),
            // Who cannot be looked up is not a stranger: their private link is there.
            Err(error) if error.is_fault() => Err(error),
            Err(_) => Ok(Self(None)),
        }
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

async fn authorise(parts: &Parts, app: &App, right: Right) -> Result<Caller> {
    let caller = authenticate(parts, app).await?;
    caller.require(right)?;
    Ok(caller)
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
        // A disk that is full is no reason not to read.
        if let Err(error) = touch(app, &key, now).await {
            tracing::warn!(%error, "the last use of a key could not be noted");
        }
    }
    let permission = key.permissions.parse().map_err(Error::internal)?;
    Ok(Caller {
        user,
        key,
        permission,
    })
}

async fn touch(app: &App, key: &ApiKeyRow, now: i64) -> sqlx::Result<()> {
    let mut transaction = app.db.write().await?;
    api_keys::touch(&mut transaction, &key.id, now).await?;
    transaction.commit().await
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
