//! Objects to delete.

use hulk_proto::Timestamp;
use sqlx::AnyConnection;

#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct GarbageRow {
    pub object_key: String,
    /// Upload in parts that is to be aborted.
    pub upload_id: Option<String>,
}

/// Schedules the deletion of an object for now, and once more for `last_at` if that is later; with
/// `upload_id`, also the abort of that upload.
pub(crate) async fn add(
    connection: &mut AnyConnection,
    object_key: &str,
    upload_id: Option<&str>,
    last_at: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO garbage (object_key, upload_id, delete_after, last_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (object_key) DO UPDATE SET
             delete_after = excluded.delete_after, last_at = excluded.last_at,
             upload_id = COALESCE(excluded.upload_id, garbage.upload_id)",
    )
    .bind(object_key)
    .bind(upload_id)
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
) -> sqlx::Result<Vec<GarbageRow>> {
    sqlx::query_as(
        "SELECT object_key, upload_id FROM garbage WHERE delete_after <= $1
         ORDER BY delete_after LIMIT $2",
    )
    .bind(now.unix_millis())
    .bind(limit)
    .fetch_all(connection)
    .await
}

/// Records that the object was deleted at `now`. The row stays if the object is to be deleted once more
/// later.
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
