//! The rows of the tree of directories and files; queries over the whole tree are in `tree`.

use hulk_proto::{Category, ExpirationPolicy, Id, Permission, Timestamp, trash::EntryKind};
use sqlx::AnyConnection;

use super::columns::{OptionalText, Text};

#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct EntryRow {
    pub id: String,
    pub user_id: String,
    pub parent_id: String,
    pub name: String,
    #[sqlx(try_from = "Text<EntryKind>")]
    pub kind: EntryKind,
    #[sqlx(try_from = "Text<Permission>")]
    pub permissions: Permission,
    #[sqlx(try_from = "OptionalText<ExpirationPolicy>")]
    pub expiration_policy: Option<ExpirationPolicy>,
    /// Number of a file's current version.
    pub version: i64,
    /// JSON text.
    pub metadata: String,
    pub created_at: i64,
    pub updated_at: i64,
}

macro_rules! columns {
    () => {
        "id, user_id, parent_id, name, kind, permissions, expiration_policy, version, metadata,
         created_at, updated_at"
    };
}

pub(super) use columns;

impl EntryRow {
    pub(crate) fn is_directory(&self) -> bool {
        self.kind == EntryKind::Directory
    }
}

/// Returns a name in the form in which it is searched.
pub(crate) fn fold(name: &str) -> String {
    name.to_lowercase()
}

/// Inserts the root directory of a new user: public, so that a link works at once.
pub(crate) async fn insert_root(
    connection: &mut AnyConnection,
    id: &str,
    user_id: &str,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO entries (id, user_id, parent_id, name, kind, permissions, expiration_policy,
                              version, tags, metadata, download_count, created_at, updated_at)
         VALUES ($1, $2, '', $2, $3, 'public', 'infinite', 0, '[]', '{}', 0, $4, $4)",
    )
    .bind(id)
    .bind(user_id)
    .bind(EntryKind::Directory.as_str())
    .bind(Timestamp::now().unix_millis())
    .execute(connection)
    .await
    .map(drop)
}

/// Returns the entry of this name in the directory, created with the given kind if it does not exist, and
/// whether it was created.
pub(crate) async fn ensure(
    connection: &mut AnyConnection,
    user_id: &str,
    parent_id: &str,
    name: &str,
    kind: EntryKind,
) -> sqlx::Result<(EntryRow, bool)> {
    if let Some(entry) = find_child(&mut *connection, parent_id, name).await? {
        return Ok((entry, false));
    }
    let made = sqlx::query_as(concat!(
        "INSERT INTO entries (id, user_id, parent_id, name, folded_name, kind, permissions,
                              version, tags, metadata, download_count, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $7, $5, 'inherit', 0, '[]', '{}', 0, $6, $6)
         RETURNING ",
        columns!()
    ))
    .bind(Id::random().as_str())
    .bind(user_id)
    .bind(parent_id)
    .bind(name)
    .bind(kind.as_str())
    .bind(Timestamp::now().unix_millis())
    .bind(fold(name))
    .fetch_one(connection)
    .await?;
    Ok((made, true))
}

pub(crate) async fn find(
    connection: &mut AnyConnection,
    id: &str,
) -> sqlx::Result<Option<EntryRow>> {
    sqlx::query_as(concat!(
        "SELECT ",
        columns!(),
        " FROM entries WHERE id = $1 AND trash_id IS NULL"
    ))
    .bind(id)
    .fetch_optional(connection)
    .await
}

pub(crate) async fn find_child(
    connection: &mut AnyConnection,
    parent_id: &str,
    name: &str,
) -> sqlx::Result<Option<EntryRow>> {
    sqlx::query_as(concat!(
        "SELECT ",
        columns!(),
        " FROM entries WHERE parent_id = $1 AND name = $2"
    ))
    .bind(parent_id)
    .bind(name)
    .fetch_optional(connection)
    .await
}

/// Deletes a file of which all versions have failed. Returns whether it was deleted.
pub(crate) async fn delete_without_versions(
    connection: &mut AnyConnection,
    file_id: &str,
) -> sqlx::Result<bool> {
    let others: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM versions WHERE file_id = $1 AND state <> 'failed'",
    )
    .bind(file_id)
    .fetch_one(&mut *connection)
    .await?;
    if others > 0 {
        return Ok(false);
    }
    sqlx::query("DELETE FROM versions WHERE file_id = $1")
        .bind(file_id)
        .execute(&mut *connection)
        .await?;
    let deleted = sqlx::query("DELETE FROM entries WHERE id = $1 AND kind = 'file'")
        .bind(file_id)
        .execute(connection)
        .await?;
    Ok(deleted.rows_affected() == 1)
}

