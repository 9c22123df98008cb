//! Share links.

use hulk_proto::{Grants, Timestamp};
use sqlx::AnyConnection;

use super::{columns::Flag, page::page};

#[derive(Clone, sqlx::FromRow)]
pub struct ShareRow {
    pub id: String,
    pub user_id: String,
    pub entry_id: String,
    pub parent_id: Option<String>,
    pub token: String,
    #[sqlx(try_from = "Flag")]
    pub can_download: bool,
    #[sqlx(try_from = "Flag")]
    pub can_upload: bool,
    #[sqlx(try_from = "Flag")]
    pub can_share: bool,
    #[sqlx(try_from = "Flag")]
    pub can_delete: bool,
    pub password_hash: Option<String>,
    pub expires_at: Option<i64>,
    pub max_file_bytes: Option<i64>,
    pub max_downloads: Option<i64>,
    pub claim_count: i64,
    pub download_count: i64,
    /// Limit of the bytes received in total; `None` if the share takes no uploads.
    pub max_total_bytes: Option<i64>,
    pub max_files: Option<i64>,
    /// Including planned uploads.
    pub received_bytes: i64,
    pub received_files: i64,
    pub unfinished_files: i64,
    pub revoked_at: Option<i64>,
    pub created_at: i64,
    /// The directory that the key of its creator is bound to (`auth::scope`).
    pub root_id: Option<String>,
}

impl ShareRow {
    pub(crate) fn grants(&self) -> Grants {
        Grants {
            can_download: self.can_download,
            can_upload: self.can_upload,
            can_share: self.can_share,
            can_delete: self.can_delete,
        }
    }
}

macro_rules! columns {
    () => {
        "id, user_id, entry_id, parent_id, token, can_download, can_upload, can_share, can_delete,
         password_hash, expires_at, max_file_bytes, max_downloads, claim_count, download_count,
         max_total_bytes, max_files, received_bytes, received_files, unfinished_files, revoked_at,
         created_at, root_id"
    };
}

#[derive(Clone)]
pub(crate) struct NewShare<'a> {
    pub id: &'a str,
    pub user_id: &'a str,
    pub entry_id: &'a str,
    pub parent_id: Option<&'a str>,
    pub token: &'a str,
    pub grants: Grants,
    pub password_hash: Option<String>,
    pub expires_at: Option<i64>,
    pub max_file_bytes: Option<i64>,
    pub max_downloads: Option<i64>,
    pub max_total_bytes: Option<i64>,
    pub max_files: Option<i64>,
    /// The directory that the key of its creator is bound to.
    pub root_id: Option<&'a str>,
}

pub(crate) async fn insert(
    connection: &mut AnyConnection,
    share: NewShare<'_>,
) -> sqlx::Result<ShareRow> {
    sqlx::query_as(concat!(
        "INSERT INTO shares (id, user_id, entry_id, parent_id, token, can_download, can_upload,
             can_share, can_delete, password_hash, expires_at, max_file_bytes, max_downloads,
             claim_count, download_count, created_at, max_total_bytes, max_files,
             root_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 0, 0, $14, $15, $16, $17)
         RETURNING ",
        columns!()
    ))
    .bind(share.id)
    .bind(share.user_id)
    .bind(share.entry_id)
    .bind(share.parent_id)
    .bind(share.token)
    .bind(i64::from(share.grants.can_download))
    .bind(i64::from(share.grants.can_upload))
    .bind(i64::from(share.grants.can_share))
    .bind(i64::from(share.grants.can_delete))
    .bind(share.password_hash)
    .bind(share.expires_at)
    .bind(share.max_file_bytes)
    .bind(share.max_downloads)
    .bind(Timestamp::now().unix_millis())
    .bind(share.max_total_bytes)
    .bind(share.max_files)
    .bind(share.root_id)
    .fetch_one(connection)
    .await
}

pub(crate) async fn find_by_token(
    connection: &mut AnyConnection,
    token: &str,
) -> sqlx::Result<Option<ShareRow>> {
    sqlx::query_as(concat!(
        "SELECT ",
        columns!(),
        " FROM shares WHERE token = $1"
    ))
    .bind(token)
    .fetch_optional(connection)
    .await
}

pub(crate) async fn find(
    connection: &mut AnyConnection,
    id: &str,
) -> sqlx::Result<Option<ShareRow>> {
    sqlx::query_as(concat!("SELECT ", columns!(), " FROM shares WHERE id = $1"))
        .bind(id)
        .fetch_optional(connection)
        .await
}

