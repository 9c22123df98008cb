//! Exchanges refresh tokens. `db::sessions` has the table of states.

use std::time::Duration;

use hulk_proto::{ErrorCode, Timestamp, session::LoggedIn};
use serde_json::json;

use super::session_tokens::{ACCESS_LIFE, REFRESH_LIFE, Tokens, until};
use crate::{
    app::App,
    audit::{self, Action, Actor},
    auth::{
        check_active,
        tokens::{Token, TokenPrefix},
    },
    db::{
        Write, api_keys,
        sessions::{self, SessionRow, TokenKind, TokenRow},
        users,
    },
    error::{Error, Result},
    ops::transaction::transaction,
};

/// How long the predecessor of a refresh token is accepted: its client may not have received the answer, or
/// two of its requests refreshed at once.
const GRACE: Duration = Duration::from_secs(30);

/// Exchanges a refresh token for new tokens.
///
/// # Errors
/// `AUTH_REFRESH_FAILED`, `ACCOUNT_DISABLED`.
pub async fn refresh(app: &App, text: &str) -> Result<LoggedIn> {
    let presented = Token::parse(TokenPrefix::Refresh, text).ok_or_else(refused)?;
    let mut connection = app.db.read().await?;
    let found = sessions::find_token(&mut connection, &presented.hash()).await?;
    let found = found.ok_or_else(refused)?;
    let session = sessions::find(&mut connection, &found.session_id).await?;
    let session = session.ok_or_else(refused)?;
    let user = users::find(&mut connection, &session.user_id).await?;
    let key = match &session.key_id {
        Some(key_id) => api_keys::find(&mut connection, key_id).await?,
        None => None,
    };
    drop(connection);
    let mut user = user.ok_or_else(refused)?;
    if key.is_some_and(|key| key.root_id.is_some()) {
        // As in `GET /me`.
        user.used_bytes = 0;
    }
    check_active(&user)?;
    let actor = Actor::Server { user_id: &user.id };
    let exchanged = transaction!(&app.db, actor, async |tx| {
        exchange(tx, &session, &presented).await
    })?;
    let (tokens, expires_in) = exchanged.ok_or_else(refused)?;
    tokens.answer(user, expires_in)
}

/// Returns the successor of a token, and how long its access token is valid; `None` if there is none. Ends
/// the session if the token was exchanged before: then somebody else has it, or has had it.
async fn exchange(
    transaction: &mut Write,
    session: &SessionRow,
    presented: &Token,
) -> Result<Option<(Tokens, Duration)>> {
    let (now, hash) = (Timestamp::now(), presented.hash());
    let found = sessions::find_token(transaction, &hash).await?;
    let is_good =
        |token: &TokenRow| token.kind == TokenKind::Refresh && token.expires_at > now.unix_millis();
    let Some(found) = found.filter(is_good) else {
        return Ok(None);
    };
    let successor = Token::derived(TokenPrefix::Refresh, &session.token_key, presented)?;
    let tokens = Tokens::of(session, successor)?;
    let Some(rotated_at) = found.rotated_at else {
        sessions::rotate(transaction, &hash, now.unix_millis()).await?;
        let expires_at = until(now, REFRESH_LIFE, session.ends_at);
        sessions::extend(transaction, &session.id, expires_at).await?;
        sessions::touch(transaction, &session.id, now.unix_millis()).await?;
        tokens.insert(transaction, session, now).await?;
        return Ok(Some((tokens, ACCESS_LIFE)));
    };
    let next = sessions::find_token(transaction, &tokens.refresh.hash()).await?;
    let is_current = next.is_some_and(|next| next.rotated_at.is_none());
    let grace = i64::try_from(GRACE.as_millis()).unwrap_or(0);
    if is_current && now.unix_millis() - rotated_at <= grace {
        let access = sessions::find_token(transaction, &tokens.access.hash()).await?;
        let left = access.map_or(0, |access| access.expires_at - now.unix_millis());
        let left = Duration::from_millis(u64::try_from(left).unwrap_or(0));
        return Ok(Some((tokens, left)));
    }
    tracing::warn!(
        session = session.id,
        "a refresh token was reused; its session ends"
    );
    sessions::delete(transaction, &session.user_id, &session.id).await?;
    let actor = Actor::Server {
        user_id: &session.user_id,
    };
    let details = json!({ "reason": "a refresh token was reused" });
    audit::record_with(
        transaction,
        actor,
        Action::SessionDelete,
        &session.id,
        details,
    )
    .await?;
    Ok(None)
}

fn refused() -> Error {
    Error::new(
        ErrorCode::AuthRefreshFailed,
        "this refresh token is not valid, or was used before; log in again",
    )
}
