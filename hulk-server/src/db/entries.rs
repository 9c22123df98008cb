//! The tree of directories and files. Paths are walked, not stored.

use hulk_proto::{Id, RemotePath, Timestamp};
use sqlx::AnyConnection;

pub(crate) const DIRECTORY: &str = "directory";
pub(crate) const FILE: &str = "file";

#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct EntryRow {
    pub id: String,
    pub user_id: String,
    pub parent_id: String,
    pub name: String,
    pub kind: String,
    pub permissions: String,
    pub expiration_policy: Option<String>,
    pub created_at: i64,
    pub updated_at: i64,
}

impl EntryRow {
    pub(crate) fn is_directory(&self) -> bool {
        self.kind == DIRECTORY
    }
}

/// The root of a new user: public, so that a link works at once.
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
    .bind(DIRECTORY)
    .bind(Timestamp::now().unix_millis())
    .execute(connection)
    .await
    .map(drop)
}

/// The entry of this name in the directory, made with the given kind if there is none, and whether
/// it was made.
pub(crate) async fn ensure(
    connection: &mut AnyConnection,
    user_id: &str,
    parent_id: &str,
    name: &str,
    kind: &str,
) -> sqlx::Result<(EntryRow, bool)> {
    if let Some(entry) = find_child(&mut *connection, parent_id, name).await? {
        return Ok((entry, false));
    }
    let made = sqlx::query_as(
        "INSERT INTO entries (id, user_id, parent_id, name, kind, permissions, version, tags,
                              metadata, download_count, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, 'inherit', 0, '[]', '{}', 0, $6, $6)
         RETURNING id, user_id, parent_id, name, kind, permissions, expiration_policy,
                   created_at, updated_at",
    )
    .bind(Id::random().as_str())
    .bind(user_id)
    .bind(parent_id)
    .bind(name)
    .bind(kind)
    .bind(Timestamp::now().unix_millis())
    .fetch_one(connection)
    .await?;
    Ok((made, true))
}

pub(crate) async fn find(
    connection: &mut AnyConnection,
    id: &str,
) -> sqlx::Result<Option<EntryRow>> {
    sqlx::query_as(
        "SELECT id, user_id, parent_id, name, kind, permissions, expiration_policy,
                created_at, updated_at FROM entries WHERE id = $1",
    )
    .bind(id)
    .fetch_optional(connection)
    .await
}

async fn find_child(
    connection: &mut AnyConnection,
    parent_id: &str,
    name: &str,
) -> sqlx::Result<Option<EntryRow>> {
    sqlx::query_as(
        "SELECT id, user_id, parent_id, name, kind, permissions, expiration_policy,
                created_at, updated_at FROM entries WHERE parent_id = $1 AND name = $2",
    )
    .bind(parent_id)
    .bind(name)
    .fetch_optional(connection)
    .await
}

/// The entry at `path` below the directory `root_id`.
pub(crate) async fn find_by_path(
    connection: &mut AnyConnection,
    root_id: &str,
    path: &RemotePath,
) -> sqlx::Result<Option<EntryRow>> {
    let mut entry = find(&mut *connection, root_id).await?;
    for name in path.names() {
        let Some(parent) = entry else { return Ok(None) };
        entry = find_child(&mut *connection, &parent.id, name).await?;
    }
    Ok(entry)
}

/// The path of an entry from its user's root.
pub(crate) async fn path_of(connection: &mut AnyConnection, id: &str) -> sqlx::Result<String> {
    let names: Vec<String> = sqlx::query_scalar(
        "WITH RECURSIVE up (parent_id, name, depth) AS (
             SELECT parent_id, name, CAST(0 AS BIGINT) FROM entries WHERE id = $1
             UNION ALL
             SELECT e.parent_id, e.name, up.depth + 1 FROM entries e JOIN up ON e.id = up.parent_id)
         SELECT name FROM up WHERE parent_id <> '' ORDER BY depth DESC",
    )
    .bind(id)
    .fetch_all(connection)
    .await?;
    Ok(names.join("/"))
}

/// What the nearest of the entry and the directories above it says that does not inherit.
pub(crate) async fn effective_permission(
    connection: &mut AnyConnection,
    id: &str,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar(
        "WITH RECURSIVE up (parent_id, permissions, depth) AS (
             SELECT parent_id, permissions, CAST(0 AS BIGINT) FROM entries WHERE id = $1
             UNION ALL
             SELECT e.parent_id, e.permissions, up.depth + 1
             FROM entries e JOIN up ON e.id = up.parent_id)
         SELECT permissions FROM up WHERE permissions <> 'inherit' ORDER BY depth LIMIT 1",
    )
    .bind(id)
    .fetch_optional(connection)
    .await
}

