//! Leases: which replica runs which background job.
//!
//! | from | to | when |
//! |---|---|---|
//! | free | held | the job is due, and this replica is the first to request it |
//! | held | held | the holder renews the lease, or advances the position |
//! | held | free | the round is done (`position` is empty) or failed (`position` stays) |
//! | held by a dead replica | held | `held_until` has passed, and another replica requests it |
//!
//! A holder that was considered dead and resumes finds at its next renewal that it has lost the lease, and
//! stops; what it did in the meantime was conditional, like all changes of jobs.

use hulk_proto::Timestamp;
use sqlx::AnyConnection;

/// Takes the lease of a due job until `held_until`, and returns the position where the last round broke off.
/// Returns `None` if another replica holds the lease, or the job is not due.
pub(crate) async fn take(
    connection: &mut AnyConnection,
    name: &str,
    holder: &str,
    now: Timestamp,
    held_until: Timestamp,
    is_forced: bool,
) -> sqlx::Result<Option<String>> {
    sqlx::query(
        "INSERT INTO jobs (name, holder, held_until, next_at, position) VALUES ($1, '', 0, 0, '')
         ON CONFLICT (name) DO NOTHING",
    )
    .bind(name)
    .execute(&mut *connection)
    .await?;
    sqlx::query_scalar(
        "UPDATE jobs SET holder = $2, held_until = $4
         WHERE name = $1 AND held_until <= $3 AND (next_at <= $3 OR $5 = 1)
         RETURNING position",
    )
    .bind(name)
    .bind(holder)
    .bind(now.unix_millis())
    .bind(held_until.unix_millis())
    .bind(i64::from(is_forced))
    .fetch_optional(connection)
    .await
}

/// Renews a lease. Returns false if another holder has it.
pub(crate) async fn renew(
    connection: &mut AnyConnection,
    name: &str,
    holder: &str,
    held_until: Timestamp,
) -> sqlx::Result<bool> {
    let result = sqlx::query("UPDATE jobs SET held_until = $3 WHERE name = $1 AND holder = $2")
        .bind(name)
        .bind(holder)
        .bind(held_until.unix_millis())
        .execute(connection)
        .await?;
    Ok(result.rows_affected() == 1)
}

/// Records that everything before `position` is done. Returns false if another holder has the lease.
pub(crate) async fn advance(
    connection: &mut AnyConnection,
    name: &str,
    holder: &str,
    position: &str,
) -> sqlx::Result<bool> {
    let result = sqlx::query("UPDATE jobs SET position = $3 WHERE name = $1 AND holder = $2")
        .bind(name)
        .bind(holder)
        .bind(position)
        .execute(connection)
        .await?;
    Ok(result.rows_affected() == 1)
}

/// Releases the lease; the job is due again at `next_at`.
pub(crate) async fn release(
    connection: &mut AnyConnection,
    name: &str,
    holder: &str,
    next_at: Timestamp,
    is_done: bool,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE jobs SET holder = '', held_until = 0, next_at = $3,
             position = CASE WHEN $4 = 1 THEN '' ELSE position END
         WHERE name = $1 AND holder = $2",
    )
    .bind(name)
    .bind(holder)
    .bind(next_at.unix_millis())
    .bind(i64::from(is_done))
    .execute(connection)
    .await
    .map(drop)
}

/// Releases all leases of a replica and keeps their positions; the jobs are due at once.
pub(crate) async fn release_all(connection: &mut AnyConnection, holder: &str) -> sqlx::Result<()> {
    sqlx::query("UPDATE jobs SET holder = '', held_until = 0 WHERE holder = $1")
        .bind(holder)
        .execute(connection)
        .await
        .map(drop)
}
