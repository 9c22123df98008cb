//! Share links.

use hulk_proto::{Grants, Timestamp};
use sqlx::AnyConnection;

use super::page::page;

#[derive(Clone, sqlx::FromRow)]
pub struct ShareRow {
    pub id: String,
    pub user_id: String,
    pub entry_id: String,
    pub parent_id: Option<String>,
    pub token: String,
    pub can_download: i64,
    pub can_upload: i64,
    pub can_share: i64,
    pub can_delete: i64,
    pub password_hash: Option<String>,
    pub expires_at: Option<i64>,
    pub max_file_bytes: Option<i64>,
    pub max_downloads: Option<i64>,
    pub claim_count: i64,
    pub download_count: i64,
    pub revoked_at: Option<i64>,
    pub created_at: i64,
}

impl ShareRow {
    pub(crate) fn grants(&self) -> Grants {
        Grants {
            can_download: self.can_download == 1,
            can_upload: self.can_upload == 1,
            can_share: self.can_share == 1,
            can_delete: self.can_delete == 1,
        }
    }
}

macro_rules! columns {
    () => {
        "id, user_id, entry_id, parent_id, token, can_download, can_upload, can_share, can_delete,
         password_hash, expires_at, max_file_bytes, max_downloads, claim_count, download_count,
         revoked_at, created_at"
    };
}

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
}

pub(crate) async fn insert(
    connection: &mut AnyConnection,
    share: NewShare<'_>,
) -> sqlx::Result<ShareRow> {
    sqlx::query_as(concat!(
        "INSERT INTO shares (id, user_id, entry_id, parent_id, token, can_download, can_upload,
             can_share, can_delete, password_hash, guesses, guesses_since, expires_at,
             max_file_bytes, max_downloads, claim_count, download_count, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, 0, $11, $12, $13, 0, 0, $14)
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

/// The user's shares that were not revoked, newest first, and how many they are in all.
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

/// False if there is no such share of the user's, or not any more.
pub(crate) async fn revoke(
    connection: &mut AnyConnection,
    user_id: &str,
    id: &str,
) -> sqlx::Result<bool> {
    let result = sqlx::query(
        "UPDATE shares SET revoked_at = $3
         WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL",
    )
    .bind(id)
    .bind(user_id)
    .bind(Timestamp::now().unix_millis())
    .execute(connection)
    .await?;
    Ok(result.rows_affected() == 1)
}

/// Counts a guess at the password before it is looked at. False if there were `most` since `since`.
pub(crate) async fn guess(
    connection: &mut AnyConnection,
    id: &str,
    most: i64,
    since: i64,
) -> sqlx::Result<bool> {
    let result = sqlx::query(
        "UPDATE shares SET guesses = CASE WHEN guesses_since <= $3 THEN 1 ELSE guesses + 1 END,
             guesses_since = CASE WHEN guesses_since <= $3 THEN $4 ELSE guesses_since END
         WHERE id = $1 AND (guesses_since <= $3 OR guesses < $2)",
    )
    .bind(id)
    .bind(most)
    .bind(since)
    .bind(Timestamp::now().unix_millis())
    .execute(connection)
    .await?;
    Ok(result.rows_affected() == 1)
}

/// The guess was right: it was none.
pub(crate) async fn forgive(connection: &mut AnyConnection, id: &str) -> sqlx::Result<()> {
    sqlx::query("UPDATE shares SET guesses = guesses - 1 WHERE id = $1 AND guesses > 0")
        .bind(id)
        .execute(connection)
        .await
        .map(drop)
}

/// Takes one of the downloads; false if none is left.
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

/// Downloads that have ended.
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
