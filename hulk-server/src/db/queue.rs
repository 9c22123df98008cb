//! Work that must be done although the process that accepted it may die.
//!
//! | from | to | when |
//! |---|---|---|
//! | – | queued | the transaction that needs the work commits |
//! | queued | running | `run_at` has passed, and a replica claims it |
//! | running by a dead replica | running | `held_until` has passed, and another replica claims it |
//! | running | done | it succeeded |
//! | running | queued | it failed, and is tried again at `run_at` |
//! | running | failed | it failed for good |
//! | running by a dead replica | failed | it is claimed again, but has had as many attempts as it may have |
//!
//! Work may be done twice, if a replica dies after it and before it says so, or is taken for dead.

use hulk_proto::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;

use super::lists::List;

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Work {
    Mail(Mail),
    /// Removes what a deleted account still has.
    AccountDeletion {
        user_id: String,
    },
    /// Gives users of a tier who have the quota `from`, which was the tier's, the one that it has now.
    TierQuota {
        tier_id: String,
        from: i64,
    },
}

/// A mail to send.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Mail {
    /// Sends a link that verifies the user's address.
    Verification,
    /// Sends a link for a new password to whoever has this address, if anyone.
    PasswordReset { email: String },
    /// Tells the user that the password was changed.
    PasswordChanged { at: Timestamp, address: String },
}

impl Work {
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Mail(Mail::Verification) => "verification",
            Self::Mail(Mail::PasswordReset { .. }) => "password_reset",
            Self::Mail(Mail::PasswordChanged { .. }) => "password_changed",
            Self::AccountDeletion { .. } => "account_deletion",
            Self::TierQuota { .. } => "tier_quota",
        }
    }
}

impl From<Mail> for Work {
    fn from(mail: Mail) -> Self {
        Self::Mail(mail)
    }
}

#[derive(Clone, sqlx::FromRow)]
pub(crate) struct QueueRow {
    pub id: String,
    pub user_id: Option<String>,
    pub payload: String,
    /// Attempts so far, the current one included.
    pub attempts: i64,
}

/// Work as its users see it.
#[derive(sqlx::FromRow)]
pub(crate) struct JobRow {
    pub id: String,
    pub kind: String,
    pub user_id: Option<String>,
    pub state: String,
    pub attempts: i64,
    pub run_at: i64,
    pub error: Option<String>,
    pub created_at: i64,
    pub updated_at: i64,
}

/// All work, newest first.
pub(crate) const LIST: List = List {
    columns: "id, kind, user_id, state, attempts, run_at, error, created_at, updated_at",
    from: "queue",
    order: "created_at DESC, id DESC",
};

/// Queues work on behalf of a user.
pub(crate) async fn insert(
    connection: &mut AnyConnection,
    id: &str,
    user_id: Option<&str>,
    work: impl Into<Work>,
) -> sqlx::Result<()> {
    let work = work.into();
    let payload =
        serde_json::to_string(&work).map_err(|error| sqlx::Error::Encode(error.into()))?;
    let now = Timestamp::now().unix_millis();
    sqlx::query(
        "INSERT INTO queue (id, user_id, kind, payload, state, attempts, run_at, holder, held_until,
                            created_at, updated_at)
         VALUES ($1, $2, $3, $4, 'queued', 0, 0, '', 0, $5, $5)",
    )
    .bind(id)
    .bind(user_id)
    .bind(work.kind())
    .bind(payload)
    .bind(now)
    .execute(connection)
    .await
    .map(drop)
}

/// Claims work that is due until `held_until`. Two replicas never claim the same: one of them gets `None`
/// although more may be due.
pub(crate) async fn claim(
    connection: &mut AnyConnection,
    holder: &str,
    now: Timestamp,
    held_until: Timestamp,
) -> sqlx::Result<Option<QueueRow>> {
    sqlx::query_as(
        "UPDATE queue SET state = 'running', holder = $1, held_until = $3, attempts = attempts + 1,
             updated_at = $2
         WHERE id = (SELECT id FROM queue
                     WHERE state = 'queued' AND run_at <= $2 OR state = 'running' AND held_until <= $2
                     ORDER BY run_at, created_at, id LIMIT 1)
               AND (state = 'queued' AND run_at <= $2 OR state = 'running' AND held_until <= $2)
         RETURNING id, user_id, payload, attempts",
    )
    .bind(holder)
    .bind(now.unix_millis())
    .bind(held_until.unix_millis())
    .fetch_optional(connection)
    .await
}

/// Whether any work is due.
pub(crate) async fn has_due(connection: &mut AnyConnection, now: Timestamp) -> sqlx::Result<bool> {
    let found: Option<String> = sqlx::query_scalar(
        "SELECT id FROM queue
         WHERE state = 'queued' AND run_at <= $1 OR state = 'running' AND held_until <= $1 LIMIT 1",
    )
    .bind(now.unix_millis())
    .fetch_optional(connection)
    .await?;
    Ok(found.is_some())
}

/// Ends an attempt: `state` is `done`, `failed`, or `queued` for another one at `run_at`.
async fn end(
    connection: &mut AnyConnection,
    (id, holder): (&str, &str),
    state: &str,
    run_at: Timestamp,
    error: Option<&str>,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE queue SET state = $3, run_at = $4, error = $5, holder = '', held_until = 0,
             updated_at = $6
         WHERE id = $1 AND holder = $2 AND state = 'running'",
    )
    .bind(id)
    .bind(holder)
    .bind(state)
    .bind(run_at.unix_millis())
    .bind(error)
    .bind(Timestamp::now().unix_millis())
    .execute(connection)
    .await
    .map(drop)
}

pub(crate) async fn mark_done(
    connection: &mut AnyConnection,
    of: (&str, &str),
    now: Timestamp,
) -> sqlx::Result<()> {
    end(connection, of, "done", now, None).await
}

pub(crate) async fn mark_failed(
    connection: &mut AnyConnection,
    of: (&str, &str),
    now: Timestamp,
    error: &str,
) -> sqlx::Result<()> {
    end(connection, of, "failed", now, Some(error)).await
}

/// Queues failed work again, for another attempt at `run_at`.
pub(crate) async fn retry(
    connection: &mut AnyConnection,
    of: (&str, &str),
    run_at: Timestamp,
    error: &str,
) -> sqlx::Result<()> {
    end(connection, of, "queued", run_at, Some(error)).await
}

/// Deletes at most `limit` pieces of work that were queued before this time and have ended. Returns how many.
pub(crate) async fn delete_ended(
    connection: &mut AnyConnection,
    before: Timestamp,
    limit: i64,
) -> sqlx::Result<u64> {
    let result = sqlx::query(
        "DELETE FROM queue WHERE id IN
             (SELECT id FROM queue WHERE created_at < $1 AND state IN ('done', 'failed') LIMIT $2)",
    )
    .bind(before.unix_millis())
    .bind(limit)
    .execute(connection)
    .await?;
    Ok(result.rows_affected())
}
