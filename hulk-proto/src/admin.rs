//! What moderators, admins and root see of all users, and change.

use serde::{Deserialize, Serialize};

use crate::{File, Id, Password, Role, Timestamp, user::User};

/// A user as moderators see it: an item of `GET /admin/users`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Account {
    #[serde(flatten)]
    pub user: User,
    /// False for a suspended account.
    pub is_active: bool,
    /// Finished files in the tree.
    pub file_count: u64,
    /// Files and directories in all, those in the trash included.
    pub object_count: u64,
}

/// The answer to `GET /admin/users/:id`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AccountDetails {
    #[serde(flatten)]
    pub account: Account,
    pub stats: AccountStats,
    /// The newest files, at most ten.
    pub recent_files: Vec<File>,
}

/// What an account has besides files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AccountStats {
    pub api_keys: u64,
    pub sessions: u64,
    pub shares: u64,
    /// When a key or a session of theirs was used last.
    pub last_used_at: Option<Timestamp>,
}

/// `POST /admin/users`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreateAccount {
    #[cfg_attr(feature = "openapi", schema(format = Email, max_length = 254))]
    pub email: String,
    pub password: Password,
    #[serde(default)]
    pub role: Role,
    /// Whether the address needs no verification; otherwise a mail is sent to it.
    #[serde(default)]
    pub is_email_verified: bool,
    /// The server's default, if it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(maximum = 9_223_372_036_854_775_807u64))]
    pub quota_bytes: Option<u64>,
}

/// `PUT /admin/users/:id`: what is missing stays. Another tier sets the quota to that of the tier, unless the
/// request names a quota.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChangeAccount {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// Name or id of a tier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(maximum = 9_223_372_036_854_775_807u64))]
    pub quota_bytes: Option<u64>,
    /// False suspends the account: its keys, sessions, links and shares stop at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_active: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_email_verified: Option<bool>,
}

/// `PUT /admin/users/:id/password`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SetPassword {
    pub new_password: Password,
}

/// A file as moderators see it: an item of `GET /admin/files`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OwnedFile {
    #[serde(flatten)]
    pub file: File,
    pub user_id: Id,
}

/// The answer to `GET /admin/stats`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ServerStats {
    pub users: u64,
    pub suspended_users: u64,
    /// Finished files in all trees.
    pub files: u64,
    /// Files and directories in all, those in the trash included.
    pub objects: u64,
    /// Stored and reserved bytes of all users.
    pub used_bytes: u64,
    pub queued_jobs: u64,
    pub failed_jobs: u64,
}

/// The answer to `GET /admin/settings`: how the server is set up, without secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ServerSettings {
    pub version: String,
    pub public_url: String,
    /// `sqlite` or `postgres`.
    pub database: String,
    /// `embedded` or `s3`.
    pub store: String,
    /// First part of every object key.
    pub env_name: String,
    /// `closed`, `invite` or `open`.
    pub signup: String,
    /// `smtp` or `outbox`.
    pub mail: String,
    /// Tier of new users.
    pub default_tier: String,
    /// Quota of new users; `null` for that of their tier.
    pub default_quota_bytes: Option<u64>,
    pub max_file_size: u64,
    pub max_objects: u64,
    pub versions_kept: u64,
    pub trash_days: u64,
    /// Empty for all.
    pub allowed_extensions: Vec<String>,
}
