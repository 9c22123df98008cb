//! Links that sign in to the page. Each works once, until it expires; only digests of their tokens are stored.
//! A link whose session or key has ended is gone: its row is deleted with theirs.

use hulk_proto::Timestamp;
use sqlx::AnyConnection;

use super::expired;

#[derive(sqlx::FromRow)]
pub(crate) struct LoginLinkRow {
    pub token_hash: String,
    pub user_id: String,
    /// The session that it was made with; `None` for a key.
    pub session_id: Option<String>,
    /// The API key that its session is begun with; `None` for one of a password.
    pub key_id: Option<String>,
    /// Path of the page that it leads to.
    pub next_path: String,
    pub expires_at: i64,
}

pub(crate) async fn insert(
    connection: &mut AnyConnection,
    link: &LoginLinkRow,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO login_links (token_hash, user_id, session_id, key_id, next_path, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(&link.token_hash)
    .bind(&link.user_id)
    .bind(&link.session_id)
    .bind(&link.key_id)
    .bind(&link.next_path)
    .bind(link.expires_at)
    .execute(connection)
    .await
    .map(drop)
}

/// Finds a link that has not expired.
pub(crate) async fn find(
    connection: &mut AnyConnection,
    token_hash: &str,
    now: Timestamp,
) -> sqlx::Result<Option<LoginLinkRow>> {
    sqlx::query_as(
        "SELECT token_hash, user_id, session_id, key_id, next_path, expires_at
         FROM login_links WHERE token_hash = $1 AND expires_at > $2",
    )
    .bind(token_hash)
    .bind(now.unix_millis())
    .fetch_optional(connection)
    .await
}

/// Uses up a link. Returns false if it was used before, or has ended.
pub(crate) async fn delete(connection: &mut AnyConnection, token_hash: &str) -> sqlx::Result<bool> {
    let result = sqlx::query("DELETE FROM login_links WHERE token_hash = $1")
        .bind(token_hash)
        .execute(connection)
        .await?;
    Ok(result.rows_affected() == 1)
}

/// Deletes at most `limit` links that have expired. Returns how many.
pub(crate) async fn delete_expired(
    connection: &mut AnyConnection,
    now: Timestamp,
    limit: i64,
) -> sqlx::Result<u64> {
    expired::delete(connection, ("login_links", "token_hash"), now, limit).await
}

/// Deletes all links of a user.
pub(crate) async fn delete_of(connection: &mut AnyConnection, user_id: &str) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM login_links WHERE user_id = $1")
        .bind(user_id)
        .execute(connection)
        .await
        .map(drop)
}
