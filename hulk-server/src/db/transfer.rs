//! Bytes of users' files that were downloaded in the current month.

use sqlx::AnyConnection;

/// What a user's files may transfer, and have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct TransferRow {
    /// NULL is unlimited.
    pub monthly_download_bytes: Option<i64>,
    pub month: i64,
    pub month_bytes: i64,
}

pub(crate) async fn find(
    connection: &mut AnyConnection,
    user_id: &str,
) -> sqlx::Result<Option<TransferRow>> {
    sqlx::query_as(
        "SELECT t.monthly_download_bytes, u.month, u.month_bytes
         FROM users u JOIN tiers t ON t.id = u.tier_id WHERE u.id = $1",
    )
    .bind(user_id)
    .fetch_optional(connection)
    .await
}

/// Adds bytes of a month. Returns the sum of the month, unless the user no longer exists.
pub(crate) async fn add(
    connection: &mut AnyConnection,
    user_id: &str,
    month: i64,
    bytes: i64,
) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar(
        "UPDATE users SET month_bytes = CASE WHEN month = $2 THEN month_bytes ELSE 0 END + $3, month = $2
         WHERE id = $1 AND month <= $2 RETURNING month_bytes",
    )
    .bind(user_id)
    .bind(month)
    .bind(bytes)
    .fetch_optional(connection)
    .await
}
