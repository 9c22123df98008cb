//! API keys; of the secret, only its SHA-256 is stored.

use hulk_proto::{KeyPermission, Timestamp};
use sqlx::AnyConnection;

use super::{columns::Text, page::page};

#[derive(Clone, sqlx::FromRow)]
pub struct ApiKeyRow {
    pub id: String,
    pub user_id: String,
    pub label: String,
    #[sqlx(try_from = "Text<KeyPermission>")]
    pub permissions: KeyPermission,
    pub expires_at: Option<i64>,
    pub last_used_at: Option<i64>,
    pub last_used_from: Option<String>,
    pub created_at: i64,
    /// The directory that it is bound to (`auth::scope`).
    pub root_id: Option<String>,
    /// Path of that directory when the key was made.
    pub path: Option<String>,
}

macro_rules! columns {
    () => {
        "id, user_id, label, permissions, expires_at, last_used_at, last_used_from, created_at, root_id, path"
    };
}

pub(crate) struct NewApiKey<'a> {
    pub id: &'a str,
    pub user_id: &'a str,
    pub label: &'a str,
    pub secret_hash: &'a str,
    pub permissions: KeyPermission,
    pub expires_at: Option<i64>,
    /// Id and path of the directory that it is bound to.
    pub bound_to: Option<(&'a str, &'a str)>,
}

pub(crate) async fn insert(
    connection: &mut AnyConnection,
    key: NewApiKey<'_>,
) -> sqlx::Result<ApiKeyRow> {
    let (root_id, path) = key.bound_to.unzip();
    sqlx::query_as(concat!(
        "INSERT INTO api_keys (id, user_id, label, secret_hash, permissions, expires_at, created_at,
                               root_id, path)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         RETURNING ",
        columns!()
    ))
    .bind(key.id)
    .bind(key.user_id)
    .bind(key.label)
    .bind(key.secret_hash)
    .bind(key.permissions.as_str())
    .bind(key.expires_at)
    .bind(Timestamp::now().unix_millis())
    .bind(root_id)
    .bind(path)
    .fetch_one(connection)
    .await
}

/// Finds a key by its id, whether it has expired or not.
pub(crate) async fn find(
    connection: &mut AnyConnection,
    id: &str,
) -> sqlx::Result<Option<ApiKeyRow>> {
    sqlx::query_as(concat!(
        "SELECT ",
        columns!(),
        " FROM api_keys WHERE id = $1"
    ))
    .bind(id)
    .fetch_optional(connection)
    .await
}

/// Finds the key with this id and secret. It is looked up by the secret's hash, so that no comparison of
/// secrets can be timed.
pub(crate) async fn find_by_secret(
    connection: &mut AnyConnection,
    id: &str,
    secret_hash: &str,
) -> sqlx::Result<Option<ApiKeyRow>> {
    sqlx::query_as(concat!(
        "SELECT ",
        columns!(),
        " FROM api_keys WHERE id = $1 AND secret_hash = $2"
    ))
    .bind(id)
    .bind(secret_hash)
    .fetch_optional(connection)
    .await
}

/// Lists a page of the user's keys, newest first, with the total count.
pub(crate) async fn list(
    connection: &mut AnyConnection,
    user_id: &str,
    limit: i64,
    offset: i64,
) -> sqlx::Result<(Vec<ApiKeyRow>, i64)> {
    let total = "SELECT COUNT(*) FROM api_keys WHERE user_id = $1";
    let rows = concat!(
        "SELECT ",
        columns!(),
        " FROM api_keys WHERE user_id = $1 ORDER BY created_at DESC, id DESC"
    );
    page(connection, (total, rows), user_id, (limit, offset)).await
}

/// Deletes a key. Returns false if the user has no such key.
pub(crate) async fn delete(
    connection: &mut AnyConnection,
    user_id: &str,
    id: &str,
) -> sqlx::Result<bool> {
    let result = sqlx::query("DELETE FROM api_keys WHERE id = $1 AND user_id = $2")
        .bind(id)
        .bind(user_id)
        .execute(connection)
        .await?;
    Ok(result.rows_affected() == 1)
}

/// Deletes all keys of a user.
pub(crate) async fn delete_all(connection: &mut AnyConnection, user_id: &str) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM api_keys WHERE user_id = $1")
        .bind(user_id)
        .execute(connection)
        .await
        .map(drop)
}

/// Records the last use of a key, unless a later one is known.
pub(crate) async fn touch(
    connection: &mut AnyConnection,
    id: &str,
    used_at: i64,
    address: &str,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE api_keys SET last_used_at = $2, last_used_from = $3
         WHERE id = $1 AND COALESCE(last_used_at, 0) <= $2",
    )
    .bind(id)
    .bind(used_at)
    .bind(address)
    .execute(connection)
    .await
    .map(drop)
}
