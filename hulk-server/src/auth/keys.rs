//! Authenticates the callers of API keys.

use hulk_proto::{ApiKeySecret, ErrorCode, Timestamp};
use sha2::{Digest, Sha256};

use super::{Caller, Credential, check_active};
use crate::{
    db::{
        Db,
        api_keys::{self, ApiKeyRow},
        users,
    },
    error::{Error, Result},
};

/// "Last used" is accurate to the minute, so that a read is not a write.
const TOUCH_INTERVAL_MILLIS: i64 = 60_000;

/// Finds the caller with this key, and records that the key was used.
///
/// # Errors
/// `AUTH_INVALID_CREDENTIALS` for an unknown key, `AUTH_TOKEN_EXPIRED`, `ACCOUNT_DISABLED`.
pub(crate) async fn authenticate(db: &Db, secret: &ApiKeySecret) -> Result<Caller> {
    let invalid = || {
        Error::new(
            ErrorCode::AuthInvalidCredentials,
            "this API key is not known here, or was revoked",
        )
    };
    let mut connection = db.read().await?;
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
    check_active(&user)?;
    if key
        .last_used_at
        .is_none_or(|used| now - used >= TOUCH_INTERVAL_MILLIS)
    {
        // A full disk is no reason not to read.
        if let Err(error) = touch(db, &key, now).await {
            tracing::warn!(%error, "the last use of a key could not be recorded");
        }
    }
    Ok(Caller {
        user,
        credential: Credential::ApiKey(key),
    })
}

/// Records the use of a key. Not through `ops::transaction`: it is no change by the user, and must not wait
/// for one.
async fn touch(db: &Db, key: &ApiKeyRow, now: i64) -> sqlx::Result<()> {
    let mut transaction = db.write().await?;
    api_keys::touch(&mut transaction, &key.id, now).await?;
    transaction.commit().await
}

/// Returns the hash of a key's secret, as it is stored. The secret has 190 random bits, so a plain hash is
/// enough.
pub(crate) fn secret_hash(secret: &ApiKeySecret) -> String {
    hulk_proto::Sha256(Sha256::digest(secret.secret()).into()).to_string()
}
