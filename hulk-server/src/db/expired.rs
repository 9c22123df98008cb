//! Deletes rows that have expired.

use hulk_proto::Timestamp;
use sqlx::{AnyConnection, AssertSqlSafe};

/// Deletes at most `limit` rows of a table with this key that have expired. Returns how many.
pub(super) async fn delete(
    connection: &mut AnyConnection,
    (table, key): (&'static str, &'static str),
    now: Timestamp,
    limit: i64,
) -> sqlx::Result<u64> {
    let result = sqlx::query(AssertSqlSafe(format!(
        "DELETE FROM {table} WHERE {key} IN
             (SELECT {key} FROM {table} WHERE expires_at <= $1 LIMIT $2)"
    )))
    .bind(now.unix_millis())
    .bind(limit)
    .execute(connection)
    .await?;
    Ok(result.rows_affected())
}
