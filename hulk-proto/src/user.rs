//! Users.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{ApiKey, Id, Timestamp};

/// What a user may do to others' things.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Role {
    #[default]
    User,
    Moderator,
    Admin,
}

/// What is not a role.
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

/// A user as the API tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct User {
    pub id: Id,
    pub email: String,
    pub role: Role,
    pub is_email_verified: bool,
    pub quota_bytes: u64,
    /// Every stored or reserved byte.
    pub used_bytes: u64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// The answer to `GET /me`: who calls, and with which key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Me {
    pub user: User,
    pub api_key: ApiKey,
}
