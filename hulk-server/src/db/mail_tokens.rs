//! Tokens that are sent by mail. Each works once, until it expires; only digests are stored.

use hulk_proto::Timestamp;
use sqlx::AnyConnection;

use super::expired;

/// What the holder of a token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Verification,
    PasswordReset,
}

impl Purpose {
    fn as_str(self) -> &'static str {
        match self {
            Self::Verification => "verification",
            Self::PasswordReset => "password_reset",
        }
    }
}

#[derive(sqlx::FromRow)]
pub(crate) struct MailTokenRow {
    pub user_id: String,
    /// The address that it was sent to.
    pub email: String,
}

pub(crate) async fn insert(
    connection: &mut AnyConnection,
    purpose: Purpose,
    token_hash: &str,
    of: &MailTokenRow,
    expires_at: i64,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO mail_tokens (token_hash, user_id, kind, email, expires_at)
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(token_hash)
    .bind(&of.user_id)
    .bind(purpose.as_str())
    .bind(&of.email)
    .bind(expires_at)
    .execute(connection)
    .await
    .map(drop)
}

/// Finds a token that has not expired.
pub(crate) async fn find(
    connection: &mut AnyConnection,
    purpose: Purpose,
    token_hash: &str,
    now: Timestamp,
) -> sqlx::Result<Option<MailTokenRow>> {
    sqlx::query_as(
        "SELECT user_id, email FROM mail_tokens
         WHERE token_hash = $1 AND kind = $2 AND expires_at > $3",
    )
    .bind(token_hash)
    .bind(purpose.as_str())
    .bind(now.unix_millis())
    .fetch_optional(connection)
    .await
}

/// Deletes all tokens of a user for this purpose: one was used.
pub(crate) async fn delete_all(
    connection: &mut AnyConnection,
    user_id: &str,
    purpose: Purpose,
) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM mail_tokens WHERE user_id = $1 AND kind = $2")
        .bind(user_id)
        .bind(purpose.as_str())
        .execute(connection)
        .await
        .map(drop)
}

/// Deletes at most `limit` tokens that have expired. Returns how many.
pub(crate) async fn delete_expired(
    connection: &mut AnyConnection,
    now: Timestamp,
    limit: i64,
) -> sqlx::Result<u64> {
    expired::delete(connection, ("mail_tokens", "token_hash"), now, limit).await
}
