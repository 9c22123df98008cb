//! Versions: one upload each, and its state.
//!
//! | from | to | when | quota | objects |
//! |---|---|---|---|---|
//! | – | reserved | an upload is planned | reserved | none, or an incomplete upload |
//! | reserved | uploaded | the client reports the end of an upload that must be copied | | at `upload_key` |
//! | reserved, uploaded | validated | the store confirms the bytes at `object_key` | | at `object_key` |
//! | reserved, uploaded | failed | the store has other bytes, or the upload is stale | released | garbage |
//! | validated | – | it is older than the versions that are kept, or is purged | released | garbage |
//! | validated | expired | a sweep after `expires_at` | released | garbage |
//! | validated | failed | a sweep, or a notice of the store, finds the object missing | released | none |
//!
//! `entries.version` is the current version of the file; the validated ones before it are kept for a while. A
//! version that is finished after a newer one becomes one of the older ones.
//!
//! No URL that is still valid can change a finished object. There are four ways to ensure that: a put that
//! the store accepts only if no object exists, or only with the declared MD5 (`upload_key` is `object_key`);
//! if the store or the client supports neither, a put to `upload_key`, which is copied; and parts at
//! `object_key`, whose URLs end with their upload (`upload_id`).
//!
//! What a crash leaves: before `validated`, a reservation that the same request finds again or the sweep of
//! stale uploads releases, with an upload in parts or an object that the same sweep adds to the garbage; a
//! repeated report finds the finished object and continues. After `validated`, nothing, since the garbage is
//! written in the same transaction. The sweep of orphans finds what was created in the store but not yet
//! recorded in a row (an upload in parts, the copy of a changed expiry).

use hulk_proto::{ExpirationPolicy, FileStatus, IfExists, PartLayout, Permission, Timestamp};
use sqlx::AnyConnection;

use super::columns::{Flag, OptionalText, Text};

#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct VersionRow {
    pub file_id: String,
    pub user_id: String,
    pub number: i64,
    #[sqlx(try_from = "Text<FileStatus>")]
    pub state: FileStatus,
    pub reason: Option<String>,
    pub size_bytes: i64,
    pub sha256: Option<String>,
    pub md5: Option<String>,
    #[sqlx(try_from = "Text<IfExists>")]
    pub if_exists: IfExists,
    pub upload_key: String,
    pub object_key: String,
    #[sqlx(try_from = "Text<ExpirationPolicy>")]
    pub expiration_policy: ExpirationPolicy,
    pub expires_at: Option<i64>,
    #[sqlx(try_from = "OptionalText<Permission>")]
    pub permissions: Option<Permission>,
    pub tags: Option<String>,
    pub description: Option<String>,
    pub metadata: Option<String>,
    pub updated_at: i64,
    pub upload_id: Option<String>,
    pub part_size: Option<i64>,
    #[sqlx(try_from = "Flag")]
    pub open_ended: bool,
    #[sqlx(try_from = "Flag")]
    pub direct: bool,
    pub head_md5: Option<String>,
    /// Share through which it was uploaded.
    pub share_id: Option<String>,
    pub mime_type: String,
    pub created_at: i64,
    /// Whether the digests of its parts are known.
    #[sqlx(try_from = "Flag")]
    pub has_digests: bool,
    /// Key that planned it, if that is upload-only.
    pub key_id: Option<String>,
    /// The directory that the key that planned it is bound to (`auth::scope`).
    pub root_id: Option<String>,
}

impl VersionRow {
    /// Returns the parts of an upload in parts; while its length is unknown, those for which space is
    /// reserved.
    pub(crate) fn layout(&self) -> Option<PartLayout> {
        let size_bytes = u64::try_from(self.size_bytes).ok()?;
        let part_size = u64::try_from(self.part_size?).ok()?;
        PartLayout::new(size_bytes, part_size).ok()
    }

    pub(crate) fn is_open_ended(&self) -> bool {
        self.open_ended
    }

    /// Whether no client reports the end of the upload.
    pub(crate) fn is_direct(&self) -> bool {
        self.direct
    }

    /// Whether upload URLs were signed for the key of the object itself.
    pub(crate) fn is_in_place(&self) -> bool {
        self.upload_key == self.object_key
    }

