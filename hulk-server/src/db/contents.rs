//! Which bytes a user has stored already: whole files, and parts.

use hulk_proto::Timestamp;
use sqlx::{AnyConnection, AssertSqlSafe};

use super::{
    tree,
    versions::{VersionRow, columns},
};

/// Returns a condition on `versions`: with the id of a directory, as the parameter of this number, its file is
/// below it.
fn below(directory_id: Option<&str>, parameter: usize) -> String {
    match directory_id {
        None => String::new(),
        Some(_) => format!(
            "AND EXISTS (SELECT 1 FROM entries f WHERE f.id = versions.file_id
                 AND f.trash_id IS NULL AND f.parent_id IN ({}))",
            tree::directories_from(parameter)
        ),
    }
}

/// Finds a finished version with these bytes among the user's files: all, or those below a directory. Versions
/// of upload-only keys do not count: their digest is declared by the client and was not compared with the bytes.
pub(crate) async fn find_stored(
    connection: &mut AnyConnection,
    user_id: &str,
    size_bytes: i64,
    sha256: &str,
    directory_id: Option<&str>,
) -> sqlx::Result<Option<VersionRow>> {
    let select = format!(
        "SELECT {} FROM versions WHERE user_id = $1 AND state = 'validated' AND size_bytes = $2
              AND sha256 = $3 AND key_id IS NULL AND (expires_at IS NULL OR expires_at > $4)
              {} LIMIT 1",
        columns!(),
        below(directory_id, 5)
    );
    let mut query = sqlx::query_as(AssertSqlSafe(select))
        .bind(user_id)
        .bind(size_bytes)
        .bind(sha256)
        .bind(Timestamp::now().unix_millis());
    if let Some(directory_id) = directory_id {
        query = query.bind(directory_id);
    }
    query.fetch_optional(connection).await
}

/// Whether the user, or a directory of theirs, has a finished version of this size whose beginning has this MD5.
pub(crate) async fn may_be_stored(
    connection: &mut AnyConnection,
    user_id: &str,
    size_bytes: i64,
    head_md5: &str,
    directory_id: Option<&str>,
) -> sqlx::Result<bool> {
    let select = format!(
        "SELECT number FROM versions WHERE user_id = $1 AND state = 'validated'
              AND size_bytes = $2 AND head_md5 = $3 AND sha256 IS NOT NULL AND key_id IS NULL
              AND (expires_at IS NULL OR expires_at > $4)
              {} LIMIT 1",
        below(directory_id, 5)
    );
    let mut query = sqlx::query_scalar(AssertSqlSafe(select))
        .bind(user_id)
        .bind(size_bytes)
        .bind(head_md5)
        .bind(Timestamp::now().unix_millis());
    if let Some(directory_id) = directory_id {
        query = query.bind(directory_id);
    }
    let found: Option<i64> = query.fetch_optional(connection).await?;
    Ok(found.is_some())
}

/// Returns the digest of one part, which has `width` hex digits.
pub(crate) async fn part_digest(
    connection: &mut AnyConnection,
    version: &VersionRow,
    part: u32,
    width: i64,
) -> sqlx::Result<Option<String>> {
    let found: Option<Option<String>> = sqlx::query_scalar(
        "SELECT SUBSTR(part_digests, CAST($3 AS INTEGER), CAST($4 AS INTEGER)) FROM versions
         WHERE file_id = $1 AND number = $2",
    )
    .bind(&version.file_id)
    .bind(version.number)
    .bind((i64::from(part) - 1) * width + 1)
    .bind(width)
    .fetch_optional(connection)
    .await?;
    Ok(found.flatten())
}

/// Returns the digests of all parts of a version, one after another.
pub(crate) async fn part_digests(
    connection: &mut AnyConnection,
    version: &VersionRow,
) -> sqlx::Result<Option<String>> {
    let found: Option<Option<String>> =
        sqlx::query_scalar("SELECT part_digests FROM versions WHERE file_id = $1 AND number = $2")
            .bind(&version.file_id)
            .bind(version.number)
            .fetch_optional(connection)
            .await?;
    Ok(found.flatten())
}
