//! Deleted entries: those that can be restored, and those marked to be purged.
//!
//! | state | in `entries` | in `trash` | names and links |
//! |---|---|---|---|
//! | in the tree | `trash_id` NULL | – | work |
//! | in the trash | `trash_id` of all below, parent of the top `trash/<id>` | a row | free, 404 |
//! | marked to be purged | as before, fewer with each batch | `is_doomed` 1 | free, 404; no restore |
//! | purged | – | – | |
//!
//! Moving to the trash, restoring and marking are one transaction each; a crash leaves the state before or
//! after it. Marked entries are deleted in batches, the top last: a sweep resumes after a crash.

use hulk_proto::{Timestamp, trash::EntryKind};
use sqlx::AnyConnection;

use super::{
    columns::Text,
    page::page,
    versions::{VersionRow, columns},
};

#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct TrashRow {
    pub entry_id: String,
    pub path: String,
    pub trashed_at: i64,
    #[sqlx(try_from = "Text<EntryKind>")]
    pub kind: EntryKind,
    /// Size of all validated versions.
    pub size_bytes: i64,
}

/// Moves an entry and everything below it to the trash. Returns the number of finished files.
pub(crate) async fn insert(
    connection: &mut AnyConnection,
    user_id: &str,
    entry_id: &str,
    path: &str,
) -> sqlx::Result<i64> {
    sqlx::query(
        "WITH RECURSIVE down (id) AS (
             SELECT id FROM entries WHERE id = $1
             UNION ALL
             SELECT e.id FROM entries e JOIN down ON e.parent_id = down.id)
         UPDATE entries SET trash_id = $1 WHERE id IN (SELECT id FROM down)",
    )
    .bind(entry_id)
    .execute(&mut *connection)
    .await?;
    sqlx::query("UPDATE entries SET parent_id = 'trash/' || id WHERE id = $1")
        .bind(entry_id)
        .execute(&mut *connection)
        .await?;
    sqlx::query(
        "INSERT INTO trash (entry_id, user_id, path, trashed_at, is_doomed)
         VALUES ($1, $2, $3, $4, 0)",
    )
    .bind(entry_id)
    .bind(user_id)
    .bind(path)
    .bind(Timestamp::now().unix_millis())
    .execute(&mut *connection)
    .await?;
    count_files(connection, entry_id).await
}

async fn count_files(connection: &mut AnyConnection, entry_id: &str) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "SELECT COUNT(*) FROM entries e
         JOIN versions v ON v.file_id = e.id AND v.number = e.version
         WHERE e.trash_id = $1 AND v.state = 'validated'",
    )
    .bind(entry_id)
    .fetch_one(connection)
    .await
}

/// Returns an entry and everything below it to the tree; the caller has set the parent of its top. Returns
/// the number of finished files.
pub(crate) async fn restore(connection: &mut AnyConnection, entry_id: &str) -> sqlx::Result<i64> {
    let count = count_files(&mut *connection, entry_id).await?;
    sqlx::query("UPDATE entries SET trash_id = NULL WHERE trash_id = $1")
        .bind(entry_id)
        .execute(&mut *connection)
        .await?;
    delete_row(connection, entry_id).await?;
    Ok(count)
}

/// Returns the unfinished uploads of files that were moved to the trash with this entry.
pub(crate) async fn unfinished(
    connection: &mut AnyConnection,
    entry_id: &str,
) -> sqlx::Result<Vec<VersionRow>> {
    sqlx::query_as(concat!(
        "SELECT ",
        columns!(),
        " FROM versions WHERE state IN ('reserved', 'uploaded')
              AND file_id IN (SELECT id FROM entries WHERE trash_id = $1)"
    ))
    .bind(entry_id)
    .fetch_all(connection)
    .await
}

const SELECT: &str = "SELECT t.entry_id, t.path, t.trashed_at, e.kind,
        (SELECT CAST(COALESCE(SUM(v.size_bytes), 0) AS BIGINT)
         FROM entries below JOIN versions v ON v.file_id = below.id
         WHERE below.trash_id = t.entry_id AND v.state = 'validated') AS size_bytes
     FROM trash t JOIN entries e ON e.id = t.entry_id";

