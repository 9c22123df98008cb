//! Authenticates the callers of API keys.

use hulk_proto::{ApiKeySecret, ErrorCode, Timestamp};
use sha2::{Digest, Sha256};

use super::{Caller, Credential, check_active};
use crate::{
    db::{Db, api_keys, users},
    error::{Error, Result},
};

/// Finds the caller with this key.
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
    Ok(Caller {
        user,
        credential: Credential::ApiKey(key),
        address: None,
    })
}

/// Returns the hash of a key's secret, as it is stored. The secret has 190 random bits, so a plain hash is
/// enough.
pub(crate) fn secret_hash(secret: &ApiKeySecret) -> String {
    hulk_proto::Sha256(Sha256::digest(secret.secret()).into()).to_string()
}
