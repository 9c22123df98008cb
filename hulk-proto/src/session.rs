//! Log-ins with a password or by a link, and their sessions.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Id, Password, Timestamp, user::User};

/// `POST /sessions`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LogIn {
    #[cfg_attr(feature = "openapi", schema(format = Email, max_length = 254))]
    pub email: String,
    pub password: Password,
}

/// `POST /sessions/refresh`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Refresh {
    pub refresh_token: Password,
}

/// The answer to `POST /sessions` and `POST /sessions/refresh`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LoggedIn {
    /// Sent with each request, as `Authorization: Bearer …`.
    pub access_token: String,
    /// Exchanged for new tokens, once.
    pub refresh_token: String,
    pub token_type: TokenType,
    /// Seconds for which the access token is valid.
    pub expires_in: u64,
    pub user: User,
}

impl fmt::Debug for LoggedIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoggedIn")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// How an access token is sent (RFC 6749, section 7.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum TokenType {
    #[default]
    Bearer,
}

/// `POST /sessions/links`; the body is optional.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreateLoginLink {
    /// Page that the link leads to: a path of this server, percent-encoded, with its query; the start page if
    /// absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "openapi",
        schema(
            max_length = 4096,
            pattern = r"^/(?:[!-.0-\[\]-~][!-\[\]-~]*)?$",
            example = "/app/trash"
        )
    )]
    pub next: Option<String>,
}

/// The answer to `POST /sessions/links`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LoginLink {
    /// Signs a browser in, once. Whoever has it is the user.
    pub url: String,
    /// Seconds for which it is valid, if the credential that it was made with does not end before.
    pub expires_in: u64,
}

impl fmt::Debug for LoginLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginLink")
            .field("expires_in", &self.expires_in)
            .finish_non_exhaustive()
    }
}

/// A log-in that has neither ended nor expired.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Session {
    pub id: Id,
    /// The program that logged in, as it names itself.
    pub client: String,
    /// Address that it logged in from.
    pub address: String,
    pub created_at: Timestamp,
    /// Time of the log-in, or of the last refresh.
    pub last_used_at: Timestamp,
    /// When it ends unless it is refreshed.
    pub expires_at: Timestamp,
    /// Whether it is the session of this request.
    pub is_current: bool,
}
