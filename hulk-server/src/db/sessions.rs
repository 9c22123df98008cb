//! Sessions, and their tokens.
//!
//! | refresh token | when it is presented |
//! |---|---|
//! | current: not rotated | it is rotated: its successor is current |
//! | in its grace: rotated less than 30 s ago, and its successor is current | the same successor again |
//! | rotated earlier, or its successor was rotated too | it was stolen, or its successor was: the session ends |
//! | expired, or its session has ended | refused |
//!
//! A session ends by deleting its row, and its tokens with it. A rotation is one transaction: a client that
//! did not receive its answer, because a server or the line died, presents the predecessor again and gets the
//! same successor, which is derived from it (`auth::tokens`).

use hulk_proto::{KeyPermission, Timestamp};
use sqlx::AnyConnection;

use super::{columns::Text, expired, page::page};

#[derive(Clone, sqlx::FromRow)]
pub(crate) struct SessionRow {
    pub id: String,
    pub user_id: String,
    pub client: String,
    pub address: String,
    #[sqlx(try_from = "Text<KeyPermission>")]
    pub permissions: KeyPermission,
    /// The API key that it was begun with, and ends with.
    pub key_id: Option<String>,
    /// When that key expires.
    pub ends_at: Option<i64>,
    pub token_key: String,
    pub created_at: i64,
    pub last_used_at: i64,
    pub expires_at: i64,
}

macro_rules! columns {
    () => {
        "id, user_id, client, address, permissions, key_id, ends_at, token_key, created_at, last_used_at, expires_at"
    };
}

/// What a token of a session is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    Access,
    Refresh,
}

impl TokenKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Refresh => "refresh",
        }
    }
}

/// Error for text that is not a kind of token.
#[derive(Debug, thiserror::Error)]
#[error("a token of a session is for access or for refresh")]
pub(crate) struct InvalidTokenKind;

impl std::str::FromStr for TokenKind {
    type Err = InvalidTokenKind;

    fn from_str(text: &str) -> Result<Self, InvalidTokenKind> {
        [Self::Access, Self::Refresh]
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or(InvalidTokenKind)
    }
}

impl From<Text<TokenKind>> for TokenKind {
    fn from(text: Text<TokenKind>) -> Self {
        text.0
    }
}

#[derive(sqlx::FromRow)]
pub(crate) struct TokenRow {
    pub session_id: String,
    #[sqlx(try_from = "Text<TokenKind>")]
    pub kind: TokenKind,
    pub expires_at: i64,
    pub rotated_at: Option<i64>,
}

pub(crate) async fn insert(
    connection: &mut AnyConnection,
    session: &SessionRow,
) -> sqlx::Result<()> {
    sqlx::query(concat!(
        "INSERT INTO sessions (",
        columns!(),
        ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
    ))
    .bind(&session.id)
    .bind(&session.user_id)
    .bind(&session.client)
    .bind(&session.address)
    .bind(session.permissions.as_str())
    .bind(&session.key_id)
    .bind(session.ends_at)
    .bind(&session.token_key)
    .bind(session.created_at)
    .bind(session.last_used_at)
    .bind(session.expires_at)
    .execute(connection)
    .await
    .map(drop)
}

pub(crate) async fn find(
    connection: &mut AnyConnection,
    id: &str,
) -> sqlx::Result<Option<SessionRow>> {
    sqlx::query_as(concat!(
        "SELECT ",
        columns!(),
        " FROM sessions WHERE id = $1"
    ))
    .bind(id)
    .fetch_optional(connection)
    .await
}

/// Lists a page of the user's sessions, newest first, with their total count.
pub(crate) async fn list(
    connection: &mut AnyConnection,
    user_id: &str,
    (limit, offset): (i64, i64),
) -> sqlx::Result<(Vec<SessionRow>, i64)> {
    let total = "SELECT COUNT(*) FROM sessions WHERE user_id = $1";
    let rows = concat!(
        "SELECT ",
        columns!(),
        " FROM sessions WHERE user_id = $1 ORDER BY created_at DESC, id DESC"
    );
    page(connection, (total, rows), user_id, (limit, offset)).await
}

