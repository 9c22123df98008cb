//! Versions: one upload each, and its state.
//!
//! | from | to | when | quota | objects |
//! |---|---|---|---|---|
//! | – | reserved | an upload is planned | reserved | none, or half an upload |
//! | reserved | uploaded | the client reports the end; its digests are recorded | | at `upload_key` |
//! | uploaded | validated | the store was asked, the bytes are linked to `object_key` | | at both |
//! | reserved, uploaded | failed | the store has something else, or nobody went on | released | garbage |
//! | validated | expired | a sweep after `expires_at` | released | garbage |
//!
//! Finished objects live at `object_key`, which no upload URL was ever signed for, so that a URL
//! that is still good cannot change them. What a crash leaves: before `uploaded`, a reservation
//! that the same request finds again and the sweep of stale uploads releases; before `validated`,
//! the same, and perhaps an object that the same sweep puts into the garbage; after it, nothing,
//! since the garbage is written in the same transaction.

use hulk_proto::Timestamp;
use sqlx::AnyConnection;

pub(crate) const RESERVED: &str = "reserved";
pub(crate) const UPLOADED: &str = "uploaded";
pub(crate) const VALIDATED: &str = "validated";
pub(crate) const EXPIRED: &str = "expired";

#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct VersionRow {
    pub file_id: String,
    pub number: i64,
    pub state: String,
    pub reason: Option<String>,
    pub size_bytes: i64,
    pub sha256: Option<String>,
    pub md5: Option<String>,
    pub if_exists: String,
    pub upload_key: String,
    pub object_key: String,
    pub expiration_policy: String,
    pub expires_at: Option<i64>,
    pub permissions: Option<String>,
    pub tags: Option<String>,
    pub description: Option<String>,
    pub metadata: Option<String>,
}

impl VersionRow {
    pub(crate) fn is_unfinished(&self) -> bool {
        self.state == RESERVED || self.state == UPLOADED
    }

    /// Whether its bytes count against the quota.
    pub(crate) fn holds_quota(&self) -> bool {
        self.is_unfinished() || self.state == VALIDATED
    }
}

macro_rules! columns {
    () => {
        "file_id, number, state, reason, size_bytes, sha256, md5, if_exists, upload_key,
         object_key, expiration_policy, expires_at, permissions, tags, description, metadata"
    };
}

pub(crate) struct NewVersion<'a> {
    pub file_id: &'a str,
    pub number: i64,
    pub size_bytes: i64,
    pub mime_type: String,
    pub sha256: Option<String>,
    pub md5: Option<String>,
    pub fingerprint: Option<&'a str>,
    pub direct: bool,
    pub if_exists: &'a str,
    pub upload_key: String,
    pub object_key: String,
    pub expiration_policy: &'a str,
    pub permissions: Option<&'a str>,
    pub tags: Option<String>,
    pub description: Option<&'a str>,
    pub metadata: Option<String>,
}

pub(crate) async fn insert(
    connection: &mut AnyConnection,
    version: NewVersion<'_>,
) -> sqlx::Result<VersionRow> {
    sqlx::query_as(concat!(
        "INSERT INTO versions (file_id, number, state, size_bytes, mime_type, sha256, md5,
             fingerprint, direct, if_exists, upload_key, object_key, expiration_policy, permissions,
             tags, description, metadata, created_at, updated_at)
         VALUES ($1, $2, 'reserved', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
                 $17, $17)
         RETURNING ",
        columns!()
    ))
    .bind(version.file_id)
    .bind(version.number)
    .bind(version.size_bytes)
    .bind(version.mime_type)
    .bind(version.sha256)
    .bind(version.md5)
    .bind(version.fingerprint)
    .bind(i64::from(version.direct))
    .bind(version.if_exists)
    .bind(version.upload_key)
    .bind(version.object_key)
    .bind(version.expiration_policy)
    .bind(version.permissions)
    .bind(version.tags)
    .bind(version.description)
    .bind(version.metadata)
    .bind(Timestamp::now().unix_millis())
    .fetch_one(connection)
    .await
}

pub(crate) async fn find(
    connection: &mut AnyConnection,
    file_id: &str,
    number: i64,
) -> sqlx::Result<Option<VersionRow>> {
    sqlx::query_as(concat!(
        "SELECT ",
        columns!(),
        " FROM versions WHERE file_id = $1 AND number = $2"
    ))
    .bind(file_id)
    .bind(number)
    .fetch_optional(connection)
    .await
}

