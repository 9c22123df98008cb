//! Tiers, and the requests of users for another one.
//!
//! | state of a request | next | when |
//! |---|---|---|
//! | pending | approved | an admin agrees; the user has the tier, in the same transaction |
//! | pending | refused | an admin does not |
//!
//! A user has one pending request at most.

use sqlx::AnyConnection;

use super::{
    columns::Flag,
    lists::{self, Conditions, List},
};

macro_rules! columns {
    () => {
        "id, name, storage_bytes, object_count, monthly_download_bytes, max_file_size, is_public, price,
         created_at, updated_at"
    };
}

#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct TierRow {
    pub id: String,
    pub name: String,
    pub storage_bytes: Option<i64>,
    pub object_count: Option<i64>,
    pub monthly_download_bytes: Option<i64>,
    pub max_file_size: Option<i64>,
    #[sqlx(try_from = "Flag")]
    pub is_public: bool,
    pub price: Option<String>,
    pub created_at: i64,
    pub updated_at: i64,
}

/// All tiers, in the order in which they were made.
pub(crate) const LIST: List = List {
    columns: columns!(),
    from: "tiers",
    order: "created_at, id",
};

/// Returns the tier with this id or name.
pub(crate) async fn find(
    connection: &mut AnyConnection,
    id_or_name: &str,
) -> sqlx::Result<Option<TierRow>> {
    sqlx::query_as(concat!(
        "SELECT ",
        columns!(),
        " FROM tiers WHERE id = $1 OR name = $1"
    ))
    .bind(id_or_name)
    .fetch_optional(connection)
    .await
}

/// Inserts a tier, or replaces the one with this id. Returns false if another one has its name.
pub(crate) async fn put(connection: &mut AnyConnection, tier: &TierRow) -> sqlx::Result<bool> {
    let taken: Option<String> =
        sqlx::query_scalar("SELECT id FROM tiers WHERE (name = $2 OR id = $2) AND id <> $1")
            .bind(&tier.id)
            .bind(&tier.name)
            .fetch_optional(&mut *connection)
            .await?;
    if taken.is_some() {
        return Ok(false);
    }
    sqlx::query(
        "INSERT INTO tiers (id, name, storage_bytes, object_count, monthly_download_bytes, max_file_size,
                            is_public, price, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (id) DO UPDATE SET
             name = excluded.name, storage_bytes = excluded.storage_bytes,
             object_count = excluded.object_count,
             monthly_download_bytes = excluded.monthly_download_bytes,
             max_file_size = excluded.max_file_size, is_public = excluded.is_public,
             price = excluded.price, updated_at = excluded.updated_at",
    )
    .bind(&tier.id)
    .bind(&tier.name)
    .bind(tier.storage_bytes)
    .bind(tier.object_count)
    .bind(tier.monthly_download_bytes)
    .bind(tier.max_file_size)
    .bind(i64::from(tier.is_public))
    .bind(&tier.price)
    .bind(tier.created_at)
    .bind(tier.updated_at)
    .execute(connection)
    .await?;
    Ok(true)
}

/// Locks a tier until the end of the transaction. Returns false if there is none with this id.
pub(crate) async fn touch(
    connection: &mut AnyConnection,
    id: &str,
    now: i64,
) -> sqlx::Result<bool> {
    let touched = sqlx::query("UPDATE tiers SET updated_at = $2 WHERE id = $1")
        .bind(id)
        .bind(now)
        .execute(connection)
        .await?;
    Ok(touched.rows_affected() == 1)
}

/// Returns ids of users of a tier after `after`, in order.
pub(crate) async fn users_of(
    connection: &mut AnyConnection,
    tier_id: &str,
    after: &str,
) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar("SELECT id FROM users WHERE tier_id = $1 AND id > $2 ORDER BY id LIMIT 500")
        .bind(tier_id)
        .bind(after)
        .fetch_all(connection)
        .await
}

/// Gives a user the new quota of the tier, except to one who has a quota of their own.
pub(crate) async fn move_quota(
    connection: &mut AnyConnection,
    user_id: &str,
    tier_id: &str,
    (from, to): (i64, i64),
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE users SET quota_bytes = $4 WHERE id = $1 AND tier_id = $2 AND quota_bytes = $3",
    )
    .bind(user_id)
    .bind(tier_id)
    .bind(from)
    .bind(to)
    .execute(connection)
    .await
    .map(drop)
}

/// Deletes a tier. Returns false if a user has it, or has asked for it.
pub(crate) async fn delete(connection: &mut AnyConnection, id: &str) -> sqlx::Result<bool> {
    let deleted = sqlx::query(
        "DELETE FROM tiers WHERE id = $1
             AND NOT EXISTS (SELECT 1 FROM users WHERE tier_id = $1)
             AND NOT EXISTS (SELECT 1 FROM tier_requests WHERE tier_id = $1)",
    )
    .bind(id)
    .execute(connection)
    .await?;
    Ok(deleted.rows_affected() == 1)
}

/// Sets a user's tier, and the quota that goes with it.
pub(crate) async fn assign(
    connection: &mut AnyConnection,
    user_id: &str,
    tier_id: &str,
    quota_bytes: i64,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE users SET tier_id = $2, quota_bytes = $3 WHERE id = $1")
        .bind(user_id)
        .bind(tier_id)
        .bind(quota_bytes)
        .execute(connection)
        .await
        .map(drop)
}

#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct RequestRow {
    pub id: String,
    pub user_id: String,
    pub tier_id: String,
    /// Name of the tier.
    pub tier: String,
    pub reason: String,
    pub state: String,
    pub note: Option<String>,
    pub created_at: i64,
    pub decided_at: Option<i64>,
}

/// All requests, newest first.
pub(crate) const REQUESTS: List = List {
    columns: "r.id, r.user_id, r.tier_id, t.name AS tier, r.reason, r.state, r.note, r.created_at, r.decided_at",
    from: "tier_requests r JOIN tiers t ON t.id = r.tier_id",
    order: "r.created_at DESC, r.id DESC",
};

pub(crate) async fn find_request(
    connection: &mut AnyConnection,
    id: &str,
) -> sqlx::Result<Option<RequestRow>> {
    let mut conditions = Conditions::default();
    conditions.equals("r.id", id);
    let rows = lists::rows(connection, REQUESTS, &conditions, (1, 0)).await?;
    Ok(rows.into_iter().next())
}

/// Inserts a pending request. Returns false if the user has one.
pub(crate) async fn insert_request(
    connection: &mut AnyConnection,
    request: &RequestRow,
) -> sqlx::Result<bool> {
    let inserted = sqlx::query(
        "INSERT INTO tier_requests (id, user_id, tier_id, reason, state, created_at)
         VALUES ($1, $2, $3, $4, 'pending', $5)
         ON CONFLICT (user_id) WHERE state = 'pending' DO NOTHING",
    )
    .bind(&request.id)
    .bind(&request.user_id)
    .bind(&request.tier_id)
    .bind(&request.reason)
    .bind(request.created_at)
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Decides a pending request. Returns false if it was decided before.
pub(crate) async fn decide(
    connection: &mut AnyConnection,
    id: &str,
    state: &str,
    note: Option<&str>,
    now: i64,
) -> sqlx::Result<bool> {
    let decided = sqlx::query(
        "UPDATE tier_requests SET state = $2, note = $3, decided_at = $4
         WHERE id = $1 AND state = 'pending'",
    )
    .bind(id)
    .bind(state)
    .bind(note)
    .bind(now)
    .execute(connection)
    .await?;
    Ok(decided.rows_affected() == 1)
}
