//! Deleted accounts: what they leave behind until nothing is left.
//!
//! | state | in `users` | what works |
//! |---|---|---|
//! | in use | `deleted_at` NULL | all |
//! | deleted | `deleted_at` set, without address, names and password; no credential, no share | nothing: all of it looks like nothing, and the address is free |
//! | gone | – | |
//!
//! The first step is one transaction, which also queues the work that removes the rest, in batches. A crash
//! between two batches leaves fewer rows; the work is then done again, and goes on.

use hulk_proto::Timestamp;
use sqlx::{AnyConnection, AssertSqlSafe};

/// Marks an account as deleted, and deletes its credentials and its shares. Returns false if it was deleted
/// before.
pub(crate) async fn begin(connection: &mut AnyConnection, user_id: &str) -> sqlx::Result<bool> {
    let now = Timestamp::now().unix_millis();
    let marked = sqlx::query(
        "UPDATE users SET deleted_at = $2, is_active = 0, email = 'deleted/' || id, password_hash = '',
             first_name = NULL, last_name = NULL, username = NULL, updated_at = $2
         WHERE id = $1 AND deleted_at IS NULL",
    )
    .bind(user_id)
    .bind(now)
    .execute(&mut *connection)
    .await?;
    if marked.rows_affected() == 0 {
        return Ok(false);
    }
    delete_around(connection, user_id).await?;
    Ok(true)
}

/// Deletes the row of a deleted account that has no entries any more.
pub(crate) async fn end(connection: &mut AnyConnection, user_id: &str) -> sqlx::Result<()> {
    // What a request that had begun before the deletion may have added.
    delete_around(connection, user_id).await?;
    sqlx::query("DELETE FROM users WHERE id = $1 AND deleted_at IS NOT NULL")
        .bind(user_id)
        .execute(connection)
        .await
        .map(drop)
}

/// Deletes all rows of the user that are neither entries nor versions.
async fn delete_around(connection: &mut AnyConnection, user_id: &str) -> sqlx::Result<()> {
    for table in [
        "login_links",
        "sessions",
        "api_keys",
        "device_codes",
        "mail_tokens",
        "tier_requests",
        "shares",
        "trash",
        "queue",
    ] {
        let statement = format!("DELETE FROM {table} WHERE user_id = $1");
        sqlx::query(AssertSqlSafe(statement))
            .bind(user_id)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}