    pub(crate) fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at
            .is_some_and(|expires_at| expires_at <= now.unix_millis())
    }

    pub(crate) fn is_unfinished(&self) -> bool {
        matches!(self.state, FileStatus::Reserved | FileStatus::Uploaded)
    }

    /// Whether `other` may be dropped to make room for this one. A version of an upload-only key displaces
    /// only versions of the same key.
    pub(crate) fn may_displace(&self, other: &Self) -> bool {
        self.key_id.is_none() || self.key_id == other.key_id
    }

    /// Returns the stored bytes of tags, description and metadata.
    pub(crate) fn labels_bytes(&self) -> usize {
        [&self.tags, &self.description, &self.metadata]
            .into_iter()
            .flatten()
            .map(String::len)
            .sum()
    }

    /// Whether its bytes count against the quota.
    pub(crate) fn holds_quota(&self) -> bool {
        self.is_unfinished() || self.state == FileStatus::Validated
    }
}

macro_rules! columns {
    () => {
        "file_id, user_id, number, state, reason, size_bytes, sha256, md5, if_exists, upload_key,
         object_key, expiration_policy, expires_at, permissions, tags, description, metadata,
         updated_at, upload_id, part_size, open_ended, direct, head_md5, share_id, mime_type,
         created_at, CASE WHEN part_digests IS NULL THEN 0 ELSE 1 END AS has_digests, key_id,
         root_id"
    };
}
pub(super) use columns;

#[derive(Clone)]
pub(crate) struct NewVersion<'a> {
    pub file_id: &'a str,
    pub user_id: &'a str,
    pub number: i64,
    pub size_bytes: i64,
    pub mime_type: String,
    pub sha256: Option<String>,
    pub md5: Option<String>,
    pub head_md5: Option<String>,
    pub part_size: Option<i64>,
    pub open_ended: bool,
    pub direct: bool,
    pub if_exists: IfExists,
    pub upload_key: String,
    pub object_key: String,
    pub expiration_policy: ExpirationPolicy,
    pub permissions: Option<Permission>,
    pub tags: Option<&'a str>,
    pub description: Option<&'a str>,
    pub metadata: Option<&'a str>,
    pub share_id: Option<&'a str>,
    /// Address of the client, for an upload through a share.
    pub address: Option<&'a str>,
    /// The client's key, if that is upload-only.
    pub key_id: Option<&'a str>,
    /// The directory that the client's key is bound to.
    pub root_id: Option<&'a str>,
}

pub(crate) async fn insert(
    connection: &mut AnyConnection,
    version: NewVersion<'_>,
) -> sqlx::Result<VersionRow> {
    sqlx::query_as(concat!(
        "INSERT INTO versions (file_id, user_id, number, state, size_bytes, mime_type, sha256, md5,
             head_md5, part_size, open_ended, direct, if_exists, upload_key, object_key,
             expiration_policy, permissions, tags, description, metadata, share_id, created_at,
             updated_at, address, key_id, root_id)
         VALUES ($1, $20, $2, 'reserved', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,
                 $16, $17, $18, $21, $19, $19, $22, $23, $24)
         RETURNING ",
        columns!()
    ))
    .bind(version.file_id)
    .bind(version.number)
    .bind(version.size_bytes)
    .bind(version.mime_type)
    .bind(version.sha256)
    .bind(version.md5)
    .bind(version.head_md5)
    .bind(version.part_size)
    .bind(i64::from(version.open_ended))
    .bind(i64::from(version.direct))
    .bind(version.if_exists.as_str())
    .bind(version.upload_key)
    .bind(version.object_key)
    .bind(version.expiration_policy.as_str())
    .bind(version.permissions.map(Permission::as_str))
    .bind(version.tags)
    .bind(version.description)
    .bind(version.metadata)
    .bind(Timestamp::now().unix_millis())
    .bind(version.user_id)
    .bind(version.share_id)
    .bind(version.address)
    .bind(version.key_id)
    .bind(version.root_id)
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

