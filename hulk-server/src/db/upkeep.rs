//! Queries of the background jobs over versions, and the states that only they set.

use hulk_proto::{FileStatus, Timestamp};
use sqlx::AnyConnection;

use super::{
    columns::Text,
    versions::{VersionRow, columns},
};

/// validated → expired. Returns false if it is in another state.
pub(crate) async fn mark_expired(
    connection: &mut AnyConnection,
    version: &VersionRow,
) -> sqlx::Result<bool> {
    let result = sqlx::query(
        "UPDATE versions SET state = 'expired', updated_at = $3
         WHERE file_id = $1 AND number = $2 AND state = 'validated'",
    )
    .bind(&version.file_id)
    .bind(version.number)
    .bind(Timestamp::now().unix_millis())
    .execute(connection)
    .await?;
    Ok(result.rows_affected() == 1)
}

/// validated → failed, since its object is missing or has changed. Returns false if it has another object or
/// is in another state.
pub(crate) async fn mark_lost(
    connection: &mut AnyConnection,
    version: &VersionRow,
    reason: &str,
) -> sqlx::Result<bool> {
    let result = sqlx::query(
        "UPDATE versions SET state = 'failed', reason = $3, updated_at = $4
         WHERE file_id = $1 AND number = $2 AND state = 'validated' AND object_key = $5",
    )
    .bind(&version.file_id)
    .bind(version.number)
    .bind(reason)
    .bind(Timestamp::now().unix_millis())
    .bind(&version.object_key)
    .execute(connection)
    .await?;
    Ok(result.rows_affected() == 1)
}

/// Returns validated versions whose object keys are between two keys, in the order of the keys.
pub(crate) async fn by_object(
    connection: &mut AnyConnection,
    after: &str,
    before: &str,
    limit: i64,
) -> sqlx::Result<Vec<VersionRow>> {
    sqlx::query_as(concat!(
        "SELECT ",
        columns!(),
        " FROM versions WHERE state = 'validated' AND object_key > $1 AND object_key < $2
          ORDER BY object_key LIMIT $3"
    ))
    .bind(after)
    .bind(before)
    .bind(limit)
    .fetch_all(connection)
    .await
}

/// Returns validated versions that have expired, by user.
pub(crate) async fn due(
    connection: &mut AnyConnection,
    now: i64,
    limit: i64,
) -> sqlx::Result<Vec<VersionRow>> {
    sqlx::query_as(concat!(
        "SELECT ",
        columns!(),
        " FROM versions WHERE state = 'validated' AND expires_at <= $1
          ORDER BY user_id LIMIT $2"
    ))
    .bind(now)
    .bind(limit)
    .fetch_all(connection)
    .await
}

/// Counts the versions in each unfinished state; states without versions are left out.
pub(crate) async fn count_unfinished(
    connection: &mut AnyConnection,
) -> sqlx::Result<Vec<(FileStatus, i64)>> {
    let counts: Vec<(Text<FileStatus>, i64)> = sqlx::query_as(
        "SELECT state, COUNT(*) FROM versions
         WHERE state IN ('reserved', 'uploaded') AND updated_at > 0 GROUP BY state",
    )
    .fetch_all(connection)
    .await?;
    let counts = counts.into_iter();
    Ok(counts.map(|(Text(state), count)| (state, count)).collect())
}

/// Returns unfinished uploads without progress since `before`, by user.
pub(crate) async fn stale(
    connection: &mut AnyConnection,
    before: i64,
    limit: i64,
) -> sqlx::Result<Vec<VersionRow>> {
    sqlx::query_as(concat!(
        "SELECT ",
        columns!(),
        " FROM versions WHERE state IN ('reserved', 'uploaded') AND updated_at < $1
          ORDER BY user_id LIMIT $2"
    ))
    .bind(before)
    .bind(limit)
    .fetch_all(connection)
    .await
}
