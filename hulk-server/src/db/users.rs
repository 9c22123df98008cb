//! Users and their quota.

use hulk_proto::{Role, Timestamp};
use sqlx::AnyConnection;

use super::{
    columns::{Flag, Text},
    lists::List,
};

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
    pub tier_id: String,
    /// Name of the tier.
    pub tier: String,
    /// Limits of the tier; `None` is unlimited.
    pub tier_objects: Option<i64>,
    pub tier_file_bytes: Option<i64>,
    pub tier_month_bytes: Option<i64>,
}

pub(crate) struct NewUser<'a> {
    pub id: &'a str,
    pub email: &'a str,
    pub password_hash: &'a str,
    pub role: Role,
    pub is_email_verified: bool,
    pub root_id: &'a str,
    pub quota_bytes: i64,
    pub tier_id: &'a str,
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
                            used_bytes, created_at, updated_at, first_name, last_name, username,
                            tier_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8, $8, $9, $10, $11, $12)
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
    .bind(user.tier_id)
    .execute(connection)
    .await?;
    Ok(result.rows_affected() == 1)
}

macro_rules! columns {
    () => {
        "u.id, u.email, u.first_name, u.last_name, u.username, u.role, u.email_verified_at, u.is_active,
         u.root_id, u.quota_bytes, u.used_bytes, u.file_count, u.object_count, u.created_at, u.updated_at,
         u.tier_id, t.name AS tier, t.object_count AS tier_objects, t.max_file_size AS tier_file_bytes,
         t.monthly_download_bytes AS tier_month_bytes"
    };
}

macro_rules! tables {
    () => {
        "users u JOIN tiers t ON t.id = u.tier_id"
    };
}

/// All users, newest first.
pub(crate) const LIST: List = List {
    columns: columns!(),
    from: tables!(),
    order: "u.created_at DESC, u.id DESC",
};

/// Returns the user with this id, unless the account was deleted.
pub(crate) async fn find(
    connection: &mut AnyConnection,
    id: &str,
) -> sqlx::Result<Option<UserRow>> {
    sqlx::query_as(concat!(
        "SELECT ",
        columns!(),
        " FROM ",
        tables!(),
        " WHERE u.id = $1 AND u.deleted_at IS NULL"
    ))
    .bind(id)
    .fetch_optional(connection)
    .await
}

pub(crate) async fn find_by_email(
    connection: &mut AnyConnection,
    email: &str,
) -> sqlx::Result<Option<UserRow>> {
    sqlx::query_as(concat!(
        "SELECT ",
        columns!(),
        " FROM ",
        tables!(),
        " WHERE u.email = $1"
    ))
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

/// Returns the ids of the admins whose accounts work, in order.
pub(crate) async fn active_admins(connection: &mut AnyConnection) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar(
        "SELECT id FROM users WHERE role = 'admin' AND is_active = 1 AND deleted_at IS NULL ORDER BY id",
    )
    .fetch_all(connection)
    .await
}

/// What staff decides about a user.
pub(crate) struct Standing {
    pub role: Role,
    pub quota_bytes: i64,
    pub is_active: bool,
    pub is_email_verified: bool,
}

pub(crate) async fn set_standing(
    connection: &mut AnyConnection,
    id: &str,
    standing: &Standing,
) -> sqlx::Result<()> {
    let now = Timestamp::now().unix_millis();
    sqlx::query(
        "UPDATE users SET role = $2, quota_bytes = $3, is_active = $4, updated_at = $5,
             email_verified_at = CASE WHEN $6 = 1 THEN COALESCE(email_verified_at, $5) END
         WHERE id = $1",
    )
    .bind(id)
    .bind(standing.role.as_str())
    .bind(standing.quota_bytes)
    .bind(i64::from(standing.is_active))
    .bind(now)
    .bind(i64::from(standing.is_email_verified))
    .execute(connection)
    .await
    .map(drop)
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