/// Deletes a directory that was created at `since` or later, if it is empty. Returns whether it was deleted.
pub(crate) async fn delete_empty(
    connection: &mut AnyConnection,
    id: &str,
    since: i64,
) -> sqlx::Result<bool> {
    let deleted = sqlx::query(
        "DELETE FROM entries WHERE id = $1 AND kind = 'directory' AND created_at >= $2
         AND NOT EXISTS (SELECT 1 FROM entries child WHERE child.parent_id = $1)",
    )
    .bind(id)
    .bind(since)
    .execute(connection)
    .await?;
    Ok(deleted.rows_affected() == 1)
}

/// Sets a directory's defaults; `None` leaves one unchanged.
pub(crate) async fn set_defaults(
    connection: &mut AnyConnection,
    id: &str,
    permissions: Option<Permission>,
    expiration_policy: Option<ExpirationPolicy>,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE entries SET permissions = COALESCE($2, permissions),
             expiration_policy = COALESCE($3, expiration_policy), updated_at = $4
         WHERE id = $1",
    )
    .bind(id)
    .bind(permissions.map(Permission::as_str))
    .bind(expiration_policy.map(ExpirationPolicy::as_str))
    .bind(Timestamp::now().unix_millis())
    .execute(connection)
    .await
    .map(drop)
}

/// Sets a directory's metadata, given as JSON.
pub(crate) async fn set_metadata(
    connection: &mut AnyConnection,
    id: &str,
    metadata: &str,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE entries SET metadata = $2 WHERE id = $1 AND metadata <> $2")
        .bind(id)
        .bind(metadata)
        .execute(connection)
        .await
        .map(drop)
}

/// Lets whoever has the directory's link list it, as long as it is public.
pub(crate) async fn set_listed(connection: &mut AnyConnection, id: &str) -> sqlx::Result<()> {
    sqlx::query("UPDATE entries SET is_listed = 1 WHERE id = $1")
        .bind(id)
        .execute(connection)
        .await
        .map(drop)
}

/// Changes of a file; `None` leaves a property unchanged.
#[derive(Default)]
pub(crate) struct FileChange<'a> {
    pub permissions: Option<Permission>,
    pub tags: Option<&'a str>,
    pub description: Option<&'a str>,
    pub metadata: Option<&'a str>,
}

impl FileChange<'_> {
    pub(crate) fn is_empty(&self) -> bool {
        self.permissions.is_none()
            && self.tags.is_none()
            && self.description.is_none()
            && self.metadata.is_none()
    }
}

pub(crate) async fn change_file(
    connection: &mut AnyConnection,
    id: &str,
    change: FileChange<'_>,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE entries SET permissions = COALESCE($2, permissions), tags = COALESCE($3, tags),
             description = COALESCE($4, description), metadata = COALESCE($5, metadata),
             updated_at = $6
         WHERE id = $1",
    )
    .bind(id)
    .bind(change.permissions.map(Permission::as_str))
    .bind(change.tags)
    .bind(change.description)
    .bind(change.metadata)
    .bind(Timestamp::now().unix_millis())
    .execute(connection)
    .await
    .map(drop)
}

/// Moves an entry to another directory and name; a name that already exists there is a unique violation.
/// Entries below it move along without a write.
pub(crate) async fn relocate(
    connection: &mut AnyConnection,
    id: &str,
    parent_id: &str,
    name: &str,
    category: Option<Category>,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE entries SET parent_id = $2, name = $3, folded_name = $4,
             category = COALESCE($6, category), updated_at = $5
         WHERE id = $1",
    )
    .bind(id)
    .bind(parent_id)
    .bind(name)
    .bind(fold(name))
    .bind(Timestamp::now().unix_millis())
    .bind(category.map(Category::as_str))
    .execute(connection)
    .await
    .map(drop)
}

pub(crate) async fn set_version(
    connection: &mut AnyConnection,
    file_id: &str,
    number: i64,
    category: Category,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE entries SET version = $2, category = $3, updated_at = $4 WHERE id = $1")
        .bind(file_id)
        .bind(number)
        .bind(category.as_str())
        .bind(Timestamp::now().unix_millis())
        .execute(connection)
        .await
        .map(drop)
}

pub(crate) async fn add_downloads(
    connection: &mut AnyConnection,
    file_id: &str,
    count: i64,
    last_at: i64,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE entries SET download_count = download_count + $2,
             last_download_at = CASE WHEN COALESCE(last_download_at, 0) < $3 THEN $3
                                     ELSE last_download_at END
         WHERE id = $1",
    )
    .bind(file_id)
    .bind(count)
    .bind(last_at)
    .execute(connection)
    .await
    .map(drop)
}
