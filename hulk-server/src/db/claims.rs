//! Downloads of counted shares: each takes one of the share's downloads when it begins, can be gone
//! on with by who began it, and has ended when that is told or its URL has ended.

use sqlx::AnyConnection;

pub(crate) struct NewClaim<'a> {
    pub id: &'a str,
    pub share_id: &'a str,
    pub file_id: &'a str,
    pub client: &'a str,
    pub ends_at: i64,
}

pub(crate) async fn insert(
    connection: &mut AnyConnection,
    claim: NewClaim<'_>,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO claims (id, share_id, file_id, client, is_ended, ends_at)
         VALUES ($1, $2, $3, $4, 0, $5)",
    )
    .bind(claim.id)
    .bind(claim.share_id)
    .bind(claim.file_id)
    .bind(claim.client)
    .bind(claim.ends_at)
    .execute(connection)
    .await
    .map(drop)
}

/// A download of the file that this client began and that may still be gone on with.
pub(crate) async fn find_of_client(
    connection: &mut AnyConnection,
    share_id: &str,
    file_id: &str,
    client: &str,
    now: i64,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar(
        "SELECT id FROM claims
         WHERE share_id = $1 AND file_id = $2 AND client = $3 AND ends_at > $4 LIMIT 1",
    )
    .bind(share_id)
    .bind(file_id)
    .bind(client)
    .bind(now)
    .fetch_optional(connection)
    .await
}

/// The same by the claim's id, as a client that was told it names it.
pub(crate) async fn find(
    connection: &mut AnyConnection,
    share_id: &str,
    file_id: &str,
    id: &str,
    now: i64,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar(
        "SELECT id FROM claims
         WHERE id = $1 AND share_id = $2 AND file_id = $3 AND ends_at > $4",
    )
    .bind(id)
    .bind(share_id)
    .bind(file_id)
    .bind(now)
    .fetch_optional(connection)
    .await
}

/// It has ended. False if it had before.
pub(crate) async fn end(
    connection: &mut AnyConnection,
    share_id: &str,
    id: &str,
) -> sqlx::Result<bool> {
    let result = sqlx::query(
        "UPDATE claims SET is_ended = 1 WHERE id = $1 AND share_id = $2 AND is_ended = 0",
    )
    .bind(id)
    .bind(share_id)
    .execute(connection)
    .await?;
    Ok(result.rows_affected() == 1)
}

/// (claim, share, whether it had ended before) of downloads whose URL has ended.
pub(crate) async fn over(
    connection: &mut AnyConnection,
    now: i64,
    limit: i64,
) -> sqlx::Result<Vec<(String, String, i64)>> {
    sqlx::query_as(
        "SELECT id, share_id, is_ended FROM claims WHERE ends_at <= $1
         ORDER BY share_id, id LIMIT $2",
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
