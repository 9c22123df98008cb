//! What users have stored and reserved, and how many things they have.

use sqlx::AnyConnection;

/// Reserves `bytes` of the quota, which binds all but root. Returns false if they do not fit.
pub(crate) async fn reserve(
    connection: &mut AnyConnection,
    id: &str,
    bytes: i64,
    is_root: bool,
) -> sqlx::Result<bool> {
    if is_root {
        release(connection, id, -bytes).await?;
        return Ok(true);
    }
    let result = sqlx::query(
        "UPDATE users SET used_bytes = used_bytes + $2
         WHERE id = $1 AND used_bytes + $2 <= quota_bytes",
    )
    .bind(id)
    .bind(bytes)
    .execute(connection)
    .await?;
    Ok(result.rows_affected() == 1)
}

/// Releases `bytes` of the quota; a negative number reserves them.
pub(crate) async fn release(
    connection: &mut AnyConnection,
    id: &str,
    bytes: i64,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE users SET used_bytes = used_bytes - $2 WHERE id = $1")
        .bind(id)
        .bind(bytes)
        .execute(connection)
        .await
        .map(drop)
}

/// Adds `difference` to the count of the user's finished files in the tree.
pub(crate) async fn count_files(
    connection: &mut AnyConnection,
    id: &str,
    difference: i64,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE users SET file_count = file_count + $2 WHERE id = $1")
        .bind(id)
        .bind(difference)
        .execute(connection)
        .await
        .map(drop)
}

/// Counts one more file or directory of the user. Returns false if that would exceed `most`.
pub(crate) async fn add_object(
    connection: &mut AnyConnection,
    id: &str,
    most: i64,
) -> sqlx::Result<bool> {
    let result = sqlx::query(
        "UPDATE users SET object_count = object_count + 1 WHERE id = $1 AND object_count < $2",
    )
    .bind(id)
    .bind(most)
    .execute(connection)
    .await?;
    Ok(result.rows_affected() == 1)
}

/// Subtracts files and directories that were deleted permanently.
pub(crate) async fn remove_objects(
    connection: &mut AnyConnection,
    id: &str,
    count: i64,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE users SET object_count = object_count - $2 WHERE id = $1")
        .bind(id)
        .bind(count)
        .execute(connection)
        .await
        .map(drop)
}

/// Subtracts a finished file if this version, which is no longer validated, was the current one of a file in
/// the tree.
pub(crate) async fn uncount_file(
    connection: &mut AnyConnection,
    id: &str,
    file_id: &str,
    version: i64,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE users SET file_count = file_count - 1 WHERE id = $1 AND EXISTS
             (SELECT 1 FROM entries WHERE id = $2 AND version = $3 AND trash_id IS NULL)",
    )
    .bind(id)
    .bind(file_id)
    .bind(version)
    .execute(connection)
    .await
    .map(drop)
}

/// Sets usage and counts to the sums over the user's rows. Returns whether that changed them.
pub(crate) async fn recount(connection: &mut AnyConnection, id: &str) -> sqlx::Result<bool> {
    let used_bytes: i64 = sqlx::query_scalar(
        "SELECT CAST(COALESCE(SUM(size_bytes), 0) AS BIGINT) FROM versions
         WHERE user_id = $1 AND state IN ('reserved', 'uploaded', 'validated')",
    )
    .bind(id)
    .fetch_one(&mut *connection)
    .await?;
    let file_count: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM entries e
         JOIN versions v ON v.file_id = e.id AND v.number = e.version
         WHERE e.user_id = $1 AND e.kind = 'file' AND e.trash_id IS NULL
               AND v.state = 'validated'",
    )
    .bind(id)
    .fetch_one(&mut *connection)
    .await?;
    let object_count: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM entries e JOIN users u ON u.id = e.user_id
         WHERE e.user_id = $1 AND e.id <> u.root_id",
    )
    .bind(id)
    .fetch_one(&mut *connection)
    .await?;
    let result = sqlx::query(
        "UPDATE users SET used_bytes = $2, file_count = $3, object_count = $4
         WHERE id = $1 AND (used_bytes <> $2 OR file_count <> $3 OR object_count <> $4)",
    )
    .bind(id)
    .bind(used_bytes)
    .bind(file_count)
    .bind(object_count)
    .execute(connection)
    .await?;
    Ok(result.rows_affected() == 1)
}
