//! Users and their quota.

use hulk_proto::{Role, Timestamp};
use sqlx::AnyConnection;

use super::columns::{Flag, Text};

#[derive(Clone, sqlx::FromRow)]
pub struct UserRow {
    pub id: String,
    pub email: String,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub username: Option<String>,
    #[sqlx(try_from = "Text<Role>")]
    pub role: Role,
    pub email_verified_at: Option<i64>,
    /// False for a suspended account.
    #[sqlx(try_from = "Flag")]
    pub is_active: bool,
    pub root_id: String,
    pub quota_bytes: i64,
    pub used_bytes: i64,
    pub file_count: i64,
    /// Files and directories, those in the trash included.
    pub object_count: i64,
    pub created_at: i64,
    pub updated_at: i64,
}

pub(crate) struct NewUser<'a> {
    pub id: &'a str,
    pub email: &'a str,
    pub password_hash: &'a str,
    pub role: Role,
    pub is_email_verified: bool,
    pub root_id: &'a str,
    pub quota_bytes: i64,
    pub first_name: Option<&'a str>,
    pub last_name: Option<&'a str>,
    pub username: Option<&'a str>,
}

/// Inserts the user's row; the root directory is `entries::insert_root`.
///
/// Returns false if the email is already in use.
pub(crate) async fn insert(
    connection: &mut AnyConnection,
    user: NewUser<'_>,
) -> sqlx::Result<bool> {
    let now = Timestamp::now().unix_millis();
    let result = sqlx::query(
        "INSERT INTO users (id, email, password_hash, role, email_verified_at, root_id, quota_bytes,
                            used_bytes, created_at, updated_at, first_name, last_name, username)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8, $8, $9, $10, $11)
         ON CONFLICT (email) DO NOTHING",
    )
    .bind(user.id)
    .bind(user.email)
    .bind(user.password_hash)
    .bind(user.role.as_str())
    .bind(user.is_email_verified.then_some(now))
    .bind(user.root_id)
    .bind(user.quota_bytes)
    .bind(now)
    .bind(user.first_name)
    .bind(user.last_name)
    .bind(user.username)
    .execute(connection)
    .await?;
    Ok(result.rows_affected() == 1)
}

const COLUMNS: &str =
    "SELECT id, email, first_name, last_name, username, role, email_verified_at, is_active, root_id, quota_bytes, used_bytes,
     file_count, object_count, created_at, updated_at FROM users";

pub(crate) async fn find(
    connection: &mut AnyConnection,
    id: &str,
) -> sqlx::Result<Option<UserRow>> {
    sqlx::query_as(sqlx::AssertSqlSafe(format!("{COLUMNS} WHERE id = $1")))
        .bind(id)
        .fetch_optional(connection)
        .await
}

pub(crate) async fn find_by_email(
    connection: &mut AnyConnection,
    email: &str,
) -> sqlx::Result<Option<UserRow>> {
    sqlx::query_as(sqlx::AssertSqlSafe(format!("{COLUMNS} WHERE email = $1")))
        .bind(email)
        .fetch_optional(connection)
        .await
}

/// Returns the hash of the user's password. It is not in `UserRow`, which goes everywhere.
pub(crate) async fn password_hash(
    connection: &mut AnyConnection,
    id: &str,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar("SELECT password_hash FROM users WHERE id = $1")
        .bind(id)
        .fetch_optional(connection)
        .await
}

pub(crate) async fn set_password(
    connection: &mut AnyConnection,
    id: &str,
    password_hash: &str,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE users SET password_hash = $2, updated_at = $3 WHERE id = $1")
        .bind(id)
        .bind(password_hash)
        .bind(Timestamp::now().unix_millis())
        .execute(connection)
        .await
        .map(drop)
}

/// Marks the address as verified. Returns false if the user has another one by now.
pub(crate) async fn verify_email(
    connection: &mut AnyConnection,
    id: &str,
    email: &str,
) -> sqlx::Result<bool> {
    let result = sqlx::query(
        "UPDATE users SET email_verified_at = COALESCE(email_verified_at, $3), updated_at = $3
         WHERE id = $1 AND email = $2",
    )
    .bind(id)
    .bind(email)
    .bind(Timestamp::now().unix_millis())
    .execute(connection)
    .await?;
    Ok(result.rows_affected() == 1)
}

/// Returns the id of the user with this user name.
pub(crate) async fn id_of_username(
    connection: &mut AnyConnection,
    username: &str,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar("SELECT id FROM users WHERE username = $1")
        .bind(username)
        .fetch_optional(connection)
        .await
}

/// Sets what a user is called.
pub(crate) async fn set_names(
    connection: &mut AnyConnection,
    id: &str,
    (first_name, last_name, username): (Option<&str>, Option<&str>, Option<&str>),
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE users SET first_name = $2, last_name = $3, username = $4, updated_at = $5
         WHERE id = $1",
    )
    .bind(id)
    .bind(first_name)
    .bind(last_name)
    .bind(username)
    .bind(Timestamp::now().unix_millis())
    .execute(connection)
    .await
    .map(drop)
}

/// Reserves `bytes` of the quota. Returns false if they do not fit.
pub(crate) async fn reserve(
    connection: &mut AnyConnection,
    id: &str,
    bytes: i64,
) -> sqlx::Result<bool> {
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

/// Returns ids of users after `after`, in order.
pub(crate) async fn ids_after(
    connection: &mut AnyConnection,
    after: &str,
    limit: i64,
) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar("SELECT id FROM users WHERE id > $1 ORDER BY id LIMIT $2")
        .bind(after)
        .bind(limit)
        .fetch_all(connection)
        .await
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
