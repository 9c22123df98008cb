//! Attempts to log in and to sign up, which all replicas count together.

use hulk_proto::Timestamp;
use sqlx::AnyConnection;

/// Attempts in the current window.
#[derive(sqlx::FromRow)]
pub(crate) struct AttemptsRow {
    pub count: i64,
    pub started_at: i64,
}

/// Counts an attempt, and begins a new window if the last one ended before `window_start`.
pub(crate) async fn count(
    connection: &mut AnyConnection,
    class: &str,
    subject: &str,
    now: Timestamp,
    window_start: Timestamp,
) -> sqlx::Result<AttemptsRow> {
    sqlx::query_as(
        "INSERT INTO attempts (class, subject, started_at, count) VALUES ($1, $2, $3, 1)
         ON CONFLICT (class, subject) DO UPDATE SET
             count = CASE WHEN attempts.started_at <= $4 THEN 1 ELSE attempts.count + 1 END,
             started_at = CASE WHEN attempts.started_at <= $4 THEN $3 ELSE attempts.started_at END
         RETURNING count, started_at",
    )
    .bind(class)
    .bind(subject)
    .bind(now.unix_millis())
    .bind(window_start.unix_millis())
    .fetch_one(connection)
    .await
}

/// Takes an attempt out of the current window.
pub(crate) async fn uncount(
    connection: &mut AnyConnection,
    class: &str,
    subject: &str,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE attempts SET count = count - 1 WHERE class = $1 AND subject = $2 AND count > 0",
    )
    .bind(class)
    .bind(subject)
    .execute(connection)
    .await
    .map(drop)
}

/// Deletes at most `limit` windows that began before this time. Returns how many.
pub(crate) async fn delete_before(
    connection: &mut AnyConnection,
    before: Timestamp,
    limit: i64,
) -> sqlx::Result<u64> {
    let result = sqlx::query(
        "DELETE FROM attempts WHERE (class, subject) IN
             (SELECT class, subject FROM attempts WHERE started_at < $1 LIMIT $2)",
    )
    .bind(before.unix_millis())
    .bind(limit)
    .execute(connection)
    .await?;
    Ok(result.rows_affected())
}