/// The newest version that is still being uploaded, else the newest.
pub(crate) async fn find_newest(
    connection: &mut AnyConnection,
    file_id: &str,
) -> sqlx::Result<Option<VersionRow>> {
    sqlx::query_as(concat!(
        "SELECT ",
        columns!(),
        " FROM versions WHERE file_id = $1
          ORDER BY CASE WHEN state IN ('reserved', 'uploaded') THEN 0 ELSE 1 END, number DESC
          LIMIT 1"
    ))
    .bind(file_id)
    .fetch_optional(connection)
    .await
}

/// The unfinished upload that the same request began before.
pub(crate) async fn find_same(
    connection: &mut AnyConnection,
    file_id: &str,
    fingerprint: &str,
) -> sqlx::Result<Option<VersionRow>> {
    sqlx::query_as(concat!(
        "SELECT ",
        columns!(),
        " FROM versions WHERE file_id = $1 AND fingerprint = $2 AND state IN ('reserved', 'uploaded')
          ORDER BY number DESC LIMIT 1"
    ))
    .bind(file_id)
    .bind(fingerprint)
    .fetch_optional(connection)
    .await
}

/// The newest unfinished upload of a file that nobody reports the end of.
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

/// Files of a user with an unfinished upload that nobody reports the end of.
pub(crate) async fn direct_of_user(
    connection: &mut AnyConnection,
    user_id: &str,
    limit: i64,
) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar(
        "SELECT DISTINCT v.file_id FROM versions v JOIN entries e ON e.id = v.file_id
         WHERE v.direct = 1 AND v.state IN ('reserved', 'uploaded') AND e.user_id = $1 LIMIT $2",
    )
    .bind(user_id)
    .bind(limit)
    .fetch_all(connection)
    .await
}

pub(crate) async fn all_of(
    connection: &mut AnyConnection,
    file_id: &str,
) -> sqlx::Result<Vec<VersionRow>> {
    sqlx::query_as(concat!(
        "SELECT ",
        columns!(),
        " FROM versions WHERE file_id = $1 ORDER BY number"
    ))
    .bind(file_id)
    .fetch_all(connection)
    .await
}

/// A reserved version as the same request asks for it now; it is not stale. `None` if it is being
/// checked, or was ended.
pub(crate) async fn renew(
    connection: &mut AnyConnection,
    version: NewVersion<'_>,
) -> sqlx::Result<Option<VersionRow>> {
    sqlx::query_as(concat!(
        "UPDATE versions SET mime_type = $3, if_exists = $4, object_key = $5,
             expiration_policy = $6, permissions = $7, tags = $8, description = $9, metadata = $10,
             updated_at = $11
         WHERE file_id = $1 AND number = $2 AND state = 'reserved'
         RETURNING ",
        columns!()
    ))
    .bind(version.file_id)
    .bind(version.number)
    .bind(version.mime_type)
    .bind(version.if_exists)
    .bind(version.object_key)
    .bind(version.expiration_policy)
    .bind(version.permissions)
    .bind(version.tags)
    .bind(version.description)
    .bind(version.metadata)
    .bind(Timestamp::now().unix_millis())
    .fetch_optional(connection)
    .await
}

/// reserved | uploaded → uploaded, with the digests that the client declares. `None` if it is in
/// another state by now.
pub(crate) async fn mark_uploaded(
    connection: &mut AnyConnection,
    version: &VersionRow,
    sha256: Option<String>,
    md5: Option<String>,
) -> sqlx::Result<Option<VersionRow>> {
    sqlx::query_as(concat!(
        "UPDATE versions SET state = 'uploaded', sha256 = COALESCE($3, sha256),
             md5 = COALESCE($4, md5), updated_at = $5
         WHERE file_id = $1 AND number = $2 AND state IN ('reserved', 'uploaded')
         RETURNING ",
        columns!()
    ))
    .bind(&version.file_id)
    .bind(version.number)
    .bind(sha256)
    .bind(md5)
    .bind(Timestamp::now().unix_millis())
    .fetch_optional(connection)
    .await
}