/// Ends a session. Returns false if the user has no such session.
pub(crate) async fn delete(
    connection: &mut AnyConnection,
    user_id: &str,
    id: &str,
) -> sqlx::Result<bool> {
    let result = sqlx::query("DELETE FROM sessions WHERE id = $1 AND user_id = $2")
        .bind(id)
        .bind(user_id)
        .execute(connection)
        .await?;
    Ok(result.rows_affected() == 1)
}

/// Ends all sessions of a user but the one with the id `kept`, if any.
pub(crate) async fn delete_others(
    connection: &mut AnyConnection,
    user_id: &str,
    kept: Option<&str>,
) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM sessions WHERE user_id = $1 AND id <> $2")
        .bind(user_id)
        .bind(kept.unwrap_or_default())
        .execute(connection)
        .await
        .map(drop)
}

/// Ends the user's oldest sessions that were begun with this key, or with a password, so that `most` are left:
/// whoever has a key does not end the sessions of others with it.
pub(crate) async fn delete_oldest(
    connection: &mut AnyConnection,
    user_id: &str,
    key_id: Option<&str>,
    most: i64,
) -> sqlx::Result<()> {
    sqlx::query(
        "DELETE FROM sessions WHERE user_id = $1 AND COALESCE(key_id, '') = $2 AND id NOT IN
             (SELECT id FROM sessions WHERE user_id = $1 AND COALESCE(key_id, '') = $2
              ORDER BY last_used_at DESC, id DESC LIMIT $3)",
    )
    .bind(user_id)
    .bind(key_id.unwrap_or_default())
    .bind(most)
    .execute(connection)
    .await
    .map(drop)
}

/// Records the last use of a session.
pub(crate) async fn touch(connection: &mut AnyConnection, id: &str, now: i64) -> sqlx::Result<()> {
    sqlx::query("UPDATE sessions SET last_used_at = $2 WHERE id = $1 AND last_used_at < $2")
        .bind(id)
        .bind(now)
        .execute(connection)
        .await
        .map(drop)
}

/// Sets when a session ends unless it is refreshed.
pub(crate) async fn extend(
    connection: &mut AnyConnection,
    id: &str,
    expires_at: i64,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE sessions SET expires_at = $2 WHERE id = $1")
        .bind(id)
        .bind(expires_at)
        .execute(connection)
        .await
        .map(drop)
}

/// Adds a token, of which only the digest is stored.
pub(crate) async fn insert_token(
    connection: &mut AnyConnection,
    session_id: &str,
    kind: TokenKind,
    token_hash: &str,
    expires_at: i64,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO session_tokens (token_hash, session_id, kind, expires_at)
         VALUES ($1, $2, $3, $4)",
    )
    .bind(token_hash)
    .bind(session_id)
    .bind(kind.as_str())
    .bind(expires_at)
    .execute(connection)
    .await
    .map(drop)
}

/// Finds a token by its digest, whether it has expired or not.
pub(crate) async fn find_token(
    connection: &mut AnyConnection,
    token_hash: &str,
) -> sqlx::Result<Option<TokenRow>> {
    sqlx::query_as(
        "SELECT session_id, kind, expires_at, rotated_at
         FROM session_tokens WHERE token_hash = $1",
    )
    .bind(token_hash)
    .fetch_optional(connection)
    .await
}

/// Marks a refresh token as exchanged for the one that is derived from it.
pub(crate) async fn rotate(
    connection: &mut AnyConnection,
    token_hash: &str,
    now: i64,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE session_tokens SET rotated_at = $2 WHERE token_hash = $1")
        .bind(token_hash)
        .bind(now)
        .execute(connection)
        .await
        .map(drop)
}

/// Deletes at most `limit` sessions that have expired, with the tokens that they still have. Returns how many
/// sessions those were.
pub(crate) async fn delete_expired(
    connection: &mut AnyConnection,
    now: Timestamp,
    limit: i64,
) -> sqlx::Result<u64> {
    expired::delete(connection, ("sessions", "id"), now, limit).await
}

/// Deletes at most `limit` tokens that have expired. Returns how many.
pub(crate) async fn delete_expired_tokens(
    connection: &mut AnyConnection,
    now: Timestamp,
    limit: i64,
) -> sqlx::Result<u64> {
    expired::delete(connection, ("session_tokens", "token_hash"), now, limit).await
}
