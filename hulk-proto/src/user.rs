//! Users.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{ApiKey, Id, KeyPermission, RemotePath, Timestamp};

/// What a user may do to the accounts and files of other users.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Role {
    #[default]
    User,
    Moderator,
    Admin,
}

/// Error for text that is not a role.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("a role is one of user, moderator, admin")]
pub struct InvalidRole;

impl Role {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Moderator => "moderator",
            Self::Admin => "admin",
        }
    }
}

impl FromStr for Role {
    type Err = InvalidRole;

    fn from_str(text: &str) -> Result<Self, InvalidRole> {
        [Self::User, Self::Moderator, Self::Admin]
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or(InvalidRole)
    }
}

/// A user as the API returns it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct User {
    pub id: Id,
    pub email: String,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub username: Option<String>,
    pub role: Role,
    /// Name of the tier, which limits what the user may store and transfer.
    #[serde(default)]
    pub tier: String,
    pub is_email_verified: bool,
    pub quota_bytes: u64,
    /// All stored and reserved bytes; 0 for a credential that is bound to a path, which does not see them.
    pub used_bytes: u64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// The answer to `GET /me`: the calling user, the credential, and the user's limits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Me {
    pub user: User,
    pub credential: Credential,
    pub limits: UserLimits,
}

/// The credential with which a request was authenticated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Credential {
    ApiKey(ApiKey),
    /// A log-in to the web pages, or a token that belongs to one.
    Session {
        id: Id,
        /// Of the key that it was begun with (`ApiKey::path`).
        #[serde(default)]
        path: Option<RemotePath>,
    },
    /// A token that a trusted publisher obtained.
    Oidc {
        permissions: KeyPermission,
    },
    /// The operator's key.
    Root,
}

impl Credential {
    /// Returns the most that the credential permits.
    pub fn permissions(&self) -> KeyPermission {
        match self {
            Self::ApiKey(key) => key.permissions,
            Self::Oidc { permissions } => *permissions,
            Self::Session { .. } | Self::Root => KeyPermission::All,
        }
    }

    /// Returns the path of the directory that the credential is bound to, if any.
    pub fn path(&self) -> Option<&RemotePath> {
        match self {
            Self::ApiKey(key) => key.path.as_ref(),
            Self::Session { path, .. } => path.as_ref(),
            Self::Oidc { .. } | Self::Root => None,
        }
    }
}

/// What a user may store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UserLimits {
    /// Total bytes, including versions and trash.
    pub storage_bytes: u64,
    /// Total number of files and directories, including those in the trash.
    pub object_count: u64,
    /// Size of the largest file, in bytes.
    pub max_file_size: u64,
    /// Bytes that may be downloaded in a calendar month (UTC); `null` is unlimited.
    #[serde(default)]
    pub monthly_download_bytes: Option<u64>,
}
