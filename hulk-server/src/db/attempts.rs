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

/// Deletes windows that began before this time.
pub(crate) async fn delete_before(
    connection: &mut AnyConnection,
    before: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM attempts WHERE started_at < $1")
        .bind(before.unix_millis())
        .execute(connection)
        .await
        .map(drop)
}