/// As `effective_permission`, but the root, which nobody named, says nothing.
pub(crate) async fn permission_by_name(
    connection: &mut AnyConnection,
    id: &str,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar(
        "WITH RECURSIVE up (parent_id, permissions, depth) AS (
             SELECT parent_id, permissions, CAST(0 AS BIGINT) FROM entries WHERE id = $1
             UNION ALL
             SELECT e.parent_id, e.permissions, up.depth + 1
             FROM entries e JOIN up ON e.id = up.parent_id)
         SELECT permissions FROM up WHERE permissions <> 'inherit' AND parent_id <> ''
         ORDER BY depth LIMIT 1",
    )
    .bind(id)
    .fetch_optional(connection)
    .await
}

/// A directory's defaults; `None` stays.
pub(crate) async fn set_defaults(
    connection: &mut AnyConnection,
    id: &str,
    permissions: Option<&str>,
    expiration_policy: Option<&str>,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE entries SET permissions = COALESCE($2, permissions),
             expiration_policy = COALESCE($3, expiration_policy), updated_at = $4
         WHERE id = $1",
    )
    .bind(id)
    .bind(permissions)
    .bind(expiration_policy)
    .bind(Timestamp::now().unix_millis())
    .execute(connection)
    .await
    .map(drop)
}

/// The default policy of the nearest directory that has one, from `directory_id` upwards.
pub(crate) async fn effective_expiration(
    connection: &mut AnyConnection,
    directory_id: &str,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar(
        "WITH RECURSIVE up (parent_id, expiration_policy, depth) AS (
             SELECT parent_id, expiration_policy, CAST(0 AS BIGINT) FROM entries WHERE id = $1
             UNION ALL
             SELECT e.parent_id, e.expiration_policy, up.depth + 1
             FROM entries e JOIN up ON e.id = up.parent_id)
         SELECT expiration_policy FROM up WHERE expiration_policy IS NOT NULL
         ORDER BY depth LIMIT 1",
    )
    .bind(directory_id)
    .fetch_optional(connection)
    .await
}

/// The directories right below `parent_id`, by name; `total` counts all of them.
pub(crate) async fn list_directories(
    connection: &mut AnyConnection,
    parent_id: &str,
    limit: i64,
    offset: i64,
) -> sqlx::Result<(Vec<EntryRow>, i64)> {
    let total =
        sqlx::query_scalar("SELECT COUNT(*) FROM entries WHERE parent_id = $1 AND kind = $2")
            .bind(parent_id)
            .bind(DIRECTORY)
            .fetch_one(&mut *connection)
            .await?;
    let rows = sqlx::query_as(
        "SELECT id, user_id, parent_id, name, kind, permissions, expiration_policy,
                created_at, updated_at
         FROM entries WHERE parent_id = $1 AND kind = $2 ORDER BY name LIMIT $3 OFFSET $4",
    )
    .bind(parent_id)
    .bind(DIRECTORY)
    .bind(limit)
    .bind(offset)
    .fetch_all(connection)
    .await?;
    Ok((rows, total))
}

/// What changes of a file; `None` stays.
#[derive(Default)]
pub(crate) struct FileChange<'a> {
    pub place: Option<(&'a str, &'a str)>,
    pub permissions: Option<&'a str>,
    pub tags: Option<&'a str>,
    pub description: Option<&'a str>,
    pub metadata: Option<&'a str>,
}

/// A name that is taken in the new place is a unique violation.
pub(crate) async fn change_file(
    connection: &mut AnyConnection,
    id: &str,
    change: FileChange<'_>,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE entries SET parent_id = COALESCE($2, parent_id), name = COALESCE($3, name),
             permissions = COALESCE($4, permissions), tags = COALESCE($5, tags),
             description = COALESCE($6, description), metadata = COALESCE($7, metadata),
             updated_at = $8
         WHERE id = $1",
    )
    .bind(id)
    .bind(change.place.map(|(parent, _)| parent))
    .bind(change.place.map(|(_, name)| name))
    .bind(change.permissions)
    .bind(change.tags)
    .bind(change.description)
    .bind(change.metadata)
    .bind(Timestamp::now().unix_millis())
    .execute(connection)
    .await
    .map(drop)
}

pub(crate) async fn set_version(
    connection: &mut AnyConnection,
    file_id: &str,
    number: i64,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE entries SET version = $2, updated_at = $3 WHERE id = $1")
        .bind(file_id)
        .bind(number)
        .bind(Timestamp::now().unix_millis())
        .execute(connection)
        .await
        .map(drop)
}

pub(crate) async fn add_downloads(
    connection: &mut AnyConnection,
    file_id: &str,
    count: i64,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE entries SET download_count = download_count + $2 WHERE id = $1")
        .bind(file_id)
        .bind(count)
        .execute(connection)
        .await
        .map(drop)
}

/// The row alone; its versions go before it.
pub(crate) async fn delete(connection: &mut AnyConnection, id: &str) -> sqlx::Result<bool> {
    let result = sqlx::query("DELETE FROM entries WHERE id = $1")
        .bind(id)
        .execute(connection)
        .await?;
    Ok(result.rows_affected() == 1)
}
