//! The tree of directories and files. Paths are walked, not stored: a directory of any size moves by
//! one changed row.

use hulk_proto::{ExpirationPolicy, Permission, RemotePath};
use sqlx::AnyConnection;

use super::{
    columns::Text,
    entries::{self, EntryRow, columns},
    page::page,
};

/// Finds the entry at `path` below the directory `root_id`.
pub(crate) async fn find_by_path(
    connection: &mut AnyConnection,
    root_id: &str,
    path: &RemotePath,
) -> sqlx::Result<Option<EntryRow>> {
    let mut entry = entries::find(&mut *connection, root_id).await?;
    for name in path.names() {
        let Some(parent) = entry else { return Ok(None) };
        entry = entries::find_child(&mut *connection, &parent.id, name).await?;
    }
    Ok(entry)
}

/// Returns the path of an entry from its user's root.
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

/// Permission of an entry, or of the nearest directory above it that does not inherit.
#[derive(sqlx::FromRow)]
pub(crate) struct Nearest {
    #[sqlx(try_from = "Text<Permission>")]
    pub(crate) permissions: Permission,
    parent_id: String,
}

impl Nearest {
    /// Whether the permission was chosen by name: that of the root is the one that every user begins with.
    pub(crate) fn is_by_name(&self) -> bool {
        !self.parent_id.is_empty()
    }
}

pub(crate) async fn nearest_permission(
    connection: &mut AnyConnection,
    id: &str,
) -> sqlx::Result<Option<Nearest>> {
    sqlx::query_as(
        "WITH RECURSIVE up (parent_id, permissions, depth) AS (
             SELECT parent_id, permissions, CAST(0 AS BIGINT) FROM entries WHERE id = $1
             UNION ALL
             SELECT e.parent_id, e.permissions, up.depth + 1
             FROM entries e JOIN up ON e.id = up.parent_id)
         SELECT permissions, parent_id FROM up
         WHERE permissions <> 'inherit' ORDER BY depth LIMIT 1",
    )
    .bind(id)
    .fetch_optional(connection)
    .await
}

/// Whether an entry is public, by its own permission or that of the nearest directory above that does not
/// inherit.
pub(crate) async fn is_public(connection: &mut AnyConnection, id: &str) -> sqlx::Result<bool> {
    let nearest = nearest_permission(connection, id).await?;
    Ok(nearest.is_some_and(|nearest| nearest.permissions == Permission::Public))
}

/// Whether a directory, or one above it, is listed to whoever has its link while it is public.
pub(crate) async fn is_listed(connection: &mut AnyConnection, id: &str) -> sqlx::Result<bool> {
    let listed: i64 = sqlx::query_scalar(
        "WITH RECURSIVE up (parent_id, is_listed) AS (
             SELECT parent_id, is_listed FROM entries WHERE id = $1
             UNION ALL
             SELECT e.parent_id, e.is_listed FROM entries e JOIN up ON e.id = up.parent_id)
         SELECT CAST(COALESCE(MAX(is_listed), 0) AS BIGINT) FROM up",
    )
    .bind(id)
    .fetch_one(connection)
    .await?;
    Ok(listed == 1)
}

/// Returns the default policy of the nearest directory that has one, from `directory_id` upwards.
pub(crate) async fn effective_expiration(
    connection: &mut AnyConnection,
    directory_id: &str,
) -> sqlx::Result<Option<ExpirationPolicy>> {
    let found: Option<Text<ExpirationPolicy>> = sqlx::query_scalar(
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
    .await?;
    Ok(found.map(|Text(policy)| policy))
}

/// Lists a page of the directories right below `parent_id`, by name, with the total count.
pub(crate) async fn list_directories(
    connection: &mut AnyConnection,
    parent_id: &str,
    limit: i64,
    offset: i64,
) -> sqlx::Result<(Vec<EntryRow>, i64)> {
    let total = "SELECT COUNT(*) FROM entries WHERE parent_id = $1 AND kind = 'directory'";
    let rows = concat!(
        "SELECT ",
        columns!(),
        " FROM entries WHERE parent_id = $1 AND kind = 'directory' ORDER BY name"
    );
    page(connection, (total, rows), parent_id, (limit, offset)).await
}

/// Whether `id` is `above`, or somewhere below it.
pub(crate) async fn is_within(
    connection: &mut AnyConnection,
    id: &str,
    above: &str,
) -> sqlx::Result<bool> {
    let found: Option<i64> = sqlx::query_scalar(
        "WITH RECURSIVE up (id, parent_id) AS (
             SELECT id, parent_id FROM entries WHERE id = $1
             UNION ALL
             SELECT e.id, e.parent_id FROM entries e JOIN up ON e.id = up.parent_id)
         SELECT CAST(1 AS BIGINT) FROM up WHERE id = $2",
    )
    .bind(id)
    .bind(above)
    .fetch_optional(connection)
    .await?;
    Ok(found.is_some())
}

/// Returns a query for the ids of the directory with the id of a numbered parameter, and of all directories
/// below it; none if it is in the trash.
pub(super) fn directories_from(parameter: usize) -> String {
    format!(
        "WITH RECURSIVE down (id) AS (
             SELECT top.id FROM entries top
             WHERE top.id = ${parameter} AND top.kind = 'directory' AND top.trash_id IS NULL
             UNION ALL
             SELECT below.id FROM entries below JOIN down ON below.parent_id = down.id
             WHERE below.kind = 'directory' AND below.trash_id IS NULL)
         SELECT id FROM down"
    )
}

/// Returns the bytes of the longest path below a directory, relative to it and without a leading `/`; 0 if it
/// is empty.
pub(crate) async fn longest_below(connection: &mut AnyConnection, id: &str) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "WITH RECURSIVE down (id, bytes) AS (
             SELECT id, CAST(OCTET_LENGTH(name) AS BIGINT) FROM entries WHERE parent_id = $1
             UNION ALL
             SELECT e.id, down.bytes + 1 + OCTET_LENGTH(e.name)
             FROM entries e JOIN down ON e.parent_id = down.id)
         SELECT COALESCE(MAX(bytes), 0) FROM down",
    )
    .bind(id)
    .fetch_one(connection)
    .await
}

/// Whether a directory is empty.
pub(crate) async fn is_empty(connection: &mut AnyConnection, id: &str) -> sqlx::Result<bool> {
    let any: Option<i64> =
        sqlx::query_scalar("SELECT CAST(1 AS BIGINT) FROM entries WHERE parent_id = $1 LIMIT 1")
            .bind(id)
            .fetch_optional(connection)
            .await?;
    Ok(any.is_none())
}
