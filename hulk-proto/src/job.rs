//! Work that the server does on its own.

use serde::{Deserialize, Serialize};

use crate::{Id, Timestamp};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum JobState {
    Queued,
    Running,
    Done,
    Failed,
}

/// A piece of work, such as a mail to send or an account to delete.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Job {
    pub id: Id,
    /// `verification`, `password_reset`, `password_changed`, `account_deletion` or `tier_quota`.
    pub kind: String,
    /// The user on whose behalf it is done, if any.
    pub user_id: Option<Id>,
    pub state: JobState,
    /// Attempts so far, the current one included.
    pub attempts: u64,
    /// Not before this time.
    pub run_at: Timestamp,
    /// Why the last attempt failed.
    pub error: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}