/// Finds the newest version that is still being uploaded, else the newest one. With `key_id`, only versions
/// of this key count; without, versions of upload-only keys come last, so that none of them gets in the way
/// of an upload to the same path.
pub(crate) async fn find_newest(
    connection: &mut AnyConnection,
    file_id: &str,
    key_id: Option<&str>,
) -> sqlx::Result<Option<VersionRow>> {
    sqlx::query_as(concat!(
        "SELECT ",
        columns!(),
        " FROM versions WHERE file_id = $1 AND ($2 = '' OR key_id = $2)
          ORDER BY CASE WHEN state IN ('reserved', 'uploaded') THEN 0 ELSE 1 END,
                   CASE WHEN key_id IS NULL THEN 0 ELSE 1 END, number DESC
          LIMIT 1"
    ))
    .bind(file_id)
    .bind(key_id.unwrap_or_default())
    .fetch_optional(connection)
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

/// reserved | uploaded → uploaded. Returns false if it is in another state.
pub(crate) async fn mark_uploaded(
    connection: &mut AnyConnection,
    version: &VersionRow,
) -> sqlx::Result<bool> {
    let result = sqlx::query(
        "UPDATE versions SET state = 'uploaded', updated_at = $3
         WHERE file_id = $1 AND number = $2 AND state IN ('reserved', 'uploaded')",
    )
    .bind(&version.file_id)
    .bind(version.number)
    .bind(Timestamp::now().unix_millis())
    .execute(connection)
    .await?;
    Ok(result.rows_affected() == 1)
}

/// Properties of a version that are known when it is finished.
pub(crate) struct Finished<'a> {
    pub size_bytes: i64,
    pub sha256: Option<&'a str>,
    pub part_digests: Option<&'a str>,
    pub expires_at: Option<i64>,
}

/// reserved | uploaded → validated. Returns false if it is in another state.
pub(crate) async fn mark_validated(
    connection: &mut AnyConnection,
    version: &VersionRow,
    finished: Finished<'_>,
) -> sqlx::Result<bool> {
    let result = sqlx::query(
        "UPDATE versions SET state = 'validated', size_bytes = $3, sha256 = $4, part_digests = $5,
             expires_at = $6, open_ended = 0, updated_at = $7
         WHERE file_id = $1 AND number = $2 AND state IN ('reserved', 'uploaded')",
    )
    .bind(&version.file_id)
    .bind(version.number)
    .bind(finished.size_bytes)
    .bind(finished.sha256)
    .bind(finished.part_digests)
    .bind(finished.expires_at)
    .bind(Timestamp::now().unix_millis())
    .execute(connection)
    .await?;
    Ok(result.rows_affected() == 1)
}

/// reserved | uploaded → failed. Returns false if it is in another state.
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

/// Changes the policy of a validated version, and with it the object key. Returns false if it has another
/// object by now.
pub(crate) async fn set_expiration(
    connection: &mut AnyConnection,
    version: &VersionRow,
    policy: ExpirationPolicy,
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
    .bind(policy.as_str())
    .bind(expires_at)
    .bind(object_key)
    .bind(Timestamp::now().unix_millis())
    .bind(&version.object_key)
    .execute(connection)
    .await?;
    Ok(result.rows_affected() == 1)
}

/// Deletes the failed versions of a file except the newest, which says why it failed.
pub(crate) async fn delete_failed(
    connection: &mut AnyConnection,
    file_id: &str,
) -> sqlx::Result<()> {
    sqlx::query(
        "DELETE FROM versions WHERE file_id = $1 AND state = 'failed' AND number <
             (SELECT MAX(number) FROM versions WHERE file_id = $1 AND state = 'failed')
         AND number <> (SELECT version FROM entries WHERE id = $1)",
    )
    .bind(file_id)
    .execute(connection)
    .await
    .map(drop)
}

pub(crate) async fn delete(
    connection: &mut AnyConnection,
    version: &VersionRow,
) -> sqlx::Result<bool> {
    let result =
        sqlx::query("DELETE FROM versions WHERE file_id = $1 AND number = $2 AND state = $3")
            .bind(&version.file_id)
            .bind(version.number)
            .bind(version.state.as_str())
            .execute(connection)
            .await?;
    Ok(result.rows_affected() == 1)
}