pub(crate) async fn find(
    connection: &mut AnyConnection,
    user_id: &str,
    entry_id: &str,
) -> sqlx::Result<Option<TrashRow>> {
    let select = format!("{SELECT} WHERE t.entry_id = $1 AND t.user_id = $2 AND t.is_doomed = 0");
    sqlx::query_as(sqlx::AssertSqlSafe(select))
        .bind(entry_id)
        .bind(user_id)
        .fetch_optional(connection)
        .await
}

/// Lists a page of the user's trash, newest first, with the total count.
pub(crate) async fn list(
    connection: &mut AnyConnection,
    user_id: &str,
    limit: i64,
    offset: i64,
) -> sqlx::Result<(Vec<TrashRow>, i64)> {
    let total = "SELECT COUNT(*) FROM trash WHERE user_id = $1 AND is_doomed = 0";
    let rows = format!(
        "{SELECT} WHERE t.user_id = $1 AND t.is_doomed = 0
         ORDER BY t.trashed_at DESC, t.entry_id DESC"
    );
    page(connection, (total, &rows), user_id, (limit, offset)).await
}

/// Returns the bytes that emptying the trash would release.
pub(crate) async fn bytes(connection: &mut AnyConnection, user_id: &str) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "SELECT CAST(COALESCE(SUM((
             SELECT SUM(v.size_bytes) FROM entries e JOIN versions v ON v.file_id = e.id
             WHERE e.trash_id = t.entry_id AND v.state = 'validated')), 0) AS BIGINT)
         FROM trash t WHERE t.user_id = $1 AND t.is_doomed = 0",
    )
    .bind(user_id)
    .fetch_one(connection)
    .await
}

/// Marks an entry to be purged, after which it cannot be restored. Returns false if it is not in the trash
/// any more.
pub(crate) async fn mark_purged(
    connection: &mut AnyConnection,
    user_id: &str,
    entry_id: &str,
) -> sqlx::Result<bool> {
    let result = sqlx::query(
        "UPDATE trash SET is_doomed = 1 WHERE entry_id = $1 AND user_id = $2 AND is_doomed = 0",
    )
    .bind(entry_id)
    .bind(user_id)
    .execute(connection)
    .await?;
    Ok(result.rows_affected() == 1)
}

/// Like `mark_purged`, for everything in the user's trash. Returns the number of entries.
pub(crate) async fn mark_all_purged(
    connection: &mut AnyConnection,
    user_id: &str,
) -> sqlx::Result<u64> {
    let result = sqlx::query("UPDATE trash SET is_doomed = 1 WHERE user_id = $1 AND is_doomed = 0")
        .bind(user_id)
        .execute(connection)
        .await?;
    Ok(result.rows_affected())
}

/// Like `mark_purged`, for entries of all users that have been in the trash since `before` or longer.
pub(crate) async fn mark_older_purged(
    connection: &mut AnyConnection,
    before: i64,
) -> sqlx::Result<u64> {
    let result =
        sqlx::query("UPDATE trash SET is_doomed = 1 WHERE trashed_at <= $1 AND is_doomed = 0")
            .bind(before)
            .execute(connection)
            .await?;
    Ok(result.rows_affected())
}

/// Returns the user's entries that are marked to be purged.
pub(crate) async fn marked_of(
    connection: &mut AnyConnection,
    user_id: &str,
    limit: i64,
) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar("SELECT entry_id FROM trash WHERE user_id = $1 AND is_doomed = 1 LIMIT $2")
        .bind(user_id)
        .bind(limit)
        .fetch_all(connection)
        .await
}

/// Returns (user, entry) of entries that are marked to be purged.
pub(crate) async fn marked(
    connection: &mut AnyConnection,
    limit: i64,
) -> sqlx::Result<Vec<(String, String)>> {
    sqlx::query_as("SELECT user_id, entry_id FROM trash WHERE is_doomed = 1 LIMIT $1")
        .bind(limit)
        .fetch_all(connection)
        .await
}

/// Deletes only the row in `trash`.
pub(crate) async fn delete_row(connection: &mut AnyConnection, entry_id: &str) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM trash WHERE entry_id = $1")
        .bind(entry_id)
        .execute(connection)
        .await
        .map(drop)
}

/// Number of entries that one transaction deletes.
const PURGED_AT_ONCE: i64 = 500;

