//! Downloads of counted shares: each takes one of the share's downloads when it begins, is continued by
//! whoever names it, and ends when the client reports the end or its URL has expired. Once all bytes were
//! sent it is counted, but may still be continued: not all bytes that are sent arrive.
//!
//! `is_ended`: 0 under way, 1 ended, 2 all bytes sent.

use sqlx::AnyConnection;

use super::columns::Flag;

pub(crate) struct NewClaim<'a> {
    pub id: &'a str,
    pub share_id: &'a str,
    pub file_id: &'a str,
    pub ends_at: i64,
}

pub(crate) async fn insert(
    connection: &mut AnyConnection,
    claim: NewClaim<'_>,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO claims (id, share_id, file_id, is_ended, ends_at) VALUES ($1, $2, $3, 0, $4)",
    )
    .bind(claim.id)
    .bind(claim.share_id)
    .bind(claim.file_id)
    .bind(claim.ends_at)
    .execute(connection)
    .await
    .map(drop)
}

/// Finds the claim if its download is of this file and has not ended.
pub(crate) async fn find(
    connection: &mut AnyConnection,
    share_id: &str,
    file_id: &str,
    id: &str,
    now: i64,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar(
        "SELECT id FROM claims
         WHERE id = $1 AND share_id = $2 AND file_id = $3 AND ends_at > $4 AND is_ended <> 1",
    )
    .bind(id)
    .bind(share_id)
    .bind(file_id)
    .bind(now)
    .fetch_optional(connection)
    .await
}

/// Takes `bytes` of the `most` that a claim may receive in total. Returns false if fewer are left.
pub(crate) async fn take_bytes(
    connection: &mut AnyConnection,
    id: &str,
    bytes: i64,
    most: i64,
) -> sqlx::Result<bool> {
    let result = sqlx::query(
        "UPDATE claims SET taken_bytes = taken_bytes + $2
         WHERE id = $1 AND taken_bytes + $2 <= $3",
    )
    .bind(id)
    .bind(bytes)
    .bind(most)
    .execute(connection)
    .await?;
    Ok(result.rows_affected() == 1)
}

/// Records that `sent` of the taken bytes were sent and `unsent` were not. Returns (share, bytes sent in
/// total), or `None` if the claim does not exist any more.
pub(crate) async fn settle_bytes(
    connection: &mut AnyConnection,
    id: &str,
    sent: i64,
    unsent: i64,
) -> sqlx::Result<Option<(String, i64)>> {
    sqlx::query_as(
        "UPDATE claims SET taken_bytes = taken_bytes - $3, sent_bytes = sent_bytes + $2
         WHERE id = $1 RETURNING share_id, sent_bytes",
    )
    .bind(id)
    .bind(sent)
    .bind(unsent)
    .fetch_optional(connection)
    .await
}

/// Records that all bytes were sent. Returns false if that was recorded before, or the download has ended.
pub(crate) async fn went_out(connection: &mut AnyConnection, id: &str) -> sqlx::Result<bool> {
    let result = sqlx::query("UPDATE claims SET is_ended = 2 WHERE id = $1 AND is_ended = 0")
        .bind(id)
        .execute(connection)
        .await?;
    Ok(result.rows_affected() == 1)
}

/// Ends a download. Returns true if it was under way, and so is not counted yet.
pub(crate) async fn end(
    connection: &mut AnyConnection,
    share_id: &str,
    id: &str,
) -> sqlx::Result<bool> {
    let set = "UPDATE claims SET is_ended = 1 WHERE id = $1 AND share_id = $2 AND is_ended = $3";
    let mut was = [false; 2];
    for (was, state) in was.iter_mut().zip([0_i64, 2]) {
        let result = sqlx::query(set)
            .bind(id)
            .bind(share_id)
            .bind(state)
            .execute(&mut *connection)
            .await?;
        *was = result.rows_affected() == 1;
    }
    Ok(was[0])
}

/// A download whose URL has expired.
#[derive(sqlx::FromRow)]
pub(crate) struct LapsedClaim {
    pub id: String,
    pub share_id: String,
    /// Whether it was counted when it ended.
    #[sqlx(try_from = "Flag")]
    pub is_counted: bool,
}

/// Lists at most `limit` downloads whose URL has expired at `now`, by share.
pub(crate) async fn lapsed(
    connection: &mut AnyConnection,
    now: i64,
    limit: i64,
) -> sqlx::Result<Vec<LapsedClaim>> {
    sqlx::query_as(
        "SELECT id, share_id, CASE WHEN is_ended = 0 THEN 0 ELSE 1 END AS is_counted
         FROM claims WHERE ends_at <= $1 ORDER BY share_id, id LIMIT $2",
    )
    .bind(now)
    .bind(limit)
    .fetch_all(connection)
    .await
}

pub(crate) async fn delete(connection: &mut AnyConnection, id: &str) -> sqlx::Result<bool> {
    let result = sqlx::query("DELETE FROM claims WHERE id = $1")
        .bind(id)
        .execute(connection)
        .await?;
    Ok(result.rows_affected() == 1)
}
