//! Bytes of users' files that were downloaded in the current month.

use sqlx::AnyConnection;

/// Returns the limit of a user's tier, in which `None` is unlimited; `None` if there is no such user.
pub(crate) async fn limit_of(
    connection: &mut AnyConnection,
    user_id: &str,
) -> sqlx::Result<Option<Option<i64>>> {
    sqlx::query_scalar(
        "SELECT (SELECT monthly_download_bytes FROM tiers WHERE id = users.tier_id)
         FROM users WHERE id = $1",
    )
    .bind(user_id)
    .fetch_optional(connection)
    .await
}

/// Adds bytes to a month, if their sum is at most `most`. Returns whether it is.
pub(crate) async fn take(
    connection: &mut AnyConnection,
    user_id: &str,
    month: i64,
    (bytes, most): (i64, i64),
) -> sqlx::Result<bool> {
    let taken = sqlx::query(
        "UPDATE users SET month_bytes = CASE WHEN month = $2 THEN month_bytes ELSE 0 END + $3, month = $2
         WHERE id = $1 AND month <= $2
               AND CASE WHEN month = $2 THEN month_bytes ELSE 0 END <= CAST($4 AS BIGINT) - CAST($3 AS BIGINT)",
    )
    .bind(user_id)
    .bind(month)
    .bind(bytes)
    .bind(most)
    .execute(connection)
    .await?;
    Ok(taken.rows_affected() == 1)
}

/// Subtracts bytes of a month that were taken and not downloaded.
pub(crate) async fn give_back(
    connection: &mut AnyConnection,
    user_id: &str,
    month: i64,
    bytes: i64,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE users SET month_bytes = month_bytes - $3 WHERE id = $1 AND month = $2")
        .bind(user_id)
        .bind(month)
        .bind(bytes)
        .execute(connection)
        .await
        .map(drop)
}
