//! Objects to delete.

use hulk_proto::Timestamp;
use sqlx::AnyConnection;

/// Remembers to delete an object now, and once more at `last_at` if that is later.
pub(crate) async fn add(
    connection: &mut AnyConnection,
    object_key: &str,
    last_at: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO garbage (object_key, delete_after, last_at) VALUES ($1, $2, $3)
         ON CONFLICT (object_key) DO UPDATE SET
             delete_after = excluded.delete_after, last_at = excluded.last_at",
    )
    .bind(object_key)
    .bind(Timestamp::now().unix_millis())
    .bind(last_at.unix_millis())
    .execute(connection)
    .await
    .map(drop)
}

pub(crate) async fn due(
    connection: &mut AnyConnection,
    now: Timestamp,
    limit: i64,
) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar(
        "SELECT object_key FROM garbage WHERE delete_after <= $1 ORDER BY delete_after LIMIT $2",
    )
    .bind(now.unix_millis())
    .bind(limit)
    .fetch_all(connection)
    .await
}

/// The object was deleted at `now`; it is forgotten unless it can come back.
pub(crate) async fn deleted(
    connection: &mut AnyConnection,
    object_key: &str,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM garbage WHERE object_key = $1 AND last_at <= $2")
        .bind(object_key)
        .bind(now.unix_millis())
        .execute(&mut *connection)
        .await?;
    sqlx::query("UPDATE garbage SET delete_after = last_at WHERE object_key = $1")
        .bind(object_key)
        .execute(connection)
        .await
        .map(drop)
}