/// uploaded → validated. False if it is in another state by now.
pub(crate) async fn mark_validated(
    connection: &mut AnyConnection,
    version: &VersionRow,
    sha256: Option<&str>,
    expires_at: Option<i64>,
) -> sqlx::Result<bool> {
    let result = sqlx::query(
        "UPDATE versions SET state = 'validated', sha256 = $3, expires_at = $4, updated_at = $5
         WHERE file_id = $1 AND number = $2 AND state = 'uploaded'",
    )
    .bind(&version.file_id)
    .bind(version.number)
    .bind(sha256)
    .bind(expires_at)
    .bind(Timestamp::now().unix_millis())
    .execute(connection)
    .await?;
    Ok(result.rows_affected() == 1)
}

/// reserved | uploaded → failed. False if it is in another state by now.
pub(crate) async fn mark_failed(
    connection: &mut AnyConnection,
    version: &VersionRow,
    reason: &str,
) -> sqlx::Result<bool> {
    let result = sqlx::query(
        "UPDATE versions SET state = 'failed', reason = $3, updated_at = $4
         WHERE file_id = $1 AND number = $2 AND state IN ('reserved', 'uploaded')",
    )
    .bind(&version.file_id)
    .bind(version.number)
    .bind(reason)
    .bind(Timestamp::now().unix_millis())
    .execute(connection)
    .await?;
    Ok(result.rows_affected() == 1)
}

/// validated → expired. False if it is in another state by now.
pub(crate) async fn mark_expired(
    connection: &mut AnyConnection,
    version: &VersionRow,
) -> sqlx::Result<bool> {
    let result = sqlx::query(
        "UPDATE versions SET state = 'expired', updated_at = $3
         WHERE file_id = $1 AND number = $2 AND state = 'validated'",
    )
    .bind(&version.file_id)
    .bind(version.number)
    .bind(Timestamp::now().unix_millis())
    .execute(connection)
    .await?;
    Ok(result.rows_affected() == 1)
}

/// A validated version gets another policy, and with it another key. False if its object is
/// another by now.
pub(crate) async fn set_expiration(
    connection: &mut AnyConnection,
    version: &VersionRow,
    policy: &str,
    expires_at: Option<i64>,
    object_key: &str,
) -> sqlx::Result<bool> {
    let result = sqlx::query(
        "UPDATE versions SET expiration_policy = $3, expires_at = $4, object_key = $5,
             updated_at = $6
         WHERE file_id = $1 AND number = $2 AND state = 'validated' AND object_key = $7",
    )
    .bind(&version.file_id)
    .bind(version.number)
    .bind(policy)
    .bind(expires_at)
    .bind(object_key)
    .bind(Timestamp::now().unix_millis())
    .bind(&version.object_key)
    .execute(connection)
    .await?;
    Ok(result.rows_affected() == 1)
}

/// Unfinished uploads that nobody has touched since `before`.
pub(crate) async fn stale(
    connection: &mut AnyConnection,
    before: i64,
    limit: i64,
) -> sqlx::Result<Vec<VersionRow>> {
    sqlx::query_as(concat!(
        "SELECT ",
        columns!(),
        " FROM versions WHERE state IN ('reserved', 'uploaded') AND updated_at < $1
          ORDER BY updated_at LIMIT $2"
    ))
    .bind(before)
    .bind(limit)
    .fetch_all(connection)
    .await
}

/// Validated versions whose time is over.
pub(crate) async fn due(
    connection: &mut AnyConnection,
    now: i64,
    limit: i64,
) -> sqlx::Result<Vec<VersionRow>> {
    sqlx::query_as(concat!(
        "SELECT ",
        columns!(),
        " FROM versions WHERE state = 'validated' AND expires_at <= $1 LIMIT $2"
    ))
    .bind(now)
    .bind(limit)
    .fetch_all(connection)
    .await
}

pub(crate) async fn delete(
    connection: &mut AnyConnection,
    version: &VersionRow,
) -> sqlx::Result<bool> {
    let result =
        sqlx::query("DELETE FROM versions WHERE file_id = $1 AND number = $2 AND state = $3")
            .bind(&version.file_id)
            .bind(version.number)
            .bind(&version.state)
            .execute(connection)
            .await?;
    Ok(result.rows_affected() == 1)
}