/// Lists a page of the user's shares that are not revoked, newest first, with the total count.
pub(crate) async fn list(
    connection: &mut AnyConnection,
    user_id: &str,
    limit: i64,
    offset: i64,
) -> sqlx::Result<(Vec<ShareRow>, i64)> {
    let total = "SELECT COUNT(*) FROM shares WHERE user_id = $1 AND revoked_at IS NULL";
    let rows = concat!(
        "SELECT ",
        columns!(),
        " FROM shares WHERE user_id = $1 AND revoked_at IS NULL
          ORDER BY created_at DESC, id DESC"
    );
    page(connection, (total, rows), user_id, (limit, offset)).await
}

/// Revokes a share and those that were made with it. Returns false if the user has no such share, or it is
/// revoked already.
pub(crate) async fn revoke(
    connection: &mut AnyConnection,
    user_id: &str,
    id: &str,
) -> sqlx::Result<bool> {
    let all = with_those_below(connection, id).await?;
    let now = Timestamp::now().unix_millis();
    let mut is_revoked = false;
    for one in all {
        let result = sqlx::query(
            "UPDATE shares SET revoked_at = $3
             WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL",
        )
        .bind(&one)
        .bind(user_id)
        .bind(now)
        .execute(&mut *connection)
        .await?;
        is_revoked |= one == id && result.rows_affected() == 1;
    }
    Ok(is_revoked)
}

/// Returns the ids of a share and of the shares that were made with it, directly or indirectly, and are not
/// revoked.
pub(crate) async fn with_those_below(
    connection: &mut AnyConnection,
    id: &str,
) -> sqlx::Result<Vec<String>> {
    let mut all = vec![id.to_owned()];
    let mut at = 0;
    while let Some(above) = all.get(at) {
        let below: Vec<String> =
            sqlx::query_scalar("SELECT id FROM shares WHERE parent_id = $1 AND revoked_at IS NULL")
                .bind(above)
                .fetch_all(&mut *connection)
                .await?;
        all.extend(below);
        at += 1;
    }
    Ok(all)
}

/// Reserves a file of `bytes` within the share's limits. Returns false if that exceeds one of them, or
/// `unfinished` files are planned already.
pub(crate) async fn plan_file(
    connection: &mut AnyConnection,
    id: &str,
    bytes: i64,
    unfinished: i64,
) -> sqlx::Result<bool> {
    let result = sqlx::query(
        "UPDATE shares SET received_bytes = received_bytes + $2,
             received_files = received_files + 1, unfinished_files = unfinished_files + 1
         WHERE id = $1 AND received_bytes + $2 <= max_total_bytes AND received_files < max_files
               AND unfinished_files < $3",
    )
    .bind(id)
    .bind(bytes)
    .bind(unfinished)
    .execute(connection)
    .await?;
    Ok(result.rows_affected() == 1)
}

/// Reserves `bytes` more for a planned file. Returns false if they exceed the limit.
pub(crate) async fn extend_file(
    connection: &mut AnyConnection,
    id: &str,
    bytes: i64,
) -> sqlx::Result<bool> {
    let result = sqlx::query(
        "UPDATE shares SET received_bytes = received_bytes + $2
         WHERE id = $1 AND received_bytes + $2 <= max_total_bytes",
    )
    .bind(id)
    .bind(bytes)
    .execute(connection)
    .await?;
    Ok(result.rows_affected() == 1)
}

/// Ends the plan of a file and releases `bytes` of its reservation, and the file itself if it was not
/// received.
pub(crate) async fn end_file(
    connection: &mut AnyConnection,
    id: &str,
    bytes: i64,
    is_received: bool,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE shares SET received_bytes = received_bytes - $2,
             received_files = received_files - $3, unfinished_files = unfinished_files - 1
         WHERE id = $1",
    )
    .bind(id)
    .bind(bytes)
    .bind(i64::from(!is_received))
    .execute(connection)
    .await
    .map(drop)
}

/// Counts the links of the user that are not revoked.
pub(crate) async fn count(connection: &mut AnyConnection, user_id: &str) -> sqlx::Result<i64> {
    sqlx::query_scalar("SELECT COUNT(*) FROM shares WHERE user_id = $1 AND revoked_at IS NULL")
        .bind(user_id)
        .fetch_one(connection)
        .await
}

/// Takes one of the downloads. Returns false if none is left.
pub(crate) async fn claim(connection: &mut AnyConnection, id: &str) -> sqlx::Result<bool> {
    let result = sqlx::query(
        "UPDATE shares SET claim_count = claim_count + 1
         WHERE id = $1 AND claim_count < max_downloads",
    )
    .bind(id)
    .execute(connection)
    .await?;
    Ok(result.rows_affected() == 1)
}

/// Adds downloads that have ended.
pub(crate) async fn add_downloads(
    connection: &mut AnyConnection,
    id: &str,
    count: i64,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE shares SET download_count = download_count + $2 WHERE id = $1")
        .bind(id)
        .bind(count)
        .execute(connection)
        .await
        .map(drop)
}