/// What is deleted next: some entries below a marked entry, or the marked entry itself; or some of a user's
/// files or directories, wherever they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purging {
    Below,
    Top,
    Files,
    Directories,
}

impl Purging {
    /// Returns the ids as SQL, with the marked entry or the user as `$1`. They are ordered, so that each
    /// statement of a transaction selects the same ones.
    fn ids(self) -> String {
        let of_user = |kind| {
            format!(
                "(SELECT id FROM entries WHERE user_id = $1 AND kind = '{kind}'
                  ORDER BY created_at, id LIMIT {PURGED_AT_ONCE})"
            )
        };
        match self {
            Self::Files => of_user("file"),
            Self::Directories => of_user("directory"),
            Self::Below => format!(
                "(SELECT id FROM entries WHERE trash_id = $1 AND id <> $1
                  ORDER BY id LIMIT {PURGED_AT_ONCE})"
            ),
            Self::Top => "($1)".to_owned(),
        }
    }
}

/// Returns the unfinished uploads of what is deleted next, which must end before.
pub(crate) async fn unfinished_of(
    connection: &mut AnyConnection,
    user_id: &str,
    which: Purging,
) -> sqlx::Result<Vec<VersionRow>> {
    let ids = which.ids();
    sqlx::query_as(sqlx::AssertSqlSafe(format!(
        concat!(
            "SELECT ",
            columns!(),
            " FROM versions WHERE state IN ('reserved', 'uploaded') AND file_id IN {}"
        ),
        ids
    )))
    .bind(user_id)
    .fetch_all(connection)
    .await
}

/// Deletes some entries with their versions, whose objects become garbage until `urls_end`. Returns the
/// number of entries and their bytes.
pub(crate) async fn purge(
    connection: &mut AnyConnection,
    entry_id: &str,
    which: Purging,
    urls_end: i64,
) -> sqlx::Result<(u64, i64)> {
    let ids = which.ids();
    let now = Timestamp::now().unix_millis();
    let bytes: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
        "SELECT CAST(COALESCE(SUM(size_bytes), 0) AS BIGINT) FROM versions
         WHERE state = 'validated' AND file_id IN {ids}"
    )))
    .bind(entry_id)
    .fetch_one(&mut *connection)
    .await?;
    add_garbage(connection, entry_id, which, urls_end).await?;
    if which == Purging::Top {
        delete_row(connection, entry_id).await?;
    }
    for statement in [
        format!("DELETE FROM versions WHERE file_id IN {ids}"),
        format!(
            "UPDATE shares SET revoked_at = COALESCE(revoked_at, {now}) WHERE entry_id IN {ids}"
        ),
    ] {
        sqlx::query(sqlx::AssertSqlSafe(statement))
            .bind(entry_id)
            .execute(&mut *connection)
            .await?;
    }
    let deleted = sqlx::query(sqlx::AssertSqlSafe(format!(
        "DELETE FROM entries WHERE id IN {ids}"
    )))
    .bind(entry_id)
    .execute(connection)
    .await?;
    Ok((deleted.rows_affected(), bytes))
}

/// Adds the objects of some marked entries to the garbage.
async fn add_garbage(
    connection: &mut AnyConnection,
    entry_id: &str,
    which: Purging,
    urls_end: i64,
) -> sqlx::Result<()> {
    let ids = which.ids();
    let now = Timestamp::now().unix_millis();
    // Upload URLs may still be valid for the object itself, or for the object that was copied to it.
    for (key, last_at, which) in [
        (
            "object_key",
            "CASE WHEN upload_key = object_key THEN CAST($3 AS BIGINT) ELSE CAST($2 AS BIGINT) END",
            "",
        ),
        (
            "upload_key",
            "CAST($3 AS BIGINT)",
            "AND upload_key <> object_key",
        ),
    ] {
        sqlx::query(sqlx::AssertSqlSafe(format!(
            "INSERT INTO garbage (object_key, delete_after, last_at)
             SELECT {key}, CAST($2 AS BIGINT), {last_at} FROM versions
             WHERE state = 'validated' AND file_id IN {ids} {which}
             ON CONFLICT (object_key) DO UPDATE SET
                 delete_after = excluded.delete_after, last_at = excluded.last_at"
        )))
        .bind(entry_id)
        .bind(now)
        .bind(urls_end)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}
