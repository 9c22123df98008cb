//! Sums over what a user stores.

use hulk_proto::Category;
use sqlx::AnyConnection;

use super::columns::Text;

/// Returns (category, files, bytes) of the finished files in the tree that have not expired at `now`.
pub(crate) async fn by_category(
    connection: &mut AnyConnection,
    user_id: &str,
    now: i64,
) -> sqlx::Result<Vec<(Category, i64, i64)>> {
    let sums: Vec<(Text<Category>, i64, i64)> = sqlx::query_as(
        "SELECT e.category, COUNT(*), CAST(SUM(v.size_bytes) AS BIGINT)
         FROM entries e JOIN versions v ON v.file_id = e.id AND v.number = e.version
         WHERE e.user_id = $1 AND e.kind = 'file' AND e.trash_id IS NULL
               AND v.state = 'validated' AND (v.expires_at IS NULL OR v.expires_at > $2)
         GROUP BY e.category",
    )
    .bind(user_id)
    .bind(now)
    .fetch_all(connection)
    .await?;
    let sums = sums.into_iter();
    Ok(sums
        .map(|(Text(category), files, bytes)| (category, files, bytes))
        .collect())
}

/// Returns the bytes that unfinished uploads have reserved.
pub(crate) async fn set_aside(connection: &mut AnyConnection, user_id: &str) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "SELECT CAST(COALESCE(SUM(size_bytes), 0) AS BIGINT) FROM versions
         WHERE user_id = $1 AND state IN ('reserved', 'uploaded')",
    )
    .bind(user_id)
    .fetch_one(connection)
    .await
}

/// Counts the files in the tree that expire after `after` and until `until`.
pub(crate) async fn expiring(
    connection: &mut AnyConnection,
    user_id: &str,
    after: i64,
    until: i64,
) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "SELECT COUNT(*) FROM versions v
         JOIN entries e ON e.id = v.file_id AND e.version = v.number
         WHERE v.user_id = $1 AND v.state = 'validated' AND v.expires_at > $2
               AND v.expires_at <= $3 AND e.trash_id IS NULL",
    )
    .bind(user_id)
    .bind(after)
    .bind(until)
    .fetch_one(connection)
    .await
}
