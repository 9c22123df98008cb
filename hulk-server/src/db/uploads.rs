//! Unfinished versions: uploads that a client resumes, and abandoned ones.

use hulk_proto::{Permission, Timestamp};
use sqlx::AnyConnection;

use super::{
    shares,
    versions::{NewVersion, VersionRow, columns},
};

/// Finds a file's newest unfinished upload among those whose end no client reports.
pub(crate) async fn find_direct(
    connection: &mut AnyConnection,
    file_id: &str,
) -> sqlx::Result<Option<VersionRow>> {
    sqlx::query_as(concat!(
        "SELECT ",
        columns!(),
        " FROM versions WHERE file_id = $1 AND direct = 1 AND state IN ('reserved', 'uploaded')
          ORDER BY number DESC LIMIT 1"
    ))
    .bind(file_id)
    .fetch_optional(connection)
    .await
}

/// Returns files of a user that have an unfinished upload whose end no client reports.
pub(crate) async fn direct_of_user(
    connection: &mut AnyConnection,
    user_id: &str,
    limit: i64,
) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar(
        "SELECT DISTINCT file_id FROM versions
         WHERE user_id = $1 AND direct = 1 AND state IN ('reserved', 'uploaded') LIMIT $2",
    )
    .bind(user_id)
    .bind(limit)
    .fetch_all(connection)
    .await
}

/// Updates a reserved version to what the repeated request asks for, and keeps it from becoming stale;
/// through a share, only received bytes do. Returns `None` if it is being checked or has ended.
pub(crate) async fn renew(
    connection: &mut AnyConnection,
    version: NewVersion<'_>,
) -> sqlx::Result<Option<VersionRow>> {
    sqlx::query_as(concat!(
        "UPDATE versions SET mime_type = $3, if_exists = $4, permissions = $5, tags = $6,
             description = $7, metadata = $8, sha256 = COALESCE($9, sha256),
             updated_at = CASE WHEN share_id IS NULL THEN $10 ELSE updated_at END
         WHERE file_id = $1 AND number = $2 AND state = 'reserved'
         RETURNING ",
        columns!()
    ))
    .bind(version.file_id)
    .bind(version.number)
    .bind(version.mime_type)
    .bind(version.if_exists.as_str())
    .bind(version.permissions.map(Permission::as_str))
    .bind(version.tags)
    .bind(version.description)
    .bind(version.metadata)
    .bind(version.sha256)
    .bind(Timestamp::now().unix_millis())
    .fetch_optional(connection)
    .await
}

/// Replaces the upload in parts of `version`. Returns false if another request has replaced it, or the upload
/// has ended.
pub(crate) async fn set_upload_id(
    connection: &mut AnyConnection,
    version: &VersionRow,
    upload_id: &str,
) -> sqlx::Result<bool> {
    let result = sqlx::query(
        "UPDATE versions SET upload_id = $3
         WHERE file_id = $1 AND number = $2 AND state = 'reserved'
               AND COALESCE(upload_id, '') = $4",
    )
    .bind(&version.file_id)
    .bind(version.number)
    .bind(upload_id)
    .bind(version.upload_id.as_deref().unwrap_or_default())
    .execute(connection)
    .await?;
    Ok(result.rows_affected() == 1)
}

/// Records that a client has continued the upload.
pub(crate) async fn touch(
    connection: &mut AnyConnection,
    version: &VersionRow,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE versions SET updated_at = $3 WHERE file_id = $1 AND number = $2")
        .bind(&version.file_id)
        .bind(version.number)
        .bind(Timestamp::now().unix_millis())
        .execute(connection)
        .await
        .map(drop)
}

/// An unfinished upload through a share, as the share's owner sees it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct ThroughShare {
    pub file_id: String,
    pub number: i64,
    pub size_bytes: i64,
    pub address: Option<String>,
    pub created_at: i64,
    pub updated_at: i64,
}

/// Returns the unfinished uploads through a share and the shares that were made with it, oldest first. They
/// are few: the limit of the share counts them all.
pub(crate) async fn through_share(
    connection: &mut AnyConnection,
    share_id: &str,
) -> sqlx::Result<Vec<ThroughShare>> {
    let mut all = Vec::new();
    for share_id in shares::with_those_below(connection, share_id).await? {
        let found: Vec<ThroughShare> = sqlx::query_as(
            "SELECT file_id, number, size_bytes, address, created_at, updated_at FROM versions
             WHERE share_id = $1 AND state IN ('reserved', 'uploaded')",
        )
        .bind(share_id)
        .fetch_all(&mut *connection)
        .await?;
        all.extend(found);
    }
    all.sort_by_key(|upload| upload.created_at);
    Ok(all)
}

/// Returns uploads through shares without progress since `before`, the longest first.
pub(crate) async fn untouched(
    connection: &mut AnyConnection,
    before: i64,
    limit: i64,
) -> sqlx::Result<Vec<VersionRow>> {
    sqlx::query_as(concat!(
        "SELECT ",
        columns!(),
        " FROM versions
          WHERE share_id IS NOT NULL AND state IN ('reserved', 'uploaded') AND updated_at < $1
          ORDER BY updated_at LIMIT $2"
    ))
    .bind(before)
    .bind(limit)
    .fetch_all(connection)
    .await
}

/// Reserves more for an upload of unknown length: `size_bytes` in total. Returns false if another request has
/// changed the reservation, or the upload has ended.
pub(crate) async fn extend(
    connection: &mut AnyConnection,
    version: &VersionRow,
    size_bytes: i64,
) -> sqlx::Result<bool> {
    let result = sqlx::query(
        "UPDATE versions SET size_bytes = $3,
             updated_at = CASE WHEN share_id IS NULL THEN $5 ELSE updated_at END
         WHERE file_id = $1 AND number = $2 AND open_ended = 1 AND size_bytes = $4
               AND state = 'reserved'",
    )
    .bind(&version.file_id)
    .bind(version.number)
    .bind(size_bytes)
    .bind(version.size_bytes)
    .bind(Timestamp::now().unix_millis())
    .execute(connection)
    .await?;
    Ok(result.rows_affected() == 1)
}
