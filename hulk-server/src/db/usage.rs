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

/// What a user has besides files.
#[derive(sqlx::FromRow)]
pub(crate) struct Possessions {
    pub api_keys: i64,
    pub sessions: i64,
    /// Links that were not revoked.
    pub shares: i64,
    /// When a key or a session was used last.
    pub last_used_at: Option<i64>,
}

pub(crate) async fn possessions(
    connection: &mut AnyConnection,
    user_id: &str,
) -> sqlx::Result<Possessions> {
    sqlx::query_as(
        "SELECT (SELECT COUNT(*) FROM api_keys WHERE user_id = $1) AS api_keys,
                (SELECT COUNT(*) FROM sessions WHERE user_id = $1) AS sessions,
                (SELECT COUNT(*) FROM shares WHERE user_id = $1 AND revoked_at IS NULL) AS shares,
                (SELECT MAX(last) FROM (
                     SELECT MAX(last_used_at) AS last FROM api_keys WHERE user_id = $1
                     UNION ALL
                     SELECT MAX(last_used_at) AS last FROM sessions WHERE user_id = $1) AS uses) AS last_used_at",
    )
    .bind(user_id)
    .fetch_one(connection)
    .await
}

/// Sums over all users, and over the queue.
#[derive(sqlx::FromRow)]
pub(crate) struct ServerSums {
    pub users: i64,
    pub suspended_users: i64,
    pub files: i64,
    pub objects: i64,
    pub used_bytes: i64,
    pub queued_jobs: i64,
    pub failed_jobs: i64,
}

pub(crate) async fn server(connection: &mut AnyConnection) -> sqlx::Result<ServerSums> {
    sqlx::query_as(
        "SELECT COUNT(*) AS users,
                CAST(COALESCE(SUM(1 - is_active), 0) AS BIGINT) AS suspended_users,
                CAST(COALESCE(SUM(file_count), 0) AS BIGINT) AS files,
                CAST(COALESCE(SUM(object_count), 0) AS BIGINT) AS objects,
                CAST(COALESCE(SUM(used_bytes), 0) AS BIGINT) AS used_bytes,
                (SELECT COUNT(*) FROM queue WHERE state = 'queued') AS queued_jobs,
                (SELECT COUNT(*) FROM queue WHERE state = 'failed') AS failed_jobs
         FROM users WHERE deleted_at IS NULL",
    )
    .fetch_one(connection)
    .await
}
