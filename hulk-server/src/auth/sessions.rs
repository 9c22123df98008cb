//! Authenticates the access tokens of sessions.

use hulk_proto::{ErrorCode, Timestamp};

use super::{
    Caller, Credential, check_active,
    tokens::{Token, TokenPrefix},
};
use crate::{
    db::{
        Db, api_keys,
        sessions::{self, TokenKind},
        users,
    },
    error::{Error, Result},
};

/// Finds the caller with this access token.
///
/// # Errors
/// `AUTH_INVALID_CREDENTIALS` for an unknown token or an ended session, `AUTH_TOKEN_EXPIRED`,
/// `ACCOUNT_DISABLED`.
pub(crate) async fn authenticate(db: &Db, text: &str) -> Result<Caller> {
    let invalid = || {
        Error::new(
            ErrorCode::AuthInvalidCredentials,
            "this access token is not known here, or its session has ended; log in again",
        )
    };
    let token = Token::parse(TokenPrefix::Access, text).ok_or_else(invalid)?;
    let mut connection = db.read().await?;
    let found = sessions::find_token(&mut connection, &token.hash()).await?;
    let found = found
        .filter(|token| token.kind == TokenKind::Access)
        .ok_or_else(invalid)?;
    if found.expires_at <= Timestamp::now().unix_millis() {
        return Err(Error::new(
            ErrorCode::AuthTokenExpired,
            "this access token has expired; refresh it (POST /sessions/refresh)",
        ));
    }
    let session = sessions::find(&mut connection, &found.session_id).await?;
    let session = session.ok_or_else(invalid)?;
    let user = users::find(&mut connection, &session.user_id).await?;
    let user = user.ok_or_else(invalid)?;
    let key = match &session.key_id {
        // Without its key, nobody knows what the session is bound to.
        Some(key_id) => {
            let key = api_keys::find(&mut connection, key_id).await?;
            Some(Box::new(key.ok_or_else(invalid)?))
        }
        None => None,
    };
    check_active(&user)?;
    Ok(Caller {
        user,
        credential: Credential::Session {
            id: session.id.parse().map_err(Error::internal)?,
            permissions: session.permissions,
            key,
        },
        address: None,
    })
}
